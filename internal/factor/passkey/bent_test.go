package passkey

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"

	"sekisho/internal/db"
	"sekisho/internal/ref"
)

type bend struct {
	name string
	bend func(a *answer)
}

func client(name, field string, value any) bend {
	return bend{name, func(a *answer) { a.client[field] = value }}
}

// bothWays is what must be wrong in either ceremony.
var bothWays = []bend{
	client("type of nothing", "type", "webauthn.other"),
	client("type missing", "type", nil),
	client("type a number", "type", 5),
	client("challenge foreign", "challenge", text(bytes.Repeat([]byte{7}, challengeLen))),
	client("challenge empty", "challenge", ""),
	client("challenge short", "challenge", text(bytes.Repeat([]byte{7}, 16))),
	client("challenge a list", "challenge", []int{1}),
	{"challenge with a bit turned", func(a *answer) {
		c, _ := base64.RawURLEncoding.DecodeString(a.client["challenge"].(string))
		c[3] ^= 1
		a.client["challenge"] = text(c)
	}},
	{"challenge of a later time", func(a *answer) {
		c, _ := base64.RawURLEncoding.DecodeString(a.client["challenge"].(string))
		binary.BigEndian.PutUint64(c[randomLen:], 1<<40)
		a.client["challenge"] = text(c)
	}},
	{"challenge spelled otherwise", func(a *answer) { a.client["challenge"] = a.client["challenge"].(string) + "=" }},
	{"challenge with a line break", func(a *answer) { a.client["challenge"] = a.client["challenge"].(string) + "\n" }},
	{"challenge with loose last bits", func(a *answer) {
		c := []byte(a.client["challenge"].(string))
		c[len(c)-1]++
		a.client["challenge"] = string(c)
	}},
	client("origin of another host", "origin", "https://id.example.org"),
	client("origin on another port", "origin", "https://id.example.com:8443"),
	client("origin over http", "origin", "http://id.example.com"),
	client("origin of a subdomain", "origin", "https://a.id.example.com"),
	client("origin of the parent", "origin", "https://example.com"),
	client("origin in capitals", "origin", "https://ID.example.com"),
	client("origin with a path", "origin", "https://id.example.com/"),
	client("origin with a name", "origin", "https://a@id.example.com"),
	client("origin with the host as a name", "origin", "https://id.example.com@example.org"),
	client("origin null", "origin", "null"),
	client("origin missing", "origin", nil),
	client("origin of an app", "origin", "android:apk-key-hash:AAAA"),
	client("cross-origin", "crossOrigin", true),
	client("cross-origin a word", "crossOrigin", "false"),
	client("a top origin", "topOrigin", "https://example.org"),
	{"cross-origin under our own page", func(a *answer) { a.client["crossOrigin"], a.client["topOrigin"] = true, testOrigin }},
	{"RP ID of another host", func(a *answer) { a.rp = "id.example.org" }},
	{"RP ID of the parent", func(a *answer) { a.rp = "example.com" }},
	{"RP ID an origin", func(a *answer) { a.rp = testOrigin }},
	{"nobody touched it", func(a *answer) { a.flags &^= up }},
	{"kept elsewhere and cannot be", func(a *answer) { a.flags = a.flags&^be | bs }},
	{"extensions announced and missing", func(a *answer) { a.flags |= ed }},
	{"extensions no CBOR", func(a *answer) { a.flags |= ed; a.after = []byte{0xff} }},
	{"extensions without end", func(a *answer) { a.flags |= ed; a.after = []byte{0xbf, 0x61, 0x61, 0x01} }},
	{"more data than announced", func(a *answer) { a.after = []byte{0xa0} }},
	{"type of the credential", func(a *answer) { a.kind = "password" }},
	{"ID and raw ID differ", func(a *answer) { a.outer = func(m map[string]any) { m["id"] = "AAAA" } }},
	{"ID empty", func(a *answer) { a.id = nil }},
}

