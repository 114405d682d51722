package recover

import (
	"context"
	"errors"
	"slices"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/factor/backup"
	"sekisho/internal/factor/passkey"
	"sekisho/internal/factor/passphrase"
	"sekisho/internal/factor/push"
	"sekisho/internal/factor/sentcode"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/letter"
	"sekisho/internal/ref"
	"sekisho/internal/slowhash"
)

func (m *moment) offers(kind string) bool {
	return m.flow.State.Step == Second && slices.ContainsFunc(m.flow.State.Ways, func(w enter.Way) bool { return w.Kind == kind })
}

func (m *moment) second(kind string) enter.Proving {
	x := m.flow.State
	class := enter.Class(kind).InRecovery()
	return enter.Proving{Visitor: m.visitor, Account: m.account, Typed: x.Typed, Kind: gate.Kind(kind), Class: class, Act: m.act(), Offered: m.offers(kind),
		Ask: passkey.Proving, Bound: string(m.flow.ID), Failed: x.Failures[string(class)], Code: x.Sent[kind].For,
		Push: m.asks(), Flow: m.flow.ID}
}

// asks is what an approval is asked for. Beside a code by mail an installation that is
// stale may give it too: whoever forgot the newest password can confirm it nowhere.
func (m *moment) asks() push.Purpose {
	if !m.Tegata && slices.ContainsFunc(m.flow.State.Proofs, func(p gate.Proof) bool { return p.Kind == gate.MailCode }) {
		return push.Regain
	}
	return push.Recover
}

// sends says whether a kind is a code that has to be sent.
func sends(kind string) bool { return kind == string(gate.SMSCode) || kind == string(gate.MailCode) }

// purpose is what a code of the second proof is good for.
func (x state) purpose() sentcode.Purpose {
	if x.Another {
		return sentcode.Another
	}
	return sentcode.Second
}

// Prove takes the second proof; without an answer a code is sent.
func (r *Recover) Prove(ctx context.Context, v flow.Visitor, id ref.Flow, kind, answer string) (View, error) {
	if kind == string(gate.Tegata) && answer == "" {
		return r.step(ctx, v, id, Second, func(tx db.Tx, m *moment) error { return m.ask(ctx, tx) })
	}
	if sends(kind) && answer == "" {
		return r.step(ctx, v, id, Second, func(tx db.Tx, m *moment) error { return m.sendSecond(ctx, tx, kind) })
	}
	if !enter.Slow(gate.Kind(kind)) {
		return r.step(ctx, v, id, Second, func(tx db.Tx, m *moment) error { return m.takeSecond(ctx, tx, kind, answer, enter.Reckoned{}) })
	}
	var hashes enter.Hashes
	ready := false
	view, err := r.step(ctx, v, id, Second, func(tx db.Tx, m *moment) (err error) {
		ready = false
		p := m.second(kind)
		if _, m.fault, err = m.May(ctx, tx, p); err != nil || m.fault != nil {
			return err
		}
		ready = true
		hashes, err = m.HashesOf(ctx, tx, p)
		return err
	})
	if err != nil || !ready {
		return view, err
	}
	got, err := r.Reckon(ctx, gate.Kind(kind), answer, hashes)
	if errors.Is(err, slowhash.ErrBusy) {
		view.Fault = faults.Busy.New()
		return view, nil
	}
	if err != nil {
		return View{}, err
	}
	return r.step(ctx, v, id, Second, func(tx db.Tx, m *moment) error { return m.takeSecond(ctx, tx, kind, answer, got) })
}

func (m *moment) takeSecond(ctx context.Context, tx db.Tx, kind, answer string, r enter.Reckoned) error {
	if !m.stands(tx.Now()) {
		m.fault = faults.FlowExpired.New()
		return nil
	}
	if kind == string(gate.Tegata) {
		_, f, err := enter.Answered(ctx, tx, m.flow.ID, true)
		if m.fault = f; err != nil || f != nil {
			if f != nil && f.Code() != faults.PushWaiting.Code { // it can be asked again
				m.flow.State.Number = ""
			}
			return err
		}
	}
	p := m.second(kind)
	p.Answer, p.Reckon = answer, r
	got, err := m.judge(ctx, tx, p)
	if err != nil || !got.Right {
		return err
	}
	if m.Tegata && got.Proof.Kind == gate.Backup { // else the session that opens tells of it
		if err := m.SpareSpent(ctx, tx, enter.Who{Visitor: m.visitor, Account: m.account, Proofs: m.flow.State.Proofs}); err != nil {
			return err
		}
	}
	return m.proved(ctx, tx, got.Proof)
}

