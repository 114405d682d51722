package signin

import (
	"context"
	"errors"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/factor/passkey"
	"sekisho/internal/factor/sentcode"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/ref"
)

// order says whether the journey is where an answer of a kind belongs; nil when
// it is.
func (m *moment) order(tx db.Tx, kind string) *fault.Fault {
	x := m.flow.State
	sends := kind == string(gate.Tegata) || kind == ConfirmCode || kind == string(gate.MailCode) || kind == string(gate.SMSCode)
	switch {
	case (x.Step == Address) != (kind == ConfirmCode), x.Step != Address && x.Step != Proof && x.Step != Second && x.Step != Another,
		sends && !x.Sent[kind].Out:
		return faults.FlowOrder.New()
	case x.Step != Proof && !m.proved(tx.Now()):
		return faults.FlowExpired.New()
	}
	return nil
}

// purposes of codes by step.
var purposes = map[Step]sentcode.Purpose{Proof: sentcode.Signin, Second: sentcode.Second, Another: sentcode.Another, Address: sentcode.Confirm}

// send sends a code, or does as much where there is nobody to send it to.
func (m *moment) send(ctx context.Context, tx db.Tx, kind string) error {
	x := &m.flow.State
	switch {
	case purposes[x.Step] == "" || (x.Step == Address) != (kind == ConfirmCode), x.Step != Proof && !m.proved(tx.Now()):
		m.fault = faults.FlowOrder.New()
		return nil
	case !m.offers(kind):
		m.fault = faults.MethodNotOffered.New()
		return nil
	}
	if kind != ConfirmCode {
		_, f, err := m.May(ctx, tx, enter.Proving{Visitor: m.visitor, Account: m.account, Typed: x.Typed, Kind: gate.Kind(kind), Offered: true})
		if err != nil || f != nil {
			m.fault = f
			return err
		}
	}
	if kind == string(gate.Tegata) {
		return m.ask(ctx, tx)
	}
	out, to, err := m.target(ctx, tx, kind)
	if err != nil {
		return err
	}
	resend, f, err := m.SendCode(ctx, tx, enter.Send{Visitor: m.visitor, Account: m.account, For: out.For, To: to})
	if err != nil {
		return err
	}
	if f != nil {
		if m.fault == nil {
			m.fault = f
		}
		return nil
	}
	out.Out, out.Resend = true, resend
	if x.Sent == nil {
		x.Sent = map[string]sent{}
	}
	x.Sent[kind] = out
	return nil
}

// target says where a code of a kind goes.
func (m *moment) target(ctx context.Context, tx db.Tx, kind string) (sent, account.Identifier, error) {
	x := m.flow.State
	out := sent{For: sentcode.For{Purpose: purposes[x.Step], Channel: sentcode.Mail, Subject: enter.Subject(m.account, x.Typed), Flow: m.flow.ID,
		Target: m.account.Email.Norm}}
	if x.Step == Proof && !x.StepUp {
		out.For.Asked, out.For.Phone = enter.Asked(kind, x.Typed), kind == string(gate.SMSCode)
	}
	if kind != string(gate.SMSCode) {
		return out, account.Identifier{}, nil
	}
	to, err := m.Number(ctx, tx, m.account, x.Step == Second)
	if errors.Is(err, db.ErrNone) {
		// With no number on file the code goes by mail, without asking (SI-04); a
		// stranger cannot tell the two apart.
		return out, account.Identifier{}, nil
	}
	out.For.Channel, out.For.Target = sentcode.SMS, to.Norm
	return out, to, err
}

// Options are what the browser's passkey is asked, as the platform takes it
// (WebAuthn Level 3 §5.5, JSON).
func (s *Signin) Options(ctx context.Context, v flow.Visitor, id ref.Flow) (options []byte, f *fault.Fault, err error) {
	err = s.DB.Update(ctx, func(tx db.Tx) error {
		var stored flow.Stored[state]
		if stored, f, err = flow.Load[state](ctx, tx, kind, id, v); err != nil || f != nil {
			return err
		}
		m := &moment{Signin: s, visitor: v, flow: stored}
		switch x := stored.State; {
		case !m.offers(string(gate.Passkey)):
			f = faults.MethodNotOffered.New()
		case x.Step == Proof:
			options, err = s.Keys.SigninOptions(tx.Now(), string(id))
		default:
			options, err = s.Keys.ProveOptions(ctx, tx, x.Account, string(id))
		}
		return err
	})
	return options, f, err
}

// browserBound is what a challenge on the first page is bound to: there is no
// journey yet.
func browserBound(v flow.Visitor) string { return "browser:" + string(v.Browser) }

// FirstOptions are the options of the first page, where nothing was typed yet
// (SI-18).
func (s *Signin) FirstOptions(now time.Time, v flow.Visitor) ([]byte, *fault.Fault, error) {
	if s.Keys == nil {
		return nil, faults.MethodNotOffered.New(), nil
	}
	options, err := s.Keys.SigninOptions(now, browserBound(v))
	return options, nil, err
}

// Passkey begins a journey with a passkey given on the first page; held are the
// sessions this browser has, by account.
func (s *Signin) Passkey(ctx context.Context, v flow.Visitor, ask Ask, response string, held map[ref.Account]ref.Session) (View, error) {
	var view View
	if s.Keys == nil {
		return View{Fault: faults.MethodNotOffered.New()}, nil
	}
	err := s.DB.Update(ctx, func(tx db.Tx) error {
		got, err := s.Judge(ctx, tx, enter.Proving{Visitor: v, Kind: gate.Passkey, Offered: true, Ask: passkey.Signin, Bound: browserBound(v), Answer: response,
			Typed: account.Identifier{Kind: "passkey", Norm: string(v.Browser)}})
		if err != nil || !got.Right {
			view = View{Fault: got.Fault}
			return err
		}
		st := state{Open: true, Step: Proof, Return: ask.Return, Reprove: held[got.Account]}
		stored, err := flow.Start(ctx, tx, kind, v, st)
		if err != nil {
			return err
		}
		m := &moment{Signin: s, visitor: v, flow: stored}
		if _, err := m.whose(ctx, tx, got.Account); err != nil {
			return err
		}
		if err := m.right(ctx, tx, Answer{Kind: string(gate.Passkey)}, got); err != nil {
			return err
		}
		view, err = m.close(ctx, tx)
		return err
	})
	return view, err
}
