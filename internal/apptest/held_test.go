package apptest_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/gate"
	"sekisho/internal/session"
)

func TestARequiredSecondFactorHoldsTheSessionUntilItIsSetUp(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		c, _ := wiki(w)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word).See("One thing is left to set up", "Add an authenticator app").Miss("Hello")
		p := w.Program("192.0.2.1")
		p.Token = b.Cookie("sekisho")
		for _, path := range []string{"/me", "/me/sessions", "/me/access", "/me/activity", "/me/password", "/me/addresses", "/me/apps", "/me/profile", "/confirm", "/whats-left"} {
			b.Open(path).See("One thing is left to set up")
			if b.URL.Query().Get("return") != path {
				t.Errorf("%s leads to %s, want it to be kept for later", path, b.URL)
			}
		}
		for _, path := range []string{"/me/password", "/me/profile", "/me/sessions/end", "/me/apps/disconnect", "/me/access/end"} {
			b.Post(path, url.Values{"id": {"x"}}).Want(403).See("factor.required")
		}
		for _, x := range [][2]string{{"GET", "/api/v1/session"}, {"GET", "/api/v1/me/sessions"}, {"GET", "/api/v1/me/access"}, {"GET", "/api/v1/me/activity"}, {"DELETE", "/api/v1/me/sessions"}} {
			p.Call(x[0], x[1], nil).Want(403, "factor.required")
		}
		b.Open(authorize(c)).See("One thing is left to set up")
		back := b.URL.RequestURI()
		if b.Left != "" {
			t.Fatalf("an app was given %s", b.Left)
		}
		b.Open("/me/factors/passphrase").Want(200)
		b.Post("/me/factors/passphrase", url.Values{"passphrase": {"slow green river stones"}}).See("One thing is left to set up")

		// Set up from there, and go on to the app.
		b.Open(back).Press("Add an authenticator app")
		b.Fill("Six digits", appCode(w, keyShown.FindStringSubmatch(b.Body)[1])).Press("Confirm").See("Keep these backup codes")
		b.Press("I have kept them").See("The second factor cannot be switched off").Miss("One thing is left").Press("Go on to where you were")
		if answered(t, b).Get("code") == "" {
			t.Errorf("the app got %s, want a code", b.Left)
		}
		b.Open("/me").See("Hello Hana")
		if got := acrOf(w, b); got != session.ACRMulti {
			t.Errorf("got %s, want %s", got, session.ACRMulti)
		}
		// The last one stays.
		b.Open("/me/factors").Press("Authenticator").See("This is the only one").Miss("Remove")
		id := b.URL.Query().Get("id")
		b.Post("/me/factors/remove?id="+id, url.Values{}).Want(403).See("factor.required")
		b.Post("/me/factors/off", url.Values{}).Want(403).See("factor.required")
	}, "second_factor", "required")
}

// Every route that asks for a session, whichever door it belongs to.
func TestAHeldSessionReachesNoGuardedRoute(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word).See("One thing is left to set up")
		p := w.Program("192.0.2.1")
		seen := 0
		for _, d := range w.Doors {
			for _, r := range d.Routes {
				if r.Guard.Name != "signed in" && r.Guard.Name != "fresh proof" {
					continue
				}
				path := strings.NewReplacer("{id}", "ses_01kf0e7st00000000000000001", "{flow}", "flw_01kf0e7st00000000000000001").Replace(r.Path)
				req, err := http.NewRequest(r.Method, w.Base+path, strings.NewReader(""))
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range b.Cookies() {
					req.AddCookie(c)
				}
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				a := p.Do(req)
				away := a.Status == 303 && strings.HasPrefix(a.Header.Get("Location"), "/me/factors?return=")
				if !away && (a.Status != 403 || !strings.Contains(string(a.Body), "factor.required")) {
					t.Errorf("%s %s: got %d %s, want to be led to the factors or refused", r.Method, r.Path, a.Status, a.Header.Get("Location"))
				}
				seen++
			}
		}
		if seen < 25 {
			t.Errorf("only %d routes were tried", seen)
		}
	}, "second_factor", "required")
}

func TestAHeldSessionIsSetUpThroughTheAPI(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		p := w.Program("192.0.2.1")
		var s struct{ Missing string }
		p.Signin(hana, apptest.Word).Want(200, "").Into(&s)
		if s.Missing != "second_factor" {
			t.Errorf("got missing %q, want it to say what is", s.Missing)
		}
		p.Call("GET", "/api/v1/session", nil).Want(403, "factor.required")
		var f struct{ Kinds []string }
		p.Call("GET", "/api/v1/me/factors", nil).Want(200, "").Into(&f)
		if strings.Join(f.Kinds, " ") != "tegata totp backup passphrase" {
			t.Errorf("got kinds %v", f.Kinds)
		}
		enrolApp(t, w, p)
		p.Call("GET", "/api/v1/session", nil).Want(200, "")
		p.Call("DELETE", "/api/v1/me/factors", nil).Want(403, "factor.required")
	}, "second_factor", "required")
}

