package apptest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/dbtest"
	"sekisho/internal/gate"
)

func TestCannotSignInListsTheWaysAndTellsStrangersNothing(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		a := w.Settle(hana)
		w.Settle("plain@example.com")
		kit := w.Carry().ProtectWith(phones, phone, a, gate.TOTP, gate.SMSCode, gate.Passphrase)
		page := func(who string) string {
			b := w.Browser("203.0.113.66")
			b.Open("/signin").Fill("E-mail", who).Press("Next").Press("Can't sign in?")
			b.See("Another way", "Reset the password", "enter the password or a code first", "None of these works").Miss("Pixel 8")
			return strings.ReplaceAll(b.Text(), who, "WHO")
		}
		if a, b, c := page(hana), page("plain@example.com"), page("nobody@example.com"); a != b || a != c {
			t.Errorf("the pages differ:\n%s\n%s\n%s", a, b, c)
		}
		// From each page that asks for a proof, the owner's own ways.
		b := w.Browser("192.0.2.1").Signin(hana, apptest.Word).Press("Can't sign in?").See("Another way", "I can't reach my device").Miss("Reset the password")
		b.Press("Another way").See("Pixel 8", "Backup code", "Recovery passphrase", "Code by SMS").Miss("Code by e-mail")
		b.Press("Can't sign in?").Press("I can't reach my device").See("Backup code", "passphrase").Miss("Pixel 8")
		b.Press("Backup code").Press("Can't sign in?").Press("I can't reach my device").Press("passphrase")
		b.Fill("Passphrase", apptest.Phrase).Press("Next").See("Set up your factors anew").Press("Later").See("Hello")
		w.Clock.Add(2 * time.Minute)
		c := w.Browser("192.0.2.2").Open("/signin").Fill("E-mail", hana).Press("Next").Press("Another way").Press("Code by e-mail")
		c.Press("Can't sign in?").Press("Another way").See("Password")
		_ = kit
	})
}

// Without a password: Tegata on another device, the password, a code by mail or SMS,
// and the same for every name.
func TestPasswordlessWithoutTheDeviceLeadsToTheOtherWays(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		a := w.Settle(hana)
		p := inside(w)
		w.Hold(p, a, "Pixel 8")
		page := func(who string) string {
			b := w.Browser("203.0.113.66")
			b.Open("/signin").Fill("E-mail", who).Press("Next").Press("Another way").Press("Approve in Tegata").See("Enter this number")
			b.Press("I can't reach my device").See("Tegata on another device", "Password", "Code by e-mail", "Code by SMS").Miss("Approve in Tegata").Miss("Code from Tegata").Miss("Backup code")
			return strings.ReplaceAll(b.Text(), who, "WHO")
		}
		if a, b := page(hana), page("nobody@example.com"); a != b {
			t.Errorf("the pages differ:\n%s\n%s", a, b)
		}
		b := w.Browser("192.0.2.9")
		b.Open("/signin").Fill("E-mail", hana).Press("Next").Press("Another way").Press("Scan a QR code").Press("I can't reach my device")
		b.Press("Password").Fill("Password", apptest.Word).Press("Sign in").See("Approve in Tegata")
	})
}

func TestBackupCodeLeadsInWithoutTheDeviceAndToNewFactors(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		kit := w.Protect(w.Settle(hana), gate.TOTP)
		code := kit.Spare()
		b := w.Browser("192.0.2.1").Signin(hana, apptest.Word).Press("I can't reach my device").Press("Backup code")
		b.Fill("12-digit", code).Press("Next").See("Set up your factors anew").Press("Later").See("Hello")
		// The code was good once.
		c := w.Browser("192.0.2.2").Signin(hana, apptest.Word).Press("I can't reach my device").Press("Backup code")
		c.Fill("12-digit", code).Press("Next").Want(401).See("does not match", "one that is not used yet").Miss("send another")
	})
}

func TestTheEndOfEveryWayLeadsToHelpWithItsReference(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			phones := apptest.NewPhones(t)
			w := apptest.New(t, engine, "sms", phones.Setting, "backup_codes", "false")
			// The only second factor is the number that proves the reset already.
			kit := w.Carry().ProtectWith(phones, phone, w.Settle(hana, phone), gate.SMSCode)
			b := w.Browser("192.0.2.1")
			b.Open("/recover").Fill("E-mail", phone).Press("Send").See("by SMS where it has this number")
			b.Fill("Code", kit.SMS()).Press("Next").Want(403).See("factor.no_other_way")
			reference := refs.FindString(b.Text())
			b.Press("See who can help").See("help@example.com", "Give them this reference: "+reference)
		})
	}
	w := apptest.New(t, "sqlite")
	b := w.Browser("192.0.2.1")
	b.Open("/help/support?reference=7K2M-9QXP").See("Give them this reference: 7K2M-9QXP")
	b.Open("/help/support?reference=call+0120-555-000").Miss("0120").Miss("Give them")
}

var towns = map[string]string{"192.0.2.0/24": "Osaka", "203.0.113.0/24": "Berlin"}

