package admin

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow/govern"
	"sekisho/internal/i18n"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

// Pages of invitations.
type (
	// Invitations lists who was invited.
	Invitations struct {
		State  string // that is shown; empty: all
		Typed  string
		List   []Invitation
		Next   string // where older ones are
		Done   string // what was just done: sent, resent or revoked
		Failed int    // of those that were chosen, what could not be
	}
	// Invitation is one.
	Invitation struct {
		org.Invitation
		Shown string // its state
		Role  RoleName
		Left  int // how often it can be sent again
	}
	// RoleName is how a role is called: a built-in one by its word.
	RoleName struct{ Builtin, Named string }
	// InvitationNew invites.
	InvitationNew struct {
		Typed  string
		Role   string
		Lang   i18n.Lang
		Roles  []Choice
		Groups []Choice
		Sent   int
		Failed []NotInvited
	}
	// Choice is one of several things to choose.
	Choice struct {
		ID     string
		Name   RoleName
		Chosen bool
	}
	// NotInvited is an address that could not be invited, and why.
	NotInvited struct{ Address, What, Code string }
)

func (d *Door) invitationRoutes() []web.Route {
	return []web.Route{
		see("/admin/invitations", org.ManageMembers, d.invitations), do("/admin/invitations", org.ManageMembers, d.invitationsDo),
		ask("/admin/invitations/new", org.ManageMembers, d.invitationNew), do("/admin/invitations/new", org.ManageMembers, d.invitationSend),
	}
}

// invitationStates are the filters, the one that matters most first.
var invitationStates = []string{org.Open, org.Accepted, org.Declined, org.Revoked, org.Expired, ""}

// States are the filters that the page shows.
func (Invitations) States() []string { return invitationStates }

// named says how roles are called in an organisation.
func (d *Door) named(ctx context.Context, tx db.ReadTx, o ref.Org) (func(string) RoleName, []org.Role, error) {
	list, err := org.Roles(ctx, tx, o)
	return func(role string) RoleName {
		if slices.Contains(org.Builtin, role) {
			return RoleName{Builtin: role}
		}
		for _, x := range list {
			if string(x.ID) == role {
				return RoleName{Named: x.Name}
			}
		}
		return RoleName{Named: "–"}
	}, list, err
}

func (d *Door) invitations(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	p := Invitations{State: org.Open, Typed: strings.TrimSpace(q["q"])}
	if s, given := q["state"]; given && slices.Contains(invitationStates, s) {
		p.State = s
	}
	if slices.Contains([]string{"sent", "resent", "revoked"}, q["done"]) {
		p.Done = q["done"]
	}
	p.Failed, _ = strconv.Atoi(q["failed"])
	sought := org.Sought{State: p.State, Text: p.Typed, Limit: org.OnPage + 1, After: afterInvitation(q["after"])}
	err = d.view(ctx, func(tx db.ReadTx) error {
		name, _, err := d.named(ctx, tx, r.Console.Org)
		if err != nil {
			return err
		}
		list, err := org.Invitations(ctx, tx, r.Console.Org, sought)
		p.List = nil
		for _, i := range list {
			p.List = append(p.List, Invitation{i, i.Shows(r.Now), name(i.Role), org.MostSends - i.Sends})
		}
		return err
	})
	if len(p.List) > org.OnPage {
		p.List = p.List[:org.OnPage]
		last := p.List[org.OnPage-1]
		p.Next = "/admin/invitations?" + url.Values{"state": {p.State}, "q": {p.Typed}, "after": {strconv.FormatInt(last.Created.UnixMicro(), 36) + "." + string(last.ID)}}.Encode()
	}
	return web.Show("admin/invitations", p), err
}

func afterInvitation(raw string) (i org.Invitation) {
	at, id, ok := strings.Cut(raw, ".")
	us, err := strconv.ParseInt(at, 36, 64)
	if name, is := ref.ParseInvitation(id); ok && err == nil && is {
		i.ID, i.Created = name, time.UnixMicro(us)
	}
	return i
}

