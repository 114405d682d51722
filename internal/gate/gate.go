// Package gate is the one decision: facts and the resolved policy in; admit,
// prove more or refuse out, with a trace of every rule that was looked at.
//
// It is pure: no clock, no database, no request. Every door asks it, so a rule
// that holds at one door holds at all. It never tells a stranger why: what may
// be said before a full proof is the journey's to blur, and the trace keeps
// the truth for the audit.
package gate

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"sekisho/internal/policy"
)

// Door is the protocol through which someone enters.
type Door string

// The doors there are.
const (
	Web  Door = "web"
	API  Door = "api"
	OIDC Door = "oidc"
)

// Act is what is asked at the door.
type Act string

const (
	// Try asks whether a proof may be evaluated at all.
	Try Act = "try"
	// Enter asks whether the proofs given open a session.
	Enter Act = "enter"
	// Continue asks whether a living session goes on (each request, each refresh).
	Continue Act = "continue"
	// Change asks whether a session may change something that guards the account.
	Change Act = "change"
	// Use asks whether an installation of Tegata may speak for its account.
	Use Act = "use"
	// Approve asks whether it may approve, lift the lock, or end what is open.
	Approve Act = "approve"
	// Steer asks whether it may change what guards the account.
	Steer Act = "steer"
	// Replace asks whether an account whose owner has switched sign-in off gets a new
	// installation of Tegata in place of the lost ones. It opens nothing.
	Replace Act = "replace"
)

// Verdict is the outcome of a decision.
type Verdict string

// The three verdicts.
const (
	Admit  Verdict = "admit"
	Prove  Verdict = "prove_more"
	Refuse Verdict = "refuse"
)

// State of the account, as the account's own package names them. Unknown is
// the state of an account that is not there.
type State string

// The states an account can be in.
const (
	Unknown     State = "unknown"
	Unconfirmed State = "unconfirmed"
	Active      State = "active"
	Disabled    State = "disabled"
	Deleted     State = "deleted"
)

// Need is what Prove asks for.
type Need string

// What can be asked for.
const (
	NeedNothing    Need = ""
	NeedFirstProof Need = "first_proof"
	NeedSecond     Need = "second_proof"
	NeedAnother    Need = "another_proof" // an unusual sign-in
	NeedFactor     Need = "second_factor" // one has to be set up
	NeedAddress    Need = "confirm_address"
	NeedPassword   Need = "new_password"
	NeedFresh      Need = "fresh_proof"
	NeedStrong     Need = "strong_proof" // one that no thief of a phone or inbox has
	NeedWait       Need = "wait"         // a day in which the owner can notice
)

// Wait is how the counters stand for the proof in question.
type Wait struct {
	Browser       time.Time // this browser waits until
	Account       time.Time // strangers to this account wait until
	Address       time.Time // the client's network waits until
	FactorStopped bool      // the authenticator had too many consecutive failures
}

// Guess says how an answer stands against strangers who try others.
type Guess string

// The ways it can stand.
const (
	Guessable Guess = ""
	Renewable Guess = "renewable" // guessable, and one that is not can be sent instead
	Beyond    Guess = "beyond"    // too long to be guessed
)

