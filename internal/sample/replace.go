package sample

import (
	"time"

	"sekisho/internal/faults"
	"sekisho/internal/web"
	"sekisho/internal/web/signin"
)

// replacing are the pages that lead to a new Tegata while the sign-in lock is on.
func replacing() []Page {
	const base = "/recover/replace"
	ways := []signin.Listed{{Kind: "passkey", Path: "key", Names: []string{"青いキー"}}, {Kind: "totp", Path: "totp", Names: []string{"Pixel 8"}}, {Kind: "passphrase", Path: "passphrase"}, {Kind: "backup", Path: "backup"}}
	return []Page{
		{Name: "replace", Response: web.Show("signin/recover", signin.Recover{Base: base, Typed: hana})},
		{Name: "replace-malformed", Response: web.Show("signin/recover", signin.Recover{Base: base, Typed: "hana@"}).With(faults.IdentifierMalformed.New())},
		{Name: "replace-code", Response: web.Show("signin/code", signin.Code{Digits: 6, Base: base + "/code", Flow: flow, Typed: hana, Way: "replace", Wait: 42, Sent: true})},
		{Name: "replace-link", Response: web.Show("signin/link", signin.Link{Base: base, Token: "token", Same: true})},
		{Name: "replace-link-elsewhere", Response: web.Show("signin/link", signin.Link{Base: base, Token: "token"})},
		{Name: "replace-other", Response: web.Show("signin/other", signin.Other{Base: base, Flow: flow, Typed: hana, Ways: ways, Strong: true})},
		{Name: "replace-begun", Response: web.Show("signin/other", signin.Other{Base: base, Flow: flow, Typed: hana, Ways: ways[:2], Strong: true, May: true, Begun: true})},
		{Name: "replace-more", Response: web.Show("signin/other", signin.Other{Base: base, Flow: flow, Typed: long, Ways: ways[:2], Strong: true, May: true})},
		{Name: "replace-key", Response: web.Show("signin/key", signin.Key{Base: base, Flow: flow, Typed: hana, Names: []string{"青いキー"}, Other: true})},
		{Name: "replace-passphrase", Response: web.Show("signin/prove", signin.Prove{Base: base, Path: "passphrase", Flow: flow, Typed: hana, Kind: "passphrase", Sent: true, Other: true})},
		{Name: "replace-waiting", Response: web.Show("signin/waiting", signin.Waiting{Base: base, Until: At.Add(24 * time.Hour), Typed: hana})},
		{Name: "replace-ready", Response: web.Show("signin/ready-now", signin.Ready{Base: base, Token: "token"})},
		{Name: "replace-cancel", Response: web.Show("signin/cancel", signin.Cancel{Token: "token", Until: At.Add(24 * time.Hour), Replaces: true})},
		{Name: "replace-open", Response: web.Show("signin/replace", signin.Replace{Flow: flow, State: "open", URI: "https://id.example.com/tegata/#enrol=ticket", Picture: drawn})},
		{Name: "replace-compare", Response: web.Show("signin/replace", signin.Replace{Flow: flow, State: "waiting", Number: "4821", Name: "Pixel 9（仕事用のスマートフォン、二台目）"})},
		{Name: "replace-here", Response: web.Show("signin/replace", signin.Replace{Flow: flow, State: "here", Number: "4821", Name: "Pixel 9"})},
		{Name: "replace-done", Response: web.Show("signin/replaced", signin.Replaced{})},
		{Name: "lock-not-on", Response: web.Refuse(faults.LockNotOn.New())},
		{Name: "lock-no-proofs", Response: web.Refuse(faults.LockNoProofs.New())},
	}
}
