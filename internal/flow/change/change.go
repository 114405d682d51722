// Package change owns what a signed-in person changes about how they get in:
// the password (SE-10), and closing every door when a sign-in was not theirs
// (SI-25).
//
// Everything here asks for a proof made at the moment. It knows no page and no
// protocol.
package change

import (
	"context"
	"errors"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/cooling"
	"sekisho/internal/db"
	"sekisho/internal/factor/password"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/session"
	"sekisho/internal/slowhash"
)

// Change is the journey.
type Change struct{ *enter.Entry }

// Changed is what came of a change.
type Changed struct {
	Fault *fault.Fault
	Ended int         // other sessions that ended with it
	Token secret.Text // the session's new token
}

// Password changes the password of a session's account. The current one is
// asked for: it is the fresh proof.
func (c *Change) Password(ctx context.Context, v flow.Visitor, s session.Session, current, next string) (Changed, error) {
	try := enter.Attempt{Visitor: v, Kind: gate.Password, Class: enter.ByPassword, Act: enter.Password, Offered: true, Truth: "wrong current password"}
	var rec password.Record
	var f *fault.Fault
	err := c.DB.Update(ctx, func(tx db.Tx) (err error) {
		try.Account, rec, f, err = c.may(ctx, tx, s, try)
		return err
	})
	if err != nil || f != nil {
		return Changed{Fault: f}, err
	}
	plain, problem := password.Parse(current)
	phc := rec.PHC
	if problem != nil {
		phc = ""
	}
	right, err := c.Hasher.Verify(ctx, plain.Text(), phc)
	if errors.Is(err, slowhash.ErrBusy) {
		return Changed{Fault: faults.Busy.New()}, nil
	}
	if err != nil {
		return Changed{}, err
	}
	var word enter.Word
	if right {
		if word, f, err = c.NewPassword(ctx, try.Account, next); err != nil || f != nil {
			return Changed{Fault: f}, err
		}
	}
	return c.set(ctx, try, s, checked{rec.PHC, right, word})
}

// may says whether the password may be changed now, before any work is done.
func (c *Change) may(ctx context.Context, tx db.Tx, s session.Session, try enter.Attempt) (account.Account, password.Record, *fault.Fault, error) {
	a, err := account.Lock(ctx, tx, s.Account)
	if err != nil {
		return a, password.Record{}, nil, err
	}
	try.Account = a
	// Where there is a second factor the password alone changes nothing (MF-17).
	set, err := c.SetOf(ctx, tx, a)
	if err != nil {
		return a, password.Record{}, nil, err
	}
	if set.On() {
		if f, err := c.MayChange(ctx, tx, try.Visitor, s); err != nil || f != nil {
			return a, password.Record{}, f, err
		}
	}
	d, err := c.Try(ctx, tx, try)
	if err != nil {
		return a, password.Record{}, nil, err
	}
	if d.Verdict != gate.Admit {
		f, err := c.Refuse(ctx, tx, enter.Refusal{Visitor: try.Visitor, Account: a.ID, Decision: d, Class: enter.ByPassword, Act: enter.Password})
		return a, password.Record{}, f, err
	}
	rec := set.Record
	// PO-08: a minimum age never blocks a change that somebody ordered.
	if free := rec.SetAt.Add(set.Rules.Password.MinAge); !rec.MustChange && rec.PHC != "" && tx.Now().Before(free) {
		return a, rec, faults.PasswordTooYoung.New("retry_at", free).Until(free).By(set.Rules.Whose(set.Rules.Source.Password)), nil
	}
	return a, rec, nil, nil
}

// checked is what was found out about the current password, and the new one.
type checked struct {
	phc   string
	right bool
	word  enter.Word
}

