package apptest_test

import (
	"context"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/outbox"
)

// An account can be erased by time, by another's proof of the address it claimed,
// or by its own proof that came too late. Each way empties what named its holder.
func TestErasedAccountsLeaveNoAddressBehind(t *testing.T) {
	claim := func(w *apptest.World, from string) *apptest.Browser {
		b := w.Browser(from)
		b.Open("/signup").Fill("Name", "Other").Fill("E-mail", hana).Press("Next").Fill("New password", apptest.Word).Press("Next").Want(200)
		w.Clock.Add(2 * time.Minute)
		return b
	}
	for name, erase := range map[string]func(t *testing.T, w *apptest.World){
		"another proved the address": func(_ *testing.T, w *apptest.World) {
			claim(w, "203.0.113.66")
			claim(w, "192.0.2.1").Fill("Code", w.Code(hana)).Press("Next").Want(200).See("Hello Other")
		},
		"its own proof came too late": func(_ *testing.T, w *apptest.World) {
			late := claim(w, "203.0.113.66")
			code := w.Code(hana)
			w.Settle(hana)
			late.Fill("Code", code).Press("Next").Want(409)
		},
		"its time was over": func(t *testing.T, w *apptest.World) {
			claim(w, "203.0.113.66")
			w.Clock.Add(31 * 24 * time.Hour)
			if err := w.Purge(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			apptest.Each(t, func(t *testing.T, w *apptest.World) {
				erase(t, w)
				gone := map[string]bool{}
				rows := w.Audit()
				for _, r := range rows {
					if r.Kind == audit.Erased {
						gone[string(r.Account)] = true
					}
				}
				if len(gone) != 1 {
					t.Fatalf("got %d accounts erased, want 1", len(gone))
				}
				for _, r := range rows {
					if gone[string(r.Account)] && !r.Erased {
						t.Errorf("row %s (%s) still has %q %q", r.Reference, r.Kind, r.Addr, r.Agent)
					}
				}
				w.View(func(tx db.ReadTx) error {
					list, err := outbox.List(context.Background(), tx, 100)
					for _, m := range list {
						if gone[string(m.Account)] {
							t.Errorf("mail %s to %s is still there", m.ID, m.To)
						}
					}
					return err
				})
				if v, err := (audit.Chain{Ring: w.Ring}).Verify(t.Context(), w.DB); err != nil || len(v.Faults) > 0 {
					t.Errorf("got %+v %v, want a whole chain", v, err)
				}
			})
		})
	}
}
