package demand_test

import (
	"io/fs"
	"sync"
	"testing"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/dbtest"
	"sekisho/internal/demand"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func stands(t *testing.T, d *db.DB, policy string) (since time.Time) {
	t.Helper()
	if err := d.Update(t.Context(), func(tx db.Tx) (err error) { since, err = demand.Stands(t.Context(), tx, policy); return err }); err != nil {
		t.Fatal(err)
	}
	return since
}

func TestADemandCountsFromItsFirstInstant(t *testing.T) {
	dbtest.Each(t, []fs.FS{demand.Migrations}, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		first := clock.Now()
		var all sync.WaitGroup
		for range 20 { // nodes that begin at once
			all.Go(func() {
				if got := stands(t, d, "default"); got.Sub(first).Abs() > time.Second {
					t.Errorf("got %s, want %s", got, first)
				}
			})
		}
		all.Wait()
		first = stands(t, d, "default")
		clock.Add(72 * time.Hour)
		if got := stands(t, d, "default"); !got.Equal(first) {
			t.Errorf("got %s after a restart, want %s", got, first)
		}
		if got := stands(t, d, "sales"); !got.After(first) {
			t.Errorf("got %s for another policy, want its own instant", got)
		}
		if err := d.Update(t.Context(), func(tx db.Tx) error { return demand.Fell(t.Context(), tx, "default") }); err != nil {
			t.Fatal(err)
		}
		clock.Add(time.Hour)
		if got := stands(t, d, "default"); got.Sub(first) < 72*time.Hour {
			t.Errorf("got %s once it was off, want it to begin anew", got)
		}
	})
}
