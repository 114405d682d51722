// Package api is the same journeys for programs: JSON in, JSON or problem+json
// (RFC 9457) out, described by OpenAPI 3.1.
//
// It has no rule of its own: the same flows, gate and limits as the pages answer.
package api

import (
	"context"
	"embed"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/factor/password"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow/access"
	"sekisho/internal/flow/address"
	"sekisho/internal/flow/allow"
	"sekisho/internal/flow/change"
	"sekisho/internal/flow/enrol"
	"sekisho/internal/flow/enter"
	"sekisho/internal/flow/explain"
	"sekisho/internal/flow/govern"
	"sekisho/internal/flow/invite"
	"sekisho/internal/flow/join"
	"sekisho/internal/flow/recover"
	"sekisho/internal/flow/signin"
	"sekisho/internal/flow/tegata"
	"sekisho/internal/ref"
	"sekisho/internal/session"
	"sekisho/internal/tint"
	"sekisho/internal/ua"
	"sekisho/internal/web"
)

//go:embed messages.toml
var files embed.FS

// Door holds the journeys.
type Door struct {
	Signin  *signin.Signin
	Join    *join.Join
	Recover *recover.Recover
	Replace *recover.Recover
	Change  *change.Change
	Address *address.Address
	Enrol   *enrol.Enrol
	Access  *access.Access
	Allow   *allow.Allow
	Tegata  *tegata.Tegata
	Explain *explain.Explain
	Govern  *govern.Govern
	Invite  *invite.Invite
	Open    bool
	Issuer  string
	Cookie  string // the session cookie's name, for the description

	document []byte
}

// limits are the bodies that may be larger than the frame's own limit.
var limits = map[string]int64{"/api/v1/tegata/vault": device.MostVault + 64<<10, logoPath: tint.MostLogo*4/3 + 64<<10}

// Door gives the routes.
func (d *Door) Door() web.Door {
	var routes []web.Route
	for _, o := range d.operations() {
		routes = append(routes, web.Route{Method: o.method, Path: o.path, Guard: o.guard, Face: web.API, Limit: limits[o.path], Handle: o.handle})
	}
	d.document = d.describe()
	return web.Door{Name: "api", Files: files, Routes: routes}
}

func (d *Door) openapi(context.Context, *web.Request) (web.Response, error) {
	return web.Response{Status: 200, Type: "application/json", Body: d.document}, nil
}

func noop(context.Context, *web.Request) (web.Response, error) { return web.Response{Status: 204}, nil }

// Way is one way to go on.
type Way struct {
	Kind  string   `json:"kind"`
	Label string   `json:"label"`
	Names []string `json:"names,omitempty"` // what its owner calls it
	Sent  bool     `json:"sent,omitempty"`
}

// Step is where a journey is.
type Step struct {
	Flow     string          `json:"flow"`
	Step     string          `json:"step,omitempty"`
	Next     []Way           `json:"next"`
	RetryAt  *time.Time      `json:"resend_at,omitempty"`
	Ready    *time.Time      `json:"ready_at,omitempty"` // step "waiting": when to come back
	Min      int             `json:"min_length,omitempty"`
	Sessions []Session       `json:"sessions,omitempty"`
	Number   string          `json:"push_number,omitempty"` // what Tegata is to be told
	Scan     string          `json:"scan_uri,omitempty"`    // what a code for Tegata to scan holds
	Options  json.RawMessage `json:"options,omitempty"`     // what a passkey is asked (WebAuthn Level 3 §5.5)
	Tegata   *Enrolling      `json:"enrolling,omitempty"`   // step "device": the installation that is being taken in
}

// Opened is a session that a journey opened. The token is shown this once.
type Opened struct {
	Token     string      `json:"token"`
	Account   ref.Account `json:"account"`
	Session   ref.Session `json:"session"`
	ExpiresAt time.Time   `json:"expires_at"`
	Missing   string      `json:"missing,omitempty"`
}

// refusal is a problem that says how to go on in the journey.
type refusal struct {
	fault.Problem
	Step
}

func opened(o *enter.Opened) web.Response {
	return web.JSON(http.StatusOK, Opened{o.Token.Reveal(), o.Account.ID, o.Session.ID, o.Session.Expires.UTC(), string(o.Missing)})
}

// answer gives a step, or a fault together with the step it leaves open.
func answer(r *web.Request, f *fault.Fault, s Step) (web.Response, error) {
	if f == nil {
		return web.JSON(http.StatusOK, s), nil
	}
	if s.Flow == "" {
		return web.Refuse(f), nil
	}
	if f.Reference == "" {
		f.Reference = r.ID // as the frame does
	}
	status := web.Status(f.Entry.Kind)
	body, err := json.Marshal(refusal{f.Problem(r.Lang, r.Zone, status), s})
	return web.Response{Status: status, Fault: f, Type: "application/problem+json", Body: body}, err
}

func (d *Door) ways(r *web.Request, kinds ...string) []Way {
	out := []Way{}
	for _, k := range kinds {
		out = append(out, Way{Kind: k, Label: r.T("api." + k)})
	}
	return out
}

// Session is one signed-in browser, app or device.
type Session struct {
	ID        ref.Session `json:"id"`
	Browser   string      `json:"browser"`
	OS        string      `json:"os"`
	Address   string      `json:"address"`
	Place     string      `json:"place"`
	CreatedAt time.Time   `json:"created_at"`
	LastUsed  time.Time   `json:"last_used_at"`
	ExpiresAt time.Time   `json:"expires_at"`
	ACR       string      `json:"acr"`
	AMR       []string    `json:"amr"`
	Current   bool        `json:"current"`
}

