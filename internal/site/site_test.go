package site_test

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/netx"
	"sekisho/internal/site"
)

func TestDomainsInManySpellings(t *testing.T) {
	for raw, want := range map[string]string{
		"example.com": "example.com", " Example.COM. ": "example.com", "ＥＸＡＭＰＬＥ．com": "example.com", "関所.jp": "xn--vuqvr7j.jp", "xn--vuqvr7j.jp": "xn--vuqvr7j.jp",
		"sub.example.co.jp": "sub.example.co.jp", "corp.internal": "corp.internal",
	} {
		n, err := site.Parse(raw)
		if err != nil || want != n.ASCII && !strings.HasPrefix(want, "xn--") {
			t.Errorf("%q: got %+v %v, want %s", raw, n, err, want)
		}
	}
	if a, b := first(site.Parse("関所.jp")), first(site.Parse(first(site.Parse("関所.jp")).ASCII)); a != b || a.Shown != "関所.jp" {
		t.Errorf("got %+v and %+v", a, b)
	}
	for raw, want := range map[string]error{
		"": site.ErrMalformed, "localhost": site.ErrMalformed, "192.0.2.1": site.ErrMalformed, "::1": site.ErrMalformed, "a@example.com": site.ErrMalformed, "https://example.com": site.ErrMalformed,
		"example.com/x": site.ErrMalformed, "exa mple.com": site.ErrMalformed, "_x.example.com": site.ErrMalformed, "a..b": site.ErrMalformed, "exam\u202eple.com": site.ErrMalformed, strings.Repeat("a", 64) + ".com": site.ErrMalformed,
		strings.Repeat("a.", 200) + "com": site.ErrMalformed, strings.Repeat("x", 1<<20): site.ErrMalformed, "\xff.com": site.ErrMalformed,
		"com": site.ErrMalformed, "co.jp": site.ErrSuffix, "github.io": site.ErrSuffix, "Gmail.com": site.ErrMailHost, "docomo.ne.jp": site.ErrMailHost,
	} {
		if n, err := site.Parse(raw); !errors.Is(err, want) {
			t.Errorf("%.40q: got %+v %v, want %v", raw, n, err, want)
		}
	}
}

func first(n site.Name, _ error) site.Name { return n }

func TestATextRecordProvesADomain(t *testing.T) {
	names := apptest.NewNames(t)
	c := site.New(site.Options{Server: names.Server})
	look := func(want error) {
		t.Helper()
		if err := c.Look(t.Context(), site.DNS, "acme.example", "token"); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	at := site.Label + "acme.example"
	look(site.ErrMissing)
	names.Say(at, "v=spf1 -all", site.Proof("another"))
	look(site.ErrMissing)
	names.Say("acme.example", site.Proof("token")) // at another name it proves nothing
	look(site.ErrMissing)
	names.Say(at, "v=spf1 -all", site.Proof("another"), " "+site.Proof("token")+" ")
	look(nil)
	// Much of it, in more than a packet.
	var many []string
	for i := range 60 {
		many = append(many, fmt.Sprint(i, strings.Repeat("x", 900)))
	}
	names.Say(at, many...)
	look(site.ErrMissing)
	names.Say(at, append(many, site.Proof("token"))...)
	look(nil)
	names.Say(at, strings.Repeat(site.Proof("token"), 1000))
	look(site.ErrMissing)
	names.Fail(true)
	look(site.ErrUnreachable)
	nobody := site.New(site.Options{Server: "127.0.0.1:1"})
	if err := nobody.Look(t.Context(), site.DNS, "acme.example", "token"); !errors.Is(err, site.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
}

// web is a web site on loopback, under the name for which its certificate is.
func web(t *testing.T, names *apptest.Names, allow string, h http.HandlerFunc) (look func() error) {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	inner, err := netx.ParseProxies(strings.Fields(allow))
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	c := site.New(site.Options{Server: names.Server, Inner: inner, Roots: roots, Port: port})
	return func() error { return c.Look(t.Context(), site.File, "example.com", "token") }
}

func TestAFileProvesADomain(t *testing.T) {
	names := apptest.NewNames(t)
	names.Lead("example.com", [4]byte{127, 0, 0, 1})
	body, status, location := "", 200, ""
	look := web(t, names, "127.0.0.0/8", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != site.Path {
			t.Errorf("asked for %s", r.URL)
		}
		if location != "" {
			w.Header().Set("Location", location)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
	is := func(name string, want error) {
		t.Helper()
		if err := look(); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", name, err, want)
		}
	}
	is("empty", site.ErrMissing)
	body = "# ours\r\n" + site.Proof("token") + "\r\n"
	is("right", nil)
	status = 404
	is("an error page that says it", site.ErrMissing)
	// A redirect proves who has the place it leads to.
	status, location = 302, "https://example.com:1/elsewhere"
	is("redirect", site.ErrMissing)
	status, location, body = 200, "", strings.Repeat("x", 1<<20)+"\n"+site.Proof("token")
	is("a megabyte before it", site.ErrMissing)
	body = "<p>" + site.Proof("token") + "</p>"
	is("inside something else", site.ErrMissing)
}

// A name that leads inside leads nowhere, also when it did not a moment before.
func TestAFileIsNotReadFromInside(t *testing.T) {
	names := apptest.NewNames(t)
	reached := false
	look := web(t, names, "", func(http.ResponseWriter, *http.Request) { reached = true })
	for _, to := range [][4]byte{{127, 0, 0, 1}, {10, 0, 0, 1}, {169, 254, 169, 254}, {192, 168, 1, 1}, {0, 0, 0, 0}, {100, 64, 0, 1}} {
		names.Lead("example.com", to)
		if err := look(); !errors.Is(err, netx.ErrInner) {
			t.Errorf("%v: got %v", to, err)
		}
	}
	// Whoever looked at the name first would have seen an outer address.
	names.Lead("example.com", [4]byte{203, 0, 113, 1}, [4]byte{127, 0, 0, 1})
	began := time.Now()
	_ = look()
	_ = look()
	if reached || time.Since(began) > 3*site.Longest {
		t.Errorf("reached %v after %v", reached, time.Since(began))
	}
}
