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

// Every 401 says what would have to be shown (RFC 9110 §15.5.2), and no more than is true.
func TestEvery401SaysWhatIsAskedFor(t *testing.T) {
	w := apptest.New(t, "sqlite")
	w.Settle(hana)
	c, _ := wiki(w)
	p := w.Program("203.0.113.1")
	ended := w.Program("203.0.113.1")
	ended.Token = "no-token"
	tegata := func(p *apptest.Program, header string) apptest.Answer {
		return p.Signed("GET", "/api/v1/tegata/state", header, "")
	}
	for _, x := range []struct {
		answer apptest.Answer
		want   string
	}{
		{p.Call("GET", "/api/v1/session", nil).Want(401, "session.required"), "Bearer"},
		{p.Call("POST", "/api/v1/me/factors/totp", nil).Want(401, "session.required"), "Bearer"},
		{ended.Call("GET", "/api/v1/session", nil).Want(401, "session.ended"), "Bearer"},
		{p.Signin(hana, "not the password").Want(401, "signin.not_recognised"), "Proof"},
		{tegata(p, "").Want(401, "device.unknown"), "Tegata"},
		{tegata(p, "Tegata nonsense").Want(401, "device.unknown"), "Tegata"},
		{p.Form("/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {string(c.ID)}, "client_secret": {"no"}}, "", "").Want(401, "invalid_client"), "Basic"},
	} {
		if got := x.answer.Header.Get("WWW-Authenticate"); !strings.HasPrefix(got, x.want+" realm=") {
			t.Errorf("%s: got %q, want %s", x.answer.Code(), got, x.want)
		}
	}
	if got := p.Call("POST", "/api/v1/signin", map[string]any{"identifier": hana}).Want(200, "").Header.Get("WWW-Authenticate"); got != "" {
		t.Errorf("got %q where nothing is refused", got)
	}
}