// Who has only a factor that the policy lets count no more can set up another, and
// with the password alone can not.
func TestAFactorThatCountsNoMoreLeadsToAnother(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, p *apptest.Phones) {
		work(t, w)
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		b.Open("/me/factors/sms").Fill("Mobile number", phone).Press("Send").Fill("Code from the SMS", p.Code(phone)).Press("Confirm").See("Keep these backup codes")

		tight := w.Another("second_factor_kinds", "totp", "second_factor", "required", "backup_codes", "false")
		work(t, tight)
		w.Clock.Add(20 * time.Minute)
		x := tight.Browser("192.0.2.2")
		x.Signin(hana, apptest.Word).Press("Send the code").Fill("Code", p.Code(phone)).Press("Next")
		x.See("One thing is left to set up", "This kind no longer counts here")
		if got := acrOf(w, x); got != session.ACRSingle {
			t.Errorf("got %s, want no more than counts", got)
		}
		w.Clock.Add(11 * time.Minute)
		x.Open("/me/factors/app").See("Enter your password").Fill("Password", apptest.Word).Press("Next").Press("Send the code").Fill("Code", p.Code(phone)).Press("Next").See("Scan this")
		x.Fill("Six digits", appCode(w, keyShown.FindStringSubmatch(x.Body)[1])).Press("Confirm").See("Second factor On").Miss("One thing is left")
		x.Open("/me").See("Hello Hana")
	})
}

func TestWhereTegataAloneIsAllowedItMustBeUsed(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		only := w.Another("second_factor_kinds", "tegata", "second_factor", "required")
		b := only.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word).See("One thing is left to set up")
		b.Open("/me/factors/app").See("not allowed")
		b.Open("/me/factors/tegata").Miss("not allowed")
		kit := w.Protect(a, gate.TOTP) // an app from before, which counts for nothing beside it
		p, path := halfway(w, "192.0.2.9", hana)
		var opened asked
		p.Call("POST", path, map[string]any{"kind": "totp", "answer": kit.App()}).Want(200, "").Into(&opened)
		p = p.At(only)
		p.Token = opened.Token
		p.Call("POST", "/api/v1/me/factors/totp", nil).Want(403, "factor.not_allowed")
		h := only.Hold(p, a, "Pixel 8")
		only.Clock.Add(15 * time.Minute)
		q, path := halfway(only, "192.0.2.9", hana)
		q.Call("POST", path, map[string]any{"kind": "totp", "answer": kit.App()}).Want(400, "signin.method_not_offered")
		q.Call("POST", path, map[string]any{"kind": "tegatacode", "answer": h.CodeNow()}).Want(200, "").Into(&opened)
		if got := levelOf(q, opened.Token); got != "multi" {
			t.Errorf("got level %s, want multi", got)
		}
	})
}

func TestWhereTegataIsNotAllowedItCountsNoMoreAndThatIsSaid(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		tight := w.Another("second_factor_kinds", "totp, passkey", "backup_codes", "false")
		p, path := halfway(tight, "192.0.2.9", hana)
		var opened asked
		p.Call("POST", path, map[string]any{"kind": "tegatacode", "answer": h.CodeNow()}).Want(200, "").Into(&opened)
		if got := levelOf(p, opened.Token); got != "single" {
			t.Errorf("got level %s, want what counts no more to raise nothing", got)
		}
		p.Token = opened.Token
		var f proofList
		p.Call("GET", "/api/v1/me/factors", nil).Want(200, "").Into(&f)
		if len(f.Factors) != 1 || f.Factors[0].Counts || slices.Contains(f.Kinds, "tegata") {
			t.Errorf("got %+v, want it said that Tegata counts no more", f)
		}
		p.Call("POST", "/api/v1/me/tegata/ticket", nil).Want(403, "factor.not_allowed")
		b := tight.Browser("192.0.2.9")
		b.Signin(hana, apptest.Word).Press("Code from Tegata").Fill("Six-digit", h.CodeNow()).Press("Next")
		b.Open("/me/factors").See("This kind no longer counts here").Open("/me/factors/device?id=" + h.Device).See("no longer let this kind count")
		b.Open("/me/factors/tegata").See("not allowed")
	})
}

