package signin

import (
	"cmp"
	"context"
	"errors"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/factor/passkey"
	"sekisho/internal/factor/password"
	"sekisho/internal/factor/sentcode"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/ref"
	"sekisho/internal/slowhash"
)

// slow judges what is compared with a hash. The hash is reckoned between two
// transactions: the first turns away who waits, without the work; the second,
// holding the counters, decides whether the result counts at all. Of a hundred
// guesses in parallel no more are answered than one after another would be.
func (s *Signin) slow(ctx context.Context, v flow.Visitor, id ref.Flow, a Answer) (View, error) {
	var hashes enter.Hashes
	ready := false
	view, err := s.step(ctx, v, id, "", func(ctx context.Context, tx db.Tx, m *moment) (err error) {
		ready = false
		if f, err := m.may(ctx, tx, a.Kind); err != nil || f {
			return err
		}
		hashes, err = m.HashesOf(ctx, tx, m.proving(a.Kind))
		ready = true
		return err
	})
	if err != nil || !ready {
		return view, err
	}
	got, err := s.Reckon(ctx, gate.Kind(a.Kind), a.Value, hashes)
	if errors.Is(err, slowhash.ErrBusy) {
		view.Fault = faults.Busy.New()
		return view, nil
	}
	if err != nil {
		return View{}, err
	}
	return s.step(ctx, v, id, "", func(ctx context.Context, tx db.Tx, m *moment) error { return m.answer(ctx, tx, a, got) })
}

// may says whether an answer of a kind may be judged now; what stops it becomes
// the moment's fault.
func (m *moment) may(ctx context.Context, tx db.Tx, kind string) (stopped bool, err error) {
	if m.fault = m.order(tx, kind); m.fault != nil {
		return true, nil
	}
	_, m.fault, err = m.May(ctx, tx, m.proving(kind))
	return m.fault != nil, err
}

// proving is an answer of a kind as the factors judge it.
func (m *moment) proving(kind string) enter.Proving {
	x := m.flow.State
	p := enter.Proving{Visitor: m.visitor, Account: m.account, Typed: x.Typed, Kind: gate.Kind(kind), Code: x.Sent[kind].For,
		Offered: m.offers(kind), Ask: passkey.Proving, Bound: string(m.flow.ID)}
	if x.Step == Proof {
		p.Ask = passkey.Signin
	}
	if kind == ConfirmCode || kind == string(gate.SMSCode) && p.Code.Channel == sentcode.Mail {
		p.Kind = gate.MailCode // with no number on file the code went by mail (SI-04)
	}
	if p.Kind == gate.Passkey && x.Step == Proof {
		p.Account = account.Account{} // the passkey itself says whose it is
		p.Typed = account.Identifier{Kind: "passkey", Norm: string(m.visitor.Browser)}
	}
	p.Push, p.Flow = m.asking().Purpose, m.flow.ID
	if p.Kind == gate.Tegata && x.Open {
		p.Typed = account.Identifier{Kind: "tegata", Norm: string(m.visitor.Browser)} // the scanned code says whose it is
	}
	if (p.Kind == gate.TegataCode || p.Kind == gate.SMSCode) && !x.own() {
		p.Class = enter.Class(p.Kind).OfStrangers()
	}
	p.Failed = x.Failures[failed(p)]
	return p
}

// failed is under what a journey keeps how often a proof failed.
func failed(p enter.Proving) string { return cmp.Or(string(p.Class), string(p.Kind)) }

// offers says whether the step takes an answer of a kind.
func (m *moment) offers(kind string) bool {
	v := m.view(m.visitor, &m.flow)
	_, ok := v.Way(kind)
	return ok
}