func (m *moment) sendSecond(ctx context.Context, tx db.Tx, kind string) error {
	x := &m.flow.State
	if !m.stands(tx.Now()) {
		m.fault = faults.FlowExpired.New()
		return nil
	}
	_, f, err := m.May(ctx, tx, m.second(kind))
	if m.fault = f; err != nil || f != nil {
		return err
	}
	out := sentcode.For{Purpose: x.purpose(), Channel: sentcode.Mail, Subject: string(m.account.ID), Flow: m.flow.ID, Target: m.account.Email.Norm}
	var to account.Identifier
	if kind == string(gate.SMSCode) {
		if to, err = m.Number(ctx, tx, m.account, !x.Another); errors.Is(err, db.ErrNone) {
			m.fault = faults.MethodNotOffered.New() // the number was taken away meanwhile
			return nil
		}
		out.Channel, out.Target = sentcode.SMS, to.Norm
	}
	if err != nil {
		return err
	}
	again, f, err := m.SendCode(ctx, tx, enter.Send{Visitor: m.visitor, Account: m.account, For: out, To: to})
	if err != nil {
		return err
	}
	if m.fault = f; f == nil {
		if x.Sent == nil {
			x.Sent = map[string]sent{}
		}
		x.Sent[kind] = sent{out, again}
	}
	return nil
}

// Options are what the browser's passkey is asked as a second proof.
func (r *Recover) Options(ctx context.Context, v flow.Visitor, id ref.Flow) (options []byte, f *fault.Fault, err error) {
	err = r.DB.Update(ctx, func(tx db.Tx) error {
		s, stop, err := flow.Load[state](ctx, tx, r.kind(), id, v)
		if f = stop; err != nil || f != nil {
			return err
		}
		m := &moment{Recover: r, visitor: v, flow: s}
		if !m.offers(string(gate.Passkey)) {
			f = faults.MethodNotOffered.New()
			return nil
		}
		if m.account, err = account.Of(ctx, tx, s.State.Account); err != nil {
			return err
		}
		if !m.stands(tx.Now()) {
			f = faults.FlowExpired.New()
			return nil
		}
		options, err = r.Keys.ProveOptions(ctx, tx, s.State.Account, string(id))
		return err
	})
	return options, f, err
}

// endSpares takes away the backup codes and the passphrase of an account without a
// second factor: they stand in for nothing, and whoever had the old password may have
// made them, to hold the second proof once there is one. Who proved one keeps it.
func (m *moment) endSpares(ctx context.Context, tx db.Tx) error {
	set, err := m.SetOf(ctx, tx, m.account)
	if err != nil || set.On() {
		return err
	}
	proved := func(k gate.Kind) bool {
		return slices.ContainsFunc(m.flow.State.Proofs, func(p gate.Proof) bool { return p.Kind == k })
	}
	if !proved(gate.Backup) {
		if err := backup.VoidSet(ctx, tx, m.account.ID); err != nil {
			return err
		}
	}
	if !set.Passphrase || proved(gate.Passphrase) {
		return nil
	}
	if err := passphrase.Drop(ctx, tx, m.account.ID); err != nil {
		return err
	}
	const what = "passphrase.removed"
	if _, err := audit.Write(ctx, tx, audit.Event{Kind: what, Account: m.account.ID, Actor: string(m.account.ID),
		Addr: m.visitor.Addr.String(), Agent: m.visitor.Program, Place: m.visitor.Place}); err != nil {
		return err
	}
	return m.Tell(ctx, tx, m.account, what, func(letter.To) letter.Change {
		return letter.Change{What: what, Link: m.DoubtOf(m.account.ID, tx.Now()), From: m.From(m.visitor, tx.Now())}
	})
}

// ask asks Tegata for the second proof.
func (m *moment) ask(ctx context.Context, tx db.Tx) error {
	x := &m.flow.State
	switch {
	case !m.offers(string(gate.Tegata)):
		m.fault = faults.MethodNotOffered.New()
		return nil
	case !m.stands(tx.Now()):
		m.fault = faults.FlowExpired.New()
		return nil
	}
	_, number, f, err := m.Ask(ctx, tx, enter.Asking{Visitor: m.visitor, Account: m.account, Typed: x.Typed, Flow: m.flow.ID, Purpose: m.asks(), Proved: true})
	if m.fault = f; err != nil || f != nil {
		return err
	}
	x.Number, m.asked = number, true
	return nil
}

// Heard is what it is in a sign-in.
func (r *Recover) Heard(ctx context.Context, v flow.Visitor, id ref.Flow) (*fault.Fault, error) {
	return r.Entry.Heard(ctx, id, func(tx db.ReadTx) (bool, *fault.Fault, error) {
		_, f, err := flow.Load[state](ctx, tx, r.kind(), id, v)
		return true, f, err
	})
}
