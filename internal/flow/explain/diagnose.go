package explain

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
	"sekisho/internal/roster"
)

// Diagnosis is why a sign-in was decided as it was, and what holds now (OR-22).
type Diagnosis struct {
	Row     audit.Row
	Account account.Account // zero where it was erased, or nobody was found by what was typed
	Member  bool            // it still is one
	Door    gate.Door
	Kind    string // what was tried, where it ended there
	Truth   string // what the stranger was not told
	Proofs  []string
	Level   gate.Level
	Facts   *gate.Kept
	Steps   []Step
	Fault   *fault.Entry // nil: let in
	Whose   string       // the organisation whose rule it was
	Changed bool         // the organisation changed its rules since
	Now     *Answer      // the same once more, as things stand; nil: it cannot be said
}

// shown is which rows somebody who helps members sees without reading the whole log: what
// was refused, and sign-ins.
func shown(r audit.Row) bool { return r.Code != "" || strings.HasPrefix(r.Kind, "signin.") }

// Reference explains the row that a refused person reads out. What is not the
// organisation's is not there.
func (x *Explain) Reference(ctx context.Context, who Asker, reference string) (out Diagnosis, err error) {
	err = x.DB.View(ctx, func(r db.ReadTx) error {
		held, err := who.helps(ctx, r)
		if err != nil {
			return err
		}
		row, err := audit.InOrg(ctx, r, who.Org, ref.Reference(strings.ToUpper(strings.TrimSpace(reference))))
		if err != nil {
			return err
		}
		if !shown(row) && !slices.Contains(held, org.ReadAudit) {
			return db.ErrNone
		}
		if row.Code == "" {
			apart(held, &row.Addr, &row.Agent, &row.Place)
		}
		out, err = x.diagnose(ctx, r, who, row)
		if !slices.Contains(held, org.ReadAudit) {
			out.hide()
		}
		return err
	})
	return out, err
}

// hide takes out of a diagnosis what is for who reads the log: an address of a member's own
// list, which says from where they come also where nothing is wrong.
func (d *Diagnosis) hide() {
	d.Row.Detail = withoutOwn(d.Row.Detail)
	if d.Facts != nil {
		f := *d.Facts
		f.Own = nil
		d.Facts = &f
	}
}

func withoutOwn(detail json.RawMessage) json.RawMessage {
	var all, facts map[string]json.RawMessage
	if json.Unmarshal(detail, &all) != nil || json.Unmarshal(all["facts"], &facts) != nil || facts["own_addresses"] == nil {
		return detail
	}
	delete(facts, "own_addresses")
	inner, err1 := json.Marshal(facts)
	all["facts"] = inner
	outer, err2 := json.Marshal(all)
	if errors.Join(err1, err2) != nil {
		return nil
	}
	return outer
}

func (x *Explain) diagnose(ctx context.Context, r db.Reader, who Asker, row audit.Row) (Diagnosis, error) {
	d := Diagnosis{Row: row}
	if e, ok := faults.ByCode(row.Code); ok {
		d.Fault = e
	}
	var told enter.Told
	if len(row.Detail) > 0 && json.Unmarshal(row.Detail, &told) != nil {
		told = enter.Told{} // another kind of row
	}
	d.Door, d.Kind, d.Truth, d.Proofs, d.Level, d.Facts = told.Door, told.Kind, told.Truth, told.Proofs, told.Level, told.Facts
	o, err := org.Of(ctx, r, who.Org)
	if err != nil {
		return d, err
	}
	d.Changed = told.Rules != 0 && told.Rules != o.Version
	for _, s := range told.Trace {
		d.Steps = append(d.Steps, Step{Act: actOf(told), Step: s, Org: ofOrg(s.Source)})
	}
	if n := len(d.Steps); n > 0 && d.Steps[n-1].Verdict != gate.Admit && d.Steps[n-1].Org {
		d.Whose = o.Name
	}
	if row.Account == "" {
		return d, nil
	}
	d.Account, err = x.member(ctx, r, who, row.Account)
	if errors.Is(err, db.ErrNone) {
		return d, nil // left or erased since: nothing of what holds now is this organisation's to see
	}
	if err != nil {
		return d, err
	}
	d.Member = true
	d.Now, err = x.again(ctx, r, d, told)
	return d, err
}

func actOf(t enter.Told) gate.Act {
	if t.Facts == nil {
		return gate.Try
	}
	return gate.Enter
}

// ofOrg says whether a source is a policy of an organisation, or what it decided.
func ofOrg(source string) bool {
	any := policy.Effective{Org: policy.Org{Name: "any"}}
	return any.Whose(source) != ""
}

