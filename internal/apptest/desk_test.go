package apptest_test

import (
	"bytes"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/command"
	"sekisho/internal/db"
	"sekisho/internal/flow/desk"
	"sekisho/internal/flow/govern"
	"sekisho/internal/gate"
	"sekisho/internal/i18n"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/ticket"
)

const reach = "hana.elsewhere@example.net"

// askDesk opens and confirms a ticket as a person does, and gives its page.
func askDesk(w *apptest.World, from, who, contact, words string) *apptest.Browser {
	w.T.Helper()
	w.Clock.Add(time.Second) // of two in one instant neither is the later one
	b := w.Browser(from).Open("/desk").Fill("The name you sign in with", who).Fill("An e-mail address", contact).Fill("What happened", words).Press("Send")
	b.See("Confirm how to reach you").Fill("Code from the mail", w.Code(contact)).Press("Confirm")
	if err := w.TellDesk(w.T.Context()); err != nil {
		w.T.Fatal(err)
	}
	return b
}

// lastTicket is the ticket that was opened last.
func lastTicket(w *apptest.World) (t ticket.Ticket) {
	w.T.Helper()
	w.View(func(tx db.ReadTx) error {
		var id ref.Ticket
		if err := tx.QueryRow(w.T.Context(), `SELECT id FROM ticket ORDER BY id DESC LIMIT 1`).Scan(&id); err != nil {
			return err
		}
		var err error
		t, err = ticket.Of(w.T.Context(), tx, id)
		return err
	})
	return t
}

// checkedBy makes every check of a ticket.
func (h house) checkedBy(at govern.At, id ref.Ticket) {
	h.t.Helper()
	ctx := h.t.Context()
	h.must(h.TakeOn(ctx, at, id, i18n.En))
	for n := 1; n <= 3; n++ {
		h.must(h.Tick(ctx, at, id, ticket.Check{Position: n, Note: "called back"}))
	}
}

func (h house) at(a account.Account) govern.At { return govern.At{By: h.by(a)} }

func codeOf(err error) string {
	if f := govern.Told(err); f != nil {
		return f.Code()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// Somebody who lost everything is helped by two people, after a day in which the owner
// can stop it, once.
func TestTheDeskLeadsBackInByTwoPeopleAndADay(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		member := h.member(hana, org.Plain)
		w.Protect(member, gate.TOTP)
		h.member("mika@example.com", org.Desk)
		h.member("ken@example.com", org.Desk)
		b := askDesk(w, "192.0.2.1", hana, reach, "my phone is gone").See("The desk has your ticket")
		if !strings.Contains(w.Mail(hana).Text, "asks for help") || !strings.Contains(w.Mail("mika@example.com").Text, "/admin/desk/ticket?id=") {
			t.Error("the owner and the desk are not told")
		}
		mika := w.Browser("192.0.2.2")
		mika.Signin("mika@example.com", apptest.Word)
		mika.Open(w.Link("mika@example.com")).See("my phone is gone", reach).Press("Begin").See("I called back")
		for range 3 {
			mika.Fill("How you checked", "spoke to them").Press("Checked")
		}
		mika.See("Somebody who did not check approves").Miss("Read the notes")
		id := lastTicket(w).ID
		if got := codeOf(h.ApproveTicket(t.Context(), h.at(mustFind(w, "mika@example.com")), id)); got != "desk.same_person" {
			t.Errorf("who checked approves: %q", got)
		}
		w.Clock.Add(time.Second)
		ken := w.Browser("192.0.2.3")
		ken.Signin("ken@example.com", apptest.Word)
		ken.Open("/admin/desk").See(hana).Open("/admin/desk/ticket?id=" + string(id)).Press("Approve").See("Approved")
		if !strings.Contains(w.Mail(hana).Text, "agreed to hand out one backup code") {
			t.Errorf("the owner is not told of the approval:\n%s", w.Mail(hana).Text)
		}
		b.Open(b.URL.RequestURI()).See("Approved")
		if strings.Contains(w.Mail(reach).Text, "/desk/take") {
			t.Fatal("the link to take the code is out before the wait is over")
		}
		w.Clock.Add(24*time.Hour + time.Second)
		take := w.Link(reach)
		got := w.Browser("192.0.2.4").Open(take).Press("Show the code").See("Your backup code")
		given := digits(got.Text())
		w.Browser("192.0.2.4").Open(take).See("Nothing more can be done")
		if !told(w, "issued one backup code for you") {
			t.Error("the owner is not told that it was taken")
		}
		byBackup(w, "192.0.2.5", given).See("Set up your factors anew")
		b.Open(b.URL.RequestURI()).See("Done")
		mika.Signin("mika@example.com", apptest.Word)
		mika.Open("/admin/desk?show=over").See(hana)
		kinds := map[string]bool{}
		for _, row := range w.Audit() {
			if row.Account == member.ID {
				kinds[row.Kind] = true
			}
		}
		for _, k := range []string{"ticket.opened", "ticket.taken_on", "ticket.checked", "ticket.approved", "ticket.taken", "backup.issued", "backup.used"} {
			if !kinds[k] {
				t.Errorf("no audit row tells of %s", k)
			}
		}
	})
}

