package me

import (
	"context"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/ticket"
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
		p = Overview{Name: a.Name, Email: a.Email.Shown, Ready: d.Enrol.Ready(a, set), Password: set.Record.PHC != "",
			Passkey: d.Enrol.OffersPasskeys(set.Rules) && len(set.Keys) == 0, Factors: len(set.Apps) + len(set.Keys) + len(set.Numbers) + len(set.Devices)}
		if age := set.Rules.Password.MaxAge; age > 0 && p.Password {
			if until := set.Record.SetAt.Add(age); until.Sub(tx.Now()) < 14*24*time.Hour {
				p.Warn = until
			}
		}
		list, err := d.Change.Living(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		p.Sessions = len(list)
		tickets, err := ticket.OfAccount(ctx, tx, a.ID, 50)
		if err != nil {
			return err
		}
		for _, t := range tickets {
			if t.Living() {
				p.Tickets++
			}
		}
		p.Latest, err = audit.Of(ctx, tx, a.ID, audit.Filter{Since: tx.Now().AddDate(-1, 0, 0), Limit: 5})
		return err
	})
	return web.Show("me/overview", p), err
}
