package enrol

import (
	"context"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/letter"
	"sekisho/internal/ref"
)

// Unlock opens, by whoever checked who asks, what failures in a row had stopped, and
// ends the waits of strangers: for an owner whom a reset does not reach, or whom
// somebody keeps waiting. It proves nothing and lets nobody in. All addresses and
// numbers are told. db.ErrNone for an account that is not there or not active.
func (e *Enrol) Unlock(ctx context.Context, id ref.Account, by string) (a account.Account, err error) {
	err = e.DB.Update(ctx, func(tx db.Tx) error {
		if a, err = account.Lock(ctx, tx, id); err != nil {
			return err
		}
		if a.State != account.Active {
			return db.ErrNone
		}
		set, err := e.SetOf(ctx, tx, a)
		if err != nil {
			return err
		}
		if err := enter.Free(ctx, tx, id); err != nil {
			return err
		}
		const topic = "account.unlocked"
		if _, err := audit.Write(ctx, tx, audit.Event{Kind: topic, Account: id, Actor: by}); err != nil {
			return err
		}
		return e.TellEverywhere(ctx, tx, a, set, enter.News{Topic: topic, SMS: letter.SMSUnlocked(e.Sheet, a.Lang), Expires: tx.Now().Add(24 * time.Hour)})
	})
	return a, err
}

// LiftLock lifts the owner's sign-in lock, by whoever checked who asks: Tegata is lost
// while it is on (RS-05). It lets nobody in. All addresses and numbers are told.
// db.ErrNone for an account that is not there, not active or not locked.
func (e *Enrol) LiftLock(ctx context.Context, id ref.Account, by string) error {
	return e.DB.Update(ctx, func(tx db.Tx) error {
		a, err := account.Lock(ctx, tx, id)
		if err != nil {
			return err
		}
		if a.State != account.Active || !a.Locked(tx.Now()) {
			return db.ErrNone
		}
		set, err := e.SetOf(ctx, tx, a)
		if err != nil {
			return err
		}
		if err := account.SwitchOn(ctx, tx, id); err != nil {
			return err
		}
		if err := e.EndReplacing(ctx, tx, a, flow.Visitor{Program: by}); err != nil {
			return err
		}
		const topic = "account.lock_lifted"
		if _, err := audit.Write(ctx, tx, audit.Event{Kind: topic, Account: id, Actor: by}); err != nil {
			return err
		}
		return e.TellEverywhere(ctx, tx, a, set, enter.News{Topic: topic, SMS: letter.SMSLockLifted(e.Sheet, a.Lang), Expires: tx.Now().Add(24 * time.Hour)})
	})
}
