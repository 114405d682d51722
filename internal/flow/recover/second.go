package recover

import (
	"context"
	"errors"
	"slices"

	"sekisho/internal/db"
	"sekisho/internal/factor/passkey"
	"sekisho/internal/factor/sentcode"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/ref"
	"sekisho/internal/slowhash"
)

func (m *moment) offers(kind string) bool {
	return m.flow.State.Step == Second && slices.ContainsFunc(m.flow.State.Ways, func(w enter.Way) bool { return w.Kind == kind })
}

func (m *moment) second(kind string) enter.Proving {
	x := m.flow.State
	p := enter.Proving{Visitor: m.visitor, Account: m.account, Typed: x.Typed, Kind: gate.Kind(kind), Offered: m.offers(kind),
		Ask: passkey.Proving, Bound: string(m.flow.ID), Failed: x.Failures[kind]}
	if x.Second != nil {
		p.Code = *x.Second
	}
	return p
}

// Prove takes the second proof; without an answer a code by SMS is sent.
func (r *Recover) Prove(ctx context.Context, v flow.Visitor, id ref.Flow, kind, answer string) (View, error) {
	if kind == string(gate.SMSCode) && answer == "" {
		return r.step(ctx, v, id, Second, func(tx db.Tx, m *moment) error { return m.sendSecond(ctx, tx) })
	}
	if !enter.Slow(gate.Kind(kind)) {
		return r.step(ctx, v, id, Second, func(tx db.Tx, m *moment) error { return m.takeSecond(ctx, tx, kind, answer, enter.Reckoned{}) })
	}
	var hashes enter.Hashes
	ready := false
	view, err := r.step(ctx, v, id, Second, func(tx db.Tx, m *moment) (err error) {
		ready = false
		p := m.second(kind)
		d, err := m.Try(ctx, tx, enter.Attempt{Visitor: v, Account: m.account, Typed: p.Typed, Kind: p.Kind, Class: enter.Class(kind), Offered: p.Offered})
		if err != nil {
			return err
		}
		if d.Verdict != gate.Admit {
			m.fault, err = m.Refuse(ctx, tx, enter.Refusal{Visitor: v, Account: m.account.ID, Decision: d, Class: enter.Class(kind)})
			return err
		}
		ready = true
		hashes, err = m.HashesOf(ctx, tx, p.Kind, m.account.ID)
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
	p := m.second(kind)
	p.Answer, p.Reckon = answer, r
	got, err := m.judge(ctx, tx, p)
	if err != nil || !got.Right {
		return err
	}
	return m.proved(ctx, tx, got.Proof)
}

func (m *moment) sendSecond(ctx context.Context, tx db.Tx) error {
	x := &m.flow.State
	if !m.offers(string(gate.SMSCode)) || !m.stands(tx.Now()) {
		m.fault = faults.FlowOrder.New()
		return nil
	}
	to, err := m.Number(ctx, tx, m.account, true)
	if err != nil {
		return err
	}
	out := sentcode.For{Purpose: sentcode.Second, Channel: sentcode.SMS, Subject: string(m.account.ID), Flow: m.flow.ID, Target: to.Norm}
	again, f, err := m.SendCode(ctx, tx, enter.Send{Visitor: m.visitor, Account: m.account, For: out, To: to})
	if err != nil {
		return err
	}
	if m.fault = f; f == nil {
		x.Second, x.Again = &out, again
	}
	return nil
}

// Options are what the browser's passkey is asked as a second proof.
func (r *Recover) Options(ctx context.Context, v flow.Visitor, id ref.Flow) (options []byte, f *fault.Fault, err error) {
	err = r.DB.Update(ctx, func(tx db.Tx) error {
		s, stop, err := flow.Load[state](ctx, tx, kind, id, v)
		if f = stop; err != nil || f != nil {
			return err
		}
		m := &moment{Recover: r, visitor: v, flow: s}
		if !m.offers(string(gate.Passkey)) {
			f = faults.MethodNotOffered.New()
			return nil
		}
		options, err = r.Keys.ProveOptions(ctx, tx, s.State.Account, string(id))
		return err
	})
	return options, f, err
}
