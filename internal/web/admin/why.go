package admin

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/flow/explain"
	"sekisho/internal/gate"
	"sekisho/internal/org"
	"sekisho/internal/web"
)

// Who may see these pages is looked at once more by the journey: who helps members, and
// who reads the audit log.
func (d *Door) whyRoutes() []web.Route {
	return []web.Route{
		see("/admin/why", org.ReadMembers, d.why),
		see("/admin/what-if", org.ReadMembers, d.whatIf),
	}
}

// asker is who wants to know.
func asker(r *web.Request) explain.Asker {
	return explain.Asker{Org: r.Console.Org, Account: r.Session.Account}
}

// explained tells what a journey of package explain answers with.
func explained(page web.Response, err error) (web.Response, error) {
	f := explain.Told(err)
	switch {
	case err == nil:
		return page, nil
	case f == nil:
		return web.Response{}, err
	case f.Code() == faults.OrgForbidden.Code || page.Page == nil:
		return web.Refuse(f), nil
	}
	return page.With(f), nil
}

// Why explains what a reference or a member leads to (OR-22).
type Why struct {
	Typed  string
	One    *Told
	Member *Stands
}

// Told is one row that is explained.
type Told struct {
	explain.Diagnosis
	Trace  Trace
	Now    *Answered
	Untold string // a key: what the stranger was not told
	Detail []Pair // of a row that tells of no decision
}

// Trace is how a decision came about: the rule that it ended at, and all of them.
type Trace struct {
	End   *Rule // nil: none stopped it
	Rules []Rule
}

// Rule is one rule as it was looked at.
type Rule struct {
	explain.Step
	Label string // a key; for a rule that is no more, empty
	Saw   string // an address
	Note  string // a key
}

// Pair is a name and a value.
type Pair struct{ Name, Value string }

// Answered is what would be decided now.
type Answered struct {
	explain.Answer
	Trace Trace
}

// Stands is how a member stands.
type Stands struct {
	explain.Standing
	Now Answered
}

// truths are what a stranger was not told, as audit rows have it, and the key of its text.
var truths = map[string]string{
	"no account":                       "why.truth.none",
	"none set":                         "why.truth.unset",
	"wrong":                            "why.truth.wrong",
	"wrong code":                       "why.truth.code",
	"a code used before":               "why.truth.used",
	"another moment's code":            "why.truth.skewed",
	"the device is stale":              "why.truth.stale",
	"no approval":                      "why.truth.approval",
	"the key's answer does not hold":   "why.truth.answer",
	"the key's counter went backwards": "why.truth.cloned",
	"an answer given before":           "why.truth.replayed",
	"a key that no account has":        "why.truth.key",
}

var notes = map[string]string{"trusted browser": "why.note.trusted", "grace": "why.note.grace"}

// TraceOf takes the steps of a decision apart for a page.
func TraceOf(steps []explain.Step) (t Trace) {
	for _, s := range steps {
		x := Rule{Step: s, Note: notes[s.Saw]}
		if slices.Contains(gate.Rules(), s.Rule) {
			x.Label = "why.rule." + s.Rule
		}
		if _, err := netip.ParseAddr(s.Saw); err == nil {
			x.Saw = s.Saw
		}
		t.Rules = append(t.Rules, x)
	}
	if n := len(t.Rules); n > 0 && t.Rules[n-1].Verdict != gate.Admit {
		t.End = &t.Rules[n-1]
	}
	return t
}

// AnswerOf is an answer as a page shows it.
func AnswerOf(a *explain.Answer) *Answered {
	if a == nil {
		return nil
	}
	return &Answered{*a, TraceOf(a.Steps)}
}

func (d *Door) why(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	p := Why{Typed: strings.TrimSpace(q["q"])}
	page := func() web.Response { return web.Show("admin/why", p) }
	if p.Typed == "" {
		return page(), nil
	}
	one, err := d.Explain.Reference(ctx, asker(r), p.Typed)
	switch {
	case err == nil:
		p.One = ToldOf(one)
		return page(), nil
	case !errors.Is(err, db.ErrNone):
		return explained(page(), err)
	}
	stands, err := d.Explain.Of(ctx, asker(r), p.Typed)
	if err == nil {
		p.Member = &Stands{stands, *AnswerOf(&stands.Now)}
	}
	return explained(page(), err)
}

