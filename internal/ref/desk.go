package ref

import "time"

// Ticket names one request to the support desk.
type Ticket string

// NewTicket makes the ID of a request to the support desk.
func NewTicket(at time.Time) Ticket { return Ticket(fresh("tic_", at)) }

// ParseTicket says whether s has the form of such an ID.
func ParseTicket(s string) (Ticket, bool) { return Ticket(s), parse("tic_", s) }

// Hook names one webhook of an organisation.
type Hook string

// NewHook makes a webhook's ID.
func NewHook(at time.Time) Hook { return Hook(fresh("hok_", at)) }

// Delivery names one event that one webhook is told of.
type Delivery string

// NewDelivery makes the ID of a delivery.
func NewDelivery(at time.Time) Delivery { return Delivery(fresh("dlv_", at)) }

// ParseDelivery says whether s has the form of such an ID.
func ParseDelivery(s string) (Delivery, bool) { return Delivery(s), parse("dlv_", s) }

// Token names one API token of an organisation.
type Token string

// NewToken makes the ID of an API token.
func NewToken(at time.Time) Token { return Token(fresh("tok_", at)) }
