// Package allow is the journey of an account's own list of addresses (PO-01): set,
// confirmed from another session where it shuts its author out, taken back (PO-17).
//
// It asks gate whom a list shuts out and knows no page and no protocol. What an
// organisation allows is its admins' business (package govern).
package allow

import (
	"context"
	"errors"

	"sekisho/internal/account"
	"sekisho/internal/allowed"
	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/policy"
	"sekisho/internal/session"
)

// Allow is the journey.
type Allow struct{ *enter.Entry }

// View is the list as it stands.
type View struct {
	List  allowed.List
	Here  bool              // it waits, and this is the session that set it
	Rules *policy.Effective // what else holds: the organisation's list
	Fault *fault.Fault
}

// Look reads the list.
func (a *Allow) Look(ctx context.Context, s session.Session) (v View, err error) {
	err = a.DB.View(ctx, func(tx db.ReadTx) error {
		v, err = a.view(ctx, tx, s)
		return err
	})
	return v, err
}

func (a *Allow) view(ctx context.Context, r db.Reader, s session.Session) (v View, err error) {
	if v.Rules, err = a.Rules.Of(ctx, r, s.Account); err != nil {
		return v, err
	}
	v.List, err = allowed.Of(ctx, r, s.Account)
	v.Here = v.List.Pending != nil && v.List.Pending.Session == s.ID
	return v, err
}

// Malformed tells what is wrong with a list.
func Malformed(flaw *policy.ListError) *fault.Fault {
	return faults.ListMalformed.New("kind", string(flaw.Flaw), "line", flaw.Line, "text", flaw.Text, "want", flaw.Want,
		"lines", policy.MostEntries, "networks", policy.MostPrefixes)
}

// MostOwn is how many lines a list of one's own has at most: the check of every session
// reads it.
const MostOwn = 50

// Set puts a list in the place of the one with the version that its author saw. One that
// shuts out the session that sets it holds at once, and has to be confirmed in another.
func (a *Allow) Set(ctx context.Context, v flow.Visitor, s session.Session, list policy.Address, seen int64) (View, error) {
	if len(list.Entries) > MostOwn || len(list.Allowed) > 4*MostOwn {
		return View{Fault: faults.ListTooLong.New("lines", MostOwn, "networks", 4*MostOwn)}, nil
	}
	return a.act(ctx, v, s, func(tx db.Tx, who enter.Who, was allowed.List) (*fault.Fault, error) {
		if f, err := a.MayChange(ctx, tx, v, s); err != nil || f != nil {
			return f, err
		}
		if was.Version != seen {
			return faults.RulesChanged.New(), nil
		}
		rules, err := a.Rules.Of(ctx, tx, s.Account)
		if err != nil {
			return nil, err
		}
		then := *rules
		then.Own = policy.Own{Address: list}
		kind, by := "allowed.set", s.ID
		switch {
		case enter.ShutsOut(v, s, &then, tx.Now()):
			kind = "allowed.waits"
		case len(list.Allowed) == 0:
			kind, by = "allowed.removed", ""
		default:
			by = ""
		}
		l, err := allowed.Set(ctx, tx, was, list, by)
		if err != nil {
			return nil, err
		}
		return nil, a.NoteAllowed(ctx, tx, who, kind, l)
	})
}

// Confirm lets a list that waits stand. Whoever gets here in another session was let in
// under it.
func (a *Allow) Confirm(ctx context.Context, v flow.Visitor, s session.Session) (View, error) {
	return a.act(ctx, v, s, func(tx db.Tx, who enter.Who, was allowed.List) (*fault.Fault, error) {
		if f, err := a.pending(ctx, tx, v, s, was); err != nil || f != nil {
			return f, err
		}
		if was.Pending.Session == s.ID {
			return faults.ConfirmElsewhere.New("until", was.Pending.Until), nil
		}
		err := allowed.Confirm(ctx, tx, was, s.ID)
		if errors.Is(err, db.ErrNone) {
			return faults.RulesTakenBack.New(), nil
		}
		if err != nil {
			return nil, err
		}
		was.Pending = nil
		return nil, a.NoteAllowed(ctx, tx, who, "allowed.confirmed", was)
	})
}

// Undo takes a list that waits back at once.
func (a *Allow) Undo(ctx context.Context, v flow.Visitor, s session.Session) (View, error) {
	return a.act(ctx, v, s, func(tx db.Tx, who enter.Who, was allowed.List) (*fault.Fault, error) {
		if f, err := a.pending(ctx, tx, v, s, was); err != nil || f != nil {
			return f, err
		}
		l, err := allowed.Set(ctx, tx, allowed.List{Account: was.Account, Version: was.Version}, was.Pending.Before, "")
		if err != nil {
			return nil, err
		}
		return nil, a.NoteAllowed(ctx, tx, who, "allowed.reverted", l)
	})
}

// pending says what keeps a list that waits from being decided on: it does not wait any
// more, or gate does not let the session go on.
func (a *Allow) pending(ctx context.Context, tx db.Tx, v flow.Visitor, s session.Session, l allowed.List) (*fault.Fault, error) {
	if l.Pending == nil {
		return faults.RulesTakenBack.New(), nil
	}
	rules, err := a.Rules.Of(ctx, tx, s.Account)
	if err == nil && enter.ShutsOut(v, s, rules, tx.Now()) {
		return faults.SigninIPNotAllowed.New("kind", policy.ByOwner, "address", v.Addr.String()), nil
	}
	return nil, err
}

// act runs a change with the account held.
func (a *Allow) act(ctx context.Context, v flow.Visitor, s session.Session, do func(db.Tx, enter.Who, allowed.List) (*fault.Fault, error)) (out View, err error) {
	err = a.DB.Update(ctx, func(tx db.Tx) error {
		out = View{}
		owner, err := account.Lock(ctx, tx, s.Account)
		if err != nil {
			return err
		}
		if _, err := session.ByID(ctx, tx, s.ID); err != nil {
			return err
		}
		was, err := allowed.Of(ctx, tx, s.Account)
		if err != nil {
			return err
		}
		f, err := do(tx, enter.Who{Visitor: v, Account: owner, Reprove: s.ID}, was)
		if err != nil {
			return err
		}
		out, err = a.view(ctx, tx, s)
		out.Fault = f
		return err
	})
	if errors.Is(err, db.ErrNone) {
		return View{Fault: faults.SessionEnded.New()}, nil
	}
	return out, err
}
