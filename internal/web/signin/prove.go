package signin

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"sekisho/internal/faults"
	"sekisho/internal/flow/signin"
	"sekisho/internal/gate"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

// Pages of proofs.
type (
	// Prove asks for one proof: a code or a passphrase.
	Prove struct {
		Base, Flow, Typed string
		Kind              string
		Names             []string
		Sent              bool         // the code is out, or nothing has to be sent
		Sends             bool         // a code is sent at a button
		Wait              int          // seconds until another may be sent
		Trust             int          // days for which this browser can be trusted; 0: not offered
		Delivery          outbox.Stage // of an SMS; empty for strangers
		Other, Device     bool         // there are other ways; one of them needs no device
		StepUp            bool
		First             bool // it opens the sign-in
	}
	// Key asks for a passkey or security key.
	Key struct {
		Base, Flow, Typed string
		Names             []string
		Trust             int
		Other, Device     bool
		StepUp, First     bool
	}
	// Other lists the ways there are.
	Other struct {
		Base, Flow, Typed string
		Ways              []Listed
		First, StepUp     bool
		Reach             bool // the question is what to do without the device (SI-15)
		Back              string
	}
	// Listed is one of them.
	Listed struct {
		Kind, Path string
		Names      []string
		Sends      bool
	}
)

// paths are the pages of the kinds of proof.
var paths = map[string]string{
	string(gate.Password): "password", string(gate.MailCode): "code", string(gate.SMSCode): "sms", string(gate.TOTP): "totp",
	string(gate.Passkey): "key", string(gate.Backup): "backup", string(gate.Passphrase): "passphrase",
}

// lists are the pages that list ways.
var lists = []string{"other", "reach"}

// needsNoDevice are the kinds that work when the phone or key is out of reach.
var needsNoDevice = []string{string(gate.Backup), string(gate.Passphrase)}

// kindOf is the kind of proof a page asks for; empty for other pages.
func kindOf(page string) string {
	for kind, p := range paths {
		if p == page {
			return kind
		}
	}
	return ""
}

// pageOf is the last part of a page's path.
func pageOf(r *web.Request) string {
	path := strings.TrimSuffix(r.HTTP.URL.Path, "/send")
	return path[strings.LastIndexByte(path, '/')+1:]
}

// proofPath is the page of a journey that asks for a proof: the one that was
// wanted, where the journey offers it, else its first way.
func proofPath(base string, kinds []string, want string) string {
	page := ""
	if slices.Contains(lists, want) || slices.Contains(kinds, kindOf(want)) {
		page = want
	} else if len(kinds) > 0 {
		page = paths[kinds[0]]
	}
	return base + "/" + page
}

func (d *Door) proofRoutes(get, post routeOf) []web.Route {
	routes := []web.Route{
		get("/signin/other", web.Anyone, d.look), get("/signin/reach", web.Anyone, d.look),
		post("/signin/code/send", web.Anyone, d.send("mailcode")), post("/signin/sms/send", web.Anyone, d.send("smscode")),
		{Method: "POST", Path: "/signin/key/options", Guard: web.Anyone, Face: web.API, Handle: d.keyOptions},
		{Method: "POST", Path: "/signin/passkey/options", Guard: web.Anyone, Face: web.API, Handle: d.firstOptions},
		post("/signin/passkey", web.Anyone, d.passkey),
		get("/elevate", web.SettingUp, d.elevate),
	}
	for kind, page := range paths {
		field := map[string]string{"password": "password", "passkey": "response", "passphrase": "passphrase"}[kind]
		if field == "" {
			field = "code"
		}
		routes = append(routes, get("/signin/"+page, web.Anyone, d.look), post("/signin/"+page, web.Anyone, d.answer(kind, field)))
	}
	return routes
}

