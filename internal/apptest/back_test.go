package apptest_test

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/gate"
)

// lost begins to reset the password in a browser and gives the code that came.
func lost(w *apptest.World, b *apptest.Browser) *apptest.Browser {
	w.T.Helper()
	return b.Open("/recover").Fill("E-mail", hana).Press("Send").Fill("Code", w.Code(hana)).Press("Next")
}

// whose fails the test unless the page says, to people and to password managers,
// whose password is chosen.
func whose(t *testing.T, b *apptest.Browser, name string) {
	t.Helper()
	if !strings.Contains(b.Body, `<p class="for"><span>`+name+`<`) || !strings.Contains(b.Body, `name="username" value="`+name+`"`) {
		t.Errorf("%s does not say that it is the password of %s:\n%s", b.URL, name, b.Body)
	}
}

func TestALinkGoesOnWithTheNameThatWasTyped(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		kit := w.Protect(w.Settle(hana, "hana"), gate.TOTP)
		for _, typed := range []string{"hana", hana} {
			w.Clock.Add(time.Hour)
			w.Browser("192.0.2.1").Open("/recover").Fill("E-mail", typed).Press("Send")
			b := w.Browser("192.0.2.2").Open(w.Link(hana)).Press("Go on").See(typed).Press("I can't reach").Press("Backup code")
			b.Fill("12-digit", kit.Spare()).Press("Next").See("Choose a new password")
			whose(t, b, typed)
			whose(t, b.Fill("New password", "short").Press("Next").Want(400), typed)
		}
	})
}

func TestRecoveryAsksForTheSecondFactorByEachOfItsWays(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		a := w.Settle(hana)
		kit := w.Carry().ProtectWith(phones, phone, a, gate.TOTP, gate.SMSCode, gate.Passphrase)
		word := newer
		for _, way := range []struct {
			name string
			give func(*apptest.Browser) *apptest.Browser
			anew bool
		}{
			{"app", func(b *apptest.Browser) *apptest.Browser { return b.Fill("Six-digit", kit.App()).Press("Next") }, false},
			{"backup", func(b *apptest.Browser) *apptest.Browser {
				return b.Press("I can't reach my device").Press("Backup code").Fill("12-digit", kit.Spare()).Press("Next")
			}, true},
			{"passphrase", func(b *apptest.Browser) *apptest.Browser {
				return b.Press("Another way").Press("passphrase").Fill("Passphrase", apptest.Phrase).Press("Next")
			}, true},
		} {
			w.Clock.Add(time.Hour)
			b := lost(w, w.Browser("192.0.2.1"))
			b.See("Code from the authenticator app", "Pixel 8").Miss("new password")
			if !strings.HasPrefix(b.URL.Path, "/recover/") {
				t.Fatalf("%s: got %s, want a page of recovery", way.name, b.URL)
			}
			word += " again"
			b = way.give(b).See("Choose a new password")
			whose(t, b, hana)
			b.Fill("New password", word).Press("Next")
			if way.anew {
				b.See("Set up your factors anew").Press("Later")
			}
			b.See("Hello Hana")
			var me who
			p := w.Program("192.0.2.9")
			p.Token = b.Cookie("sekisho")
			p.Call("GET", "/api/v1/session", nil).Want(200, "").Into(&me)
			if me.ACR != "urn:sekisho:acr:multi" {
				t.Errorf("%s: got acr %s amr %v, want multi", way.name, me.ACR, me.AMR)
			}
		}
	})
}

func TestRecoveryWithoutTheSecondFactorSetsNoPassword(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Protect(w.Settle(hana), gate.TOTP)
		b := lost(w, w.Browser("203.0.113.66"))
		flow := "?" + b.URL.RawQuery
		b.Post("/recover/password"+flow, url.Values{"new": {newer}}).Miss("Hello")
		b.Open("/recover/password" + flow).See("authenticator")
		b.Post("/recover/code"+flow, url.Values{"code": {w.Code(hana)}}).Miss("new password")
		b.Post("/recover/totp"+flow, url.Values{"code": {"000000"}}).Want(401).See("does not match", "the app shows now").Miss("send another")
		b.Post("/recover/passphrase"+flow, url.Values{"passphrase": {apptest.Phrase}}).Want(400).See("signin.method_not_offered")
		// The mailbox alone opens nothing by its link either.
		w.Clock.Add(2 * time.Minute)
		w.Browser("203.0.113.66").Open("/recover").Fill("E-mail", hana).Press("Send")
		w.Browser("203.0.113.67").Open(w.Link(hana)).Press("Go on").See("authenticator").Miss("new password")
		if a := w.Program("192.0.2.1").Signin(hana, newer); a.Status == 200 {
			t.Error("a password was set by the mailbox alone")
		}
	})
}

