package invite

import (
	"context"
	"errors"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/letter"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/session"
)

// Recent is for how long a proved address says who reads it now. Whoever left a company
// keeps the address on their account, and must not join by it: where it was proved before,
// a link is sent there.
const Recent = time.Hour

// Offer is an organisation that an account may join by an address of its domain (OR-07).
type Offer struct {
	Org    org.Org
	To     account.Address
	Direct bool // the address was proved a moment ago; else a link is sent there
}

// Offered finds an organisation that an account may join, the zero Offer where there is
// none. Only an address that is proved and one person's counts.
func (j *Invite) Offered(ctx context.Context, id ref.Account) (Offer, error) {
	var out Offer
	err := j.DB.View(ctx, func(tx db.ReadTx) (err error) {
		out, _, err = j.offered(ctx, tx, id)
		return err
	})
	return out, err
}

func (j *Invite) offered(ctx context.Context, r db.Reader, id ref.Account) (Offer, org.Domain, error) {
	_, err := org.Anywhere(ctx, r, id)
	if !errors.Is(err, db.ErrNone) {
		return Offer{}, org.Domain{}, err // a member, or an error
	}
	list, err := account.Addresses(ctx, r, id)
	if err != nil {
		return Offer{}, org.Domain{}, err
	}
	for _, a := range list {
		if a.Kind != account.Email || a.Confirmed.IsZero() || a.Shared || j.Group(a.Identifier) != nil {
			continue
		}
		d, err := org.DomainOwner(ctx, r, a.Domain())
		if errors.Is(err, db.ErrNone) || err == nil && !d.Opens() {
			continue
		}
		if err != nil {
			return Offer{}, d, err
		}
		if out, err := j.PutOut(ctx, r, d.Org, id); err != nil {
			return Offer{}, d, err
		} else if out {
			continue
		}
		o, err := org.Of(ctx, r, d.Org)
		return Offer{o, a, r.Now().Sub(a.Confirmed) < Recent}, d, err
	}
	return Offer{}, org.Domain{}, nil
}

// JoinByDomain makes an account a member of the organisation that proved the domain of
// one of its addresses, or, where the address was proved a while ago, sends a link
// there. What the person agreed to is asked for by its organisation.
func (j *Invite) JoinByDomain(ctx context.Context, v flow.Visitor, s session.Session, agreed ref.Org) (o Offer, f *fault.Fault, err error) {
	err = j.DB.Update(ctx, func(tx db.Tx) error {
		f = nil
		if _, err := org.Change(ctx, tx, agreed); errors.Is(err, db.ErrNone) {
			f = faults.DomainClosed.New()
			return nil
		} else if err != nil {
			return err
		}
		a, err := account.Lock(ctx, tx, s.Account)
		if err != nil {
			return err
		}
		if f, err = j.MayChange(ctx, tx, v, s); err != nil || f != nil {
			return err
		}
		var d org.Domain
		if o, d, err = j.offered(ctx, tx, a.ID); err != nil {
			return err
		}
		if d.Org != agreed || d.Org == "" {
			f, err = j.Refuse(ctx, tx, enter.Refusal{Visitor: v, Account: a.ID, Act: enter.Joins, Tell: faults.DomainClosed})
			return err
		}
		f, err = j.byDomain(ctx, tx, enter.Joining{Visitor: v, Account: a, Session: s}, o)
		return err
	})
	return o, f, err
}

func (j *Invite) byDomain(ctx context.Context, tx db.Tx, who enter.Joining, o Offer) (*fault.Fault, error) {
	// It may have one already, by mail: that one is to be answered.
	_, err := org.InvitationTo(ctx, tx, o.Org.ID, o.To.Norm)
	switch {
	case err == nil:
		return faults.InvitationWaits.New(), nil
	case !errors.Is(err, db.ErrNone):
		return nil, err
	}
	if !o.Direct {
		if f, err := enter.Bother(ctx, tx, o.To.Identifier); err != nil || f != nil {
			return f, err
		}
	}
	made, token, err := org.Invite(ctx, tx, org.Invitation{Org: o.Org.ID, Norm: o.To.Norm, Shown: o.To.Shown, Lang: who.Visitor.Lang, Role: org.Plain, Inviter: org.ByDomain})
	if errors.Is(err, org.ErrInvitations) {
		return faults.InvitationFull.New(), nil
	}
	if err != nil {
		return nil, err
	}
	if o.Direct {
		who.Invitation = made
		return j.Joined(ctx, tx, who)
	}
	l := letter.Invited{Org: o.Org.Name, Role: letter.Role(made.Lang, org.Plain), Until: made.Expires, Zone: j.Zone, Link: j.Sheet.URL + "/invite?c=" + token.Reveal()}
	to := letter.To{Lang: made.Lang, Address: enter.Mailbox(made)}
	if err := j.Mail(ctx, tx, made.Topic(), "", letter.InvitationAsked(j.Sheet, to, l), made.Expires); err != nil {
		return nil, err
	}
	_, err = audit.Write(ctx, tx, audit.Event{Kind: "invitation.asked", Account: who.Account.ID, Org: o.Org.ID, Actor: string(who.Account.ID), Session: who.Session.ID,
		Addr: who.Visitor.Addr.String(), Agent: who.Visitor.Program, Place: who.Visitor.Place,
		Detail: enter.Membership{Org: o.Org.ID, Name: o.Org.Name, Role: org.Plain, Invitation: made.ID, Inviter: org.ByDomain}})
	return nil, err
}
