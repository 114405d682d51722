package totp

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/dbtest"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var tables = []fs.FS{Migrations, fstest.MapFS{"m/0001_account.sql": {Data: []byte("CREATE TABLE account (\n  id TEXT NOT NULL PRIMARY KEY\n);\nINSERT INTO account (id) VALUES ('acc_1'), ('acc_2');")}}}

// bench is one database with its clock and the codes under test.
type bench struct {
	t     *testing.T
	d     *db.DB
	clock *dbtest.Clock
	codes Codes
}

func each(t *testing.T, test func(b bench)) {
	t.Helper()
	ring, err := secret.OpenRing(secret.Hash("a key for tests"))
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Each(t, tables, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { test(bench{t, d, clock, Codes{ring}}) })
}

func (b bench) update(fn func(tx db.Tx) error) {
	b.t.Helper()
	if err := b.d.Update(b.t.Context(), fn); err != nil {
		b.t.Fatal(err)
	}
}

// code is what an app shows whose clock is off by so many steps.
func (b bench) code(key secret.Text, off int) string {
	raw, err := parseKey(key)
	if err != nil {
		b.t.Fatal(err)
	}
	return hotp(raw, uint64(stepAt(b.clock.Now())+int64(off)), digits)
}

func (b bench) enrol(a ref.Account, name string, key secret.Text, answer string) (r Result) {
	b.t.Helper()
	b.update(func(tx db.Tx) (err error) {
		_, r, err = b.codes.Enrol(b.t.Context(), tx, a, name, key, answer)
		return
	})
	return r
}

// enrolled adds an authenticator and lets a minute go by.
func (b bench) enrolled(a ref.Account, key secret.Text) ref.Factor {
	b.t.Helper()
	r := b.enrol(a, "phone", key, b.code(key, 0))
	if r.Outcome != Right {
		b.t.Fatalf("enrol: got %d, want Right", r.Outcome)
	}
	b.clock.Add(time.Minute)
	return r.Factor
}

func (b bench) check(a ref.Account, answer string) (r Result) {
	b.t.Helper()
	b.update(func(tx db.Tx) (err error) { r, err = b.codes.Check(b.t.Context(), tx, a, answer); return })
	return r
}

// Keys without two equal codes within reach of the tests: with random ones a test
// would fail once in some thousand runs.
const (
	quietKey = secret.Text("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	otherKey = secret.Text("MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U")
)

func TestACodeWorksOnceAndNoneBeforeIt(t *testing.T) {
	each(t, func(b bench) {
		first := b.code(quietKey, 0)
		if r := b.enrol("acc_1", "phone", quietKey, first); r.Outcome != Right || r.Factor == "" {
			b.t.Fatalf("enrol: got %+v, want Right", r)
		}
		if r := b.check("acc_1", first); r.Outcome != Used {
			b.t.Errorf("the enrolling code again: got %d, want Used", r.Outcome)
		}
		b.clock.Add(90 * time.Second)
		early, now := b.code(quietKey, -1), b.code(quietKey, 0)
		if r := b.check("acc_1", now); r.Outcome != Right {
			b.t.Errorf("a new code: got %d, want Right", r.Outcome)
		}
		for _, code := range []string{now, early} {
			if r := b.check("acc_1", code); r.Outcome != Used {
				b.t.Errorf("spent or before the spent: got %d, want Used", r.Outcome)
			}
		}
		b.clock.Add(3 * time.Minute)
		if r := b.check("acc_1", now); r.Outcome != Used || r.Skew != 0 {
			b.t.Errorf("the spent code later: got %+v, want Used and no word of the clock", r)
		}
		b.update(func(tx db.Tx) error {
			list, err := List(b.t.Context(), tx, "acc_1")
			if len(list) != 1 || list[0].Name != "phone" || !list[0].Created.Equal(dbtest.Start) || !list[0].LastUsed.Equal(dbtest.Start.Add(90*time.Second)) {
				b.t.Errorf("got %+v", list)
			}
			return err
		})
	})
}

func TestCodeWorksOnceUnderLoad(t *testing.T) {
	each(t, func(b bench) {
		b.enrolled("acc_1", quietKey)
		code := b.code(quietKey, 0)
		var mu sync.Mutex
		got := map[Outcome]int{}
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				for {
					var r Result
					err := b.d.Update(b.t.Context(), func(tx db.Tx) (err error) { r, err = b.codes.Check(b.t.Context(), tx, "acc_1", code); return })
					if errors.Is(err, db.ErrUnavailable) {
						continue // a busy machine; nothing was written
					}
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						b.t.Error(err)
					}
					got[r.Outcome]++
					return
				}
			})
		}
		wg.Wait()
		if got[Right] != 1 || got[Used] != 99 {
			b.t.Errorf("got %v, want one right and 99 used", got)
		}
	})
}