// digits is the twelve-digit code of a page.
func digits(text string) string {
	words := strings.Fields(text)
	for i := 0; i+2 < len(words); i++ {
		all := words[i] + words[i+1] + words[i+2]
		if len(all) == 12 && strings.Trim(all, "0123456789") == "" {
			return all
		}
	}
	return ""
}

func mustFind(w *apptest.World, who string) (a account.Account) {
	w.T.Helper()
	id, err := account.Parse(who)
	if err != nil {
		w.T.Fatal(err)
	}
	w.View(func(tx db.ReadTx) (err error) {
		a, err = account.Find(w.T.Context(), tx, id)
		return err
	})
	return a
}

// The owner stops a ticket out of any mail and from any session, also after the approval.
func TestTheOwnerStopsATicket(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		member := h.member(hana, org.Plain)
		kit := w.Protect(member, gate.TOTP)
		first, second := h.at(h.member("mika@example.com", org.Desk)), h.at(h.member("ken@example.com", org.Desk))
		askDesk(w, "192.0.2.1", hana, reach, "help")
		w.Browser("192.0.2.9").Open(w.Link(hana)).Press("Stop it").See("Stopped")
		if got := codeOf(h.TakeOn(ctx, first, lastTicket(w).ID, i18n.En)); got != "desk.over" {
			t.Errorf("a stopped ticket goes on: %q", got)
		}
		b := askDesk(w, "192.0.2.1", hana, reach, "help again")
		id := lastTicket(w).ID
		h.checkedBy(first, id)
		h.must(h.ApproveTicket(ctx, second, id))
		own := w.Browser("192.0.2.8").Signin(hana, apptest.Word).Fill("Six-digit", kit.App()).Press("Next")
		own.Open("/me").See("Somebody asks support").Open("/me/tickets").See("Approved").Press("Stop").See("No code is handed out")
		w.Clock.Add(25 * time.Hour)
		if strings.Contains(w.Mail(reach).Text, "/desk/take") {
			t.Error("the link to take the code is sent after the owner stopped it")
		}
		b.Open(b.URL.RequestURI()).See("Closed")
		// Another's session stops nothing of theirs.
		askDesk(w, "192.0.2.2", hana, "third@example.net", "help")
		other := w.Browser("192.0.2.7").Signin("mika@example.com", apptest.Word)
		other.Post("/me/tickets/stop", map[string][]string{"id": {string(lastTicket(w).ID)}})
		if got := lastTicket(w).State; got != ticket.Open {
			t.Errorf("another stopped it: %s", got)
		}
	})
}

// Strangers see the same whether or not there is an account, and who is asked is decided
// inside.
func TestATicketTellsStrangersNothing(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		h.member(hana, org.Plain)
		w.Settle("alone@example.com")
		page := func(who, contact, from string) string {
			b := askDesk(w, from, who, contact, "help")
			text := b.Text()
			for _, x := range []string{who, string(lastTicket(w).ID), "09:00"} {
				text = strings.ReplaceAll(text, x, "")
			}
			return text
		}
		member := page(hana, "a@example.net", "192.0.2.1")
		for i, who := range []string{"alone@example.com", "nobody@example.com"} {
			if got := page(who, string(rune('b'+i))+"@example.net", "192.0.2.1"); got != member {
				t.Errorf("%s: got\n%s\nwant\n%s", who, got, member)
			}
		}
		o, none := inDesk(w, h.id), inDesk(w, "")
		if o != 1 || none != 2 {
			t.Errorf("the organisation has %d and the operator %d", o, none)
		}
	})
}

