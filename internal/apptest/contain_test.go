package apptest_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/command"
	"sekisho/internal/db"
	"sekisho/internal/flow"
	"sekisho/internal/flow/address"
	"sekisho/internal/gate"
)

// thiefs is an address of somebody who came in with a stolen password.
const thiefs = "thief@example.net"

// doubt is the link of the newest mail to an address by which it is answered "it was
// not me".
func doubt(w *apptest.World, address string) string {
	w.T.Helper()
	for _, l := range w.Mails() {
		if l.To != address {
			continue
		}
		if _, rest, ok := strings.Cut(l.Text, w.Base+"/notice?n="); ok {
			return "/notice?n=" + strings.Fields(rest)[0]
		}
	}
	w.T.Fatal("no link to answer that it was not me")
	return ""
}

func notMe(w *apptest.World, link string) *apptest.Browser {
	w.T.Helper()
	defer w.Clock.Add(2 * time.Minute)
	return w.Browser("192.0.2.1").Open(link).Press("not me").See("Your account is protected")
}

// intruded is an account into which somebody came with its password, a minute after
// its owner; n is the notice of it.
func intruded(w *apptest.World, identifiers ...string) (thief *apptest.Program, n string) {
	w.T.Helper()
	w.Settle(append([]string{hana}, identifiers...)...)
	w.Browser("192.0.2.1").Signin(hana, apptest.Word).See("Hello")
	w.Clock.Add(time.Minute)
	thief = signed(w, hana, "203.0.113.66")
	n = doubt(w, hana)
	w.Clock.Add(time.Second)
	return thief, n
}

// removeAddress takes an address of the account away.
func removeAddress(p *apptest.Program, address string) {

	p.Call("DELETE", "/api/v1/me/addresses/"+listed(p)[address].ID, nil).Want(204, "")
}

// addTOTP sets up an authenticator app through the API and gives its key.
func addTOTP(w *apptest.World, p *apptest.Program) string {
	w.T.Helper()
	var app struct{ Flow, Secret, Token string }
	p.Call("POST", "/api/v1/me/factors/totp", nil).Want(200, "").Into(&app)
	key := app.Secret
	p.Call("POST", "/api/v1/me/factors/totp/"+app.Flow, map[string]any{"name": "thief's phone", "code": appCode(w, key)}).Want(200, "").Into(&app)
	if app.Token != "" {
		p.Token = app.Token
	}
	return key
}

// resets begins a reset by a code that is sent to an address and gives what follows.
func resets(w *apptest.World, from, address string) *apptest.Browser {
	w.T.Helper()
	w.Clock.Add(time.Second) // the code is the newest mail
	return w.Browser(from).Open("/recover").Fill("E-mail", address).Press("Send").Fill("Code", w.Code(address)).Press("Next")
}

func TestAContainedAccountIsEnteredByNoProof(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		w.Carry()
		_, notice := intruded(w, number)
		notMe(w, notice)
		w.Browser("203.0.113.66").Signin(hana, "not the right one").Want(401).Miss("account.contained")
		w.Browser("203.0.113.66").Signin(hana, apptest.Word).Want(403).See("account.contained", "Reset the password")
		b := w.Browser("203.0.113.66").Open("/signin").Fill("E-mail", hana).Press("Next").Press("Another way").Press("Code by e-mail")
		b.Fill("Code", w.Code(hana)).Press("Next").Want(403).See("account.contained")
		w.Clock.Add(2 * time.Minute)
		b = w.Browser("203.0.113.66").Open("/signin").Fill("E-mail", number).Press("Next").Press("Another way").Press("Code by SMS")
		eventually(t, func() bool { return len(phones.Texts(number)) == 1 })
		b.Fill("Code", phones.Code(number)).Press("Next").Want(403).See("account.contained")
		// The way back lifts it, and then every proof enters as before.
		w.Clock.Add(2 * time.Minute)
		resets(w, "192.0.2.1", hana).Fill("New password", newer).Press("Next").See("Hello")
		w.Browser("192.0.2.1").Signin(hana, newer).See("Hello")
		w.Browser("203.0.113.66").Signin(hana, apptest.Word).Want(401)
	})
}

