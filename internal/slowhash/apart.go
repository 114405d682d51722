package slowhash

import (
	"runtime"
	"sync"
)

// yielding is how far below everybody else's a hash's thread stands where the core is
// wanted (nice(2)): it takes about a tenth of it then, and all of it otherwise.
const yielding = 10

// lowered are threads that wait for the next hash, as many as there ever were hashes at
// once. They are kept: what was lowered cannot be raised again without a privilege, and
// a process that was started from a thread may be told when that thread ends.
var lowered struct {
	mu   sync.Mutex
	idle []chan func()
}

// apart runs f on a thread that yields to all others, and gives what f gives. A panic
// of f is the caller's.
func apart[T any](f func() T) T {
	var out T
	var broke any
	done := make(chan struct{})
	thread := takeThread()
	thread <- func() {
		defer close(done)
		defer func() { broke = recover() }()
		out = f()
	}
	<-done
	lowered.mu.Lock()
	lowered.idle = append(lowered.idle, thread)
	lowered.mu.Unlock()
	if broke != nil {
		panic(broke)
	}
	return out
}

func takeThread() chan func() {
	lowered.mu.Lock()
	defer lowered.mu.Unlock()
	if last := len(lowered.idle) - 1; last >= 0 {
		thread := lowered.idle[last]
		lowered.idle = lowered.idle[:last]
		return thread
	}
	thread := make(chan func())
	go func() {
		runtime.LockOSThread()
		yield(yielding)
		for f := range thread {
			f()
		}
	}()
	return thread
}
