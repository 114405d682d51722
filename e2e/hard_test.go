package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sekisho/internal/dbtest"
)

// call sends JSON or, when body is url.Values, a form, and reads the answer.
func call(method, to, token string, body any) (status int, answer map[string]any, err error) {
	var r io.Reader
	kind := ""
	switch b := body.(type) {
	case nil:
	case url.Values:
		r, kind = strings.NewReader(b.Encode()), "application/x-www-form-urlencoded"
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			return 0, nil, err
		}
		r, kind = bytes.NewReader(raw), "application/json"
	}
	req, err := http.NewRequest(method, to, r)
	if err != nil {
		return 0, nil, err
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, nil, err
	}
	_ = json.Unmarshal(raw, &answer)
	return res.StatusCode, answer, nil
}

// enter signs in through the API of one node.
func enter(base, identifier string) (token string, status int, err error) {
	status, a, err := call("POST", base+"/api/v1/signin", "", map[string]any{"identifier": identifier})
	if err != nil || status != 200 {
		return "", status, err
	}
	status, a, err = call("POST", base+"/api/v1/signin/"+fmt.Sprint(a["flow"]), "", map[string]any{"kind": "password", "answer": Word})
	if err != nil || status != 200 {
		return "", status, err
	}
	return fmt.Sprint(a["token"]), 200, nil
}

// engines gives the environment for each engine.
func engines(t *testing.T, test func(t *testing.T, env []string)) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			env := []string{"SEKISHO_DAILY_SIGNINS=0"}
			if engine == "postgres" {
				env = append(env, "SEKISHO_DATABASE="+dbtest.URL(t, engine))
			}
			test(t, env)
		})
	}
}

func TestEveryAcknowledgedWriteOutlivesSIGKILL(t *testing.T) {
	engines(t, func(t *testing.T, env []string) {
		s := Start(t, env...)
		for i := range 6 {
			s.Settle(fmt.Sprintf("hana%d@example.com", i))
		}
		id, word := s.Client("Robot", "--grant", "client_credentials")
		var mu sync.Mutex
		var sessions, tokens []string
		var rounds atomic.Int64
		for round := range 3 {
			var all sync.WaitGroup
			stop := make(chan struct{})
			again := func(do func(i int) bool) {
				all.Go(func() {
					for i := 0; ; i++ {
						select {
						case <-stop:
							return
						default:
						}
						if !do(i) {
							return
						}
					}
				})
			}
			for n := range 2 {
				again(func(i int) bool {
					token, status, err := enter(s.URL, fmt.Sprintf("hana%d@example.com", (i+3*n)%6))
					if err != nil || status != 200 {
						return err == nil && i < 30
					}
					mu.Lock()
					sessions = append(sessions, token)
					mu.Unlock()
					return i < 30
				})
				again(func(int) bool {
					status, a, err := call("POST", s.URL+"/oauth/token", "", url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {word}})
					if err != nil || status != 200 {
						return false
					}
					mu.Lock()
					tokens = append(tokens, fmt.Sprint(a["access_token"]))
					mu.Unlock()
					return true
				})
			}
			// At any moment, but not before there is something to lose.
			for range 400 {
				mu.Lock()
				enough := len(sessions) > 3*round && len(tokens) > 15*round
				mu.Unlock()
				if enough {
					break
				}
				time.Sleep(25 * time.Millisecond)
			}
			time.Sleep(time.Duration(200+170*round) * time.Millisecond)
			s.Kill()
			close(stop)
			all.Wait()
			rounds.Add(1)
			s.Run()
		}
		if len(sessions) < 10 || len(tokens) < 50 {
			t.Fatalf("got only %d sessions and %d tokens acknowledged", len(sessions), len(tokens))
		}
		for _, token := range sessions {
			if status, _, err := call("GET", s.URL+"/api/v1/session", token, nil); err != nil || status != 200 {
				t.Fatalf("a session that was acknowledged is gone: %d %v", status, err)
			}
		}
		for _, token := range tokens {
			status, a, err := call("POST", s.URL+"/oauth/introspect", "", url.Values{"token": {token}, "client_id": {id}, "client_secret": {word}})
			if err != nil || status != 200 || a["active"] != true {
				t.Fatalf("a token that was acknowledged is gone: %d %v %v", status, a, err)
			}
		}
		time.Sleep(1500 * time.Millisecond) // the job that seals
		if out := s.Do("audit", "verify"); !strings.Contains(out, " 0 waiting") {
			t.Errorf("got %q", out)
		}
		t.Logf("%d sessions and %d tokens over %d kills", len(sessions), len(tokens), rounds.Load())
	})
}

