package apptest_test

import (
	"context"
	"testing"

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
