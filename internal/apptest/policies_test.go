package apptest_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/flow/govern"
	"sekisho/internal/org"
	"sekisho/internal/policy"
)

// console is an organisation with its owner in a browser.
func console(t *testing.T, w *apptest.World) (house, *apptest.Browser) {
	t.Helper()
	h := found(t, w, "Acme", "owner@example.com")
	b := w.Browser("192.0.2.1")
	b.Signin("owner@example.com", apptest.Word)
	return h, b
}

func TestAPolicyIsMadeInTheConsole(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, b := console(t, w)
		hana := h.member(hana, org.Plain)
		h.must(outcome(h.AddGroup(t.Context(), operator, h.id, "Warehouse")))
		b.Open("/admin/policies").See("What holds for everybody here")
		b.Press("Make a policy").Fill("Name", "Night <b>shift</b>").Press("Make it").See("It is for nobody yet", "Night <b>shift</b>")
		b.Press("Change what it sets").Fill("Sessions at once", "3").Fill("Ends when idle for", "7").Press("Save").See("Saved.")
		b.Fill("Add", "all").Press("Add").See("For whom it is was changed", "Everybody")
		held := effective(w, hana.ID)
		if held.Session.Concurrent != 3 || held.Session.Idle != 7*time.Minute || held.Source.Session != "Night <b>shift</b>" {
			t.Errorf("got %+v of %s", held.Session, held.Source.Session)
		}
		// Not for one member, then for a group, and each taken away.
		b.Fill("Add", "").Fill("Member, where", "hana@example.com").Check("Exclude them").Press("Add").See("Excluded", "Hana Sato")
		if held := effective(w, hana.ID); held.Session.Concurrent != 50 {
			t.Errorf("an excluded member has %+v", held.Session)
		}
		b.Fill("Add", "").Fill("Member, where", "nobody@example.com").Press("Add").Want(404).See("org.not_found")
		h.must(h.Put(t.Context(), operator, h.id, hana.ID, "Warehouse"))
		// The order, without a script.
		b.Open("/admin/policies/new").Fill("Name", "Second").Press("Make it")
		b.Open("/admin/policies").Press("Down").See("The order was changed")
		if got := policiesOf(w, h); got[0].Name != "Second" {
			t.Errorf("got %s first", got[0].Name)
		}
		// Removed once, after being asked.
		b.Open("/admin/policies/remove?id=" + string(policiesOf(w, h)[1].ID)).See("Remove “Night").Press("Remove the policy").See("The policy was removed")
		b.Open("/admin/policies/new").Fill("Name", "Second").Press("Make it").Want(409).See("org.name_taken")
	})
}

func TestAPresetIsFilledInAndSaved(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, b := console(t, w)
		for _, p := range policy.Presets {
			set := p.Parts()
			set.Name = string(p)
			if err := set.Check(); err != nil {
				t.Errorf("%s: %v", p, err)
			}
		}
		b.Open("/admin/policies/new").Fill("Name", "Strict").Press("Make it")
		id := policiesOf(w, h)[0].ID
		// Nobody can set up a passkey at this address: everybody would be held.
		b.Open("/admin/policies/edit?id=" + string(id) + "&preset=aal3").See("12 hours").Press("Save").Want(400).See("policy.no_kind")
		b.Open("/admin/policies/edit?id=" + string(id) + "&preset=aal2").See("Nothing is saved yet").Press("Save").See("Saved.")
		got := policiesOf(w, h)[0]
		if got.Session.Lifetime != day || got.Session.Idle != 30*time.Minute || !got.SecondFactor.Demanded || len(got.SecondFactor.Kinds) != 3 || got.SecondFactor.TrustDays != 0 || got.Password.MinLengthSingle != 15 {
			t.Errorf("got %+v %+v", got.Session, got.SecondFactor)
		}
	})
}

