package account_test

import (
	"errors"
	"io/fs"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/dbtest"
	"sekisho/internal/i18n"
	"sekisho/internal/org"
)

// household is accounts and what happens to the addresses of one of them, a.
type household struct {
	t     *testing.T
	d     *db.DB
	clock *dbtest.Clock
	a     account.Account
}

func households(t *testing.T, test func(h *household)) {
	dbtest.Each(t, []fs.FS{account.Migrations, org.Migrations}, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { test(&household{t: t, d: d, clock: clock}) })
}

func (h *household) do(fn func(db.Tx) error) {
	h.t.Helper()
	if err := h.d.Update(h.t.Context(), fn); err != nil {
		h.t.Fatal(err)
	}
}

func (h *household) named(raw string) account.Identifier {
	id, err := account.Parse(raw)
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

func (h *household) create(raw string) {
	h.do(func(tx db.Tx) (err error) {
		h.a, err = account.Create(h.t.Context(), tx, account.New{Name: "Hana", Lang: i18n.En, Identifiers: []account.Identifier{h.named(raw)}, Confirmed: true})
		return err
	})
	h.clock.Add(time.Minute)
}

func (h *household) add(raw string) {
	h.t.Helper()
	h.do(func(tx db.Tx) error {
		x, err := account.Claim(h.t.Context(), tx, h.a.ID, h.named(raw))
		if err == nil {
			_, err = account.Prove(h.t.Context(), tx, h.a.ID, x.ID)
		}
		return err
	})
	h.clock.Add(time.Minute)
}

func (h *household) remove(raw string) {
	h.t.Helper()
	h.do(func(tx db.Tx) error {
		list, err := account.Addresses(h.t.Context(), tx, h.a.ID)
		for _, x := range list {
			if x.Norm == raw {
				_, err = account.Remove(h.t.Context(), tx, h.a.ID, x.ID)
			}
		}
		return err
	})
	h.clock.Add(time.Minute)
}

func (h *household) takeBack(since time.Time) (taken, back int, list []account.Address) {
	h.t.Helper()
	h.do(func(tx db.Tx) error {
		gone, put, err := account.TakeBack(h.t.Context(), tx, h.a, since)
		taken, back = len(gone), len(put)
		return err
	})
	h.do(func(tx db.Tx) (err error) { list, err = account.Addresses(h.t.Context(), tx, h.a.ID); return err })
	return taken, back, list
}

func TestWhatCameSinceIsTakenBackAndWhatWentIsPutBack(t *testing.T) {
	households(t, func(h *household) {
		h.create("hana@example.com")
		h.add("before@example.com")
		h.remove("before@example.com") // before the doubt: it stays away
		since := h.clock.Now()
		h.add("thief@example.net")
		h.add("thief2@example.net")
		h.remove("thief2@example.net") // came and went
		h.add("+819011112222")
		h.remove("hana@example.com")
		taken, back, list := h.takeBack(since)
		if taken != 2 || back != 1 || len(list) != 1 || list[0].Norm != "hana@example.com" || !list[0].Main || list[0].Confirmed.IsZero() {
			h.t.Errorf("got %d taken, %d put back and %+v, want 2, 1 and the first address as the primary one", taken, back, list)
		}
		// What the account was made with is not doubted, however early the doubt begins.
		if taken, back, list = h.takeBack(h.a.Created); taken != 0 || back != 0 || len(list) != 1 {
			h.t.Errorf("got %d taken, %d put back and %+v, want none, none and one address", taken, back, list)
		}
	})
}

func TestWhatAnotherProvedOrWentLongAgoIsNotPutBack(t *testing.T) {
	households(t, func(h *household) {
		// An address that somebody else proved stays theirs, and after seven days nothing
		// comes back.
		h.create("ken@example.com")
		since := h.clock.Now()
		h.add("thief@example.net")
		h.remove("ken@example.com")
		ken := h.a
		h.create("other@example.com")
		h.add("ken@example.com")
		h.a = ken
		if taken, back, list := h.takeBack(since); taken != 1 || back != 0 || len(list) != 0 {
			h.t.Errorf("got %d taken, %d put back and %+v, want 1, 0 and none", taken, back, list)
		}
		h.do(func(tx db.Tx) error {
			if _, err := account.Vouch(h.t.Context(), tx, ken.ID, h.named("ken@example.com")); !errors.Is(err, db.ErrTaken) {
				h.t.Errorf("vouched for another's: got %v, want ErrTaken", err)
			}
			x, err := account.Vouch(h.t.Context(), tx, ken.ID, h.named("new@example.com"))
			if err == nil && x.Confirmed.IsZero() {
				h.t.Error("an address that is vouched for is not proved")
			}
			return err
		})
		h.clock.Add(time.Minute)
		since = h.clock.Now()
		h.add("spare@example.com")
		h.remove("new@example.com")
		h.clock.Add(account.RemovedFor)
		if _, back, _ := h.takeBack(since); back != 0 {
			h.t.Errorf("got %d put back after seven days, want none", back)
		}
		h.do(func(tx db.Tx) error { return account.Tidy(h.t.Context(), tx, 100) })
		h.do(func(tx db.Tx) error {
			var n int64
			err := tx.QueryRow(h.t.Context(), `SELECT count(*) FROM address_removed`).Scan(&n)
			if n != 0 {
				h.t.Errorf("%d removed addresses are kept, want none", n)
			}
			return err
		})
	})
}
