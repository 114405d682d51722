package ref

import "time"

// Ticket names one request to the support desk.
type Ticket string

// NewTicket makes the ID of a request to the support desk.
func NewTicket(at time.Time) Ticket { return Ticket(fresh("tic_", at)) }

// ParseTicket says whether s has the form of such an ID.
func ParseTicket(s string) (Ticket, bool) { return Ticket(s), parse("tic_", s) }
