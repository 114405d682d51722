package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// device is a passkey made of software that signs with ES256 and verified its user:
// what a browser and a key do together (WebAuthn L3 §6.3).
type device struct {
	origin, rp string
	key        *ecdsa.PrivateKey
	id, handle []byte
	count      uint32
}

// Flags of WebAuthn L3 §6.1: user present, user verified, attested credential data.
const (
	present  = 1 << 0
	verified = 1 << 2
	attested = 1 << 6
)

func newDevice(origin, rp string) *device {
	d := &device{origin: origin, rp: rp, id: make([]byte, 32)}
	_, _ = rand.Read(d.id)                                     // never fails: crypto/rand ends the program instead
	d.key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader) // nor does this
	return d
}

// create is navigator.credentials.create.
func (d *device) create(options []byte) ([]byte, error) {
	var o struct {
		Challenge string
		User      struct{ ID string }
	}
	if err := json.Unmarshal(options, &o); err != nil {
		return nil, err
	}
	var err error
	if d.handle, err = base64.RawURLEncoding.DecodeString(o.User.ID); err != nil {
		return nil, err
	}
	point, err := d.key.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	data := append(d.data(present|verified|attested), make([]byte, 16)...) // no model
	data = append(binary.BigEndian.AppendUint16(data, uint16(len(d.id))), d.id...)
	// RFC 9053 §7.1.1 in CBOR: {1: 2, 3: -7, -1: 1, -2: x, -3: y}.
	data = append(data, "\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"...)
	data = append(append(append(data, point[1:33]...), "\x22\x58\x20"...), point[33:]...)
	object := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"), byte(len(data)))
	return d.write(map[string]any{"clientDataJSON": text(d.client("webauthn.create", o.Challenge)), "attestationObject": text(append(object, data...))})
}

// get is navigator.credentials.get.
func (d *device) get(options []byte) ([]byte, error) {
	var o struct{ Challenge string }
	if err := json.Unmarshal(options, &o); err != nil {
		return nil, err
	}
	client, data := d.client("webauthn.get", o.Challenge), d.data(present|verified)
	hash := sha256.Sum256(client)
	signed := sha256.Sum256(append(data[:len(data):len(data)], hash[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, d.key, signed[:])
	if err != nil {
		return nil, err
	}
	return d.write(map[string]any{"clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(sig), "userHandle": text(d.handle)})
}

func (d *device) client(kind, challenge string) []byte {
	return fmt.Appendf(nil, `{"type":%q,"challenge":%q,"origin":%q,"crossOrigin":false}`, kind, challenge, d.origin)
}

func (d *device) data(flags byte) []byte {
	d.count++
	rp := sha256.Sum256([]byte(d.rp))
	return binary.BigEndian.AppendUint32(append(rp[:], flags), d.count)
}

func (d *device) write(response map[string]any) ([]byte, error) {
	return json.Marshal(map[string]any{"id": text(d.id), "rawId": text(d.id), "type": "public-key", "clientExtensionResults": map[string]any{}, "response": response})
}

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// askKeys asks the API for the options of every sign-in that waits for a passkey, and
// has them answered.
func (w *world) askKeys(ctx context.Context, s *server) error {
	const at = 16
	failed := make([]error, at)
	f, err := load(ctx, s.address, at, time.Minute, func(i int) script {
		asked := i - at
		return func(last reply) ([]byte, bool) {
			if asked >= 0 {
				if failed[i] = w.waiting.list[asked].answer(last); failed[i] != nil {
					return nil, true
				}
			}
			if asked += at; asked >= len(w.waiting.list) {
				return nil, true
			}
			return prove(w.waiting.list[asked].flow, w.waiting.kind, ""), true
		}
	})
	if err := errors.Join(append(failed, err)...); err != nil {
		return err
	}
	if f.ops != len(w.waiting.list) {
		return fmt.Errorf("%d passkeys of %d were asked", f.ops, len(w.waiting.list))
	}
	return nil
}

func (h *held) answer(last reply) error {
	var s struct{ Options json.RawMessage }
	if err := json.Unmarshal(last.body, &s); err != nil || last.status != 200 {
		return fmt.Errorf("options: %d %s", last.status, last.body)
	}
	said, err := h.dev.get(s.Options)
	h.said = string(said)
	return err
}
