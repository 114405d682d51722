package hand

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"sekisho/internal/i18n"
	"sekisho/internal/pass"
	"sekisho/internal/secret"
)

// mostDrift is how far the clock may be off before anything is signed (OA-25); the
// server holds to the same.
const mostDrift = 2 * time.Minute

// enrolled is how far being taken in has come, in JSON.
type enrolled struct {
	State   string     `json:"state"` // waiting, active
	Number  string     `json:"number,omitempty"`
	Expires *time.Time `json:"expires_at,omitempty"`
	Account pass.Owner `json:"account"`
	Service string     `json:"service"`
	Origin  string     `json:"origin"`
	Device  string     `json:"device"`
}

func (h holding) shown() enrolled {
	e := enrolled{"active", h.Number, nil, h.Owner, h.Service, h.Origin, h.Device}
	if h.waiting() {
		e.State, e.Expires = "waiting", &h.Expires
	}
	return e
}

// enrol has two halves, so that a script can come between: with a link it joins and
// shows the number; then, at once or in a second call with --number, it agrees.
func (p *program) enrol() *cobra.Command {
	name, number, replace := hostname(), "", false
	c := p.command("enrol [LINK]", "cmd.enrol", takes{0, 1}, nil)
	c.Flags().StringVar(&name, "name", name, p.t("flag.name"))
	c.Flags().StringVar(&number, "number", "", p.t("flag.enrol_number"))
	c.Flags().BoolVar(&replace, "replace", false, p.t("flag.replace"))
	c.RunE = func(c *cobra.Command, a []string) error {
		ctx := c.Context()
		if len(a) == 0 {
			return p.goOn(ctx, number)
		}
		link, err := p.linkOf(a[0])
		if err != nil {
			return err
		}
		if number != "" {
			return p.refuse(Usage, "enrol.number_early")
		}
		h, err := p.join(ctx, link, name, replace)
		if err != nil {
			return err
		}
		if p.Ask != nil {
			return p.agree(ctx, h, "")
		}
		return p.print(h.shown(), func(w io.Writer) {
			p.showNumber(w, h)
			fmt.Fprintln(w, p.t("enrol.later"))
		})
	}
	return c
}

