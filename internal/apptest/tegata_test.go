package apptest_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/factor/push"
	"sekisho/internal/pass"
)

// holding signs hana in, gives her an installation of Tegata, and goes on a quarter of
// an hour later.
func holding(w *apptest.World) (account.Account, *apptest.Handheld) {
	w.T.Helper()
	a := w.Settle(hana)
	h := w.Hold(inside(w), a, "Pixel 8")
	w.Clock.Add(15 * time.Minute)
	return a, h
}

// inside is a program in which hana has signed in with her password.
func inside(w *apptest.World) *apptest.Program {
	w.T.Helper()
	p := w.Program("192.0.2.200")
	var opened apptest.Step
	p.Signin(hana, apptest.Word).Want(200, "").Into(&opened)
	p.Token = opened.Token
	return p
}

type asked struct {
	Flow   string
	Number string `json:"push_number"`
	Token  string
	Scan   string `json:"scan_uri"`
}

// push2 gives the password; Tegata is asked for the rest at once.
func push2(w *apptest.World, from string) (p *apptest.Program, path string, x asked) {
	w.T.Helper()
	p = w.Program(from)
	path = opens(p, hana)
	p.Call("POST", path, map[string]any{"kind": "password", "answer": apptest.Word}).Want(200, "").Into(&x)
	if len(x.Number) != 2 {
		w.T.Fatalf("got number %q, want two digits", x.Number)
	}
	return p, path, x
}

var (
	given = map[string]any{"kind": "tegata", "answer": "done"}
	wish  = map[string]any{"kind": "tegata"}
)

// opens begins a sign-in with an identifier, and gives its path.
func opens(p *apptest.Program, name string) string {
	var x asked
	p.Call("POST", "/api/v1/signin", map[string]any{"identifier": name}).Want(200, "").Into(&x)
	return "/api/v1/signin/" + x.Flow
}

func levelOf(p *apptest.Program, token string) string {
	var me who
	p.Token = token
	p.Call("GET", "/api/v1/session", nil).Want(200, "").Into(&me)
	p.Token = ""
	return strings.TrimPrefix(me.ACR, "urn:sekisho:acr:")
}

func TestApprovalWithTheNumberIsASecondProofOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		p, path, x := push2(w, "192.0.2.7")
		p.Call("POST", path, given).Want(409, "push.waiting")
		if r := h.Asked(); r.Digits != 2 || r.Addr != "192.0.2.7" || r.Browser == "" || r.Purpose != "signin" {
			t.Errorf("got request %+v", r)
		}
		r := h.Asked()
		if err := h.Say(pass.Approve, x.Number, false); err != nil {
			t.Fatal(err)
		}
		if err := h.Answer(r.ID, pass.Approve, x.Number, false); !pass.Is(err, "push.expired") {
			t.Errorf("approved twice: got %v", err)
		}
		if err := h.Answer(r.ID, pass.Deny, "", false); !pass.Is(err, "push.expired") {
			t.Errorf("denied after approval: got %v", err)
		}
		var opened asked
		p.Call("POST", path, given).Want(200, "").Into(&opened)
		if got := levelOf(p, opened.Token); got != "multi" {
			t.Errorf("got level %s, want multi", got)
		}
		p.Call("POST", path, given).Want(410, "flow.expired")
	})
}

func TestApprovalBehindTheAppLockSignsInAlone(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		for _, verified := range []bool{true, false} {
			w.Clock.Add(11 * time.Minute)
			p := w.Program("192.0.2.7")
			path := opens(p, hana)
			var x asked
			p.Call("POST", path, wish).Want(200, "").Into(&x)
			if err := h.Say(pass.Approve, x.Number, verified); err != nil {
				t.Fatal(err)
			}
			if !verified { // possession alone, and a second factor is on
				var more asked
				p.Call("POST", path, given).Want(200, "").Into(&more)
				if more.Token != "" {
					t.Error("possession alone opened an account with a second factor")
				}
				// The password is the other of the two.
				p.Call("POST", path, map[string]string{"kind": "password", "answer": "not the password"}).Want(401, "")
				p.Call("POST", path, map[string]string{"kind": "password", "answer": apptest.Word}).Want(200, "").Into(&more)
				if got := levelOf(p, more.Token); got != "multi" {
					t.Errorf("with the password: got level %s, want multi", got)
				}
				continue
			}
			var opened asked
			p.Call("POST", path, given).Want(200, "").Into(&opened)
			if got := levelOf(p, opened.Token); got != "multi" {
				t.Errorf("got level %s, want multi", got)
			}
		}
	})
}

