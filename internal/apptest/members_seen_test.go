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

// From where and in what members are signed in is for who reads the audit log: on their
// page, by the API and by a token.
func TestWhereMembersAreIsForWhoReadsTheLog(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		ken := h.member("ken@example.com", org.Plain)
		w.Program("192.0.2.55").Signin("ken@example.com", apptest.Word).Want(200, "")
		made, err := h.AddRole(t.Context(), operator, h.id, "counter", []org.Permission{org.ReadMembers})
		h.must(err)
		h.member("counter@example.com", made.Name)
		h.member("desk@example.com", org.Desk)
		h.member("auditor@example.com", org.Auditor)
		_, counts := h.tokened(h.owner, org.ReadMembers)
		_, reads := h.tokened(h.owner, org.ReadMembers, org.ReadAudit)
		page, api := "/admin/members/"+string(ken.ID), "/api/v1/org/members/"+string(ken.ID)
		for who, sees := range map[string]bool{"counter": false, "desk": false, "auditor": true} {
			b := w.Browser("192.0.2.3").Signin(who+"@example.com", apptest.Word).Open(page)
			p := w.Program("192.0.2.4")
			p.Signin(who+"@example.com", apptest.Word).Want(200, "")
			a := p.Call("GET", api, nil).Want(200, "")
			if strings.Contains(b.Body, "192.0.2.55") != sees || strings.Contains(string(a.Body), "192.0.2.55") != sees {
				t.Errorf("%s sees from where a member is signed in: page %t, API %t, want %t", who, strings.Contains(b.Body, "192.0.2.55"), strings.Contains(string(a.Body), "192.0.2.55"), sees)
			}
			b.See("Signed in")
		}
		for p, sees := range map[*apptest.Program]bool{counts: false, reads: true} {
			if a := p.Call("GET", api, nil).Want(200, ""); strings.Contains(string(a.Body), "192.0.2.55") != sees {
				t.Errorf("a token is told from where: %t, want %t", !sees, sees)
			}
		}
	})
}
