package apptest_test

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/flow"
	"sekisho/internal/flow/govern"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
)

const newcomer = "newcomer@example.net"

// invites invites an address as the operator, and gives the link's path.
func (h house) invites(by govern.By, address, role string, groups ...string) (org.Invitation, string) {
	h.t.Helper()
	i, err := h.Invite(h.t.Context(), by, h.id, govern.Asked{Address: address, Role: role, Groups: groups})
	h.must(err)
	return i, h.w.Link(address)
}

func (h house) membership(a ref.Account) (m org.Member, is bool) {
	h.t.Helper()
	h.w.View(func(tx db.ReadTx) (err error) {
		m, err = org.MemberOf(h.t.Context(), tx, h.id, a)
		if errors.Is(err, db.ErrNone) {
			return nil
		}
		is = err == nil
		return err
	})
	return m, is
}

// signups opens a link in a new browser and joins with a new account.
func signups(w *apptest.World, link string) *apptest.Browser {
	b := w.Browser("203.0.113.7")
	b.Open(link).Press("Make an account")
	return b.Fill("Name", "Nico New").Fill("New password", apptest.Word).Press("Make the account")
}

func code(err error) string {
	if f := govern.Told(err); f != nil {
		return f.Code()
	}
	return ""
}

func TestAnInvitationMakesAnAccountThatIsAMember(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		_, err := h.AddGroup(t.Context(), operator, h.id, "Sales")
		h.must(err)
		_, link := h.invites(h.by(h.owner), newcomer, org.Auditor, "Sales")
		if l := w.Mail(newcomer); strings.Contains(l.Text, "Hello Hana") || !strings.Contains(l.Text, "invited by “Hana Sato”") || !strings.Contains(l.Subject, "Acme") {
			t.Errorf("the mail says %q\n%s", l.Subject, l.Text)
		}
		// Programs that read mail open links: it costs nothing.
		for range 3 {
			w.Browser("198.51.100.1").Open(link).See("An invitation to Acme", "Hana Sato", "Auditor", "Sales", newcomer, "close or delete the account")
		}
		b := signups(w, link).See("Hello Nico New")
		b.Open("/me/rules").See("Acme", "Auditor", "Sales")
		b.Open("/me/addresses").See(newcomer, "primary")
		b.Open(link).See("no longer works").Want(410)
		h.w.View(func(tx db.ReadTx) error {
			list, err := org.Invitations(t.Context(), tx, h.id, org.Sought{State: org.Accepted, Limit: 9})
			if len(list) != 1 || list[0].Account == "" {
				t.Errorf("got %+v", list)
			}
			return err
		})
	}, "signup", "closed")
}

func TestAnAccountThatStandsJoinsByConsent(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		a := w.Settle(hana)
		_, link := h.invites(operator, "hana@work.example", org.Plain)
		b := w.Browser("192.0.2.1")
		w.Clock.Add(time.Minute)
		b.Open(link).See("The people who run this service").Press("Join with an account you have")
		// Signed in first; the page asks for consent, and for a fresh proof.
		b.See("E-mail, mobile")
		b.Fill("E-mail, mobile", hana).Press("Next").Fill("Password", apptest.Word).Press("Sign in").See("Join Acme?", "Hana Sato", hana)
		if _, is := h.membership(a.ID); is {
			t.Fatal("a member before it was said")
		}
		b.Press("Join").See("You are a member of Acme now")
		if m, is := h.membership(a.ID); !is || m.Role != org.Plain {
			t.Errorf("got %+v", m)
		}
		// Every address of the account hears of it, and the one that was invited.
		if l := w.Mail(hana); !strings.Contains(l.Text, "joined the organisation Acme") || !strings.Contains(l.Text, "/notice?n=") {
			t.Errorf("the account is told %s", l.Text)
		}
		if l := w.Mail("hana@work.example"); !strings.Contains(l.Text, "was accepted") {
			t.Errorf("the invited address is told %s", l.Text)
		}
		// The address is not made the account's own: the organisation reads it.
		b.Open("/me/addresses").Miss("work.example")
		b.Open("/me/activity").See("You joined an organisation")

		// Leaving by oneself.
		b.Open("/me/rules").Press("Leave this organisation").See("Leave Acme?").Press("Leave").See("You left the organisation")
		if _, is := h.membership(a.ID); is {
			t.Error("still a member")
		}
		o := w.Browser("192.0.2.2")
		o.Signin("owner@example.com", apptest.Word)
		o.Open("/me/rules/leave").Press("Leave").See("The last owner stays")
	})
}

