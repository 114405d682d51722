package policy

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"sekisho/internal/ref"
)

func capped(name string, n int, targets ...Target) Assigned {
	return Assigned{Policy: Policy{Name: name, Session: &Session{Lifetime: 24 * time.Hour, Concurrent: n}}, Targets: targets}
}

func to(whom ...string) (out []Target) {
	for _, w := range whom {
		out = append(out, Target{Whom: w})
	}
	return out
}

func not(whom string) Target { return Target{Whom: whom, Exclude: true} }

func TestTheFirstPolicyThatReachesAMemberGivesThePart(t *testing.T) {
	const hana, ken = ref.Account("acc_hana"), ref.Account("acc_ken")
	sales := Place{Org: "org_a", Groups: []ref.Group{"grp_sales"}}
	for _, c := range []struct {
		name   string
		list   []Assigned
		who    ref.Account
		place  Place
		want   int
		source string
	}{
		{"no policy", nil, hana, sales, 50, DefaultName},
		{"for all", []Assigned{capped("one", 1, to(All)...)}, hana, Place{Org: "org_a"}, 1, "one"},
		{"for nobody", []Assigned{capped("one", 1)}, hana, sales, 50, DefaultName},
		{"for a group", []Assigned{capped("one", 1, to("grp_sales")...)}, hana, sales, 1, "one"},
		{"for another group", []Assigned{capped("one", 1, to("grp_ops")...)}, hana, sales, 50, DefaultName},
		{"for a member", []Assigned{capped("one", 1, to("acc_hana")...)}, hana, sales, 1, "one"},
		{"for another member", []Assigned{capped("one", 1, to("acc_hana")...)}, ken, sales, 50, DefaultName},
		{"the first in order", []Assigned{capped("one", 1, to("grp_sales")...), capped("two", 2, to(All)...)}, hana, sales, 1, "one"},
		{"the other order", []Assigned{capped("two", 2, to(All)...), capped("one", 1, to("grp_sales")...)}, hana, sales, 2, "two"},
		{"a member is left out of all", []Assigned{capped("one", 1, append(to(All), not("acc_hana"))...), capped("two", 2, to(All)...)}, hana, sales, 2, "two"},
		{"and the others are not", []Assigned{capped("one", 1, append(to(All), not("acc_hana"))...), capped("two", 2, to(All)...)}, ken, sales, 1, "one"},
		{"a group is left out", []Assigned{capped("one", 1, append(to("acc_hana"), not("grp_sales"))...)}, hana, sales, 50, DefaultName},
		{"exclusions alone are for nobody", []Assigned{capped("one", 1, not("grp_ops"))}, hana, sales, 50, DefaultName},
		{"a policy that leaves the part unset", []Assigned{{Policy: Policy{Name: "word", Password: &Password{MinLength: 9, MinLengthSingle: 9}}, Targets: to(All)}, capped("two", 2, to(All)...)}, hana, sales, 2, "two"},
	} {
		e := NewRules(Rules{Org: "org_a", Name: "Acme"}, c.list).Of(c.who, c.place, Resolve())
		if e.Session.Concurrent != c.want || e.Source.Session != c.source {
			t.Errorf("%s: got %d from %q, want %d from %q", c.name, e.Session.Concurrent, e.Source.Session, c.want, c.source)
		}
		if got, want := e.Whose(e.Source.Session), map[bool]string{true: "", false: "Acme"}[c.source == DefaultName]; got != want {
			t.Errorf("%s: got %q as whose rule it is, want %q", c.name, got, want)
		}
	}
}

// What the operator set stays last, and comes through where no policy says otherwise.
func TestTheOperatorsDefaultIsLast(t *testing.T) {
	operator := Resolve(Policy{Name: DefaultName, Session: &Session{Lifetime: 48 * time.Hour, Concurrent: 7}, SecondFactor: &SecondFactor{Kinds: []string{"totp"}, Demanded: true, Since: time.UnixMicro(5)}})
	e := NewRules(Rules{Org: "org_a"}, []Assigned{capped("one", 1, to(All)...)}).Of("acc_x", Place{Org: "org_a", Joined: time.UnixMicro(99)}, operator)
	if e.Session.Concurrent != 1 || !e.SecondFactor.Demanded || !e.SecondFactor.Since.Equal(time.UnixMicro(5)) || e.Source.SecondFactor != DefaultName {
		t.Errorf("got %+v", e)
	}
}

