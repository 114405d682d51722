package admin

import (
	"bytes"
	"encoding/json"
)

// field is one field of a JSON object.
type field struct {
	name  string
	value json.RawMessage
}

// object reads the fields of a JSON object in their order; false for anything else.
func object(raw []byte) (out []field, ok bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, false
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return out, true
		}
		f := field{name: t.(string)} // a key of an object is always one
		if d.Decode(&f.value) != nil {
			return out, true
		}
		out = append(out, f)
	}
	return out, true
}
