package api

import (
	"context"
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/factor/push"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow/enrol"
	"sekisho/internal/flow/tegata"
	webpush "sekisho/internal/push"
	"sekisho/internal/ref"
	"sekisho/internal/ua"
	"sekisho/internal/web"
)

// Calls of installations are signed with the key of one (decision 0020).

// held bounds how long a call waits for news; the frame gives up after 20 seconds.
const held = 15 * time.Second

// signedByKey is the guard of what only an installation may ask.
func (d *Door) signedByKey() web.Guard {
	return web.Guard{Name: "tegata", Check: func(ctx context.Context, r *web.Request) (*web.Response, error) {
		kind, header, _ := strings.Cut(r.HTTP.Header.Get("Authorization"), " ")
		if !strings.EqualFold(kind, "Tegata") {
			return unsigned(faults.DeviceUnknown.New()), nil
		}
		body, err := r.Raw()
		if err != nil {
			return nil, err
		}
		who, f, err := d.Tegata.Authenticate(ctx, &tegata.Call{Visitor: r.Describe(), Header: strings.TrimSpace(header), Method: r.HTTP.Method, Path: r.HTTP.URL.RequestURI(), Body: body})
		if err != nil || f != nil {
			return unsigned(f), err
		}
		r.Extra = who
		return nil, nil
	}}
}

// unsigned refuses a call that no installation's key signed, or whose account lets it
// not in.
func unsigned(f *fault.Fault) *web.Response {
	res := web.Refuse(f)
	if res.Status == http.StatusUnauthorized {
		res.Header = map[string]string{"WWW-Authenticate": `Tegata realm="sekisho"`}
	}
	return &res
}

func caller(r *web.Request) tegata.Caller { return *r.Extra.(*tegata.Caller) }

// Installation is one installation of Tegata.
type Installation struct {
	ID       ref.Device  `json:"id"`
	Name     string      `json:"name"`
	Kind     device.Kind `json:"kind"`
	Primary  bool        `json:"primary"`
	Stale    bool        `json:"stale"`
	Created  time.Time   `json:"created_at"`
	LastSeen time.Time   `json:"last_seen_at"`
}

func installation(x device.Device, turn int64) Installation {
	return Installation{x.ID, x.Name, x.Kind, x.Main, x.Stale(turn), x.Created.UTC(), x.LastSeen.UTC()}
}

// Approval is a request as an installation shows it. The number is not part of it.
type Approval struct {
	ID      ref.Request  `json:"id"`
	Created time.Time    `json:"created_at"`
	Expires time.Time    `json:"expires_at"`
	App     string       `json:"app"`
	Browser string       `json:"browser"`
	Place   string       `json:"place"`
	Addr    string       `json:"addr"`
	Purpose push.Purpose `json:"purpose"`
	Digits  int          `json:"number_digits"`
}

func approval(x push.Request) Approval {
	if x.Purpose == push.Regain {
		x.Purpose = push.Recover // it is asked the same
	}
	a := Approval{x.ID, x.Created.UTC(), x.Expires.UTC(), x.App, x.Agent, x.Place, x.Addr, x.Purpose, 0}
	if x.Numbered {
		a.Digits = push.Digits
	}
	return a
}

func approvals(list []push.Request) []Approval {
	out := make([]Approval, 0, len(list))
	for _, x := range list {
		out = append(out, approval(x))
	}
	return out
}

type owner struct {
	ID         ref.Account `json:"id"`
	Name       string      `json:"name"`
	Identifier string      `json:"identifier"`
}

type lockState struct {
	On    bool       `json:"on"`
	Until *time.Time `json:"until"`
}

func lockOf(s *tegata.State) lockState {
	l := lockState{On: s.Account.Locked(s.Now)}
	if l.On {
		l.Until = at(s.Account.LockEnds)
	}
	return l
}