// OR-16: checked when it is made and when it is used.
func TestAnInvitationGivesNothingThatItsInviterDoesNotHold(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		admin, desk := h.member("admin@example.com", org.Admin), h.member("desk@example.com", org.Desk)
		by := h.by(admin)
		if _, err := h.Invite(ctx, by, h.id, govern.Asked{Address: newcomer, Role: org.Owner}); code(err) != "org.forbidden" {
			t.Errorf("an admin invites an owner: %v", err)
		}
		if _, err := h.Invite(ctx, h.by(desk), h.id, govern.Asked{Address: newcomer}); code(err) != "org.forbidden" {
			t.Errorf("the help desk invites: %v", err)
		}
		role, err := h.AddRole(ctx, operator, h.id, "Clerk", []org.Permission{org.ReadMembers})
		h.must(err)
		void := func(link string) {
			t.Helper()
			w.Browser("203.0.113.9").Open(link).See("Nobody can join with this invitation")
		}
		i, link := h.invites(by, newcomer, "Clerk")
		w.Browser("203.0.113.9").Open(link).See("Clerk")
		// The role comes to hold more than the inviter does.
		w.Update(func(tx db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE org_role SET permissions = 'org.own' WHERE id = $1`, role.ID)
			return err
		})
		void(link)
		w.Update(func(tx db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE org_role SET permissions = 'members.read' WHERE id = $1`, role.ID)
			return err
		})
		// The inviter loses the role, between two pages of who joins.
		b := w.Browser("203.0.113.8")
		b.Open(link).Press("Make an account")
		h.must(h.SetRole(ctx, operator, h.id, admin.ID, org.Auditor))
		b.Fill("Name", "Nico").Fill("New password", apptest.Word).Press("Make the account").See("Nobody can join")
		void(link)
		h.must(h.SetRole(ctx, operator, h.id, admin.ID, org.Admin))
		if _, err := h.Deactivate(ctx, operator, h.id, admin.ID); err != nil {
			t.Fatal(err)
		}
		void(link)
		h.must(h.Remove(ctx, operator, h.id, admin.ID))
		void(link)
		// Somebody who may sends it anew, and is the one who invites from then on.
		_, err = h.Reinvite(ctx, h.by(h.owner), h.id, i.ID)
		h.must(err)
		w.Browser("203.0.113.9").Open(link).See("no longer works")
		signups(w, w.Link(newcomer)).See("Hello Nico New")
	})
}

