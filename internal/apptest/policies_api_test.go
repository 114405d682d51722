package apptest_test

import (
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/org"
)

func TestPoliciesOverTheAPI(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		other := found(t, w, "Other", "other@example.com")
		hana := h.member(hana, org.Plain)
		h.member("audit@example.com", org.Auditor)
		p, reader, theirs := w.Program("192.0.2.1"), w.Program("192.0.2.2"), w.Program("192.0.2.3")
		p.Signin("owner@example.com", apptest.Word).Want(200, "")
		reader.Signin("audit@example.com", apptest.Word).Want(200, "")
		theirs.Signin("other@example.com", apptest.Word).Want(200, "")
		const path = "/api/v1/org/policies"
		type shown struct {
			ID      string
			Name    string
			Version int64
			Session *struct {
				Lifetime   float64 `json:"lifetime_hours"`
				Concurrent int
			}
			Pending *time.Time `json:"pending_until"`
		}
		session := map[string]any{"lifetime_hours": 24, "idle_minutes": 0, "concurrent": 3, "daily_signins": 0}
		var one shown
		p.Call("POST", path, map[string]any{"name": "Night shift", "session": session}).Want(200, "").Into(&one)
		p.Call("POST", path, map[string]any{"name": "Night shift"}).Want(409, "org.name_taken")
		p.Call("POST", path, map[string]any{"name": "operator"}).Want(409, "org.name_taken")
		at := path + "/" + one.ID
		p.Call("PUT", at+"/targets/all", map[string]any{}).Want(204, "")
		if held := effective(w, hana.ID); held.Session.Concurrent != 3 {
			t.Errorf("got %+v", held.Session)
		}
		p.Call("PUT", at+"/targets/"+string(hana.ID), map[string]any{"exclude": true}).Want(204, "")
		if held := effective(w, hana.ID); held.Session.Concurrent != 50 {
			t.Errorf("got %+v", held.Session)
		}
		p.Call("DELETE", at+"/targets/"+string(hana.ID), nil).Want(204, "")
		p.Call("DELETE", at+"/targets/"+string(hana.ID), nil).Want(404, "org.not_found")
		p.Call("PUT", at+"/targets/"+string(other.owner.ID), map[string]any{}).Want(404, "org.not_found")
		p.Call("PUT", at+"/targets/nobody", map[string]any{}).Want(404, "org.not_found")
		// The version that was read, and ranges.
		session["concurrent"] = 4
		p.Call("PUT", at, map[string]any{"version": 9, "session": session}).Want(409, "org.changed")
		p.Call("PUT", at, map[string]any{"session": session}).Want(400, "request.malformed")
		for field, bad := range map[string][]any{"lifetime_hours": {11, 0, 1e300, -5, 721}, "idle_minutes": {31, 0.5, -1}, "concurrent": {0, 51}, "daily_signins": {-1}} {
			for _, v := range bad {
				was := session[field]
				session[field] = v
				p.Call("PUT", at, map[string]any{"version": 1, "session": session}).Want(400, "policy.out_of_range")
				session[field] = was
			}
		}
		p.Call("PUT", at, map[string]any{"version": 1, "second_factor": map[string]any{"kinds": []string{"otp"}}}).Want(400, "request.malformed")
		p.Call("PUT", at, map[string]any{"version": 1, "address": map[string]any{"allowed": []any{map[string]string{"address": "0.0.0.0/0"}}}}).Want(400, "list.malformed")
		p.Call("PUT", at, map[string]any{"version": 1, "session": session}).Want(200, "").Into(&one)
		if one.Version != 2 || one.Session.Concurrent != 4 {
			t.Errorf("got %+v", one)
		}
		// Who may read does not change; what is another's is not there.
		reader.Call("GET", path, nil).Want(200, "")
		reader.Call("GET", "/api/v1/org/effective-policy/"+string(hana.ID), nil).Want(200, "")
		reader.Call("DELETE", at, nil).Want(403, "org.forbidden")
		theirs.Call("GET", at, nil).Want(404, "org.not_found")
		theirs.Call("PUT", at, map[string]any{"version": 2}).Want(404, "org.not_found")
		theirs.Call("DELETE", at, nil).Want(404, "org.not_found")
		theirs.Call("GET", "/api/v1/org/effective-policy/"+string(hana.ID), nil).Want(404, "org.not_found")
		// A list that shuts the program out.
		var cut shown
		p.Call("PUT", at, map[string]any{"version": 2, "address": map[string]any{"allowed": []any{map[string]string{"address": "198.51.100.0/24", "name": "Elsewhere"}}}}).Want(200, "").Into(&cut)
		if cut.Pending == nil {
			t.Error("nothing tells that it has to be confirmed")
		}
		p.Call("POST", path+"/confirm", nil).Want(403, "signin.ip_not_allowed")
		again := w.Program("198.51.100.1")
		again.Signin("owner@example.com", apptest.Word).Want(200, "")
		var list struct {
			Pending *struct{ Here bool }
		}
		again.Call("GET", path, nil).Want(200, "").Into(&list)
		if list.Pending == nil || list.Pending.Here {
			t.Errorf("got %+v", list.Pending)
		}
		again.Call("POST", path+"/revert", nil).Want(204, "")
		again.Call("POST", path+"/revert", nil).Want(410, "rules.taken_back")
		p.Call("POST", path, map[string]any{"name": "Second"}).Want(200, "").Into(&cut)
		p.Call("PUT", path+"/order", map[string]any{"policies": []string{cut.ID}}).Want(204, "")
		if got := policiesOf(w, h); got[0].Name != "Second" {
			t.Errorf("got %s first", got[0].Name)
		}
		p.Call("DELETE", at, nil).Want(204, "")
		p.Call("DELETE", at, nil).Want(404, "org.not_found")
	})
}
