package apptest_test

import (
	"strings"
	"testing"

	"sekisho/internal/apptest"
	"sekisho/internal/org"
)

// What members did before they joined is not the organisation's to read, on their page
// either; an admin who did something to them stands there, and what they did since.
func TestAMembersPageBeginsWhereTheyJoined(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		ken := w.Settle("ken@example.com")
		before := answeredReference(w.Program("192.0.2.77").Signin("ken@example.com", "wrong").Want(401, ""))
		h.must(h.Add(t.Context(), operator, h.id, ken.ID, org.Plain))
		since := answeredReference(w.Program("192.0.2.78").Signin("ken@example.com", "wrong").Want(401, ""))
		h.member("auditor@example.com", org.Auditor)
		b := w.Browser("192.0.2.1").Signin("auditor@example.com", apptest.Word).Open("/admin/members/" + string(ken.ID))
		if strings.Contains(b.Body, before) {
			t.Error("a member's page shows what they did before they joined")
		}
		if !strings.Contains(b.Body, since) {
			t.Error("a member's page does not show what they did since")
		}
	})
}