func (c *Change) set(ctx context.Context, try enter.Attempt, s session.Session, ch checked) (Changed, error) {
	var out Changed
	err := c.DB.Update(ctx, func(tx db.Tx) error {
		out = Changed{}
		a, rec, f, err := c.may(ctx, tx, s, try)
		if err != nil || f != nil {
			out.Fault = f
			return err
		}
		try.Account = a
		if !ch.right || rec.PHC != ch.phc {
			f, err := c.Fail(ctx, tx, try)
			if err == nil && f.Code() == faults.SigninNotRecognised.Code {
				told := faults.PasswordWrong.New()
				told.Reference = f.Reference
				f = told
			}
			out.Fault = f
			return err
		}
		if err := c.Succeed(ctx, tx, try, 0); err != nil {
			return err
		}
		living, err := session.ByID(ctx, tx, s.ID)
		if errors.Is(err, db.ErrNone) {
			out.Fault = faults.SessionEnded.New()
			return nil
		}
		if err != nil {
			return err
		}
		before, err := session.All(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		out.Ended = len(before) - 1
		if err := c.SetPassword(ctx, tx, enter.Who{Visitor: try.Visitor, Account: a, Reprove: s.ID}, ch.word); err != nil {
			return err
		}
		if living.Level() == gate.Multi || slices.Contains(living.AMR, "mfa") { // as MayChange takes it
			// The password alone makes the other proof no newer (MF-17).
			out.Token, err = session.Turn(ctx, tx, living)
			return err
		}
		_, out.Token, err = session.Prove(ctx, tx, living, living.ACR, enter.With(living.AMR, "pwd"))
		return err
	})
	return out, err
}

// Notice is what the two answers to a notice of a new sign-in can say.
type Notice struct {
	Account account.Account
	At      time.Time       // since when things are doubted
	Session session.Session // what was opened; zero once it has ended
	Handled bool            // the doors are closed, and no less is doubted: nothing is left to do
}

// ReadNotice reads the link in a notice without doing anything.
func (c *Change) ReadNotice(ctx context.Context, token string) (Notice, *fault.Fault, error) {
	var n Notice
	var f *fault.Fault
	err := c.DB.View(ctx, func(tx db.ReadTx) error {
		id, opened, at, ok := c.Entry.ReadNotice(token, tx.Now())
		if !ok {
			f = faults.LinkExpired.New()
			return nil
		}
		a, err := account.Of(ctx, tx, id)
		if errors.Is(err, db.ErrNone) {
			f = faults.LinkExpired.New()
			return nil
		}
		if err != nil {
			return err
		}
		s, err := session.ByID(ctx, tx, opened)
		if err != nil && !errors.Is(err, db.ErrNone) {
			return err
		}
		n = Notice{Account: a, At: at, Session: s, Handled: handled(a, at)}
		return nil
	})
	return n, f, err
}

// handled says whether the doors are closed and what came since an instant was taken
// back. That they were closed once says nothing: somebody may be in again.
func handled(a account.Account, since time.Time) bool {
	return !a.Contained.IsZero() && !a.Doubted.IsZero() && !a.Doubted.After(since)
}

// Contain is the answer "this was not me": every session and app ends, nothing
// opens the account until a new password is set by way of recovery, what came since
// is taken back, and the owner is told.
func (c *Change) Contain(ctx context.Context, v flow.Visitor, token string) (*fault.Fault, error) {
	n, f, err := c.ReadNotice(ctx, token)
	if err != nil || f != nil || n.Handled {
		return f, err
	}
	once := func() error {
		return c.DB.Update(ctx, func(tx db.Tx) error {
			// An organisation that was joined since is left: it is held first.
			if _, err := org.Held(ctx, tx, n.Account.ID); err != nil && !errors.Is(err, db.ErrNone) {
				return err
			}
			a, err := account.Lock(ctx, tx, n.Account.ID)
			if err != nil || handled(a, n.At) {
				return err
			}
			return c.Entry.Contain(ctx, tx, v, a, n.At)
		})
	}
	if err = once(); errors.Is(err, db.ErrTaken) {
		err = once() // another account has proved meanwhile what was to be put back
	}
	return nil, err
}

// LookCancel says what waits that a link would cancel.
func (c *Change) LookCancel(ctx context.Context, token string) (w cooling.Wait, f *fault.Fault, err error) {
	err = c.DB.View(ctx, func(tx db.ReadTx) (err error) {
		w, err = c.ReadCancel(ctx, tx, token)
		if errors.Is(err, db.ErrNone) {
			f = faults.LinkUsed.New()
			return nil
		}
		return err
	})
	return w, f, err
}

// Cancel ends a recovery that waits, or what waits to replace Tegata, because it is not its reader's: somebody else
// reads what is sent to the account, so all of its doors close.
func (c *Change) Cancel(ctx context.Context, v flow.Visitor, token string) (f *fault.Fault, err error) {
	err = c.DB.Update(ctx, func(tx db.Tx) error {
		f = nil
		w, err := c.ReadCancel(ctx, tx, token)
		if err == nil {
			var a account.Account
			if a, err = account.Lock(ctx, tx, w.Account); err == nil {
				// Of two, and of a password set at the same instant, one comes first.
				_, err = c.ReadCancel(ctx, tx, token)
			}
			if err == nil {
				return c.Entry.Contain(ctx, tx, v, a, time.Time{})
			}
		}
		if errors.Is(err, db.ErrNone) {
			f = faults.LinkUsed.New()
			return nil
		}
		return err
	})
	return f, err
}

// Confirm is the answer "this was me": it is written down and changes nothing.
func (c *Change) Confirm(ctx context.Context, v flow.Visitor, token string) (*fault.Fault, error) {
	n, f, err := c.ReadNotice(ctx, token)
	if err != nil || f != nil {
		return f, err
	}
	return nil, c.DB.Update(ctx, func(tx db.Tx) error {
		_, err := audit.Write(ctx, tx, audit.Event{Kind: "signin.recognised", Account: n.Account.ID, Actor: string(n.Account.ID),
			Addr: v.Addr.String(), Agent: v.Program, Place: v.Place})
		return err
	})
}

// End ends those of the given sessions that are the account's own; with others
// it ends all but the one that asks.
func (c *Change) End(ctx context.Context, v flow.Visitor, s session.Session, ids []ref.Session, others bool) (ended int, err error) {
	err = c.DB.Update(ctx, func(tx db.Tx) error {
		a, err := account.Lock(ctx, tx, s.Account)
		if err != nil {
			return err
		}
		own, err := session.All(ctx, tx, s.Account)
		if err != nil {
			return err
		}
		chosen := ids
		if others {
			chosen = nil
			for _, id := range own {
				if id != s.ID {
					chosen = append(chosen, id)
				}
			}
		}
		ended, err = c.EndChosen(ctx, tx, enter.Who{Visitor: v, Account: a}, chosen)
		return err
	})
	return ended, err
}
