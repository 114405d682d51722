package apptest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/gate"
)

// judged counts the wrong answers of a class that were looked at at all: only
// those have a truth in their audit row.
func judged(w *apptest.World, class string) (n int) {
	w.T.Helper()
	for _, r := range w.Audit() {
		var about struct{ Kind, Truth string }
		if strings.HasSuffix(r.Kind, "refused") && json.Unmarshal(r.Detail, &about) == nil && about.Kind == class && about.Truth != "" {
			n++
		}
	}
	return n
}

// crowd does something many times, a few at once.
func crowd(n int, do func(i int)) {
	var all sync.WaitGroup
	free := make(chan struct{}, 8)
	for i := range n {
		free <- struct{}{}
		all.Go(func() { do(i); <-free })
	}
	all.Wait()
}

// halfway is a sign-in of a program that has come as far as the second proof.
func halfway(w *apptest.World, from, who string) (*apptest.Program, string) {
	w.T.Helper()
	p := w.Program(from)
	at := "/api/v1/signin/" + begun(p, who).Flow
	p.Call("POST", at, map[string]any{"kind": "password", "answer": apptest.Word}).Want(200, "")
	return p, at
}

var spellings = []string{"hana@example.com", "HANA@example.com", " hana@EXAMPLE.com ", "ｈａｎａ＠example.com", "hana", "Hana", "+81 90-1234-5678", "+819012345678"}

func TestThousandFlowsAndAllSpellingsShareOneLimit(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana, "hana", phone)
		crowd(1000, func(i int) {
			p := w.Program(fmt.Sprintf("198.51.%d.%d", i%200, i/200))
			p.Agent = fmt.Sprintf("guess/%d", i)
			var s apptest.Step
			if a := p.Call("POST", "/api/v1/signin", map[string]any{"identifier": spellings[i%len(spellings)]}); a.Status == 200 {
				a.Into(&s)
				p.Call("POST", "/api/v1/signin/"+s.Flow, map[string]any{"kind": "password", "answer": fmt.Sprintf("guess number %d of many", i)})
			}
		})
		if n := judged(w, "password"); n > 11 || n < 8 {
			t.Errorf("%d passwords were looked at, want no more than 11", n)
		}
	})
}

func TestManyFlowsGuessNoMoreSecondProofsThanOne(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Protect(w.Settle(hana), gate.TOTP)
		for class, answer := range map[string]string{"totp": "%06d", "backup": "%012d"} {
			crowd(150, func(i int) {
				p, at := halfway(w, fmt.Sprintf("198.51.%d.7", i), hana)
				p.Call("POST", at, map[string]any{"kind": class, "answer": fmt.Sprintf(answer, i)})
			})
			if n := judged(w, class); n > 11 || n < 8 {
				t.Errorf("%d answers of %s were looked at, want no more than 11", n, class)
			}
		}
		// The way through recovery has a count of its own, in as many journeys.
		for i := range 20 {
			w.Clock.Add(time.Second)
			var s apptest.Step
			p := w.Program(fmt.Sprintf("198.51.%d.8", i))
			if p.Call("POST", "/api/v1/recover", map[string]any{"identifier": hana}).Into(&s).Status != 200 {
				w.Clock.Add(time.Hour)
				p.Call("POST", "/api/v1/recover", map[string]any{"identifier": hana}).Want(200, "").Into(&s)
			}
			at := "/api/v1/recover/" + s.Flow
			p.Call("POST", at, map[string]any{"kind": "recovery_code", "answer": w.Code(hana)}).Want(200, "")
			for j := range 5 {
				p.Call("POST", at, map[string]any{"kind": "totp", "answer": fmt.Sprintf("%06d", i*10+j)})
			}
		}
		if n := judged(w, "recover.totp"); n > 31 || n < 8 {
			t.Errorf("%d answers were looked at in recovery, want no more than 31", n)
		}
	})
}

func TestClassesAreCountedApartAndAResendResetsNothing(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		kit := w.Protect(w.Settle(hana), gate.TOTP, gate.Passphrase)
		b := w.Browser("192.0.2.66").Open("/signin").Fill("E-mail", hana).Press("Next")
		for range 11 {
			b.Fill("Password", "wrong wrong wrong wrong").Press("Sign in")
		}
		b.Want(429).See("signin.too_many_attempts")
		// A code by mail is counted by itself; a second send does not give back tries.
		b.Press("Another way").Press("Code by e-mail")
		for range 6 {
			b.Fill("Code", "000000").Press("Next").Want(401)
		}
		w.Clock.Add(61 * time.Second)
		b.Press("Send the code again").Want(200)
		for range 4 {
			b.Fill("Code", "000000").Press("Next").Want(401)
		}
		b.Fill("Code", "000000").Press("Next").Want(429).See("signin.too_many_attempts")
		b.Fill("Code", w.Code(hana)).Press("Next").Want(429)
		// So is recovery, and each second proof in it.
		w.Clock.Add(61 * time.Second)
		lost(w, b).See("authenticator")
		for range 10 {
			b.Fill("Six-digit", "000000").Press("Next").Want(401)
		}
		b.Fill("Six-digit", kit.App()).Press("Next") // the tenth failure is free, and this is right
		b.See("Choose a new password")
	})
}

