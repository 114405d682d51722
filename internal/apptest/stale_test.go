package apptest_test

import (
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/pass"
	"sekisho/internal/ref"
)

// forgotten is an account whose owner changed the password in a browser, did not open
// Tegata since, and forgot the new one.
func forgotten(w *apptest.World) (account.Account, *apptest.Handheld) {
	w.T.Helper()
	a, h := holding(w)
	w.Update(func(tx db.Tx) error { return proveAddress(tx, a, "spare@example.net") })
	inside2(w, h).Call("POST", "/api/v1/me/password", map[string]any{"current": apptest.Word, "new": newer}).Want(200, "")
	w.Clock.Add(time.Hour)
	return a, h
}

const yetNewer = "a third pass phrase altogether"

// regain goes on from the approval page with a number that Tegata is told.
func regain(t *testing.T, b *apptest.Browser, h *apptest.Handheld, verified bool) *apptest.Browser {
	t.Helper()
	b.See("has not confirmed the password").Press("Ask Tegata").See("Waiting for your answer")
	if p := h.Asked().Purpose; p != "recover" {
		t.Errorf("got purpose %s", p)
	}
	if err := h.Say(pass.Approve, b.Number(), verified); err != nil {
		t.Fatal(err)
	}
	return b.Press("I approved it")
}

func TestAForgottenPasswordIsResetWithAStaleTegataAfterADay(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := forgotten(w)
		b := regain(t, lost(w, w.Browser("192.0.2.1")), h, true).See("The reset has to wait")
		at := b.URL.RawQuery
		b.Post("/recover/password?"+at, url.Values{"new": {yetNewer}}).Miss("Hello")
		for _, address := range []string{hana, "spare@example.net"} {
			if n := to(w, address, "/recover/cancel?c="); n != 1 {
				t.Errorf("got %d notices to %s, want one", n, address)
			}
		}
		w.Program("192.0.2.4").Signin(hana, newer).Want(200, "") // nothing has changed
		w.Clock.Add(24*time.Hour + time.Minute)
		c := w.Another().Browser("192.0.2.9").Open(w.Link(hana)).Press("Go on")
		regain(t, c, h, true).See("Choose a new password").Fill("New password", yetNewer).Press("Next").See("Hello Hana")
		w.Program("192.0.2.5").Signin(hana, newer).Want(401, "signin.not_recognised")
		// It is fresh again once it has heard of the new one, and not before.
		w.Clock.Add(time.Minute)
		if s, err := h.State(t.Context()); err != nil || !s.Device.Stale {
			t.Errorf("the approval made the device fresh: %+v %v", s.Device, err)
		}
		if err := h.Refresh(t.Context(), yetNewer); err != nil {
			t.Error(err)
		}
	})
}

func TestAStaleTegataAloneIsGoodForNothing(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := forgotten(w)
		// At a sign-in it is asked nothing, by its number or by its code, with its app lock passed.
		p := w.Program("192.0.2.7")
		var x asked
		p.Signin(hana, newer).Want(200, "").Into(&x)
		p.Call("POST", "/api/v1/signin/"+x.Flow+"/tegata/send", nil).Into(&x)
		if s, err := h.State(t.Context()); err != nil || len(s.Requests) != 0 {
			t.Errorf("a stale device is asked at a sign-in: %+v %v", s.Requests, err)
		}
		w.Clock.Add(11 * time.Minute)
		// It asks for nothing, and its answer does not close the owner's doors.
		b := lost(w, w.Browser("192.0.2.1")).Press("Ask Tegata").See("Waiting for your answer")
		if err := h.Say(pass.Deny, "", true); !pass.Is(err, "device.stale") {
			t.Errorf("not me: got %v", err)
		}
		if err := h.Lock(t.Context(), time.Time{}, false); !pass.Is(err, "device.stale") {
			t.Errorf("lock: got %v", err)
		}
		b.Press("Ask again").See("Waiting for your answer")
		if err := h.Say(pass.Cancel, "", false); err != nil {
			t.Fatal(err)
		}
		b.Press("I approved it").See("push.cancelled").Miss("has to wait")
		if n := to(w, hana, "/recover/cancel?c="); n != 0 {
			t.Errorf("got %d waits, want none", n)
		}
		// A wrong number ends it.
		w.Clock.Add(11 * time.Minute)
		b.Press("Ask").See("Waiting for your answer")
		wrong := "00"
		if b.Number() == wrong {
			wrong = "01"
		}
		if err := h.Say(pass.Approve, wrong, true); !pass.Is(err, "push.mistaken") && err == nil {
			t.Errorf("a wrong number: got %v", err)
		}
		b.Press("I approved it").Miss("has to wait")
	})
}

