package enter

import (
	"context"
	"errors"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/gate"
	"sekisho/internal/session"
)

// FreshFor is how long a proof counts for changes of what guards the account
// (MF-17).
const FreshFor = 10 * time.Minute

// MayChange asks gate whether a session may change what guards its account. The
// fault is nil when it may. Whoever changes something asks in the transaction
// that changes it.
func (e *Entry) MayChange(ctx context.Context, r db.Reader, v flow.Visitor, s session.Session) (*fault.Fault, error) {
	living, err := session.ByID(ctx, r, s.ID)
	if errors.Is(err, db.ErrNone) {
		return faults.SessionEnded.New(), nil
	}
	if err != nil {
		return nil, err
	}
	a, err := account.Of(ctx, r, living.Account)
	if err != nil {
		return nil, err
	}
	set, err := e.SetOf(ctx, r, a)
	if err != nil {
		return nil, err
	}
	rules := set.Rules
	d := gate.Decide(gate.Facts{
		Door: v.Door, Act: gate.Change, Now: r.Now(), Account: gate.State(a.State), From: v.Addr,
		SessionEnds: living.Expires, LastUsed: later(living.LastUsed, s.LastUsed), SignedInSince: living.Created,
		LastProof: living.AuthTime, FreshFor: FreshFor, Level: living.Level(), Since: living.Since, Set: set.Seconds(), Issued: set.Issued, OnFile: set.onFile(), Sent: living.Sent,
		Both: slices.Contains(living.AMR, "mfa"), Contained: !a.Contained.IsZero(),
		Locked: a.Locked(r.Now()), LockEnds: a.LockEnds,
	}, rules)
	switch {
	case d.Verdict == gate.Admit:
		return nil, nil
	case d.Verdict == gate.Prove:
		return faults.FreshRequired.New(), nil
	}
	entry, ok := faults.ByCode(d.Code)
	if !ok {
		entry = faults.SessionEnded
	}
	return entry.New(d.Args(rules)...).Until(d.RetryAt).By(d.Whose(rules)), nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Weigh says what gate would ask of somebody who wants to enter, without opening
// anything: the ways are those of a second proof that is still missing. What refuses is
// told: it is not that nothing is missing.
func (e *Entry) Weigh(ctx context.Context, tx db.Tx, w Who) (Result, error) {
	s, err := e.look(ctx, tx, w)
	if err != nil {
		return Result{}, err
	}
	// How many sign-ins and sessions there are is looked at when one is opened: it must
	// not keep a password from being set.
	s.facts.SigninsToday, s.facts.Sessions = 0, 0
	switch d := gate.Decide(s.facts, s.set.Rules); d.Verdict {
	case gate.Admit:
		return Result{}, nil
	case gate.Prove:
		return e.more(ctx, tx, w, s, d)
	default:
		f, err := e.Refuse(ctx, tx, Refusal{Visitor: w.Visitor, Account: w.Account.ID, Decision: d, Facts: gate.Keep(s.facts), Rules: s.set.Rules})
		return Result{Fault: f}, err
	}
}
