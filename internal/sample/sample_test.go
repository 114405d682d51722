package sample_test

import (
	"flag"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"sekisho/internal/apptest"
	"sekisho/internal/dbtest"
	"sekisho/internal/sample"
)

var update = flag.Bool("update", false, "write what is expected anew")

func TestMain(m *testing.M) { dbtest.Main(m) }

// expect compares with a file, or writes it.
func expect(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != got {
		t.Errorf("%s is not as expected (%v); look at it, then run make golden", name, err)
	}
}

var (
	static = regexp.MustCompile(`/static/[0-9a-f]{12}/`)
	data   = regexp.MustCompile(`data-[a-z-]+="[^"]*"`)
)

func TestGoldenPages(t *testing.T) {
	w := apptest.New(t, "sqlite", "url", "http://localhost:8080")
	shown := map[string]bool{}
	for _, p := range sample.Pages() {
		shown[p.Response.Template] = true
		for _, lang := range []string{"ja", "en"} {
			h := httptest.NewRequest("GET", "http://sekisho.test/sample", nil)
			h.Header.Set("Accept-Language", lang)
			body, err := w.Frame.Sample(h, p.Response, p.Signed)
			if err != nil {
				t.Fatalf("%s: %v", p.Name, err)
			}
			got := static.ReplaceAllString(string(body), "/static/HASH/")
			if strings.Contains(got, "⟦") {
				t.Errorf("%s in %s: a text is missing: %s", p.Name, lang, got[strings.Index(got, "⟦"):][:60])
			}
			// The scripts fill in the data attributes.
			if open := data.ReplaceAllString(got, ""); strings.Contains(open, "{") {
				t.Errorf("%s in %s: a placeholder is open: %.60s", p.Name, lang, open[strings.Index(open, "{"):])
			}
			if strings.Contains(got, "style=") || strings.Contains(got, "onclick=") || strings.Contains(got, "<script>") {
				t.Errorf("%s in %s has something inline, which the CSP stops", p.Name, lang)
			}
			if (strings.HasPrefix(p.Response.Template, "me/") || strings.HasPrefix(p.Response.Template, "admin/")) && strings.Count(got, `aria-current="page"`) != 1 {
				t.Errorf("%s in %s: the rail does not say which page it is", p.Name, lang)
			}
			expect(t, lang+"/"+p.Name+".html", got)
		}
	}
	for _, name := range w.Frame.Templates() {
		if !shown[name] && name != "fault" {
			t.Errorf("page %s is not in the gallery", name)
		}
	}
}

func TestGoldenRoutes(t *testing.T) {
	w := apptest.New(t, "sqlite", "url", "http://localhost:8080")
	var lines []string
	for _, d := range w.Doors {
		for _, r := range d.Routes {
			lines = append(lines, strings.Join([]string{r.Path, r.Method, r.Guard.Name, string(r.Face)}, "\t"))
		}
	}
	sort.Strings(lines)
	expect(t, "routes.txt", strings.Join(lines, "\n")+"\n")
}
