package command_test

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"sekisho/internal/command"
	"sekisho/internal/db"
)

// desk is a terminal with a data folder of its own.
type desk struct {
	t    *testing.T
	data string
	env  []string
}

func sit(t *testing.T, env ...string) *desk {
	data := filepath.Join(t.TempDir(), "data")
	return &desk{t, data, append([]string{"SEKISHO_DATA=" + data, "SEKISHO_HASH_MEMORY_KIB=8192", "SEKISHO_HASH_PASSES=1"}, env...)}
}

// said is how a command ended.
type said struct {
	t        *testing.T
	line     string
	code     int
	out, err string
}

func (d *desk) run(args ...string) said {
	d.t.Helper()
	var out, errs bytes.Buffer
	code := command.Main(context.Background(), args, d.env, &out, &errs)
	return said{d.t, strings.Join(args, " "), code, out.String(), errs.String()}
}

// want checks the code and that all of the texts were said, on either side.
func (s said) want(code int, texts ...string) said {
	s.t.Helper()
	if s.code != code {
		s.t.Errorf("%s: ended with %d, want %d\n%s%s", s.line, s.code, code, s.out, s.err)
	}
	for _, x := range texts {
		if !strings.Contains(s.out+s.err, x) {
			s.t.Errorf("%s: did not say %q\n%s%s", s.line, x, s.out, s.err)
		}
	}
	return s
}

// miss checks that none of the texts was said.
func (s said) miss(texts ...string) said {
	s.t.Helper()
	for _, x := range texts {
		if strings.Contains(s.out+s.err, x) {
			s.t.Errorf("%s: said %q\n%s%s", s.line, x, s.out, s.err)
		}
	}
	return s
}

// sql changes the database behind the program's back.
func (d *desk) sql(stmts ...string) {
	d.t.Helper()
	b, err := db.Open(context.Background(), "sqlite:"+filepath.Join(d.data, "sekisho.db"), db.Options{})
	if err != nil {
		d.t.Fatal(err)
	}
	defer b.Close()
	for _, s := range stmts {
		if err := b.Update(context.Background(), func(tx db.Tx) error { _, err := tx.Exec(context.Background(), s); return err }); err != nil {
			d.t.Fatal(err)
		}
	}
}

func TestKeyRevokeWithdrawsAKey(t *testing.T) {
	d := sit(t)
	list := d.run("key", "list").want(0).out
	id := strings.Fields(list)[0]
	d.run("key", "revoke", id).want(0).miss(id)
	if got, want := strings.Count(d.run("key", "list").want(0).miss(id).out, "\n"), strings.Count(list, "\n"); got != want {
		t.Errorf("got %d keys, want %d", got, want)
	}
	d.run("key", "revoke", id).want(3, "there is no signing key "+id)
	d.run("audit", "export").want(0, "key.revoked", id)
}

func TestACutLogIsToldUntilTheOperatorGoesOn(t *testing.T) {
	d := sit(t)
	for _, who := range []string{"hana", "ken", "yui"} {
		d.run("account", "create", who+"@example.com").want(0)
	}
	d.run("audit", "verify").want(0, "3 rows linked, 0 waiting")
	d.sql(`DELETE FROM audit WHERE seq > 1`, `UPDATE audit_head SET seq = 1, hash = (SELECT hash FROM audit WHERE seq = 1)`)
	d.run("account", "disable", "hana@example.com").want(0).miss("already")
	d.run("account", "disable", "hana@example.com").want(0, "disabled already")
	for range 2 {
		d.run("audit", "verify").want(4, "row 1", "not signed by this server", "1 waiting")
	}
	d.run("audit", "export").want(4, `"seq":1`, "rebase")
	d.run("doctor").want(5, "the first at row 1")
	d.run("audit", "rebase").want(2, "--reason")
	d.run("audit", "rebase", "--reason", "restored from Monday").want(0, "row 2")
	d.run("audit", "rebase", "--reason", "again").want(1, "nothing to rebase")
	d.run("audit", "verify").want(0, "3 rows linked, 0 waiting", "break at row 2", "restored from Monday")
	d.run("doctor").want(5, "restored from Monday").miss("does not fit")

	// Set back to the very beginning, it is not taken for a fresh one at the next start.
	d.sql(`DELETE FROM audit`, `UPDATE audit_head SET seq = 0, hash = NULL, mac = NULL`)
	d.run("account", "disable", "ken@example.com").want(0)
	d.run("audit", "verify").want(4, "not signed by this server", "1 waiting")
}

func TestEveryUnknownWordEndsWithTwo(t *testing.T) {
	d := sit(t)
	d.run("serv").want(2, `unknown command "serv"`, "serve")
	d.run("account", "lst").want(2, `unknown command "lst"`)
	d.run("--nonsense").want(2)
	d.run().want(0, "Usage")
}

func TestWhatIsNotThereIsNamed(t *testing.T) {
	d := sit(t)
	for line, want := range map[string]string{
		"account disable nobody@example.com":            "there is no account nobody@example.com",
		"account enable acc_01m88cpevcxk0ypcx3prkbcr4t": "there is no account acc_01m88cpevcxk0ypcx3prkbcr4t",
		"account delete nobody":                         "there is no account nobody",
		"client rotate cli_01m88cphtgytc2d6ra2nv6ys9h":  "there is no app cli_01m88cphtgytc2d6ra2nv6ys9h",
		"client delete wiki":                            "there is no app wiki",
		"outbox show mai_01m88cqzb4rkahqd5prr54kcq9":    "there is no mail mai_01m88cqzb4rkahqd5prr54kcq9",
		"outbox show":                               "no mail waits",
		"audit find 7k2m-9qxp":                      "there is no row with the reference 7K2M-9QXP",
		"fault signin.nonsense":                     "there is no code signin.nonsense",
		"key revoke key_01m88cqzb4rkahqd5prr54kcq9": "there is no signing key key_01m88cqzb4rkahqd5prr54kcq9",
	} {
		d.run(strings.Fields(line)...).want(3, want).miss("no such row", "db:")
	}
	d.run("account", "disable", "no one@").want(2)
	d.run("fault", "session.limit", "--json").want(0, `"status": 409`)
}
