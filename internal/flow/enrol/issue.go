package enrol

import (
	"context"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/factor/backup"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Issue makes one backup code for somebody who has no way left, once by has checked
// who asks (BC-06). It works once within 24 hours, beside a first proof, under every
// policy, and whatever wrong codes have stopped; all addresses and numbers of the
// account are told. enter.ErrOff, and db.ErrNone for an account that is not there or not
// active.
func (e *Enrol) Issue(ctx context.Context, id ref.Account, by string) (code secret.Text, until time.Time, err error) {
	code, phc, err := backup.MakeOne(ctx, e.Hasher)
	if err != nil {
		return "", until, err
	}
	err = e.DB.Update(ctx, func(tx db.Tx) error {
		until, err = e.IssueBackup(ctx, tx, id, phc, by)
		return err
	})
	if err != nil {
		return "", until, err
	}
	return code, until, nil
}
