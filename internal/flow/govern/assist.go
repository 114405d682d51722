package govern

import (
	"context"
	"errors"

	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/factor/backup"
	"sekisho/internal/faults"
	"sekisho/internal/flow/enter"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/session"
)

// ErrSelf is an act for others that its author aims at themselves: it would pass over the
// proofs that are asked of everybody.
var ErrSelf = errors.New("nobody does this to their own account")

// whom is the member that an act is about, and what it needs.
type whom struct {
	org     ref.Org
	account ref.Account
	need    org.Permission
}

// aid runs an act on a member whom its author does not stand below, and who is not
// themselves. The account is held.
func (g *Govern) aid(ctx context.Context, by By, w whom, do func(db.Tx, *act, enter.Aid) error) error {
	return g.change(ctx, by, w.org, w.need, func(tx db.Tx, x *act) error {
		if err := x.others(w.account); err != nil {
			return err
		}
		if _, err := x.member(ctx, tx, w.account); err != nil {
			return err
		}
		a, err := account.Lock(ctx, tx, w.account)
		if err != nil {
			return err
		}
		if a.State != account.Active {
			return ErrState
		}
		aid, err := x.aiding(ctx, tx, a)
		if err != nil {
			return err
		}
		return do(tx, x, aid)
	})
}

// others refuses what nobody does to themselves: to their own account, or to that of who
// made the token.
func (x *act) others(a ref.Account) error {
	if !x.by.Operator && x.by.account() == a {
		return ErrSelf
	}
	return nil
}

// aiding says who does something for an account, as audit and owner are told.
func (x *act) aiding(ctx context.Context, r db.Reader, a account.Account) (enter.Aid, error) {
	aid := enter.Aid{Account: a, By: x.by.actor(), Org: x.org.Name, Detail: told{Org: x.org.ID, Name: x.org.Name}}
	if x.by.Operator {
		return aid, nil
	}
	author, err := account.Of(ctx, r, x.by.account())
	aid.Who = author.Name + " (" + x.org.Name + ")"
	return aid, err
}

func assisted(o ref.Org, a ref.Account) whom { return whom{o, a, org.AssistMembers} }

// SendReset mails a member a link that leads to a new password, once (OR-04).
func (g *Govern) SendReset(ctx context.Context, by By, o ref.Org, a ref.Account, end bool) (until time.Time, err error) {
	err = g.aid(ctx, by, assisted(o, a), func(tx db.Tx, x *act, aid enter.Aid) error {
		ends, f, err := g.Entry.SendReset(ctx, tx, aid)
		if f != nil {
			err = refused(f)
		}
		if until = ends; err != nil || !end {
			return err
		}
		_, err = g.Entry.EndSessions(ctx, tx, aid, nil)
		return err
	})
	return until, err
}

// SetTemporary gives a member a password that was made up, to be handed over once it is
// sure who asks: it counts for a day, and signing in with it asks for another (OR-04).
func (g *Govern) SetTemporary(ctx context.Context, by By, o ref.Org, a ref.Account, end bool) (word secret.Text, until time.Time, err error) {
	word = secret.Lent()
	phc, err := g.Hasher.Hash(ctx, word)
	if err != nil {
		return "", until, err
	}
	err = g.aid(ctx, by, assisted(o, a), func(tx db.Tx, x *act, aid enter.Aid) error {
		if until, err = g.Entry.SetTemporary(ctx, tx, aid, phc); err != nil || !end {
			return err
		}
		_, err = g.Entry.EndSessions(ctx, tx, aid, nil)
		return err
	})
	if err != nil {
		return "", until, err
	}
	return word, until, nil
}

// ResetFactors takes a member's second factors away, with all that stands in for them
// (OR-05).
func (g *Govern) ResetFactors(ctx context.Context, by By, o ref.Org, a ref.Account) (gone int, err error) {
	err = g.aid(ctx, by, assisted(o, a), func(tx db.Tx, _ *act, aid enter.Aid) error {
		n, _, f, err := g.Entry.ResetFactors(ctx, tx, aid)
		if gone = n; f != nil {
			err = refused(f)
		}
		return err
	})
	return gone, err
}

// IssueCode gives a member one backup code, once it is sure who asks (OR-12).
func (g *Govern) IssueCode(ctx context.Context, by By, o ref.Org, a ref.Account) (code secret.Text, until time.Time, err error) {
	code, phc, err := backup.MakeOne(ctx, g.Hasher)
	if err != nil {
		return "", until, err
	}
	err = g.aid(ctx, by, assisted(o, a), func(tx db.Tx, _ *act, aid enter.Aid) error {
		ends, err := g.Entry.IssueCode(ctx, tx, aid, phc)
		if until = ends; errors.Is(err, enter.ErrOff) {
			err = refused(faults.MemberNoFactor.New())
		}
		return err
	})
	if err != nil {
		return "", until, err
	}
	return code, until, nil
}

