package account

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Kind of identifier.
type Kind string

// The kinds of identifier there are.
const (
	Email    Kind = "email"
	Mobile   Kind = "mobile"
	Username Kind = "username"
)

// Identifier is what finds an account: its kind, the form in which it is
// compared, and the form in which it is shown.
type Identifier struct {
	Kind  Kind
	Norm  string
	Shown string
}

// ErrMalformed is an identifier that cannot belong to anybody.
var ErrMalformed = errors.New("not an e-mail address, mobile number or user name")

// ErrNumber is a number that does not say which country it is of, or is none.
var ErrNumber = errors.New("not a mobile number with its country")

const maxIdentifier = 254 // RFC 5321 §4.5.3.1.3, less the angle brackets

// Parse reads what a person typed on the first page: an e-mail address, a
// mobile number (E.164) or a user name, whichever it looks like. ErrMalformed, or
// ErrNumber where it looks like a number.
func Parse(raw string) (Identifier, error) {
	if len(raw) > 4*maxIdentifier || !utf8.ValidString(raw) {
		return Identifier{}, ErrMalformed
	}
	s := strings.TrimSpace(norm.NFKC.String(raw))
	if s == "" || strings.ContainsFunc(s, hidden) {
		return Identifier{}, ErrMalformed
	}
	switch {
	case strings.Contains(s, "@"):
		return parseEmail(s)
	case looksLikeNumber(s):
		return parseMobile(s)
	default:
		return parseUsername(s)
	}
}

// ParseEmail reads an e-mail address and nothing else.
func ParseEmail(raw string) (Identifier, error) {
	id, err := Parse(raw)
	if err != nil || id.Kind != Email {
		return Identifier{}, ErrMalformed
	}
	return id, nil
}

// hidden finds what a person cannot see: control characters, direction marks
// and zero-width joiners make two addresses look like one.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp) || r == utf8.RuneError
}

func parseEmail(s string) (Identifier, error) {
	at := strings.LastIndexByte(s, '@')
	local, domain := s[:at], strings.TrimSuffix(s[at+1:], ".")
	if local == "" || len(local) > 64 || len(s) > maxIdentifier || !dotAtom(local) || !oneScript(local) {
		return Identifier{}, ErrMalformed
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || !strings.Contains(ascii, ".") || strings.Contains(ascii, "..") || len(ascii) > 253 {
		return Identifier{}, ErrMalformed
	}
	shownDomain, err := idna.Display.ToUnicode(ascii)
	if err != nil || !eachLabel(shownDomain, oneScript) {
		return Identifier{}, ErrMalformed
	}
	return Identifier{
		Kind:  Email,
		Norm:  strings.ToLower(local) + "@" + strings.ToLower(ascii),
		Shown: local + "@" + shownDomain,
	}, nil
}

func eachLabel(domain string, ok func(string) bool) bool {
	for label := range strings.SplitSeq(domain, ".") {
		if !ok(label) {
			return false
		}
	}
	return true
}

// dotAtom is RFC 5322 §3.2.3 with the letters of RFC 6532; quoted local parts
// are not used by people.
func dotAtom(s string) bool {
	if strings.HasPrefix(s, ".") || strings.HasSuffix(s, ".") || strings.Contains(s, "..") {
		return false
	}
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r)):
		case r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r)):
		default:
			return false
		}
	}
	return true
}

// together are scripts that one language writes side by side.
var together = map[string]string{"Hiragana": "Han", "Katakana": "Han", "Bopomofo": "Han", "Hangul": "Han"}

// oneScript refuses letters of different scripts in one word: the Cyrillic а
// in a Latin name looks like its neighbour. Latin beside Japanese, Chinese or
// Korean cannot be confused and is allowed (UTS #39 §5.2, highly restrictive).
func oneScript(s string) bool {
	seen := map[string]bool{}
	for _, r := range s {
		if !unicode.IsLetter(r) || unicode.In(r, unicode.Common, unicode.Inherited) {
			continue
		}
		script := scriptOf(r)
		if t, ok := together[script]; ok {
			script = t
		}
		seen[script] = true
	}
	if len(seen) <= 1 {
		return true
	}
	return len(seen) == 2 && seen["Latin"] && seen["Han"]
}

func scriptOf(r rune) string {
	for _, name := range []string{"Latin", "Han", "Hiragana", "Katakana", "Hangul", "Cyrillic", "Greek"} {
		if unicode.Is(unicode.Scripts[name], r) {
			return name
		}
	}
	for name, table := range unicode.Scripts {
		if unicode.Is(table, r) {
			return name
		}
	}
	return ""
}

func looksLikeNumber(s string) bool {
	digits := 0
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '+' && i == 0, strings.ContainsRune(" -().", r):
		default:
			return false
		}
	}
	return digits >= 7
}

// parseMobile wants the country: without it a number names a phone in every
// country.
func parseMobile(s string) (Identifier, error) {
	if strings.HasPrefix(s, "+") {
		s = strings.Replace(s, "(0)", "", 1) // what is dialled at home, and not from abroad
	}
	var b strings.Builder
	for i, r := range s {
		if r >= '0' && r <= '9' || r == '+' && i == 0 {
			b.WriteRune(r)
		}
	}
	n := b.String()
	if !strings.HasPrefix(n, "+") || len(n) < 8 || len(n) > 16 || n[1] == '0' {
		return Identifier{}, ErrNumber
	}
	return Identifier{Kind: Mobile, Norm: n, Shown: n}, nil
}

func parseUsername(s string) (Identifier, error) {
	count := utf8.RuneCountInString(s)
	if count < 2 || count > 64 || !oneScript(s) {
		return Identifier{}, ErrMalformed
	}
	for i, r := range s {
		edge := i == 0 || i == len(s)-utf8.RuneLen(r)
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r) && !edge:
		case strings.ContainsRune("._-", r) && !edge:
		default:
			return Identifier{}, ErrMalformed
		}
	}
	return Identifier{Kind: Username, Norm: strings.ToLower(s), Shown: s}, nil
}

// Domain is the part of an e-mail address after the @, as it is compared.
func (i Identifier) Domain() string {
	_, domain, _ := strings.Cut(i.Norm, "@")
	return domain
}

// Mailbox is the address mail is handed over with: the domain in the form in which
// every mail server knows it, whatever it can do (RFC 5890 §2.3.2.1).
func (i Identifier) Mailbox() string {
	at := strings.LastIndexByte(i.Shown, '@')
	return i.Shown[:at+1] + i.Domain()
}

// Mask hides most of an identifier for a page that a stranger may see:
// ta•••@example.com, +81•••••78, ta•••.
func (i Identifier) Mask() string {
	head := func(s string, n int) string {
		r := []rune(s)
		return string(r[:min(n, max(1, len(r)-1))])
	}
	switch i.Kind {
	case Email:
		at := strings.LastIndexByte(i.Shown, '@')
		return head(i.Shown[:at], 2) + "•••" + i.Shown[at:]
	case Mobile:
		return i.Shown[:3] + "•••••" + i.Shown[len(i.Shown)-2:]
	default:
		return head(i.Shown, 2) + "•••"
	}
}

// Masked shows enough of an address or number for its owner to know which one
// is meant, and too little for anybody else to use it.
func (id Identifier) Masked() string {
	switch id.Kind {
	case Email:
		local, domain, _ := strings.Cut(id.Shown, "@")
		r := []rune(local)
		return string(r[:min(len(r), 2)]) + "•••@" + domain
	case Mobile:
		return "••••" + id.Norm[max(0, len(id.Norm)-3):]
	default:
		return id.Shown
	}
}
