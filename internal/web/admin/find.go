package admin

import (
	"context"
	"net/http"
	"strings"

	"sekisho/internal/db"
	"sekisho/internal/i18n"
	"sekisho/internal/org"
	"sekisho/internal/roster"
	"sekisho/internal/web"
)

// Find finds pages and members by a word.
type Find struct {
	Typed string
	List  []Found
}

// Found is one thing that was found.
type Found struct {
	Href string `json:"href"`
	Icon string `json:"icon"`
	Name string `json:"name"`
	Note string `json:"note"` // what it is
}

// mostFound of them are shown: whoever wants more types more.
const mostFound = 20

func (d *Door) findRoutes() []web.Route {
	return []web.Route{
		see("/admin/find", "", d.findPage),
		{Method: "GET", Path: "/admin/find/list", Guard: web.May(""), Face: web.API, Handle: d.findList},
	}
}

func (d *Door) findPage(ctx context.Context, r *web.Request) (web.Response, error) {
	p, err := d.find(ctx, r)
	return web.Show("admin/find", p), err
}

func (d *Door) findList(ctx context.Context, r *web.Request) (web.Response, error) {
	p, err := d.find(ctx, r)
	return web.JSON(http.StatusOK, map[string]any{"found": p.List}), err
}

func (d *Door) find(ctx context.Context, r *web.Request) (p Find, err error) {
	q, err := r.Query()
	if err != nil {
		return p, err
	}
	p.Typed = strings.TrimSpace(q["q"])
	p.List = []Found{}
	word := org.Fold(p.Typed)
	for _, room := range r.Rooms() {
		if word == "" || strings.Contains(org.Fold(r.T("room."+room.Name)+" "+d.words(r, "find.words."+room.Name)), word) {
			p.List = append(p.List, Found{Href: room.Path, Icon: room.Icon, Name: r.T("room." + room.Name), Note: r.T("find.page")})
		}
	}
	if word != "" && r.Console.May(org.ReadMembers) {
		err = d.view(ctx, func(tx db.ReadTx) error {
			found, err := roster.List(ctx, tx, roster.Query{Org: r.Console.Org, Find: p.Typed, Rows: mostFound})
			for _, m := range found.List {
				p.List = append(p.List, Found{Href: "/admin/members/" + string(m.Account), Icon: "person", Name: m.Name, Note: m.Email})
			}
			return err
		})
	}
	if len(p.List) > mostFound {
		p.List = p.List[:mostFound]
	}
	return p, err
}

// words are those by which a page is found, in every language: who works in two types
// either.
func (d *Door) words(r *web.Request, key string) string {
	var all []string
	for _, l := range i18n.Langs {
		all = append(all, r.In(l, key))
	}
	return strings.Join(all, " ")
}