func inDesk(w *apptest.World, o ref.Org) int {
	w.T.Helper()
	list, err := (&govern.Govern{Entry: w.Entry}).Tickets(w.T.Context(), o, false, "")
	if err != nil {
		w.T.Fatal(err)
	}
	return len(list)
}

// Of two who decide at once, on two nodes, one does; and the code is taken once.
func TestATicketIsDecidedAndTakenOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		w.Protect(h.member(hana, org.Plain), gate.TOTP)
		first, second := h.at(h.member("mika@example.com", org.Desk)), h.at(h.member("ken@example.com", org.Desk))
		nodes := [2]*apptest.World{w, w.Another()}
		on := func(at *apptest.World) *govern.Govern { return &govern.Govern{Entry: at.Entry} }

		askDesk(w, "192.0.2.1", hana, reach, "help")
		id := lastTicket(w).ID
		once(t, "begun", nodes, func(at *apptest.World, _ int) bool { return on(at).TakeOn(ctx, first, id, i18n.En) == nil })
		for n := 1; n <= 3; n++ {
			once(t, "ticked", nodes, func(at *apptest.World, _ int) bool {
				return on(at).Tick(ctx, first, id, ticket.Check{Position: n, Note: "x"}) == nil
			})
		}
		once(t, "approved", nodes, func(at *apptest.World, _ int) bool { return on(at).ApproveTicket(ctx, second, id) == nil })
		w.Clock.Add(24*time.Hour + time.Second)
		pickup := strings.TrimPrefix(w.Link(reach), "/desk/take?p=")
		var out atomic.Int32
		first, second = h.at(mustFind(w, "mika@example.com")), h.at(mustFind(w, "ken@example.com"))
		crowd(8, func(i int) {
			at := nodes[i%2]
			if i%4 < 2 {
				if _, _, f, err := (&desk.Desk{Entry: at.Entry}).Take(ctx, pickup); err == nil && f == nil {
					out.Add(1)
				}
			} else if _, _, err := on(at).ReadOut(ctx, first, id); err == nil {
				out.Add(1)
			}
		})
		if got := out.Load(); got != 1 {
			t.Errorf("taken %d times, want once", got)
		}
		// Approved and refused at once: the refusal stands, whichever came first.
		askDesk(w, "192.0.2.1", hana, "again@example.net", "help")
		id = lastTicket(w).ID
		h.checkedBy(first, id)
		var yes, no atomic.Int32
		crowd(8, func(i int) {
			g := on(nodes[i%2])
			if i%4 < 2 && g.ApproveTicket(ctx, second, id) == nil {
				yes.Add(1)
			} else if i%4 >= 2 && g.RefuseTicket(ctx, second, id, "no") == nil {
				no.Add(1)
			}
		})
		if yes.Load() > 1 || no.Load() != 1 || lastTicket(w).State != ticket.Refused {
			t.Errorf("approved %d times, refused %d, and it is %s", yes.Load(), no.Load(), lastTicket(w).State)
		}
	})
}

// Confirming is once as well, and no more than a few tickets for one name are under way,
// however many are confirmed at once.
func TestTicketsForOneNameAreFew(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		nodes := [2]*apptest.World{w, w.Another()}
		var links, codes [8]string
		for i := range links {
			contact := string(rune('a'+i)) + "@example.net"
			b := w.Browser("192.0.2.1").Open("/desk?hint="+hana).Fill("An e-mail address", contact).Fill("What happened", "x").Press("Send")
			links[i], codes[i] = strings.TrimPrefix(b.URL.RequestURI(), "/desk/ticket?t="), w.Code(contact)
		}
		var open, many atomic.Int32
		crowd(8, func(i int) {
			got, f, err := (&desk.Desk{Entry: nodes[i%2].Entry}).Confirm(t.Context(), links[i], codes[i])
			switch {
			case err == nil && f == nil && got.State == ticket.Open:
				open.Add(1)
			case f != nil && f.Code() == "desk.many":
				many.Add(1)
			}
		})
		if open.Load() != desk.AtOnce || many.Load() != 8-desk.AtOnce {
			t.Errorf("opened %d and kept out %d", open.Load(), many.Load())
		}
	})
}

