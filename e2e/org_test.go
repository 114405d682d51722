package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"sekisho/internal/dbtest"
)

// OR-02 and PO-16 on two processes over one PostgreSQL: what an organisation decides at
// a third, the terminal, both obey within a second.
func TestAnOrganisationsWordReachesEveryNodeWithinASecond(t *testing.T) {
	url := dbtest.URL(t, "postgres")
	keys := "SEKISHO_KEYS=" + "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	a := Start(t, "SEKISHO_DATABASE="+url, keys)
	b := Start(t, "SEKISHO_DATABASE="+url, keys, "SEKISHO_URL="+a.URL)
	a.Settle("owner@example.com")
	a.Settle("hana@example.com")
	a.Do("org", "create", "Acme", "--owner", "owner@example.com")
	a.Do("org", "member", "add", "Acme", "hana@example.com")
	token, status, err := enter(a.URL, "hana@example.com")
	if err != nil || status != 200 {
		t.Fatalf("sign in: %d %v", status, err)
	}
	// told says when a node first answers as wanted, counted from the terminal's end.
	told := func(base, what string, want int) {
		t.Helper()
		for start := time.Now(); ; {
			status, _, err := call("GET", base+"/api/v1/session", token, nil)
			if err == nil && status == want {
				return
			}
			if time.Since(start) > time.Second {
				t.Fatalf("%s: got %d %v after a second, want %d", what, status, err, want)
			}
		}
	}
	both := func(what string, want int) {
		t.Helper()
		told(b.URL, what+", on the other node", want)
		told(a.URL, what, want)
	}
	both("signed in", 200)
	file := filepath.Join(t.TempDir(), "policy.toml")
	for _, step := range []struct {
		what, text string
		want       int
	}{
		{"an address policy", "name = \"p\"\n[address]\nallowed = [\"198.51.100.0/24\"]\n", 403},
		{"taken back", "name = \"p\"\n[session]\nconcurrent = 3\n", 200},
	} {
		if err := os.WriteFile(file, []byte(step.text), 0o600); err != nil {
			t.Fatal(err)
		}
		a.Do("org", "policy", "set", "Acme", file)
		a.Do("org", "policy", "assign", "Acme", "p", "--all")
		both(step.what, step.want)
	}
	a.Do("org", "member", "deactivate", "Acme", "hana@example.com")
	both("deactivated", 401)
	for _, base := range []string{a.URL, b.URL} {
		if _, status, err := enter(base, "hana@example.com"); err != nil || status != 403 {
			t.Errorf("sign in while deactivated: got %d %v, want 403", status, err)
		}
	}
	a.Do("org", "member", "reactivate", "Acme", "hana@example.com")
	if _, status, err := enter(b.URL, "hana@example.com"); err != nil || status != 200 {
		t.Errorf("sign in once reactivated: got %d %v", status, err)
	}
}
