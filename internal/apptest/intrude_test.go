package apptest_test

import (
	"testing"
	"time"

	"sekisho/internal/apptest"
)

const newer = "seven stone lanterns glow"

// begun is a sign-in that has come as far as an identifier.
func begun(p *apptest.Program, who string) apptest.Step {
	var s apptest.Step
	p.Call("POST", "/api/v1/signin", map[string]any{"identifier": who}).Want(200, "").Into(&s)
	return s
}

func TestAProofDoesNotOutliveThePasswordItWas(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		owner, thief := w.Program("192.0.2.1"), w.Program("203.0.113.66")
		var here apptest.Step
		owner.Signin(hana, apptest.Word).Want(200, "").Into(&here)
		// The thief has the password and waits at the page that lists sessions to end.
		at := begun(thief, hana)
		thief.Call("POST", "/api/v1/signin/"+at.Flow, map[string]any{"kind": "password", "answer": apptest.Word}).Want(409, "session.limit")
		owner.Call("POST", "/api/v1/me/password", map[string]any{"current": apptest.Word, "new": newer}).Want(200, "")
		got := thief.Call("POST", "/api/v1/signin/"+at.Flow, map[string]any{"kind": "end_sessions", "sessions": []string{here.Session}})
		if got.Status == 200 {
			t.Fatalf("the old password entered after it was changed:\n%s", got.Body)
		}
	}, "session_limit", "1")
}

func TestAProofDoesNotOutliveThisWasNotMe(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		w.Browser("192.0.2.1").Signin(hana, apptest.Word)
		thief := w.Program("203.0.113.66")
		thief.Signin(hana, apptest.Word).Want(200, "")
		at := begun(thief, hana)
		thief.Call("POST", "/api/v1/signin/"+at.Flow, map[string]any{"kind": "password", "answer": apptest.Word}).Want(409, "session.limit")
		w.Browser("192.0.2.1").Open(w.Link(hana)).Press("not me").Want(200)
		got := thief.Call("POST", "/api/v1/signin/"+at.Flow, map[string]any{"kind": "end_sessions", "sessions": []string{}})
		if got.Status == 200 {
			t.Fatalf("a proof from before the containment entered:\n%s", got.Body)
		}
	}, "session_limit", "2")
}

func TestOneOfTwoRecoveriesSetsThePassword(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		start := func(b *apptest.Browser) *apptest.Browser {
			return b.Open("/recover").Fill("E-mail", hana).Press("Send").Fill("Code", w.Code(hana)).Press("Next").See("new password")
		}
		thief := start(w.Browser("203.0.113.66"))
		w.Clock.Add(2 * time.Minute)
		owner := start(w.Browser("192.0.2.1"))
		owner.Fill("New password", newer).Press("Next").See("Hello Hana")
		thief.Fill("New password", apptest.Word).Press("Next").Miss("Hello Hana")
		owner.Open("/me").Want(200).See("Hello Hana")
	})
}
