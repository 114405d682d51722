package internal_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/i18n"
)

var update = flag.Bool("update", false, "write what is expected anew")

func TestEveryFaultIsUsedAndComplete(t *testing.T) {
	used := map[string]bool{}
	names := map[string]string{} // variable → code
	for _, f := range sources(t, ".") {
		if f.pkg == "faults" {
			ast.Inspect(f.tree, func(n ast.Node) bool {
				v, ok := n.(*ast.ValueSpec)
				if !ok || len(v.Values) != 1 {
					return true
				}
				if c := codeOf(v.Values[0]); c != "" {
					names[v.Names[0].Name] = c
				}
				return true
			})
			continue
		}
		if f.test || f.pkg == "sample" {
			continue
		}
		ast.Inspect(f.tree, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.SelectorExpr:
				if id, ok := x.X.(*ast.Ident); ok && id.Name == "faults" {
					used[x.Sel.Name] = true
				}
			case *ast.BasicLit: // gate names codes; web tells of the clock
				used[strings.Trim(x.Value, `"`)] = true
			}
			return true
		})
	}
	// What only the browser itself can notice.
	layout, err := os.ReadFile("web/templates/layout.html")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) != len(faults.All()) {
		t.Errorf("got %d variables for %d codes", len(names), len(faults.All()))
	}
	for v, code := range names {
		if !used[v] && !used[code] && !strings.Contains(string(layout), "/help/"+code) {
			t.Errorf("%s (%s) is never told to anyone", code, v)
		}
	}
	for _, e := range faults.All() {
		checkFault(t, e)
	}
}

func codeOf(x ast.Expr) string {
	code := ""
	ast.Inspect(x, func(n ast.Node) bool {
		kv, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		if k, ok := kv.Key.(*ast.Ident); ok && k.Name == "Code" {
			if l, ok := kv.Value.(*ast.BasicLit); ok {
				code = strings.Trim(l.Value, `"`)
			}
		}
		return true
	})
	return code
}

func checkFault(t *testing.T, e *fault.Entry) {
	t.Helper()
	for _, s := range []string{e.Ja.What, e.Ja.Why, e.Ja.Fix, e.En.What, e.En.Why, e.En.Fix} {
		if strings.TrimSpace(s) == "" {
			t.Errorf("%s lacks a sentence", e.Code)
		}
	}
	if len(e.Lift) == 0 || e.Topic == "" {
		t.Errorf("%s does not say who can lift it, or where help lists it", e.Code)
	}
	if len(e.Ja.Steps) != len(e.En.Steps) {
		t.Errorf("%s has %d steps in ja and %d in en", e.Code, len(e.Ja.Steps), len(e.En.Steps))
	}
	ja, en := i18n.Placeholders(e.Ja.What+e.Ja.Why+e.Ja.Fix), i18n.Placeholders(e.En.What+e.En.Why+e.En.Fix)
	if !slices.Equal(ja, en) {
		t.Errorf("%s has placeholders %v in ja and %v in en", e.Code, ja, en)
	}
	// Its help page tells of no refusal in particular: there is nothing to fill in.
	for _, l := range i18n.Langs {
		h := e.Help(l)
		if left := i18n.Placeholders(h.What + h.Why + h.Fix); len(left) > 0 {
			t.Errorf("%s: its help page in %s has places %v; give it a General text", e.Code, l, left)
		}
	}
	for kind, of := range e.Of {
		for i, s := range [][2]string{{of[0].What, of[1].What}, {of[0].Why, of[1].Why}, {of[0].Fix, of[1].Fix}} {
			if (s[0] == "") != (s[1] == "") || !slices.Equal(i18n.Placeholders(s[0]), i18n.Placeholders(s[1])) {
				t.Errorf("%s of %s: sentence %d differs between ja and en", e.Code, kind, i+1)
			}
		}
	}
	if e.General != nil && len(ja) == 0 && e.Of == nil {
		t.Errorf("%s has a General text, and neither places nor kinds", e.Code)
	}
}

