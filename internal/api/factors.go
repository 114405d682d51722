package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow/access"
	"sekisho/internal/flow/enrol"
	"sekisho/internal/gate"
	"sekisho/internal/outbox"
	"sekisho/internal/ready"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/session"
	"sekisho/internal/ua"
	"sekisho/internal/web"
)

// Factors is what an account can prove itself with.
type Factors struct {
	SecondFactor bool        `json:"second_factor"`
	Demanded     bool        `json:"demanded"`
	Preferred    string      `json:"preferred,omitempty"`
	Factors      []Factor    `json:"factors"`
	Backup       BackupCodes `json:"backup"`
	Passphrase   bool        `json:"passphrase"`
	Trusted      int         `json:"trusted_browsers"`
	Kinds        []gate.Kind `json:"kinds"` // that can be added here
	Readiness    Readiness   `json:"readiness"`
}

// Readiness is what would happen if one thing were lost (MF-05).
type Readiness struct {
	Losses []Fate     `json:"losses"`
	Next   ready.Step `json:"next,omitempty"` // what mends the most
}

// Fate is what one loss would mean.
type Fate struct {
	Loss    ready.Loss    `json:"loss"`
	Outcome ready.Outcome `json:"outcome"`
	By      []ready.Way   `json:"by"` // each of them would be enough
}

// Factor is one of them. An installation of Tegata has more to it, at /api/v1/me/tegata.
type Factor struct {
	ID        string     `json:"id"`
	Kind      gate.Kind  `json:"kind"`
	Name      string     `json:"name"`
	CreatedAt time.Time  `json:"created_at"`
	LastUsed  *time.Time `json:"last_used_at"`
	Synced    bool       `json:"synced,omitempty"`
	CopiedAt  *time.Time `json:"copied_at,omitempty"` // when its counter went back
	Counts    bool       `json:"counts"`              // false: the policy lets its kind count no more
}

// BackupCodes says how many are left.
type BackupCodes struct {
	Left   int        `json:"left"`
	Of     int        `json:"of"`
	MadeAt *time.Time `json:"made_at"`
}

// Begun is what is being set up. Give the flow to confirm it.
type Begun struct {
	Flow     string       `json:"flow"`
	Secret   string       `json:"secret,omitempty"`
	URI      string       `json:"uri,omitempty"`
	ResendAt *time.Time   `json:"resend_at,omitempty"`
	Delivery outbox.Stage `json:"delivery,omitempty"`
}

// Done is what came of a change. A token replaces the one that was used, which
// opens nothing any more; codes are shown this once.
type Done struct {
	Factor ref.Factor `json:"factor,omitempty"`
	Token  string     `json:"token,omitempty"`
	Codes  []string   `json:"codes,omitempty"`
}

// Access is one thing that has access to the account.
type Access struct {
	Kind      access.Kind `json:"kind"`
	ID        string      `json:"id,omitempty"`
	Name      string      `json:"name"`
	Detail    []string    `json:"detail,omitempty"`
	Address   string      `json:"address,omitempty"`
	Place     string      `json:"place,omitempty"`
	Since     time.Time   `json:"since"`
	LastUsed  *time.Time  `json:"last_used_at"`
	Until     *time.Time  `json:"expires_at,omitempty"`
	Current   bool        `json:"current"`
	Revocable bool        `json:"revocable"`
}

