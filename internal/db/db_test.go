package db_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var tables = fstest.MapFS{"migrations/0001_thing.sql": {Data: []byte(`-- a thing; with a semicolon in its comment
CREATE TABLE thing (
  id TEXT NOT NULL PRIMARY KEY,
  n BIGINT NOT NULL,
  at BIGINT,
  b BYTEA
);
CREATE TABLE keyed (
  k BYTEA NOT NULL PRIMARY KEY,
  thing TEXT NOT NULL REFERENCES thing (id) ON DELETE CASCADE
) /*keyed*/;
INSERT INTO thing (id, n) VALUES ('it''s;', 0);
`)}}

var sets = []fs.FS{tables}

func put(ctx context.Context, tx db.Tx, id string, n int) error {
	_, err := tx.Exec(ctx, `INSERT INTO thing (id, n, at) VALUES ($1, $2, $3)`, id, n, tx.Now())
	return err
}

func count(t *testing.T, d *db.DB) int64 {
	t.Helper()
	var n int64
	err := d.View(t.Context(), func(tx db.ReadTx) error {
		return tx.QueryRow(t.Context(), `SELECT count(*) FROM thing`).Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOneReplayOfTwelvePasses(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		ctx := t.Context()
		if err := d.Update(ctx, func(tx db.Tx) error { return put(ctx, tx, "code", 0) }); err != nil {
			t.Fatal(err)
		}
		var passed, failed atomic.Int64
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				err := d.Update(ctx, func(tx db.Tx) error {
					return tx.One(ctx, `UPDATE thing SET n = 1 WHERE id = $1 AND n = 0`, "code")
				})
				switch {
				case err == nil:
					passed.Add(1)
				case errors.Is(err, db.ErrNone):
					failed.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if passed.Load() != 1 || failed.Load() != 11 {
			t.Errorf("got %d passed and %d failed, want 1 and 11", passed.Load(), failed.Load())
		}
	})
}

func TestAnErrorTakesBackOnlyItsOwnClosure(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		ctx := t.Context()
		boom := errors.New("boom")
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				defer func() { _ = recover() }()
				err := d.Update(ctx, func(tx db.Tx) error {
					if err := put(ctx, tx, fmt.Sprint("x", i), i); err != nil {
						return err
					}
					switch i % 4 {
					case 1:
						return boom
					case 2:
						panic("in a closure")
					}
					return nil
				})
				if want := i%4 == 1; want != errors.Is(err, boom) {
					t.Errorf("closure %d: got %v", i, err)
				}
			})
		}
		wg.Wait()
		if got, want := count(t, d), int64(21); got != want {
			t.Errorf("rows: got %d, want %d", got, want)
		}
	})
}

func TestErrorsHaveTheirKind(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		ctx := t.Context()
		err := d.Update(ctx, func(tx db.Tx) error { return errors.Join(put(ctx, tx, "a", 1), put(ctx, tx, "a", 2)) })
		if !errors.Is(err, db.ErrTaken) {
			t.Errorf("the same key twice: got %v, want ErrTaken", err)
		}
		err = d.View(ctx, func(tx db.ReadTx) error {
			var n int64
			return tx.QueryRow(ctx, `SELECT n FROM thing WHERE id = $1`, "nobody").Scan(&n)
		})
		if !errors.Is(err, db.ErrNone) {
			t.Errorf("no row: got %v, want ErrNone", err)
		}
		err = d.Update(ctx, func(tx db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO keyed (k, thing) VALUES ($1, $2)`, []byte{1}, "nobody")
			return err
		})
		if err == nil || errors.Is(err, db.ErrTaken) || errors.Is(err, db.ErrUnavailable) {
			t.Errorf("a row that hangs on nothing: got %v, want a plain error", err)
		}
	})
}

type name string

func TestValuesComeBackAsTheyWent(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		ctx := t.Context()
		at := clock.Now().Add(123456 * time.Microsecond)
		err := d.Update(ctx, func(tx db.Tx) error {
			if got, want := tx.Now(), clock.Now(); !got.Equal(want) {
				t.Errorf("now: got %v, want %v", got, want)
			}
			_, err := tx.Exec(ctx, `INSERT INTO thing (id, n, at, b) VALUES ($2, $1, $3, $4), ('zero', 0, $5, $6)`,
				true, name("typed"), at, []byte{0, 255}, time.Time{}, []byte(nil))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			id string
			at time.Time
			n  bool
			b  int
		}{{"typed", at, true, 2}, {"zero", time.Time{}, false, 0}} {
			var gotAt time.Time
			var gotN bool
			var gotB []byte
			err := d.View(ctx, func(tx db.ReadTx) error {
				return tx.QueryRow(ctx, `SELECT at, n, b FROM thing WHERE id = $1`, c.id).Scan(db.Time(&gotAt), db.Bool(&gotN), &gotB)
			})
			if err != nil || !gotAt.Equal(c.at) || gotN != c.n || len(gotB) != c.b {
				t.Errorf("%s: got %v %v %v (%v), want %v %v %d bytes", c.id, gotAt, gotN, gotB, err, c.at, c.n, c.b)
			}
		}
	})
}

func TestWhatHangsOnARowEndsWithIt(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		ctx := t.Context()
		var left int64
		err := d.Update(ctx, func(tx db.Tx) error {
			if err := put(ctx, tx, "owner", 1); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO keyed (k, thing) VALUES ($1, 'owner')`, []byte("k")); err != nil {
				return err
			}
			if err := tx.One(ctx, `DELETE FROM thing WHERE id = 'owner'`); err != nil {
				return err
			}
			return tx.QueryRow(ctx, `SELECT count(*) FROM keyed`).Scan(&left)
		})
		if err != nil || left != 0 {
			t.Errorf("got %d rows left (%v), want 0", left, err)
		}
	})
}

