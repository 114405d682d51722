package sample

import (
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/faults"
	"sekisho/internal/flow/explain"
	"sekisho/internal/web"
	"sekisho/internal/web/admin"
)

func logged() []Page {
	var groups, kinds []string
	for _, g := range explain.Groups {
		groups = append(groups, g.Name)
		kinds = append(kinds, g.Kinds...)
	}
	var all []admin.Logged
	for i, k := range kinds {
		all = append(all, admin.Logged{Row: audit.Row{Reference: "MFRF-PYR2", At: At.Add(time.Duration(-i) * time.Hour), Kind: k, Account: "acc_01", Addr: "203.0.113.9", Agent: "Firefox 145, Windows 10", Place: "東京都, 日本"}, Name: "佐藤 花"})
	}
	rows := []admin.Logged{
		{Row: audit.Row{Reference: "MFRF-PYR2", At: At.Add(-time.Minute), Kind: audit.Refused, Code: faults.SigninIPNotAllowed.Code, Account: "acc_01", Addr: "2001:db8:abcd:12:3456:789a:bcde:f012", Agent: loud, Place: "Llanfairpwllgwyngyll, Wales"}, Name: "Wolfeschlegelsteinhausenbergerdorff"},
		{Row: audit.Row{Reference: "8HJG-QEGS", At: At.Add(-time.Hour), Kind: "policy.set", Actor: "acc_02"}, By: "acc_02", Actor: "佐藤 花"},
		{Row: audit.Row{Reference: "8HJG-QEGT", At: At.Add(-2 * time.Hour), Kind: "member.deactivated", Account: "acc_03", Actor: "operator"}, By: "operator"},
		{Row: audit.Row{Reference: "8HJG-QEGU", At: At.AddDate(0, 0, -9), Kind: "account.erased", Account: "acc_04", Actor: "acc_05", Erased: true}, By: "acc_05"},
		{Row: audit.Row{Reference: "8HJG-QEGV", At: At.AddDate(0, 0, -90), Kind: "a.kind_of_tomorrow", Account: "acc_04"}},
	}
	whole := audit.Checked{Seq: 10234567, Hash: "lQ7u+X7RHzJnKQCeOCm82AZmtEZP3cGJAIgdUKZlj1U=", Waiting: 3, At: At.Add(-5 * time.Hour), Rows: 10234000}
	broken := whole
	broken.Faults, broken.Breaks = 2, 1
	show := func(p admin.Audit) web.Response {
		p.Groups, p.Kinds, p.Most = groups, kinds[:8], explain.MostExported
		p.CSV, p.Lines = "/admin/audit/export?format=csv&group=refused", "/admin/audit/export?format=jsonl"
		return web.Show("admin/audit", p)
	}
	return []Page{
		{Name: "admin-audit", Response: show(admin.Audit{Rows: rows, Next: "/admin/audit?after=1_MFRF-PYR2", Chain: whole})},
		{Name: "admin-audit-kinds", Response: show(admin.Audit{Rows: all, Chain: broken})},
		{Name: "admin-audit-none", Response: show(admin.Audit{Asked: admin.Asked{Group: "refused", Member: long, Code: "signin.daily_limit", Since: "2026-01-01", Before: "2026-01-15", Kind: audit.Refused, By: "operator"}})},
		{Name: "admin-audit-bad", Response: show(admin.Audit{Asked: admin.Asked{Member: loud, Bad: "member"}})},
	}
}
