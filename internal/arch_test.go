// Package internal_test holds the house to its plan: who may import whom, how
// large things may grow, and that nothing promised stands unused.
package internal_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// floors lists every package with its floor. Imports point down: a package may
// import only what stands on a lower one. What only tests use stands beside.
var floors = [][]string{
	{"secret", "i18n", "netx", "ua", "hub", "pass", "tint"},
	{"db", "fault", "mail", "sms", "push", "site", "geo", "slowhash", "otp", "pouch"},
	{"ref", "faults"},
	{"audit", "outbox", "limit", "policy"},
	{"gate", "letter", "ready", "allowed"},
	{"org"},
	{"account", "session", "browser", "client", "signkey", "cooling", "demand", "device", "ticket", "hook", "token"},
	{"factor/password", "factor/sentcode", "factor/smscode", "factor/totp", "factor/backup", "factor/passphrase", "factor/passkey", "factor/push", "grant"},
	{"flow", "roster"},
	{"flow/enter"},
	{"flow/desk"},
	{"flow/signin", "flow/join", "flow/recover", "flow/change", "flow/consent", "flow/enrol", "flow/address", "flow/access", "flow/tegata", "flow/govern", "flow/allow", "flow/invite", "flow/explain"},
	{"web"},
	{"web/signin", "web/me", "web/admin", "web/help", "web/mailbox", "web/tegata", "web/invite", "web/look", "web/desk", "oidc", "api"},
	{"app"},
	{"command", "hand"},
}

var beside = map[string]bool{"apptest": true, "dbtest": true, "sample": true}

// file is one parsed source file.
type file struct {
	path, pkg string
	test      bool
	tree      *ast.File
	set       *token.FileSet
	lines     int
}

func sources(t *testing.T, root string) []file {
	t.Helper()
	var out []file
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == "node" || d.Name() == "testdata") {
			if d != nil && d.IsDir() && err == nil {
				return filepath.SkipDir
			}
			return err
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		tree, err := parser.ParseFile(set, path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		out = append(out, file{path, filepath.ToSlash(rel), strings.HasSuffix(path, "_test.go"), tree, set, strings.Count(string(text), "\n")})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestImportsPointDown(t *testing.T) {
	floor := map[string]int{}
	for i, list := range floors {
		for _, p := range list {
			floor[p] = i
		}
	}
	seen := map[string]bool{}
	for _, f := range sources(t, ".") {
		if f.test || f.pkg == "." || beside[f.pkg] {
			continue
		}
		here, ok := floor[f.pkg]
		if !ok {
			t.Errorf("%s stands on no floor: add it to the list", f.pkg)
			continue
		}
		seen[f.pkg] = true
		for _, im := range f.tree.Imports {
			path, _ := strconv.Unquote(im.Path.Value)
			if path == "database/sql" && f.pkg != "db" {
				t.Errorf("%s imports database/sql, which is db's alone", f.path)
			}
			if path == "net/http" && strings.HasPrefix(f.pkg, "flow") {
				t.Errorf("%s knows HTTP", f.path)
			}
			to, ours := strings.CutPrefix(path, "sekisho/internal/")
			if !ours {
				continue
			}
			if there, ok := floor[to]; !ok || there >= here {
				t.Errorf("%s imports %s, which does not stand below it", f.path, to)
			}
		}
	}
	for p := range floor {
		if !seen[p] {
			t.Errorf("%s has a floor but no code", p)
		}
	}
}

func TestGateAndPolicyArePure(t *testing.T) {
	for _, f := range sources(t, ".") {
		if f.test || f.pkg != "gate" && f.pkg != "policy" {
			continue
		}
		for _, im := range f.tree.Imports {
			switch path, _ := strconv.Unquote(im.Path.Value); path {
			case "os", "net", "net/http", "context", "io", "math/rand", "math/rand/v2", "crypto/rand", "sekisho/internal/db", "sekisho/internal/audit", "sekisho/internal/outbox":
				t.Errorf("%s imports %s", f.path, path)
			}
		}
		ast.Inspect(f.tree, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" && (s.Sel.Name == "Now" || s.Sel.Name == "Since") {
					t.Errorf("%s asks for the time", f.path)
				}
			}
			return true
		})
	}
}

// Budgets on the tail; see "Rules with reasons" in ARCHITECTURE.
const (
	longestFunc = 100
	p99Func     = 80
	longestFile = 600
	mostPaths   = 20
	mostParams  = 4
)

