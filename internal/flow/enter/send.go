package enter

import (
	"context"
	"errors"
	"strings"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/factor/sentcode"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/letter"
	"sekisho/internal/limit"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
)

// Send is a code to be sent.
type Send struct {
	Visitor flow.Visitor
	Account account.Account // zero where there is none
	For     sentcode.For
	To      account.Identifier // instead of the account's primary address; by SMS always given
	First   bool               // the code of a sign-up, which Signup has counted
}

// What one network may cause by browsers that the account in question does not know, in
// an hour: mails to people who asked for none are what it is worth to a spammer, and
// the reputation of the operator's mail server is what it costs. An office, a school or a
// carrier's NAT stays below; browsers the account knows are not counted.
const (
	SignupsAnHour = 100
	WishesAnHour  = 300
)

func signups(v flow.Visitor, now time.Time) limit.Quota {
	return limit.AnHour(SignupsAnHour, now, "signup", v.Network)
}

// MaySignUp says what stands in the way of another sign-up from the visitor's network.
func (e *Entry) MaySignUp(ctx context.Context, r db.Reader, v flow.Visitor) (*fault.Fault, error) {
	q := signups(v, r.Now())
	full, err := q.Full(ctx, r)
	if err != nil || !full {
		return nil, err
	}
	return faults.SignupNetworkLimit.New().Until(q.Ends), nil
}

// Signup counts one, or says what stands in the way.
func (e *Entry) Signup(ctx context.Context, tx db.Tx, v flow.Visitor) (*fault.Fault, error) {
	q := signups(v, tx.Now())
	full, err := q.Hold(ctx, tx)
	switch {
	case err != nil:
		return nil, err
	case full:
		return faults.SignupNetworkLimit.New().Until(q.Ends), nil
	}
	return nil, q.Use(ctx, tx)
}

func (s Send) wishes(now time.Time) limit.Quota {
	return limit.AnHour(WishesAnHour, now, "code", s.Visitor.Network)
}

// wished says whether somebody asks for the code who has proved nothing, and whom the
// account does not know: the same for names that nobody has, and whichever way it goes
// (SI-28).
func (s Send) wished() bool {
	return !s.For.Known && !s.First && (s.For.Asked != "" || s.For.Purpose == sentcode.Confirm)
}

// SendCode makes a code and sends it; where there is nobody to send it to, a
// row that goes nowhere makes the answer cost the same.
func (e *Entry) SendCode(ctx context.Context, tx db.Tx, s Send) (resend time.Time, f *fault.Fault, err error) {
	if s.For.Known, err = e.Known(ctx, tx, s.Account, s.Visitor); err != nil {
		return resend, nil, err
	}
	s.For.Network = s.Visitor.Network
	if until, f, err := s.full(ctx, tx); err != nil || f != nil {
		return until, f, err
	}
	sent, wait, err := e.Codes.Make(ctx, tx, s.For)
	if err != nil {
		return resend, nil, err
	}
	if wait != nil {
		f := faults.CodeResendEarly.New("wait", wait.Until.Sub(tx.Now()))
		if wait.Limit {
			f = faults.CodeSendLimit.New()
		}
		return wait.Until, f.Until(wait.Until), nil
	}
	if err := s.count(ctx, tx); err != nil {
		return resend, nil, err
	}
	barred, err := e.barred(ctx, tx, s)
	if err != nil {
		return resend, nil, err
	}
	if barred || sent.Mute {
		s.Account = account.Account{}
	}
	it := e.item(s, sent, tx.Now())
	whose := it.Account
	if whose == "" {
		whose = ref.NewAccount(tx.Now()) // nobody's: the statement runs all the same
	}
	if it.Kind == outbox.SMS {
		// An SMS goes out at once or not at all: the one that waits is another journey's,
		// and a stranger's wish must not take it away.
		whose = ref.NewAccount(tx.Now())
	}
	if err := e.Outbox.Withdraw(ctx, tx, whose, it.Topic); err != nil {
		return resend, nil, err
	}
	_, err = e.Outbox.Put(ctx, tx, it)
	return sent.Resend, nil, err
}

// full says until when nothing can be sent, because as much was sent as may be.
func (s Send) full(ctx context.Context, tx db.Tx) (until time.Time, f *fault.Fault, err error) {
	for _, b := range s.budgets() {
		stands, err := b.Hold(ctx, tx)
		if err != nil || tx.Now().Before(stands.Until) {
			return stands.Until, faults.CodeSendLimit.New().Until(stands.Until), err
		}
	}
	if !s.wished() {
		return until, nil, nil
	}
	q := s.wishes(tx.Now())
	full, err := q.Hold(ctx, tx)
	if err != nil || !full {
		return until, nil, err
	}
	return q.Ends, faults.CodeNetworkLimit.New().Until(q.Ends), nil
}

// count counts what is sent.
func (s Send) count(ctx context.Context, tx db.Tx) error {
	for _, b := range s.budgets() {
		if _, err := b.Fail(ctx, tx); err != nil {
			return err
		}
	}
	if s.wished() {
		return s.wishes(tx.Now()).Use(ctx, tx)
	}
	return nil
}