func TestAPIRecoversWithASecondProof(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		kit := w.Protect(w.Settle(hana), gate.TOTP)
		p := w.Program("192.0.2.1")
		var s apptest.Step
		p.Call("POST", "/api/v1/recover", map[string]any{"identifier": hana}).Want(200, "").Into(&s)
		if s.Step != "code" {
			t.Errorf("got step %q, want code", s.Step)
		}
		at := "/api/v1/recover/" + s.Flow
		p.Call("POST", at, map[string]any{"kind": "recovery_code", "answer": w.Code(hana)}).Want(200, "").Into(&s)
		if s.Step != "second" || len(s.Next) != 2 || s.Next[0].Kind != "totp" || s.Next[1].Kind != "backup" {
			t.Fatalf("got %+v, want a second proof by app or backup code", s)
		}
		p.Call("POST", at, map[string]any{"kind": "new_password", "answer": newer}).Want(409, "flow.out_of_order")
		p.Call("POST", at, map[string]any{"kind": "passkey"}).Want(400, "signin.method_not_offered")
		p.Call("POST", at, map[string]any{"kind": "backup", "answer": kit.Spare()}).Want(200, "").Into(&s)
		if s.Step != "password" {
			t.Errorf("got step %q, want password", s.Step)
		}
		p.Call("POST", at, map[string]any{"kind": "new_password", "answer": newer}).Want(200, "").Into(&s)
		if s.Missing != "factors_anew" {
			t.Errorf("got missing %q, want factors_anew", s.Missing)
		}
	})
}

func TestAPIGivesWhatAPasskeyIsAsked(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		p := w.Program("192.0.2.1")
		var s apptest.Step
		p.Call("POST", "/api/v1/signin", map[string]any{"kind": "passkey"}).Want(200, "").Into(&s)
		if len(s.Next) != 1 || s.Next[0].Kind != "passkey" {
			t.Fatalf("got %+v, want a passkey to be asked for", s)
		}
		p.Call("POST", "/api/v1/signin/"+s.Flow, map[string]any{"kind": "passkey"}).Want(200, "").Into(&s)
		if s.Options.Challenge == "" || s.Options.RpID != "id.example.com" || s.Flow == "" {
			t.Errorf("got %+v, want options with a challenge", s)
		}
		p.Call("POST", "/api/v1/signin/"+s.Flow, map[string]any{"kind": "passkey", "answer": "{}"}).Want(401, "key.not_working")
	}, "url", https)
}

// weakly begins a reset that is proved by what was sent alone.
func weakly(w *apptest.World, kit *apptest.Kit, b *apptest.Browser) *apptest.Browser {
	lost(w, b).Press("Another way").Press("Code by SMS").See("Enter the code from the SMS")
	return b.Fill("Code you received", kit.SMS()).Press("Next")
}

// weak is a Sekisho with an account that has an app and a number.
func weak(t *testing.T, test func(t *testing.T, w *apptest.World, kit *apptest.Kit)) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		a := w.Settle(hana)
		w.Update(func(tx db.Tx) error { return proveAddress(tx, a, "spare@example.net") })
		kit := w.Carry().ProtectWith(phones, phone, a, gate.TOTP, gate.SMSCode)
		w.Clock.Add(time.Hour)
		test(t, w, kit)
	})
}

// proveAddress gives an account one more proved address.
func proveAddress(tx db.Tx, a account.Account, address string) error {
	_, err := tx.Exec(context.Background(), `INSERT INTO identifier (account, kind, norm, shown, main, hosted, created, confirmed) VALUES ($1, 'email', $2, $2, 0, 0, $3, $3)`, a.ID, address, tx.Now())
	return err
}

