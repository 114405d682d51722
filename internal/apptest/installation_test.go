package apptest_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/dbtest"
	"sekisho/internal/factor/push"
	"sekisho/internal/flow/enrol"
	"sekisho/internal/pass"
)

func TestATicketTakesInOneInstallationThatBothSidesAgreeTo(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		p, ctx := inside(w), t.Context()
		var x struct{ URI, State, Number, Token string }
		p.Call("POST", "/api/v1/me/tegata/ticket", nil).Want(200, "").Into(&x)
		h := w.Taken(x.URI, a, "Pixel 8")
		if _, _, err := pass.Join(ctx, h.HTTP, x.URI, "Second", "app"); !pass.Is(err, "device.ticket_over") {
			t.Errorf("used twice: got %v", err)
		}
		p.Call("GET", "/api/v1/me/tegata/ticket", nil).Want(200, "").Into(&x)
		if x.State != "waiting" || len(x.Number) != 4 {
			t.Errorf("got %+v", x)
		}
		// Agreed on one side alone it does nothing.
		p.Call("POST", "/api/v1/me/tegata/ticket/agree", nil).Want(200, "").Into(&x)
		if s, err := h.State(ctx); err != nil || len(s.Devices) != 0 {
			t.Errorf("it counts before the other side agreed: %+v %v", s.Devices, err)
		}
		if err := h.Lock(ctx, time.Time{}, false); !pass.Is(err, "device.stale") {
			t.Errorf("it acts before: got %v", err)
		}
		if j, err := h.Agree(ctx); err != nil || j.State != "active" || j.Code == "" {
			t.Errorf("got %+v %v", j, err)
		}
		if j, err := h.Joined(ctx); err != nil || j.Code != "" {
			t.Errorf("the secret of the codes was handed over twice (%v)", err)
		}
		p.Call("POST", "/api/v1/me/tegata/ticket/agree", nil).Want(200, "").Into(&x)
		if x.State != "active" || x.Token == "" {
			t.Errorf("got %+v", x)
		}
		p.Token = x.Token // it carries what the installation proves
		// Ten minutes, and only for who asked a moment ago.
		p.Call("POST", "/api/v1/me/tegata/ticket", nil).Want(200, "").Into(&x)
		w.Clock.Add(10 * time.Minute)
		if _, _, err := pass.Join(ctx, h.HTTP, x.URI, "Late", "app"); !pass.Is(err, "device.ticket_over") {
			t.Errorf("after ten minutes: got %v", err)
		}
		w.Clock.Add(time.Minute)
		p.Call("POST", "/api/v1/me/tegata/ticket", nil).Want(403, "session.fresh_required")
	})
}

func TestTheSignInLockRefusesEveryProofAndSparesWhatIsOpen(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		s, ctx := inside2(w, h), t.Context()
		if err := h.Lock(ctx, w.Clock.Now().Add(48*time.Hour), false); err != nil {
			t.Fatal(err)
		}
		if err := h.Lock(ctx, w.Clock.Now().Add(-time.Hour), false); !pass.Is(err, "signin.lock_ends_past") {
			t.Errorf("ends in the past: got %v", err)
		}
		s.Call("GET", "/api/v1/session", nil).Want(200, "")
		w.Clock.Add(3 * time.Minute)
		w.Program("192.0.2.7").Signin(hana, apptest.Word).Want(403, "signin.locked_by_owner")
		// Recovery is no way round it.
		b := w.Browser("192.0.2.9").Open("/recover").Fill("E-mail", hana).Press("Send").Fill("Code", w.Code(hana)).Press("Next")
		b.Want(403).See("signin.locked_by_owner")
		if err := h.Lock(ctx, time.Time{}, true); err != nil {
			t.Fatal(err)
		}
		s.Call("GET", "/api/v1/session", nil).Want(401, "")
		if err := h.Unlock(ctx); err != nil {
			t.Fatal(err)
		}
		if err := h.Unlock(ctx); err != nil {
			t.Error(err)
		}
		inside2(w, h)
		// Whoever lost Tegata meanwhile is helped by the operator, and told.
		if err := h.Lock(ctx, time.Time{}, false); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(time.Second) // mails of one instant have no order
		e := &enrol.Enrol{Entry: w.Entry}
		if err := e.LiftLock(ctx, h.Owner.ID, "operator"); err != nil {
			t.Fatal(err)
		}
		if err := e.LiftLock(ctx, h.Owner.ID, "operator"); !errors.Is(err, db.ErrNone) {
			t.Errorf("lifted twice: got %v", err)
		}
		if m := w.Mail(hana); !strings.Contains(m.Text, "lifted the sign-in lock") {
			t.Errorf("got mail %q", m.Text)
		}
		inside2(w, h)
		// One with an end goes by itself.
		if err := h.Lock(ctx, w.Clock.Now().Add(time.Hour), false); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(time.Hour)
		inside2(w, h)
	})
}

