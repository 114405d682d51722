package otp

import (
	"encoding/base64"
	"encoding/binary"
	"net/url"
	"strings"

	"sekisho/internal/secret"
)

// mostTransfer is how long a transfer code may be; a QR holds at most 4,296 characters.
const mostTransfer = 20000

// Read reads one line: an otpauth address, or a transfer code of Google's
// authenticator, which holds several keys.
func Read(line string) ([]Key, error) {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "otpauth-migration:") {
		k, err := Parse(line)
		if err != nil {
			return nil, err
		}
		return []Key{k}, nil
	}
	u, err := url.Parse(line)
	if err != nil || len(line) > mostTransfer {
		return nil, &Error{"uri"}
	}
	// A "+" of base 64 that was not percent-encoded reads as a space.
	data, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(u.Query().Get("data"), " ", "+"))
	if err != nil {
		return nil, &Error{"uri"}
	}
	fields, err := wire(data)
	if err != nil {
		return nil, err
	}
	var out []Key
	for _, f := range fields {
		if f.tag != 1 || f.bytes == nil {
			continue // version and number of the code
		}
		k, err := transferred(f.bytes)
		if err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	if len(out) == 0 {
		return nil, &Error{"uri"}
	}
	return out, nil
}

// transferred reads one key: secret, name, issuer, algorithm, digits, kind, counter.
func transferred(data []byte) (k Key, err error) {
	fields, err := wire(data)
	if err != nil {
		return k, err
	}
	for _, f := range fields {
		switch f.tag {
		case 1:
			k.Secret = secret.Text(base.EncodeToString(f.bytes))
		case 2:
			k.Label = string(f.bytes)
		case 3:
			k.Issuer = string(f.bytes)
		case 4:
			k.Algorithm = [...]string{"", "SHA1", "SHA256", "SHA512", "MD5"}[min(f.number, 4)]
		case 5:
			k.Digits = [...]int{6, 6, 8}[min(f.number, 2)]
		case 6:
			k.Kind = [...]Kind{TOTP, HOTP, TOTP, "other"}[min(f.number, 3)]
		case 7:
			k.Counter = f.number
		}
	}
	if issuer, label, ok := strings.Cut(k.Label, ":"); ok && (k.Issuer == "" || k.Issuer == strings.TrimSpace(issuer)) {
		k.Issuer, k.Label = strings.TrimSpace(issuer), strings.TrimSpace(label)
	}
	return k.Check()
}

type field struct {
	tag    uint64
	number uint64
	bytes  []byte
}

// wire reads the two kinds of field that a transfer code has (Protocol Buffers:
// numbers and lengths).
func wire(b []byte) (out []field, err error) {
	for len(b) > 0 {
		head, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, &Error{"uri"}
		}
		b = b[n:]
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, &Error{"uri"}
		}
		b = b[n:]
		f := field{tag: head >> 3, number: v}
		switch head & 7 {
		case 0:
		case 2:
			if v > uint64(len(b)) {
				return nil, &Error{"uri"}
			}
			f.bytes, b = b[:v:v], b[v:]
		default:
			return nil, &Error{"uri"}
		}
		out = append(out, f)
	}
	return out, nil
}
