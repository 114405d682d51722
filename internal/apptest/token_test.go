package apptest_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/flow"
	"sekisho/internal/flow/govern"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/token"
)

// tokened makes a token as a member does, and a program that shows it.
func (h house) tokened(maker account.Account, can ...org.Permission) (token.Token, *apptest.Program) {
	h.t.Helper()
	made, word, err := h.AddToken(h.t.Context(), h.by(maker), token.Token{Org: h.id, Name: "Sync", Permissions: can, Expires: h.w.Clock.Now().Add(90 * day)})
	h.must(err)
	p := h.w.Program("198.51.100.5")
	p.Token = word.Reveal()
	return made, p
}

func TestATokenDoesWhatItCarriesAndNoMore(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, other := found(t, w, "Acme", "owner@example.com"), found(t, w, "Other", "else@example.com")
		ken, admin := h.member("ken@example.com", org.Plain), h.member("admin@example.com", org.Admin)
		made, p := h.tokened(h.owner, org.ReadMembers, org.ManageGroups)
		var self struct {
			ID          string
			Permissions []string
		}
		p.Call("GET", "/api/v1/org/token", nil).Want(200, "").Into(&self)
		if self.ID != string(made.ID) || strings.Join(self.Permissions, " ") != "members.read groups.manage" {
			t.Errorf("got %+v", self)
		}
		var g struct{ ID string }
		p.Call("POST", "/api/v1/org/groups", map[string]any{"name": "Night shift"}).Want(200, "").Into(&g)
		p.Call("PUT", "/api/v1/org/groups/"+g.ID+"/members/"+string(ken.ID), nil).Want(204, "")
		// What it does not carry; what no token can; whom it is not above; and elsewhere.
		p.Call("POST", "/api/v1/org/invitations", map[string]any{"address": "x@example.com"}).Want(403, "org.forbidden")
		p.Call("POST", "/api/v1/org/roles", map[string]any{"name": "Mighty", "permissions": []string{"members.read"}}).Want(403, "token.needs_person")
		p.Call("PUT", "/api/v1/org/groups/"+g.ID+"/members/"+string(admin.ID), nil).Want(403, "org.forbidden")
		for _, path := range []string{"/api/v1/session", "/api/v1/me/sessions", "/api/v1/me/addresses"} {
			p.Call("GET", path, nil).Want(403, "token.elsewhere")
		}
		p.Call("POST", "/api/v1/me/password", map[string]any{"current": apptest.Word, "new": "something else entirely"}).Want(403, "token.elsewhere")
		b := w.Browser("198.51.100.5")
		b.SetCookie("sekisho", p.Token)
		b.Open("/admin").Miss("Acme")
		// It manages members, and erases none.
		sync, _ := h.tokened(h.owner, org.ManageMembers)
		acting := govern.By{Visitor: h.by(h.owner).Visitor, Token: sync.ID}
		if got := codeOf(h.SetRole(t.Context(), acting, h.id, ken.ID, org.Admin)); got != "org.forbidden" {
			t.Errorf("it gives a role that holds more: %q", got)
		}
		if _, err := h.Deactivate(t.Context(), acting, h.id, ken.ID); err != nil {
			t.Errorf("it does not deactivate: %v", err)
		}
		h.must(h.Reactivate(t.Context(), acting, h.id, ken.ID))
		if _, err := h.Delete(t.Context(), acting, h.id, ken.ID, "ken@example.com"); codeOf(err) != "token.needs_person" {
			t.Errorf("it deletes: %v", err)
		}
		if _, err := h.EndSessions(t.Context(), acting, h.id, ken.ID); codeOf(err) != "token.needs_person" {
			t.Errorf("it assists: %v", err)
		}
		// Another organisation's is not there for it.
		theirs, err := other.AddGroup(t.Context(), operator, other.id, "Theirs")
		h.must(err)
		p.Call("DELETE", "/api/v1/org/groups/"+string(theirs.ID), nil).Want(404, "org.not_found")
		// What it did stands in the log under its name.
		found := false
		for _, row := range w.Audit() {
			found = found || row.Kind == "group.added" && row.Actor == string(made.ID)
		}
		if !found {
			t.Error("the audit log does not say which token it was")
		}
		w.View(func(tx db.ReadTx) error {
			x, err := token.Of(t.Context(), tx, made.ID)
			if x.Used.IsZero() || x.From != "198.51.100.5" {
				t.Errorf("its use is not noted: %+v", x)
			}
			return err
		})
		for _, guess := range []string{"skt_", "skt_x", p.Token + "x", strings.ToUpper(p.Token), "skt_" + strings.Repeat("A", 43), "skt_" + strings.Repeat("x", 8000)} {
			q := w.Program("198.51.100.6")
			q.Token = guess
			if a := q.Call("GET", "/api/v1/org/groups", nil); a.Status != 401 || a.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%.20q: got %d %s", guess, a.Status, a.Code())
			}
		}
	})
}

