package apptest_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/flow/explain"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/slowhash"
)

func (h house) explain() *explain.Explain { return &explain.Explain{Entry: h.w.Entry} }

func (h house) asker() explain.Asker { return explain.Asker{Org: h.id, Account: h.owner.ID} }

func (h house) preview(list ...policy.Assigned) explain.Report {
	h.t.Helper()
	r, err := h.explain().Preview(h.t.Context(), h.asker(), list)
	h.must(err)
	return r
}

func forAll(p policy.Policy) policy.Assigned {
	return policy.Assigned{Policy: p, Targets: []policy.Target{{Whom: policy.All}}}
}

func prefixes(list ...string) (out []netip.Prefix) {
	for _, p := range list {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

// PO-17: the sign-ins of the last days, decided anew by the one gate.
func TestPreviewSaysWhomOtherRulesWouldStop(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		const owner, ken, mio = "owner@example.com", "ken@example.com", "mio@example.com"
		h := found(t, w, "Acme", owner)
		a, b := h.member(hana, org.Plain), h.member(ken, org.Plain)
		w.Settle(mio) // no member
		w.Program("192.0.2.1").Signin(hana, apptest.Word).Want(200, "")
		w.Program("198.51.100.1").Signin(hana, apptest.Word).Want(200, "")
		w.Program("192.0.2.2").Signin(ken, apptest.Word).Want(200, "")
		w.Program("203.0.113.9").Signin(mio, apptest.Word).Want(200, "")
		w.Program("198.51.100.3").Signin(owner, apptest.Word).Want(200, "")
		w.Program("192.0.2.2").Signin(ken, "wrong").Want(401, "")

		if r := h.preview(); r.Seen != (explain.Tally{Members: 3, Signins: 4}) || r.Stops.Members != 0 || r.You {
			t.Errorf("nothing set: got %+v", r)
		}
		office := forAll(policy.Policy{Name: "office", Address: &policy.Address{Allowed: prefixes("192.0.2.0/24")}})
		r := h.preview(office)
		if r.Stops != (explain.Tally{Members: 2, Signins: 2}) || !r.You || len(r.Rules) != 1 || r.Rules[0].Code != "signin.ip_not_allowed" || r.Rules[0].Source != "office" || len(r.Who) != 2 {
			t.Errorf("the office: got %+v", r)
		}
		office.Targets = []policy.Target{{Whom: string(b.ID)}}
		if r := h.preview(office); r.Stops.Members != 0 {
			t.Errorf("for somebody who is in the office: got %+v", r)
		}
		// What is stopped already is no news, and what a change opens is told.
		h.rule(policy.Policy{Name: "nobody", Address: &policy.Address{Allowed: prefixes("10.0.0.0/8")}})
		office.Targets = []policy.Target{{Whom: policy.All}}
		if r := h.preview(office); r.Already.Signins != 2 || r.Frees.Signins != 2 || r.Stops.Signins != 0 || r.You {
			t.Errorf("loosened: got %+v", r)
		}
		h.must(h.RemovePolicy(t.Context(), operator, h.id, "nobody"))
		// A second factor is demanded: at once, and with days to set it up.
		demand := policy.SecondFactor{Demanded: true, BackupCodes: true, TrustDays: 30}
		if r := h.preview(forAll(policy.Policy{Name: "two", SecondFactor: &demand})); r.Stops.Members != 3 || r.NoFactor != 3 || r.Rules[0].Code != "factor.required" {
			t.Errorf("demanded: got %+v", r)
		}
		demand.GraceDays = 14
		if r := h.preview(forAll(policy.Policy{Name: "two", SecondFactor: &demand})); r.Stops.Members != 0 || r.Grace != 3 {
			t.Errorf("demanded in two weeks: got %+v", r)
		}
		// Who left is nobody's business any more; who was erased has nothing to read.
		h.must(h.Remove(t.Context(), operator, h.id, a.ID))
		w.Update(func(tx db.Tx) error { return w.Entry.EraseAccount(t.Context(), tx, b.ID, "operator") })
		if r := h.preview(office); r.Seen.Members != 1 {
			t.Errorf("who is left: got %+v", r)
		}
		w.Clock.Add(explain.Back + time.Hour)
		if r := h.preview(office); r.Seen.Members != 0 {
			t.Errorf("after a month: got %+v", r)
		}
	})
}

func TestPreviewIsForWhoMayReadPolicies(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		other := found(t, w, "Other", "other@example.com")
		plain, desk, auditor := h.member(hana, org.Plain), h.member("desk@example.com", org.Desk), h.member("eye@example.com", org.Auditor)
		x := h.explain()
		for _, c := range []struct {
			who  explain.Asker
			want error
		}{
			{explain.Asker{Org: h.id, Account: plain.ID}, explain.ErrForbidden},
			// Network by network it would tell the help desk where each member is.
			{explain.Asker{Org: h.id, Account: desk.ID}, explain.ErrForbidden},
			{explain.Asker{Org: h.id, Token: "tok_x", Held: []org.Permission{org.ReadPolicies, org.ReadMembers}}, explain.ErrForbidden},
			{explain.Asker{Org: h.id, Account: auditor.ID}, nil},
			{explain.Asker{Org: h.id, Account: other.owner.ID}, db.ErrNone},
			{explain.Asker{Org: h.id}, db.ErrNone},
			{explain.Asker{Org: "org_nowhere", Operator: true}, db.ErrNone},
			{explain.Asker{Org: other.id, Account: h.owner.ID}, db.ErrNone},
			{explain.Asker{Org: h.id, Account: h.owner.ID}, nil},
			{explain.Asker{Org: h.id, Operator: true}, nil},
			{explain.Asker{Org: other.id, Account: plain.ID}, db.ErrNone},
			{explain.Asker{Org: other.id, Account: other.owner.ID}, nil},
		} {
			if _, err := x.Preview(ctx, c.who, nil); !errors.Is(err, c.want) {
				t.Errorf("%+v: got %v, want %v", c.who, err, c.want)
			}
		}
		gone, stop := context.WithCancel(ctx)
		stop()
		if _, err := x.Preview(gone, h.asker(), nil); err == nil {
			t.Error("who has gone is answered")
		}
	})
}

// A preview takes a core for seconds: one too many is told to come again, and who goes
// away gives their turn back.
func TestPreviewsDoNotTakeTheMachine(t *testing.T) {
	w := apptest.New(t, "sqlite")
	h := found(t, w, "Acme", "owner@example.com")
	x := h.explain()
	gone, stop := context.WithCancel(t.Context())
	stop()
	for range 5 {
		_, _ = x.Preview(gone, h.asker(), nil)
	}
	start, done := make(chan struct{}), make(chan error, 20)
	for range 20 {
		go func() {
			<-start
			_, err := x.Preview(t.Context(), h.asker(), nil)
			done <- err
		}()
	}
	close(start)
	for range 20 {
		if err := <-done; err != nil && !errors.Is(err, slowhash.ErrBusy) {
			t.Error(err)
		}
	}
	if _, err := x.Preview(t.Context(), h.asker(), nil); err != nil {
		t.Errorf("a turn was not given back: %v", err)
	}
}
