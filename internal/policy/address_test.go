package policy

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func TestAddressesReadInEverySpelling(t *testing.T) {
	for _, c := range []struct {
		line  string
		entry Entry
		come  string
	}{
		{"192.0.2.7", Entry{"192.0.2.7", ""}, "192.0.2.7/32"},
		{"  192.0.2.7   Head  office ", Entry{"192.0.2.7", "Head office"}, "192.0.2.7/32"},
		{"１９２．０．２．７　本社", Entry{"192.0.2.7", "本社"}, "192.0.2.7/32"},
		{"192.0.2.0/24 # office", Entry{"192.0.2.0/24", "office"}, "192.0.2.0/24"},
		{"192.0.2.0-192.0.2.255", Entry{"192.0.2.0-192.0.2.255", ""}, "192.0.2.0/24"},
		{"192.0.2.1 - 192.0.2.4 four", Entry{"192.0.2.1-192.0.2.4", "four"}, "192.0.2.1/32 192.0.2.2/31 192.0.2.4/32"},
		{"192.0.2.1–192.0.2.2", Entry{"192.0.2.1-192.0.2.2", ""}, "192.0.2.1/32 192.0.2.2/32"},
		{"192.0.2.1～192.0.2.2 全角", Entry{"192.0.2.1-192.0.2.2", "全角"}, "192.0.2.1/32 192.0.2.2/32"},
		{"192.0.2.9-192.0.2.9", Entry{"192.0.2.9-192.0.2.9", ""}, "192.0.2.9/32"},
		{"2001:DB8:0:0::1", Entry{"2001:db8::1", ""}, "2001:db8::1/128"},
		{"2001:db8::/32", Entry{"2001:db8::/32", ""}, "2001:db8::/32"},
		{"2001:db8::-2001:db8::ffff", Entry{"2001:db8::-2001:db8::ffff", ""}, "2001:db8::/112"},
		{"::ffff:192.0.2.7", Entry{"192.0.2.7", ""}, "192.0.2.7/32"},
		{"::ffff:c000:207", Entry{"192.0.2.7", ""}, "192.0.2.7/32"},
		{"::ffff:192.0.2.0/120", Entry{"192.0.2.0/24", ""}, "192.0.2.0/24"},
		{"::ffff:192.0.2.0-::ffff:192.0.2.1", Entry{"192.0.2.0-192.0.2.1", ""}, "192.0.2.0/31"},
		{"0.0.0.0-255.255.255.254", Entry{"0.0.0.0-255.255.255.254", ""}, ""},
	} {
		got, flaw := ParseAddresses(c.line)
		if flaw != nil || len(got.Entries) != 1 || got.Entries[0] != c.entry {
			t.Errorf("%q: got %+v %v, want %+v", c.line, got.Entries, flaw, c.entry)
			continue
		}
		if c.come != "" && strings.Trim(fmt.Sprint(got.Allowed), "[]") != c.come {
			t.Errorf("%q comes to %v, want %s", c.line, got.Allowed, c.come)
		}
		if again, flaw := ParseAddresses(got.Lines()); flaw != nil || again.Entries[0] != c.entry {
			t.Errorf("%q is written %q, which reads as %+v %v", c.line, got.Lines(), again.Entries, flaw)
		}
	}
}

func TestAddressesThatDoNotReadSayWhy(t *testing.T) {
	long := strings.Repeat("名", 101)
	for _, c := range []struct {
		text string
		flaw Flaw
		line int
	}{
		{"office", Unread, 1}, {"192.0.2", Unread, 1}, {"192.0.2.07", Unread, 1}, {"192.0.2.1/33", Unread, 1}, {"192.0.2.1/-1", Unread, 1}, {"192.0.2.1/024", Unread, 1},
		{"0xC0000207", Unread, 1}, {"3221225991", Unread, 1}, {"192.0.2.1:443", Unread, 1}, {"[2001:db8::1]", Unread, 1}, {"::ffff:0:0/90", Unread, 1},
		{"\n\n192.0.2.7\n\n192.0.2.7/24", HostBits, 5}, {"2001:db8::1/32", HostBits, 1},
		{"fe80::1%eth0", Zone, 1}, {"fe80::%eth0/64", Zone, 1}, {"fe80::1%eth0-fe80::2", Zone, 1},
		{"192.0.2.9-192.0.2.1", Backwards, 1}, {"192.0.2.9-2001:db8::1", TwoKinds, 1}, {"192.0.2.9-", Unread, 1}, {"-192.0.2.9", Unread, 1}, {"1-2-3", Unread, 1},
		{"192.0.2.7 " + long, LongName, 1}, {"192.0.2.7 a\u202eb", LongName, 1}, {"192.0.2.7 \xff", Unread, 1}, {strings.Repeat("9", 1<<20), Unread, 1},
		{"0.0.0.0/0", Everywhere, 0}, {"::/0", Everywhere, 0}, {"0.0.0.0/1\n128.0.0.0/1", Everywhere, 0}, {"::-7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\n8000::/1", Everywhere, 0},
		{strings.Repeat("192.0.2.7\n", 10000), TooMany, 0},
		{strings.Repeat("2001:db8::1-2001:db8:ffff:ffff:ffff:ffff:ffff:fffe\n2001:dba::1-2001:dba:ffff:ffff:ffff:ffff:ffff:fffe\n2001:dbc::1-2001:dbc:ffff:ffff:ffff:ffff:ffff:fffe\n"+
			"2001:dbe::1-2001:dbe:ffff:ffff:ffff:ffff:ffff:fffe\n2001:dc0::1-2001:dc0:ffff:ffff:ffff:ffff:ffff:fffe\n2001:dc2::1-2001:dc2:ffff:ffff:ffff:ffff:ffff:fffe\n", 1), TooMany, 0},
	} {
		_, flaw := ParseAddresses(c.text)
		if flaw == nil || flaw.Flaw != c.flaw || flaw.Line != c.line {
			t.Errorf("%.60q: got %+v, want %s on line %d", c.text, flaw, c.flaw, c.line)
		} else if len(flaw.Error()) > 500 {
			t.Errorf("%.60q is told in %d bytes", c.text, len(flaw.Error()))
		}
	}
}