func TestOneWrongNumberEndsTheRequest(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		for _, number := range []string{"", "wrong"} {
			w.Clock.Add(3 * time.Minute)
			p, path, x := push2(w, "192.0.2.7")
			r := h.Asked()
			if number == "wrong" {
				number = string([]byte{'0' + ('9'-x.Number[0])%10, x.Number[1]})
				if number == x.Number {
					number = "0" + x.Number[:1]
				}
			}
			if err := h.Say(pass.Approve, number, true); !pass.Is(err, "push.wrong_number") {
				t.Errorf("number %q for %q: got %v", number, x.Number, err)
			}
			if err := h.Answer(r.ID, pass.Approve, x.Number, true); !pass.Is(err, "push.expired") {
				t.Errorf("second try: got %v", err)
			}
			p.Call("POST", path, given).Want(401, "push.wrong_number")
		}
	})
}

func TestOnlyTheAccountsOwnFreshDeviceApproves(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a, h := holding(w)
		other := w.Settle("ken@example.com")
		q := w.Program("192.0.2.201")
		var opened apptest.Step
		q.Signin("ken@example.com", apptest.Word).Want(200, "").Into(&opened)
		q.Token = opened.Token
		foe := w.Hold(q, other, "Foe")
		p, path, x := push2(w, "192.0.2.7")
		r := h.Asked()
		ctx := t.Context()
		if err := foe.Decide(ctx, pass.Said{Account: string(a.ID), Request: r.ID, Decision: pass.Approve, Number: x.Number, Verified: true}); !pass.Is(err, "push.expired") {
			t.Errorf("another account's device: got %v", err)
		}
		if s, err := foe.State(ctx); err != nil || len(s.Requests) != 0 {
			t.Errorf("another account's device is asked: %v %v", s.Requests, err)
		}
		// A signature over anything else is none.
		key := foe.Key
		foe.Key, foe.Device = key, h.Device
		if err := foe.Decide(ctx, pass.Said{Account: string(a.ID), Request: r.ID, Decision: pass.Approve, Number: x.Number, Verified: true}); !pass.Is(err, "device.unknown") {
			t.Errorf("another key: got %v", err)
		}
		if err := h.Decide(ctx, pass.Said{Account: string(other.ID), Request: r.ID, Decision: pass.Approve, Number: x.Number, Verified: true}); !pass.Is(err, "push.bad_signature") {
			t.Errorf("signed for another account: got %v", err)
		}
		// After a new password the device is stale.
		w.Clock.Add(time.Minute)
		s := inside2(w, h)
		s.Call("POST", "/api/v1/me/password", map[string]any{"current": apptest.Word, "new": newer}).Want(200, "")
		if err := h.Decide(ctx, pass.Said{Account: string(a.ID), Request: r.ID, Decision: pass.Approve, Number: x.Number, Verified: true}); !pass.Is(err, "device.stale") {
			t.Errorf("after a new password: got %v", err)
		}
		p.Call("POST", path, given).Want(401, "push.expired")
		if err := h.Refresh(ctx, apptest.Word); !pass.Is(err, "signin.not_recognised") {
			t.Errorf("refresh with the old password: got %v", err)
		}
		if err := h.Refresh(ctx, newer); err != nil {
			t.Fatal(err)
		}
		if err := h.Decide(ctx, pass.Said{Account: string(a.ID), Request: r.ID, Decision: pass.Approve, Number: x.Number, Verified: true}); !pass.Is(err, "push.expired") {
			t.Errorf("a request from before the new password: got %v", err)
		}
	})
}

// inside2 signs in with the password and an approval.
func inside2(w *apptest.World, h *apptest.Handheld) *apptest.Program {
	w.T.Helper()
	w.Clock.Add(3 * time.Minute)
	p, path, x := push2(w, "192.0.2.210")
	if err := h.Say(pass.Approve, x.Number, true); err != nil {
		w.T.Fatal(err)
	}
	var opened asked
	p.Call("POST", path, given).Want(200, "").Into(&opened)
	p.Token = opened.Token
	return p
}

