package enrol

import (
	"context"
	"errors"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/factor/passkey"
	"sekisho/internal/factor/sentcode"
	"sekisho/internal/factor/smscode"
	"sekisho/internal/factor/totp"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/session"
)

const kind = "enrol"

// state is what is kept while a factor is being set up.
type state struct {
	Account ref.Account        `json:"account"`
	Sealed  []byte             `json:"sealed,omitempty"` // the key an app is to hold
	To      account.Identifier `json:"to"`               // the number codes are to go to
	For     sentcode.For       `json:"for"`
	Resend  time.Time          `json:"resend"`
	Sent    bool               `json:"sent,omitempty"` // a code of this very journey went out
	Failed  int64              `json:"failed,omitempty"`
}

// View is what is being set up.
type View struct {
	Handle string
	ID     ref.Flow
	Key    secret.Text // base32, for an app
	URI    string      // the same as an otpauth address
	To     account.Identifier
	Resend time.Time
	Sent   bool         // a code went out; else it has to wait until Resend
	Stage  outbox.Stage // what became of the SMS
	Fault  *fault.Fault
}

func (e *Enrol) view(a account.Account, s *flow.Stored[state]) (View, error) {
	v := View{Handle: s.Handle(), ID: s.ID, To: s.State.To, Resend: s.State.Resend, Sent: s.State.Sent}
	if s.State.Sealed == nil {
		return v, nil
	}
	key, err := e.Ring.Open(s.State.Sealed, "enrol "+string(s.State.Account))
	if err != nil {
		return v, err
	}
	label := a.Email.Shown
	if label == "" {
		label = a.Username
	}
	v.Key = secret.Text(key)
	v.URI = totp.URI(e.Sheet.Service, label, v.Key)
	return v, nil
}

// begin starts setting up a kind, where the policy lets it.
func (e *Enrol) begin(ctx context.Context, v flow.Visitor, s session.Session, k gate.Kind, fill func(db.Tx, *act, *state) error) (View, error) {
	var view View
	d, err := e.change(ctx, v, s, func(tx db.Tx, x *act) error {
		view = View{}
		if x.forbids(k) {
			return nil
		}
		st := state{Account: x.account.ID}
		if err := fill(tx, x, &st); err != nil || x.done.Fault != nil {
			return err
		}
		stored, err := flow.Start(ctx, tx, kind, v, st)
		if err != nil {
			return err
		}
		if k == gate.SMSCode {
			if err := x.send(ctx, tx, &stored); err != nil {
				return err
			}
			if f := x.done.Fault; f != nil && f.Code() == faults.CodeSendLimit.Code {
				return nil // no code for a while: it is told where the number was entered
			}
		}
		view, err = e.view(x.account, &stored)
		return err
	})
	view.Fault = d.Fault
	return view, err
}

// load reads what is being set up; it must be this account's.
func (e *Enrol) load(ctx context.Context, tx db.Tx, x *act, id ref.Flow) (flow.Stored[state], error) {
	s, f, err := flow.Load[state](ctx, tx, kind, id, x.visitor)
	if err == nil && f == nil && s.State.Account != x.account.ID {
		f = faults.FlowOtherBrowser.New()
	}
	x.done.Fault = f
	return s, err
}

// Look shows what is being set up, for a page that is loaded again.
func (e *Enrol) Look(ctx context.Context, v flow.Visitor, s session.Session, id ref.Flow) (view View, err error) {
	d, err := e.change(ctx, v, s, func(tx db.Tx, x *act) error {
		stored, err := e.load(ctx, tx, x, id)
		if err != nil || x.done.Fault != nil {
			return err
		}
		if view, err = e.view(x.account, &stored); err != nil || !view.Sent {
			return err
		}
		view.Stage, err = e.Stage(ctx, tx, x.account.ID, stored.State.For)
		return err
	})
	view.Fault = d.Fault
	return view, err
}