// A token ends with its time, with its maker's membership, rights and safety, and when the
// organisation says so, at the next call on every node.
func TestATokenEndsWithWhatItRestsOn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		maker := h.member("mika@example.com", org.Admin)
		made, p := h.tokened(maker, org.ReadMembers, org.ManageGroups)
		node := w.Another()
		use := func() string {
			t.Helper()
			here, there := p.At(w).Call("GET", "/api/v1/org/groups", nil), p.At(node).Call("GET", "/api/v1/org/groups", nil)
			if here.Status != there.Status {
				t.Errorf("one node says %d, another %d", here.Status, there.Status)
			}
			return here.Code()
		}
		want := func(what, code string) {
			t.Helper()
			if got := use(); got != code {
				t.Errorf("%s: got %q, want %q", what, got, code)
			}
		}
		want("made", "")
		h.must(h.SetRole(ctx, operator, h.id, maker.ID, org.Auditor))
		want("an auditor sees members", "")
		p.Call("POST", "/api/v1/org/groups", map[string]any{"name": "x"}).Want(403, "org.forbidden")
		h.must(h.SetRole(ctx, operator, h.id, maker.ID, org.Plain))
		want("a plain member", "org.forbidden")
		h.must(h.SetRole(ctx, operator, h.id, maker.ID, org.Admin))
		if _, err := h.Deactivate(ctx, operator, h.id, maker.ID); err != nil {
			t.Fatal(err)
		}
		want("deactivated", "token.refused")
		h.must(h.Reactivate(ctx, operator, h.id, maker.ID))
		want("reactivated", "")
		h.rule(policy.Policy{Name: "Office", Address: &policy.Address{Allowed: prefixes("192.0.2.0/24")}})
		want("from elsewhere", "signin.ip_not_allowed")
		h.must(h.RemovePolicy(ctx, operator, h.id, "Office"))
		w.Clock.Add(time.Second)
		h.must(h.Remove(ctx, operator, h.id, maker.ID))
		want("removed", "token.refused")
		h.must(h.Add(ctx, operator, h.id, maker.ID, org.Admin))
		want("added again", "token.refused")
		made, p = h.tokened(maker, org.ReadMembers)
		want("another", "")
		h.must(h.RevokeToken(ctx, operator, h.id, made.ID))
		want("revoked", "token.refused")
		// "This was not me" ends what a thief's session made, for good.
		_, p = h.tokened(maker, org.ReadMembers)
		w.Update(func(tx db.Tx) error {
			a, err := account.Lock(ctx, tx, maker.ID)
			if err != nil {
				return err
			}
			return w.Entry.Contain(ctx, tx, flow.Visitor{}, a, tx.Now().Add(-time.Hour))
		})
		want("contained", "token.refused")
		w.Update(func(tx db.Tx) error { return account.Release(ctx, tx, maker.ID) })
		want("after a recovery", "token.refused")
		// An older copy of the database brings none back to life.
		_, p = h.tokened(h.owner, org.ReadMembers)
		h.must(w.Restored(ctx))
		want("restored", "token.refused")
		_, p = h.tokened(h.owner, org.ReadMembers)
		w.Clock.Add(90*day + time.Second)
		want("its time is over", "token.refused")
	})
}

