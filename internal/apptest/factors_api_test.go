package apptest_test

import (
	"testing"
	"time"

	"sekisho/internal/apptest"
)

// enrolApp sets up an authenticator app through the API and gives its key.
func enrolApp(t *testing.T, w *apptest.World, p *apptest.Program) string {
	t.Helper()
	var begun struct{ Flow, Secret, URI string }
	p.Call("POST", "/api/v1/me/factors/totp", nil).Want(200, "").Into(&begun)
	if begun.Secret == "" || begun.URI == "" {
		t.Fatalf("got %+v", begun)
	}
	var done struct {
		Factor, Token string
		Codes         []string
	}
	p.Call("POST", "/api/v1/me/factors/totp/"+begun.Flow, map[string]any{"name": "Pixel 8", "code": "000000"}).Want(401, "code.wrong")
	p.Call("POST", "/api/v1/me/factors/totp/"+begun.Flow, map[string]any{"name": "Pixel 8", "code": appCode(w, begun.Secret)}).Want(200, "").Into(&done)
	if done.Token == "" || len(done.Codes) != 5 || done.Factor == "" {
		t.Fatalf("got %+v, want a token and five codes", done)
	}
	old := p.Token
	p.Call("GET", "/api/v1/me/factors", nil).Want(401, "session.ended")
	if p.Token = done.Token; p.Token == old {
		t.Error("the token stays the same when the session is raised")
	}
	w.Clock.Add(30 * time.Second)
	return begun.Secret
}

func TestAPISetsUpNamesAndEndsFactors(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		p := w.Program("192.0.2.1")
		p.Signin(hana, apptest.Word)
		key := enrolApp(t, w, p)
		var f struct {
			SecondFactor bool `json:"second_factor"`
			Preferred    string
			Factors      []struct{ ID, Kind, Name string }
			Backup       struct{ Left, Of int }
			Passphrase   bool
			Trusted      int `json:"trusted_browsers"`
		}
		read := func() {
			t.Helper()
			f.Factors, f.Preferred = nil, ""
			p.Call("GET", "/api/v1/me/factors", nil).Want(200, "").Into(&f)
		}
		if read(); !f.SecondFactor || len(f.Factors) != 1 || f.Factors[0].Name != "Pixel 8" || f.Backup.Left != 5 {
			t.Fatalf("got %+v", f)
		}
		id := f.Factors[0].ID
		p.Call("PATCH", "/api/v1/me/factors/"+id, map[string]any{"name": "Phone"}).Want(200, "")
		p.Call("PUT", "/api/v1/me/factors/preferred", map[string]any{"kind": "totp"}).Want(200, "")
		p.Call("PUT", "/api/v1/me/factors/preferred", map[string]any{"kind": "backup"}).Want(404, "factor.unknown")
		p.Call("POST", "/api/v1/me/factors/passphrase", map[string]any{"passphrase": "slow green river stones"}).Want(200, "")
		p.Call("POST", "/api/v1/me/factors/passkey", map[string]any{}).Want(403, "factor.not_allowed")
		p.Call("POST", "/api/v1/me/factors/smscode", map[string]any{"number": phone}).Want(403, "factor.not_allowed")
		if read(); f.Factors[0].Name != "Phone" || f.Preferred != "totp" || !f.Passphrase {
			t.Errorf("got %+v", f)
		}
		var codes struct{ Codes []string }
		p.Call("POST", "/api/v1/me/factors/backup", nil).Want(200, "").Into(&codes)
		if len(codes.Codes) != 5 || len(codes.Codes[0]) != 12 {
			t.Errorf("got %v, want five of 12 digits", codes)
		}
		p.Call("DELETE", "/api/v1/me/factors/passphrase", nil).Want(200, "")
		p.Call("DELETE", "/api/v1/me/factors/fac_01kf0e7st00000000000000009", nil).Want(404, "factor.unknown")
		p.Call("GET", "/api/v1/me/factors/totp", nil).Want(405, "request.method_not_allowed")

		// Stale, proved anew with all there is, and gone.
		w.Clock.Add(11 * time.Minute)
		p.Call("DELETE", "/api/v1/me/factors/"+id, nil).Want(403, "session.fresh_required")
		var s apptest.Step
		p.Call("POST", "/api/v1/me/elevate", nil).Want(200, "").Into(&s)
		p.Call("POST", "/api/v1/signin/"+s.Flow, map[string]any{"kind": "password", "answer": apptest.Word}).Want(200, "").Into(&s)
		if len(s.Next) == 0 || s.Next[0].Kind != "totp" || s.Token != "" {
			t.Fatalf("got %+v, want the second proof to be asked for", s)
		}
		before := p.Token
		p.Call("POST", "/api/v1/signin/"+s.Flow, map[string]any{"kind": "totp", "answer": appCode(w, key)}).Want(200, "").Into(&s)
		p.Token = before
		p.Call("GET", "/api/v1/session", nil).Want(401, "session.ended")
		p.Token = s.Token
		p.Call("DELETE", "/api/v1/me/factors/"+id, nil).Want(200, "")
		if read(); f.SecondFactor || f.Backup.Of != 0 {
			t.Errorf("got %+v, want it to be off and the codes void", f)
		}
	})
}

// proofList is what the API says an account can prove itself with.
type proofList struct {
	On      bool `json:"second_factor"`
	Factors []struct {
		ID, Kind, Name string
		Counts         bool
		LastUsed       time.Time `json:"last_used_at"`
	}
	Kinds []string
}

