// Command bench measures the released binary from outside and prints how it stands
// to what the machine and the engines can do, measured in the same run.
//
// Figures of one machine say little; the ratios are what counts. It starts every
// server it needs and ends them.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
}

func main() {
	var o options
	var engines, raw string
	flag.DurationVar(&o.span, "span", 4*time.Second, "how long each row is measured")
	flag.IntVar(&o.rows, "rows", 1_000_000, "accounts and sessions in the full database; 0: leave it out")
	flag.StringVar(&engines, "engines", "sqlite,postgres", "engines to measure")
	flag.StringVar(&o.only, "only", "", "measure only rows whose name has this")
	flag.StringVar(&o.result, "result", "bench/result.md", "file to keep the result in; empty: none")
	flag.StringVar(&raw, "raw", "", "measure one thing in this process (used by bench itself)")
	flag.Parse()
	o.engines = strings.Split(engines, ",")
	var err error
	if raw != "" {
		err = measureRaw(raw, flag.Arg(0), o.span)
	} else {
		err = run(o)
	}
	dbtest.End()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	r := &report{options: o}
	r.machine()
	if err := r.binary("bin/sekisho"); err != nil {
		return err
	}
	pin()
	for _, engine := range o.engines {
		if err := r.engine(engine); err != nil {
			return fmt.Errorf("%s: %w", engine, err)
		}
	}
	if o.result == "" || o.only != "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(o.result), 0o755); err != nil {
		return err
	}
	return os.WriteFile(o.result, []byte(r.text.String()), 0o644)
}