// Facts are what a decision looks at.
type Facts struct {
	Door          Door
	Act           Act
	Now           time.Time
	Account       State
	Kind          Kind // Try: the proof about to be evaluated
	Offered       bool // Try: the kind is one this account may use here
	Proofs        []Proof
	Turn          int64 // the account's now: proofs of an earlier turn count no more
	Wait          Wait
	Guess         Guess // Try: how the answer stands against guessing
	NoWayBack     bool  // Try: no reset of the account would open what is stopped
	KnownBrowser  bool
	From          netip.Addr
	PasswordSet   time.Time
	MustChange    bool
	SigninsToday  int
	Sessions      int
	SessionEnds   time.Time // Continue, Change: the session's end
	LastUsed      time.Time // Continue, Change
	LastProof     time.Time // Change: when the session last proved itself
	FreshFor      time.Duration
	OwnAddresses  []netip.Prefix // of a decision that is made again: what of the owner's own list was kept
	SignedInSince time.Time

	Set       []Kind    // Enter, Change: what is set up and may be a second proof
	Issued    bool      // Enter: support issued a backup code that was not used yet
	SecondVia string    // the number codes of the second factor go to
	Trusted   bool      // Enter: the account trusts this browser
	StepUp    bool      // Enter: a fresh proof is asked for within a session
	Stale     bool      // Approve, Steer: the installation was not refreshed since the doors were closed
	Locked    bool      // Enter, Change, Replace: the owner has switched sign-in off (RS-01)
	Waited    bool      // Replace: a wait that a passphrase or backup code began has stood its time
	LockEnds  time.Time // Enter, Change: when it ends by itself; zero: it does not
	Unusual   bool      // Enter: browser and place are both new to the account
	Contained bool      // Enter, Change, Steer: the owner said "this was not me"
	Recovers  bool      // Enter: a new password is being set, or was a moment ago, by way of recovery
	Ordered   bool      // Enter: an admin of the account's organisation, or the operator, had the reset sent
	Sent      bool      // Change: all that the session proved is codes that were sent
	OnFile    []Kind    // Enter, Change: what else can be proved beside the second factors
	Level     Level     // Continue, Change: what the session proved
	Methods   []string  // Continue: by what, in the words of Word; none: not known
	Both      bool      // Change: it proved two, whether or not the policy lets both count
	Since     time.Time // Continue, Change: since when the account is there
}

// Step is one rule that was looked at.
type Step struct {
	Rule    string  `json:"rule"`
	Verdict Verdict `json:"verdict"`
	Source  string  `json:"source,omitempty"` // the policy that set the rule's value
	Saw     string  `json:"saw,omitempty"`
}

// Decision is the answer.
type Decision struct {
	Verdict Verdict
	Code    string    // Refuse: the fault's code
	Level   Level     // Admit at Enter: what the session carries
	RetryAt time.Time // Refuse: when to try again, if time lifts it
	Need    Need      // Prove: what for
	Trace   []Step
}

// Whose names the organisation whose rule stopped it; empty where it was nobody's.
func (d Decision) Whose(p *policy.Effective) string {
	if d.Verdict == Admit || len(d.Trace) == 0 {
		return ""
	}
	return p.Whose(d.Trace[len(d.Trace)-1].Source)
}

// Args are what a text that tells the decision may name: names and values in turn.
func (d Decision) Args(p *policy.Effective) []any {
	out := []any{"idle", p.Session.Idle}
	if d.Verdict != Refuse || len(d.Trace) == 0 {
		return out
	}
	stop := d.Trace[len(d.Trace)-1]
	if stop.Rule == "address.own" {
		out = append(out, "kind", policy.ByOwner)
	}
	if stop.Rule == "address.own" || stop.Rule == "address.policy" {
		out = append(out, "address", stop.Saw)
	}
	return out
}

type rule struct {
	name string
	acts []Act
	look func(*Facts, *policy.Effective) Decision
}

// The order is the order in which a person would want to be told.
var rules = []rule{
	{"limit.browser", []Act{Try}, browserWaits},
	{"limit.address", []Act{Try}, addressWaits},
	{"limit.account", []Act{Try}, accountWaits},
	{"limit.factor", []Act{Try}, factorStopped},
	{"method.offered", []Act{Try}, methodOffered},
	{"account.known", []Act{Enter, Continue, Change, Use, Approve, Steer, Replace}, accountKnown},
	{"account.state", []Act{Enter, Continue, Change, Use, Approve, Steer, Replace}, accountState},
	{"member.active", []Act{Enter, Continue, Change, Use, Approve, Steer, Replace}, memberActive},
	{"account.contained", []Act{Enter, Change, Steer}, accountContained},
	{"password.reset", []Act{Enter}, resetAllowed},
	{"device.fresh", []Act{Approve, Steer}, deviceFresh},
	{"account.locked", []Act{Enter, Change}, lockedByOwner},
	{"account.lock", []Act{Replace}, lockOn},
	{"address.policy", []Act{Enter, Continue, Change, Use, Approve, Steer, Replace}, addressPolicy},
	{"address.own", []Act{Enter, Continue, Change, Use, Approve, Steer, Replace}, addressOwn},
	{"session.lifetime", []Act{Continue, Change}, sessionLifetime},
	{"session.idle", []Act{Continue, Change}, sessionIdle},
	{"proof.first", []Act{Enter}, firstProof},
	{"proof.second", []Act{Enter}, secondProof},
	{"proof.strong", []Act{Replace}, strongProof},
	{"proof.sent", []Act{Enter, Change}, sentAlone},
	{"proof.another", []Act{Enter}, anotherProof},
	{"factor.demanded", []Act{Continue}, factorDemanded},
	{"account.confirmed", []Act{Enter, Continue, Change}, confirmed},
	{"proof.fresh", []Act{Change}, fresh},
	{"proof.level", []Act{Change}, changeLevel},
	{"password.current", []Act{Enter}, passwordCurrent},
	{"signin.daily", []Act{Enter}, daily},
	{"session.concurrent", []Act{Enter}, concurrent},
}

