package policy

import (
	"slices"
	"time"

	"sekisho/internal/ref"
)

// Place is where an account stands: in which organisation, how, and in which of its
// groups. The zero Place is outside of all.
type Place struct {
	Org      ref.Org
	Version  int64 // of the organisation's rules; each change of them raises it
	Inactive bool
	Joined   time.Time
	Role     string // as the member carries it
	Groups   []ref.Group
	Own      Kept
}

// Kept is the owner's own list as it is kept: what holds until it has to be confirmed,
// and what held before (PO-17).
type Kept struct {
	Own
	Before Address
}

// At is what holds at an instant: nobody has to take back what was not confirmed.
func (k Kept) At(now time.Time) Own {
	if k.Until.IsZero() || now.Before(k.Until) {
		return k.Own
	}
	return Own{Address: k.Before}
}

// All is the target that is every member.
const All = "all"

// Target is for whom a policy is, or is not.
type Target struct {
	Whom    string // All, or the name of a group or of an account
	Exclude bool
	Since   time.Time // when it was put there
}

// Assigned is a policy with whom it is for.
type Assigned struct {
	Policy
	ID      ref.Policy
	Targets []Target
}

// Rules are what an organisation has set: its policies in order.
type Rules struct {
	Org     ref.Org
	Name    string
	Look    Look
	Version int64
	Until   time.Time // it has to be confirmed until then; zero: it stands
	Before  *Rules    // with Until: what holds from then on

	policies []Policy
	hits     map[string][]hit // by whom a target names
}

// At are the rules that hold at an instant: nobody has to take back what was not
// confirmed (PO-17).
func (r Rules) At(now time.Time) Rules {
	if r.Before == nil || now.Before(r.Until) {
		return r
	}
	return *r.Before
}

// hit is one target of the policy at a place in the order.
type hit struct {
	policy int
	Target
}

// NewRules makes rules of policies in order.
func NewRules(of Rules, list []Assigned) Rules {
	of.policies, of.hits = nil, map[string][]hit{}
	for i, p := range list {
		of.policies = append(of.policies, p.Policy)
		for _, t := range p.Targets {
			of.hits[t.Whom] = append(of.hits[t.Whom], hit{i, t})
		}
	}
	return of
}

// reached says how a policy reaches one member.
type reached struct {
	in, out bool
	since   time.Time
}

func (r Rules) reach(marks []reached, whom string) {
	for _, h := range r.hits[whom] {
		switch m := &marks[h.policy]; {
		case h.Exclude:
			m.out = true
		case !m.in || h.Since.Before(m.since):
			m.in, m.since = true, h.Since
		}
	}
}

// Of gives what holds for a member: the policies that are for them, in order, and what
// holds for everybody last. One exclusion is stronger than any inclusion.
func (r Rules) Of(a ref.Account, p Place, everybody Effective) Effective {
	marks := make([]reached, len(r.policies))
	r.reach(marks, All)
	r.reach(marks, string(a))
	for _, g := range p.Groups {
		r.reach(marks, string(g))
	}
	ordered := make([]Policy, 0, parts+1)
	var missing Policy // a part that is nil here, no policy has set yet
	for i, m := range marks {
		if !m.in || m.out || !missing.lacks(&r.policies[i]) {
			continue
		}
		given := r.policies[i]
		if s := given.SecondFactor; s != nil && s.Demanded {
			// It was demanded of this member when all of these had come true: days of
			// grace count from then.
			from := *s
			from.Since = later(later(s.Since, m.since), p.Joined)
			given.SecondFactor = &from
		}
		ordered = append(ordered, given)
	}
	if missing.SecondFactor == nil {
		ordered = append(ordered, start(everybody)...)
	}
	e := Resolve(append(ordered, everybody.last())...)
	e.Org = Org{ID: r.Org, Name: r.Name, Version: r.Version, Inactive: p.Inactive, Look: r.Look}
	return e
}

// start is what an organisation begins with until a policy of its own says otherwise: no
// codes by SMS, for numbers are ported and messages read over shoulders (spec §11).
func start(everybody Effective) []Policy {
	part := everybody.SecondFactor
	if len(part.Kinds) == 0 {
		part.Kinds = Kinds
	}
	part.Kinds = slices.DeleteFunc(slices.Clone(part.Kinds), func(k string) bool { return k == weak })
	if len(part.Kinds) == 0 || len(part.Kinds) == len(everybody.SecondFactor.Kinds) {
		return nil // the operator has decided
	}
	return []Policy{{Name: ByOrg, SecondFactor: &part}}
}

const parts = 6 // and what an organisation starts with

// lacks says whether another policy sets a part that this one does not, and sets it
// here too: of hundreds of policies five at most say anything.
func (p *Policy) lacks(o *Policy) bool {
	a := fill(&p.Password, o.Password)
	b := fill(&p.SecondFactor, o.SecondFactor)
	c := fill(&p.Session, o.Session)
	d := fill(&p.Address, o.Address)
	return fill(&p.Federation, o.Federation) || a || b || c || d
}

func fill[T any](into **T, part *T) bool {
	if *into != nil || part == nil {
		return false
	}
	*into = part
	return true
}

// last is what holds for everybody, as the policy that comes last.
func (e Effective) last() Policy {
	return Policy{Name: DefaultName, Password: &e.Password, SecondFactor: &e.SecondFactor, Session: &e.Session, Address: &e.Address, Federation: &e.Federation}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
