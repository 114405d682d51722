package app

import (
	"errors"
	"net"
	"sync"
)

// revolving is a listener that also takes in connections which were taken out of the
// server's hands, once they are free for another request.
type revolving struct {
	net.Listener
	in    chan arrival
	over  chan struct{} // closed at the end
	begin sync.Once
	end   sync.Once
}

type arrival struct {
	conn net.Conn
	err  error
}

func revolve(l net.Listener) *revolving {
	return &revolving{Listener: l, in: make(chan arrival), over: make(chan struct{})}
}

// Accept waits for the next connection, new or given back.
func (l *revolving) Accept() (net.Conn, error) {
	l.begin.Do(func() { go l.pump() })
	select {
	case a := <-l.in:
		return a.conn, a.err
	case <-l.over:
		return nil, net.ErrClosed
	}
}

// pump takes in new ones. An error that may pass is the server's to judge.
func (l *revolving) pump() {
	for {
		c, err := l.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			l.stop()
			return
		}
		if !l.take(arrival{c, err}) && c != nil {
			_ = c.Close()
		}
	}
}

func (l *revolving) stop() { l.end.Do(func() { close(l.over) }) }

func (l *revolving) take(a arrival) bool {
	select {
	case <-l.over:
		return false
	default:
	}
	select {
	case l.in <- a:
		return true
	case <-l.over:
		return false
	}
}

// back takes a connection in; false when the server ends.
func (l *revolving) back(c net.Conn) bool { return l.take(arrival{conn: c}) }

// Close ends it.
func (l *revolving) Close() error {
	err := l.Listener.Close()
	l.stop()
	return err
}
