package push

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// reader is a browser: what it subscribes with, and how it reads what comes. It shares
// no code with what is tested.
type reader struct {
	key  *ecdh.PrivateKey
	auth []byte
}

func newReader(t testing.TB) reader {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r := reader{key, make([]byte, 16)}
	_, _ = rand.Read(r.auth)
	return r
}

func (r reader) at(t testing.TB, endpoint string) Subscription {
	t.Helper()
	s, err := Parse(endpoint, b64.EncodeToString(r.key.PublicKey().Bytes()), b64.EncodeToString(r.auth), true)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mac(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// open decrypts as RFC 8291 §3.4 and RFC 8188 §2 are written, with HMAC alone.
func (r reader) open(body []byte) ([]byte, error) {
	if len(body) < 86 || body[20] != 65 {
		return nil, errors.New("no header of 86 bytes")
	}
	salt, size, sender := body[:16], binary.BigEndian.Uint32(body[16:20]), body[21:86]
	if int(size) <= len(body)-86 {
		return nil, errors.New("more than a single record")
	}
	public, err := ecdh.P256().NewPublicKey(sender)
	if err != nil {
		return nil, err
	}
	shared, err := r.key.ECDH(public)
	if err != nil {
		return nil, err
	}
	one := []byte{1}
	ikm := mac(mac(r.auth, shared), []byte("WebPush: info\x00"), r.key.PublicKey().Bytes(), sender, one)
	prk := mac(salt, ikm)
	block, err := aes.NewCipher(mac(prk, []byte("Content-Encoding: aes128gcm\x00"), one)[:16])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	record, err := aead.Open(nil, mac(prk, []byte("Content-Encoding: nonce\x00"), one)[:12], body[86:], nil)
	if err != nil {
		return nil, err
	}
	record = bytes.TrimRight(record, "\x00")
	if len(record) == 0 || record[len(record)-1] != 2 {
		return nil, errors.New("not the last record")
	}
	return record[:len(record)-1], nil
}

func bin(t testing.TB, s string) []byte {
	t.Helper()
	b, err := b64.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	vectorKey  = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
	vectorAuth = "BTBZMqHH6r4Tts7J_aSIgg"
)

// RFC 8291 §5 and Appendix A.
func TestVectorOfRFC8291(t *testing.T) {
	const text = "When I grow up, I want to be a watermelon"
	const want = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
	s, err := Parse("https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV", vectorKey, vectorAuth, false)
	if err != nil {
		t.Fatal(err)
	}
	to, err := s.read(false)
	if err != nil {
		t.Fatal(err)
	}
	own, err := ecdh.P256().NewPrivateKey(bin(t, "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
	if err != nil {
		t.Fatal(err)
	}
	body, err := to.seal([]byte(text+"\x02"), bin(t, "DGv6ra1nlYgDCS1FRnbzlw"), own)
	if err != nil {
		t.Fatal(err)
	}
	if got := b64.EncodeToString(body); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	key, err := ecdh.P256().NewPrivateKey(bin(t, "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := (reader{key, bin(t, vectorAuth)}).open(bin(t, want)); string(got) != text {
		t.Errorf("the browser of these tests reads %q: %v", got, err)
	}
}

// encrypted is a payload as it goes to who subscribed.
func encrypted(t *testing.T, s Subscription, payload []byte) ([]byte, error) {
	t.Helper()
	to, err := s.read(true)
	if err != nil {
		t.Fatal(err)
	}
	return to.encrypt(payload)
}

func TestLengthsTellNothing(t *testing.T) {
	r := newReader(t)
	s := r.at(t, "https://push.example/1")
	for _, c := range []struct{ payload, body int }{{0, 2151}, {1, 2151}, {2048, 2151}, {2049, 4096}, {3993, 4096}} {
		payload := bytes.Repeat([]byte{2}, c.payload)
		body, err := encrypted(t, s, payload)
		if err != nil {
			t.Fatal(err)
		}
		if len(body) != c.body {
			t.Errorf("%d bytes: got a body of %d, want %d", c.payload, len(body), c.body)
		}
		if got, err := r.open(body); err != nil || !bytes.Equal(got, payload) {
			t.Errorf("%d bytes: got %d back: %v", c.payload, len(got), err)
		}
		if got, err := newReader(t).open(body); err == nil {
			t.Errorf("another browser reads %q", got)
		}
		again, err := encrypted(t, s, payload)
		if err != nil || bytes.Equal(body[:16], again[:16]) || bytes.Equal(body[21:86], again[21:86]) {
			t.Errorf("salt or key came twice: %v", err)
		}
	}
	if _, err := encrypted(t, s, make([]byte, 3994)); !errors.Is(err, ErrTooLong) {
		t.Errorf("got %v, want %v", err, ErrTooLong)
	}
}

func TestSubscriptionsThatAreNone(t *testing.T) {
	point := bin(t, vectorKey)
	off := append([]byte{}, point...)
	off[64] ^= 1
	zero := append([]byte{4}, make([]byte, 64)...)
	compressed := append([]byte{2 + point[64]&1}, point[1:33]...)
	enc := b64.EncodeToString
	for _, c := range []struct {
		name, endpoint, key, auth string
		loopback                  bool
		want                      error
	}{
		{name: "an endpoint"},
		{name: "capitals and a port", endpoint: "HTTPS://Push.Example:8443/a?b=c"},
		{name: "an address", endpoint: "https://[2606:4700::1111]/a"},
		{name: "the longest", endpoint: "https://push.example/" + strings.Repeat("a", 2048-21)},
		{name: "too long", endpoint: "https://push.example/" + strings.Repeat("a", 2049-21), want: ErrEndpoint},
		{name: "none", endpoint: " ", want: ErrEndpoint},
		{name: "http", endpoint: "http://push.example/a", want: ErrEndpoint},
		{name: "http, while tests run", endpoint: "http://push.example/a", loopback: true, want: ErrEndpoint},
		{name: "http on this machine", endpoint: "http://127.0.0.1:8080/a", want: ErrEndpoint},
		{name: "http on this machine, while tests run", endpoint: "http://127.0.0.1:8080/a", loopback: true},
		{name: "http on a name like it", endpoint: "http://127.0.0.1.example/a", loopback: true, want: ErrEndpoint},
		{name: "another scheme", endpoint: "file:///etc/passwd", want: ErrEndpoint},
		{name: "no scheme", endpoint: "//push.example/a", want: ErrEndpoint},
		{name: "opaque", endpoint: "https:push.example/a", want: ErrEndpoint},
		{name: "no host", endpoint: "https:///a", want: ErrEndpoint},
		{name: "a port alone", endpoint: "https://:443/a", want: ErrEndpoint},
		{name: "a port that is none", endpoint: "https://push.example:65536/a", want: ErrEndpoint},
		{name: "an empty port", endpoint: "https://push.example:/a", want: ErrEndpoint},
		{name: "a name and a password", endpoint: "https://a:b@push.example/a", want: ErrEndpoint},
		{name: "an empty name", endpoint: "https://@push.example/a", want: ErrEndpoint},
		{name: "a fragment", endpoint: "https://push.example/a#b", want: ErrEndpoint},
		{name: "an empty fragment", endpoint: "https://push.example/a#", want: ErrEndpoint},
		{name: "a line break", endpoint: "https://push.example/a\r\nX: y", want: ErrEndpoint},
		{name: "not ASCII", endpoint: "https://プッシュ.example/a", want: ErrEndpoint},
		{name: "an escaped host", endpoint: "https://push%2eexample/a", want: ErrEndpoint},
		{name: "a zone", endpoint: "https://[fe80::1%25eth0]/a", want: ErrEndpoint},
		{name: "a backslash", endpoint: `https://push.example\@127.0.0.1/a`, want: ErrEndpoint},
		{name: "a key off the curve", key: enc(off), want: ErrKey},
		{name: "a compressed key", key: enc(compressed), want: ErrKey},
		{name: "a key of zeros", key: enc(zero), want: ErrKey},
		{name: "the point at infinity", key: "AA", want: ErrKey},
		{name: "a long key", key: enc(append(point, 0)), want: ErrKey},
		{name: "a padded key", key: vectorKey + "=", want: ErrKey},
		{name: "a key with a line break", key: vectorKey[:40] + "\n" + vectorKey[40:], want: ErrKey},
		{name: "a huge key", key: strings.Repeat("A", 1<<20), want: ErrKey},
		{name: "a short auth", auth: enc(make([]byte, 15)), want: ErrAuth},
		{name: "a long auth", auth: enc(make([]byte, 17)), want: ErrAuth},
		{name: "an auth in base64", auth: strings.Replace(vectorAuth, "_", "/", 1), want: ErrAuth},
		{name: "an auth with loose bits", auth: vectorAuth[:21] + "h", want: ErrAuth},
	} {
		or := func(s, usual string) string {
			if s == "" {
				return usual
			}
			return s
		}
		s, err := Parse(or(c.endpoint, "https://push.example/a"), or(c.key, vectorKey), or(c.auth, vectorAuth), c.loopback)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		if err != nil && s != (Subscription{}) {
			t.Errorf("%s: came back all the same", c.name)
		}
	}
}

func TestOriginIsSignedFor(t *testing.T) {
	for endpoint, want := range map[string]string{
		"https://push.example/a":           "https://push.example",
		"HTTPS://Push.Example:443/a":       "https://push.example",
		"https://push.example:8443/a?b":    "https://push.example:8443",
		"https://push.example":             "https://push.example",
		"https://[2606:4700::1111]:443/a":  "https://[2606:4700::1111]",
		"http://localhost:80/a":            "http://localhost",
		"http://localhost:443/a":           "http://localhost:443",
		"https://push.example/https://a:b": "https://push.example",
	} {
		if _, got, err := readEndpoint(endpoint, true); got != want {
			t.Errorf("%s: got %q (%v), want %q", endpoint, got, err, want)
		}
	}
}

func TestSubscriptionIsNeverPrinted(t *testing.T) {
	s := newReader(t).at(t, "https://push.example/secret-path")
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "s", s, "p", &s)
	out := b.String() + fmt.Sprintf("%v %+v %#v %s %q %x", s, s, s, s, s, &s)
	if strings.Contains(out, "secret-path") || strings.Contains(out, s.Auth) || !strings.Contains(out, "https://push.example/•••") {
		t.Errorf("got %s", out)
	}
}

func FuzzSubscription(f *testing.F) {
	for _, e := range []string{"https://push.example/a", "http://127.0.0.1:8080/", "https://a@b/", "https://[::1]:443/x", "https://x:/", "https://a%2e/", "https://a/#"} {
		f.Add(e, vectorKey, vectorAuth, true)
	}
	f.Fuzz(func(t *testing.T, endpoint, key, auth string, loopback bool) {
		s, err := Parse(endpoint, key, auth, loopback)
		if err != nil {
			if err != ErrEndpoint && err != ErrKey && err != ErrAuth {
				t.Fatalf("an error of its own: %v", err)
			}
			return
		}
		if s != (Subscription{endpoint, key, auth}) || len(bin(t, key)) != 65 || len(bin(t, auth)) != 16 {
			t.Fatalf("not what was said: %q", endpoint)
		}
		to, err := s.read(loopback)
		if err != nil {
			t.Fatal(err)
		}
		origin, err := url.Parse(to.origin)
		if err != nil || origin.Host == "" || origin.Path+origin.RawQuery != "" || !strings.EqualFold(origin.Hostname(), to.url.Hostname()) {
			t.Fatalf("%q is signed for as %q: %v", endpoint, to.origin, err)
		}
		if origin.Scheme != "https" && !loopback {
			t.Fatalf("%q is not https", endpoint)
		}
		req, err := http.NewRequest(http.MethodPost, endpoint, nil)
		if err != nil || req.URL.Host != to.url.Host || req.URL.User != nil || req.URL.Fragment != "" {
			t.Fatalf("%q is asked as %v: %v", endpoint, req.URL, err)
		}
	})
}
