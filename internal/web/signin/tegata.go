package signin

import (
	"context"
	"html/template"
	"net/http"
	"time"

	"sekisho/internal/factor/totp"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/signin"
	"sekisho/internal/gate"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

// Pages of Tegata.
type (
	// Push waits for an approval (SI-07, SI-08).
	Push struct {
		Base, Flow, Typed string
		Number            string // to be entered in Tegata; empty: it was not asked
		Names             []string
		Silent            bool // the phone did not answer when it was asked last (OA-08)
		Stale             bool // every installation has to confirm the new password first (ER-12)
		Denied            bool // the account is being protected: only a reset helps
		Trust             int
		Others            []Listed
		Device            bool // one of them needs no device
		StepUp, First     bool
	}
	// Scan shows a code that Tegata scans (SI-09).
	Scan struct {
		Base, Flow, Typed string
		URI               string
		Picture           template.HTML
		Trust             int
		Others, Device    bool // there are other ways; one of them needs no device
		StepUp, First     bool
	}
)

// scan is a scanned code, where ways are listed: for the journey it is an approval.
const scan = "scan"

// another is the same, for who has Tegata on another device.
const another = "another"

// sendsAt says whether a way begins with something that is sent.
func sendsAt(kind string) bool {
	return kind == string(gate.MailCode) || kind == string(gate.SMSCode) || kind == string(gate.Tegata)
}

func (d *Door) tegataRoutes(get, post routeOf) []web.Route {
	return []web.Route{
		post("/signin/tegata/send", web.Anyone, d.send(string(gate.Tegata))),
		get("/signin/qr", web.Anyone, d.scanPage), post("/signin/qr", web.Anyone, d.scanFirst),
		{Method: "GET", Path: "/signin/tegata/state", Guard: web.Anyone, Face: web.API, Handle: d.pushState},
	}
}

// scanFirst begins a sign-in in which the scanned code says who it is.
func (d *Door) scanFirst(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	r.NeedBrowser()
	v, err := d.Signin.ScanFirst(ctx, r.Describe(), signin.Ask{Return: web.LocalPath(form["return"])})
	if err != nil {
		return web.Response{}, err
	}
	return web.Go("/signin/qr?flow=" + string(v.ID)), nil
}

// scanPage shows a fresh code each time it is loaded; the one before is void.
func (d *Door) scanPage(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	code, v, err := d.Signin.ScanCode(ctx, r.Describe(), id)
	if err != nil || code == "" {
		return refuse(v.Fault), err
	}
	uri := d.Tegata.ScanURI(code)
	picture, err := totp.SVG(uri)
	if err != nil {
		return web.Response{}, err
	}
	a := askingOf(v)
	return web.Show("signin/scan", Scan{Base: a.Base, Flow: a.Flow, Typed: a.Typed, URI: uri, Picture: template.HTML(picture), Trust: a.TrustDays, //nolint:gosec // ours
		Others: len(a.Ways) > 1, Device: a.device(string(gate.Tegata)), StepUp: a.StepUp, First: a.First}).LeadsTo(v.Return), nil
}

// waits bounds how long a page's question is held.
const waits = 15 * time.Second

// pushState says whether Tegata has answered; it waits a while for that.
func (d *Door) pushState(_ context.Context, r *web.Request) (web.Response, error) {
	return d.stateOf(r, d.Signin.Heard)
}

func (d *Door) recoverState(_ context.Context, r *web.Request) (web.Response, error) {
	return d.stateOf(r, d.Recover.Heard)
}

func (d *Door) stateOf(r *web.Request, heard func(context.Context, flow.Visitor, ref.Flow) (*fault.Fault, error)) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return refuse(f), err
	}
	v, hub := r.Visitor, d.Tegata.Hub
	return web.Response{Hold: &web.Hold{Most: waits, Woken: func(wake func()) func() { return hub.Then(string(id), wake) },
		Look: func(ctx context.Context) (web.Look, error) {
			f, err := heard(ctx, v, id)
			state := "answered"
			if f != nil && f.Code() == faults.PushWaiting.Code {
				state = "waiting"
			}
			return web.Look{Answer: web.JSON(http.StatusOK, map[string]string{"state": state}), Due: state == "answered" || hub.Closed()}, err
		}}}, nil
}
