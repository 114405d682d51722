// Package e2e uses the released binary as people and apps do: in a real browser,
// behind a real web server, with clients that others wrote.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// binary is built once for all tests of a run; tegata stands beside it.
var binary string

// Build compiles the programs that are released.
func Build(dir string) error {
	binary = filepath.Join(dir, "sekisho")
	c := exec.Command("go", "build", "-trimpath", "-o", dir, "sekisho/cmd/sekisho", "sekisho/cmd/tegata")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	return nil
}

// Port finds a free port on loopback.
func Port(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Server is one running sekisho.
type Server struct {
	URL  string
	Data string
	Env  []string
	Out  *bytes.Buffer
	cmd  *exec.Cmd
	t    testing.TB
}

// Start runs sekisho serve on a free port with a data folder of its own, or with
// the one given in env.
func Start(t testing.TB, env ...string) *Server {
	t.Helper()
	s := &Server{Data: t.TempDir(), t: t}
	port := Port(t)
	s.URL = fmt.Sprintf("http://localhost:%d", port)
	s.Env = append([]string{"SEKISHO_DATA=" + s.Data, fmt.Sprintf("SEKISHO_LISTEN=localhost:%d", port), "SEKISHO_HASH_MEMORY_KIB=8192", "SEKISHO_HASH_PASSES=1"}, env...)
	s.Run()
	t.Cleanup(func() {
		if t.Failed() && s.cmd.ProcessState == nil {
			// What it was doing tells more than that it did not answer.
			_ = s.cmd.Process.Signal(syscall.SIGQUIT)
			_ = s.cmd.Wait()
			t.Logf("sekisho said:\n%s", s.Out)
		}
		s.Kill()
	})
	return s
}

// Run starts the process and waits until it answers.
func (s *Server) Run() {
	s.t.Helper()
	s.Out = &bytes.Buffer{}
	s.cmd = exec.Command(binary, "serve")
	s.cmd.Env, s.cmd.Dir = append(os.Environ(), s.Env...), s.t.TempDir()
	s.cmd.Stdout, s.cmd.Stderr = s.Out, s.Out
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	for range 200 {
		if res, err := http.Get(s.URL + "/ready"); err == nil {
			res.Body.Close()
			if res.StatusCode == 200 {
				return
			}
		}
		time.Sleep(25 * time.Millisecond)
	}
	s.t.Fatalf("sekisho does not answer:\n%s", s.Out)
}

// Kill ends the process at once, as a power cut would.
func (s *Server) Kill() {
	if s.cmd.ProcessState == nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
	}
}

// Term asks the process to end, and waits.
func (s *Server) Term() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.cmd.Wait()
}

// Do runs another sekisho command on the same data and gives what it printed.
func (s *Server) Do(args ...string) string {
	s.t.Helper()
	out, err := s.Try("", args...)
	if err != nil {
		s.t.Fatalf("sekisho %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// Try runs a command that may fail.
func (s *Server) Try(stdin string, args ...string) (string, error) {
	c := exec.Command(binary, args...)
	c.Env, c.Dir, c.Stdin = append(os.Environ(), s.Env...), s.t.TempDir(), strings.NewReader(stdin)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	if err != nil {
		return out.String() + errs.String(), err
	}
	return out.String(), nil
}

// Word is the password of every account made here.
const Word = "four paper cranes unfold"

// Settle makes an account.
func (s *Server) Settle(identifier string) {
	s.t.Helper()
	if out, err := s.Try(Word+"\n", "account", "create", identifier, "--name", "Hana Sato", "--password-stdin"); err != nil {
		s.t.Fatalf("account create: %v\n%s", err, out)
	}
}

// Client registers an app.
func (s *Server) Client(args ...string) (id, word string) {
	s.t.Helper()
	var c struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	if err := json.Unmarshal([]byte(s.Do(append([]string{"--json", "client", "create"}, args...)...)), &c); err != nil {
		s.t.Fatal(err)
	}
	return c.ID, c.Secret
}

// Code reads the newest code out of the outbox at the terminal.
func (s *Server) Code() string {
	s.t.Helper()
	var m struct{ Text string }
	if err := json.Unmarshal([]byte(s.Do("--json", "outbox", "show")), &m); err != nil {
		s.t.Fatal(err)
	}
	for _, line := range strings.Split(m.Text, "\n") {
		plain := strings.NewReplacer(" ", "", "-", "").Replace(strings.TrimSpace(line))
		if len(plain) == 6 && strings.Trim(plain, "0123456789") == "" {
			return plain
		}
	}
	s.t.Fatalf("no code in:\n%s", m.Text)
	return ""
}

// need ends the test when a program that the tests install is missing: a test that
// is passed over proves nothing.
func need(t testing.TB, names ...string) string {
	t.Helper()
	for _, n := range names {
		if path, err := exec.LookPath(n); err == nil {
			return path
		}
		if _, err := os.Stat(n); err == nil {
			return n
		}
	}
	t.Fatalf("%s is missing; make deps installs it", names[0])
	return ""
}

// within gives a context that ends with the test or after d.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, stop := context.WithTimeout(context.Background(), d)
	t.Cleanup(stop)
	return ctx
}
