package push

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/net/dns/dnsmessage"

	"sekisho/internal/netx"
)

var (
	noon = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	here = netx.Proxies{netip.MustParsePrefix("127.0.0.1/32")}
)

func newSender(t testing.TB, o Options) *Sender {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	o.Key, o.Contact, o.Now = key, "mailto:admin@example.com", func() time.Time { return noon }
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.client.CloseIdleConnections)
	return s
}

func serve(t testing.TB, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func TestMessageArrivesAndSaysWhoSends(t *testing.T) {
	r := newReader(t)
	var asked *http.Request
	var body []byte
	service := serve(t, func(w http.ResponseWriter, req *http.Request) {
		asked = req
		body, _ = io.ReadAll(req.Body)
		w.WriteHeader(http.StatusCreated)
	})
	s := newSender(t, Options{Inner: here})
	const text = "サインインを確認してください"
	a := s.Send(t.Context(), r.at(t, service.URL+"/p/1?q=2"), Message{Payload: []byte(text), TTL: 90*time.Second + 900*time.Millisecond, Topic: "req_0-Z"})
	if a != (Answer{Outcome: Sent, Status: 201}) {
		t.Fatalf("got %+v", a)
	}
	if got, err := r.open(body); string(got) != text {
		t.Errorf("got %q: %v", got, err)
	}
	for k, want := range map[string]string{"Content-Encoding": "aes128gcm", "Content-Type": "application/octet-stream", "Ttl": "90", "Urgency": "high", "Topic": "req_0-Z", "Content-Length": "2151"} {
		if got := asked.Header.Get(k); got != want {
			t.Errorf("%s: got %q, want %q", k, got, want)
		}
	}
	if asked.Method != http.MethodPost || asked.URL.RequestURI() != "/p/1?q=2" {
		t.Errorf("got %s %s", asked.Method, asked.URL)
	}
	verify(t, asked.Header.Get("Authorization"), s.PublicKey(), service.URL)

	s.Send(t.Context(), r.at(t, service.URL), Message{Urgency: Normal, TTL: -time.Second})
	if got := asked.Header; got.Get("Urgency") != "normal" || got.Get("TTL") != "0" || got.Values("Topic") != nil {
		t.Errorf("got %v", got)
	}
}

// verify checks RFC 8292 §2 and §3.
func verify(t *testing.T, header, key, origin string) {
	t.Helper()
	rest, ok := strings.CutPrefix(header, "vapid t=")
	token, k, cut := strings.Cut(rest, ", k=")
	if !ok || !cut || k != key {
		t.Fatalf("got %q, want vapid with k=%s", header, key)
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), bin(t, k))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := jose.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := signed.Verify(public)
	if err != nil {
		t.Fatal(err)
	}
	if got := signed.Signatures[0].Header.ExtraHeaders["typ"]; got != "JWT" {
		t.Errorf("got typ %v, want JWT", got)
	}
	var claims struct {
		Aud, Sub string
		Exp      int64
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	if claims.Aud != origin || claims.Sub != "mailto:admin@example.com" || claims.Exp <= noon.Unix() || claims.Exp > noon.Add(24*time.Hour).Unix() {
		t.Errorf("got %s", payload)
	}
}

func TestEveryAnswerHasItsOutcome(t *testing.T) {
	var status int
	var retry, says string
	service := serve(t, func(w http.ResponseWriter, req *http.Request) {
		if retry != "" {
			w.Header().Set("Retry-After", retry)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, says)
	})
	s, to := newSender(t, Options{Inner: here}), newReader(t).at(t, service.URL+"/secret-path")
	says = `{"reason":"BadJwtToken"} /secret-path` + "\n" + strings.Repeat("x", 2000)
	for _, c := range []struct {
		status int
		retry  string
		want   Outcome
		after  time.Duration
	}{
		{200, "", Sent, 0}, {201, "5", Sent, 0}, {202, "", Sent, 0},
		{404, "", Gone, 0}, {410, "", Gone, 0},
		{429, "", Later, 0}, {429, "120", Later, 2 * time.Minute}, {429, "-1", Later, 0}, {429, "soon", Later, 0},
		{429, "99999999999999999999", Later, 0}, {429, "9223372036854775807", Later, 24 * time.Hour},
		{429, noon.Add(time.Hour).Format(http.TimeFormat), Later, time.Hour},
		{503, noon.Add(-time.Hour).Format(http.TimeFormat), Later, 0},
		{503, noon.AddDate(1, 0, 0).Format(http.TimeFormat), Later, 24 * time.Hour},
		{500, "", Later, 0}, {502, "7", Later, 7 * time.Second},
		{300, "", Refused, 0}, {304, "", Refused, 0}, {400, "", Refused, 0}, {401, "", Refused, 0}, {403, "5", Refused, 0}, {413, "", Refused, 0},
	} {
		status, retry = c.status, c.retry
		a := s.Send(t.Context(), to, Message{})
		if a.Outcome != c.want || a.After != c.after || a.Status != c.status || (a.Why == nil) != (c.want == Sent) {
			t.Errorf("%d with %q: got %+v, want %s after %s", c.status, c.retry, a, c.want, c.after)
		}
		if why := fmt.Sprint(a.Why); strings.Contains(why, "secret-path") || len(why) > 700 || strings.Contains(why, "\n") || c.status == 403 && !strings.Contains(why, "BadJwtToken") {
			t.Errorf("%d says %s", c.status, why)
		}
	}
}

func TestWhatCannotBeSentIsRefused(t *testing.T) {
	var asked atomic.Int32
	service := serve(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	s, to := newSender(t, Options{Inner: here}), newReader(t).at(t, service.URL)
	bad := to
	bad.Endpoint = "http://push.example/secret-path"
	for _, c := range []struct {
		to   Subscription
		m    Message
		want error
	}{
		{to, Message{Payload: make([]byte, Longest+1)}, ErrTooLong},
		{to, Message{Topic: strings.Repeat("a", 33)}, ErrTopic},
		{to, Message{Topic: "a b"}, ErrTopic},
		{to, Message{Topic: "a\n"}, ErrTopic},
		{bad, Message{}, ErrEndpoint},
		{Subscription{}, Message{}, ErrEndpoint},
	} {
		if a := s.Send(t.Context(), c.to, c.m); a.Outcome != Refused || !errors.Is(a.Why, c.want) {
			t.Errorf("got %+v, want %v", a, c.want)
		}
	}
	service.Close()
	a := s.Send(t.Context(), newReader(t).at(t, service.URL+"/secret-path"), Message{})
	if a.Outcome != Later || a.Status != 0 || a.Why == nil || strings.Contains(a.Why.Error(), "secret-path") {
		t.Errorf("a service that is away: got %+v", a)
	}
	if asked.Load() != 0 {
		t.Errorf("the service was asked %d times", asked.Load())
	}
}

func TestInnerAddressesGetNoMessage(t *testing.T) {
	var asked atomic.Int32
	service := serve(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	_, port, _ := net.SplitHostPort(service.Listener.Addr().String())
	s, r := newSender(t, Options{}), newReader(t)
	for _, host := range []string{"http://127.0.0.1:" + port, "http://localhost:" + port, "http://[::1]:" + port, "http://[::ffff:127.0.0.1]:" + port,
		"https://127.0.0.1:" + port, "https://10.0.0.1", "https://192.168.1.1", "https://169.254.169.254", "https://[fd00::1]", "https://0.0.0.0:" + port, "https://[64:ff9b::a9fe:a9fe]"} {
		if a := s.Send(t.Context(), r.at(t, host+"/a"), Message{}); a.Outcome != Refused || !errors.Is(a.Why, netx.ErrInner) {
			t.Errorf("%s: got %+v", host, a)
		}
	}
	if asked.Load() != 0 {
		t.Errorf("an inner server was asked %d times", asked.Load())
	}
}

// names answers every question for an address with the next of a list.
func names(t *testing.T, list ...string) *net.Resolver {
	t.Helper()
	var next atomic.Int32
	answer := func(question []byte) ([]byte, error) {
		var m dnsmessage.Message
		if err := m.Unpack(question); err != nil {
			return nil, err
		}
		m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
		if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
			a := netip.MustParseAddr(list[min(int(next.Add(1)), len(list))-1])
			m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class}, Body: &dnsmessage.AResource{A: a.As4()}}}
		}
		return m.Pack()
	}
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		c, server := net.Pipe() // no packets: each message stands behind its length
		go func() {
			defer server.Close()
			var n [2]byte
			for {
				if _, err := io.ReadFull(server, n[:]); err != nil {
					return
				}
				q := make([]byte, binary.BigEndian.Uint16(n[:]))
				if _, err := io.ReadFull(server, q); err != nil {
					return
				}
				a, err := answer(q)
				if err != nil {
					return
				}
				if _, err := server.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(a))), a...)); err != nil {
					return
				}
			}
		}()
		return c, nil
	}}
}