func TestStrangersDoNotLockAKnownBrowserOutAtTheSecondStep(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		kit := w.Protect(w.Settle(hana), gate.TOTP)
		b := w.Browser("192.0.2.1").Signin(hana, apptest.Word).Fill("Six-digit", kit.App()).Press("Next").See("Hello")
		b.Press("Sign out").Press("Sign out")
		for i := range 25 { // somebody who has the password
			p, at := halfway(w, fmt.Sprintf("203.0.113.%d", i+1), hana)
			p.Call("POST", at, map[string]any{"kind": "totp", "answer": "000000"})
		}
		p, at := halfway(w, "198.51.100.7", hana)
		p.Call("POST", at, map[string]any{"kind": "totp", "answer": "000000"}).Want(429, "signin.too_many_attempts")
		b.Signin(hana, apptest.Word).Fill("Six-digit", kit.App()).Press("Next").See("Hello")
	})
}

func TestTooManyFailuresInARowStopOneAuthenticatorUntilRecovery(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		kit := w.Protect(w.Settle(hana), gate.TOTP, gate.Passphrase)
		for class, most := range map[string]int{"totp": 100, "backup": 20} {
			wrong := map[string]string{"totp": "000000", "backup": "000000000000"}[class]
			for i := range most + 3 {
				w.Clock.Add(25 * time.Hour) // patient, and from many places
				p, at := halfway(w, fmt.Sprintf("198.51.%d.7", i), hana)
				p.Call("POST", at, map[string]any{"kind": class, "answer": wrong})
			}
			if n := judged(w, class); n != most {
				t.Errorf("%d answers of %s were looked at, want %d", n, class, most)
			}
		}
		w.Clock.Add(25 * time.Hour)
		p, at := halfway(w, "192.0.2.1", hana)
		p.Call("POST", at, map[string]any{"kind": "totp", "answer": kit.App()}).Want(403, "factor.disabled")
		p.Call("POST", at, map[string]any{"kind": "backup", "answer": kit.Spare()}).Want(403, "factor.disabled")
		p.Call("POST", at, map[string]any{"kind": "passphrase", "answer": apptest.Phrase}).Want(200, "")
		// Recovery by what still works opens all of it again.
		w.Clock.Add(2 * time.Minute) // mails of one instant have no order
		b := lost(w, w.Browser("192.0.2.1")).Press("Another way").Press("passphrase").Fill("Passphrase", apptest.Phrase).Press("Next")
		b.Fill("New password", newer).Press("Next").See("Set up your factors anew")
		b = w.Browser("192.0.2.2").Signin(hana, newer).Fill("Six-digit", kit.App()).Press("Next").See("Hello")
	})
}

func TestCountersOutliveARestartAndAFloodOfOthers(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		kit := w.Protect(w.Settle(hana), gate.TOTP)
		b := w.Browser("203.0.113.66").Signin(hana, apptest.Word)
		for range 11 {
			b.Fill("Six-digit", "000000").Press("Next")
		}
		b.Want(429)
		w = w.Again()
		b.At(w)
		b.Fill("Six-digit", kit.App()).Press("Next").Want(429).See("signin.too_many_attempts")
		crowd(300, func(i int) {
			w.Program(fmt.Sprintf("198.51.%d.7", i%250)).Signin(fmt.Sprintf("other%d@example.com", i), strings.Repeat("guess ", 4))
		})
		if err := w.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.Fill("Six-digit", kit.AppAt(w.Clock.Now())).Press("Next").Want(429)
		w.Clock.Add(15 * time.Minute)
		b = w.Browser("203.0.113.66").Signin(hana, apptest.Word).Fill("Six-digit", kit.App()).Press("Next").See("Hello")
	})
}

