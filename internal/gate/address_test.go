package gate

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"sekisho/internal/policy"
)

// The organisation's list and the owner's hold at every act that opens or goes on, and a
// recovery passes the owner's alone, as does who replaces Tegata under the lock (PO-01,
// RC-09, RS-05).
func TestBothListsHoldAtEveryAct(t *testing.T) {
	ten := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	reverts := now.Add(time.Minute)
	for _, act := range []Act{Enter, Continue, Change, Use, Approve, Steer, Replace} {
		for _, own := range []bool{true, false} {
			for _, recovers := range []bool{true, false} {
				f, p := good(act), policy.Resolve()
				p.Source.Address, f.Recovers, f.Locked = "office", recovers, act == Replace
				rule, source := "address.policy", "office"
				if own {
					p.Own = policy.Own{Address: policy.Address{Allowed: ten}, Until: reverts}
					rule, source = "address.own", policy.ByOwner
				} else {
					p.Address.Allowed = ten
				}
				d := Decide(f, &p)
				if own && (recovers && act == Enter || act == Replace) {
					if d.Code == "signin.ip_not_allowed" {
						t.Errorf("%s does not pass the owner's own list", act)
					}
					continue
				}
				last := d.Trace[len(d.Trace)-1]
				if d.Code != "signin.ip_not_allowed" || last.Rule != rule || last.Source != source || last.Saw != f.From.String() {
					t.Errorf("%s, own %v, recovers %v: got %s %+v", act, own, recovers, d.Code, last)
				}
				if args := d.Args(&p); slices.Contains(args, any(policy.ByOwner)) != own || !slices.Contains(args, any(f.From.String())) || d.RetryAt.IsZero() == own {
					t.Errorf("%s, own %v: it is told with %v, until %s", act, own, args, d.RetryAt)
				}
			}
		}
	}
}
