package app

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

func TestAThreadIsLentWhileThereIsNeedAndComesBack(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	synctest.Test(t, func(t *testing.T) {
		s := &spare{cores: before}
		procs := func(when string, want int) {
			t.Helper()
			synctest.Wait()
			if got := runtime.GOMAXPROCS(0); got != want {
				t.Errorf("%s: got %d threads, want %d", when, got, want)
			}
		}
		s.lend()
		procs("while it is needed", before+1)
		time.Sleep(lentFor - time.Millisecond)
		s.lend()
		time.Sleep(lentFor - time.Millisecond)
		procs("called for again", before+1)
		time.Sleep(2 * time.Millisecond)
		procs("no need any more", before)
		s.lend()
		procs("lent once more", before+1)
		time.Sleep(2 * lentFor)
		procs("at the end", before)
	})
}

func TestHeapMayGrowToARoomySizeOrByAThird(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{
		{0, 1000}, {1 << 20, 1000}, {8 << 20, 500}, {16 << 20, 200}, {24 << 20, 100}, {48 << 20, 33}, {500 << 20, 33},
	} {
		if got := percentFor(c.live); got != c.want {
			t.Errorf("percentFor(%d MiB) = %d, want %d", c.live>>20, got, c.want)
		}
	}
}

// What is kept grows past a roomy heap, where the share of it stays the same: the
// limit has to grow with it, or the collector never rests.
func TestTheLimitGrowsWithWhatIsKept(t *testing.T) {
	h := &heapRoom{percent: 100}
	for kept := uint64(8 << 20); kept < 400<<20; kept += 1 << 20 {
		h.wants(kept)
		if room := h.limit - int64(kept); room < totalRoom/2 || room < int64(kept)/3 {
			t.Fatalf("with %d MiB kept the limit is %d MiB", kept>>20, h.limit>>20)
		}
	}
	if h.wants(399 << 20) {
		t.Error("it is set again for nothing")
	}
}
