package apptest_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/factor/password"
	"sekisho/internal/ref"
)

type who struct {
	Account, Session, ACR string
	AMR                   []string
	ExpiresAt             time.Time  `json:"expires_at"`
	Idle                  *time.Time `json:"idle_expires_at"`
}

func TestAPISignsInSeesAndEndsSessions(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana, "hana")
		p, q := w.Program("192.0.2.1"), w.Program("192.0.2.2")
		p.Call("GET", "/api/v1/session", nil).Want(401, "session.required")
		var s apptest.Step
		p.Call("POST", "/api/v1/signin", map[string]any{"identifier": "HANA"}).Want(200, "").Into(&s)
		if len(s.Next) != 2 || s.Next[0].Kind != "password" || s.Next[1].Kind != "mailcode" {
			t.Fatalf("got %+v, want password and mailcode", s.Next)
		}
		p.Call("POST", "/api/v1/signin/"+s.Flow, map[string]any{"kind": "password", "answer": "wrong"}).Want(401, "signin.not_recognised").Into(&s)
		p.Call("POST", "/api/v1/signin/"+s.Flow, map[string]any{"kind": "mailcode"}).Want(200, "").Into(&s)
		p.Call("POST", "/api/v1/signin/"+s.Flow, map[string]any{"kind": "mailcode", "answer": w.Code(hana)}).Want(200, "").Into(&s)
		p.Token = s.Token
		var me who
		p.Call("GET", "/api/v1/session", nil).Want(200, "").Into(&me)
		if me.Account != string(a.ID) || me.AMR[0] != "otp" || me.ACR != "urn:sekisho:acr:single" || !me.ExpiresAt.Equal(w.Clock.Now().Add(720*time.Hour)) || me.Idle != nil {
			t.Errorf("got %+v", me)
		}
		q.Signin(hana, apptest.Word).Want(200, "")
		var list []struct {
			ID      string
			Current bool
			Address string
		}
		p.Call("GET", "/api/v1/me/sessions", nil).Want(200, "").Into(&list)
		if len(list) != 2 {
			t.Fatalf("got %d sessions, want 2", len(list))
		}
		for _, x := range list {
			if !x.Current {
				p.Call("DELETE", "/api/v1/me/sessions/"+x.ID, nil).Want(204, "")
				p.Call("DELETE", "/api/v1/me/sessions/"+x.ID, nil).Want(404, "request.not_found")
			}
		}
		q.Call("GET", "/api/v1/session", nil).Want(401, "session.ended")
		var act struct {
			Events []struct{ Kind, Code, Reference string }
		}
		p.Call("GET", "/api/v1/me/activity", nil).Want(200, "").Into(&act)
		if len(act.Events) < 4 {
			t.Errorf("got %d events, want sign-ins, a refusal and an end", len(act.Events))
		}
		p.Call("DELETE", "/api/v1/session", nil).Want(204, "")
		p.Call("GET", "/api/v1/session", nil).Want(401, "session.ended")
	})
}

func TestAPISignsUpAndResets(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		p := w.Program("192.0.2.1")
		var s apptest.Step
		p.Call("POST", "/api/v1/signup", map[string]any{"name": "Hana", "email": hana}).Want(200, "").Into(&s)
		p.Call("POST", "/api/v1/signup/"+s.Flow, map[string]any{"kind": "new_password", "answer": "short"}).Want(400, "password.too_short")
		p.Call("POST", "/api/v1/signup/"+s.Flow, map[string]any{"kind": "new_password", "answer": apptest.Word}).Want(200, "").Into(&s)
		p.Call("POST", "/api/v1/signup/"+s.Flow, map[string]any{"kind": "confirm_code", "answer": w.Code(hana)}).Want(200, "").Into(&s)
		p.Token = s.Token
		p.Call("GET", "/api/v1/session", nil).Want(200, "")
		q := w.Program("192.0.2.2")
		w.Clock.Add(time.Minute)
		q.Call("POST", "/api/v1/recover", map[string]any{"identifier": hana}).Want(200, "").Into(&s)
		q.Call("POST", "/api/v1/recover/"+s.Flow, map[string]any{"kind": "recovery_code", "answer": w.Code(hana)}).Want(200, "").Into(&s)
		q.Call("POST", "/api/v1/recover/"+s.Flow, map[string]any{"kind": "new_password", "answer": "seven gentle river stones"}).Want(200, "")
		p.Call("GET", "/api/v1/session", nil).Want(401, "session.ended")
		q.Signin(hana, "seven gentle river stones").Want(200, "")
		var c struct{ Token string }
		q.Call("POST", "/api/v1/me/password", map[string]any{"current": "seven gentle river stones", "new": apptest.Word}).Want(200, "").Into(&c)
		q.Call("GET", "/api/v1/session", nil).Want(401, "session.ended")
		q.Token = c.Token
		q.Call("GET", "/api/v1/session", nil).Want(200, "")
	})
}