// budgets count what goes to an address or number that nobody has proved yet. Many
// accounts together must not flood a mailbox or phone that is none of theirs, nor one
// network pay itself by numbers that cost.
func (s Send) budgets() []limit.Counter {
	if s.For.Purpose != sentcode.Address && s.For.Purpose != sentcode.Enrol {
		return nil
	}
	out := []limit.Counter{limit.Inbox.Of("inbox", string(s.To.Kind), s.To.Norm)}
	if s.For.Channel == sentcode.SMS {
		out = append(out, limit.Outgoing.Of("outgoing", string(s.To.Kind), s.Visitor.Network))
	}
	return out
}

// Asked is by which way and name a code is asked for by whoever has proved nothing yet.
func Asked(way string, typed account.Identifier) string {
	return way + "\x00" + string(typed.Kind) + "\x00" + typed.Norm
}

// Topic is under what a code stands in the outbox.
func Topic(f sentcode.For) string {
	if f.Channel == sentcode.SMS {
		return string(f.Purpose) + ".sms"
	}
	if f.Known {
		return string(f.Purpose) + ".code.known" // a stranger's code does not replace one that still waits
	}
	return string(f.Purpose) + ".code"
}

// item is what is put into the outbox. Where nothing may be sent the same letter is
// written to nobody, with a code that opens nothing, into a row that goes nowhere:
// answers must not differ by the time a letter takes (SI-28).
func (e *Entry) item(s Send, sent sentcode.Sent, now time.Time) outbox.Item {
	it := outbox.Item{Kind: outbox.Nothing, Topic: Topic(s.For), Expires: sent.Expires, Body: outbox.Letter{}}
	to := s.To
	if to.Norm == "" && s.For.Channel != sentcode.SMS {
		to = s.Account.Email.Identifier
	}
	code, link := sent.Code.Reveal(), sent.Link.Reveal()
	out := s.Account.ID != "" && to.Norm != "" && !e.unproved(s)
	if !out {
		s.Account = account.Account{Name: "Nobody There", Lang: s.Visitor.Lang}
		to = account.Identifier{Kind: account.Email, Norm: "nobody@example.com", Shown: "nobody@example.com"}
		code, link = strings.Repeat("0", len(code)), strings.Repeat("0", len(link))
	}
	minutes := int(sent.Expires.Sub(now).Minutes())
	if write := writers[s.For.Purpose]; write != nil { // by SMS too: whose number is on file is not to be timed
		c := letter.Code{Code: code, Minutes: minutes, From: e.From(s.Visitor, now)}
		if link != "" {
			c.Link = e.Sheet.URL + links[s.For.Purpose] + "?c=" + link
		}
		who := To(s.Account)
		if who.Address = to.Mailbox(); s.For.Purpose == sentcode.Address {
			who.Name = "" // nobody has proved that it is theirs: no words of ours in a stranger's inbox
		}
		it.Body = write(e.Sheet, who, c)
	}
	if !out {
		return it
	}
	it.Kind, it.Account, it.To = outbox.Mail, s.Account.ID, to.Shown
	if s.For.Channel == sentcode.SMS {
		it.Kind, it.To = outbox.SMS, to.Norm
		it.Body = outbox.Text{To: to.Norm, Text: letter.SMSCode(e.Sheet, s.Account.Lang, code, minutes)}
	}
	return it
}

// unproved says whether a code would go to an address that nobody proved. It
// opens nothing, not even to who reads its mail: it may be a slip of the finger.
// It is proved from a session, or after the password.
func (e *Entry) unproved(s Send) bool {
	return s.To.Norm == "" && s.Account.State == account.Active && s.Account.Email.Confirmed.IsZero() && s.For.Purpose != sentcode.Confirm
}

// barred says whether a code that opens something would go to a mailbox that
// several people read (RC-30), or, to sign in, to one that the account itself opens
// (SI-05): by whichever way it was asked for.
func (e *Entry) barred(ctx context.Context, r db.Reader, s Send) (bool, error) {
	if s.For.Channel == sentcode.SMS || s.For.Purpose == sentcode.Confirm || s.For.Purpose == sentcode.Address {
		return false, nil
	}
	is := func(a account.Address) bool { return e.shared(a) || !s.For.Purpose.Links() && e.hosted(a) }
	if s.To.Norm == "" || s.To.Norm == s.Account.Email.Norm {
		return is(s.Account.Email), nil
	}
	list, err := account.Addresses(ctx, r, s.Account.ID)
	for _, a := range list {
		if a.Kind == s.To.Kind && a.Norm == s.To.Norm && is(a) {
			return true, err
		}
	}
	return false, err
}

var writers = map[sentcode.Purpose]func(letter.Sheet, letter.To, letter.Code) outbox.Letter{
	sentcode.Signin: letter.SigninCode, sentcode.Another: letter.SigninCode, sentcode.Confirm: letter.ConfirmCode,
	sentcode.Address: letter.ConfirmCode, sentcode.Recover: letter.RecoverCode, sentcode.Replace: letter.ReplaceCode,
}

// links are where the link beside a code leads.
var links = map[sentcode.Purpose]string{sentcode.Recover: "/recover/link", sentcode.Replace: "/recover/replace/link"}

// Stage says what became of the code that was sent last by SMS for an account and a
// purpose; empty when there is none, or it went to another number than the target.
// Only its owner may learn it.
func (e *Entry) Stage(ctx context.Context, r db.Reader, a ref.Account, f sentcode.For) (outbox.Stage, error) {
	row, err := outbox.Newest(ctx, r, a, Topic(f))
	if errors.Is(err, db.ErrNone) || err == nil && row.To != f.Target {
		return "", nil
	}
	return row.Stage(r.Now()), err
}
