// Package passphrase owns the recovery passphrase as a proof: what may be one,
// how it is read, how its hash is kept, and proposals for one (PR-01).
//
// It counts no failures, knows no page and reckons no hash: package slowhash
// does. It is a way back of its own and never looks at the password.
package passphrase

import (
	"context"
	"embed"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"sekisho/internal/db"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Plain is a passphrase in normal form.
type Plain struct{ text string }

// Text is the passphrase as it is hashed.
func (p Plain) Text() secret.Text { return secret.Text(p.text) }

// Problem is what is wrong with a new passphrase.
type Problem int

// The problems there are.
const (
	NotText Problem = iota
	TooShort
	TooLong
	HasName
	Common
)

const (
	leastWords      = 3
	leastCharacters = 12
	maxLength       = 256 // characters
	// maxBytes turns a megabyte away before anything reads it: no 256
	// characters are longer, even with marks that compose away.
	maxBytes = maxLength * 4 * 4
)

// Parse brings what was typed into normal form, so that it is the same on every
// keyboard: NFC (NIST SP 800-63B-4 §3.1.1.2), and white space between words,
// full-width and line breaks too, as one space. Capitals stay. The problem is
// non-nil when it can never be a passphrase; whether it is long enough is for
// Check, so that a rule that is made stricter later locks nobody out.
func Parse(raw string) (Plain, *Problem) {
	bad := func(p Problem) (Plain, *Problem) { return Plain{}, &p }
	switch {
	case len(raw) > maxBytes:
		return bad(TooLong)
	case !utf8.ValidString(raw):
		return bad(NotText)
	}
	s := strings.Join(strings.Fields(norm.NFC.String(raw)), " ")
	n := utf8.RuneCountInString(s)
	switch {
	case n == 0:
		return bad(TooShort)
	case n > maxLength:
		return bad(TooLong)
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }):
		return bad(NotText)
	}
	return Plain{s}, nil
}

// About is who the passphrase is for.
type About struct {
	Name        string
	Identifiers []string // addresses, numbers and user names
}

// Check finds everything that is wrong with a new passphrase.
func Check(p Plain, about About) []Problem {
	var out []Problem
	if words(p.text) < leastWords && utf8.RuneCountInString(p.text) < leastCharacters {
		out = append(out, TooShort)
	}
	if names(p.text, about) {
		out = append(out, HasName)
	}
	if common(p.text) {
		out = append(out, Common)
	}
	return out
}

// words counts words. A single letter is none, or "a b c" would do; a single
// ideograph is one.
func words(text string) int {
	n := 0
	for _, w := range strings.Fields(text) {
		if first, size := utf8.DecodeRuneInString(w); size < len(w) || unicode.Is(unicode.Han, first) {
			n++
		}
	}
	return n
}

const (
	shortestPart = 4 // characters of a part of a name or address
	shortestName = 8 // bytes of a whole name: three ideographs, eight letters
)

// names says whether a part of the name or of an address, or the whole name,
// stands in the passphrase, however it is spaced and capitalised.
func names(text string, about About) bool {
	folded := strings.ToLower(text)
	notLetter := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	parts := strings.FieldsFunc(norm.NFC.String(about.Name), notLetter)
	whole := squeeze(parts)
	for _, id := range about.Identifiers {
		parts = append(parts, strings.FieldsFunc(norm.NFC.String(id), notLetter)...)
	}
	for _, part := range parts {
		if part = strings.ToLower(part); utf8.RuneCountInString(part) >= shortestPart && strings.Contains(folded, part) {
			return true
		}
	}
	return len(whole) >= shortestName && strings.Contains(squeeze(strings.Fields(text)), whole)
}

func squeeze(words []string) string { return strings.ToLower(strings.Join(words, "")) }

// wellKnown are the phrases that come to everybody's mind, squeezed.
var wellKnown = []string{
	"correcthorsebatterystaple", "thequickbrownfox", "letmeinletmein", "iloveyouiloveyou", "passwordpassword", "tobeornottobe",
	"maytheforcebewithyou", "openthedoorplease", "mypassphrase", "thisismypassphrase", "recoverypassphrase",
	"いろはにほへと", "あいうえおかきくけこ", "じゅげむじゅげむ", "寿限無寿限無",
}

// common says whether a passphrase is one word or two characters over and over, a
// run such as abc… or 123…, or a phrase everybody knows with little more.
func common(text string) bool {
	w := strings.Fields(strings.ToLower(text))
	flat := []rune(squeeze(w))
	sameWord := len(w) > 1
	for _, x := range w {
		sameWord = sameWord && x == w[0]
	}
	different := map[rune]bool{flat[0]: true}
	up, down := true, true // the 0 after a 9 goes on with it
	for i := 1; i < len(flat); i++ {
		a, b := flat[i-1], flat[i]
		different[b] = true
		up = up && (b == a+1 || a == '9' && b == '0')
		down = down && (b == a-1 || a == '0' && b == '9')
	}
	if len(different) < 3 || sameWord || up || down {
		return true
	}
	for _, known := range wellKnown {
		if n := utf8.RuneCountInString(known); strings.Contains(string(flat), known) && len(flat) < n+leastCharacters {
			return true
		}
	}
	return false
}

// Record is a passphrase as it is kept.
type Record struct {
	PHC      string
	SetAt    time.Time
	LastUsed time.Time // zero: never
}

// Of reads an account's passphrase; db.ErrNone when it has none.
func Of(ctx context.Context, r db.Reader, a ref.Account) (Record, error) {
	var rec Record
	err := r.QueryRow(ctx, `SELECT hash, set_at, last_used FROM passphrase WHERE account = $1`, a).
		Scan(&rec.PHC, db.Time(&rec.SetAt), db.Time(&rec.LastUsed))
	return rec, err
}

// Set sets a new passphrase in place of any former one.
func Set(ctx context.Context, tx db.Tx, a ref.Account, phc string) error {
	_, err := tx.Exec(ctx, `INSERT INTO passphrase (account, hash, set_at) VALUES ($1, $2, $3)
		ON CONFLICT (account) DO UPDATE SET hash = excluded.hash, set_at = excluded.set_at, last_used = NULL`, a, phc, tx.Now())
	return err
}

// Used notes that the passphrase whose hash was verified let somebody pass;
// db.ErrNone when it was replaced or dropped since the hash was read, and then it
// must not. It comes before Rehash, which changes the hash.
func Used(ctx context.Context, tx db.Tx, a ref.Account, phc string) error {
	return tx.One(ctx, `UPDATE passphrase SET last_used = $3 WHERE account = $1 AND hash = $2`, a, phc, tx.Now())
}

// Rehash replaces a hash by another of the same passphrase, unless the
// passphrase was changed meanwhile.
func Rehash(ctx context.Context, tx db.Tx, a ref.Account, old, fresh string) error {
	_, err := tx.Exec(ctx, `UPDATE passphrase SET hash = $3 WHERE account = $1 AND hash = $2`, a, old, fresh)
	return err
}

// Drop removes an account's passphrase, if it has one.
func Drop(ctx context.Context, tx db.Tx, a ref.Account) error {
	_, err := tx.Exec(ctx, `DELETE FROM passphrase WHERE account = $1`, a)
	return err
}
