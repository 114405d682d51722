package sample

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/faults"
	"sekisho/internal/flow/explain"
	"sekisho/internal/gate"
	"sekisho/internal/policy"
	"sekisho/internal/web"
	"sekisho/internal/web/admin"
)

const loud = `<script>alert("関所")</script> & "'` // what somebody calls their browser

// every is a trace in which each rule was looked at, and the last one refused.
func everyRule(last string) (out []explain.Step) {
	for _, name := range gate.Rules() {
		s := explain.Step{Act: gate.Enter, Step: gate.Step{Rule: name, Verdict: gate.Admit}}
		if strings.HasPrefix(name, "limit.") || name == "method.offered" {
			s.Act, s.Kind = gate.Try, gate.Password
		}
		switch name {
		case "proof.second":
			s.Source, s.Saw = policy.DefaultName, "trusted browser"
		case "factor.demanded":
			s.Source, s.Saw, s.Org = "情報システム", "grace", true
		}
		out = append(out, s)
	}
	return append(slices.DeleteFunc(out, func(s explain.Step) bool { return s.Rule == last }),
		explain.Step{Act: gate.Enter, Step: gate.Step{Rule: last, Verdict: gate.Refuse, Source: "夜間当直 & <b>", Saw: "2001:db8:abcd:12:3456:789a:bcde:f012"}, Org: true})
}

func explained() []Page {
	kept := &gate.Kept{V: 1, State: gate.Active, Proofs: []gate.Proof{{Kind: gate.Password}}, Set: []gate.Kind{gate.Tegata, gate.TegataCode, gate.TOTP, gate.Passkey, gate.SMSCode, gate.Backup, gate.Passphrase},
		OnFile: []gate.Kind{gate.Password, gate.MailCode}, Own: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Today: 49, Sessions: 50, Unusual: true, MustChange: true, Recovers: true, Locked: true, Contained: true}
	who := account.Account{ID: "acc_01", Name: "Wolfeschlegelsteinhausenbergerdorff", Username: "wolfe", Email: account.Address{Identifier: account.Identifier{Kind: account.Email, Norm: long, Shown: long}}}
	row := audit.Row{Reference: "MFRF-PYR2", At: At.Add(-3 * time.Minute), Kind: audit.Refused, Account: who.ID, Code: faults.SigninIPNotAllowed.Code, Addr: "2001:db8:abcd:12:3456:789a:bcde:f012", Agent: loud, Place: "Llanfairpwllgwyngyll, Wales"}
	steps := everyRule("address.policy")
	no := explain.Answer{Verdict: gate.Refuse, Code: faults.SigninIPNotAllowed.Code, Steps: steps, Facts: kept, Whose: "関所運輸"}
	yes := explain.Answer{Verdict: gate.Admit, Level: gate.Multi, Steps: steps[:8], Facts: kept}
	more := explain.Answer{Verdict: gate.Prove, Need: gate.NeedSecond, Ways: []gate.Kind{gate.TOTP, gate.Backup}, Steps: steps, Facts: kept}
	refused := explain.Diagnosis{Row: row, Account: who, Member: true, Door: gate.OIDC, Proofs: []string{"pwd", "otp.app", "mfa"}, Facts: kept, Steps: steps, Fault: faults.SigninIPNotAllowed, Whose: "関所運輸", Changed: true, Now: &yes}
	looked := explain.Answer{Verdict: gate.Admit, Proof: true, Steps: steps[:5]}
	wrong := explain.Diagnosis{Row: row, Account: who, Member: true, Door: gate.Web, Kind: "password", Truth: "wrong", Fault: faults.SigninNotRecognised, Now: &looked}
	wrong.Row.Code, wrong.Row.Agent = faults.SigninNotRecognised.Code, "Firefox · Windows"
	gone := wrong
	gone.Row.Erased, gone.Row.Addr, gone.Row.Agent, gone.Row.Place, gone.Member, gone.Now, gone.Truth = true, "", "", "", false, nil, ""
	other := explain.Diagnosis{Row: audit.Row{Reference: "8HJG-QEGS", At: At, Kind: "member.role_changed", Account: who.ID, Actor: "acc_02", Detail: json.RawMessage(`{"role":"admin","was":"<i>","parts":{"session":{"lifetime":86400}},"order":["a","b"]}`)}, Account: who, Member: true}
	stands := explain.Standing{Account: who, Can: []gate.Kind{gate.Password, gate.TOTP}, Sessions: 3, From: row.Addr, Now: more, Latest: []audit.Row{row, {Reference: "AAAA-BBBB", At: At, Kind: audit.Succeeded, Account: who.ID}}}
	asked := admin.If{Member: long, From: "203.0.113.9", At: "2026-01-15T18:00", Methods: []string{"password", "totp"}, Browser: "known", Door: "web", Zone: "JST", Kinds: explain.Methods, Browsers: explain.Browsers, Doors: explain.Doors,
		Answer: admin.AnswerOf(&no), Values: []admin.Setting{{Part: "password", Source: "全社", Org: true}, {Part: "second_factor", Source: policy.DefaultName}, {Part: "session", Source: "全社", Org: true}, {Part: "address", Source: "夜間当直", Org: true}}}
	empty := admin.If{Methods: []string{"password"}, Browser: "known", Door: "web", Zone: "JST", Kinds: explain.Methods, Browsers: explain.Browsers, Doors: explain.Doors}
	bad := empty
	bad.Member, bad.From, bad.Bad = "hana", "10.0.0.256", "from"
	show := func(p admin.Why) web.Response { return web.Show("admin/why", p) }
	return []Page{
		{Name: "admin-why", Response: show(admin.Why{})},
		{Name: "admin-why-refused", Response: show(admin.Why{Typed: "mfrf-pyr2", One: admin.ToldOf(refused)})},
		{Name: "admin-why-wrong", Response: show(admin.Why{Typed: "mfrf-pyr2", One: admin.ToldOf(wrong)})},
		{Name: "admin-why-gone", Response: show(admin.Why{Typed: "mfrf-pyr2", One: admin.ToldOf(gone)})},
		{Name: "admin-why-other", Response: show(admin.Why{Typed: "8hjg-qegs", One: admin.ToldOf(other)})},
		{Name: "admin-why-member", Response: show(admin.Why{Typed: long, Member: &admin.Stands{Standing: stands, Now: *admin.AnswerOf(&more)}})},
		{Name: "admin-why-missing", Response: show(admin.Why{Typed: loud}).With(faults.OrgGone.New())},
		{Name: "admin-if", Response: web.Show("admin/why-if", empty)},
		{Name: "admin-if-answer", Response: web.Show("admin/why-if", asked)},
		{Name: "admin-if-bad", Response: web.Show("admin/why-if", bad)},
	}
}
