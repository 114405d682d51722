package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// pinned says whether the server has a core of its own.
func pinned() bool {
	return tasksetPath() != "" && (runtime.NumCPU() >= 2 || os.Getenv(pinnedSign) != "")
}

func tasksetPath() string {
	p, err := exec.LookPath("taskset")
	if err != nil {
		return ""
	}
	return p
}

// pin starts this program anew off the server's core, with all that it starts but
// the server. It comes back where that cannot be done; the figures are only noisier
// then.
func pin() error {
	if !pinned() || os.Getenv(pinnedSign) != "" {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	others := fmt.Sprintf("1-%d", runtime.NumCPU()-1)
	return syscall.Exec(tasksetPath(), append([]string{"taskset", "-c", others, self}, os.Args[1:]...), append(os.Environ(), pinnedSign+"=1"))
}

const pinnedSign = "BENCH_PINNED"

// own gives a command the server's core. It is told to
// end when ctx does, and by the system when this process ends without a word.
func own(ctx context.Context, name string, args ...string) *exec.Cmd {
	if pinned() {
		name, args = tasksetPath(), append([]string{"-c", "0", name}, args...)
	}
	c := exec.CommandContext(ctx, name, args...)
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 10 * time.Second
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	return c
}

// server is one running sekisho.
type server struct {
	program string
	address string
	data    string
	env     []string
	cmd     *exec.Cmd
	started time.Duration // from exec to the first answer
	empty   time.Duration // the same, the first time
}

func newServer(program, data string, env ...string) (*server, error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	s := &server{program: program, address: address, data: data}
	_, port, _ := net.SplitHostPort(address)
	// Passkeys need a host that has a name.
	s.env = append([]string{"SEKISHO_DATA=" + data, "SEKISHO_LISTEN=" + address, "SEKISHO_URL=http://localhost:" + port, "SEKISHO_DAILY_SIGNINS=0", "SEKISHO_TRUSTED_PROXIES=127.0.0.1"}, env...)
	return s, nil
}

// start runs the process with its log in the data folder, as in real use.
func (s *server) start(ctx context.Context) error {
	log, err := os.OpenFile(filepath.Join(s.data, "bench.log"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	s.cmd = own(ctx, s.program, "serve")
	s.cmd.Env = append(os.Environ(), s.env...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return err
	}
	for range 5000 {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if res, err := http.Get("http://" + s.address + "/ready"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				s.started = time.Since(began)
				return nil
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
	return fmt.Errorf("the server does not answer; see %s", log.Name())
}

func (s *server) stop() error {
	if s.cmd == nil || s.cmd.ProcessState != nil {
		return nil
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	if err := s.cmd.Wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// cpu is the processor time the server has used.
func (s *server) cpu() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond // clock ticks of 100 Hz
}

// memory gives what the server holds now and held at most, in bytes.
func (s *server) memory() (now, peak int64) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, 0
	}
	for _, line := range strings.Split(string(text), "\n") {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		kib, _ := strconv.ParseInt(f[1], 10, 64)
		switch f[0] {
		case "VmRSS:":
			now = kib << 10
		case "VmHWM:":
			peak = kib << 10
		}
	}
	return now, peak
}

// forget makes the peak begin anew.
func (s *server) forget() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.cmd.Process.Pid), []byte("5"), 0) // without it the peak is the whole run's
}

// coreBusy is the time the server's core has been busy for whomever, or for nobody
// because the machine itself was not given it; zero where it is not the server's own.
func coreBusy() time.Duration {
	text, err := os.ReadFile("/proc/stat")
	if err != nil || !pinned() {
		return 0
	}
	for _, line := range strings.Split(string(text), "\n") {
		f := strings.Fields(line)
		if len(f) < 9 || f[0] != "cpu0" {
			continue
		}
		ticks := 0
		for _, i := range []int{1, 2, 3, 6, 7, 8} { // user, nice, system, irq, softirq, steal: proc(5)
			n, _ := strconv.Atoi(f[i])
			ticks += n
		}
		return time.Duration(ticks) * 10 * time.Millisecond
	}
	return 0
}
