package apptest_test

import (
	"net/url"
	"strings"
	"testing"

	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/flow/govern"
	"sekisho/internal/org"
)

// signedIn is a browser of a member.
func (h house) signedIn(who string) *apptest.Browser {
	b := h.w.Browser("192.0.2.1")
	b.Signin(who, apptest.Word)
	return b
}

// invited is the open invitation of an address.
func (h house) invited(address string) (id string) {
	h.w.View(func(tx db.ReadTx) error {
		list, err := org.Invitations(h.t.Context(), tx, h.id, org.Sought{State: org.Open, Text: address, Limit: 1})
		if len(list) == 1 {
			id = string(list[0].ID)
		}
		return err
	})
	return id
}

func TestTheConsoleInvitesAndKeepsTrack(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		h.member("admin@example.com", org.Admin)
		_, err := h.AddGroup(t.Context(), operator, h.id, "Sales")
		h.must(err)
		b := h.signedIn("admin@example.com")
		b.Open("/admin/invitations").See("No invitation waits").Press("Invite people").Miss("Owner")
		b.Fill("E-mail addresses", "one@example.net, two@example.net;one@example.net\ninfo@example.net").Check("Sales").Press("Send invitations")
		b.See("2 sent", "info@example.net", "shared mailbox")
		b.Open("/admin/invitations").See("one@example.net", "two@example.net", "sends left: 3").Miss("info@")
		b.Open("/admin/invitations?state=open&q=TWO").See("two@example.net").Miss("one@example.net")
		b.Open("/admin/invitations?state=open&q=%25").Miss("one@example.net")
		b.Post("/admin/invitations", url.Values{"act": {"resent"}, "id": {h.invited("one@")}}).See("Sent again", "sends left: 2")
		b.Post("/admin/invitations", url.Values{"act": {"revoked"}, "id": {h.invited("two@")}}).See("withdrawn")
		b.Open("/admin/invitations?state=revoked").See("two@example.net", "Withdrawn")
		signups(w, w.Link("one@example.net")).Open("/me/rules").See("Acme", "Sales")
		b.Open("/admin/invitations?state=accepted").See("one@example.net", "Joined")
		// Who has no permission sees nothing of it, nor sends.
		h.member(hana, org.Auditor)
		a := h.signedIn(hana)
		a.Open("/admin/invitations").See("org.forbidden")
		a.Post("/admin/invitations/new", url.Values{"addresses": {"x@example.net"}, "role": {"member"}}).See("org.forbidden")
		// Junk.
		b.Post("/admin/invitations", url.Values{"act": {"resent"}, "id": {"inv_nonsense"}}).Want(404)
		b.Post("/admin/invitations", url.Values{"act": {"eat"}}).Want(400)
		b.Post("/admin/invitations/new", url.Values{"addresses": {""}, "role": {"member"}}).Want(400)
		b.Post("/admin/invitations/new", url.Values{"addresses": {strings.Repeat("x", 500)}, "role": {"member"}}).See("They are left below")
		b.Open("/admin/invitations?after=" + strings.Repeat("9", 200) + ".inv_x&state=nonsense").Want(200)
	})
}

func TestManyInvitationsAreListedInPages(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		for i := range org.OnPage + 3 {
			_, err := h.Invite(t.Context(), operator, h.id, govern.Asked{Address: "p" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + "@example.org"})
			h.must(err)
		}
		b := h.signedIn("owner@example.com")
		first := strings.Count(b.Open("/admin/invitations").Text(), "@example.org")
		second := strings.Count(b.Press("Older ones").Text(), "@example.org")
		if first != org.OnPage || second != 3 {
			t.Errorf("got pages of %d and %d", first, second)
		}
	})
}

