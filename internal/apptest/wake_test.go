package apptest_test

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/dbtest"
	"sekisho/internal/device"
	"sekisho/internal/pass"
	"sekisho/internal/secret"
)

// pusher is a push service that keeps with which key it was told.
type pusher struct {
	*httptest.Server
	mu     sync.Mutex
	keys   []string
	status int
	after  string // Retry-After
}

func newPusher(t *testing.T) *pusher {
	p := &pusher{status: 201}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, key, _ := strings.Cut(r.Header.Get("Authorization"), ", k=")
		p.mu.Lock()
		defer p.mu.Unlock()
		p.keys = append(p.keys, key)
		if p.after != "" {
			w.Header().Set("Retry-After", p.after)
		}
		w.WriteHeader(p.status)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *pusher) told() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.keys...)
}

func (p *pusher) answer(status int, after string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status, p.after = status, after
}

type wakeKey struct {
	Key        string
	Subscribed bool
}

func wakeKeyOf(t *testing.T, h *apptest.Handheld) (k wakeKey) {
	t.Helper()
	if err := h.Call(t.Context(), "GET", "/api/v1/tegata/push/key", nil, &k); err != nil || k.Key == "" {
		t.Fatalf("got %+v %v", k, err)
	}
	return k
}

func subscribe(t *testing.T, h *apptest.Handheld, endpoint string) {
	t.Helper()
	phone, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	in := map[string]string{"endpoint": endpoint, "p256dh": base64.RawURLEncoding.EncodeToString(phone.PublicKey().Bytes()), "auth": base64.RawURLEncoding.EncodeToString([]byte("0123456789abcdef"))}
	if err := h.Call(t.Context(), "PUT", "/api/v1/tegata/push", in, nil); err != nil {
		t.Fatal(err)
	}
}

func eachWithPusher(t *testing.T, test func(*testing.T, *apptest.World, *pusher)) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			test(t, apptest.New(t, engine, "push_inner_networks", "127.0.0.0/8"), newPusher(t))
		})
	}
}

