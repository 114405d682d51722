package apptest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/url"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
)

// Key is a security key of software, with the browser that asks it (WebAuthn Level 3
// §6): it makes one credential and proves it.
type Key struct {
	w        *World
	signer   *ecdsa.PrivateKey
	id       []byte
	handle   []byte
	Verifies bool   // it verifies who holds it, and so is a passkey
	Count    uint32 // how often it was used
}

// Key makes a key that was never used.
func (w *World) Key(verifies bool) *Key {
	w.T.Helper()
	k := &Key{w: w, id: make([]byte, 32), Verifies: verifies}
	_, _ = rand.Read(k.id)
	var err error
	if k.signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		w.T.Fatal(err)
	}
	return k
}

// asked is what both ceremonies ask with.
type asked struct {
	Options struct {
		Challenge string
		User      struct{ ID string }
	}
}

// begin is what the browser says of the page, and what the key says of itself.
func (k *Key) begin(kind, challenge string, flags byte) (client, data []byte) {
	k.w.T.Helper()
	k.Count++
	client, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": k.w.Base, "crossOrigin": false})
	if err != nil {
		k.w.T.Fatal(err)
	}
	u, err := url.Parse(k.w.Base)
	if err != nil {
		k.w.T.Fatal(err)
	}
	rp := sha256.Sum256([]byte(u.Hostname()))
	flags |= 1 // present
	if k.Verifies {
		flags |= 4
	}
	return client, binary.BigEndian.AppendUint32(append(rp[:], flags), k.Count)
}

func (k *Key) answer(response map[string]any) map[string]any {
	id := text64(k.id)
	return map[string]any{"id": id, "rawId": id, "type": "public-key", "clientExtensionResults": map[string]any{}, "response": response}
}

func text64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Enrol answers what Sekisho asks to register the key.
func (k *Key) Enrol(a Answer) map[string]any {
	k.w.T.Helper()
	var o asked
	a.Into(&o)
	k.handle, _ = base64.RawURLEncoding.DecodeString(o.Options.User.ID)
	client, data := k.begin("webauthn.create", o.Options.Challenge, 0x40)
	point, err := k.signer.PublicKey.Bytes()
	if err != nil {
		k.w.T.Fatal(err)
	}
	cose := k.pack(map[int64]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	data = binary.BigEndian.AppendUint16(append(data, make([]byte, 16)...), uint16(len(k.id)))
	data = append(append(data, k.id...), cose...)
	object := k.pack(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data})
	return k.answer(map[string]any{"clientDataJSON": text64(client), "attestationObject": text64(object), "transports": []string{"usb"}})
}

func (k *Key) pack(v any) []byte {
	b, err := webauthncbor.Marshal(v)
	if err != nil {
		k.w.T.Fatal(err)
	}
	return b
}

// Prove answers what Sekisho asks to prove with the key, as a journey takes it.
func (k *Key) Prove(a Answer) string {
	k.w.T.Helper()
	var o asked
	a.Into(&o)
	client, data := k.begin("webauthn.get", o.Options.Challenge, 0)
	sum := sha256.Sum256(client)
	digest := sha256.Sum256(append(bytes.Clone(data), sum[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, k.signer, digest[:])
	if err != nil {
		k.w.T.Fatal(err)
	}
	out, err := json.Marshal(k.answer(map[string]any{"clientDataJSON": text64(client), "authenticatorData": text64(data), "signature": text64(sig),
		"userHandle": text64(k.handle)}))
	if err != nil {
		k.w.T.Fatal(err)
	}
	return string(out)
}
