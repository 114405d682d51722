package apptest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"sekisho/internal/outbox"
)

// Phones is an SMS gateway over HTTP that keeps what it was handed. Give New its
// Setting under "sms", and let the outbox work with World.SendSMS.
type Phones struct {
	Setting string

	mu     sync.Mutex
	answer http.HandlerFunc
	tries  int
	took   []outbox.Text
}

// NewPhones starts a gateway that takes everything.
func NewPhones(t testing.TB) *Phones {
	t.Helper()
	p := &Phones{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.tries++
		answer := p.answer
		if answer == nil {
			p.took = append(p.took, outbox.Text{To: r.FormValue("to"), Text: r.FormValue("text")})
		}
		p.mu.Unlock()
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	p.Setting = s.URL + "/send?to={to}&text={text}"
	return p
}

// Answer makes the gateway answer so, and take nothing; nil: it takes everything.
func (p *Phones) Answer(h http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = h
}

// Refuse makes the gateway answer with a status.
func (p *Phones) Refuse(status int) {
	p.Answer(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
}

// Tries is how often the gateway was asked.
func (p *Phones) Tries() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tries
}

// Texts are the SMS that a number got, oldest first; with "", those of all.
func (p *Phones) Texts(to string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, x := range p.took {
		if to == "" || x.To == to {
			out = append(out, x.Text)
		}
	}
	return out
}

// Code is the code that a number got last, as a phone reads it: from the last line;
// empty when there is none.
func (p *Phones) Code(to string) string {
	texts := p.Texts(to)
	if len(texts) == 0 {
		return ""
	}
	_, code, _ := strings.Cut(texts[len(texts)-1], " #")
	return code
}
