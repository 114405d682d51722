package gate

import (
	"testing"

	"sekisho/internal/policy"
)

// RC-06: where a policy leaves resets to admins, one that nobody ordered is refused, once
// something was proved, and nothing else is.
func TestAResetThatIsAnAdminsIsRefusedAfterAProof(t *testing.T) {
	for name, c := range map[string]struct {
		facts   func(*Facts)
		verdict Verdict
		code    string
	}{
		"a reset":                    {func(f *Facts) { f.Recovers = true }, Refuse, "recovery.forbidden"},
		"before a proof":             {func(f *Facts) { f.Recovers, f.Proofs = true, nil }, Prove, ""},
		"one that an admin had sent": {func(f *Facts) { f.Recovers, f.Ordered = true, true }, Admit, ""},
		"a sign-in":                  {func(*Facts) {}, Admit, ""},
	} {
		f, p := good(Enter), policy.Resolve(policy.Policy{Name: "passwords", Password: &policy.Password{MinLength: 8, MinLengthSingle: 15, AdminReset: true}})
		c.facts(&f)
		got := Decide(f, &p)
		if got.Verdict != c.verdict || got.Code != c.code {
			t.Errorf("%s: got %s %q, want %s %q", name, got.Verdict, got.Code, c.verdict, c.code)
		}
		if c.verdict == Refuse && got.Trace[len(got.Trace)-1].Source != "passwords" {
			t.Errorf("%s: the trace does not name the policy: %+v", name, got.Trace)
		}
	}
}
