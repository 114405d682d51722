package slowhash

import (
	"encoding/binary"
	"sync"
	"time"
	_ "unsafe" // for go:linkname

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/blake2b"
)

// argon2.IDKey makes new memory for every hash, 19 MiB at the default cost. With 40
// hashes a second the collector then runs without end: a crowd at the door grew the
// process to 200 MB and held everybody else's request up for 30 ms. Here the memory
// is used again. The steps themselves are x/crypto's own, borrowed by their names:
// if they go, this does not link; if they change, the tests and reckoned find out.
// One lane after another is filled on the caller's thread, so that apart can lower
// what the whole hash takes of a core.

const argonSync = 4 // RFC 9106 §3.4: slices of a lane

type argonBlock [128]uint64

//go:linkname argonInit golang.org/x/crypto/argon2.initHash
func argonInit(password, salt, key, data []byte, time, memory, threads, keyLen uint32, mode int) [blake2b.Size + 8]byte

//go:linkname argonHash golang.org/x/crypto/argon2.blake2bHash
func argonHash(out, in []byte)

//go:noescape
//go:linkname argonMix golang.org/x/crypto/argon2.processBlock
func argonMix(out, in1, in2 *argonBlock)

//go:noescape
//go:linkname argonMixInto golang.org/x/crypto/argon2.processBlockXOR
func argonMixInto(out, in1, in2 *argonBlock)

//go:linkname argonIndex golang.org/x/crypto/argon2.indexAlpha
func argonIndex(rand uint64, lanes, segments, threads, n, slice, lane, index uint32) uint32

//go:linkname argonExtract golang.org/x/crypto/argon2.extractKey
func argonExtract(blocks []argonBlock, memory, threads, keyLen uint32) []byte

const argonID = 2 // RFC 9106 §3.2: the type y of Argon2id

// scratch keeps cleared memory between hashes, no more than once hashed at a time, and
// lets it go when nobody came for a while. A sync.Pool would keep it twice over.
type scratch struct {
	mu   sync.Mutex
	free [][]argonBlock
	idle *time.Timer
}

const scratchIdle = 30 * time.Second

// take gives at least n blocks of zeroes.
func (s *scratch) take(n uint32) []argonBlock {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := len(s.free) - 1; last >= 0 {
		b := s.free[last]
		s.free[last], s.free = nil, s.free[:last]
		if len(b) >= int(n) {
			return b
		}
	}
	return make([]argonBlock, n)
}

func (s *scratch) put(b []argonBlock) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, b)
	if s.idle == nil {
		s.idle = time.AfterFunc(scratchIdle, s.drop)
	} else {
		s.idle.Reset(scratchIdle)
	}
}

func (s *scratch) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = nil
}

var argonMemory scratch

// reckoned says whether the borrowed steps still make what x/crypto makes.
var reckoned = sync.OnceValue(func() bool {
	c := Cost{MemoryKiB: 64, Passes: 2, Threads: 2}
	text, salt := []byte("a word"), []byte("some salt, 16 by")
	return string(argon2id(c, text, salt, keyLen)) == string(argon2.IDKey(text, salt, c.Passes, c.MemoryKiB, c.Threads, keyLen))
})

// argon2id is argon2.IDKey (RFC 9106 §3.2) in memory that is used again.
func argon2id(c Cost, text, salt []byte, n uint32) []byte {
	threads := uint32(c.Threads)
	h0 := argonInit(text, salt, nil, nil, c.Passes, c.MemoryKiB, threads, n, argonID)
	memory := max(c.MemoryKiB/(argonSync*threads), 2) * argonSync * threads
	kept := argonMemory.take(memory)
	blocks := kept[:memory]
	var first [1024]byte
	for lane := range threads { // step 3 and 4: the first two blocks of each lane
		binary.LittleEndian.PutUint32(h0[blake2b.Size+4:], lane)
		for i := range uint32(2) {
			binary.LittleEndian.PutUint32(h0[blake2b.Size:], i)
			argonHash(first[:], h0[:])
			at := &blocks[lane*(memory/threads)+i]
			for k := range at {
				at[k] = binary.LittleEndian.Uint64(first[k*8:])
			}
		}
	}
	argonFill(blocks, c.Passes, memory, threads)
	key := argonExtract(blocks, memory, threads, n)
	clear(blocks) // nothing of a password stays, and the first pass needs zeroes
	argonMemory.put(kept)
	return key
}

// argonFill fills memory, one lane after another (RFC 9106 §3.2 to 3.4).
func argonFill(blocks []argonBlock, passes, memory, threads uint32) {
	length := memory / threads
	segment := length / argonSync
	for pass := range passes {
		for slice := range uint32(argonSync) {
			for lane := range threads {
				argonSegment(blocks, argonPlace{passes, memory, threads, length, segment, pass, slice, lane})
			}
		}
	}
}

// argonPlace says which segment of which lane is filled; lengths in blocks.
type argonPlace struct{ passes, memory, threads, length, segment, pass, slice, lane uint32 }

func argonSegment(blocks []argonBlock, p argonPlace) {
	var addresses, in, zero argonBlock
	blind := p.pass == 0 && p.slice < argonSync/2 // addresses that no password decides
	if blind {
		in = argonBlock{uint64(p.pass), uint64(p.lane), uint64(p.slice), uint64(p.memory), uint64(p.passes), argonID}
	}
	more := func() {
		in[6]++
		argonMix(&addresses, &in, &zero)
		argonMix(&addresses, &addresses, &zero)
	}
	from := uint32(0)
	if p.pass == 0 && p.slice == 0 {
		from = 2
		more()
	}
	for i := from; i < p.segment; i++ {
		at := p.lane*p.length + p.slice*p.segment + i
		before := at - 1
		if i == 0 && p.slice == 0 {
			before += p.length
		}
		random := blocks[before][0]
		if blind {
			if i%uint32(len(addresses)) == 0 {
				more()
			}
			random = addresses[i%uint32(len(addresses))]
		}
		other := argonIndex(random, p.length, p.segment, p.threads, p.pass, p.slice, p.lane, i)
		argonMixInto(&blocks[at], &blocks[before], &blocks[other])
	}
}
