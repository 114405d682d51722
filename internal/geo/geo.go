// Package geo owns where an address is, as far as the operator's database
// tells. Without one every place is unknown.
//
// A place is always approximate: it is shown to people, may ask them for one more proof,
// and never decides more.
package geo

import (
	"fmt"
	"net/netip"

	"github.com/oschwald/maxminddb-golang/v2"
)

// DB is an operator's database; nil is usable and knows no place.
type DB struct{ reader *maxminddb.Reader }

// Open opens an .mmdb file; an empty path gives nil.
func Open(path string) (*DB, error) {
	if path == "" {
		return nil, nil
	}
	r, err := maxminddb.Open(path)
	if err != nil {
		return nil, fmt.Errorf("geo file: %w", err)
	}
	return &DB{r}, nil
}

type record struct {
	City struct {
		Names map[string]string `maxminddb:"names"`
	} `maxminddb:"city"`
	Country struct {
		Names map[string]string `maxminddb:"names"`
		ISO   string            `maxminddb:"iso_code"`
	} `maxminddb:"country"`
}

// Place is a town and country in a language ("ja" or "en"); empty when unknown.
func (d *DB) Place(a netip.Addr, lang string) string {
	if d == nil || !a.IsValid() {
		return ""
	}
	var r record
	if err := d.reader.Lookup(a).Decode(&r); err != nil {
		return ""
	}
	city, country := pick(r.City.Names, lang), pick(r.Country.Names, lang)
	if country == "" {
		country = r.Country.ISO
	}
	switch {
	case city == "":
		return country
	case country == "":
		return city
	case lang == "ja":
		return country + " " + city
	default:
		return city + ", " + country
	}
}

// Nowhere is where all addresses are that the operator's database does not know.
const Nowhere = "-"

// Where is a place for comparing: the same in every language, and one for all that is
// unknown; empty where there is no database.
func (d *DB) Where(a netip.Addr) string {
	if d == nil {
		return ""
	}
	if p := d.Place(a, "en"); p != "" {
		return p
	}
	return Nowhere
}

func pick(names map[string]string, lang string) string {
	if s := names[lang]; s != "" {
		return s
	}
	return names["en"]
}
