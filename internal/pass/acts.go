package pass

import (
	"context"
	"net/url"
	"strconv"
	"time"
)

// Installation is one installation of the account.
type Installation struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Kind     string    `json:"kind"`
	Primary  bool      `json:"primary"`
	Stale    bool      `json:"stale"`
	Created  time.Time `json:"created_at"`
	LastSeen time.Time `json:"last_seen_at"`
}

// Request is an approval that is asked for.
type Request struct {
	ID      string    `json:"id"`
	Created time.Time `json:"created_at"`
	Expires time.Time `json:"expires_at"`
	App     string    `json:"app"`
	Browser string    `json:"browser"`
	Place   string    `json:"place"`
	Addr    string    `json:"addr"`
	Purpose string    `json:"purpose"`
	Digits  int       `json:"number_digits"` // of the number that is to be entered; 0: none
}

// LockState is how the sign-in lock stands.
type LockState struct {
	On    bool       `json:"on"`
	Until *time.Time `json:"until"`
}

// State is all that an installation shows.
type State struct {
	Account  Owner          `json:"account"`
	Service  string         `json:"service"`
	Device   Installation   `json:"device"`
	Devices  []Installation `json:"devices"`
	Lock     LockState      `json:"lock"`
	Requests []Request      `json:"requests"`
	Vault    int64          `json:"vault_version"`
	Now      time.Time      `json:"server_time"`
}

// State reads it.
func (p *Pass) State(ctx context.Context) (s State, err error) {
	return s, p.Call(ctx, "GET", "/api/v1/tegata/state", nil, &s)
}

// Events is what is new.
type Events struct {
	Cursor   string    `json:"cursor"`
	Requests []Request `json:"requests"`
	Lock     LockState `json:"lock"`
	Stale    bool      `json:"stale"`
	Now      time.Time `json:"server_time"`
}

// Events waits until something else is to be shown than after the cursor, some
// seconds at most.
func (p *Pass) Events(ctx context.Context, cursor string, seconds int) (e Events, err error) {
	return e, p.Call(ctx, "GET", "/api/v1/tegata/events?after="+url.QueryEscape(cursor)+"&wait="+strconv.Itoa(seconds), nil, &e)
}

// Receipt says that a request has come.
func (p *Pass) Receipt(ctx context.Context, id string) error {
	return p.Call(ctx, "POST", "/api/v1/tegata/requests/"+url.PathEscape(id)+"/receipt", struct{}{}, nil)
}

// The decisions there are.
const (
	Approve = "approve"
	Cancel  = "cancel" // it was me, stop
	Deny    = "deny"   // it was not me
)

// Said is what the holder says of a request.
type Said struct {
	Account  string
	Request  string
	Decision string
	Number   string // as it was entered; empty for a scanned code and for a refusal
	Verified bool   // the app lock was passed for it
}

// Decide says it, signed.
func (p *Pass) Decide(ctx context.Context, s Said) error {
	signature, err := sign(p.Key, "sekisho-approval-1", s.Request, s.Account, p.Origin, s.Number, s.Decision, strconv.FormatBool(s.Verified))
	if err != nil {
		return err
	}
	return p.Call(ctx, "POST", "/api/v1/tegata/requests/"+url.PathEscape(s.Request),
		map[string]any{"decision": s.Decision, "number": s.Number, "verified": s.Verified, "signature": signature}, nil)
}

// Scan takes the link of a sign-in page's code.
func (p *Pass) Scan(ctx context.Context, link string) (r Request, err error) {
	origin, code, err := ParseLink(link, "signin")
	if err != nil || origin != p.Origin {
		return r, ErrLink
	}
	return r, p.Call(ctx, "POST", "/api/v1/tegata/scan", map[string]string{"code": code}, &r)
}

// Session is one that is open.
type Session struct {
	ID       string    `json:"id"`
	Browser  string    `json:"browser"`
	OS       string    `json:"os"`
	Place    string    `json:"place"`
	Addr     string    `json:"addr"`
	Created  time.Time `json:"created_at"`
	LastUsed time.Time `json:"last_used_at"`
	Proofs   []string  `json:"proofs"`
}

// Sessions lists what is open.
func (p *Pass) Sessions(ctx context.Context) ([]Session, error) {
	var out struct{ Sessions []Session }
	return out.Sessions, p.Call(ctx, "GET", "/api/v1/tegata/sessions", nil, &out)
}

// End ends sessions; all of them when all is set. It says how many there were.
func (p *Pass) End(ctx context.Context, ids []string, all bool) (int, error) {
	var out struct{ Ended int }
	err := p.Call(ctx, "POST", "/api/v1/tegata/sessions/end", map[string]any{"ids": ids, "all": all}, &out)
	return out.Ended, err
}

// Lock sets the sign-in lock, until an instant or (zero) until it is lifted.
func (p *Pass) Lock(ctx context.Context, until time.Time, end bool) error {
	in := map[string]any{"on": true, "end_sessions": end}
	if !until.IsZero() {
		in["until"] = until.UTC()
	}
	return p.Call(ctx, "PUT", "/api/v1/tegata/lock", in, nil)
}

// Unlock lifts the sign-in lock.
func (p *Pass) Unlock(ctx context.Context) error {
	return p.Call(ctx, "PUT", "/api/v1/tegata/lock", map[string]any{"on": false}, nil)
}

// Guard says whether an app lock stands before everything the installation shows.
func (p *Pass) Guard(ctx context.Context, on bool) error {
	return p.Call(ctx, "PUT", "/api/v1/tegata/guard", map[string]any{"on": on}, nil)
}

// Refresh confirms the password that holds now.
func (p *Pass) Refresh(ctx context.Context, password string) error {
	return p.Call(ctx, "POST", "/api/v1/tegata/refresh", map[string]string{"password": password}, nil)
}

// Promote hands on being the primary installation.
func (p *Pass) Promote(ctx context.Context, id string) error {
	return p.Call(ctx, "POST", "/api/v1/tegata/devices/"+url.PathEscape(id)+"/promote", struct{}{}, nil)
}

// Retire takes an installation away.
func (p *Pass) Retire(ctx context.Context, id string) error {
	return p.Call(ctx, "DELETE", "/api/v1/tegata/devices/"+url.PathEscape(id), nil, nil)
}
