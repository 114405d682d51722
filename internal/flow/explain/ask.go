package explain

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/netx"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
)

// Methods are the kinds of proof that somebody can be asked about.
var Methods = []gate.Kind{gate.Password, gate.MailCode, gate.SMSCode, gate.Passkey, gate.Tegata, gate.TegataCode, gate.TOTP, gate.Backup, gate.Passphrase}

// Doors are those through which somebody signs in.
var Doors = []gate.Door{gate.Web, gate.API, gate.OIDC}

// Browser is how the account knows the browser.
type Browser string

// The ways there are.
const (
	Known   Browser = "known"
	Trusted Browser = "trusted"
	New     Browser = "new"
	Unusual Browser = "unusual" // new, and in a place that is new as well (SI-19)
)

// Browsers are all of them.
var Browsers = []Browser{Known, Trusted, New, Unusual}

// Case is a sign-in that is asked about and does not take place.
type Case struct {
	From    netip.Addr
	At      time.Time   // zero: now
	Methods []gate.Kind // what would be proved
	Browser Browser
	Door    gate.Door
}

// Bad names what of it is none of what can be asked about; empty: nothing.
func (c Case) Bad() string {
	for i, m := range c.Methods {
		if !slices.Contains(Methods, m) || slices.Contains(c.Methods[:i], m) {
			return "method"
		}
	}
	switch {
	case !c.At.IsZero() && (c.At.Year() < 2000 || c.At.Year() > 2999):
		return "at"
	case !slices.Contains(Browsers, c.Browser):
		return "browser"
	case !slices.Contains(Doors, c.Door):
		return "door"
	}
	return ""
}

// Step is one rule as it was looked at.
type Step struct {
	Act  gate.Act  `json:"act"`
	Kind gate.Kind `json:"kind,omitempty"` // act try: of which proof
	gate.Step
	Org bool `json:"organisation,omitempty"` // the organisation set it, not the operator
}

// Answer is what is decided, and by which rules.
type Answer struct {
	Verdict gate.Verdict      `json:"verdict"`
	Code    string            `json:"code,omitempty"` // of what it ends at: a refusal, or what is asked for first
	Need    gate.Need         `json:"need,omitempty"`
	Ways    []gate.Kind       `json:"ways,omitempty"` // how more could be proved
	Level   gate.Level        `json:"level,omitempty"`
	RetryAt time.Time         `json:"retry_at,omitzero"`
	Whose   string            `json:"whose,omitempty"` // the organisation whose rule it was
	Steps   []Step            `json:"steps"`
	Facts   *gate.Kept        `json:"facts,omitempty"`
	Proof   bool              `json:"proof_only,omitempty"` // whether the proof would be judged, and no more
	Rules   *policy.Effective `json:"-"`
}

// Last is the rule that it ended at.
func (a Answer) Last() Step { return a.Steps[len(a.Steps)-1] }

// asking is one question while it is answered.
type asking struct {
	*Explain
	r       db.Reader
	account account.Account
	from    netip.Addr
	at      time.Time
	door    gate.Door
	out     Answer
}

// stops asks gate and notes what it looked at; true when it does not admit.
func (q *asking) stops(f gate.Facts, p *policy.Effective) (gate.Decision, bool) {
	d := gate.Decide(f, p)
	return d, q.note(f, p, d)
}

func (q *asking) note(f gate.Facts, p *policy.Effective, d gate.Decision) bool {
	for _, s := range d.Trace {
		step := Step{Act: f.Act, Step: s, Org: p.Whose(s.Source) != ""}
		if f.Act == gate.Try {
			step.Kind = f.Kind
		}
		q.out.Steps = append(q.out.Steps, step)
	}
	q.out.Verdict, q.out.Code, q.out.Need, q.out.RetryAt, q.out.Whose = d.Verdict, d.Code, d.Need, d.RetryAt, d.Whose(p)
	return d.Verdict != gate.Admit
}

