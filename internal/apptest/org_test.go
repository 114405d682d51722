package apptest_test

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/flow"
	"sekisho/internal/flow/govern"
	"sekisho/internal/gate"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
	"sekisho/internal/session"
)

const day = 24 * time.Hour

// house is an organisation in a test.
type house struct {
	*govern.Govern
	t     *testing.T
	w     *apptest.World
	id    ref.Org
	owner account.Account
}

var operator = govern.By{Operator: true}

func found(t *testing.T, w *apptest.World, name, owner string) house {
	t.Helper()
	h := house{w.Govern, t, w, "", w.Settle(owner)}
	o, err := h.Create(t.Context(), operator, name, h.owner.ID)
	if err != nil {
		t.Fatal(err)
	}
	h.id = o.ID
	return h
}

// must ends the test on an error.
func (h house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// member makes a new account a member with a role.
func (h house) member(identifier, role string) account.Account {
	h.t.Helper()
	a := h.w.Settle(identifier)
	h.must(h.Add(h.t.Context(), operator, h.id, a.ID, role))
	h.w.Clock.Add(time.Second) // what is sent next is the newest
	return a
}

// by signs a member in, to act.
func (h house) by(a account.Account) govern.By {
	h.t.Helper()
	h.w.Program("192.0.2.9").Signin(a.Email.Shown, apptest.Word).Want(200, "")
	by := govern.By{Visitor: flow.Visitor{Door: gate.API, Addr: netip.MustParseAddr("192.0.2.9")}}
	h.w.View(func(tx db.ReadTx) error {
		ids, err := session.All(h.t.Context(), tx, a.ID)
		if err != nil {
			return err
		}
		by.Session, err = session.ByID(h.t.Context(), tx, slices.Max(ids))
		return err
	})
	return by
}

// rule sets a policy and says for whom it is; for everybody when nobody is named.
func (h house) rule(p policy.Policy, aims ...govern.Aim) {
	h.t.Helper()
	_, err := h.SetPolicy(h.t.Context(), operator, h.id, p, 0)
	h.must(err)
	if len(aims) == 0 {
		aims = []govern.Aim{{All: true}}
	}
	for _, a := range aims {
		h.must(h.Assign(h.t.Context(), operator, h.id, p.Name, a))
	}
}

func sessions(concurrent int, lifetime time.Duration) *policy.Session {
	return &policy.Session{Lifetime: lifetime, Concurrent: concurrent, DailySignins: 50}
}

// connect signs a browser in at an app and gives its tokens.
func connect(t *testing.T, w *apptest.World, who string) (b *apptest.Browser, refresh func() apptest.Answer, active func() bool) {
	t.Helper()
	c, word := wiki(w)
	b = w.Browser("192.0.2.1")
	p := w.Program("203.0.113.1")
	b.Signin(who, apptest.Word)
	var tok tokens
	redeem(p, c, word, answered(t, b.Open(authorize(c))).Get("code")).Want(200, "").Into(&tok)
	refresh = func() apptest.Answer {
		a := refreshed(p, c, word, tok.Refresh)
		if a.Status == 200 {
			a.Into(&tok)
		}
		return a
	}
	active = func() bool {
		var in struct{ Active bool }
		p.Form("/oauth/introspect", url.Values{"token": {tok.Access}}, string(c.ID), word).Want(200, "").Into(&in)
		return in.Active
	}
	return b, refresh, active
}

func TestAnOrganisationsPolicyHoldsAtEveryDoor(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		h.member(hana, org.Plain)
		ken := w.Settle("ken@example.com")
		h.rule(policy.Policy{Name: "night shift", Session: sessions(1, day)})

		// The cap, at the API and on pages; who is no member has the operator's.
		b, refresh, active := connect(t, w, hana)
		p := w.Program("192.0.2.2")
		p.Signin(hana, apptest.Word).Want(409, "session.limit")
		w.Browser("192.0.2.3").Signin(hana, apptest.Word).See("session.limit")
		for range 3 {
			w.Program("192.0.2.4").Signin("ken@example.com", apptest.Word).Want(200, "")
		}
		// The lifetime, for pages, for apps that refresh, and for who asks what a token is.
		w.Clock.Add(23 * time.Hour)
		b.Open("/me").See("Hello")
		refresh().Want(200, "")
		w.Clock.Add(time.Hour)
		if active() {
			t.Error("a token outlives the policy's lifetime")
		}
		refresh().Want(400, "invalid_grant")
		b.Open("/me/activity").See("session.ended")
		if held := effective(w, ken.ID); held.Session.Concurrent != 50 || held.Org.ID != "" {
			t.Errorf("got %+v for who is no member", held.Session)
		}
	})
}

