package api

import (
	"context"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/govern"
	"sekisho/internal/flow/invite"
	"sekisho/internal/i18n"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

func (d *Door) joiningOperations() []operation {
	text := map[string]any{"type": "string"}
	list := map[string]any{"type": "array", "items": text}
	manage, groups, roles := web.MayDo(org.ManageMembers), web.MayDo(org.ManageGroups), web.MayDo(org.ManageRoles)
	token := map[string]any{"invitation": text}
	role := map[string]any{"name": text, "permissions": list}
	change := map[string]any{"name": text, "permissions": list, "seen": list}
	return []operation{
		{"GET", "/api/v1/org/invitations", web.May(org.ManageMembers), d.orgInvitations, "orgInvitations", "Invitations of the organisation, the newest first; state is open, accepted, declined, revoked or expired", nil, nil, "OrgInvitations", []string{"state", "q", "after"}},
		{"POST", "/api/v1/org/invitations", manage, d.orgInvite, "orgInvite", "Invite the reader of an address", map[string]any{"address": text, "role": text, "groups": list, "lang": text}, []string{"address"}, "OrgInvitation", nil},
		{"POST", "/api/v1/org/invitations/{id}/send", manage, d.orgReinvite, "orgReinvite", "Send an invitation again, with a new link and seven more days", nil, nil, "OrgInvitation", nil},
		{"DELETE", "/api/v1/org/invitations/{id}", manage, d.orgRevoke, "orgRevoke", "Withdraw an invitation", nil, nil, "", nil},
		{"GET", "/api/v1/org/groups", web.May(org.ReadMembers), d.orgGroups, "orgGroups", "Groups of the organisation", nil, nil, "OrgGroups", nil},
		{"POST", "/api/v1/org/groups", groups, d.orgAddGroup, "orgAddGroup", "Make a group", map[string]any{"name": text}, []string{"name"}, "OrgGroup", nil},
		{"PUT", "/api/v1/org/groups/{id}", groups, d.orgRenameGroup, "orgRenameGroup", "Give a group another name", map[string]any{"name": text}, []string{"name"}, "", nil},
		{"DELETE", "/api/v1/org/groups/{id}", groups, d.orgRemoveGroup, "orgRemoveGroup", "Remove a group; its members stay", nil, nil, "", nil},
		{"GET", "/api/v1/org/groups/{id}/members", web.May(org.ReadMembers), d.orgInGroup, "orgInGroup", "Members of a group, fifty at a time", nil, nil, "OrgPeople", []string{"after"}},
		{"PUT", "/api/v1/org/groups/{id}/members/{account}", groups, d.orgPut, "orgPut", "Put a member into a group", nil, nil, "", nil},
		{"DELETE", "/api/v1/org/groups/{id}/members/{account}", groups, d.orgTake, "orgTake", "Take a member out of a group", nil, nil, "", nil},
		{"GET", "/api/v1/org/roles", web.May(org.ReadMembers), d.orgRoles, "orgRoles", "Roles, those that every organisation has first", nil, nil, "OrgRoles", nil},
		{"POST", "/api/v1/org/roles", roles, d.orgAddRole, "orgAddRole", "Make a role of permissions that whoever makes it holds", role, []string{"name", "permissions"}, "OrgRole", nil},
		{"PUT", "/api/v1/org/roles/{id}", roles, d.orgSetRole, "orgSetRole", "Change a made role; seen is what it held when it was read", change, []string{"name", "permissions", "seen"}, "", nil},
		{"DELETE", "/api/v1/org/roles/{id}", roles, d.orgRemoveRole, "orgRemoveRole", "Remove a made role that nobody carries", nil, nil, "", nil},
		{"POST", "/api/v1/invitation", web.Anyone, d.invitation, "invitation", "What an invitation says; spends nothing", token, []string{"invitation"}, "Invitation", nil},
		{"POST", "/api/v1/invitation/decline", web.Anyone, d.declineInvitation, "declineInvitation", "Decline an invitation", token, []string{"invitation"}, "", nil},
		{"POST", "/api/v1/invitation/signup", web.Anyone, d.signupInvited, "signupInvited", "Make an account whose address the invitation proves, and join", map[string]any{"invitation": text, "name": text, "password": text}, []string{"invitation", "name", "password"}, "Opened", nil},
		{"POST", "/api/v1/me/organisation", web.Fresh, d.acceptInvitation, "acceptInvitation", "Join an organisation by an invitation", token, []string{"invitation"}, "", nil},
		{"GET", "/api/v1/me/organisation", web.SignedIn, d.myOrganisation, "myOrganisation", "The organisation of the account, or the one that an address of it lets it join", nil, nil, "MyOrganisation", nil},
		{"POST", "/api/v1/me/organisation/domain", web.Fresh, d.joinByDomain, "joinByDomain", "Join the organisation that an address of the account lets it join; where the address was proved a while ago a link is sent there", map[string]any{"organisation": text}, []string{"organisation"}, "JoinedByDomain", nil},
		{"DELETE", "/api/v1/me/organisation", web.Fresh, d.leaveOrganisation, "leaveOrganisation", "Leave the organisation", nil, nil, "", nil},
	}
}

func joiningSchemas() map[string]any {
	text, number := map[string]any{"type": "string"}, map[string]any{"type": "integer"}
	when, flag := map[string]any{"type": "string", "format": "date-time"}, map[string]any{"type": "boolean"}
	list := func(of any) map[string]any { return map[string]any{"type": "array", "items": of} }
	see := func(name string) map[string]any { return map[string]any{"$ref": "#/components/schemas/" + name} }
	return map[string]any{
		"OrgInvitation": object([]string{"id", "address", "role", "groups", "state", "sent_at", "expires_at", "sends_left"}, map[string]any{"id": text, "address": text, "role": text, "groups": list(text), "state": text,
			"sent_at": when, "expires_at": when, "ended_at": when, "sends_left": number, "account": text}),
		"OrgInvitations": object([]string{"invitations"}, map[string]any{"invitations": list(see("OrgInvitation")), "next": text}),
		"OrgGroup":       object([]string{"id", "name", "members"}, map[string]any{"id": text, "name": text, "members": number}),
		"OrgGroups":      list(see("OrgGroup")),
		"OrgPeople": object([]string{"members"}, map[string]any{"members": list(object([]string{"account", "name", "role", "active"}, map[string]any{"account": text, "name": text, "email": text, "role": text, "active": flag})),
			"next": text}),
		"OrgRole":  object([]string{"id", "name", "builtin", "permissions", "members"}, map[string]any{"id": text, "name": text, "builtin": flag, "permissions": list(text), "members": number}),
		"OrgRoles": list(see("OrgRole")),
		"MyOrganisation": object(nil, map[string]any{"organisation": text, "name": text, "role": text,
			"offered": object([]string{"organisation", "name", "address", "direct"}, map[string]any{"organisation": text, "name": text, "address": text, "direct": flag})}),
		"JoinedByDomain": object([]string{"joined"}, map[string]any{"joined": flag}),
		"Invitation": object([]string{"organisation", "address", "role", "groups", "domains", "expires_at"}, map[string]any{"organisation": text, "address": text, "invited_by": text, "role": text, "groups": list(text),
			"domains": list(text), "expires_at": when}),
	}
}

// acted answers an act on an organisation.
func acted(err error) (web.Response, error) {
	if f := govern.Told(err); f != nil {
		return web.Refuse(f), nil
	}
	return web.Response{Status: 204}, err
}

func by(r *web.Request) govern.By {
	return govern.By{Visitor: r.Describe(), Session: r.Session, Token: r.Acting}
}

// OrgInvitation is an invitation as admins see it.
type OrgInvitation struct {
	ID      ref.Invitation `json:"id"`
	Address string         `json:"address"`
	Role    string         `json:"role"`
	Groups  []ref.Group    `json:"groups"`
	State   string         `json:"state"`
	Sent    time.Time      `json:"sent_at"`
	Expires time.Time      `json:"expires_at"`
	Ended   *time.Time     `json:"ended_at,omitempty"`
	Left    int            `json:"sends_left"`
	Account ref.Account    `json:"account,omitempty"`
}

func orgInvitation(i org.Invitation, now time.Time) OrgInvitation {
	return OrgInvitation{i.ID, i.Shown, i.Role, append([]ref.Group{}, i.Groups...), i.Shows(now), i.Sent.UTC(), i.Expires.UTC(), at(i.Ended), org.MostSends - i.Sends, i.Account}
}

func (d *Door) orgInvitations(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	s := org.Sought{State: q["state"], Text: q["q"], Limit: org.OnPage + 1}
	if raw := q["after"]; raw != "" {
		us, id, _ := strings.Cut(raw, "_")
		n, err := strconv.ParseInt(us, 10, 64)
		if err != nil {
			return web.Refuse(faults.Malformed.New("where", "after")), nil
		}
		s.After = org.Invitation{ID: ref.Invitation(id), Created: time.UnixMicro(n)}
	}
	var list []org.Invitation
	err = d.Govern.DB.View(ctx, func(tx db.ReadTx) (err error) {
		list, err = org.Invitations(ctx, tx, r.Console.Org, s)
		return err
	})
	out := struct {
		List []OrgInvitation `json:"invitations"`
		Next string          `json:"next,omitempty"`
	}{List: []OrgInvitation{}}
	if len(list) > org.OnPage {
		list = list[:org.OnPage]
		last := list[org.OnPage-1]
		out.Next = strconv.FormatInt(last.Created.UnixMicro(), 10) + "_" + string(last.ID)
	}
	for _, i := range list {
		out.List = append(out.List, orgInvitation(i, r.Now))
	}
	return web.JSON(200, out), err
}

func (d *Door) orgInvite(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Address string   `json:"address"`
		Role    string   `json:"role"`
		Groups  []string `json:"groups"`
		Lang    string   `json:"lang"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	i, err := d.Govern.Invite(ctx, by(r), r.Console.Org, govern.Asked{Address: in.Address, Role: in.Role, Groups: in.Groups, Lang: i18n.Lang(in.Lang)})
	if err != nil {
		return acted(err)
	}
	return web.JSON(200, orgInvitation(i, r.Now)), nil
}

func (d *Door) orgReinvite(ctx context.Context, r *web.Request) (web.Response, error) {
	i, err := d.Govern.Reinvite(ctx, by(r), r.Console.Org, ref.Invitation(r.HTTP.PathValue("id")))
	if err != nil {
		return acted(err)
	}
	return web.JSON(200, orgInvitation(i, r.Now)), nil
}

func (d *Door) orgRevoke(ctx context.Context, r *web.Request) (web.Response, error) {
	return acted(d.Govern.Revoke(ctx, by(r), r.Console.Org, ref.Invitation(r.HTTP.PathValue("id"))))
}

// OrgGroup is a group, with how many are in it.
type OrgGroup struct {
	ID      ref.Group `json:"id"`
	Name    string    `json:"name"`
	Members int       `json:"members"`
}

func (d *Door) orgGroups(ctx context.Context, r *web.Request) (web.Response, error) {
	out := []OrgGroup{}
	err := d.Govern.DB.View(ctx, func(tx db.ReadTx) error {
		out = out[:0]
		list, err := org.Groups(ctx, tx, r.Console.Org)
		if err != nil {
			return err
		}
		sizes, err := org.Sizes(ctx, tx, r.Console.Org)
		for _, g := range list {
			out = append(out, OrgGroup{g.ID, g.Name, sizes[g.ID]})
		}
		return err
	})
	return web.JSON(200, out), err
}

// called is a body that only names something.
func called(r *web.Request) (string, error) {
	var in struct {
		Name string `json:"name"`
	}
	err := r.ReadJSON(&in)
	return in.Name, err
}

func (d *Door) orgAddGroup(ctx context.Context, r *web.Request) (web.Response, error) {
	name, err := called(r)
	if err != nil {
		return web.Response{}, err
	}
	g, err := d.Govern.AddGroup(ctx, by(r), r.Console.Org, name)
	if err != nil {
		return acted(err)
	}
	return web.JSON(200, OrgGroup{g.ID, g.Name, 0}), nil
}

func (d *Door) orgRenameGroup(ctx context.Context, r *web.Request) (web.Response, error) {
	name, err := called(r)
	if err != nil {
		return web.Response{}, err
	}
	return acted(d.Govern.RenameGroup(ctx, by(r), r.Console.Org, r.HTTP.PathValue("id"), name))
}

func (d *Door) orgRemoveGroup(ctx context.Context, r *web.Request) (web.Response, error) {
	return acted(d.Govern.RemoveGroup(ctx, by(r), r.Console.Org, r.HTTP.PathValue("id")))
}

func (d *Door) orgPut(ctx context.Context, r *web.Request) (web.Response, error) {
	return acted(d.Govern.Put(ctx, by(r), r.Console.Org, ref.Account(r.HTTP.PathValue("account")), r.HTTP.PathValue("id")))
}

func (d *Door) orgTake(ctx context.Context, r *web.Request) (web.Response, error) {
	return acted(d.Govern.Take(ctx, by(r), r.Console.Org, ref.Account(r.HTTP.PathValue("account")), r.HTTP.PathValue("id")))
}

// OrgPerson is a member in a list.
type OrgPerson struct {
	Account ref.Account `json:"account"`
	Name    string      `json:"name"`
	Email   string      `json:"email,omitempty"`
	Role    string      `json:"role"`
	Active  bool        `json:"active"`
}

func (d *Door) orgInGroup(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	out := struct {
		Members []OrgPerson `json:"members"`
		Next    ref.Account `json:"next,omitempty"`
	}{}
	err = d.Govern.DB.View(ctx, func(tx db.ReadTx) error {
		out.Members = []OrgPerson{}
		g, err := org.GroupNamed(ctx, tx, r.Console.Org, r.HTTP.PathValue("id"))
		if err != nil {
			return err
		}
		list, err := org.InGroup(ctx, tx, r.Console.Org, g.ID, ref.Account(q["after"]))
		for _, p := range list {
			out.Members = append(out.Members, OrgPerson{p.Account, p.Name, p.Email, p.Role, !p.Inactive})
		}
		if len(list) == org.OnPage {
			out.Next = list[org.OnPage-1].Account
		}
		return err
	})
	if err != nil {
		return acted(err)
	}
	return web.JSON(200, out), nil
}

// OrgRole is a role and what it lets its holders do.
type OrgRole struct {
	ID          string           `json:"id"`
	Name        string           `json:"name"`
	Builtin     bool             `json:"builtin"`
	Permissions []org.Permission `json:"permissions"`
	Members     int              `json:"members"`
}

func (d *Door) orgRoles(ctx context.Context, r *web.Request) (web.Response, error) {
	out := []OrgRole{}
	err := d.Govern.DB.View(ctx, func(tx db.ReadTx) error {
		out = out[:0]
		holders, err := org.Holders(ctx, tx, r.Console.Org)
		if err != nil {
			return err
		}
		for _, b := range org.Builtin {
			out = append(out, OrgRole{b, b, true, org.Builtins(b), holders[b]})
		}
		own, err := org.Roles(ctx, tx, r.Console.Org)
		for _, x := range own {
			out = append(out, OrgRole{string(x.ID), x.Name, false, append([]org.Permission{}, x.Permissions...), holders[string(x.ID)]})
		}
		return err
	})
	return web.JSON(200, out), err
}

func (d *Door) orgAddRole(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Name        string           `json:"name"`
		Permissions []org.Permission `json:"permissions"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	x, err := d.Govern.AddRole(ctx, by(r), r.Console.Org, in.Name, in.Permissions)
	if err != nil {
		return acted(err)
	}
	return web.JSON(200, OrgRole{string(x.ID), x.Name, false, append([]org.Permission{}, x.Permissions...), 0}), nil
}

func (d *Door) orgSetRole(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Name        string           `json:"name"`
		Permissions []org.Permission `json:"permissions"`
		Seen        []org.Permission `json:"seen"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	return acted(d.Govern.SetPermissions(ctx, by(r), r.Console.Org, org.Role{ID: ref.Role(r.HTTP.PathValue("id")), Name: in.Name, Permissions: in.Permissions}, in.Seen))
}

func (d *Door) orgRemoveRole(ctx context.Context, r *web.Request) (web.Response, error) {
	return acted(d.Govern.RemoveRole(ctx, by(r), r.Console.Org, ref.Role(r.HTTP.PathValue("id"))))
}

// Invitation is an invitation as who was invited sees it.
type Invitation struct {
	Org     string    `json:"organisation"`
	To      string    `json:"address"`
	Inviter string    `json:"invited_by,omitempty"`
	Role    string    `json:"role"`
	Groups  []string  `json:"groups"`
	Domains []string  `json:"domains"`
	Until   time.Time `json:"expires_at"`
}

// invited begins to answer the invitation that the body names.
func (d *Door) invited(ctx context.Context, r *web.Request, in any, token *string) (invite.View, flow.Visitor, *fault.Fault, error) {
	if err := r.ReadJSON(in); err != nil {
		return invite.View{}, flow.Visitor{}, nil, err
	}
	visitor := r.Describe()
	v, err := d.Invite.Open(ctx, visitor, *token)
	if _, sec, ok := flow.ParseHandle(v.Handle); ok {
		visitor.Secret = sec
	}
	return v, visitor, v.Fault, err
}

func (d *Door) invitation(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Token string `json:"invitation"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	v, err := d.Invite.Look(ctx, in.Token)
	if err != nil || v.Fault != nil {
		return web.Refuse(v.Fault), err
	}
	return web.JSON(200, Invitation{v.Org.Name, v.To, v.Inviter, v.Role + v.Named, append([]string{}, v.Groups...), append([]string{}, v.Domains...), v.Until.UTC()}), nil
}

func (d *Door) declineInvitation(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Token string `json:"invitation"`
	}
	v, visitor, f, err := d.invited(ctx, r, &in, &in.Token)
	if err != nil || f != nil {
		return web.Refuse(f), err
	}
	if v, err = d.Invite.Decline(ctx, visitor, v.ID); err != nil || v.Fault != nil {
		return web.Refuse(v.Fault), err
	}
	return web.Response{Status: 204}, nil
}

