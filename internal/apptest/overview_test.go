package apptest_test

import (
	"fmt"
	"testing"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/flow/explain"
	"sekisho/internal/gate"
	"sekisho/internal/i18n"
	"sekisho/internal/org"
	"sekisho/internal/policy"
)

// OR-20: sign-ins, refusals, factors and readiness of the whole organisation, for who may
// see them, and nothing of another's.
func TestTheOverviewCountsTheOrganisation(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, other := found(t, w, "Acme", "owner@example.com"), found(t, w, "Other", "other@example.com")
		a, ken := h.member(hana, org.Plain), h.member("ken@example.com", org.Plain)
		h.member("desk@example.com", org.Desk)
		h.member("auditor@example.com", org.Auditor)
		other.member("mika@example.com", org.Plain)
		w.Protect(a, gate.TOTP, gate.Backup) // signs in once
		h.rule(policy.Policy{Name: "two", SecondFactor: &policy.SecondFactor{Demanded: true, BackupCodes: true, TrustDays: 30, GraceDays: 30}})
		w.Program("192.0.2.1").Signin("ken@example.com", apptest.Word).Want(200, "")
		for range 3 {
			w.Program("192.0.2.2").Signin("mika@example.com", "wrong").Want(401, "")
		}
		w.Program("192.0.2.2").Signin("ken@example.com", "wrong").Want(401, "")
		w.Clock.Add(36 * 60 * 60 * 1e9)
		w.Program("192.0.2.1").Signin("ken@example.com", apptest.Word).Want(200, "")
		_, err := (audit.Chain{Ring: w.Ring}).Seal(t.Context(), w.DB)
		h.must(err)
		m, err := h.explain().MonthOf(t.Context(), h.id)
		h.must(err)
		if m.In != 3 || m.Out != 1 || len(m.Days) != 30 || m.Days[28].In+m.Days[27].In != 2 || m.Days[29].In+m.Days[28].In < 1 || len(m.Codes) != 1 || m.Codes[0].Code != "signin.not_recognised" {
			t.Errorf("got %+v", m)
		}
		f, err := h.explain().FiguresOf(t.Context(), h.id)
		h.must(err)
		if f.Members != 5 || f.Out != 0 || f.Second != 1 || f.Demanded != 5 || f.Missing != 4 || f.Kinds[gate.TOTP] != 1 || f.Owners != 1 || f.Safe+f.Losses["phone"]+f.Losses["inbox"]+f.Losses["password"] == 0 {
			t.Errorf("got %+v", f)
		}
		_, err = h.Deactivate(t.Context(), operator, h.id, ken.ID)
		h.must(err)
		if f, err = h.explain().FiguresOf(t.Context(), h.id); err != nil || f.Out != 1 || f.Missing != 3 || f.Active() != 4 {
			t.Errorf("got %+v %v", f, err)
		}
		owner := w.Browser("192.0.2.1")
		owner.Signin("owner@example.com", apptest.Word)
		owner.Open("/admin").See("3 let in, 1 refused", "There is only 1 owner", "3 members have no second factor where one is demanded", "1 of 4 have one")
		desk := w.Browser("192.0.2.1")
		desk.Signin("desk@example.com", apptest.Word)
		desk.Open("/admin").See("1 of 4 have one").Miss("let in")
		plain := w.Browser("192.0.2.1")
		plain.Signin("other@example.com", apptest.Word)
		plain.Open("/admin").See("0 let in, 3 refused")
	})
}

// Many members are counted once a day, by one node, and not while a page waits.
func TestManyMembersAreCountedOnceADay(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		w.Update(func(tx db.Tx) error {
			for i := range 160 {
				id, err := account.Parse(fmt.Sprintf("m%d@example.com", i))
				if err != nil {
					return err
				}
				a, err := account.Create(t.Context(), tx, account.New{Name: "M", Lang: i18n.En, Identifiers: []account.Identifier{id}, Confirmed: true})
				if err == nil {
					err = org.Add(t.Context(), tx, h.id, a.ID, org.Plain)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		figures := func() *explain.Figures {
			t.Helper()
			f, err := h.explain().FiguresOf(t.Context(), h.id)
			h.must(err)
			return f
		}
		if f := figures(); f != nil {
			t.Errorf("got %+v before anybody counted", f)
		}
		done := make(chan error, 3)
		for range 3 { // three nodes at once
			go func() { done <- h.explain().Recount(t.Context()) }()
		}
		for range 3 {
			h.must(<-done)
		}
		if f := figures(); f == nil || f.Members != 161 {
			t.Fatalf("got %+v", f)
		}
		h.member(hana, org.Plain)
		h.must(h.explain().Recount(t.Context()))
		if f := figures(); f.Members != 161 {
			t.Errorf("counted twice a day: %+v", f)
		}
		w.Clock.Add(25 * 60 * 60 * 1e9)
		h.must(h.explain().Recount(t.Context()))
		if f := figures(); f.Members != 162 {
			t.Errorf("got %+v a day later", f)
		}
	})
}
