package oidc

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"sekisho/internal/client"
	"sekisho/internal/ref"
)

// subject is how an app knows an account: the account's own name, or one that no
// two sectors share (Core §8.1).
func (d *Door) subject(c client.Client, a ref.Account) string {
	if !c.Pairwise {
		return string(a)
	}
	return base64.RawURLEncoding.EncodeToString(keyed(d.Salt, c.Sector+"\x00"+string(a)))
}

func keyed(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// sid is how an app knows a session. Where subjects are pairwise the sessions' names
// are too: two apps that compared them would know that their subjects are one person.
// It is the name sealed for the sector, with a nonce made of the name itself, so that
// it stays the same (Back-Channel Logout §2.1) and a hint leads back to the session.
func (d *Door) sid(c client.Client, s ref.Session) string {
	if !c.Pairwise {
		return string(s)
	}
	seal, key := d.sector(c)
	nonce := keyed(key, string(s))[:seal.NonceSize()]
	return base64.RawURLEncoding.EncodeToString(seal.Seal(nonce, nonce, []byte(s), nil))
}

// openSID reads a session's name out of an app's; empty when it is none of ours.
func (d *Door) openSID(c client.Client, sid string) ref.Session {
	if !c.Pairwise {
		return ref.Session(sid)
	}
	seal, _ := d.sector(c)
	raw, err := base64.RawURLEncoding.DecodeString(sid)
	if err != nil || len(raw) < seal.NonceSize() {
		return ""
	}
	plain, err := seal.Open(nil, raw[:seal.NonceSize()], raw[seal.NonceSize():], nil)
	if err != nil {
		return ""
	}
	return ref.Session(plain)
}

// sector is the cipher of one sector. Its key hangs on the salt, which never
// changes: neither may what an app has kept.
func (d *Door) sector(c client.Client) (cipher.AEAD, []byte) {
	key := keyed(d.Salt, "sid\x00"+c.Sector)
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // only for lengths that are not ours
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return seal, key
}