func TestSIGTERMLetsRunningRequestsFinish(t *testing.T) {
	s := Start(t, "SEKISHO_HASH_MEMORY_KIB=262144", "SEKISHO_HASH_PASSES=6")
	s.Settle("hana@example.com")
	type end struct {
		status int
		err    error
	}
	ends := make(chan end, 1)
	_, a, err := call("POST", s.URL+"/api/v1/signin", "", map[string]any{"identifier": "hana@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		status, _, err := call("POST", s.URL+"/api/v1/signin/"+fmt.Sprint(a["flow"]), "", map[string]any{"kind": "password", "answer": Word})
		ends <- end{status, err}
	}()
	time.Sleep(150 * time.Millisecond)
	if err := s.Term(); err != nil {
		t.Errorf("got %v, want exit code 0\n%s", err, s.Out)
	}
	if e := <-ends; e.err != nil || e.status != 200 {
		t.Errorf("the running sign-in got %d %v, want 200", e.status, e.err)
	}
}

// tap stands between Sekisho and PostgreSQL and can go silent, or away.
type tap struct {
	at, to string
	mu     sync.Mutex
	silent chan struct{} // closed: speaks
	conns  map[net.Conn]bool
	l      net.Listener
}

func newTap(t *testing.T, to string) *tap {
	dir, err := os.MkdirTemp("", "tap")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	x := &tap{at: filepath.Join(dir, ".s.PGSQL.5432"), to: filepath.Join(to, ".s.PGSQL.5432"), silent: make(chan struct{}), conns: map[net.Conn]bool{}}
	close(x.silent)
	x.up(t)
	t.Cleanup(x.away)
	return x
}

func (x *tap) up(t *testing.T) {
	l, err := net.Listen("unix", x.at)
	if err != nil {
		t.Fatal(err)
	}
	x.mu.Lock()
	x.l = l
	x.mu.Unlock()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			d, err := net.Dial("unix", x.to)
			if err != nil {
				c.Close()
				continue
			}
			x.mu.Lock()
			x.conns[c], x.conns[d] = true, true
			x.mu.Unlock()
			go x.pump(c, d)
			go x.pump(d, c)
		}
	}()
}

func (x *tap) pump(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		x.mu.Lock()
		gate := x.silent
		x.mu.Unlock()
		<-gate
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

func (x *tap) hush()  { x.mu.Lock(); x.silent = make(chan struct{}); x.mu.Unlock() }
func (x *tap) speak() { x.mu.Lock(); close(x.silent); x.mu.Unlock() }
func (x *tap) away() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.l.Close()
	for c := range x.conns {
		c.Close()
	}
	x.conns = map[net.Conn]bool{}
}

func TestDatabaseGoneRefusesEveryoneAndRecovers(t *testing.T) {
	direct := dbtest.URL(t, "postgres")
	u, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	x := newTap(t, u.Query().Get("host"))
	q := u.Query()
	q.Set("host", filepath.Dir(x.at))
	u.RawQuery = q.Encode()
	s := Start(t, "SEKISHO_DATABASE="+u.String())
	s.Settle("hana@example.com")
	token, _, err := enter(s.URL, "hana@example.com")
	if err != nil || token == "" {
		t.Fatalf("sign-in: %v", err)
	}
	trouble := map[string][2]func(){
		"away":   {x.away, func() { x.up(t) }},
		"silent": {x.hush, x.speak},
	}
	for name, do := range trouble {
		t.Run(name, func(t *testing.T) {
			do[0]()
			asks := []struct{ method, path, token string }{{"GET", "/api/v1/session", token}, {"POST", "/api/v1/signin", ""}, {"GET", "/api/v1/me/sessions", token}, {"GET", "/ready", ""}, {"GET", "/api/v1/session", "not a token"}}
			for _, ask := range asks {
				var body any
				if ask.method == "POST" {
					body = map[string]any{"identifier": "hana@example.com"}
				}
				start := time.Now()
				status, a, err := call(ask.method, s.URL+ask.path, ask.token, body)
				took := time.Since(start)
				want := 503
				if ask.token == "not a token" {
					want = 401 // it cannot be one, so nothing is asked
				}
				if err != nil || status != want || took > 2*time.Second {
					t.Errorf("%s %s: got %d %v after %v, want %d within 2 s", ask.method, ask.path, status, err, took, want)
				}
				if want == 503 && ask.path != "/ready" && a["code"] != "server.unavailable" {
					t.Errorf("%s: got %v, want the fault", ask.path, a)
				}
			}
			res, err := http.Get(s.URL + "/me")
			if err != nil {
				t.Fatal(err)
			}
			page, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if strings.Contains(string(page), "hana@example.com") {
				t.Error("a page told who this is")
			}
			do[1]()
			well := false
			for range 100 {
				if status, _, err := call("GET", s.URL+"/api/v1/session", token, nil); err == nil && status == 200 {
					well = true
					break
				}
				time.Sleep(50 * time.Millisecond)
			}
			if !well {
				t.Errorf("it does not recover\n%s", s.Out)
			}
		})
	}
}

