package signin

import (
	"context"
	"errors"
	"net/url"
	"time"

	"sekisho/internal/client"
	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/factor/push"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/ref"
)

// asking is what Tegata is asked in this journey.
func (m *moment) asking() enter.Asking {
	x := m.flow.State
	a := enter.Asking{Visitor: m.visitor, Account: m.account, Typed: x.Typed, Flow: m.flow.ID, Purpose: push.Signin, Proved: x.own()}
	if x.StepUp {
		a.Purpose = push.StepUp
	}
	return a
}

// app is the name of the app that somebody is on the way to; empty: none.
func (m *moment) app(ctx context.Context, r db.Reader) (string, error) {
	u, err := url.Parse(m.flow.State.Return)
	if err != nil {
		return "", nil
	}
	id, ok := ref.ParseClient(u.Query().Get("client_id"))
	if !ok {
		return "", nil
	}
	c, err := client.Of(ctx, r, id)
	if errors.Is(err, db.ErrNone) {
		return "", nil
	}
	return c.Name, err
}

// askFirst asks Tegata at once where its approval is what the person is asked for
// first: the next page shows the number.
func (m *moment) askFirst(ctx context.Context, tx db.Tx) error {
	if w := m.flow.State.Ways; len(w) == 0 || w[0].Kind != string(gate.Tegata) {
		return nil
	}
	err := m.ask(ctx, tx)
	m.fault = nil // where it cannot be asked now, the page says so when it is asked again
	return err
}

// ask asks Tegata for an approval, or does as much where there is nobody to ask.
func (m *moment) ask(ctx context.Context, tx db.Tx) error {
	x := &m.flow.State
	a := m.asking()
	var err error
	if a.App, err = m.app(ctx, tx); err != nil {
		return err
	}
	_, number, f, err := m.Ask(ctx, tx, a)
	if m.fault = f; err != nil || f != nil {
		return err
	}
	if x.Sent == nil {
		x.Sent = map[string]sent{}
	}
	x.Sent[string(gate.Tegata)] = sent{Out: true, Resend: tx.Now().Add(push.Lives)}
	x.Number, m.asked = number, true
	return nil
}

// ScanCode makes a code that Tegata scans to approve this journey, whoever it is that
// signs in where nobody was typed (SI-09).
func (s *Signin) ScanCode(ctx context.Context, v flow.Visitor, id ref.Flow) (code string, view View, err error) {
	view, err = s.step(ctx, v, id, "", func(ctx context.Context, tx db.Tx, m *moment) error {
		x := &m.flow.State
		if !m.offers(string(gate.Tegata)) {
			m.fault = faults.MethodNotOffered.New()
			return nil
		}
		if x.Step != Proof && !m.proved(tx.Now()) {
			m.fault = faults.FlowExpired.New()
			return nil
		}
		a := m.asking()
		if a.App, err = m.app(ctx, tx); err != nil {
			return err
		}
		if code, err = m.Entry.ScanCode(ctx, tx, a); err != nil {
			return err
		}
		if x.Sent == nil {
			x.Sent = map[string]sent{}
		}
		x.Sent[string(gate.Tegata)] = sent{Out: true}
		x.Number = ""
		return nil
	})
	return code, view, err
}

// Offers says whether anybody has Tegata, so that the first page offers its code.
func (s *Signin) Offers(ctx context.Context) (is bool, err error) {
	err = s.DB.View(ctx, func(tx db.ReadTx) (err error) { is, err = device.Any(ctx, tx); return err })
	return is, err
}

// ScanFirst begins a journey in which a scanned code says who signs in.
func (s *Signin) ScanFirst(ctx context.Context, v flow.Visitor, ask Ask) (View, error) {
	var view View
	err := s.DB.Update(ctx, func(tx db.Tx) error {
		stored, err := flow.Start(ctx, tx, kind, v, state{Open: true, Tegata: true, Step: Proof, Return: ask.Return})
		view = s.view(v, &stored)
		return err
	})
	return view, err
}

// Await waits until Tegata has answered, at most as long as given. The fault is nil
// when the approval was given; push.waiting when no answer has come.
func (s *Signin) Await(ctx context.Context, v flow.Visitor, id ref.Flow, most time.Duration) (*fault.Fault, error) {
	return s.Entry.Await(ctx, id, most, mine(ctx, v, id))
}

// Heard is Await that does not wait.
func (s *Signin) Heard(ctx context.Context, v flow.Visitor, id ref.Flow) (*fault.Fault, error) {
	return s.Entry.Heard(ctx, id, mine(ctx, v, id))
}

func mine(ctx context.Context, v flow.Visitor, id ref.Flow) enter.Mine {
	return func(tx db.ReadTx) (bool, *fault.Fault, error) {
		s, f, err := flow.Load[state](ctx, tx, kind, id, v)
		return s.State.own(), f, err
	}
}
