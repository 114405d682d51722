package command

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"sekisho/internal/db"
	"sekisho/internal/flow/govern"
	"sekisho/internal/hook"
	"sekisho/internal/ref"
	"sekisho/internal/token"
)

// orgHook handles an organisation's webhooks from the terminal.
func (p *program) orgHook() *cobra.Command {
	act := func(v verb, do func(context.Context, place, ref.Hook) error) *cobra.Command {
		return p.orgAct(v, func(ctx context.Context, x place, given []string) error {
			return told(do(ctx, x, ref.Hook(given[0])), "there is no webhook %s", given[0])
		})
	}
	return group("hook", "Webhooks: tell a program of what happens in an organisation",
		&cobra.Command{Use: "add ORG NAME URL KIND…", Short: "Make a webhook for events such as member.*, signin.refused or *; its secret is shown once", Args: args(cobra.MinimumNArgs(4)), RunE: func(c *cobra.Command, given []string) error {
			return p.in(c, given[0], func(ctx context.Context, x place) error {
				made, word, err := x.AddHook(ctx, operator, x.org.ID, govern.Wish{Name: given[1], URL: given[2], Kinds: given[3:]})
				if err != nil {
					return told(err, "there is no organisation %s", given[0])
				}
				out := map[string]string{"webhook": string(made.ID), "secret": word.Reveal()}
				return p.print(out, func(w io.Writer) {
					fmt.Fprintf(w, "%s\t%s\nsecret (shown once):\t%s\n", made.ID, made.Name, out["secret"])
				})
			})
		}},
		&cobra.Command{Use: "list ORG", Short: "List webhooks", Args: args(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, given []string) error {
			return p.in(c, given[0], func(ctx context.Context, x place) error { return p.listHooks(ctx, x) })
		}},
		&cobra.Command{Use: "rotate ORG WEBHOOK", Short: "Make another secret; the one before signs beside it for a day", Args: args(cobra.ExactArgs(2)), RunE: func(c *cobra.Command, given []string) error {
			return p.in(c, given[0], func(ctx context.Context, x place) error {
				word, err := x.RotateHook(ctx, operator, x.org.ID, ref.Hook(given[1]))
				if err != nil {
					return told(err, "there is no webhook %s", given[1])
				}
				return p.print(map[string]string{"webhook": given[1], "secret": word.Reveal()}, func(w io.Writer) { fmt.Fprintf(w, "secret (shown once):\t%s\n", word.Reveal()) })
			})
		}},
		act(verb{"test ORG WEBHOOK", "Have a test sent to a webhook", "a test is sent", cobra.ExactArgs(2)}, func(ctx context.Context, x place, id ref.Hook) error {
			return x.TestHook(ctx, operator, x.org.ID, id)
		}),
		act(verb{"remove ORG WEBHOOK", "Remove a webhook; what waits for it is not sent", "webhook removed", cobra.ExactArgs(2)}, func(ctx context.Context, x place, id ref.Hook) error {
			return x.RemoveHook(ctx, operator, x.org.ID, id)
		}))
}

func (p *program) listHooks(ctx context.Context, x place) error {
	type shown struct {
		ID       ref.Hook `json:"id"`
		Name     string   `json:"name"`
		URL      string   `json:"url"`
		Kinds    []string `json:"kinds"`
		Disabled bool     `json:"disabled,omitempty"`
		Failing  int64    `json:"failing,omitempty"`
	}
	out := []shown{}
	err := x.app.DB.View(ctx, func(tx db.ReadTx) error {
		list, err := hook.List(ctx, tx, x.org.ID)
		for _, h := range list {
			out = append(out, shown{h.ID, h.Name, h.URL, h.Kinds, h.Disabled, h.Failing})
		}
		return err
	})
	if err != nil {
		return err
	}
	return p.print(out, func(w io.Writer) {
		fmt.Fprintln(w, "WEBHOOK\tNAME\tURL\tEVENTS\tFAILING")
		for _, h := range out {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\n", h.ID, h.Name, h.URL, strings.Join(h.Kinds, " "), h.Failing)
		}
	})
}

// orgToken shows and ends an organisation's API tokens. None is made here: a token does what
// its maker may.
func (p *program) orgToken() *cobra.Command {
	return group("token", "API tokens: see and revoke them; members make them in the console",
		&cobra.Command{Use: "list ORG", Short: "List API tokens", Args: args(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, given []string) error {
			return p.in(c, given[0], func(ctx context.Context, x place) error { return p.listTokens(ctx, x) })
		}},
		p.orgAct(verb{"revoke ORG TOKEN", "End an API token at once", "token revoked", cobra.ExactArgs(2)}, func(ctx context.Context, x place, given []string) error {
			return x.RevokeToken(ctx, operator, x.org.ID, ref.Token(given[0]))
		}))
}

func (p *program) listTokens(ctx context.Context, x place) error {
	type shown struct {
		ID      ref.Token   `json:"id"`
		Name    string      `json:"name"`
		Maker   ref.Account `json:"maker"`
		Can     []string    `json:"permissions"`
		Expires string      `json:"expires_at"`
		Used    string      `json:"last_used_at,omitempty"`
	}
	const form = "2006-01-02T15:04:05Z07:00"
	out := []shown{}
	err := x.app.DB.View(ctx, func(tx db.ReadTx) error {
		list, err := token.List(ctx, tx, x.org.ID)
		for _, t := range list {
			s := shown{ID: t.ID, Name: t.Name, Maker: t.Maker, Expires: t.Expires.UTC().Format(form)}
			for _, can := range t.Permissions {
				s.Can = append(s.Can, string(can))
			}
			if !t.Used.IsZero() {
				s.Used = t.Used.UTC().Format(form)
			}
			out = append(out, s)
		}
		return err
	})
	if err != nil {
		return err
	}
	return p.print(out, func(w io.Writer) {
		fmt.Fprintln(w, "TOKEN\tNAME\tMAKER\tCAN\tEXPIRES\tLAST USED")
		for _, t := range out {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, t.Name, t.Maker, strings.Join(t.Can, " "), t.Expires, t.Used)
		}
	})
}
