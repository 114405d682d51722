package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"

	"sekisho/internal/gate"
)

// mark is what a row is held against, in operations a second.
type mark struct {
	must, goal float64
	ofHash     float64 // the goal is this share of the raw hash rate
	ofNoop     float64 // instead of must and goal: this share of the no-op's rate
}

func (m mark) String() string {
	switch {
	case m.ofNoop > 0:
		return fmt.Sprintf("%.2f of the no-op", m.ofNoop)
	case m.must == 0:
		return ""
	case m.ofHash > 0:
		return fmt.Sprintf("%s / %.2f of the hash", groups(m.must), m.ofHash)
	}
	return groups(m.must) + " / " + groups(m.goal)
}

// row is one line of the table.
type row struct {
	name   string
	mark   mark
	writes bool // one durable write each
	make   func(w *world, i int) script

	kind  gate.Kind // it checks this second proof: sign-ins that wait for one are made before
	stock int       // how many of them for each second of the span; with fewer left the row ends sooner
}

const noop = "no-op"

func bearer(token string) string { return "Authorization: Bearer " + token + "\r\n" }

func rows() []row {
	return []row{
		{name: noop, make: func(*world, int) script { return again(request("GET", "/api/v1/noop", "", "")) }},
		{name: "session check", mark: mark{must: 8000, goal: 21000}, make: func(w *world, i int) script { return checks(w, i) }},
		{name: "introspection", mark: mark{must: 6000, goal: 12000}, make: func(w *world, i int) script {
			return each(w.access, i, func(token string) []byte {
				return request("POST", "/oauth/introspect", "", form("token", token, "client_id", w.client, "client_secret", w.clientWord))
			})
		}},
		{name: "userinfo", mark: mark{must: 6000, goal: 12000}, make: func(w *world, i int) script {
			return each(w.access, i, func(token string) []byte { return request("GET", "/oauth/userinfo", bearer(token), "") })
		}},
		{name: "client credentials, opaque", mark: mark{must: 2500, goal: 5000}, writes: true, make: func(w *world, _ int) script {
			return again(request("POST", "/oauth/token", "", form("grant_type", "client_credentials", "client_id", w.client, "client_secret", w.clientWord)))
		}},
		{name: "client credentials, JWT", mark: mark{must: 4000, goal: 7000}, make: func(w *world, _ int) script {
			return again(request("POST", "/oauth/token", "", form("grant_type", "client_credentials", "client_id", w.jwt, "client_secret", w.jwtWord)))
		}},
		{name: "refresh with rotation", mark: mark{must: 1000, goal: 2000}, writes: true, make: refreshes},
		{name: "sign-in page", make: func(*world, int) script { return again(request("GET", "/signin", "", "")) }},
		{name: "sign-in with password", mark: mark{must: 30, ofHash: 0.95}, make: func(*world, int) script { return signins(word) }},
		{name: "TOTP code, second step", mark: mark{ofNoop: 0.3}, writes: true, make: seconds, kind: gate.TOTP, stock: 3000},
		{name: "passkey, second step", mark: mark{ofNoop: 0.3}, writes: true, make: seconds, kind: gate.Passkey, stock: 3000},
		{name: "backup code, second step", mark: mark{must: 30, ofHash: 0.95}, make: seconds, kind: gate.Backup, stock: 60},
	}
}

func form(kv ...string) string {
	v := url.Values{}
	for i := 0; i < len(kv); i += 2 {
		v.Set(kv[i], kv[i+1])
	}
	return v.Encode()
}

// each asks with every value in turn, each connection from a place of its own.
func each(values []string, i int, ask func(string) []byte) script {
	requests := make([][]byte, 64)
	for n := range requests {
		requests[n] = ask(values[(i*len(requests)+n)%len(values)])
	}
	return again(requests...)
}

func checks(w *world, i int) script {
	return each(w.sessions, i, func(token string) []byte { return request("GET", "/api/v1/session", bearer(token), "") })
}

// refreshes rotates one family for as long as it is asked.
func refreshes(w *world, _ int) script {
	token := w.refresh[len(w.refresh)-1]
	w.refresh = w.refresh[:len(w.refresh)-1]
	return func(last reply) ([]byte, bool) {
		var t struct {
			Refresh string `json:"refresh_token"`
		}
		if last.status == 200 && json.Unmarshal(last.body, &t) == nil && t.Refresh != "" {
			token = t.Refresh
		}
		return request("POST", "/oauth/token", "", form("grant_type", "refresh_token", "refresh_token", token, "client_id", w.client, "client_secret", w.clientWord)), true
	}
}

// signins signs one person after another in with a password, each from an address of
// its own, behind a proxy that says so.
func signins(password string) script {
	flow, at := "", ""
	return func(last reply) ([]byte, bool) {
		if flow == "" && at != "" && last.status == 200 {
			var s struct{ Flow string }
			if json.Unmarshal(last.body, &s) == nil && s.Flow != "" {
				flow = s.Flow
				return request("POST", "/api/v1/signin/"+flow, at, fmt.Sprintf(`{"kind":"password","answer":%q}`, password)), true
			}
		}
		flow = ""
		at = fmt.Sprintf("X-Forwarded-For: 10.%d.%d.%d\r\n", rand.IntN(256), rand.IntN(256), rand.IntN(256))
		return request("POST", "/api/v1/signin", at, fmt.Sprintf(`{"identifier":%q}`, mail(rand.IntN(people)))), false
	}
}
