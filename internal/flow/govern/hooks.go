package govern

import (
	"context"
	"errors"
	"strings"

	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/hook"
	"sekisho/internal/limit"
	"sekisho/internal/netx"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Wish is what somebody wants of a webhook.
type Wish struct {
	Name     string
	URL      string
	Kinds    []string
	Disabled bool
}

// ReplaysAnHour is how often an organisation may have deliveries sent again.
const ReplaysAnHour = 200

// parse reads a wish. The name in the address is asked for, outside any transaction.
func (g *Govern) parse(ctx context.Context, w Wish) (h hook.Hook, err error) {
	h.Disabled = w.Disabled
	if h.Name, err = org.ParseName(w.Name); err != nil {
		return h, err
	}
	if h.Kinds, err = hook.ParseKinds(w.Kinds); err != nil {
		return h, &Refused{faults.HookKinds.New()}
	}
	u, err := netx.OuterURL(strings.TrimSpace(w.URL), g.HookNetworks)
	if err == nil {
		err = netx.Outer(ctx, u.Hostname(), g.HookNetworks)
	}
	switch {
	case errors.Is(err, netx.ErrInner):
		return h, &Refused{faults.HookInner.New()}
	case errors.Is(err, netx.ErrHost):
		return h, &Refused{faults.HookHost.New("host", u.Hostname())}
	case err != nil:
		return h, &Refused{faults.HookURL.New()}
	}
	h.URL = u.String()
	return h, nil
}

// hooks runs an act on webhooks. They carry what the audit log shows: who may not read it
// does not have it sent to themselves.
func (g *Govern) hooks(ctx context.Context, by By, o ref.Org, do func(db.Tx, *act) error) error {
	return g.change(ctx, by, o, org.Settings, func(tx db.Tx, x *act) error {
		if !org.Within(x.held, []org.Permission{org.ReadAudit}) {
			return ErrForbidden
		}
		return do(tx, x)
	})
}

// aboutHook is what an audit row says of one. The path and query of the address may hold a
// key; the log has the host.
func aboutHook(h hook.Hook) told {
	return told{What: h.Name, Whom: string(h.ID), Parts: struct {
		Host     string   `json:"host"`
		Kinds    []string `json:"kinds"`
		Disabled bool     `json:"disabled,omitempty"`
	}{h.Host(), h.Kinds, h.Disabled}}
}

// AddHook makes a webhook. Its secret is seen this once.
func (g *Govern) AddHook(ctx context.Context, by By, o ref.Org, w Wish) (made hook.Hook, word secret.Text, err error) {
	h, err := g.parse(ctx, w)
	if err != nil {
		return h, "", err
	}
	h.Org, h.Disabled = o, false
	err = g.hooks(ctx, by, o, func(tx db.Tx, x *act) (err error) {
		if made, word, err = hook.Add(ctx, tx, g.Ring, h); err != nil {
			return err
		}
		return x.note(ctx, tx, "hook.added", "", aboutHook(made))
	})
	return made, word, err
}

// SetHook changes a webhook.
func (g *Govern) SetHook(ctx context.Context, by By, o ref.Org, id ref.Hook, w Wish) error {
	h, err := g.parse(ctx, w)
	if err != nil {
		return err
	}
	h.ID, h.Org = id, o
	return g.hooks(ctx, by, o, func(tx db.Tx, x *act) error {
		if err := hook.Set(ctx, tx, h); err != nil {
			return err
		}
		return x.note(ctx, tx, "hook.changed", "", aboutHook(h))
	})
}

// hook runs an act on one that there is.
func (g *Govern) hook(ctx context.Context, by By, o ref.Org, id ref.Hook, do func(db.Tx, *act, hook.Hook) error) error {
	return g.hooks(ctx, by, o, func(tx db.Tx, x *act) error {
		h, err := hook.Of(ctx, tx, o, id)
		if err != nil {
			return err
		}
		return do(tx, x, h)
	})
}

// RotateHook makes another secret, seen this once; the one before signs beside it for a day.
func (g *Govern) RotateHook(ctx context.Context, by By, o ref.Org, id ref.Hook) (word secret.Text, err error) {
	err = g.hook(ctx, by, o, id, func(tx db.Tx, x *act, h hook.Hook) (err error) {
		if word, err = hook.Rotate(ctx, tx, g.Ring, h); err != nil {
			return err
		}
		return x.note(ctx, tx, "hook.rotated", "", aboutHook(h))
	})
	return word, err
}

// RemoveHook removes a webhook; what waits for it is sent no more.
func (g *Govern) RemoveHook(ctx context.Context, by By, o ref.Org, id ref.Hook) error {
	return g.hook(ctx, by, o, id, func(tx db.Tx, x *act, h hook.Hook) error {
		if err := hook.Remove(ctx, tx, o, id); err != nil {
			return err
		}
		return x.note(ctx, tx, "hook.removed", "", aboutHook(h))
	})
}

// TestHook has an event sent to one webhook, whatever it wants.
func (g *Govern) TestHook(ctx context.Context, by By, o ref.Org, id ref.Hook) error {
	return g.hook(ctx, by, o, id, func(tx db.Tx, x *act, h hook.Hook) error {
		if h.Disabled {
			return &Refused{faults.HookOff.New()}
		}
		if err := x.again(ctx, tx); err != nil {
			return err
		}
		t := aboutHook(h)
		t.Org, t.Name = x.org.ID, x.org.Name
		reference, err := audit.Write(ctx, tx, audit.Event{Kind: "hook.tested", Org: o, Actor: x.by.actor(), Detail: t})
		if err != nil {
			return err
		}
		row, err := audit.ByReference(ctx, tx, reference)
		if err != nil {
			return err
		}
		return hook.Put(ctx, tx, g.Outbox, h, row)
	})
}

// Replay has a delivery sent again that is over.
func (g *Govern) Replay(ctx context.Context, by By, o ref.Org, id ref.Delivery) error {
	return g.hooks(ctx, by, o, func(tx db.Tx, x *act) error {
		if err := x.again(ctx, tx); err != nil {
			return err
		}
		d, err := hook.Replay(ctx, tx, g.Outbox, o, id)
		if err != nil {
			return err
		}
		return x.note(ctx, tx, "hook.replayed", "", told{What: d.Kind, Whom: string(d.Hook), Parts: struct {
			Reference ref.Reference `json:"reference"`
		}{d.Reference}})
	})
}

// again counts what an organisation has sent by hand.
func (x *act) again(ctx context.Context, tx db.Tx) error {
	q := limit.AnHour(ReplaysAnHour, tx.Now(), "replay", string(x.org.ID))
	full, err := q.Hold(ctx, tx)
	if err != nil {
		return err
	}
	if full {
		return &Refused{faults.HookReplays.New().Until(q.Ends)}
	}
	return q.Use(ctx, tx)
}
