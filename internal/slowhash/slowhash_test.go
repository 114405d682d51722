package slowhash

import (
	"context"
	"errors"
	"sync"
	"testing"

	"sekisho/internal/secret"
)

var cheap = Cost{MemoryKiB: 8, Passes: 1, Threads: 1}

func TestASetIsMatchedAtTheCostOfOne(t *testing.T) {
	h := NewHasher(cheap, 1, 0)
	set, err := h.HashSet(t.Context(), "one", "two", "three")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[secret.Text]int{"one": 0, "three": 2, "four": -1, "": -1} {
		if got, err := h.Match(t.Context(), text, set...); got != want || err != nil {
			t.Errorf("%s: got %d (%v), want %d", text.Reveal(), got, err, want)
		}
	}
	if got, err := h.Match(t.Context(), "one"); got != -1 || err != nil {
		t.Errorf("no hashes: got %d (%v), want -1", got, err)
	}
	other, _ := h.Hash(t.Context(), "two")
	if got, _ := h.Match(t.Context(), "two", set[0], other); got != 1 {
		t.Errorf("another salt: got %d, want 1", got)
	}
}

func TestAnotherCostAsksForAnotherHash(t *testing.T) {
	h := NewHasher(cheap, 1, 0)
	phc, _ := h.Hash(t.Context(), "correct horse battery")
	dearer := NewHasher(Cost{MemoryKiB: 16, Passes: 1, Threads: 1}, 1, 0)
	if h.NeedsRehash(phc) || !dearer.NeedsRehash(phc) {
		t.Errorf("got %v and %v, want false and true", h.NeedsRehash(phc), dearer.NeedsRehash(phc))
	}
	if ok, err := dearer.Verify(t.Context(), "correct horse battery", phc); !ok || err != nil {
		t.Errorf("an older hash: got %v (%v), want true", ok, err)
	}
}

func TestACrowdIsTurnedAwayNotLetPileUp(t *testing.T) {
	h := NewHasher(DefaultCost, 1, 2)
	var busy, done int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			_, err := h.Verify(context.Background(), "x", "")
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, ErrBusy) {
				busy++
			} else if err == nil {
				done++
			}
		})
	}
	wg.Wait()
	if busy == 0 || done == 0 || busy+done != 30 {
		t.Errorf("got %d busy and %d done of 30, want some of each", busy, done)
	}
}

func FuzzParsePHC(f *testing.F) {
	f.Add(cheap.phc(make([]byte, 16), make([]byte, 32)))
	f.Add("$argon2id$v=19$m=8,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, s string) {
		if c, _, key, err := parsePHC(s); err == nil && (c.Passes < 1 || c.Threads < 1 || len(key) < 16) {
			t.Errorf("%q was read as %+v", s, c)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	h := NewHasher(DefaultCost, 0, 0)
	for b.Loop() {
		_, _ = h.Verify(b.Context(), "x", "")
	}
}