func (d *Door) signupInvited(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Token    string `json:"invitation"`
		Name     string `json:"name"`
		Password string `json:"password"`
	}
	v, visitor, f, err := d.invited(ctx, r, &in, &in.Token)
	if err != nil || f != nil {
		return web.Refuse(f), err
	}
	v, o, err := d.Invite.Join(ctx, visitor, v.ID, invite.Newcomer{Name: in.Name, Password: in.Password})
	switch {
	case err != nil:
		return web.Response{}, err
	case v.Fault != nil:
		return web.Refuse(v.Fault), nil
	case o == nil:
		return web.Refuse(faults.SessionRequired.New()), nil
	}
	return opened(o), nil
}

func (d *Door) acceptInvitation(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Token string `json:"invitation"`
	}
	v, visitor, f, err := d.invited(ctx, r, &in, &in.Token)
	if err != nil || f != nil {
		return web.Refuse(f), err
	}
	if v, err = d.Invite.Accept(ctx, visitor, r.Session, v.ID); err != nil || v.Fault != nil {
		return web.Refuse(v.Fault), err
	}
	return web.Response{Status: 204}, nil
}

// MyOrganisation is where an account is a member, or could be.
type MyOrganisation struct {
	ID      ref.Org  `json:"organisation,omitempty"`
	Name    string   `json:"name,omitempty"`
	Role    string   `json:"role,omitempty"`
	Offered *Offered `json:"offered,omitempty"`
}

