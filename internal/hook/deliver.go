package hook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// State of a delivery.
type State string

// The states there are.
const (
	Waiting State = "waiting" // to be tried, or to be tried again
	Sent    State = "sent"    // the endpoint took it
	Failed  State = "failed"  // given up, or refused for good
)

// Delivery is one event for one hook.
type Delivery struct {
	ID        ref.Delivery
	Hook      ref.Hook
	Reference ref.Reference // of the audit row
	Kind      string
	At        time.Time // of the event
	State     State
	Tries     int64
	Status    int64  // of HTTP; 0: there was no answer
	Why       string // the last try failed
	Tried     time.Time
	Created   time.Time
}

const deliveryColumns = `d.id, d.hook, d.reference, d.kind, d.at, d.state, d.tries, d.status, d.why, d.tried, d.created`

func scanDelivery(s db.Scanner) (d Delivery, err error) {
	err = s.Scan(&d.ID, &d.Hook, &d.Reference, &d.Kind, db.Time(&d.At), &d.State, &d.Tries, &d.Status, &d.Why, db.Time(&d.Tried), db.Time(&d.Created))
	return d, err
}

// Item is the body of an outbox row.
type Item struct {
	Delivery ref.Delivery `json:"delivery"`
}

// Put begins a delivery of an audit row to a hook; nothing happens when it has one.
func Put(ctx context.Context, tx db.Tx, box *outbox.Outbox, h Hook, row audit.Row) error {
	id := ref.NewDelivery(tx.Now())
	n, err := tx.Exec(ctx, `INSERT INTO hook_delivery (id, hook, reference, kind, at, state, tries, status, why, created) VALUES ($1, $2, $3, $4, $5, 'waiting', 0, 0, '', $6)
		ON CONFLICT (hook, reference) DO NOTHING`, id, h.ID, row.Reference, row.Kind, row.At, tx.Now())
	if err != nil || n == 0 {
		return err
	}
	return queue(ctx, tx, box, h, id)
}

func queue(ctx context.Context, tx db.Tx, box *outbox.Outbox, h Hook, id ref.Delivery) error {
	_, err := box.Put(ctx, tx, outbox.Item{Kind: outbox.Hook, Topic: "hook", To: h.Host(), Body: Item{id}})
	return err
}

// Deliveries lists what a hook was told, the newest first, before the given one.
func Deliveries(ctx context.Context, r db.Reader, h ref.Hook, before ref.Delivery, n int) ([]Delivery, error) {
	return db.List(ctx, r, scanDelivery, `SELECT `+deliveryColumns+` FROM hook_delivery d WHERE d.hook = $1 AND d.id < $2 ORDER BY d.id DESC LIMIT $3`, h, before, n)
}

// Replay sends a delivery again that is over, once for each time it is asked; db.ErrNone
// when it waits already, or is another organisation's.
func Replay(ctx context.Context, tx db.Tx, box *outbox.Outbox, o ref.Org, id ref.Delivery) (Delivery, error) {
	d, err := scanDelivery(tx.QueryRow(ctx, `UPDATE hook_delivery SET state = 'waiting' WHERE id = $1 AND state <> 'waiting' AND hook IN (SELECT id FROM hook WHERE org = $2 AND disabled = 0)
		RETURNING id, hook, reference, kind, at, state, tries, status, why, tried, created`, id, o))
	if err != nil {
		return d, err
	}
	h, err := Of(ctx, tx, o, d.Hook)
	if err != nil {
		return d, err
	}
	return d, queue(ctx, tx, box, h, id)
}

// Message is what is sent: the body, and the headers of the Standard Webhooks specification
// that name and sign it.
type Message struct {
	Hook     Hook
	Delivery Delivery
	URL      string
	Body     []byte
	Header   map[string]string
}

// ErrOver is a delivery of which nothing is to be sent any more.
var ErrOver = errors.New("the webhook is switched off or gone")

// Make makes the message of a delivery as it is sent now. ErrOver where there is nothing to
// send.
func Make(ctx context.Context, r db.Reader, ring *secret.Ring, id ref.Delivery) (m Message, err error) {
	m.Delivery, err = scanDelivery(r.QueryRow(ctx, `SELECT `+deliveryColumns+` FROM hook_delivery d WHERE d.id = $1`, id))
	if err == nil {
		m.Hook, err = scan(r.QueryRow(ctx, `SELECT `+columns+` FROM hook WHERE id = $1`, m.Delivery.Hook))
	}
	var row audit.Row
	if err == nil {
		row, err = audit.ByReference(ctx, r, m.Delivery.Reference)
	}
	if errors.Is(err, db.ErrNone) || err == nil && m.Hook.Disabled {
		return m, ErrOver
	}
	if err != nil {
		return m, err
	}
	m.URL = m.Hook.URL
	if m.Body, err = payload(m.Hook.Org, row); err != nil {
		return m, err
	}
	m.Header, err = m.Hook.sign(ring, string(row.Reference), r.Now(), m.Body)
	return m, err
}

