// Package sample is the gallery: every page with data that shows what it can look
// like, long names and empty lists among it. Tests look at all of it in both
// languages; nothing here is part of the program.
package sample

import (
	"html/template"
	"net/netip"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/factor/totp"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/grant"
	"sekisho/internal/i18n"
	"sekisho/internal/oidc"
	"sekisho/internal/org"
	"sekisho/internal/outbox"
	"sekisho/internal/policy"
	"sekisho/internal/ready"
	"sekisho/internal/ref"
	"sekisho/internal/session"
	"sekisho/internal/web"
	"sekisho/internal/web/help"
	"sekisho/internal/web/mailbox"
	"sekisho/internal/web/me"
	"sekisho/internal/web/signin"
)

// Page is one sample.
type Page struct {
	Name     string
	Response web.Response
	Signed   bool
}

// At is the instant of all samples.
var At = time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)

const (
	flow  = "flw_01kf0e7st00000000000000000"
	hana  = "hana@example.com"
	long  = "a.very.long.mailbox.name.that.nobody.would.choose@subdomain.of.an.organisation.example.com"
	fox   = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
	phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1"
)

// drawn is a picture to scan.
var drawn = func() template.HTML {
	svg, err := totp.SVG("https://id.example.com/tegata/#signin=code")
	if err != nil {
		panic(err)
	}
	return template.HTML(svg) //nolint:gosec // drawn by us
}()

var sessions = []session.Session{
	{ID: "ses_01kf0e7st00000000000000001", Created: At.Add(-50 * time.Hour), LastUsed: At.Add(-time.Minute), Expires: At.Add(600 * time.Hour), AMR: []string{"pwd", "otp.app", "mfa"}, Keep: true, Agent: fox, Addr: "203.0.113.20", Place: "東京都, 日本"},
	{ID: "ses_01kf0e7st00000000000000002", Created: At.Add(-300 * time.Hour), LastUsed: At.Add(-26 * time.Hour), Expires: At.Add(400 * time.Hour), AMR: []string{"otp.mail"}, Agent: phone, Addr: "2001:db8:77::5"},
	{ID: "ses_01kf0e7st00000000000000003", Created: At.Add(-3 * time.Hour), LastUsed: At.Add(-2 * time.Hour), Expires: At.Add(700 * time.Hour), AMR: []string{"pwd"}, Addr: "192.0.2.44", Place: "Berlin, Germany"},
}

// everybody is what holds where no organisation says otherwise; member is what holds for
// somebody in one.
var everybody = policy.Resolve()

