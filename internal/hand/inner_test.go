package hand

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"sekisho/internal/i18n"
)

func words(t *testing.T, l i18n.Lang) *program {
	t.Helper()
	c, err := i18n.Load(messages)
	if err != nil {
		t.Fatal(err)
	}
	return &program{Desk: Desk{Out: io.Discard, Err: io.Discard}, words: c, lang: l}
}

func TestEveryRefusalHasThreeSentencesInBothLanguages(t *testing.T) {
	for _, l := range i18n.Langs {
		p := words(t, l)
		for _, k := range p.words.Keys() {
			if !strings.HasPrefix(k, "fault.") {
				continue
			}
			lines := strings.Split(p.t(k), "\n")
			if len(lines) != 3 || lines[0] == "" || lines[1] == "" || lines[2] == "" {
				t.Errorf("%s in %s has %d lines, want what, why and what to do", k, l, len(lines))
			}
		}
	}
}

func TestAnEndIsReadInTheWaysPeopleWriteIt(t *testing.T) {
	p, now := words(t, i18n.En), time.Date(2026, 11, 25, 10, 0, 0, 0, time.FixedZone("JST", 9*3600))
	for s, want := range map[string]string{
		"48h": "2026-11-27T10:00:00+09:00", "90m": "2026-11-25T11:30:00+09:00", "3d": "2026-11-28T10:00:00+09:00",
		"2026-12-01": "2026-12-01T00:00:00+09:00", "2026-12-01 09:30": "2026-12-01T09:30:00+09:00", "2026-12-01T09:30:00Z": "2026-12-01T09:30:00Z",
	} {
		if at, err := p.until(s, now); err != nil || at.Format(time.RFC3339) != want {
			t.Errorf("%s: got %s (%v), want %s", s, at.Format(time.RFC3339), err, want)
		}
	}
	for _, s := range []string{"tomorrow", "-3h", "0d", "3 d", "dd", "1e3d", "2026-13-01"} {
		if at, err := p.until(s, now); err == nil {
			t.Errorf("%s: got %s, want a refusal", s, at)
		}
	}
}

func TestColumnsStandUnderOneAnotherInJapanese(t *testing.T) {
	lines := tableLines([][]string{{"関所", "x"}, {"abc", "x"}, {"a\x1b[31m", "x"}})
	at := ansi.StringWidth(lines[0])
	for _, l := range lines {
		if ansi.StringWidth(l) != at || strings.Contains(l, "\x1b") {
			t.Errorf("got %q", lines)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x1b]0;x\x07b\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		if c := clean(s); strings.ContainsAny(c, "\x1b\x07\n\r\u202e\u009b") {
			t.Errorf("%q is cleaned to %q", s, c)
		}
	})
}

func TestAnInterruptedQuestionIsNoAnswer(t *testing.T) {
	p := words(t, i18n.En)
	p.Ask = func(context.Context, string, bool) (string, error) { return "", context.Canceled }
	if code := p.tell(p.sure(context.Background(), false, "ask.endall")); code != Refused {
		t.Errorf("got %d, want %d", code, Refused)
	}
}
