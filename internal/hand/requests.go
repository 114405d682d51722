package hand

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"sekisho/internal/i18n"
	"sekisho/internal/pass"
	"sekisho/internal/secret"
)

func (p *program) requests() *cobra.Command {
	watch := false
	c := p.command("requests", "cmd.requests", takes{0, 0}, func(ctx context.Context, _ []string) error {
		return p.with(ctx, func(x *pass.Pass, _ holding) error {
			if watch {
				return p.watch(ctx, x)
			}
			list, err := p.waiting(ctx, x)
			if err != nil {
				return err
			}
			return p.print(list, func(w io.Writer) {
				if len(list) == 0 {
					fmt.Fprintln(w, p.t("requests.none"))
				}
				for _, r := range list {
					p.showRequest(w, r)
				}
			})
		})
	})
	c.Flags().BoolVar(&watch, "watch", false, p.t("flag.watch"))
	return c
}

// waiting lists what waits for an answer, and tells the server that it has come: it
// need not ask other installations then.
func (p *program) waiting(ctx context.Context, x *pass.Pass) ([]pass.Request, error) {
	s, err := x.State(ctx)
	if err != nil {
		return nil, err
	}
	if s.Device.Stale && len(s.Requests) == 0 { // else it is asked to get back in
		return nil, p.stale()
	}
	for _, r := range s.Requests {
		if err := x.Receipt(ctx, r.ID); err != nil {
			return nil, err
		}
	}
	return append([]pass.Request{}, s.Requests...), nil
}

func (p *program) stale() error { return p.refuse(Refused, "device.stale") }

// watch tells of each request once, until it is interrupted.
func (p *program) watch(ctx context.Context, x *pass.Pass) error {
	seen, cursor, pause, silent := map[string]bool{}, "", time.Second, false
	out := json.NewEncoder(p.Out) // one line a request
	for {
		e, err := x.Events(ctx, cursor, 15)
		var refused *pass.Problem
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &refused) && refused.Status < 500:
			return err
		case err != nil:
			if !silent {
				fmt.Fprintln(p.Err, p.t("watch.lost", "error", clean(p.read(err).What)))
			}
			silent = true
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(pause):
			}
			pause = min(2*pause, 30*time.Second)
			continue
		case e.Stale && len(e.Requests) == 0:
			return p.stale()
		}
		cursor, pause, silent = e.Cursor, time.Second, false
		for _, r := range e.Requests {
			if seen[r.ID] {
				continue
			}
			seen[r.ID] = true
			if err := x.Receipt(ctx, r.ID); err != nil {
				return err
			}
			if p.json {
				if err := out.Encode(r); err != nil {
					return err
				}
				continue
			}
			p.showRequest(p.Out, r)
		}
	}
}

// rows tell what is known of a request before anything is said to it.
func (p *program) rows(r pass.Request, now time.Time) [][]string {
	app := r.App
	if app == "" {
		app = p.t("request.here")
	}
	place := r.Place
	if place == "" {
		place = p.t("request.noplace")
	}
	return [][]string{
		{p.t("row.app"), app},
		{p.t("row.browser"), r.Browser},
		{p.t("row.place"), place},
		{p.t("row.addr"), r.Addr},
		{p.t("row.asked"), i18n.Ago(p.lang, now.Sub(r.Created)) + p.t("request.left", "left", max(0, r.Expires.Sub(now)).Round(time.Second))},
	}
}

func (p *program) showRequest(w io.Writer, r pass.Request) {
	fmt.Fprintln(w, clean(r.ID))
	rows := p.rows(r, time.Now())
	for _, row := range rows {
		row[0] = "  " + row[0]
	}
	writeTable(w, rows)
}

// picked is the request that is meant: the one named, or the only one.
func (p *program) picked(ctx context.Context, x *pass.Pass, a []string) (pass.Request, error) {
	list, err := p.waiting(ctx, x)
	if err != nil {
		return pass.Request{}, err
	}
	if len(a) == 1 {
		for _, r := range list {
			if r.ID == a[0] {
				return r, nil
			}
		}
		return pass.Request{}, p.refuse(NotThere, "request.unknown", "id", clean(a[0]))
	}
	switch len(list) {
	case 0:
		return pass.Request{}, p.refuse(NotThere, "request.none")
	case 1:
		return list[0], nil
	}
	return pass.Request{}, p.refuse(Usage, "request.several", "n", len(list))
}

// decided is what was said, in JSON.
type decided struct {
	Request  pass.Request `json:"request"`
	Decision string       `json:"decision"`
	Verified bool         `json:"verified"`
}

