package enrol

import (
	"context"
	"errors"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/factor/backup"
	"sekisho/internal/factor/push"
	"sekisho/internal/factor/totp"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/session"
)

// Ticket is an installation of Tegata that is being taken in, as the browser sees it.
type Ticket struct {
	Done
	Token  secret.Text // from NewTicket: what the installation shows
	Number string      // empty: no installation has come yet
	Device device.Device
	Here   bool // the person said here that the number is the same
	Ready  bool // on both sides: it counts
	// Finished: the session that agreed was given what the installation proves
	Finished bool
	Expires  time.Time
	Others   []device.Device // that count: the new one can take the place of one
	Gone     ref.Device      // the one of them that seems to be lost; empty: none does
}

// NewTicket lets one installation ask to be taken in (OA-01): once, within ten
// minutes, for this session to agree to.
func (e *Enrol) NewTicket(ctx context.Context, v flow.Visitor, s session.Session) (t Ticket, err error) {
	t.Done, err = e.change(ctx, v, s, func(tx db.Tx, x *act) error {
		if x.forbids(gate.Tegata) {
			return nil
		}
		if len(x.set.Devices) >= device.Most {
			x.done.Fault = faults.DeviceFull.New("most", device.Most)
			return nil
		}
		t.Token, t.Expires, err = device.NewTicket(ctx, tx, device.New{Account: x.account.ID, Holder: device.Holder(s.ID), Turn: device.AnyTurn})
		return err
	})
	return t, err
}

// TicketOf is how far taking in an installation has come; TicketOver when there is
// nothing under way.
func (e *Enrol) TicketOf(ctx context.Context, s session.Session) (t Ticket, err error) {
	err = e.DB.View(ctx, func(tx db.ReadTx) error {
		t, err = ticket(ctx, tx, s)
		return err
	})
	return t, err
}

func ticket(ctx context.Context, r db.Reader, s session.Session) (Ticket, error) {
	k, err := device.ByHolder(ctx, r, s.Account, device.Holder(s.ID))
	if errors.Is(err, db.ErrNone) {
		return Ticket{Done: Done{Fault: faults.TicketOver.New()}}, nil
	}
	t := Ticket{Number: k.Number, Here: k.Here, Ready: k.Ready(), Finished: k.Finished, Expires: k.Expires}
	if err != nil || k.Device == "" {
		return t, err
	}
	if t.Device, err = device.Of(ctx, r, k.Device); err != nil {
		return t, err
	}
	list, err := device.List(ctx, r, s.Account)
	if err != nil {
		return t, err
	}
	t.Others = slices.DeleteFunc(list, func(d device.Device) bool { return d.ID == k.Device })
	t.Gone, err = gone(ctx, r, s, t.Others)
	return t, err
}

// gone is the primary installation where it seems to be lost: it did not answer when it
// was asked last, or the person came in by what stands in for it (OA-16).
func gone(ctx context.Context, r db.Reader, s session.Session, others []device.Device) (ref.Device, error) {
	if len(others) == 0 || !others[0].Main {
		return "", nil
	}
	dead, err := push.MainLooksDead(ctx, r, s.Account)
	if err != nil || !dead && !slices.ContainsFunc(s.AMR, func(m string) bool { return m == "otp.backup" || m == "kba" }) {
		return "", err
	}
	return others[0].ID, nil
}

// AgreeTicket records that the number is the same here, and which installation the new
// one takes the place of; empty: none. Once it is on both sides the session carries what
// the new installation proves, and backup codes are there.
func (e *Enrol) AgreeTicket(ctx context.Context, v flow.Visitor, s session.Session, replaces ref.Device) (t Ticket, err error) {
	spare, err := e.spare(ctx, s)
	if err != nil {
		return t, err
	}
	err = e.DB.Update(ctx, func(tx db.Tx) error {
		a, err := account.Lock(ctx, tx, s.Account)
		if err != nil {
			return err
		}
		if t, err = ticket(ctx, tx, s); err != nil || t.Fault != nil {
			return err
		}
		// Who agreed before had proved themselves then; since the installation counts the
		// session lacks its proof, and gets it here.
		if !t.Here {
			if t.Fault, err = e.MayChange(ctx, tx, v, s); err != nil || t.Fault != nil {
				return err
			}
		}
		if t.Device.ID == "" {
			t.Fault = faults.FlowOrder.New()
			return nil
		}
		x := &act{Enrol: e, visitor: v, session: s, account: a}
		if x.set, err = e.SetOf(ctx, tx, a); err != nil {
			return err
		}
		if replaces != "" && !t.Here {
			if _, ok := x.device(replaces); !ok || replaces == t.Device.ID {
				t.Fault = faults.FactorUnknown.New()
				return nil
			}
			if err := device.Replace(ctx, tx, t.Device.ID, replaces); err != nil {
				return err
			}
		}
		err = x.agree(ctx, tx, &t, spare)
		t.Done = x.done
		return err
	})
	return t, err
}

