package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/i18n"
	"sekisho/internal/org"
	"sekisho/internal/ua"
)

//go:embed templates/*.html messages.toml
var own embed.FS

// Layout is the frame around a door's pages.
type Layout string

// The layouts there are.
const (
	Card    Layout = "card"    // one question in the middle
	Desk    Layout = "desk"    // the account's pages, with their rail
	Console Layout = "console" // an organisation's pages for its admins, with theirs
	Doc     Layout = "doc"     // text to read
)

// Door is a set of routes with their pages: Files holds templates/*.html, each
// defining "title" and "main", and messages.toml.
type Door struct {
	Name   string
	Layout Layout
	Routes []Route
	Files  fs.FS
	Assets *Pack // served at its own path; nil: none
}

// pages are all templates, parsed at most once for each language so that nothing
// about a language is decided while a page is rendered.
type pages struct {
	frame *Frame
	words *i18n.Catalogue
	by    map[i18n.Lang]map[string]func() (*template.Template, error)
	lay   map[string]Layout
}

// view is what a template sees.
type view struct {
	Page     any
	Template string
	Layout   Layout
	Lang     i18n.Lang
	Theme    string
	Back     string
	Service  string
	Support  string
	Now      time.Time
	Zone     *time.Location
	Fault    *faultView
	Signed   bool
	Accounts int
	Idle     int // seconds; 0: no limit
	Open     bool
	Mailbox  bool
	Brand    Brand
	Console  Standing // of whom the page is for
}

// faultView is a fault as pages show it.
type faultView struct {
	Code      string
	Text      fault.Text
	Action    string
	Href      string
	Retry     time.Time
	Reference string
	Lift      []fault.Lifter
	Org       string // whose rule it was
	Desk      string // where the people who can lift it are asked (RC-02); empty: no way there, or it is shown already
}