func TestUnderTheSignInLockNothingThatGuardsTheAccountChanges(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a, h := holding(w)
		s, ctx := inside2(w, h), t.Context()
		begun := func() (t struct{ URI string }) {
			s.Call("POST", "/api/v1/me/tegata/ticket", nil).Want(200, "").Into(&t)
			return t
		}
		// An intruder's own installation waits, agreed to in the browser before the lock.
		other := w.Taken(begun().URI, a, "Another")
		s.Call("POST", "/api/v1/me/tegata/ticket/agree", nil).Want(200, "")
		if err := h.Lock(ctx, time.Time{}, false); err != nil {
			t.Fatal(err)
		}
		if _, err := other.Agree(ctx); err == nil {
			t.Error("what waited before the lock is taken in under it")
		}
		const locked = "change.locked_by_owner"
		s.Call("POST", "/api/v1/me/tegata/ticket", nil).Want(403, locked)
		s.Call("DELETE", "/api/v1/me/factors", nil).Want(403, locked)
		var list struct{ Devices []struct{ ID string } }
		s.Call("GET", "/api/v1/me/tegata", nil).Want(200, "").Into(&list)
		if len(list.Devices) != 1 {
			t.Fatalf("got %+v, want one installation", list)
		}
		s.Call("DELETE", "/api/v1/me/tegata/"+list.Devices[0].ID, nil).Want(403, locked)
		s.Call("POST", "/api/v1/me/password", map[string]string{"current": apptest.Word, "new": newer}).Want(403, "")
		if err := h.Unlock(ctx); err != nil {
			t.Fatal(err)
		}
		begun()
	})
}

func TestLockAndSignInAtOneInstant(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		for range 6 {
			w.Clock.Add(3 * time.Minute)
			p, path, x := push2(w, "192.0.2.7")
			if err := h.Say(pass.Approve, x.Number, true); err != nil {
				t.Fatal(err)
			}
			var both sync.WaitGroup
			var got apptest.Answer
			both.Go(func() { got = p.Call("POST", path, given) })
			both.Go(func() {
				if err := h.Lock(t.Context(), time.Time{}, true); err != nil {
					t.Error(err)
				}
			})
			both.Wait()
			if got.Status == 200 { // it was quicker, and was ended by the lock
				var opened asked
				got.Into(&opened)
				p.Token = opened.Token
				p.Call("GET", "/api/v1/session", nil).Want(401, "")
			} else if got.Code() != "signin.locked_by_owner" {
				t.Errorf("got %d %s", got.Status, got.Code())
			}
			if err := h.Unlock(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestApproveAndDenyInParallelAreOneAnswer(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		p, path, x := push2(w, "192.0.2.7")
		r := h.Asked()
		var yes, no atomic.Int32
		crowd(12, func(i int) {
			decision, won := pass.Approve, &yes
			if i%2 == 0 {
				decision, won = pass.Cancel, &no
			}
			if err := h.Answer(r.ID, decision, x.Number, true); err == nil {
				won.Add(1)
			}
		})
		if yes.Load()+no.Load() != 1 {
			t.Errorf("approved %d times and cancelled %d times, want one of them once", yes.Load(), no.Load())
		}
		if got := p.Call("POST", path, given).Status; (got == 200) != (yes.Load() == 1) {
			t.Errorf("got %d after %d approvals", got, yes.Load())
		}
	})
}

func TestACallCountsOnceAndNeedsARightClock(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		header, err := h.Header("PUT", "/api/v1/tegata/lock", []byte(`{"on":true}`))
		if err != nil {
			t.Fatal(err)
		}
		p := w.Program("192.0.2.7")
		send := func(path, body string) apptest.Answer { return p.Signed("PUT", path, header, body) }
		send("/api/v1/tegata/lock", `{"on":false}`).Want(401, "device.unknown")
		send("/api/v1/tegata/guard", `{"on":true}`).Want(401, "device.unknown")
		send("/api/v1/tegata/lock", `{"on":true}`).Want(204, "")
		send("/api/v1/tegata/lock", `{"on":true}`).Want(409, "device.replayed")
		for _, off := range []time.Duration{time.Hour, -time.Hour, 3 * time.Minute} {
			h.Clock = func() time.Time { return w.Clock.Now().Add(off) }
			if _, err := h.State(t.Context()); !pass.Is(err, "device.clock") {
				t.Errorf("%s off: got %v", off, err)
			}
		}
	})
}

