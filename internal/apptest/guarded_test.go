package apptest_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/factor/push"
	"sekisho/internal/flow"
	"sekisho/internal/pass"
)

// A code of an installation is both proofs where the installation says that an app lock
// stands before it, as a multi-factor OTP authenticator is (NIST SP 800-63B-4 §3.1.5);
// possession alone otherwise, and nothing at all where the installation is stale.
func TestACodeOfTegataIsBothProofsOnlyBehindTheAppLock(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		ctx := t.Context()
		code := func(kind string) (apptest.Answer, *apptest.Program, string) {
			p := w.Program("192.0.2.7")
			path := opens(p, hana)
			if kind == "second" {
				p.Call("POST", path, map[string]any{"kind": "password", "answer": apptest.Word}).Want(200, "")
			}
			return p.Call("POST", path, map[string]any{"kind": "tegatacode", "answer": h.CodeNow()}), p, path
		}
		proved := func(token string) (level string, amr []string) {
			var me who
			p := w.Program("192.0.2.7")
			p.Token = token
			p.Call("GET", "/api/v1/session", nil).Want(200, "").Into(&me)
			return me.ACR, me.AMR
		}
		for _, on := range []bool{false, true, false} {
			if err := h.Guard(ctx, on); err != nil {
				t.Fatal(err)
			}
			w.Clock.Add(3 * time.Minute)
			a, p, path := code("first")
			var first apptest.Step
			a.Want(200, "").Into(&first)
			if (first.Token != "") != on {
				t.Fatalf("app lock %v: got token %q and step %q", on, first.Token, first.Step)
			}
			token := first.Token
			if !on { // the password makes it two
				var s apptest.Step
				p.Call("POST", path, map[string]any{"kind": "password", "answer": apptest.Word}).Want(200, "").Into(&s)
				token = s.Token
			}
			level, amr := proved(token)
			want := []string{"otp", "user", "mfa"}
			if !on {
				want = []string{"otp", "pwd", "mfa"}
			}
			if level != "urn:sekisho:acr:multi" || !slices.Equal(sorted(amr), sorted(want)) {
				t.Errorf("app lock %v: got %s %v, want multi %v", on, level, amr, want)
			}
			w.Clock.Add(3 * time.Minute)
			a, _, _ = code("second")
			var second apptest.Step
			a.Want(200, "").Into(&second)
			if _, amr := proved(second.Token); slices.Contains(amr, "user") != on {
				t.Errorf("app lock %v: got %v beside the password", on, amr)
			}
		}
		// After a new password the installation is stale until it has confirmed it.
		if err := h.Guard(ctx, true); err != nil {
			t.Fatal(err)
		}
		s := inside2(w, h)
		s.Call("POST", "/api/v1/me/password", map[string]any{"current": apptest.Word, "new": newer}).Want(200, "")
		w.Clock.Add(3 * time.Minute)
		a, p, path := code("first")
		a.Want(403, "device.stale")
		p.Call("POST", path, map[string]any{"kind": "password", "answer": newer}).Want(200, "")
		p.Call("POST", path, map[string]any{"kind": "tegatacode", "answer": h.CodeNow()}).Want(403, "device.stale")
		if err := h.Refresh(ctx, newer); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(3 * time.Minute)
		a, _, _ = code("first")
		var again apptest.Step
		if a.Want(200, "").Into(&again); again.Token == "" {
			t.Error("a refreshed installation's code does not sign in behind the app lock")
		}
	})
}

func sorted(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	return out
}

// An approval is spent by one statement, whatever else keeps a journey from going on
// twice.
func TestAnApprovalIsSpentByOneOfMany(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		_, path, x := push2(w, "192.0.2.7")
		if err := h.Say(pass.Approve, x.Number, true); err != nil {
			t.Fatal(err)
		}
		id, _, ok := flow.ParseHandle(path[len("/api/v1/signin/"):])
		if !ok {
			t.Fatal("the flow does not read")
		}
		var all sync.WaitGroup
		var spent atomic.Int64
		for range 12 {
			all.Go(func() {
				got := false
				for range 10 { // PostgreSQL may ask for another try when twelve meet
					err := w.DB.Update(t.Context(), func(tx db.Tx) (err error) {
						_, got, err = push.Spend(t.Context(), tx, id, push.Signin)
						return err
					})
					if err == nil {
						break
					}
				}
				if got {
					spent.Add(1)
				}
			})
		}
		all.Wait()
		if spent.Load() != 1 {
			t.Errorf("spent %d times, want once", spent.Load())
		}
	})
}