// Whoever took the phone has its Tegata and the SMS that come to it.
func TestAStaleTegataDoesNotStandBesideAnSMSToTheSamePhone(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		a, h := forgotten(w)
		w.Update(func(tx db.Tx) error {
			_, err := tx.Exec(t.Context(), `INSERT INTO identifier (account, kind, norm, shown, main, hosted, created, confirmed) VALUES ($1, 'mobile', $2, $2, 1, 0, $3, $3)`, a.ID, phone, tx.Now())
			return err
		})
		b := w.Browser("203.0.113.66").Open("/recover").Fill("E-mail", phone).Press("Send")
		if err := w.SendSMS(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.Fill("Code", phones.Code(phone)).Press("Next")
		if !strings.Contains(b.Body, "Ask Tegata") {
			b.Press("Another way").Press("Approve")
		} else {
			b.Press("Ask Tegata")
		}
		if s, err := h.State(t.Context()); err != nil || len(s.Requests) != 0 {
			t.Fatalf("a stale device is asked beside an SMS: %+v %v", s.Requests, err)
		}
		b.Press("I approved it").Miss("has to wait").Miss("New password")
	})
}

func TestAWaitThatAStaleTegataBeganIsCancelledAndEndsWithTheOwner(t *testing.T) {
	for name, come := range map[string]func(t *testing.T, w *apptest.World, h *apptest.Handheld){
		"cancels": func(_ *testing.T, w *apptest.World, _ *apptest.Handheld) {
			w.Browser("192.0.2.1").Open(w.Link("spare@example.net")).Press("It was not me").See("Your account is protected")
		},
		"confirms the password and signs in": func(t *testing.T, w *apptest.World, h *apptest.Handheld) {
			if err := h.Refresh(t.Context(), newer); err != nil {
				t.Fatal(err)
			}
			b := w.Browser("192.0.2.1").Signin(hana, newer).See("Approve in Tegata")
			if !strings.Contains(b.Body, "Waiting") {
				b.Press("Ask Tegata")
			}
			if err := h.Say(pass.Approve, b.Number(), true); err != nil {
				t.Fatal(err)
			}
			b.Press("I approved it").See("Hello Hana")
		},
	} {
		t.Run(name, func(t *testing.T) {
			apptest.Each(t, func(t *testing.T, w *apptest.World) {
				_, h := forgotten(w)
				b := regain(t, lost(w, w.Browser("203.0.113.66")), h, true).See("The reset has to wait")
				token := ready(w)
				w.Clock.Add(time.Minute)
				come(t, w, h)
				w.Clock.Add(25 * time.Hour)
				if n := to(w, hana, "/recover/ready?c="); n != 0 {
					t.Errorf("got %d links to go on, want none", n)
				}
				b.Post("/recover/ready", url.Values{"c": {token}}).Want(410).Miss("new password")
			})
		})
	}
}

func TestAStaleTegataThatIsGoneOpensNoWait(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a, h := holding(w)
		p := inside2(w, h)
		w.Hold(p, a, "Tablet")
		w.Clock.Add(15 * time.Minute)
		inside2(w, h).Call("POST", "/api/v1/me/password", map[string]any{"current": apptest.Word, "new": newer}).Want(200, "")
		w.Clock.Add(time.Hour)
		b := lost(w, w.Browser("203.0.113.66")).Press("Ask Tegata").See("Waiting for your answer")
		if err := h.Say(pass.Approve, b.Number(), true); err != nil {
			t.Fatal(err)
		}
		w.Update(func(tx db.Tx) error { return device.Retire(t.Context(), tx, a.ID, ref.Device(h.Device)) })
		b.Press("I approved it").Miss("has to wait").Miss("New password")
	})
}

func TestOneApprovalOfAStaleTegataIsSpentOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := forgotten(w)
		b := lost(w, w.Browser("192.0.2.1")).Press("Ask Tegata").See("Waiting for your answer")
		id, number := h.Asked().ID, b.Number()
		var good atomic.Int32
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				if h.Answer(id, pass.Approve, number, true) == nil {
					good.Add(1)
				}
			})
		}
		all.Wait()
		if n := good.Load(); n != 1 {
			t.Errorf("%d answers were taken, want one", n)
		}
		b.Press("I approved it").See("The reset has to wait")
		if n := to(w, hana, "/recover/cancel?c="); n != 1 {
			t.Errorf("got %d notices, want one", n)
		}
	})
}
