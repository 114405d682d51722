// Package signin owns the order of the steps of signing in: identifier, first
// proof, what else the gate asks for, session.
//
// It keeps its state in flow, lets factors check what was given and lets enter
// open the session. It knows no page, no cookie and no protocol. Strangers get
// the same answers, in the same time, whether or not an account exists (SI-28).
package signin

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/factor/push"
	"sekisho/internal/factor/sentcode"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/outbox"
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
	Second   Step = "second"   // a second proof is asked for
	Another  Step = "another"  // one more proof is asked for: the sign-in is unusual (SI-19)
	Limit    Step = "limit"    // sessions are to be ended first (ER-16)
	NewWord  Step = "password" // a new password is to be set
	Address  Step = "address"  // the address is to be confirmed by code
	Finished Step = "finished"
)

// Kinds of answer that are no proof.
const (
	ConfirmCode = "confirm_code"
	EndSessions = "end_sessions"
	NewPassword = "new_password"
)

// state is what is kept between two answers.
type state struct {
	Typed     account.Identifier `json:"typed"`
	Account   ref.Account        `json:"account,omitempty"`
	Open      bool               `json:"open,omitempty"`   // nothing was typed: a passkey is to say who it is
	Hosted    bool               `json:"hosted,omitempty"` // no code by mail: accounts here open the domain's mailboxes, or several people read it
	Step      Step               `json:"step"`
	Ways      []enter.Way        `json:"ways,omitempty"` // what this account can answer; empty: what strangers are shown
	Proofs    []gate.Proof       `json:"proofs,omitempty"`
	Failures  map[string]int64   `json:"failures,omitempty"`
	Keep      bool               `json:"keep,omitempty"`
	Trust     bool               `json:"trust,omitempty"`
	Return    string             `json:"return,omitempty"`
	Reprove   ref.Session        `json:"reprove,omitempty"`
	StepUp    bool               `json:"step_up,omitempty"`
	Sent      map[string]sent    `json:"sent,omitempty"`       // by kind of answer
	Least     int                `json:"least,omitempty"`      // NewWord: how long it must be
	TrustDays int                `json:"trust_days,omitempty"` // Second: for how long this browser can be trusted
	Tegata    bool               `json:"tegata,omitempty"`     // somebody here has it: it is offered, whoever was typed
	Number    string             `json:"number,omitempty"`     // what Tegata is to be told
	Refused   string             `json:"refused,omitempty"`    // Step Limit: the reference of the refusal that led there
}

// sent is a code that is out, or would be.
type sent struct {
	For    sentcode.For `json:"for"`
	Out    bool         `json:"out"`
	Resend time.Time    `json:"resend"`
}

// Ask begins a sign-in.
type Ask struct {
	Identifier string
	Passkey    bool        // instead of an identifier: a passkey says who it is
	Return     string      // a local path to go to afterwards
	Reprove    ref.Session // prove again within this session
}

// Way is one way to go on.
type Way struct {
	Kind  string   // a kind of proof, or of answer
	Names []string // what its owner calls it; empty where strangers might see it
	Sent  bool     // the code is out, and Kind asks for it
	Until time.Time
}

// View is what a page or a program shows next.
type View struct {
	Handle    string
	ID        ref.Flow
	Step      Step
	Typed     account.Identifier
	Ways      []Way
	Fault     *fault.Fault
	Sessions  []session.Session
	Opened    *enter.Opened
	Return    string
	Keep      bool
	StepUp    bool
	MinWord   int          // Step NewWord: how long the password must be
	TrustDays int          // Step Second: for how long this browser can be trusted; 0: not at all
	Refused   string       // Step Limit: the reference of the refusal
	Number    string       // what Tegata is to be told, while an approval is asked for
	ScanURI   string       // what a code to scan holds, right after it was made
	asked     ref.Account  // whose installations were asked with it
	Silent    bool         // the primary installation did not answer when it was asked last (OA-08)
	Stale     bool         // every installation has to confirm the password first (ER-12)
	Delivery  outbox.Stage // what became of the SMS, where its owner is at the other end
}

// Way finds a way by its kind.
func (v View) Way(kind string) (Way, bool) {
	i := slices.IndexFunc(v.Ways, func(w Way) bool { return w.Kind == kind })
	if i < 0 {
		return Way{}, false
	}
	return v.Ways[i], true
}