// bentEnrolments are wrong for a key that is to be enrolled.
var bentEnrolments = []bend{
	client("type of a proof", "type", "webauthn.get"),
	{"no credential in it", func(a *answer) { a.flags &^= at }},
	{"the ID is another's than the key says", func(a *answer) { a.id = bytes.Repeat([]byte{9}, 32) }},
	{"ID of 1024 bytes", func(a *answer) { a.id = bytes.Repeat([]byte{9}, 1024); a.attested = a.id }},
	{"ID longer than the data", func(a *answer) { a.public = nil }},
	{"key no CBOR", func(a *answer) { a.public = []byte{0xff, 0xff} }},
	{"key a number", func(a *answer) { a.public = []byte{1} }},
	{"key an empty map", func(a *answer) { a.public = []byte{0xa0} }},
	key("no algorithm", map[int64]any{1: 2, -1: 1, -2: zeros(32), -3: zeros(32)}),
	key("algorithm ES384", map[int64]any{1: 2, 3: -35, -1: 2, -2: zeros(48), -3: zeros(48)}),
	key("algorithm ES512 named ES256", map[int64]any{1: 2, 3: -7, -1: 3, -2: zeros(66), -3: zeros(66)}),
	key("algorithm RS1", map[int64]any{1: 3, 3: -65535, -1: bytes.Repeat([]byte{0xff}, 256), -2: []byte{1, 0, 1}}),
	key("algorithm secp256k1", map[int64]any{1: 2, 3: -47, -1: 8, -2: zeros(32), -3: zeros(32)}),
	key("a point off the curve", map[int64]any{1: 2, 3: -7, -1: 1, -2: bytes.Repeat([]byte{3}, 32), -3: bytes.Repeat([]byte{5}, 32)}),
	key("a point of nothing", map[int64]any{1: 2, 3: -7, -1: 1}),
	key("RSA of 1024 bits", map[int64]any{1: 3, 3: -257, -1: bytes.Repeat([]byte{0xff}, 128), -2: []byte{1, 0, 1}}),
	key("RSA of 16384 bits", map[int64]any{1: 3, 3: -257, -1: bytes.Repeat([]byte{0xff}, 2048), -2: []byte{1, 0, 1}}),
	key("RSA without exponent", map[int64]any{1: 3, 3: -257, -1: bytes.Repeat([]byte{0xff}, 256)}),
	key("RSA with a huge exponent", map[int64]any{1: 3, 3: -257, -1: bytes.Repeat([]byte{0xff}, 256), -2: bytes.Repeat([]byte{0x7f}, 7)}),
	key("RSA named ES256", map[int64]any{1: 3, 3: -7, -1: bytes.Repeat([]byte{0xff}, 256), -2: []byte{1, 0, 1}}),
	key("RSA named EdDSA", map[int64]any{1: 3, 3: -8, -1: bytes.Repeat([]byte{0xff}, 256), -2: []byte{1, 0, 1}}),
	key("Ed25519 named ES256", map[int64]any{1: 1, 3: -7, -1: 6, -2: zeros(32)}),
	key("Ed25519 too short", map[int64]any{1: 1, 3: -8, -1: 6, -2: zeros(31)}),
	key("symmetric", map[int64]any{1: 4, 3: -7, -1: zeros(32)}),
	{"a statement where none is", func(a *answer) { a.att["x"] = 1 }},
	{"a statement of unknown format", func(a *answer) { a.format = "made-up" }},
	{"a statement of Google's", func(a *answer) {
		a.format, a.att = "android-safetynet", map[string]any{"ver": "1", "response": []byte("a.b.c")}
	}},
	{"a statement of a TPM's", func(a *answer) { a.format, a.att = "tpm", map[string]any{"ver": "2.0"} }},
	{"a statement of U2F's", func(a *answer) {
		a.format, a.att = "fido-u2f", map[string]any{"sig": []byte{1}, "x5c": []any{[]byte{1}}}
	}},
	{"a compound statement", func(a *answer) { a.format = "compound" }},
	{"a statement with certificates", func(a *answer) { a.format, a.resign, a.att = "packed", true, map[string]any{"x5c": []any{[]byte{1}}} }},
	{"its own statement with a bit turned", func(a *answer) {
		a.format, a.resign, a.bend = "packed", true, func(sig []byte) { sig[len(sig)-1] ^= 1 }
	}},
	{"its own statement without signature", func(a *answer) { a.format, a.att = "packed", map[string]any{"alg": -7, "sig": []byte{}} }},
}