func TestAContainedAccountIsNotEnteredByAPasskey(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		signed(w, hana, "192.0.2.1")
		own, theirs := newSoftKey(t), newSoftKey(t)
		enrol := func(p *apptest.Program, key *softKey) {
			var o struct{ Options json.RawMessage }
			p.Call("POST", "/api/v1/me/factors/passkey", nil).Want(200, "").Into(&o)
			p.Call("POST", "/api/v1/me/factors/passkey", map[string]any{"name": "key", "response": json.RawMessage(key.create(o.Options))}).Want(200, "")
		}
		enter := func(from string, key *softKey) apptest.Answer {
			p := w.Program(from)
			var s apptest.Step
			p.Call("POST", "/api/v1/signin", map[string]any{"kind": "passkey"}).Want(200, "").Into(&s)
			var step struct{ Options json.RawMessage }
			p.Call("POST", "/api/v1/signin/"+s.Flow, map[string]any{"kind": "passkey"}).Want(200, "").Into(&step)
			return p.Call("POST", "/api/v1/signin/"+s.Flow, map[string]any{"kind": "passkey", "answer": string(key.get(step.Options))})
		}
		w.Clock.Add(time.Minute)
		thief := signed(w, hana, "203.0.113.66")
		notice := doubt(w, hana)
		enrol(thief, theirs)
		enter("203.0.113.66", theirs).Want(200, "")
		notMe(w, notice)
		enter("203.0.113.66", theirs).Want(401, "key.unknown")
		// A key from before stays the account's, and does not enter either.
		resets(w, "192.0.2.1", hana).Fill("New password", newer).Press("Next").See("Hello")
		owner := w.Program("192.0.2.1")
		owner.Signin(hana, newer).Want(200, "")
		enrol(owner, own)
		w.Clock.Add(time.Minute)
		enter("198.51.100.66", own).Want(200, "")
		notMe(w, doubt(w, hana))
		enter("198.51.100.66", own).Want(403, "account.contained")
	}, "url", "https://id.example.com")
}

func TestWhatAThiefAddsDoesNotRecoverTheAccount(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		thief, notice := intruded(w)
		prove(thief, claim(thief, thiefs), w.Code(thiefs)).Want(200, "")
		var codes struct{ Codes []string }
		thief.Call("POST", "/api/v1/me/factors/backup", nil).Want(200, "").Into(&codes)
		thief.Call("POST", "/api/v1/me/factors/passphrase", map[string]any{"passphrase": apptest.Phrase}).Want(200, "")
		addTOTP(w, thief)
		w.Clock.Add(time.Minute)
		notMe(w, notice)
		// The address finds nobody, and its reader is told.
		if got := to(w, thiefs, "taken off"); got != 1 {
			t.Errorf("got %d mails to the address that was taken off, want 1", got)
		}
		w.Browser("203.0.113.66").Open("/recover").Fill("E-mail", thiefs).Press("Send")
		for _, l := range w.Mails() {
			if l.To == thiefs && strings.Contains(l.Text, "/recover/link") {
				t.Error("an address that was taken back got a code to reset the password")
			}
		}
		// The owner's way back asks for nothing of the thief's.
		b := resets(w, "192.0.2.1", hana).See("Choose a new password").Miss("thief's phone")
		b.Fill("New password", newer).Press("Next").See("Hello")
		if got := to(w, hana, "Taken off the account"); got != 1 {
			t.Errorf("got %d mails that list what was taken back, want 1", got)
		}
		b.Open("/me/activity").See("An address that was added was taken back", "A factor that was added was taken back")
		b.Open("/me/addresses").See(hana).Miss(thiefs)
		b.Open("/me/factors").Miss("thief's phone")
	})
}

