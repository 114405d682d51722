package signin

import (
	"context"
	"errors"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/factor/password"
	"sekisho/internal/factor/sentcode"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/ref"
	"sekisho/internal/slowhash"
)

// password judges a password. The hash is reckoned between two transactions:
// the first turns away who waits, without the work; the second, holding the
// counters, decides whether the result counts at all. Of a hundred guesses in
// parallel no more are answered than one after another would be.
func (s *Signin) password(ctx context.Context, v flow.Visitor, id ref.Flow, a Answer) (View, error) {
	var phc string
	ready := false
	view, err := s.step(ctx, v, id, Proof, func(ctx context.Context, tx db.Tx, m *moment) error {
		ready = false
		ok, err := m.try(ctx, tx, gate.Password, enter.ByPassword)
		if err != nil || !ok {
			return err
		}
		rec, err := password.Of(ctx, tx, m.account.ID)
		if err != nil && !errors.Is(err, db.ErrNone) {
			return err
		}
		phc, ready = rec.PHC, true
		return nil
	})
	if err != nil || !ready {
		return view, err
	}
	right, fresh, err := s.verify(ctx, a.Value, phc)
	if errors.Is(err, slowhash.ErrBusy) {
		view.Fault = faults.Busy.New()
		return view, nil
	}
	if err != nil {
		return View{}, err
	}
	return s.step(ctx, v, id, Proof, func(ctx context.Context, tx db.Tx, m *moment) error {
		ok, err := m.try(ctx, tx, gate.Password, enter.ByPassword)
		if err != nil || !ok {
			return err
		}
		rec, err := password.Of(ctx, tx, m.account.ID)
		if err != nil && !errors.Is(err, db.ErrNone) {
			return err
		}
		// A password changed while we reckoned is another password.
		if !right || rec.PHC != phc || m.account.ID == "" {
			return m.fail(ctx, tx, enter.ByPassword, truth(m.account, rec.PHC))
		}
		if fresh != "" {
			if err := password.Rehash(ctx, tx, m.account.ID, phc, fresh); err != nil {
				return err
			}
		}
		m.flow.State.Keep = a.Keep
		return m.succeed(ctx, tx, enter.ByPassword, gate.Password)
	})
}

// verify checks a password against its hash, or does the same work where there
// is none, and gives a new hash when the cost setting has changed.
func (s *Signin) verify(ctx context.Context, raw, phc string) (right bool, fresh string, err error) {
	plain, problem := password.Parse(raw)
	if problem != nil {
		phc = "" // what could never be set is wrong, at the same cost
	}
	right, err = s.Hasher.Verify(ctx, plain.Text(), phc)
	if err != nil || !right || !s.Hasher.NeedsRehash(phc) {
		return right, "", err
	}
	fresh, err = s.Hasher.Hash(ctx, plain.Text())
	if errors.Is(err, slowhash.ErrBusy) {
		return right, "", nil // another time; the old hash still holds
	}
	return right, fresh, err
}

func truth(a account.Account, phc string) string {
	switch {
	case a.ID == "":
		return "no account"
	case phc == "":
		return "no password set"
	case a.State != account.Active:
		return "wrong, and the account is " + string(a.State)
	default:
		return "wrong"
	}
}

// try asks gate whether the proof may be evaluated; false when it refused.
func (m *moment) try(ctx context.Context, tx db.Tx, k gate.Kind, class enter.Class) (bool, error) {
	d, err := m.Try(ctx, tx, enter.Attempt{Visitor: m.visitor, Account: m.account, Typed: m.flow.State.Typed, Kind: k, Class: class, Offered: m.offered(m.flow.State, k)})
	if err != nil || d.Verdict == gate.Admit {
		return err == nil, err
	}
	m.fault, err = m.Refuse(ctx, tx, enter.Refusal{Visitor: m.visitor, Account: m.account.ID, Decision: d, Class: class})
	return false, err
}

func (m *moment) fail(ctx context.Context, tx db.Tx, class enter.Class, truth string) error {
	if m.flow.State.Failures == nil {
		m.flow.State.Failures = map[string]int64{}
	}
	m.flow.State.Failures[string(class)]++
	var err error
	m.fault, err = m.Fail(ctx, tx, enter.Attempt{Visitor: m.visitor, Account: m.account, Typed: m.flow.State.Typed, Class: class, Truth: truth})
	return err
}

func (m *moment) succeed(ctx context.Context, tx db.Tx, class enter.Class, k gate.Kind) error {
	x := &m.flow.State
	if err := m.Succeed(ctx, tx, enter.Attempt{Visitor: m.visitor, Account: m.account, Typed: x.Typed, Class: class}, x.Failures[string(class)]); err != nil {
		return err
	}
	x.Proofs = append(x.Proofs, gate.Proof{Kind: k, At: tx.Now(), Turn: m.account.Turn})
	return m.enter(ctx, tx)
}