// say signs a decision and tells that it was taken. The app lock was passed when the
// passphrase that seals the pouch was typed for this very call.
func (p *program) say(ctx context.Context, x *pass.Pass, s pass.Said, r pass.Request) error {
	s.Request, s.Verified = r.ID, s.Decision == pass.Approve && p.typed && p.pouch.Guarded()
	if err := x.Decide(ctx, s); err != nil {
		return err
	}
	return p.done(decided{r, s.Decision, s.Verified}, "said."+s.Decision)
}

func (p *program) approve() *cobra.Command {
	number, yes := "", false
	c := p.command("approve [REQUEST]", "cmd.approve", takes{0, 1}, func(ctx context.Context, a []string) error {
		return p.with(ctx, func(x *pass.Pass, h holding) error {
			r, err := p.picked(ctx, x, a)
			if err != nil {
				return err
			}
			return p.approved(ctx, x, h, r, given{number, yes})
		})
	})
	c.Flags().StringVar(&number, "number", "", p.t("flag.number"))
	c.Flags().BoolVar(&yes, "yes", false, p.t("flag.yes"))
	return c
}

// given is what the command line answers beforehand.
type given struct {
	number string
	yes    bool
}

// approved shows the request and asks for the number, or where it has none, whether.
func (p *program) approved(ctx context.Context, x *pass.Pass, h holding, r pass.Request, g given) (err error) {
	number := g.number
	if !p.json {
		p.showRequest(p.Err, r)
	}
	switch {
	case r.Digits == 0:
		if err := p.sure(ctx, g.yes, "ask.approve"); err != nil {
			return err
		}
		number = ""
	case number == "" && p.Ask == nil:
		return p.refuse(Usage, "request.number")
	case number == "":
		if number, err = p.Ask(ctx, p.t("ask.number", "n", r.Digits)+" ", false); err != nil {
			return err
		}
		fallthrough
	default:
		// A number is looked at once: what cannot be one is not sent.
		if number = secret.Clean(number); len(number) != r.Digits {
			return p.refuse(Refused, "request.digits", "n", r.Digits)
		}
	}
	return p.say(ctx, x, pass.Said{Account: h.Owner.ID, Decision: pass.Approve, Number: number}, r)
}

func (p *program) cancel() *cobra.Command {
	return p.command("cancel [REQUEST]", "cmd.cancel", takes{0, 1}, func(ctx context.Context, a []string) error {
		return p.with(ctx, func(x *pass.Pass, h holding) error {
			r, err := p.picked(ctx, x, a)
			if err != nil {
				return err
			}
			return p.say(ctx, x, pass.Said{Account: h.Owner.ID, Decision: pass.Cancel}, r)
		})
	})
}

func (p *program) deny() *cobra.Command {
	yes := false
	c := p.command("deny [REQUEST]", "cmd.deny", takes{0, 1}, func(ctx context.Context, a []string) error {
		return p.with(ctx, func(x *pass.Pass, h holding) error {
			r, err := p.picked(ctx, x, a)
			if err != nil {
				return err
			}
			if !p.json {
				p.showRequest(p.Err, r)
			}
			if err := p.sure(ctx, yes, "ask.deny"); err != nil {
				return err
			}
			return p.say(ctx, x, pass.Said{Account: h.Owner.ID, Decision: pass.Deny}, r)
		})
	})
	c.Flags().BoolVar(&yes, "yes", false, p.t("flag.yes"))
	return c
}

func (p *program) scan() *cobra.Command {
	yes := false
	c := p.command("scan LINK", "cmd.scan", takes{1, 1}, func(ctx context.Context, a []string) error {
		link, err := p.linkOf(a[0])
		if err != nil {
			return err
		}
		origin, err := p.sound(link, "signin")
		if err != nil {
			return err
		}
		if !yes && p.Ask == nil { // the code works once
			return p.refuse(Usage, "usage.unattended")
		}
		return p.with(ctx, func(x *pass.Pass, h holding) error {
			if origin != h.Origin {
				return p.refuse(Refused, "link.elsewhere", "origin", origin, "account", h.label(), "home", h.Origin)
			}
			r, err := x.Scan(ctx, link)
			if err != nil {
				return err
			}
			err = p.approved(ctx, x, h, r, given{"", yes})
			var stopped *refusal
			if errors.As(err, &stopped) && stopped.Code == "stopped" { // it would wait in the browser
				err = p.say(ctx, x, pass.Said{Account: h.Owner.ID, Decision: pass.Cancel}, r)
			}
			return err
		})
	})
	c.Flags().BoolVar(&yes, "yes", false, p.t("flag.yes"))
	return c
}
