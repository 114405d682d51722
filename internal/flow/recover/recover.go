// Package recover owns the ways back when something is lost: a code or link to the
// account's address, then a new password and a session; or, where Tegata is lost while
// the sign-in lock is on, strong proofs and a new Tegata, and no session.
//
// It asks the same gate as every other journey and opens nothing that a sign-in
// would not. Strangers get the same answers whether or not an account exists. It
// knows no page and no protocol.
package recover

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/browser"
	"sekisho/internal/cooling"
	"sekisho/internal/db"
	"sekisho/internal/factor/sentcode"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
)

// Recover is the journey; with Tegata, the one to a new Tegata. What belongs to one of
// the two is of no use in the other.
type Recover struct {
	*enter.Entry
	Tegata bool
}

func (r *Recover) kind() string { return string(r.waitsFor()) }

// purpose is what the code and link that begin it are good for.
func (r *Recover) purpose() sentcode.Purpose {
	if r.Tegata {
		return sentcode.Replace
	}
	return sentcode.Recover
}

func (r *Recover) waitsFor() cooling.Purpose {
	if r.Tegata {
		return cooling.Replace
	}
	return cooling.Recover
}

// act is what its refusals are written down as.
func (r *Recover) act() enter.Act {
	if r.Tegata {
		return enter.Replaces
	}
	return enter.Recovery
}

// Step is where a person is.
type Step string

// The steps there are.
const (
	Code     Step = "code"
	Second   Step = "second"   // the second factor is asked for, or one more proof (RC-01, SI-19)
	Waiting  Step = "waiting"  // what was proved is weak: the password can be set later (RC-01)
	Word     Step = "password" // the new password is asked for
	Device   Step = "device"   // an installation of Tegata can be taken in
	Finished Step = "finished"
)

type state struct {
	Typed    account.Identifier `json:"typed"`
	Account  ref.Account        `json:"account,omitempty"`
	Step     Step               `json:"step"`
	For      sentcode.For       `json:"for"`
	To       account.Identifier `json:"to"`
	Proofs   []gate.Proof       `json:"proofs,omitempty"`
	Ways     []enter.Way        `json:"ways,omitempty"`    // of the second proof
	Another  bool               `json:"another,omitempty"` // it is one more proof of an account that has no second factor
	Sent     map[string]sent    `json:"sent,omitempty"`    // codes of the second proof that are out, by kind
	Resend   time.Time          `json:"resend"`
	Ready    time.Time          `json:"ready"` // Waiting: until when
	Failures map[string]int64   `json:"failures,omitempty"`
	Number   string             `json:"number,omitempty"`  // what Tegata is to be told
	Least    int                `json:"least,omitempty"`   // Word: how long it must be
	May      bool               `json:"may,omitempty"`     // Second: waiting would do as well
	Begun    bool               `json:"begun,omitempty"`   // and the wait is under way
	Ordered  bool               `json:"ordered,omitempty"` // an admin had it sent
	Lifts    bool               `json:"lifts,omitempty"`   // Word: the owner's own list of addresses goes with it (RC-09)
}

// sent is a code that is out.
type sent struct {
	For    sentcode.For `json:"for"`
	Resend time.Time    `json:"resend"`
}

// View is what a page or a program shows next.
type View struct {
	Handle   string
	ID       ref.Flow
	Step     Step
	Typed    account.Identifier
	Name     string
	Ways     []Way
	Resend   time.Time
	Ready    time.Time // Waiting: until when
	Fault    *fault.Fault
	Opened   *enter.Opened
	MinWord  int
	Number   string // what Tegata is to be told, while an approval is asked for
	asked    ref.Account
	Digits   int          // of the code that is out, where it is a long one; else 0
	Delivery outbox.Stage // what became of the second proof's SMS
	May      bool         // Second: waiting would do as well
	Begun    bool         // and the wait is under way
	Lifts    bool         // Word: the owner's own list of addresses goes with it
	Stale    bool         // Second: no installation has confirmed the newest password (ER-12)
	Ticket   Ticket       // Device: how far it has come
}

// Way is one way to give the second proof.
type Way struct {
	Kind  string
	Names []string
	Sent  bool
	Until time.Time
}

