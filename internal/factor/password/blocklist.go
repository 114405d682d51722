package password

import (
	_ "embed"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// words are known passwords in lower case, sorted by bytes, one a line. See
// blocklist/LICENSE for where they come from.
//
//go:embed blocklist/words.txt
var words string

// blocked says whether a password is a known one, one repeated, or a walk over the
// keyboard, with or without blanks and signs between.
func blocked(text string) bool {
	s, squeezed := strings.ToLower(text), squeeze(text)
	return known(s) || squeezed != s && squeezed != "" && known(squeezed)
}

// squeeze gives a text in lower case without blanks and signs.
func squeeze(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, strings.ToLower(text))
}

// ownWords is how many characters a password needs beside the service's name, which
// is among the first things tried here and nowhere else.
const ownWords = 8

// ofService says whether a password is the service's name and little more.
func ofService(text, service string) bool {
	s, name := squeeze(text), squeeze(service)
	if utf8.RuneCountInString(name) < shortestName || !strings.Contains(s, name) {
		return false
	}
	return utf8.RuneCountInString(strings.ReplaceAll(s, name, "")) < ownWords
}

// shortUnit is up to how many characters nobody gains by saying the same again.
const shortUnit = 7

func known(s string) bool {
	if listed(s) || walked(s) {
		return true
	}
	for unit := 1; unit <= len(s)/2; unit++ {
		if len(s)%unit == 0 && strings.Repeat(s[:unit], len(s)/unit) == s && (utf8.RuneCountInString(s[:unit]) <= shortUnit || listed(s[:unit])) {
			return true
		}
	}
	// A listed word with digits or signs around it is the first thing tried.
	if core := strings.TrimFunc(s, func(r rune) bool { return !unicode.IsLetter(r) }); core != s && listed(core) {
		return true
	}
	return sequence(s)
}

// rows of the keyboard, one after another as fingers walk them.
const rows = "1234567890qwertyuiopasdfghjklzxcvbnm"

// walked says whether a text is a stretch of the rows, there or back, or rows begun
// anew.
func walked(s string) bool {
	if len(s) < 8 {
		return false
	}
	back := []rune(s)
	slices.Reverse(back)
	twice := rows + rows
	return strings.Contains(twice, s) || strings.Contains(twice, string(back)) || stretches(s)
}

// shortStretch is how many keys side by side make a stretch.
const shortStretch = 4

// stretches says whether a text is made of stretches of the rows alone, each there or back,
// in any order.
func stretches(s string) bool {
	for len(s) > 0 {
		n, way := 1, 0
		for ; n < len(s); n++ {
			step := strings.IndexByte(rows, s[n]) - strings.IndexByte(rows, s[n-1])
			if step != 1 && step != -1 || way != 0 && step != way || strings.IndexByte(rows, s[n]) < 0 || strings.IndexByte(rows, s[n-1]) < 0 {
				break
			}
			way = step
		}
		if n < shortStretch {
			return false
		}
		s = s[n:]
	}
	return true
}

// sequence says whether every letter follows the one before it: 123456789,
// zyxwvuts, and such runs started over.
func sequence(s string) bool {
	up, down := true, true
	var last rune
	for i, r := range s {
		if i > 0 {
			up = up && (r == last+1 || last == '9' && r == '0' || last == 'z' && r == 'a' || last == '9' && r == '1')
			down = down && (r == last-1 || last == '0' && r == '9' || last == 'a' && r == 'z')
		}
		last = r
	}
	return up || down
}

// listed searches the sorted lines by halving.
func listed(s string) bool {
	if s == "" || strings.ContainsRune(s, '\n') {
		return false
	}
	low, high := 0, len(words)
	for low < high {
		mid := (low + high) / 2
		begin := strings.LastIndexByte(words[:mid], '\n') + 1
		end := begin + strings.IndexByte(words[begin:], '\n')
		switch line := words[begin:end]; {
		case line == s:
			return true
		case line < s:
			low = end + 1
		default:
			high = begin
		}
	}
	return false
}
