package me

import (
	"context"
	"net/url"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/device"
	"sekisho/internal/factor/passkey"
	"sekisho/internal/factor/smscode"
	"sekisho/internal/factor/totp"
	"sekisho/internal/faults"
	"sekisho/internal/flow/enrol"
	"sekisho/internal/gate"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

// Pages of the ways to prove who one is.
type (
	// Factors is the overview of them (MF-01).
	Factors struct {
		On, Demanded     bool
		Held             bool // the session reaches nothing else until one is set up
		Alone            bool // losing the only one locks out, but for what is spare
		Return, Done     string
		Password         bool
		List             []Factor
		Kinds            []Addable
		Choice           bool // there are several kinds, of which one is asked for first
		Codes            bool // backup codes are allowed
		Backup, BackupOf int
		Made             time.Time
		Passphrase       bool
		Trusts, Days     int
		Org              string // whose rules these are; empty: everybody's
	}
	// Factor is one of them.
	Factor struct {
		ID                ref.Factor
		Path              string // of its page; empty: that of its ID
		Kind, Name        string
		Created, LastUsed time.Time
		Synced            bool
		Cloned            time.Time
		Asked             bool // its kind is asked for first
		Denied            bool // the policy lets its kind count no more
	}
	// Addable is a kind that can be added, or why it cannot.
	Addable struct{ Kind, Path, Why string }
	// One shows one factor, and what can be done with it.
	One struct {
		Factor Factor
		Stays  bool // the last one, where one is demanded
	}
	// Prefer chooses which kind is asked for first.
	Prefer struct {
		Kinds []string
		Now   string
	}
	// Ask asks once before something ends.
	Ask struct {
		What       string // totp, smscode, passkey, passphrase, off, browser or app
		Name       string
		Agent      string // of a browser
		Last       bool   // with it the second factor is off
		Post, Back string // paths
		ID         string
	}
)

// page is a handler of a page.
type page = func(context.Context, *web.Request) (web.Response, error)

func (d *Door) factorRoutes() []web.Route {
	route := func(method, path string, h page) web.Route {
		return web.Route{Method: method, Path: path, Guard: web.FreshSetup, Face: web.Page, Handle: h}
	}
	routes := []web.Route{
		{Method: "GET", Path: "/me/factors", Guard: web.SettingUp, Face: web.Page, Handle: d.factors},
		route("GET", "/me/factors/app/qr", d.appQR),
		{Method: "POST", Path: "/me/factors/key/options", Guard: web.FreshSetup, Face: web.API, Handle: d.keyOptions},
	}
	for path, x := range map[string]struct{ get, post page }{
		"/me/factors/one":               {d.factor, d.rename},
		"/me/factors/app":               {d.appPage, d.appDo},
		"/me/factors/sms":               {d.smsPage, d.smsDo},
		"/me/factors/key":               {d.keyPage, d.keyDo},
		"/me/factors/backup":            {d.backupPage, d.backupDo},
		"/me/factors/passphrase":        {d.passphrasePage, d.passphraseDo},
		"/me/factors/passphrase/remove": {askOne(Ask{What: string(gate.Passphrase)}), d.passphraseRemove},
		"/me/factors/prefer":            {d.preferPage, d.preferDo},
		"/me/factors/remove":            {d.removePage, d.removeDo},
		"/me/factors/off":               {askOne(Ask{What: "off"}), d.offDo},
	} {
		routes = append(routes, route("GET", path, x.get), route("POST", path, x.post))
	}
	return append(routes, d.deviceRoutes()...)
}

// dones are what the overview can say was just done.
var dones = []string{"added", "removed", "off", "renamed", "preferred", "passphrase", "unphrased", "promoted", "refreshed"}

// factorsPath is the overview, after something was done.
func factorsPath(done, back string) string {
	q := url.Values{"done": {done}}
	if back != "" {
		q.Set("return", back)
	}
	return "/me/factors?" + q.Encode()
}

// asked are the query's parts that the pages of factors share.
type asked struct {
	flow ref.Flow
	id   ref.Factor
	back string
	done string
}

func askedOf(r *web.Request) (asked, error) {
	q, err := r.Query()
	if err != nil {
		return asked{}, err
	}
	a := asked{back: web.LocalPath(q["return"])}
	if id, ok := ref.ParseFlow(q["flow"]); ok {
		a.flow = id
	}
	if id, ok := ref.ParseFactor(q["id"]); ok {
		a.id = id
	}
	if slices.Contains(dones, q["done"]) {
		a.done = q["done"]
	}
	return a, nil
}

func (d *Door) factors(ctx context.Context, r *web.Request) (web.Response, error) {
	a, err := askedOf(r)
	if err != nil {
		return web.Response{}, err
	}
	h, err := d.Enrol.Held(ctx, r.Session)
	if err != nil {
		return web.Response{}, err
	}
	s, rule := h.Set, &h.Set.Rules.SecondFactor
	p := Factors{On: s.On(), Demanded: rule.Demanded, Held: r.SettingUp(), Return: a.back, Done: a.done, Password: s.Record.PHC != "", List: d.list(h),
		Kinds: d.addable(h), Choice: len(switches(h)) > 1, Codes: rule.BackupCodes, Backup: s.Backup, BackupOf: s.BackupOf, Made: h.Made,
		Passphrase: s.Passphrase, Trusts: len(h.Trusts), Days: rule.TrustDays, Org: h.Set.Rules.Whose(h.Set.Rules.Source.SecondFactor)}
	p.Alone = len(p.List) == 1
	return web.Show("me/factors", p).LeadsTo(a.back), nil
}

// switches are the kinds that an account has set up to be asked for.
func switches(h enrol.Held) []gate.Kind {
	return slices.DeleteFunc(h.Set.Seconds(), func(k gate.Kind) bool { return !gate.Switches(k) })
}

// preferred is the kind that is asked for first.
func (d *Door) preferred(h enrol.Held) gate.Kind {
	kinds := switches(h)
	if k := gate.Kind(h.Account.Preferred); slices.Contains(kinds, k) {
		return k
	}
	// The order in which gate offers them, the strongest first.
	for _, k := range []gate.Kind{gate.Tegata, gate.Passkey, gate.TOTP, gate.SMSCode} {
		if slices.Contains(kinds, k) && gate.Permits(h.Set.Rules, k) {
			return k
		}
	}
	return ""
}

func (d *Door) list(h enrol.Held) []Factor {
	first := d.preferred(h)
	var out []Factor
	add := func(k gate.Kind, f Factor) {
		f.Kind, f.Asked, f.Denied = string(k), k == first, !gate.Permits(h.Set.Rules, k)
		out = append(out, f)
	}
	for _, x := range h.Set.Devices {
		add(gate.Tegata, Factor{Path: "/me/factors/device?id=" + string(x.ID), Name: x.Name, Created: x.Created, LastUsed: x.LastSeen})
	}
	for _, x := range h.Set.Apps {
		add(gate.TOTP, Factor{ID: x.ID, Name: x.Name, Created: x.Created, LastUsed: x.LastUsed})
	}
	for _, x := range h.Set.Keys {
		add(gate.Passkey, Factor{ID: x.ID, Name: x.Name, Created: x.Created, LastUsed: x.LastUsed, Synced: x.Synced, Cloned: x.Cloned})
	}
	for _, x := range h.Set.Numbers {
		add(gate.SMSCode, Factor{ID: x.ID, Name: account.Identifier{Kind: account.Mobile, Norm: x.Norm}.Masked(), Created: x.Created, LastUsed: x.LastUsed})
	}
	return out
}

// addable says of each kind whether it can be added, and why not.
func (d *Door) addable(h enrol.Held) []Addable {
	e := d.Enrol
	out := []Addable{{Kind: string(gate.Tegata), Path: "tegata"}, {Kind: string(gate.TOTP), Path: "app"}, {Kind: string(gate.Passkey), Path: "key"}, {Kind: string(gate.SMSCode), Path: "sms"}}
	have := []int{len(h.Set.Devices), len(h.Set.Apps), len(h.Set.Keys), len(h.Set.Numbers)}
	most := []int{device.Most, totp.Most, passkey.Most, smscode.Most}
	for i := range out {
		x := &out[i]
		switch k := gate.Kind(x.Kind); {
		case !gate.Permits(h.Set.Rules, k):
			x.Why = "policy"
		case k == gate.SMSCode && !e.SMS:
			x.Why = "gateway"
		case k == gate.Passkey && e.Keys == nil:
			x.Why = "address"
		case have[i] >= most[i]:
			x.Why = "full"
		}
	}
	return out
}

// one finds the factor that the query names; ok is false when it is not the
// account's.
func (d *Door) one(ctx context.Context, r *web.Request) (f Factor, h enrol.Held, ok bool, err error) {
	a, err := askedOf(r)
	if err != nil {
		return f, h, false, err
	}
	if h, err = d.Enrol.Held(ctx, r.Session); err != nil {
		return f, h, false, err
	}
	for _, x := range d.list(h) {
		if x.ID == a.id {
			return x, h, true, nil
		}
	}
	return f, h, false, nil
}

// stays says whether a factor cannot be removed: the last one where one is
// demanded.
func (d *Door) stays(h enrol.Held) bool { return h.Set.Rules.SecondFactor.Demanded && last(h) }

func last(h enrol.Held) bool {
	return len(h.Set.Apps)+len(h.Set.Keys)+len(h.Set.Numbers)+len(h.Set.Devices) == 1
}

func (d *Door) factor(ctx context.Context, r *web.Request) (web.Response, error) {
	f, h, ok, err := d.one(ctx, r)
	if err != nil || !ok {
		return web.Go("/me/factors"), err
	}
	return web.Show("me/factor", One{f, d.stays(h)}), nil
}

func (d *Door) rename(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	f, h, ok, err := d.one(ctx, r)
	if err != nil || !ok {
		return web.Refuse(faults.FactorUnknown.New()), err
	}
	done, err := d.Enrol.Rename(ctx, r.Describe(), r.Session, f.ID, form["name"])
	if err != nil {
		return web.Response{}, err
	}
	if done.Fault != nil {
		return web.Show("me/factor", One{f, d.stays(h)}).With(done.Fault), nil
	}
	return web.Go(factorsPath("renamed", "")), nil
}

func (d *Door) preferPage(ctx context.Context, r *web.Request) (web.Response, error) {
	h, err := d.Enrol.Held(ctx, r.Session)
	p := Prefer{Now: string(d.preferred(h))}
	for _, k := range switches(h) {
		p.Kinds = append(p.Kinds, string(k))
	}
	if err == nil && len(p.Kinds) < 2 {
		return web.Go("/me/factors"), nil
	}
	return web.Show("me/factor-prefer", p), err
}

func (d *Door) preferDo(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	done, err := d.Enrol.Prefer(ctx, r.Describe(), r.Session, gate.Kind(form["kind"]))
	return d.over(r, done, "preferred", err)
}

// over leads on after an act, or tells why it was refused.
func (d *Door) over(r *web.Request, done enrol.Done, word string, err error) (web.Response, error) {
	if err != nil {
		return web.Response{}, err
	}
	if done.Fault != nil {
		return web.Refuse(done.Fault), nil
	}
	r.Renew(done.Token)
	return web.Go(factorsPath(word, "")), nil
}

// askOne is a page that asks before the one thing of its kind ends.
func askOne(a Ask) page {
	a.Back = "/me/factors"
	return func(_ context.Context, r *web.Request) (web.Response, error) {
		a := a
		a.Post = r.HTTP.URL.Path
		return web.Show("me/ask", a), nil
	}
}

func (d *Door) removePage(ctx context.Context, r *web.Request) (web.Response, error) {
	f, h, ok, err := d.one(ctx, r)
	switch {
	case err != nil || !ok:
		return web.Go("/me/factors"), err
	case d.stays(h):
		return web.Refuse(faults.FactorRequired.New()), nil
	}
	return web.Show("me/ask", Ask{What: f.Kind, Name: f.Name, Last: last(h), Post: "/me/factors/remove?id=" + string(f.ID),
		Back: "/me/factors/one?id=" + string(f.ID)}), nil
}

func (d *Door) removeDo(ctx context.Context, r *web.Request) (web.Response, error) {
	a, err := askedOf(r)
	if err != nil {
		return web.Response{}, err
	}
	done, err := d.Enrol.Remove(ctx, r.Describe(), r.Session, a.id)
	return d.over(r, done, "removed", err)
}

func (d *Door) offDo(ctx context.Context, r *web.Request) (web.Response, error) {
	done, err := d.Enrol.Off(ctx, r.Describe(), r.Session)
	return d.over(r, done, "off", err)
}

func (d *Door) passphraseRemove(ctx context.Context, r *web.Request) (web.Response, error) {
	done, err := d.Enrol.RemovePassphrase(ctx, r.Describe(), r.Session)
	return d.over(r, done, "unphrased", err)
}
