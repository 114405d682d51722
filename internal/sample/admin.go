package sample

import (
	"slices"

	"sekisho/internal/faults"
	"sekisho/internal/web"
	"sekisho/internal/web/admin"
)

// console are an organisation's pages; each room has its own list.
func console() []Page {
	pages := slices.Concat([]Page{
		{Name: "admin-find", Response: web.Show("admin/find", admin.Find{Typed: "メン", List: []admin.Found{{Href: "/admin/members", Icon: "person", Name: "メンバー", Note: "ページ"}, {Href: "/admin/members/acc_1", Icon: "person", Name: "Wolfeschlegelsteinhausenbergerdorff", Note: long}}})},
		{Name: "admin-find-none", Response: web.Show("admin/find", admin.Find{Typed: "xyzzy"})},
		{Name: "admin-forbidden", Response: web.Refuse(faults.OrgForbidden.New().By("関所運輸"))},
		{Name: "admin-none", Response: web.Refuse(faults.OrgNone.New())},
	},
		joining(), members(),
		explained(),
		consoleDesk(),
		consoleHooks(),
		consoleTokens(),
		logged(),
		summed(),
		policyPages(),
	)
	for i := range pages {
		pages[i].Signed = true
	}
	return pages
}
