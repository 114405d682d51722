package hub

import (
	"sync"
	"testing"
)

func TestAWakeReachesAllWhoWaitForTheKeyAndNobodyElse(t *testing.T) {
	var h Hub
	a, doneA := h.Wait("a")
	b, doneB := h.Wait("b")
	again, _ := h.Wait("a")
	h.Wake("a")
	<-a
	<-again
	select {
	case <-b:
		t.Error("b was woken for a")
	default:
	}
	doneA() // after it was woken, it changes nothing
	doneB()
	if h.Any() {
		t.Error("somebody still waits")
	}
}

func TestWaitingAndWakingInParallel(t *testing.T) {
	var h Hub
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			for range 200 {
				ch, done := h.Wait("k")
				h.Wake("k")
				<-ch
				done()
			}
		})
	}
	wg.Wait()
	if h.Any() {
		t.Error("somebody still waits")
	}
}
