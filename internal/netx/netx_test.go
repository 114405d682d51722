package netx

import (
	"net/http"
	"net/netip"
	"testing"
)

func TestOnlyATrustedProxyIsBelieved(t *testing.T) {
	proxies, err := ParseProxies([]string{"10.0.0.0/8", "::1", "192.0.2.9"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, remote, key, value, want string
	}{
		{"no header", "203.0.113.5:1", "", "", "203.0.113.5"},
		{"an untrusted peer lies", "203.0.113.5:1", "X-Forwarded-For", "1.2.3.4", "203.0.113.5"},
		{"an untrusted peer lies in the standard header", "203.0.113.5:1", "Forwarded", "for=1.2.3.4", "203.0.113.5"},
		{"a trusted peer", "10.1.1.1:1", "X-Forwarded-For", "1.2.3.4", "1.2.3.4"},
		{"the client put a lie in front", "10.1.1.1:1", "X-Forwarded-For", "9.9.9.9, 1.2.3.4", "1.2.3.4"},
		{"two trusted proxies", "10.1.1.1:1", "X-Forwarded-For", "9.9.9.9, 1.2.3.4, 10.2.2.2", "1.2.3.4"},
		{"nothing but trusted ones", "10.1.1.1:1", "X-Forwarded-For", "10.3.3.3", "10.3.3.3"},
		{"garbage leaves the last good one", "10.1.1.1:1", "X-Forwarded-For", "1.2.3.4, junk", "10.1.1.1"},
		{"v4 mapped", "[::ffff:10.1.1.1]:1", "X-Forwarded-For", "::ffff:1.2.3.4", "1.2.3.4"},
		{"with a port", "[::1]:1", "X-Forwarded-For", "1.2.3.4:99", "1.2.3.4"},
		{"standard, quoted v6 with a port", "[::1]:1", "Forwarded", `for="[2001:db8::1]:47";proto=https`, "2001:db8::1"},
		{"standard, obfuscated", "[::1]:1", "Forwarded", "for=_hidden", "::1"},
		{"a zone", "[fe80::1%eth0]:1", "", "", "fe80::1"},
		{"a unix socket", "@", "", "", "::1"},
	} {
		h := http.Header{}
		if c.key != "" {
			h.Set(c.key, c.value)
		}
		if got := proxies.ClientAddr(c.remote, h).String(); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
	both := http.Header{"Forwarded": {"for=1.2.3.4"}, "X-Forwarded-For": {"5.6.7.8"}}
	if got, want := proxies.ClientAddr("10.1.1.1:1", both).String(), "::"; got != want {
		t.Errorf("both headers: got %s, want %s", got, want)
	}
}

func TestInnerAddresses(t *testing.T) {
	for _, s := range []string{"127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.1.1", "0.0.0.0", "::1", "::", "fe80::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "224.0.0.1", "255.255.255.255", "2001:db8::1",
		"64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:a00:1::1", "::7f00:1", "::a00:1"} {
		if !IsInner(netip.MustParseAddr(s)) {
			t.Errorf("%s: got outer, want inner", s)
		}
	}
	for _, s := range []string{"1.1.1.1", "2606:4700::1111", "8.8.8.8", "64:ff9b::101:101"} {
		if IsInner(netip.MustParseAddr(s)) {
			t.Errorf("%s: got inner, want outer", s)
		}
	}
	guard := Outward(nil)
	if err := guard("tcp", "127.0.0.1:80", nil); err == nil {
		t.Error("a connection to loopback was allowed")
	}
	if err := guard("tcp", "1.1.1.1:80", nil); err != nil {
		t.Errorf("a connection outward was refused: %v", err)
	}
}

func TestBuckets(t *testing.T) {
	for in, want := range map[string]string{"1.2.3.4": "1.2.3.4", "::ffff:1.2.3.4": "1.2.3.4", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64"} {
		if got := Bucket(netip.MustParseAddr(in)); got != want {
			t.Errorf("Bucket(%s): got %s, want %s", in, got, want)
		}
	}
}

func FuzzClientAddr(f *testing.F) {
	f.Add("10.0.0.1:1", "1.2.3.4", `for="[::1]"`)
	proxies, _ := ParseProxies([]string{"10.0.0.0/8"})
	f.Fuzz(func(t *testing.T, remote, old, standard string) {
		a := proxies.ClientAddr(remote, http.Header{"X-Forwarded-For": {old}})
		b := proxies.ClientAddr(remote, http.Header{"Forwarded": {standard}})
		if !a.IsValid() || !b.IsValid() {
			t.Errorf("no address: %v %v", a, b)
		}
	})
}
