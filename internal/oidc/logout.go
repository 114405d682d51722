package oidc

import (
	"context"
	"net/url"
	"slices"

	"sekisho/internal/ref"
	"sekisho/internal/web"
)

// Logout asks whether to sign out, when an app says so and it is not sure that
// it may.
type Logout struct {
	App      string
	Names    []string
	ClientID string
	To       string
	State    string
}

// leaving is a request to sign out, checked (RP-Initiated Logout §2).
type leaving struct {
	app   string
	id    ref.Client
	to    string // registered, or empty
	state string
	sid   ref.Session // from the hint
	owner ref.Account
}

func (d *Door) leaving(ctx context.Context, r *web.Request, q web.Values) (leaving, error) {
	var l leaving
	id := q["client_id"]
	if h, ok := d.readHint(ctx, r, q["id_token_hint"]); ok && (id == "" || id == string(h.client)) {
		id, l.sid, l.owner = string(h.client), h.session, h.account
	}
	app, err := d.app(ctx, id)
	if err != nil {
		return l, nil // an app nobody knows changes nothing: the person may still sign out
	}
	l.app, l.id = app.Name, app.ID
	// Only letter for letter, or this would send people anywhere (open redirect).
	if slices.Contains(app.Logouts, q["post_logout_redirect_uri"]) {
		l.to, l.state = q["post_logout_redirect_uri"], q["state"]
	}
	return l, nil
}

func (d *Door) logoutPost(_ context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	return web.Go("/oauth/logout?" + encode(form)), nil
}

func (d *Door) logout(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	l, err := d.leaving(ctx, r, q)
	if err != nil {
		return web.Response{}, err
	}
	held, err := r.Held(ctx)
	if err != nil {
		return web.Response{}, err
	}
	var names []string
	for _, h := range held {
		// The app showed an ID token of this very session: its person is asking.
		if l.sid != "" && h.Session.ID == l.sid && h.Account.ID == l.owner {
			if err := d.leave(ctx, r, []web.Held{h}); err != nil {
				return web.Response{}, err
			}
			return l.done(), nil
		}
		names = append(names, h.Account.Name)
	}
	if len(held) == 0 {
		return l.done(), nil
	}
	res := web.Show("oidc/logout", Logout{l.app, names, string(l.id), l.to, l.state})
	if l.to != "" {
		res = res.LeadsTo(l.to)
	}
	return res, nil
}

func (l leaving) done() web.Response {
	if l.to == "" {
		return web.Go("/signed-out")
	}
	u, err := url.Parse(l.to)
	if err != nil {
		return web.Go("/signed-out")
	}
	if l.state != "" {
		v := u.Query()
		v.Set("state", l.state)
		u.RawQuery = v.Encode()
	}
	return web.Go(u.String())
}

func (d *Door) leave(ctx context.Context, r *web.Request, held []web.Held) error {
	for _, h := range held {
		if _, err := d.Change.End(ctx, r.Describe(), h.Session, []ref.Session{h.Session.ID}, false); err != nil {
			return err
		}
		r.Drop(h.Slot)
	}
	return nil
}

func (d *Door) logoutConfirm(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	l, err := d.leaving(ctx, r, form)
	if err != nil {
		return web.Response{}, err
	}
	if form["answer"] == "yes" {
		held, err := r.Held(ctx)
		if err != nil {
			return web.Response{}, err
		}
		if err := d.leave(ctx, r, held); err != nil {
			return web.Response{}, err
		}
		return l.done(), nil
	}
	return web.Go("/me"), nil
}
