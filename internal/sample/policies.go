package sample

import (
	"time"

	"sekisho/internal/faults"
	"sekisho/internal/flow/allow"
	"sekisho/internal/flow/explain"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/web"
	"sekisho/internal/web/admin"
)

// policyPages are those of an organisation's policies.
func policyPages() []Page {
	list, _ := policy.ListOf(entries)
	strict := policy.AAL2.Parts()
	strict.Name, strict.Address = "本社と倉庫", &list
	none := policy.Policy{Name: "Night shift operations and logistics, second floor, behind the canteen"}
	all := admin.Target{Whom: policy.All, Kind: "all"}
	group := admin.Target{Whom: "grp_1", Kind: "group", Name: "営業"}
	one := admin.Target{Whom: "acc_1", Kind: "member", Name: "Wolfeschlegelsteinhausenbergerdorff"}
	rules := []admin.Ruling{{ID: "pol_1", Name: strict.Name, Version: 3, Parts: strict.Set(), For: []admin.Target{all}, Not: []admin.Target{one, group}, First: true},
		{ID: "pol_2", Name: none.Name, Version: 1, Last: true}}
	everybody := policy.Resolve()
	standard := policy.Group(everybody.Values())
	waits := admin.Waits{What: strict.Name, Until: At.Add(8 * time.Minute)}
	here := waits
	here.Here = true
	edit := admin.PolicyEdit{ID: "pol_1", Name: strict.Name, Version: 3, Form: admin.FieldsOf(strict), From: from, Presets: policy.Presets}
	for n := range 30 {
		edit.Days = append(edit.Days, n+1)
	}
	unset, filled, changed, tried := edit, edit, edit, edit
	unset.Form, filled.Preset = admin.FieldsOf(none), policy.AAL2
	changed.Now = strict.Set()
	tried.Preview = &admin.Preview{Report: explain.Report{Seen: explain.Tally{Members: 120, Signins: 3000}, Stops: explain.Tally{Members: 14, Signins: 90}, NoFactor: 3, Grace: 9, You: true,
		Asks: explain.Tally{Members: 4}, Rules: []explain.Ruled{{Rule: "address.policy", Code: faults.SigninIPNotAllowed.Code, Source: strict.Name, Tally: explain.Tally{Members: 11}}}}, Owners: 2, Bare: 2}
	tried.Form.Here = true
	quiet := edit
	quiet.Preview = &admin.Preview{Report: explain.Report{Seen: explain.Tally{Members: 120}}, Owners: 3, Bare: 1}
	_, flaw := policy.ParseAddresses("192.0.2.77/24 Office")
	return []Page{
		{Name: "admin-policies", Response: web.Show("admin/policies", admin.Policies{List: rules, Default: standard, Waits: waits, May: true, Done: "moved"})},
		{Name: "admin-policies-none", Response: web.Show("admin/policies", admin.Policies{Default: standard, May: true})},
		{Name: "admin-policies-seen", Response: web.Show("admin/policies", admin.Policies{List: rules, Default: standard, Waits: here})},
		{Name: "admin-policies-one", Response: web.Show("admin/policies-one", admin.PolicyOne{Ruling: rules[0], Groups: []org.Group{{ID: "grp_1", Name: "営業"}}, May: true, Done: "saved"})},
		{Name: "admin-policies-one-none", Response: web.Show("admin/policies-one", admin.PolicyOne{Ruling: rules[1], Typed: hana, May: true, Waits: here}).With(faults.OrgGone.New())},
		{Name: "admin-policies-one-seen", Response: web.Show("admin/policies-one", admin.PolicyOne{Ruling: rules[0]})},
		{Name: "admin-policies-new", Response: web.Show("admin/policies-new", admin.PolicyNew{Preset: "mission", Presets: policy.Presets})},
		{Name: "admin-policies-new-taken", Response: web.Show("admin/policies-new", admin.PolicyNew{Name: strict.Name, Preset: "none", Presets: policy.Presets}).With(faults.OrgTaken.New())},
		{Name: "admin-policies-edit", Response: web.Show("admin/policies-edit", edit)},
		{Name: "admin-policies-edit-unset", Response: web.Show("admin/policies-edit", unset)},
		{Name: "admin-policies-edit-filled", Response: web.Show("admin/policies-edit", filled)},
		{Name: "admin-policies-edit-changed", Response: web.Show("admin/policies-edit", changed).With(faults.RulesChanged.New())},
		{Name: "admin-policies-edit-tried", Response: web.Show("admin/policies-edit", tried)},
		{Name: "admin-policies-edit-quiet", Response: web.Show("admin/policies-edit", quiet)},
		{Name: "admin-policies-edit-malformed", Response: web.Show("admin/policies-edit", edit).With(allow.Malformed(flaw))},
		{Name: "admin-policies-remove", Response: web.Show("admin/policies-remove", admin.PolicyRemove{Ruling: rules[1]})},
		{Name: "admin-policies-waits", Response: web.Show("admin/policies-waits", admin.PolicyWaits{From: from, What: strict.Name, Until: At.Add(10 * time.Minute), Link: "https://id.example.com/admin/policies"})},
	}
}
