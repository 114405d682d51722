package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/i18n"
	"sekisho/internal/secret"
	"sekisho/internal/slowhash"
)

// Handler makes the HTTP handler of a table of routes. A table in which two
// routes collide, or one has no guard, is an error.
func (f *Frame) Handler(doors ...Door) (http.Handler, error) {
	var err error
	if f.static, err = loadStatic(); err != nil {
		return nil, err
	}
	if f.pages, err = f.loadPages(doors); err != nil {
		return nil, err
	}
	f.origin = http.NewCrossOriginProtection()
	if err := f.origin.AddTrustedOrigin(f.URL.Scheme + "://" + f.URL.Host); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	byPath := map[string][]string{}
	f.paths = byPath
	for _, d := range doors {
		for i := range d.Routes {
			r := &d.Routes[i]
			if r.Guard.Check == nil || r.Face == "" || r.Handle == nil {
				return nil, fmt.Errorf("route %s %s has no guard, face or handler", r.Method, r.Path)
			}
			mux.Handle(r.Method+" "+r.Path, f.serve(r))
			byPath[r.Path] = append(byPath[r.Path], r.Method)
		}
	}
	for path, methods := range byPath {
		for _, m := range verbs {
			// One by one, not all at once: with a pattern for every method, /x/new
			// and DELETE /x/{id} would be at odds.
			if !slices.Contains(methods, m) {
				mux.Handle(m+" "+path, f.serve(wrongMethod(path, methods)))
			}
		}
	}
	mux.Handle("GET "+f.static.base, f.static)
	for _, d := range doors {
		if d.Assets != nil {
			mux.Handle("GET "+d.Assets.base, d.Assets)
		}
	}
	if _, taken := byPath["/"]; !taken {
		for path, face := range map[string]Face{"/": Page, "/api/": API, "/oauth/": OAuth} {
			mux.Handle(path, f.serve(&Route{Path: path, Guard: Anyone, Face: face, Handle: notFound}))
		}
	}
	return mux, nil
}

// verbs are the methods that clients use; GET stands for HEAD too.
var verbs = []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}

// notFound answers what no route has. A method that nothing here knows is no question of
// the address (RFC 9110 §15.6.2).
func notFound(_ context.Context, r *Request) (Response, error) {
	if m := r.HTTP.Method; m != http.MethodHead && !slices.Contains(verbs, m) {
		return Refuse(faults.MethodUnknown.New()), nil
	}
	return Refuse(faults.NotFound.New()), nil
}

func wrongMethod(path string, methods []string) *Route {
	methods = slices.Clone(methods)
	if slices.Contains(methods, "GET") {
		methods = append(methods, "HEAD") // answered wherever GET is
	}
	sort.Strings(methods)
	allow := strings.Join(methods, ", ")
	face := Page
	if strings.HasPrefix(path, "/api/") {
		face = API
	} else if strings.HasPrefix(path, "/oauth/") {
		face = OAuth
	}
	return &Route{Path: path, Guard: Anyone, Face: face, Handle: func(context.Context, *Request) (Response, error) {
		r := Refuse(faults.MethodNotAllowed.New())
		r.Status, r.Header = http.StatusMethodNotAllowed, map[string]string{"Allow": allow}
		return r, nil
	}}
}

func (f *Frame) serve(route *Route) http.Handler {
	limit := route.Limit
	if limit == 0 {
		limit = 64 << 10
	}
	return http.HandlerFunc(func(w http.ResponseWriter, h *http.Request) {
		began := time.Now()
		ctx := &patient{Context: h.Context(), until: began.Add(patience)}
		defer ctx.over()
		h.Body = http.MaxBytesReader(w, h.Body, limit)
		r := f.request(h, route)
		res := f.run(ctx, r, route)
		if res.Hold != nil {
			var gone bool
			if res, gone = f.hold(ctx, w, &holding{Hold: res.Hold, frame: f, r: r, route: route, began: began}); gone {
				return
			}
		}
		sent := &sender{ResponseWriter: w, began: began}
		f.write(ctx, sent, r, res)
		f.line(r, route, res, sent)
		if r.torn {
			panic(http.ErrAbortHandler)
		}
	})
}

// sender remembers the status that went out: a page that does not render is an
// answer other than the one that was meant.
type sender struct {
	http.ResponseWriter
	status int
	began  time.Time
}

// WriteHeader notes the status and sends it.
func (s *sender) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

func (f *Frame) request(h *http.Request, route *Route) *Request {
	r := &Request{HTTP: h, ID: requestID(), Now: f.Clock().Truncate(time.Microsecond), Zone: f.Zone, frame: f, face: route.Face}
	r.Lang = f.language(h)
	f.visitor(r)
	return r
}

