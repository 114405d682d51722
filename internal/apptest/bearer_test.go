package apptest_test

import (
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