func (d *Door) factors(ctx context.Context, r *web.Request) (web.Response, error) {
	h, err := d.Enrol.Held(ctx, r.Session)
	if err != nil {
		return web.Response{}, err
	}
	s, e := h.Set, d.Enrol
	out := Factors{SecondFactor: s.On(), Demanded: s.Rules.SecondFactor.Demanded, Preferred: h.Account.Preferred, Factors: []Factor{}, Kinds: []gate.Kind{},
		Backup: BackupCodes{s.Backup, s.BackupOf, at(h.Made)}, Passphrase: s.Passphrase, Trusted: len(h.Trusts), Readiness: readiness(e.Ready(h.Account, s))}
	add := func(x Factor) {
		x.Counts = gate.Permits(s.Rules, x.Kind)
		out.Factors = append(out.Factors, x)
	}
	for _, x := range s.Devices {
		add(Factor{ID: string(x.ID), Kind: gate.Tegata, Name: x.Name, CreatedAt: x.Created.UTC(), LastUsed: at(x.LastSeen)})
	}
	for _, x := range s.Apps {
		add(Factor{ID: string(x.ID), Kind: gate.TOTP, Name: x.Name, CreatedAt: x.Created.UTC(), LastUsed: at(x.LastUsed)})
	}
	for _, x := range s.Keys {
		add(Factor{ID: string(x.ID), Kind: gate.Passkey, Name: x.Name, CreatedAt: x.Created.UTC(), LastUsed: at(x.LastUsed), Synced: x.Synced, CopiedAt: at(x.Cloned)})
	}
	for _, x := range s.Numbers {
		name := account.Identifier{Kind: account.Mobile, Norm: x.Norm}.Masked()
		add(Factor{ID: string(x.ID), Kind: gate.SMSCode, Name: name, CreatedAt: x.Created.UTC(), LastUsed: at(x.LastUsed)})
	}
	can := map[gate.Kind]bool{gate.Tegata: true, gate.TOTP: true, gate.Passkey: e.Keys != nil, gate.SMSCode: e.SMS, gate.Backup: true, gate.Passphrase: true}
	for _, k := range []gate.Kind{gate.Tegata, gate.TOTP, gate.Passkey, gate.SMSCode, gate.Backup, gate.Passphrase} {
		if can[k] && gate.Permits(s.Rules, k) {
			out.Kinds = append(out.Kinds, k)
		}
	}
	return web.JSON(http.StatusOK, out), nil
}

func readiness(r ready.Report) Readiness {
	out := Readiness{[]Fate{}, r.Next}
	for _, f := range r.Fates {
		out.Losses = append(out.Losses, Fate{f.Loss, f.Outcome, append([]ready.Way{}, f.By...)})
	}
	return out
}

// done answers what came of a change, and keeps a new token where the old one came
// in a cookie.
func done(r *web.Request, x enrol.Done, err error) (web.Response, error) {
	if err != nil {
		return web.Response{}, err
	}
	if x.Fault != nil {
		return web.Refuse(x.Fault), nil
	}
	r.Renew(x.Token)
	return web.JSON(http.StatusOK, Done{x.Factor, x.Token.Reveal(), reveal(x.Codes)}), nil
}

func reveal(list []secret.Text) []string {
	var out []string
	for _, c := range list {
		out = append(out, c.Reveal())
	}
	return out
}

// begun answers with what is being set up, or with the fault and how to go on.
func (d *Door) begun(r *web.Request, v enrol.View) (web.Response, error) {
	if v.Fault != nil {
		return answer(r, v.Fault, Step{Flow: v.Handle, Next: d.ways(r, string(gate.SMSCode)), RetryAt: at(v.Resend)})
	}
	return web.JSON(http.StatusOK, Begun{v.Handle, v.Key.Reveal(), v.URI, at(v.Resend), v.Stage}), nil
}

func (d *Door) beginApp(ctx context.Context, r *web.Request) (web.Response, error) {
	v, err := d.Enrol.App(ctx, r.Describe(), r.Session)
	if err != nil {
		return web.Response{}, err
	}
	return d.begun(r, v)
}

// confirming is what confirms a factor that is being set up.
type confirming struct {
	Name string `json:"name"`
	Code string `json:"code"`
}

func (d *Door) confirmApp(ctx context.Context, r *web.Request) (web.Response, error) {
	var in confirming
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	id, v, f := handle(r)
	if f != nil {
		return web.Refuse(f), nil
	}
	x, err := d.Enrol.ConfirmApp(ctx, v, r.Session, id, enrol.First{Name: in.Name, Code: in.Code})
	return done(r, x, err)
}

