package letter

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"sekisho/internal/i18n"
	"sekisho/internal/outbox"
)

var sheet = Sheet{Service: "Sekisho", URL: "https://id.example.com", Support: "help@example.com"}

func letters(to To) map[string]outbox.Letter {
	f := From{Time: time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC), Zone: time.UTC, Agent: "Firefox 143, Linux", Addr: "192.0.2.7"}
	c := Code{Code: "123456", Minutes: 10, From: f}
	r := c
	r.Link = "https://id.example.com/recover/link?c=x"
	return map[string]outbox.Letter{
		"signin": SigninCode(sheet, to, c), "confirm": ConfirmCode(sheet, to, c), "recover": RecoverCode(sheet, to, r),
		"new": NewSignin(sheet, to, r.Link, f), "changed": PasswordChanged(sheet, to, r.Link, f),
		"attempts": TooManyAttempts(sheet, to, r.Link, f), "contained": Contained(sheet, to, Undone{Link: r.Link, From: f}),
		"halfway": Halfway(sheet, to, r.Link, f), "stopped": Stopped(sheet, to, Stop{"password", r.Link, f}),
		"off":     TakenOff(sheet, to, Item{"email", "ta•••@example.com"}, r.Link),
		"undone":  Contained(sheet, to, Undone{[]Item{{"totp", "Pixel 8"}, {"backup", ""}}, []Item{{"email", "ta•••@example.com"}}, true, r.Link, f}),
		"replace": ReplaceCode(sheet, to, r), "rwaits": ReplaceWaits(sheet, to, Waits{f.Time, r.Link, f}), "rready": ReplaceReady(sheet, to, Waits{f.Time, r.Link, f}),
		"replaced": Changed(sheet, to, Change{What: "device.replaced", Kind: "tegata", Name: "Pixel 9", Old: []Item{{"tegata", "Pixel 8"}, {"tegata", "Tablet"}}, Link: r.Link, From: f}),
		"invite":   Invitation(sheet, to, Invited{Org: to.Name, By: to.Name, Role: "member", Until: f.Time, Zone: f.Zone, Link: r.Link}),
		"reset":    Reset(sheet, to, ResetLink{Who: to.Name, Link: r.Link, Until: f.Time, Zone: f.Zone}),
		"aided":    Aided(sheet, to, Change{What: "factors.reset", Name: to.Name, Link: r.Link}), "by us": Aided(sheet, to, Change{What: "account.unlocked", Link: r.Link}),
		"taken":  InvitationTaken(sheet, to, Invited{Org: to.Name, From: f}),
		"joined": Changed(sheet, to, Change{What: "org.joined", Name: to.Name, Link: r.Link, From: f}),
		"waits":  RecoveryWaits(sheet, to, Waits{f.Time, r.Link, f}), "ready": RecoveryReady(sheet, to, Waits{f.Time, r.Link, f}),
	}
}

var forbidden = map[i18n.Lang]*regexp.Regexp{
	i18n.En: regexp.MustCompile(`(?i)\bplease\b|\boops\b|\binvalid\b|!`),
	i18n.Ja: regexp.MustCompile(`することができます|！`),
}

func TestEveryLetterIsWhole(t *testing.T) {
	for _, l := range i18n.Langs {
		for name, got := range letters(To{Lang: l, Address: "tarou@example.com", Name: "山田 太郎"}) {
			if strings.ContainsAny(got.Text+got.Subject, "{}⟦") {
				t.Errorf("%s %s: a placeholder or message is missing:\n%s\n%s", l, name, got.Subject, got.Text)
			}
			if m := forbidden[l].FindString(got.Subject + got.Text); m != "" {
				t.Errorf("%s %s: says %q", l, name, m)
			}
			if strings.Contains(got.Subject, "123") {
				t.Errorf("%s %s: the code stands in the subject", l, name)
			}
			for line := range strings.Lines(got.Text) {
				line = strings.TrimSpace(line)
				if line == "" || line == "--" || strings.HasSuffix(line, ":") {
					continue
				}
				if !strings.Contains(got.HTML, strings.NewReplacer("&", "&amp;", "+", "&#43;").Replace(line)) {
					t.Errorf("%s %s: the HTML part lacks %q", l, name, line)
				}
			}
		}
	}
}

func TestANameCannotChangeALetter(t *testing.T) {
	name := "<script>x</script>\r\nBcc: a@b\u202Egro.elpmaxe"
	for kind, got := range letters(To{Lang: i18n.En, Address: "a@example.com", Name: name}) {
		if strings.Contains(got.HTML, "<script>") || strings.ContainsAny(got.Subject, "\r\n") || strings.Contains(got.Text+got.HTML, "\u202E") || strings.Contains(got.Text, "\nBcc") {
			t.Errorf("%s: the name came through:\n%s", kind, got.Text)
		}
	}
}