// to counts the readable mails to an address whose text has the words.
func to(w *apptest.World, address, words string) (n int) {
	for _, l := range w.Mails() {
		if l.To == address && strings.Contains(l.Text, words) {
			n++
		}
	}
	return n
}

func TestRecoveryByWhatIsSentAloneWaitsADay(t *testing.T) {
	weak(t, func(t *testing.T, w *apptest.World, kit *apptest.Kit) {
		b := weakly(w, kit, w.Browser("192.0.2.1"))
		b.See("The reset has to wait", "16 Jan", "link to go on comes by mail").Miss("new password")
		at := b.Body
		b.Post("/recover/password?"+b.URL.RawQuery, url.Values{"new": {newer}}).Miss("Hello")
		for _, address := range []string{hana, "spare@example.net"} {
			if n := to(w, address, "/recover/cancel?c="); n != 1 {
				w.T.Fatalf("got %d notices to %s, want one", n, address)
			}
		}
		// Another node, another browser, an hour later: the same wait, no further notice.
		other := w.Another()
		w.Clock.Add(time.Hour)
		c := weakly(other.Carry(), kit, other.Browser("203.0.113.66")).See("The reset has to wait")
		if times(at) != times(c.Body) || to(w, hana, "/recover/cancel?c=") != 1 {
			w.T.Errorf("the second reset waits until %s, the first until %s", times(c.Body), times(at))
		}
		if n := to(w, hana, "/recover/ready?c="); n != 0 {
			w.T.Fatalf("got %d links to go on, want none before their time", n)
		}
		w.Clock.Add(23*time.Hour + time.Minute)
		if n := to(w, "spare@example.net", "/recover/ready?c="); n != 0 {
			w.T.Errorf("the link went to an inbox that was not proved")
		}
		link := w.Link(hana)
		w.Browser("203.0.113.7").Open(link).See("The wait is over") // a mail scanner reads it: nothing is spent
		phone := other.Browser("203.0.113.5").Open(link).See("The wait is over").Press("Go on")
		w.Browser("203.0.113.8").Open(link).Want(410).See("recovery.link_used")
		phone.See("authenticator").Press("Another way").Press("Code by SMS").Fill("Code you received", kit.SMS()).Press("Next")
		phone.See("Choose a new password").Fill("New password", newer).Press("Next").See("Hello Hana")
		w.Program("192.0.2.4").Signin(hana, apptest.Word).Want(401, "signin.not_recognised")
		w.Clock.Add(time.Hour)
		weakly(w, kit, w.Browser("192.0.2.1")).See("The reset has to wait") // once was once
	})
}

var until = regexp.MustCompile(`<dd class="num">([^<]*)<`)

func times(body string) string {
	if m := until.FindStringSubmatch(body); m != nil {
		return m[1]
	}
	return "no time"
}

func TestAWaitingRecoveryEndsWhenItsOwnerComes(t *testing.T) {
	for name, come := range map[string]func(w *apptest.World, kit *apptest.Kit){
		"signs in with all proofs": func(w *apptest.World, kit *apptest.Kit) {
			w.Browser("192.0.2.1").Signin(hana, apptest.Word).Fill("Six-digit", kit.App()).Press("Next").See("Hello")
		},
		"resets with the app": func(w *apptest.World, kit *apptest.Kit) {
			lost(w, w.Browser("192.0.2.1")).Fill("Six-digit", kit.App()).Press("Next").Fill("New password", newer).Press("Next").See("Hello")
		},
		"cancels": func(w *apptest.World, kit *apptest.Kit) {
			link := w.Link("spare@example.net")
			b := w.Browser("192.0.2.1").Open(link).See("Cancel this reset?", "16 Jan") // reading it does nothing
			b.Open(link).Press("It was not me").See("Your account is protected", "Next, choose a new password")
			b.Open(link).Want(410)
			if to(w, hana, "You told us") != 1 || to(w, "spare@example.net", "You told us") != 1 {
				w.T.Error("not every inbox learned of it")
			}
			w.Program("192.0.2.1").Signin(hana, apptest.Word).Want(403, "account.contained")
		},
	} {
		t.Run(name, func(t *testing.T) {
			weak(t, func(t *testing.T, w *apptest.World, kit *apptest.Kit) {
				b := weakly(w, kit, w.Browser("203.0.113.66"))
				token := ready(w)
				w.Clock.Add(time.Minute)
				come(w, kit)
				w.Clock.Add(25 * time.Hour)
				if n := to(w, hana, "/recover/ready?c="); n != 0 {
					t.Errorf("got %d links to go on, want none", n)
				}
				b.Open("/recover/ready?c=" + token).Want(410)
				b.Post("/recover/ready", url.Values{"c": {token}}).Want(410).Miss("new password")
			})
		})
	}
}

