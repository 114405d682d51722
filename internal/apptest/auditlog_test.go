package apptest_test

import (
	"encoding/csv"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"sekisho/internal/apptest"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/flow/explain"
	"sekisho/internal/flow/govern"
	"sekisho/internal/org"
	"sekisho/internal/policy"
)

// Every page that says why is for who may know, and of the same organisation.
func TestWhoMayReadWhy(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		found(t, w, "Other", "other@example.com")
		h.member(hana, org.Plain)
		h.member("desk@example.com", org.Desk)
		h.member("auditor@example.com", org.Auditor)
		w.Settle("ken@example.com")
		made, err := h.AddRole(t.Context(), operator, h.id, "counter", []org.Permission{org.ReadMembers})
		h.must(err)
		h.member("counter@example.com", made.Name)
		reference := answeredReference(w.Program("192.0.2.9").Signin(hana, "wrong").Want(401, ""))
		why, what := "/admin/why?q="+reference, "/admin/what-if?from=192.0.2.1&method=password&browser=known&door=web&member="+url.QueryEscape(hana)
		for _, c := range []struct {
			who  string
			want map[string]int
		}{
			{"owner@example.com", map[string]int{"/admin/why": 200, why: 200, "/admin/why?q=" + hana: 200, what: 200, "/admin/audit": 200, "/admin/audit/export": 200}},
			{"desk@example.com", map[string]int{"/admin/why": 200, why: 200, "/admin/why?q=" + hana: 200, what: 200, "/admin/audit": 403, "/admin/audit/export": 403}},
			{"auditor@example.com", map[string]int{"/admin/why": 200, why: 200, what: 200, "/admin/audit": 200, "/admin/audit/export?format=jsonl": 200}},
			{"counter@example.com", map[string]int{why: 403, "/admin/why?q=" + hana: 403, what: 403, "/admin/audit": 403}},
			{hana, map[string]int{"/admin/why": 403, why: 403, what: 403, "/admin/audit": 403, "/admin/audit/export": 403}},
			{"ken@example.com", map[string]int{why: 403, what: 403, "/admin/audit": 403}},
			{"other@example.com", map[string]int{why: 404, "/admin/why?q=" + hana: 404, what: 404, "/admin/audit?member=" + hana: 400}},
		} {
			b := w.Browser("192.0.2.1")
			b.Signin(c.who, apptest.Word)
			for path, want := range c.want {
				if b.Open(path); b.Status != want {
					t.Errorf("%s %s: got %d, want %d", c.who, path, b.Status, want)
				}
				if want != 200 && want != 400 && strings.Contains(b.Text(), "192.0.2.9") {
					t.Errorf("%s %s: shows the row", c.who, path)
				}
			}
		}
	})
}

// What somebody calls their browser stands in the page as text, and in a spreadsheet
// as no formula; what is another organisation's stands in neither.
func TestTheAuditLogIsTheOrganisationsOwn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, other := found(t, w, "Acme", "owner@example.com"), found(t, w, "Other", "other@example.com")
		a := h.member(hana, org.Plain)
		other.member("mika@example.com", org.Plain)
		h.rule(policy.Policy{Name: "<b>strict</b>", Session: sessions(3, day)})
		ken := w.Settle("ken@example.com")
		w.Program("192.0.2.77").Signin("ken@example.com", apptest.Word).Want(200, "")
		h.must(h.Add(t.Context(), operator, h.id, ken.ID, org.Plain))
		w.Update(func(tx db.Tx) error {
			_, err := audit.Write(t.Context(), tx, audit.Event{Kind: "signin.succeeded", Account: a.ID, Actor: string(a.ID), Agent: `=HYPERLINK("http://evil.example","<script>alert(1)</script>")`, Addr: "192.0.2.66", Place: " ＋SUM(1)"})
			return err
		})
		w.Program("192.0.2.88").Signin("mika@example.com", apptest.Word).Want(200, "")
		b := w.Browser("192.0.2.1")
		b.Signin("owner@example.com", apptest.Word)
		b.Open("/admin/audit").See(`=HYPERLINK("http://evil.example","<script>alert(1)</script>")`, "A policy was saved", "Became a member", "By the people who run this service")
		for _, not := range []string{"192.0.2.88", "192.0.2.77"} { // another organisation's; before they joined
			b.Miss(not)
		}
		b.Open("/admin/audit?group=rules").See("A policy was saved").Miss("Became a member")
		b.Open("/admin/audit?member=" + url.QueryEscape(hana)).See("192.0.2.66")
		if strings.Contains(b.Body, ">A policy was saved</span>") {
			t.Error("a member's rows are more than theirs")
		}
		b.Open("/admin/audit?by=operator&kind=member.added").See("Became a member").Miss("192.0.2.66")
		b.Open("/admin/audit?since=2026-01-16").See("Nothing here")
		b.Open("/admin/audit?before=2026-01-14").See("Nothing here")
		b.Open("/admin/audit?since=2026-01-15&before=2026-01-15").See("192.0.2.66")
		b.Open("/admin/audit?since=tomorrow").Want(400).See("does not read")
		b.Open("/admin/audit?since=0001-01-01").Want(400)
		b.Open("/admin/audit?member=other@example.com").Want(400).See("no such member")
		b.Open("/admin/audit?code=" + strings.Repeat("x", 3000)).See("Nothing here")
		b.Open("/admin/audit?after=9_9&kind=a&kind=b").Want(400)

		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.Open("/admin/audit/export").Want(200).Body, "\ufeff"))).ReadAll()
		if err != nil || len(rows) < 5 {
			t.Fatalf("got %d rows %v", len(rows), err)
		}
		seen := false
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
					t.Errorf("a spreadsheet runs %q", cell)
				}
				seen = seen || strings.HasPrefix(cell, "'=HYPERLINK")
			}
			if strings.Contains(strings.Join(row, " "), "192.0.2.88") {
				t.Error("another organisation's row is exported")
			}
		}
		if !seen {
			t.Error("the row is not exported")
		}
		if body := b.Open("/admin/audit/export?format=jsonl&group=rules").Want(200).Body; strings.Count(body, "\n") != strings.Count(body, `"policy.`)+1 || strings.Contains(body, "signin.") {
			t.Errorf("got %s", body)
		}
	})
}

