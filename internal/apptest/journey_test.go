package apptest_test

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/dbtest"
	"sekisho/internal/flow"
	"sekisho/internal/flow/join"
	"sekisho/internal/gate"
	"sekisho/internal/i18n"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

const hana = "hana@example.com"

func TestFirstOwnerLinkWorksOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		link, err := w.OwnerLink(t.Context())
		if err != nil || link == "" {
			t.Fatalf("got %q %v, want a link", link, err)
		}
		b := w.Browser("192.0.2.1").Open(strings.TrimPrefix(link, w.Base))
		b.Fill("Name to show", "Hana").Fill("E-mail", hana).Fill("New password", "short").Press("Create").Want(400).See("too short")
		b.Fill("Name to show", "Hana").Fill("E-mail", hana).Fill("New password", apptest.Word).Press("Create").See("Confirm your address?").Press("Later").See("Hello Hana")
		w.Browser("192.0.2.2").Open(strings.TrimPrefix(link, w.Base)).Want(410).See("first account has been made")
		if link, _ = w.OwnerLink(t.Context()); link != "" {
			t.Errorf("got %q, want no link once there is an account", link)
		}
		w.Browser("192.0.2.2").Open("/setup?key=guess").Want(410)
	})
}

// With open sign-up anybody who finds the page first could make the operator's own
// link useless.
func TestSignUpsDoNotEndTheOwnersLink(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		link, err := w.OwnerLink(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		path := strings.TrimPrefix(link, w.Base)
		b := w.Browser("203.0.113.66")
		b.Open("/signup").Fill("Name", "Stranger").Fill("E-mail", "stranger@example.com").Press("Next").Fill("New password", apptest.Word).Press("Next").See("Enter the code")
		if again, err := w.OwnerLink(t.Context()); err != nil || again != link {
			t.Errorf("got %q %v, want the same link as before the sign-up", again, err)
		}
		b.Fill("Code", w.Code("stranger@example.com")).Press("Next").See("Hello Stranger")
		// Not even with an address that was proved meanwhile: two accounts would have it.
		o := w.Browser("192.0.2.1").Open(path)
		o.Fill("Name to show", "Hana").Fill("E-mail", "stranger@example.com").Fill("New password", apptest.Word).Press("Create").Want(409).See("another account")
		o.Open(path).Fill("Name to show", "Hana").Fill("E-mail", hana).Fill("New password", apptest.Word).Press("Create").See("Confirm your address?").Press("Later").See("Hello Hana")
		w.Browser("192.0.2.2").Open(path).Want(410)
	})
}

// Where accounts stood before the link's end was kept in a row, it had ended.
func TestAnOwnersLinkThatHadEndedDoesNotComeBack(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		if link, err := w.OwnerLink(t.Context()); err != nil || link == "" {
			t.Fatalf("got %q %v, want a link before the step", link, err)
		}
		w.Update(func(tx db.Tx) error {
			return tx.One(t.Context(), `DELETE FROM schema_migration WHERE version = 505`)
		})
		if link, err := w.Another().OwnerLink(t.Context()); err != nil || link != "" {
			t.Errorf("got %q %v, want no link", link, err)
		}
	})
}

func TestTheOwnersLinkMakesOneAccountOfMany(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		n := w.Another()
		var won atomic.Int32
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				node := []*apptest.World{w, n}[i%2]
				v := flow.Visitor{Door: gate.API, Addr: netip.MustParseAddr("192.0.2.1"), Lang: i18n.En}
				got, err := node.Join.Owner(t.Context(), v, join.Owner{Key: node.Join.NewOwnerKey(), Name: "Hana", Email: fmt.Sprintf("hana%d@example.com", i), Password: apptest.Word})
				if err != nil {
					t.Error(err)
				} else if got.Opened != nil {
					won.Add(1)
				} else if got.Fault == nil || got.Fault.Code() != "setup.link_used" {
					t.Errorf("got %v, want setup.link_used", got.Fault)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d made an owner, want 1", won.Load())
		}
	})
}