// send sends a code, or does as much where there is nobody to send it to.
func (s *Signin) send(ctx context.Context, v flow.Visitor, id ref.Flow, a Answer) (View, error) {
	return s.step(ctx, v, id, "", func(ctx context.Context, tx db.Tx, m *moment) error {
		switch x := m.flow.State; {
		case x.Step == Address && a.Kind == "confirm_code":
			return m.sendCode(ctx, tx, sentcode.Confirm)
		case x.Step != Proof || a.Kind != string(gate.MailCode):
			m.fault = faults.FlowOrder.New()
			return nil
		}
		ok, err := m.try(ctx, tx, gate.MailCode, enter.ByMailCode)
		if err != nil || !ok {
			return err
		}
		return m.sendCode(ctx, tx, sentcode.Signin)
	})
}

func (m *moment) sendCode(ctx context.Context, tx db.Tx, p sentcode.Purpose) error {
	x := &m.flow.State
	resend, f, err := m.SendCode(ctx, tx, enter.Send{
		Visitor: m.visitor, Account: m.account,
		For: sentcode.For{Purpose: p, Subject: enter.Subject(m.account, x.Typed), Flow: m.flow.ID},
	})
	if err != nil {
		return err
	}
	if f == nil {
		x.CodeOut, x.Resend = true, resend
	} else if m.fault == nil {
		m.fault = f
	}
	return nil
}

// code judges a code, for signing in or for confirming the address.
func (s *Signin) code(ctx context.Context, v flow.Visitor, id ref.Flow, a Answer) (View, error) {
	return s.step(ctx, v, id, "", func(ctx context.Context, tx db.Tx, m *moment) error {
		confirming := a.Kind == "confirm_code"
		if x := m.flow.State; !x.CodeOut || confirming != (x.Step == Address) || !confirming && x.Step != Proof {
			m.fault = faults.FlowOrder.New()
			return nil
		}
		if confirming && !m.proved(tx.Now()) {
			m.fault = faults.FlowExpired.New()
			return nil
		}
		ok, err := m.try(ctx, tx, gate.MailCode, enter.ByMailCode)
		if err != nil || !ok {
			return err
		}
		return m.checkCode(ctx, tx, a, confirming)
	})
}

func (m *moment) checkCode(ctx context.Context, tx db.Tx, a Answer, confirming bool) error {
	x := &m.flow.State
	purpose := sentcode.Signin
	if confirming {
		purpose = sentcode.Confirm
	}
	got, err := m.Codes.Check(ctx, tx, sentcode.For{Purpose: purpose, Subject: enter.Subject(m.account, x.Typed), Flow: m.flow.ID}, a.Value)
	switch {
	case err != nil:
		return err
	case got == sentcode.Expired:
		x.CodeOut = false
		m.fault = faults.CodeExpired.New()
		return nil
	case got == sentcode.Wrong || m.account.ID == "":
		return m.fail(ctx, tx, enter.ByMailCode, "wrong code")
	}
	// Whoever read the code owns the mailbox: that is all a confirmation asks.
	if m.account.State == account.Unconfirmed || m.account.Email.Confirmed.IsZero() {
		// The password was chosen by whoever signed up, which may have been somebody
		// else who waits for the owner of the mailbox to confirm (pre-hijacking).
		if !confirming && m.account.State == account.Unconfirmed {
			if err := password.Drop(ctx, tx, m.account.ID); err != nil {
				return err
			}
		}
		f, err := m.Confirm(ctx, tx, &m.account, m.visitor)
		if err != nil || f != nil {
			m.fault = f
			return err
		}
	}
	if confirming {
		return m.enter(ctx, tx)
	}
	x.Keep = a.Keep
	return m.succeed(ctx, tx, enter.ByMailCode, gate.MailCode)
}

// newWord sets a new password where the gate asked for one, and goes on.
func (s *Signin) newWord(ctx context.Context, v flow.Visitor, id ref.Flow, a Answer) (View, error) {
	var owner account.Account
	ready := false
	view, err := s.step(ctx, v, id, NewWord, func(_ context.Context, tx db.Tx, m *moment) error {
		ready = false
		if !m.proved(tx.Now()) || m.account.ID == "" {
			m.fault = faults.FlowExpired.New()
			return nil
		}
		owner, ready = m.account, true
		return nil
	})
	if err != nil || !ready {
		return view, err
	}
	word, f, err := s.NewPassword(ctx, owner, a.Value)
	if err != nil || f != nil {
		view.Fault = f
		return view, err
	}
	return s.step(ctx, v, id, NewWord, func(ctx context.Context, tx db.Tx, m *moment) error {
		if !m.proved(tx.Now()) {
			m.fault = faults.FlowExpired.New()
			return nil
		}
		if err := m.SetPassword(ctx, tx, enter.Who{Visitor: v, Account: m.account}, word); err != nil {
			return err
		}
		if m.account, err = account.Of(ctx, tx, m.account.ID); err != nil {
			return err
		}
		// Whoever set the new password has proved what it replaced.
		for i := range m.flow.State.Proofs {
			m.flow.State.Proofs[i].Turn = m.account.Turn
		}
		m.flow.State.Step = Proof
		return m.enter(ctx, tx)
	})
}