func (d *Door) tegataJoin(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Ticket string `json:"ticket"`
		Key    string `json:"key"`
		Name   string `json:"name"`
		Kind   string `json:"kind"`
		Proof  string `json:"proof"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	name, f := enrol.Name(in.Name, "Tegata")
	if f != nil {
		return web.Refuse(f), nil
	}
	kind := device.App
	if in.Kind == string(device.CLI) {
		kind = device.CLI
	}
	j, err := d.Tegata.Join(ctx, r.Describe(), tegata.Ask{Ticket: in.Ticket, Key: in.Key, Proof: in.Proof, Name: name, Kind: kind})
	if err != nil || j.Fault != nil {
		return web.Refuse(j.Fault), err
	}
	return web.JSON(http.StatusOK, map[string]any{"device": j.Device.ID, "number": j.Number, "journey": j.Journey, "account": owner{j.Account.ID, j.Account.Name, label(j)},
		"service": d.Tegata.Sheet.Service, "origin": d.Tegata.Origin, "server_time": r.Now.UTC(), "expires_at": j.Expires.UTC()}), nil
}

func label(j tegata.Joined) string {
	if j.Account.Email.Norm != "" {
		return j.Account.Email.Shown
	}
	return j.Account.Username
}

func joined(j tegata.Joined, err error) (web.Response, error) {
	if err != nil || j.Fault != nil {
		return web.Refuse(j.Fault), err
	}
	out := map[string]any{"state": "waiting", "number": j.Number, "confirmed_here": j.Here}
	if j.Ready {
		out["state"] = "active"
	}
	if j.Code != "" {
		out["code_secret"] = j.Code.Reveal()
	}
	return web.JSON(http.StatusOK, out), nil
}

func (d *Door) tegataJoined(ctx context.Context, r *web.Request) (web.Response, error) {
	return joined(d.Tegata.Look(ctx, caller(r)))
}

func (d *Door) tegataAgree(ctx context.Context, r *web.Request) (web.Response, error) {
	return joined(d.Tegata.Agree(ctx, caller(r)))
}

func (d *Door) tegataState(ctx context.Context, r *web.Request) (web.Response, error) {
	s, err := d.Tegata.State(ctx, caller(r))
	if err != nil {
		return web.Response{}, err
	}
	list := []Installation{}
	for _, x := range s.Devices {
		list = append(list, installation(x, s.Account.Turn))
	}
	return web.JSON(http.StatusOK, map[string]any{"account": owner{s.Account.ID, s.Account.Name, label(tegata.Joined{Account: s.Account})}, "service": d.Tegata.Sheet.Service,
		"device": installation(s.Device, s.Account.Turn), "devices": list, "lock": lockOf(&s), "requests": approvals(s.Requests),
		"vault_version": s.Vault, "server_time": s.Now.UTC()}), nil
}

// mark names what an installation has seen, so that it is told only of what is new.
func mark(s *tegata.State) string {
	var b strings.Builder
	for _, x := range s.Requests {
		b.WriteString(string(x.ID))
		b.WriteByte(',')
	}
	b.WriteString(strconv.FormatBool(s.Account.Locked(s.Now)))
	b.WriteString(strconv.FormatBool(s.Stale()))
	b.WriteString(strconv.FormatInt(s.Vault, 10))
	return base64.RawURLEncoding.EncodeToString([]byte(b.String()))
}

// events are what is new for an installation.
type events struct {
	Cursor   string     `json:"cursor"`
	Requests []Approval `json:"requests"`
	Lock     lockState  `json:"lock"`
	Stale    bool       `json:"stale"`
	Vault    int64      `json:"vault_version"`
	Now      time.Time  `json:"server_time"`
}

func (d *Door) tegataEvents(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	wait := held
	if n, err := strconv.Atoi(q["wait"]); err == nil && n >= 0 {
		wait = min(wait, time.Duration(n)*time.Second)
	}
	wait -= rand.N(wait/3 + 1) // those who came at once, as after a restart, do not come at once again
	c := caller(r)
	r.Extra = nil // thousands wait here: what is not needed any more goes
	id, account, after, hub := c.Device.ID, string(c.Account.ID), q["after"], d.Tegata.Hub
	return web.Response{Hold: &web.Hold{Most: wait, Woken: func(wake func()) func() { return hub.Then(account, wake) },
		Look: func(ctx context.Context) (web.Look, error) {
			s, err := d.Tegata.State(ctx, tegata.Caller{Device: device.Device{ID: id}})
			if errors.Is(err, db.ErrNone) { // retired meanwhile
				return web.Look{Answer: web.Refuse(faults.DeviceUnknown.New()), Due: true}, nil
			}
			e := events{mark(&s), approvals(s.Requests), lockOf(&s), s.Stale(), s.Vault, s.Now.UTC()}
			return web.Look{Answer: web.JSON(http.StatusOK, e), Due: e.Cursor != after || hub.Closed(), Again: s.WidensIn()}, err
		}}}, nil
}

func requestOf(r *web.Request) (ref.Request, bool) { return ref.ParseRequest(r.HTTP.PathValue("id")) }

func (d *Door) tegataReceipt(ctx context.Context, r *web.Request) (web.Response, error) {
	id, ok := requestOf(r)
	if !ok {
		return web.Refuse(faults.NotFound.New()), nil
	}
	return web.Response{Status: http.StatusNoContent}, d.Tegata.Receipt(ctx, caller(r), id)
}

func (d *Door) tegataDecide(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Decision  string `json:"decision"`
		Number    string `json:"number"`
		Signature string `json:"signature"`
		Verified  bool   `json:"verified"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	id, ok := requestOf(r)
	if !ok {
		return web.Refuse(faults.NotFound.New()), nil
	}
	signature, err := base64.RawURLEncoding.DecodeString(in.Signature)
	if err != nil {
		return web.Refuse(faults.PushUnsigned.New()), nil
	}
	return empty(d.Tegata.Decide(ctx, caller(r), id, push.Said{Decision: push.Decision(in.Decision), Number: in.Number, Verified: in.Verified, Signature: signature}))
}

func empty(f *fault.Fault, err error) (web.Response, error) {
	if err != nil || f != nil {
		return web.Refuse(f), err
	}
	return web.Response{Status: http.StatusNoContent}, nil
}