// tries asks whether a proof may be judged, as its counters stand. What one browser has
// to wait by itself is not known here. A sign-in begins with the first.
func (q *asking) tries(ctx context.Context, kind gate.Kind, first bool, f gate.Facts, p *policy.Effective) (bool, error) {
	class := enter.Class(kind)
	if first && (kind == gate.TegataCode || kind == gate.SMSCode) {
		class = class.OfStrangers()
	}
	v := flow.Visitor{Door: q.door, Addr: q.from, Network: netx.Bucket(q.from), Proven: f.KnownBrowser}
	t := gate.Facts{Kind: kind, KnownBrowser: f.KnownBrowser, Offered: slices.Contains(f.Set, kind) || slices.Contains(f.OnFile, kind)}
	d, _, err := enter.CountersOf(class, string(q.account.ID), v).Try(ctx, q.r, v, t, p)
	if err != nil {
		return false, err
	}
	t.Act = gate.Try
	return q.note(t, p, d), nil
}

// proofs are proofs of kinds, as this account would give them.
func proofs(a account.Account, kinds []gate.Kind, second string) (out []gate.Proof) {
	for _, k := range kinds {
		p := gate.Proof{Kind: k, Turn: a.Turn}
		switch k {
		case gate.MailCode:
			p.Via = a.Email.Norm
		case gate.SMSCode:
			p.Via = a.Mobile.Norm
			if second != "" && (len(out) > 0 || p.Via == "") {
				p.Via = second
			}
		case gate.Passkey:
			p.User, p.Hard = true, true
		}
		out = append(out, p)
	}
	return out
}

// decide answers from the facts of an account as it stands.
func (q *asking) decide(ctx context.Context, c Case, given []gate.Proof, shape func(*gate.Facts)) (Answer, error) {
	f, set, err := q.Gather(ctx, q.r, enter.Who{Visitor: flow.Visitor{Door: q.door, Addr: q.from}, Account: q.account})
	if err != nil {
		return Answer{}, err
	}
	if given == nil {
		given = proofs(q.account, c.Methods, f.SecondVia)
	}
	known := c.Browser == Known || c.Browser == Trusted
	f.Proofs, f.Now, f.SigninsToday = given, q.at, q.account.SigninsSince(q.Day(q.at))
	f.Locked = q.account.Locked(q.at)
	f.KnownBrowser, f.Trusted = known, c.Browser == Trusted
	f.Unusual = c.Browser == Unusual && !q.account.LastSignin.IsZero()
	if shape != nil {
		shape(&f)
	}
	q.out.Rules, q.out.Facts = set.Rules, gate.Keep(f)
	q.out.Facts.Own = nil // whom they trust is their own business
	for i, p := range f.Proofs {
		if stop, err := q.tries(ctx, p.Kind, i == 0, f, set.Rules); err != nil || stop {
			return q.out, err
		}
	}
	d, stop := q.stops(f, set.Rules)
	if d.Need == gate.NeedSecond {
		q.out.Ways = gate.Ways(&f, set.Rules)
	} else if d.Need == gate.NeedAnother {
		q.out.Ways = gate.Others(&f)
	}
	if d.Need == gate.NeedSecond && len(q.out.Ways) == 0 {
		q.out.Verdict, q.out.Code = gate.Refuse, faults.FactorNoOtherWay.Code
	}
	if stop {
		return q.out, nil
	}
	q.out.Level = d.Level
	if in, held := q.stops(gate.Held(f, d.Level), set.Rules); held && in.Need == gate.NeedFactor {
		q.out.Code = faults.FactorRequired.Code
	}
	return q.out, nil
}

// member reads a member of the organisation whose asker may help its members or read its
// audit log; db.ErrNone for anybody else.
func (x *Explain) member(ctx context.Context, r db.Reader, who Asker, a ref.Account) (account.Account, error) {
	if _, err := org.MemberOf(ctx, r, who.Org, a); err != nil {
		return account.Account{}, err
	}
	return account.Of(ctx, r, a)
}

// WhatIf says what would be decided if a member signed in so (OR-23). Nothing is written:
// it runs where nothing can be.
func (x *Explain) WhatIf(ctx context.Context, who Asker, of ref.Account, c Case) (out Answer, err error) {
	err = x.DB.View(ctx, func(r db.ReadTx) error {
		if _, err := who.helps(ctx, r); err != nil {
			return err
		}
		a, err := x.member(ctx, r, who, of)
		if err != nil {
			return err
		}
		at := c.At
		if at.IsZero() {
			at = r.Now()
		}
		q := asking{Explain: x, r: r, account: a, from: c.From, at: at, door: c.Door}
		out, err = q.decide(ctx, c, nil, nil)
		return err
	})
	return out, err
}
