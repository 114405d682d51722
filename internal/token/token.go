// Package token owns an organisation's tokens for programs: what each may do, until when,
// who made it and when it was used last.
//
// A token is 256 random bits behind a prefix by which leaked ones are found; only its
// hash is kept. It never decides what a token opens: that follows from what it carries
// and from what its maker may do at each use.
package token

import (
	"context"
	"embed"
	"errors"
	"slices"
	"strings"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Prefix begins every token.
const Prefix = "skt_"

// Limits.
const (
	Most    = 50 // of an organisation
	MostFor = 365 * 24 * time.Hour
	often   = time.Minute // its last use is written down at most so often
)

// Carries are the permissions that a token can have. The others open accounts, make rules
// for everybody or give power: these need a person who proves to be there.
var Carries = []org.Permission{org.ReadMembers, org.ManageMembers, org.ManageGroups, org.ReadPolicies, org.ReadAudit}

// Token is one of them.
type Token struct {
	ID          ref.Token
	Org         ref.Org
	Name        string
	Permissions []org.Permission
	Maker       ref.Account
	Created     time.Time
	Expires     time.Time
	Used        time.Time // zero: never
	From        string    // where it was used last
}

// What is wrong with a token that is to be made.
var (
	ErrMost       = errors.New("an organisation has at most 50 tokens")
	ErrPermission = errors.New("a token cannot carry this permission, or none was chosen")
	ErrExpires    = errors.New("a token lives for at least a day and at most a year")
)

// Make makes a token, which is seen this once.
func Make(ctx context.Context, tx db.Tx, t Token) (Token, secret.Text, error) {
	if lives := t.Expires.Sub(tx.Now()); lives < 23*time.Hour || lives > MostFor+time.Hour {
		return t, "", ErrExpires
	}
	if len(t.Permissions) == 0 || !org.Within(Carries, t.Permissions) {
		return t, "", ErrPermission
	}
	var n int64
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM org_token WHERE org = $1`, t.Org).Scan(&n); err != nil {
		return t, "", err
	}
	if n >= Most {
		return t, "", ErrMost
	}
	word := Prefix + secret.Token().Reveal()
	t.ID, t.Created = ref.NewToken(tx.Now()), tx.Now()
	var list []string
	for _, p := range Carries { // in one order, each once
		if slices.Contains(t.Permissions, p) {
			list = append(list, string(p))
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO org_token (id, org, name, hash, permissions, maker, created, expires, used_from) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '')`,
		t.ID, t.Org, t.Name, secret.Hash(word), strings.Join(list, " "), t.Maker, t.Created, t.Expires)
	return t, secret.Text(word), err
}

const columns = `SELECT id, org, name, permissions, maker, created, expires, used, used_from FROM org_token `

func scan(s db.Scanner) (t Token, err error) {
	var list string
	err = s.Scan(&t.ID, &t.Org, &t.Name, &list, &t.Maker, db.Time(&t.Created), db.Time(&t.Expires), db.Time(&t.Used), &t.From)
	for _, p := range strings.Fields(list) {
		t.Permissions = append(t.Permissions, org.Permission(p))
	}
	return t, err
}

// Is says whether what a program shows has the form of a token.
func Is(word string) bool { return strings.HasPrefix(word, Prefix) }

// ByWord reads the token that a program shows; db.ErrNone when there is none, or its time is
// over.
func ByWord(ctx context.Context, r db.Reader, word string) (Token, error) {
	return scan(r.QueryRow(ctx, columns+`WHERE hash = $1 AND expires > $2`, secret.Hash(word), r.Now()))
}

// Of reads a token that counts still; db.ErrNone when it was revoked or its time is over.
func Of(ctx context.Context, r db.Reader, id ref.Token) (Token, error) {
	return scan(r.QueryRow(ctx, columns+`WHERE id = $1 AND expires > $2`, id, r.Now()))
}

// InOrg reads one of an organisation's tokens, over or not; db.ErrNone when it has none of
// that name.
func InOrg(ctx context.Context, r db.Reader, o ref.Org, id ref.Token) (Token, error) {
	return scan(r.QueryRow(ctx, columns+`WHERE id = $1 AND org = $2`, id, o))
}

// List reads an organisation's tokens, the newest first.
func List(ctx context.Context, r db.Reader, o ref.Org) ([]Token, error) {
	return db.List(ctx, r, scan, columns+`WHERE org = $1 ORDER BY created DESC, id DESC`, o)
}

// Stale says whether a use is to be written down.
func (t Token) Stale(now time.Time) bool { return now.Sub(t.Used) >= often }

// Touch notes a use.
func Touch(ctx context.Context, tx db.Tx, id ref.Token, from string) error {
	_, err := tx.Exec(ctx, `UPDATE org_token SET used = $2, used_from = $3 WHERE id = $1 AND (used IS NULL OR used < $4)`, id, tx.Now(), from, tx.Now().Add(-often))
	return err
}

// Revoke ends a token; db.ErrNone when it is gone, or another organisation's.
func Revoke(ctx context.Context, tx db.Tx, o ref.Org, id ref.Token) error {
	return tx.One(ctx, `DELETE FROM org_token WHERE id = $1 AND org = $2`, id, o)
}

// TakeBack ends what an account made since an instant, and says what it was.
func TakeBack(ctx context.Context, tx db.Tx, maker ref.Account, since time.Time) ([]Token, error) {
	list, err := db.List(ctx, tx, scan, columns+`WHERE maker = $1 AND created >= $2`, maker, since)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	_, err = tx.Exec(ctx, `DELETE FROM org_token WHERE maker = $1 AND created >= $2`, maker, since)
	return list, err
}

// Purge removes tokens whose time was over 30 days ago, at most n.
func Purge(ctx context.Context, tx db.Tx, n int) error {
	_, err := tx.Exec(ctx, `DELETE FROM org_token WHERE id IN (SELECT id FROM org_token WHERE expires < $1 LIMIT $2)`, tx.Now().Add(-30*24*time.Hour), n)
	return err
}

// EndEverybodys ends every token: it may have been revoked since.
func EndEverybodys(ctx context.Context, tx db.Tx) error {
	_, err := tx.Exec(ctx, `DELETE FROM org_token`)
	return err
}