func TestTheConsoleKeepsGroups(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, o := found(t, w, "Acme", "owner@example.com"), found(t, w, "Umbrella", "boss@example.com")
		h.member(hana, org.Plain)
		b := h.signedIn("owner@example.com")
		b.Open("/admin/groups").See("There is no group yet").Fill("Name of the group", "Sales").Press("Make a group").See("Sales", "Nobody is in this group")
		page := b.URL.RequestURI()
		b.Fill("E-mail address or user name", hana).Press("Put into the group").See("They are in the group", "Hana Sato", hana)
		b.Fill("E-mail address or user name", hana).Press("Put into the group").Want(404)
		for _, who := range []string{"boss@example.com", "nobody@example.com", "", "日本語\u202e"} {
			b.Open(page).Fill("E-mail address or user name", who).Press("Put into the group").See("org.not_found")
		}
		b.Open(page).Press("Take out").See("out of the group").Miss(hana)
		b.Fill("Name of the group", "営業").Press("Rename").See("営業")
		b.Open("/admin/groups").Fill("Name of the group", "営業").Press("Make a group").See("That name is in use")
		b.Open("/admin/groups").Fill("Name of the group", "x\u202ey").Press("Make a group").See("org.name")
		// Another organisation's is not there.
		_, err := o.AddGroup(t.Context(), operator, o.id, "Secret")
		h.must(err)
		w.View(func(tx db.ReadTx) error {
			list, err := org.Groups(t.Context(), tx, o.id)
			b.Open("/admin/groups/one?id=" + string(list[0].ID)).Want(404).Miss("Secret")
			b.Post("/admin/groups/remove", url.Values{"id": {string(list[0].ID)}}).Want(404)
			return err
		})
		b.Open(page).Press("Remove the group").Press("Remove the group").See("There is no group yet")
		h.member("desk@example.com", org.Desk)
		h.signedIn("desk@example.com").Open("/admin/groups").Miss("Make a group")
	})
}

func TestTheConsoleKeepsRoles(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		h.member("admin@example.com", org.Admin)
		ken := h.member("ken@example.com", org.Plain)
		b := h.signedIn("admin@example.com")
		b.Open("/admin/roles").See("Owner", "only owners make owners").Press("Make a role").Fill("Name of the role", "Front desk").Check("See members").Press("Save").See("Front desk", "See members")
		h.must(h.SetRole(ctx, operator, h.id, ken.ID, "Front desk"))
		b.Open("/admin/roles").Press("Change").Check("See policies").Press("Save").See("See members · See policies")
		if by := h.by(ken); by.Session.ID != "" {
			k := h.signedIn("ken@example.com")
			k.Open("/admin/groups").Want(200)
			k.Open("/admin/roles/edit").See("org.forbidden")
		}
		// In use it stays.
		b.Open("/admin/roles").Press("Remove").See("Members who carry it: 1")
		var id string
		w.View(func(tx db.ReadTx) error {
			list, err := org.Roles(ctx, tx, h.id)
			id = string(list[0].ID)
			return err
		})
		b.Post("/admin/roles/remove", url.Values{"id": {id}}).See("role.carried")
		// Two who change it at once: the second is told.
		stale := url.Values{"id": {id}, "name": {"Front desk"}, "seen": {"members.read"}, "may": {"audit.read"}}
		b.Post("/admin/roles/edit", stale).See("org.changed").Press("Save").See("See members · See policies")
		// Nobody makes, or takes from, what they do not hold; the owner's own is nobody's to give.
		for _, may := range []string{"org.own", "nonsense", "", "org.own members.read"} {
			b.Post("/admin/roles/edit", url.Values{"name": {"Boss"}, "may": {may}}).Miss("Roles of this organisation")
		}
		b.Post("/admin/roles/edit", url.Values{"name": {"owner"}, "may": {"members.read"}}).See("org.name_taken")
		if err := h.SetPermissions(ctx, h.by(ken), h.id, org.Role{Name: "x"}, nil); code(err) != "org.forbidden" {
			t.Errorf("a front desk changes roles: %v", err)
		}
		h.must(h.SetRole(ctx, operator, h.id, ken.ID, org.Plain))
		b.Open("/admin/roles").Press("Remove").Press("Remove").Miss("Front desk")
		b.Post("/admin/roles/remove", url.Values{"id": {"owner"}}).Want(404)
	})
}
