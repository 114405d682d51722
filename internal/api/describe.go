package api

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"sekisho/internal/web"
)

// operation is one row of the API: what routes it, and what describes it.
type operation struct {
	method, path string
	guard        web.Guard
	handle       func(context.Context, *web.Request) (web.Response, error)
	id, summary  string
	in           map[string]any // the body's properties; nil: no body
	must         []string
	out          string // the answer's schema; empty: 204
	query        []string
}

func (d *Door) operations() []operation {
	text := map[string]any{"type": "string"}
	step := map[string]any{"kind": text, "answer": text, "keep": map[string]any{"type": "boolean"}, "sessions": map[string]any{"type": "array", "items": text}}
	ident := map[string]any{"identifier": text}
	begin := map[string]any{"identifier": text, "kind": map[string]any{"type": "string", "enum": []string{"passkey", "tegata"}}}
	pass, lost := back{d, d.Recover}, back{d, d.Replace}
	return slices.Concat(d.addressOperations(), d.factorOperations(), d.tegataOperations(), d.joiningOperations(), d.memberOperations(), d.domainOperations(), d.whyOperations(), d.previewOperations(), d.tokenOperations(), d.hookOperations(), d.settingsOperations(), d.allowedOperations(), d.policyOperations(), []operation{
		{"GET", "/api/v1/openapi.json", web.Anyone, d.openapi, "describe", "This description", nil, nil, "Any", nil},
		{"GET", "/api/v1/noop", web.Anyone, noop, "noop", "Does nothing; what the server itself costs", nil, nil, "", nil},
		{"POST", "/api/v1/signin", web.Anyone, d.signin, "signin", "Begin to sign in with an identifier, or with kind passkey or tegata and none", begin, nil, "Step", nil},
		{"POST", "/api/v1/signin/{flow}", web.Anyone, d.signinAnswer, "signinAnswer", "Answer a step; a code without an answer is sent, a passkey without one gives options", step, []string{"kind"}, "StepOrSession", nil},
		{"POST", "/api/v1/signup", web.Anyone, d.signup, "signup", "Begin to sign up", map[string]any{"name": text, "email": text}, []string{"name", "email"}, "Step", nil},
		{"POST", "/api/v1/signup/{flow}", web.Anyone, d.signupAnswer, "signupAnswer", "Answer a step of signing up", step, []string{"kind"}, "StepOrSession", nil},
		{"POST", "/api/v1/recover", web.Anyone, pass.start, "recover", "Begin to reset a password", ident, []string{"identifier"}, "Step", nil},
		{"POST", "/api/v1/recover/{flow}", web.Anyone, pass.answer, "recoverAnswer", "Answer a step of a reset; a code without an answer is sent, a passkey without one gives options", step, []string{"kind"}, "StepOrSession", nil},
		{"POST", "/api/v1/recover/replace", web.Anyone, lost.start, "replace", "Begin to set up Tegata anew while the sign-in lock is on", ident, []string{"identifier"}, "Step", nil},
		{"POST", "/api/v1/recover/replace/{flow}", web.Anyone, lost.answer, "replaceAnswer", "Answer a step of that: two strong proofs, or one and wait; then device, without an answer for a ticket, with same or stop once the number is shown", step, []string{"kind"}, "Step", nil},
		{"GET", "/api/v1/session", web.SignedIn, d.session, "session", "Who it is", nil, nil, "Who", nil},
		{"DELETE", "/api/v1/session", web.SignedIn, d.signout, "signout", "Sign out", nil, nil, "", nil},
		{"GET", "/api/v1/me/sessions", web.SignedIn, d.sessions, "sessions", "All sessions of the account", nil, nil, "Sessions", nil},
		{"DELETE", "/api/v1/me/sessions", web.SignedIn, d.endOthers, "endOthers", "End all other sessions", nil, nil, "Ended", nil},
		{"DELETE", "/api/v1/me/sessions/{id}", web.SignedIn, d.endSession, "endSession", "End one session", nil, nil, "", nil},
		{"GET", "/api/v1/me/activity", web.SignedIn, d.activity, "activity", "What happened in the last year", nil, nil, "Activity", []string{"kind", "after", "limit"}},
		{"POST", "/api/v1/me/password", web.SignedIn, d.changePassword, "changePassword", "Change the password; every other session ends", map[string]any{"current": text, "new": text}, []string{"current", "new"}, "Changed", nil},
		{"POST", "/api/v1/password/strength", web.Anyone, d.strength, "strength", "How hard a password is to guess, 0 to 4", map[string]any{"password": text}, []string{"password"}, "Strength", nil},
	})
}

func object(must []string, props map[string]any) map[string]any {
	o := map[string]any{"type": "object", "properties": props}
	if len(must) > 0 {
		o["required"] = must
	}
	return o
}

