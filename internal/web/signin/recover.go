package signin

import (
	"cmp"
	"context"
	"net/url"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/flow/recover"
	"sekisho/internal/flow/signin"
	"sekisho/internal/ref"
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
	// Waiting says until when a recovery waits, and why (RC-01).
	Waiting struct {
		Until time.Time
		Typed string
	}
	// Ready asks to go on with a recovery that has waited.
	Ready struct{ Token string }
	// Cancel asks whether a recovery that waits is to be cancelled.
	Cancel struct {
		Token string
		Until time.Time
	}
)

func (d *Door) recoverRoutes(get, post routeOf) []web.Route {
	routes := []web.Route{
		get("/recover", web.Anyone, d.recoverPage), post("/recover", web.Anyone, d.recoverStart),
		get("/recover/code", web.Anyone, d.recoverLook), post("/recover/code", web.Anyone, d.recoverCode),
		post("/recover/code/send", web.Anyone, d.recoverSend),
		get("/recover/password", web.Anyone, d.recoverLook), post("/recover/password", web.Anyone, d.recoverPassword),
		get("/recover/link", web.Anyone, d.link), post("/recover/link", web.Anyone, d.openLink),
		get("/recover/wait", web.Anyone, d.recoverLook), get("/recover/ready", web.Anyone, d.ready), post("/recover/ready", web.Anyone, d.openReady),
		get("/recover/cancel", web.Anyone, d.cancel), post("/recover/cancel", web.Anyone, d.cancelNow),
		get("/recover/second", web.Anyone, d.recoverLook), get("/recover/other", web.Anyone, d.recoverLook), get("/recover/reach", web.Anyone, d.recoverLook),
		post("/recover/sms/send", web.Anyone, d.recoverProve("smscode", "")), post("/recover/tegata/send", web.Anyone, d.recoverProve("tegata", "")),
		{Method: "GET", Path: "/recover/tegata/state", Guard: web.Anyone, Face: web.API, Handle: d.recoverState},
		{Method: "POST", Path: "/recover/key/options", Guard: web.Anyone, Face: web.API, Handle: d.recoverOptions},
		get("/notice", web.Anyone, d.notice), post("/notice", web.Anyone, d.noticeAnswer),
	}
	for kind, page := range paths {
		// The password is what was lost; the page of a code by mail is there already.
		if kind != "password" && kind != "mailcode" {
			routes = append(routes, get("/recover/"+page, web.Anyone, d.recoverLook), post("/recover/"+page, web.Anyone, d.recoverProve(kind, fieldOf(kind))))
		}
	}
	return routes
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

// recoverPath is the page of a step; want is the page that was asked for.
func recoverPath(v recover.View, want string) string {
	path := map[recover.Step]string{recover.Code: "/recover/code", recover.Word: "/recover/password", recover.Waiting: "/recover/wait"}[v.Step]
	if v.Step == recover.Second {
		var kinds []string
		for _, w := range v.Ways {
			kinds = append(kinds, w.Kind)
		}
		path = proofPath("/recover", kinds, want)
	}
	return path + "?flow=" + url.QueryEscape(string(v.ID))
}

func (d *Door) recoverFace(r *web.Request, v recover.View) web.Response {
	switch v.Step {
	case recover.Word:
		return web.Show("signin/new-password", NewPassword{"/recover/password", string(v.ID), v.Typed.Shown, v.MinWord})
	case recover.Waiting:
		return web.Show("signin/waiting", Waiting{v.Ready, v.Typed.Shown})
	case recover.Second:
		a := asking{Base: "/recover", Flow: string(v.ID), Typed: v.Typed.Shown, Delivery: v.Delivery, Number: v.Number}
		for _, w := range v.Ways {
			a.Ways = append(a.Ways, signin.Way(w))
		}
		return d.askPage(r, a)
	}
	return web.Show("signin/code", Code{Digits: cmp.Or(v.Digits, d.Digits), Base: "/recover/code", Flow: string(v.ID), Typed: v.Typed.Shown, Way: "recover",
		Mobile: v.Typed.Kind == account.Mobile, Wait: max(0, int(v.Resend.Sub(r.Now).Seconds())), Sent: true})
}

func (d *Door) recoverLook(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	see := d.Recover.Look
	if pageOf(r) == "sms" {
		see = d.Recover.Wait
	}
	v, err := see(ctx, r.Visitor, id)
	if err != nil || v.Fault != nil {
		return refuse(v.Fault), err
	}
	if to := recoverPath(v, pageOf(r)); to != r.HTTP.URL.RequestURI() {
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
		return web.Go(recoverPath(v, pageOf(r))), nil
	case alone(v.Fault):
		return web.Refuse(v.Fault), nil
	}
	return d.recoverFace(r, v).With(v.Fault), nil
}

// recoverProve takes one field of a form as the second proof; with no field a code
// is sent.
func (d *Door) recoverProve(kind, field string) func(context.Context, *web.Request) (web.Response, error) {
	return func(ctx context.Context, r *web.Request) (web.Response, error) {
		id, f, err := flowOf(r)
		if err != nil || f != nil {
			return refuse(f), err
		}
		value := ""
		if field != "" {
			form, err := r.Form()
			if err != nil {
				return web.Response{}, err
			}
			if value = form[field]; value == "" {
				value = " " // nothing typed is a wrong code, not a wish for another
			}
		}
		v, err := d.Recover.Prove(ctx, r.Describe(), id, kind, value)
		if err != nil {
			return web.Response{}, err
		}
		return d.recoverNext(ctx, r, v)
	}
}

func (d *Door) recoverOptions(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	options, f, err := d.Recover.Options(ctx, r.Visitor, id)
	if err != nil || f != nil {
		return refuse(f), err
	}
	return jsonBody(options), nil
}

// byStep lets the page of a code by mail serve both steps that ask for one.
func (d *Door) byStep(ctx context.Context, r *web.Request, id ref.Flow, field string) (res web.Response, done bool, err error) {
	v, err := d.Recover.Look(ctx, r.Visitor, id)
	if err != nil || v.Fault != nil || v.Step != recover.Second {
		return res, false, err
	}
	res, err = d.recoverProve("mailcode", field)(ctx, r)
	return res, true, err
}

func (d *Door) recoverCode(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	if res, done, err := d.byStep(ctx, r, id, "code"); err != nil || done {
		return res, err
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
	if res, done, err := d.byStep(ctx, r, id, ""); err != nil || done {
		return res, err
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

func (d *Door) ready(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	r.NeedBrowser()
	until, f, err := d.Recover.LookReady(ctx, q["c"])
	if err != nil || f != nil {
		return refuse(f), err
	}
	if !until.IsZero() {
		return web.Show("signin/waiting", Waiting{Until: until}), nil
	}
	return web.Show("signin/ready-now", Ready{q["c"]}), nil
}

func (d *Door) openReady(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	r.NeedBrowser()
	v, err := d.Recover.OpenReady(ctx, r.Describe(), form["c"])
	if err != nil {
		return web.Response{}, err
	}
	return d.recoverNext(ctx, r, v)
}

func (d *Door) cancel(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	until, f, err := d.Change.LookCancel(ctx, q["c"])
	if err != nil || f != nil {
		return refuse(f), err
	}
	return web.Show("signin/cancel", Cancel{q["c"], until}), nil
}

func (d *Door) cancelNow(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	f, err := d.Change.Cancel(ctx, r.Describe(), form["c"])
	if err != nil || f != nil {
		return refuse(f), err
	}
	return web.Show("signin/answered", Answered{}), nil
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
