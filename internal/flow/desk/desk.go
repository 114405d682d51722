// Package desk owns a ticket's way through the support desk: opened by anybody, confirmed
// through the address at which they are reached, told to the account's owner and to the
// desk, checked, approved by a second person, waited for, and taken once (SU-03).
//
// Opening and confirming look at no account, so that strangers learn nothing of which
// there are (SI-28). Who may handle a ticket is asked by whoever calls; that it takes two
// people is decided here.
package desk

import (
	"context"
	"errors"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/factor/backup"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/letter"
	"sekisho/internal/limit"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/session"
	"sekisho/internal/ticket"
)

// Desk is the journey.
type Desk struct{ *enter.Entry }

// What strangers may cause.
const (
	OpensAnHour = 20 // from one network
	AtOnce      = 5  // under way for one name
)

// Ask is what somebody asks for.
type Ask struct {
	Identifier string // whose account
	Contact    string // an e-mail address
	Words      string // what happened
	Reference  string // of a refusal; empty: none
}

// Open keeps a ticket and sends a code to the address at which whoever asks is reached.
// Until it is confirmed nobody else hears of it.
func (d *Desk) Open(ctx context.Context, v flow.Visitor, ask Ask) (link secret.Text, f *fault.Fault, err error) {
	typed, err := account.Parse(ask.Identifier)
	if err != nil {
		return "", enter.Unread(err), nil
	}
	contact, err := account.ParseEmail(ask.Contact)
	if err != nil {
		return "", faults.DeskContact.New(), nil
	}
	words, err := ticket.ParseText(ask.Words, ticket.MostWords)
	if err != nil {
		return "", faults.DeskText.New("most", ticket.MostWords), nil
	}
	err = d.DB.Update(ctx, func(tx db.Tx) (err error) {
		link = "" // of a try before this one
		f, err = d.counted(ctx, tx, v, contact)
		if err != nil || f != nil {
			return err
		}
		code := secret.Text(secret.Digits(d.Codes.Digits))
		var t ticket.Ticket
		t, link, err = ticket.Begin(ctx, tx, ticket.New{Kind: string(typed.Kind), Norm: typed.Norm, Shown: typed.Shown, Contact: contact.Mailbox(), Lang: v.Lang,
			Words: words, Reference: ask.Reference, Addr: v.Addr.String(), Agent: v.Program, Place: v.Place, Code: d.mac(code.Reveal(), contact.Mailbox())})
		if err != nil {
			return err
		}
		l := letter.TicketConfirm(d.Sheet, letter.To{Lang: t.Lang, Address: t.Contact}, letter.Code{Code: code.Reveal(), Minutes: int(ticket.ConfirmLives / time.Minute),
			Link: d.Sheet.URL + "/desk/ticket?t=" + link.Reveal() + "&c=" + code.Reveal(), From: d.From(v, tx.Now())})
		return d.Mail(ctx, tx, "ticket.confirm", "", l, t.Ends)
	})
	return link, f, err
}

// counted counts what strangers cause: for their network, and for the mailbox to which a
// code goes.
func (d *Desk) counted(ctx context.Context, tx db.Tx, v flow.Visitor, contact account.Identifier) (*fault.Fault, error) {
	q := limit.AnHour(OpensAnHour, tx.Now(), "ticket", v.Network)
	full, err := q.Hold(ctx, tx)
	if err != nil {
		return nil, err
	}
	if full {
		return faults.DeskNetworkLimit.New().Until(q.Ends), nil
	}
	inbox := limit.Inbox.Of("inbox", string(contact.Kind), contact.Norm)
	stands, err := inbox.Hold(ctx, tx)
	if err != nil {
		return nil, err
	}
	if tx.Now().Before(stands.Until) {
		return faults.CodeSendLimit.New().Until(stands.Until), nil
	}
	if _, err := inbox.Fail(ctx, tx); err != nil {
		return nil, err
	}
	return nil, q.Use(ctx, tx)
}

func (d *Desk) mac(code, contact string) []byte {
	return d.Ring.MAC("ticket.code", []byte(contact), []byte(code))
}

// Look reads the ticket of a status link.
func (d *Desk) Look(ctx context.Context, link string) (t ticket.Ticket, f *fault.Fault, err error) {
	err = d.DB.View(ctx, func(tx db.ReadTx) error {
		t, err = ticket.ByLink(ctx, tx, link)
		return err
	})
	if errors.Is(err, db.ErrNone) {
		return t, faults.DeskUnknown.New(), nil
	}
	return t, nil, err
}