func TestFullDiskRefusesWritesAndKeepsEverything(t *testing.T) {
	s := Start(t, "SEKISHO_DAILY_SIGNINS=0")
	s.Settle("hana@example.com")
	first, _, err := enter(s.URL, "hana@example.com")
	if err != nil || first == "" {
		t.Fatalf("sign-in: %v", err)
	}
	s.Kill()
	info, err := os.Stat(filepath.Join(s.Data, "sekisho.db"))
	if err != nil {
		t.Fatal(err)
	}
	s.Env = append(s.Env, fmt.Sprintf("SEKISHO_SQLITE_MAX_PAGES=%d", info.Size()/4096+30))
	s.Run()
	kept := []string{first}
	full := false
	for range 400 {
		token, status, err := enter(s.URL, "hana@example.com")
		if err != nil {
			t.Fatal(err)
		}
		if status == 503 {
			full = true
			break
		}
		if token != "" {
			kept = append(kept, token)
			if len(kept) == 45 { // room below the cap of sessions
				if status, _, err := call("DELETE", s.URL+"/api/v1/me/sessions", kept[0], nil); err != nil || status != 200 {
					t.Fatalf("end the others: %d %v", status, err)
				}
				kept = kept[:1]
			}
		}
	}
	if !full {
		t.Fatal("the file never filled")
	}
	for _, token := range kept {
		if status, _, err := call("GET", s.URL+"/api/v1/session", token, nil); err != nil || status != 200 {
			t.Fatalf("with a full disk a session is not checked: %d %v", status, err)
		}
	}
	s.Kill()
	s.Env = append(s.Env, "SEKISHO_SQLITE_MAX_PAGES=0")
	s.Run()
	for _, token := range kept {
		if status, _, err := call("GET", s.URL+"/api/v1/session", token, nil); err != nil || status != 200 {
			t.Fatalf("a session that was acknowledged is gone: %d %v", status, err)
		}
	}
	if _, status, err := enter(s.URL, "hana@example.com"); err != nil || status != 200 {
		t.Errorf("got %d %v, want to sign in again", status, err)
	}
	s.Do("audit", "verify")
}

func TestTwoNodesAgreeWithinASecond(t *testing.T) {
	url := dbtest.URL(t, "postgres")
	keys := "SEKISHO_KEYS=" + "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	a := Start(t, "SEKISHO_DATABASE="+url, keys, "SEKISHO_DAILY_SIGNINS=0", "SEKISHO_SESSION_LIMIT=5")
	b := Start(t, "SEKISHO_DATABASE="+url, keys, "SEKISHO_DAILY_SIGNINS=0", "SEKISHO_SESSION_LIMIT=5", "SEKISHO_URL="+a.URL)
	a.Settle("hana@example.com")

	// SE-12: the cap holds while both nodes let people in.
	var mu sync.Mutex
	var tokens []string
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			token, status, err := enter([]string{a.URL, b.URL}[i%2], "hana@example.com")
			if err != nil {
				t.Error(err)
			}
			if status == 200 && token != "<nil>" && token != "" {
				mu.Lock()
				tokens = append(tokens, token)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if len(tokens) != 5 {
		t.Fatalf("got %d sessions, want 5", len(tokens))
	}

	// SE-03: what ends on one node is refused on the other.
	if status, _, err := call("DELETE", a.URL+"/api/v1/me/sessions", tokens[0], nil); err != nil || status != 200 {
		t.Fatalf("end the others: %d %v", status, err)
	}
	start := time.Now()
	for _, token := range tokens[1:] {
		if status, _, err := call("GET", a.URL+"/api/v1/session", token, nil); err != nil || status != 401 {
			t.Errorf("on the node that ended it: got %d %v, want 401 at once", status, err)
		}
		for {
			status, _, err := call("GET", b.URL+"/api/v1/session", token, nil)
			if err == nil && status == 401 {
				break
			}
			if time.Since(start) > time.Second {
				t.Fatalf("on the other node: got %d %v after a second, want 401", status, err)
			}
		}
	}
	if status, _, err := call("GET", b.URL+"/api/v1/session", tokens[0], nil); err != nil || status != 200 {
		t.Errorf("got %d %v, want the session that stayed", status, err)
	}
}
