package pass_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"sekisho/internal/pass"
)

// server answers calls in turn, and keeps their instants and bodies.
type server struct {
	*httptest.Server
	answers []int
	at      []int64
	bodies  []string
}

func serve(t *testing.T, answers ...int) *server {
	t.Helper()
	s := &server{answers: answers}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		parts := strings.Split(r.Header.Get("Authorization"), ".")
		at, _ := strconv.ParseInt(parts[1], 10, 64)
		s.at, s.bodies = append(s.at, at), append(s.bodies, string(body))
		status := s.answers[0]
		s.answers = s.answers[1:]
		w.WriteHeader(status)
		switch status {
		case http.StatusConflict:
			_, _ = io.WriteString(w, `{"code":"device.replayed"}`)
		case http.StatusBadRequest:
			_, _ = io.WriteString(w, `{"code":"device.clock"}`)
		case http.StatusBadGateway:
			_, _ = io.WriteString(w, `<html>`)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) pass(t *testing.T) *pass.Pass {
	t.Helper()
	key, err := pass.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return &pass.Pass{Origin: s.URL, Device: "dev_x", Key: key}
}

func TestACallThatCameBehindIsSignedAnew(t *testing.T) {
	s := serve(t, 409, 409, 204)
	if err := s.pass(t).Unlock(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(s.at) != 3 || s.at[0] >= s.at[1] || s.at[1] >= s.at[2] || s.bodies[2] != `{"on":false}` {
		t.Errorf("got instants %v and bodies %v", s.at, s.bodies)
	}
	s = serve(t, 409, 409, 409, 204)
	if err := s.pass(t).Unlock(t.Context()); !pass.Is(err, "device.replayed") || len(s.at) != 3 {
		t.Errorf("got %v after %d calls, want an end after three", err, len(s.at))
	}
}

func TestARefusalCarriesBothClocks(t *testing.T) {
	s := serve(t, 400)
	p := s.pass(t)
	p.Clock = func() time.Time { return time.Now().Add(time.Hour) }
	var refused *pass.Problem
	if err := p.Unlock(t.Context()); !pass.Is(err, "device.clock") {
		t.Fatal(err)
	} else if errors.As(err, &refused); (refused.Drift() - time.Hour).Abs() > 2*time.Second {
		t.Errorf("got %s ahead, want an hour", refused.Drift())
	}
}

func TestAnAnswerOfSomethingElseIsTold(t *testing.T) {
	if err := serve(t, 502).pass(t).Unlock(t.Context()); !errors.Is(err, pass.ErrStranger) {
		t.Errorf("got %v", err)
	}
}

func FuzzParseLink(f *testing.F) {
	f.Add("https://id.example.com/tegata/#enrol=abc")
	f.Fuzz(func(t *testing.T, link string) {
		origin, token, err := pass.ParseLink(link, "enrol")
		if err == nil && (token == "" || !strings.HasPrefix(origin, "http") || strings.Count(origin, "/") != 2) {
			t.Errorf("%q gives %q, %q", link, origin, token)
		}
	})
}
