package app

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"

	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/hook"
	"sekisho/internal/netx"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
)

// hookRounds are how many rounds of webhooks go side by side: one organisation's slow endpoint
// holds up no mail and few of the others.
const hookRounds = 4

// hooker makes the client that tells organisations' endpoints. Who types an endpoint is not the
// operator: no inner network is reached that was not named for this.
func (a *App) hooker(transport http.RoundTripper) error {
	inner, err := netx.ParseProxies(a.config.list("hook_inner_networks"))
	if err != nil {
		return fmt.Errorf("hook_inner_networks: %w", err)
	}
	a.inner = inner
	if transport == nil {
		if transport, err = a.outward(inner); err != nil {
			return err
		}
	}
	a.hooks = poster(transport)
	return nil
}

// TellHooks reads on in the audit log and sends what is due.
func (a *App) TellHooks(ctx context.Context) error {
	return errors.Join(hook.Follow(ctx, a.DB, a.Outbox), a.sendKind(ctx, outbox.Hook))
}

var errRests = errors.New("the endpoint failed a moment ago and rests")

// forGood says whether nothing would come of trying again: a receiver that answers with an
// error may be mended, and one that says it is gone is not (410: Standard Webhooks).
func forGood(err error) bool {
	var said *answered
	return errors.Is(err, hook.ErrOver) || errors.Is(err, netx.ErrInner) || errors.As(err, &said) && said.status == http.StatusGone
}

// tellHook tries one delivery and notes what came of it.
func (a *App) tellHook(ctx context.Context, row outbox.Row) error {
	var it hook.Item
	if err := a.Outbox.Open(row, &it); err != nil {
		return err
	}
	var m hook.Message
	err := a.DB.View(ctx, func(tx db.ReadTx) (err error) {
		m, err = hook.Make(ctx, tx, a.Ring, it.Delivery)
		return err
	})
	now := a.clock()
	wait := m.Hook.Rests.Sub(now)
	switch {
	case errors.Is(err, hook.ErrOver), err == nil && wait > 0 && row.Last(now):
		why := cmp.Or(err, errRests)
		return errors.Join(why, a.DB.Update(ctx, func(tx db.Tx) error { return hook.GiveUp(ctx, tx, it.Delivery, why.Error()) }))
	case err != nil:
		return err
	case wait > 0:
		return later{after: wait, error: errRests}
	}
	status, err := a.knock(ctx, m)
	t := hook.Try{Status: status, Over: row.Last(now)}
	switch {
	case err != nil:
		t.Why = outwardly(err)
	case status < 200 || status > 299:
		err = &answered{status}
		t.Why = err.Error()
	}
	gone := status == http.StatusGone
	t.Over = t.Over || forGood(err)
	noted := a.DB.Update(ctx, func(tx db.Tx) error {
		if err := hook.Tried(ctx, tx, m.Delivery, t); err != nil || !gone {
			return err
		}
		if err := hook.Off(ctx, tx, m.Hook.ID, "gone"); err != nil {
			if errors.Is(err, db.ErrNone) {
				return nil // another delivery was told so, too
			}
			return err
		}
		_, err := audit.Write(ctx, tx, audit.Event{Kind: "hook.stopped", Org: m.Hook.Org, Detail: struct {
			Hook ref.Hook `json:"whom"`
			What string   `json:"what"`
		}{m.Hook.ID, m.Hook.Name}})
		return err
	})
	if noted != nil {
		return noted
	}
	return err
}

// outwardly is what an organisation's admins read of a try without an answer: not which
// address a name leads to here, nor which name server said so.
func outwardly(err error) string {
	var certificate *tls.CertificateVerificationError
	var name *net.DNSError
	var slow net.Error
	switch {
	case errors.Is(err, netx.ErrInner):
		return netx.ErrInner.Error()
	case errors.As(err, &certificate):
		return "the certificate is not one that is believed here"
	case errors.As(err, &name):
		return netx.ErrHost.Error()
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return "no answer came in time"
	}
	return "no connection, or it ended before an answer"
}

// knock sends a message. The answer's body is nobody's: it is not kept.
func (a *App) knock(ctx context.Context, m hook.Message) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.URL, bytes.NewReader(m.Body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Sekisho")
	for name, value := range m.Header {
		req.Header.Set(name, value)
	}
	res, err := a.hooks.Do(req)
	if err != nil {
		var with *url.Error // it repeats the address, which may hold a key
		if errors.As(err, &with) {
			err = with.Err
		}
		return 0, err
	}
	_, _ = io.CopyN(io.Discard, res.Body, 4<<10) // so that the connection serves again
	return res.StatusCode, res.Body.Close()
}
