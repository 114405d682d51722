package command_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// OR-20: whoever has an export, a checkpoint and the public keys of its day needs nothing
// of the server's to see whether the log was changed.
func TestACheckpointIsHeldAgainstTheLogOffline(t *testing.T) {
	d := sit(t)
	for _, who := range []string{"hana", "ken", "mika"} {
		d.run("account", "create", who+"@example.com").want(0)
	}
	d.run("org", "create", "Acme", "--owner", "hana@example.com").want(0)
	keep := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	checkpoint, jwks := keep("checkpoint.jwt", d.run("audit", "checkpoint").want(0).out), keep("jwks.json", d.run("key", "jwks").want(0).out)
	d.run("account", "create", "later@example.com").want(0)
	text := d.run("audit", "export", "--chain").want(0).out
	whole := keep("audit.jsonl", text)

	elsewhere := sit(t) // another machine, without this data
	check := func(export string, code int, texts ...string) {
		t.Helper()
		elsewhere.run("audit", "check", export, "--checkpoint", checkpoint, "--jwks", jwks).want(code, texts...)
	}
	check(whole, 0, "checkpoint of http")
	lines := strings.SplitAfter(text, "\n")
	check(keep("changed", strings.Replace(text, "account.created", "account.renamed", 1)), 4, "does not fit the one before it")
	check(keep("cut", strings.Join(lines[:1], "")), 4, "does not lead to the checkpoint")
	check(keep("without", strings.Join(append([]string{lines[0]}, lines[2:]...), "")), 4, "are missing")
	check(keep("told", strings.Replace(text, `"detail":{`, `"detail":{"other":1,`, 1)), 4, "is not what was written")
	check(keep("garbage", "{}x\n"), 1, "row 1 of the export")
	other := sit(t)
	elsewhere.run("audit", "check", whole, "--checkpoint", checkpoint, "--jwks", keep("other", other.run("key", "jwks").want(0).out)).want(4, "not signed")
	elsewhere.run("audit", "check", whole, "--checkpoint", whole, "--jwks", jwks).want(4)
	elsewhere.run("audit", "check", whole, "--checkpoint", checkpoint).want(1, "--jwks")
}
