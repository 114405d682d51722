package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/i18n"
)

// Examined is one thing that was looked at, for sekisho doctor.
type Examined struct {
	What string
	Err  error
	Note string
}

// Say tells how it stands.
func (x Examined) Say() string {
	if x.Err != nil {
		return x.Err.Error()
	}
	return x.Note
}

// Examine looks at everything an operator can get wrong.
func (a *App) Examine(ctx context.Context) []Examined {
	out := []Examined{{What: "database", Err: a.DB.Ping(ctx), Note: a.DB.Engine() + " answers"}}
	address := Examined{What: "address", Note: a.URL.String()}
	if host := a.URL.Hostname(); a.URL.Scheme != "https" && host != "localhost" && !net.ParseIP(host).IsLoopback() {
		address.Err = errors.New("url is http: cookies are not bound to this host and passwords travel in the clear; put TLS in front and set url to https://…")
	}
	out = append(out, address)
	out = append(out, a.examineAudit(ctx), a.examineKeys(ctx), a.examineMail(ctx), a.examineSMS(ctx))
	if a.config.text("support") == "" {
		out = append(out, Examined{"support", errors.New("support is not set: people who are locked out do not learn whom to ask"), ""})
	}
	return out
}

func (a *App) examineAudit(ctx context.Context) Examined {
	v, err := audit.Chain{Ring: a.Ring}.Verify(ctx, a.DB)
	x := Examined{What: "audit", Err: err, Note: i18n.Count(int(v.Rows), "row", "rows") + " linked"}
	if err == nil && len(v.Faults) > 0 {
		f := v.Faults[0]
		x.Err = fmt.Errorf("the audit log does not fit in %s, the first at row %d: %s; run sekisho audit verify", i18n.Count(len(v.Faults), "place", "places"), f.Seq, f.What)
	}
	for _, b := range v.Breaks {
		x.Note += fmt.Sprintf("; row %d: %s", b.Seq, b.What)
	}
	return x
}

func (a *App) examineKeys(ctx context.Context) Examined {
	_, err := a.Keys.JWKS(ctx, a.clock())
	lost, lostErr := a.Keys.Lost(ctx)
	x := Examined{What: "signing keys", Err: errors.Join(err, lostErr), Note: "published"}
	if x.Err == nil && len(lost) > 0 {
		x.Err = fmt.Errorf("%d do not open with this secret key and were retired (%s): if that is the wrong secret key, put the right one back; new keys sign meanwhile", len(lost), lost[0])
	}
	return x
}

func (a *App) examineMail(ctx context.Context) Examined {
	x := Examined{What: "mail", Note: "the server answers"}
	if a.smtp == nil {
		x.Err = errors.New("smtp is not set: mail stays in the outbox, and nobody gets a code")
		return x
	}
	d := net.Dialer{Timeout: 5 * time.Second}
	c, err := d.DialContext(ctx, "tcp", net.JoinHostPort(a.smtp.Host, strconv.Itoa(a.smtp.Port)))
	if err != nil {
		x.Err = fmt.Errorf("the mail server does not answer: %w", err)
		return x
	}
	x.Err = c.Close()
	return x
}

// examineSMS needs no gateway: without one, codes go by mail and by app.
func (a *App) examineSMS(ctx context.Context) Examined {
	x := Examined{What: "sms"}
	switch {
	case a.SMS == nil:
		x.Note = "sms is not set: no code is sent to a phone"
	case a.keepsSMS():
		x.Note = "SMS stay in the outbox"
	default:
		x.Note = "the gateway answers"
		if err := a.SMS.Check(ctx); err != nil {
			x.Err = fmt.Errorf("no SMS goes out: %w", err)
		}
	}
	return x
}
