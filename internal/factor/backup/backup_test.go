package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/dbtest"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/slowhash"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var tables = []fs.FS{Migrations, fstest.MapFS{"m/0001_account.sql": {Data: []byte("CREATE TABLE account (\n  id TEXT NOT NULL PRIMARY KEY\n);\nINSERT INTO account (id) VALUES ('acc_1'), ('acc_2');")}}}

// bench is one database with its clock and a quick hasher.
type bench struct {
	t      *testing.T
	ctx    context.Context
	d      *db.DB
	clock  *dbtest.Clock
	hasher *slowhash.Hasher
}

func each(t *testing.T, test func(b bench)) {
	t.Helper()
	hasher := slowhash.NewHasher(slowhash.Cost{MemoryKiB: 8, Passes: 1, Threads: 1}, 2, 1000)
	dbtest.Each(t, tables, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		test(bench{t, t.Context(), d, clock, hasher})
	})
}

func (b bench) update(fn func(tx db.Tx) error) {
	b.t.Helper()
	if err := b.d.Update(b.ctx, fn); err != nil {
		b.t.Fatal(err)
	}
}

func (b bench) newSet(a ref.Account) Set {
	b.t.Helper()
	s, err := Make(b.ctx, b.hasher)
	if err != nil {
		b.t.Fatal(err)
	}
	b.update(func(tx db.Tx) error { return Replace(b.ctx, tx, a, s) })
	return s
}

func (b bench) issue(a ref.Account) secret.Text {
	b.t.Helper()
	one, phc, err := MakeOne(b.ctx, b.hasher)
	if err != nil {
		b.t.Fatal(err)
	}
	b.update(func(tx db.Tx) error { return Issue(b.ctx, tx, a, phc, "acc_2", tx.Now().Add(IssuedLives)) })
	return one
}

func (b bench) match(a ref.Account, answer string) (id ref.Factor, ok bool) {
	b.t.Helper()
	var hand Hand
	err := db.ErrUnavailable
	for errors.Is(err, db.ErrUnavailable) { // a busy machine
		err = b.d.View(b.ctx, func(tx db.ReadTx) (err error) { hand, err = Look(b.ctx, tx, a); return })
	}
	if err == nil {
		id, ok, err = hand.Match(b.ctx, b.hasher, answer)
	}
	if err != nil {
		b.t.Error(err)
	}
	return id, ok
}

func (b bench) spend(a ref.Account, id ref.Factor) error {
	return b.d.Update(b.ctx, func(tx db.Tx) error { return Spend(b.ctx, tx, a, id) })
}

func (b bench) left(a ref.Account) string {
	b.t.Helper()
	var out string
	b.update(func(tx db.Tx) error {
		left, of, made, err := Left(b.ctx, tx, a)
		out = fmt.Sprintf("%d of %d", left, of)
		if of == 0 != made.IsZero() {
			b.t.Errorf("%s was made %s", out, made)
		}
		return err
	})
	return out
}

func (b bench) wantLeft(a ref.Account, want string) {
	b.t.Helper()
	if got := b.left(a); got != want {
		b.t.Errorf("left: got %s, want %s", got, want)
	}
}

func TestASetIsFiveDifferentCodesOfTwelveDigits(t *testing.T) {
	hasher := slowhash.NewHasher(slowhash.Cost{MemoryKiB: 8, Passes: 1, Threads: 1}, 1, 0)
	s, err := Make(t.Context(), hasher)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i, c := range s.Codes {
		shown := Groups(c)
		if !regexp.MustCompile(`^\d{4} \d{4} \d{4}$`).MatchString(shown) || secret.Clean(shown) != s.Codes[i].Reveal() || seen[shown] {
			t.Errorf("got %q, want three groups of a new code", shown)
		}
		seen[shown] = true
	}
	if len(seen) != 5 {
		t.Errorf("got %d codes, want 5", len(seen))
	}
	// One salt for the set: a check reckons one hash.
	heads := map[string]bool{}
	for _, phc := range s.phcs {
		heads[phc[:strings.LastIndexByte(phc, '$')]] = true
	}
	if len(heads) != 1 || len(s.phcs) != 5 {
		t.Errorf("got %d salts for %d hashes, want 1 for 5", len(heads), len(s.phcs))
	}
	if shown := fmt.Sprintf("%v %+v %#v", s, s, s); strings.Contains(shown, s.Codes[0].Reveal()) {
		t.Errorf("a set prints its codes: %s", shown)
	}
}

