package enter

import (
	"context"
	"errors"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/allowed"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/flow"
	"sekisho/internal/gate"
	"sekisho/internal/letter"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
	"sekisho/internal/session"
)

// ShutsOut asks gate whether a session, asked for from where its holder is, would be
// refused for its address under other rules (PO-17).
func ShutsOut(v flow.Visitor, s session.Session, p *policy.Effective, now time.Time) bool {
	d := gate.Decide(gate.Facts{Door: v.Door, Act: gate.Continue, Now: now, Account: gate.Active, From: v.Addr,
		SessionEnds: s.Expires, LastUsed: now, SignedInSince: s.Created, Level: s.Level(), Since: s.Since}, p)
	return d.Code == "signin.ip_not_allowed"
}

// Named is a list as audit rows tell it.
type Named struct {
	Allowed []policy.Entry `json:"allowed"`
	Waits   bool           `json:"waits,omitempty"` // it has to be confirmed
}

// NoteAllowed writes down that the owner's own list is another, and tells all addresses:
// who keeps the owner out is not to keep it from them.
func (e *Entry) NoteAllowed(ctx context.Context, tx db.Tx, w Who, kind string, l allowed.List) error {
	row := audit.Event{Kind: kind, Account: w.Account.ID, Actor: string(w.Account.ID), Session: w.Reprove,
		Agent: w.Visitor.Program, Place: w.Visitor.Place, Detail: Named{l.Entries, l.Pending != nil}}
	from := letter.From{}
	if w.Visitor.Addr.IsValid() { // else it came about by itself
		row.Addr, from = w.Visitor.Addr.String(), e.From(w.Visitor, tx.Now())
	}
	if _, err := audit.Write(ctx, tx, row); err != nil {
		return err
	}
	link := e.DoubtOf(w.Account.ID, tx.Now())
	if w.Reprove != "" {
		s, err := session.ByID(ctx, tx, w.Reprove)
		if err != nil {
			return err
		}
		link = e.Doubt(s)
	}
	return e.Tell(ctx, tx, w.Account, kind, func(letter.To) letter.Change {
		return letter.Change{What: kind, Link: link, From: from}
	})
}

// Bars says whether the owner's own list keeps them from where they are now.
func (e *Entry) Bars(ctx context.Context, r db.Reader, a ref.Account, v flow.Visitor) (bool, error) {
	l, err := allowed.Of(ctx, r, a)
	return err == nil && !l.Allows(v.Addr), err
}

// LiftAllowed takes the owner's own list away where it bars who has proved all that a
// recovery asks for (RC-09).
func (e *Entry) LiftAllowed(ctx context.Context, tx db.Tx, w Who) error {
	l, err := allowed.Of(ctx, tx, w.Account.ID)
	if err != nil || l.Allows(w.Visitor.Addr) {
		return err
	}
	return e.dropAllowed(ctx, tx, w, l)
}

func (e *Entry) dropAllowed(ctx context.Context, tx db.Tx, w Who, was allowed.List) error {
	l, err := allowed.Set(ctx, tx, was, policy.Address{}, "")
	if err != nil {
		return err
	}
	return e.NoteAllowed(ctx, tx, w, "allowed.lifted", l)
}

// allowed takes back a list that is doubted: it may let a thief in and nobody else.
func (u *undoing) allowed(ctx context.Context, tx db.Tx) error {
	l, err := allowed.Of(ctx, tx, u.account.ID)
	if err != nil || len(l.Allowed) == 0 || !u.doubts(l.Changed) {
		return err
	}
	u.stood(tx.Now(), l.Changed)
	return u.dropAllowed(ctx, tx, Who{Visitor: u.visitor, Account: u.account}, l)
}

// SettleAllowed writes down which lists were not confirmed in time, at most n.
func (e *Entry) SettleAllowed(ctx context.Context, tx db.Tx, n int) error {
	due, err := allowed.Due(ctx, tx, n)
	if err != nil {
		return err
	}
	for _, id := range due {
		a, err := account.Lock(ctx, tx, id)
		var l allowed.List
		if err == nil {
			l, err = allowed.Settle(ctx, tx, id)
		}
		if errors.Is(err, db.ErrNone) {
			continue // another node was quicker, or its owner, or the account is gone
		}
		if err != nil {
			return err
		}
		if err := e.NoteAllowed(ctx, tx, Who{Account: a}, "allowed.reverted", l); err != nil {
			return err
		}
	}
	return nil
}
