package signin

import (
	"context"
	"net/url"

	"sekisho/internal/faults"
	"sekisho/internal/flow/join"
	"sekisho/internal/web"
)

// Pages of a sign-up.
type (
	// SignUp asks for name and address.
	SignUp struct{ Name, Email, Return string }
	// Setup makes the first account there is.
	Setup struct {
		Key, Name, Email string
		Min              int
	}
)

type routeOf func(path string, g web.Guard, h func(context.Context, *web.Request) (web.Response, error)) web.Route

func (d *Door) joinRoutes(get, post routeOf) []web.Route {
	return []web.Route{
		get("/signup", web.Anyone, d.signUp), post("/signup", web.Anyone, d.signUpStart),
		get("/signup/password", web.Anyone, d.signUpLook), post("/signup/password", web.Anyone, d.signUpPassword),
		get("/signup/code", web.Anyone, d.signUpLook), post("/signup/code", web.Anyone, d.signUpCode),
		post("/signup/code/send", web.Anyone, d.signUpSend),
		get("/setup", web.Anyone, d.setup), post("/setup", web.Anyone, d.setupDo),
	}
}

func (d *Door) signUp(_ context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	if !d.Open {
		return web.Refuse(faults.SignupClosed.New()), nil
	}
	r.NeedBrowser()
	back := web.LocalPath(q["return"])
	return web.Show("signin/signup", SignUp{Return: back}).LeadsTo(back), nil
}

func (d *Door) signUpStart(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	if !d.Open {
		return web.Refuse(faults.SignupClosed.New()), nil
	}
	r.NeedBrowser()
	ask := join.Ask{Name: form["name"], Email: form["email"], Return: web.LocalPath(form["return"])}
	v, err := d.Join.Start(ctx, r.Describe(), ask)
	if err != nil {
		return web.Response{}, err
	}
	if v.Fault != nil {
		return web.Show("signin/signup", SignUp{ask.Name, ask.Email, ask.Return}).With(v.Fault), nil
	}
	return web.Go(joinPath(v)), nil
}

func joinPath(v join.View) string {
	path := "/signup/password"
	if v.Step == join.Code {
		path = "/signup/code"
	}
	return path + "?flow=" + url.QueryEscape(string(v.ID))
}

func (d *Door) joinPage(r *web.Request, v join.View) web.Response {
	if v.Step == join.Code {
		way := "join"
		if v.Later {
			way = "confirm"
		}
		return web.Show("signin/code", Code{Digits: d.Digits, Base: "/signup/code", Flow: string(v.ID), Typed: v.Email.Shown, Way: way,
			Wait: max(0, int(v.Resend.Sub(r.Now).Seconds())), Sent: true}).LeadsTo(v.Return)
	}
	return web.Show("signin/new-password", NewPassword{Base: "/signup/password", Flow: string(v.ID), Typed: v.Email.Shown, Min: v.MinWord}).LeadsTo(v.Return)
}

func (d *Door) signUpLook(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	v, err := d.Join.Look(ctx, r.Visitor, id)
	if err != nil || v.Fault != nil {
		return refuse(v.Fault), err
	}
	if to := joinPath(v); to != r.HTTP.URL.RequestURI() {
		return web.Go(to), nil
	}
	return d.joinPage(r, v), nil
}

func (d *Door) joinNext(ctx context.Context, r *web.Request, v join.View) (web.Response, error) {
	switch {
	case v.Opened != nil:
		return d.joined(ctx, r, v)
	case v.Step == join.Finished && v.Fault == nil:
		return web.Go(v.Return), nil
	case v.ID == "" || v.Step == join.Finished:
		return refuse(v.Fault), nil
	case v.Fault == nil:
		return web.Go(joinPath(v)), nil
	}
	return d.joinPage(r, v).With(v.Fault), nil
}

// joined enters a new account. Whose address is in a domain that its organisation opened is
// asked, once, whether they join it.
func (d *Door) joined(ctx context.Context, r *web.Request, v join.View) (web.Response, error) {
	back := v.Return
	o, err := d.Invite.Offered(ctx, v.Opened.Account.ID)
	if err != nil {
		return web.Response{}, err
	}
	if o.Org.ID != "" {
		back = "/invite/domain?return=" + url.QueryEscape(back)
	}
	return d.enter(ctx, r, v.Opened, back)
}

func (d *Door) signUpPassword(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	v, err := d.Join.Password(ctx, r.Describe(), id, form["new"])
	if err != nil {
		return web.Response{}, err
	}
	return d.joinNext(ctx, r, v)
}

func (d *Door) signUpCode(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	v, err := d.Join.Answer(ctx, r.Describe(), id, form["code"])
	if err != nil {
		return web.Response{}, err
	}
	return d.joinNext(ctx, r, v)
}

func (d *Door) signUpSend(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	v, err := d.Join.Resend(ctx, r.Describe(), id)
	if err != nil {
		return web.Response{}, err
	}
	return d.joinNext(ctx, r, v)
}

func (d *Door) setup(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	r.NeedBrowser()
	f, err := d.Join.OwnerKey(ctx, q["key"])
	if err != nil || f != nil {
		return refuse(f), err
	}
	return web.Show("signin/setup", Setup{Key: q["key"], Min: d.Join.Rules.Default().Password.MinLengthSingle}), nil
}

func (d *Door) setupDo(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	r.NeedBrowser()
	v, err := d.Join.Owner(ctx, r.Describe(), join.Owner{Key: form["key"], Name: form["name"], Email: form["email"], Password: form["new"]})
	switch {
	case err != nil:
		return web.Response{}, err
	case v.Opened != nil:
		return d.enter(ctx, r, v.Opened, "/me")
	case v.Fault.Code() == faults.SetupUsed.Code:
		return refuse(v.Fault), nil
	}
	return web.Show("signin/setup", Setup{form["key"], form["name"], form["email"], d.Join.Rules.Default().Password.MinLengthSingle}).With(v.Fault), nil
}
