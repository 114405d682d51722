package apptest_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/flow/explain"
	"sekisho/internal/gate"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
)

// answeredReference is the reference that a refusal tells.
func answeredReference(a apptest.Answer) string {
	var told struct{ Reference string }
	a.Into(&told)
	return told.Reference
}

func (h house) why(who ref.Account, reference string) (explain.Diagnosis, error) {
	return h.explain().Reference(h.t.Context(), explain.Asker{Org: h.id, Account: who}, reference)
}

// OR-22: the decision as it was, and what holds now.
func TestAReferenceTellsWhyAndWhatHoldsNow(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		a := h.member(hana, org.Plain)
		h.rule(policy.Policy{Name: "office", Address: &policy.Address{Allowed: prefixes("192.0.2.0/24")}})
		reference := answeredReference(w.Program("198.51.100.7").Signin(hana, apptest.Word).Want(403, "signin.ip_not_allowed"))
		d, err := h.why(h.owner.ID, strings.ToLower(" "+reference+" "))
		h.must(err)
		last := d.Steps[len(d.Steps)-1]
		if d.Fault.Code != "signin.ip_not_allowed" || last.Rule != "address.policy" || last.Source != "office" || !last.Org || last.Saw != "198.51.100.7" || d.Whose != "Acme" {
			t.Errorf("got %+v %s", d.Steps, d.Whose)
		}
		if d.Account.ID != a.ID || d.Row.Addr != "198.51.100.7" || d.Facts == nil || len(d.Facts.Proofs) != 1 || d.Changed {
			t.Errorf("got %+v", d)
		}
		if d.Now == nil || d.Now.Code != "signin.ip_not_allowed" || d.Now.Whose != "Acme" {
			t.Errorf("now: got %+v", d.Now)
		}
		// The same would be let in once the rule is gone; the row says what it was.
		h.must(h.RemovePolicy(t.Context(), operator, h.id, "office"))
		d, err = h.why(h.owner.ID, reference)
		h.must(err)
		if !d.Changed || d.Now.Verdict != gate.Admit || d.Steps[len(d.Steps)-1].Source != "office" {
			t.Errorf("without the rule: got %+v", d)
		}
		// Before its proofs: who guesses too often.
		for range 11 {
			reference = answeredReference(w.Program("203.0.113.5").Signin(hana, "a wrong password"))
		}
		d, err = h.why(h.owner.ID, reference)
		h.must(err)
		if d.Fault.Code != "signin.too_many_attempts" || d.Now == nil || d.Kind != "password" {
			t.Errorf("guessed: got %+v", d)
		}
		// Who left: what was stays readable, what holds for them now is not told.
		h.must(h.Remove(t.Context(), operator, h.id, a.ID))
		if d, err = h.why(h.owner.ID, reference); err != nil || d.Now != nil || d.Member || d.Account.ID != "" {
			t.Errorf("who left: got %+v %v", d, err)
		}
		w.Update(func(tx db.Tx) error { return w.Entry.EraseAccount(t.Context(), tx, a.ID, "operator") })
		if d, err = h.why(h.owner.ID, reference); err != nil || !d.Row.Erased || d.Now != nil || d.Row.Addr != "" {
			t.Errorf("erased: got %+v %v", d, err)
		}
	})
}

