package sms_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/sms"
)

const (
	phone = "+819012345678"
	ja    = "Sekishoのコード：123456（10分間有効）。人に教えないでください。\n@id.example.com #123456"
	en    = "123456 is your \"Sekisho\" code & more.\n@id.example.com #123456"
)

// gateway is an HTTP gateway that answers as told and keeps what it was asked.
type gateway struct {
	*httptest.Server
	mu     sync.Mutex
	asked  []*http.Request
	bodies []string
}

func serve(t *testing.T, answer http.HandlerFunc) *gateway {
	t.Helper()
	g := &gateway{}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		g.mu.Lock()
		g.asked, g.bodies = append(g.asked, r), append(g.bodies, string(body))
		g.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *gateway) tries() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.asked)
}

func status(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(n) }
}

func parse(t *testing.T, raw string, o sms.Options) sms.Gateway {
	t.Helper()
	g, err := sms.Parse(raw, o)
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return g
}

func TestTemplateInTheAddressIsFilledAndEscaped(t *testing.T) {
	for _, text := range []string{ja, en} {
		far := serve(t, status(202))
		base := strings.Replace(far.URL, "http://", "http://kannel:p%40ss@", 1)
		g := parse(t, base+"/send/{id}?to={to}&n={digits}&text={text}&from={from}&coding=2", sms.Options{From: "Sekisho & Co"})
		if _, err := g.Send(t.Context(), sms.Message{ID: "mai_1", To: phone, Text: text}); err != nil {
			t.Fatal(err)
		}
		r := far.asked[0]
		q := r.URL.Query()
		if r.Method != "GET" || r.URL.Path != "/send/mai_1" || q.Get("to") != phone || q.Get("n") != phone[1:] || q.Get("text") != text || q.Get("from") != "Sekisho & Co" || q.Get("coding") != "2" {
			t.Errorf("got %s %s", r.Method, r.URL)
		}
		if user, word, _ := r.BasicAuth(); user != "kannel" || word != "p@ss" {
			t.Errorf("got credentials %q %q", user, word)
		}
	}
}

func TestTemplateInTheBody(t *testing.T) {
	for _, text := range []string{ja, en} {
		far := serve(t, status(200))
		for _, o := range []sms.Options{
			{Body: `{"to": "{to}", "message": {"text": "{text}"}}`, Header: "Authorization: Bearer abc\nX-Account: 7"},
			{Body: `to={to}&text={text}`, Method: "PUT"},
		} {
			g := parse(t, far.URL+"/v1/sms", o)
			if _, err := g.Send(t.Context(), sms.Message{To: phone, Text: text}); err != nil {
				t.Fatal(err)
			}
		}
		r := far.asked[0]
		var got struct {
			To      string
			Message struct{ Text string }
		}
		if err := json.Unmarshal([]byte(far.bodies[0]), &got); err != nil || got.To != phone || got.Message.Text != text {
			t.Errorf("got %v %s", err, far.bodies[0])
		}
		if r.Method != "POST" || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Authorization") != "Bearer abc" || r.Header.Get("X-Account") != "7" {
			t.Errorf("got %s %v", r.Method, r.Header)
		}
		form, err := url.ParseQuery(far.bodies[1])
		if err != nil || far.asked[1].Method != "PUT" || form.Get("to") != phone || form.Get("text") != text {
			t.Errorf("got %v %s", err, far.bodies[1])
		}
	}
}

func TestAnswersOverHTTP(t *testing.T) {
	stop := make(chan struct{})
	hang := func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	}
	slowBody := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "10")
		w.WriteHeader(200)
		_ = http.NewResponseController(w).Flush()
		hang(w, r)
	}
	elsewhere := serve(t, status(200))
	for _, c := range []struct {
		name            string
		answer          http.HandlerFunc
		taken, lasting  bool
		atLeast, atMost time.Duration
	}{
		{"taken", status(202), true, false, 0, time.Second},
		{"refused", status(402), false, true, 0, time.Second},
		{"too many", status(429), false, true, 0, time.Second},
		{"broken", status(503), false, false, 0, time.Second},
		{"redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, 307) }, false, true, 0, time.Second},
		{"hangs", hang, false, false, sms.Attempt, sms.Attempt + 300*time.Millisecond},
		{"slow body", slowBody, true, false, 0, time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			far := serve(t, c.answer)
			t.Cleanup(far.CloseClientConnections)
			g := parse(t, far.URL+"/?key=s3cret&to={to}&text={text}", sms.Options{})
			began := time.Now()
			_, err := g.Send(t.Context(), sms.Message{To: phone, Text: en})
			took := time.Since(began)
			if (err == nil) != c.taken || sms.Permanent(err) != c.lasting || took < c.atLeast || took > c.atMost {
				t.Errorf("got %v, lasting %v, after %v", err, sms.Permanent(err), took)
			}
			tellsNothing(t, err)
			if far.tries() != 1 || elsewhere.tries() != 0 {
				t.Errorf("got %d requests and %d elsewhere, want one and none", far.tries(), elsewhere.tries())
			}
		})
	}
	close(stop)
}

