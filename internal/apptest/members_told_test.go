package apptest_test

import (
	"strings"
	"testing"

	"sekisho/internal/apptest"
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
