package admin

import (
	"context"
	"net/url"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/flow/explain"
	"sekisho/internal/flow/govern"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
	"sekisho/internal/roster"
	"sekisho/internal/web"
)

// Pages of policies.
type (
	// Policies lists them in order, and what holds where none says anything.
	Policies struct {
		List    []Ruling
		Default []policy.Held
		Waits   Waits
		May     bool // whoever looks can change them
		Done    string
	}
	// Ruling is one policy, with for whom it is.
	Ruling struct {
		ID          ref.Policy
		Name        string
		Version     int64
		Parts       []policy.Held
		For, Not    []Target
		First, Last bool
	}
	// Target is for whom a policy is, or is not.
	Target struct {
		Whom string // as it is kept
		Kind string // all, group or member
		Name string
	}
	// Waits is a change that has to be confirmed.
	Waits struct {
		What  string
		Until time.Time
		Here  bool // it was made in this session
	}
	// PolicyOne is one, and for whom it is.
	PolicyOne struct {
		Ruling
		Groups []org.Group
		Typed  string
		Waits  Waits
		May    bool
		Done   string
	}
	// PolicyRemove asks once.
	PolicyRemove struct{ Ruling }
	// PolicyWaits says what to do when a change shuts out the session that made it.
	PolicyWaits struct {
		From  string
		What  string
		Until time.Time
		Link  string
	}
)

func (d *Door) policyRoutes() []web.Route {
	return []web.Route{
		see("/admin/policies", org.ReadPolicies, d.policies), see("/admin/policies/one", org.ReadPolicies, d.policyPage),
		ask("/admin/policies/new", org.ManagePolicies, d.policyNew), do("/admin/policies/new", org.ManagePolicies, d.policyMake),
		ask("/admin/policies/edit", org.ManagePolicies, d.policyEdit), do("/admin/policies/edit", org.ManagePolicies, d.policySet),
		do("/admin/policies/move", org.ManagePolicies, d.policyMove), do("/admin/policies/aim", org.ManagePolicies, d.policyAim),
		ask("/admin/policies/remove", org.ManagePolicies, d.policyAsk), do("/admin/policies/remove", org.ManagePolicies, d.policyRemove),
		do("/admin/policies/confirm", org.ManagePolicies, d.policyDecide("confirmed", d.Govern.Confirm)),
		do("/admin/policies/revert", org.ManagePolicies, d.policyDecide("reverted", d.Govern.Revert)),
	}
}

// aims names for whom policies are.
type aims struct {
	groups []org.Group
	names  map[string]string
}

func (d *Door) aims(ctx context.Context, r db.Reader, o ref.Org) (a aims, err error) {
	a.names = map[string]string{}
	a.groups, err = org.Groups(ctx, r, o)
	for _, g := range a.groups {
		a.names[string(g.ID)] = g.Name
	}
	return a, err
}

func (a aims) target(ctx context.Context, r db.Reader, whom string) (Target, error) {
	t := Target{Whom: whom, Kind: "group", Name: a.names[whom]}
	id, is := ref.ParseAccount(whom)
	switch {
	case whom == policy.All:
		t.Kind = "all"
	case is:
		found, err := account.Of(ctx, r, id)
		t.Kind, t.Name = "member", found.Name
		return t, err
	}
	return t, nil
}

// ruling is a policy as it is shown.
func (a aims) ruling(ctx context.Context, r db.Reader, p org.Policy) (Ruling, error) {
	out := Ruling{ID: p.ID, Name: p.Name, Version: p.Version, Parts: p.Policy.Set()}
	for _, x := range p.Targets {
		t, err := a.target(ctx, r, x.Whom)
		if err != nil {
			return out, err
		}
		if x.Exclude {
			out.Not = append(out.Not, t)
		} else {
			out.For = append(out.For, t)
		}
	}
	return out, nil
}

// waits is the change that waits, as whoever looks sees it.
func waits(ctx context.Context, tx db.ReadTx, r *web.Request) (Waits, error) {
	p, err := govern.WaitingIn(ctx, tx, r.Console.Org)
	return Waits{p.What, p.Until, p.Session == r.Session.ID}, err
}

func (d *Door) policiesPage(ctx context.Context, r *web.Request) (Policies, error) {
	var p Policies
	err := d.view(ctx, func(tx db.ReadTx) error {
		p = Policies{May: r.Console.May(org.ManagePolicies)}
		list, err := org.Policies(ctx, tx, r.Console.Org)
		if err != nil {
			return err
		}
		a, err := d.aims(ctx, tx, r.Console.Org)
		if err != nil {
			return err
		}
		for i, x := range list {
			y, err := a.ruling(ctx, tx, x)
			if err != nil {
				return err
			}
			y.First, y.Last = i == 0, i == len(list)-1
			p.List = append(p.List, y)
		}
		p.Waits, err = waits(ctx, tx, r)
		return err
	})
	p.Default = policy.Group(d.Govern.Rules.Default().Values())
	return p, err
}

func (d *Door) policies(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	p, err := d.policiesPage(ctx, r)
	switch q["done"] {
	case "moved", "removed", "confirmed", "reverted":
		p.Done = q["done"]
	}
	return web.Show("admin/policies", p), err
}

