package policy

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Address rules from where one may enter (PO-01). Empty: from anywhere.
type Address struct {
	Allowed []netip.Prefix `json:"allowed,omitempty"` // what the entries come to
	Entries []Entry        `json:"entries,omitempty"` // as their author wrote them

	ordered bool // Allowed is in order, and none overlaps another
}

// Entry is one line of a list of allowed addresses: an address, a network such as
// 192.0.2.0/24 or a range such as 192.0.2.1-192.0.2.9, and what its author calls it.
type Entry struct {
	Address string `json:"address"`
	Name    string `json:"name,omitempty"`
}

// String is the line as it is written.
func (e Entry) String() string { return strings.TrimSpace(e.Address + " " + e.Name) }

// A list has at most MostEntries lines, which come to at most MostPrefixes networks: a
// range is cut into as few as there are.
const (
	MostEntries  = 500
	MostPrefixes = 1000
)

// Flaw is what is wrong with a line of a list.
type Flaw string

// The flaws there are.
const (
	Unread     Flaw = "unread"     // no address, network or range
	HostBits   Flaw = "host_bits"  // a network whose address is one inside it
	Zone       Flaw = "zone"       // an address with a zone (RFC 4007 §11): it means something on one machine only
	Backwards  Flaw = "backwards"  // a range whose end comes before its beginning
	TwoKinds   Flaw = "two_kinds"  // a range from IPv4 to IPv6
	LongName   Flaw = "long_name"  // a name that cannot be shown
	Everywhere Flaw = "everywhere" // every address there is: no list says that
	TooMany    Flaw = "too_many"
)

// ListError is a list that cannot be one.
type ListError struct {
	Flaw Flaw
	Line int    // from 1; 0: the list as a whole
	Text string // what stands there, cut
	Want string // HostBits: what may be meant
}

var flaws = map[Flaw]string{Unread: "is no address, network such as 192.0.2.0/24, or range such as 192.0.2.1-192.0.2.9", HostBits: "is an address inside a network; the network is",
	Zone: "has a zone, which means something on one machine only", Backwards: "ends before it begins", TwoKinds: "goes from IPv4 to IPv6", LongName: "is a name that cannot be shown, or has more than 100 characters",
	Everywhere: "is every address there is; an empty list says that", TooMany: fmt.Sprintf("is too much: a list has at most %d lines, which come to at most %d networks", MostEntries, MostPrefixes)}

// Error tells it to whoever writes policies at the terminal.
func (e *ListError) Error() string {
	where := "the list"
	if e.Line > 0 {
		where = fmt.Sprintf("line %d of the addresses: %q", e.Line, e.Text)
	}
	return strings.TrimSpace(where + " " + flaws[e.Flaw] + " " + e.Want)
}

// ParseAddresses reads a list, one entry a line: an address, network or range, then a
// name. Empty lines are left out. What somebody typed with the keys of a Japanese
// keyboard reads as well (NFKC).
func ParseAddresses(text string) (Address, *ListError) {
	var list []Entry
	at := []int{} // the line of each
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if len(list) == MostEntries {
			return Address{}, &ListError{Flaw: TooMany}
		}
		e, flaw := parseLine(line)
		if flaw != nil {
			flaw.Line = i + 1
			return Address{}, flaw
		}
		list, at = append(list, e), append(at, i+1)
	}
	a, flaw := ListOf(list)
	if flaw != nil && flaw.Line > 0 {
		flaw.Line = at[flaw.Line-1]
	}
	return a, flaw
}

// parseLine cuts a line into address and name.
func parseLine(line string) (Entry, *ListError) {
	if len(line) > 2000 || !utf8.ValidString(line) {
		return Entry{}, &ListError{Flaw: Unread, Text: cut(strings.ToValidUTF8(line, "?"))}
	}
	first, rest, _ := strings.Cut(strings.Join(strings.Fields(norm.NFKC.String(line)), " "), " ")
	// "192.0.2.1 - 192.0.2.9" is a range too.
	if end, more, ok := dashed(rest); ok {
		first, rest = first+"-"+end, more
	}
	return Entry{first, strings.Trim(rest, " #")}, nil
}