// asks lets somebody sign in, and sends what is due.
func asks(t *testing.T, w *apptest.World) {
	t.Helper()
	w.Clock.Add(11 * time.Minute)
	push2(w, "192.0.2.7")
	if err := w.Send(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestTheKeyForPushServicesTurnsAndSubscriptionsGoOn(t *testing.T) {
	eachWithPusher(t, func(t *testing.T, w *apptest.World, p *pusher) {
		_, h := holding(w)
		before := wakeKeyOf(t, h)
		if before.Subscribed {
			t.Error("it is subscribed before it said so")
		}
		subscribe(t, h, p.URL+"/1")
		if !wakeKeyOf(t, h).Subscribed {
			t.Error("it is not subscribed after it said so")
		}
		turn := func(withdraw bool) {
			t.Helper()
			w.Clock.Add(time.Second)
			if _, err := w.TurnWakeKeys(t.Context(), withdraw); err != nil {
				t.Fatal(err)
			}
		}
		turn(false)
		asks(t, w)
		if got := p.told(); len(got) != 1 || got[0] != before.Key {
			t.Errorf("after another key was made: told with %v, want once with the one that was subscribed with", got)
		}
		after := wakeKeyOf(t, h)
		if after.Key == before.Key || after.Subscribed {
			t.Errorf("got %+v, want another key to subscribe with", after)
		}
		subscribe(t, h, p.URL+"/2")
		asks(t, w)
		if got := p.told(); len(got) != 2 || got[1] != after.Key {
			t.Errorf("subscribed anew: told with %v, want the new one at last", got)
		}
		turn(true)
		asks(t, w)
		if got := p.told(); len(got) != 2 {
			t.Errorf("a key that was withdrawn has told %v", got[2:])
		}
		// By itself it turns once a year.
		w.View(func(tx db.ReadTx) error {
			keys, err := device.WakeKeys(context.Background(), tx, w.Ring)
			if err != nil || len(keys) != 1 {
				t.Errorf("got %d keys %v, want the new one alone", len(keys), err)
			}
			return nil
		})
		w.Clock.Add(device.WakeKeyLives)
		for range 2 {
			w.Update(func(tx db.Tx) error { return device.TendWakeKeys(context.Background(), tx, w.Ring, false) })
		}
		w.View(func(tx db.ReadTx) error {
			if keys, err := device.WakeKeys(context.Background(), tx, w.Ring); err != nil || len(keys) != 2 {
				t.Errorf("a year later: got %d keys %v, want two", len(keys), err)
			}
			return nil
		})
	})
}

// A key that does not open wakes nobody, and keeps nobody from being woken.
func TestAKeyForPushServicesThatDoesNotOpenIsPassedOver(t *testing.T) {
	eachWithPusher(t, func(t *testing.T, w *apptest.World, p *pusher) {
		_, h := holding(w)
		lost := wakeKeyOf(t, h)
		subscribe(t, h, p.URL+"/1")
		w.Update(func(tx db.Tx) error {
			_, err := tx.Exec(context.Background(), `UPDATE device_wake_key SET sealed = $1`, secret.Hash("of another key"))
			return err
		})
		asks(t, w)
		now := wakeKeyOf(t, h)
		if now.Key == lost.Key || now.Subscribed {
			t.Errorf("got %+v, want another key", now)
		}
		subscribe(t, h, p.URL+"/2")
		asks(t, w)
		if got := p.told(); len(got) != 1 || got[0] != now.Key {
			t.Errorf("told with %v, want once with the new key", got)
		}
	})
}

func TestAPushServiceThatIsBusyIsLeftAlone(t *testing.T) {
	eachWithPusher(t, func(t *testing.T, w *apptest.World, p *pusher) {
		_, h := holding(w)
		subscribe(t, h, p.URL+"/1")
		send := func(after time.Duration, want int, what string) {
			t.Helper()
			w.Clock.Add(after)
			if err := w.Send(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := len(p.told()); got != want {
				t.Errorf("%s: told %d times, want %d", what, got, want)
			}
		}
		p.answer(503, "")
		asks(t, w)
		send(9*time.Second, 1, "nine seconds later")
		send(2*time.Second, 2, "eleven seconds later")
		p.answer(429, "60")
		send(21*time.Second, 3, "half a minute later")
		p.answer(201, "")
		send(50*time.Second, 3, "before it wants to be told again")
		send(11*time.Second, 4, "then")
		send(time.Minute, 4, "once it has taken it")
		if !wakeKeyOf(t, h).Subscribed {
			t.Error("a subscription ended because its service was busy")
		}
		// What nobody waits for any more is not told.
		p.answer(503, "")
		asks(t, w)
		send(3*time.Minute, 5, "after the request is over")
		// 404 ends it, as 410 does.
		p.answer(404, "")
		asks(t, w)
		if wakeKeyOf(t, h).Subscribed {
			t.Error("a subscription that is no more is kept")
		}
		asks(t, w)
		if got := len(p.told()); got != 6 {
			t.Errorf("told %d times, want 6", got)
		}
	})
}

// A ticket is its account's: another one's session cannot agree to it, and who is let in
// with it is let in to that account alone.
func TestATicketIsOfItsAccountAlone(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		w.Settle("ken@example.com")
		p, q := inside(w), w.Program("192.0.2.201")
		q.Signin("ken@example.com", apptest.Word).Want(200, "")
		var x struct{ URI, State, Token string }
		p.Call("POST", "/api/v1/me/tegata/ticket", nil).Want(200, "").Into(&x)
		h := w.Taken(x.URI, a, "Pixel 8")
		if _, err := h.Agree(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := q.Call("POST", "/api/v1/me/tegata/ticket/agree", nil); got.Status == 200 {
			t.Errorf("another account agreed: %s", got.Body)
		}
		if j, err := h.Joined(t.Context()); err != nil || j.State == "active" || j.Code != "" {
			t.Errorf("it counts by another account's word: %+v %v", j, err)
		}
		var list struct{ Devices []struct{ ID string } }
		q.Call("GET", "/api/v1/me/tegata", nil).Want(200, "").Into(&list)
		if len(list.Devices) != 0 {
			t.Errorf("another account has %v", list.Devices)
		}
		p.Call("POST", "/api/v1/me/tegata/ticket/agree", nil).Want(200, "").Into(&x)
		s, err := h.State(t.Context())
		if err != nil || s.Account.ID != string(a.ID) {
			t.Errorf("got %+v %v, want hana's", s.Account, err)
		}
	})
}

// Promoting in the browser needs a proof that is fresh, and a device of one's own.
func TestPromotingNeedsAFreshProof(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a, main := holding(w)
		s := inside2(w, main)
		spare := w.Hold(s, a, "Tablet")
		promote := "/api/v1/me/tegata/" + spare.Device + "/promote"
		other := w.Program("192.0.2.201")
		w.Settle("ken@example.com")
		other.Signin("ken@example.com", apptest.Word).Want(200, "")
		if got := other.Call("POST", promote, nil); got.Status == 200 {
			t.Error("another account promotes")
		}
		w.Clock.Add(11 * time.Minute)
		s.Call("POST", promote, nil).Want(403, "session.fresh_required")
		s.Call("DELETE", "/api/v1/me/tegata/"+main.Device, nil).Want(403, "session.fresh_required")
		if st, err := main.State(t.Context()); err != nil || !st.Device.Primary {
			t.Errorf("it was promoted: %+v %v", st.Device, err)
		}
		s = inside2(w, main)
		s.Call("POST", promote, nil).Want(204, "")
		if st, err := spare.State(t.Context()); err != nil || !st.Device.Primary {
			t.Errorf("got %+v %v", st.Device, err)
		}
	})
}

