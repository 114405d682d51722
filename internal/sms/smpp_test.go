package sms

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"
)

// What a real SMSC does is shown in e2e; here is one that misbehaves.

// smsc takes connections and hands every PDU to say, which answers it.
type smsc struct {
	net.Listener
	say func(c net.Conn, p pdu.PDU)

	mu    sync.Mutex
	conns []net.Conn
}

func wrong(t *testing.T, say func(net.Conn, pdu.PDU)) *smsc {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return wrongAt(t, l, say)
}

func wrongAt(t *testing.T, l net.Listener, say func(net.Conn, pdu.PDU)) *smsc {
	t.Helper()
	s := &smsc{Listener: l, say: say}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns = append(s.conns, c)
			s.mu.Unlock()
			all.Go(func() {
				defer c.Close()
				for {
					p, err := pdu.Parse(c)
					if err != nil {
						return
					}
					s.say(c, p)
				}
			})
		}
	})
	t.Cleanup(func() { l.Close(); s.hangUp(); all.Wait() })
	return s
}

func (s *smsc) hangUp() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.Close()
	}
	return len(s.conns)
}

func (s *smsc) gateway(t *testing.T, heard func(string, State)) *overSMPP {
	t.Helper()
	g, err := Parse("smpp://hana:s3cret@"+s.Addr().String()+"?source=Sekisho", Options{Delivered: heard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g.(*overSMPP)
}

func put(c net.Conn, p pdu.PDU) {
	b := pdu.NewBuffer(nil)
	p.Marshal(b)
	_, _ = c.Write(b.Bytes())
}

// well answers as it should.
func well(c net.Conn, p pdu.PDU) {
	res := p.GetResponse()
	if r, ok := res.(*pdu.SubmitSMResp); ok {
		r.MessageID = "m1"
	}
	if res != nil {
		put(c, res)
	}
}

func with(status data.CommandStatusType, p pdu.PDU) pdu.PDU {
	switch r := p.GetResponse().(type) {
	case *pdu.BindResp:
		r.CommandStatus = status
		return r
	case *pdu.SubmitSMResp:
		r.CommandStatus = status
		return r
	}
	return nil
}

var code = Message{ID: "mai_1", To: "+819012345678", Text: "123456 is your code.\n@id.example.com #123456", Lives: 10 * time.Minute}

func TestWrongPasswordSaysSo(t *testing.T) {
	for name, say := range map[string]func(net.Conn, pdu.PDU){
		"hangs up": func(c net.Conn, _ pdu.PDU) { c.Close() },
		"answers":  func(c net.Conn, p pdu.PDU) { put(c, with(data.ESME_RINVPASWD, p)) },
		// SMPP 3.4 §4.1.6 lets a refusal come without a body, over which the library stumbles.
		"answers briefly": func(c net.Conn, p pdu.PDU) {
			_, _ = c.Write(binary.BigEndian.AppendUint32([]byte{0, 0, 0, 16, 0x80, 0, 0, 9, 0, 0, 0, 14}, uint32(p.GetSequenceNumber())))
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := wrong(t, say).gateway(t, nil).Send(t.Context(), code)
			if err == nil || !strings.Contains(err.Error(), "password") || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("got %v, want the password named", err)
			}
			if got, want := Permanent(err), name != "hangs up"; got != want {
				t.Errorf("got lasting %v, want %v", got, want)
			}
		})
	}
}

func TestSilentSMSCIsGivenUpInTime(t *testing.T) {
	for name, mute := range map[string]func(pdu.PDU) bool{
		"never binds": func(pdu.PDU) bool { return true },
		"takes nothing": func(p pdu.PDU) bool {
			_, ok := p.(*pdu.SubmitSM)
			return ok
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := wrong(t, func(c net.Conn, p pdu.PDU) {
				if !mute(p) {
					well(c, p)
				}
			})
			g := s.gateway(t, nil)
			var all sync.WaitGroup
			for range 10 {
				all.Go(func() {
					began := time.Now()
					_, err := g.Send(t.Context(), code)
					if took := time.Since(began); err == nil || Permanent(err) || took > Attempt+300*time.Millisecond {
						t.Errorf("got %v after %v", err, took)
					}
				})
			}
			all.Wait()
			if g.link != nil && g.link.alive() {
				t.Error("a link on which nothing is answered is kept")
			}
		})
	}
}