// A name that was good when it subscribed may lead inside later (DNS rebinding).
func TestNameThatTurnsInwardGetsNoMessage(t *testing.T) {
	var asked atomic.Int32
	service := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked.Add(1)
		if req.ProtoMajor != 2 {
			t.Errorf("asked over %s, want HTTP/2", req.Proto)
		}
		w.WriteHeader(http.StatusCreated)
	}))
	service.EnableHTTP2 = true
	service.StartTLS()
	t.Cleanup(service.Close)
	_, port, _ := net.SplitHostPort(service.Listener.Addr().String())
	// 127.0.0.1 stands for the service outside, 127.0.0.2 for something inside.
	dialer := &net.Dialer{Control: netx.Outward(here), Resolver: names(t, "127.0.0.1", "127.0.0.2")}
	roots := x509.NewCertPool()
	roots.AddCert(service.Certificate())
	to := newReader(t).at(t, "https://example.com:"+port+"/a")
	send := func() Answer { // over a connection of its own
		transport := guarded(dialer)
		transport.TLSClientConfig = &tls.Config{RootCAs: roots}
		return newSender(t, Options{Transport: transport}).Send(t.Context(), to, Message{})
	}
	if a := send(); a.Outcome != Sent {
		t.Fatalf("got %+v", a)
	}
	if a := send(); a.Outcome != Refused || !errors.Is(a.Why, netx.ErrInner) {
		t.Errorf("got %+v", a)
	}
	if asked.Load() != 1 {
		t.Errorf("asked %d times", asked.Load())
	}
}