// Unlock ends a member's waits, opens what failures had stopped, and begins the day's
// count of sign-ins anew (ER-05, ER-07).
func (g *Govern) Unlock(ctx context.Context, by By, o ref.Org, a ref.Account) error {
	return g.aid(ctx, by, assisted(o, a), func(tx db.Tx, _ *act, aid enter.Aid) error { return g.Unstop(ctx, tx, aid) })
}

// LiftLock lifts the sign-in lock of a member whose Tegata is lost.
func (g *Govern) LiftLock(ctx context.Context, by By, o ref.Org, a ref.Account) error {
	return g.aid(ctx, by, assisted(o, a), func(tx db.Tx, _ *act, aid enter.Aid) error {
		err := g.Entry.LiftLock(ctx, tx, aid)
		if errors.Is(err, db.ErrNone) {
			err = refused(faults.MemberStands.New())
		}
		return err
	})
}

// EndSessions ends the given sessions of a member, or, where none is named, all of them
// with the trusted browsers (SE-11). db.ErrNone when a named one is not theirs.
func (g *Govern) EndSessions(ctx context.Context, by By, o ref.Org, a ref.Account, ids ...ref.Session) (ended int, err error) {
	err = g.aid(ctx, by, assisted(o, a), func(tx db.Tx, _ *act, aid enter.Aid) error {
		own, err := session.All(ctx, tx, a)
		if err == nil {
			ended, err = g.Entry.EndSessions(ctx, tx, aid, own, ids...)
		}
		return err
	})
	return ended, err
}

// Delete closes a member's account and has it erased once the grace is over (OR-03).
// typed is the confirmation: the member's primary address, or name where there is none.
func (g *Govern) Delete(ctx context.Context, by By, o ref.Org, a ref.Account, typed string) (at time.Time, err error) {
	err = g.change(ctx, by, o, org.ManageMembers, func(tx db.Tx, x *act) error {
		if err := x.person(); err != nil {
			return err
		}
		if err := x.others(a); err != nil {
			return err
		}
		m, err := x.member(ctx, tx, a)
		if err != nil {
			return err
		}
		found, err := account.Lock(ctx, tx, a)
		if err != nil {
			return err
		}
		if found.State == account.Deleted {
			return refused(faults.MemberStands.New())
		}
		if org.Fold(typed) != org.Fold(Typed(found)) {
			return refused(faults.MemberConfirm.New())
		}
		at = tx.Now().Add(g.Grace)
		aid, err := x.aiding(ctx, tx, found)
		if err != nil {
			return err
		}
		if err := g.TellGone(ctx, tx, aid, at); err != nil {
			return err
		}
		if err := g.Entry.Delete(ctx, tx, a, at); err != nil {
			return err
		}
		if err := org.SetErase(ctx, tx, m, at); err != nil {
			return err
		}
		return x.note(ctx, tx, "member.deleted", a, told{Erase: &at})
	})
	return at, err
}

// Typed is what has to be typed before an account is deleted.
func Typed(a account.Account) string {
	if a.Email.Shown != "" {
		return a.Email.Shown
	}
	return a.Name
}

// Restore takes a deletion back within the grace: one of the organisation's own, never
// the operator's. What the operator had disabled is disabled again.
func (g *Govern) Restore(ctx context.Context, by By, o ref.Org, a ref.Account) error {
	return g.change(ctx, by, o, org.ManageMembers, func(tx db.Tx, x *act) error {
		m, err := x.member(ctx, tx, a)
		if err != nil {
			return err
		}
		found, err := account.Lock(ctx, tx, a)
		if err != nil {
			return err
		}
		if found.State != account.Deleted || m.EraseAt.IsZero() || !m.EraseAt.Equal(found.EraseAt) || !tx.Now().Before(found.EraseAt) {
			return db.ErrNone
		}
		if err := account.Restore(ctx, tx, a); err != nil {
			return err
		}
		if err := org.SetErase(ctx, tx, m, nil); err != nil {
			return err
		}
		if err := x.tellAbout(ctx, tx, found, "member.restored"); err != nil {
			return err
		}
		return x.note(ctx, tx, "member.restored", a, told{})
	})
}

// tellAbout tells a member by mail what was done to them.
func (x *act) tellAbout(ctx context.Context, tx db.Tx, a account.Account, kind string) error {
	aid, err := x.aiding(ctx, tx, a)
	if err != nil {
		return err
	}
	return x.TellAid(ctx, tx, aid, kind)
}
