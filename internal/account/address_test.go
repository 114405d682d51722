package account_test

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/dbtest"
	"sekisho/internal/ref"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func TestSharedMailboxesByTheirFirstPart(t *testing.T) {
	roles := []string{"info", "Sales", "no-reply"}
	for typed, want := range map[string]bool{
		"info@example.com": true, "INFO@Example.com": true, "ｉｎｆｏ@example.com": true, "sales+eu@example.com": true, "no-reply@example.com": true,
		"information@example.com": false, "hana.info@example.com": false, "hana+info@example.com": false, "info.jp@example.com": false,
		"info": false, "+819012345678": false,
	} {
		id, err := account.Parse(typed)
		if err != nil {
			t.Fatalf("%s: %v", typed, err)
		}
		if got := account.Shared(id, roles); got != want {
			t.Errorf("%s: got %v, want %v", typed, got, want)
		}
	}
	if id, _ := account.Parse("info@example.com"); account.Shared(id, nil) {
		t.Error("without roles nothing is shared")
	}
}

func TestWhoInheritsWhenAnAddressGoes(t *testing.T) {
	at := time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)
	of := func(id ref.Address, k account.Kind, main, proved, shared bool) account.Address {
		a := account.Address{ID: id, Identifier: account.Identifier{Kind: k}, Main: main, Shared: shared}
		if proved {
			a.Confirmed = at
		}
		return a
	}
	main, other, claim := of("main", account.Email, true, true, false), of("other", account.Email, false, true, false), of("claim", account.Email, false, false, false)
	slip, shared := of("slip", account.Email, true, false, false), of("shared", account.Email, false, true, true)
	phone, spare, name := of("phone", account.Mobile, true, true, false), of("spare", account.Mobile, false, true, false), of("name", account.Username, true, true, false)
	for _, c := range []struct {
		what string
		list []account.Address
		gone account.Address
		heir ref.Address
		err  error
	}{
		{"the main one, with another", []account.Address{main, other}, main, "other", nil},
		{"another beside the main one", []account.Address{main, other}, other, "", nil},
		{"the only one", []account.Address{main, phone, name}, main, "", account.ErrLast},
		{"the only one beside a claim", []account.Address{main, claim}, main, "", account.ErrLast},
		{"the only one beside a shared mailbox", []account.Address{main, shared}, main, "", account.ErrLast},
		{"a shared mailbox", []account.Address{main, shared}, shared, "", nil},
		{"a claim", []account.Address{main, claim}, claim, "", nil},
		{"a claim beside nothing", []account.Address{claim}, claim, "", nil},
		{"a slip of the finger, with another", []account.Address{slip, other}, slip, "other", nil},
		{"a slip of the finger alone", []account.Address{slip, name}, slip, "", account.ErrLast},
		{"the only proved one beside a slip", []account.Address{slip, other}, other, "", account.ErrLast},
		{"a number beside an address", []account.Address{main, phone}, phone, "", nil},
		{"a number, with another", []account.Address{main, phone, spare}, phone, "spare", nil},
		{"the only number, and no address", []account.Address{phone, name}, phone, "", account.ErrLast},
		{"a number of two, and no address", []account.Address{phone, spare}, phone, "spare", nil},
	} {
		heir, err := account.Heir(c.list, c.gone)
		if heir.ID != c.heir || !errors.Is(err, c.err) {
			t.Errorf("%s: got %q %v, want %q %v", c.what, heir.ID, err, c.heir, c.err)
		}
	}
}

// before is the set of migrations that an older version has.
func before(t *testing.T, name string) fs.FS {
	t.Helper()
	out := fstest.MapFS{}
	err := fs.WalkDir(account.Migrations, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || path.Base(p) >= name {
			return err
		}
		text, err := fs.ReadFile(account.Migrations, p)
		out[p] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAddressesOfAnOlderVersionAreNamed(t *testing.T) {
	dbtest.Each(t, []fs.FS{before(t, "0303")}, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		ctx := t.Context()
		id := ref.NewAccount(clock.Now())
		add := func(kind, norm string, main int) {
			t.Helper()
			if err := d.Update(ctx, func(tx db.Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO identifier (account, kind, norm, shown, main, hosted, created, confirmed) VALUES ($1, $2, $3, $3, $4, 0, $5, $5)`,
					id, kind, norm, main, tx.Now())
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Update(ctx, func(tx db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO account (id, state, name, lang, zone, created, changed, signin_day, signins) VALUES ($1, 'active', 'Hana', 'en', '', $2, $2, 0, 0)`, id, tx.Now())
			return err
		}); err != nil {
			t.Fatal(err)
		}
		add("email", "hana@example.com", 1)
		add("email", "second@example.com", 0)
		add("username", "hana", 1)
		if err := d.Migrate(ctx, account.Migrations); err != nil {
			t.Fatal(err)
		}
		add("mobile", "+819011112222", 1) // the older version still runs
		if err := d.Update(ctx, func(tx db.Tx) error { return account.Tidy(ctx, tx, 100) }); err != nil {
			t.Fatal(err)
		}
		var list []account.Address
		if err := d.View(ctx, func(tx db.ReadTx) (err error) { list, err = account.Addresses(ctx, tx, id); return err }); err != nil {
			t.Fatal(err)
		}
		var names []ref.Address
		for _, a := range list {
			if _, ok := ref.ParseAddress(string(a.ID)); !ok || slices.Contains(names, a.ID) || a.Confirmed.IsZero() {
				t.Errorf("got %+v, want a name of its own", a)
			}
			names = append(names, a.ID)
		}
		if len(list) != 4 || list[0].Norm != "hana@example.com" || !list[0].Main {
			t.Errorf("got %+v", list)
		}
	})
}
