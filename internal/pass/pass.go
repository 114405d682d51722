// Package pass is the hand-held side of Tegata's protocol (decision 0020): it makes the
// key, signs every call, is taken in, and says what its holder decides.
//
// It knows nothing of the server's inside and keeps nothing: who uses it stores the
// pass and the key.
package pass

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Pass is one installation for one account.
type Pass struct {
	Origin string // of the server, such as https://id.example.com
	Device string
	Key    *ecdsa.PrivateKey // P-256
	HTTP   *http.Client      // nil: http.DefaultClient
	Clock  func() time.Time  // nil: time.Now
	Lang   string            // in which refusals are told; empty: as the server likes

	mu   sync.Mutex
	last int64 // milliseconds of the last call; every one is later
}

// Problem is a refusal (RFC 9457).
type Problem struct {
	Status    int        `json:"status"`
	Code      string     `json:"code"`
	What      string     `json:"what"`
	Why       string     `json:"why"`
	Fix       string     `json:"fix"`
	Reference string     `json:"reference"`
	RetryAt   *time.Time `json:"retry_at"`
	Date      time.Time  `json:"-"` // the server's clock
	Here      time.Time  `json:"-"` // this clock, when the answer came
}

// Drift is by how much this clock is ahead of the server's, to a second; negative:
// behind. An answer without a date gives zero.
func (p *Problem) Drift() time.Duration {
	if p.Date.IsZero() {
		return 0
	}
	return p.Here.Sub(p.Date).Round(time.Second)
}

func (p *Problem) Error() string { return p.What + " " + p.Why + " " + p.Fix + " (" + p.Code + ")" }

// Is says whether an error is a refusal with a code.
func Is(err error, code string) bool {
	var p *Problem
	return errors.As(err, &p) && p.Code == code
}

// NewKey makes the key of an installation.
func NewKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

func sign(k *ecdsa.PrivateKey, lines ...string) (string, error) {
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	r, s, err := ecdsa.Sign(rand.Reader, k, sum[:])
	if err != nil {
		return "", err
	}
	var out [64]byte
	r.FillBytes(out[:32])
	s.FillBytes(out[32:])
	return base64.RawURLEncoding.EncodeToString(out[:]), nil
}

func (p *Pass) now() time.Time {
	if p.Clock != nil {
		return p.Clock()
	}
	return time.Now()
}

// clockOff is by how much a clock may be off; the server takes no call that is more.
const clockOff = 2 * time.Minute

// tick is the instant of a call, later than that of the one before. Where the clock was
// far ahead and is right again, those before were not taken: they do not count.
func (p *Pass) tick() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now().UnixMilli()
	if p.last > now+clockOff.Milliseconds() {
		p.last = 0
	}
	p.last = max(p.last+1, now)
	return p.last
}

// Header signs a call and gives its Authorization header.
func (p *Pass) Header(method, path string, body []byte) (string, error) {
	at := strconv.FormatInt(p.tick(), 10)
	sum := sha256.Sum256(body)
	signature, err := sign(p.Key, "sekisho-tegata-1", p.Origin, method, path, at, hex.EncodeToString(sum[:]))
	return "Tegata " + p.Device + "." + at + "." + signature, err
}

// tries is how often a call is signed anew that came behind another one's instant:
// two processes that hold one key each have their own last call.
const tries = 3

// Call makes one call; in and out are JSON, nil: none. An answer that refuses is a
// *Problem. One that was behind another's instant did nothing, and is made again.
func (p *Pass) Call(ctx context.Context, method, path string, in, out any) error {
	for n := 1; ; n++ {
		err := p.call(ctx, method, path, in, out)
		if n == tries || !Is(err, "device.replayed") {
			return err
		}
	}
}

// agent is what the activity of the account calls this program.
var agent = "tegata (" + cmp.Or(map[string]string{"linux": "Linux", "darwin": "Mac OS X", "windows": "Windows"}[runtime.GOOS], runtime.GOOS) + ")"

func (p *Pass) call(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, p.Origin+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("User-Agent", agent)
	if p.Lang != "" {
		req.Header.Set("Accept-Language", p.Lang)
	}
	if p.Device != "" {
		header, err := p.Header(method, path, body)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", header)
	}
	return p.do(req, out)
}

// most is how much of an answer is read.
const most = 4 << 20

