// Package web is the frame every page and every call over HTTP goes through:
// route table, guards, limits, language, cookies, sessions, rendering, faults,
// static files, one log line a request.
//
// It knows no journey's order and writes no table. Handlers get a Request that is
// already let in and give back a Response; they never touch the wire.
package web

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/flow"
	"sekisho/internal/geo"
	"sekisho/internal/i18n"
	"sekisho/internal/netx"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/session"
	"sekisho/internal/token"
)

// Face is whom a route speaks to: it decides how a fault looks.
type Face string

// The faces there are.
const (
	Page  Face = "page"  // a person's browser: HTML
	API   Face = "api"   // a program: JSON, problem+json (RFC 9457)
	OAuth Face = "oauth" // an app's server: JSON as in RFC 6749 §5.2; other sites may send here
)

// Guard says who may use a route. The zero guard lets nobody in.
type Guard struct {
	Name string
	// Check gives nil to let the request in, and may add to it.
	Check func(context.Context, *Request) (*Response, error)
}

// Route is one row of the table.
type Route struct {
	Method string
	Path   string // as net/http's patterns have it
	Guard  Guard
	Face   Face
	Limit  int64 // the largest body in bytes; 0: 64 KiB
	Handle func(context.Context, *Request) (Response, error)
}

// Frame is what all routes share.
type Frame struct {
	DB      *db.DB
	Ring    *secret.Ring
	Rules   *org.Book // what holds for whom
	Proxies netx.Proxies
	Geo     *geo.DB
	Clock   func() time.Time
	URL     *url.URL // the public address; links and cookies follow it, never the Host header
	Service string
	Support string
	Zone    *time.Location
	Log     *slog.Logger
	Open    bool // people may sign up
	Mailbox bool // the outbox page exists
	// Leads says to which origin a local path may lead in the end, so that the
	// page's form may be followed there (CSP form-action); the wiring sets it.
	Leads func(ctx context.Context, path string) string

	// MayChange asks gate whether a session may change what guards its account; the
	// wiring sets it.
	MayChange func(context.Context, db.Reader, flow.Visitor, session.Session) (*fault.Fault, error)
	// ActsAs asks gate whether a program acts with a token of an organisation, and says what it
	// may do; the wiring sets it.
	ActsAs func(context.Context, db.Reader, flow.Visitor, token.Token) ([]org.Permission, *fault.Fault, error)

	// Return gives a connection on which a held request was answered back to the server,
	// for the next one; false where it takes none. Nil: each ends with its answer.
	Return func(net.Conn) bool

	Touches Touches
	pages   *pages
	paths   map[string][]string // the methods of each
	static  *Pack
	origin  *http.CrossOriginProtection
	holds   sync.WaitGroup
}

// Request is one request that was let in.
type Request struct {
	HTTP    *http.Request
	ID      string
	Now     time.Time
	Lang    i18n.Lang
	Zone    *time.Location
	Visitor flow.Visitor
	Session session.Session // with SignedIn
	Token   secret.Text     // the session's token, as it was given
	Bearer  bool            // Token came in the Authorization header
	Extra   any             // what a door's own guard found out
	Acting  ref.Token       // a program acts with this token of the organisation, without a session
	Console Standing        // of whose session it is; what they hold, with May and MayDo

	frame   *Frame
	face    Face
	rules   *policy.Effective // what holds for whose session it is
	pending session.Session   // it goes on once a second factor is set up
	cookies []*http.Cookie
	slots   slots
	notes   []slog.Attr
	torn    bool // a stream ended before all of it was sent
}

// Response is what a handler gives back. The zero Response is an empty 204.
type Response struct {
	Status   int
	Template string // with Page
	Page     any
	Location string
	JSON     any
	Body     []byte
	Type     string
	Fault    *fault.Fault
	Header   map[string]string
	Leads    string // a local path the page's form leads on to
	Brand    Brand  // whose page it is; zero: the service's, or of the organisation of whose session it is
	Hold     *Hold  // instead of all else: it is held back
	// Stream writes a long body of the given Type, piece by piece. An error ends the
	// connection, so that what came is not taken for all of it.
	Stream func(context.Context, io.Writer) error
}