// payload is an event as the specification recommends it: type, timestamp and data. The
// data is what the audit log shows, and no more.
func payload(o ref.Org, row audit.Row) ([]byte, error) {
	type data struct {
		Reference ref.Reference   `json:"reference"`
		Org       ref.Org         `json:"organisation"`
		Account   ref.Account     `json:"account,omitempty"`
		Actor     string          `json:"actor,omitempty"`
		Session   ref.Session     `json:"session,omitempty"`
		Client    ref.Client      `json:"client,omitempty"`
		Code      string          `json:"code,omitempty"`
		Addr      string          `json:"address,omitempty"`
		Agent     string          `json:"agent,omitempty"`
		Place     string          `json:"place,omitempty"`
		Detail    json.RawMessage `json:"detail,omitempty"`
		Erased    bool            `json:"erased,omitempty"`
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(struct {
		Type string    `json:"type"`
		At   time.Time `json:"timestamp"`
		Data data      `json:"data"`
	}{row.Kind, row.At.UTC(), data{row.Reference, o, row.Account, row.Actor, row.Session, row.Client, row.Code, row.Addr, row.Agent, row.Place, row.Detail, row.Erased}})
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

// sign makes the headers. The id is the event's: whoever gets it twice, after a lost answer or
// a replay, knows it again. Each secret that counts gives a signature.
func (h Hook) sign(ring *secret.Ring, id string, now time.Time, body []byte) (map[string]string, error) {
	id = "evt_" + id
	at := strconv.FormatInt(now.Unix(), 10)
	sealed := [][]byte{h.secret}
	if now.Before(h.FormerUntil) && len(h.former) > 0 {
		sealed = append(sealed, h.former)
	}
	signed := ""
	for _, s := range sealed {
		key, err := ring.Open(s, string(h.ID))
		if err != nil {
			return nil, fmt.Errorf("secret of %s: %w", h.ID, err)
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + at + "."))
		mac.Write(body)
		if signed != "" {
			signed += " "
		}
		signed += "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return map[string]string{"Webhook-Id": id, "Webhook-Timestamp": at, "Webhook-Signature": signed}, nil
}

// Try is what came of one try.
type Try struct {
	Status int
	Why    string // empty: the endpoint took it
	Over   bool   // it is not tried again
}

// longestRest bounds how long a hook that fails is left alone.
const longestRest = time.Hour

// Tried notes what came of a try. A hook that fails rests, longer each time, and all that
// waits for it with it: an endpoint that never answers must not hold up the others.
func Tried(ctx context.Context, tx db.Tx, d Delivery, t Try) error {
	state := Waiting
	switch {
	case t.Why == "":
		state = Sent
	case t.Over:
		state = Failed
	}
	if _, err := tx.Exec(ctx, `UPDATE hook_delivery SET state = $2, tries = tries + 1, status = $3, why = $4, tried = $5 WHERE id = $1`, d.ID, state, t.Status, t.Why, tx.Now()); err != nil {
		return err
	}
	if t.Why == "" {
		_, err := tx.Exec(ctx, `UPDATE hook SET failing = 0, rests = NULL WHERE id = $1 AND failing > 0`, d.Hook)
		return err
	}
	var failing int64
	err := tx.QueryRow(ctx, `UPDATE hook SET failing = failing + 1 WHERE id = $1 RETURNING failing`, d.Hook).Scan(&failing)
	if errors.Is(err, db.ErrNone) {
		return nil // removed meanwhile
	}
	if err != nil {
		return err
	}
	rest := min(10*time.Second<<min(failing-1, 12), longestRest)
	_, err = tx.Exec(ctx, `UPDATE hook SET rests = $2 WHERE id = $1`, d.Hook, tx.Now().Add(rest))
	return err
}

// GiveUp ends a delivery without a try.
func GiveUp(ctx context.Context, tx db.Tx, id ref.Delivery, why string) error {
	_, err := tx.Exec(ctx, `UPDATE hook_delivery SET state = 'failed', why = $2 WHERE id = $1 AND state = 'waiting'`, id, why)
	return err
}

// Purge removes deliveries that are older than is kept, at most n.
func Purge(ctx context.Context, tx db.Tx, n int) error {
	_, err := tx.Exec(ctx, `DELETE FROM hook_delivery WHERE id IN (SELECT id FROM hook_delivery WHERE created < $1 LIMIT $2)`, tx.Now().Add(-kept), n)
	return err
}
