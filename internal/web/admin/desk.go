package admin

import (
	"context"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/factor/backup"
	"sekisho/internal/faults"
	"sekisho/internal/flow/govern"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/ticket"
	"sekisho/internal/web"
)

// Pages of the support desk.
type (
	// Desk lists tickets of the organisation's members.
	Desk struct {
		List []ticket.Ticket
		Over bool       // those that are over
		Next ref.Ticket // where the next page begins; empty: this is the last
	}
	// DeskTicket is one of them, with what can be done next.
	DeskTicket struct {
		govern.Case
		Me    ref.Account
		Code  string // read out; shown once
		Until time.Time
	}
	// DeskChecks is what the desk checks.
	DeskChecks struct {
		Text  string
		Own   bool
		Most  int
		Saved bool
	}
)

// Mine says whether whoever looks has checked something: then somebody else approves.
func (p DeskTicket) Mine() bool {
	mine := p.Ticket.Handler == string(p.Me)
	for _, c := range p.Checks {
		mine = mine || c.By == string(p.Me)
	}
	return mine
}

// Own says whether the ticket is about whoever looks.
func (p DeskTicket) Own() bool { return p.Ticket.Account == p.Me }

// Left is how many checks are left.
func (p DeskTicket) Left() (n int) {
	for _, c := range p.Checks {
		if c.At.IsZero() {
			n++
		}
	}
	return n
}

// Who names who did something.
func (p DeskTicket) Who(name string) string {
	if known, ok := p.Names[name]; ok {
		return known
	}
	_, person, _ := strings.Cut(name, ":")
	return person
}

func (d *Door) deskRoutes() []web.Route {
	const p = org.AssistMembers
	return []web.Route{
		see("/admin/desk", p, d.desk), ask("/admin/desk/ticket", p, d.deskTicket),
		do("/admin/desk/begin", p, d.deskDo(d.deskBegin)), do("/admin/desk/check", p, d.deskDo(d.deskCheck)),
		do("/admin/desk/approve", p, d.deskDo(d.deskApprove)), do("/admin/desk/refuse", p, d.deskDo(d.deskRefuse)), do("/admin/desk/code", p, d.deskCode),
		ask("/admin/desk/checks", org.Settings, d.deskChecks), do("/admin/desk/checks", org.Settings, d.deskSetChecks),
	}
}

func (d *Door) desk(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	p := Desk{Over: q["show"] == "over"}
	before, ok := ref.ParseTicket(q["before"])
	if !ok {
		before = ""
	}
	p.List, err = d.Govern.Tickets(ctx, r.Console.Org, p.Over, before)
	if len(p.List) > 50 {
		p.List, p.Next = p.List[:50], p.List[49].ID
	}
	return web.Show("admin/desk", p), err
}

func (d *Door) deskTicket(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	return d.deskPage(ctx, r, ref.Ticket(q["id"]))
}

func (d *Door) deskPage(ctx context.Context, r *web.Request, id ref.Ticket) (web.Response, error) {
	c, err := d.Govern.Ticket(ctx, r.Console.Org, id)
	return told(web.Show("admin/desk-ticket", DeskTicket{Case: c, Me: r.Session.Account}), err)
}

// deskDo does something with a ticket and shows it again.
func (d *Door) deskDo(act func(context.Context, *web.Request, ref.Ticket, web.Values) error) handler {
	return func(ctx context.Context, r *web.Request) (web.Response, error) {
		form, err := r.Form()
		if err != nil {
			return web.Response{}, err
		}
		id := ref.Ticket(form["id"])
		said := act(ctx, r, id, form)
		if said == nil {
			return web.Go("/admin/desk/ticket?id=" + string(id)), nil
		}
		page, err := d.deskPage(ctx, r, id)
		if err != nil || page.Page == nil {
			return page, err
		}
		return told(page, said)
	}
}

func (d *Door) deskBegin(ctx context.Context, r *web.Request, id ref.Ticket, _ web.Values) error {
	return d.Govern.TakeOn(ctx, govern.At{By: by(r)}, id, r.Lang)
}

func (d *Door) deskCheck(ctx context.Context, r *web.Request, id ref.Ticket, form web.Values) error {
	n, err := strconv.Atoi(form["check"])
	if err != nil {
		return &govern.Refused{Fault: faults.Malformed.New("where", "check")}
	}
	return d.Govern.Tick(ctx, govern.At{By: by(r)}, id, ticket.Check{Position: n, Note: form["note"]})
}

func (d *Door) deskApprove(ctx context.Context, r *web.Request, id ref.Ticket, _ web.Values) error {
	return d.Govern.ApproveTicket(ctx, govern.At{By: by(r)}, id)
}

func (d *Door) deskRefuse(ctx context.Context, r *web.Request, id ref.Ticket, form web.Values) error {
	return d.Govern.RefuseTicket(ctx, govern.At{By: by(r)}, id, form["reason"])
}

// deskCode reads the code out: it is on this answer and nowhere else.
func (d *Door) deskCode(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	id := ref.Ticket(form["id"])
	code, until, said := d.Govern.ReadOut(ctx, govern.At{By: by(r)}, id)
	page, err := d.deskPage(ctx, r, id)
	if err != nil || page.Page == nil {
		return page, err
	}
	if p, ok := page.Page.(DeskTicket); ok && said == nil {
		p.Code, p.Until = backup.Groups(code), until
		page.Page = p
	}
	return told(page, said)
}

func (d *Door) deskChecks(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	list, own, err := d.Govern.Checklist(ctx, r.Console.Org, r.Lang)
	return web.Show("admin/desk-checks", DeskChecks{strings.Join(list, "\n"), own, ticket.MostList, q["saved"] == "1"}), err
}

func (d *Door) deskSetChecks(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	text := form["checks"]
	if form["default"] == "1" {
		text = ""
	}
	said := d.Govern.SetChecklist(ctx, by(r), r.Console.Org, strings.Split(text, "\n"))
	if said == nil {
		return web.Go("/admin/desk/checks?saved=1"), nil
	}
	return told(web.Show("admin/desk-checks", DeskChecks{text, true, ticket.MostList, false}), said)
}
