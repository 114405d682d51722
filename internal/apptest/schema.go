package apptest

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// description is the API's own, as every answer is held against it.
type description struct {
	Paths map[string]map[string]struct {
		Responses map[string]struct {
			Content map[string]struct{ Schema schema }
		}
	}
	Components struct{ Schemas map[string]schema }
}

// schema is as much of JSON Schema as the description uses.
type schema map[string]any

var described struct {
	sync.Once
	description
}

// fits holds an answer of the API against what the description says of it: whoever
// writes a program after it must not be surprised.
func (p *Program) fits(r *http.Request, a Answer) {
	p.w.T.Helper()
	if !strings.HasPrefix(r.URL.Path, "/api/v1/") || strings.HasSuffix(r.URL.Path, "/openapi.json") {
		return
	}
	described.Do(func() { p.Call("GET", "/api/v1/openapi.json", nil).Want(200, "").Into(&described.description) })
	d := &described.description
	op, ok := d.Paths[d.path(r.URL.Path)][strings.ToLower(r.Method)]
	if !ok {
		return // nothing is said of what is not there
	}
	kind, status := "application/json", "200"
	if a.Status == http.StatusNoContent {
		status = "204"
	} else if a.Status != http.StatusOK {
		kind, status = "application/problem+json", "default"
	}
	said, ok := op.Responses[status]
	if !ok {
		p.w.T.Errorf("%s %s: answered %d, which the description does not have", r.Method, r.URL.Path, a.Status)
		return
	}
	if status == "204" {
		return
	}
	if got := a.Header.Get("Content-Type"); got != kind {
		p.w.T.Errorf("%s %s: got %s, described as %s", r.Method, r.URL.Path, got, kind)
	}
	var body any
	if err := json.Unmarshal(a.Body, &body); err != nil {
		p.w.T.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
		return
	}
	if why := d.check(said.Content[kind].Schema, body, "answer"); why != "" {
		p.w.T.Errorf("%s %s (%d): %s\n%s", r.Method, r.URL.Path, a.Status, why, a.Body)
	}
}

// path finds under which pattern an address is described: the one with most words of
// its own.
func (d *description) path(given string) string {
	best, most := "", -1
	parts := strings.Split(given, "/")
	for pattern := range d.Paths {
		own, fits := 0, true
		list := strings.Split(pattern, "/")
		for i := 0; fits && i < len(list); i++ {
			fits = len(list) == len(parts) && (list[i] == parts[i] || strings.HasPrefix(list[i], "{"))
			if fits && list[i] == parts[i] {
				own++
			}
		}
		if fits && own > most {
			best, most = pattern, own
		}
	}
	return best
}

// check says what of a value is not as described; empty: nothing.
func (d *description) check(s schema, v any, at string) string {
	if name, ok := s["$ref"].(string); ok {
		to, ok := d.Components.Schemas[strings.TrimPrefix(name, "#/components/schemas/")]
		if !ok {
			return at + ": there is no " + name
		}
		return d.check(to, v, at)
	}
	for _, word := range []string{"oneOf", "anyOf"} {
		list, ok := s[word].([]any)
		if !ok {
			continue
		}
		var why []string
		for _, x := range list {
			if said := d.check(x.(map[string]any), v, at); said != "" {
				why = append(why, said)
			}
		}
		if n := len(list) - len(why); n == 0 || n > 1 && word == "oneOf" {
			return fmt.Sprintf("%s: fits %d of %s: %s", at, n, word, strings.Join(why, "; "))
		}
		return ""
	}
	kinds := []any{s["type"]}
	if list, ok := s["type"].([]any); ok {
		kinds = list
	}
	if got := kindOf(v); !slices.Contains(kinds, any(got)) && !(got == "integer" && slices.Contains(kinds, any("number"))) {
		return fmt.Sprintf("%s: is %s, described as %v", at, got, kinds)
	}
	switch x := v.(type) {
	case string:
		if s["format"] == "date-time" {
			if _, err := time.Parse(time.RFC3339, x); err != nil {
				return at + ": " + err.Error()
			}
		}
	case []any:
		for i, one := range x {
			if why := d.check(s["items"].(map[string]any), one, fmt.Sprintf("%s[%d]", at, i)); why != "" {
				return why
			}
		}
	case map[string]any:
		return d.object(s, x, at)
	}
	return ""
}

func (d *description) object(s schema, x map[string]any, at string) string {
	must, _ := s["required"].([]any)
	for _, name := range must {
		if _, there := x[name.(string)]; !there {
			return fmt.Sprintf("%s: lacks %s", at, name)
		}
	}
	props, closed := s["properties"].(map[string]any)
	for name, one := range x {
		of, ok := props[name].(map[string]any)
		if !ok && closed {
			return fmt.Sprintf("%s: has %s, which is not described", at, name)
		}
		if ok {
			if why := d.check(of, one, at+"."+name); why != "" {
				return why
			}
		}
	}
	return ""
}

func kindOf(v any) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if x == math.Trunc(x) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}
