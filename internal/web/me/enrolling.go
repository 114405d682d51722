package me

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sekisho/internal/factor/backup"
	"sekisho/internal/factor/passphrase"
	"sekisho/internal/factor/totp"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow/enrol"
	"sekisho/internal/gate"
	"sekisho/internal/outbox"
	"sekisho/internal/secret"
	"sekisho/internal/web"
)

// Pages that set something up.
type (
	// App brings a key into an authenticator app.
	App struct {
		Flow, Return string
		Key          string       // in groups of four, to type
		URI          template.URL // the same as an address that apps open
		Name         string
	}
	// SMS takes a number, then the code that was sent there.
	SMS struct {
		Flow, Return string
		Number       string
		Digits       int
		Wait         int  // seconds until another can be sent
		Sent         bool // a code went out
		Stage        outbox.Stage
	}
	// Key takes a passkey or security key.
	Key struct{ Return, Name string }
	// Backup explains backup codes and makes them.
	Backup struct {
		Left, Of int
		Made     time.Time
		Return   string
	}
	// Codes shows backup codes, this once.
	Codes struct {
		List    []string
		Account string
		Made    time.Time
		First   bool // they came with the first factor: a second way is next
		Return  string
	}
	// Passphrase sets the recovery passphrase.
	Passphrase struct {
		Has       bool
		Suggested string
	}
)

// withFlow is a page's own address for a journey that has begun.
func withFlow(r *web.Request, v enrol.View, back string) web.Response {
	q := url.Values{"flow": {string(v.ID)}}
	if back != "" {
		q.Set("return", back)
	}
	return web.Go(r.HTTP.URL.Path + "?" + q.Encode())
}

// groups writes a secret as it is easiest to type.
func groups(key secret.Text) string {
	var out []string
	for s := key.Reveal(); s != ""; s = s[min(4, len(s)):] {
		out = append(out, s[:min(4, len(s))])
	}
	return strings.Join(out, " ")
}

func (d *Door) appPage(ctx context.Context, r *web.Request) (web.Response, error) {
	a, err := askedOf(r)
	if err != nil {
		return web.Response{}, err
	}
	if a.flow != "" {
		return d.showApp(ctx, r, First{}, nil)
	}
	r.NeedBrowser()
	v, err := d.Enrol.App(ctx, r.Describe(), r.Session)
	if err != nil || v.Fault != nil {
		return refuse(v.Fault), err
	}
	return withFlow(r, v, a.back), nil
}

func refuse(f *fault.Fault) web.Response {
	if f == nil {
		return web.Response{}
	}
	return web.Refuse(f)
}

// First is what was entered to set up an app.
type First = enrol.First

// showApp shows what is being set up, with what was refused.
func (d *Door) showApp(ctx context.Context, r *web.Request, first First, f *fault.Fault) (web.Response, error) {
	a, err := askedOf(r)
	if err != nil {
		return web.Response{}, err
	}
	v, err := d.Enrol.Look(ctx, r.Visitor, r.Session, a.flow)
	if err != nil || v.Fault != nil {
		return refuse(v.Fault), err
	}
	return web.Show("me/factor-app", App{Flow: string(a.flow), Return: a.back, Key: groups(v.Key), URI: template.URL(v.URI), Name: first.Name}).With(f), nil
}

// appQR is the picture of the key: pages may load pictures from here only.
func (d *Door) appQR(ctx context.Context, r *web.Request) (web.Response, error) {
	a, err := askedOf(r)
	if err != nil {
		return web.Response{}, err
	}
	v, err := d.Enrol.Look(ctx, r.Visitor, r.Session, a.flow)
	if err != nil || v.Fault != nil {
		return refuse(v.Fault), err
	}
	svg, err := totp.SVG(v.URI)
	return web.Response{Status: http.StatusOK, Type: "image/svg+xml", Body: svg}, err
}

func (d *Door) appDo(ctx context.Context, r *web.Request) (web.Response, error) {
	a, err := askedOf(r)
	if err != nil {
		return web.Response{}, err
	}
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	first := First{Name: form["name"], Code: form["code"]}
	named := first
	if strings.TrimSpace(named.Name) == "" {
		named.Name = r.T("fac.name.totp")
	}
	done, err := d.Enrol.ConfirmApp(ctx, r.Describe(), r.Session, a.flow, named)
	if err != nil {
		return web.Response{}, err
	}
	if done.Fault != nil {
		return d.again(done.Fault, func() (web.Response, error) { return d.showApp(ctx, r, first, done.Fault) })
	}
	return d.added(ctx, r, done, a.back)
}

