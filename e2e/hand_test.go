package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// api is a program that speaks to the server's API.
type api struct {
	t     *testing.T
	s     *Server
	token string
}

// call makes a call and reads its answer into out; it gives the status.
func (a *api) call(method, path string, in any, out any) int {
	a.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		a.t.Fatal(err)
	}
	req, err := http.NewRequest(method, a.s.URL+path, bytes.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if a.token != "" {
		req.Header.Set("Authorization", "Bearer "+a.token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	if out != nil && json.Unmarshal(text, out) != nil {
		a.t.Fatalf("%s %s: %s", method, path, text)
	}
	return res.StatusCode
}

// step is what a journey answers.
type step struct {
	Flow, Code, Token  string
	URI, Number, State string
	Push               string `json:"push_number"`
	Scan               string `json:"scan_uri"`
}

// opens gives the password, which asks Tegata where it is enrolled.
func (s *Server) opens(t *testing.T, name string) (a *api, path string, x step) {
	t.Helper()
	a = &api{t: t, s: s}
	a.call("POST", "/api/v1/signin", map[string]string{"identifier": name}, &x)
	path = "/api/v1/signin/" + x.Flow
	if got := a.call("POST", path, map[string]string{"kind": "password", "answer": Word}, &x); got != 200 {
		t.Fatalf("%s: got %d %s", name, got, x.Code)
	}
	a.token = x.Token
	return a, path, x
}

var approved = map[string]string{"kind": "tegata", "answer": "done"}

const secretWord = "seven quiet rivers"

// pocket is one person's tegata.
type pocket struct {
	t    *testing.T
	home string
	env  []string
}

func newPocket(t *testing.T) *pocket {
	t.Helper()
	p := &pocket{t: t, home: t.TempDir()}
	if err := os.WriteFile(filepath.Join(p.home, "word"), []byte(secretWord+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *pocket) command(args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(filepath.Dir(binary), "tegata"), args...)
	c.Env = append([]string{"XDG_DATA_HOME=" + p.home, "TERM=xterm-256color", "LANG=C.UTF-8", "PATH=" + os.Getenv("PATH")}, p.env...)
	return c
}

// done is how a process ended.
type done struct {
	t        *testing.T
	args     []string
	code     int
	out, err string
}

// run runs tegata where nobody sits, with the passphrase in a file.
func (p *pocket) run(in string, args ...string) done {
	p.t.Helper()
	c := p.command(args...)
	c.Env = append(c.Env, "TEGATA_PASSPHRASE_FILE="+filepath.Join(p.home, "word"))
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	var out, errs bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(in), &out, &errs
	_ = c.Run()
	return done{p.t, args, c.ProcessState.ExitCode(), out.String(), errs.String()}
}

func (d done) want(code int, texts ...string) done {
	d.t.Helper()
	if d.code != code {
		d.t.Errorf("tegata %v: ended with %d, want %d\n%s%s", d.args, d.code, code, d.out, d.err)
	}
	for _, x := range texts {
		if !strings.Contains(d.out+d.err, x) {
			d.t.Errorf("tegata %v: did not say %q\n%s%s", d.args, x, d.out, d.err)
		}
	}
	return d
}

func (d done) into(v any) {
	d.t.Helper()
	if err := json.Unmarshal([]byte(d.out), v); err != nil {
		d.t.Fatalf("tegata %v: %v\n%s%s", d.args, err, d.out, d.err)
	}
}

// refused checks the code in the JSON.
func (d done) refused(exit int, code string) {
	d.t.Helper()
	var r struct {
		Error struct{ Code, What, Why, Fix string }
	}
	d.want(exit).into(&r)
	if r.Error.Code != code || r.Error.What == "" || r.Error.Why == "" || r.Error.Fix == "" {
		d.t.Errorf("tegata %v: got %+v, want %s", d.args, r.Error, code)
	}
}

// enrol takes the pocket in from a session, by somebody at a terminal.
func (p *pocket) enrol(a *api) {
	p.t.Helper()
	var x step
	if got := a.call("POST", "/api/v1/me/tegata/ticket", nil, &x); got != 200 {
		p.t.Fatalf("ticket: got %d %s", got, x.Code)
	}
	first := true
	if _, err := os.Stat(filepath.Join(p.home, "tegata", "pouch")); err == nil {
		first = false
	}
	m := onTerminal(p.t, p.command("enrol", x.URI, "--name", "laptop"))
	if first {
		m.see("New passphrase").types(secretWord + "\n").see("Again:").types(secretWord + "\n")
	} else {
		m.see("Passphrase:").types(secretWord + "\n")
	}
	m.see("same number?")
	a.call("GET", "/api/v1/me/tegata/ticket", nil, &x)
	if len(x.Number) != 4 || !strings.Contains(m.all(), x.Number) {
		p.t.Fatalf("the account page shows %q:\n%s", x.Number, m.all())
	}
	m.types("y\n").see("Waiting")
	a.call("POST", "/api/v1/me/tegata/ticket/agree", nil, &x)
	if m.see("is enrolled here"); m.ends() != 0 || strings.Contains(m.all(), secretWord) {
		p.t.Errorf("enrol ended badly, or showed the passphrase:\n%s", m.all())
	}
	a.call("POST", "/api/v1/me/tegata/ticket/agree", nil, &x)
	if x.Token != "" {
		a.token = x.Token
	}
}

func otherNumber(n string) string { return string('0'+(n[0]-'0'+1)%10) + n[1:] }

// A person enrols at a terminal, approves, refuses a wrong number, sees and ends
// sessions, locks and unlocks, and says that it was not them.
func TestTegataApprovesAtTheTerminal(t *testing.T) {
	s := Start(t)
	s.Settle("hana@example.com")
	me, _, _ := s.opens(t, "hana@example.com")
	p := newPocket(t)
	p.run("", "requests", "--json").refused(3, "pouch.none")
	p.enrol(me)
	p.run("", "status").want(0, "hana@example.com", "primary", "right")

	b, path, x := s.opens(t, "hana@example.com")
	p.run("", "requests").want(0, "req_", "127.0.0.1")
	m := onTerminal(t, p.command("approve"))
	m.see("Passphrase:").types("wrong\n").see("not the passphrase").types(secretWord + "\n").see("127.0.0.1").see("2 digits").types(x.Push + "\n").see("Approved.")
	if m.ends() != 0 {
		t.Error(m.all())
	}
	if got := b.call("POST", path, approved, &x); got != 200 || x.Token == "" {
		t.Errorf("got %d %s", got, x.Code)
	}
	b.token = x.Token

	c, path, x := s.opens(t, "hana@example.com")
	p.run("", "approve", "--number", otherNumber(x.Push), "--json").refused(1, "push.wrong_number")
	if got := c.call("POST", path, approved, &x); got != 401 || x.Code != "push.wrong_number" {
		t.Errorf("got %d %s", got, x.Code)
	}

	var list []struct{ ID string }
	p.run("", "sessions", "--json").want(0).into(&list)
	if len(list) != 2 {
		t.Errorf("got %d sessions, want 2", len(list))
	}
	p.run("", "lock", "--until", "2h").want(0, "on, until")
	d := &api{t: t, s: s}
	d.call("POST", "/api/v1/signin", map[string]string{"identifier": "hana@example.com"}, &x)
	if got := d.call("POST", "/api/v1/signin/"+x.Flow, map[string]string{"kind": "password", "answer": Word}, &x); got != 403 || x.Code != "signin.locked_by_owner" {
		t.Errorf("locked: got %d %s", got, x.Code)
	}
	p.run("", "unlock").want(0)
	for _, one := range list {
		p.run("", "end", one.ID).want(0, "Sessions ended: 1")
	}
	if me.call("GET", "/api/v1/session", nil, nil) != 401 || b.call("GET", "/api/v1/session", nil, nil) != 401 {
		t.Error("a session that was ended goes on")
	}

	f, path, x := s.opens(t, "hana@example.com")
	p.run("", "deny", "--yes").want(0, "not you")
	if got := f.call("POST", path, approved, &x); got != 403 || x.Code != "push.denied" {
		t.Errorf("denied: got %d %s", got, x.Code)
	}
}

// Codes of the vault and the account's own are what others reckon, and a second account
// stays apart.
func TestTegatasCodesAndAccounts(t *testing.T) {
	s := Start(t)
	p := newPocket(t)
	for _, name := range []string{"hana@example.com", "ken@example.com"} {
		s.Settle(name)
		me, _, _ := s.opens(t, name)
		p.enrol(me)
	}
	p.run("", "status", "--json").refused(2, "account.several")
	p.run("", "accounts").want(0, "hana@example.com", "ken@example.com")

	const key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	p.run("otpauth://totp/Example:hana?secret="+key+"&issuer=Example", "vault", "add").want(0, "Added: 1")
	p.run(key, "vault", "add", "--label", "long", "--digits", "8", "--algorithm", "SHA256").want(0)
	type code struct{ Name, Code string }
	var list []code
	oath := func(more ...string) string {
		out, err := exec.Command(need(t, "oathtool"), append(more, "-b", key)...).CombinedOutput()
		if err != nil {
			t.Fatalf("oathtool: %v\n%s", err, out)
		}
		return strings.TrimSpace(string(out))
	}
	for try := 0; ; try++ { // a step may end in between
		six, eight := oath("--totp"), oath("--totp=SHA256", "-d", "8")
		p.run("", "codes", "--json").want(0).into(&list)
		if len(list) == 4 && list[2].Code == six && list[3].Code == eight {
			break
		}
		if try == 3 {
			t.Fatalf("got %+v, oathtool %s and %s", list, six, eight)
		}
	}
	_, path, x := s.opens(t, "ken@example.com")
	a := &api{t: t, s: s}
	p.run("", "codes", "ken@", "--json").want(0).into(&list)
	if got := a.call("POST", path, map[string]string{"kind": "tegatacode", "answer": list[0].Code}, &x); got != 200 || x.Token == "" {
		t.Errorf("the account's own code: got %d %s", got, x.Code)
	}
	p.run("", "requests", "--account", "hana@example.com").want(0, "Nothing waits")
}

// A script waits for requests, hands the passphrase over by a descriptor, and does
// without the server where it can.
func TestTegataInAScript(t *testing.T) {
	s := Start(t)
	s.Settle("hana@example.com")
	me, _, _ := s.opens(t, "hana@example.com")
	p := newPocket(t)
	p.enrol(me)
	watch := p.command("requests", "--watch", "--json", "--passphrase-fd", "3")
	word, err := os.Open(filepath.Join(p.home, "word"))
	if err != nil {
		t.Fatal(err)
	}
	defer word.Close()
	watch.ExtraFiles = []*os.File{word}
	out, err := watch.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = watch.Process.Kill() }()
	lines := bufio.NewScanner(out)
	for range 2 {
		a, path, x := s.opens(t, "hana@example.com")
		var r struct{ ID, Addr string }
		if !lines.Scan() || json.Unmarshal(lines.Bytes(), &r) != nil || r.Addr != "127.0.0.1" {
			t.Fatalf("got %q", lines.Text())
		}
		p.run("", "approve", r.ID, "--number", x.Push, "--json").want(0, `"verified": false`)
		if got := a.call("POST", path, approved, &x); got != 200 {
			t.Errorf("got %d %s", got, x.Code)
		}
	}
	if err := watch.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := watch.Wait(); err != nil {
		t.Errorf("an interrupted wait ended with %v", err)
	}
	s.Kill()
	p.run("", "status", "--json").refused(5, "server.unreachable")
	p.run("", "codes").want(0, "hana@example.com")
}

// Two processes at once neither lose what the other wrote nor answer twice.
func TestTwoTegatasAtOnce(t *testing.T) {
	s := Start(t)
	s.Settle("hana@example.com")
	me, _, _ := s.opens(t, "hana@example.com")
	p := newPocket(t)
	p.enrol(me)
	const key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	p.run(key, "vault", "add", "--label", "bank", "--kind", "hotp").want(0)
	var all sync.WaitGroup
	var mu sync.Mutex
	codes := map[string]int{}
	for i := range 6 {
		all.Go(func() { p.run(key, "vault", "add", "--label", fmt.Sprint("n", i)).want(0) })
		all.Go(func() {
			var c struct{ Code string }
			p.run("", "codes", "1", "--next", "--json").want(0).into(&c)
			mu.Lock()
			defer mu.Unlock()
			codes[c.Code]++
		})
		all.Go(func() { p.run("", []string{"lock", "unlock"}[i%2]).want(0) })
	}
	all.Wait()
	var list []struct{ ID int }
	if p.run("", "vault", "list", "--json").want(0).into(&list); len(list) != 7 {
		t.Errorf("got %d entries, want 7", len(list))
	}
	if len(codes) != 6 {
		t.Errorf("a counter's codes came twice: %v", codes)
	}
	p.run("", "unlock").want(0)

	a, path, x := s.opens(t, "hana@example.com")
	var yes, no done
	all.Go(func() { yes = p.run("", "approve", "--number", x.Push, "--json") })
	all.Go(func() { no = p.run("", "cancel", "--json") })
	all.Wait()
	if (yes.code == 0) == (no.code == 0) {
		t.Errorf("approved with %d and cancelled with %d, want one of them\n%s%s", yes.code, no.code, yes.out, no.out)
	}
	if got := a.call("POST", path, approved, &x); (got == 200) != (yes.code == 0) {
		t.Errorf("got %d after approve ended with %d", got, yes.code)
	}
}

func TestAWrongPassphraseOpensNothing(t *testing.T) {
	s := Start(t)
	s.Settle("hana@example.com")
	me, _, _ := s.opens(t, "hana@example.com")
	p := newPocket(t)
	p.enrol(me)
	word := filepath.Join(p.home, "word")
	if err := os.WriteFile(word, []byte("another one"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.run("", "codes", "--json").refused(4, "pouch.passphrase_wrong")
	m := onTerminal(t, p.command("codes"))
	for range 3 {
		m.see("Passphrase:").types("wrong\n")
	}
	if m.see("pouch.passphrase_wrong"); m.ends() != 4 {
		t.Error(m.all())
	}
	if err := os.Remove(word); err != nil {
		t.Fatal(err)
	}
	p.run("", "codes", "--json").refused(3, "file.none")
	// Interrupted at the question, the terminal is as it was: it echoes again.
	c := p.command()
	c.Path, c.Args = "/bin/sh", []string{"sh", "-c", "trap : INT; " + c.Path + " codes; echo ended $?; stty -a"}
	m = onTerminal(t, c)
	m.see("Passphrase:").types("half\x03").see("ended 1").see(" echo ")
	if m.ends() != 0 {
		t.Error(m.all())
	}
}

// colour is what sets one (ECMA-48 §8.3.117), or anything but the plain text.
var colour = regexp.MustCompile("\x1b\\[[0-9;:]*[1-9][0-9;:]*m")

// The screen, in Japanese and without colour, over nothing but a terminal.
func TestTegatasScreen(t *testing.T) {
	s := Start(t)
	s.Settle("hana@example.com")
	me, _, _ := s.opens(t, "hana@example.com")
	p := newPocket(t)
	p.enrol(me)
	p.env = []string{"LANG=ja_JP.UTF-8", "NO_COLOR=1"}
	m := onTerminal(t, p.command())
	m.see("パスフレーズ：").types(secretWord + "\n").see("待っている依頼はありません")
	began := time.Now()
	a, path, x := s.opens(t, "hana@example.com")
	m.see("127.0.0.1")
	t.Logf("a request was on the screen after %s", time.Since(began).Round(time.Millisecond))
	m.types("a").see("番号").types(x.Push + "\r").see("パスフレーズ").types(secretWord + "\r").see("承認しました")
	if got := a.call("POST", path, approved, &x); got != 200 || x.Token == "" {
		t.Errorf("got %d %s", got, x.Code)
	}
	if m.types("q"); m.ends() != 0 || strings.Contains(m.all(), secretWord) {
		t.Errorf("it ended badly, or showed the passphrase:\n%q", m.all())
	}
	if c := colour.FindString(m.all()); c != "" {
		t.Errorf("it has colour: %q", c)
	}
}
