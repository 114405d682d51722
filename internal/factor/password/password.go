// Package password owns passwords as a proof: what may be one, how it is kept
// and how strong it is.
//
// It counts no failures, knows no page and reckons no hash: package slowhash does.
package password

import (
	"context"
	"embed"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn"
	"golang.org/x/text/unicode/norm"

	"sekisho/internal/db"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Plain is a password as its owner typed it, in normal form.
type Plain struct{ text string }

// Text is the password as it is hashed.
func (p Plain) Text() secret.Text { return secret.Text(p.text) }

// Problem is what is wrong with a new password.
type Problem int

// The problems there are.
const (
	NotText Problem = iota
	TooShort
	TooLong
	NeedsKind
	HasName
	Common
)

const (
	maxLength = 128
	// maxBytes turns a megabyte away before anything reads it: no 128
	// characters are longer, even with marks that compose away.
	maxBytes = 128 * 4 * 4
)

// Parse brings what was typed into normal form: NFC, so that one keyboard's
// composed letters equal another's (NIST SP 800-63B-4 §3.1.1.2). The problem is
// non-nil when it can never be a password.
func Parse(raw string) (Plain, *Problem) {
	bad := func(p Problem) (Plain, *Problem) { return Plain{}, &p }
	switch {
	case len(raw) > maxBytes:
		return bad(TooLong)
	case !utf8.ValidString(raw):
		return bad(NotText)
	}
	s := norm.NFC.String(raw)
	n := utf8.RuneCountInString(s)
	switch {
	case n == 0:
		return bad(TooShort)
	case n > maxLength:
		return bad(TooLong)
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError || unicode.Is(unicode.Cs, r) }):
		return bad(NotText)
	}
	return Plain{s}, nil
}

// Rules is what a policy asks of a new password.
type Rules struct {
	Min                          int
	Upper, Lower, Digit, Special bool
}

// About is who the password is for.
type About struct {
	Name        string
	Identifiers []string
	Service     string // the name under which the service is known
}

// Check finds everything that is wrong with a new password.
func Check(p Plain, r Rules, about About) []Problem {
	var out []Problem
	if utf8.RuneCountInString(p.text) < r.Min {
		out = append(out, TooShort)
	}
	has := func(f func(rune) bool) bool { return strings.ContainsFunc(p.text, f) }
	special := func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }
	if r.Upper && !has(unicode.IsUpper) || r.Lower && !has(unicode.IsLower) || r.Digit && !has(unicode.IsDigit) || r.Special && !has(special) {
		out = append(out, NeedsKind)
	}
	if names(p.text, about) {
		out = append(out, HasName)
	}
	if blocked(p.text) || ofService(p.text, about.Service) {
		out = append(out, Common)
	}
	return out
}

const shortestName = 4

// names says whether a part of the name or address, of four letters or more,
// stands in the password.
func names(text string, about About) bool {
	folded := strings.ToLower(text)
	parts := strings.Fields(about.Name)
	for _, id := range about.Identifiers {
		parts = append(parts, strings.FieldsFunc(id, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })...)
	}
	for _, part := range parts {
		if part = strings.ToLower(part); utf8.RuneCountInString(part) >= shortestName && strings.Contains(folded, part) {
			return true
		}
	}
	return false
}

// scored bounds what the estimator reads: it takes time that grows with the
// square of the length and more.
const scored = 40

// swaps are the signs the estimator reads as letters ("p4ssw0rd"), and tried how
// many different ones it gets to see: it tries every reading of each together with
// every reading of the others, and with all of them one request of a stranger costs
// half a second.
const (
	swaps = "4@8({[<3691!|70$5+%2"
	tried = 4
)

func calm(r []rune) string {
	seen := map[rune]bool{}
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune(swaps, c) && !seen[c] {
			if len(seen) == tried {
				return '.'
			}
			seen[c] = true
		}
		return c
	}, string(r))
}

// Strength estimates how hard a password is to guess, 0 to 4.
func Strength(text string, about About) int {
	if problem := func() *Problem { _, p := Parse(text); return p }(); problem != nil {
		return 0
	}
	r := []rune(norm.NFC.String(text))
	cut := calm(r[:min(len(r), scored)])
	if blocked(string(r)) || names(string(r), about) {
		return min(1, zxcvbn.PasswordStrength(cut, about.Identifiers).Score)
	}
	return zxcvbn.PasswordStrength(cut, about.Identifiers).Score
}

// Record is a password as it is kept.
type Record struct {
	PHC        string
	SetAt      time.Time
	MustChange bool
	Short      bool      // long enough only beside a second factor
	Ends       time.Time // zero: not by itself
	History    []string  // former hashes, the newest first
}

// keptHistory is how many former hashes are kept: the most a policy can ask for.
const keptHistory = 24

// Of reads an account's password; db.ErrNone when it has none. One whose time is over
// is a former one: PHC is empty then.
func Of(ctx context.Context, r db.Reader, a ref.Account) (Record, error) {
	var rec Record
	var history string
	err := r.QueryRow(ctx, `SELECT hash, set_at, must_change, short, history, ends FROM password WHERE account = $1`, a).
		Scan(&rec.PHC, db.Time(&rec.SetAt), db.Bool(&rec.MustChange), db.Bool(&rec.Short), &history, db.Time(&rec.Ends))
	rec.History = strings.Fields(history)
	if err == nil && !rec.Ends.IsZero() && !r.Now().Before(rec.Ends) {
		rec.History, rec.PHC = append([]string{rec.PHC}, rec.History...), ""
	}
	return rec, err
}

// Set sets a new password and keeps the former hash.
func Set(ctx context.Context, tx db.Tx, a ref.Account, phc string) error {
	old, err := Of(ctx, tx, a)
	history := old.History
	if err == nil && old.PHC != "" {
		history = append([]string{old.PHC}, history...)
	}
	history = history[:min(len(history), keptHistory)]
	_, err = tx.Exec(ctx, `INSERT INTO password (account, hash, set_at, must_change, history) VALUES ($1, $2, $3, 0, $4)
		ON CONFLICT (account) DO UPDATE SET hash = excluded.hash, set_at = excluded.set_at, must_change = 0, short = 0, ends = NULL, history = excluded.history`,
		a, phc, tx.Now(), strings.Join(history, "\n"))
	return err
}

// Rehash replaces a hash by another of the same password, unless the password
// was changed meanwhile.
func Rehash(ctx context.Context, tx db.Tx, a ref.Account, old, fresh string) error {
	_, err := tx.Exec(ctx, `UPDATE password SET hash = $3 WHERE account = $1 AND hash = $2`, a, old, fresh)
	return err
}

// Mark notes that the password is long enough only beside a second factor.
func Mark(ctx context.Context, tx db.Tx, a ref.Account) error {
	return tx.One(ctx, `UPDATE password SET short = 1 WHERE account = $1`, a)
}

// Order asks for a new password at the next sign-in.
func Order(ctx context.Context, tx db.Tx, a ref.Account) error {
	return tx.One(ctx, `UPDATE password SET must_change = 1 WHERE account = $1`, a)
}

// Lend makes the password one that counts until an instant and has to be changed at the
// next sign-in: somebody else knows it.
func Lend(ctx context.Context, tx db.Tx, a ref.Account, until time.Time) error {
	return tx.One(ctx, `UPDATE password SET must_change = 1, ends = $2 WHERE account = $1`, a, until)
}

// Drop removes an account's password: it is no way in any more.
func Drop(ctx context.Context, tx db.Tx, a ref.Account) error {
	_, err := tx.Exec(ctx, `DELETE FROM password WHERE account = $1`, a)
	return err
}