func TestBentEnrolmentsAreRefused(t *testing.T) {
	each(t, func(p place) {
		for _, x := range append(slices.Clone(bentEnrolments), bothWays...) {
			d := newDevice(p, -7)
			if _, got := p.enrol(hana, here, d.create(p, p.enrolOptions(hana, here), x.bend)); got != Wrong {
				p.Errorf("%s: got %d, want Wrong", x.name, got)
			}
		}
		if l := p.list(hana); len(l) != 0 {
			p.Errorf("got %d keys, want none", len(l))
		}
		// None of these was refused for another reason than its own.
		p.enrolled(hana, newDevice(p, -7))
	})
}

// What keys and browsers may do although it was not asked for.
func TestUnusualEnrolmentsAreTaken(t *testing.T) {
	each(t, func(p place) {
		for _, x := range []bend{
			{"an extension nobody asked for", func(a *answer) { a.flags |= ed; a.after = []byte{0xa1, 0x61, 0x61, 0x01} }},
			{"a client's extension", func(a *answer) {
				a.outer = func(m map[string]any) {
					m["clientExtensionResults"] = map[string]any{"credProps": map[string]any{"rk": true}, "new": 1}
				}
			}},
			{"more in the client data", func(a *answer) {
				a.client["new_keys_may_be_added_here"] = "do not compare clientDataJSON against a template"
			}},
			{"a key that vouches for itself", func(a *answer) { a.format, a.resign = "packed", true }},
			{"kept elsewhere", func(a *answer) { a.flags |= be | bs }},
			{"an ID of 1023 bytes", func(a *answer) { a.id = bytes.Repeat([]byte{9}, 1023); a.attested = a.id }},
			{"more beside", func(a *answer) {
				a.outer = func(m map[string]any) { m["authenticatorAttachment"], m["new"] = "platform", []int{1} }
			}},
		} {
			if _, got := p.enrol(hana, here, newDevice(p, -7).create(p, p.enrolOptions(hana, here), x.bend)); got != Right {
				p.Errorf("%s: got %d, want Right", x.name, got)
			}
		}
	})
}

func TestCredentialIsEnrolledOnce(t *testing.T) {
	each(t, func(p place) {
		d := newDevice(p, -7)
		p.enrolled(hana, d)
		for _, a := range []ref.Account{hana, ken} {
			if _, got := p.enrol(a, here, d.create(p, p.enrolOptions(a, here), nil)); got != Taken {
				p.Errorf("%s once more: got %d, want Taken", a, got)
			}
		}
		thief := newDevice(p, -8) // another key that says it is that one
		thief.id = d.id
		if _, got := p.enrol(ken, here, thief.create(p, p.enrolOptions(ken, here), nil)); got != Taken {
			p.Errorf("by another key: got %d, want Taken", got)
		}
		if got := p.prove(Ceremony{Proving, here, hana, thief.get(p, p.proveOptions(hana, here), nil)}); got.Outcome != Wrong {
			p.Errorf("a proof by it: got %d, want Wrong", got.Outcome)
		}
		if l, k := p.list(hana), p.list(ken); len(l) != 1 || len(k) != 0 {
			p.Errorf("got %d and %d keys, want 1 and 0", len(l), len(k))
		}
	})
}