func TestNothingGrowsTooLarge(t *testing.T) {
	var lengths []int
	for _, root := range []string{".", "../cmd", "../e2e", "../bench"} {
		for _, f := range sources(t, root) {
			if f.lines > longestFile {
				t.Errorf("%s has %d lines, more than %d", f.path, f.lines, longestFile)
			}
			for _, d := range f.tree.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok || fn.Body == nil {
					continue
				}
				n := f.set.Position(fn.End()).Line - f.set.Position(fn.Pos()).Line + 1
				lengths = append(lengths, n)
				where := f.path + ": " + fn.Name.Name
				if n > longestFunc {
					t.Errorf("%s has %d lines, more than %d", where, n, longestFunc)
				}
				if f.test || f.pkg == "apptest" {
					continue
				}
				if c := paths(fn); c > mostPaths {
					t.Errorf("%s has %d paths, more than %d", where, c, mostPaths)
				}
				if p := params(fn); p > mostParams {
					t.Errorf("%s has %d parameters, more than %d", where, p, mostParams)
				}
			}
		}
	}
	sort.Ints(lengths)
	if p := lengths[len(lengths)*99/100]; p > p99Func {
		t.Errorf("the p99 of functions is %d lines, more than %d", p, p99Func)
	}
}

// paths is the cyclomatic complexity, each function literal by itself.
func paths(fn ast.Node) int {
	n := 1
	ast.Inspect(fn, func(x ast.Node) bool {
		switch x := x.(type) {
		case *ast.FuncLit:
			if x != fn {
				n = max(n, 1) // counted where it is, not here
				return false
			}
		case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt:
			n++
		case *ast.CaseClause:
			if x.List != nil {
				n++
			}
		case *ast.CommClause:
			if x.Comm != nil {
				n++
			}
		case *ast.BinaryExpr:
			if x.Op == token.LAND || x.Op == token.LOR {
				n++
			}
		}
		return true
	})
	return n
}

// params counts what a caller has to think of: not context, transaction or tester.
func params(fn *ast.FuncDecl) int {
	n := 0
	for _, p := range fn.Type.Params.List {
		kind := ""
		switch x := p.Type.(type) {
		case *ast.SelectorExpr:
			kind = x.Sel.Name
		case *ast.Ident:
			kind = x.Name
		}
		switch kind {
		case "Context", "Tx", "ReadTx", "Reader", "TB":
			continue
		}
		n += max(1, len(p.Names))
	}
	return n
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	docs := map[string]string{}
	for _, f := range sources(t, ".") {
		if f.test || f.pkg == "." {
			continue
		}
		if _, ok := docs[f.pkg]; !ok {
			docs[f.pkg] = ""
		}
		if f.tree.Doc != nil {
			docs[f.pkg] += f.tree.Doc.Text()
		}
	}
	for p, d := range docs {
		if n := strings.Count(d, "\n"); n == 0 || n > 10 {
			t.Errorf("%s: its contract has %d lines, want 1 to 10", p, n)
		}
	}
}

func TestExportedThingsAreDocumented(t *testing.T) {
	for _, f := range sources(t, ".") {
		if f.test {
			continue
		}
		for _, d := range f.tree.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && (d.Recv == nil || exportedReceiver(d)) && !wellKnown[d.Name.Name] {
					t.Errorf("%s: %s has no comment", f.path, d.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if ts, ok := s.(*ast.TypeSpec); ok && ts.Name.IsExported() && d.Doc == nil && ts.Doc == nil {
						t.Errorf("%s: %s has no comment", f.path, ts.Name.Name)
					}
				}
			}
		}
	}
}

// wellKnown are methods whose contract is the standard library's.
var wellKnown = map[string]bool{"Error": true, "Unwrap": true, "String": true, "GoString": true, "Scan": true, "Value": true, "MarshalJSON": true, "UnmarshalJSON": true,
	"MarshalText": true, "Format": true, "LogValue": true, "ServeHTTP": true, "Write": true, "RoundTrip": true}

func exportedReceiver(d *ast.FuncDecl) bool {
	x := d.Recv.List[0].Type
	if s, ok := x.(*ast.StarExpr); ok {
		x = s.X
	}
	id, ok := x.(*ast.Ident)
	return ok && id.IsExported()
}

// The words that say nothing (rule 14 and 16 of the house).
var empty = regexp.MustCompile(`(Manager|Service|Impl|Helper|Util)s?$`)

func TestNamesSaySomething(t *testing.T) {
	for _, f := range sources(t, ".") {
		for _, d := range f.tree.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if strings.HasPrefix(d.Name.Name, "Get") {
					t.Errorf("%s: %s says Get", f.path, d.Name.Name)
				}
				if d.Name.Name == "init" {
					t.Errorf("%s has an init", f.path)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if ts, ok := s.(*ast.TypeSpec); ok && empty.MatchString(ts.Name.Name) {
						t.Errorf("%s: %s is an empty word", f.path, ts.Name.Name)
					}
				}
			}
		}
	}
}

// The library that keeps passwords on SQLite must have its WAL fixes; the module
// file pins it, and db refuses an older one at start.
func TestVersionsArePinned(t *testing.T) {
	text, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"replace ", "latest"} {
		if strings.Contains(string(text), bad) {
			t.Errorf("go.mod has %q", bad)
		}
	}
}

// where names a place in a text for an error.
func where(path string, line int) string { return fmt.Sprintf("%s:%d", path, line) }