// Pages follow one another without a row twice or left out, also while more come.
func TestTheAuditLogKeepsItsPlace(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		a := h.member(hana, org.Plain)
		add := func(n int, code string) {
			w.Update(func(tx db.Tx) error {
				for i := range n {
					if _, err := audit.Write(t.Context(), tx, audit.Event{Kind: "signin.refused", Code: "signin.daily_limit", Account: a.ID, Agent: fmt.Sprintf("agent-%s-%d.", code, i)}); err != nil {
						return err
					}
				}
				return nil
			})
		}
		b := w.Browser("192.0.2.1")
		b.Signin("owner@example.com", apptest.Word)
		add(120, "x")
		got := ""
		for path := "/admin/audit?group=refused"; path != ""; {
			b.Open(path).Want(200)
			got += b.Body
			add(3, "later")
			_, after, more := strings.Cut(b.Body, `href="/admin/audit?after=`)
			path = ""
			if more {
				path = "/admin/audit?after=" + strings.ReplaceAll(after[:strings.IndexByte(after, '"')], "&amp;", "&")
			}
		}
		for i := range 120 {
			if n := strings.Count(got, fmt.Sprintf("agent-x-%d.", i)); n != 1 {
				t.Errorf("row %d is shown %d times", i, n)
			}
		}
		if strings.Contains(got, "agent-later") {
			t.Error("what came later stands among what was before")
		}
	})
}

// Who leaves, is removed or erased is written down where it happened.
func TestLeavingIsARowOfTheOrganisation(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		a, b := h.member(hana, org.Plain), h.member("ken@example.com", org.Plain)
		h.must(h.Remove(t.Context(), operator, h.id, a.ID))
		w.Update(func(tx db.Tx) error { return w.Entry.EraseAccount(t.Context(), tx, b.ID, "operator") })
		var got []string
		w.View(func(tx db.ReadTx) error {
			rows, err := audit.Search(t.Context(), tx, h.id, audit.Query{Kinds: []string{"member.removed", audit.Erased}, Limit: 9})
			for _, r := range rows {
				got = append(got, r.Kind+" "+string(r.Account))
			}
			return err
		})
		slices.Sort(got)
		if len(got) != 2 || got[0] != audit.Erased+" "+string(b.ID) || got[1] != "member.removed "+string(a.ID) {
			t.Errorf("got %v", got)
		}
	})
}

// Rows that were written by a version that knew no organisations in them.
func TestOldRowsOfMembersBecomeTheOrganisations(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		a := w.Settle(hana)
		w.Program("192.0.2.1").Signin(hana, apptest.Word).Want(200, "")
		w.Clock.Add(day)
		h.must(h.Add(t.Context(), operator, h.id, a.ID, org.Plain))
		w.Program("192.0.2.2").Signin(hana, apptest.Word).Want(200, "")
		h.rule(policy.Policy{Name: "x", Session: sessions(3, day)}, govern.Aim{Account: a.ID})
		text, err := explain.Migrations.ReadFile("migrations/0380_audit_of_members.sql")
		h.must(err)
		var script []string
		for _, q := range strings.Split(string(text), ";") {
			if strings.TrimSpace(q) != "" {
				script = append(script, q)
			}
		}
		w.Update(func(tx db.Tx) error {
			for _, q := range append([]string{`UPDATE audit SET org = ''`, `DELETE FROM audit_hour`}, script...) {
				if _, err := tx.Exec(t.Context(), q); err != nil {
					return err
				}
			}
			return nil
		})
		kinds := map[string]int{}
		w.View(func(tx db.ReadTx) error {
			rows, err := audit.Search(t.Context(), tx, h.id, audit.Query{Limit: 99})
			for _, r := range rows {
				if kinds[r.Kind]++; r.Addr == "192.0.2.1" {
					t.Error("a row from before they joined is the organisation's")
				}
			}
			return err
		})
		if kinds["signin.succeeded"] != 1 || kinds["member.added"] != 2 || kinds["policy.set"] != 1 || kinds["policy.assigned"] != 1 || kinds["org.created"] != 1 {
			t.Errorf("got %v", kinds)
		}
	})
}