func tellsNothing(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, s := range []string{"s3cret", "123456", "9012345678", "code"} {
		if strings.Contains(err.Error(), s) {
			t.Errorf("the error tells %q: %v", s, err)
		}
	}
}

func TestNobodyListensOverHTTP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	g := parse(t, "http://u:s3cret@"+l.Addr().String()+"/?to={to}&text={text}&key=s3cret", sms.Options{})
	_, err = g.Send(t.Context(), sms.Message{To: phone, Text: en})
	if err == nil || sms.Permanent(err) || g.Check(t.Context()) == nil {
		t.Errorf("got %v and %v, want what may pass", err, g.Check(t.Context()))
	}
	tellsNothing(t, err)
}

func TestMessagesThatNoGatewayGets(t *testing.T) {
	far := serve(t, status(200))
	over := parse(t, far.URL+"/?to={to}&text={text}", sms.Options{})
	for name, m := range map[string]sms.Message{
		"no number": {To: "", Text: en}, "national": {To: "09012345678", Text: en}, "letters": {To: "+8190&x=1", Text: en},
		"no text": {To: phone}, "long Japanese": {To: phone, Text: strings.Repeat("あ", 71)}, "long English": {To: phone, Text: strings.Repeat("a", 161)},
		"brackets count twice": {To: phone, Text: strings.Repeat("[", 81)},
	} {
		if _, err := over.Send(t.Context(), m); !sms.Permanent(err) {
			t.Errorf("%s: got %v, want a lasting refusal", name, err)
		}
	}
	if far.tries() != 0 {
		t.Errorf("got %d requests, want none", far.tries())
	}
	for text, want := range map[string]bool{strings.Repeat("あ", 70): true, strings.Repeat("😀", 36): false, strings.Repeat("a", 160): true, strings.Repeat("€", 80): true, ja: true, en: true} {
		if got := sms.Fits(text); got != want {
			t.Errorf("Fits(%.10s…): got %v, want %v", text, got, want)
		}
	}
}

func TestAddressesThatDoNotRead(t *testing.T) {
	body := sms.Options{Body: "x"}
	for raw, o := range map[string]sms.Options{
		"":                                    {},
		"s3cret":                              {},
		"ftp://u:s3cret@host/{to}{text}":      {},
		"https://u:s3cret@host/?to={to}":      {},
		"https://u:s3cret@host/?text={text}":  {},
		"https://host/?t={to}&x={text}&{key}": {},
		"https://host/?t={to}&x={text}#post":  {},
		"https://{to}/?x={text}":              {},
		"https://host/s3cret":                 body,
		"https://host/a":                      {Body: `{"to":{to},"text":{text}}`},
		"https://host/b?t={to}&x={text}":      {Header: "s3cret"},
		"https://host/c?t={to}&x={text}":      {Header: "X: \x01"},
		"smpp://u:s3cret@host":                {},
		"smpp://u:s3cret@host:99999":          {},
		"smpp://u:s3cret@host:2775/x":         {},
		"smpp://u:s3cret@host:2775?sorce=A":   {},
		"smpp://u:s3cret@host:2775?ton=99":    {},
		"smpp://u:s3cret@host:2775?alphabet=": body,
		"smpp://u:s3cret@host:2775?source=ABCDEFGHIJKLMNOPQRSTUVWXYZ": {},
		"smpp://u:s3cret@host:2775?alphabet=utf8":                     {},
		"smpp://u:%zzs3cret@host:2775":                                {},
	} {
		g, err := sms.Parse(raw, o)
		if err == nil {
			t.Errorf("%s reads as %v", raw, g)
			continue
		}
		if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the error repeats the address: %v", err)
		}
	}
}

func TestCallerMayGiveUpEarlier(t *testing.T) {
	far := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	g := parse(t, far.URL+"/?to={to}&text={text}", sms.Options{})
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	began := time.Now()
	if _, err := g.Send(ctx, sms.Message{To: phone, Text: en}); err == nil || time.Since(began) > time.Second || errors.Is(err, context.Canceled) {
		t.Errorf("got %v after %v", err, time.Since(began))
	}
	far.CloseClientConnections()
}
