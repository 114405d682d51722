// Package tegata serves the app of the same name: the shell it starts in, its
// modules, its worker, and what makes it one that can be installed.
//
// The app itself runs in the browser and speaks to the API; nothing here knows a
// device, an account or a code.
package tegata

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"strings"

	"sekisho/internal/i18n"
	"sekisho/internal/web"
)

//go:embed messages.toml
var messages embed.FS

//go:embed all:app
var app embed.FS

//go:embed shell/page.html shell/sw.js
var shell embed.FS

// Door serves the app.
type Door struct {
	Service string

	pack *web.Pack
	page *template.Template
	sw   string
}

// csp is what the app may do: its own files, pictures that it was given, its worker.
// There is nothing inline and nothing is evaluated; addresses of scripts pass one
// policy that lets through its own only (Trusted Types).
const csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types tegata"

// Door gives the routes. It fails where a text is missing.
func (d *Door) Door() (web.Door, error) {
	words, err := i18n.Load(messages)
	if err != nil {
		return web.Door{}, err
	}
	made := map[string][]byte{}
	for _, l := range i18n.Langs {
		texts := map[string]string{}
		for _, key := range words.Keys() {
			texts[key] = words.T(l, key)
		}
		body, err := json.Marshal(texts)
		if err != nil {
			return web.Door{}, err
		}
		made["texts."+string(l)+".js"] = append([]byte("export default "), body...)
	}
	own, err := fs.Sub(app, "app")
	if err != nil {
		return web.Door{}, err
	}
	if d.pack, err = web.NewPack("/tegata/a/", own, made); err != nil {
		return web.Door{}, err
	}
	if d.page, err = template.ParseFS(shell, "shell/page.html"); err != nil {
		return web.Door{}, err
	}
	sw, err := shell.ReadFile("shell/sw.js")
	d.sw = string(sw)
	route := func(path string, handle func(context.Context, *web.Request) (web.Response, error)) web.Route {
		return web.Route{Method: "GET", Path: path, Guard: web.Anyone, Face: web.Page, Handle: handle}
	}
	return web.Door{Name: "tegata", Files: messages, Assets: d.pack, Routes: []web.Route{
		route("/tegata/{$}", d.shell), route("/tegata", home), route("/tegata/sw.js", d.worker), route("/tegata/manifest.webmanifest", d.manifest),
	}}, err
}

func home(context.Context, *web.Request) (web.Response, error) { return web.Go("/tegata/"), nil }

// start is what the app needs to be there at all; the rest comes when it is asked for,
// and is kept afterwards.
func (d *Door) start(r *web.Request) (first, later []string) {
	first = []string{r.Asset("sekisho.css"), r.Asset("gate.svg")}
	for _, name := range d.pack.Names() {
		switch {
		case strings.HasPrefix(name, "vendor/") && strings.HasSuffix(name, ".js"), strings.HasSuffix(name, ".worker.js"):
			later = append(later, d.pack.Prefix+name)
		case strings.HasSuffix(name, ".js"), strings.HasSuffix(name, ".css"), name == "icon.svg":
			first = append(first, d.pack.Prefix+name)
		}
	}
	return first, later
}

// Page is what the shell says before any script.
type Page struct {
	Lang, Theme, Service, Prefix, Style string
	Modules                             []string
	Words                               map[string]string
}

func (d *Door) shell(_ context.Context, r *web.Request) (web.Response, error) {
	p := Page{Lang: string(r.Lang), Theme: r.Theme(), Service: d.Service, Prefix: d.pack.Prefix, Style: r.Asset("sekisho.css"), Words: map[string]string{}}
	for _, key := range []string{"tg.shell.what", "tg.shell.script", "tg.shell.back", "tg.shell.wait", "tg.shell.old", "tg.skip"} {
		p.Words[key] = r.T(key)
	}
	for _, name := range d.pack.Names() {
		if strings.HasSuffix(name, ".js") && !strings.HasSuffix(name, ".worker.js") && !strings.Contains(name, "/") &&
			(!strings.HasPrefix(name, "texts.") || name == "texts."+p.Lang+".js") {
			p.Modules = append(p.Modules, d.pack.Prefix+name)
		}
	}
	var b bytes.Buffer
	err := d.page.Execute(&b, p)
	return web.Response{Status: 200, Body: b.Bytes(), Type: "text/html; charset=utf-8", Header: map[string]string{
		"Content-Security-Policy": csp, "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin",
		"Permissions-Policy": "camera=(self), microphone=(), geolocation=()", "Content-Language": p.Lang, "Vary": "Accept-Language, Cookie",
	}}, err
}

// worker is the service worker. It names what it keeps, so that it changes whenever
// that does and the browser fetches all of it anew.
func (d *Door) worker(_ context.Context, r *web.Request) (web.Response, error) {
	first, later := d.start(r)
	texts := map[string]map[string]string{}
	for _, l := range i18n.Langs {
		texts[string(l)] = map[string]string{"title": word(r, l, "tg.push.title"), "body": word(r, l, "tg.push.body")}
	}
	about, err := json.Marshal(map[string]any{"first": first, "later": later, "prefix": d.pack.Prefix, "texts": texts, "lang": r.Lang})
	if err != nil {
		return web.Response{}, err
	}
	sum := sha256.Sum256([]byte(d.sw + string(about) + d.Service))
	body := fmt.Sprintf("const version = %q, about = %s;\n%s", hex.EncodeToString(sum[:6]), about, d.sw)
	return web.Response{Status: 200, Body: []byte(body), Type: "text/javascript; charset=utf-8", Header: map[string]string{
		"Cache-Control": "no-cache", "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self'", "Vary": "Accept-Language, Cookie",
	}}, nil
}

// word is a text in a language other than the request's.
func word(r *web.Request, l i18n.Lang, key string) string {
	one := *r
	one.Lang = l
	return one.T(key)
}

type (
	manifest struct {
		ID         string `json:"id"`
		Name       string `json:"name"`
		ShortName  string `json:"short_name"`
		About      string `json:"description"`
		Lang       string `json:"lang"`
		Start      string `json:"start_url"`
		Scope      string `json:"scope"`
		Display    string `json:"display"`
		Background string `json:"background_color"`
		Theme      string `json:"theme_color"`
		Icons      []icon `json:"icons"`
	}
	icon struct {
		Src     string `json:"src"`
		Sizes   string `json:"sizes"`
		Type    string `json:"type"`
		Purpose string `json:"purpose"`
	}
)

func (d *Door) manifest(_ context.Context, r *web.Request) (web.Response, error) {
	at := d.pack.Prefix
	m := manifest{ID: "/tegata/", Name: "Tegata – " + d.Service, ShortName: "Tegata", About: r.T("tg.shell.what"), Lang: string(r.Lang), Start: "/tegata/", Scope: "/tegata/",
		Display: "standalone", Background: "#fcfaf7", Theme: "#fcfaf7", Icons: []icon{
			{at + "icon.svg", "any", "image/svg+xml", "any"}, {at + "icon-192.png", "192x192", "image/png", "any"},
			{at + "icon-512.png", "512x512", "image/png", "any"}, {at + "icon-mask.png", "512x512", "image/png", "maskable"},
		}}
	body, err := json.Marshal(m)
	return web.Response{Status: 200, Body: body, Type: "application/manifest+json", Header: map[string]string{
		"Cache-Control": "no-cache", "Content-Security-Policy": "default-src 'none'", "Vary": "Accept-Language, Cookie",
	}}, err
}