func TestClockThatIsOffIsToldAndNeverLetsPass(t *testing.T) {
	each(t, func(b bench) {
		id := b.enrolled("acc_1", quietKey)
		b.clock.Add(time.Hour)
		for off := -32; off <= 32; off++ {
			want := Result{Skewed, id, time.Duration(off) * 30 * time.Second, ""}
			switch {
			case off < -30 || off > 30:
				want = Result{}
			case off >= -1 && off <= 1:
				continue
			}
			if got := b.check("acc_1", b.code(quietKey, off)); got != want {
				b.t.Errorf("%d steps: got %+v, want %+v", off, got, want)
			}
		}
		// The boundaries of the window, each once.
		for off := -1; off <= 1; off++ {
			if got := b.check("acc_1", b.code(quietKey, off)); got.Outcome != Right {
				b.t.Errorf("%d steps: got %d, want Right", off, got.Outcome)
			}
		}
		const other = otherKey
		if got := b.enrol("acc_2", "tablet", other, b.code(other, 20)); got.Outcome != Skewed || got.Skew != 10*time.Minute || got.Factor != "" {
			b.t.Errorf("enrolling ten minutes ahead: got %+v", got)
		}
		b.update(func(tx db.Tx) error {
			list, err := List(b.t.Context(), tx, "acc_2")
			if len(list) != 0 {
				b.t.Errorf("got %v, want nothing stored", list)
			}
			return err
		})
	})
}

func TestCodeToldAsAheadDoesNotWorkWhenItsTimeComes(t *testing.T) {
	each(t, func(b bench) {
		b.enrolled("acc_1", quietKey)
		ahead := b.code(quietKey, 20)
		if r := b.check("acc_1", ahead); r.Outcome != Skewed {
			b.t.Fatalf("got %d, want Skewed", r.Outcome)
		}
		if r := b.check("acc_1", b.code(quietKey, 0)); r.Outcome != Right {
			b.t.Errorf("once the clock is right: got %d, want Right", r.Outcome)
		}
		b.clock.Add(10 * time.Minute)
		if r := b.check("acc_1", ahead); r.Outcome != Used {
			b.t.Errorf("the code that was waited for: got %d, want Used", r.Outcome)
		}
		b.clock.Add(30 * time.Second)
		if r := b.check("acc_1", b.code(quietKey, 0)); r.Outcome != Right {
			b.t.Errorf("the next code: got %d, want Right", r.Outcome)
		}
	})
}

func TestCodesAreReadAsPeopleTypeThem(t *testing.T) {
	each(t, func(b bench) {
		b.enrolled("acc_1", quietKey)
		for _, spell := range []struct {
			name string
			of   func(c string) string
			want Outcome
		}{
			{"one digit less", func(c string) string { return c[1:] }, Wrong},
			{"one digit more", func(c string) string { return c + "0" }, Wrong},
			{"a letter", func(c string) string { return c[:5] + "O" }, Wrong},
			{"nothing", func(string) string { return "" }, Wrong},
			{"Arabic digits", func(string) string { return "١٢٣٤٥٦" }, Wrong},
			{"a megabyte", func(c string) string { return strings.Repeat(c, 1<<17) }, Wrong},
			{"as it is", func(c string) string { return c }, Right},
			{"in two groups", func(c string) string { return " " + c[:3] + " " + c[3:] + "\t" }, Right},
			{"with a dash", func(c string) string { return c[:3] + "-" + c[3:] }, Right},
			{"full width", func(c string) string {
				return strings.Map(func(r rune) rune { return r - '0' + '０' }, c[:3]) + "\u3000" + c[3:]
			}, Right},
		} {
			b.clock.Add(time.Minute)
			if r := b.check("acc_1", spell.of(b.code(quietKey, 0))); r.Outcome != spell.want {
				b.t.Errorf("%s: got %d, want %d", spell.name, r.Outcome, spell.want)
			}
		}
	})
}

func TestOnlyTheAccountsOwnAuthenticatorsCount(t *testing.T) {
	each(t, func(b bench) {
		const other = otherKey
		phone, tablet := b.enrolled("acc_1", quietKey), b.enrolled("acc_1", other)
		for _, a := range []ref.Account{"", "acc_2", "acc_9"} {
			if r := b.check(a, b.code(quietKey, 0)); r != (Result{}) {
				b.t.Errorf("%q: got %+v, want Wrong and no more", a, r)
			}
		}
		for key, id := range map[secret.Text]ref.Factor{quietKey: phone, other: tablet} {
			if r := b.check("acc_1", b.code(key, 0)); r.Outcome != Right || r.Factor != id {
				b.t.Errorf("got %+v, want Right by %s", r, id)
			}
		}
		b.update(func(tx db.Tx) error {
			ctx := b.t.Context()
			if err := Rename(ctx, tx, "acc_2", phone, "mine"); !errors.Is(err, db.ErrNone) {
				b.t.Errorf("another's, renamed: got %v, want ErrNone", err)
			}
			if err := Remove(ctx, tx, "acc_2", phone); !errors.Is(err, db.ErrNone) {
				b.t.Errorf("another's, removed: got %v, want ErrNone", err)
			}
			if err := Rename(ctx, tx, "acc_1", tablet, "板"); err != nil {
				return err
			}
			if err := Remove(ctx, tx, "acc_1", phone); err != nil {
				return err
			}
			list, err := List(ctx, tx, "acc_1")
			if len(list) != 1 || list[0].Name != "板" {
				b.t.Errorf("got %+v, want the renamed one alone", list)
			}
			return err
		})
		b.clock.Add(time.Minute)
		if r := b.check("acc_1", b.code(quietKey, 0)); r.Outcome != Wrong {
			b.t.Errorf("a removed one: got %d, want Wrong", r.Outcome)
		}
		b.update(func(tx db.Tx) error { return RemoveAll(b.t.Context(), tx, "acc_1") })
		if r := b.check("acc_1", b.code(other, 0)); r.Outcome != Wrong {
			b.t.Errorf("all removed: got %d, want Wrong", r.Outcome)
		}
	})
}