func TestALinkIsSpentOnceAndEndsInTime(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		over := func(link string) {
			t.Helper()
			w.Browser("203.0.113.9").Open(link).Want(410).See("no longer works")
		}
		i, first := h.invites(operator, newcomer, org.Plain)
		for _, junk := range []string{"", "x", strings.Repeat("A", 43), strings.Repeat("A", 30_000), "%00", "日本語"} {
			over("/invite?c=" + junk)
		}
		// Sent anew the link before is over, and so is a journey that began with it.
		begun := w.Browser("203.0.113.6")
		begun.Open(first).Press("Make an account")
		for n := range 4 {
			_, err := h.Reinvite(ctx, operator, h.id, i.ID)
			if want := map[bool]string{true: "invitation.sends"}[n == 3]; code(err) != want {
				t.Errorf("send %d: got %v, want %q", n, err, want)
			}
		}
		over(first)
		begun.Fill("Name", "Nico").Fill("New password", apptest.Word).Press("Make the account").See("no longer works")
		last := w.Link(newcomer)
		// One an address.
		if _, err := h.Invite(ctx, operator, h.id, govern.Asked{Address: "NewComer@EXAMPLE.net"}); code(err) != "invitation.open" {
			t.Errorf("a second one: %v", err)
		}
		w.Clock.Add(7*day + time.Second)
		over(last)
		// An old one leaves room for a new one.
		_, next := h.invites(operator, newcomer, org.Plain)
		over(last)
		h.must(h.Revoke(ctx, operator, h.id, h.newest().ID))
		over(next)
		_, gone := h.invites(operator, newcomer, org.Plain)
		d := w.Browser("203.0.113.5")
		d.Open(gone).Press("Decline").See("Decline the invitation to Acme?").Press("Decline").See("You declined")
		over(gone)
		// The organisation itself is gone.
		_, orphan := h.invites(operator, "other@example.net", org.Plain)
		w.Update(func(tx db.Tx) error { _, err := tx.Exec(ctx, `DELETE FROM org WHERE id = $1`, h.id); return err })
		over(orphan)
	})
}

func (h house) newest() (i org.Invitation) {
	h.w.View(func(tx db.ReadTx) error {
		list, err := org.Invitations(h.t.Context(), tx, h.id, org.Sought{Limit: 1})
		i = list[0]
		return err
	})
	return i
}

func TestAnInvitationIsAcceptedOnceUnderLoad(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		other := w.Another()
		_, link := h.invites(operator, newcomer, org.Plain)
		const many = 6
		var browsers []*apptest.Browser
		for n := range many {
			b := w.Browser("192.0.2.1")
			if n%2 == 1 {
				b = b.At(other)
			}
			if n < 3 { // with accounts that stand, and with new ones
				who := string(rune('a'+n)) + "@example.com"
				w.Settle(who)
				b.Signin(who, apptest.Word)
				b.Open(link).Press("Join with an account you have").See("Join Acme?")
			} else {
				b.Open(link).Press("Make an account").Fill("Name", "Nico").Fill("New password", apptest.Word)
			}
			browsers = append(browsers, b)
		}
		var all sync.WaitGroup
		var in atomic.Int32
		for n, b := range browsers {
			all.Go(func() {
				if n < 3 {
					b.Press("Join")
				} else {
					b.Press("Make the account")
				}
				if b.Status == 200 && !strings.Contains(b.Text(), "no longer works") {
					in.Add(1)
				}
			})
		}
		all.Wait()
		members := int64(0)
		w.View(func(tx db.ReadTx) error {
			return tx.QueryRow(t.Context(), `SELECT count(*) FROM org_member WHERE org = $1`, h.id).Scan(&members)
		})
		if members != 2 || in.Load() != 1 {
			t.Errorf("%d members and %d who were let in, want the owner and one", members, in.Load())
		}
	})
}

// A forwarded link: it is the account's that has the address, whoever holds it.
func TestAForwardedLinkDoesNotTakeAnAccountsPlace(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		a, thief := w.Settle(hana), w.Settle("thief@example.com")
		_, link := h.invites(operator, hana, org.Admin)
		b := w.Browser("203.0.113.1")
		b.Signin("thief@example.com", apptest.Word)
		b.Open(link).Miss("Make an account")
		b.Press("Join with an account you have").Press("Join").See("This invitation is for another account")
		n := w.Browser("203.0.113.2")
		n.Post("/invite", url.Values{"c": {strings.TrimPrefix(link, "/invite?c=")}, "way": {"new"}})
		n.Fill("Name", "Thief").Fill("New password", apptest.Word).Press("Make the account").See("account.address_taken")
		if _, is := h.membership(thief.ID); is {
			t.Error("the thief is a member")
		}
		o := w.Browser("203.0.113.3")
		o.Signin(hana, apptest.Word)
		o.Open(link).Press("Join with an account you have").Press("Join").See("You are a member of Acme now")
		if m, _ := h.membership(a.ID); m.Role != org.Admin {
			t.Errorf("got %+v", m)
		}
		// Begun in one browser it goes on in no other.
		_, link = h.invites(operator, newcomer, org.Plain)
		one, two := w.Browser("203.0.113.4"), w.Browser("203.0.113.5")
		one.Open(link).Press("Make an account")
		two.Open(one.URL.RequestURI()).See("flow.other_browser")
	})
}