func TestARequestGoesToThePrimaryFirstAndToAllWhenItIsSilent(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a, main := holding(w)
		s := inside2(w, main)
		spare := w.Hold(s, a, "Tablet")
		ctx := t.Context()
		requests := func(h *apptest.Handheld) int {
			st, err := h.State(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return len(st.Requests)
		}
		w.Clock.Add(3 * time.Minute)
		push2(w, "192.0.2.7")
		if got := requests(spare); got != 0 {
			t.Errorf("the secondary is asked at once: %d", got)
		}
		w.Clock.Add(push.WidenedIn)
		if got := requests(spare); got != 1 {
			t.Errorf("the secondary is not asked after %s: %d", push.WidenedIn, got)
		}
		// With a receipt from the primary it stays there.
		w.Clock.Add(3 * time.Minute)
		requests(main) // it lives again
		push2(w, "192.0.2.7")
		if err := main.Receipt(ctx, main.Asked().ID); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(push.WidenedIn)
		if got := requests(spare); got != 0 {
			t.Errorf("the secondary is asked although the primary has it: %d", got)
		}
		// One that did not answer is passed over at once the next time.
		w.Clock.Add(3 * time.Minute)
		push2(w, "192.0.2.7")
		w.Clock.Add(3 * time.Minute)
		push2(w, "192.0.2.7")
		if got := requests(spare); got != 1 {
			t.Errorf("a dead primary is waited for: %d", got)
		}
	})
}

func TestThePrimaryHandsOnAndOthersDoNotTake(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a, main := holding(w)
		s, ctx := inside2(w, main), t.Context()
		spare := w.Hold(s, a, "Tablet")
		if err := spare.Promote(ctx, spare.Device); !pass.Is(err, "session.fresh_required") {
			t.Errorf("a secondary takes: got %v", err)
		}
		if err := spare.Retire(ctx, main.Device); !pass.Is(err, "session.fresh_required") {
			t.Errorf("a secondary retires the primary: got %v", err)
		}
		if err := main.Promote(ctx, spare.Device); err != nil {
			t.Fatal(err)
		}
		st, err := spare.State(ctx)
		if err != nil || !st.Device.Primary || len(st.Devices) != 2 {
			t.Errorf("got %+v %v", st.Device, err)
		}
		if err := spare.Retire(ctx, main.Device); err != nil {
			t.Fatal(err)
		}
		if _, err := main.State(ctx); !pass.Is(err, "device.unknown") {
			t.Errorf("a retired installation is heard: got %v", err)
		}
		if err := spare.Retire(ctx, spare.Device); !pass.Is(err, "session.fresh_required") {
			t.Errorf("the last factor went away without a fresh proof: got %v", err)
		}
	})
}

func TestTegatasOwnCodesProveOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		p, path := halfway(w, "192.0.2.7", hana)
		code := h.CodeNow()
		p.Call("POST", path, map[string]any{"kind": "totp", "answer": code}).Want(400, "signin.method_not_offered")
		p.Call("POST", path, map[string]any{"kind": "tegatacode", "answer": "000000"}).Want(401, "code.wrong")
		var opened asked
		p.Call("POST", path, map[string]any{"kind": "tegatacode", "answer": code}).Want(200, "").Into(&opened)
		if got := levelOf(p, opened.Token); got != "multi" {
			t.Errorf("got level %s, want multi", got)
		}
		p, path = halfway(w, "192.0.2.7", hana)
		p.Call("POST", path, map[string]any{"kind": "tegatacode", "answer": code}).Want(401, "code.wrong")
		// An approval and a code of one installation are one proof, not two.
		w.Clock.Add(3 * time.Minute)
		p = w.Program("192.0.2.9")
		path = opens(p, hana)
		var x asked
		p.Call("POST", path, wish).Want(200, "").Into(&x)
		if err := h.Say(pass.Approve, x.Number, false); err != nil {
			t.Fatal(err)
		}
		p.Call("POST", path, given).Want(200, "")
		p.Call("POST", path, map[string]any{"kind": "tegatacode", "answer": h.CodeNow()}).Want(400, "signin.method_not_offered")
	})
}

func TestAnOpenInstallationIsToldAtOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		work(t, w)
		_, h := holding(w)
		first, err := h.Events(t.Context(), "", 0)
		if err != nil {
			t.Fatal(err)
		}
		got := make(chan pass.Events, 1)
		go func() {
			e, err := h.Events(t.Context(), first.Cursor, 10)
			if err != nil {
				t.Error(err)
			}
			got <- e
		}()
		time.Sleep(50 * time.Millisecond)
		p, path, x := push2(w, "192.0.2.7")
		select {
		case e := <-got:
			if len(e.Requests) != 1 {
				t.Fatalf("got %+v, want one request", e)
			}
		case <-time.After(4 * time.Second):
			t.Fatal("it was not told")
		}
		opened := make(chan apptest.Answer, 1)
		go func() { opened <- p.Call("POST", path, map[string]any{"kind": "tegata", "answer": "wait"}) }()
		time.Sleep(50 * time.Millisecond)
		if err := h.Say(pass.Approve, x.Number, true); err != nil {
			t.Fatal(err)
		}
		(<-opened).Want(200, "")
	})
}

