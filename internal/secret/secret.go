// Package secret owns what must not be seen: random tokens and codes, keyed
// hashes, sealing at rest, and a text type that no formatter prints.
//
// It knows nothing of what its secrets open.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"unicode"
)

// Text is a secret that prints as dots, whoever formats it.
type Text string

const dots = "•••"

// String hides the secret.
func (Text) String() string { return dots }

// GoString hides the secret.
func (Text) GoString() string { return dots }

// Format hides the secret from every verb.
func (Text) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(dots)) }

// MarshalText hides the secret from encoders.
func (Text) MarshalText() ([]byte, error) { return []byte(dots), nil }

// LogValue hides the secret from logs.
func (Text) LogValue() slog.Value { return slog.StringValue(dots) }

// Reveal gives the secret itself, for the one place that needs it.
func (t Text) Reveal() string { return string(t) }

// Equal compares in constant time. An empty secret equals nothing, not even
// another empty one.
func Equal(a, b string) bool {
	return a != "" && b != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// Token makes 256 random bits in base64url, 43 characters.
func Token() Text {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return Text(base64.RawURLEncoding.EncodeToString(b[:]))
}

// Hash is how a random token is kept: SHA-256, which is enough for 256 bits
// that nobody chose.
func Hash(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}

// Digits makes a uniformly random code of n decimal digits.
func Digits(n int) string {
	top := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
	v, err := rand.Int(rand.Reader, top)
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return fmt.Sprintf("%0*d", n, v)
}

// Clean reads a code of digits as a person may type it: full-width digits are
// digits, spaces and dashes are nothing. Whatever else was typed stays, and is
// no code.
func Clean(answer string) string {
	if len(answer) > 100 {
		return ""
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case unicode.IsSpace(r), unicode.Is(unicode.Pd, r), r == '\u2212', r == 'ー':
			return -1
		}
		return r
	}, answer)
}

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// Human makes 40 random bits that a person can read out: 7K2M-9QXP.
func Human() string {
	var b [8]byte
	_, _ = rand.Read(b[:])
	for i := range b {
		b[i] = crockford[b[i]&31]
	}
	return string(b[:4]) + "-" + string(b[4:])
}

// Lent makes 80 random bits that one person reads out and another types, in small
// letters and digits that are not taken for each other: h7kq-2mxp-9d4w-tz6r.
func Lent() Text {
	var words []string
	for range 2 {
		words = append(words, strings.ToLower(Human()))
	}
	return Text(strings.NewReplacer("0", "u", "1", "u").Replace(strings.Join(words, "-")))
}

// Ring seals, opens and signs. The first key seals; the others still open what
// was sealed before, so that the key can be changed without downtime.
type Ring struct {
	keys []key
	macs sync.Map // purpose → []byte
}

type key struct {
	id   [4]byte
	seal cipher.AEAD
	root []byte
}

// KeyLen is the length of a ring's key in bytes.
const KeyLen = 32

// OpenRing makes a ring from keys of 32 bytes, the newest first.
func OpenRing(keys ...[]byte) (*Ring, error) {
	if len(keys) == 0 {
		return nil, errors.New("a key ring needs a key")
	}
	r := &Ring{}
	for _, k := range keys {
		if len(k) != KeyLen {
			return nil, fmt.Errorf("a key has %d bytes, not %d", len(k), KeyLen)
		}
		sealing, err := derive(k, "sekisho seal")
		if err != nil {
			return nil, err
		}
		block, err := aes.NewCipher(sealing)
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(sealing)
		r.keys = append(r.keys, key{id: [4]byte(sum[:4]), seal: aead, root: k})
	}
	return r, nil
}

func derive(k []byte, info string) ([]byte, error) {
	return hkdf.Key(sha256.New, k, nil, info, KeyLen)
}

// Seal encrypts plain and binds it to about, the identity of the row it stands
// in, so that a sealed value moved to another row does not open.
func (r *Ring) Seal(plain []byte, about string) ([]byte, error) {
	if about == "" {
		return nil, errors.New("a sealed value needs to say what it is about")
	}
	k := r.keys[0]
	return k.seal.Seal(k.id[:], nil, plain, []byte(about)), nil
}

// ErrSealed is a value that was not sealed by this ring for this row.
var ErrSealed = errors.New("the value was not sealed here, or for another row")

// Open decrypts what Seal made.
func (r *Ring) Open(sealed []byte, about string) ([]byte, error) {
	if len(sealed) < 4 {
		return nil, ErrSealed
	}
	for _, k := range r.keys {
		if [4]byte(sealed[:4]) != k.id {
			continue
		}
		plain, err := k.seal.Open(nil, nil, sealed[4:], []byte(about))
		if err != nil {
			return nil, ErrSealed
		}
		return plain, nil
	}
	return nil, ErrSealed
}

// MAC is HMAC-SHA-256 over data, each part with its length, under a key of its
// own for the purpose.
func (r *Ring) MAC(purpose string, data ...[]byte) []byte {
	cached, ok := r.macs.Load(purpose)
	if !ok {
		// The oldest key signs: what was signed must stay verifiable while keys change.
		k, err := derive(r.keys[len(r.keys)-1].root, "sekisho mac "+purpose)
		if err != nil {
			panic(err) // only for lengths that are not ours
		}
		cached, _ = r.macs.LoadOrStore(purpose, k)
	}
	h := hmac.New(sha256.New, cached.([]byte))
	var n [8]byte
	for _, d := range data {
		binary.BigEndian.PutUint64(n[:], uint64(len(d)))
		h.Write(n[:])
		h.Write(d)
	}
	return h.Sum(nil)
}

// LoadOrCreateKeyFile reads keys, one in base64 a line, newest first, and makes
// the file with one new key when there is none. A file that others can read is
// refused.
func LoadOrCreateKeyFile(path string) ([][]byte, error) {
	if err := createKeyFile(path); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("secret key file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("secret key file %s can be read by others; run: chmod 600 %s", path, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("secret key file: %w", err)
	}
	return ParseKeys(string(text))
}

// ParseKeys reads keys in base64, separated by white space or commas: a file has a
// key a line, and the settings' lists have commas.
func ParseKeys(text string) ([][]byte, error) {
	var keys [][]byte
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		k, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(k) != KeyLen {
			return nil, fmt.Errorf("a secret key is %d bytes in base64; one of them is not", KeyLen)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no secret key")
	}
	return keys, nil
}

// createKeyFile writes a new key under another name and links it into place,
// so that two programs starting at once end up with one key.
func createKeyFile(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("secret key file: %w", err)
	}
	var k [KeyLen]byte
	_, _ = rand.Read(k[:])
	tmp, err := os.CreateTemp(filepath.Dir(path), ".key-*")
	if err != nil {
		return fmt.Errorf("secret key file: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(base64.StdEncoding.EncodeToString(k[:]) + "\n")
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("secret key file: %w", err)
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("secret key file: %w", err)
	}
	return nil
}
