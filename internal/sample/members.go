package sample

import (
	"slices"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/faults"
	"sekisho/internal/flow/enter"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
	"sekisho/internal/roster"
	"sekisho/internal/session"
	"sekisho/internal/web"
	"sekisho/internal/web/admin"
)

// members are the pages of the Members room.
func members() []Page {
	roles := []admin.Choice{{ID: org.Admin, Name: admin.RoleName{Builtin: org.Admin}}, {ID: org.Plain, Name: admin.RoleName{Builtin: org.Plain}, Chosen: true}, {ID: "rol_1", Name: admin.RoleName{Named: "夜間の当番"}}}
	groups := []admin.Choice{{ID: "grp_1", Name: admin.RoleName{Named: "営業"}, Chosen: true}, {ID: "grp_2", Name: admin.RoleName{Named: "Night shift operations and logistics"}}}
	plain := admin.RoleName{Builtin: org.Plain}
	row := func(name, email string, s roster.State, second bool) admin.MemberRow {
		return admin.MemberRow{Row: roster.Row{Account: "acc_01kf0e7st00000000000000001", Name: name, Email: email, State: s, Second: second, Joined: At, LastSignin: At.Add(-time.Hour)}, Called: plain}
	}
	all := admin.Members{Sort: roster.Name, First: true, Roles: roles, Groups: groups, Manage: true, Assist: true, Put: true, Next: "/admin/members?after=x", List: []admin.MemberRow{
		row("山田 太郎", "tarou@example.com", roster.Active, true), row("<b>Wolfeschlegelsteinhausenbergerdorff</b> Hubert Blaine", long, roster.Inactive, false),
		row("佐藤 花子", "hana@example.com", roster.Locked, true), row("鈴木 一郎", "ichirou@example.com", roster.Deleted, false), row("Ann", "", roster.Contained, true)}}
	all.List[0].Self, all.List[4].LastSignin = true, time.Time{}
	done := all
	done.Done, done.N, done.Failed, done.Typed, done.Without, done.First = "deactivated", 12, 3, "sa", true, false
	looks := all
	looks.Manage, looks.Assist, looks.Put, looks.Next = false, false, false, ""
	who := admin.Who{ID: "acc_01kf0e7st00000000000000001", Name: "佐藤 花子", Email: "hana@example.com", Manage: true, Assist: true, Put: true}
	one := admin.Member{Who: who, State: roster.Locked, Called: plain, Groups: groups, Created: At, Joined: At, LastSignin: At, Org: "関所運輸", Parts: policy.Group(everybody.Values()),
		Factors:  []admin.MemberFactor{{Kind: "tegata", Name: "Pixel 8", Since: At, Used: At}, {Kind: "passkey", Name: long, Since: At}, {Kind: "smscode", Name: "•••• 5678", Since: At}},
		Password: At, MustChange: true, Backup: 3, BackupOf: 5, Passphrase: true, Trusts: 2, Signins: 12, Daily: 50, Reads: true, Locked: true,
		Sessions: []session.Session{{ID: "ses_1", Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", Place: "東京", Addr: "192.0.2.7", Created: At, LastUsed: At, AMR: []string{"pwd", "otp"}}},
		Counts:   []enter.Count{{Kind: enter.ByPassword, Failures: 100, Stopped: true, Until: At.Add(15 * time.Minute)}, {Kind: enter.ByTOTP, Failures: 3}},
		Recent:   []audit.Row{{Kind: "signin.refused", Code: faults.SigninTooManyAttempts.Code, At: At, Reference: "6pzbvpbmydgl"}, {Kind: "member.joined", At: At, Reference: ref.Reference("fa65ieltxlyi")}}}
	gone := admin.Member{Who: who, State: roster.Deleted, Called: plain, Created: At, Joined: At, Org: "関所運輸", EraseAt: At.AddDate(0, 0, 7), Done: "delete"}
	above := one
	above.Above, above.Recent, above.Counts, above.Signins, above.Sessions, above.Locked, above.State = true, nil, nil, 0, nil, false, roster.Active
	desk := above
	desk.Above, desk.Reads, desk.Assist, desk.Sessions = false, false, true, slices.Clone(one.Sessions)
	for i := range desk.Sessions {
		desk.Sessions[i].Addr, desk.Sessions[i].Place, desk.Sessions[i].Agent = "", "", ""
	}
	self := above
	self.Above, self.Self = false, true
	ask := func(act string) admin.MemberAsk { return admin.MemberAsk{Who: who, Act: act} }
	del, role, sess := ask("delete"), ask("role"), ask("sessions")
	del.Typed, role.Roles, sess.Session = long, roles, "ses_1"
	grace := del
	grace.Grace = 7
	pages := []Page{
		{Name: "members", Response: web.Show("admin/members", all)},
		{Name: "members-done", Response: web.Show("admin/members", done)},
		{Name: "members-look", Response: web.Show("admin/members", looks)},
		{Name: "members-none", Response: web.Show("admin/members", admin.Members{Typed: "xyzzy", Sort: roster.Name, First: true})},
		{Name: "members-bulk", Response: web.Show("admin/members-bulk", admin.Bulk{Act: "deactivated", IDs: []string{"acc_1", "acc_2"}, Names: []string{"佐藤 花子", long}})},
		{Name: "members-bulk-put", Response: web.Show("admin/members-bulk", admin.Bulk{Act: "put", IDs: []string{"acc_1"}, Names: []string{"佐藤 花子"}, Group: groups[1]})},
		{Name: "members-one", Response: web.Show("admin/members-one", one)},
		{Name: "members-one-gone", Response: web.Show("admin/members-one", gone)},
		{Name: "members-one-above", Response: web.Show("admin/members-one", above)},
		{Name: "members-one-desk", Response: web.Show("admin/members-one", desk)},
		{Name: "members-one-self", Response: web.Show("admin/members-one", self)},
		{Name: "members-delete", Response: web.Show("admin/members-ask", del).With(faults.MemberConfirm.New())},
		{Name: "members-delete-grace", Response: web.Show("admin/members-ask", grace)},
		{Name: "members-role", Response: web.Show("admin/members-ask", role)},
		{Name: "members-session", Response: web.Show("admin/members-ask", sess)},
		{Name: "members-once", Response: web.Show("admin/members-once", admin.MemberOnce{Who: who, Act: "temporary", Word: "h7kq-2mxp-9d4w-tz6r", Until: At})},
		{Name: "members-once-code", Response: web.Show("admin/members-once", admin.MemberOnce{Who: who, Act: "code", Word: "1234 5678 9012", Until: At})},
	}
	rows := []admin.ImportRow{{N: 2, Whom: "hana@example.com", Account: "acc_1", Plan: "change", Role: plain, State: "inactive", Groups: []string{"営業", "<b>Night</b>"}, Sets: true},
		{N: 3, Whom: long, Plan: "invite"}, {N: 4, Whom: "ken@example.com", Plan: "same", Sets: true}, {N: 5, Code: faults.ImportLine.Code}, {N: 6, Whom: "acc_1", Code: faults.OrgForbidden.Code}}
	came := slices.Clone(rows)
	came[0].Outcome, came[1].Code, came[1].Outcome = "done", faults.InvitationOpen.Code, faults.InvitationOpen.Code
	pages = append(pages,
		Page{Name: "members-import", Response: web.Show("admin/members-import", admin.ImportAsk{})},
		Page{Name: "members-import-bad", Response: web.Show("admin/members-import", admin.ImportAsk{}).With(faults.ImportText.New())},
		Page{Name: "members-imported", Response: web.Show("admin/members-imported", admin.ImportShow{ID: "imp_1", Foreign: true, Change: 1, Invite: 1, Same: 1, Bad: 2, List: rows, Next: 6, First: true})},
		Page{Name: "members-imported-part", Response: web.Show("admin/members-imported", admin.ImportShow{ID: "imp_1", Change: 10, Invite: 1, Done: 3, Failed: 1, Applied: true, List: came})},
		Page{Name: "members-imported-done", Response: web.Show("admin/members-imported", admin.ImportShow{ID: "imp_1", Change: 1, Invite: 1, Done: 1, Failed: 1, Applied: true, First: true, List: came})},
	)
	for _, act := range []string{"link", "temporary", "factors", "code", "unlock", "lock", "sessions", "deactivate", "reactivate", "remove", "restore"} {
		pages = append(pages, Page{Name: "members-" + act, Response: web.Show("admin/members-ask", ask(act))})
	}
	return pages
}
