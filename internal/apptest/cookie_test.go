package apptest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/gate"
)

// withCookies calls the API as a page in a browser does, and keeps the cookies it gets.
func withCookies(w *apptest.World, b *apptest.Browser, path, body string) apptest.Answer {
	w.T.Helper()
	req, err := http.NewRequest("POST", w.Base+path, strings.NewReader(body))
	if err != nil {
		w.T.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for _, c := range b.Cookies() {
		req.AddCookie(c)
	}
	a := w.Program("192.0.2.1").Do(req)
	for _, raw := range a.Header["Set-Cookie"] {
		if c, err := http.ParseSetCookie(raw); err == nil {
			b.SetCookie(c.Name, c.Value)
		}
	}
	return a
}

// A trust is turned at use. A program that shows a browser's cookies and keeps none
// would end it: so only pages use it.
func TestTheAPIUsesNoBrowsersTrust(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		kit := w.Protect(w.Settle(hana), gate.TOTP)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word).Check("Trust this browser").Fill("Six-digit", kit.App()).Press("Next").See("Hello")
		b.Press("Sign out").Press("Sign out")
		var s apptest.Step
		withCookies(w, b, "/api/v1/signin", `{"identifier":"`+hana+`"}`).Want(200, "").Into(&s)
		withCookies(w, b, "/api/v1/signin/"+s.Flow, `{"kind":"password","answer":"`+apptest.Word+`"}`).Want(200, "").Into(&s)
		if s.Token != "" {
			t.Error("the API let in by the browser's trust")
		}
		w.Clock.Add(time.Minute)
		b.Signin(hana, apptest.Word).See("Hello")
	})
}

// Through the API with a cookie: whatever turns the session's token turns the cookie.
func TestTheAPITurnsTheCookieWithTheToken(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1").Signin(hana, apptest.Word).See("Hello")
		var s apptest.Step
		withCookies(w, b, "/api/v1/me/elevate", "{}").Want(200, "").Into(&s)
		withCookies(w, b, "/api/v1/signin/"+s.Flow, `{"kind":"password","answer":"`+apptest.Word+`"}`).Want(200, "")
		b.Open("/me").See("Hello")
		withCookies(w, b, "/api/v1/me/password", `{"current":"`+apptest.Word+`","new":"`+newer+`"}`).Want(200, "")
		b.Open("/me").See("Hello")
	})
}
