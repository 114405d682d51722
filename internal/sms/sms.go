// Package sms hands one short message to an operator's gateway, over SMPP 3.4 or
// over HTTP, and hears from an SMPP gateway what became of it.
//
// It keeps nothing, tries once and says whether trying again may help. It knows no
// word of what is sent; no error of it repeats a text, a number or a password.
package sms

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/linxGnu/gosmpp/data"
)

// Attempt bounds one try: somebody waits at a page for the code.
const Attempt = 1500 * time.Millisecond

// Message is one SMS. It has to fit into one (see Fits).
type Message struct {
	ID    string        // the same at every try; HTTP templates may hand it on as {id}
	To    string        // E.164, such as +819012345678
	Text  string        // plain text
	Lives time.Duration // how long it is worth delivering; zero: as long as the gateway likes
}

// Receipt is what a gateway gave back for a message it took.
type Receipt struct {
	Ref string // its own name for the message; empty over HTTP
}

// State is what became of a message in the end.
type State string

// The states there are (SMPP 3.4 §5.2.28, those that are final).
const (
	Delivered     State = "delivered"
	Undeliverable State = "undeliverable" // also refused or deleted on its way
	Expired       State = "expired"
)

// Gateway is an operator's way to phones. Its methods may be called at once.
type Gateway interface {
	// Send tries once, for at most Attempt. Without an error the gateway has
	// taken the message.
	Send(ctx context.Context, m Message) (Receipt, error)
	// Check says whether the gateway answers, for at most Attempt. Over SMPP it
	// binds, and the connection is kept from then on.
	Check(ctx context.Context) error
	// Close ends the connection. Nothing is sent after it.
	Close() error
}

// Options are what stands beside the address of a gateway.
type Options struct {
	From   string // the sender: a number, or at most 11 letters and digits
	Method string // HTTP; empty: GET, or POST where there is a Body
	Body   string // HTTP: a template, JSON or form
	Header string // HTTP: lines "Name: value"
	// Delivered hears what became of a message, by its Receipt.Ref. It is called
	// from one goroutine, may be called before Send returned, and may be called
	// twice with the same. Nil: nobody listens.
	Delivered func(ref string, s State)
}

// Parse reads an address:
//
//	smpp://system_id:password@host:port?source=NAME&ton=5&npi=0
//	smpps://… the same over TLS
//	https://user:password@host/path?to={to}&text={text}&from={from}
//
// SMPP also takes system_type and alphabet (gsm, or latin1 for an SMSC whose
// default alphabet is not that of 3GPP TS 23.038 §6.2.1). Templates know {to}
// (E.164), {digits} (the same without +), {text}, {from} and {id}. Errors never
// repeat the address, which holds a password.
func Parse(raw string, o Options) (Gateway, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return nil, errors.New("an SMS gateway is written smpp://system_id:password@host:port or https://host/path?to={to}&text={text}; what is special in a password is percent-encoded")
	}
	switch u.Scheme {
	case "smpp", "smpps":
		if o.Method+o.Body+o.Header != "" {
			return nil, errors.New("method, body and header are for gateways over HTTP")
		}
		return parseSMPP(u, o)
	case "http", "https":
		return parseHTTP(raw, u, o)
	default:
		return nil, fmt.Errorf("SMS gateway: %q is not smpp, smpps, http or https", u.Scheme)
	}
}

type refused struct{ error }

func (r refused) Unwrap() error { return r.error }

// Permanent says whether trying again cannot help: the gateway, or this package,
// refused the message for good.
func Permanent(err error) bool {
	var r refused
	return errors.As(err, &r)
}

// errSilent is a gateway that did not answer in time. It may have taken the
// message all the same.
var errSilent = errors.New("the SMS gateway did not answer in time")

// late tells a deadline that passed in the same words wherever it struck.
func late(ctx context.Context, err error) error {
	var slow interface{ Timeout() bool }
	if errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.As(err, &slow) && slow.Timeout() {
		return errSilent
	}
	return fmt.Errorf("SMS gateway: %w", err)
}

var number = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

func check(m Message) error {
	if !number.MatchString(m.To) {
		return refused{errors.New("SMS: the number is not an international one")}
	}
	if m.Text == "" || !Fits(m.Text) {
		return refused{errors.New("SMS: the text is empty or does not fit into one message")}
	}
	return nil
}

// How much one SMS carries (3GPP TS 23.040 §9.2.3.24: 140 octets): septets of the
// default alphabet, or units of UCS-2.
const (
	septets = 160
	units   = 70
)

// Fits says whether a text goes into one SMS: 160 characters of the GSM alphabet,
// where ^ { } \ [ ~ ] | € count twice (3GPP TS 23.038 §6.2.1.1), else 70 of UCS-2.
func Fits(text string) bool {
	return gsm(text) || len(utf16.Encode([]rune(text))) <= units
}

// gsm says whether a text fits in the GSM alphabet.
func gsm(text string) bool {
	r := []rune(text)
	return len(data.ValidateGSM7String(text)) == 0 && len(r)+len(data.GetEscapeChars(r)) <= septets
}

// digits is a number as gateways want it that know only international ones.
func digits(to string) string { return strings.TrimPrefix(to, "+") }
