package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sekisho/internal/account"
	"sekisho/internal/app"
	"sekisho/internal/db"
	"sekisho/internal/flow/govern"
	"sekisho/internal/i18n"
	"sekisho/internal/org"
	"sekisho/internal/ref"
)

func (p *program) orgs() *cobra.Command {
	return group("org", "Organisations: members, groups, roles, policies",
		p.orgCreate(), p.orgList(), p.orgShow(), p.orgMember(), p.orgGroup(), p.orgRole(), p.orgPolicy(), p.orgHook(), p.orgToken(), p.orgInvite(), p.orgDomain())
}

var operator = govern.By{Operator: true}

// place is one organisation that a command is about.
type place struct {
	*govern.Govern
	app *app.App
	org org.Org
}

// in finds the organisation by its name or ID and runs a command in it.
func (p *program) in(c *cobra.Command, what string, do func(context.Context, place) error) error {
	return p.with(c, func(ctx context.Context, a *app.App) error {
		x := place{Govern: a.Govern, app: a}
		err := a.DB.View(ctx, func(tx db.ReadTx) (err error) {
			if x.org, err = org.Of(ctx, tx, ref.Org(what)); errors.Is(err, db.ErrNone) {
				x.org, err = org.ByName(ctx, tx, what)
			}
			return err
		})
		if err != nil {
			return none(err, "there is no organisation %s; sekisho org list names them", what)
		}
		return do(ctx, x)
	})
}

func (x place) account(ctx context.Context, what string) (found account.Account, err error) {
	err = x.app.DB.View(ctx, func(tx db.ReadTx) (err error) {
		found, err = find(ctx, tx, what)
		return err
	})
	return found, none(err, "there is no account %s", what)
}

// said turns what an act refuses into words with a next step.
func said(err error, format string, a ...any) error {
	switch {
	case errors.Is(err, org.ErrLastOwner):
		return errors.New("this is the last owner of the organisation; make another member an owner first: sekisho org member role ORG ACCOUNT owner")
	case errors.Is(err, org.ErrName), errors.Is(err, org.ErrPermission):
		return ended{Usage, err}
	}
	var refused *govern.Refused
	if errors.As(err, &refused) {
		t := refused.Fault.Say(i18n.En, time.Local)
		return fmt.Errorf("%s %s %s (%s)", t.What, t.Why, t.Fix, refused.Fault.Code())
	}
	return none(err, format, a...)
}

type shownOrg struct {
	ID      ref.Org       `json:"id"`
	Name    string        `json:"name"`
	Created time.Time     `json:"created_at"`
	Version int64         `json:"version"`
	Members []shownMember `json:"members,omitempty"`
	Groups  []string      `json:"groups,omitempty"`
	Roles   []shownRole   `json:"roles,omitempty"`
}

type shownMember struct {
	Account ref.Account `json:"account"`
	Name    string      `json:"name"`
	Role    string      `json:"role"`
	State   string      `json:"state"`
	Joined  time.Time   `json:"joined_at"`
	Groups  []string    `json:"groups,omitempty"`
}

type shownRole struct {
	Name        string           `json:"name"`
	Permissions []org.Permission `json:"permissions"`
}

func (p *program) orgCreate() *cobra.Command {
	owner := ""
	c := &cobra.Command{Use: "create NAME --owner ACCOUNT", Short: "Make an organisation with its first owner", Args: args(cobra.ExactArgs(1))}
	c.Flags().StringVar(&owner, "owner", "", "the account that owns it")
	c.RunE = func(c *cobra.Command, given []string) error {
		if owner == "" {
			return ended{Usage, errors.New("--owner names the account that owns the organisation")}
		}
		return p.with(c, func(ctx context.Context, a *app.App) error {
			x := place{Govern: a.Govern, app: a}
			found, err := x.account(ctx, owner)
			if err != nil {
				return err
			}
			made, err := x.Create(ctx, operator, given[0], found.ID)
			if errors.Is(err, db.ErrTaken) {
				return errors.New("an organisation has this name already")
			}
			if err != nil {
				return said(err, "there is no account %s", owner)
			}
			return p.print(shownOrg{ID: made.ID, Name: made.Name, Created: made.Created.UTC(), Version: made.Version}, func(w io.Writer) {
				fmt.Fprintf(w, "%s\t%s\n", made.ID, made.Name)
			})
		})
	}
	return c
}

