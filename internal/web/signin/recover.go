package signin

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/flow/recover"
	"sekisho/internal/flow/signin"
	"sekisho/internal/gate"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

// Pages of getting back in.
type (
	// Recover asks whose password is lost, or whose Tegata.
	Recover struct{ Base, Typed string }
	// Link asks its reader to confirm a link out of a mail (RC-05).
	Link struct {
		Base, Token string
		Same        bool
		Given       bool // an admin had it sent
	}
	// Waiting says until when it waits, and why (RC-01, RS-05).
	Waiting struct {
		Base  string
		Until time.Time
		Typed string
	}
	// Ready asks to go on with what has waited.
	Ready struct{ Base, Token string }
)

// The paths of the two ways back: to a new password, and to a new Tegata while the
// sign-in lock is on.
const (
	toPassword = "/recover"
	toTegata   = "/recover/replace"
)

// back is one of them.
type back struct {
	*Door
	way  *recover.Recover
	base string
}

func (d *Door) recoverRoutes(get, post routeOf) []web.Route {
	p, t := back{d, d.Recover, toPassword}, back{d, d.Replace, toTegata}
	routes := slices.Concat(p.routes(get, post), t.routes(get, post), t.deviceRoutes(get, post))
	routes = append(routes,
		get("/recover/password", web.Anyone, p.look), post("/recover/password", web.Anyone, p.password),
		get("/recover/cancel", web.Anyone, d.cancel), post("/recover/cancel", web.Anyone, d.cancelNow),
		post("/recover/sms/send", web.Anyone, p.prove("smscode", "")), post("/recover/tegata/send", web.Anyone, p.prove("tegata", "")),
		web.Route{Method: "GET", Path: "/recover/tegata/state", Guard: web.Anyone, Face: web.API, Handle: d.recoverState},
		get("/notice", web.Anyone, d.notice), post("/notice", web.Anyone, d.noticeAnswer))
	for kind, page := range paths {
		// The password is what was lost; the page of a code by mail is there already.
		if kind != string(gate.Password) && kind != string(gate.MailCode) {
			routes = append(routes, get("/recover/"+page, web.Anyone, p.look), post("/recover/"+page, web.Anyone, p.prove(kind, fieldOf(kind))))
		}
	}
	for _, kind := range []gate.Kind{gate.Passkey, gate.TOTP, gate.Passphrase, gate.Backup} {
		page := paths[string(kind)]
		routes = append(routes, get(toTegata+"/"+page, web.Anyone, t.look), post(toTegata+"/"+page, web.Anyone, t.prove(string(kind), fieldOf(string(kind)))))
	}
	return routes
}

// routes are what both have.
func (b back) routes(get, post routeOf) []web.Route {
	return []web.Route{
		get(b.base, web.Anyone, b.page), post(b.base, web.Anyone, b.start),
		get(b.base+"/code", web.Anyone, b.look), post(b.base+"/code", web.Anyone, b.code),
		post(b.base+"/code/send", web.Anyone, b.send),
		get(b.base+"/link", web.Anyone, b.link), post(b.base+"/link", web.Anyone, b.openLink),
		get(b.base+"/wait", web.Anyone, b.look), get(b.base+"/ready", web.Anyone, b.ready), post(b.base+"/ready", web.Anyone, b.openReady),
		get(b.base+"/other", web.Anyone, b.look), get(b.base+"/reach", web.Anyone, b.look), get(b.base+"/second", web.Anyone, b.look),
		{Method: "POST", Path: b.base + "/key/options", Guard: web.Anyone, Face: web.API, Handle: b.options},
	}
}

func (b back) page(_ context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	r.NeedBrowser()
	typed := q["hint"]
	if typed == "" {
		typed = q["identifier"] // a form brought it that asks for one
	}
	return web.Show("signin/recover", Recover{b.base, typed}), nil
}

func (b back) start(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	r.NeedBrowser()
	v, err := b.way.Start(ctx, r.Describe(), form["identifier"])
	if err != nil {
		return web.Response{}, err
	}
	if v.ID == "" {
		return web.Show("signin/recover", Recover{b.base, form["identifier"]}).With(v.Fault), nil
	}
	return b.next(ctx, r, v)
}

// path is the page of a step; want is the page that was asked for.
func (b back) path(v recover.View, want string) string {
	path := b.base + map[recover.Step]string{recover.Code: "/code", recover.Word: "/password", recover.Waiting: "/wait", recover.Device: "/device"}[v.Step]
	if v.Step == recover.Second {
		var kinds []string
		for _, w := range v.Ways {
			kinds = append(kinds, w.Kind)
		}
		if choose := v.May || b.way.Tegata && len(kinds) > 1; choose && !slices.Contains(lists, want) && !slices.Contains(kinds, kindOf(want)) {
			want = lists[0] // it says what is asked for; to wait may be one of the ways
		}
		path = proofPath(b.base, kinds, want)
	}
	return path + "?flow=" + url.QueryEscape(string(v.ID))
}

