package session

import (
	"fmt"
	"io/fs"
	"slices"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/dbtest"
	"sekisho/internal/org"
	"sekisho/internal/ref"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func TestAnyNumberOfSessionsIsTouchedAndNoneIsTurnedBack(t *testing.T) {
	dbtest.Each(t, []fs.FS{account.Migrations, org.Migrations, Migrations}, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		ctx, begun := t.Context(), clock.Now()
		var ids []ref.Session
		if err := d.Update(ctx, func(tx db.Tx) error {
			if _, err := tx.Exec(ctx, `INSERT INTO account (id, state, name, lang, zone, created, changed, signin_day, signins) VALUES ('acc_1', 'active', '', 'en', '', $1, $1, 0, 0)`, begun); err != nil {
				return err
			}
			ids = nil
			for i := range TouchAtOnce + 2 {
				s, _, err := Open(ctx, tx, New{Account: "acc_1", Browser: "brw_1", Lifetime: time.Hour, Agent: fmt.Sprint(i)})
				if err != nil {
					return err
				}
				ids = append(ids, s.ID)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		touch := func(at time.Time, ids ...ref.Session) {
			t.Helper()
			if err := d.Update(ctx, func(tx db.Tx) error { return Touch(ctx, tx, at, ids...) }); err != nil {
				t.Fatal(err)
			}
		}
		touch(begun.Add(3*time.Minute), ids[0])
		touch(begun.Add(2*time.Minute), ids[1:3]...)
		touch(begun.Add(time.Minute), ids[:TouchAtOnce]...)
		want := slices.Repeat([]time.Duration{time.Minute}, len(ids))
		want[0], want[1], want[2], want[TouchAtOnce], want[TouchAtOnce+1] = 3*time.Minute, 2*time.Minute, 2*time.Minute, 0, 0
		for i, id := range ids {
			var at time.Time
			if err := d.View(ctx, func(tx db.ReadTx) error {
				return tx.QueryRow(ctx, `SELECT last_used FROM session WHERE id = $1`, id).Scan(db.Time(&at))
			}); err != nil {
				t.Fatal(err)
			}
			if got := at.Sub(begun); got != want[i] {
				t.Errorf("session %d: used after %v, want %v", i, got, want[i])
			}
		}
	})
}
