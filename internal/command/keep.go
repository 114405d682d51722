package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sekisho/internal/app"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
	"sekisho/internal/signkey"
	"sekisho/internal/sms"
)

func (p *program) outbox() *cobra.Command {
	return group("outbox", "Read what waits to be sent", p.outboxList(), p.outboxShow())
}

type shownMail struct {
	ID       ref.Mail  `json:"id"`
	Kind     string    `json:"kind"`
	Topic    string    `json:"topic"`
	To       string    `json:"to"`
	State    string    `json:"state"`
	Attempts int64     `json:"attempts"`
	Created  time.Time `json:"created_at"`
	Delivery sms.State `json:"delivery,omitempty"`
	Error    string    `json:"error,omitempty"`
	Subject  string    `json:"subject,omitempty"`
	Text     string    `json:"text,omitempty"`
}

func shown(r outbox.Row) shownMail {
	return shownMail{ID: r.ID, Kind: r.Kind, Topic: r.Topic, To: r.To, State: r.State, Attempts: r.Attempts, Created: r.Created.UTC(), Delivery: r.Delivery, Error: r.Error}
}

// read adds what a row says, while it can still be read.
func (m *shownMail) read(a *app.App, row outbox.Row) error {
	if !row.HasBody() {
		return nil
	}
	switch row.Kind {
	case outbox.Mail:
		var l outbox.Letter
		err := a.Outbox.Open(row, &l)
		m.Subject, m.Text = l.Subject, l.Text
		return err
	case outbox.SMS:
		var t outbox.Text
		err := a.Outbox.Open(row, &t)
		m.Text = t.Text
		return err
	}
	return nil
}

func (p *program) outboxList() *cobra.Command {
	var before string
	limit := 200
	cmd := &cobra.Command{Use: "list", Short: "List mails, SMS and posts, newest first", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		if limit < 1 {
			return ended{Usage, errors.New("--limit is at least 1")}
		}
		return p.with(c, func(ctx context.Context, a *app.App) error {
			out, more := []shownMail{}, false
			err := a.DB.View(ctx, func(tx db.ReadTx) error {
				rows, err := page(ctx, tx, before, limit+1)
				if more = len(rows) > limit; more {
					rows = rows[:limit]
				}
				out = out[:0]
				for _, r := range rows {
					out = append(out, shown(r))
				}
				return err
			})
			if err != nil {
				return none(err, "there is no mail %s; sekisho outbox list names them", before)
			}
			if more { // beside what is printed, so that JSON stays what it is
				fmt.Fprintf(p.err, "%d are shown; for older ones: sekisho outbox list --before %s\n", len(out), out[len(out)-1].ID)
			}
			return p.print(out, func(w io.Writer) {
				for _, m := range out {
					state := m.State
					if m.Delivery != "" {
						state = string(m.Delivery)
					}
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", m.ID, m.Created.Format(time.RFC3339), state, m.Topic, m.To, m.Error)
				}
			})
		})
	}}
	cmd.Flags().StringVar(&before, "before", "", "go on behind this mail, the last of the list before")
	cmd.Flags().IntVar(&limit, "limit", limit, "how many at most")
	return cmd
}

// page reads the newest rows, or those behind one.
func page(ctx context.Context, r db.Reader, before string, limit int) ([]outbox.Row, error) {
	if before == "" {
		return outbox.List(ctx, r, limit)
	}
	than, err := outbox.ByID(ctx, r, ref.Mail(before))
	if err != nil {
		return nil, err
	}
	return outbox.Older(ctx, r, than, limit)
}

func (p *program) outboxShow() *cobra.Command {
	return &cobra.Command{Use: "show [MAIL]", Short: "Show a mail or an SMS; without a name, the newest that can be read", Args: args(cobra.MaximumNArgs(1)), RunE: func(c *cobra.Command, given []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			var row outbox.Row
			err := a.DB.View(ctx, func(tx db.ReadTx) (err error) {
				if len(given) == 1 {
					row, err = outbox.ByID(ctx, tx, ref.Mail(given[0]))
					return err
				}
				rows, err := outbox.List(ctx, tx, 200)
				for _, r := range rows {
					if (r.Kind == outbox.Mail || r.Kind == outbox.SMS) && r.HasBody() {
						row = r
						return err
					}
				}
				return errors.Join(err, db.ErrNone)
			})
			if len(given) == 0 {
				err = none(err, "no mail waits that could be shown")
			}
			if err != nil {
				return none(err, "there is no mail %s; sekisho outbox list names them", strings.Join(given, " "))
			}
			m := shown(row)
			if err := m.read(a, row); err != nil {
				return err
			}
			return p.print(m, func(w io.Writer) {
				fmt.Fprintf(w, "To: %s\n", m.To)
				if m.Kind == outbox.Mail {
					fmt.Fprintf(w, "Subject: %s\n", m.Subject)
				}
				fmt.Fprintf(w, "\n%s\n", m.Text)
			})
		})
	}}
}

