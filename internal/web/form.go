package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"sekisho/internal/fault"
	"sekisho/internal/faults"
)

// Values are form or query values of which each name stands once.
type Values map[string]string

// Query reads the query, refusing what stands twice: which of the two counts
// must never be a matter of who reads it.
func (r *Request) Query(repeatable ...string) (Values, error) {
	v, err := url.ParseQuery(r.HTTP.URL.RawQuery)
	if err != nil {
		return nil, tell(faults.Malformed.New("where", "query"))
	}
	return once(v, repeatable)
}

// Form reads a form body. Values of repeatable names are read with Many.
func (r *Request) Form(repeatable ...string) (Values, error) {
	if err := r.parseForm(); err != nil {
		return nil, err
	}
	return once(r.HTTP.PostForm, repeatable)
}

// Upload reads a form that carries one file: its fields, and what the file holds, nothing
// where none was chosen. What the file is called is never looked at.
func (r *Request) Upload(name string) (Values, []byte, error) {
	kind, params, err := mime.ParseMediaType(r.HTTP.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return nil, nil, tell(faults.Unsupported.New())
	}
	body, err := r.body()
	if err != nil {
		return nil, nil, err
	}
	values, file := Values{}, []byte(nil)
	parts := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for range 20 {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return values, file, nil
		}
		if err != nil {
			return nil, nil, tell(faults.Malformed.New("where", "form"))
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return nil, nil, tell(faults.Malformed.New("where", "form"))
		}
		field := part.FormName()
		if _, twice := values[field]; twice || field == name && file != nil {
			return nil, nil, tell(faults.DuplicateParameter.New("name", cut(field)))
		}
		if field == name {
			file = text
			continue
		}
		values[field] = string(text)
	}
	return nil, nil, tell(faults.Malformed.New("where", "form"))
}

// Many gives all values of a repeatable form field, after Form.
func (r *Request) Many(name string) []string { return r.HTTP.PostForm[name] }

// mediaType is what the body is said to be. Most programs send nothing beside it,
// and then there is nothing to parse.
func (r *Request) mediaType() string {
	switch given := r.HTTP.Header.Get("Content-Type"); given {
	case "application/x-www-form-urlencoded", "application/json":
		return given
	default:
		kind, _, _ := mime.ParseMediaType(given)
		return kind
	}
}

func (r *Request) parseForm() error {
	body, err := r.bodyOf("application/x-www-form-urlencoded")
	if err != nil {
		return err
	}
	r.HTTP.PostForm, err = url.ParseQuery(string(body))
	if err != nil {
		return tell(faults.Malformed.New("where", "form"))
	}
	return nil
}

func once(v url.Values, repeatable []string) (Values, error) {
	out := Values{}
	for name, list := range v {
		if len(list) > 1 && !contains(repeatable, name) {
			return nil, tell(faults.DuplicateParameter.New("name", cut(name)))
		}
		out[name] = list[0]
	}
	return out, nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func cut(s string) string {
	if len(s) > 40 {
		s = s[:40]
	}
	if !utf8.ValidString(s) {
		return "?"
	}
	return s
}

// bodyOf reads a body of a kind. One that is empty needs no kind: a button without
// fields sends nothing, and some programs then say nothing of it.
func (r *Request) bodyOf(kind string) ([]byte, error) {
	given := r.mediaType()
	if given != kind && given != "" {
		return nil, tell(faults.Unsupported.New())
	}
	body, err := r.body()
	if err == nil && len(body) > 0 && given != kind {
		return nil, tell(faults.Unsupported.New())
	}
	return body, err
}

// Raw reads the body as it was sent, for a guard that has to see it; who comes after
// reads it anew.
func (r *Request) Raw() ([]byte, error) {
	body, err := r.body()
	r.HTTP.Body = io.NopCloser(bytes.NewReader(body))
	return body, err
}

func (r *Request) body() ([]byte, error) {
	if r.HTTP.ContentLength == 0 {
		return nil, nil
	}
	body, err := io.ReadAll(r.HTTP.Body)
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, tell(faults.TooLarge.New("limit", kib(large.Limit)))
	}
	if err != nil {
		return nil, tell(faults.Malformed.New("where", "body"))
	}
	return body, nil
}

func kib(n int64) string {
	b, _ := json.Marshal(n / 1024)
	return string(b) + " KiB"
}