// bentProofs are wrong for a key that is to prove something.
var bentProofs = []bend{
	client("type of an enrolment", "type", "webauthn.create"),
	{"a signature bit turned", func(a *answer) { a.bend = func(sig []byte) { sig[len(sig)-1] ^= 1 } }},
	{"the first signature byte", func(a *answer) { a.bend = func(sig []byte) { sig[0] ^= 1 } }},
	{"the signature all zeros", func(a *answer) { a.bend = func(sig []byte) { clear(sig) } }},
	{"credential data announced and missing", func(a *answer) { a.flags |= at }},
	{"could be kept elsewhere, which it could not", func(a *answer) { a.flags |= be }},
	{"is kept elsewhere, which it could not be", func(a *answer) { a.flags |= be | bs }},
	{"another user handle", func(a *answer) { a.handle = bytes.Repeat([]byte{1}, handleLen) }},
	{"a long user handle", func(a *answer) { a.handle = append(bytes.Clone(a.handle), 0) }},
	{"a cut user handle", func(a *answer) { a.handle = a.handle[:handleLen-1] }},
	{"the account as user handle", func(a *answer) { a.handle = []byte(hana) }},
}

func TestBentProofsAreRefused(t *testing.T) {
	each(t, func(p place) {
		for _, alg := range []int64{-7, -8, -257} {
			d := newDevice(p, alg)
			p.enrolled(hana, d)
			stranger := newDevice(p, -7)
			p.enrolled(ken, stranger)
			try := func(name string, wantProve, wantSignin Outcome, by *device, b func(*answer)) {
				if got := p.prove(Ceremony{Proving, here, hana, by.get(p, p.proveOptions(hana, here), b)}); got != (Result{Outcome: wantProve}) {
					p.Errorf("%d: prove: %s: got %+v, want %d", alg, name, got, wantProve)
				}
				if got := p.prove(Ceremony{Signin, here, "", by.get(p, p.signinOptions(here), b)}); got.Outcome != wantSignin {
					p.Errorf("%d: sign in: %s: got %+v, want %d", alg, name, got, wantSignin)
				}
			}
			for _, x := range append(slices.Clone(bentProofs), bothWays...) {
				try(x.name, Wrong, Wrong, d, x.bend)
			}
			try("another account's key", Wrong, Right, stranger, nil)
			try("another account's key without handle", Wrong, Wrong, stranger, func(a *answer) { a.handle = nil })
			try("another account's key with this handle", Wrong, Wrong, stranger, func(a *answer) { a.handle = d.handle })
			try("this key with another account's handle", Wrong, Wrong, d, func(a *answer) { a.handle = stranger.handle })
			try("this key's name, signed by another", Wrong, Wrong, stranger, func(a *answer) { a.id, a.handle = d.id, d.handle })
			try("a key nobody enrolled", Unknown, Unknown, newDevice(p, -7), nil)
			unseen := Ceremony{Signin, here, "", d.get(p, p.signinOptions(here), func(a *answer) { a.flags &^= uv })}
			if got := p.prove(unseen); got.Outcome != Wrong {
				p.Errorf("%d: sign in without user verified: got %+v, want Wrong", alg, got)
			}
			without := Ceremony{Proving, here, hana, d.get(p, p.proveOptions(hana, here), func(a *answer) { a.flags &^= uv; a.handle = nil })}
			if got := p.prove(without); got.Outcome != Right || got.UserVerified {
				p.Errorf("%d: prove by touch: got %+v, want Right, not verified", alg, got)
			}
		}
	})
}

