package passphrase

import (
	"errors"
	"io/fs"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"sekisho/internal/db"
	"sekisho/internal/dbtest"
	"sekisho/internal/ref"
	"sekisho/internal/slowhash"
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

func TestWhatCanNeverBeAPassphraseIsRefused(t *testing.T) {
	for _, c := range []struct {
		name, raw string
		want      Problem
		ok        bool
	}{
		{"nothing", "", TooShort, false},
		{"only spaces", " \u3000\t\n", TooShort, false},
		{"short, for Check to refuse", "ab", 0, true},
		{"256 characters", strings.Repeat("あ", 256), 0, true},
		{"257 characters", strings.Repeat("あ", 257), TooLong, false},
		{"257 characters, one a space around it", strings.Repeat("あ", 256) + "\u3000", 0, true},
		{"256 characters with marks that compose", strings.Repeat("e\u0301", 256), 0, true},
		{"a megabyte", strings.Repeat("a", 1<<20), TooLong, false},
		{"NUL", "kettle orbit\x00plum", NotText, false},
		{"an escape", "kettle \x1b[2J orbit", NotText, false},
		{"a lone surrogate", "abc\xed\xa0\x80def", NotText, false},
		{"a line break", "kettle orbit\nplum", 0, true},
		{"an emoji of several code points", "👩‍👩‍👧‍👧 family trip", 0, true},
	} {
		_, problem := Parse(c.raw)
		if (problem == nil) != c.ok || problem != nil && *problem != c.want {
			t.Errorf("%s: got problem %v, want ok=%v %d", c.name, problem, c.ok, c.want)
		}
	}
}

func TestSpellingsOfOnePassphraseAreOne(t *testing.T) {
	h := slowhash.NewHasher(slowhash.Cost{MemoryKiB: 8, Passes: 1, Threads: 1}, 1, 0)
	for _, c := range []struct {
		name, set, try string
		want           bool
	}{
		{"the same", "kettle orbit plum", "kettle orbit plum", true},
		{"spaces around and between", "kettle orbit plum", "  kettle   orbit\tplum \n", true},
		{"full-width spaces", "静かな 湖 自転車", "静かな\u3000湖\u3000\u3000自転車", true},
		{"a space that does not break", "kettle orbit plum", "kettle\u00a0orbit plum", true},
		{"composed and decomposed", "café au lait", "cafe\u0301 au lait", true},
		{"か with its mark apart", "ガラスの靴と時計", "カ\u3099ラスの靴と時計", true},
		{"another case", "kettle orbit plum", "Kettle orbit plum", false},
		{"without spaces", "kettle orbit plum", "kettleorbitplum", false},
		{"another order", "kettle orbit plum", "orbit kettle plum", false},
		{"full-width letters", "kettle orbit plum", "ｋettle orbit plum", false},
	} {
		phc, err := h.Hash(t.Context(), must(t, c.set).Text())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := h.Verify(t.Context(), must(t, c.try).Text(), phc); got != c.want || err != nil {
			t.Errorf("%s: got %v (%v), want %v", c.name, got, err, c.want)
		}
	}
}

func TestThreeWordsOrTwelveCharacters(t *testing.T) {
	for raw, want := range map[string]bool{
		"kettle orbit plum": true, "dog sun tea": true, "猫 犬 鳥": true, "ねこ いぬ とり": true, "zq8#Lm2p!vTe": true, "静かな湖と青い自転車です": true,
		"kettle orbit": true, "kettle orb": false, "a b c": false, "zq8#Lm2p!vT": false, "静かな湖と青い自転車": false, "あ い う": false,
	} {
		got := Check(must(t, raw), About{})
		if slices.Contains(got, TooShort) == want {
			t.Errorf("%q: got problems %v, want long enough: %v", raw, got, want)
		}
	}
}

func TestWhatOthersWouldTryFirstIsRefused(t *testing.T) {
	about := About{Name: "山田 太郎", Identifiers: []string{"tarou.yamada@example.com", "+819012345678"}}
	for raw, want := range map[string]Problem{
		"aaaaaaaaaaaaaaa": Common, "a a a aaaaaaaaaaa": Common, "abababababab": Common, "kettle Kettle kettle": Common, "123456789012": Common, "210987654321": Common,
		"abcdefghijklmn": Common, "correct horse battery staple": Common, "My Correct Horse battery staple!": Common, "いろはにほへと ちりぬるを": Common,
		"my yamada secret": HasName, "TAROU likes tea": HasName, "three example words": HasName, "山田太郎の秘密の合言葉です": HasName, "秘密 山田 太郎": HasName, "call 819012345678 now": HasName,
	} {
		if got := Check(must(t, raw), about); !slices.Contains(got, want) {
			t.Errorf("%q: got %v, want %d", raw, got, want)
		}
	}
	for _, raw := range []string{"kettle orbit plum seven", "静かな 湖と 青い自転車", "zq8#Lm2p!vTe", "correct horse battery staple under the green bridge", "more than nine"} {
		if got := Check(must(t, raw), About{Name: "Ann", Identifiers: about.Identifiers}); len(got) != 0 {
			t.Errorf("%q: got problems %v, want none", raw, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"kettle orbit plum", " \u3000 e\u0301\u2000x", "\x00", "\xff", "a\u0085b", "\u0301 \u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		p, problem := Parse(raw)
		if problem != nil {
			return
		}
		if n := utf8.RuneCountInString(p.text); n < 1 || n > maxLength || !utf8.ValidString(p.text) || !norm.NFC.IsNormalString(p.text) {
			t.Errorf("%q was read as %q", raw, p.text)
		}
		if again, problem := Parse(p.text); problem != nil || again != p {
			t.Errorf("%q: read again got %q (%v)", p.text, again.text, problem)
		}
		Check(p, About{Name: raw, Identifiers: []string{raw}})
	})
}

func TestProposalsAreGoodAndHardToGuess(t *testing.T) {
	form := map[string]*regexp.Regexp{"en": regexp.MustCompile(`^([a-z]{5} ){4}[a-z]{5}$`), "ja": regexp.MustCompile(`^(([a-z][aiueo]){3} ){4}([a-z][aiueo]){3}$`)}
	seen := map[string]bool{}
	for lang, want := range form {
		for range 500 {
			got := Suggest(5, lang).Reveal()
			if !want.MatchString(got) || seen[got] {
				t.Fatalf("%s: got %q, want five new words", lang, got)
			}
			seen[got] = true
			p := must(t, got)
			if problems := Check(p, About{}); p.text != got || len(problems) != 0 {
				t.Errorf("%q: got problems %v, want none", got, problems)
			}
		}
	}
	for n, want := range map[int]int{-1: Proposed, 0: Proposed, 1: 1, 7: 7} {
		if got := len(strings.Fields(Suggest(n, "ja").Reveal())); got != want {
			t.Errorf("%d asked: got %d words, want %d", n, got, want)
		}
	}
	for lang, rows := range map[string][][]string{"en": english, "ja": japanese} {
		bits := 0.0
		for _, row := range rows {
			bits += math.Log2(float64(len(row)))
			if sorted := slices.Sorted(slices.Values(row)); len(slices.Compact(sorted)) != len(row) {
				t.Errorf("%s: a row names a sound twice", lang)
			}
		}
		if bits < 15 {
			t.Errorf("%s: got %.1f bits a word, want 15 or more", lang, bits)
		}
	}
}

func TestSoundsAreDrawnEvenly(t *testing.T) {
	first := map[string]int{}
	for range 15000 {
		first[word(english)[:1]]++
	}
	for _, c := range consonants {
		if n := first[c]; n < 800 || n > 1200 { // six standard deviations
			t.Errorf("%s came first %d times of 15000, want about 1000", c, n)
		}
	}
}

var tables = []fs.FS{Migrations, fstest.MapFS{"m/0001_account.sql": {Data: []byte("CREATE TABLE account (\n  id TEXT NOT NULL PRIMARY KEY\n);\nINSERT INTO account (id) VALUES ('acc_1');")}}}

func TestAReplacedPassphraseLetsNobodyPass(t *testing.T) {
	dbtest.Each(t, tables, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		ctx, a := t.Context(), ref.Account("acc_1")
		update := func(fn func(tx db.Tx) error) {
			t.Helper()
			if err := d.Update(ctx, fn); err != nil {
				t.Fatal(err)
			}
		}
		record := func() (rec Record) {
			t.Helper()
			update(func(tx db.Tx) (err error) { rec, err = Of(ctx, tx, a); return })
			return rec
		}
		if err := d.View(ctx, func(tx db.ReadTx) error { _, err := Of(ctx, tx, a); return err }); !errors.Is(err, db.ErrNone) {
			t.Errorf("none set: got %v, want ErrNone", err)
		}
		update(func(tx db.Tx) error { return Set(ctx, tx, a, "one") })
		if rec := record(); rec.PHC != "one" || !rec.SetAt.Equal(dbtest.Start) || !rec.LastUsed.IsZero() {
			t.Errorf("got %+v, want one, never used", rec)
		}
		clock.Add(time.Hour)
		update(func(tx db.Tx) error {
			if err := Used(ctx, tx, a, "one"); err != nil {
				return err
			}
			return Rehash(ctx, tx, a, "one", "dearer")
		})
		if rec := record(); rec.PHC != "dearer" || !rec.SetAt.Equal(dbtest.Start) || !rec.LastUsed.Equal(clock.Now()) {
			t.Errorf("got %+v, want dearer, used now", rec)
		}
		update(func(tx db.Tx) error { return Set(ctx, tx, a, "two") })
		late := func(hash string) {
			t.Helper()
			update(func(tx db.Tx) error {
				if err := Used(ctx, tx, a, hash); !errors.Is(err, db.ErrNone) {
					t.Errorf("a hash read before: got %v, want ErrNone", err)
				}
				return Rehash(ctx, tx, a, hash, "stale")
			})
		}
		late("dearer")
		if rec := record(); rec.PHC != "two" || !rec.SetAt.Equal(clock.Now()) || !rec.LastUsed.IsZero() {
			t.Errorf("got %+v, want two, never used", rec)
		}
		update(func(tx db.Tx) error { return Drop(ctx, tx, a) })
		late("two")
	})
}
