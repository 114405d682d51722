package apptest_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/faults"
)

func TestSignedInButUnconfirmedIsAskedOnceAndMaySkip(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		link, err := w.OwnerLink(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b := w.Browser("192.0.2.1").Open(strings.TrimPrefix(link, w.Base))
		b.Fill("Name to show", "Hana").Fill("E-mail", hana).Fill("New password", apptest.Word).Press("Create").See("Confirm your address?").Press("Later").See("Hello Hana")
		b.Open("/signout").Press("Sign out")
		// Nobody proved the address yet: whoever reads its mail does not get in.
		before := len(w.Mails())
		x := w.Browser("192.0.2.3").Open("/signin").Fill("E-mail", hana).Press("Next").Press("Another way").Press("Code by e-mail").Want(200)
		x.Open("/recover").Fill("E-mail", hana).Press("Send the code").Want(200)
		if after := len(w.Mails()); after != before {
			t.Errorf("%d mails went to an address that nobody proved", after-before)
		}
		b.Signin(hana, apptest.Word).See("Confirm your address?", hana).Press("Later").See("Hello Hana")
		b.Open("/signout").Press("Sign out")
		b.Signin(hana, apptest.Word).Press("Send a code").See("confirm that the address is yours").Miss("signing up").Fill("Code", w.Code(hana)).Press("Next").See("Hello Hana")
		b.Open("/me/addresses").See("confirmed")
		b.Open("/signout").Press("Sign out")
		b.Signin(hana, apptest.Word).See("Hello Hana").Miss("Confirm your address?")
	})
}

func TestHelpHasAPageForEveryCodeInBothLanguages(t *testing.T) {
	w := apptest.New(t, "sqlite")
	b := w.Browser("192.0.2.1")
	b.Open("/help").See("Error while signing in", "Forgotten password", "Other")
	for _, lang := range []string{"en", "ja"} {
		b.Post("/preferences", url.Values{"lang": {lang}, "back": {"/help"}}).Want(200)
		hub := b.Text()
		for _, e := range faults.All() {
			text := e.En
			if lang == "ja" {
				text = e.Ja
			}
			b.Open("/help/" + e.Code).Want(200)
			if e != faults.Support {
				b.See(text.What)
				if !strings.Contains(hub, text.What) {
					t.Errorf("the hub in %s does not list %s", lang, e.Code)
				}
			}
			if strings.ContainsAny(b.Text(), "{}⟦") {
				t.Errorf("/help/%s in %s has an open place", e.Code, lang)
			}
		}
	}
	b.Open("/help/no.such").Want(404)
	b.Open("/help/guide/nothing").Want(404)
}

func TestActivityFiltersAndExports(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana, "hana")
		for range 2 {
			w.Program("192.0.2.9").Signin(hana, "not the right one").Want(401, "")
		}
		w.Clock.Add(time.Minute)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		b.Open("/me/activity").See("Signed in", "A sign-in was refused", "192.0.2.9")
		b.Open("/me/activity?kind=session.").Miss("A sign-in was refused")
		b.Open("/me/activity?kind=%27%3B--").Want(200).See("Signed in")

		b.Open("/me/activity/export?format=csv").Want(200)
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.Body, "\ufeff"))).ReadAll()
		if err != nil || len(rows) < 4 || rows[0][0] != "time" {
			t.Errorf("got %d rows %v", len(rows), err)
		}
		b.Open("/me/activity/export?format=json").Want(200)
		var list []map[string]any
		if err := json.Unmarshal([]byte(b.Body), &list); err != nil || len(list) != len(rows)-1 {
			t.Errorf("got %d rows %v, want %d as in the CSV", len(list), err, len(rows)-1)
		}
		// Another account sees nothing of it.
		w.Settle("ken@example.com")
		other := w.Browser("192.0.2.2")
		other.Signin("ken@example.com", apptest.Word)
		other.Open("/me/activity").Miss("192.0.2.9")
	})
}