func effective(w *apptest.World, a ref.Account) (e *policy.Effective) {
	w.View(func(tx db.ReadTx) (err error) { e, err = w.Entry.Rules.Of(w.T.Context(), tx, a); return err })
	return e
}

func TestPoliciesReachMembersInOrderAndExclude(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		a, b := h.member(hana, org.Plain), h.member("ken@example.com", org.Plain)
		_, err := h.AddGroup(ctx, operator, h.id, "Sales")
		h.must(err)
		h.must(h.Put(ctx, operator, h.id, a.ID, "Sales"))
		h.rule(policy.Policy{Name: "all", Session: sessions(9, 9*day)})
		h.rule(policy.Policy{Name: "sales", Session: sessions(2, 2*day)}, govern.Aim{Group: "Sales"})
		check := func(id ref.Account, want int, source string) {
			t.Helper()
			if e := effective(w, id); e.Session.Concurrent != want || e.Source.Session != source {
				t.Errorf("got %d from %q, want %d from %q", e.Session.Concurrent, e.Source.Session, want, source)
			}
		}
		check(a.ID, 9, "all")
		h.must(h.Order(ctx, operator, h.id, []string{"sales"}))
		check(a.ID, 2, "sales")
		check(b.ID, 9, "all")
		h.must(h.Assign(ctx, operator, h.id, "sales", govern.Aim{Account: a.ID, Exclude: true}))
		check(a.ID, 9, "all")
		h.must(h.Unassign(ctx, operator, h.id, "sales", govern.Aim{Account: a.ID}))
		check(a.ID, 2, "sales")
		h.must(h.Take(ctx, operator, h.id, a.ID, "Sales"))
		check(a.ID, 9, "all")
		h.must(h.RemovePolicy(ctx, operator, h.id, "all"))
		check(a.ID, 50, policy.DefaultName)
		h.must(h.Put(ctx, operator, h.id, a.ID, "Sales"))
		h.must(h.RemoveGroup(ctx, operator, h.id, "Sales"))
		check(a.ID, 50, policy.DefaultName)
		// Of two who read the same version one is told that the other was first.
		for i, want := range []error{nil, org.ErrChanged} {
			if _, err := h.SetPolicy(ctx, operator, h.id, policy.Policy{Name: "sales", Session: sessions(3+i, 3*day)}, 1); !errors.Is(err, want) {
				t.Errorf("edit %d: got %v, want %v", i, err, want)
			}
		}
		h.must(h.Remove(ctx, operator, h.id, a.ID))
		if e := effective(w, a.ID); e.Org.ID != "" {
			t.Error("who was removed is still told as a member")
		}
	})
}

// PO-16: on every node, at the next request.
func TestTighteningReachesLivingSessionsOnEveryNode(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		h.member(hana, org.Plain)
		h.rule(policy.Policy{Name: "office", Session: sessions(5, 30*day)})
		other := w.Another()
		p := w.Program("192.0.2.1")
		p.Signin(hana, apptest.Word).Want(200, "")
		b, refresh, active := connect(t, w, hana)
		w.Clock.Add(2 * day)
		p.Call("GET", "/api/v1/session", nil).Want(200, "")
		p.At(other).Call("GET", "/api/v1/session", nil).Want(200, "")
		refresh().Want(200, "")
		h.rule(policy.Policy{Name: "office", Session: sessions(5, day)})
		p.Call("GET", "/api/v1/session", nil).Want(401, "session.ended")
		p.At(w).Call("GET", "/api/v1/session", nil).Want(401, "session.ended")
		if active() {
			t.Error("a token of the session is told as active")
		}
		b.Open("/me").Miss("Hello")
		// Loosened again they go on: nothing was taken from them.
		h.rule(policy.Policy{Name: "office", Session: sessions(5, 30*day)})
		p.Call("GET", "/api/v1/session", nil).Want(200, "")
		h.rule(policy.Policy{Name: "here", Address: &policy.Address{Allowed: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}}})
		p.Call("GET", "/api/v1/session", nil).Want(403, "signin.ip_not_allowed")
		var told struct{ Organisation string }
		p.At(other).Call("GET", "/api/v1/session", nil).Want(403, "signin.ip_not_allowed").Into(&told)
		if told.Organisation != "Acme" {
			t.Errorf("a program is told of %q as whose rule it is, want Acme", told.Organisation)
		}
		b.Open("/me").See("signin.ip_not_allowed", "The administrators of Acme can lift it")
		refresh().Want(400, "invalid_grant")
	})
}

