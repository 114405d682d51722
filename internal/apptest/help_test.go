package apptest_test

import (
	"regexp"
	"strings"
)

var refs = regexp.MustCompile(`[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4})?|flw_[0-9a-z]+`)

// wide writes digits as a Japanese keyboard may.
func wide(s string) string {
	return strings.Map(func(c rune) rune { return c - '0' + '０' }, s)
}
