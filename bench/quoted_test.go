package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The README quotes the result file, and not another run.
func TestTheReadmeQuotesTheMeasurement(t *testing.T) {
	read := func(name string) string {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	measured, readme := read("../docs/bench.md"), read("../README.md")
	_, lite, _ := strings.Cut(measured, "## SQLite")
	lite, postgres, _ := strings.Cut(lite, "## PostgreSQL")
	rate := func(part, row string) string {
		m := regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(row) + ` \| 16 \| ([0-9,.]+) \|`).FindStringSubmatch(part)
		if m == nil {
			t.Fatalf("docs/bench.md has no row %q", row)
		}
		return m[1]
	}
	for row, from := range map[string][]string{
		"session check": {"session check"}, "introspection": {"introspection"}, "userinfo": {"userinfo"}, "refresh with rotation": {"refresh with rotation"},
		"client credentials, opaque / JWT": {"client credentials, opaque", "client credentials, JWT"}, "sign-in with password": {"sign-in with password"},
		"TOTP code, second step": {"TOTP code, second step"}, "passkey, second step": {"passkey, second step"},
	} {
		var a, b []string
		for _, r := range from {
			a, b = append(a, rate(lite, r)), append(b, rate(postgres, r))
		}
		want := "| " + row + " | " + strings.Join(a, " / ") + " | " + strings.Join(b, " / ") + " |"
		if !strings.Contains(readme, want) {
			t.Errorf("README.md lacks %q", want)
		}
	}
}
