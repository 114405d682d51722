package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"sekisho/internal/dbtest"
)

// report prints what is found and keeps it.
type report struct {
	options
	text bytes.Buffer
}

func (r *report) say(format string, args ...any) {
	fmt.Fprintf(io.MultiWriter(os.Stdout, &r.text), format+"\n", args...)
}

func (r *report) machine() {
	model := "unknown processor"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for _, line := range strings.Split(string(text), "\n") {
			if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == "model name" {
				model = strings.TrimSpace(v)
				break
			}
		}
	}
	version, _ := exec.Command("bin/sekisho", "version").Output() // without it the line says nothing
	r.say("# What was measured\n")
	r.say("Made by `make bench`. One machine's figures say little; the ratios were measured in the same run.\n")
	r.say("- Machine: %d cores of %s, %s/%s", runtime.NumCPU(), model, runtime.GOOS, runtime.GOARCH)
	where := "The server shares all cores with the load"
	if pinned() {
		where = "The server has one core of its own; the load, and PostgreSQL, run on the others"
	}
	r.say("- %s.", where)
	r.say("- %s, %s; each row %v; log lines written to a file", strings.TrimSpace(string(version)), runtime.Version(), r.span)
}

func (r *report) binary(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("build it first: %w", err)
	}
	r.say("- Binary: %.1f MB (must 45, goal 30)", float64(info.Size())/1e6)
	return nil
}

// engine measures everything on one engine.
func (r *report) engine(name string) error {
	data, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	database, bare := "sqlite:"+filepath.Join(data, "sekisho.db"), "sqlite:"+filepath.Join(data, "bare.db")
	if name == "postgres" {
		cluster, err := dbtest.StartCluster(true)
		if err != nil {
			return err
		}
		for _, db := range []string{"sekisho", "bare"} {
			if err := cluster.SQL("CREATE DATABASE " + db); err != nil {
				return err
			}
		}
		database, bare = cluster.URL("sekisho"), cluster.URL("bare")
	}
	s, err := newServer(data, "SEKISHO_DATABASE="+database)
	if err != nil {
		return err
	}
	r.say("\n## %s\n", map[string]string{"sqlite": "SQLite", "postgres": "PostgreSQL"}[name])
	if err := s.start(); err != nil {
		return err
	}
	empty := s.started
	if err := s.stop(); err != nil {
		return err
	}
	w, err := seed(s.env)
	if err != nil {
		return err
	}
	hash, err := raw("argon2id", "", r.span)
	if err != nil {
		return err
	}
	commit, err := raw("commit", bare, r.span)
	if err != nil {
		return err
	}
	if err := s.start(); err != nil {
		return err
	}
	defer func() { _ = s.stop() }()
	r.say("Start: %v with an empty folder (must 1 s, goal 500 ms), %v with data (must 150 ms, goal 50 ms).", empty.Round(time.Millisecond), s.started.Round(time.Millisecond))
	time.Sleep(3 * time.Second)
	idle, _ := s.memory()
	r.say("Memory idle: %.0f MB (must 48, goal 30). Raw Argon2id on the server's core: %.1f/s. Raw durable commits, 16 at once: %s/s.\n", float64(idle)/1e6, hash, groups(commit))
	if err := r.table(s, w, hash, commit); err != nil {
		return err
	}
	if err := r.storm(s, w); err != nil {
		return err
	}
	return r.crowded(s, w, database)
}

func (r *report) table(s *server, w *world, hash, commit float64) error {
	r.say("| | connections | a second | p50 | p95 | p99 | errors | CPU each | ÷ no-op | ÷ hash | ÷ commit | must / goal |")
	r.say("|---|---|---|---|---|---|---|---|---|---|---|---|")
	noop := map[int]float64{}
	for _, row := range rows() {
		if !strings.Contains(row.name, r.only) && row.name != "no-op" {
			continue
		}
		for _, n := range []int{16, 256} {
			if row.slow && n == 256 {
				n = 32 // more than that wait longer than a person would
			}
			f, err := r.measure(s, n, r.span, func(i int) script { return row.make(w, i) })
			if err != nil {
				return fmt.Errorf("%s: %w", row.name, err)
			}
			if row.name == "no-op" {
				noop[n] = f.rate
			}
			base := noop[n]
			if base == 0 {
				base = noop[16]
			}
			r.say("| %s | %d | %s | %s | %s | %s | %d | %s | %.2f | %s | %s | %s |", row.name, n, groups(f.rate), ms(f.p50), ms(f.p95), ms(f.p99), f.errors,
				f.cpu.Round(time.Microsecond), f.rate/base, ratio(f.rate, hash, row.slow), ratio(f.rate, commit, strings.Contains(row.name, "opaque") || strings.Contains(row.name, "refresh")), row.mark)
		}
	}
	_, peak := s.memory()
	r.say("\nMemory at most so far: %.0f MB.", float64(peak)/1e6)
	return nil
}

func ratio(a, b float64, meant bool) string {
	if !meant || b == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", a/b)
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

func (r *report) measure(s *server, n int, span time.Duration, make func(i int) script) (figures, error) {
	if _, err := load(s.address, n, span/8, make); err != nil { // warm up
		return figures{}, err
	}
	before := s.cpu()
	f, err := load(s.address, n, span, make)
	if f.ops > 0 {
		f.cpu = (s.cpu() - before) / time.Duration(f.ops)
	}
	return f, err
}
