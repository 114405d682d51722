package enter

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/session"
)

// sign makes a token that says something of ours and is good for one purpose.
func (e *Entry) sign(purpose, body string) string {
	return body + "." + base64.RawURLEncoding.EncodeToString(e.Ring.MAC(purpose, []byte(body)))
}

// unsign takes a token of sign apart; nil when it was not made here for the purpose.
func (e *Entry) unsign(purpose, token string) []string {
	i := strings.LastIndexByte(token, '.')
	if i < 0 || len(token) > 300 {
		return nil
	}
	mac, err := base64.RawURLEncoding.DecodeString(token[i+1:])
	if err != nil || !secret.Equal(string(mac), string(e.Ring.MAC(purpose, []byte(token[:i])))) {
		return nil
	}
	return strings.Split(token[:i], ".")
}

// Doubt is the link of a mail that tells of what a session did: whoever answers that
// it was not them doubts everything since that session began.
func (e *Entry) Doubt(s session.Session) string { return e.noticeLink(s.Account, s.ID, s.Created) }

// DoubtOf is Doubt for what somebody did who has no session.
func (e *Entry) DoubtOf(a ref.Account, now time.Time) string { return e.noticeLink(a, "", now) }

func (e *Entry) noticeLink(a ref.Account, s ref.Session, at time.Time) string {
	return e.Sheet.URL + "/notice?n=" + url.QueryEscape(e.Notice(a, s, at))
}

// NoticeLives is how long the two answers to a notice can be given.
const NoticeLives = 30 * 24 * time.Hour

// Notice is what the link in a notice carries: it names the account, the
// session and since when things are doubted, signed. It can do one thing: close the
// account's doors.
func (e *Entry) Notice(a ref.Account, s ref.Session, at time.Time) string {
	return e.sign("notice", string(a)+"."+string(s)+"."+strconv.FormatInt(at.UnixMicro(), 36))
}

// ReadNotice takes a notice's link apart; ok is false when it was not made
// here or is too old.
func (e *Entry) ReadNotice(n string, now time.Time) (a ref.Account, s ref.Session, at time.Time, ok bool) {
	parts := e.unsign("notice", n)
	if len(parts) != 3 {
		return
	}
	us, err := strconv.ParseInt(parts[2], 36, 64)
	at = time.UnixMicro(us)
	if err != nil || now.Sub(at) > NoticeLives {
		return
	}
	return ref.Account(parts[0]), ref.Session(parts[1]), at, true
}

// StopTicket is the link of a mail that tells of a ticket about an account: it can do
// one thing, stop it.
func (e *Entry) StopTicket(id ref.Ticket) string {
	return e.Sheet.URL + "/desk/stop?s=" + url.QueryEscape(e.sign("ticket.stop", string(id)))
}

// ReadStopTicket takes such a link apart; ok is false when it was not made here.
func (e *Entry) ReadStopTicket(token string) (id ref.Ticket, ok bool) {
	parts := e.unsign("ticket.stop", token)
	if len(parts) != 1 {
		return "", false
	}
	return ref.ParseTicket(parts[0])
}
