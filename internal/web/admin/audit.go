package admin

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/flow/explain"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

func (d *Door) auditRoutes() []web.Route {
	return []web.Route{
		see("/admin/audit", org.ReadAudit, d.audit),
		see("/admin/audit/export", org.ReadAudit, d.auditExport),
		see("/admin/audit/checkpoint", org.ReadAudit, d.auditCheckpoint),
	}
}

// Audit is the organisation's audit log (OR-20).
type Audit struct {
	Asked  Asked
	Groups []string
	Kinds  []string // of the group
	Rows   []Logged
	Next   string // where the next page is; empty: there is none
	CSV    string // where what is shown is written out
	Lines  string
	Chain  audit.Checked
	Most   int
}

// Asked is what was asked of the log, as it was typed.
type Asked struct {
	Group, Kind, Member, By, Code, Since, Before string
	Bad                                          string // the field that does not read
}

// Any says whether anything but the group was asked for.
func (a Asked) Any() bool {
	return a.Kind != "" || a.Member != "" || a.By != "" || a.Code != "" || a.Since != "" || a.Before != ""
}

// Logged is one row, with the names of who it is about.
type Logged struct {
	audit.Row
	Name  string // of the member it is about; empty where they are one no more
	Actor string // of another who did it
	By    string // their ID or "operator"; empty: the member themselves
}

const pageRows = 50

func askedOf(q web.Values) Asked {
	a := Asked{Kind: q["kind"], Member: strings.TrimSpace(q["member"]), By: strings.TrimSpace(q["by"]), Code: strings.TrimSpace(q["code"]), Since: q["since"], Before: q["before"]}
	for _, g := range explain.Groups {
		if g.Name == q["group"] {
			a.Group = g.Name
		}
	}
	return a
}

// leads is a path at which the same is asked, and one thing more.
func (a Asked) leads(path, more, is string) string {
	v := url.Values{more: {is}}
	for name, s := range map[string]string{"group": a.Group, "kind": a.Kind, "member": a.Member, "by": a.By, "code": a.Code, "since": a.Since, "before": a.Before} {
		if s != "" {
			v.Set(name, s)
		}
	}
	return path + "?" + v.Encode()
}

// lookFor turns what was typed into what is looked for; bad names the field that does not
// read, or names nobody of this organisation.
func (d *Door) lookFor(ctx context.Context, r *web.Request, a Asked) (q audit.Query, bad string, err error) {
	for _, g := range explain.Groups {
		if g.Name == a.Group {
			q.Kinds = g.Kinds
		}
	}
	if a.Kind != "" {
		q.Kinds = []string{a.Kind}
	}
	q.Code = a.Code
	for _, x := range []struct {
		text string
		days int
		to   *time.Time
		name string
	}{{a.Since, 0, &q.Since, "since"}, {a.Before, 1, &q.Before, "before"}} {
		if x.text == "" {
			continue
		}
		t, err := time.ParseInLocation(time.DateOnly, x.text, r.Zone)
		if err != nil || t.Year() < 1970 || t.Year() > 2999 {
			return q, x.name, nil
		}
		*x.to = t.AddDate(0, 0, x.days) // "until" means the whole of its day
	}
	err = d.view(ctx, func(tx db.ReadTx) error {
		for _, x := range []struct {
			text, name string
			to         func(ref.Account)
		}{{a.Member, "member", func(id ref.Account) { q.Account = id }}, {a.By, "by", func(id ref.Account) { q.By = string(id) }}} {
			if x.text == "" || x.name == "by" && x.text == "operator" {
				continue
			}
			id, err := d.Explain.Whom(ctx, tx, asker(r), x.text)
			if err != nil {
				return err
			}
			if id == "" {
				bad = x.name
				return nil
			}
			x.to(id)
		}
		return nil
	})
	if a.By == "operator" {
		q.By = a.By
	}
	return q, bad, err
}

func cursor(s string) (c audit.Cursor) {
	if at, reference, ok := strings.Cut(s, "_"); ok {
		if us, err := strconv.ParseInt(at, 10, 64); err == nil && us > 0 {
			c = audit.Cursor{At: time.UnixMicro(us).UTC(), Reference: ref.Reference(reference)}
		}
	}
	return c
}

