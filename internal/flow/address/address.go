// Package address owns the addresses and numbers of an account: adding one,
// proving it by a code, making it the primary one, taking it away.
//
// Every act asks gate for a fresh proof in the transaction that does it, is written
// down and told to all addresses that are proved. That an address is somebody
// else's is told only to who proved it (ER-23). It knows no page and no protocol.
package address

import (
	"context"
	"errors"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/factor/sentcode"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/letter"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
	"sekisho/internal/session"
)

// Address is the journey.
type Address struct{ *enter.Entry }

const kind = "address"

// state is what is kept while an address is being proved.
type state struct {
	Account ref.Account        `json:"account"`
	Claim   ref.Address        `json:"claim"`
	To      account.Identifier `json:"to"`
	For     sentcode.For       `json:"for"`
	Resend  time.Time          `json:"resend"`
	Sent    bool               `json:"sent,omitempty"` // a code of this very journey went out
	Failed  int64              `json:"failed,omitempty"`
}

// View is an address that is being proved, or, with Done, what came of it.
type View struct {
	Handle   string
	ID       ref.Flow
	To       account.Identifier
	Resend   time.Time
	Sent     bool         // a code went out; else it has to wait until Resend
	Delivery outbox.Stage // of a code by SMS
	Done     account.Address
	Over     bool // the journey has ended
	Fault    *fault.Fault
}

// act is one act inside its transaction.
type act struct {
	*Address
	visitor flow.Visitor
	session session.Session
	account account.Account
	fault   *fault.Fault
}

// change runs an act: the account's row is held, the session proved freshly. An
// address that another account proved at the same instant is met again, and told.
func (j *Address) change(ctx context.Context, v flow.Visitor, s session.Session, do func(db.Tx, *act) error) (*fault.Fault, error) {
	var out *fault.Fault
	once := func() error {
		return j.DB.Update(ctx, func(tx db.Tx) error {
			a, err := account.Lock(ctx, tx, s.Account)
			if err != nil {
				return err
			}
			if out, err = j.MayChange(ctx, tx, v, s); err != nil || out != nil {
				return err
			}
			x := &act{Address: j, visitor: v, session: s, account: a}
			err = do(tx, x)
			out = x.fault
			return err
		})
	}
	err := once()
	if errors.Is(err, db.ErrTaken) {
		err = once()
	}
	return out, err
}

// Add claims an address for the account and sends a code there. A claim that waits
// already is gone on with.
func (j *Address) Add(ctx context.Context, v flow.Visitor, s session.Session, raw string) (View, error) {
	to, err := account.Parse(raw)
	var view View
	f, err2 := j.change(ctx, v, s, func(tx db.Tx, x *act) error {
		view = View{}
		switch {
		case err != nil || to.Kind == account.Username:
			x.fault = enter.Unread(err)
		case to.Kind == account.Mobile && !j.SMS:
			x.fault = faults.MethodNotOffered.New()
		default:
			x.fault = j.Group(to)
		}
		if x.fault != nil {
			return nil
		}
		return x.begin(ctx, tx, to, &view)
	})
	view.Fault = f
	return view, err2
}

func (x *act) begin(ctx context.Context, tx db.Tx, to account.Identifier, view *View) error {
	claim, err := account.Claim(ctx, tx, x.account.ID, to)
	switch {
	case errors.Is(err, account.ErrHeld):
		x.fault = faults.AddressHeld.New()
		return nil
	case errors.Is(err, account.ErrFull):
		x.fault = faults.AddressFull.New("most", account.Most)
		return nil
	case err != nil:
		return err
	}
	st := state{Account: x.account.ID, Claim: claim.ID, To: claim.Identifier}
	stored, err := flow.Start(ctx, tx, kind, x.visitor, st)
	if err != nil {
		return err
	}
	// Counted by account: who adds many addresses sends no more mail than who adds
	// one. Bound to the one address, which is what the code proves.
	stored.State.For = sentcode.For{Purpose: sentcode.Address, Channel: sentcode.Mail, Subject: string(x.account.ID), Flow: stored.ID, Target: to.Norm}
	if to.Kind == account.Mobile {
		stored.State.For.Channel = sentcode.SMS
	}
	if err := x.send(ctx, tx, &stored); err != nil {
		return err
	}
	*view = look(&stored)
	return nil
}

func look(s *flow.Stored[state]) View {
	return View{Handle: s.Handle(), ID: s.ID, To: s.State.To, Resend: s.State.Resend, Sent: s.State.Sent}
}

func (x *act) send(ctx context.Context, tx db.Tx, s *flow.Stored[state]) error {
	var err error
	if s.State.Resend, x.fault, err = x.SendCode(ctx, tx, enter.Send{Visitor: x.visitor, Account: x.account, For: s.State.For, To: s.State.To}); err != nil {
		return err
	}
	if x.fault == nil {
		s.State.Sent = true
	}
	return x.save(ctx, tx, s)
}

