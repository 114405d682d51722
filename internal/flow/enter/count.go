package enter

import (
	"context"
	"math"
	"slices"
	"strings"
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
	ByTegata     Class = "tegata"
	ByTegataCode Class = "tegatacode"
	ByAddress    Class = "address" // a further address that is being proved
	ByIssued     Class = "issued"  // backup codes, while one that support issued is out
)

// Classes lists all that is counted.
var Classes = func() []Class {
	out := []Class{ByPassword, ByMailCode, BySMSCode, ByTOTP, ByPasskey, ByBackup, ByPassphrase, ByTegata, ByTegataCode, ByRecovery, ByAddress, ByIssued}
	for _, c := range out[:9] {
		out = append(out, c.InRecovery())
	}
	return append(out, BySMSCode.OfStrangers(), ByTegataCode.OfStrangers())
}()

const (
	recovering = "recover."
	begun      = "first."
)

// InRecovery is a class of second proofs while the password is being reset. Recovery
// counts apart (ER-07): else who stops a proof at the sign-in, which takes the password,
// stops the reset that would open it again.
func (c Class) InRecovery() Class { return recovering + c }

// OfStrangers is a class of proofs where a sign-in begins with them. They count apart:
// else whoever knows a name stops what its owner gives as the second proof.
func (c Class) OfStrangers() Class { return begun + c }

// kind is what was tried, wherever it was.
func (c Class) kind() Class {
	return Class(strings.TrimPrefix(strings.TrimPrefix(string(c), recovering), begun))
}

// stop is how many consecutive failures end an authenticator until recovery.
// Backup codes are few and short for what they open (spec §11). The one that support
// issued ends by itself within a day, in which strangers' waits leave room for about a
// hundred tries at twelve digits: to stop it would help nobody but who guesses.
func (c Class) stop() int64 {
	// Six digits of any of an account's installations, and nothing else, open all of it
	// to a stranger where an app lock stands before them.
	if c == ByTegataCode.OfStrangers() {
		return 20
	}
	switch c.kind() {
	case ByBackup:
		return 20
	case ByIssued:
		return math.MaxInt64
	}
	return limit.Stop
}

// guessable says whether tries at a class come nearer to what is right. A key's answer,
// and Tegata's, is a signature: wrong ones make nobody but their own browser wait, or strangers would
// stop with junk what they cannot guess.
func (c Class) guessable() bool { return c.kind() != ByPasskey && c.kind() != ByTegata }

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

// Renew forgets the failures at a kind of proof that an account has anew.
func Renew(ctx context.Context, tx db.Tx, class Class, id ref.Account) error {
	if err := Factor(class, id).Clear(ctx, tx); err != nil {
		return err
	}
	return Factor(class.InRecovery(), id).Clear(ctx, tx)
}

// Factor is the counter that stops one authenticator of an account.
func Factor(class Class, id ref.Account) limit.Counter {
	return limit.Factor.Of("factor", string(class), string(id))
}

type read func(...limit.Counter) ([]limit.Standing, error)

func (c Counters) wait(look read) (w gate.Wait, clean bool, err error) {
	list := []limit.Counter{c.browser, c.account, c.network, c.factor}
	if !c.class.guessable() {
		list = list[:1]
	}
	all, err := look(list...)
	if err != nil {
		return w, false, err
	}
	clean = !slices.ContainsFunc(all, func(s limit.Standing) bool { return s.Failures != 0 })
	if w.Browser = all[0].Until; c.class.guessable() {
		w.Account, w.Address, w.FactorStopped = all[1].Until, all[2].Until, all[3].Failures >= c.class.stop()
	}
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
	if !c.class.guessable() {
		return until, began, nil
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
	if !c.class.guessable() {
		return nil
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

// Count is how failures stand at one kind of proof of an account.
type Count struct {
	Kind     Class     // of proof, wherever it is given
	Failures int64     // in a row
	Until    time.Time // strangers wait; zero: they do not
	Stopped  bool      // nothing of the kind is judged until somebody opens it
}

// Counts are what stands against an account (ER-07), kind by kind; none where nothing does.
func Counts(ctx context.Context, r db.Reader, id ref.Account) (out []Count, err error) {
	var list []limit.Counter
	for _, class := range Classes {
		list = append(list, limit.Account.Of("account", string(class), string(id)), Factor(class, id))
	}
	all, err := limit.LookAll(ctx, r, list...)
	if err != nil {
		return nil, err
	}
	for i, class := range Classes {
		wait, stop := all[2*i], all[2*i+1]
		c := Count{Kind: class.kind(), Failures: stop.Failures, Stopped: class.guessable() && stop.Failures >= class.stop()}
		if r.Now().Before(wait.Until) {
			c.Until = wait.Until
		}
		if c.Failures == 0 && c.Until.IsZero() {
			continue
		}
		j := slices.IndexFunc(out, func(x Count) bool { return x.Kind == c.Kind })
		if j < 0 {
			out = append(out, c)
			continue
		}
		out[j].Failures = max(out[j].Failures, c.Failures)
		out[j].Stopped = out[j].Stopped || c.Stopped
		if c.Until.After(out[j].Until) {
			out[j].Until = c.Until
		}
	}
	return out, nil
}

// SigninsToday says how often an account signed in on the day that is now (ER-05).
func (e *Entry) SigninsToday(a account.Account, now time.Time) int {
	return a.SigninsSince(e.day(now))
}
