package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow/allow"
	"sekisho/internal/flow/govern"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

func (d *Door) policyOperations() []operation {
	const path, one = "/api/v1/org/policies", "/api/v1/org/policies/{id}"
	text := map[string]any{"type": "string"}
	see := func(name string) map[string]any { return map[string]any{"$ref": "#/components/schemas/" + name} }
	read, do := web.May(org.ReadPolicies), web.MayDo(org.ManagePolicies)
	parts := map[string]any{"name": text, "version": map[string]any{"type": "integer"}, "password": see("PolicyPassword"), "second_factor": see("PolicySecondFactor"),
		"session": see("PolicySession"), "address": see("PolicyAddress")}
	return []operation{
		{"GET", path, read, d.orgPolicies, "orgPolicies", "Policies in order, and the change that waits to be confirmed", nil, nil, "OrgPolicies", nil},
		{"POST", path, do, d.orgAddPolicy, "orgAddPolicy", "Make a policy, which is for nobody yet; a part that is left out is left unset", parts, []string{"name"}, "OrgPolicy", nil},
		{"GET", one, read, d.orgPolicy, "orgPolicy", "One policy", nil, nil, "OrgPolicy", nil},
		{"PUT", one, do, d.orgSetPolicy, "orgSetPolicy", "Set all parts of a policy, given the version that was read", parts, []string{"version"}, "OrgPolicy", nil},
		{"DELETE", one, do, d.orgRemovePolicy, "orgRemovePolicy", "Remove a policy", nil, nil, "", nil},
		{"PUT", path + "/order", do, d.orgOrderPolicies, "orgOrderPolicies", "Put the named policies first, in this order", map[string]any{"policies": map[string]any{"type": "array", "items": text}}, []string{"policies"}, "", nil},
		{"PUT", one + "/targets/{whom}", do, d.orgAssign, "orgAssign", "Say that a policy is for all, a group or a member; with exclude, that it is not", map[string]any{"exclude": map[string]any{"type": "boolean"}}, nil, "", nil},
		{"DELETE", one + "/targets/{whom}", do, d.orgUnassign, "orgUnassign", "Take a target away", nil, nil, "", nil},
		{"POST", path + "/confirm", do, d.policyDecide(d.Govern.Confirm), "orgConfirmPolicy", "Confirm a change that waits because it shuts out the session that made it, in another", nil, nil, "", nil},
		{"POST", path + "/revert", do, d.policyDecide(d.Govern.Revert), "orgRevertPolicy", "Take such a change back at once", nil, nil, "", nil},
		{"GET", "/api/v1/org/effective-policy/{account}", read, d.orgEffective, "orgEffectivePolicy", "What holds for a member, and which policy each value is from", nil, nil, "EffectivePolicy", nil},
	}
}

func policySchemas() map[string]any {
	text, number, flag := map[string]any{"type": "string"}, map[string]any{"type": "integer"}, map[string]any{"type": "boolean"}
	when, days := map[string]any{"type": "string", "format": "date-time"}, map[string]any{"type": "number"}
	list := func(of any) map[string]any { return map[string]any{"type": "array", "items": of} }
	see := func(name string) map[string]any { return map[string]any{"$ref": "#/components/schemas/" + name} }
	return map[string]any{
		"PolicyPassword": object([]string{"min_single", "min"}, map[string]any{"min_single": number, "min": number, "upper": flag, "lower": flag, "digit": flag, "special": flag, "admin_reset": flag, "recent": number,
			"min_age_days": days, "max_age_days": days}),
		"PolicySecondFactor": object([]string{"demanded", "trust_days", "backup_codes", "grace_days"}, map[string]any{"demanded": flag, "kinds": list(map[string]any{"type": "string", "enum": policy.Kinds}),
			"trust_days": number, "backup_codes": flag, "grace_days": number}),
		"PolicySession": object([]string{"lifetime_hours", "idle_minutes", "concurrent", "daily_signins"}, map[string]any{"lifetime_hours": days, "idle_minutes": days, "concurrent": number, "daily_signins": number}),
		"PolicyAddress": object([]string{"allowed"}, map[string]any{"allowed": list(see("AllowedEntry"))}),
		"OrgPolicy": object([]string{"id", "name", "version", "targets"}, map[string]any{"id": text, "name": text, "version": number, "password": see("PolicyPassword"), "second_factor": see("PolicySecondFactor"),
			"session": see("PolicySession"), "address": see("PolicyAddress"), "targets": list(object([]string{"whom", "exclude", "since"}, map[string]any{"whom": text, "exclude": flag, "since": when})), "pending_until": when}),
		"OrgPolicies":     object([]string{"policies"}, map[string]any{"policies": list(see("OrgPolicy")), "pending": object([]string{"what", "until", "here"}, map[string]any{"what": text, "until": when, "here": flag})}),
		"EffectivePolicy": list(object([]string{"name", "value", "source"}, map[string]any{"name": text, "value": map[string]any{"oneOf": []any{number, flag, list(text)}}, "source": text})),
	}
}