// Start begins a journey for what a person typed.
func (s *Signin) Start(ctx context.Context, v flow.Visitor, ask Ask) (View, error) {
	var typed account.Identifier
	var err error
	if !ask.Passkey {
		if typed, err = account.Parse(ask.Identifier); err != nil {
			return View{Fault: enter.Unread(err)}, nil
		}
	}
	var view View
	err = s.DB.Update(ctx, func(tx db.Tx) error {
		view = View{}
		if ask.Passkey {
			view, err = s.begin(ctx, tx, v, state{Open: true, Step: Proof, Return: ask.Return})
			return err
		}
		a, err := account.Find(ctx, tx, typed)
		if err != nil && !errors.Is(err, db.ErrNone) {
			return err
		}
		if errors.Is(err, db.ErrNone) && s.Disclose {
			f, err := s.Refuse(ctx, tx, enter.Refusal{Visitor: v, Tell: faults.SigninNotRecognised, Truth: "no account", Args: map[string]any{"disclosed": true}})
			view = View{Fault: f, Typed: typed}
			return err
		}
		// What was typed decides, not whose it is: for an account that is marked, and by
		// any other name, the code is offered alike and goes nowhere (SI-28).
		st := state{Typed: typed, Account: a.ID, Step: Proof, Return: ask.Return, Reprove: ask.Reprove,
			Hosted: slices.Contains(s.HostedDomains, typed.Domain()) || s.Group(typed) != nil}
		if st.Tegata, err = device.Any(ctx, tx); err != nil {
			return err
		}
		if st.Ways, err = s.known(ctx, tx, v, a); err != nil {
			return err
		}
		view, err = s.begin(ctx, tx, v, st)
		return err
	})
	return s.wake(view), err
}

// known lists an account's own ways for a browser that it knows. Strangers are
// shown the same for every name (SI-28).
func (s *Signin) known(ctx context.Context, tx db.Tx, v flow.Visitor, a account.Account) ([]enter.Way, error) {
	friend, err := s.Known(ctx, tx, a, v)
	if err != nil || !friend {
		return nil, err
	}
	return s.Firsts(ctx, tx, a)
}

func (s *Signin) begin(ctx context.Context, tx db.Tx, v flow.Visitor, st state) (View, error) {
	stored, err := flow.Start(ctx, tx, kind, v, st)
	if err != nil || len(st.Ways) == 0 || st.Ways[0].Kind != string(gate.Tegata) {
		return s.view(v, &stored), err
	}
	m := &moment{Signin: s, visitor: v, flow: stored}
	if m.account, err = s.lock(ctx, tx, st); err != nil {
		return View{}, err
	}
	if err := m.askFirst(ctx, tx); err != nil {
		return View{}, err
	}
	handle := stored.Handle()
	view, err := m.close(ctx, tx)
	view.Handle, view.Fault = handle, nil // why it could not be asked is told where it is asked again
	return view, err
}

// StepUp begins to prove a living session anew, with all that its account has
// (MF-17). It is the same journey, and ends in the same session.
func (s *Signin) StepUp(ctx context.Context, v flow.Visitor, living session.Session, back string) (View, error) {
	var view View
	err := s.DB.Update(ctx, func(tx db.Tx) error {
		a, err := account.Of(ctx, tx, living.Account)
		if err != nil {
			return err
		}
		st := state{Typed: a.Email.Identifier, Account: a.ID, Step: Proof, Return: back, Reprove: living.ID, StepUp: true}
		if st.Typed.Norm == "" {
			st.Typed = account.Identifier{Kind: account.Username, Shown: a.Username}
		}
		if st.Ways, err = s.Firsts(ctx, tx, a); err != nil {
			return err
		}
		view, err = s.begin(ctx, tx, v, st)
		return err
	})
	return s.wake(view), err
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
		view = s.view(v, &stored)
		if stored.State.Step == Limit {
			// Where and when somebody is signed in is for who has proved to be them.
			a, err := account.Of(ctx, tx, stored.State.Account)
			if errors.Is(err, db.ErrNone) || err == nil && !stored.State.proved(a.Turn, tx.Now()) {
				view = View{Fault: faults.FlowExpired.New()}
				return nil
			}
			if err != nil {
				return err
			}
			if view.Sessions, err = s.Living(ctx, tx, a.ID); err != nil {
				return err
			}
		}
		if x := stored.State; x.own() && x.Sent[string(gate.Tegata)].Out {
			if view.Silent, err = push.MainLooksDead(ctx, tx, x.Account); err != nil {
				return err
			}
			if view.Stale, err = enter.AllStale(ctx, tx, x.Account); err != nil {
				return err
			}
		}
		if x := stored.State; x.own() && x.Sent[string(gate.SMSCode)].For.Channel == sentcode.SMS {
			view.Delivery, err = s.Stage(ctx, tx, x.Account, x.Sent[string(gate.SMSCode)].For)
		}
		return err
	})
	return view, err
}

