package tegata

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/browser"
	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/factor/push"
	"sekisho/internal/factor/totp"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/netx"
	webpush "sekisho/internal/push"
	"sekisho/internal/ref"
	"sekisho/internal/session"
	"sekisho/internal/slowhash"
)

// State is what an installation shows.
type State struct {
	Account  account.Account
	Device   device.Device
	Devices  []device.Device
	Requests []push.Request
	Vault    int64 // its version; 0: there is none
	Now      time.Time
	widens   time.Time // when a request is to be asked of this installation too
}

// Stale says whether the installation has to be refreshed.
func (s State) Stale() bool { return s.Device.Stale(s.Account.Turn) }

// State reads it. An installation that is stale hears of no request but one to get back in
// (ER-12).
func (t *Tegata) State(ctx context.Context, c Caller) (s State, err error) {
	err = t.DB.View(ctx, func(tx db.ReadTx) (err error) {
		s, err = state(ctx, tx, c)
		return err
	})
	return s, err
}

func state(ctx context.Context, r db.Reader, c Caller) (s State, err error) {
	s.Now = r.Now()
	if s.Device, err = device.Of(ctx, r, c.Device.ID); err != nil {
		return s, err
	}
	if s.Account, err = account.Of(ctx, r, s.Device.Account); err != nil {
		return s, err
	}
	if s.Device.State != device.Active {
		// Whoever photographed the code sees no more of the account than its name.
		s.Account = account.Account{ID: s.Account.ID, Name: s.Account.Name, Email: s.Account.Email, Username: s.Account.Username, Turn: s.Account.Turn}
		return s, nil
	}
	if s.Devices, err = device.List(ctx, r, s.Account.ID); err != nil {
		return s, err
	}
	v, err := device.VaultOf(ctx, r, s.Account.ID)
	if s.Vault = v.Version; err != nil {
		return s, err
	}
	if s.Stale() {
		s.Requests, s.widens, err = push.ForStale(ctx, r, s.Device)
		return s, err
	}
	s.Requests, s.widens, err = push.For(ctx, r, s.Device)
	return s, err
}

// WidensIn is after how long a request is to be asked of this installation too, though
// nothing else happens; zero: there is none.
func (s State) WidensIn() time.Duration {
	if s.widens.IsZero() {
		return 0
	}
	return s.widens.Sub(s.Now) + time.Millisecond
}

// Receipt records that the installation has a request. Those of one that is stale keep
// nobody else from being asked.
func (t *Tegata) Receipt(ctx context.Context, c Caller, id ref.Request) error {
	if c.Device.Stale(c.Account.Turn) {
		return nil
	}
	return t.DB.Update(ctx, func(tx db.Tx) error { return push.Receipt(ctx, tx, c.Device.Account, id) })
}

// Decide takes what the holder says of a request. "It was not me" starts containment
// (OA-19).
func (t *Tegata) Decide(ctx context.Context, c Caller, id ref.Request, said push.Said) (*fault.Fault, error) {
	var of ref.Flow
	f, err := t.actAs(ctx, c, gate.Use, func(tx db.Tx, c Caller) (*fault.Fault, error) {
		r, err := push.Of(ctx, tx, id)
		if err != nil && !errors.Is(err, db.ErrNone) {
			return nil, err
		}
		if f := t.answers(c, r, said.Decision, tx.Now()); f != nil {
			return f, nil
		}
		if err != nil {
			return faults.PushOver.New(), nil
		}
		of = r.Flow
		got, err := t.Pushes.Decide(ctx, tx, c.Device, r, t.Origin, said)
		if err != nil {
			return nil, err
		}
		switch got {
		case push.Late:
			return faults.PushOver.New(), nil
		case push.Unsure:
			return faults.PushUnsigned.New(), nil
		}
		if err := t.decided(ctx, tx, c, r, said, got); err != nil {
			return nil, err
		}
		if got == push.Wrong {
			return faults.PushMistaken.New(), nil
		}
		if said.Decision == push.Deny {
			return nil, t.Contain(ctx, tx, c.Visitor, c.Account, time.Time{})
		}
		return nil, nil
	})
	if of != "" {
		t.Hub.Wake(string(of))
		t.Hub.Wake(string(c.Device.Account))
	}
	return f, err
}

