package sms

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"sekisho/internal/secret"
)

// overSMPP is an SMSC to which one connection is kept.
type overSMPP struct {
	address  string
	tls      *tls.Config // nil: none
	user     string
	word     secret.Text
	kind     string // system_type
	source   pdu.Address
	latin1   bool
	heard    func(string, State)
	every    time.Duration // between two signs of life
	reports  chan report
	done     chan struct{}
	closing  sync.Once
	starting sync.Once
	all      sync.WaitGroup

	turn chan struct{} // holds one token for whom link belongs to
	link *link
}

type report struct {
	ref   string
	state State
}

func parseSMPP(u *url.URL, o Options) (Gateway, error) {
	g := &overSMPP{address: u.Host, user: u.User.Username(), heard: o.Delivered, every: 20 * time.Second,
		reports: make(chan report, 256), done: make(chan struct{}), turn: make(chan struct{}, 1)}
	if word, ok := u.User.Password(); ok {
		g.word = secret.Text(word)
	}
	if _, err := strconv.ParseUint(u.Port(), 10, 16); err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.Fragment != "" {
		return nil, errors.New("an SMPP gateway is written smpp://system_id:password@host:port?source=NAME")
	}
	if u.Scheme == "smpps" {
		g.tls = &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}
	}
	q := u.Query()
	for k := range q {
		switch k {
		case "source", "ton", "npi", "system_type", "alphabet":
		default:
			return nil, fmt.Errorf("SMPP gateway: %q is not source, ton, npi, system_type or alphabet", k)
		}
	}
	switch q.Get("alphabet") {
	case "", "gsm":
	case "latin1":
		g.latin1 = true
	default:
		return nil, errors.New("SMPP gateway: alphabet is gsm or latin1")
	}
	g.kind = q.Get("system_type")
	from := o.From
	if q.Has("source") {
		from = q.Get("source")
	}
	var err error
	g.source, err = sender(from, q.Get("ton"), q.Get("npi"))
	return g, err
}

var shortNumber = regexp.MustCompile(`^[0-9]+$`)

// sender says of what kind a sender's name is (SMPP 3.4 §5.2.5, §5.2.6) unless the
// operator says it: international, of the network itself, or letters.
func sender(from, ton, npi string) (pdu.Address, error) {
	kind, plan := byte(data.GSM_TON_ALPHANUMERIC), byte(data.GSM_NPI_UNKNOWN)
	switch {
	case from == "":
		kind = data.GSM_TON_UNKNOWN
	case number.MatchString(from):
		from, kind, plan = digits(from), data.GSM_TON_INTERNATIONAL, data.GSM_NPI_E164
	case shortNumber.MatchString(from):
		kind = data.GSM_TON_UNKNOWN
	}
	for _, x := range []struct {
		given string
		to    *byte
	}{{ton, &kind}, {npi, &plan}} {
		if x.given == "" {
			continue
		}
		n, err := strconv.ParseUint(x.given, 10, 5)
		if err != nil {
			return pdu.Address{}, errors.New("SMPP gateway: ton and npi are small numbers")
		}
		*x.to = byte(n)
	}
	a, err := pdu.NewAddressWithTonNpiAddr(kind, plan, from)
	if err != nil || strings.ContainsFunc(from, func(r rune) bool { return r < ' ' || r > '~' }) {
		return a, errors.New("SMPP gateway: the source is at most 20 letters and digits")
	}
	return a, nil
}

