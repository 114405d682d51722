package hand

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// clean takes out of a text what would steer the terminal: names come from servers and
// from codes that somebody else made. A line stays a line.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\u2028', r == '\u2029', r == unicode.ReplacementChar:
			return '�'
		}
		return r
	}, s)
}

// fit cuts a text to a width in cells, in which a Japanese character takes two.
func fit(s string, cells int) string { return ansi.Truncate(s, max(0, cells), "…") }

func pad(s string, cells int) string {
	return s + strings.Repeat(" ", max(0, cells-ansi.StringWidth(s)))
}

// writeTable writes rows in columns. Every cell is cleaned.
func writeTable(w io.Writer, rows [][]string) {
	for _, l := range tableLines(rows) {
		fmt.Fprintln(w, l)
	}
}

func tableLines(rows [][]string) []string {
	var wide []int
	for _, r := range rows {
		for i, c := range r {
			if i == len(wide) {
				wide = append(wide, 0)
			}
			r[i] = clean(c)
			wide[i] = max(wide[i], ansi.StringWidth(r[i]))
		}
	}
	out := make([]string, 0, len(rows))
	for _, r := range rows {
		var b strings.Builder
		for i, c := range r {
			if i == len(r)-1 {
				b.WriteString(c)
				break
			}
			b.WriteString(pad(c, wide[i]+2))
		}
		out = append(out, strings.TrimRight(b.String(), " "))
	}
	return out
}