func TestNotMeContainsAndItWasMeOnlyStops(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		s := inside2(w, h)
		w.Clock.Add(3 * time.Minute)
		p, path, _ := push2(w, "192.0.2.7")
		if err := h.Say(pass.Cancel, "", false); err != nil {
			t.Fatal(err)
		}
		p.Call("POST", path, given).Want(401, "push.cancelled")
		s.Call("GET", "/api/v1/session", nil).Want(200, "")
		w.Clock.Add(3 * time.Minute)
		p, path, _ = push2(w, "192.0.2.7")
		if err := h.Say(pass.Deny, "", false); err != nil {
			t.Fatal(err)
		}
		p.Call("POST", path, given).Want(403, "push.denied")
		s.Call("GET", "/api/v1/session", nil).Want(401, "")
		w.Program("192.0.2.8").Signin(hana, apptest.Word).Want(403, "account.contained")
	})
}

func TestRequestsAreOneAtATimeAndFiveInTenMinutes(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, _ = holding(w)
		for _, name := range []string{hana, "nobody@example.com"} {
			w.Clock.Add(time.Hour)
			p := w.Program("192.0.2.7")
			path := opens(p, name)
			p.Call("POST", path, wish).Want(200, "")
			q := w.Program("192.0.2.8")
			q.Call("POST", opens(q, name), wish).Want(429, "push.busy")
			for range push.Most - 1 {
				p.Call("POST", path, wish).Want(200, "") // the same journey asks again
			}
			p.Call("POST", path, wish).Want(429, "push.quiet")
			w.Clock.Add(push.Lives)
			q.Call("POST", opens(q, name), wish).Want(429, "push.quiet")
			w.Clock.Add(push.Window)
			q.Call("POST", opens(q, name), wish).Want(200, "")
		}
		if m := w.Mail(hana); !strings.Contains(m.Text, "asked for approvals") {
			t.Errorf("got mail %q, want one that tells of the requests", m.Text)
		}
	})
}

func TestAScannedCodeSignsInWhoeverScannedIt(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		ctx := t.Context()
		p := w.Program("192.0.2.7")
		var x asked
		p.Call("POST", "/api/v1/signin", map[string]any{"kind": "tegata"}).Want(200, "").Into(&x)
		path := "/api/v1/signin/" + x.Flow
		p.Call("POST", path, map[string]any{"kind": "tegata", "answer": "scan"}).Want(200, "").Into(&x)
		p.Call("POST", path, given).Want(409, "push.waiting") // it is shown, and nobody has scanned it
		r, err := h.Scan(ctx, strings.Replace(x.Scan, w.Base, h.Origin, 1))
		if err != nil || r.Digits != 0 || r.Addr != "192.0.2.7" {
			t.Fatalf("got %+v %v", r, err)
		}
		if _, err := h.Scan(ctx, x.Scan); !pass.Is(err, "push.scan_over") {
			t.Errorf("scanned twice: got %v", err)
		}
		p.Call("POST", path, given).Want(409, "push.waiting")
		if got := h.Asked().ID; got != r.ID {
			t.Errorf("the one that scanned it is asked %s, want %s", got, r.ID)
		}
		if err := h.Answer(r.ID, pass.Approve, "", true); err != nil {
			t.Fatal(err)
		}
		// The code alone is of no use to another browser.
		w.Program("192.0.2.66").Call("POST", "/api/v1/signin/"+strings.Split(x.Flow, ".")[0], given).Want(403, "")
		var opened asked
		p.Call("POST", path, given).Want(200, "").Into(&opened)
		if got := levelOf(p, opened.Token); got != "multi" {
			t.Errorf("got level %s, want multi", got)
		}
	})
}

func TestACodeIsScannedAfterWhatWasAskedBefore(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		other := w.Hold(inside2(w, h), h.Owner, "Tablet")
		for _, before := range []string{"", pass.Cancel, "late"} {
			w.Clock.Add(11 * time.Minute)
			p, path, _ := push2(w, "192.0.2.7")
			switch before {
			case pass.Cancel:
				if err := h.Say(before, "", false); err != nil {
					t.Fatal(err)
				}
			case "late":
				w.Clock.Add(push.Lives)
			}
			var x asked
			p.Call("POST", path, map[string]any{"kind": "tegata", "answer": "scan"}).Want(200, "").Into(&x)
			p.Call("POST", path, given).Want(409, "push.waiting")
			r, err := other.Scan(t.Context(), strings.Replace(x.Scan, w.Base, h.Origin, 1))
			if err != nil {
				t.Fatal(err)
			}
			if s, err := h.State(t.Context()); err != nil || len(s.Requests) != 0 {
				t.Errorf("after %q: another than the one that scanned it is asked %+v %v", before, s.Requests, err)
			}
			if err := other.Answer(r.ID, pass.Approve, "", true); err != nil {
				t.Fatal(err)
			}
			var opened asked
			if p.Call("POST", path, given).Want(200, "").Into(&opened); opened.Token == "" {
				t.Errorf("after %q nothing was opened", before)
			}
		}
	})
}

