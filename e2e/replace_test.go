package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"sekisho/internal/pass"
)

// oldPhone takes an installation in from a session, and locks sign-in with it.
func oldPhone(t *testing.T, s *Server, token string) *pass.Pass {
	t.Helper()
	link := fmt.Sprint(s.ask("POST", "/api/v1/me/tegata/ticket", token, map[string]any{})["uri"])
	p, _, err := pass.Join(t.Context(), http.DefaultClient, link, "Old phone", "app")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Agree(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.ask("POST", "/api/v1/me/tegata/ticket/agree", token, map[string]any{})
	return p
}

// RS-05: Tegata is lost while the lock is on; a browser shows the code, the app at
// /tegata/ is the new phone.
func TestTegataLostUnderTheLockIsSetUpAnew(t *testing.T) {
	s := Start(t)
	s.Settle("hana@example.com")
	key, codes := protected(t, s)
	status, done, err := call("POST", s.URL+"/api/v1/signin", "", map[string]any{"identifier": "hana@example.com"})
	if err != nil || status != 200 {
		t.Fatal(status, done, err)
	}
	flow := "/api/v1/signin/" + fmt.Sprint(done["flow"])
	s.ask("POST", flow, "", map[string]any{"kind": "password", "answer": Word})
	opened := s.ask("POST", flow, "", map[string]any{"kind": "backup", "answer": codes[0]})
	old := oldPhone(t, s, fmt.Sprint(opened["token"]))
	if err := old.Lock(t.Context(), time.Time{}, false); err != nil {
		t.Fatal(err)
	}

	x := open(t, "en", 1280, false)
	x.signin(s, "hana@example.com")
	x.see("Sign-in to this account is switched off")
	x.look("replace-locked")
	x.press("I have lost Tegata")
	x.look("replace-begin")
	x.keyIn("E-mail", "hana@example.com")
	x.press("Go on")
	x.keyIn("Code from the mail", s.Code()) // six digits send the form by themselves
	x.see("takes two of these")
	x.look("replace-prove")
	x.press("Code from the authenticator app\nphone")
	x.keyIn("Six-digit", shown(t, key, time.Now().Add(30*time.Second))) // the step of now was spent at enrolling
	x.see("backup code")
	x.keyIn("code", fmt.Sprint(codes[1]))
	x.see("Enrol the new Tegata")
	x.look("replace-scan")

	phone := open(t, "en", 360, true)
	phone.app(s)
	link := x.scan()
	eval[bool](phone, fmt.Sprintf("location.hash = %q, true", link[strings.Index(link, "#"):]))
	phone.put("f-name", "New phone")
	phone.tap("Add")
	phone.until("document.querySelector('.number')")
	x.see("Is this number the same as the one on") // it comes by itself
	if a, b := eval[string](phone, "document.querySelector('.number').innerText"), eval[string](x, "document.querySelector('.number').innerText"); a != b {
		t.Errorf("the app shows %s, the browser %s", a, b)
	}
	x.look("replace-number")
	x.press("It is the same")
	x.see("Say so on the device")
	phone.tap("It is the same")
	x.see("The new Tegata is enrolled") // this, too
	x.look("replace-done")
	phone.see("Sign-in lock is on")
	if _, err := old.State(t.Context()); !pass.Is(err, "device.unknown") {
		t.Errorf("the old phone: got %v", err)
	}
	phone.at("account/" + strings.TrimPrefix(eval[string](phone, "location.hash"), "#/account/") + "/lock")
	phone.tap("Take the lock off")
	phone.see("Sign-in lock is off")

	// OA-16: that phone is gone as well, without a lock. On the page that takes the next one
	// in the lost one is chosen to go.
	y := open(t, "en", 360, false)
	y.signin(s, "hana@example.com")
	y.see("Another way")
	y.goTo(strings.Replace(eval[string](y, "location.href"), "/signin/tegata?", "/signin/backup?", 1))
	y.keyIn("12-digit code", fmt.Sprint(codes[2]))
	y.press("Next")
	y.see("Set up your factors anew")
	y.goTo(s.URL + "/me/factors/tegata")
	next, _, err := pass.Join(t.Context(), http.DefaultClient, y.scan(), "Next phone", "app")
	if err != nil {
		t.Fatal(err)
	}
	y.see("It replaces “New phone”")
	y.look("tegata-replaces")
	y.follow("button[value=agree]")
	y.see("Say so on the device")
	if _, err := next.Agree(t.Context()); err != nil {
		t.Fatal(err)
	}
	y.see("Next phone")
	state, err := next.State(t.Context())
	if err != nil || len(state.Devices) != 1 {
		t.Errorf("got %+v %v, want the next phone alone", state.Devices, err)
	}
}

// The command line is the new device as well as the app is.
func TestTegataAtTheTerminalTakesTheLostOnesPlace(t *testing.T) {
	s := Start(t)
	s.Settle("hana@example.com")
	key, codes := protected(t, s)
	flow := "/api/v1/signin/" + fmt.Sprint(s.ask("POST", "/api/v1/signin", "", map[string]any{"identifier": "hana@example.com"})["flow"])
	s.ask("POST", flow, "", map[string]any{"kind": "password", "answer": Word})
	old := oldPhone(t, s, fmt.Sprint(s.ask("POST", flow, "", map[string]any{"kind": "backup", "answer": codes[0]})["token"]))
	if err := old.Lock(t.Context(), time.Time{}, false); err != nil {
		t.Fatal(err)
	}
	at := s.ask("POST", "/api/v1/recover/replace", "", map[string]any{"identifier": "hana@example.com"})
	path := "/api/v1/recover/replace/" + fmt.Sprint(at["flow"])
	say := func(kind, answer string) map[string]any {
		t.Helper()
		return s.ask("POST", path, "", map[string]any{"kind": kind, "answer": answer})
	}
	say("recovery_code", s.Code())
	say("backup", fmt.Sprint(codes[1]))
	say("totp", shown(t, key, time.Now().Add(30*time.Second)))
	ticket := func(answer string) map[string]any {
		t.Helper()
		got, _ := say("device", answer)["enrolling"].(map[string]any)
		return got
	}
	p := newPocket(t)
	m := onTerminal(t, p.command("enrol", fmt.Sprint(ticket("")["uri"]), "--name", "laptop"))
	m.see("New passphrase").types(secretWord + "\n").see("Again:").types(secretWord + "\n").see("same number?")
	if n := fmt.Sprint(ticket("")["number"]); len(n) != 4 || !strings.Contains(m.all(), n) {
		t.Fatalf("the journey shows %q:\n%s", n, m.all())
	}
	m.types("y\n").see("Waiting")
	if got := ticket("same"); got["state"] != "active" {
		t.Errorf("got %v", got)
	}
	if m.see("is enrolled here"); m.ends() != 0 {
		t.Errorf("enrol ended badly:\n%s", m.all())
	}
	if _, err := old.State(t.Context()); !pass.Is(err, "device.unknown") {
		t.Errorf("the old phone: got %v", err)
	}
	if _, status, err := enter(s.URL, "hana@example.com"); err != nil || status != http.StatusForbidden {
		t.Errorf("the lock: got %d %v, want 403", status, err)
	}
}
