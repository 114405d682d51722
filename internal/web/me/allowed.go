package me

import (
	"context"
	"strconv"
	"time"

	"sekisho/internal/flow"
	"sekisho/internal/flow/allow"
	"sekisho/internal/policy"
	"sekisho/internal/session"
	"sekisho/internal/web"
)

// Pages of the addresses from which an account's owner lets themselves in (PO-01).
type (
	// Allowed shows the list, and what waits to be confirmed.
	Allowed struct {
		List   []policy.Entry
		From   string // where whoever asks is
		Inside bool   // the list allows it
		Until  time.Time
		Here   bool // it waits, and was set in this session
		Before []policy.Entry
		Org    string // empty: no organisation's list holds beside it
		Orgs   []policy.Entry
		Policy string
		Done   string // what was just done
	}
	// AllowedEdit changes it.
	AllowedEdit struct {
		Text    string
		From    string
		Add     bool // offer to add where whoever asks is
		Version int64
		Now     []policy.Entry // changed meanwhile: what holds now
		Lines   int
	}
	// AllowedWaits says what to do when a list shuts out the session that set it.
	AllowedWaits struct {
		From  string
		Until time.Time
		Link  string
	}
)

func (d *Door) allowedRoutes() []web.Route {
	route := func(method, path string, g web.Guard, h func(context.Context, *web.Request) (web.Response, error)) web.Route {
		return web.Route{Method: method, Path: path, Guard: g, Face: web.Page, Handle: h}
	}
	return []web.Route{
		route("GET", "/me/allowed", web.SignedIn, d.allowed),
		route("GET", "/me/allowed/edit", web.Fresh, d.allowedEdit), route("POST", "/me/allowed/edit", web.Fresh, d.allowedSet),
		route("POST", "/me/allowed/confirm", web.SignedIn, d.allowedDecide("confirmed", d.Allow.Confirm)),
		route("POST", "/me/allowed/undo", web.SignedIn, d.allowedDecide("undone", d.Allow.Undo)),
	}
}

func (d *Door) allowed(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	v, err := d.Allow.Look(ctx, r.Session)
	p := allowedPage(r, v)
	switch q["done"] {
	case "saved", "confirmed", "undone":
		p.Done = q["done"]
	}
	return web.Show("me/allowed", p), err
}

func allowedPage(r *web.Request, v allow.View) Allowed {
	p := Allowed{List: v.List.Entries, From: r.Visitor.Addr.String(), Inside: v.List.Allows(r.Visitor.Addr), Here: v.Here}
	if w := v.List.Pending; w != nil {
		p.Until, p.Before = w.Until, w.Before.Entries
	}
	if v.Rules != nil && len(v.Rules.Address.Allowed) > 0 {
		p.Org, p.Policy, p.Orgs = v.Rules.Org.Name, v.Rules.Source.Address, v.Rules.Address.Tidy().Entries
	}
	return p
}

func (d *Door) allowedEdit(ctx context.Context, r *web.Request) (web.Response, error) {
	v, err := d.Allow.Look(ctx, r.Session)
	return web.Show("me/allowed-edit", editing(r, v, v.List.Lines())), err
}

func editing(r *web.Request, v allow.View, text string) AllowedEdit {
	p := AllowedEdit{Text: text, From: r.Visitor.Addr.String(), Version: v.List.Version, Lines: allow.MostOwn}
	list, flaw := policy.ParseAddresses(text)
	p.Add = flaw == nil && (len(list.Allowed) == 0 || !list.Allows(r.Visitor.Addr))
	return p
}

func (d *Door) allowedSet(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	text := form["list"]
	again := func() (AllowedEdit, allow.View, error) {
		v, err := d.Allow.Look(ctx, r.Session)
		return editing(r, v, text), v, err
	}
	list, flaw := policy.ParseAddresses(text)
	if flaw == nil && form["here"] == "1" && len(list.Allowed) > 0 && !list.Allows(r.Visitor.Addr) {
		list, flaw = policy.ListOf(append(list.Entries, policy.Entry{Address: r.Visitor.Addr.String(), Name: ""}))
	}
	if flaw != nil {
		p, _, err := again()
		return web.Show("me/allowed-edit", p).With(allow.Malformed(flaw)), err
	}
	seen, _ := strconv.ParseInt(form["version"], 10, 64)
	v, err := d.Allow.Set(ctx, r.Describe(), r.Session, list, seen)
	switch {
	case err != nil:
		return web.Response{}, err
	case v.Fault != nil:
		p, now, err := again()
		if now.List.Version != seen {
			p.Now = now.List.Entries
		}
		return web.Show("me/allowed-edit", p).With(v.Fault), err
	case v.Here:
		// This very browser is outside from now on: what it would be sent on to is refused.
		return web.Show("me/allowed-waits", AllowedWaits{r.Visitor.Addr.String(), v.List.Pending.Until, d.Allow.Sheet.URL + "/me/allowed"}), nil
	}
	return web.Go("/me/allowed?done=saved"), nil
}

// decide is what can be done about a list that waits.
type decide func(context.Context, flow.Visitor, session.Session) (allow.View, error)

// allowedDecide decides on a list that waits.
func (d *Door) allowedDecide(done string, do decide) func(context.Context, *web.Request) (web.Response, error) {
	return func(ctx context.Context, r *web.Request) (web.Response, error) {
		v, err := do(ctx, r.Describe(), r.Session)
		if err != nil {
			return web.Response{}, err
		}
		if v.Fault != nil {
			return web.Refuse(v.Fault), nil
		}
		return web.Go("/me/allowed?done=" + done), nil
	}
}
