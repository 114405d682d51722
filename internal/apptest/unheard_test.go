package apptest_test

import (
	"fmt"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/pass"
)

// SI-28: what the owner answers a stranger who merely typed a name is told to nobody who
// does not prove anything; the page looks like that of a name that nobody has.
func TestAStrangersRequestThatIsAnsweredLooksUnanswered(t *testing.T) {
	for _, decision := range []string{pass.Deny, pass.Cancel, pass.Approve} {
		t.Run(decision, func(t *testing.T) {
			apptest.Each(t, func(t *testing.T, w *apptest.World) {
				_, h := holding(w)
				told := func(name string, answer func(number string)) (out []string) {
					p := w.Program("203.0.113.66")
					path := opens(p, name)
					var x asked
					p.Call("POST", path, wish).Want(200, "").Into(&x)
					answer(x.Number)
					say := func(a apptest.Answer) {
						var f struct{ Code string }
						a.Into(&f)
						out = append(out, fmt.Sprint(a.Status, f.Code))
					}
					say(p.Call("POST", path, given))
					q := w.Program("203.0.113.67") // another stranger asks by the same name
					say(q.Call("POST", opens(q, name), wish))
					say(p.Call("POST", path, given))
					w.Clock.Add(2*time.Minute + time.Second)
					say(p.Call("POST", path, given))
					say(q.Call("POST", opens(q, name), wish))
					return out
				}
				nobody := told("nobody@example.com", func(string) {})
				w.Clock.Add(11 * time.Minute)
				somebody := told(hana, func(number string) {
					wrong := "00"
					if number == wrong {
						wrong = "01"
					}
					if err := h.Say(decision, wrong, true); err != nil && !pass.Is(err, "push.wrong_number") {
						t.Fatal(err)
					}
				})
				if fmt.Sprint(nobody) != fmt.Sprint(somebody) {
					t.Errorf("got %v for an account whose owner answered, %v for nobody's name", somebody, nobody)
				}
			})
		})
	}
}

// Whoever proved something is told at once.
func TestWhoeverProvedSomethingIsToldWhatTegataAnswered(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		_, h := holding(w)
		p, path, _ := push2(w, "192.0.2.7")
		if err := h.Say(pass.Cancel, "", false); err != nil {
			t.Fatal(err)
		}
		p.Call("POST", path, given).Want(401, "push.cancelled")
	})
}
