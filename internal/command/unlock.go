package command

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"sekisho/internal/account"
	"sekisho/internal/app"
	"sekisho/internal/db"
	"sekisho/internal/flow/enrol"
)

// accountUnlock opens what strangers' guesses had stopped, where no reset does (ER-07).
func (p *program) accountUnlock() *cobra.Command {
	lock := false
	c := &cobra.Command{Use: "unlock ACCOUNT", Short: "End waits and open what too many failures had stopped, after you made sure who asks; the owner is told", Args: args(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, given []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			var found account.Account
			err := a.DB.View(ctx, func(tx db.ReadTx) (err error) {
				found, err = find(ctx, tx, given[0])
				return err
			})
			if err != nil {
				return none(err, "there is no account %s", given[0])
			}
			e := &enrol.Enrol{Entry: a.Entry}
			if lock {
				if err := e.LiftLock(ctx, found.ID, "operator"); err != nil {
					return none(err, "%s is not locked by its owner", given[0])
				}
				return p.print(show(found), func(w io.Writer) { fmt.Fprintf(w, "%s\t%s\tsign-in lock lifted\n", found.ID, found.Name) })
			}
			_, err = e.Unlock(ctx, found.ID, "operator")
			if errors.Is(err, db.ErrNone) {
				return fmt.Errorf("the account is %s", found.State)
			}
			if err != nil {
				return err
			}
			return p.print(show(found), func(w io.Writer) { fmt.Fprintf(w, "%s\t%s\tunlocked\n", found.ID, found.Name) })
		})
	}}
	c.Flags().BoolVar(&lock, "sign-in-lock", false, "lift the lock that the owner set in Tegata, which is lost; nothing else")
	return c
}
