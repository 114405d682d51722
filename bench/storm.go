package main

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// storm lets 200 wrong passwords a second arrive, whether they are answered or not,
// and looks at how the others fare.
func (r *report) storm(ctx context.Context, s *server, w *world) error {
	if !strings.Contains("storm", r.only) {
		return nil
	}
	calm, err := r.measure(ctx, s, 16, func(i int) script { return checks(w, i) })
	if err != nil {
		return err
	}
	s.forget()
	crowd := &thrower{address: s.address, rate: 200}
	throwing, stop := context.WithCancel(ctx)
	defer stop()
	var all sync.WaitGroup
	all.Go(func() { crowd.throw(throwing) })
	time.Sleep(time.Second)
	began, first := time.Now(), crowd.thrown.Load()
	f, err := r.measure(ctx, s, 16, func(i int) script { return checks(w, i) })
	rate := float64(crowd.thrown.Load()-first) / time.Since(began).Seconds()
	stop()
	all.Wait()
	if err != nil {
		return err
	}
	_, peak := s.memory()
	kept := 100 * f.rate / calm.rate
	r.say("\nWhile %.0f wrong passwords a second arrive (%d judged, %d told to come back later, %d without an answer):\n", rate, crowd.judged.Load(), crowd.turned.Load(), crowd.lost.Load())
	r.say("- session check: %s/s, p50 %s, p99 %s (must 20 ms, goal 5 ms: %s), errors %d; others had %.0f %% of the core", groups(f.rate), ms(f.p50), ms(f.p99),
		atMost(f.p99.Seconds(), 0.020, 0.005), f.errors, 100*f.others)
	r.say("- kept %.0f %% of the rate without the storm (must 25, goal 40: %s)", kept, atLeast(kept, 25, 40))
	r.say("- memory at most %.0f MB (must 128, goal 80: %s)", mb(peak), atMost(mb(peak), 128, 80))
	return nil
}

// thrower sends wrong passwords at a steady rate from as many connections as it takes.
type thrower struct {
	address                      string
	rate                         int
	thrown, judged, turned, lost atomic.Int64
}

func (t *thrower) throw(ctx context.Context) {
	tick := time.NewTicker(time.Second / time.Duration(t.rate))
	defer tick.Stop()
	free := make(chan struct{}, 1000) // connections at most; a real crowd has no more patience
	var all sync.WaitGroup
	defer all.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		t.thrown.Add(1)
		select {
		case free <- struct{}{}:
		default:
			t.lost.Add(1)
			continue
		}
		all.Go(func() {
			defer func() { <-free }()
			switch status, err := once(t.address, signins("the wrong password altogether")); {
			case err != nil:
				t.lost.Add(1)
			case status == 503 || status == 429:
				t.turned.Add(1)
			default:
				t.judged.Add(1)
			}
		})
	}
}

// once runs a script until it has ended one operation and gives its last status.
func once(address string, s script) (int, error) {
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	defer stop()
	status, done := 0, false
	_, _, err := connection(ctx, address, func(last reply) ([]byte, bool) {
		if status = last.status; done {
			return nil, true
		}
		req, ends := s(last)
		done = ends
		return req, ends
	})
	return status, err
}
