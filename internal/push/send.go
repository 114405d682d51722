package push

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"sekisho/internal/netx"
)

// Attempt bounds one try, from the name's resolution to the end of the answer.
const Attempt = 5 * time.Second

// Urgency is when a device that saves power is woken (RFC 8030 §5.3).
type Urgency string

// Those that are of use here: on a battery and idle, a device gets only what is high.
const (
	High   Urgency = "high"
	Normal Urgency = "normal"
)

// Message is what is sent.
type Message struct {
	Payload []byte        // at most Longest bytes
	TTL     time.Duration // how long the service keeps it for a device that is away; below one second: not at all (RFC 8030 §5.2)
	Urgency Urgency       // empty: High
	Topic   string        // a later message takes the place of one that waits; at most 32 of A–Z a–z 0–9 - _ (RFC 8030 §5.4), which the service sees
}

// ErrTopic is a topic that no push service takes.
var ErrTopic = errors.New("push: the topic is not at most 32 characters of A-Z a-z 0-9 - _")

// Outcome is what became of a message.
type Outcome string

// The outcomes there are.
const (
	Sent    Outcome = "sent"    // the service took it
	Gone    Outcome = "gone"    // the subscription is dead: forget it
	Later   Outcome = "later"   // trying again may help
	Refused Outcome = "refused" // trying again cannot help
)

// Answer is what came of one try.
type Answer struct {
	Outcome Outcome
	Status  int           // of HTTP; 0: there was no answer
	After   time.Duration // with Later: how long the service wants to be left alone, at most a day
	Why     error         // nil when Sent; may quote the service
}

// Options are what a Sender is made of.
type Options struct {
	// Key signs for this server (VAPID). Browsers bind a subscription to it; with
	// another key the service refuses (RFC 8292 §4.2).
	Key *ecdsa.PrivateKey
	// Contact is where the push service reaches the operator, mailto: or https:. Apple
	// answers 403 BadJwtToken where its host does not exist, such as localhost.
	Contact string
	// Inner are inner networks that endpoints may be in all the same.
	Inner netx.Proxies
	// Transport takes the place of the guarded one, in tests.
	Transport http.RoundTripper
	// Now is the clock; nil: the machine's.
	Now func() time.Time
}

// Sender sends for one server. Its methods may be called at once.
type Sender struct {
	client  *http.Client
	signer  jose.Signer
	public  string
	contact string
	now     func() time.Time
}

// New makes a Sender.
func New(o Options) (*Sender, error) {
	if o.Key == nil || o.Key.Curve != elliptic.P256() {
		return nil, errors.New("push: the key is not one of P-256")
	}
	c, err := url.Parse(o.Contact)
	if err != nil || !(c.Scheme == "mailto" && strings.Contains(c.Opaque, "@") || c.Scheme == "https" && c.Host != "") {
		return nil, errors.New("push: the contact is not such as mailto:admin@example.com or https://example.com/contact")
	}
	point, err := o.Key.PublicKey.Bytes()
	if err != nil {
		return nil, fmt.Errorf("push: %w", err)
	}
	s := &Sender{public: b64.EncodeToString(point), contact: o.Contact, now: o.Now}
	if s.now == nil {
		s.now = time.Now
	}
	if s.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: o.Key}, (&jose.SignerOptions{}).WithType("JWT")); err != nil {
		return nil, fmt.Errorf("push: %w", err)
	}
	if o.Transport == nil {
		o.Transport = guarded(&net.Dialer{Timeout: 3 * time.Second, Control: netx.Outward(o.Inner)})
	}
	s.client = &http.Client{Transport: o.Transport, Timeout: Attempt, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return s, nil
}

// guarded goes where the dialer lets it, and through no proxy, which would go anywhere.
func guarded(d *net.Dialer) *http.Transport {
	return &http.Transport{DialContext: d.DialContext, TLSHandshakeTimeout: 3 * time.Second, ForceAttemptHTTP2: true,
		MaxResponseHeaderBytes: 16 << 10, MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second}
}