func TestAPILimitListsSessionsAndGoesOn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		w.Program("192.0.2.1").Signin(hana, apptest.Word).Want(200, "")
		p := w.Program("192.0.2.2")
		var s apptest.Step
		p.Signin(hana, apptest.Word).Want(409, "session.limit").Into(&s)
		if len(s.Sessions) != 1 || s.Flow == "" || s.Next[0].Kind != "end_sessions" {
			t.Fatalf("got %+v, want the session to end", s)
		}
		p.Call("POST", "/api/v1/signin/"+s.Flow, map[string]any{"kind": "end_sessions", "sessions": []string{"ses_00000000000000000000000000"}}).Want(409, "session.limit")
		p.Call("POST", "/api/v1/signin/"+s.Flow, map[string]any{"kind": "end_sessions", "sessions": []string{s.Sessions[0].ID}}).Want(200, "")
	}, "session_limit", "1")
}

func TestCapHoldsUnderParallelSigninsOnTwoNodes(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		nodes := []*apptest.World{w, w.Another()}
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() { nodes[i%2].Program(fmt.Sprintf("192.0.2.%d", i+1)).Signin(hana, apptest.Word) })
		}
		all.Wait()
		if n := countSessions(w, a); n != 3 {
			t.Errorf("got %d sessions, want 3", n)
		}
	}, "session_limit", "3")
}

func TestEndIsSeenOnEveryNodeAtOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		other := w.Another()
		p := other.Program("192.0.2.1")
		p.Signin(hana, apptest.Word).Want(200, "")
		p.Call("GET", "/api/v1/session", nil).Want(200, "")
		w.Disable(a.ID)
		p.Call("GET", "/api/v1/session", nil).Want(401, "session.ended")
	})
}

func TestParallelGuessesAreCountedOneByOne(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		var mu sync.Mutex
		looked := 0
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() {
				if a := w.Program("198.51.100.66").Signin(hana, "a wrong guess of many"); a.Code() == "signin.not_recognised" {
					mu.Lock()
					looked++
					mu.Unlock()
				}
			})
		}
		all.Wait()
		if looked > 10 {
			t.Errorf("got %d guesses looked at, want at most 10", looked)
		}
		w.Program("198.51.100.66").Signin(hana, apptest.Word).Want(429, "signin.too_many_attempts")
	})
}

func TestHundredFailuresStopThePasswordUntilRecovery(t *testing.T) {
	w := apptest.New(t, "sqlite")
	w.Settle(hana)
	for i := range 110 {
		w.Clock.Add(25 * time.Hour) // patient, and from many places
		w.Program(fmt.Sprintf("198.51.%d.66", i)).Signin(hana, "a wrong guess of many")
	}
	w.Clock.Add(25 * time.Hour)
	w.Program("192.0.2.1").Signin(hana, apptest.Word).Want(403, "factor.disabled")
	b := w.Browser("192.0.2.1")
	b.Open("/recover").Fill("E-mail", hana).Press("Send").Fill("Code", w.Code(hana)).Press("Next").Fill("New password", "seven gentle river stones").Press("Next").See("Hello")
	w.Clock.Add(time.Hour)
	w.Program("192.0.2.1").Signin(hana, "seven gentle river stones").Want(200, "")
}

func TestReferenceFindsTheAuditRow(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		p := w.Program("192.0.2.1")
		var problem struct {
			Code, What, Why, Fix, Reference string
		}
		p.Signin(hana, "wrong wrong wrong wrong").Want(401, "signin.not_recognised").Into(&problem)
		if problem.What == "" || problem.Why == "" || problem.Fix == "" || problem.Reference == "" {
			t.Fatalf("got %+v, want what, why, fix and reference", problem)
		}
		w.View(func(tx db.ReadTx) error {
			row, err := audit.ByReference(context.Background(), tx, ref.Reference(problem.Reference))
			if row.Account != a.ID || row.Code != problem.Code || !strings.Contains(string(row.Detail), "wrong") {
				t.Errorf("got %+v, want the refusal with its truth", row)
			}
			return err
		})
		if v, err := (audit.Chain{Ring: w.Ring}).Verify(t.Context(), w.DB); err != nil || len(v.Faults) != 0 {
			t.Errorf("got %+v %v, want a whole chain", v, err)
		}
		p.Lang = "ja"
		p.Signin(hana, "wrong wrong wrong wrong").Into(&problem)
		if !strings.Contains(problem.What, "サインイン") {
			t.Errorf("got %q, want Japanese", problem.What)
		}
	})
}

