package apptest_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"sekisho/internal/apptest"
	"sekisho/internal/client"
	"sekisho/internal/db"
	"sekisho/internal/outbox"
)

const (
	callback = "https://wiki.example.com/callback"
	verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXkA"
)

func s256(v string) string {
	sum := sha256.Sum256([]byte(v))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func wiki(w *apptest.World, change ...func(*client.Client)) (client.Client, string) {
	c := client.Client{Confidential: true, FirstParty: true, Redirects: []string{callback}, Logouts: []string{"https://wiki.example.com/bye"}}
	for _, f := range change {
		f(&c)
	}
	return w.Register(c)
}

func authorize(c client.Client, more ...string) string {
	q := url.Values{"client_id": {string(c.ID)}, "redirect_uri": {c.Redirects[0]}, "response_type": {"code"}, "scope": {"openid profile email offline_access"},
		"state": {"st4te"}, "nonce": {"n0nce"}, "code_challenge": {s256(verifier)}, "code_challenge_method": {"S256"}}
	for i := 0; i+1 < len(more); i += 2 {
		if q.Set(more[i], more[i+1]); more[i+1] == "" {
			q.Del(more[i])
		}
	}
	return "/oauth/authorize?" + q.Encode()
}

// answered is what came back to the app.
func answered(t *testing.T, b *apptest.Browser) url.Values {
	t.Helper()
	u, err := url.Parse(b.Left)
	if err != nil || b.Left == "" {
		t.Fatalf("the browser did not go back to the app; it is at %s (%d): %s", b.URL, b.Status, b.Text())
	}
	return u.Query()
}

type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
	Scope   string `json:"scope"`
	Expires int    `json:"expires_in"`
}

func redeem(p *apptest.Program, c client.Client, word, code string) apptest.Answer {
	return p.Form("/oauth/token", url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {c.Redirects[0]}, "code_verifier": {verifier}}, string(c.ID), word)
}