// policyOne reads the policy that is named; db.ErrNone when it is none of theirs.
func (d *Door) policyOne(ctx context.Context, r *web.Request, id string) (p PolicyOne, found org.Policy, err error) {
	err = d.view(ctx, func(tx db.ReadTx) error {
		p = PolicyOne{May: r.Console.May(org.ManagePolicies)}
		if found, err = org.PolicyNamed(ctx, tx, r.Console.Org, id); err != nil {
			return err
		}
		a, err := d.aims(ctx, tx, r.Console.Org)
		if err != nil {
			return err
		}
		p.Groups = a.groups
		if p.Ruling, err = a.ruling(ctx, tx, found); err != nil {
			return err
		}
		p.Waits, err = waits(ctx, tx, r)
		return err
	})
	return p, found, err
}

func policyPath(id ref.Policy, done string) string {
	to := "/admin/policies/one?id=" + url.QueryEscape(string(id))
	if done != "" {
		to += "&done=" + done
	}
	return to
}

func (d *Door) policyPage(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	p, _, err := d.policyOne(ctx, r, q["id"])
	if err != nil {
		return told(web.Response{}, err)
	}
	switch q["done"] {
	case "made", "saved", "aimed":
		p.Done = q["done"]
	}
	return web.Show("admin/policies-one", p), nil
}

// after goes on after a change of rules. A session that the change shuts out is refused
// wherever it would be sent: it is told here.
func (d *Door) after(ctx context.Context, r *web.Request, location string) (web.Response, error) {
	p, err := d.Govern.Waiting(ctx, r.Console.Org)
	if err != nil || p.Session != r.Session.ID {
		return web.Go(location), err
	}
	return web.Show("admin/policies-waits", PolicyWaits{r.Visitor.Addr.String(), p.What, p.Until, d.Govern.Sheet.URL + "/admin/policies"}), nil
}

func (d *Door) policyMove(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	if err := d.Govern.Move(ctx, by(r), r.Console.Org, form["id"], form["to"] == "up"); err != nil {
		return told(web.Response{}, err)
	}
	return d.after(ctx, r, "/admin/policies?done=moved")
}

// policyAim says for whom a policy is, or is not, or takes that back.
func (d *Door) policyAim(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	aim := govern.Aim{Exclude: form["exclude"] == "1"}
	switch whom := form["whom"]; {
	case whom == policy.All:
		aim.All = true
	case whom != "":
		if a, is := ref.ParseAccount(whom); is {
			aim.Account = a
		} else {
			aim.Group = whom
		}
	default:
		aim.Account, err = d.memberNamed(ctx, r.Console.Org, form["member"])
	}
	act := d.Govern.Assign
	if form["act"] == "unassign" {
		act = d.Govern.Unassign
	}
	if err == nil {
		err = act(ctx, by(r), r.Console.Org, form["id"], aim)
	}
	if err == nil {
		return d.after(ctx, r, policyPath(ref.Policy(form["id"]), "aimed"))
	}
	p, _, err2 := d.policyOne(ctx, r, form["id"])
	if err2 != nil {
		return told(web.Response{}, err2)
	}
	p.Typed = form["member"]
	return told(web.Show("admin/policies-one", p), err)
}

// memberNamed finds a member by what was typed.
func (d *Door) memberNamed(ctx context.Context, o ref.Org, typed string) (ref.Account, error) {
	var a account.Account
	err := d.view(ctx, func(tx db.ReadTx) (err error) {
		a, err = roster.Named(ctx, tx, o, typed)
		return err
	})
	return a.ID, err
}

func (d *Door) policyAsk(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	p, _, err := d.policyOne(ctx, r, q["id"])
	if err != nil {
		return told(web.Response{}, err)
	}
	return web.Show("admin/policies-remove", PolicyRemove{p.Ruling}), nil
}

func (d *Door) policyRemove(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	if err := d.Govern.RemovePolicy(ctx, by(r), r.Console.Org, form["id"]); err != nil {
		return told(web.Response{}, err)
	}
	return d.after(ctx, r, "/admin/policies?done=removed")
}

// policyDecide decides on a change that waits.
func (d *Door) policyDecide(done string, act func(context.Context, govern.By, ref.Org) error) handler {
	return func(ctx context.Context, r *web.Request) (web.Response, error) {
		if err := act(ctx, by(r), r.Console.Org); err != nil {
			return told(web.Response{}, err)
		}
		return web.Go("/admin/policies?done=" + done), nil
	}
}

// preview replays the last days of sign-ins as if a policy were so (PO-17).
func (d *Door) preview(ctx context.Context, r *web.Request, p policy.Policy) (*Preview, error) {
	var list []org.Policy
	err := d.view(ctx, func(tx db.ReadTx) (err error) {
		list, err = org.Policies(ctx, tx, r.Console.Org)
		return err
	})
	if err != nil {
		return nil, err
	}
	seen, err := d.Explain.Preview(ctx, explain.Asker{Org: r.Console.Org, Account: r.Session.Account}, explain.Candidate(list, p))
	if err != nil {
		return nil, err
	}
	out := &Preview{Report: seen}
	if s := p.SecondFactor; s != nil && s.Demanded {
		out.Owners, out.Bare, err = d.Govern.Bare(ctx, r.Console.Org, s.Kinds)
	}
	return out, err
}

// Preview is what a policy would have done, and how many owners it asks for a factor that
// they do not have.
type Preview struct {
	explain.Report
	Owners, Bare int
}

// presets are offered; what somebody asks for that is none of them is none.
func presetOf(name string) (policy.Preset, bool) {
	p := policy.Preset(name)
	return p, slices.Contains(policy.Presets, p)
}
