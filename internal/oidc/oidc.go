// Package oidc is the door for apps: an OpenID Connect provider (Core 1.0,
// Discovery 1.0, RP-Initiated Logout 1.0, Back-Channel Logout 1.0) on OAuth 2.0
// with the advice of RFC 9700.
//
// It checks what apps send and puts answers into the protocol's words. Who may
// enter is the journeys' and gate's to say; tokens are grant's.
package oidc

import (
	"context"
	"embed"
	"encoding/json"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"

	"sekisho/internal/client"
	"sekisho/internal/db"
	"sekisho/internal/flow/change"
	"sekisho/internal/flow/consent"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/session"
	"sekisho/internal/signkey"
	"sekisho/internal/web"
)

//go:embed templates/*.html messages.toml
var files embed.FS

// Door is the provider.
type Door struct {
	DB      *db.DB
	Keys    *signkey.Keys
	Rules   *org.Book
	Consent *consent.Consent
	Change  *change.Change
	Issuer  string // the public address, without a slash at the end
	Salt    []byte // of pairwise subjects

	document []byte
}

// Door gives the routes and pages.
func (d *Door) Door() web.Door {
	d.document = d.discovery()
	app := web.Guard{Name: "client", Check: d.authenticate}
	bearer := web.Guard{Name: "access token", Check: d.bearer}
	page := func(method, path string, g web.Guard, h func(context.Context, *web.Request) (web.Response, error)) web.Route {
		return web.Route{Method: method, Path: path, Guard: g, Face: web.Page, Handle: h}
	}
	call := func(method, path string, g web.Guard, h func(context.Context, *web.Request) (web.Response, error)) web.Route {
		return web.Route{Method: method, Path: path, Guard: g, Face: web.OAuth, Handle: h}
	}
	return web.Door{Name: "oidc", Layout: web.Card, Files: files, Routes: []web.Route{
		call("GET", "/.well-known/openid-configuration", web.Anyone, d.configuration),
		call("GET", "/.well-known/oauth-authorization-server", web.Anyone, d.configuration),
		call("GET", "/oauth/jwks", web.Anyone, d.jwks),
		page("GET", "/oauth/authorize", web.Anyone, d.authorize),
		call("POST", "/oauth/authorize", web.Anyone, d.authorizePost),
		page("GET", "/oauth/continue", web.Anyone, d.proceed),
		page("POST", "/oauth/consent", web.SignedIn, d.decide),
		call("POST", "/oauth/token", app, d.token),
		call("GET", "/oauth/userinfo", bearer, d.userinfo), call("POST", "/oauth/userinfo", bearer, d.userinfo),
		call("POST", "/oauth/introspect", app, d.introspect),
		call("POST", "/oauth/revoke", app, d.revoke),
		call("OPTIONS", "/oauth/token", web.Anyone, preflight), call("OPTIONS", "/oauth/userinfo", web.Anyone, preflight), call("OPTIONS", "/oauth/revoke", web.Anyone, preflight),
		page("GET", "/oauth/logout", web.Anyone, d.logout),
		call("POST", "/oauth/logout", web.Anyone, d.logoutPost),
		page("POST", "/oauth/logout/confirm", web.Anyone, d.logoutConfirm),
	}}
}

// cors lets programs in other sites' pages call: no cookie counts here.
var cors = map[string]string{"Access-Control-Allow-Origin": "*"}

func preflight(context.Context, *web.Request) (web.Response, error) {
	return web.Response{Status: 204, Header: map[string]string{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET, POST",
		"Access-Control-Allow-Headers": "Authorization, Content-Type", "Access-Control-Max-Age": "86400"}}, nil
}

func (d *Door) discovery() []byte {
	at := func(path string) string { return d.Issuer + path }
	doc, err := json.Marshal(map[string]any{
		"issuer":                 d.Issuer,
		"authorization_endpoint": at("/oauth/authorize"), "token_endpoint": at("/oauth/token"), "userinfo_endpoint": at("/oauth/userinfo"),
		"jwks_uri": at("/oauth/jwks"), "introspection_endpoint": at("/oauth/introspect"), "revocation_endpoint": at("/oauth/revoke"),
		"end_session_endpoint":                           at("/oauth/logout"),
		"scopes_supported":                               client.Scopes,
		"response_types_supported":                       []string{"code"},
		"response_modes_supported":                       []string{"query"},
		"grant_types_supported":                          []string{client.Code, client.Refresh, client.Credentials},
		"subject_types_supported":                        []string{"public", "pairwise"},
		"id_token_signing_alg_values_supported":          signkey.Algs,
		"token_endpoint_auth_methods_supported":          []string{"client_secret_basic", "client_secret_post", "none"},
		"introspection_endpoint_auth_methods_supported":  []string{"client_secret_basic", "client_secret_post"},
		"revocation_endpoint_auth_methods_supported":     []string{"client_secret_basic", "client_secret_post", "none"},
		"code_challenge_methods_supported":               []string{"S256"},
		"acr_values_supported":                           []string{session.ACRSingle, session.ACRTrusted, session.ACRMulti},
		"prompt_values_supported":                        []string{"none", "login", "consent", "select_account"},
		"claims_supported":                               []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "name", "locale", "zoneinfo", "updated_at", "email", "email_verified", "preferred_username"},
		"ui_locales_supported":                           []string{"ja", "en"},
		"authorization_response_iss_parameter_supported": true,
		"backchannel_logout_supported":                   true,
		"backchannel_logout_session_supported":           true,
		"claims_parameter_supported":                     false,
		"request_parameter_supported":                    false,
		"request_uri_parameter_supported":                false,
	})
	if err != nil {
		panic(err) // a literal of ours that does not encode is found by the first test
	}
	return doc
}

func (d *Door) configuration(context.Context, *web.Request) (web.Response, error) {
	return web.Response{Status: 200, Type: "application/json", Body: d.document, Header: cors}, nil
}

func (d *Door) jwks(ctx context.Context, r *web.Request) (web.Response, error) {
	body, err := d.Keys.JWKS(ctx, r.Now)
	return web.Response{Status: 200, Type: "application/jwk-set+json", Body: body,
		Header: map[string]string{"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=300"}}, err
}

// LogoutToken tells an app that a session has ended (Back-Channel Logout §2.4).
func (d *Door) LogoutToken(ctx context.Context, now time.Time, c client.Client, a ref.Account, s ref.Session) (string, error) {
	return d.Keys.Sign(ctx, now, jose.SignatureAlgorithm(c.Alg), "logout+jwt", map[string]any{
		"iss": d.Issuer, "sub": d.subject(c, a), "aud": c.ID, "iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(),
		"jti": secret.Token().Reveal(), "sid": d.sid(c, s),
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": struct{}{}},
	})
}

// Leads is the origin at which a local path ends in an app's journey, for the
// page's form-action; empty where it stays here.
func (d *Door) Leads(ctx context.Context, path string) string {
	to, err := url.Parse(path)
	if err != nil {
		return ""
	}
	if to.Host == "" {
		id, ok := ref.ParseFlow(to.Query().Get("flow"))
		if to.Path != "/oauth/continue" || !ok {
			return ""
		}
		if to, err = url.Parse(d.Consent.Redirect(ctx, id)); err != nil || to.Scheme == "" {
			return ""
		}
	}
	if to.Scheme == "http" || to.Scheme == "https" {
		return to.Scheme + "://" + to.Host
	}
	return to.Scheme + ":"
}
