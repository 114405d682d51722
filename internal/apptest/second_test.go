package apptest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/dbtest"
	"sekisho/internal/gate"
	"sekisho/internal/session"
)

const https = "https://id.example.com" // where browsers make passkeys

// made is what came of a change of factors.
type made struct {
	Factor, Token string
	Codes         []string
}

// addKey registers a key in a program's session.
func addKey(p *apptest.Program, k *apptest.Key, name string) (m made) {
	const at = "/api/v1/me/factors/passkey"
	response := k.Enrol(p.Call("POST", at, map[string]any{}).Want(200, ""))
	p.Call("POST", at, map[string]any{"name": name, "response": response}).Want(200, "").Into(&m)
	if m.Token != "" {
		p.Token = m.Token
	}
	return m
}

// withKey answers a journey with a key.
func withKey(p *apptest.Program, at string, k *apptest.Key) apptest.Answer {
	return p.Call("POST", at, map[string]any{"kind": "passkey", "answer": k.Prove(p.Call("POST", at, map[string]any{"kind": "passkey"}).Want(200, ""))})
}

// proved is what a program's session has proved.
func proved(p *apptest.Program, a apptest.Answer) string {
	var s apptest.Step
	var now struct {
		ACR string
		AMR []string
	}
	a.Want(200, "").Into(&s)
	if p.Token = s.Token; s.Token == "" {
		return "another step: " + s.Step
	}
	p.Call("GET", "/api/v1/session", nil).Want(200, "").Into(&now)
	return now.ACR + " " + strings.Join(now.AMR, ",")
}

type factorList struct {
	Factors []struct {
		ID, Kind, Name string
		LastUsed       *time.Time `json:"last_used_at"`
		Copied         *time.Time `json:"copied_at"`
	}
}

// Several keys, each by the name its owner gave it, each with its own last use; a
// rename, a removal and a copy reach the one they concern (MF-13).
func TestSecurityKeysAreSeveralNamedAndEachByItself(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		w.Settle("ken@example.com")
		owner := w.Program("192.0.2.1")
		owner.Signin(hana, apptest.Word)
		blue, desk := w.Key(false), w.Key(false)
		first := addKey(owner, blue, "Blue, on the key ring")
		second := addKey(owner, desk, "Desk")
		if first.Factor == "" || first.Factor == second.Factor {
			t.Fatalf("got %q and %q, want two factors", first.Factor, second.Factor)
		}
		look := func() (b, d struct {
			Name         string
			Used, Copied time.Time
		}) {
			t.Helper()
			var f factorList
			owner.Call("GET", "/api/v1/me/factors", nil).Want(200, "").Into(&f)
			for _, x := range f.Factors {
				to := &b
				if x.ID == second.Factor {
					to = &d
				}
				to.Name = x.Name
				if x.LastUsed != nil {
					to.Used = *x.LastUsed
				}
				if x.Copied != nil {
					to.Copied = *x.Copied
				}
			}
			return b, d
		}
		was, _ := look()

		// The page of the second proof names both; either opens, and its use is its own.
		w.Clock.Add(2 * time.Minute)
		w.Browser("192.0.2.9").Signin(hana, apptest.Word).See("Blue, on the key ring", "Desk")
		p, at := halfway(w, "192.0.2.2", hana)
		if got := proved(p, withKey(p, at, desk)); got != session.ACRMulti+" pwd,hwk,mfa" {
			t.Errorf("got %q by the desk's key", got)
		}
		b, d := look()
		if !d.Used.Equal(w.Clock.Now()) || !b.Used.Equal(was.Used) {
			t.Errorf("got last uses %v and %v, want the desk's key used now and the other as it was", b.Used, d.Used)
		}
		owner.Call("PATCH", "/api/v1/me/factors/"+second.Factor, map[string]any{"name": "青いキー"}).Want(200, "")
		w.Browser("192.0.2.9").Signin(hana, apptest.Word).See("青いキー").Miss("Desk")
		if b, _ = look(); b.Name != "Blue, on the key ring" {
			t.Errorf("the other is called %q by now", b.Name)
		}

		// Somebody else's key opens nothing here, and is told with what to look at.
		stranger := w.Key(false)
		ken := w.Program("192.0.2.3")
		ken.Signin("ken@example.com", apptest.Word)
		addKey(ken, stranger, "Ken's")
		p, at = halfway(w, "192.0.2.4", hana)
		withKey(p, at, stranger).Want(401, "key.not_working")
		w.Browser("192.0.2.4").Open("/help/key.not_working").See("look at its light", "turn the key over", "Pull it out", "Device Manager", "System Report", "lsusb")

		// A copy, whose counter is behind, is refused; the owner sees which key it was.
		blue.Count += 10
		p, at = halfway(w, "192.0.2.5", hana)
		withKey(p, at, blue).Want(200, "")
		blue.Count -= 5
		p, at = halfway(w, "192.0.2.6", hana)
		withKey(p, at, blue).Want(401, "key.copied")
		if b, d = look(); b.Copied.IsZero() || !d.Copied.IsZero() {
			t.Errorf("got copies at %v and %v, want the first alone", b.Copied, d.Copied)
		}
		// One that was taken away proves nothing, and the other still does.
		owner.Call("DELETE", "/api/v1/me/factors/"+first.Factor, nil).Want(200, "")
		blue.Count += 20
		p, at = halfway(w, "192.0.2.7", hana)
		withKey(p, at, blue).Want(401, "key.unknown")
		if got := proved(p, withKey(p, at, desk)); !strings.HasPrefix(got, session.ACRMulti) {
			t.Errorf("got %q by the key that stayed", got)
		}
	}, "url", https)
}

