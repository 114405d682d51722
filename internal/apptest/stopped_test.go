package apptest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/command"
	"sekisho/internal/gate"
)

// Strangers know a name. With it alone they must not take an account from its owner.
func TestStrangersDoNotLockAnAccountOutForGood(t *testing.T) {
	t.Run("a user name alone", func(t *testing.T) {
		apptest.Each(t, func(t *testing.T, w *apptest.World) {
			w.Settle("hana")
			known := w.Browser("192.0.2.1").Signin("hana", apptest.Word).See("Hello")
			known.Press("Sign out").Press("Sign out")
			for _, name := range []string{"hana", "nobody"} {
				for i := range 101 {
					w.Clock.Add(16 * time.Minute)
					w.Program(fmt.Sprintf("203.0.%d.7", i)).Signin(name, "a guess of a stranger")
				}
				// Strangers cannot tell the two names apart.
				w.Clock.Add(time.Hour)
				w.Program("198.51.100.7").Signin(name, "a guess of a stranger").Want(403, "factor.disabled")
			}
			known.Signin("hana", apptest.Word).See("Hello")
		})
	})
	t.Run("a number alone", func(t *testing.T) {
		eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
			w.Carry().Settle(number)
			for i := range 101 {
				w.Clock.Add(16 * time.Minute)
				p := w.Program(fmt.Sprintf("203.0.%d.7", i))
				at := "/api/v1/signin/" + begun(p, number).Flow
				p.Call("POST", at, map[string]any{"kind": "password", "answer": "a guess of a stranger"})
				p.Call("POST", at, map[string]any{"kind": "smscode"})
				p.Call("POST", at, map[string]any{"kind": "smscode", "answer": "000000"})
				var s apptest.Step
				p.Call("POST", "/api/v1/recover", map[string]any{"identifier": number}).Want(200, "").Into(&s)
				p.Call("POST", "/api/v1/recover/"+s.Flow, map[string]any{"kind": "recovery_code", "answer": "000000"})
			}
			w.Clock.Add(25 * time.Hour)
			w.Program("192.0.2.1").Signin(number, apptest.Word).Want(403, "factor.disabled")
			had := len(phones.Texts(number))
			b := w.Browser("192.0.2.1").Open("/recover").Fill("E-mail", number).Press("Send the code")
			eventually(t, func() bool { return len(phones.Texts(number)) > had })
			b.Fill("Code", phones.Code(number)).Press("Next").Fill("New password", newer).Press("Next").See("Hello")
			// The reset opened the other ways too.
			w.Clock.Add(time.Hour)
			w.Program("192.0.2.2").Signin(number, newer).Want(200, "")
			b = w.Browser("192.0.2.3").Open("/signin").Fill("E-mail", number).Press("Next").Press("Another way").Press("Code by SMS")
			eventually(t, func() bool { return len(phones.Texts(number)) > had+1 })
			b.Fill("Code", phones.Code(number)).Press("Next").See("Hello")
		})
	})
}

func TestTheOperatorOpensWhatStrangersStopped(t *testing.T) {
	data := t.TempDir()
	run := terminal(t, data)
	run(command.NotThere, "account", "unlock", hana)
	run(0, "account", "create", hana)
	a, _, err := openedIn(t, data)
	if err != nil {
		t.Fatal(err)
	}
	w := &apptest.World{App: a, T: t, Base: apptest.Base}
	for i := range 14 { // from the eleventh on strangers wait
		w.Program(fmt.Sprintf("203.0.%d.7", i)).Signin(hana, "a guess of a stranger")
	}
	if got := w.Program("192.0.2.1").Signin(hana, "a guess of a stranger").Code(); got != "signin.too_many_attempts" {
		t.Fatalf("got %s, want a wait", got)
	}
	if got := run(0, "account", "unlock", hana); !strings.Contains(got, "unlocked") {
		t.Errorf("got %s", got)
	}
	w.Program("192.0.2.2").Signin(hana, "a guess of a stranger").Want(401, "signin.not_recognised")
	if !told(w, "can be tried again") {
		t.Error("the owner is not told")
	}
	if got := run(0, "audit", "export"); !strings.Contains(got, "account.unlocked") || !strings.Contains(got, "operator") {
		t.Error("the audit log does not tell of it")
	}
	run(0, "account", "disable", hana)
	run(command.Failed, "account", "unlock", hana)
}