// Show renders a page.
func Show(template string, page any) Response {
	return Response{Status: http.StatusOK, Template: template, Page: page}
}

// With shows a page again with a fault on it, under the fault's status.
func (r Response) With(f *fault.Fault) Response {
	if f != nil {
		r.Status, r.Fault = Status(f.Entry.Kind), f
	}
	return r
}

// Brand is whose a page is: it carries their name, logo and colour.
type Brand struct {
	Name string
	Look policy.Look
}

// own says whether there is anything to show instead of what the service shows.
func (b Brand) own() bool { return b.Look != policy.Look{} }

// Logo is where the logo is; empty: there is none.
func (b Brand) Logo() string {
	if b.Look.Logo == "" {
		return ""
	}
	return "/look/" + b.Look.Logo + ".png"
}

// Sheet is where the style sheet of the colour is; empty: the service's own holds.
func (b Brand) Sheet() string {
	if b.Look.Colour == "" {
		return ""
	}
	return "/look/" + strings.TrimPrefix(b.Look.Colour, "#") + ".css"
}

// Of says whose page it is.
func (r Response) Of(b Brand) Response {
	r.Brand = b
	return r
}

// LeadsTo says where the page's form leads on to.
func (r Response) LeadsTo(path string) Response {
	r.Leads = path
	return r
}

// Go sends the browser on with 303.
func Go(location string) Response {
	return Response{Status: http.StatusSeeOther, Location: location}
}

// JSON answers a program.
func JSON(status int, v any) Response { return Response{Status: status, JSON: v} }

// Refuse answers with a fault, in the form the route's face has for it. Without one it
// is no answer: an error goes beside it.
func Refuse(f *fault.Fault) Response {
	if f == nil {
		return Response{}
	}
	return Response{Status: Status(f.Entry.Kind), Fault: f}
}

// T is a message in the request's language.
func (r *Request) T(key string, args ...any) string {
	return r.frame.pages.words.T(r.Lang, key, args...)
}

// In is a message in a language.
func (r *Request) In(l i18n.Lang, key string) string { return r.frame.pages.words.T(l, key) }

// Note adds to the request's log line.
func (r *Request) Note(key, value string) { r.notes = append(r.notes, slog.String(key, value)) }

// Local says whether the connection comes from this machine and through no
// proxy.
func (r *Request) Local() bool {
	peer, err := netip.ParseAddrPort(r.HTTP.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return false
	}
	// A proxy on this machine speaks for somebody elsewhere.
	for name := range r.HTTP.Header {
		if relayed[name] || strings.HasPrefix(name, "X-Forwarded") || strings.HasPrefix(name, "Cf-") {
			return false
		}
	}
	// nginx with one proxy_pass line and nothing else says none of it, and sends the
	// inner name as Host; but it asks in HTTP/1.0, which no browser does.
	if !r.HTTP.ProtoAtLeast(1, 1) {
		return false
	}
	// A page of another site whose name was made to lead here (DNS rebinding) says
	// that name.
	host := r.HTTP.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return netx.Loopback(host)
}

// relayed are headers that only something between sets.
var relayed = map[string]bool{"Forwarded": true, "Via": true, "X-Real-Ip": true, "X-Client-Ip": true, "True-Client-Ip": true, "X-Original-Host": true, "X-Envoy-External-Address": true}

// statuses maps kinds of fault to HTTP.
var statuses = map[fault.Kind]int{
	fault.Bad: 400, fault.Unauthenticated: 401, fault.Forbidden: 403, fault.NotFound: 404, fault.Conflict: 409,
	fault.Gone: 410, fault.TooLarge: 413, fault.Unsupported: 415, fault.TooMany: 429, fault.Unknown: 501, fault.Unavailable: 503, fault.Internal: 500,
}

// Status is the HTTP status of a kind of fault.
func Status(k fault.Kind) int { return statuses[k] }
