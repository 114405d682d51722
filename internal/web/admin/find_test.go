package admin

import "testing"

func TestWordsAreFoundWhateverTheirWidthAndCase(t *testing.T) {
	for a, b := range map[string]string{"ＡＢＣ": "abc", "ｸﾞﾙｰﾌﾟ": "グループ", "Straße": "STRASSE"} {
		if plain(a) != plain(b) {
			t.Errorf("%s and %s are apart: %q, %q", a, b, plain(a), plain(b))
		}
	}
}
