package api

import (
	"context"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/factor/backup"
	"sekisho/internal/faults"
	"sekisho/internal/flow/enter"
	"sekisho/internal/flow/govern"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/roster"
	"sekisho/internal/web"
)

func (d *Door) memberOperations() []operation {
	text, flag := map[string]any{"type": "string"}, map[string]any{"type": "boolean"}
	list := map[string]any{"type": "array", "items": text}
	assist, manage := web.MayDo(org.AssistMembers), web.MayDo(org.ManageMembers)
	end := map[string]any{"end_sessions": flag}
	const at = "/api/v1/org/members/{account}"
	return []operation{
		{"GET", "/api/v1/org/members", web.May(org.ReadMembers), d.orgMembers, "orgMembers", "Members of the organisation, fifty at a time; q finds beginnings of words, state is active, inactive, locked, contained, disabled or deleted, sort is name, address or newest, without=1 are those without a second factor", nil, nil, "OrgMembers",
			[]string{"q", "state", "role", "group", "without", "sort", "after"}},
		{"GET", at, web.May(org.ReadMembers), d.orgMember, "orgMember", "One member: what they have, since when they are signed in (and with audit.read from where), what stands against them", nil, nil, "OrgMember", nil},
		{"PATCH", at, web.MayDo(org.ReadMembers), d.orgEdit, "orgEdit", "Make a member so; what is not named stays", map[string]any{"role": text, "active": flag, "groups": list}, nil, "OrgEdited", nil},
		{"DELETE", at, manage, d.orgAct(func(ctx context.Context, g *govern.Govern, x asked) error { return g.Remove(ctx, x.by, x.org, x.who) }), "orgRemoveMember", "Take a member out; the account stays theirs", nil, nil, "", nil},
		{"POST", at + "/reset-link", assist, d.orgResetLink, "orgResetLink", "Mail a link that leads to a new password, once", end, nil, "OrgUntil", nil},
		{"POST", at + "/temporary-password", assist, d.orgTemporary, "orgTemporary", "Make a password that counts for a day and has to be changed", end, nil, "OrgOnce", nil},
		{"POST", at + "/backup-code", assist, d.orgCode, "orgCode", "Issue one backup code", nil, nil, "OrgOnce", nil},
		{"POST", at + "/reset-factors", assist, d.orgAct(func(ctx context.Context, g *govern.Govern, x asked) error {
			_, err := g.ResetFactors(ctx, x.by, x.org, x.who)
			return err
		}), "orgResetFactors", "Take second factors off, with all that stands in for them", nil, nil, "", nil},
		{"POST", at + "/unlock", assist, d.orgAct(func(ctx context.Context, g *govern.Govern, x asked) error { return g.Unlock(ctx, x.by, x.org, x.who) }), "orgUnlock", "Clear failures and waits", nil, nil, "", nil},
		{"POST", at + "/lift-lock", assist, d.orgAct(func(ctx context.Context, g *govern.Govern, x asked) error { return g.LiftLock(ctx, x.by, x.org, x.who) }), "orgLiftLock", "Lift the sign-in lock of a member whose Tegata is lost", nil, nil, "", nil},
		{"POST", at + "/end-sessions", assist, d.orgEndSessions, "orgEndSessions", "End the named sessions; without any, all of them and the trusted browsers", map[string]any{"sessions": list}, nil, "Ended", nil},
		{"POST", at + "/delete", manage, d.orgDelete, "orgDelete", "Delete the account; confirm is its primary address", map[string]any{"confirm": text}, []string{"confirm"}, "OrgUntil", nil},
		{"POST", at + "/restore", manage, d.orgAct(func(ctx context.Context, g *govern.Govern, x asked) error { return g.Restore(ctx, x.by, x.org, x.who) }), "orgRestore", "Take a deletion back within the grace", nil, nil, "", nil},
	}
}