func (p *program) orgList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List organisations", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			out := []shownOrg{}
			err := a.DB.View(ctx, func(tx db.ReadTx) error {
				list, err := org.List(ctx, tx)
				for _, o := range list {
					out = append(out, shownOrg{ID: o.ID, Name: o.Name, Created: o.Created.UTC(), Version: o.Version})
				}
				return err
			})
			if err != nil {
				return err
			}
			return p.print(out, func(w io.Writer) {
				for _, o := range out {
					fmt.Fprintf(w, "%s\t%s\n", o.ID, o.Name)
				}
			})
		})
	}}
}

// names reads what an organisation's groups and made roles are called.
func names(ctx context.Context, r db.Reader, o ref.Org) (map[string]string, []org.Group, []org.Role, error) {
	out := map[string]string{}
	groups, err := org.Groups(ctx, r, o)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, g := range groups {
		out[string(g.ID)] = g.Name
	}
	roles, err := org.Roles(ctx, r, o)
	for _, x := range roles {
		out[string(x.ID)] = x.Name
	}
	for _, b := range org.Builtin {
		out[b] = b
	}
	return out, groups, roles, err
}

func (p *program) orgShow() *cobra.Command {
	return &cobra.Command{Use: "show ORG", Short: "Show an organisation's members, groups and roles", Args: args(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, given []string) error {
		return p.in(c, given[0], func(ctx context.Context, x place) error {
			var out shownOrg
			err := x.app.DB.View(ctx, func(tx db.ReadTx) (err error) {
				out, err = x.show(ctx, tx)
				return err
			})
			if err != nil {
				return err
			}
			return p.print(out, func(w io.Writer) {
				fmt.Fprintf(w, "%s\t%s\n", out.ID, out.Name)
				for _, m := range out.Members {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", m.Account, m.State, m.Role, m.Name, strings.Join(m.Groups, ", "))
				}
				for _, g := range out.Groups {
					fmt.Fprintf(w, "group\t%s\n", g)
				}
				for _, r := range out.Roles {
					fmt.Fprintf(w, "role\t%s\t%s\n", r.Name, joined(r.Permissions))
				}
			})
		})
	}}
}

func joined(list []org.Permission) string {
	var out []string
	for _, p := range list {
		out = append(out, string(p))
	}
	return strings.Join(out, " ")
}

func (x place) show(ctx context.Context, r db.Reader) (shownOrg, error) {
	out := shownOrg{ID: x.org.ID, Name: x.org.Name, Created: x.org.Created.UTC(), Version: x.org.Version}
	called, groups, roles, err := names(ctx, r, x.org.ID)
	if err != nil {
		return out, err
	}
	for _, g := range groups {
		out.Groups = append(out.Groups, g.Name)
	}
	for _, y := range roles {
		out.Roles = append(out.Roles, shownRole{y.Name, y.Permissions})
	}
	const page = 500
	for after := ref.Account(""); ; {
		list, err := org.Members(ctx, r, x.org.ID, after, page)
		if err != nil {
			return out, err
		}
		for _, m := range list {
			a, err := account.Of(ctx, r, m.Account)
			if err != nil {
				return out, err
			}
			s := shownMember{Account: m.Account, Name: a.Name, Role: called[m.Role], State: "active", Joined: m.Joined.UTC()}
			if m.Inactive {
				s.State = "inactive"
			}
			for _, g := range m.Groups {
				s.Groups = append(s.Groups, called[string(g)])
			}
			slices.Sort(s.Groups)
			out.Members, after = append(out.Members, s), m.Account
		}
		if len(list) < page {
			return out, nil
		}
	}
}

func (p *program) orgMember() *cobra.Command {
	role := org.Plain
	add := p.memberAct(verb{"add ORG ACCOUNT", "Make an account a member", "member added", cobra.ExactArgs(2)}, func(ctx context.Context, x place, a account.Account, _ []string) error {
		return x.Add(ctx, operator, x.org.ID, a.ID, role)
	})
	add.Flags().StringVar(&role, "role", org.Plain, "owner, admin, security_admin, help_desk, auditor, member, or one the organisation made")
	return group("member", "Add, remove, deactivate members; give them roles", add,
		p.memberAct(verb{"remove ORG ACCOUNT", "Take a member out; the account stays", "member removed", cobra.ExactArgs(2)}, func(ctx context.Context, x place, a account.Account, _ []string) error {
			return x.Remove(ctx, operator, x.org.ID, a.ID)
		}),
		p.memberAct(verb{"role ORG ACCOUNT ROLE", "Give a member another role", "role given", cobra.ExactArgs(3)}, func(ctx context.Context, x place, a account.Account, more []string) error {
			return x.SetRole(ctx, operator, x.org.ID, a.ID, more[0])
		}),
		p.memberAct(verb{"deactivate ORG ACCOUNT", "Shut a member out of every door; what they set up is kept", "deactivated", cobra.ExactArgs(2)}, func(ctx context.Context, x place, a account.Account, _ []string) error {
			_, err := x.Deactivate(ctx, operator, x.org.ID, a.ID)
			return err
		}),
		p.memberAct(verb{"reactivate ORG ACCOUNT", "Let a deactivated member in again", "reactivated", cobra.ExactArgs(2)}, func(ctx context.Context, x place, a account.Account, _ []string) error {
			return x.Reactivate(ctx, operator, x.org.ID, a.ID)
		}))
}

