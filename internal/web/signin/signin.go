// Package signin is the door in the browser: sign-in, sign-up, recovery, switching
// accounts and signing out.
//
// It turns forms into answers for the journeys and views into pages. It knows no
// rule: what may come next is what the journey says.
package signin

import (
	"context"
	"embed"
	"net/http"
	"net/url"

	"sekisho/internal/account"
	"sekisho/internal/factor/password"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow/change"
	"sekisho/internal/flow/enter"
	"sekisho/internal/flow/invite"
	"sekisho/internal/flow/join"
	"sekisho/internal/flow/recover"
	"sekisho/internal/flow/signin"
	"sekisho/internal/flow/tegata"
	"sekisho/internal/ref"
	"sekisho/internal/session"
	"sekisho/internal/web"
)

//go:embed templates/*.html messages.toml
var files embed.FS

// Door holds the journeys that lead in.
type Door struct {
	Signin  *signin.Signin
	Join    *join.Join
	Recover *recover.Recover
	Replace *recover.Recover // the way back to Tegata while the sign-in lock is on
	Change  *change.Change
	Tegata  *tegata.Tegata
	Invite  *invite.Invite
	Open    bool // people may sign up
	Digits  int  // of a code
}

// Door gives the routes and pages.
func (d *Door) Door() web.Door {
	get := func(path string, g web.Guard, h func(context.Context, *web.Request) (web.Response, error)) web.Route {
		return web.Route{Method: "GET", Path: path, Guard: g, Face: web.Page, Handle: h}
	}
	post := func(path string, g web.Guard, h func(context.Context, *web.Request) (web.Response, error)) web.Route {
		return web.Route{Method: "POST", Path: path, Guard: g, Face: web.Page, Handle: h}
	}
	routes := []web.Route{
		get("/{$}", web.Anyone, first), get("/.well-known/change-password", web.Anyone, changePassword), get("/favicon.ico", web.Anyone, icon), get("/robots.txt", web.Anyone, robots),
		get("/signin", web.Anyone, d.identify), post("/signin", web.Anyone, d.start),
		get("/signin/confirm", web.Anyone, d.look), post("/signin/confirm", web.Anyone, d.answer("confirm_code", "code")),
		post("/signin/confirm/send", web.Anyone, d.send("confirm_code")),
		get("/signin/sessions", web.Anyone, d.look), post("/signin/sessions", web.Anyone, d.endSessions),
		get("/signin/new-password", web.Anyone, d.look), post("/signin/new-password", web.Anyone, d.answer("new_password", "new")),
		get("/confirm", web.SignedIn, d.missing), post("/confirm", web.SignedIn, d.later),
		get("/accounts", web.Anyone, d.accounts), post("/accounts", web.Anyone, d.switchTo),
		get("/signout", web.Anyone, d.signoutPage), post("/signout", web.Anyone, d.signout),
		get("/signed-out", web.Anyone, signedOut),
		post("/preferences", web.Anyone, preferences),
		{Method: "POST", Path: "/password/strength", Guard: web.Anyone, Face: web.API, Limit: 8 << 10, Handle: strength},
	}
	routes = append(routes, d.proofRoutes(get, post)...)
	routes = append(routes, d.tegataRoutes(get, post)...)
	routes = append(routes, get("/whats-left", web.SignedIn, d.left), post("/whats-left", web.SignedIn, d.noThanks))
	routes = append(routes, d.joinRoutes(get, post)...)
	routes = append(routes, d.recoverRoutes(get, post)...)
	return web.Door{Name: "signin", Layout: web.Card, Routes: routes, Files: files}
}

// Pages of a sign-in.
type (
	// Identify asks who somebody is.
	Identify struct {
		Typed  string
		Return string
		Open   bool
		Held   int
		Tegata bool // somebody here has it
	}
	// Password asks for the password.
	Password struct {
		Flow, Typed string
		Other       bool // there is another way
		Keep        bool
		StepUp      bool // within a session, to prove it anew
	}
	// Code asks for a code that was mailed.
	Code struct {
		Base   string // path of the form
		Flow   string
		Typed  string
		Way    string // "signin", "confirm", "join", "recover", "replace"
		Other  bool
		Mobile bool // "recover": a number was typed, and the code may go there
		Wait   int  // seconds until another may be sent
		Digits int
		Sent   bool
	}
	// Limit lists the sessions of which one has to end (ER-16).
	Limit struct {
		Flow, Typed string
		Reference   string // of the refusal that led here
		Sessions    []session.Session
	}
	// NewPassword asks for a new password.
	NewPassword struct {
		Base, Flow, Typed string
		Min               int
		Lifts             bool // the owner's own list of addresses goes with it (RC-09)
	}
)

