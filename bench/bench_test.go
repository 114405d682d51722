package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
)

func TestAnswersAreReadOffTheWire(t *testing.T) {
	for _, c := range []struct {
		wire, body string
		status     int
		bad        bool
	}{
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", 200, false},
		{"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", "", 204, false},
		{"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "", 503, false},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "", 0, true},
		{"SSH-2.0-x\r\n\r\n", "", 0, true},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", "", 0, true},
	} {
		got, err := read(bufio.NewReader(strings.NewReader(c.wire)), nil)
		if (err != nil) != c.bad || err == nil && (got.status != c.status || string(got.body) != c.body) {
			t.Errorf("%q: got %d %q %v", c.wire, got.status, got.body, err)
		}
	}
}

func TestPercentiles(t *testing.T) {
	var took []time.Duration
	for i := 200; i > 0; i-- {
		took = append(took, time.Duration(i))
	}
	if p50, p95, p99 := percentiles(took); p50 != 101 || p95 != 191 || p99 != 199 {
		t.Errorf("got %d %d %d, want 101 191 199", p50, p95, p99)
	}
	if p50, _, _ := percentiles(nil); p50 != 0 {
		t.Errorf("of nothing: got %d, want 0", p50)
	}
}

func TestVerdictsSayWhatACoreOfItsOwnComesTo(t *testing.T) {
	m := mark{must: 1000, goal: 2000}
	for _, c := range []struct {
		f    figures
		m    mark
		want string
	}{
		{figures{rate: 2500, cpu: 400 * time.Microsecond}, m, goal},
		{figures{rate: 1500, cpu: 400 * time.Microsecond}, m, must + "; on a whole core " + goal},
		{figures{rate: 900, cpu: 2 * time.Millisecond}, m, miss},
		{figures{rate: 38, cpu: 26 * time.Millisecond}, mark{must: 30, ofHash: 0.95}, goal},
		{figures{rate: 35, cpu: 28 * time.Millisecond}, mark{must: 30, ofHash: 0.95}, must},
		{figures{rate: 1, cpu: 1}, mark{}, ""},
		{figures{rate: 3100, cpu: 300 * time.Microsecond}, mark{ofNoop: 0.3}, must},
		{figures{rate: 2900, cpu: 300 * time.Microsecond}, mark{ofNoop: 0.3}, miss + "; on a whole core " + must},
		{figures{rate: 2900, cpu: 340 * time.Microsecond}, mark{ofNoop: 0.3}, miss},
	} {
		if got := verdict(c.f, c.m, 40, figures{rate: 10000, cpu: 100 * time.Microsecond}); got != c.want {
			t.Errorf("%+v: got %q, want %q", c.f, got, c.want)
		}
	}
	if got, want := atMost(0.2, 0.15, 0.05), miss; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNumbersAsPeopleReadThem(t *testing.T) {
	for in, want := range map[float64]string{0.31: "0.3", 99.94: "99.9", 100: "100", 1234: "1,234", 1234567: "1,234,567"} {
		if got := groups(in); got != want {
			t.Errorf("groups(%v) = %q, want %q", in, got, want)
		}
	}
}

func TestAppCodesAreThoseOfRFC6238(t *testing.T) { // appendix B, the last six digits
	for seconds, want := range map[int64]string{59: "287082", 1111111109: "081804", 20000000000: "353130"} {
		if got := appCode([]byte("12345678901234567890"), time.Unix(seconds, 0)); got != want {
			t.Errorf("at %d: got %s, want %s", seconds, got, want)
		}
	}
}

// What the made passkey says is what a browser would say, to the library that reads it.
func TestTheMadePasskeyIsRead(t *testing.T) {
	d := newDevice("http://localhost:8080", "localhost")
	raw, err := d.create([]byte(`{"challenge":"Y2hhbGxlbmdl","user":{"id":"aGFuZGxl"}}`))
	if err != nil {
		t.Fatal(err)
	}
	made, err := protocol.ParseCredentialCreationResponseBytes(raw)
	if err != nil {
		t.Fatal(err)
	}
	public := made.Response.AttestationObject.AuthData.AttData.CredentialPublicKey
	if raw, err = d.get([]byte(`{"challenge":"Y2hhbGxlbmdl"}`)); err != nil {
		t.Fatal(err)
	}
	said, err := protocol.ParseCredentialRequestResponseBytes(raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := said.Verify("Y2hhbGxlbmdl", d.rp, "", []string{d.origin}, nil, nil, protocol.TopOriginExplicitVerificationMode, false, true, true, public, protocol.SignaturePolicy{}); err != nil {
		t.Error(err)
	}
	if got, want := string(said.Response.UserHandle), "handle"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAPageWeighsWhatItLoads(t *testing.T) {
	pages := map[string]string{"/a": `<link href="/static/1/a.css"><script src="/static/1/a.js"></script><a href="/b">`,
		"/static/1/a.css": "12345", "/static/1/a.js": `import { x } from "./x.js";`, "/static/1/x.js": `import { a } from "./a.js";`}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, pages[r.URL.Path]) }))
	defer web.Close()
	want := 0
	for _, p := range pages {
		want += len(p)
	}
	page, all, err := weight(t.Context(), &server{address: web.Listener.Addr().String()}, "/a", "identity")
	if err != nil || page != len(pages["/a"]) || all != want {
		t.Errorf("got %d and %d (%v), want %d and %d", page, all, err, len(pages["/a"]), want)
	}
}

// A connection finishes what it began and counts what was refused.
func TestLoadCountsAnswersAndErrors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				in := bufio.NewReader(c)
				for n := 0; ; n++ {
					for {
						line, err := in.ReadString('\n')
						if err != nil {
							return
						}
						if line == "\r\n" {
							break
						}
					}
					status := "200 OK"
					if n%2 == 1 {
						status = "503 Busy"
					}
					if _, err := io.WriteString(c, "HTTP/1.1 "+status+"\r\nContent-Length: 0\r\n\r\n"); err != nil {
						return
					}
				}
			}()
		}
	}()
	left := 10
	f, err := load(t.Context(), l.Addr().String(), 1, time.Minute, func(int) script {
		return func(reply) ([]byte, bool) {
			if left--; left < 0 {
				return nil, true
			}
			return request("GET", "/", "", ""), true
		}
	})
	if err != nil || f.ops != 5 || f.errors != 5 {
		t.Errorf("got %d answers, %d errors, %v; want 5, 5", f.ops, f.errors, err)
	}
}

// A run that is interrupted leaves no process behind.
func TestWhatWasStartedEndsWithTheContext(t *testing.T) {
	if _, err := exec.LookPath("sleep"); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	c := own(ctx, "sleep", "60")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := c.Wait(); err == nil {
		t.Error("it ended by itself")
	}
	if _, err := os.Stat("/proc/" + strconv.Itoa(c.Process.Pid)); err == nil {
		t.Error("it is still there")
	}
	if c.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("got %v, want SIGTERM", c.ProcessState)
	}
}
