package letter

import (
	"strings"
	"testing"
	"unicode/utf16"

	"sekisho/internal/i18n"
	"sekisho/internal/sms"
)

func TestSMSCodeFitsIntoOneAndIsBoundToItsHost(t *testing.T) {
	for _, c := range []struct {
		lang          i18n.Lang
		service, host string
		want          string
	}{
		{i18n.Ja, "Sekisho", "id.example.com", "Sekishoのコード：123456（10分間有効）。人に教えないでください。\n@id.example.com #123456"},
		{i18n.En, "Sekisho", "id.example.com", "123456 is your code for Sekisho. It works once, for 10 min. Tell nobody.\n@id.example.com #123456"},
		{i18n.Ja, "Sekisho", "accounts.long.example.co.jp", "Sekishoのコード：123456（10分間有効）\n@accounts.long.example.co.jp #123456"},
		{i18n.Ja, strings.Repeat("山", 60), "id.example.com", "コード：123456\n@id.example.com #123456"},
		{i18n.En, strings.Repeat("山", 60), "id.example.com", "Code: 123456\n@id.example.com #123456"},
		{i18n.En, "山田会", "id.example.com", "123456 is your code for 山田会, for 10 min.\n@id.example.com #123456"},
		{i18n.Ja, "Sekisho", strings.Repeat("a", 63) + ".example.com", "コード：123456"},
		{i18n.Ja, "Sek\nisho\u202e", "localhost", "Sekishoのコード：123456（10分間有効）。人に教えないでください。\n@localhost #123456"},
	} {
		got := SMSCode(Sheet{Service: c.service, URL: "https://" + c.host + ":8443"}, c.lang, "123456", 10)
		if got != c.want {
			t.Errorf("got %q (%d), want %q", got, len(utf16.Encode([]rune(got))), c.want)
		}
		if !sms.Fits(got) {
			t.Errorf("%q does not fit into one SMS", got)
		}
		if m := forbidden[c.lang].FindString(got); m != "" {
			t.Errorf("says %q", m)
		}
	}
	if got := SMSCode(sheet, i18n.Ja, "12345678", 10); !strings.HasSuffix(got, "\n@id.example.com #12345678") {
		t.Errorf("got %q, want the last line bound to its host", got)
	}
}

// An SMS about what was done for an account names nobody: it may have been the operator or
// an organisation's admin, and the mail beside it says who.
func TestAnSMSAboutHelpDoesNotSayWhoHelped(t *testing.T) {
	s := Sheet{Service: "Sekisho", URL: "https://id.example.com"}
	for _, lang := range []i18n.Lang{i18n.Ja, i18n.En} {
		for _, text := range []string{SMSUnlocked(s, lang), SMSLockLifted(s, lang), SMSIssued(s, lang), SMSAided(s, lang)} {
			for _, who := range []string{"people who run", "Sekishoの管理者", "administrator of"} {
				if strings.Contains(text, who) {
					t.Errorf("%q says that it was %q", text, who)
				}
			}
			if n := len([]rune(text)); n > 160 || lang == i18n.Ja && n > 70 {
				t.Errorf("%q is %d letters long", text, n)
			}
		}
	}
}
