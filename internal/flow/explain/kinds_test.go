package explain_test

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sekisho/internal/flow/explain"
)

// ours are kinds of the whole installation, which are in no organisation's log.
var ours = []string{"client.created", "client.deleted", "client.rotated", "database.restored", "key.revoked", "key.rotated",
	"audit.csv", "audit.jsonl", "activity.csv", "activity.json"} // names of files

var written = regexp.MustCompile(`(?:Kind: |note\(ctx, tx, (?:t, )?|noteToken\(ctx, tx, |kind :?= )"([a-z]+\.[a-z_]+)"`)

// Each kind that is written is found by a filter, else who filters misses it.
func TestEveryKindOfTheLogIsInAFilter(t *testing.T) {
	var known []string
	for _, g := range explain.Groups {
		known = append(known, g.Kinds...)
	}
	n := 0
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "apptest/") || strings.HasPrefix(path, "sample/") {
			return err
		}
		text, err := fs.ReadFile(root, path)
		for _, m := range written.FindAllStringSubmatch(string(text), -1) {
			if n++; !slices.Contains(known, m[1]) && !slices.Contains(ours, m[1]) {
				t.Errorf("%s writes %q, which is in no filter", path, m[1])
			}
		}
		return err
	})
	if err != nil || n < 60 {
		t.Errorf("found %d kinds: %v", n, err)
	}
}