// Nobody makes a token of what they do not hold, of what needs a person, or for longer than
// a year; and of two who make the last one, one does.
func TestWhoMakesATokenHoldsWhatItCarries(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, other, ctx := found(t, w, "Acme", "owner@example.com"), found(t, w, "Other", "else@example.com"), t.Context()
		_, err := h.AddRole(ctx, operator, h.id, "Decorator", []org.Permission{org.Settings, org.ReadMembers})
		h.must(err)
		deco, help := h.by(h.member("deco@example.com", "Decorator")), h.by(h.member("help@example.com", org.Desk))
		owner := h.by(h.owner)
		expires := w.Clock.Now().Add(30 * day)
		for name, x := range map[string]struct {
			by   govern.By
			can  []org.Permission
			ends time.Time
			want string
		}{
			"not held":             {deco, []org.Permission{org.ReadMembers, org.ReadAudit}, expires, "org.forbidden"},
			"no settings":          {help, []org.Permission{org.ReadMembers}, expires, "org.forbidden"},
			"owners":               {owner, []org.Permission{org.Own}, expires, "token.permissions"},
			"roles":                {owner, []org.Permission{org.ManageRoles}, expires, "token.permissions"},
			"assist":               {owner, []org.Permission{org.AssistMembers}, expires, "token.permissions"},
			"policies":             {owner, []org.Permission{org.ManagePolicies}, expires, "token.permissions"},
			"settings":             {owner, []org.Permission{org.Settings}, expires, "token.permissions"},
			"nothing":              {owner, nil, expires, "token.permissions"},
			"no such thing":        {owner, []org.Permission{"all"}, expires, "org.forbidden"},
			"over a year":          {owner, []org.Permission{org.ReadMembers}, expires.Add(340 * day), "token.expires"},
			"past":                 {owner, []org.Permission{org.ReadMembers}, expires.Add(-31 * day), "token.expires"},
			"the operator":         {operator, []org.Permission{org.ReadMembers}, expires, "org.forbidden"},
			"another organisation": {other.by(other.owner), []org.Permission{org.ReadMembers}, expires, "org.not_found"},
			"nobody":               {govern.By{}, []org.Permission{org.ReadMembers}, expires, "org.not_found"},
		} {
			_, _, err := h.AddToken(ctx, x.by, token.Token{Org: h.id, Name: "x", Permissions: x.can, Expires: x.ends})
			if got := codeOf(err); got != x.want {
				t.Errorf("%s: got %q, want %q", name, got, x.want)
			}
		}
		made, _ := h.tokened(h.owner, org.ReadMembers)
		if got := codeOf(other.RevokeToken(ctx, other.by(other.owner), other.id, made.ID)); got != "org.not_found" {
			t.Errorf("another organisation revokes it: %q", got)
		}
		// A token makes no tokens, and revokes none.
		acting := govern.By{Visitor: owner.Visitor, Token: made.ID}
		if _, _, err := h.AddToken(ctx, acting, token.Token{Org: h.id, Name: "x", Permissions: []org.Permission{org.ReadMembers}, Expires: expires}); codeOf(err) != "token.needs_person" {
			t.Errorf("a token makes a token: %v", err)
		}
		for range token.Most - 2 {
			_, _, err := h.AddToken(ctx, owner, token.Token{Org: h.id, Name: "x", Permissions: []org.Permission{org.ReadMembers}, Expires: expires})
			h.must(err)
		}
		var n atomic.Int32
		nodes := [2]*apptest.World{w, w.Another()}
		crowd(6, func(i int) {
			g := &govern.Govern{Entry: nodes[i%2].Entry}
			if _, _, err := g.AddToken(ctx, owner, token.Token{Org: h.id, Name: "x", Permissions: []org.Permission{org.ReadMembers}, Expires: expires}); err == nil {
				n.Add(1)
			}
		})
		if n.Load() != 1 {
			t.Errorf("%d last tokens were made", n.Load())
		}
	})
}

