// Package tegata owns what an installation of Tegata does for its account: being
// taken in, hearing of requests and deciding them, the sign-in lock, sessions, being
// refreshed after a new password, and the sealed vault.
//
// Every call is signed with the installation's key, and gate says whether it may
// speak. It knows no page; HTTP appears only as the lines that were signed.
package tegata

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
)

// Tegata is the journey. Origin is the public address without a path, as it is signed.
type Tegata struct {
	*enter.Entry
	Origin string
	Wakers Wakers
}

// Wakers says how installations are woken by a push service (OA-23).
type Wakers struct {
	Loopback bool // a service on this machine is allowed
	Key      func(device.WakeKey) (string, error)
}

// ScanURI is what the code of a sign-in page holds; behind the #, so that no log
// has it.
func (t *Tegata) ScanURI(code string) string { return t.Origin + "/tegata/#signin=" + code }

// EnrolURI is what the code that takes an installation in holds.
func (t *Tegata) EnrolURI(ticket string) string { return t.Origin + "/tegata/#enrol=" + ticket }

// ClockOff is how far an installation's clock may be off (OA-25).
const ClockOff = 2 * time.Minute

// Call is one signed call.
type Call struct {
	Visitor flow.Visitor
	Header  string // behind "Tegata "
	Method  string
	Path    string // with its query
	Body    []byte
}

// Caller is who made a call.
type Caller struct {
	Visitor flow.Visitor
	Device  device.Device
	Account account.Account
	Rules   *policy.Effective // what holds for the account
}

func (c Caller) who() enter.Who { return enter.Who{Visitor: c.Visitor, Account: c.Account} }

// signed takes the header apart.
func (c *Call) signed() (id ref.Device, at int64, signature []byte, ok bool) {
	parts := strings.Split(c.Header, ".")
	if len(parts) != 3 || len(c.Header) > 300 {
		return "", 0, nil, false
	}
	if id, ok = ref.ParseDevice(parts[0]); !ok {
		return "", 0, nil, false
	}
	at, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || at < 0 {
		return "", 0, nil, false
	}
	signature, err = base64.RawURLEncoding.DecodeString(parts[2])
	return id, at, signature, err == nil
}

// writes says whether a call changes something: it counts once.
func (c *Call) writes() bool { return c.Method != "GET" && c.Method != "HEAD" }

// seenEvery is how often it is written down that an installation lives.
const seenEvery = 10 * time.Second

// Authenticate says who made a call; the fault when it is nobody who may. A call that
// changes something is taken once.
func (t *Tegata) Authenticate(ctx context.Context, c *Call) (who *Caller, f *fault.Fault, err error) {
	who = &Caller{Visitor: c.Visitor}
	f, err = t.authenticate(ctx, c, who)
	return who, f, err
}

func (t *Tegata) authenticate(ctx context.Context, c *Call, who *Caller) (f *fault.Fault, err error) {
	id, at, signature, ok := c.signed()
	if !ok {
		return faults.DeviceUnknown.New(), nil
	}
	var now time.Time
	err = t.DB.View(ctx, func(tx db.ReadTx) (err error) {
		now = tx.Now()
		if who.Device, err = device.Of(ctx, tx, id); err != nil {
			return err
		}
		if who.Account, err = account.Of(ctx, tx, who.Device.Account); err != nil {
			return err
		}
		who.Rules, err = t.Rules.Of(ctx, tx, who.Account.ID)
		return err
	})
	if errors.Is(err, db.ErrNone) {
		return faults.DeviceUnknown.New(), nil
	}
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(c.Body)
	if !device.Signed(who.Device.Point, signature, "sekisho-tegata-1", t.Origin, c.Method, c.Path, strconv.FormatInt(at, 10), hex.EncodeToString(sum[:])) {
		return faults.DeviceUnknown.New(), nil
	}
	if off := now.Sub(time.UnixMilli(at)); off > ClockOff || off < -ClockOff {
		return faults.DeviceClock.New(), nil
	}
	if f = t.may(*who, gate.Use, now); f != nil {
		return f, nil
	}
	if !c.writes() && now.Sub(who.Device.LastSeen) < seenEvery {
		return nil, nil
	}
	err = t.DB.Update(ctx, func(tx db.Tx) error {
		if !c.writes() {
			return device.Seen(ctx, tx, id)
		}
		return device.Step(ctx, tx, id, at)
	})
	if errors.Is(err, db.ErrNone) {
		return faults.DeviceReplayed.New(), nil
	}
	return nil, err
}

// may asks gate whether an installation may act.
func (t *Tegata) may(c Caller, act gate.Act, now time.Time) *fault.Fault {
	d := gate.Decide(gate.Facts{Door: c.Visitor.Door, Act: act, Now: now, Account: gate.State(c.Account.State), From: c.Visitor.Addr,
		Proofs: []gate.Proof{{Kind: gate.Tegata, At: now, Turn: c.Account.Turn}}, Turn: c.Account.Turn,
		Contained: !c.Account.Contained.IsZero(), Stale: c.Device.State != device.Active || c.Device.Stale(c.Account.Turn)}, c.Rules)
	if d.Verdict == gate.Admit {
		return nil
	}
	entry, ok := faults.ByCode(d.Code)
	if !ok {
		entry = faults.DeviceUnknown
	}
	return entry.New(d.Args(c.Rules)...).Until(d.RetryAt).By(d.Whose(c.Rules))
}

// act runs what an installation does: the account is held, and gate asked again on
// what stands then.
func (t *Tegata) act(ctx context.Context, c Caller, do func(db.Tx, Caller) (*fault.Fault, error)) (f *fault.Fault, err error) {
	return t.actAs(ctx, c, gate.Approve, do)
}

func (t *Tegata) actAs(ctx context.Context, c Caller, act gate.Act, do func(db.Tx, Caller) (*fault.Fault, error)) (f *fault.Fault, err error) {
	err = t.DB.Update(ctx, func(tx db.Tx) (err error) {
		f = nil
		if c.Account, err = account.Lock(ctx, tx, c.Device.Account); err != nil {
			return err
		}
		if c.Device, err = device.Of(ctx, tx, c.Device.ID); err != nil {
			return err
		}
		if c.Rules, err = t.Rules.Of(ctx, tx, c.Account.ID); err != nil {
			return err
		}
		if f = t.may(c, act, tx.Now()); f != nil {
			return nil
		}
		f, err = do(tx, c)
		return err
	})
	if errors.Is(err, db.ErrNone) {
		return faults.DeviceUnknown.New(), nil // retired meanwhile
	}
	return f, err
}
