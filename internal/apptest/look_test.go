package apptest_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sekisho/internal/apptest"
	"sekisho/internal/org"
)

// drawing is a picture in bytes.
func drawing(t *testing.T, w, h int) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sends a form with a file.
func sends(t *testing.T, b *apptest.Browser, w *apptest.World, picture []byte, fields ...string) *apptest.Browser {
	t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	part, err := m.CreateFormFile("logo", "../../etc/passwd.svg")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write(picture)
	for i := 0; i+1 < len(fields); i += 2 {
		_ = m.WriteField(fields[i], fields[i+1])
	}
	m.Close()
	req, err := http.NewRequest("POST", w.Base+"/admin/settings/logo", &body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", m.FormDataContentType())
	return b.Send(req)
}

// look finds an address under /look/ in a page.
func look(page []byte, ending string) string {
	for _, part := range strings.Split(string(page), `"`) {
		if strings.HasPrefix(part, "/look/") && strings.HasSuffix(part, ending) {
			return part
		}
	}
	return ""
}

func TestAnOrganisationsLookIsOnItsPagesAlone(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		h.member(hana, org.Plain)
		w.Settle("ken@example.com")
		b := h.signedIn("owner@example.com")
		b.Open("/admin/settings").Fill("Colour of the organisation", "red").Press("Save").See("look.colour")
		b.Fill("Colour of the organisation", "#7FD4FF").Press("Save").See("Saved", "#7fd4ff")
		sends(t, b, w, []byte(`<svg onload="alert(1)">`)).See("look.picture")
		sends(t, b, w, drawing(t, 2100, 2100)).See("look.too_large")
		sends(t, b, w, bytes.Repeat([]byte("x"), 2<<20)).Want(413)
		sends(t, b, w, drawing(t, 600, 200)).See("The logo is changed")

		page := func(b *apptest.Browser, path string) []byte { return raw(t, w, b, path).Body }
		sheet, logo := look(page(b, "/me"), ".css"), look(page(b, "/me"), ".png")
		if sheet != "/look/7fd4ff.css" || logo == "" {
			t.Fatalf("got %q and %q", sheet, logo)
		}
		m := h.signedIn(hana)
		m.Open("/me").See("Acme")
		if got := look(page(m, "/me"), ".png"); got != logo {
			t.Errorf("a member's page has %q", got)
		}
		_, link := h.invites(operator, newcomer, org.Plain)
		n := w.Browser("203.0.113.1")
		if got := look(page(n, link), ".png"); got != logo {
			t.Errorf("the invitation has %q", got)
		}
		// Strangers, and members of nothing, see nothing of it.
		k := h.signedIn("ken@example.com")
		for b, paths := range map[*apptest.Browser][]string{n: {"/signin", "/signup", "/recover", "/help"}, k: {"/me", "/me/rules"}, m: {"/help"}} {
			for _, path := range paths {
				if got := look(page(b, path), ""); got != "" {
					t.Errorf("%s has %q", path, got)
				}
			}
		}
		// What is served can do nothing, and no junk is.
		a := raw(t, w, n, logo)
		if a.Status != 200 || a.Header.Get("Content-Type") != "image/png" || !strings.Contains(a.Header.Get("Content-Security-Policy"), "sandbox") || a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("got %d %v", a.Status, a.Header)
		}
		if conf, err := png.DecodeConfig(bytes.NewReader(a.Body)); err != nil || conf.Width > 400 || conf.Height > 120 {
			t.Errorf("got %+v %v", conf, err)
		}
		a = raw(t, w, n, sheet)
		if a.Status != 200 || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/css") || strings.Contains(string(a.Body), "#7fd4ff}") {
			t.Errorf("got %d %s", a.Status, a.Body)
		}
		for _, junk := range []string{"/look/", "/look/x", "/look/7FD4FF.css", "/look/7fd4ff.css.png", "/look/..%2f..%2fetc", "/look/" + strings.Repeat("0", 32) + ".png", "/look/%00.css", "/look/7fd4ff;x.css"} {
			if a := raw(t, w, n, junk); a.Status != 404 && a.Status != 400 {
				t.Errorf("%s: got %d", junk, a.Status)
			}
		}
		sends(t, b, w, nil, "act", "nologo").See("The logo is removed")
		if a := raw(t, w, n, logo); a.Status != 404 {
			t.Errorf("a removed logo: got %d", a.Status)
		}
		b.Open("/admin/settings").Fill("Name of the organisation", "Bolt & Söhne").Fill("Colour of the organisation", "").Press("Save").See("Saved", "Bolt & Söhne")
		m.Open("/me/rules").See("Bolt & Söhne")
		if got := look(page(m, "/me"), ""); got != "" {
			t.Errorf("the look is gone, and the page has %q", got)
		}
		found(t, w, "Umbrella", "boss@example.com")
		b.Open("/admin/settings").Fill("Name of the organisation", "Umbrella").Press("Save").See("org.name_taken")
		b.Post("/admin/settings", url.Values{"name": {"x\u202ey"}}).See("org.name")
		h.member("desk@example.com", org.Desk)
		h.signedIn("desk@example.com").Open("/admin/settings").See("org.forbidden")
	})
}

// raw is an answer as it came over the wire.
func raw(t *testing.T, w *apptest.World, b *apptest.Browser, path string) apptest.Answer {
	t.Helper()
	req, err := http.NewRequest("GET", w.Base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range b.Cookies() {
		req.AddCookie(c)
	}
	return w.Program("192.0.2.1").Do(req)
}

func TestAPIKeepsSettings(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		found(t, w, "Acme", "owner@example.com")
		p := w.Program("192.0.2.1")
		p.Signin("owner@example.com", apptest.Word)
		p.Call("PUT", "/api/v1/org/settings", map[string]any{"name": "Acme", "colour": "blue"}).Want(400, "look.colour")
		p.Call("PUT", "/api/v1/org/settings", map[string]any{"name": "Acme 2", "colour": "#2c4693"}).Want(204, "")
		p.Call("PUT", "/api/v1/org/settings/logo", map[string]any{"picture": "not base64!"}).Want(400, "look.picture")
		p.Call("PUT", "/api/v1/org/settings/logo", map[string]any{"picture": base64.StdEncoding.EncodeToString(drawing(t, 40, 40))}).Want(204, "")
		var s struct{ Name, Colour, Logo string }
		p.Call("GET", "/api/v1/org/settings", nil).Want(200, "").Into(&s)
		if s.Name != "Acme 2" || s.Colour != "#2c4693" || s.Logo == "" {
			t.Errorf("got %+v", s)
		}
		p.Call("DELETE", "/api/v1/org/settings/logo", nil).Want(204, "")
	})
}