// own says whether who looks may learn what is on file: they gave a proof, or
// their browser is known.
func (x state) own() bool { return len(x.Proofs) > 0 || len(x.Ways) > 0 }

// Wait is Look that waits, at most two seconds, until it is known whether an SMS
// could be sent.
func (s *Signin) Wait(ctx context.Context, v flow.Visitor, id ref.Flow) (view View, err error) {
	err = enter.Settled(ctx, func() (outbox.Stage, error) {
		view, err = s.Look(ctx, v, id)
		return view.Delivery, err
	})
	return view, err
}

func (s *Signin) view(visitor flow.Visitor, st *flow.Stored[state]) View {
	x := st.State
	v := View{Handle: st.Handle(), ID: st.ID, Step: x.Step, Typed: x.Typed, Return: x.Return, Keep: x.Keep, StepUp: x.StepUp, Number: x.Number}
	switch x.Step {
	case Proof:
		for _, w := range s.firsts(x) {
			v.Ways = append(v.Ways, x.way(w))
		}
	case Second, Another:
		for _, w := range x.Ways {
			v.Ways = append(v.Ways, x.way(w))
		}
		if x.Step == Second && visitor.Proven && !x.StepUp {
			v.TrustDays = x.TrustDays
		}
	case Limit:
		v.Ways, v.Refused = []Way{{Kind: EndSessions}}, x.Refused
	case NewWord:
		v.Ways, v.MinWord = []Way{{Kind: NewPassword}}, cmp.Or(x.Least, s.Rules.Default().Password.MinLengthSingle)
	case Address:
		v.Ways = []Way{x.way(enter.Way{Kind: ConfirmCode})}
	}
	return v
}

func (x state) way(w enter.Way) Way {
	out := x.Sent[w.Kind]
	return Way{Kind: w.Kind, Names: w.Names, Sent: out.Out, Until: out.Resend}
}

// firsts says which first proofs may be used. Without ways of its own it looks at
// what was typed and at whether its domain is hosted here (SI-05), at nothing a
// stranger could learn from.
func (s *Signin) firsts(x state) []enter.Way {
	if x.Open {
		if s.Keys != nil && !x.Tegata {
			return []enter.Way{{Kind: string(gate.Passkey)}}
		}
		return []enter.Way{{Kind: string(gate.Tegata)}}
	}
	if len(x.Ways) > 0 {
		return x.Ways
	}
	out := []enter.Way{{Kind: string(gate.Password)}}
	if !x.Hosted {
		out = append(out, enter.Way{Kind: string(gate.MailCode)})
	}
	if s.SMS {
		out = append(out, enter.Way{Kind: string(gate.SMSCode)})
	}
	if s.Keys != nil {
		out = append(out, enter.Way{Kind: string(gate.Passkey)})
	}
	if x.Tegata {
		out = append(out, enter.Way{Kind: string(gate.Tegata)}, enter.Way{Kind: string(gate.TegataCode)})
	}
	return out
}

// Answer is what a person gives at a step.
type Answer struct {
	Kind     string
	Value    string
	Keep     bool
	Trust    bool // trust this browser (TB-01)
	Sessions []ref.Session
}

