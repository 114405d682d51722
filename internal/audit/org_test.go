package audit_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/dbtest"
	"sekisho/internal/ref"
)

// Every way to ask gives what is there, newest first, whatever index it walks.
func TestASearchFindsWhatIsThereAndNothingElse(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		ctx := context.Background()
		kinds, codes := []string{"signin.succeeded", "signin.refused", "policy.set"}, []string{"", "signin.daily_limit", ""}
		for i := range 120 {
			if i%3 == 0 {
				clock.Add(time.Minute)
			}
			e := audit.Event{Kind: kinds[i%3], Code: codes[i%3], Account: ref.Account(fmt.Sprintf("acc_%d", i%5)), Actor: fmt.Sprintf("acc_%d", i%7), Org: ref.Org(fmt.Sprintf("org_%d", i%2))}
			if err := d.Update(ctx, func(tx db.Tx) error { _, err := audit.Write(ctx, tx, e); return err }); err != nil {
				t.Fatal(err)
			}
		}
		search := func(q audit.Query) (out []audit.Row) {
			t.Helper()
			q.Limit = 7
			for {
				var page []audit.Row
				err := d.View(ctx, func(r db.ReadTx) (err error) { page, err = audit.Search(ctx, r, "org_1", q); return err })
				if err != nil {
					t.Fatal(err)
				}
				if out = append(out, page...); len(page) < q.Limit {
					return out
				}
				last := page[len(page)-1]
				q.After = audit.Cursor{At: last.At, Reference: last.Reference}
			}
		}
		all := search(audit.Query{})
		if len(all) != 60 || !slices.IsSortedFunc(all, func(a, b audit.Row) int { return b.At.Compare(a.At) }) {
			t.Fatalf("got %d rows in another order than the newest first", len(all))
		}
		mid := all[30].At
		for name, c := range map[string]struct {
			q    audit.Query
			want func(audit.Row) bool
		}{
			"a member":          {audit.Query{Account: "acc_3"}, func(r audit.Row) bool { return r.Account == "acc_3" }},
			"by whom":           {audit.Query{By: "acc_3"}, func(r audit.Row) bool { return r.Actor == "acc_3" && r.Account != "acc_3" }},
			"a code":            {audit.Query{Code: "signin.daily_limit"}, func(r audit.Row) bool { return r.Code == "signin.daily_limit" }},
			"a kind":            {audit.Query{Kinds: []string{"policy.set"}}, func(r audit.Row) bool { return r.Kind == "policy.set" }},
			"kinds":             {audit.Query{Kinds: []string{"policy.set", "signin.refused", "none.such"}}, func(r audit.Row) bool { return r.Kind != "signin.succeeded" }},
			"kinds of a member": {audit.Query{Account: "acc_1", Kinds: []string{"policy.set", "signin.refused"}}, func(r audit.Row) bool { return r.Account == "acc_1" && r.Kind != "signin.succeeded" }},
			"a time":            {audit.Query{Since: mid}, func(r audit.Row) bool { return !r.At.Before(mid) }},
			"before a time":     {audit.Query{Before: mid}, func(r audit.Row) bool { return r.At.Before(mid) }},
			"nothing":           {audit.Query{Since: mid, Before: mid}, func(audit.Row) bool { return false }},
			"from tomorrow":     {audit.Query{Since: clock.Now().Add(24 * time.Hour)}, func(audit.Row) bool { return false }},
			"all at once": {audit.Query{Account: "acc_1", By: "acc_5", Kinds: []string{"signin.refused"}, Code: "signin.daily_limit", Before: mid}, func(r audit.Row) bool {
				return r.Account == "acc_1" && r.Actor == "acc_5" && r.Code != "" && r.At.Before(mid)
			}},
			"what would be an escape": {audit.Query{Code: "' OR 1=1 --"}, func(audit.Row) bool { return false }},
		} {
			got := search(c.q)
			want := slices.DeleteFunc(slices.Clone(all), func(r audit.Row) bool { return !c.want(r) })
			if !slices.EqualFunc(got, want, func(a, b audit.Row) bool { return a.Reference == b.Reference }) {
				t.Errorf("%s: got %d rows, want %d", name, len(got), len(want))
			}
		}
	})
}

// Sign-ins are counted as they are linked: each once, whoever links.
func TestSigninsAreCountedByTheHour(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		c, ctx := begun(t, d), context.Background()
		for i := range 5 {
			err := d.Update(ctx, func(tx db.Tx) error {
				for _, e := range []audit.Event{{Kind: "signin.succeeded", Org: "org_1"}, {Kind: "signin.refused", Code: "signin.locked", Org: "org_1"}, {Kind: "signin.succeeded", Org: "org_2"}, {Kind: "signin.succeeded"}, {Kind: "policy.set", Org: "org_1"}} {
					if _, err := audit.Write(ctx, tx, e); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Seal(ctx, d); err != nil {
				t.Fatal(err)
			}
			if i == 2 {
				clock.Add(time.Hour)
			}
		}
		if _, err := c.Seal(ctx, d); err != nil {
			t.Fatal(err)
		}
		var got []audit.Counted
		err := d.View(ctx, func(r db.ReadTx) (err error) {
			got, err = audit.Counts(ctx, r, "org_1", clock.Now().Add(-24*time.Hour))
			return err
		})
		if err != nil || len(got) != 4 || got[0].N != 3 || got[3].N != 2 || got[0].Code != "signin.locked" || got[3].Hour.Sub(got[0].Hour) != time.Hour {
			t.Errorf("got %+v %v", got, err)
		}
	})
}

func TestTheWholeChainIsWalkedOnceADay(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		c, ctx := begun(t, d), context.Background()
		head := func() (h audit.Checked) {
			t.Helper()
			if err := d.View(ctx, func(r db.ReadTx) (err error) { h, err = audit.Head(ctx, r); return err }); err != nil {
				t.Fatal(err)
			}
			return h
		}
		write(t, d, 5)
		if h := head(); !h.At.IsZero() || h.Waiting != 5 || h.Seq != 0 {
			t.Errorf("before: got %+v", h)
		}
		if _, err := c.Seal(ctx, d); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := c.Recheck(ctx, d); err != nil {
				t.Fatal(err)
			}
		}
		first := head()
		if first.Rows != 5 || first.Faults != 0 || first.At.IsZero() || first.Seq != 5 || first.Hash == "" {
			t.Errorf("got %+v", first)
		}
		if err := d.Update(ctx, func(tx db.Tx) error { _, err := tx.Exec(ctx, `UPDATE audit SET code = 'x' WHERE seq = 3`); return err }); err != nil {
			t.Fatal(err)
		}
		clock.Add(time.Hour)
		if err := c.Recheck(ctx, d); err != nil || head().Faults != 0 {
			t.Errorf("walked within the day: %+v %v", head(), err)
		}
		clock.Add(24 * time.Hour)
		if err := c.Recheck(ctx, d); err != nil || head().Faults != 1 || head().Whole() {
			t.Errorf("a day later: %+v %v", head(), err)
		}
	})
}
