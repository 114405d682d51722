package apptest_test

import (
	"errors"
	"testing"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/flow/govern"
	"sekisho/internal/gate"
	"sekisho/internal/org"
	"sekisho/internal/policy"
)

// made makes a member with a role of its own.
func (h house) made(identifier string, held ...org.Permission) account.Account {
	h.t.Helper()
	made, err := h.AddRole(h.t.Context(), operator, h.id, "as "+identifier, held)
	h.must(err)
	return h.member(identifier, made.Name)
}

// Who may not move an owner does not take them out of a group by removing it, nor what a
// policy says by removing whom it is for.
func TestAGroupIsRemovedByWhoMayDecideAboutAllInIt(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		groups := h.by(h.made("groups@example.com", org.ReadMembers, org.ManageGroups))
		rules := h.by(h.made("rules@example.com", org.ReadMembers, org.ManageGroups, org.ManagePolicies))
		for _, name := range []string{"Owners", "Bound", "Free"} {
			h.must(outcome(h.AddGroup(ctx, operator, h.id, name)))
		}
		h.must(h.Put(ctx, operator, h.id, h.owner.ID, "Owners"))
		plain := h.member(hana, org.Plain)
		h.must(h.Put(ctx, operator, h.id, plain.ID, "Bound"))
		h.must(h.Put(ctx, operator, h.id, plain.ID, "Free"))
		h.rule(policy.Policy{Name: "strict", Session: sessions(2, day)}, govern.Aim{Group: "Bound"})
		for _, by := range []govern.By{groups, rules} {
			if err := h.RemoveGroup(ctx, by, h.id, "Owners"); !errors.Is(err, govern.ErrForbidden) {
				t.Errorf("a group with an owner in it: %v", err)
			}
		}
		if err := h.RemoveGroup(ctx, groups, h.id, "Bound"); !errors.Is(err, govern.ErrForbidden) {
			t.Errorf("a group that a policy is for: %v", err)
		}
		if n := effective(w, plain.ID).Session.Concurrent; n != 2 || kinds(w, "group.removed") != 0 {
			t.Errorf("%d sessions now", n)
		}
		h.must(h.RemoveGroup(ctx, groups, h.id, "Free"))
		h.must(h.RemoveGroup(ctx, rules, h.id, "Bound"))
		h.must(h.RemoveGroup(ctx, operator, h.id, "Owners"))
	})
}

// Whoever sets rules from below an owner leaves them somewhere to come from, by whichever
// change; owners and the operator do as they like.
func TestWhoIsNoOwnerShutsNoOwnerOut(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		second := h.member("second@example.com", org.Owner)
		w.Program("192.0.2.1").Signin("owner@example.com", apptest.Word).Want(200, "")
		w.Program("203.0.113.1").Signin("second@example.com", apptest.Word).Want(200, "")
		there := w.Program("198.51.100.1")
		guard := h.member("guard@example.com", org.Security)
		there.Signin("guard@example.com", apptest.Word).Want(200, "")
		by := h.acting(guard, there, "198.51.100.1")
		put := func(by govern.By, name, lines string) error {
			a := list(t, lines)
			return outcome(h.SetPolicy(ctx, by, h.id, policy.Policy{Name: name, Address: &a}, 0))
		}
		shut := func(what string, err error) {
			t.Helper()
			if got := coded(err); got != "policy.shuts_owner" {
				t.Errorf("%s: got %q %v", what, got, err)
			}
		}
		h.must(put(by, "net", "198.51.100.0/24"))
		shut("for all", h.Assign(ctx, by, h.id, "net", govern.Aim{All: true}))
		shut("for one", h.Assign(ctx, by, h.id, "net", govern.Aim{Account: second.ID}))
		h.must(h.Assign(ctx, by, h.id, "net", govern.Aim{Account: guard.ID}))

		// A list that leaves each of them an address is one for all; it is not narrowed then.
		h.must(put(by, "office", "192.0.2.0/24\n203.0.113.0/24\n198.51.100.0/24"))
		h.must(h.Assign(ctx, by, h.id, "office", govern.Aim{All: true}))
		shut("narrowed", put(by, "office", "192.0.2.0/24\n198.51.100.0/24"))
		h.must(put(by, "office", "192.0.2.0/23\n203.0.113.0/24\n198.51.100.0/24"))

		// What stands before another, and comes to hold when it goes, or is let go of.
		h.must(h.Assign(ctx, operator, h.id, "net", govern.Aim{All: true}))
		h.must(h.Assign(ctx, operator, h.id, "net", govern.Aim{Account: second.ID, Exclude: true}))
		h.must(h.Assign(ctx, operator, h.id, "net", govern.Aim{Account: h.owner.ID, Exclude: true}))
		shut("an exclusion taken away", h.Unassign(ctx, by, h.id, "net", govern.Aim{Account: second.ID}))
		h.must(h.Order(ctx, operator, h.id, []string{"office"}))
		h.must(h.Unassign(ctx, operator, h.id, "net", govern.Aim{Account: second.ID}))
		shut("the order", h.Order(ctx, by, h.id, []string{"net"}))
		shut("one place", h.Move(ctx, by, h.id, "net", true))
		shut("what stood before it", h.RemovePolicy(ctx, by, h.id, "office"))

		// What they used long ago is no way in; a wider list needs none.
		w.Clock.Add(31 * day)
		there.Signin("guard@example.com", apptest.Word).Want(200, "")
		by = h.acting(guard, there, "198.51.100.1")
		shut("what was used long ago", put(by, "office", "192.0.2.0/24\n203.0.113.0/24\n198.51.100.0/24"))
		h.must(put(by, "office", "192.0.2.0/23\n203.0.113.0/24\n198.51.100.0/23"))
		before := kinds(w, "policy.set")

		// An owner may, and so may the operator.
		own := w.Program("192.0.2.1")
		own.Signin("owner@example.com", apptest.Word).Want(200, "")
		h.must(put(h.acting(h.owner, own, "192.0.2.1"), "office", "192.0.2.0/24"))
		h.must(put(operator, "office", "198.51.100.0/24"))
		if n := kinds(w, "policy.set"); n != before+2 {
			t.Errorf("%d rules were set, want 2", n-before)
		}
	})
}

// A demand from below holds owners who have nothing that counts, and leads them to set it
// up: nobody is shut out by it.
func TestADemandFromBelowLeavesOwnersAWayIn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		kit := w.Protect(h.owner, gate.TOTP)
		by := h.by(h.member("guard@example.com", org.Security))
		h.must(outcome(h.SetPolicy(t.Context(), by, h.id, policy.Policy{Name: "kinds", SecondFactor: &policy.SecondFactor{Demanded: true, Kinds: []string{"tegata"}}}, 0)))
		h.must(h.Assign(t.Context(), by, h.id, "kinds", govern.Aim{All: true}))
		b := w.Browser("192.0.2.1")
		b.Signin("owner@example.com", apptest.Word).Fill("Six-digit code", kit.App()).Press("Next")
		if b.Open("/me"); b.URL.Path != "/me/factors" {
			t.Errorf("led to %s: %s", b.URL, b.Text())
		}
	})
}
