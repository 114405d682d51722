package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/spf13/cobra"

	"sekisho/internal/app"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/i18n"
	"sekisho/internal/ref"
	"sekisho/internal/signkey"
)

func (p *program) audit() *cobra.Command {
	return group("audit", "Verify and export what happened", p.auditVerify(), p.auditExport(), p.auditCheckpoint(), p.auditCheck(), p.auditFind(), p.auditRebase())
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
	chain := false
	c := &cobra.Command{Use: "export", Short: "Write every row as a line of JSON", Args: args(cobra.NoArgs)}
	c.Flags().BoolVar(&chain, "chain", false, "with all that the chain is reckoned from, for audit check")
	c.RunE = func(c *cobra.Command, _ []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			// What is linked is worth keeping elsewhere most of all when the rest is not.
			_, broken := audit.Chain{Ring: a.Ring}.Seal(ctx, a.DB)
			if broken != nil && !errors.Is(broken, audit.ErrBroken) {
				return broken
			}
			e := json.NewEncoder(p.out)
			err := audit.Each(ctx, a.DB, func(r audit.Row) error {
				if chain {
					return e.Encode(r.Chained())
				}
				return e.Encode(r)
			})
			if err != nil {
				return err
			}
			if broken != nil {
				return ended{Tampered, broken}
			}
			return nil
		})
	}
	return c
}

// auditCheckpoint signs where the chain stands with a published key, for whoever is to
// hold the log against it later without any key of this server's (OR-20).
func (p *program) auditCheckpoint() *cobra.Command {
	return &cobra.Command{Use: "checkpoint", Short: "Sign where the log stands, to be kept elsewhere", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			signed, err := a.Checkpoint(ctx)
			if errors.Is(err, audit.ErrBroken) {
				return ended{Tampered, err}
			}
			if err == nil {
				_, err = fmt.Fprintln(p.out, signed)
			}
			return err
		})
	}}
}

// auditCheck needs no database, no configuration and no secret key: whoever audits runs it
// on a machine of their own.
func (p *program) auditCheck() *cobra.Command {
	checkpoint, jwks := "", ""
	c := &cobra.Command{Use: "check EXPORT", Short: "Hold an export with --chain against a signed checkpoint, offline", Args: args(cobra.ExactArgs(1))}
	c.Flags().StringVar(&checkpoint, "checkpoint", "", "file with what audit checkpoint wrote")
	c.Flags().StringVar(&jwks, "jwks", "", "file with the server's published keys, from /oauth/jwks at the time")
	c.RunE = func(_ *cobra.Command, given []string) error {
		to, err := readCheckpoint(checkpoint, jwks)
		if err != nil {
			return err
		}
		from, err := os.Open(given[0])
		if err != nil {
			return err
		}
		defer from.Close()
		w, err := audit.Walk(from, to)
		if err != nil {
			return err
		}
		if w.Faults == nil {
			w.Faults = []audit.Fault{}
		}
		at := time.Unix(to.At, 0).UTC().Format(time.RFC3339)
		err = p.print(map[string]any{"issuer": to.Issuer, "at": at, "seq": to.Seq, "rows": w.Rows, "faults": w.Faults}, func(out io.Writer) {
			fmt.Fprintf(out, "%d rows, checkpoint of %s at row %d, %s\n", w.Rows, to.Issuer, to.Seq, at)
			for _, f := range w.Faults {
				fmt.Fprintf(out, "row %d\t%s\t%s\n", f.Seq, f.Reference, f.What)
			}
		})
		if err == nil && len(w.Faults) > 0 {
			err = ended{Tampered, fmt.Errorf("the export does not fit in %s", i18n.Count(len(w.Faults), "place", "places"))}
		}
		return err
	}
	return c
}

func readCheckpoint(checkpoint, jwks string) (to audit.Checkpoint, err error) {
	signed, err := os.ReadFile(checkpoint)
	if err != nil {
		return to, fmt.Errorf("--checkpoint: %w", err)
	}
	text, err := os.ReadFile(jwks)
	if err != nil {
		return to, fmt.Errorf("--jwks: %w", err)
	}
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(text, &keys); err != nil {
		return to, fmt.Errorf("--jwks: %w", err)
	}
	body, err := signkey.VerifyWith(keys, strings.TrimSpace(string(signed)), audit.CheckpointType)
	if err != nil {
		return to, ended{Tampered, fmt.Errorf("the checkpoint: %w", err)}
	}
	return to, json.Unmarshal(body, &to)
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
