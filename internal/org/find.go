package org

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"sekisho/internal/db"
	"sekisho/internal/ref"
)

// What a member is listed by and found by in org_find.
const (
	ListName    = 1 // the whole name, once
	ListAddress = 2 // the primary address, once
	ListWord    = 3 // every beginning by which they are found
)

// Fold is a text as it is compared: width and case of its letters make no difference.
func Fold(s string) string { return cases.Fold().String(norm.NFKC.String(s)) }

// mostWords keeps what one member takes small.
const mostWords = 32

// words are the beginnings by which a name and an address are found. Names that are
// written without blanks are found by each of their characters.
func words(name, address string) []string {
	name, address = Fold(name), Fold(address)
	out := []string{name, address}
	local, domain, _ := strings.Cut(address, "@")
	parts := append(strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) }),
		strings.FieldsFunc(local, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })...)
	parts = append(parts, domain)
	for _, p := range parts {
		out = append(out, p)
		for i, r := range p {
			if i > 0 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) {
				out = append(out, p[i:])
			}
		}
	}
	out = slices.DeleteFunc(out, func(s string) bool { return s == "" })
	var once []string
	for _, w := range out {
		if !slices.Contains(once, w) && len(once) < mostWords {
			once = append(once, w)
		}
	}
	return once
}

// Relist writes anew by what a member is listed and found, from how the account stands
// now. Whoever changes an account's name or primary address calls it, in that
// transaction; who is no member costs one read.
func Relist(ctx context.Context, tx db.Tx, a ref.Account) error {
	var o ref.Org
	var name, address string
	err := tx.QueryRow(ctx, `SELECT m.org, a.name, e.norm FROM org_member m JOIN account a ON a.id = m.account
		LEFT JOIN identifier e ON e.account = a.id AND e.kind = 'email' AND e.main = 1 WHERE m.account = $1`, a).Scan(&o, &name, db.Null(&address))
	if errors.Is(err, db.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM org_find WHERE account = $1`, a); err != nil {
		return err
	}
	type row struct {
		kind int
		text string
	}
	rows := []row{{ListName, Fold(name)}, {ListAddress, Fold(address)}}
	for _, w := range words(name, address) {
		rows = append(rows, row{ListWord, w})
	}
	args, marks := []any{o, a}, []string{}
	for _, x := range rows {
		args = append(args, x.kind, []byte(x.text))
		marks = append(marks, "($1, $"+strconv.Itoa(len(args)-1)+", $"+strconv.Itoa(len(args))+", $2)")
	}
	if _, err := tx.Exec(ctx, `INSERT INTO org_find (org, kind, text, account) VALUES `+strings.Join(marks, ", "), args...); err != nil {
		return err
	}
	return tx.One(ctx, `UPDATE org_member SET listed = 1 WHERE account = $1`, a)
}

// RelistSome lists members that are not listed yet, at most n, and says how many.
func RelistSome(ctx context.Context, tx db.Tx, n int) (int, error) {
	list, err := db.List(ctx, tx, func(s db.Scanner) (a ref.Account, err error) { err = s.Scan(&a); return a, err },
		`SELECT account FROM org_member WHERE listed = 0 ORDER BY account LIMIT $1`, n)
	for _, a := range list {
		if err == nil {
			err = Relist(ctx, tx, a)
		}
	}
	return len(list), err
}

// After is the first text behind all that begin so.
func After(prefix []byte) []byte {
	out := bytes.Clone(prefix)
	for i := len(out) - 1; i >= 0; i-- {
		if out[i] < 0xff {
			out[i]++
			return out[:i+1]
		}
	}
	return nil
}

// SetErase notes when an account is erased that the organisation deleted.
func SetErase(ctx context.Context, tx db.Tx, m Member, at any) error {
	return tx.One(ctx, `UPDATE org_member SET erase_at = $3 WHERE account = $1 AND org = $2`, m.Account, m.Org, at)
}