func TestABrowsersNewRequestTakesThePlaceOfItsOldOne(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		b := w.Browser("192.0.2.7")
		for range 2 {
			b.Open("/signin").Fill("E-mail", hana).Press("Next").Fill("Password", apptest.Word).Press("Sign in").Want(200).See("Approve in Tegata").Miss("push.busy")
		}
		h.Asked()
	})
}

// A mail or page anywhere may lead a phone to the code of a stranger's own sign-in page.
func TestACodeThatComesWithALinkIsOfTheSameNetwork(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		show := func(addr string) (p *apptest.Program, path, code string) {
			p = w.Program(addr)
			var x asked
			p.Call("POST", "/api/v1/signin", map[string]any{"kind": "tegata"}).Want(200, "").Into(&x)
			path = "/api/v1/signin/" + x.Flow
			p.Call("POST", path, map[string]any{"kind": "tegata", "answer": "scan"}).Want(200, "").Into(&x)
			_, code, _ = strings.Cut(x.Scan, "signin=")
			return p, path, code
		}
		take := func(code string, link bool) (r pass.Request, err error) {
			return r, h.Call(t.Context(), "POST", "/api/v1/tegata/scan", map[string]any{"code": code, "link": link}, &r)
		}
		_, _, code := show("203.0.113.66")
		if _, err := take(code, true); !pass.Is(err, "push.scan_elsewhere") {
			t.Errorf("with a link from elsewhere: got %v", err)
		}
		if _, err := take(code, false); err != nil {
			t.Errorf("by the camera: got %v", err)
		}
		p, path, code := show("198.51.100.200") // where the phone is
		r, err := take(code, true)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Answer(r.ID, pass.Approve, "", true); err != nil {
			t.Fatal(err)
		}
		p.Call("POST", path, given).Want(200, "")
		if _, err := take("nothing that was shown to anybody", true); !pass.Is(err, "push.scan_over") {
			t.Errorf("an unknown code: got %v", err)
		}
	})
}

func TestATypedNamesCodeIsScannedByItsAccountAlone(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		w.Settle("ken@example.com")
		for _, name := range []string{"ken@example.com", "nobody@example.com"} {
			p := w.Program("192.0.2.7")
			var x asked
			p.Call("POST", opens(p, name), map[string]any{"kind": "tegata", "answer": "scan"}).Want(200, "").Into(&x)
			if _, err := h.Scan(t.Context(), x.Scan); !pass.Is(err, "push.scan_over") {
				t.Errorf("%s: got %v", name, err)
			}
		}
	})
}

func TestARecoveryIsApprovedInTegata(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		b := lost(w, w.Browser("192.0.2.1")).See("Approve in Tegata", "Pixel 8").Press("Ask Tegata").See("Waiting for your answer")
		p := h.Asked()
		if p.Purpose != "recover" {
			t.Errorf("got purpose %s", p.Purpose)
		}
		if err := h.Say(pass.Approve, b.Number(), true); err != nil {
			t.Fatal(err)
		}
		b.Press("I approved it").Fill("New password", newer).Press("Next").See("Hello Hana")
		// What was approved for one journey is no proof in another.
		w.Clock.Add(11 * time.Minute)
		if err := h.Refresh(t.Context(), newer); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(time.Minute) // mails of one instant have no order
		c := lost(w, w.Browser("192.0.2.2")).Press("Ask Tegata").See("Waiting")
		d := w.Browser("192.0.2.3").Open("/signin").Fill("E-mail", hana).Press("Next").Fill("Password", newer).Press("Sign in").See("Approve in Tegata")
		if err := h.Say(pass.Approve, c.Number(), true); err != nil {
			t.Fatal(err)
		}
		d.Post(strings.Replace(d.URL.RequestURI(), "/signin/", "/signin/", 1), url.Values{"code": {"done"}}).Miss("Hello Hana")
		c.Press("I approved it").See("New password")
	})
}
