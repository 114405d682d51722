package enter

import (
	"context"
	"errors"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/browser"
	"sekisho/internal/cooling"
	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/factor/backup"
	"sekisho/internal/factor/passkey"
	"sekisho/internal/factor/passphrase"
	"sekisho/internal/factor/smscode"
	"sekisho/internal/factor/totp"
	"sekisho/internal/flow"
	"sekisho/internal/gate"
	"sekisho/internal/letter"
	"sekisho/internal/org"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
)

// Contained is the kind of the audit row that tells of a containment.
const Contained = "account.contained"

// What a containment undoes, as audit rows tell it.
const (
	factorTaken    = "factor.taken_back"
	addressTaken   = "address.taken_back"
	addressPutBack = "address.put_back"
)

// Contain closes an account's doors on everybody until a recovery lifts it (SI-25).
// What was added since an instant is taken back, and addresses that were removed
// since are put back, so that the recovery rests on what the owner had before;
// with zero nothing is. db.ErrTaken when another account proves such an address at
// this very instant. The caller holds the account's row.
func (e *Entry) Contain(ctx context.Context, tx db.Tx, v flow.Visitor, a account.Account, since time.Time) error {
	ended, err := e.Grants.EndAccount(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	u := undoing{Entry: e, visitor: v, account: a, since: since}
	if !since.IsZero() {
		if err := u.all(ctx, tx); err != nil {
			return err
		}
	}
	if err := account.Contain(ctx, tx, a, since, u.old); err != nil {
		return err
	}
	if err := backup.VoidIssued(ctx, tx, a.ID); err != nil {
		return err
	}
	if err := e.VoidCodes(ctx, tx, a.ID); err != nil {
		return err
	}
	if err := e.EndCooling(ctx, tx, a.ID, v); err != nil {
		return err
	}
	if _, err := browser.EndTrusts(ctx, tx, a.ID); err != nil {
		return err
	}
	// The browser that was not the owner's is spared nothing any more, and is news
	// when it comes back. Which of them it was nobody can tell for sure.
	if err := browser.Forget(ctx, tx, a.ID, ""); err != nil {
		return err
	}
	if err := u.write(ctx, tx, Contained, struct {
		Ended int `json:"ended"`
	}{ended}); err != nil {
		return err
	}
	// What waits to be taken in may be a thief's, who said already that the number is the same.
	if err := device.DropWaiting(ctx, tx, a.ID); err != nil {
		return err
	}
	turn := a.Turn
	if a, err = account.Of(ctx, tx, a.ID); err != nil {
		return err
	}
	// What is left of Tegata is the owner's, and may be all that the recovery can ask.
	if err := device.Follow(ctx, tx, a.ID, turn, a.Turn); err != nil {
		return err
	}
	// So is what the password made stale that is doubted: its owner does not know it.
	if !since.IsZero() {
		if err := device.Recall(ctx, tx, a.ID, since, a.Turn); err != nil {
			return err
		}
	}
	return e.TellAll(ctx, tx, a, Contained, func(to letter.To) outbox.Letter {
		return letter.Contained(e.Sheet, to, letter.Undone{Taken: u.taken, Back: u.back, Waits: a.Lowered, Link: e.Sheet.URL + "/recover", From: e.From(v, tx.Now())})
	})
}

// undoing takes back what came to an account since an instant.
type undoing struct {
	*Entry
	visitor flow.Visitor
	account account.Account
	since   time.Time
	taken   []letter.Item
	back    []letter.Item
	old     bool    // some of it had stood for longer than a recovery waits
	left    ref.Org // while the row is written that tells that they left it
}

func (u *undoing) all(ctx context.Context, tx db.Tx) error {
	if err := u.membership(ctx, tx); err != nil {
		return err
	}
	if err := u.addresses(ctx, tx); err != nil {
		return err
	}
	if err := u.factors(ctx, tx); err != nil {
		return err
	}
	if err := u.allowed(ctx, tx); err != nil {
		return err
	}
	return errors.Join(u.spares(ctx, tx), u.tokens(ctx, tx), u.invitations(ctx, tx))
}

// doubts says whether something came since the instant.
func (u *undoing) doubts(made time.Time) bool { return !made.Before(u.since) }

// stood notes how long something has stood. Who reads one old mailbox may answer an
// old notice as well as its owner: what has stood for a day is not given up without
// a day in which the others hear of it (see recover).
func (u *undoing) stood(now, since time.Time) { u.old = u.old || now.Sub(since) >= cooling.Lasts }

func (u *undoing) write(ctx context.Context, tx db.Tx, kind string, detail any) error {
	_, err := audit.Write(ctx, tx, audit.Event{Kind: kind, Account: u.account.ID, Org: u.left, Actor: string(u.account.ID),
		Addr: u.visitor.Addr.String(), Agent: u.visitor.Program, Place: u.visitor.Place, Detail: detail})
	return err
}

// named is the detail of a row.
type named struct {
	Kind string `json:"kind"`
	Name string `json:"name,omitempty"`
}

func (u *undoing) addresses(ctx context.Context, tx db.Tx) error {
	taken, back, err := account.TakeBack(ctx, tx, u.account, u.since)
	if err != nil {
		return err
	}
	for _, x := range taken {
		it := letter.Item{Kind: string(x.Kind), Name: x.Masked()}
		if err := u.write(ctx, tx, addressTaken, named{it.Kind, it.Name}); err != nil {
			return err
		}
		if x.Confirmed.IsZero() {
			continue
		}
		u.taken = append(u.taken, it)
		if x.Kind != account.Email {
			continue
		}
		// It may have been the owner who added it: they have to hear of it there.
		l := letter.TakenOff(u.Sheet, letter.To{Lang: u.account.Lang, Address: x.Mailbox()}, it, u.Sheet.URL+"/help/support")
		if err := u.Mail(ctx, tx, addressTaken, u.account.ID, l, time.Time{}); err != nil {
			return err
		}
	}
	for _, x := range back {
		it := letter.Item{Kind: string(x.Kind), Name: x.Masked()}
		u.back = append(u.back, it)
		u.stood(tx.Now(), x.At)
		if err := u.write(ctx, tx, addressPutBack, named{it.Kind, it.Name}); err != nil {
			return err
		}
	}
	return nil
}

// membership ends one that began since: a thief's organisation would have power over the
// account. Its last owner stays, for others depend on it.
func (u *undoing) membership(ctx context.Context, tx db.Tx) error {
	m, err := org.Anywhere(ctx, tx, u.account.ID)
	if errors.Is(err, db.ErrNone) || err == nil && (!u.doubts(m.Joined) || m.Role == org.Owner) {
		return nil
	}
	if err != nil {
		return err
	}
	o, err := org.Of(ctx, tx, m.Org)
	if err != nil {
		return err
	}
	u.stood(tx.Now(), m.Joined)
	u.taken = append(u.taken, letter.Item{Kind: "org", Name: o.Name})
	if err := org.Remove(ctx, tx, m); err != nil {
		return err
	}
	u.left = o.ID
	err = u.write(ctx, tx, "member.taken_back", Membership{Org: o.ID, Name: o.Name, Was: m.Role})
	u.left = ""
	return err
}

// take notes that something that proves who somebody is was taken back.
func (u *undoing) take(ctx context.Context, tx db.Tx, kind gate.Kind, name string) error {
	u.taken = append(u.taken, letter.Item{Kind: string(kind), Name: name})
	return u.write(ctx, tx, factorTaken, named{string(kind), name})
}

func (u *undoing) factors(ctx context.Context, tx db.Tx) error {
	set, err := u.SetOf(ctx, tx, u.account)
	if err != nil {
		return err
	}
	before := len(u.taken)
	for _, f := range set.Apps {
		if u.doubts(f.Created) {
			u.stood(tx.Now(), f.Created)
			if err := errors.Join(totp.Remove(ctx, tx, u.account.ID, f.ID), u.take(ctx, tx, gate.TOTP, f.Name)); err != nil {
				return err
			}
		}
	}
	for _, f := range set.Keys {
		if u.doubts(f.Created) {
			u.stood(tx.Now(), f.Created)
			if err := errors.Join(passkey.Remove(ctx, tx, u.account.ID, f.ID), u.take(ctx, tx, gate.Passkey, f.Name)); err != nil {
				return err
			}
		}
	}
	for _, f := range set.Numbers {
		if u.doubts(f.Created) {
			u.stood(tx.Now(), f.Created)
			name := account.Identifier{Kind: account.Mobile, Norm: f.Norm}.Masked()
			if err := errors.Join(smscode.Remove(ctx, tx, u.account.ID, f.ID), u.take(ctx, tx, gate.SMSCode, name)); err != nil {
				return err
			}
		}
	}
	for _, d := range set.Devices {
		if u.doubts(d.Created) {
			u.stood(tx.Now(), d.Created)
			if err := errors.Join(device.Retire(ctx, tx, u.account.ID, d.ID), totp.RemoveDevice(ctx, tx, u.account.ID, d.ID), u.take(ctx, tx, gate.Tegata, d.Name)); err != nil {
				return err
			}
		}
	}
	// Whoever found a phone may have it made fresh again by an old notice in its mailbox.
	stale, err := device.Outdated(ctx, tx, u.account.ID, u.since)
	if u.old = u.old || stale; err != nil {
		return err
	}
	// A lock that came since may be whoever's came in.
	if !u.account.LockedAt.IsZero() && u.doubts(u.account.LockedAt) {
		if err := account.SwitchOn(ctx, tx, u.account.ID); err != nil {
			return err
		}
	}
	if len(u.taken) == before {
		return nil
	}
	return account.Prefer(ctx, tx, u.account.ID, "")
}

// spares are what stands in for a factor.
func (u *undoing) spares(ctx context.Context, tx db.Tx) error {
	_, of, made, err := backup.Left(ctx, tx, u.account.ID)
	if err != nil {
		return err
	}
	if of > 0 && u.doubts(made) {
		if err := errors.Join(backup.VoidSet(ctx, tx, u.account.ID), u.take(ctx, tx, gate.Backup, "")); err != nil {
			return err
		}
	}
	rec, err := passphrase.Of(ctx, tx, u.account.ID)
	if errors.Is(err, db.ErrNone) || err == nil && !u.doubts(rec.SetAt) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(passphrase.Drop(ctx, tx, u.account.ID), u.take(ctx, tx, gate.Passphrase, ""))
}
