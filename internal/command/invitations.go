package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"sekisho/internal/db"
	"sekisho/internal/flow/govern"
	"sekisho/internal/i18n"
	"sekisho/internal/org"
	"sekisho/internal/ref"
)

type shownInvitation struct {
	ID      ref.Invitation `json:"id"`
	Address string         `json:"address"`
	Role    string         `json:"role"`
	State   string         `json:"state"`
	Sent    time.Time      `json:"sent_at"`
	Expires time.Time      `json:"expires_at"`
	Left    int            `json:"sends_left"`
}

func shownOf(i org.Invitation, role string, now time.Time) shownInvitation {
	return shownInvitation{i.ID, i.Shown, role, i.Shows(now), i.Sent.UTC(), i.Expires.UTC(), org.MostSends - i.Sends}
}

func (s shownInvitation) write(w io.Writer) {
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\tuntil %s\n", s.ID, s.Address, s.Role, s.State, s.Expires.Format(time.DateOnly))
}

func (p *program) orgInvite() *cobra.Command {
	return group("invite", "Invite people by mail, list, send again and withdraw invitations", p.inviteAdd(), p.inviteList(),
		p.inviteAct("again ORG INVITATION", "Send an invitation again, with a new link and seven more days", func(ctx context.Context, x place, id ref.Invitation) error {
			_, err := x.Reinvite(ctx, operator, x.org.ID, id)
			return err
		}),
		p.inviteAct("revoke ORG INVITATION", "Withdraw an invitation", func(ctx context.Context, x place, id ref.Invitation) error {
			return x.Revoke(ctx, operator, x.org.ID, id)
		}))
}

func (p *program) inviteAdd() *cobra.Command {
	role, groups, lang := org.Plain, []string{}, "en"
	c := &cobra.Command{Use: "add ORG ADDRESS", Short: "Invite the reader of an address", Args: args(cobra.ExactArgs(2)), RunE: func(c *cobra.Command, given []string) error {
		if _, ok := i18n.Parse(lang); !ok {
			return ended{Usage, errors.New("--lang is ja or en")}
		}
		return p.in(c, given[0], func(ctx context.Context, x place) error {
			i, err := x.Invite(ctx, operator, x.org.ID, govern.Asked{Address: given[1], Role: role, Groups: groups, Lang: i18n.Lang(lang)})
			if err != nil {
				return said(err, "%s has no role %s, or no group %v", x.org.Name, role, groups)
			}
			s := shownOf(i, role, i.Created)
			return p.print(s, s.write)
		})
	}}
	c.Flags().StringVar(&role, "role", org.Plain, "owner, admin, security_admin, help_desk, auditor, member, or one the organisation made")
	c.Flags().StringSliceVar(&groups, "group", nil, "a group they join; may be given several times")
	c.Flags().StringVar(&lang, "lang", "en", "language of the mail: ja or en")
	return c
}

func (p *program) inviteList() *cobra.Command {
	state := org.Open
	c := &cobra.Command{Use: "list ORG", Short: "List invitations, the newest first", Args: args(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, given []string) error {
		return p.in(c, given[0], func(ctx context.Context, x place) error {
			out := []shownInvitation{}
			err := x.app.DB.View(ctx, func(tx db.ReadTx) error {
				out = out[:0]
				called, _, _, err := names(ctx, tx, x.org.ID)
				if err != nil {
					return err
				}
				if state == "all" {
					state = ""
				}
				list, err := org.Invitations(ctx, tx, x.org.ID, org.Sought{State: state, Limit: org.MostInvitations})
				for _, i := range list {
					out = append(out, shownOf(i, called[i.Role], tx.Now()))
				}
				return err
			})
			if err != nil {
				return err
			}
			return p.print(out, func(w io.Writer) {
				for _, s := range out {
					s.write(w)
				}
			})
		})
	}}
	c.Flags().StringVar(&state, "state", org.Open, "open, accepted, declined, revoked, expired or all")
	return c
}

func (p *program) inviteAct(use, short string, do func(context.Context, place, ref.Invitation) error) *cobra.Command {
	return p.orgAct(verb{use, short, "done", cobra.ExactArgs(2)}, func(ctx context.Context, x place, given []string) error {
		return do(ctx, x, ref.Invitation(given[0]))
	})
}
