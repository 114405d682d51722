package apptest_test

import (
	"net/url"
	"regexp"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/gate"
	"sekisho/internal/pass"
)

var fragment = regexp.MustCompile(`href="([^"]*#enrol=[^"]*)"`)

// without is hana, in a browser, after she came in by a backup code because the phone
// with Tegata is gone; on the page that takes a new one in.
func without(t *testing.T, w *apptest.World) (account.Account, *apptest.Handheld, *apptest.Handheld, *apptest.Browser) {
	t.Helper()
	a := w.Settle(hana)
	w.Update(func(tx db.Tx) error { return proveAddress(tx, a, spareMail) })
	kit := w.Protect(a, gate.TOTP, gate.Backup)
	p := w.Program("192.0.2.200")
	var x apptest.Step
	p.Signin(hana, apptest.Word).Want(200, "").Into(&x)
	p.Call("POST", "/api/v1/signin/"+x.Flow, map[string]any{"kind": "totp", "answer": kit.App()}).Want(200, "").Into(&x)
	p.Token = x.Token
	old := w.Hold(p, a, "Pixel 8")
	w.Hold(p, a, "Tablet")
	w.Clock.Add(time.Hour)
	b := w.Browser("192.0.2.1").Signin(hana, apptest.Word)
	b = b.Open("/signin/reach?"+b.URL.RawQuery).Press("Backup code").Fill("code", kit.Spare()).Press("Next").See("Set up your factors anew")
	b.Open("/me/factors/tegata")
	m := fragment.FindStringSubmatch(b.Body)
	if m == nil {
		t.Fatalf("no ticket:\n%s", b.Text())
	}
	h := w.Taken(m[1], a, "New phone")
	b.Open("/me/factors/tegata").See("It replaces “Pixel 8”", "It replaces “Tablet”", "you got in without it")
	return a, old, h, b
}

func TestANewDeviceTakesTheLostOnesPlaceOnTheSamePage(t *testing.T) {
	for _, first := range []string{"the browser", "the device"} {
		t.Run(first, func(t *testing.T) {
			apptest.Each(t, func(t *testing.T, w *apptest.World) {
				a, old, h, b := without(t, w)
				if first == "the device" {
					if _, err := h.Agree(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				b.Press("It is the same") // the lost one is chosen already
				if first == "the browser" {
					b.See("Say so on the device")
					if _, err := old.State(t.Context()); err != nil {
						t.Errorf("the old one is gone before both sides agreed: %v", err)
					}
					if _, err := h.Agree(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				only(t, w, a, "New phone", "Tablet")
				if _, err := old.State(t.Context()); !pass.Is(err, "device.unknown") {
					t.Errorf("the old one: got %v", err)
				}
				for _, address := range []string{hana, spareMail} {
					if n := to(w, address, "Retired in its place"); n != 1 {
						t.Errorf("got %d notices to %s, want one", n, address)
					}
				}
				kinds := map[string]int{}
				for _, r := range w.Audit() {
					kinds[r.Kind]++
				}
				if kinds["device.replaced"] != 1 || kinds["device.retired"] != 1 || kinds["device.added"] != 2 {
					t.Errorf("got audit rows %v", kinds)
				}
				b.Open("/me/factors").See("New phone", "Tablet")
			})
		})
	}
}

func TestANewDeviceComesBesideTheOthersWhereThatIsChosen(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a, old, h, b := without(t, w)
		// Somebody else's installation, and the new one itself, have no place to be taken.
		for _, id := range []string{"dev_01kf0e7st00000000000000001", h.Device, "*"} {
			b.Post("/me/factors/tegata", url.Values{"do": {"agree"}, "replaces": {id}}).See("factor.unknown")
		}
		b.Open("/me/factors/tegata").Check("It stays").Press("It is the same")
		// What was chosen is chosen: what is posted later changes nothing.
		b.Post("/me/factors/tegata", url.Values{"do": {"agree"}, "replaces": {old.Device}})
		if _, err := h.Agree(t.Context()); err != nil {
			t.Fatal(err)
		}
		only(t, w, a, "Pixel 8", "Tablet", "New phone")
	})
}

// only fails the test unless the account has these installations, the primary one first.
func only(t *testing.T, w *apptest.World, a account.Account, names ...string) {
	t.Helper()
	w.View(func(tx db.ReadTx) error {
		list, err := device.List(t.Context(), tx, a.ID)
		if err != nil || len(list) != len(names) || !list[0].Main {
			t.Fatalf("got %+v %v, want %q", list, err, names)
		}
		for i, d := range list {
			if d.Name != names[i] {
				t.Errorf("got %q, want %q", d.Name, names[i])
			}
		}
		return nil
	})
}
