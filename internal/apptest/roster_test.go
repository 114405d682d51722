package apptest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/gate"
	"sekisho/internal/i18n"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/roster"
)

// people makes n members quickly, called by name(i).
func (h house) people(n int, name func(int) (string, string)) {
	h.t.Helper()
	ctx := h.t.Context()
	for from := 0; from < n; from += 200 {
		h.w.Update(func(tx db.Tx) error {
			for i := from; i < min(n, from+200); i++ {
				called, address := name(i)
				id, err := account.ParseEmail(address)
				if err != nil {
					return err
				}
				a, err := account.Create(ctx, tx, account.New{Name: called, Lang: i18n.En, Identifiers: []account.Identifier{id}, Confirmed: true})
				if err != nil {
					return err
				}
				if err := org.Add(ctx, tx, h.id, a.ID, org.Plain); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// list walks all pages of a query and gives the names.
func (h house) list(q roster.Query) (names []string) {
	h.t.Helper()
	q.Org = h.id
	for {
		var p roster.Page
		h.w.View(func(tx db.ReadTx) (err error) { p, err = roster.List(h.t.Context(), tx, q); return err })
		for _, r := range p.List {
			names = append(names, r.Name)
		}
		if q.After = p.Next; q.After == "" {
			return names
		}
	}
}

func TestMembersAreFoundSortedAndFiltered(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		other := found(t, w, "Other", "other@example.com")
		other.people(3, func(i int) (string, string) { return "Mika Other", fmt.Sprintf("mika.o%d@example.org", i) })
		all := [][2]string{{"Mika Ono", "mika.ono@example.net"}, {"佐藤 花子", "h.ono@example.net"}, {"ｽﾐｽ Ken", "ken@example.net"}, {"Ｗｉｄｅ Name", "wide@example.net"},
			{"100% _wild_", "w_ld@example.net"}, {"<script>alert(1)</script>", "x@example.net"}, {"ÉMILE Zola", "emile@example.net"}}
		h.people(len(all), func(i int) (string, string) { return all[i][0], all[i][1] })
		for typed, want := range map[string][]string{
			"mika": {"Mika Ono"}, "MIKA": {"Mika Ono"}, "ono": {"Mika Ono", "佐藤 花子"}, "ono mik": {"Mika Ono"}, "mika on": {"Mika Ono"}, "花": {"佐藤 花子"}, "子": {"佐藤 花子"}, "佐藤": {"佐藤 花子"},
			"スミス": {"ｽﾐｽ Ken"}, "wide": {"Ｗｉｄｅ Name"}, "%": nil, "100%": {"100% _wild_"}, "w_": {"100% _wild_"}, "émile": {"ÉMILE Zola"}, "script": {"<script>alert(1)</script>"},
			"h.ono@": {"佐藤 花子"}, "nobody": nil, strings.Repeat("x", 1<<16): nil, "\xff\xfe": nil, "' OR 1=1 --": nil,
		} {
			got := h.list(roster.Query{Find: typed})
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%.20q: got %v, want %v", typed, got, want)
			}
		}
		if got := h.list(roster.Query{Find: "example", Rows: 2}); len(got) != 8 {
			t.Errorf("page by page: got %v, want everybody once", got)
		}
		// A change of name or address is found at once; what was is not.
		a := w.Settle("maria@example.com")
		h.must(h.Add(ctx, operator, h.id, a.ID, org.Admin))
		w.Update(func(tx db.Tx) error { a.Name = "Zoë Castle"; return account.Profile(ctx, tx, a) })
		if got := h.list(roster.Query{Find: "cast"}); !slices.Equal(got, []string{"Zoë Castle"}) {
			t.Errorf("after a new name: got %v", got)
		}
		for _, sort := range roster.Sorts {
			whole := h.list(roster.Query{Sort: sort})
			if got := h.list(roster.Query{Sort: sort, Rows: 2}); !slices.Equal(got, whole) || len(got) != 9 {
				t.Errorf("%s: page by page %v, at once %v", sort, got, whole)
			}
		}
		for name, c := range map[string]struct {
			q    roster.Query
			want int
		}{
			"admins":  {roster.Query{Role: org.Admin}, 1},
			"owners":  {roster.Query{Role: org.Owner}, 1},
			"nobody":  {roster.Query{Role: "rol_none"}, 0},
			"active":  {roster.Query{State: roster.Active}, 9},
			"without": {roster.Query{Without: true}, 9},
			"garbage": {roster.Query{After: "not a place"}, 9},
		} {
			if got := h.list(c.q); len(got) != c.want {
				t.Errorf("%s: got %v, want %d", name, got, c.want)
			}
		}
		w.Carry().Protect(a, gate.TOTP)
		_, err := h.AddGroup(ctx, operator, h.id, "Sales")
		h.must(err)
		h.must(h.Put(ctx, operator, h.id, a.ID, "Sales"))
		var g org.Group
		w.View(func(tx db.ReadTx) (err error) { g, err = org.GroupNamed(ctx, tx, h.id, "Sales"); return err })
		if got := h.list(roster.Query{Group: g.ID}); !slices.Equal(got, []string{"Zoë Castle"}) {
			t.Errorf("the group: got %v", got)
		}
		if got := h.list(roster.Query{Without: true}); len(got) != 8 {
			t.Errorf("without a second factor: got %v", got)
		}
		_, err = h.Deactivate(ctx, operator, h.id, a.ID)
		h.must(err)
		if got := h.list(roster.Query{State: roster.Inactive}); !slices.Equal(got, []string{"Zoë Castle"}) {
			t.Errorf("deactivated: got %v", got)
		}
		h.must(h.Remove(ctx, operator, h.id, a.ID))
		if got := h.list(roster.Query{Find: "cast"}); len(got) != 0 {
			t.Errorf("who was removed is found: %v", got)
		}
	})
}

// Members of before there was a list, and those that an older version adds, are listed by a job.
func TestMembersWhoAreNotListedYetAreListed(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		h.people(3, func(i int) (string, string) { return "Mika", fmt.Sprintf("mika%d@example.net", i) })
		w.Update(func(tx db.Tx) error {
			if _, err := tx.Exec(ctx, `DELETE FROM org_find`); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `UPDATE org_member SET listed = 0`)
			return err
		})
		if got := h.list(roster.Query{Find: "mika"}); len(got) != 0 {
			t.Fatalf("got %v", got)
		}
		h.must(w.App.List(ctx))
		if got := h.list(roster.Query{Find: "mika"}); len(got) != 3 {
			t.Errorf("got %v", got)
		}
	})
}

