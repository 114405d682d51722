// Package fault owns how a refusal is told: a code that never changes and, in
// both languages, what happened, why, and what to do now.
//
// A fault is a value, not an error: whoever gets one commits what was counted.
// The codes themselves stand in the catalogue above this package.
package fault

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"sekisho/internal/i18n"
)

// Kind is what sort of refusal it is; each door maps kinds to its protocol.
type Kind int

// The kinds there are.
const (
	Bad Kind = iota
	Unauthenticated
	Forbidden
	NotFound
	Conflict
	Gone
	TooLarge
	Unsupported
	TooMany
	Unknown // of a kind that nothing here knows
	Unavailable
	Internal
)

// Topic is the group under which the help hub lists a fault.
type Topic string

// The topics there are.
const (
	Entering  Topic = "signin"
	Second    Topic = "factor"
	Forgotten Topic = "password"
	Other     Topic = "other"
)

// Lifter is who can lift a refusal.
type Lifter string

// The lifters there are.
const (
	Self     Lifter = "self"
	Time     Lifter = "time"
	Operator Lifter = "operator"
	Admin    Lifter = "admin" // the admins of the organisation that Args names
)

// Text tells a fault in one language, with {placeholders}.
type Text struct {
	What, Why, Fix string
	Steps          []string // the help page's longer way, one step a line
}

// Action is where the fault's button leads.
type Action struct {
	Href   string
	Ja, En string
}

// Entry is one fault of the catalogue.
type Entry struct {
	Code      string
	Kind      Kind
	Topic     Topic
	Lift      []Lifter
	Ja, En    Text
	Disclosed *[2]Text            // ja, en: told instead, where the operator discloses accounts
	General   *[2]Text            // ja, en: what its help page says instead, where the text has places or kinds; empty sentences stay
	Of        map[string]*[2]Text // ja, en: told instead of one kind of proof; empty sentences stay
	Action    *Action
	ActionOf  map[string]*Action // where the button leads instead, of one kind
}

// Help is the entry as its help page tells it, of no refusal in particular.
func (e *Entry) Help(l i18n.Lang) Text {
	t, g := e.En, Text{}
	if l == i18n.Ja {
		t = e.Ja
	}
	if e.General != nil {
		g = e.General[1]
		if l == i18n.Ja {
			g = e.General[0]
		}
	}
	return t.with(g)
}

// with is the text with those sentences that the other has.
func (t Text) with(o Text) Text {
	return Text{What: cmp.Or(o.What, t.What), Why: cmp.Or(o.Why, t.Why), Fix: cmp.Or(o.Fix, t.Fix), Steps: t.Steps}
}

// Fault is one refusal.
type Fault struct {
	Entry     *Entry
	Args      map[string]any
	RetryAt   time.Time
	Reference string
}

// New makes a fault; args are names and values in turn.
func (e *Entry) New(args ...any) *Fault {
	f := &Fault{Entry: e, Args: map[string]any{}}
	for i := 0; i+1 < len(args); i += 2 {
		f.Args[args[i].(string)] = args[i+1]
	}
	return f
}

// By says whose rule it was: its admins can lift what the operator could.
func (f *Fault) By(org string) *Fault {
	if org != "" {
		f.Args["org"] = org
	}
	return f
}

// Org is the organisation whose rule it was; empty: none's.
func (f *Fault) Org() string {
	name, _ := f.Args["org"].(string)
	return name
}

// Lifters are who can lift it. Where an organisation's rule refuses, the people who run
// the service cannot: its admins can.
func (f *Fault) Lifters() []Lifter {
	if f.Org() == "" {
		return f.Entry.Lift
	}
	out := slices.Clone(f.Entry.Lift)
	for i, l := range out {
		if l == Operator {
			out[i] = Admin
		}
	}
	return out
}

// Until says when to try again.
func (f *Fault) Until(t time.Time) *Fault {
	f.RetryAt = t
	return f
}

// Action is where the fault's button leads; nil: it has none.
func (f *Fault) Action() *Action {
	kind, _ := f.Args["kind"].(string)
	if a := f.Entry.ActionOf[kind]; a != nil {
		return a
	}
	return f.Entry.Action
}

// Code is the fault's code.
func (f *Fault) Code() string { return f.Entry.Code }

// Say tells the fault in a language, times in the given zone.
func (f *Fault) Say(l i18n.Lang, zone *time.Location) Text {
	text := f.Entry.En
	if l == i18n.Ja {
		text = f.Entry.Ja
	}
	if d := f.Entry.Disclosed; d != nil && f.Args["disclosed"] == true {
		text = d[1]
		if l == i18n.Ja {
			text = d[0]
		}
	}
	if kind, ok := f.Args["kind"].(string); ok && f.Entry.Of[kind] != nil {
		of := f.Entry.Of[kind]
		if text = text.with(of[1]); l == i18n.Ja {
			text = f.Entry.Ja.with(of[0])
		}
	}
	args := maps.Clone(f.Args)
	if !f.RetryAt.IsZero() {
		args["retry_at"] = f.RetryAt
	}
	pairs := make([]any, 0, 2*len(args))
	for k, v := range args {
		if t, ok := v.(time.Time); ok {
			v = t.In(zone)
		}
		pairs = append(pairs, k, v)
	}
	fill := func(s string) string { return i18n.Fill(l, s, pairs...) }
	return Text{What: fill(text.What), Why: fill(text.Why), Fix: fill(text.Fix), Steps: text.Steps}
}

// Problem is a fault for programs (RFC 9457).
type Problem struct {
	Type      string     `json:"type"`
	Title     string     `json:"title"`
	Status    int        `json:"status"`
	Code      string     `json:"code"`
	What      string     `json:"what"`
	Why       string     `json:"why"`
	Fix       string     `json:"fix"`
	Reference string     `json:"reference,omitempty"`
	Org       string     `json:"organisation,omitempty"` // whose rule it was: its admins can lift it
	RetryAt   *time.Time `json:"retry_at,omitempty"`
}

// Problem gives the fault's RFC 9457 form.
func (f *Fault) Problem(l i18n.Lang, zone *time.Location, status int) Problem {
	t := f.Say(l, zone)
	p := Problem{Type: "/help/" + f.Code(), Title: t.What, Status: status, Code: f.Code(), What: t.What, Why: t.Why, Fix: t.Fix, Reference: f.Reference, Org: f.Org()}
	if !f.RetryAt.IsZero() {
		at := f.RetryAt.UTC()
		p.RetryAt = &at
	}
	return p
}
