package sample

import (
	"time"

	"sekisho/internal/device"
	"sekisho/internal/faults"
	"sekisho/internal/flow/access"
	"sekisho/internal/ready"
	"sekisho/internal/web"
	"sekisho/internal/web/me"
)

var (
	every = ready.Can{App: true, SMS: true, Key: true, Backup: true}
	whole = ready.Stands{Password: true, Mail: true, Apps: 1, Keys: 2, Backup: 4, On: true, Can: every}
	alone = ready.Stands{Password: true, Mail: true, Apps: 1, On: true, Can: every}

	pixel   = me.Factor{ID: "fac_01kf0e7st00000000000000001", Kind: "totp", Name: "Pixel 8", Created: At.Add(-900 * time.Hour), LastUsed: At.Add(-5 * time.Minute), Asked: true}
	unnamed = me.Factor{ID: "fac_01kf0e7st00000000000000006", Kind: "totp", Name: "認証アプリ", Created: At, Asked: true}
	blue    = me.Factor{ID: "fac_01kf0e7st00000000000000002", Kind: "passkey", Name: "青いキー", Created: At.Add(-800 * time.Hour)}
	cloud   = me.Factor{ID: "fac_01kf0e7st00000000000000003", Kind: "passkey", Name: "iCloud キーチェーン（自宅のパソコンと共用のもの）", Created: At.Add(-700 * time.Hour), LastUsed: At.Add(-50 * time.Hour), Synced: true}
	copied  = me.Factor{ID: "fac_01kf0e7st00000000000000004", Kind: "passkey", Name: "Old key", Created: At.Add(-9000 * time.Hour), LastUsed: At.Add(-500 * time.Hour), Cloned: At.Add(-2 * time.Hour)}
	number  = me.Factor{ID: "fac_01kf0e7st00000000000000005", Kind: "smscode", Name: "••••678", Created: At.Add(-600 * time.Hour), Denied: true}

	addable = []me.Addable{{Kind: "totp", Path: "app"}, {Kind: "passkey", Path: "key"}, {Kind: "smscode", Path: "sms"}}
)

