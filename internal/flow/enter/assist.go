package enter

import (
	"context"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/browser"
	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/factor/backup"
	"sekisho/internal/factor/passkey"
	"sekisho/internal/factor/passphrase"
	"sekisho/internal/factor/password"
	"sekisho/internal/factor/sentcode"
	"sekisho/internal/factor/smscode"
	"sekisho/internal/factor/totp"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/letter"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
)

// Aid is what somebody else does for an account, who made sure who asks: the operator, or
// an admin of the account's organisation. It proves nothing and lets nobody in; all
// addresses are told, and numbers where it opens something, for who asked may be somebody
// else. The caller holds the account and has seen that it is active.
type Aid struct {
	Account account.Account
	By      string // as the audit says it
	Who     string // as the owner reads it; empty: the people who run the service
	Org     string // the organisation for which it is done, by name; empty: none
	Detail  any    // of the audit row
}

// TemporaryLives is how long a temporary password counts (OR-04).
const TemporaryLives = 24 * time.Hour

func (e *Entry) aided(ctx context.Context, tx db.Tx, x Aid, kind string) error {
	_, err := audit.Write(ctx, tx, audit.Event{Kind: kind, Account: x.Account.ID, Actor: x.By, Detail: x.Detail})
	return err
}

// tellAid tells the owner by mail, and by SMS where there is a text.
func (e *Entry) tellAid(ctx context.Context, tx db.Tx, x Aid, kind, sms string) error {
	err := e.TellAll(ctx, tx, x.Account, kind, func(to letter.To) outbox.Letter {
		return letter.Aided(e.Sheet, to, letter.Change{What: kind, Name: x.Who, Org: x.Org, Link: e.DoubtOf(x.Account.ID, tx.Now())})
	})
	if err != nil || sms == "" || !e.SMS {
		return err
	}
	set, err := e.SetOf(ctx, tx, x.Account)
	if err != nil {
		return err
	}
	return e.TextAll(ctx, tx, x.Account, set, News{kind, sms, tx.Now().Add(24 * time.Hour)})
}

// Unstop opens what failures in a row had stopped, ends the waits of strangers and
// forgets how often the account signed in today: for an owner whom a reset does not
// reach, or whom somebody keeps waiting.
func (e *Entry) Unstop(ctx context.Context, tx db.Tx, x Aid) error {
	const kind = "account.unlocked"
	if err := Free(ctx, tx, x.Account.ID); err != nil {
		return err
	}
	if err := account.ForgetSignins(ctx, tx, x.Account.ID); err != nil {
		return err
	}
	if err := e.aided(ctx, tx, x, kind); err != nil {
		return err
	}
	return e.tellAid(ctx, tx, x, kind, letter.SMSUnlocked(e.Sheet, x.Account.Lang))
}

// LiftLock lifts the owner's sign-in lock: Tegata is lost while it is on (RS-05).
// db.ErrNone when it is not on.
func (e *Entry) LiftLock(ctx context.Context, tx db.Tx, x Aid) error {
	const kind = "account.lock_lifted"
	if !x.Account.Locked(tx.Now()) {
		return db.ErrNone
	}
	if err := account.SwitchOn(ctx, tx, x.Account.ID); err != nil {
		return err
	}
	if err := e.EndReplacing(ctx, tx, x.Account, flow.Visitor{Program: x.By}); err != nil {
		return err
	}
	if err := e.aided(ctx, tx, x, kind); err != nil {
		return err
	}
	return e.tellAid(ctx, tx, x, kind, letter.SMSLockLifted(e.Sheet, x.Account.Lang))
}

// IssueCode gives an account one backup code, whose hash is given (BC-06). It works once
// within 24 hours, beside a first proof, under every policy, and whatever wrong codes have
// stopped. ErrOff where there is no second factor.
func (e *Entry) IssueCode(ctx context.Context, tx db.Tx, x Aid, phc string) (until time.Time, err error) {
	const kind = "backup.issued"
	set, err := e.SetOf(ctx, tx, x.Account)
	if err != nil {
		return until, err
	}
	if !set.On() {
		return until, ErrOff
	}
	until = tx.Now().Add(backup.IssuedLives)
	if err := backup.Issue(ctx, tx, x.Account.ID, phc, x.By, until); err != nil {
		return until, err
	}
	if err := e.aided(ctx, tx, x, kind); err != nil {
		return until, err
	}
	return until, e.tellAid(ctx, tx, x, kind, letter.SMSIssued(e.Sheet, x.Account.Lang))
}

