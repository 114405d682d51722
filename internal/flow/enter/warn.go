package enter

import (
	"context"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/gate"
	"sekisho/internal/letter"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
)

// What the owner is told of failures, each at most once a day.
const (
	topicAttempts = "signin.attempts" // somebody has to wait
	topicStopped  = "signin.stopped"  // a way in was stopped
	topicHalfway  = "signin.halfway"  // somebody passed the first step, and failed at the second
)

// warn tells the owner of a failure that may be a stranger's (ER-07): that a wait began
// for a browser, or runs for strangers from wherever they come; that a way is stopped;
// or that somebody who has the first proof guesses at the second. The statements are
// the same where there is no account.
func (e *Entry) warn(ctx context.Context, tx db.Tx, a Attempt, began bool) error {
	c := a.counters()
	strangers, err := c.account.Look(ctx, tx)
	if err != nil {
		return err
	}
	failed, err := c.factor.Look(ctx, tx)
	if err != nil {
		return err
	}
	friend, err := e.Known(ctx, tx, a.Account, a.Visitor)
	if err != nil {
		return err
	}
	topic, write := "", letter.TooManyAttempts
	switch {
	case failed.Failures >= c.class.stop() && string(a.Class) == string(a.Kind): // what recovery counts goes on with a longer code
		topic, write = topicStopped, func(s letter.Sheet, to letter.To, link string, f letter.From) outbox.Letter {
			return letter.Stopped(s, to, letter.Stop{Kind: string(a.Kind), Link: link, From: f})
		}
	case began || tx.Now().Before(strangers.Until):
		topic = topicAttempts
	case !friend && (a.Kind == gate.TOTP || a.Class == ByTegataCode || a.Kind == gate.Backup || a.Kind == gate.Passphrase): // no sign-in begins so
		topic, write = topicHalfway, letter.Halfway
	default:
		return nil
	}
	whose := a.Account.ID
	if whose == "" {
		whose = ref.NewAccount(tx.Now())
	}
	recent, err := outbox.Recent(ctx, tx, whose, topic, tx.Now().Add(-24*time.Hour))
	if err != nil || recent || a.Account.State != account.Active {
		return err
	}
	return e.TellAll(ctx, tx, a.Account, topic, func(to letter.To) outbox.Letter {
		return write(e.Sheet, to, e.Sheet.URL+"/recover", e.From(a.Visitor, tx.Now()))
	})
}
