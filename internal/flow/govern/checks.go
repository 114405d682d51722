package govern

import (
	"context"
	"errors"
	"strings"

	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/ref"
	"sekisho/internal/ticket"
)

// checklist reads a list of checks, one a line.
func checklist(raw []string) (out []string, err error) {
	for _, line := range raw {
		if strings.TrimSpace(line) == "" {
			continue
		}
		what, err := ticket.ParseText(strings.Join(strings.Fields(line), " "), ticket.MostCheck)
		if err != nil || len(out) == ticket.MostList {
			return nil, &Refused{faults.DeskChecks.New("most", ticket.MostCheck, "lines", ticket.MostList)}
		}
		out = append(out, what)
	}
	return out, nil
}

// SetOperatorChecklist is SetChecklist for accounts of no organisation.
func (g *Govern) SetOperatorChecklist(ctx context.Context, raw []string) error {
	list, err := checklist(raw)
	if err != nil {
		return err
	}
	return g.DB.Update(ctx, func(tx db.Tx) error {
		if err := ticket.SetList(ctx, tx, "", list); err != nil {
			return err
		}
		_, err := audit.Write(ctx, tx, audit.Event{Kind: "org.checks_set", Actor: "operator", Detail: struct {
			Parts []string `json:"parts"`
		}{list}})
		return err
	})
}

// sameRefusal says whether the reference that somebody gave is of a refusal of this very
// account: another's tells nothing of it, and is not to be opened from here.
func sameRefusal(ctx context.Context, r db.Reader, t ticket.Ticket) (bool, error) {
	if t.Reference == "" || t.Account == "" {
		return false, nil
	}
	row, err := audit.ByReference(ctx, r, ref.Reference(t.Reference))
	if errors.Is(err, db.ErrNone) {
		return false, nil
	}
	return err == nil && row.Account == t.Account, err
}
