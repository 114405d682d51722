// Package signin owns the order of the steps of signing in: identifier, first
// proof, what else the gate asks for, session.
//
// It keeps its state in flow, lets factors check what was given and lets enter
// open the session. It knows no page, no cookie and no protocol. Strangers get
// the same answers, in the same time, whether or not an account exists (SI-28).
package signin

import (
	"context"
	"errors"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/factor/mailcode"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/ref"
	"sekisho/internal/session"
)

// Signin is the journey.
type Signin struct{ *enter.Entry }

const kind = "signin"

// Step is where a person is.
type Step string

// The steps there are.
const (
	Proof    Step = "proof"    // a first proof is asked for
	Limit    Step = "limit"    // sessions are to be ended first (ER-16)
	NewWord  Step = "password" // a new password is to be set
	Address  Step = "address"  // the address is to be confirmed by code
	Finished Step = "finished"
)

// state is what is kept between two answers.
type state struct {
	Typed    account.Identifier `json:"typed"`
	Account  ref.Account        `json:"account,omitempty"`
	Hosted   bool               `json:"hosted,omitempty"`
	Step     Step               `json:"step"`
	Proofs   []gate.Proof       `json:"proofs,omitempty"`
	Failures map[string]int64   `json:"failures,omitempty"`
	Keep     bool               `json:"keep,omitempty"`
	Return   string             `json:"return,omitempty"`
	Reprove  ref.Session        `json:"reprove,omitempty"`
	CodeOut  bool               `json:"code_out,omitempty"` // a code was sent, or would have been
	Resend   time.Time          `json:"resend"`
}

// Ask begins a sign-in.
type Ask struct {
	Identifier string
	Return     string      // a local path to go to afterwards
	Reprove    ref.Session // prove again within this session
}

// Way is one way to go on.
type Way struct {
	Kind string // "password", "mailcode", "end_sessions", "new_password", "confirm_code"
	Sent bool   // the code is out, and Kind asks for it
}

// View is what a page or a program shows next.
type View struct {
	Handle   string
	ID       ref.Flow
	Step     Step
	Typed    account.Identifier
	Ways     []Way
	CodeOut  bool
	Resend   time.Time // when another code may be sent
	Fault    *fault.Fault
	Sessions []session.Session
	Opened   *enter.Opened
	Return   string
	Keep     bool
	MinWord  int // Step NewWord: how long the password must be
}

// Start begins a journey for what a person typed.
func (s *Signin) Start(ctx context.Context, v flow.Visitor, ask Ask) (View, error) {
	typed, err := account.Parse(ask.Identifier)
	if err != nil {
		return View{Fault: faults.IdentifierMalformed.New()}, nil
	}
	var view View
	err = s.DB.Update(ctx, func(tx db.Tx) error {
		view = View{}
		a, err := account.Find(ctx, tx, typed)
		if err != nil && !errors.Is(err, db.ErrNone) {
			return err
		}
		if errors.Is(err, db.ErrNone) && s.Disclose {
			f, err := s.Refuse(ctx, tx, enter.Refusal{Visitor: v, Tell: faults.SigninNotRecognised, Truth: "no account", Args: map[string]any{"disclosed": true}})
			view = View{Fault: f, Typed: typed}
			return err
		}
		st := state{Typed: typed, Account: a.ID, Step: Proof, Return: ask.Return, Reprove: ask.Reprove, Failures: map[string]int64{},
			Hosted: a.Email.Hosted || slices.Contains(s.HostedDomains, a.Email.Domain()) || slices.Contains(s.HostedDomains, typed.Domain())}
		stored, err := flow.Start(ctx, tx, kind, v, st)
		if err != nil {
			return err
		}
		view = s.view(&stored)
		return nil
	})
	return view, err
}

// Look shows where a journey is, for a page that is loaded again.
func (s *Signin) Look(ctx context.Context, v flow.Visitor, id ref.Flow) (View, error) {
	var view View
	err := s.DB.View(ctx, func(tx db.ReadTx) error {
		stored, f, err := flow.Load[state](ctx, tx, kind, id, v)
		if err != nil || f != nil {
			view = View{Fault: f}
			return err
		}
		view = s.view(&stored)
		if stored.State.Step != Limit {
			return nil
		}
		// Where and when somebody is signed in is for who has proved to be them.
		a, err := account.Of(ctx, tx, stored.State.Account)
		if errors.Is(err, db.ErrNone) || err == nil && !stored.State.proved(a.Turn, tx.Now()) {
			view = View{Fault: faults.FlowExpired.New()}
			return nil
		}
		if err != nil {
			return err
		}
		view.Sessions, err = s.Living(ctx, tx, a.ID)
		return err
	})
	return view, err
}

func (s *Signin) view(st *flow.Stored[state]) View {
	x := st.State
	v := View{Handle: st.Handle(), ID: st.ID, Step: x.Step, Typed: x.Typed, CodeOut: x.CodeOut, Resend: x.Resend, Return: x.Return, Keep: x.Keep}
	switch x.Step {
	case Proof:
		v.Ways = append(v.Ways, Way{Kind: string(gate.Password)})
		if s.offered(x, gate.MailCode) {
			v.Ways = append(v.Ways, Way{Kind: string(gate.MailCode), Sent: x.CodeOut})
		}
	case Limit:
		v.Ways = []Way{{Kind: "end_sessions"}}
	case NewWord:
		v.Ways, v.MinWord = []Way{{Kind: "new_password"}}, s.Policy.Password.MinLengthSingle
	case Address:
		v.Ways = []Way{{Kind: "confirm_code", Sent: x.CodeOut}}
	}
	return v
}

