package hand_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/hand"
	"sekisho/internal/pouch"
)

const (
	hana = "hana@example.com"
	word = "seven quiet rivers"
)

func TestMain(m *testing.M) {
	pouch.Usual = pouch.Cost{Memory: 64, Passes: 1}
	os.Exit(m.Run())
}

// seat is somebody at a terminal, with a Sekisho to speak to.
type seat struct {
	t       *testing.T
	w       *apptest.World
	home    string
	env     []string
	in      string
	answers []string // what the person types next
	asked   []string // what they were asked
	sits    bool
	all     strings.Builder // all that was ever printed
}

// take sits somebody down who types the passphrase.
func take(t *testing.T) *seat {
	t.Helper()
	w := apptest.New(t, "sqlite", "url", "https://id.example.com")
	w.Clock.Set(time.Now())
	return &seat{t: t, w: w, home: t.TempDir(), sits: true}
}

// alone is the same pouch and no terminal: the passphrase stands in a file.
func (s *seat) alone() *seat {
	s.t.Helper()
	file := filepath.Join(s.home, "word")
	if err := os.WriteFile(file, []byte(word+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return &seat{t: s.t, w: s.w, home: s.home, env: []string{"TEGATA_PASSPHRASE_FILE=" + file}}
}

func (s *seat) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.RemoteAddr, in.RequestURI, in.Host = "198.51.100.200:40000", r.URL.RequestURI(), r.URL.Host
	if in.Body == nil {
		in.Body = http.NoBody
	}
	out := httptest.NewRecorder()
	s.w.Handler.ServeHTTP(out, in)
	res := out.Result()
	res.Header.Set("Date", s.w.Clock.Now().Format(http.TimeFormat))
	return res, nil
}

func (s *seat) desk(out, errs *bytes.Buffer, args ...string) hand.Desk {
	d := hand.Desk{Args: args, Environ: append([]string{"XDG_DATA_HOME=" + s.home}, s.env...), In: strings.NewReader(s.in), Out: out, Err: errs, Wire: s}
	if s.sits {
		d.Ask = func(_ context.Context, q string, hidden bool) (string, error) {
			s.asked = append(s.asked, q)
			if strings.HasPrefix(q, "Passphrase:") || strings.HasPrefix(q, "パスフレーズ：") || strings.HasPrefix(q, "New passphrase") || q == "Again: " {
				if !hidden {
					return "", errors.New("the passphrase is echoed")
				}
				if len(s.answers) == 0 || !strings.HasPrefix(s.answers[0], "pass:") {
					return word, nil
				}
			}
			if len(s.answers) == 0 {
				return "", errors.New("asked, and nothing to answer: " + q)
			}
			a := strings.TrimPrefix(s.answers[0], "pass:")
			s.answers = s.answers[1:]
			return a, nil
		}
	}
	return d
}

type said struct {
	t        *testing.T
	line     string
	code     int
	out, err string
}

func (s *seat) run(args ...string) said {
	s.t.Helper()
	var out, errs bytes.Buffer
	code := hand.Main(context.Background(), s.desk(&out, &errs, args...))
	s.all.WriteString(out.String() + errs.String())
	return said{s.t, strings.Join(args, " "), code, out.String(), errs.String()}
}

// types gives the answers to what a command will ask, but for the passphrase.
func (s *seat) types(answers ...string) *seat { s.answers = answers; return s }

func (x said) want(code int, texts ...string) said {
	x.t.Helper()
	if x.code != code {
		x.t.Errorf("%s: ended with %d, want %d\n%s%s", x.line, x.code, code, x.out, x.err)
	}
	for _, text := range texts {
		if !strings.Contains(x.out+x.err, text) {
			x.t.Errorf("%s: did not say %q\n%s%s", x.line, text, x.out, x.err)
		}
	}
	return x
}

func (x said) miss(texts ...string) said {
	x.t.Helper()
	for _, text := range texts {
		if strings.Contains(x.out+x.err, text) {
			x.t.Errorf("%s: said %q\n%s%s", x.line, text, x.out, x.err)
		}
	}
	return x
}

func (x said) into(v any) said {
	x.t.Helper()
	if err := json.Unmarshal([]byte(x.out), v); err != nil {
		x.t.Fatalf("%s: %v\n%s%s", x.line, err, x.out, x.err)
	}
	return x
}

// refused is what --json says of a refusal.
func (x said) refused(exit int, code string) said {
	x.t.Helper()
	var r struct {
		Error struct{ Code, What, Why, Fix string }
	}
	x.want(exit).into(&r)
	if e := r.Error; e.Code != code || e.What == "" || e.Why == "" || e.Fix == "" {
		x.t.Errorf("%s: got %+v, want %s with three sentences", x.line, e, code)
	}
	return x
}

// inside is a program in which hana is signed in.
func (s *seat) inside(name, from string) *apptest.Program {
	s.t.Helper()
	p := s.w.Program(from)
	p.Signin(name, apptest.Word).Want(200, "")
	return p
}

type ticket struct{ URI, Number, State, Token string }

// enrolled makes an account and enrols it here.
func (s *seat) enrolled(name string) (account.Account, *apptest.Program) {
	s.t.Helper()
	a := s.w.Settle(name)
	p := s.inside(name, "192.0.2.200")
	s.enrol(p)
	return a, p
}

func (s *seat) enrol(p *apptest.Program, flags ...string) {
	s.t.Helper()
	var x ticket
	p.Call("POST", "/api/v1/me/tegata/ticket", nil).Want(200, "").Into(&x)
	q := s.alone()
	q.run(append([]string{"enrol", x.URI, "--name", "laptop"}, flags...)...).want(0, "tegata enrol --number")
	p.Call("POST", "/api/v1/me/tegata/ticket/agree", nil).Want(200, "").Into(&x)
	q.run("enrol", "--number", x.Number).want(0, "is enrolled here")
	p.Call("POST", "/api/v1/me/tegata/ticket/agree", nil).Want(200, "").Into(&x)
	if x.Token != "" {
		p.Token = x.Token
	}
}

type asked struct {
	Flow   string
	Number string `json:"push_number"`
	Token  string
	Scan   string `json:"scan_uri"`
}

// asks begins a sign-in and asks Tegata, first with the password or without.
func (s *seat) asks(name string, password bool) (*apptest.Program, string, asked) {
	s.t.Helper()
	p, x := s.w.Program("192.0.2.7"), asked{}
	p.Call("POST", "/api/v1/signin", map[string]any{"identifier": name}).Want(200, "").Into(&x)
	path := "/api/v1/signin/" + x.Flow
	if password {
		p.Call("POST", path, map[string]any{"kind": "password", "answer": apptest.Word}).Want(200, "").Into(&x)
	} else {
		p.Call("POST", path, map[string]any{"kind": "tegata"}).Want(200, "").Into(&x)
	}
	return p, path, x
}

var given = map[string]any{"kind": "tegata", "answer": "done"}

// other is a number that is not this one.
func other(number string) string { return string('0'+(number[0]-'0'+1)%10) + number[1:] }

func TestEnrolComparesTheNumberOnBothSides(t *testing.T) {
	s := take(t)
	s.w.Settle(hana)
	p, q := s.inside(hana, "192.0.2.200"), s.alone()
	var x ticket
	p.Call("POST", "/api/v1/me/tegata/ticket", nil).Want(200, "").Into(&x)
	var w struct {
		State, Number string
		Account       struct{ Identifier string }
	}
	q.run("enrol", x.URI, "--json").want(0).into(&w)
	p.Call("GET", "/api/v1/me/tegata/ticket", nil).Want(200, "").Into(&x)
	if w.State != "waiting" || w.Number != x.Number || w.Account.Identifier != hana {
		t.Errorf("got %+v, the account page shows %s", w, x.Number)
	}
	q.run("status", "--json").refused(3, "account.none")
	q.run("enrol", "--json").refused(2, "usage.unattended")
	q.run("enrol", "--number", other(x.Number), "--json").refused(1, "enrol.differs")
	q.run("enrol", "--number", x.Number, "--json").refused(3, "enrol.none")

	// A person answers at once.
	p.Call("POST", "/api/v1/me/tegata/ticket", nil).Want(200, "").Into(&x)
	s.types("n").run("enrol", x.URI).want(1, "The numbers differ", "enrol.differs")
	s.enrol(p)
	s.run("accounts").want(0, hana, "https://id.example.com", "laptop")
	p.Call("POST", "/api/v1/me/tegata/ticket", nil).Want(200, "").Into(&x)
	q.run("enrol", x.URI, "--json").refused(1, "enrol.twice")
	q.run("enrol", x.URI, "--json").refused(1, "device.ticket_over")
	if info, err := os.Stat(filepath.Join(s.home, "tegata", "pouch")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v (%v), want 0600", info.Mode(), err)
	}
}

func TestLinksThatLeadAstrayAreRefused(t *testing.T) {
	s := take(t)
	for link, code := range map[string]string{
		"http://id.example.com/tegata/#enrol=x":   "link.insecure",
		"https://id.example.com/tegata/#signin=x": "link.enrol",
		"https://id.example.com/tegata/":          "link.enrol",
		"otpauth://totp/x":                        "link.enrol",
	} {
		x := s.run("enrol", link, "--json")
		x.refused(x.code, code)
	}
	s.run("enrol", "http://127.0.0.1:1/tegata/#enrol=x", "--no-passphrase", "--json").miss("link.insecure")
}

func TestOnlyATypedPassphraseCountsAsTheAppLock(t *testing.T) {
	s := take(t)
	s.enrolled(hana)
	for _, typed := range []bool{true, false} {
		p, path, x := s.asks(hana, false)
		from := s
		if !typed {
			from = s.alone()
		}
		var d struct {
			Verified bool
			Decision string
		}
		from.run("approve", "--number", x.Number, "--json").want(0).into(&d)
		var opened asked
		p.Call("POST", path, given).Want(200, "").Into(&opened)
		if d.Verified != typed || (opened.Token != "") != typed || d.Decision != "approve" {
			t.Errorf("typed %t: got %+v, opened %t", typed, d, opened.Token != "")
		}
		s.w.Clock.Set(time.Now())
	}
	s.run("approve", "--json").refused(3, "request.none")
}

func TestAPouchWithoutAPassphraseHasToBeAskedForAndNeverVerifies(t *testing.T) {
	s := take(t)
	s.w.Settle(hana)
	p := s.inside(hana, "192.0.2.200")
	var x ticket
	p.Call("POST", "/api/v1/me/tegata/ticket", nil).Want(200, "").Into(&x)
	q := &seat{t: t, w: s.w, home: s.home}
	q.run("enrol", x.URI, "--json").refused(4, "passphrase.missing")
	s.types("pass:short", "pass:short").run("enrol", x.URI, "--json").refused(1, "passphrase.short")
	q.run("enrol", x.URI, "--no-passphrase").want(0)
	p.Call("POST", "/api/v1/me/tegata/ticket/agree", nil).Want(200, "").Into(&x)
	q.run("enrol", "--number", x.Number).want(0)
	p.Call("POST", "/api/v1/me/tegata/ticket/agree", nil).Want(200, "")
	_, _, y := s.asks(hana, false)
	var d struct{ Verified bool }
	s.types().run("approve", "--number", y.Number, "--json").want(0).into(&d)
	if d.Verified {
		t.Error("an approval without a passphrase says the app lock was passed")
	}
	s.run("status").want(0, "possession alone")
	if len(s.asked) > 0 && strings.HasPrefix(s.asked[len(s.asked)-1], "Passphrase:") {
		t.Error("it asks for a passphrase that there is none of")
	}
}

func TestApproveShowsWhatItIsAndAsksForTheNumber(t *testing.T) {
	s := take(t)
	s.enrolled(hana)
	p, path, x := s.asks(hana, true)
	s.run("requests").want(0, "req_", "Browser", "192.0.2.7", "left)")
	s.types("1").run("approve", "--json").refused(1, "request.digits")
	s.types(x.Number).run("approve").want(0, "Browser", "192.0.2.7", "Approved.")
	p.Call("POST", path, given).Want(200, "")
	s.run("requests").want(0, "Nothing waits")
	s.run("approve", "req_01m88cqzb4rkahqd5prr54kcq9", "--json").refused(3, "request.unknown")
	s.alone().run("approve", "--json").refused(3, "request.none")
}

func TestAWrongNumberEndsTheRequest(t *testing.T) {
	s := take(t)
	s.enrolled(hana)
	p, path, x := s.asks(hana, true)
	s.env = []string{"LANG=ja_JP.UTF-8"}
	s.alone().run("approve", "--number", other(x.Number), "--json").refused(1, "push.wrong_number")
	q := s.alone()
	q.env = append(q.env, "LANG=ja_JP.UTF-8")
	q.run("approve", "--number", x.Number).want(3, "待っている依頼はありません", "コード request.none")
	p.Call("POST", path, given).Want(401, "push.wrong_number")
}

func TestCancelAndDenyAreTwoAnswers(t *testing.T) {
	s := take(t)
	_, me := s.enrolled(hana)
	p, path, _ := s.asks(hana, true)
	s.run("cancel").want(0, "Cancelled.")
	p.Call("POST", path, given).Want(401, "push.cancelled")
	me.Call("GET", "/api/v1/session", nil).Want(200, "")

	p, path, _ = s.asks(hana, true)
	s.alone().run("deny", "--json").refused(2, "usage.unattended")
	s.types("no").run("deny", "--json").refused(1, "stopped")
	s.types("y").run("deny").want(0, "being protected")
	p.Call("POST", path, given).Want(403, "push.denied")
	me.Call("GET", "/api/v1/session", nil).Want(401, "")
}

func TestScanApprovesTheCodeOfASignInPage(t *testing.T) {
	s := take(t)
	s.enrolled(hana)
	scan := func() (*apptest.Program, string, string) {
		p, x := s.w.Program("192.0.2.7"), asked{}
		p.Call("POST", "/api/v1/signin", map[string]any{"kind": "tegata"}).Want(200, "").Into(&x)
		path := "/api/v1/signin/" + x.Flow
		p.Call("POST", path, map[string]any{"kind": "tegata", "answer": "scan"}).Want(200, "").Into(&x)
		return p, path, x.Scan
	}
	p, path, link := scan()
	s.alone().run("scan", link, "--json").refused(2, "usage.unattended")
	s.types("y").run("scan", link).want(0, "192.0.2.7", "Approved.")
	var opened asked
	p.Call("POST", path, given).Want(200, "").Into(&opened)
	if opened.Token == "" {
		t.Error("an approval behind the app lock did not sign in")
	}
	s.run("scan", link, "--yes", "--json").refused(1, "push.scan_over")
	s.run("scan", strings.Replace(link, "id.example.com", "evil.example.com", 1), "--yes", "--json").refused(1, "link.elsewhere")
	p, path, link = scan()
	s.types("n").run("scan", link).want(0, "Cancelled.")
	p.Call("POST", path, given).Want(401, "push.cancelled")
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	s := take(t)
	_, me := s.enrolled(hana)
	var list []struct{ ID, Addr string }
	s.run("sessions", "--json").want(0).into(&list)
	if len(list) != 1 || list[0].Addr != "192.0.2.200" {
		t.Fatalf("got %+v, want one", list)
	}
	s.run("sessions").want(0, list[0].ID, "192.0.2.200")
	s.run("end", "--json").refused(2, "end.which")
	s.run("end", "ses_01m88cqzb4rkahqd5prr54kcq9", "--json").refused(3, "session.unknown")
	s.run("end", list[0].ID).want(0, "Sessions ended: 1")
	me.Call("GET", "/api/v1/session", nil).Want(401, "")
	s.types("n").run("end", "--all", "--json").refused(1, "stopped")
	s.run("end", "--all", "--yes").want(0, "Sessions ended: 0")
}

func TestTheSignInLockIsSetAndLifted(t *testing.T) {
	s := take(t)
	_, me := s.enrolled(hana)
	s.run("lock", "--until", "2d").want(0, "on, until", "tegata unlock")
	s.run("status").want(0, "on, until")
	s.w.Program("192.0.2.7").Signin(hana, apptest.Word).Want(403, "signin.locked_by_owner")
	me.Call("GET", "/api/v1/session", nil).Want(200, "")
	s.run("lock", "--until", "tomorrow", "--json").refused(2, "lock.until")
	s.run("lock", "--until", "2001-01-01", "--json").refused(1, "signin.lock_ends_past")
	s.types("y").run("lock", "--end-sessions").want(0, "until it is lifted")
	me.Call("GET", "/api/v1/session", nil).Want(401, "")
	s.run("unlock").want(0, "is lifted")
	s.run("status", "--json").want(0, `"on": false`)
}

func TestSeveralAccountsAreToldApart(t *testing.T) {
	s := take(t)
	s.enrolled(hana)
	s.enrolled("ken@example.com")
	s.run("status", "--json").refused(2, "account.several")
	s.run("status", "--account", "yui@example.com", "--json").refused(3, "account.unknown")
	for _, name := range []string{"ken@example.com", "KEN@example.com", "2", "ken@example.com@id.example.com"} {
		s.run("status", "--account", name).want(0, "ken@example.com").miss(hana)
	}
	_, _, x := s.asks("ken@example.com", true)
	s.run("approve", "--account", hana, "--number", x.Number, "--json").refused(3, "request.none")
	s.run("approve", "--account", "ken@example.com", "--number", x.Number).want(0)
	s.run("codes").want(0, hana, "ken@example.com")
}

func TestAWrongClockIsToldAndNothingIsSigned(t *testing.T) {
	s := take(t)
	s.enrolled(hana)
	s.run("status").want(0, "Clock", "right")
	s.w.Clock.Add(time.Hour)
	var r struct {
		Error struct {
			Code  string
			Why   string
			Drift int `json:"clock_ahead_seconds"`
		}
	}
	s.run("status", "--json").want(1).into(&r)
	if e := r.Error; e.Code != "device.clock" || e.Drift > -3590 || e.Drift < -3610 || !strings.Contains(e.Why, "behind") {
		t.Errorf("got %+v, want an hour behind", e)
	}
	s.run("lock").want(1, "behind of the server's", "timedatectl")
	s.run("enrol", "https://id.example.com/tegata/#enrol=x", "--json").refused(1, "clock") // no ticket is spent on it
}

func TestAStaleDeviceIsRefreshedWithThePassword(t *testing.T) {
	s := take(t)
	_, me := s.enrolled(hana)
	me.Call("POST", "/api/v1/me/password", map[string]any{"current": apptest.Word, "new": "another word that holds"}).Want(200, "")
	s.run("status").want(0, "to be refreshed", "tegata refresh")
	s.run("requests", "--json").refused(1, "device.stale")
	s.types("not it").run("refresh", "--json").want(1).miss("not it")
	s.types("another word that holds").run("refresh").want(0, "counts again")
	s.run("requests").want(0)
	q := s.alone()
	q.in = "another word that holds\n"
	q.run("refresh").want(0)
}

func TestRetireForgetsTheAccount(t *testing.T) {
	s := take(t)
	_, me := s.enrolled(hana)
	s.types("y").run("retire", "--json").refused(1, "session.fresh_required") // the last way to prove oneself
	other := &seat{t: t, w: s.w, home: t.TempDir(), sits: true}
	other.enrol(me)
	var st struct{ Device struct{ ID string } }
	other.run("status", "--json").want(0).into(&st)
	other.run("promote", st.Device.ID, "--json").refused(1, "session.fresh_required")
	s.run("status").want(0, "Other devices", st.Device.ID)
	s.run("promote", st.Device.ID).want(0, "primary")
	s.types("y").run("retire").want(0, "retired")
	s.run("accounts").want(0, "No account")
	other.run("status").want(0).miss("Other devices")
}

func TestThePassphraseOpensThePouchAlone(t *testing.T) {
	s := take(t)
	s.enrolled(hana)
	s.types("pass:wrong one", "pass:wrong two", "pass:wrong three").run("codes", "--json").refused(4, "pouch.passphrase_wrong")
	s.types("pass:wrong one", "pass:"+word).run("codes").want(0, hana, "That is not the passphrase")
	q := s.alone()
	if err := os.WriteFile(filepath.Join(s.home, "word"), []byte("wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	q.run("codes", "--json").refused(4, "pouch.passphrase_wrong")
	if err := os.Chmod(filepath.Join(s.home, "word"), 0o644); err != nil {
		t.Fatal(err)
	}
	q.run("codes", "--json").refused(4, "passphrase.exposed")
	s.types("pass:"+word, "pass:a longer new one", "pass:a longer new one").run("passphrase").want(0, "was changed")
	s.types("pass:a longer new one").run("codes").want(0, hana)
	if err := os.Chmod(filepath.Join(s.home, "tegata", "pouch"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.run("codes", "--json").refused(4, "pouch.exposed")
}

func TestEveryUnknownWordEndsWithTwo(t *testing.T) {
	s := take(t)
	s.run("aprove").want(2, "there is no command aprove", "approve")
	s.run("vault", "lst").want(2, "there is no command lst")
	s.run("--nonsense").want(2, "nonsense")
	s.run("scan").want(2, "tegata scan LINK")
	s.run("approve", "a", "b", "--json").refused(2, "usage")
	s.run().want(0, "Usage:", "approve", "--json")
	s.run("codes", "--help").want(0, "Usage:", "--next", "--account")
	s.run("help", "codes").want(0, "--next")
	s.env = []string{"LC_ALL=C", "LANG=ja_JP.UTF-8"}
	s.run().want(0, "Usage:")
	s.env = []string{"LANG=ja_JP.UTF-8"}
	s.run().want(0, "使い方：", "サインインを承認する").miss("Usage", "⟦")
	s.run("version").want(0, "tegata")
	s.run("codes").want(3, "ポーチがありません")
}

func TestAnInterruptedEnrolmentGoesOn(t *testing.T) {
	s := take(t)
	s.w.Settle(hana)
	p := s.inside(hana, "192.0.2.200")
	var x ticket
	p.Call("POST", "/api/v1/me/tegata/ticket", nil).Want(200, "").Into(&x)
	ctx, stop := context.WithTimeout(context.Background(), 1500*time.Millisecond)
	defer stop()
	var out, errs bytes.Buffer
	d := s.types("y").desk(&out, &errs, "enrol", x.URI)
	if code := hand.Main(ctx, d); code != 1 {
		t.Errorf("got %d\n%s%s", code, &out, &errs)
	}
	p.Call("POST", "/api/v1/me/tegata/ticket/agree", nil).Want(200, "").Into(&x)
	p.Token = x.Token
	s.types("y").run("enrol").want(0, "is enrolled here")
	s.run("codes").want(0, hana)

	// An account that is here already is replaced when that is asked for.
	s.enrol(p, "--replace")
	var list []struct{ Device string }
	if s.run("accounts", "--json").want(0).into(&list); len(list) != 1 {
		t.Errorf("got %+v, want one", list)
	}
	s.run("status").want(0, "Other devices")
}
