package enter

import (
	"context"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/browser"
	"sekisho/internal/db"
	"sekisho/internal/flow"
	"sekisho/internal/letter"
	"sekisho/internal/outbox"
)

// Contained is the kind of the audit row that tells of a containment.
const Contained = "account.contained"

// Contain closes an account's doors on everybody (SI-25).
func (e *Entry) Contain(ctx context.Context, tx db.Tx, v flow.Visitor, a account.Account) error {
	ended, err := e.Grants.EndAccount(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	// Whoever was in had the password or reads the mailbox. What else there is stays
	// good for recovery, which takes more than one of them.
	for _, class := range []Class{ByPassword, ByMailCode} {
		if err := Factor(class, a.ID).Halt(ctx, tx); err != nil {
			return err
		}
	}
	if err := account.Close(ctx, tx, a.ID); err != nil {
		return err
	}
	if err := e.VoidCodes(ctx, tx, a.ID); err != nil {
		return err
	}
	if err := e.EndCooling(ctx, tx, a.ID, v); err != nil {
		return err
	}
	if _, err := browser.EndTrusts(ctx, tx, a.ID); err != nil {
		return err
	}
	// The browser that was not the owner's is spared nothing any more, and is news
	// when it comes back. Which of them it was nobody can tell for sure.
	if err := browser.Forget(ctx, tx, a.ID, ""); err != nil {
		return err
	}
	if _, err := audit.Write(ctx, tx, audit.Event{Kind: Contained, Account: a.ID, Actor: string(a.ID),
		Addr: v.Addr.String(), Agent: v.Program, Place: v.Place, Detail: struct {
			Ended int `json:"ended"`
		}{ended}}); err != nil {
		return err
	}
	return e.TellAll(ctx, tx, a, Contained, func(to letter.To) outbox.Letter {
		return letter.Contained(e.Sheet, to, e.Sheet.URL+"/recover", e.From(v, tx.Now()))
	})
}