// A passkey that verified who holds it is sign-in and second proof in one, at every
// face; a key that did not is a second proof beside another, and opens nothing alone
// (SI-18).
func TestAPasskeyThatVerifiedItsUserIsBothProofs(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		owner := w.Program("192.0.2.1")
		owner.Signin(hana, apptest.Word)
		sure, bare := w.Key(true), w.Key(true)
		addKey(owner, sure, "Laptop")
		addKey(owner, bare, "Ring")
		begin := func(from string) (*apptest.Program, string) {
			p := w.Program(from)
			var s apptest.Step
			p.Call("POST", "/api/v1/signin", map[string]any{"kind": "passkey"}).Want(200, "").Into(&s)
			return p, "/api/v1/signin/" + s.Flow
		}
		p, at := begin("192.0.2.2")
		if got := proved(p, withKey(p, at, sure)); got != session.ACRMulti+" hwk,user,mfa" {
			t.Errorf("got %q, want both proofs by one passkey", got)
		}
		// The same key, whose holder did not show who they are this time.
		bare.Verifies = false
		p, at = begin("192.0.2.3")
		if a := withKey(p, at, bare); a.Status == 200 {
			t.Errorf("a key that verified nobody opened: %s", a.Body)
		}
		p, at = halfway(w, "192.0.2.4", hana)
		if got := proved(p, withKey(p, at, bare)); got != session.ACRMulti+" pwd,hwk,mfa" {
			t.Errorf("got %q, want it to be a second proof", got)
		}
		// An answer is good once, and for the journey that asked.
		p, at = begin("192.0.2.5")
		q, other := begin("192.0.2.6")
		answer := sure.Prove(p.Call("POST", at, map[string]any{"kind": "passkey"}).Want(200, ""))
		give := map[string]any{"kind": "passkey", "answer": answer}
		if a := q.Call("POST", other, give); a.Status == 200 {
			t.Error("another journey takes the answer")
		}
		p.Call("POST", at, give).Want(200, "")
		if a := p.Call("POST", at, give); a.Status == 200 {
			t.Error("the answer is good twice")
		}
		// The first page offers it in the field of the identifier, and without a name.
		b := w.Browser("192.0.2.8").Open("/signin")
		for _, want := range []string{`autocomplete="username webauthn"`, "data-conditional", `data-options="/signin/passkey/options"`} {
			if !strings.Contains(b.Body, want) {
				t.Errorf("the first page has no %s", want)
			}
		}
	}, "url", https)
}