func (d *Door) audit(ctx context.Context, r *web.Request) (web.Response, error) {
	given, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	p := Audit{Asked: askedOf(given), Most: explain.MostExported}
	for _, g := range explain.Groups {
		p.Groups = append(p.Groups, g.Name)
		if p.Asked.Group == g.Name || p.Asked.Group == "" {
			for _, k := range g.Kinds {
				if !slices.Contains(p.Kinds, k) {
					p.Kinds = append(p.Kinds, k)
				}
			}
		}
	}
	p.CSV, p.Lines = p.Asked.leads("/admin/audit/export", "format", "csv"), p.Asked.leads("/admin/audit/export", "format", "jsonl")
	if p.Chain, err = d.Explain.Head(ctx, asker(r)); err != nil {
		return explained(web.Response{}, err)
	}
	q, bad, err := d.lookFor(ctx, r, p.Asked)
	if p.Asked.Bad = bad; err != nil || bad != "" {
		res := web.Show("admin/audit", p)
		res.Status = 400
		return res, err
	}
	q.After, q.Limit = cursor(given["after"]), pageRows
	page, err := d.Explain.Search(ctx, asker(r), q)
	if err != nil {
		return explained(web.Response{}, err)
	}
	p.Rows = LogOf(page)
	if page.More {
		last := page.Rows[len(page.Rows)-1]
		p.Next = p.Asked.leads("/admin/audit", "after", fmt.Sprintf("%d_%s", last.At.UnixMicro(), last.Reference))
	}
	return web.Show("admin/audit", p), nil
}

// LogOf is a page of the log as it is shown.
func LogOf(page explain.Log) (out []Logged) {
	for _, row := range page.Rows {
		x := Logged{Row: row, Name: page.Names[row.Account]}
		if row.Actor != "" && row.Actor != string(row.Account) {
			x.By, x.Actor = row.Actor, page.Names[ref.Account(row.Actor)]
		}
		out = append(out, x)
	}
	return out
}

// auditExport writes what was asked for, row by row, as it is read.
func (d *Door) auditExport(ctx context.Context, r *web.Request) (web.Response, error) {
	given, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	q, bad, err := d.lookFor(ctx, r, askedOf(given))
	if err != nil {
		return explained(web.Response{}, err)
	}
	if bad != "" {
		return web.Refuse(faults.Malformed.New("where", bad)), nil
	}
	name, kind, write := "audit.csv", "text/csv; charset=utf-8", Table
	if given["format"] == "jsonl" {
		name, kind, write = "audit.jsonl", "application/jsonl", Lines
	}
	return web.Response{Status: 200, Type: kind, Header: map[string]string{"Content-Disposition": `attachment; filename="` + name + `"`},
		Stream: func(ctx context.Context, w io.Writer) error {
			put, end := write(w)
			if err := d.Explain.Export(ctx, asker(r), q, put); err != nil {
				return err
			}
			return end()
		}}, nil
}

// Lines writes rows as JSON, one a line.
func Lines(w io.Writer) (put func(audit.Row) error, end func() error) {
	e := json.NewEncoder(w)
	return func(r audit.Row) error { return e.Encode(r) }, func() error { return nil }
}

// Table writes rows as CSV for spreadsheets.
func Table(w io.Writer) (put func(audit.Row) error, end func() error) {
	_, _ = io.WriteString(w, "\ufeff") // spreadsheets then read it as UTF-8
	c := csv.NewWriter(w)
	_ = c.Write([]string{"time", "kind", "code", "account", "by", "browser", "place", "address", "reference", "session", "client", "seq", "detail"}) // Flush tells what went wrong
	n := 0
	return func(r audit.Row) error {
			cells := []string{r.At.UTC().Format(time.RFC3339Nano), r.Kind, r.Code, string(r.Account), r.Actor, r.Agent, r.Place, r.Addr, string(r.Reference), string(r.Session), string(r.Client), strconv.FormatInt(r.Seq, 10), string(r.Detail)}
			for i := range cells {
				cells[i] = web.Cell(cells[i])
			}
			if err := c.Write(cells); err != nil {
				return err
			}
			if n++; n%500 == 0 {
				c.Flush()
			}
			return c.Error()
		}, func() error {
			c.Flush()
			return c.Error()
		}
}

// auditCheckpoint signs where the log stands, to be kept elsewhere.
func (d *Door) auditCheckpoint(ctx context.Context, _ *web.Request) (web.Response, error) {
	signed, err := d.Checkpoint(ctx)
	return web.Response{Status: 200, Type: "application/jwt", Header: map[string]string{"Content-Disposition": `attachment; filename="checkpoint.jwt"`, "Cache-Control": "no-store"}, Body: []byte(signed + "\n")}, err
}