// Answer takes one answer and shows what is next. A code that is asked for
// without an answer is sent.
func (s *Signin) Answer(ctx context.Context, v flow.Visitor, id ref.Flow, a Answer) (View, error) {
	switch k := gate.Kind(a.Kind); {
	case a.Kind == EndSessions:
		return s.step(ctx, v, id, Limit, func(ctx context.Context, tx db.Tx, m *moment) error { return m.endSessions(ctx, tx, a.Sessions) })
	case a.Kind == NewPassword:
		return s.newWord(ctx, v, id, a)
	case a.Value == "" && (a.Kind == ConfirmCode || k == gate.MailCode || k == gate.SMSCode || k == gate.Tegata):
		return s.step(ctx, v, id, "", func(ctx context.Context, tx db.Tx, m *moment) error { return m.send(ctx, tx, a.Kind) })
	case enter.Slow(k):
		return s.slow(ctx, v, id, a)
	case a.Kind == ConfirmCode, k == gate.MailCode, k == gate.SMSCode, k == gate.TOTP, k == gate.Passkey, k == gate.Tegata, k == gate.TegataCode:
		return s.step(ctx, v, id, "", func(ctx context.Context, tx db.Tx, m *moment) error { return m.answer(ctx, tx, a, enter.Reckoned{}) })
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
	asked   bool // Tegata was asked: who waits for that is woken once it is kept
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
			view = s.view(v, &stored)
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
	return s.wake(view), err
}

// wake wakes the installations that were asked, once it is kept.
func (s *Signin) wake(v View) View {
	if v.asked != "" {
		s.Hub.Wake(string(v.asked))
	}
	return v
}

func (s *Signin) lock(ctx context.Context, tx db.Tx, x state) (account.Account, error) {
	id := x.Account
	if id == "" {
		id = ref.NewAccount(tx.Now()) // nobody's: it is asked all the same (SI-28)
	}
	a, err := account.Lock(ctx, tx, id)
	if errors.Is(err, db.ErrNone) {
		// Nobody, or erased meanwhile: from now on a stranger like any other, for whom
		// the second half of the work is done too.
		if _, err = account.Of(ctx, tx, id); errors.Is(err, db.ErrNone) {
			err = nil
		}
		return account.Account{}, err
	}
	return a, err
}

// close stores what the answer changed and makes the view.
func (m *moment) close(ctx context.Context, tx db.Tx) (View, error) {
	if o := m.result.Opened; o != nil {
		if err := flow.End(ctx, tx, m.flow.ID); err != nil {
			return View{}, err
		}
		return View{Step: Finished, Typed: m.flow.State.Typed, Opened: o, Return: m.flow.State.Return, Keep: m.flow.State.Keep, StepUp: m.flow.State.StepUp}, nil
	}
	f, err := m.flow.Save(ctx, tx)
	if err != nil {
		return View{}, err
	}
	view := m.view(m.visitor, &m.flow)
	view.Fault, view.Sessions = m.fault, m.result.Sessions
	if m.asked {
		view.asked = m.account.ID
	}
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
	m.result, err = m.Enter(ctx, tx, enter.Who{Visitor: m.visitor, Account: m.account, Proofs: x.Proofs, Keep: x.Keep,
		Reprove: x.Reprove, StepUp: x.StepUp, Trust: x.Trust})
	if err != nil {
		return err
	}
	m.fault = m.result.Fault
	switch m.result.Need {
	case gate.NeedSecond, gate.NeedAnother:
		if x.Step = Second; m.result.Need == gate.NeedAnother {
			x.Step = Another
		}
		// A code that was sent as a first proof is none for the second.
		x.Ways, x.Sent, x.Number, x.TrustDays = m.result.Ways, nil, "", m.result.TrustDays
		return m.askFirst(ctx, tx)
	case gate.NeedPassword:
		x.Step, m.fault = NewWord, faults.PasswordExpired.New()
		set, err := m.SetOf(ctx, tx, m.account)
		x.Least = m.Least(set)
		return err
	case gate.NeedAddress:
		x.Step = Address
		return m.send(ctx, tx, ConfirmCode)
	}
	switch {
	case m.fault != nil && m.fault.Code() == faults.SessionLimit.Code:
		x.Step, x.Refused = Limit, m.fault.Reference
	case m.fault != nil:
		// Whatever else refuses ends what was proved: the next try begins anew.
		x.Proofs, x.Step, x.Sent = nil, Proof, nil
		if !x.StepUp {
			x.Ways = nil
		}
	}
	return nil
}

// proofLives is how long a proof in a journey counts.
const proofLives = 10 * time.Minute

// standing are the proofs that count and are not too old.
func (x state) standing(turn int64, now time.Time) []gate.Proof {
	return slices.DeleteFunc(gate.Standing(x.Proofs, turn), func(p gate.Proof) bool { return now.Sub(p.At) >= proofLives })
}

// proved says whether there is a proof that counts, and none of them is too old.
func (x state) proved(turn int64, now time.Time) bool {
	p := x.standing(turn, now)
	return len(p) > 0 && len(p) == len(gate.Standing(x.Proofs, turn))
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
