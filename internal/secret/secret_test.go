package secret_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"sekisho/internal/secret"
)

func TestNoFormatterPrintsASecret(t *testing.T) {
	type holder struct {
		Word secret.Text
		Ptr  *secret.Text
	}
	word := secret.Text("hunter2")
	h := holder{word, &word}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "word", word, "holder", h)
	raw, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{fmt.Sprint(word), fmt.Sprintf("%s %v %+v %#v %q %x %d", word, word, h, h, word, word, word), log.String(), string(raw), fmt.Errorf("bad: %w", fmt.Errorf("%v", word)).Error()} {
		if strings.Contains(got, "hunter2") || strings.Contains(got, "68756e746572") {
			t.Errorf("printed: %s", got)
		}
	}
}

func TestAnEmptySecretEqualsNothing(t *testing.T) {
	for _, x := range []struct {
		a, b string
		want bool
	}{{"", "", false}, {"a", "", false}, {"", "a", false}, {"a", "a", true}, {"a", "b", false}, {"a", "aa", false}} {
		if got := secret.Equal(x.a, x.b); got != x.want {
			t.Errorf("Equal(%q, %q) = %v, want %v", x.a, x.b, got, x.want)
		}
	}
}

func TestSealedTextOpensOnlyAboutItsOwnRow(t *testing.T) {
	old, fresh := secret.Hash("old"), secret.Hash("fresh")
	before, err := secret.OpenRing(old)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := before.Seal([]byte("word"), "row 1")
	if err != nil {
		t.Fatal(err)
	}
	after, err := secret.OpenRing(fresh, old)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := after.Open(sealed, "row 1"); err != nil || string(got) != "word" {
		t.Errorf("after a new key: got %q %v", got, err)
	}
	if _, err := after.Open(sealed, "row 2"); err == nil {
		t.Error("opened in another row's place")
	}
	alone, err := secret.OpenRing(fresh)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alone.Open(sealed, "row 1"); err == nil {
		t.Error("opened without its key")
	}
	for i := range sealed {
		bent := append([]byte(nil), sealed...)
		bent[i] ^= 1
		if _, err := after.Open(bent, "row 1"); err == nil {
			t.Fatalf("opened with byte %d bent", i)
		}
		if _, err := after.Open(sealed[:i], "row 1"); err == nil {
			t.Fatalf("opened with %d bytes", i)
		}
	}
}

func TestCodesAreUniformAndWide(t *testing.T) {
	var first [10]int
	for range 10000 {
		c := secret.Digits(6)
		if len(c) != 6 {
			t.Fatalf("got %q", c)
		}
		first[c[0]-'0']++
	}
	for d, n := range first {
		if n < 800 || n > 1200 { // five standard deviations and more
			t.Errorf("%d came first %d times of 10000", d, n)
		}
	}
	if secret.Token() == secret.Token() || len(secret.Token().Reveal()) != 43 {
		t.Error("a token is 43 characters and not like another")
	}
}

func FuzzParseKeys(f *testing.F) {
	for _, s := range []string{"", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "x", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,AAAA"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		keys, err := secret.ParseKeys(s)
		if err != nil {
			if s != "" && len(s) > 8 && strings.Contains(err.Error(), s) {
				t.Error("the error repeats the key")
			}
			return
		}
		for _, k := range keys {
			if len(k) != secret.KeyLen {
				t.Errorf("a key of %d bytes", len(k))
			}
		}
	})
}