// dashed takes the second half of a range off what follows its first.
func dashed(rest string) (end, more string, ok bool) {
	word, more, _ := strings.Cut(rest, " ")
	for _, d := range dashes {
		if word == d { // a - b
			end, more, _ = strings.Cut(more, " ")
			_, err := netip.ParseAddr(end)
			return end, more, err == nil
		}
		if after, is := strings.CutPrefix(word, d); is { // a -b
			_, err := netip.ParseAddr(after)
			return after, more, err == nil
		}
	}
	return "", "", false
}

var dashes = []string{"-", "–", "—", "~", "〜"}

// ListOf makes a list of entries. Addresses come back as they are usually written.
func ListOf(list []Entry) (Address, *ListError) {
	var out Address
	if len(list) > MostEntries {
		return out, &ListError{Flaw: TooMany}
	}
	for i, e := range list {
		written, prefixes, flaw := parseEntry(e)
		if flaw != nil {
			flaw.Line, flaw.Text = i+1, cut(e.String())
			return Address{}, flaw
		}
		out.Entries = append(out.Entries, written)
		out.Allowed = append(out.Allowed, prefixes...)
	}
	out.Allowed, out.ordered = least(out.Allowed), true
	for _, p := range out.Allowed {
		if p.Bits() == 0 {
			return Address{}, &ListError{Flaw: Everywhere}
		}
	}
	if len(out.Allowed) > MostPrefixes {
		return Address{}, &ListError{Flaw: TooMany}
	}
	return out, nil
}

func cut(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// parseEntry reads an entry: as it is usually written, and the networks it comes to.
func parseEntry(e Entry) (Entry, []netip.Prefix, *ListError) {
	e.Name = strings.Join(strings.Fields(norm.NFC.String(e.Name)), " ")
	if utf8.RuneCountInString(e.Name) > 100 || strings.ContainsFunc(e.Name, func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError
	}) {
		return e, nil, &ListError{Flaw: LongName}
	}
	text := strings.TrimSpace(norm.NFKC.String(e.Address))
	for _, d := range dashes {
		if low, high, is := strings.Cut(text, d); is {
			return parseRange(e.Name, low, high)
		}
	}
	if strings.Contains(text, "/") {
		return parseNetwork(e.Name, text)
	}
	a, flaw := parseAddr(text)
	if flaw != nil {
		return e, nil, flaw
	}
	return Entry{a.String(), e.Name}, []netip.Prefix{netip.PrefixFrom(a, a.BitLen())}, nil
}

// parseAddr reads one address. An IPv4 address that is written as an IPv6 one
// (RFC 4291 §2.5.5.2) is the IPv4 address: so is that of who asks.
func parseAddr(text string) (netip.Addr, *ListError) {
	a, err := netip.ParseAddr(strings.TrimSpace(text))
	switch {
	case err != nil:
		return a, &ListError{Flaw: Unread}
	case a.Zone() != "":
		return a, &ListError{Flaw: Zone}
	}
	return a.Unmap(), nil
}