func (f *Frame) loadPages(doors []Door) (*pages, error) {
	p := &pages{frame: f, by: map[i18n.Lang]map[string]func() (*template.Template, error){}, lay: map[string]Layout{"fault": Card}}
	sets := []fs.FS{own}
	for _, d := range doors {
		if d.Files != nil {
			sets = append(sets, d.Files)
		}
	}
	var err error
	if p.words, err = i18n.Load(sets...); err != nil {
		return nil, err
	}
	for _, l := range i18n.Langs {
		p.by[l] = map[string]func() (*template.Template, error){}
		base, err := template.New("").Option("missingkey=error").Funcs(p.funcs(l)).ParseFS(own, "templates/*.html")
		if err != nil {
			return nil, err
		}
		p.by[l]["fault"] = lazy(base, own, "templates/fault.html")
		for _, d := range doors {
			if err := p.add(l, base, d); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

func (p *pages) add(l i18n.Lang, base *template.Template, d Door) error {
	if d.Files == nil {
		return nil
	}
	list, err := fs.Glob(d.Files, "templates/*.html")
	if err != nil {
		return err
	}
	for _, file := range list {
		name := d.Name + "/" + strings.TrimSuffix(path.Base(file), ".html")
		p.by[l][name], p.lay[name] = lazy(base, d.Files, file), d.Layout
	}
	return nil
}

// lazy parses a page when it is first shown: most of them are not for hours, and all
// of them in every language are megabytes. The gallery's test shows each.
func lazy(base *template.Template, files fs.FS, file string) func() (*template.Template, error) {
	return sync.OnceValues(func() (*template.Template, error) {
		own, err := base.Clone()
		if err != nil {
			return nil, err
		}
		return own.ParseFS(files, file)
	})
}

// Templates lists every page there is, for the gallery's test.
func (f *Frame) Templates() []string {
	var out []string
	for name := range f.pages.lay {
		out = append(out, name)
	}
	return out
}

func (p *pages) render(w io.Writer, r *Request, res Response) error {
	page, ok := p.by[r.Lang][res.Template]
	if !ok {
		return fmt.Errorf("no template %q", res.Template)
	}
	t, err := page()
	if err != nil {
		return fmt.Errorf("page %s: %w", res.Template, err)
	}
	f := p.frame
	v := view{
		Page: res.Page, Template: res.Template, Layout: p.lay[res.Template], Lang: r.Lang, Back: "/", Service: f.Service, Support: f.Support,
		Now: r.Now, Zone: r.Zone, Signed: r.Session.ID != "", Accounts: len(r.Slots()), Open: f.Open, Mailbox: f.Mailbox && r.Local(), Console: r.Console,
	}
	if v.Signed {
		v.Idle = int(r.Rules().Session.Idle / time.Second)
	}
	if r.HTTP.Method == "GET" && res.Template != "fault" {
		v.Back = r.HTTP.URL.RequestURI()
	} else if r.HTTP.URL.RawQuery != "" || res.Template != "fault" {
		v.Back = LocalPath(r.HTTP.URL.RequestURI())
	}
	v.Theme = r.Theme()
	v.Brand = res.Brand
	// A stranger's page shows nothing of an organisation's (SI-28).
	if o := r.Rules().Org; v.Signed && v.Brand == (Brand{}) && (v.Layout == Desk || v.Layout == Console) {
		v.Brand = Brand{o.Name, o.Look}
	}
	if !v.Brand.own() {
		v.Brand = Brand{}
	}
	if res.Fault != nil {
		v.Fault = viewOf(res.Fault, r)
	}
	return t.ExecuteTemplate(w, "layout", v)
}

func viewOf(f *fault.Fault, r *Request) *faultView {
	v := &faultView{Code: f.Code(), Text: f.Say(r.Lang, r.Zone), Retry: f.RetryAt, Reference: f.Reference, Lift: f.Lifters(), Org: f.Org()}
	if a := f.Action(); a != nil && f.Args["disclosed"] != true { // nothing to recover where there is no account
		v.Href, v.Action = a.Href, a.En
		if r.Lang == i18n.Ja {
			v.Action = a.Ja
		}
	}
	if v.Href == "/help/support" && v.Reference != "" {
		v.Href += "?reference=" + url.QueryEscape(v.Reference) // whoever is asked finds the refusal by it
	}
	v.Desk = deskFor(f, v)
	if f.Entry == faults.FreshRequired {
		v.Href = elevateFor(r)
		return v
	}
	if strings.HasPrefix(f.Code(), "session.") && r.HTTP.Method == "GET" {
		v.Href = signinFor(r.HTTP.URL.RequestURI())
	}
	return v
}

// deskFor is where somebody who was refused asks those who can lift it.
func deskFor(f *fault.Fault, v *faultView) string {
	people := slices.Contains(v.Lift, fault.Admin) || slices.Contains(v.Lift, fault.Operator)
	if !people || f.Entry.Topic == fault.Other || f.Entry.Kind == fault.Unavailable {
		return ""
	}
	if v.Reference == "" {
		return "/desk"
	}
	return "/desk?reference=" + url.QueryEscape(v.Reference)
}

func (p *pages) funcs(l i18n.Lang) template.FuncMap {
	return template.FuncMap{
		"t":       func(key string, args ...any) string { return p.words.T(l, key, args...) },
		"asset":   func(name string) string { return p.frame.static.Prefix + name },
		"icon":    icon,
		"when":    func(v view, t time.Time) template.HTML { return when(l, v, t) },
		"span":    func(d time.Duration) string { return i18n.Span(l, d) },
		"day":     func(v view, t time.Time) string { return i18n.Day(l, t.In(v.Zone)) },
		"exact":   func(v view, t time.Time) string { return i18n.Time(l, t.In(v.Zone)) },
		"agent":   func(header string) string { return ua.Parse(header).String() },
		"at":      at,
		"days":    func(n int) time.Duration { return time.Duration(n) * 24 * time.Hour },
		"hours":   func(days int) string { return strconv.Itoa(days * 24) },
		"seconds": func(n int) time.Duration { return time.Duration(n) * time.Second },
		"stop":    func(code string) string { return told(l, code) },
		"act":     func(kind string) string { return p.act(l, kind) },
		"help":    func(code string) fault.Text { return helped(l, code) },
		"rooms":   p.frame.rooms,
		"sign":    sign, "device": device, "initial": initial, "starts": strings.HasPrefix,
	}
}

// faulty are the fields that faults are about.
var faulty = map[string]string{
	faults.PasswordTooShort.Code: "new", faults.PasswordTooLong.Code: "new", faults.PasswordNotText.Code: "new", faults.PasswordCommon.Code: "new",
	faults.PasswordHasName.Code: "new", faults.PasswordReused.Code: "new", faults.PasswordNeedsKind.Code: "new", faults.PasswordWrong.Code: "current",
	faults.NameMalformed.Code: "name", faults.FactorName.Code: "name", faults.IdentifierMalformed.Code: "email", faults.NumberMalformed.Code: "email", faults.GroupAddress.Code: "email", faults.AddressTaken.Code: "email",
}

// at says whether a fault is about a field of the page.
func at(f *faultView, field string) bool { return f != nil && faulty[f.Code] == field }

// told is a fault's first sentence, for lists.
func told(l i18n.Lang, code string) string {
	e, ok := faults.ByCode(code)
	if !ok {
		return code
	}
	if l == i18n.Ja {
		return e.Ja.What
	}
	return e.En.What
}

// helped is a fault as its help page tells it, for who looks into somebody else's.
func helped(l i18n.Lang, code string) fault.Text {
	e, ok := faults.ByCode(code)
	if !ok {
		return fault.Text{What: code}
	}
	return e.Help(l)
}

// act is what happened to somebody else, as a sentence: where there is one for admins, that;
// a kind that nobody wrote one for is its own name.
func (p *pages) act(l i18n.Lang, kind string) string {
	for _, key := range []string{"log.act." + kind, "act." + kind} {
		if p.words.Has(key) {
			return p.words.T(l, key)
		}
	}
	return kind
}

// sign is the icon of a thing that happened.
func sign(kind, code string) string {
	if code != "" {
		return "stop"
	}
	group, what, _ := strings.Cut(kind, ".")
	switch group {
	case "signin":
		return "check"
	case "session":
		switch what {
		case "ended":
			return "out"
		case "proved":
			return "check"
		}
		return "screen"
	case "password", "factor":
		return "key"
	case "backup":
		return "list"
	case "browser":
		return "screen"
	case "address":
		return "mail"
	case "app":
		return "app"
	case "profile", "passphrase":
		return "profile"
	case "account":
		return "person"
	}
	return "clock"
}

// device is the icon of what a browser runs on.
func device(agent string) string {
	for _, name := range []string{"iPhone", "Android", "Mobile"} {
		if strings.Contains(agent, name) {
			return "phone"
		}
	}
	return "screen"
}

// initial is what stands for a name where there is no picture.
func initial(name string) string {
	for _, r := range strings.TrimSpace(name) {
		return string(unicode.ToUpper(r))
	}
	return "·"
}

func when(l i18n.Lang, v view, t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	exact := i18n.Full(l, t.In(v.Zone))
	shown := i18n.Short(l, t.In(v.Zone), v.Now.In(v.Zone))
	if d := v.Now.Sub(t); d >= 0 && d < 7*24*time.Hour {
		shown = i18n.Ago(l, d)
	}
	return template.HTML(`<time datetime="` + t.UTC().Format(time.RFC3339) + `" title="` + template.HTMLEscapeString(exact) + `">` + template.HTMLEscapeString(shown) + `</time>`)
}

// icons are drawn for 24 units with a line of 1.75; the gate, two posts and a beam,
// is the mark and holds at 16 px in one colour.
var icons = map[string]string{
	"gate":     `<path fill="currentColor" stroke="none" d="M1.5 5.5 3 4h18l1.5 1.5v3h-3V21H16V8.5H8V21H4.5V8.5h-3z"/>`,
	"person":   `<circle cx="12" cy="8" r="3.5"/><path d="M5 20c.8-4 3.6-6 7-6s6.2 2 7 6"/>`,
	"key":      `<circle cx="8" cy="14" r="4"/><path d="m11 11 8-8M15.5 6.500l3 3"/>`,
	"mail":     `<rect x="3" y="5.5" width="18" height="13" rx="2"/><path d="m4 7 8 6 8-6"/>`,
	"screen":   `<rect x="3" y="4.5" width="18" height="12" rx="2"/><path d="M9 20h6M12 16.500V20"/>`,
	"phone":    `<rect x="7" y="2.5" width="10" height="19" rx="2"/><path d="M11 18.500h2"/>`,
	"clock":    `<circle cx="12" cy="12" r="8.5"/><path d="M12 7.500V12l3 2"/>`,
	"qr":       `<path d="M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2M20 14v2M14 20h2M18 18h2v2"/>`,
	"list":     `<path d="M8.5 6.500H20M8.5 12H20M8.5 17.500H20M4 6.500h.01M4 12h.01M4 17.500h.01"/>`,
	"app":      `<rect x="4" y="4" width="7" height="7" rx="1.5"/><rect x="13" y="4" width="7" height="7" rx="1.5"/><rect x="4" y="13" width="7" height="7" rx="1.5"/><rect x="13" y="13" width="7" height="7" rx="1.5"/>`,
	"stop":     `<circle cx="12" cy="12" r="8.5"/><path d="M12 7.500v5.500M12 16.500h.01"/>`,
	"check":    `<circle cx="12" cy="12" r="8.5"/><path d="m8 12.5 2.8 2.800L16 9.5"/>`,
	"help":     `<circle cx="12" cy="12" r="8.5"/><path d="M9.7 9.500a2.4 2.4 0 1 1 3.4 2.200c-.8.4-1.1.900-1.1 1.800M12 16.700h.01"/>`,
	"home":     `<path d="M4 11 12 4l8 7M6 9.500V20h12V9.5"/>`,
	"in":       `<path d="M14 4h5v16h-5M10 8l4 4-4 4M14 12H4"/>`,
	"out":      `<path d="M10 4H5v16h5M15 8l4 4-4 4M19 12H9"/>`,
	"left":     `<path d="m15 5-7 7 7 7"/>`,
	"find":     `<circle cx="10.5" cy="10.5" r="6.5"/><path d="m15.500 15.500 5 5"/>`,
	"more":     `<path stroke-width="2.5" d="M5.5 12h.01M12 12h.01M18.5 12h.01"/>`,
	"plus":     `<path d="M12 5v14M5 12h14"/>`,
	"swap":     `<path d="M4 9h15M15.5 5.5 19 9l-3.500 3.500M20 15.500H5M8.500 12 5 15.500 8.500 19"/>`,
	"right":    `<path d="m9 5 7 7-7 7"/>`,
	"profile":  `<rect x="3.5" y="4.5" width="17" height="15" rx="2"/><circle cx="9" cy="11" r="2"/><path d="M6 16c.5-1.7 1.6-2.5 3-2.500s2.5.8 3 2.500M15 10h3M15 13.500h3"/>`,
	"download": `<path d="M12 4v11M7.5 11 12 15.5 16.5 11M5 20h14"/>`,
	"globe":    `<circle cx="12" cy="12" r="8.5"/><path d="M3.5 12h17M12 3.500c5 5 5 12 0 17M12 3.500c-5 5-5 12 0 17"/>`,
	"moon":     `<path d="M19.5 14.500A8 8 0 0 1 9.5 4.500a8 8 0 1 0 10 10Z"/>`,
}

func icon(name string) (template.HTML, error) {
	d, ok := icons[name]
	if !ok {
		return "", fmt.Errorf("no icon %q", name)
	}
	return template.HTML(`<svg class="icon" viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="1.750" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">` + d + `</svg>`), nil
}

// Sample renders a page as the frame would show it, for the gallery: template and
// data as a handler gives them.
func (f *Frame) Sample(h *http.Request, res Response, signed bool) ([]byte, error) {
	r := f.request(h, &Route{Face: Page})
	if signed {
		r.Session.ID = "ses_sample"
		r.Console = Standing{Org: "org_sample", Name: "関所運輸", Role: org.Plain}
	}
	if f.pages.lay[res.Template] == Console {
		r.Console.Role, r.Console.Held = org.Owner, org.Permissions
	}
	if res.Page == nil {
		res.Template, res.Page = "fault", struct{}{}
	}
	var b bytes.Buffer
	err := f.pages.render(&b, r, res)
	return b.Bytes(), err
}
