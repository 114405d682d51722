package command

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"sekisho/internal/account"
	"sekisho/internal/app"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/ref"
)

func (p *program) accountAddress() *cobra.Command {
	return group("address", "Say what is known of an address", p.addressShared())
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
