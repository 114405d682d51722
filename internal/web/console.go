package web

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/org"
	"sekisho/internal/ref"
)

// Standing is how whoever asks stands in their organisation.
type Standing struct {
	Org  ref.Org
	Name string // the organisation's
	Role string // a built-in one, or the ID of one the organisation made
	Held []org.Permission
}

// May says whether they hold a permission.
func (s Standing) May(p org.Permission) bool {
	return len(s.Held) > 0 && (p == "" || slices.Contains(s.Held, p))
}

// Leads says whether they have anything to do in the console.
func (s Standing) Leads() bool { return s.Org != "" && s.Role != org.Plain }

// May lets in a member whose role holds a permission, or any for the empty one, to see
// what it is for. Whoever
// changes something is looked at again in the transaction that changes it.
func May(p org.Permission) Guard {
	return Guard{"may " + string(cmp.Or(p, "anything")), func(ctx context.Context, r *Request) (*Response, error) {
		if word, is := r.program(); is {
			return r.acts(ctx, word, p)
		}
		res, err := signedIn(ctx, r)
		if res != nil || err != nil {
			return res, err
		}
		return r.holds(ctx, p)
	}}
}

// MayBoth lets in whose role holds both permissions, to see what tells of either.
func MayBoth(p, q org.Permission) Guard {
	look := May(p)
	return Guard{look.Name + " and " + string(q), func(ctx context.Context, r *Request) (*Response, error) {
		res, err := look.Check(ctx, r)
		if res != nil || err != nil || r.Console.May(q) {
			return res, err
		}
		no := Refuse(faults.OrgForbidden.New().By(r.Console.Name))
		return &no, nil
	}}
}

// MayDo is May for what changes something: it asks for a fresh proof first, so that
// nothing that was filled in is lost afterwards.
func MayDo(p org.Permission) Guard {
	look := May(p)
	return Guard{"may " + string(p) + ", fresh proof", func(ctx context.Context, r *Request) (*Response, error) {
		res, err := look.Check(ctx, r)
		if res != nil || err != nil || r.Acting != "" {
			return res, err // a program proves nothing anew: what needs a person it cannot carry
		}
		return r.elevate(ctx)
	}}
}

func (r *Request) holds(ctx context.Context, p org.Permission) (*Response, error) {
	if r.Console.Org == "" {
		res := Refuse(faults.OrgNone.New())
		return &res, nil
	}
	err := r.frame.DB.View(ctx, func(tx db.ReadTx) (err error) {
		_, r.Console.Held, err = org.RoleNamed(ctx, tx, r.Console.Org, r.Console.Role)
		return err
	})
	if errors.Is(err, db.ErrNone) {
		err = nil // the role went a moment ago, and what it held with it
	}
	if err != nil || r.Console.May(p) {
		return nil, err
	}
	res := Refuse(faults.OrgForbidden.New().By(r.Console.Name))
	return &res, nil
}

// room is one part of the console. It is shown to who may see it, where there is such a
// page.
type room struct {
	Name, Path, Icon string
	needs            org.Permission
	more             bool           // on small screens behind a button
	also             org.Permission // empty: nothing more
}

var console = []room{
	{"overview", "/admin", "home", "", false, ""},
	{"members", "/admin/members", "person", org.ReadMembers, false, ""},
	{"policies", "/admin/policies", "check", org.ReadPolicies, false, ""},
	{"audit", "/admin/audit", "list", org.ReadAudit, false, ""},
	{"invitations", "/admin/invitations", "mail", org.ManageMembers, true, ""},
	{"groups", "/admin/groups", "app", org.ReadMembers, true, ""},
	{"roles", "/admin/roles", "key", org.ReadMembers, true, ""},
	{"why", "/admin/why", "help", org.ReadMembers, true, ""},
	{"desk", "/admin/desk", "phone", org.AssistMembers, true, ""},
	{"domains", "/admin/domains", "screen", org.Settings, true, ""},
	{"webhooks", "/admin/webhooks", "out", org.Settings, true, org.ReadAudit},
	{"tokens", "/admin/tokens", "key", org.Settings, true, ""},
	{"settings", "/admin/settings", "profile", org.Settings, true, ""},
}

// Room is a part of the console as its rail shows it.
type Room struct {
	Name, Path, Icon string
	Here             bool
}

// Rooms are all that whoever asks may see.
func (r *Request) Rooms() (out []Room) {
	v := view{Console: r.Console}
	return append(r.frame.rooms(v, false), r.frame.rooms(v, true)...)
}

// rooms are what somebody sees in the rail; a page's template is named by its room, as
// "admin/members" and "admin/members-one".
func (f *Frame) rooms(v view, more bool) (out []Room) {
	name, _, _ := strings.Cut(strings.TrimPrefix(v.Template, "admin/"), "-")
	for _, x := range console {
		if x.more == more && v.Console.May(x.needs) && v.Console.May(x.also) && f.paths[x.Path] != nil {
			out = append(out, Room{x.Name, x.Path, x.Icon, x.Name == name})
		}
	}
	return out
}
