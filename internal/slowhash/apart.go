package slowhash

import "runtime"

// yielding is how far below everybody else's a hash's thread stands where the core is
// wanted (nice(2)): it takes about a tenth of it then, and all of it otherwise.
const yielding = 10

// apart runs f on a thread that yields to all others, and gives what f gives. The
// thread ends with it: what was lowered cannot be raised again without a privilege.
// A panic of f is the caller's.
func apart[T any](f func() T) T {
	var out T
	var broke any
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { broke = recover() }()
		runtime.LockOSThread() // and never unlocked, which ends the thread
		yield(yielding)
		out = f()
	}()
	<-done
	if broke != nil {
		panic(broke)
	}
	return out
}
