package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// SI-09, SI-12: the code on the page stays until it is scanned, shows on the phone until
// it is answered, and the browser goes on by itself; as the first proof and as the second,
// also after an approval that was refused.
func TestTheCodeOnThePageIsScannedAndTheBrowserGoesOn(t *testing.T) {
	s := Start(t)
	s.Settle("hana@example.com")
	phone := open(t, "en", 390, false)
	phone.app(s)
	phone.enrolled(s, "hana@example.com", "Pixel 8")
	x := open(t, "en", 1280, false)
	scanned := func() {
		t.Helper()
		x.until("document.querySelector('.qr svg')")
		time.Sleep(1500 * time.Millisecond)
		if got := eval[string](x, "location.pathname"); got != "/signin/qr" {
			t.Fatalf("the page with the code went on to %s by itself", got)
		}
		link := eval[string](x, "document.querySelector('main p a[href*=\"#\"]').href")
		eval[bool](phone, fmt.Sprintf("location.hash = %q, true", link[strings.Index(link, "#"):]))
		phone.until("document.querySelector('.request') && !document.getElementById('number')")
		// The phone goes on listening: what was scanned is still there when it hears the next thing.
		eval[bool](phone, "dispatchEvent(new Event('online')), true")
		time.Sleep(500 * time.Millisecond)
		phone.tap(tegataWords["en"]["approve"])
		phone.see(tegataWords["en"]["approved"])
	}
	// The second proof, after the push was refused.
	x.goTo(s.URL + "/signin")
	x.keyIn("E-mail", "hana@example.com")
	x.press("Next")
	x.keyIn("Password", Word)
	x.press("Sign in")
	x.until("document.querySelector('.number')")
	phone.at("")
	phone.until("document.querySelector('.request')")
	phone.tap("Cancel, it was me")
	x.until("document.querySelector('.alert.red, .alert:not(.amber)')")
	x.follow("a[href*='/signin/qr']")
	scanned()
	x.until("location.pathname.startsWith('/me')")
	x.out(s)
	// The first proof: nobody was typed. Without an app lock the password is the other one.
	x.goTo(s.URL + "/signin")
	eval[bool](x, "document.querySelector('form[action=\"/signin/qr\"]').requestSubmit(), true")
	scanned()
	x.until("document.querySelector('input[type=password]')")
	x.look("second-password")
	x.keyIn("Password", Word)
	x.press("Next")
	x.see("Make a passkey") // it was let in
}
