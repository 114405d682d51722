package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"syscall"
	"testing"
	"time"

	"sekisho/internal/dbtest"
	"sekisho/internal/pass"
)

// to sends every call to one node, whatever its address says: what a balancer does.
type to struct{ node string }

func (x to) RoundTrip(r *http.Request) (*http.Response, error) {
	u, err := url.Parse(x.node)
	if err != nil {
		return nil, err
	}
	in := r.Clone(r.Context())
	in.URL.Host = u.Host
	return http.DefaultTransport.RoundTrip(in)
}

// handheld takes an installation in for an account, which signs in with its password.
func (s *Server) handheld(who string) (*pass.Pass, string) {
	s.t.Helper()
	token, _, err := enter(s.URL, who)
	if err != nil {
		s.t.Fatal(err)
	}
	ticket := s.ask("POST", "/api/v1/me/tegata/ticket", token, map[string]any{})
	p, j, err := pass.Join(s.t.Context(), nil, fmt.Sprint(ticket["uri"]), "Pixel 8", "app")
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := p.Agree(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	s.ask("POST", "/api/v1/me/tegata/ticket/agree", token, map[string]any{})
	return p, j.Account.ID
}

// at is the same installation, whose calls go to a node.
func at(p *pass.Pass, node string) *pass.Pass {
	return &pass.Pass{Origin: p.Origin, Device: p.Device, Key: p.Key, HTTP: &http.Client{Transport: to{node}}}
}

// answers decides the one request that an installation is asked.
func answers(ctx context.Context, p *pass.Pass, account, decision, number string) error {
	s, err := p.State(ctx)
	if err != nil {
		return err
	}
	if len(s.Requests) != 1 {
		return fmt.Errorf("%d requests, want one", len(s.Requests))
	}
	return p.Decide(ctx, pass.Said{Account: account, Request: s.Requests[0].ID, Decision: decision, Number: number, Verified: true})
}

// Two processes over one PostgreSQL are one Tegata.
func TestTegataOnTwoNodes(t *testing.T) {
	db := dbtest.URL(t, "postgres")
	keys := "SEKISHO_KEYS=" + "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	a := Start(t, "SEKISHO_DATABASE="+db, keys, "SEKISHO_DAILY_SIGNINS=0")
	b := Start(t, "SEKISHO_DATABASE="+db, keys, "SEKISHO_DAILY_SIGNINS=0", "SEKISHO_URL="+a.URL)
	t.Run("the request and the approval cross over", func(t *testing.T) { crossing(t, a, b) })
	t.Run("of two answers one counts", func(t *testing.T) { twoAnswers(t, a, b) })
	t.Run("no session stands after the lock", func(t *testing.T) { lockedMeanwhile(t, a, b) })
}

func crossing(t *testing.T, a, b *Server) {
	ctx := t.Context()
	a.Settle("cross@example.com")
	p, account := a.handheld("cross@example.com")
	here := at(p, a.URL)
	first, err := here.Events(ctx, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan time.Time, 1)
	go func() {
		for cursor := first.Cursor; ; {
			e, err := here.Events(ctx, cursor, 15)
			if cursor = e.Cursor; err != nil || len(e.Requests) > 0 {
				told <- time.Now()
				return
			}
		}
	}()
	time.Sleep(300 * time.Millisecond)
	w := halfway(t, b, "cross@example.com")
	asked := time.Now()
	if late := (<-told).Sub(asked); late > time.Second {
		t.Errorf("the request came after %s", late)
	}
	type entered struct {
		status int
		at     time.Time
	}
	moved := make(chan entered, 1)
	go func() {
		status, _, err := call("POST", b.URL+w.path, "", map[string]any{"kind": "tegata", "answer": "wait"})
		if err != nil {
			status = 0
		}
		moved <- entered{status, time.Now()}
	}()
	time.Sleep(300 * time.Millisecond)
	began := time.Now()
	if err := answers(ctx, here, account, pass.Approve, w.number); err != nil {
		t.Fatal(err)
	}
	if m := <-moved; m.status != 200 || m.at.Sub(began) > time.Second {
		t.Errorf("the browser on the other node: %d after %s", m.status, m.at.Sub(began))
	}
}

func twoAnswers(t *testing.T, a, b *Server) {
	ctx := t.Context()
	for i := range 4 {
		who := fmt.Sprintf("both%d@example.com", i)
		a.Settle(who)
		p, account := a.handheld(who)
		w := halfway(t, a, who)
		s, err := p.State(ctx)
		if err != nil || len(s.Requests) != 1 {
			t.Fatalf("got %+v %v", s.Requests, err)
		}
		var both sync.WaitGroup
		var errs [2]error
		for j, decision := range []string{pass.Approve, pass.Deny} {
			both.Go(func() {
				errs[j] = at(p, []string{a.URL, b.URL}[j]).Decide(ctx, pass.Said{Account: account, Request: s.Requests[0].ID, Decision: decision, Number: w.number, Verified: true})
			})
		}
		both.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Errorf("approved: %v, denied: %v, want one of them", errs[0], errs[1])
		}
		status, _, err := call("POST", b.URL+w.path, "", map[string]any{"kind": "tegata", "answer": "done"})
		if err != nil || (status == 200) != (errs[0] == nil) {
			t.Errorf("got %d %v after the approval gave %v", status, err, errs[0])
		}
	}
}