func TestTwoNodesWriteAtOnce(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			a, clock, url := dbtest.Open(t, engine, sets)
			b := dbtest.Reopen(t, url, clock)
			ctx := t.Context()
			var wg sync.WaitGroup
			for i := range 200 {
				d := a
				if i%2 == 1 {
					d = b
				}
				wg.Go(func() {
					if err := d.Update(ctx, func(tx db.Tx) error { return put(ctx, tx, fmt.Sprint("n", i), i) }); err != nil {
						t.Errorf("write %d: %v", i, err)
					}
				})
			}
			wg.Wait()
			if got, want := count(t, a), int64(201); got != want {
				t.Errorf("rows: got %d, want %d", got, want)
			}
		})
	}
}

func TestMigrationsGoForwardOnly(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		ctx := t.Context()
		if err := d.Migrate(ctx, tables); err != nil {
			t.Errorf("a second run: %v", err)
		}
		more := fstest.MapFS{"m/0002_more.sql": {Data: []byte("CREATE TABLE more (\n  id TEXT NOT NULL PRIMARY KEY\n);")}}
		if err := d.Migrate(ctx, tables, more); err != nil {
			t.Errorf("a new step: %v", err)
		}
		if err := d.Migrate(ctx, tables); err == nil {
			t.Error("a database newer than the program was accepted")
		}
		changed := fstest.MapFS{"migrations/0001_thing.sql": {Data: []byte("CREATE TABLE other (\n  id TEXT\n);")}}
		if err := d.Migrate(ctx, changed, more); err == nil {
			t.Error("a step changed after it ran was accepted")
		}
	})
}

func TestTwoNodesStartAtOnce(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			url, clock := dbtest.URL(t, engine), dbtest.NewClock()
			var wg sync.WaitGroup
			for range 4 {
				d := dbtest.Reopen(t, url, clock)
				wg.Go(func() {
					if err := d.Migrate(t.Context(), tables); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		})
	}
}

