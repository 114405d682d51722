package enter

import (
	"context"
	"errors"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/browser"
	"sekisho/internal/db"
	"sekisho/internal/org"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
)

// EraseAccount removes an account and everything that names its holder, and is the
// only way to do so (OR-03): its sessions and what apps were given, its mails, the
// address, browser, place and detail of its audit rows, and the account itself.
// The rows stay, so that the chain still fits, and one of them says who erased it.
func (e *Entry) EraseAccount(ctx context.Context, tx db.Tx, id ref.Account, actor string) error {
	// First of all, as everybody who changes an organisation does.
	m, err := org.Held(ctx, tx, id)
	if err == nil {
		err = org.Remove(ctx, tx, m)
	}
	if err != nil && !errors.Is(err, db.ErrNone) {
		return err
	}
	if _, err := e.Grants.EndAccount(ctx, tx, id); err != nil {
		return err
	}
	if _, err := audit.Write(ctx, tx, audit.Event{Kind: audit.Erased, Account: id, Org: m.Org, Actor: actor}); err != nil {
		return err
	}
	if err := audit.Erase(ctx, tx, id); err != nil {
		return err
	}
	if err := outbox.Erase(ctx, tx, id); err != nil {
		return err
	}
	if err := e.eraseInvitations(ctx, tx, id); err != nil {
		return err
	}
	return account.Erase(ctx, tx, id)
}

// eraseInvitations removes invitations that name their reader, who accepted them or whose
// address it is, and their mails.
func (e *Entry) eraseInvitations(ctx context.Context, tx db.Tx, id ref.Account) error {
	topics, err := org.EraseInvitations(ctx, tx, id)
	for _, topic := range topics {
		if err == nil {
			err = outbox.EraseTopic(ctx, tx, topic)
		}
	}
	return err
}

// Disable closes an account. An organisation's last owner stays, by this path too:
// the error is org.ErrLastOwner then (OR-16).
func (e *Entry) Disable(ctx context.Context, tx db.Tx, id ref.Account) error {
	return e.close(ctx, tx, id, account.Disable)
}

// Delete closes an account that is to be erased at the given time, as Disable does.
func (e *Entry) Delete(ctx context.Context, tx db.Tx, id ref.Account, at time.Time) error {
	return e.close(ctx, tx, id, func(ctx context.Context, tx db.Tx, id ref.Account) error { return account.Delete(ctx, tx, id, at) })
}

func (e *Entry) close(ctx context.Context, tx db.Tx, id ref.Account, do func(context.Context, db.Tx, ref.Account) error) error {
	m, err := org.Held(ctx, tx, id)
	if err != nil && !errors.Is(err, db.ErrNone) {
		return err
	}
	if err := do(ctx, tx, id); err != nil {
		return err
	}
	if m.Role == org.Owner {
		if err := org.Owned(ctx, tx, m.Org); err != nil {
			return err
		}
	}
	return e.ShutOut(ctx, tx, id)
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
