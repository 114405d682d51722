package apptest_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/flow"
	"sekisho/internal/flow/govern"
	"sekisho/internal/org"
	"sekisho/internal/site"
)

// withNames runs a test on both engines with a DNS server of its own.
func withNames(t *testing.T, test func(t *testing.T, w *apptest.World, names *apptest.Names)) {
	names := apptest.NewNames(t)
	apptest.Each(t, func(t *testing.T, w *apptest.World) { test(t, w, names) }, "dns", names.Server)
}

// proves makes a domain the organisation's, and opens it where asked.
func (h house) proves(names *apptest.Names, domain string, opens bool) org.Domain {
	h.t.Helper()
	ctx := h.t.Context()
	d, err := h.AddDomain(ctx, operator, h.id, domain)
	h.must(err)
	names.Say(site.Label+d.Name, site.Proof(d.Token))
	_, err = h.ProveDomain(ctx, operator, h.id, d.Name, site.DNS)
	h.must(err)
	h.must(h.OpenDomain(ctx, operator, h.id, d.Name, opens))
	return d
}

func TestTheConsoleProvesADomain(t *testing.T) {
	withNames(t, func(t *testing.T, w *apptest.World, names *apptest.Names) {
		h := found(t, w, "Acme", "owner@example.com")
		b := h.signedIn("owner@example.com")
		b.Open("/admin/domains").See("There is no domain yet")
		for raw, want := range map[string]string{"gmail.com": "domain.shared", "co.jp": "domain.shared", "https://acme.example/": "domain.malformed", "": "domain.malformed", "<script>": "domain.malformed"} {
			b.Open("/admin/domains").Fill("Domain", raw).Press("Add a domain").See(want)
		}
		b.Open("/admin/domains").Fill("Domain", " Acme.EXAMPLE. ").Press("Add a domain").See("acme.example", "Not proved yet", "_sekisho-challenge.acme.example", "/.well-known/sekisho-domain.txt")
		page := b.URL.RequestURI()
		names.Say("_sekisho-challenge.acme.example")
		b.Press("Look for the record").See("domain.unproved")
		_, rest, _ := strings.Cut(b.Text(), "sekisho-domain-verification=")
		names.Say("_sekisho-challenge.acme.example", "sekisho-domain-verification="+strings.Fields(rest)[0])
		b.Press("Look for the record").See("It is proved")
		b.Press("Let them join").See("People with an address in it can join now")
		b.Press("Stop it").See("Nobody joins by it")
		b.Open("/admin/domains").See("acme.example", "Proved").Fill("Domain", "acme.example").Press("Add a domain").See("domain.already_added")
		// It is shown to who is invited.
		_, link := h.invites(operator, newcomer, org.Plain)
		w.Browser("192.0.2.3").Open(link).See("has proved acme.example")
		b.Open(page).Press("Remove the domain").Press("Remove the domain").See("The domain is removed")
		w.Browser("192.0.2.3").Open(link).Miss("acme.example")
		// A web site that leads inside is not read.
		b.Open("/admin/domains").Fill("Domain", "inner.example").Press("Add a domain")
		names.Lead("inner.example", [4]byte{127, 0, 0, 1})
		b.Press("Look for the file").See("domain.inner")
		h.member(hana, org.Auditor)
		h.signedIn(hana).Open("/admin/domains").See("org.forbidden")
	})
}

