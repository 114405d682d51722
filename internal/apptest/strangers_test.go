package apptest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/flow/enter"
)

// What one network makes this server send to people who asked for nothing has an end;
// nobody's own browser waits for it, and it tells nothing of names.
func TestStrangersInOneNetworkCauseSoManyCodesAnHour(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word).See("Hello").Open("/signout").Press("Sign out")
		w.Clock.Add(time.Hour)
		reset := func(from, name string) apptest.Answer {
			return w.Program(from).Call("POST", "/api/v1/recover", map[string]any{"identifier": name})
		}
		for i := range enter.WishesAnHour {
			reset("192.0.2.1", fmt.Sprintf("nobody%d@example.com", i)).Want(200, "")
		}
		mails := len(w.Mails())
		for _, name := range []string{hana, "nobody@example.com"} {
			a := reset("192.0.2.1", name).Want(429, "code.network_limit")
			if a.Header.Get("Retry-After") == "" {
				t.Errorf("%s: nobody is told when codes can be sent again", name)
			}
			p := w.Program("192.0.2.1")
			p.Call("POST", opens(p, name), map[string]any{"kind": "mailcode"}).Want(429, "code.network_limit")
		}
		if got := len(w.Mails()); got != mails {
			t.Errorf("%d mails were written all the same", got-mails)
		}
		w.Browser("192.0.2.1").Open("/recover").Fill("E-mail", hana).Press("Send").Want(429).See("from this network")
		// Another network, and a browser that the account knows in the same one.
		reset("192.0.2.2", "nobody@example.com").Want(200, "")
		b.Open("/recover").Fill("E-mail", hana).Press("Send").See("Code").Miss("from this network")
		w.Code(hana)
		w.Clock.Add(61 * time.Minute) // when it was told to be possible again
		reset("192.0.2.1", "nobody@example.com").Want(200, "")
	})
}

// A code that is not sent, because one was a moment ago, uses none up.
func TestWhatIsNotSentIsNotCounted(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		var x struct{ Flow string }
		p := w.Program("192.0.2.1")
		p.Call("POST", "/api/v1/recover", map[string]any{"identifier": "nobody@example.com"}).Want(200, "").Into(&x)
		for range enter.WishesAnHour {
			p.Call("POST", "/api/v1/recover/"+x.Flow, map[string]any{"kind": "recovery_code"}).Want(429, "code.resend_early")
		}
		p.Call("POST", "/api/v1/recover", map[string]any{"identifier": "another@example.com"}).Want(200, "")
	})
}

func TestSoManySignUpsAnHourFromOneNetwork(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		begins := func(from, name string) (*apptest.Program, string, apptest.Answer) {
			var x struct{ Flow string }
			p := w.Program(from)
			a := p.Call("POST", "/api/v1/signup", map[string]any{"name": "Hana", "email": name})
			if a.Status == 200 {
				a.Into(&x)
			}
			return p, "/api/v1/signup/" + x.Flow, a
		}
		word := map[string]any{"kind": "new_password", "answer": apptest.Word}
		late, path, a := begins("192.0.2.1", "late@example.com")
		a.Want(200, "")
		for i := range enter.SignupsAnHour {
			p, path, a := begins("192.0.2.1", fmt.Sprintf("new%d@example.com", i))
			a.Want(200, "")
			p.Call("POST", path, word).Want(200, "")
		}
		mails := len(w.Mails())
		if _, _, a := begins("192.0.2.1", "more@example.com"); a.Want(429, "signup.network_limit").Header.Get("Retry-After") == "" {
			t.Error("nobody is told when to sign up")
		}
		late.Call("POST", path, word).Want(429, "signup.network_limit") // begun before
		if got := len(w.Mails()); got != mails {
			t.Errorf("%d mails were written all the same", got-mails)
		}
		_, _, a = begins("192.0.2.2", "elsewhere@example.com")
		a.Want(200, "")
		w.Clock.Add(61 * time.Minute) // when it was told to be possible again
		if _, _, a = begins("192.0.2.1", "more@example.com"); a.Status != 200 || strings.Contains(a.Code(), "limit") {
			t.Errorf("got %d, want the next hour to begin anew", a.Status)
		}
	})
}