// again shows a page once more with what was refused, unless nothing that could be
// done on it would help.
func (d *Door) again(f *fault.Fault, show func() (web.Response, error)) (web.Response, error) {
	switch f.Code() {
	case faults.FlowExpired.Code, faults.FlowOtherBrowser.Code, faults.FreshRequired.Code, faults.SessionEnded.Code, faults.FactorFull.Code, faults.FactorNotAllowed.Code:
		return web.Refuse(f), nil
	}
	return show()
}

// added leads on after something was set up: the new token into the cookie, the
// codes that came with the first factor shown, then on to a second way (MF-05).
func (d *Door) added(ctx context.Context, r *web.Request, done enrol.Done, back string) (web.Response, error) {
	r.Renew(done.Token)
	if len(done.Codes) == 0 {
		return web.Go(factorsPath("added", back)), nil
	}
	return d.codes(ctx, r, done.Codes, Codes{First: true, Return: back})
}

// codes shows backup codes; they can be seen nowhere else, and not again.
func (d *Door) codes(ctx context.Context, r *web.Request, list []secret.Text, p Codes) (web.Response, error) {
	a, err := r.Account(ctx)
	if err != nil {
		return web.Response{}, err
	}
	p.Made, p.Account = r.Now, a.Email.Shown
	if p.Account == "" {
		p.Account = a.Username
	}
	for _, c := range list {
		p.List = append(p.List, backup.Groups(c))
	}
	return web.Show("me/factor-codes", p), nil
}

func (d *Door) smsPage(ctx context.Context, r *web.Request) (web.Response, error) {
	a, err := askedOf(r)
	if err != nil {
		return web.Response{}, err
	}
	switch {
	case !d.Enrol.SMS || !gate.Permits(r.Rules(), gate.SMSCode):
		return web.Refuse(faults.FactorNotAllowed.New().By(whose(r))), nil
	case a.flow == "":
		r.NeedBrowser()
		return web.Show("me/factor-sms", SMS{Return: a.back}), nil
	}
	return d.showSMS(ctx, r, a, nil)
}

// showSMS shows the page for the code, once it is known whether one could be sent.
func (d *Door) showSMS(ctx context.Context, r *web.Request, a asked, f *fault.Fault) (web.Response, error) {
	v, err := d.Enrol.Wait(ctx, r.Visitor, r.Session, a.flow)
	if err != nil || v.Fault != nil {
		return refuse(v.Fault), err
	}
	if f == nil && v.Stage == outbox.NotSent {
		f = faults.SMSFailed.New()
	}
	return web.Show("me/factor-sms", SMS{Flow: string(a.flow), Return: a.back, Number: v.To.Shown, Digits: d.Enrol.Codes.Digits,
		Wait: max(0, int(v.Resend.Sub(r.Now).Seconds())), Sent: v.Sent, Stage: v.Stage}).With(f), nil
}

func (d *Door) smsDo(ctx context.Context, r *web.Request) (web.Response, error) {
	a, err := askedOf(r)
	if err != nil {
		return web.Response{}, err
	}
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	if a.flow == "" {
		return d.smsBegin(ctx, r, form["number"], a)
	}
	var done enrol.Done
	if form["again"] == "1" {
		done, err = d.Enrol.SendNumber(ctx, r.Describe(), r.Session, a.flow)
		if err == nil && done.Fault == nil {
			return web.Go(r.HTTP.URL.RequestURI()), nil
		}
	} else {
		done, err = d.Enrol.ConfirmNumber(ctx, r.Describe(), r.Session, a.flow, form["code"])
	}
	switch {
	case err != nil:
		return web.Response{}, err
	case done.Fault != nil:
		return d.again(done.Fault, func() (web.Response, error) { return d.showSMS(ctx, r, a, done.Fault) })
	}
	return d.added(ctx, r, done, a.back)
}