// The parts of a policy as programs write them.
type (
	policyPassword struct {
		MinSingle  int     `json:"min_single"`
		Min        int     `json:"min"`
		Upper      bool    `json:"upper"`
		Lower      bool    `json:"lower"`
		Digit      bool    `json:"digit"`
		Special    bool    `json:"special"`
		AdminReset bool    `json:"admin_reset"`
		Recent     int     `json:"recent"`
		MinAge     float64 `json:"min_age_days"`
		MaxAge     float64 `json:"max_age_days"`
	}
	policySecondFactor struct {
		Demanded    bool     `json:"demanded"`
		Kinds       []string `json:"kinds,omitempty"` // none: all
		TrustDays   int      `json:"trust_days"`
		BackupCodes bool     `json:"backup_codes"`
		GraceDays   int      `json:"grace_days"`
	}
	policySession struct {
		Lifetime   float64 `json:"lifetime_hours"`
		Idle       float64 `json:"idle_minutes"`
		Concurrent int     `json:"concurrent"`
		Daily      int     `json:"daily_signins"`
	}
	policyAddress struct {
		Allowed []policy.Entry `json:"allowed"`
	}
	policyTarget struct {
		Whom    string    `json:"whom"`
		Exclude bool      `json:"exclude"`
		Since   time.Time `json:"since"`
	}
)

// OrgPolicy is a policy of an organisation. A part that is missing is unset.
type OrgPolicy struct {
	ID           ref.Policy          `json:"id"`
	Name         string              `json:"name"`
	Version      int64               `json:"version"`
	Password     *policyPassword     `json:"password,omitempty"`
	SecondFactor *policySecondFactor `json:"second_factor,omitempty"`
	Session      *policySession      `json:"session,omitempty"`
	Address      *policyAddress      `json:"address,omitempty"`
	Targets      []policyTarget      `json:"targets"`
	Pending      *time.Time          `json:"pending_until,omitempty"` // the change has to be confirmed, in another session
}

// givenPolicy is a policy as it is sent.
type givenPolicy struct {
	Name         string              `json:"name"`
	Version      int64               `json:"version"`
	Password     *policyPassword     `json:"password"`
	SecondFactor *policySecondFactor `json:"second_factor"`
	Session      *policySession      `json:"session"`
	Address      *policyAddress      `json:"address"`
}

const dayLong = 24 * time.Hour

// span is a time that is given as a number of something; more than can be is more than
// any range has.
func span(n float64, of time.Duration) time.Duration {
	if n != n || n < 0 || n > 1e6 {
		return -1
	}
	return time.Duration(n * float64(of)).Round(time.Second)
}

