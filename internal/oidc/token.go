package oidc

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/client"
	"sekisho/internal/db"
	"sekisho/internal/gate"
	"sekisho/internal/grant"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/session"
	"sekisho/internal/web"
)

// problem is an error in the words of RFC 6749 §5.2, with the reference that finds
// the request's line in the log.
type problem struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
	Reference   string `json:"reference"`
}

func refuse(r *web.Request, status int, code, why string) web.Response {
	r.Note("oauth_error", code)
	return web.Response{Status: status, JSON: problem{code, why, r.ID}, Header: map[string]string{"Access-Control-Allow-Origin": "*", "Pragma": "no-cache"}}
}

// caller is an app that proved itself, and its form.
type caller struct {
	client client.Client
	form   web.Values
}

// authenticate lets apps in (RFC 6749 §2.3): by Basic, by the form, or, for
// public ones, by name alone.
func (d *Door) authenticate(ctx context.Context, r *web.Request) (*web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return nil, err
	}
	id, sec, basic := r.HTTP.BasicAuth()
	deny := func(status int, code, why string) (*web.Response, error) {
		res := refuse(r, status, code, why)
		if status == 401 {
			res.Header["WWW-Authenticate"] = `Basic realm="sekisho"`
		}
		return &res, nil
	}
	switch {
	case basic && form["client_secret"] != "":
		return deny(400, "invalid_request", "one way to authenticate at a time")
	case basic:
		var ok1, ok2 bool
		id, ok1 = unescape(id)
		sec, ok2 = unescape(sec)
		if !ok1 || !ok2 || form["client_id"] != "" && form["client_id"] != id {
			return deny(400, "invalid_request", "client_id does not read, or differs from the header's")
		}
	default:
		id, sec = form["client_id"], form["client_secret"]
	}
	app, err := d.app(ctx, id)
	if errors.Is(err, db.ErrNone) {
		return deny(401, "invalid_client", "the app did not prove itself")
	}
	if err != nil {
		return nil, err
	}
	if app.Confidential && !app.Proves(sec, r.Now) || !app.Confidential && sec != "" {
		return deny(401, "invalid_client", "the app did not prove itself")
	}
	r.Note("client", string(app.ID))
	r.Extra = caller{app, form}
	return nil, nil
}

func (d *Door) token(ctx context.Context, r *web.Request) (web.Response, error) {
	who := r.Extra.(caller)
	kind := who.form["grant_type"]
	switch {
	case kind == "":
		return refuse(r, 400, "invalid_request", "grant_type is missing"), nil
	case kind != client.Code && kind != client.Refresh && kind != client.Credentials:
		return refuse(r, 400, "unsupported_grant_type", ""), nil
	case !slices.Contains(who.client.Grants, kind):
		return refuse(r, 400, "unauthorized_client", "the app is not registered for this grant type"), nil
	case kind == client.Code:
		return d.redeem(ctx, r, who)
	case kind == client.Refresh:
		return d.refresh(ctx, r, who)
	default:
		return d.credentials(ctx, r, who)
	}
}

// answer is a token response (RFC 6749 §5.1, Core §3.1.3.3).
type answer struct {
	Access  string `json:"access_token"`
	Type    string `json:"token_type"`
	Expires int64  `json:"expires_in"`
	Refresh string `json:"refresh_token,omitempty"`
	ID      string `json:"id_token,omitempty"`
	Scope   string `json:"scope"`
}

// issued is what one transaction gave out.
type issued struct {
	grant   grant.Grant
	access  grant.Issued
	refresh secret.Text
	scope   []string
	error   string
	why     string
}

// redeem spends a code and issues the tokens in one transaction.
func (d *Door) redeem(ctx context.Context, r *web.Request, who caller) (web.Response, error) {
	var out issued
	err := d.DB.Update(ctx, func(tx db.Tx) error {
		out = issued{error: "invalid_grant"}
		code, err := grant.LookCode(ctx, tx, who.form["code"])
		if errors.Is(err, db.ErrNone) || err == nil && code.Client != who.client.ID {
			return nil
		}
		if err != nil {
			return err
		}
		if code.Redirect != who.form["redirect_uri"] {
			out.why = "redirect_uri is not the one the code was asked for with"
			return nil
		}
		if !verifies(code.Challenge, who.form["code_verifier"]) {
			out.why = "code_verifier does not fit"
			return nil
		}
		g, err := grant.Redeem(ctx, tx, who.form["code"])
		switch {
		case errors.Is(err, db.ErrNone):
			return nil
		case errors.Is(err, grant.ErrSpent):
			out.why = "the code was used before; everything issued with it has ended"
			return d.note(ctx, tx, "app.code_reused", who.client, g)
		case err != nil:
			return err
		}
		out.grant, out.scope = g, g.Scope
		return d.issue(ctx, tx, who.client, g.Allowed("offline_access"), &out)
	})
	if err != nil {
		return web.Response{}, err
	}
	return d.respond(ctx, r, who.client, out)
}