// invitationsDo sends again, or withdraws, those that are chosen.
func (d *Door) invitationsDo(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form("id")
	if err != nil {
		return web.Response{}, err
	}
	act := map[string]func(ref.Invitation) error{
		"resent": func(id ref.Invitation) error {
			_, err := d.Govern.Reinvite(ctx, by(r), r.Console.Org, id)
			return err
		},
		"revoked": func(id ref.Invitation) error { return d.Govern.Revoke(ctx, by(r), r.Console.Org, id) },
	}[form["act"]]
	if act == nil {
		return web.Refuse(faults.Malformed.New("where", "act")), nil
	}
	var first *fault.Fault
	done, failed := 0, 0
	for _, raw := range r.Many("id") {
		id, ok := ref.ParseInvitation(raw)
		if !ok {
			return web.Refuse(faults.OrgGone.New()), nil
		}
		switch err := act(id); {
		case err == nil:
			done++
		case govern.Told(err) == nil:
			return web.Response{}, err
		default:
			failed++
			if first == nil {
				first = govern.Told(err)
			}
		}
	}
	if done == 0 && first != nil {
		return web.Refuse(first), nil
	}
	to := url.Values{"state": {org.Open}}
	if done > 0 {
		to.Set("done", form["act"])
	}
	if failed > 0 {
		to.Set("failed", strconv.Itoa(failed))
	}
	return web.Go("/admin/invitations?" + to.Encode()), nil
}

// inviting is the page with what can be given by whoever asks.
func (d *Door) inviting(ctx context.Context, r *web.Request, p InvitationNew, groups []string) (InvitationNew, error) {
	err := d.view(ctx, func(tx db.ReadTx) error {
		p.Roles, p.Groups = nil, nil
		_, own, err := d.named(ctx, tx, r.Console.Org)
		if err != nil {
			return err
		}
		for _, b := range slices.Backward(org.Builtin) {
			if org.Within(r.Console.Held, org.Builtins(b)) {
				p.Roles = append(p.Roles, Choice{b, RoleName{Builtin: b}, b == p.Role})
			}
		}
		for _, x := range own {
			if org.Within(r.Console.Held, x.Permissions) {
				p.Roles = append(p.Roles, Choice{string(x.ID), RoleName{Named: x.Name}, string(x.ID) == p.Role})
			}
		}
		if !r.Console.May(org.ManageGroups) {
			return nil
		}
		list, err := org.Groups(ctx, tx, r.Console.Org)
		for _, g := range list {
			p.Groups = append(p.Groups, Choice{string(g.ID), RoleName{Named: g.Name}, slices.Contains(groups, string(g.ID))})
		}
		return err
	})
	return p, err
}

func (d *Door) invitationNew(ctx context.Context, r *web.Request) (web.Response, error) {
	p, err := d.inviting(ctx, r, InvitationNew{Role: org.Plain, Lang: r.Lang}, nil)
	return web.Show("admin/invitations-new", p), err
}

// atOnce is how many are invited by one form.
const atOnce = 100

// addressesIn takes apart what was typed or pasted: one a line, or with commas.
func addressesIn(typed string) (out []string) {
	for _, s := range strings.FieldsFunc(typed, func(r rune) bool { return strings.ContainsRune("\r\n\t ,;、，；", r) }) {
		if s = strings.Trim(s, "<>\"'"); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func (d *Door) invitationSend(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form("group")
	if err != nil {
		return web.Response{}, err
	}
	groups := r.Many("group")
	lang, _ := i18n.Parse(form["lang"])
	p := InvitationNew{Role: form["role"], Lang: lang}
	list := addressesIn(form["addresses"])
	if len(list) == 0 {
		p, err := d.inviting(ctx, r, p, groups)
		return web.Show("admin/invitations-new", p).With(faults.IdentifierMalformed.New()), err
	}
	var left []string
	for n, to := range list {
		f := faults.InvitationMany.New("most", atOnce)
		if n < atOnce {
			_, err := d.Govern.Invite(ctx, by(r), r.Console.Org, govern.Asked{Address: to, Role: form["role"], Groups: groups, Lang: lang})
			if err == nil {
				p.Sent++
				continue
			}
			if f = govern.Told(err); f == nil {
				return web.Response{}, err
			}
		}
		left = append(left, to)
		p.Failed = append(p.Failed, NotInvited{to, f.Say(r.Lang, r.Zone).What, f.Code()})
	}
	if len(left) == 0 {
		return web.Go("/admin/invitations?done=sent"), nil
	}
	p.Typed = strings.Join(left, "\n")
	p, err = d.inviting(ctx, r, p, groups)
	return web.Show("admin/invitations-new", p), err
}
