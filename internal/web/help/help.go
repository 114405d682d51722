// Package help is the trouble-shooting hub: every fault with its longer way out,
// guides to each feature, and whom to ask.
//
// It tells what the catalogue says and decides nothing.
package help

import (
	"context"
	"embed"
	"regexp"

	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/web"
)

//go:embed templates/*.html messages.toml
var files embed.FS

// Guides are the pages that explain a feature.
var Guides = []string{"signing-in", "keep", "codes", "password", "recovery", "way-back", "addresses", "allowed", "sessions", "several-accounts", "activity", "notices", "apps",
	"second-factor", "tegata", "sign-in-lock", "authenticator-app", "keys", "spare", "trusted-browsers", "phone-gone"}

// steps are how many a guide lists.
var steps = map[string]int{"second-factor": 4, "tegata": 8, "sign-in-lock": 3, "authenticator-app": 4, "keys": 4, "spare": 3, "trusted-browsers": 2, "phone-gone": 5}

var (
	toFactors   = Link{"/me/factors", "factors"}
	toAccess    = Link{"/me/access", "access"}
	toAddresses = Link{"/me/addresses", "addresses"}
)

// places are where what a guide tells is done.
var places = map[string]Link{"second-factor": toFactors, "tegata": toFactors, "authenticator-app": toFactors, "keys": toFactors, "spare": toFactors, "trusted-browsers": toAccess,
	"sign-in-lock": {"/recover/replace", "replace"},
	"phone-gone":   toAccess, "sessions": toAccess, "addresses": toAddresses, "allowed": {"/me/allowed", "allowed"}, "password": {"/me/password", "password"}, "activity": {"/me/activity", "activity"},
	"apps": {"/me/apps", "apps"}}

// Pages of help.
type (
	// Hub lists topics and guides.
	Hub struct {
		Topics []Topic
		Guides []string
	}
	// Topic is a group of faults.
	Topic struct {
		Name   string
		Faults []Line
	}
	// Line is one fault in a list.
	Line struct {
		Code, What string
		Twice      bool // another says the same
	}
	// Article tells one fault.
	Article struct {
		Code string
		Text fault.Text
		Lift []fault.Lifter
	}
	// Guide explains a feature.
	Guide struct {
		Name  string
		Steps []int // 1, 2, 3 …
		Go    Link  // where it is done; zero: nowhere in particular
	}
	// Link leads to a page of the account; Name is its word in the messages.
	Link struct{ Href, Name string }
	// Support is the end of every path.
	Support struct {
		Text      fault.Text
		Reference string // of the refusal that led here
	}
)

// Door gives the routes and pages.
func Door() web.Door {
	return web.Door{Name: "help", Layout: web.Doc, Files: files, Routes: []web.Route{
		{Method: "GET", Path: "/help", Guard: web.Anyone, Face: web.Page, Handle: hub},
		{Method: "GET", Path: "/help/{code}", Guard: web.Anyone, Face: web.Page, Handle: article},
		{Method: "GET", Path: "/help/guide/{name}", Guard: web.Anyone, Face: web.Page, Handle: guide},
	}}
}

// mailProgram is a group of the hub that has no faults yet: no mail program can sign
// in here.
const mailProgram fault.Topic = "mail"

func hub(_ context.Context, r *web.Request) (web.Response, error) {
	p := Hub{Guides: Guides}
	said := map[string]int{}
	for _, topic := range []fault.Topic{fault.Entering, fault.Second, mailProgram, fault.Forgotten, fault.Other} {
		t := Topic{Name: string(topic)}
		for _, e := range faults.All() {
			if e.Topic == topic && e != faults.Support {
				what := e.Help(r.Lang).What
				said[what]++
				t.Faults = append(t.Faults, Line{Code: e.Code, What: what})
			}
		}
		p.Topics = append(p.Topics, t)
	}
	for _, t := range p.Topics {
		for i := range t.Faults {
			t.Faults[i].Twice = said[t.Faults[i].What] > 1
		}
	}
	return web.Show("help/hub", p), nil
}

func article(_ context.Context, r *web.Request) (web.Response, error) {
	code := r.HTTP.PathValue("code")
	e, ok := faults.ByCode(code)
	if !ok {
		return web.Refuse(faults.NotFound.New()), nil
	}
	t := e.Help(r.Lang)
	if e == faults.Support {
		q, err := r.Query()
		if err != nil {
			return web.Response{}, err
		}
		p := Support{Text: t}
		if reference.MatchString(q["reference"]) {
			p.Reference = q["reference"]
		}
		return web.Show("help/support", p), nil
	}
	return web.Show("help/article", Article{code, t, e.Lift}), nil
}

// reference is what references look like; nothing else is said back to who came by
// a link.
var reference = regexp.MustCompile(`^[0-9A-Za-z_-]{6,14}$`)

// About is the page of a guide.
func About(name string) Guide {
	g := Guide{Name: name, Go: places[name]}
	for n := range steps[name] {
		g.Steps = append(g.Steps, n+1)
	}
	return g
}

func guide(_ context.Context, r *web.Request) (web.Response, error) {
	name := r.HTTP.PathValue("name")
	for _, g := range Guides {
		if g == name {
			return web.Show("help/guide", About(name)), nil
		}
	}
	return web.Refuse(faults.NotFound.New()), nil
}
