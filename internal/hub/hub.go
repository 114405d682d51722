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
	waiting map[string][]chan struct{}
}

// Wait gives a channel that is closed at the next Wake of a key. Who stops waiting
// calls done.
func (h *Hub) Wait(key string) (woken <-chan struct{}, done func()) {
	ch := make(chan struct{})
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.waiting == nil {
		h.waiting = map[string][]chan struct{}{}
	}
	h.waiting[key] = append(h.waiting[key], ch)
	return ch, func() { h.leave(key, ch) }
}

func (h *Hub) leave(key string, ch chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	left := slices.DeleteFunc(h.waiting[key], func(x chan struct{}) bool { return x == ch })
	if h.waiting[key] = left; len(left) == 0 {
		delete(h.waiting, key)
	}
}

// Wake wakes all who wait for a key.
func (h *Hub) Wake(key string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, ch := range h.waiting[key] {
		close(ch)
	}
	delete(h.waiting, key)
}

// Any says whether anybody waits.
func (h *Hub) Any() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.waiting) > 0
}