func TestSignUpConfirmSignInSeeAndEndSessions(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		b := w.Browser("192.0.2.1")
		b.Open("/signin").Press("Create an account").Fill("Name to show", "Hana").Fill("E-mail", hana).Press("Next")
		b.Fill("New password", apptest.Word).Press("Next").See("Enter the code")
		b.Fill("Code", "000000").Press("Next").Want(401).See("code")
		b.Fill("Code", w.Code(hana)).Press("Next").Want(200).See("Hello Hana", "192.0.2.1")

		other := w.Browser("198.51.100.7")
		other.Signin(hana, apptest.Word).See("Hello Hana")
		b.Open("/me/sessions").See("this browser", "198.51.100.7", "Firefox 145", "unknown place")
		b.Press("End").See("End this session?").Press("End").See("Done").Miss("198.51.100.7")
		other.Open("/me").Want(401).See("This session has ended", "session.ended")
		b.Press("Sign out").Press("Sign out").See("You are signed out")
		b.Open("/me").See("Sign in").Miss("Hello")
	})
}

func TestUnconfirmedAccountOpensNothingAndGoesAfter30Days(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		b := w.Browser("192.0.2.1")
		b.Open("/signup").Fill("Name", "Hana").Fill("E-mail", hana).Press("Next").Fill("New password", apptest.Word).Press("Next")
		c := w.Browser("192.0.2.9")
		w.Clock.Add(2 * time.Minute)
		c.Signin(hana, apptest.Word).See("confirm that the address", "Enter the code")
		if c.Cookie("sekisho") != "" {
			t.Error("an unconfirmed account opened a session")
		}
		c.Fill("Code", w.Code(hana)).Press("Next").See("Hello Hana")

		b.Open("/signup").Fill("Name", "Ken").Fill("E-mail", "ken@example.com").Press("Next").Fill("New password", apptest.Word).Press("Next")
		w.Clock.Add(31 * 24 * time.Hour)
		if err := w.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(time.Hour)
		c.Open("/signin").Fill("E-mail", "ken@example.com").Press("Next").Fill("Password", apptest.Word).Press("Sign in").Want(401).See("signin.not_recognised")
	})
}

func TestAddressTakenIsToldOnlyToItsOwner(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Open("/signup").Fill("Name", "Other").Fill("E-mail", "HANA@example.com").Press("Next").Fill("New password", apptest.Word).Press("Next").Want(200)
		b.See("Enter the code").Miss("taken")
		b.Fill("Code", w.Code("HANA@example.com")).Press("Next").Want(409).See("account.address_taken")
	})
}

func TestKnownUnknownDisabledAnswerAlike(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		gone := w.Settle("gone@example.com")
		w.Disable(gone.ID)
		page := func(who string) string {
			b := w.Browser("192.0.2.1")
			b.Open("/signin").Fill("E-mail", who).Press("Next")
			first := b.Text()
			b.Fill("Password", "not the right one at all").Press("Sign in").Want(401)
			text := strings.ReplaceAll(first+"|"+b.Text(), who, "WHO")
			return refs.ReplaceAllString(text, "REF")
		}
		known, unknown, disabled := page(hana), page("nobody@example.com"), page("gone@example.com")
		if known != unknown || known != disabled {
			t.Errorf("pages differ:\n%s\n%s\n%s", known, unknown, disabled)
		}
		code := func(who string) string {
			b := w.Browser("192.0.2.1")
			b.Open("/signin").Fill("E-mail", who).Press("Next").Press("Another way").Press("Code by e-mail").Want(200)
			b.Fill("Code", "123456").Press("Next").Want(401)
			return refs.ReplaceAllString(strings.ReplaceAll(b.Text(), who, "WHO"), "REF")
		}
		if a, b, c := code(hana), code("nobody@example.com"), code("gone@example.com"); a != b || a != c {
			t.Errorf("code pages differ:\n%s\n%s\n%s", a, b, c)
		}
		recover := func(who string) string {
			b := w.Browser("192.0.2.1")
			b.Open("/recover").Fill("E-mail", who).Press("Send").Want(200)
			b.Fill("Code", "123456").Press("Next").Want(401)
			return refs.ReplaceAllString(strings.ReplaceAll(b.Text(), who, "WHO"), "REF")
		}
		if a, b, c := recover(hana), recover("nobody@example.com"), recover("gone@example.com"); a != b || a != c {
			t.Errorf("recovery pages differ:\n%s\n%s\n%s", a, b, c)
		}
		w.Browser("192.0.2.1").Signin("gone@example.com", apptest.Word).Want(403).See("account.disabled")
	})
}