// proofPage shows the page of a proof, or the list of ways.
func (d *Door) proofPage(r *web.Request, v signin.View) web.Response {
	page := pageOf(r)
	flow, typed, first := string(v.ID), v.Typed.Shown, v.Step == signin.Proof
	if slices.Contains(lists, page) {
		return web.Show("signin/other", Other{Base: "/signin", Flow: flow, Typed: typed, Ways: listed(ways(v), page == "reach"), First: first,
			StepUp: v.StepUp, Reach: page == "reach", Back: v.Return})
	}
	kind := kindOf(page)
	w, ok := v.Way(kind)
	if !ok && len(v.Ways) > 0 {
		w = v.Ways[0]
	}
	others := len(v.Ways) > 1
	device := !first && slices.ContainsFunc(v.Ways, func(x signin.Way) bool { return slices.Contains(needsNoDevice, x.Kind) }) && !slices.Contains(needsNoDevice, w.Kind)
	var res web.Response
	switch {
	case w.Kind == string(gate.Password) && first:
		res = web.Show("signin/password", Password{flow, typed, others, v.Keep, v.StepUp})
	case w.Kind == string(gate.MailCode) && first:
		res = web.Show("signin/code", Code{Base: "/signin/code", Flow: flow, Typed: typed, Way: "signin", Other: others, Wait: wait(r, w), Sent: w.Sent})
	case w.Kind == string(gate.Passkey):
		res = web.Show("signin/key", Key{"/signin", flow, typed, w.Names, v.TrustDays, others, device, v.StepUp, first})
	default:
		sends := w.Kind == string(gate.MailCode) || w.Kind == string(gate.SMSCode)
		res = web.Show("signin/prove", Prove{Base: "/signin/" + paths[w.Kind], Flow: flow, Typed: typed, Kind: w.Kind, Names: w.Names,
			Sent: w.Sent || !sends, Sends: sends, Wait: wait(r, w), Trust: v.TrustDays, Delivery: v.Delivery, Other: others, Device: device,
			StepUp: v.StepUp, First: first})
	}
	if v.Delivery == outbox.NotSent && w.Kind == string(gate.SMSCode) {
		res = res.With(faults.SMSFailed.New())
	}
	return res.LeadsTo(v.Return)
}

func ways(v signin.View) []Listed {
	var out []Listed
	for _, w := range v.Ways {
		out = append(out, Listed{Kind: w.Kind, Names: w.Names})
	}
	return out
}

// listed puts ways into the order of a list; without the device only those that
// need none.
func listed(all []Listed, reach bool) []Listed {
	var out []Listed
	for _, w := range all {
		if reach && !slices.Contains(needsNoDevice, w.Kind) {
			continue
		}
		w.Path, w.Sends = paths[w.Kind], w.Kind == string(gate.MailCode) || w.Kind == string(gate.SMSCode)
		out = append(out, w)
	}
	return out
}

func jsonBody(body []byte) web.Response {
	return web.Response{Status: http.StatusOK, Type: "application/json", Body: body}
}

func (d *Door) keyOptions(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	options, f, err := d.Signin.Options(ctx, r.Visitor, id)
	if err != nil || f != nil {
		return refuse(f), err
	}
	return jsonBody(options), nil
}

func (d *Door) firstOptions(_ context.Context, r *web.Request) (web.Response, error) {
	// Without the cookie that the page gave there is nothing to bind a challenge to.
	if !r.Visitor.Proven {
		return web.Refuse(faults.FlowOtherBrowser.New()), nil
	}
	options, f, err := d.Signin.FirstOptions(r.Now, r.Visitor)
	if err != nil || f != nil {
		return refuse(f), err
	}
	return jsonBody(options), nil
}

// passkey takes a passkey that was given on the first page (SI-18).
func (d *Door) passkey(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	back := web.LocalPath(form["return"])
	if !r.Visitor.Proven {
		return web.Refuse(faults.FlowOtherBrowser.New()), nil
	}
	held, err := r.Held(ctx)
	if err != nil {
		return web.Response{}, err
	}
	sessions := map[ref.Account]ref.Session{}
	for _, h := range held {
		sessions[h.Account.ID] = h.Session.ID
	}
	v, err := d.Signin.Passkey(ctx, r.Describe(), signin.Ask{Return: back}, form["response"], sessions)
	if err != nil {
		return web.Response{}, err
	}
	if v.ID == "" && v.Opened == nil {
		return web.Show("signin/identify", Identify{Return: back, Open: d.Open, Held: len(held)}).With(v.Fault), nil
	}
	return d.next(ctx, r, v)
}

// elevate begins to prove the session anew.
func (d *Door) elevate(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	back := web.LocalPath(q["return"])
	if back == "" {
		back = "/me"
	}
	r.NeedBrowser()
	v, err := d.Signin.StepUp(ctx, r.Describe(), r.Session, back)
	if err != nil {
		return web.Response{}, err
	}
	return web.Go(stepPath(v, "")), nil
}

// Ready is what a page after sign-in asks for, and may be skipped (SI-23).
type Ready struct {
	Need   string
	Return string
	Left   int
}

// afterwards leads on, by way of at most one page that asks for what is missing.
func afterwards(need gate.Need, back string) string {
	switch need {
	case gate.NeedAddress:
		return "/confirm?return=" + url.QueryEscape(back)
	case gate.NeedFactor:
		return "/me/factors?return=" + url.QueryEscape(back)
	case "factors_anew", "backup_codes":
		return "/whats-left?need=" + string(need) + "&return=" + url.QueryEscape(back)
	}
	return back
}

func ready(_ context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	back := web.LocalPath(q["return"])
	if back == "" {
		back = "/me"
	}
	need := q["need"]
	if need != "factors_anew" && need != "backup_codes" {
		return web.Go(back), nil
	}
	return web.Show("signin/ready", Ready{Need: need, Return: back}).LeadsTo(back), nil
}