func TestEachCodeWorksOnce(t *testing.T) {
	each(t, func(b bench) {
		b.wantLeft("acc_1", "0 of 0")
		if _, ok := b.match("acc_1", "123456789012"); ok {
			b.t.Error("matched without a code")
		}
		s := b.newSet("acc_1")
		for i := len(s.Codes) - 1; i >= 0; i-- {
			id, ok := b.match("acc_1", s.Codes[i].Reveal())
			if !ok || !strings.HasPrefix(string(id), "fac_") {
				b.t.Fatalf("code %d: got %q %v, want a match", i, id, ok)
			}
			if err := b.spend("acc_2", id); !errors.Is(err, db.ErrNone) {
				b.t.Errorf("by another account: got %v, want ErrNone", err)
			}
			if err := b.spend("acc_1", id); err != nil {
				b.t.Fatal(err)
			}
			if err := b.spend("acc_1", id); !errors.Is(err, db.ErrNone) {
				b.t.Errorf("again: got %v, want ErrNone", err)
			}
			if _, ok := b.match("acc_1", s.Codes[i].Reveal()); ok {
				b.t.Errorf("code %d matches after its use", i)
			}
			b.wantLeft("acc_1", fmt.Sprintf("%d of 5", i))
		}
	})
}

func TestCodesAreReadAsPeopleTypeThem(t *testing.T) {
	each(t, func(b bench) {
		code := b.newSet("acc_1").Codes[2].Reveal()
		wide := strings.Map(func(r rune) rune { return r - '0' + '０' }, code)
		for _, typed := range []string{code, Groups(secret.Text(code)), " " + code[:6] + "-" + code[6:] + "\n", wide, code[:4] + "\u3000" + code[4:]} {
			if _, ok := b.match("acc_1", typed); !ok {
				b.t.Errorf("%q: no match", typed)
			}
		}
		for _, typed := range []string{"", code[1:], code + "0", "x" + code, strings.Repeat(code, 1000)} {
			if _, ok := b.match("acc_1", typed); ok {
				b.t.Errorf("%.20q: matched", typed)
			}
		}
		for _, a := range []ref.Account{"", "acc_2"} {
			if _, ok := b.match(a, code); ok {
				b.t.Errorf("%q: matched another's code", a)
			}
		}
	})
}

func TestCodeWorksOnceUnderLoad(t *testing.T) {
	each(t, func(b bench) {
		s := b.newSet("acc_1")
		var mu sync.Mutex
		var right, late int
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				id, ok := b.match("acc_1", s.Codes[3].Reveal())
				err := db.ErrNone
				for ok {
					if err = b.spend("acc_1", id); !errors.Is(err, db.ErrUnavailable) {
						break // else a busy machine; nothing was written
					}
				}
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					right++
				case errors.Is(err, db.ErrNone):
					late++
				default:
					b.t.Error(err)
				}
			})
		}
		wg.Wait()
		if right != 1 || late != 99 {
			b.t.Errorf("got %d right and %d too late, want 1 and 99", right, late)
		}
		b.wantLeft("acc_1", "4 of 5")
	})
}

func TestANewSetVoidsTheOld(t *testing.T) {
	each(t, func(b bench) {
		old := b.newSet("acc_1")
		spent, _ := b.match("acc_1", old.Codes[0].Reveal())
		if err := b.spend("acc_1", spent); err != nil {
			b.t.Fatal(err)
		}
		between, ok := b.match("acc_1", old.Codes[1].Reveal())
		b.clock.Add(time.Hour)
		s := b.newSet("acc_1")
		if err := b.spend("acc_1", between); !ok || !errors.Is(err, db.ErrNone) {
			b.t.Errorf("matched before, spent after: got %v, want ErrNone", err)
		}
		for _, c := range old.Codes {
			if _, ok := b.match("acc_1", c.Reveal()); ok {
				b.t.Error("a code of the old set matches")
			}
		}
		b.wantLeft("acc_1", "5 of 5")
		b.update(func(tx db.Tx) error {
			_, _, made, err := Left(b.ctx, tx, "acc_1")
			if !made.Equal(b.clock.Now()) {
				b.t.Errorf("made: got %s, want %s", made, b.clock.Now())
			}
			return err
		})
		if _, ok := b.match("acc_1", s.Codes[4].Reveal()); !ok {
			b.t.Error("a code of the new set does not match")
		}
		if err := b.d.Update(b.ctx, func(tx db.Tx) error { return Replace(b.ctx, tx, "acc_1", Set{}) }); err == nil {
			b.t.Error("replaced by no codes")
		}
	})
}

func TestSetsMadeAtOnceLeaveOneWhole(t *testing.T) {
	each(t, func(b bench) {
		sets := make([]Set, 8)
		var wg sync.WaitGroup
		for i := range sets {
			var err error
			if sets[i], err = Make(b.ctx, b.hasher); err != nil {
				b.t.Fatal(err)
			}
			wg.Go(func() {
				if err := b.d.Update(b.ctx, func(tx db.Tx) error { return Replace(b.ctx, tx, "acc_1", sets[i]) }); err != nil && !errors.Is(err, db.ErrUnavailable) {
					b.t.Error(err)
				}
			})
		}
		wg.Wait()
		b.wantLeft("acc_1", "5 of 5")
		var live []int
		for i, s := range sets {
			for _, c := range s.Codes {
				if _, ok := b.match("acc_1", c.Reveal()); ok {
					live = append(live, i)
				}
			}
		}
		if len(live) != 5 || live[0] != live[4] {
			b.t.Errorf("live codes are of sets %v, want five of one", live)
		}
	})
}

