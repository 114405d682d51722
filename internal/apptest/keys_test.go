package apptest_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/signkey"
)

func published(t *testing.T, p *apptest.Program) string {
	t.Helper()
	return string(p.Call("GET", "/oauth/jwks", nil).Want(200, "").Body)
}

func signingKeys(w *apptest.World) []signkey.Info {
	var list []signkey.Info
	w.View(func(tx db.ReadTx) (err error) {
		list, err = signkey.List(context.Background(), tx)
		return err
	})
	return list
}

// A key sealed under another secret key, after that was lost or one row was
// damaged, must not take signing down with it.
func TestASigningKeyThatDoesNotOpenIsRetiredAndSigningGoesOn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		c, word := wiki(w)
		// One of the keys that sign, and one that waits.
		for _, state := range []string{"active", "next"} {
			w.Update(func(tx db.Tx) error {
				return tx.One(context.Background(), `UPDATE signkey SET sealed = $1 WHERE alg = 'ES256' AND state = $2`, secret.Hash(state), state)
			})
		}
		n := w.Another()
		b, p := n.Browser("192.0.2.1"), n.Program("203.0.113.1")
		b.Signin(hana, apptest.Word)
		var tok tokens
		redeem(p, c, word, answered(t, b.Open(authorize(c))).Get("code")).Want(200, "").Into(&tok)
		claims(t, p, tok.ID)
		if log := n.Log.String(); strings.Count(log, "signing key retired") != 2 {
			t.Errorf("got log %q, want a line for each key", log)
		}
		found := ""
		for _, x := range n.Examine(t.Context()) {
			if x.What == "signing keys" {
				found = x.Say()
			}
		}
		if !strings.Contains(found, "do not open") {
			t.Errorf("doctor says %q", found)
		}

		// All of them, as when the secret key itself was lost.
		all := w.Another("keys", base64.StdEncoding.EncodeToString(secret.Hash("another")))
		b, p = all.Browser("192.0.2.2"), all.Program("203.0.113.2")
		b.Signin(hana, apptest.Word)
		redeem(p, c, word, answered(t, b.Open(authorize(c))).Get("code")).Want(200, "").Into(&tok)
		claims(t, p, tok.ID)
	})
}

func TestACopiedKeyIsWithdrawnAtOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		c, word := wiki(w)
		b, p := w.Browser("192.0.2.1"), w.Program("203.0.113.1")
		b.Signin(hana, apptest.Word)
		mint := func() string {
			var tok tokens
			redeem(p, c, word, answered(t, b.Open(authorize(c))).Get("code")).Want(200, "").Into(&tok)
			return tok.ID
		}
		copied := mint()
		if err := w.App.Keys.Revoke(t.Context(), ref.Key(kid(copied))); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(published(t, p), kid(copied)) {
			t.Error("the key is still published")
		}
		fresh := mint()
		claims(t, p, fresh)
		if kid(fresh) == kid(copied) {
			t.Error("the key still signs")
		}
		// The one that waited may have been copied too: withdrawn, nothing is missing.
		for _, k := range signingKeys(w) {
			if k.Alg == "ES256" {
				if err := w.App.Keys.Revoke(t.Context(), k.ID); err != nil {
					t.Fatal(err)
				}
			}
		}
		claims(t, p, mint())
		n := w.Another()
		w.Clock.Add(time.Minute)
		claims(t, n.Program("203.0.113.2"), mint())
		states := map[string]int{}
		for _, k := range signingKeys(w) {
			if k.Alg == "ES256" {
				states[k.State]++
			}
		}
		if got, _ := json.Marshal(states); string(got) != `{"active":1,"next":1}` {
			t.Errorf("got %s, want one that signs and one that waits", got)
		}
		if err := w.App.Keys.Revoke(t.Context(), ref.Key(kid(copied))); !errors.Is(err, db.ErrNone) {
			t.Errorf("got %v, want db.ErrNone", err)
		}
	})
}
