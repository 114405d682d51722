package tegata

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/secret"
	"sekisho/internal/session"
)

// Ask is an installation that wants to be taken in.
type Ask struct {
	Ticket string
	Key    string // base64url, uncompressed point
	Proof  string // base64url, its signature
	Name   string // as Name made it
	Kind   device.Kind
}

// Joined is how far that has come.
type Joined struct {
	Fault   *fault.Fault
	Device  device.Device
	Account account.Account
	Number  string
	Journey bool        // the other number is on the page of a journey, not of the account
	Here    bool        // the person said on the installation that the number is the same
	Ready   bool        // and in the browser
	Code    secret.Text // once, when it counts: the secret of the account's own codes
	Expires time.Time
}

// Join lets an installation wait with a ticket. Its number is shown on both sides.
func (t *Tegata) Join(ctx context.Context, v flow.Visitor, a Ask) (j Joined, err error) {
	point, err := base64.RawURLEncoding.DecodeString(a.Key)
	proof, bad := base64.RawURLEncoding.DecodeString(a.Proof)
	if err != nil || bad != nil || !device.Signed(point, proof, "sekisho-tegata-enrol-1", t.Origin, a.Ticket, a.Key) {
		return Joined{Fault: faults.DeviceKey.New()}, nil
	}
	err = t.DB.Update(ctx, func(tx db.Tx) error {
		j = Joined{}
		ticket, err := device.ByToken(ctx, tx, a.Ticket)
		if err != nil {
			return err
		}
		if j.Account, err = account.Lock(ctx, tx, ticket.Account); err != nil {
			return err
		}
		if ticket.Device != "" || !enter.TicketStands(ticket, j.Account, tx.Now()) {
			return db.ErrNone
		}
		if err := held(ctx, tx, ticket); err != nil {
			return err // nobody is left to agree to it
		}
		d := device.Device{Account: j.Account.ID, Kind: a.Kind, Name: a.Name, Point: point, Turn: j.Account.Turn, Agent: v.Agent, Addr: v.Addr.String(), Place: v.Place}
		j.Device, j.Number, err = device.Claim(ctx, tx, a.Ticket, d)
		j.Expires, j.Journey = ticket.Expires, ticket.Holder.Session() == ""
		return err
	})
	switch {
	case errors.Is(err, db.ErrNone):
		return Joined{Fault: faults.TicketOver.New()}, nil
	case errors.Is(err, db.ErrTaken):
		return Joined{Fault: faults.DeviceKey.New()}, nil
	}
	t.Hub.Wake(string(j.Account.ID))
	return j, err
}

// Look says how far being taken in has come. Once it counts, the secret of the
// account's own codes is handed over, this once.
func (t *Tegata) Look(ctx context.Context, c Caller) (Joined, error) { return t.joined(ctx, c, false) }

// Agree records that the person saw the same number on the installation.
func (t *Tegata) Agree(ctx context.Context, c Caller) (Joined, error) { return t.joined(ctx, c, true) }

func (t *Tegata) joined(ctx context.Context, c Caller, agree bool) (j Joined, err error) {
	err = t.DB.Update(ctx, func(tx db.Tx) error {
		j = Joined{Device: c.Device}
		a, err := account.Lock(ctx, tx, c.Device.Account)
		if err != nil {
			return err
		}
		c.Account, j.Account = a, a
		if j.Device, err = device.Of(ctx, tx, c.Device.ID); err != nil {
			return err
		}
		was := j.Device.State
		k, err := device.ByDevice(ctx, tx, c.Device.ID)
		if err == nil && was == device.Waiting && !enter.TicketStands(k, a, tx.Now()) {
			return db.ErrNone // the doors were closed, or the lock lifted, meanwhile
		}
		if err == nil && agree && was == device.Waiting {
			k, err = t.agree(ctx, tx, c, k)
		}
		switch {
		case errors.Is(err, db.ErrNone):
			if j.Ready = was == device.Active; !j.Ready {
				j.Fault = faults.TicketOver.New()
			}
			return nil
		case errors.Is(err, device.ErrFull):
			j.Fault = faults.DeviceFull.New("most", device.Most)
			return nil
		case err != nil:
			return err
		}
		j.Number, j.Here, j.Ready, j.Expires = k.Number, k.There, k.Ready(), k.Expires
		if !j.Ready {
			return nil
		}
		if was == device.Waiting {
			if err := t.TakeIn(ctx, tx, c.who(), k, j.Device); err != nil {
				return err
			}
		}
		if k.Handed {
			return nil
		}
		if err := device.Hand(ctx, tx, c.Device.ID); err != nil {
			return err
		}
		j.Code, err = t.Apps.EnrolDevice(ctx, tx, a.ID, c.Device.ID)
		return err
	})
	if errors.Is(err, db.ErrNone) {
		return Joined{Fault: faults.TicketOver.New()}, nil // taken back meanwhile
	}
	t.Hub.Wake(string(c.Device.Account))
	return j, err
}

// Refresh lets an installation count again once its holder has confirmed the password
// that holds now (OA-22, ER-12). Failures count as those of any password.
func (t *Tegata) Refresh(ctx context.Context, c Caller, word string) (*fault.Fault, error) {
	return t.confirm(ctx, c, gate.Password, word)
}

// agree counts only while the session lives that said so, too: what was taken in by it
// is doubted with it.
func (t *Tegata) agree(ctx context.Context, tx db.Tx, c Caller, k device.Ticket) (device.Ticket, error) {
	if err := held(ctx, tx, k); err != nil {
		return k, err
	}
	return device.Agree(ctx, tx, c.Device.ID, true)
}

// held is db.ErrNone once the session is over that made a ticket. A journey's ticket ends
// with what enter.TicketStands asks.
func held(ctx context.Context, tx db.Tx, k device.Ticket) error {
	id := k.Holder.Session()
	if id == "" {
		return nil
	}
	_, err := session.ByID(ctx, tx, id)
	return err
}
