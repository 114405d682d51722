package api

import (
	"context"

	"sekisho/internal/flow"
	"sekisho/internal/flow/recover"
	"sekisho/internal/ref"
)

// device takes in an installation of Tegata: without an answer it says how far that has
// come, and makes a ticket until an installation has used one.
func (b back) device(ctx context.Context, v flow.Visitor, id ref.Flow, answer string) (recover.View, error) {
	switch answer {
	case "same":
		return b.way.Same(ctx, v, id)
	case "stop":
		return b.way.Differ(ctx, v, id)
	}
	return b.way.Enrolling(ctx, v, id)
}

// enrolling is how far that has come.
func (b back) enrolling(t recover.Ticket) *Enrolling {
	e := &Enrolling{State: "open", Number: t.Number, Device: t.Device, Name: t.Name, Expires: at(t.Expires)}
	switch {
	case t.Ready:
		e.State = "active"
	case t.Number != "":
		e.State = "waiting"
	}
	if t.Token != "" {
		e.Ticket, e.URI = t.Token.Reveal(), b.Tegata.EnrolURI(t.Token.Reveal())
	}
	return e
}