func TestUnusualSigninAsksForOneMoreProofOnFile(t *testing.T) {
	apptest.Each(t, func(t *testing.T, home *apptest.World) {
		w := home.Somewhere(towns)
		w.Settle(hana)
		usual := w.Browser("192.0.2.1").Signin(hana, apptest.Word).See("Hello")
		usual.Open("/signin")
		// A new browser at home, and a known one elsewhere, are not unusual.
		w.Browser("192.0.2.9").Signin(hana, apptest.Word).See("Hello")
		// New browser and new place: the password asks for a code by mail.
		w.Clock.Add(2 * time.Minute)
		b := w.Browser("203.0.113.66").Signin(hana, apptest.Word)
		b.See("Send the code", "This sign-in comes from a new place").Miss("Hello")
		if b.Cookie("sekisho") != "" {
			t.Error("an unusual sign-in opened a session before the further proof")
		}
		b.Press("Send the code").Fill("Code", w.Code(hana)).Press("Next").See("Hello", "Berlin")
		// A code by mail asks for the password.
		w.Clock.Add(2 * time.Minute)
		other := home.Somewhere(map[string]string{"198.51.100.0/24": "Lima"})
		c := other.Browser("198.51.100.7").Open("/signin").Fill("E-mail", hana).Press("Next").Press("Another way").Press("Code by e-mail")
		c.Fill("Code", w.Code(hana)).Press("Next").See("Enter the password too").Miss("Hello")
		c.Fill("Password", "not the right one").Press("Next").Want(401)
		c.Fill("Password", apptest.Word).Press("Next").See("Hello", "Lima")
		// One more proof of this kind does not make two factors.
		p := w.Program("192.0.2.9")
		p.Token = c.Cookie("sekisho")
		var me who
		p.Call("GET", "/api/v1/session", nil).Want(200, "").Into(&me)
		if me.ACR != "urn:sekisho:acr:single" || slices.Contains(me.AMR, "mfa") || !slices.Contains(me.AMR, "pwd") || !slices.Contains(me.AMR, "otp") {
			t.Errorf("got acr %s amr %v, want single, pwd and otp", me.ACR, me.AMR)
		}
	})
}

// A network that stands in no file of places is a place too; a language is none.
func TestNowhereIsANewPlaceAndALanguageIsNone(t *testing.T) {
	apptest.Each(t, func(t *testing.T, home *apptest.World) {
		w := home.Somewhere(map[string]string{"192.0.2.0/24": "Osaka"})
		w.Settle(hana)
		b := w.Browser("192.0.2.1").Signin(hana, apptest.Word).See("Hello")
		w.Clock.Add(2 * time.Minute)
		w.Browser("198.51.100.66").Signin(hana, apptest.Word).Miss("Hello")
		// Where it was proved once, it is known.
		w.Clock.Add(2 * time.Minute)
		x := w.Browser("198.51.100.7").Signin(hana, apptest.Word).Miss("Hello")
		x.Press("Send the code")
		x.Fill("Code", w.Code(hana)).Press("Next").See("Hello")
		w.Clock.Add(2 * time.Minute)
		w.Browser("198.51.100.8").Signin(hana, apptest.Word).See("Hello")
		// The same town in another language is the same town.
		told := len(w.Mails())
		b.Press("Sign out").Press("Sign out")
		b.SetCookie("sekisho-lang", "ja")
		w.Clock.Add(2 * time.Minute)
		b.Open("/signin").Fill("メール", hana).Press("次へ").Fill("パスワード", apptest.Word).Press("サインイン").See("Hana")
		if got := len(w.Mails()); got != told {
			t.Errorf("%d mails more tell of a new place", got-told)
		}
	})
}

func TestUnusualSigninWithNothingElseOnFileIsTold(t *testing.T) {
	apptest.Each(t, func(t *testing.T, home *apptest.World) {
		w := home.Somewhere(towns)
		w.Settle("hana")
		w.Browser("192.0.2.1").Signin("hana", apptest.Word).See("Hello")
		w.Browser("203.0.113.66").Signin("hana", apptest.Word).See("Hello")
		// The reset of a lost password from a new place asks for nothing that is not there.
		w.Settle(hana)
		w.Browser("192.0.2.1").Signin(hana, apptest.Word).See("Hello")
		w.Clock.Add(2 * time.Minute)
		lost(w, w.Browser("203.0.113.66")).See("Choose a new password").Fill("New password", newer).Press("Next").See("Hello", "Berlin")
	})
}

func TestContainmentEndsAllThatLeadsIn(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		kit := w.Carry().ProtectWith(phones, phone, w.Settle(hana), gate.TOTP, gate.SMSCode)
		b := w.Browser("192.0.2.1").Signin(hana, apptest.Word).Check("Trust this browser").Fill("Six-digit", kit.App()).Press("Next").See("Hello")
		b.Press("Sign out").Press("Sign out")
		b.Signin(hana, apptest.Word).See("Hello") // the browser is trusted
		w.Clock.Add(2 * time.Minute)
		// What strangers have under way.
		half := w.Browser("203.0.113.66").Signin(hana, apptest.Word)
		coded := w.Browser("203.0.113.67").Open("/signin").Fill("E-mail", hana).Press("Next").Press("Another way").Press("Code by e-mail")
		code := w.Code(hana)
		w.Clock.Add(2 * time.Minute)
		w.Browser("198.51.100.1").Signin(hana, apptest.Word).Fill("Six-digit", kit.App()).Press("Next").See("Hello")
		notice := w.Link(hana)
		b.Open(notice).See("every browser and app is signed out").Press("not me").See("Trusted browsers", "Choose a new password")
		half.Fill("Six-digit", kit.App()).Press("Next").Miss("Hello").See("flow.")
		coded.Fill("Code", code).Press("Next").Miss("Hello").See("code.expired")
		b.Open("/me").Miss("Hello")
		b.Signin(hana, apptest.Word).Want(403).See("account.contained")
		// The way back asks for all proofs, and then the browser is a stranger again.
		lost(w, b).Fill("Six-digit", kit.App()).Press("Next").Fill("New password", newer).Press("Next").See("Hello")
		b.Press("Sign out").Press("Sign out")
		b.Signin(hana, newer).See("authenticator").Miss("Hello")
	})
}