func memberSchemas() map[string]any {
	text, number := map[string]any{"type": "string"}, map[string]any{"type": "integer"}
	when, flag := map[string]any{"type": "string", "format": "date-time"}, map[string]any{"type": "boolean"}
	list := func(of any) map[string]any { return map[string]any{"type": "array", "items": of} }
	see := func(name string) map[string]any { return map[string]any{"$ref": "#/components/schemas/" + name} }
	row := map[string]any{"account": text, "name": text, "email": text, "role": text, "state": text, "second_factor": flag, "groups": list(text), "joined_at": when, "last_signin_at": when, "erase_at": when}
	must := []string{"account", "name", "role", "state", "second_factor", "groups", "joined_at"}
	one := map[string]any{"factors": list(object([]string{"kind"}, map[string]any{"kind": text, "name": text, "added_at": when, "last_used_at": when})), "password": flag, "backup_codes": number,
		"sessions": list(see("Session")), "counts": list(object([]string{"kind", "failures", "stopped"}, map[string]any{"kind": text, "failures": number, "stopped": flag, "waits_until": when})), "signins_today": number}
	for k, v := range row {
		one[k] = v
	}
	return map[string]any{
		"OrgMembers": object([]string{"members"}, map[string]any{"members": list(object(must, row)), "next": text}),
		"OrgMember":  object(must, one), "OrgEdited": object([]string{"changed"}, map[string]any{"changed": flag}),
		"OrgUntil": object([]string{"until"}, map[string]any{"until": when}), "OrgOnce": object([]string{"secret", "expires_at"}, map[string]any{"secret": text, "expires_at": when}),
	}
}

// OrgMember is a member in a list.
type OrgMember struct {
	Account    ref.Account  `json:"account"`
	Name       string       `json:"name"`
	Email      string       `json:"email,omitempty"`
	Role       string       `json:"role"`
	State      roster.State `json:"state"`
	Second     bool         `json:"second_factor"`
	Groups     []ref.Group  `json:"groups"`
	Joined     time.Time    `json:"joined_at"`
	LastSignin *time.Time   `json:"last_signin_at,omitempty"`
	EraseAt    *time.Time   `json:"erase_at,omitempty"`
}

func (d *Door) orgMembers(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	sought := roster.Query{Org: r.Console.Org, Find: q["q"], State: roster.State(q["state"]), Role: q["role"], Without: q["without"] == "1", Sort: roster.Sort(q["sort"]), After: q["after"]}
	switch {
	case sought.State != "" && !slices.Contains(roster.States, sought.State):
		return web.Refuse(faults.Malformed.New("where", "state")), nil
	case sought.Sort != "" && !slices.Contains(roster.Sorts, sought.Sort):
		return web.Refuse(faults.Malformed.New("where", "sort")), nil
	}
	var page roster.Page
	err = d.Govern.DB.View(ctx, func(tx db.ReadTx) (err error) {
		if q["group"] != "" {
			g, err := org.GroupNamed(ctx, tx, r.Console.Org, q["group"])
			if err != nil {
				return err
			}
			sought.Group = g.ID
		}
		page, err = roster.List(ctx, tx, sought)
		return err
	})
	if f := govern.Told(err); f != nil {
		return web.Refuse(f), nil
	}
	out := struct {
		List []OrgMember `json:"members"`
		Next string      `json:"next,omitempty"`
	}{[]OrgMember{}, page.Next}
	for _, x := range page.List {
		out.List = append(out.List, OrgMember{x.Account, x.Name, x.Email, x.Role, x.State, x.Second, append([]ref.Group{}, x.Groups...), x.Joined.UTC(), at(x.LastSignin), at(x.EraseAt)})
	}
	return web.JSON(200, out), err
}

// OrgMemberWhole is one member with what they have.
type OrgMemberWhole struct {
	OrgMember
	Factors  []OrgFactor `json:"factors"`
	Password bool        `json:"password"`
	Backup   int         `json:"backup_codes"`
	Sessions []Session   `json:"sessions"`
	Counts   []OrgCount  `json:"counts"`
	Signins  int         `json:"signins_today"`
}

// OrgFactor is a way to prove who somebody is; nothing of its secret.
type OrgFactor struct {
	Kind  string     `json:"kind"`
	Name  string     `json:"name,omitempty"`
	Since time.Time  `json:"added_at"`
	Used  *time.Time `json:"last_used_at,omitempty"`
}

// OrgCount is what stands against a member.
type OrgCount struct {
	Kind     enter.Class `json:"kind"`
	Failures int64       `json:"failures"`
	Stopped  bool        `json:"stopped"`
	Until    *time.Time  `json:"waits_until,omitempty"`
}

