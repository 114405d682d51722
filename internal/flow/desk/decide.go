package desk

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/cooling"
	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/letter"
	"sekisho/internal/outbox"
	"sekisho/internal/ticket"
)

// Hand is who handles a ticket: by which name two people are told apart, and who it is in
// the audit log.
type Hand struct {
	Name   string // acc_…, or "operator" and the name of who sits at the terminal
	Actor  string
	Person string // at the terminal
}

// actor is who somebody is in the audit log, by the name that stands in a ticket.
func actor(name string) string {
	kind, _, _ := strings.Cut(name, ":")
	return kind
}

// over turns a step that came too late into what is told.
func over(err error) (*fault.Fault, error) {
	if errors.Is(err, db.ErrNone) {
		return faults.DeskOver.New(), nil
	}
	return nil, err
}

// TakeOn begins the checks with the desk's list. Nobody handles a ticket about themselves.
func (d *Desk) TakeOn(ctx context.Context, tx db.Tx, t ticket.Ticket, h Hand, list []string) (*fault.Fault, error) {
	if h.Name == string(t.Account) {
		return faults.DeskSamePerson.New(), nil
	}
	if f, err := over(ticket.TakeOn(ctx, tx, t.ID, h.Name, list)); f != nil || err != nil {
		return f, err
	}
	return nil, d.note(ctx, tx, t, "ticket.taken_on", h.Actor, told{Person: h.Person})
}

// Tick notes one check.
func (d *Desk) Tick(ctx context.Context, tx db.Tx, t ticket.Ticket, h Hand, c ticket.Check) (*fault.Fault, error) {
	if h.Name == string(t.Account) {
		return faults.DeskSamePerson.New(), nil
	}
	note, err := ticket.ParseText(c.Note, ticket.MostNote)
	if err != nil {
		return faults.DeskText.New("most", ticket.MostNote), nil
	}
	c.By, c.Note = h.Name, note
	if f, err := over(ticket.Tick(ctx, tx, t.ID, c)); f != nil || err != nil {
		return f, err
	}
	list, err := ticket.Checks(ctx, tx, t.ID)
	for _, x := range list {
		if x.Position == c.Position {
			c.What = x.What
		}
	}
	if err != nil {
		return nil, err
	}
	return nil, d.note(ctx, tx, t, "ticket.checked", h.Actor, told{Check: c.What, Note: note, Person: h.Person})
}

// Approve agrees, as somebody who neither checked nor is the account's owner. The owner
// has a day in which they can stop it (see cooling); then a link goes to the address that
// whoever asked confirmed. No code exists before it is taken.
func (d *Desk) Approve(ctx context.Context, tx db.Tx, t ticket.Ticket, h Hand) (*fault.Fault, error) {
	a, err := account.Lock(ctx, tx, t.Account)
	if err != nil {
		return over(err)
	}
	if t, err = ticket.Lock(ctx, tx, t.ID); err != nil {
		return over(err)
	}
	checks, err := ticket.Checks(ctx, tx, t.ID)
	if err != nil {
		return nil, err
	}
	set, err := d.SetOf(ctx, tx, a)
	if err != nil {
		return nil, err
	}
	switch {
	case t.State != ticket.Checking || a.State != account.Active:
		return faults.DeskOver.New(), nil
	case h.Name == t.Handler, h.Name == string(t.Account), slices.ContainsFunc(checks, func(c ticket.Check) bool { return c.By == h.Name }):
		return faults.DeskSamePerson.New(), nil
	case slices.ContainsFunc(checks, func(c ticket.Check) bool { return c.At.IsZero() }):
		return faults.DeskUnchecked.New(), nil
	case !set.On():
		return faults.DeskNoFactor.New(), nil
	}
	t.Turn, t.Ready = a.Turn, tx.Now().Add(cooling.Lasts)
	pickup, err := ticket.Approve(ctx, tx, t, h.Name, t.Ready)
	if f, err := over(err); f != nil || err != nil {
		return f, err
	}
	if err := d.note(ctx, tx, t, "ticket.approved", h.Actor, told{Person: h.Person, Ready: &t.Ready}); err != nil {
		return nil, err
	}
	return nil, d.agreed(ctx, tx, a, t, d.Sheet.URL+"/desk/take?p="+pickup.Reveal())
}

