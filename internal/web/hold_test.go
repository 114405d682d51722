package web

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/hub"
)

// held serves one route whose answer is held until said is set and "k" woken.
type heldServer struct {
	hub   hub.Hub
	said  atomic.Value
	looks atomic.Int64
	frame *Frame
	*httptest.Server
}

func holdFor(t *testing.T, most time.Duration) *heldServer {
	t.Helper()
	s := &heldServer{frame: &Frame{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Clock: time.Now, Zone: time.UTC, URL: &url.URL{Scheme: "http", Host: "sekisho.test"}, origin: http.NewCrossOriginProtection()}}
	s.said.Store("")
	route := &Route{Method: "GET", Path: "/held", Guard: Anyone, Face: API, Handle: func(context.Context, *Request) (Response, error) {
		return Response{Hold: &Hold{Most: most, Woken: func(wake func()) func() { return s.hub.Then("k", wake) },
			Look: func(context.Context) (Look, error) {
				s.looks.Add(1)
				said := s.said.Load().(string)
				switch said {
				case "panic":
					panic("at a look")
				case "error":
					return Look{}, errors.New("at a look")
				}
				return Look{Answer: JSON(200, said), Due: said != "" || s.hub.Closed()}, nil
			}}}, nil
	}}
	s.Server = httptest.NewServer(s.frame.serve(route))
	t.Cleanup(s.Close)
	return s
}

func (s *heldServer) ask(t *testing.T) (status int, body string, took time.Duration) {
	t.Helper()
	began := time.Now()
	res, err := http.Get(s.URL + "/held")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.Header.Get("Date") == "" || res.Header.Get("X-Request-Id") == "" {
		t.Errorf("got %v, headers %v", err, res.Header)
	}
	return res.StatusCode, strings.TrimSpace(string(b)), time.Since(began)
}

func TestAHeldAnswerGoesOutWhenThereIsSomethingToSay(t *testing.T) {
	s := holdFor(t, 10*time.Second)
	for _, c := range []struct {
		said, body string
		status     int
	}{{"news", `"news"`, 200}, {"panic", "server.error", 500}, {"error", "server.error", 500}} {
		s.said.Store("")
		time.AfterFunc(100*time.Millisecond, func() { s.hub.Wake("k") }) // for nothing
		time.AfterFunc(300*time.Millisecond, func() { s.said.Store(c.said); s.hub.Wake("k") })
		status, body, took := s.ask(t)
		if status != c.status || !strings.Contains(body, c.body) || took < 250*time.Millisecond || took > 5*time.Second {
			t.Errorf("%s: got %d %s after %s", c.said, status, body, took)
		}
	}
	s.said.Store("at once")
	if status, body, took := s.ask(t); status != 200 || body != `"at once"` || took > 2*time.Second {
		t.Errorf("got %d %s after %s", status, body, took)
	}
	if s.hub.Any() {
		t.Error("somebody still waits")
	}
}

func TestAHeldAnswerGoesOutInTheEnd(t *testing.T) {
	s := holdFor(t, 200*time.Millisecond)
	if status, body, took := s.ask(t); status != 200 || body != `""` || took < 150*time.Millisecond || took > 5*time.Second || s.looks.Load() != 1 || s.hub.Any() {
		t.Errorf("got %d %s after %s and %d looks", status, body, took, s.looks.Load())
	}
	long := holdFor(t, time.Minute)
	time.AfterFunc(100*time.Millisecond, long.hub.Close)
	if status, _, took := long.ask(t); status != 200 || took > 5*time.Second {
		t.Errorf("as the node ends: got %d after %s", status, took)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if long.frame.Drained(ctx); ctx.Err() != nil {
		t.Error("it is not drained")
	}
}

// The connection is good for the next request, where the server takes it back.
func TestAHeldAnswersConnectionGoesBack(t *testing.T) {
	s := holdFor(t, 100*time.Millisecond)
	back := make(chan net.Conn, 1)
	s.frame.Return = func(c net.Conn) bool { back <- c; return true }
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const ask = "GET /held HTTP/1.1\r\nHost: sekisho.test\r\n\r\n"
	if _, err := io.WriteString(c, ask); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(c)
	res, err := http.ReadResponse(in, nil)
	if err != nil || res.StatusCode != 200 || res.Close {
		t.Fatalf("got %+v %v", res, err)
	}
	if _, err := io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	(<-back).Close()
	if _, err := in.ReadByte(); err != io.EOF {
		t.Errorf("got %v, want nothing more", err)
	}
}

// Where a connection cannot be taken the request waits as it is, and ends with its
// client.
func TestAnAnswerIsHeldWithoutAConnectionOfItsOwn(t *testing.T) {
	s := holdFor(t, 10*time.Second)
	time.AfterFunc(100*time.Millisecond, func() { s.said.Store("news"); s.hub.Wake("k") })
	w := httptest.NewRecorder()
	s.Config.Handler.ServeHTTP(w, httptest.NewRequest("GET", "/held", nil))
	if w.Code != 200 || !strings.Contains(w.Body.String(), "news") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	s.said.Store("")
	ctx, gone := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, gone)
	w = httptest.NewRecorder()
	s.Config.Handler.ServeHTTP(w, httptest.NewRequest("GET", "/held", nil).WithContext(ctx))
	if w.Code != 503 {
		t.Errorf("after its client went: got %d", w.Code)
	}
}

// Handlers give a fault that is nil beside an error: the error is what is told.
func TestADatabaseThatIsGoneIsToldBesideNoFault(t *testing.T) {
	s := holdFor(t, time.Second)
	route := &Route{Method: "GET", Path: "/gone", Guard: Anyone, Face: API, Handle: func(context.Context, *Request) (Response, error) {
		return Refuse(nil), db.ErrUnavailable
	}}
	w := httptest.NewRecorder()
	s.frame.serve(route).ServeHTTP(w, httptest.NewRequest("GET", "/gone", nil))
	if w.Code != 503 || !strings.Contains(w.Body.String(), "server.unavailable") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}