func TestADomainIsOneOrganisations(t *testing.T) {
	withNames(t, func(t *testing.T, w *apptest.World, names *apptest.Names) {
		h, o, ctx := found(t, w, "Acme", "owner@example.com"), found(t, w, "Umbrella", "boss@example.com"), t.Context()
		// A claim blocks nobody, and one organisation's record proves nothing for another.
		a, err := h.AddDomain(ctx, operator, h.id, "shared.example")
		h.must(err)
		b, err := o.AddDomain(ctx, operator, o.id, "shared.example")
		h.must(err)
		if a.Token == b.Token {
			t.Fatal("both are asked for the same")
		}
		names.Say(site.Label+"shared.example", site.Proof(a.Token))
		if _, err := o.ProveDomain(ctx, operator, o.id, b.Name, site.DNS); code(err) != "domain.unproved" {
			t.Errorf("another's record: %v", err)
		}
		// Both at once, and one has it.
		names.Say(site.Label+"shared.example", site.Proof(a.Token), site.Proof(b.Token))
		other := w.Another()
		var all sync.WaitGroup
		errs := make([]error, 2)
		all.Go(func() { _, errs[0] = h.ProveDomain(ctx, operator, h.id, a.Name, site.DNS) })
		all.Go(func() { _, errs[1] = other.Govern.ProveDomain(ctx, operator, o.id, b.Name, site.DNS) })
		all.Wait()
		if got := code(errs[0]) + code(errs[1]); got != "domain.taken" {
			t.Errorf("got %v and %v", errs[0], errs[1])
		}
		// Another organisation's is not there.
		if err := o.RemoveDomain(ctx, o.by(o.owner), o.id, string(a.ID)); code(err) != "org.not_found" {
			t.Errorf("got %v", err)
		}
		for i := range 40 {
			_, err := h.AddDomain(ctx, operator, h.id, fmt.Sprintf("d%d.example", i))
			if want := map[bool]string{true: "domain.full"}[i >= org.MostDomains-1]; code(err) != want {
				t.Fatalf("domain %d: got %v, want %q", i, err, want)
			}
		}
		// Looking costs others' servers something.
		n := 0
		for range govern.LooksAnHour + 5 {
			if _, err := h.ProveDomain(ctx, operator, h.id, "d1.example", site.DNS); code(err) == "domain.limit" {
				n++
			}
		}
		if n < 5 {
			t.Errorf("looked as often as it liked: %d refused", n)
		}
	})
}

func TestAProofThatGoesClosesTheDomain(t *testing.T) {
	withNames(t, func(t *testing.T, w *apptest.World, names *apptest.Names) {
		h, o, ctx := found(t, w, "Acme", "owner@example.com"), found(t, w, "Umbrella", "boss@example.com"), t.Context()
		d := h.proves(names, "gone.example", true)
		state := func() (d org.Domain) {
			w.View(func(tx db.ReadTx) (err error) { d, err = org.DomainOf(ctx, tx, h.id, "gone.example"); return err })
			return d
		}
		h.must(w.Govern.LookAgain(ctx))
		before := names.Asked(site.Label + "gone.example")
		w.Clock.Add(25 * time.Hour)
		h.must(w.Govern.LookAgain(ctx))
		h.must(w.Another().Govern.LookAgain(ctx))
		if got := names.Asked(site.Label+"gone.example") - before; got != 1 || !state().Opens() {
			t.Errorf("looked %d times, and it opens %v", got, state().Opens())
		}
		names.Say(site.Label + "gone.example")
		w.Clock.Add(25 * time.Hour)
		h.must(w.Govern.LookAgain(ctx))
		if state().Opens() || state().Verified.IsZero() {
			t.Errorf("got %+v", state())
		}
		if l := w.Mail("owner@example.com"); !strings.Contains(l.Subject, "The proof of gone.example is missing") {
			t.Errorf("the owner is told %s", l.Subject)
		}
		// It comes back, for a day.
		names.Say(site.Label+"gone.example", site.Proof(d.Token))
		w.Clock.Add(25 * time.Hour)
		h.must(w.Govern.LookAgain(ctx))
		if !state().Opens() {
			t.Errorf("got %+v", state())
		}
		names.Fail(true) // servers that answer nothing prove nothing
		defer names.Fail(false)
		for range 8 {
			w.Clock.Add(25 * time.Hour)
			h.must(w.Govern.LookAgain(ctx))
		}
		if s := state(); !s.Verified.IsZero() {
			t.Errorf("got %+v", s)
		}
		if l := w.Mail("owner@example.com"); !strings.Contains(l.Subject, "no longer proved") {
			t.Errorf("the owner is told %s", l.Subject)
		}
		names.Fail(false)
		o.proves(names, "gone.example", false)
	})
}

