package me

import (
	"context"
	"html/template"
	"net/http"
	"net/url"

	"sekisho/internal/device"
	"sekisho/internal/factor/totp"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow/enrol"
	"sekisho/internal/gate"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

// Pages of Tegata.
type (
	// Tegata takes an installation in: a code to scan, then a number to compare.
	Tegata struct {
		State   string // open, waiting, here, ready
		URI     string
		Picture template.HTML
		Number  string
		Name    string
		Others  []device.Device // of which the new one can take one's place (OA-16)
		Gone    ref.Device      // the one that seems to be lost
		Return  string
	}
	// Device shows one installation, and what can be done with it.
	Device struct {
		Device       device.Device
		Stale        bool
		Stays        bool // the last factor, where one is demanded
		Only, Denied bool
	}
)

func (d *Door) deviceRoutes() []web.Route {
	page := func(method, path string, g web.Guard, h page) web.Route {
		return web.Route{Method: method, Path: path, Guard: g, Face: web.Page, Handle: h}
	}
	return []web.Route{
		page("GET", "/me/factors/tegata", web.FreshSetup, d.tegataPage),
		// What the session lacks once the installation counts is given to it here.
		page("POST", "/me/factors/tegata", web.SettingUp, d.tegataDo),
		{Method: "GET", Path: "/me/factors/tegata/state", Guard: web.SettingUp, Face: web.API, Handle: d.tegataState},
		page("GET", "/me/factors/device", web.FreshSetup, d.devicePage),
		page("POST", "/me/factors/device", web.FreshSetup, d.deviceDo),
		page("GET", "/me/factors/device/retire", web.FreshSetup, d.retirePage),
		page("POST", "/me/factors/device/retire", web.FreshSetup, d.retireDo),
	}
}

// stateOf names how far taking in has come.
func stateOf(t enrol.Ticket) string {
	switch {
	case t.Ready:
		return "ready"
	case t.Here:
		return "here"
	case t.Number != "":
		return "waiting"
	}
	return "open"
}

func (d *Door) tegataPage(ctx context.Context, r *web.Request) (web.Response, error) {
	a, err := askedOf(r)
	if err != nil {
		return web.Response{}, err
	}
	t, err := d.Enrol.TicketOf(ctx, r.Session)
	if err != nil {
		return web.Response{}, err
	}
	if t.Fault == nil && t.Number != "" && !t.Finished {
		return web.Show("me/factor-tegata", Tegata{State: stateOf(t), Number: t.Number, Name: t.Device.Name, Others: t.Others, Gone: t.Gone, Return: a.back}), nil
	}
	if t, err = d.Enrol.NewTicket(ctx, r.Describe(), r.Session); err != nil || t.Fault != nil {
		return refuse(t.Fault), err
	}
	uri := d.Tegata.EnrolURI(t.Token.Reveal())
	picture, err := totp.SVG(uri)
	if err != nil {
		return web.Response{}, err
	}
	return web.Show("me/factor-tegata", Tegata{State: "open", URI: uri, Picture: template.HTML(picture), Return: a.back}), nil //nolint:gosec // drawn by us
}

func (d *Door) tegataState(ctx context.Context, r *web.Request) (web.Response, error) {
	t, err := d.Enrol.TicketOf(ctx, r.Session)
	if err != nil || t.Fault != nil {
		return refuse(t.Fault), err
	}
	return web.JSON(http.StatusOK, map[string]string{"state": stateOf(t)}), nil
}

func (d *Door) tegataDo(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	a, err := askedOf(r)
	if err != nil {
		return web.Response{}, err
	}
	if form["do"] == "stop" {
		return web.Go("/me/factors"), d.Enrol.StopTicket(ctx, r.Session)
	}
	t, err := d.Enrol.AgreeTicket(ctx, r.Describe(), r.Session, ref.Device(form["replaces"]))
	switch {
	case err != nil:
		return web.Response{}, err
	case t.Fault != nil && t.Fault.Code() == faults.FreshRequired.Code:
		return web.Go("/elevate?return=" + url.QueryEscape(r.HTTP.URL.RequestURI())), nil
	case t.Fault != nil:
		return web.Refuse(t.Fault), nil
	case !t.Ready:
		return web.Go(r.HTTP.URL.RequestURI()), nil
	}
	return d.added(ctx, r, t.Done, a.back)
}

func (d *Door) installation(ctx context.Context, r *web.Request) (x device.Device, h enrol.Held, ok bool, err error) {
	q, err := r.Query()
	if err != nil {
		return x, h, false, err
	}
	if h, err = d.Enrol.Held(ctx, r.Session); err != nil {
		return x, h, false, err
	}
	for _, x := range h.Set.Devices {
		if x.ID == ref.Device(q["id"]) {
			return x, h, true, nil
		}
	}
	return x, h, false, nil
}

func (d *Door) showDevice(x device.Device, h enrol.Held, f *fault.Fault) web.Response {
	return web.Show("me/factor-device", Device{x, x.Stale(h.Account.Turn), d.stays(h), len(h.Set.Devices) == 1, !gate.Permits(h.Set.Rules, gate.Tegata)}).With(f)
}

func (d *Door) devicePage(ctx context.Context, r *web.Request) (web.Response, error) {
	x, h, ok, err := d.installation(ctx, r)
	if err != nil || !ok {
		return web.Go("/me/factors"), err
	}
	return d.showDevice(x, h, nil), nil
}

func (d *Door) deviceDo(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	x, h, ok, err := d.installation(ctx, r)
	if err != nil || !ok {
		return web.Refuse(faults.FactorUnknown.New()), err
	}
	var done enrol.Done
	word := "renamed"
	switch v := r.Describe(); form["do"] {
	case "promote":
		word = "promoted"
		done, err = d.Enrol.Promote(ctx, v, r.Session, x.ID)
	case "refresh":
		word = "refreshed"
		done, err = d.Enrol.RefreshDevice(ctx, v, r.Session, x.ID)
	default:
		if done, err = d.Enrol.RenameDevice(ctx, v, r.Session, x.ID, form["name"]); err == nil && done.Fault != nil {
			return d.showDevice(x, h, done.Fault), nil
		}
	}
	return d.over(r, done, word, err)
}

func (d *Door) retirePage(ctx context.Context, r *web.Request) (web.Response, error) {
	x, h, ok, err := d.installation(ctx, r)
	switch {
	case err != nil || !ok:
		return web.Go("/me/factors"), err
	case d.stays(h):
		return web.Refuse(faults.FactorRequired.New()), nil
	}
	return web.Show("me/ask", Ask{What: string(gate.Tegata), Name: x.Name, Last: last(h), Post: "/me/factors/device/retire?id=" + string(x.ID),
		Back: "/me/factors/device?id=" + string(x.ID)}), nil
}

func (d *Door) retireDo(ctx context.Context, r *web.Request) (web.Response, error) {
	x, _, ok, err := d.installation(ctx, r)
	if err != nil || !ok {
		return web.Refuse(faults.FactorUnknown.New()), err
	}
	done, err := d.Enrol.Retire(ctx, r.Describe(), r.Session, x.ID)
	return d.over(r, done, "removed", err)
}
