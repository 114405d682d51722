package apptest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/command"
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