func (d *Door) beginNumber(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Number string `json:"number"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	v, err := d.Enrol.Number(ctx, r.Describe(), r.Session, in.Number)
	if err != nil {
		return web.Response{}, err
	}
	return d.begun(r, v)
}

// confirmNumber takes the code; without one another is sent, and it is told what
// became of it.
func (d *Door) confirmNumber(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Code string `json:"code"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	id, v, f := handle(r)
	if f != nil {
		return web.Refuse(f), nil
	}
	if in.Code != "" {
		x, err := d.Enrol.ConfirmNumber(ctx, v, r.Session, id, in.Code)
		return done(r, x, err)
	}
	x, err := d.Enrol.SendNumber(ctx, v, r.Session, id)
	if err != nil || x.Fault != nil {
		return refused(x.Fault), err
	}
	view, err := d.Enrol.Wait(ctx, v, r.Session, id)
	switch {
	case err != nil || view.Fault != nil:
		return refused(view.Fault), err
	case view.Stage == outbox.NotSent:
		return web.Refuse(faults.SMSFailed.New()), nil
	}
	view.Handle = r.HTTP.PathValue("flow")
	return d.begun(r, view)
}

// key gives what the browser is asked to make a passkey; with its answer the key is
// kept.
func (d *Door) key(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Name     string          `json:"name"`
		Response json.RawMessage `json:"response"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	if len(in.Response) > 0 {
		x, err := d.Enrol.Key(ctx, r.Describe(), r.Session, in.Name, in.Response)
		return done(r, x, err)
	}
	options, f, err := d.Enrol.KeyOptions(ctx, r.Describe(), r.Session)
	if err != nil || f != nil {
		return refused(f), err
	}
	return web.JSON(http.StatusOK, struct {
		Options json.RawMessage `json:"options"`
	}{options}), nil
}

func (d *Door) makeBackup(ctx context.Context, r *web.Request) (web.Response, error) {
	x, err := d.Enrol.Backup(ctx, r.Describe(), r.Session)
	return done(r, x, err)
}

func (d *Door) setPassphrase(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Passphrase string `json:"passphrase"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	x, err := d.Enrol.Passphrase(ctx, r.Describe(), r.Session, in.Passphrase)
	return done(r, x, err)
}

func (d *Door) dropPassphrase(ctx context.Context, r *web.Request) (web.Response, error) {
	x, err := d.Enrol.RemovePassphrase(ctx, r.Describe(), r.Session)
	return done(r, x, err)
}

// named is the factor that the path names.
func named(r *web.Request) (ref.Factor, *fault.Fault) {
	id, ok := ref.ParseFactor(r.HTTP.PathValue("id"))
	if !ok {
		return "", faults.FactorUnknown.New()
	}
	return id, nil
}

func (d *Door) renameFactor(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Name string `json:"name"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	id, f := named(r)
	if f != nil {
		return web.Refuse(f), nil
	}
	x, err := d.Enrol.Rename(ctx, r.Describe(), r.Session, id, in.Name)
	return done(r, x, err)
}

func (d *Door) removeFactor(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f := named(r)
	if f != nil {
		return web.Refuse(f), nil
	}
	x, err := d.Enrol.Remove(ctx, r.Describe(), r.Session, id)
	return done(r, x, err)
}

func (d *Door) factorsOff(ctx context.Context, r *web.Request) (web.Response, error) {
	x, err := d.Enrol.Off(ctx, r.Describe(), r.Session)
	return done(r, x, err)
}

func (d *Door) prefer(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Kind gate.Kind `json:"kind"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	x, err := d.Enrol.Prefer(ctx, r.Describe(), r.Session, in.Kind)
	return done(r, x, err)
}

