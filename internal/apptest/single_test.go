package apptest_test

import (
	"slices"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/dbtest"
)

// setsUp sets up a factor of each kind through the API; the answer has what came of it.
var setsUp = map[string]func(w *apptest.World, phones *apptest.Phones, p *apptest.Program) made{
	"totp": func(w *apptest.World, _ *apptest.Phones, p *apptest.Program) (m made) {
		var b struct{ Flow, Secret string }
		p.Call("POST", "/api/v1/me/factors/totp", nil).Want(200, "").Into(&b)
		p.Call("POST", "/api/v1/me/factors/totp/"+b.Flow, map[string]any{"name": "Pixel 8", "code": appCode(w, b.Secret)}).Want(200, "").Into(&m)
		return m
	},
	"smscode": func(_ *apptest.World, phones *apptest.Phones, p *apptest.Program) (m made) {
		var b struct{ Flow string }
		had := len(phones.Texts(phone))
		p.Call("POST", "/api/v1/me/factors/smscode", map[string]any{"number": phone}).Want(200, "").Into(&b)
		for i := 0; len(phones.Texts(phone)) == had && i < 1000; i++ {
			time.Sleep(5 * time.Millisecond)
		}
		p.Call("POST", "/api/v1/me/factors/smscode/"+b.Flow, map[string]any{"code": phones.Code(phone)}).Want(200, "").Into(&m)
		return m
	},
	"passkey": func(w *apptest.World, _ *apptest.Phones, p *apptest.Program) made {
		return addKey(p, w.Key(false), "Ring")
	},
}

// outcomes are what the meter says of each loss.
func outcomes(p *apptest.Program) map[string]string {
	var f struct {
		Readiness struct {
			Losses []struct{ Loss, Outcome string }
		}
	}
	p.Call("GET", "/api/v1/me/factors", nil).Want(200, "").Into(&f)
	out := map[string]string{}
	for _, l := range f.Readiness.Losses {
		out[l.Loss] = l.Outcome
	}
	return out
}

// Whichever factor is set up first, backup codes come with it, and they open; a second
// way is asked for until there is one. Where the policy forbids codes, the meter and the
// page after the next sign-in say what is missing (MF-05).
func TestNoEnrolmentLeavesASingleWay(t *testing.T) {
	for kind, loss := range map[string]string{"totp": "phone", "smscode": "phone", "passkey": "key"} {
		for _, engine := range dbtest.Engines {
			t.Run(kind+"/"+engine, func(t *testing.T) {
				phones := apptest.NewPhones(t)
				w := apptest.New(t, engine, "sms", phones.Setting, "url", https)
				work(t, w)
				w.Settle(hana)
				p := w.Program("192.0.2.1")
				p.Signin(hana, apptest.Word)
				if codes := setsUp[kind](w, phones, p); len(codes.Codes) != 5 || len(slices.Compact(slices.Sorted(slices.Values(codes.Codes)))) != 5 {
					t.Fatalf("got codes %v, want five that differ", codes.Codes)
				} else {
					if codes.Token != "" {
						p.Token = codes.Token
					}
					if got := outcomes(p)[loss]; got != "spare" {
						t.Errorf("without the %s: got %q, want what is spare", loss, got)
					}
					// What the meter promises is so.
					lost, at := halfway(w, "192.0.2.2", hana)
					lost.Call("POST", at, map[string]any{"kind": "backup", "answer": codes.Codes[3]}).Want(200, "")
				}
				b := w.Browser("192.0.2.3")
				b.Open("/").SetCookie("__Host-sekisho", p.Token)
				b.Open("/me/factors").See("Second factor On", "There is only one. Add a second", "4 of 5 left")
				other := "totp"
				if kind == other {
					other = "passkey"
				}
				w.Clock.Add(2 * time.Minute)
				again := setsUp[other](w, phones, p)
				if len(again.Codes) != 0 {
					t.Errorf("got codes %v with the second factor: the first ones are void unasked", again.Codes)
				}
				if again.Token != "" {
					b.SetCookie("__Host-sekisho", again.Token)
				}
				b.Open("/me/factors").Miss("There is only one").See("4 of 5 left")

				bare := w.Another("backup_codes", "false")
				work(t, bare)
				w.Clock.Add(2 * time.Minute) // another code may go to the number
				bare.Settle("ken@example.com")
				k := bare.Program("192.0.2.4")
				k.Signin("ken@example.com", apptest.Word)
				got := setsUp[kind](bare, phones, k)
				if len(got.Codes) != 0 {
					t.Errorf("got codes %v where none may be", got.Codes)
				}
				if got.Token != "" {
					k.Token = got.Token
				}
				if got := outcomes(k)[loss]; got != "locked" {
					t.Errorf("without the %s and without codes: got %q, want it to be said", loss, got)
				}
				c := bare.Browser("192.0.2.5")
				c.Open("/").SetCookie("__Host-sekisho", k.Token)
				c.Open("/me").See("could not get back by yourself").Open("/me/factors").See("There is only one")
				k.Call("POST", "/api/v1/me/factors/passphrase", map[string]any{"passphrase": apptest.Phrase}).Want(200, "")
				if got := outcomes(k)[loss]; got != "spare" {
					t.Errorf("without the %s, with a passphrase: got %q, want what is spare", loss, got)
				}
				c.Open("/me").Miss("could not get back by yourself")
				lost, at := halfway(bare, "192.0.2.6", "ken@example.com")
				lost.Call("POST", at, map[string]any{"kind": "passphrase", "answer": apptest.Phrase}).Want(200, "")
			})
		}
	}
}
