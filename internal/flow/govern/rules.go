package govern

import (
	"context"
	"errors"
	"slices"
	"strings"

	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
)

// AddGroup makes a group.
func (g *Govern) AddGroup(ctx context.Context, by By, o ref.Org, name string) (made org.Group, err error) {
	if name, err = org.ParseName(name); err != nil {
		return made, err
	}
	err = g.change(ctx, by, o, org.ManageGroups, func(tx db.Tx, x *act) (err error) {
		if made, err = org.NewGroup(ctx, tx, o, name); err != nil {
			return err
		}
		return x.note(ctx, tx, "group.added", "", told{Group: made.ID, What: name})
	})
	return made, err
}

// RemoveGroup removes a group; its members stay members. What was set for it is for
// nobody any more: so it is also for who may change policies to decide, and nobody above
// whoever acts is taken out of a group by it.
func (g *Govern) RemoveGroup(ctx context.Context, by By, o ref.Org, what string) error {
	return g.change(ctx, by, o, org.ManageGroups, func(tx db.Tx, x *act) error {
		found, err := org.GroupNamed(ctx, tx, o, what)
		if err != nil {
			return err
		}
		if err := x.mayRemove(ctx, tx, found.ID); err != nil {
			return err
		}
		if err := org.RemoveGroup(ctx, tx, o, found.ID); err != nil {
			return err
		}
		return x.note(ctx, tx, "group.removed", "", told{Group: found.ID, What: found.Name})
	})
}

func (x *act) mayRemove(ctx context.Context, tx db.Tx, group ref.Group) error {
	roles, err := org.RolesIn(ctx, tx, x.org.ID, group)
	if err != nil {
		return err
	}
	for _, role := range roles {
		if _, err := x.reaches(ctx, tx, role); err != nil {
			return err
		}
	}
	list, err := org.Policies(ctx, tx, x.org.ID)
	if err != nil || org.Within(x.held, []org.Permission{org.ManagePolicies}) {
		return err
	}
	for _, p := range list {
		if slices.ContainsFunc(p.Targets, func(t policy.Target) bool { return t.Whom == string(group) }) {
			return ErrForbidden
		}
	}
	return nil
}

// Put puts a member into a group. db.ErrNone when they are in it.
func (g *Govern) Put(ctx context.Context, by By, o ref.Org, a ref.Account, what string) error {
	return g.regroup(ctx, by, o, move{a, what, "member.group_joined", org.Put})
}

// Take takes a member out of a group. db.ErrNone when they are not in it.
func (g *Govern) Take(ctx context.Context, by By, o ref.Org, a ref.Account, what string) error {
	return g.regroup(ctx, by, o, move{a, what, "member.group_left", org.Take})
}

// move is one member's way into a group or out of it.
type move struct {
	account ref.Account
	group   string
	kind    string
	do      func(context.Context, db.Tx, org.Member, ref.Group) error
}

func (g *Govern) regroup(ctx context.Context, by By, o ref.Org, v move) error {
	return g.change(ctx, by, o, org.ManageGroups, func(tx db.Tx, x *act) error { return x.move(ctx, tx, v) })
}

func (x *act) move(ctx context.Context, tx db.Tx, v move) error {
	// Groups carry policies: who is above whoever acts is not moved by them.
	m, err := x.member(ctx, tx, v.account)
	if err != nil {
		return err
	}
	found, err := org.GroupNamed(ctx, tx, x.org.ID, v.group)
	if err != nil {
		return err
	}
	if err := v.do(ctx, tx, m, found.ID); err != nil {
		return err
	}
	return x.note(ctx, tx, v.kind, v.account, told{Group: found.ID, What: found.Name})
}

// SetPolicy makes a policy, or changes the one of that name; see org.SetPolicy.
func (g *Govern) SetPolicy(ctx context.Context, by By, o ref.Org, p policy.Policy, seen int64) (set org.Policy, err error) {
	if p.Name, err = org.ParseName(p.Name); err != nil {
		return set, err
	}
	if s := p.SecondFactor; s != nil && s.Demanded && !g.kindsHere(s.Kinds) {
		return set, &Refused{faults.PolicyNoKind.New()}
	}
	err = g.reshape(ctx, by, o, p.Name, func(tx db.Tx, x *act) error {
		before, err := org.PolicyNamed(ctx, tx, o, p.Name)
		if err != nil && !errors.Is(err, db.ErrNone) {
			return err
		}
		if set, err = org.SetPolicy(ctx, tx, o, p, seen); err != nil {
			return err
		}
		t := told{Policy: set.ID, Version: set.Version, What: set.Name, Parts: set.Policy}
		if before.ID != "" {
			t.Before = before.Policy
		}
		return x.note(ctx, tx, "policy.set", "", t)
	})
	return set, err
}

