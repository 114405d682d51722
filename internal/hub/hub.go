// Package hub lets a request wait until something it waits for has changed.
//
// It carries no news, only that there is some: who is woken looks for itself. What
// happens on another node is woken by whoever watches the database for it.
package hub

import (
	"slices"
	"sync"
)

// Hub wakes those who wait on one node. The zero Hub is ready for use.
type Hub struct {
	mu      sync.Mutex
	waiting map[string][]*waiter
	closed  bool
}

// closed is what who waits gets once the node ends.
var closed = func() chan struct{} { ch := make(chan struct{}); close(ch); return ch }()

type waiter struct{ woken func() }

// Then has woken called at the next Wake of a key, once; it is quick and calls nothing
// of the hub. Who stops waiting calls done. Once the node ends nobody is woken: who
// looks afterwards asks Closed.
func (h *Hub) Then(key string, woken func()) (done func()) {
	w := &waiter{woken}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return func() {}
	}
	if h.waiting == nil {
		h.waiting = map[string][]*waiter{}
	}
	h.waiting[key] = append(h.waiting[key], w)
	return func() { h.leave(key, w) }
}

// Wait gives a channel that is closed at the next Wake of a key. Who stops waiting
// calls done.
func (h *Hub) Wait(key string) (woken <-chan struct{}, done func()) {
	ch := make(chan struct{})
	done = h.Then(key, func() { close(ch) })
	if h.Closed() {
		return closed, func() {}
	}
	return ch, done
}

func (h *Hub) leave(key string, w *waiter) {
	h.mu.Lock()
	defer h.mu.Unlock()
	left := slices.DeleteFunc(h.waiting[key], func(x *waiter) bool { return x == w })
	if h.waiting[key] = left; len(left) == 0 {
		delete(h.waiting, key)
	}
}

// Wake wakes all who wait for a key.
func (h *Hub) Wake(key string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wake(key)
}

func (h *Hub) wake(key string) {
	for _, w := range h.waiting[key] {
		w.woken()
	}
	delete(h.waiting, key)
}

// Any says whether anybody waits.
func (h *Hub) Any() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.waiting) > 0
}

// Close wakes all, now and from now on, because the node ends: who is woken answers
// with what there is.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for key := range h.waiting {
		h.wake(key)
	}
}

// Closed says whether the node ends.
func (h *Hub) Closed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed
}
