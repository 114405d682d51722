package apptest_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"mime/multipart"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/flow/govern"
	"sekisho/internal/org"
	"sekisho/internal/ref"
)

// lines reads an import's lines as "whom plan outcome".
func (h house) lines(id ref.Import) (out []string) {
	h.t.Helper()
	h.w.View(func(tx db.ReadTx) error {
		list, err := org.ImportLines(h.t.Context(), tx, id, 0, 1000, false)
		out = nil
		for _, l := range list {
			out = append(out, strings.TrimSpace(l.Whom+" "+l.Plan+" "+l.Outcome))
		}
		return err
	})
	return out
}

func (h house) memberOf(a account.Account) (m org.Member) {
	h.t.Helper()
	h.w.View(func(tx db.ReadTx) (err error) { m, err = org.MemberOf(h.t.Context(), tx, h.id, a.ID); return err })
	return m
}

// OR-06: the dry run changes nothing, is held, and is applied once.
func TestATableOfMembersIsLookedAtAndAppliedOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		other := found(t, w, "Other", "other@example.com")
		foreign := other.member("ken@example.com", org.Plain)
		a, b := h.member(hana, org.Plain), h.member("b@example.com", org.Plain)
		boss := h.by(h.member("boss@example.com", org.Admin))
		second := h.by(h.member("second@example.com", org.Admin))
		_, err := h.AddGroup(ctx, operator, h.id, "Sales")
		h.must(err)
		table := "address,role,groups,state\n" +
			hana + ",auditor,Sales,inactive\n" +
			"b@example.com,member,,active\n" +
			"owner@example.com,member,,\n" + // above the author
			"b@example.com,admin,,\n" + // twice
			string(foreign.ID) + ",member,,\n" + // another organisation's
			"new@example.net,member,Sales,\n" +
			"x,member,,\n" +
			"c@example.com,emperor,,\n" +
			"boss@example.com,owner,,\n" // more than the author holds
		id, err := h.Import(ctx, boss, h.id, []byte(table))
		h.must(err)
		want := []string{hana + " change", "b@example.com same", "owner@example.com org.forbidden", "b@example.com import.twice", string(foreign.ID) + " import.unknown",
			"new@example.net invite", "x identifier.malformed", "c@example.com org.not_found", "boss@example.com org.forbidden"}
		if got := h.lines(id); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if m := h.memberOf(a); m.Role != org.Plain || m.Inactive || len(m.Groups) != 0 {
			t.Errorf("the dry run changed %+v", m)
		}
		// It is its author's alone, here and in no other organisation.
		if _, err := h.Apply(ctx, second, h.id, id, time.Minute); !errors.Is(err, db.ErrNone) {
			t.Errorf("another admin applies it: %v", err)
		}
		var all sync.WaitGroup
		node := &govern.Govern{Entry: w.Another().Entry}
		for i := range 6 {
			all.Go(func() {
				if _, err := []*govern.Govern{h.Govern, node}[i%2].Apply(ctx, boss, h.id, id, time.Minute); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		m := h.memberOf(a)
		if m.Role != org.Auditor || !m.Inactive || len(m.Groups) != 1 {
			t.Errorf("got %+v", m)
		}
		if m := h.memberOf(b); m.Role != org.Plain || m.Inactive {
			t.Errorf("got %+v", m)
		}
		changed, invited := 0, 0
		for _, r := range w.Audit() {
			if r.Kind == "member.deactivated" {
				changed++
			}
			if r.Kind == "invitation.sent" {
				invited++
			}
		}
		if changed != 1 || invited != 1 {
			t.Errorf("done %d and %d times, want once each", changed, invited)
		}
		// What was meant then and is forbidden now is told, and the rest goes on.
		id, err = h.Import(ctx, boss, h.id, []byte("address,role,state\n"+hana+",,active\nb@example.com,admin,\n"))
		h.must(err)
		h.must(h.SetRole(ctx, operator, h.id, b.ID, org.Owner))
		out, err := h.Apply(ctx, boss, h.id, id, time.Minute)
		h.must(err)
		if got := h.lines(id); out.Done != 1 || out.Failed != 1 || got[1] != "b@example.com change org.forbidden" || got[0] != hana+" change done" {
			t.Errorf("got %+v, %v", out, got)
		}
		// A day later it is over; who lost the role applies nothing.
		id, err = h.Import(ctx, second, h.id, []byte("address,role\n"+hana+",admin\n"))
		h.must(err)
		h.must(h.SetRole(ctx, operator, h.id, second.Session.Account, org.Plain))
		if _, err := h.Apply(ctx, second, h.id, id, time.Minute); toldCode(err) != "org.forbidden" {
			t.Errorf("who lost the role: %v", err)
		}
		w.Clock.Add(25 * time.Hour)
		h.must(w.App.Purge(ctx))
		if got := h.lines(id); len(got) != 0 {
			t.Errorf("left after a day: %v", got)
		}
	})
}