func (b back) face(r *web.Request, v recover.View) web.Response {
	switch v.Step {
	case recover.Word:
		return web.Show("signin/new-password", NewPassword{Base: "/recover/password", Flow: string(v.ID), Typed: v.Typed.Shown, Min: v.MinWord, Lifts: v.Lifts})
	case recover.Device:
		return b.enrolling(v)
	case recover.Waiting:
		return web.Show("signin/waiting", Waiting{b.base, v.Ready, v.Typed.Shown})
	case recover.Second:
		a := asking{Base: b.base, May: v.May, Begun: v.Begun, Flow: string(v.ID), Typed: v.Typed.Shown, Delivery: v.Delivery, Number: v.Number, Stale: v.Stale}
		for _, w := range v.Ways {
			a.Ways = append(a.Ways, signin.Way(w))
		}
		return b.askPage(r, a)
	}
	way := "recover"
	if b.way.Tegata {
		way = "replace"
	}
	return web.Show("signin/code", Code{Digits: cmp.Or(v.Digits, b.Digits), Base: b.base + "/code", Flow: string(v.ID), Typed: v.Typed.Shown, Way: way,
		Mobile: v.Typed.Kind == account.Mobile, Wait: max(0, int(v.Resend.Sub(r.Now).Seconds())), Sent: true})
}

func (b back) look(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	see := b.way.Look
	if pageOf(r) == "sms" {
		see = b.way.Wait
	}
	v, err := see(ctx, r.Visitor, id)
	if err != nil || v.Fault != nil {
		return refuse(v.Fault), err
	}
	if v.Step == recover.Device && pageOf(r) == "device" {
		if v, err = b.way.Enrolling(ctx, r.Describe(), id); err != nil || v.Fault != nil {
			return refuse(v.Fault), err
		}
	}
	if to := b.path(v, pageOf(r)); to != r.HTTP.URL.RequestURI() {
		return web.Go(to), nil
	}
	return b.face(r, v), nil
}

func (b back) next(ctx context.Context, r *web.Request, v recover.View) (web.Response, error) {
	switch {
	case v.Opened != nil:
		return b.enter(ctx, r, v.Opened, "")
	case b.way.Tegata && v.Step == recover.Finished && v.Fault == nil:
		return web.Go(b.base + "/done"), nil
	case v.ID == "" || v.Step == recover.Finished:
		return refuse(v.Fault), nil
	case v.Fault == nil:
		return web.Go(b.path(v, pageOf(r))), nil
	case alone(v.Fault):
		return web.Refuse(v.Fault), nil
	}
	return b.face(r, v).With(v.Fault), nil
}

// recoverProve takes one field of a form as the second proof; with no field a code
// is sent.
func (b back) prove(kind, field string) func(context.Context, *web.Request) (web.Response, error) {
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
		v, err := b.way.Prove(ctx, r.Describe(), id, kind, value)
		if err != nil {
			return web.Response{}, err
		}
		return b.next(ctx, r, v)
	}
}

func (b back) options(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	options, f, err := b.way.Options(ctx, r.Visitor, id)
	if err != nil || f != nil {
		return refuse(f), err
	}
	return jsonBody(options), nil
}

// byStep lets the page of a code by mail serve both steps that ask for one.
func (b back) byStep(ctx context.Context, r *web.Request, id ref.Flow, field string) (res web.Response, done bool, err error) {
	v, err := b.way.Look(ctx, r.Visitor, id)
	if err != nil || v.Fault != nil || v.Step != recover.Second {
		return res, false, err
	}
	res, err = b.prove("mailcode", field)(ctx, r)
	return res, true, err
}

func (b back) code(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	if res, done, err := b.byStep(ctx, r, id, "code"); err != nil || done {
		return res, err
	}
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	v, err := b.way.Answer(ctx, r.Describe(), id, form["code"])
	if err != nil {
		return web.Response{}, err
	}
	return b.next(ctx, r, v)
}

func (b back) send(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	if res, done, err := b.byStep(ctx, r, id, ""); err != nil || done {
		return res, err
	}
	v, err := b.way.Resend(ctx, r.Describe(), id)
	if err != nil {
		return web.Response{}, err
	}
	return b.next(ctx, r, v)
}

func (b back) password(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	v, err := b.way.Password(ctx, r.Describe(), id, form["new"])
	if err != nil {
		return web.Response{}, err
	}
	return b.next(ctx, r, v)
}

func (b back) link(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	r.NeedBrowser()
	l, err := b.way.LookLink(ctx, r.Visitor, q["c"])
	if err != nil || l.Fault != nil {
		return refuse(l.Fault), err
	}
	return web.Show("signin/link", Link{b.base, q["c"], l.Same, l.Given}), nil
}

func (b back) openLink(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	r.NeedBrowser()
	v, err := b.way.OpenLink(ctx, r.Describe(), form["c"])
	if err != nil {
		return web.Response{}, err
	}
	return b.next(ctx, r, v)
}

func (b back) ready(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	r.NeedBrowser()
	until, f, err := b.way.LookReady(ctx, q["c"])
	if err != nil || f != nil {
		return refuse(f), err
	}
	if !until.IsZero() {
		return web.Show("signin/waiting", Waiting{Base: b.base, Until: until}), nil
	}
	return web.Show("signin/ready-now", Ready{b.base, q["c"]}), nil
}

func (b back) openReady(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	r.NeedBrowser()
	v, err := b.way.OpenReady(ctx, r.Describe(), form["c"])
	if err != nil {
		return web.Response{}, err
	}
	return b.next(ctx, r, v)
}
