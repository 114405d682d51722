package apptest_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/command"
	"sekisho/internal/db"
	"sekisho/internal/dbtest"
	"sekisho/internal/flow/enrol"
	"sekisho/internal/gate"
)

func issue(w *apptest.World, a account.Account) string {
	w.T.Helper()
	code, _, err := (&enrol.Enrol{Entry: w.Entry}).Issue(w.T.Context(), a.ID, "operator")
	if err != nil {
		w.T.Fatal(err)
	}
	return code.Reveal()
}

// byBackup signs in with the password and a backup code.
func byBackup(w *apptest.World, from, code string) *apptest.Browser {
	w.T.Helper()
	b := w.Browser(from).Signin(hana, apptest.Word).Press("I can't reach my device").Press("Backup code")
	return b.Fill("12-digit", code).Press("Next")
}

// Who lost everything gets one code from the people who run the service, also where
// nobody makes codes of their own.
func TestACodeThatSupportIssuedLeadsInOnceWithinADay(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			phones := apptest.NewPhones(t)
			w := apptest.New(t, engine, "sms", phones.Setting, "backup_codes", "false")
			a := w.Settle(hana)
			kit := w.Carry().ProtectWith(phones, phone, a, gate.TOTP, gate.SMSCode)
			w.Browser("192.0.2.1").Signin(hana, apptest.Word).Miss("reach my device")
			first, second := issue(w, a), issue(w, a)
			if told(w, second) || !told(w, "issued one backup code for you") {
				t.Error("the owner is not told, or the mail has the code")
			}
			deadline := time.Now().Add(5 * time.Second)
			for !slices.ContainsFunc(phones.Texts(phone), func(s string) bool { return strings.Contains(s, "a backup code was issued") }) {
				if time.Now().After(deadline) {
					t.Fatalf("no SMS tells of it: %v", phones.Texts(phone))
				}
				time.Sleep(10 * time.Millisecond)
			}
			byBackup(w, "192.0.2.2", first).Want(401) // another was issued since
			b := byBackup(w, "192.0.2.3", second).See("Set up your factors anew")
			if got := acrOf(w, b); got != "urn:sekisho:acr:multi" {
				t.Errorf("got %s, want multi", got)
			}
			b.Press("Later").Open("/me/activity").See("An administrator issued a backup code", "A backup code was used")
			if !told(w, "A backup code was used to sign in") {
				t.Error("no mail tells of the use")
			}
			w.Browser("192.0.2.4").Signin(hana, apptest.Word).Miss("reach my device")
			third := issue(w, a)
			late := w.Browser("192.0.2.5").Signin(hana, apptest.Word).Press("I can't reach my device").Press("Backup code")
			w.Clock.Add(24*time.Hour + time.Second)
			late.Fill("12-digit", third).Press("Next").Miss("Set up").Miss("Hello")
			w.Browser("192.0.2.6").Signin(hana, apptest.Word).Miss("reach my device")
			_ = kit
		})
	}
}

// A set that was made before backup codes were forbidden opens nothing any more.
func TestForbiddingBackupCodesReachesThoseThatWereMade(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		kit := w.Protect(a, gate.TOTP)
		strict := w.Another("backup_codes", "false")
		issued := issue(strict, a)
		byBackup(strict, "192.0.2.2", kit.Spare()).Want(401)
		byBackup(strict, "192.0.2.3", issued).See("Set up your factors anew")
		p, at := halfway(strict, "192.0.2.4", hana)
		p.Call("POST", at, map[string]any{"kind": "backup", "answer": kit.Spare()}).Want(400, "signin.method_not_offered")
	})
}

// terminal runs commands on a data folder.
func terminal(t *testing.T, data string) func(want int, args ...string) string {
	return func(want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if code := command.Main(t.Context(), args, []string{"SEKISHO_DATA=" + data}, &out, &errs); code != want {
			t.Fatalf("%v ended with %d, want %d: %s", args, code, want, &errs)
		}
		return out.String() + errs.String()
	}
}

func TestTerminalIssuesABackupCode(t *testing.T) {
	data := t.TempDir()
	run := terminal(t, data)
	run(command.NotThere, "account", "backup-code", hana)
	run(0, "account", "create", hana)
	if got := run(command.Failed, "account", "backup-code", hana); !strings.Contains(got, "no second factor") {
		t.Errorf("got %s", got)
	}
	a, _, err := openedIn(t, data)
	if err != nil {
		t.Fatal(err)
	}
	w := &apptest.World{App: a, T: t}
	w.Update(func(tx db.Tx) error { // what an authenticator app leaves behind
		_, err := tx.Exec(t.Context(), `INSERT INTO totp (id, account, slot, mark, name, sealed, step, barred, created)
			SELECT 'fac_01kf0e7st00000000000000001', id, 0, $1, 'Pixel 8', $1, 0, 0, 0 FROM account`, []byte("x"))
		return err
	})
	if got := run(0, "--json", "account", "backup-code", hana); !strings.Contains(got, `"code": "`) || !strings.Contains(got, "expires_at") {
		t.Errorf("got %s", got)
	}
	run(0, "account", "disable", hana)
	if got := run(command.Failed, "account", "backup-code", hana); !strings.Contains(got, "disabled") {
		t.Errorf("got %s", got)
	}
}

// After a sign-in one page asks for what is missing, and may be put off (SI-23).
func TestTheLastWayInIsNotLeftAlone(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		kit := w.Protect(w.Settle(hana), gate.TOTP)
		b := w.Browser("192.0.2.1").Signin(hana, apptest.Word).Fill("Six-digit", kit.App()).Press("Next")
		b.See("Add a way back in").Press("Later").See("Hello")
		b.Open("/me/factors/passphrase").Fill("Passphrase", apptest.Phrase).Press("Set it").See("The recovery passphrase is set")
		w.Browser("192.0.2.2").Signin(hana, apptest.Word).Fill("Six-digit", kit.App()).Press("Next").See("Hello")
	}, "backup_codes", "false")
}

// Of five codes the last but one asks for new ones.
func TestBackupCodesThatRunOutAreAskedFor(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		kit := w.Protect(w.Settle(hana), gate.TOTP)
		for i := range 4 {
			byBackup(w, "192.0.2.1", kit.Spare()).See("Set up your factors anew")
			w.Clock.Add(time.Duration(i+1) * time.Minute)
		}
		b := w.Browser("192.0.2.2").Signin(hana, apptest.Word).Fill("Six-digit", kit.App()).Press("Next").Miss("Hello")
		b.Press("Later").See("Hello")
		var s struct{ Missing string }
		p, at := halfway(w, "192.0.2.3", hana)
		p.Call("POST", at, map[string]any{"kind": "totp", "answer": kit.App()}).Want(200, "").Into(&s)
		if s.Missing != "backup_codes" {
			t.Errorf("got missing %q, want backup_codes", s.Missing)
		}
	})
}