func lockedMeanwhile(t *testing.T, a, b *Server) {
	ctx := t.Context()
	for i := range 4 {
		who := fmt.Sprintf("lock%d@example.com", i)
		a.Settle(who)
		p, account := a.handheld(who)
		w := halfway(t, a, who)
		if err := answers(ctx, p, account, pass.Approve, w.number); err != nil {
			t.Fatal(err)
		}
		var both sync.WaitGroup
		var status int
		var got map[string]any
		var failed, locked error
		both.Go(func() {
			status, got, failed = call("POST", b.URL+w.path, "", map[string]any{"kind": "tegata", "answer": "done"})
		})
		both.Go(func() { locked = at(p, a.URL).Lock(ctx, time.Time{}, true) })
		both.Wait()
		if err := errors.Join(failed, locked); err != nil {
			t.Fatal(err)
		}
		if status == 200 {
			if status, _, _ := call("GET", b.URL+"/api/v1/session", fmt.Sprint(got["token"]), nil); status != 401 {
				t.Errorf("a session of before the lock: got %d, want 401", status)
			}
		} else if got["code"] != "signin.locked_by_owner" {
			t.Errorf("got %d %v", status, got["code"])
		}
		if _, status, _ := enter(b.URL, who); status != 403 {
			t.Errorf("after the lock, on the other node: got %d, want 403", status)
		}
	}
}

// A restart, asked for or not, loses no request: who waits is answered at once, asks
// again and goes on.
func TestARestartLosesNoApproval(t *testing.T) {
	for _, engine := range dbtest.Engines {
		for _, end := range []string{"asked", "killed"} {
			t.Run(engine+"-"+end, func(t *testing.T) { restarted(t, engine, end == "asked") })
		}
	}
}

func restarted(t *testing.T, engine string, asked bool) {
	s := Start(t, "SEKISHO_DATABASE="+dbtest.URL(t, engine))
	s.Settle("hana@example.com")
	p, account := s.handheld("hana@example.com")
	ctx := t.Context()
	w := halfway(t, s, "hana@example.com")
	first, err := p.Events(ctx, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	type end struct {
		err  error
		took time.Duration
	}
	waits := make(chan end, 2)
	began := time.Now()
	go func() {
		_, err := p.Events(ctx, first.Cursor, 15)
		waits <- end{err, time.Since(began)}
	}()
	go func() {
		_, _, err := call("POST", s.URL+w.path, "", map[string]any{"kind": "tegata", "answer": "wait"})
		waits <- end{err, time.Since(began)}
	}()
	time.Sleep(500 * time.Millisecond)
	if asked {
		// Term waits for what is held: it must not be as long as that could be held.
		if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := s.cmd.Wait(); err != nil {
			t.Errorf("it ended with %v\n%s", err, s.Out)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("it took %s to end", took)
		}
	} else {
		s.Kill()
	}
	for range 2 {
		if e := <-waits; asked && e.err != nil {
			t.Errorf("who waited got %v after %s", e.err, e.took)
		} else if !asked && e.err == nil {
			t.Error("who waited was answered by a server that was killed")
		}
	}
	s.Run()
	next, err := p.Events(ctx, "", 0)
	if err != nil || len(next.Requests) != 1 {
		t.Fatalf("after the restart: got %+v %v", next, err)
	}
	if err := answers(ctx, p, account, pass.Approve, w.number); err != nil {
		t.Fatal(err)
	}
	if status, got, err := call("POST", s.URL+w.path, "", map[string]any{"kind": "tegata", "answer": "wait"}); err != nil || status != 200 || got["token"] == nil {
		t.Errorf("the browser goes on: got %d %v %v", status, got, err)
	}
}