func TestAMemberElsewhereIsToldHowToGoOn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		o := found(t, w, "Umbrella", "boss@example.com")
		h.member(hana, org.Plain)
		_, link := o.invites(operator, hana, org.Plain)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		b.Open(link).Press("Join with").Press("Join").See("member of another organisation", "Leave the other organisation first").Press("See your organisation")
		b.Press("Leave this organisation").Press("Leave").See("You left")
		b.Open(link).Press("Join with").Press("Join").See("You are a member of Umbrella now")
		_, err := o.Invite(t.Context(), operator, o.id, govern.Asked{Address: hana})
		if code(err) != "invitation.already_member" {
			t.Errorf("inviting a member: %v", err)
		}
	})
}

// SI-28: whoever invites learns nothing of who has an account here.
func TestInvitingTellsNothingOfAccounts(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, o := found(t, w, "Acme", "owner@example.com"), found(t, w, "Umbrella", "boss@example.com")
		w.Settle(hana)
		o.member("mika@example.com", org.Plain)
		w.Disable(w.Settle("gone@example.com").ID)
		by := h.by(h.owner)
		for _, who := range []string{hana, "mika@example.com", "gone@example.com", "nobody@example.com"} {
			i, err := h.Invite(t.Context(), by, h.id, govern.Asked{Address: who})
			if err != nil || i.Account != "" || i.State != org.Open {
				t.Errorf("%s: %v %+v", who, err, i)
			}
		}
		if _, err := h.Invite(t.Context(), by, h.id, govern.Asked{Address: "info@example.com"}); code(err) != "account.group_address" {
			t.Errorf("a shared mailbox: %v", err)
		}
	})
}

func TestInvitationsFloodNobody(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, o, ctx := found(t, w, "Acme", "owner@example.com"), found(t, w, "Umbrella", "boss@example.com"), t.Context()
		// One inbox, by several organisations that withdraw and invite again.
		n := 0
		for range 15 {
			for _, x := range []house{h, o} {
				i, err := x.Invite(ctx, operator, x.id, govern.Asked{Address: newcomer})
				if err == nil {
					n++
					x.must(x.Revoke(ctx, operator, x.id, i.ID))
				} else if code(err) != "invitation.limit" {
					t.Fatal(err)
				}
			}
		}
		if n != 10 {
			t.Errorf("one inbox got %d invitations in a day, want 10", n)
		}
		w.Clock.Add(day)
		if _, err := h.Invite(ctx, operator, h.id, govern.Asked{Address: newcomer}); err != nil {
			t.Errorf("the next day: %v", err)
		}
		if testing.Short() {
			return
		}
		// One organisation, to many.
		w.Clock.Add(3 * time.Hour)
		sent := 0
		for i := range govern.InvitesAnHour + 5 {
			if _, err := h.Invite(ctx, operator, h.id, govern.Asked{Address: "p" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + string(rune('a'+i/26)) + "@example.org"}); err == nil {
				sent++
			} else if code(err) != "invitation.limit" {
				t.Fatal(err)
			}
		}
		if sent != govern.InvitesAnHour {
			t.Errorf("an organisation sent %d in an hour, want %d", sent, govern.InvitesAnHour)
		}
	})
}