// ReadJSON reads a JSON body into v: fields that v does not have, names that stand
// twice, broken UTF-8 and depth beyond reason are refused.
func (r *Request) ReadJSON(v any) error {
	body, err := r.bodyOf("application/json")
	if err != nil {
		return err
	}
	if len(body) == 0 && r.mediaType() == "" {
		body = []byte("{}")
	}
	if !utf8.Valid(body) {
		return tell(faults.Malformed.New("where", "UTF-8"))
	}
	if f := plain(body); f != nil {
		return tell(f)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		where := "JSON {…}" // what is expected: an object
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) && wrong.Field != "" {
			where = wrong.Field
		} else if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok { // it has no type of its own
			where = cut(name)
		}
		return tell(faults.Malformed.New("where", where))
	}
	if name, ok := spelled(body, reflect.TypeOf(v)); !ok {
		return tell(faults.Malformed.New("where", cut(name)))
	}
	return nil
}

// spelled looks whether every name of a body that was decoded into t stands there as it
// is written; the decoder takes "Identifier" for "identifier", and what reads on the
// way there may take them for two. It gives the first name that does not.
func spelled(body []byte, t reflect.Type) (string, bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		var list []json.RawMessage
		_ = json.Unmarshal(body, &list) // it was decoded once already
		for _, one := range list {
			if name, ok := spelled(one, t.Elem()); !ok {
				return name, false
			}
		}
	case t.Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(decodes):
		var fields map[string]json.RawMessage
		_ = json.Unmarshal(body, &fields) // likewise
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			f, ok := field(t, name)
			if !ok {
				return name, false
			}
			if name, ok := spelled(fields[name], f); !ok {
				return name, false
			}
		}
	}
	return "", true
}

var decodes = reflect.TypeFor[json.Unmarshaler]()

// field is the type of what a name stands for.
func field(t reflect.Type, name string) (reflect.Type, bool) {
	for _, f := range reflect.VisibleFields(t) {
		as, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if as == "" {
			as = f.Name
		}
		if as == name {
			return f.Type, true
		}
	}
	return nil, false
}

const maxDepth = 8

// plain refuses JSON in which a name stands twice or that is nested too deep, or
// that is followed by more.
func plain(body []byte) *fault.Fault {
	if loneSurrogate(body) {
		return faults.Malformed.New("where", "UTF-16")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	type level struct {
		object bool
		key    bool
		names  map[string]bool
	}
	var stack []level
	for {
		t, err := d.Token()
		if err == io.EOF && len(stack) == 0 {
			return nil
		}
		if err != nil {
			return faults.Malformed.New("where", "JSON")
		}
		top := len(stack) - 1
		switch x := t.(type) {
		case json.Delim:
			if x == '}' || x == ']' {
				stack = stack[:top]
				break
			}
			if top >= 0 {
				stack[top].key = stack[top].object
			}
			stack = append(stack, level{object: x == '{', key: x == '{', names: map[string]bool{}})
			if len(stack) > maxDepth {
				return faults.Malformed.New("where", "depth")
			}
			continue
		case string:
			if top >= 0 && stack[top].object && stack[top].key {
				// The decoder takes "Identifier" for "identifier": the two are one name.
				name := fold(x)
				if stack[top].names[name] {
					return faults.DuplicateParameter.New("name", cut(x))
				}
				stack[top].names[name], stack[top].key = true, false
				continue
			}
		}
		if top = len(stack) - 1; top >= 0 {
			stack[top].key = stack[top].object
		} else if d.More() {
			return faults.Malformed.New("where", "JSON")
		}
	}
}

// fold gives all spellings that encoding/json takes for one name the same form:
// upper case first, because ſ has no lower one but s.
func fold(name string) string { return strings.ToLower(strings.ToUpper(name)) }

// loneSurrogate finds an escaped half of a UTF-16 pair, which decoders quietly
// replace: two different passwords would become the same.
func loneSurrogate(body []byte) bool {
	for i := 0; i+5 < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		if body[i+1] != 'u' {
			i++
			continue
		}
		hi, ok := hex4(body[i+2:])
		switch {
		case !ok || hi < 0xd800 || hi > 0xdfff:
			i += 5
		case hi >= 0xdc00 || i+11 >= len(body) || body[i+6] != '\\' || body[i+7] != 'u':
			return true
		default:
			lo, ok := hex4(body[i+8:])
			if !ok || lo < 0xdc00 || lo > 0xdfff {
				return true
			}
			i += 11
		}
	}
	return false
}

func hex4(b []byte) (n int, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			n = n<<4 | int(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			n = n<<4 | int(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return n, true
}
