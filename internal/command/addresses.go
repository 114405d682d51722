package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"sekisho/internal/account"
	"sekisho/internal/app"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/flow/address"
	"sekisho/internal/i18n"
	"sekisho/internal/ref"
)

func (p *program) accountAddress() *cobra.Command {
	return group("address", "Add an address to an account, or say what is known of one", p.addressAdd(), p.addressShared())
}

// addressAdd gives an account a proved address for somebody who has no way left: a
// thief removed theirs, or they read none of them any more.
func (p *program) addressAdd() *cobra.Command {
	return &cobra.Command{Use: "add ACCOUNT ADDRESS", Short: "Add an e-mail address or mobile number as proved, after you made sure who asks; the owner is told", Args: args(cobra.ExactArgs(2)), RunE: func(c *cobra.Command, given []string) error {
		id, err := account.Parse(given[1])
		if err != nil || id.Kind == account.Username {
			return ended{Usage, fmt.Errorf("%q is not an e-mail address or mobile number", given[1])}
		}
		return p.with(c, func(ctx context.Context, a *app.App) error {
			if f := a.Entry.Group(id); f != nil {
				t := f.Say(i18n.En, time.UTC)
				return fmt.Errorf("%s: %s (%s) %s", id.Shown, t.What, f.Code(), t.Why)
			}
			var found account.Account
			err := a.DB.View(ctx, func(tx db.ReadTx) (err error) {
				found, err = find(ctx, tx, given[0])
				return err
			})
			if err != nil {
				return none(err, "there is no account %s", given[0])
			}
			err = (&address.Address{Entry: a.Entry}).Vouch(ctx, found.ID, id, "operator")
			switch {
			case errors.Is(err, account.ErrHeld): // as asked for
			case errors.Is(err, db.ErrTaken):
				return errors.New("the address is another account's")
			case errors.Is(err, db.ErrNone):
				return fmt.Errorf("the account is %s", found.State)
			case err != nil:
				return err
			}
			out := struct {
				Account ref.Account `json:"account"`
				Address string      `json:"address"`
			}{found.ID, id.Shown}
			return p.print(out, func(w io.Writer) {
				fmt.Fprintf(w, "%s\t%s\t%s\n", out.Account, found.Name, out.Address)
			})
		})
	}}
}

// addressShared marks a mailbox that several people read (RC-30). Codes that are out
// end, as they may have been sent there.
func (p *program) addressShared() *cobra.Command {
	off := false
	c := &cobra.Command{Use: "shared ADDRESS", Short: "Mark an e-mail address as a shared mailbox: it stays on file, and no code that opens an account goes there", Args: args(cobra.ExactArgs(1))}
	c.Flags().BoolVar(&off, "off", false, "it is one person's own after all")
	c.RunE = func(c *cobra.Command, given []string) error {
		id, err := account.ParseEmail(given[0])
		if err != nil {
			return ended{Usage, fmt.Errorf("%q is not an e-mail address", given[0])}
		}
		return p.with(c, func(ctx context.Context, a *app.App) error {
			var who []ref.Account
			err := a.DB.Update(ctx, func(tx db.Tx) (err error) {
				if who, err = account.Share(ctx, tx, id, !off); err != nil {
					return err
				}
				kind := "address.shared"
				if off {
					kind = "address.unshared"
				}
				for _, w := range who {
					if err := a.Entry.VoidCodes(ctx, tx, w); err != nil {
						return err
					}
					if _, err := audit.Write(ctx, tx, audit.Event{Kind: kind, Account: w, Actor: "operator"}); err != nil {
						return err
					}
				}
				return nil
			})
			if errors.Is(err, db.ErrNone) {
				return fmt.Errorf("no account has %s: %w", id.Shown, err)
			}
			if err != nil {
				return err
			}
			out := struct {
				Address  string        `json:"address"`
				Shared   bool          `json:"shared"`
				Accounts []ref.Account `json:"accounts"`
			}{id.Shown, !off, who}
			return p.print(out, func(w io.Writer) {
				for _, x := range who {
					fmt.Fprintf(w, "%s\t%s\tshared: %t\n", x, id.Shown, !off)
				}
			})
		})
	}
	return c
}
