// Package mailbox shows mail that waits for a mail server, and SMS that stay while
// things are tried without a gateway. Its pages exist only then, and only for
// somebody at this very machine.
package mailbox

import (
	"context"
	"embed"
	"slices"

	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

//go:embed templates/*.html messages.toml
var files embed.FS

// Door reads the outbox.
type Door struct {
	DB     *db.DB
	Outbox *outbox.Outbox
	Kinds  []string // what stays there: outbox.Mail, outbox.SMS
}

// Pages of the outbox.
type (
	// List is what waits.
	List struct {
		Rows []Line
		Mail bool // mail stays
		SMS  bool // SMS stay
	}
	// Line is one of it; Subject is empty once its text is gone.
	Line struct {
		outbox.Row
		Subject string
	}
	// Letter is one mail, or an SMS under that word.
	Letter struct {
		Row    outbox.Row
		Letter outbox.Letter
	}
)

// Door gives the routes and pages.
func (d *Door) Door() web.Door {
	return web.Door{Name: "mailbox", Layout: web.Doc, Files: files, Routes: []web.Route{
		{Method: "GET", Path: "/outbox", Guard: web.Local, Face: web.Page, Handle: d.list},
		{Method: "GET", Path: "/outbox/{id}", Guard: web.Local, Face: web.Page, Handle: d.show},
	}}
}

func (d *Door) list(ctx context.Context, _ *web.Request) (web.Response, error) {
	p := List{Mail: slices.Contains(d.Kinds, outbox.Mail), SMS: slices.Contains(d.Kinds, outbox.SMS)}
	err := d.DB.View(ctx, func(tx db.ReadTx) error {
		rows, err := outbox.List(ctx, tx, 100)
		for _, row := range rows {
			if slices.Contains(d.Kinds, row.Kind) {
				p.Rows = append(p.Rows, Line{row, d.subject(row)})
			}
		}
		return err
	})
	return web.Show("mailbox/list", p), err
}

// subject is what a mail is about, where it can still be read.
func (d *Door) subject(row outbox.Row) string {
	var l outbox.Letter
	if row.Kind != outbox.Mail || !row.HasBody() || d.Outbox.Open(row, &l) != nil {
		return ""
	}
	return l.Subject
}

func (d *Door) show(ctx context.Context, r *web.Request) (web.Response, error) {
	id, ok := ref.ParseMail(r.HTTP.PathValue("id"))
	if !ok {
		return web.Refuse(faults.NotFound.New()), nil
	}
	var p Letter
	err := d.DB.View(ctx, func(tx db.ReadTx) (err error) {
		p.Row, err = outbox.ByID(ctx, tx, id)
		return err
	})
	if err != nil || !slices.Contains(d.Kinds, p.Row.Kind) || !p.Row.HasBody() {
		return web.Refuse(faults.NotFound.New()), nil
	}
	if p.Row.Kind == outbox.SMS {
		var text outbox.Text
		err = d.Outbox.Open(p.Row, &text)
		p.Letter = outbox.Letter{To: text.To, Subject: "SMS", Text: text.Text}
	} else {
		err = d.Outbox.Open(p.Row, &p.Letter)
	}
	if err != nil {
		return web.Response{}, err
	}
	return web.Show("mailbox/letter", p), nil
}
