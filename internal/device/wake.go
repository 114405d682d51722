package device

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// WakeKeyLives is after how long another key is handed out.
const WakeKeyLives = 365 * 24 * time.Hour

// WakeKey is a key with which push services know us (RFC 8292).
type WakeKey struct {
	ID      ref.Key
	Private *ecdsa.PrivateKey
	Created time.Time
}

// WakeKeys reads those that open, the newest first. One that does not open, such as
// after the secret key was lost, wakes nobody; the others do.
func WakeKeys(ctx context.Context, r db.Reader, ring *secret.Ring) ([]WakeKey, error) {
	type row struct {
		WakeKey
		sealed []byte
	}
	list, err := db.List(ctx, r, func(s db.Scanner) (x row, err error) {
		return x, s.Scan(&x.ID, &x.sealed, db.Time(&x.Created))
	}, `SELECT id, sealed, created FROM device_wake_key ORDER BY created DESC, id DESC`)
	if err != nil {
		return nil, err
	}
	var keys []WakeKey
	for _, x := range list {
		der, err := ring.Open(x.sealed, wakeKeyOf(x.ID))
		if err != nil {
			continue
		}
		if x.Private, err = x509.ParseECPrivateKey(der); err != nil {
			return nil, fmt.Errorf("wake key %s: %w", x.ID, err)
		}
		keys = append(keys, x.WakeKey)
	}
	return keys, nil
}

func wakeKeyOf(id ref.Key) string { return "wake key " + string(id) }

// TendWakeKeys makes a key where there is none that opens, or the newest is too old, or
// another is wanted. Who subscribed with an older one is woken with that until the app
// is opened, which subscribes anew.
func TendWakeKeys(ctx context.Context, tx db.Tx, ring *secret.Ring, another bool) error {
	keys, err := WakeKeys(ctx, tx, ring)
	if err != nil || !another && len(keys) > 0 && tx.Now().Before(keys[0].Created.Add(WakeKeyLives)) {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	id := ref.NewKey(tx.Now())
	sealed, err := ring.Seal(der, wakeKeyOf(id))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO device_wake_key (id, sealed, created) VALUES ($1, $2, $3)`, id, sealed, tx.Now())
	return err
}

// Waker is how an installation is woken: the keys of its subscription, and which of
// ours it was made with.
type Waker struct {
	Key    ref.Key `json:"key"`
	P256dh string  `json:"p256dh"`
	Auth   string  `json:"auth"`
}

// WithdrawWakeKeys removes all keys but the newest: one may have been copied. Who
// subscribed with them sleeps until the app is opened. It says how many there were.
func WithdrawWakeKeys(ctx context.Context, tx db.Tx) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM device_wake_key WHERE id <> (SELECT id FROM device_wake_key ORDER BY created DESC, id DESC LIMIT 1)`)
}

func wakerOf(id ref.Device) string { return "waker " + string(id) }

// ErrNoWaker is an installation that cannot be woken.
var ErrNoWaker = errors.New("device: it has no subscription")

// WakerOf opens it.
func WakerOf(d Device, ring *secret.Ring) (w Waker, err error) {
	if d.Endpoint == "" {
		return w, ErrNoWaker
	}
	plain, err := ring.Open(d.PushKeys, wakerOf(d.ID))
	if err != nil {
		return w, err
	}
	return w, json.Unmarshal(plain, &w)
}

// SetWaker keeps where and how an installation is woken.
func SetWaker(ctx context.Context, tx db.Tx, ring *secret.Ring, id ref.Device, endpoint string, w Waker) error {
	plain, err := json.Marshal(w)
	if err != nil {
		return err
	}
	sealed, err := ring.Seal(plain, wakerOf(id))
	if err != nil {
		return err
	}
	return Wake(ctx, tx, id, endpoint, sealed)
}