func (d *Door) tegataScan(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Code string `json:"code"`
		Link bool   `json:"link"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	x, f, err := d.Tegata.Scan(ctx, caller(r), in.Code, in.Link)
	if err != nil || f != nil {
		return web.Refuse(f), err
	}
	return web.JSON(http.StatusOK, approval(x)), nil
}

func (d *Door) tegataSessions(ctx context.Context, r *web.Request) (web.Response, error) {
	list, f, err := d.Tegata.Sessions(ctx, caller(r))
	if err != nil || f != nil {
		return web.Refuse(f), err
	}
	type shown struct {
		ID       ref.Session `json:"id"`
		Browser  string      `json:"browser"`
		OS       string      `json:"os"`
		Place    string      `json:"place"`
		Addr     string      `json:"addr"`
		Created  time.Time   `json:"created_at"`
		LastUsed time.Time   `json:"last_used_at"`
		Proofs   []string    `json:"proofs"`
	}
	out := []shown{}
	for _, s := range list {
		a := ua.Parse(s.Agent)
		out = append(out, shown{s.ID, a.Browser, a.OS, s.Place, s.Addr, s.Created.UTC(), s.LastUsed.UTC(), s.AMR})
	}
	return web.JSON(http.StatusOK, map[string]any{"sessions": out}), nil
}

func (d *Door) tegataEnd(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		IDs []string `json:"ids"`
		All bool     `json:"all"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	var ids []ref.Session
	for _, s := range in.IDs {
		if id, ok := ref.ParseSession(s); ok {
			ids = append(ids, id)
		}
	}
	n, f, err := d.Tegata.End(ctx, caller(r), ids, in.All)
	if err != nil || f != nil {
		return web.Refuse(f), err
	}
	return web.JSON(http.StatusOK, map[string]int{"ended": n}), nil
}

func (d *Door) tegataLock(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		On    bool       `json:"on"`
		Until *time.Time `json:"until"`
		End   bool       `json:"end_sessions"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	l := tegata.Lock{On: in.On, End: in.End}
	if in.Until != nil {
		l.Ends = in.Until.UTC().Truncate(time.Microsecond)
	}
	return empty(d.Tegata.Lock(ctx, caller(r), l))
}

func (d *Door) tegataGuarded(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		On bool `json:"on"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	return empty(d.Tegata.Guard(ctx, caller(r), in.On))
}

func (d *Door) tegataRefresh(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Password string `json:"password"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	return empty(d.Tegata.Refresh(ctx, caller(r), in.Password))
}

func deviceOf(r *web.Request) (ref.Device, bool) { return ref.ParseDevice(r.HTTP.PathValue("id")) }

func (d *Door) tegataRename(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Name string `json:"name"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	name, f := enrol.Name(in.Name, "")
	id, ok := deviceOf(r)
	switch {
	case f != nil, name == "":
		return web.Refuse(faults.FactorName.New()), nil
	case !ok:
		return web.Refuse(faults.NotFound.New()), nil
	}
	return empty(d.Tegata.Rename(ctx, caller(r), id, name))
}

func (d *Door) tegataPromote(ctx context.Context, r *web.Request) (web.Response, error) {
	id, ok := deviceOf(r)
	if !ok {
		return web.Refuse(faults.NotFound.New()), nil
	}
	return empty(d.Tegata.Promote(ctx, caller(r), id))
}

func (d *Door) tegataRetire(ctx context.Context, r *web.Request) (web.Response, error) {
	id, ok := deviceOf(r)
	if !ok {
		return web.Refuse(faults.NotFound.New()), nil
	}
	return empty(d.Tegata.Retire(ctx, caller(r), id))
}

func (d *Door) tegataVault(ctx context.Context, r *web.Request) (web.Response, error) {
	v, f, err := d.Tegata.Vault(ctx, caller(r))
	if err != nil || f != nil {
		return web.Refuse(f), err
	}
	return web.JSON(http.StatusOK, map[string]any{"version": v.Version, "sealed": v.Sealed}), nil
}

func (d *Door) tegataPutVault(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Version int64  `json:"version"`
		Sealed  string `json:"sealed"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	version, f, err := d.Tegata.PutVault(ctx, caller(r), device.Vault{Version: in.Version, Sealed: in.Sealed})
	if err != nil || f != nil {
		return web.Refuse(f), err
	}
	return web.JSON(http.StatusOK, map[string]any{"version": version}), nil
}

func (d *Door) tegataWakeKey(ctx context.Context, r *web.Request) (web.Response, error) {
	k, subscribed, err := d.Tegata.WakeKey(ctx, caller(r))
	return web.JSON(http.StatusOK, map[string]any{"key": k, "subscribed": subscribed}), err
}

func (d *Door) tegataSubscribe(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Endpoint string `json:"endpoint"`
		P256dh   string `json:"p256dh"`
		Auth     string `json:"auth"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	return empty(d.Tegata.Subscribe(ctx, caller(r), webpush.Subscription{Endpoint: in.Endpoint, P256dh: in.P256dh, Auth: in.Auth}))
}

func (d *Door) tegataUnsubscribe(ctx context.Context, r *web.Request) (web.Response, error) {
	return empty(d.Tegata.Unsubscribe(ctx, caller(r)))
}