func TestRedirectsLeadNowhere(t *testing.T) {
	var there atomic.Int32
	other := serve(t, func(http.ResponseWriter, *http.Request) { there.Add(1) })
	for _, status := range []int{301, 302, 303, 307, 308} {
		service := serve(t, func(w http.ResponseWriter, req *http.Request) { http.Redirect(w, req, other.URL, status) })
		if a := newSender(t, Options{Inner: here}).Send(t.Context(), newReader(t).at(t, service.URL), Message{}); a.Outcome != Refused || a.Status != status {
			t.Errorf("%d: got %+v", status, a)
		}
	}
	if there.Load() != 0 {
		t.Errorf("followed %d times", there.Load())
	}
}

func TestSlowAndHugeAnswersEnd(t *testing.T) {
	var wrote atomic.Int64
	flush := func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }
	for name, c := range map[string]struct {
		h      http.HandlerFunc
		status int
		want   Outcome
	}{
		"nothing": {func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }, 0, Later},
		"a body that never ends": {func(w http.ResponseWriter, req *http.Request) {
			w.WriteHeader(201)
			flush(w)
			<-req.Context().Done()
		}, 201, Sent},
		"a body without end": {func(w http.ResponseWriter, req *http.Request) {
			w.WriteHeader(403)
			for chunk := make([]byte, 64<<10); req.Context().Err() == nil; {
				n, err := w.Write(chunk)
				wrote.Add(int64(n))
				if err != nil {
					return
				}
			}
		}, 403, Refused},
		"headers without end": {func(w http.ResponseWriter, req *http.Request) {
			c, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			defer c.Close()
			_, err = io.WriteString(c, "HTTP/1.1 201 Created\r\n")
			for err == nil {
				var n int
				n, err = io.WriteString(c, "X: "+strings.Repeat("x", 1000)+"\r\n")
				wrote.Add(int64(n))
			}
		}, 0, Later},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSender(t, Options{Inner: here})
			if s.client.Timeout != Attempt {
				t.Errorf("got %s for a try, want %s", s.client.Timeout, Attempt)
			}
			s.client.Timeout = 2 * time.Second
			wrote.Store(0)
			began := time.Now()
			service := serve(t, func(w http.ResponseWriter, req *http.Request) {
				_, _ = io.Copy(io.Discard, req.Body) // else the server does not see that the client left
				c.h(w, req)
			})
			a := s.Send(t.Context(), newReader(t).at(t, service.URL), Message{})
			took := time.Since(began)
			service.Close() // waits until it has written all it can
			// What lies in buffers on the way was not read.
			if n := wrote.Load(); n > 8<<20 {
				t.Errorf("the service could write %d bytes", n)
			}
			if a.Outcome != c.want || a.Status != c.status {
				t.Errorf("got %+v", a)
			}
			if c.status != 0 && took > 1500*time.Millisecond || took > 4*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

func TestSenderNeedsAKeyAndAContact(t *testing.T) {
	good, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	other, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	for _, c := range []struct {
		key     *ecdsa.PrivateKey
		contact string
		ok      bool
	}{
		{good, "mailto:admin@example.com", true}, {good, "https://example.com/contact", true},
		{nil, "mailto:admin@example.com", false}, {other, "mailto:admin@example.com", false},
		{good, "", false}, {good, "admin@example.com", false}, {good, "mailto:", false}, {good, "mailto:admin", false}, {good, "http://example.com", false}, {good, "https://", false}, {good, "https://a b", false},
	} {
		if _, err := New(Options{Key: c.key, Contact: c.contact}); (err == nil) != c.ok {
			t.Errorf("%q: got %v", c.contact, err)
		}
	}
}
