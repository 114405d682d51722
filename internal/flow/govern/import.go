package govern

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/roster"
)

// aBatch is how many lines are looked at in one transaction.
const aBatch = 100

// Import reads a table of members, says line by line what it would do, and holds it. It
// changes nothing: Apply does.
func (g *Govern) Import(ctx context.Context, by By, o ref.Org, raw []byte) (id ref.Import, err error) {
	list, foreign, f := readTable(raw)
	if f != nil {
		return "", refused(f)
	}
	if len(list) == 0 {
		return "", refused(faults.ImportHead.New())
	}
	err = g.change(ctx, by, o, org.ManageMembers, func(tx db.Tx, x *act) error {
		i, err := org.NewImport(ctx, tx, o, x.by.account(), foreign)
		id = i.ID
		return err
	})
	seen := map[ref.Account]bool{}
	for from := 0; from < len(list) && err == nil; from += aBatch {
		batch := list[from:min(len(list), from+aBatch)]
		var found []ref.Account
		err = g.change(ctx, by, o, org.ManageMembers, func(tx db.Tx, x *act) error {
			held := make([]org.ImportLine, 0, len(batch))
			found = nil
			for _, l := range batch {
				h, err := x.plan(ctx, tx, l)
				if err != nil {
					return err
				}
				for _, a := range found {
					if h.Account == a {
						h.Plan = faults.ImportTwice.Code
					}
				}
				if seen[h.Account] {
					h.Plan = faults.ImportTwice.Code
				}
				if h.Account != "" {
					found = append(found, h.Account)
				}
				held = append(held, h)
			}
			return org.HoldLines(ctx, tx, id, held)
		})
		for _, a := range found {
			seen[a] = true
		}
	}
	return id, err
}

// plan says what a line would do.
func (x *act) plan(ctx context.Context, tx db.Tx, l line) (h org.ImportLine, err error) {
	h = org.ImportLine{N: l.n, Whom: l.whom}
	if l.bad != nil {
		h.Plan = l.bad.Code
		return h, nil
	}
	text, err := json.Marshal(l.edit)
	if err != nil {
		return h, err
	}
	h.Edit = string(text)
	a, f, err := x.shownBy(ctx, tx, l.whom)
	switch {
	case err != nil:
		return h, err
	case f != nil:
		h.Plan = f.Code
		return h, nil
	case a == "":
		h.Plan = org.PlanInvite
		if l.edit.Active != nil && !*l.edit.Active {
			h.Plan = faults.ImportUnknown.Code // nobody is invited to be shut out
		}
		if l.edit.Role != nil {
			if _, err := x.reaches(ctx, tx, *l.edit.Role); err != nil {
				return h, stands(&h, err)
			}
		}
		return h, x.planInvite(ctx, tx, &h, l)
	}
	h.Account = a
	d, err := x.differs(ctx, tx, a, l.edit)
	if err == nil && (d.Role != "" || d.Deactivate || d.Reactivate) && !org.Within(x.held, []org.Permission{org.ManageMembers}) || len(d.Enter)+len(d.Leave) > 0 && !org.Within(x.held, []org.Permission{org.ManageGroups}) {
		err = ErrForbidden
	}
	if err != nil {
		return h, stands(&h, err)
	}
	if h.Plan = org.PlanSame; d.Any() {
		h.Plan = org.PlanChange
	}
	return h, nil
}

// planInvite looks at what else an invitation would be refused for.
func (x *act) planInvite(ctx context.Context, tx db.Tx, h *org.ImportLine, l line) error {
	to, err := account.ParseEmail(l.whom)
	if err != nil {
		return err // shownBy has read it
	}
	if f := x.Group(to); f != nil {
		h.Plan = f.Code()
		return nil
	}
	if l.edit.Groups == nil {
		return nil
	}
	if _, err := x.groups(ctx, tx, *l.edit.Groups); err != nil {
		return stands(h, err)
	}
	return nil
}

// stands makes what may not be the plan of a line; what is a fault of ours stays an error.
func stands(h *org.ImportLine, err error) error {
	f := Told(err)
	if f == nil {
		return err
	}
	h.Plan = f.Code()
	return nil
}