// offered says which first proofs may be used. It looks at what was typed and
// at whether the mailbox is hosted here (SI-05), at nothing a stranger could
// learn from.
func (s *Signin) offered(x state, k gate.Kind) bool {
	return k == gate.Password || k == gate.MailCode && !x.Hosted
}

// Answer is what a person gives at a step.
type Answer struct {
	Kind     string
	Value    string
	Keep     bool
	Sessions []ref.Session
}

// Answer takes one answer and shows what is next.
func (s *Signin) Answer(ctx context.Context, v flow.Visitor, id ref.Flow, a Answer) (View, error) {
	switch a.Kind {
	case string(gate.Password):
		return s.password(ctx, v, id, a)
	case string(gate.MailCode), "confirm_code":
		if a.Value == "" {
			return s.send(ctx, v, id, a)
		}
		return s.code(ctx, v, id, a)
	case "end_sessions":
		return s.step(ctx, v, id, Limit, func(ctx context.Context, tx db.Tx, m *moment) error { return m.endSessions(ctx, tx, a.Sessions) })
	case "new_password":
		return s.newWord(ctx, v, id, a)
	default:
		return s.step(ctx, v, id, "", func(ctx context.Context, tx db.Tx, m *moment) error {
			m.fault = faults.MethodNotOffered.New()
			return nil
		})
	}
}

// moment is one answer being judged, inside its transaction.
type moment struct {
	*Signin
	visitor flow.Visitor
	flow    flow.Stored[state]
	account account.Account // locked; zero where there is none
	fault   *fault.Fault
	result  enter.Result
}

// step loads the journey and the account, locked, does one thing and saves. A
// refusal is a value: what was counted stays counted.
func (s *Signin) step(ctx context.Context, v flow.Visitor, id ref.Flow, want Step, do func(context.Context, db.Tx, *moment) error) (View, error) {
	var view View
	err := s.DB.Update(ctx, func(tx db.Tx) error {
		stored, f, err := flow.Load[state](ctx, tx, kind, id, v)
		if err != nil || f != nil {
			view = View{Fault: f}
			return err
		}
		if want != "" && stored.State.Step != want {
			view = s.view(&stored)
			view.Fault = faults.FlowOrder.New()
			return nil
		}
		m := &moment{Signin: s, visitor: v, flow: stored}
		if m.account, err = s.lock(ctx, tx, stored.State); err != nil {
			return err
		}
		if err := do(ctx, tx, m); err != nil {
			return err
		}
		view, err = m.close(ctx, tx)
		return err
	})
	return view, err
}

func (s *Signin) lock(ctx context.Context, tx db.Tx, x state) (account.Account, error) {
	if x.Account == "" {
		return account.Account{}, nil
	}
	a, err := account.Lock(ctx, tx, x.Account)
	if errors.Is(err, db.ErrNone) {
		return account.Account{}, nil // erased meanwhile: from now on a stranger like any other
	}
	return a, err
}

// close stores what the answer changed and makes the view.
func (m *moment) close(ctx context.Context, tx db.Tx) (View, error) {
	if o := m.result.Opened; o != nil {
		if err := flow.End(ctx, tx, m.flow.ID); err != nil {
			return View{}, err
		}
		return View{Step: Finished, Typed: m.flow.State.Typed, Opened: o, Return: m.flow.State.Return, Keep: m.flow.State.Keep}, nil
	}
	f, err := m.flow.Save(ctx, tx)
	if err != nil {
		return View{}, err
	}
	view := m.view(&m.flow)
	view.Fault, view.Sessions = m.fault, m.result.Sessions
	if f != nil && view.Fault == nil {
		view.Fault = f
	}
	return view, nil
}

// enter asks to open the session with the proofs there are, and moves to the
// step the gate asks for.
func (m *moment) enter(ctx context.Context, tx db.Tx) error {
	x := &m.flow.State
	var err error
	m.result, err = m.Enter(ctx, tx, enter.Who{Visitor: m.visitor, Account: m.account, Proofs: x.Proofs, Keep: x.Keep, Reprove: x.Reprove})
	if err != nil {
		return err
	}
	m.fault = m.result.Fault
	switch {
	case m.result.Need == gate.NeedPassword:
		x.Step, m.fault = NewWord, faults.PasswordExpired.New()
	case m.result.Need == gate.NeedAddress:
		x.Step, x.CodeOut = Address, false
		return m.sendCode(ctx, tx, mailcode.Confirm)
	case m.fault != nil && m.fault.Code() == faults.SessionLimit.Code:
		x.Step = Limit
	case m.fault != nil:
		// Whatever else refuses ends what was proved: the next try begins anew.
		x.Proofs, x.Step = nil, Proof
	}
	return nil
}

// proofLives is how long a proof in a journey counts.
const proofLives = 10 * time.Minute

// proved says whether there is a proof that stands and is not too old.
func (x state) proved(turn int64, now time.Time) bool {
	p := gate.Standing(x.Proofs, turn)
	return len(p) > 0 && now.Sub(p[0].At) < proofLives
}

func (m *moment) proved(now time.Time) bool { return m.flow.State.proved(m.account.Turn, now) }

func (m *moment) endSessions(ctx context.Context, tx db.Tx, ids []ref.Session) error {
	if !m.proved(tx.Now()) {
		m.fault = faults.FlowOrder.New()
		return nil
	}
	if _, err := m.EndChosen(ctx, tx, enter.Who{Visitor: m.visitor, Account: m.account}, ids); err != nil {
		return err
	}
	return m.enter(ctx, tx)
}
