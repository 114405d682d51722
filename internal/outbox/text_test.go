package outbox_test

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"testing"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/dbtest"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/sms"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var sets = []fs.FS{outbox.Migrations}

// box is an outbox with the database it stands in.
type box struct {
	*outbox.Outbox
	t *testing.T
	d *db.DB
}

func open(t *testing.T, d *db.DB) box {
	t.Helper()
	ring, err := secret.OpenRing(secret.Hash("a key"))
	if err != nil {
		t.Fatal(err)
	}
	return box{&outbox.Outbox{Ring: ring}, t, d}
}

func (b box) update(fn func(context.Context, db.Tx) error) {
	b.t.Helper()
	if err := b.d.Update(b.t.Context(), func(tx db.Tx) error { return fn(b.t.Context(), tx) }); err != nil {
		b.t.Fatal(err)
	}
}

const (
	phone = "+819012345678"
	topic = "signin.sms"
)

var hana = ref.Account("acc_hana")

func (b box) put(lives time.Duration) (id ref.Mail) {
	b.t.Helper()
	b.update(func(ctx context.Context, tx db.Tx) (err error) {
		id, err = b.Put(ctx, tx, outbox.Item{Kind: outbox.SMS, Topic: topic, To: phone, Account: hana, Expires: tx.Now().Add(lives), Body: outbox.Text{To: phone, Text: "コード：123456"}})
		return err
	})
	return id
}

func (b box) claim() (rows []outbox.Row) {
	b.t.Helper()
	b.update(func(ctx context.Context, tx db.Tx) (err error) {
		rows, err = b.Claim(ctx, tx, outbox.SMS, 10)
		return err
	})
	return rows
}

func (b box) newest() (row outbox.Row) {
	b.t.Helper()
	b.update(func(ctx context.Context, tx db.Tx) (err error) {
		row, err = outbox.Newest(ctx, tx, hana, topic)
		return err
	})
	return row
}

func (b box) want(now time.Time, state string, stage outbox.Stage, body bool) {
	b.t.Helper()
	if r := b.newest(); r.State != state || r.Stage(now) != stage || r.HasBody() != body {
		b.t.Errorf("got %s, %s, body %v; want %s, %s, %v", r.State, r.Stage(now), r.HasBody(), state, stage, body)
	}
}

func TestReceiptTellsWhatBecameOfAnSMS(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b := open(t, d)
		older := b.put(time.Minute)
		clock.Add(time.Second)
		newer := b.put(time.Minute)
		b.want(clock.Now(), outbox.Waiting, outbox.Underway, true)
		if rows := b.claim(); len(rows) != 2 {
			t.Fatalf("got %d rows, want two", len(rows))
		}
		for _, id := range []ref.Mail{older, newer} {
			b.update(func(ctx context.Context, tx db.Tx) error { return b.HandedOver(ctx, tx, id, "m1") })
		}
		b.want(clock.Now(), outbox.Sent, outbox.Handed, false)
		b.update(func(ctx context.Context, tx db.Tx) error { return outbox.Delivery(ctx, tx, "m1", sms.Delivered) })
		b.want(clock.Now().Add(time.Hour), outbox.Sent, outbox.Arrived, false)
		b.update(func(ctx context.Context, tx db.Tx) error {
			r, err := outbox.ByID(ctx, tx, older)
			if r.Delivery != "" {
				t.Error("an older message under the same name was marked")
			}
			return err
		})
		b.update(func(ctx context.Context, tx db.Tx) error { return outbox.Delivery(ctx, tx, "m1", sms.Expired) })
		b.want(clock.Now(), outbox.Sent, outbox.NotSent, false)
		for _, unknown := range []string{"", "m2"} {
			err := d.Update(t.Context(), func(tx db.Tx) error { return outbox.Delivery(t.Context(), tx, unknown, sms.Delivered) })
			if !errors.Is(err, db.ErrNone) {
				t.Errorf("%q: got %v, want db.ErrNone", unknown, err)
			}
		}
	})
}

func TestNoSMSIsSentLate(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b := open(t, d)
		b.put(time.Second)
		clock.Add(2 * time.Second)
		if rows := b.claim(); len(rows) != 0 {
			t.Error("an SMS whose time was over was claimed")
		}
		b.want(clock.Now(), outbox.Dropped, outbox.NotSent, false)

		// Every node was down: the code still counts, the person was told.
		b.put(10 * time.Minute)
		clock.Add(outbox.Told + time.Millisecond)
		b.want(clock.Now(), outbox.Waiting, outbox.NotSent, true)
		clock.Add(3 * time.Second)
		if rows := b.claim(); len(rows) != 0 {
			t.Error("an SMS was claimed after its person was told that it would not come")
		}
		b.want(clock.Now(), outbox.Dropped, outbox.NotSent, false)

		// A node died with a claimed one.
		b.put(10 * time.Minute)
		if rows := b.claim(); len(rows) != 1 {
			t.Fatalf("got %d rows, want one", len(rows))
		}
		clock.Add(3 * time.Minute)
		if rows := b.claim(); len(rows) != 0 {
			t.Error("what a dead node had claimed was claimed minutes later")
		}
		b.want(clock.Now(), outbox.Dropped, outbox.NotSent, false)
	})
}

func TestKeptSMSCountsAsHandedOver(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b := open(t, d)
		id := b.put(time.Minute)
		b.update(func(ctx context.Context, tx db.Tx) error { return b.Kept(ctx, tx, id) })
		b.want(clock.Now(), outbox.Sent, outbox.Handed, true)
		var text outbox.Text
		if err := b.Open(b.newest(), &text); err != nil || text.Text != "コード：123456" || text.To != phone {
			t.Errorf("got %+v %v", text, err)
		}
	})
}

func TestOneNodeClaimsAnSMS(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		b := open(t, d)
		for range 20 {
			b.put(time.Minute)
		}
		var mu sync.Mutex
		seen := map[ref.Mail]int{}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for _, r := range b.claim() {
					mu.Lock()
					seen[r.ID]++
					mu.Unlock()
				}
			})
		}
		all.Wait()
		for id, n := range seen {
			if n != 1 {
				t.Errorf("%s was claimed %d times", id, n)
			}
		}
		if len(seen) != 20 {
			t.Errorf("got %d claimed, want all 20", len(seen))
		}
	})
}
