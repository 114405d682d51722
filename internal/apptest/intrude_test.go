package apptest_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/session"
)

const newer = "seven stone lanterns glow"

// begun is a sign-in that has come as far as an identifier.
func begun(p *apptest.Program, who string) apptest.Step {
	var s apptest.Step
	p.Call("POST", "/api/v1/signin", map[string]any{"identifier": who}).Want(200, "").Into(&s)
	return s
}

func TestAProofDoesNotOutliveThePasswordItWas(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		owner, thief := w.Program("192.0.2.1"), w.Program("203.0.113.66")
		var here apptest.Step
		owner.Signin(hana, apptest.Word).Want(200, "").Into(&here)
		// The thief has the password and waits at the page that lists sessions to end.
		at := begun(thief, hana)
		thief.Call("POST", "/api/v1/signin/"+at.Flow, map[string]any{"kind": "password", "answer": apptest.Word}).Want(409, "session.limit")
		owner.Call("POST", "/api/v1/me/password", map[string]any{"current": apptest.Word, "new": newer}).Want(200, "")
		got := thief.Call("POST", "/api/v1/signin/"+at.Flow, map[string]any{"kind": "end_sessions", "sessions": []string{here.Session}})
		if got.Status == 200 {
			t.Fatalf("the old password entered after it was changed:\n%s", got.Body)
		}
	}, "session_limit", "1")
}

func TestTheListOfSessionsIsNotShownOnAPasswordThatWas(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		owner, thief := w.Program("192.0.2.1"), w.Browser("203.0.113.66")
		owner.Signin(hana, apptest.Word).Want(200, "")
		thief.Signin(hana, apptest.Word).See("192.0.2.1")
		at := thief.URL.RequestURI()
		owner.Call("POST", "/api/v1/me/password", map[string]any{"current": apptest.Word, "new": newer}).Want(200, "")
		thief.Open(at).Miss("192.0.2.1").Want(410)
		w.Clock.Add(11 * time.Minute) // nor on one that was proved a while ago
		thief.Signin(hana, newer).See("192.0.2.1")
		at = thief.URL.RequestURI()
		w.Clock.Add(11 * time.Minute)
		thief.Open(at).Miss("192.0.2.1").Want(410)
	}, "session_limit", "1")
}

func TestAProofDoesNotOutliveThisWasNotMe(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		w.Browser("192.0.2.1").Signin(hana, apptest.Word)
		thief := w.Program("203.0.113.66")
		thief.Signin(hana, apptest.Word).Want(200, "")
		at := begun(thief, hana)
		thief.Call("POST", "/api/v1/signin/"+at.Flow, map[string]any{"kind": "password", "answer": apptest.Word}).Want(409, "session.limit")
		w.Browser("192.0.2.1").Open(w.Link(hana)).Press("not me").Want(200)
		got := thief.Call("POST", "/api/v1/signin/"+at.Flow, map[string]any{"kind": "end_sessions", "sessions": []string{}})
		if got.Status == 200 {
			t.Fatalf("a proof from before the containment entered:\n%s", got.Body)
		}
	}, "session_limit", "2")
}

func TestOneOfTwoRecoveriesSetsThePassword(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		start := func(b *apptest.Browser) *apptest.Browser {
			return b.Open("/recover").Fill("E-mail", hana).Press("Send").Fill("Code", w.Code(hana)).Press("Next").See("new password")
		}
		thief := start(w.Browser("203.0.113.66"))
		w.Clock.Add(2 * time.Minute)
		owner := start(w.Browser("192.0.2.1"))
		owner.Fill("New password", newer).Press("Next").See("Hello Hana")
		thief.Fill("New password", apptest.Word).Press("Next").Miss("Hello Hana")
		owner.Open("/me").Want(200).See("Hello Hana")
	})
}

// Who holds one session may begin many sign-ins "to prove it anew". Once it has
// ended, each of them would open a session of its own that nobody counts.
func TestCapHoldsForSigninsThatProveAnew(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		b, p := w.Browser("192.0.2.1"), w.Program("192.0.2.2")
		b.Signin(hana, apptest.Word).See("Hello Hana")
		var flows []string
		for range 4 {
			b.Open("/signin").Fill("E-mail", hana).Press("Next")
			flows = append(flows, b.URL.RequestURI())
		}
		p.Signin(hana, apptest.Word).Want(200, "")
		p.Call("DELETE", "/api/v1/me/sessions", nil).Want(200, "")
		for _, f := range flows {
			b.SetCookie("sekisho", "") // or the frame itself ends what the new one pushes out
			b.Post(f, url.Values{"password": {apptest.Word}})
		}
		w.View(func(tx db.ReadTx) error {
			n, err := session.Count(t.Context(), tx, a.ID, session.Living{Lifetime: 30 * 24 * time.Hour})
			if n > 2 {
				t.Errorf("got %d sessions, want at most 2", n)
			}
			return err
		})
	}, "session_limit", "2")
}

func TestASessionPastThePolicysLifetimeIsNotProvedAnew(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word).See("Hello Hana")
		w.Clock.Add(30 * time.Hour)
		tight := w.Another("session_lifetime", "24h")
		b.At(tight).Signin(hana, apptest.Word).Want(200).See("Hello Hana")
	})
}