// SendReset mails a link that leads to a new password, once, to the account's primary
// address. Links and codes that are out work no more. The fault tells what stands in the
// way; nothing was done then.
func (e *Entry) SendReset(ctx context.Context, tx db.Tx, x Aid) (until time.Time, f *fault.Fault, err error) {
	a := x.Account
	if a.Email.Confirmed.IsZero() || e.shared(a.Email) || e.hosted(a.Email) {
		return until, faults.MemberNoInbox.New(), nil
	}
	sent, wait, err := e.Codes.Make(ctx, tx, sentcode.For{Purpose: sentcode.Reset, Subject: string(a.ID), Flow: ref.NewFlow(tx.Now()), Target: a.Email.Norm})
	if err != nil {
		return until, nil, err
	}
	if wait != nil {
		return wait.Until, faults.CodeSendLimit.New().Until(wait.Until), nil
	}
	for _, p := range []sentcode.Purpose{sentcode.Reset, sentcode.Recover} {
		if err := sentcode.VoidBefore(ctx, tx, p, string(a.ID), sent.Link); err != nil {
			return until, nil, err
		}
	}
	if err := e.aided(ctx, tx, x, "password.reset_sent"); err != nil {
		return until, nil, err
	}
	l := letter.Reset(e.Sheet, To(a), letter.ResetLink{Who: x.Who, Link: e.Sheet.URL + links[sentcode.Recover] + "?c=" + sent.Link.Reveal(), Until: sent.Expires, Zone: e.Zone})
	if err := e.Outbox.Withdraw(ctx, tx, a.ID, "password.reset_sent"); err != nil {
		return until, nil, err
	}
	return sent.Expires, nil, e.Mail(ctx, tx, "password.reset_sent", a.ID, l, sent.Expires)
}

// SetTemporary puts a password in the place of the account's that was made up and that
// somebody else knows: it counts for a day, and signing in with it asks for another. Codes
// and links that are out, and what was begun, are void.
func (e *Entry) SetTemporary(ctx context.Context, tx db.Tx, x Aid, phc string) (until time.Time, err error) {
	const kind = "password.temporary"
	a := x.Account
	until = tx.Now().Add(TemporaryLives)
	if err := password.Set(ctx, tx, a.ID, phc); err != nil {
		return until, err
	}
	if err := password.Lend(ctx, tx, a.ID, until); err != nil {
		return until, err
	}
	if err := e.voidBegun(ctx, tx, a); err != nil {
		return until, err
	}
	if err := Renew(ctx, tx, ByPassword, a.ID); err != nil {
		return until, err
	}
	if err := e.aided(ctx, tx, x, kind); err != nil {
		return until, err
	}
	return until, e.tellAid(ctx, tx, x, kind, letter.SMSAided(e.Sheet, a.Lang))
}

// voidBegun ends what is under way. Installations of Tegata go on: their owner may have
// nothing else, and confirms the password that is chosen next.
func (e *Entry) voidBegun(ctx context.Context, tx db.Tx, a account.Account) error {
	if err := account.Close(ctx, tx, a.ID); err != nil {
		return err
	}
	if err := device.Follow(ctx, tx, a.ID, a.Turn, a.Turn+1); err != nil {
		return err
	}
	return e.VoidCodes(ctx, tx, a.ID)
}