func (d *Door) access(ctx context.Context, r *web.Request) (web.Response, error) {
	list, err := d.Access.List(ctx, r.Session)
	out := make([]Access, 0, len(list))
	for _, x := range list {
		a := Access{x.Kind, x.ID, x.Name, slices.Clone(x.Detail), x.Addr, x.Place, x.Since.UTC(), at(x.LastUsed), at(x.Until), x.Here, x.Revocable}
		if x.Kind == access.Session {
			a.Detail = session.Methods(x.Detail)
		}
		if a.Name == "" && x.Agent != "" {
			a.Name = ua.Parse(x.Agent).String()
		}
		out = append(out, a)
	}
	return web.JSON(http.StatusOK, out), err
}

func (d *Door) endTrust(ctx context.Context, r *web.Request) (web.Response, error) {
	id, ok := ref.ParseTrust(r.HTTP.PathValue("id"))
	if !ok {
		return web.Refuse(faults.NotFound.New()), nil
	}
	err := d.Enrol.EndTrust(ctx, r.Describe(), r.Session, id)
	if errors.Is(err, db.ErrNone) {
		return web.Refuse(faults.NotFound.New()), nil
	}
	return web.Response{Status: http.StatusNoContent}, err
}

func (d *Door) endApp(ctx context.Context, r *web.Request) (web.Response, error) {
	id, ok := ref.ParseClient(r.HTTP.PathValue("id"))
	if !ok {
		return web.Refuse(faults.NotFound.New()), nil
	}
	return web.Response{Status: http.StatusNoContent}, d.Change.Disconnect(ctx, r.Describe(), r.Session, id)
}

// elevate begins to prove the session anew; its steps are answered as those of a
// sign-in, and end in the same session with another token.
func (d *Door) elevate(ctx context.Context, r *web.Request) (web.Response, error) {
	v, err := d.Signin.StepUp(ctx, r.Describe(), r.Session, "")
	if err != nil {
		return web.Response{}, err
	}
	return d.signinStep(r, v, nil)
}

func (d *Door) factorOperations() []operation {
	text := map[string]any{"type": "string"}
	confirm := map[string]any{"name": text, "code": text}
	return []operation{
		{"POST", "/api/v1/me/elevate", web.SettingUp, d.elevate, "elevate", "Begin to prove the session anew; answer at /api/v1/signin/{flow}", nil, nil, "Step", nil},
		{"GET", "/api/v1/me/factors", web.SettingUp, d.factors, "factors", "What the account can prove itself with, Tegata among it", nil, nil, "Factors", nil},
		{"DELETE", "/api/v1/me/factors", web.FreshSetup, d.factorsOff, "factorsOff", "Switch the second factor off; backup codes and trusted browsers end", nil, nil, "Done", nil},
		{"PUT", "/api/v1/me/factors/preferred", web.FreshSetup, d.prefer, "prefer", "Which kind a sign-in asks for first", map[string]any{"kind": text}, []string{"kind"}, "Done", nil},
		{"POST", "/api/v1/me/factors/totp", web.FreshSetup, d.beginApp, "beginApp", "Begin to set up an authenticator app", nil, nil, "Begun", nil},
		{"POST", "/api/v1/me/factors/totp/{flow}", web.FreshSetup, d.confirmApp, "confirmApp", "Confirm the app with its first code", confirm, []string{"code"}, "Done", nil},
		{"POST", "/api/v1/me/factors/smscode", web.FreshSetup, d.beginNumber, "beginNumber", "Begin to set up codes by SMS; one is sent", map[string]any{"number": text}, []string{"number"}, "Begun", nil},
		{"POST", "/api/v1/me/factors/smscode/{flow}", web.FreshSetup, d.confirmNumber, "confirmNumber", "Confirm the number with the code; without one another is sent", map[string]any{"code": text}, nil, "BegunOrDone", nil},
		{"POST", "/api/v1/me/factors/passkey", web.FreshSetup, d.key, "key", "Options for navigator.credentials.create; with its response the key is kept", map[string]any{"name": text, "response": map[string]any{"type": "object"}}, nil, "OptionsOrDone", nil},
		{"POST", "/api/v1/me/factors/backup", web.FreshSetup, d.makeBackup, "makeBackup", "Make backup codes; the ones before are void", nil, nil, "Done", nil},
		{"POST", "/api/v1/me/factors/passphrase", web.FreshSetup, d.setPassphrase, "setPassphrase", "Set the recovery passphrase", map[string]any{"passphrase": text}, []string{"passphrase"}, "Done", nil},
		{"DELETE", "/api/v1/me/factors/passphrase", web.FreshSetup, d.dropPassphrase, "dropPassphrase", "Remove the recovery passphrase", nil, nil, "Done", nil},
		{"PATCH", "/api/v1/me/factors/{id}", web.FreshSetup, d.renameFactor, "renameFactor", "Name one factor", map[string]any{"name": text}, []string{"name"}, "Done", nil},
		{"DELETE", "/api/v1/me/factors/{id}", web.FreshSetup, d.removeFactor, "removeFactor", "Remove one factor; with the last the second factor is off", nil, nil, "Done", nil},
		{"GET", "/api/v1/me/access", web.SignedIn, d.access, "access", "Everything that has access to the account", nil, nil, "AccessList", nil},
		{"DELETE", "/api/v1/me/apps/{id}", web.SignedIn, d.endApp, "endApp", "Disconnect an app; its tokens end", nil, nil, "", nil},
		{"DELETE", "/api/v1/me/trusted-browsers/{id}", web.SignedIn, d.endTrust, "endTrust", "Stop trusting a browser", nil, nil, "", nil},
	}
}

