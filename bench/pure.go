package main

import (
	"net/netip"
	"strconv"
	"testing"
	"time"

	"sekisho/internal/gate"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
)

// pure measures what happens in memory alone: resolving an organisation's rules for a
// member, and one decision. No time goes to a database or a connection.
func (r *report) pure() {
	resolve, decide := testing.Benchmark(resolving), testing.Benchmark(deciding)
	each := func(b testing.BenchmarkResult) float64 { return float64(b.NsPerOp()) / 1000 }
	r.say("- Rules of a member of 200 groups under 50 policies: %.1f µs (must 20 µs: %s)", each(resolve), atMost(each(resolve), 20, 0))
	r.say("- One decision: %.1f µs (must 5 µs: %s), %d allocation, which is its trace", each(decide), atMost(each(decide), 5, 0), decide.AllocsPerOp())
}

func resolving(b *testing.B) {
	place := policy.Place{Org: "org_1"}
	for i := range 200 {
		place.Groups = append(place.Groups, ref.Group("grp_"+strconv.Itoa(i)))
	}
	var list []policy.Assigned
	for i := range 50 {
		p := policy.Policy{Name: strconv.Itoa(i), Session: &policy.Session{Lifetime: 24 * time.Hour, Concurrent: 1 + i}}
		list = append(list, policy.Assigned{Policy: p, Targets: []policy.Target{{Whom: "grp_none"}, {Whom: "grp_" + strconv.Itoa(199-i)}}})
	}
	everybody, rules := policy.Resolve(), policy.NewRules(policy.Rules{Org: "org_1"}, list)
	for b.Loop() {
		rules.Of("acc_1", place, everybody)
	}
}

func deciding(b *testing.B) {
	p := policy.Resolve()
	list, flaw := policy.ParseAddresses("192.0.2.0/24\n198.51.100.7-198.51.100.99\n2001:db8::/32")
	if flaw != nil {
		b.Fatal(flaw)
	}
	p.Address, p.Own.Address = list, list
	now := time.Now()
	f := gate.Facts{Door: gate.API, Act: gate.Continue, Now: now, Account: gate.Active, From: netip.MustParseAddr("198.51.100.50"),
		SessionEnds: now.Add(time.Hour), LastUsed: now, SignedInSince: now, Level: gate.Multi, Since: now}
	b.ReportAllocs()
	for b.Loop() {
		gate.Decide(f, &p)
	}
}