func TestDiscloseAccountsSaysItOpenly(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		b := w.Browser("192.0.2.1")
		b.Open("/signin").Fill("E-mail", "nobody@example.com").Press("Next").Want(401).See("There is no such account", "sign up")
	}, "disclose_accounts", "true")
}

func TestCodeByMailSignsInOnceInItsBrowser(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b, thief := w.Browser("192.0.2.1"), w.Browser("192.0.2.66")
		b.Open("/signin").Fill("E-mail", hana).Press("Next").Press("Another way").Press("Code by e-mail")
		code := w.Code(hana)
		thief.Open(b.URL.RequestURI()).Want(403).See("flow.other_browser")
		thief.Open("/signin").Fill("E-mail", hana).Press("Next").Press("Another way").Press("Code by e-mail")
		b.Press("Send the code again").Want(429).See("code.resend_early")
		b.Fill("Code", "１２３　"+code[3:]).Press("Next").Want(401)
		b.Open("/signin").Fill("E-mail", hana).Press("Next").Press("Another way")
		w.Clock.Add(2 * time.Minute)
		b.Press("Code by e-mail")
		code = w.Code(hana)
		b.Fill("Code", wide(code[:3])+" - "+code[3:]).Press("Next").See("Hello")
	})
}

func TestCodeEndsAfterTenMinutesAndFiveSendsAnHour(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Open("/signin").Fill("E-mail", hana).Press("Next").Press("Another way").Press("Code by e-mail")
		code := w.Code(hana)
		w.Clock.Add(10*time.Minute + time.Second)
		b.Fill("Code", code).Press("Next").Want(410).See("code.expired")
		for range 4 {
			w.Clock.Add(61 * time.Second)
			b.Press("Send the code again").Want(200)
		}
		w.Clock.Add(61 * time.Second)
		b.Press("Send the code again").Want(429).See("code.send_limit")
	})
}

func TestHostedMailboxIsNotOfferedACode(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle("hana@mail.example.com")
		b := w.Browser("192.0.2.1")
		b.Open("/signin").Fill("E-mail", "hana@mail.example.com").Press("Next").Miss("Another way")
		b.Post("/signin/code/send?"+b.URL.RawQuery, url.Values{}).Want(400)
		if n := len(w.Mails()); n != 0 {
			t.Errorf("got %d mails, want none", n)
		}
	}, "hosted_domains", "mail.example.com")
}

func TestByAnotherNameAHostedMailboxLooksLikeAnyOther(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle("hana@mail.example.com", "hana")
		for _, name := range []string{"hana", "nobody"} {
			b := w.Browser("192.0.2.1").Open("/signin").Fill("E-mail", name).Press("Next").Press("Another way").Press("Code by e-mail").Want(200)
			b.See("If there is an account, a code is on its way")
		}
		if n := len(w.Mails()); n != 0 {
			t.Errorf("got %d mails, want none", n)
		}
	}, "hosted_domains", "mail.example.com")
}

