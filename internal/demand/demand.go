// Package demand owns since when a policy has demanded a second factor of its people.
// Days of grace count from then: who was there before the demand has as long as who
// came after it (PO-03).
//
// It neither demands nor decides: policy says what is demanded, gate what follows.
package demand

import (
	"context"
	"embed"
	"fmt"
	"time"

	"sekisho/internal/db"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Stands says since when the policy has demanded it: since now, where it did not until
// now. Of several nodes that begin at once all get the instant of the first.
func Stands(ctx context.Context, tx db.Tx, policy string) (since time.Time, err error) {
	err = tx.QueryRow(ctx, `INSERT INTO demand (policy, since) VALUES ($1, $2)
		ON CONFLICT (policy) DO UPDATE SET since = demand.since RETURNING since`, policy, tx.Now()).Scan(db.Time(&since))
	if err != nil {
		err = fmt.Errorf("demand: %w", err)
	}
	return since, err
}

// Fell says that the policy demands it no more; the next demand begins anew.
func Fell(ctx context.Context, tx db.Tx, policy string) error {
	_, err := tx.Exec(ctx, `DELETE FROM demand WHERE policy = $1`, policy)
	return err
}