func TestTenAuthenticatorsAndEachKeyOnceUnderLoad(t *testing.T) {
	each(t, func(b bench) {
		ctx := b.t.Context()
		keys := []secret.Text{quietKey, quietKey, quietKey}
		for range 14 {
			keys = append(keys, NewKey())
		}
		var mu sync.Mutex
		got := map[Outcome]int{}
		var wg sync.WaitGroup
		for i, key := range keys {
			code := b.code(key, 0)
			wg.Go(func() {
				var r Result
				err := db.ErrUnavailable
				for errors.Is(err, db.ErrUnavailable) {
					err = b.d.Update(ctx, func(tx db.Tx) (err error) {
						_, r, err = b.codes.Enrol(ctx, tx, "acc_1", fmt.Sprint(i), key, code)
						return
					})
				}
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					b.t.Error(err)
				}
				got[r.Outcome]++
			})
		}
		wg.Wait()
		if got[Right] != Most || got[Right]+got[Used]+got[Full] != len(keys) {
			b.t.Errorf("got %v, want %d right and the others used or full", got, Most)
		}
		b.update(func(tx db.Tx) error {
			list, err := List(ctx, tx, "acc_1")
			if len(list) != Most {
				b.t.Errorf("got %d, want %d", len(list), Most)
			}
			if err == nil {
				err = Remove(ctx, tx, "acc_1", list[3].ID)
			}
			return err
		})
		const key = otherKey
		if r := b.enrol("acc_1", "again", key, b.code(key, 0)); r.Outcome != Right {
			b.t.Errorf("in the freed place: got %d, want Right", r.Outcome)
		}
		if r := b.enrol("acc_1", "again", key, b.code(key, 0)); r.Outcome != Used {
			b.t.Errorf("the same key again: got %d, want Used", r.Outcome)
		}
		if r := b.enrol("acc_1", "wrong", key, "000000"); r.Outcome != Wrong {
			b.t.Errorf("a wrong code: got %d, want Wrong", r.Outcome)
		}
	})
}

func TestSecretIsSealedForItsRow(t *testing.T) {
	each(t, func(b bench) {
		ctx := b.t.Context()
		raw, _ := parseKey(quietKey)
		id := b.enrolled("acc_1", quietKey)
		b.update(func(tx db.Tx) error {
			var sealed, mark []byte
			err := tx.QueryRow(ctx, `SELECT sealed, mark FROM totp WHERE id = $1`, id).Scan(&sealed, &mark)
			for _, plain := range []string{quietKey.Reveal(), string(raw)} {
				if strings.Contains(string(sealed)+string(mark), plain) {
					b.t.Error("the secret can be read in the table")
				}
			}
			return err
		})
		moved := errors.New("taken back")
		for _, move := range []string{`UPDATE totp SET account = 'acc_2'`, `UPDATE totp SET id = 'fac_2'`} {
			err := b.d.Update(ctx, func(tx db.Tx) error {
				if _, err := tx.Exec(ctx, move); err != nil {
					return err
				}
				for _, a := range []ref.Account{"acc_1", "acc_2"} {
					r, err := b.codes.Check(ctx, tx, a, b.code(quietKey, 0))
					if r.Outcome != Wrong || err != nil && !errors.Is(err, secret.ErrSealed) {
						b.t.Errorf("%s, %s: got %+v (%v), want nothing let pass", move, a, r, err)
					}
				}
				return moved
			})
			if !errors.Is(err, moved) {
				b.t.Fatal(err)
			}
		}
		if r := b.check("acc_1", b.code(quietKey, 0)); r.Outcome != Right {
			b.t.Errorf("in its place: got %d, want Right", r.Outcome)
		}
		b.update(func(tx db.Tx) error {
			if _, err := tx.Exec(ctx, `DELETE FROM account WHERE id = 'acc_1'`); err != nil {
				return err
			}
			list, err := List(ctx, tx, "acc_1")
			if len(list) != 0 {
				b.t.Error("it outlived its account")
			}
			return err
		})
	})
}
