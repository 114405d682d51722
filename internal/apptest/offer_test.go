package apptest_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/gate"
)

const offered = "Sign in without the password next time?"

// again signs a browser out and in by password.
func again(b *apptest.Browser) *apptest.Browser {
	b.Open("/signout").Press("Sign out")
	return b.Signin(hana, apptest.Word)
}

// After a password a passkey is offered (SI-18): in a browser the account knows, at most
// once in thirty days over all browsers, and never again after "no thanks".
func TestAPasskeyIsOfferedAfterAPassword(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1").Signin(hana, apptest.Word).See("Hello").Miss(offered)
		other := w.Browser("192.0.2.2").Signin(hana, apptest.Word).See("Hello")
		b.Open("/me").Press("Add a passkey or security key").See("finger")

		// Back to where one was going, whatever one answers.
		b.Open("/signout").Press("Sign out")
		b.Open("/signin?return=/me/activity").Fill("E-mail", hana).Press("Next").Fill("Password", apptest.Word).Press("Sign in").See(offered, "the password alone does not open the account")
		b.Press("Later").See("Activity")
		again(b).See("Hello")
		again(other).See("Hello")
		w.Clock.Add(29 * 24 * time.Hour)
		again(b).See("Hello")
		w.Clock.Add(25 * time.Hour)
		again(other).See(offered).Press("Make a passkey").See("Add a passkey")
		if got := other.URL.RequestURI(); got != "/me/factors/key?return=%2fme" && got != "/me/factors/key?return=/me" {
			t.Errorf("got to %s, want the page that makes one", got)
		}
		again(b).See("Hello") // the other browser had the offer

		w.Clock.Add(31 * 24 * time.Hour)
		again(b).See(offered).Press("No thanks").See("Hello")
		w.Clock.Add(100 * 24 * time.Hour)
		again(b).See("Hello")
		again(other).See("Hello")
	}, "url", https)
}

// Where it would be in the way, or could not be taken, nothing is offered.
func TestWhereNoPasskeyIsOffered(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		c, _ := wiki(w)
		b := w.Browser("192.0.2.1").Signin(hana, apptest.Word).See("Hello")
		none := func(what string, b *apptest.Browser) {
			t.Helper()
			if strings.Contains(b.Text(), offered) {
				t.Fatalf("%s: a passkey is offered", what)
			}
		}
		// An app asks anew, and so does a change.
		w.Clock.Add(time.Minute)
		b.Open(authorize(c)+"&prompt=login").Press("Next").Fill("Password", apptest.Word).Press("Sign in")
		if answered(t, b).Get("code") == "" {
			t.Errorf("the app got %s, want a code", b.Left)
		}
		w.Clock.Add(11 * time.Minute)
		none("a step-up", b.Open("/me/factors/app").See("Enter your password").Fill("Password", apptest.Word).Press("Next").See("Scan this"))
		none("who skips the last page of the old session", b.Signin(hana, apptest.Word))
		// Who came by a code typed no password.
		b.Open("/signout").Press("Sign out")
		w.Clock.Add(2 * time.Minute)
		b.Open("/signin").Fill("E-mail", hana).Press("Next").Press("Another way").Press("Code by e-mail")
		none("a code by mail", b.Fill("Code", w.Code(hana)).Press("Next").See("Hello"))
		// A program is told of no such thing.
		p := w.Program("192.0.2.1")
		for range 2 {
			var s apptest.Step
			if p.Signin(hana, apptest.Word).Want(200, "").Into(&s); s.Missing != "" {
				t.Errorf("a program is told that %q is missing", s.Missing)
			}
		}
		// Who set a new password a moment ago has had enough of pages.
		w.Clock.Add(2 * time.Minute)
		none("a reset", lost(w, b).Fill("New password", newer).Press("Next").See("Hello"))
		b.Open("/me/password").Fill("Current", newer).Fill("New password", apptest.Word).Press("Change").See("is changed")
		// Where passkeys count for nothing, or the page is opened by its address.
		tight := w.Another("second_factor_kinds", "totp")
		none("apps alone are allowed", again(b.At(tight)).See("Hello").Miss("Add a passkey"))
		none("the page by its address", b.Open("/whats-left?need=passkey").See("Hello"))
		// One page at most: what is missing comes first.
		kit := w.Protect(a, gate.TOTP)
		b.At(w.Another("backup_codes", "false")).Open("/signout").Press("Sign out")
		none("one way in alone", b.Open("/signin").Fill("E-mail", hana).Press("Next").Fill("Password", apptest.Word).Press("Sign in").Fill("Six-digit", kit.App()).Press("Next").See("Add a way back in"))
		// And then, at last, nothing stands in the way.
		again(b.At(w)).Fill("Six-digit", kit.App()).Press("Next").See(offered)
		// "No thanks" is a form of this site alone, and takes a session.
		w.Browser("192.0.2.66").Post("/whats-left", url.Values{"return": {"/me"}}).Want(401)
	}, "url", https)
}

// Nothing is offered where the address is one at which browsers make no passkeys.
func TestNoPasskeyIsOfferedWithoutHTTPS(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1").Signin(hana, apptest.Word).See("Hello").Miss("Add a passkey")
		again(b).See("Hello").Miss(offered)
	})
}