func TestAnOrganisationSeesAndEndsOnlyItsOwnInvitations(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, o, ctx := found(t, w, "Acme", "owner@example.com"), found(t, w, "Umbrella", "boss@example.com"), t.Context()
		i, link := h.invites(operator, newcomer, org.Plain)
		if err := o.Revoke(ctx, o.by(o.owner), o.id, i.ID); code(err) != "org.not_found" {
			t.Errorf("another's is withdrawn: %v", err)
		}
		if _, err := o.Reinvite(ctx, o.by(o.owner), o.id, i.ID); code(err) != "org.not_found" {
			t.Errorf("another's is sent: %v", err)
		}
		if err := o.Revoke(ctx, o.by(o.owner), h.id, i.ID); code(err) != "org.not_found" {
			t.Errorf("another organisation is there: %v", err)
		}
		w.Browser("192.0.2.1").Open(link).See("An invitation to Acme")
	})
}

// What the organisation demands holds for who joins from the first moment.
func TestWhoJoinsIsHeldToTheRulesAtOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		h.rule(policy.Policy{Name: "strict", Password: &policy.Password{MinLength: 12, MinLengthSingle: 40},
			SecondFactor: &policy.SecondFactor{Demanded: true, Kinds: []string{"totp"}, TrustDays: 0}})
		_, link := h.invites(operator, newcomer, org.Plain)
		b := signups(w, link).See("at least 40 characters")
		b.Fill("New password", strings.Repeat(apptest.Word+" ", 2)).Press("Make the account").See("Acme asks for a second factor", "Add an authenticator app")
		b.Open("/me/activity").See("Acme asks for a second factor")
		// So for an account that stands.
		w.Settle(hana)
		_, link = h.invites(operator, hana, org.Plain)
		c := w.Browser("192.0.2.1")
		c.Signin(hana, apptest.Word)
		c.Open(link).Press("Join with").Press("Join").See("Acme asks for a second factor")
	})
}

func TestNamesInAnInvitationCannotChangeIt(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, `<b>Acme</b> https://evil.example/?a@b www.evil.example 株式会社`, "owner@example.com")
		if _, err := h.Create(t.Context(), operator, "Acme\u202egro.live", h.owner.ID); !errors.Is(err, org.ErrName) {
			t.Errorf("a name with a direction mark: %v", err)
		}
		_, link := h.invites(operator, newcomer, org.Plain)
		l := w.Mail(newcomer)
		if strings.Contains(l.HTML, "<b>") || strings.Contains(l.Text+l.Subject, "https://evil") || strings.Contains(l.Text, "www.evil") || strings.ContainsAny(l.Subject, "\r\n") {
			t.Errorf("%s\n%s", l.Subject, l.Text)
		}
		w.Browser("192.0.2.1").Open(link).See("<b>Acme</b>")
	})
}

// An account that is contained, or whose session is old, gives nobody power over it.
func TestJoiningNeedsAFreshProof(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		a := w.Settle(hana)
		_, link := h.invites(operator, hana, org.Plain)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		b.Open(link).Press("Join with").See("Join Acme?")
		w.Clock.Add(11 * time.Minute)
		b.Press("Join").See("session.fresh_required")
		if _, is := h.membership(a.ID); is {
			t.Error("joined with an old proof")
		}
		b.Press("Confirm it is you").Fill("Password", apptest.Word).Press("Next").See("Join Acme?").Press("Join").See("You are a member")
	})
}

// A thief's organisation must not keep its power over the account.
func TestAMembershipThatAThiefBeganIsTakenBack(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		a := w.Settle(hana)
		w.Clock.Add(30 * day)
		_, link := h.invites(operator, hana, org.Plain)
		w.Clock.Add(time.Minute)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		b.Open(link).Press("Join with").Press("Join").See("You are a member of Acme now")
		w.Clock.Add(time.Minute)
		w.Browser("203.0.113.1").Open(w.Link(hana)).Press("No, it was not me")
		if _, is := h.membership(a.ID); is {
			t.Error("still a member")
		}
		if l := w.Mail(hana); !strings.Contains(l.Text, "membership of the organisation “Acme”") {
			t.Errorf("the mail says\n%s", l.Text)
		}
	})
}

