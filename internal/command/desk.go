package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sekisho/internal/app"
	"sekisho/internal/flow/govern"
	"sekisho/internal/i18n"
	"sekisho/internal/ref"
	"sekisho/internal/ticket"
)

// desk handles tickets of accounts that are in no organisation, and approves those of an
// organisation in which only one person may.
func (p *program) desk() *cobra.Command {
	return group("desk", "The support desk: tickets of people who cannot sign in",
		p.deskList(), p.deskShow(),
		p.deskAct(verb{"begin TICKET", "Begin to check a ticket", "begun", cobra.ExactArgs(1)}, func(ctx context.Context, g *govern.Govern, at govern.At, id ref.Ticket, _ []string) error {
			return g.TakeOn(ctx, at, id, i18n.En)
		}),
		p.deskAct(verb{"check TICKET NUMBER NOTE", "Note that one thing of the list was checked, and how", "checked", cobra.ExactArgs(3)}, func(ctx context.Context, g *govern.Govern, at govern.At, id ref.Ticket, more []string) error {
			n, err := strconv.Atoi(more[0])
			if err != nil {
				return ended{Usage, fmt.Errorf("%q is no number of a check; sekisho desk show lists them", more[0])}
			}
			return g.Tick(ctx, at, id, ticket.Check{Position: n, Note: more[1]})
		}),
		p.deskAct(verb{"approve TICKET", "Agree to a ticket that somebody else checked; after a day one backup code can be taken", "approved", cobra.ExactArgs(1)}, func(ctx context.Context, g *govern.Govern, at govern.At, id ref.Ticket, _ []string) error {
			return g.ApproveTicket(ctx, at, id)
		}),
		p.deskAct(verb{"refuse TICKET REASON", "Close a ticket, with a reason that whoever asked reads", "refused", cobra.ExactArgs(2)}, func(ctx context.Context, g *govern.Govern, at govern.At, id ref.Ticket, more []string) error {
			return g.RefuseTicket(ctx, at, id, more[0])
		}),
		p.deskCode(), p.deskChecks())
}

// told turns what an act refuses into its sentences.
func told(err error, format string, a ...any) error {
	if f := govern.Told(err); f != nil && f.Code() != "org.not_found" {
		t := f.Say(i18n.En, time.Local)
		return fmt.Errorf("%s %s %s", t.What, t.Why, t.Fix)
	}
	return none(err, format, a...)
}

// as adds the flag that says who sits at the terminal: it takes two people, and here they
// are told apart by what they say.
func as(c *cobra.Command, who *string) *cobra.Command {
	c.Flags().StringVar(who, "as", os.Getenv("SUDO_USER"), "who you are; another person approves")
	return c
}

func at(who string) (govern.At, error) {
	who = strings.TrimSpace(who)
	if who == "" || len(who) > 100 {
		return govern.At{}, ended{Usage, fmt.Errorf("say who you are with --as NAME: one person checks and another one approves")}
	}
	return govern.At{By: operator, Person: strings.ToLower(who)}, nil
}

func (p *program) deskAct(v verb, do func(context.Context, *govern.Govern, govern.At, ref.Ticket, []string) error) *cobra.Command {
	var who string
	return as(&cobra.Command{Use: v.use, Short: v.short, Args: args(v.takes), RunE: func(c *cobra.Command, given []string) error {
		a, err := at(who)
		if err != nil {
			return err
		}
		return p.with(c, func(ctx context.Context, x *app.App) error {
			if err := do(ctx, &govern.Govern{Entry: x.Entry}, a, ref.Ticket(given[0]), given[1:]); err != nil {
				return told(err, "there is no ticket %s; sekisho desk list names them", given[0])
			}
			return p.print(map[string]string{"ticket": given[0], "done": v.done}, func(w io.Writer) { fmt.Fprintf(w, "%s\t%s\n", given[0], v.done) })
		})
	}}, &who)
}

func (p *program) deskCode() *cobra.Command {
	var who string
	return as(&cobra.Command{Use: "code TICKET", Short: "Show the code of an approved ticket, to be read to whoever asked; the link in their mail ends", Args: args(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, given []string) error {
		a, err := at(who)
		if err != nil {
			return err
		}
		return p.with(c, func(ctx context.Context, x *app.App) error {
			code, until, err := (&govern.Govern{Entry: x.Entry}).ReadOut(ctx, a, ref.Ticket(given[0]))
			if err != nil {
				return told(err, "there is no ticket %s; sekisho desk list names them", given[0])
			}
			out := struct {
				Ticket string    `json:"ticket"`
				Code   string    `json:"code"`
				Until  time.Time `json:"expires_at"`
			}{given[0], code.Reveal(), until.UTC()}
			return p.print(out, func(w io.Writer) {
				fmt.Fprintf(w, "backup code (shown once; works once, until %s):\t%s\n", out.Until.Format(time.RFC3339), out.Code)
			})
		})
	}}, &who)
}

