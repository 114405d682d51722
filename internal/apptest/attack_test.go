package apptest_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/factor/totp"
	"sekisho/internal/gate"
)

// TestThirtySpellingsOfACode shows all of them for an app's code; here are some for
// each kind that is read by another package.
func TestEachKindOfCodeIsReadInTheSameSpellings(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		kit := w.Carry().ProtectWith(phones, phone, w.Settle(hana), gate.TOTP, gate.SMSCode)
		n := 0
		try := func(kind string, spell func(string) string, want int) {
			t.Helper()
			w.Clock.Add(2 * time.Hour) // no wait hides what is tried
			n++
			p := w.Program(fmt.Sprintf("198.51.%d.7", n))
			at := "/api/v1/signin/" + begun(p, hana).Flow
			code := ""
			switch kind {
			case "mailcode":
				p.Call("POST", at, map[string]any{"kind": kind}).Want(200, "")
				code = w.Code(hana)
			default:
				p.Call("POST", at, map[string]any{"kind": "password", "answer": apptest.Word}).Want(200, "")
				if code = kit.AppAt(w.Clock.Now()); kind == "smscode" {
					p.Call("POST", at, map[string]any{"kind": kind}).Want(200, "")
					code = kit.SMS()
				} else if kind == "backup" {
					code = kit.Last()
				}
			}
			if got := p.Call("POST", at, map[string]any{"kind": kind, "answer": spell(code)}); got.Status != want {
				t.Errorf("%s as %q: got %d %s, want %d", kind, spell(code), got.Status, got.Code(), want)
			}
		}
		as := func(zero rune) func(string) string {
			return func(s string) string { return strings.Map(func(r rune) rune { return r - '0' + zero }, s) }
		}
		for _, kind := range []string{"totp", "mailcode", "smscode", "backup"} {
			for _, wrong := range []func(string) string{
				as('٠'), as('𝟎'), func(s string) string { return s[:3] + "." + s[3:] }, func(s string) string { return s + "x" },
				func(s string) string { return "0" + s }, func(s string) string { return s[:len(s)-1] }, func(s string) string { return "+" + s },
			} {
				try(kind, wrong, 401)
			}
			for _, same := range []func(string) string{
				as('０'), func(s string) string { return " " + s[:3] + " - " + s[3:] + "\n" }, func(s string) string { return s[:3] + "\u3000" + s[3:] },
			} {
				try(kind, same, 200)
				kit.Drop(kind)
			}
		}
	})
}

// A code that was sent as a first proof, to the number on file, is none for the
// second factor, which may be another number.
func TestACodeOfTheFirstStepIsNoneForTheSecond(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		const other = "+819087654321"
		kit := w.Carry().ProtectWith(phones, phone, w.Settle(hana, other), gate.SMSCode)
		p := w.Program("192.0.2.1")
		at := "/api/v1/signin/" + begun(p, hana).Flow
		p.Call("POST", at, map[string]any{"kind": "smscode"}).Want(200, "")
		kit.SMS() // none is on its way any more
		first := phones.Code(other)
		if first == "" {
			t.Fatal("no code came to the number on file")
		}
		p.Call("POST", at, map[string]any{"kind": "password", "answer": apptest.Word}).Want(200, "")
		p.Call("POST", at, map[string]any{"kind": "smscode", "answer": first}).Want(409, "flow.out_of_order")
		p.Call("POST", at, map[string]any{"kind": "smscode"}).Want(200, "")
		p.Call("POST", at, map[string]any{"kind": "smscode", "answer": first}).Want(401, "code.wrong")
		p.Call("POST", at, map[string]any{"kind": "smscode", "answer": phones.Code(phone)}).Want(200, "")
		// One that came as the first proof leaves no SMS for the second.
		w.Clock.Add(2 * time.Minute)
		at = "/api/v1/signin/" + begun(p, other).Flow
		p.Call("POST", at, map[string]any{"kind": "smscode"}).Want(200, "")
		kit.SMS()
		var s apptest.Step
		p.Call("POST", at, map[string]any{"kind": "smscode", "answer": phones.Code(other)}).Want(200, "").Into(&s)
		for _, way := range s.Next {
			if way.Kind == "smscode" || way.Kind == "mailcode" {
				t.Errorf("%s is offered as the second proof of a code by SMS", way.Kind)
			}
		}
	})
}

