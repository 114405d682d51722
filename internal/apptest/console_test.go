package apptest_test

import (
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/flow/govern"
	"sekisho/internal/org"
)

func TestTheConsoleIsForWhoRunsTheOrganisation(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		h.member(hana, org.Plain)
		h.member("mika@example.com", org.Auditor)
		w.Settle("ken@example.com")
		for who, want := range map[string]string{"owner@example.com": "Owner", "mika@example.com": "Auditor", hana: "org.forbidden", "ken@example.com": "org.none"} {
			b := w.Browser("192.0.2.1")
			b.Signin(who, apptest.Word)
			b.Open("/admin").See(want)
		}
	})
}

// Whoever finds an open session does not run the organisation with it.
func TestAnActOnAnOrganisationNeedsAFreshProof(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		ken := h.member("ken@example.com", org.Plain)
		by := h.by(h.owner)
		w.Clock.Add(11 * time.Minute)
		if f := govern.Told(h.SetRole(ctx, by, h.id, ken.ID, org.Admin)); f == nil || f.Code() != "session.fresh_required" {
			t.Errorf("got %v", f)
		}
		h.must(h.SetRole(ctx, h.by(h.owner), h.id, ken.ID, org.Admin))
	})
}

func TestTheConsoleFindsPagesAndItsOwnMembers(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		h.member("mika@example.com", org.Plain)
		h.member("desk@example.com", org.Desk)
		w.Settle("mikael@example.com")
		b := w.Browser("192.0.2.1")
		b.Signin("owner@example.com", apptest.Word)
		b.Open("/admin/find?q=mika").See("mika@example.com").Miss("mikael@example.com")
		b.Open("/admin/find?q=ポリシー").See("Policies").Miss("mika@example.com")
		b.Open("/admin/find?q=xyzzy").See("Nothing is found")
		k := w.Browser("192.0.2.2")
		k.Signin("desk@example.com", apptest.Word)
		k.Open("/admin/find?q=webhooks").See("Nothing is found") // not theirs to see
	})
}