func refreshed(p *apptest.Program, c client.Client, word, token string) apptest.Answer {
	return p.Form("/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}, string(c.ID), word)
}

// claims verifies an ID token with the published keys and reads it.
func claims(t *testing.T, p *apptest.Program, token string) map[string]any {
	t.Helper()
	var set jose.JSONWebKeySet
	p.Call("GET", "/oauth/jwks", nil).Into(&set)
	jws, err := jose.ParseSigned(token, []jose.SignatureAlgorithm{jose.EdDSA, jose.ES256, jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	keys := set.Key(jws.Signatures[0].Header.KeyID)
	if len(keys) != 1 || !keys[0].IsPublic() {
		t.Fatalf("got %d keys for %q, want one public", len(keys), jws.Signatures[0].Header.KeyID)
	}
	body, err := jws.Verify(keys[0])
	if err != nil {
		t.Fatal(err)
	}
	var c map[string]any
	if err := json.Unmarshal(body, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAppSignsInWithCodeAndPKCE(t *testing.T) {
	for _, alg := range []string{"EdDSA", "ES256", "RS256"} {
		t.Run(alg, func(t *testing.T) {
			apptest.Each(t, func(t *testing.T, w *apptest.World) {
				a := w.Settle(hana)
				c, word := wiki(w, func(c *client.Client) { c.Alg, c.FirstParty = alg, false })
				b, p := w.Browser("192.0.2.1"), w.Program("203.0.113.1")
				b.Open(authorize(c, "login_hint", hana)).Press("Next").Fill("Password", apptest.Word).Press("Sign in")
				b.See("Connect to Wiki?", "your e-mail address", "wiki.example.com").Press("Connect")
				q := answered(t, b)
				if q.Get("state") != "st4te" || q.Get("iss") != apptest.Base {
					t.Errorf("got %v, want state and iss", q)
				}
				var tok tokens
				redeem(p, c, word, q.Get("code")).Want(200, "").Into(&tok)
				id := claims(t, p, tok.ID)
				if id["sub"] != string(a.ID) || id["nonce"] != "n0nce" || id["aud"] != string(c.ID) || id["iss"] != apptest.Base || id["sid"] == nil || id["acr"] != "urn:sekisho:acr:single" {
					t.Errorf("got claims %v", id)
				}
				if got := id["amr"].([]any); len(got) != 1 || got[0] != "pwd" {
					t.Errorf("got amr %v, want pwd", got)
				}
				p.Token = tok.Access
				var info map[string]any
				p.Call("GET", "/oauth/userinfo", nil).Want(200, "").Into(&info)
				if info["email"] != hana || info["email_verified"] != true || info["name"] != "Hana Sato" {
					t.Errorf("got userinfo %v", info)
				}
				p.Token = ""
				var in map[string]any
				p.Form("/oauth/introspect", url.Values{"token": {tok.Access}}, string(c.ID), word).Want(200, "").Into(&in)
				if in["active"] != true || in["sub"] != string(a.ID) {
					t.Errorf("got introspection %v", in)
				}
				b.Open(authorize(c)) // consent is remembered
				redeem(p, c, word, answered(t, b).Get("code")).Want(200, "")
				b.Open("/me/apps").See("Wiki").Press("Disconnect").See("No app is connected")
				p.Token = tok.Access
				p.Call("GET", "/oauth/userinfo", nil).Want(401, "invalid_token")
			})
		})
	}
}

func TestDenyGoesBackWithAccessDenied(t *testing.T) {
	w := apptest.New(t, "sqlite")
	w.Settle(hana)
	c, _ := wiki(w, func(c *client.Client) { c.FirstParty = false })
	b := w.Browser("192.0.2.1")
	b.Signin(hana, apptest.Word)
	b.Open(authorize(c)).Press("Do not connect")
	if got := answered(t, b).Get("error"); got != "access_denied" {
		t.Errorf("got %q, want access_denied", got)
	}
}

func TestCodeRedeemsOnceOfManyAndReplayEndsTheGrant(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		c, word := wiki(w)
		b, p := w.Browser("192.0.2.1"), w.Program("203.0.113.1")
		b.Signin(hana, apptest.Word)
		code := answered(t, b.Open(authorize(c))).Get("code")
		other, otherWord := wiki(w)
		redeem(p, other, otherWord, code).Want(400, "invalid_grant") // another app gets nothing, and spends nothing
		var mu sync.Mutex
		var won []tokens
		var all sync.WaitGroup
		for range 12 {
			all.Go(func() {
				a := redeem(w.Program("203.0.113.1"), c, word, code)
				if a.Status == 200 {
					var tok tokens
					a.Into(&tok)
					mu.Lock()
					won = append(won, tok)
					mu.Unlock()
				}
			})
		}
		all.Wait()
		if len(won) != 1 {
			t.Fatalf("got %d answers with tokens, want 1", len(won))
		}
		redeem(p, c, word, code).Want(400, "invalid_grant") // on a busy machine the others may have been told to come back
		p.Token = won[0].Access
		p.Call("GET", "/oauth/userinfo", nil).Want(401, "invalid_token")
		p.Token = ""
		refreshed(p, c, word, won[0].Refresh).Want(400, "invalid_grant")
	})
}

func TestRefreshRotatesAndReuseEndsTheFamily(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		c, word := wiki(w)
		b, p := w.Browser("192.0.2.1"), w.Program("203.0.113.1")
		b.Signin(hana, apptest.Word)
		var first, second, third tokens
		redeem(p, c, word, answered(t, b.Open(authorize(c))).Get("code")).Want(200, "").Into(&first)
		refreshed(p, c, word, first.Refresh).Want(200, "").Into(&second)
		if second.Refresh == first.Refresh || second.ID == "" {
			t.Error("the refresh token did not rotate, or no ID token came")
		}
		p.Form("/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {second.Refresh}, "scope": {"openid admin"}}, string(c.ID), word).Want(400, "invalid_scope")
		p.Form("/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {second.Refresh}, "scope": {"openid"}}, string(c.ID), word).Want(200, "").Into(&third)
		if id := claims(t, p, third.ID); id["nonce"] != nil || id["sub"] == nil {
			t.Errorf("got claims %v after a refresh, want no nonce", id)
		}
		if third.Scope != "openid" {
			t.Errorf("got scope %q, want openid", third.Scope)
		}
		refreshed(p, c, word, first.Refresh).Want(400, "invalid_grant")
		refreshed(p, c, word, third.Refresh).Want(400, "invalid_grant")
		p.Token = third.Access
		p.Call("GET", "/oauth/userinfo", nil).Want(401, "invalid_token")
		b.Open("/me/activity").See("token was used twice")
	})
}

func TestEndingASessionOrAccountEndsItsTokensAndTellsApps(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		c, word := wiki(w, func(c *client.Client) { c.Backchannel = "https://wiki.example.com/backchannel" })
		b, p := w.Browser("192.0.2.1"), w.Program("203.0.113.1")
		b.Signin(hana, apptest.Word)
		var tok tokens
		redeem(p, c, word, answered(t, b.Open(authorize(c))).Get("code")).Into(&tok)
		sid := claims(t, p, tok.ID)["sid"]
		b.Open("/signout").Press("Sign out")
		refreshed(p, c, word, tok.Refresh).Want(400, "invalid_grant")
		var in map[string]any
		p.Form("/oauth/introspect", url.Values{"token": {tok.Access}}, string(c.ID), word).Want(200, "").Into(&in)
		if in["active"] != false {
			t.Errorf("got %v, want an ended token", in)
		}
		logout := claims(t, p, posts(w)[0].Form["logout_token"])
		if logout["sid"] != sid || logout["nonce"] != nil || logout["events"] == nil {
			t.Errorf("got logout token %v", logout)
		}
		b.Signin(hana, apptest.Word)
		redeem(p, c, word, answered(t, b.Open(authorize(c))).Get("code")).Into(&tok)
		w.Disable(a.ID)
		p.Token = tok.Access
		p.Call("GET", "/oauth/userinfo", nil).Want(401, "invalid_token")
		if n := len(posts(w)); n != 2 {
			t.Errorf("got %d posts, want 2", n)
		}
	})
}

func posts(w *apptest.World) []outbox.Post {
	var out []outbox.Post
	w.View(func(tx db.ReadTx) error {
		rows, err := outbox.List(context.Background(), tx, 50)
		for _, r := range rows {
			var p outbox.Post
			if r.Kind == outbox.HTTP && w.Outbox.Open(r, &p) == nil {
				out = append(out, p)
			}
		}
		return err
	})
	return out
}

func TestRedirectURIsMatchLetterForLetter(t *testing.T) {
	w := apptest.New(t, "sqlite")
	c, _ := wiki(w)
	b := w.Browser("192.0.2.1")
	for _, uri := range []string{
		"https://wiki.example.com/Callback", "https://WIKI.example.com/callback", "https://wiki.example.com/callback/", "https://wiki.example.com/callback?x=1",
		"https://wiki.example.com/callback#x", "https://wiki.example.com:443/callback", "http://wiki.example.com/callback", "https://u@wiki.example.com/callback",
		"https://wiki.example.com/%63allback", "https://wiki.example.com/x/../callback", "https://wiki.example.com.evil.test/callback", "https://evil.test/?https://wiki.example.com/callback",
		"", "javascript:alert(1)", "//wiki.example.com/callback", "https://wiki.example.com\\@evil.test/callback",
	} {
		b.Open(authorize(c, "redirect_uri", uri)).Want(400)
		if b.Left != "" || !strings.Contains(b.Body, "app.redirect_mismatch") {
			t.Errorf("%q: got %s %q, want a page that says so", uri, b.Text(), b.Left)
		}
	}
	b.Open(authorize(c, "client_id", "cli_nobody")).Want(400).See("app.unknown")
	b.Open(authorize(c) + "&redirect_uri=https://evil.test/").Want(400).See("request.duplicate_parameter")
}

func TestAuthorizeErrorsGoBackToTheApp(t *testing.T) {
	w := apptest.New(t, "sqlite")
	c, _ := wiki(w)
	public, _ := wiki(w, func(c *client.Client) { c.Confidential = false })
	b := w.Browser("192.0.2.1")
	for _, x := range []struct {
		c    client.Client
		more []string
		want string
	}{
		{c, []string{"response_type", "token"}, "unsupported_response_type"}, {c, []string{"response_mode", "fragment"}, "invalid_request"},
		{c, []string{"code_challenge_method", "plain"}, "invalid_request"}, {c, []string{"code_challenge", "short"}, "invalid_request"},
		{public, []string{"code_challenge", "", "code_challenge_method", ""}, "invalid_request"}, {c, []string{"prompt", "none login"}, "invalid_request"},
		{c, []string{"prompt", "none"}, "login_required"}, {c, []string{"max_age", "-1"}, "invalid_request"}, {c, []string{"scope", "root"}, "invalid_scope"},
		{c, []string{"request", "x"}, "request_not_supported"}, {c, []string{"request_uri", "https://x"}, "request_uri_not_supported"}, {c, []string{"id_token_hint", "a.b.c"}, "invalid_request"},
	} {
		if q := answered(t, b.Open(authorize(x.c, x.more...))); q.Get("error") != x.want || q.Get("iss") == "" || q.Get("state") != "st4te" {
			t.Errorf("%v: got %v, want %s with iss and state", x.more, q, x.want)
		}
	}
}

func TestPromptAndMaxAgeAskForAFreshProof(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		c, word := wiki(w)
		b, p := w.Browser("192.0.2.1"), w.Program("203.0.113.1")
		b.Signin(hana, apptest.Word)
		w.Clock.Add(time.Hour)
		if got := answered(t, b.Open(authorize(c, "prompt", "none", "max_age", "60"))).Get("error"); got != "login_required" {
			t.Errorf("got %q, want login_required", got)
		}
		for _, more := range [][]string{{"prompt", "login"}, {"max_age", "60"}} {
			w.Clock.Add(time.Hour)
			asked := w.Clock.Now()
			b.Open(authorize(c, more...)).See("Sign in").Press("Next").Fill("Password", apptest.Word).Press("Sign in")
			var tok tokens
			redeem(p, c, word, answered(t, b).Get("code")).Into(&tok)
			if at := int64(claims(t, p, tok.ID)["auth_time"].(float64)); at < asked.Unix() {
				t.Errorf("%v: got auth_time %d, want a proof since %d", more, at, asked.Unix())
			}
		}
		if n := countSessions(w, a); n != 1 {
			t.Errorf("got %d sessions, want the one that proved itself again", n)
		}
		b.Open(authorize(c, "prompt", "none"))
		redeem(p, c, word, answered(t, b).Get("code")).Want(200, "")
		b.Open(authorize(c, "prompt", "select_account")).See("Switch accounts").Press(hana)
		redeem(p, c, word, answered(t, b).Get("code")).Want(200, "")
		b.Open(authorize(c, "prompt", "consent")).See("Connect to Wiki?")
	})
}

