package signin

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"sekisho/internal/faults"
	"sekisho/internal/flow/enter"
	"sekisho/internal/flow/signin"
	"sekisho/internal/gate"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

// Pages of proofs.
type (
	// Prove asks for one proof: a code, a passphrase, or the password beside another.
	Prove struct {
		Base, Flow, Typed string // Base is "/signin" or "/recover"
		Kind, Path        string
		Names             []string
		Sent              bool         // the code is out, or nothing has to be sent
		Sends             bool         // a code is sent at a button
		Digits            int          // of the code; 0: it is no code
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
		More              bool // there are others than those listed
		Back              string
		Strong            bool // two strong proofs are asked for (RS-05)
		May               bool // to wait would do as well as the second of them
		Begun             bool // and the wait is under way
	}
	// Cannot lists all that can be done when the way asked for does not work (SI-14).
	Cannot struct {
		Base, Flow, Typed string
		Other, Device     bool // there are other ways; one of them needs no device
		Key               bool // a passkey signs in
		First, StepUp     bool
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
	string(gate.Passkey): "key", string(gate.Tegata): "tegata", string(gate.TegataCode): "tegata-code", string(gate.Backup): "backup", string(gate.Passphrase): "passphrase",
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
		get("/signin/other", web.Anyone, d.look), get("/signin/reach", web.Anyone, d.look), get("/signin/cannot", web.Anyone, d.cannot),
		post("/signin/code/send", web.Anyone, d.send("mailcode")), post("/signin/sms/send", web.Anyone, d.send("smscode")),
		{Method: "POST", Path: "/signin/key/options", Guard: web.Anyone, Face: web.API, Handle: d.keyOptions},
		{Method: "POST", Path: "/signin/passkey/options", Guard: web.Anyone, Face: web.API, Handle: d.firstOptions},
		post("/signin/passkey", web.Anyone, d.passkey),
		get("/elevate", web.SettingUp, d.elevate),
	}
	for kind, page := range paths {
		routes = append(routes, get("/signin/"+page, web.Anyone, d.look), post("/signin/"+page, web.Anyone, d.answer(kind, fieldOf(kind))))
	}
	return routes
}

// fieldOf is the form's field that has the answer of a kind.
func fieldOf(kind string) string {
	if f := map[string]string{"password": "password", "passkey": "response", "passphrase": "passphrase"}[kind]; f != "" {
		return f
	}
	return "code"
}

// asking is a step of either journey that asks for a proof.
type asking struct {
	Base, Flow, Typed string
	Ways              []signin.Way
	First, StepUp     bool
	TrustDays         int
	Delivery          outbox.Stage
	Back              string
	Number            string // what Tegata is to be told; empty: it was not asked
	Silent, Stale     bool
	Denied            bool // the owner said that it was somebody else
	May               bool // to wait would do as well (RS-05)
	Begun             bool // and the wait is under way
}

func (a asking) way(kind string) (signin.Way, bool) {
	return signin.View{Ways: a.Ways}.Way(kind)
}

// device says whether, beside a way that takes a device, there is one that needs
// none. Where Tegata comes first the same is offered to every name (OA-13).
func (a asking) device(kind string) bool {
	if a.First {
		return kind == string(gate.Tegata) && a.Typed != "" && len(a.Ways) > 1
	}
	return !a.First && !slices.Contains(needsNoDevice, kind) && slices.ContainsFunc(a.Ways, func(x signin.Way) bool { return slices.Contains(needsNoDevice, x.Kind) })
}

func askingOf(v signin.View) asking {
	return asking{Base: "/signin", Flow: string(v.ID), Typed: v.Typed.Shown, Ways: v.Ways, First: v.Step == signin.Proof, StepUp: v.StepUp, TrustDays: v.TrustDays, Delivery: v.Delivery,
		Back: v.Return, Number: v.Number, Silent: v.Silent, Stale: v.Stale, Denied: v.Fault != nil && v.Fault.Code() == faults.PushDenied.Code}
}

// proofPage shows the page of a proof, or the list of ways.
func (d *Door) proofPage(r *web.Request, v signin.View) web.Response {
	a := askingOf(v)
	kind := kindOf(pageOf(r))
	w, ok := a.way(kind)
	if !ok && len(a.Ways) > 0 {
		w = a.Ways[0]
	}
	others := len(a.Ways) > 1
	switch {
	case slices.Contains(lists, pageOf(r)):
	case w.Kind == string(gate.Password) && a.First:
		return web.Show("signin/password", Password{a.Flow, a.Typed, others, v.Keep, v.StepUp}).LeadsTo(v.Return)
	case w.Kind == string(gate.MailCode) && a.First:
		return web.Show("signin/code", Code{Digits: d.Digits, Base: "/signin/code", Flow: a.Flow, Typed: a.Typed, Way: "signin", Other: others, Wait: wait(r, w), Sent: w.Sent}).LeadsTo(v.Return)
	}
	return d.askPage(r, a)
}

