package signin

import (
	"context"
	"strconv"

	"sekisho/internal/account"
	"sekisho/internal/faults"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

// Pages around the accounts a browser holds.
type (
	// Accounts lists the accounts this browser is signed in to (SI-29).
	Accounts struct {
		List   []Entry
		Return string
		Full   bool
	}
	// Entry is one of them.
	Entry struct {
		Slot  int
		Here  bool
		Name  string
		Email string
	}
	// Signout asks before it signs out.
	Signout struct{ List []Entry }
	// SignedOut says that it is done.
	SignedOut struct{}
	// Missing asks for what the account lacks.
	Missing struct{ Email, Return string }
)

func entries(held []web.Held) []Entry {
	var out []Entry
	for _, h := range held {
		e := Entry{h.Slot, h.Here, h.Account.Name, h.Account.Email.Shown}
		if e.Email == "" {
			e.Email = h.Account.Username
		}
		out = append(out, e)
	}
	return out
}

func (d *Door) accounts(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	held, err := r.Held(ctx)
	if err != nil {
		return web.Response{}, err
	}
	back := web.LocalPath(q["return"])
	return web.Show("signin/accounts", Accounts{entries(held), back, len(held) >= web.MaxSlots}).LeadsTo(back), nil
}

func (d *Door) switchTo(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	held, err := r.Held(ctx)
	if err != nil {
		return web.Response{}, err
	}
	back := web.LocalPath(form["return"])
	if back == "" {
		back = "/me"
	}
	for _, h := range held {
		if strconv.Itoa(h.Slot) == form["slot"] {
			r.Switch(h.Slot)
			return web.Go(back), nil
		}
	}
	return web.Refuse(faults.SessionEnded.New()), nil
}

func (d *Door) signoutPage(ctx context.Context, r *web.Request) (web.Response, error) {
	held, err := r.Held(ctx)
	if err != nil {
		return web.Response{}, err
	}
	if len(held) == 0 {
		return web.Go("/signed-out"), nil
	}
	return web.Show("signin/signout", Signout{entries(held)}), nil
}

// signout ends the session in use, or all of this browser's.
func (d *Door) signout(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	held, err := r.Held(ctx)
	if err != nil {
		return web.Response{}, err
	}
	left := 0
	for _, h := range held {
		if !h.Here && form["all"] != "1" {
			left++
			continue
		}
		if _, err := d.Change.End(ctx, r.Describe(), h.Session, []ref.Session{h.Session.ID}, false); err != nil {
			return web.Response{}, err
		}
		r.Drop(h.Slot)
	}
	if left > 0 {
		return web.Go("/accounts"), nil
	}
	return web.Go("/signed-out"), nil
}

func signedOut(context.Context, *web.Request) (web.Response, error) {
	return web.Show("signin/signed-out", SignedOut{}), nil
}

func (d *Door) missing(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	back := web.LocalPath(q["return"])
	if back == "" {
		back = "/me"
	}
	a, err := r.Account(ctx)
	if err != nil {
		return web.Response{}, err
	}
	if !lacks(a) {
		return web.Go(back), nil
	}
	return web.Show("signin/missing", Missing{a.Email.Shown, back}).LeadsTo(back), nil
}

func lacks(a account.Account) bool { return a.Email.Norm != "" && a.Email.Confirmed.IsZero() }

func (d *Door) later(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	back := web.LocalPath(form["return"])
	if back == "" {
		back = "/me"
	}
	a, err := r.Account(ctx)
	if err != nil {
		return web.Response{}, err
	}
	if !lacks(a) {
		return web.Go(back), nil
	}
	r.NeedBrowser()
	v, err := d.Join.Later(ctx, r.Describe(), a.ID, back)
	if err != nil {
		return web.Response{}, err
	}
	if v.Fault != nil {
		return web.Show("signin/missing", Missing{a.Email.Shown, back}).With(v.Fault), nil
	}
	return web.Go(joinPath(v)), nil
}