// A reset by SMS has no link beside its code: whoever guesses at somebody's codes
// must not take the way back from them.
func TestGuessingAtRecoveryCodesLeavesTheOwnerALongerOne(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		work(t, w)
		w.Settle(hana)
		b := w.Browser("192.0.2.1").Signin(hana, apptest.Word)
		b.Open("/me/addresses").Press("Add one").Fill("E-mail address or mobile", "+81 90 1111 2222").Press("Send a code").See("Enter the code")
		b.Fill("Code", phones.Code(number)).Press("Confirm").See("It can be used")
		// The owner asked for a code before the guessing began.
		early := w.Browser("192.0.2.7").Open("/recover").Fill("E-mail", number).Press("Send the code")
		eventually(t, func() bool { return len(phones.Texts(number)) == 2 })
		short := phones.Code(number)
		const nobody = "nobody@example.com"
		for i := range 3 {
			w.Clock.Add(61 * time.Second)
			for _, typed := range []string{number, nobody} {
				x := w.Browser(fmt.Sprintf("198.51.100.%d", i)).Open("/recover").Fill("E-mail", typed).Press("Send the code")
				for range 5 {
					x.Fill("Code", "000000").Press("Next")
				}
			}
		}
		early.Fill("Code", short).Press("Next").Want(403).See("code.too_short", "Send the code again")
		w.Clock.Add(time.Hour + time.Minute)
		for _, typed := range []string{nobody, number} {
			was := len(phones.Texts(number))
			x := w.Browser("192.0.2.8").Open("/recover").Fill("E-mail", typed).Press("Send the code").See("16 digits")
			x.Fill("Code", "0000 0000 0000 0000").Press("Next").Want(401)
			x.Fill("Code", "000000").Press("Next").Want(401)
			if typed == nobody {
				continue
			}
			eventually(t, func() bool { return len(phones.Texts(number)) > was })
			if code := phones.Code(number); len(code) != 16 {
				t.Errorf("got a code of %d digits, want 16", len(code))
			}
			x.Fill("Code", phones.Code(number)).Press("Next").See("New password")
		}
		// A hundred of them in a row stop short codes for known browsers too, and no more than those.
		for i := range 110 {
			w.Clock.Add(25 * time.Hour)
			x := w.Browser(fmt.Sprintf("198.51.100.%d", i)).Open("/recover").Fill("E-mail", number).Press("Send the code")
			x.Fill("Code", "000000").Press("Next")
		}
		w.Clock.Add(25 * time.Hour)
		was := len(phones.Texts(number))
		x := w.Browser("192.0.2.9").Open("/recover").Fill("E-mail", number).Press("Send the code").See("16 digits")
		eventually(t, func() bool { return len(phones.Texts(number)) > was })
		x.Fill("Code", phones.Code(number)).Press("Next").Fill("New password", newer).Press("Next").See("Hello Hana")
		// It is forgiven from then on.
		w.Clock.Add(time.Hour)
		w.Browser("192.0.2.9").Open("/recover").Fill("E-mail", number).Press("Send the code").Miss("16 digits")
	})
}

// Guesses from many places, none of which has to wait, are the owner's to know of
// (ER-07): somebody has the first proof, strangers wait, a way is stopped.
func TestTheOwnerIsToldOfGuessesFromManyPlaces(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Protect(w.Settle(hana), gate.TOTP)
		guess := func(i int) {
			p, at := halfway(w, fmt.Sprintf("203.0.%d.7", i), hana)
			p.Call("POST", at, map[string]any{"kind": "totp", "answer": "000000"})
			w.Clock.Add(16 * time.Minute)
		}
		for i := range 3 {
			guess(i)
		}
		if got := to(w, hana, "then a wrong second proof"); got != 1 {
			t.Errorf("got %d mails that somebody has the first proof, want one a day", got)
		}
		for i := range 12 {
			guess(i + 3)
		}
		if got := to(w, hana, "many times"); got != 1 {
			t.Errorf("got %d mails that strangers guess, want 1", got)
		}
		for i := range 86 {
			guess(i + 15)
		}
		if got := to(w, hana, "is stopped for your account: authenticator app"); got != 1 {
			t.Errorf("got %d mails that the app is stopped, want 1", got)
		}
	}, "daily_signins", "0")
}

func TestAnOwnersOwnSlipIsNotTold(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		kit := w.Protect(w.Settle(hana), gate.TOTP)
		b := w.Browser("192.0.2.1").Signin(hana, apptest.Word).Fill("Six-digit", kit.App()).Press("Next").See("Hello")
		b.Press("Sign out").Press("Sign out")
		b.Signin(hana, apptest.Word).Fill("Six-digit", "000000").Press("Next").Want(401)
		if got := to(w, hana, "wrong second proof"); got != 0 {
			t.Errorf("got %d mails of a slip in a browser the account knows, want none", got)
		}
	})
}