// Nobody floods the desk or a mailbox, guesses a link or code, or sends a book.
func TestTheDeskIsNotFlooded(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		d, ctx := &desk.Desk{Entry: w.Entry}, t.Context()
		b := w.Browser("192.0.2.1").Open("/desk")
		b.Fill("The name you sign in with", hana).Fill("An e-mail address", reach).Fill("What happened", strings.Repeat("長", 2001)).Press("Send").Want(400).See("This text cannot be sent")
		b.Post("/desk", map[string][]string{"identifier": {hana}, "contact": {reach}, "words": {strings.Repeat("x", 1<<20)}}).Want(413)
		for _, bad := range []string{"", " \n", "a\u202eb", "a\x00b"} {
			b.Post("/desk", map[string][]string{"identifier": {hana}, "contact": {reach}, "words": {bad}}).Want(400)
		}
		b.Post("/desk", map[string][]string{"identifier": {hana}, "contact": {"+819012345678"}, "words": {"x"}}).Want(400).See("does not read")
		open := func(from, contact string) string {
			return w.Browser(from).Post("/desk", map[string][]string{"identifier": {hana}, "contact": {contact}, "words": {"x"}}).URL.RequestURI()
		}
		for range 5 {
			open("192.0.2.1", reach)
		}
		before := len(w.Mails())
		w.Browser("192.0.2.99").Post("/desk", map[string][]string{"identifier": {hana}, "contact": {reach}, "words": {"x"}}).Want(429)
		if len(w.Mails()) != before {
			t.Error("a sixth mail goes to one mailbox within the hour")
		}
		for i := range desk.OpensAnHour - 5 {
			open("192.0.2.1", "x"+strings.Repeat("y", i)+"@example.net")
		}
		w.Browser("192.0.2.1").Post("/desk", map[string][]string{"identifier": {hana}, "contact": {"zz@example.net"}, "words": {"x"}}).Want(429).See("Too many tickets came from this network")
		// The code is guessed at ten times, and the right one is of no use afterwards.
		link := strings.TrimPrefix(open("198.51.100.1", "guess@example.net"), "/desk/ticket?t=")
		right := w.Code("guess@example.net")
		for range 10 {
			if _, f, err := d.Confirm(ctx, link, "000000x"); err != nil || f == nil || f.Code() != "desk.code_wrong" {
				t.Fatalf("got %v %v", f, err)
			}
		}
		if _, f, err := d.Confirm(ctx, link, right); err != nil || f == nil {
			t.Errorf("the code counts after ten guesses: %v", err)
		}
		for _, guess := range []string{"", "x", strings.Repeat("A", 43), link[:42] + "x", "' OR 1=1 --"} {
			if _, f, err := d.Look(ctx, guess); err != nil || f == nil || f.Code() != "desk.unknown" {
				t.Errorf("%q leads somewhere: %v %v", guess, f, err)
			}
			if _, f, err := d.LookTake(ctx, guess); err != nil || f == nil {
				t.Errorf("%q is taken", guess)
			}
			if _, err := d.LookStop(ctx, guess); !errors.Is(err, db.ErrNone) {
				t.Errorf("%q stops something", guess)
			}
		}
		// Within the hour nobody who did not confirm is told of.
		w.Clock.Add(2 * time.Hour)
		if err := w.Purge(ctx); err != nil {
			t.Fatal(err)
		}
		w.View(func(tx db.ReadTx) error {
			var n int64
			err := tx.QueryRow(ctx, `SELECT count(*) FROM ticket`).Scan(&n)
			if n != 0 {
				t.Errorf("%d tickets that nobody confirmed are kept", n)
			}
			return err
		})
	})
}