// Every single bit of a signature and of what it signs counts.
func TestNoBitCanBeTurned(t *testing.T) {
	each(t, func(p place) {
		d := newDevice(p, -8)
		p.enrolled(hana, d)
		good := string(d.get(p, p.proveOptions(hana, here), nil))
		p.update(func(tx db.Tx) error {
			for _, field := range []string{"authenticatorData", "signature", "clientDataJSON", "userHandle", "rawId"} {
				from := strings.Index(good, `"`+field+`":"`) + len(field) + 4
				raw, err := base64.RawURLEncoding.DecodeString(good[from : from+strings.IndexByte(good[from:], '"')])
				p.must(err)
				for i := range raw {
					bent := bytes.Clone(raw)
					bent[i] ^= 1 << (i % 8)
					r, err := p.keys.Prove(p.Context(), tx, Ceremony{Proving, here, hana, []byte(strings.Replace(good, text(raw), text(bent), 1))})
					p.must(err)
					if r.Outcome == Right {
						p.Errorf("%s with byte %d bent is right", field, i)
					}
					_, err = tx.Exec(p.Context(), `DELETE FROM passkey_spent`)
					p.must(err)
				}
			}
			return nil
		})
		if got := p.prove(Ceremony{Proving, here, hana, []byte(good)}); got.Outcome != Right {
			p.Errorf("the answer itself: got %+v, want Right", got)
		}
	})
}

func TestBrokenAnswersAreOutcomes(t *testing.T) {
	each(t, func(p place) {
		d := newDevice(p, -7)
		for name, response := range broken(d.create(p, p.enrolOptions(hana, here), nil)) {
			if _, got := p.enrol(hana, here, response); got != Wrong {
				p.Errorf("enrol: %s: got %d, want Wrong", name, got)
			}
		}
		p.enrolled(hana, d)
		for name, response := range broken(d.get(p, p.proveOptions(hana, here), nil)) {
			if got := p.prove(Ceremony{Proving, here, hana, response}); got.Outcome != Wrong {
				p.Errorf("prove: %s: got %+v, want Wrong", name, got)
			}
			if got := p.prove(Ceremony{Signin, here, "", response}); got.Outcome != Wrong {
				p.Errorf("sign in: %s: got %+v, want Wrong", name, got)
			}
		}
		if got := p.prove(Ceremony{Proving, here, hana, d.create(p, p.enrolOptions(hana, here), nil)}); got.Outcome != Wrong {
			p.Errorf("an enrolment as a proof: got %+v, want Wrong", got)
		}
	})
}

// FuzzAnswers lets anything at all in where answers come in, with a challenge
// that is right, so that all the rest is read.
func FuzzAnswers(f *testing.F) {
	k := newKeys(f)
	challenge := k.challenge(time.Unix(0, 0), forWhat{Signin, here, ""})
	asked := []byte(`{"challenge":"` + text(challenge) + `","user":{"id":"AAAA"}}`)
	var known row
	for _, alg := range []int64{-7, -8, -257} {
		d := newDevice(f, alg)
		known.public = d.cose(f)
		f.Add(d.create(f, asked, nil))
		f.Add(d.create(f, asked, func(a *answer) { a.format, a.resign = "packed", true }))
		f.Add(d.get(f, asked, nil))
		for _, b := range broken(d.get(f, asked, nil)) {
			if len(b) < 4096 {
				f.Add(b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, response []byte) {
		if p := parseCreation(response); p != nil {
			k.judge(time.Unix(0, 0), p.Response.CollectedClientData.Challenge, forWhat{Enrolling, here, hana})
			k.sound(p, challenge)
			transports(p.Response.Transports)
			usable(p.Response.AttestationObject.AuthData.AttData.CredentialPublicKey)
		}
		if p := parseAssertion(response); p != nil {
			k.judge(time.Unix(0, 0), p.Response.CollectedClientData.Challenge, forWhat{Signin, here, ""})
			k.signed(Signin, p, challenge, known)
		}
	})
}

func key(name string, cose map[int64]any) bend {
	return bend{"key: " + name, func(a *answer) {
		b, err := webauthncbor.Marshal(cose)
		if err != nil {
			panic(err)
		}
		a.public = b
	}}
}

func zeros(n int) []byte { return make([]byte, n) }