func (g *overSMPP) Send(ctx context.Context, m Message) (Receipt, error) {
	p, err := g.submit(m)
	if err != nil {
		return Receipt{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, Attempt)
	defer cancel()
	l, err := g.bound(ctx)
	if err != nil {
		return Receipt{}, err
	}
	res, err := l.ask(ctx, p)
	if err != nil {
		return Receipt{}, err
	}
	if status := res.GetHeader().CommandStatus; status != data.ESME_ROK {
		return Receipt{}, declined("the SMSC refused the message", status)
	}
	r, ok := res.(*pdu.SubmitSMResp)
	if !ok {
		return Receipt{}, errors.New("the SMSC answered something else than submit_sm_resp")
	}
	return Receipt{Ref: r.MessageID}, nil
}

// submit makes the submit_sm of a message (SMPP 3.4 §4.4.1).
func (g *overSMPP) submit(m Message) (*pdu.SubmitSM, error) {
	if err := check(m); err != nil {
		return nil, err
	}
	enc := data.UCS2
	switch _, err := data.LATIN1.Encode(m.Text); {
	case !gsm(m.Text):
	case !g.latin1:
		enc = data.GSM7BIT
	case err == nil:
		enc = data.LATIN1
	}
	p, ok := pdu.NewSubmitSM().(*pdu.SubmitSM)
	if !ok {
		return nil, errors.New("SMS: the library makes another PDU than submit_sm")
	}
	to, err := pdu.NewAddressWithTonNpiAddr(data.GSM_TON_INTERNATIONAL, data.GSM_NPI_E164, digits(m.To))
	if err == nil {
		err = p.Message.SetMessageWithEncoding(m.Text, enc)
	}
	if err != nil {
		return nil, refused{errors.New("SMS: the text or the number cannot be written")}
	}
	p.SourceAddr, p.DestAddr = g.source, to
	p.RegisteredDelivery = 1 // §5.2.17: a receipt, whether it went well or not
	p.ValidityPeriod = validity(m.Lives)
	return p, nil
}

// validity writes a time span as SMPP 3.4 §7.1.1.1 wants it, relative to the
// SMSC's own clock, so that two clocks need not agree.
func validity(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	s := min(int64(max(d, time.Second)/time.Second), 30*24*3600)
	return fmt.Sprintf("0000%02d%02d%02d%02d000R", s/86400, s/3600%24, s/60%60, s%60)
}

// passing are the refusals after which another try may go well.
var passing = map[data.CommandStatusType]bool{data.ESME_RSYSERR: true, data.ESME_RMSGQFUL: true, data.ESME_RSUBMITFAIL: true,
	data.ESME_RTHROTTLED: true, data.ESME_RX_T_APPN: true, data.ESME_RALYBND: true, data.ESME_RINVBNDSTS: true}

func declined(what string, status data.CommandStatusType) error {
	err := fmt.Errorf("%s: %s (0x%02X)", what, strings.ToLower(status.Desc()), int32(status))
	if passing[status] {
		return err
	}
	return refused{err}
}

// bound gives the link, and makes it when there is none that lives.
func (g *overSMPP) bound(ctx context.Context) (*link, error) {
	select {
	case g.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, late(ctx, ctx.Err())
	}
	defer func() { <-g.turn }()
	select {
	case <-g.done:
		return nil, refused{errors.New("the SMS gateway is closed")}
	default:
	}
	if g.link != nil && g.link.alive() {
		return g.link, nil
	}
	g.starting.Do(func() {
		g.all.Go(g.keep)
		g.all.Go(g.tell)
	})
	var err error
	g.link, err = g.bind(ctx)
	return g.link, err
}

// bind connects as a transceiver (SMPP 3.4 §4.1.5).
func (g *overSMPP) bind(ctx context.Context) (*link, error) {
	var conn net.Conn
	var err error
	if g.tls != nil {
		conn, err = (&tls.Dialer{Config: g.tls}).DialContext(ctx, "tcp", g.address)
	} else {
		conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", g.address)
	}
	if err != nil {
		return nil, late(ctx, err)
	}
	l := newLink(conn, g.receipt)
	g.all.Go(l.read)
	p := pdu.NewBindRequest(pdu.Transceiver)
	p.SystemID, p.Password, p.SystemType = g.user, g.word.Reveal(), g.kind
	res, err := l.ask(ctx, p)
	if errors.Is(err, errGone) {
		// Many an SMSC hangs up on a wrong password instead of answering it.
		err = errors.New("the SMSC closed the connection while binding, as most do when system_id or password is wrong")
	}
	if err == nil {
		if status := res.GetHeader().CommandStatus; status != data.ESME_ROK {
			err = declined("the SMSC refused to bind; look at system_id, password and system_type", status)
		}
	}
	if err != nil {
		l.end(errGone)
		return nil, err
	}
	return l, nil
}

// Check binds where there is no connection, and asks for a sign of life where
// there is one (SMPP 3.4 §4.11).
func (g *overSMPP) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, Attempt)
	defer cancel()
	l, err := g.bound(ctx)
	if err == nil {
		_, err = l.ask(ctx, pdu.NewEnquireLink())
	}
	return err
}

// keep notices a connection that died and binds anew, so that receipts come in
// and the next message need not wait for it.
func (g *overSMPP) keep() {
	tick := time.NewTicker(g.every)
	defer tick.Stop()
	for {
		select {
		case <-g.done:
			return
		case <-tick.C:
			_ = g.Check(context.Background()) // whoever sends next is told
		}
	}
}

// tell hands on what became of messages, one after the other, so that a slow
// listener never holds up the connection. What came in is told before it ends.
func (g *overSMPP) tell() {
	for {
		select {
		case r := <-g.reports:
			g.heard(r.ref, r.state)
			continue
		default:
		}
		select {
		case r := <-g.reports:
			g.heard(r.ref, r.state)
		case <-g.done:
			return
		}
	}
}

// receipt takes a deliver_sm in. It is false when there is no room: the SMSC is
// then asked to come back.
func (g *overSMPP) receipt(p *pdu.DeliverSM) bool {
	ref, state, ok := readReceipt(p)
	if !ok || g.heard == nil {
		return true
	}
	select {
	case g.reports <- report{ref, state}:
		return true
	default:
		return false
	}
}

// Close unbinds and waits until nothing runs any more.
func (g *overSMPP) Close() error {
	g.closing.Do(func() {
		close(g.done)
		g.turn <- struct{}{}
		l := g.link
		<-g.turn
		if l != nil && l.alive() {
			ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
			_, _ = l.ask(ctx, pdu.NewUnbind()) // a courtesy
			cancel()
			l.end(errGone)
		}
		g.all.Wait()
	})
	return nil
}