// requestID looks like every other reference that is read out, and is longer: there are
// more requests than things that happened.
func requestID() string { return secret.Human() + "-" + secret.Human()[:4] }

// run checks and handles; whatever happens inside, there is an answer.
func (f *Frame) run(ctx context.Context, r *Request, route *Route) Response {
	return f.caught(r, route, func() (Response, error) {
		if route.Face != OAuth {
			if err := f.origin.Check(r.HTTP); err != nil {
				return Refuse(faults.CrossOrigin.New()), nil
			}
		}
		stop, err := route.Guard.Check(ctx, r)
		switch {
		case err != nil:
			return Response{}, err
		case stop != nil:
			return *stop, nil
		}
		return route.Handle(ctx, r)
	})
}

// caught does something that answers; an error and a panic are answers, too.
func (f *Frame) caught(r *Request, route *Route, do func() (Response, error)) (res Response) {
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			f.Log.Error("panic", "request", r.ID, "route", route.Path, "what", fmt.Sprint(p), "stack", string(debug.Stack()))
			res = f.broken(r, faults.ServerError)
		}
	}()
	res, err := do()
	if err != nil {
		return f.failed(r, err)
	}
	return res
}

// failed turns an error, which rolled everything back, into a fault.
func (f *Frame) failed(r *Request, err error) Response {
	var told *Told
	switch {
	case errors.As(err, &told):
		res := Refuse(told.Fault)
		if r.face == OAuth && res.Status == http.StatusUnsupportedMediaType {
			res.Status = http.StatusBadRequest // what RFC 6749 §5.2 has for all that does not read
		}
		return res
	case errors.Is(err, db.ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		r.Note("error", err.Error())
		return f.broken(r, faults.Unavailable)
	case errors.Is(err, slowhash.ErrBusy), errors.Is(err, db.ErrTaken):
		r.Note("error", err.Error())
		return f.broken(r, faults.Busy)
	default:
		f.Log.Error("failed", "request", r.ID, "error", err.Error())
		return f.broken(r, faults.ServerError)
	}
}

func (f *Frame) broken(r *Request, e *fault.Entry) Response {
	flt := e.New()
	flt.Reference = r.ID
	res := Refuse(flt)
	if e.Kind == fault.Unavailable {
		res.Header = map[string]string{"Retry-After": "2"}
	}
	return res
}

// Told is a fault on its way out of a parser, where nothing was begun yet.
type Told struct{ Fault *fault.Fault }

func (t *Told) Error() string { return "fault " + t.Fault.Code() }

func tell(f *fault.Fault) error { return &Told{f} }

// Headers of every answer; they are replaced, never changed.
var (
	nosniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	noStore    = []string{"no-store"}
	ourOrigin  = []string{"same-origin"}

	acceptLanguage = []string{"Accept-Language"}
)

func (f *Frame) write(ctx context.Context, w http.ResponseWriter, r *Request, res Response) {
	if res.Fault != nil && res.Fault.Reference == "" && res.Page == nil {
		res.Fault.Reference = r.ID // no audit row tells of it; the request's line in the log does
	}
	f.heads(w.Header(), r, res)
	for _, c := range r.cookies {
		http.SetCookie(w, c)
	}
	switch {
	case res.Location != "":
		w.Header().Set("Location", res.Location)
		w.WriteHeader(res.Status)
	case res.Stream != nil:
		w.Header()["Content-Type"] = []string{res.Type}
		w.WriteHeader(res.Status)
		if err := res.Stream(ctx, w); err != nil {
			r.Note("error", err.Error())
			r.torn = true
		}
	case res.Body != nil:
		send(w, res.Status, res.Type, res.Body)
	case res.JSON != nil:
		sendJSON(w, res.Status, "application/json", res.JSON)
	case res.Page == nil && res.Fault != nil && r.face == API:
		sendJSON(w, res.Status, "application/problem+json", res.Fault.Problem(r.Lang, r.Zone, res.Status))
	case res.Page == nil && res.Fault != nil && r.face == OAuth:
		sendJSON(w, res.Status, "application/json", oauthError(res.Fault, r.Zone))
	case res.Page != nil || res.Fault != nil:
		f.html(ctx, w, r, res)
	case res.Status != 0:
		w.WriteHeader(res.Status)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// heads sets the headers of every answer.
func (f *Frame) heads(h http.Header, r *Request, res Response) {
	// As they are sent, names in their canonical form: Set would bring each into it
	// and make a slice for it, at every request.
	h["X-Content-Type-Options"], h["Referrer-Policy"], h["Cache-Control"] = nosniff, noReferrer, noStore
	h["Cross-Origin-Resource-Policy"] = ourOrigin // what other sites' programs may read (CORS) is not held up by it
	h["X-Request-Id"] = []string{r.ID}
	if f.URL.Scheme == "https" {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if r.face == API {
		h["Content-Language"], h["Vary"] = []string{string(r.Lang)}, acceptLanguage
	}
	for k, v := range res.Header {
		h.Set(k, v)
	}
	if res.Status == http.StatusUnauthorized && r.face == API && h.Get("WWW-Authenticate") == "" {
		h.Set("WWW-Authenticate", challenge(res.Fault)) // RFC 9110 §15.5.2 demands one
	}
	if res.Fault != nil && h.Get("Retry-After") == "" && !res.Fault.RetryAt.IsZero() {
		h.Set("Retry-After", strconv.Itoa(max(1, int(res.Fault.RetryAt.Sub(r.Now).Seconds()))))
	}
}

// challenge says what a program would have to show. Where an answer in the body was
// wrong no Authorization header mends it, and the scheme of no standard would be true.
func challenge(f *fault.Fault) string {
	if f != nil && (strings.HasPrefix(f.Code(), "session.") || strings.HasPrefix(f.Code(), "token.")) {
		return `Bearer realm="sekisho"`
	}
	return `Proof realm="sekisho"`
}

func (f *Frame) html(ctx context.Context, w http.ResponseWriter, r *Request, res Response) {
	if res.Page == nil {
		res.Template, res.Page = "fault", struct{}{}
	}
	var b bytes.Buffer
	if err := f.pages.render(&b, r, res); err != nil {
		f.Log.Error("page", "request", r.ID, "template", res.Template, "error", err.Error())
		http.Error(w, "500", http.StatusInternalServerError)
		return
	}
	to := ""
	if res.Leads != "" && f.Leads != nil {
		to = " " + f.Leads(ctx, res.Leads)
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "+
		"form-action 'self'"+strings.TrimRight(to, " ")+"; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'")
	w.Header().Set("X-Frame-Options", "DENY")
	w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
	w.Header().Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	w.Header().Set("Content-Language", string(r.Lang))
	w.Header().Set("Vary", "Accept-Language, Cookie")
	send(w, res.Status, "text/html; charset=utf-8", b.Bytes())
}

func send(w http.ResponseWriter, status int, kind string, body []byte) {
	h := w.Header()
	h["Content-Type"], h["Content-Length"] = []string{kind}, []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that went away is nobody's fault
}

func sendJSON(w http.ResponseWriter, status int, kind string, v any) {
	var body bytes.Buffer
	if err := json.NewEncoder(&body).Encode(v); err != nil {
		http.Error(w, "500", http.StatusInternalServerError)
		return
	}
	send(w, status, kind, body.Bytes())
}

// oauthError is a fault in the words of RFC 6749 §5.2.
func oauthError(f *fault.Fault, zone *time.Location) map[string]string {
	code := map[fault.Kind]string{
		fault.Unauthenticated: "invalid_client", fault.Unavailable: "temporarily_unavailable", fault.Internal: "server_error",
	}[f.Entry.Kind]
	if code == "" {
		code = "invalid_request"
	}
	t := f.Say(i18n.En, zone)
	out := map[string]string{"error": code, "error_description": ascii(t.What + " " + t.Why)}
	if f.Reference != "" {
		out["reference"] = f.Reference
	}
	return out
}

// ascii keeps what RFC 6749 §5.2 allows in an error_description.
func ascii(s string) string {
	return strings.Map(func(c rune) rune {
		if c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			return ' '
		}
		return c
	}, s)
}

// line writes the request's one line. Paths are the route's pattern: what stands
// in an address may be somebody's secret.
func (f *Frame) line(r *Request, route *Route, res Response, sent *sender) {
	if !f.Log.Enabled(r.HTTP.Context(), slog.LevelInfo) {
		return
	}
	attrs := []slog.Attr{
		slog.String("id", r.ID), slog.String("method", r.HTTP.Method), slog.String("route", route.Path),
		slog.Int("status", sent.status), slog.Int64("us", time.Since(sent.began).Microseconds()),
		slog.String("from", r.Visitor.Network),
	}
	if res.Fault != nil {
		attrs = append(attrs, slog.String("fault", res.Fault.Code()))
	}
	if r.Session.Account != "" {
		attrs = append(attrs, slog.String("account", string(r.Session.Account)))
	}
	f.Log.LogAttrs(r.HTTP.Context(), slog.LevelInfo, "request", append(attrs, r.notes...)...)
}