func TestASleepingPhoneIsWokenAndADeadEndpointForgotten(t *testing.T) {
	gone := false
	var got [][]byte
	var mu sync.Mutex
	service := httptest.NewServer(http.HandlerFunc(func(h http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		got = append(got, body)
		if r.Header.Get("Content-Encoding") != "aes128gcm" || !strings.HasPrefix(r.Header.Get("Authorization"), "vapid t=") {
			t.Errorf("got headers %v", r.Header)
		}
		h.WriteHeader(map[bool]int{true: 410, false: 201}[gone])
	}))
	defer service.Close()
	each := func(name string, test func(*testing.T, *apptest.World)) {
		for _, engine := range dbtest.Engines {
			t.Run(engine+name, func(t *testing.T) { test(t, apptest.New(t, engine, "push_inner_networks", "127.0.0.0/8")) })
		}
	}
	each("", func(t *testing.T, w *apptest.World) {
		work(t, w)
		_, h := holding(w)
		phone, err := ecdh.P256().GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		point := base64.RawURLEncoding.EncodeToString(phone.PublicKey().Bytes())
		auth := base64.RawURLEncoding.EncodeToString([]byte("0123456789abcdef"))
		say := func(endpoint string) error {
			return h.Call(t.Context(), "PUT", "/api/v1/tegata/push", map[string]string{"endpoint": endpoint, "p256dh": point, "auth": auth}, nil)
		}
		for _, endpoint := range []string{"http://10.0.0.1/x", "file:///etc/passwd", "https://user@push.example.com/", ""} {
			if err := say(endpoint); !pass.Is(err, "push.endpoint_refused") {
				t.Errorf("%s: got %v", endpoint, err)
			}
		}
		mu.Lock()
		got, gone = nil, false
		mu.Unlock()
		count := func() int { mu.Lock(); defer mu.Unlock(); return len(got) }
		if err := say(service.URL + "/device/1"); err != nil {
			t.Fatal(err)
		}
		push2(w, "192.0.2.7")
		eventually(t, func() bool { return count() == 1 })
		mu.Lock()
		gone = true
		mu.Unlock()
		w.Clock.Add(3 * time.Minute)
		push2(w, "192.0.2.7")
		eventually(t, func() bool { return count() == 2 })
		time.Sleep(100 * time.Millisecond)
		w.Clock.Add(3 * time.Minute)
		push2(w, "192.0.2.7")
		time.Sleep(700 * time.Millisecond)
		if n := count(); n != 2 {
			t.Errorf("a dead endpoint was told %d times, want 2", n)
		}
	})
}

func TestAnInnerEndpointIsToldNothing(t *testing.T) {
	told := make(chan struct{}, 9)
	service := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { told <- struct{}{} }))
	defer service.Close()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		work(t, w)
		_, h := holding(w)
		phone, err := ecdh.P256().GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		in := map[string]string{"endpoint": service.URL, "p256dh": base64.RawURLEncoding.EncodeToString(phone.PublicKey().Bytes()), "auth": base64.RawURLEncoding.EncodeToString([]byte("0123456789abcdef"))}
		if err := h.Call(t.Context(), "PUT", "/api/v1/tegata/push", in, nil); !pass.Is(err, "push.endpoint_refused") {
			t.Errorf("got %v", err)
		}
		in["endpoint"] = strings.Replace(service.URL, "http:", "https:", 1)
		if err := h.Call(t.Context(), "PUT", "/api/v1/tegata/push", in, nil); err == nil { // looked at where it is dialled
			push2(w, "192.0.2.7")
			time.Sleep(700 * time.Millisecond)
		}
		if len(told) > 0 {
			t.Error("an inner address was reached")
		}
	})
}

func TestWhileAnAccountIsClosedItsInstallationsLockNothing(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a, h := holding(w)
		s, ctx := inside2(w, h), t.Context()
		foe := w.Hold(s, a, "Thief phone")
		w.Clock.Add(3 * time.Minute)
		push2(w, "192.0.2.7")
		if err := h.Say(pass.Deny, "", false); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(time.Second)
		if err := foe.Lock(ctx, time.Time{}, false); !pass.Is(err, "account.contained") {
			t.Errorf("it locks: got %v", err)
		}
		if err := h.Retire(ctx, foe.Device); !pass.Is(err, "account.contained") {
			t.Errorf("it retires: got %v", err)
		}
		if err := h.Promote(ctx, foe.Device); !pass.Is(err, "account.contained") {
			t.Errorf("it promotes: got %v", err)
		}
		if err := h.Unlock(ctx); err != nil {
			t.Errorf("it does not unlock: got %v", err)
		}
	})
}
