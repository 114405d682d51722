package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sekisho/internal/apptest"
	"sekisho/internal/dbtest"
	"sekisho/internal/factor/totp"
	"sekisho/internal/sample"
)

// gallery serves every sample page at /sample/NAME, with the program's own scripts
// and styles.
func gallery(t *testing.T) string {
	w := apptest.New(t, dbtest.Engines[0], "url", "http://localhost:8080")
	pages := map[string]sample.Page{}
	for _, p := range sample.Pages() {
		pages[p.Name] = p
	}
	own := w.Handler
	s := httptest.NewServer(http.HandlerFunc(func(h http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/me/factors/app/qr" {
			svg, err := totp.SVG("otpauth://totp/Sekisho:hana%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Sekisho")
			if err != nil {
				t.Error(err)
			}
			h.Header().Set("Content-Type", "image/svg+xml")
			_, _ = h.Write(svg)
			return
		}
		if strings.HasSuffix(r.URL.Path, "/state") { // nobody answers
			<-r.Context().Done()
			return
		}
		p, ok := pages[strings.TrimPrefix(r.URL.Path, "/sample/")]
		if !ok {
			own.ServeHTTP(h, r)
			return
		}
		body, err := w.Frame.Sample(r, p.Response, p.Signed)
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		h.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = h.Write(body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestEveryPageInBothLanguagesThemesAndWidths(t *testing.T) {
	base := gallery(t)
	for _, lang := range []string{"ja", "en"} {
		for _, scheme := range []string{"light", "dark"} {
			for _, wide := range []int64{360, 1280} {
				t.Run(fmt.Sprintf("%s-%s-%d", lang, scheme, wide), func(t *testing.T) {
					t.Parallel()
					x := open(t, lang, wide, scheme == "dark")
					for _, p := range sample.Pages() {
						x.goTo(base + "/sample/" + p.Name)
						x.look("sample-" + p.Name)
					}
				})
			}
		}
	}
}

// ER-22: the gallery's server lives in January 2026, the browser does not.
func TestClockThatIsOffIsTold(t *testing.T) {
	off := open(t, "en", 1280, false)
	off.goTo(gallery(t) + "/sample/password")
	off.see("The clock of this device is off by about")
	off.press("See how to correct it")
	off.see("timedatectl")
	s := Start(t)
	right := open(t, "en", 1280, false)
	right.goTo(s.URL + "/signin")
	if text := right.text(); strings.Contains(text, "clock") {
		t.Errorf("a clock that is right is called wrong:\n%s", text)
	}
}