// Everything that is typed is kept on the page, and each value has its range.
func TestEveryFieldOfAPolicyHasItsRange(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, b := console(t, w)
		h.must(outcome(h.SetPolicy(t.Context(), operator, h.id, policy.Policy{Name: "x"}, 0)))
		good := url.Values{"id": {"x"}, "version": {"1"}, "act": {"save"}, "password": {"1"}, "second_factor": {"1"}, "session": {"1"}, "address": {"1"},
			"min_single": {"15"}, "min": {"8"}, "recent": {"0"}, "min_age": {"0"}, "max_age": {"0"}, "grace": {"7"}, "kind": {"totp", "tegata"}, "trust": {"30"},
			"lifetime": {"24"}, "idle": {"0"}, "concurrent": {"5"}, "daily": {"0"}, "list": {""}}
		for field, bad := range map[string][]string{
			"min_single": {"7", "129", "", "eight", "15.5", "1e9", "-15"}, "min": {"7", "129"}, "recent": {"-1", "25"}, "min_age": {"-1", "x", "NaN", "Inf", "1e300"}, "max_age": {"-1", "4000"},
			"grace": {"-1", "366"}, "trust": {"-1", "181"}, "lifetime": {"0", "11", "721", "23"}, "idle": {"31", "0.5", "-1"}, "concurrent": {"0", "51"}, "daily": {"-1", "100001"},
			"list": {"office", strings.Repeat("192.0.2.1\n", 501), "0.0.0.0/0"}, "kind": {"", "carrier pigeon"},
		} {
			for _, v := range bad {
				form := url.Values{}
				for k, x := range good {
					form[k] = x
				}
				form[field] = []string{v}
				b.Post("/admin/policies/edit?id=x", form).Want(400)
				if n := policiesOf(w, h)[0].Version; n != 1 {
					t.Fatalf("%s = %q is taken", field, v)
				}
			}
		}
		b.Post("/admin/policies/edit?id=x", url.Values{"id": {"x"}, "version": {"1"}, "password": {"1"}, "min_single": {"15"}, "min": {"8"}, "recent": {"0"}, "min_age": {"30"}, "max_age": {"10"}}).
			Want(400).See("policy.ages", "30")
		b.Post("/admin/policies/edit?id=x", good).See("Saved.")
		if got := policiesOf(w, h)[0]; got.SecondFactor.TrustDays != 30 || len(got.SecondFactor.Kinds) != 2 || got.Session.Concurrent != 5 {
			t.Errorf("got %+v", got.Policy)
		}
		// Without its tick a part is left unset again.
		b.Post("/admin/policies/edit?id=x", url.Values{"id": {"x"}, "version": {"2"}}).See("Saved.")
		if got := policiesOf(w, h)[0]; got.Password != nil || got.Session != nil || got.Address != nil || got.SecondFactor != nil {
			t.Errorf("got %+v", got.Policy)
		}
	})
}

func TestOfTwoAdminsWhoEditAtOnceOneIsTold(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, b := console(t, w)
		h.member("ken@example.com", org.Admin)
		h.must(outcome(h.SetPolicy(t.Context(), operator, h.id, policy.Policy{Name: "x", Session: sessions(9, day)}, 0)))
		ken := w.Browser("192.0.2.9")
		ken.Signin("ken@example.com", apptest.Word)
		b.Open("/admin/policies/edit?id=x").Fill("Sessions at once", "4")
		ken.Open("/admin/policies/edit?id=x").Fill("Sessions at once", "6").Press("Save").See("Saved.")
		b.Press("Save").Want(409).See("rules.changed", "What holds now", "6")
		if got := policiesOf(w, h)[0].Session.Concurrent; got != 6 {
			t.Errorf("got %d", got)
		}
		b.Press("Save").See("Saved.")
		if got := policiesOf(w, h)[0].Session.Concurrent; got != 4 {
			t.Errorf("what was typed is lost: %d", got)
		}
		// At the same instant, from two nodes.
		other := &govern.Govern{Entry: w.Another().Entry}
		var all sync.WaitGroup
		errs := make([]error, 8)
		seen := policiesOf(w, h)[0].Version
		for i := range errs {
			g := []*govern.Govern{h.Govern, other}[i%2]
			all.Go(func() {
				_, errs[i] = g.SetPolicy(t.Context(), operator, h.id, policy.Policy{Name: "x", Session: sessions(10+i, day)}, seen)
			})
		}
		all.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if got := coded(err); got != "org.changed" {
				t.Errorf("got %v", err)
			}
		}
		if won != 1 {
			t.Errorf("%d of 8 saved", won)
		}
	})
}

