// Package push hands one encrypted message to the push service of a browser (Web
// Push: RFC 8030, 8188, 8291, 8292). Whoever subscribes names the server that gets
// it, so its client reaches no inner address and follows no redirect.
//
// It keeps nothing, tries once and says what became of it. It knows no word of what
// is sent; no error of it repeats an endpoint, which is a right to send, or a payload.
package push

import (
	"crypto/ecdh"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"sekisho/internal/netx"
)

// What is wrong with a subscription.
var (
	ErrEndpoint = errors.New("push: the endpoint is not an https address of at most 2048 characters without a name, a password or a fragment")
	ErrKey      = errors.New("push: p256dh is not a point on P-256, 65 bytes in base64url")
	ErrAuth     = errors.New("push: auth is not 16 bytes in base64url")
)

// Subscription is where a browser is reached and what messages to it are encrypted
// with, as PushSubscription.toJSON gives it (Push API §8). All of it is secret.
type Subscription struct {
	Endpoint string
	P256dh   string // base64url without padding, an uncompressed point
	Auth     string // base64url without padding, 16 bytes
}

// Format shows the push service alone, whatever the verb.
func (s Subscription) Format(f fmt.State, _ rune) {
	t, err := s.read(true)
	if err != nil {
		t.origin = "no subscription"
	}
	_, _ = fmt.Fprintf(f, "%s/•••", t.origin)
}

// LogValue shows the push service alone.
func (s Subscription) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(s)) }

// Parse reads what a browser says. With loopback, an endpoint on this machine may be
// http, as tests have it. The errors are ErrEndpoint, ErrKey and ErrAuth.
func Parse(endpoint, p256dh, auth string, loopback bool) (Subscription, error) {
	s := Subscription{Endpoint: endpoint, P256dh: p256dh, Auth: auth}
	if _, err := s.read(loopback); err != nil {
		return Subscription{}, err
	}
	return s, nil
}

// target is a subscription that was read.
type target struct {
	url    *url.URL
	origin string // RFC 6454 §6.2
	key    *ecdh.PublicKey
	auth   []byte
}

func (s Subscription) read(loopback bool) (target, error) {
	var t target
	var err error
	if t.url, t.origin, err = readEndpoint(s.Endpoint, loopback); err != nil {
		return target{}, err
	}
	// It refuses what is compressed, at infinity or not on the curve (RFC 8291 §7).
	if t.key, err = ecdh.P256().NewPublicKey(decode(s.P256dh)); err != nil {
		return target{}, ErrKey
	}
	if t.auth = decode(s.Auth); len(t.auth) != 16 { // RFC 8291 §3.2
		return target{}, ErrAuth
	}
	return t, nil
}

const longestEndpoint = 2048

// host is a name or an address, and a port. Escapes and zones have no business there:
// what stands here is signed for.
var host = regexp.MustCompile(`^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[1-9][0-9]{0,4})?$`)

func readEndpoint(raw string, loopback bool) (*url.URL, string, error) {
	if len(raw) > longestEndpoint || strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r > '~' || r == '#' }) {
		return nil, "", ErrEndpoint
	}
	u, err := url.Parse(raw)
	if err != nil || u.User != nil || !host.MatchString(u.Host) {
		return nil, "", ErrEndpoint
	}
	usual := ":443"
	switch {
	case u.Scheme == "http" && loopback && netx.Loopback(u.Hostname()):
		usual = ":80"
	case u.Scheme != "https":
		return nil, "", ErrEndpoint
	}
	if n, _ := strconv.Atoi(u.Port()); n > 65535 {
		return nil, "", ErrEndpoint
	}
	return u, u.Scheme + "://" + strings.TrimSuffix(strings.ToLower(u.Host), usual), nil
}

var b64 = base64.RawURLEncoding

// decode reads base64url in its one spelling; the decoder by itself passes over line
// breaks and loose bits. Nil: it is not that.
func decode(s string) []byte {
	if len(s) > 128 {
		return nil
	}
	b, err := b64.DecodeString(s)
	if err != nil || b64.EncodeToString(b) != s {
		return nil
	}
	return b
}
