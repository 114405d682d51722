package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"

	"sekisho/internal/account"
	"sekisho/internal/client"
	"sekisho/internal/db"
	"sekisho/internal/grant"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

func unescape(s string) (string, bool) {
	out, err := url.QueryUnescape(s)
	return out, err == nil
}

// holder is an access token that stands, with what is needed to answer for it.
type holder struct {
	token   grant.Token
	client  client.Client
	account account.Account
}

// bearer lets in who holds an access token (RFC 6750), from the header or, in a
// POST, from the form; never from the address.
func (d *Door) bearer(ctx context.Context, r *web.Request) (*web.Response, error) {
	deny := func(status int, code, why string) (*web.Response, error) {
		res := refuse(r, status, code, why)
		res.Header["WWW-Authenticate"] = `Bearer realm="sekisho", error="` + code + `", error_description="` + why + `"`
		return &res, nil
	}
	kind, token, ok := strings.Cut(r.HTTP.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(kind, "Bearer") {
		token = ""
		if r.HTTP.Method == "POST" && strings.HasPrefix(r.HTTP.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
			form, err := r.Form()
			if err != nil {
				return nil, err
			}
			token = form["access_token"]
		}
	}
	if token == "" {
		// Who shows no token is told what is wanted, and no error (RFC 6750 §3.1).
		return &web.Response{Status: 401, Header: map[string]string{"Access-Control-Allow-Origin": "*", "WWW-Authenticate": `Bearer realm="sekisho"`}}, nil
	}
	h, ok, err := d.hold(ctx, grant.ByAccess, token, client.Client{})
	if err != nil {
		return nil, err
	}
	if !ok || h.token.Grant.ID == "" {
		return deny(401, "invalid_token", "the token is not known, or has ended")
	}
	if !slices.Contains(h.token.Scope, "openid") {
		return deny(403, "insufficient_scope", "openid is required")
	}
	r.Extra = h
	return nil, nil
}

// read finds a token of one kind.
type read func(ctx context.Context, r db.Reader, token string) (grant.Token, error)

// hold reads a token with its session and asks gate whether that goes on. An app
// that asks about its own token is known already.
func (d *Door) hold(ctx context.Context, find read, token string, asks client.Client) (h holder, ok bool, err error) {
	err = d.DB.View(ctx, func(tx db.ReadTx) error {
		var err error
		if h.token, err = find(ctx, tx, token); err != nil {
			return err
		}
		if h.client = asks; h.token.Client != asks.ID {
			if h.client, err = client.Of(ctx, tx, h.token.Client); err != nil {
				return err
			}
		}
		if h.token.Grant.ID == "" {
			ok = true
			return nil
		}
		if ok, err = d.admits(ctx, tx, h.token.Grant.Account, h.token.Session); err != nil || !ok {
			return err
		}
		if asks.ID != "" { // it asks what the token is, not who holds it
			h.account.Username, h.account.Email.Shown, err = account.Names(ctx, tx, h.token.Grant.Account)
			return err
		}
		h.account, err = account.Of(ctx, tx, h.token.Grant.Account)
		return err
	})
	if errors.Is(err, db.ErrNone) {
		return h, false, nil
	}
	return h, ok, err
}

func (d *Door) userinfo(_ context.Context, r *web.Request) (web.Response, error) {
	h := r.Extra.(holder)
	return web.Response{Status: 200, JSON: d.profile(h.client, h.account, h.token.Scope), Header: cors}, nil
}

// inactive is all a stranger learns of a token (RFC 7662 §2.2).
type inactive struct {
	Active bool `json:"active"`
}

// active is what an app learns of a living token (RFC 7662 §2.2, Core §2).
type active struct {
	Active   bool       `json:"active"`
	Client   ref.Client `json:"client_id"`
	Scope    string     `json:"scope"`
	Expires  int64      `json:"exp"`
	Issued   int64      `json:"iat"`
	Issuer   string     `json:"iss"`
	Type     string     `json:"token_type,omitempty"`
	Subject  string     `json:"sub"`
	Session  string     `json:"sid,omitempty"`
	ACR      string     `json:"acr,omitempty"`
	AMR      []string   `json:"amr,omitempty"`
	AuthTime int64      `json:"auth_time,omitempty"`
	Username string     `json:"username,omitempty"`
}

func (d *Door) introspect(ctx context.Context, r *web.Request) (web.Response, error) {
	who := r.Extra.(caller)
	if !who.client.Confidential {
		return refuse(r, 401, "invalid_client", "only an app with a secret may ask"), nil
	}
	token := who.form["token"]
	if token == "" {
		return refuse(r, 400, "invalid_request", "token is missing"), nil
	}
	if strings.Count(token, ".") == 2 {
		return d.introspectJWT(ctx, r, who.client, token)
	}
	h, ok, err := d.hold(ctx, grant.ByAccess, token, who.client)
	kind := "access_token"
	if err == nil && !ok {
		h, ok, err = d.hold(ctx, grant.ByRefresh, token, who.client)
		kind = "refresh_token"
	}
	if err != nil {
		return web.Response{}, err
	}
	if !ok || h.client.ID != who.client.ID && !who.client.Resource {
		return web.JSON(200, inactive{}), nil
	}
	out := active{Active: true, Client: h.client.ID, Scope: strings.Join(h.token.Scope, " "), Expires: h.token.Expires.Unix(),
		Issued: h.token.Created.Unix(), Issuer: d.Issuer, Subject: string(h.client.ID)}
	if kind == "access_token" {
		out.Type = "Bearer"
	}
	if g := h.token.Grant; g.ID != "" {
		out.Subject, out.Session, out.ACR, out.AMR, out.AuthTime = d.subject(h.client, g.Account), d.sid(h.client, g.Session), g.ACR, g.AMR, g.AuthTime.Unix()
		if name := h.account.Username; name != "" {
			out.Username = name
		} else if slices.Contains(h.token.Scope, "email") {
			out.Username = h.account.Email.Shown
		}
	}
	return web.JSON(200, out), nil
}

func (d *Door) introspectJWT(ctx context.Context, r *web.Request, who client.Client, token string) (web.Response, error) {
	body, err := d.Keys.Verify(ctx, r.Now, token, "at+jwt")
	if err != nil {
		return web.JSON(200, inactive{}), nil
	}
	var c map[string]any
	if err := json.Unmarshal(body, &c); err != nil {
		return web.JSON(200, inactive{}), nil
	}
	exp, _ := c["exp"].(float64)
	id, _ := c["client_id"].(string)
	if int64(exp) <= r.Now.Unix() || ref.Client(id) != who.ID && !who.Resource {
		return web.JSON(200, inactive{}), nil
	}
	if _, err := d.app(ctx, id); err != nil {
		if errors.Is(err, db.ErrNone) { // an app that was deleted holds nothing
			return web.JSON(200, inactive{}), nil
		}
		return web.Response{}, err
	}
	c["active"], c["token_type"] = true, "Bearer"
	return web.JSON(200, c), nil
}

// revoke ends a token; unknown ones are as good as ended (RFC 7009 §2.2).
func (d *Door) revoke(ctx context.Context, r *web.Request) (web.Response, error) {
	who := r.Extra.(caller)
	token := who.form["token"]
	if token == "" {
		return refuse(r, 400, "invalid_request", "token is missing"), nil
	}
	err := d.DB.Update(ctx, func(tx db.Tx) error {
		if err := grant.Revoke(ctx, tx, token, who.client.ID); err != nil {
			return err
		}
		return d.note(ctx, tx, "token.revoked", who.client, grant.Grant{})
	})
	return web.Response{Status: 200, Type: "application/json", Body: []byte("{}\n"), Header: cors}, err
}