// SE-12, with a cap that a policy sets.
func TestACapOfAPolicyHoldsUnderParallelSignins(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		a := h.member(hana, org.Plain)
		h.rule(policy.Policy{Name: "three", Session: sessions(3, day)})
		other := w.Another()
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				a := w.Program("192.0.2.1").At([]*apptest.World{w, other}[i%2]).Signin(hana, apptest.Word)
				if a.Status != 200 && a.Code() != "session.limit" {
					t.Errorf("got %d %s", a.Status, a.Code())
				}
			})
		}
		all.Wait()
		if got := countSessions(w, a); got != 3 {
			t.Errorf("got %d sessions, want 3", got)
		}
	})
}

func TestAKindThatThePolicyForbidsIsNotSetUp(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		h.member(hana, org.Plain)
		h.rule(policy.Policy{Name: "apps only", SecondFactor: &policy.SecondFactor{Kinds: []string{"totp"}, TrustDays: 30}})
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		p := w.Program("192.0.2.2")
		p.Signin(hana, apptest.Word)
		p.Call("POST", "/api/v1/me/tegata/ticket", nil).Want(403, "factor.not_allowed")
		b.Open("/me/factors/backup").Want(403).See("The administrators of Acme can lift it")
		// Who is in no organisation may.
		w.Settle("ken@example.com")
		k := w.Program("192.0.2.3")
		k.Signin("ken@example.com", apptest.Word)
		k.Call("POST", "/api/v1/me/tegata/ticket", nil).Want(200, "")
		// A demand holds the session until a factor is set up, which the policy allows.
		h.rule(policy.Policy{Name: "apps only", SecondFactor: &policy.SecondFactor{Demanded: true, Kinds: []string{"totp"}, TrustDays: 30}})
		p.Call("GET", "/api/v1/session", nil).Want(403, "factor.required")
		b.Open("/me/activity").See("Acme asks for a second factor", "Add an authenticator app", "Acme does not allow it", "turned off by Acme")
		k.Call("GET", "/api/v1/session", nil).Want(200, "")
	})
}

// OR-02: everything closes at once, on every node, and comes back.
func TestADeactivatedMemberIsShutOutEverywhere(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		a := h.member(hana, org.Plain)
		other := w.Another()
		b, refresh, active := connect(t, w, hana)
		p := w.Program("192.0.2.1")
		p.Signin(hana, apptest.Word).Want(200, "")
		hand := w.Hold(p, a, "Pixel 8")
		if _, err := h.Deactivate(ctx, operator, h.id, a.ID); err != nil {
			t.Fatal(err)
		}
		p.Call("GET", "/api/v1/session", nil).Want(401, "session.ended")
		p.At(other).Call("GET", "/api/v1/session", nil).Want(401, "session.ended")
		b.Open("/me").Miss("Hello")
		refresh().Want(400, "invalid_grant")
		if active() {
			t.Error("a token is told as active")
		}
		if _, err := hand.State(ctx); err == nil || !strings.Contains(err.Error(), "deactivated") {
			t.Errorf("the installation of Tegata still speaks: %v", err)
		}
		for _, n := range []*apptest.World{w, other} {
			n.Program("192.0.2.9").Signin(hana, apptest.Word).Want(403, "account.deactivated")
		}
		w.Browser("192.0.2.8").Signin(hana, apptest.Word).Want(403).See("The administrators of Acme have deactivated it", "The administrators of Acme can lift it")
		h.must(h.Reactivate(ctx, operator, h.id, a.ID))
		if _, err := hand.State(ctx); err != nil {
			t.Errorf("what was set up did not come back: %v", err)
		}
		kinds := []string{}
		for _, r := range w.Audit() {
			if strings.HasPrefix(r.Kind, "member.") && r.Account == a.ID {
				kinds = append(kinds, r.Kind+" by "+r.Actor)
			}
		}
		if want := []string{"member.added by operator", "member.deactivated by operator", "member.reactivated by operator"}; !slices.Equal(kinds, want) {
			t.Errorf("got audit rows %v, want %v", kinds, want)
		}
	})
}