// byAct are the rules of each act, in order.
var byAct = func() map[Act][]*rule {
	out := map[Act][]*rule{}
	for i := range rules {
		for _, a := range rules[i].acts {
			out[a] = append(out[a], &rules[i])
		}
	}
	return out
}()

// looked are facts under decision, used again and again: a rule is called through a
// variable, so what it looks at would be made anew for each.
var looked = sync.Pool{New: func() any { return new(Facts) }}

// Decide looks at every rule of the act in order and stops at the first that
// does not admit. It makes nothing but the trace.
func Decide(facts Facts, p *policy.Effective) Decision {
	f := looked.Get().(*Facts)
	*f = facts
	d := decide(f, p)
	*f = Facts{}
	looked.Put(f)
	return d
}

func decide(f *Facts, p *policy.Effective) Decision {
	f.Proofs = Standing(f.Proofs, f.Turn)
	list := byAct[f.Act]
	if len(list) == 0 {
		// An act that no rule knows is a mistake of ours; it opens nothing.
		return Decision{Verdict: Refuse, Code: "request.forbidden", Trace: []Step{{Rule: "act.known", Verdict: Refuse, Saw: string(f.Act)}}}
	}
	trace := make([]Step, 0, len(list))
	for _, r := range list {
		d := r.look(f, p)
		step := Step{Rule: r.name, Verdict: d.Verdict}
		if len(d.Trace) == 1 {
			step.Source, step.Saw = d.Trace[0].Source, d.Trace[0].Saw
		}
		trace = append(trace, step)
		if d.Verdict != Admit {
			d.Trace = trace
			return d
		}
	}
	d := Decision{Verdict: Admit, Trace: trace}
	if f.Act == Enter {
		d.Level = f.carried(p)
	}
	return d
}

// carried is the level of a session that opens: as proved, never more.
func (f *Facts) carried(p *policy.Effective) Level {
	if l := f.level(p); l == Multi || !f.on() || !f.Trusted || f.StepUp {
		return l
	}
	return Trusted
}

// Standing are the proofs that still count: not those that were made before the
// account's doors were closed on everybody, by a new password or by "this was not
// me". Else whoever waits at a later step would enter with what was taken back.
func Standing(proofs []Proof, turn int64) []Proof {
	other := func(p Proof) bool { return p.Turn != turn }
	if !slices.ContainsFunc(proofs, other) {
		return proofs[:len(proofs):len(proofs)]
	}
	return slices.DeleteFunc(slices.Clone(proofs), other)
}

var pass = Decision{Verdict: Admit}

func refuse(code, source, saw string) Decision {
	return Decision{Verdict: Refuse, Code: code, Trace: []Step{{Source: source, Saw: saw}}}
}

func until(d Decision, at time.Time) Decision {
	d.RetryAt = at
	return d
}

func prove(n Need, source string) Decision {
	return Decision{Verdict: Prove, Need: n, Trace: []Step{{Source: source, Saw: string(n)}}}
}

func browserWaits(f *Facts, _ *policy.Effective) Decision {
	if f.Now.Before(f.Wait.Browser) {
		return until(refuse("signin.too_many_attempts", "", "browser"), f.Wait.Browser)
	}
	return pass
}