func TestADiagnosisIsForWhoHelpsMembersOfTheSameOrganisation(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, other := found(t, w, "Acme", "owner@example.com"), found(t, w, "Other", "other@example.com")
		a := h.member(hana, org.Plain)
		desk, auditor := h.member("desk@example.com", org.Desk), h.member("auditor@example.com", org.Auditor)
		refused := answeredReference(w.Program("192.0.2.9").Signin(hana, "wrong").Want(401, ""))
		w.Program("192.0.2.1").Signin(hana, apptest.Word).Want(200, "")
		var let, changed string
		for _, r := range w.Audit() {
			switch {
			case r.Account == a.ID && r.Kind == "signin.succeeded":
				let = string(r.Reference)
			case r.Account == a.ID && r.Kind == "member.added":
				changed = string(r.Reference)
			}
		}
		for _, c := range []struct {
			name      string
			asker     explain.Asker
			reference string
			want      error
		}{
			{"the desk, a refusal", explain.Asker{Org: h.id, Account: desk.ID}, refused, nil},
			{"the desk, a sign-in", explain.Asker{Org: h.id, Account: desk.ID}, let, nil},
			{"the desk, another row", explain.Asker{Org: h.id, Account: desk.ID}, changed, db.ErrNone},
			{"the auditor, another row", explain.Asker{Org: h.id, Account: auditor.ID}, changed, nil},
			{"a member", explain.Asker{Org: h.id, Account: a.ID}, refused, explain.ErrForbidden},
			{"another organisation's owner", explain.Asker{Org: other.id, Account: other.owner.ID}, refused, db.ErrNone},
			{"another organisation's owner, in this one", explain.Asker{Org: h.id, Account: other.owner.ID}, refused, db.ErrNone},
			{"nobody", explain.Asker{Org: h.id}, refused, db.ErrNone},
			{"a reference that is none", explain.Asker{Org: h.id, Account: desk.ID}, "'; DROP TABLE audit; --", db.ErrNone},
			{"a megabyte", explain.Asker{Org: h.id, Account: desk.ID}, strings.Repeat("A", 1<<20), db.ErrNone},
		} {
			if _, err := h.explain().Reference(t.Context(), c.asker, c.reference); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", c.name, err, c.want)
			}
		}
		// Where somebody is when nothing is wrong, the desk is not shown.
		d, err := h.why(desk.ID, let)
		h.must(err)
		if d.Row.Addr != "" || d.Now != nil {
			t.Errorf("the desk is shown %s", d.Row.Addr)
		}
		if d, err = h.why(auditor.ID, let); err != nil || d.Row.Addr != "192.0.2.1" || d.Now.Verdict != gate.Admit {
			t.Errorf("the auditor: got %+v %v", d, err)
		}
		// By member, in every spelling; another's is not there.
		for _, what := range []string{hana, strings.ToUpper(hana), string(a.ID), " " + hana + " "} {
			s, err := h.explain().Of(t.Context(), h.asker(), what)
			if err != nil || s.Account.ID != a.ID || s.Now.Verdict != gate.Admit || len(s.Latest) != 2 {
				t.Errorf("%q: got %+v %v", what, s, err)
			}
		}
		for _, what := range []string{"other@example.com", string(other.owner.ID), "nobody@example.com", "", "🦊"} {
			if _, err := h.explain().Of(t.Context(), h.asker(), what); !errors.Is(err, db.ErrNone) {
				t.Errorf("%q: got %v", what, err)
			}
		}
	})
}

// rowsOf counts every table, so that whatever is written shows.
func rowsOf(w *apptest.World) map[string]int64 {
	out := map[string]int64{}
	w.View(func(tx db.ReadTx) error {
		names := `SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema()`
		if w.DB.Engine() == "sqlite" {
			names = `SELECT name FROM sqlite_master WHERE type = 'table'`
		}
		list, err := db.List(w.T.Context(), tx, func(s db.Scanner) (n string, err error) { err = s.Scan(&n); return n, err }, names)
		for _, n := range list {
			var rows int64
			err = errors.Join(err, tx.QueryRow(w.T.Context(), `SELECT count(*) FROM `+n).Scan(&rows))
			out[n] = rows
		}
		return err
	})
	return out
}

