package me

import (
	"context"
	"errors"
	"net/url"

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

// Pages of the addresses of an account.
type (
	// Addresses lists what finds the account.
	Addresses struct {
		List  []account.Address // addresses and numbers
		Names []account.Address // user names, which nothing is sent to
		Done  string            // what was just done: added, removed or primary
	}
	// Address shows one, and what can be done with it.
	Address struct {
		One   account.Address
		Stays bool // nothing else reaches its owner
	}
	// AddressAsk asks once before one is removed or made the primary one.
	AddressAsk struct {
		One    account.Address
		Remove bool
		Next   account.Address // removing: what becomes the primary one; making primary: what was
	}
	// AddressNew adds one.
	AddressNew struct {
		Value  string
		Mobile bool // numbers can be added
	}
	// AddressCode asks for the code that was sent there.
	AddressCode struct {
		Flow     string
		To       string
		Mobile   bool // it went by SMS
		Digits   int
		Wait     int  // seconds until another can be sent
		Sent     bool // a code went out
		Delivery string
	}
)

func (d *Door) addressRoutes() []web.Route {
	get := func(path string, g web.Guard, h func(context.Context, *web.Request) (web.Response, error)) web.Route {
		return web.Route{Method: "GET", Path: path, Guard: g, Face: web.Page, Handle: h}
	}
	post := func(path string, h func(context.Context, *web.Request) (web.Response, error)) web.Route {
		return web.Route{Method: "POST", Path: path, Guard: web.Fresh, Face: web.Page, Handle: h}
	}
	return []web.Route{
		get("/me/addresses", web.SignedIn, d.addresses), get("/me/addresses/one", web.SignedIn, d.address),
		get("/me/addresses/new", web.Fresh, d.addressNew), post("/me/addresses/new", d.addressAdd),
		get("/me/addresses/code/{flow}", web.Fresh, d.addressCode), post("/me/addresses/code/{flow}", d.addressConfirm),
		post("/me/addresses/code/{flow}/send", d.addressSend),
		get("/me/addresses/remove", web.Fresh, d.addressAsk), post("/me/addresses/remove", d.addressRemove),
		get("/me/addresses/primary", web.Fresh, d.addressAsk), post("/me/addresses/primary", d.addressPromote),
	}
}

func (d *Door) addresses(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	var p Addresses
	switch q["done"] {
	case "added", "removed", "primary":
		p.Done = q["done"]
	}
	l, err := d.Address.List(ctx, r.Session)
	for _, a := range l.Addresses {
		if a.Kind == account.Username {
			p.Names = append(p.Names, a)
			continue
		}
		p.List = append(p.List, a)
	}
	return web.Show("me/addresses", p), err
}

// addressIn is the address that the query names, among all of the account's.
func (d *Door) addressIn(ctx context.Context, r *web.Request) (a account.Address, all []account.Address, err error) {
	q, err := r.Query()
	if err != nil {
		return a, nil, err
	}
	l, err := d.Address.List(ctx, r.Session)
	for _, x := range l.Addresses {
		if x.ID != "" && string(x.ID) == q["id"] && x.Kind != account.Username {
			a = x
		}
	}
	return a, l.Addresses, err
}

func (d *Door) address(ctx context.Context, r *web.Request) (web.Response, error) {
	a, all, err := d.addressIn(ctx, r)
	if err != nil || a.ID == "" {
		return web.Refuse(faults.AddressUnknown.New()), err
	}
	_, last := account.Heir(all, a)
	return web.Show("me/address", Address{One: a, Stays: errors.Is(last, account.ErrLast)}), nil
}

func (d *Door) addressAsk(ctx context.Context, r *web.Request) (web.Response, error) {
	a, all, err := d.addressIn(ctx, r)
	if err != nil || a.ID == "" {
		return web.Refuse(faults.AddressUnknown.New()), err
	}
	p := AddressAsk{One: a, Remove: r.HTTP.URL.Path == "/me/addresses/remove"}
	if p.Remove {
		var last error
		if p.Next, last = account.Heir(all, a); last != nil {
			return web.Refuse(faults.AddressLast.New()), nil
		}
		return web.Show("me/address-ask", p), nil
	}
	for _, x := range all {
		if x.Kind == a.Kind && x.Main {
			p.Next = x
		}
	}
	return web.Show("me/address-ask", p), nil
}

func (d *Door) addressNew(ctx context.Context, r *web.Request) (web.Response, error) {
	a, _, err := d.addressIn(ctx, r) // one that waits to be confirmed
	r.NeedBrowser()
	return web.Show("me/address-new", AddressNew{Value: a.Shown, Mobile: d.Address.SMS}), err
}

func (d *Door) addressAdd(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	r.NeedBrowser()
	v, err := d.Address.Add(ctx, r.Describe(), r.Session, form["address"])
	switch {
	case err != nil:
		return web.Response{}, err
	case v.ID == "":
		return web.Show("me/address-new", AddressNew{Value: form["address"], Mobile: d.Address.SMS}).With(v.Fault), nil
	}
	return d.addressSent(ctx, r, v)
}

// addressSent shows what came of sending a code: at once where none was sent, else
// once it is known whether an SMS could be.
func (d *Door) addressSent(ctx context.Context, r *web.Request, v address.View) (web.Response, error) {
	if v.Fault != nil {
		return d.addressCodePage(r, v), nil
	}
	if v.To.Kind == account.Mobile {
		if _, err := d.Address.Wait(ctx, r.Visitor, r.Session, v.ID); err != nil {
			return web.Response{}, err
		}
	}
	return web.Go("/me/addresses/code/" + url.PathEscape(string(v.ID))), nil
}

func (d *Door) addressCodePage(r *web.Request, v address.View) web.Response {
	f := v.Fault
	if f == nil && v.Delivery == outbox.NotSent {
		f = faults.SMSFailed.New()
	}
	if v.ID == "" || v.Over {
		return web.Refuse(v.Fault)
	}
	return web.Show("me/address-code", AddressCode{Flow: string(v.ID), To: v.To.Shown, Mobile: v.To.Kind == account.Mobile, Digits: d.Address.Codes.Digits,
		Wait: max(0, int(v.Resend.Sub(r.Now).Seconds())), Sent: v.Sent, Delivery: string(v.Delivery)}).With(f)
}

// addressFlow is the journey that the path names.
func addressFlow(r *web.Request) (ref.Flow, *fault.Fault) {
	id, ok := ref.ParseFlow(r.HTTP.PathValue("flow"))
	if !ok {
		return "", faults.FlowExpired.New()
	}
	return id, nil
}

func (d *Door) addressCode(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f := addressFlow(r)
	if f != nil {
		return web.Refuse(f), nil
	}
	v, err := d.Address.Look(ctx, r.Visitor, r.Session, id)
	if err != nil {
		return web.Response{}, err
	}
	return d.addressCodePage(r, v), nil
}

func (d *Door) addressConfirm(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	id, f := addressFlow(r)
	if f != nil {
		return web.Refuse(f), nil
	}
	v, err := d.Address.Confirm(ctx, r.Describe(), r.Session, id, form["code"])
	switch {
	case err != nil:
		return web.Response{}, err
	case v.Over && v.Fault == nil:
		return web.Go("/me/addresses?done=added"), nil
	}
	return d.addressCodePage(r, v), nil
}

func (d *Door) addressSend(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f := addressFlow(r)
	if f != nil {
		return web.Refuse(f), nil
	}
	v, err := d.Address.Resend(ctx, r.Describe(), r.Session, id)
	if err != nil {
		return web.Response{}, err
	}
	return d.addressSent(ctx, r, v)
}

// addressChange does something with the address that the form names.
func (d *Door) addressChange(ctx context.Context, r *web.Request, done string, do func(context.Context, flow.Visitor, session.Session, ref.Address) (*fault.Fault, error)) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	id, ok := ref.ParseAddress(form["id"])
	if !ok {
		return web.Refuse(faults.AddressUnknown.New()), nil
	}
	f, err := do(ctx, r.Describe(), r.Session, id)
	if err != nil || f == nil {
		return web.Go("/me/addresses?done=" + done), err
	}
	return web.Refuse(f), nil
}

func (d *Door) addressRemove(ctx context.Context, r *web.Request) (web.Response, error) {
	return d.addressChange(ctx, r, "removed", d.Address.Remove)
}

func (d *Door) addressPromote(ctx context.Context, r *web.Request) (web.Response, error) {
	return d.addressChange(ctx, r, "primary", d.Address.Promote)
}