func TestWhatStoodBeforeTheDoubtStays(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		w.Update(func(tx db.Tx) error { return proveAddress(tx, a, "spare@example.net") })
		kit := w.Protect(a, gate.TOTP, gate.Passphrase)
		w.Browser("192.0.2.1").Signin(hana, apptest.Word).Fill("Six-digit", kit.App()).Press("Next").See("Hello")
		w.Clock.Add(time.Hour)
		w.Browser("203.0.113.66").Signin(hana, apptest.Word).Fill("Six-digit", kit.App()).Press("Next").See("Hello")
		notMe(w, doubt(w, hana))
		resets(w, "203.0.113.66", "spare@example.net").Miss("Choose a new password").See("Six-digit")
		w.Clock.Add(2 * time.Minute)
		b := resets(w, "192.0.2.1", hana).Fill("Six-digit", kit.App()).Press("Next").Fill("New password", newer).Press("Next").See("Hello")
		b.Open("/me/addresses").See("spare@example.net")
		b.Open("/me/factors").See("Pixel 8")
	})
}

func TestAnAddressThatAThiefRemovedLeadsBack(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		thief, notice := intruded(w)
		prove(thief, claim(thief, thiefs), w.Code(thiefs)).Want(200, "")
		removeAddress(thief, hana)
		w.Clock.Add(time.Hour)
		w.Browser("192.0.2.1").Open("/recover").Fill("E-mail", hana).Press("Send")
		if l := w.Mail(hana); strings.Contains(l.Text, "/recover/link") {
			t.Error("an address that was removed resets the password without more")
		}
		notMe(w, notice)
		b := resets(w, "192.0.2.1", hana).Fill("New password", newer).Press("Next").See("Hello")
		b.Open("/me/addresses").See(hana).Miss(thiefs)
		b.Open("/me/activity").See("An address that was removed was put back")
	})
}

// The mail that tells of the removal reaches the address that goes, and undoes what
// the session did before it.
func TestEveryMailOfAChangeCanBeAnswered(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		thief, notice := intruded(w)
		prove(thief, claim(thief, thiefs), w.Code(thiefs)).Want(200, "")
		w.Clock.Add(time.Second)
		addTOTP(w, thief)
		w.Clock.Add(time.Second)
		removeAddress(thief, hana)
		for _, words := range []string{"Somebody signed in", "Added to the account", "Added to the ways", "Removed from the account"} {
			found := false
			for _, l := range w.Mails() {
				found = found || l.To == hana && strings.Contains(l.Text, words) && strings.Contains(l.Text, notice)
			}
			if !found {
				t.Errorf("no mail that says %q has the link of the session that did it", words)
			}
		}
		notMe(w, doubt(w, hana))
		resets(w, "192.0.2.1", hana).See("Choose a new password").Miss("thief's phone")
	})
}

func TestARemovedAddressThatAnotherProvedIsNotPutBack(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		thief, notice := intruded(w)
		prove(thief, claim(thief, thiefs), w.Code(thiefs)).Want(200, "")
		removeAddress(thief, hana)
		w.Settle("ken@example.com")
		ken := signed(w, "ken@example.com", "192.0.2.5")
		w.Clock.Add(2 * time.Minute)
		prove(ken, claim(ken, hana), w.Code(hana)).Want(200, "")
		notMe(w, notice)
		if got := listed(ken)[hana]; !got.Confirmed {
			t.Error("another account lost the address it proved")
		}
	})
}

// What has stood for a day is not given up at once: who reads one old mailbox may
// answer an old notice as well as the owner.
func TestTakingBackWhatStoodForADayMakesAWeakResetWait(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		w.Browser("192.0.2.1").Signin(hana, apptest.Word).See("Hello")
		w.Clock.Add(time.Minute)
		owner := w.Browser("192.0.2.7")
		owner.Signin(hana, apptest.Word).See("Hello")
		old := doubt(w, hana)
		addApp(w, owner, "Pixel 8")
		w.Clock.Add(20 * 24 * time.Hour)
		notMe(w, old) // by who reads the mailbox and has nothing else
		b := resets(w, "203.0.113.66", hana).Miss("Choose a new password")
		if to(w, hana, "proved it by codes that were sent") != 1 {
			t.Errorf("the owner is not told of a reset that waits: %s", b.Text())
		}
		w.Clock.Add(24*time.Hour + time.Minute)
		b.Open("/recover/ready?c="+ready(w)).Press("Go on").Fill("New password", newer).Press("Next").See("Hello")
	})
}

