// Package slowhash reckons Argon2id hashes of what people choose or copy by hand,
// a few at a time, so that a crowd at the door takes neither gigabytes nor the
// time of everybody else.
//
// It knows no account and keeps nothing. What we make ourselves at random is not
// hashed here but with SHA-256 (secret.Hash).
package slowhash

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"sekisho/internal/secret"
)

// Cost is the work of Argon2id (RFC 9106).
type Cost struct {
	MemoryKiB uint32
	Passes    uint32
	Threads   uint8
}

// DefaultCost is OWASP's floor.
var DefaultCost = Cost{MemoryKiB: 19 * 1024, Passes: 2, Threads: 1}

// ErrBusy says that too many are waiting for a hash; nothing was reckoned.
var ErrBusy = errors.New("slowhash: too many are waiting")

// Hasher reckons hashes, a few at a time: without a bound, a crowd at the door
// would take gigabytes and starve everything else.
type Hasher struct {
	Begin func() // called before each hash; nil: nothing

	cost    Cost
	workers chan struct{}
	queue   chan struct{}
	dummy   string
}

// patience is how many may wait for each worker, some seconds' worth: on the
// morning when everybody comes at once they wait, and are not sent away.
const patience = 256

// NewHasher makes a hasher. workers 0 means one a core; queue 0 means as many for
// each worker as will wait.
func NewHasher(cost Cost, workers, queue int) *Hasher {
	if workers <= 0 {
		workers = runtime.NumCPU()
	}
	if queue <= 0 {
		queue = patience * workers
	}
	h := &Hasher{cost: cost, workers: make(chan struct{}, workers), queue: make(chan struct{}, workers+queue)}
	var key [keyLen]byte
	_, _ = rand.Read(key[:])
	h.dummy = cost.phc(key[:saltLen], key[:])
	return h
}

const (
	saltLen = 16
	keyLen  = 32
)

func (h *Hasher) turn(ctx context.Context) (leave func(), err error) {
	select {
	case h.queue <- struct{}{}:
	default:
		return nil, ErrBusy
	}
	select {
	case h.workers <- struct{}{}:
		if h.Begin != nil {
			h.Begin()
		}
		return func() { <-h.workers; <-h.queue }, nil
	case <-ctx.Done():
		<-h.queue
		return nil, ctx.Err()
	}
}

// Hash reckons the hash of one text as a PHC string.
func (h *Hasher) Hash(ctx context.Context, text secret.Text) (string, error) {
	all, err := h.HashSet(ctx, text)
	if err != nil {
		return "", err
	}
	return all[0], nil
}

// HashSet reckons the hashes of texts that are checked as one set: they share a
// salt, so that Match reckons once for all of them.
func (h *Hasher) HashSet(ctx context.Context, texts ...secret.Text) ([]string, error) {
	leave, err := h.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	var salt [saltLen]byte
	_, _ = rand.Read(salt[:])
	out := make([]string, 0, len(texts))
	for _, t := range texts {
		out = append(out, h.cost.phc(salt[:], h.cost.key(t, salt[:], keyLen)))
	}
	return out, nil
}

// Verify says whether text is what a hash was made of. An empty hash is never
// right and costs the same.
func (h *Hasher) Verify(ctx context.Context, text secret.Text, phc string) (bool, error) {
	i, err := h.Match(ctx, text, phc)
	return i >= 0, err
}

// Match says which of several hashes text was made of; -1: none. Hashes of one
// set cost as much as one; no hash at all costs the same.
func (h *Hasher) Match(ctx context.Context, text secret.Text, phcs ...string) (int, error) {
	leave, err := h.turn(ctx)
	if err != nil {
		return -1, err
	}
	defer leave()
	known := len(phcs) > 0 && phcs[0] != ""
	if !known {
		phcs = []string{h.dummy}
	}
	if strings.HasPrefix(phcs[0], "$2") {
		// bcrypt stands only where an account was brought from elsewhere.
		if apart(func() error { return bcrypt.CompareHashAndPassword([]byte(phcs[0]), []byte(text.Reveal())) }) != nil {
			return -1, nil
		}
		return 0, nil
	}
	found, last, got := -1, "", []byte(nil)
	for i, phc := range phcs {
		cost, salt, want, err := parsePHC(phc)
		if err != nil {
			return -1, err
		}
		if head := phc[:strings.LastIndexByte(phc, '$')]; head != last {
			got, last = cost.key(text, salt, uint32(len(want))), head
		}
		if secret.Equal(string(got), string(want)) && known && text != "" {
			found = i
		}
	}
	return found, nil
}

// NeedsRehash says whether a hash was reckoned at another cost than today's.
func (h *Hasher) NeedsRehash(phc string) bool {
	cost, _, _, err := parsePHC(phc)
	return phc != "" && (err != nil || cost != h.cost)
}

func (c Cost) key(t secret.Text, salt []byte, n uint32) []byte {
	if !reckoned() {
		return argon2.IDKey([]byte(t.Reveal()), salt, c.Passes, c.MemoryKiB, c.Threads, n)
	}
	return apart(func() []byte { return argon2id(c, []byte(t.Reveal()), salt, n) })
}

var b64 = base64.RawStdEncoding

func (c Cost) phc(salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.MemoryKiB, c.Passes, c.Threads, b64.EncodeToString(salt), b64.EncodeToString(key))
}

var errPHC = errors.New("slowhash: the stored hash does not read")

func parsePHC(s string) (c Cost, salt, key []byte, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, errPHC
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.MemoryKiB, &c.Passes, &c.Threads); err != nil {
		return c, nil, nil, errPHC
	}
	salt, err1 := b64.DecodeString(parts[4])
	key, err2 := b64.DecodeString(parts[5])
	// Bounds keep a hash written by somebody else from costing without end.
	if err1 != nil || err2 != nil || len(salt) < 8 || len(key) < 16 || len(key) > 64 || c.MemoryKiB > 4<<20 || c.Passes < 1 || c.Passes > 100 || c.Threads < 1 {
		return c, nil, nil, errPHC
	}
	return c, salt, key, nil
}
