package apptest_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"sekisho/internal/apptest"
	"sekisho/internal/client"
)

// The programs under bench measure the whole; these show where the time goes:
// go test -bench . -cpuprofile cpu.out ./internal/apptest
func benchmark(b *testing.B, w *apptest.World, make func() *http.Request, want int) {
	b.ReportAllocs()
	for b.Loop() {
		req := make()
		req.RemoteAddr = "192.0.2.1:4000"
		rec := httptest.NewRecorder()
		w.Handler.ServeHTTP(rec, req)
		if rec.Code != want {
			b.Fatalf("got %d, want %d: %s", rec.Code, want, rec.Body)
		}
	}
}

func request(method, path, token string, form url.Values) *http.Request {
	req := httptest.NewRequest(method, apptest.Base+path, strings.NewReader(form.Encode()))
	req.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")
	req.Header.Set("Accept-Language", "en")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return req
}

func BenchmarkDoors(b *testing.B) {
	w := apptest.New(b, "sqlite", "log", "info")
	w.Settle(hana)
	p := w.Program("192.0.2.1")
	p.Signin(hana, apptest.Word).Want(200, "")
	c, word := wiki(w, func(c *client.Client) {
		c.Grants, c.Resource = []string{client.Code, client.Refresh, client.Credentials}, true
	})
	x := w.Browser("192.0.2.1")
	x.Signin(hana, apptest.Word)
	u, err := url.Parse(x.Open(authorize(c)).Left)
	if err != nil {
		b.Fatal(err)
	}
	var tok tokens
	redeem(p, c, word, u.Query().Get("code")).Want(200, "").Into(&tok)
	own := url.Values{"client_id": {string(c.ID)}, "client_secret": {word}}
	with := func(kv ...string) url.Values {
		v := url.Values{"client_id": own["client_id"], "client_secret": own["client_secret"]}
		for i := 0; i < len(kv); i += 2 {
			v.Set(kv[i], kv[i+1])
		}
		return v
	}
	b.Run("noop", func(b *testing.B) {
		benchmark(b, w, func() *http.Request { return request("GET", "/api/v1/noop", "", nil) }, 204)
	})
	b.Run("session", func(b *testing.B) {
		benchmark(b, w, func() *http.Request { return request("GET", "/api/v1/session", p.Token, nil) }, 200)
	})
	b.Run("introspect", func(b *testing.B) {
		benchmark(b, w, func() *http.Request { return request("POST", "/oauth/introspect", "", with("token", tok.Access)) }, 200)
	})
	b.Run("userinfo", func(b *testing.B) {
		benchmark(b, w, func() *http.Request { return request("GET", "/oauth/userinfo", tok.Access, nil) }, 200)
	})
	b.Run("credentials", func(b *testing.B) {
		benchmark(b, w, func() *http.Request {
			return request("POST", "/oauth/token", "", with("grant_type", "client_credentials"))
		}, 200)
	})
	b.Run("refresh", func(b *testing.B) {
		for b.Loop() {
			refreshed(p, c, word, tok.Refresh).Want(200, "").Into(&tok)
		}
	})
	b.Run("page", func(b *testing.B) {
		benchmark(b, w, func() *http.Request { return request("GET", "/signin", "", nil) }, 200)
	})
}
