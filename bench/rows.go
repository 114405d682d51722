package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
)

// mark is what a row is held against, in operations a second.
type mark struct {
	must, goal float64
	ofHash     float64 // the goal is this share of the raw hash rate
}

func (m mark) String() string {
	switch {
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
}

const noop = "no-op"

func bearer(token string) string { return "Authorization: Bearer " + token + "\r\n" }

func rows() []row {
	return []row{
		{noop, mark{}, false, func(*world, int) script { return again(request("GET", "/api/v1/noop", "", "")) }},
		{"session check", mark{must: 8000, goal: 21000}, false, func(w *world, i int) script { return checks(w, i) }},
		{"introspection", mark{must: 6000, goal: 12000}, false, func(w *world, i int) script {
			return each(w.access, i, func(token string) []byte {
				return request("POST", "/oauth/introspect", "", form("token", token, "client_id", w.client, "client_secret", w.clientWord))
			})
		}},
		{"userinfo", mark{must: 6000, goal: 12000}, false, func(w *world, i int) script {
			return each(w.access, i, func(token string) []byte { return request("GET", "/oauth/userinfo", bearer(token), "") })
		}},
		{"client credentials, opaque", mark{must: 2500, goal: 5000}, true, func(w *world, _ int) script {
			return again(request("POST", "/oauth/token", "", form("grant_type", "client_credentials", "client_id", w.client, "client_secret", w.clientWord)))
		}},
		{"client credentials, JWT", mark{must: 4000, goal: 7000}, false, func(w *world, _ int) script {
			return again(request("POST", "/oauth/token", "", form("grant_type", "client_credentials", "client_id", w.jwt, "client_secret", w.jwtWord)))
		}},
		{"refresh with rotation", mark{must: 1000, goal: 2000}, true, refreshes},
		{"sign-in page", mark{}, false, func(*world, int) script { return again(request("GET", "/signin", "", "")) }},
		{"sign-in with password", mark{must: 30, ofHash: 0.95}, false, func(*world, int) script { return signins(word) }},
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
