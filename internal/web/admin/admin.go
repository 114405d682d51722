// Package admin is the console: an organisation's pages for those who run it.
//
// It shows what nouns know of the organisation of whose session it is and sends what
// they want to the journeys. Which page somebody sees is its route's guard; what they
// may do is looked at again where it is done. It changes nothing by itself.
package admin

import (
	"context"
	"embed"
	"slices"

	"sekisho/internal/db"
	"sekisho/internal/flow/explain"
	"sekisho/internal/flow/govern"
	"sekisho/internal/org"
	"sekisho/internal/web"
)

//go:embed templates/*.html *messages.toml
var files embed.FS

// Door shows and runs an organisation.
type Door struct {
	Govern  *govern.Govern
	Explain *explain.Explain
	// Checkpoint signs where the audit log stands.
	Checkpoint func(context.Context) (string, error)
}

// Door gives the routes and pages. A room's first page is named as the room, the others
// by it and a hyphen, as "members-one": the rail goes by that.
func (d *Door) Door() web.Door {
	return web.Door{Name: "admin", Layout: web.Console, Files: files, Routes: slices.Concat(
		d.overviewRoutes(),
		d.findRoutes(),
		d.memberRoutes(),
		d.invitationRoutes(),
		d.groupRoutes(),
		d.roleRoutes(),
		d.domainRoutes(),
		d.settingRoutes(),
		d.whyRoutes(),
		d.deskRoutes(),
		d.hookRoutes(),
		d.auditRoutes(),
		d.tokenRoutes(),
		d.policyRoutes(),
	)}
}

type handler func(context.Context, *web.Request) (web.Response, error)

// see is a page for who holds a permission; any where it is empty.
func see(path string, p org.Permission, h handler) web.Route {
	return web.Route{Method: "GET", Path: path, Guard: web.May(p), Face: web.Page, Handle: h}
}

// ask is a page that leads to an act: it is for a fresh proof, so that nothing is lost
// when it is sent.
func ask(path string, p org.Permission, h handler) web.Route {
	return web.Route{Method: "GET", Path: path, Guard: web.MayDo(p), Face: web.Page, Handle: h}
}

// do is an act.
func do(path string, p org.Permission, h handler) web.Route {
	return web.Route{Method: "POST", Path: path, Guard: web.MayDo(p), Face: web.Page, Handle: h}
}

// by is who acts in a request.
func by(r *web.Request) govern.By { return govern.By{Visitor: r.Describe(), Session: r.Session} }

// told answers an act: what may not be is told, on the page it came from where there is
// one, and what is a fault of ours goes on as an error.
func told(page web.Response, err error) (web.Response, error) {
	f := govern.Told(err)
	switch {
	case err == nil:
		return page, nil
	case f == nil:
		return web.Response{}, err
	case page.Page == nil:
		return web.Refuse(f), nil
	}
	return page.With(f), nil
}

// view reads for a page.
func (d *Door) view(ctx context.Context, fn func(db.ReadTx) error) error {
	return d.Govern.DB.View(ctx, fn)
}