// answer judges one proof and goes on with it.
func (m *moment) answer(ctx context.Context, tx db.Tx, a Answer, r enter.Reckoned) error {
	x := &m.flow.State
	if a.Kind == string(gate.Tegata) && x.Sent[a.Kind].Out {
		// What Tegata said is told first: "it was not me" ends the proofs before it, too.
		_, f, err := enter.Answered(ctx, tx, m.flow.ID, m.flow.State.own())
		if m.fault = f; err != nil || f != nil {
			if f != nil && f.Code() != faults.PushWaiting.Code { // it can be asked again
				x.Number = ""
				delete(x.Sent, a.Kind)
			}
			return err
		}
	}
	if m.fault = m.order(tx, a.Kind); m.fault != nil {
		return nil
	}
	p := m.proving(a.Kind)
	p.Answer, p.Reckon = a.Value, r
	got, err := m.Judge(ctx, tx, p)
	if err != nil {
		return err
	}
	if !got.Right {
		if m.fault = got.Fault; got.Expired {
			out := x.Sent[a.Kind]
			out.Out = false
			x.Sent[a.Kind] = out
			return nil
		}
		if got.Counted {
			if x.Failures == nil {
				x.Failures = map[string]int64{}
			}
			x.Failures[failed(p)]++
		}
		return nil
	}
	delete(x.Failures, failed(p)) // forgiven once
	if ok, err := m.whose(ctx, tx, got.Account); err != nil || !ok {
		return err
	}
	if x.Number = ""; x.Step == Proof {
		x.Keep = a.Keep
	}
	x.Trust = a.Trust
	return m.right(ctx, tx, a, got)
}

// whose makes sure that a passkey which said whose it is belongs to who was
// typed, where anybody was.
func (m *moment) whose(ctx context.Context, tx db.Tx, owner ref.Account) (bool, error) {
	x := &m.flow.State
	if owner == "" || owner == x.Account {
		return true, nil
	}
	if !x.Open {
		m.fault = faults.KeyUnknown.New()
		return false, nil
	}
	a, err := account.Lock(ctx, tx, owner)
	if err != nil {
		return false, err
	}
	m.account, x.Account, x.Typed, x.Open = a, a.ID, a.Email.Identifier, false
	if x.Typed.Norm == "" {
		x.Typed = account.Identifier{Kind: account.Username, Shown: a.Username}
	}
	return true, nil
}

// right takes in a proof that holds.
func (m *moment) right(ctx context.Context, tx db.Tx, a Answer, got enter.Judged) error {
	x := &m.flow.State
	got.Proof.Turn = m.account.Turn
	if got.Proof.Kind == gate.MailCode {
		if stop, err := m.ownsMailbox(ctx, tx, a.Kind == ConfirmCode); err != nil || stop {
			return err
		}
	}
	if a.Kind != ConfirmCode {
		// A key that proved no user stays at this step: what it proved then does not wait
		// for a password that comes when its owner has left.
		x.Proofs = append(x.standing(m.account.Turn, tx.Now()), got.Proof)
	}
	return m.enter(ctx, tx)
}

// ownsMailbox confirms the address of whoever read a code sent there: that is
// all a confirmation asks. stop when the address is another account's.
func (m *moment) ownsMailbox(ctx context.Context, tx db.Tx, confirming bool) (stop bool, err error) {
	if m.account.State != account.Unconfirmed && !m.account.Email.Confirmed.IsZero() {
		return false, nil
	}
	// The password was chosen by whoever signed up, which may have been somebody
	// else who waits for the owner of the mailbox to confirm (pre-hijacking).
	if !confirming && m.account.State == account.Unconfirmed {
		if err := password.Drop(ctx, tx, m.account.ID); err != nil {
			return false, err
		}
	}
	m.fault, err = m.Confirm(ctx, tx, &m.account, m.visitor)
	return m.fault != nil, err
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
		stood := m.flow.State.standing(m.account.Turn, tx.Now())
		if err := m.SetPassword(ctx, tx, enter.Who{Visitor: v, Account: m.account}, word); err != nil {
			return err
		}
		if m.account, err = account.Of(ctx, tx, m.account.ID); err != nil {
			return err
		}
		// Whoever set the new password has proved what it replaced, and nothing that had
		// ended before.
		m.flow.State.Proofs = stood
		for i := range m.flow.State.Proofs {
			m.flow.State.Proofs[i].Turn = m.account.Turn
		}
		m.flow.State.Step = Proof
		return m.enter(ctx, tx)
	})
}