func TestTwoTabsAndStepsOutOfOrderAtTheSecondStep(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		kit := w.Protect(w.Settle(hana), gate.TOTP)
		b := w.Browser("192.0.2.1").Open("/signin").Fill("E-mail", hana).Press("Next")
		flow := "?" + b.URL.RawQuery
		// Later steps before the first proof.
		for _, page := range []string{"totp", "backup", "passphrase"} {
			b.Open("/signin/" + page + flow).See("Password").Miss("Pixel 8")
			b.Post("/signin/"+page+flow, url.Values{"code": {kit.App()}}).Miss("Hello")
		}
		b.Open("/signin/password"+flow).Fill("Password", apptest.Word).Press("Sign in").See("authenticator")
		// Back to the password, and on with it again: it is no second proof.
		b.Open("/signin/password" + flow).See("authenticator")
		b.Post("/signin/password"+flow, url.Values{"password": {apptest.Word}}).Miss("Hello")
		// Another browser, and another journey of this one, do not take it over.
		w.Browser("203.0.113.66").Open("/signin/totp" + flow).Want(403).See("flow.other_browser")
		w.Browser("203.0.113.66").Post("/signin/totp"+flow, url.Values{"code": {kit.App()}}).Want(403)
		// Two tabs answer: one moves it on, the other is told.
		code := kit.App()
		b.Post("/signin/totp"+flow, url.Values{"code": {code}}).See("Hello")
		b.Post("/signin/totp"+flow, url.Values{"code": {code}}).Want(410).See("flow.expired")
		b.Open("/me").See("Hello")

		// The same at a reset.
		w.Clock.Add(2 * time.Minute)
		c := lost(w, w.Browser("192.0.2.2"))
		flow = "?" + c.URL.RawQuery
		w.Browser("203.0.113.66").Post("/recover/totp"+flow, url.Values{"code": {kit.App()}}).Want(403).See("flow.other_browser")
		c.Post("/recover/totp"+flow, url.Values{"code": {kit.App()}}).See("new password")
		c.Post("/recover/totp"+flow, url.Values{"code": {kit.App()}}).Want(409).See("flow.out_of_order")
		c.Open("/recover/totp" + flow).See("new password")
		// What was proved does not last for ever.
		w.Clock.Add(31 * time.Minute)
		c.Post("/recover/password"+flow, url.Values{"new": {newer}}).Want(410).Miss("Hello")
	})
}

func TestWhatChangesBetweenTheStepsCounts(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		kit := w.Protect(a, gate.TOTP)
		half := w.Browser("203.0.113.66").Signin(hana, apptest.Word).See("authenticator")
		slow := w.Browser("203.0.113.67").Signin(hana, apptest.Word).See("authenticator")
		remove(w, a)
		half.Fill("Six-digit", kit.App()).Press("Next").Want(401).Miss("Hello")
		owner := w.Browser("192.0.2.1").Signin(hana, apptest.Word).See("Hello")
		owner.Open("/me/password").Fill("Current", apptest.Word).Fill("New", newer).Press("Change").See("The password is changed")
		slow.Fill("Six-digit", kit.App()).Press("Next").Miss("Hello").See("flow.expired")

		// A factor that was set up after the code of a reset was taken is asked for.
		b := w.Settle("ken@example.com")
		reset := w.Browser("192.0.2.2").Open("/recover").Fill("E-mail", "ken@example.com").Press("Send")
		reset.Fill("Code", w.Code("ken@example.com")).Press("Next").See("new password")
		kens := w.Protect(b, gate.TOTP)
		reset.Fill("New password", newer).Press("Next").See("authenticator").Miss("Hello")
		w.Program("192.0.2.3").Signin("ken@example.com", newer).Want(401, "signin.not_recognised")
		reset.Fill("Six-digit", kens.App()).Press("Next").Fill("New password", newer).Press("Next").See("Hello")
	})
}

