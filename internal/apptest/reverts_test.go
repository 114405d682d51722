package apptest_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/flow"
	"sekisho/internal/flow/govern"
	"sekisho/internal/gate"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/session"
	"sekisho/internal/web"
)

// acting is a member who acts in a session that was opened where they are.
func (h house) acting(a account.Account, p *apptest.Program, from string) govern.By {
	h.t.Helper()
	var by govern.By
	h.w.View(func(tx db.ReadTx) (err error) {
		by.Session, err = session.ByToken(h.t.Context(), tx, p.Token)
		return err
	})
	by.Visitor = flow.Visitor{Door: gate.API, Addr: web.ParseAddr(from)}
	if by.Session.Account != a.ID {
		h.t.Fatal("the session is another's")
	}
	return by
}

// coded is the fault that an error of an act tells.
func coded(err error) string {
	var f *fault.Fault
	if f = govern.Told(err); f == nil {
		return ""
	}
	return f.Code()
}

// two are an organisation with an owner at 192.0.2.1 and an admin at 198.51.100.1.
func two(t *testing.T, w *apptest.World) (h house, owner, admin govern.By, at *apptest.Program) {
	h = found(t, w, "Acme", "owner@example.com")
	ken := h.member("ken@example.com", org.Admin)
	at = w.Program("192.0.2.1")
	at.Signin("owner@example.com", apptest.Word).Want(200, "")
	other := w.Program("198.51.100.1")
	other.Signin("ken@example.com", apptest.Word).Want(200, "")
	return h, h.acting(h.owner, at, "192.0.2.1"), h.acting(ken, other, "198.51.100.1"), at
}

func (h house) office(by govern.By, lines string) error {
	h.t.Helper()
	a := list(h.t, lines)
	_, err := h.SetPolicy(h.t.Context(), by, h.id, policy.Policy{Name: "office", Address: &a}, 0)
	return err
}

// Each way in which rules come to shut out who changes them.
func TestARuleThatShutsItsAuthorOutTakesItselfBack(t *testing.T) {
	for name, change := range map[string]func(h house, by govern.By) error{
		"the list": func(h house, by govern.By) error { return h.office(by, "198.51.100.0/24") },
		"for whom": func(h house, by govern.By) error {
			return h.Assign(h.t.Context(), by, h.id, "elsewhere", govern.Aim{Account: h.owner.ID})
		},
		"for whom not": func(h house, by govern.By) error {
			return h.Unassign(h.t.Context(), by, h.id, "elsewhere", govern.Aim{Account: h.owner.ID, Exclude: true})
		},
		"the order":            func(h house, by govern.By) error { return h.Order(h.t.Context(), by, h.id, []string{"third"}) },
		"what stood before it": func(h house, by govern.By) error { return h.RemovePolicy(h.t.Context(), by, h.id, "office") },
	} {
		t.Run(name, func(t *testing.T) {
			apptest.Each(t, func(t *testing.T, w *apptest.World) {
				h, owner, _, p := two(t, w)
				elsewhere := list(t, "198.51.100.0/24 Elsewhere")
				h.must(h.office(operator, "192.0.2.0/24 Office"))
				h.must(h.Assign(t.Context(), operator, h.id, "office", govern.Aim{All: true}))
				h.must(outcome(h.SetPolicy(t.Context(), operator, h.id, policy.Policy{Name: "elsewhere", Address: &elsewhere}, 0)))
				if name == "for whom not" {
					h.must(h.Assign(t.Context(), operator, h.id, "elsewhere", govern.Aim{All: true}))
					h.must(h.Assign(t.Context(), operator, h.id, "elsewhere", govern.Aim{Account: h.owner.ID, Exclude: true}))
				}
				h.must(h.Order(t.Context(), operator, h.id, []string{"elsewhere"}))
				h.must(outcome(h.SetPolicy(t.Context(), operator, h.id, policy.Policy{Name: "third", Address: &elsewhere}, 0)))
				h.must(h.Assign(t.Context(), operator, h.id, "third", govern.Aim{All: true}))
				before := policiesOf(w, h)

				h.must(change(h, owner))
				p.Call("GET", "/api/v1/session", nil).Want(403, "signin.ip_not_allowed")
				waits, err := h.Waiting(t.Context(), h.id)
				if err != nil || waits.Session != owner.Session.ID || waits.Account != h.owner.ID {
					t.Errorf("got %+v %v", waits, err)
				}
				w.Clock.Add(org.ConfirmWithin - time.Microsecond)
				p.Call("GET", "/api/v1/session", nil).Want(403, "signin.ip_not_allowed")
				w.Clock.Add(time.Microsecond)
				// No job ran, on either node.
				p.Call("GET", "/api/v1/session", nil).Want(200, "")
				p.At(w.Another()).Call("GET", "/api/v1/session", nil).Want(200, "")
				p.At(w)
				same(t, before, policiesOf(w, h))
				for range 2 {
					h.must(w.App.Purge(t.Context()))
				}
				same(t, before, policiesOf(w, h))
				if n := kinds(w, "policy.reverted"); n != 1 {
					t.Errorf("taken back %d times", n)
				}
				p.Call("GET", "/api/v1/session", nil).Want(200, "")
			})
		})
	}
}

