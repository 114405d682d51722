// Package mailbox shows mail that waits for a mail server. Its pages exist only
// while none is set, and only for somebody at this very machine.
package mailbox

import (
	"context"
	"embed"

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
}

// Pages of the outbox.
type (
	// List is what waits.
	List struct{ Rows []outbox.Row }
	// Letter is one mail.
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
	var p List
	err := d.DB.View(ctx, func(tx db.ReadTx) error {
		rows, err := outbox.List(ctx, tx, 100)
		for _, row := range rows {
			if row.Kind == outbox.Mail {
				p.Rows = append(p.Rows, row)
			}
		}
		return err
	})
	return web.Show("mailbox/list", p), err
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
	if err != nil || p.Row.Kind != outbox.Mail || !p.Row.HasBody() {
		return web.Refuse(faults.NotFound.New()), nil
	}
	if err := d.Outbox.Open(p.Row, &p.Letter); err != nil {
		return web.Response{}, err
	}
	return web.Show("mailbox/letter", p), nil
}