func (d *Door) orgMember(ctx context.Context, r *web.Request) (web.Response, error) {
	var out OrgMemberWhole
	err := d.Govern.DB.View(ctx, func(tx db.ReadTx) error {
		m, err := org.MemberOf(ctx, tx, r.Console.Org, ref.Account(r.HTTP.PathValue("account")))
		if err != nil {
			return err
		}
		a, err := account.Of(ctx, tx, m.Account)
		if err != nil {
			return err
		}
		e := d.Govern.Entry
		set, err := e.SetOf(ctx, tx, a)
		if err != nil {
			return err
		}
		out = OrgMemberWhole{OrgMember: OrgMember{a.ID, a.Name, a.Email.Shown, m.Role, roster.StateOf(a, m.Inactive, tx.Now()), set.On(), append([]ref.Group{}, m.Groups...), m.Joined.UTC(), at(a.LastSignin), at(a.EraseAt)},
			Factors: orgFactors(set), Password: set.Record.PHC != "", Backup: set.Backup, Sessions: []Session{}, Counts: []OrgCount{}, Signins: e.SigninsToday(a, tx.Now())}
		counts, err := enter.Counts(ctx, tx, a.ID)
		for _, c := range counts {
			out.Counts = append(out.Counts, OrgCount{c.Kind, c.Failures, c.Stopped, at(c.Until)})
		}
		if err != nil {
			return err
		}
		list, err := d.Explain.Sessions(ctx, tx, r.Console.Held, a.ID)
		out.Sessions = append(out.Sessions, sessions(list, r.Session.ID)...)
		return err
	})
	if f := govern.Told(err); f != nil {
		return web.Refuse(f), nil
	}
	return web.JSON(200, out), err
}

func orgFactors(set enter.Set) []OrgFactor {
	out := []OrgFactor{}
	for _, x := range set.Devices {
		out = append(out, OrgFactor{"tegata", x.Name, x.Created.UTC(), at(x.LastSeen)})
	}
	for _, x := range set.Keys {
		out = append(out, OrgFactor{"passkey", x.Name, x.Created.UTC(), at(x.LastUsed)})
	}
	for _, x := range set.Apps {
		out = append(out, OrgFactor{"totp", x.Name, x.Created.UTC(), at(x.LastUsed)})
	}
	for _, x := range set.Numbers {
		out = append(out, OrgFactor{"smscode", account.Identifier{Kind: account.Mobile, Norm: x.Norm}.Masked(), x.Created.UTC(), at(x.LastUsed)})
	}
	return out
}

// asked is whom an act is about, and who does it.
type asked struct {
	by  govern.By
	org ref.Org
	who ref.Account
}

func askedOf(r *web.Request) asked {
	return asked{by(r), r.Console.Org, ref.Account(r.HTTP.PathValue("account"))}
}

// orgAct is an act that gives nothing back.
func (d *Door) orgAct(do func(context.Context, *govern.Govern, asked) error) func(context.Context, *web.Request) (web.Response, error) {
	return func(ctx context.Context, r *web.Request) (web.Response, error) {
		return acted(do(ctx, d.Govern, askedOf(r)))
	}
}

// answered is acted with something to say.
func answered(out any, err error) (web.Response, error) {
	if f := govern.Told(err); f != nil {
		return web.Refuse(f), nil
	}
	return web.JSON(200, out), err
}

func (d *Door) orgEdit(ctx context.Context, r *web.Request) (web.Response, error) {
	var in govern.Edit
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	x := askedOf(r)
	changed, err := d.Govern.Edit(ctx, x.by, x.org, x.who, in)
	return answered(map[string]bool{"changed": changed}, err)
}

type ending struct {
	End bool `json:"end_sessions"`
}

func (d *Door) orgResetLink(ctx context.Context, r *web.Request) (web.Response, error) {
	var in ending
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	x := askedOf(r)
	until, err := d.Govern.SendReset(ctx, x.by, x.org, x.who, in.End)
	return answered(map[string]time.Time{"until": until.UTC()}, err)
}

// once is a secret that is shown once.
type once struct {
	Secret  string    `json:"secret"`
	Expires time.Time `json:"expires_at"`
}

func (d *Door) orgTemporary(ctx context.Context, r *web.Request) (web.Response, error) {
	var in ending
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	x := askedOf(r)
	word, until, err := d.Govern.SetTemporary(ctx, x.by, x.org, x.who, in.End)
	return answered(once{word.Reveal(), until.UTC()}, err)
}

func (d *Door) orgCode(ctx context.Context, r *web.Request) (web.Response, error) {
	x := askedOf(r)
	code, until, err := d.Govern.IssueCode(ctx, x.by, x.org, x.who)
	return answered(once{backup.Groups(code), until.UTC()}, err)
}

func (d *Door) orgEndSessions(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Sessions []ref.Session `json:"sessions"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	x := askedOf(r)
	n, err := d.Govern.EndSessions(ctx, x.by, x.org, x.who, in.Sessions...)
	return answered(map[string]int{"ended": n}, err)
}

func (d *Door) orgDelete(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Confirm string `json:"confirm"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	x := askedOf(r)
	until, err := d.Govern.Delete(ctx, x.by, x.org, x.who, in.Confirm)
	return answered(map[string]time.Time{"until": until.UTC()}, err)
}
