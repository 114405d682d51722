package web

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestPatienceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &patient{Context: t.Context(), until: time.Now().Add(patience)}
		child, stop := context.WithCancel(p)
		defer stop()
		bare := &patient{Context: t.Context(), until: time.Now().Add(patience)}
		if err := errors.Join(p.Err(), bare.Err(), child.Err()); err != nil {
			t.Fatalf("at first: %v", err)
		}
		time.Sleep(patience + time.Millisecond)
		synctest.Wait()
		for name, c := range map[string]context.Context{"waited for": p, "not waited for": bare, "made of it": child} {
			if got, want := c.Err(), context.DeadlineExceeded; !errors.Is(got, want) {
				t.Errorf("%s: got %v, want %v", name, got, want)
			}
		}
	})
}

func TestPatienceEndsWithTheRequestAndItsClient(t *testing.T) {
	gone, leave := context.WithCancel(t.Context())
	p := &patient{Context: gone, until: time.Now().Add(patience)}
	child, stop := context.WithCancel(p)
	defer stop()
	leave()
	<-child.Done()
	if got, want := p.Err(), context.Canceled; !errors.Is(got, want) {
		t.Errorf("client went away: got %v, want %v", got, want)
	}
	q := &patient{Context: t.Context(), until: time.Now().Add(patience)}
	q.over()
	if got, want := q.Err(), context.Canceled; !errors.Is(got, want) {
		t.Errorf("answered: got %v, want %v", got, want)
	}
	<-q.Done()
}
