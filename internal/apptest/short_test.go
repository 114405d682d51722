package apptest_test

import (
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/gate"
)

// Beside a second factor a shorter password is enough; without it, it is changed.
func TestAShorterPasswordIsEnoughBesideASecondFactor(t *testing.T) {
	const short = "vq7-Kmzt"
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		p := w.Program("192.0.2.1")
		p.Signin(hana, apptest.Word)
		p.Call("POST", "/api/v1/me/password", map[string]any{"current": apptest.Word, "new": short}).Want(400, "password.too_short")
		kit := w.Protect(a, gate.TOTP)
		b := w.Browser("192.0.2.2").Signin(hana, apptest.Word).Fill("Six-digit", kit.App()).Press("Next").See("Hello")
		b.Open("/me/password").See("8 characters").Fill("Current password", apptest.Word).Fill("New password", "vq7-Kmz").Press("Change").Want(400).See("at least 8")
		b.Fill("Current password", apptest.Word).Fill("New password", short).Press("Change").See("The password is changed")
		w.Browser("192.0.2.3").Signin(hana, short).See("authenticator")

		// A reset knows it, too.
		w.Clock.Add(2 * time.Minute) // mails of one instant have no order
		lost(w, w.Browser("192.0.2.4")).Fill("Six-digit", kit.App()).Press("Next").See("8 characters").Fill("New password", "zt4-Qpwm").Press("Next").See("Hello")

		// Once the password is the only factor again, it has to be a long one.
		c := w.Browser("192.0.2.5").Signin(hana, "zt4-Qpwm").Fill("Six-digit", kit.App()).Press("Next").See("Hello")
		c.Open("/me/factors/off").Press("Switch it off").See("Second factor Off")
		d := w.Browser("192.0.2.6").Signin(hana, "zt4-Qpwm").Miss("Hello").See("15 characters")
		d.Fill("New password", "another1").Press("Next").Want(400).See("at least 15")
		d.Fill("New password", newer).Press("Next").See("Hello")
	})
}

// The current password is one proof. It does not make the second one new: else whoever
// knows it keeps a stolen session fresh for ever, by changing it again and again.
func TestAPasswordChangeMakesNoOtherProofNew(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		kit := w.Protect(w.Settle(hana), gate.TOTP)
		p, at := halfway(w, "192.0.2.1", hana)
		var s apptest.Step
		p.Call("POST", at, map[string]any{"kind": "totp", "answer": kit.App()}).Want(200, "").Into(&s)
		p.Token = s.Token
		w.Clock.Add(9 * time.Minute)
		var changed struct{ Token string }
		p.Call("POST", "/api/v1/me/password", map[string]any{"current": apptest.Word, "new": newer}).Want(200, "").Into(&changed)
		p.Token = changed.Token
		p.Call("POST", "/api/v1/me/factors/backup", nil).Want(200, "")
		w.Clock.Add(2 * time.Minute)
		p.Call("POST", "/api/v1/me/factors/backup", nil).Want(403, "session.fresh_required")
		p.Call("POST", "/api/v1/me/password", map[string]any{"current": newer, "new": apptest.Word}).Want(403, "session.fresh_required")
	})
}

func TestARecoveryHoldsForHalfAnHour(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1").Open("/recover").Fill("E-mail", hana).Press("Send")
		code, link := w.Code(hana), w.Link(hana)
		w.Clock.Add(29 * time.Minute)
		w.Browser("192.0.2.2").Open(link).See("Go on")
		w.Clock.Add(61 * time.Second)
		w.Browser("192.0.2.2").Open(link).Want(410).See("recovery.link_expired")
		b.Fill("Code", code).Press("Next").Miss("Choose a new password").Miss("Hello")
	})
}
