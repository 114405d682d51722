package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
)

// row is one line of the table.
type row struct {
	name string
	mark string // the marks it is held against: must / goal
	slow bool   // bound by the password hash: fewer connections tell as much
	make func(w *world, i int) script
}

func bearer(token string) string { return "Authorization: Bearer " + token + "\r\n" }

func rows() []row {
	return []row{
		{"no-op", "", false, func(*world, int) script { return again(request("GET", "/api/v1/noop", "", "")) }},
		{"session check", "8,000 / 21,000", false, func(w *world, i int) script { return checks(w, i) }},
		{"introspection", "6,000 / 12,000", false, func(w *world, i int) script {
			return each(w.access, i, func(token string) []byte {
				return request("POST", "/oauth/introspect", "", form("token", token, "client_id", w.client, "client_secret", w.clientWord))
			})
		}},
		{"userinfo", "6,000 / 12,000", false, func(w *world, i int) script {
			return each(w.access, i, func(token string) []byte { return request("GET", "/oauth/userinfo", bearer(token), "") })
		}},
		{"client credentials, opaque", "2,500 / 5,000", false, func(w *world, _ int) script {
			return again(request("POST", "/oauth/token", "", form("grant_type", "client_credentials", "client_id", w.client, "client_secret", w.clientWord)))
		}},
		{"client credentials, JWT", "4,000 / 7,000", false, func(w *world, _ int) script {
			return again(request("POST", "/oauth/token", "", form("grant_type", "client_credentials", "client_id", w.jwt, "client_secret", w.jwtWord)))
		}},
		{"refresh with rotation", "1,000 / 2,000", false, refreshes},
		{"sign-in page", "", false, func(*world, int) script { return again(request("GET", "/signin", "", "")) }},
		{"sign-in with password", "30 / 0.95 of the hash", true, func(w *world, i int) script { return signins(i, word) }},
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
func signins(i int, password string) script {
	flow, at := "", ""
	return func(last reply) ([]byte, bool) {
		if flow == "" {
			var s struct{ Flow string }
			if at != "" && last.status == 200 && json.Unmarshal(last.body, &s) == nil && s.Flow != "" {
				flow = s.Flow
				return request("POST", "/api/v1/signin/"+flow, at, fmt.Sprintf(`{"kind":"password","answer":%q}`, password)), true
			}
		}
		flow = ""
		at = fmt.Sprintf("X-Forwarded-For: 10.%d.%d.%d\r\n", rand.IntN(256), rand.IntN(256), rand.IntN(256))
		return request("POST", "/api/v1/signin", at, fmt.Sprintf(`{"identifier":%q}`, mail(rand.IntN(people)))), false
	}
}

// groups writes a number as people read it: 12,345.
func groups(n float64) string {
	s := fmt.Sprintf("%.0f", n)
	if n < 100 {
		s = fmt.Sprintf("%.1f", n)
	}
	whole, part, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if part != "" {
		whole += "." + part
	}
	return whole
}