// answers says whether an installation may give an answer. One that is stale may be in
// other hands: all it does is to stand beside the inbox in a recovery that then waits for a
// day. It closes no doors.
func (t *Tegata) answers(c Caller, r push.Request, said push.Decision, now time.Time) *fault.Fault {
	if c.Device.State == device.Active && r.Purpose == push.Regain && r.Account == c.Account.ID && said != push.Deny {
		return nil // gate was asked whether it may do anything at all
	}
	return t.may(c, gate.Approve, now)
}

func (t *Tegata) decided(ctx context.Context, tx db.Tx, c Caller, r push.Request, said push.Said, got push.Verdict) error {
	kind := map[push.Decision]string{push.Approve: "push.approved", push.Cancel: "push.cancelled", push.Deny: "push.denied"}[said.Decision]
	code := ""
	if got == push.Wrong {
		kind, code = "push.mistaken", faults.PushMistaken.Code
	}
	_, err := audit.Write(ctx, tx, audit.Event{Kind: kind, Account: c.Account.ID, Actor: string(c.Account.ID), Code: code,
		Addr: c.Visitor.Addr.String(), Agent: c.Device.Name, Place: c.Visitor.Place, Detail: struct {
			Request  ref.Request `json:"request"`
			Device   ref.Device  `json:"device"`
			Verified bool        `json:"verified"`
			From     string      `json:"from"`
		}{r.ID, c.Device.ID, said.Verified, r.Addr}})
	return err
}

// Scan turns a scanned code into a request of this installation's own.
//
// One that came with a link has to be from the network that the installation is in, as is
// the page on the same phone: else whoever mails the code of a page of their own is let in
// by one tap, without a number.
func (t *Tegata) Scan(ctx context.Context, c Caller, code string, link bool) (r push.Request, f *fault.Fault, err error) {
	f, err = t.act(ctx, c, func(tx db.Tx, c Caller) (*fault.Fault, error) {
		var err error
		if link {
			from, err := push.ScanAddr(ctx, tx, code)
			if err != nil && !errors.Is(err, db.ErrNone) {
				return nil, err
			}
			if addr, bad := netip.ParseAddr(from); err == nil && (bad != nil || netx.Bucket(addr) != netx.Bucket(c.Visitor.Addr)) {
				return faults.ScanElsewhere.New("addr", from), nil
			}
		}
		if r, err = push.Scan(ctx, tx, c.Device, code); errors.Is(err, db.ErrNone) {
			return faults.ScanOver.New(), nil
		}
		return nil, err
	})
	return r, f, err
}

// Sessions lists what is open (OA-21).
func (t *Tegata) Sessions(ctx context.Context, c Caller) (list []session.Session, f *fault.Fault, err error) {
	err = t.DB.View(ctx, func(tx db.ReadTx) (err error) {
		a, err := account.Of(ctx, tx, c.Device.Account)
		if err != nil {
			return err
		}
		c.Account = a
		if c.Rules, err = t.Rules.Of(ctx, tx, a.ID); err != nil {
			return err
		}
		if f = t.may(c, gate.Approve, tx.Now()); f != nil {
			return nil
		}
		list, err = t.Living(ctx, tx, a.ID)
		return err
	})
	return list, f, err
}

// End ends chosen sessions, or all.
func (t *Tegata) End(ctx context.Context, c Caller, ids []ref.Session, all bool) (ended int, f *fault.Fault, err error) {
	f, err = t.act(ctx, c, func(tx db.Tx, c Caller) (*fault.Fault, error) {
		if all {
			var err error
			ended, err = t.endAll(ctx, tx, c)
			return nil, err
		}
		var err error
		ended, err = t.EndChosen(ctx, tx, c.who(), ids)
		return nil, err
	})
	return ended, f, err
}