// OR-07: an address of a verified domain joins directly.
func TestAnAddressOfAProvedDomainJoins(t *testing.T) {
	withNames(t, func(t *testing.T, w *apptest.World, names *apptest.Names) {
		h := found(t, w, "Acme", "owner@example.com")
		h.proves(names, "acme.example", true)
		h.proves(names, "quiet.example", false)
		signsUp := func(address string) *apptest.Browser {
			b := w.Browser("192.0.2.1")
			b.Open("/signup").Fill("Name to show", "Nico New").Fill("E-mail", address).Press("Next").Fill("New password", apptest.Word).Press("Next")
			return b.Fill("Code", w.Code(address)).Press("Next")
		}
		// At sign-up, by consent, with the address that was proved a moment ago.
		b := signsUp("nico@acme.example").See("Join Acme?", "nico@acme.example", "close or delete the account")
		b.Press("Join").See("You are a member of Acme now", "Member")
		// It can be left; nobody is asked where it is off, or the domain is another.
		n := signsUp("mika@acme.example").Press("Go on without joining").See("Hello")
		n.Open("/me/rules").See("You can join Acme by your address")
		for _, who := range []string{"x@quiet.example", "x@sub.acme.example", "x@acme.example.net", "x@notacme.example"} {
			signsUp(who).Miss("Join Acme")
		}
		// An address that was proved long ago may be somebody else's by now: a link goes there.
		w.Clock.Add(2 * time.Hour)
		n.Signin("mika@acme.example", apptest.Word)
		n.Open("/invite/domain").See("a link to join is sent").Press("Send the link").See("The link is on its way")
		n.Open("/me/rules").Miss("Acme asks")
		link := w.Link("mika@acme.example")
		n.Open("/invite/domain").Press("Send the link").See("invitation.waits")
		n.Open(link).See("Yourself, by this address").Press("Join with an account you have").Press("Join").See("You are a member of Acme now")
		// Switched off meanwhile, a link that is out opens nothing.
		o := signsUp("late@acme.example")
		w.Clock.Add(2 * time.Hour)
		o.Signin("late@acme.example", apptest.Word)
		o.Open("/invite/domain").Press("Send the link").See("on its way")
		link = w.Link("late@acme.example")
		h.must(h.OpenDomain(t.Context(), operator, h.id, "acme.example", false))
		o.Open(link).See("Nobody can join with this invitation")
		o.Post("/invite/domain", url.Values{"org": {string(h.id)}}).See("domain.closed")
		o.Open("/me/rules").Miss("You can join")
	})
}

// Only an address that is proved counts, and one person's.
func TestAnAddressThatIsNotProvedJoinsNothing(t *testing.T) {
	withNames(t, func(t *testing.T, w *apptest.World, names *apptest.Names) {
		h, o := found(t, w, "Acme", "owner@example.com"), found(t, w, "Umbrella", "boss@example.com")
		h.proves(names, "acme.example", true)
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		b.Open("/me/addresses/new").Fill("E-mail", "victim@acme.example").Press("Send").See("code")
		b.Open("/me/rules").Miss("You can join")
		b.Post("/invite/domain", url.Values{"org": {string(h.id)}}).See("domain.closed")
		// What somebody agrees to is one organisation, not another whose domain it came to be.
		b.Post("/invite/domain", url.Values{"org": {string(o.id)}}).See("domain.closed")
		b.Post("/invite/domain", url.Values{"org": {"org_nonsense"}}).See("domain.closed")
		// Proved, it joins.
		b.Open("/me/addresses").Press("victim@acme.example")
		w.Update(func(tx db.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE identifier SET confirmed = $1, shared = 1 WHERE norm = 'victim@acme.example'`, tx.Now())
			return err
		})
		b.Open("/me/rules").Miss("You can join") // several people read it
		w.Update(func(tx db.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE identifier SET shared = 0 WHERE norm = 'victim@acme.example'`)
			return err
		})
		b.Open("/me/rules").See("You can join Acme")
		// A session that was left open joins nothing.
		w.Clock.Add(11 * time.Minute)
		b.Post("/invite/domain", url.Values{"org": {string(h.id)}}).See("session.fresh_required")
	})
}

func TestAPIJoinsByADomain(t *testing.T) {
	withNames(t, func(t *testing.T, w *apptest.World, names *apptest.Names) {
		h := found(t, w, "Acme", "owner@example.com")
		h.proves(names, "acme.example", true)
		w.Settle("nico@acme.example")
		w.Settle(hana)
		type mine struct {
			Organisation, Name, Role string
			Offered                  struct {
				Organisation, Address string
				Direct                bool
			}
		}
		p, k := w.Program("192.0.2.1"), w.Program("192.0.2.2")
		p.Signin("nico@acme.example", apptest.Word)
		k.Signin(hana, apptest.Word)
		var m, n mine
		k.Call("GET", "/api/v1/me/organisation", nil).Want(200, "").Into(&n)
		p.Call("GET", "/api/v1/me/organisation", nil).Want(200, "").Into(&m)
		if n != (mine{}) || m.Offered.Organisation != string(h.id) || !m.Offered.Direct {
			t.Fatalf("got %+v and %+v", n, m)
		}
		k.Call("POST", "/api/v1/me/organisation/domain", map[string]any{"organisation": h.id}).Want(403, "domain.closed")
		p.Call("POST", "/api/v1/me/organisation/domain", map[string]any{"organisation": "org_nonsense"}).Want(403, "domain.closed")
		var j struct{ Joined bool }
		p.Call("POST", "/api/v1/me/organisation/domain", map[string]any{"organisation": h.id}).Want(200, "").Into(&j)
		p.Call("GET", "/api/v1/me/organisation", nil).Want(200, "").Into(&m)
		if !j.Joined || m.Name != "Acme" || m.Role != org.Plain {
			t.Errorf("got %+v %+v", j, m)
		}
	})
}