// What somebody wrote is shown to the desk as text, and goes into no mail.
func TestMarkupInATicketIsText(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		h.member(hana, org.Plain)
		const evil = `<img src=x onerror=alert(1)><script>alert(2)</script>`
		b := w.Browser("192.0.2.1").Open("/desk").Fill("The name you sign in with", hana).Fill("An e-mail address", reach).Fill("What happened", evil).Press("Send")
		b.Fill("Code from the mail", w.Code(reach)).Press("Confirm")
		if err := w.TellDesk(t.Context()); err != nil {
			t.Fatal(err)
		}
		admin := w.Browser("192.0.2.2")
		admin.Signin("owner@example.com", apptest.Word)
		admin.Open("/admin/desk/ticket?id=" + string(lastTicket(w).ID)).See(evil)
		for _, m := range w.Mails() {
			if strings.Contains(m.Text+m.HTML, "alert") {
				t.Errorf("the mail %q to %s carries what a stranger wrote", m.Subject, m.To)
			}
		}
	})
}

// Who may handle a ticket: the organisation's own, over nobody who holds more, never about
// themselves; and the operator for whoever is in none.
func TestWhoHandlesATicket(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, other, ctx := found(t, w, "Acme", "owner@example.com"), found(t, w, "Other", "else@example.com"), t.Context()
		member := h.member(hana, org.Plain)
		w.Protect(member, gate.TOTP)
		help, auditor := h.at(h.member("mika@example.com", org.Desk)), h.at(h.member("audit@example.com", org.Auditor))
		askDesk(w, "192.0.2.1", hana, reach, "help")
		id := lastTicket(w).ID
		for name, x := range map[string]struct {
			at   govern.At
			want string
		}{"another organisation": {other.at(other.owner), "org.not_found"}, "an auditor": {auditor, "org.forbidden"}, "nobody": {govern.At{}, "org.not_found"}} {
			if got := codeOf(h.TakeOn(ctx, x.at, id, i18n.En)); got != x.want {
				t.Errorf("%s: got %q, want %q", name, got, x.want)
			}
		}
		if _, err := h.Ticket(ctx, other.id, id); !errors.Is(err, db.ErrNone) {
			t.Errorf("another organisation reads it: %v", err)
		}
		// Who left the organisation is its business no more.
		h.must(h.Remove(ctx, operator, h.id, member.ID))
		if got := codeOf(h.TakeOn(ctx, help, id, i18n.En)); got != "org.not_found" || inDesk(w, "") != 1 {
			t.Errorf("got %q", got)
		}
		one, two := govern.At{By: operator, Person: "naoki"}, govern.At{By: operator, Person: "aya"}
		h.checkedBy(one, id)
		if got := codeOf(h.ApproveTicket(ctx, one, id)); got != "desk.same_person" {
			t.Errorf("who checked at the terminal approves there: %q", got)
		}
		h.must(h.ApproveTicket(ctx, two, id))
		// The help desk does not let an owner in, and nobody themselves.
		askDesk(w, "192.0.2.1", "owner@example.com", "boss@example.net", "help")
		if got := codeOf(h.TakeOn(ctx, help, lastTicket(w).ID, i18n.En)); got != "org.forbidden" {
			t.Errorf("the help desk handles an owner's: %q", got)
		}
		if got := codeOf(h.TakeOn(ctx, h.at(h.owner), lastTicket(w).ID, i18n.En)); got != "desk.same_person" {
			t.Errorf("an owner handles their own: %q", got)
		}
		h.must(h.TakeOn(ctx, one, lastTicket(w).ID, i18n.En))
	})
}