// OR-23: a decision without a sign-in.
func TestWhatIfAsksTheSameGateAndWritesNothing(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, other := found(t, w, "Acme", "owner@example.com"), found(t, w, "Other", "other@example.com")
		a := h.member(hana, org.Plain)
		w.Protect(a, gate.TOTP, gate.Backup)
		h.rule(policy.Policy{Name: "office", Address: &policy.Address{Allowed: prefixes("192.0.2.0/24")}, Session: &policy.Session{Lifetime: day, Concurrent: 9, DailySignins: 1},
			SecondFactor: &policy.SecondFactor{Demanded: true, BackupCodes: false, TrustDays: 30, Kinds: []string{"totp"}}})
		here := netip.MustParseAddr("192.0.2.7")
		tomorrow := w.Clock.Now().Add(day)
		before := rowsOf(w)
		for _, c := range []struct {
			name string
			c    explain.Case
			want string // verdict, code, need
		}{
			{"both proofs, tomorrow", explain.Case{From: here, At: tomorrow, Methods: []gate.Kind{gate.Password, gate.TOTP}, Browser: explain.Known, Door: gate.Web}, "admit  "},
			{"today there was one", explain.Case{From: here, Methods: []gate.Kind{gate.Password, gate.TOTP}, Browser: explain.Known, Door: gate.Web}, "refuse signin.daily_limit "},
			{"elsewhere", explain.Case{From: netip.MustParseAddr("198.51.100.1"), At: tomorrow, Methods: []gate.Kind{gate.Password, gate.TOTP}, Door: gate.Web}, "refuse signin.ip_not_allowed "},
			{"nowhere", explain.Case{At: tomorrow, Methods: []gate.Kind{gate.Password}, Door: gate.Web}, "refuse signin.ip_not_allowed "},
			{"the password alone", explain.Case{From: here, At: tomorrow, Methods: []gate.Kind{gate.Password}, Browser: explain.Known, Door: gate.API}, "prove_more  second_proof"},
			{"in a trusted browser", explain.Case{From: here, At: tomorrow, Methods: []gate.Kind{gate.Password}, Browser: explain.Trusted, Door: gate.Web}, "admit  "},
			{"nothing", explain.Case{From: here, At: tomorrow, Door: gate.Web}, "prove_more  first_proof"},
			{"what is not set up", explain.Case{From: here, At: tomorrow, Methods: []gate.Kind{gate.Passkey}, Door: gate.Web}, "refuse signin.method_not_offered "},
			{"what the policy forbids", explain.Case{From: here, At: tomorrow, Methods: []gate.Kind{gate.Password, gate.Backup}, Browser: explain.Known, Door: gate.Web}, "refuse signin.method_not_offered "},
		} {
			got, err := h.explain().WhatIf(t.Context(), h.asker(), a.ID, c.c)
			h.must(err)
			if s := string(got.Verdict) + " " + got.Code + " " + string(got.Need); s != c.want {
				t.Errorf("%s: got %s, want %s", c.name, s, c.want)
			}
			if len(got.Steps) == 0 {
				t.Errorf("%s: no trace", c.name)
			}
		}
		if _, err := h.explain().WhatIf(t.Context(), h.asker(), other.owner.ID, explain.Case{From: here}); !errors.Is(err, db.ErrNone) {
			t.Errorf("another organisation's: got %v", err)
		}
		if _, err := h.explain().WhatIf(t.Context(), explain.Asker{Org: h.id, Account: a.ID}, a.ID, explain.Case{From: here}); !errors.Is(err, explain.ErrForbidden) {
			t.Errorf("a member asks: got %v", err)
		}
		_, err := h.explain().Preview(t.Context(), h.asker(), nil)
		h.must(err)
		gone, stop := context.WithCancel(t.Context())
		stop()
		_, _ = h.explain().Preview(gone, h.asker(), nil)
		after := rowsOf(w)
		for table, n := range after {
			if before[table] != n {
				t.Errorf("%s has %d rows, before %d", table, n, before[table])
			}
		}
	})
}

// What was asked about and what then happens is the same.
func TestWhatIfSaysWhatThenHappens(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		a := h.member(hana, org.Plain)
		h.rule(policy.Policy{Name: "one", Session: &policy.Session{Lifetime: day, Concurrent: 1, DailySignins: 3}})
		p := w.Program("192.0.2.1")
		for i := range 5 {
			got, err := h.explain().WhatIf(t.Context(), h.asker(), a.ID, explain.Case{From: netip.MustParseAddr("192.0.2.1"), Methods: []gate.Kind{gate.Password}, Browser: explain.New, Door: gate.API})
			h.must(err)
			then := p.Signin(hana, apptest.Word)
			if code := then.Code(); got.Code != code {
				t.Errorf("sign-in %d: said %q, then %q", i, got.Code, code)
			}
			if then.Status == 200 && i%2 == 0 {
				var in apptest.Step
				then.Into(&in)
				w.Update(func(tx db.Tx) error { return w.Entry.Grants.EndSessions(t.Context(), tx, ref.Session(in.Session)) })
			}
			w.Clock.Add(time.Minute)
		}
		if !slices.ContainsFunc(w.Audit(), func(r audit.Row) bool { return r.Code == "session.limit" }) {
			t.Error("nothing was refused: the test shows nothing")
		}
	})
}
