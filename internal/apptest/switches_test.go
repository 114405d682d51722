package apptest_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/command"
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
		p.Call("POST", at, map[string]any{"kind": "totp", "answer": kit.App(), "trust": true}).Want(400, "request.malformed") // only pages are trusted
		p.Call("POST", at, map[string]any{"kind": "totp", "answer": kit.App()}).Want(200, "")
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

// Who was there before the demand has as many days as who comes after it; they begin
// with the demand, on every node, and not with each start.
func TestDaysOfGraceCountFromTheDemand(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		old := w.Browser("192.0.2.1").Signin(hana, apptest.Word).See("Hello")
		w.Clock.Add(20 * 24 * time.Hour)
		strict := func() *apptest.World {
			return w.Another("second_factor", "required", "second_factor_grace_days", "7")
		}
		free, held := func(what string, on *apptest.World, b *apptest.Browser) {
			t.Helper()
			if b.At(on).Open("/me"); !strings.Contains(b.Text(), "Hello") {
				t.Fatalf("%s: held, want days of grace:\n%s", what, b.Text())
			}
		}, func(what string, on *apptest.World, b *apptest.Browser) {
			t.Helper()
			if b.At(on).Open("/me"); !strings.Contains(b.Text(), "One thing is left to set up") {
				t.Fatalf("%s: not held:\n%s", what, b.Text())
			}
		}
		on := strict()
		free("a session from before", on, old)
		p := on.Program("192.0.2.3")
		p.Signin(hana, apptest.Word).Want(200, "")
		p.Call("GET", "/api/v1/me/sessions", nil).Want(200, "")

		w.Clock.Add(6 * 24 * time.Hour)
		on = strict()
		free("six days later, after a restart", on, old)
		on.Settle("ken@example.com")
		young := on.Browser("192.0.2.2").Signin("ken@example.com", apptest.Word)
		// A command with another configuration is no end of the demand.
		if code := command.Main(t.Context(), []string{"account", "list"}, w.Environ(), io.Discard, io.Discard); code != 0 {
			t.Fatalf("account list ended with %d", code)
		}
		w.Clock.Add(24*time.Hour + time.Minute)
		held("a week later", on, old)
		on = strict()
		held("a week later, on a node that has just begun", on, old)
		p.At(on).Call("GET", "/api/v1/me/sessions", nil).Want(403, "factor.required")
		free("who came in between has days of their own", on, young)
		w.Clock.Add(6 * 24 * time.Hour)
		held("and no more than that", on, young)

		free("not demanded any more", w.Another(), young)
		free("demanded again", strict(), young)
		w.Clock.Add(7*24*time.Hour + time.Minute)
		held("and the days are over again", strict(), young)
	})
}
