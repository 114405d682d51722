// Package cooling owns the wait that stands between what was proved and what it leads
// to, where that is weak: time in which the owner can notice and cancel it. It stands
// before a new password (RC-01), and before a new Tegata of a locked account (RS-05).
//
// There is at most one wait an account; whoever changes it holds the account's
// row. It sends nothing and does not decide who has to wait.
package cooling

import (
	"context"
	"embed"
	"fmt"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

const (
	// Lasts is how long one waits.
	Lasts = 24 * time.Hour
	// Open is for how long one can go on once the wait is over.
	Open = 3 * 24 * time.Hour
)

// Purpose is what a wait leads to, and nothing else.
type Purpose string

// The purposes there are.
const (
	Recover Purpose = "recover" // a new password
	Replace Purpose = "replace" // a new Tegata in place of the lost one
)

// Wait is one of them.
type Wait struct {
	Account ref.Account
	ID      ref.Code
	Purpose Purpose
	Browser ref.Browser // that began it; empty: none that could be known again
	Proof   string      // the kind that began it, where it was not sent
	Turn    int64       // the account's when it began: a new password or a containment ends it
	Target  string      // the inbox that was proved
	Begun   time.Time
	Ready   time.Time // not before
	Ends    time.Time // not after
	Opened  time.Time // when its link was used
}

// Stands says whether the wait counts at all for an account in a turn.
func (w Wait) Stands(turn int64, now time.Time) bool {
	return w.ID != "" && w.Turn == turn && now.Before(w.Ends)
}

// Over says whether it has lasted.
func (w Wait) Over(now time.Time) bool { return !now.Before(w.Ready) }

// Begin makes the account wait, in place of a wait that counts no more, and gives
// the token of the link that goes on when it is over.
func Begin(ctx context.Context, tx db.Tx, w Wait) (Wait, secret.Text, error) {
	token := secret.Token()
	w.ID, w.Begun, w.Ready = ref.NewCode(tx.Now()), tx.Now(), tx.Now().Add(Lasts)
	w.Ends, w.Opened = w.Ready.Add(Open), time.Time{}
	_, err := tx.Exec(ctx, `INSERT INTO cooling (account, id, turn, link, target, begun, ready, ends, purpose, browser, proof) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (account) DO UPDATE SET id = excluded.id, turn = excluded.turn, link = excluded.link, target = excluded.target,
			begun = excluded.begun, ready = excluded.ready, ends = excluded.ends, opened = NULL, purpose = excluded.purpose, browser = excluded.browser, proof = excluded.proof`,
		w.Account, w.ID, w.Turn, secret.Hash(token.Reveal()), w.Target, w.Begun, w.Ready, w.Ends, w.Purpose, w.Browser, w.Proof)
	if err != nil {
		return w, "", fmt.Errorf("begin to wait: %w", err)
	}
	return w, token, nil
}

const columns = `account, id, turn, target, begun, ready, ends, opened, purpose, browser, proof`

func scan(s db.Scanner) (Wait, error) {
	var w Wait
	err := s.Scan(&w.Account, &w.ID, &w.Turn, &w.Target, db.Time(&w.Begun), db.Time(&w.Ready), db.Time(&w.Ends), db.Time(&w.Opened), &w.Purpose, &w.Browser, &w.Proof)
	return w, err
}

// Of reads an account's wait; db.ErrNone when there is none.
func Of(ctx context.Context, r db.Reader, a ref.Account) (Wait, error) {
	return scan(r.QueryRow(ctx, `SELECT `+columns+` FROM cooling WHERE account = $1`, a))
}

// ByLink reads the wait a link belongs to without using the link; db.ErrNone when
// there is none, or no longer.
func ByLink(ctx context.Context, r db.Reader, token string) (Wait, error) {
	return scan(r.QueryRow(ctx, `SELECT `+columns+` FROM cooling WHERE link = $1`, secret.Hash(token)))
}

// Use uses the link, once and not before its time; db.ErrNone otherwise.
func Use(ctx context.Context, tx db.Tx, token string) error {
	return tx.One(ctx, `UPDATE cooling SET opened = $2 WHERE link = $1 AND opened IS NULL AND ready <= $2 AND ends > $2`, secret.Hash(token), tx.Now())
}

// End ends an account's wait; db.ErrNone when there was none.
func End(ctx context.Context, tx db.Tx, a ref.Account) error {
	return tx.One(ctx, `DELETE FROM cooling WHERE account = $1`, a)
}

// Purge removes waits whose time is over, at most n.
func Purge(ctx context.Context, tx db.Tx, n int) error {
	_, err := tx.Exec(ctx, `DELETE FROM cooling WHERE account IN (SELECT account FROM cooling WHERE ends < $1 LIMIT $2)`, tx.Now(), n)
	return err
}

// EndEverybodys ends every wait there is.
func EndEverybodys(ctx context.Context, tx db.Tx) error {
	_, err := tx.Exec(ctx, `DELETE FROM cooling`)
	return err
}
