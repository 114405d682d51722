package netx

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// What is wrong with an address that somebody gave us to speak to.
var (
	// ErrURL is one that is not https, has no host, or carries a name, a password or a fragment.
	ErrURL = errors.New("the address is not https, or has parts that are not taken")
	// ErrHost is a host of which no address is known.
	ErrHost = errors.New("the host has no address")
)

const longestURL = 500

// OuterURL reads an address that somebody gave us to send to, before anything is asked of
// it: https, with a host by a name or a plain IP address that is not an inner one. A host
// that some programs read as a number (0x7f000001, 2130706433, 127.1) is refused.
func OuterURL(raw string, allow Proxies) (*url.URL, error) {
	if len(raw) > longestURL || strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, ErrURL
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" || u.Opaque != "" {
		return nil, ErrURL
	}
	host := u.Hostname()
	if a, err := netip.ParseAddr(host); err == nil {
		if a = a.Unmap().WithZone(""); IsInner(a) && !allow.trust(a) {
			return nil, ErrInner
		}
		return u, nil
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	last := labels[len(labels)-1]
	if last == "" || strings.Trim(last, "0123456789") == "" || strings.HasPrefix(strings.ToLower(last), "0x") || strings.ContainsAny(host, "%:") {
		return nil, ErrURL
	}
	return u, nil
}

// Outer says whether a host leads outside: each of its addresses does. It is looked at again
// at each connection (see Outward), for a name may lead elsewhere by then; here it is for
// whoever types it to be told.
func Outer(ctx context.Context, host string, allow Proxies) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	list, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(list) == 0 {
		return fmt.Errorf("%w: %s", ErrHost, host)
	}
	for _, a := range list {
		if a = a.Unmap().WithZone(""); IsInner(a) && !allow.trust(a) {
			return ErrInner
		}
	}
	return nil
}
