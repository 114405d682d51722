// Package i18n owns the two languages: which one a person reads, the messages of
// the pages, and how times and spans are written.
//
// Messages stand side by side in both languages in each package's messages.toml;
// loading fails when one is missing or their placeholders differ.
package i18n

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/BurntSushi/toml"
	"golang.org/x/text/language"
)

// Lang is a language we write.
type Lang string

// The languages there are.
const (
	Ja Lang = "ja"
	En Lang = "en"
)

// Langs lists the languages.
var Langs = []Lang{Ja, En}

// Parse reads a language's name.
func Parse(s string) (Lang, bool) {
	return Lang(s), slices.Contains(Langs, Lang(s))
}

var matcher = language.NewMatcher([]language.Tag{language.English, language.Japanese})

// Pick chooses from an Accept-Language header; English where nothing fits.
func Pick(accept string) Lang {
	if len(accept) > 200 {
		accept = accept[:200]
	}
	picks.RLock()
	l, ok := picks.of[accept]
	picks.RUnlock()
	if ok {
		return l
	}
	l = pick(accept)
	picks.Lock()
	defer picks.Unlock()
	if len(picks.of) >= maxPicks {
		clear(picks.of)
	}
	picks.of[strings.Clone(accept)] = l
	return l
}

// Browsers send a few dozen different headers; who sends others gains nothing.
const maxPicks = 256

var picks = struct {
	sync.RWMutex
	of map[string]Lang
}{of: map[string]Lang{}}

func pick(accept string) Lang {
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil || len(tags) == 0 {
		return En
	}
	_, i, _ := matcher.Match(tags...)
	if i == 1 {
		return Ja
	}
	return En
}

// Catalogue holds the messages.
type Catalogue struct {
	texts map[Lang]map[string]string
}

var placeholder = regexp.MustCompile(`\{([a-z_]+)\}`)

