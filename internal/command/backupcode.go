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
	"sekisho/internal/db"
	"sekisho/internal/flow/enrol"
	"sekisho/internal/ref"
)

// accountBackupCode issues one backup code for somebody who has no way left (BC-06).
func (p *program) accountBackupCode() *cobra.Command {
	return &cobra.Command{Use: "backup-code ACCOUNT", Short: "Issue one backup code, good once within 24 hours, after you made sure who asks; the owner is told", Args: args(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, given []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			var found account.Account
			err := a.DB.View(ctx, func(tx db.ReadTx) (err error) {
				found, err = find(ctx, tx, given[0])
				return err
			})
			if err != nil {
				return none(err, "there is no account %s", given[0])
			}
			code, until, err := (&enrol.Enrol{Entry: a.Entry}).Issue(ctx, found.ID, "operator")
			if errors.Is(err, db.ErrNone) {
				return fmt.Errorf("the account is %s", found.State)
			}
			if err != nil {
				return err
			}
			out := struct {
				Account ref.Account `json:"account"`
				Code    string      `json:"code"`
				Until   time.Time   `json:"expires_at"`
			}{found.ID, code.Reveal(), until.UTC()}
			return p.print(out, func(w io.Writer) {
				fmt.Fprintf(w, "%s\t%s\nbackup code (shown once; works once, until %s):\t%s\n", out.Account, found.Name, out.Until.Format(time.RFC3339), out.Code)
			})
		})
	}}
}
