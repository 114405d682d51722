package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const someCodes = `otpauth://totp/GitHub:hana?secret=JBSWY3DPEHPK3PXP&issuer=GitHub
otpauth://totp/Example%20Mail:hana%40example.com?secret=GEZDGNBVGY3TQOJQ&issuer=Example%20Mail&digits=8&algorithm=SHA256&period=60
otpauth://hotp/Bank:00123456?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Bank&counter=7
otpauth://totp/%E3%82%AF%E3%83%A9%E3%82%A6%E3%83%89%E3%82%B9%E3%83%88%E3%83%AC%E3%83%BC%E3%82%B8:a.very.long.mailbox.name.that.nobody.would.choose%40subdomain.example.com?secret=MFRGGZDFMZTWQ2LK&issuer=%E3%82%AF%E3%83%A9%E3%82%A6%E3%83%89%E3%82%B9%E3%83%88%E3%83%AC%E3%83%BC%E3%82%B8
otpauth://totp/Shop:hana?secret=MFRGGZDFMZTWQ2LL&issuer=Shop
otpauth://totp/Server?secret=MFRGGZDFMZTWQ2LM
`

func TestTegataInBothLanguagesThemesAndWidths(t *testing.T) {
	for i, lang := range []string{"ja", "en"} {
		for j, wide := range []int64{360, 1280} {
			t.Run(fmt.Sprintf("%s-%d", lang, wide), func(t *testing.T) { aDayWithTegata(t, lang, wide, (i+j)%2 == 1) })
		}
	}
}

// aDayWithTegata adds an account, approves and denies, locks, ends sessions.
func aDayWithTegata(t *testing.T, lang string, wide int64, dark bool) {
	s := Start(t)
	s.Settle("hana@example.com")
	w := tegataWords[lang]
	x := open(t, lang, wide, dark)
	x.app(s)
	x.look("tg-home-empty")
	for _, p := range []string{"scan", "add", "import", "export", "accounts", "enrol", "settings", "settings/lock", "settings/copy"} {
		x.at(p)
		x.look("tg-" + strings.ReplaceAll(p, "/", "-"))
	}
	x.take(someCodes)
	x.look("tg-import-done")
	x.at("")
	x.look("tg-home")
	eval[bool](x, "document.querySelector('.code-row a.sign').click(), true")
	x.until("document.getElementById('f-tags')")
	x.put("f-tags", "仕事, home")
	x.look("tg-code")
	eval[bool](x, "document.querySelector('form.panel').requestSubmit(), true")
	x.until("document.querySelector('.tags .chip')")

	x.look("tg-home-tags")
	x.at("codes/order")
	x.look("tg-order")
	x.at("export")
	x.look("tg-export-some")

	x.enrolled(s, "hana@example.com", "Pixel 8")
	x.until("document.querySelector('.begin .things')")
	x.look("tg-account")
	account := strings.TrimPrefix(eval[string](x, "location.hash"), "#/account/")
	for _, p := range []string{"sessions", "devices", "settings", "lock", "refresh"} {
		x.at("account/" + account + "/" + p)
		x.until("!document.querySelector('main [role=status].quiet')?.innerText")
		x.look("tg-account-" + p)
	}
	x.at("account/" + account + "/devices")
	eval[bool](x, "document.querySelector('.rows a').click(), true")
	x.until("document.getElementById('f-name')")
	x.look("tg-device")
	x.at("settings/copy")
	x.look("tg-copy-account")

	// What is worth doing is put away for good.
	x.at("account/" + account)
	x.tap(w["away"])
	x.app(s)
	x.at("account/" + account)
	if eval[bool](x, "new Promise(done => setTimeout(() => done(Boolean(document.querySelector('.begin .things'))), 300))") {
		t.Error("the card that was put away is there again")
	}

	// Somebody signs in.
	x.at("")
	p := halfway(t, s, "hana@example.com")
	x.until("document.querySelector('.request')")
	x.look("tg-request")
	// By the keyboard alone; what has the focus so far is the page itself, whose text has the label too.
	x.must(chromedp.Do(x.ctx, chromedp.KeyEvent(kb.Tab)))
	x.keyIn(w["number"], p.number+kb.Enter)
	x.see(w["approved"])
	x.look("tg-request-approved")
	if status, _, err := call("POST", s.URL+p.path, "", map[string]any{"kind": "tegata", "answer": "done"}); err != nil || status != 200 {
		t.Errorf("after the approval: got %d %v, want 200", status, err)
	}

	x.at("account/" + account + "/lock")
	x.tap(w["lockgo"])
	x.see(w["locked"])
	x.look("tg-account-locked")
	x.at("account/" + account + "/lock")
	x.look("tg-account-unlock")
	x.tap(w["unlock"])
	x.see(w["lock"])
	x.at("account/" + account + "/sessions")
	x.until("document.querySelectorAll('.rows.picks li').length > 0")
	x.look("tg-sessions-some")
	x.tap(w["all"])
	x.look("tg-sessions-ask")
	x.tap(w["end"])
	x.until("document.querySelector('.alert.safe') && !document.querySelectorAll('.rows.picks li').length")

	x.at("")
	halfway(t, s, "hana@example.com")
	x.until("document.querySelector('.request')")
	x.tap(w["deny"])
	x.look("tg-request-deny")
	x.tap(w["deny"])
	x.see(w["denied"])
	x.look("tg-request-denied")
}

// way is a sign-in that asks Tegata.
type way struct{ path, number, scan string }

// halfway gives the password and asks Tegata for the rest.
func halfway(t *testing.T, s *Server, who string) way {
	t.Helper()
	at := s.ask("POST", "/api/v1/signin", "", map[string]any{"identifier": who})
	w := way{path: "/api/v1/signin/" + fmt.Sprint(at["flow"])}
	at = s.ask("POST", w.path, "", map[string]any{"kind": "password", "answer": Word})
	if at["push_number"] == nil { // it is not asked by itself
		at = s.ask("POST", w.path, "", map[string]any{"kind": "tegata"})
	}
	w.number = fmt.Sprint(at["push_number"])
	return w
}