func (x *act) save(ctx context.Context, tx db.Tx, s *flow.Stored[state]) error {
	moved, err := s.Save(ctx, tx)
	if moved != nil {
		x.fault = moved
	}
	return err
}

// step loads what is being proved, which must be this account's, and does one thing
// with it.
func (j *Address) step(ctx context.Context, v flow.Visitor, s session.Session, id ref.Flow, do func(db.Tx, *act, *flow.Stored[state], *View) error) (View, error) {
	var view View
	f, err := j.change(ctx, v, s, func(tx db.Tx, x *act) error {
		view = View{}
		stored, f, err := flow.Load[state](ctx, tx, kind, id, v)
		if err == nil && f == nil && stored.State.Account != x.account.ID {
			f = faults.FlowOtherBrowser.New()
		}
		if x.fault = f; err != nil || f != nil {
			return err
		}
		view = look(&stored)
		if err := do(tx, x, &stored, &view); err != nil {
			return err
		}
		view.Resend, view.Sent = stored.State.Resend, stored.State.Sent
		return nil
	})
	view.Fault = f
	return view, err
}

// Look shows what is being proved, for a page that is loaded again.
func (j *Address) Look(ctx context.Context, v flow.Visitor, s session.Session, id ref.Flow) (View, error) {
	return j.step(ctx, v, s, id, func(tx db.Tx, x *act, stored *flow.Stored[state], view *View) (err error) {
		if st := stored.State; st.Sent && st.For.Channel == sentcode.SMS {
			view.Delivery, err = x.Stage(ctx, tx, x.account.ID, st.For)
		}
		return err
	})
}

