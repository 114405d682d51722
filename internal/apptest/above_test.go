package apptest_test

import (
	"errors"
	"testing"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/flow/govern"
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
