// Package apptest runs the whole of Sekisho in the test's process, on either
// engine, with a clock that the test moves, and gives small browsers and programs
// that use it as people do: they find fields by their labels and buttons by their
// words.
package apptest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/app"
	"sekisho/internal/audit"
	"sekisho/internal/client"
	"sekisho/internal/db"
	"sekisho/internal/dbtest"
	"sekisho/internal/factor/password"
	"sekisho/internal/i18n"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Base is the public address of every tested Sekisho.
const Base = "http://sekisho.test"

// Word is a password that every policy takes.
const Word = "four paper cranes unfold"

// World is one Sekisho.
type World struct {
	*app.App
	T     testing.TB
	Clock *dbtest.Clock
	Base  string
	DBURL string
	Log   *bytes.Buffer
	conf  map[string]string
}

// Each runs a test on both engines, with settings given as keys and values.
func Each(t *testing.T, test func(t *testing.T, w *World), conf ...string) {
	t.Helper()
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) { test(t, New(t, engine, conf...)) })
	}
}

var pattern = dbtest.Pattern{Sets: app.Tables}

// New makes a Sekisho with an empty database, in which the tables stand already.
func New(t testing.TB, engine string, conf ...string) *World {
	t.Helper()
	settings := map[string]string{
		"url": Base, "database": pattern.URL(t, engine), "keys": base64.StdEncoding.EncodeToString(secret.Hash(secret.Token().Reveal())),
		"hash_memory_kib": "8192", "hash_passes": "1", "zone": "UTC", "support": "help@example.com",
	}
	for i := 0; i+1 < len(conf); i += 2 {
		settings[conf[i]] = conf[i+1]
	}
	return open(t, settings, dbtest.NewClock())
}

// Another opens a further node on the same database, with settings changed.
func (w *World) Another(conf ...string) *World {
	w.T.Helper()
	settings := map[string]string{}
	for k, v := range w.conf {
		settings[k] = v
	}
	for i := 0; i+1 < len(conf); i += 2 {
		settings[conf[i]] = conf[i+1]
	}
	return open(w.T, settings, w.Clock)
}

func open(t testing.TB, settings map[string]string, clock *dbtest.Clock) *World {
	t.Helper()
	c, err := app.LoadConfig("", false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range settings {
		if err := c.Set(k, v, "test"); err != nil {
			t.Fatal(err)
		}
	}
	log := &bytes.Buffer{}
	a, err := app.Open(context.Background(), c, app.Options{Clock: clock.Now, Log: &guarded{w: log}, Serves: true})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { a.Close() })
	return &World{App: a, T: t, Clock: clock, Base: settings["url"], DBURL: settings["database"], Log: log, conf: settings}
}

// guarded lets several requests log at once.
type guarded struct {
	busy atomic.Int32
	w    io.Writer
}

func (g *guarded) Write(p []byte) (int, error) {
	for !g.busy.CompareAndSwap(0, 1) {
		time.Sleep(time.Microsecond)
	}
	defer g.busy.Store(0)
	return g.w.Write(p)
}

// Environ is what the terminal needs to reach this Sekisho's data.
func (w *World) Environ() []string {
	var out []string
	for k, v := range w.conf {
		out = append(out, app.Prefix+strings.ToUpper(k)+"="+v)
	}
	return out
}

// Settle makes a confirmed account with Word as its password.
func (w *World) Settle(identifiers ...string) account.Account {
	w.T.Helper()
	n := account.New{Name: "Hana Sato", Lang: i18n.En, Confirmed: true}
	for _, raw := range identifiers {
		id, err := account.Parse(raw)
		if err != nil {
			w.T.Fatal(err)
		}
		n.Identifiers = append(n.Identifiers, id)
	}
	word, f, err := w.Entry.NewPassword(context.Background(), account.Account{}, Word)
	if err != nil || f != nil {
		w.T.Fatalf("password: %v %v", f, err)
	}
	var a account.Account
	w.Update(func(tx db.Tx) (err error) {
		if a, err = account.Create(context.Background(), tx, n); err != nil {
			return err
		}
		return password.Set(context.Background(), tx, a.ID, word.Stored())
	})
	return a
}