// Wait is Look that waits, at most two seconds, until it is known whether an SMS
// could be sent.
func (e *Enrol) Wait(ctx context.Context, v flow.Visitor, s session.Session, id ref.Flow) (View, error) {
	for range 20 {
		view, err := e.Look(ctx, v, s, id)
		if err != nil || view.Stage != outbox.Underway {
			return view, err
		}
		select {
		case <-ctx.Done():
			return view, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return e.Look(ctx, v, s, id)
}

// App begins to set up an authenticator app: it makes the key to scan.
func (e *Enrol) App(ctx context.Context, v flow.Visitor, s session.Session) (View, error) {
	return e.begin(ctx, v, s, gate.TOTP, func(_ db.Tx, x *act, st *state) (err error) {
		if len(x.set.Apps) >= totp.Most {
			x.done.Fault = faults.FactorFull.New()
			return nil
		}
		st.Sealed, err = e.Ring.Seal([]byte(totp.NewKey().Reveal()), "enrol "+string(st.Account))
		return err
	})
}

// First is the first code of an app, and what its owner calls it.
type First struct{ Name, Code string }

// ConfirmApp takes the first code of an app and keeps it.
func (e *Enrol) ConfirmApp(ctx context.Context, v flow.Visitor, s session.Session, id ref.Flow, first First) (Done, error) {
	name, f := Name(first.Name, "Authenticator app")
	if f != nil {
		return Done{Fault: f}, nil
	}
	spare, err := e.spare(ctx, s)
	if err != nil {
		return Done{}, err
	}
	return e.change(ctx, v, s, func(tx db.Tx, x *act) error {
		stored, err := e.load(ctx, tx, x, id)
		if err != nil || x.done.Fault != nil {
			return err
		}
		view, err := e.view(x.account, &stored)
		if err != nil {
			return err
		}
		factor, got, err := e.Apps.Enrol(ctx, tx, x.account.ID, name, view.Key, first.Code)
		if err != nil {
			return err
		}
		if got.Outcome != totp.Right {
			x.done.Fault = told(got)
			return nil
		}
		x.done.Factor = factor
		if err := flow.End(ctx, tx, id); err != nil {
			return err
		}
		return x.added(ctx, tx, gate.Proof{Kind: gate.TOTP, At: tx.Now()}, name, spare)
	})
}

// told is what an app's first code is refused with.
func told(got totp.Result) *fault.Fault {
	switch got.Outcome {
	case totp.Full:
		return faults.FactorFull.New()
	case totp.Skewed:
		return faults.CodeClockSkew.New("drift", enter.Drift(got))
	default:
		return faults.CodeWrong.New("kind", string(gate.TOTP))
	}
}

// Number begins to set up codes by SMS: it sends one to the number.
func (e *Enrol) Number(ctx context.Context, v flow.Visitor, s session.Session, raw string) (View, error) {
	to, err := account.Parse(raw)
	if err != nil || to.Kind != account.Mobile {
		return View{Fault: faults.NumberMalformed.New()}, nil
	}
	if !e.SMS {
		return View{Fault: faults.FactorNotAllowed.New()}, nil
	}
	return e.begin(ctx, v, s, gate.SMSCode, func(_ db.Tx, x *act, st *state) error {
		for _, n := range x.set.Numbers {
			if n.Norm == to.Norm {
				x.done.Fault = faults.FactorTaken.New()
			}
		}
		if len(x.set.Numbers) >= smscode.Most {
			x.done.Fault = faults.FactorFull.New()
		}
		st.To = to
		return nil
	})
}

func (x *act) send(ctx context.Context, tx db.Tx, s *flow.Stored[state]) error {
	st := &s.State
	st.For = sentcode.For{Purpose: sentcode.Enrol, Channel: sentcode.SMS, Subject: string(x.account.ID), Flow: s.ID, Target: st.To.Norm}
	resend, f, err := x.SendCode(ctx, tx, enter.Send{Visitor: x.visitor, Account: x.account, For: st.For, To: st.To})
	if err != nil {
		return err
	}
	x.done.Fault, st.Resend, st.Sent = f, resend, st.Sent || f == nil
	_, err = s.Save(ctx, tx)
	return err
}

// SendNumber sends another code to the number being set up.
func (e *Enrol) SendNumber(ctx context.Context, v flow.Visitor, s session.Session, id ref.Flow) (Done, error) {
	return e.change(ctx, v, s, func(tx db.Tx, x *act) error {
		stored, err := e.load(ctx, tx, x, id)
		if err != nil || x.done.Fault != nil {
			return err
		}
		return x.send(ctx, tx, &stored)
	})
}

// ConfirmNumber takes the code that came by SMS and keeps the number.
func (e *Enrol) ConfirmNumber(ctx context.Context, v flow.Visitor, s session.Session, id ref.Flow, code string) (Done, error) {
	spare, err := e.spare(ctx, s)
	if err != nil {
		return Done{}, err
	}
	return e.change(ctx, v, s, func(tx db.Tx, x *act) error {
		stored, err := e.load(ctx, tx, x, id)
		if err != nil || x.done.Fault != nil {
			return err
		}
		st := &stored.State
		got, err := x.Judge(ctx, tx, enter.Proving{Visitor: v, Account: x.account, Kind: gate.SMSCode, Act: enter.Enrol, Offered: true, Code: st.For, Answer: code, Failed: st.Failed})
		if err != nil {
			return err
		}
		if !got.Right {
			if x.done.Fault = got.Fault; got.Counted {
				st.Failed++
			}
			_, err = stored.Save(ctx, tx)
			return err
		}
		x.done.Factor, err = smscode.Enrol(ctx, tx, x.account.ID, st.To.Norm, st.To.Shown)
		if errors.Is(err, db.ErrTaken) {
			x.done.Fault = faults.FactorTaken.New()
			return nil
		}
		if err != nil {
			return err
		}
		if err := flow.End(ctx, tx, id); err != nil {
			return err
		}
		return x.added(ctx, tx, got.Proof, st.To.Masked(), spare)
	})
}

func keyBound(s session.Session) string { return "session:" + string(s.ID) }

// KeyOptions are what the browser is asked to make a passkey or register a
// security key (WebAuthn Level 3 §5.4, JSON).
func (e *Enrol) KeyOptions(ctx context.Context, v flow.Visitor, s session.Session) (options []byte, f *fault.Fault, err error) {
	if e.Keys == nil {
		return nil, faults.FactorNotAllowed.New(), nil
	}
	d, err := e.change(ctx, v, s, func(tx db.Tx, x *act) (err error) {
		if x.forbids(gate.Passkey) {
			return nil
		}
		label := x.account.Email.Shown
		if label == "" {
			label = x.account.Username
		}
		options, err = e.Keys.EnrolOptions(ctx, tx, passkey.About{Account: x.account.ID, Name: x.account.Name, Label: label}, keyBound(s))
		return err
	})
	return options, d.Fault, err
}

// Key keeps a new passkey or security key.
func (e *Enrol) Key(ctx context.Context, v flow.Visitor, s session.Session, name string, response []byte) (Done, error) {
	name, f := Name(name, "Passkey")
	if f != nil {
		return Done{Fault: f}, nil
	}
	if e.Keys == nil {
		return Done{Fault: faults.FactorNotAllowed.New()}, nil
	}
	spare, err := e.spare(ctx, s)
	if err != nil {
		return Done{}, err
	}
	return e.change(ctx, v, s, func(tx db.Tx, x *act) error {
		if x.forbids(gate.Passkey) {
			return nil
		}
		c, got, err := e.Keys.Enrol(ctx, tx, x.account.ID, name, keyBound(s), response)
		if err != nil {
			return err
		}
		switch got {
		case passkey.Right:
			x.done.Factor = c.ID
			return x.added(ctx, tx, gate.Proof{Kind: gate.Passkey, At: tx.Now(), User: c.UV, Hard: !c.Synced}, name, spare)
		case passkey.Taken:
			x.done.Fault = faults.FactorTaken.New()
		case passkey.Full:
			x.done.Fault = faults.FactorFull.New()
		default:
			x.done.Fault = faults.KeyNotWorking.New()
		}
		return nil
	})
}
