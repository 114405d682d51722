package push

import (
	"context"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// ScanLives is how long a code on a page can be scanned.
const ScanLives = 5 * time.Minute

// NewScan makes the code that a page shows to be scanned (SI-09). It names a journey
// to an installation, and is of no use to whoever merely reads it: what was approved is
// collected by the browser whose journey it is. The one made before is void. With an
// account in the ask only its own installations can scan it.
func NewScan(ctx context.Context, tx db.Tx, a Ask) (secret.Text, error) {
	if _, err := tx.Exec(ctx, `DELETE FROM push_scan WHERE flow = $1`, a.Flow); err != nil {
		return "", err
	}
	// What was refused before is over: now this is asked.
	if _, err := tx.Exec(ctx, `UPDATE push_request SET state = 'over', changed = $2 WHERE flow = $1 AND state IN ('cancelled', 'denied', 'mistaken')`, a.Flow, tx.Now()); err != nil {
		return "", err
	}
	code := secret.Token()
	_, err := tx.Exec(ctx, `INSERT INTO push_scan (id, flow, purpose, owner, app, agent, addr, place, created, expires) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		secret.Hash(code.Reveal()), a.Flow, a.Purpose, a.Account, a.App, a.Agent, a.Addr, a.Place, tx.Now(), tx.Now().Add(ScanLives))
	return code, err
}

// Scannable says whether the code of a journey waits to be scanned.
func Scannable(ctx context.Context, r db.Reader, f ref.Flow) (bool, error) {
	var n int64
	err := r.QueryRow(ctx, `SELECT count(*) FROM push_scan WHERE flow = $1 AND expires > $2`, f, r.Now()).Scan(&n)
	return n > 0, err
}

// ScanAddr is the address from which the page with a code was opened; db.ErrNone when the
// code is unknown, used or over.
func ScanAddr(ctx context.Context, r db.Reader, code string) (addr string, err error) {
	err = r.QueryRow(ctx, `SELECT addr FROM push_scan WHERE id = $1 AND expires > $2`, secret.Hash(code), r.Now()).Scan(&addr)
	return addr, err
}

// Scan turns a code that an installation scanned into a request of its own, once.
// What waited for an answer is over. The caller holds the account; db.ErrNone when the
// code is unknown, used, over or for another account.
func Scan(ctx context.Context, tx db.Tx, d device.Device, code string) (Request, error) {
	r := Request{ID: ref.NewRequest(tx.Now()), State: Live, Created: tx.Now(), Expires: tx.Now().Add(Lives), Receipt: tx.Now()}
	r.Subject, r.Account, r.Device = string(d.Account), d.Account, d.ID
	err := tx.QueryRow(ctx, `DELETE FROM push_scan WHERE id = $1 AND expires > $2 AND (owner = '' OR owner = $3) RETURNING flow, purpose, app, agent, addr, place`,
		secret.Hash(code), tx.Now(), d.Account).Scan(&r.Flow, &r.Purpose, &r.App, &r.Agent, &r.Addr, &r.Place)
	if err != nil {
		return r, err
	}
	if err := over(ctx, tx, r.Subject, r.Account); err != nil {
		return r, err
	}
	return r, insert(ctx, tx, r)
}