func sessions(list []session.Session, here ref.Session) []Session {
	out := make([]Session, 0, len(list))
	for _, s := range list {
		a := ua.Parse(s.Agent)
		out = append(out, Session{s.ID, a.Browser, a.OS, s.Addr, s.Place, s.Created.UTC(), s.LastUsed.UTC(), s.Expires.UTC(), s.ACR, session.Methods(s.AMR), s.ID == here})
	}
	return out
}

// Who is the answer to "who is it?".
type Who struct {
	Account       ref.Account `json:"account"`
	Session       ref.Session `json:"session"`
	ACR           string      `json:"acr"`
	AMR           []string    `json:"amr"`
	AuthTime      time.Time   `json:"auth_time"`
	ExpiresAt     time.Time   `json:"expires_at"`
	IdleExpiresAt *time.Time  `json:"idle_expires_at"`
}

func (d *Door) session(_ context.Context, r *web.Request) (web.Response, error) {
	s := r.Session
	w := Who{s.Account, s.ID, s.ACR, session.Methods(s.AMR), s.AuthTime.UTC(), s.Expires.UTC(), nil}
	if idle := r.Rules().Session.Idle; idle > 0 {
		at := r.Now.Add(idle).UTC() // this very request is a use
		w.IdleExpiresAt = &at
	}
	return web.JSON(http.StatusOK, w), nil
}

func (d *Door) signout(ctx context.Context, r *web.Request) (web.Response, error) {
	_, err := d.Change.End(ctx, r.Describe(), r.Session, []ref.Session{r.Session.ID}, false)
	return web.Response{Status: 204}, err
}

func (d *Door) sessions(ctx context.Context, r *web.Request) (web.Response, error) {
	var list []session.Session
	err := d.Change.DB.View(ctx, func(tx db.ReadTx) (err error) {
		list, err = d.Change.Living(ctx, tx, r.Session.Account)
		return err
	})
	return web.JSON(http.StatusOK, sessions(list, r.Session.ID)), err
}

func (d *Door) endSession(ctx context.Context, r *web.Request) (web.Response, error) {
	id, ok := ref.ParseSession(r.HTTP.PathValue("id"))
	if !ok {
		return web.Refuse(faults.NotFound.New()), nil
	}
	n, err := d.Change.End(ctx, r.Describe(), r.Session, []ref.Session{id}, false)
	if err == nil && n == 0 {
		return web.Refuse(faults.NotFound.New()), nil
	}
	return web.Response{Status: 204}, err
}

func (d *Door) endOthers(ctx context.Context, r *web.Request) (web.Response, error) {
	n, err := d.Change.End(ctx, r.Describe(), r.Session, nil, true)
	return web.JSON(http.StatusOK, map[string]int{"ended": n}), err
}

// Activity is a page of what happened.
type Activity struct {
	Events []Event `json:"events"`
	Next   string  `json:"next,omitempty"` // give it as after
}

// Event is one thing that happened.
type Event struct {
	Reference ref.Reference `json:"reference"`
	At        time.Time     `json:"at"`
	Kind      string        `json:"kind"`
	Code      string        `json:"code,omitempty"`
	Session   ref.Session   `json:"session,omitempty"`
	Browser   string        `json:"browser,omitempty"`
	Place     string        `json:"place,omitempty"`
	Address   string        `json:"address,omitempty"`
}

func (d *Door) activity(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	f := audit.Filter{Since: r.Now.AddDate(-1, 0, 0), Prefix: q["kind"], Limit: 50}
	if raw := q["limit"]; raw != "" {
		n, err := strconv.Atoi(raw)
		if err != nil || n < 1 || n > 500 {
			return web.Refuse(faults.Malformed.New("where", "limit")), nil
		}
		f.Limit = n
	}
	if raw := q["after"]; raw != "" {
		at, reference, _ := strings.Cut(raw, "_")
		us, err := strconv.ParseInt(at, 10, 64)
		if err != nil || reference == "" {
			return web.Refuse(faults.Malformed.New("where", "after")), nil
		}
		f.After = audit.Cursor{At: time.UnixMicro(us), Reference: ref.Reference(reference)}
	}
	var rows []audit.Row
	err = d.Change.DB.View(ctx, func(tx db.ReadTx) (err error) {
		rows, err = audit.Of(ctx, tx, r.Session.Account, f)
		return err
	})
	out := Activity{Events: make([]Event, 0, len(rows))}
	for _, x := range rows {
		out.Events = append(out.Events, Event{x.Reference, x.At.UTC(), x.Kind, x.Code, x.Session, x.Agent, x.Place, x.Addr})
	}
	if len(rows) == f.Limit {
		last := rows[len(rows)-1]
		out.Next = strconv.FormatInt(last.At.UnixMicro(), 10) + "_" + string(last.Reference)
	}
	return web.JSON(http.StatusOK, out), err
}

func (d *Door) changePassword(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Current string `json:"current"`
		New     string `json:"new"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	c, err := d.Change.Password(ctx, r.Describe(), r.Session, in.Current, in.New)
	if err != nil {
		return web.Response{}, err
	}
	if c.Fault != nil {
		return web.Refuse(c.Fault), nil
	}
	r.Renew(c.Token)
	return web.JSON(http.StatusOK, struct {
		Token string `json:"token"`
		Ended int    `json:"ended"`
	}{c.Token.Reveal(), c.Ended}), nil
}

func (d *Door) strength(_ context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Password string `json:"password"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	return web.JSON(http.StatusOK, map[string]int{"score": password.Strength(in.Password, password.About{})}), nil
}
