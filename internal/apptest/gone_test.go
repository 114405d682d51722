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
