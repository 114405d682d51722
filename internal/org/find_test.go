package org

import "testing"

func TestWordsAreFoundWhateverTheirWidthAndCase(t *testing.T) {
	for a, b := range map[string]string{"ＡＢＣ": "abc", "ｸﾞﾙｰﾌﾟ": "グループ", "Straße": "STRASSE"} {
		if Fold(a) != Fold(b) {
			t.Errorf("%s and %s are apart: %q, %q", a, b, Fold(a), Fold(b))
		}
	}
}
