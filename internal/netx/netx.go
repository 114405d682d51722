// Package netx owns addresses: whom a request really comes from, how an
// address is counted, and which addresses no request of ours may go to.
//
// It believes a proxy's word only when the operator named the proxy.
package netx

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
)

// Proxies are the networks whose word about a client's address is believed.
type Proxies []netip.Prefix

// ParseProxies reads addresses and CIDR networks.
func ParseProxies(list []string) (Proxies, error) {
	var out Proxies
	for _, s := range list {
		s = strings.TrimSpace(s)
		if a, err := netip.ParseAddr(s); err == nil {
			a = a.Unmap()
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", s)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

func (p Proxies) trust(a netip.Addr) bool {
	for _, n := range p {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

// ClientAddr is the address a request comes from: the peer's, or, when the peer
// is a trusted proxy, the last address before the trusted ones. A header that
// does not read leaves the last address that does.
func (p Proxies) ClientAddr(remote string, h http.Header) netip.Addr {
	peer := peerAddr(remote)
	if !p.trust(peer) {
		return peer
	}
	if spoofable(h) {
		return netip.IPv6Unspecified()
	}
	hops := forwarded(h)
	for i := len(hops) - 1; i >= 0; i-- {
		a, ok := parseNode(hops[i])
		if !ok {
			return peer
		}
		peer = a
		if !p.trust(a) {
			return a
		}
	}
	return peer
}

// HTTPS says whether the client's own connection was encrypted, as a trusted
// proxy tells it.
func (p Proxies) HTTPS(remote string, h http.Header) bool {
	return p.trust(peerAddr(remote)) && strings.EqualFold(h.Get("X-Forwarded-Proto"), "https")
}

func peerAddr(remote string) netip.Addr {
	if ap, err := netip.ParseAddrPort(remote); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	a, err := netip.ParseAddr(remote)
	if err != nil {
		// A unix socket has no address: it is this machine.
		return netip.IPv6Loopback()
	}
	return a.Unmap().WithZone("")
}

// spoofable says whether both headers are there: a client would speak through the
// one its proxy does not set. Then its address is not known. It must not be taken
// for the proxy's own, which is an inner one: who adds a header would hide behind it,
// and stand where only the inner network may.
func spoofable(h http.Header) bool {
	return len(h.Values("Forwarded")) > 0 && len(h.Values("X-Forwarded-For")) > 0
}

// forwarded lists hops, nearest last, of whichever header there is.
func forwarded(h http.Header) []string {
	standard, old := h.Values("Forwarded"), h.Values("X-Forwarded-For")
	if len(standard) == 0 {
		return splitTrim(strings.Join(old, ","), ",")
	}
	var out []string
	for _, element := range splitTrim(strings.Join(standard, ","), ",") {
		node := ""
		for _, pair := range splitTrim(element, ";") {
			if k, v, ok := strings.Cut(pair, "="); ok && strings.EqualFold(strings.TrimSpace(k), "for") {
				node = strings.Trim(strings.TrimSpace(v), `"`)
			}
		}
		out = append(out, node)
	}
	return out
}

func splitTrim(s, sep string) []string {
	if s == "" || len(s) > 4096 {
		return nil
	}
	parts := strings.Split(s, sep)
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

func parseNode(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return a.Unmap().WithZone(""), true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	return netip.Addr{}, false
}

// Bucket is how an address is counted: IPv4 alone, IPv6 by its /64, which one
// household or host is given as a whole.
func Bucket(a netip.Addr) string {
	if a.Is4() || a.Is4In6() {
		return a.Unmap().String()
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return ""
	}
	return p.String()
}

var inner = func() []netip.Prefix {
	var out []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "fec0::/10",
	} {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}()

// IsInner says whether an address is of a kind that is not a public host:
// loopback, private, link-local, shared, documentation, multicast.
func IsInner(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsValid() || a.IsUnspecified() || a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsInterfaceLocalMulticast() {
		return true
	}
	for _, p := range inner {
		if p.Contains(a) {
			return true
		}
	}
	v4, ok := embedded(a)
	return ok && IsInner(v4)
}

// embedded is the IPv4 address to which a gateway on the way leads an IPv6 one: by
// NAT64 (RFC 6052 §2.1), by 6to4 (RFC 3056 §2), or in the old compatible form
// (RFC 4291 §2.5.5.1). Where the inner network is behind that gateway, it counts.
func embedded(a netip.Addr) (netip.Addr, bool) {
	if !a.Is6() {
		return a, false
	}
	b := a.As16()
	switch {
	case nat64.Contains(a), compatible.Contains(a):
		return netip.AddrFrom4([4]byte(b[12:])), true
	case sixToFour.Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	}
	return a, false
}

var (
	nat64      = netip.MustParsePrefix("64:ff9b::/96")
	sixToFour  = netip.MustParsePrefix("2002::/16")
	compatible = netip.MustParsePrefix("::/96")
)

// ErrInner is a connection to an inner address that was not allowed.
var ErrInner = errors.New("the address is an inner one")

// Outward gives a dialer's Control that refuses inner addresses after the name
// was resolved, so that a name cannot lead inside (SSRF by DNS rebinding).
func Outward(allow Proxies) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return err
		}
		a, err := netip.ParseAddr(host)
		if err != nil {
			return err
		}
		if a = a.Unmap().WithZone(""); IsInner(a) && !allow.trust(a) {
			return ErrInner
		}
		return nil
	}
}

// Loopback says whether a host, as it stands in a URL without its port, is this
// very machine.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.Unmap().IsLoopback()
}
