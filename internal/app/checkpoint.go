package app

import (
	"context"

	"github.com/go-jose/go-jose/v4"

	"sekisho/internal/audit"
	"sekisho/internal/db"
)

// Checkpoint links what waits and signs where the audit log stands, with the key that
// signs tokens: it is published, so that whoever keeps the checkpoint can check it.
func (a *App) Checkpoint(ctx context.Context) (string, error) {
	chain := audit.Chain{Ring: a.Ring}
	if _, err := chain.Seal(ctx, a.DB); err != nil {
		return "", err
	}
	var c audit.Checkpoint
	err := a.DB.View(ctx, func(tx db.ReadTx) (err error) {
		c, err = chain.Checkpoint(ctx, tx, a.Entry.Sheet.URL)
		return err
	})
	if err != nil {
		return "", err
	}
	return a.Keys.Sign(ctx, a.clock(), jose.EdDSA, audit.CheckpointType, c)
}
