package apptest_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/factor/backup"
	"sekisho/internal/factor/passphrase"
	"sekisho/internal/factor/totp"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enrol"
	"sekisho/internal/gate"
	"sekisho/internal/org"
	"sekisho/internal/pass"
)

const spareMail = "spare@example.net"

// locked is an account of hana's that she has locked, and lost Tegata of. It keeps of
// authenticator app, passphrase and backup codes what is given.
type locked struct {
	*apptest.World
	account account.Account
	kit     *apptest.Kit
	old     *apptest.Handheld
	inside  *apptest.Program // a session that lives on
}

func lockedUp(t *testing.T, keep []gate.Kind, test func(t *testing.T, l *locked)) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		l := &locked{World: w, account: w.Settle(hana)}
		w.Update(func(tx db.Tx) error { return proveAddress(tx, l.account, spareMail) })
		l.kit = w.Protect(l.account, gate.TOTP, gate.Passphrase, gate.Backup)
		p := w.Program("192.0.2.200")
		var x apptest.Step
		p.Signin(hana, apptest.Word).Want(200, "").Into(&x)
		p.Call("POST", "/api/v1/signin/"+x.Flow, map[string]any{"kind": "totp", "answer": l.kit.App()}).Want(200, "").Into(&x)
		p.Token, l.inside = x.Token, p
		l.old = w.Hold(p, l.account, "Pixel 8")
		w.Hold(p, l.account, "Tablet")
		w.Clock.Add(time.Hour)
		if err := l.old.Lock(t.Context(), time.Time{}, false); err != nil {
			t.Fatal(err)
		}
		w.Update(func(tx db.Tx) (err error) {
			for kind, drop := range map[gate.Kind]func() error{
				gate.TOTP:       func() error { return totp.RemoveAll(t.Context(), tx, l.account.ID) },
				gate.Passphrase: func() error { return passphrase.Drop(t.Context(), tx, l.account.ID) },
				gate.Backup:     func() error { return backup.Void(t.Context(), tx, l.account.ID) },
			} {
				if !slices.Contains(keep, kind) {
					if err := drop(); err != nil {
						return err
					}
				}
			}
			return nil
		})
		w.Clock.Add(time.Minute)
		test(t, l)
	})
}

// asks begins the journey in a browser and gives the code that was mailed.
func (l *locked) asks(b *apptest.Browser) *apptest.Browser {
	l.T.Helper()
	return b.Open("/recover/replace").Fill("E-mail", hana).Press("Go on").Fill("Code", l.Code(hana)).Press("Next")
}

// by gives a proof on the page that asks for it.
func (l *locked) by(b *apptest.Browser, kind gate.Kind) *apptest.Browser {
	l.T.Helper()
	flow := b.URL.Query().Get("flow")
	switch kind {
	case gate.TOTP:
		return b.Open("/recover/replace/totp?flow="+flow).Fill("Six-digit", l.kit.App()).Press("Next")
	case gate.Backup:
		return b.Open("/recover/replace/backup?flow="+flow).Fill("code", l.kit.Spare()).Press("Next")
	default:
		return b.Open("/recover/replace/passphrase?flow="+flow).Fill("assphrase", apptest.Phrase).Press("Next")
	}
}

func uriOf(t *testing.T, b *apptest.Browser) string {
	t.Helper()
	m := fragment.FindStringSubmatch(b.See("Enrol the new Tegata").Body)
	if m == nil {
		t.Fatalf("no ticket on the page:\n%s", b.Text())
	}
	return m[1]
}

// takes takes a new installation in on the page that offers it, and sees that it is the
// only one.
func (l *locked) takes(t *testing.T, b *apptest.Browser) *apptest.Handheld {
	t.Helper()
	l.Clock.Add(time.Second)
	h := l.Taken(uriOf(t, b), l.account, "New phone")
	b.Open(b.URL.RequestURI()).See("New phone")
	if n := b.Number(); len(n) != 4 {
		t.Fatalf("the browser shows %q", n)
	}
	b.Press("It is the same").See("Say so on the device")
	if j, err := h.Agree(t.Context()); err != nil || j.State != "active" || j.Code == "" {
		t.Fatalf("got %+v %v", j, err)
	}
	b.Open(b.URL.RequestURI()).Press("Go on").See("The new Tegata is enrolled", "The sign-in lock is still on")
	l.replaced(t, h)
	return h
}