// Without a second factor backup codes and a passphrase stand in for nothing, so whoever
// made them beforehand must not hold the second proof once there is one.
func TestSparesMadeBeforeTheFirstFactorAreNotItsSpares(t *testing.T) {
	for name, reset := range map[string]bool{"a first factor": false, "a reset": true} {
		t.Run(name, func(t *testing.T) {
			apptest.Each(t, func(t *testing.T, w *apptest.World) {
				thief, _ := intruded(w)
				var made struct{ Codes []string }
				thief.Call("POST", "/api/v1/me/factors/backup", nil).Want(200, "").Into(&made)
				thief.Call("POST", "/api/v1/me/factors/passphrase", map[string]any{"passphrase": apptest.Phrase}).Want(200, "")
				w.Clock.Add(2 * time.Minute)
				owner := w.Browser("192.0.2.1")
				if owner.Signin(hana, apptest.Word); reset {
					resets(w, "192.0.2.1", hana).Fill("New password", newer).Press("Next").See("Hello")
					owner = w.Browser("192.0.2.1").Signin(hana, newer)
					owner.Open("/me/factors").Miss("5 of 5")
					if to(w, hana, "The recovery passphrase was removed") != 1 {
						t.Error("nobody is told that the passphrase ended")
					}
				}
				addApp(w, owner, "Pixel 8")
				if n := len(backupCodes(owner)); n != 5 {
					t.Errorf("the owner was shown %d backup codes, want 5", n)
				}
				w.Clock.Add(2 * time.Minute)
				b := resets(w, "203.0.113.66", hana).Press("I can't reach my device")
				if reset && strings.Contains(b.Text(), "passphrase") {
					t.Error("a passphrase from before the reset is offered")
				}
				if strings.Contains(b.Text(), "Backup code") {
					b.Press("Backup code")
				}
				b.Fill("12-digit", made.Codes[0]).Press("Next").Miss("Choose a new password")
			})
		})
	}
}

// A stolen phone may be how the thief came in; the owner reads the mailbox.
func TestThePhoneAloneWaitsAfterThisWasNotMe(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		w.Carry()
		_, notice := intruded(w, number)
		notMe(w, notice)
		thief := w.Browser("203.0.113.66").Open("/recover").Fill("E-mail", number).Press("Send")
		eventually(t, func() bool { return len(phones.Texts(number)) == 1 })
		thief.Fill("Code", phones.Code(number)).Press("Next").Miss("Choose a new password")
		w.Clock.Add(2 * time.Minute)
		resets(w, "192.0.2.1", hana).Fill("New password", newer).Press("Next").See("Hello")
	})
}

func TestAnOlderNoticeClosesTheDoorsAgain(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, older := intruded(w)
		notMe(w, older)
		w.Browser("192.0.2.1").Open(older).See("has been stopped since")
		resets(w, "192.0.2.1", hana).Fill("New password", newer).Press("Next").See("Hello")
		w.Clock.Add(time.Hour)
		thief := w.Browser("203.0.113.2").Signin(hana, newer).See("Hello") // the new password leaked as well
		notMe(w, older)
		thief.Open("/me").Want(401)
	})
}

// A later notice doubts less; the earlier one still takes back what came before it.
func TestAnEarlierNoticeDoubtsMore(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		thief, first := intruded(w)
		prove(thief, claim(thief, thiefs), w.Code(thiefs)).Want(200, "")
		w.Clock.Add(time.Hour)
		signed(w, hana, "203.0.113.67")
		notMe(w, doubt(w, hana))
		notMe(w, first)
		w.Browser("203.0.113.66").Open("/recover").Fill("E-mail", thiefs).Press("Send")
		for _, l := range w.Mails() {
			if l.To == thiefs && strings.Contains(l.Text, "/recover/link") {
				t.Error("the earlier notice took nothing back")
			}
		}
	})
}

