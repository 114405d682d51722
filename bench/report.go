package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// report prints what is found and keeps it.
type report struct {
	options
	text bytes.Buffer
}

func (r *report) say(format string, args ...any) {
	fmt.Fprintf(io.MultiWriter(os.Stdout, &r.text), format+"\n", args...)
}

// head says what is measured, on what, and how. It names no path and no host.
func (r *report) head(ctx context.Context) error {
	info, err := os.Stat(r.program)
	if err != nil {
		return fmt.Errorf("build it first: %w", err)
	}
	version, err := exec.CommandContext(ctx, r.program, "version").Output()
	if err != nil {
		return err
	}
	r.say("# What was measured\n")
	r.say("Made by `make bench`. One machine's figures say little; the ratios were measured in the same run.\n")
	r.say("- Machine: %d cores of %s, %s/%s, Linux %s", cores(), processor(), runtime.GOOS, runtime.GOARCH, release())
	where := "The server shares all cores with the load"
	if pinned() {
		where = "The server has one core; the load, and PostgreSQL, run on the others"
	}
	r.say("- %s. Plain HTTP, durable writes, log lines written to a file, each row %v.", where, r.span)
	r.say("- %s", strings.Join(strings.Fields(string(version)), " "))
	drawn, err := raw(ctx, "qr", "", r.span/4)
	if err != nil {
		return err
	}
	r.say("- Enrolment QR code: %.2f ms on the server's core (must 5 ms: %s)", 1000/drawn, atMost(1000/drawn, 5, 0))
	r.pure()
	r.say("- Binary: %.1f MB (must 45, goal 30: %s)", float64(info.Size())/1e6, atMost(float64(info.Size())/1e6, 45, 30))
	return nil
}

func (r *report) foot() {
	r.say("\n## How to read it\n")
	r.say("- ÷ no-op: the rate against the same server's handler that does nothing but pass the frame (headers, cookies, limits, log line); ÷ hash: against Argon2id alone; ÷ commit: against durable transactions of one small row.")
	r.say("- Second step: the password was given before, and only the code's or the passkey's request is measured: it checks and spends the proof, ends the journey, opens the session and writes the audit row, in one durable transaction. The sign-ins that wait for it are made beforehand; where they run out, the row ends sooner.")
	r.say("- Core: how much of the server's core the server had, and how much everybody else on the machine took of it. Where the others took much, the rate, and p99 above all, say little; the CPU for each request still does, and \"on a whole core\" is what it comes to.")
	r.say("- Tegata: what is waited for is held calls, as the app makes them while it is open. The first load is what the browser fetches for the app, packed. A request among thousands is asked of one after another while all the others wait and ask again.")
	r.say("- Again, in a quiet moment: `make bench`. A first look: `make bench BENCH=-quick`. One row: `make bench BENCH='-only refresh'`.")
}

// cores counts all of the machine's, not only those this program may use.
func cores() int {
	text, err := os.ReadFile("/proc/cpuinfo")
	if n := strings.Count(string(text), "processor\t"); err == nil && n > 0 {
		return n
	}
	return runtime.NumCPU()
}

func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for _, line := range strings.Split(string(text), "\n") {
			if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == "model name" {
				return strings.TrimSpace(v)
			}
		}
	}
	return "an unknown processor"
}

func release() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(text))
}

// words for how a figure stands to its marks.
const (
	goal = "goal"
	must = "must"
	miss = "**missed**"
)

func atLeast(got, m, g float64) string {
	switch {
	case got >= g:
		return goal
	case got >= m:
		return must
	}
	return miss
}

func atMost(got, m, g float64) string { return atLeast(-got, -m, -g) }

// verdict says how a row stands, as measured and, where that differs, for what its
// CPU comes to on a core of its own.
func verdict(f figures, m mark, hash float64, noop figures) string {
	whole := m
	switch {
	case m.ofNoop > 0:
		m.must, m.goal = m.ofNoop*noop.rate, math.MaxFloat64
		whole.must, whole.goal = m.ofNoop*noop.onCore(), math.MaxFloat64
	case m.ofHash > 0:
		m.goal = m.ofHash * hash
		whole.goal = m.goal
	case m.must == 0:
		return ""
	}
	got := atLeast(f.rate, m.must, m.goal)
	if f.cpu > 0 {
		if own := atLeast(f.onCore(), whole.must, whole.goal); own != got {
			got += "; on a whole core " + own
		}
	}
	return got
}

// onCore is the rate that the CPU of an operation comes to on a core of its own.
func (f figures) onCore() float64 {
	if f.cpu == 0 {
		return f.rate
	}
	return float64(time.Second) / float64(f.cpu)
}

func ratio(a, b float64, meant bool) string {
	if !meant || b == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", a/b)
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

func mb(n int64) float64 { return float64(n) / 1e6 }

func kb(n int) float64 { return float64(n) / 1e3 }

// groups writes a number as people read it: 12,345.
func groups(n float64) string {
	s := fmt.Sprintf("%.0f", n)
	if n < 100 {
		s = fmt.Sprintf("%.1f", n)
	}
	whole, part, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if part != "" {
		whole += "." + part
	}
	return whole
}
