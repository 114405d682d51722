package apptest_test

import (
	"strings"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/factor/password"
	"sekisho/internal/flow/govern"
	"sekisho/internal/gate"
	"sekisho/internal/org"
	"sekisho/internal/policy"
)

// Each value that an organisation sets about passwords is obeyed wherever one is chosen,
// and by nobody else's members (PO-07 to PO-09).
func TestAnOrganisationsPasswordRulesAreObeyedWhereverOneIsChosen(t *testing.T) {
	for name, c := range map[string]struct {
		set  policy.Password
		bad  string
		code string
		good string
	}{
		"length":     {policy.Password{MinLengthSingle: 24, MinLength: 24}, "seven gentle river stone", "", "seven gentle river stones, and one"},
		"too short":  {policy.Password{MinLengthSingle: 30, MinLength: 30}, "seven gentle river stones", "password.too_short", "seven gentle river stones and one more"},
		"upper case": {policy.Password{MinLengthSingle: 15, MinLength: 8, Upper: true}, "seven gentle river stones", "password.needs_kind", "Seven gentle river stones"},
		"lower case": {policy.Password{MinLengthSingle: 15, MinLength: 8, Lower: true}, "SEVEN GENTLE RIVER STONES", "password.needs_kind", "seven gentle river stones"},
		"a digit":    {policy.Password{MinLengthSingle: 15, MinLength: 8, Digit: true}, "seven gentle river stones", "password.needs_kind", "7 gentle river stones, all of them"},
		"a special":  {policy.Password{MinLengthSingle: 15, MinLength: 8, Special: true}, "sevengentleriverstones", "password.needs_kind", "seven-gentle-river-stones"},
		"no recent":  {policy.Password{MinLengthSingle: 15, MinLength: 8, Recent: 3}, apptest.Word, "password.reused", "seven gentle river stones"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			apptest.Each(t, func(t *testing.T, w *apptest.World) {
				h := found(t, w, "Acme", "owner@example.com")
				h.member(hana, org.Plain)
				set := c.set
				h.rule(policy.Policy{Name: "words", Password: &set})
				p := w.Program("192.0.2.1")
				p.Signin(hana, apptest.Word).Want(200, "")
				change := func(next string) apptest.Answer {
					return p.Call("POST", "/api/v1/me/password", map[string]string{"current": apptest.Word, "new": next})
				}
				if c.code == "" {
					change(c.bad).Want(200, "")
					return
				}
				change(c.bad).Want(400, c.code)
				b := w.Browser("192.0.2.2")
				b.Signin(hana, apptest.Word)
				b.Open("/me/password").Fill("Current", apptest.Word).Fill("New", c.bad).Press("Change").See(c.code)
				w.Clock.Add(time.Minute)
				b.Open("/recover").Fill("E-mail", hana).Press("Send").Fill("Code", w.Code(hana)).Press("Next")
				b.Fill("New password", c.bad).Press("Next").See(c.code)
				b.Fill("New password", c.good).Press("Next").See("Hello")
			})
		})
	}
}

// A minimum age keeps who wants another password waiting, and nobody who must have one:
// not a reset, not one that was ordered, not one that is too old (PO-08, PO-09).
func TestAnOrganisationsAgesOfPasswords(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		a := h.member(hana, org.Plain)
		w.Settle("ken@example.com")
		h.rule(policy.Policy{Name: "ages", Password: &policy.Password{MinLengthSingle: 15, MinLength: 8, MinAge: 10 * day, MaxAge: 30 * day}})
		p, ken := w.Program("192.0.2.1"), w.Program("192.0.2.2")
		p.Signin(hana, apptest.Word).Want(200, "")
		ken.Signin("ken@example.com", apptest.Word).Want(200, "")
		const second, third, fourth = "seven gentle river stones", "nine quiet garden lanterns", "four windy harbour lights"
		change := func(from, to string) apptest.Answer {
			return p.Call("POST", "/api/v1/me/password", map[string]string{"current": from, "new": to})
		}
		var told struct{ Organisation string }
		change(apptest.Word, second).Want(409, "password.too_young").Into(&told)
		if told.Organisation != "Acme" {
			t.Errorf("it is told as %q's rule", told.Organisation)
		}
		ken.Call("POST", "/api/v1/me/password", map[string]string{"current": apptest.Word, "new": second}).Want(200, "") // no member
		// A reset.
		w.Clock.Add(time.Minute)
		b := w.Browser("192.0.2.3")
		b.Open("/recover").Fill("E-mail", hana).Press("Send").Fill("Code", w.Code(hana)).Press("Next")
		b.Fill("New password", second).Press("Next").See("Hello")
		// Ordered by somebody.
		w.Update(func(tx db.Tx) error { return password.Order(t.Context(), tx, a.ID) })
		b = w.Browser("192.0.2.4")
		b.Signin(hana, second).See("password.expired").Fill("New password", third).Press("Next").See("Hello")
		// Warned before, then asked at the next sign-in.
		w.Clock.Add(15 * day)
		b.Signin(hana, third)
		b.Open("/me").Miss("has to be changed")
		w.Clock.Add(2 * day)
		b.Signin(hana, third)
		b.Open("/me").See("Change it")
		w.Clock.Add(14 * day)
		b = w.Browser("192.0.2.5")
		b.Signin(hana, third).See("password.expired").Fill("New password", fourth).Press("Next").See("Hello")
		p.Signin(hana, fourth).Want(200, "")
	})
}

