package me

import (
	"context"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/ready"
	"sekisho/internal/web"
)

func (d *Door) overview(ctx context.Context, r *web.Request) (web.Response, error) {
	var p Overview
	err := d.Change.DB.View(ctx, func(tx db.ReadTx) error {
		a, err := account.Of(ctx, tx, r.Session.Account)
		if err != nil {
			return err
		}
		set, err := d.Change.SetOf(ctx, tx, a)
		if err != nil {
			return err
		}
		p = Overview{Name: a.Name, Email: a.Email.Shown, Ready: ready.Of(d.stands(a, set)), Password: set.Record.PHC != "",
			Factors: len(set.Apps) + len(set.Keys) + len(set.Numbers)}
		if age := d.Change.Policy.Password.MaxAge; age > 0 && p.Password {
			if until := set.Record.SetAt.Add(age); until.Sub(tx.Now()) < 14*24*time.Hour {
				p.Warn = until
			}
		}
		list, err := d.Change.Living(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		p.Sessions = len(list)
		p.Latest, err = audit.Of(ctx, tx, a.ID, audit.Filter{Since: tx.Now().AddDate(-1, 0, 0), Limit: 5})
		return err
	})
	return web.Show("me/overview", p), err
}

// stands tells package ready what an account has. What the policy lets count no
// more is not counted.
func (d *Door) stands(a account.Account, set enter.Set) ready.Stands {
	e := d.Enrol
	permits := func(k gate.Kind) bool { return gate.Permits(&e.Policy, k) }
	s := ready.Stands{Password: set.Record.PHC != "", Mail: set.Mail, MailWaits: a.Email.Norm != "" && a.Email.Confirmed.IsZero(), Mobile: set.Mobile,
		Passphrase: set.Passphrase, On: set.On(),
		Can: ready.Can{App: permits(gate.TOTP), SMS: permits(gate.SMSCode) && e.SMS, Key: permits(gate.Passkey) && e.Keys != nil, Backup: permits(gate.Backup)}}
	if permits(gate.TOTP) {
		s.Apps = len(set.Apps)
	}
	if s.Can.SMS {
		s.Numbers = len(set.Numbers)
	}
	if s.Can.Backup {
		s.Backup = set.Backup
	}
	if !s.Can.Key {
		return s
	}
	for _, k := range set.Keys {
		switch {
		case !k.UV: // it proves nothing by itself
			s.Keys++
		case k.Synced:
			s.Synced++
		case slices.Contains(k.Transports, "internal") || slices.Contains(k.Transports, "hybrid"):
			s.Bound++
		default:
			s.Keys++
			s.Sure++
		}
	}
	return s
}