// TestGoldenErrors keeps docs/errors.md: the catalogue as a table for people.
func TestGoldenErrors(t *testing.T) {
	var b bytes.Buffer
	fmt.Fprint(&b, "# Faults\n\nEvery refusal has a code that never changes. Pages tell it in three sentences, the API as `application/problem+json`, and each has a page at `/help/<code>`.\nThis file is made from the catalogue in `internal/faults` by `make golden`.\n")
	for _, e := range faults.All() {
		fmt.Fprintf(&b, "\n## %s\n\n%s %s %s\n\n%s%s%s\n\nLifted by: %s.\n", e.Code, e.En.What, e.En.Why, e.En.Fix, e.Ja.What, e.Ja.Why, e.Ja.Fix, lifters(e))
		for _, kind := range slices.Sorted(maps.Keys(e.Of)) {
			en, ja := e.Of[kind][1], e.Of[kind][0]
			fmt.Fprintf(&b, "\nOf `%s`: %s\n\n%s\n", kind, strings.TrimSpace(en.What+" "+en.Why+" "+en.Fix), ja.What+ja.Why+ja.Fix)
		}
	}
	golden(t, "../docs/errors.md", b.String())
}

func lifters(e *fault.Entry) string {
	var out []string
	for _, l := range e.Lift {
		out = append(out, map[fault.Lifter]string{fault.Self: "the person", fault.Time: "time", fault.Operator: "the operator", fault.Admin: "the organisation's admins"}[l])
	}
	return strings.Join(out, ", ")
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want, err := os.ReadFile(path); err != nil || string(want) != got {
		t.Errorf("%s is not as expected (%v); look at it, then run make golden", path, err)
	}
}

var testName = regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Za-z0-9]+)`")

// TestCoverageNamesTestsThatExist keeps docs/coverage.md honest.
func TestCoverageNamesTestsThatExist(t *testing.T) {
	there := map[string]bool{}
	for _, root := range []string{".", "../e2e", "../bench"} {
		for _, f := range sources(t, root) {
			for _, d := range f.tree.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && f.test {
					there[fn.Name.Name] = true
				}
			}
		}
	}
	text, err := os.ReadFile("../docs/coverage.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for i, line := range strings.Split(string(text), "\n") {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| ID") {
			continue
		}
		found := testName.FindAllStringSubmatch(line, -1)
		if len(found) == 0 {
			t.Errorf("%s names no test: %s", where("docs/coverage.md", i+1), line)
		}
		for _, m := range found {
			if !there[m[1]] {
				t.Errorf("%s names %s, which does not exist", where("docs/coverage.md", i+1), m[1])
			}
		}
		lines++
	}
	if lines < 30 {
		t.Errorf("docs/coverage.md lists %d lines", lines)
	}
}

// TestEveryMessageIsUsed finds texts that no page shows.
func TestEveryMessageIsUsed(t *testing.T) {
	var code bytes.Buffer
	var sets []string
	err := filepath.Walk(".", func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		switch {
		case strings.HasSuffix(info.Name(), "messages.toml"):
			sets = append(sets, path)
		case strings.Contains(path, "testdata"), strings.HasSuffix(path, "_test.go"):
		case strings.HasSuffix(path, ".go"), strings.HasSuffix(path, ".html"), strings.HasSuffix(path, ".txt"), strings.HasSuffix(path, ".js"):
			text, err := os.ReadFile(path)
			code.Write(text)
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// A key that is put together, such as "way." plus a kind, is known by its beginning.
	built := regexp.MustCompile(`"([a-z]+(?:[.-][a-z]+)*\.)"`).FindAllStringSubmatch(code.String(), -1)
	key := regexp.MustCompile(`(?m)^\["?([^"\]]+)"?\]`)
	for _, path := range sets {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range key.FindAllStringSubmatch(string(text), -1) {
			used := strings.Contains(code.String(), `"`+m[1]+`"`)
			if topic, _, ok := strings.Cut(m[1], "."); strings.HasPrefix(path, "letter") && ok {
				used = strings.Contains(code.String(), `"`+topic+`"`) // letters are asked for by topic
			}
			for _, b := range built {
				used = used || strings.HasPrefix(m[1], b[1])
			}
			if !used {
				t.Errorf("%s: nothing shows %s", path, m[1])
			}
		}
	}
}
