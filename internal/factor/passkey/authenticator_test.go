package passkey

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math/big"
	"strings"
	"sync"
	"testing"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
)

const (
	up = 0x01
	uv = 0x04
	be = 0x08
	bs = 0x10
	at = 0x40
	ed = 0x80
)

// device is a key made of software: what a browser and an authenticator do
// together, with every part open to be bent.
type device struct {
	alg    int64
	signer crypto.Signer
	id     []byte
	handle []byte // what it keeps of the account; nil: it keeps nothing
	count  uint32
	step   uint32 // how far the counter goes at each use; 0: it does not count
	flags  byte
}

// rsaKey is made once: it takes a second.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// newDevice makes a key for COSE algorithm -7 (ES256), -8 (EdDSA) or -257 (RS256).
func newDevice(t testing.TB, alg int64) *device {
	t.Helper()
	d := &device{alg: alg, id: make([]byte, 32), step: 1, flags: up | uv}
	_, _ = rand.Read(d.id)
	var err error
	switch alg {
	case -7:
		d.signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case -8:
		_, d.signer, err = ed25519.GenerateKey(rand.Reader)
	case -257:
		d.signer = rsaKey()
	default:
		t.Fatalf("no algorithm %d", alg)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// cose is the public key in COSE_Key form (RFC 9053).
func (d *device) cose(t testing.TB) []byte {
	t.Helper()
	m := map[int64]any{3: d.alg}
	switch k := d.signer.Public().(type) {
	case *ecdsa.PublicKey:
		point, err := k.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		m[1], m[-1], m[-2], m[-3] = 2, 1, point[1:33], point[33:]
	case ed25519.PublicKey:
		m[1], m[-1], m[-2] = 1, 6, []byte(k)
	case *rsa.PublicKey:
		m[1], m[-1], m[-2] = 3, k.N.Bytes(), big.NewInt(int64(k.E)).Bytes()
	}
	return pack(t, m)
}

func pack(t testing.TB, v any) []byte {
	t.Helper()
	b, err := webauthncbor.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (d *device) sign(t testing.TB, message []byte) []byte {
	t.Helper()
	opts, digest := crypto.SignerOpts(crypto.SHA256), message
	if d.alg == -8 {
		opts = crypto.Hash(0)
	} else {
		sum := sha256.Sum256(message)
		digest = sum[:]
	}
	sig, err := d.signer.Sign(rand.Reader, digest, opts)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

// answer is one ceremony before it is signed and written down. A test bends it.
type answer struct {
	client   map[string]any
	rp       string
	flags    byte
	count    uint32
	id       []byte // as the browser tells it
	attested []byte // as the key tells it
	public   []byte
	handle   []byte
	kind     string
	format   string
	att      map[string]any
	after    []byte // more authenticator data
	bend     func(sig []byte)
	resign   bool // the statement is the key's own signature
	outer    func(m map[string]any)
}

func (d *device) begin(t testing.TB, kind, challenge string) answer {
	t.Helper()
	d.count += d.step
	return answer{client: map[string]any{"type": kind, "challenge": challenge, "origin": testOrigin, "crossOrigin": false}, rp: testHost, flags: d.flags,
		count: d.count, id: d.id, attested: d.id, handle: d.handle, kind: "public-key", format: "none", att: map[string]any{}}
}

func (a answer) data() []byte {
	sum := sha256.Sum256([]byte(a.rp))
	out := append(sum[:], a.flags)
	return binary.BigEndian.AppendUint32(out, a.count)
}

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (a answer) write(t testing.TB, response map[string]any) []byte {
	t.Helper()
	m := map[string]any{"id": text(a.id), "rawId": text(a.id), "type": a.kind, "clientExtensionResults": map[string]any{}, "response": response}
	if a.outer != nil {
		a.outer(m)
	}
	out, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// options is what both kinds of options have.
type options struct {
	Challenge string `json:"challenge"`
	RPID      string `json:"rpId"`
	RP        struct{ ID, Name string }
	User      struct {
		ID, Name string
		Display  string `json:"displayName"`
	}
	Params []struct {
		Type string
		Alg  int64
	} `json:"pubKeyCredParams"`
	Exclude     []listed `json:"excludeCredentials"`
	Allow       []listed `json:"allowCredentials"`
	Attestation string
	Verify      string                                         `json:"userVerification"`
	Selection   struct{ ResidentKey, UserVerification string } `json:"authenticatorSelection"`
}

type listed struct {
	ID, Type   string
	Transports []string
}

func read(t testing.TB, raw []byte) options {
	t.Helper()
	var o options
	if err := json.Unmarshal(raw, &o); err != nil {
		t.Fatalf("options %s: %v", raw, err)
	}
	return o
}

// create is navigator.credentials.create on this key.
func (d *device) create(t testing.TB, raw []byte, bend func(*answer)) []byte {
	t.Helper()
	o := read(t, raw)
	handle, err := base64.RawURLEncoding.DecodeString(o.User.ID)
	if err != nil {
		t.Fatal(err)
	}
	d.handle = handle
	a := d.begin(t, "webauthn.create", o.Challenge)
	a.flags |= at
	a.public = d.cose(t)
	if bend != nil {
		bend(&a)
	}
	client, err := json.Marshal(a.client)
	if err != nil {
		t.Fatal(err)
	}
	data := a.data()
	if a.flags&at != 0 {
		data = append(data, bytes.Repeat([]byte{0xab}, 16)...)
		data = binary.BigEndian.AppendUint16(data, uint16(len(a.attested)))
		data = append(append(data, a.attested...), a.public...)
	}
	data = append(data, a.after...)
	if a.resign {
		sum := sha256.Sum256(client)
		a.att["alg"], a.att["sig"] = d.alg, d.sign(t, append(bytes.Clone(data), sum[:]...))
		if a.bend != nil {
			a.bend(a.att["sig"].([]byte))
		}
	}
	object := pack(t, map[string]any{"fmt": a.format, "attStmt": a.att, "authData": data})
	return a.write(t, map[string]any{"clientDataJSON": text(client), "attestationObject": text(object), "transports": []string{"usb", "nfc", "<script>"}})
}

// get is navigator.credentials.get on this key.
func (d *device) get(t testing.TB, raw []byte, bend func(*answer)) []byte {
	t.Helper()
	a := d.begin(t, "webauthn.get", read(t, raw).Challenge)
	if bend != nil {
		bend(&a)
	}
	client, err := json.Marshal(a.client)
	if err != nil {
		t.Fatal(err)
	}
	data := append(a.data(), a.after...)
	sum := sha256.Sum256(client)
	sig := d.sign(t, append(bytes.Clone(data), sum[:]...))
	if a.bend != nil {
		a.bend(sig)
	}
	response := map[string]any{"clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(sig)}
	if a.handle != nil {
		response["userHandle"] = text(a.handle)
	}
	return a.write(t, response)
}

// broken are answers that no browser gives, made from one that it does.
func broken(good []byte) map[string][]byte {
	inner := func(from, to string) []byte { return []byte(strings.Replace(string(good), from, to, 1)) }
	out := map[string][]byte{
		"nothing": nil, "null": []byte("null"), "a list": []byte("[]"), "a number": []byte("1"), "an empty object": []byte("{}"), "no JSON": []byte("<html>"),
		"NUL": {0}, "a megabyte": bytes.Repeat([]byte("a"), 1<<20), "a megabyte of JSON": append(append([]byte(`{"x":"`), bytes.Repeat([]byte("a"), 1<<20)...), `"}`...),
		"nested": bytes.Repeat([]byte("["), 60000), "nested objects": bytes.Repeat([]byte(`{"response":`), 5000), "two answers": append(bytes.Clone(good), good...),
		"response null": inner(`"response":{`, `"response":null,"x":{`), "response a list": inner(`"response":{`, `"response":[],"x":{`),
		"client data empty": inner(`"clientDataJSON":"`, `"clientDataJSON":"","x":"`), "client data a number": inner(`"clientDataJSON":"`, `"clientDataJSON":7,"x":"`),
		"client data no base64": inner(`"clientDataJSON":"`, `"clientDataJSON":"!!`), "client data other JSON": inner(`"clientDataJSON":"`, `"clientDataJSON":"W10","x":"`),
		"raw ID missing": inner(`"rawId"`, `"x"`), "ID missing": inner(`"id"`, `"x"`), "type missing": inner(`"type"`, `"x"`),
		"extensions a number": inner(`"clientExtensionResults":{}`, `"clientExtensionResults":3`),
	}
	for _, n := range []int{1, len(good) / 4, len(good) / 2, len(good) - 1} {
		out["cut after "+text(binary.BigEndian.AppendUint16(nil, uint16(n)))] = good[:n]
	}
	return out
}
