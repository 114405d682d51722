package signin

import (
	"context"
	"html/template"
	"net/http"

	"sekisho/internal/factor/totp"
	"sekisho/internal/faults"
	"sekisho/internal/flow/recover"
	"sekisho/internal/web"
)

type (
	// Replace takes a new installation of Tegata in while the sign-in lock is on (RS-05): a
	// code to scan, then a number to compare.
	Replace struct {
		Flow    string
		State   string // open, waiting, here, ready
		URI     string
		Picture template.HTML
		Number  string
		Name    string
	}
	// Replaced says that it is the primary one now, and what to do next.
	Replaced struct{}
)

func (b back) deviceRoutes(get, post routeOf) []web.Route {
	return []web.Route{
		post(b.base+"/wait", web.Anyone, b.wait),
		get(b.base+"/device", web.Anyone, b.look), post(b.base+"/device", web.Anyone, b.compared),
		{Method: "GET", Path: b.base + "/device/state", Guard: web.Anyone, Face: web.API, Handle: b.state},
		get(b.base+"/done", web.Anyone, replaced),
	}
}

// stateOfTicket names how far taking in has come.
func stateOfTicket(t recover.Ticket) string {
	switch {
	case t.Ready:
		return "ready"
	case t.Here:
		return "here"
	case t.Number != "":
		return "waiting"
	}
	return "open"
}

// enrolling shows how far taking in has come.
func (b back) enrolling(v recover.View) web.Response {
	p := Replace{Flow: string(v.ID), State: stateOfTicket(v.Ticket), Number: v.Ticket.Number, Name: v.Ticket.Name}
	if p.State != "open" || v.Ticket.Token == "" {
		return web.Show("signin/replace", p)
	}
	p.URI = b.Tegata.EnrolURI(v.Ticket.Token.Reveal())
	if picture, err := totp.SVG(p.URI); err == nil { // else the address beside it does
		p.Picture = template.HTML(picture) //nolint:gosec // drawn by us
	}
	return web.Show("signin/replace", p)
}

// compared takes what came of comparing the numbers.
func (b back) compared(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	do := b.way.Same
	if form["do"] == "stop" {
		do = b.way.Differ
	}
	v, err := do(ctx, r.Describe(), id)
	if err != nil {
		return web.Response{}, err
	}
	if f := v.Fault; f != nil {
		return web.Refuse(f), nil
	}
	return b.next(ctx, r, v)
}

func (b back) state(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	t, f, err := b.way.Progress(ctx, r.Visitor, id)
	if err != nil || f != nil && f.Code() != faults.TicketOver.Code {
		return refuse(f), err
	}
	state := stateOfTicket(t)
	if f != nil {
		state = "over"
	}
	return web.JSON(http.StatusOK, map[string]string{"state": state}), nil
}

// wait begins the wait that stands in for the second proof.
func (b back) wait(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	v, err := b.way.BeginWait(ctx, r.Describe(), id)
	if err != nil {
		return web.Response{}, err
	}
	return b.next(ctx, r, v)
}

func replaced(context.Context, *web.Request) (web.Response, error) {
	return web.Show("signin/replaced", Replaced{}), nil
}