// What is not checked, would open nothing, or came too late is not approved; and what the
// owner did meanwhile ends it.
func TestATicketIsNotApprovedOrTakenForNothing(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		member := h.member(hana, org.Plain)
		mika, ken := h.member("mika@example.com", org.Desk), h.member("ken@example.com", org.Desk)
		first, second := h.at(mika), h.at(ken)
		askDesk(w, "192.0.2.1", hana, reach, "help")
		id := lastTicket(w).ID
		h.must(h.TakeOn(ctx, first, id, i18n.En))
		if got := codeOf(h.ApproveTicket(ctx, second, id)); got != "desk.unchecked" {
			t.Errorf("unchecked: %q", got)
		}
		for n := 1; n <= 3; n++ {
			h.must(h.Tick(ctx, first, id, ticket.Check{Position: n, Note: "x"}))
		}
		if got := codeOf(h.ApproveTicket(ctx, second, id)); got != "desk.no_factor" {
			t.Errorf("without a second factor: %q", got)
		}
		w.Protect(member, gate.TOTP)
		h.must(h.ApproveTicket(ctx, second, id))
		if _, _, err := h.ReadOut(ctx, first, id); codeOf(err) != "desk.not_ready" {
			t.Errorf("read out before the wait is over: %v", err)
		}
		w.Clock.Add(24*time.Hour + time.Second)
		if _, _, err := h.ReadOut(ctx, h.at(ken), id); codeOf(err) != "org.forbidden" {
			t.Errorf("read out by who did not check: %v", err)
		}
		// A new password is the owner's sign that they are in.
		w.Update(func(tx db.Tx) error { return account.Close(ctx, tx, member.ID) })
		if _, _, err := h.ReadOut(ctx, h.at(mika), id); codeOf(err) != "desk.over" {
			t.Errorf("taken after the account changed: %v", err)
		}
		askDesk(w, "192.0.2.1", hana, "late@example.net", "help")
		id = lastTicket(w).ID
		h.checkedBy(h.at(mika), id)
		w.Clock.Add(7*24*time.Hour + time.Second)
		if got := codeOf(h.ApproveTicket(ctx, h.at(ken), id)); got != "desk.over" {
			t.Errorf("after its time: %q", got)
		}
		if err := w.Purge(ctx); err != nil {
			t.Fatal(err)
		}
		if got := lastTicket(w).State; got != ticket.Expired {
			t.Errorf("it is %s", got)
		}
	})
}

// At the terminal two people are told apart by who they say they are.
func TestTheTerminalHandlesTickets(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Protect(w.Settle(hana), gate.TOTP)
		askDesk(w, "192.0.2.1", hana, reach, "my phone is gone")
		id := string(lastTicket(w).ID)
		run := func(want int, args ...string) string {
			t.Helper()
			var out, errs bytes.Buffer
			if got := command.Main(t.Context(), args, w.Environ(), &out, &errs); got != want {
				t.Fatalf("%v ended with %d, want %d: %s", args, got, want, &errs)
			}
			return out.String() + errs.String()
		}
		// The terminal's own clock is the machine's: it stands years after the test's.
		w.Update(func(tx db.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE ticket SET ends = $1`, time.Now().Add(100*24*time.Hour))
			return err
		})
		if got := run(0, "desk", "list"); !strings.Contains(got, id) || !strings.Contains(got, hana) {
			t.Errorf("got %s", got)
		}
		run(command.NotThere, "desk", "begin", "tic_nothing", "--as", "naoki")
		run(command.Usage, "desk", "begin", id, "--as", " ")
		run(0, "desk", "checks", "One thing", "Another thing")
		run(0, "desk", "begin", id, "--as", "naoki")
		run(0, "desk", "check", id, "1", "called back", "--as", "naoki")
		if got := run(command.Failed, "desk", "approve", id, "--as", "aya"); !strings.Contains(got, "not been checked") {
			t.Errorf("got %s", got)
		}
		run(0, "desk", "check", id, "2", "saw them", "--as", "naoki")
		if got := run(command.Failed, "desk", "approve", id, "--as", "Naoki"); !strings.Contains(got, "Somebody else has to approve") {
			t.Errorf("got %s", got)
		}
		run(0, "desk", "approve", id, "--as", "aya")
		if got := run(command.Failed, "desk", "code", id, "--as", "naoki"); !strings.Contains(got, "not ready") {
			t.Errorf("got %s", got)
		}
		if got := run(0, "desk", "show", id); !strings.Contains(got, "operator:aya") || !strings.Contains(got, "Another thing") {
			t.Errorf("got %s", got)
		}
		run(0, "desk", "refuse", id, "it was somebody else", "--as", "aya")
		if got := run(0, "desk", "list", "--over"); !strings.Contains(got, "refused") {
			t.Errorf("got %s", got)
		}
		run(0, "desk", "checks", "--default")
	})
}