// Placeholders lists the names in braces, sorted, each once.
func Placeholders(s string) []string {
	var out []string
	for _, m := range placeholder.FindAllStringSubmatch(s, -1) {
		if !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	sort.Strings(out)
	return out
}

// Load reads every messages.toml of the given sets. A set may have several: each room of
// a large door has its own, as members.messages.toml.
func Load(sets ...fs.FS) (*Catalogue, error) {
	c := &Catalogue{texts: map[Lang]map[string]string{Ja: {}, En: {}}}
	for _, set := range sets {
		names, err := fs.Glob(set, "*messages.toml")
		if err != nil {
			return nil, err
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("messages.toml: %w", fs.ErrNotExist)
		}
		for _, name := range names {
			if err := c.load(set, name); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return c, nil
}

func (c *Catalogue) load(set fs.FS, name string) error {
	text, err := fs.ReadFile(set, name)
	if err != nil {
		return err
	}
	var file map[string]map[string]string
	if err := toml.Unmarshal(text, &file); err != nil {
		return err
	}
	for key, m := range file {
		if err := c.add(key, m); err != nil {
			return err
		}
	}
	return nil
}

func (c *Catalogue) add(key string, m map[string]string) error {
	if _, twice := c.texts[En][key]; twice {
		return fmt.Errorf("message %q stands twice", key)
	}
	if len(m) != len(Langs) || m["ja"] == "" || m["en"] == "" {
		return fmt.Errorf("message %q needs ja and en and nothing else", key)
	}
	if !slices.Equal(Placeholders(m["ja"]), Placeholders(m["en"])) {
		return fmt.Errorf("message %q has other placeholders in ja than in en", key)
	}
	for _, l := range Langs {
		c.texts[l][key] = m[string(l)]
	}
	return nil
}

// Has says whether there is a message.
func (c *Catalogue) Has(key string) bool { _, ok := c.texts[En][key]; return ok }

// Keys lists all messages.
func (c *Catalogue) Keys() []string {
	var out []string
	for k := range c.texts[En] {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// T is a message with its placeholders filled: args are names and values in
// turn. A key nobody wrote shows as ⟦key⟧, which a test looks for.
func (c *Catalogue) T(l Lang, key string, args ...any) string {
	s, ok := c.texts[l][key]
	if !ok {
		return "⟦" + key + "⟧"
	}
	return Fill(l, s, args...)
}

// Fill puts values in the place of {names}.
func Fill(l Lang, s string, args ...any) string {
	if !strings.Contains(s, "{") {
		return s
	}
	pairs := make([]string, 0, len(args))
	for i := 0; i+1 < len(args); i += 2 {
		pairs = append(pairs, "{"+fmt.Sprint(args[i])+"}", Value(l, args[i+1]))
	}
	return strings.NewReplacer(pairs...).Replace(s)
}

// Words is a value that is written differently in each language.
type Words struct{ Ja, En string }

// Drift says by how much a clock is off: positive is ahead.
func Drift(d time.Duration) Words {
	ja, en := "進んで", "ahead"
	if d < 0 {
		ja, en = "遅れて", "behind"
	}
	return Words{Span(Ja, d.Abs()) + ja, Span(En, d.Abs()) + " " + en}
}

// Value writes a value as a person reads it.
func Value(l Lang, v any) string {
	switch x := v.(type) {
	case time.Time:
		return Time(l, x)
	case time.Duration:
		return Span(l, x)
	case Words:
		if l == Ja {
			return x.Ja
		}
		return x.En
	default:
		return fmt.Sprint(v)
	}
}

// Time writes day and time with the zone's name.
func Time(l Lang, t time.Time) string {
	if l == Ja {
		return fmt.Sprintf("%d月%d日 %02d:%02d（%s）", t.Month(), t.Day(), t.Hour(), t.Minute(), t.Format("MST"))
	}
	return t.Format("2 Jan, 15:04 MST")
}

// Full writes a time with its year, for where it stands alone.
func Full(l Lang, t time.Time) string {
	if l == Ja {
		return fmt.Sprintf("%d年%s", t.Year(), Time(l, t))
	}
	return t.Format("2 Jan 2006, 15:04 MST")
}

// Short writes a time for a list: the zone is left out, the year where it is
// the reader's own.
func Short(l Lang, t, now time.Time) string {
	switch {
	case l == Ja && t.Year() != now.Year():
		return t.Format("2006年1月2日")
	case l == Ja:
		return t.Format("1月2日 15:04")
	case t.Year() != now.Year():
		return t.Format("2 Jan 2006")
	}
	return t.Format("2 Jan, 15:04")
}

// Day writes a day.
func Day(l Lang, t time.Time) string {
	if l == Ja {
		return fmt.Sprintf("%d年%d月%d日", t.Year(), t.Month(), t.Day())
	}
	return t.Format("2 January 2006")
}

// Count writes how many there are, in English.
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Span writes a length of time, rounded up to the unit it is read in.
func Span(l Lang, d time.Duration) string {
	unit := func(n int, ja, one, many string) string {
		if l == Ja {
			return fmt.Sprintf("%d%s", n, ja)
		}
		return Count(n, one, many)
	}
	up := func(u time.Duration) int { return int((d + u - 1) / u) }
	switch {
	case d <= 90*time.Second:
		return unit(max(1, up(time.Second)), "秒", "second", "seconds")
	case d <= 90*time.Minute:
		return unit(up(time.Minute), "分", "minute", "minutes")
	case d <= 36*time.Hour:
		return unit(up(time.Hour), "時間", "hour", "hours")
	default:
		return unit(up(24*time.Hour), "日", "day", "days")
	}
}

// Ago writes how long ago something was.
func Ago(l Lang, d time.Duration) string {
	if d < time.Minute {
		if l == Ja {
			return "たった今"
		}
		return "just now"
	}
	n, ja, en := int(d/time.Minute), "分前", "minute"
	switch {
	case d >= 24*time.Hour:
		n, ja, en = int(d/(24*time.Hour)), "日前", "day"
	case d >= time.Hour:
		n, ja, en = int(d/time.Hour), "時間前", "hour"
	}
	switch {
	case l == Ja:
		return fmt.Sprint(n, ja)
	case n == 1:
		return "1 " + en + " ago"
	}
	return fmt.Sprint(n, " ", en, "s ago")
}
