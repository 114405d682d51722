package enter

import (
	"context"
	"errors"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/browser"
	"sekisho/internal/cooling"
	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/factor/totp"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/gate"
	"sekisho/internal/letter"
	"sekisho/internal/ref"
)

// Replacing is what gate says of somebody who lost Tegata while the sign-in lock is on.
type Replacing struct {
	Fault *fault.Fault // refused
	Need  gate.Need    // NeedStrong, NeedWait; empty: it may be replaced
	Ways  []Way        // with NeedStrong: how
	May   bool         // with NeedStrong: waiting would do as well
	Begun bool         // with May: nothing of it was given here, the wait is under way
}

// Replace asks gate whether Tegata may be replaced (RS-05). In the browser that began a
// wait what was proved to begin it counts once the wait is over; until then it leads back
// to the wait and to nothing else. It opens nothing.
func (e *Entry) Replace(ctx context.Context, tx db.Tx, w Who) (r Replacing, err error) {
	set, err := e.SetOf(ctx, tx, w.Account)
	if err != nil {
		return r, err
	}
	wait, err := e.Cooling(ctx, tx, w.Account, cooling.Replace)
	if err != nil {
		return r, err
	}
	f := gate.Facts{Door: w.Visitor.Door, Act: gate.Replace, Now: tx.Now(), Account: gate.State(w.Account.State), Proofs: w.Proofs, Turn: w.Account.Turn,
		From: w.Visitor.Addr, Set: set.Seconds(), Issued: set.Issued, Locked: w.Account.Locked(tx.Now()),
		Waited: wait.ID != "" && wait.Over(tx.Now())}
	began := wait.Browser != "" && w.Visitor.Proven && w.Visitor.Door == gate.Web && wait.Browser == w.Visitor.Browser
	if began && f.Waited {
		kind := gate.Kind(wait.Proof) // it counted when the wait began
		f.Proofs = append(f.Proofs[:len(f.Proofs):len(f.Proofs)], gate.Proof{Kind: kind, At: wait.Begun, Turn: wait.Turn, Issued: kind == gate.Backup})
	}
	d := gate.Decide(f, set.Rules)
	if began && d.Code == faults.LockNoProofs.Code {
		return Replacing{Need: gate.NeedWait}, nil // it goes on by itself
	}
	if d.Verdict == gate.Refuse {
		r.Fault, err = e.Refuse(ctx, tx, Refusal{Visitor: w.Visitor, Account: w.Account.ID, Decision: d, Act: Replaces, Rules: set.Rules})
		return r, err
	}
	if r.Need = d.Need; d.Need == gate.NeedStrong {
		r.Ways, r.May = e.ways(gate.Strong(&f, set.Rules), set, w.Account), began || gate.MayWait(&f, set.Rules)
		r.Begun = began && !gate.MayWait(&f, set.Rules)
	}
	return r, nil
}

// TicketStands says whether an installation may still be taken in with a ticket: one of
// a journey ends with the lock it was made under, and with what closes the account's
// doors.
func TicketStands(t device.Ticket, a account.Account, now time.Time) bool {
	return t.Turn == device.AnyTurn || t.Turn == a.Turn && a.Locked(now)
}

// TakeIn does what follows once an installation counts: where it takes the place of
// others it is the primary one and they are retired, all at once (OA-16, RS-05). It is
// written down and the owner told.
func (e *Entry) TakeIn(ctx context.Context, tx db.Tx, w Who, t device.Ticket, d device.Device) error {
	if err := Renew(ctx, tx, ByTegataCode, w.Account.ID); err != nil {
		return err
	}
	list, err := device.List(ctx, tx, w.Account.ID)
	if err != nil {
		return err
	}
	var old []letter.Item
	for _, x := range list {
		if x.ID == d.ID || t.Replaces != device.Everyone && x.ID != t.Replaces {
			continue
		}
		old = append(old, letter.Item{Kind: string(gate.Tegata), Name: x.Name})
		if err := errors.Join(device.Retire(ctx, tx, w.Account.ID, x.ID), totp.RemoveDevice(ctx, tx, w.Account.ID, x.ID)); err != nil {
			return err
		}
		if err := e.writeDevice(ctx, tx, w, t.Holder.Session(), "device.retired", x.Name); err != nil {
			return err
		}
	}
	if t.Replaces == "" {
		return e.NoteDevice(ctx, tx, w, t.Holder.Session(), "device.added", d.Name)
	}
	if err := device.Promote(ctx, tx, w.Account.ID, d.ID); err != nil {
		return err
	}
	if t.Replaces == device.Everyone {
		if err := e.EndCooling(ctx, tx, w.Account.ID, w.Visitor); err != nil {
			return err
		}
	}
	// Whoever found the old one may have won the trust of a browser with it (TB-01).
	if _, err := browser.EndTrusts(ctx, tx, w.Account.ID); err != nil {
		return err
	}
	const what = "device.replaced"
	if err := e.writeDevice(ctx, tx, w, t.Holder.Session(), what, d.Name); err != nil {
		return err
	}
	doubt, err := e.doubtSince(ctx, tx, w.Account, t)
	if err != nil {
		return err
	}
	return e.Tell(ctx, tx, w.Account, what, func(letter.To) letter.Change {
		return letter.Change{What: what, Kind: string(gate.Tegata), Name: d.Name, Old: old, Link: doubt, From: e.From(w.Visitor, tx.Now())}
	})
}

// doubtSince is the link of a mail that tells of an installation: what its session did
// is doubted since that began, what a journey did since it made the ticket.
func (e *Entry) doubtSince(ctx context.Context, r db.Reader, a account.Account, t device.Ticket) (string, error) {
	if s := t.Holder.Session(); s != "" {
		return e.doubtOfSession(ctx, r, a.ID, s)
	}
	return e.DoubtOf(a.ID, t.Created), nil
}

func (e *Entry) writeDevice(ctx context.Context, tx db.Tx, w Who, s ref.Session, kind, name string) error {
	_, err := audit.Write(ctx, tx, audit.Event{Kind: kind, Account: w.Account.ID, Actor: string(w.Account.ID), Session: s,
		Addr: w.Visitor.Addr.String(), Agent: w.Visitor.Program, Place: w.Visitor.Place, Detail: named{string(gate.Tegata), name}})
	return err
}

// SpareSpent tells the owner that a backup code was used where no session opened: whoever
// found the sheet of paper may have used it.
func (e *Entry) SpareSpent(ctx context.Context, tx db.Tx, w Who) error {
	return e.spent(ctx, tx, w, "", e.DoubtOf(w.Account.ID, tx.Now()))
}
