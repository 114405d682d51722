// Package org owns organisations: their members and the members' states, groups,
// roles, and the policies they set.
//
// Every change of who is where and what holds raises the organisation's version in
// the same transaction, after its row was locked: rules that are kept in memory are
// good for one version. It never decides who may enter, ends no session and writes
// no audit row: that is the journeys' business.
package org

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"sekisho/internal/db"
	"sekisho/internal/ref"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Org is one organisation.
type Org struct {
	ID      ref.Org
	Name    string
	Created time.Time
	Version int64
}

// ErrName is a name that cannot be shown.
var ErrName = errors.New("a name has 1 to 100 characters and no control characters")

// ParseName reads the name of an organisation, a group, a role or a policy.
func ParseName(raw string) (string, error) {
	if len(raw) > 1000 || !utf8.ValidString(raw) {
		return "", ErrName
	}
	s := strings.Join(strings.Fields(norm.NFC.String(raw)), " ")
	if s == "" || utf8.RuneCountInString(s) > 100 || strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError
	}) {
		return "", ErrName
	}
	return s, nil
}

// Create makes an organisation without members; db.ErrTaken when the name is another's.
func Create(ctx context.Context, tx db.Tx, name string) (Org, error) {
	o := Org{ID: ref.NewOrg(tx.Now()), Name: name, Created: tx.Now(), Version: 1}
	_, err := tx.Exec(ctx, `INSERT INTO org (id, name, created, version) VALUES ($1, $2, $3, $4)`, o.ID, o.Name, o.Created, o.Version)
	if err != nil {
		return o, fmt.Errorf("create organisation: %w", err)
	}
	return o, nil
}

const columns = `SELECT id, name, created, version FROM org `

func scan(s db.Scanner) (o Org, err error) {
	err = s.Scan(&o.ID, &o.Name, db.Time(&o.Created), &o.Version)
	return o, err
}

// Of reads an organisation; db.ErrNone when there is none.
func Of(ctx context.Context, r db.Reader, id ref.Org) (Org, error) {
	return scan(r.QueryRow(ctx, columns+`WHERE id = $1`, id))
}

// ByName finds an organisation; db.ErrNone when there is none.
func ByName(ctx context.Context, r db.Reader, name string) (Org, error) {
	return scan(r.QueryRow(ctx, columns+`WHERE name = $1`, name))
}

// List reads all organisations by name.
func List(ctx context.Context, r db.Reader) ([]Org, error) {
	return db.List(ctx, r, scan, columns+`ORDER BY name, id`)
}

// Change locks an organisation and raises its version: whoever changes anything of
// it calls this first, before any account is locked, so that two changes at once
// come one after the other and each sees what the other did.
func Change(ctx context.Context, tx db.Tx, id ref.Org) (Org, error) {
	if err := tx.One(ctx, `UPDATE org SET version = version + 1 WHERE id = $1`, id); err != nil {
		return Org{}, err
	}
	return Of(ctx, tx, id)
}

// like finds a text anywhere in what is compared; what a person types is taken as it is.
func like(text string) string {
	text = strings.ToLower(norm.NFKC.String(text))
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text) + "%"
}