// Offered is an organisation that an account may join by an address of its domain.
type Offered struct {
	ID      ref.Org `json:"organisation"`
	Name    string  `json:"name"`
	Address string  `json:"address"`
	Direct  bool    `json:"direct"` // else a link is sent there
}

func (d *Door) myOrganisation(ctx context.Context, r *web.Request) (web.Response, error) {
	if o := r.Rules().Org; o.ID != "" {
		return web.JSON(200, MyOrganisation{ID: o.ID, Name: o.Name, Role: r.Console.Role}), nil
	}
	o, err := d.Invite.Offered(ctx, r.Session.Account)
	if err != nil || o.Org.ID == "" {
		return web.JSON(200, MyOrganisation{}), err
	}
	return web.JSON(200, MyOrganisation{Offered: &Offered{o.Org.ID, o.Org.Name, o.To.Shown, o.Direct}}), nil
}

func (d *Door) joinByDomain(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Org ref.Org `json:"organisation"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	o, f, err := d.Invite.JoinByDomain(ctx, r.Describe(), r.Session, in.Org)
	if err != nil || f != nil {
		return web.Refuse(f), err
	}
	return web.JSON(200, map[string]bool{"joined": o.Direct}), nil
}

func (d *Door) leaveOrganisation(ctx context.Context, r *web.Request) (web.Response, error) {
	f, err := d.Invite.Leave(ctx, r.Describe(), r.Session)
	if err != nil || f != nil {
		return web.Refuse(f), err
	}
	return web.Response{Status: 204}, nil
}
