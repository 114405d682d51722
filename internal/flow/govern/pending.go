package govern

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
	"sekisho/internal/session"
)

// reshape changes the rules. A change under which its author would be refused where they
// are holds at once, and takes itself back unless it is confirmed (PO-17). While one
// waits there is no other: there is one state to go back to.
func (g *Govern) reshape(ctx context.Context, by By, o ref.Org, what string, do func(db.Tx, *act) error) error {
	return g.change(ctx, by, o, org.ManagePolicies, func(tx db.Tx, x *act) error {
		p, err := org.PendingOf(ctx, tx, o)
		if err == nil {
			return &Refused{faults.PolicyWaits.New("until", p.Until, "policy", p.What)}
		}
		if !errors.Is(err, db.ErrNone) {
			return err
		}
		if x.before, err = org.Policies(ctx, tx, o); err != nil {
			return err
		}
		if x.owners, err = x.ownersHold(ctx, tx); err != nil {
			return err
		}
		x.what = what
		return do(tx, x)
	})
}

// recent is how long an address is one that somebody uses after they signed in from it,
// and mostEntrances how many of somebody's sign-ins are looked at.
const (
	recent        = 30 * 24 * time.Hour
	mostEntrances = 100
)

// ownersHold says what holds for each owner who can sign in; nil where whoever acts is
// an owner's equal, or acts on what is no rule: owners are moved by nobody below them.
func (x *act) ownersHold(ctx context.Context, tx db.Tx) (map[ref.Account]*policy.Effective, error) {
	if org.Within(x.held, []org.Permission{org.Own}) {
		return nil, nil
	}
	list, err := org.Owners(ctx, tx, x.org.ID, mostOwners)
	if err != nil {
		return nil, err
	}
	return x.Rules.Several(ctx, tx, x.org.ID, list)
}

// keepsOwners refuses rules that would keep an owner out of every address that they have
// signed in from lately: who may set rules is not to take the organisation over with them.
func (x *act) keepsOwners(ctx context.Context, tx db.Tx) error {
	if x.owners == nil || x.back {
		return nil
	}
	after, err := x.ownersHold(ctx, tx)
	if err != nil {
		return err
	}
	for id, rules := range after {
		if before := x.owners[id]; before == nil || rules.Address.Covers(before.Address) {
			continue
		}
		list, err := audit.Of(ctx, tx, id, audit.Filter{Prefix: audit.Succeeded, Since: tx.Now().Add(-recent), Limit: mostEntrances})
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(list, func(r audit.Row) bool { return enters(r.Addr, rules, tx.Now()) }) {
			return &Refused{faults.PolicyShutsOwner.New()}
		}
	}
	return nil
}

// enters asks gate whether a session would go on at an address.
func enters(addr string, rules *policy.Effective, now time.Time) bool {
	from, err := netip.ParseAddr(addr)
	return err == nil && !enter.ShutsOut(flow.Visitor{Door: gate.API, Addr: from}, session.Session{Created: now, Expires: now.Add(time.Hour)}, rules, now)
}

// stays looks whether whoever acted can go on from where they are. Rules that shut them
// out wait to be confirmed; nothing else may.
func (x *act) stays(ctx context.Context, tx db.Tx) error {
	if x.by.Operator || x.back {
		return nil
	}
	if err := x.keepsOwners(ctx, tx); err != nil {
		return err
	}
	rules, err := x.Rules.Of(ctx, tx, x.by.account())
	if err != nil || !enter.ShutsOut(x.by.Visitor, x.by.Session, rules, tx.Now()) {
		return err
	}
	if x.before == nil {
		return &Refused{faults.PolicyShutsOut.New("address", x.by.Visitor.Addr.String())}
	}
	p, err := org.Stand(ctx, tx, org.Pending{Org: x.org.ID, Account: x.by.account(), Session: x.by.Session.ID, What: x.what}, x.before)
	if err != nil {
		return err
	}
	return x.note(ctx, tx, "policy.waits", "", told{What: p.What})
}

// Waiting is the change of an organisation's rules that waits to be confirmed; the zero
// Pending where none does.
func (g *Govern) Waiting(ctx context.Context, o ref.Org) (p org.Pending, err error) {
	err = g.DB.View(ctx, func(tx db.ReadTx) (err error) {
		p, err = WaitingIn(ctx, tx, o)
		return err
	})
	return p, err
}

