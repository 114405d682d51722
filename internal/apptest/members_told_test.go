package apptest_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"sekisho/internal/apptest"
	"sekisho/internal/flow/govern"
	"sekisho/internal/org"
)

// Whatever is done to a member they are told of, with who did it and in which
// organisation, by whatever path.
func TestAMemberIsToldOfWhatIsDoneToThem(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		ken := h.member("ken@example.com", org.Plain)
		me := h.by(h.owner)
		if !told(w, "The people who run this service made your account a member of “Acme”") {
			t.Error("nobody tells a member that they were added")
		}
		h.must(h.SetRole(ctx, me, h.id, ken.ID, org.Auditor))
		if !told(w, "(Acme) changed your role in “Acme”") {
			t.Error("nobody tells a member of a new role")
		}
		h.must(h.Remove(ctx, me, h.id, ken.ID))
		if !told(w, "(Acme) removed your account from “Acme”") {
			t.Error("nobody tells a member that they were removed")
		}
		for _, l := range w.Mails() {
			if strings.Contains(l.Text, "removed your account") && l.To != "ken@example.com" {
				t.Errorf("%s is told", l.To)
			}
		}
	})
}

// Nobody shuts themselves out, or takes themselves out without what leaving asks for: on
// pages, by the API, among several, or through a table.
func TestNobodyShutsThemselvesOut(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		second := h.member("second@example.com", org.Owner)
		me, off := h.by(h.owner), false
		if _, err := h.Deactivate(ctx, me, h.id, h.owner.ID); !errors.Is(err, govern.ErrSelf) {
			t.Errorf("deactivated: got %v", err)
		}
		if err := h.Remove(ctx, me, h.id, h.owner.ID); !errors.Is(err, govern.ErrSelf) {
			t.Errorf("removed: got %v", err)
		}
		if _, err := h.Edit(ctx, me, h.id, h.owner.ID, govern.Edit{Active: &off}); !errors.Is(err, govern.ErrSelf) {
			t.Errorf("edited: got %v", err)
		}
		p, at := w.Program("192.0.2.1"), "/api/v1/org/members/"+string(h.owner.ID)
		p.Signin("owner@example.com", apptest.Word).Want(200, "")
		p.Call("PATCH", at, map[string]any{"active": false}).Want(403, "member.self")
		p.Call("DELETE", at, nil).Want(403, "member.self")
		b := w.Browser("192.0.2.2").Signin("owner@example.com", apptest.Word).Open("/admin/members")
		if box := `name="id" value="`; strings.Contains(b.Body, box+string(h.owner.ID)) || !strings.Contains(b.Body, box+string(second.ID)) {
			t.Error("there is a box to choose oneself, or none for others")
		}
		b.Post("/admin/members", url.Values{"act": {"deactivated"}, "sure": {"1"}, "id": {string(h.owner.ID), string(second.ID)}}).Open("/admin/members").See("owner@example.com")
		w.Program("192.0.2.3").Signin("owner@example.com", apptest.Word).Want(200, "")
		if a := w.Program("192.0.2.4").Signin("second@example.com", apptest.Word); a.Status == 200 {
			t.Error("the other one who was chosen was not deactivated")
		}
		// The operator does either.
		h.must(h.Reactivate(ctx, operator, h.id, second.ID))
		_, err := h.Deactivate(ctx, operator, h.id, h.owner.ID)
		h.must(err)
		h.must(h.Remove(ctx, operator, h.id, h.owner.ID))
	})
}