func first(ctx context.Context, r *web.Request) (web.Response, error) {
	f, err := r.Who(ctx)
	if err != nil {
		return web.Response{}, err
	}
	if f != nil {
		return web.Go("/signin"), nil
	}
	return web.Go("/me"), nil
}

func (d *Door) identify(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	r.NeedBrowser()
	back := web.LocalPath(q["return"])
	hint := q["hint"]
	if len(hint) > 254 {
		hint = ""
	}
	page, err := d.identifyPage(ctx, Identify{Typed: hint, Return: back, Held: len(r.Slots())})
	if err != nil {
		return page, err
	}
	page = page.LeadsTo(back)
	if r.Lost() {
		page = page.With(faults.SessionCookieMissing.New())
		page.Status = http.StatusOK // it tells why, and refuses nothing
	}
	return page, nil
}

// identifyPage is the first page. Whether it offers Tegata's code says that somebody
// here has Tegata, and of nobody whether they do.
func (d *Door) identifyPage(ctx context.Context, p Identify) (web.Response, error) {
	offers, err := d.Signin.Offers(ctx)
	if err != nil {
		return web.Response{}, err
	}
	p.Open, p.Tegata = d.Open, offers
	return web.Show("signin/identify", p), nil
}

func (d *Door) start(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	r.NeedBrowser()
	ask := signin.Ask{Identifier: form["identifier"], Return: web.LocalPath(form["return"])}
	held, err := r.Held(ctx)
	if err != nil {
		return web.Response{}, err
	}
	for _, h := range held {
		if same(h, ask.Identifier) {
			ask.Reprove = h.Session.ID
		}
	}
	v, err := d.Signin.Start(ctx, r.Describe(), ask)
	if err != nil {
		return web.Response{}, err
	}
	if v.Fault != nil {
		page, err := d.identifyPage(ctx, Identify{Typed: form["identifier"], Return: ask.Return, Held: len(held)})
		return page.With(v.Fault), err
	}
	return web.Go(stepPath(v, "")), nil
}

// same says whether what was typed is one of the account's own names.
func same(h web.Held, typed string) bool {
	id, err := account.Parse(typed)
	return err == nil && (id.Norm == h.Account.Email.Norm || id.Kind == account.Username && id.Shown == h.Account.Username)
}

// stepPath is the page of a step; want is the page that was asked for.
func stepPath(v signin.View, want string) string {
	path := map[signin.Step]string{
		signin.Limit: "/signin/sessions", signin.NewWord: "/signin/new-password", signin.Address: "/signin/confirm",
	}[v.Step]
	if path == "" {
		var kinds []string
		for _, w := range v.Ways {
			kinds = append(kinds, w.Kind)
		}
		path = proofPath("/signin", kinds, want)
	}
	return path + "?flow=" + url.QueryEscape(string(v.ID))
}

// flowOf reads which journey a request goes on with.
func flowOf(r *web.Request) (ref.Flow, *fault.Fault, error) {
	q, err := r.Query()
	if err != nil {
		return "", nil, err
	}
	id, ok := ref.ParseFlow(q["flow"])
	if !ok {
		return "", faults.FlowExpired.New(), nil
	}
	return id, nil, nil
}

func (d *Door) look(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	see := d.Signin.Look
	if pageOf(r) == "sms" {
		see = d.Signin.Wait
	}
	v, err := see(ctx, r.Visitor, id)
	if err != nil || v.Fault != nil {
		return refuse(v.Fault), err
	}
	if to := stepPath(v, pageOf(r)); to != r.HTTP.URL.RequestURI() {
		return web.Go(to), nil
	}
	return d.page(r, v), nil
}

func refuse(f *fault.Fault) web.Response {
	if f == nil {
		return web.Response{}
	}
	return web.Refuse(f)
}

// page shows the step a journey is at.
func (d *Door) page(r *web.Request, v signin.View) web.Response {
	flow, typed := string(v.ID), v.Typed.Shown
	switch v.Step {
	case signin.Limit:
		return web.Show("signin/sessions", Limit{flow, typed, v.Refused, v.Sessions}).LeadsTo(v.Return)
	case signin.NewWord:
		p := web.Show("signin/new-password", NewPassword{Base: "/signin/new-password", Flow: flow, Typed: typed, Min: v.MinWord}).With(faults.PasswordExpired.New()).LeadsTo(v.Return)
		p.Status = http.StatusOK // it tells why, and refuses nothing
		return p
	case signin.Address:
		w, _ := v.Way(signin.ConfirmCode)
		return web.Show("signin/code", Code{Digits: d.Digits, Base: "/signin/confirm", Flow: flow, Typed: typed, Way: "confirm", Wait: wait(r, w), Sent: w.Sent}).LeadsTo(v.Return)
	}
	return d.proofPage(r, v)
}