func TestRefusalsLastOrPass(t *testing.T) {
	for status, lasting := range map[data.CommandStatusType]bool{data.ESME_RINVDSTADR: true, data.ESME_RTHROTTLED: false, data.ESME_RMSGQFUL: false, data.ESME_RSYSERR: false} {
		s := wrong(t, func(c net.Conn, p pdu.PDU) {
			if _, ok := p.(*pdu.SubmitSM); ok {
				put(c, with(status, p))
				return
			}
			well(c, p)
		})
		if _, err := s.gateway(t, nil).Send(t.Context(), code); err == nil || Permanent(err) != lasting {
			t.Errorf("%v: got %v, lasting %v", status, err, Permanent(err))
		}
	}
}

func TestLostConnectionIsMadeAnew(t *testing.T) {
	s := wrong(t, well)
	g := s.gateway(t, nil)
	g.every = 50 * time.Millisecond
	if r, err := g.Send(t.Context(), code); err != nil || r.Ref != "m1" {
		t.Fatalf("got %v %v", r, err)
	}
	for range 20 { // one connection for all
		if _, err := g.Send(t.Context(), code); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.hangUp(); n != 1 {
		t.Fatalf("got %d connections, want one", n)
	}
	for range 100 {
		time.Sleep(20 * time.Millisecond)
		s.mu.Lock()
		n := len(s.conns)
		s.mu.Unlock()
		if n == 2 {
			return // by itself, without a message to send
		}
	}
	t.Error("the connection was not made anew")
}

func TestRubbishEndsTheConnectionAndNotTheProgram(t *testing.T) {
	for _, rubbish := range [][]byte{
		{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1}, // longer than any PDU
		{0, 0, 0, 3, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 1},             // shorter than its header
		bytes.Repeat([]byte{0xaa}, 64),
	} {
		s := wrong(t, func(c net.Conn, p pdu.PDU) {
			if _, ok := p.(*pdu.SubmitSM); ok {
				_, _ = c.Write(rubbish)
				return
			}
			well(c, p)
		})
		if _, err := s.gateway(t, nil).Send(t.Context(), code); err == nil {
			t.Error("rubbish was taken for an answer")
		}
	}
	// A PDU of an unknown kind is passed over.
	s := wrong(t, func(c net.Conn, p pdu.PDU) {
		_, _ = c.Write([]byte{0, 0, 0, 17, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 1, 7})
		well(c, p)
	})
	if _, err := s.gateway(t, nil).Send(t.Context(), code); err != nil {
		t.Errorf("got %v after a PDU of an unknown kind", err)
	}
}

func TestTLSIsProvedToTheGateway(t *testing.T) {
	lender := httptest.NewTLSServer(nil) // lends its certificate
	defer lender.Close()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: lender.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	s := wrongAt(t, l, well)
	x, err := Parse("smpps://hana:s3cret@"+s.Addr().String(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	g := x.(*overSMPP)
	defer g.Close()
	if _, err := g.Send(t.Context(), code); err == nil {
		t.Error("a certificate that nobody vouches for was taken")
	}
	g.tls.RootCAs = lender.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	if _, err := g.Send(t.Context(), code); err != nil {
		t.Error(err)
	}
}

func TestClosedGatewaySendsNothing(t *testing.T) {
	s := wrong(t, well)
	g := s.gateway(t, nil)
	if err := g.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { _ = g.Close() })
	}
	all.Wait()
	if _, err := g.Send(t.Context(), code); !Permanent(err) {
		t.Errorf("got %v, want a lasting refusal", err)
	}
}

func TestValidityIsRelative(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "", -time.Second: "", time.Millisecond: "000000000001000R", 10 * time.Minute: "000000001000000R",
		49*time.Hour + 3*time.Second: "000002010003000R", 1e6 * time.Hour: "000030000000000R"} {
		if got := validity(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

func TestSenderIsOfTheRightKind(t *testing.T) {
	for _, c := range []struct {
		from, ton, npi string
		address        string
		kind, plan     byte
	}{
		{"Sekisho", "", "", "Sekisho", 5, 0}, {"+81501234567", "", "", "81501234567", 1, 1}, {"32665", "", "", "32665", 0, 0},
		{"32665", "3", "1", "32665", 3, 1}, {"", "", "", "", 0, 0},
	} {
		a, err := sender(c.from, c.ton, c.npi)
		if err != nil || a.Address() != c.address || a.Ton() != c.kind || a.Npi() != c.plan {
			t.Errorf("%q: got %q %d %d %v", c.from, a.Address(), a.Ton(), a.Npi(), err)
		}
	}
}

func receiptOf(class byte, text string, tlv ...pdu.Field) *pdu.DeliverSM {
	p := pdu.NewDeliverSM().(*pdu.DeliverSM)
	p.EsmClass = class
	_ = p.Message.SetMessageWithEncoding(text, data.GSM7BIT)
	for _, f := range tlv {
		p.RegisterOptionalParam(f)
	}
	return p
}

func TestReceiptsAreRead(t *testing.T) {
	form := func(id, stat string) string {
		return "id:" + id + " sub:001 dlvrd:001 submit date:2601150900 done date:2601150901 stat:" + stat + " err:000 text:123 id:x stat:UNDELIV"
	}
	for _, c := range []struct {
		p     *pdu.DeliverSM
		ref   string
		state State
		ok    bool
	}{
		{receiptOf(4, form("ab-1", "DELIVRD")), "ab-1", Delivered, true},
		{receiptOf(4, form("ab-1", "EXPIRED")), "ab-1", Expired, true},
		{receiptOf(4, form("ab-1", "REJECTD")), "ab-1", Undeliverable, true},
		{receiptOf(4, form("ab-1", "ENROUTE")), "", "", false},
		{receiptOf(4, "", pdu.Field{Tag: pdu.TagReceiptedMessageID, Data: []byte("9\x00")}, pdu.Field{Tag: pdu.TagMessageStateOption, Data: []byte{2}}), "9", Delivered, true},
		{receiptOf(4, form("ab-1", "DELIVRD"), pdu.Field{Tag: pdu.TagMessageStateOption, Data: []byte{5}}), "ab-1", Undeliverable, true},
		{receiptOf(4, "id: stat:DELIVRD"), "", "", false},
		{receiptOf(0, form("ab-1", "DELIVRD")), "", "", false}, // a person wrote it
	} {
		ref, state, ok := readReceipt(c.p)
		if ok != c.ok || ok && (ref != c.ref || state != c.state) {
			t.Errorf("got %q %q %v, want %q %q %v", ref, state, ok, c.ref, c.state, c.ok)
		}
	}
}

func TestFloodOfReceiptsIsAskedToComeBack(t *testing.T) {
	answers := make(chan data.CommandStatusType, 1000)
	s := wrong(t, func(c net.Conn, p pdu.PDU) {
		switch r := p.(type) {
		case *pdu.DeliverSMResp:
			answers <- r.CommandStatus
		case *pdu.SubmitSM:
			for range 600 {
				put(c, receiptOf(4, "id:m1 stat:DELIVRD"))
			}
			well(c, p)
		default:
			well(c, p)
		}
	})
	stuck := make(chan struct{})
	g := s.gateway(t, func(string, State) { <-stuck })
	if _, err := g.Send(t.Context(), code); err != nil {
		t.Errorf("receipts held a message up: %v", err)
	}
	later := 0
	for range 600 {
		if <-answers == data.ESME_RX_T_APPN {
			later++
		}
	}
	close(stuck)
	if later == 0 || later > 600-256 {
		t.Errorf("got %d of 600 told to come back", later)
	}
}

func FuzzReceipt(f *testing.F) {
	for _, p := range []pdu.PDU{receiptOf(4, "id:1 stat:DELIVRD"), receiptOf(0x44, "\x05\x00\x03\x01\x02\x01abc"), pdu.NewSubmitSMResp()} {
		b := pdu.NewBuffer(nil)
		p.Marshal(b)
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := parsePDU(bytes.NewReader(raw))
		if d, ok := p.(*pdu.DeliverSM); ok && err == nil {
			if ref, state, ok := readReceipt(d); ok && (ref == "" || state == "") {
				t.Errorf("got a receipt of %q %q", ref, state)
			}
		}
	})
}
