package e2e

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sekisho/internal/netx"
	"sekisho/internal/push"
)

// claims are those of a VAPID token.
type claims struct {
	Aud, Sub string
	Exp      int64
}

// pushSays is a line that the browser with its push service prints.
type pushSays struct {
	Endpoint, P256dh, Auth string

	Text, Key, Error string
	Headers, Theirs  map[string]string
	Claims, Their    claims
}

// pushService starts a browser and its push service that others wrote.
func pushService(t *testing.T) <-chan pushSays {
	t.Helper()
	cmd := exec.Command(need(t, "node"), "push.mjs")
	cmd.Dir = "node"
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	says := make(chan pushSays, 8)
	go func() {
		defer close(says)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var s pushSays
			if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
				s.Error = err.Error()
			}
			says <- s
		}
	}()
	return says
}

func pushed(t *testing.T, says <-chan pushSays) pushSays {
	t.Helper()
	select {
	case s, ok := <-says:
		if !ok || s.Error != "" {
			t.Fatalf("the push service failed: %s", s.Error)
		}
		return s
	case <-time.After(20 * time.Second):
		t.Fatal("the push service says nothing")
	}
	return pushSays{}
}

func TestWebPushIsReadByWhatOthersWrote(t *testing.T) {
	says := pushService(t)
	where := pushed(t, says)
	sub, err := push.Parse(where.Endpoint, where.P256dh, where.Auth, true)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := push.New(push.Options{Key: key, Contact: "mailto:admin@example.com", Inner: netx.Proxies{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"サインインを確認してください", strings.Repeat("x", push.Longest)} {
		a := s.Send(t.Context(), sub, push.Message{Payload: []byte(text), TTL: time.Minute, Topic: "req_0-Z"})
		got := pushed(t, says)
		if a.Outcome != push.Sent || a.Status != 201 || got.Text != text {
			t.Errorf("got %+v, and the browser read %q", a, got.Text)
		}
		if got.Key != s.PublicKey() || got.Claims.Aud != got.Their.Aud || got.Claims.Sub != got.Their.Sub {
			t.Errorf("got %+v of %s, web-push has %+v", got.Claims, got.Key, got.Their)
		}
		if left := time.Until(time.Unix(got.Claims.Exp, 0)); left <= 0 || left > 24*time.Hour {
			t.Errorf("the token ends in %s", left)
		}
		for k, want := range got.Theirs {
			if k != "authorization" && k != "content-length" && got.Headers[k] != want {
				t.Errorf("%s: got %q, web-push has %q", k, got.Headers[k], want)
			}
		}
		if len(got.Theirs) != 7 {
			t.Errorf("got %v from web-push", got.Theirs)
		}
	}
}
