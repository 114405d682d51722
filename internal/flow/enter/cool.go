package enter

import (
	"context"
	"errors"
	"net/url"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/cooling"
	"sekisho/internal/db"
	"sekisho/internal/flow"
	"sekisho/internal/gate"
	"sekisho/internal/letter"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
)

// topicReady is the mail that waits with a weak recovery.
const topicReady = "recovery.ready"

// Cool gives the wait of a recovery that was proved only by codes that were sent,
// and begins it where there is none. All of the account's inboxes learn of it at
// once and can cancel it; a link to go on is sent when it is over, to the inbox that
// was proved.
func (e *Entry) Cool(ctx context.Context, tx db.Tx, w Who) (cooling.Wait, error) {
	now, err := cooling.Of(ctx, tx, w.Account.ID)
	if err == nil && now.Stands(w.Account.Turn, tx.Now()) || err != nil && !errors.Is(err, db.ErrNone) {
		return now, err
	}
	now, token, err := cooling.Begin(ctx, tx, cooling.Wait{Account: w.Account.ID, Turn: w.Account.Turn, Target: inbox(w.Proofs)})
	if err != nil {
		return now, err
	}
	if _, err := audit.Write(ctx, tx, audit.Event{Kind: "account.recovery_waits", Account: w.Account.ID, Actor: string(w.Account.ID),
		Addr: w.Visitor.Addr.String(), Agent: w.Visitor.Program, Place: w.Visitor.Place}); err != nil {
		return now, err
	}
	cancel := e.Sheet.URL + "/recover/cancel?c=" + url.QueryEscape(e.sign("recovery.cancel", string(now.Account)+"."+string(now.ID)))
	from := e.From(w.Visitor, tx.Now())
	if err := e.TellAll(ctx, tx, w.Account, "recovery.waits", func(to letter.To) outbox.Letter {
		return letter.RecoveryWaits(e.Sheet, to, letter.Waits{Until: now.Ready, Link: cancel, From: from})
	}); err != nil {
		return now, err
	}
	to, err := e.reader(ctx, tx, w.Account, now.Target)
	if err != nil {
		return now, err
	}
	l := letter.RecoveryReady(e.Sheet, to, letter.Waits{Until: now.Ends, Link: e.Sheet.URL + "/recover/ready?c=" + token.Reveal(), From: from})
	_, err = e.Outbox.Put(ctx, tx, outbox.Item{Kind: outbox.Mail, Topic: topicReady, To: l.To, Account: now.Account, After: now.Ready, Expires: now.Ends, Body: l})
	return now, err
}

// inbox is where a code by mail was read.
func inbox(proofs []gate.Proof) string {
	for _, p := range proofs {
		if p.Kind == gate.MailCode {
			return p.Via
		}
	}
	return ""
}

// reader is one inbox of the account; its primary one, where it has no such inbox
// any more.
func (e *Entry) reader(ctx context.Context, r db.Reader, a account.Account, norm string) (letter.To, error) {
	list, err := account.Addresses(ctx, r, a.ID)
	to := To(a)
	for _, x := range list {
		if x.Kind == account.Email && x.Norm == norm && !x.Confirmed.IsZero() {
			to.Address = x.Mailbox()
		}
	}
	return to, err
}

// EndCooling ends a wait that is under way, and withdraws what would be sent when
// it is over.
func (e *Entry) EndCooling(ctx context.Context, tx db.Tx, a ref.Account, v flow.Visitor) error {
	err := cooling.End(ctx, tx, a)
	if errors.Is(err, db.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := e.Outbox.Withdraw(ctx, tx, a, topicReady); err != nil {
		return err
	}
	_, err = audit.Write(ctx, tx, audit.Event{Kind: "account.recovery_ended", Account: a, Actor: string(a), Addr: v.Addr.String(), Agent: v.Program, Place: v.Place})
	return err
}

// ReadCancel finds the wait that a link in its notice would cancel; db.ErrNone when
// there is none, or it is another's.
func (e *Entry) ReadCancel(ctx context.Context, r db.Reader, token string) (cooling.Wait, error) {
	parts := e.unsign("recovery.cancel", token)
	if len(parts) != 2 {
		return cooling.Wait{}, db.ErrNone
	}
	w, err := cooling.Of(ctx, r, ref.Account(parts[0]))
	if err == nil && (string(w.ID) != parts[1] || !r.Now().Before(w.Ends)) {
		err = db.ErrNone
	}
	return w, err
}

// Settled asks again and again, for at most two seconds, until it is known whether
// an SMS could be sent.
func Settled(ctx context.Context, look func() (outbox.Stage, error)) error {
	for range 20 {
		stage, err := look()
		if err != nil || stage != outbox.Underway {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	_, err := look()
	return err
}
