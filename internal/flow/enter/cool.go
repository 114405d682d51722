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

// cool is what a wait is told with.
type cool struct {
	waits, ended  string // the audit rows' kinds
	notice, ready string // the mails' topics; the second waits with it
	path          string // where the link of the second leads
	tell, goOn    func(letter.Sheet, letter.To, letter.Waits) outbox.Letter
}

var cools = map[cooling.Purpose]cool{
	cooling.Recover: {"account.recovery_waits", "account.recovery_ended", "recovery.waits", "recovery.ready", "/recover/ready", letter.RecoveryWaits, letter.RecoveryReady},
	cooling.Replace: {"device.replace_waits", "device.replace_ended", "replace.waits", "replace.ready", "/recover/replace/ready", letter.ReplaceWaits, letter.ReplaceReady},
}

// Cool gives the wait of what was proved too weakly to go on at once, and begins it
// where there is none for this purpose; one for another is over then. All of the
// account's inboxes learn of it at once and can cancel it; a link to go on is sent when
// it is over, to the inbox that was proved.
func (e *Entry) Cool(ctx context.Context, tx db.Tx, w Who, p cooling.Purpose) (cooling.Wait, error) {
	now, err := e.Cooling(ctx, tx, w.Account, p)
	if err != nil || now.ID != "" {
		return now, err
	}
	if err := e.EndCooling(ctx, tx, w.Account.ID, w.Visitor); err != nil {
		return now, err
	}
	now = cooling.Wait{Account: w.Account.ID, Purpose: p, Turn: w.Account.Turn, Target: inbox(w.Proofs), Proof: unsent(w.Proofs)}
	if w.Visitor.Proven && w.Visitor.Door == gate.Web {
		now.Browser = w.Visitor.Browser
	}
	now, token, err := cooling.Begin(ctx, tx, now)
	if err != nil {
		return now, err
	}
	c := cools[p]
	if _, err := audit.Write(ctx, tx, audit.Event{Kind: c.waits, Account: w.Account.ID, Actor: string(w.Account.ID),
		Addr: w.Visitor.Addr.String(), Agent: w.Visitor.Program, Place: w.Visitor.Place}); err != nil {
		return now, err
	}
	cancel := e.Sheet.URL + "/recover/cancel?c=" + url.QueryEscape(e.sign("recovery.cancel", string(now.Account)+"."+string(now.ID)))
	from := e.From(w.Visitor, tx.Now())
	if err := e.TellAll(ctx, tx, w.Account, c.notice, func(to letter.To) outbox.Letter {
		return c.tell(e.Sheet, to, letter.Waits{Until: now.Ready, Link: cancel, From: from})
	}); err != nil {
		return now, err
	}
	to, err := e.reader(ctx, tx, w.Account, now.Target)
	if err != nil {
		return now, err
	}
	l := c.goOn(e.Sheet, to, letter.Waits{Until: now.Ends, Link: e.Sheet.URL + c.path + "?c=" + token.Reveal(), From: from})
	_, err = e.Outbox.Put(ctx, tx, outbox.Item{Kind: outbox.Mail, Topic: c.ready, To: l.To, Account: now.Account, After: now.Ready, Expires: now.Ends, Body: l})
	return now, err
}

// Cooling is the wait of an account for a purpose, where one stands; else the zero Wait.
// One before a new Tegata belongs to the lock that it began under: who lifted the lock
// had no need of it, and a later lock is not to be opened by it.
func (e *Entry) Cooling(ctx context.Context, r db.Reader, a account.Account, p cooling.Purpose) (cooling.Wait, error) {
	w, err := cooling.Of(ctx, r, a.ID)
	if errors.Is(err, db.ErrNone) {
		return cooling.Wait{}, nil
	}
	if err != nil || w.Purpose != p || !w.Stands(a.Turn, r.Now()) || p == cooling.Replace && (!a.Locked(r.Now()) || w.Begun.Before(a.LockedAt)) {
		return cooling.Wait{}, err
	}
	return w, nil
}

// unsent is the kind of a proof that was not sent to anybody.
func unsent(proofs []gate.Proof) string {
	for _, p := range proofs {
		if p.Kind == gate.Backup || p.Kind == gate.Passphrase {
			return string(p.Kind)
		}
	}
	return ""
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
	w, err := cooling.Of(ctx, tx, a)
	if errors.Is(err, db.ErrNone) {
		return nil
	}
	if err == nil {
		err = cooling.End(ctx, tx, a)
	}
	if err != nil {
		return err
	}
	c := cools[w.Purpose]
	if err := e.Outbox.Withdraw(ctx, tx, a, c.ready); err != nil {
		return err
	}
	row := audit.Event{Kind: c.ended, Account: a, Actor: string(a), Agent: v.Program, Place: v.Place}
	if v.Addr.IsValid() { // else it was done at the terminal
		row.Addr = v.Addr.String()
	}
	_, err = audit.Write(ctx, tx, row)
	return err
}

// EndReplacing ends the wait of somebody who would replace Tegata because the lock is on,
// once it is lifted. The account is as it was before.
func (e *Entry) EndReplacing(ctx context.Context, tx db.Tx, a account.Account, v flow.Visitor) error {
	w, err := e.Cooling(ctx, tx, a, cooling.Replace)
	if err != nil || w.ID == "" {
		return err
	}
	return e.EndCooling(ctx, tx, a.ID, v)
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