// askPage shows the pages that both journeys have.
func (d *Door) askPage(r *web.Request, a asking) web.Response {
	page := pageOf(r)
	if slices.Contains(lists, page) {
		ways := a.listed(page == "reach")
		return web.Show("signin/other", Other{Base: a.Base, Flow: a.Flow, Typed: a.Typed, Ways: ways, First: a.First,
			StepUp: a.StepUp, Reach: page == "reach", More: !a.First && len(ways) < len(a.Ways), Back: a.Back, Strong: a.Base == toTegata, May: a.May, Begun: a.Begun}).LeadsTo(a.Back)
	}
	w, ok := a.way(kindOf(page))
	if !ok && len(a.Ways) > 0 {
		w = a.Ways[0]
	}
	others := len(a.Ways) > 1 || a.May
	if w.Kind == string(gate.Tegata) {
		return web.Show("signin/push", Push{Base: a.Base, Flow: a.Flow, Typed: a.Typed, Number: a.Number, Names: w.Names, Silent: a.Silent, Stale: a.Stale, Denied: a.Denied, Trust: a.TrustDays,
			Others: slices.DeleteFunc(a.listed(false), func(x Listed) bool { return x.Kind == w.Kind }), Device: a.device(w.Kind), StepUp: a.StepUp, First: a.First}).LeadsTo(a.Back)
	}
	if w.Kind == string(gate.Passkey) {
		return web.Show("signin/key", Key{a.Base, a.Flow, a.Typed, w.Names, a.TrustDays, others, a.device(w.Kind), a.StepUp, a.First}).LeadsTo(a.Back)
	}
	sends := w.Kind == string(gate.MailCode) || w.Kind == string(gate.SMSCode)
	res := web.Show("signin/prove", Prove{Base: a.Base, Path: paths[w.Kind], Flow: a.Flow, Typed: a.Typed, Kind: w.Kind, Names: w.Names,
		Sent: w.Sent || !sends, Sends: sends, Digits: d.digits(w.Kind), Wait: wait(r, w), Trust: a.TrustDays, Delivery: a.Delivery, Other: others,
		Device: a.device(w.Kind), StepUp: a.StepUp, First: a.First})
	if a.Delivery == outbox.NotSent && w.Kind == string(gate.SMSCode) {
		res = res.With(faults.SMSFailed.New())
	}
	return res.LeadsTo(a.Back)
}

// cannot is the way on from every page that asks for a proof (SI-14). Before a
// proof it says the same for every name.
func (d *Door) cannot(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	v, err := d.Signin.Look(ctx, r.Visitor, id)
	if err != nil || v.Fault != nil {
		return refuse(v.Fault), err
	}
	if v.Step != signin.Proof && v.Step != signin.Second && v.Step != signin.Another {
		return web.Go(stepPath(v, "")), nil
	}
	a := askingOf(v)
	_, key := a.way(string(gate.Passkey))
	return web.Show("signin/cannot", Cannot{Base: a.Base, Flow: a.Flow, Typed: a.Typed, Other: len(a.Ways) > 1, Device: a.device(""), Key: key,
		First: a.First, StepUp: a.StepUp}).LeadsTo(v.Return), nil
}

// digits says how many a code of a kind has.
func (d *Door) digits(kind string) int {
	switch kind {
	case string(gate.TOTP), string(gate.TegataCode):
		return 6
	case string(gate.Backup):
		return 12
	case string(gate.MailCode), string(gate.SMSCode):
		return d.Digits
	}
	return 0
}

// listed puts ways into a list; without the device only those that need none, or,
// where it is Tegata that is out of reach, all that is not on it (SI-15, OA-12).
func (a asking) listed(reach bool) []Listed {
	pass, tegata := a.way(string(gate.Tegata))
	var out []Listed
	if reach && a.First && tegata {
		out = append(out, Listed{Kind: another, Path: "qr"})
	}
	for _, w := range a.Ways {
		own := w.Kind == string(gate.Tegata) || w.Kind == string(gate.TegataCode)
		if reach && !slices.Contains(needsNoDevice, w.Kind) && (!tegata || own && len(pass.Names) < 2) {
			continue
		}
		out = append(out, Listed{w.Kind, paths[w.Kind], w.Names, sendsAt(w.Kind)})
		if w.Kind == string(gate.Tegata) && a.Base == "/signin" {
			out = append(out, Listed{Kind: scan, Path: "qr", Names: w.Names})
		}
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
	if form["response"] == "" {
		// Pressed where no script runs: nobody has tried anything.
		page, err := d.identifyPage(ctx, Identify{Return: back, Held: len(held)})
		return page.With(faults.KeyNeedsScript.New()), err
	}
	v, err := d.Signin.Passkey(ctx, r.Describe(), signin.Ask{Return: back}, form["response"], sessions)
	if err != nil {
		return web.Response{}, err
	}
	if v.ID == "" && v.Opened == nil {
		page, err := d.identifyPage(ctx, Identify{Return: back, Held: len(held)})
		return page.With(v.Fault), err
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

// Left is what a page after sign-in asks for, and may be skipped (SI-23).
type Left struct {
	Need   string
	Return string
}

// afterwards leads on, by way of at most one page that asks for what is missing.
func afterwards(need gate.Need, back string) string {
	switch {
	case need == gate.NeedAddress:
		return "/confirm?return=" + url.QueryEscape(back)
	case need == gate.NeedFactor:
		return "/me/factors?return=" + url.QueryEscape(back)
	case slices.Contains(lefts, need):
		return "/whats-left?need=" + string(need) + "&return=" + url.QueryEscape(back)
	}
	return back
}

// lefts are what the page of what is left can ask for.
var lefts = []gate.Need{enter.NeedAnew, enter.NeedBackup, enter.NeedWayBack, enter.NeedPasskey}

func (d *Door) left(_ context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	back := web.LocalPath(q["return"])
	if back == "" {
		back = "/me"
	}
	need := q["need"]
	if !slices.Contains(lefts, gate.Need(need)) || need == string(enter.NeedPasskey) && !d.Signin.OffersPasskeys(r.Rules()) {
		return web.Go(back), nil
	}
	return web.Show("signin/ready", Left{Need: need, Return: back}).LeadsTo(back), nil
}

// noThanks ends the offers of a passkey.
func (d *Door) noThanks(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	back := web.LocalPath(form["return"])
	if back == "" {
		back = "/me"
	}
	return web.Go(back), d.Signin.NoPasskey(ctx, r.Session.Account)
}
