package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/browser"
	"sekisho/internal/cooling"
	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/factor/passkey"
	"sekisho/internal/factor/push"
	"sekisho/internal/factor/sentcode"
	"sekisho/internal/flow"
	"sekisho/internal/flow/desk"
	"sekisho/internal/flow/govern"
	"sekisho/internal/grant"
	"sekisho/internal/hook"
	"sekisho/internal/limit"
	"sekisho/internal/mail"
	"sekisho/internal/netx"
	"sekisho/internal/org"
	"sekisho/internal/outbox"
	"sekisho/internal/session"
	"sekisho/internal/ticket"
	"sekisho/internal/token"
)

// job is something done again and again while the server runs. Every node does
// all of them; each is safe beside itself.
type job struct {
	name  string
	every time.Duration
	do    func(context.Context) error
	// at is how many rounds may run side by side, so that a slow one does not hold
	// up the next; zero: one after the other.
	at int
}

func (a *App) jobs() []job {
	list := []job{
		{name: "touch", every: time.Second, do: func(ctx context.Context) error { return a.Frame.Touches.Flush(ctx, a.DB) }},
		{name: "seal", every: time.Second, do: func(ctx context.Context) error { _, err := audit.Chain{Ring: a.Ring}.Seal(ctx, a.DB); return err }},
		{name: "send", every: 300 * time.Millisecond, do: a.Send},
		{name: "keys", every: 10 * time.Minute, do: func(ctx context.Context) error { return errors.Join(a.Keys.Tend(ctx, false), a.tendWakeKeys(ctx)) }},
		{name: "purge", every: time.Minute, do: a.Purge},
		{name: "hooks", every: 300 * time.Millisecond, do: a.TellHooks, at: hookRounds},
		{name: "recheck", every: time.Hour, do: func(ctx context.Context) error { return audit.Chain{Ring: a.Ring}.Recheck(ctx, a.DB) }},
		{name: "desk", every: time.Second, do: a.TellDesk},
		{name: "domains", every: time.Minute, do: a.Govern.LookAgain},
		{name: "list", every: 10 * time.Second, do: a.List},
		{name: "figures", every: 10 * time.Minute, do: a.Explain.Recount},
	}
	var seen watched
	list = append(list, job{name: "watch", every: 100 * time.Millisecond, do: func(ctx context.Context) error { return a.watch(ctx, &seen) }})
	if a.SMS != nil {
		list = append(list, job{name: "sms", every: 100 * time.Millisecond, do: a.SendSMS, at: smsRounds})
	}
	return list
}

// Work runs the jobs until ctx ends, then once more what must not be lost.
func (a *App) Work(ctx context.Context) {
	var all sync.WaitGroup
	for _, j := range a.jobs() {
		all.Go(func() { a.repeat(ctx, j) })
	}
	if a.SMS != nil {
		all.Go(func() { a.greetGateway(ctx) })
	}
	all.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if err := a.Frame.Touches.Flush(last, a.DB); err != nil {
		a.Log.Warn("job", "name", "touch", "error", err.Error())
	}
}

func (a *App) repeat(ctx context.Context, j job) {
	tick := time.NewTicker(j.every)
	defer tick.Stop()
	var rounds sync.WaitGroup
	defer rounds.Wait()
	free := make(chan struct{}, max(1, j.at))
	var failing atomic.Bool
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		select {
		case free <- struct{}{}:
		default:
			continue // all rounds there may be are running
		}
		round := func() {
			defer func() { <-free }()
			a.told(ctx, j, &failing)
		}
		if j.at == 0 {
			round()
			continue
		}
		rounds.Go(round)
	}
}

// told runs a round. A job that fails again and again is told once, and once when it
// is well.
func (a *App) told(ctx context.Context, j job, failing *atomic.Bool) {
	err := a.guarded(ctx, j)
	switch {
	case err != nil && ctx.Err() == nil && failing.CompareAndSwap(false, true):
		level := slog.LevelWarn
		if errors.Is(err, audit.ErrBroken) {
			level = slog.LevelError
		}
		a.Log.Log(ctx, level, "job failing", "name", j.name, "error", err.Error())
	case err == nil && failing.CompareAndSwap(true, false):
		a.Log.Info("job well again", "name", j.name)
	}
}

