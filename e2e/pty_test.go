package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is a program on a pseudo-terminal, as somebody at it sees and uses it.
type terminal struct {
	t     *testing.T
	cmd   *exec.Cmd
	ptm   *os.File
	mu    sync.Mutex
	shown bytes.Buffer
	read  int // how much of it was waited for
	ended chan error
}

// onTerminal starts a program where a person sits.
func onTerminal(t *testing.T, c *exec.Cmd) *terminal {
	t.Helper()
	ptm, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	fd := int(ptm.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 30, Col: 100})
	}
	if err != nil {
		t.Fatal(err)
	}
	pts, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	c.Stdin, c.Stdout, c.Stderr = pts, pts, pts
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	_ = pts.Close()
	x := &terminal{t: t, cmd: c, ptm: ptm, ended: make(chan error, 1)}
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := ptm.Read(b)
			x.mu.Lock()
			x.shown.Write(b[:n])
			x.mu.Unlock()
			if err != nil {
				x.ended <- c.Wait()
				return
			}
		}
	}()
	t.Cleanup(func() { _ = c.Process.Kill(); _ = ptm.Close() })
	return x
}

// all is what was ever shown.
func (x *terminal) all() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.shown.String()
}

// see waits for a text that was not waited for yet.
func (x *terminal) see(text string) *terminal {
	x.t.Helper()
	for range 400 {
		if i := strings.Index(x.all()[x.read:], text); i >= 0 {
			x.read += i + len(text)
			return x
		}
		time.Sleep(25 * time.Millisecond)
	}
	x.t.Fatalf("%v never shows %q:\n%s", x.cmd.Args, text, x.all())
	return x
}

func (x *terminal) types(keys string) *terminal {
	x.t.Helper()
	if _, err := x.ptm.WriteString(keys); err != nil {
		x.t.Fatal(err)
	}
	return x
}

// ends waits for the end and gives the code.
func (x *terminal) ends() int {
	x.t.Helper()
	select {
	case <-x.ended:
		return x.cmd.ProcessState.ExitCode()
	case <-time.After(20 * time.Second):
		x.t.Fatalf("%v does not end:\n%s", x.cmd.Args, x.all())
		return -1
	}
}