// agreed tells the owner, whoever asked, and, when the wait is over, whoever asked again.
func (d *Desk) agreed(ctx context.Context, tx db.Tx, a account.Account, t ticket.Ticket, pickup string) error {
	from := letter.From{Zone: d.Zone}
	if err := d.owner(ctx, tx, a, "ticket.approved", letter.SMSTicketApproved(d.Sheet, a.Lang), func(to letter.To) outbox.Letter {
		return letter.TicketApproved(d.Sheet, to, letter.Waits{Until: t.Ready, Link: d.StopTicket(t.ID), From: from})
	}); err != nil {
		return err
	}
	asker := letter.To{Lang: t.Lang, Address: t.Contact}
	if err := d.Mail(ctx, tx, "ticket.agreed", a.ID, letter.TicketAgreed(d.Sheet, asker, letter.Waits{Until: t.Ready, From: from}), time.Time{}); err != nil {
		return err
	}
	ends := t.Ready.Add(ticket.TakeLives)
	l := letter.TicketReady(d.Sheet, asker, letter.Waits{Until: ends, Link: pickup, From: from})
	_, err := d.Outbox.Put(ctx, tx, outbox.Item{Kind: outbox.Mail, Topic: ready(t.ID), To: l.To, Account: a.ID, After: t.Ready, Expires: ends, Body: l})
	return err
}

// Refuse closes a ticket with what whoever asked reads on its page. One person is enough
// to say no.
func (d *Desk) Refuse(ctx context.Context, tx db.Tx, t ticket.Ticket, h Hand, reason string) (*fault.Fault, error) {
	reason, err := ticket.ParseText(reason, ticket.MostNote)
	if err != nil {
		return faults.DeskText.New("most", ticket.MostNote), nil
	}
	if f, err := over(ticket.Refuse(ctx, tx, t.ID, h.Name, reason)); f != nil || err != nil {
		return f, err
	}
	if t.Account != "" {
		if err := d.Outbox.Withdraw(ctx, tx, t.Account, ready(t.ID)); err != nil {
			return nil, err
		}
	}
	if err := d.note(ctx, tx, t, "ticket.refused", h.Actor, told{Note: reason, Person: h.Person}); err != nil {
		return nil, err
	}
	return nil, d.closed(ctx, tx, t)
}

// Out is a code that was made and is handed out.
type Out struct {
	PHC     string
	Actor   string
	Person  string
	ReadOut bool
}

// HandOut spends an approved ticket for a code that was made a moment ago. What came to
// the account since it was approved (a new password, a containment) ends it: the owner
// has been in.
func (d *Desk) HandOut(ctx context.Context, tx db.Tx, t ticket.Ticket, o Out) (until time.Time, f *fault.Fault, err error) {
	a, err := account.Lock(ctx, tx, t.Account)
	if err == nil && (a.Turn != t.Turn || a.State != account.Active) {
		err = db.ErrNone
	}
	if err != nil {
		f, err = over(err)
		return until, f, err
	}
	set, err := d.SetOf(ctx, tx, a)
	switch {
	case err != nil:
		return until, nil, err
	case tx.Now().Before(t.Ready) && t.State == ticket.Approved:
		return until, faults.DeskNotReady.New().Until(t.Ready), nil
	case !set.On():
		return until, faults.DeskNoFactor.New(), nil
	}
	if f, err := over(ticket.Take(ctx, tx, t.ID)); f != nil || err != nil {
		return until, f, err
	}
	if until, err = d.IssueBackup(ctx, tx, t.Account, o.PHC, o.Actor); err != nil {
		return until, nil, err
	}
	if err := d.Outbox.Withdraw(ctx, tx, t.Account, ready(t.ID)); err != nil {
		return until, nil, err
	}
	return until, nil, d.note(ctx, tx, t, "ticket.taken", o.Actor, told{Person: o.Person, ReadOut: o.ReadOut})
}