func TestACRValuesAreAWish(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		c, word := wiki(w)
		b, p := w.Browser("192.0.2.1"), w.Program("203.0.113.1")
		b.Signin(hana, apptest.Word)
		w.Clock.Add(time.Hour)
		for _, wish := range []string{"urn:sekisho:acr:multi", "urn:unknown urn:sekisho:acr:multi", "nonsense"} {
			var tok tokens
			redeem(p, c, word, answered(t, b.Open(authorize(c, "acr_values", wish))).Get("code")).Want(200, "").Into(&tok)
			if got := claims(t, p, tok.ID)["acr"]; got != "urn:sekisho:acr:single" {
				t.Errorf("%s: got acr %v, want what was reached", wish, got)
			}
		}
	})
}

func TestAppsProveThemselves(t *testing.T) {
	w := apptest.New(t, "sqlite")
	w.Settle(hana)
	c, word := wiki(w, func(c *client.Client) { c.Grants = []string{client.Code, client.Credentials} })
	public, _ := wiki(w, func(c *client.Client) { c.Confidential = false })
	p := w.Program("203.0.113.1")
	cc := url.Values{"grant_type": {"client_credentials"}}
	for _, wrong := range []string{"", "x", word + "x", strings.ToUpper(word)} {
		p.Form("/oauth/token", cc, string(c.ID), wrong).Want(401, "invalid_client")
	}
	p.Form("/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {string(c.ID)}, "client_secret": {word}}, "", "").Want(200, "")
	p.Form("/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_secret": {word}}, string(c.ID), word).Want(400, "invalid_request")
	p.Form("/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {string(public.ID)}}, "", "").Want(400, "unauthorized_client")
	p.Form("/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}, string(c.ID), word).Want(400, "unauthorized_client")
	p.Form("/oauth/token", url.Values{"grant_type": {"password"}}, string(c.ID), word).Want(400, "unsupported_grant_type")
	p.Form("/oauth/token", url.Values{}, string(c.ID), word).Want(400, "invalid_request")
	p.Form("/oauth/token", url.Values{"grant_type": {"client_credentials", "client_credentials"}}, string(c.ID), word).Want(400, "invalid_request")
	p.Form("/oauth/introspect", url.Values{"token": {"x"}, "client_id": {string(public.ID)}}, "", "").Want(401, "invalid_client")
	var in map[string]any
	p.Form("/oauth/introspect", url.Values{"token": {"x"}}, string(c.ID), word).Want(200, "").Into(&in)
	if len(in) != 1 || in["active"] != false {
		t.Errorf("got %v, want only active=false", in)
	}
}

func TestVerifierMustFit(t *testing.T) {
	w := apptest.New(t, "sqlite")
	w.Settle(hana)
	c, word := wiki(w)
	b, p := w.Browser("192.0.2.1"), w.Program("203.0.113.1")
	b.Signin(hana, apptest.Word)
	code := answered(t, b.Open(authorize(c))).Get("code")
	form := func(v, uri string) url.Values {
		return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {uri}, "code_verifier": {v}}
	}
	p.Form("/oauth/token", form("", callback), string(c.ID), word).Want(400, "invalid_grant")
	p.Form("/oauth/token", form(strings.Repeat("a", 43), callback), string(c.ID), word).Want(400, "invalid_grant")
	p.Form("/oauth/token", form(verifier, callback+"/"), string(c.ID), word).Want(400, "invalid_grant")
	p.Form("/oauth/token", form(verifier, callback), string(c.ID), word).Want(200, "")
	bare := answered(t, b.Open(authorize(c, "code_challenge", "", "code_challenge_method", ""))).Get("code")
	p.Form("/oauth/token", url.Values{"grant_type": {"authorization_code"}, "code": {bare}, "redirect_uri": {callback}, "code_verifier": {verifier}}, string(c.ID), word).Want(400, "invalid_grant")
	late := answered(t, b.Open(authorize(c))).Get("code")
	w.Clock.Add(61 * time.Second)
	redeem(p, c, word, late).Want(400, "invalid_grant")
}

func TestClientCredentialsOpaqueAndJWT(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		p := w.Program("203.0.113.1")
		for _, jwt := range []bool{false, true} {
			c, word := wiki(w, func(c *client.Client) { c.JWT, c.Grants = jwt, []string{client.Credentials} })
			resource, resourceWord := wiki(w, func(c *client.Client) { c.Resource = true })
			var tok tokens
			p.Form("/oauth/token", url.Values{"grant_type": {"client_credentials"}}, string(c.ID), word).Want(200, "").Into(&tok)
			if (strings.Count(tok.Access, ".") == 2) != jwt {
				t.Errorf("jwt=%v: got %s", jwt, tok.Access)
			}
			var in map[string]any
			p.Form("/oauth/introspect", url.Values{"token": {tok.Access}}, string(resource.ID), resourceWord).Into(&in)
			if in["active"] != true || in["client_id"] != string(c.ID) {
				t.Errorf("jwt=%v: got %v", jwt, in)
			}
			stranger, strangerWord := wiki(w)
			in = nil
			p.Form("/oauth/introspect", url.Values{"token": {tok.Access}}, string(stranger.ID), strangerWord).Into(&in)
			if in["active"] != false {
				t.Errorf("jwt=%v: another app learned of the token: %v", jwt, in)
			}
			p.Token = tok.Access
			p.Call("GET", "/oauth/userinfo", nil).Want(401, "invalid_token")
			p.Token = ""
		}
	})
}