// Wait is Look that waits, at most two seconds, until it is known whether an SMS
// could be sent.
func (j *Address) Wait(ctx context.Context, v flow.Visitor, s session.Session, id ref.Flow) (View, error) {
	for range 20 {
		view, err := j.Look(ctx, v, s, id)
		if err != nil || view.Delivery != outbox.Underway {
			return view, err
		}
		select {
		case <-ctx.Done():
			return view, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return j.Look(ctx, v, s, id)
}

// Resend sends another code.
func (j *Address) Resend(ctx context.Context, v flow.Visitor, s session.Session, id ref.Flow) (View, error) {
	return j.step(ctx, v, s, id, func(tx db.Tx, x *act, stored *flow.Stored[state], _ *View) error {
		return x.send(ctx, tx, stored)
	})
}

// Confirm takes the code. The address is the account's from now on, unless another
// account proved it before: that is told to nobody else.
func (j *Address) Confirm(ctx context.Context, v flow.Visitor, s session.Session, id ref.Flow, code string) (View, error) {
	return j.step(ctx, v, s, id, func(tx db.Tx, x *act, stored *flow.Stored[state], view *View) error {
		st := &stored.State
		p := enter.Proving{Visitor: v, Account: x.account, Kind: gate.MailCode, Class: enter.ByAddress, Act: enter.Address, Offered: true, Code: st.For, Answer: code, Failed: st.Failed}
		if st.For.Channel == sentcode.SMS {
			p.Kind = gate.SMSCode
		}
		got, err := x.Judge(ctx, tx, p)
		if err != nil {
			return err
		}
		if !got.Right {
			x.fault = got.Fault
			if got.Counted {
				st.Failed++
			}
			return x.save(ctx, tx, stored)
		}
		view.Over = true
		if err := flow.End(ctx, tx, id); err != nil {
			return err
		}
		return x.proved(ctx, tx, *st, view)
	})
}

func (x *act) proved(ctx context.Context, tx db.Tx, st state, view *View) error {
	owner, err := account.Owner(ctx, tx, st.To)
	if err == nil && owner != x.account.ID {
		if err := account.Drop(ctx, tx, x.account.ID, st.Claim); err != nil {
			return err
		}
		x.fault, err = x.Refuse(ctx, tx, enter.Refusal{Visitor: x.visitor, Account: owner, Act: enter.Address, Tell: faults.AddressTaken})
		return err
	}
	if err != nil && !errors.Is(err, db.ErrNone) {
		return err
	}
	view.Done, err = account.Prove(ctx, tx, x.account.ID, st.Claim)
	if errors.Is(err, db.ErrNone) { // removed meanwhile, or proved another way
		x.fault = faults.AddressUnknown.New()
		return nil
	}
	if err != nil {
		return err
	}
	// Sign-ups that claim the address can never confirm it. What other accounts
	// claim stays as it is: that it goes would tell them who has it.
	if err := x.DropClaims(ctx, tx, st.To, x.account.ID); err != nil {
		return err
	}
	return x.note(ctx, tx, "address.added", view.Done)
}

// Vouch gives an account an address once by has made sure that its owner asks: the way
// back of somebody who has none left. All addresses are told, the new one among them.
// account.ErrHeld and ErrFull; db.ErrTaken when it is another account's, db.ErrNone
// when the account is not there or not active.
func (j *Address) Vouch(ctx context.Context, id ref.Account, to account.Identifier, by string) error {
	return j.DB.Update(ctx, func(tx db.Tx) error {
		a, err := account.Lock(ctx, tx, id)
		if err != nil {
			return err
		}
		if a.State != account.Active {
			return db.ErrNone
		}
		added, err := account.Vouch(ctx, tx, id, to)
		if err != nil {
			return err
		}
		if err := j.DropClaims(ctx, tx, to, id); err != nil {
			return err
		}
		const what = "address.added"
		if _, err := audit.Write(ctx, tx, audit.Event{Kind: what, Account: id, Actor: by, Detail: detail{added.Kind, added.Masked()}}); err != nil {
			return err
		}
		return j.Tell(ctx, tx, a, what, func(letter.To) letter.Change {
			return letter.Change{What: what, Kind: string(added.Kind), Name: added.Masked(), Link: j.DoubtOf(id, tx.Now())}
		})
	})
}

// detail is what an audit row says of an address.
type detail struct {
	Kind account.Kind `json:"kind"`
	Name string       `json:"name"`
}

// note writes an act down and tells all addresses that are proved at this moment.
func (x *act) note(ctx context.Context, tx db.Tx, what string, a account.Address) error {
	_, err := audit.Write(ctx, tx, audit.Event{Kind: what, Account: x.account.ID, Actor: string(x.account.ID), Session: x.session.ID,
		Addr: x.visitor.Addr.String(), Agent: x.visitor.Program, Place: x.visitor.Place, Detail: detail{a.Kind, a.Masked()}})
	if err != nil {
		return err
	}
	return x.Tell(ctx, tx, x.account, what, func(letter.To) letter.Change {
		return letter.Change{What: what, Kind: string(a.Kind), Name: a.Masked(), Link: x.Doubt(x.session), From: x.From(x.visitor, tx.Now())}
	})
}

// Remove takes an address away. Its mailbox opens nothing from now on: codes and
// links that are out end, and so does what was proved with them and not yet used.
func (j *Address) Remove(ctx context.Context, v flow.Visitor, s session.Session, id ref.Address) (*fault.Fault, error) {
	return j.change(ctx, v, s, func(tx db.Tx, x *act) error {
		gone, err := account.AddressOf(ctx, tx, x.account.ID, id)
		if err != nil {
			return x.refused(err)
		}
		// Told first, so that it reaches the one that goes. A refusal below tells nobody.
		before, err := account.Addresses(ctx, tx, x.account.ID)
		if err != nil {
			return err
		}
		if _, err := account.Heir(before, gone); err != nil {
			return x.refused(err)
		}
		counts := !gone.Confirmed.IsZero() || gone.Main
		if counts {
			if err := x.note(ctx, tx, "address.removed", gone); err != nil {
				return err
			}
		}
		if _, err := account.Remove(ctx, tx, x.account.ID, id); err != nil || !counts {
			return err
		}
		return x.shut(ctx, tx)
	})
}

// Promote makes an address the primary one of its kind.
func (j *Address) Promote(ctx context.Context, v flow.Visitor, s session.Session, id ref.Address) (*fault.Fault, error) {
	return j.change(ctx, v, s, func(tx db.Tx, x *act) error {
		before, err := account.AddressOf(ctx, tx, x.account.ID, id)
		if err != nil || before.Main {
			return x.refused(err)
		}
		a, err := account.Promote(ctx, tx, x.account.ID, id)
		if err != nil {
			return x.refused(err)
		}
		if err := x.note(ctx, tx, "address.primary", a); err != nil {
			return err
		}
		return x.shut(ctx, tx)
	})
}

// shut ends the codes that are out and what was proved with them and not yet used:
// they may have been read in a mailbox that counts no more.
func (x *act) shut(ctx context.Context, tx db.Tx) error {
	if err := x.VoidCodes(ctx, tx, x.account.ID); err != nil {
		return err
	}
	if err := account.Close(ctx, tx, x.account.ID); err != nil {
		return err
	}
	// No installation of Tegata was proved by a mailbox.
	return device.Follow(ctx, tx, x.account.ID, x.account.Turn, x.account.Turn+1)
}

// refused turns what stops a change into the fault that tells it.
func (x *act) refused(err error) error {
	switch {
	case errors.Is(err, db.ErrNone):
		x.fault = faults.AddressUnknown.New()
	case errors.Is(err, account.ErrLast):
		x.fault = faults.AddressLast.New()
	case errors.Is(err, account.ErrUnproved):
		x.fault = faults.AddressUnproved.New()
	case errors.Is(err, account.ErrShared):
		x.fault = faults.GroupAddress.New()
	default:
		return err
	}
	return nil
}

// List is what an account has, and what may be added.
type List struct {
	Addresses []account.Address
	Mobile    bool // numbers can be added: codes can be sent there
}

// List reads it.
func (j *Address) List(ctx context.Context, s session.Session) (List, error) {
	out := List{Mobile: j.SMS}
	err := j.DB.View(ctx, func(tx db.ReadTx) (err error) {
		out.Addresses, err = account.Addresses(ctx, tx, s.Account)
		return err
	})
	return out, err
}