func TestPasswordsAtTheEdges(t *testing.T) {
	w := apptest.New(t, "sqlite", "password_min", "8")
	p := w.Program("192.0.2.1")
	start := func() string {
		var s apptest.Step
		p.Call("POST", "/api/v1/signup", map[string]any{"name": "Hana", "email": hana}).Want(200, "").Into(&s)
		return "/api/v1/signup/" + s.Flow
	}
	for _, x := range []struct{ raw, want string }{
		{`""`, "password.too_short"}, {`"xk3v9qa"`, "password.too_short"}, {`"` + strings.Repeat("xk3v9qa ", 16) + `z"`, "password.too_long"},
		{`"abc\u0000defghij"`, "password.not_text"}, {`"abc\ud800defghij"`, "request.malformed"}, {`"password1"`, "password.common"}, {`"hana-at-home-7"`, "password.has_name"},
		{`"abcdefgh"`, "password.common"}, {`"ﬁve\u202eabc xyz"`, ""},
	} {
		a := p.Raw("POST", start(), "application/json", []byte(`{"kind":"new_password","answer":`+x.raw+`}`))
		if a.Code() != x.want {
			t.Errorf("%s: got %d %s, want %q", x.raw, a.Status, a.Body, x.want)
		}
	}
	p.Raw("POST", start(), "application/json", []byte(`{"kind":"new_password","answer":"`+strings.Repeat("a", 1<<20)+`"}`)).Want(413, "request.too_large")
}

func TestPasswordsAreWholeAndInNormalForm(t *testing.T) {
	w := apptest.New(t, "sqlite")
	w.Settle(hana)
	long := strings.Repeat("é", 36) + "-the-tail-counts" // 72 bytes before the tail
	p := w.Program("192.0.2.1")
	p.Signin(hana, apptest.Word)
	p.Call("POST", "/api/v1/me/password", map[string]any{"current": apptest.Word, "new": long}).Want(200, "")
	w.Program("192.0.2.1").Signin(hana, strings.Repeat("é", 36)).Want(401, "")
	w.Program("192.0.2.1").Signin(hana, strings.Repeat("e\u0301", 36)+"-the-tail-counts").Want(200, "")
}

func TestIdentifiersInManySpellings(t *testing.T) {
	w := apptest.New(t, "sqlite")
	w.Settle(hana)
	for _, x := range []struct {
		typed string
		in    bool
	}{
		{"HANA@EXAMPLE.COM", true}, {" hana@example.com ", true}, {"ｈａｎａ@example.com", true}, {"hana@example.com.", true},
		{"hana+tag@example.com", false}, {"hаna@example.com", false}, {"hana@exаmple.com", false}, {"\u202ehana@example.com", false},
	} {
		got := w.Program("192.0.2.9").Signin(x.typed, apptest.Word).Status == 200
		if got != x.in {
			t.Errorf("%q: got in=%v, want %v", x.typed, got, x.in)
		}
	}
}

