package me

import (
	"context"
	"slices"

	"sekisho/internal/db"
	"sekisho/internal/flow/invite"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

// Rules shows what holds for the person, and whose rule it is (PO-00).
type Rules struct {
	Org    string // empty: they are in no organisation
	Role   string // a built-in role
	Named  string // a role that the organisation made
	Groups []string
	Helps  []org.Leader // who can be asked
	Parts  []policy.Part
	Offer  string // the organisation that an address of theirs lets them join
	Joined bool   // a moment ago
	Left   bool
}

func (d *Door) rules(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	var p Rules
	err = d.Change.DB.View(ctx, func(tx db.ReadTx) error {
		p = Rules{Joined: q["joined"] == "1", Left: q["left"] == "1"}
		held, err := d.Change.Rules.Of(ctx, tx, r.Session.Account)
		if err != nil {
			return err
		}
		p.Org, p.Parts = held.Org.Name, policy.Parts(held.Values())
		if held.Org.ID == "" {
			return nil
		}
		return p.member(ctx, tx, held.Org.ID, r.Session.Account)
	})
	if err == nil && p.Org == "" {
		var o invite.Offer
		o, err = d.Invite.Offered(ctx, r.Session.Account)
		p.Offer = o.Org.Name
	}
	return web.Show("me/rules", p), err
}

// member reads how somebody stands in their organisation.
func (p *Rules) member(ctx context.Context, r db.Reader, o ref.Org, a ref.Account) error {
	m, err := org.MemberOf(ctx, r, o, a)
	if err != nil {
		return err
	}
	groups, err := org.Groups(ctx, r, o)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if slices.Contains(m.Groups, g.ID) {
			p.Groups = append(p.Groups, g.Name)
		}
	}
	if p.Helps, err = org.Leading(ctx, r, o, 6); err != nil {
		return err
	}
	if slices.Contains(org.Builtin, m.Role) {
		p.Role = m.Role
		return nil
	}
	roles, err := org.Roles(ctx, r, o)
	for _, x := range roles {
		if string(x.ID) == m.Role {
			p.Named = x.Name
		}
	}
	return err
}

// Leave asks once before somebody leaves their organisation.
type Leave struct{ Org string }

func (d *Door) memberRoutes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/me/rules/leave", Guard: web.Fresh, Face: web.Page, Handle: d.leaveAsk},
		{Method: "POST", Path: "/me/rules/leave", Guard: web.Fresh, Face: web.Page, Handle: d.leave},
	}
}

func (d *Door) leaveAsk(_ context.Context, r *web.Request) (web.Response, error) {
	o := r.Rules().Org
	if o.ID == "" {
		return web.Go("/me/rules"), nil
	}
	return web.Show("me/rules-leave", Leave{o.Name}), nil
}

func (d *Door) leave(ctx context.Context, r *web.Request) (web.Response, error) {
	f, err := d.Invite.Leave(ctx, r.Describe(), r.Session)
	if err != nil || f != nil {
		return web.Refuse(f), err
	}
	return web.Go("/me/rules?left=1"), nil
}