func policiesOf(w *apptest.World, h house) (out []org.Policy) {
	w.View(func(tx db.ReadTx) (err error) { out, err = org.Policies(w.T.Context(), tx, h.id); return err })
	return out
}

// same compares policies, but for the version, which tells who edits what was taken back.
func same(t *testing.T, want, got []org.Policy) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d policies, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i].ID != want[i].ID || got[i].Name != want[i].Name || len(got[i].Targets) != len(want[i].Targets) || got[i].Address.Lines() != want[i].Address.Lines() {
			t.Errorf("got %+v, want %+v", got[i], want[i])
		}
	}
}

func TestAnotherAdminOrSessionConfirmsARule(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, owner, admin, p := two(t, w)
		h.must(h.office(operator, "0.0.0.0/1 All that is near\n128.0.0.0/2\n192.0.0.0/3"))
		h.must(h.Assign(t.Context(), operator, h.id, "office", govern.Aim{All: true}))
		h.must(h.office(owner, "198.51.100.0/24"))
		// Not in the session that made it, wherever it is taken; not from where it shuts out.
		if got := coded(h.Confirm(t.Context(), owner, h.id)); got != "signin.ip_not_allowed" {
			t.Errorf("its author confirms from where it shuts out: %q", got)
		}
		moved := owner
		moved.Visitor.Addr = web.ParseAddr("198.51.100.7")
		if got := coded(h.Confirm(t.Context(), moved, h.id)); got != "rules.confirm_elsewhere" {
			t.Errorf("its author's session confirms: %q", got)
		}
		// While it waits nothing else is changed, by nobody.
		for _, by := range []govern.By{admin, operator} {
			if got := coded(h.office(by, "203.0.113.0/24")); got != "policy.waits" {
				t.Errorf("another change while one waits: %q", got)
			}
		}
		h.must(h.Confirm(t.Context(), admin, h.id))
		if got := coded(h.Revert(t.Context(), admin, h.id)); got != "rules.taken_back" {
			t.Errorf("what was confirmed is taken back: %q", got)
		}
		w.Clock.Add(time.Hour)
		h.must(w.App.Purge(t.Context()))
		p.Call("GET", "/api/v1/session", nil).Want(403, "signin.ip_not_allowed")
		if n := kinds(w, "policy.confirmed"); n != 1 {
			t.Errorf("confirmed %d times", n)
		}
		// Another session of its author does as well.
		again := w.Program("198.51.100.9")
		again.Signin("owner@example.com", apptest.Word).Want(200, "")
		there := h.acting(h.owner, again, "198.51.100.9")
		h.must(h.office(there, "203.0.113.0/24"))
		third := w.Program("203.0.113.5")
		third.Signin("owner@example.com", apptest.Word).Want(200, "")
		h.must(h.Confirm(t.Context(), h.acting(h.owner, third, "203.0.113.5"), h.id))
		// Too late is too late, though nobody wrote it down; and what is done then builds on
		// what holds.
		w.Clock.Add(time.Minute)
		last := h.acting(h.owner, third, "203.0.113.5")
		h.must(h.office(last, "192.0.2.0/24"))
		fourth := w.Program("192.0.2.5")
		fourth.Signin("owner@example.com", apptest.Word).Want(200, "")
		w.Clock.Add(org.ConfirmWithin)
		if got := coded(h.Confirm(t.Context(), h.acting(h.owner, third, "203.0.113.5"), h.id)); got == "" {
			t.Error("confirmed after its time")
		}
		h.must(outcome(h.SetPolicy(t.Context(), operator, h.id, policy.Policy{Name: "more", Session: sessions(9, day)}, 0)))
		if n := len(policiesOf(w, h)); n != 2 || kinds(w, "policy.reverted") != 1 {
			t.Errorf("%d policies, taken back %d times", n, kinds(w, "policy.reverted"))
		}
		third.Call("GET", "/api/v1/session", nil).Want(200, "")
	})
}

