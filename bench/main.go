// Command bench measures the released binary from outside and prints how it stands
// to what the machine and the engines can do, measured in the same run.
//
// Figures of one machine say little; the ratios are what counts. It starts every
// server it needs and ends them, also when it is interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"sekisho/internal/dbtest"
)

// options are what a person may set.
type options struct {
	span    time.Duration
	rows    int
	engines []string
	only    string
	result  string
	program string
}

func main() {
	var o options
	var engines, raw string
	var quick bool
	flag.DurationVar(&o.span, "span", 4*time.Second, "how long each row is measured")
	flag.IntVar(&o.rows, "rows", 1_000_000, "accounts and sessions in the full database; 0: leave it out")
	flag.StringVar(&engines, "engines", "sqlite,postgres", "engines to measure")
	flag.StringVar(&o.only, "only", "", "measure only rows whose name has this (also: storm, crowd, tegata, members)")
	flag.StringVar(&o.result, "result", "docs/bench.md", "file to keep the result in; empty: none")
	flag.StringVar(&o.program, "program", "bin/sekisho", "the program to measure")
	flag.BoolVar(&quick, "quick", false, "one second a row, no full database, no result file: a first look in about two minutes")
	flag.StringVar(&raw, "raw", "", "measure one thing in this process (used by bench itself)")
	flag.Parse()
	if quick {
		o.span, o.rows, o.result = time.Second, 0, ""
	}
	o.engines = strings.Split(engines, ",")
	if raw == "" {
		if err := pin(); err != nil {
			fmt.Fprintln(os.Stderr, "bench: the load shares the server's core:", err)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	var err error
	if raw != "" {
		err = measureRaw(ctx, raw, flag.Arg(0), o.span)
	} else {
		err = run(ctx, o)
	}
	dbtest.End()
	if ctx.Err() != nil {
		err = errors.New("interrupted; what was started has ended")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	r := &report{options: o}
	if err := r.head(ctx); err != nil {
		return err
	}
	for _, engine := range o.engines {
		if err := r.engine(ctx, engine); err != nil {
			return fmt.Errorf("%s: %w", engine, err)
		}
	}
	r.foot()
	if o.result == "" || o.only != "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(o.result), 0o755); err != nil {
		return err
	}
	return os.WriteFile(o.result, []byte(r.text.String()), 0o644)
}
