package sms

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/linxGnu/gosmpp/data"
	smpperrors "github.com/linxGnu/gosmpp/errors"
	"github.com/linxGnu/gosmpp/pdu"
)

// link is one connection to an SMSC. It ends once and for good.
type link struct {
	conn    net.Conn
	receipt func(*pdu.DeliverSM) bool
	writing sync.Mutex
	gone    chan struct{}

	mu      sync.Mutex
	waiting map[int32]chan pdu.PDU // by sequence number
	why     error                  // set once gone is closed
}

// errGone is a connection that ended under a request.
var errGone = errors.New("the SMSC closed the connection")

func newLink(conn net.Conn, receipt func(*pdu.DeliverSM) bool) *link {
	return &link{conn: conn, receipt: receipt, gone: make(chan struct{}), waiting: map[int32]chan pdu.PDU{}}
}

func (l *link) alive() bool {
	select {
	case <-l.gone:
		return false
	default:
		return true
	}
}

// end closes the connection; who still waits on it is told why.
func (l *link) end(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.why != nil {
		return
	}
	l.why = why
	close(l.gone)
	_ = l.conn.Close()
}

// ask sends a request and waits for its answer. A link on which nothing was
// answered in time is ended: what follows is better sent over a new one.
func (l *link) ask(ctx context.Context, p pdu.PDU) (pdu.PDU, error) {
	answer := make(chan pdu.PDU, 1)
	l.mu.Lock()
	l.waiting[p.GetSequenceNumber()] = answer
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.waiting, p.GetSequenceNumber())
		l.mu.Unlock()
	}()
	l.write(ctx, p)
	select {
	case res := <-answer:
		return res, nil
	case <-l.gone:
		select {
		case res := <-answer: // it came just before the end
			return res, nil
		default:
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		return nil, l.why
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			l.end(errSilent)
		}
		return nil, late(ctx, ctx.Err())
	}
}

func (l *link) write(ctx context.Context, p pdu.PDU) {
	b := pdu.NewBuffer(nil)
	p.Marshal(b)
	until, ok := ctx.Deadline()
	if !ok {
		until = time.Now().Add(Attempt)
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := l.conn.SetWriteDeadline(until); err != nil {
		l.end(errGone)
		return
	}
	if _, err := l.conn.Write(b.Bytes()); err != nil {
		l.end(late(ctx, errGone))
	}
}

// read takes in what the SMSC sends until the connection ends. A silent one is
// noticed by Check, so there is no deadline.
func (l *link) read() {
	in := bufio.NewReader(l.conn)
	for {
		p, err := parsePDU(in)
		// A PDU beside an error was read to its end: an answer that refuses may come
		// without a body (SMPP 3.4 §4.1.6), and its header says what there is to say.
		if p == nil && !errors.Is(err, smpperrors.ErrUnknownCommandID) {
			l.end(errGone)
			return
		}
		if p != nil {
			l.take(p, err == nil)
		}
	}
}

// parsePDU reads one PDU. The library panics on some (a query_sm with parameters);
// what comes from outside may end one connection and never the program.
func parsePDU(r io.Reader) (p pdu.PDU, err error) {
	defer func() {
		if recover() != nil {
			p, err = nil, smpperrors.ErrInvalidPDU
		}
	}()
	return pdu.Parse(r)
}

func (l *link) take(p pdu.PDU, whole bool) {
	switch p := p.(type) {
	case *pdu.DeliverSM:
		res, ok := p.GetResponse().(*pdu.DeliverSMResp)
		if !ok {
			return
		}
		if whole && !l.receipt(p) {
			res.CommandStatus = data.ESME_RX_T_APPN // §5.1.3: temporary, send it again
		}
		l.write(context.Background(), res)
	case *pdu.Unbind:
		l.write(context.Background(), p.GetResponse())
		l.end(errGone)
	default:
		if p.CanResponse() {
			l.write(context.Background(), p.GetResponse())
			return
		}
		l.mu.Lock()
		answer := l.waiting[p.GetSequenceNumber()]
		l.mu.Unlock()
		if answer != nil {
			select {
			case answer <- p:
			default: // answered twice
			}
		}
	}
}

// states are the final ones, by number (SMPP 3.4 §5.2.28) and by name (Appendix B).
var states = map[byte]State{2: Delivered, 3: Expired, 4: Undeliverable, 5: Undeliverable, 8: Undeliverable}

var stateNames = map[string]State{"DELIVRD": Delivered, "EXPIRED": Expired, "DELETED": Undeliverable, "UNDELIV": Undeliverable, "REJECTD": Undeliverable}

var (
	receiptID    = regexp.MustCompile(`(?i)(?:^|\s)id:(\S{1,65})`)
	receiptState = regexp.MustCompile(`(?i)\sstat:([A-Z]{1,8})`)
)

// readReceipt reads a delivery receipt: by its parameters (§5.3.2.12, §5.3.2.35)
// where they are there, else by the text of Appendix B. It is false for what is
// none, such as a person's answer, and for states that are not the last.
func readReceipt(p *pdu.DeliverSM) (string, State, bool) {
	const kind, receipt = 0x3C, 0x04 // of esm_class, §5.2.12
	if p.EsmClass&kind != receipt {
		return "", "", false
	}
	text := ""
	if raw, err := p.Message.GetMessageData(); err == nil {
		text = string(raw)
	}
	if p.Message.Encoding() == data.UCS2 {
		text, _ = p.Message.GetMessage() // no text: no receipt
	}
	var ref string
	var state State
	if m := receiptID.FindStringSubmatch(text); m != nil {
		ref = m[1]
	}
	if m := receiptState.FindStringSubmatch(text); m != nil {
		state = stateNames[strings.ToUpper(m[1])]
	}
	if f, ok := p.OptionalParameters[pdu.TagReceiptedMessageID]; ok {
		ref = f.String()
	}
	if f, ok := p.OptionalParameters[pdu.TagMessageStateOption]; ok && len(f.Data) == 1 {
		state = states[f.Data[0]]
	}
	return ref, state, ref != "" && state != ""
}
