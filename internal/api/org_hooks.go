package api

import (
	"context"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/flow/govern"
	"sekisho/internal/hook"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

func (d *Door) hookOperations() []operation {
	text := map[string]any{"type": "string"}
	wish := map[string]any{"name": text, "url": text, "kinds": map[string]any{"type": "array", "items": text}, "disabled": map[string]any{"type": "boolean"}}
	see, do := web.MayBoth(org.Settings, org.ReadAudit), web.MayDo(org.Settings)
	must := []string{"name", "url", "kinds"}
	return []operation{
		{"GET", "/api/v1/org/webhooks", see, d.orgHooks, "orgWebhooks", "Webhooks of the organisation", nil, nil, "OrgWebhooks", nil},
		{"POST", "/api/v1/org/webhooks", do, d.orgAddHook, "orgAddWebhook", "Make a webhook; its secret is in this answer and nowhere else", wish, must, "OrgWebhook", nil},
		{"PUT", "/api/v1/org/webhooks/{id}", do, d.orgSetHook, "orgSetWebhook", "Change a webhook, or switch it off and on", wish, must, "", nil},
		{"DELETE", "/api/v1/org/webhooks/{id}", do, d.orgRemoveHook, "orgRemoveWebhook", "Remove a webhook; what waits for it is not sent", nil, nil, "", nil},
		{"POST", "/api/v1/org/webhooks/{id}/secret", do, d.orgRotateHook, "orgRotateWebhook", "Make another secret; the one before signs beside it for a day", nil, nil, "OrgWebhook", nil},
		{"POST", "/api/v1/org/webhooks/{id}/test", do, d.orgTestHook, "orgTestWebhook", "Have a test sent", nil, nil, "", nil},
		{"GET", "/api/v1/org/webhooks/{id}/deliveries", see, d.orgDeliveries, "orgDeliveries", "What a webhook was told, the newest first, fifty at a time", nil, nil, "OrgDeliveries", []string{"after"}},
		{"POST", "/api/v1/org/deliveries/{id}/replay", do, d.orgReplay, "orgReplay", "Have a delivery that is over sent again", nil, nil, "", nil},
	}
}

func hookSchemas() map[string]any {
	text, number, flag := map[string]any{"type": "string"}, map[string]any{"type": "integer"}, map[string]any{"type": "boolean"}
	when := map[string]any{"type": "string", "format": "date-time"}
	list := func(of any) map[string]any { return map[string]any{"type": "array", "items": of} }
	see := func(name string) map[string]any { return map[string]any{"$ref": "#/components/schemas/" + name} }
	return map[string]any{
		"OrgWebhook": object([]string{"id", "name", "url", "kinds", "disabled", "failing", "created_at"}, map[string]any{"id": text, "name": text, "url": text, "kinds": list(text),
			"disabled": flag, "failing": number, "created_at": when, "secret": text}),
		"OrgWebhooks": list(see("OrgWebhook")),
		"OrgDeliveries": object([]string{"deliveries"}, map[string]any{"deliveries": list(object([]string{"id", "reference", "kind", "at", "state", "tries"}, map[string]any{"id": text, "reference": text,
			"kind": text, "at": when, "state": text, "tries": number, "status": number, "why": text, "tried_at": when})), "next": text}),
	}
}

// OrgWebhook is a webhook as admins see it.
type OrgWebhook struct {
	ID       ref.Hook  `json:"id"`
	Name     string    `json:"name"`
	URL      string    `json:"url"`
	Kinds    []string  `json:"kinds"`
	Disabled bool      `json:"disabled"`
	Failing  int64     `json:"failing"`
	Created  time.Time `json:"created_at"`
	Secret   string    `json:"secret,omitempty"`
}

func orgHook(h hook.Hook, word string) OrgWebhook {
	return OrgWebhook{h.ID, h.Name, h.URL, h.Kinds, h.Disabled, h.Failing, h.Created.UTC(), word}
}

// refusedOr answers an act that gives something.
func refusedOr(v any, err error) (web.Response, error) {
	if f := govern.Told(err); f != nil {
		return web.Refuse(f), nil
	}
	return web.JSON(200, v), err
}

func (d *Door) orgHooks(ctx context.Context, r *web.Request) (web.Response, error) {
	out := []OrgWebhook{}
	err := d.Govern.DB.View(ctx, func(tx db.ReadTx) error {
		list, err := hook.List(ctx, tx, r.Console.Org)
		out = out[:0]
		for _, h := range list {
			out = append(out, orgHook(h, ""))
		}
		return err
	})
	return web.JSON(200, out), err
}

func wished(r *web.Request) (govern.Wish, error) {
	var in struct {
		Name     string   `json:"name"`
		URL      string   `json:"url"`
		Kinds    []string `json:"kinds"`
		Disabled bool     `json:"disabled"`
	}
	err := r.ReadJSON(&in)
	return govern.Wish{Name: in.Name, URL: in.URL, Kinds: in.Kinds, Disabled: in.Disabled}, err
}

func (d *Door) orgAddHook(ctx context.Context, r *web.Request) (web.Response, error) {
	w, err := wished(r)
	if err != nil {
		return web.Response{}, err
	}
	h, word, err := d.Govern.AddHook(ctx, by(r), r.Console.Org, w)
	return refusedOr(orgHook(h, word.Reveal()), err)
}

func (d *Door) orgSetHook(ctx context.Context, r *web.Request) (web.Response, error) {
	w, err := wished(r)
	if err != nil {
		return web.Response{}, err
	}
	return acted(d.Govern.SetHook(ctx, by(r), r.Console.Org, ref.Hook(r.HTTP.PathValue("id")), w))
}

func (d *Door) orgRemoveHook(ctx context.Context, r *web.Request) (web.Response, error) {
	return acted(d.Govern.RemoveHook(ctx, by(r), r.Console.Org, ref.Hook(r.HTTP.PathValue("id"))))
}

func (d *Door) orgRotateHook(ctx context.Context, r *web.Request) (web.Response, error) {
	id := ref.Hook(r.HTTP.PathValue("id"))
	word, err := d.Govern.RotateHook(ctx, by(r), r.Console.Org, id)
	if err != nil {
		return acted(err)
	}
	var h hook.Hook
	err = d.Govern.DB.View(ctx, func(tx db.ReadTx) (err error) {
		h, err = hook.Of(ctx, tx, r.Console.Org, id)
		return err
	})
	return refusedOr(orgHook(h, word.Reveal()), err)
}

func (d *Door) orgTestHook(ctx context.Context, r *web.Request) (web.Response, error) {
	return acted(d.Govern.TestHook(ctx, by(r), r.Console.Org, ref.Hook(r.HTTP.PathValue("id"))))
}

func (d *Door) orgReplay(ctx context.Context, r *web.Request) (web.Response, error) {
	return acted(d.Govern.Replay(ctx, by(r), r.Console.Org, ref.Delivery(r.HTTP.PathValue("id"))))
}

// OrgDelivery is one event for one webhook.
type OrgDelivery struct {
	ID        ref.Delivery  `json:"id"`
	Reference ref.Reference `json:"reference"`
	Kind      string        `json:"kind"`
	At        time.Time     `json:"at"`
	State     hook.State    `json:"state"`
	Tries     int64         `json:"tries"`
	Status    int64         `json:"status,omitempty"`
	Why       string        `json:"why,omitempty"`
	Tried     *time.Time    `json:"tried_at,omitempty"`
}

func (d *Door) orgDeliveries(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	before := ref.Delivery("~")
	if raw := q["after"]; raw != "" {
		id, ok := ref.ParseDelivery(raw)
		if !ok {
			return web.Refuse(faults.Malformed.New("where", "after")), nil
		}
		before = id
	}
	const page = 50
	var out struct {
		List []OrgDelivery `json:"deliveries"`
		Next ref.Delivery  `json:"next,omitempty"`
	}
	err = d.Govern.DB.View(ctx, func(tx db.ReadTx) error {
		h, err := hook.Of(ctx, tx, r.Console.Org, ref.Hook(r.HTTP.PathValue("id")))
		if err != nil {
			return err
		}
		list, err := hook.Deliveries(ctx, tx, h.ID, before, page+1)
		out.List, out.Next = []OrgDelivery{}, ""
		for i, x := range list {
			if i == page {
				out.Next = list[page-1].ID
				break
			}
			out.List = append(out.List, OrgDelivery{x.ID, x.Reference, x.Kind, x.At.UTC(), x.State, x.Tries, x.Status, x.Why, at(x.Tried)})
		}
		return err
	})
	return refusedOr(out, err)
}