func factorSchemas() map[string]any {
	text, number, flag := map[string]any{"type": "string"}, map[string]any{"type": "integer"}, map[string]any{"type": "boolean"}
	when := map[string]any{"type": "string", "format": "date-time"}
	never := map[string]any{"type": []string{"string", "null"}, "format": "date-time"}
	list := func(of any) map[string]any { return map[string]any{"type": "array", "items": of} }
	see := func(name string) map[string]any { return map[string]any{"$ref": "#/components/schemas/" + name} }
	return map[string]any{
		"Factor": object([]string{"id", "kind", "name", "created_at", "last_used_at", "counts"}, map[string]any{"id": text, "kind": text, "name": text, "created_at": when,
			"last_used_at": never, "counts": flag, "synced": flag, "copied_at": when}),
		"Factors": object([]string{"second_factor", "demanded", "factors", "backup", "passphrase", "trusted_browsers", "kinds", "readiness"}, map[string]any{"second_factor": flag, "demanded": flag,
			"preferred": text, "factors": list(see("Factor")), "backup": object([]string{"left", "of", "made_at"}, map[string]any{"left": number, "of": number, "made_at": never}),
			"passphrase": flag, "trusted_browsers": number, "kinds": list(text),
			"readiness": object([]string{"losses"}, map[string]any{"next": text, "losses": list(object([]string{"loss", "outcome", "by"}, map[string]any{"loss": text, "outcome": text, "by": list(text)}))})}),
		"Begun":       object([]string{"flow"}, map[string]any{"flow": text, "secret": text, "uri": text, "resend_at": when, "delivery": text}),
		"Done":        object(nil, map[string]any{"factor": text, "token": text, "codes": list(text)}),
		"BegunOrDone": map[string]any{"anyOf": []any{see("Begun"), see("Done")}},
		"OptionsOrDone": map[string]any{"anyOf": []any{object([]string{"options"}, map[string]any{"options": map[string]any{"type": "object"}}),
			see("Done")}},
		"AccessList": list(object([]string{"kind", "name", "since", "last_used_at", "current", "revocable"}, map[string]any{"kind": text, "id": text, "name": text, "detail": list(text),
			"address": text, "place": text, "since": when, "last_used_at": never, "expires_at": when, "current": flag, "revocable": flag})),
	}
}
