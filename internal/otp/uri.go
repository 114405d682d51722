package otp

import (
	"encoding/base32"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"sekisho/internal/secret"
)

// Error says which part of a key does not read: uri, kind, secret, algorithm, digits,
// period, counter, name. It never holds the part itself, which may be the secret.
type Error struct{ Part string }

func (e *Error) Error() string { return "otp: the " + e.Part + " of a key does not read" }

var base = base32.StdEncoding.WithPadding(base32.NoPadding)

const (
	mostSecret = 128 // bytes; the block of SHA-512
	mostName   = 200 // characters
	mostURI    = 2000
	longest    = 3600 // seconds of a period
)

// Secret reads base 32 as people type it: spaces, dashes, padding and small letters
// make no difference.
func Secret(typed string) ([]byte, error) {
	raw, err := base.DecodeString(tidy(typed))
	if err != nil || len(raw) == 0 || len(raw) > mostSecret {
		return nil, &Error{"secret"} // without err, which tells where it stumbled
	}
	return raw, nil
}

func tidy(typed string) string {
	return strings.TrimRight(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' {
			return -1
		}
		return unicode.ToUpper(r)
	}, typed), "=")
}

// Check fills in what is left out (TOTP, SHA-1, 6 digits, 30 seconds) and refuses what
// no code can be made of.
func (k Key) Check() (Key, error) {
	if k.Kind == "" {
		k.Kind = TOTP
	}
	k.Algorithm = strings.ReplaceAll(strings.ToUpper(k.Algorithm), "-", "")
	if k.Algorithm == "" {
		k.Algorithm = "SHA1"
	}
	if k.Digits == 0 {
		k.Digits = 6
	}
	if k.Period == 0 {
		k.Period = 30
	}
	k.Issuer = strings.TrimSpace(strings.ReplaceAll(k.Issuer, ":", " ")) // a colon divides issuer from label
	if k.Label = strings.TrimSpace(k.Label); k.Issuer == "" {
		k.Label = strings.TrimSpace(strings.ReplaceAll(k.Label, ":", " "))
	}
	raw, err := Secret(k.Secret.Reveal())
	switch {
	case k.Kind != TOTP && k.Kind != HOTP:
		return k, &Error{"kind"}
	case err != nil:
		return k, err
	case hashes[k.Algorithm] == nil:
		return k, &Error{"algorithm"}
	case k.Digits < 6 || k.Digits > 8:
		return k, &Error{"digits"}
	case k.Period < 1 || k.Period > longest:
		return k, &Error{"period"}
	case k.Counter > 1<<62:
		return k, &Error{"counter"}
	case k.Name() == "", len(k.Issuer)+len(k.Label) > mostName:
		return k, &Error{"name"}
	}
	k.Secret = secret.Text(base.EncodeToString(raw))
	return k, nil
}

// Parse reads an otpauth address (Google's "Key Uri Format").
func Parse(uri string) (Key, error) {
	if len(uri) > mostURI {
		return Key{}, &Error{"uri"}
	}
	u, err := url.Parse(strings.TrimSpace(uri))
	if err != nil || u.Scheme != "otpauth" {
		return Key{}, &Error{"uri"} // without err, which holds the address
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Key{}, &Error{"uri"}
	}
	k := Key{Kind: Kind(strings.ToLower(u.Host)), Secret: secret.Text(q.Get("secret")), Algorithm: q.Get("algorithm"), Issuer: strings.TrimSpace(q.Get("issuer"))}
	issuer, label, two := strings.Cut(strings.TrimPrefix(u.Path, "/"), ":")
	if !two {
		issuer, label = "", issuer
	}
	if k.Label = strings.TrimSpace(label); k.Issuer == "" {
		k.Issuer = strings.TrimSpace(issuer)
	}
	if k.Digits, err = whole(q.Get("digits")); err != nil {
		return Key{}, &Error{"digits"}
	}
	if k.Period, err = whole(q.Get("period")); err != nil {
		return Key{}, &Error{"period"}
	}
	if c := q.Get("counter"); c != "" {
		if k.Counter, err = strconv.ParseUint(c, 10, 63); err != nil {
			return Key{}, &Error{"counter"}
		}
	}
	return k.Check()
}

// whole is a number that may be left out; zero is none.
func whole(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		return 0, &Error{"uri"}
	}
	return int(n), nil
}

// URI writes the key as others read it. It holds the secret.
func (k Key) URI() secret.Text {
	name, rest := escape(k.Label), ""
	if k.Issuer != "" {
		name, rest = escape(k.Issuer)+":"+name, "&issuer="+escape(k.Issuer)
	}
	rest += "&algorithm=" + k.Algorithm + "&digits=" + strconv.Itoa(k.Digits)
	if k.Kind == HOTP {
		rest += "&counter=" + strconv.FormatUint(k.Counter, 10)
	} else {
		rest += "&period=" + strconv.Itoa(k.Period)
	}
	return secret.Text("otpauth://" + string(k.Kind) + "/" + name + "?secret=" + k.Secret.Reveal() + rest)
}

// escape percent-encodes all but unreserved characters (RFC 3986 §2.3): several apps
// show a "+" as it stands.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