func TestTheAPIListsTegataAmongTheFactors(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		p := inside2(w, h)
		var f proofList
		p.Call("GET", "/api/v1/me/factors", nil).Want(200, "").Into(&f)
		if !f.On || len(f.Factors) != 1 || f.Factors[0].Kind != "tegata" || f.Factors[0].Name != "Pixel 8" || f.Factors[0].ID != h.Device || !f.Factors[0].Counts || f.Factors[0].LastUsed.IsZero() {
			t.Errorf("got %+v, want Tegata", f)
		}
		if len(f.Kinds) == 0 || f.Kinds[0] != "tegata" {
			t.Errorf("got kinds %v, want Tegata among what can be added", f.Kinds)
		}
		p.Call("PATCH", "/api/v1/me/factors/"+h.Device, map[string]any{"name": "Phone"}).Want(404, "factor.unknown")
	})
}

func TestAPISetsUpANumber(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		work(t, w)
		w.Settle(hana)
		p := w.Program("192.0.2.1")
		p.Signin(hana, apptest.Word)
		var begun struct{ Flow, Delivery string }
		p.Call("POST", "/api/v1/me/factors/smscode", map[string]any{"number": "+81 90-1234-5678"}).Want(200, "").Into(&begun)
		p.Call("POST", "/api/v1/me/factors/smscode/"+begun.Flow, map[string]any{}).Want(429, "code.resend_early")
		w.Clock.Add(2 * time.Minute)
		p.Call("POST", "/api/v1/me/factors/smscode/"+begun.Flow, map[string]any{}).Want(200, "").Into(&begun)
		if begun.Delivery != "handed" {
			t.Errorf("got %+v, want to be told what became of the SMS", begun)
		}
		var done struct{ Token string }
		p.Call("POST", "/api/v1/me/factors/smscode/"+begun.Flow, map[string]any{"code": phones.Code(phone)}).Want(200, "").Into(&done)
		if p.Token = done.Token; p.Token == "" {
			t.Error("got no token")
		}
		p.Call("GET", "/api/v1/session", nil).Want(200, "")
		phones.Refuse(500)
		w.Clock.Add(2 * time.Minute)
		p.Call("POST", "/api/v1/me/factors/smscode", map[string]any{"number": "+81 90-1234-5679"}).Want(200, "").Into(&begun)
		w.Clock.Add(2 * time.Minute)
		p.Call("POST", "/api/v1/me/factors/smscode/"+begun.Flow, map[string]any{}).Want(503, "sms.not_sent")
	})
}

func TestAPIOffersAPasskeysOptions(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		p := w.Program("192.0.2.1")
		p.Signin(hana, apptest.Word)
		var x struct{ Options struct{ Challenge string } }
		p.Call("POST", "/api/v1/me/factors/passkey", map[string]any{}).Want(200, "").Into(&x)
		if x.Options.Challenge == "" {
			t.Error("got no challenge")
		}
		p.Call("POST", "/api/v1/me/factors/passkey", map[string]any{"name": "Blue", "response": map[string]any{"id": "x"}}).Want(401, "key.not_working")
	}, "url", https)
}

func TestAPIListsAccessAndEndsATrustedBrowser(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		key := addApp(w, b, "Pixel 8")
		x := w.Browser("192.0.2.2")
		x.Signin(hana, apptest.Word).Check("Trust this browser").Fill("Six-digit code", appCode(w, key)).Press("Next").See("Hello")
		p := w.Program("192.0.2.3")
		p.Token = b.Cookie("sekisho")
		var list []struct {
			Kind, ID, Name string
			Current        bool
		}
		p.Call("GET", "/api/v1/me/access", nil).Want(200, "").Into(&list)
		kinds, trust, here := "", "", 0
		for _, i := range list {
			kinds += i.Kind + " "
			if i.Kind == "browser" {
				trust = i.ID
			}
			if i.Current {
				here++
			}
		}
		if kinds != "session session browser totp backup " || here != 1 {
			t.Fatalf("got %q with %d marked as this one", kinds, here)
		}
		p.Call("DELETE", "/api/v1/me/trusted-browsers/"+trust, nil).Want(204, "")
		p.Call("DELETE", "/api/v1/me/trusted-browsers/"+trust, nil).Want(404, "request.not_found")
		x.Open("/signout").Press("Sign out")
		x.Signin(hana, apptest.Word).See("Code from the authenticator app")
	})
}

func TestAPIDisconnectsAnAppAndSaysWhatALossWouldMean(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		c, word := wiki(w)
		b := w.Browser("192.0.2.1").Signin(hana, apptest.Word)
		var tok tokens
		redeem(w.Program("203.0.113.1"), c, word, answered(t, b.Open(authorize(c))).Get("code")).Want(200, "").Into(&tok)
		p := w.Program("192.0.2.3")
		p.Token = b.Cookie("sekisho")
		p.Call("DELETE", "/api/v1/me/apps/nothing", nil).Want(404, "request.not_found")
		p.Call("DELETE", "/api/v1/me/apps/"+string(c.ID), nil).Want(204, "")
		var list []struct{ Kind string }
		p.Call("GET", "/api/v1/me/access", nil).Want(200, "").Into(&list)
		if len(list) != 1 || list[0].Kind != "session" {
			t.Errorf("got %v, want the app to be gone", list)
		}
		enrolApp(t, w, p)
		var f struct {
			Readiness struct {
				Losses []struct {
					Loss, Outcome string
					By            []string
				}
				Next string
			}
		}
		p.Call("GET", "/api/v1/me/factors", nil).Want(200, "").Into(&f)
		if got := f.Readiness.Losses; len(got) != 3 || got[0].Loss != "phone" || got[0].Outcome != "spare" || len(got[0].By) != 1 || got[0].By[0] != "backup" {
			t.Errorf("got %+v, want the phone's loss to be met by backup codes", f.Readiness)
		}
	})
}
