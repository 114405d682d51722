package apptest_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/ref"
)

// problem is what a program reads of a refusal.
type problem struct{ Code, Why, Fix, Reference string }

func TestEveryProblemHasAReferenceAndALanguage(t *testing.T) {
	w := apptest.New(t, "sqlite")
	p := w.Program("203.0.113.1")
	p.Lang = "ja"
	for _, c := range []struct {
		method, path string
		status       int
	}{{"GET", "/api/v1/session", 401}, {"GET", "/api/v1/nowhere", 404}, {"PUT", "/api/v1/session", 405}, {"POST", "/api/v1/signin/none", 410}} {
		var x problem
		a := p.Call(c.method, c.path, map[string]any{}).Want(c.status, "").Into(&x)
		if got := a.Header.Get("X-Request-Id"); x.Reference == "" || x.Reference != got {
			t.Errorf("%s %s: got reference %q, want the request's %q", c.method, c.path, x.Reference, got)
		}
		if got := a.Header.Get("Content-Language") + " " + a.Header.Get("Vary"); got != "ja Accept-Language" {
			t.Errorf("%s %s: got %q, want the language and what it depends on", c.method, c.path, got)
		}
		if strings.Contains(x.Fix, "ボタン") {
			t.Errorf("%s %s: speaks to a program of buttons: %s", c.method, c.path, x.Fix)
		}
	}
	// A refusal with an audit row keeps the row's reference.
	var x problem
	a := p.Signin("nobody@example.com", apptest.Word).Want(401, "signin.not_recognised").Into(&x)
	if x.Reference == a.Header.Get("X-Request-Id") || x.Reference == "" {
		t.Errorf("got %q, want the reference of the audit row", x.Reference)
	}
	// A fault that has a page of its own says it too; one on a form has what it had.
	b := w.Browser("203.0.113.2").Open("/nowhere").Want(404)
	b.See("Reference " + b.Header.Get("X-Request-Id"))
}

func TestWhatDoesNotReadIsNamed(t *testing.T) {
	w := apptest.New(t, "sqlite")
	p := w.Program("203.0.113.1")
	for body, want := range map[string]string{`[]`: "JSON {…}", `{"nonsense":1}`: `"nonsense"`, `{"identifier":1}`: "identifier", `"x"`: "JSON {…}", `{`: "JSON"} {
		var x problem
		p.Raw("POST", "/api/v1/signin", "application/json", []byte(body)).Want(400, "request.malformed").Into(&x)
		if !strings.HasSuffix(x.Why, ": "+want) {
			t.Errorf("%s: got %q, want it to end with %s", body, x.Why, want)
		}
	}
}

func TestTheSessionLimitShowsItsReference(t *testing.T) {
	w := apptest.New(t, "sqlite", "session_limit", "1")
	a := w.Settle(hana)
	w.Browser("192.0.2.1").Signin(hana, apptest.Word).See("Hello")
	b := w.Browser("192.0.2.2")
	b.Signin(hana, apptest.Word)
	m := regexp.MustCompile(`Reference ([0-9A-Z]{4}-[0-9A-Z]{4})`).FindStringSubmatch(b.Text())
	if m == nil {
		t.Fatalf("the page at %s has no reference:\n%s", b.URL, b.Text())
	}
	w.Update(func(tx db.Tx) error {
		row, err := audit.ByReference(t.Context(), tx, ref.Reference(m[1]))
		if err != nil || row.Account != a.ID || row.Code != "session.limit" {
			t.Errorf("got %+v %v, want the refusal", row, err)
		}
		return nil
	})
}

// What was done in one instant reads in the order in which it was done.
func TestRowsOfOneInstantStandInOrder(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		for range 8 { // references are drawn: by luck alone once in two
			b := w.Browser("192.0.2.1").Open("/signup")
			b.Fill("Name", "Hana").Fill("E-mail", hana).Press("Next").Fill("New password", apptest.Word).Press("Next").Fill("Code", w.Code(hana)).Press("Next").See("Hello Hana")
			var kinds []string
			w.Update(func(tx db.Tx) error {
				var id ref.Account
				if err := tx.QueryRow(t.Context(), `SELECT id FROM account`).Scan(&id); err != nil {
					return err
				}
				rows, err := audit.Of(t.Context(), tx, id, audit.Filter{Since: w.Clock.Now().Add(-time.Hour), Limit: 10})
				for _, r := range rows {
					kinds = append(kinds, r.Kind)
				}
				if err == nil {
					_, err = tx.Exec(t.Context(), `DELETE FROM account`)
				}
				return err
			})
			slices.Reverse(kinds)
			got, _ := json.Marshal(kinds)
			if want := `["account.created","address.confirmed","signin.succeeded"]`; string(got) != want {
				t.Fatalf("got %s, want %s", got, want)
			}
			w.Clock.Add(20 * time.Minute)
		}
	})
}

func TestTheDescriptionSaysWhereABodyIsNeeded(t *testing.T) {
	w := apptest.New(t, "sqlite", "url", "https://id.example.com")
	w.Settle(hana)
	p := signed(w, hana, "192.0.2.1")
	var doc struct {
		Paths map[string]map[string]struct {
			ID   string                   `json:"operationId"`
			Body *struct{ Required bool } `json:"requestBody"`
		}
	}
	p.Call("GET", "/api/v1/openapi.json", nil).Want(200, "").Into(&doc)
	var free []string
	for _, methods := range doc.Paths {
		for _, o := range methods {
			if o.Body != nil && !o.Body.Required {
				free = append(free, o.ID)
			}
		}
	}
	slices.Sort(free)
	if want := []string{"confirmAddress", "confirmNumber", "key"}; !slices.Equal(free, want) {
		t.Errorf("got %v without a body, want %v", free, want)
	}
	p.Raw("POST", "/api/v1/me/addresses/"+claim(p, second), "", nil).Want(429, "code.resend_early") // another is asked for
	p.Raw("POST", "/api/v1/me/factors/passkey", "", nil).Want(200, "")
}
