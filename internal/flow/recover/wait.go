package recover

import (
	"context"
	"errors"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/cooling"
	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/gate"
)

// LookReady says whether the link of a recovery that waited goes on now, or until
// when it waits. It uses nothing: mail programs open links on their own.
func (r *Recover) LookReady(ctx context.Context, token string) (until time.Time, f *fault.Fault, err error) {
	err = r.DB.View(ctx, func(tx db.ReadTx) error {
		w, stop, err := r.standing(ctx, tx, token)
		if f = stop; err != nil || f != nil {
			return err
		}
		if !w.Over(tx.Now()) {
			until = w.Ready
		}
		return nil
	})
	return until, f, err
}

// standing finds the wait of a link that may still be used.
func (r *Recover) standing(ctx context.Context, tx db.Reader, token string) (cooling.Wait, *fault.Fault, error) {
	w, err := cooling.ByLink(ctx, tx, token)
	if errors.Is(err, db.ErrNone) || err == nil && w.Purpose != r.waitsFor() {
		return w, faults.LinkExpired.New(), nil
	}
	if err != nil {
		return w, nil, err
	}
	a, err := account.Of(ctx, tx, w.Account)
	switch {
	case err != nil:
		return w, nil, err
	case !w.Opened.IsZero():
		return w, faults.LinkUsed.New(), nil
	}
	now, err := r.Cooling(ctx, tx, a, r.waitsFor())
	if err == nil && now.ID != w.ID {
		return w, faults.LinkExpired.New(), nil // another one, or for something else
	}
	return w, nil, err
}

// OpenReady goes on, in whichever browser, with a recovery that has waited. The
// link proves the inbox anew; what else the account asks for is asked for again.
func (r *Recover) OpenReady(ctx context.Context, v flow.Visitor, token string) (View, error) {
	var view View
	err := r.DB.Update(ctx, func(tx db.Tx) error {
		w, f, err := r.standing(ctx, tx, token)
		if err != nil || f != nil {
			view = View{Fault: f}
			return err
		}
		a, err := account.Lock(ctx, tx, w.Account)
		if err == nil {
			// Used or cancelled by another at the same instant, or before its time.
			err = cooling.Use(ctx, tx, token)
		}
		if errors.Is(err, db.ErrNone) {
			view = View{Fault: faults.LinkUsed.New()}
			return nil
		}
		if err != nil {
			return err
		}
		// What may not be reset by oneself did not come to wait.
		view, err = r.follow(ctx, tx, v, followed{account: a, target: w.Target, ordered: true})
		return err
	})
	return view, err
}

// weak says whether all that was proved is codes that were sent; or, where a Tegata was
// made fresh again or has not confirmed the newest password, what whoever found a phone can
// give.
func (m *moment) weak() bool {
	given := m.flow.State.Proofs
	phone := m.account.Lowered || slices.ContainsFunc(given, func(p gate.Proof) bool { return p.Stale })
	return gate.OnlySent(given) || phone && !slices.ContainsFunc(given, func(p gate.Proof) bool { return !onAPhone(p) })
}

// onAPhone says whether whoever found a phone can give a proof: what is sent to it, and
// its Tegata.
func onAPhone(p gate.Proof) bool {
	return p.Kind == gate.Tegata || p.Kind == gate.TegataCode || gate.OnlySent([]gate.Proof{p})
}