// Who has the password can stop every second proof. The refusal says that a reset opens
// them again, so the reset must not be stopped with them.
func TestAStoppedSecondFactorLeavesTheResetOpen(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		kit := w.Protect(w.Settle(hana), gate.TOTP) // and five backup codes
		known := w.Browser("192.0.2.1").Signin(hana, apptest.Word).Fill("Six-digit", kit.App()).Press("Next").See("Hello")
		for i := range 101 {
			w.Clock.Add(16 * time.Minute)
			p, at := halfway(w, fmt.Sprintf("203.0.%d.7", i), hana)
			p.Call("POST", at, map[string]any{"kind": "totp", "answer": "000000"})
			if i < 30 {
				p.Call("POST", at, map[string]any{"kind": "backup", "answer": "000000000000"})
			}
		}
		w.Clock.Add(16 * time.Minute)
		known.Open("/me/factors/app").Fill("Password", apptest.Word).Press("Next")
		known.Fill("Six-digit", kit.App()).Press("Next").Want(403).See("factor.disabled")
		b := lost(w, w.Browser("192.0.2.2")).Press("I can't reach my device").Press("Backup code")
		b.Fill("12-digit", kit.Spare()).Press("Next").See("Choose a new password")
		w.Clock.Add(time.Hour)
		b = lost(w, w.Browser("192.0.2.3")).Fill("Six-digit", kit.App()).Press("Next")
		b.Fill("New password", newer).Press("Next").See("Hello")
		// It opened all of it again.
		w.Clock.Add(time.Hour)
		w.Browser("192.0.2.4").Signin(hana, newer).Fill("Six-digit", kit.App()).Press("Next").See("Hello")
	}, "daily_signins", "0", "session_limit", "50")
}

// A key's answer is a signature: nobody guesses it, so nothing wrong stops it, and
// nobody else's junk makes its owner wait.
func TestJunkStopsNoKey(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		key := enrolled(t, signed(w, hana, "192.0.2.1"), "YubiKey", 0x01) // without a PIN
		for i := range 101 {
			w.Clock.Add(16 * time.Minute)
			p, at := halfway(w, fmt.Sprintf("203.0.%d.7", i), hana)
			p.Call("POST", at, map[string]any{"kind": "passkey", "answer": "{}"})
		}
		var o struct{ Options json.RawMessage }
		p, at := halfway(w, "192.0.2.1", hana)
		p.Call("POST", at, map[string]any{"kind": "passkey"}).Want(200, "").Into(&o)
		p.Call("POST", at, map[string]any{"kind": "passkey", "answer": string(key.get(o.Options))}).Want(200, "")
		var s apptest.Step
		p.Call("POST", "/api/v1/recover", map[string]any{"identifier": hana}).Want(200, "").Into(&s)
		at = "/api/v1/recover/" + s.Flow
		p.Call("POST", at, map[string]any{"kind": "recovery_code", "answer": w.Code(hana)}).Want(200, "")
		p.Call("POST", at, map[string]any{"kind": "passkey"}).Want(200, "").Into(&o)
		p.Call("POST", at, map[string]any{"kind": "passkey", "answer": string(key.get(o.Options))}).Want(200, "")
	}, atKeys...)
}

// Whoever knows a name may try codes of its Tegata at the first page, and stops nothing
// that its owner gives after the password.
func TestStrangersStopNoTegata(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		for i := range 101 {
			w.Clock.Add(16 * time.Minute)
			p := w.Program(fmt.Sprintf("203.0.%d.7", i))
			want := "code.wrong"
			if i >= 20 {
				want = "factor.disabled"
			}
			for _, name := range []string{hana, "nobody@example.com"} {
				if got := p.Call("POST", opens(p, name), map[string]any{"kind": "tegatacode", "answer": "000000"}).Code(); got != want {
					t.Fatalf("try %d at %s: got %s, want %s", i, name, got, want)
				}
			}
		}
		p, path, _ := push2(w, "192.0.2.7")
		p.Call("POST", path, map[string]any{"kind": "tegatacode", "answer": "000000"}).Want(401, "code.wrong")
		p.Call("POST", path, map[string]any{"kind": "tegatacode", "answer": h.CodeNow()}).Want(200, "")
	})
}

