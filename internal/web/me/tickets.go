package me

import (
	"context"
	"errors"

	"sekisho/internal/db"
	"sekisho/internal/flow/desk"
	"sekisho/internal/ref"
	"sekisho/internal/ticket"
	"sekisho/internal/web"
)

// Tickets are those of the support desk that ask for a way into this account: its owner
// stops them from any living session.
type Tickets struct {
	List    []ticket.Ticket
	Stopped bool
}

func (d *Door) desk() *desk.Desk { return &desk.Desk{Entry: d.Change.Entry} }

func (d *Door) ticketRoutes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/me/tickets", Guard: web.SignedIn, Face: web.Page, Handle: d.tickets},
		{Method: "POST", Path: "/me/tickets/stop", Guard: web.SignedIn, Face: web.Page, Handle: d.stopTicket},
	}
}

func (d *Door) tickets(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	list, err := d.desk().Own(ctx, r.Session.Account)
	return web.Show("me/tickets", Tickets{list, q["stopped"] == "1"}), err
}

func (d *Door) stopTicket(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	// It was over already, or never this account's: the list says what there is.
	if err := d.desk().Stop(ctx, r.Describe(), ref.Ticket(form["id"]), r.Session); err != nil && !errors.Is(err, db.ErrNone) {
		return web.Response{}, err
	}
	return web.Go("/me/tickets?stopped=1"), nil
}