func (r *Recover) view(s *flow.Stored[state]) View {
	x := s.State
	v := View{Handle: s.Handle(), ID: s.ID, Step: x.Step, Typed: x.Typed, Resend: x.Resend, Ready: x.Ready, Number: x.Number, May: x.May, Begun: x.Begun, Lifts: x.Lifts, MinWord: cmp.Or(x.Least, r.Rules.Default().Password.MinLengthSingle)}
	if x.For.Long {
		v.Digits = sentcode.LongDigits
	}
	for _, w := range x.Ways {
		out, is := x.Sent[w.Kind]
		v.Ways = append(v.Ways, Way{Kind: w.Kind, Names: w.Names, Sent: is, Until: out.Resend})
	}
	return v
}

// Start takes an identifier and sends a code and a link to the account's
// address, or does as much where there is none.
func (r *Recover) Start(ctx context.Context, v flow.Visitor, identifier string) (View, error) {
	typed, err := account.Parse(identifier)
	if err != nil {
		return View{Fault: enter.Unread(err)}, nil
	}
	if f := r.Group(typed); f != nil {
		return View{Fault: f}, nil
	}
	var view View
	err = r.DB.Update(ctx, func(tx db.Tx) error {
		a, err := account.Find(ctx, tx, typed)
		if err != nil && !errors.Is(err, db.ErrNone) {
			return err
		}
		s, err := flow.Start(ctx, tx, r.kind(), v, state{Typed: typed, Account: a.ID, Step: Code})
		if err != nil {
			return err
		}
		m := &moment{Recover: r, visitor: v, flow: s, account: a}
		if err := m.aim(ctx, tx); err != nil {
			return err
		}
		if err := m.send(ctx, tx); err != nil {
			return err
		}
		view = r.view(&m.flow)
		view.Fault = m.fault
		_, err = m.flow.Save(ctx, tx)
		return err
	})
	return view, err
}

// Look shows where a journey is.
func (r *Recover) Look(ctx context.Context, v flow.Visitor, id ref.Flow) (View, error) {
	var view View
	err := r.DB.View(ctx, func(tx db.ReadTx) error {
		s, f, err := flow.Load[state](ctx, tx, r.kind(), id, v)
		if err != nil || f != nil {
			view = View{Fault: f}
			return err
		}
		view = r.view(&s)
		if x := s.State; x.Step == Second && x.Sent[string(gate.SMSCode)].For.Channel == sentcode.SMS {
			view.Delivery, err = r.Stage(ctx, tx, x.Account, x.Sent[string(gate.SMSCode)].For)
		}
		if x := s.State; err == nil && x.Step == Second && slices.ContainsFunc(x.Ways, func(w enter.Way) bool { return w.Kind == string(gate.Tegata) }) {
			view.Stale, err = enter.AllStale(ctx, tx, x.Account)
		}
		return err
	})
	return view, err
}

// Wait is Look that waits, at most two seconds, until it is known whether an SMS
// could be sent.
func (r *Recover) Wait(ctx context.Context, v flow.Visitor, id ref.Flow) (view View, err error) {
	err = enter.Settled(ctx, func() (outbox.Stage, error) {
		view, err = r.Look(ctx, v, id)
		return view.Delivery, err
	})
	return view, err
}

type moment struct {
	*Recover
	visitor flow.Visitor
	flow    flow.Stored[state]
	account account.Account
	fault   *fault.Fault
	result  enter.Result
	asked   bool // Tegata was asked
	ticket  Ticket
	over    bool // an installation was taken in
}