// A network is asked to wait only for browsers that no account knows here: one
// stranger in an office must not stop the office.
func addressWaits(f *Facts, _ *policy.Effective) Decision {
	if !f.KnownBrowser && f.Now.Before(f.Wait.Address) {
		return until(refuse("signin.too_many_attempts", "", "network"), f.Wait.Address)
	}
	return pass
}

// Guessing by strangers never locks out a browser the account knows (ER-07).
func accountWaits(f *Facts, _ *policy.Effective) Decision {
	switch {
	case f.KnownBrowser, f.Guess == Beyond, !f.Now.Before(f.Wait.Account):
		return pass
	case f.Guess == Renewable:
		return refuse("code.too_short", "", "account")
	}
	return until(refuse("signin.too_many_attempts", "", "account"), f.Wait.Account)
}

// NIST SP 800-63B-4 §3.2.2: no more than 100 consecutive failures. Where the way back
// in itself is stopped, it opens for a code that nobody guesses. An account that cannot
// be reset keeps what its known browsers can do: they wait for their own failures only,
// and anybody else is answered as by any other name.
func factorStopped(f *Facts, _ *policy.Effective) Decision {
	switch {
	case !f.Wait.FactorStopped, f.Guess == Beyond, f.KnownBrowser && f.NoWayBack:
		return pass
	case f.Guess == Renewable:
		return refuse("code.too_short", "", string(f.Kind))
	}
	return refuse("factor.disabled", "", string(f.Kind))
}

func methodOffered(f *Facts, _ *policy.Effective) Decision {
	if !f.Offered {
		return refuse("signin.method_not_offered", "", string(f.Kind))
	}
	return pass
}

func accountKnown(f *Facts, _ *policy.Effective) Decision {
	if f.Account == Unknown || f.Account == "" {
		return refuse("signin.not_recognised", "", "no account")
	}
	return pass
}

// Only after a proof is a state told; before it a disabled account looks like
// one that is not there (SI-28).
func accountState(f *Facts, _ *policy.Effective) Decision {
	if f.Act == Enter && len(f.Proofs) == 0 {
		return pass
	}
	switch f.Account {
	case Active, Unconfirmed:
		return pass
	case Disabled:
		return refuse("account.disabled", "", string(f.Account))
	case Deleted:
		return refuse("account.deleted", "", string(f.Account))
	default:
		return refuse("signin.not_recognised", "", string(f.Account))
	}
}

// A member whom their organisation has deactivated passes no door, whatever is left in
// tables or in hands (OR-02). As with the state of an account, it is told only after a
// proof.
func memberActive(f *Facts, p *policy.Effective) Decision {
	if !p.Org.Inactive || f.Act == Enter && len(f.Proofs) == 0 {
		return pass
	}
	return refuse("account.deactivated", policy.ByOrg, p.Org.Name)
}

// Whoever was in may hold any of the account's proofs, so none of them enters until
// the owner has set a new password. As with its state, only who proved something
// learns of it.
func accountContained(f *Facts, _ *policy.Effective) Decision {
	if !f.Contained || f.Recovers || f.Act == Enter && len(f.Proofs) == 0 {
		return pass
	}
	return refuse("account.contained", "owner", "this was not me")
}

// Where a policy says so, a forgotten password is an admin's to have reset (RC-06). As with
// the state of an account, it is told only after a proof.
func resetAllowed(f *Facts, p *policy.Effective) Decision {
	if !f.Recovers || f.Ordered || !p.Password.AdminReset || len(f.Proofs) == 0 {
		return pass
	}
	return refuse("recovery.forbidden", p.Source.Password, "reset")
}

// An installation that has not heard of a new password may be in other hands since
// (ER-12).
func deviceFresh(f *Facts, _ *policy.Effective) Decision {
	if f.Stale {
		return refuse("device.stale", "", "stale")
	}
	return pass
}

