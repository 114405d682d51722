package e2e

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A receiver that checks signatures with the specification's own library believes what two
// processes send, and nothing else.
func TestAWebhookIsBelievedByTheStandardsLibrary(t *testing.T) {
	node := need(t, "node")
	type message struct {
		ID   string `json:"id"`
		At   string `json:"timestamp"`
		Sign string `json:"signature"`
		Body string `json:"body"`
	}
	got := make(chan message, 16)
	in := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- message{r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), r.Header.Get("webhook-signature"), string(body)}
	}))
	defer in.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: in.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	s := Start(t, "SEKISHO_CA_FILE="+file, "SEKISHO_HOOK_INNER_NETWORKS=127.0.0.0/8")
	s.Settle("owner@example.com")
	s.Settle("ken@example.com")
	s.Do("org", "create", "Acme", "--owner", "owner@example.com")
	var made struct{ Webhook, Secret string }
	if err := json.Unmarshal([]byte(s.Do("--json", "org", "hook", "add", "Acme", "Monitoring", in.URL, "member.*")), &made); err != nil {
		t.Fatal(err)
	}
	if out, err := s.Try("", "org", "hook", "add", "Acme", "Inside", "https://169.254.169.254/", "*"); err == nil || !strings.Contains(out, "inner networks") {
		t.Errorf("got %v: %s", err, out)
	}
	s.Do("org", "member", "add", "Acme", "ken@example.com")
	s.Do("org", "member", "deactivate", "Acme", "ken@example.com")
	checked := func(m message, word string) string {
		text, err := json.Marshal(struct {
			message
			Secret string `json:"secret"`
		}{m, word})
		if err != nil {
			t.Fatal(err)
		}
		c := exec.Command(node, "hook.mjs")
		c.Dir, c.Stdin, c.Stderr = "node", strings.NewReader(string(text)), t.Output()
		out, err := c.Output()
		if err != nil {
			t.Fatalf("node: %v", err)
		}
		return strings.TrimSpace(string(out))
	}
	for _, want := range []string{"member.added", "member.deactivated"} {
		select {
		case m := <-got:
			if kind := checked(m, made.Secret); kind != want {
				t.Errorf("got %q, want %q", kind, want)
			}
			bent := m
			bent.Body = strings.Replace(m.Body, "member.", "owner.", 1)
			if said := checked(bent, made.Secret); !strings.HasPrefix(said, "refused") {
				t.Errorf("another body is believed: %s", said)
			}
			if said := checked(m, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"); !strings.HasPrefix(said, "refused") {
				t.Errorf("another secret is believed: %s", said)
			}
		case <-time.After(15 * time.Second):
			t.Fatalf("nothing tells of %s", want)
		}
	}
}