// A day without a network changes nothing; a call that was signed before it is too old.
func TestADayWithoutANetworkIsMadeUpFor(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		header, err := h.Header("PUT", "/api/v1/tegata/lock", []byte(`{"on":true}`))
		if err != nil {
			t.Fatal(err)
		}
		push2(w, "192.0.2.7")
		late := h.Asked()
		w.Clock.Add(24 * time.Hour)
		w.Program("192.0.2.8").Signed("PUT", "/api/v1/tegata/lock", header, `{"on":true}`).Want(400, "device.clock")
		s, err := h.State(t.Context())
		if err != nil || len(s.Requests) != 0 || s.Lock.On {
			t.Errorf("got %+v %v, want nothing that asks", s, err)
		}
		if err := h.Answer(late.ID, pass.Approve, "00", true); !pass.Is(err, "push.expired") {
			t.Errorf("a request of yesterday: got %v", err)
		}
		p, path := halfway(w, "192.0.2.9", hana)
		p.Call("POST", path, map[string]any{"kind": "tegatacode", "answer": h.CodeNow()}).Want(200, "")
		// An hour off, nothing is answered, and the refusal tells the server's time.
		w.Clock.Add(3 * time.Minute)
		p, path, x := push2(w, "192.0.2.10")
		for _, off := range []time.Duration{time.Hour, -time.Hour} {
			id := h.Asked().ID
			h.Clock = func() time.Time { return w.Clock.Now().Add(off) }
			if err := h.Answer(id, pass.Approve, x.Number, true); !pass.Is(err, "device.clock") {
				t.Errorf("%s off: got %v", off, err)
			}
			h.Clock = w.Clock.Now
		}
		w.Clock.Add(time.Second)
		if err := h.Say(pass.Approve, x.Number, true); err != nil {
			t.Errorf("with its clock right again: %v", err)
		}
		p.Call("POST", path, given).Want(200, "")
	})
}

// A vault of a thousand codes is taken; one that is too large is refused with its limit.
func TestAVaultOfAThousandCodesIsKept(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		put := func(version int64, n int) error {
			return h.Call(t.Context(), "PUT", "/api/v1/tegata/vault", map[string]any{"version": version, "sealed": strings.Repeat("A", n)}, nil)
		}
		if err := put(0, 400_000); err != nil { // a thousand of 300 bytes, in base64
			t.Fatal(err)
		}
		var got struct {
			Version int64
			Sealed  string
		}
		if err := h.Call(t.Context(), "GET", "/api/v1/tegata/vault", nil, &got); err != nil || got.Version != 1 || len(got.Sealed) != 400_000 {
			t.Errorf("got version %d of %d bytes %v", got.Version, len(got.Sealed), err)
		}
		if err := put(1, device.MostVault+1); !pass.Is(err, "request.too_large") {
			t.Errorf("one that is too large: got %v", err)
		}
	})
}
