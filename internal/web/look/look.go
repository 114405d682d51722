// Package look serves what organisations' pages are painted with: a logo under the hash
// of what it is, and a style sheet under the colour that it is made from.
//
// It tells nothing of whose they are: whoever has the address has seen the page.
package look

import (
	"context"
	"errors"
	"regexp"

	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/org"
	"sekisho/internal/tint"
	"sekisho/internal/web"
)

// Door serves them.
type Door struct{ DB *db.DB }

// Door gives the routes.
func (d *Door) Door() web.Door {
	return web.Door{Name: "look", Routes: []web.Route{{Method: "GET", Path: "/look/{file}", Guard: web.Anyone, Face: web.Page, Handle: d.serve}}}
}

var (
	sheet = regexp.MustCompile(`^([0-9a-f]{6})\.css$`)
	logo  = regexp.MustCompile(`^([0-9a-f]{32})\.png$`)
)

// kept: what stands under its own hash or colour never changes. What a browser opens by
// itself can do nothing.
func kept(kind string, body []byte) web.Response {
	return web.Response{Status: 200, Type: kind, Body: body, Header: map[string]string{
		"Cache-Control": "public, max-age=31536000, immutable", "Content-Security-Policy": "default-src 'none'; sandbox", "Cross-Origin-Resource-Policy": "same-origin"}}
}

func (d *Door) serve(ctx context.Context, r *web.Request) (web.Response, error) {
	file := r.HTTP.PathValue("file")
	if m := sheet.FindStringSubmatch(file); m != nil {
		c, err := tint.Parse(m[1])
		return kept("text/css; charset=utf-8", []byte(tint.Sheet(c))), err
	}
	m := logo.FindStringSubmatch(file)
	if m == nil {
		return web.Refuse(faults.NotFound.New()), nil
	}
	var png []byte
	err := d.DB.View(ctx, func(tx db.ReadTx) (err error) {
		png, err = org.Logo(ctx, tx, m[1])
		return err
	})
	if errors.Is(err, db.ErrNone) {
		return web.Refuse(faults.NotFound.New()), nil
	}
	return kept("image/png", png), err
}
