package apptest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/outbox"
)

// sink is a real SMTP server that refuses as told and keeps what it took.
type sink struct {
	mu     sync.Mutex
	refuse []*smtp.SMTPError // one a try; then everything is taken
	tried  []string          // Message-IDs, taken or not
	took   []*mail.Message
}

func (s *sink) NewSession(*smtp.Conn) (smtp.Session, error) { return &talk{s}, nil }

type talk struct{ *sink }

func (*talk) Mail(string, *smtp.MailOptions) error { return nil }
func (*talk) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (*talk) Reset()                               {}
func (*talk) Logout() error                        { return nil }

func (k *talk) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := mail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tried = append(k.tried, m.Header.Get("Message-Id"))
	if len(k.refuse) > 0 {
		e := k.refuse[0]
		k.refuse = k.refuse[1:]
		return e
	}
	k.took = append(k.took, m)
	return nil
}

// seen gives how often each message was tried, and how many were taken.
func (s *sink) seen() (map[string]int, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tries := map[string]int{}
	for _, id := range s.tried {
		tries[id]++
	}
	return tries, len(s.took)
}

func listen(t *testing.T, refuse ...*smtp.SMTPError) (*sink, string) {
	t.Helper()
	s := &sink{refuse: refuse}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(s)
	server.Domain = "sink.example.com"
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-done; err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Errorf("sink: %v", err)
		}
	})
	return s, "smtp+plain://" + l.Addr().String()
}

var greylisted = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "later"}

// mailed lets the outbox work until it has nothing due.
func mailed(t *testing.T, w *apptest.World) {
	t.Helper()
	if err := w.Send(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func ask(w *apptest.World, mail string) {
	p := w.Program("192.0.2.7")
	var s apptest.Step
	p.Call("POST", "/api/v1/signin", map[string]any{"identifier": mail}).Want(200, "").Into(&s)
	p.Call("POST", "/api/v1/signin/"+s.Flow, map[string]any{"kind": "mailcode"}).Want(200, "")
}

func TestMailIsTriedAgainUnderOneMessageID(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			s, url := listen(t, greylisted, greylisted)
			w := apptest.New(t, engine, "smtp", url, "smtp_from", "accounts@example.com")
			w.Settle(hana)
			ask(w, hana)
			mailed(t, w)
			mailed(t, w) // not due yet
			if tries, took := s.seen(); took != 0 || total(tries) != 1 {
				t.Fatalf("got %v tries and %d taken, want one try", tries, took)
			}
			w.Clock.Add(11 * time.Second)
			mailed(t, w)
			w.Clock.Add(11 * time.Second) // the pause has doubled
			mailed(t, w)
			if tries, _ := s.seen(); total(tries) != 2 {
				t.Fatalf("got %v tries, want two", tries)
			}
			w.Clock.Add(10 * time.Second)
			mailed(t, w)
			w.Clock.Add(time.Hour)
			mailed(t, w)
			tries, took := s.seen()
			if took != 1 || len(tries) != 1 || total(tries) != 3 {
				t.Fatalf("got %v, %d taken, want one message id, three tries, one taken", tries, took)
			}
			m := s.took[0]
			if m.Header.Get("To") != "<hana@example.com>" || !strings.Contains(m.Header.Get("From"), "accounts@example.com") || m.Header.Get("Auto-Submitted") != "auto-generated" {
				t.Errorf("got header %v", m.Header)
			}
			if row := newest(t, w); row.State != outbox.Sent || row.HasBody() {
				t.Errorf("got %s with body %v, want sent and emptied", row.State, row.HasBody())
			}
		})
	}
}

func total(tries map[string]int) (n int) {
	for _, v := range tries {
		n += v
	}
	return n
}

func newest(t *testing.T, w *apptest.World) outbox.Row {
	t.Helper()
	var rows []outbox.Row
	w.View(func(tx db.ReadTx) (err error) {
		rows, err = outbox.List(context.Background(), tx, 1)
		return err
	})
	if len(rows) != 1 {
		t.Fatal("the outbox is empty")
	}
	return rows[0]
}

func TestExpiredCodeIsDroppedAndNotSentLate(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			s, url := listen(t, greylisted, greylisted, greylisted, greylisted, greylisted, greylisted, greylisted, greylisted)
			w := apptest.New(t, engine, "smtp", url, "smtp_from", "accounts@example.com")
			w.Settle(hana)
			ask(w, hana)
			mailed(t, w)
			s.mu.Lock()
			s.refuse = nil
			s.mu.Unlock()
			w.Clock.Add(10*time.Minute + time.Second)
			mailed(t, w)
			if _, took := s.seen(); took != 0 {
				t.Error("a code was sent after its time")
			}
			if row := newest(t, w); row.State != outbox.Dropped || row.HasBody() {
				t.Errorf("got %s with body %v, want dropped and emptied", row.State, row.HasBody())
			}
		})
	}
}

func TestMailRefusedForGoodIsNotTriedAgain(t *testing.T) {
	s, url := listen(t, &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such box"})
	w := apptest.New(t, "sqlite", "smtp", url, "smtp_from", "accounts@example.com")
	w.Settle(hana)
	ask(w, hana)
	mailed(t, w)
	w.Clock.Add(time.Minute)
	mailed(t, w)
	if tries, took := s.seen(); took != 0 || total(tries) != 1 {
		t.Errorf("got %v, %d taken, want one try and none taken", tries, took)
	}
	if row := newest(t, w); row.State != outbox.Failed || row.HasBody() || !strings.Contains(row.Error, "no such box") {
		t.Errorf("got %s: %s, want failed with the server's words", row.State, row.Error)
	}
}

func TestTwoNodesSendAMailOnce(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			s, url := listen(t)
			w := apptest.New(t, engine, "smtp", url, "smtp_from", "accounts@example.com")
			v := w.Another()
			for range 5 {
				w.Settle(hana + "." + string(rune('a'+w.Clock.Now().Second())))
				w.Clock.Add(time.Second)
			}
			for i := range 5 {
				ask(w, hana+"."+string(rune('a'+i)))
			}
			var all sync.WaitGroup
			for _, node := range []*apptest.World{w, v, w, v} {
				all.Go(func() { _ = node.Send(context.Background()) })
			}
			all.Wait()
			tries, took := s.seen()
			if took != 5 || len(tries) != 5 {
				t.Errorf("got %d taken of %d, want each of five once", took, len(tries))
			}
		})
	}
}