// A living session row of somebody deactivated is refused by the rule alone.
func TestTheStateOfAMemberIsReadAtEveryCheck(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		a := h.member(hana, org.Plain)
		b, refresh, active := connect(t, w, hana)
		p := w.Program("192.0.2.1")
		p.Signin(hana, apptest.Word)
		w.Update(func(tx db.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE org_member SET inactive = 1 WHERE account = $1`, a.ID)
			return err
		})
		p.Call("GET", "/api/v1/session", nil).Want(403, "account.deactivated")
		b.Open("/me").Want(403).See("account.deactivated", "Acme")
		refresh().Want(400, "invalid_grant")
		if active() {
			t.Error("a token is told as active")
		}
	})
}

// SI-28 for members: what their organisation has set or done tells strangers nothing.
func TestStrangersCannotTellAMemberOrADeactivatedOne(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		w.Settle("ken@example.com")
		h.member(hana, org.Plain)
		out := h.member("gone@example.com", org.Plain)
		h.rule(policy.Policy{Name: "strict", Password: &policy.Password{MinLength: 30, MinLengthSingle: 30}, SecondFactor: &policy.SecondFactor{Demanded: true}, Session: sessions(1, day)})
		_, err := h.Deactivate(t.Context(), operator, h.id, out.ID)
		h.must(err)
		page := func(who string) string {
			b := w.Browser("192.0.2.1")
			b.Open("/signin").Fill("E-mail", who).Press("Next")
			text := b.Text() + b.Fill("Password", "not the right one at all").Press("Sign in").Want(401).Text()
			b = w.Browser("192.0.2.1")
			text += b.Open("/recover").Fill("E-mail", who).Press("Send").Want(200).Text()
			text += b.Fill("Code", "123456").Press("Next").Want(401).Text()
			return refs.ReplaceAllString(strings.ReplaceAll(text, who, "WHO"), "REF")
		}
		want := page("nobody@example.com")
		for _, who := range []string{"ken@example.com", hana, "gone@example.com"} {
			if got := page(who); got != want {
				t.Errorf("pages of %s differ:\n%s\n%s", who, got, want)
			}
		}
	})
}

func TestTheLastOwnerStaysByAnyPath(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		me := h.by(h.owner)
		for name, try := range map[string]func() error{
			"removed":     func() error { return h.Remove(ctx, operator, h.id, h.owner.ID) },
			"demoted":     func() error { return h.SetRole(ctx, me, h.id, h.owner.ID, org.Admin) },
			"deactivated": func() error { _, err := h.Deactivate(ctx, operator, h.id, h.owner.ID); return err },
			"disabled": func() error {
				return w.DB.Update(ctx, func(tx db.Tx) error { return w.Entry.Disable(ctx, tx, h.owner.ID) })
			},
			"deleted": func() error {
				return w.DB.Update(ctx, func(tx db.Tx) error { return w.Entry.Delete(ctx, tx, h.owner.ID, tx.Now().Add(day)) })
			},
		} {
			if err := try(); !errors.Is(err, org.ErrLastOwner) {
				t.Errorf("the last owner was %s: %v", name, err)
			}
		}
		w.Program("192.0.2.1").Signin("owner@example.com", apptest.Word).Want(200, "")
		// With an owner who was deactivated beside them they are still the last.
		second := h.member(hana, org.Owner)
		_, err := h.Deactivate(ctx, me, h.id, second.ID)
		h.must(err)
		if err := h.Remove(ctx, operator, h.id, h.owner.ID); !errors.Is(err, org.ErrLastOwner) {
			t.Errorf("got %v", err)
		}
		h.must(h.Reactivate(ctx, me, h.id, second.ID))
		h.must(h.Remove(ctx, h.by(second), h.id, h.owner.ID))
	})
}

// Two owners remove each other at once: one of them stays. So does one of two who are
// demoted, deactivated or disabled together.
func TestTwoOwnersWhoRemoveEachOtherLeaveOne(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx := t.Context()
		other := w.Another().Govern
		for i, act := range []func(g *govern.Govern, by govern.By, o ref.Org, a ref.Account) error{
			func(g *govern.Govern, by govern.By, o ref.Org, a ref.Account) error { return g.Remove(ctx, by, o, a) },
			func(g *govern.Govern, by govern.By, o ref.Org, a ref.Account) error {
				return g.SetRole(ctx, by, o, a, org.Plain)
			},
			func(g *govern.Govern, by govern.By, o ref.Org, a ref.Account) error {
				_, err := g.Deactivate(ctx, by, o, a)
				return err
			},
			func(g *govern.Govern, _ govern.By, _ ref.Org, a ref.Account) error {
				return g.DB.Update(ctx, func(tx db.Tx) error { return g.Disable(ctx, tx, a) })
			},
		} {
			suffix := string(rune('a'+i)) + ".example.com"
			h := found(t, w, "Acme "+suffix, "one@"+suffix)
			two := h.member("two@"+suffix, org.Owner)
			var all sync.WaitGroup
			var errs [2]error
			first, second := h.by(h.owner), h.by(two)
			all.Go(func() { errs[0] = act(h.Govern, first, h.id, two.ID) })
			all.Go(func() { errs[1] = act(other, second, h.id, h.owner.ID) })
			all.Wait()
			left := 0
			w.View(func(tx db.ReadTx) error {
				list, err := org.Members(ctx, tx, h.id, "", 10)
				for _, m := range list {
					a, err := account.Of(ctx, tx, m.Account)
					if err == nil && m.Role == org.Owner && !m.Inactive && a.State == account.Active {
						left++
					}
				}
				return err
			})
			if left != 1 {
				t.Errorf("act %d: got %d owners, want 1 (%v)", i, left, errs)
			}
		}
	})
}

func TestNobodyGivesMoreThanTheyHold(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		admin, plain := h.member(hana, org.Admin), h.member("ken@example.com", org.Plain)
		security := h.member("mika@example.com", org.Security)
		signed := map[ref.Account]govern.By{}
		for _, a := range []account.Account{h.owner, admin, plain, security} {
			signed[a.ID] = h.by(a)
		}
		by := func(a account.Account) govern.By { return signed[a.ID] }
		rules := policy.Policy{Name: "mine", Session: sessions(1, day)}
		for name, c := range map[string]struct {
			err  error
			want error
		}{
			"an admin makes an owner":         {h.SetRole(ctx, by(admin), h.id, plain.ID, org.Owner), govern.ErrForbidden},
			"an admin makes themself owner":   {h.SetRole(ctx, by(admin), h.id, admin.ID, org.Owner), govern.ErrForbidden},
			"an admin demotes an owner":       {h.SetRole(ctx, by(admin), h.id, h.owner.ID, org.Plain), govern.ErrForbidden},
			"an admin removes an owner":       {h.Remove(ctx, by(admin), h.id, h.owner.ID), govern.ErrForbidden},
			"an admin deactivates an owner":   {outcome(h.Deactivate(ctx, by(admin), h.id, h.owner.ID)), govern.ErrForbidden},
			"security gives a role":           {h.SetRole(ctx, by(security), h.id, plain.ID, org.Desk), govern.ErrForbidden},
			"security moves an admin":         {h.Put(ctx, by(security), h.id, admin.ID, "x"), govern.ErrForbidden},
			"a member sets a policy":          {outcome(h.SetPolicy(ctx, by(plain), h.id, rules, 0)), govern.ErrForbidden},
			"an admin adds without agreement": {h.Add(ctx, by(admin), h.id, w.Settle("new@example.com").ID, org.Plain), govern.ErrForbidden},
			"an admin makes a role of owners": {outcome(h.AddRole(ctx, by(admin), h.id, "boss", []org.Permission{org.Own})), govern.ErrForbidden},
			"an owner makes a role of owners": {outcome(h.AddRole(ctx, by(h.owner), h.id, "boss", []org.Permission{org.Own})), org.ErrPermission},
			"nobody":                          {h.Remove(ctx, govern.By{}, h.id, plain.ID), db.ErrNone},
			"security sets a policy":          {outcome(h.SetPolicy(ctx, by(security), h.id, rules, 0)), nil},
			"an admin makes an auditor":       {h.SetRole(ctx, by(admin), h.id, plain.ID, org.Auditor), nil},
		} {
			if !errors.Is(c.err, c.want) {
				t.Errorf("%s: got %v, want %v", name, c.err, c.want)
			}
		}
		_, err := h.AddRole(ctx, by(admin), h.id, "front desk", []org.Permission{org.ReadMembers})
		h.must(err)
		h.must(h.SetRole(ctx, by(admin), h.id, plain.ID, "front desk"))
		_, err = h.Deactivate(ctx, operator, h.id, admin.ID)
		h.must(err)
		if err := h.Remove(ctx, by(admin), h.id, plain.ID); !errors.Is(err, govern.ErrForbidden) {
			t.Errorf("a deactivated admin still acts: %v", err)
		}
	})
}

func outcome[T any](_ T, err error) error { return err }

func TestOrganisationsSeeNothingOfEachOther(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		ctx := t.Context()
		a, b := found(t, w, "Acme", "owner@acme.example"), found(t, w, "Bolt", "owner@bolt.example")
		theirs := b.member(hana, org.Plain)
		_, err := b.AddGroup(ctx, operator, b.id, "Sales")
		b.must(err)
		b.must(b.Put(ctx, operator, b.id, theirs.ID, "Sales"))
		b.rule(policy.Policy{Name: "bolt's", Session: sessions(2, day)}, govern.Aim{Group: "Sales"})
		group := ""
		var id ref.Policy
		w.View(func(tx db.ReadTx) error {
			g, err := org.GroupNamed(ctx, tx, b.id, "Sales")
			p, err2 := org.PolicyNamed(ctx, tx, b.id, "bolt's")
			group, id = string(g.ID), p.ID
			return errors.Join(err, err2)
		})
		a.rule(policy.Policy{Name: "acme's", Session: sessions(1, day)})
		by := a.by(a.owner)
		for name, err := range map[string]error{
			"their member":            a.Remove(ctx, by, a.id, theirs.ID),
			"their organisation":      a.Remove(ctx, by, b.id, theirs.ID),
			"an organisation of none": a.Remove(ctx, by, "org_none", theirs.ID),
			"their group":             a.RemoveGroup(ctx, by, a.id, group),
			"their policy":            a.RemovePolicy(ctx, by, a.id, string(id)),
			"their policy, in order":  a.Order(ctx, by, a.id, []string{string(id)}),
			"aimed at their group":    a.Assign(ctx, by, a.id, "acme's", govern.Aim{Group: group}),
			"aimed at their member":   a.Assign(ctx, by, a.id, "acme's", govern.Aim{Account: theirs.ID}),
			"deactivating theirs":     outcome(a.Deactivate(ctx, by, a.id, theirs.ID)),
		} {
			if !errors.Is(err, db.ErrNone) {
				t.Errorf("%s: got %v, want it not to be there", name, err)
			}
		}
		if err := a.Add(ctx, operator, a.id, theirs.ID, org.Plain); !errors.Is(err, govern.ErrMember) {
			t.Errorf("a member of two: got %v", err)
		}
		if e := effective(w, theirs.ID); e.Session.Concurrent != 2 || e.Org.Name != "Bolt" {
			t.Errorf("got %+v from %+v", e.Session, e.Org)
		}
	})
}

// What a transaction that was taken back had read is nobody's rules.
func TestAChangeThatWasTakenBackHoldsForNobody(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		h.rule(policy.Policy{Name: "p", Session: sessions(5, day)})
		back := errors.New("taken back")
		err := w.DB.Update(ctx, func(tx db.Tx) error {
			if _, err := org.Change(ctx, tx, h.id); err != nil {
				return err
			}
			if _, err := org.SetPolicy(ctx, tx, h.id, policy.Policy{Name: "p", Session: sessions(1, day)}, 0); err != nil {
				return err
			}
			if e, err := w.Entry.Rules.Of(ctx, tx, h.owner.ID); err != nil || e.Session.Concurrent != 1 {
				t.Errorf("inside: got %+v %v", e, err)
			}
			return back
		})
		if !errors.Is(err, back) {
			t.Fatal(err)
		}
		h.rule(policy.Policy{Name: "p", Session: sessions(7, day)}) // has the version that the other would have had
		if e := effective(w, h.owner.ID); e.Session.Concurrent != 7 {
			t.Errorf("got %d, want 7", e.Session.Concurrent)
		}
	})
}

func TestAMemberSeesWhichRulesHoldAndWhose(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		h.member(hana, org.Desk)
		w.Settle("ken@example.com")
		h.rule(policy.Policy{Name: "night shift", Session: sessions(4, 3*day)})
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		b.Open("/me/rules").See("Acme", "Help desk", "Whom to ask", "Owner", "From the policy “night shift” of Acme", "The same for everybody here", "3 days")
		k := w.Browser("192.0.2.2")
		k.Signin("ken@example.com", apptest.Word)
		k.Open("/me/rules").See("30 days").Miss("Acme").Miss("night shift")
	})
}