// RemovePolicy removes a policy.
func (g *Govern) RemovePolicy(ctx context.Context, by By, o ref.Org, what string) error {
	return g.policy(ctx, by, o, what, func(tx db.Tx, x *act, p org.Policy) error {
		if err := org.RemovePolicy(ctx, tx, o, p.ID); err != nil {
			return err
		}
		return x.note(ctx, tx, "policy.removed", "", told{Policy: p.ID, What: p.Name, Before: p.Policy})
	})
}

// Order puts the named policies first, in this order.
func (g *Govern) Order(ctx context.Context, by By, o ref.Org, names []string) error {
	return g.reshape(ctx, by, o, strings.Join(names, ", "), func(tx db.Tx, x *act) error {
		var ids []ref.Policy
		for _, name := range names {
			p, err := org.PolicyNamed(ctx, tx, o, name)
			if err != nil {
				return err
			}
			ids = append(ids, p.ID)
		}
		if err := org.Order(ctx, tx, o, ids); err != nil {
			return err
		}
		return x.note(ctx, tx, "policy.ordered", "", told{Order: names})
	})
}

// Aim is for whom a policy is, or is not.
type Aim struct {
	All     bool
	Group   string      // its name or ID
	Account ref.Account // a member
	Exclude bool
}

// Assign says for whom a policy is, or is not.
func (g *Govern) Assign(ctx context.Context, by By, o ref.Org, what string, aim Aim) error {
	return g.policy(ctx, by, o, what, func(tx db.Tx, x *act, p org.Policy) error {
		whom, err := x.whom(ctx, tx, aim)
		if err != nil {
			return err
		}
		if err := org.Assign(ctx, tx, p, whom, aim.Exclude); err != nil {
			return err
		}
		return x.note(ctx, tx, "policy.assigned", "", told{Policy: p.ID, What: p.Name, Whom: whom, Exclude: aim.Exclude})
	})
}

// Unassign takes a target of a policy away. db.ErrNone when it was none.
func (g *Govern) Unassign(ctx context.Context, by By, o ref.Org, what string, aim Aim) error {
	return g.policy(ctx, by, o, what, func(tx db.Tx, x *act, p org.Policy) error {
		whom, err := x.whom(ctx, tx, aim)
		if err != nil {
			return err
		}
		if err := org.Unassign(ctx, tx, p, whom); err != nil {
			return err
		}
		return x.note(ctx, tx, "policy.unassigned", "", told{Policy: p.ID, What: p.Name, Whom: whom})
	})
}

func (g *Govern) policy(ctx context.Context, by By, o ref.Org, what string, do func(db.Tx, *act, org.Policy) error) error {
	return g.reshape(ctx, by, o, what, func(tx db.Tx, x *act) error {
		p, err := org.PolicyNamed(ctx, tx, o, what)
		if err != nil {
			return err
		}
		x.what = p.Name
		return do(tx, x, p)
	})
}

// whom names a target: it is the organisation's own, or is not there.
func (x *act) whom(ctx context.Context, tx db.Tx, aim Aim) (string, error) {
	switch {
	case aim.All:
		return policy.All, nil
	case aim.Group != "":
		g, err := org.GroupNamed(ctx, tx, x.org.ID, aim.Group)
		return string(g.ID), err
	}
	m, err := org.MemberOf(ctx, tx, x.org.ID, aim.Account)
	return string(m.Account), err
}

// Move puts a policy one place up, or down, in the order. At the end it stays.
func (g *Govern) Move(ctx context.Context, by By, o ref.Org, what string, up bool) error {
	return g.policy(ctx, by, o, what, func(tx db.Tx, x *act, p org.Policy) error {
		list, err := org.Policies(ctx, tx, o)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(y org.Policy) bool { return y.ID == p.ID })
		j := i + 1
		if up {
			j = i - 1
		}
		if j < 0 || j >= len(list) {
			return nil
		}
		list[i], list[j] = list[j], list[i]
		var ids []ref.Policy
		var names []string
		for _, y := range list {
			ids, names = append(ids, y.ID), append(names, y.Name)
		}
		if err := org.Order(ctx, tx, o, ids); err != nil {
			return err
		}
		return x.note(ctx, tx, "policy.ordered", "", told{Order: names})
	})
}
