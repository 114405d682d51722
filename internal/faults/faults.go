// Package faults is the catalogue: every code there is, with its texts in
// Japanese and English side by side, who can lift it and where its button leads.
//
// A code never changes once it is released. It decides nothing.
package faults

import (
	"sort"

	"sekisho/internal/fault"
)

var all = map[string]*fault.Entry{}

func define(e fault.Entry) *fault.Entry {
	if _, twice := all[e.Code]; twice {
		panic("fault " + e.Code + " stands twice")
	}
	all[e.Code] = &e
	return &e
}

// All lists the catalogue by code.
func All() []*fault.Entry {
	out := make([]*fault.Entry, 0, len(all))
	for _, e := range all {
		out = append(out, e)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Code < out[j].Code })
	return out
}

// ByCode finds an entry.
func ByCode(code string) (*fault.Entry, bool) {
	e, ok := all[code]
	return e, ok
}

var (
	self     = []fault.Lifter{fault.Self}
	wait     = []fault.Lifter{fault.Time}
	operator = []fault.Lifter{fault.Operator}
	both     = []fault.Lifter{fault.Self, fault.Operator}

	toSignin  = &fault.Action{Href: "/signin", Ja: "サインインする", En: "Sign in"}
	toAgain   = &fault.Action{Href: "/signin", Ja: "はじめからやり直す", En: "Start again"}
	toRecover = &fault.Action{Href: "/recover", Ja: "パスワードを再設定する", En: "Reset password"}
	toSupport = &fault.Action{Href: "/help/support", Ja: "問い合わせ先を見る", En: "See who can help"}
	toHome    = &fault.Action{Href: "/", Ja: "最初のページへ", En: "Go to the first page"}
)