func TestBodiesThatDoNotRead(t *testing.T) {
	w := apptest.New(t, "sqlite")
	p := w.Program("192.0.2.1")
	for _, x := range []struct {
		body, kind, code string
		status           int
	}{
		{`{"identifier":1}`, "application/json", "request.malformed", 400}, {`{`, "application/json", "request.malformed", 400}, {``, "application/json", "request.malformed", 400},
		{`{"identifier":"a","identifier":"b"}`, "application/json", "request.duplicate_parameter", 400}, {`{"identifier":"a","Identifier":"b"}`, "application/json", "request.duplicate_parameter", 400}, {`{"kind":"a","\u212aind":"b"}`, "application/json", "request.duplicate_parameter", 400},
		{`{"identifier":"a","admin":true}`, "application/json", "request.malformed", 400},
		{`{"Identifier":"a"}`, "application/json", "request.malformed", 400}, {`{"\u0131dentifier":"a"}`, "application/json", "request.malformed", 400},
		{`{"identifier":"a"}{"identifier":"b"}`, "application/json", "request.malformed", 400}, {strings.Repeat(`{"identifier":`, 20) + "1", "application/json", "request.malformed", 400},
		{`identifier=a`, "application/x-www-form-urlencoded", "request.unsupported_media_type", 415}, {"{\"identifier\":\"\xff\"}", "application/json", "request.malformed", 400},
		{`{"identifier":"` + strings.Repeat("a", 70000) + `"}`, "application/json", "request.too_large", 413}, {`[]`, "application/json", "request.malformed", 400}, {`null`, "application/json", "identifier.malformed", 400},
	} {
		p.Raw("POST", "/api/v1/signin", x.kind, []byte(x.body)).Want(x.status, x.code)
	}
	p.Call("PUT", "/api/v1/signin", nil).Want(405, "request.method_not_allowed")
	p.Call("GET", "/api/v1/nothing", nil).Want(404, "request.not_found")
	p.Raw("POST", "/api/v1/me/elevate", "", nil).Want(401, "session.required")
	p.Raw("POST", "/api/v1/signin", "", nil).Want(400, "identifier.malformed") // an empty body needs no type
	p.Raw("POST", "/api/v1/signin", "", []byte(`{}`)).Want(415, "request.unsupported_media_type")
	p.Raw("POST", "/oauth/token", "", nil).Want(401, "invalid_client")
	p.Raw("POST", "/oauth/token", "application/json", []byte(`{}`)).Want(400, "invalid_request") // RFC 6749 §5.2 knows no other status for it
}

func TestUnknownAddressesAnswerInTheDoorsOwnForm(t *testing.T) {
	w := apptest.New(t, "sqlite")
	p := w.Program("192.0.2.1")
	for _, method := range []string{"GET", "POST", "DELETE"} {
		for path, x := range map[string]struct{ kind, code string }{
			"/api/nothing": {"application/problem+json", "request.not_found"}, "/api/v1/nothing": {"application/problem+json", "request.not_found"},
			"/oauth/nothing": {"application/json", "invalid_request"}, "/nothing": {"text/html; charset=utf-8", ""},
		} {
			if got := p.Raw(method, path, "", nil).Want(404, x.code).Header.Get("Content-Type"); got != x.kind {
				t.Errorf("%s %s: got %s, want %s", method, path, got, x.kind)
			}
		}
	}
}

func TestAMethodThatNothingKnowsIsToldTheSameEverywhere(t *testing.T) {
	w := apptest.New(t, "sqlite")
	p := w.Program("192.0.2.1")
	for path, code := range map[string]string{
		"/api/v1/session": "request.method_unknown", "/api/v1/nothing": "request.method_unknown", "/oauth/token": "invalid_request", "/signin": "", "/nothing": "", "/": "",
	} {
		for _, method := range []string{"FOO", "PROPFIND", "get"} {
			p.Raw(method, path, "", nil).Want(501, code)
		}
		if a := p.Raw("PATCH", path, "", nil); a.Status == 405 && a.Header.Get("Allow") == "" {
			t.Errorf("PATCH %s: 405 without Allow", path)
		}
	}
}

func TestWhatBrowsersAskOfEverySite(t *testing.T) {
	w := apptest.New(t, "sqlite")
	p := w.Program("192.0.2.1")
	if got := p.Raw("GET", "/.well-known/change-password", "", nil).Want(303, "").Header.Get("Location"); got != "/me/password" {
		t.Errorf("a password manager is led to %q", got)
	}
	icon := p.Raw("GET", "/favicon.ico", "", nil).Want(303, "").Header.Get("Location")
	if got := p.Raw("GET", icon, "", nil).Want(200, "").Header.Get("Content-Type"); got != "image/svg+xml" {
		t.Errorf("the icon at %s is %q", icon, got)
	}
	if got := string(p.Raw("GET", "/robots.txt", "", nil).Want(200, "").Body); !strings.Contains(got, "Disallow: /\n") {
		t.Errorf("robots are told %q", got)
	}
	// W3C Change Password URL §4: what does not exist must not look as if it did.
	p.Raw("GET", "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200", "", nil).Want(404, "")
}

func TestNothingHereIsTakenIntoOtherSites(t *testing.T) {
	w := apptest.New(t, "sqlite")
	p := w.Program("192.0.2.1")
	for _, path := range []string{"/signin", "/tegata/", "/api/v1/session", "/oauth/jwks", "/nothing", "/robots.txt", p.Raw("GET", "/favicon.ico", "", nil).Header.Get("Location")} {
		if got := p.Raw("GET", path, "", nil).Header.Get("Cross-Origin-Resource-Policy"); got != "same-origin" {
			t.Errorf("%s: got %q, want same-origin", path, got)
		}
	}
}

