package apptest_test

import (
	"net/url"
	"strings"
	"testing"

	"sekisho/internal/apptest"
	"sekisho/internal/web/help"
)

func TestEveryGuideReadsInBothLanguages(t *testing.T) {
	w := apptest.New(t, "sqlite")
	b := w.Browser("192.0.2.1")
	for _, lang := range []string{"en", "ja"} {
		b.Post("/preferences", url.Values{"lang": {lang}, "back": {"/help"}}).Want(200)
		for _, name := range help.Guides {
			if b.Open("/help/guide/" + name).Want(200); strings.ContainsAny(b.Text(), "{}⟦") {
				t.Errorf("guide %s in %s has an open place:\n%s", name, lang, b.Text())
			}
		}
	}
}
