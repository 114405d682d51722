package admin

import (
	"context"
	"net/url"
	"slices"

	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/flow/explain"
	"sekisho/internal/gate"
	"sekisho/internal/org"
	"sekisho/internal/ready"
	"sekisho/internal/web"
)

func (d *Door) overviewRoutes() []web.Route {
	return []web.Route{see("/admin", "", d.overview)}
}

// Overview is the console's first page: what happened lately, how members stand, and what
// there is to do, as far as who looks may see it.
type Overview struct {
	Role    string // a built-in one; empty: one that the organisation made
	Log     bool   // they read the audit log
	Month   explain.Month
	Columns []Column
	Codes   []Share
	Members bool // they read members
	Figures *explain.Figures
	Kinds   []Share
	Losses  []Share
	Todo    []Todo
}

// Column is one day in the chart of sign-ins, in units of its picture.
type Column struct {
	explain.Day
	X, InY, InHigh, OutY, OutHigh int
}

// The chart's picture, in its own units.
const (
	columnWide = 10
	chartHigh  = 100
)

// Share is how many of all something is about.
type Share struct {
	Name    string
	N       int64
	Percent int
	Href    string
}

// Todo is one thing to do.
type Todo struct {
	Name string
	N    int
	Href string
}

// mostCodes are the refusals that are named.
const mostCodes = 6

func (d *Door) overview(ctx context.Context, r *web.Request) (web.Response, error) {
	p := Overview{Log: r.Console.May(org.ReadAudit), Members: r.Console.May(org.ReadMembers)}
	if slices.Contains(org.Builtin, r.Console.Role) {
		p.Role = r.Console.Role
	}
	var chain audit.Checked
	var err error
	if p.Log {
		if p.Month, err = d.Explain.MonthOf(ctx, r.Console.Org); err != nil {
			return web.Response{}, err
		}
		if chain, err = d.Explain.Head(ctx, asker(r)); err != nil {
			return explained(web.Response{}, err)
		}
	}
	if p.Members {
		if p.Figures, err = d.Explain.FiguresOf(ctx, r.Console.Org); err != nil {
			return web.Response{}, err
		}
	}
	bare := false
	if r.Console.May(org.ReadPolicies) {
		err = d.view(ctx, func(tx db.ReadTx) error {
			list, err := org.Policies(ctx, tx, r.Console.Org)
			bare = len(list) == 0
			return err
		})
	}
	p.Draw()
	p.Ask(chain, bare)
	return web.Show("admin/overview", p), err
}

// Draw works out the pictures.
func (p *Overview) Draw() {
	peak := int64(1)
	for _, x := range p.Month.Days {
		peak = max(peak, x.In+x.Out)
	}
	for i, x := range p.Month.Days {
		c := Column{Day: x, X: i * columnWide, InHigh: int(x.In * chartHigh / peak), OutHigh: int(x.Out * chartHigh / peak)}
		if x.In > 0 && c.InHigh == 0 {
			c.InHigh = 1
		}
		if x.Out > 0 && c.OutHigh == 0 {
			c.OutHigh = 1
		}
		c.InY = chartHigh - c.InHigh
		c.OutY = max(0, c.InY-c.OutHigh)
		p.Columns = append(p.Columns, c)
	}
	for i, c := range p.Month.Codes {
		if i == mostCodes {
			break
		}
		p.Codes = append(p.Codes, Share{c.Code, c.N, percent(c.N, p.Month.Codes[0].N), "/admin/audit?" + url.Values{"group": {"refused"}, "code": {c.Code}}.Encode()})
	}
	f := p.Figures
	if f == nil {
		return
	}
	all := int64(f.Active())
	for _, k := range []gate.Kind{gate.Tegata, gate.Passkey, gate.TOTP, gate.SMSCode, gate.Backup, gate.Passphrase} {
		p.Kinds = append(p.Kinds, Share{Name: string(k), N: int64(f.Kinds[k]), Percent: percent(int64(f.Kinds[k]), all)})
	}
	for _, l := range []ready.Loss{ready.Phone, ready.Password, ready.Inbox, ready.Key} {
		if n := f.Losses[l]; n > 0 {
			p.Losses = append(p.Losses, Share{Name: string(l), N: int64(n), Percent: percent(int64(n), all)})
		}
	}
}

// Ask says what there is to do, the most pressing first.
func (p *Overview) Ask(chain audit.Checked, bare bool) {
	add := func(is bool, t Todo) {
		if is {
			p.Todo = append(p.Todo, t)
		}
	}
	add(p.Log && !chain.Whole(), Todo{"chain", int(chain.Faults), "/admin/audit#chain"})
	if f := p.Figures; f != nil {
		add(f.Owners == 1, Todo{"owner", 1, "/admin/members"})
		add(f.Missing > 0, Todo{"missing", f.Missing, "/admin/members"})
		add(f.Demanded == 0 && f.Second < f.Active(), Todo{"second", f.Active() - f.Second, "/admin/policies"})
		add(f.Active()-f.Safe > 0, Todo{"ready", f.Active() - f.Safe, "/admin/members"})
		add(f.Quiet > 0, Todo{"quiet", f.Quiet, "/admin/members"})
	}
	add(bare, Todo{"rules", 0, "/admin/policies"})
}

func percent(n, of int64) int {
	if of <= 0 {
		return 0
	}
	return int(min(100, n*100/of))
}

// Safe is how much of the ring of readiness is drawn.
func (p Overview) Safe() int { return percent(int64(p.Figures.Safe), int64(p.Figures.Active())) }

// Covered is how much of the ring of second factors is drawn.
func (p Overview) Covered() int { return percent(int64(p.Figures.Second), int64(p.Figures.Active())) }
