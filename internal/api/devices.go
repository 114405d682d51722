package api

import (
	"context"
	"net/http"
	"time"

	"sekisho/internal/faults"
	"sekisho/internal/flow/enrol"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

// Enrolling is an installation of Tegata that is being taken in.
type Enrolling struct {
	Ticket  string     `json:"ticket,omitempty"` // only once
	URI     string     `json:"uri,omitempty"`    // what a QR of it holds
	State   string     `json:"state"`            // open, waiting, active
	Number  string     `json:"number,omitempty"`
	Device  ref.Device `json:"device,omitempty"`
	Name    string     `json:"name,omitempty"`
	Expires *time.Time `json:"expires_at,omitempty"`
	Token   string     `json:"token,omitempty"` // the session's new one
	Codes   []string   `json:"codes,omitempty"` // backup codes that were made with it
}

func (d *Door) enrolling(r *web.Request, t enrol.Ticket, err error) (web.Response, error) {
	if err != nil || t.Fault != nil {
		return web.Refuse(t.Fault), err
	}
	e := Enrolling{State: "open", Number: t.Number, Device: t.Device.ID, Name: t.Device.Name, Expires: at(t.Expires)}
	switch {
	case t.Ready:
		e.State = "active"
	case t.Number != "":
		e.State = "waiting"
	}
	if t.Token != "" && t.Device.ID == "" {
		e.Ticket, e.URI = t.Token.Reveal(), d.Tegata.EnrolURI(t.Token.Reveal())
	}
	if t.Done.Token != "" {
		r.Renew(t.Done.Token)
		e.Token = t.Done.Token.Reveal()
	}
	e.Codes = reveal(t.Codes)
	return web.JSON(http.StatusOK, e), nil
}

func (d *Door) newTicket(ctx context.Context, r *web.Request) (web.Response, error) {
	t, err := d.Enrol.NewTicket(ctx, r.Describe(), r.Session)
	return d.enrolling(r, t, err)
}

func (d *Door) ticket(ctx context.Context, r *web.Request) (web.Response, error) {
	t, err := d.Enrol.TicketOf(ctx, r.Session)
	return d.enrolling(r, t, err)
}

func (d *Door) agreeTicket(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Replaces ref.Device `json:"replaces"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	t, err := d.Enrol.AgreeTicket(ctx, r.Describe(), r.Session, in.Replaces)
	return d.enrolling(r, t, err)
}

func (d *Door) stopTicket(ctx context.Context, r *web.Request) (web.Response, error) {
	return web.Response{Status: http.StatusNoContent}, d.Enrol.StopTicket(ctx, r.Session)
}

func (d *Door) devices(ctx context.Context, r *web.Request) (web.Response, error) {
	h, err := d.Enrol.Held(ctx, r.Session)
	if err != nil {
		return web.Response{}, err
	}
	out := []Installation{}
	for _, x := range h.Set.Devices {
		out = append(out, installation(x, h.Account.Turn))
	}
	return web.JSON(http.StatusOK, map[string]any{"devices": out}), nil
}

// onDevice does something to one installation of the account.
func (d *Door) onDevice(do func(context.Context, *web.Request, ref.Device) (enrol.Done, error)) func(context.Context, *web.Request) (web.Response, error) {
	return func(ctx context.Context, r *web.Request) (web.Response, error) {
		id, ok := deviceOf(r)
		if !ok {
			return web.Refuse(faults.NotFound.New()), nil
		}
		x, err := do(ctx, r, id)
		return empty(x.Fault, err)
	}
}

func (d *Door) renameDevice(ctx context.Context, r *web.Request, id ref.Device) (enrol.Done, error) {
	var in struct {
		Name string `json:"name"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return enrol.Done{}, err
	}
	return d.Enrol.RenameDevice(ctx, r.Describe(), r.Session, id, in.Name)
}

func (d *Door) promoteDevice(ctx context.Context, r *web.Request, id ref.Device) (enrol.Done, error) {
	return d.Enrol.Promote(ctx, r.Describe(), r.Session, id)
}

func (d *Door) refreshDevice(ctx context.Context, r *web.Request, id ref.Device) (enrol.Done, error) {
	return d.Enrol.RefreshDevice(ctx, r.Describe(), r.Session, id)
}

func (d *Door) retireDevice(ctx context.Context, r *web.Request, id ref.Device) (enrol.Done, error) {
	return d.Enrol.Retire(ctx, r.Describe(), r.Session, id)
}