// policy reads what was sent.
func (g givenPolicy) policy(r *web.Request, was policy.Policy) (policy.Policy, *fault.Fault) {
	p := policy.Policy{Name: was.Name, Federation: was.Federation}
	if w := g.Password; w != nil {
		p.Password = &policy.Password{MinLengthSingle: w.MinSingle, MinLength: w.Min, Upper: w.Upper, Lower: w.Lower, Digit: w.Digit, Special: w.Special, AdminReset: w.AdminReset, Recent: w.Recent,
			MinAge: span(w.MinAge, dayLong), MaxAge: span(w.MaxAge, dayLong)}
	}
	if s := g.SecondFactor; s != nil {
		p.SecondFactor = &policy.SecondFactor{Demanded: s.Demanded, Kinds: s.Kinds, TrustDays: s.TrustDays, BackupCodes: s.BackupCodes, GraceDays: s.GraceDays}
	}
	if s := g.Session; s != nil {
		p.Session = &policy.Session{Lifetime: span(s.Lifetime, time.Hour), Idle: span(s.Idle, time.Minute), Concurrent: s.Concurrent, DailySignins: s.Daily}
	}
	if a := g.Address; a != nil {
		list, flaw := policy.ListOf(a.Allowed)
		if flaw != nil {
			return p, allow.Malformed(flaw)
		}
		p.Address = &list
	}
	var out *policy.RangeError
	switch err := p.Check(); {
	case errors.As(err, &out):
		return p, faults.PolicyRange.New("field", r.T("rule."+out.Name), "low", out.Low, "high", out.High)
	case errors.Is(err, policy.ErrAges):
		return p, faults.PolicyAges.New()
	case err != nil:
		return p, faults.Malformed.New("where", "second_factor.kinds")
	}
	return p, nil
}

func showPolicy(p org.Policy) OrgPolicy {
	out := OrgPolicy{ID: p.ID, Name: p.Name, Version: p.Version, Targets: []policyTarget{}}
	if w := p.Password; w != nil {
		out.Password = &policyPassword{w.MinLengthSingle, w.MinLength, w.Upper, w.Lower, w.Digit, w.Special, w.AdminReset, w.Recent, w.MinAge.Hours() / 24, w.MaxAge.Hours() / 24}
	}
	if s := p.SecondFactor; s != nil {
		out.SecondFactor = &policySecondFactor{s.Demanded, s.Kinds, s.TrustDays, s.BackupCodes, s.GraceDays}
	}
	if s := p.Session; s != nil {
		out.Session = &policySession{s.Lifetime.Hours(), s.Idle.Minutes(), s.Concurrent, s.DailySignins}
	}
	if p.Address != nil {
		out.Address = &policyAddress{append([]policy.Entry{}, p.Address.Tidy().Entries...)}
	}
	for _, t := range p.Targets {
		out.Targets = append(out.Targets, policyTarget{t.Whom, t.Exclude, t.Since.UTC()})
	}
	return out
}

// OrgPolicies are all of them.
type OrgPolicies struct {
	Policies []OrgPolicy    `json:"policies"`
	Pending  *policyPending `json:"pending,omitempty"`
}

type policyPending struct {
	What  string    `json:"what"`
	Until time.Time `json:"until"`
	Here  bool      `json:"here"` // it was made in this session
}

func (d *Door) orgPolicies(ctx context.Context, r *web.Request) (web.Response, error) {
	out := OrgPolicies{}
	err := d.Govern.DB.View(ctx, func(tx db.ReadTx) error {
		out = OrgPolicies{Policies: []OrgPolicy{}}
		list, err := org.Policies(ctx, tx, r.Console.Org)
		if err != nil {
			return err
		}
		for _, p := range list {
			out.Policies = append(out.Policies, showPolicy(p))
		}
		w, err := govern.WaitingIn(ctx, tx, r.Console.Org)
		if w.Org != "" {
			out.Pending = &policyPending{w.What, w.Until.UTC(), w.Session == r.Session.ID}
		}
		return err
	})
	return web.JSON(http.StatusOK, out), err
}

// policyNamed reads the policy in the path.
func (d *Door) policyNamed(ctx context.Context, r *web.Request) (p org.Policy, err error) {
	err = d.Govern.DB.View(ctx, func(tx db.ReadTx) (err error) {
		p, err = org.PolicyNamed(ctx, tx, r.Console.Org, r.HTTP.PathValue("id"))
		return err
	})
	return p, err
}

func (d *Door) orgPolicy(ctx context.Context, r *web.Request) (web.Response, error) {
	p, err := d.policyNamed(ctx, r)
	if err != nil {
		return acted(err)
	}
	return web.JSON(http.StatusOK, showPolicy(p)), nil
}

