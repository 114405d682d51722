package otp_test

import (
	"strings"
	"testing"

	"sekisho/internal/otp"
)

// A file that somebody else made costs little, whatever it says, and gives only keys that
// codes can be made of.
func FuzzAegis(f *testing.F) {
	f.Add([]byte(`{"header":{"slots":null,"params":null},"db":{"groups":[{"uuid":"g","name":"Work"}],"entries":[{"type":"totp","name":"a","issuer":"b","groups":["g"],"info":{"secret":"JBSWY3DPEHPK3PXP","algo":"SHA1","digits":6,"period":30}}]}}`))
	f.Add([]byte(`{"header":{"slots":[{"type":1,"key":"00","key_params":{"nonce":"00","tag":"00"},"n":2,"r":1,"p":1,"salt":"00"}],"params":{}},"db":"AAAA"}`))
	f.Add([]byte(`{"header":{"slots":[{"type":1,"n":1073741824,"r":1073741824,"p":1}]},"db":""}`))
	f.Add([]byte(`{"header":{},"db":null}`))
	f.Add([]byte(`{"header":{},"db":{"entries":[null,{"info":null},{"groups":[null]}]}}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		keys, _, err := otp.Aegis(file, "word")
		if is, _ := otp.IsAegis(file); !is && err == nil {
			t.Fatal("what is no file of Aegis was read as one")
		}
		for _, k := range keys {
			if again, err := otp.Parse(k.URI().Reveal()); err != nil || again.URI() != k.URI() {
				t.Fatalf("%+v does not come back: %v", k.Key, err)
			}
		}
	})
}

func TestAFileOfAegisAsksForNoMoreThanAMachineHas(t *testing.T) {
	slot := func(n string) string {
		return `{"type":1,"key":"00","key_params":{"nonce":"00","tag":"00"},"salt":"00",` + n + `}`
	}
	for name, slots := range map[string]string{
		"memory": slot(`"n":4194304,"r":8,"p":1`), "overflow": slot(`"n":4611686018427387904,"r":4,"p":1`), "lanes": slot(`"n":16,"r":8,"p":1000000`), "no power of two": slot(`"n":15,"r":8,"p":1`),
		"negative": slot(`"n":-2,"r":-8,"p":1`), "many": strings.Repeat(slot(`"n":2,"r":1,"p":1`)+",", 99) + slot(`"n":2,"r":1,"p":1`),
	} {
		if _, _, err := otp.Aegis([]byte(`{"header":{"slots":[`+slots+`],"params":{}},"db":"AAAA"}`), "word"); err == nil {
			t.Errorf("%s: it was opened", name)
		}
	}
}
