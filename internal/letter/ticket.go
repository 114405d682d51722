package letter

import "sekisho/internal/outbox"

// TicketConfirm carries the code that confirms how to reach whoever opens a ticket; its
// link leads to the ticket. It greets nobody and says nothing that a stranger wrote.
func TicketConfirm(s Sheet, to To, c Code) outbox.Letter { return codeLetter("tconfirm", s, to, c) }

// TicketOpened tells the owner of an account that somebody asks the desk for a way in;
// the link stops it.
func TicketOpened(s Sheet, to To, w Waits) outbox.Letter { return waitsLetter("topened", s, to, w) }

// TicketApproved tells the owner that the desk hands out a code in a while; the link
// stops it.
func TicketApproved(s Sheet, to To, w Waits) outbox.Letter { return waitsLetter("tapproved", s, to, w) }

// TicketAgreed tells whoever asked when the code can be taken.
func TicketAgreed(s Sheet, to To, w Waits) outbox.Letter { return waitsLetter("tagreed", s, to, w) }

// TicketReady leads whoever asked to the code.
func TicketReady(s Sheet, to To, w Waits) outbox.Letter { return waitsLetter("tready", s, to, w) }

// TicketClosed tells whoever asked that the desk closed the ticket.
func TicketClosed(s Sheet, to To) outbox.Letter {
	return draft{sheet: s, to: to, topic: "tclosed"}.letter()
}

// TicketNews tells somebody of the desk that a ticket waits.
func TicketNews(s Sheet, to To, link string) outbox.Letter {
	return draft{sheet: s, to: to, topic: "tnews", link: link}.letter()
}