// verifies compares a PKCE verifier (RFC 7636 §4.6). A verifier without a
// challenge is refused too: somebody took the challenge away on the way here
// (RFC 9700 §4.8.2).
func verifies(challenge, verifier string) bool {
	if challenge == "" {
		return verifier == ""
	}
	if len(verifier) < 43 || len(verifier) > 128 {
		return false
	}
	sum := sha256.Sum256([]byte(verifier))
	return secret.Equal(challenge, base64.RawURLEncoding.EncodeToString(sum[:]))
}

// issue asks gate whether the session goes on and makes the tokens.
func (d *Door) issue(ctx context.Context, tx db.Tx, app client.Client, refresh bool, out *issued) error {
	g := out.grant
	s, ok, err := d.goesOn(ctx, tx, g)
	if err != nil || !ok {
		out.error, out.why = "invalid_grant", "the session has ended"
		return err
	}
	if out.access, err = grant.Access(ctx, tx, app.ID, g.ID, out.scope, s.Expires); err != nil {
		return err
	}
	if refresh && out.refresh == "" && slices.Contains(app.Grants, client.Refresh) {
		if out.refresh, err = grant.Refresh(ctx, tx, g.ID); err != nil {
			return err
		}
	}
	out.error, out.why = "", ""
	return d.note(ctx, tx, "token.issued", app, g)
}

// goesOn asks the one decision about the session a grant hangs on.
func (d *Door) goesOn(ctx context.Context, r db.Reader, g grant.Grant) (session.Session, bool, error) {
	s, err := session.ByID(ctx, r, g.Session)
	if errors.Is(err, db.ErrNone) {
		return s, false, nil
	}
	if err != nil {
		return s, false, err
	}
	ok, err := d.admits(ctx, r, s.Account, grant.Session{Since: s.Created, Ends: s.Expires, Addr: s.Addr, ACR: s.ACR, AMR: s.AMR, Account: s.Since, Stands: s.Stands})
	return s, ok, err
}

// admits asks gate. An app works while its person is away: only the session's own
// end and the account count, not how long ago the browser was used.
func (d *Door) admits(ctx context.Context, r db.Reader, a ref.Account, s grant.Session) (bool, error) {
	rules, err := d.Rules.At(ctx, r, a, s.Stands)
	if err != nil {
		return false, err
	}
	dec := gate.Decide(gate.Facts{Door: gate.OIDC, Act: gate.Continue, Now: r.Now(), Account: gate.Active, From: web.ParseAddr(s.Addr),
		SessionEnds: s.Ends, LastUsed: r.Now(), SignedInSince: s.Since, Level: session.LevelOf(s.ACR), Methods: s.AMR, Since: s.Account}, rules)
	return dec.Verdict == gate.Admit, nil
}

// note writes what an app did. It names the session, not the account: the
// account's own timeline is for what its owner did.
func (d *Door) note(ctx context.Context, tx db.Tx, kind string, app client.Client, g grant.Grant) error {
	e := audit.Event{Kind: kind, Actor: string(app.ID), Client: app.ID, Session: g.Session}
	if kind == "app.token_reused" {
		e.Account = g.Account
	}
	_, err := audit.Write(ctx, tx, e)
	return err
}

func (d *Door) refresh(ctx context.Context, r *web.Request, who caller) (web.Response, error) {
	var out issued
	err := d.DB.Update(ctx, func(tx db.Tx) error {
		out = issued{error: "invalid_grant"}
		g, next, err := grant.Rotate(ctx, tx, who.form["refresh_token"], who.client.ID)
		switch {
		case errors.Is(err, db.ErrNone):
			return nil
		case errors.Is(err, grant.ErrSpent):
			out.why = "the refresh token was used before; everything issued with it has ended"
			return d.note(ctx, tx, "app.token_reused", who.client, g)
		case err != nil:
			return err
		}
		scope := g.Scope
		if asked := who.form["scope"]; asked != "" {
			scope = strings.Fields(asked)
			for _, s := range scope {
				if !g.Allowed(s) {
					return &narrow{}
				}
			}
		}
		g.Nonce = "" // the answer to one authorisation request, which this is not (Core §12.2)
		out.grant, out.scope, out.refresh = g, scope, next
		return d.issue(ctx, tx, who.client, true, &out)
	})
	var n *narrow
	if errors.As(err, &n) {
		return refuse(r, 400, "invalid_scope", "more than was given"), nil
	}
	if err != nil {
		return web.Response{}, err
	}
	return d.respond(ctx, r, who.client, out)
}