func TestRevocationEndsTokens(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		c, word := wiki(w)
		other, otherWord := wiki(w)
		b, p := w.Browser("192.0.2.1"), w.Program("203.0.113.1")
		b.Signin(hana, apptest.Word)
		var tok tokens
		redeem(p, c, word, answered(t, b.Open(authorize(c))).Get("code")).Into(&tok)
		p.Form("/oauth/revoke", url.Values{"token": {tok.Refresh}}, string(other.ID), otherWord).Want(200, "")
		refreshed(p, c, word, tok.Refresh).Want(200, "").Into(&tok)
		p.Form("/oauth/revoke", url.Values{"token": {tok.Refresh}}, string(c.ID), word).Want(200, "")
		refreshed(p, c, word, tok.Refresh).Want(400, "invalid_grant")
		p.Token = tok.Access
		p.Call("GET", "/oauth/userinfo", nil).Want(401, "invalid_token")
	})
}

func TestPairwiseSubjectsDifferBySectorAndStay(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		b, p := w.Browser("192.0.2.1"), w.Program("203.0.113.1")
		b.Signin(hana, apptest.Word)
		sub := func(sector string) string {
			c, word := wiki(w, func(c *client.Client) { c.Pairwise, c.Sector = true, sector })
			var tok tokens
			redeem(p, c, word, answered(t, b.Open(authorize(c))).Get("code")).Into(&tok)
			return claims(t, p, tok.ID)["sub"].(string)
		}
		one, two, again := sub("one.example.com"), sub("two.example.com"), sub("one.example.com")
		if one == two || one != again || one == string(a.ID) {
			t.Errorf("got %s %s %s", one, two, again)
		}
	})
}

