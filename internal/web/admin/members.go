package admin

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/flow/govern"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/roster"
	"sekisho/internal/web"
)

// Pages of members.
type (
	// Members lists them.
	Members struct {
		Typed   string
		State   roster.State
		Role    string
		Group   string
		Without bool
		Sort    roster.Sort
		List    []MemberRow
		Next    string // the page that follows
		First   bool   // it is the first page
		Roles   []Choice
		Groups  []Choice
		Done    string // what was just done: an act of Acts
		N       int    // to how many
		Failed  int    // and to how many it could not be
		Manage  bool
		Assist  bool
		Put     bool // into groups and out of them
	}
	// MemberRow is one of them.
	MemberRow struct {
		roster.Row
		Called RoleName
		Self   bool
	}
	// Bulk asks once before something is done to several members.
	Bulk struct {
		Act   string
		IDs   []string
		Names []string
		Group Choice // into which, or out of which
	}
)

// States are the filters that the page shows.
func (Members) States() []roster.State { return append([]roster.State{""}, roster.States...) }

// Sorts are the orders that the page shows.
func (Members) Sorts() []roster.Sort { return roster.Sorts }

// Filtered says whether anything narrows the list.
func (p Members) Filtered() bool {
	return p.Typed != "" || p.State != "" || p.Role != "" || p.Group != "" || p.Without
}

// With is the address of the same list with another value of one filter.
func (p Members) With(name string, value any) string {
	v := p.values()
	switch x := value.(type) {
	case bool:
		v.Del(name)
		if x {
			v.Set(name, "1")
		}
	case roster.State:
		v.Set(name, string(x))
	case roster.Sort:
		v.Set(name, string(x))
	case string:
		v.Set(name, x)
	}
	return leads("/admin/members", v)
}

// Export is where the same members are given as a table.
func (p Members) Export() string { return leads("/admin/members/export", p.values()) }

func (p Members) values() url.Values {
	v := url.Values{"q": {p.Typed}, "state": {string(p.State)}, "role": {p.Role}, "group": {p.Group}, "sort": {string(p.Sort)}}
	if p.Without {
		v.Set("without", "1")
	}
	return v
}