func (p *Pass) do(req *http.Request, out any) error {
	client := p.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, most))
	switch {
	case err != nil:
		return err
	case res.StatusCode >= 300:
		refused := &Problem{Status: res.StatusCode, Here: p.now()}
		if json.Unmarshal(body, refused) != nil || refused.Code == "" {
			return fmt.Errorf("%w: %s answered %s", ErrStranger, req.URL.Host, res.Status)
		}
		refused.Date, _ = http.ParseTime(res.Header.Get("Date"))
		return refused
	case out == nil || len(body) == 0:
		return nil
	}
	return json.Unmarshal(body, out)
}

// ErrStranger is an answer that is not one of Sekisho's.
var ErrStranger = errors.New("it does not answer as Sekisho does")

// Drift asks a server for its time, unsigned, and says by how much this clock is
// ahead of it; negative: behind. It is right to a second or two.
func Drift(ctx context.Context, client *http.Client, origin string) (time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, "HEAD", origin+"/ready", nil)
	if err != nil {
		return 0, err
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	_ = res.Body.Close()
	date, err := http.ParseTime(res.Header.Get("Date"))
	if err != nil {
		return 0, fmt.Errorf("%w: %s says no time", ErrStranger, req.URL.Host)
	}
	return time.Since(date).Round(time.Second), nil
}

// Owner is whose account it is.
type Owner struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Identifier string `json:"identifier"`
}

// Joining is an installation that is being taken in.
type Joining struct {
	Device  string    `json:"device"`
	Number  string    `json:"number"`
	Account Owner     `json:"account"`
	Service string    `json:"service"`
	Origin  string    `json:"origin"`
	Expires time.Time `json:"expires_at"`
}

// ErrLink is a link that takes no installation in.
var ErrLink = errors.New("this is no link that enrols: it has to hold the server's address and /tegata/#enrol=…")

// ParseLink reads the link that a QR holds: what is behind the # is for whom.
func ParseLink(link, what string) (origin, token string, err error) {
	u, err := url.Parse(strings.TrimSpace(link))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", "", ErrLink
	}
	token, ok := strings.CutPrefix(u.Fragment, what+"=")
	if !ok || token == "" {
		return "", "", ErrLink
	}
	return u.Scheme + "://" + u.Host, token, nil
}

// Join asks to be taken in with a link that the account page shows. The pass works
// once both sides have agreed to the number.
func Join(ctx context.Context, client *http.Client, link, name, kind string) (*Pass, Joining, error) {
	p := &Pass{HTTP: client}
	j, err := p.Join(ctx, link, name, kind)
	if err != nil && p.Key == nil {
		return nil, j, err
	}
	return p, j, err
}

// Join makes the key of an empty pass and asks to be taken in with it.
func (p *Pass) Join(ctx context.Context, link, name, kind string) (Joining, error) {
	origin, ticket, err := ParseLink(link, "enrol")
	if err != nil {
		return Joining{}, err
	}
	p.Origin = origin
	if p.Key, err = NewKey(); err != nil {
		return Joining{}, err
	}
	point, err := p.Key.PublicKey.Bytes()
	if err != nil {
		return Joining{}, err
	}
	key := base64.RawURLEncoding.EncodeToString(point)
	proof, err := sign(p.Key, "sekisho-tegata-enrol-1", origin, ticket, key)
	if err != nil {
		return Joining{}, err
	}
	var j Joining
	err = p.Call(ctx, "POST", "/api/v1/tegata/enrol", map[string]string{"ticket": ticket, "key": key, "proof": proof, "name": name, "kind": kind}, &j)
	p.Device = j.Device
	return j, err
}

// Joined is how far being taken in has come.
type Joined struct {
	State string `json:"state"` // waiting, active
	Here  bool   `json:"confirmed_here"`
	Code  string `json:"code_secret"` // base 32, once: the secret of the account's own codes
}

// Agree says that the number is the same here.
func (p *Pass) Agree(ctx context.Context) (j Joined, err error) {
	return j, p.Call(ctx, "POST", "/api/v1/tegata/enrol/confirm", struct{}{}, &j)
}

// Joined asks how far it has come.
func (p *Pass) Joined(ctx context.Context) (j Joined, err error) {
	return j, p.Call(ctx, "GET", "/api/v1/tegata/enrol", nil, &j)
}
