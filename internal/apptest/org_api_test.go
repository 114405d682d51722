package apptest_test

import (
	"strings"
	"testing"

	"sekisho/internal/apptest"
	"sekisho/internal/org"
)

func TestAPIInvitesAndJoins(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		h.member("admin@example.com", org.Admin)
		p := w.Program("192.0.2.1")
		p.Signin("admin@example.com", apptest.Word)
		var group, inv struct {
			ID    string
			State string
			Left  int `json:"sends_left"`
		}
		p.Call("POST", "/api/v1/org/groups", map[string]any{"name": "Sales"}).Want(200, "").Into(&group)
		p.Call("POST", "/api/v1/org/groups", map[string]any{"name": "Sales"}).Want(409, "org.name_taken")
		p.Call("POST", "/api/v1/org/invitations", map[string]any{"address": newcomer, "role": "owner"}).Want(403, "org.forbidden")
		p.Call("POST", "/api/v1/org/invitations", map[string]any{"address": "nonsense"}).Want(400, "identifier.malformed")
		p.Call("POST", "/api/v1/org/invitations", map[string]any{"address": newcomer, "groups": []string{"Sales"}}).Want(200, "").Into(&inv)
		p.Call("POST", "/api/v1/org/invitations/"+inv.ID+"/send", nil).Want(200, "").Into(&inv)
		if inv.State != "open" || inv.Left != 2 {
			t.Errorf("got %+v", inv)
		}
		p.Call("GET", "/api/v1/org/invitations?state=open&q=newcomer", nil).Want(200, "")
		token := strings.TrimPrefix(w.Link(newcomer), "/invite?c=")

		n := w.Program("203.0.113.1")
		n.Call("POST", "/api/v1/invitation", map[string]any{"invitation": "x"}).Want(410, "invitation.over")
		var said struct{ Organisation, Role string }
		n.Call("POST", "/api/v1/invitation", map[string]any{"invitation": token}).Want(200, "").Into(&said)
		if said.Organisation != "Acme" || said.Role != "member" {
			t.Errorf("got %+v", said)
		}
		n.Call("POST", "/api/v1/invitation/signup", map[string]any{"invitation": token, "name": "Nico", "password": "short"}).Want(400, "password.too_short")
		var s apptest.Step
		n.Call("POST", "/api/v1/invitation/signup", map[string]any{"invitation": token, "name": "Nico", "password": apptest.Word}).Want(200, "").Into(&s)
		n.Token = s.Token
		n.Call("POST", "/api/v1/invitation/signup", map[string]any{"invitation": token, "name": "Nico", "password": apptest.Word}).Want(410, "invitation.over")
		p.Call("GET", "/api/v1/org/groups/"+group.ID+"/members", nil).Want(200, "")
		n.Call("GET", "/api/v1/org/groups", nil).Want(403, "org.forbidden")
		p.Call("DELETE", "/api/v1/org/groups/"+group.ID+"/members/"+s.Account, nil).Want(204, "")
		p.Call("PUT", "/api/v1/org/groups/"+group.ID+"/members/"+s.Account, nil).Want(204, "")
		p.Call("PUT", "/api/v1/org/groups/"+group.ID, map[string]any{"name": "営業"}).Want(204, "")
		p.Call("DELETE", "/api/v1/org/groups/"+group.ID, nil).Want(204, "")
		n.Call("DELETE", "/api/v1/me/organisation", nil).Want(204, "")
		n.Call("DELETE", "/api/v1/me/organisation", nil).Want(403, "org.none")

		// An account that stands, and one that declines.
		w.Settle(hana)
		p.Call("POST", "/api/v1/org/invitations", map[string]any{"address": hana}).Want(200, "").Into(&inv)
		k := w.Program("203.0.113.2")
		k.Signin(hana, apptest.Word)
		k.Call("POST", "/api/v1/me/organisation", map[string]any{"invitation": strings.TrimPrefix(w.Link(hana), "/invite?c=")}).Want(204, "")
		p.Call("POST", "/api/v1/org/invitations", map[string]any{"address": "ken@example.net"}).Want(200, "")
		k.Call("POST", "/api/v1/invitation/decline", map[string]any{"invitation": strings.TrimPrefix(w.Link("ken@example.net"), "/invite?c=")}).Want(204, "")
		p.Call("DELETE", "/api/v1/org/invitations/"+inv.ID, nil).Want(404, "org.not_found")

		var role struct{ ID string }
		p.Call("POST", "/api/v1/org/roles", map[string]any{"name": "Clerk", "permissions": []string{"org.own"}}).Want(403, "org.forbidden")
		p.Call("POST", "/api/v1/org/roles", map[string]any{"name": "Clerk", "permissions": []string{"members.read"}}).Want(200, "").Into(&role)
		p.Call("PUT", "/api/v1/org/roles/"+role.ID, map[string]any{"name": "Clerk", "permissions": []string{"members.read", "audit.read"}, "seen": []string{}}).Want(409, "org.changed")
		p.Call("PUT", "/api/v1/org/roles/"+role.ID, map[string]any{"name": "Clerk", "permissions": []string{"members.read", "audit.read"}, "seen": []string{"members.read"}}).Want(204, "")
		p.Call("GET", "/api/v1/org/roles", nil).Want(200, "")
		p.Call("DELETE", "/api/v1/org/roles/"+role.ID, nil).Want(204, "")
		p.Call("DELETE", "/api/v1/org/roles/owner", nil).Want(404, "org.not_found")
	})
}