// ready is the token in the mail that waits to be sent.
func ready(w *apptest.World) string {
	w.T.Helper()
	w.Clock.Add(24 * time.Hour)
	defer w.Clock.Add(-24 * time.Hour)
	return strings.TrimPrefix(w.Link(hana), "/recover/ready?c=")
}

func TestTheLinkOfAWaitingRecoveryIsOfNoUseBefore(t *testing.T) {
	weak(t, func(t *testing.T, w *apptest.World, kit *apptest.Kit) {
		b := weakly(w, kit, w.Browser("192.0.2.1"))
		token := ready(w)
		b.Open("/recover/ready?c=" + token).See("The reset has to wait")
		b.Post("/recover/ready", url.Values{"c": {token}}).Miss("second").Miss("authenticator")
		b.Post("/recover/cancel", url.Values{"c": {token}}).Want(410)
		w.Clock.Add(24*time.Hour + time.Minute)
		b.Open("/recover/ready?c=" + token).Press("Go on").See("authenticator")
		w.Clock.Add(4 * 24 * time.Hour)
		if err := w.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.Open("/recover/ready?c=" + token).Want(410)
	})
}

func TestTheLinkOfAWaitingRecoveryIsUsedOnceOfMany(t *testing.T) {
	weak(t, func(t *testing.T, w *apptest.World, kit *apptest.Kit) {
		weakly(w, kit, w.Browser("192.0.2.1"))
		token := ready(w)
		w.Clock.Add(24*time.Hour + time.Minute)
		nodes := []*apptest.World{w, w.Another()}
		var all sync.WaitGroup
		var went atomic.Int32
		for i := range 24 {
			b := nodes[i%2].Browser(fmt.Sprintf("192.0.2.%d", i+1)).Open("/recover/ready?c=" + token)
			all.Go(func() {
				if b.Post("/recover/ready", url.Values{"c": {token}}); b.Status == 200 {
					went.Add(1)
				}
			})
		}
		all.Wait()
		if went.Load() != 1 {
			t.Errorf("the link went on %d times, want once", went.Load())
		}
	})
}

// Who has the mailbox and the number signs in by them; what guards the account they
// change no sooner than they would recover it (RC-01).
func TestWhatIsSentAloneChangesNothingThatGuardsTheAccount(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		kit := w.Carry().ProtectWith(phones, phone, w.Settle(hana), gate.TOTP, gate.SMSCode, gate.Passphrase)
		w.Clock.Add(time.Hour)
		b := w.Browser("203.0.113.66").Open("/signin").Fill("E-mail", hana).Press("Next").Press("Another way").Press("Code by e-mail")
		b.Fill("Code", w.Code(hana)).Press("Next").Press("Another way").Press("Code by SMS")
		b.Fill("Code", kit.SMS()).Press("Next").See("Hello")
		p := w.Program("203.0.113.66")
		p.Token = b.Cookie("sekisho")
		p.Call("POST", "/api/v1/me/factors/totp", nil).Want(403, "session.fresh_required")
		p.Call("DELETE", "/api/v1/me/factors", nil).Want(403, "session.fresh_required")
		p.Call("POST", "/api/v1/me/addresses", map[string]any{"address": thiefs}).Want(403, "session.fresh_required")
		// The same two again do not help; a proof that is not sent does.
		w.Clock.Add(2 * time.Minute)
		b.Open("/me/factors/app").Press("Another way").Press("Code by e-mail")
		b.Fill("Code", w.Code(hana)).Press("Next").Press("Another way").Press("Code by SMS")
		b.Fill("Code", kit.SMS()).Press("Next").Miss("Six digits").Press("Another way").See("Password", "passphrase").Miss("SMS")
		b.Press("Password").Fill("Password", apptest.Word).Press("Next").See("Six digits")
	})
}
