package admin

import (
	"context"
	"net/url"

	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/org"
	"sekisho/internal/site"
	"sekisho/internal/web"
)

// Pages of domains.
type (
	// Domains lists them.
	Domains struct {
		List  []org.Domain
		Typed string
		Done  string // what was just done: removed
	}
	// DomainOne is one: how to prove it, or what it is good for.
	DomainOne struct {
		org.Domain
		Record string // where the TXT record stands
		URL    string // where the file stands
		Proof  string // what both say
		Opens  bool   // whoever looks may let its addresses join
		Done   string // what was just done: proved, opened or closed
	}
	// DomainRemove asks once.
	DomainRemove struct{ org.Domain }
)

func (d *Door) domainRoutes() []web.Route {
	return []web.Route{
		see("/admin/domains", org.Settings, d.domains), do("/admin/domains", org.Settings, d.domainAdd),
		see("/admin/domains/one", org.Settings, d.domain), do("/admin/domains/one", org.Settings, d.domainDo),
		ask("/admin/domains/remove", org.Settings, d.domainAsk), do("/admin/domains/remove", org.Settings, d.domainRemove),
	}
}

func (d *Door) domainsPage(ctx context.Context, r *web.Request, p Domains) (web.Response, error) {
	err := d.view(ctx, func(tx db.ReadTx) (err error) {
		p.List, err = org.Domains(ctx, tx, r.Console.Org)
		return err
	})
	return web.Show("admin/domains", p), err
}

func (d *Door) domains(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	p := Domains{}
	if q["done"] == "removed" {
		p.Done = "removed"
	}
	return d.domainsPage(ctx, r, p)
}

func (d *Door) domainAdd(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	made, err := d.Govern.AddDomain(ctx, by(r), r.Console.Org, form["domain"])
	if err == nil {
		return web.Go(domainPath(string(made.ID), "")), nil
	}
	page, err2 := d.domainsPage(ctx, r, Domains{Typed: form["domain"]})
	if err2 != nil {
		return web.Response{}, err2
	}
	return told(page, err)
}

func domainPath(id, done string) string {
	to := "/admin/domains/one?id=" + url.QueryEscape(id)
	if done != "" {
		to += "&done=" + done
	}
	return to
}

func (d *Door) domainOne(ctx context.Context, r *web.Request, id string) (p DomainOne, err error) {
	err = d.view(ctx, func(tx db.ReadTx) (err error) {
		p.Domain, err = org.DomainOf(ctx, tx, r.Console.Org, id)
		return err
	})
	p.Record, p.URL, p.Proof = site.Label+p.Name, "https://"+p.Name+site.Path, site.Proof(p.Token)
	p.Opens = r.Console.May(org.ManageMembers)
	return p, err
}

func (d *Door) domain(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	p, err := d.domainOne(ctx, r, q["id"])
	if err != nil {
		return told(web.Response{}, err)
	}
	switch q["done"] {
	case "proved", "opened", "closed":
		p.Done = q["done"]
	}
	return web.Show("admin/domains-one", p), nil
}

// domainDo looks for the proof, or lets addresses join, or no more.
func (d *Door) domainDo(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	id, done := form["id"], form["act"]
	switch done {
	case "dns", "file":
		_, err = d.Govern.ProveDomain(ctx, by(r), r.Console.Org, id, site.How(done))
		done = "proved"
	case "opened", "closed":
		err = d.Govern.OpenDomain(ctx, by(r), r.Console.Org, id, done == "opened")
	default:
		return web.Refuse(faults.Malformed.New("where", "act")), nil
	}
	if err == nil {
		return web.Go(domainPath(id, done)), nil
	}
	p, err2 := d.domainOne(ctx, r, id)
	if err2 != nil {
		return told(web.Response{}, err2)
	}
	return told(web.Show("admin/domains-one", p), err)
}

func (d *Door) domainAsk(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	p, err := d.domainOne(ctx, r, q["id"])
	if err != nil {
		return told(web.Response{}, err)
	}
	return web.Show("admin/domains-remove", DomainRemove{p.Domain}), nil
}

func (d *Door) domainRemove(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	return told(web.Go("/admin/domains?done=removed"), d.Govern.RemoveDomain(ctx, by(r), r.Console.Org, form["id"]))
}