// leads writes an address without what is empty.
func leads(path string, v url.Values) string {
	for k := range v {
		if v.Get(k) == "" || k == "sort" && v.Get(k) == string(roster.Name) {
			v.Del(k)
		}
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

func (d *Door) memberRoutes() []web.Route {
	routes := []web.Route{
		see("/admin/members", org.ReadMembers, d.members), do("/admin/members", org.ReadMembers, d.membersDo),
		see("/admin/members/{account}", org.ReadMembers, d.member),
		see("/admin/members/export", org.ReadMembers, d.membersExport),
		ask("/admin/members/import", org.ManageMembers, d.importAsk),
		{Method: "POST", Path: "/admin/members/import", Guard: web.MayDo(org.ManageMembers), Face: web.Page, Limit: govern.MostTable + 64<<10, Handle: d.importRead},
		ask("/admin/imports/{import}", org.ManageMembers, d.importShow), do("/admin/imports/{import}", org.ManageMembers, d.importApply),
	}
	for _, a := range memberActs {
		routes = append(routes, ask("/admin/members/{account}/"+a.name, a.needs, d.memberAsk(a)), do("/admin/members/{account}/"+a.name, a.needs, d.memberDo(a)))
	}
	return routes
}

// asked reads a query: what is none of the filters' values is none.
func (d *Door) asked(ctx context.Context, tx db.ReadTx, r *web.Request, q web.Values) (p Members, sought roster.Query, err error) {
	name, own, err := d.named(ctx, tx, r.Console.Org)
	if err != nil {
		return p, sought, err
	}
	p = Members{Typed: strings.TrimSpace(q["q"]), Without: q["without"] == "1", Sort: roster.Name, First: q["after"] == "",
		Manage: r.Console.May(org.ManageMembers), Assist: r.Console.May(org.AssistMembers), Put: r.Console.May(org.ManageGroups)}
	if s := roster.Sort(q["sort"]); slices.Contains(roster.Sorts, s) {
		p.Sort = s
	}
	if s := roster.State(q["state"]); slices.Contains(roster.States, s) {
		p.State = s
	}
	roles := slices.Clone(org.Builtin)
	for _, x := range own {
		roles = append(roles, string(x.ID))
	}
	for _, x := range roles {
		if x == q["role"] {
			p.Role = x
		}
		p.Roles = append(p.Roles, Choice{x, name(x), x == q["role"]})
	}
	groups, err := org.Groups(ctx, tx, r.Console.Org)
	for _, g := range groups {
		if string(g.ID) == q["group"] {
			p.Group = q["group"]
		}
		p.Groups = append(p.Groups, Choice{string(g.ID), RoleName{Named: g.Name}, string(g.ID) == q["group"]})
	}
	return p, roster.Query{Org: r.Console.Org, Find: p.Typed, State: p.State, Role: p.Role, Group: ref.Group(p.Group), Without: p.Without, Sort: p.Sort, After: q["after"]}, err
}

func (d *Door) members(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	var p Members
	err = d.view(ctx, func(tx db.ReadTx) error {
		var sought roster.Query
		var err error
		if p, sought, err = d.asked(ctx, tx, r, q); err != nil {
			return err
		}
		name, _, err := d.named(ctx, tx, r.Console.Org)
		if err != nil {
			return err
		}
		page, err := roster.List(ctx, tx, sought)
		for _, x := range page.List {
			p.List = append(p.List, MemberRow{x, name(x.Role), x.Account == r.Session.Account})
		}
		if page.Next != "" {
			v := p.values()
			v.Set("after", page.Next)
			p.Next = leads("/admin/members", v)
		}
		return err
	})
	if _, is := bulkActs[q["done"]]; is {
		p.Done = q["done"]
		p.N, _ = strconv.Atoi(q["n"])
		p.Failed, _ = strconv.Atoi(q["failed"])
	}
	return web.Show("admin/members", p), err
}

// bulkActs are what is done to several members at once.
var bulkActs = map[string]struct {
	needs org.Permission
	do    func(context.Context, *govern.Govern, bulk, ref.Account) error
}{
	"deactivated": {org.ManageMembers, func(ctx context.Context, g *govern.Govern, b bulk, a ref.Account) error {
		_, err := g.Deactivate(ctx, b.by, b.org, a)
		return err
	}},
	"reactivated": {org.ManageMembers, func(ctx context.Context, g *govern.Govern, b bulk, a ref.Account) error {
		return g.Reactivate(ctx, b.by, b.org, a)
	}},
	"ended": {org.AssistMembers, func(ctx context.Context, g *govern.Govern, b bulk, a ref.Account) error {
		_, err := g.EndSessions(ctx, b.by, b.org, a)
		return err
	}},
	"put": {org.ManageGroups, func(ctx context.Context, g *govern.Govern, b bulk, a ref.Account) error {
		return g.Put(ctx, b.by, b.org, a, b.group)
	}},
	"taken": {org.ManageGroups, func(ctx context.Context, g *govern.Govern, b bulk, a ref.Account) error {
		return g.Take(ctx, b.by, b.org, a, b.group)
	}},
}

// bulk is who does something to several members, where, and with which group.
type bulk struct {
	by    govern.By
	org   ref.Org
	group string
}

// mostAtOnce bounds one press: a page's worth.
const mostAtOnce = 200

// membersDo does something to those who are chosen, once it was asked whether it is meant.
func (d *Door) membersDo(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form("id")
	if err != nil {
		return web.Response{}, err
	}
	act, is := bulkActs[form["act"]]
	ids := r.Many("id")
	switch {
	case !is || len(ids) > mostAtOnce:
		return web.Refuse(faults.Malformed.New("where", "act")), nil
	case !r.Console.May(act.needs):
		return web.Refuse(faults.OrgForbidden.New().By(r.Console.Name)), nil
	case len(ids) == 0:
		return web.Go("/admin/members"), nil
	}
	p := Bulk{Act: form["act"], IDs: ids}
	if err := d.view(ctx, func(tx db.ReadTx) error { return p.name(ctx, tx, r.Console.Org, form["group"]) }); err != nil {
		return told(web.Response{}, err)
	}
	if form["sure"] != "1" {
		return web.Show("admin/members-bulk", p), nil
	}
	done, failed := 0, 0
	for _, id := range ids {
		err := act.do(ctx, d.Govern, bulk{by(r), r.Console.Org, p.Group.ID}, ref.Account(id))
		switch f := govern.Told(err); {
		case err == nil:
			done++
		case f == nil:
			return web.Response{}, err
		case done+failed == 0 && f.Code() == faults.FreshRequired.Code: // it is the same for all of them
			return web.Refuse(f), nil
		default:
			failed++
		}
	}
	return web.Go(leads("/admin/members", url.Values{"done": {form["act"]}, "n": {strconv.Itoa(done)}, "failed": {strconv.Itoa(failed)}})), nil
}

// name reads who is chosen; whoever is not there is left out, and told as not done.
func (p *Bulk) name(ctx context.Context, r db.Reader, o ref.Org, group string) error {
	p.Names, p.Group = nil, Choice{}
	names, err := roster.Names(ctx, r, o, p.IDs)
	p.Names = names
	if err != nil || p.Act != "put" && p.Act != "taken" {
		return err
	}
	g, err := org.GroupNamed(ctx, r, o, group)
	p.Group = Choice{ID: string(g.ID), Name: RoleName{Named: g.Name}}
	return err
}