// WaitingIn is Waiting within a read.
func WaitingIn(ctx context.Context, r db.Reader, o ref.Org) (org.Pending, error) {
	p, err := org.PendingOf(ctx, r, o)
	if errors.Is(err, db.ErrNone) || err == nil && p.Over(r.Now()) {
		return org.Pending{}, nil
	}
	return p, err
}

// Confirm lets a change that waits stand. Gate has let in whoever gets here, under the
// rules that they confirm.
func (g *Govern) Confirm(ctx context.Context, by By, o ref.Org) error {
	return g.change(ctx, by, o, org.ManagePolicies, func(tx db.Tx, x *act) error {
		p, err := org.PendingOf(ctx, tx, o)
		if errors.Is(err, db.ErrNone) {
			return &Refused{faults.RulesTakenBack.New()}
		}
		if err != nil {
			return err
		}
		if !by.Operator && p.Session == by.Session.ID {
			return &Refused{faults.ConfirmElsewhere.New("until", p.Until)}
		}
		if err := org.Confirm(ctx, tx, o, by.Session.ID); err != nil {
			return err
		}
		return x.note(ctx, tx, "policy.confirmed", "", told{What: p.What})
	})
}

// Revert takes a change that waits back at once.
func (g *Govern) Revert(ctx context.Context, by By, o ref.Org) error {
	return g.change(ctx, by, o, org.ManagePolicies, func(tx db.Tx, x *act) error {
		x.back = true
		err := x.revert(ctx, tx)
		if errors.Is(err, db.ErrNone) {
			return &Refused{faults.RulesTakenBack.New()}
		}
		return err
	})
}

func (x *act) revert(ctx context.Context, tx db.Tx) error {
	p, err := org.Revert(ctx, tx, x.org.ID)
	if err != nil {
		return err
	}
	return x.note(ctx, tx, "policy.reverted", "", told{What: p.What})
}

// settle writes down that a change was not confirmed in time, before anything else is
// done: whoever acts builds on what holds.
func (x *act) settle(ctx context.Context, tx db.Tx) error {
	p, err := org.PendingOf(ctx, tx, x.org.ID)
	if errors.Is(err, db.ErrNone) || err == nil && !p.Over(tx.Now()) {
		return nil
	}
	if err != nil {
		return err
	}
	by := *x
	by.by = By{Operator: true}
	return by.revert(ctx, tx)
}

// Settle writes down which changes were not confirmed in time, at most n. They hold no
// more since their time was over.
func (g *Govern) Settle(ctx context.Context, tx db.Tx, n int) error {
	list, err := org.Overdue(ctx, tx, n)
	if err != nil {
		return err
	}
	for _, o := range list {
		x := &act{Govern: g, by: By{Operator: true}}
		if x.org, err = org.Change(ctx, tx, o); err == nil {
			err = x.settle(ctx, tx)
		}
		if err != nil && !errors.Is(err, db.ErrNone) { // else another node was quicker
			return err
		}
	}
	return nil
}

// kindsHere says whether somebody can set up one of the kinds that a policy demands
// here: else every session would be held for ever.
func (g *Govern) kindsHere(kinds []string) bool {
	for _, k := range kinds {
		if (k != "smscode" || g.SMS) && (k != "passkey" || g.Keys != nil) {
			return true
		}
	}
	return len(kinds) == 0
}

// mostOwners bounds how many owners are looked at.
const mostOwners = 200

// Bare says how many owners there are, and how many of them have nothing that would count
// as a second factor if these were the kinds allowed: they are asked to set one up.
func (g *Govern) Bare(ctx context.Context, o ref.Org, kinds []string) (owners, bare int, err error) {
	then := policy.Effective{SecondFactor: policy.SecondFactor{Kinds: kinds}}
	err = g.DB.View(ctx, func(tx db.ReadTx) error {
		list, err := org.Owners(ctx, tx, o, mostOwners)
		owners, bare = len(list), 0
		for _, id := range list {
			if err != nil {
				return err
			}
			var a account.Account
			if a, err = account.Of(ctx, tx, id); err != nil {
				return err
			}
			var set enter.Set
			set, err = g.SetOf(ctx, tx, a)
			if !slices.ContainsFunc(set.Seconds(), func(k gate.Kind) bool { return gate.Switches(k) && gate.Permits(&then, k) }) {
				bare++
			}
		}
		return err
	})
	return owners, bare, err
}
