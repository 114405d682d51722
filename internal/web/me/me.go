// Package me is the account's own pages: overview, password, factors, access,
// sessions, addresses, activity, apps, profile.
//
// It shows what nouns know and sends what its owner wants to the journeys. It
// changes nothing by itself.
package me

import (
	"context"
	"embed"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/browser"
	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/flow/access"
	"sekisho/internal/flow/address"
	"sekisho/internal/flow/allow"
	"sekisho/internal/flow/change"
	"sekisho/internal/flow/enrol"
	"sekisho/internal/flow/invite"
	"sekisho/internal/flow/tegata"
	"sekisho/internal/grant"
	"sekisho/internal/i18n"
	"sekisho/internal/ready"
	"sekisho/internal/ref"
	"sekisho/internal/session"
	"sekisho/internal/web"
)

//go:embed templates/*.html *messages.toml
var files embed.FS

// Door shows and changes one's own account.
type Door struct {
	Change  *change.Change
	Address *address.Address
	Enrol   *enrol.Enrol
	Tegata  *tegata.Tegata
	Access  *access.Access
	Invite  *invite.Invite
	Allow   *allow.Allow
}

// Door gives the routes and pages.
func (d *Door) Door() web.Door {
	get := func(path string, h func(context.Context, *web.Request) (web.Response, error)) web.Route {
		return web.Route{Method: "GET", Path: path, Guard: web.SignedIn, Face: web.Page, Handle: h}
	}
	post := func(path string, h func(context.Context, *web.Request) (web.Response, error)) web.Route {
		return web.Route{Method: "POST", Path: path, Guard: web.SignedIn, Face: web.Page, Handle: h}
	}
	routes := []web.Route{
		get("/me", d.overview),
		get("/me/sessions", d.sessions), get("/me/sessions/end", d.askEnd), post("/me/sessions/end", d.end),
		get("/me/activity", d.activity), get("/me/activity/export", d.export),
		get("/me/password", d.passwordPage), post("/me/password", d.passwordDo),
		get("/me/apps", d.apps), post("/me/apps/disconnect", d.disconnect),
		get("/me/rules", d.rules), get("/me/profile", d.profile), post("/me/profile", d.profileDo),
		get("/me/access", d.access), get("/me/access/end", d.accessAsk), post("/me/access/end", d.accessEnd),
	}
	return web.Door{Name: "me", Layout: web.Desk, Files: files, Routes: slices.Concat(routes, d.factorRoutes(), d.addressRoutes(), d.allowedRoutes(), d.memberRoutes(), d.ticketRoutes())}
}

// Pages of an account.
type (
	// Overview is the first page.
	Overview struct {
		Name     string
		Ready    ready.Report
		Password bool
		Email    string
		Factors  int  // second factors that are set up
		Passkey  bool // one can be added, and there is none
		Sessions int
		Latest   []audit.Row
		Warn     time.Time // when the password has to be changed; zero: never
		Tickets  int       // under way, that ask the desk for a way into the account
	}
	// Sessions lists what is signed in.
	Sessions struct {
		List  []session.Session
		Here  ref.Session
		Ended int
	}
	// End asks once before a session ends.
	End struct {
		One    *session.Session
		Others int
		Here   ref.Session
	}
	// Password changes the password.
	Password struct {
		Has    bool
		Since  time.Time
		Min    int
		Others int
		Apps   int
		Tegata int // installations, which have to confirm the new one
		Trusts int // browsers that skip the second proof until then
		Done   bool
		Ended  int
		Email  string
	}
	// Apps lists connected apps.
	Apps struct{ List []grant.App }
	// Profile shows and changes how a person is shown.
	Profile struct {
		Name  string
		Lang  i18n.Lang
		Zone  string
		Zones []string
		Saved bool
	}
)

func (d *Door) sessions(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	p := Sessions{Here: r.Session.ID, Ended: len(q["ended"])}
	err = d.Change.DB.View(ctx, func(tx db.ReadTx) (err error) {
		p.List, err = d.Change.Living(ctx, tx, r.Session.Account)
		return err
	})
	return web.Show("me/sessions", p), err
}