func (t *Tegata) endAll(ctx context.Context, tx db.Tx, c Caller) (int, error) {
	list, err := t.Living(ctx, tx, c.Account.ID)
	if err != nil {
		return 0, err
	}
	ids := make([]ref.Session, 0, len(list))
	for _, s := range list {
		ids = append(ids, s.ID)
	}
	return t.EndChosen(ctx, tx, c.who(), ids)
}

// Lock is the sign-in lock as the holder sets it.
type Lock struct {
	On   bool
	Ends time.Time // zero: until it is lifted
	End  bool      // end what is open, too (RS-04)
}

// Lock sets or lifts the sign-in lock. Asked twice it is the same (RS-01, RS-03).
func (t *Tegata) Lock(ctx context.Context, c Caller, l Lock) (*fault.Fault, error) {
	return t.act(ctx, c, func(tx db.Tx, c Caller) (*fault.Fault, error) {
		if l.On && !l.Ends.IsZero() && !tx.Now().Before(l.Ends) {
			return faults.LockEnds.New(), nil
		}
		// Nobody enters an account that is closed; a lock would only keep its owner from
		// recovering it.
		if f := t.may(c, gate.Steer, tx.Now()); l.On && f != nil {
			return f, nil
		}
		was := c.Account.Locked(tx.Now())
		kind := "signin.locked"
		var err error
		if l.On {
			err = account.SwitchOff(ctx, tx, c.Account.ID, l.Ends)
		} else {
			kind, err = "signin.unlocked", t.unlock(ctx, tx, c)
		}
		if err != nil {
			return nil, err
		}
		if l.On && !was {
			// Somebody who is in may have begun to take in an installation of their own.
			if err := device.DropWaiting(ctx, tx, c.Account.ID); err != nil {
				return nil, err
			}
		}
		if l.On && l.End {
			if _, err := t.endAll(ctx, tx, c); err != nil {
				return nil, err
			}
		}
		if was == l.On && c.Account.LockEnds.Equal(l.Ends) {
			return nil, nil // so it was
		}
		return nil, t.NoteDevice(ctx, tx, c.who(), "", kind, c.Device.Name)
	})
}

// unlock lifts the lock, and ends the wait of somebody who would replace Tegata because
// of it.
func (t *Tegata) unlock(ctx context.Context, tx db.Tx, c Caller) error {
	if err := account.SwitchOn(ctx, tx, c.Account.ID); err != nil {
		return err
	}
	return t.EndReplacing(ctx, tx, c.Account, c.Visitor)
}

// Rename changes what an installation of the account is called. The name is one that
// package enrol read.
func (t *Tegata) Rename(ctx context.Context, c Caller, id ref.Device, name string) (*fault.Fault, error) {
	return t.act(ctx, c, func(tx db.Tx, c Caller) (*fault.Fault, error) {
		return unknown(device.Rename(ctx, tx, c.Account.ID, id, name))
	})
}

func unknown(err error) (*fault.Fault, error) {
	if errors.Is(err, db.ErrNone) {
		return faults.FactorUnknown.New(), nil
	}
	return nil, err
}

// Promote makes another installation the primary one. Only the primary one hands that
// on; any other asks for a fresh proof in the browser (OA-04).
func (t *Tegata) Promote(ctx context.Context, c Caller, id ref.Device) (*fault.Fault, error) {
	return t.act(ctx, c, func(tx db.Tx, c Caller) (*fault.Fault, error) {
		if f := t.may(c, gate.Steer, tx.Now()); f != nil {
			return f, nil
		}
		if !c.Device.Main {
			return faults.FreshRequired.New(), nil
		}
		if f, err := unknown(device.Promote(ctx, tx, c.Account.ID, id)); err != nil || f != nil {
			return f, err
		}
		d, err := device.Of(ctx, tx, id)
		if err != nil || id == c.Device.ID {
			return nil, err
		}
		return nil, t.NoteDevice(ctx, tx, c.who(), "", "device.promoted", d.Name)
	})
}

