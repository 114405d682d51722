package explain

import (
	"cmp"
	"context"
	"encoding/json"
	"net/netip"
	"slices"
	"sync"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/gate"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
)

// Back is how far a preview looks back (PO-17).
const Back = 30 * 24 * time.Hour

// Tally counts sign-ins, and whose they were.
type Tally struct {
	Members int `json:"members"`
	Signins int `json:"signins"`
}

// Report is what other rules would have decided.
type Report struct {
	Since   time.Time `json:"since"`
	Seen    Tally     `json:"seen"`    // let in, as it was
	Stops   Tally     `json:"stops"`   // would be let in as it is now, and no more
	Already Tally     `json:"already"` // would be stopped either way
	Frees   Tally     `json:"frees"`   // would be stopped as it is now, and no more
	Asks    Tally     `json:"asks"`    // would be asked for more, which they have
	// NoFactor is how many of the members who are stopped have nothing that the rules let
	// count as a second factor.
	NoFactor int     `json:"no_factor"`
	Grace    int     `json:"grace"` // members who would have days to set one up
	You      bool    `json:"you"`   // whoever asks is stopped
	Rules    []Ruled `json:"rules,omitempty"`
	Who      []Stop  `json:"who,omitempty"`
	More     int     `json:"more,omitempty"`   // members who are stopped and stand not in Who
	Unread   int     `json:"unread,omitempty"` // sign-ins of which too little was kept, or whose account was erased
}

// Ruled is what one rule stops.
type Ruled struct {
	Rule   string `json:"rule"`
	Code   string `json:"code"`
	Source string `json:"source,omitempty"` // the policy that sets it
	Tally
}

// Stop is a member who is stopped, by the last of their sign-ins that is.
type Stop struct {
	Account   ref.Account   `json:"account"`
	Reference ref.Reference `json:"reference"` // of the audit row of that sign-in
	At        time.Time     `json:"at"`
	Rule      string        `json:"rule"`
	Code      string        `json:"code"`
	Source    string        `json:"source,omitempty"`
	Signins   int           `json:"signins"`
}

// mostStops bounds the members whom a report names.
const mostStops = 200

// outcome is what a sign-in comes to: entering, and what the session meets at once.
type outcome struct {
	stopped  bool
	asked    bool // for what they have
	noFactor bool
	grace    bool
	rule     string
	code     string
	source   string
}

// outcomeOf asks gate what facts come to under rules.
func outcomeOf(f gate.Facts, p *policy.Effective) outcome {
	d := gate.Decide(f, p)
	last := d.Trace[len(d.Trace)-1]
	o := outcome{rule: last.Rule, code: d.Code, source: last.Source}
	switch {
	case d.Verdict == gate.Refuse:
		o.stopped = true
		return o
	case d.Verdict == gate.Prove && d.Need == gate.NeedSecond:
		ways := gate.Ways(&f, p)
		if o.asked = len(ways) > 0; !o.asked {
			o.stopped, o.noFactor, o.code = true, !lets(&f, p), faults.FactorNoOtherWay.Code
			return o
		}
		if slices.ContainsFunc(ways, func(k gate.Kind) bool { return k == gate.Password || gate.Permits(p, k) }) {
			return o
		}
		d.Level = gate.Single // what counts no more leads in, and raises nothing
	case d.Verdict == gate.Prove:
		o.asked = true
		return o
	}
	in := gate.Decide(gate.Held(f, d.Level), p)
	last = in.Trace[len(in.Trace)-1]
	switch {
	case in.Verdict == gate.Prove && in.Need == gate.NeedFactor && lets(&f, p):
		o.asked = true // to sign in with that
	case in.Verdict == gate.Prove && in.Need == gate.NeedFactor:
		return outcome{stopped: true, noFactor: true, rule: last.Rule, code: faults.FactorRequired.Code, source: last.Source}
	case in.Verdict == gate.Admit:
		o.grace = slices.ContainsFunc(in.Trace, func(s gate.Step) bool { return s.Rule == "factor.demanded" && s.Saw == "grace" })
	}
	return o
}

// lets says whether the account has a second factor that the rules let count.
func lets(f *gate.Facts, p *policy.Effective) bool {
	return slices.ContainsFunc(f.Set, func(k gate.Kind) bool { return gate.Switches(k) && gate.Permits(p, k) })
}

// read is how many sign-ins are read at a time: short enough for the time that one
// transaction has.
const read = 2000

// hands are how many work on one preview.
const hands = 2

