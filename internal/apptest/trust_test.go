package apptest_test

import (
	"bytes"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/command"
	"sekisho/internal/gate"
	"sekisho/internal/org"
)

// trusting is a browser that skips the second proof, and what its owner holds.
type trusting struct {
	w   *apptest.World
	a   account.Account
	kit *apptest.Kit
	b   *apptest.Browser
}

// prove signs another browser in with all proofs.
func (x *trusting) prove(from string) *apptest.Browser {
	x.w.T.Helper()
	return x.w.Browser(from).Signin(hana, apptest.Word).Fill("Six-digit", x.kit.App()).Press("Next").See("Hello")
}

// operator does something at the terminal.
func (x *trusting) operator(args ...string) {
	x.w.T.Helper()
	var out, errs bytes.Buffer
	if code := command.Main(x.w.T.Context(), args, x.w.Environ(), &out, &errs); code != 0 {
		x.w.T.Fatalf("%v ended with %d: %s", args, code, &errs)
	}
}

// All that ends trusted browsers (TB-01): each time the browser was skipped the second
// proof a moment ago, and is asked for it after.
func TestWhatEndsTrustedBrowsers(t *testing.T) {
	for what, x := range map[string]struct {
		does func(x *trusting) *apptest.World // where to sign in afterwards; nil: here
		word string                           // the password by then
	}{
		"the operator closes the account": {does: func(x *trusting) *apptest.World {
			x.operator("account", "disable", hana)
			x.operator("account", "enable", hana)
			return nil
		}},
		"the operator deletes the account": {does: func(x *trusting) *apptest.World {
			x.operator("account", "delete", hana)
			x.operator("account", "enable", hana)
			return nil
		}},
		"their organisation deactivates them": {does: func(x *trusting) *apptest.World {
			h := found(x.w.T.(*testing.T), x.w, "Acme", "owner@example.com")
			h.must(h.Add(h.t.Context(), operator, h.id, x.a.ID, org.Plain))
			_, err := h.Deactivate(h.t.Context(), operator, h.id, x.a.ID)
			h.must(err)
			h.must(h.Reactivate(h.t.Context(), operator, h.id, x.a.ID))
			return nil
		}},
		"the owner changes the password": {word: newer, does: func(x *trusting) *apptest.World {
			x.prove("192.0.2.9").Open("/me/password").Fill("Current", apptest.Word).Fill("New password", newer).Press("Change").See("The password is changed")
			return nil
		}},
		"the owner resets the password": {word: newer, does: func(x *trusting) *apptest.World {
			lost(x.w, x.w.Browser("192.0.2.9")).Fill("Six-digit", x.kit.App()).Press("Next").Fill("New password", newer).Press("Next").See("Hello")
			return nil
		}},
		"the owner removes one of two apps": {does: func(x *trusting) *apptest.World {
			b := x.prove("192.0.2.9")
			addApp(x.w, b, "Tablet")
			b.Open("/me/factors").Press("Tablet").Press("Remove").See("Trusted browsers end with it").Press("Remove").See("Removed.", "Second factor On")
			return nil
		}},
		"the owner removes the passphrase": {does: func(x *trusting) *apptest.World {
			x.prove("192.0.2.9").Open("/me/factors/passphrase/remove").See("Trusted browsers end with it").Press("Remove").See("is removed")
			return nil
		}},
		"the owner sets another passphrase": {does: func(x *trusting) *apptest.World {
			x.prove("192.0.2.9").Open("/me/factors/passphrase").Fill("Passphrase", "slow green river stones").Press("Replace it").See("is set")
			return nil
		}},
		"the owner switches the second factor off and on": {does: func(x *trusting) *apptest.World {
			x.prove("192.0.2.9").Open("/me/factors/off").Press("Switch it off").See("Second factor Off")
			x.kit = x.w.Protect(x.a, gate.TOTP)
			return nil
		}},
		"the owner ends it on the list": {does: func(x *trusting) *apptest.World {
			x.prove("192.0.2.9").Open("/me/access?show=browsers").Press("End").Press("Stop trusting it").See("It has ended")
			return nil
		}},
		"it was not the owner": {word: newer, does: func(x *trusting) *apptest.World {
			x.prove("198.51.100.9")
			x.w.Browser("192.0.2.9").Open(x.w.Link(hana)).Press("not me").See("Trusted browsers")
			x.w.Clock.Add(time.Second)
			lost(x.w, x.w.Browser("192.0.2.9")).Fill("Six-digit", x.kit.App()).Press("Next").Fill("New password", newer).Press("Next").See("Hello")
			return nil
		}},
		"the days are over": {does: func(x *trusting) *apptest.World {
			x.w.Clock.Add(180 * 24 * time.Hour)
			return nil
		}},
		"the operator shortens the days": {does: func(x *trusting) *apptest.World {
			x.w.Clock.Add(25 * time.Hour)
			return x.w.Another("trust_days", "1")
		}},
		"the operator forbids it": {does: func(x *trusting) *apptest.World { return x.w.Another("trust_days", "0") }},
		"a copy of the database is put back": {does: func(x *trusting) *apptest.World {
			if err := x.w.Restored(x.w.T.Context()); err != nil {
				x.w.T.Fatal(err)
			}
			return nil
		}},
	} {
		t.Run(what, func(t *testing.T) {
			apptest.Each(t, func(t *testing.T, w *apptest.World) {
				a := w.Settle(hana)
				c := &trusting{w: w, a: a, kit: w.Protect(a, gate.TOTP, gate.Passphrase), b: w.Browser("192.0.2.1")}
				c.b.Signin(hana, apptest.Word).Check("Trust this browser").Fill("Six-digit", c.kit.App()).Press("Next").See("Hello")
				out := func() { c.b.Open("/signout").Press("Sign out") }
				out()
				c.b.Signin(hana, apptest.Word).See("Hello").Miss("Six-digit")
				out()
				w.Clock.Add(time.Second) // what is sent next is the newest
				at, word := x.does(c), apptest.Word
				if at == nil {
					at = w
				}
				if x.word != "" {
					word = x.word
				}
				c.b.At(at).Signin(hana, word).See("Six-digit").Miss("Hello")
			})
		})
	}
}

// What takes no proof away leaves trusted browsers alone.
func TestWhatLeavesTrustedBrowsersAlone(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		x := &trusting{w: w, a: a, kit: w.Protect(a, gate.TOTP), b: w.Browser("192.0.2.1")}
		x.b.Signin(hana, apptest.Word).Check("Trust this browser").Fill("Six-digit", x.kit.App()).Press("Next").See("Hello")
		b := x.prove("192.0.2.9")
		b.Open("/me/factors/passphrase").Fill("Passphrase", apptest.Phrase).Press("Set it").See("is set")
		b.Open("/me/factors/backup").Press("Make new codes").Want(200)
		addApp(w, b, "Tablet")
		b.Open("/me/sessions").Press("End all others")
		b.Open("/signout").Press("Sign out")
		x.b.Signin(hana, apptest.Word).See("Hello")
	})
}
