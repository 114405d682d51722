package slowhash

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"sync"
	"testing"

	"golang.org/x/crypto/argon2"
)

// The reused memory must never show: whatever was reckoned in it before, and in
// whatever size, the next hash is x/crypto's.
func TestHashesInUsedMemoryAreTheSame(t *testing.T) {
	for i, c := range []Cost{{64, 1, 1}, {1024, 3, 2}, {64, 2, 4}, {8, 1, 1}, {1, 1, 1}, {100, 2, 3}, {2048, 2, 1}, DefaultCost, {64, 1, 1}} {
		for n := range uint32(3) {
			text, salt := fmt.Appendf(nil, "word %d", i), fmt.Appendf(nil, "sixteen bytes %02d", n)
			got, want := argon2id(c, text, salt, 32+n), argon2.IDKey(text, salt, c.Passes, c.MemoryKiB, c.Threads, 32+n)
			if !bytes.Equal(got, want) {
				t.Errorf("%+v: got %x, want %x", c, got, want)
			}
		}
	}
	if !reckoned() {
		t.Error("the self-check does not hold")
	}
}

// An independent vector: the reference implementation's, as x/crypto's own tests quote it.
func TestHashIsArgon2id(t *testing.T) {
	got := hex.EncodeToString(argon2id(Cost{MemoryKiB: 64, Passes: 1, Threads: 1}, []byte("password"), []byte("somesalt"), 24))
	if want := "655ad15eac652dc59f7170a7332bf49b8469be1fdb9c28bb"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestHashesSideBySideDoNotShareMemory(t *testing.T) {
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 20 {
				text, salt := fmt.Appendf(nil, "word %d", i), fmt.Appendf(nil, "sixteen bytes %02d", n)
				if got, want := argon2id(Cost{256, 1, 1}, text, salt, 32), argon2.IDKey(text, salt, 1, 256, 1, 32); !bytes.Equal(got, want) {
					t.Errorf("got %x, want %x", got, want)
				}
			}
		})
	}
	all.Wait()
}

func TestMemoryIsClearedAfterAHashAndLetGo(t *testing.T) {
	argonMemory.drop()
	argon2id(Cost{64, 1, 1}, []byte("a word"), []byte("some salt, 16 by"), 32)
	if got, want := len(argonMemory.free), 1; got != want {
		t.Fatalf("kept %d, want %d", got, want)
	}
	for _, b := range argonMemory.free[0] {
		if b != (argonBlock{}) {
			t.Fatal("something of a password stayed in memory")
		}
	}
	argonMemory.drop()
	if argonMemory.free != nil {
		t.Error("memory is kept though nobody came")
	}
}

func BenchmarkHash(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		argon2id(DefaultCost, []byte("a word"), []byte("some salt, 16 by"), 32)
	}
}
