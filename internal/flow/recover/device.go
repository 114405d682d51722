package recover

import (
	"context"
	"errors"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Ticket is an installation of Tegata that is being taken in, as the browser sees it.
type Ticket struct {
	Token   secret.Text // what the installation shows; once
	Number  string      // empty: no installation has come yet
	Device  ref.Device
	Name    string
	Here    bool // the person said here that the number is the same
	Ready   bool // on both sides: it counts
	Expires time.Time
}

// replace moves to the step that gate asks for before Tegata is replaced (RS-05).
func (m *moment) replace(ctx context.Context, tx db.Tx) error {
	x := &m.flow.State
	who := enter.Who{Visitor: m.visitor, Account: m.account, Proofs: x.Proofs}
	res, err := m.Replace(ctx, tx, who)
	if err != nil {
		return err
	}
	switch {
	case res.Fault != nil:
		m.fault, x.Proofs = res.Fault, nil
	case res.Need == gate.NeedStrong:
		x.Step, x.Ways, x.May, x.Begun = Second, res.Ways, res.May, res.Begun
		if len(x.Ways) == 0 && !x.May { // nothing of it works here
			m.fault, x.Proofs = faults.LockNoProofs.New(), nil
		} else if len(x.Ways) == 0 {
			return m.cool(ctx, tx)
		}
	case res.Need == gate.NeedWait:
		return m.cool(ctx, tx)
	default:
		x.Step = Device
		// The new installation could not speak, and so not lift the lock.
		return m.LiftAllowed(ctx, tx, who)
	}
	return nil
}

func (m *moment) cool(ctx context.Context, tx db.Tx) error {
	x := &m.flow.State
	w, err := m.Cool(ctx, tx, enter.Who{Visitor: m.visitor, Account: m.account, Proofs: x.Proofs}, m.waitsFor())
	x.Step, x.Ready = Waiting, w.Ready
	return err
}

// BeginWait begins the wait that stands in for the second strong proof, where what was proved
// allows for it.
func (r *Recover) BeginWait(ctx context.Context, v flow.Visitor, id ref.Flow) (View, error) {
	return r.step(ctx, v, id, Second, func(tx db.Tx, m *moment) error {
		switch x := m.flow.State; {
		case !m.stands(tx.Now()):
			m.fault = faults.FlowExpired.New()
			return nil
		case !m.Tegata, !x.May:
			m.fault = faults.MethodNotOffered.New()
			return nil
		}
		// What the account asks for may have changed since.
		if err := m.replace(ctx, tx); err != nil || m.fault != nil || m.flow.State.Step != Second {
			return err
		}
		if !m.flow.State.May {
			m.fault = faults.MethodNotOffered.New()
			return nil
		}
		return m.cool(ctx, tx)
	})
}

func holder(id ref.Flow) device.Holder { return device.Holder(id) }

// read reads how far taking in has come; false where there is nothing under way.
func (m *moment) read(ctx context.Context, r db.Reader) (k device.Ticket, ok bool, err error) {
	k, err = device.ByHolder(ctx, r, m.flow.State.Account, holder(m.flow.ID))
	if errors.Is(err, db.ErrNone) {
		return k, false, nil
	}
	if err != nil {
		return k, false, err
	}
	m.ticket = Ticket{Number: k.Number, Device: k.Device, Here: k.Here, Ready: k.Ready(), Expires: k.Expires}
	if k.Device == "" {
		return k, true, nil
	}
	d, err := device.Of(ctx, r, k.Device)
	m.ticket.Name = d.Name
	return k, true, err
}

// Enrolling shows how far taking in has come. Until an installation has come each call
// makes another ticket, and the one before is void.
func (r *Recover) Enrolling(ctx context.Context, v flow.Visitor, id ref.Flow) (View, error) {
	return r.step(ctx, v, id, Device, func(tx db.Tx, m *moment) error {
		k, ok, err := m.read(ctx, tx)
		if err != nil || ok && k.Ready() {
			return err
		}
		if may, err := m.may(ctx, tx); err != nil || !may || ok && k.Device != "" {
			return err
		}
		m.ticket = Ticket{}
		m.ticket.Token, m.ticket.Expires, err = device.NewTicket(ctx, tx, device.New{Account: m.account.ID, Holder: holder(id), Turn: m.account.Turn,
			Replaces: device.Everyone, Until: m.flow.Expires})
		return err
	})
}

// may asks gate again, on what stands now: the lock may be lifted, or a new password
// set, since the proofs were given.
func (m *moment) may(ctx context.Context, tx db.Tx) (bool, error) {
	if !m.stands(tx.Now()) {
		m.fault = faults.FlowExpired.New()
		return false, m.drop(ctx, tx)
	}
	res, err := m.Replace(ctx, tx, enter.Who{Visitor: m.visitor, Account: m.account, Proofs: m.flow.State.Proofs})
	if err != nil {
		return false, err
	}
	if m.fault = res.Fault; m.fault == nil && res.Need != "" {
		m.fault = faults.FlowExpired.New() // the wait was cancelled
	}
	if m.fault != nil {
		return false, m.drop(ctx, tx)
	}
	return true, nil
}

func (m *moment) drop(ctx context.Context, tx db.Tx) error {
	m.ticket = Ticket{}
	return device.DropTickets(ctx, tx, m.flow.State.Account, holder(m.flow.ID))
}

// Progress is Enrolling that makes nothing.
func (r *Recover) Progress(ctx context.Context, v flow.Visitor, id ref.Flow) (t Ticket, f *fault.Fault, err error) {
	err = r.DB.View(ctx, func(tx db.ReadTx) error {
		s, stop, err := flow.Load[state](ctx, tx, r.kind(), id, v)
		if f = stop; err != nil || f != nil {
			return err
		}
		m := &moment{Recover: r, visitor: v, flow: s}
		_, ok, err := m.read(ctx, tx)
		if t = m.ticket; err == nil && !ok {
			f = faults.TicketOver.New()
		}
		return err
	})
	return t, f, err
}

// Same records that the number is the same here. Once it is on both sides the
// installation is the primary one, the others are retired, and the journey is over.
func (r *Recover) Same(ctx context.Context, v flow.Visitor, id ref.Flow) (View, error) {
	return r.step(ctx, v, id, Device, func(tx db.Tx, m *moment) error {
		k, ok, err := m.read(ctx, tx)
		if err != nil {
			return err
		}
		if !ok {
			m.fault = faults.TicketOver.New()
			return nil
		}
		if m.over = k.Ready(); m.over {
			return nil // it counts since the person agreed on the installation
		}
		if may, err := m.may(ctx, tx); err != nil || !may {
			return err
		}
		if k.Device == "" {
			m.fault = faults.FlowOrder.New()
			return nil
		}
		d, err := device.Of(ctx, tx, k.Device)
		if err != nil {
			return err
		}
		now, err := device.Agree(ctx, tx, k.Device, false)
		if err != nil {
			return err
		}
		m.ticket.Here, m.ticket.Ready, m.over = true, now.Ready(), now.Ready()
		if !m.over {
			return nil
		}
		return m.TakeIn(ctx, tx, enter.Who{Visitor: v, Account: m.account}, now, d)
	})
}

// Differ takes back what was begun: the numbers differ, or the person does not go on.
func (r *Recover) Differ(ctx context.Context, v flow.Visitor, id ref.Flow) (View, error) {
	return r.step(ctx, v, id, Device, func(tx db.Tx, m *moment) error { return m.drop(ctx, tx) })
}