// guarded keeps a panic in one job from ending the process.
func (a *App) guarded(ctx context.Context, j job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in job %s: %v", j.name, p)
		}
	}()
	return j.do(ctx)
}

// batch is how many items go out side by side. A server that takes its time holds
// up no more than these, and no longer than their claims.
const batch = 8

// Send sends what is due in the outbox.
func (a *App) Send(ctx context.Context) error {
	kinds := []string{outbox.HTTP, outbox.Push}
	if a.smtp != nil {
		kinds = append(kinds, outbox.Mail)
	}
	var errs []error
	for _, kind := range kinds {
		errs = append(errs, a.sendKind(ctx, kind))
	}
	return errors.Join(errs...)
}

func (a *App) sendKind(ctx context.Context, kind string) error {
	rows, err := a.claim(ctx, kind, batch)
	if err != nil {
		return err
	}
	errs := make([]error, len(rows))
	var all sync.WaitGroup
	for i, row := range rows {
		all.Go(func() { errs[i] = a.sendOne(ctx, row) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// claim takes rows that are due. An idle server writes nothing.
func (a *App) claim(ctx context.Context, kind string, n int) (rows []outbox.Row, err error) {
	var due bool
	if err := a.DB.View(ctx, func(tx db.ReadTx) (err error) {
		due, err = outbox.Due(ctx, tx, kind)
		return err
	}); err != nil || !due {
		return nil, err
	}
	err = a.DB.Update(ctx, func(tx db.Tx) (err error) {
		rows, err = a.Outbox.Claim(ctx, tx, kind, n)
		return err
	})
	return rows, err
}

func (a *App) sendOne(ctx context.Context, row outbox.Row) error {
	// Claimed is not sent: a code whose time ended while others were sent before
	// it is dropped by the next claim.
	if !row.Expires.IsZero() && !a.clock().Before(row.Expires) {
		return nil
	}
	err := a.deliver(ctx, row)
	return a.DB.Update(ctx, func(tx db.Tx) error {
		if err == nil {
			return a.Outbox.Done(ctx, tx, row.ID)
		}
		var gone *answered
		var wait later
		if errors.As(err, &wait) {
			row.Pause = wait.after
		}
		permanent := mail.Permanent(err) || errors.As(err, &gone) && gone.status == http.StatusBadRequest
		if row.Kind == outbox.Hook {
			permanent = forGood(err)
		}
		return a.Outbox.Again(ctx, tx, row, permanent, err.Error())
	})
}

func (a *App) deliver(ctx context.Context, row outbox.Row) error {
	if row.Kind == outbox.HTTP {
		var p outbox.Post
		if err := a.Outbox.Open(row, &p); err != nil {
			return err
		}
		return a.post(ctx, p)
	}
	switch row.Kind {
	case outbox.Push:
		return a.wake(ctx, row)
	case outbox.Hook:
		return a.tellHook(ctx, row)
	}
	var l outbox.Letter
	if err := a.Outbox.Open(row, &l); err != nil {
		return err
	}
	return a.smtp.Send(ctx, mail.Message{ID: string(row.ID), From: a.from, Name: a.Entry.Sheet.Service, To: l.To, Lang: l.Lang,
		Subject: l.Subject, Text: l.Text, HTML: l.HTML, Date: row.Created})
}

// poster makes the client that tells apps. It follows no redirect and reaches no
// inner network that the operator did not name.
func (a *App) poster(transport http.RoundTripper) error {
	inner, err := netx.ParseProxies(a.config.list("inner_networks"))
	if err != nil {
		return fmt.Errorf("inner_networks: %w", err)
	}
	if transport == nil {
		if transport, err = a.outward(inner); err != nil {
			return err
		}
	}
	a.posts = poster(transport)
	return nil
}

func poster(transport http.RoundTripper) *http.Client {
	return &http.Client{Transport: transport, Timeout: 5 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// outward goes to outer addresses and to those of the inner networks that are named, and
// through no proxy, which would go anywhere. It believes the operator's own authorities too.
func (a *App) outward(inner netx.Proxies) (http.RoundTripper, error) {
	dial := &net.Dialer{Timeout: 3 * time.Second, Control: netx.Outward(inner)}
	t := &http.Transport{DialContext: dial.DialContext, TLSHandshakeTimeout: 3 * time.Second, MaxResponseHeaderBytes: 16 << 10, MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second}
	name := a.config.text("ca_file")
	if name == "" {
		return t, nil
	}
	pem, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca_file: %s has no certificate", name)
	}
	t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return t, nil
}

type answered struct{ status int }

func (e *answered) Error() string { return fmt.Sprintf("answered with status %d", e.status) }

func (a *App) post(ctx context.Context, p outbox.Post) error {
	form := url.Values{}
	for k, v := range p.Form {
		form.Set(k, v)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := a.posts.Do(req)
	if err != nil {
		return err
	}
	if err := res.Body.Close(); err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return &answered{res.StatusCode}
	}
	return nil
}

const purgeRows = 500

// Purge removes what is over, a little at a time.
func (a *App) Purge(ctx context.Context) error {
	tidy := []func(context.Context, db.Tx, int) error{
		flow.Purge, sentcode.Purge, passkey.Purge, push.Purge, device.Purge, limit.Purge, browser.Purge, browser.PurgeTrusts, grant.Purge, account.Tidy, cooling.Purge, org.PurgeInvitations, org.PurgeImports, (&desk.Desk{Entry: a.Entry}).Expire, ticket.Purge, hook.Purge, token.Purge,
		a.Entry.SettleAllowed, (&govern.Govern{Entry: a.Entry}).Settle,
		func(ctx context.Context, tx db.Tx, n int) error {
			return outbox.Purge(ctx, tx, tx.Now().Add(-30*24*time.Hour), n)
		},
		func(ctx context.Context, tx db.Tx, n int) error {
			ids, err := session.Expired(ctx, tx, n)
			if err != nil || len(ids) == 0 {
				return err
			}
			return a.Grants.EndSessions(ctx, tx, ids...)
		},
		a.erase,
	}
	for _, do := range tidy {
		if err := a.DB.Update(ctx, func(tx db.Tx) error { return do(ctx, tx, purgeRows) }); err != nil {
			return err
		}
	}
	return nil
}

// TellDesk tells owners and the desk of tickets that were confirmed.
func (a *App) TellDesk(ctx context.Context) error {
	return (&desk.Desk{Entry: a.Entry}).Tell(ctx, (&govern.Govern{Entry: a.Entry}).Handlers)
}

// List puts members into the list who are not in it yet: those of before there was one, and
// what an older version adds beside this one.
func (a *App) List(ctx context.Context) error {
	for range 50 {
		n := 0
		err := a.DB.Update(ctx, func(tx db.Tx) (err error) {
			n, err = org.RelistSome(ctx, tx, purgeRows)
			return err
		})
		if err != nil || n < purgeRows {
			return err
		}
	}
	return nil
}

// erase removes accounts whose time is over (SI-24).
func (a *App) erase(ctx context.Context, tx db.Tx, n int) error {
	ids, err := account.Due(ctx, tx, n)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := a.Entry.EraseAccount(ctx, tx, id, "operator"); err != nil {
			return err
		}
	}
	return nil
}

// Restored ends what an older copy of the database brings back to life: sessions,
// trusts, journeys, codes and waits that may have ended since it was made.
func (a *App) Restored(ctx context.Context) error {
	return a.DB.Update(ctx, func(tx db.Tx) error {
		ended, err := grant.EndEverybody(ctx, tx)
		if err != nil {
			return err
		}
		for _, end := range []func(context.Context, db.Tx) error{browser.EndEverybodysTrusts, flow.EndEverybodys, sentcode.VoidEverybodys, cooling.EndEverybodys, ticket.EndEverybodys, org.EndInvitations, token.EndEverybodys} {
			if err := end(ctx, tx); err != nil {
				return err
			}
		}
		_, err = audit.Write(ctx, tx, audit.Event{Kind: "database.restored", Actor: "operator", Detail: struct {
			Ended int64 `json:"ended"`
		}{ended}})
		return err
	})
}