// PublicKey is the applicationServerKey with which pages subscribe (Push API §7.2).
func (s *Sender) PublicKey() string { return s.public }

// lives is how long a token proves who sends: RFC 8292 §2 allows 24 hours, and clocks differ.
const lives = 12 * time.Hour

// authorization makes the header of RFC 8292 §3.
func (s *Sender) authorization(origin string) (string, error) {
	claims, err := json.Marshal(map[string]any{"aud": origin, "exp": s.now().Add(lives).Unix(), "sub": s.contact})
	if err != nil {
		return "", err
	}
	signed, err := s.signer.Sign(claims)
	if err != nil {
		return "", err
	}
	token, err := signed.CompactSerialize()
	return "vapid t=" + token + ", k=" + s.public, err
}

var topic = regexp.MustCompile(`^[A-Za-z0-9_-]{0,32}$`)

func (s *Sender) request(ctx context.Context, to Subscription, m Message) (*http.Request, error) {
	t, err := to.read(true)
	if err != nil {
		return nil, err
	}
	if !topic.MatchString(m.Topic) {
		return nil, ErrTopic
	}
	body, err := t.encrypt(m.Payload)
	if err != nil {
		return nil, err
	}
	auth, err := s.authorization(t.origin)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.Endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, ErrEndpoint
	}
	req.Header.Set("Authorization", auth)
	req.Header.Set("Content-Encoding", "aes128gcm")
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("TTL", strconv.FormatInt(int64(max(0, m.TTL)/time.Second), 10))
	req.Header.Set("Urgency", string(High))
	if m.Urgency != "" {
		req.Header.Set("Urgency", string(m.Urgency))
	}
	if m.Topic != "" {
		req.Header.Set("Topic", m.Topic)
	}
	return req, nil
}

// drain is how long an answer's body is read. The status has said the outcome.
const drain = 250 * time.Millisecond

// Send tries once, for at most Attempt.
func (s *Sender) Send(ctx context.Context, to Subscription, m Message) Answer {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	req, err := s.request(ctx, to, m)
	if err != nil {
		return Answer{Outcome: Refused, Why: err}
	}
	res, err := s.client.Do(req)
	if err != nil {
		var with *url.Error // it repeats the endpoint
		if errors.As(err, &with) {
			err = with.Err
		}
		a := Answer{Outcome: Later, Why: fmt.Errorf("push: %w", err)}
		if errors.Is(err, netx.ErrInner) {
			a.Outcome = Refused
		}
		return a
	}
	stop := time.AfterFunc(drain, cancel)
	text, _ := io.ReadAll(io.LimitReader(res.Body, 512))
	stop.Stop()
	_ = res.Body.Close()
	return s.answer(res, string(text))
}

func (s *Sender) answer(res *http.Response, text string) Answer {
	a := Answer{Outcome: Refused, Status: res.StatusCode}
	switch code := res.StatusCode; {
	case code >= 200 && code < 300: // 201, or 202 where a receipt is wanted: RFC 8030 §5 and §5.1
		return Answer{Outcome: Sent, Status: code}
	case code == http.StatusNotFound, code == http.StatusGone: // RFC 8030 §7.3
		a.Outcome, text = Gone, ""
	case code == http.StatusTooManyRequests, code >= 500: // RFC 6585 §4
		a.Outcome, a.After = Later, after(res.Header.Get("Retry-After"), s.now())
	}
	if path := res.Request.URL.EscapedPath(); len(path) > 1 {
		text = strings.ReplaceAll(text, path, "…") // pages that servers make repeat it
	}
	a.Why = fmt.Errorf("push: answered with status %d %.200q", res.StatusCode, text)
	return a
}

// after reads Retry-After, seconds or a date (RFC 9110 §10.2.3).
func after(v string, now time.Time) time.Duration {
	const most = 24 * time.Hour
	if n, err := strconv.ParseInt(v, 10, 64); err == nil {
		return time.Duration(min(max(0, n), int64(most/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return min(max(0, at.Sub(now)), most)
	}
	return 0
}
