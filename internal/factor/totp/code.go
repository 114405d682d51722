package totp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" // RFC 4226 is written for HMAC-SHA-1, which collisions do not touch; it is all that every app can do
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"net/url"
	"strings"
	"time"

	"sekisho/internal/secret"
)

const (
	digits  = 6
	period  = 30 // seconds
	keyLen  = 20 // bytes; RFC 4226 §4 R6 recommends 160 bits
	leastOf = 16 // bytes; RFC 4226 §4 R6 demands 128 bits
	window  = 1  // steps to either side (RFC 6238 §5.2)
	horizon = int64(15 * time.Minute / (period * time.Second))
)

var base = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewKey makes the secret of one authenticator: 160 random bits in base 32
// without padding, as apps take it by hand.
func NewKey() secret.Text {
	var b [keyLen]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return secret.Text(base.EncodeToString(b[:]))
}

var errKey = errors.New("totp: the key is not base 32 of at least 128 bits")

func parseKey(key secret.Text) ([]byte, error) {
	b, err := base.DecodeString(key.Reveal())
	if err != nil || len(b) < leastOf {
		return nil, errKey // without err, which tells where in the key it stumbled
	}
	return b, nil
}

// URI is what an authenticator app reads from the QR code, in the form that all
// of them took over from Google's "Key Uri Format". It contains the secret.
func URI(issuer, label string, key secret.Text) string {
	name := escape(label)
	query := "secret=" + escape(key.Reveal())
	if issuer != "" {
		name = escape(issuer) + ":" + name
		query += "&issuer=" + escape(issuer)
	}
	return fmt.Sprintf("otpauth://totp/%s?%s&algorithm=SHA1&digits=%d&period=%d", name, query, digits, period)
}

// escape percent-encodes all but unreserved characters (RFC 3986 §2.3): several
// apps show a "+" as it stands. A colon divides issuer from label, and some apps
// divide only after decoding, so neither may have one.
func escape(s string) string {
	return strings.ReplaceAll(url.QueryEscape(strings.ReplaceAll(s, ":", " ")), "+", "%20")
}

// counter reckons the codes of one key (RFC 4226 §5.3). What the key alone decides is
// reckoned once for all of them.
type counter struct {
	mac hash.Hash
	sum [sha1.Size]byte
}

func newCounter(key []byte) *counter { return &counter{mac: hmac.New(sha1.New, key)} }

// at is a code as a number.
func (c *counter) at(n uint64, digits int) uint32 {
	c.mac.Reset()
	binary.BigEndian.PutUint64(c.sum[:8], n)
	c.mac.Write(c.sum[:8])
	sum := c.mac.Sum(c.sum[:0])
	v := binary.BigEndian.Uint32(sum[sum[len(sum)-1]&15:]) & 0x7fffffff
	mod := uint32(1)
	for range digits {
		mod *= 10
	}
	return v % mod
}

// stepAt is the time step of an instant (RFC 6238 §4.2).
func stepAt(t time.Time) int64 { return t.Unix() / period }

// none is no code.
const none = 1 << 31

// readAnswer is a code as typed: six digits as a number, or none.
func readAnswer(typed string) uint32 {
	s := secret.Clean(typed)
	if len(s) != digits {
		return none
	}
	n := uint32(0)
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return none
		}
		n = n*10 + uint32(c-'0')
	}
	return n
}

// fits finds every step within the horizon whose code is the answer. It reckons
// them all, whether or not one fits, so that its time says nothing.
func fits(key []byte, now int64, answer uint32) []int64 {
	var out []int64
	c := newCounter(key)
	for s := now - horizon; s <= now+horizon; s++ {
		if subtle.ConstantTimeEq(int32(c.at(uint64(s), digits)), int32(answer)) == 1 && s >= 0 {
			out = append(out, s)
		}
	}
	return out
}

// spent is what a row says of its steps.
type spent struct{ step, barred int64 }

// judge says what an answer that fits these steps is worth now, and which step
// it is about.
func judge(steps []int64, now int64, sp spent) (Outcome, int64) {
	best, at := Wrong, int64(0)
	for _, s := range steps {
		o := Skewed
		switch near := s >= now-window && s <= now+window; {
		case near && s > sp.step && s != sp.barred:
			o = Right
		case near, s == sp.step:
			o = Used
		}
		// Of several right ones the last is spent: an earlier one would leave the
		// same digits good for the later. Of several skewed ones the nearest is told.
		if o > best || o == Right || o == best && o == Skewed && abs(s-now) < abs(at-now) {
			best, at = o, s
		}
	}
	return best, at
}

func abs(n int64) int64 { return max(n, -n) }