// factors are the pages of ways to prove who one is, and of what has access.
func factors() []Page {
	some := []me.Addable{addable[0], {Kind: "passkey", Path: "key", Why: "address"}, {Kind: "smscode", Path: "sms", Why: "policy"}}
	codes := []string{"4821 9930 1757", "0065 2203 8419", "7731 4580 2296", "1904 6627 5038", "5582 0146 9373"}
	app := me.App{Flow: flow, Key: "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP", URI: "otpauth://totp/Sekisho:hana%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Sekisho&algorithm=SHA1&digits=6&period=30"}
	sms := me.SMS{Flow: flow, Number: "+81 90-1234-5678", Digits: 6, Wait: 42, Sent: true, Stage: "handed"}
	failed := sms
	failed.Stage, failed.Wait = "not_sent", 0
	return []Page{
		{Name: "factors", Response: web.Show("me/factors", me.Factors{On: true, Password: true, List: []me.Factor{pixel, blue, cloud, copied, number}, Kinds: addable, Choice: true, Codes: true,
			Backup: 1, BackupOf: 5, Made: At.Add(-900 * time.Hour), Passphrase: true, Trusts: 2, Days: 180, Done: "preferred"})},
		{Name: "factors-off", Response: web.Show("me/factors", me.Factors{Password: true, Kinds: addable, Codes: true, Days: 180})},
		{Name: "factors-org", Response: web.Show("me/factors", me.Factors{Demanded: true, Org: "関所運輸", Held: true, Return: "/me", Kinds: some, Password: true})},
		{Name: "factors-held", Response: web.Show("me/factors", me.Factors{Demanded: true, Held: true, Return: "/me", Kinds: some, Password: true})},
		{Name: "factors-one", Response: web.Show("me/factors", me.Factors{On: true, Demanded: true, Alone: true, Done: "added", Return: "/me/activity", List: []me.Factor{unnamed}, Kinds: some, Codes: true, Backup: 5, BackupOf: 5, Made: At})},
		{Name: "factor", Response: web.Show("me/factor", me.One{Factor: cloud}).With(faults.FactorName.New())},
		{Name: "factor-copied", Response: web.Show("me/factor", me.One{Factor: copied})},
		{Name: "factor-last", Response: web.Show("me/factor", me.One{Factor: number, Stays: true})},
		{Name: "factor-prefer", Response: web.Show("me/factor-prefer", me.Prefer{Kinds: []string{"totp", "smscode", "passkey"}, Now: "totp"})},
		{Name: "tegata-open", Signed: true, Response: web.Show("me/factor-tegata", me.Tegata{State: "open", URI: "https://id.example.com/tegata/#enrol=ticket", Picture: drawn})},
		{Name: "tegata-compare", Signed: true, Response: web.Show("me/factor-tegata", me.Tegata{State: "waiting", Number: "4821", Name: "Pixel 8"})},
		{Name: "tegata-replaces", Signed: true, Response: web.Show("me/factor-tegata", me.Tegata{State: "waiting", Number: "4821", Name: "Pixel 9", Gone: "dev_01kf0e7st00000000000000001",
			Others: []device.Device{{ID: "dev_01kf0e7st00000000000000001", Name: "Pixel 8（仕事用のスマートフォン、総務から借りたもの）", Main: true}, {ID: "dev_01kf0e7st00000000000000002", Name: "Tablet"}}})},
		{Name: "tegata-here", Signed: true, Response: web.Show("me/factor-tegata", me.Tegata{State: "here", Number: "4821", Name: "Pixel 8"})},
		{Name: "device", Signed: true, Response: web.Show("me/factor-device", me.Device{Device: device.Device{ID: "dev_01kf0e7st00000000000000001", Name: "Pixel 8", Main: true, Created: At.Add(-300 * time.Hour), LastSeen: At.Add(-time.Minute)}})},
		{Name: "device-stale", Signed: true, Response: web.Show("me/factor-device", me.Device{Device: device.Device{ID: "dev_01kf0e7st00000000000000002", Name: "Tablet", Kind: device.CLI, Created: At.Add(-300 * time.Hour), LastSeen: At.Add(-30 * time.Hour)}, Stale: true})},
		{Name: "device-retire", Signed: true, Response: web.Show("me/ask", me.Ask{What: "tegata", Name: "Pixel 8", Post: "/me/factors/device/retire", Back: "/me/factors"})},
		{Name: "factor-app", Response: web.Show("me/factor-app", app)},
		{Name: "factor-app-wrong", Response: web.Show("me/factor-app", app).With(faults.CodeWrong.New("kind", "totp"))},
		{Name: "factor-sms", Response: web.Show("me/factor-sms", me.SMS{})},
		{Name: "factor-sms-national", Response: web.Show("me/factor-sms", me.SMS{Number: "090-1234-5678"}).With(faults.NumberMalformed.New())},
		{Name: "factor-sms-code", Response: web.Show("me/factor-sms", sms)},
		{Name: "factor-sms-failed", Response: web.Show("me/factor-sms", failed).With(faults.SMSFailed.New())},
		{Name: "factor-sms-waits", Response: web.Show("me/factor-sms", me.SMS{Flow: flow, Number: "+819012345678", Digits: 6, Wait: 42}).With(faults.CodeResendEarly.New("wait", 42*time.Second))},
		{Name: "factor-key", Response: web.Show("me/factor-key", me.Key{Return: "/me"})},
		{Name: "factor-backup", Response: web.Show("me/factor-backup", me.Backup{})},
		{Name: "factor-backup-anew", Response: web.Show("me/factor-backup", me.Backup{Left: 2, Of: 5, Made: At.Add(-900 * time.Hour)})},
		{Name: "factor-codes", Response: web.Show("me/factor-codes", me.Codes{List: codes, Account: hana, Made: At, First: true})},
		{Name: "factor-codes-anew", Response: web.Show("me/factor-codes", me.Codes{List: codes, Account: long, Made: At})},
		{Name: "factor-passphrase", Response: web.Show("me/factor-passphrase", me.Passphrase{Suggested: "bosaki korumi tegona sadehi yumoka"})},
		{Name: "factor-passphrase-has", Response: web.Show("me/factor-passphrase", me.Passphrase{Has: true, Suggested: "lusab tivod gapom rulin dozak"}).With(faults.PassphraseShort.New())},
		{Name: "ask-totp", Response: web.Show("me/ask", me.Ask{What: "totp", Name: "Pixel 8", Last: true, Post: "/me/factors/remove", Back: "/me/factors"})},
		{Name: "ask-passkey", Response: web.Show("me/ask", me.Ask{What: "passkey", Name: cloud.Name, Post: "/me/factors/remove", Back: "/me/factors"})},
		{Name: "ask-smscode", Response: web.Show("me/ask", me.Ask{What: "smscode", Name: "••••678", Post: "/me/factors/remove", Back: "/me/factors"})},
		{Name: "ask-passphrase", Response: web.Show("me/ask", me.Ask{What: "passphrase", Post: "/me/factors/passphrase/remove", Back: "/me/factors"})},
		{Name: "ask-off", Response: web.Show("me/ask", me.Ask{What: "off", Post: "/me/factors/off", Back: "/me/factors"})},
		{Name: "ask-browser", Response: web.Show("me/ask", me.Ask{What: "browser", Agent: phone, ID: "tru_01kf0e7st00000000000000001", Post: "/me/access/end", Back: "/me/access"})},
		{Name: "ask-app", Response: web.Show("me/ask", me.Ask{What: "app", Name: "写真アルバム", ID: "cli_1", Post: "/me/access/end", Back: "/me/access"})},
		{Name: "access", Response: web.Show("me/access", me.Access{Items: items(), Groups: []me.Shown{{N: 9}, {Group: "sessions", N: 2}, {Group: "browsers", N: 1}, {Group: "factors", N: 5}, {Group: "apps", N: 1}}, Ended: true})},
		{Name: "access-none", Response: web.Show("me/access", me.Access{Show: "apps", Groups: []me.Shown{{N: 1}, {Group: "sessions", N: 1}, {Group: "browsers", N: 0}, {Group: "factors", N: 0}, {Group: "apps", N: 0}}})},
	}
}

