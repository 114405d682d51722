package app

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"
)

// Tune sets what the Go runtime cannot know about this program, unless the
// operator has said otherwise in the environment.
//
// The heap may fill to roomyHeap before it is cleaned: what a small server keeps is
// so little that the collector would run dozens of times a second to save a few
// megabytes.
func Tune() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		(&heapRoom{percent: 100}).watch()
	}
}

// spare lends one thread more than there are cores while something runs that would
// keep a core to itself: a hash, or a writer that waits for the disk. Without it, a
// storm of sign-ins starves session checks, and commits wait for one another. It is not
// lent for good, because threads on one core take turns of some milliseconds, and the
// slowest requests of all pay for that.
type spare struct {
	cores  int // 0: nothing is lent
	last   atomic.Int64
	lent   atomic.Bool
	moving sync.Mutex
}

// lentFor is how long the thread stays after the last call for it.
const lentFor = 2 * time.Second

// newSpare leaves the operator's own setting alone.
func newSpare() *spare {
	if os.Getenv("GOMAXPROCS") != "" {
		return &spare{}
	}
	return &spare{cores: runtime.NumCPU()}
}

// lend is called as often as one likes.
func (s *spare) lend() {
	if s.cores == 0 {
		return
	}
	s.last.Store(time.Now().UnixNano())
	if s.lent.Load() {
		return
	}
	s.moving.Lock()
	defer s.moving.Unlock()
	if s.lent.Load() {
		return
	}
	runtime.GOMAXPROCS(s.cores + 1)
	s.lent.Store(true)
	time.AfterFunc(lentFor, s.back)
}

func (s *spare) back() {
	s.moving.Lock()
	defer s.moving.Unlock()
	if left := lentFor - time.Since(time.Unix(0, s.last.Load())); left > 0 {
		time.AfterFunc(left, s.back)
		return
	}
	runtime.GOMAXPROCS(s.cores)
	s.lent.Store(false)
}

// The collector starts again once the heap has grown by a third, by leastRoom, or up
// to roomyHeap, whichever is most. Where all of memory, with what lies idle between,
// comes near totalRoom above what is kept, or half of it, what is idle is given back;
// with less room than that the collector would not rest. In bytes.
const (
	roomyHeap = 48 << 20
	leastRoom = 16 << 20
	totalRoom = 38 << 20
)

// heapRoom keeps the collector's settings at that.
type heapRoom struct {
	percent int
	limit   int64 // of all memory, in bytes; 0: none was set
}

// sentinel is unreachable at once, so that its cleanup runs after the next collection.
type sentinel struct{ _ [24]byte }

func (h *heapRoom) watch() {
	runtime.AddCleanup(new(sentinel), func(h *heapRoom) {
		h.adjust()
		h.watch()
	}, h)
}

func (h *heapRoom) adjust() {
	// Stacks count as what is kept: thousands of held requests have more of them than heap.
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(live)
	kept := live[0].Value.Uint64() + live[1].Value.Uint64()
	if h.wants(kept) {
		debug.SetGCPercent(h.percent)
		debug.SetMemoryLimit(h.limit)
	}
}

// wants says whether the settings have to change for what is kept. Setting them stops
// the world for a moment: small differences are not worth it. Both are looked at: a
// limit that stays while more is kept would let the collector do nothing but run.
func (h *heapRoom) wants(kept uint64) bool {
	percent, limit := percentFor(kept), int64(kept+max(totalRoom, kept/2))
	if !apart(int64(percent), int64(h.percent)) && !apart(limit, h.limit) {
		return false
	}
	h.percent, h.limit = percent, limit
	return true
}

// apart says whether two differ by more than a tenth.
func apart(a, b int64) bool { d := a - b; return d*10 > b || -d*10 > b }

func percentFor(live uint64) int {
	room := max(leastRoom, live/3)
	if live < roomyHeap {
		room = max(room, roomyHeap-live)
	}
	return int(min(1000, room*100/max(1, live)))
}
