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
// policy, and whatever wrong codes have stopped; all addresses and numbers of the
// account are told. ErrOff, and db.ErrNone for an account that is not there or not
// active.
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
	return e.tellEverywhere(ctx, tx, a, set, word{topic, letter.SMSIssued(e.Sheet, a.Lang), tx.Now().Add(backup.IssuedLives)})
}

// word is what an owner learns of an act of the operator.
type word struct {
	topic, sms string
	expires    time.Time // the SMS is of no use later
}

func (e *Enrol) tellEverywhere(ctx context.Context, tx db.Tx, a account.Account, set enter.Set, t word) error {
	err := e.Tell(ctx, tx, a, t.topic, func(letter.To) letter.Change {
		return letter.Change{What: t.topic, Link: e.DoubtOf(a.ID, tx.Now())}
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
		if _, err := e.Outbox.Put(ctx, tx, outbox.Item{Kind: outbox.SMS, Topic: t.topic, To: n, Account: a.ID, Expires: t.expires,
			Body: outbox.Text{To: n, Text: t.sms}}); err != nil {
			return err
		}
	}
	return nil
}
