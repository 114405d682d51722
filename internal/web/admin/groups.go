package admin

import (
	"context"
	"net/url"
	"strings"

	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

// Pages of groups.
type (
	// Groups lists them.
	Groups struct {
		List []Group
		Name string // that was typed
		May  bool   // whoever looks can change them
	}
	// Group is one, with how many are in it.
	Group struct {
		org.Group
		Size int
	}
	// GroupOne is one with its members.
	GroupOne struct {
		Group
		Typed  string
		People []org.Person
		Next   ref.Account
		May    bool
		Done   string // what was just done: put, taken or renamed
	}
	// GroupRemove asks once.
	GroupRemove struct{ Group }
)

func (d *Door) groupRoutes() []web.Route {
	return []web.Route{
		see("/admin/groups", org.ReadMembers, d.groups), do("/admin/groups", org.ManageGroups, d.groupAdd),
		see("/admin/groups/one", org.ReadMembers, d.group), do("/admin/groups/one", org.ManageGroups, d.groupDo),
		ask("/admin/groups/remove", org.ManageGroups, d.groupAsk), do("/admin/groups/remove", org.ManageGroups, d.groupRemove),
	}
}

func (d *Door) groupsPage(ctx context.Context, r *web.Request, typed string) (web.Response, error) {
	p := Groups{Name: typed, May: r.Console.May(org.ManageGroups)}
	err := d.view(ctx, func(tx db.ReadTx) error {
		list, err := org.Groups(ctx, tx, r.Console.Org)
		if err != nil {
			return err
		}
		sizes, err := org.Sizes(ctx, tx, r.Console.Org)
		p.List = nil
		for _, g := range list {
			p.List = append(p.List, Group{g, sizes[g.ID]})
		}
		return err
	})
	return web.Show("admin/groups", p), err
}

func (d *Door) groups(ctx context.Context, r *web.Request) (web.Response, error) {
	return d.groupsPage(ctx, r, "")
}

func (d *Door) groupAdd(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	made, err := d.Govern.AddGroup(ctx, by(r), r.Console.Org, form["name"])
	if err == nil {
		return web.Go(groupPath(made.ID, "")), nil
	}
	page, err2 := d.groupsPage(ctx, r, form["name"])
	if err2 != nil {
		return web.Response{}, err2
	}
	return told(page, err)
}

func groupPath(id ref.Group, done string) string {
	to := "/admin/groups/one?id=" + url.QueryEscape(string(id))
	if done != "" {
		to += "&done=" + done
	}
	return to
}

// groupOne reads the group that is named; db.ErrNone when it is none of theirs.
func (d *Door) groupOne(ctx context.Context, r *web.Request, id string, after ref.Account) (GroupOne, error) {
	p := GroupOne{May: r.Console.May(org.ManageGroups)}
	err := d.view(ctx, func(tx db.ReadTx) error {
		g, err := org.GroupNamed(ctx, tx, r.Console.Org, id)
		if err != nil {
			return err
		}
		sizes, err := org.Sizes(ctx, tx, r.Console.Org)
		if err != nil {
			return err
		}
		p.Group = Group{g, sizes[g.ID]}
		p.People, err = org.InGroup(ctx, tx, r.Console.Org, g.ID, after)
		return err
	})
	if n := len(p.People); n == org.OnPage {
		p.Next = p.People[n-1].Account
	}
	return p, err
}

func (d *Door) group(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	p, err := d.groupOne(ctx, r, q["id"], ref.Account(q["after"]))
	switch q["done"] {
	case "put", "taken", "renamed":
		p.Done = q["done"]
	}
	if err != nil {
		return told(web.Response{}, err)
	}
	return web.Show("admin/groups-one", p), nil
}

// groupDo puts somebody in, takes somebody out or gives another name.
func (d *Door) groupDo(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	id, done := form["id"], form["act"]
	switch done {
	case "put":
		err = d.Govern.PutNamed(ctx, by(r), r.Console.Org, strings.TrimSpace(form["who"]), id)
	case "taken":
		err = d.Govern.Take(ctx, by(r), r.Console.Org, ref.Account(form["account"]), id)
	case "renamed":
		err = d.Govern.RenameGroup(ctx, by(r), r.Console.Org, id, form["name"])
	default:
		return web.Refuse(faults.Malformed.New("where", "act")), nil
	}
	if err == nil {
		return web.Go(groupPath(ref.Group(id), done)), nil
	}
	p, err2 := d.groupOne(ctx, r, id, "")
	if err2 != nil {
		return told(web.Response{}, err2)
	}
	p.Typed = form["who"]
	return told(web.Show("admin/groups-one", p), err)
}

func (d *Door) groupAsk(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	p, err := d.groupOne(ctx, r, q["id"], "")
	if err != nil {
		return told(web.Response{}, err)
	}
	return web.Show("admin/groups-remove", GroupRemove{p.Group}), nil
}

func (d *Door) groupRemove(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	return told(web.Go("/admin/groups"), d.Govern.RemoveGroup(ctx, by(r), r.Console.Org, form["id"]))
}