// Retire takes an installation away: itself, or as the primary one any other. The last
// way to prove oneself is not taken away here.
func (t *Tegata) Retire(ctx context.Context, c Caller, id ref.Device) (*fault.Fault, error) {
	return t.act(ctx, c, func(tx db.Tx, c Caller) (*fault.Fault, error) {
		if f := t.may(c, gate.Steer, tx.Now()); f != nil {
			return f, nil
		}
		if id != c.Device.ID && !c.Device.Main {
			return faults.FreshRequired.New(), nil
		}
		set, err := t.SetOf(ctx, tx, c.Account)
		if err != nil {
			return nil, err
		}
		if len(set.Apps)+len(set.Keys)+len(set.Numbers)+len(set.Devices) == 1 {
			return faults.FreshRequired.New(), nil
		}
		d, err := device.Of(ctx, tx, id)
		if err == nil && d.Account != c.Account.ID {
			err = db.ErrNone
		}
		if f, err := unknown(err); err != nil || f != nil {
			return f, err
		}
		if err := device.Retire(ctx, tx, c.Account.ID, id); err != nil {
			return nil, err
		}
		if err := totp.RemoveDevice(ctx, tx, c.Account.ID, id); err != nil {
			return nil, err
		}
		if _, err := browser.EndTrusts(ctx, tx, c.Account.ID); err != nil { // whoever found the phone may have won one with it
			return nil, err
		}
		return nil, t.NoteDevice(ctx, tx, c.who(), "", "device.retired", d.Name)
	})
}

// Guard records whether an app lock stands before what the installation shows.
func (t *Tegata) Guard(ctx context.Context, c Caller, on bool) (*fault.Fault, error) {
	return t.act(ctx, c, func(tx db.Tx, c Caller) (*fault.Fault, error) { return nil, device.Guard(ctx, tx, c.Device.ID, on) })
}

// Vault reads the sealed vault; an installation that is stale gets none.
func (t *Tegata) Vault(ctx context.Context, c Caller) (v device.Vault, f *fault.Fault, err error) {
	f, err = t.act(ctx, c, func(tx db.Tx, c Caller) (_ *fault.Fault, err error) {
		v, err = device.VaultOf(ctx, tx, c.Account.ID)
		return nil, err
	})
	return v, f, err
}

// PutVault replaces the version the installation has seen.
func (t *Tegata) PutVault(ctx context.Context, c Caller, v device.Vault) (version int64, f *fault.Fault, err error) {
	if len(v.Sealed) > device.MostVault {
		return 0, faults.TooLarge.New("limit", "1 MB"), nil
	}
	f, err = t.act(ctx, c, func(tx db.Tx, c Caller) (*fault.Fault, error) {
		var err error
		if version, err = device.PutVault(ctx, tx, c.Account.ID, v); errors.Is(err, db.ErrNone) {
			return faults.VaultBehind.New(), nil
		}
		return nil, err
	})
	return version, f, err
}

