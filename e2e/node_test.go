package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os/exec"
	"testing"
	"time"
)

// nodeSays is a line that the app prints.
type nodeSays struct {
	Ready   string
	Error   string
	Cause   string
	Claims  map[string]any
	Info    map[string]any
	Rotated bool
	IDToken string
	Active  map[string]any
	Revoked map[string]any
	Reuse   string
}

// nodeApp starts the app that uses openid-client and gives its address and what it says.
func nodeApp(t *testing.T, s *Server, id, word string, port int) <-chan nodeSays {
	t.Helper()
	cmd := exec.Command(need(t, "node"), "client.mjs", s.URL, id, word, fmt.Sprint(port))
	cmd.Dir = "node"
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	says := make(chan nodeSays, 8)
	go func() {
		defer close(says)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var n nodeSays
			if json.Unmarshal(lines.Bytes(), &n) == nil {
				says <- n
			}
		}
	}()
	return says
}

func heard(t *testing.T, says <-chan nodeSays) nodeSays {
	t.Helper()
	select {
	case n, ok := <-says:
		if !ok || n.Error != "" {
			t.Fatalf("the app failed: %s %s", n.Error, n.Cause)
		}
		return n
	case <-time.After(20 * time.Second):
		t.Fatal("the app says nothing")
	}
	return nodeSays{}
}

func TestOpenidClientSignsIn(t *testing.T) {
	for _, kind := range []string{"confidential", "public"} {
		for _, alg := range []string{"EdDSA", "ES256", "RS256"} {
			t.Run(kind+"-"+alg, func(t *testing.T) {
				s := Start(t)
				s.Settle("hana@example.com")
				port := Port(t)
				home := fmt.Sprintf("http://localhost:%d", port)
				args := []string{"Photos", "--redirect", home + "/cb", "--logout-redirect", home + "/bye", "--alg", alg}
				if kind == "public" {
					args = append(args, "--public")
				}
				id, word := s.Client(args...)
				says := nodeApp(t, s, id, word, port)
				heard(t, says)

				x := open(t, "en", 360, false)
				x.goTo(home + "/")
				x.keyIn("E-mail, mobile", "hana@example.com")
				x.press("Next")
				x.keyIn("Password", Word)
				x.press("Sign in")
				x.see("Connect to Photos?")
				x.look("agree")
				x.press("Connect")
				x.see("Welcome Hana Sato")
				n := heard(t, says)
				if n.Claims["sub"] != n.Info["sub"] || n.Info["email"] != "hana@example.com" || n.Info["email_verified"] != true {
					t.Errorf("got claims %v and userinfo %v", n.Claims, n.Info)
				}
				if !n.Rotated || n.IDToken == "" {
					t.Errorf("the refresh token was not rotated, or came without an ID token: %+v", n)
				}
				if kind == "confidential" && (n.Active["active"] != true || n.Revoked["active"] != false || n.Reuse != "invalid_grant") {
					t.Errorf("got introspection %v, after revocation %v, reuse %q", n.Active, n.Revoked, n.Reuse)
				}
				x.press("Leave")
				x.see("Goodbye adieu")
				x.goTo(s.URL + "/me")
				x.see("Sign in")
			})
		}
	}
}