func parseNetwork(name, text string) (Entry, []netip.Prefix, *ListError) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		if strings.Contains(text, "%") {
			return Entry{}, nil, &ListError{Flaw: Zone}
		}
		return Entry{}, nil, &ListError{Flaw: Unread}
	}
	if p.Addr().Is4In6() {
		if p.Bits() < 96 {
			return Entry{}, nil, &ListError{Flaw: Unread}
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	if p != p.Masked() {
		return Entry{}, nil, &ListError{Flaw: HostBits, Want: p.Masked().String()}
	}
	return Entry{p.String(), name}, []netip.Prefix{p}, nil
}

func parseRange(name, low, high string) (Entry, []netip.Prefix, *ListError) {
	a, flaw := parseAddr(low)
	if flaw != nil {
		return Entry{}, nil, flaw
	}
	b, flaw := parseAddr(high)
	switch {
	case flaw != nil:
		return Entry{}, nil, flaw
	case a.BitLen() != b.BitLen():
		return Entry{}, nil, &ListError{Flaw: TwoKinds}
	case b.Less(a):
		return Entry{}, nil, &ListError{Flaw: Backwards}
	}
	return Entry{a.String() + "-" + b.String(), name}, cover(a, b), nil
}

// cover cuts a range into as few networks as there are: each time the largest
// that begins where the one before ended and does not go beyond the end.
func cover(a, b netip.Addr) (out []netip.Prefix) {
	for {
		p := netip.PrefixFrom(a, a.BitLen())
		for bits := a.BitLen() - 1; bits >= 0; bits-- {
			wider := netip.PrefixFrom(a, bits)
			if wider.Masked().Addr() != a || b.Less(last(wider)) {
				break
			}
			p = wider
		}
		out = append(out, p)
		end := last(p)
		if end == b {
			return out
		}
		a = end.Next()
	}
}

// last is the last address of a network.
func last(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// least puts networks in order and joins what overlaps and what makes up a larger one.
func least(list []netip.Prefix) []netip.Prefix {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b netip.Prefix) int {
		if c := a.Addr().Compare(b.Addr()); c != 0 {
			return c
		}
		return a.Bits() - b.Bits()
	})
	var out []netip.Prefix
	for _, p := range list {
		if n := len(out); n > 0 && out[n-1].Overlaps(p) {
			continue // in order, the wider comes first
		}
		out = append(out, p)
		for n := len(out); n > 1; n = len(out) {
			x, y := out[n-2], out[n-1]
			if x.Bits() != y.Bits() || x.Bits() == 0 || x.Addr().BitLen() != y.Addr().BitLen() {
				break
			}
			wider := netip.PrefixFrom(x.Addr(), x.Bits()-1).Masked()
			if wider.Addr() != x.Addr() || !wider.Contains(y.Addr()) {
				break
			}
			out = append(out[:n-2], wider)
		}
	}
	return out
}

// UnmarshalJSON reads a list as it is kept. One of an older version has networks alone;
// they are its entries.
func (a *Address) UnmarshalJSON(b []byte) error {
	type bare Address
	var x bare
	if err := json.Unmarshal(b, &x); err != nil {
		return err
	}
	*a = Address(x).Tidy()
	return nil
}

// Tidy is the list with its networks in order, and with entries where it has none.
func (a Address) Tidy() Address {
	if a.ordered {
		return a
	}
	if len(a.Entries) == 0 {
		for _, p := range a.Allowed {
			if p.IsSingleIP() {
				a.Entries = append(a.Entries, Entry{Address: p.Addr().String()})
				continue
			}
			a.Entries = append(a.Entries, Entry{Address: p.String()})
		}
	}
	a.Allowed, a.ordered = least(a.Allowed), true
	return a
}

// InOrder is a list of networks that ListOf gave.
func InOrder(list []netip.Prefix) Address { return Address{Allowed: list, ordered: true} }

// check says what keeps a list from being set.
func (a Address) check() error {
	made, flaw := ListOf(a.Tidy().Entries)
	if flaw != nil {
		return flaw
	}
	if !slices.Equal(made.Allowed, a.Tidy().Allowed) {
		return fmt.Errorf("the networks of the address part are not those of its entries")
	}
	return nil
}

// Lines is the list as its author writes it.
func (a Address) Lines() string {
	var b strings.Builder
	for _, e := range a.Tidy().Entries {
		b.WriteString(e.String() + "\n")
	}
	return b.String()
}

// Covers says whether one may enter from everywhere that another list allows.
func (a Address) Covers(other Address) bool {
	if len(a.Allowed) == 0 || len(other.Allowed) == 0 {
		return len(a.Allowed) == 0
	}
	mine := a.Tidy().Allowed // two halves are one there
	return !slices.ContainsFunc(other.Allowed, func(p netip.Prefix) bool {
		return !slices.ContainsFunc(mine, func(q netip.Prefix) bool { return q.Bits() <= p.Bits() && q.Contains(p.Addr()) })
	})
}

// Allows says whether one may enter from an address.
func (a *Address) Allows(from netip.Addr) bool {
	if len(a.Allowed) == 0 {
		return true
	}
	from = from.Unmap().WithZone("")
	if !a.ordered {
		return slices.ContainsFunc(a.Allowed, func(p netip.Prefix) bool { return p.Contains(from) })
	}
	i, exact := slices.BinarySearchFunc(a.Allowed, from, func(p netip.Prefix, x netip.Addr) int { return p.Addr().Compare(x) })
	return exact || i > 0 && a.Allowed[i-1].Contains(from)
}