func TestOwnersUnprovedAddressIsNotTakenByASignUp(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		link, err := w.OwnerLink(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b := w.Browser("192.0.2.1").Open(link[len(w.Base):])
		b.Fill("Name to show", "Hana").Fill("E-mail", hana).Fill("New password", apptest.Word).Press("Create").Press("Later").See("Hello Hana")
		s := w.Browser("203.0.113.66")
		w.Clock.Add(time.Hour)
		s.Open("/signup").Fill("Name", "Other").Fill("E-mail", hana).Press("Next").Fill("New password", newer).Press("Next").See("Enter the code")
		w.Browser("192.0.2.3").Signin(hana, apptest.Word).Want(200).See("Confirm your address?")
	})
}

func TestStrangersDoNotUseUpTheSendsOfAKnownBrowser(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		owner := w.Browser("192.0.2.1")
		owner.Signin(hana, apptest.Word).Press("Sign out").Press("Sign out")
		for range 5 {
			w.Browser("203.0.113.66").Open("/signin").Fill("E-mail", hana).Press("Next").Press("Another way").Press("Code by e-mail").Want(200)
			w.Browser("203.0.113.66").Open("/recover").Fill("E-mail", hana).Press("Send").Want(200)
			w.Clock.Add(61 * time.Second)
		}
		w.Browser("203.0.113.66").Open("/recover").Fill("E-mail", hana).Press("Send").Want(429).See("code.send_limit")
		owner.Open("/recover").Fill("E-mail", hana).Press("Send").Want(200)
		w.Clock.Add(time.Second)
		owner.Open("/signin").Fill("E-mail", hana).Press("Next").Press("Another way").Press("Code by e-mail").Want(200)
		owner.Fill("Code", w.Code(hana)).Press("Next").See("Hello Hana")
	})
}

func TestASignUpPutsNoWordsIntoSomebodyElsesInbox(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		b := w.Browser("203.0.113.66")
		b.Open("/signup").Fill("Name", "your prize waits at evil.test/prize").Fill("E-mail", hana).Press("Next").Fill("New password", apptest.Word).Press("Next").Want(200)
		l := w.Mail(hana)
		if strings.Contains(l.Subject+l.Text+l.HTML, "evil.test") {
			t.Errorf("the mail to an address nobody proved says what a stranger wanted:\n%s", l.Text)
		}
		b.Fill("Code", w.Code(hana)).Press("Next").Want(200)
	})
}

func TestTheThiefsBrowserIsNewsAgainAfterThisWasNotMe(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		owner, thief := w.Browser("192.0.2.1"), w.Browser("203.0.113.66")
		owner.Signin(hana, apptest.Word).See("Hello Hana")
		thief.Signin(hana, apptest.Word).See("Hello Hana")
		owner.Open(w.Link(hana)).Press("not me").Want(200)
		w.Clock.Add(time.Second)
		owner.Open("/recover").Fill("E-mail", hana).Press("Send").Fill("Code", w.Code(hana)).Press("Next").Fill("New password", newer).Press("Next").See("Hello Hana")
		notices := func() (n int) {
			for _, l := range w.Mails() {
				n += strings.Count(l.Text, "/notice?n=")
			}
			return n
		}
		before := notices()
		w.Clock.Add(time.Hour)
		thief.Signin(hana, newer).See("Hello Hana")
		if got := notices() - before; got != 1 {
			t.Errorf("got %d notices of a sign-in from a browser that was shut out, want 1", got)
		}
	})
}

func TestASignUpDoesNotVoidTheOwnersLink(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		link, err := w.OwnerLink(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		w.Browser("203.0.113.66").Open("/signup").Fill("Name", "Other").Fill("E-mail", hana).Press("Next").Fill("New password", newer).Press("Next").Want(200)
		b := w.Browser("192.0.2.1").Open(link[len(w.Base):]).Want(200)
		b.Fill("Name to show", "Hana").Fill("E-mail", hana).Fill("New password", apptest.Word).Press("Create").See("Confirm your address?")
		w.Browser("192.0.2.3").Signin(hana, apptest.Word).Want(200).See("Confirm your address?")
	})
}

func TestMailGoesToADomainEveryServerKnows(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		b := w.Browser("192.0.2.1")
		b.Open("/signup").Fill("Name", "Hana").Fill("E-mail", "Hana@例え.jp").Press("Next").Fill("New password", apptest.Word).Press("Next").See("Hana@例え.jp")
		b.Fill("Code", w.Code("Hana@xn--r8jz45g.jp")).Press("Next").See("Hello Hana")
	})
}

func TestANewPasswordIsNotTheOldOne(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b, p := w.Browser("192.0.2.1"), w.Program("192.0.2.1")
		b.Signin(hana, apptest.Word).See("Hello Hana")
		w.Clock.Add(25 * time.Hour)
		w.Browser("192.0.2.1").Signin(hana, apptest.Word).Fill("New password", apptest.Word).Press("Next").See("password.reused")
		p.Token = b.Cookie("sekisho")
		p.Call("POST", "/api/v1/me/password", map[string]any{"current": apptest.Word, "new": apptest.Word}).Want(400, "password.reused")
		b.Open("/recover").Fill("E-mail", hana).Press("Send").Fill("Code", w.Code(hana)).Press("Next")
		b.Fill("New password", apptest.Word).Press("Next").See("password.reused")
		b.Fill("New password", newer).Press("Next").See("Hello Hana")
	}, "password_max_age", "24h")
}
