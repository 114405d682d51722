package apptest_test

import (
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/factor/push"
	"sekisho/internal/pass"
)

func TestAnApprovalEndsWithTheInstallationThatGaveIt(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a, lost := holding(w)
		s := inside2(w, lost)
		w.Hold(s, a, "Tablet")
		w.Clock.Add(3 * time.Minute)
		p, path, x := push2(w, "203.0.113.66")
		if err := lost.Say(pass.Approve, x.Number, true); err != nil {
			t.Fatal(err)
		}
		s.Call("DELETE", "/api/v1/me/tegata/"+lost.Device, nil).Want(204, "")
		p.Call("POST", path, given).Want(401, "push.expired")
	})
}

func TestATrustEndsWithTheInstallationThatAnotherRetires(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a, lost := holding(w)
		s := inside2(w, lost)
		tablet := w.Hold(s, a, "Tablet")
		if err := lost.Promote(t.Context(), tablet.Device); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(3 * time.Minute)
		b := w.Browser("203.0.113.66")
		b.Signin(hana, apptest.Word).See("Approve in Tegata")
		w.Clock.Add(push.WidenedIn)
		if err := lost.Say(pass.Approve, b.Number(), true); err != nil {
			t.Fatal(err)
		}
		b.Check("Trust this browser").Press("I approved it").See("Hello")
		b.Open("/signout").Press("Sign out")
		b.Signin(hana, apptest.Word).See("Hello")
		b.Open("/signout").Press("Sign out")
		if err := tablet.Retire(t.Context(), lost.Device); err != nil {
			t.Fatal(err)
		}
		b.Signin(hana, apptest.Word).Miss("Hello").See("Approve in Tegata")
	})
}

// As it ends with the one that a new installation takes the place of, and with the one
// whose owner says that it is gone.
func TestATrustEndsWithTheInstallationThatIsLost(t *testing.T) {
	for what, goes := range map[string]func(*testing.T, *apptest.Handheld, *apptest.Browser){
		"replaced": func(t *testing.T, h *apptest.Handheld, b *apptest.Browser) {
			b.Open("/me/factors/tegata").Press("It is the same")
			if _, err := h.Agree(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
		"retired": func(_ *testing.T, _ *apptest.Handheld, b *apptest.Browser) {
			b.Open("/me/factors").Press("Pixel 8").Press("This phone is gone").Press("Retire it")
		},
	} {
		t.Run(what, func(t *testing.T) {
			apptest.Each(t, func(t *testing.T, w *apptest.World) {
				a, old, h, owner := without(t, w)
				b := w.Browser("203.0.113.66")
				b.Signin(hana, apptest.Word).Press("Code from Tegata").Check("Trust this browser").Fill("Six-digit", old.CodeNow()).Press("Next").See("Hello")
				b.Open("/signout").Press("Sign out")
				b.Signin(hana, apptest.Word).See("Hello")
				b.Open("/signout").Press("Sign out")
				goes(t, h, owner)
				if what == "replaced" {
					only(t, w, a, "New phone", "Tablet")
				} else {
					only(t, w, a, "Tablet")
				}
				b.Signin(hana, apptest.Word).Miss("Hello").See("Approve in Tegata")
			})
		})
	}
}

// Whoever got in once and set another password has made Tegata stale: its owner, who
// does not know that password, recovers with it all the same.
func TestAThiefsPasswordKeepsNobodysTegataFromRecovering(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a, h := holding(w)
		// One that was stale before stays so.
		s := inside2(w, h)
		late := w.Hold(s, a, "Lost phone")
		s.Call("POST", "/api/v1/me/password", map[string]any{"current": apptest.Word, "new": newer}).Want(200, "")
		if err := h.Refresh(t.Context(), newer); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(3 * time.Minute)
		thief := w.Program("203.0.113.66")
		path := opens(thief, hana)
		var x asked
		thief.Call("POST", path, map[string]any{"kind": "password", "answer": newer}).Want(200, "").Into(&x)
		if err := h.Say(pass.Approve, x.Number, true); err != nil { // its owner was talked into it
			t.Fatal(err)
		}
		thief.Call("POST", path, given).Want(200, "").Into(&x)
		thief.Token = x.Token
		w.Clock.Add(time.Minute)
		thief.Call("POST", "/api/v1/me/password", map[string]any{"current": newer, "new": "a password of the thief alone"}).Want(200, "")
		if err := h.Lock(t.Context(), time.Time{}, false); !pass.Is(err, "device.stale") {
			t.Errorf("got %v", err)
		}
		w.Clock.Add(time.Second)
		notMe(w, doubt(w, hana))
		b := resets(w, "192.0.2.1", hana).See("Approve in Tegata").Press("Ask Tegata").See("Waiting for your answer")
		if st, err := late.State(t.Context()); err != nil || !st.Device.Stale {
			t.Errorf("what was stale before counts again: %v", err)
		}
		if err := h.Say(pass.Approve, b.Number(), true); err != nil {
			t.Fatal(err)
		}
		// Whoever found the phone, with its mailbox, could do as much: there is a day to stop it.
		b.Press("I approved it").See("The reset has to wait")
		w.Clock.Add(24*time.Hour + time.Minute)
		b.Open("/recover/ready?c=" + ready(w)).Press("Go on").See("Approve in Tegata").Press("Ask Tegata").See("Waiting for your answer")
		if err := h.Say(pass.Approve, b.Number(), true); err != nil {
			t.Fatal(err)
		}
		b.Press("I approved it").Fill("New password", "a third one that nobody knows").Press("Next").See("Hello")
	})
}

func TestAPhoneThatDoesNotAnswerIsSaidWithTheOtherWays(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		holding(w)
		p, path, _ := push2(w, "192.0.2.7")
		w.Clock.Add(push.Lives)
		var s apptest.Step
		p.Call("POST", path, given).Want(401, "push.no_answer").Into(&s)
		if len(s.Next) < 3 {
			t.Errorf("got %v, want the other ways beside it", s.Next)
		}
		b := w.Browser("192.0.2.8")
		b.Signin(hana, apptest.Word).See("Approve in Tegata")
		w.Clock.Add(push.Lives)
		b.Press("I approved it").Want(401).See("The phone does not answer", "Code from Tegata", "I can't reach my device")
		// One that made room for another is over, whether or not the phone answers.
		w.Clock.Add(5 * time.Minute)
		p, path, _ = push2(w, "192.0.2.7")
		w.Clock.Add(push.Lives)
		push2(w, "192.0.2.7")
		p.Call("POST", path, given).Want(401, "push.expired")
	})
}

// Who reinstalled Tegata, or lost the phone, comes in by Tegata on another device.
func TestWithoutThePhoneAnotherTegataLeadsIn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a, lost := holding(w)
		tablet := w.Hold(inside2(w, lost), a, "Tablet")
		w.Clock.Add(3 * time.Minute)
		p, path, x := push2(w, "192.0.2.7")
		w.Clock.Add(push.WidenedIn) // the primary one is silent
		if err := tablet.Say(pass.Approve, x.Number, false); err != nil {
			t.Fatal(err)
		}
		var opened asked
		p.Call("POST", path, given).Want(200, "").Into(&opened)
		if got := levelOf(p, opened.Token); got != "multi" {
			t.Errorf("got level %s, want multi", got)
		}
		p, path = halfway(w, "192.0.2.7", hana)
		p.Call("POST", path, map[string]any{"kind": "tegatacode", "answer": tablet.CodeNow()}).Want(200, "")
	})
}