// App registers an app and gives its secret.
func (w *World) Register(c client.Client) (client.Client, string) {
	w.T.Helper()
	if c.Name == "" {
		c.Name = "Wiki"
	}
	if c.Scopes == nil {
		c.Scopes = client.Scopes
	}
	if c.Grants == nil {
		c.Grants = []string{client.Code, client.Refresh}
	}
	if c.Alg == "" {
		c.Alg = "ES256"
	}
	var word secret.Text
	w.Update(func(tx db.Tx) (err error) {
		c, word, err = client.Create(context.Background(), tx, c)
		return err
	})
	return c, word.Reveal()
}

// Update changes the database, or fails the test.
func (w *World) Update(fn func(tx db.Tx) error) {
	w.T.Helper()
	if err := w.DB.Update(context.Background(), fn); err != nil {
		w.T.Fatalf("update: %v", err)
	}
}

// View reads the database, or fails the test.
func (w *World) View(fn func(tx db.ReadTx) error) {
	w.T.Helper()
	if err := w.DB.View(context.Background(), fn); err != nil {
		w.T.Fatalf("view: %v", err)
	}
}

// Mails are the letters in the outbox that can still be read, newest first.
func (w *World) Mails() []outbox.Letter {
	w.T.Helper()
	var out []outbox.Letter
	w.View(func(tx db.ReadTx) error {
		rows, err := outbox.List(context.Background(), tx, 500)
		for _, r := range rows {
			if r.Kind != outbox.Mail || !r.HasBody() || r.State == outbox.Dropped {
				continue
			}
			var l outbox.Letter
			if err := w.Outbox.Open(r, &l); err != nil {
				return err
			}
			out = append(out, l)
		}
		return err
	})
	return out
}

// Mail is the newest letter to an address.
func (w *World) Mail(to string) outbox.Letter {
	w.T.Helper()
	for _, l := range w.Mails() {
		if l.To == to {
			return l
		}
	}
	w.T.Fatalf("no mail to %s", to)
	return outbox.Letter{}
}

// Code is the code in the newest mail to an address.
func (w *World) Code(to string) string {
	w.T.Helper()
	text := w.Mail(to).Text
	for _, word := range strings.Fields(strings.NewReplacer("：", " ", "。", " ", ":", " ").Replace(text)) {
		plain := strings.ReplaceAll(strings.ReplaceAll(word, "-", ""), " ", "")
		if len(plain) == 6 && strings.Trim(plain, "0123456789") == "" {
			return plain
		}
	}
	if code := spaced(text); code != "" {
		return code
	}
	w.T.Fatalf("no code in the mail to %s:\n%s", to, text)
	return ""
}

// spaced finds a code written in two groups of three.
func spaced(text string) string {
	for _, line := range strings.Split(text, "\n") {
		plain := strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(strings.TrimSpace(line))
		if len(plain) == 6 && strings.Trim(plain, "0123456789") == "" {
			return plain
		}
	}
	return ""
}

// Link is the first link in the newest mail to an address, as a path.
func (w *World) Link(to string) string {
	w.T.Helper()
	text := w.Mail(to).Text
	_, rest, ok := strings.Cut(text, w.Base)
	if !ok {
		w.T.Fatalf("no link in the mail to %s:\n%s", to, text)
	}
	return strings.Fields(rest)[0]
}

// Audit are the audit rows, oldest first.
func (w *World) Audit() []audit.Row {
	w.T.Helper()
	if _, err := (audit.Chain{Ring: w.Ring}).Seal(context.Background(), w.DB); err != nil {
		w.T.Fatal(err)
	}
	var out []audit.Row
	if err := audit.Each(context.Background(), w.DB, func(r audit.Row) error { out = append(out, r); return nil }); err != nil {
		w.T.Fatal(err)
	}
	return out
}

// wire hands requests to the handler as if they came from an address.
type wire struct {
	handler http.Handler
	from    string
}

func (x *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.RemoteAddr = x.from
	in.RequestURI = r.URL.RequestURI()
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	x.handler.ServeHTTP(rec, in)
	res := rec.Result()
	res.Request = r
	return res, nil
}

// Program is a caller of the API.
type Program struct {
	w     *World
	http  *http.Client
	Token string
	Lang  string
	Agent string
}

// Program calls the API from an address.
func (w *World) Program(from string) *Program {
	return &Program{w: w, http: &http.Client{Transport: &wire{w.Handler, from + ":40000"}, CheckRedirect: stay}, Lang: "en", Agent: "apptest/1"}
}

