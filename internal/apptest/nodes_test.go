package apptest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/factor/push"
	"sekisho/internal/pass"
)

// into leads an installation's calls to one node.
type into struct{ http.Handler }

func (x into) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.RequestURI, in.RemoteAddr, in.Host = r.URL.RequestURI(), "198.51.100.200:40000", r.URL.Host
	if in.Body == nil {
		in.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	x.ServeHTTP(rec, in)
	return rec.Result(), nil
}

// on is the same installation, speaking to another node.
func on(w *apptest.World, h *apptest.Handheld) *pass.Pass {
	return &pass.Pass{Origin: h.Origin, Device: h.Device, Key: h.Key, Clock: w.Clock.Now, HTTP: &http.Client{Transport: into{w.Handler}}}
}

// once runs the same on two nodes several times at once and says how often it worked.
func once(t *testing.T, what string, nodes [2]*apptest.World, do func(at *apptest.World, i int) bool) {
	t.Helper()
	var worked atomic.Int32
	crowd(8, func(i int) {
		if do(nodes[i%2], i) {
			worked.Add(1)
		}
	})
	if got := worked.Load(); got != 1 {
		t.Errorf("%s: worked %d times, want once", what, got)
	}
}

func TestTwoNodesTakeWhatTegataSaysOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a, h := holding(w)
		nodes, ctx := [2]*apptest.World{w, w.Another()}, t.Context()
		header, err := h.Header("PUT", "/api/v1/tegata/guard", []byte(`{"on":true}`))
		if err != nil {
			t.Fatal(err)
		}
		once(t, "one call", nodes, func(at *apptest.World, _ int) bool {
			return at.Program("192.0.2.7").Signed("PUT", "/api/v1/tegata/guard", header, `{"on":true}`).Status == 204
		})
		w.Clock.Add(time.Minute)
		_, _, x := push2(w, "192.0.2.7")
		id := h.Asked().ID
		once(t, "one answer", nodes, func(at *apptest.World, i int) bool {
			decision := []string{pass.Approve, pass.Approve, pass.Cancel, pass.Deny}[i%4]
			w.Clock.Add(time.Millisecond)
			return on(at, h).Decide(ctx, pass.Said{Account: string(a.ID), Request: id, Decision: decision, Number: x.Number, Verified: true}) == nil
		})
	})
}

func TestTwoNodesSpendWhatTegataGivesOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a, h := holding(w)
		nodes, ctx := [2]*apptest.World{w, w.Another()}, t.Context()
		s := inside2(w, h)
		spare := w.Hold(s, a, "Tablet")
		w.Clock.Add(time.Minute)
		p, path, x := push2(w, "192.0.2.7")
		if err := h.Say(pass.Approve, x.Number, true); err != nil {
			t.Fatal(err)
		}
		once(t, "one approval", nodes, func(at *apptest.World, _ int) bool {
			q := at.Program("192.0.2.7")
			q.Agent = p.Agent
			return q.Call("POST", path, given).Status == 200
		})
		var y asked
		p.Call("POST", "/api/v1/signin", map[string]any{"kind": "tegata"}).Want(200, "").Into(&y)
		p.Call("POST", "/api/v1/signin/"+y.Flow, map[string]any{"kind": "tegata", "answer": "scan"}).Want(200, "").Into(&y)
		code := y.Scan[strings.Index(y.Scan, "=")+1:]
		holders := [2]*apptest.Handheld{h, spare}
		once(t, "one code to scan", nodes, func(at *apptest.World, i int) bool {
			w.Clock.Add(time.Millisecond)
			return on(at, holders[i/2%2]).Call(ctx, "POST", "/api/v1/tegata/scan", map[string]string{"code": code}, nil) == nil
		})
		once(t, "one version of the vault", nodes, func(at *apptest.World, i int) bool {
			w.Clock.Add(time.Millisecond)
			return on(at, holders[i/2%2]).Call(ctx, "PUT", "/api/v1/tegata/vault", map[string]any{"version": 0, "sealed": "x"}, nil) == nil
		})
		s.Call("POST", "/api/v1/me/tegata/ticket", nil).Want(200, "")
		var k struct{ URI string }
		s.Call("POST", "/api/v1/me/tegata/ticket", nil).Want(200, "").Into(&k)
		once(t, "one ticket", nodes, func(at *apptest.World, i int) bool {
			_, _, err := pass.Join(ctx, &http.Client{Transport: into{at.Handler}}, k.URI, "Third", "app")
			return err == nil
		})
	})
}

func TestARequestOutlivesARestartAndEndsInItsTime(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		p, path, x := push2(w, "192.0.2.7")
		again := w.Another()
		if err := on(again, h).Decide(t.Context(), pass.Said{Account: string(h.Owner.ID), Request: h.Asked().ID, Decision: pass.Approve, Number: x.Number, Verified: true}); err != nil {
			t.Fatal(err)
		}
		p.At(again).Call("POST", path, given).Want(200, "")
		// One that nobody answered is over, for the phone and for the browser; so is an
		// approval that nobody collected.
		w.Clock.Add(5 * time.Minute)
		p, path, x = push2(w, "192.0.2.7")
		r := h.Asked()
		w.Clock.Add(push.Lives)
		if err := h.Answer(r.ID, pass.Approve, x.Number, true); !pass.Is(err, "push.expired") {
			t.Errorf("approved too late: got %v", err)
		}
		p.Call("POST", path, given).Want(401, "push.no_answer")
		w.Clock.Add(5 * time.Minute)
		p, path, x = push2(w, "192.0.2.7")
		if err := h.Say(pass.Approve, x.Number, true); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(push.Lives)
		p.Call("POST", path, given).Want(401, "push.expired")
		// After "it was me, stop" there is nothing to approve.
		w.Clock.Add(10 * time.Minute)
		p, path, x = push2(w, "192.0.2.7")
		r = h.Asked()
		if err := h.Say(pass.Cancel, "", false); err != nil {
			t.Fatal(err)
		}
		if err := h.Answer(r.ID, pass.Approve, x.Number, true); !pass.Is(err, "push.expired") {
			t.Errorf("approved after it was cancelled: got %v", err)
		}
		p.Call("POST", path, given).Want(401, "push.cancelled")
	})
}