// Preview decides the sign-ins of the last days anew, as if candidate were the policies of
// the organisation, and says what would change. It reads in pages and keeps no more than
// one of them a hand, and what the report names; when ctx ends it ends.
func (x *Explain) Preview(ctx context.Context, who Asker, candidate []policy.Assigned) (Report, error) {
	leave, err := x.turn()
	if err != nil {
		return Report{}, err
	}
	defer leave()
	all := newReplay(x, who)
	if err := x.DB.View(ctx, func(tx db.ReadTx) error { return all.begin(ctx, tx, candidate) }); err != nil {
		return Report{}, err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	pages := make(chan []org.Member)
	var working sync.WaitGroup
	var adding sync.Mutex
	for range hands {
		working.Go(func() {
			for list := range pages {
				one := newReplay(x, who)
				one.now, one.then, one.version, one.out.Since = all.now, all.then, all.version, all.out.Since
				if err := one.chunk(ctx, list); err != nil {
					stop(err)
					return
				}
				adding.Lock()
				all.add(one)
				adding.Unlock()
			}
		})
	}
	err = x.eachMember(ctx, who.Org, pages)
	close(pages)
	working.Wait()
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if err != nil {
		return Report{}, err
	}
	return all.end(), nil
}

// eachMember hands out the members of an organisation, a page at a time.
func (x *Explain) eachMember(ctx context.Context, o ref.Org, to chan<- []org.Member) error {
	for last := ref.Account(""); ; {
		var list []org.Member
		err := x.DB.View(ctx, func(tx db.ReadTx) (err error) {
			list, err = org.Members(ctx, tx, o, last, audit.Asked)
			return err
		})
		if err != nil || len(list) == 0 {
			return err
		}
		select {
		case to <- list:
		case <-ctx.Done():
			return ctx.Err()
		}
		last = list[len(list)-1].Account
	}
}

// replay is one preview under way.
type replay struct {
	*Explain
	who       Asker
	now, then policy.Rules
	version   int64
	names     bool // who asks may know who is stopped
	out       Report
	rules     map[Ruled]*Tally
	one       sequence
}

func newReplay(x *Explain, who Asker) *replay {
	return &replay{Explain: x, who: who, rules: map[Ruled]*Tally{}}
}

func (t *Tally) add(o Tally) { t.Members, t.Signins = t.Members+o.Members, t.Signins+o.Signins }

// add adds what another hand found of other members.
func (p *replay) add(o *replay) {
	a, b := &p.out, &o.out
	for _, x := range []struct{ to, of *Tally }{{&a.Seen, &b.Seen}, {&a.Stops, &b.Stops}, {&a.Already, &b.Already}, {&a.Frees, &b.Frees}, {&a.Asks, &b.Asks}} {
		x.to.add(*x.of)
	}
	a.NoFactor, a.Grace, a.Unread, a.You = a.NoFactor+b.NoFactor, a.Grace+b.Grace, a.Unread+b.Unread, a.You || b.You
	for r, t := range o.rules {
		if p.rules[r] == nil {
			p.rules[r] = &Tally{}
		}
		p.rules[r].add(*t)
	}
	a.Who, a.More = append(a.Who, b.Who...), a.More+b.More
	slices.SortFunc(a.Who, func(x, y Stop) int { return cmp.Compare(x.Account, y.Account) })
	if over := len(a.Who) - mostStops; over > 0 {
		a.Who, a.More = a.Who[:mostStops], a.More+over
	}
}

// sequence is the sign-ins of one member.
type sequence struct {
	account ref.Account
	now     policy.Effective
	then    policy.Effective
	seen    int
	stops   int
	already int
	frees   int
	asks    int
	last    outcome // of the last of them
	stop    Stop
	by      map[Ruled]int
}

func (p *replay) begin(ctx context.Context, r db.ReadTx, candidate []policy.Assigned) error {
	held, err := p.who.may(ctx, r, org.ReadPolicies)
	if err != nil {
		return err
	}
	// Asked of one network after the other it says from where each member signs in: that is
	// for who reads the log, or makes the rules.
	if !slices.Contains(held, org.ReadAudit) && !slices.Contains(held, org.ManagePolicies) {
		return ErrForbidden
	}
	p.names = org.Within(held, []org.Permission{org.ReadMembers})
	o, err := org.Of(ctx, r, p.who.Org)
	if err != nil {
		return err
	}
	list, err := org.Policies(ctx, r, o.ID)
	if err != nil {
		return err
	}
	current := make([]policy.Assigned, 0, len(list))
	for _, x := range list {
		current = append(current, x.Assigned)
	}
	p.version = o.Version
	p.now = policy.NewRules(policy.Rules{Org: o.ID, Name: o.Name, Version: o.Version}, current)
	p.then = policy.NewRules(policy.Rules{Org: o.ID, Name: o.Name, Version: o.Version}, begun(candidate, r.Now()))
	p.out.Since = r.Now().Add(-Back)
	return nil
}

// Candidate are an organisation's policies with one of them changed; one that is not there
// yet comes last. What was demanded goes on being demanded since then.
func Candidate(list []org.Policy, p policy.Policy) (out []policy.Assigned) {
	found := false
	for _, x := range list {
		if x.Name == p.Name {
			found = true
			if s := p.SecondFactor; s != nil && x.SecondFactor != nil && x.SecondFactor.Demanded && !s.Narrows(*x.SecondFactor) {
				since := *s
				since.Since = x.SecondFactor.Since
				p.SecondFactor = &since
			}
			x.Policy = p
		}
		out = append(out, x.Assigned)
	}
	if !found {
		out = append(out, policy.Assigned{Policy: p})
	}
	return out
}

// begun is what is demanded from now on where nobody said since when, as saving it says.
func begun(list []policy.Assigned, now time.Time) []policy.Assigned {
	list = slices.Clone(list)
	for i := range list {
		if s := list[i].SecondFactor; s != nil && s.Demanded && s.Since.IsZero() {
			from := *s
			from.Since = now
			list[i].SecondFactor = &from
		}
	}
	return list
}

// chunk replays the sign-ins of some members.
func (p *replay) chunk(ctx context.Context, list []org.Member) error {
	ids := make([]ref.Account, len(list))
	places := make(map[ref.Account]policy.Place, len(list))
	for i, m := range list {
		ids[i] = m.Account
		places[m.Account] = policy.Place{Org: m.Org, Version: p.version, Inactive: m.Inactive, Joined: m.Joined, Groups: m.Groups}
	}
	for last := (audit.Entrance{}); ; {
		var rows []audit.Entrance
		err := p.DB.View(ctx, func(tx db.ReadTx) (err error) {
			rows, err = audit.Entrances(ctx, tx, p.who.Org, audit.Span{Of: ids, Since: p.out.Since, Last: last, Limit: read})
			return err
		})
		if err != nil {
			return err
		}
		for i := range rows {
			p.take(rows[i], places)
		}
		if len(rows) < read {
			p.close()
			return nil
		}
		last = rows[len(rows)-1]
	}
}

// take decides one sign-in under both.
func (p *replay) take(e audit.Entrance, places map[ref.Account]policy.Place) {
	if p.one.account != e.Account {
		p.close()
		place := places[e.Account]
		p.one = sequence{account: e.Account, now: p.now.Of(e.Account, place, p.Rules.Everybody), then: p.then.Of(e.Account, place, p.Rules.Everybody)}
	}
	kept, ok := keptOf(e)
	from, err := netip.ParseAddr(e.Word("addr"))
	f, could := kept.Facts(gate.Door(e.Word("door")), e.At, from)
	let := e.Kind == audit.Succeeded
	if !ok || err != nil || !could {
		// A refusal before the proofs, such as a wrong password, has none to keep.
		if let {
			p.out.Unread++
		}
		return
	}
	s := &p.one
	now, then := outcomeOf(f, &s.now), outcomeOf(f, &s.then)
	if let {
		s.seen++
	}
	s.last = then
	switch {
	case now.stopped && then.stopped:
		s.already++
	case now.stopped:
		s.frees++
	case then.stopped:
		s.stops++
		s.stop = Stop{e.Account, e.Reference, e.At, then.rule, then.code, then.source, s.stops}
		if s.by == nil {
			s.by = map[Ruled]int{}
		}
		s.by[Ruled{Rule: then.rule, Code: then.code, Source: then.source}]++
	case then.asked && !now.asked && let:
		s.asks++
	}
}

// keptOf reads what was kept of a sign-in.
func keptOf(e audit.Entrance) (*gate.Kept, bool) {
	text := e.Part("facts")
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth > 0 {
				continue
			}
			k := &gate.Kept{}
			return k, json.Unmarshal([]byte(text[:i+1]), k) == nil
		}
	}
	return nil, false
}

