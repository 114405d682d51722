package help

import (
	"strings"
	"testing"

	"sekisho/internal/i18n"
)

func TestEveryStepOfAPicturedGuideHasItsPicture(t *testing.T) {
	for guide, list := range pictures {
		if len(list) != steps[guide] {
			t.Errorf("%s has %d pictures for %d steps", guide, len(list), steps[guide])
		}
	}
}

func TestPicturesSayNothingInWords(t *testing.T) {
	for guide, list := range pictures {
		for n, svg := range list {
			text := ""
			for _, part := range strings.Split(svg, "<text")[1:] {
				_, after, _ := strings.Cut(part, ">")
				inner, _, _ := strings.Cut(after, "</text>")
				text += inner
			}
			if strings.Trim(text, "0123456789 ") != "" {
				t.Errorf("%s step %d: %q is of one language", guide, n+1, text)
			}
		}
	}
}

func TestHelpIsFoundByItsWords(t *testing.T) {
	words, err := i18n.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	d := &door{words}
	for _, x := range []struct {
		lang         i18n.Lang
		sought, want string
	}{
		{i18n.En, "new  PHONE", "new-phone"}, {i18n.Ja, "ＴＥＧＡＴＡ 入れ直した", "tegata-again"}, {i18n.Ja, "スマホ なくした", "phone-gone"},
		{i18n.Ja, "ｽﾏﾎ", "phone-gone"}, {i18n.En, "", "keep"},
	} {
		if !fits(strings.Fields(folded(x.sought)), d.read(x.lang, x.want)...) {
			t.Errorf("%q does not find %s", x.sought, x.want)
		}
	}
	for _, sought := range []string{"phone zebra", "<script>", "%_"} {
		if fits(strings.Fields(folded(sought)), d.read(i18n.En, "new-phone")...) {
			t.Errorf("%q finds it", sought)
		}
	}
}
