package enter

import (
	"context"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/browser"
	"sekisho/internal/db"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
)

// EraseAccount removes an account and everything that names its holder, and is the
// only way to do so (OR-03): its sessions and what apps were given, its mails, the
// address, browser, place and detail of its audit rows, and the account itself.
// The rows stay, so that the chain still fits, and one of them says who erased it.
func (e *Entry) EraseAccount(ctx context.Context, tx db.Tx, id ref.Account, actor string) error {
	if _, err := e.Grants.EndAccount(ctx, tx, id); err != nil {
		return err
	}
	if _, err := audit.Write(ctx, tx, audit.Event{Kind: audit.Erased, Account: id, Actor: actor}); err != nil {
		return err
	}
	if err := audit.Erase(ctx, tx, id); err != nil {
		return err
	}
	if err := outbox.Erase(ctx, tx, id); err != nil {
		return err
	}
	return account.Erase(ctx, tx, id)
}

// ShutOut ends all by which somebody gets into an account with less than every proof:
// sessions, what apps were given, and trusted browsers. Who closes an account calls it,
// so that opening it again brings nothing of that back (TB-01).
func (e *Entry) ShutOut(ctx context.Context, tx db.Tx, id ref.Account) error {
	if _, err := e.Grants.EndAccount(ctx, tx, id); err != nil {
		return err
	}
	_, err := browser.EndTrusts(ctx, tx, id)
	return err
}

// DropClaims erases unconfirmed accounts that claim an address which another has
// just proved: they can never confirm it.
func (e *Entry) DropClaims(ctx context.Context, tx db.Tx, id account.Identifier, by ref.Account) error {
	claims, err := account.Claims(ctx, tx, id, by)
	if err != nil {
		return err
	}
	for _, c := range claims {
		if err := e.EraseAccount(ctx, tx, c, string(by)); err != nil {
			return err
		}
	}
	return nil
}