// lockedByOwner lets nobody in while the owner has switched sign-in off, however
// much was proved; sessions that are open go on (RS-01, RS-04), but what guards the
// account stays as it is: else an intruder who is in adds a Tegata and lifts the lock,
// or takes the last one away. As with the state of an account, it is told only after a
// proof.
func lockedByOwner(f *Facts, _ *policy.Effective) Decision {
	if !f.Locked || f.Act == Enter && len(f.Proofs) == 0 {
		return pass
	}
	code := "signin.locked_by_owner"
	if f.Act == Change {
		code = "change.locked_by_owner"
	}
	return until(refuse(code, "own", "locked"), f.LockEnds)
}

func addressPolicy(f *Facts, p *policy.Effective) Decision {
	if !p.Address.Allows(f.From) {
		return refuse("signin.ip_not_allowed", p.Source.Address, f.From.String())
	}
	return pass
}

// A recovery is how an owner who is nowhere that their own list allows gets back in
// (RC-09): it takes the list away with the password that is set. Under the sign-in lock,
// which no reset passes, the way to a new Tegata does, once all is proved: else each
// would wait for the other. What an organisation allows is its admins' business.
func addressOwn(f *Facts, p *policy.Effective) Decision {
	was := policy.Address{Allowed: f.OwnAddresses}
	switch {
	case p.Own.Address.Allows(f.From) && was.Allows(f.From):
		return pass
	case f.Act == Enter && f.Recovers, f.Act == Replace:
		return Decision{Verdict: Admit, Trace: []Step{{Source: policy.ByOwner, Saw: "recovers"}}}
	}
	return until(refuse("signin.ip_not_allowed", policy.ByOwner, f.From.String()), p.Own.Until)
}

// The policy's lifetime counts from the sign-in, so that a policy tightened
// later reaches sessions that were opened under the looser one (PO-16).
func sessionLifetime(f *Facts, p *policy.Effective) Decision {
	if !f.Now.Before(f.SessionEnds) || !f.Now.Before(f.SignedInSince.Add(p.Session.Lifetime)) {
		return refuse("session.ended", p.Source.Session, "lifetime")
	}
	return pass
}

func sessionIdle(f *Facts, p *policy.Effective) Decision {
	if p.Session.Idle > 0 && f.Now.Sub(f.LastUsed) >= p.Session.Idle {
		return refuse("session.idle", p.Source.Session, "idle")
	}
	return pass
}

func firstProof(f *Facts, _ *policy.Effective) Decision {
	for _, p := range f.Proofs {
		if slices.Contains(firsts, p.Kind) && (p.Kind != Passkey || p.User) {
			return pass
		}
	}
	return prove(NeedFirstProof, "")
}

func confirmed(f *Facts, _ *policy.Effective) Decision {
	if f.Account == Unconfirmed {
		return prove(NeedAddress, "")
	}
	return pass
}

func fresh(f *Facts, _ *policy.Effective) Decision {
	if f.Now.Sub(f.LastProof) > f.FreshFor {
		return prove(NeedFresh, "")
	}
	return pass
}

// A forced change is asked of whoever came in by the password; who came by a
// code proved something else and is not stopped by the password's age.
func passwordCurrent(f *Facts, p *policy.Effective) Decision {
	used := slices.ContainsFunc(f.Proofs, func(x Proof) bool { return x.Kind == Password })
	if !used {
		return pass
	}
	if f.MustChange {
		return prove(NeedPassword, "operator")
	}
	if p.Password.MaxAge > 0 && f.Now.Sub(f.PasswordSet) >= p.Password.MaxAge {
		return prove(NeedPassword, p.Source.Password)
	}
	return pass
}

// A fresh proof within a session is no sign-in, and a recovery must not wait for
// midnight because a thief has used up the day.
func daily(f *Facts, p *policy.Effective) Decision {
	if f.StepUp || f.Recovers {
		return pass
	}
	if p.Session.DailySignins > 0 && f.SigninsToday >= p.Session.DailySignins {
		return refuse("signin.daily_limit", p.Source.Session, "signins today")
	}
	return pass
}

func concurrent(f *Facts, p *policy.Effective) Decision {
	if f.Sessions >= p.Session.Concurrent {
		return refuse("session.limit", p.Source.Session, "sessions")
	}
	return pass
}
