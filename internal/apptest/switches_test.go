package apptest_test

import (
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/gate"
)

// A tightened policy reaches browsers that are trusted, and where none may be, no door
// takes the wish.
func TestDaysOfTrustAreObeyedAtEveryDoor(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		kit := w.Protect(w.Settle(hana), gate.TOTP)
		b := w.Browser("192.0.2.1").Signin(hana, apptest.Word).See("180 days").Check("Trust this browser").Fill("Six-digit", kit.App()).Press("Next").See("Hello")
		again := func(on *apptest.World) *apptest.Browser {
			b.Open("/signout").Press("Sign out")
			return b.At(on).Signin(hana, apptest.Word)
		}
		again(w).See("Hello")
		w.Clock.Add(48 * time.Hour)
		again(w.Another("trust_days", "3")).See("Hello")
		again(w.Another("trust_days", "1")).See("authenticator").Miss("Hello")

		never := w.Another("trust_days", "0")
		c := never.Browser("192.0.2.2").Signin(hana, apptest.Word).See("authenticator").Miss("Trust this browser")
		c.Fill("Six-digit", kit.App()).Press("Next").See("Hello")
		p, at := halfway(never, "192.0.2.3", hana)
		p.Call("POST", at, map[string]any{"kind": "totp", "answer": kit.App(), "trust": true}).Want(200, "")
		var list []struct{ Kind string }
		p.Token = c.Cookie("sekisho")
		p.Call("GET", "/api/v1/me/access", nil).Want(200, "").Into(&list)
		for _, x := range list {
			if x.Kind == "browser" {
				t.Error("a browser is trusted where none may be")
			}
		}
	})
}

func TestDaysOfGraceEnd(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		p := w.Program("192.0.2.1")
		var s struct{ Missing string }
		p.Signin(hana, apptest.Word).Want(200, "").Into(&s)
		if s.Missing != "second_factor" {
			t.Errorf("got missing %q, want it to be said before the days are over", s.Missing)
		}
		p.Call("GET", "/api/v1/me/sessions", nil).Want(200, "")
		b := w.Browser("192.0.2.2").Signin(hana, apptest.Word)
		b.Open("/me").See("Hello")
		w.Clock.Add(7*24*time.Hour + time.Minute)
		p.Call("GET", "/api/v1/me/sessions", nil).Want(403, "factor.required")
		b.Open("/me").See("One thing is left to set up")
	}, "second_factor", "required", "second_factor_grace_days", "7")
}
