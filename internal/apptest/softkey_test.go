package apptest_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"

	"sekisho/internal/apptest"
)

// atKeys are settings under which browsers offer keys.
var atKeys = []string{"url", "https://id.example.com", "daily_signins", "0", "session_limit", "50"}

// enrolled is a key that the owner of a session set up.
func enrolled(t *testing.T, p *apptest.Program, name string, flags byte) *softKey {
	t.Helper()
	k := newSoftKey(t)
	k.flags = flags
	var o struct{ Options json.RawMessage }
	p.Call("POST", "/api/v1/me/factors/passkey", nil).Want(200, "").Into(&o)
	var done struct{ Token string }
	p.Call("POST", "/api/v1/me/factors/passkey", map[string]any{"name": name, "response": json.RawMessage(k.create(o.Options))}).Want(200, "").Into(&done)
	if done.Token != "" {
		p.Token = done.Token
	}
	return k
}

// softKey is an authenticator made of software, for https://id.example.com.
type softKey struct {
	t      *testing.T
	key    *ecdsa.PrivateKey
	id     []byte
	handle []byte
	count  uint32
	flags  byte
}

func newSoftKey(t *testing.T) *softKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 32)
	_, _ = rand.Read(id)
	return &softKey{t: t, key: k, id: id, flags: 0x05}
}

func (k *softKey) b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (k *softKey) client(kind, challenge string) []byte {
	b, _ := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": "https://id.example.com", "crossOrigin": false})
	return b
}

func (k *softKey) data(flags byte) []byte {
	k.count++
	sum := sha256.Sum256([]byte("id.example.com"))
	return binary.BigEndian.AppendUint32(append(sum[:], flags), k.count)
}

func (k *softKey) answer(response map[string]any) []byte {
	b, _ := json.Marshal(map[string]any{"id": k.b64(k.id), "rawId": k.b64(k.id), "type": "public-key", "clientExtensionResults": map[string]any{}, "response": response})
	return b
}

func (k *softKey) create(options []byte) []byte {
	var o struct {
		Challenge string
		User      struct{ ID string }
	}
	if err := json.Unmarshal(options, &o); err != nil {
		k.t.Fatal(err)
	}
	k.handle, _ = base64.RawURLEncoding.DecodeString(o.User.ID)
	point, err := k.key.PublicKey.Bytes()
	if err != nil {
		k.t.Fatal(err)
	}
	cose, _ := webauthncbor.Marshal(map[int64]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	data := append(k.data(k.flags|0x40), bytes.Repeat([]byte{0xab}, 16)...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(k.id)))
	data = append(append(data, k.id...), cose...)
	object, _ := webauthncbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data})
	return k.answer(map[string]any{"clientDataJSON": k.b64(k.client("webauthn.create", o.Challenge)), "attestationObject": k.b64(object), "transports": []string{"usb"}})
}

func (k *softKey) get(options []byte) []byte {
	var o struct{ Challenge string }
	if err := json.Unmarshal(options, &o); err != nil {
		k.t.Fatal(err)
	}
	client, data := k.client("webauthn.get", o.Challenge), k.data(k.flags)
	sum := sha256.Sum256(client)
	digest := sha256.Sum256(append(bytes.Clone(data), sum[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, k.key, digest[:])
	if err != nil {
		k.t.Fatal(err)
	}
	return k.answer(map[string]any{"clientDataJSON": k.b64(client), "authenticatorData": k.b64(data), "signature": k.b64(sig), "userHandle": k.b64(k.handle)})
}