func TestAFullDiskLosesNothingThatWasAcknowledged(t *testing.T) {
	ctx := t.Context()
	d, err := db.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "x.db"), db.Options{MaxPages: 60})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Migrate(ctx, tables); err != nil {
		t.Fatal(err)
	}
	kept, full := int64(1), false
	for i := range 1000 {
		err := d.Update(ctx, func(tx db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO thing (id, n, b) VALUES ($1, 0, $2)`, fmt.Sprint(i), make([]byte, 2000))
			return err
		})
		if errors.Is(err, db.ErrUnavailable) {
			full = true
			break
		}
		if err != nil {
			t.Fatalf("write %d: got %v, want ErrUnavailable", i, err)
		}
		kept++
	}
	if !full {
		t.Fatal("the disk never filled")
	}
	if got := count(t, d); got != kept {
		t.Errorf("rows: got %d, want %d", got, kept)
	}
	if err := d.Update(ctx, func(tx db.Tx) error { return tx.One(ctx, `UPDATE thing SET n = 5 WHERE id = '0'`) }); err != nil && !errors.Is(err, db.ErrUnavailable) {
		t.Errorf("after the disk filled: %v", err)
	}
}

func TestADatabaseThatIsGoneIsToldWithinTwoSeconds(t *testing.T) {
	c, err := dbtest.StartCluster(false)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SQL("CREATE DATABASE x"); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	d, err := db.Open(ctx, c.URL("x"), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Migrate(ctx, tables); err != nil {
		t.Fatal(err)
	}
	c.Stop()
	for range 3 {
		begin := time.Now()
		err := d.Update(ctx, func(tx db.Tx) error { return put(ctx, tx, "x", 1) })
		if !errors.Is(err, db.ErrUnavailable) || time.Since(begin) > 2*time.Second {
			t.Errorf("gone: got %v after %v, want ErrUnavailable within 2 s", err, time.Since(begin))
		}
		if err := d.Ping(ctx); !errors.Is(err, db.ErrUnavailable) {
			t.Errorf("ping: got %v, want ErrUnavailable", err)
		}
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if err := d.Update(ctx, func(tx db.Tx) error { return put(ctx, tx, "back", 1) }); err != nil {
		t.Errorf("back again: %v", err)
	}
}

func BenchmarkPointRead(b *testing.B) {
	d, _, _ := dbtest.Open(b, "sqlite", sets)
	ctx := b.Context()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			var n int64
			_ = d.View(ctx, func(tx db.ReadTx) error {
				return tx.QueryRow(ctx, `SELECT n FROM thing WHERE id = $1`, "it's;").Scan(&n)
			})
		}
	})
}

func BenchmarkUpdateParallel(b *testing.B) {
	d, _, _ := dbtest.Open(b, "sqlite", sets)
	ctx := b.Context()
	var i atomic.Int64
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := i.Add(1)
			if err := d.Update(ctx, func(tx db.Tx) error { return put(ctx, tx, fmt.Sprint(n), 1) }); err != nil {
				b.Error(err)
			}
		}
	})
}

// A file that is copied or moved after the program ended has to hold everything.
func TestTheLastCloseLeavesOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	d, err := db.Open(context.Background(), "sqlite:"+path, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, stmt := range []string{`CREATE TABLE x (id BIGINT)`, `INSERT INTO x (id) VALUES (1)`} {
		if err := d.Update(context.Background(), func(tx db.Tx) error { _, err := tx.Exec(context.Background(), stmt); return err }); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Ping(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(path + "?*"); len(left) > 0 {
		t.Errorf("got %v beside the file, want nothing", left)
	}
}

// A query may run again while its rows are still read.
func TestAQueryInsideItselfReadsOn(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		ctx := t.Context()
		if err := d.Update(ctx, func(tx db.Tx) error { return errors.Join(put(ctx, tx, "a", 1), put(ctx, tx, "b", 2)) }); err != nil {
			t.Fatal(err)
		}
		const ids = `SELECT id FROM thing WHERE n >= $1 ORDER BY id`
		name := func(s db.Scanner) (id string, err error) { err = s.Scan(&id); return id, err }
		err := d.View(ctx, func(tx db.ReadTx) error {
			for range 2 {
				got, err := db.List(ctx, tx, func(s db.Scanner) (string, error) {
					id, err := name(s)
					if err != nil {
						return "", err
					}
					inner, err := db.List(ctx, tx, name, ids, 2)
					return id + fmt.Sprint(inner), err
				}, ids, 1)
				if err != nil {
					return err
				}
				if want := "[a[b] b[b]]"; fmt.Sprint(got) != want {
					t.Errorf("got %v, want %s", got, want)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// What a column holds never turns silently into something else.
func TestAValueGoesOnlyIntoItsOwnKind(t *testing.T) {
	d, _, _ := dbtest.Open(t, "sqlite", sets)
	type named string
	err := d.View(t.Context(), func(tx db.ReadTx) error {
		ask := func(dest ...any) error {
			return tx.QueryRow(t.Context(), `SELECT 'text', 300, NULL, X'00ff'`).Scan(dest...)
		}
		var s string
		var n int64
		var small int8
		var b, none []byte
		var own named
		if err := ask(&own, &n, &none, &b); err != nil || own != "text" || n != 300 || none != nil || string(b) != "\x00\xff" {
			t.Errorf("got %q %d %v %x %v", own, n, none, b, err)
		}
		for what, dest := range map[string][]any{
			"text into a number": {&n, &n, &none, &b}, "a number into text": {&s, &s, &none, &b}, "a number too large": {&s, &small, &none, &b},
			"nothing into text": {&s, &n, &s, &b}, "too few": {&s, &n}, "not a pointer": {s, n, none, b},
		} {
			if err := ask(dest...); err == nil {
				t.Errorf("%s was taken", what)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Writers that hold every connection they may have must not keep readers out: a storm of
// sign-ins would then stop session checks.
func TestReadsGoOnWhileWritersTakeAllTheyMay(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		ctx := t.Context()
		release := make(chan struct{})
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() {
				_ = d.Update(ctx, func(db.Tx) error { <-release; return nil }) // whether it ends in time is not the question
			})
		}
		time.Sleep(100 * time.Millisecond)
		soon, stop := context.WithTimeout(ctx, time.Second)
		defer stop()
		err := d.Ping(soon)
		close(release)
		all.Wait()
		if err != nil {
			t.Errorf("a read waited for the writers: %v", err)
		}
	})
}
