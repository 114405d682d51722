package apptest_test

import (
	"testing"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/org"
	"sekisho/internal/policy"
)

// OR-05: apps and numbers, backup codes, passphrase and trusted browsers: nothing is left; where the policy demands a factor, the next sign-in sets one up.
func TestResettingTakesWhatStandsInForAFactor(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			phones := apptest.NewPhones(t)
			w := apptest.New(t, engine, "sms", phones.Setting)
			h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
			a := w.Settle(hana) // with more than the organisation would let them set up
			// A session from before goes too.
			p := w.Program("192.0.2.1")
			p.Signin(hana, apptest.Word).Want(200, "")
			kit := w.Carry().ProtectWith(phones, phone, a, gate.TOTP, gate.SMSCode, gate.Passphrase)
			h.must(h.Add(ctx, operator, h.id, a.ID, org.Plain))
			b := w.Browser("192.0.2.2")
			b.Signin(hana, apptest.Word).Check("Trust this browser").Fill("Six-digit", kit.App()).Press("Next").See("Hello")
			set := func() (s enter.Set, trusts int) {
				w.View(func(tx db.ReadTx) error {
					found, err := account.Of(ctx, tx, a.ID)
					if err != nil {
						return err
					}
					list, err := w.Entry.Trusts(ctx, tx, a.ID)
					if trusts = len(list); err != nil {
						return err
					}
					s, err = w.Entry.SetOf(ctx, tx, found)
					return err
				})
				return s, trusts
			}
			s, trusts := set()
			if len(s.Apps) != 1 || len(s.Numbers) != 1 || s.Backup == 0 || !s.Passphrase || trusts != 1 {
				t.Fatalf("not all was set up: %v, %d trusted", s.Seconds(), trusts)
			}
			h.rule(policy.Policy{Name: "strict", SecondFactor: &policy.SecondFactor{Demanded: true, BackupCodes: true, TrustDays: 30}})
			if n, err := h.ResetFactors(ctx, operator, h.id, a.ID); err != nil || n != 2 {
				t.Errorf("%d factors went (%v), want 2", n, err)
			}
			s, trusts = set()
			if s.On() || s.Spare || s.Backup > 0 || s.Passphrase || len(s.Seconds()) > 0 || trusts > 0 {
				t.Errorf("left: %v, %d trusted", s.Seconds(), trusts)
			}
			p.Call("GET", "/api/v1/session", nil).Want(401, "session.ended")
			b.Open("/me").Miss("Hello")
			b.Signin(hana, apptest.Word).See("asks for a second factor").Miss("Trust this browser")
		})
	}
}
