package apptest_test

import (
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/pass"
)

// halfTaken lets an installation of a thief wait: they have agreed in the browser, and
// not on it.
func halfTaken(w *apptest.World, thief *apptest.Program) *apptest.Handheld {
	w.T.Helper()
	var x struct{ URI string }
	thief.Call("POST", "/api/v1/me/tegata/ticket", nil).Want(200, "").Into(&x)
	h := w.Taken(x.URI, account.Account{}, "Thief phone")
	thief.Call("POST", "/api/v1/me/tegata/ticket/agree", nil).Want(200, "")
	return h
}

func TestWhatWaitsToBeTakenInEndsWhenTheDoorsClose(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		thief, notice := intruded(w)
		h := halfTaken(w, thief)
		notMe(w, notice)
		if j, err := h.Agree(t.Context()); err == nil {
			t.Errorf("it counts on a closed account: %+v", j)
		}
		if err := h.Lock(t.Context(), time.Time{}, false); err == nil {
			t.Error("it locks a closed account")
		}
		resets(w, "192.0.2.1", hana).Fill("New password", newer).Press("Next").See("Hello")
		if j, err := h.Agree(t.Context()); err == nil {
			t.Errorf("it counts after the recovery: %+v", j)
		}
	})
}

func TestWhatWaitsToBeTakenInEndsWithItsSession(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		thief, _ := intruded(w)
		var x struct{ URI string }
		h := halfTaken(w, thief)
		w.Clock.Add(time.Minute)
		thief.Call("DELETE", "/api/v1/session", nil).Want(204, "")
		if j, err := h.Agree(t.Context()); !pass.Is(err, "device.ticket_over") {
			t.Errorf("got %+v %v", j, err)
		}
		// Nor does one begin with a ticket that nobody can agree to any more.
		p := inside(w)
		p.Call("POST", "/api/v1/me/tegata/ticket", nil).Want(200, "").Into(&x)
		p.Call("DELETE", "/api/v1/session", nil).Want(204, "")
		if _, _, err := pass.Join(t.Context(), h.HTTP, x.URI, "Late", "app"); !pass.Is(err, "device.ticket_over") {
			t.Errorf("got %v", err)
		}
	})
}

func TestAnInstallationThatWaitsLearnsNothingOfTheAccount(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, own := holding(w)
		s := inside2(w, own)
		if err := own.Call(t.Context(), "PUT", "/api/v1/tegata/vault", map[string]any{"version": 0, "sealed": "sealed"}, nil); err != nil {
			t.Fatal(err)
		}
		var x struct{ URI string }
		s.Call("POST", "/api/v1/me/tegata/ticket", nil).Want(200, "").Into(&x)
		foe := w.Taken(x.URI, own.Owner, "Photographer")
		if err := own.Lock(t.Context(), time.Time{}, false); err != nil {
			t.Fatal(err)
		}
		st, err := foe.State(t.Context())
		if len(st.Devices) > 0 || st.Lock.On || st.Vault > 0 {
			t.Errorf("got %+v %v", st, err)
		}
		e, err := foe.Events(t.Context(), "", 0)
		if e.Lock.On {
			t.Errorf("got %+v %v", e, err)
		}
	})
}

func TestALockThatAThiefSetIsLiftedByTheMailAboutIt(t *testing.T) {
	for what, before := range map[string]time.Duration{"the first": 0, "after one that is over": 2 * time.Hour, "one made longer": 30 * time.Minute} {
		t.Run(what, func(t *testing.T) {
			apptest.Each(t, func(t *testing.T, w *apptest.World) {
				_, h := holding(w)
				inside2(w, h)
				w.Clock.Add(time.Minute)
				if before > 0 {
					if err := h.Lock(t.Context(), w.Clock.Now().Add(time.Hour), false); err != nil {
						t.Fatal(err)
					}
				}
				w.Clock.Add(before + time.Minute)
				if err := h.Lock(t.Context(), time.Time{}, true); err != nil {
					t.Fatal(err)
				}
				w.Clock.Add(time.Hour)
				notMe(w, doubt(w, hana))
				if err := h.Lock(t.Context(), time.Time{}, true); !pass.Is(err, "account.contained") {
					t.Errorf("got %v", err)
				}
				resets(w, "192.0.2.1", hana).See("Approve in Tegata", "Pixel 8")
			})
		})
	}
}
