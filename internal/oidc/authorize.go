package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/client"
	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/flow/consent"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/session"
	"sekisho/internal/web"
)

// Agree asks whether an app may have what it asks for.
type Agree struct {
	Flow  string
	As    string // the account that is asked
	App   string
	Host  string
	Name  string
	Email string
	Scope []string
}

// authorizePost turns a request that was posted into one that is asked for, so
// that the browser sends its cookies along (SameSite=Lax).
func (d *Door) authorizePost(_ context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	return web.Go("/oauth/authorize?" + encode(form)), nil
}

func encode(v web.Values) string {
	q := url.Values{}
	for k, x := range v {
		q.Set(k, x)
	}
	return q.Encode()
}

func (d *Door) authorize(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	app, err := d.app(ctx, q["client_id"])
	if errors.Is(err, db.ErrNone) {
		return web.Refuse(faults.AppUnknown.New()), nil
	}
	if err != nil {
		return web.Response{}, err
	}
	redirect := q["redirect_uri"]
	if redirect == "" && len(app.Redirects) == 1 && !strings.Contains(q["scope"], "openid") {
		redirect = app.Redirects[0]
	}
	// Until the address to go back to is known to be the app's, nothing is sent
	// there, not even an error (RFC 9700 §4.11).
	if !app.MayReturn(redirect) {
		return web.Refuse(faults.AppRedirect.New()), nil
	}
	ask, code, why := d.read(ctx, r, app, redirect, q)
	if code != "" {
		r.Note("oauth_error", code)
		return d.back(redirect, url.Values{"error": {code}, "error_description": {why + " (reference " + r.ID + ")"}}, q["state"]), nil
	}
	r.NeedBrowser()
	id, err := d.Consent.Start(ctx, r.Describe(), ask)
	if err != nil {
		return web.Response{}, err
	}
	return d.advance(ctx, r, id, consent.Choice{})
}

func (d *Door) app(ctx context.Context, id string) (c client.Client, err error) {
	name, ok := ref.ParseClient(id)
	if !ok {
		return c, db.ErrNone
	}
	err = d.DB.View(ctx, func(tx db.ReadTx) (err error) {
		c, err = client.Of(ctx, tx, name)
		return err
	})
	return c, err
}

// read checks a request (Core §3.1.2.1, RFC 7636 §4.3); a code is the error to
// send back to the app.
func (d *Door) read(ctx context.Context, r *web.Request, app client.Client, redirect string, q web.Values) (ask consent.Ask, code, why string) {
	for param, e := range map[string]string{"request": "request_not_supported", "request_uri": "request_uri_not_supported", "registration": "registration_not_supported"} {
		if q[param] != "" {
			return ask, e, param + " is not supported"
		}
	}
	switch {
	case q["response_type"] != "code":
		return ask, "unsupported_response_type", "response_type is code"
	case q["response_mode"] != "" && q["response_mode"] != "query":
		return ask, "invalid_request", "response_mode is query"
	case !slices.Contains(app.Grants, client.Code):
		return ask, "unauthorized_client", "the app is not registered for authorization_code"
	}
	if why := challenge(app, q); why != "" {
		return ask, "invalid_request", why
	}
	ask = consent.Ask{Client: app.ID, Redirect: redirect, State: q["state"], Nonce: q["nonce"], Challenge: q["code_challenge"],
		Prompt: strings.Fields(q["prompt"]), Hint: q["login_hint"], ACR: levels(q["acr_values"])}
	if slices.Contains(ask.Prompt, "none") && len(ask.Prompt) > 1 {
		return ask, "invalid_request", "prompt none stands alone"
	}
	if len(ask.State) > 2000 || len(ask.Nonce) > 500 || len(ask.Hint) > 500 {
		return ask, "invalid_request", "state, nonce or login_hint is too long"
	}
	if age := q["max_age"]; age != "" {
		n, err := strconv.ParseInt(age, 10, 32)
		if err != nil || n < 0 {
			return ask, "invalid_request", "max_age is a number of seconds"
		}
		ask.Aged, ask.MaxAge = true, time.Duration(n)*time.Second
	}
	if ask.Scope = scopes(app, q["scope"]); len(ask.Scope) == 0 {
		return ask, "invalid_scope", "no scope that this app may have"
	}
	if hint := q["id_token_hint"]; hint != "" {
		c, ok := d.readHint(ctx, r, hint)
		if !ok || c.client != app.ID {
			return ask, "invalid_request", "id_token_hint was not issued here to this app"
		}
		ask.Subject = c.account
	}
	return ask, "", ""
}

