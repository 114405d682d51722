package slowhash

import (
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAHashRunsOnAThreadThatYieldsAndNobodyElseDoes(t *testing.T) {
	level := func() int {
		kernel, err := unix.Getpriority(unix.PRIO_PROCESS, unix.Gettid()) // 20 less the nice level
		if err != nil {
			t.Error(err)
		}
		return 20 - kernel
	}
	usual := level()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if got, want := apart(level), min(19, max(yielding, usual)); got != want {
				t.Errorf("level %d while hashing, want %d", got, want)
			}
			for range 100 {
				if got := level(); got != usual {
					t.Errorf("level %d afterwards, want %d", got, usual)
				}
			}
		})
	}
	all.Wait()
}

func TestAPanicWhileHashingIsTheCallers(t *testing.T) {
	defer func() {
		if got := recover(); got != "broken" {
			t.Errorf("got %v, want the panic of the hash", got)
		}
	}()
	apart(func() int { panic("broken") })
}