func items() []access.Item {
	ago := func(hours int) time.Time { return At.Add(-time.Duration(hours) * time.Hour) }
	return []access.Item{
		{Kind: access.Session, ID: "ses_1", Agent: fox, Place: "東京都, 日本", Addr: "203.0.113.20", Detail: []string{"pwd", "otp.app", "mfa"}, Since: ago(50), LastUsed: At, Here: true, Revocable: true},
		{Kind: access.Session, ID: "ses_2", Addr: "2001:db8:77::5", Detail: []string{"swk", "user", "mfa"}, Since: ago(300), LastUsed: ago(26), Revocable: true},
		{Kind: access.Browser, ID: "tru_1", Agent: phone, Place: "Berlin, Germany", Addr: "192.0.2.44", Since: ago(400), LastUsed: ago(20), Until: At.Add(1000 * time.Hour), Revocable: true},
		{Kind: "totp", ID: "fac_1", Name: "Pixel 8", Since: ago(900), LastUsed: ago(3), Revocable: true},
		{Kind: "passkey", ID: "fac_2", Name: cloud.Name, Detail: []string{"synced"}, Since: ago(700), LastUsed: ago(50), Revocable: true},
		{Kind: "smscode", ID: "fac_3", Name: "••••678", Since: ago(600)},
		{Kind: "backup", Since: ago(900), Left: 4, Of: 5},
		{Kind: "passphrase", Since: ago(890), Revocable: true},
		{Kind: access.App, ID: "cli_1", Name: "写真アルバム", Detail: []string{"openid", "profile", "offline_access", "photos:read"}, Since: ago(500), LastUsed: ago(1), Revocable: true},
	}
}