// again asks what would be decided if the same were given now.
func (x *Explain) again(ctx context.Context, r db.Reader, d Diagnosis, told enter.Told) (*Answer, error) {
	if !strings.HasPrefix(d.Row.Kind, "signin.") || d.Row.Erased {
		return nil, nil
	}
	from, err := netip.ParseAddr(d.Row.Addr)
	if err != nil && told.Facts != nil {
		return nil, nil // it is kept from whoever asks
	}
	q := asking{Explain: x, r: r, account: d.Account, from: from, at: r.Now(), door: told.Door}
	if told.Facts == nil {
		return q.judged(ctx, told)
	}
	f, ok := told.Facts.Facts(told.Door, r.Now(), from)
	if !ok {
		return nil, nil
	}
	out, err := q.decide(ctx, Case{Browser: Known}, []gate.Proof{}, func(now *gate.Facts) {
		now.Proofs = slices.Clone(f.Proofs)
		for i := range now.Proofs {
			p := &now.Proofs[i]
			p.Turn = d.Account.Turn
			switch {
			case p.Kind == gate.MailCode:
				p.Via = d.Account.Email.Norm
			case p.Via != "" && p.Via == f.SecondVia:
				p.Via = now.SecondVia
			}
		}
		now.KnownBrowser, now.Trusted, now.Unusual, now.StepUp, now.Recovers, now.Ordered = f.KnownBrowser, f.Trusted, f.Unusual, f.StepUp, f.Recovers, f.Ordered
	})
	return &out, err
}

// judged asks whether a proof would be judged now, of a row that ended before.
func (q *asking) judged(ctx context.Context, told enter.Told) (*Answer, error) {
	kind := gate.Kind(strings.TrimPrefix(told.Kind, "first."))
	if !slices.Contains(Methods, kind) {
		return nil, nil
	}
	f, set, err := q.Gather(ctx, q.r, enter.Who{Account: q.account})
	if err != nil {
		return nil, err
	}
	q.out.Rules, q.out.Proof = set.Rules, true
	first := kind == gate.Password || kind == gate.MailCode || string(kind) != told.Kind
	_, err = q.tries(ctx, kind, first, f, set.Rules)
	return &q.out, err
}

// Standing is how a member stands, and what they did lately.
type Standing struct {
	Account  account.Account
	Member   org.Member
	Can      []gate.Kind // what they can prove
	Sessions int
	From     string // the latest address in Latest
	Now      Answer // with all of it, in a browser they know, from where they were last
	Latest   []audit.Row
}

// latest is how many sign-ins are shown of a member.
const latest = 20

// Of says how a member stands, found by an address, number, user name or ID.
func (x *Explain) Of(ctx context.Context, who Asker, what string) (out Standing, err error) {
	err = x.DB.View(ctx, func(r db.ReadTx) error {
		held, err := who.helps(ctx, r)
		if err != nil {
			return err
		}
		id, err := x.Find(ctx, r, who, what)
		if err != nil {
			return err
		}
		if out.Account, err = x.member(ctx, r, who, id); err != nil {
			return err
		}
		if out.Member, err = org.MemberOf(ctx, r, who.Org, id); err != nil {
			return err
		}
		if out.Latest, err = audit.Search(ctx, r, who.Org, audit.Query{Account: id, Kinds: []string{audit.Succeeded, audit.Refused}, Limit: latest}); err != nil {
			return err
		}
		from := netip.Addr{}
		for i := range out.Latest {
			row := &out.Latest[i]
			if a, err := netip.ParseAddr(row.Addr); err == nil && !from.IsValid() {
				from = a
			}
			if !slices.Contains(held, org.ReadAudit) {
				row.Detail = withoutOwn(row.Detail)
			}
			if row.Code == "" {
				apart(held, &row.Addr, &row.Agent, &row.Place)
			}
			out.From = cmp.Or(out.From, row.Addr)
		}
		f, _, err := x.Gather(ctx, r, enter.Who{Account: out.Account})
		if err != nil {
			return err
		}
		for _, k := range Methods {
			if slices.Contains(f.Set, k) || slices.Contains(f.OnFile, k) {
				out.Can = append(out.Can, k)
			}
		}
		out.Sessions = f.Sessions
		q := asking{Explain: x, r: r, account: out.Account, from: from, at: r.Now(), door: gate.Web}
		out.Now, err = q.decide(ctx, Case{Methods: out.Can, Browser: Known}, nil, nil)
		return err
	})
	return out, err
}

// Find finds a member by an address, number or user name they are shown by, or by their
// ID; db.ErrNone for everybody else.
func (x *Explain) Find(ctx context.Context, r db.Reader, who Asker, what string) (ref.Account, error) {
	a, err := roster.Named(ctx, r, who.Org, what)
	return a.ID, err
}