func challenge(app client.Client, q web.Values) string {
	c, method := q["code_challenge"], q["code_challenge_method"]
	switch {
	case c == "" && !app.Confidential:
		return "code_challenge is required of public apps"
	case c == "" && method != "":
		return "code_challenge is missing"
	case c != "" && method != "S256":
		return "code_challenge_method is S256"
	case c != "" && len(c) != 43:
		return "code_challenge of S256 has 43 characters"
	}
	return ""
}

// scopes keeps those an app may have; what is unknown is ignored (Core §3.1.2.1).
func scopes(app client.Client, raw string) []string {
	var out []string
	for _, s := range strings.Fields(raw) {
		if slices.Contains(app.Scopes, s) && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// levels keeps of acr_values those there are, in the app's order; it is a wish, so
// what is unknown is ignored (Core §3.1.2.1).
func levels(raw string) []string {
	known := []string{session.ACRSingle, session.ACRTrusted, session.ACRMulti}
	var out []string
	for _, v := range strings.Fields(raw) {
		if slices.Contains(known, v) && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// back leads to the app, with the issuer, so that it knows who answers
// (RFC 9207).
func (d *Door) back(redirect string, v url.Values, state string) web.Response {
	u, err := url.Parse(redirect)
	if err != nil {
		return web.Refuse(faults.AppRedirect.New())
	}
	if state != "" {
		v.Set("state", state)
	}
	v.Set("iss", d.Issuer)
	// The registered query stays letter for letter; ours follows it.
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += v.Encode()
	return web.Go(u.String())
}

func (d *Door) proceed(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	id, ok := ref.ParseFlow(q["flow"])
	if !ok {
		return web.Refuse(faults.FlowExpired.New()), nil
	}
	return d.advance(ctx, r, id, consent.Choice{Chosen: q["chosen"] == "1"})
}

func (d *Door) decide(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	id, ok := ref.ParseFlow(form["flow"])
	if !ok {
		return web.Refuse(faults.FlowExpired.New()), nil
	}
	yes := form["answer"] == "yes"
	as, _ := ref.ParseAccount(form["as"]) // none is nobody's agreement
	return d.advance(ctx, r, id, consent.Choice{Chosen: true, Agreed: yes, Denied: !yes, As: as})
}

// errorsOf maps what is missing to the protocol's errors where no page may be
// shown (Core §3.1.2.6).
var errorsOf = map[consent.Step]string{
	consent.Signin: "login_required", consent.Fresh: "login_required", consent.Raise: "login_required", consent.Choose: "account_selection_required",
	consent.SetUp: "interaction_required", consent.Agree: "consent_required", consent.Denied: "access_denied",
}

// take finds, of the accounts this browser is signed in to, the one that the app asks
// for, and goes on with its session. It gives the place of it; -1: nothing changed.
func (d *Door) take(ctx context.Context, r *web.Request, id ref.Flow, ch consent.Choice) (int, error) {
	if len(r.Slots()) < 2 {
		return -1, nil
	}
	held, err := r.Held(ctx)
	if err != nil {
		return -1, err
	}
	// The one in use comes first: two may be meant alike.
	slices.SortStableFunc(held, func(a, b web.Held) int {
		switch {
		case a.Here == b.Here:
			return 0
		case a.Here:
			return -1
		}
		return 1
	})
	var here []ref.Account
	for _, h := range held {
		here = append(here, h.Account.ID)
	}
	meant, err := d.Consent.Meant(ctx, id, ch, here)
	if i := slices.Index(here, meant); err == nil && i > 0 {
		r.Borrow(held[i].Slot)
		return held[i].Slot, nil
	}
	return -1, err
}

// settingUp finds the request's session, and whether it first has to set a second factor
// up.
func (d *Door) settingUp(ctx context.Context, r *web.Request) (bool, error) {
	if r.Session.ID != "" {
		return false, nil
	}
	f, err := r.Who(ctx)
	return f != nil && f.Code() == faults.FactorRequired.Code, err
}

func (d *Door) advance(ctx context.Context, r *web.Request, id ref.Flow, ch consent.Choice) (web.Response, error) {
	slot, err := d.take(ctx, r, id, ch)
	if err != nil {
		return web.Response{}, err
	}
	if ch.SetUp, err = d.settingUp(ctx, r); err != nil {
		return web.Response{}, err
	}
	v, err := d.Consent.Next(ctx, r.Describe(), id, r.Session, ch)
	if err != nil {
		return web.Response{}, err
	}
	if v.ID == "" {
		return web.Refuse(v.Fault), nil
	}
	if v.Step == consent.Granted {
		return d.back(v.Ask.Redirect, url.Values{"code": {v.Code.Reveal()}}, v.Ask.State), nil
	}
	if v.Silent || v.Step == consent.Denied {
		out := url.Values{"error": {errorsOf[v.Step]}, "error_description": {"(reference " + r.ID + ")"}}
		if v.Fault != nil {
			out.Set("error_description", v.Fault.Code()+" (reference "+v.Fault.Reference+")")
		}
		return d.back(v.Ask.Redirect, out, v.Ask.State), nil
	}
	if slot >= 0 {
		r.Switch(slot) // the pages that follow are about this account
	}
	here := "/oauth/continue?flow=" + url.QueryEscape(string(id))
	switch v.Step {
	case consent.Choose:
		return web.Go("/accounts?return=" + url.QueryEscape(here+"&chosen=1")), nil
	case consent.Raise:
		return web.Go("/elevate?return=" + url.QueryEscape(here+"&chosen=1")), nil
	case consent.SetUp:
		return web.Go("/me/factors?return=" + url.QueryEscape(here)), nil
	case consent.Agree:
		return d.agree(ctx, r, v, here)
	}
	to := "/signin?return=" + url.QueryEscape(here+"&chosen=1")
	hint := v.Ask.Hint
	if v.Step == consent.Fresh {
		a, err := r.Account(ctx)
		if err != nil {
			return web.Response{}, err
		}
		if hint = a.Email.Shown; hint == "" {
			hint = a.Username
		}
	}
	if hint != "" {
		to += "&hint=" + url.QueryEscape(hint)
	}
	return web.Go(to), nil
}

func (d *Door) agree(ctx context.Context, r *web.Request, v consent.View, here string) (web.Response, error) {
	a, err := r.Account(ctx)
	if err != nil {
		return web.Response{}, err
	}
	host := ""
	if u, err := url.Parse(v.Ask.Redirect); err == nil {
		host = u.Host
	}
	return web.Show("oidc/agree", Agree{string(v.ID), string(a.ID), v.Client.Name, host, a.Name, a.Email.Shown, v.Ask.Scope}).LeadsTo(here), nil
}

// hinted is what an ID token that we issued says, however old it is.
type hinted struct {
	client  ref.Client
	account ref.Account
	session ref.Session
}

// readHint reads an ID token of ours. Its time does not matter (RP-Initiated
// Logout §4); its signature does.
func (d *Door) readHint(ctx context.Context, r *web.Request, token string) (hinted, bool) {
	body, err := d.Keys.Verify(ctx, r.Now, token, "JWT")
	if err != nil {
		return hinted{}, false
	}
	var c struct {
		Sub string `json:"sub"`
		Aud string `json:"aud"`
		SID string `json:"sid"`
	}
	if json.Unmarshal(body, &c) != nil {
		return hinted{}, false
	}
	app, err := d.app(ctx, c.Aud)
	if err != nil {
		return hinted{}, false
	}
	h := hinted{client: app.ID, session: d.openSID(app, c.SID)}
	if a, ok := ref.ParseAccount(c.Sub); ok && !app.Pairwise {
		h.account = a
		return h, true
	}
	// A pairwise subject does not read back: the session tells whose it is.
	err = d.DB.View(ctx, func(tx db.ReadTx) error {
		s, err := session.ByID(ctx, tx, h.session)
		h.account = s.Account
		return err
	})
	return h, err == nil && secret.Equal(d.subject(app, h.account), c.Sub)
}