// aim chooses where the code goes: to the address or number that was typed, when
// the account has proved it, else to its primary address.
func (m *moment) aim(ctx context.Context, tx db.Tx) error {
	x := &m.flow.State
	x.For = sentcode.For{Purpose: m.purpose(), Channel: sentcode.Mail, Subject: enter.Subject(m.account, x.Typed), Flow: m.flow.ID, Target: m.account.Email.Norm,
		Asked: enter.Asked(m.kind(), x.Typed), Phone: x.Typed.Kind == account.Mobile}
	whose := m.account.ID
	if whose == "" {
		whose = ref.NewAccount(tx.Now()) // nobody's: it is asked all the same (SI-28)
	}
	list, err := account.Addresses(ctx, tx, whose)
	if err != nil {
		return err
	}
	for _, a := range list {
		if a.Kind != x.Typed.Kind || a.Norm != x.Typed.Norm || a.Confirmed.IsZero() {
			continue
		}
		switch {
		case a.Kind == account.Mobile && m.SMS:
			x.For.Channel, x.For.Target, x.To = sentcode.SMS, a.Norm, a.Identifier
		case a.Kind == account.Email:
			x.For.Target, x.To = a.Norm, a.Identifier
		}
	}
	return nil
}

func (m *moment) proving() enter.Proving {
	x := m.flow.State
	p := enter.Proving{Visitor: m.visitor, Account: m.account, Typed: x.Typed, Kind: gate.MailCode, Class: enter.ByRecovery, Act: m.act(), Offered: true,
		Code: x.For, Failed: x.Failures[string(enter.ByRecovery)]}
	if x.For.Channel == sentcode.SMS {
		p.Kind = gate.SMSCode
	}
	if p.Guess = gate.Renewable; x.For.Long {
		p.Guess = gate.Beyond
	}
	return p
}

func (m *moment) send(ctx context.Context, tx db.Tx) (err error) {
	x := &m.flow.State
	out := x.For
	if out.Long, err = m.Besieged(ctx, tx, enter.Attempt{Visitor: m.visitor, Account: m.account, Typed: x.Typed, Class: enter.ByRecovery}); err != nil {
		return err
	}
	resend, f, err := m.SendCode(ctx, tx, enter.Send{Visitor: m.visitor, Account: m.account, For: out, To: x.To})
	if f != nil {
		m.fault = f
	} else {
		x.For, x.Resend = out, resend // a code that was not made changes nothing about the one that is out
	}
	return err
}

func (r *Recover) step(ctx context.Context, v flow.Visitor, id ref.Flow, want Step, do func(db.Tx, *moment) error) (View, error) {
	var view View
	err := r.DB.Update(ctx, func(tx db.Tx) error {
		s, f, err := flow.Load[state](ctx, tx, r.kind(), id, v)
		if err != nil || f != nil {
			view = View{Fault: f}
			return err
		}
		view = r.view(&s)
		if s.State.Step != want {
			view.Fault = faults.FlowOrder.New()
			return nil
		}
		m := &moment{Recover: r, visitor: v, flow: s}
		if s.State.Account != "" {
			m.account, err = account.Lock(ctx, tx, s.State.Account)
			if err != nil && !errors.Is(err, db.ErrNone) {
				return err
			}
		}
		if err := do(tx, m); err != nil {
			return err
		}
		view, err = m.close(ctx, tx)
		return err
	})
	if err == nil && view.asked != "" {
		r.Hub.Wake(string(view.asked))
	}
	return view, err
}

func (m *moment) close(ctx context.Context, tx db.Tx) (View, error) {
	if o := m.result.Opened; o != nil {
		return View{Step: Finished, Opened: o, Typed: m.flow.State.Typed}, flow.End(ctx, tx, m.flow.ID)
	}
	if m.over {
		return View{Step: Finished, Typed: m.flow.State.Typed, Ticket: m.ticket, asked: m.account.ID}, flow.End(ctx, tx, m.flow.ID)
	}
	f, err := m.flow.Save(ctx, tx)
	view := m.view(&m.flow)
	view.Fault, view.Ticket = m.fault, m.ticket
	if m.asked {
		view.asked = m.account.ID
	}
	if f != nil {
		view.Fault = f
	}
	return view, err
}

// Resend sends another code.
func (r *Recover) Resend(ctx context.Context, v flow.Visitor, id ref.Flow) (View, error) {
	return r.step(ctx, v, id, Code, func(tx db.Tx, m *moment) error { return m.send(ctx, tx) })
}

// Answer takes the code. A right one is spent, and every other code and link
// that is out dies with it (RC-05).
func (r *Recover) Answer(ctx context.Context, v flow.Visitor, id ref.Flow, code string) (View, error) {
	return r.step(ctx, v, id, Code, func(tx db.Tx, m *moment) error {
		p := m.proving()
		p.Answer = code
		got, err := m.judge(ctx, tx, p)
		if err != nil || !got.Right {
			return err
		}
		return m.proved(ctx, tx, got.Proof)
	})
}