func TestACodeThatSupportIssuedEndsWithWhatItWasFor(t *testing.T) {
	for name, end := range map[string]func(w *apptest.World, a account.Account, kit *apptest.Kit){
		"this was not me": func(w *apptest.World, _ account.Account, _ *apptest.Kit) { notMe(w, doubt(w, hana)) },
		"a new password": func(w *apptest.World, _ account.Account, kit *apptest.Kit) {
			resets(w, "192.0.2.1", hana).Fill("Six-digit", kit.App()).Press("Next").Fill("New password", newer).Press("Next").See("Hello")
			w.Clock.Add(2 * time.Minute)
		},
		"a new set": func(w *apptest.World, _ account.Account, kit *apptest.Kit) {
			b := w.Browser("192.0.2.1").Signin(hana, apptest.Word).Fill("Six-digit", kit.App()).Press("Next").See("Hello")
			p := w.Program("192.0.2.1")
			p.Token = b.Cookie("sekisho")
			p.Call("POST", "/api/v1/me/factors/backup", nil).Want(200, "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			apptest.Each(t, func(t *testing.T, w *apptest.World) {
				a := w.Settle(hana)
				kit := w.Protect(a, gate.TOTP)
				code := issue(w, a) // to an impostor who reads the mailbox
				end(w, a, kit)
				w.Clock.Add(time.Minute)
				b := resets(w, "203.0.113.66", hana).Press("I can't reach my device").Press("Backup code").Fill("12-digit", code).Press("Next")
				if strings.Contains(b.Text(), "Choose a new password") {
					t.Error("the code that was issued still leads on")
				}
			})
		})
	}
}

// Who has no address left, or reads none, is given one by the people who run the
// service.
func TestTerminalPutsAnAddressBack(t *testing.T) {
	data := t.TempDir()
	run := func(want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if code := command.Main(t.Context(), args, []string{"SEKISHO_DATA=" + data}, &out, &errs); code != want {
			t.Fatalf("%v ended with %d, want %d: %s", args, code, want, &errs)
		}
		return out.String() + errs.String()
	}
	run(command.NotThere, "account", "address", "add", "hana", hana)
	run(0, "account", "create", "hana")
	run(0, "account", "create", "ken@example.com")
	if got := run(0, "--json", "account", "address", "add", "hana", hana); !strings.Contains(got, hana) || !strings.Contains(got, "acc_") {
		t.Errorf("got %s", got)
	}
	run(0, "account", "address", "add", "hana", hana) // it is so already
	if got := run(0, "account", "list"); !strings.Contains(got, hana+" hana") {
		t.Errorf("the address is not the primary one: %s", got)
	}
	if got := run(0, "outbox", "list"); !strings.Contains(got, hana) {
		t.Errorf("the owner is not told: %s", got)
	}
	if got := run(command.Failed, "account", "address", "add", "hana", "ken@example.com"); !strings.Contains(got, "another account's") {
		t.Errorf("got %s", got)
	}
	run(command.Failed, "account", "address", "add", "hana", "info@example.com")
	run(command.Usage, "account", "address", "add", "hana", "somebody")
	run(0, "account", "disable", "hana")
	run(command.Failed, "account", "address", "add", "hana", "other@example.com")
}

// An account that is contained and has no address left gets in again by one that the
// people who run the service add.
func TestAnAddressThatIsVouchedForLeadsBack(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle("hana")
		w.Update(func(tx db.Tx) error { // as an app's "it was not me" does, which knows no notice
			a, err := account.Lock(t.Context(), tx, a.ID)
			if err != nil {
				return err
			}
			return w.Entry.Contain(t.Context(), tx, flow.Visitor{}, a, time.Time{})
		})
		w.Browser("192.0.2.1").Signin("hana", apptest.Word).Want(403).See("account.contained")
		id, _ := account.Parse(hana)
		if err := (&address.Address{Entry: w.Entry}).Vouch(t.Context(), a.ID, id, "operator"); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(time.Second)
		resets(w, "192.0.2.1", hana).Fill("New password", newer).Press("Next").See("Hello")
		w.Browser("192.0.2.1").Signin("hana", newer).See("Hello")
	})
}
