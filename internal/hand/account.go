package hand

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sekisho/internal/i18n"
	"sekisho/internal/pass"
)

func (p *program) sessions() *cobra.Command {
	return p.command("sessions", "cmd.sessions", takes{0, 0}, func(ctx context.Context, _ []string) error {
		return p.with(ctx, func(x *pass.Pass, _ holding) error {
			list, err := x.Sessions(ctx)
			if err != nil {
				return err
			}
			return p.print(append([]pass.Session{}, list...), func(w io.Writer) {
				if len(list) == 0 {
					fmt.Fprintln(w, p.t("sessions.none"))
					return
				}
				rows := [][]string{{"ID", p.t("row.browser"), p.t("row.place"), p.t("row.addr"), p.t("row.started"), p.t("row.used"), p.t("row.proofs")}}
				now := time.Now()
				for _, s := range list {
					rows = append(rows, []string{s.ID, browserOf(s), s.Place, s.Addr, i18n.Short(p.lang, s.Created.Local(), now), i18n.Ago(p.lang, now.Sub(s.LastUsed)), strings.Join(s.Proofs, " ")})
				}
				writeTable(w, rows)
			})
		})
	})
}

func browserOf(s pass.Session) string { return strings.Trim(s.Browser+" · "+s.OS, " ·") }

func (p *program) end() *cobra.Command {
	all, yes := false, false
	c := p.command("end ID…|--all", "cmd.end", takes{0, -1}, func(ctx context.Context, a []string) error {
		if all == (len(a) > 0) {
			return p.refuse(Usage, "end.which")
		}
		return p.with(ctx, func(x *pass.Pass, _ holding) error {
			if all {
				if err := p.sure(ctx, yes, "ask.endall"); err != nil {
					return err
				}
			}
			n, err := x.End(ctx, a, all)
			if err != nil {
				return err
			}
			if n == 0 && !all {
				return p.refuse(NotThere, "session.unknown")
			}
			return p.done(map[string]int{"ended": n}, "sessions.ended", "n", n)
		})
	})
	c.Flags().BoolVar(&all, "all", false, p.t("flag.all"))
	c.Flags().BoolVar(&yes, "yes", false, p.t("flag.yes"))
	return c
}

func (p *program) lock() *cobra.Command {
	until, end, yes := "", false, false
	c := p.command("lock", "cmd.lock", takes{0, 0}, func(ctx context.Context, _ []string) error {
		at, err := p.until(until, time.Now())
		if err != nil {
			return err
		}
		return p.with(ctx, func(x *pass.Pass, _ holding) error {
			if end {
				if err := p.sure(ctx, yes, "ask.endall"); err != nil {
					return err
				}
			}
			if err := x.Lock(ctx, at, end); err != nil {
				return err
			}
			l := pass.LockState{On: true}
			if !at.IsZero() {
				l.Until = &at
			}
			return p.print(l, func(w io.Writer) { fmt.Fprintln(w, p.lockLine(l)); fmt.Fprintln(w, p.t("lock.how")) })
		})
	})
	c.Flags().StringVar(&until, "until", "", p.t("flag.until"))
	c.Flags().BoolVar(&end, "end-sessions", false, p.t("flag.end_sessions"))
	c.Flags().BoolVar(&yes, "yes", false, p.t("flag.yes"))
	return c
}

// lockLine says how the sign-in lock stands.
func (p *program) lockLine(l pass.LockState) string {
	switch {
	case !l.On:
		return p.t("lock.off")
	case l.Until == nil:
		return p.t("lock.on")
	}
	return p.t("lock.until", "until", i18n.Full(p.lang, l.Until.Local()))
}

// until reads an end: a span from now (48h, 3d) or a time here (2026-12-01,
// 2026-12-01 09:00, RFC 3339).
func (p *program) until(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n int
		if _, err := fmt.Sscanf(days+"|", "%d|", &n); err == nil && n > 0 && n < 3660 {
			return now.AddDate(0, 0, n), nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return now.Add(d), nil
	}
	for _, form := range []string{time.RFC3339, "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02"} {
		if at, err := time.ParseInLocation(form, s, now.Location()); err == nil {
			return at, nil
		}
	}
	return time.Time{}, p.refuse(Usage, "lock.until")
}

func (p *program) unlock() *cobra.Command {
	return p.command("unlock", "cmd.unlock", takes{0, 0}, func(ctx context.Context, _ []string) error {
		return p.with(ctx, func(x *pass.Pass, _ holding) error {
			if err := x.Unlock(ctx); err != nil {
				return err
			}
			return p.done(pass.LockState{}, "lock.lifted")
		})
	})
}

func (p *program) refresh() *cobra.Command {
	return p.command("refresh", "cmd.refresh", takes{0, 0}, func(ctx context.Context, _ []string) error {
		return p.with(ctx, func(x *pass.Pass, h holding) error {
			word, err := p.hidden(ctx, p.t("ask.password", "account", clean(h.label())))
			if err != nil {
				return err
			}
			if word == "" {
				return p.refuse(Usage, "refresh.empty")
			}
			if err := x.Refresh(ctx, word.Reveal()); err != nil {
				return err
			}
			return p.done(map[string]bool{"stale": false}, "refresh.done")
		})
	})
}

