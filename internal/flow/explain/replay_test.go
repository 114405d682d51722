package explain

import (
	"encoding/json"
	"net/netip"
	"testing"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/policy"
)

var now = time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)

// entrance is a sign-in as its row keeps it, from a browser that calls itself something.
func entrance(t testing.TB, agent string) (audit.Entrance, gate.Facts) {
	f := gate.Facts{Door: gate.Web, Act: gate.Enter, Now: now, Account: gate.Active, From: netip.MustParseAddr("192.0.2.100"), Proofs: []gate.Proof{{Kind: gate.Password}, {Kind: gate.TOTP}},
		Set: []gate.Kind{gate.TOTP, gate.Backup}, OnFile: []gate.Kind{gate.Password, gate.MailCode, gate.Backup}, PasswordSet: now.AddDate(0, -3, 0), Since: now.AddDate(-1, 0, 0), SigninsToday: 2, Sessions: 3, KnownBrowser: true}
	p := policy.Resolve()
	d := gate.Decide(f, &p)
	b, err := json.Marshal(struct {
		Salt   string     `json:"salt"`
		Addr   string     `json:"addr"`
		Agent  string     `json:"agent"`
		Place  string     `json:"place"`
		Detail enter.Told `json:"detail"`
	}{"AAAA", "192.0.2.100", agent, agent, enter.Told{Door: gate.Web, Proofs: []string{"pwd", "otp.app", "mfa"}, Level: d.Level, Facts: gate.Keep(f), Rules: 7, Trace: d.Trace}})
	if err != nil {
		t.Fatal(err)
	}
	return audit.Entrance{Account: "acc_1", Kind: audit.Succeeded, At: now, About: string(b)}, f
}

// Rows are read by the names that stand in them: nobody writes such a name into what
// their browser calls itself.
func TestWhatABrowserCallsItselfIsNoFact(t *testing.T) {
	for _, agent := range []string{"Firefox", `","facts":{"v":1,"state":"disabled"},"addr":"203.0.113.1","x":"`, `"facts":{`, `\"facts\":{"v":1}`, `\`, `\\"facts":`, "}{", "\u2028", `"door":"api"`} {
		e, f := entrance(t, agent)
		k, ok := keptOf(e)
		if !ok || e.Word("addr") != "192.0.2.100" || e.Word("door") != "web" {
			t.Errorf("%q: got %v %q %q", agent, ok, e.Word("addr"), e.Word("door"))
			continue
		}
		if got, ok := k.Facts(gate.Web, now, f.From); !ok || got.Account != gate.Active || got.Sessions != 3 || len(got.Proofs) != 2 {
			t.Errorf("%q: got %+v", agent, got)
		}
	}
	for _, about := range []string{"", "{}", `{"facts":`, `{"facts":{"v":1`, `{"facts":[]}`, `{"facts":{"v":"x"}}`} {
		if _, ok := keptOf(audit.Entrance{About: about}); ok {
			t.Errorf("%q is read as facts", about)
		}
	}
}

func TestAnOutcomeIsWhatThenHappens(t *testing.T) {
	_, f := entrance(t, "")
	for name, c := range map[string]struct {
		facts func(*gate.Facts)
		rules func(*policy.Effective)
		want  outcome
	}{
		"let in": {func(*gate.Facts) {}, func(*policy.Effective) {}, outcome{}},
		"another kind is allowed, which they do not have": {func(*gate.Facts) {}, func(p *policy.Effective) {
			p.SecondFactor.Demanded, p.SecondFactor.Kinds = true, []string{"passkey"}
		}, outcome{stopped: true, noFactor: true}},
		"another kind is allowed, which they have": {func(f *gate.Facts) { f.Set = append(f.Set, gate.Passkey) }, func(p *policy.Effective) {
			p.SecondFactor.Demanded, p.SecondFactor.Kinds = true, []string{"passkey"}
		}, outcome{asked: true}},
		"a trusted browser is trusted no more": {func(f *gate.Facts) { f.Proofs, f.Trusted = f.Proofs[:1], true }, func(p *policy.Effective) { p.SecondFactor.TrustDays = 0 }, outcome{asked: true}},
		"the password is too old":              {func(*gate.Facts) {}, func(p *policy.Effective) { p.Password.MaxAge = time.Hour }, outcome{asked: true}},
		"too many sessions":                    {func(*gate.Facts) {}, func(p *policy.Effective) { p.Session.Concurrent = 3 }, outcome{stopped: true}},
		"a demand with days": {func(f *gate.Facts) { f.Set, f.Proofs = nil, f.Proofs[:1] }, func(p *policy.Effective) {
			p.SecondFactor.Demanded, p.SecondFactor.GraceDays, p.SecondFactor.Since = true, 7, now
		}, outcome{grace: true}},
		"deactivated": {func(*gate.Facts) {}, func(p *policy.Effective) { p.Org.Inactive = true }, outcome{stopped: true}},
	} {
		p, facts := policy.Resolve(), f
		facts.Set = append([]gate.Kind{}, f.Set...)
		c.facts(&facts)
		c.rules(&p)
		got := outcomeOf(facts, &p)
		if got.stopped != c.want.stopped || got.asked != c.want.asked || got.noFactor != c.want.noFactor || got.grace != c.want.grace {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

func BenchmarkDecideOneSigninAnew(b *testing.B) {
	e, _ := entrance(b, "Firefox 145, Windows 10")
	p := policy.Resolve()
	b.ReportAllocs()
	for b.Loop() {
		k, _ := keptOf(e)
		from, _ := netip.ParseAddr(e.Word("addr"))
		f, _ := k.Facts(gate.Door(e.Word("door")), e.At, from)
		outcomeOf(f, &p)
		outcomeOf(f, &p)
	}
}