// What an organisation sets about sign-ins a day, idling, trusted browsers and backup
// codes (PO-03, PO-14, ER-05).
func TestAnOrganisationsOtherValuesAreObeyed(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		a := h.member(hana, org.Plain)
		h.rule(policy.Policy{Name: "few", Session: &policy.Session{Lifetime: 5 * day, Idle: 5 * time.Minute, Concurrent: 50, DailySignins: 2}})
		p := w.Program("192.0.2.1")
		p.Signin(hana, apptest.Word).Want(200, "")
		w.Browser("192.0.2.1").Signin(hana, apptest.Word).See("Hello")
		w.Program("192.0.2.1").Signin(hana, apptest.Word).Want(429, "signin.daily_limit")
		w.Browser("192.0.2.1").Signin(hana, apptest.Word).See("signin.daily_limit", "(2)")
		w.Clock.Add(4 * time.Minute)
		p.Call("GET", "/api/v1/session", nil).Want(200, "")
		if err := w.App.Frame.Touches.Flush(t.Context(), w.App.DB); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(4 * time.Minute)
		p.Call("GET", "/api/v1/session", nil).Want(200, "")
		w.Clock.Add(5 * time.Minute)
		p.Call("GET", "/api/v1/session", nil).Want(401, "session.idle")

		// Backup codes and trusts, at the next sign-in after the rule.
		w.Clock.Add(day)
		w.Protect(a, gate.TOTP, gate.Backup)
		h.must(outcome(h.SetPolicy(t.Context(), operator, h.id, policy.Policy{Name: "few", SecondFactor: &policy.SecondFactor{TrustDays: 0, BackupCodes: false}}, 0)))
		b := w.Browser("192.0.2.9")
		b.Signin(hana, apptest.Word).Miss("Trust this browser")
		b.Open("/signin/other?flow=" + b.URL.Query().Get("flow")).Miss("Backup code")
	})
}

// One kind that is allowed must be used; of several the member chooses; sessions that were
// opened with what counts no more are held until another is set up (PO-03, PO-16).
func TestAnOrganisationsKindsReachSignInsAndSessions(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		a := h.member(hana, org.Plain)
		kit := w.Protect(a, gate.TOTP, gate.Backup)
		set := func(kinds ...string) {
			t.Helper()
			h.must(outcome(h.SetPolicy(t.Context(), operator, h.id, policy.Policy{Name: "kinds", SecondFactor: &policy.SecondFactor{Demanded: true, Kinds: kinds, BackupCodes: true}}, 0)))
		}
		set("totp", "tegata")
		h.must(h.Assign(t.Context(), operator, h.id, "kinds", govern.Aim{All: true}))
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word).See("authenticator app")
		b.Fill("Six-digit code", kit.App()).Press("Next")
		b.Open("/me").See("Hello")
		set("tegata")
		b.Open("/me").See("Tegata").Miss("Hello")
		if b.URL.Path != "/me/factors" {
			t.Errorf("led to %s", b.URL)
		}
		set("totp")
		b.Open("/me").See("Hello")
	})
}
