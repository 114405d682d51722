package apptest_test

import (
	"net/url"
	"testing"

	"sekisho/internal/apptest"
	"sekisho/internal/flow/explain"
	"sekisho/internal/org"
	"sekisho/internal/policy"
)

// The API answers as the pages do, in the shapes that its description has.
func TestWhyByTheAPI(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		found(t, w, "Other", "other@example.com")
		a := h.member(hana, org.Plain)
		h.member("desk@example.com", org.Desk)
		h.rule(policy.Policy{Name: "office", Address: &policy.Address{Allowed: prefixes("192.0.2.0/24")}})
		reference := answeredReference(w.Program("198.51.100.7").Signin(hana, apptest.Word).Want(403, "signin.ip_not_allowed"))
		signed := func(who string) *apptest.Program {
			p := w.Program("192.0.2.1")
			p.Signin(who, apptest.Word).Want(200, "")
			return p
		}
		owner, desk, plain, other := signed("owner@example.com"), signed("desk@example.com"), signed(hana), signed("other@example.com")
		var log struct {
			Rows []struct{ Reference, Kind, Code, Account string }
			Next string
		}
		owner.Call("GET", "/api/v1/org/audit?limit=1&group=refused", nil).Want(200, "").Into(&log)
		if len(log.Rows) != 1 || log.Rows[0].Reference != reference || log.Next != "" {
			t.Errorf("got %+v", log)
		}
		owner.Call("GET", "/api/v1/org/audit?limit=2", nil).Want(200, "").Into(&log)
		first := log.Rows[1].Reference
		owner.Call("GET", "/api/v1/org/audit?limit=2&after="+log.Next, nil).Want(200, "").Into(&log)
		if log.Rows[0].Reference == first || log.Next == "" {
			t.Errorf("got %+v", log)
		}
		for _, bad := range []string{"limit=0", "limit=501", "after=x", "since=today", "before=0001-01-01T00:00:00Z", "member=other@example.com", "by=nobody@example.com", "group=none", "code=a&code=b"} {
			owner.Call("GET", "/api/v1/org/audit?"+bad, nil).Want(400, "")
		}
		var why struct {
			Row   struct{ Address string }
			Steps []struct{ Rule, Source string }
			Now   struct{ Verdict, Code string }
		}
		desk.Call("GET", "/api/v1/org/diagnosis?reference="+reference, nil).Want(200, "").Into(&why)
		if n := len(why.Steps); n == 0 || why.Steps[n-1].Source != "office" || why.Now.Code != "signin.ip_not_allowed" || why.Row.Address != "198.51.100.7" {
			t.Errorf("got %+v", why)
		}
		desk.Call("GET", "/api/v1/org/diagnosis/member?member="+url.QueryEscape(hana), nil).Want(200, "")
		ask := map[string]any{"member": hana, "from": "::ffff:192.0.2.9", "methods": []string{"password"}}
		desk.Call("POST", "/api/v1/org/what-if", ask).Want(200, "").Into(&why.Now)
		if why.Now.Verdict != "admit" {
			t.Errorf("got %+v", why.Now)
		}
		for name, bad := range map[string]any{"from": "nowhere", "methods": []string{"magic"}, "browser": "ie6", "door": "back", "at": "0001-02-01T00:00:00Z"} {
			with := map[string]any{"member": hana, "from": "192.0.2.9", name: bad}
			desk.Call("POST", "/api/v1/org/what-if", with).Want(400, "")
		}
		for _, x := range []struct {
			p                *apptest.Program
			audit, why, what int
			code             string
		}{{desk, 403, 200, 200, ""}, {plain, 403, 403, 403, "org.forbidden"}, {other, 200, 404, 404, "org.not_found"}, {w.Program("192.0.2.1"), 401, 401, 401, "session.required"}} {
			x.p.Call("GET", "/api/v1/org/audit", nil).Want(x.audit, "")
			x.p.Call("GET", "/api/v1/org/diagnosis?reference="+reference, nil).Want(x.why, x.code)
			x.p.Call("GET", "/api/v1/org/diagnosis/member?member="+string(a.ID), nil).Want(x.why, x.code)
			x.p.Call("POST", "/api/v1/org/what-if", ask).Want(x.what, x.code)
		}
	})
}

