package audit_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/dbtest"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var sets = []fs.FS{audit.Migrations, account.Migrations, org.Migrations}

func chain(t *testing.T) audit.Chain {
	t.Helper()
	ring, err := secret.OpenRing(secret.Hash("a key"))
	if err != nil {
		t.Fatal(err)
	}
	return audit.Chain{Ring: ring}
}

// begun is the chain of a fresh database.
func begun(t *testing.T, d *db.DB) audit.Chain {
	t.Helper()
	c := chain(t)
	if err := c.Begin(context.Background(), d); err != nil {
		t.Fatal(err)
	}
	return c
}

func write(t *testing.T, d *db.DB, n int) {
	t.Helper()
	err := d.Update(context.Background(), func(tx db.Tx) error {
		for i := range n {
			if _, err := audit.Write(context.Background(), tx, audit.Event{Kind: "signin.succeeded", Account: ref.Account(fmt.Sprintf("acc_%d", i%3)),
				Actor: "x", Addr: "192.0.2.1", Detail: map[string]int{"n": i}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestChainFindsARowEditedByHand(t *testing.T) {
	tampers := []struct{ name, sql, want string }{
		{"nothing", `SELECT 1`, ""},
		{"a kind", `UPDATE audit SET kind = 'signin.refused' WHERE seq = 4`, "does not fit"},
		{"an account", `UPDATE audit SET account = 'acc_x' WHERE seq = 1`, "does not fit"},
		{"a time", `UPDATE audit SET at = at + 1 WHERE seq = 9`, "does not fit"},
		{"an address", `UPDATE audit SET about = '{}' WHERE seq = 5`, "was changed"},
		{"a row emptied without an account erased", `UPDATE audit SET about = NULL WHERE seq = 5`, "no account was erased"},
		{"a row taken out", `DELETE FROM audit WHERE seq = 5`, "missing"},
		{"a row slipped in beside the chain", `INSERT INTO audit (reference, at, kind, account, actor, session, client, code, about, about_hash, seq, hash) SELECT 'ZZZZ-ZZZZ', at, kind, account, actor, session, client, code, about, about_hash, -1, hash FROM audit WHERE seq = 5`, "beside the chain"},
		{"a row moved beside the chain", `UPDATE audit SET seq = 0 WHERE seq = 10`, "beside the chain"},
		{"the last rows taken out", `DELETE FROM audit WHERE seq > 7`, "the head says 10"},
		{"the last rows taken out, and the head set back", `DELETE FROM audit WHERE seq > 7; UPDATE audit_head SET seq = 7, hash = (SELECT hash FROM audit WHERE seq = 7)`, "not signed"},
		{"two rows exchanged", `UPDATE audit SET seq = 99 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 99`, "does not fit"},
		{"all of it", `DELETE FROM audit; UPDATE audit_head SET seq = 0, hash = NULL, mac = NULL`, "not signed"},
	}
	for _, x := range tampers {
		t.Run(x.name, func(t *testing.T) {
			dbtest.Each(t, sets, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
				c := begun(t, d)
				write(t, d, 10)
				if n, err := c.Seal(context.Background(), d); err != nil || n != 10 {
					t.Fatalf("sealed %d %v, want 10", n, err)
				}
				for _, stmt := range strings.Split(x.sql, ";") {
					if strings.HasPrefix(stmt, "SELECT") {
						continue
					}
					if err := d.Update(context.Background(), func(tx db.Tx) error { _, err := tx.Exec(context.Background(), stmt); return err }); err != nil {
						t.Fatal(err)
					}
				}
				v, err := c.Verify(context.Background(), d)
				if err != nil {
					t.Fatal(err)
				}
				var all []string
				for _, f := range v.Faults {
					all = append(all, f.What)
				}
				if got := strings.Join(all, "; "); x.want == "" && got != "" || !strings.Contains(got, x.want) {
					t.Errorf("got %q, want %q", got, x.want)
				}
			})
		})
	}
}

func TestErasingAnAccountLeavesTheChainWhole(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		c, ctx := begun(t, d), context.Background()
		write(t, d, 9)
		if _, err := c.Seal(ctx, d); err != nil {
			t.Fatal(err)
		}
		err := d.Update(ctx, func(tx db.Tx) error {
			if _, err := audit.Write(ctx, tx, audit.Event{Kind: audit.Erased, Account: "acc_1", Actor: "operator"}); err != nil {
				return err
			}
			return audit.Erase(ctx, tx, "acc_1")
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Seal(ctx, d); err != nil {
			t.Fatal(err)
		}
		v, err := c.Verify(ctx, d)
		if err != nil || len(v.Faults) > 0 || v.Rows != 10 {
			t.Errorf("got %+v %v, want ten rows and no fault", v, err)
		}
		err = audit.Each(ctx, d, func(r audit.Row) error {
			if r.Account == "acc_1" && r.Kind != audit.Erased && r.Addr != "" {
				t.Errorf("row %s still names an address", r.Reference)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestTwoNodesSealOneChain(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		c, ctx := begun(t, d), context.Background()
		write(t, d, 700)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if _, err := c.Seal(ctx, d); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		v, err := c.Verify(ctx, d)
		if err != nil || v.Rows != 700 || v.Waiting != 0 || len(v.Faults) > 0 {
			t.Errorf("got %+v %v, want 700 rows in one chain", v, err)
		}
	})
}

// Somebody who can write to the database cuts the last rows and sets the head
// back, or has the whole log linked anew: the next event must not seal that.
func TestALogThatWasCutIsNotSignedAnew(t *testing.T) {
	for name, cut := range map[string][]string{
		"the end":           {`DELETE FROM audit WHERE seq > 7`, `UPDATE audit_head SET seq = 7, hash = (SELECT hash FROM audit WHERE seq = 7)`},
		"all of it":         {`DELETE FROM audit`, `UPDATE audit_head SET seq = 0, hash = NULL, mac = NULL`},
		"to be linked anew": {`DELETE FROM audit WHERE seq > 7`, `UPDATE audit SET seq = NULL, hash = NULL`, `UPDATE audit_head SET seq = 0, hash = NULL, mac = NULL`},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, sets, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
				c, ctx := begun(t, d), context.Background()
				write(t, d, 10)
				if _, err := c.Seal(ctx, d); err != nil {
					t.Fatal(err)
				}
				for _, stmt := range cut {
					if err := d.Update(ctx, func(tx db.Tx) error { _, err := tx.Exec(ctx, stmt); return err }); err != nil {
						t.Fatal(err)
					}
				}
				write(t, d, 1)
				for range 2 {
					if n, err := c.Seal(ctx, d); !errors.Is(err, audit.ErrBroken) || n != 0 {
						t.Fatalf("sealed %d %v, want a refusal", n, err)
					}
				}
				v, err := c.Verify(ctx, d)
				if err != nil || len(v.Faults) == 0 || !strings.Contains(v.Faults[0].What, "not signed") || v.Waiting == 0 {
					t.Fatalf("got %+v %v, want a fault and rows that wait", v, err)
				}
			})
		})
	}
}

// After an accident the operator goes on, and the break stays to be seen.
func TestRebaseGoesOnAndKeepsTheBreakInSight(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		c, ctx := begun(t, d), context.Background()
		write(t, d, 10)
		if _, err := c.Seal(ctx, d); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Rebase(ctx, d, "nothing happened"); !errors.Is(err, audit.ErrWhole) {
			t.Fatalf("got %v, want a refusal: the head holds", err)
		}
		for _, stmt := range []string{`DELETE FROM audit WHERE seq > 7`, `UPDATE audit_head SET seq = 7, hash = (SELECT hash FROM audit WHERE seq = 7)`} {
			if err := d.Update(ctx, func(tx db.Tx) error { _, err := tx.Exec(ctx, stmt); return err }); err != nil {
				t.Fatal(err)
			}
		}
		write(t, d, 1)
		row, err := c.Rebase(ctx, d, "the disk was restored from Monday")
		if err != nil || row.Seq != 8 || row.Kind != audit.Rebased {
			t.Fatalf("got %+v %v, want the break as row 8", row, err)
		}
		write(t, d, 3)
		if n, err := c.Seal(ctx, d); err != nil || n != 4 {
			t.Fatalf("sealed %d %v, want 4", n, err)
		}
		v, err := c.Verify(ctx, d)
		if err != nil || len(v.Faults) != 0 || v.Rows != 12 || len(v.Breaks) != 1 || v.Breaks[0].Seq != 8 || !strings.Contains(v.Breaks[0].What, "restored from Monday") {
			t.Errorf("got %+v %v, want twelve rows and the break at row 8", v, err)
		}
	})
}
