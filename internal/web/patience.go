package web

import (
	"context"
	"sync"
	"time"
)

// patience is how long one request may take in all.
const patience = 20 * time.Second

// patient is a context that ends when patience does. Most requests are answered
// without anybody waiting for its end: the timer is made only for who does.
type patient struct {
	context.Context
	until time.Time

	mu    sync.Mutex
	timed context.Context // nil: nobody waits yet
	stop  context.CancelFunc
}

// Deadline is when patience ends.
func (p *patient) Deadline() (time.Time, bool) {
	if d, ok := p.Context.Deadline(); ok && d.Before(p.until) {
		return d, true
	}
	return p.until, true
}

func (p *patient) made() context.Context {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.timed
}

// Done is closed when patience ends, or the client goes away.
func (p *patient) Done() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timed == nil {
		p.timed, p.stop = context.WithDeadline(p.Context, p.until)
	}
	return p.timed.Done()
}

// Err says why it ended.
func (p *patient) Err() error {
	if t := p.made(); t != nil {
		return t.Err()
	}
	if err := p.Context.Err(); err != nil {
		return err
	}
	if !time.Now().Before(p.until) {
		return context.DeadlineExceeded
	}
	return nil
}

// Value finds what the request carries. Once the timer is there it is asked, so
// that contexts made of this one end with it without a goroutine each.
func (p *patient) Value(key any) any {
	if t := p.made(); t != nil {
		return t.Value(key)
	}
	return p.Context.Value(key)
}

// over ends it with the request.
func (p *patient) over() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timed == nil {
		p.timed, p.stop = context.WithCancel(p.Context)
	}
	p.stop()
}
