// Package pouch owns a file that a passphrase seals: Argon2id, XChaCha20-Poly1305,
// mode 0600, written whole or not at all, by one process at a time.
//
// It knows nothing of what is inside. That an older copy of the whole file was put back
// it does not notice.
package pouch

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"

	"sekisho/internal/secret"
)

// What can be wrong with a pouch.
var (
	ErrWrong   = errors.New("pouch: another passphrase seals it, or it was altered")
	ErrBusy    = errors.New("pouch: another process writes")
	ErrExposed = errors.New("pouch: others can read the file")
	ErrDamaged = errors.New("pouch: the file does not read")
	ErrThere   = errors.New("pouch: there is one already")
)

// Cost of a guess at the passphrase (RFC 9106 §4, second choice: 64 MiB, 3 passes).
type Cost struct {
	Memory uint32 `json:"memory_kib"`
	Passes uint32 `json:"passes"`
}

// Usual is what a guess costs; open is for what nothing guards.
var (
	Usual = Cost{64 << 10, 3}
	open  = Cost{8, 1}
)

const (
	version    = 1
	saltLen    = 16
	mostMemory = 1 << 20 // KiB; what a file may ask for
	mostPasses = 20
	mostFile   = 16 << 20
	patience   = 5 * time.Second // with another process
)

// envelope is the file. All but nonce and text is bound to the text.
type envelope struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Guarded bool   `json:"passphrase"` // false: sealed with none, on purpose
	KDF     string `json:"kdf"`
	Cost
	Salt  []byte `json:"salt"`
	Nonce []byte `json:"nonce,omitempty"`
	Text  []byte `json:"sealed,omitempty"`
}

func (e envelope) about() []byte {
	e.Nonce, e.Text = nil, nil
	b, err := json.Marshal(e)
	if err != nil {
		panic(err) // of plain fields only
	}
	return b
}

func newEnvelope(word secret.Text) envelope {
	e := envelope{Format: "tegata", Version: version, Guarded: word != "", KDF: "argon2id", Cost: Usual, Salt: make([]byte, saltLen)}
	if !e.Guarded {
		e.Cost = open
	}
	_, _ = rand.Read(e.Salt) // never fails: crypto/rand ends the program instead
	return e
}

func (e envelope) key(word secret.Text) []byte {
	return argon2.IDKey([]byte(word.Reveal()), e.Salt, e.Passes, e.Memory, 1, chacha20poly1305.KeySize)
}

func aead(key []byte) cipher.AEAD {
	a, err := chacha20poly1305.NewX(key)
	if err != nil {
		panic(err) // only for lengths that are not ours
	}
	return a
}

func (e envelope) seal(key, plain []byte) ([]byte, error) {
	e.Nonce = make([]byte, chacha20poly1305.NonceSizeX)
	_, _ = rand.Read(e.Nonce)
	e.Text = aead(key).Seal(nil, e.Nonce, plain, e.about())
	b, err := json.MarshalIndent(e, "", " ")
	return append(b, '\n'), err
}

func (e envelope) unseal(key []byte) ([]byte, error) {
	plain, err := aead(key).Open(nil, e.Nonce, e.Text, e.about())
	if err != nil {
		return nil, ErrWrong
	}
	return plain, nil
}

func parse(b []byte) (e envelope, err error) {
	if json.Unmarshal(b, &e) != nil || e.Format != "tegata" || e.Version != version || e.KDF != "argon2id" || len(e.Salt) != saltLen ||
		len(e.Nonce) != chacha20poly1305.NonceSizeX || e.Memory > mostMemory || e.Passes < 1 || e.Passes > mostPasses {
		return e, ErrDamaged
	}
	return e, nil
}

// Seal makes of plain what Unseal opens, for a file of its own.
func Seal(plain []byte, word secret.Text) ([]byte, error) {
	e := newEnvelope(word)
	return e.seal(e.key(word), plain)
}

// Sealed says whether the bytes are sealed, and whether with a passphrase.
func Sealed(b []byte) (sealed, guarded bool) {
	e, err := parse(b)
	return err == nil, e.Guarded
}