// narrow rolls a refresh back whose scope is wider than its grant.
type narrow struct{}

func (*narrow) Error() string { return "scope wider than the grant" }

func (d *Door) respond(ctx context.Context, r *web.Request, app client.Client, out issued) (web.Response, error) {
	if out.error != "" {
		return refuse(r, 400, out.error, out.why), nil
	}
	a := answer{Access: out.access.Token.Reveal(), Type: "Bearer", Expires: int64(out.access.Expires.Sub(r.Now) / time.Second),
		Refresh: out.refresh.Reveal(), Scope: strings.Join(out.scope, " ")}
	if slices.Contains(out.scope, "openid") {
		var err error
		if a.ID, err = d.idToken(ctx, r.Now, app, out.grant, a.Access); err != nil {
			return web.Response{}, err
		}
	}
	return web.Response{Status: 200, JSON: a, Header: cors}, nil
}

// idToken says who signed in, when and how (Core §2).
func (d *Door) idToken(ctx context.Context, now time.Time, app client.Client, g grant.Grant, access string) (string, error) {
	c := map[string]any{
		"iss": d.Issuer, "sub": d.subject(app, g.Account), "aud": app.ID, "exp": now.Add(grant.AccessLives).Unix(), "iat": now.Unix(),
		"auth_time": g.AuthTime.Unix(), "acr": g.ACR, "amr": g.AMR, "sid": d.sid(app, g.Session),
	}
	if g.Nonce != "" {
		c["nonce"] = g.Nonce
	}
	// EdDSA has no hash of its own size in JOSE; without one at_hash is left out.
	if app.Alg == string(jose.ES256) || app.Alg == string(jose.RS256) {
		sum := sha256.Sum256([]byte(access))
		c["at_hash"] = base64.RawURLEncoding.EncodeToString(sum[:16])
	}
	return d.Keys.Sign(ctx, now, jose.SignatureAlgorithm(app.Alg), "JWT", c)
}

// credentials gives an app a token of its own (RFC 6749 §4.4).
func (d *Door) credentials(ctx context.Context, r *web.Request, who caller) (web.Response, error) {
	app := who.client
	if !app.Confidential {
		return refuse(r, 400, "unauthorized_client", "a public app has no credentials"), nil
	}
	scope := []string{}
	for _, s := range strings.Fields(who.form["scope"]) {
		if !slices.Contains(app.Scopes, s) {
			return refuse(r, 400, "invalid_scope", "more than the app may have"), nil
		}
		if s != "openid" && s != "offline_access" { // nobody signs in here
			scope = append(scope, s)
		}
	}
	a := answer{Type: "Bearer", Expires: int64(grant.AccessLives / time.Second), Scope: strings.Join(scope, " ")}
	if app.JWT {
		var err error
		a.Access, err = d.Keys.Sign(ctx, r.Now, jose.SignatureAlgorithm(app.Alg), "at+jwt", map[string]any{ // RFC 9068 §2.2
			"iss": d.Issuer, "sub": app.ID, "aud": d.Issuer, "client_id": app.ID, "exp": r.Now.Add(grant.AccessLives).Unix(), "iat": r.Now.Unix(),
			"jti": secret.Token().Reveal(), "scope": a.Scope,
		})
		return web.Response{Status: 200, JSON: a, Header: cors}, err
	}
	err := d.DB.Update(ctx, func(tx db.Tx) error {
		i, err := grant.Access(ctx, tx, app.ID, "", scope, time.Time{})
		a.Access = i.Token.Reveal()
		return err
	})
	return web.Response{Status: 200, JSON: a, Header: cors}, err
}

// profile is what userinfo tells, by scope (Core §5.4).
func (d *Door) profile(app client.Client, a account.Account, scope []string) map[string]any {
	c := map[string]any{"sub": d.subject(app, a.ID)}
	if slices.Contains(scope, "profile") {
		c["name"], c["locale"], c["updated_at"] = a.Name, string(a.Lang), a.Changed.Unix()
		if a.Zone != "" {
			c["zoneinfo"] = a.Zone
		}
		if a.Username != "" {
			c["preferred_username"] = a.Username
		}
	}
	if slices.Contains(scope, "email") && a.Email.Norm != "" {
		c["email"], c["email_verified"] = a.Email.Shown, !a.Email.Confirmed.IsZero()
	}
	return c
}
