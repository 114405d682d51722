package enrol

import (
	"context"
	"errors"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/factor/backup"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/letter"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// ErrOff says that an account has no second factor, so that a backup code would
// open nothing.
var ErrOff = errors.New("the account has no second factor: a backup code would open nothing")

// Issue makes one backup code for somebody who has no way left, once by has checked
// who asks (BC-06). It works once within 24 hours, beside a first proof, under every
// policy; all addresses and numbers of the account are told. It lifts what wrong
// backup codes had stopped, else the one issued would not be looked at. ErrOff, and
// db.ErrNone for an account that is not there or not active.
func (e *Enrol) Issue(ctx context.Context, id ref.Account, by string) (code secret.Text, until time.Time, err error) {
	code, phc, err := backup.MakeOne(ctx, e.Hasher)
	if err != nil {
		return "", until, err
	}
	err = e.DB.Update(ctx, func(tx db.Tx) error {
		a, err := account.Lock(ctx, tx, id)
		if err != nil {
			return err
		}
		if a.State != account.Active {
			return db.ErrNone
		}
		set, err := e.SetOf(ctx, tx, a)
		if err != nil {
			return err
		}
		if !set.On() {
			return ErrOff
		}
		until = tx.Now().Add(backup.IssuedLives)
		if err := backup.Issue(ctx, tx, id, phc, by, until); err != nil {
			return err
		}
		if err := enter.Factor(enter.Class(gate.Backup), id).Clear(ctx, tx); err != nil {
			return err
		}
		if _, err := audit.Write(ctx, tx, audit.Event{Kind: "backup.issued", Account: id, Actor: by}); err != nil {
			return err
		}
		return e.tellIssued(ctx, tx, a, set)
	})
	if err != nil {
		return "", until, err
	}
	return code, until, nil
}

// tellIssued tells the owner on every channel: who asked may be somebody else.
func (e *Enrol) tellIssued(ctx context.Context, tx db.Tx, a account.Account, set enter.Set) error {
	const topic = "backup.issued"
	err := e.Tell(ctx, tx, a, topic, func(letter.To) letter.Change {
		return letter.Change{What: topic, Link: e.DoubtOf(a.ID, tx.Now())}
	})
	if err != nil || !e.SMS {
		return err
	}
	list, err := account.Addresses(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	to := map[string]bool{}
	for _, x := range list {
		if x.Kind == account.Mobile && !x.Confirmed.IsZero() {
			to[x.Norm] = true
		}
	}
	for _, x := range set.Numbers {
		to[x.Norm] = true
	}
	for n := range to {
		if _, err := e.Outbox.Put(ctx, tx, outbox.Item{Kind: outbox.SMS, Topic: topic, To: n, Account: a.ID, Expires: tx.Now().Add(backup.IssuedLives),
			Body: outbox.Text{To: n, Text: letter.SMSIssued(e.Sheet, a.Lang)}}); err != nil {
			return err
		}
	}
	return nil
}
