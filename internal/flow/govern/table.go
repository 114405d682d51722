package govern

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"

	"sekisho/internal/fault"
	"sekisho/internal/faults"
)

// What a table of members may hold (OR-06).
const (
	MostTable = 5 << 20
	MostLines = 10_000
	mostCell  = 2000
)

// line is one line of a table as it was read.
type line struct {
	n    int
	whom string // an ID or an address
	edit Edit
	bad  *fault.Entry
}

// columns are the words by which a column is known, in either language.
var columns = map[string]string{
	"account": "account", "id": "account", "アカウント": "account",
	"address": "address", "email": "address", "e-mail": "address", "mail": "address", "アドレス": "address", "メールアドレス": "address", "メール": "address",
	"role": "role", "役割": "role", "groups": "groups", "group": "groups", "グループ": "groups", "state": "state", "active": "state", "状態": "state",
}

var states = map[string]bool{"active": true, "inactive": false, "利用中": true, "利用停止": false}

// readTable reads a table of members. What is no table is refused as a whole; foreign
// says that it was Shift_JIS, as spreadsheets in Japan write it.
func readTable(raw []byte) (list []line, foreign bool, f *fault.Fault) {
	if len(raw) > MostTable {
		return nil, false, faults.ImportSize.New()
	}
	text, foreign, ok := decode(raw)
	if !ok {
		return nil, false, faults.ImportText.New()
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1
	if head, _, _ := bytes.Cut(text, []byte("\n")); bytes.Count(head, []byte("\t")) > bytes.Count(head, []byte(",")) {
		r.Comma = '\t'
	} else if bytes.Count(head, []byte(";")) > bytes.Count(head, []byte(",")) {
		r.Comma = ';'
	}
	head, err := r.Read()
	if err != nil {
		return nil, foreign, faults.ImportHead.New()
	}
	at := map[string]int{}
	for i, cell := range head {
		name, is := columns[strings.ToLower(strings.TrimSpace(cell))]
		if _, twice := at[name]; is && twice {
			return nil, foreign, faults.ImportHead.New()
		}
		if is {
			at[name] = i
		}
	}
	_, a := at["account"]
	_, b := at["address"]
	if !a && !b {
		return nil, foreign, faults.ImportHead.New()
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return list, foreign, nil
		}
		if len(list) >= MostLines {
			return nil, foreign, faults.ImportSize.New()
		}
		if err != nil {
			var wrong *csv.ParseError
			if !errors.As(err, &wrong) {
				return nil, foreign, faults.ImportText.New()
			}
			list = append(list, line{n: wrong.StartLine, bad: faults.ImportLine})
			continue
		}
		n, _ := r.FieldPos(0)
		list = append(list, readLine(n, cells, at))
	}
}

// readLine reads what a line says of somebody.
func readLine(n int, cells []string, at map[string]int) line {
	cell := func(name string) (string, bool) {
		i, is := at[name]
		if !is || i >= len(cells) {
			return "", false
		}
		return plain(cells[i]), true
	}
	l := line{n: n}
	for _, name := range []string{"account", "address"} {
		if s, is := cell(name); is && l.whom == "" {
			l.whom = s
		}
	}
	if l.whom == "" || slices.ContainsFunc(cells, func(s string) bool { return len(s) > mostCell }) || len(l.whom) > 320 {
		l.whom, l.bad = cutText(l.whom), faults.ImportLine
		return l
	}
	if s, is := cell("role"); is && s != "" {
		l.edit.Role = &s
	}
	if s, is := cell("groups"); is && len(s) > 0 {
		names := []string{}
		for g := range strings.SplitSeq(s, ";") {
			if g = strings.TrimSpace(g); g != "" && g != "-" {
				names = append(names, g)
			}
		}
		l.edit.Groups = &names
	}
	if s, is := cell("state"); is && s != "" {
		active, known := states[strings.ToLower(s)]
		if !known {
			l.bad = faults.ImportState
		}
		l.edit.Active = &active
	}
	return l
}

// plain is a cell without the sign that keeps a spreadsheet from reading it as a formula.
func plain(s string) string {
	s = strings.TrimSpace(s)
	if t, is := strings.CutPrefix(s, "'"); is && t != "" && strings.ContainsAny(t[:1], "=+-@") {
		return t
	}
	return s
}

func cutText(s string) string {
	if r := []rune(s); len(r) > 100 {
		return string(r[:100])
	}
	return s
}

// decode reads a text in UTF-8, with or without its mark, or in Shift_JIS.
func decode(raw []byte) (text []byte, foreign, ok bool) {
	if bytes.IndexByte(raw, 0) >= 0 {
		return nil, false, false // UTF-16, or no text at all
	}
	if utf8.Valid(raw) {
		return bytes.TrimPrefix(raw, []byte("\ufeff")), false, true
	}
	text, err := japanese.ShiftJIS.NewDecoder().Bytes(raw)
	if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
		return nil, false, false
	}
	return text, true, true
}
