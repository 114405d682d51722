// Package smscode owns the mobile numbers that are a second factor of an
// account: codes sent there are a second proof (MF-02).
//
// A number is taken in only after a code sent to it came back. It makes and
// checks no code (package sentcode does) and sends nothing.
package smscode

import (
	"context"
	"embed"
	"errors"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/ref"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Number is one enrolled number.
type Number struct {
	ID       ref.Factor
	Norm     string // E.164
	Shown    string
	Created  time.Time
	LastUsed time.Time // zero: never
}

// Most is how many numbers one account can enrol.
const Most = 3

const columns = `id, norm, shown, created, last_used`

func scan(s db.Scanner) (Number, error) {
	var n Number
	err := s.Scan(&n.ID, &n.Norm, &n.Shown, db.Time(&n.Created), db.Time(&n.LastUsed))
	return n, err
}

// Held says, within a statement, whether the account m.account has one.
const Held = `EXISTS (SELECT 1 FROM smscode WHERE smscode.account = m.account)`

// List reads an account's numbers, the one enrolled last first: codes go there,
// so that who gets a new number adds it and then removes the old one.
func List(ctx context.Context, r db.Reader, a ref.Account) ([]Number, error) {
	return db.List(ctx, r, scan, `SELECT `+columns+` FROM smscode WHERE account = $1 ORDER BY created DESC, id DESC`, a)
}

// Enrol takes a number in; db.ErrTaken when the account has it already. The
// caller has locked the account and checked a code sent to it.
func Enrol(ctx context.Context, tx db.Tx, a ref.Account, norm, shown string) (ref.Factor, error) {
	id := ref.NewFactor(tx.Now())
	err := tx.One(ctx, `INSERT INTO smscode (id, account, norm, shown, created) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account, norm) DO NOTHING`,
		id, a, norm, shown, tx.Now())
	if errors.Is(err, db.ErrNone) {
		err = db.ErrTaken // told without an error of the database, which would end the transaction
	}
	return id, err
}

// Used records that a code sent to a number was a proof.
func Used(ctx context.Context, tx db.Tx, a ref.Account, norm string) error {
	_, err := tx.Exec(ctx, `UPDATE smscode SET last_used = $3 WHERE account = $1 AND norm = $2`, a, norm, tx.Now())
	return err
}

// Remove takes a number out; db.ErrNone when it is not the account's.
func Remove(ctx context.Context, tx db.Tx, a ref.Account, id ref.Factor) error {
	return tx.One(ctx, `DELETE FROM smscode WHERE id = $1 AND account = $2`, id, a)
}

// RemoveAll takes all of an account's numbers out.
func RemoveAll(ctx context.Context, tx db.Tx, a ref.Account) error {
	_, err := tx.Exec(ctx, `DELETE FROM smscode WHERE account = $1`, a)
	return err
}