// judge judges one proof and keeps what came of it.
func (m *moment) judge(ctx context.Context, tx db.Tx, p enter.Proving) (enter.Judged, error) {
	x := &m.flow.State
	class := string(p.Class)
	got, err := m.Judge(ctx, tx, p)
	if err != nil {
		return got, err
	}
	if got.Right {
		delete(x.Failures, class) // forgiven once
		return got, nil
	}
	m.fault = got.Fault
	if got.Counted {
		if x.Failures == nil {
			x.Failures = map[string]int64{}
		}
		x.Failures[class]++
	}
	return got, nil
}

// proved takes in a proof and asks gate what is missing before the password may
// be set: recovery never ends at a lower level than the account requires (RC-01).
func (m *moment) proved(ctx context.Context, tx db.Tx, p gate.Proof) error {
	x := &m.flow.State
	if s := m.account.State; s == account.Disabled || s == account.Deleted {
		// The mailbox is proved, so the truth may be told; nothing is opened.
		code := faults.AccountDisabled
		if s == account.Deleted {
			code = faults.AccountDeleted
		}
		var err error
		m.fault, err = m.Refuse(ctx, tx, enter.Refusal{Visitor: m.visitor, Account: m.account.ID, Tell: code, Class: enter.ByRecovery, Act: m.act()})
		return err
	}
	x.Proofs = append(x.Proofs, p)
	return m.advance(ctx, tx)
}

// advance moves to the step that gate asks for.
func (m *moment) advance(ctx context.Context, tx db.Tx) error {
	if m.Tegata {
		return m.replace(ctx, tx)
	}
	x := &m.flow.State
	res, err := m.Weigh(ctx, tx, enter.Who{Visitor: m.visitor, Account: m.account, Proofs: x.Proofs, StepUp: true, Lost: true, Ordered: x.Ordered})
	if err != nil {
		return err
	}
	switch {
	case res.Fault != nil:
		m.fault, x.Proofs = res.Fault, nil
	case res.Need == gate.NeedSecond, res.Need == gate.NeedAnother:
		x.Step, x.Ways, x.Another, x.Sent, x.Number = Second, res.Ways, res.Need == gate.NeedAnother, nil, ""
	default:
		x.Ready, err = m.waits(ctx, tx)
		if x.Step = Word; !x.Ready.IsZero() {
			x.Step = Waiting
		}
		var set enter.Set
		if err == nil {
			set, err = m.SetOf(ctx, tx, m.account)
		}
		x.Least = m.Least(set)
		if err == nil {
			x.Lifts, err = m.Bars(ctx, tx, m.account.ID, m.visitor)
		}
	}
	return err
}

// waits says until when the password may not be set yet; zero when it may. Where a
// second factor is set up, an inbox and a phone number alone are what a thief of the
// phone has: the owner gets a day to notice (RC-01). So they do where "this was not me"
// took back what had stood for longer, or made a Tegata fresh again: who reads an old
// mailbox may have answered it, on a phone that was lost;
// and where it was answered, and the phone is all that is shown: a stolen one may be
// how the thief came in.
func (m *moment) waits(ctx context.Context, tx db.Tx) (until time.Time, err error) {
	set, err := m.SetOf(ctx, tx, m.account)
	phone := !m.account.Contained.IsZero() && set.Mail && !slices.ContainsFunc(m.flow.State.Proofs, func(p gate.Proof) bool { return p.Kind == gate.MailCode })
	if err != nil || !set.On() && !m.account.Lowered && !phone || !m.weak() {
		return until, err
	}
	w, err := m.Cool(ctx, tx, enter.Who{Visitor: m.visitor, Account: m.account, Proofs: m.flow.State.Proofs}, m.waitsFor())
	if err != nil || w.Over(tx.Now()) {
		return until, err
	}
	return w.Ready, nil
}

// proofLives is how long after the code the new password may be set.
const proofLives = sentcode.RecoverLives

