// Package desk is the support desk's door for whoever asks: the form that opens a ticket,
// its page by an unguessable link, the link by which what was approved is taken, and the
// one by which an account's owner stops it.
//
// The pages answer everybody alike, whether or not there is an account (SI-28). It knows
// no rule; those who handle tickets have pages of their own.
package desk

import (
	"context"
	"embed"
	"errors"
	"net/url"
	"regexp"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/factor/backup"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow/desk"
	"sekisho/internal/session"
	"sekisho/internal/ticket"
	"sekisho/internal/web"
)

//go:embed templates/*.html messages.toml
var files embed.FS

// Door holds the journey.
type Door struct {
	Desk   *desk.Desk
	Digits int
}

// Pages of the desk.
type (
	// Ask is the form; what was typed stays when it is shown again.
	Ask struct {
		Identifier, Contact, Words, Reference string
		Most                                  int
	}
	// Ticket shows how far one has come, or asks for the code that confirms it.
	Ticket struct {
		ticket.Ticket
		Link   string
		Code   string // as the link in the mail carries it
		Digits int
	}
	// Take asks whoever opened the link whether the code is to be shown now; it is shown once.
	Take struct {
		Pickup string
		Until  time.Time
	}
	// Taken shows the code.
	Taken struct {
		Code  string
		Until time.Time
	}
	// Stop asks the account's owner whether a ticket is to be stopped.
	Stop struct {
		Token string
		ticket.Ticket
		Done bool
	}
)

// Door gives the routes and pages.
func (d *Door) Door() web.Door {
	get := func(path string, h func(context.Context, *web.Request) (web.Response, error)) web.Route {
		return web.Route{Method: "GET", Path: path, Guard: web.Anyone, Face: web.Page, Handle: h}
	}
	post := func(path string, h func(context.Context, *web.Request) (web.Response, error)) web.Route {
		return web.Route{Method: "POST", Path: path, Guard: web.Anyone, Face: web.Page, Handle: h}
	}
	return web.Door{Name: "desk", Layout: web.Card, Files: files, Routes: []web.Route{
		get("/desk", d.ask), post("/desk", d.open),
		get("/desk/ticket", d.show), post("/desk/ticket", d.confirm),
		get("/desk/take", d.take), post("/desk/take", d.takeNow),
		get("/desk/stop", d.stop), post("/desk/stop", d.stopNow),
	}}
}

// reference is what references look like; nothing else is said back to who came by a link.
var reference = regexp.MustCompile(`^[0-9A-Za-z_-]{6,14}$`)

func (d *Door) ask(_ context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	p := Ask{Identifier: q["hint"], Most: ticket.MostWords}
	if reference.MatchString(q["reference"]) {
		p.Reference = q["reference"]
	}
	return web.Show("desk/ask", p), nil
}

func (d *Door) open(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	p := Ask{Identifier: form["identifier"], Contact: form["contact"], Words: form["words"], Most: ticket.MostWords}
	if reference.MatchString(form["reference"]) {
		p.Reference = form["reference"]
	}
	link, f, err := d.Desk.Open(ctx, r.Describe(), desk.Ask{Identifier: p.Identifier, Contact: p.Contact, Words: p.Words, Reference: p.Reference})
	if err != nil {
		return web.Response{}, err
	}
	if f != nil {
		return web.Show("desk/ask", p).With(f), nil
	}
	return web.Go("/desk/ticket?t=" + link.Reveal()), nil
}

func (d *Door) show(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	return d.page(ctx, q["t"], q["c"], nil)
}

// page shows a ticket, with what its confirmation was refused for.
func (d *Door) page(ctx context.Context, link, code string, said *fault.Fault) (web.Response, error) {
	t, f, err := d.Desk.Look(ctx, link)
	if err != nil || f != nil {
		return web.Refuse(f), err
	}
	p := Ticket{Ticket: t, Link: link, Digits: d.Digits}
	if len(code) == d.Digits {
		p.Code = code
	}
	return web.Show("desk/ticket", p).With(said), nil
}

func (d *Door) confirm(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	_, f, err := d.Desk.Confirm(ctx, form["t"], form["code"])
	if err != nil {
		return web.Response{}, err
	}
	if f != nil {
		return d.page(ctx, form["t"], "", f)
	}
	return web.Go("/desk/ticket?t=" + url.QueryEscape(form["t"])), nil
}

func (d *Door) take(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	t, f, err := d.Desk.LookTake(ctx, q["p"])
	if err != nil || f != nil {
		return web.Refuse(f), err
	}
	return web.Show("desk/take", Take{q["p"], t.Ends}), nil
}

func (d *Door) takeNow(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	code, until, f, err := d.Desk.Take(ctx, form["p"])
	if err != nil || f != nil {
		return web.Refuse(f), err
	}
	return web.Show("desk/taken", Taken{backup.Groups(code), until}), nil
}

func (d *Door) stop(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	t, err := d.Desk.LookStop(ctx, q["s"])
	if errors.Is(err, db.ErrNone) {
		return web.Refuse(faults.DeskOver.New()), nil
	}
	return web.Show("desk/stop", Stop{Token: q["s"], Ticket: t}), err
}

func (d *Door) stopNow(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	id, ok := d.Desk.ReadStopTicket(form["s"])
	if !ok {
		return web.Refuse(faults.DeskOver.New()), nil
	}
	err = d.Desk.Stop(ctx, r.Describe(), id, session.Session{})
	if errors.Is(err, db.ErrNone) {
		return web.Refuse(faults.DeskOver.New()), nil
	}
	return web.Show("desk/stop", Stop{Done: true}), err
}