// ResetFactors takes every second factor off an account, with backup codes, passphrase,
// trusted browsers and sessions (OR-05); it is set up anew at the next sign-in where the
// policy demands one. Under the owner's sign-in lock nothing is done: without Tegata
// nobody could lift it. It says how many factors and sessions went.
func (e *Entry) ResetFactors(ctx context.Context, tx db.Tx, x Aid) (gone, ended int, f *fault.Fault, err error) {
	const kind = "factors.reset"
	a := x.Account
	if a.Locked(tx.Now()) {
		return 0, 0, faults.MemberLocked.New(), nil
	}
	set, err := e.SetOf(ctx, tx, a)
	if err != nil {
		return 0, 0, nil, err
	}
	gone = len(set.Apps) + len(set.Keys) + len(set.Numbers) + len(set.Devices)
	// Before they go: numbers that were factors are told too.
	if err := e.tellAid(ctx, tx, x, kind, letter.SMSAided(e.Sheet, a.Lang)); err != nil {
		return 0, 0, nil, err
	}
	for _, remove := range []func(context.Context, db.Tx, ref.Account) error{totp.RemoveAll, smscode.RemoveAll, passkey.RemoveAll, device.RetireAll,
		device.DropWaiting, passphrase.Drop, backup.Void, backup.VoidIssued} {
		if err := remove(ctx, tx, a.ID); err != nil {
			return 0, 0, nil, err
		}
	}
	if err := account.Prefer(ctx, tx, a.ID, ""); err != nil {
		return 0, 0, nil, err
	}
	if set.Record.Short { // it is the only factor from now on
		if err := password.Order(ctx, tx, a.ID); err != nil {
			return 0, 0, nil, err
		}
	}
	if err := e.voidBegun(ctx, tx, a); err != nil {
		return 0, 0, nil, err
	}
	for _, class := range []Class{ByTOTP, BySMSCode, ByPasskey, ByBackup, ByPassphrase, ByTegata, ByTegataCode} {
		if err := Renew(ctx, tx, class, a.ID); err != nil {
			return 0, 0, nil, err
		}
	}
	if ended, err = e.endAll(ctx, tx, a.ID); err != nil {
		return 0, 0, nil, err
	}
	return gone, ended, nil, e.aided(ctx, tx, x, kind)
}

// endAll ends sessions, what apps were given, and trusted browsers.
func (e *Entry) endAll(ctx context.Context, tx db.Tx, a ref.Account) (ended int, err error) {
	if ended, err = e.Grants.EndAccount(ctx, tx, a); err != nil {
		return 0, err
	}
	_, err = browser.EndTrusts(ctx, tx, a)
	return ended, err
}

// EndSessions ends the given sessions of an account, or, where none is named, all of them
// with its trusted browsers (SE-11). db.ErrNone when a named one is not the account's.
func (e *Entry) EndSessions(ctx context.Context, tx db.Tx, x Aid, own []ref.Session, ids ...ref.Session) (ended int, err error) {
	const kind = "sessions.ended"
	for _, id := range ids {
		if !slices.Contains(own, id) {
			return 0, db.ErrNone
		}
	}
	if len(ids) > 0 {
		ended, err = len(ids), e.Grants.EndSessions(ctx, tx, ids...)
	} else {
		ended, err = e.endAll(ctx, tx, x.Account.ID)
	}
	if err != nil {
		return 0, err
	}
	if err := e.aided(ctx, tx, x, kind); err != nil {
		return 0, err
	}
	if ended == 0 {
		return 0, nil
	}
	return ended, e.tellAid(ctx, tx, x, kind, "")
}

// TellAid tells the owner by mail what was done for the account, or to it.
func (e *Entry) TellAid(ctx context.Context, tx db.Tx, x Aid, kind string) error {
	return e.tellAid(ctx, tx, x, kind, "")
}

// TellGone tells the owner that the account is deleted, and erased at an instant. The mail
// is nobody's: it has to go out although the account's own are erased with it.
func (e *Entry) TellGone(ctx context.Context, tx db.Tx, x Aid, at time.Time) error {
	list, err := e.readers(ctx, tx, x.Account)
	for _, to := range list {
		l := letter.Gone(e.Sheet, to, letter.Goes{Who: x.Who, At: at, Zone: e.Zone, Now: !at.After(tx.Now())})
		if err == nil {
			err = e.Mail(ctx, tx, "member.deleted", "", l, time.Time{})
		}
	}
	return err
}
