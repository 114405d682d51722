package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"sekisho/internal/app"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/i18n"
	"sekisho/internal/ref"
)

func (p *program) audit() *cobra.Command {
	return group("audit", "Verify and export what happened", p.auditVerify(), p.auditExport(), p.auditFind(), p.auditRebase())
}

func (p *program) auditVerify() *cobra.Command {
	return &cobra.Command{Use: "verify", Short: "Walk the hash chain; ends with 4 when a row was changed, removed or slipped in", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			chain := audit.Chain{Ring: a.Ring}
			// A head that does not hold is for Verify to tell.
			if _, err := chain.Seal(ctx, a.DB); err != nil && !errors.Is(err, audit.ErrBroken) {
				return err
			}
			v, err := chain.Verify(ctx, a.DB)
			if err != nil {
				return err
			}
			if v.Faults == nil {
				v.Faults = []audit.Fault{}
			}
			if err := a.DB.Update(ctx, func(tx db.Tx) error { return v.Keep(ctx, tx) }); err != nil {
				return err
			}
			err = p.print(v, func(w io.Writer) {
				fmt.Fprintf(w, "%s linked, %d waiting\n", i18n.Count(int(v.Rows), "row", "rows"), v.Waiting)
				for _, f := range v.Faults {
					fmt.Fprintf(w, "row %d\t%s\t%s\n", f.Seq, f.Reference, f.What)
				}
				for _, b := range v.Breaks {
					fmt.Fprintf(w, "break at row %d\t%s\t%s\n", b.Seq, b.Reference, b.What)
				}
			})
			if err == nil && len(v.Faults) > 0 {
				err = ended{Tampered, fmt.Errorf("the audit log does not fit in %s", i18n.Count(len(v.Faults), "place", "places"))}
			}
			return err
		})
	}}
}

func (p *program) auditExport() *cobra.Command {
	return &cobra.Command{Use: "export", Short: "Write every row as a line of JSON", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			// What is linked is worth keeping elsewhere most of all when the rest is not.
			_, broken := audit.Chain{Ring: a.Ring}.Seal(ctx, a.DB)
			if broken != nil && !errors.Is(broken, audit.ErrBroken) {
				return broken
			}
			e := json.NewEncoder(p.out)
			if err := audit.Each(ctx, a.DB, func(r audit.Row) error { return e.Encode(r) }); err != nil {
				return err
			}
			if broken != nil {
				return ended{Tampered, broken}
			}
			return nil
		})
	}}
}

func (p *program) auditFind() *cobra.Command {
	return &cobra.Command{Use: "find REFERENCE", Short: "Show the row a refused person reads out", Args: args(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, given []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			var row audit.Row
			err := a.DB.View(ctx, func(tx db.ReadTx) (err error) {
				row, err = audit.ByReference(ctx, tx, ref.Reference(strings.ToUpper(given[0])))
				return err
			})
			if err != nil {
				return none(err, "there is no row with the reference %s", strings.ToUpper(given[0]))
			}
			p.json = true
			return p.print(row, nil)
		})
	}}
}

// auditRebase is the way on after an honest accident. It needs the secret key, as
// everything here does, and a reason that stays to be read.
func (p *program) auditRebase() *cobra.Command {
	reason := ""
	c := &cobra.Command{Use: "rebase", Short: "Go on after the head of the log did not hold; the break stays visible", Args: args(cobra.NoArgs)}
	c.Flags().StringVar(&reason, "reason", "", "what happened; it is written into the log")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if reason = strings.TrimSpace(reason); reason == "" {
			return ended{Usage, errors.New("--reason says what happened, for whoever reads the log later")}
		}
		return p.with(c, func(ctx context.Context, a *app.App) error {
			chain := audit.Chain{Ring: a.Ring}
			row, err := chain.Rebase(ctx, a.DB, reason)
			if err != nil {
				return err
			}
			if _, err := chain.Seal(ctx, a.DB); err != nil {
				return err
			}
			return p.print(row, func(w io.Writer) { fmt.Fprintf(w, "row %d\t%s\tthe log goes on from here\n", row.Seq, row.Reference) })
		})
	}
	return c
}
