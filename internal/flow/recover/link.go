package recover

import (
	"context"
	"errors"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/factor/sentcode"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/ref"
)

// Link is what a link out of a mail leads to, before it is spent.
type Link struct {
	Fault *fault.Fault
	Same  bool // opened in the browser that asked
	Given bool // an admin had it sent
}

// LookLink says what a link is good for. Reading it spends nothing: mail
// programs open links on their own.
func (r *Recover) LookLink(ctx context.Context, v flow.Visitor, token string) (Link, error) {
	var l Link
	err := r.DB.View(ctx, func(tx db.ReadTx) error {
		found, err := sentcode.ByLink(ctx, tx, token)
		switch {
		case err == nil && !r.takes(found.Purpose):
			l.Fault = faults.LinkExpired.New()
			return nil
		case errors.Is(err, db.ErrNone), err == nil && found.Expired:
			l.Fault = faults.LinkExpired.New()
			return nil
		case err != nil:
			return err
		case found.Used:
			l.Fault = faults.LinkUsed.New()
			return nil
		}
		if l.Given = found.Purpose == sentcode.Reset; l.Given {
			return nil
		}
		_, f, err := flow.Load[state](ctx, tx, r.kind(), found.Flow, v)
		l.Same = f == nil
		return err
	})
	return l, err
}

// takes says whether a link leads into this journey: its own, or one that an admin had
// sent for a new password.
func (r *Recover) takes(p sentcode.Purpose) bool {
	return p == r.purpose() || p == sentcode.Reset && !r.Tegata
}

func (r *Recover) voidBoth(ctx context.Context, tx db.Tx, subject string) error {
	if r.Tegata {
		return nil
	}
	return errors.Join(sentcode.Void(ctx, tx, sentcode.Recover, subject), sentcode.Void(ctx, tx, sentcode.Reset, subject))
}

// OpenLink spends a link that its reader confirmed with a button, and goes on
// in a journey of this browser (RC-05: bound to the browser that asked, or
// confirmed anew).
func (r *Recover) OpenLink(ctx context.Context, v flow.Visitor, token string) (View, error) {
	var view View
	err := r.DB.Update(ctx, func(tx db.Tx) error {
		found, err := sentcode.ByLink(ctx, tx, token)
		if errors.Is(err, db.ErrNone) || err == nil && !r.takes(found.Purpose) {
			view = View{Fault: faults.LinkExpired.New()}
			return nil
		}
		if err != nil {
			return err
		}
		a, err := account.Lock(ctx, tx, ref.Account(found.Subject))
		if err == nil {
			err = sentcode.SpendLink(ctx, tx, found.Purpose, token)
		}
		if errors.Is(err, db.ErrNone) {
			view = View{Fault: faults.LinkUsed.New()}
			if found.Expired && !found.Used {
				view.Fault = faults.LinkExpired.New()
			}
			return nil
		}
		if err != nil {
			return err
		}
		// What the owner asked for and what an admin had sent do the same: one use ends both.
		if err := r.voidBoth(ctx, tx, found.Subject); err != nil {
			return err
		}
		// Where it was sent is known to the journey that asked for it.
		asked, err := flow.Peek[state](ctx, tx, r.kind(), found.Flow)
		if err != nil && !errors.Is(err, db.ErrNone) {
			return err
		}
		view, err = r.follow(ctx, tx, v, followed{a, asked.For.Target, asked.Typed, found.Purpose == sentcode.Reset})
		return err
	})
	return view, err
}

// followed is a link that was opened: whose, through which inbox it came, and which
// name it was asked for with.
type followed struct {
	account account.Account
	target  string
	typed   account.Identifier
	ordered bool // an admin had it sent
}

// follow goes on in a journey of this browser with what an opened link proves.
func (r *Recover) follow(ctx context.Context, tx db.Tx, v flow.Visitor, l followed) (View, error) {
	if l.target == "" {
		l.target = l.account.Email.Norm
	}
	if l.typed.Shown == "" { // the journey that asked is over
		l.typed = l.account.Email.Identifier
	}
	if l.typed.Shown == "" {
		l.typed = account.Identifier{Kind: account.Username, Shown: l.account.Username}
	}
	s, err := flow.Start(ctx, tx, r.kind(), v, state{Typed: l.typed, Account: l.account.ID, Step: Code, Ordered: l.ordered})
	if err != nil {
		return View{}, err
	}
	m := &moment{Recover: r, visitor: v, flow: s, account: l.account}
	if err := m.Succeed(ctx, tx, enter.Attempt{Visitor: v, Account: l.account, Class: enter.ByRecovery}, 0); err != nil {
		return View{}, err
	}
	if err := m.proved(ctx, tx, gate.Proof{Kind: gate.MailCode, At: tx.Now(), Turn: l.account.Turn, Via: l.target}); err != nil {
		return View{}, err
	}
	return m.close(ctx, tx)
}
