package web

import "strings"

// Cell is a text as it stands in a table for spreadsheets: what one would run as a
// formula is made plain text. A spreadsheet strips spaces before it looks, and reads
// full-width signs as signs.
func Cell(s string) string {
	if t := strings.TrimLeft(s, " \u3000\u00a0"); t != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(t)[0]) {
		return "'" + s
	}
	return s
}
