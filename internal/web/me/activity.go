package me

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

// Activity is the timeline of what happened (SE-06).
type Activity struct {
	Rows  []audit.Row
	Kind  string
	Kinds []string
	Next  string // where the next page begins; empty: nowhere
}

// kinds are the filters: a word, and the prefix of the rows it stands for.
var kinds = []string{"", "signin.", "session.", "password.", "factor.", "address.", "account.", "app."}

const pageRows = 50

// maxExport bounds a download; a year of a very busy account.
const maxExport = 20000

func filter(r *web.Request) (audit.Filter, error) {
	q, err := r.Query()
	if err != nil {
		return audit.Filter{}, err
	}
	f := audit.Filter{Since: r.Now.AddDate(-1, 0, 0), Limit: pageRows + 1}
	for _, k := range kinds {
		if q["kind"] == k {
			f.Prefix = k
		}
	}
	if at, reference, ok := strings.Cut(q["after"], "_"); ok {
		if us, err := strconv.ParseInt(at, 10, 64); err == nil {
			f.After = audit.Cursor{At: time.UnixMicro(us), Reference: ref.Reference(reference)}
		}
	}
	return f, nil
}

func (d *Door) activity(ctx context.Context, r *web.Request) (web.Response, error) {
	f, err := filter(r)
	if err != nil {
		return web.Response{}, err
	}
	p := Activity{Kind: f.Prefix, Kinds: kinds}
	err = d.Change.DB.View(ctx, func(tx db.ReadTx) (err error) {
		p.Rows, err = audit.Of(ctx, tx, r.Session.Account, f)
		return err
	})
	if len(p.Rows) > pageRows {
		p.Rows = p.Rows[:pageRows]
		last := p.Rows[pageRows-1]
		p.Next = fmt.Sprintf("%d_%s", last.At.UnixMicro(), last.Reference)
	}
	return web.Show("me/activity", p), err
}

func (d *Door) export(ctx context.Context, r *web.Request) (web.Response, error) {
	f, err := filter(r)
	if err != nil {
		return web.Response{}, err
	}
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	f.Limit = maxExport
	var rows []audit.Row
	err = d.Change.DB.View(ctx, func(tx db.ReadTx) (err error) {
		rows, err = audit.Of(ctx, tx, r.Session.Account, f)
		return err
	})
	if err != nil {
		return web.Response{}, err
	}
	name, kind, body := "activity.csv", "text/csv; charset=utf-8", table(rows)
	if q["format"] == "json" {
		name, kind = "activity.json", "application/json"
		for i := range rows {
			rows[i].Detail, rows[i].Hash, rows[i].Seq = nil, "", 0
		}
		if body, err = json.MarshalIndent(rows, "", "  "); err != nil {
			return web.Response{}, err
		}
	}
	return web.Response{Status: 200, Type: kind, Body: body, Header: map[string]string{"Content-Disposition": `attachment; filename="` + name + `"`}}, nil
}

// table writes rows as CSV. A cell that a spreadsheet would run as a formula is
// made plain text.
func table(rows []audit.Row) []byte {
	var b bytes.Buffer
	b.WriteString("\ufeff") // spreadsheets then read it as UTF-8
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"time", "what", "code", "browser", "place", "address", "reference"})
	for _, r := range rows {
		_ = w.Write([]string{r.At.UTC().Format(time.RFC3339), r.Kind, r.Code, web.Cell(r.Agent), web.Cell(r.Place), r.Addr, string(r.Reference)})
	}
	w.Flush()
	return b.Bytes()
}