// ToldOf is a row that is explained, as a page shows it.
func ToldOf(d explain.Diagnosis) *Told {
	t := &Told{Diagnosis: d, Trace: TraceOf(d.Steps), Now: AnswerOf(d.Now), Untold: truths[d.Truth]}
	if len(d.Steps) == 0 && d.Facts == nil {
		t.Detail = pairs(d.Row)
	}
	return t
}

// If is a sign-in that is asked about and does not take place (OR-23).
type If struct {
	Member, From, At string
	Methods          []string
	Browser          string
	Door             string
	Zone             string
	Kinds            []gate.Kind
	Browsers         []explain.Browser
	Doors            []gate.Door
	Of               account.Account
	Answer           *Answered
	Values           []Setting
	Bad              string // the field that does not read
}

// Setting is a value that holds for the member, and where it came from.
type Setting struct {
	Part, Source string
	Org          bool
}

// Has says whether a method is chosen.
func (p If) Has(k gate.Kind) bool { return slices.Contains(p.Methods, string(k)) }

const localTime = "2006-01-02T15:04"

func (d *Door) whatIf(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query("method")
	if err != nil {
		return web.Response{}, err
	}
	p := If{Member: strings.TrimSpace(q["member"]), From: strings.TrimSpace(q["from"]), At: q["at"], Methods: r.HTTP.URL.Query()["method"], Browser: q["browser"], Door: q["door"],
		Zone: r.Now.In(r.Zone).Format("MST"), Kinds: explain.Methods, Browsers: explain.Browsers, Doors: explain.Doors}
	page := func() web.Response { return web.Show("admin/why-if", p) }
	if p.Member == "" {
		p.Methods, p.Browser, p.Door = []string{string(gate.Password)}, string(explain.Known), string(gate.Web)
		return page(), nil
	}
	c, bad := p.read(r.Zone)
	if p.Bad = bad; bad != "" {
		res := page()
		res.Status = 400
		return res, nil
	}
	err = d.view(ctx, func(tx db.ReadTx) error {
		id, err := d.Explain.Find(ctx, tx, asker(r), p.Member)
		if err == nil {
			p.Of.ID = id
		}
		return err
	})
	if err != nil {
		return explained(page(), err)
	}
	a, err := d.Explain.WhatIf(ctx, asker(r), p.Of.ID, c)
	if err != nil {
		return explained(page(), err)
	}
	p.Answer = AnswerOf(&a)
	for _, s := range []struct{ part, source string }{{"password", a.Rules.Source.Password}, {"second_factor", a.Rules.Source.SecondFactor},
		{"session", a.Rules.Source.Session}, {"address", a.Rules.Source.Address}} {
		p.Values = append(p.Values, Setting{s.part, s.source, a.Rules.Whose(s.source) != ""})
	}
	return page(), nil
}

// read reads what was asked; bad names the field that does not read.
func (p If) read(zone *time.Location) (c explain.Case, bad string) {
	var err error
	if c.From, err = netip.ParseAddr(p.From); err != nil || c.From.Zone() != "" {
		return c, "from"
	}
	c.From = c.From.Unmap()
	if p.At != "" {
		if c.At, err = time.ParseInLocation(localTime, p.At, zone); err != nil {
			return c, "at"
		}
	}
	for _, m := range p.Methods {
		c.Methods = append(c.Methods, gate.Kind(m))
	}
	c.Browser, c.Door = explain.Browser(p.Browser), gate.Door(p.Door)
	return c, c.Bad()
}

// pairs are what a row says beside who, when and where, name by name.
func pairs(row audit.Row) (out []Pair) {
	flatten("", row.Detail, &out)
	return out
}

// mostPairs of a row are shown; all of it stands in the export.
const mostPairs = 60

func flatten(name string, raw []byte, out *[]Pair) {
	if len(*out) >= mostPairs {
		return
	}
	if fields, ok := object(raw); ok {
		for _, f := range fields {
			flatten(strings.TrimPrefix(name+"."+f.name, "."), f.value, out)
		}
		return
	}
	text := strings.TrimSpace(string(raw))
	if s, err := strconv.Unquote(text); err == nil {
		text = s
	}
	if name != "" && text != "" {
		*out = append(*out, Pair{name, text})
	}
}
