package sample

import (
	"time"

	"sekisho/internal/faults"
	"sekisho/internal/flow/allow"
	"sekisho/internal/policy"
	"sekisho/internal/web"
	"sekisho/internal/web/me"
	"sekisho/internal/web/signin"
)

const from = "2001:db8:1234:5678:9abc:def0:1234:5678"

var entries = []policy.Entry{{Address: "203.0.113.7", Name: "自宅"}, {Address: "192.0.2.0/24"},
	{Address: "2001:db8:ffff:ffff:ffff:ffff:ffff:0-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", Name: "Night shift operations and logistics, second floor, behind the canteen"}}

// allowedPages are those of the owner's own list of addresses.
func allowedPages() []Page {
	_, flaw := policy.ParseAddresses("203.0.113.7 Home\n192.0.2.77/24 Office")
	edit := me.AllowedEdit{Text: "203.0.113.7 自宅\n192.0.2.77/24 職場\n", From: from, Version: 7, Lines: allow.MostOwn, Add: true}
	now := edit
	now.Now = entries
	return []Page{
		{Name: "allowed", Response: web.Show("me/allowed", me.Allowed{List: entries, From: "203.0.113.7", Inside: true, Done: "saved", Org: "株式会社 関所運輸 東日本支社 情報システム部", Policy: "本社と倉庫", Orgs: entries})},
		{Name: "allowed-none", Response: web.Show("me/allowed", me.Allowed{From: from, Inside: true})},
		{Name: "allowed-pending", Response: web.Show("me/allowed", me.Allowed{List: entries, From: "203.0.113.7", Inside: true, Until: At.Add(8 * time.Minute), Before: entries[:1]})},
		{Name: "allowed-pending-here", Response: web.Show("me/allowed", me.Allowed{List: entries, From: from, Until: At.Add(8 * time.Minute), Here: true})},
		{Name: "allowed-edit", Response: web.Show("me/allowed-edit", edit)},
		{Name: "allowed-edit-malformed", Response: web.Show("me/allowed-edit", edit).With(allow.Malformed(flaw))},
		{Name: "allowed-edit-changed", Response: web.Show("me/allowed-edit", now).With(faults.RulesChanged.New())},
		{Name: "allowed-waits", Response: web.Show("me/allowed-waits", me.AllowedWaits{From: from, Until: At.Add(10 * time.Minute), Link: "https://id.example.com/me/allowed"})},
		{Name: "allowed-refused-own", Response: web.Refuse(faults.SigninIPNotAllowed.New("kind", policy.ByOwner, "address", from).Until(At.Add(5 * time.Minute)))},
		{Name: "allowed-refused-org", Response: web.Refuse(faults.SigninIPNotAllowed.New("address", from).By("株式会社 関所運輸"))},
		{Name: "allowed-lifts", Response: web.Show("signin/new-password", signin.NewPassword{Base: "/recover/password", Flow: flow, Typed: hana, Min: 15, Lifts: true})},
	}
}