// Every first proof with every second one: two that differ open at the full level, and
// one alone, or twice the same, opens nothing (OA-15).
func TestAFirstProofNeedsAnotherOne(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			phones := apptest.NewPhones(t)
			w := apptest.New(t, engine, "sms", phones.Setting, "url", https, "daily_signins", "0").Carry()
			a := w.Settle(hana, phone)
			kit := w.ProtectWith(phones, phone, a, gate.TOTP, gate.SMSCode, gate.Backup, gate.Passphrase)
			key := w.Key(false)
			p, at := halfway(w, "192.0.2.1", hana)
			var s apptest.Step
			p.Call("POST", at, map[string]any{"kind": "totp", "answer": kit.App()}).Want(200, "").Into(&s)
			p.Token = s.Token
			addKey(p, key, "Ring")

			n := 0
			give := func(p *apptest.Program, at, kind string) apptest.Answer {
				t.Helper()
				send := func() { p.Call("POST", at, map[string]any{"kind": kind}) }
				answer := ""
				switch kind {
				case "password":
					answer = apptest.Word
				case "mailcode":
					send()
					answer = w.Code(hana)
				case "smscode":
					send()
					answer = kit.SMS()
				case "totp":
					answer = kit.App()
				case "passkey":
					return withKey(p, at, key)
				case "backup":
					answer = kit.Last()
				case "passphrase":
					answer = apptest.Phrase
				}
				return p.Call("POST", at, map[string]any{"kind": kind, "answer": answer})
			}
			for first, seconds := range map[string][]string{
				"password": {"passkey", "totp", "smscode", "backup", "passphrase"},
				"mailcode": {"passkey", "totp", "smscode", "backup", "passphrase"},
				"smscode":  {"passkey", "totp", "backup", "passphrase"}, // not the same number again
			} {
				begin := func() (*apptest.Program, string, []string) {
					t.Helper()
					w.Clock.Add(2 * time.Hour) // neither waits nor sends an hour hide what is tried
					n++
					p := w.Program(fmt.Sprintf("198.51.%d.7", n))
					at := "/api/v1/signin/" + begun(p, hana).Flow
					var s apptest.Step
					give(p, at, first).Want(200, "").Into(&s)
					if s.Token != "" || s.Step != "second" {
						t.Fatalf("%s alone: got step %q and a token: %v", first, s.Step, s.Token != "")
					}
					var ways []string
					for _, x := range s.Next {
						ways = append(ways, x.Kind)
					}
					slices.Sort(ways)
					return p, at, ways
				}
				want := slices.Sorted(slices.Values(seconds))
				for _, second := range []string{"passkey", "totp", "smscode", "backup", "passphrase", "mailcode", "password"} {
					p, at, ways := begin()
					if !slices.Equal(ways, want) {
						t.Errorf("after %s: offered %v, want %v", first, ways, want)
					}
					if !slices.Contains(seconds, second) {
						answer := map[string]string{"password": apptest.Word}[second]
						if answer == "" {
							answer = "123456"
						}
						if got := p.Call("POST", at, map[string]any{"kind": second, "answer": answer}); got.Status == 200 || got.Code() == "code.wrong" {
							t.Errorf("%s after %s: got %d %s, want it not to be judged", second, first, got.Status, got.Code())
						}
						continue
					}
					if got := proved(p, give(p, at, second)); !strings.HasPrefix(got, session.ACRMulti) || !strings.HasSuffix(got, "mfa") {
						t.Errorf("%s, then %s: got %q, want two proofs", first, second, got)
					}
					kit.Drop(second)
				}
			}
		})
	}
}