func (d *Door) tegataOperations() []operation {
	text, flag := map[string]any{"type": "string"}, map[string]any{"type": "boolean"}
	number, list := map[string]any{"type": "integer"}, map[string]any{"type": "array", "items": text}
	key, me := d.signedByKey(), "/api/v1/me/tegata"
	own := "/api/v1/tegata"
	return []operation{
		{"POST", me + "/ticket", web.FreshSetup, d.newTicket, "newTicket", "Let one installation of Tegata ask to be taken in", nil, nil, "Enrolling", nil},
		{"GET", me + "/ticket", web.SettingUp, d.ticket, "ticket", "How far that has come", nil, nil, "Enrolling", nil},
		{"POST", me + "/ticket/agree", web.SettingUp, d.agreeTicket, "agreeTicket", "Say that the number is the same here, and which installation it takes the place of", map[string]any{"replaces": text}, nil, "Enrolling", nil},
		{"DELETE", me + "/ticket", web.SettingUp, d.stopTicket, "stopTicket", "Take it back", nil, nil, "", nil},
		{"GET", me, web.SignedIn, d.devices, "devices", "The installations of Tegata", nil, nil, "Installations", nil},
		{"PATCH", me + "/{id}", web.Fresh, d.onDevice(d.renameDevice), "renameDevice", "Name one", map[string]any{"name": text}, []string{"name"}, "", nil},
		{"DELETE", me + "/{id}", web.Fresh, d.onDevice(d.retireDevice), "retireDevice", "Retire one: this phone is gone", nil, nil, "", nil},
		{"POST", me + "/{id}/promote", web.Fresh, d.onDevice(d.promoteDevice), "promoteDevice", "Make one the primary one", nil, nil, "", nil},
		{"POST", me + "/{id}/refresh", web.Fresh, d.onDevice(d.refreshDevice), "refreshDevice", "Let one count again after a new password", nil, nil, "", nil},
		{"POST", own + "/enrol", web.Anyone, d.tegataJoin, "tegataJoin", "Ask to be taken in with a ticket", map[string]any{"ticket": text, "key": text, "name": text, "kind": text, "proof": text}, []string{"ticket", "key", "proof"}, "Any", nil},
		{"GET", own + "/enrol", key, d.tegataJoined, "tegataJoined", "How far that has come", nil, nil, "Any", nil},
		{"POST", own + "/enrol/confirm", key, d.tegataAgree, "tegataAgree", "Say that the number is the same there", nil, nil, "Any", nil},
		{"GET", own + "/state", key, d.tegataState, "tegataState", "All that an installation shows", nil, nil, "Any", nil},
		{"GET", own + "/events", key, d.tegataEvents, "tegataEvents", "Wait for news", nil, nil, "Any", []string{"after", "wait"}},
		{"POST", own + "/requests/{id}/receipt", key, d.tegataReceipt, "tegataReceipt", "Say that a request has come", nil, nil, "", nil},
		{"POST", own + "/requests/{id}", key, d.tegataDecide, "tegataDecide", "Approve, cancel or deny", map[string]any{"decision": text, "number": text, "verified": flag, "signature": text}, []string{"decision", "signature"}, "", nil},
		{"POST", own + "/scan", key, d.tegataScan, "tegataScan", "Take the code of a sign-in page; link: it came with a link, not by the camera", map[string]any{"code": text, "link": map[string]any{"type": "boolean"}}, []string{"code"}, "Any", nil},
		{"GET", own + "/sessions", key, d.tegataSessions, "tegataSessions", "What is open", nil, nil, "Any", nil},
		{"POST", own + "/sessions/end", key, d.tegataEnd, "tegataEnd", "End some or all of it", map[string]any{"ids": list, "all": flag}, nil, "Ended", nil},
		{"PUT", own + "/lock", key, d.tegataLock, "tegataLock", "Set or lift the sign-in lock", map[string]any{"on": flag, "until": text, "end_sessions": flag}, []string{"on"}, "", nil},
		{"PUT", own + "/guard", key, d.tegataGuarded, "tegataGuard", "Say whether an app lock is set", map[string]any{"on": flag}, []string{"on"}, "", nil},
		{"POST", own + "/refresh", key, d.tegataRefresh, "tegataRefresh", "Confirm the password that holds now", map[string]any{"password": text}, []string{"password"}, "", nil},
		{"PATCH", own + "/devices/{id}", key, d.tegataRename, "tegataRename", "Name an installation", map[string]any{"name": text}, []string{"name"}, "", nil},
		{"POST", own + "/devices/{id}/promote", key, d.tegataPromote, "tegataPromote", "Hand on being the primary one", nil, nil, "", nil},
		{"DELETE", own + "/devices/{id}", key, d.tegataRetire, "tegataRetire", "Retire an installation", nil, nil, "", nil},
		{"GET", own + "/push/key", key, d.tegataWakeKey, "tegataWakeKey", "The key with which a browser subscribes to be woken", nil, nil, "Any", nil},
		{"PUT", own + "/push", key, d.tegataSubscribe, "tegataSubscribe", "Say where the installation is woken", map[string]any{"endpoint": text, "p256dh": text, "auth": text}, []string{"endpoint", "p256dh", "auth"}, "", nil},
		{"DELETE", own + "/push", key, d.tegataUnsubscribe, "tegataUnsubscribe", "Let it sleep", nil, nil, "", nil},
		{"GET", own + "/vault", key, d.tegataVault, "tegataVault", "The sealed vault", nil, nil, "Any", nil},
		{"PUT", own + "/vault", key, d.tegataPutVault, "tegataPutVault", "Replace the sealed vault", map[string]any{"version": number, "sealed": text}, []string{"version", "sealed"}, "Any", nil},
	}
}

func tegataSchemas() map[string]any {
	text, flag := map[string]any{"type": "string"}, map[string]any{"type": "boolean"}
	when := map[string]any{"type": "string", "format": "date-time"}
	one := object([]string{"id", "name", "kind", "primary", "stale", "created_at", "last_seen_at"}, map[string]any{"id": text, "name": text, "kind": text, "primary": flag, "stale": flag,
		"created_at": when, "last_seen_at": when})
	return map[string]any{
		"Enrolling": object([]string{"state"}, map[string]any{"ticket": text, "uri": text, "state": text, "number": text, "device": text, "name": text, "expires_at": when, "token": text,
			"codes": map[string]any{"type": "array", "items": text}}),
		"Installations": object([]string{"devices"}, map[string]any{"devices": map[string]any{"type": "array", "items": one}}),
	}
}
