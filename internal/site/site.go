// Package site asks the net whether somebody has power over a domain: a TXT record or a
// file on its web site says what only they can put there.
//
// It goes to no inner address that the operator did not name, whatever a name leads to;
// follows no redirect; reads little and not for long. It keeps nothing and decides
// nothing.
package site

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
	"golang.org/x/text/unicode/norm"

	"sekisho/internal/netx"
)

// Why a domain cannot be anybody's here.
var (
	ErrMalformed = errors.New("not a domain such as example.com")
	ErrSuffix    = errors.New("a domain under which many register")
	ErrMailHost  = errors.New("a domain in which everybody can have an address")
)

// Name is a domain as it is compared and as it is shown.
type Name struct{ ASCII, Shown string }

// Parse reads a domain as people type it.
func Parse(raw string) (Name, error) {
	if len(raw) > 1000 || !utf8.ValidString(raw) {
		return Name{}, ErrMalformed
	}
	s := strings.TrimSuffix(strings.ToLower(strings.TrimSpace(norm.NFKC.String(raw))), ".")
	ascii, err := idna.Lookup.ToASCII(s)
	if err != nil || !strings.Contains(ascii, ".") || len(ascii) > 253-len(Label) || net.ParseIP(ascii) != nil || strings.ContainsAny(ascii, "_:/@") {
		return Name{}, ErrMalformed
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if label == "" || len(label) > 63 { // RFC 1035 §2.3.4
			return Name{}, ErrMalformed
		}
	}
	if suffix, _ := publicsuffix.PublicSuffix(ascii); suffix == ascii {
		return Name{}, ErrSuffix
	}
	if slices.Contains(mailHosts, ascii) {
		return Name{}, ErrMailHost
	}
	shown, err := idna.Display.ToUnicode(ascii)
	if err != nil {
		return Name{}, ErrMalformed
	}
	return Name{ascii, shown}, nil
}

// mailHosts give an address to whoever asks. Nobody could put a record there; that a
// claim is refused at once spares its author the time.
var mailHosts = strings.Fields(`gmail.com googlemail.com outlook.com outlook.jp hotmail.com hotmail.co.jp live.com live.jp msn.com yahoo.com yahoo.co.jp ymail.com ybb.ne.jp
	icloud.com me.com mac.com aol.com gmx.com gmx.net gmx.de web.de t-online.de proton.me protonmail.com pm.me tutanota.com fastmail.com zoho.com mail.com mail.ru yandex.ru yandex.com
	qq.com 163.com 126.com sina.com naver.com daum.net hanmail.net rediffmail.com orange.fr free.fr laposte.net libero.it comcast.net verizon.net att.net
	docomo.ne.jp ezweb.ne.jp au.com softbank.ne.jp i.softbank.jp ymobile.ne.jp rakuten.jp nifty.com biglobe.ne.jp ocn.ne.jp so-net.ne.jp excite.co.jp`)

// Where and what a domain's owner puts.
const (
	Label = "_sekisho-challenge." // before the domain, for a TXT record
	Path  = "/.well-known/sekisho-domain.txt"
	mark  = "sekisho-domain-verification="
)

// Proof is what stands in the record or the file.
func Proof(token string) string { return mark + token }

// How a domain is proved.
type How string

// The ways there are.
const (
	DNS  How = "dns"
	File How = "file"
)

// What came of looking.
var (
	ErrMissing     = errors.New("the proof is not there")
	ErrUnreachable = errors.New("nothing answered")
)

// Options are what a Checker is made of.
type Options struct {
	Server string         // a DNS server, as address:port; empty: the system's
	Inner  netx.Proxies   // inner networks where web sites may be all the same
	Roots  *x509.CertPool // nil: the system's
	Port   string         // of web sites; empty: 443
}

// Checker looks at domains. Its methods may be called at once.
type Checker struct {
	resolver *net.Resolver
	client   *http.Client
	port     string
}

// Longest is how long one look may take.
const Longest = 5 * time.Second

// New makes a Checker.
func New(o Options) *Checker {
	c := &Checker{resolver: &net.Resolver{PreferGo: true}, port: o.Port}
	if o.Server != "" {
		c.resolver.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, network, o.Server)
		}
	}
	// The address is looked at after the name was resolved, at each connection: a name that
	// turns inward between two questions leads nowhere (DNS rebinding).
	dial := &net.Dialer{Timeout: 3 * time.Second, Resolver: c.resolver, Control: netx.Outward(o.Inner)}
	c.client = &http.Client{Timeout: Longest, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: dial.DialContext, TLSClientConfig: &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: 3 * time.Second, DisableKeepAlives: true, MaxResponseHeaderBytes: 16 << 10}}
	return c
}

// Look says whether the proof of a token stands where it should: nil, ErrMissing,
// ErrUnreachable or netx.ErrInner.
func (c *Checker) Look(ctx context.Context, how How, domain, token string) error {
	ctx, cancel := context.WithTimeout(ctx, Longest)
	defer cancel()
	if how == File {
		return c.file(ctx, domain, Proof(token))
	}
	return c.txt(ctx, domain, Proof(token))
}

func (c *Checker) txt(ctx context.Context, domain, proof string) error {
	// With the dot at its end the system's search list adds nothing to the name.
	list, err := c.resolver.LookupTXT(ctx, Label+domain+".")
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return ErrMissing
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	for _, s := range list {
		if strings.TrimSpace(s) == proof {
			return nil
		}
	}
	return ErrMissing
}

// mostRead is how much of a file is looked at.
const mostRead = 4 << 10

func (c *Checker) file(ctx context.Context, domain, proof string) error {
	host := domain
	if c.port != "" {
		host = net.JoinHostPort(domain, c.port)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+host+Path, nil)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	req.Header.Set("Accept", "text/plain")
	res, err := c.client.Do(req)
	switch {
	case errors.Is(err, netx.ErrInner):
		return netx.ErrInner
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	defer res.Body.Close()
	// Where it leads elsewhere, whoever has that other place would prove this one.
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: the web site answers %d", ErrMissing, res.StatusCode)
	}
	lines := bufio.NewScanner(io.LimitReader(res.Body, mostRead))
	for lines.Scan() {
		if strings.TrimSpace(lines.Text()) == proof {
			return nil
		}
	}
	return ErrMissing
}