func TestOutboxPageIsOnlyForThisMachineAndOnlyWithoutAMailServer(t *testing.T) {
	w := apptest.New(t, "sqlite", "url", "http://localhost:8080")
	w.Settle(hana)
	ask(w, hana)
	local := w.Browser("127.0.0.1")
	local.Open("/outbox").Want(200).See(hana, "Your code to sign in to Sekisho · not sent").Miss("signin.code").Miss("waiting")
	w.Browser("192.0.2.1").Open("/outbox").Want(404)
	// A proxy on this machine speaks for somebody else.
	for _, h := range []string{"X-Forwarded-For", "Forwarded", "Via", "X-Real-Ip", "X-Forwarded-Server", "Cf-Connecting-Ip", "True-Client-Ip"} {
		req, err := http.NewRequest("GET", w.Base+"/outbox", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(h, "for=192.0.2.1")
		w.Browser("127.0.0.1").Send(req).Want(404)
	}
	// One that says nothing of itself still speaks an older HTTP than browsers do.
	mute, err := http.NewRequest("GET", w.Base+"/outbox", nil)
	if err != nil {
		t.Fatal(err)
	}
	mute.Proto, mute.ProtoMajor, mute.ProtoMinor = "HTTP/1.0", 1, 0
	w.Browser("127.0.0.1").Send(mute).Want(404)
	// A name that leads here from outside (DNS rebinding).
	req, err := http.NewRequest("GET", w.Base+"/outbox", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "evil.example.com"
	if got := w.Browser("127.0.0.1").Send(req); got.Status == 200 {
		t.Error("the outbox was shown under a foreign name")
	}
	_, smtp := listen(t)
	v := apptest.New(t, "sqlite", "url", "http://localhost:8080", "smtp", smtp)
	v.Browser("127.0.0.1").Open("/outbox").Want(404)
}

func TestTheLogTellsTheStatusThatWasSent(t *testing.T) {
	w := apptest.New(t, "sqlite")
	p := w.Program("192.0.2.1")
	for path, want := range map[string]int{"/help": 200, "/api/v1/session": 401, "/nowhere": 404, "/me": 303, "/oauth/jwks": 200, "/ready": 200} {
		w.Log.Reset()
		got := p.Call("GET", path, nil)
		if log := w.Log.String(); !strings.Contains(log, fmt.Sprintf("status=%d ", got.Status)) {
			t.Errorf("%s: answered %d, and the log says %s", path, got.Status, log)
		}
		if got.Status != want && path != "/me" {
			t.Errorf("%s: got %d, want %d", path, got.Status, want)
		}
	}
	w.Log.Reset()
	req, err := http.NewRequest("OPTIONS", w.Base+"/oauth/token", nil)
	if err != nil {
		t.Fatal(err)
	}
	p.Do(req).Want(204, "")
	if !strings.Contains(w.Log.String(), "status=204 ") {
		t.Errorf("the log says %s, want 204", w.Log)
	}
}

func TestTheOutboxPageIsNotNamedWhereItIsNot(t *testing.T) {
	ctx := context.Background()
	for url, there := range map[string]bool{"https://id.example.com": false, "http://localhost:8080": true} {
		w := apptest.New(t, "sqlite", "url", url, "listen", "127.0.0.1:0")
		s, err := w.Listen()
		if err != nil {
			t.Fatal(err)
		}
		var greeting bytes.Buffer
		if err := s.Greet(ctx, &greeting); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(greeting.String(), "/outbox"); got != there {
			t.Errorf("%s: greeted with %s", url, greeting.String())
		}
		b := w.Browser("127.0.0.1").Open("/help")
		if got := strings.Contains(b.Body, `"/outbox"`); got != there {
			t.Errorf("%s: the footer names the outbox: %v, want %v", url, got, there)
		}
		stop, cancel := context.WithCancel(ctx)
		cancel()
		if err := s.Run(stop); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(w.Log.String(), "sekisho outbox list"); got == there {
			t.Errorf("%s: the log says %s", url, w.Log)
		}
	}
}

func TestNobodyEntersAnOwnPageWithoutASession(t *testing.T) {
	w := apptest.New(t, "sqlite")
	w.Settle(hana)
	seen := 0
	for _, d := range w.Doors {
		for _, r := range d.Routes {
			if r.Guard.Name == "anyone" {
				continue
			}
			path := strings.NewReplacer("{id}", "ses_01kf0e7st00000000000000001", "{$}", "").Replace(r.Path)
			p := w.Program("192.0.2.1")
			for _, token := range []string{"", "0000000000000000000000000000000000000000000"} {
				p.Token = token
				a := p.Raw(r.Method, path, "application/x-www-form-urlencoded", []byte(""))
				away := a.Status >= 400 || a.Status == 303 && strings.HasPrefix(a.Header.Get("Location"), "/signin")
				if r.Method != "OPTIONS" && !away || strings.Contains(string(a.Body), hana) {
					t.Errorf("%s %s with %q: got %d, want to be refused", r.Method, path, token, a.Status)
				}
			}
			seen++
		}
	}
	if seen < 20 {
		t.Errorf("only %d guarded routes were tried", seen)
	}
}

func TestStepsOutOfOrderLeadToWhereTheJourneyIs(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Open("/signin").Fill("E-mail", hana).Press("Next")
		at := b.URL.RequestURI()
		flow := at[strings.Index(at, "flow="):]
		// Later pages, before their time.
		for _, path := range []string{"/signin/sessions?", "/signin/new-password?", "/signin/confirm?"} {
			b.Open(path + flow).Want(200).See("Password")
		}
		b.Post("/signin/new-password", form(flow, "new", "seven gentle river stones")).Miss("Hello")
		b.Post("/signin/sessions", form(flow, "session", "ses_01kf0e7st00000000000000001")).Miss("Hello")
		b.Open(at).Fill("Password", apptest.Word).Press("Sign in").See("Hello")
		// Back, and once more.
		b.Open(at).Miss("Hello").See("flow.")
		b.Post("/signin/password", form(flow, "password", apptest.Word)).Miss("Hello")
		b.Open("/me").See("Hello")
	})
}

