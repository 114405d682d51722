package api

import (
	"context"
	"time"

	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/join"
	"sekisho/internal/flow/recover"
	"sekisho/internal/flow/signin"
	"sekisho/internal/gate"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

// given is what a program answers at a step of any journey.
type given struct {
	Kind     string        `json:"kind"`
	Answer   string        `json:"answer"`
	Keep     bool          `json:"keep"`
	Sessions []ref.Session `json:"sessions"`
}

// asksKey says whether a program wants what its passkey is to be asked.
func (g given) asksKey() bool { return g.Kind == string(gate.Passkey) && g.Answer == "" }

func refused(f *fault.Fault) web.Response {
	if f == nil {
		return web.Response{}
	}
	return web.Refuse(f)
}

// handle reads the journey's name and secret out of the path.
func handle(r *web.Request) (ref.Flow, flow.Visitor, *fault.Fault) {
	v := r.Describe()
	id, sec, ok := flow.ParseHandle(r.HTTP.PathValue("flow"))
	if !ok {
		return "", v, faults.FlowExpired.New()
	}
	v.Secret = sec
	return id, v, nil
}

// rehandle gives back the handle the program used: views loaded later do not
// know the secret any more.
func rehandle(r *web.Request, id ref.Flow, fresh string) string {
	if used := r.HTTP.PathValue("flow"); used != "" && id != "" {
		return used
	}
	return fresh
}

func at(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	u := t.UTC()
	return &u
}

func (d *Door) signin(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Identifier string `json:"identifier"`
		Kind       string `json:"kind"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	if in.Identifier == "" && in.Kind == string(gate.Tegata) {
		v, err := d.Signin.ScanFirst(ctx, r.Describe(), signin.Ask{})
		if err != nil {
			return web.Response{}, err
		}
		return d.signinStep(r, v, nil)
	}
	v, err := d.Signin.Start(ctx, r.Describe(), signin.Ask{Identifier: in.Identifier, Passkey: in.Identifier == "" && in.Kind == string(gate.Passkey)})
	if err != nil {
		return web.Response{}, err
	}
	return d.signinStep(r, v, nil)
}

func (d *Door) signinAnswer(ctx context.Context, r *web.Request) (web.Response, error) {
	var in given
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	id, visitor, f := handle(r)
	if f != nil {
		return web.Refuse(f), nil
	}
	if in.asksKey() {
		return d.signinKey(ctx, r, visitor, id)
	}
	if in.Kind == string(gate.Tegata) && in.Answer == "scan" {
		return d.signinScan(ctx, r, visitor, id)
	}
	if err := d.awaits(ctx, visitor, id, in); err != nil {
		return web.Response{}, err
	}
	held, err := r.Held(ctx)
	if err != nil {
		return web.Response{}, err
	}
	v, err := d.Signin.Answer(ctx, visitor, id, signin.Answer{Kind: in.Kind, Value: in.Answer, Keep: in.Keep, Sessions: in.Sessions})
	if err == nil && v.Fault == nil && v.ID != "" && in.Answer == "" && in.Kind == string(gate.SMSCode) {
		v, err = d.Signin.Wait(ctx, visitor, id)
	}
	if err != nil {
		return web.Response{}, err
	}
	if v.Delivery == outbox.NotSent {
		v.Fault = faults.SMSFailed.New()
	}
	// A session of this browser that was proved anew has another token: its cookie too.
	for _, h := range held {
		if v.Opened != nil && v.Opened.Session.ID == h.Session.ID {
			r.Keep(v.Opened.Session, v.Opened.Token, h.Slot)
		}
	}
	return d.signinStep(r, v, nil)
}

// signinKey answers with what a passkey is asked.
func (d *Door) signinKey(ctx context.Context, r *web.Request, visitor flow.Visitor, id ref.Flow) (web.Response, error) {
	options, f, err := d.Signin.Options(ctx, visitor, id)
	if err != nil || f != nil {
		return refused(f), err
	}
	v, err := d.Signin.Look(ctx, visitor, id)
	if err != nil {
		return web.Response{}, err
	}
	return d.signinStep(r, v, options)
}

// signinScan answers with what a code for Tegata to scan holds.
func (d *Door) signinScan(ctx context.Context, r *web.Request, visitor flow.Visitor, id ref.Flow) (web.Response, error) {
	code, v, err := d.Signin.ScanCode(ctx, visitor, id)
	if err != nil {
		return web.Response{}, err
	}
	if code != "" {
		v.ScanURI = d.Tegata.ScanURI(code)
	}
	return d.signinStep(r, v, nil)
}

// awaits waits a while for Tegata's answer, where a program wants that.
func (d *Door) awaits(ctx context.Context, visitor flow.Visitor, id ref.Flow, in given) error {
	if in.Kind != string(gate.Tegata) || in.Answer != "wait" {
		return nil
	}
	_, err := d.Signin.Await(ctx, visitor, id, held)
	return err
}

func (d *Door) signinStep(r *web.Request, v signin.View, options []byte) (web.Response, error) {
	if v.Opened != nil {
		return opened(v.Opened), nil
	}
	s := Step{Flow: rehandle(r, v.ID, v.Handle), Step: string(v.Step), Next: []Way{}, Min: v.MinWord, Sessions: sessions(v.Sessions, ""), Options: options, Number: v.Number, Scan: v.ScanURI}
	for _, w := range v.Ways {
		s.Next = append(s.Next, Way{w.Kind, r.T("api." + w.Kind), w.Names, w.Sent})
		if !w.Until.IsZero() {
			s.RetryAt = at(w.Until)
		}
	}
	return answer(r, v.Fault, s)
}

func (d *Door) signup(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Name  string `json:"name"`
		Email string `json:"email"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	if !d.Open {
		return web.Refuse(faults.SignupClosed.New()), nil
	}
	v, err := d.Join.Start(ctx, r.Describe(), join.Ask{Name: in.Name, Email: in.Email})
	if err != nil {
		return web.Response{}, err
	}
	return d.signupStep(r, v)
}

func (d *Door) signupAnswer(ctx context.Context, r *web.Request) (web.Response, error) {
	var in given
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	id, visitor, f := handle(r)
	if f != nil {
		return web.Refuse(f), nil
	}
	var v join.View
	var err error
	switch in.Kind {
	case "new_password":
		v, err = d.Join.Password(ctx, visitor, id, in.Answer)
	case "confirm_code":
		if in.Answer == "" {
			v, err = d.Join.Resend(ctx, visitor, id)
		} else {
			v, err = d.Join.Answer(ctx, visitor, id, in.Answer)
		}
	default:
		return web.Refuse(faults.MethodNotOffered.New()), nil
	}
	if err != nil {
		return web.Response{}, err
	}
	return d.signupStep(r, v)
}

func (d *Door) signupStep(r *web.Request, v join.View) (web.Response, error) {
	if v.Opened != nil {
		return opened(v.Opened), nil
	}
	if v.Step == join.Finished {
		v.ID = ""
	}
	s := Step{Flow: rehandle(r, v.ID, v.Handle), RetryAt: at(v.Resend)}
	if v.Step == join.Word {
		s.Next, s.Min = d.ways(r, "new_password"), v.MinWord
	} else {
		s.Next = d.ways(r, "confirm_code")
	}
	if v.ID == "" {
		s.Flow = ""
	}
	return answer(r, v.Fault, s)
}

// back is one of the two ways back: to a new password, or to a new Tegata while the
// sign-in lock is on.
type back struct {
	*Door
	way *recover.Recover
}

func (b back) start(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Identifier string `json:"identifier"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	v, err := b.way.Start(ctx, r.Describe(), in.Identifier)
	if err != nil {
		return web.Response{}, err
	}
	return b.step(r, v, nil)
}

func (b back) answer(ctx context.Context, r *web.Request) (web.Response, error) {
	var in given
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	id, visitor, f := handle(r)
	if f != nil {
		return web.Refuse(f), nil
	}
	if in.asksKey() {
		options, f, err := b.way.Options(ctx, visitor, id)
		if err != nil || f != nil {
			return refused(f), err
		}
		v, err := b.way.Look(ctx, visitor, id)
		if err != nil {
			return web.Response{}, err
		}
		return b.step(r, v, options)
	}
	v, err := b.given(ctx, visitor, id, in)
	if err == nil && v.Fault == nil && v.Step == recover.Second && in.Answer == "" && in.Kind == string(gate.SMSCode) {
		v, err = b.way.Wait(ctx, visitor, id)
	}
	if err != nil {
		return web.Response{}, err
	}
	if v.Delivery == outbox.NotSent {
		v.Fault = faults.SMSFailed.New()
	}
	return b.step(r, v, nil)
}

func (b back) given(ctx context.Context, v flow.Visitor, id ref.Flow, in given) (recover.View, error) {
	switch k := gate.Kind(in.Kind); {
	case in.Kind == "recovery_code" && in.Answer == "":
		return b.way.Resend(ctx, v, id)
	case in.Kind == "recovery_code":
		return b.way.Answer(ctx, v, id, in.Answer)
	case in.Kind == "wait":
		return b.way.BeginWait(ctx, v, id)
	case in.Kind == "device":
		return b.device(ctx, v, id, in.Answer)
	case in.Kind == "new_password" && !b.way.Tegata:
		return b.way.Password(ctx, v, id, in.Answer)
	case k == gate.TOTP, k == gate.SMSCode, k == gate.MailCode, k == gate.Passkey, k == gate.Backup, k == gate.Passphrase, k == gate.Tegata, k == gate.TegataCode:
		return b.way.Prove(ctx, v, id, in.Kind, in.Answer)
	}
	return recover.View{Fault: faults.MethodNotOffered.New()}, nil
}

func (b back) step(r *web.Request, v recover.View, options []byte) (web.Response, error) {
	if v.Opened != nil {
		return opened(v.Opened), nil
	}
	s := Step{Flow: rehandle(r, v.ID, v.Handle), Step: string(v.Step), RetryAt: at(v.Resend), Ready: at(v.Ready), Next: []Way{}, Options: options, Number: v.Number}
	switch v.Step {
	case recover.Code:
		s.Next = b.ways(r, "recovery_code")
	case recover.Device:
		s.Next = b.ways(r, "device")
	case recover.Word:
		s.Next, s.Min = b.ways(r, "new_password"), v.MinWord
	case recover.Second:
		for _, w := range v.Ways {
			s.Next = append(s.Next, Way{w.Kind, r.T("api." + w.Kind), w.Names, w.Sent})
			if !w.Until.IsZero() {
				s.RetryAt = at(w.Until)
			}
		}
		if v.May {
			s.Next = append(s.Next, b.ways(r, "wait")...)
		}
	}
	if v.Ticket != (recover.Ticket{}) {
		s.Tegata = b.enrolling(v.Ticket)
	}
	if v.ID == "" || v.Step == recover.Finished {
		s.Flow = ""
	}
	return answer(r, v.Fault, s)
}