// Confirm takes the code and gives the ticket to the desk. It looks at no account: who is
// told, and whose desk it is, is found out afterwards (see Tell).
func (d *Desk) Confirm(ctx context.Context, link, code string) (t ticket.Ticket, f *fault.Fault, err error) {
	err = d.DB.Update(ctx, func(tx db.Tx) (err error) {
		f = nil
		if t, err = ticket.ByLink(ctx, tx, link); errors.Is(err, db.ErrNone) {
			f = faults.DeskUnknown.New()
			return nil
		}
		if err != nil || t.State != ticket.Waiting && t.State != ticket.Expired {
			return err // it was confirmed before
		}
		// Of those for one name, one is confirmed after another.
		if _, err := limit.Turn.Of("ticket", t.Kind, t.Norm).Fail(ctx, tx); err != nil {
			return err
		}
		n, err := ticket.Standing(ctx, tx, t.Norm)
		if err != nil {
			return err
		}
		if n >= AtOnce {
			f = faults.DeskMany.New()
			return nil
		}
		err = ticket.Confirm(ctx, tx, link, d.mac(secret.Clean(code), t.Contact))
		if errors.Is(err, db.ErrNone) {
			f = faults.DeskCode.New()
			return ticket.Wrong(ctx, tx, link)
		}
		if err == nil {
			t, err = ticket.Of(ctx, tx, t.ID)
		}
		return err
	})
	return t, f, err
}

// told is what an audit row says of a ticket.
type told struct {
	Ticket    ref.Ticket `json:"ticket"`
	Contact   string     `json:"contact,omitempty"`
	Reference string     `json:"told_reference,omitempty"` // of a refusal, as whoever asked gave it
	Check     string     `json:"check,omitempty"`
	Note      string     `json:"note,omitempty"`
	Person    string     `json:"person,omitempty"` // who sat at the terminal
	Ready     *time.Time `json:"ready_at,omitempty"`
	ReadOut   bool       `json:"read_out,omitempty"` // by the desk, to who asked
}

func (d *Desk) note(ctx context.Context, tx db.Tx, t ticket.Ticket, kind, actor string, about told) error {
	about.Ticket = t.ID
	_, err := audit.Write(ctx, tx, audit.Event{Kind: kind, Account: t.Account, Actor: actor, Detail: about})
	return err
}

// Tell finds out whose ticket a confirmed one is and tells its owner, on every channel.
// Jobs call it on every node; each ticket is told once. handlers names the mailboxes of
// those who may handle it.
func (d *Desk) Tell(ctx context.Context, handlers func(context.Context, db.Reader, ref.Account) ([]letter.To, error)) error {
	var ids []ref.Ticket
	err := d.DB.View(ctx, func(tx db.ReadTx) (err error) {
		ids, err = ticket.Untold(ctx, tx, 20)
		return err
	})
	for _, id := range ids {
		err = errors.Join(err, d.DB.Update(ctx, func(tx db.Tx) error { return d.tell(ctx, tx, id, handlers) }))
	}
	return err
}

func (d *Desk) tell(ctx context.Context, tx db.Tx, id ref.Ticket, handlers func(context.Context, db.Reader, ref.Account) ([]letter.To, error)) error {
	t, err := ticket.Of(ctx, tx, id)
	if err != nil {
		return err
	}
	a, err := account.Find(ctx, tx, account.Identifier{Kind: account.Kind(t.Kind), Norm: t.Norm, Shown: t.Shown})
	if err != nil && !errors.Is(err, db.ErrNone) {
		return err
	}
	if a.State == account.Unconfirmed || a.State == account.Deleted { // nobody has proved that it is theirs
		a = account.Account{}
	}
	err = ticket.Tell(ctx, tx, id, a.ID)
	if errors.Is(err, db.ErrNone) {
		return nil // another node did
	}
	if err != nil {
		return err
	}
	t.Account = a.ID
	if _, err := audit.Write(ctx, tx, audit.Event{Kind: "ticket.opened", Account: a.ID, Addr: t.Addr, Agent: t.Agent, Place: t.Place,
		Detail: told{Ticket: t.ID, Contact: t.Contact, Reference: t.Reference}}); err != nil {
		return err
	}
	if a.ID == "" {
		return nil
	}
	from := letter.From{Time: t.Created, Zone: d.Zone, Agent: t.Agent, Addr: t.Addr, Place: t.Place}
	if err := d.owner(ctx, tx, a, "ticket.opened", letter.SMSTicket(d.Sheet, a.Lang), func(to letter.To) outbox.Letter {
		return letter.TicketOpened(d.Sheet, to, letter.Waits{Until: t.Ends, Link: d.StopTicket(t.ID), From: from})
	}); err != nil {
		return err
	}
	list, err := handlers(ctx, tx, a.ID)
	for _, to := range list {
		err = errors.Join(err, d.Mail(ctx, tx, "ticket.news", "", letter.TicketNews(d.Sheet, to, d.Sheet.URL+"/admin/desk/ticket?id="+string(t.ID)), t.Ends))
	}
	return err
}

// owner tells the owner by every inbox and every number that they proved.
func (d *Desk) owner(ctx context.Context, tx db.Tx, a account.Account, topic, sms string, write func(letter.To) outbox.Letter) error {
	if err := d.TellAll(ctx, tx, a, topic, write); err != nil {
		return err
	}
	set, err := d.SetOf(ctx, tx, a)
	if err != nil {
		return err
	}
	return d.TextAll(ctx, tx, a, set, enter.News{Topic: topic, SMS: sms, Expires: tx.Now().Add(24 * time.Hour)})
}

