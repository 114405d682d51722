package i18n_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"sekisho/internal/i18n"
)

func TestPickReadsWhatBrowsersSend(t *testing.T) {
	for _, x := range []struct {
		accept string
		want   i18n.Lang
	}{
		{"", i18n.En}, {"ja", i18n.Ja}, {"ja-JP,ja;q=0.9,en;q=0.8", i18n.Ja}, {"en-GB,en;q=0.9,ja;q=0.8", i18n.En}, {"fr,de;q=0.9", i18n.En},
		{"fr,ja;q=0.5", i18n.Ja}, {"*", i18n.En}, {";;;q=x", i18n.En}, {"ja;q=0,en", i18n.En}, {strings.Repeat("ja,", 100000), i18n.Ja},
	} {
		if got := i18n.Pick(x.accept); got != x.want {
			t.Errorf("Pick(%.30q) = %s, want %s", x.accept, got, x.want)
		}
	}
}

func TestLoadRefusesWhatIsNotWhole(t *testing.T) {
	for name, text := range map[string]string{
		"a language missing":          "[a]\nja = \"x\"\n",
		"an empty text":               "[a]\nja = \"x\"\nen = \"\"\n",
		"another placeholder":         "[a]\nja = \"{x}\"\nen = \"{y}\"\n",
		"a third language":            "[a]\nja = \"x\"\nen = \"x\"\nfr = \"x\"\n",
		"a placeholder in one of two": "[a]\nja = \"{x}\"\nen = \"x\"\n",
	} {
		if _, err := i18n.Load(fstest.MapFS{"messages.toml": {Data: []byte(text)}}); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	one := fstest.MapFS{"messages.toml": {Data: []byte("[a]\nja = \"い\"\nen = \"i\"\n")}}
	if _, err := i18n.Load(one, one); err == nil {
		t.Error("one key in two files was taken")
	}
}

func TestValuesAreNotReadAsPlaceholders(t *testing.T) {
	got := i18n.Fill(i18n.En, "{a} and {b}", "a", "{b}", "b", "B")
	if got != "{b} and B" {
		t.Errorf("got %q: a value was filled in again", got)
	}
}

func TestTimesAndSpansReadWell(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
	for _, x := range []struct{ got, want string }{
		{i18n.Time(i18n.En, at), "4 Mar, 05:06 UTC"}, {i18n.Time(i18n.Ja, at), "3月4日 05:06（UTC）"},
		{i18n.Count(0, "row", "rows"), "0 rows"}, {i18n.Count(1, "row", "rows"), "1 row"}, {i18n.Count(2, "row", "rows"), "2 rows"},
		{i18n.Span(i18n.En, time.Second), "1 second"}, {i18n.Span(i18n.En, 15*time.Minute), "15 minutes"}, {i18n.Span(i18n.Ja, 15*time.Minute), "15分"},
		{i18n.Span(i18n.En, 14*time.Minute+time.Second), "15 minutes"}, {i18n.Span(i18n.En, 30*24*time.Hour), "30 days"}, {i18n.Span(i18n.En, 0), "1 second"},
		{i18n.Ago(i18n.En, 59*time.Second), "just now"}, {i18n.Ago(i18n.Ja, 2*time.Hour), "2時間前"}, {i18n.Ago(i18n.En, 25*time.Hour), "1 day ago"},
		{i18n.Ago(i18n.Ja, time.Minute), "1分前"}, {i18n.Ago(i18n.En, time.Hour), "1 hour ago"}, {i18n.Ago(i18n.En, 50*time.Hour), "2 days ago"},
		{i18n.Full(i18n.Ja, at), "2026年3月4日 05:06（UTC）"}, {i18n.Full(i18n.En, at), "4 Mar 2026, 05:06 UTC"},
		{i18n.Short(i18n.Ja, at, at), "3月4日 05:06"}, {i18n.Short(i18n.En, at, at), "4 Mar, 05:06"}, {i18n.Short(i18n.Ja, at, at.AddDate(1, 0, 0)), "2026年3月4日"}, {i18n.Short(i18n.En, at, at.AddDate(1, 0, 0)), "4 Mar 2026"},
	} {
		if x.got != x.want {
			t.Errorf("got %q, want %q", x.got, x.want)
		}
	}
}
