package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"sekisho/internal/secret"
)

// overHTTP is a gateway that takes one request a message.
type overHTTP struct {
	client *http.Client
	method string
	target string // template
	body   string // template
	json   bool   // the body is JSON, else a form
	header http.Header
	user   string
	word   secret.Text
	from   string
	dial   string // host:port
}

// blank is a place to fill in a template.
var blank = regexp.MustCompile(`\{[a-z_]+\}`)

var blanks = []string{"{to}", "{digits}", "{text}", "{from}", "{id}"}

func parseHTTP(raw string, u *url.URL, o Options) (Gateway, error) {
	if u.Fragment != "" {
		return nil, errors.New("SMS gateway: an address ends before #")
	}
	// The template is what follows the host, as it was written: parsing it would
	// escape the braces.
	_, rest, _ := strings.Cut(raw, "://")
	tail := ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		tail = rest[i:]
	}
	g := &overHTTP{target: u.Scheme + "://" + u.Host + tail, body: o.Body, method: o.Method, from: o.From, user: u.User.Username(), dial: u.Host}
	if word, ok := u.User.Password(); ok {
		g.word = secret.Text(word)
	}
	if u.Port() == "" {
		g.dial = net.JoinHostPort(u.Hostname(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	}
	if g.method == "" {
		g.method = http.MethodGet
		if g.body != "" {
			g.method = http.MethodPost
		}
	}
	var err error
	if g.header, err = parseHeader(o.Header); err != nil {
		return nil, err
	}
	g.json = strings.HasPrefix(strings.TrimSpace(g.body), "{") || strings.HasPrefix(strings.TrimSpace(g.body), "[")
	if err := g.sound(); err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: Attempt}
	g.client = &http.Client{
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: Attempt, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 8, IdleConnTimeout: 90 * time.Second},
		// A message goes to the gateway that the operator named and to no other.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return g, nil
}

// sound tries the templates on a message that needs escaping.
func (g *overHTTP) sound() error {
	for _, b := range blank.FindAllString(g.target+g.body, -1) {
		if !slices.Contains(blanks, b) {
			return fmt.Errorf("SMS gateway: the template has %s; it knows %s", b, strings.Join(blanks, " "))
		}
	}
	if all := g.target + g.body; !strings.Contains(all, "{text}") || !strings.Contains(all, "{to}") && !strings.Contains(all, "{digits}") {
		return errors.New("SMS gateway: the template needs {text}, and {to} or {digits}")
	}
	req, body, err := g.request(context.Background(), Message{ID: "id", To: "+819012345678", Text: "\"確認\" & 1\n"})
	if err != nil || req.URL.Host == "" {
		return errors.New("SMS gateway: the address does not read once it is filled in")
	}
	if g.json && !json.Valid([]byte(body)) {
		return errors.New("SMS gateway: the body does not read as JSON once it is filled in; places such as {text} stand inside quotes")
	}
	return nil
}

var headerName = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

func parseHeader(lines string) (http.Header, error) {
	h := http.Header{}
	for line := range strings.Lines(lines) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, v, ok := strings.Cut(line, ":")
		v = strings.TrimSpace(v)
		if !ok || !headerName.MatchString(name) || strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' }) {
			return nil, errors.New("SMS gateway: a header is a line such as Authorization: Bearer …")
		}
		h.Add(name, v)
	}
	return h, nil
}

// escape percent-encodes everything, for paths and queries alike.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// quote escapes for a place between the quotes of a JSON string.
func quote(s string) string {
	b, _ := json.Marshal(s) // a string always marshals
	return string(b[1 : len(b)-1])
}

func (g *overHTTP) request(ctx context.Context, m Message) (*http.Request, string, error) {
	fill := func(template string, with func(string) string) string {
		return strings.NewReplacer("{to}", with(m.To), "{digits}", with(digits(m.To)), "{text}", with(m.Text), "{from}", with(g.from), "{id}", with(m.ID)).Replace(template)
	}
	kind, how := "application/x-www-form-urlencoded", escape
	if g.json {
		kind, how = "application/json", quote
	}
	body := fill(g.body, how)
	req, err := http.NewRequestWithContext(ctx, g.method, fill(g.target, escape), strings.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	if body != "" {
		req.Header.Set("Content-Type", kind)
	}
	for name, v := range g.header {
		req.Header[name] = v
	}
	if g.user != "" || g.word != "" {
		req.SetBasicAuth(g.user, g.word.Reveal())
	}
	return req, body, nil
}

// drain is how long an answer's body is read, so that the connection can be used
// again. What it says changes nothing: the status has said it.
const drain = 100 * time.Millisecond

func (g *overHTTP) Send(ctx context.Context, m Message) (Receipt, error) {
	if err := check(m); err != nil {
		return Receipt{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, Attempt)
	defer cancel()
	req, _, err := g.request(ctx, m)
	if err != nil {
		return Receipt{}, refused{errors.New("SMS gateway: the address does not read once it is filled in")}
	}
	res, err := g.client.Do(req)
	if err != nil {
		// The client's error repeats the address, with number, text and key.
		var with *url.Error
		if errors.As(err, &with) {
			err = with.Err
		}
		return Receipt{}, late(ctx, err)
	}
	stop := time.AfterFunc(drain, cancel)
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	stop.Stop()
	_ = res.Body.Close()
	switch {
	case res.StatusCode >= 500:
		return Receipt{}, fmt.Errorf("the SMS gateway answered %d", res.StatusCode)
	case res.StatusCode >= 300:
		return Receipt{}, refused{fmt.Errorf("the SMS gateway answered %d", res.StatusCode)}
	}
	return Receipt{}, nil
}

func (g *overHTTP) Check(ctx context.Context) error {
	d := net.Dialer{Timeout: Attempt}
	c, err := d.DialContext(ctx, "tcp", g.dial)
	if err != nil {
		return late(ctx, err)
	}
	return c.Close()
}

func (g *overHTTP) Close() error {
	g.client.CloseIdleConnections()
	return nil
}