// The operator sits at the data: nothing of theirs has to be confirmed, and they end
// what waits.
func TestTheOperatorRevertsARule(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, owner, _, p := two(t, w)
		h.must(h.office(operator, "192.0.2.0/24"))
		h.must(h.Assign(t.Context(), operator, h.id, "office", govern.Aim{All: true}))
		if got := coded(h.Revert(t.Context(), operator, h.id)); got != "rules.taken_back" {
			t.Errorf("the operator's own change waits: %q", got)
		}
		h.must(h.office(owner, "203.0.113.0/24"))
		p.Call("GET", "/api/v1/session", nil).Want(403, "signin.ip_not_allowed")
		h.must(h.Revert(t.Context(), operator, h.id))
		p.Call("GET", "/api/v1/session", nil).Want(200, "")
	})
}

// What rules refuse, a change of who belongs where does not bring about either; and there
// is nothing to take back of it.
func TestAMemberDoesNotShutThemselvesOutByAGroup(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, owner, _, p := two(t, w)
		h.must(outcome(h.AddGroup(t.Context(), operator, h.id, "Warehouse")))
		h.must(h.office(operator, "203.0.113.0/24"))
		h.must(h.Assign(t.Context(), operator, h.id, "office", govern.Aim{Group: "Warehouse"}))
		if got := coded(h.Put(t.Context(), owner, h.id, h.owner.ID, "Warehouse")); got != "policy.shuts_out" {
			t.Errorf("got %q", got)
		}
		p.Call("GET", "/api/v1/session", nil).Want(200, "")
		if waits, err := h.Waiting(t.Context(), h.id); err != nil || waits.Org != "" {
			t.Errorf("got %+v %v", waits, err)
		}
	})
}

// What went while a change waited stays away when it is taken back.
func TestWhatIsTakenBackBringsNobodyBack(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, owner, _, _ := two(t, w)
		hana := h.member(hana, org.Plain)
		h.must(outcome(h.AddGroup(t.Context(), operator, h.id, "Warehouse")))
		h.must(h.office(operator, "192.0.2.0/24"))
		for _, aim := range []govern.Aim{{All: true}, {Group: "Warehouse"}, {Account: hana.ID}} {
			h.must(h.Assign(t.Context(), operator, h.id, "office", aim))
		}
		h.must(h.office(owner, "198.51.100.0/24"))
		h.must(h.Remove(t.Context(), operator, h.id, hana.ID))
		h.must(h.RemoveGroup(t.Context(), operator, h.id, "Warehouse"))
		h.must(h.Revert(t.Context(), operator, h.id))
		if got := policiesOf(w, h)[0]; len(got.Targets) != 1 || got.Targets[0].Whom != policy.All || got.Address.Lines() != "192.0.2.0/24\n" {
			t.Errorf("got %+v", got)
		}
	})
}

func TestConfirmAndRevertOfARuleMeetOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, owner, admin, _ := two(t, w)
		h.must(h.office(operator, "192.0.2.0/24\n198.51.100.0/24"))
		h.must(h.Assign(t.Context(), operator, h.id, "office", govern.Aim{All: true}))
		h.must(h.office(owner, "198.51.100.0/24"))
		nodes := []*govern.Govern{h.Govern, {Entry: w.Another().Entry}}
		var all sync.WaitGroup
		errs := make([]error, 12)
		for i := range errs {
			do := nodes[i%2].Confirm
			if i%3 == 0 {
				do = nodes[i%2].Revert
			}
			all.Go(func() { errs[i] = do(t.Context(), admin, h.id) })
		}
		all.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if coded(err) != "rules.taken_back" {
				t.Errorf("got %v", err)
			}
		}
		if won != 1 || kinds(w, "policy.confirmed")+kinds(w, "policy.reverted") != 1 {
			t.Errorf("%d decisions stood", won)
		}
	})
}

// At the last instant it is confirmed or taken back, and stays so.
func TestTheLastInstantDecidesOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, owner, admin, p := two(t, w)
		h.must(h.office(operator, "192.0.2.0/24\n198.51.100.0/24"))
		h.must(h.Assign(t.Context(), operator, h.id, "office", govern.Aim{All: true}))
		h.must(h.office(owner, "198.51.100.0/24"))
		w.Clock.Add(org.ConfirmWithin - time.Millisecond)
		b := w.Another()
		var all sync.WaitGroup
		var confirmed error
		all.Go(func() { confirmed = h.Confirm(t.Context(), admin, h.id) })
		all.Go(func() {
			w.Clock.Add(time.Millisecond)
			_ = errors.Join(b.App.Purge(t.Context()), w.App.Purge(t.Context()))
		})
		all.Wait()
		w.Clock.Add(time.Hour)
		_ = b.App.Purge(t.Context())
		want := 200
		if confirmed == nil {
			want = 403
		}
		if got := p.Call("GET", "/api/v1/session", nil).Status; got != want {
			t.Errorf("confirmed: %v, and the author is answered %d", confirmed, got)
		}
		if got := p.At(b).Call("GET", "/api/v1/session", nil).Status; got != want {
			t.Errorf("confirmed: %v, and on the other node the author is answered %d", confirmed, got)
		}
	})
}

func TestADemandThatNobodyCanMeetHereIsRefused(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		set := func(kinds ...string) string {
			_, err := h.SetPolicy(t.Context(), operator, h.id, policy.Policy{Name: "x", SecondFactor: &policy.SecondFactor{Demanded: true, Kinds: kinds, GraceDays: 7}}, 0)
			return coded(err)
		}
		if got := set("smscode"); got != "policy.no_kind" {
			t.Errorf("only SMS, and no gateway: %q", got)
		}
		if got := set("smscode", "totp") + set(); got != "" {
			t.Errorf("got %q", got)
		}
		// Fewer kinds give whoever has only the others their days anew.
		began := policiesOf(w, h)[0].SecondFactor.Since
		w.Clock.Add(time.Hour)
		if got := set("totp"); got != "" || !policiesOf(w, h)[0].SecondFactor.Since.After(began) {
			t.Errorf("%q: the days of grace go on from before", got)
		}
		began = policiesOf(w, h)[0].SecondFactor.Since
		w.Clock.Add(time.Hour)
		if got := set("totp", "tegata"); got != "" || !policiesOf(w, h)[0].SecondFactor.Since.Equal(began) {
			t.Errorf("%q: more kinds begin the days anew", got)
		}
	})
}
