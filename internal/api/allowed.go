package api

import (
	"context"
	"time"

	"sekisho/internal/flow"
	"sekisho/internal/flow/allow"
	"sekisho/internal/policy"
	"sekisho/internal/session"
	"sekisho/internal/web"
)

func (d *Door) allowedOperations() []operation {
	const me = "/api/v1/me/allowed-addresses"
	in := map[string]any{"entries": map[string]any{"type": "array", "items": map[string]any{"$ref": "#/components/schemas/AllowedEntry"}}, "version": map[string]any{"type": "integer"}}
	return []operation{
		{"GET", me, web.SignedIn, d.allowed, "allowedAddresses", "From which addresses the account's owner lets themselves in; none: from anywhere", nil, nil, "Allowed", nil},
		{"PUT", me, web.Fresh, d.setAllowed, "setAllowedAddresses", "Set that list, given the version that was read; one that shuts this session out holds at once and has to be confirmed in another within ten minutes",
			in, []string{"entries", "version"}, "Allowed", nil},
		{"POST", me + "/confirm", web.SignedIn, d.decideAllowed(d.Allow.Confirm), "confirmAllowedAddresses", "Confirm a list that waits, in another session than the one that set it", nil, nil, "Allowed", nil},
		{"POST", me + "/undo", web.SignedIn, d.decideAllowed(d.Allow.Undo), "undoAllowedAddresses", "Take a list that waits back at once", nil, nil, "Allowed", nil},
	}
}

func allowedSchemas() map[string]any {
	text := map[string]any{"type": "string"}
	yes := map[string]any{"type": "boolean"}
	list := map[string]any{"type": "array", "items": map[string]any{"$ref": "#/components/schemas/AllowedEntry"}}
	when := map[string]any{"type": "string", "format": "date-time"}
	return map[string]any{
		"AllowedEntry": object([]string{"address"}, map[string]any{"address": text, "name": text}),
		"Allowed": object([]string{"entries", "version", "from"}, map[string]any{"entries": list, "version": map[string]any{"type": "integer"}, "from": text,
			"pending": object([]string{"before", "until"}, map[string]any{"before": list, "until": when, "here": yes})}),
	}
}

// Allowed is a list of allowed addresses.
type Allowed struct {
	Entries []policy.Entry  `json:"entries"`
	Version int64           `json:"version"`
	From    string          `json:"from"` // where whoever asks is
	Pending *AllowedPending `json:"pending,omitempty"`
}

// AllowedPending is what a list that waits to be confirmed goes back to.
type AllowedPending struct {
	Before []policy.Entry `json:"before"`
	Until  time.Time      `json:"until"`
	Here   bool           `json:"here"` // it was set in this session
}

func showAllowed(r *web.Request, v allow.View) web.Response {
	if v.Fault != nil {
		return web.Refuse(v.Fault)
	}
	out := Allowed{Entries: append([]policy.Entry{}, v.List.Entries...), Version: v.List.Version, From: r.Visitor.Addr.String()}
	if p := v.List.Pending; p != nil {
		out.Pending = &AllowedPending{append([]policy.Entry{}, p.Before.Entries...), p.Until.UTC(), v.Here}
	}
	return web.JSON(200, out)
}

func (d *Door) allowed(ctx context.Context, r *web.Request) (web.Response, error) {
	v, err := d.Allow.Look(ctx, r.Session)
	return showAllowed(r, v), err
}

func (d *Door) setAllowed(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Entries []policy.Entry `json:"entries"`
		Version int64          `json:"version"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	list, flaw := policy.ListOf(in.Entries)
	if flaw != nil {
		return web.Refuse(allow.Malformed(flaw)), nil
	}
	v, err := d.Allow.Set(ctx, r.Describe(), r.Session, list, in.Version)
	return showAllowed(r, v), err
}

func (d *Door) decideAllowed(do func(context.Context, flow.Visitor, session.Session) (allow.View, error)) func(context.Context, *web.Request) (web.Response, error) {
	return func(ctx context.Context, r *web.Request) (web.Response, error) {
		v, err := do(ctx, r.Describe(), r.Session)
		return showAllowed(r, v), err
	}
}
