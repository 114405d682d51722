package apptest_test

import (
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/flow/govern"
	"sekisho/internal/gate"
	"sekisho/internal/org"
	"sekisho/internal/policy"
)

// RC-06: where a policy says so, only an admin has a forgotten password reset. The member
// is told why and who can, once their inbox is proved; strangers see no difference.
func TestAResetThatAPolicyForbidsIsRefusedWithTheReason(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		a := h.member(hana, org.Plain)
		w.Settle("ken@example.com")
		h.rule(policy.Policy{Name: "passwords", Password: &policy.Password{MinLength: 8, MinLengthSingle: 15, AdminReset: true}})

		page := func(b *apptest.Browser, who string) string {
			return b.Open("/recover").Fill("E-mail", who).Press("Send").Want(200).Text()
		}
		b := w.Browser("192.0.2.1")
		first := page(b, hana)
		if other := page(w.Browser("192.0.2.1"), "ken@example.com"); len(first)-len(hana) != len(other)-len("ken@example.com") {
			t.Error("a stranger sees whose password is an admin's to reset")
		}
		b.Fill("Code", w.Code(hana)).Press("Next").See("You cannot reset the password yourself", "recovery.forbidden", "Acme").Miss("New password")

		// Nor with everything that the account has, nor through the API.
		p := w.Program("192.0.2.2")
		var x struct{ Flow string }
		w.Clock.Add(61 * time.Second)
		p.Call("POST", "/api/v1/recover", map[string]any{"identifier": hana}).Want(200, "").Into(&x)
		w.Clock.Add(61 * time.Second)
		p.Call("POST", "/api/v1/recover/"+x.Flow, map[string]any{"kind": "recovery_code"}).Want(200, "")
		p.Call("POST", "/api/v1/recover/"+x.Flow, map[string]any{"kind": "recovery_code", "answer": w.Code(hana)}).Want(403, "recovery.forbidden")
		w.Program("192.0.2.3").Signin(hana, apptest.Word).Want(200, "")

		// An admin's link does it, and ends with its use.
		w.Clock.Add(2 * time.Minute)
		if _, err := h.SendReset(ctx, h.by(h.owner), h.id, a.ID, false); err != nil {
			t.Fatal(err)
		}
		w.Browser("192.0.2.4").Open(w.Link(hana)).Press("Go on").Fill("New password", newer).Press("Next").See("Hello")
		w.Program("192.0.2.5").Signin(hana, newer).Want(200, "")

		// Who is in no organisation resets by themselves; so does a member once it is taken back.
		w.Browser("192.0.2.6").Open("/recover").Fill("E-mail", "ken@example.com").Press("Send").Fill("Code", w.Code("ken@example.com")).Press("Next").See("New password")
		h.must(h.RemovePolicy(ctx, operator, h.id, "passwords"))
		w.Clock.Add(time.Hour)
		w.Browser("192.0.2.7").Open("/recover").Fill("E-mail", hana).Press("Send").Fill("Code", w.Code(hana)).Press("Next").See("New password")
	})
}

func TestEveryWayOfResettingIsForbiddenTogether(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		a := h.member(hana, org.Plain)
		kit := w.Protect(a, gate.TOTP)
		h.rule(policy.Policy{Name: "passwords", Password: &policy.Password{MinLength: 8, MinLengthSingle: 15, AdminReset: true}}, govern.Aim{Account: a.ID})
		_ = kit.App()
		w.Browser("192.0.2.1").Open("/recover").Fill("E-mail", hana).Press("Send").Fill("Code", w.Code(hana)).Press("Next").See("recovery.forbidden").Miss("authenticator")
	})
}