// shownBy finds the member whom an ID names or who is shown by an address. Who has it as
// a further one, or is no member, is not the organisation's to know: they are nobody.
func (x *act) shownBy(ctx context.Context, tx db.Tx, typed string) (ref.Account, *fault.Entry, error) {
	if id, ok := ref.ParseAccount(typed); ok {
		_, err := org.MemberOf(ctx, tx, x.org.ID, id)
		if errors.Is(err, db.ErrNone) {
			return "", faults.ImportUnknown, nil
		}
		return id, nil, err
	}
	id, err := account.ParseEmail(typed)
	if err != nil || !strings.Contains(typed, "@") {
		return "", faults.IdentifierMalformed, nil
	}
	a, err := roster.Shown(ctx, tx, x.org.ID, id)
	if errors.Is(err, db.ErrNone) {
		return "", nil, nil
	}
	return a.ID, nil, err
}

// Applied is how far an import has come.
type Applied struct {
	Done, Failed int
}

// Apply does what the lines say that wait, each once, whoever presses how often. It ends
// by itself before a request would; what is left then waits to be asked again.
func (g *Govern) Apply(ctx context.Context, by By, o ref.Org, id ref.Import, span time.Duration) (out Applied, err error) {
	if err := g.theirs(ctx, by, o, id); err != nil {
		return out, err
	}
	begun, after := time.Now(), 0 // how long this request has gone on, not an instant that is kept
	for {
		var list []org.ImportLine
		err := g.DB.View(ctx, func(tx db.ReadTx) (err error) {
			list, err = org.ImportLines(ctx, tx, id, after, aBatch, true)
			return err
		})
		if err != nil || len(list) == 0 {
			return out, err
		}
		for _, l := range list {
			if time.Since(begun) > span {
				return out, nil
			}
			after = l.N
			f, err := g.line(ctx, by, o, id, l)
			switch {
			case err != nil:
				return out, err
			case f != nil:
				out.Failed++
			default:
				out.Done++
			}
		}
	}
}

// theirs says whether who handed a table in may still apply it.
func (g *Govern) theirs(ctx context.Context, by By, o ref.Org, id ref.Import) error {
	return g.change(ctx, by, o, org.ManageMembers, func(tx db.Tx, x *act) error {
		_, err := org.ImportOf(ctx, tx, o, x.by.account(), id)
		return err
	})
}

// line does what one line says. What may not be is its outcome; what stops its author
// stops the import.
func (g *Govern) line(ctx context.Context, by By, o ref.Org, id ref.Import, l org.ImportLine) (*fault.Fault, error) {
	var e Edit
	if err := json.Unmarshal([]byte(l.Edit), &e); err != nil {
		return nil, err
	}
	settle := func(outcome string) error {
		err := g.DB.Update(ctx, func(tx db.Tx) error { return org.SettleLine(ctx, tx, id, l.N, outcome) })
		if errors.Is(err, db.ErrNone) {
			err = nil // somebody else was quicker
		}
		return err
	}
	var err error
	if l.Plan == org.PlanInvite {
		asked := Asked{Address: l.Whom, Lang: by.Visitor.Lang}
		if e.Role != nil {
			asked.Role = *e.Role
		}
		if e.Groups != nil {
			asked.Groups = *e.Groups
		}
		if _, err = g.Invite(ctx, by, o, asked); err == nil {
			return nil, settle(org.ImportDone)
		}
	} else {
		err = g.change(ctx, by, o, org.ManageMembers, func(tx db.Tx, x *act) error {
			if err := org.SettleLine(ctx, tx, id, l.N, org.ImportDone); errors.Is(err, db.ErrNone) {
				return nil
			} else if err != nil {
				return err
			}
			_, err := x.edit(ctx, tx, l.Account, e)
			return err
		})
	}
	f := Told(err)
	if f == nil || f.Code() == faults.FreshRequired.Code || f.Code() == faults.InvitationLimit.Code {
		return nil, err
	}
	// What is forbidden may be so of the line, or of its author from now on.
	if err := g.theirs(ctx, by, o, id); err != nil {
		return nil, err
	}
	return f, settle(f.Code())
}
