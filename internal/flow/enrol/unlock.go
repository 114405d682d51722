package enrol

import (
	"context"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/flow/enter"
	"sekisho/internal/ref"
)

// Unlock opens, by whoever checked who asks, what failures in a row had stopped; see
// enter.Unstop. db.ErrNone for an account that is not there or not active.
func (e *Enrol) Unlock(ctx context.Context, id ref.Account, by string) (a account.Account, err error) {
	err = e.aid(ctx, id, by, func(tx db.Tx, x enter.Aid) error {
		a = x.Account
		return e.Unstop(ctx, tx, x)
	})
	return a, err
}

// LiftLock lifts the owner's sign-in lock, by whoever checked who asks; see
// enter.LiftLock. db.ErrNone for an account that is not there, not active or not locked.
func (e *Enrol) LiftLock(ctx context.Context, id ref.Account, by string) error {
	return e.aid(ctx, id, by, func(tx db.Tx, x enter.Aid) error { return e.Entry.LiftLock(ctx, tx, x) })
}

func (e *Enrol) aid(ctx context.Context, id ref.Account, by string, do func(db.Tx, enter.Aid) error) error {
	return e.DB.Update(ctx, func(tx db.Tx) error {
		a, err := account.Lock(ctx, tx, id)
		if err != nil {
			return err
		}
		if a.State != account.Active {
			return db.ErrNone
		}
		return do(tx, enter.Aid{Account: a, By: by})
	})
}
