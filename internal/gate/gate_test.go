package gate

import (
	"net/netip"
	"testing"
	"time"

	"sekisho/internal/policy"
)

var now = time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)

func good(act Act) Facts {
	return Facts{
		Door: Web, Act: act, Now: now, Account: Active, Kind: Password, Offered: true,
		Proofs: []Proof{{Kind: Password, At: now}}, From: netip.MustParseAddr("192.0.2.7"),
		PasswordSet: now.Add(-time.Hour), SessionEnds: now.Add(time.Hour), LastUsed: now.Add(-time.Second),
		LastProof: now.Add(-time.Minute), FreshFor: 10 * time.Minute, SignedInSince: now.Add(-time.Minute),
	}
}

func TestEveryRuleDecides(t *testing.T) {
	soon := now.Add(time.Minute)
	for _, c := range []struct {
		name    string
		act     Act
		facts   func(*Facts)
		policy  func(*policy.Effective)
		verdict Verdict
		code    string
		need    Need
		retry   time.Time
	}{
		{name: "all is well", act: Enter, verdict: Admit},
		{name: "a proof may be tried", act: Try, verdict: Admit},
		{name: "the browser waits", act: Try, facts: func(f *Facts) { f.Wait.Browser = soon; f.KnownBrowser = true }, verdict: Refuse, code: "signin.too_many_attempts", retry: soon},
		{name: "the wait is over at its instant", act: Try, facts: func(f *Facts) { f.Wait.Browser = now }, verdict: Admit},
		{name: "strangers to the account wait", act: Try, facts: func(f *Facts) { f.Wait.Account = soon }, verdict: Refuse, code: "signin.too_many_attempts", retry: soon},
		{name: "a browser the account knows does not wait for strangers", act: Try, facts: func(f *Facts) { f.Wait.Account = soon; f.Wait.Address = soon; f.KnownBrowser = true }, verdict: Admit},
		{name: "the network waits", act: Try, facts: func(f *Facts) { f.Wait.Address = soon }, verdict: Refuse, code: "signin.too_many_attempts", retry: soon},
		{name: "100 failures stop the factor even for a known browser", act: Try, facts: func(f *Facts) { f.Wait.FactorStopped = true; f.KnownBrowser = true }, verdict: Refuse, code: "factor.disabled"},
		{name: "a kind that is not offered is not tried", act: Try, facts: func(f *Facts) { f.Offered = false }, verdict: Refuse, code: "signin.method_not_offered"},
		{name: "no account", act: Enter, facts: func(f *Facts) { f.Account = Unknown }, verdict: Refuse, code: "signin.not_recognised"},
		{name: "a state left empty is no account", act: Enter, facts: func(f *Facts) { f.Account = "" }, verdict: Refuse, code: "signin.not_recognised"},
		{name: "a state nobody knows is no account", act: Enter, facts: func(f *Facts) { f.Account = "odd" }, verdict: Refuse, code: "signin.not_recognised"},
		{name: "disabled is told after a proof", act: Enter, facts: func(f *Facts) { f.Account = Disabled }, verdict: Refuse, code: "account.disabled"},
		{name: "disabled is not told before a proof", act: Enter, facts: func(f *Facts) { f.Account = Disabled; f.Proofs = nil }, verdict: Prove, need: NeedFirstProof},
		{name: "deleted is told after a proof", act: Enter, facts: func(f *Facts) { f.Account = Deleted }, verdict: Refuse, code: "account.deleted"},
		{name: "a disabled account's session ends", act: Continue, facts: func(f *Facts) { f.Account = Disabled }, verdict: Refuse, code: "account.disabled"},
		{name: "an address outside the policy's list", act: Enter, policy: func(p *policy.Effective) { p.Address.Allowed = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} }, verdict: Refuse, code: "signin.ip_not_allowed"},
		{name: "mid-session too", act: Continue, policy: func(p *policy.Effective) { p.Address.Allowed = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} }, verdict: Refuse, code: "signin.ip_not_allowed"},
		{name: "an address outside one's own list", act: Enter, facts: func(f *Facts) { f.OwnAddresses = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} }, verdict: Refuse, code: "signin.ip_not_allowed"},
		{name: "a proof from before the doors were closed is none", act: Enter, facts: func(f *Facts) { f.Turn = 1 }, verdict: Prove, need: NeedFirstProof},
		{name: "and does not tell that the account is disabled", act: Enter, facts: func(f *Facts) { f.Turn, f.Account = 1, Disabled }, verdict: Prove, need: NeedFirstProof},
		{name: "a proof from after they were closed counts", act: Enter, facts: func(f *Facts) { f.Turn, f.Proofs[0].Turn = 1, 1 }, verdict: Admit},
		{name: "no proof yet", act: Enter, facts: func(f *Facts) { f.Proofs = nil }, verdict: Prove, need: NeedFirstProof},
		{name: "an unconfirmed account confirms first", act: Enter, facts: func(f *Facts) { f.Account = Unconfirmed }, verdict: Prove, need: NeedAddress},
		{name: "a session of an unconfirmed account does nothing else", act: Continue, facts: func(f *Facts) { f.Account = Unconfirmed }, verdict: Prove, need: NeedAddress},
		{name: "a password that must change", act: Enter, facts: func(f *Facts) { f.MustChange = true }, verdict: Prove, need: NeedPassword},
		{name: "a code does not ask for a new password", act: Enter, facts: func(f *Facts) { f.MustChange = true; f.Proofs[0].Kind = MailCode }, verdict: Admit},
		{name: "a password past its age", act: Enter, policy: func(p *policy.Effective) { p.Password.MaxAge = time.Hour }, verdict: Prove, need: NeedPassword},
		{name: "a password within its age", act: Enter, policy: func(p *policy.Effective) { p.Password.MaxAge = time.Hour + 1 }, verdict: Admit},
		{name: "the 51st sign-in today", act: Enter, facts: func(f *Facts) { f.SigninsToday = 50 }, verdict: Refuse, code: "signin.daily_limit"},
		{name: "the 50th sign-in today", act: Enter, facts: func(f *Facts) { f.SigninsToday = 49 }, verdict: Admit},
		{name: "the daily limit off", act: Enter, facts: func(f *Facts) { f.SigninsToday = 5000 }, policy: func(p *policy.Effective) { p.Session.DailySignins = 0 }, verdict: Admit},
		{name: "the cap is reached", act: Enter, facts: func(f *Facts) { f.Sessions = 50 }, verdict: Refuse, code: "session.limit"},
		{name: "one place left", act: Enter, facts: func(f *Facts) { f.Sessions = 49 }, verdict: Admit},
		{name: "the session goes on", act: Continue, verdict: Admit},
		{name: "the session's end", act: Continue, facts: func(f *Facts) { f.SessionEnds = now }, verdict: Refuse, code: "session.ended"},
		{name: "a shorter lifetime reaches living sessions", act: Continue, facts: func(f *Facts) { f.SignedInSince = now.Add(-25 * time.Hour) }, policy: func(p *policy.Effective) { p.Session.Lifetime = 24 * time.Hour }, verdict: Refuse, code: "session.ended"},
		{name: "idle too long", act: Continue, facts: func(f *Facts) { f.LastUsed = now.Add(-time.Minute) }, policy: func(p *policy.Effective) { p.Session.Idle = time.Minute }, verdict: Refuse, code: "session.idle"},
		{name: "idle just short", act: Continue, facts: func(f *Facts) { f.LastUsed = now.Add(-time.Minute + 1) }, policy: func(p *policy.Effective) { p.Session.Idle = time.Minute }, verdict: Admit},
		{name: "a change with a fresh proof", act: Change, verdict: Admit},
		{name: "a change with an old proof", act: Change, facts: func(f *Facts) { f.LastProof = now.Add(-11 * time.Minute) }, verdict: Prove, need: NeedFresh},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, p := good(c.act), policy.Resolve()
			if c.facts != nil {
				c.facts(&f)
			}
			if c.policy != nil {
				c.policy(&p)
			}
			got := Decide(f, &p)
			if got.Verdict != c.verdict || got.Code != c.code || got.Need != c.need || !got.RetryAt.Equal(c.retry) {
				t.Errorf("got %s %q need %q retry %v, want %s %q need %q retry %v\n%+v",
					got.Verdict, got.Code, got.Need, got.RetryAt, c.verdict, c.code, c.need, c.retry, got.Trace)
			}
			if len(got.Trace) == 0 || got.Trace[len(got.Trace)-1].Verdict != c.verdict {
				t.Errorf("the trace does not end with the deciding rule: %+v", got.Trace)
			}
		})
	}
}

func TestTraceNamesThePolicyThatDecided(t *testing.T) {
	f, p := good(Enter), policy.Resolve(policy.Policy{Name: "night shift", Session: &policy.Session{Lifetime: 24 * time.Hour, Concurrent: 1}})
	f.Sessions = 1
	d := Decide(f, &p)
	if got, want := d.Trace[len(d.Trace)-1].Source, "night shift"; got != want {
		t.Errorf("source: got %q, want %q", got, want)
	}
}

func TestAnActNobodyKnowsHasNoRules(t *testing.T) {
	f, p := good("odd"), policy.Resolve()
	if got := Decide(f, &p); got.Verdict == Admit {
		t.Errorf("an unknown act was admitted: %+v", got)
	}
}

func BenchmarkDecide(b *testing.B) {
	f, p := good(Enter), policy.Resolve()
	b.ReportAllocs()
	for b.Loop() {
		Decide(f, &p)
	}
}