// savePolicy sets a policy and shows it, with until when it has to be confirmed.
func (d *Door) savePolicy(ctx context.Context, r *web.Request, p policy.Policy, seen int64) (web.Response, error) {
	set, err := d.Govern.SetPolicy(ctx, by(r), r.Console.Org, p, seen)
	if err != nil {
		return acted(err)
	}
	out := showPolicy(set)
	w, err := d.Govern.Waiting(ctx, r.Console.Org)
	if w.Session == r.Session.ID {
		out.Pending = at(w.Until)
	}
	return web.JSON(http.StatusOK, out), err
}

func (d *Door) orgAddPolicy(ctx context.Context, r *web.Request) (web.Response, error) {
	var in givenPolicy
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	p, f := in.policy(r, policy.Policy{Name: in.Name})
	if f != nil {
		return web.Refuse(f), nil
	}
	return d.savePolicy(ctx, r, p, org.OnlyNew)
}

func (d *Door) orgSetPolicy(ctx context.Context, r *web.Request) (web.Response, error) {
	var in givenPolicy
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	was, err := d.policyNamed(ctx, r)
	if err != nil {
		return acted(err)
	}
	if in.Name != "" && in.Name != was.Name || in.Version < 1 {
		return web.Refuse(faults.Malformed.New("where", "name, version")), nil
	}
	p, f := in.policy(r, was.Policy)
	if f != nil {
		return web.Refuse(f), nil
	}
	return d.savePolicy(ctx, r, p, in.Version)
}

func (d *Door) orgRemovePolicy(ctx context.Context, r *web.Request) (web.Response, error) {
	return acted(d.Govern.RemovePolicy(ctx, by(r), r.Console.Org, r.HTTP.PathValue("id")))
}

func (d *Door) orgOrderPolicies(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Policies []string `json:"policies"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	return acted(d.Govern.Order(ctx, by(r), r.Console.Org, in.Policies))
}

// aimOf is the target in the path.
func aimOf(r *web.Request) govern.Aim {
	whom := r.HTTP.PathValue("whom")
	if a, is := ref.ParseAccount(whom); is {
		return govern.Aim{Account: a}
	}
	return govern.Aim{All: whom == policy.All, Group: whom}
}

func (d *Door) orgAssign(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Exclude bool `json:"exclude"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	aim := aimOf(r)
	aim.Exclude = in.Exclude
	return acted(d.Govern.Assign(ctx, by(r), r.Console.Org, r.HTTP.PathValue("id"), aim))
}

func (d *Door) orgUnassign(ctx context.Context, r *web.Request) (web.Response, error) {
	return acted(d.Govern.Unassign(ctx, by(r), r.Console.Org, r.HTTP.PathValue("id"), aimOf(r)))
}

func (d *Door) policyDecide(do func(context.Context, govern.By, ref.Org) error) func(context.Context, *web.Request) (web.Response, error) {
	return func(ctx context.Context, r *web.Request) (web.Response, error) {
		return acted(do(ctx, by(r), r.Console.Org))
	}
}

// Value is one thing that holds.
type Value struct {
	Name   string `json:"name"`
	Value  any    `json:"value"`
	Source string `json:"source"`
}

func (d *Door) orgEffective(ctx context.Context, r *web.Request) (web.Response, error) {
	out := []Value{}
	err := d.Govern.DB.View(ctx, func(tx db.ReadTx) error {
		out = out[:0]
		a, ok := ref.ParseAccount(r.HTTP.PathValue("account"))
		if !ok {
			return db.ErrNone
		}
		if _, err := org.MemberOf(ctx, tx, r.Console.Org, a); err != nil {
			return err
		}
		held, err := d.Govern.Rules.Of(ctx, tx, a)
		if err != nil {
			return err
		}
		for _, v := range held.Values() {
			if v.Source == policy.ByOwner { // whom they trust is their own business
				continue
			}
			out = append(out, Value{v.Name, valueOf(v), v.Source})
		}
		return nil
	})
	if err != nil {
		return acted(err)
	}
	return web.JSON(http.StatusOK, out), nil
}

func valueOf(v policy.Value) any {
	switch v.Kind {
	case policy.Flag:
		return v.Number == 1
	case policy.Span:
		return int(v.Span.Seconds())
	case policy.List:
		return append([]string{}, v.List...)
	}
	return v.Number
}