func TestAListThatLeavesItsAuthorOutIsConfirmedInTheConsole(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, b := console(t, w)
		h.member("ken@example.com", org.Admin)
		ken := w.Browser("198.51.100.1")
		ken.Signin("ken@example.com", apptest.Word)
		h.must(outcome(h.SetPolicy(t.Context(), operator, h.id, policy.Policy{Name: "office"}, 0)))
		h.must(h.Assign(t.Context(), operator, h.id, "office", govern.Aim{All: true}))
		// The page offers to add where the author is, and says what happens else.
		b.Open("/admin/policies/edit?id=office").Check("Allowed addresses").Fill("Allowed addresses", "198.51.100.0/24").
			See("You are at 192.0.2.1")
		list := url.Values{"id": {"office"}, "version": {fmt.Sprint(policiesOf(w, h)[0].Version)}, "address": {"1"}, "list": {"198.51.100.0/24 Phones"}, "act": {"preview"}}
		b.Post("/admin/policies/edit?id=office", list).See("Tried on the sign-ins", "Allow 192.0.2.1 too")
		list.Set("act", "save")
		b.Post("/admin/policies/edit?id=office", list).See("Saved. Now confirm it", "192.0.2.1 is no longer allowed")
		b.Open("/admin/policies").See("signin.ip_not_allowed", "The administrators of Acme can lift it")
		ken.Open("/admin/policies").See("A change of “office” waits to be confirmed.").Press("Confirm this change").See("The change was confirmed")
		w.Clock.Add(time.Hour)
		b.Open("/me").See("signin.ip_not_allowed")
		ken.Signin("ken@example.com", apptest.Word)
		// Taken back by a press too.
		ken.Post("/admin/policies/edit?id=office", url.Values{"id": {"office"}, "version": {fmt.Sprint(policiesOf(w, h)[0].Version)}, "address": {"1"}, "list": {"192.0.2.0/24"}}).See("Saved. Now confirm it")
		b.Signin("owner@example.com", apptest.Word)
		b.Open("/admin/policies").Press("Take it back").See("signin.ip_not_allowed")
		ken.Open("/admin/policies").Miss("waits to be confirmed")
		// With the tick that is offered, nothing waits.
		ken.Post("/admin/policies/edit?id=office", url.Values{"id": {"office"}, "version": {fmt.Sprint(policiesOf(w, h)[0].Version)}, "address": {"1"}, "list": {"192.0.2.0/24"}, "here": {"1"}}).See("Saved. It holds")
	})
}

// Whoever may see policies does not see how to change them, and changes none.
func TestPoliciesAreSeenAndChangedByTheirPermissions(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, _ := console(t, w)
		other := found(t, w, "Other", "other@example.com")
		h.must(outcome(h.SetPolicy(t.Context(), operator, h.id, policy.Policy{Name: "x", Session: sessions(9, day)}, 0)))
		h.must(outcome(other.SetPolicy(t.Context(), operator, other.id, policy.Policy{Name: "theirs", Session: sessions(9, day)}, 0)))
		theirs := string(policiesOf(w, other)[0].ID)
		for role, may := range map[string][2]bool{org.Plain: {false, false}, org.Desk: {true, false}, org.Auditor: {true, false}, org.Security: {true, true}} {
			who := role + "@example.com"
			h.member(strings.ReplaceAll(who, "_", "."), role)
			b := w.Browser("192.0.2.1")
			b.Signin(strings.ReplaceAll(who, "_", "."), apptest.Word)
			for path, permission := range map[string]bool{"/admin/policies": may[0], "/admin/policies/one?id=x": may[0], "/admin/policies/new": may[1], "/admin/policies/edit?id=x": may[1], "/admin/policies/remove?id=x": may[1]} {
				want := 403
				if permission {
					want = 200
				}
				b.Open(path).Want(want)
			}
			for _, path := range []string{"/admin/policies/move", "/admin/policies/aim", "/admin/policies/edit", "/admin/policies/remove", "/admin/policies/confirm", "/admin/policies/revert", "/admin/policies/new"} {
				if !may[1] {
					b.Post(path, url.Values{"id": {"x"}, "name": {"y"}}).Want(403)
				}
			}
			if may[0] {
				b.Open("/admin/policies/one?id=" + theirs).Want(404)
			}
			if !may[1] && may[0] {
				b.Open("/admin/policies/one?id=x").Miss("Change what it sets").Miss("Remove the policy")
			}
		}
		if got := policiesOf(w, h); len(got) != 1 || got[0].Version != 1 {
			t.Errorf("got %+v", got)
		}
	})
}

func TestOwnersWithoutAnAllowedKindAreCounted(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, b := console(t, w)
		h.must(outcome(h.SetPolicy(t.Context(), operator, h.id, policy.Policy{Name: "x"}, 0)))
		form := url.Values{"id": {"x"}, "version": {"1"}, "act": {"preview"}, "second_factor": {"1"}, "demanded": {"1"}, "kind": {"totp"}, "grace": {"0"}, "trust": {"0"}}
		b.Post("/admin/policies/edit?id=x", form).See("None of the 1 owners has any of these ways")
		if n := policiesOf(w, h)[0].Version; n != 1 {
			t.Error("looking saves")
		}
	})
}
