// Package help is the trouble-shooting hub: every fault with its longer way out,
// guides to each feature, and whom to ask.
//
// It tells what the catalogue says and decides nothing.
package help

import (
	"context"
	"embed"
	"fmt"
	"html/template"
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"

	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/i18n"
	"sekisho/internal/web"
)

//go:embed templates/*.html messages.toml
var files embed.FS

// Guides are the pages that explain a feature.
var Guides = []string{"signing-in", "keep", "codes", "password", "recovery", "way-back", "addresses", "allowed", "policies", "sessions", "several-accounts", "activity", "notices", "apps", "organisation",
	"second-factor", "tegata", "tegata-approve", "sign-in-lock", "tegata-again", "new-phone", "authenticator-app", "keys", "spare", "trusted-browsers", "phone-gone", "support-desk"}

// steps are how many a guide lists.
var steps = map[string]int{"second-factor": 4, "tegata": 5, "tegata-approve": 5, "sign-in-lock": 3, "tegata-again": 4, "new-phone": 4, "authenticator-app": 4, "keys": 4, "spare": 3, "trusted-browsers": 2, "phone-gone": 5}

var (
	toFactors   = Link{"/me/factors", "factors"}
	toAccess    = Link{"/me/access", "access"}
	toAddresses = Link{"/me/addresses", "addresses"}
)

// places are where what a guide tells is done.
var places = map[string]Link{"second-factor": toFactors, "tegata": toFactors, "tegata-again": toFactors, "new-phone": toFactors, "authenticator-app": toFactors, "keys": toFactors, "spare": toFactors, "trusted-browsers": toAccess,
	"sign-in-lock": {"/recover/replace", "replace"},
	"phone-gone":   toAccess, "sessions": toAccess, "addresses": toAddresses, "allowed": {"/me/allowed", "allowed"}, "policies": {"/admin/policies", "policies"}, "password": {"/me/password", "password"}, "activity": {"/me/activity", "activity"},
	"apps": {"/me/apps", "apps"}, "organisation": {"/me/rules", "rules"}, "support-desk": {"/desk", "desk"}}

// Pages of help.
type (
	// Hub lists topics and guides.
	Hub struct {
		Topics []Topic
		Guides []string
		Sought string // what was searched for; empty: everything is listed
		Found  int
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
		Steps []Step
		Go    Link // where it is done; zero: nowhere in particular
	}
	// Step is one thing to do.
	Step struct {
		N       int           // 1, 2, 3 …
		Picture template.HTML // of it; empty: none
	}
	// Link leads to a page of the account; Name is its word in the messages.
	Link struct{ Href, Name string }
	// Support is the end of every path.
	Support struct {
		Text      fault.Text
		Reference string // of the refusal that led here
	}
)

type door struct{ words *i18n.Catalogue }

// Door gives the routes and pages.
func Door() (web.Door, error) {
	words, err := i18n.Load(files)
	if err != nil {
		return web.Door{}, err
	}
	d := &door{words}
	return web.Door{Name: "help", Layout: web.Doc, Files: files, Routes: []web.Route{
		{Method: "GET", Path: "/help", Guard: web.Anyone, Face: web.Page, Handle: d.hub},
		{Method: "GET", Path: "/help/{code}", Guard: web.Anyone, Face: web.Page, Handle: article},
		{Method: "GET", Path: "/help/guide/{name}", Guard: web.Anyone, Face: web.Page, Handle: guide},
	}}, nil
}

// mailProgram is a group of the hub that has no faults yet: no mail program can sign
// in here.
const mailProgram fault.Topic = "mail"

// longest is how much of what is searched for is read.
const longest = 100

func (d *door) hub(_ context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	p := Hub{Sought: strings.TrimSpace(q["q"])}
	if c := []rune(p.Sought); len(c) > longest {
		p.Sought = string(c[:longest])
	}
	words := strings.Fields(folded(p.Sought))
	for _, g := range Guides {
		if fits(words, d.read(r.Lang, g)...) {
			p.Guides = append(p.Guides, g)
		}
	}
	said := map[string]int{}
	for _, topic := range []fault.Topic{fault.Entering, fault.Second, mailProgram, fault.Forgotten, fault.Other} {
		t := Topic{Name: string(topic)}
		for _, e := range faults.All() {
			if h := e.Help(r.Lang); e.Topic == topic && e != faults.Support && fits(words, e.Code, h.What, h.Why, h.Fix) {
				said[h.What]++
				t.Faults = append(t.Faults, Line{Code: e.Code, What: h.What})
			}
		}
		if p.Found += len(t.Faults); len(words) == 0 || len(t.Faults) > 0 {
			p.Topics = append(p.Topics, t)
		}
	}
	p.Found += len(p.Guides)
	for _, t := range p.Topics {
		for i := range t.Faults {
			t.Faults[i].Twice = said[t.Faults[i].What] > 1
		}
	}
	return web.Show("help/hub", p), nil
}

// read is all that a guide says.
func (d *door) read(l i18n.Lang, name string) []string {
	key := "guide." + name
	out := []string{d.words.T(l, key), d.words.T(l, key+".1"), d.words.T(l, key+".2"), d.words.T(l, key+".3")}
	for _, s := range About(name).Steps {
		out = append(out, d.words.T(l, fmt.Sprintf("%s.step.%d", key, s.N)))
	}
	return out
}

// folded is a text as it is searched in: whatever width, case and marks it was typed with.
func folded(s string) string { return strings.ToLower(norm.NFKC.String(s)) }

// fits says whether every word is in one of the texts.
func fits(words []string, texts ...string) bool {
	all := folded(strings.Join(texts, "\n"))
	for _, w := range words {
		if !strings.Contains(all, w) {
			return false
		}
	}
	return true
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
		g.Steps = append(g.Steps, Step{n + 1, picture(name, n+1)})
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
