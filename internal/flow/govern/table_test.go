package govern

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"
)

func TestTablesOfMembersAreRead(t *testing.T) {
	sjis, err := japanese.ShiftJIS.NewEncoder().String("アドレス,役割,状態\r\nhana@example.com,管理者,利用停止\r\n")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		raw   string
		lines int
		bad   int
		code  string
	}{
		"UTF-8":                    {"address,role\na@example.com,admin\nb@example.com,\n", 2, 0, ""},
		"with its mark, CRLF":      {"\ufeffAddress,State\r\na@example.com,active\r\n", 1, 0, ""},
		"semicolons":               {"address;role\na@example.com;admin\n", 1, 0, ""},
		"tabs":                     {"address\trole\na@example.com\tadmin\n", 1, 0, ""},
		"Shift_JIS":                {sjis, 1, 0, ""},
		"nothing":                  {"", 0, 0, "import.head"},
		"no column that names":     {"name,role\nHana,admin\n", 0, 0, "import.head"},
		"a column twice":           {"address,email\na@example.com,b@example.com\n", 0, 0, "import.head"},
		"UTF-16":                   {"\xff\xfea\x00d\x00", 0, 0, "import.text"},
		"no text":                  {"\x89PNG\r\n\x1a\n\xff\xfe", 0, 0, "import.text"},
		"an unknown state":         {"address,state\na@example.com,sleeping\n", 1, 1, ""},
		"nobody":                   {"address,role\n,admin\n", 1, 1, ""},
		"fewer cells":              {"address,role,state\na@example.com\n", 1, 0, ""},
		"a quote that stays open":  {"address,role\n\"a@example.com,admin\n", 1, 1, ""},
		"a cell of a megabyte":     {"address,role\na@example.com," + strings.Repeat("x", 1<<20) + "\n", 1, 1, ""},
		"ten thousand lines":       {"address\n" + strings.Repeat("a@example.com\n", MostLines), MostLines, 0, ""},
		"ten thousand and one":     {"address\n" + strings.Repeat("a@example.com\n", MostLines+1), 0, 0, "import.size"},
		"more than five megabytes": {"address\n" + strings.Repeat("x", MostTable), 0, 0, "import.size"},
		"a bomb of quotes":         {"address\n" + strings.Repeat("\"\"\"", 1<<16), 1, 1, ""},
	} {
		list, _, f := readTable([]byte(c.raw))
		code, bad := "", 0
		if f != nil {
			code = f.Code()
		}
		for _, l := range list {
			if l.bad != nil {
				bad++
			}
		}
		if code != c.code || len(list) != c.lines || bad != c.bad {
			t.Errorf("%s: got %d lines, %d bad, %q; want %d, %d, %q", name, len(list), bad, code, c.lines, c.bad, c.code)
		}
	}
	list, foreign, _ := readTable([]byte(sjis))
	if !foreign || *list[0].edit.Role != "管理者" || *list[0].edit.Active {
		t.Errorf("Shift_JIS: got %+v, %v", list, foreign)
	}
	list, _, _ = readTable([]byte("address,groups\n'=a@example.com,\"Sales; 営業 ;\"\nb@example.com,-\nc@example.com,\n"))
	if list[0].whom != "=a@example.com" || len(*list[0].edit.Groups) != 2 || len(*list[1].edit.Groups) != 0 || list[2].edit.Groups != nil {
		t.Errorf("got %+v", list)
	}
}

func FuzzTables(f *testing.F) {
	f.Add([]byte("address,role\na@example.com,admin\n"))
	f.Add([]byte("\ufeffaccount;groups\nacc_1;x"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		list, _, _ := readTable(raw)
		for _, l := range list {
			if !utf8.ValidString(l.whom) || len(l.whom) > 400 {
				t.Errorf("got %q", l.whom)
			}
		}
	})
}
