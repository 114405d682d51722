package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing/fstest"
	"time"

	"golang.org/x/crypto/argon2"

	"sekisho/internal/db"
	"sekisho/internal/factor/totp"
)

// raw measures something in a process of its own on the server's core.
func raw(ctx context.Context, what, where string, span time.Duration) (float64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	out, err := own(ctx, self, "-raw", what, "-span", span.String(), where).Output()
	if err != nil {
		return 0, fmt.Errorf("raw %s: %w", what, err)
	}
	return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
}

// measureRaw is the other side of raw: it prints a rate.
func measureRaw(ctx context.Context, what, where string, span time.Duration) error {
	var rate float64
	var err error
	switch what {
	case "argon2id":
		rate = hashes(span)
	case "qr":
		rate, err = codes(span)
	case "commit":
		rate, err = commits(ctx, where, span)
	default:
		err = fmt.Errorf("nothing is called %q", what)
	}
	if err == nil {
		fmt.Printf("%.2f\n", rate)
	}
	return err
}

// hashes is how many Argon2id hashes of the default cost one thread reckons a second.
func hashes(span time.Duration) float64 {
	began, n := time.Now(), 0
	for time.Since(began) < span {
		argon2.IDKey([]byte("three paper cranes unfold"), []byte("0123456789abcdef"), 2, 19456, 1, 32)
		n++
	}
	return float64(n) / time.Since(began).Seconds()
}

// codes is how many QR codes of an enrolment one thread draws a second.
func codes(span time.Duration) (float64, error) {
	uri := totp.URI("Sekisho", mail(0), totp.NewKey())
	began, n := time.Now(), 0
	for time.Since(began) < span {
		if _, err := totp.SVG(uri); err != nil {
			return 0, err
		}
		n++
	}
	return float64(n) / time.Since(began).Seconds(), nil
}

// commits is how many durable transactions of one small row the engine takes a second
// from 16 at once.
func commits(ctx context.Context, url string, span time.Duration) (float64, error) {
	d, err := db.Open(ctx, url, db.Options{})
	if err != nil {
		return 0, err
	}
	defer d.Close()
	tables := fstest.MapFS{"migrations/9901_row.sql": {Data: []byte("CREATE TABLE bench_row (id BIGINT NOT NULL PRIMARY KEY, n BIGINT NOT NULL);")}}
	if err := d.Migrate(ctx, tables); err != nil {
		return 0, err
	}
	var n atomic.Int64
	var failed atomic.Value
	var all sync.WaitGroup
	began := time.Now()
	base := began.UnixNano()
	for range 16 {
		all.Go(func() {
			for time.Since(began) < span {
				id := n.Add(1)
				if err := d.Update(ctx, func(tx db.Tx) error {
					_, err := tx.Exec(ctx, `INSERT INTO bench_row (id, n) VALUES ($1, 1)`, base+id)
					return err
				}); err != nil {
					failed.Store(err)
					return
				}
			}
		})
	}
	all.Wait()
	if err, _ := failed.Load().(error); err != nil {
		return 0, err
	}
	return float64(n.Load()) / time.Since(began).Seconds(), nil
}