type shownTicket struct {
	ID        ref.Ticket   `json:"id"`
	State     ticket.State `json:"state"`
	Typed     string       `json:"identifier"`
	Account   ref.Account  `json:"account,omitempty"`
	Contact   string       `json:"contact"`
	Opened    time.Time    `json:"opened_at"`
	Ends      time.Time    `json:"ends_at"`
	Ready     *time.Time   `json:"ready_at,omitempty"`
	Handler   string       `json:"checked_by,omitempty"`
	Approver  string       `json:"decided_by,omitempty"`
	Reason    string       `json:"reason,omitempty"`
	Words     string       `json:"words,omitempty"`
	Reference string       `json:"reference,omitempty"`
	Checks    []shownCheck `json:"checks,omitempty"`
}

type shownCheck struct {
	Number int    `json:"number"`
	What   string `json:"what"`
	By     string `json:"by,omitempty"`
	Note   string `json:"note,omitempty"`
}

func ticketShown(t ticket.Ticket) shownTicket {
	s := shownTicket{ID: t.ID, State: t.State, Typed: t.Shown, Account: t.Account, Contact: t.Contact, Opened: t.Opened.UTC(), Ends: t.Ends.UTC(),
		Handler: t.Handler, Approver: t.Approver, Reason: t.Reason}
	if !t.Ready.IsZero() {
		at := t.Ready.UTC()
		s.Ready = &at
	}
	return s
}

func (p *program) deskList() *cobra.Command {
	var over bool
	var desk string
	c := &cobra.Command{Use: "list", Short: "List tickets of accounts in no organisation, or of one organisation's members", Args: args(cobra.NoArgs)}
	c.Flags().BoolVar(&over, "over", false, "those that are over")
	c.Flags().StringVar(&desk, "org", "", "of this organisation's members")
	c.RunE = func(c *cobra.Command, _ []string) error {
		list := func(ctx context.Context, g *govern.Govern, o ref.Org) error {
			found, err := g.Tickets(ctx, o, over, "")
			out := make([]shownTicket, 0, len(found))
			for _, t := range found {
				out = append(out, ticketShown(t))
			}
			if err != nil {
				return err
			}
			return p.print(out, func(w io.Writer) {
				fmt.Fprintln(w, "TICKET\tSTATE\tFOR\tREACHED AT\tENDS")
				for _, t := range out {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", t.ID, t.State, t.Typed, t.Contact, t.Ends.Format(time.RFC3339))
				}
			})
		}
		if desk != "" {
			return p.in(c, desk, func(ctx context.Context, x place) error { return list(ctx, x.Govern, x.org.ID) })
		}
		return p.with(c, func(ctx context.Context, a *app.App) error { return list(ctx, &govern.Govern{Entry: a.Entry}, "") })
	}
	return c
}

func (p *program) deskShow() *cobra.Command {
	return &cobra.Command{Use: "show TICKET", Short: "Show a ticket and what was checked", Args: args(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, given []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			x, err := (&govern.Govern{Entry: a.Entry}).AnyTicket(ctx, ref.Ticket(given[0]))
			if err != nil {
				return none(err, "there is no ticket %s; sekisho desk list names them", given[0])
			}
			out := ticketShown(x.Ticket)
			out.Words, out.Reference = x.Ticket.Words, x.Ticket.Reference
			for _, k := range x.Checks {
				out.Checks = append(out.Checks, shownCheck{k.Position, k.What, k.By, k.Note})
			}
			return p.print(out, func(w io.Writer) {
				fmt.Fprintf(w, "ticket\t%s\nstate\t%s\nfor\t%s\naccount\t%s\nreached at\t%s\nends\t%s\nreference\t%s\nchecked by\t%s\ndecided by\t%s\nreason\t%s\n",
					out.ID, out.State, out.Typed, out.Account, out.Contact, out.Ends.Format(time.RFC3339), out.Reference, out.Handler, out.Approver, out.Reason)
				fmt.Fprintf(w, "\nwhat they wrote (anybody may have):\n%s\n\n", out.Words)
				for _, k := range out.Checks {
					fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", k.Number, k.What, k.By, k.Note)
				}
			})
		})
	}}
}

func (p *program) deskChecks() *cobra.Command {
	var usual bool
	c := &cobra.Command{Use: "checks [CHECK…]", Short: "Show what is checked of accounts in no organisation, or set it: one argument a check"}
	c.Flags().BoolVar(&usual, "default", false, "go back to the usual list")
	c.RunE = func(c *cobra.Command, given []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			g := &govern.Govern{Entry: a.Entry}
			if len(given) > 0 || usual {
				if err := g.SetOperatorChecklist(ctx, given); err != nil {
					return told(err, "")
				}
			}
			list, _, err := g.Checklist(ctx, "", i18n.En)
			if err != nil {
				return err
			}
			return p.print(list, func(w io.Writer) {
				for i, what := range list {
					fmt.Fprintf(w, "%d\t%s\n", i+1, what)
				}
			})
		})
	}
	return c
}