func TestAnAddressIsAllowedInWhicheverFormItComes(t *testing.T) {
	list, flaw := ParseAddresses("192.0.2.10-192.0.2.20 a\n192.0.2.15-192.0.2.30 overlaps\n198.51.100.0/25\n198.51.100.128/25\n2001:db8::/64\n10.0.0.0/8")
	if flaw != nil {
		t.Fatal(flaw)
	}
	if got := fmt.Sprint(list.Allowed); !strings.Contains(got, "198.51.100.0/24") || len(list.Allowed) > 9 {
		t.Errorf("two halves are kept apart: %v", got)
	}
	loose := Address{Allowed: append([]netip.Prefix{list.Allowed[len(list.Allowed)-1]}, list.Allowed...)}
	for addr, want := range map[string]bool{
		"192.0.2.9": false, "192.0.2.10": true, "192.0.2.20": true, "192.0.2.30": true, "192.0.2.31": false, "::ffff:192.0.2.10": true, "::ffff:192.0.2.9": false,
		"198.51.100.127": true, "198.51.100.128": true, "198.51.101.0": false, "2001:db8::1": true, "2001:db8:0:1::": false, "10.255.255.255": true, "11.0.0.0": false,
		"9.255.255.255": false, "0.0.0.0": false, "::": false, "2001:db8::1%eth0": true, "255.255.255.255": false, "ffff::": false,
	} {
		a := netip.MustParseAddr(addr)
		if got := list.Allows(a); got != want {
			t.Errorf("%s: got %v, want %v", addr, got, want)
		}
		if got := loose.Allows(a); got != want {
			t.Errorf("%s, out of order: got %v, want %v", addr, got, want)
		}
	}
	if list.Allows(netip.Addr{}) {
		t.Error("no address at all is allowed")
	}
}

func TestAListOfAnOlderVersionIsItsNetworks(t *testing.T) {
	var a Address
	if err := json.Unmarshal([]byte(`{"allowed":["203.0.113.0/24","192.0.2.7/32"]}`), &a); err != nil {
		t.Fatal(err)
	}
	if a.Lines() != "203.0.113.0/24\n192.0.2.7\n" || !a.Allows(netip.MustParseAddr("192.0.2.7")) {
		t.Errorf("got %q", a.Lines())
	}
	b, err := json.Marshal(a)
	if want := `{"allowed":["192.0.2.7/32","203.0.113.0/24"],"entries":[{"address":"203.0.113.0/24"},{"address":"192.0.2.7"}]}`; err != nil || string(b) != want {
		t.Errorf("got %s %v, want %s", b, err, want)
	}
	other := Policy{Name: "x", Address: &Address{Allowed: a.Allowed, Entries: []Entry{{Address: "10.0.0.0/8"}}}}
	if other.Check() == nil {
		t.Error("networks that are not those of the entries are taken")
	}
}

func FuzzAddresses(f *testing.F) {
	for _, s := range []string{"192.0.2.1-192.0.2.9 x", "::ffff:1.2.3.4/99", "2001:db8::/32 a\n::1", "1.2.3.4–1.2.3.5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, flaw := ParseAddresses(text)
		if flaw != nil {
			return
		}
		for i, p := range list.Allowed {
			if p != p.Masked() || i > 0 && list.Allowed[i-1].Overlaps(p) || !list.Allows(p.Addr()) || !list.Allows(last(p)) {
				t.Errorf("%q comes to %v", text, list.Allowed)
			}
		}
		again, flaw := ParseAddresses(list.Lines())
		if flaw != nil || fmt.Sprint(again.Allowed) != fmt.Sprint(list.Allowed) {
			t.Errorf("%q is written %q, which comes to %v %v", text, list.Lines(), again.Allowed, flaw)
		}
	})
}