func wait(r *web.Request, w signin.Way) int {
	return max(0, int(w.Until.Sub(r.Now).Seconds()))
}

// answer takes one field of a form as the answer of a kind.
func (d *Door) answer(kind, field string) func(context.Context, *web.Request) (web.Response, error) {
	return func(ctx context.Context, r *web.Request) (web.Response, error) {
		id, f, err := flowOf(r)
		if err != nil || f != nil {
			return refuse(f), err
		}
		form, err := r.Form()
		if err != nil {
			return web.Response{}, err
		}
		value := form[field]
		if value == "" && kind != "password" && kind != signin.NewPassword {
			value = " " // nothing typed is a wrong code, not a wish for another
		}
		v, err := d.Signin.Answer(ctx, r.Describe(), id, signin.Answer{Kind: kind, Value: value, Keep: form["keep"] == "1", Trust: form["trust"] == "1"})
		if err != nil {
			return web.Response{}, err
		}
		if kind == "tegata" && v.Number == "" && v.Fault != nil && v.Fault.Code() == faults.PushWaiting.Code {
			return web.Go("/signin/qr?flow=" + string(id)), nil // it is the code on the page that waits
		}
		return d.next(ctx, r, v)
	}
}

func (d *Door) send(kind string) func(context.Context, *web.Request) (web.Response, error) {
	return func(ctx context.Context, r *web.Request) (web.Response, error) {
		id, f, err := flowOf(r)
		if err != nil || f != nil {
			return refuse(f), err
		}
		v, err := d.Signin.Answer(ctx, r.Describe(), id, signin.Answer{Kind: kind})
		if err != nil {
			return web.Response{}, err
		}
		return d.next(ctx, r, v)
	}
}

func (d *Door) endSessions(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	if _, err := r.Form("session"); err != nil {
		return web.Response{}, err
	}
	var ids []ref.Session
	for _, raw := range r.Many("session") {
		if s, ok := ref.ParseSession(raw); ok {
			ids = append(ids, s)
		}
	}
	v, err := d.Signin.Answer(ctx, r.Describe(), id, signin.Answer{Kind: signin.EndSessions, Sessions: ids})
	if err != nil {
		return web.Response{}, err
	}
	return d.next(ctx, r, v)
}

// next goes on: to the step the journey is at, with what it refused, or in.
func (d *Door) next(ctx context.Context, r *web.Request, v signin.View) (web.Response, error) {
	switch {
	case v.Opened != nil:
		return d.enter(ctx, r, v.Opened, v.Return)
	case v.ID == "":
		return refuse(v.Fault), nil
	case v.Fault == nil,
		// What leads to a page of its own is told there.
		v.Fault.Code() == faults.SessionLimit.Code && v.Step == signin.Limit && r.HTTP.URL.Path != "/signin/sessions",
		v.Fault.Code() == faults.PasswordExpired.Code:
		return web.Go(stepPath(v, pageOf(r))), nil
	}
	if alone(v.Fault) {
		return web.Refuse(v.Fault), nil
	}
	return d.page(r, v).With(v.Fault), nil
}

// alone says whether a refusal has a page of its own: no other answer on this page
// would change it.
func alone(f *fault.Fault) bool {
	switch f.Code() {
	case faults.AccountDisabled.Code, faults.AccountDeleted.Code, faults.SigninDailyLimit.Code, faults.SigninIPNotAllowed.Code, faults.AddressTaken.Code, faults.FlowOrder.Code,
		faults.FactorNoOtherWay.Code:
		return true
	}
	return false
}

// enter puts the session into the browser and leads on, by way of at most one
// page that asks for what is missing (SI-23).
func (d *Door) enter(ctx context.Context, r *web.Request, o *enter.Opened, back string) (web.Response, error) {
	pushed, err := r.Admit(ctx, o.Session, o.Token)
	if err != nil {
		return web.Response{}, err
	}
	if pushed != "" {
		if _, err := d.Change.End(ctx, r.Describe(), o.Session, []ref.Session{pushed}, false); err != nil {
			return web.Response{}, err
		}
	}
	if o.Trust != nil {
		r.Trust(o.Trust)
	}
	if back == "" {
		back = "/me"
	}
	return web.Go(afterwards(o.Missing, back)), nil
}

func strength(_ context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Password string `json:"password"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	return web.JSON(200, struct {
		Score int `json:"score"`
	}{password.Strength(in.Password, password.About{})}), nil
}

func preferences(_ context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	if l := form["lang"]; l == "ja" || l == "en" {
		r.Prefer("lang", l)
	}
	if t := form["theme"]; t == "light" || t == "dark" {
		r.Prefer("theme", t)
	}
	back := web.LocalPath(form["back"])
	if back == "" {
		back = "/"
	}
	return web.Go(back), nil
}