// confirm proves something of the account again, for an installation that is stale.
func (t *Tegata) confirm(ctx context.Context, c Caller, k gate.Kind, answer string) (f *fault.Fault, err error) {
	p := enter.Proving{Visitor: c.Visitor, Account: c.Account, Typed: c.Account.Email.Identifier, Kind: k, Offered: true, Answer: answer}
	var hashes enter.Hashes
	err = t.DB.Update(ctx, func(tx db.Tx) error {
		f = nil
		d, err := t.Try(ctx, tx, enter.Attempt{Visitor: c.Visitor, Account: c.Account, Typed: p.Typed, Kind: k, Class: enter.Class(k), Offered: true})
		if err != nil {
			return err
		}
		if d.Verdict != gate.Admit {
			f, err = t.Refuse(ctx, tx, enter.Refusal{Visitor: c.Visitor, Account: c.Account.ID, Decision: d, Class: enter.Class(k)})
			return err
		}
		hashes, err = t.HashesOf(ctx, tx, p)
		return err
	})
	if err != nil || f != nil {
		return f, err
	}
	if p.Reckon, err = t.Reckon(ctx, k, answer, hashes); errors.Is(err, slowhash.ErrBusy) {
		return faults.Busy.New(), nil
	}
	if err != nil {
		return nil, err
	}
	err = t.DB.Update(ctx, func(tx db.Tx) error {
		f = nil
		if p.Account, err = account.Lock(ctx, tx, c.Account.ID); err != nil {
			return err
		}
		got, err := t.Judge(ctx, tx, p)
		if f = got.Fault; err != nil || !got.Right {
			return err
		}
		c.Account = p.Account
		if err := device.Refresh(ctx, tx, p.Account.ID, c.Device.ID, p.Account.Turn); err != nil {
			return err
		}
		return t.NoteDevice(ctx, tx, c.who(), "", "device.refreshed", c.Device.Name)
	})
	return f, err
}

// WakeKey is the key with which a browser subscribes to be woken (RFC 8292), and
// whether the installation is subscribed with it. One that wants to be woken and is not
// subscribes anew: the key turned, or its endpoint was dead.
func (t *Tegata) WakeKey(ctx context.Context, c Caller) (key string, subscribed bool, err error) {
	k, err := t.wakeKey(ctx)
	if err != nil {
		return "", false, err
	}
	if w, err := device.WakerOf(c.Device, t.Ring); err == nil {
		subscribed = w.Key == k.ID
	}
	key, err = t.Wakers.Key(k)
	return key, subscribed, err
}

func (t *Tegata) wakeKey(ctx context.Context) (device.WakeKey, error) {
	var keys []device.WakeKey
	read := func() error {
		return t.DB.View(ctx, func(tx db.ReadTx) (err error) { keys, err = device.WakeKeys(ctx, tx, t.Ring); return err })
	}
	if err := read(); err != nil {
		return device.WakeKey{}, err
	}
	if len(keys) == 0 {
		if err := t.DB.Update(ctx, func(tx db.Tx) error { return device.TendWakeKeys(ctx, tx, t.Ring, false) }); err != nil {
			return device.WakeKey{}, err
		}
		if err := read(); err != nil {
			return device.WakeKey{}, err
		}
	}
	return keys[0], nil
}

// Subscribe records where the installation is woken. Where that is said by whoever
// holds the device, so it may be no inner address (RFC 8030 §8).
func (t *Tegata) Subscribe(ctx context.Context, c Caller, s webpush.Subscription) (*fault.Fault, error) {
	sub, err := webpush.Parse(s.Endpoint, s.P256dh, s.Auth, t.Wakers.Loopback)
	if err != nil {
		return faults.PushEndpoint.New(), nil
	}
	k, err := t.wakeKey(ctx)
	if err != nil {
		return nil, err
	}
	return t.act(ctx, c, func(tx db.Tx, c Caller) (*fault.Fault, error) {
		return nil, device.SetWaker(ctx, tx, t.Ring, c.Device.ID, sub.Endpoint, device.Waker{Key: k.ID, P256dh: sub.P256dh, Auth: sub.Auth})
	})
}

// Unsubscribe lets the installation sleep.
func (t *Tegata) Unsubscribe(ctx context.Context, c Caller) (*fault.Fault, error) {
	return t.act(ctx, c, func(tx db.Tx, c Caller) (*fault.Fault, error) {
		return nil, device.Wake(ctx, tx, c.Device.ID, "", nil)
	})
}
