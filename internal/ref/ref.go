// Package ref names things: one string type per kind of thing, each with a
// prefix that a person can see (acc_, ses_ …).
//
// An ID is the prefix and 26 characters of Crockford's base 32: 48 bits of
// milliseconds since 1970 and 80 random bits, so that IDs made later sort later
// and neighbours in time are neighbours in an index. An ID is a name, never a
// secret: knowing one opens nothing.
package ref

import (
	"crypto/rand"
	"strings"
	"time"
)

type (
	// Account names a person's identity.
	Account string
	// Org names an organisation.
	Org string
	// Group names a group of an organisation's members.
	Group string
	// Policy names one policy of an organisation.
	Policy string
	// Role names a role that an organisation made itself.
	Role string
	// Domain names a domain that an organisation claims or has proved.
	Domain string
	// Invitation names one invitation of an organisation.
	Invitation string
	// Import names one table of members that was handed in.
	Import string
	// Session names one signed-in browser, app or device.
	Session string
	// Browser names one browser that has tried to sign in.
	Browser string
	// Client names an app that signs people in through OpenID Connect.
	Client string
	// Grant names what one account gave one client in one session.
	Grant string
	// Flow names one journey under way.
	Flow string
	// Mail names one row of the outbox.
	Mail string
	// Code names one sent code or link.
	Code string
	// Factor names one enrolled way to prove who one is.
	Factor string
	// Device names one installation of Tegata.
	Device string
	// Request names one approval that was asked of Tegata.
	Request string
	// Address names one address or number of an account.
	Address string
	// Trust names one trusted browser of an account.
	Trust string
	// Key names one signing key; it is the JWK's kid.
	Key string
	// Reference is what a refused person reads out to support; it finds the
	// audit entry.
	Reference string
)

const digits = "0123456789abcdefghjkmnpqrstvwxyz"

const bodyLen = 26

func fresh(prefix string, at time.Time) string {
	var b [16]byte
	ms := uint64(at.UnixMilli())
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	// crypto/rand.Read never fails; it ends the program instead.
	_, _ = rand.Read(b[6:])
	var out strings.Builder
	out.Grow(len(prefix) + bodyLen)
	out.WriteString(prefix)
	// 128 bits in 26 digits of 5 bits: the first digit carries 3 bits.
	hi := uint64(b[0])<<56 | uint64(b[1])<<48 | uint64(b[2])<<40 | uint64(b[3])<<32 |
		uint64(b[4])<<24 | uint64(b[5])<<16 | uint64(b[6])<<8 | uint64(b[7])
	lo := uint64(b[8])<<56 | uint64(b[9])<<48 | uint64(b[10])<<40 | uint64(b[11])<<32 |
		uint64(b[12])<<24 | uint64(b[13])<<16 | uint64(b[14])<<8 | uint64(b[15])
	for i := bodyLen - 1; i >= 0; i-- {
		shift := uint(5 * i)
		var d uint64
		switch {
		case shift >= 64:
			d = hi >> (shift - 64)
		case shift > 59:
			d = hi<<(64-shift) | lo>>shift
		default:
			d = lo >> shift
		}
		out.WriteByte(digits[d&31])
	}
	return out.String()
}

func parse(prefix, s string) bool {
	if len(s) != len(prefix)+bodyLen || !strings.HasPrefix(s, prefix) {
		return false
	}
	for _, c := range []byte(s[len(prefix):]) {
		if strings.IndexByte(digits, c) < 0 {
			return false
		}
	}
	return true
}

// NewAccount makes an account's ID.
func NewAccount(at time.Time) Account { return Account(fresh("acc_", at)) }

// ParseAccount says whether s has the form of an account's ID.
func ParseAccount(s string) (Account, bool) { return Account(s), parse("acc_", s) }

// NewSession makes a session's ID.
func NewSession(at time.Time) Session { return Session(fresh("ses_", at)) }

// ParseSession says whether s has the form of a session's ID.
func ParseSession(s string) (Session, bool) { return Session(s), parse("ses_", s) }

// NewBrowser makes a browser's ID.
func NewBrowser(at time.Time) Browser { return Browser(fresh("bro_", at)) }