func (x *act) agree(ctx context.Context, tx db.Tx, t *Ticket, spare *backup.Set) error {
	was := t.Device.State
	now, err := device.Agree(ctx, tx, t.Device.ID, false)
	if errors.Is(err, device.ErrFull) {
		x.done.Fault = faults.DeviceFull.New("most", device.Most)
		return nil
	}
	if t.Here, t.Ready = true, now.Ready(); err != nil || !t.Ready {
		return err
	}
	if was != device.Active {
		if err := x.TakeIn(ctx, tx, enter.Who{Visitor: x.visitor, Account: x.account}, now, t.Device); err != nil {
			return err
		}
	}
	if err := device.Finish(ctx, tx, t.Device.ID); err != nil {
		if errors.Is(err, db.ErrNone) {
			return nil // the session was given it before
		}
		return err
	}
	if err := x.spares(ctx, tx, spare); err != nil {
		return err
	}
	return x.raise(ctx, tx, gate.Proof{Kind: gate.Tegata, At: tx.Now()})
}

// StopTicket takes back what was begun: the numbers differ, or the person does not go on.
func (e *Enrol) StopTicket(ctx context.Context, s session.Session) error {
	return e.DB.Update(ctx, func(tx db.Tx) error { return device.DropTickets(ctx, tx, s.Account, device.Holder(s.ID)) })
}

func (x *act) device(id ref.Device) (device.Device, bool) {
	for _, d := range x.set.Devices {
		if d.ID == id {
			return d, true
		}
	}
	x.done.Fault = faults.FactorUnknown.New()
	return device.Device{}, false
}

// RenameDevice changes what an installation is called.
func (e *Enrol) RenameDevice(ctx context.Context, v flow.Visitor, s session.Session, id ref.Device, raw string) (Done, error) {
	name, f := Name(raw, "")
	if f != nil || name == "" {
		return Done{Fault: faults.FactorName.New()}, nil
	}
	return e.change(ctx, v, s, func(tx db.Tx, x *act) error {
		if _, ok := x.device(id); !ok {
			return nil
		}
		return device.Rename(ctx, tx, x.account.ID, id, name)
	})
}

// Promote makes an installation the primary one (OA-04, OA-16).
func (e *Enrol) Promote(ctx context.Context, v flow.Visitor, s session.Session, id ref.Device) (Done, error) {
	return e.change(ctx, v, s, func(tx db.Tx, x *act) error {
		d, ok := x.device(id)
		if !ok || d.Main {
			return nil
		}
		if err := device.Promote(ctx, tx, x.account.ID, id); err != nil {
			return err
		}
		return x.note(ctx, tx, "device.promoted", gate.Tegata, d.Name)
	})
}

// RefreshDevice lets an installation count again whose account's doors were closed
// since: whoever proves themselves in the browser vouches for it (OA-22).
func (e *Enrol) RefreshDevice(ctx context.Context, v flow.Visitor, s session.Session, id ref.Device) (Done, error) {
	return e.change(ctx, v, s, func(tx db.Tx, x *act) error {
		d, ok := x.device(id)
		if !ok || !d.Stale(x.account.Turn) {
			return nil
		}
		if err := device.Refresh(ctx, tx, x.account.ID, id, x.account.Turn); err != nil {
			return err
		}
		return x.note(ctx, tx, "device.refreshed", gate.Tegata, d.Name)
	})
}

// Retire takes an installation away: this phone is gone (OA-08). With the last factor
// the second factor is off, and goes nowhere where it is demanded.
func (e *Enrol) Retire(ctx context.Context, v flow.Visitor, s session.Session, id ref.Device) (Done, error) {
	return e.change(ctx, v, s, func(tx db.Tx, x *act) error {
		d, ok := x.device(id)
		if !ok {
			return nil
		}
		last := x.factors() == 1
		if last && x.set.Rules.SecondFactor.Demanded {
			x.done.Fault = x.demanded()
			return nil
		}
		if err := device.Retire(ctx, tx, x.account.ID, id); err != nil {
			return err
		}
		if err := totp.RemoveDevice(ctx, tx, x.account.ID, id); err != nil {
			return err
		}
		if err := x.note(ctx, tx, "device.retired", gate.Tegata, d.Name); err != nil {
			return err
		}
		if !last {
			return x.distrust(ctx, tx)
		}
		return x.off(ctx, tx)
	})
}

// factors is how many things switch the second factor on.
func (x *act) factors() int {
	return len(x.set.Apps) + len(x.set.Keys) + len(x.set.Numbers) + len(x.set.Devices)
}
