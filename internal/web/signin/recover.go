package signin

import (
	"context"
	"net/url"
	"time"

	"sekisho/internal/flow/recover"
	"sekisho/internal/session"
	"sekisho/internal/web"
)

// Pages of getting back in.
type (
	// Recover asks whose password is lost.
	Recover struct{ Typed string }
	// Link asks its reader to confirm a link out of a mail (RC-05).
	Link struct {
		Token string
		Same  bool
	}
	// Notice asks whether a sign-in was one's own (SI-25).
	Notice struct {
		Token   string
		Name    string
		At      time.Time
		Session session.Session // zero once it has ended
		Handled bool
	}
	// Answered says what came of the answer.
	Answered struct{ Mine bool }
)

func (d *Door) recoverRoutes(get, post routeOf) []web.Route {
	return []web.Route{
		get("/recover", web.Anyone, d.recoverPage), post("/recover", web.Anyone, d.recoverStart),
		get("/recover/code", web.Anyone, d.recoverLook), post("/recover/code", web.Anyone, d.recoverCode),
		post("/recover/code/send", web.Anyone, d.recoverSend),
		get("/recover/password", web.Anyone, d.recoverLook), post("/recover/password", web.Anyone, d.recoverPassword),
		get("/recover/link", web.Anyone, d.link), post("/recover/link", web.Anyone, d.openLink),
		get("/notice", web.Anyone, d.notice), post("/notice", web.Anyone, d.noticeAnswer),
	}
}

func (d *Door) recoverPage(_ context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	r.NeedBrowser()
	return web.Show("signin/recover", Recover{q["hint"]}), nil
}

func (d *Door) recoverStart(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	r.NeedBrowser()
	v, err := d.Recover.Start(ctx, r.Describe(), form["identifier"])
	if err != nil {
		return web.Response{}, err
	}
	if v.ID == "" {
		return web.Show("signin/recover", Recover{form["identifier"]}).With(v.Fault), nil
	}
	return d.recoverNext(ctx, r, v)
}

func recoverPath(v recover.View) string {
	path := "/recover/code"
	if v.Step == recover.Word {
		path = "/recover/password"
	}
	return path + "?flow=" + url.QueryEscape(string(v.ID))
}

func (d *Door) recoverFace(r *web.Request, v recover.View) web.Response {
	if v.Step == recover.Word {
		return web.Show("signin/new-password", NewPassword{"/recover/password", string(v.ID), v.Name, v.MinWord})
	}
	return web.Show("signin/code", Code{Digits: d.Digits, Base: "/recover/code", Flow: string(v.ID), Typed: v.Typed.Shown, Way: "recover",
		Wait: max(0, int(v.Resend.Sub(r.Now).Seconds())), Sent: true})
}

func (d *Door) recoverLook(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	v, err := d.Recover.Look(ctx, r.Visitor, id)
	if err != nil || v.Fault != nil {
		return refuse(v.Fault), err
	}
	if to := recoverPath(v); to != r.HTTP.URL.RequestURI() {
		return web.Go(to), nil
	}
	return d.recoverFace(r, v), nil
}

func (d *Door) recoverNext(ctx context.Context, r *web.Request, v recover.View) (web.Response, error) {
	switch {
	case v.Opened != nil:
		return d.enter(ctx, r, v.Opened, "")
	case v.ID == "" || v.Step == recover.Finished:
		return refuse(v.Fault), nil
	case v.Fault == nil:
		return web.Go(recoverPath(v)), nil
	}
	return d.recoverFace(r, v).With(v.Fault), nil
}

func (d *Door) recoverCode(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	v, err := d.Recover.Answer(ctx, r.Describe(), id, form["code"])
	if err != nil {
		return web.Response{}, err
	}
	return d.recoverNext(ctx, r, v)
}

func (d *Door) recoverSend(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	v, err := d.Recover.Resend(ctx, r.Describe(), id)
	if err != nil {
		return web.Response{}, err
	}
	return d.recoverNext(ctx, r, v)
}

func (d *Door) recoverPassword(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	v, err := d.Recover.Password(ctx, r.Describe(), id, form["new"])
	if err != nil {
		return web.Response{}, err
	}
	return d.recoverNext(ctx, r, v)
}

func (d *Door) link(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	r.NeedBrowser()
	l, err := d.Recover.LookLink(ctx, r.Visitor, q["c"])
	if err != nil || l.Fault != nil {
		return refuse(l.Fault), err
	}
	return web.Show("signin/link", Link{q["c"], l.Same}), nil
}

func (d *Door) openLink(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	r.NeedBrowser()
	v, err := d.Recover.OpenLink(ctx, r.Describe(), form["c"])
	if err != nil {
		return web.Response{}, err
	}
	return d.recoverNext(ctx, r, v)
}

func (d *Door) notice(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	n, f, err := d.Change.ReadNotice(ctx, q["n"])
	if err != nil || f != nil {
		return refuse(f), err
	}
	return web.Show("signin/notice", Notice{q["n"], n.Account.Name, n.At, n.Session, n.Handled}), nil
}

func (d *Door) noticeAnswer(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	mine := form["answer"] == "mine"
	act := d.Change.Contain
	if mine {
		act = d.Change.Confirm
	}
	f, err := act(ctx, r.Describe(), form["n"])
	if err != nil || f != nil {
		return refuse(f), err
	}
	return web.Show("signin/answered", Answered{mine}), nil
}
