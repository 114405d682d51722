package apptest_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/factor/push"
	"sekisho/internal/pass"
)

// What a stranger learns of requests comes of the name they asked with alone.
func TestRequestsTieNoTwoNamesTogether(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		const second, nobody = "second@example.com", "nobody@example.com"
		a := w.Settle(hana, second)
		h := w.Hold(inside(w), a, "Pixel 8")
		from := 0
		ask := func(who string) string {
			from++
			p := w.Program(fmt.Sprintf("203.0.113.%d", from))
			return p.Call("POST", opens(p, who), wish).Code()
		}
		wait := func(d time.Duration) {
			w.Clock.Add(d)
			_, _ = h.State(t.Context())
		}
		for _, names := range [][2]string{{hana, second}, {nobody, "noone@example.com"}} {
			wait(15 * time.Minute)
			for range push.Most {
				for _, x := range []struct{ who, want string }{{names[0], ""}, {names[0], "push.busy"}, {names[1], ""}, {names[1], "push.busy"}} {
					if got := ask(x.who); got != x.want {
						t.Errorf("%s: got %q, want %q", x.who, got, x.want)
					}
				}
				if st, err := h.State(t.Context()); err != nil || len(st.Requests) > 1 {
					t.Errorf("got %d requests at once (%v)", len(st.Requests), err)
				}
				wait(push.Lives)
			}
		}
		// Nor that its owner is signing in at this moment.
		wait(15 * time.Minute)
		push2(w, "192.0.2.7")
		if got := ask(hana); got != "" {
			t.Errorf("got %q while its owner signs in", got)
		}
		r := h.Asked()
		// By all of its names together no more are asked than by one.
		wait(15 * time.Minute)
		made := map[string]bool{r.ID: true}
		for i := range 2 * push.Most {
			ask([]string{hana, second}[i%2])
			st, err := h.State(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range st.Requests {
				made[x.ID] = true
				if err := h.Answer(x.ID, pass.Cancel, "", false); err != nil {
					t.Error(err)
				}
			}
			// To strangers one that was cancelled looks as if nobody had answered.
			wait(time.Second + time.Duration(i%2)*(push.Lives-time.Second))
		}
		if got := len(made) - 1; got != push.Most {
			t.Errorf("strangers asked %d times, want %d", got, push.Most)
		}
	})
}

func TestParallelRequestsAnswerAlikeForNobody(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		holding(w)
		for _, name := range []string{hana, "nobody@example.com"} {
			for range 3 {
				w.Clock.Add(time.Hour)
				var programs []*apptest.Program
				var paths []string
				for i := range 8 {
					programs = append(programs, w.Program(fmt.Sprintf("203.0.113.%d", i)))
					paths = append(paths, opens(programs[i], name))
				}
				var mu sync.Mutex
				got := map[string]int{}
				crowd(8, func(i int) {
					code := programs[i].Call("POST", paths[i], wish).Code()
					mu.Lock()
					defer mu.Unlock()
					got[code]++
				})
				if got[""] != 1 || got["push.busy"] != 7 {
					t.Errorf("%s: got %v", name, got)
				}
			}
		}
	})
}

func TestWhoIsWokenIsNotToBeTimed(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		holding(w)
		w.Settle("ken@example.com")
		rows := func() (n int64) {
			w.View(func(tx db.ReadTx) error {
				return tx.QueryRow(t.Context(), `SELECT count(*) FROM outbox WHERE topic = 'push.request'`).Scan(&n)
			})
			return n
		}
		for _, who := range []string{hana, "ken@example.com", "nobody@example.com"} {
			before, p := rows(), w.Program("203.0.113.7")
			p.Call("POST", opens(p, who), wish).Want(200, "")
			if got := rows() - before; got != 1 {
				t.Errorf("%s: %d rows are written, want 1", who, got)
			}
		}
	})
}