// OR-03: nothing names who was invited once their account is erased.
func TestAnErasedAccountLeavesNoInvitationBehind(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, o, ctx := found(t, w, "Acme", "owner@example.com"), found(t, w, "Umbrella", "boss@example.com"), t.Context()
		a := w.Settle(hana)
		_, link := h.invites(operator, hana, org.Plain)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		b.Open(link).Press("Join with").Press("Join").See("You are a member")
		o.invites(operator, hana, org.Plain)
		w.Update(func(tx db.Tx) error { return w.Entry.EraseAccount(ctx, tx, a.ID, "operator") })
		for _, x := range []house{h, o} {
			w.View(func(tx db.ReadTx) error {
				list, err := org.Invitations(ctx, tx, x.id, org.Sought{Limit: 9})
				if len(list) > 0 {
					t.Errorf("there is %+v", list)
				}
				return err
			})
		}
		for _, l := range w.Mails() {
			if l.To == hana {
				t.Errorf("there is a mail: %s", l.Subject)
			}
		}
	})
}

// An older copy of the database brings no invitation back to life.
func TestARestoredInvitationOpensNothing(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		_, link := h.invites(operator, newcomer, org.Plain)
		h.must(w.Restored(t.Context()))
		w.Browser("192.0.2.1").Open(link).See("no longer works")
	})
}

// Who joins from where the organisation lets nobody in is told, and is in from elsewhere.
func TestWhoJoinsFromWhereNobodyMayIsTold(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		h.rule(policy.Policy{Name: "office", Address: &policy.Address{Allowed: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}})
		_, link := h.invites(operator, newcomer, org.Plain)
		signups(w, link).See("signin.ip_not_allowed")
		b := w.Browser("192.0.2.1")
		b.Signin(newcomer, apptest.Word).See("Hello Nico New")
		b.Open("/me/rules").See("Acme")
		// With another account of the same browser.
		w.Settle(hana)
		w.Settle("ken@example.com")
		_, link = h.invites(operator, "third@example.net", org.Plain)
		c := w.Browser("192.0.2.9")
		c.Signin(hana, apptest.Word)
		c.Signin("ken@example.com", apptest.Word)
		c.Open(link).Press("Join with").See("Join Acme?", "ken@example.com").Press("Another account").Press(hana).See("Join Acme?", hana).Press("Join").See("You are a member of Acme now")
	})
}

// What a thief sent in an admin's session opens nothing once the admin says so; what the
// admin sent before waits until the account is safe again.
func TestAnInvitationThatAThiefSentIsTakenBack(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		admin := h.member("admin@example.com", org.Admin)
		by := h.by(admin)
		_, older := h.invites(by, "older@example.net", org.Plain)
		w.Clock.Add(time.Minute)
		since := w.Clock.Now()
		_, link := h.invites(by, newcomer, org.Admin)
		b := w.Browser("203.0.113.7")
		b.Open(link).See("An invitation to Acme")
		w.Update(func(tx db.Tx) error {
			a, err := account.Lock(ctx, tx, admin.ID)
			if err != nil {
				return err
			}
			return w.Entry.Contain(ctx, tx, flow.Visitor{}, a, since)
		})
		b.Open(link).See("no longer works").Want(410)
		b.Open(older).See("Nobody can join with this invitation")
		w.View(func(tx db.ReadTx) error {
			list, err := org.Invitations(ctx, tx, h.id, org.Sought{State: org.Revoked, Limit: 9})
			if len(list) != 1 || list[0].Norm != newcomer {
				t.Errorf("got %+v", list)
			}
			return err
		})
	})
}
