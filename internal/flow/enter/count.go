package enter

import (
	"context"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/browser"
	"sekisho/internal/db"
	"sekisho/internal/flow"
	"sekisho/internal/gate"
	"sekisho/internal/limit"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
)

// Class is what is counted apart (ER-07).
type Class string

// The classes there are.
const (
	ByPassword   Class = "password"
	ByMailCode   Class = "mailcode"
	BySMSCode    Class = "smscode"
	ByTOTP       Class = "totp"
	ByPasskey    Class = "passkey"
	ByBackup     Class = "backup"
	ByPassphrase Class = "passphrase"
	ByRecovery   Class = "recover"
	ByAddress    Class = "address" // a further address that is being proved
)

// Classes lists all that is counted.
var Classes = []Class{ByPassword, ByMailCode, BySMSCode, ByTOTP, ByPasskey, ByBackup, ByPassphrase, ByRecovery, ByAddress}

// stop is how many consecutive failures end an authenticator until recovery.
// Backup codes are few and short for what they open (spec §11).
func (c Class) stop() int64 {
	if c == ByBackup {
		return 20
	}
	return limit.Stop
}

// Subject names whom a failure counts against: the account, or, where there is
// none, the identifier as it is compared, so that the two behave alike.
func Subject(a account.Account, typed account.Identifier) string {
	if a.ID != "" {
		return string(a.ID)
	}
	return "typed:" + string(typed.Kind) + ":" + typed.Norm
}

// Counters are the four counters one attempt touches.
type Counters struct {
	class                             Class
	browser, account, network, factor limit.Counter
}

// CountersOf names the counters of an attempt. A program without our cookie is
// counted by its network and the account it tries, so that neither throwing
// cookies away nor a shared address changes who waits.
func CountersOf(class Class, subject string, v flow.Visitor) Counters {
	who := string(v.Browser)
	if !v.Proven {
		who = v.Network + "\x00" + subject
	}
	return Counters{
		class:   class,
		browser: limit.Browser.Of("browser", string(class), who),
		account: limit.Account.Of("account", string(class), subject),
		network: limit.Network.Of("network", string(class), v.Network),
		factor:  limit.Factor.Of("factor", string(class), subject),
	}
}

// Factor is the counter that stops one authenticator of an account.
func Factor(class Class, id ref.Account) limit.Counter {
	return limit.Factor.Of("factor", string(class), string(id))
}

type read func(...limit.Counter) ([]limit.Standing, error)

func (c Counters) wait(look read) (w gate.Wait, clean bool, err error) {
	all, err := look(c.browser, c.account, c.network, c.factor)
	if err != nil {
		return w, false, err
	}
	clean = !slices.ContainsFunc(all, func(s limit.Standing) bool { return s.Failures != 0 })
	w.Browser, w.Account, w.Address, w.FactorStopped = all[0].Until, all[1].Until, all[2].Until, all[3].Failures >= c.class.stop()
	return w, clean, nil
}

// Try asks gate whether a proof may be evaluated. hold keeps parallel guesses
// waiting until this transaction ends; without it the answer is only a first
// look that saves work.
func (c Counters) Try(ctx context.Context, r db.Reader, v flow.Visitor, f gate.Facts, p *policy.Effective) (d gate.Decision, clean bool, err error) {
	look := func(all ...limit.Counter) ([]limit.Standing, error) { return limit.LookAll(ctx, r, all...) }
	if tx, ok := r.(db.Tx); ok {
		look = func(all ...limit.Counter) ([]limit.Standing, error) { return limit.HoldAll(ctx, tx, all...) }
	}
	f.Act, f.Now, f.Door, f.From = gate.Try, r.Now(), v.Door, v.Addr
	if f.Wait, clean, err = c.wait(look); err != nil {
		return d, clean, err
	}
	return gate.Decide(f, p), clean, nil
}

// Fail counts a failure everywhere it counts and says until when the browser
// waits now; zero when it does not. began is true when a wait began with it.
func (c Counters) Fail(ctx context.Context, tx db.Tx) (until time.Time, began bool, err error) {
	s, err := c.browser.Fail(ctx, tx)
	if err != nil {
		return until, false, err
	}
	if tx.Now().Before(s.Until) {
		until, began = s.Until, true
	}
	for _, x := range []limit.Counter{c.account, c.network, c.factor} {
		if _, err := x.Fail(ctx, tx); err != nil {
			return until, began, err
		}
	}
	return until, began, nil
}

// Succeed forgives what this flow failed before and ends the row of
// consecutive failures.
func (c Counters) Succeed(ctx context.Context, tx db.Tx, failures int64) error {
	if err := c.browser.Forgive(ctx, tx, failures); err != nil {
		return err
	}
	if err := c.network.Forgive(ctx, tx, failures); err != nil {
		return err
	}
	return limit.ClearBoth(ctx, tx, c.account, c.factor)
}

// Besieged says whether strangers guess so much at a class of proofs that the owner
// could not give one: what is sent then is to be too long to guess.
func (e *Entry) Besieged(ctx context.Context, r db.Reader, a Attempt) (bool, error) {
	friend, err := e.Known(ctx, r, a.Account, a.Visitor)
	if err != nil {
		return false, err
	}
	c := a.counters()
	tried, err := c.account.Look(ctx, r)
	if err != nil {
		return false, err
	}
	stopped, err := c.factor.Look(ctx, r)
	return stopped.Failures >= c.class.stop() || !friend && tried.Failures > limit.Account.Free, err
}

// wayBack says whether the account has an inbox or number that a reset can go to, and
// that is not opened by the account itself.
func (e *Entry) wayBack(ctx context.Context, r db.Reader, a account.Account) (bool, error) {
	list, err := account.Addresses(ctx, r, a.ID)
	return slices.ContainsFunc(list, func(x account.Address) bool {
		return !x.Confirmed.IsZero() && (x.Kind == account.Email && !e.shared(x) && !e.hosted(x) || x.Kind == account.Mobile && e.SMS)
	}), err
}

// Free ends every wait of strangers to an account, and opens what failures in a row
// had stopped. Browsers and networks wait on: what they tried elsewhere counts too.
func Free(ctx context.Context, tx db.Tx, id ref.Account) error {
	for _, class := range Classes {
		for _, c := range []limit.Counter{limit.Account.Of("account", string(class), string(id)), Factor(class, id)} {
			if err := c.Clear(ctx, tx); err != nil {
				return err
			}
		}
	}
	return nil
}

// Known says whether the account knows the browser. Only a browser that showed
// our cookie can be known.
func (e *Entry) Known(ctx context.Context, r db.Reader, a account.Account, v flow.Visitor) (bool, error) {
	if a.ID == "" || !v.Proven {
		return false, nil
	}
	return browser.Known(ctx, r, a.ID, v.Browser)
}
