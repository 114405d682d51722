package pouch_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"sekisho/internal/pouch"
	"sekisho/internal/secret"
)

const word = secret.Text("four paper cranes")

func TestMain(m *testing.M) {
	pouch.Usual = pouch.Cost{Memory: 64, Passes: 1}
	if path := os.Getenv("POUCH_COUNT"); path != "" {
		count(path)
		return
	}
	os.Exit(m.Run())
}

func at(t *testing.T) string { return filepath.Join(t.TempDir(), "tegata", "pouch") }

func made(t *testing.T, path string, word secret.Text, plain string) *pouch.Pouch {
	t.Helper()
	p, err := pouch.Create(path, word, []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAPouchOpensWithItsPassphraseAlone(t *testing.T) {
	path := at(t)
	made(t, path, word, "the key")
	if _, err := pouch.Create(path, word, nil); !errors.Is(err, pouch.ErrThere) {
		t.Errorf("made twice: got %v", err)
	}
	for _, wrong := range []secret.Text{"", "four paper crane", word + " "} {
		if _, _, err := pouch.Open(path, wrong); !errors.Is(err, pouch.ErrWrong) {
			t.Errorf("got %v, want ErrWrong", err)
		}
	}
	p, plain, err := pouch.Open(path, word)
	if err != nil || string(plain) != "the key" || !p.Fits(word) || p.Fits("") {
		t.Errorf("got %q %v", plain, err)
	}
	if guarded, err := pouch.Guarded(path); err != nil || !guarded {
		t.Errorf("got %t %v", guarded, err)
	}
	file, err := os.ReadFile(path)
	if err != nil || bytes.Contains(file, []byte("the key")) {
		t.Errorf("it stands open: %v", err)
	}
}

func TestTheFileIsItsOwnersAlone(t *testing.T) {
	path := at(t)
	p := made(t, path, word, "1")
	for range 2 {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("got mode %v (%v), want 0600", info.Mode(), err)
		}
		if err := p.Change(func([]byte) ([]byte, error) { return []byte("2"), nil }); err != nil {
			t.Fatal(err)
		}
	}
	if dir, err := os.Stat(filepath.Dir(path)); err != nil || dir.Mode().Perm() != 0o700 {
		t.Errorf("got mode %v (%v), want 0700", dir.Mode(), err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, _, err := pouch.Open(path, word); !errors.Is(err, pouch.ErrExposed) {
		t.Errorf("got %v, want ErrExposed", err)
	}
}

func TestEveryAlteredFileIsNoticed(t *testing.T) {
	path := at(t)
	made(t, path, "", "the key")
	var e map[string]any
	text, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(text, &e) != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]any{"passphrase": true, "memory_kib": 16, "passes": 2, "salt": "AAAAAAAAAAAAAAAAAAAAAA==", "nonce": strings.Repeat("A", 32),
		"sealed": "AAAA", "version": 2, "format": "x", "kdf": "none"} {
		was := e[name]
		e[name] = v
		changed, _ := json.Marshal(e)
		e[name] = was
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := pouch.Open(path, ""); !errors.Is(err, pouch.ErrWrong) && !errors.Is(err, pouch.ErrDamaged) {
			t.Errorf("%s changed: got %v", name, err)
		}
	}
	for was, cost := range map[string]string{`"memory_kib": 8`: `"memory_kib": 4294967295`, `"passes": 1`: `"passes": 4000000000`} {
		if _, err := pouch.Unseal([]byte(strings.Replace(string(text), was, cost, 1)), ""); !errors.Is(err, pouch.ErrDamaged) {
			t.Errorf("%s: got %v, want ErrDamaged", cost, err)
		}
	}
}

func TestAChangeThatFailsLeavesAllAsItWas(t *testing.T) {
	path := at(t)
	p := made(t, path, word, "1")
	stop := errors.New("stop")
	if err := p.Change(func([]byte) ([]byte, error) { return nil, stop }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	if plain, err := p.Read(); err != nil || string(plain) != "1" {
		t.Errorf("got %q %v", plain, err)
	}
	names, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(names) != 2 {
		t.Errorf("got %v, want the pouch and its lock", names)
	}
}

func TestANewPassphraseShutsOutTheOldOne(t *testing.T) {
	path := at(t)
	p := made(t, path, word, "1")
	other, _, err := pouch.Open(path, word)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Reseal("another one"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := pouch.Open(path, word); !errors.Is(err, pouch.ErrWrong) {
		t.Errorf("the old one: got %v", err)
	}
	if err := other.Change(func(b []byte) ([]byte, error) { return b, nil }); !errors.Is(err, pouch.ErrWrong) {
		t.Errorf("a process that held the old one writes: got %v", err)
	}
	if _, plain, err := pouch.Open(path, "another one"); err != nil || string(plain) != "1" {
		t.Errorf("got %q %v", plain, err)
	}
	if _, err := pouch.Guarded(path + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// count adds one to the number in a pouch, twenty times.
func count(path string) {
	p, _, err := pouch.Open(path, word)
	for range 20 {
		if err == nil {
			err = p.Change(func(b []byte) ([]byte, error) {
				n, err := strconv.Atoi(string(b))
				return []byte(strconv.Itoa(n + 1)), err
			})
		}
	}
	if err != nil {
		panic(err)
	}
}

func TestProcessesWriteOneAfterAnother(t *testing.T) {
	path := at(t)
	p := made(t, path, word, "0")
	var all []*exec.Cmd
	for range 4 {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), "POUCH_COUNT="+path)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	for _, c := range all {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	if plain, err := p.Read(); err != nil || string(plain) != "80" {
		t.Errorf("got %q %v, want 80", plain, err)
	}
}

func TestWhatIsSealedForItselfOpens(t *testing.T) {
	b, err := pouch.Seal([]byte("codes"), word)
	if err != nil {
		t.Fatal(err)
	}
	if sealed, guarded := pouch.Sealed(b); !sealed || !guarded {
		t.Errorf("got %t %t", sealed, guarded)
	}
	if plain, err := pouch.Unseal(b, word); err != nil || string(plain) != "codes" {
		t.Errorf("got %q %v", plain, err)
	}
	if _, err := pouch.Unseal([]byte("otpauth://totp/x"), word); !errors.Is(err, pouch.ErrDamaged) {
		t.Errorf("got %v", err)
	}
}
