package web

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Hold is an answer that is held back until there is something to say. While it waits
// it is this, a request's head and a connection, and no goroutine: a stack and the
// buffers of net/http are five times as much, and thousands wait at once.
type Hold struct {
	Most time.Duration // how long it may wait; then it goes out as it stands
	// Woken has wake called once, when there may be something to say; leave takes that
	// back.
	Woken func(wake func()) (leave func())
	Look  func(context.Context) (Look, error)
}

// Look is what a held answer is at a moment.
type Look struct {
	Answer Response
	Due    bool          // it goes out
	Again  time.Duration // look again after that, though nobody wakes; zero: not before Most is over
}

// holding is a request that waits.
type holding struct {
	*Hold
	frame *Frame
	r     *Request
	route *Route
	began time.Time
	until time.Time
	ready chan struct{} // closed once out is known
	out   func(Response)
}

// hold answers a held request at once where there is something to say. Else it takes
// the connection out of the server's hands, answers on it when there is, and gives it
// back. True: nothing more is to be written here.
func (f *Frame) hold(ctx context.Context, w http.ResponseWriter, x *holding) (Response, bool) {
	x.until, x.ready = time.Now().Add(x.Most), make(chan struct{})
	if res, due := x.look(); due {
		return res, false
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil { // HTTP/2, or no connection of one's own
		answer := make(chan Response, 1)
		x.out = func(res Response) { answer <- res }
		close(x.ready)
		select {
		case res := <-answer:
			return res, false
		case <-ctx.Done():
			return f.failed(x.r, ctx.Err()), false
		}
	}
	f.holds.Add(1)
	h := x.r.HTTP // what reads the body, and the context, hold all of the connection's buffers
	x.r.HTTP = &http.Request{Method: h.Method, URL: h.URL, Proto: h.Proto, ProtoMajor: h.ProtoMajor, ProtoMinor: h.ProtoMinor, Header: h.Header, Host: h.Host, RemoteAddr: h.RemoteAddr, Body: http.NoBody}
	more := buffered.Reader.Buffered() > 0 // what came too early is lost with the buffer, and the connection with it
	x.out = func(res Response) { defer f.holds.Done(); x.send(conn, res, more) }
	close(x.ready)
	return Response{}, true
}

// look looks once. Where the answer is not due it looks again when it is woken, and
// answers then. It is on watch before it looks, so that nothing is missed.
func (x *holding) look() (Response, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), patience/4)
	defer cancel()
	var once sync.Once
	again := func() { once.Do(func() { go x.answer() }) }
	leave := x.Woken(again)
	var l Look
	res := x.frame.caught(x.r, x.route, func() (res Response, err error) {
		l, err = x.Look(ctx)
		l.Due = l.Due || err != nil
		return l.Answer, err
	})
	left := time.Until(x.until)
	if l.Due || res.Status >= 500 || left <= 0 {
		mine := false
		once.Do(func() { mine = true }) // else it was woken meanwhile, and looks again
		leave()
		return res, mine
	}
	if l.Again > 0 && l.Again < left {
		time.AfterFunc(l.Again, func() { leave(); again() })
		return res, false
	}
	time.AfterFunc(left, func() { // nobody woke it: it is as it was
		leave()
		once.Do(func() { <-x.ready; x.out(res) })
	})
	return res, false
}

func (x *holding) answer() {
	if res, due := x.look(); due {
		<-x.ready
		x.out(res)
	}
}

// late is an answer that is written after the server gave its connection away.
type late struct {
	head   http.Header
	status int
	body   bytes.Buffer
}

func (w *late) Header() http.Header         { return w.head }
func (w *late) WriteHeader(status int)      { w.status = status }
func (w *late) Write(b []byte) (int, error) { return w.body.Write(b) }

// lateWrite is how long a client may take to read a held answer.
const lateWrite = 10 * time.Second

func (x *holding) send(conn net.Conn, res Response, last bool) {
	w := &late{head: http.Header{}, status: http.StatusOK}
	sent := &sender{ResponseWriter: w, began: x.began}
	x.frame.write(context.Background(), sent, x.r, res)
	w.head.Set("Date", time.Now().UTC().Format(http.TimeFormat)) // RFC 9110 §6.6.1; the server would
	w.head.Del("Content-Length")                                 // the answer has its own
	back := x.frame.Return
	last = last || back == nil || x.r.HTTP.Header.Get("Connection") == "close" || !x.r.HTTP.ProtoAtLeast(1, 1)
	out := http.Response{StatusCode: w.status, ProtoMajor: 1, ProtoMinor: 1, Request: x.r.HTTP, Header: w.head, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Close: last}
	err := conn.SetWriteDeadline(time.Now().Add(lateWrite))
	if err == nil {
		err = out.Write(conn)
	}
	if err == nil && !last {
		err = conn.SetDeadline(time.Time{})
	}
	x.frame.line(x.r, x.route, res, sent)
	if err != nil || last || !back(conn) {
		_ = conn.Close() // or the client has
	}
}

// Drained waits until every held request was answered, or ctx ends. The hub that wakes
// them is closed before.
func (f *Frame) Drained(ctx context.Context) {
	done := make(chan struct{})
	go func() { f.holds.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
}