// A program that is ended in the moment in which it acts either acted before or does not.
func TestARevokedTokenActsNoMore(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		made, _ := h.tokened(h.owner, org.ManageGroups)
		acting := govern.By{Visitor: h.by(h.owner).Visitor, Token: made.ID}
		nodes := [2]*apptest.World{w, w.Another()}
		var after atomic.Int32
		var over atomic.Bool
		crowd(9, func(i int) {
			g := &govern.Govern{Entry: nodes[i%2].Entry}
			if i == 4 {
				if g.RevokeToken(ctx, operator, h.id, made.ID) == nil {
					over.Store(true)
				}
				return
			}
			for n := range 4 {
				gone := over.Load()
				if _, err := g.AddGroup(ctx, acting, h.id, strings.Repeat("g", i+1)+strings.Repeat("n", n)); err == nil && gone {
					after.Add(1)
				}
			}
		})
		if after.Load() != 0 {
			t.Errorf("%d acts after it was revoked", after.Load())
		}
	})
}

func TestTheConsoleShowsTokens(t *testing.T) {
	w := apptest.New(t, "sqlite")
	h := found(t, w, "Acme", "owner@example.com")
	b := w.Browser("192.0.2.1")
	b.Signin("owner@example.com", apptest.Word)
	b.Open("/admin/tokens").See("There is no token yet").Open("/admin/tokens/new")
	b.Fill("Name", "Sync").Check("See members").Fill("Days", "366").Press("Make it").Want(400).See("cannot live for so long")
	b.Fill("Days", "30").Press("Make it").See("The new token", "skt_")
	_, rest, _ := strings.Cut(b.Text(), "skt_")
	p := w.Program("198.51.100.5")
	p.Token = "skt_" + strings.Fields(rest)[0]
	p.Call("GET", "/api/v1/org/groups", nil).Want(200, "")
	b.Open("/admin/tokens").Miss("skt_").See("Sync", "last used", "198.51.100.5")
	var id string
	w.View(func(tx db.ReadTx) error {
		list, err := token.List(t.Context(), tx, h.id)
		id = string(list[0].ID)
		return err
	})
	b.Open("/admin/tokens/revoke?id=" + id).Press("Revoke").See("It no longer counts")
	p.Call("GET", "/api/v1/org/groups", nil).Want(401, "token.refused")
}

// OR-07: what a program sends holds as long as what its maker would have sent.
func TestAnInvitationOfAProgramIsItsMakers(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		maker := h.member("mika@example.com", org.Admin)
		_, p := h.tokened(maker, org.ManageMembers, org.ReadMembers)
		p.Call("POST", "/api/v1/org/invitations", map[string]any{"address": newcomer, "role": "help_desk"}).Want(403, "org.forbidden")
		var made struct{ ID string }
		p.Call("POST", "/api/v1/org/invitations", map[string]any{"address": newcomer}).Want(200, "").Into(&made)
		b := w.Browser("203.0.113.7")
		b.Open(w.Link(newcomer)).See("An invitation to Acme", "Hana Sato")
		p.Call("POST", "/api/v1/org/invitations/"+made.ID+"/send", nil).Want(200, "")
		link := w.Link(newcomer)
		h.must(h.SetRole(ctx, operator, h.id, maker.ID, org.Plain))
		b.Open(link).See("Nobody can join with this invitation")
		h.must(h.SetRole(ctx, operator, h.id, maker.ID, org.Admin))
		signups(w, link).See("Hello Nico New")
	})
}
