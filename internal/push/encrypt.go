package push

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
)

// Longest is how many bytes a message carries (RFC 8291 §4): a push service need not
// take a body of more than 4096, of which 86 are the header, 16 the tag and one ends
// the payload.
const Longest = 3993

// usual is to what payloads are padded, so that lengths tell nothing; only those that
// are longer go to Longest. A body of 4096 bytes never reaches Firefox on Android,
// whose service wraps it for another: https://github.com/web-push-libs/web-push-php/issues/108
const usual = 2048

// ErrTooLong is a payload of more bytes than Longest.
var ErrTooLong = errors.New("push: the payload has more than 3993 bytes")

// encrypt makes the body of a message, a single record of aes128gcm (RFC 8291 §4).
// Bodies have one of two lengths: for payloads up to 2048 bytes, and for longer ones.
func (to target) encrypt(payload []byte) ([]byte, error) {
	size := usual
	switch {
	case len(payload) > Longest:
		return nil, ErrTooLong
	case len(payload) > usual:
		size = Longest
	}
	own, err := ecdh.P256().GenerateKey(rand.Reader) // once for each message: RFC 8291 §3.1
	if err != nil {
		return nil, err
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt)
	record := make([]byte, size+1)
	record[copy(record, payload)] = last
	return to.seal(record, salt, own)
}

const (
	last       = 2 // ends the payload of the last record; zeros follow (RFC 8188 §2)
	recordSize = 4096
)

// seal encrypts one record, with its delimiter and padding.
func (to target) seal(record, salt []byte, own *ecdh.PrivateKey) ([]byte, error) {
	shared, err := own.ECDH(to.key)
	if err != nil {
		return nil, err
	}
	public := own.PublicKey().Bytes()
	// RFC 8291 §3.4, then RFC 8188 §2.2 and §2.3.
	ikm, err := hkdf.Key(sha256.New, shared, to.auth, "WebPush: info\x00"+string(to.key.Bytes())+string(public), 32)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	// RFC 8188 §2.1: salt, record size, length of the key and the key.
	head := binary.BigEndian.AppendUint32(append([]byte{}, salt...), recordSize)
	head = append(append(head, byte(len(public))), public...)
	return aead.Seal(head, nonce, record, nil), nil
}
