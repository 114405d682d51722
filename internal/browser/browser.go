// Package browser owns which browsers an account knows.
//
// A browser is known to an account once someone has signed in there. Being
// known never lets anybody in: it only keeps strangers' failures from locking
// the owner out, and tells whether a sign-in is news to the owner.
package browser

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

// keptFor is how long a browser that did not come back stays known.
const keptFor = 400 * 24 * time.Hour

// Known says whether the account knows the browser.
func Known(ctx context.Context, r db.Reader, a ref.Account, b ref.Browser) (bool, error) {
	var one int64
	err := r.QueryRow(ctx, `SELECT 1 FROM browser_account WHERE account = $1 AND browser = $2 AND last_seen > $3 LIMIT 1`,
		a, b, r.Now().Add(-keptFor)).Scan(&one)
	if errors.Is(err, db.ErrNone) {
		return false, nil
	}
	return err == nil, err
}

// News says what about a sign-in is new to the account.
type News struct {
	Browser bool
	Place   bool // always false where nobody knows places
}

// Look says what would be new about a sign-in.
func Look(ctx context.Context, r db.Reader, a ref.Account, b ref.Browser, place string) (News, error) {
	var browsers, places int64
	err := r.QueryRow(ctx, `SELECT coalesce(sum(CASE WHEN browser = $2 THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN place = $3 THEN 1 ELSE 0 END), 0)
		FROM browser_account WHERE account = $1`, a, b, place).Scan(&browsers, &places)
	return News{Browser: browsers == 0, Place: place != "" && places == 0}, err
}

// Unusual says whether a sign-in is from a browser and a place that are both new
// (SI-19). The caller knows whether it is the first of all, which is not.
func (n News) Unusual() bool { return n.Browser && n.Place }

// Seen records a sign-in.
func Seen(ctx context.Context, tx db.Tx, a ref.Account, b ref.Browser, place string) error {
	_, err := tx.Exec(ctx, `INSERT INTO browser_account (account, browser, place, first_seen, last_seen) VALUES ($1, $2, $3, $4, $4)
		ON CONFLICT (account, browser, place) DO UPDATE SET last_seen = excluded.last_seen`, a, b, place, tx.Now())
	return err
}

// Forget makes every browser of an account, but one, a stranger to it.
func Forget(ctx context.Context, tx db.Tx, a ref.Account, but ref.Browser) error {
	_, err := tx.Exec(ctx, `DELETE FROM browser_account WHERE account = $1 AND browser <> $2`, a, but)
	return err
}

// Purge removes browsers that did not come back, at most n.
func Purge(ctx context.Context, tx db.Tx, n int) error {
	_, err := tx.Exec(ctx, `DELETE FROM browser_account WHERE browser IN (SELECT browser FROM browser_account WHERE last_seen < $1 LIMIT $2) AND last_seen < $1`,
		tx.Now().Add(-keptFor), n)
	return err
}
