package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"sekisho/internal/pass"
)

// Whoever waits for a phone that does not answer is shown the other ways after half a
// minute, without doing anything (SI-12).
func TestTheOtherWaysShowAfterHalfAMinute(t *testing.T) {
	s := Start(t)
	s.Settle("hana@example.com")
	silent(t, s, "hana@example.com")
	x := open(t, "en", 1280, false)
	x.goTo(s.URL + "/signin")
	x.keyIn("E-mail", "hana@example.com")
	x.press("Next")
	x.keyIn("Password", Word)
	x.press("Sign in")
	x.see("Approve in Tegata")
	begun := time.Now()
	late := func() bool { return eval[bool](x, "document.querySelector('[data-late]').checkVisibility()") }
	for time.Since(begun) < 25*time.Second {
		if late() {
			t.Fatalf("the other ways are there after %v", time.Since(begun))
		}
		time.Sleep(time.Second)
	}
	for !late() {
		if time.Since(begun) > 45*time.Second {
			t.Fatal("the other ways do not show by themselves")
		}
		time.Sleep(250 * time.Millisecond)
	}
	x.see("Backup code")
}

// silent gives somebody an installation of Tegata that answers nothing.
func silent(t *testing.T, s *Server, who string) {
	t.Helper()
	token, status, err := enter(s.URL, who)
	if err != nil || status != 200 {
		t.Fatalf("sign in: %d %v", status, err)
	}
	ticket := s.ask("POST", "/api/v1/me/tegata/ticket", token, map[string]any{})
	p := &pass.Pass{HTTP: http.DefaultClient}
	if _, err := p.Join(t.Context(), fmt.Sprint(ticket["uri"]), "Pixel 8", "app"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Agree(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.ask("POST", "/api/v1/me/tegata/ticket/agree", token, map[string]any{})
}
