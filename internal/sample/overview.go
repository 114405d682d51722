package sample

import (
	"sekisho/internal/audit"
	"sekisho/internal/faults"
	"sekisho/internal/flow/explain"
	"sekisho/internal/gate"
	"sekisho/internal/org"
	"sekisho/internal/ready"
	"sekisho/internal/web"
	"sekisho/internal/web/admin"
)

func summed() []Page {
	var month, quiet explain.Month
	for i := range 30 {
		d := explain.Day{Begins: At.AddDate(0, 0, i-29), In: int64(i*i%37*3 + i%7), Out: int64(i % 5)}
		month.Days, month.In, month.Out = append(month.Days, d), month.In+d.In, month.Out+d.Out
		quiet.Days = append(quiet.Days, explain.Day{Begins: d.Begins})
	}
	month.Codes = []explain.Coded{{Code: faults.SigninNotRecognised.Code, N: 31}, {Code: faults.SigninIPNotAllowed.Code, N: 17}, {Code: faults.SessionLimit.Code, N: 9}, {Code: faults.SigninDailyLimit.Code, N: 2}, {Code: "a.code.of.tomorrow", N: 1}}
	figures := &explain.Figures{At: At, Members: 120, Out: 3, Second: 84, Demanded: 10, Missing: 4, Safe: 71, Owners: 1, Quiet: 2,
		Kinds: map[gate.Kind]int{gate.Tegata: 60, gate.TOTP: 40, gate.Passkey: 12, gate.Backup: 80}, Losses: map[ready.Loss]int{ready.Phone: 31, ready.Inbox: 2}}
	full := admin.Overview{Role: org.Owner, Log: true, Members: true, Month: month, Figures: figures}
	full.Draw()
	full.Ask(audit.Checked{Faults: 2}, true)
	none := admin.Overview{Role: org.Admin, Log: true, Members: true, Month: quiet, Figures: &explain.Figures{At: At, Members: 1, Second: 1, Safe: 1, Owners: 2, Demanded: 1}}
	none.Draw()
	none.Ask(audit.Checked{}, false)
	many := admin.Overview{Role: org.Auditor, Log: true, Members: true, Month: quiet}
	many.Draw()
	many.Ask(audit.Checked{}, false)
	return []Page{
		{Name: "admin-overview", Response: web.Show("admin/overview", full)},
		{Name: "admin-overview-quiet", Response: web.Show("admin/overview", none)},
		{Name: "admin-overview-many", Response: web.Show("admin/overview", many)},
		{Name: "admin-overview-little", Response: web.Show("admin/overview", admin.Overview{})},
	}
}