// ParseBrowser says whether s has the form of a browser's ID.
func ParseBrowser(s string) (Browser, bool) { return Browser(s), parse("bro_", s) }

// NewClient makes a client's ID.
func NewClient(at time.Time) Client { return Client(fresh("cli_", at)) }

// ParseClient reads a client's name.
func ParseClient(s string) (Client, bool) { return Client(s), parse("cli_", s) }

// NewGrant makes a grant's ID.
func NewGrant(at time.Time) Grant { return Grant(fresh("gra_", at)) }

// NewFlow makes a flow's ID.
func NewFlow(at time.Time) Flow { return Flow(fresh("flw_", at)) }

// ParseFlow says whether s has the form of a flow's ID.
func ParseFlow(s string) (Flow, bool) { return Flow(s), parse("flw_", s) }

// NewMail makes an outbox row's ID.
func NewMail(at time.Time) Mail { return Mail(fresh("mai_", at)) }

// ParseMail says whether s has the form of an outbox row's ID.
func ParseMail(s string) (Mail, bool) { return Mail(s), parse("mai_", s) }

// NewCode makes a sent code's ID.
func NewCode(at time.Time) Code { return Code(fresh("cod_", at)) }

// NewKey makes a signing key's ID.
func NewKey(at time.Time) Key { return Key(fresh("key_", at)) }

// NewFactor makes a factor's ID.
func NewFactor(at time.Time) Factor { return Factor(fresh("fac_", at)) }

// ParseFactor says whether s has the form of a factor's ID.
func ParseFactor(s string) (Factor, bool) { return Factor(s), parse("fac_", s) }

// NewTrust makes a trusted browser's ID.
func NewTrust(at time.Time) Trust { return Trust(fresh("tru_", at)) }

// ParseTrust says whether s has the form of a trusted browser's ID.
func ParseTrust(s string) (Trust, bool) { return Trust(s), parse("tru_", s) }

// NewAddress makes an address's ID.
func NewAddress(at time.Time) Address { return Address(fresh("adr_", at)) }

// ParseAddress says whether s has the form of an address's ID.
func ParseAddress(s string) (Address, bool) { return Address(s), parse("adr_", s) }

// NewDevice makes the ID of an installation of Tegata.
func NewDevice(at time.Time) Device { return Device(fresh("dev_", at)) }

// ParseDevice says whether s has the form of such an ID.
func ParseDevice(s string) (Device, bool) { return Device(s), parse("dev_", s) }

// NewRequest makes the ID of a request to approve.
func NewRequest(at time.Time) Request { return Request(fresh("req_", at)) }

// ParseRequest says whether s has the form of such an ID.
func ParseRequest(s string) (Request, bool) { return Request(s), parse("req_", s) }

// NewOrg makes an organisation's ID.
func NewOrg(at time.Time) Org { return Org(fresh("org_", at)) }

// ParseOrg says whether s has the form of an organisation's ID.
func ParseOrg(s string) (Org, bool) { return Org(s), parse("org_", s) }

// NewGroup makes a group's ID.
func NewGroup(at time.Time) Group { return Group(fresh("grp_", at)) }

// NewPolicy makes a policy's ID.
func NewPolicy(at time.Time) Policy { return Policy(fresh("pol_", at)) }

// NewRole makes the ID of a role that an organisation made itself.
func NewRole(at time.Time) Role { return Role(fresh("rol_", at)) }

// NewImport makes an import's name.
func NewImport(at time.Time) Import { return Import(fresh("imp_", at)) }

// ParseImport reads an import's name.
func ParseImport(s string) (Import, bool) { return Import(s), parse("imp_", s) }

// NewInvitation makes an invitation's name.
func NewInvitation(at time.Time) Invitation { return Invitation(fresh("inv_", at)) }

// ParseInvitation reads an invitation's name.
func ParseInvitation(s string) (Invitation, bool) { return Invitation(s), parse("inv_", s) }

// NewDomain makes a domain's name.
func NewDomain(at time.Time) Domain { return Domain(fresh("dom_", at)) }

// ParseDomain reads a domain's name.
func ParseDomain(s string) (Domain, bool) { return Domain(s), parse("dom_", s) }