// remove takes an account's app away, as its owner does elsewhere.
func remove(w *apptest.World, a account.Account) {
	w.T.Helper()
	w.Update(func(tx db.Tx) error { return totp.RemoveAll(context.Background(), tx, a.ID) })
}

func TestAppsLearnWhatWasProvedAndNeverMore(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		c, word := wiki(w)
		p := w.Program("203.0.113.1")
		said := func(token map[string]any) (string, []string) {
			var amr []string
			list, _ := token["amr"].([]any)
			for _, m := range list {
				amr = append(amr, m.(string))
			}
			acr, _ := token["acr"].(string)
			return acr, amr
		}
		check := func(what, acr string, mfa bool, token map[string]any) {
			t.Helper()
			got, amr := said(token)
			if got != "urn:sekisho:acr:"+acr || slices.Contains(amr, "mfa") != mfa || slices.Contains(amr, "otp") != mfa || !slices.Contains(amr, "pwd") {
				t.Errorf("%s: got acr %s amr %v, want %s", what, got, amr, acr)
			}
		}
		introspected := func(token string) (out map[string]any) {
			p.Form("/oauth/introspect", url.Values{"token": {token}}, string(c.ID), word).Want(200, "").Into(&out)
			return out
		}

		// A grant of a session that proved the password alone.
		b := w.Browser("192.0.2.1").Signin(hana, apptest.Word).See("Hello")
		var before tokens
		redeem(p, c, word, answered(t, b.Open(authorize(c))).Get("code")).Want(200, "").Into(&before)
		check("password alone", "single", false, claims(t, p, before.ID))
		check("password alone, introspected", "single", false, introspected(before.Access))

		// The account gets a second factor; a fresh proof is all of it.
		kit := w.Protect(a, gate.TOTP)
		for _, more := range [][]string{{"prompt", "login"}, {"max_age", "60"}} {
			w.Clock.Add(time.Hour)
			b.Open(authorize(c, more...)).See("Sign in").Press("Next").Fill("Password", apptest.Word).Press("Sign in")
			if b.Left != "" {
				t.Fatalf("%v: the password alone led back to the app", more)
			}
			b.See("authenticator").Fill("Six-digit", kit.App()).Press("Next")
			var tok tokens
			redeem(p, c, word, answered(t, b).Get("code")).Want(200, "").Into(&tok)
			check(strings.Join(more, "="), "multi", true, claims(t, p, tok.ID))
			check(strings.Join(more, "=")+", introspected", "multi", true, introspected(tok.Access))
		}
		// The session rose, the grant that was made before it did not.
		var after tokens
		refreshed(p, c, word, before.Refresh).Want(200, "").Into(&after)
		if after.ID != "" {
			check("refreshed", "single", false, claims(t, p, after.ID))
		}
		check("refreshed, introspected", "single", false, introspected(after.Access))
		// Proved again, the session says what was proved then.
		var me who
		p.Token = b.Cookie("sekisho")
		p.Call("GET", "/api/v1/session", nil).Want(200, "").Into(&me)
		if me.ACR != "urn:sekisho:acr:multi" || !slices.Contains(me.AMR, "mfa") {
			t.Errorf("session: got acr %s amr %v, want multi", me.ACR, me.AMR)
		}
	})
}

// The list of ways names the number that the code goes to.
func TestWaysNameTheNumberTheCodeGoesTo(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		const other = "+819087650000"
		kit := w.Carry().ProtectWith(phones, phone, w.Settle(hana, other), gate.SMSCode)
		b := w.Browser("192.0.2.1").Signin(hana, apptest.Word).Press("Another way").See("•678").Miss("•000")
		b.Press("Code by SMS").Fill("Code you received", kit.SMS()).Press("Next").See("Hello")
		b.Press("Sign out").Press("Sign out")
		// The browser is known now, so that its owner's own ways are named.
		b.Open("/signin").Fill("E-mail", hana).Press("Next").Press("Another way")
		b.See("•000").Miss("•678")
		b.Press("Code by SMS")
		if phones.Code(other) == "" {
			t.Error("the code did not go to the number on file")
		}
	})
}