// close adds a member's sign-ins to the report.
func (p *replay) close() {
	s := &p.one
	add := func(t *Tally, n int) {
		if n > 0 {
			t.Members++
			t.Signins += n
		}
	}
	add(&p.out.Seen, s.seen)
	add(&p.out.Stops, s.stops)
	add(&p.out.Already, s.already)
	add(&p.out.Frees, s.frees)
	add(&p.out.Asks, s.asks)
	for r, n := range s.by {
		if p.rules[r] == nil {
			p.rules[r] = &Tally{}
		}
		add(p.rules[r], n)
	}
	if s.last.grace {
		p.out.Grace++
	}
	if s.stops > 0 {
		p.out.You = p.out.You || s.account == p.who.Account
		if s.last.noFactor {
			p.out.NoFactor++
		}
		if len(p.out.Who) < mostStops {
			p.out.Who = append(p.out.Who, s.stop)
		} else {
			p.out.More++
		}
	}
	p.one = sequence{}
}

func (p *replay) end() Report {
	if !p.names {
		p.out.More, p.out.Who = p.out.More+len(p.out.Who), nil
	}
	for r, t := range p.rules {
		r.Tally = *t
		p.out.Rules = append(p.out.Rules, r)
	}
	slices.SortFunc(p.out.Rules, func(a, b Ruled) int {
		return cmp.Or(cmp.Compare(b.Members, a.Members), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Source, b.Source))
	})
	return p.out
}
