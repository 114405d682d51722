package sample

import (
	"strings"
	"time"

	"sekisho/internal/faults"
	"sekisho/internal/i18n"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
	"sekisho/internal/tint"
	"sekisho/internal/web"
	"sekisho/internal/web/admin"
)

// joining are the console's rooms of invitations, groups and roles.
func joining() []Page {
	one := func(id, shown, state string, role admin.RoleName) admin.Invitation {
		return admin.Invitation{Invitation: org.Invitation{ID: ref.Invitation(id), Shown: shown, State: state, Created: At.Add(-30 * time.Hour), Sent: At.Add(-2 * time.Hour), Expires: At.Add(166 * time.Hour)},
			Shown: state, Role: role, Left: 2}
	}
	ended := one("inv_4", "gone@example.org", org.Declined, admin.RoleName{Builtin: org.Auditor})
	ended.Ended = At.Add(-time.Hour)
	own := admin.RoleName{Named: "Front desk of the night shift and its logistics"}
	list := []admin.Invitation{one("inv_1", hana, org.Open, admin.RoleName{Builtin: org.Plain}), one("inv_2", long, org.Open, own), one("inv_3", "late@example.org", org.Expired, admin.RoleName{Builtin: org.Admin}), ended}
	roles := []admin.Choice{{ID: org.Plain, Name: admin.RoleName{Builtin: org.Plain}, Chosen: true}, {ID: org.Desk, Name: admin.RoleName{Builtin: org.Desk}}, {ID: "rol_1", Name: own}}
	groups := []admin.Choice{{ID: "grp_1", Name: admin.RoleName{Named: "営業"}, Chosen: true}, {ID: "grp_2", Name: admin.RoleName{Named: "Night shift operations and logistics"}}}
	sales := admin.Group{Group: org.Group{ID: "grp_1", Name: "営業", Created: At}, Size: 12}
	night := admin.Group{Group: org.Group{ID: "grp_2", Name: "Night shift operations and logistics", Created: At}}
	people := []org.Person{{Account: "acc_1", Name: "佐藤 花", Email: hana}, {Account: "acc_2", Name: "Wolfeschlegelsteinhausenbergerdorff", Email: long, Inactive: true}, {Account: "acc_3", Name: "山田 太郎"}}
	role := func(id string, name admin.RoleName, n int, list ...org.Permission) admin.Role {
		return admin.Role{ID: id, Name: name, Permissions: list, Holders: n, Within: true}
	}
	var builtin []admin.Role
	for _, b := range org.Builtin {
		builtin = append(builtin, role(b, admin.RoleName{Builtin: b}, 3, org.Builtins(b)...))
	}
	var may []admin.Permission
	for i, p := range org.Permissions[1:] {
		may = append(may, admin.Permission{Name: p, Chosen: i%2 == 1, Held: i > 0})
	}
	desk := role("rol_1", own, 0, org.ReadMembers, org.AssistMembers)
	claim := org.Domain{ID: "dom_1", Name: "xn--vuqvr7j.example", Shown: "関所.example", Token: "Q2F0c0FyZU5pY2VBbmRTb0FyZUNoYWxsZW5nZXM5OTk", Created: At.Add(-time.Hour)}
	proved := org.Domain{ID: "dom_2", Name: "sekisho.example", Shown: "sekisho.example", Token: claim.Token, How: "dns", Joins: true, Created: At.Add(-900 * time.Hour), Verified: At.Add(-890 * time.Hour), Checked: At.Add(-5 * time.Hour)}
	missing := proved
	missing.ID, missing.Shown, missing.Joins, missing.Failing = "dom_3", "a-very-long-name-of-a-branch-office.logistics.sekisho.example", false, At.Add(-50*time.Hour)
	single := func(d org.Domain, done string) admin.DomainOne {
		return admin.DomainOne{Domain: d, Record: "_sekisho-challenge." + d.Name, URL: "https://" + d.Name + "/.well-known/sekisho-domain.txt", Proof: "sekisho-domain-verification=" + d.Token, Opens: true, Done: done}
	}
	blue := policy.Look{Colour: "#7fd4ff", Logo: "00112233445566778899aabbccddeeff"}
	given, _ := tint.Parse(blue.Colour)
	light, dark := tint.Themes(given)
	return []Page{
		{Name: "admin-settings", Response: web.Show("admin/settings", admin.Settings{Name: "関所運輸"})},
		{Name: "admin-settings-look", Response: web.Show("admin/settings", admin.Settings{Name: strings.Repeat("長い名前", 25), Colour: blue.Colour, Look: blue, Light: light, Dark: dark, Done: "saved"}).Of(web.Brand{Name: "関所運輸", Look: blue})},
		{Name: "admin-settings-colour", Response: web.Show("admin/settings", admin.Settings{Name: "関所運輸", Colour: "vermilion"}).With(faults.LookColour.New())},
		{Name: "admin-domains", Response: web.Show("admin/domains", admin.Domains{List: []org.Domain{claim, proved, missing}, Done: "removed"})},
		{Name: "admin-domains-none", Response: web.Show("admin/domains", admin.Domains{Typed: "gmail.com"}).With(faults.DomainShared.New())},
		{Name: "admin-domains-claim", Response: web.Show("admin/domains-one", single(claim, "")).With(faults.DomainUnproved.New())},
		{Name: "admin-domains-proved", Response: web.Show("admin/domains-one", single(proved, "proved"))},
		{Name: "admin-domains-missing", Response: web.Show("admin/domains-one", single(missing, ""))},
		{Name: "admin-domains-remove", Response: web.Show("admin/domains-remove", admin.DomainRemove{Domain: proved})},
		{Name: "admin-invitations", Response: web.Show("admin/invitations", admin.Invitations{State: org.Open, List: list, Next: "/admin/invitations?state=open&after=x.y", Done: "resent", Failed: 1})},
		{Name: "admin-invitations-none", Response: web.Show("admin/invitations", admin.Invitations{State: org.Open})},
		{Name: "admin-invitations-found", Response: web.Show("admin/invitations", admin.Invitations{State: "", Typed: "nobody"})},
		{Name: "admin-invitations-new", Response: web.Show("admin/invitations-new", admin.InvitationNew{Roles: roles, Groups: groups, Lang: i18n.Ja})},
		{Name: "admin-invitations-failed", Response: web.Show("admin/invitations-new", admin.InvitationNew{Typed: "info@example.com\n" + long, Roles: roles[:1], Lang: i18n.En, Sent: 3,
			Failed: []admin.NotInvited{{Address: "info@example.com", What: faults.GroupAddress.Ja.What, Code: faults.GroupAddress.Code}, {Address: long, What: faults.InvitationOpen.Ja.What, Code: faults.InvitationOpen.Code}}})},
		{Name: "admin-groups", Response: web.Show("admin/groups", admin.Groups{May: true, List: []admin.Group{sales, night}})},
		{Name: "admin-groups-none", Response: web.Show("admin/groups", admin.Groups{})},
		{Name: "admin-groups-taken", Response: web.Show("admin/groups", admin.Groups{May: true, List: []admin.Group{sales}, Name: "営業"}).With(faults.OrgTaken.New())},
		{Name: "admin-groups-one", Response: web.Show("admin/groups-one", admin.GroupOne{Group: sales, May: true, People: people, Next: "acc_3", Done: "put"})},
		{Name: "admin-groups-empty", Response: web.Show("admin/groups-one", admin.GroupOne{Group: night, May: true, Typed: "nobody@example.com"}).With(faults.OrgGone.New())},
		{Name: "admin-groups-remove", Response: web.Show("admin/groups-remove", admin.GroupRemove{Group: sales})},
		{Name: "admin-roles", Response: web.Show("admin/roles", admin.Roles{May: true, Builtin: builtin, Own: []admin.Role{desk}})},
		{Name: "admin-roles-none", Response: web.Show("admin/roles", admin.Roles{Builtin: builtin})},
		{Name: "admin-roles-new", Response: web.Show("admin/roles-edit", admin.RoleEdit{List: may})},
		{Name: "admin-roles-edit", Response: web.Show("admin/roles-edit", admin.RoleEdit{ID: "rol_1", Name: own.Named, Seen: "members.read", List: may}).With(faults.OrgChanged.New())},
		{Name: "admin-roles-remove", Response: web.Show("admin/roles-remove", admin.RoleRemove{Role: desk})},
		{Name: "admin-roles-held", Response: web.Show("admin/roles-remove", admin.RoleRemove{Role: role("rol_2", admin.RoleName{Named: strings.Repeat("長い名前", 20)}, 4)})},
	}
}
