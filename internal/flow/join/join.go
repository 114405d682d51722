// Package join owns the order of the steps of signing up: name and address,
// password, the code that proves the address, session; and of proving an
// address later.
//
// It answers the same whether or not an address is taken: that is told only to
// somebody who proved they own it (ER-23). It knows no page and no protocol.
package join

import (
	"context"
	"errors"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/factor/password"
	"sekisho/internal/factor/sentcode"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/ref"
)

// Join is the journey.
type Join struct{ *enter.Entry }

const kind = "join"

// Step is where a person is.
type Step string

// The steps there are.
const (
	Word     Step = "password"
	Code     Step = "code"
	Finished Step = "finished"
)

type state struct {
	Name     string             `json:"name"`
	Email    account.Identifier `json:"email"`
	Account  ref.Account        `json:"account,omitempty"`
	Step     Step               `json:"step"`
	Resend   time.Time          `json:"resend"`
	Failures int64              `json:"failures,omitempty"`
	Return   string             `json:"return,omitempty"`
	Later    bool               `json:"later,omitempty"` // the account stands; only its address is to be proved
}

// View is what a page or a program shows next.
type View struct {
	Handle  string
	ID      ref.Flow
	Step    Step
	Name    string
	Email   account.Identifier
	Resend  time.Time
	Fault   *fault.Fault
	Opened  *enter.Opened
	Return  string
	Later   bool
	MinWord int
}

func (j *Join) view(s *flow.Stored[state]) View {
	x := s.State
	return View{Handle: s.Handle(), ID: s.ID, Step: x.Step, Name: x.Name, Email: x.Email, Resend: x.Resend, Return: x.Return, Later: x.Later,
		MinWord: j.Rules.Default().Password.MinLengthSingle}
}

// Ask begins a sign-up.
type Ask struct {
	Name   string
	Email  string
	Return string
}

// Start takes name and address.
func (j *Join) Start(ctx context.Context, v flow.Visitor, ask Ask) (View, error) {
	name, err := account.ParseName(ask.Name)
	if err != nil {
		return View{Fault: faults.NameMalformed.New()}, nil
	}
	email, err := account.ParseEmail(ask.Email)
	if err != nil {
		return View{Fault: faults.IdentifierMalformed.New()}, nil
	}
	if f := j.Group(email); f != nil {
		return View{Fault: f}, nil
	}
	var view View
	err = j.DB.Update(ctx, func(tx db.Tx) error {
		f, err := j.MaySignUp(ctx, tx, v)
		if err != nil || f != nil {
			view = View{Fault: f}
			return err
		}
		s, err := flow.Start(ctx, tx, kind, v, state{Name: name, Email: email, Step: Word, Return: ask.Return})
		view = j.view(&s)
		return err
	})
	return view, err
}

// Look shows where a journey is.
func (j *Join) Look(ctx context.Context, v flow.Visitor, id ref.Flow) (View, error) {
	var view View
	err := j.DB.View(ctx, func(tx db.ReadTx) error {
		s, f, err := flow.Load[state](ctx, tx, kind, id, v)
		if err != nil || f != nil {
			view = View{Fault: f}
			return err
		}
		view = j.view(&s)
		return nil
	})
	return view, err
}

// moment is one answer being judged, inside its transaction.
type moment struct {
	*Join
	visitor flow.Visitor
	flow    flow.Stored[state]
	fault   *fault.Fault
	opened  *enter.Opened
	over    bool
}

func (j *Join) step(ctx context.Context, v flow.Visitor, id ref.Flow, want Step, do func(db.Tx, *moment) error) (View, error) {
	var view View
	err := j.DB.Update(ctx, func(tx db.Tx) error {
		s, f, err := flow.Load[state](ctx, tx, kind, id, v)
		if err != nil || f != nil {
			view = View{Fault: f}
			return err
		}
		if s.State.Step != want {
			view = j.view(&s)
			view.Fault = faults.FlowOrder.New()
			return nil
		}
		m := &moment{Join: j, visitor: v, flow: s}
		if err := do(tx, m); err != nil {
			return err
		}
		view = j.view(&m.flow)
		view.Fault, view.Opened = m.fault, m.opened
		if m.opened != nil || m.over {
			view.Step = Finished
			return flow.End(ctx, tx, id)
		}
		saved, err := m.flow.Save(ctx, tx)
		view = j.view(&m.flow)
		view.Fault = m.fault
		if saved != nil {
			view.Fault = saved
		}
		return err
	})
	return view, err
}