func (d *Door) askEnd(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	p := End{Here: r.Session.ID}
	err = d.Change.DB.View(ctx, func(tx db.ReadTx) error {
		list, err := d.Change.Living(ctx, tx, r.Session.Account)
		for i := range list {
			if string(list[i].ID) == q["id"] {
				p.One = &list[i]
			}
			if list[i].ID != r.Session.ID {
				p.Others++
			}
		}
		return err
	})
	if err == nil && p.One == nil && q["id"] != "others" {
		return web.Go("/me/sessions"), nil // ended meanwhile, or never this account's
	}
	return web.Show("me/end", p), err
}

func (d *Door) end(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form("id")
	if err != nil {
		return web.Response{}, err
	}
	var ids []ref.Session
	for _, raw := range r.Many("id") {
		if id, ok := ref.ParseSession(raw); ok {
			ids = append(ids, id)
		}
	}
	others := form["others"] == "1"
	if _, err := d.Change.End(ctx, r.Describe(), r.Session, ids, others); err != nil {
		return web.Response{}, err
	}
	for _, id := range ids {
		if id == r.Session.ID && !others {
			return web.Go("/accounts"), nil
		}
	}
	return web.Go("/me/sessions?ended=1"), nil
}

func (d *Door) passwordState(ctx context.Context, r *web.Request) (Password, error) {
	var p Password
	err := d.Change.DB.View(ctx, func(tx db.ReadTx) error {
		a, err := account.Of(ctx, tx, r.Session.Account)
		if err != nil {
			return err
		}
		if p.Email = a.Email.Shown; p.Email == "" {
			p.Email = a.Username
		}
		set, err := d.Change.SetOf(ctx, tx, a)
		if err != nil {
			return err
		}
		rec := set.Record
		p.Min = d.Change.Least(set)
		p.Has, p.Since = rec.PHC != "", rec.SetAt
		list, err := d.Change.Living(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		p.Others = len(list) - 1
		p.Tegata = len(set.Devices)
		trusts, err := browser.Trusts(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		p.Trusts = len(trusts)
		apps, err := grant.Apps(ctx, tx, a.ID)
		p.Apps = len(apps)
		return err
	})
	return p, err
}

func (d *Door) passwordPage(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	p, err := d.passwordState(ctx, r)
	p.Done = q["done"] == "1"
	return web.Show("me/password", p), err
}

func (d *Door) passwordDo(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	c, err := d.Change.Password(ctx, r.Describe(), r.Session, form["current"], form["new"])
	if err != nil {
		return web.Response{}, err
	}
	if c.Fault != nil {
		p, err := d.passwordState(ctx, r)
		if c.Fault.Code() == faults.SessionEnded.Code {
			return web.Refuse(c.Fault), err
		}
		return web.Show("me/password", p).With(c.Fault), err
	}
	r.Renew(c.Token)
	return web.Go("/me/password?done=1"), nil
}

func (d *Door) apps(ctx context.Context, r *web.Request) (web.Response, error) {
	var p Apps
	err := d.Change.DB.View(ctx, func(tx db.ReadTx) (err error) {
		p.List, err = grant.Apps(ctx, tx, r.Session.Account)
		return err
	})
	return web.Show("me/apps", p), err
}

func (d *Door) disconnect(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	id, ok := ref.ParseClient(form["client"])
	if !ok {
		return web.Refuse(faults.AppUnknown.New()), nil
	}
	return web.Go("/me/apps"), d.Change.Disconnect(ctx, r.Describe(), r.Session, id)
}

// zones are offered; any other IANA name can be typed.
var zones = []string{"Asia/Tokyo", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Kolkata", "Australia/Sydney", "Europe/London", "Europe/Paris", "Europe/Berlin",
	"America/New_York", "America/Chicago", "America/Los_Angeles", "America/Sao_Paulo", "UTC"}

func (d *Door) profile(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	a, err := r.Account(ctx)
	return web.Show("me/profile", Profile{a.Name, a.Lang, a.Zone, zones, q["saved"] == "1"}), err
}

func (d *Door) profileDo(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	lang, ok := i18n.Parse(form["lang"])
	if !ok {
		lang = r.Lang
	}
	f, err := d.Change.Profile(ctx, r.Describe(), r.Session, change.Profile{Name: form["name"], Lang: lang, Zone: form["zone"]})
	if err != nil {
		return web.Response{}, err
	}
	if f != nil {
		return web.Show("me/profile", Profile{form["name"], lang, form["zone"], zones, false}).With(f), nil
	}
	r.Prefer("lang", string(lang))
	return web.Go("/me/profile?saved=1"), nil
}