func TestStrangersStopNoSecondFactorBySMS(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		w.Carry().ProtectWith(phones, number, w.Settle(hana, number), gate.SMSCode)
		for i := range 101 {
			w.Clock.Add(61 * time.Minute)
			p := w.Program(fmt.Sprintf("203.0.%d.7", i))
			at := opens(p, number)
			p.Call("POST", at, map[string]any{"kind": "smscode"})
			p.Call("POST", at, map[string]any{"kind": "smscode", "answer": "000000"})
		}
		w.Clock.Add(61 * time.Minute)
		had := len(phones.Texts(number))
		p, at := halfway(w, "192.0.2.1", hana)
		p.Call("POST", at, map[string]any{"kind": "smscode"}).Want(200, "")
		eventually(t, func() bool { return len(phones.Texts(number)) > had })
		p.Call("POST", at, map[string]any{"kind": "smscode", "answer": phones.Code(number)}).Want(200, "")
	})
}

// One stranger in an office must not stop the office's passkeys on the first page.
func TestAStrangerInTheOfficeStopsNobodysPasskey(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		key := enrolled(t, signed(w, hana, "192.0.2.1"), "own", 0x05)
		b := w.Browser("192.0.2.1")
		post := func(path, kind, body string) *apptest.Browser {
			req, err := http.NewRequest("POST", w.Base+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", kind)
			return b.Send(req)
		}
		for i := range 305 {
			p := w.Program("192.0.2.1") // behind the same router
			p.Agent = fmt.Sprintf("junk/%d", i/10)
			var s apptest.Step
			p.Call("POST", "/api/v1/signin", map[string]any{"kind": "passkey"}).Into(&s)
			p.Call("POST", "/api/v1/signin/"+s.Flow, map[string]any{"kind": "passkey", "answer": "{}"})
		}
		b.Open("/signin")
		options := []byte(post("/signin/passkey/options", "application/json", "{}").Body)
		post("/signin/passkey", "application/x-www-form-urlencoded", url.Values{"response": {string(key.get(options))}}.Encode()).See("Hello")
		// A browser that fails by itself waits.
		other := w.Program("192.0.2.1")
		var last apptest.Answer
		for range 12 {
			var s apptest.Step
			other.Call("POST", "/api/v1/signin", map[string]any{"kind": "passkey"}).Into(&s)
			last = other.Call("POST", "/api/v1/signin/"+s.Flow, map[string]any{"kind": "passkey", "answer": "{}"})
		}
		last.Want(429, "signin.too_many_attempts")
	}, atKeys...)
}

// A code that support issued is not stopped by those who try others meanwhile, and does
// not open the set that they stopped.
func TestWrongCodesDoNotStopTheOneThatSupportIssued(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		kit := w.Protect(a, gate.TOTP)
		try := func(i int) {
			w.Clock.Add(16 * time.Minute)
			p, at := halfway(w, fmt.Sprintf("203.0.%d.7", i), hana)
			p.Call("POST", at, map[string]any{"kind": "backup", "answer": "000000000000"})
		}
		for i := range 10 {
			try(i)
		}
		code := issue(w, a)
		for i := range 40 {
			try(100 + i)
		}
		w.Clock.Add(16 * time.Minute)
		byBackup(w, "192.0.2.2", kit.Spare()).Want(401)
		w.Clock.Add(16 * time.Minute) // that counted too
		byBackup(w, "192.0.2.3", code).See("Set up your factors anew")
		w.Clock.Add(16 * time.Minute)
		byBackup(w, "192.0.2.4", kit.Spare()).Want(403).See("factor.disabled")
	}, "daily_signins", "0", "session_limit", "50")
}
