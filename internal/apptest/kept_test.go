package apptest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/client"
	"sekisho/internal/db"
	"sekisho/internal/secret"
)

// Cookies are read by no script, go to this host alone, and not along with what other
// sites post; over https under a name that no other host can set, and never without TLS.
func TestCookiesAreKeptFromScriptsAndOtherSites(t *testing.T) {
	for _, base := range []string{"", https} {
		var conf []string
		if base != "" {
			conf = []string{"url", base}
		}
		w := apptest.New(t, "sqlite", conf...)
		w.Settle(hana)
		b := w.Browser("192.0.2.1").Open("/signin")
		seen := 0
		look := func() {
			for _, raw := range b.Header["Set-Cookie"] {
				c, err := http.ParseSetCookie(raw)
				if err != nil {
					t.Fatal(err)
				}
				seen++
				if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.Secure != (base != "") || strings.HasPrefix(c.Name, "__Host-") != (base != "") {
					t.Errorf("%s: got %s", w.Base, raw)
				}
			}
		}
		look()
		p := w.Program("192.0.2.9")
		a := p.Signin(hana, apptest.Word)
		for _, raw := range a.Header["Set-Cookie"] {
			t.Errorf("a program is given a cookie: %s", raw)
		}
		var s apptest.Step
		b.Signin(hana, apptest.Word)
		withCookies(w, b, "/api/v1/me/elevate", "{}").Want(200, "").Into(&s)
		b.Header = withCookies(w, b, "/api/v1/signin/"+s.Flow, `{"kind":"password","answer":"`+apptest.Word+`"}`).Want(200, "").Header
		look() // the session's
		if seen < 2 {
			t.Errorf("%s: got %d cookies, want the browser's and the session's", w.Base, seen)
		}
		// What is answered stays in no cache, and https stays https.
		for _, a := range []http.Header{a.Header, b.Header, b.Open("/me").Header, b.Open("/signin").Header} {
			if got := a.Get("Cache-Control"); got != "no-store" {
				t.Errorf("got Cache-Control %q, want no-store", got)
			}
			if got := a.Get("Strict-Transport-Security"); (got != "") != (base != "") {
				t.Errorf("%s: got Strict-Transport-Security %q", w.Base, got)
			}
		}
	}
}

func TestANewSecretLeavesTheOldOneADay(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		c, first := wiki(w, func(c *client.Client) { c.Grants = []string{client.Credentials} })
		p := w.Program("203.0.113.1")
		works := func(word string) bool {
			a := p.Form("/oauth/token", url.Values{"grant_type": {"client_credentials"}}, string(c.ID), word)
			if a.Status == 200 && a.Header.Get("Cache-Control") != "no-store" {
				t.Error("a token may be kept in a cache")
			}
			return a.Status == 200
		}
		turn := func(overlap time.Duration) string {
			var s secret.Text
			w.Update(func(tx db.Tx) (err error) { s, err = client.Rotate(t.Context(), tx, c.ID, overlap); return err })
			return s.Reveal()
		}
		check := func(when string, word string, want bool) {
			t.Helper()
			if got := works(word); got != want {
				t.Errorf("%s: got %v, want %v", when, got, want)
			}
		}
		second := turn(client.Overlap)
		check("the new one", second, true)
		check("the old one within the day", first, true)
		w.Clock.Add(client.Overlap)
		check("the old one after the day", first, false)
		check("the new one after the day", second, true)
		third := turn(0)
		check("the old one, replaced at once", second, false)
		check("the one that replaced it", third, true)
		check("the one before", first, false)
	})
}

// A token opens nothing when its session is over, and says so from the beginning.
func TestATokenIsNeverLongerThanItsSession(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		c, word := wiki(w)
		resource, resourceWord := wiki(w, func(c *client.Client) { c.Resource = true })
		b := w.Browser("192.0.2.1").Signin(hana, apptest.Word)
		w.Clock.Add(24*time.Hour - 10*time.Minute)
		p := w.Program("203.0.113.1")
		var tok struct {
			Access  string `json:"access_token"`
			Expires int64  `json:"expires_in"`
		}
		redeem(p, c, word, answered(t, b.Open(authorize(c))).Get("code")).Want(200, "").Into(&tok)
		if tok.Expires > 600 || tok.Expires < 590 {
			t.Errorf("got expires_in %d, want what is left of the session", tok.Expires)
		}
		var in struct {
			Active bool
			Exp    int64
		}
		p.Form("/oauth/introspect", url.Values{"token": {tok.Access}}, string(resource.ID), resourceWord).Want(200, "").Into(&in)
		if ends := w.Clock.Now().Add(10 * time.Minute).Unix(); !in.Active || in.Exp > ends {
			t.Errorf("got active %v until %d, want until %d at most", in.Active, in.Exp, ends)
		}
		w.Clock.Add(10 * time.Minute)
		in.Active = true
		p.Form("/oauth/introspect", url.Values{"token": {tok.Access}}, string(resource.ID), resourceWord).Want(200, "").Into(&in)
		if in.Active {
			t.Error("the token outlives its session")
		}
	}, "session_lifetime", "24h")
}
