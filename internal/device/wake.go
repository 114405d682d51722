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

// WakeKeys reads them, the newest first.
func WakeKeys(ctx context.Context, r db.Reader, ring *secret.Ring) ([]WakeKey, error) {
	return db.List(ctx, r, func(s db.Scanner) (k WakeKey, err error) {
		var sealed []byte
		if err := s.Scan(&k.ID, &sealed, db.Time(&k.Created)); err != nil {
			return k, err
		}
		der, err := ring.Open(sealed, wakeKeyOf(k.ID))
		if err != nil {
			return k, fmt.Errorf("wake key %s: %w", k.ID, err)
		}
		k.Private, err = x509.ParseECPrivateKey(der)
		return k, err
	}, `SELECT id, sealed, created FROM device_wake_key ORDER BY created DESC, id DESC`)
}

func wakeKeyOf(id ref.Key) string { return "wake key " + string(id) }

// TendWakeKeys makes a key where there is none, or the newest is too old.
func TendWakeKeys(ctx context.Context, tx db.Tx, ring *secret.Ring) error {
	var newest time.Time
	if err := tx.QueryRow(ctx, `SELECT max(created) FROM device_wake_key`).Scan(db.Time(&newest)); err != nil || tx.Now().Before(newest.Add(WakeKeyLives)) && !newest.IsZero() {
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
