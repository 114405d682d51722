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

func TestNobodyWaitsWhereTheNodeEnds(t *testing.T) {
	var h Hub
	before, _ := h.Wait("a")
	called := 0
	h.Then("b", func() { called++ })
	h.Close()
	<-before
	after, done := h.Wait("a")
	<-after
	done()
	h.Wake("b")
	if called != 1 || h.Any() || !h.Closed() {
		t.Errorf("called %d times, somebody waits: %v, closed: %v", called, h.Any(), h.Closed())
	}
}
