package passkey

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Purpose is what a challenge is good for, and nothing else.
type Purpose string

// The purposes there are.
const (
	Enrolling Purpose = "enrol"
	Proving   Purpose = "prove"  // one more proof of an account that is known
	Signin    Purpose = "signin" // the key itself says whose it is
)

// Lives is how long a challenge can be answered.
const Lives = 10 * time.Minute

// forWhat is everything a challenge is bound to.
type forWhat struct {
	purpose Purpose
	bound   string
	account ref.Account
}

// A challenge is random bytes, the second it was made, and a keyed hash of both
// and of what it is bound to. Nothing is kept until it is answered, so that a
// page asking for thousands leaves no rows. The random part alone is as long as
// WebAuthn L3 §13.4.3 asks.
const (
	randomLen    = 16
	timeLen      = 8
	macLen       = 32
	challengeLen = randomLen + timeLen + macLen
)

func (k *Keys) challenge(now time.Time, w forWhat) []byte {
	c := make([]byte, randomLen+timeLen, challengeLen)
	_, _ = rand.Read(c[:randomLen]) // never fails: crypto/rand ends the program instead
	binary.BigEndian.PutUint64(c[randomLen:], uint64(now.Unix()))
	return append(c, k.mac(c, w)...)
}

func (k *Keys) mac(head []byte, w forWhat) []byte {
	return k.Ring.MAC("passkey", []byte(w.purpose), []byte(w.bound), []byte(w.account), head)
}

// judge says whether the challenge that a browser sends back was made here, for
// this, and not too long ago.
func (k *Keys) judge(now time.Time, text string, w forWhat) ([]byte, Outcome) {
	c, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(c) != challengeLen {
		return nil, Wrong
	}
	head, mac := c[:randomLen+timeLen], c[randomLen+timeLen:]
	if !secret.Equal(string(mac), string(k.mac(head, w))) {
		return nil, Wrong
	}
	if !now.Before(made(c).Add(Lives)) {
		return nil, Expired
	}
	return c, Right
}

func made(c []byte) time.Time {
	return time.Unix(int64(binary.BigEndian.Uint64(c[randomLen:])), 0)
}

// spend uses a challenge up: Right for one caller, Replayed for all others,
// however many there are at the same instant. A conflict is no error to either
// engine, so that the transaction lives on to be told of.
func spend(ctx context.Context, tx db.Tx, c []byte) (Outcome, error) {
	err := tx.One(ctx, `INSERT INTO passkey_spent (hash, expires) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`,
		secret.Hash(string(c)), made(c).Add(Lives))
	if errors.Is(err, db.ErrNone) {
		return Replayed, nil
	}
	if err != nil {
		return Wrong, fmt.Errorf("spend challenge: %w", err)
	}
	return Right, nil
}

// kept is how long an answered challenge is remembered after its time, for
// clocks that are set back.
const kept = time.Hour

// Purge forgets answered challenges whose time is over, at most n.
func Purge(ctx context.Context, tx db.Tx, n int) error {
	_, err := tx.Exec(ctx, `DELETE FROM passkey_spent WHERE hash IN (SELECT hash FROM passkey_spent WHERE expires < $1 LIMIT $2)`, tx.Now().Add(-kept), n)
	return err
}
