package govern

import (
	"context"
	"errors"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow/enter"
	"sekisho/internal/letter"
	"sekisho/internal/limit"
	"sekisho/internal/netx"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/site"
)

// LooksAnHour is how often one organisation has domains looked at in an hour: each asks
// others' servers.
const LooksAnHour = 60

// AddDomain claims a domain. A claim blocks nobody and opens nothing.
func (g *Govern) AddDomain(ctx context.Context, by By, o ref.Org, raw string) (made org.Domain, err error) {
	name, err := site.Parse(raw)
	switch {
	case errors.Is(err, site.ErrMalformed):
		return made, refused(faults.DomainMalformed.New())
	case err != nil:
		return made, refused(faults.DomainShared.New())
	}
	err = g.change(ctx, by, o, org.Settings, func(tx db.Tx, x *act) (err error) {
		made, err = org.ClaimDomain(ctx, tx, o, name.ASCII, name.Shown)
		switch {
		case errors.Is(err, org.ErrDomains):
			return refused(faults.DomainFull.New())
		case errors.Is(err, db.ErrTaken):
			return refused(faults.DomainHeld.New())
		case err != nil:
			return err
		}
		return x.note(ctx, tx, "domain.claimed", "", told{What: name.ASCII})
	})
	return made, err
}

// ProveDomain looks whether the proof is there, outside any transaction, and records it.
// The domain is the organisation's from then on, unless another has proved it.
func (g *Govern) ProveDomain(ctx context.Context, by By, o ref.Org, what string, how site.How) (org.Domain, error) {
	var d org.Domain
	err := g.change(ctx, by, o, org.Settings, func(tx db.Tx, x *act) (err error) {
		if d, err = org.DomainOf(ctx, tx, o, what); err != nil {
			return err
		}
		q := limit.AnHour(LooksAnHour, tx.Now(), "domain", string(o))
		full, err := q.Hold(ctx, tx)
		if err != nil {
			return err
		}
		if full {
			return refused(faults.DomainLimit.New().Until(q.Ends))
		}
		return q.Use(ctx, tx)
	})
	if err != nil {
		return d, err
	}
	if f := toldLook(g.Sites.Look(ctx, how, d.Name, d.Token)); f != nil {
		return d, refused(f)
	}
	err = g.change(ctx, by, o, org.Settings, func(tx db.Tx, x *act) error {
		if err := org.Proved(ctx, tx, d, string(how)); err != nil {
			return err
		}
		if d, err = org.DomainOf(ctx, tx, o, string(d.ID)); err != nil {
			return err
		}
		return x.note(ctx, tx, "domain.proved", "", told{What: d.Name})
	})
	if errors.Is(err, db.ErrTaken) {
		err = refused(faults.DomainTaken.New())
	}
	return d, err
}

// toldLook is how what came of looking is told.
func toldLook(err error) *fault.Fault {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, netx.ErrInner):
		return faults.DomainInner.New()
	case errors.Is(err, site.ErrMissing):
		return faults.DomainUnproved.New()
	}
	return faults.DomainSilent.New()
}

// OpenDomain says whether who has a proved address in a domain may join by themselves.
func (g *Govern) OpenDomain(ctx context.Context, by By, o ref.Org, what string, on bool) error {
	return g.domain(ctx, by, o, what, func(tx db.Tx, x *act, d org.Domain) error {
		// Whoever lets people in has to be able to.
		if !org.Within(x.held, []org.Permission{org.ManageMembers}) {
			return ErrForbidden
		}
		if err := org.SetJoins(ctx, tx, d, on); err != nil {
			return err
		}
		kind := "domain.opened"
		if !on {
			kind = "domain.closed"
		}
		return x.note(ctx, tx, kind, "", told{What: d.Name})
	})
}

// RemoveDomain lets a domain go.
func (g *Govern) RemoveDomain(ctx context.Context, by By, o ref.Org, what string) error {
	return g.domain(ctx, by, o, what, func(tx db.Tx, x *act, d org.Domain) error {
		if err := org.RemoveDomain(ctx, tx, d); err != nil {
			return err
		}
		return x.note(ctx, tx, "domain.removed", "", told{What: d.Name})
	})
}

func (g *Govern) domain(ctx context.Context, by By, o ref.Org, what string, do func(db.Tx, *act, org.Domain) error) error {
	return g.change(ctx, by, o, org.Settings, func(tx db.Tx, x *act) error {
		d, err := org.DomainOf(ctx, tx, o, what)
		if err != nil {
			return err
		}
		return do(tx, x, d)
	})
}

// LookAgain looks at domains that were proved a while ago, a few at a time. One whose
// proof is missing opens nothing from then on; after a week it is a claim again. Its
// owners are told both.
func (g *Govern) LookAgain(ctx context.Context) error {
	const some = 20
	var due []org.Domain
	err := g.DB.Update(ctx, func(tx db.Tx) (err error) {
		due, err = org.DueDomains(ctx, tx, some)
		return err
	})
	var errs []error
	for _, d := range due {
		if ctx.Err() != nil {
			break
		}
		missing := g.Sites.Look(ctx, site.How(d.How), d.Name, d.Token)
		errs = append(errs, g.DB.Update(ctx, func(tx db.Tx) error {
			x := &act{Govern: g, by: By{Operator: true}}
			var err error
			if x.org, err = org.Change(ctx, tx, d.Org); err != nil {
				if errors.Is(err, db.ErrNone) {
					err = nil // the organisation went meanwhile
				}
				return err
			}
			if missing == nil {
				err = org.Proved(ctx, tx, d, d.How)
				if errors.Is(err, db.ErrNone) {
					err = nil // let go meanwhile
				}
				return err
			}
			return x.missed(ctx, tx, d)
		}))
	}
	return errors.Join(append(errs, err)...)
}

func (x *act) missed(ctx context.Context, tx db.Tx, d org.Domain) error {
	first, lost, err := org.Missed(ctx, tx, d)
	if err != nil || !first && !lost {
		return err
	}
	kind := "domain.missing"
	if lost {
		kind = "domain.lost"
	}
	if err := x.note(ctx, tx, kind, "", told{What: d.Name}); err != nil {
		return err
	}
	owners, err := org.Owners(ctx, tx, d.Org, mostOwners)
	if err != nil {
		return err
	}
	for _, id := range owners {
		a, err := account.Of(ctx, tx, id)
		if err != nil {
			return err
		}
		if a.Email.Norm == "" {
			continue
		}
		l := letter.Domain(x.Sheet, enter.To(a), letter.Site{Org: x.org.Name, Domain: d.Shown, Lost: lost, Days: int((org.ProofMissing) / (24 * time.Hour)), Link: x.Sheet.URL + "/admin/domains"})
		if err := x.Mail(ctx, tx, kind, a.ID, l, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}