// The page takes a file without script, and what it writes it reads.
func TestMembersGoOutAndComeInAsATable(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		a := h.member(hana, org.Plain)
		h.member("boss@example.com", org.Admin)
		for _, name := range []string{"=HYPERLINK(\"http://evil.example\")"} {
			w.Update(func(tx db.Tx) error { a.Name = name; return account.Profile(t.Context(), tx, a) })
		}
		b := w.Browser("192.0.2.1").Signin("boss@example.com", apptest.Word)
		token := b.Cookie("sekisho")
		req := request("GET", "/admin/members/export", "", nil)
		req.Header.Set("Cookie", "sekisho="+token)
		rec := httptest.NewRecorder()
		w.Handler.ServeHTTP(rec, req)
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(rec.Body.String(), "\ufeff"))).ReadAll()
		if err != nil || len(rows) != 4 || rec.Code != 200 {
			t.Fatalf("got %d, %v: %s", rec.Code, err, rec.Body)
		}
		for _, row := range rows {
			for _, cell := range row {
				if strings.ContainsAny(cell[:min(1, len(cell))], "=+@") {
					t.Errorf("a spreadsheet runs %q", cell)
				}
			}
		}
		upload := func(raw string) *httptest.ResponseRecorder {
			var body bytes.Buffer
			form := multipart.NewWriter(&body)
			part, _ := form.CreateFormFile("file", "members.csv")
			_, _ = part.Write([]byte(raw))
			_ = form.Close()
			req := request("POST", "/admin/members/import", "", url.Values{})
			req.Header.Set("Cookie", "sekisho="+token)
			req.Body, req.ContentLength = httptest.NewRequest("POST", "/", &body).Body, int64(body.Len())
			req.Header.Set("Content-Type", form.FormDataContentType())
			rec := httptest.NewRecorder()
			w.Handler.ServeHTTP(rec, req)
			return rec
		}
		out := upload(rec.Body.String())
		if out.Code != 303 {
			t.Fatalf("got %d: %s", out.Code, out.Body)
		}
		b.Open(out.Header().Get("Location")).See("Same").See("Line by line").Miss("Apply")
		out = upload("address,role\n" + hana + ",auditor\n")
		b.Open(out.Header().Get("Location")).See("Changes").Press("Apply 1 lines").See("The import is finished", "Done")
		if m := h.memberOf(a); m.Role != org.Auditor {
			t.Errorf("got %+v", m)
		}
		if out := upload("\x00\x01"); !strings.Contains(out.Body.String(), "import.text") {
			t.Errorf("got %d", out.Code)
		}
		if out := upload("address\n" + strings.Repeat("x", 6<<20)); out.Code != 413 {
			t.Errorf("six megabytes: got %d", out.Code)
		}
	})
}

// The dry run looks at all that an invitation is refused for; what one person has held is
// bounded.
func TestATableTellsWhatAnInvitationIsRefusedFor(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		h.must(outcome(h.AddGroup(ctx, operator, h.id, "Sales")))
		table := []byte("address,groups\na@example.net,Sales\nb@example.net,Nowhere\ninfo@example.net,\nc@example.net,\n")
		boss, clerk := h.by(h.member("boss@example.com", org.Admin)), h.by(h.made("clerk@example.com", org.ReadMembers, org.ManageMembers))
		for _, x := range []struct {
			by   govern.By
			want string
		}{{boss, "a@example.net invite,b@example.net org.not_found,info@example.net account.group_address,c@example.net invite"},
			{clerk, "a@example.net org.forbidden,b@example.net org.forbidden,info@example.net account.group_address,c@example.net invite"}} {
			id, err := h.Import(ctx, x.by, h.id, table)
			h.must(err)
			if got := strings.Join(h.lines(id), ","); got != x.want {
				t.Errorf("got %s", got)
			}
		}
		var ids []ref.Import
		for range org.MostImports + 1 {
			w.Clock.Add(time.Second)
			id, err := h.Import(ctx, boss, h.id, table)
			h.must(err)
			ids = append(ids, id)
		}
		if len(h.lines(ids[0])) != 0 || len(h.lines(ids[1])) == 0 || len(h.lines(ids[org.MostImports])) == 0 {
			t.Error("the oldest table is held, or another is not")
		}
	})
}

// Who loses the role while a table is applied has settled nothing more from then on.
func TestATableStopsWithItsAuthor(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		boss := h.by(h.member("boss@example.com", org.Admin))
		table := "address\n"
		for _, a := range "abcdefghijklmnopqrstuvwxyz" {
			for _, b := range "abcdef" {
				table += "n" + string(a) + string(b) + "@example.net\n"
			}
		}
		id, err := h.Import(ctx, boss, h.id, []byte(table))
		h.must(err)
		var all sync.WaitGroup
		all.Go(func() { _, err = h.Apply(ctx, boss, h.id, id, time.Minute) })
		h.must(h.SetRole(ctx, operator, h.id, boss.Session.Account, org.Plain))
		all.Wait()
		if toldCode(err) != "org.forbidden" {
			t.Errorf("got %v", err)
		}
		for _, l := range h.lines(id) {
			if strings.Contains(l, "org.forbidden") {
				t.Fatalf("%s: settled in the name of who may no longer", l)
			}
		}
	})
}