// Unseal opens what Seal made.
func Unseal(b []byte, word secret.Text) ([]byte, error) {
	e, err := parse(b)
	if err != nil {
		return nil, err
	}
	return e.unseal(e.key(word))
}

// Pouch is one file, opened.
type Pouch struct {
	path string
	head envelope // without nonce and text
	key  []byte
}

// Guarded says of a file whether a passphrase seals it. Its error is fs.ErrNotExist
// where there is none.
func Guarded(path string) (bool, error) {
	e, err := load(path)
	return e.Guarded, err
}

func load(path string) (envelope, error) {
	f, err := os.Open(path)
	if err != nil {
		return envelope{}, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return envelope{}, err
	case exposed(info):
		return envelope{}, ErrExposed
	case info.Size() > mostFile:
		return envelope{}, ErrDamaged
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(f); err != nil {
		return envelope{}, err
	}
	return parse(b.Bytes())
}

// Create makes a pouch with something in it. An empty passphrase guards nothing.
func Create(path string, word secret.Text, plain []byte) (*Pouch, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	done, err := hold(path)
	if err != nil {
		return nil, err
	}
	defer done()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil, ErrThere
	}
	e := newEnvelope(word)
	p := &Pouch{path, e, e.key(word)}
	return p, p.write(plain)
}

// Open opens one and gives what is inside.
func Open(path string, word secret.Text) (*Pouch, []byte, error) {
	e, err := load(path)
	if err != nil {
		return nil, nil, err
	}
	p := &Pouch{path: path, key: e.key(word)}
	plain, err := e.unseal(p.key)
	e.Nonce, e.Text = nil, nil
	p.head = e
	return p, plain, err
}

// Guarded says whether a passphrase seals it.
func (p *Pouch) Guarded() bool { return p.head.Guarded }

// Fits says whether it is the passphrase that seals it.
func (p *Pouch) Fits(word secret.Text) bool {
	return subtle.ConstantTimeCompare(p.head.key(word), p.key) == 1
}

// Change reads what is inside now, lets it be changed and writes it, while no other
// process does. An error of change leaves all as it was.
func (p *Pouch) Change(change func(plain []byte) ([]byte, error)) error {
	done, err := hold(p.path)
	if err != nil {
		return err
	}
	defer done()
	plain, err := p.read()
	if err != nil {
		return err
	}
	if plain, err = change(plain); err != nil {
		return err
	}
	return p.write(plain)
}

// Read reads what is inside now.
func (p *Pouch) Read() ([]byte, error) { return p.read() }

func (p *Pouch) read() ([]byte, error) {
	e, err := load(p.path)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(e.Salt, p.head.Salt) {
		return nil, ErrWrong // another passphrase was set meanwhile
	}
	return e.unseal(p.key)
}

// Reseal changes the passphrase.
func (p *Pouch) Reseal(word secret.Text) error {
	done, err := hold(p.path)
	if err != nil {
		return err
	}
	defer done()
	plain, err := p.read()
	if err != nil {
		return err
	}
	e := newEnvelope(word)
	next := &Pouch{p.path, e, e.key(word)}
	if err := next.write(plain); err != nil {
		return err
	}
	*p = *next
	return nil
}

func (p *Pouch) write(plain []byte) error {
	b, err := p.head.seal(p.key, plain)
	if err != nil {
		return err
	}
	return Write(p.path, b)
}

// Write puts a file in its place at once, readable by its owner alone; a cut in
// between leaves the one before.
func Write(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("write %s: %w", path, err)
	}
	return syncFolder(filepath.Dir(path))
}

// hold waits until no other process writes. The file that is locked stands beside: the
// pouch itself is replaced at every write.
func hold(path string) (done func(), err error) {
	f, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		taken, err := tryLock(f)
		if err == nil && taken {
			return func() { _ = f.Close() }, nil // which unlocks it
		}
		if err == nil && time.Now().After(end) {
			err = ErrBusy
		}
		if err != nil {
			_ = f.Close()
			return nil, err
		}
	}
}
