package apptest

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// Names is a DNS server on loopback: tests say what it answers. It speaks UDP, and TCP
// for what does not fit.
type Names struct {
	Server string // its address:port

	mu    sync.Mutex
	texts map[string][]string
	addrs map[string][][4]byte // one answer after another, the last for ever
	asked map[string]int
	fail  bool
}

// NewNames starts one.
func NewNames(t testing.TB) *Names {
	t.Helper()
	n := &Names{texts: map[string][]string{}, addrs: map[string][][4]byte{}, asked: map[string]int{}}
	ctx, cancel := context.WithCancel(context.Background())
	tcp, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	udp, err := (&net.ListenConfig{}).ListenPacket(ctx, "udp", tcp.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	n.Server = tcp.Addr().String()
	t.Cleanup(func() { cancel(); tcp.Close(); udp.Close() })
	go n.packets(udp)
	go n.streams(tcp)
	return n
}

// Say sets the TXT records of a name; none takes them away.
func (n *Names) Say(name string, texts ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.texts[name+"."] = texts
}

// Lead sets the addresses of a name: at each question the next one.
func (n *Names) Lead(name string, addrs ...[4]byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.addrs[name+"."] = addrs
}

// Fail makes it answer that it cannot.
func (n *Names) Fail(on bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fail = on
}

// Asked says how often a name was asked for.
func (n *Names) Asked(name string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked[name+"."]
}

func (n *Names) packets(c net.PacketConn) {
	buf := make([]byte, 4096)
	for {
		size, from, err := c.ReadFrom(buf)
		if err != nil {
			return
		}
		out := n.answer(buf[:size], false)
		if len(out) > 1200 {
			out = n.answer(buf[:size], true)
		}
		_, _ = c.WriteTo(out, from)
	}
}

func (n *Names) streams(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			head := make([]byte, 2)
			for {
				if _, err := c.Read(head); err != nil {
					return
				}
				body := make([]byte, int(head[0])<<8|int(head[1]))
				if _, err := c.Read(body); err != nil {
					return
				}
				out := n.answer(body, false)
				_, _ = c.Write(append([]byte{byte(len(out) >> 8), byte(len(out))}, out...))
			}
		}()
	}
}

// answer makes one answer; cut says that it is longer than a packet.
func (n *Names) answer(question []byte, cut bool) []byte {
	var p dnsmessage.Parser
	h, err := p.Start(question)
	if err != nil {
		return nil
	}
	q, err := p.Question()
	if err != nil {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	name := strings.ToLower(q.Name.String())
	texts, addrs := n.texts[name], n.addrs[name]
	head := dnsmessage.Header{ID: h.ID, Response: true, RecursionAvailable: true, Truncated: cut}
	switch {
	case n.fail:
		head.RCode = dnsmessage.RCodeServerFailure
	case len(texts) == 0 && len(addrs) == 0:
		head.RCode = dnsmessage.RCodeNameError
	}
	m := dnsmessage.Message{Header: head, Questions: []dnsmessage.Question{q}}
	rh := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET}
	switch {
	case cut || head.RCode != 0:
	case q.Type == dnsmessage.TypeTXT:
		n.asked[name]++
		for _, s := range texts {
			var parts []string
			for len(s) > 255 {
				parts, s = append(parts, s[:255]), s[255:]
			}
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: rh, Body: &dnsmessage.TXTResource{TXT: append(parts, s)}})
		}
	case q.Type == dnsmessage.TypeA && len(addrs) > 0:
		i := min(n.asked[name], len(addrs)-1)
		n.asked[name]++
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: rh, Body: &dnsmessage.AResource{A: addrs[i]}})
	}
	out, _ := m.Pack()
	return out
}