// Stop closes a ticket for the owner of the account that it is about; db.ErrNone when it
// is over already. by is the account, where a session says so; of a link in a mail nobody
// knows who opened it.
func (d *Desk) Stop(ctx context.Context, v flow.Visitor, id ref.Ticket, by session.Session) error {
	return d.DB.Update(ctx, func(tx db.Tx) error {
		t, err := ticket.Lock(ctx, tx, id)
		if err != nil {
			return err
		}
		if by.Account != "" && t.Account != by.Account || t.Account == "" {
			return db.ErrNone
		}
		if err := ticket.Refuse(ctx, tx, id, "owner", ""); err != nil {
			return err
		}
		if err := d.Outbox.Withdraw(ctx, tx, t.Account, ready(id)); err != nil {
			return err
		}
		_, err = audit.Write(ctx, tx, audit.Event{Kind: "ticket.stopped", Account: t.Account, Actor: string(by.Account), Session: by.ID,
			Addr: v.Addr.String(), Agent: v.Program, Place: v.Place, Detail: told{Ticket: id}})
		if err != nil {
			return err
		}
		return d.closed(ctx, tx, t)
	})
}

// closed tells whoever asked.
func (d *Desk) closed(ctx context.Context, tx db.Tx, t ticket.Ticket) error {
	return d.Mail(ctx, tx, "ticket.closed", t.Account, letter.TicketClosed(d.Sheet, letter.To{Lang: t.Lang, Address: t.Contact}), time.Time{})
}

// ready is under which topic the link to take a code waits in the outbox.
func ready(id ref.Ticket) string { return "ticket.ready." + string(id) }

// LookStop reads the ticket that a link of StopTicket would stop; db.ErrNone when there is
// none, or it is over.
func (d *Desk) LookStop(ctx context.Context, token string) (t ticket.Ticket, err error) {
	id, ok := d.ReadStopTicket(token)
	if !ok {
		return t, db.ErrNone
	}
	err = d.DB.View(ctx, func(tx db.ReadTx) error {
		if t, err = ticket.Of(ctx, tx, id); err == nil && !t.Living() {
			err = db.ErrNone
		}
		return err
	})
	return t, err
}

// Own lists the tickets under way about an account.
func (d *Desk) Own(ctx context.Context, a ref.Account) (list []ticket.Ticket, err error) {
	err = d.DB.View(ctx, func(tx db.ReadTx) error {
		all, err := ticket.OfAccount(ctx, tx, a, 50)
		list = nil
		for _, t := range all {
			if t.Living() {
				list = append(list, t)
			}
		}
		return err
	})
	return list, err
}

// Take gives what was approved to whoever holds the link that was sent to the confirmed
// address: once, and not before the wait is over.
func (d *Desk) Take(ctx context.Context, pickup string) (code secret.Text, until time.Time, f *fault.Fault, err error) {
	code, phc, err := backup.MakeOne(ctx, d.Hasher)
	if err != nil {
		return "", until, nil, err
	}
	err = d.DB.Update(ctx, func(tx db.Tx) error {
		t, stop, err := d.taking(ctx, tx, pickup)
		if f = stop; err != nil || f != nil {
			return err
		}
		until, f, err = d.HandOut(ctx, tx, t, Out{PHC: phc, Actor: actor(t.Approver)})
		return err
	})
	if err != nil || f != nil {
		return "", until, f, err
	}
	return code, until, nil, nil
}

// LookTake says what stands in the way of taking it.
func (d *Desk) LookTake(ctx context.Context, pickup string) (t ticket.Ticket, f *fault.Fault, err error) {
	err = d.DB.View(ctx, func(tx db.ReadTx) error {
		t, f, err = d.taking(ctx, tx, pickup)
		return err
	})
	return t, f, err
}

func (d *Desk) taking(ctx context.Context, r db.Reader, pickup string) (ticket.Ticket, *fault.Fault, error) {
	t, err := ticket.ByPickup(ctx, r, pickup)
	switch {
	case errors.Is(err, db.ErrNone), err == nil && t.State != ticket.Approved:
		return t, faults.DeskOver.New(), nil
	case err == nil && r.Now().Before(t.Ready):
		return t, faults.DeskNotReady.New().Until(t.Ready), nil
	}
	return t, nil, err
}

// Expire closes tickets whose time is over, at most n.
func (d *Desk) Expire(ctx context.Context, tx db.Tx, n int) error {
	list, err := ticket.Over(ctx, tx, n)
	for _, t := range list {
		if err := ticket.Expire(ctx, tx, t.ID); errors.Is(err, db.ErrNone) {
			continue
		} else if err != nil {
			return err
		}
		if err := d.note(ctx, tx, t, "ticket.expired", "", told{}); err != nil {
			return err
		}
	}
	return err
}