// At moves the program to another node.
func (p *Program) At(w *World) *Program {
	p.http.Transport.(*wire).handler = w.Handler
	return p
}

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Answer is what the API answered.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	T      testing.TB
}

// Call sends a body as JSON (nil: none) and reads the answer.
func (p *Program) Call(method, path string, body any) Answer {
	p.w.T.Helper()
	var b []byte
	if body != nil {
		var err error
		if b, err = json.Marshal(body); err != nil {
			p.w.T.Fatal(err)
		}
	}
	return p.Raw(method, path, "application/json", b)
}

// Form sends a form, with Basic credentials when an id is given.
func (p *Program) Form(path string, form url.Values, id, word string) Answer {
	p.w.T.Helper()
	req, err := http.NewRequest("POST", p.w.Base+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.w.T.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id != "" {
		req.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(word))
	}
	return p.do(req)
}

// Raw sends bytes as they are.
func (p *Program) Raw(method, path, kind string, body []byte) Answer {
	p.w.T.Helper()
	req, err := http.NewRequest(method, p.w.Base+path, bytes.NewReader(body))
	if err != nil {
		p.w.T.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", kind)
	}
	return p.do(req)
}

// Do sends a request that a test made itself.
func (p *Program) Do(req *http.Request) Answer { return p.do(req) }

func (p *Program) do(req *http.Request) Answer {
	if p.Token != "" && req.Header.Get("Authorization") == "" {
		req.Header.Set("Authorization", "Bearer "+p.Token)
	}
	req.Header.Set("Accept-Language", p.Lang)
	req.Header.Set("User-Agent", p.Agent)
	res, err := p.http.Do(req)
	if err != nil {
		p.w.T.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		p.w.T.Fatal(err)
	}
	a := Answer{res.StatusCode, res.Header, body, p.w.T}
	p.fits(req, a)
	return a
}

// Into reads the answer's JSON.
func (a Answer) Into(v any) Answer {
	a.T.Helper()
	if err := json.Unmarshal(a.Body, v); err != nil {
		a.T.Fatalf("answer %d does not read: %v\n%s", a.Status, err, a.Body)
	}
	return a
}

// Code is the answer's fault code, or OAuth error.
func (a Answer) Code() string {
	var x struct {
		Code  string `json:"code"`
		Error string `json:"error"`
	}
	_ = json.Unmarshal(a.Body, &x)
	return x.Code + x.Error
}

// Want fails the test unless the answer has the status and, when given, the code.
func (a Answer) Want(status int, code string) Answer {
	a.T.Helper()
	if a.Status != status || code != "" && a.Code() != code {
		a.T.Fatalf("got %d %s, want %d %s\n%s", a.Status, a.Code(), status, code, a.Body)
	}
	return a
}

// Step is what a journey's API answers, whatever comes of it.
type Step struct {
	Flow     string `json:"flow"`
	Next     []struct{ Kind, Label string }
	Token    string `json:"token"`
	Session  string `json:"session"`
	Account  string `json:"account"`
	Code     string `json:"code"`
	Sessions []struct{ ID string }
	Step     string                           `json:"step"`
	Missing  string                           `json:"missing"`
	Ready    time.Time                        `json:"ready_at"`
	Options  struct{ Challenge, RpID string } `json:"options"`
}

// Signin signs in by password and keeps the token.
func (p *Program) Signin(identifier, word string) Answer {
	p.w.T.Helper()
	var s Step
	a := p.Call("POST", "/api/v1/signin", map[string]any{"identifier": identifier})
	if a.Status != 200 {
		return a
	}
	a.Into(&s)
	a = p.Call("POST", "/api/v1/signin/"+s.Flow, map[string]any{"kind": "password", "answer": word})
	if a.Status == 200 {
		a.Into(&s)
		p.Token = s.Token
	}
	return a
}

// jar makes an empty cookie jar.
func jar() http.CookieJar {
	j, _ := cookiejar.New(nil)
	return j
}

// Disable closes an account as the operator does.
func (w *World) Disable(id ref.Account) {
	w.T.Helper()
	w.Update(func(tx db.Tx) error {
		if err := account.Disable(context.Background(), tx, id); err != nil {
			return err
		}
		return w.Entry.ShutOut(context.Background(), tx, id)
	})
}