func TestPairwiseAppsDoNotShareTheSessionsName(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b, p := w.Browser("192.0.2.1"), w.Program("203.0.113.1")
		b.Signin(hana, apptest.Word)
		signed := func(sector string) (client.Client, tokens, any) {
			c, word := wiki(w, func(c *client.Client) { c.Pairwise, c.Sector = true, sector })
			var tok tokens
			redeem(p, c, word, answered(t, b.Open(authorize(c))).Get("code")).Into(&tok)
			sid := claims(t, p, tok.ID)["sid"]
			var seen map[string]any
			p.Form("/oauth/introspect", url.Values{"token": {tok.Access}}, string(c.ID), word).Into(&seen)
			if seen["sid"] != sid {
				t.Errorf("introspection says session %v, the ID token %v", seen["sid"], sid)
			}
			return c, tok, sid
		}
		_, _, one := signed("one.example.com")
		_, _, two := signed("two.example.com")
		_, tok, again := signed("one.example.com")
		if one == two || one != again || strings.Contains(one.(string), "ses_") {
			t.Errorf("got sessions %v, %v and again %v; want the first and last alike, the second unlike", one, two, again)
		}
		b.Open("/oauth/logout?" + url.Values{"id_token_hint": {tok.ID}, "post_logout_redirect_uri": {"https://wiki.example.com/bye"}}.Encode())
		if b.Left != "https://wiki.example.com/bye" {
			t.Errorf("got %q, want that the hint still ends the session", b.Left)
		}
		b.Open("/me").See("Sign in")
	})
}

