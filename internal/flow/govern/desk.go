package govern

import (
	"context"
	"errors"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/factor/backup"
	"sekisho/internal/fault"
	"sekisho/internal/flow/desk"
	"sekisho/internal/i18n"
	"sekisho/internal/letter"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/ticket"
)

// At is who handles a ticket: a member of the organisation in their session, or somebody
// at the terminal, who gives a name so that two people are told apart.
type At struct {
	By
	Person string
}

func (a At) hand() desk.Hand {
	h := desk.Hand{Name: a.actor(), Actor: a.actor(), Person: a.Person}
	if a.Operator {
		h.Name += ":" + a.Person
	}
	return h
}

// handling is a ticket inside the transaction of somebody who may handle it.
type handling struct {
	*desk.Desk
	ticket ticket.Ticket
	desk   ref.Org // whose; empty: the operator's
}

// handle runs an act on a ticket. Whose desk it is follows from where the account stands
// now. For who may not handle it, it is not there.
func (g *Govern) handle(ctx context.Context, at At, id ref.Ticket, do func(db.Tx, *handling) (*fault.Fault, error)) error {
	o, err := g.deskOf(ctx, id)
	if err != nil {
		return err
	}
	run := func(tx db.Tx, whose ref.Org) error {
		t, err := ticket.Of(ctx, tx, id)
		if err != nil {
			return err
		}
		f, err := do(tx, &handling{Desk: &desk.Desk{Entry: g.Entry}, ticket: t, desk: whose})
		if err == nil && f != nil {
			err = &Refused{f}
		}
		return err
	}
	if o.Org == "" {
		if !at.Operator {
			return db.ErrNone
		}
		return g.DB.Update(ctx, func(tx db.Tx) error { return run(tx, "") })
	}
	return g.change(ctx, at.By, o.Org, org.AssistMembers, func(tx db.Tx, x *act) error {
		// Who holds more than whoever acts is not let in by them.
		if _, err := x.member(ctx, tx, o.Account); err != nil {
			return err
		}
		return run(tx, o.Org)
	})
}

// deskOf reads where the account of a ticket is a member.
func (g *Govern) deskOf(ctx context.Context, id ref.Ticket) (m org.Member, err error) {
	err = g.DB.View(ctx, func(tx db.ReadTx) error {
		t, err := ticket.Of(ctx, tx, id)
		if err != nil {
			return err
		}
		if t.State == ticket.Waiting || t.Told.IsZero() {
			return db.ErrNone
		}
		m, err = org.Anywhere(ctx, tx, t.Account)
		if errors.Is(err, db.ErrNone) {
			m, err = org.Member{}, nil
		}
		return err
	})
	return m, err
}

// TakeOn begins the checks of a ticket, in the words of whoever takes it on where the desk
// has no list of its own.
func (g *Govern) TakeOn(ctx context.Context, at At, id ref.Ticket, l i18n.Lang) error {
	return g.handle(ctx, at, id, func(tx db.Tx, h *handling) (*fault.Fault, error) {
		list, _, err := ticket.List(ctx, tx, h.desk, l)
		if err != nil {
			return nil, err
		}
		return h.TakeOn(ctx, tx, h.ticket, at.hand(), list)
	})
}

// Tick notes one check of a ticket.
func (g *Govern) Tick(ctx context.Context, at At, id ref.Ticket, c ticket.Check) error {
	return g.handle(ctx, at, id, func(tx db.Tx, h *handling) (*fault.Fault, error) {
		return h.Tick(ctx, tx, h.ticket, at.hand(), c)
	})
}

// ApproveTicket agrees to a ticket that somebody else checked.
func (g *Govern) ApproveTicket(ctx context.Context, at At, id ref.Ticket) error {
	return g.handle(ctx, at, id, func(tx db.Tx, h *handling) (*fault.Fault, error) {
		return h.Approve(ctx, tx, h.ticket, at.hand())
	})
}

// RefuseTicket closes a ticket, with what whoever asked reads on its page.
func (g *Govern) RefuseTicket(ctx context.Context, at At, id ref.Ticket, reason string) error {
	return g.handle(ctx, at, id, func(tx db.Tx, h *handling) (*fault.Fault, error) {
		return h.Refuse(ctx, tx, h.ticket, at.hand(), reason)
	})
}