func (p *program) join(ctx context.Context, link, name string, replace bool) (h holding, err error) {
	origin, err := p.sound(link, "enrol")
	if err != nil {
		return h, err
	}
	if _, err := p.unsealOrMake(ctx); err != nil {
		return h, err
	}
	drift, err := pass.Drift(ctx, p.client(), origin)
	if err != nil {
		return h, err
	}
	if drift.Abs() > mostDrift {
		return h, p.refuse(Refused, "clock", "drift", i18n.Drift(drift))
	}
	x := &pass.Pass{HTTP: p.client(), Lang: string(p.lang)}
	j, err := x.Join(ctx, link, cut(name, 50), "cli")
	if err != nil {
		return h, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(x.Key)
	if err != nil {
		return h, err
	}
	h = holding{Origin: origin, Service: j.Service, Owner: j.Account, Device: j.Device, Name: name, Key: key, Number: j.Number, Expires: j.Expires}
	_, err = p.keep(func(k *kept) error {
		k.Accounts = slices.DeleteFunc(k.Accounts, func(o holding) bool { return o.waiting() && o.Origin == origin })
		if !replace && slices.ContainsFunc(k.Accounts, func(o holding) bool { return o.Origin == origin && o.Owner.ID == h.Owner.ID }) {
			return p.refuse(Refused, "enrol.twice", "account", h.label())
		}
		k.Accounts = append(k.Accounts, h)
		return nil
	})
	return h, err
}

func cut(s string, most int) string {
	r := []rune(s)
	return string(r[:min(len(r), most)])
}

func (p *program) showNumber(w io.Writer, h holding) {
	writeTable(w, [][]string{{p.t("row.account"), h.label()}, {p.t("row.service"), h.Service + " (" + h.Origin + ")"}, {p.t("row.number"), h.Number}})
}

// goOn finishes what an earlier call began.
func (p *program) goOn(ctx context.Context, number string) error {
	k, err := p.unseal(ctx)
	if err != nil {
		return err
	}
	for _, h := range slices.Backward(k.Accounts) {
		if h.waiting() && time.Now().Before(h.Expires) {
			return p.agree(ctx, h, number)
		}
	}
	return p.refuse(NotThere, "enrol.none")
}

// agree asks whether the account page shows the same number, says so to the server and
// waits until the account page did too.
func (p *program) agree(ctx context.Context, h holding, number string) error {
	same := false
	switch {
	case number != "":
		same = secret.Equal(secret.Clean(number), h.Number)
	case p.Ask != nil:
		p.showNumber(p.Err, h)
		answer, err := p.Ask(ctx, p.t("ask.same")+" "+p.t("ask.yesno")+" ", false)
		if err != nil {
			return err
		}
		same = affirmed(answer)
	default:
		return p.refuse(Usage, "usage.unattended")
	}
	if !same {
		if err := p.forget(h); err != nil {
			return err
		}
		return p.refuse(Refused, "enrol.differs")
	}
	x, err := p.pass(h)
	if err != nil {
		return err
	}
	j, err := x.Agree(ctx)
	if err == nil && j.State != "active" {
		fmt.Fprintln(p.Err, p.t("enrol.waiting"))
		j, err = p.settled(ctx, x, h.Expires)
	}
	if pass.Is(err, "device.ticket_over") || pass.Is(err, "device.unknown") {
		_ = p.forget(h) // it is of no use any more
	}
	if err != nil {
		return err
	}
	return p.settle(h, j.Code)
}

// settled waits for the account page.
func (p *program) settled(ctx context.Context, x *pass.Pass, until time.Time) (pass.Joined, error) {
	for {
		select {
		case <-ctx.Done():
			return pass.Joined{}, ctx.Err()
		case <-time.After(time.Second):
		}
		j, err := x.Joined(ctx)
		if err != nil || j.State == "active" {
			return j, err
		}
		if time.Now().After(until) {
			return j, p.refuse(Refused, "enrol.over")
		}
	}
}

// settle keeps the account for good; the code's secret is handed over this once.
func (p *program) settle(h holding, code string) error {
	h.Code, h.Number, h.Expires = code, "", time.Time{}
	_, err := p.keep(func(k *kept) error {
		k.Accounts = slices.DeleteFunc(k.Accounts, func(o holding) bool { return o.same(h) || o.Origin == h.Origin && o.Owner.ID == h.Owner.ID })
		k.Accounts = append(k.Accounts, h)
		return nil
	})
	if err != nil {
		return err
	}
	if code == "" {
		fmt.Fprintln(p.Err, p.t("enrol.codeless"))
	}
	return p.done(h.shown(), "enrol.done", "account", clean(h.label()), "service", clean(h.Service))
}

// listed is an account, in JSON.
type listed struct {
	N       int        `json:"n"`
	Account pass.Owner `json:"account"`
	Service string     `json:"service"`
	Origin  string     `json:"origin"`
	Device  string     `json:"device"`
	Name    string     `json:"device_name"`
}

func (p *program) accounts() *cobra.Command {
	return p.command("accounts", "cmd.accounts", takes{0, 0}, func(ctx context.Context, _ []string) error {
		k, err := p.unseal(ctx)
		if err != nil {
			return err
		}
		out := []listed{}
		for _, h := range k.Accounts {
			if !h.waiting() {
				out = append(out, listed{len(out) + 1, h.Owner, h.Service, h.Origin, h.Device, h.Name})
			}
		}
		return p.print(out, func(w io.Writer) {
			rows := [][]string{}
			for _, x := range out {
				rows = append(rows, []string{strconv.Itoa(x.N), x.Account.Identifier, x.Service, x.Origin, x.Device, x.Name})
			}
			writeTable(w, rows)
			if len(rows) == 0 {
				fmt.Fprintln(w, p.t("accounts.none"))
			}
		})
	})
}

func (p *program) passphrase() *cobra.Command {
	return p.command("passphrase", "cmd.passphrase", takes{0, 0}, func(ctx context.Context, _ []string) error {
		if _, err := p.unseal(ctx); err != nil {
			return err
		}
		if !p.open && p.Ask == nil {
			return p.refuse(Usage, "usage.unattended")
		}
		// The new one is typed: where the old one was read from has the old one.
		p.wordFD, p.Environ = -1, nil
		word, err := p.newWord(ctx)
		if err != nil {
			return err
		}
		if err := p.pouch.Reseal(word); err != nil {
			return err
		}
		return p.done(map[string]bool{"passphrase": word != ""}, "passphrase.done")
	})
}