// A program that keeps the log elsewhere needs no person; one that counts members is told no
// more than that.
func TestAProgramReadsTheAuditLogWithItsToken(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, other := found(t, w, "Acme", "owner@example.com"), found(t, w, "Other", "other@example.com")
		h.member(hana, org.Plain)
		reference := answeredReference(w.Program("192.0.2.9").Signin(hana, "wrong").Want(401, ""))
		_, reads := h.tokened(h.owner, org.ReadAudit, org.ReadMembers)
		_, counts := h.tokened(h.owner, org.ReadMembers)
		_, elsewhere := other.tokened(other.owner, org.ReadAudit, org.ReadMembers)
		reads.Call("GET", "/api/v1/org/audit", nil).Want(200, "")
		reads.Call("GET", "/api/v1/org/diagnosis?reference="+reference, nil).Want(200, "")
		counts.Call("GET", "/api/v1/org/audit", nil).Want(403, "org.forbidden")
		counts.Call("GET", "/api/v1/org/diagnosis?reference="+reference, nil).Want(403, "org.forbidden")
		counts.Call("POST", "/api/v1/org/what-if", map[string]any{"member": hana, "from": "192.0.2.1"}).Want(403, "org.forbidden")
		elsewhere.Call("GET", "/api/v1/org/diagnosis?reference="+reference, nil).Want(404, "org.not_found")
	})
}

// PO-17, for programs: a policy is tried before it is there, and nothing of it stays.
func TestAPolicyIsTriedByTheAPI(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		a := h.member(hana, org.Plain)
		made, err := h.AddRole(t.Context(), operator, h.id, "rules", []org.Permission{org.ReadPolicies, org.ManagePolicies})
		h.must(err)
		h.member("rules@example.com", made.Name)
		w.Program("198.51.100.7").Signin(hana, apptest.Word).Want(200, "")
		owner, rules := w.Program("192.0.2.1"), w.Program("192.0.2.2")
		owner.Signin("owner@example.com", apptest.Word).Want(200, "")
		rules.Signin("rules@example.com", apptest.Word).Want(200, "")
		office := map[string]any{"name": "office", "address": map[string]any{"allowed": []any{map[string]any{"address": "192.0.2.0/24"}}}, "targets": []any{map[string]any{"whom": "all"}}}
		var out explain.Report
		before := rowsOf(w)
		owner.Call("POST", "/api/v1/org/preview", office).Want(200, "").Into(&out)
		if out.Seen.Members != 3 || out.Stops.Members != 1 || len(out.Who) != 1 || out.Who[0].Account != a.ID || out.You {
			t.Errorf("got %+v", out)
		}
		out = explain.Report{}
		rules.Call("POST", "/api/v1/org/preview", office).Want(200, "").Into(&out)
		if out.Stops.Members != 1 || len(out.Who) != 0 || out.More != 1 {
			t.Errorf("who may not read members is told of them: %+v", out)
		}
		delete(office, "targets")
		out = explain.Report{}
		owner.Call("POST", "/api/v1/org/preview", office).Want(200, "").Into(&out)
		if out.Stops.Members != 0 {
			t.Errorf("for nobody yet: got %+v", out)
		}
		owner.Call("POST", "/api/v1/org/preview", map[string]any{"name": "office", "remove": true}).Want(404, "org.not_found")
		owner.Call("POST", "/api/v1/org/preview", map[string]any{"name": "x", "session": map[string]any{"lifetime_hours": 1e9, "idle_minutes": 0, "concurrent": 0, "daily_signins": 0}}).Want(400, "")
		w.Program("192.0.2.9").Call("POST", "/api/v1/org/preview", office).Want(401, "")
		if after := rowsOf(w); after["org_policy"] != before["org_policy"] || after["audit"] != before["audit"] {
			t.Errorf("something was written: %v, then %v", before, after)
		}
	})
}
