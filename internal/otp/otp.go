// Package otp reckons the one-time codes that other services ask for: by counter
// (RFC 4226) and by time (RFC 6238), with 6 to 8 digits and SHA-1, SHA-256 or SHA-512.
//
// It reads and writes otpauth addresses, and reads the transfer codes of Google's
// authenticator. It keeps nothing and checks nobody's code.
package otp

import (
	"crypto/hmac"
	"crypto/sha1" // RFC 4226 is written for HMAC-SHA-1, which collisions do not touch
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"hash"
	"time"

	"sekisho/internal/secret"
)

// Kind of a key.
type Kind string

// The kinds there are.
const (
	TOTP Kind = "totp" // by time
	HOTP Kind = "hotp" // by counter
)

// Key makes the codes of one account at one service.
type Key struct {
	Kind      Kind
	Issuer    string      // the service
	Label     string      // whose account there
	Secret    secret.Text // base 32 without padding, in capitals
	Algorithm string      // SHA1, SHA256, SHA512
	Digits    int         // 6 to 8
	Period    int         // seconds, of TOTP
	Counter   uint64      // of the next code, of HOTP
}

var hashes = map[string]func() hash.Hash{"SHA1": sha1.New, "SHA256": sha256.New, "SHA512": sha512.New}

// At is the code of a counter (RFC 4226 §5.3).
func (k Key) At(n uint64) string {
	raw, err := Secret(k.Secret.Reveal())
	make, ok := hashes[k.Algorithm]
	if err != nil || !ok {
		return "" // Check refuses such a key
	}
	mac := hmac.New(make, raw)
	mac.Write(binary.BigEndian.AppendUint64(nil, n))
	sum := mac.Sum(nil)
	v := binary.BigEndian.Uint32(sum[sum[len(sum)-1]&15:]) & 0x7fffffff
	mod := uint32(1)
	for range k.Digits {
		mod *= 10
	}
	return fmt.Sprintf("%0*d", k.Digits, v%mod)
}

// Code is the code of an instant (RFC 6238 §4.2), and how long it still holds. Of a
// counter it is the next one, which holds until it is used.
func (k Key) Code(t time.Time) (code string, left time.Duration) {
	if k.Kind == HOTP {
		return k.At(k.Counter), 0
	}
	step := time.Duration(k.Period) * time.Second
	return k.At(uint64(t.Unix()) / uint64(k.Period)), step - time.Duration(t.UnixNano())%step
}

// Name is how a person tells it from others.
func (k Key) Name() string {
	switch {
	case k.Issuer == "":
		return k.Label
	case k.Label == "":
		return k.Issuer
	}
	return k.Issuer + ": " + k.Label
}
