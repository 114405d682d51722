package apptest_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/gate"
	"sekisho/internal/session"
)

// A second factor that the policy lets count no more leaves the session's level single.
// The password alone must not keep such a session fresh (MF-17).
func TestThePasswordKeepsNoSessionFreshWherePolicyForbidsTheFactor(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		w.Carry().ProtectWith(phones, phone, w.Settle(hana), gate.SMSCode)
		w.Clock.Add(2 * time.Minute)
		n := w.Another("second_factor_kinds", "totp", "backup_codes", "false").Carry()
		p, at := halfway(n, "192.0.2.1", hana)
		was := len(phones.Texts(phone))
		p.Call("POST", at, map[string]any{"kind": "smscode"}).Want(200, "")
		eventually(t, func() bool { return len(phones.Texts(phone)) > was })
		var s apptest.Step
		p.Call("POST", at, map[string]any{"kind": "smscode", "answer": phones.Code(phone)}).Want(200, "").Into(&s)
		p.Token = s.Token
		words := []string{apptest.Word}
		for i := range 2 {
			w.Clock.Add(9 * time.Minute)
			words = append(words, fmt.Sprintf("%s %d", newer, i))
			var changed struct{ Token string }
			a := p.Call("POST", "/api/v1/me/password", map[string]any{"current": words[i], "new": words[i+1]})
			if i == 1 {
				a.Want(403, "session.fresh_required")
				break
			}
			a.Want(200, "").Into(&changed)
			p.Token = changed.Token
		}
		p.Call("DELETE", "/api/v1/me/factors", nil).Want(403, "session.fresh_required")
	})
}

// A key's answer that proved no user waits at the first step for a password, and no
// longer than any proof counts.
func TestAnOldKeyProofDoesNotCountBesideThePassword(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		key := enrolled(t, signed(w, hana, "192.0.2.1"), "YubiKey", 0x01)
		key.flags = 0x05 // it got a PIN since
		for _, age := range []time.Duration{9 * time.Minute, 25 * time.Minute} {
			p := w.Program("192.0.2.1")
			at := "/api/v1/signin/" + begun(p, hana).Flow
			var o struct{ Options json.RawMessage }
			p.Call("POST", at, map[string]any{"kind": "passkey"}).Want(200, "").Into(&o)
			p.Call("POST", at, map[string]any{"kind": "passkey", "answer": string(key.get(o.Options))}).Want(200, "")
			w.Clock.Add(age)
			var s apptest.Step
			p.Call("POST", at, map[string]any{"kind": "password", "answer": apptest.Word}).Want(200, "").Into(&s)
			if got, want := s.Token != "", age < 10*time.Minute; got != want {
				t.Errorf("after %v: opened %t, want %t", age, got, want)
			}
		}
	}, atKeys...)
}

// Where gate refuses before it looks at the second proof, a reset is refused too, and
// does not take it for "nothing is missing".
func TestAResetThatIsRefusedSetsNoPassword(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Protect(w.Settle(hana), gate.TOTP)
		w.Entry.Rules.Everybody.Address.Allowed = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
		lost(w, w.Browser("203.0.113.66")).Want(403).See("signin.ip_not_allowed").Miss("Choose a new password").Miss("has to wait")
		w.Clock.Add(2 * time.Minute)
		lost(w, w.Browser("192.0.2.1")).See("authenticator")
	})
	// What is counted when a session opens keeps nobody from a new password.
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		w.Program("192.0.2.1").Signin(hana, apptest.Word).Want(200, "")
		w.Clock.Add(2 * time.Minute)
		lost(w, w.Browser("192.0.2.2")).See("Choose a new password").Fill("New password", newer).Press("Next").See("Hello")
	}, "session_limit", "1")
}

// An app that asks for two factors gets two where a trusted browser would do for us.
func TestATrustedBrowserIsNotEnoughWhereAnAppAsksForTwoFactors(t *testing.T) {
	for name, more := range map[string][]string{"without a session": nil, "prompt=login": {"prompt", "login"}} {
		t.Run(name, func(t *testing.T) {
			apptest.Each(t, func(t *testing.T, w *apptest.World) {
				kit := w.Protect(w.Settle(hana), gate.TOTP)
				c, word := wiki(w)
				b := w.Browser("192.0.2.1")
				b.Signin(hana, apptest.Word).Check("Trust this browser").Fill("Six-digit", kit.App()).Press("Next").See("Hello")
				w.Clock.Add(time.Hour)
				if more == nil {
					b.Press("Sign out").Press("Sign out")
					b.Open(authorize(c, "acr_values", session.ACRMulti)).Fill("E-mail", hana)
				} else {
					b.Open(authorize(c, append(more, "acr_values", session.ACRMulti)...))
				}
				b.Press("Next").Fill("Password", apptest.Word).Press("Sign in")
				if b.Left != "" {
					t.Fatal("the app is answered without the second proof")
				}
				b.Press("Next").Fill("Password", apptest.Word).Press("Next").Fill("Six-digit", kit.App()).Press("Next")
				var tok tokens
				p := w.Program("203.0.113.1")
				redeem(p, c, word, answered(t, b).Get("code")).Want(200, "").Into(&tok)
				if got := claims(t, p, tok.ID)["acr"]; got != session.ACRMulti {
					t.Errorf("got %v, want %s", got, session.ACRMulti)
				}
			})
		})
	}
}