func TestLogoutByTheApp(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		c, word := wiki(w)
		b, p := w.Browser("192.0.2.1"), w.Program("203.0.113.1")
		b.Signin(hana, apptest.Word)
		var tok tokens
		redeem(p, c, word, answered(t, b.Open(authorize(c))).Get("code")).Into(&tok)
		out := func(more url.Values) string { return "/oauth/logout?" + more.Encode() }
		b.Open(out(url.Values{"client_id": {string(c.ID)}, "post_logout_redirect_uri": {"https://evil.test/"}})).See("Sign out?").Press("Stay")
		b.Open("/me").See("Hello")
		b.Open(out(url.Values{"id_token_hint": {tok.ID}, "post_logout_redirect_uri": {"https://wiki.example.com/bye"}, "state": {"s"}}))
		if b.Left != "https://wiki.example.com/bye?state=s" {
			t.Errorf("got %q, want the registered page with state", b.Left)
		}
		b.Open("/me").See("Sign in")
	})
}

func TestKeysRotateWithoutDowntime(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		c, word := wiki(w)
		b, p := w.Browser("192.0.2.1"), w.Program("203.0.113.1")
		b.Signin(hana, apptest.Word)
		mint := func() string {
			var tok tokens
			redeem(p, c, word, answered(t, b.Open(authorize(c))).Get("code")).Want(200, "").Into(&tok)
			return tok.ID
		}
		before := mint()
		if err := w.App.Keys.Tend(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(time.Minute)
		after := mint()
		claims(t, p, before)
		claims(t, p, after)
		if kid(before) == kid(after) {
			t.Error("the key did not change")
		}
	})
}

func kid(token string) string {
	head, _, _ := strings.Cut(token, ".")
	raw, _ := base64.RawURLEncoding.DecodeString(head)
	var h struct{ Kid string }
	_ = json.Unmarshal(raw, &h)
	return h.Kid
}

func TestConsentPageCannotBePressedFromAnotherSite(t *testing.T) {
	w := apptest.New(t, "sqlite")
	w.Settle(hana)
	c, _ := wiki(w, func(c *client.Client) { c.FirstParty = false })
	b := w.Browser("192.0.2.1")
	b.Signin(hana, apptest.Word)
	b.Open(authorize(c))
	id := b.URL.Query().Get("flow")
	if id == "" {
		i := strings.Index(b.Body, "flw_")
		id = b.Body[i : i+30]
	}
	req, _ := http.NewRequest("POST", w.Base+"/oauth/consent", strings.NewReader(url.Values{"flow": {id}, "answer": {"yes"}}.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "https://evil.test")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	b.Send(req).Want(403).See("request.cross_origin")
	if !slices.Contains(strings.Split(b.Header.Get("Content-Security-Policy"), "; "), "frame-ancestors 'none'") {
		t.Errorf("got CSP %q", b.Header.Get("Content-Security-Policy"))
	}
}
