package limit_test

import (
	"context"
	"io/fs"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/dbtest"
	"sekisho/internal/limit"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var sets = []fs.FS{limit.Migrations}

func fail(t *testing.T, d *db.DB, c limit.Counter) (s limit.Standing) {
	t.Helper()
	if err := d.Update(context.Background(), func(tx db.Tx) (err error) { s, err = c.Fail(context.Background(), tx); return err }); err != nil {
		t.Fatal(err)
	}
	return s
}

func look(t *testing.T, d *db.DB, c limit.Counter) (s limit.Standing) {
	t.Helper()
	if err := d.View(context.Background(), func(tx db.ReadTx) (err error) { s, err = c.Look(context.Background(), tx); return err }); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestBrowserWaitsAQuarterHourAndDoublesToADay(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		c := limit.Browser.Of("browser", "password", "b1")
		want := []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 16 * time.Hour, 24 * time.Hour, 24 * time.Hour}
		for round, wait := range want {
			for i := range 10 {
				if s := fail(t, d, c); !s.Until.Before(clock.Now()) && !s.Until.IsZero() && s.Until.After(clock.Now()) {
					t.Fatalf("round %d: the %dth failure waits already", round, i+1)
				}
			}
			s := fail(t, d, c)
			if got := s.Until.Sub(clock.Now()); got != wait {
				t.Errorf("round %d: got a wait of %v, want %v", round, got, wait)
			}
			clock.Add(wait)
		}
		clock.Add(24 * time.Hour) // the wait was over a day ago

		if s := look(t, d, c); s.Failures != 0 || s.Until.After(clock.Now()) {
			t.Errorf("after a quiet day: got %+v, want all forgotten", s)
		}
	})
}

func TestCountersAreApart(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		a := limit.Browser.Of("browser", "password", "b1")
		for range 5 {
			fail(t, d, a)
		}
		for _, c := range []limit.Counter{limit.Browser.Of("browser", "password", "b2"), limit.Browser.Of("browser", "mailcode", "b1"), limit.Browser.Of("account", "password", "b1"),
			limit.Browser.Of("browser", "passwordb", "1")} {
			if s := look(t, d, c); s.Failures != 0 {
				t.Errorf("another counter has %d failures", s.Failures)
			}
		}
	})
}

func TestParallelFailuresAllCount(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		c := limit.Factor.Of("factor", "password", "a1")
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() {
				// PostgreSQL may ask for another try when forty meet.
				for range 10 {
					if err := d.Update(context.Background(), func(tx db.Tx) error { _, err := c.Fail(context.Background(), tx); return err }); err == nil {
						return
					}
				}
				t.Error("a failure could not be counted")
			})
		}
		all.Wait()
		if s := look(t, d, c); s.Failures != 40 {
			t.Errorf("got %d, want 40", s.Failures)
		}
	})
}

func TestForgivingTakesBackNoMoreThanThereWas(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		c := limit.Account.Of("account", "password", "a1")
		for range 3 {
			fail(t, d, c)
		}
		for _, x := range []struct{ n, want int64 }{{-5, 3}, {0, 3}, {2, 1}, {9, 0}} {
			if err := d.Update(context.Background(), func(tx db.Tx) error { return c.Forgive(context.Background(), tx, x.n) }); err != nil {
				t.Fatal(err)
			}
			if s := look(t, d, c); s.Failures != x.want {
				t.Errorf("after forgiving %d: got %d, want %d", x.n, s.Failures, x.want)
			}
		}
	})
}

func TestAQuotaIsUsedUpOnceAndTheFullHourDoublesItForNobody(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		ctx := context.Background()
		take := func(id string) (ok bool, err error) {
			err = d.Update(ctx, func(tx db.Tx) error {
				q := limit.AnHour(10, tx.Now(), "code", id)
				full, err := q.Hold(ctx, tx)
				if ok = !full; err != nil || full {
					return err
				}
				return q.Use(ctx, tx)
			})
			return ok && err == nil, err
		}
		var all sync.WaitGroup
		var got atomic.Int64
		for range 30 {
			all.Go(func() {
				for range 10 { // PostgreSQL may ask for another try when thirty meet
					ok, err := take("a")
					if err == nil {
						if ok {
							got.Add(1)
						}
						return
					}
				}
				t.Error("it could not be used")
			})
		}
		all.Wait()
		if got.Load() != 10 {
			t.Errorf("used %d times, want 10", got.Load())
		}
		if ok, err := take("b"); !ok {
			t.Errorf("another's is used up with it: %v", err)
		}
		if ok, _ := take("a"); ok {
			t.Error("used once more within the hour")
		}
		next := clock.Now().UTC().Truncate(time.Hour).Add(time.Hour)
		clock.Add(next.Sub(clock.Now()))
		if ok, _ := take("a"); ok {
			t.Error("the full hour gave as much again")
		}
		clock.Add(30 * time.Minute)
		for i := range 6 {
			if ok, err := take("a"); ok != (i < 5) {
				t.Errorf("half an hour later: use %d gave %v %v, want room for five", i+1, ok, err)
			}
		}
	})
}
