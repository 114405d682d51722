package api

import (
	"context"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/address"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
	"sekisho/internal/session"
	"sekisho/internal/web"
)

func (d *Door) addressOperations() []operation {
	text := map[string]any{"type": "string"}
	answer := map[string]any{"kind": text, "answer": text}
	return []operation{
		{"GET", "/api/v1/me/addresses", web.SignedIn, d.addresses, "addresses", "All addresses, numbers and names of the account", nil, nil, "Addresses", nil},
		{"POST", "/api/v1/me/addresses", web.Fresh, d.addAddress, "addAddress", "Add an e-mail address or mobile number; a code is sent there", map[string]any{"address": text}, []string{"address"}, "Step", nil},
		{"POST", "/api/v1/me/addresses/{id}", web.Fresh, d.confirmAddress, "confirmAddress", "Confirm what was added, named by its flow; without an answer another code is sent", answer, nil, "StepOrAddress", nil},
		{"DELETE", "/api/v1/me/addresses/{id}", web.Fresh, d.removeAddress, "removeAddress", "Remove an address or number", nil, nil, "", nil},
		{"PUT", "/api/v1/me/addresses/{id}/primary", web.Fresh, d.promoteAddress, "promoteAddress", "Make an address or number the primary one", nil, nil, "", nil},
	}
}

// Address is one address, number or name of an account.
type Address struct {
	ID          ref.Address  `json:"id"`
	Kind        account.Kind `json:"kind"`
	Address     string       `json:"address"`
	Primary     bool         `json:"primary"`
	Confirmed   bool         `json:"confirmed"`
	Shared      bool         `json:"shared,omitempty"`
	AddedAt     time.Time    `json:"added_at"`
	ConfirmedAt *time.Time   `json:"confirmed_at,omitempty"`
}

func addressOf(a account.Address) Address {
	return Address{a.ID, a.Kind, a.Shown, a.Main, !a.Confirmed.IsZero(), a.Shared, a.Created.UTC(), at(a.Confirmed)}
}

func (d *Door) addresses(ctx context.Context, r *web.Request) (web.Response, error) {
	l, err := d.Address.List(ctx, r.Session)
	out := make([]Address, 0, len(l.Addresses))
	for _, a := range l.Addresses {
		out = append(out, addressOf(a))
	}
	return web.JSON(200, out), err
}

func (d *Door) addAddress(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Address string `json:"address"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	visitor := r.Describe()
	v, err := d.Address.Add(ctx, visitor, r.Session, in.Address)
	if err != nil {
		return web.Response{}, err
	}
	if _, sec, ok := flow.ParseHandle(v.Handle); ok {
		visitor.Secret = sec
	}
	return d.addressStep(ctx, r, visitor, v)
}

func (d *Door) confirmAddress(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Kind   string `json:"kind"`
		Answer string `json:"answer"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	// Paths that differ in a name alone are one path to OpenAPI: here it is the flow.
	r.HTTP.SetPathValue("flow", r.HTTP.PathValue("id"))
	id, visitor, f := handle(r)
	if f != nil {
		return web.Refuse(f), nil
	}
	if in.Kind != "" && in.Kind != "confirm_code" {
		return web.Refuse(faults.MethodNotOffered.New()), nil
	}
	var v address.View
	var err error
	if in.Answer == "" {
		v, err = d.Address.Resend(ctx, visitor, r.Session, id)
	} else {
		v, err = d.Address.Confirm(ctx, visitor, r.Session, id, in.Answer)
	}
	switch {
	case err != nil:
		return web.Response{}, err
	case v.Over && v.Fault != nil:
		return web.Refuse(v.Fault), nil
	case v.Over:
		return web.JSON(200, addressOf(v.Done)), nil
	case in.Answer != "":
		return answer(r, v.Fault, d.addressNext(r, v))
	}
	return d.addressStep(ctx, r, visitor, v)
}

// addressStep waits until it is known whether a code by SMS could be sent.
func (d *Door) addressStep(ctx context.Context, r *web.Request, visitor flow.Visitor, v address.View) (web.Response, error) {
	if v.ID != "" && v.Fault == nil && v.To.Kind == account.Mobile {
		seen, err := d.Address.Wait(ctx, visitor, r.Session, v.ID)
		if err != nil {
			return web.Response{}, err
		}
		if seen.Delivery == outbox.NotSent {
			v.Fault = faults.SMSFailed.New()
		}
	}
	return answer(r, v.Fault, d.addressNext(r, v))
}

func (d *Door) addressNext(r *web.Request, v address.View) Step {
	if v.ID == "" {
		return Step{}
	}
	return Step{Flow: rehandle(r, v.ID, v.Handle), Step: "code", Next: d.ways(r, "confirm_code"), RetryAt: at(v.Resend)}
}

// changeAddress does something with the address named in the path.
func (d *Door) changeAddress(ctx context.Context, r *web.Request, do func(context.Context, flow.Visitor, session.Session, ref.Address) (*fault.Fault, error)) (web.Response, error) {
	id, ok := ref.ParseAddress(r.HTTP.PathValue("id"))
	if !ok {
		return web.Refuse(faults.AddressUnknown.New()), nil
	}
	f, err := do(ctx, r.Describe(), r.Session, id)
	if err != nil || f == nil {
		return web.Response{Status: 204}, err
	}
	return web.Refuse(f), nil
}

func (d *Door) removeAddress(ctx context.Context, r *web.Request) (web.Response, error) {
	return d.changeAddress(ctx, r, d.Address.Remove)
}

func (d *Door) promoteAddress(ctx context.Context, r *web.Request) (web.Response, error) {
	return d.changeAddress(ctx, r, d.Address.Promote)
}