func (d *Door) smsBegin(ctx context.Context, r *web.Request, number string, a asked) (web.Response, error) {
	r.NeedBrowser()
	v, err := d.Enrol.Number(ctx, r.Describe(), r.Session, number)
	switch {
	case err != nil:
		return web.Response{}, err
	case v.Fault == nil:
		return withFlow(r, v, a.back), nil
	case v.ID != "": // the code has to wait
		a.flow = v.ID
		return d.showSMS(ctx, r, a, v.Fault)
	}
	return d.again(v.Fault, func() (web.Response, error) {
		return web.Show("me/factor-sms", SMS{Return: a.back, Number: number}).With(v.Fault), nil
	})
}

func (d *Door) keyPage(_ context.Context, r *web.Request) (web.Response, error) {
	a, err := askedOf(r)
	if err != nil {
		return web.Response{}, err
	}
	if d.Enrol.Keys == nil || !gate.Permits(r.Rules(), gate.Passkey) {
		return web.Refuse(faults.FactorNotAllowed.New().By(whose(r))), nil
	}
	return web.Show("me/factor-key", Key{Return: a.back}), nil
}

func (d *Door) keyOptions(ctx context.Context, r *web.Request) (web.Response, error) {
	options, f, err := d.Enrol.KeyOptions(ctx, r.Describe(), r.Session)
	if err != nil || f != nil {
		return refuse(f), err
	}
	return web.Response{Status: http.StatusOK, Type: "application/json", Body: options}, nil
}

func (d *Door) keyDo(ctx context.Context, r *web.Request) (web.Response, error) {
	a, err := askedOf(r)
	if err != nil {
		return web.Response{}, err
	}
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	name := form["name"]
	if strings.TrimSpace(name) == "" {
		name = r.T("fac.name.passkey")
	}
	done, err := d.Enrol.Key(ctx, r.Describe(), r.Session, name, []byte(form["response"]))
	if err != nil {
		return web.Response{}, err
	}
	if done.Fault != nil {
		return d.again(done.Fault, func() (web.Response, error) {
			return web.Show("me/factor-key", Key{a.back, form["name"]}).With(done.Fault), nil
		})
	}
	return d.added(ctx, r, done, a.back)
}

func (d *Door) backupPage(ctx context.Context, r *web.Request) (web.Response, error) {
	a, err := askedOf(r)
	if err != nil {
		return web.Response{}, err
	}
	if !r.Rules().SecondFactor.BackupCodes {
		return web.Refuse(faults.BackupForbidden.New().By(whose(r))), nil
	}
	h, err := d.Enrol.Held(ctx, r.Session)
	return web.Show("me/factor-backup", Backup{Left: h.Set.Backup, Of: h.Set.BackupOf, Made: h.Made, Return: a.back}), err
}

// backupDo makes a new set and shows it in the answer: no address leads to it, so
// no history, cache or reload can show it a second time.
func (d *Door) backupDo(ctx context.Context, r *web.Request) (web.Response, error) {
	a, err := askedOf(r)
	if err != nil {
		return web.Response{}, err
	}
	done, err := d.Enrol.Backup(ctx, r.Describe(), r.Session)
	if err != nil || done.Fault != nil {
		return refuse(done.Fault), err
	}
	return d.codes(ctx, r, done.Codes, Codes{Return: a.back})
}

func (d *Door) passphrasePage(ctx context.Context, r *web.Request) (web.Response, error) {
	h, err := d.Enrol.Held(ctx, r.Session)
	return web.Show("me/factor-passphrase", Passphrase{h.Set.Passphrase, passphrase.Suggest(passphrase.Proposed, string(r.Lang)).Reveal()}), err
}

func (d *Door) passphraseDo(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	done, err := d.Enrol.Passphrase(ctx, r.Describe(), r.Session, form["passphrase"])
	if err != nil {
		return web.Response{}, err
	}
	if done.Fault != nil {
		return d.again(done.Fault, func() (web.Response, error) {
			res, err := d.passphrasePage(ctx, r)
			return res.With(done.Fault), err
		})
	}
	return web.Go(factorsPath("passphrase", "")), nil
}

// whose names the organisation that rules the second factor of who asks.
func whose(r *web.Request) string {
	p := r.Rules()
	return p.Whose(p.Source.SecondFactor)
}