func TestAPIKeepsDomains(t *testing.T) {
	withNames(t, func(t *testing.T, w *apptest.World, names *apptest.Names) {
		found(t, w, "Acme", "owner@example.com")
		p := w.Program("192.0.2.1")
		p.Signin("owner@example.com", apptest.Word)
		var d struct {
			ID, Record, Value string
			Verified          bool
		}
		p.Call("POST", "/api/v1/org/domains", map[string]any{"domain": "co.jp"}).Want(400, "domain.shared")
		p.Call("POST", "/api/v1/org/domains", map[string]any{"domain": "関所.example"}).Want(200, "").Into(&d)
		p.Call("POST", "/api/v1/org/domains/"+d.ID+"/prove", map[string]any{"how": "dns"}).Want(409, "domain.unproved")
		p.Call("POST", "/api/v1/org/domains/"+d.ID+"/prove", map[string]any{"how": "word"}).Want(400, "request.malformed")
		p.Call("PUT", "/api/v1/org/domains/"+d.ID, map[string]any{"joins": true}).Want(404, "org.not_found")
		names.Say(d.Record, d.Value)
		p.Call("POST", "/api/v1/org/domains/"+d.ID+"/prove", map[string]any{"how": "dns"}).Want(200, "").Into(&d)
		if !d.Verified {
			t.Errorf("got %+v", d)
		}
		p.Call("PUT", "/api/v1/org/domains/"+d.ID, map[string]any{"joins": true}).Want(204, "")
		p.Call("GET", "/api/v1/org/domains", nil).Want(200, "")
		p.Call("DELETE", "/api/v1/org/domains/"+d.ID, nil).Want(204, "")
		names.Say(d.Record)
	})
}

// OR-02, OR-07: whoever was put out comes back by an invitation.
func TestWhoWasPutOutDoesNotComeBackByTheirAddress(t *testing.T) {
	withNames(t, func(t *testing.T, w *apptest.World, names *apptest.Names) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		h.proves(names, "acme.example", true)
		nico := h.member("nico@acme.example", org.Plain)
		b := h.signedIn("nico@acme.example")
		w.Clock.Add(time.Second)
		h.must(h.Remove(ctx, operator, h.id, nico.ID))
		b.Open("/me/rules").Miss("You can join")
		b.Post("/invite/domain", url.Values{"org": {string(h.id)}}).See("domain.closed")
		// Invited, they are in again; and who left by their own will may change their mind.
		w.Clock.Add(time.Second)
		_, link := h.invites(operator, "nico@acme.example", org.Plain)
		b.Open(link).Press("Join with").Press("Join").See("You are a member of Acme now")
		w.Clock.Add(time.Second)
		b.Open("/me/rules").Press("Leave this organisation").Press("Leave").See("You left the organisation")
		b.Open("/me/rules").See("You can join Acme")
		// A deactivated member who says that joining was not them is out, and stays out.
		w.Clock.Add(time.Second)
		since := w.Clock.Now()
		h.must(h.Add(ctx, operator, h.id, nico.ID, org.Plain))
		w.Clock.Add(time.Second)
		_, err := h.Deactivate(ctx, operator, h.id, nico.ID)
		h.must(err)
		w.Update(func(tx db.Tx) error {
			a, err := account.Lock(ctx, tx, nico.ID)
			if err != nil {
				return err
			}
			return w.Entry.Contain(ctx, tx, flow.Visitor{}, a, since)
		})
		if _, is := h.membership(nico.ID); is {
			t.Fatal("still a member")
		}
		w.View(func(tx db.ReadTx) error {
			out, err := w.Entry.PutOut(ctx, tx, h.id, nico.ID)
			if err == nil && !out {
				t.Error("a deactivated member comes back by their address")
			}
			return err
		})
	})
}