func schemas() map[string]any {
	text := map[string]any{"type": "string"}
	number := map[string]any{"type": "integer"}
	when := map[string]any{"type": "string", "format": "date-time"}
	list := func(of any) map[string]any { return map[string]any{"type": "array", "items": of} }
	see := func(name string) map[string]any { return map[string]any{"$ref": "#/components/schemas/" + name} }
	session := object([]string{"id", "current"}, map[string]any{"id": text, "browser": text, "os": text, "address": text, "place": text, "created_at": when,
		"last_used_at": when, "expires_at": when, "acr": text, "amr": list(text), "current": map[string]any{"type": "boolean"}})
	step := object([]string{"flow", "next"}, map[string]any{"flow": text, "step": text, "next": list(object([]string{"kind", "label"},
		map[string]any{"kind": text, "label": text, "names": list(text), "sent": map[string]any{"type": "boolean"}})), "resend_at": when, "ready_at": when, "options": map[string]any{"type": "object"}, "min_length": number, "push_number": text, "scan_uri": text, "enrolling": see("Enrolling"), "sessions": list(see("Session"))})
	out := map[string]any{
		"Any": map[string]any{"type": "object"}, "Session": session, "Sessions": list(see("Session")), "Step": step,
		"Opened":        object([]string{"token", "account", "session", "expires_at"}, map[string]any{"token": text, "account": text, "session": text, "expires_at": when, "missing": text}),
		"StepOrSession": map[string]any{"oneOf": []any{see("Step"), see("Opened")}},
		"Who": object([]string{"account", "session", "acr", "amr", "auth_time", "expires_at", "idle_expires_at"}, map[string]any{"account": text, "session": text, "acr": text,
			"amr": list(text), "auth_time": when, "expires_at": when, "idle_expires_at": map[string]any{"type": []string{"string", "null"}, "format": "date-time"}}),
		"Address": object([]string{"id", "kind", "address", "primary", "confirmed"}, map[string]any{"id": text, "kind": text, "address": text,
			"primary": map[string]any{"type": "boolean"}, "confirmed": map[string]any{"type": "boolean"}, "shared": map[string]any{"type": "boolean"}, "added_at": when, "confirmed_at": when}),
		"Addresses": list(see("Address")), "StepOrAddress": map[string]any{"oneOf": []any{see("Step"), see("Address")}},
		"Ended": object(nil, map[string]any{"ended": number}), "Changed": object(nil, map[string]any{"token": text, "ended": number}), "Strength": object(nil, map[string]any{"score": number}),
		"Activity": object([]string{"events"}, map[string]any{"events": list(object(nil, map[string]any{"reference": text, "at": when, "kind": text, "code": text,
			"session": text, "browser": text, "place": text, "address": text})), "next": text}),
		"Problem": object([]string{"status", "code", "what", "why", "fix"}, map[string]any{"type": text, "title": text, "status": number, "code": text, "what": text, "why": text, "fix": text,
			"reference": text, "retry_at": when, "organisation": text, "flow": text, "step": text, "next": list(map[string]any{"type": "object"}), "resend_at": when, "ready_at": when,
			"options": map[string]any{"type": "object"}, "min_length": number, "push_number": text, "scan_uri": text, "enrolling": see("Enrolling"), "sessions": list(see("Session"))}),
	}
	maps.Copy(out, factorSchemas())
	maps.Copy(out, tegataSchemas())
	maps.Copy(out, joiningSchemas())
	maps.Copy(out, memberSchemas())
	maps.Copy(out, whySchemas())
	maps.Copy(out, previewSchemas())
	maps.Copy(out, tokenSchemas())
	maps.Copy(out, hookSchemas())
	maps.Copy(out, allowedSchemas())
	maps.Copy(out, domainSchemas())
	maps.Copy(out, policySchemas())
	maps.Copy(out, settingsSchemas())
	return out
}

// describe writes the OpenAPI 3.1 document out of the very table that routes.
func (d *Door) describe() []byte {
	paths := map[string]map[string]any{}
	for _, o := range d.operations() {
		if paths[o.path] == nil {
			paths[o.path] = map[string]any{}
		}
		paths[o.path][strings.ToLower(o.method)] = o.describe()
	}
	doc, err := json.Marshal(map[string]any{
		"openapi": "3.1.0",
		"info":    map[string]any{"title": "Sekisho", "version": "1", "description": "Sign in, see who it is, see and end sessions. Every refusal is a problem with a stable code."},
		"servers": []any{map[string]any{"url": d.Issuer}},
		"paths":   paths,
		"components": map[string]any{"schemas": schemas(), "securitySchemes": map[string]any{
			"bearer": map[string]any{"type": "http", "scheme": "bearer", "description": "The token of a session"},
			"cookie": map[string]any{"type": "apiKey", "in": "cookie", "name": d.Cookie}}},
	})
	if err != nil {
		panic(err) // a literal of ours that does not encode is found by the first test
	}
	return doc
}

// bodiless are the operations that do something without a body too: a code is sent
// again, or options are given.
var bodiless = map[string]bool{"confirmAddress": true, "confirmNumber": true, "key": true}

func (o operation) describe() map[string]any {
	see := func(name, kind string) map[string]any {
		return map[string]any{"content": map[string]any{kind: map[string]any{"schema": map[string]any{"$ref": "#/components/schemas/" + name}}}}
	}
	problem := see("Problem", "application/problem+json")
	problem["description"] = "A refusal: what, why, what to do now"
	answers := map[string]any{"default": problem}
	if o.out == "" {
		answers["204"] = map[string]any{"description": "Done"}
	} else {
		ok := see(o.out, "application/json")
		ok["description"] = o.summary
		answers["200"] = ok
	}
	op := map[string]any{"operationId": o.id, "summary": o.summary, "responses": answers, "security": []any{}}
	if o.guard.Name != web.Anyone.Name {
		op["security"] = []any{map[string]any{"bearer": []any{}}, map[string]any{"cookie": []any{}}}
	}
	if o.in != nil {
		op["requestBody"] = map[string]any{"required": !bodiless[o.id], "content": map[string]any{"application/json": map[string]any{"schema": object(o.must, o.in)}}}
	}
	params := []any{}
	for _, part := range strings.Split(o.path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			params = append(params, map[string]any{"name": strings.TrimSuffix(name, "}"), "in": "path", "required": true, "schema": map[string]any{"type": "string"}})
		}
	}
	for _, q := range o.query {
		kind := "string"
		if q == "limit" {
			kind = "integer"
		}
		params = append(params, map[string]any{"name": q, "in": "query", "schema": map[string]any{"type": kind}})
	}
	if len(params) > 0 {
		op["parameters"] = params
	}
	return op
}
