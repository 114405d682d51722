package apptest

import (
	"encoding/base32"
	"net/http"
	"strings"

	"sekisho/internal/account"
	"sekisho/internal/pass"
)

// Handheld is an installation of Tegata in somebody's hand.
type Handheld struct {
	*pass.Pass
	Owner account.Account
	Code  string // the secret of the account's own codes, in base 32
	w     *World
}

// Hold takes an installation in, from the session whose token p has.
func (w *World) Hold(p *Program, a account.Account, name string) *Handheld {
	w.T.Helper()
	var t struct{ URI string }
	p.Call("POST", "/api/v1/me/tegata/ticket", nil).Want(200, "").Into(&t)
	h := w.Taken(t.URI, a, name)
	if _, err := h.Agree(w.T.Context()); err != nil {
		w.T.Fatal(err)
	}
	var done struct{ Token, State string }
	p.Call("POST", "/api/v1/me/tegata/ticket/agree", nil).Want(200, "").Into(&done)
	if done.Token != "" {
		p.Token = done.Token
	}
	j, err := h.Joined(w.T.Context())
	if err != nil || j.State != "active" || j.Code == "" {
		w.T.Fatalf("joined: %+v %v", j, err)
	}
	h.Code = j.Code
	return h
}

// Taken lets an installation ask to be taken in.
func (w *World) Taken(uri string, a account.Account, name string) *Handheld {
	w.T.Helper()
	p, _, err := pass.Join(w.T.Context(), &http.Client{Transport: &wire{w.Handler, "198.51.100.200:40000"}}, uri, name, "app")
	if err != nil {
		w.T.Fatal(err)
	}
	p.Clock = w.Clock.Now
	return &Handheld{Pass: p, Owner: a, w: w}
}

// Asked is the one request that is asked of the installation.
func (h *Handheld) Asked() pass.Request {
	h.w.T.Helper()
	s, err := h.State(h.w.T.Context())
	if err != nil || len(s.Requests) != 1 {
		h.w.T.Fatalf("got requests %+v (%v), want one", s.Requests, err)
	}
	return s.Requests[0]
}

// Say decides the one request there is.
func (h *Handheld) Say(decision, number string, verified bool) error {
	h.w.T.Helper()
	return h.Answer(h.Asked().ID, decision, number, verified)
}

// CodeNow is a code of the installation that was not used yet: the clock moves on to
// the next.
func (h *Handheld) CodeNow() string {
	h.w.T.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(h.Code)
	if err != nil {
		h.w.T.Fatal(err)
	}
	return (&Kit{w: h.w, key: key}).App()
}

// Signed sends a call with a header that was signed before.
func (p *Program) Signed(method, path, header, body string) Answer {
	p.w.T.Helper()
	req, err := http.NewRequest(method, p.w.Base+path, strings.NewReader(body))
	if err != nil {
		p.w.T.Fatal(err)
	}
	req.Header.Set("Authorization", header)
	req.Header.Set("Content-Type", "application/json")
	return p.do(req)
}

// Answer decides a request in the owner's name.
func (h *Handheld) Answer(id, decision, number string, verified bool) error {
	h.w.T.Helper()
	return h.Decide(h.w.T.Context(), pass.Said{Account: string(h.Owner.ID), Request: id, Decision: decision, Number: number, Verified: verified})
}