// Password takes the password and sends the code. The account is made now, and
// waits, suspended, for its address to be proved (SI-24).
func (j *Join) Password(ctx context.Context, v flow.Visitor, id ref.Flow, raw string) (View, error) {
	view, err := j.Look(ctx, v, id)
	if err != nil || view.Fault != nil {
		return view, err
	}
	if view.Step != Word {
		view.Fault = faults.FlowOrder.New()
		return view, nil
	}
	err = j.DB.View(ctx, func(tx db.ReadTx) (err error) { view.Fault, err = j.MaySignUp(ctx, tx, v); return err })
	if err != nil || view.Fault != nil {
		return view, err // before the hash is reckoned
	}
	about := account.Account{Name: view.Name, Email: account.Address{Identifier: view.Email}}
	word, f, err := j.NewPassword(ctx, about, raw)
	if err != nil || f != nil {
		view.Fault = f
		return view, err
	}
	return j.step(ctx, v, id, Word, func(tx db.Tx, m *moment) error {
		x := &m.flow.State
		var err error
		if m.fault, err = m.Signup(ctx, tx, v); err != nil || m.fault != nil {
			return err
		}
		a, err := account.Create(ctx, tx, account.New{Name: x.Name, Lang: v.Lang, Identifiers: []account.Identifier{x.Email}})
		if err != nil {
			return err
		}
		if err := password.Set(ctx, tx, a.ID, word.Stored()); err != nil {
			return err
		}
		x.Account, x.Step = a.ID, Code
		if _, err := audit.Write(ctx, tx, audit.Event{Kind: "account.created", Account: a.ID, Actor: string(a.ID),
			Addr: v.Addr.String(), Agent: v.Program, Place: v.Place}); err != nil {
			return err
		}
		return m.send(ctx, tx, a, true)
	})
}

func (m *moment) send(ctx context.Context, tx db.Tx, a account.Account, first bool) error {
	resend, f, err := m.SendCode(ctx, tx, enter.Send{Visitor: m.visitor, Account: a, For: m.bound(), First: first})
	if f != nil {
		m.fault = f
	} else {
		m.flow.State.Resend = resend
	}
	return err
}

// bound counts the sends of sign-up codes by address: each sign-up makes an
// account of its own, and an inbox must not be flooded through many of them.
func (m *moment) bound() sentcode.For {
	return sentcode.For{Purpose: sentcode.Confirm, Subject: "typed:email:" + m.flow.State.Email.Norm, Flow: m.flow.ID}
}

// Resend sends another code.
func (j *Join) Resend(ctx context.Context, v flow.Visitor, id ref.Flow) (View, error) {
	return j.step(ctx, v, id, Code, func(tx db.Tx, m *moment) error {
		a, err := account.Of(ctx, tx, m.flow.State.Account)
		if errors.Is(err, db.ErrNone) {
			m.fault = faults.FlowExpired.New()
			return nil
		}
		if err != nil {
			return err
		}
		return m.send(ctx, tx, a, false)
	})
}

// Answer takes the code, confirms the address and opens the first session.
func (j *Join) Answer(ctx context.Context, v flow.Visitor, id ref.Flow, code string) (View, error) {
	return j.step(ctx, v, id, Code, func(tx db.Tx, m *moment) error {
		x := &m.flow.State
		a, err := account.Lock(ctx, tx, x.Account)
		if errors.Is(err, db.ErrNone) {
			m.fault, m.over = faults.FlowExpired.New(), true
			return nil
		}
		if err != nil {
			return err
		}
		try := enter.Attempt{Visitor: v, Account: a, Typed: x.Email, Kind: gate.MailCode, Class: enter.ByMailCode, Act: enter.Address, Offered: true, Truth: "wrong code"}
		d, err := j.Try(ctx, tx, try)
		if err != nil {
			return err
		}
		if d.Verdict != gate.Admit {
			m.fault, err = j.Refuse(ctx, tx, enter.Refusal{Visitor: v, Account: a.ID, Decision: d, Class: enter.ByMailCode, Act: enter.Address})
			return err
		}
		got, err := j.Codes.Check(ctx, tx, m.bound(), code)
		switch {
		case err != nil:
			return err
		case got == sentcode.Expired:
			m.fault = faults.CodeExpired.New()
			return nil
		case got == sentcode.Wrong:
			x.Failures++
			m.fault, err = j.Fail(ctx, tx, try)
			return err
		}
		if err := j.Succeed(ctx, tx, try, x.Failures); err != nil {
			return err
		}
		return m.confirmed(ctx, tx, a)
	})
}

func (m *moment) confirmed(ctx context.Context, tx db.Tx, a account.Account) error {
	f, err := m.Confirm(ctx, tx, &a, m.visitor)
	if err != nil || f != nil {
		m.fault, m.over = f, true
		return err
	}
	if m.flow.State.Later {
		m.over = true
		return nil
	}
	res, err := m.Enter(ctx, tx, enter.Who{Visitor: m.visitor, Account: a, Proofs: []gate.Proof{{Kind: gate.Password, At: tx.Now(), Turn: a.Turn}}})
	m.opened, m.fault = res.Opened, res.Fault
	m.over = true
	return err
}

// Later begins to prove the address of an account that stands (SI-23).
func (j *Join) Later(ctx context.Context, v flow.Visitor, id ref.Account, back string) (View, error) {
	var view View
	err := j.DB.Update(ctx, func(tx db.Tx) error {
		a, err := account.Of(ctx, tx, id)
		if err != nil {
			return err
		}
		s, err := flow.Start(ctx, tx, kind, v, state{Name: a.Name, Email: a.Email.Identifier, Account: a.ID, Step: Code, Return: back, Later: true})
		if err != nil {
			return err
		}
		m := &moment{Join: j, visitor: v, flow: s}
		if err := m.send(ctx, tx, a, false); err != nil {
			return err
		}
		view = j.view(&m.flow)
		view.Fault = m.fault
		_, err = m.flow.Save(ctx, tx)
		return err
	})
	return view, err
}