func TestDaysOfGraceCountFromWhenADemandReachedTheMember(t *testing.T) {
	at := func(d int) time.Time { return time.UnixMicro(0).AddDate(0, 0, d) }
	for _, c := range []struct{ demanded, aimed, joined, want int }{{1, 2, 3, 3}, {3, 2, 1, 3}, {1, 3, 2, 3}} {
		p := Assigned{Policy: Policy{Name: "two", SecondFactor: &SecondFactor{Demanded: true, Since: at(c.demanded)}}, Targets: []Target{{Whom: All, Since: at(c.aimed)}}}
		e := NewRules(Rules{}, []Assigned{p}).Of("acc_x", Place{Joined: at(c.joined)}, Resolve())
		if got := e.SecondFactor.Since; !got.Equal(at(c.want)) {
			t.Errorf("%+v: got %s", c, got)
		}
		if !p.SecondFactor.Since.Equal(at(c.demanded)) {
			t.Error("the policy itself was changed: the next member would get another's instant")
		}
	}
}

func TestAnInactiveMemberIsToldFromTheRules(t *testing.T) {
	e := Rules{Org: "org_a", Name: "Acme"}.Of("acc_x", Place{Org: "org_a", Inactive: true}, Resolve())
	if e.Org != (Org{ID: "org_a", Name: "Acme", Inactive: true}) {
		t.Errorf("got %+v", e.Org)
	}
}

func BenchmarkResolve50PoliciesFor200Groups(b *testing.B) {
	var list []Assigned
	var place Place
	for i := range 200 {
		place.Groups = append(place.Groups, ref.Group("grp_"+strconv.Itoa(i)))
	}
	for i := range 50 {
		list = append(list, capped(strconv.Itoa(i), 1+i%50, to("grp_none", "grp_"+strconv.Itoa(199-i))...))
	}
	everybody, r := Resolve(), NewRules(Rules{}, list)
	if !slices.Contains(place.Groups, "grp_199") {
		b.Fatal("no such group")
	}
	for b.Loop() {
		r.Of("acc_x", place, everybody)
	}
}

// Organisations start without codes by SMS (spec §11): a policy of their own brings them.
func TestAnOrganisationStartsWithoutSMS(t *testing.T) {
	here := Place{Org: "org_a"}
	for name, c := range map[string]struct {
		everybody []Policy
		set       *SecondFactor
		want      []string
		source    string
	}{
		"nobody said anything":           {nil, nil, []string{"tegata", "passkey", "totp"}, ByOrg},
		"the operator allows three":      {[]Policy{{Name: DefaultName, SecondFactor: &SecondFactor{Kinds: []string{"totp", "smscode", "passkey"}}}}, nil, []string{"totp", "passkey"}, ByOrg},
		"the operator allows it alone":   {[]Policy{{Name: DefaultName, SecondFactor: &SecondFactor{Kinds: []string{"smscode"}}}}, nil, []string{"smscode"}, DefaultName},
		"the operator has it off":        {[]Policy{{Name: DefaultName, SecondFactor: &SecondFactor{Kinds: []string{"totp"}}}}, nil, []string{"totp"}, DefaultName},
		"the organisation has chosen it": {nil, &SecondFactor{Kinds: []string{"smscode"}}, []string{"smscode"}, "chosen"},
	} {
		list := []Assigned{{Policy: Policy{Name: "chosen", SecondFactor: c.set}, Targets: to(All)}}
		e := NewRules(Rules{Org: "org_a", Name: "Acme"}, list).Of("acc_x", here, Resolve(c.everybody...))
		if !slices.Equal(e.SecondFactor.Kinds, c.want) || e.Source.SecondFactor != c.source {
			t.Errorf("%s: got %v from %s, want %v from %s", name, e.SecondFactor.Kinds, e.Source.SecondFactor, c.want, c.source)
		}
	}
	if e := Resolve(); len(e.SecondFactor.Kinds) != 0 {
		t.Errorf("who is in no organisation may use %v, want all", e.SecondFactor.Kinds)
	}
}
