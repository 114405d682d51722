package enter

import (
	"context"
	"errors"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
)

// ErrOff says that an account has no second factor, so that a backup code would
// open nothing.
var ErrOff = errors.New("the account has no second factor: a backup code would open nothing")

// IssueBackup keeps one backup code that was made for somebody who has no way left
// (BC-06) and tells its owner on every channel. ErrOff, and db.ErrNone for an account
// that is not there or not active.
func (e *Entry) IssueBackup(ctx context.Context, tx db.Tx, id ref.Account, phc, by string) (until time.Time, err error) {
	a, err := account.Lock(ctx, tx, id)
	if err != nil {
		return until, err
	}
	if a.State != account.Active {
		return until, db.ErrNone
	}
	return e.IssueCode(ctx, tx, Aid{Account: a, By: by}, phc)
}

// News is what an owner learns of an act of somebody else's.
type News struct {
	Topic, SMS string
	Expires    time.Time // the SMS is of no use later
}

// TextAll sends an SMS to every number of the account that is proved.
func (e *Entry) TextAll(ctx context.Context, tx db.Tx, a account.Account, set Set, n News) error {
	if !e.SMS {
		return nil
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
	for number := range to {
		if _, err := e.Outbox.Put(ctx, tx, outbox.Item{Kind: outbox.SMS, Topic: n.Topic, To: number, Account: a.ID, Expires: n.Expires,
			Body: outbox.Text{To: number, Text: n.SMS}}); err != nil {
			return err
		}
	}
	return nil
}