func (p *program) keys() *cobra.Command {
	rotate := &cobra.Command{Use: "rotate", Short: "Sign with new keys; the old ones stay published until nothing they signed counts", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			if err := a.Keys.Tend(ctx, true); err != nil {
				return err
			}
			err := a.DB.Update(ctx, func(tx db.Tx) error {
				_, err := audit.Write(ctx, tx, audit.Event{Kind: "key.rotated", Actor: "operator"})
				return err
			})
			if err != nil {
				return err
			}
			return p.listKeys(ctx, a)
		})
	}}
	revoke := &cobra.Command{Use: "revoke KEY", Short: "Withdraw a key at once, because it may have been copied; another signs", Args: args(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, given []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			err := a.Keys.Revoke(ctx, ref.Key(given[0]))
			if err != nil {
				return none(err, "there is no signing key %s; sekisho key list names them", given[0])
			}
			err = a.DB.Update(ctx, func(tx db.Tx) error {
				_, err := audit.Write(ctx, tx, audit.Event{Kind: "key.revoked", Actor: "operator", Detail: map[string]string{"key": given[0]}})
				return err
			})
			if err != nil {
				return err
			}
			return p.listKeys(ctx, a)
		})
	}}
	list := &cobra.Command{Use: "list", Short: "List signing keys", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		return p.with(c, p.listKeys)
	}}
	published := &cobra.Command{Use: "jwks", Short: "Write the public keys as /oauth/jwks gives them", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			text, err := a.Keys.JWKS(ctx, a.Frame.Clock())
			if err == nil {
				_, err = fmt.Fprintf(p.out, "%s\n", bytes.TrimSpace(text))
			}
			return err
		})
	}}
	return group("key", "Signing keys, and the key for push services", rotate, revoke, list, published, p.keyPush())
}

// keyPush turns the key with which push services know this server (RFC 8292).
func (p *program) keyPush() *cobra.Command {
	var withdraw bool
	c := &cobra.Command{Use: "push", Short: "Make another key for push services; Tegata subscribes with it when it is opened next", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			gone, err := a.TurnWakeKeys(ctx, withdraw)
			if err != nil {
				return err
			}
			return p.print(map[string]int64{"withdrawn": gone}, func(w io.Writer) {
				fmt.Fprintf(w, "another key is handed out; %d older ones withdrawn\n", gone)
			})
		})
	}}
	c.Flags().BoolVar(&withdraw, "withdraw", false, "the older ones are good for nothing at once: one may have been copied")
	return c
}

func (p *program) listKeys(ctx context.Context, a *app.App) error {
	var list []signkey.Info
	err := a.DB.View(ctx, func(tx db.ReadTx) (err error) {
		list, err = signkey.List(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	return p.print(list, func(w io.Writer) {
		for _, k := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", k.ID, k.Alg, k.State, k.Created.UTC().Format(time.RFC3339))
		}
	})
}

// finding is one thing doctor looked at.
type finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Say  string `json:"say"`
}

func (p *program) doctor() *cobra.Command {
	return &cobra.Command{Use: "doctor", Short: "Look at the configuration, the database, the keys, the mail server and the SMS gateway", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		conf, err := p.load(c)
		if err != nil {
			return err
		}
		var list []finding
		a, err := app.Open(c.Context(), conf, app.Options{Log: io.Discard})
		if err != nil {
			list = append(list, finding{"start", false, err.Error()})
		} else {
			for _, x := range a.Examine(c.Context()) {
				list = append(list, finding{x.What, x.Err == nil, x.Say()})
			}
			if err := a.Close(); err != nil {
				list = append(list, finding{"close", false, err.Error()})
			}
		}
		bad := 0
		for _, f := range list {
			if !f.OK {
				bad++
			}
		}
		err = p.print(list, func(w io.Writer) {
			for _, f := range list {
				mark := "ok"
				if !f.OK {
					mark = "LOOK"
				}
				fmt.Fprintf(w, "%s\t%s\t%s\n", mark, f.What, f.Say)
			}
		})
		if err == nil && bad > 0 {
			err = ended{Unhealthy, fmt.Errorf("%d of %d need a look", bad, len(list))}
		}
		return err
	}}
}