// ReadOut gives the code of an approved ticket to the one who checked, to be read to whoever
// asked where the link cannot reach them: they have seen or called them. It spends the
// ticket as the link would.
func (g *Govern) ReadOut(ctx context.Context, at At, id ref.Ticket) (code secret.Text, until time.Time, err error) {
	code, phc, err := backup.MakeOne(ctx, g.Hasher)
	if err != nil {
		return "", until, err
	}
	err = g.handle(ctx, at, id, func(tx db.Tx, h *handling) (f *fault.Fault, err error) {
		if h.ticket.Handler != at.hand().Name {
			return nil, ErrForbidden
		}
		until, f, err = h.HandOut(ctx, tx, h.ticket, desk.Out{PHC: phc, Actor: at.actor(), Person: at.Person, ReadOut: true})
		return f, err
	})
	if err != nil {
		return "", until, err
	}
	return code, until, nil
}

// Case is a ticket as its desk sees it.
type Case struct {
	Ticket  ticket.Ticket
	Account account.Account // zero: nobody has that name
	Checks  []ticket.Check
	Names   map[string]string // of those who handle it, by who they are
	Same    bool              // the reference is of a refusal of this very account
}

// Tickets lists those of a desk: an organisation's, or the operator's with an empty one.
func (g *Govern) Tickets(ctx context.Context, o ref.Org, over bool, before ref.Ticket) (list []ticket.Ticket, err error) {
	if before == "" {
		before = "~"
	}
	err = g.DB.View(ctx, func(tx db.ReadTx) error {
		list, err = ticket.Desk(ctx, tx, o, over, before, 51)
		return err
	})
	return list, err
}

// Ticket reads one of a desk; db.ErrNone when it is another's.
func (g *Govern) Ticket(ctx context.Context, o ref.Org, id ref.Ticket) (c Case, err error) {
	m, err := g.deskOf(ctx, id)
	if err == nil && m.Org != o {
		err = db.ErrNone
	}
	if err != nil {
		return c, err
	}
	return g.AnyTicket(ctx, id)
}

// AnyTicket reads a ticket for the operator, whosesoever desk it is.
func (g *Govern) AnyTicket(ctx context.Context, id ref.Ticket) (c Case, err error) {
	err = g.DB.View(ctx, func(tx db.ReadTx) error {
		c = Case{Names: map[string]string{}}
		if c.Ticket, err = ticket.Of(ctx, tx, id); err != nil {
			return err
		}
		if c.Account, err = account.Of(ctx, tx, c.Ticket.Account); err != nil && !errors.Is(err, db.ErrNone) {
			return err
		}
		if c.Checks, err = ticket.Checks(ctx, tx, id); err != nil {
			return err
		}
		who := []string{c.Ticket.Handler, c.Ticket.Approver}
		for _, x := range c.Checks {
			who = append(who, x.By)
		}
		for _, name := range who {
			a, err := account.Of(ctx, tx, ref.Account(name))
			if err == nil {
				c.Names[name] = a.Name
			} else if !errors.Is(err, db.ErrNone) {
				return err
			}
		}
		c.Same, err = sameRefusal(ctx, tx, c.Ticket)
		return err
	})
	return c, err
}

// Checklist is what a desk checks, and whether the list is its own.
func (g *Govern) Checklist(ctx context.Context, o ref.Org, l i18n.Lang) (list []string, own bool, err error) {
	err = g.DB.View(ctx, func(tx db.ReadTx) error {
		list, own, err = ticket.List(ctx, tx, o, l)
		return err
	})
	return list, own, err
}

// SetChecklist gives an organisation's desk a list of its own; an empty one takes it away.
// Tickets that are being checked keep theirs.
func (g *Govern) SetChecklist(ctx context.Context, by By, o ref.Org, raw []string) error {
	list, err := checklist(raw)
	if err != nil {
		return err
	}
	return g.change(ctx, by, o, org.Settings, func(tx db.Tx, x *act) error {
		if err := ticket.SetList(ctx, tx, o, list); err != nil {
			return err
		}
		return x.note(ctx, tx, "org.checks_set", "", told{Parts: list})
	})
}

// Handlers are the mailboxes of those who may handle a member's ticket, to be told of it.
func (g *Govern) Handlers(ctx context.Context, r db.Reader, a ref.Account) (out []letter.To, err error) {
	m, err := org.Anywhere(ctx, r, a)
	if errors.Is(err, db.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	const most = 20 // of a large desk not everybody need be woken
	list, err := org.WhoMay(ctx, r, m.Org, org.AssistMembers, most)
	for _, id := range list {
		x, err := account.Of(ctx, r, id)
		if err != nil {
			return nil, err
		}
		if id != a && !x.Email.Confirmed.IsZero() {
			out = append(out, letter.To{Lang: x.Lang, Address: x.Email.Mailbox(), Name: x.Name})
		}
	}
	return out, err
}