func TestTheConsoleShowsAndChangesMembers(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		a := h.member(hana, org.Plain)
		h.member("boss@example.com", org.Admin)
		desk := h.member("desk@example.com", org.Desk)
		w.Update(func(tx db.Tx) error {
			a.Name = "<b>Hana</b>"
			return account.Profile(t.Context(), tx, a)
		})
		at := "/admin/members/" + string(a.ID)
		b := w.Browser("192.0.2.1").Signin("boss@example.com", apptest.Word)
		b.Open("/admin/members").See("<b>Hana</b>", "owner@example.com", "Help desk")
		b.Open("/admin/members?q=hana%40").See("<b>Hana</b>").Miss("owner@example.com")
		b.Open("/admin/find?q=desk%40").See("desk@example.com").Miss("boss@example.com")
		b.Open(at).See("Help them sign in", "Manage this member")
		b.Open(at + "/temporary").See("Are you sure who asks?").Press("Make the password").See("cannot be shown again")
		b.Open(at + "/deactivate").Press("Deactivate").See("Deactivated.")
		b.Open(at + "/reactivate").Press("Reactivate").See("Reactivated.")
		b.Open(at+"/delete").Fill("To confirm", "somebody else").Press("Delete").See("member.not_confirmed")
		b.Open("/admin/members/" + string(h.owner.ID)).See("holds more than you do").Miss("Help them sign in")
		b.Open("/admin/members/" + string(h.owner.ID) + "/temporary").Press("Make the password").See("org.forbidden")
		// The help desk helps, and runs nothing.
		d := w.Browser("192.0.2.2").Signin("desk@example.com", apptest.Word)
		d.Open(at).See("Help them sign in").Miss("Manage this member").Miss("What happened lately")
		d.Open(at + "/delete").Want(403)
		d.Open("/admin/members/" + string(desk.ID)).See("This is you").Miss("Help them sign in")
		// What is another organisation's is not there, nor what is no name of an account.
		other := found(t, w, "Other", "other@example.com")
		for _, id := range []string{string(other.owner.ID), "acc_01kf0e7st00000000000000001", "x", strings.Repeat("y", 3000)} {
			b.Open("/admin/members/" + id).Want(404)
		}
		// The page of an admin who was deactivated meanwhile does nothing.
		page := w.Browser("192.0.2.3").Signin("boss@example.com", apptest.Word).Open(at + "/deactivate")
		var boss ref.Account
		w.View(func(tx db.ReadTx) error {
			id, _ := account.ParseEmail("boss@example.com")
			x, err := account.Find(t.Context(), tx, id)
			boss = x.ID
			return err
		})
		_, err := h.Deactivate(t.Context(), operator, h.id, boss)
		h.must(err)
		page.Press("Deactivate").Miss("Deactivated.")
		w.View(func(tx db.ReadTx) error {
			m, err := org.MemberOf(t.Context(), tx, h.id, a.ID)
			if m.Inactive {
				t.Error("the act of who was deactivated went through")
			}
			return err
		})
	})
}
