package slowhash

import "golang.org/x/sys/unix"

// yield lowers the calling thread. Where that is not allowed, hashes take their
// turn like everybody.
func yield(by int) { _ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), by) }
