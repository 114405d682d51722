package admin

import (
	"context"
	"slices"
	"strings"

	"sekisho/internal/db"
	"sekisho/internal/flow/govern"
	"sekisho/internal/hook"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

// Pages of webhooks.
type (
	// Webhooks lists an organisation's.
	Webhooks struct {
		List []hook.Hook
		Done string // "removed"
	}
	// WebhookForm makes or changes one; what was typed stays.
	WebhookForm struct {
		ID       ref.Hook // empty: it is made
		Name     string
		URL      string
		Groups   []WebhookGroup
		More     string // events by their full names
		All      bool
		Disabled bool
	}
	// WebhookGroup is a kind of event that can be chosen.
	WebhookGroup struct {
		Name string
		On   bool
	}
	// Webhook shows one, and what it was told.
	Webhook struct {
		hook.Hook
		Deliveries []hook.Delivery
		Next       ref.Delivery
		Secret     string // shown once
		Done       string // "tested", "replayed", "saved"
	}
	// WebhookAsk asks once before one is removed.
	WebhookAsk struct{ hook.Hook }
)

func (d *Door) hookRoutes() []web.Route {
	const p = org.Settings
	return []web.Route{
		seeBoth("/admin/webhooks", d.hooks), seeBoth("/admin/webhooks/one", d.hookOne),
		ask("/admin/webhooks/new", p, d.hookNew), do("/admin/webhooks/new", p, d.hookAdd),
		ask("/admin/webhooks/edit", p, d.hookEdit), do("/admin/webhooks/edit", p, d.hookSet),
		ask("/admin/webhooks/remove", p, d.hookAsk), do("/admin/webhooks/remove", p, d.hookRemove),
		do("/admin/webhooks/rotate", p, d.hookRotate), do("/admin/webhooks/test", p, d.hookTest), do("/admin/webhooks/replay", p, d.hookReplay),
	}
}

// seeBoth is a page of webhooks: what they were told is read out of the audit log.
func seeBoth(path string, h handler) web.Route {
	return web.Route{Method: "GET", Path: path, Guard: web.MayBoth(org.Settings, org.ReadAudit), Face: web.Page, Handle: h}
}

func (d *Door) hooks(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	p := Webhooks{Done: q["done"]}
	err = d.view(ctx, func(tx db.ReadTx) (err error) {
		p.List, err = hook.List(ctx, tx, r.Console.Org)
		return err
	})
	return web.Show("admin/webhooks", p), err
}

func (d *Door) hookOne(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	return d.hookPage(ctx, r, ref.Hook(q["id"]), Webhook{Done: q["done"], Next: ref.Delivery(q["before"])})
}

func (d *Door) hookPage(ctx context.Context, r *web.Request, id ref.Hook, p Webhook) (web.Response, error) {
	before, ok := ref.ParseDelivery(string(p.Next))
	if p.Next = ""; !ok {
		before = "~"
	}
	err := d.view(ctx, func(tx db.ReadTx) (err error) {
		if p.Hook, err = hook.Of(ctx, tx, r.Console.Org, id); err != nil {
			return err
		}
		p.Deliveries, err = hook.Deliveries(ctx, tx, id, before, 51)
		return err
	})
	if len(p.Deliveries) > 50 {
		p.Deliveries, p.Next = p.Deliveries[:50], p.Deliveries[49].ID
	}
	return told(web.Show("admin/webhooks-one", p), err)
}

// formOf is the form for a webhook.
func formOf(h hook.Hook) WebhookForm {
	p := WebhookForm{ID: h.ID, Name: h.Name, URL: h.URL, Disabled: h.Disabled, All: slices.Contains(h.Kinds, "*")}
	more := slices.Clone(h.Kinds)
	for _, g := range hook.Groups {
		p.Groups = append(p.Groups, WebhookGroup{g, slices.Contains(h.Kinds, g+".*")})
		more = slices.DeleteFunc(more, func(k string) bool { return k == g+".*" || k == "*" })
	}
	p.More = strings.Join(more, " ")
	return p
}

func (d *Door) hookNew(context.Context, *web.Request) (web.Response, error) {
	return web.Show("admin/webhooks-form", formOf(hook.Hook{})), nil
}

// wish reads the form.
func wish(r *web.Request) (govern.Wish, WebhookForm, error) {
	form, err := r.Form("kind")
	if err != nil {
		return govern.Wish{}, WebhookForm{}, err
	}
	w := govern.Wish{Name: form["name"], URL: form["url"], Disabled: form["disabled"] == "1", Kinds: append(slices.Clone(r.Many("kind")), strings.Fields(form["more"])...)}
	p := formOf(hook.Hook{ID: ref.Hook(form["id"]), Name: w.Name, URL: w.URL, Disabled: w.Disabled, Kinds: w.Kinds})
	return w, p, nil
}

func (d *Door) hookAdd(ctx context.Context, r *web.Request) (web.Response, error) {
	w, p, err := wish(r)
	if err != nil {
		return web.Response{}, err
	}
	made, word, err := d.Govern.AddHook(ctx, by(r), r.Console.Org, w)
	if err != nil {
		return told(web.Show("admin/webhooks-form", p), err)
	}
	return d.hookPage(ctx, r, made.ID, Webhook{Secret: word.Reveal()})
}

func (d *Door) hookEdit(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	h, err := d.hookOf(ctx, r, ref.Hook(q["id"]))
	return told(web.Show("admin/webhooks-form", formOf(h)), err)
}

func (d *Door) hookOf(ctx context.Context, r *web.Request, id ref.Hook) (h hook.Hook, err error) {
	err = d.view(ctx, func(tx db.ReadTx) error {
		h, err = hook.Of(ctx, tx, r.Console.Org, id)
		return err
	})
	return h, err
}

func (d *Door) hookSet(ctx context.Context, r *web.Request) (web.Response, error) {
	w, p, err := wish(r)
	if err != nil {
		return web.Response{}, err
	}
	if err := d.Govern.SetHook(ctx, by(r), r.Console.Org, p.ID, w); err != nil {
		return told(web.Show("admin/webhooks-form", p), err)
	}
	return web.Go("/admin/webhooks/one?done=saved&id=" + string(p.ID)), nil
}

func (d *Door) hookAsk(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	h, err := d.hookOf(ctx, r, ref.Hook(q["id"]))
	return told(web.Show("admin/webhooks-remove", WebhookAsk{h}), err)
}

func (d *Door) hookRemove(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	return told(web.Go("/admin/webhooks?done=removed"), d.Govern.RemoveHook(ctx, by(r), r.Console.Org, ref.Hook(form["id"])))
}

func (d *Door) hookRotate(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	id := ref.Hook(form["id"])
	word, err := d.Govern.RotateHook(ctx, by(r), r.Console.Org, id)
	if err != nil {
		return told(web.Response{}, err)
	}
	return d.hookPage(ctx, r, id, Webhook{Secret: word.Reveal()})
}

func (d *Door) hookTest(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	return d.hookDone(ctx, r, ref.Hook(form["id"]), "tested", d.Govern.TestHook(ctx, by(r), r.Console.Org, ref.Hook(form["id"])))
}

func (d *Door) hookReplay(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	id, _ := ref.ParseDelivery(form["delivery"])
	return d.hookDone(ctx, r, ref.Hook(form["id"]), "replayed", d.Govern.Replay(ctx, by(r), r.Console.Org, id))
}

// hookDone leads back to the webhook's page, or tells there what may not be.
func (d *Door) hookDone(ctx context.Context, r *web.Request, id ref.Hook, done string, said error) (web.Response, error) {
	if said == nil {
		return web.Go("/admin/webhooks/one?done=" + done + "&id=" + string(id)), nil
	}
	page, err := d.hookPage(ctx, r, id, Webhook{})
	if err != nil || page.Page == nil {
		return page, err
	}
	return told(page, said)
}
