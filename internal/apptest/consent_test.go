package apptest_test

import (
	"context"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/client"
	"sekisho/internal/db"
)

func TestConsentIsTheAccountsThatWasShown(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		w.Settle("ken@example.com")
		c, _ := wiki(w, func(c *client.Client) { c.FirstParty = false })
		b := w.Browser("192.0.2.1")
		b.Signin("ken@example.com", apptest.Word)
		b.Signin(hana, apptest.Word)
		b.Open(authorize(c)).See("Connect to Wiki?", hana)
		other := *b // a second tab of the same browser
		other.Open("/accounts").Press("ken@example.com")
		b.Press("Connect")
		if b.Left != "" {
			t.Fatalf("the app was given ken's account on hana's word: %s", b.Left)
		}
		b.See("Connect to Wiki?", "ken@example.com").Press("Connect")
		answered(t, b)
	})
}

func countSessions(w *apptest.World, a account.Account) int {
	var n int
	w.View(func(tx db.ReadTx) error {
		list, err := w.Entry.Living(context.Background(), tx, a.ID)
		n = len(list)
		return err
	})
	return n
}

// A browser holds several accounts: an app gets the one that it asks for, or none
// (OpenID Connect Core §3.1.2.1).
func TestAnAppGetsTheAccountThatItAsksFor(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		const ken, mai = "ken@example.com", "mai@example.com"
		ids := map[string]string{hana: string(w.Settle(hana, "hana.sato").ID), ken: string(w.Settle(ken).ID), mai: string(w.Settle(mai).ID)}
		c, word := wiki(w)
		b, p := w.Browser("192.0.2.1"), w.Program("203.0.113.1")
		token := func(b *apptest.Browser) (id, sub string) {
			t.Helper()
			var tok tokens
			redeem(p, c, word, answered(t, b).Get("code")).Want(200, "").Into(&tok)
			return tok.ID, claims(t, p, tok.ID)["sub"].(string)
		}
		far := w.Browser("198.51.100.7")
		far.Signin(mai, apptest.Word)
		ofMai, _ := token(far.Open(authorize(c)))
		b.Signin(hana, apptest.Word)
		ofHana, _ := token(b.Open(authorize(c)))
		b.Signin(ken, apptest.Word)
		for _, x := range []struct{ param, value, want string }{
			{"login_hint", hana, hana}, {"login_hint", "HANA@example.com", hana}, {"login_hint", "hana.sato", hana}, {"login_hint", ids[hana], hana}, {"login_hint", ken, ken},
			{"id_token_hint", ofHana, hana}, {"login_hint", "\u200b", ken}, {"max_age", "9999", ken},
			{"login_hint", mai, ""}, {"login_hint", "nobody@example.com", ""}, {"login_hint", ids[mai], ""}, {"id_token_hint", ofMai, ""},
		} {
			b.Open(authorize(c, "prompt", "none", x.param, x.value))
			if got := answered(t, b).Get("error"); x.want == "" && got != "login_required" {
				t.Errorf("%s=%s: got %q, want login_required", x.param, x.value, got)
			} else if x.want == "" {
				continue
			}
			if _, got := token(b); got != ids[x.want] {
				t.Errorf("%s=%s: got %s, want %s", x.param, x.value, got, x.want)
			}
		}
		b.Open("/me/addresses").See(ken) // nobody switched
		// The token says more than the hint.
		if _, got := token(b.Open(authorize(c, "prompt", "none", "id_token_hint", ofHana, "login_hint", ken))); got != ids[hana] {
			t.Errorf("got %s, want %s", got, ids[hana])
		}
		// With pages, too; those are then about the one that was asked for.
		w.Clock.Add(time.Hour)
		b.Open(authorize(c, "login_hint", hana, "prompt", "login")).See("Sign in").Press("Next").Fill("Password", apptest.Word).Press("Sign in")
		if _, got := token(b); got != ids[hana] {
			t.Errorf("got %s, want %s", got, ids[hana])
		}
		b.Open("/me/addresses").See(hana)
		// One who is not here: the person chooses, and what they choose counts.
		b.Open(authorize(c, "login_hint", mai)).See("Switch accounts").Press(ken)
		if _, got := token(b); got != ids[ken] {
			t.Errorf("got %s, want %s", got, ids[ken])
		}
		// One whose session ended elsewhere is not here any more.
		other := w.Browser("198.51.100.8")
		other.Signin(hana, apptest.Word).Open("/me/sessions").Press("End all others").Press("End")
		if got := answered(t, b.Open(authorize(c, "prompt", "none", "login_hint", hana))).Get("error"); got != "login_required" {
			t.Errorf("after its session ended: got %q, want login_required", got)
		}
	})
}
