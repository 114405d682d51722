package apptest_test

import (
	"encoding/json"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/gate"
)

// RS-05: a key is one strong proof, also where it verified its user, and needs another
// kind beside it.
func TestAPasskeyIsOneOfTheTwoStrongProofsThatReplaceTegata(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		kit := w.Protect(a, gate.TOTP, gate.Backup)
		p := w.Program("192.0.2.200")
		var in apptest.Step
		p.Signin(hana, apptest.Word).Want(200, "").Into(&in)
		p.Call("POST", "/api/v1/signin/"+in.Flow, map[string]any{"kind": "totp", "answer": kit.App()}).Want(200, "").Into(&in)
		p.Token = in.Token
		key := enrolled(t, p, "Blue key", 0x05) // present and verified
		old := w.Hold(p, a, "Pixel 8")
		w.Clock.Add(time.Hour)
		if err := old.Lock(t.Context(), time.Time{}, false); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(time.Minute)
		var x step
		q := w.Program("192.0.2.5")
		say := func(kind, answer string, status int, code string) {
			t.Helper()
			flow := x.Flow
			x = step{}
			if q.Call("POST", "/api/v1/recover/replace/"+flow, map[string]any{"kind": kind, "answer": answer}).Want(status, code).Into(&x); x.Flow == "" {
				x.Flow = flow
			}
		}
		q.Call("POST", "/api/v1/recover/replace", map[string]any{"identifier": hana}).Want(200, "").Into(&x)
		say("recovery_code", w.Code(hana), 200, "")
		var asks struct{ Options json.RawMessage }
		prove := func(status int, code string) {
			t.Helper()
			q.Call("POST", "/api/v1/recover/replace/"+x.Flow, map[string]any{"kind": "passkey"}).Want(200, "").Into(&asks)
			answer := string(key.get(asks.Options))
			say("passkey", answer, status, code)
		}
		prove(200, "")
		if x.Step != "second" {
			t.Fatalf("a key alone led to %q, want the second strong proof", x.Step)
		}
		for _, n := range x.Next {
			if n.Kind == "wait" || n.Kind == "passkey" {
				t.Errorf("a key alone offers %s", n.Kind)
			}
		}
		say("wait", "", 400, "signin.method_not_offered")
		say("device", "", 409, "flow.out_of_order")
		say("totp", kit.App(), 200, "")
		say("device", "", 200, "")
		h := w.Taken(x.Enrolling.URI, a, "New phone")
		say("device", "", 200, "")
		say("device", "same", 200, "")
		if _, err := h.Agree(t.Context()); err != nil {
			t.Fatal(err)
		}
		say("device", "same", 200, "")
		if x.Step != "finished" {
			t.Fatalf("got %+v", x)
		}
		if _, err := old.State(t.Context()); err == nil {
			t.Error("the old installation lives on")
		}
	}, atKeys...)
}