func TestHeadIsAnsweredAsGet(t *testing.T) {
	w := apptest.New(t, "sqlite")
	for _, path := range []string{"/me", "/me/sessions", "/me/activity"} {
		get, head := w.Program("192.0.2.1").Raw("GET", path, "", nil), w.Program("192.0.2.1").Raw("HEAD", path, "", nil)
		if head.Status != 303 || head.Status != get.Status || head.Header.Get("Location") != get.Header.Get("Location") {
			t.Errorf("%s: HEAD got %d, GET %d", path, head.Status, get.Status)
		}
	}
}

func TestActivityRefusesWhatItCannotRead(t *testing.T) {
	w := apptest.New(t, "sqlite")
	w.Settle(hana)
	p := w.Program("192.0.2.1")
	p.Signin(hana, apptest.Word).Want(200, "")
	for query, name := range map[string]string{"limit=abc": "limit", "limit=0": "limit", "limit=501": "limit", "after=bogus": "after", "after=1_": "after"} {
		if got := p.Call("GET", "/api/v1/me/activity?"+query, nil).Want(400, "request.malformed"); !strings.Contains(string(got.Body), name) {
			t.Errorf("%s: the answer does not name %s: %s", query, name, got.Body)
		}
	}
	var page struct{ Next string }
	p.Call("GET", "/api/v1/me/activity?limit=1", nil).Want(200, "").Into(&page)
	p.Call("GET", "/api/v1/me/activity?after="+page.Next, nil).Want(200, "")
}

func TestCookiesThatAreNotOurs(t *testing.T) {
	w := apptest.New(t, "sqlite")
	w.Settle(hana)
	real := w.Browser("192.0.2.1")
	real.Signin(hana, apptest.Word)
	token := real.Cookie("sekisho")
	for _, v := range []string{"", "x", token[:42], token + "A", strings.ToUpper(token), strings.Repeat("A", 43), "../../etc", base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0}, 400))} {
		b := w.Browser("192.0.2.1")
		b.SetCookie("sekisho", v)
		if b.Open("/me"); strings.Contains(b.Text(), "Hello") {
			t.Errorf("cookie %q got in", v)
		}
	}
	req, _ := http.NewRequest("GET", w.Base+"/signin", nil)
	var many strings.Builder
	for i := range 500 {
		fmt.Fprintf(&many, "sekisho-%d=\x01\"%d; sekisho=%d; ", i, i, i)
	}
	req.Header.Set("Cookie", many.String())
	w.Browser("192.0.2.1").Send(req).Want(200)
	b := w.Browser("192.0.2.1")
	b.SetCookie("sekisho-browser", real.Cookie("sekisho-browser")+"x")
	b.Open("/signin")
	if b.Cookie("sekisho-browser") == real.Cookie("sekisho-browser")+"x" {
		t.Error("a forged browser cookie was believed")
	}
}

func TestForgedForwardedHeadersAreNotBelieved(t *testing.T) {
	w := apptest.New(t, "sqlite", "trusted_proxies", "10.0.0.0/8")
	w.Settle(hana)
	addr := func(from, header, value string) string {
		var s apptest.Step
		p := w.Program(from)
		send := func(path, body string) apptest.Answer {
			req, _ := http.NewRequest("POST", w.Base+path, strings.NewReader(body))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set(header, value)
			return p.Do(req)
		}
		send("/api/v1/signin", `{"identifier":"hana@example.com"}`).Into(&s)
		send("/api/v1/signin/"+s.Flow, `{"kind":"password","answer":"`+apptest.Word+`"}`).Want(200, "").Into(&s)
		p.Token = s.Token
		var list []struct {
			Address string
			Current bool
		}
		p.Call("GET", "/api/v1/me/sessions", nil).Into(&list)
		for _, x := range list {
			if x.Current {
				return x.Address
			}
		}
		return ""
	}
	for _, x := range []struct{ from, header, value, want string }{
		{"192.0.2.1", "X-Forwarded-For", "203.0.113.9", "192.0.2.1"}, {"192.0.2.1", "Forwarded", "for=203.0.113.9", "192.0.2.1"},
		{"10.0.0.5", "X-Forwarded-For", "203.0.113.9", "203.0.113.9"}, {"10.0.0.5", "X-Forwarded-For", "127.0.0.1, 203.0.113.9", "203.0.113.9"},
		{"10.0.0.5", "Forwarded", `for="[2001:db8::7]:99"`, "2001:db8::7"}, {"10.0.0.5", "X-Forwarded-For", "garbage", "10.0.0.5"},
	} {
		if got := addr(x.from, x.header, x.value); got != x.want {
			t.Errorf("%+v: got %s", x, got)
		}
	}
}

func TestTwoTabsMoveOneJourneyOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Open("/signin").Fill("E-mail", hana).Press("Next")
		path := b.URL.RequestURI()
		b.Fill("Password", apptest.Word).Press("Sign in").See("Hello")
		b.Post(path, url.Values{"password": {apptest.Word}}).Want(410).See("flow.expired")
		b.Open(path).Want(410)
		b.Open("/signin").Fill("E-mail", hana).Press("Next")
		b.Open(strings.Replace(b.URL.RequestURI(), "/password", "/new-password", 1)).See("Enter your password")
		b.Post("/signin/new-password?"+b.URL.RawQuery, url.Values{"new": {"seven gentle river stones"}}).Want(409).See("flow.out_of_order")
		if n := countSessions(w, a); n != 1 {
			t.Errorf("got %d sessions, want 1", n)
		}
	})
}

func TestRehashAtSigninWhenTheCostChanged(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		dearer := w.Another("hash_passes", "2")
		dearer.Program("192.0.2.1").Signin(hana, apptest.Word).Want(200, "")
		var phc string
		w.View(func(tx db.ReadTx) error {
			rec, err := password.Of(context.Background(), tx, a.ID)
			phc = rec.PHC
			return err
		})
		if !strings.Contains(phc, "t=2") {
			t.Errorf("got %.40s, want it reckoned anew at two passes", phc)
		}
		w.Program("192.0.2.1").Signin(hana, apptest.Word).Want(200, "")
	})
}

func TestNoSecretInLogsOrTables(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Open("/signin").Fill("E-mail", hana).Press("Next").Press("Another way").Press("Code by e-mail")
		code := w.Code(hana)
		b.Fill("Code", code).Press("Next").See("Hello")
		p := w.Program("192.0.2.2")
		p.Signin(hana, apptest.Word)
		p.Signin(hana, "a wrong secret guess")
		for _, s := range []string{apptest.Word, code, p.Token, b.Cookie("sekisho"), "a wrong secret guess"} {
			if strings.Contains(w.Log.String(), s) {
				t.Errorf("the log holds %q", s)
			}
		}
		for _, r := range w.Audit() {
			if text, _ := json.Marshal(r); strings.Contains(string(text), p.Token) || strings.Contains(string(text), "secret guess") {
				t.Errorf("an audit row holds a secret: %s", text)
			}
		}
	})
}

func TestOpenAPIDescribesEveryRoute(t *testing.T) {
	w := apptest.New(t, "sqlite")
	var doc struct {
		OpenAPI    string
		Servers    []struct{ URL string }
		Paths      map[string]map[string]any
		Components struct {
			Schemas map[string]struct{ Properties map[string]any }
		}
	}
	w.Program("192.0.2.1").Call("GET", "/api/v1/openapi.json", nil).Want(200, "").Into(&doc)
	if doc.OpenAPI != "3.1.0" || len(doc.Servers) != 1 || doc.Servers[0].URL == "" {
		t.Errorf("got %q, servers %v", doc.OpenAPI, doc.Servers)
	}
	for _, name := range []string{"step", "resend_at", "min_length", "options", "ready_at"} {
		if doc.Components.Schemas["Problem"].Properties[name] == nil {
			t.Errorf("Problem has no %s", name)
		}
	}
	operation := func(path, method string) string {
		text, _ := json.Marshal(doc.Paths[path][method])
		return string(text)
	}
	if got := operation("/api/v1/signin", "post"); !strings.Contains(got, `"security":[]`) {
		t.Errorf("signing in is not public: %s", got)
	}
	if got := operation("/api/v1/me/activity", "get"); !strings.Contains(got, `"name":"limit","schema":{"type":"integer"}`) || strings.Contains(got, `"security":[]`) {
		t.Errorf("got %s", got)
	}
	for _, d := range w.Doors {
		for _, r := range d.Routes {
			if strings.HasPrefix(r.Path, "/api/") && doc.Paths[r.Path][strings.ToLower(r.Method)] == nil {
				t.Errorf("%s %s is not described", r.Method, r.Path)
			}
		}
	}
}
