package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/flow/govern"
	"sekisho/internal/org"
	"sekisho/internal/ref"
)

func (p *program) admin() *cobra.Command {
	return group("admin", "Help the people who run an organisation", p.adminRecover())
}

// adminRecover rescues an organisation's last owner (SU-04).
func (p *program) adminRecover() *cobra.Command {
	var w govern.Rescue
	c := &cobra.Command{Use: "recover ORG [ACCOUNT]", Short: "Let an organisation's owner in again who is shut out, after you made sure who asks; gives a link that works once", Args: args(cobra.RangeArgs(1, 2)),
		Long: "Let an organisation's owner in again who is shut out: opens the account, takes away factors and password that are lost, lifts what\n" +
			"stops them and address rules that shut them out, and gives a link that leads to a new password. Without ACCOUNT it is the\n" +
			"only owner. Where nobody who owns the organisation can sign in, ACCOUNT may be any member: they become an owner."}
	c.Flags().BoolVar(&w.Dry, "dry-run", false, "say what would be done, and do nothing")
	c.Flags().BoolVar(&w.Keep, "keep-factors", false, "leave second factors, password and sessions as they are")
	c.RunE = func(c *cobra.Command, given []string) error {
		return p.in(c, given[0], func(ctx context.Context, x place) error {
			a, err := x.whomToRescue(ctx, given[1:])
			if err != nil {
				return err
			}
			done, err := x.Rescue(ctx, x.org.ID, a, w)
			if errors.Is(err, govern.ErrOwned) {
				return fmt.Errorf("%w; sekisho org show %s names them", err, x.org.ID)
			}
			if err != nil {
				return told(err, "%s is no member of %s; sekisho org show names them", a, x.org.Name)
			}
			return p.rescued(done, w.Dry)
		})
	}
	return c
}

// whomToRescue is the member that was named, or the only owner.
func (x place) whomToRescue(ctx context.Context, given []string) (ref.Account, error) {
	if len(given) > 0 {
		a, err := x.account(ctx, given[0])
		return a.ID, err
	}
	var owners []string
	var one ref.Account
	err := x.app.DB.View(ctx, func(tx db.ReadTx) error {
		list, err := org.Owning(ctx, tx, x.org.ID)
		for _, id := range list {
			a, err := account.Of(ctx, tx, id)
			if err != nil {
				return err
			}
			one = id
			owners = append(owners, string(id)+" ("+a.Name+")")
		}
		return err
	})
	switch {
	case err != nil:
		return "", err
	case len(owners) == 0:
		return "", ended{NotThere, fmt.Errorf("%s has no owner; name the member who is to be one", x.org.Name)}
	case len(owners) > 1:
		return "", ended{Usage, fmt.Errorf("%s has several owners, name one: %s", x.org.Name, strings.Join(owners, ", "))}
	}
	return one, nil
}

func (p *program) rescued(done govern.Rescued, dry bool) error {
	out := struct {
		Account ref.Account   `json:"account"`
		Name    string        `json:"name"`
		Dry     bool          `json:"dry_run,omitempty"`
		Steps   []govern.Step `json:"steps"`
		Link    string        `json:"link,omitempty"`
		Until   *time.Time    `json:"expires_at,omitempty"`
	}{Account: done.Account.ID, Name: done.Account.Name, Dry: dry, Steps: done.Steps}
	if done.Link != "" {
		until := done.Until.UTC()
		out.Link, out.Until = done.Link.Reveal(), &until
	}
	return p.print(out, func(w io.Writer) {
		head := "done:"
		if dry {
			head = "would be done:"
		}
		fmt.Fprintf(w, "%s\t%s\n%s\n", out.Account, out.Name, head)
		for _, s := range out.Steps {
			fmt.Fprintf(w, "  %s\n", s)
		}
		if out.Link != "" {
			fmt.Fprintf(w, "\nlink (shown once; works once, until %s):\n%s\n", out.Until.Format(time.RFC3339), out.Link)
		}
	})
}
