package apptest_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/org"
	"sekisho/internal/ref"
)

// The same acts by API: same guards, same answers.
func TestMembersByAPI(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		a := h.member(hana, org.Plain)
		h.member("boss@example.com", org.Admin)
		h.member("desk@example.com", org.Desk)
		sales, err := h.AddGroup(ctx, operator, h.id, "Sales")
		h.must(err)
		p := w.Program("192.0.2.1")
		p.Signin("boss@example.com", apptest.Word).Want(200, "")
		at := "/api/v1/org/members/" + string(a.ID)
		type row struct {
			Account ref.Account
			Role    string
			State   string
			Groups  []string
		}
		var list struct {
			Members []row
			Next    string
		}
		p.Call("GET", "/api/v1/org/members?q=hana%40", nil).Want(200, "").Into(&list)
		if len(list.Members) != 1 || list.Members[0].Account != a.ID || list.Members[0].State != "active" {
			t.Errorf("got %+v", list)
		}
		p.Call("GET", "/api/v1/org/members?state=sleeping", nil).Want(400, "request.malformed")
		p.Call("GET", "/api/v1/org/members?group=none", nil).Want(404, "org.not_found")
		var edited struct{ Changed bool }
		change := map[string]any{"role": "auditor", "active": false, "groups": []string{"Sales"}}
		for _, want := range []bool{true, false} { // asked again it changes nothing
			p.Call("PATCH", at, change).Want(200, "").Into(&edited)
			if edited.Changed != want {
				t.Errorf("changed: got %v, want %v", edited.Changed, want)
			}
		}
		var one row
		p.Call("GET", at, nil).Want(200, "").Into(&one)
		if one.Role != "auditor" || one.State != "inactive" || len(one.Groups) != 1 || one.Groups[0] != string(sales.ID) {
			t.Errorf("got %+v", one)
		}
		// All of it or nothing.
		p.Call("PATCH", at, map[string]any{"active": true, "role": "emperor"}).Want(404, "org.not_found")
		p.Call("PATCH", at, map[string]any{"active": true, "role": "owner"}).Want(403, "org.forbidden")
		p.Call("GET", at, nil).Want(200, "").Into(&one)
		if one.State != "inactive" {
			t.Errorf("half of a refused change stands: %+v", one)
		}
		p.Call("PATCH", at, map[string]any{"active": true, "role": "member", "groups": []string{}}).Want(200, "")
		var secret struct {
			Secret  string
			Expires time.Time `json:"expires_at"`
		}
		p.Call("POST", at+"/temporary-password", map[string]any{"end_sessions": true}).Want(200, "").Into(&secret)
		w.Browser("192.0.2.5").Signin(hana, secret.Secret).See("Choose a new password")
		p.Call("POST", at+"/backup-code", nil).Want(409, "member.no_factor")
		p.Call("POST", at+"/unlock", nil).Want(204, "")
		p.Call("POST", at+"/lift-lock", nil).Want(409, "member.stands")
		p.Call("POST", at+"/reset-factors", nil).Want(204, "")
		p.Call("POST", at+"/end-sessions", map[string]any{"sessions": []string{"ses_none"}}).Want(404, "org.not_found")
		p.Call("POST", at+"/delete", map[string]any{"confirm": "x"}).Want(400, "member.not_confirmed")
		// The help desk edits nothing, a stranger sees nothing.
		d := w.Program("192.0.2.2")
		d.Signin("desk@example.com", apptest.Word).Want(200, "")
		d.Call("PATCH", at, map[string]any{"active": false}).Want(403, "org.forbidden")
		d.Call("POST", at+"/delete", map[string]any{"confirm": hana}).Want(403, "org.forbidden")
		other := found(t, w, "Other", "other@example.com")
		d.Call("GET", "/api/v1/org/members/"+string(other.owner.ID), nil).Want(404, "org.not_found")
		d.Call("POST", "/api/v1/org/members/"+strings.Repeat("x", 2000)+"/unlock", nil).Want(404, "org.not_found")
		// Twice at once: one deletes, the other is told.
		var all sync.WaitGroup
		codes := make(chan int, 8)
		for range 8 {
			all.Go(func() { codes <- p.Call("POST", at+"/delete", map[string]any{"confirm": hana}).Status })
		}
		all.Wait()
		close(codes)
		ok := 0
		for c := range codes {
			if c == 200 {
				ok++
			}
		}
		if ok != 1 {
			t.Errorf("%d of eight deleted, want one", ok)
		}
	})
}
