package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sekisho/internal/dbtest"
)

// bases are what the rows are compared with, measured in the same run.
type bases struct {
	hash   float64 // Argon2id hashes a second on the server's core
	commit float64 // durable transactions a second, 16 at once
	noop   map[int]figures
}

// place is a folder and databases for one engine.
type place struct {
	data    string
	cluster *dbtest.Cluster // nil: SQLite
}

func (p place) database(name string) (string, error) {
	if p.cluster == nil {
		return "sqlite:" + filepath.Join(p.data, name+".db"), nil
	}
	return p.cluster.URL(name), p.cluster.SQL("CREATE DATABASE " + name)
}

// engine measures everything on one engine.
func (r *report) engine(ctx context.Context, name string) (err error) {
	p := place{}
	if p.data, err = os.MkdirTemp("", "bench"); err != nil {
		return err
	}
	defer os.RemoveAll(p.data)
	title := "SQLite"
	switch name {
	case "sqlite":
	case "postgres":
		title = "PostgreSQL"
		if p.cluster, err = dbtest.StartCluster(true); err != nil {
			return err
		}
		defer p.cluster.Stop()
	default:
		return fmt.Errorf("the engines are sqlite and postgres, not %q", name)
	}
	r.say("\n## %s\n", title)
	b, err := r.bases(ctx, p)
	if err != nil {
		return err
	}
	s, w, err := r.prepared(ctx, p, "sekisho", 0)
	if s != nil {
		defer func() { err = errors.Join(err, s.stop()) }()
	}
	if err != nil {
		return err
	}
	if err := r.idle(ctx, s, b); err != nil {
		return err
	}
	if err := r.table(ctx, s, w, b); err != nil {
		return err
	}
	if err := r.storm(ctx, s, w); err != nil {
		return err
	}
	if err := r.crowded(ctx, p, s, w); err != nil {
		return err
	}
	if err := r.tegata(ctx, s); err != nil {
		return err
	}
	if err := r.roster(ctx, p); err != nil {
		return err
	}
	return r.why(ctx, p)
}

func (r *report) bases(ctx context.Context, p place) (b bases, err error) {
	b.noop = map[int]figures{}
	if b.hash, err = raw(ctx, "argon2id", "", r.span); err != nil {
		return b, err
	}
	bare, err := p.database("bare")
	if err != nil {
		return b, err
	}
	b.commit, err = raw(ctx, "commit", bare, r.span)
	return b, err
}

// prepared gives a running server with people in it, and more of them with crowd.
func (r *report) prepared(ctx context.Context, p place, name string, crowd int) (*server, *world, error) {
	url, err := p.database(name)
	if err != nil {
		return nil, nil, err
	}
	s, err := newServer(r.program, filepath.Join(p.data, name), "SEKISHO_DATABASE="+url)
	if err != nil {
		return nil, nil, err
	}
	if err := s.start(ctx); err != nil {
		return s, nil, err
	}
	s.empty = s.started
	if err := s.stop(); err != nil {
		return s, nil, err
	}
	w, err := seed(ctx, s.env)
	if err != nil {
		return s, nil, err
	}
	if crowd > 0 {
		if err := w.crowd(ctx, url, crowd); err != nil {
			return s, nil, err
		}
	}
	return s, w, s.start(ctx)
}

func (r *report) idle(ctx context.Context, s *server, b bases) error {
	r.say("- Raw Argon2id on the server's core: %.1f/s. Raw durable commits, 16 at once: %s/s.", b.hash, groups(b.commit))
	r.say("- Start: %v with an empty folder (must 1 s, goal 500 ms: %s), %v with data (must 150 ms, goal 50 ms: %s).", s.empty.Round(time.Millisecond),
		atMost(s.empty.Seconds(), 1, 0.5), s.started.Round(time.Millisecond), atMost(s.started.Seconds(), 0.150, 0.050))
	select {
	case <-time.After(3 * time.Second):
	case <-ctx.Done():
		return ctx.Err()
	}
	idle, _ := s.memory()
	r.say("- Memory idle: %.0f MB (must 48, goal 30: %s).", mb(idle), atMost(mb(idle), 48, 30))
	page, all, err := weight(ctx, s, "/signin", "identity")
	if err != nil {
		return err
	}
	r.say("- Sign-in page: %.1f kB, with the styles and scripts that it loads %.1f kB, none of it packed (must 60: %s).\n", kb(page), kb(all), atMost(kb(all), 60, 0))
	return nil
}

// ways are how many connections each row is measured with.
var ways = []int{16, 256}

func (r *report) table(ctx context.Context, s *server, w *world, b bases) error {
	r.say("| | connections | a second | p50 | p95 | p99 | errors | CPU each | core: server, others | ÷ no-op | ÷ hash | ÷ commit | must / goal | |")
	r.say("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|")
	for _, row := range rows() {
		if !strings.Contains(row.name, r.only) && row.name != noop {
			continue
		}
		for _, n := range ways {
			if err := w.stock(ctx, s, row, n, r.span); err != nil {
				return fmt.Errorf("%s: %w", row.name, err)
			}
			f, err := r.measure(ctx, s, n, func(i int) script { return row.make(w, i) })
			if err != nil {
				return fmt.Errorf("%s: %w", row.name, err)
			}
			if row.name == noop {
				b.noop[n] = f
			}
			r.say("| %s | %d | %s | %s | %s | %s | %d | %v | %.0f %%, %.0f %% | %s | %s | %s | %s | %s |", row.name, n, groups(f.rate), ms(f.p50), ms(f.p95), ms(f.p99), f.errors,
				f.cpu.Round(time.Microsecond), 100*f.ours, 100*f.others, ratio(f.rate, b.noop[n].rate, true), ratio(f.rate, b.hash, row.mark.ofHash > 0),
				ratio(f.rate, b.commit, row.writes), row.mark, verdict(f, row.mark, b.hash, b.noop[n]))
		}
	}
	_, peak := s.memory()
	r.say("\nMemory at most so far: %.0f MB.", mb(peak))
	return nil
}

func (r *report) measure(ctx context.Context, s *server, n int, script func(i int) script) (figures, error) {
	if _, err := load(ctx, s.address, n, r.span/8, script); err != nil { // warm up
		return figures{}, err
	}
	cpu, core := s.cpu(), coreBusy()
	f, err := load(ctx, s.address, n, r.span, script)
	if f.ops > 0 && err == nil {
		used := s.cpu() - cpu
		f.cpu, f.ours = used/time.Duration(f.ops), used.Seconds()/f.span.Seconds()
		f.others = max(0, (coreBusy()-core-used).Seconds()/f.span.Seconds())
	}
	if err == nil {
		err = ctx.Err()
	}
	return f, err
}