func form(flow string, kv ...string) url.Values {
	v := url.Values{"flow": {strings.TrimPrefix(flow, "flow=")}}
	for i := 0; i+1 < len(kv); i += 2 {
		v.Set(kv[i], kv[i+1])
	}
	return v
}

// Somebody signs up with another's address and a password of their own, and
// waits until its owner confirms it.
func TestPasswordOfAnUnprovedSignUpDoesNotOutliveItsProof(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		thief := w.Browser("192.0.2.66")
		thief.Open("/signup").Fill("Name", "Hana").Fill("E-mail", hana).Press("Next").Fill("New password", "a password of the thief").Press("Next")
		w.Clock.Add(2 * time.Minute)
		owner := w.Browser("192.0.2.1")
		owner.Open("/signin").Fill("E-mail", hana).Press("Next").Press("Another way").Press("Code by e-mail")
		owner.Fill("Code", w.Code(hana)).Press("Next").See("Hello")
		w.Program("192.0.2.66").Signin(hana, "a password of the thief").Want(401, "signin.not_recognised")
		owner.Open("/me/password").See("No password is set")
	})
}

func TestDisabledAndDeletedAreToldAfterProof(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		p := w.Program("192.0.2.1")
		p.Signin(hana, apptest.Word).Want(200, "")
		w.Disable(a.ID)
		p.Call("GET", "/api/v1/session", nil).Want(401, "")
		p.Token = ""
		p.Signin(hana, "not the right one").Want(401, "signin.not_recognised")
		p.Signin(hana, apptest.Word).Want(403, "account.disabled")
		w.Update(func(tx db.Tx) error { return account.Enable(t.Context(), tx, a.ID) })
		p.Signin(hana, apptest.Word).Want(200, "")
		w.Update(func(tx db.Tx) error { return account.Delete(t.Context(), tx, a.ID, tx.Now().Add(24*time.Hour)) })
		p.Token = ""
		p.Signin(hana, "not the right one").Want(401, "signin.not_recognised")
		w.Clock.Add(time.Minute)
		p.Signin(hana, apptest.Word).Want(403, "account.deleted")
		w.Clock.Add(25 * time.Hour)
		if err := w.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.Signin(hana, apptest.Word).Want(401, "signin.not_recognised")
	})
}
