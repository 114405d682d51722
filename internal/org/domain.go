package org

import (
	"context"
	"errors"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// What holds of domains (OR-17).
const (
	MostDomains  = 30
	LookedAgain  = 24 * time.Hour     // how often a proof is looked for again
	ProofMissing = 7 * 24 * time.Hour // for how long it may be missing
)

// Domain is one that an organisation claims, or has proved.
type Domain struct {
	ID       ref.Domain
	Org      ref.Org
	Name     string // in ASCII, as addresses are compared
	Shown    string
	Token    string // what its owner has to show; it is no secret
	How      string // it was proved
	Joins    bool   // who has a proved address in it may join
	Created  time.Time
	Verified time.Time // zero: a claim
	Checked  time.Time // last
	Failing  time.Time // since when the proof is missing; zero: it is there
}

// ErrDomains is one domain too many.
var ErrDomains = errors.New("an organisation has at most 30 domains")

// Opens says whether its addresses may join at this moment.
func (d Domain) Opens() bool { return d.Joins && !d.Verified.IsZero() && d.Failing.IsZero() }

const domainColumns = `SELECT id, org, domain, shown, token, how, joins, created, verified, checked, failing FROM org_domain `

func scanDomain(s db.Scanner) (d Domain, err error) {
	err = s.Scan(&d.ID, &d.Org, &d.Name, &d.Shown, &d.Token, &d.How, db.Bool(&d.Joins), db.Time(&d.Created), db.Time(&d.Verified), db.Time(&d.Checked), db.Time(&d.Failing))
	return d, err
}

// ClaimDomain notes that an organisation says a domain is its own; db.ErrTaken when it
// did before. The caller holds the organisation.
func ClaimDomain(ctx context.Context, tx db.Tx, o ref.Org, name, shown string) (Domain, error) {
	list, err := Domains(ctx, tx, o)
	if err != nil {
		return Domain{}, err
	}
	if len(list) >= MostDomains {
		return Domain{}, ErrDomains
	}
	d := Domain{ID: ref.NewDomain(tx.Now()), Org: o, Name: name, Shown: shown, Token: secret.Token().Reveal(), Created: tx.Now()}
	_, err = tx.Exec(ctx, `INSERT INTO org_domain (id, org, domain, shown, token, how, joins, created) VALUES ($1, $2, $3, $4, $5, '', 0, $6)`, d.ID, o, name, shown, d.Token, d.Created)
	return d, err
}

// Domains lists an organisation's domains by name.
func Domains(ctx context.Context, r db.Reader, o ref.Org) ([]Domain, error) {
	return db.List(ctx, r, scanDomain, domainColumns+`WHERE org = $1 ORDER BY domain`, o)
}

// DomainOf reads a domain of this organisation; db.ErrNone where it has none of that
// name or ID.
func DomainOf(ctx context.Context, r db.Reader, o ref.Org, what string) (Domain, error) {
	return scanDomain(r.QueryRow(ctx, domainColumns+`WHERE org = $1 AND (id = $2 OR domain = $2)`, o, what))
}

// DomainOwner is the domain of whoever has proved it; db.ErrNone when nobody has.
func DomainOwner(ctx context.Context, r db.Reader, name string) (Domain, error) {
	return scanDomain(r.QueryRow(ctx, domainColumns+`WHERE domain = $1 AND verified IS NOT NULL`, name))
}

// Proved records that the proof is there; db.ErrTaken when the domain is another
// organisation's, db.ErrNone when the claim went meanwhile.
func Proved(ctx context.Context, tx db.Tx, d Domain, how string) error {
	return tx.One(ctx, `UPDATE org_domain SET verified = COALESCE(verified, $3), checked = $3, failing = NULL, how = $4 WHERE id = $1 AND token = $2`, d.ID, d.Token, tx.Now(), how)
}

// Missed records that the proof of a domain is missing, and says whether this is the first
// time, and whether it was missing for so long that the domain is a claim again.
func Missed(ctx context.Context, tx db.Tx, d Domain) (first, lost bool, err error) {
	now, err := scanDomain(tx.QueryRow(ctx, `UPDATE org_domain SET checked = $2, failing = COALESCE(failing, $2) WHERE id = $1 AND verified IS NOT NULL
		RETURNING id, org, domain, shown, token, how, joins, created, verified, checked, failing`, d.ID, tx.Now()))
	if errors.Is(err, db.ErrNone) {
		return false, false, nil
	}
	if err != nil {
		return false, false, err
	}
	if lost = tx.Now().Sub(now.Failing) >= ProofMissing; lost {
		return false, true, tx.One(ctx, `UPDATE org_domain SET verified = NULL, failing = NULL WHERE id = $1`, d.ID)
	}
	return now.Failing.Equal(tx.Now()), false, nil
}

// DueDomains are proved domains that were not looked at for a while. They are taken for a
// time, so that of several nodes one looks.
func DueDomains(ctx context.Context, tx db.Tx, n int) ([]Domain, error) {
	list, err := db.List(ctx, tx, scanDomain, domainColumns+`WHERE verified IS NOT NULL AND checked < $1 ORDER BY checked LIMIT $2`, tx.Now().Add(-LookedAgain), n)
	if err != nil {
		return nil, err
	}
	out := list[:0]
	for _, d := range list {
		err := tx.One(ctx, `UPDATE org_domain SET checked = $2 WHERE id = $1 AND checked = $3`, d.ID, tx.Now(), d.Checked)
		if errors.Is(err, db.ErrNone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// SetJoins says whether addresses of a domain may join by themselves; db.ErrNone where it
// is not proved.
func SetJoins(ctx context.Context, tx db.Tx, d Domain, on bool) error {
	return tx.One(ctx, `UPDATE org_domain SET joins = $2 WHERE id = $1 AND verified IS NOT NULL`, d.ID, on)
}

// RemoveDomain lets a domain go.
func RemoveDomain(ctx context.Context, tx db.Tx, d Domain) error {
	return tx.One(ctx, `DELETE FROM org_domain WHERE id = $1 AND org = $2`, d.ID, d.Org)
}
