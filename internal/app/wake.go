package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/device"
	factor "sekisho/internal/factor/push"
	"sekisho/internal/flow/tegata"
	"sekisho/internal/netx"
	"sekisho/internal/outbox"
	"sekisho/internal/push"
	"sekisho/internal/ref"
)

// waker sends what wakes installations of Tegata (RFC 8030, 8291, 8292).
type waker struct {
	mu      sync.Mutex
	senders map[ref.Key]*push.Sender
}

// wakeLives is for how long a push service keeps a message for a phone that is off.
const wakeLives = 2 * time.Minute

// sender is the one that signs with a key.
func (a *App) sender(k device.WakeKey) (*push.Sender, error) {
	a.waker.mu.Lock()
	defer a.waker.mu.Unlock()
	if s, ok := a.waker.senders[k.ID]; ok {
		return s, nil
	}
	inner, err := netx.ParseProxies(a.config.list("push_inner_networks"))
	if err != nil {
		return nil, fmt.Errorf("push_inner_networks: %w", err)
	}
	contact := "mailto:" + a.from
	if a.URL.Scheme == "https" {
		contact = a.URL.String()
	}
	s, err := push.New(push.Options{Key: k.Private, Contact: contact, Inner: inner, Now: a.clock})
	if err != nil {
		return nil, err
	}
	if a.waker.senders == nil {
		a.waker.senders = map[ref.Key]*push.Sender{}
	}
	a.waker.senders[k.ID] = s
	return s, nil
}

// tendWakeKeys makes a key where one is wanting.
func (a *App) tendWakeKeys(ctx context.Context) error {
	return a.DB.Update(ctx, func(tx db.Tx) error { return device.TendWakeKeys(ctx, tx, a.Ring, false) })
}

// TurnWakeKeys makes another key with which push services know this server. With
// withdraw the older ones are good for nothing from then on. It says how many that were.
func (a *App) TurnWakeKeys(ctx context.Context, withdraw bool) (gone int64, err error) {
	err = a.DB.Update(ctx, func(tx db.Tx) (err error) {
		if err = device.TendWakeKeys(ctx, tx, a.Ring, true); err != nil {
			return err
		}
		if gone = 0; withdraw {
			if gone, err = device.WithdrawWakeKeys(ctx, tx); err != nil {
				return err
			}
		}
		_, err = audit.Write(ctx, tx, audit.Event{Kind: "key.rotated", Actor: "operator", Detail: struct {
			Of        string `json:"of"`
			Withdrawn int64  `json:"withdrawn"`
		}{"push", gone}})
		return err
	})
	return gone, err
}

// later is a push service that wants to be left alone for a while.
type later struct {
	error
	after time.Duration
}

func (l later) Unwrap() error { return l.error }

// wake wakes one installation. A subscription that is dead is forgotten.
func (a *App) wake(ctx context.Context, row outbox.Row) error {
	var w outbox.Wake
	if err := a.Outbox.Open(row, &w); err != nil {
		return err
	}
	var d device.Device
	var keys []device.WakeKey
	var asked []factor.Request
	err := a.DB.View(ctx, func(tx db.ReadTx) (err error) {
		if d, err = device.Of(ctx, tx, w.Device); err != nil {
			return err
		}
		if asked, _, err = factor.For(ctx, tx, d); err != nil {
			return err
		}
		keys, err = device.WakeKeys(ctx, tx, a.Ring)
		return err
	})
	if errors.Is(err, db.ErrNone) || err == nil && (d.Endpoint == "" || len(asked) == 0) {
		return nil // it is gone, wants to be woken no more, or has nothing to be told
	}
	if err != nil {
		return err
	}
	waker, err := device.WakerOf(d, a.Ring)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if k.ID == waker.Key {
			return a.wakeWith(ctx, k, d, waker)
		}
	}
	return a.unwake(ctx, d)
}

func (a *App) wakeWith(ctx context.Context, k device.WakeKey, d device.Device, w device.Waker) error {
	s, err := a.sender(k)
	if err != nil {
		return err
	}
	got := s.Send(ctx, push.Subscription{Endpoint: d.Endpoint, P256dh: w.P256dh, Auth: w.Auth},
		push.Message{Payload: []byte(`{"t":"request"}`), TTL: wakeLives, Topic: "request"})
	switch got.Outcome {
	case push.Sent:
		return nil
	case push.Gone, push.Refused:
		return a.unwake(ctx, d)
	}
	return later{got.Why, got.After}
}

func (a *App) unwake(ctx context.Context, d device.Device) error {
	return a.DB.Update(ctx, func(tx db.Tx) error { return device.Unwake(ctx, tx, d.ID, d.Endpoint) })
}

// wakers checks what installations say of where they are woken.
func (a *App) wakers() tegata.Wakers {
	return tegata.Wakers{
		Loopback: len(a.config.list("push_inner_networks")) > 0,
		Key: func(k device.WakeKey) (string, error) {
			s, err := a.sender(k)
			if err != nil {
				return "", err
			}
			return strings.TrimSpace(s.PublicKey()), nil
		},
	}
}
