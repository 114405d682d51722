package policy

import (
	"strconv"
	"strings"
	"time"
)

// Value is one thing that holds, as it is shown: the word for it, what it is, and
// which policy it came from (PO-00).
type Value struct {
	Name   string // such as "session.lifetime"; never changes
	Kind   Kind
	Number int           // Count, Days, Flag (0 or 1)
	Span   time.Duration // Span
	List   []string      // List; empty: all, or anywhere
	Source string        // the policy's name; DefaultName: what holds for everybody
	Org    bool          // the organisation set it, not the operator
}

// Kind is how a value is told.
type Kind string

// The kinds there are.
const (
	Flag  Kind = "flag"
	Count Kind = "count"
	Days  Kind = "days"
	Span  Kind = "span"
	List  Kind = "list"
)

func (k Kind) of(name string, n int) Value { return Value{Name: name, Kind: k, Number: n} }

func span(name string, d time.Duration) Value { return Value{Name: name, Kind: Span, Span: d} }

func flag(name string, on bool) Value {
	v := Value{Name: name, Kind: Flag}
	if on {
		v.Number = 1
	}
	return v
}

// Values lists all that holds, part by part.
func (e *Effective) Values() []Value {
	w, f, s := &e.Password, &e.SecondFactor, &e.Session
	var out []Value
	for _, part := range []struct {
		source string
		list   []Value
	}{
		{e.Source.Password, []Value{Count.of("password.min_single", w.MinLengthSingle), Count.of("password.min", w.MinLength),
			flag("password.upper", w.Upper), flag("password.lower", w.Lower), flag("password.digit", w.Digit), flag("password.special", w.Special), flag("password.admin_reset", w.AdminReset),
			Count.of("password.recent", w.Recent), span("password.min_age", w.MinAge), span("password.max_age", w.MaxAge)}},
		{e.Source.SecondFactor, []Value{flag("second_factor.demanded", f.Demanded), Days.of("second_factor.grace_days", f.GraceDays),
			{Name: "second_factor.kinds", Kind: List, List: f.Kinds}, Days.of("second_factor.trust_days", f.TrustDays), flag("second_factor.backup_codes", f.BackupCodes)}},
		{e.Source.Session, []Value{span("session.lifetime", s.Lifetime), span("session.idle", s.Idle), Count.of("session.concurrent", s.Concurrent),
			Count.of("session.daily_signins", s.DailySignins)}},
		{e.Source.Address, []Value{{Name: "address.allowed", Kind: List, List: e.Address.shown()}}},
		{ByOwner, []Value{{Name: "own.allowed", Kind: List, List: e.Own.Address.shown()}}},
		{e.Source.Federation, []Value{flag("federation.forbidden", e.Federation.Forbidden), {Name: "federation.providers", Kind: List, List: e.Federation.Providers}}},
	} {
		if part.source == ByOwner && len(e.Own.Address.Allowed) == 0 {
			continue
		}
		for _, v := range part.list {
			v.Source, v.Org = part.source, e.Whose(part.source) != ""
			out = append(out, v)
		}
	}
	return out
}

// shown is the list as a page shows it.
func (a Address) shown() (out []string) {
	for _, e := range a.Tidy().Entries {
		out = append(out, e.String())
	}
	return out
}

// Part is the part that a value belongs to.
func (v Value) Part() string {
	name, _, _ := strings.Cut(v.Name, ".")
	return name
}

// Plain is the value as the configuration writes it.
func (v Value) Plain() string {
	switch v.Kind {
	case Flag:
		return strconv.FormatBool(v.Number == 1)
	case Span:
		if v.Span%(24*time.Hour) == 0 && v.Span > 0 {
			return strconv.Itoa(int(v.Span/(24*time.Hour))) + "d"
		}
		return v.Span.String()
	case List:
		if strings.HasSuffix(v.Name, ".allowed") {
			return strings.Join(v.List, ", ")
		}
		return strings.Join(v.List, " ")
	}
	return strconv.Itoa(v.Number)
}