func TestAMarkedAccountLooksLikeAnyOtherToStrangers(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		w.Update(func(tx db.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE identifier SET hosted = 1 WHERE account = $1`, a.ID)
			return err
		})
		for _, name := range []string{hana, "nobody@example.com"} {
			w.Browser("192.0.2.1").Open("/signin").Fill("E-mail", name).Press("Next").Press("Another way").Press("Code by e-mail").Want(200).
				See("If there is an account, a code is on its way")
		}
		if n := len(w.Mails()); n != 0 {
			t.Errorf("got %d mails, want none", n)
		}
		// A browser that it knows is told the truth.
		known := w.Browser("192.0.2.2")
		known.Signin(hana, apptest.Word).See("Hello")
		known.Press("Sign out").Press("Sign out")
		known.Open("/signin").Fill("E-mail", hana).Press("Next").Miss("Code by e-mail")
	})
}

func TestTooManyAttemptsWaitsAndSparesKnownBrowsers(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		known := w.Browser("192.0.2.1")
		known.Signin(hana, apptest.Word).See("Hello")
		known.Press("Sign out").Press("Sign out")
		b := w.Browser("198.51.100.66")
		b.Open("/signin").Fill("E-mail", hana).Press("Next")
		for range 10 {
			b.Fill("Password", "wrong wrong wrong wrong").Press("Sign in").Want(401)
		}
		b.Fill("Password", "wrong wrong wrong wrong").Press("Sign in").Want(429).See("signin.too_many_attempts", "15 minutes")
		if b.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		b.Fill("Password", apptest.Word).Press("Sign in").Want(429)
		w.Mail(hana) // the owner is told
		known.Signin(hana, apptest.Word).See("Hello")
		w.Clock.Add(15*time.Minute + time.Second)
		b.Open("/signin").Fill("E-mail", hana).Press("Next").Fill("Password", apptest.Word).Press("Sign in").See("Hello")
	})
}

func TestDailyLimitSaysWhenTheDayEnds(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		for range 3 {
			w.Browser("192.0.2.1").Signin(hana, apptest.Word).See("Hello")
		}
		w.Browser("192.0.2.1").Signin(hana, apptest.Word).Want(429).See("signin.daily_limit", "00:00")
		w.Clock.Set(time.Date(2026, 1, 16, 0, 0, 1, 0, time.UTC))
		w.Browser("192.0.2.1").Signin(hana, apptest.Word).See("Hello")
	}, "daily_signins", "3")
}

func TestADayThatAThiefUsedUpStopsNoRecoveryAndNoFreshProof(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		owner := w.Browser("192.0.2.1").Signin(hana, apptest.Word).See("Hello")
		thief := w.Program("203.0.113.66")
		for range 2 {
			thief.Signin(hana, apptest.Word).Want(200, "")
			thief.Call("DELETE", "/api/v1/session", nil).Want(204, "")
		}
		w.Browser("192.0.2.9").Signin(hana, apptest.Word).Want(429).See("signin.daily_limit")
		// A session proves itself anew.
		w.Clock.Add(15 * time.Minute)
		owner.Open("/elevate?return=/me/factors").Fill("Password", apptest.Word).Press("Next").Want(200).Miss("signin.daily_limit")
		// The way back leads in.
		lost(w, w.Browser("192.0.2.1")).Fill("New password", newer).Press("Next").See("Hello")
	}, "daily_signins", "3")
}

func TestSessionLimitPageEndsAndGoesOn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		first := w.Browser("192.0.2.1")
		first.Signin(hana, apptest.Word).See("Hello")
		w.Clock.Add(time.Minute)
		w.Browser("192.0.2.2").Signin(hana, apptest.Word).See("Hello")
		b := w.Browser("192.0.2.3")
		b.Signin(hana, apptest.Word).See("End a session to go on", "192.0.2.1", "192.0.2.2")
		b.Press("End and go on").Want(409).See("End a session")
		b.Check("192.0.2.1").Press("End and go on").See("Hello")
		first.Open("/me").Want(401)
	}, "session_limit", "2")
}

func TestPasswordChangeEndsEverythingElse(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b, other := w.Browser("192.0.2.1"), w.Browser("192.0.2.2")
		b.Signin(hana, apptest.Word)
		other.Signin(hana, apptest.Word)
		old := b.Cookie("sekisho")
		b.Open("/me/password").See("ends all other sessions (1)")
		b.Fill("Current", "not it at all").Fill("New", "seven gentle river stones").Press("Change").Want(401).See("password.wrong")
		b.Fill("Current", apptest.Word).Fill("New", "password1234567").Press("Change").Want(400)
		b.Fill("Current", apptest.Word).Fill("New", "seven gentle river stones").Press("Change").See("The password is changed")
		if b.Cookie("sekisho") == old || b.Cookie("sekisho") == "" {
			t.Error("the session kept its token over a rise of proof")
		}
		stale := w.Browser("192.0.2.1")
		stale.SetCookie("sekisho", old)
		stale.Open("/me").Want(401)
		other.Open("/me").Want(401)
		w.Browser("192.0.2.3").Signin(hana, apptest.Word).Want(401)
		w.Browser("192.0.2.3").Signin(hana, "seven gentle river stones").See("Hello")
		told := ""
		for _, l := range w.Mails() {
			told += l.Subject
		}
		if !strings.Contains(told, "assword") {
			t.Errorf("got mails %q, want one that tells of the change", told)
		}
	})
}

func TestRecoveryByCodeEndsEverythingAndDiesAtUse(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		other := w.Browser("192.0.2.2")
		other.Signin(hana, apptest.Word)
		b := w.Browser("192.0.2.1")
		b.Open("/recover").Fill("E-mail", hana).Press("Send").See("Enter the code")
		code, link := w.Code(hana), w.Link(hana)
		b.Fill("Code", code).Press("Next").See("Choose a new password")
		w.Browser("192.0.2.1").Open(link).Want(410)
		b.Fill("New password", "seven gentle river stones").Press("Next").See("Hello")
		other.Open("/me").Want(401)
		w.Browser("192.0.2.3").Signin(hana, apptest.Word).Want(401)
	})
}

func TestRecoveryLinkInAnotherBrowserIsReconfirmed(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Open("/recover").Fill("E-mail", hana).Press("Send")
		link := w.Link(hana)
		w.Browser("203.0.113.9").Open(link).See("asked for in another browser") // a mail scanner reads it: nothing is spent
		phone := w.Browser("203.0.113.5")
		phone.Open(link).See("asked for in another browser").Press("Go on").See("Choose a new password")
		phone.Fill("New password", "seven gentle river stones").Press("Next").See("Hello")
		w.Browser("203.0.113.9").Open(link).Want(410)
	})
}

func TestNoticeOfNewSigninContains(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		w.Browser("192.0.2.1").Signin(hana, apptest.Word)
		thief := w.Browser("198.51.100.66")
		thief.Signin(hana, apptest.Word).See("Hello")
		link := w.Link(hana)
		if !strings.HasPrefix(link, "/notice?n=") {
			t.Fatalf("got link %q, want a notice", link)
		}
		b := w.Browser("192.0.2.1")
		b.Open(link).See("Was this you?", "unknown place").Press("No, it was not me").See("Your account is protected")
		thief.Open("/me").Want(401)
		thief.Signin(hana, apptest.Word).Want(403).See("account.contained")
		w.Clock.Add(time.Minute)
		b.Press("Choose a new password").Fill("E-mail", hana).Press("Send").Fill("Code", w.Code(hana)).Press("Next")
		b.Fill("New password", "seven gentle river stones").Press("Next").See("Hello")
		b.Open(link + "x").Want(410)
	})
}

// Who came in with a stolen password may change it before the owner reads the mail.
func TestAThiefWhoChangesThePasswordIsStillThrownOut(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		w.Browser("192.0.2.1").Signin(hana, apptest.Word)
		thief := w.Browser("198.51.100.66")
		thief.Signin(hana, apptest.Word).See("Hello")
		notice := w.Link(hana)
		w.Clock.Add(time.Minute)
		thief.Open("/me/password").Fill("Current password", apptest.Word).Fill("New password", "seven gentle river stones").Press("Change").See("changed")
		if changed := w.Link(hana); changed != notice {
			t.Fatalf("got link %q in the mail of the change, want the one that doubts all that the session did", changed)
		}
		w.Browser("192.0.2.1").Open(notice).See("Was this you?").Press("No, it was not me").See("Your account is protected")
		thief.Open("/me").Want(401)
		thief.Signin(hana, "seven gentle river stones").Want(403)
		w.Browser("192.0.2.1").Open(notice).See("has been stopped since")
	})
}

func TestSeveralAccountsInOneBrowser(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		w.Settle("ken@example.com")
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word).See("Hello")
		b.Signin("ken@example.com", apptest.Word).See("Hello")
		b.Open("/accounts").See(hana, "ken@example.com")
		b.Open("/me/addresses").See("ken@example.com").Miss(hana)
		b.Open("/accounts").Press(hana)
		b.Open("/me/addresses").See(hana)
		b.Signin(hana, apptest.Word) // again: proves anew, opens no further session
		b.Open("/me/sessions").Miss("End all others")
		b.Open("/signout").Press("Sign out of all 2").See("You are signed out")
		b.Open("/me").See("Sign in")
	})
}

func TestKeepIsTakenWhereASessionIsProvedAnew(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word).See("Hello")
		b.Open("/signin").Fill("E-mail", hana).Press("Next").Fill("Password", apptest.Word).Check("Keep me signed in").Press("Sign in").See("Hello")
		b.Open("/me/sessions").See("kept").Miss("End all others")
	})
}

func TestKeptBrowserWithoutItsCookieLearnsWhy(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Open("/signin").Fill("E-mail", hana).Press("Next").Fill("Password", apptest.Word).Check("Keep me signed in").Press("Sign in").See("Hello")
		again := w.Browser("192.0.2.1")
		for _, c := range b.Cookies() {
			if c.Name != "sekisho" {
				again.SetCookie(c.Name, c.Value)
			}
		}
		again.Open("/me").Want(401).See("session.cookie_missing", "private")
		// The first page tells it too, and goes on.
		again.Open("/").Want(200).See("this browser has lost the sign-in").Fill("E-mail", hana).Press("Next").See("Enter your password")
	})
}

func TestLifetimeAndIdleEndSessions(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word).See("Hello")
		for range 5 {
			w.Clock.Add(9 * time.Minute)
			b.Open("/me").Want(200)
		}
		w.Clock.Add(10*time.Minute + time.Second)
		b.Open("/me").Want(401).See("session.idle")
		b.Signin(hana, apptest.Word).See("Hello")
		for range 24 * 7 {
			w.Clock.Add(9 * time.Minute)
			if b.Open("/me"); b.Status != 200 {
				break
			}
		}
		if b.Status != 401 {
			t.Errorf("got %d, want the session to end with its lifetime of a day", b.Status)
		}
	}, "session_idle", "10m", "session_lifetime", "24h")
}

func TestPasswordAgeForcesANewOneAtTheNextSignin(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		w.Clock.Add(80 * 24 * time.Hour)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word).See("has to be changed")
		w.Clock.Add(11 * 24 * time.Hour)
		b = w.Browser("192.0.2.2")
		b.Signin(hana, apptest.Word).See("Choose a new password")
		b.Fill("New password", apptest.Word).Press("Next").Want(400).See("password.reused")
		b.Fill("New password", "seven gentle river stones").Press("Next").See("Hello")
	}, "password_max_age", "2160h", "password_recent", "3")
}

func TestPasswordMinimumAgeNeverBlocksRecovery(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		b.Open("/me/password").Fill("Current", apptest.Word).Fill("New", "seven gentle river stones").Press("Change").Want(409).See("password.too_young")
		b.Open("/recover").Fill("E-mail", hana).Press("Send").Fill("Code", w.Code(hana)).Press("Next")
		b.Fill("New password", "seven gentle river stones").Press("Next").See("Hello")
	}, "password_min_age", "24h")
}
