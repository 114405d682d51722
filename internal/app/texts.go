package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/netx"
	"sekisho/internal/outbox"
	"sekisho/internal/sms"
)

// keptSMS is the setting under which SMS stay in the outbox, to try everything
// without a gateway.
const keptSMS = "outbox:"

// kept stands in for a gateway while SMS stay in the outbox: everything counts as
// handed over at once.
type kept struct{}

func (kept) Send(context.Context, sms.Message) (sms.Receipt, error) { return sms.Receipt{}, nil }
func (kept) Check(context.Context) error                            { return nil }
func (kept) Close() error                                           { return nil }

func (a *App) keepsSMS() bool { return a.SMS == sms.Gateway(kept{}) }

// kept are the kinds of items that stay in the outbox to be read there.
func (a *App) kept() (kinds []string) {
	if a.smtp == nil {
		kinds = append(kinds, outbox.Mail)
	}
	if a.keepsSMS() {
		kinds = append(kinds, outbox.SMS)
	}
	return kinds
}

func (a *App) gateway() error {
	raw := a.config.text("sms")
	o := sms.Options{From: a.config.text("sms_from"), Method: a.config.text("sms_method"), Body: a.config.text("sms_body"), Header: a.config.text("sms_header"), Delivered: a.delivered}
	switch {
	case raw == "" && o.Body+o.Header != "":
		return errors.New("sms_body and sms_header are set, but sms is not: it is the gateway's address")
	case raw == "":
		return nil
	case raw == keptSMS:
		// Anybody who reads the outbox could sign in as anybody.
		if !netx.Loopback(a.URL.Hostname()) {
			return errors.New("sms: outbox: is for trying things on this very machine, and url is another address; set a gateway")
		}
		a.SMS = kept{}
		return nil
	}
	var err error
	a.SMS, err = sms.Parse(raw, o)
	return err
}

// greetGateway tells the log when the gateway does not answer, and lets one that
// keeps a connection make it before the first person waits for it.
func (a *App) greetGateway(ctx context.Context) {
	if err := a.SMS.Check(ctx); err != nil && ctx.Err() == nil {
		a.Log.Warn("sms gateway", "error", err.Error())
	}
}

const (
	// smsRounds times smsBatch is how many SMS may be on their way at once. A gateway
	// that takes its time holds up nobody else: each SMS has two seconds.
	smsRounds = 8
	smsBatch  = 32
	// smsBudget is how long one SMS is tried, so that with the wait for its round and
	// the writing of its row a person is told within outbox.Told.
	smsBudget = 1700 * time.Millisecond
	// secondTry is until when a first try must have failed for another to make sense.
	secondTry = 800 * time.Millisecond
)

// SendSMS hands the SMS that are due over to the gateway, and waits for it.
func (a *App) SendSMS(ctx context.Context) error {
	if a.SMS == nil {
		return nil
	}
	rows, err := a.claim(ctx, outbox.SMS, smsBatch)
	if err != nil {
		return err
	}
	errs := make([]error, len(rows))
	var all sync.WaitGroup
	for i, row := range rows {
		all.Go(func() { errs[i] = a.sendSMS(ctx, row) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// sendSMS tries one, at once a second time where that may help, and records how it
// went. A server that is ending finishes it: the row would be dropped otherwise.
func (a *App) sendSMS(ctx context.Context, row outbox.Row) error {
	ctx = context.WithoutCancel(ctx)
	var text outbox.Text
	if err := a.Outbox.Open(row, &text); err != nil {
		return a.ended(ctx, row, err)
	}
	m := sms.Message{ID: string(row.ID), To: text.To, Text: text.Text}
	if !row.Expires.IsZero() {
		if m.Lives = row.Expires.Sub(a.clock()); m.Lives <= 0 {
			return a.ended(ctx, row, errors.New("its time was over before it could be sent"))
		}
	}
	began := time.Now()
	try, cancel := context.WithTimeout(ctx, smsBudget)
	defer cancel()
	got, err := a.SMS.Send(try, m)
	if err != nil && !sms.Permanent(err) && time.Since(began) < secondTry {
		got, err = a.SMS.Send(try, m)
	}
	if err != nil {
		return a.ended(ctx, row, err)
	}
	return a.DB.Update(ctx, func(tx db.Tx) error {
		if a.keepsSMS() {
			return a.Outbox.Kept(ctx, tx, row.ID)
		}
		return a.Outbox.HandedOver(ctx, tx, row.ID, got.Ref)
	})
}

// ended records that an SMS will not be sent; the row's error is for the operator.
func (a *App) ended(ctx context.Context, row outbox.Row, why error) error {
	a.Log.Warn("sms not sent", "outbox", string(row.ID), "error", why.Error())
	return a.DB.Update(ctx, func(tx db.Tx) error { return a.Outbox.Again(ctx, tx, row, true, why.Error()) })
}

// delivered hears from the gateway what became of an SMS. The receipt may overtake
// the row that it is about, and another system may share the gateway's account: it is
// waited for a little, and then let go.
func (a *App) delivered(ref string, state sms.State) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var err error
	for range 4 {
		err = a.DB.Update(ctx, func(tx db.Tx) error { return outbox.Delivery(ctx, tx, ref, state) })
		if !errors.Is(err, db.ErrNone) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil && !errors.Is(err, db.ErrNone) {
		a.Log.Warn("sms receipt", "error", err.Error())
	}
}
