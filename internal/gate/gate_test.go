package gate

import (
	"net/netip"
	"slices"
	"strings"
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

// own is a list of the account's owner that the tests' address is not on.
func own(p *policy.Effective) {
	p.Own.Address.Allowed = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
}

func deactivated(p *policy.Effective) { p.Org = policy.Org{ID: "org_1", Name: "Acme", Inactive: true} }

// OR-02: a rule at every act, told only after a proof.
func TestADeactivatedMemberPassesNoDoor(t *testing.T) {
	for _, act := range []Act{Enter, Continue, Change, Use, Approve, Steer, Replace} {
		f, p := good(act), policy.Resolve()
		deactivated(&p)
		if d := Decide(f, &p); d.Verdict != Refuse || d.Code != "account.deactivated" {
			t.Errorf("%s: got %s %s", act, d.Verdict, d.Code)
		}
	}
	f, p := good(Enter), policy.Resolve()
	deactivated(&p)
	f.Recovers = true
	if d := Decide(f, &p); d.Code != "account.deactivated" {
		t.Errorf("by way of recovery: got %s %s", d.Verdict, d.Code)
	}
	f.Recovers, f.Proofs = false, nil
	if d := Decide(f, &p); d.Need != NeedFirstProof {
		t.Errorf("before a proof: got %s %s %s", d.Verdict, d.Code, d.Need)
	}
}

func TestWhoseRuleItWasIsTold(t *testing.T) {
	strict := policy.NewRules(policy.Rules{Org: "org_1", Name: "Acme"}, []policy.Assigned{{Policy: policy.Policy{Name: "strict", Session: &policy.Session{Lifetime: 24 * time.Hour, Concurrent: 1}},
		Targets: []policy.Target{{Whom: policy.All}}}}).Of("acc_1", policy.Place{Org: "org_1"}, policy.Resolve())
	for _, c := range []struct {
		name  string
		facts func(*Facts)
		out   bool
		want  string
	}{
		{"admitted", func(*Facts) {}, false, ""},
		{"by the organisation's policy", func(f *Facts) { f.Sessions = 1 }, false, "Acme"},

		{"by the owner", func(f *Facts) { f.Contained = true }, false, ""},
		{"by the organisation's admins", func(*Facts) {}, true, "Acme"},
	} {
		f, p := good(Enter), strict
		c.facts(&f)
		p.Org.Inactive = c.out
		if got := Decide(f, &p).Whose(&p); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
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
		{name: "but not where no reset would open it again", act: Try, facts: func(f *Facts) { f.Wait.FactorStopped, f.KnownBrowser, f.NoWayBack = true, true, true }, verdict: Admit},
		{name: "which strangers are not told", act: Try, facts: func(f *Facts) { f.Wait.FactorStopped, f.NoWayBack = true, true }, verdict: Refuse, code: "factor.disabled"},
		{name: "a kind that is not offered is not tried", act: Try, facts: func(f *Facts) { f.Offered = false }, verdict: Refuse, code: "signin.method_not_offered"},
		{name: "no account", act: Enter, facts: func(f *Facts) { f.Account = Unknown }, verdict: Refuse, code: "signin.not_recognised"},
		{name: "a state left empty is no account", act: Enter, facts: func(f *Facts) { f.Account = "" }, verdict: Refuse, code: "signin.not_recognised"},
		{name: "a state nobody knows is no account", act: Enter, facts: func(f *Facts) { f.Account = "odd" }, verdict: Refuse, code: "signin.not_recognised"},
		{name: "disabled is told after a proof", act: Enter, facts: func(f *Facts) { f.Account = Disabled }, verdict: Refuse, code: "account.disabled"},
		{name: "disabled is not told before a proof", act: Enter, facts: func(f *Facts) { f.Account = Disabled; f.Proofs = nil }, verdict: Prove, need: NeedFirstProof},
		{name: "deleted is told after a proof", act: Enter, facts: func(f *Facts) { f.Account = Deleted }, verdict: Refuse, code: "account.deleted"},
		{name: "a disabled account's session ends", act: Continue, facts: func(f *Facts) { f.Account = Disabled }, verdict: Refuse, code: "account.disabled"},
		{name: "a contained account is told after a proof", act: Enter, facts: func(f *Facts) { f.Contained = true }, verdict: Refuse, code: "account.contained"},
		{name: "whatever was proved", act: Enter, facts: func(f *Facts) { f.Contained, f.Proofs = true, []Proof{{Kind: Passkey, User: true}, {Kind: TOTP}} }, verdict: Refuse, code: "account.contained"},
		{name: "but not before a proof", act: Enter, facts: func(f *Facts) { f.Contained, f.Proofs = true, nil }, verdict: Prove, need: NeedFirstProof},
		{name: "the recovery that lifts a containment goes on", act: Enter, facts: func(f *Facts) { f.Contained, f.Recovers = true, true }, verdict: Admit},
		{name: "nothing of a contained account changes", act: Change, facts: func(f *Facts) { f.Contained = true }, verdict: Refuse, code: "account.contained"},
		{name: "an address outside the policy's list", act: Enter, policy: func(p *policy.Effective) { p.Address.Allowed = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} }, verdict: Refuse, code: "signin.ip_not_allowed"},
		{name: "mid-session too", act: Continue, policy: func(p *policy.Effective) { p.Address.Allowed = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} }, verdict: Refuse, code: "signin.ip_not_allowed"},
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
		{name: "a recovery on a day that is used up", act: Enter, facts: func(f *Facts) { f.SigninsToday, f.Recovers = 50, true }, verdict: Admit},
		{name: "a fresh proof on a day that is used up", act: Enter, facts: func(f *Facts) { f.SigninsToday, f.StepUp = 50, true }, verdict: Admit},
		{name: "the daily limit off", act: Enter, facts: func(f *Facts) { f.SigninsToday = 5000 }, policy: func(p *policy.Effective) { p.Session.DailySignins = 0 }, verdict: Admit},
		{name: "the cap is reached", act: Enter, facts: func(f *Facts) { f.Sessions = 50 }, verdict: Refuse, code: "session.limit"},
		{name: "one place left", act: Enter, facts: func(f *Facts) { f.Sessions = 49 }, verdict: Admit},
		{name: "the session goes on", act: Continue, verdict: Admit},
		{name: "the session's end", act: Continue, facts: func(f *Facts) { f.SessionEnds = now }, verdict: Refuse, code: "session.ended"},
		{name: "a shorter lifetime reaches living sessions", act: Continue, facts: func(f *Facts) { f.SignedInSince = now.Add(-25 * time.Hour) }, policy: func(p *policy.Effective) { p.Session.Lifetime = 24 * time.Hour }, verdict: Refuse, code: "session.ended"},
		{name: "idle too long", act: Continue, facts: func(f *Facts) { f.LastUsed = now.Add(-time.Minute) }, policy: func(p *policy.Effective) { p.Session.Idle = time.Minute }, verdict: Refuse, code: "session.idle"},
		{name: "idle just short", act: Continue, facts: func(f *Facts) { f.LastUsed = now.Add(-time.Minute + 1) }, policy: func(p *policy.Effective) { p.Session.Idle = time.Minute }, verdict: Admit},
		{name: "a change with a fresh proof", act: Change, verdict: Admit},
		{name: "a change by what was sent alone", act: Change, facts: func(f *Facts) {
			f.Sent, f.Level, f.Set, f.OnFile = true, Multi, []Kind{SMSCode}, []Kind{Password}
		}, verdict: Prove, need: NeedFresh},
		{name: "where nothing else can be proved", act: Change, facts: func(f *Facts) { f.Sent, f.Level, f.Set = true, Multi, []Kind{SMSCode} }, verdict: Admit},
		{name: "where there is no second factor", act: Change, facts: func(f *Facts) { f.Sent, f.OnFile = true, []Kind{Password} }, verdict: Admit},
		{name: "a fresh proof by what was sent alone", act: Enter, facts: func(f *Facts) {
			f.StepUp, f.Proofs, f.Set = true, []Proof{{Kind: MailCode, Via: "a"}, {Kind: SMSCode, Via: "b"}}, []Kind{SMSCode, TOTP}
		}, verdict: Prove, need: NeedSecond},
		{name: "and one more", act: Enter, facts: func(f *Facts) {
			f.StepUp, f.Proofs, f.Set = true, []Proof{{Kind: MailCode, Via: "a"}, {Kind: SMSCode, Via: "b"}, {Kind: TOTP}}, []Kind{SMSCode, TOTP}
		}, verdict: Admit},
		{name: "a sign-in by what was sent alone", act: Enter, facts: func(f *Facts) {
			f.Proofs, f.Set = []Proof{{Kind: MailCode, Via: "a"}, {Kind: SMSCode, Via: "b"}}, []Kind{SMSCode, TOTP}
		}, verdict: Admit},
		{name: "a change with an old proof", act: Change, facts: func(f *Facts) { f.LastProof = now.Add(-11 * time.Minute) }, verdict: Prove, need: NeedFresh},
		{name: "a change without the second proof there is", act: Change, facts: func(f *Facts) { f.Set, f.Level = []Kind{TOTP}, Single }, verdict: Prove, need: NeedFresh},
		{name: "a change from a trusted browser", act: Change, facts: func(f *Facts) { f.Set, f.Level = []Kind{TOTP}, Trusted }, verdict: Prove, need: NeedFresh},
		{name: "a change with two proofs, one of which counts no more", act: Change, facts: func(f *Facts) { f.Set, f.Level, f.Both = []Kind{SMSCode}, Single, true },
			policy: func(p *policy.Effective) { p.SecondFactor.Kinds = []string{"totp"} }, verdict: Admit},
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

// A decision makes its trace and nothing else: every request of a session asks for one.
func TestADecisionMakesItsTraceAlone(t *testing.T) {
	for _, act := range []Act{Enter, Continue, Change, Use} {
		f, p := good(act), policy.Resolve()
		if got := testing.AllocsPerRun(1000, func() { Decide(f, &p) }); got > 1.1 { // the collector may take what is used again
			t.Errorf("%s: got %.1f allocations, want 1", act, got)
		}
	}
}

// What a session proved counts for as long as the policy lets its kinds count (PO-16).
func TestASessionStandsOnKindsThatCount(t *testing.T) {
	for _, c := range []struct {
		name    string
		methods string
		kinds   []string
		want    bool
	}{
		{"no kinds are named", "pwd otp.app mfa", nil, true},
		{"its kind still counts", "pwd otp.app mfa", []string{"totp"}, true},
		{"its kind counts no more", "pwd otp.app mfa", []string{"tegata"}, false},
		{"one of two does", "pwd otp.app swk.tegata user mfa", []string{"tegata"}, true},
		{"a key that verified its user", "swk user mfa", []string{"passkey"}, true},
		{"the same, not allowed", "hwk user mfa", []string{"totp"}, false},
		{"a key beside a password", "pwd hwk mfa", []string{"passkey"}, true},
		{"a spare", "pwd otp.backup mfa", []string{"tegata"}, true},
		{"a code by SMS as a first proof is no second", "sms otp.app mfa", []string{"smscode"}, false},
		{"and as a second it is", "pwd sms mfa", []string{"smscode"}, true},
		{"a code of Tegata", "otp.tegata user mfa", []string{"tegata"}, true},
		{"it is not known by what", "", []string{"tegata"}, true},
	} {
		f, p := good(Continue), policy.Resolve()
		f.Level, f.Methods = Multi, strings.Fields(c.methods)
		p.SecondFactor.Demanded, p.SecondFactor.Kinds = true, c.kinds
		if got := Decide(f, &p).Verdict == Admit; got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	f, p := good(Enter), policy.Resolve()
	b.ReportAllocs()
	for b.Loop() {
		Decide(f, &p)
	}
}

func TestLevels(t *testing.T) {
	sms, mail := Proof{Kind: SMSCode, Via: "+819012345678"}, Proof{Kind: MailCode, Via: "hana@example.com"}
	password, totp := Proof{Kind: Password}, Proof{Kind: TOTP}
	for _, c := range []struct {
		name   string
		proofs []Proof
		want   Level
	}{
		{"nothing", nil, Single},
		{"a password", []Proof{password}, Single},
		{"a password twice", []Proof{password, password}, Single},
		{"a password and a code by mail", []Proof{password, mail}, Single},
		{"a password and a code of an app", []Proof{password, totp}, Multi},
		{"a code by mail and one of an app", []Proof{mail, totp}, Multi},
		{"a code by SMS twice", []Proof{sms, sms}, Single},
		{"codes by SMS and by a mail that ends in the same inbox", []Proof{{Kind: MailCode, Via: "+819012345678"}, sms}, Single},
		{"codes by SMS and by mail", []Proof{mail, sms}, Multi},
		{"codes of an app alone", []Proof{totp, {Kind: Backup}}, Single},
		{"a key that verified its user", []Proof{{Kind: Passkey, User: true}}, Multi},
		{"a key that did not", []Proof{{Kind: Passkey}}, Single},
		{"a key that did not, and a code of an app", []Proof{{Kind: Passkey}, totp}, Single},
		{"a password and a key", []Proof{password, {Kind: Passkey}}, Multi},
		{"a password and a backup code", []Proof{password, {Kind: Backup}}, Multi},
		{"a password and a passphrase", []Proof{password, {Kind: Passphrase}}, Multi},
		{"a stale Tegata that verified its user", []Proof{{Kind: Tegata, User: true, Stale: true}}, Single},
		{"a stale Tegata beside a code by mail", []Proof{mail, {Kind: Tegata, User: true, Stale: true}}, Multi},
		{"a stale Tegata beside a code by SMS", []Proof{sms, {Kind: Tegata, User: true, Stale: true}}, Single},
		{"a stale Tegata beside a password", []Proof{password, {Kind: Tegata, User: true, Stale: true}}, Single},
	} {
		if got := LevelOf(c.proofs); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestSecondProofs(t *testing.T) {
	two := []Proof{{Kind: Password, At: now}, {Kind: TOTP, At: now}}
	only := func(kinds ...string) func(*policy.Effective) {
		return func(p *policy.Effective) { p.SecondFactor.Kinds = kinds }
	}
	for _, c := range []struct {
		name   string
		act    Act
		facts  func(*Facts)
		policy func(*policy.Effective)
		need   Need
		level  Level
	}{
		{name: "no second factor", act: Enter, level: Single},
		{name: "a second factor is asked for", act: Enter, facts: func(f *Facts) { f.Set = []Kind{TOTP} }, need: NeedSecond},
		{name: "it is given", act: Enter, facts: func(f *Facts) { f.Set, f.Proofs = []Kind{TOTP}, two }, level: Multi},
		{name: "backup codes alone ask for nothing", act: Enter, facts: func(f *Facts) { f.Set = []Kind{Backup, Passphrase} }, level: Single},
		{name: "a trusted browser skips it at a lower level", act: Enter, facts: func(f *Facts) { f.Set, f.Trusted = []Kind{TOTP}, true }, level: Trusted},
		{name: "a trusted browser that proved all carries all", act: Enter, facts: func(f *Facts) { f.Set, f.Trusted, f.Proofs = []Kind{TOTP}, true, two }, level: Multi},
		{name: "trust says nothing without a second factor", act: Enter, facts: func(f *Facts) { f.Trusted = true }, level: Single},
		{name: "step-up always asks", act: Enter, facts: func(f *Facts) { f.Set, f.Trusted, f.StepUp = []Kind{TOTP}, true, true }, need: NeedSecond},
		{name: "a policy that forbids trust", act: Enter, facts: func(f *Facts) { f.Set, f.Trusted = []Kind{TOTP}, true }, policy: func(p *policy.Effective) { p.SecondFactor.TrustDays = 0 }, need: NeedSecond},
		{name: "a kind the policy forbids leads in at the lower level", act: Enter, facts: func(f *Facts) { f.Set, f.Proofs = []Kind{TOTP}, two }, policy: only("passkey"), level: Single},
		{name: "a passkey the policy forbids", act: Enter, facts: func(f *Facts) { f.Proofs = []Proof{{Kind: Passkey, User: true, At: now}} }, policy: only("totp"), level: Single},
		{name: "a passkey the policy forbids, beside an app that counts", act: Enter, facts: func(f *Facts) {
			f.Set, f.Proofs = []Kind{TOTP, Passkey}, []Proof{{Kind: Passkey, User: true, At: now}}
		}, policy: only("totp"), need: NeedSecond},
		{name: "and with the app's code", act: Enter, facts: func(f *Facts) {
			f.Set, f.Proofs = []Kind{TOTP, Passkey}, []Proof{{Kind: Passkey, User: true, At: now}, {Kind: TOTP, At: now}}
		}, policy: only("totp"), level: Multi},
		{name: "beside backup codes alone it leads in as it did", act: Enter, facts: func(f *Facts) {
			f.Set, f.Proofs = []Kind{Passkey, Backup}, []Proof{{Kind: Passkey, User: true, At: now}}
		}, policy: only("totp"), level: Single},
		{name: "Tegata where it alone is allowed", act: Enter, facts: func(f *Facts) {
			f.Set, f.Proofs = []Kind{Tegata, TegataCode}, []Proof{{Kind: Password, At: now}, {Kind: Tegata, At: now}}
		}, policy: only("tegata"), level: Multi},
		{name: "and its code", act: Enter, facts: func(f *Facts) {
			f.Set, f.Proofs = []Kind{Tegata, TegataCode}, []Proof{{Kind: Password, At: now}, {Kind: TegataCode, At: now}}
		}, policy: only("tegata"), level: Multi},
		{name: "an app beside it counts no more", act: Enter, facts: func(f *Facts) {
			f.Set, f.Proofs = []Kind{Tegata, TegataCode, TOTP}, two
		}, policy: only("tegata"), need: NeedSecond},
		{name: "Tegata where it is not allowed, beside an app that is", act: Enter, facts: func(f *Facts) {
			f.Set, f.Proofs = []Kind{Tegata, TegataCode, TOTP}, []Proof{{Kind: Tegata, At: now, User: true}}
		}, policy: only("totp"), need: NeedSecond},
		{name: "and where nothing else is set up", act: Enter, facts: func(f *Facts) {
			f.Set, f.Proofs = []Kind{Tegata, TegataCode}, []Proof{{Kind: Tegata, At: now, User: true}}
		}, policy: only("totp"), level: Single},
		{name: "a backup code that support issued counts where codes are forbidden", act: Enter, facts: func(f *Facts) {
			f.Set, f.Proofs = []Kind{TOTP}, []Proof{{Kind: Password, At: now}, {Kind: Backup, At: now, Issued: true}}
		}, policy: func(p *policy.Effective) { p.SecondFactor.BackupCodes = false }, level: Multi},
		{name: "an unusual sign-in asks once more", act: Enter, facts: func(f *Facts) { f.Unusual, f.OnFile = true, []Kind{Password, MailCode} }, need: NeedAnother},
		{name: "the same again is not more", act: Enter, facts: func(f *Facts) {
			f.Unusual, f.OnFile = true, []Kind{Password, MailCode}
			f.Proofs = append(f.Proofs, f.Proofs[0])
		}, need: NeedAnother},
		{name: "another is enough, and raises nothing", act: Enter, facts: func(f *Facts) {
			f.Unusual, f.OnFile = true, []Kind{Password, MailCode}
			f.Proofs = append(f.Proofs, Proof{Kind: MailCode})
		}, level: Single},
		{name: "nothing else on file locks nobody out", act: Enter, facts: func(f *Facts) { f.Unusual, f.OnFile = true, []Kind{Password} }, level: Single},
		{name: "demanded, and not set up", act: Continue, policy: func(p *policy.Effective) { p.SecondFactor.Demanded = true }, need: NeedFactor},
		{name: "demanded, and proved", act: Continue, facts: func(f *Facts) { f.Level = Multi }, policy: func(p *policy.Effective) { p.SecondFactor.Demanded = true }},
		{name: "demanded, trusted", act: Continue, facts: func(f *Facts) { f.Level = Trusted }, policy: func(p *policy.Effective) { p.SecondFactor.Demanded = true }},
		{name: "demanded, within the days of grace", act: Continue, facts: func(f *Facts) { f.Since = now.AddDate(0, 0, -6) }, policy: func(p *policy.Effective) { p.SecondFactor.Demanded, p.SecondFactor.GraceDays = true, 7 }},
		{name: "demanded, past them", act: Continue, facts: func(f *Facts) { f.Since = now.AddDate(0, 0, -7) }, policy: func(p *policy.Effective) { p.SecondFactor.Demanded, p.SecondFactor.GraceDays = true, 7 }, need: NeedFactor},
		{name: "demanded of an old account a day ago", act: Continue, facts: func(f *Facts) { f.Since = now.AddDate(-3, 0, 0) }, policy: func(p *policy.Effective) {
			p.SecondFactor.Demanded, p.SecondFactor.GraceDays, p.SecondFactor.Since = true, 7, now.AddDate(0, 0, -1)
		}},
		{name: "demanded of an old account a week ago", act: Continue, facts: func(f *Facts) { f.Since = now.AddDate(-3, 0, 0) }, policy: func(p *policy.Effective) {
			p.SecondFactor.Demanded, p.SecondFactor.GraceDays, p.SecondFactor.Since = true, 7, now.AddDate(0, 0, -7)
		}, need: NeedFactor},
		{name: "demanded a year ago of a new account", act: Continue, facts: func(f *Facts) { f.Since = now.AddDate(0, 0, -6) }, policy: func(p *policy.Effective) {
			p.SecondFactor.Demanded, p.SecondFactor.GraceDays, p.SecondFactor.Since = true, 7, now.AddDate(-1, 0, 0)
		}},
		{name: "demanded a day ago, and no grace is given", act: Continue, policy: func(p *policy.Effective) {
			p.SecondFactor.Demanded, p.SecondFactor.Since = true, now.AddDate(0, 0, -1)
		}, need: NeedFactor},
		{name: "a change from a session that proved less", act: Change, facts: func(f *Facts) { f.Set, f.Level = []Kind{TOTP}, Single }, need: NeedFresh},
		{name: "a change from a trusted browser", act: Change, facts: func(f *Facts) { f.Set, f.Level = []Kind{TOTP}, Trusted }, need: NeedFresh},
		{name: "a change from one that proved all", act: Change, facts: func(f *Facts) { f.Set, f.Level = []Kind{TOTP}, Multi }},
	} {
		f, p := good(c.act), policy.Resolve()
		if c.facts != nil {
			c.facts(&f)
		}
		if c.policy != nil {
			c.policy(&p)
		}
		got := Decide(f, &p)
		if got.Need != c.need || got.Level != c.level || (got.Verdict == Admit) != (c.need == "") {
			t.Errorf("%s: got %s need %q level %q, want need %q level %q", c.name, got.Verdict, got.Need, got.Level, c.need, c.level)
		}
	}
}

func TestWaysAreTheOnesSetUpAndAllowed(t *testing.T) {
	all := []Kind{TOTP, SMSCode, Passkey, Backup, Passphrase}
	for _, c := range []struct {
		name   string
		set    []Kind
		proof  Proof
		policy policy.SecondFactor
		want   []Kind
	}{
		{"all", all, Proof{Kind: Password}, policy.SecondFactor{BackupCodes: true}, []Kind{Passkey, TOTP, SMSCode, Backup, Passphrase}},
		{"no backup codes", all, Proof{Kind: Password}, policy.SecondFactor{}, []Kind{Passkey, TOTP, SMSCode, Passphrase}},
		{"one kind only", all, Proof{Kind: Password}, policy.SecondFactor{Kinds: []string{"totp"}}, []Kind{TOTP, Passphrase}},
		{"SMS is no second proof after SMS", []Kind{SMSCode, TOTP}, Proof{Kind: SMSCode}, policy.SecondFactor{}, []Kind{TOTP}},
		{"nor where the mail goes to the same", []Kind{SMSCode, TOTP}, Proof{Kind: MailCode, Via: "+81"}, policy.SecondFactor{}, []Kind{TOTP}},
		{"what is not allowed leads to where another is set up", []Kind{SMSCode}, Proof{Kind: Password}, policy.SecondFactor{Kinds: []string{"totp"}}, []Kind{SMSCode}},
		{"Tegata that counts no more leads there by its code too", []Kind{Tegata, TegataCode}, Proof{Kind: Password}, policy.SecondFactor{Kinds: []string{"totp"}}, []Kind{Tegata, TegataCode}},
		{"nothing set up", nil, Proof{Kind: Password}, policy.SecondFactor{}, nil},
	} {
		p := policy.Resolve(policy.Policy{Name: "x", SecondFactor: &c.policy})
		got := Ways(&Facts{Set: c.set, Proofs: []Proof{c.proof}, SecondVia: "+81"}, &p)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
