package password

import (
	"io/fs"
	"sekisho/internal/slowhash"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/dbtest"
	"sekisho/internal/ref"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func must(t *testing.T, raw string) Plain {
	t.Helper()
	p, problem := Parse(raw)
	if problem != nil {
		t.Fatalf("Parse(%.20q): problem %d", raw, *problem)
	}
	return p
}

func TestWhatCanNeverBeAPasswordIsRefused(t *testing.T) {
	for _, c := range []struct {
		name, raw string
		want      Problem
		ok        bool
	}{
		{"nothing", "", TooShort, false},
		{"128 characters", strings.Repeat("あ", 128), 0, true},
		{"129 characters", strings.Repeat("あ", 129), TooLong, false},
		{"a megabyte", strings.Repeat("a", 1<<20), TooLong, false},
		{"NUL", "correct\x00horse", NotText, false},
		{"a lone surrogate", "abc\xed\xa0\x80def", NotText, false},
		{"a line break", "abc\ndefghijkl", NotText, false},
		{"128 characters with marks that compose", strings.Repeat("e\u0301", 128), 0, true},
		{"an emoji of several code points", "👩‍👩‍👧‍👧 family trip", 0, true},
	} {
		_, problem := Parse(c.raw)
		if (problem == nil) != c.ok || problem != nil && *problem != c.want {
			t.Errorf("%s: got problem %v, want ok=%v %d", c.name, problem, c.ok, c.want)
		}
	}
}

func TestHashesTellPasswordsApart(t *testing.T) {
	h := slowhash.NewHasher(slowhash.Cost{MemoryKiB: 8, Passes: 1, Threads: 1}, 1, 0)
	long := strings.Repeat("x", 72)
	for _, c := range []struct {
		name, set, try string
		want           bool
	}{
		{"the same", "correct horse battery", "correct horse battery", true},
		{"another", "correct horse battery", "correct horse batterz", false},
		{"composed and decomposed", "café au lait", "cafe\u0301 au lait", true},
		{"the same first 72 bytes", long + "a", long + "b", false},
		{"a prefix", "correct horse battery", "correct horse", false},
	} {
		phc, err := h.Hash(t.Context(), must(t, c.set).Text())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := h.Verify(t.Context(), must(t, c.try).Text(), phc); got != c.want || err != nil {
			t.Errorf("%s: got %v (%v), want %v", c.name, got, err, c.want)
		}
	}
	if got, err := h.Verify(t.Context(), must(t, "anything at all").Text(), ""); got || err != nil {
		t.Errorf("no hash: got %v (%v), want false", got, err)
	}
	if got, _ := h.Verify(t.Context(), Plain{}.Text(), ""); got {
		t.Error("nothing against nothing was right")
	}
}

func TestKnownPasswordsAndNamesAreRefused(t *testing.T) {
	about := About{Name: "山田 Tarou", Identifiers: []string{"tarou.yamada@example.com"}, Service: "The Checkpoint"}
	rules := Rules{Min: 8}
	for raw, want := range map[string]Problem{
		"password": Common, "PassWord": Common, "passwordpassword": Common, "aaaaaaaaaaaaaaaa": Common, "123456789012345": Common,
		"abcdefghijklmnop": Common, "password password": Common, "qwertyuiopasdfgh": Common, "hgfdsapoiuytrewq": Common, "sekisho sekisho sekisho": Common, "p a s s w o r d": Common, "poiuytrewqlkjhgf": Common, "asdfghjklqwertyuiop": Common, "qwer asdf zxcv 1234": Common, "The-Checkpoint-2026": Common, "thecheckpoint 1 thecheckpoint": Common, "my yamada secret": HasName, "TAROU likes tea": HasName, "example words 9": HasName, "short": TooShort,
	} {
		got := Check(must(t, raw), rules, about)
		if len(got) == 0 || got[0] != want && got[len(got)-1] != want {
			t.Errorf("%q: got %v, want %d", raw, got, want)
		}
	}
	for _, raw := range []string{"kettle orbit plum seven", "静かな湖と青い自転車", "zq8#Lm2p!vTe", "the checkpoint has seven lamps", "asdf kettle orbit"} {
		if got := Check(must(t, raw), rules, about); len(got) != 0 {
			t.Errorf("%q: got problems %v, want none", raw, got)
		}
	}
	strict := Rules{Min: 8, Upper: true, Lower: true, Digit: true, Special: true}
	if got := Check(must(t, "kettle orbit plum"), strict, about); len(got) != 1 || got[0] != NeedsKind {
		t.Errorf("without upper case and digit: got %v, want NeedsKind", got)
	}
}

func TestTheListIsSorted(t *testing.T) {
	last := ""
	for line := range strings.Lines(words) {
		if line <= last {
			t.Fatalf("%q stands after %q", line, last)
		}
		last = line
		if w := strings.TrimSuffix(line, "\n"); !listed(w) {
			t.Fatalf("%q is not found", w)
		}
	}
	if listed("kettle orbit") || listed("") || listed("a\nb") {
		t.Error("found what is not there")
	}
}

func TestStrengthAnswersQuickly(t *testing.T) {
	if got := Strength("password", About{}); got > 1 {
		t.Errorf("password: got %d, want at most 1", got)
	}
	if got := Strength("kettle orbit plum seven", About{}); got < 3 {
		t.Errorf("four words: got %d, want at least 3", got)
	}
	if got := Strength(strings.Repeat("a", 1<<20), About{}); got != 0 {
		t.Errorf("a megabyte: got %d, want 0", got)
	}
}

var tables = []fs.FS{Migrations, fstest.MapFS{"m/0001_account.sql": {Data: []byte("CREATE TABLE account (\n  id TEXT NOT NULL PRIMARY KEY\n);\nINSERT INTO account (id) VALUES ('acc_1');")}}}

func TestFormerHashesAreKept(t *testing.T) {
	dbtest.Each(t, tables, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		a := ref.Account("acc_1")
		for _, phc := range []string{"one", "two", "three"} {
			clock.Add(time.Hour)
			if err := d.Update(t.Context(), func(tx db.Tx) error { return Set(t.Context(), tx, a, phc) }); err != nil {
				t.Fatal(err)
			}
		}
		err := d.Update(t.Context(), func(tx db.Tx) error {
			if err := Rehash(t.Context(), tx, a, "two", "stale"); err != nil {
				return err
			}
			rec, err := Of(t.Context(), tx, a)
			if rec.PHC != "three" || strings.Join(rec.History, " ") != "two one" || !rec.SetAt.Equal(clock.Now()) {
				t.Errorf("got %+v, want three, then two one", rec)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestTheMeterIsCheapWhateverIsTyped(t *testing.T) {
	for _, text := range []string{strings.Repeat("4@8({[<369&#!i1|0$5+7%2", 5), strings.Repeat("p4$$w0rd17|1", 9), strings.Repeat("a", 128)} {
		quickest := time.Hour // of three: the machine may be busy with something else
		for range 3 {
			began := time.Now()
			Strength(text, About{})
			quickest = min(quickest, time.Since(began))
		}
		// It took half a second before, and takes a few milliseconds.
		if quickest > 100*time.Millisecond {
			t.Errorf("%.20q… took %v", text, quickest)
		}
	}
	if got := Strength("p4ssw0rd1", About{}); got > 1 {
		t.Errorf("a common word in other signs: got %d, want at most 1", got)
	}
}