func (l *locked) replaced(t *testing.T, h *apptest.Handheld) {
	t.Helper()
	l.View(func(tx db.ReadTx) error {
		list, err := device.List(t.Context(), tx, l.account.ID)
		if len(list) != 1 || list[0].Name != "New phone" || !list[0].Main {
			t.Errorf("got devices %+v, want the new one as the primary one", list)
		}
		return err
	})
	if _, err := l.old.State(t.Context()); !pass.Is(err, "device.unknown") {
		t.Errorf("the old one: got %v", err)
	}
	for _, address := range []string{hana, spareMail} {
		if n := to(l.World, address, "New phone"); n != 1 {
			t.Errorf("got %d notices to %s, want one", n, address)
		}
		if to(l.World, address, "Pixel 8") == 0 || to(l.World, address, "Tablet") == 0 {
			t.Errorf("%s was not told which were retired", address)
		}
	}
	kinds := map[string]int{}
	for _, r := range l.Audit() {
		kinds[r.Kind]++
	}
	if kinds["device.replaced"] != 1 || kinds["device.retired"] != 2 || kinds["signin.succeeded"] != 2 {
		t.Errorf("got audit rows %v", kinds)
	}
	// It opened nothing: the lock is on until the new one lifts it.
	l.Program("192.0.2.77").Signin(hana, apptest.Word).Want(403, "signin.locked_by_owner")
	if err := h.Unlock(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.Program("192.0.2.78").Signin(hana, apptest.Word).Want(200, "")
}

func TestTwoStrongProofsReplaceTegataUnderTheLock(t *testing.T) {
	lockedUp(t, []gate.Kind{gate.TOTP, gate.Passphrase, gate.Backup}, func(t *testing.T, l *locked) {
		b := l.Browser("192.0.2.1").Signin(hana, apptest.Word).Want(403).See("signin.locked_by_owner").Press("I have lost Tegata")
		l.Clock.Add(time.Minute)
		b = l.asks(b)
		b.Post("/recover/replace/device?"+b.URL.RawQuery, url.Values{"do": {"agree"}}).Miss("enrolled") // nothing strong yet
		b = l.by(b, gate.TOTP).Miss("Enrol the new").Miss("Wait 24 hours")
		b = l.by(b, gate.Passphrase)
		l.takes(t, b)
	})
}

func TestATegataIsReplacedAlsoWhenTheDeviceAgreesFirst(t *testing.T) {
	lockedUp(t, []gate.Kind{gate.TOTP, gate.Backup}, func(t *testing.T, l *locked) {
		b := l.by(l.by(l.asks(l.Browser("192.0.2.1")), gate.Backup), gate.TOTP)
		if to(l.World, hana, "backup code") == 0 || to(l.World, spareMail, "backup code") == 0 {
			t.Error("nobody was told of the backup code")
		}
		uri := uriOf(t, b)
		h := l.Taken(uri, l.account, "New phone")
		if _, err := h.Agree(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := l.old.State(t.Context()); err != nil {
			t.Errorf("the old one is gone before both sides agreed: %v", err)
		}
		b.Open(b.URL.RequestURI()).Press("It is the same").See("The new Tegata is enrolled")
		l.replaced(t, h)
		b.Open(b.URL.RequestURI()).See("enrolled") // the page that says so knows nobody
	})
}

func TestAPassphraseOrBackupCodeReplacesTegataAfterADay(t *testing.T) {
	for _, kind := range []gate.Kind{gate.Passphrase, gate.Backup} {
		t.Run(string(kind), func(t *testing.T) {
			lockedUp(t, []gate.Kind{kind}, func(t *testing.T, l *locked) {
				b := l.by(l.asks(l.Browser("192.0.2.1")), kind).See("has to wait", "16 Jan").Miss("Enrol the new")
				b.Open("/recover/replace/device?" + b.URL.RawQuery).Miss("Enrol the new")
				for _, address := range []string{hana, spareMail} {
					if n := to(l.World, address, "/recover/cancel?c="); n != 1 {
						t.Fatalf("got %d notices to %s, want one", n, address)
					}
				}
				l.Clock.Add(23 * time.Hour)
				if n := to(l.World, hana, "/recover/replace/ready?c="); n != 0 {
					t.Fatal("the link came before its time")
				}
				if c := l.asks(b).Miss("Enrol the new"); strings.Contains(c.Text(), "Wait 24 hours") { // the same wait: this browser began it
					c.Press("Wait 24 hours").See("has to wait", "16 Jan")
				}
				l.Clock.Add(time.Hour + time.Minute)
				if n := to(l.World, spareMail, "/recover/replace/ready?c="); n != 0 {
					t.Error("the link went to an inbox that was not proved")
				}
				link := l.Link(hana)
				// It is of no use to reset the password.
				l.Browser("192.0.2.1").Open(strings.Replace(link, "/replace", "", 1)).Want(410)
				l.Browser("192.0.2.9").Open(link).See("The wait is over") // a mail scanner reads it
				b.Open(link).Press("Go on")
				l.Browser("192.0.2.10").Open(link).Want(410).See("recovery.link_used")
				l.takes(t, b)
			})
		})
	}
}

func TestTheReaderOfTheMailboxDoesNotPickTheFruit(t *testing.T) {
	lockedUp(t, []gate.Kind{gate.TOTP, gate.Passphrase}, func(t *testing.T, l *locked) {
		b := l.by(l.asks(l.Browser("192.0.2.1")), gate.Passphrase).See("Wait 24 hours", "authenticator").Press("Wait 24 hours").See("has to wait")
		l.Clock.Add(24*time.Hour + time.Minute)
		thief := l.Browser("203.0.113.66").Open(l.Link(hana)).Press("Go on").Miss("Enrol the new").See("authenticator")
		thief.Open("/recover/replace/device?" + thief.URL.RawQuery).Miss("Enrol the new")
		// Nor does the code by mail, once more; the browser that began it goes on.
		l.asks(l.Browser("203.0.113.67")).Miss("Enrol the new").See("authenticator")
		uriOf(t, l.by(thief, gate.TOTP)) // and who proves one strong thing anew goes on elsewhere
		l.Clock.Add(time.Minute)
		l.takes(t, l.asks(b))
	})
}

func TestWhatBeganAWaitIsNoProofBeforeItIsOver(t *testing.T) {
	lockedUp(t, []gate.Kind{gate.TOTP, gate.Passphrase}, func(t *testing.T, l *locked) {
		b := l.by(l.asks(l.Browser("192.0.2.1")), gate.Passphrase).Press("Wait 24 hours").See("has to wait")
		l.Clock.Add(time.Hour)
		// One strong proof an hour ago, and another now, are not two at once.
		b = l.by(l.asks(b), gate.TOTP).Miss("Enrol the new")
		b.Press("Wait 24 hours").See("has to wait", "16 Jan")
		for _, address := range []string{hana, spareMail} {
			if n := to(l.World, address, "/recover/cancel?c="); n != 1 {
				t.Errorf("got %d notices to %s, want one", n, address)
			}
		}
	})
}

func TestWhatIsNotStrongNeverReplacesTegata(t *testing.T) {
	for name, keep := range map[string][]gate.Kind{"nothing": nil, "an authenticator app alone": {gate.TOTP}} {
		t.Run(name, func(t *testing.T) {
			lockedUp(t, keep, func(t *testing.T, l *locked) {
				b := l.asks(l.Browser("192.0.2.1")).Want(403).See("lock.no_proofs")
				q := "?" + b.URL.RawQuery
				b.Post("/recover/replace/totp"+q, url.Values{"code": {l.kit.App()}}).Miss("Enrol the new")
				b.Post("/recover/replace/wait"+q, nil).Miss("has to wait")
				b.Post("/recover/replace/device"+q, url.Values{"do": {"agree"}}).Miss("enrolled")
			})
		})
	}
	// The API has the names of what is weak; none of them is taken.
	lockedUp(t, []gate.Kind{gate.TOTP, gate.Passphrase}, func(t *testing.T, l *locked) {
		p := l.Program("192.0.2.5")
		var x step
		p.Call("POST", "/api/v1/recover/replace", map[string]any{"identifier": hana}).Want(200, "").Into(&x)
		p.Call("POST", "/api/v1/recover/replace/"+x.Flow, map[string]any{"kind": "recovery_code", "answer": l.Code(hana)}).Want(200, "").Into(&x)
		for _, kind := range []string{"smscode", "mailcode", "tegatacode"} {
			p.Call("POST", "/api/v1/recover/replace/"+x.Flow, map[string]any{"kind": kind, "answer": "123456"}).Want(400, "signin.method_not_offered")
		}
		for _, kind := range []string{"password", "new_password"} {
			p.Call("POST", "/api/v1/recover/replace/"+x.Flow, map[string]any{"kind": kind, "answer": apptest.Word}).Want(400, "signin.method_not_offered")
		}
		p.Call("POST", "/api/v1/recover/replace/"+x.Flow, map[string]any{"kind": "tegata"}).Want(400, "signin.method_not_offered")
		p.Call("POST", "/api/v1/recover/replace/"+x.Flow, map[string]any{"kind": "tegata", "answer": "done"}).Want(401, "push.expired")
		p.Call("POST", "/api/v1/recover/replace/"+x.Flow, map[string]any{"kind": "wait"}).Want(400, "signin.method_not_offered")
		p.Call("POST", "/api/v1/recover/replace/"+x.Flow, map[string]any{"kind": "device"}).Want(409, "flow.out_of_order")
	})
}

type step struct {
	Flow, Step string
	Next       []struct{ Kind string }
	Enrolling  struct{ URI, State, Number string }
}

func TestTegataIsReplacedThroughTheAPI(t *testing.T) {
	lockedUp(t, []gate.Kind{gate.TOTP, gate.Passphrase}, func(t *testing.T, l *locked) {
		p := l.Program("192.0.2.5")
		var x step
		say := func(kind, answer string) {
			t.Helper()
			x = step{Flow: x.Flow}
			p.Call("POST", "/api/v1/recover/replace/"+x.Flow, map[string]any{"kind": kind, "answer": answer}).Want(200, "").Into(&x)
		}
		p.Call("POST", "/api/v1/recover/replace", map[string]any{"identifier": hana}).Want(200, "").Into(&x)
		p.Call("POST", "/api/v1/recover/"+x.Flow, map[string]any{"kind": "recovery_code", "answer": l.Code(hana)}).Want(410, "flow.expired")
		say("recovery_code", l.Code(hana))
		say("passphrase", apptest.Phrase)
		if len(x.Next) != 2 || x.Next[0].Kind != "totp" || x.Next[1].Kind != "wait" {
			t.Fatalf("got %+v", x)
		}
		say("totp", l.kit.App())
		say("device", "")
		h := l.Taken(x.Enrolling.URI, l.account, "New phone")
		say("device", "")
		if x.Enrolling.State != "waiting" || len(x.Enrolling.Number) != 4 || x.Enrolling.URI != "" {
			t.Fatalf("got %+v", x)
		}
		say("device", "same")
		if _, err := h.Agree(t.Context()); err != nil {
			t.Fatal(err)
		}
		say("device", "same")
		if x.Step != "finished" || x.Flow != "" || x.Enrolling.State != "active" {
			t.Fatalf("got %+v", x)
		}
		l.replaced(t, h)
	})
}

func TestAWaitToReplaceTegataIsCancelledAndTheTwoWaitsAreApart(t *testing.T) {
	lockedUp(t, []gate.Kind{gate.Passphrase}, func(t *testing.T, l *locked) {
		b := l.by(l.asks(l.Browser("203.0.113.66")), gate.Passphrase).See("has to wait")
		c := l.Browser("192.0.2.1").Open(l.Link(spareMail)).See("Stop Tegata from being set up anew?", "16 Jan")
		c.Press("It was not me").See("Your account is protected")
		l.Clock.Add(25 * time.Hour)
		if n := to(l.World, hana, "/recover/replace/ready?c="); n != 0 {
			t.Error("the link to go on was sent all the same")
		}
		b.Open(b.URL.RequestURI()).Miss("Enrol the new")
		// A contained account can be locked, too: neither waits for the other.
		l.Clock.Add(time.Minute)
		b = l.by(l.asks(l.Browser("192.0.2.1")), gate.Passphrase).See("has to wait")
		l.Clock.Add(24*time.Hour + time.Minute)
		h := l.Taken(uriOf(t, b.Open(l.Link(hana)).Press("Go on")), l.account, "New phone")
		if _, err := h.Agree(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.Open(b.URL.RequestURI()).Press("It is the same").See("The new Tegata is enrolled")
		if err := h.Unlock(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// ticketed is a browser that shows a ticket.
func ticketed(t *testing.T, l *locked) (*apptest.Browser, string) {
	b := l.by(l.by(l.asks(l.Browser("192.0.2.1")), gate.TOTP), gate.Passphrase)
	return b, uriOf(t, b)
}

func TestATicketToReplaceTegataEndsWithWhatItRestsOn(t *testing.T) {
	for name, do := range map[string]func(t *testing.T, l *locked){
		"this was not me": func(_ *testing.T, l *locked) { l.contained() },
		"unlocked in Tegata": func(t *testing.T, l *locked) {
			if err := l.old.Unlock(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
		"lifted by the operator": func(t *testing.T, l *locked) {
			if err := (&enrol.Enrol{Entry: l.Entry}).LiftLock(t.Context(), l.account.ID, "operator"); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			lockedUp(t, []gate.Kind{gate.TOTP, gate.Passphrase}, func(t *testing.T, l *locked) {
				b, uri := ticketed(t, l)
				h := l.Taken(uri, l.account, "New phone")
				b.Open(b.URL.RequestURI()).Press("It is the same")
				do(t, l)
				// A containment takes away what waits, so that its key is nobody's.
				if _, err := h.Agree(t.Context()); !pass.Is(err, "device.ticket_over") && !pass.Is(err, "device.unknown") {
					t.Errorf("the phone: got %v", err)
				}
				b.Open(b.URL.RequestURI()).Miss("#enrol=").Miss("It is the same")
				if strings.Contains(name, "lifted") || strings.Contains(name, "unlocked") {
					b.Want(409).See("lock.not_on")
				}
				if _, _, err := pass.Join(t.Context(), h.HTTP, uri, "Second", "app"); !pass.Is(err, "device.ticket_over") {
					t.Errorf("another phone: got %v", err)
				}
				l.View(func(tx db.ReadTx) error {
					list, err := device.List(t.Context(), tx, l.account.ID)
					if len(list) != 2 {
						t.Errorf("got devices %+v", list)
					}
					return err
				})
			})
		})
	}
}

func TestAWaitToReplaceTegataEndsWithTheAnswerAndTheLock(t *testing.T) {
	for name, do := range map[string]func(t *testing.T, l *locked){
		"this was not me": func(_ *testing.T, l *locked) { l.contained() },
		"unlocked and locked again": func(t *testing.T, l *locked) {
			if err := l.old.Unlock(t.Context()); err != nil {
				t.Fatal(err)
			}
			l.Clock.Add(time.Minute)
			if err := l.old.Lock(t.Context(), time.Time{}, false); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			lockedUp(t, []gate.Kind{gate.TOTP, gate.Passphrase}, func(t *testing.T, l *locked) {
				l.by(l.asks(l.Browser("192.0.2.1")), gate.Passphrase).Press("Wait 24 hours").See("has to wait")
				do(t, l)
				l.Clock.Add(24*time.Hour + time.Minute)
				if n := to(l.World, hana, "/recover/replace/ready?c="); n != 0 {
					t.Error("the link to go on was sent all the same")
				}
				l.asks(l.Browser("192.0.2.1")).Miss("Enrol the new").See("authenticator")
			})
		})
	}
}

func TestATicketToReplaceTegataIsTakenByOneOfMany(t *testing.T) {
	lockedUp(t, []gate.Kind{gate.TOTP, gate.Passphrase}, func(t *testing.T, l *locked) {
		b, uri := ticketed(t, l)
		var won atomic.Int64
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				_, _, err := pass.Join(t.Context(), &http.Client{Transport: l.old.HTTP.Transport}, uri, "New phone", "app")
				switch {
				case err == nil:
					won.Add(1)
				case !pass.Is(err, "device.ticket_over"):
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d took the ticket, want one", won.Load())
		}
		// The numbers differ: it is taken back, and another code is shown.
		b.Open(b.URL.RequestURI()).Press("It differs")
		l.takes(t, b)
	})
}

func TestStrangersLearnNothingOfTheLock(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		kenji := w.Settle("kenji@example.com")
		h := w.Hold(insideAs(w, "kenji@example.com"), kenji, "Phone")
		if err := h.Lock(t.Context(), time.Time{}, false); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(15 * time.Minute)
		page := func(who string) string {
			b := w.Browser("203.0.113.66").Open("/recover/replace").Fill("E-mail", who).Press("Go on").Want(200)
			first := b.Body
			b = b.Fill("Code", "000000").Press("Next").Want(401)
			flow := b.URL.Query().Get("flow")
			out := first + b.Body
			for _, path := range []string{"/device", "/wait", "/other", "/totp"} {
				out += b.Open("/recover/replace" + path + "?flow=" + flow).Body
			}
			for _, path := range []string{"/device", "/wait", "/totp", "/backup", "/passphrase"} {
				out += b.Post("/recover/replace"+path+"?flow="+flow, url.Values{"code": {"123456"}, "passphrase": {apptest.Phrase}, "do": {"agree"}}).Body
			}
			return blur(out, flow, who)
		}
		unknown, open, locked := page("nobody@example.com"), page(hana), page("kenji@example.com")
		if unknown != open || unknown != locked {
			a, b, c := strings.Split(unknown, "\n"), strings.Split(open, "\n"), strings.Split(locked, "\n")
			for i := range min(len(a), len(b), len(c)) {
				if a[i] != b[i] || a[i] != c[i] {
					t.Errorf("the pages differ:\n%s\n%s\n%s", a[i], b[i], c[i])
				}
			}
		}
		// Who reads the mail is told the truth.
		w.Clock.Add(time.Minute)
		w.Browser("192.0.2.1").Open("/recover/replace").Fill("E-mail", hana).Press("Go on").Fill("Code", w.Code(hana)).Press("Next").Want(409).See("lock.not_on")
	})
}

// insideAs is a program in which somebody has signed in with their password.
func insideAs(w *apptest.World, who string) *apptest.Program {
	w.T.Helper()
	p := w.Program("192.0.2.201")
	p.Signin(who, apptest.Word).Want(200, "")
	return p
}

var drawn = regexp.MustCompile(refs.String() + `|Reference <span class="num">[0-9a-z]{12}<`)

// blur takes out what is drawn for each journey.
func blur(body, flow, who string) string {
	body = strings.NewReplacer(flow, "FLOW", who, "WHO").Replace(body)
	return drawn.ReplaceAllString(body, "REF")
}

// contained is the account once its owner said "this was not me".
func (l *locked) contained() {
	l.T.Helper()
	l.Update(func(tx db.Tx) error {
		a, err := account.Lock(l.T.Context(), tx, l.account.ID)
		if err != nil {
			return err
		}
		return l.Entry.Contain(l.T.Context(), tx, flow.Visitor{Addr: netip.MustParseAddr("192.0.2.1")}, a, time.Time{})
	})
}

func TestLinksOfTheTwoWaysBackAreApart(t *testing.T) {
	lockedUp(t, []gate.Kind{gate.TOTP, gate.Passphrase}, func(t *testing.T, l *locked) {
		for _, base := range []string{"/recover", "/recover/replace"} {
			l.Clock.Add(2 * time.Minute)
			l.Browser("192.0.2.1").Post(base, url.Values{"identifier": {hana}}).Want(200)
			link := l.Link(hana)
			token, ok := strings.CutPrefix(link, base+"/link?c=")
			if !ok {
				t.Fatalf("got link %s", link)
			}
			other := map[string]string{"/recover": "/recover/replace", "/recover/replace": "/recover"}[base]
			b := l.Browser("192.0.2.2")
			b.Open(other + "/link?c=" + token).Want(410)
			b.Post(other+"/link", url.Values{"c": {token}}).Want(410)
			b.Open(link).Want(200)
		}
	})
}

// A ticket to which the browser has agreed is of no use to a member who was deactivated
// meanwhile, nor are proofs.
func TestADeactivatedMemberReplacesNoTegata(t *testing.T) {
	lockedUp(t, []gate.Kind{gate.TOTP, gate.Passphrase}, func(t *testing.T, l *locked) {
		h := found(t, l.World, "Acme", "owner@example.com")
		h.must(h.Add(t.Context(), operator, h.id, l.account.ID, org.Plain))
		l.Clock.Add(time.Second) // what is sent next is the newest
		b, _ := ticketed(t, l)
		l.Clock.Add(2 * time.Minute) // for another code
		other := l.by(l.asks(l.Browser("192.0.2.7")), gate.TOTP)
		n := l.Taken(uriOf(t, b), l.account, "New phone")
		b.Open(b.URL.RequestURI()).Press("It is the same")
		_, err := h.Deactivate(t.Context(), operator, h.id, l.account.ID)
		h.must(err)
		if j, err := n.Agree(t.Context()); err == nil || !pass.Is(err, "account.deactivated") {
			t.Errorf("got %+v %v", j, err)
		}
		l.by(other, gate.Passphrase).See("account.deactivated").Miss("Enrol the new Tegata")
		b.Open(b.URL.RequestURI()).See("deactivated").Miss("Enrol the new Tegata")
	})
}