// Password sets the new password, ends every session and app, lifts what
// failures had stopped, and signs in through the same gate as everybody.
func (r *Recover) Password(ctx context.Context, v flow.Visitor, id ref.Flow, raw string) (View, error) {
	var owner account.Account
	ready := false
	view, err := r.step(ctx, v, id, Word, func(tx db.Tx, m *moment) error {
		owner, ready = m.account, m.stands(tx.Now())
		if !ready {
			m.fault = faults.FlowExpired.New()
		}
		return nil
	})
	if err != nil || !ready {
		return view, err
	}
	word, f, err := r.NewPassword(ctx, owner, raw)
	if err != nil || f != nil {
		view.Fault = f
		return view, err
	}
	return r.step(ctx, v, id, Word, func(tx db.Tx, m *moment) error {
		if !m.stands(tx.Now()) {
			m.fault = faults.FlowExpired.New()
			return nil
		}
		// What the account asks for may have changed since: a factor that was set up
		// meanwhile is asked for, and a wait that was cancelled begins anew.
		if err := m.advance(ctx, tx); err != nil || m.fault != nil || m.flow.State.Step != Word {
			return err
		}
		if err := m.lift(ctx, tx, word); err != nil {
			return err
		}
		return m.enter(ctx, tx)
	})
}

// stands says whether what was proved is not too old, and nobody closed the
// account's doors since: of two journeys that got this far, one sets the password
// (RC-05).
func (m *moment) stands(now time.Time) bool {
	p := gate.Standing(m.flow.State.Proofs, m.account.Turn)
	return m.account.ID != "" && len(p) > 0 && len(p) == len(m.flow.State.Proofs) && now.Sub(p[0].At) < proofLives
}

func (m *moment) lift(ctx context.Context, tx db.Tx, word enter.Word) error {
	if err := m.SetPassword(ctx, tx, enter.Who{Visitor: m.visitor, Account: m.account}, word); err != nil {
		return err
	}
	if err := account.Release(ctx, tx, m.account.ID); err != nil {
		return err
	}
	if err := m.endSpares(ctx, tx); err != nil {
		return err
	}
	if err := m.LiftAllowed(ctx, tx, enter.Who{Visitor: m.visitor, Account: m.account}); err != nil {
		return err
	}
	// Whoever had the old password may have signed in from a browser of their own.
	if err := browser.Forget(ctx, tx, m.account.ID, m.visitor.Browser); err != nil {
		return err
	}
	if m.account.Email.Confirmed.IsZero() && m.reads(m.account.Email) {
		f, err := m.Confirm(ctx, tx, &m.account, m.visitor)
		if err != nil || f != nil {
			m.fault = f
			return err
		}
	}
	// Whoever has proved all that the account has is its owner: what strangers
	// stopped by guessing works again.
	for _, class := range enter.Classes {
		if err := enter.Factor(class, m.account.ID).Clear(ctx, tx); err != nil {
			return err
		}
	}
	_, err := audit.Write(ctx, tx, audit.Event{Kind: "account.recovered", Account: m.account.ID, Actor: string(m.account.ID),
		Addr: m.visitor.Addr.String(), Agent: m.visitor.Program, Place: m.visitor.Place})
	return err
}

// reads says whether a code or link proved that the account's owner reads an
// address. One that went to another address or number does not.
func (m *moment) reads(a account.Address) bool {
	return slices.ContainsFunc(m.flow.State.Proofs, func(p gate.Proof) bool { return p.Kind == gate.MailCode && p.Via == a.Norm })
}

func (m *moment) enter(ctx context.Context, tx db.Tx) error {
	if m.fault != nil {
		return nil
	}
	a, err := account.Of(ctx, tx, m.account.ID)
	if err != nil {
		return err
	}
	proofs := m.flow.State.Proofs
	for i := range proofs {
		proofs[i].Turn = a.Turn // the new password, set by who proved them, voided the others'
	}
	m.result, err = m.Enter(ctx, tx, enter.Who{Visitor: m.visitor, Account: a, Proofs: proofs, Lost: true, Ordered: m.flow.State.Ordered})
	m.fault = m.result.Fault
	return err
}