func TestATrustedBrowserSkipsTheSecondProofAtALowerLevel(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		key := addApp(w, b, "Pixel 8")
		x := w.Browser("192.0.2.2")
		x.Signin(hana, apptest.Word).Check("Trust this browser").Fill("Six-digit code", appCode(w, key)).Press("Next").See("Hello")
		first := x.Cookie("sekisho-trust")
		again := func() *apptest.Browser {
			x.Open("/signout").Press("Sign out")
			return x.Signin(hana, apptest.Word)
		}
		again().See("Hello Hana")
		if got := acrOf(w, x); got != session.ACRTrusted {
			t.Errorf("got %s, want %s", got, session.ACRTrusted)
		}
		second := x.Cookie("sekisho-trust")
		if first == "" || first == second {
			t.Error("the token stays the same when it is used")
		}
		// What guards the account asks for all of it.
		x.Open("/me/factors/app").See("Enter your password")
		w.Clock.Add(30 * time.Second)
		x.Open("/me/factors").See("Browsers that skip the second factor: 1")
		b.Open("/me/access?show=browsers").See("trusted browser", "192.0.2.2")

		// A browser with another's token, and one with a token that was replaced.
		y := w.Browser("192.0.2.3")
		y.Open("/signin").SetCookie("sekisho-trust", second)
		y.Signin(hana, apptest.Word).See("Code from the authenticator app")
		x.Open("/signout").Press("Sign out")
		x.SetCookie("sekisho-trust", first)
		x.Signin(hana, apptest.Word).See("Code from the authenticator app")
		b.Open("/me/access?show=browsers").Miss("192.0.2.2")

		// A password change ends it.
		w.Clock.Add(30 * time.Second)
		x.Check("Trust this browser").Fill("Six-digit code", appCode(w, key)).Press("Next").See("Hello")
		again().See("Hello Hana")
		b.Open("/me/password").Fill("Current password", apptest.Word).Fill("New password", newer).Press("Change").See("The password is changed")
		x.Signin(hana, newer).See("Code from the authenticator app")
	})
}

func TestATrustEndsWithTheFactorItMayHaveBeenGivenFor(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		owner := w.Browser("192.0.2.1")
		owner.Signin(hana, apptest.Word)
		first := addApp(w, owner, "lost phone")
		w.Clock.Add(time.Minute)
		addApp(w, owner, "new phone")
		phone := w.Browser("198.51.100.1")
		phone.Signin(hana, apptest.Word).Check("Trust this browser").Fill("Six-digit code", appCode(w, first)).Press("Next").See("Hello")
		phone.Press("Sign out").Press("Sign out")
		owner.Open("/me/factors").Press("lost phone").Press("Remove").Press("Remove").See("Removed")
		phone.Signin(hana, apptest.Word).Miss("Hello").See("authenticator")
	})
}

func TestAccessListsAndEndsEachKind(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		c, word := wiki(w)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		key := addApp(w, b, "Pixel 8")
		x := w.Browser("192.0.2.2")
		x.Signin(hana, apptest.Word).Check("Trust this browser").Fill("Six-digit code", appCode(w, key)).Press("Next").See("Hello")
		var tok tokens
		redeem(w.Program("203.0.113.1"), c, word, answered(t, b.Open(authorize(c))).Get("code")).Want(200, "").Into(&tok)
		b.Open("/me/factors/passphrase").Fill("Passphrase", "slow green river stones").Press("Set it")

		b.Open("/me/access").See("All 7", "Sessions 2", "Trusted browsers 1", "Factors 3", "Apps 1", "this browser", "192.0.2.2", "Pixel 8", "5 of 5 left", "Recovery passphrase", "Wiki", "who you are")
		b.Open("/me/access?show=apps").Miss("Pixel 8").Press("Disconnect").See("Disconnect this app?", "Wiki").Press("Disconnect").See("It has ended", "Apps 0")
		b.Open("/me/access?show=browsers").Press("End").See("Stop trusting this browser?", "Firefox").Press("Stop trusting it").See("It has ended", "Trusted browsers 0")
		b.Open("/me/access?show=sessions").Press("End").See("End this session?", "192.0.2.2").Press("End").See("Done")
		x.Open("/me").Want(401)
		b.Open("/me/access?show=factors").See("Pixel 8", "Backup codes", "Recovery passphrase").Press("Remove").See("Remove this authenticator app?").Press("Remove").See("Removed.")
		b.Open("/me/access").See("Sessions 1", "Factors 1", "Apps 0").Miss("Pixel 8")
		b.Open("/me/activity").See("A browser is no longer trusted", "An app was disconnected", "A session was ended")

		// Another account's things are none of one's own.
		w.Settle("ken@example.com")
		k := w.Browser("192.0.2.9")
		k.Signin("ken@example.com", apptest.Word)
		k.Post("/me/access/end", url.Values{"id": {"tru_01kf0e7st00000000000000001"}}).Want(200)
		k.Post("/me/access/end", url.Values{"id": {"nothing"}}).Want(404)
	})
}

func TestTheOverviewSaysWhatALossWouldMean(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word).See("2/2", "you get back in by yourself", "The password were lost:").Miss("The phone were lost")
		addApp(w, b, "Pixel 8")
		b.Open("/me").See("3/3", "The phone were lost:", "a backup code")
		b.Open("/me/factors").See("There is only one")
	})
	w := apptest.New(t, "sqlite", "backup_codes", "false")
	w.Settle(hana)
	b := w.Browser("192.0.2.1")
	b.Signin(hana, apptest.Word)
	addApp(w, b, "Pixel 8")
	b.Open("/me").See("2/3", "If the phone were lost, you could not get back by yourself").Press("Set a recovery passphrase").See("Words that prove who you are")
}