// standing is status, in JSON.
type standing struct {
	Account  pass.Owner          `json:"account"`
	Service  string              `json:"service"`
	Origin   string              `json:"origin"`
	Device   pass.Installation   `json:"device"`
	Devices  []pass.Installation `json:"devices"`
	Lock     pass.LockState      `json:"lock"`
	Requests int                 `json:"requests"`
	Drift    float64             `json:"clock_ahead_seconds"` // of the server's; negative: behind
	Guarded  bool                `json:"passphrase"`
	Vault    int                 `json:"vault"`
}

func (p *program) status() *cobra.Command {
	return p.command("status", "cmd.status", takes{0, 0}, func(ctx context.Context, _ []string) error {
		k, err := p.unseal(ctx)
		if err != nil {
			return err
		}
		h, err := p.chosen(k)
		if err != nil {
			return err
		}
		x, err := p.pass(h)
		if err != nil {
			return err
		}
		sent := time.Now()
		s, err := x.State(ctx)
		if err != nil {
			return err // a wrong clock is told with the difference
		}
		drift := sent.Add(time.Since(sent) / 2).Sub(s.Now)
		out := standing{s.Account, s.Service, h.Origin, s.Device, s.Devices, s.Lock, len(s.Requests), drift.Round(100 * time.Millisecond).Seconds(), p.pouch.Guarded(), len(k.Vault)}
		return p.print(out, func(w io.Writer) { p.showStatus(w, out, drift) })
	})
}

func (p *program) showStatus(w io.Writer, s standing, drift time.Duration) {
	clock := p.t("clock.right")
	if drift.Abs() >= 2*time.Second {
		clock = p.t("clock.drift", "drift", i18n.Drift(drift.Round(time.Second)))
	}
	sealed := p.t("pouch.open")
	if s.Guarded {
		sealed = p.t("pouch.sealed")
	}
	writeTable(w, [][]string{
		{p.t("row.account"), s.Account.Identifier + "  " + s.Account.Name},
		{p.t("row.service"), s.Service + " (" + s.Origin + ")"},
		{p.t("row.device"), s.Device.Name + "  " + s.Device.ID + "  " + p.rank(s.Device)},
		{p.t("row.lock"), p.lockLine(s.Lock)},
		{p.t("row.requests"), fmt.Sprint(s.Requests)},
		{p.t("row.clock"), clock},
		{p.t("row.pouch"), sealed},
	})
	if s.Device.Stale {
		fmt.Fprintln(w, p.t("hint.refresh"))
	}
	if len(s.Devices) > 1 {
		fmt.Fprintln(w, p.t("status.others"))
		var rows [][]string
		for _, d := range s.Devices {
			if d.ID != s.Device.ID {
				rows = append(rows, []string{"  " + d.Name, d.ID, p.rank(d), i18n.Ago(p.lang, time.Since(d.LastSeen))})
			}
		}
		writeTable(w, rows)
	}
}

func (p *program) rank(d pass.Installation) string {
	out := p.t("device.secondary")
	if d.Primary {
		out = p.t("device.primary")
	}
	if d.Stale {
		out += ", " + p.t("device.stale")
	}
	return out
}

func (p *program) promote() *cobra.Command {
	return p.command("promote DEVICE", "cmd.promote", takes{1, 1}, func(ctx context.Context, a []string) error {
		return p.with(ctx, func(x *pass.Pass, _ holding) error {
			if err := x.Promote(ctx, a[0]); err != nil {
				return err
			}
			return p.done(map[string]string{"primary": a[0]}, "device.promoted")
		})
	})
}

// retire ends an installation: this one, which then forgets the account, or as the
// primary one another.
func (p *program) retire() *cobra.Command {
	yes, local := false, false
	c := p.command("retire [DEVICE]", "cmd.retire", takes{0, 1}, func(ctx context.Context, a []string) error {
		return p.with(ctx, func(x *pass.Pass, h holding) error {
			id := h.Device
			if len(a) == 1 {
				id = a[0]
			}
			self := id == h.Device
			if self {
				if err := p.sure(ctx, yes, "ask.retire", "account", clean(h.label())); err != nil {
					return err
				}
			}
			if !local {
				err := x.Retire(ctx, id)
				// One that the server does not know is retired already.
				if err != nil && !(self && pass.Is(err, "device.unknown")) {
					return err
				}
			}
			if self || local {
				if err := p.forget(h); err != nil {
					return err
				}
			}
			return p.done(map[string]string{"retired": id}, "device.retired")
		})
	})
	c.Flags().BoolVar(&yes, "yes", false, p.t("flag.yes"))
	c.Flags().BoolVar(&local, "forget", false, p.t("flag.forget"))
	return c
}
