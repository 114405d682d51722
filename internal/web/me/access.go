package me

import (
	"context"
	"errors"
	"slices"

	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/flow/access"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

// Access lists everything that has access (SE-05).
type Access struct {
	Items  []access.Item
	Show   access.Group // empty: all
	Groups []Shown
	Ended  bool
}

// Shown is a filter, and how many things it shows.
type Shown struct {
	Group access.Group
	N     int
}

func (d *Door) access(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	all, err := d.Access.List(ctx, r.Session)
	p := Access{Ended: q["ended"] == "1", Groups: []Shown{{"", len(all)}}}
	for _, g := range access.Groups {
		if string(g) == q["show"] {
			p.Show = g
		}
		n := len(all)
		n -= len(slices.DeleteFunc(slices.Clone(all), func(i access.Item) bool { return i.Kind.Group() == g }))
		p.Groups = append(p.Groups, Shown{g, n})
	}
	for _, i := range all {
		if p.Show == "" || p.Show == i.Kind.Group() {
			p.Items = append(p.Items, i)
		}
	}
	return web.Show("me/access", p), err
}

// accessAsk asks once before a trusted browser or an app ends. Sessions and factors
// have pages of their own for it.
func (d *Door) accessAsk(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	all, err := d.Access.List(ctx, r.Session)
	for _, i := range all {
		if (i.Kind == access.Browser || i.Kind == access.App) && i.ID == q["id"] {
			return web.Show("me/ask", Ask{What: string(i.Kind), Name: i.Name, Agent: i.Agent, ID: i.ID, Post: "/me/access/end", Back: "/me/access"}), nil
		}
	}
	return web.Go("/me/access"), err // ended meanwhile, or never this account's
}

func (d *Door) accessEnd(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	done := web.Go("/me/access?ended=1")
	if id, ok := ref.ParseTrust(form["id"]); ok {
		if err := d.Enrol.EndTrust(ctx, r.Describe(), r.Session, id); !errors.Is(err, db.ErrNone) {
			return done, err
		}
		return done, nil // it was over already
	}
	if id, ok := ref.ParseClient(form["id"]); ok {
		return done, d.Change.Disconnect(ctx, r.Describe(), r.Session, id)
	}
	return web.Refuse(faults.NotFound.New()), nil
}
