package command_test

import (
	"archive/tar"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sekisho/internal/secret"
)

// packed is what an archive holds.
func packed(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return strings.Join(names, " ")
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
	}
}

// kept makes an account and gives an archive of it.
func (d *desk) kept() string {
	d.t.Helper()
	d.run("account", "create", "hana@example.com").want(0)
	file := filepath.Join(d.t.TempDir(), "backup.tar.gz")
	d.run("backup", file).want(0)
	return file
}

func TestBackupPacksNoKeyThatIsNotUsed(t *testing.T) {
	d := sit(t)
	if got, want := packed(t, d.kept()), "sekisho.db secret.key"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	// A second terminal on the same folder, with keys of its own, as after a move to several nodes.
	key := "SEKISHO_KEYS=" + base64.StdEncoding.EncodeToString(secret.Hash("a key"))
	d.env = append(d.env, key)
	file := filepath.Join(t.TempDir(), "backup.tar.gz")
	d.run("backup", file).want(0, "keys")
	if got, want := packed(t, file), "sekisho.db"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// cutShort writes the first half of a file beside it.
func cutShort(t *testing.T, path string) string {
	t.Helper()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	short := path + ".short"
	if err := os.WriteFile(short, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	return short
}

func names(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	var out []string
	for _, e := range list {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}

func TestARestoreThatFailsLeavesNothingBehind(t *testing.T) {
	file := sit(t).kept()
	d := sit(t)
	d.run("restore", cutShort(t, file)).want(1)
	if got := names(t, d.data); got != "" {
		t.Errorf("got %q left behind, want nothing", got)
	}
	d.run("restore", file).want(0, d.data)
	d.run("account", "list").want(0, "hana@example.com")
	d.run("audit", "verify").want(0)
	d.run("restore", file).want(1, "already")
	if got, want := names(t, d.data), "secret.key sekisho.db"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRestoreGoesWhereTheServerLooks(t *testing.T) {
	file := sit(t).kept()
	elsewhere := filepath.Join(t.TempDir(), "fast", "accounts.db")
	d := sit(t, "SEKISHO_DATABASE=sqlite:"+elsewhere)
	d.run("restore", file).want(0, elsewhere)
	d.run("account", "list").want(0, "hana@example.com")
	if got, want := names(t, d.data), "secret.key"; got != want {
		t.Errorf("got %q in the data folder, want %q", got, want)
	}
	sit(t, "SEKISHO_DATABASE=postgres://sekisho@127.0.0.1:1/x").run("restore", file).want(1, "pg_restore")

	// With keys of its own the archive's key has no place.
	from := sit(t, "SEKISHO_KEYS="+base64.StdEncoding.EncodeToString(secret.Hash("a key")))
	file = from.kept()
	sit(t).run("restore", file).want(1, "holds no key")
	to := sit(t, from.env[len(from.env)-1])
	to.run("restore", file).want(0, "setting keys")
	to.run("account", "list").want(0, "hana@example.com")
}

func TestRestoreBringsNoSessionBackToLife(t *testing.T) {
	from := sit(t)
	from.run("demo").want(0)
	file := filepath.Join(t.TempDir(), "backup.tar.gz")
	from.run("backup", file).want(0)
	d := sit(t)
	d.run("restore", file).want(0, "signs in again")
	d.run("audit", "export").want(0, "database.restored").miss(`"ended":0`)
	d.run("audit", "verify").want(0)
}