// verb is what a command is called and what it says once it is done.
type verb struct {
	use, short, done string
	takes            cobra.PositionalArgs
}

// memberAct is a command about one account in one organisation.
func (p *program) memberAct(v verb, do func(context.Context, place, account.Account, []string) error) *cobra.Command {
	return &cobra.Command{Use: v.use, Short: v.short, Args: args(v.takes), RunE: func(c *cobra.Command, given []string) error {
		return p.in(c, given[0], func(ctx context.Context, x place) error {
			a, err := x.account(ctx, given[1])
			if err != nil {
				return err
			}
			if err := do(ctx, x, a, given[2:]); err != nil {
				return said(err, "%s: %s is no member of %s, or is so already, or there is no %s", v.done, given[1], x.org.Name, strings.Join(append(given[2:], "such role"), " or "))
			}
			out := map[string]string{"organisation": string(x.org.ID), "account": string(a.ID), "done": v.done}
			return p.print(out, func(w io.Writer) { fmt.Fprintf(w, "%s\t%s\t%s\n", a.ID, a.Name, v.done) })
		})
	}}
}

// orgAct is a command about one organisation and what else is named.
func (p *program) orgAct(v verb, do func(context.Context, place, []string) error) *cobra.Command {
	return &cobra.Command{Use: v.use, Short: v.short, Args: args(v.takes), RunE: func(c *cobra.Command, given []string) error {
		return p.in(c, given[0], func(ctx context.Context, x place) error {
			err := do(ctx, x, given[1:])
			if errors.Is(err, db.ErrTaken) {
				return fmt.Errorf("%s has one of this name already", x.org.Name)
			}
			if err != nil {
				return said(err, "%s has no %s", x.org.Name, strings.Join(given[1:], " "))
			}
			return p.print(map[string]string{"organisation": string(x.org.ID), "done": v.done}, func(w io.Writer) { fmt.Fprintf(w, "%s\t%s\n", x.org.Name, v.done) })
		})
	}}
}

func (p *program) orgGroup() *cobra.Command {
	return group("group", "Make and remove groups, put members into them",
		p.orgAct(verb{"add ORG GROUP", "Make a group", "group made", cobra.ExactArgs(2)}, func(ctx context.Context, x place, given []string) error {
			_, err := x.AddGroup(ctx, operator, x.org.ID, given[0])
			return err
		}),
		p.orgAct(verb{"remove ORG GROUP", "Remove a group; its members stay members", "group removed", cobra.ExactArgs(2)}, func(ctx context.Context, x place, given []string) error {
			return x.RemoveGroup(ctx, operator, x.org.ID, given[0])
		}),
		p.memberAct(verb{"put ORG ACCOUNT GROUP", "Put a member into a group", "put into the group", cobra.ExactArgs(3)}, func(ctx context.Context, x place, a account.Account, more []string) error {
			return x.Put(ctx, operator, x.org.ID, a.ID, more[0])
		}),
		p.memberAct(verb{"take ORG ACCOUNT GROUP", "Take a member out of a group", "taken out of the group", cobra.ExactArgs(3)}, func(ctx context.Context, x place, a account.Account, more []string) error {
			return x.Take(ctx, operator, x.org.ID, a.ID, more[0])
		}))
}

func (p *program) orgRole() *cobra.Command {
	return group("role", "Make roles of permissions",
		p.orgAct(verb{"add ORG ROLE PERMISSION…", "Make a role; " + joined(org.Permissions[1:]) + " are what it can be made of", "role made", cobra.MinimumNArgs(3)}, func(ctx context.Context, x place, given []string) error {
			var list []org.Permission
			for _, g := range given[1:] {
				list = append(list, org.Permission(g))
			}
			_, err := x.AddRole(ctx, operator, x.org.ID, given[0], list)
			return err
		}))
}