var member = policy.NewRules(policy.Rules{Org: "org_1", Name: "関所運輸"}, []policy.Assigned{{Policy: policy.Policy{Name: "夜間の当直", Session: &policy.Session{Lifetime: 24 * time.Hour, Idle: 15 * time.Minute, Concurrent: 1},
	SecondFactor: &policy.SecondFactor{Demanded: true, Kinds: []string{"tegata", "passkey"}, GraceDays: 7},
	Address:      &policy.Address{Allowed: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8:1234:5678::/64")}}},
	Targets: []policy.Target{{Whom: policy.All}}}}).Of("acc_1", policy.Place{Org: "org_1"}, everybody)

var events = []audit.Row{
	{Reference: "7K2M-9QXP", At: At.Add(-5 * time.Minute), Kind: "signin.succeeded", Agent: "Firefox 145, Windows 10", Addr: "203.0.113.20", Place: "東京都, 日本"},
	{Reference: "7K2M-9QXR", At: At.Add(-time.Hour), Kind: "signin.refused", Code: "signin.not_recognised", Agent: "Chrome 142, Linux", Addr: "192.0.2.44", Place: "Berlin, Germany"},
	{Reference: "7K2M-9QXT", At: At.Add(-26 * time.Hour), Kind: "password.changed", Agent: "Safari 19, iOS 19", Addr: "2001:db8:77::5"},
	{Reference: "7K2M-9QXV", At: At.Add(-400 * time.Hour), Kind: "account.created"},
}

// Pages lists the gallery.
func Pages() []Page {
	return slices.Concat(entering(), own(), console(), invitations(), deskPages(), others())
}

func entering() []Page {
	wait := faults.SigninTooManyAttempts.New("wait", 15*time.Minute).Until(At.Add(15 * time.Minute))
	wait.Reference = "7K2M-9QXP"
	wrong := faults.SigninNotRecognised.New()
	wrong.Reference = "7K2M-9QXP"
	code := signin.Code{Digits: 6, Base: "/signin/code", Flow: flow, Typed: hana, Way: "signin", Other: true, Wait: 42, Sent: true}
	join := signin.Code{Digits: 6, Base: "/signup/code", Flow: flow, Typed: long, Way: "join", Sent: true}
	list := []signin.Entry{{Slot: 0, Here: true, Name: "佐藤 花", Email: hana}, {Slot: 1, Name: "Sekisho Operations", Email: long}}
	return []Page{
		{Name: "identify", Response: web.Show("signin/identify", signin.Identify{Open: true, Held: 2, Tegata: true})},
		{Name: "identify-unknown", Response: web.Show("signin/identify", signin.Identify{Typed: long, Open: true}).With(faults.SigninNotRecognised.New("disclosed", true))},
		{Name: "password", Response: web.Show("signin/password", signin.Password{Flow: flow, Typed: hana, Other: true})},
		{Name: "password-wrong", Response: web.Show("signin/password", signin.Password{Flow: flow, Typed: long, Other: true, Keep: true}).With(wrong)},
		{Name: "password-wait", Response: web.Show("signin/password", signin.Password{Flow: flow, Typed: hana}).With(wait)},
		{Name: "other", Response: web.Show("signin/other", signin.Other{Base: "/signin", Flow: flow, Typed: hana, First: true, Ways: []signin.Listed{{Kind: "password", Path: "password"}, {Kind: "mailcode", Path: "code", Sends: true}, {Kind: "passkey", Path: "key"}}})},
		{Name: "code", Response: web.Show("signin/code", code)},
		{Name: "code-wrong", Response: web.Show("signin/code", code).With(faults.CodeWrong.New())},
		{Name: "code-join", Response: web.Show("signin/code", join)},
		{Name: "prove-totp", Response: web.Show("signin/prove", signin.Prove{Base: "/signin", Path: "totp", Flow: flow, Typed: hana, Kind: "totp", Digits: 6, Names: []string{"Pixel 8"}, Sent: true, Trust: 180, Other: true, Device: true})},
		{Name: "prove-skew", Response: web.Show("signin/prove", signin.Prove{Base: "/signin", Path: "totp", Flow: flow, Typed: hana, Kind: "totp", Digits: 6, Names: []string{"Pixel 8"}, Sent: true, Other: true}).With(faults.CodeClockSkew.New("drift", i18n.Drift(5*time.Minute)))},
		{Name: "prove-sms", Response: web.Show("signin/prove", signin.Prove{Base: "/signin", Path: "sms", Flow: flow, Typed: hana, Kind: "smscode", Digits: 6, Names: []string{"••••678"}, Sent: true, Sends: true, Wait: 42, Trust: 180, Delivery: "handed", Other: true, Device: true})},
		{Name: "prove-sms-failed", Response: web.Show("signin/prove", signin.Prove{Base: "/signin", Path: "sms", Flow: flow, Typed: hana, Kind: "smscode", Digits: 6, Names: []string{"••••678"}, Sent: true, Sends: true, Delivery: "not_sent", Other: true, Device: true}).With(faults.SMSFailed.New())},
		{Name: "prove-sms-send", Response: web.Show("signin/prove", signin.Prove{Base: "/signin", Path: "sms", Flow: flow, Typed: hana, Kind: "smscode", Digits: 6, Names: []string{"••••678"}, Sends: true, Other: true})},
		{Name: "prove-mail", Response: web.Show("signin/prove", signin.Prove{Base: "/signin", Path: "code", Flow: flow, Typed: hana, Kind: "mailcode", Names: []string{"ha•••@example.com"}, Sent: true, Sends: true})},
		{Name: "prove-backup", Response: web.Show("signin/prove", signin.Prove{Base: "/signin", Path: "backup", Flow: flow, Typed: hana, Kind: "backup", Digits: 12, Sent: true, Other: true}).With(faults.CodeWrong.New("kind", "backup"))},
		{Name: "prove-passphrase", Response: web.Show("signin/prove", signin.Prove{Base: "/signin", Path: "passphrase", Flow: flow, Typed: long, Kind: "passphrase", Sent: true, Other: true}).With(faults.PassphraseWrong.New())},
		{Name: "key", Response: web.Show("signin/key", signin.Key{Base: "/signin", Flow: flow, Typed: hana, Names: []string{"青いキー", "MacBook"}, Trust: 180, Other: true, Device: true})},
		{Name: "second-other", Response: web.Show("signin/other", signin.Other{Base: "/signin", Flow: flow, Typed: hana, Ways: []signin.Listed{{Kind: "totp", Path: "totp", Names: []string{"Pixel 8"}}, {Kind: "smscode", Path: "sms", Names: []string{"••••678"}, Sends: true}, {Kind: "passkey", Path: "key", Names: []string{"青いキー"}}, {Kind: "backup", Path: "backup"}, {Kind: "passphrase", Path: "passphrase"}}})},
		{Name: "reach", Response: web.Show("signin/other", signin.Other{Base: "/signin", Flow: flow, Typed: hana, Reach: true, More: true, Ways: []signin.Listed{{Kind: "backup", Path: "backup"}, {Kind: "passphrase", Path: "passphrase"}}})},
		{Name: "reach-first", Response: web.Show("signin/other", signin.Other{Base: "/signin", Flow: flow, Typed: hana, First: true, Reach: true, Ways: []signin.Listed{{Kind: "another", Path: "qr"}, {Kind: "password", Path: "password"}, {Kind: "mailcode", Path: "code", Sends: true}, {Kind: "smscode", Path: "sms", Sends: true}}})},
		{Name: "reach-none", Response: web.Show("signin/other", signin.Other{Base: "/signin", Flow: flow, Typed: hana, Reach: true})},
		{Name: "elevate-totp", Response: web.Show("signin/prove", signin.Prove{Base: "/signin", Path: "totp", Flow: flow, Typed: hana, Kind: "totp", Digits: 6, Names: []string{"Pixel 8"}, Sent: true, Other: true, StepUp: true})},
		{Name: "elevate", Response: web.Show("signin/password", signin.Password{Flow: flow, Typed: hana, Other: true, StepUp: true})},
		{Name: "prove-password", Response: web.Show("signin/prove", signin.Prove{Base: "/signin", Path: "password", Flow: flow, Typed: hana, Kind: "password", Sent: true, Other: true})},
		{Name: "recover-totp", Response: web.Show("signin/prove", signin.Prove{Base: "/recover", Path: "totp", Flow: flow, Typed: hana, Kind: "totp", Digits: 6, Names: []string{"Pixel 8"}, Sent: true, Other: true, Device: true})},
		{Name: "recover-key", Response: web.Show("signin/key", signin.Key{Base: "/recover", Flow: flow, Typed: hana, Names: []string{"青いキー"}, Other: true, Device: true})},
		{Name: "recover-other", Response: web.Show("signin/other", signin.Other{Base: "/recover", Flow: flow, Typed: hana, Ways: []signin.Listed{{Kind: "totp", Path: "totp", Names: []string{"Pixel 8"}}, {Kind: "smscode", Path: "sms", Names: []string{"••••678"}, Sends: true}, {Kind: "backup", Path: "backup"}}})},
		{Name: "recover-code-mobile", Response: web.Show("signin/code", signin.Code{Digits: 6, Base: "/recover/code", Flow: flow, Typed: "+81 90 1234 5678", Way: "recover", Mobile: true, Sent: true})},
		{Name: "cannot", Response: web.Show("signin/cannot", signin.Cannot{Base: "/signin", Flow: flow, Typed: hana, Other: true, Key: true, First: true})},
		{Name: "cannot-second", Response: web.Show("signin/cannot", signin.Cannot{Base: "/signin", Flow: flow, Typed: long, Other: true, Device: true, Key: true})},
		{Name: "recover-waiting", Response: web.Show("signin/waiting", signin.Waiting{Base: "/recover", Until: At.Add(24 * time.Hour), Typed: hana})},
		{Name: "recover-ready", Response: web.Show("signin/ready-now", signin.Ready{Base: "/recover", Token: "token"})},
		{Name: "recover-cancel", Response: web.Show("signin/cancel", signin.Cancel{Token: "token", Until: At.Add(24 * time.Hour)})},
		{Name: "ready-anew", Response: web.Show("signin/ready", signin.Left{Need: "factors_anew", Return: "/me"})},
		{Name: "ready-way-back", Response: web.Show("signin/ready", signin.Left{Need: "way_back", Return: "/me"})},
		{Name: "ready-passkey", Response: web.Show("signin/ready", signin.Left{Need: "passkey", Return: "/me"})},
		{Name: "ready-backup", Response: web.Show("signin/ready", signin.Left{Need: "backup_codes", Return: "/me"})},
		{Name: "push", Response: web.Show("signin/push", signin.Push{Base: "/signin", Flow: flow, Typed: hana, Number: "47", Names: []string{"Pixel 8"}, Trust: 180, Device: true,
			Others: []signin.Listed{{Kind: "scan", Path: "qr", Names: []string{"Pixel 8"}}, {Kind: "tegatacode", Path: "tegata-code", Names: []string{"Pixel 8"}}, {Kind: "backup", Path: "backup"}}})},
		{Name: "push-silent", Response: web.Show("signin/push", signin.Push{Base: "/signin", Flow: flow, Typed: hana, Number: "05", Names: []string{"Pixel 8", "太郎のiPad"}, Silent: true,
			Others: []signin.Listed{{Kind: "smscode", Path: "sms", Names: []string{"••• •••• 1234"}, Sends: true}}})},
		{Name: "push-first", Response: web.Show("signin/push", signin.Push{Base: "/signin", Flow: flow, Typed: hana, First: true, Device: true, Others: []signin.Listed{{Kind: "password", Path: "password"}}})},
		{Name: "push-cancelled", Response: web.Show("signin/push", signin.Push{Base: "/signin", Flow: flow, Typed: hana, Names: []string{"Pixel 8"},
			Others: []signin.Listed{{Kind: "backup", Path: "backup"}}}).With(faults.PushCancelled.New())},
		{Name: "push-denied", Response: web.Show("signin/push", signin.Push{Base: "/signin", Flow: flow, Typed: hana, Names: []string{"Pixel 8"}, Denied: true,
			Others: []signin.Listed{{Kind: "backup", Path: "backup"}}}).With(faults.PushDenied.New())},
		{Name: "push-stale-recover", Response: web.Show("signin/push", signin.Push{Base: "/recover", Flow: flow, Typed: hana, Number: "31", Names: []string{"Pixel 8"}, Stale: true})},
		{Name: "push-stale", Response: web.Show("signin/push", signin.Push{Base: "/signin", Flow: flow, Typed: hana, Number: "31", Names: []string{"Pixel 8"}, Stale: true})},
		{Name: "scan", Response: web.Show("signin/scan", signin.Scan{Base: "/signin", Flow: flow, URI: "https://id.example.com/tegata/#signin=code", Picture: drawn, First: true})},
		{Name: "limit", Response: web.Show("signin/sessions", signin.Limit{Flow: flow, Typed: hana, Reference: "7K2M-9QXP", Sessions: sessions})},
		{Name: "new-password", Response: web.Show("signin/new-password", signin.NewPassword{Base: "/recover/password", Flow: flow, Typed: hana, Min: 15}).With(faults.PasswordCommon.New())},
		{Name: "signup", Response: web.Show("signin/signup", signin.SignUp{})},
		{Name: "setup", Response: web.Show("signin/setup", signin.Setup{Key: "key", Min: 15})},
		{Name: "setup-short", Response: web.Show("signin/setup", signin.Setup{Key: "key", Name: "佐藤 花", Email: hana, Min: 15}).With(faults.PasswordTooShort.New("min", 15))},
		{Name: "recover", Response: web.Show("signin/recover", signin.Recover{Base: "/recover", Typed: hana})},
		{Name: "link-same", Response: web.Show("signin/link", signin.Link{Base: "/recover", Token: "token", Same: true})},
		{Name: "link-elsewhere", Response: web.Show("signin/link", signin.Link{Base: "/recover", Token: "token"})},
		{Name: "link-given", Response: web.Show("signin/link", signin.Link{Base: "/recover", Token: "token", Given: true})},
		{Name: "notice", Response: web.Show("signin/notice", signin.Notice{Token: "token", Name: "佐藤 花", At: At.Add(-time.Hour), Session: sessions[1]})},
		{Name: "notice-ended", Response: web.Show("signin/notice", signin.Notice{Token: "token", Name: "佐藤 花", At: At.Add(-time.Hour)})},
		{Name: "notice-handled", Response: web.Show("signin/notice", signin.Notice{Handled: true})},
		{Name: "answered-mine", Response: web.Show("signin/answered", signin.Answered{Mine: true})},
		{Name: "answered-contained", Response: web.Show("signin/answered", signin.Answered{})},
		{Name: "missing", Response: web.Show("signin/missing", signin.Missing{Email: hana, Return: "/me"})},
		{Name: "accounts", Response: web.Show("signin/accounts", signin.Accounts{List: list})},
		{Name: "accounts-none", Response: web.Show("signin/accounts", signin.Accounts{})},
		{Name: "signout", Response: web.Show("signin/signout", signin.Signout{List: list})},
		{Name: "signed-out", Response: web.Show("signin/signed-out", signin.SignedOut{})},
	}
}

func own() []Page {
	rows := make([]audit.Row, 0, 8)
	rows = append(append(rows, events...), events...)
	pages := []Page{
		{Name: "overview", Response: web.Show("me/overview", me.Overview{Name: "佐藤 花", Ready: ready.Of(whole), Password: true, Email: hana, Sessions: 3, Factors: 2, Latest: events})},
		{Name: "overview-phone", Response: web.Show("me/overview", me.Overview{Name: "佐藤 花", Ready: ready.Of(alone), Passkey: true, Password: true, Email: hana, Sessions: 3, Factors: 1, Latest: events[:1]})},
		{Name: "overview-unready", Response: web.Show("me/overview", me.Overview{Name: "Wolfeschlegelsteinhausenbergerdorff", Ready: ready.Of(ready.Stands{Password: true, MailWaits: true}), Password: true, Email: long, Sessions: 1, Warn: At.Add(99 * time.Hour)})},
		{Name: "sessions", Response: web.Show("me/sessions", me.Sessions{List: sessions, Here: sessions[0].ID, Ended: 1})},
		{Name: "sessions-one", Response: web.Show("me/sessions", me.Sessions{List: sessions[:1], Here: sessions[0].ID})},
		{Name: "end-one", Response: web.Show("me/end", me.End{One: &sessions[1], Here: sessions[0].ID})},
		{Name: "end-other", Response: web.Show("me/end", me.End{Others: 1, Here: sessions[0].ID})},
		{Name: "end-others", Response: web.Show("me/end", me.End{Others: 2, Here: sessions[0].ID})},
		{Name: "activity", Response: web.Show("me/activity", me.Activity{Rows: rows, Kinds: []string{"", "signin.", "session.", "password.", "address.", "account.", "app."}, Kind: "signin.", Next: "1_7K2M-9QXP"})},
		{Name: "activity-empty", Response: web.Show("me/activity", me.Activity{Kinds: []string{"", "app."}})},
		{Name: "change-password", Response: web.Show("me/password", me.Password{Has: true, Since: At.Add(-1000 * time.Hour), Min: 15, Others: 2, Apps: 1, Tegata: 2, Trusts: 1, Email: hana}).With(faults.PasswordWrong.New())},
		{Name: "password-none", Response: web.Show("me/password", me.Password{Min: 15, Email: hana, Done: true})},
		{Name: "apps", Response: web.Show("me/apps", me.Apps{List: []grant.App{{Client: "cli_1", Name: "写真アルバム", Scope: []string{"openid", "profile", "email", "offline_access"}, Since: At.Add(-500 * time.Hour), Used: At.Add(-time.Hour)}}})},
		{Name: "apps-none", Response: web.Show("me/apps", me.Apps{})},
		{Name: "rules", Response: web.Show("me/rules", me.Rules{Parts: policy.Parts(everybody.Values())})},
		{Name: "rules-member", Response: web.Show("me/rules", me.Rules{Org: "株式会社 関所運輸 東日本支社 情報システム部", Role: "help_desk", Groups: []string{"営業", "Night shift operations and logistics"}, Helps: []org.Leader{{Name: "鈴木 一郎", Role: org.Desk}, {Name: "Wolfeschlegelsteinhausenbergerdorff", Role: org.Owner}}, Parts: policy.Parts(member.Values())})},
		{Name: "profile", Response: web.Show("me/profile", me.Profile{Name: "佐藤 花", Lang: i18n.Ja, Zone: "Asia/Tokyo", Zones: []string{"Asia/Tokyo"}, Saved: true})},
	}
	pages = append(pages, addresses()...)
	pages = append(pages, factors()...)
	pages = append(pages, allowedPages()...)
	pages = append(pages, replacing()...)
	pages = append(pages, ownTickets()...)
	for i := range pages {
		pages[i].Signed = true
	}
	return pages
}

func addresses() []Page {
	email := func(id ref.Address, shown string) account.Address {
		return account.Address{ID: id, Identifier: account.Identifier{Kind: account.Email, Shown: shown}, Created: At.Add(-999 * time.Hour), Confirmed: At.Add(-99 * time.Hour)}
	}
	main, other, shared := email("adr_1", hana), email("adr_2", long), email("adr_3", "shop@example.com")
	main.Main, shared.Shared = true, true
	waits := account.Address{ID: "adr_4", Identifier: account.Identifier{Kind: account.Email, Shown: "hana.sato@example.org"}, Created: At.Add(-9 * time.Hour)}
	hosted := email("adr_5", "hana@here.example")
	hosted.Hosted = true
	number := account.Address{ID: "adr_6", Identifier: account.Identifier{Kind: account.Mobile, Shown: "+819012345678"}, Main: true, Created: At.Add(-50 * time.Hour), Confirmed: At.Add(-49 * time.Hour)}
	early := faults.CodeResendEarly.New("wait", 42*time.Second)
	return []Page{
		{Name: "addresses", Response: web.Show("me/addresses", me.Addresses{Done: "added", List: []account.Address{main, other, shared, hosted, waits, number},
			Names: []account.Address{{Identifier: account.Identifier{Kind: account.Username, Shown: "hana"}, Created: At}}})},
		{Name: "addresses-none", Response: web.Show("me/addresses", me.Addresses{})},
		{Name: "address", Response: web.Show("me/address", me.Address{One: other})},
		{Name: "address-last", Response: web.Show("me/address", me.Address{One: main, Stays: true})},
		{Name: "address-waiting", Response: web.Show("me/address", me.Address{One: waits})},
		{Name: "address-remove", Response: web.Show("me/address-ask", me.AddressAsk{One: main, Remove: true, Next: other})},
		{Name: "address-primary", Response: web.Show("me/address-ask", me.AddressAsk{One: other, Next: main})},
		{Name: "address-new", Response: web.Show("me/address-new", me.AddressNew{Mobile: true})},
		{Name: "address-group", Response: web.Show("me/address-new", me.AddressNew{Value: "info@example.com"}).With(faults.GroupAddress.New())},
		{Name: "address-code", Response: web.Show("me/address-code", me.AddressCode{Flow: flow, To: long, Digits: 6, Wait: 42, Sent: true})},
		{Name: "address-code-sms", Response: web.Show("me/address-code", me.AddressCode{Flow: flow, To: "+819012345678", Mobile: true, Digits: 6, Wait: 42, Sent: true, Delivery: "handed"})},
		{Name: "address-code-waits", Response: web.Show("me/address-code", me.AddressCode{Flow: flow, To: "+819012345678", Mobile: true, Digits: 6, Wait: 42}).With(early)},
	}
}

func others() []Page {
	broken := faults.ServerError.New()
	broken.Reference = "x7c2m9qxpa1b"
	deactivated := faults.AccountDeactivated.New().By("関所運輸")
	deactivated.Reference = "7K2M-9QXP"
	daily := faults.SigninDailyLimit.New("limit", 50, "ends", At.Add(15*time.Hour))
	text := fault.Text{What: "…", Why: "…", Fix: "…"}
	return []Page{
		{Name: "agree", Response: web.Show("oidc/agree", oidc.Agree{Flow: flow, As: "acc_sample", App: "写真アルバム", Host: "photos.example.com", Name: "佐藤 花", Email: hana, Scope: []string{"openid", "profile", "email", "offline_access"}})},
		{Name: "logout", Response: web.Show("oidc/logout", oidc.Logout{App: "Wiki", Names: []string{"佐藤 花"}, ClientID: "cli_1"})},
		{Name: "hub", Response: web.Show("help/hub", help.Hub{Topics: []help.Topic{{Name: "factor", Faults: []help.Line{{Code: "code.clock_skew", What: "コードが、いまの時刻のものではありません。"}}}, {Name: "signin", Faults: []help.Line{{Code: "session.limit", What: faults.SessionLimit.En.What}}}}, Guides: help.Guides})},
		{Name: "article", Response: web.Show("help/article", help.Article{Code: "device.clock", Text: faults.DeviceClock.Ja, Lift: []fault.Lifter{fault.Self, fault.Time, fault.Operator}})},
		{Name: "guide", Response: web.Show("help/guide", help.About("recovery"))},
		{Name: "guide-steps", Response: web.Show("help/guide", help.About("phone-gone"))},
		{Name: "guide-tegata", Response: web.Show("help/guide", help.About("tegata"))},
		{Name: "guide-tegata-approve", Response: web.Show("help/guide", help.About("tegata-approve"))},
		{Name: "guide-tegata-again", Response: web.Show("help/guide", help.About("tegata-again"))},
		{Name: "guide-sign-in-lock", Response: web.Show("help/guide", help.About("sign-in-lock"))},
		{Name: "guide-new-phone", Response: web.Show("help/guide", help.About("new-phone"))},
		{Name: "hub-found", Response: web.Show("help/hub", help.Hub{Sought: long, Found: 2, Guides: []string{"tegata"}, Topics: []help.Topic{{Name: "signin", Faults: []help.Line{{Code: "session.limit", What: faults.SessionLimit.En.What}}}}})},
		{Name: "hub-none", Response: web.Show("help/hub", help.Hub{Sought: "🗝"})},
		{Name: "support", Response: web.Show("help/support", help.Support{Text: text})},
		{Name: "support-reference", Response: web.Show("help/support", help.Support{Text: text, Reference: "7K2M-9QXP"})},
		{Name: "guide-way-back", Response: web.Show("help/guide", help.Guide{Name: "way-back"})},
		{Name: "outbox", Response: web.Show("mailbox/list", mailbox.List{Mail: true, Rows: []mailbox.Line{{Row: outbox.Row{ID: "mai_1", Kind: "mail", To: hana, State: "waiting", Created: At.Add(-time.Minute)}, Subject: "Sekisho のサインイン用コード"}, {Row: outbox.Row{ID: "mai_3", Kind: "mail", To: long, State: "dropped", Created: At.Add(-time.Hour)}}}})},
		{Name: "outbox-empty", Response: web.Show("mailbox/list", mailbox.List{Mail: true})},
		{Name: "outbox-sms", Response: web.Show("mailbox/list", mailbox.List{SMS: true, Rows: []mailbox.Line{{Row: outbox.Row{ID: "mai_2", Kind: "sms", To: "+819012345678", State: "sent", Created: At.Add(-time.Minute)}}}})},
		{Name: "letter", Response: web.Show("mailbox/letter", mailbox.Letter{Row: outbox.Row{Created: At}, Letter: outbox.Letter{To: hana, Lang: "ja", Subject: "サインインのコード", Text: "コード：123 456"}})},
		{Name: "fault-server", Response: web.Refuse(broken)},
		{Name: "fault-daily", Response: web.Refuse(daily)},
		{Name: "fault-deactivated", Response: web.Refuse(deactivated)},
		{Name: "fault-disabled", Response: web.Refuse(faults.AccountDisabled.New())},
	}
}