func TestAnIssuedCodeStandsBesideTheSetForADay(t *testing.T) {
	each(t, func(b bench) {
		first := b.issue("acc_1")
		s := b.newSet("acc_1")
		one := b.issue("acc_1")
		b.wantLeft("acc_1", "5 of 5")
		if _, ok := b.match("acc_1", first.Reveal()); ok {
			b.t.Error("the one issued before still matches")
		}
		ids := map[ref.Factor]bool{}
		for _, c := range append(s.Codes, one) {
			id, ok := b.match("acc_1", c.Reveal())
			if !ok {
				b.t.Error("beside each other one does not match")
			}
			ids[id] = true
		}
		if len(ids) != 6 {
			b.t.Errorf("got %d rows for 6 codes", len(ids))
		}
		b.clock.Add(IssuedLives - time.Second)
		id, ok := b.match("acc_1", one.Reveal())
		b.clock.Add(time.Second)
		if err := b.spend("acc_1", id); !ok || !errors.Is(err, db.ErrNone) {
			b.t.Errorf("matched in time, spent too late: got %v, want ErrNone", err)
		}
		if _, ok := b.match("acc_1", one.Reveal()); ok {
			b.t.Error("an expired code matches")
		}
		one = b.issue("acc_1")
		id, _ = b.match("acc_1", one.Reveal())
		if err := b.spend("acc_1", id); err != nil {
			b.t.Errorf("one in time: got %v", err)
		}
		id, _ = b.match("acc_1", s.Codes[0].Reveal())
		b.issue("acc_1")
		b.update(func(tx db.Tx) error { return Void(b.ctx, tx, "acc_1") })
		if err := b.spend("acc_1", id); !errors.Is(err, db.ErrNone) {
			b.t.Errorf("voided: got %v, want ErrNone", err)
		}
		b.update(func(tx db.Tx) error {
			hand, err := Look(b.ctx, tx, "acc_1")
			if hand.Any() {
				b.t.Error("codes are left after all were voided")
			}
			return err
		})
	})
}

func TestNoCodeCanBeReadInTheTable(t *testing.T) {
	each(t, func(b bench) {
		codes := append(b.newSet("acc_1").Codes, b.issue("acc_1"))
		b.update(func(tx db.Tx) error {
			rows, err := db.List(b.ctx, tx, func(s db.Scanner) (string, error) {
				var id, account, phc, issuer string
				var slot, created, expires int64
				err := s.Scan(&id, &account, &slot, &phc, &issuer, &created, db.Null(&expires))
				return fmt.Sprint(id, account, slot, phc, issuer, created, expires), err
			}, `SELECT id, account, slot, phc, issuer, created, expires FROM backup_code`)
			for _, c := range codes {
				if strings.Contains(strings.Join(rows, "\n"), c.Reveal()) {
					b.t.Error("a code can be read in the table")
				}
			}
			if len(rows) != 6 || !strings.Contains(rows[0], "$argon2id$") {
				b.t.Errorf("got %d rows, want 6 hashes", len(rows))
			}
			return err
		})
		b.update(func(tx db.Tx) error {
			_, err := tx.Exec(b.ctx, `DELETE FROM account WHERE id = 'acc_1'`)
			return err
		})
		b.wantLeft("acc_1", "0 of 0")
	})
}

func TestNoCodesCostAsMuchAsWrongOnes(t *testing.T) {
	h := slowhash.NewHasher(slowhash.Cost{MemoryKiB: 2048, Passes: 1, Threads: 1}, 1, 0)
	s, err := Make(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	one, full := Hand{make([]ref.Factor, 1), s.phcs[:1], ""}, Hand{make([]ref.Factor, PerSet), s.phcs, ""}
	cases := []struct {
		name   string
		hand   Hand
		answer string
		best   time.Duration
	}{
		{"one code", one, "123456789012", time.Hour}, {"a set", full, "123456789012", time.Hour}, {"no codes", Hand{}, "123456789012", time.Hour},
		{"no digits", full, "hello", time.Hour}, {"no answer", full, "", time.Hour}, {"nothing at all", Hand{}, "", time.Hour},
	}
	for range 20 { // in turns and the best of many: the machine may be busy with others
		for i := range cases {
			c := &cases[i]
			start := time.Now()
			if _, ok, err := c.hand.Match(t.Context(), h, c.answer); ok || err != nil {
				t.Fatalf("%s: got %v (%v), want no match", c.name, ok, err)
			}
			c.best = min(c.best, time.Since(start))
		}
	}
	// Five hashes would take five times as long, and none no time.
	for _, c := range cases {
		if want := cases[0].best; c.best > 3*want || c.best < want/3 {
			t.Errorf("%s: took %s, want about %s as with one code", c.name, c.best, want)
		}
	}
}
