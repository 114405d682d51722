package sample

import (
	"slices"

	"sekisho/internal/faults"
	"sekisho/internal/org"
	"sekisho/internal/web"
	"sekisho/internal/web/admin"
)

// console are an organisation's pages; each room has its own list.
func console() []Page {
	pages := slices.Concat([]Page{
		{Name: "admin-overview", Response: web.Show("admin/overview", admin.Overview{Role: org.Owner})},
		{Name: "admin-forbidden", Response: web.Refuse(faults.OrgForbidden.New().By("関所運輸"))},
		{Name: "admin-none", Response: web.Refuse(faults.OrgNone.New())},
	})
	for i := range pages {
		pages[i].Signed = true
	}
	return pages
}
