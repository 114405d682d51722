package apptest_test

import (
	"net/url"
	"strings"
	"testing"

	"sekisho/internal/apptest"
)

func TestUserinfoWithoutATokenNamesNoError(t *testing.T) {
	w := apptest.New(t, "sqlite")
	p := w.Program("203.0.113.1")
	a := p.Call("GET", "/oauth/userinfo", nil).Want(401, "")
	if got, want := a.Header.Get("WWW-Authenticate"), `Bearer realm="sekisho"`; got != want || a.Code() != "" {
		t.Errorf("got %s and error %q, want %s and none", got, a.Code(), want)
	}
	p.Token = "no-token"
	if got := p.Call("GET", "/oauth/userinfo", nil).Want(401, "invalid_token").Header.Get("WWW-Authenticate"); !strings.Contains(got, `error="invalid_token"`) {
		t.Errorf("got %s, want the error named", got)
	}
}

func TestRefusalsOfAppsCarryAReference(t *testing.T) {
	w := apptest.New(t, "sqlite")
	c, word := wiki(w)
	p := w.Program("203.0.113.1")
	for _, a := range []apptest.Answer{
		p.Raw("POST", "/oauth/token", "", nil).Want(401, "invalid_client"),
		p.Form("/oauth/token", url.Values{"grant_type": {"password"}}, string(c.ID), word).Want(400, "unsupported_grant_type"),
		p.Raw("POST", "/oauth/token", "text/plain", []byte("x")).Want(400, "invalid_request"),
	} {
		var said struct{ Reference string }
		a.Into(&said)
		if id := a.Header.Get("X-Request-Id"); said.Reference != id || !strings.Contains(w.Log.String(), "id="+id) {
			t.Errorf("got reference %q, want %q, which the log has", said.Reference, id)
		}
	}
	b := w.Browser("192.0.2.1")
	for _, more := range [][]string{{"max_age", "-1"}, {"prompt", "none"}} {
		if why := answered(t, b.Open(authorize(c, more...))).Get("error_description"); !strings.Contains(why, "(reference ") {
			t.Errorf("%v: got %q, want a reference", more, why)
		}
	}
	for _, more := range [][]string{{"client_id", "cli_01kf0e7st00000000000000001"}, {"redirect_uri", "https://elsewhere.example"}} {
		b.Open(authorize(c, more...)).Want(400).See("Reference " + b.Header.Get("X-Request-Id"))
	}
}
