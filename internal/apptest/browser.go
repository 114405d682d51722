package apptest

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// Browser uses the pages: it keeps cookies, follows redirects within the site,
// finds fields by label and buttons by their words.
type Browser struct {
	w      *World
	http   *http.Client
	Lang   string
	Agent  string
	Status int
	URL    *url.URL
	Header http.Header
	Body   string
	doc    *html.Node
	typed  map[*html.Node]string
	Left   string // where a redirect led outside
}

// Browser opens a new browser at an address.
func (w *World) Browser(from string) *Browser {
	b := &Browser{w: w, Lang: "en", Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"}
	if !strings.Contains(from, ":") {
		from += ":50000"
	} else {
		from = "[" + from + "]:50000"
	}
	b.http = &http.Client{Transport: &wire{w.Handler, from}, Jar: jar(), CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host != strings.TrimPrefix(strings.TrimPrefix(w.Base, "http://"), "https://") {
			b.Left = r.URL.String()
			return http.ErrUseLastResponse
		}
		r.Header.Set("Accept-Language", b.Lang)
		return nil
	}}
	return b
}

// At moves the browser to another node.
func (b *Browser) At(w *World) *Browser {
	b.http.Transport.(*wire).handler = w.Handler
	return b
}

// Cookies are the browser's cookies.
func (b *Browser) Cookies() []*http.Cookie {
	u, _ := url.Parse(b.w.Base)
	return b.http.Jar.Cookies(u)
}

// SetCookie plants a cookie.
func (b *Browser) SetCookie(name, value string) {
	u, _ := url.Parse(b.w.Base)
	b.http.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

// Cookie is the value of one cookie.
func (b *Browser) Cookie(name string) string {
	for _, c := range b.Cookies() {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// Open goes to a path.
func (b *Browser) Open(path string) *Browser {
	b.w.T.Helper()
	if !strings.HasPrefix(path, "http") {
		path = b.w.Base + path
	}
	req, err := http.NewRequest("GET", path, nil)
	if err != nil {
		b.w.T.Fatal(err)
	}
	return b.send(req)
}

// Post sends a form as a page's own form would.
func (b *Browser) Post(path string, form url.Values) *Browser {
	b.w.T.Helper()
	req, err := http.NewRequest("POST", b.w.Base+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.w.T.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", b.w.Base)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.send(req)
}

// Send sends a request that a test made itself.
func (b *Browser) Send(req *http.Request) *Browser { return b.send(req) }

func (b *Browser) send(req *http.Request) *Browser {
	b.w.T.Helper()
	b.Left = ""
	req.Header.Set("Accept-Language", b.Lang)
	req.Header.Set("User-Agent", b.Agent)
	res, err := b.http.Do(req)
	if err != nil {
		b.w.T.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.w.T.Fatal(err)
	}
	b.Status, b.URL, b.Header, b.Body, b.typed = res.StatusCode, res.Request.URL, res.Header, string(body), map[*html.Node]string{}
	if b.doc, err = html.Parse(strings.NewReader(b.Body)); err != nil {
		b.w.T.Fatal(err)
	}
	return b
}

func attr(n *html.Node, key string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val, true
		}
	}
	return "", false
}

func has(n *html.Node, key string) bool {
	_, ok := attr(n, key)
	return ok
}

func value(n *html.Node, key string) string {
	v, _ := attr(n, key)
	return v
}

func each(n *html.Node, do func(*html.Node)) {
	if n.Type == html.ElementNode {
		do(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		each(c, do)
	}
}

func words(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data + " ")
		}
		if n.Type == html.ElementNode && (n.Data == "script" || n.Data == "style" || n.Data == "head" || has(n, "hidden")) {
			return
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

// Text is what a person reads.
func (b *Browser) Text() string { return words(b.doc) }

// See fails the test unless the page has all the words.
func (b *Browser) See(all ...string) *Browser {
	b.w.T.Helper()
	for _, s := range all {
		if !strings.Contains(b.Text(), s) {
			b.w.T.Fatalf("page %s (%d) does not say %q:\n%s", b.URL, b.Status, s, b.Text())
		}
	}
	return b
}

// Miss fails the test if the page has the words.
func (b *Browser) Miss(s string) *Browser {
	b.w.T.Helper()
	if strings.Contains(b.Text(), s) {
		b.w.T.Fatalf("page %s says %q:\n%s", b.URL, s, b.Text())
	}
	return b
}

// Number is the number the page shows to be compared or entered.
func (b *Browser) Number() string {
	b.w.T.Helper()
	found := ""
	each(b.doc, func(n *html.Node) {
		if class, _ := attr(n, "class"); class == "number" {
			found = strings.TrimSpace(words(n))
		}
	})
	if found == "" {
		b.w.T.Fatalf("%s shows no number:\n%s", b.URL, b.Text())
	}
	return found
}

// Want fails the test unless the last answer has the status.
func (b *Browser) Want(status int) *Browser {
	b.w.T.Helper()
	if b.Status != status {
		b.w.T.Fatalf("%s: got status %d, want %d:\n%s", b.URL, b.Status, status, b.Text())
	}
	return b
}

// field finds an input by its label.
func (b *Browser) field(label string) *html.Node {
	b.w.T.Helper()
	var found *html.Node
	each(b.doc, func(n *html.Node) {
		if n.Data != "label" || !strings.Contains(words(n), label) || found != nil {
			return
		}
		if id, ok := attr(n, "for"); ok {
			each(b.doc, func(x *html.Node) {
				if v, _ := attr(x, "id"); v == id {
					found = x
				}
			})
			return
		}
		each(n, func(x *html.Node) {
			if x.Data == "input" {
				found = x
			}
		})
	})
	if found == nil {
		b.w.T.Fatalf("page %s (%d) has no field %q:\n%s", b.URL, b.Status, label, b.Text())
	}
	return found
}

// Fill types into a field.
func (b *Browser) Fill(label, v string) *Browser {
	b.w.T.Helper()
	b.typed[b.field(label)] = v
	return b
}

// Check ticks a box.
func (b *Browser) Check(label string) *Browser {
	b.w.T.Helper()
	n := b.field(label)
	v, _ := attr(n, "value")
	b.typed[n] = v
	return b
}

// Uncheck takes a tick away.
func (b *Browser) Uncheck(label string) *Browser {
	b.w.T.Helper()
	n := b.field(label)
	delete(b.typed, n)
	n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "checked" })
	return b
}

// raw is the text in an element as it stands there.
func raw(n *html.Node) (out string) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.TextNode {
			out += c.Data
		}
	}
	return out
}

// Press presses a button, or follows a link, by its words.
func (b *Browser) Press(label string) *Browser {
	b.w.T.Helper()
	var found *html.Node
	each(b.doc, func(n *html.Node) {
		if found == nil && (n.Data == "button" || n.Data == "a") && strings.Contains(words(n), label) {
			found = n
		}
	})
	if found == nil {
		b.w.T.Fatalf("page %s (%d) has no button %q:\n%s", b.URL, b.Status, label, b.Text())
	}
	if found.Data == "a" {
		to, err := b.URL.Parse(value(found, "href"))
		if err != nil {
			b.w.T.Fatal(err)
		}
		return b.Open(to.String())
	}
	form := found
	for form != nil && form.Data != "form" {
		form = form.Parent
	}
	if form == nil {
		b.w.T.Fatalf("button %q is in no form", label)
	}
	v := b.values(form)
	if name, ok := attr(found, "name"); ok {
		v.Add(name, value(found, "value"))
	}
	to, err := b.URL.Parse(value(form, "action"))
	if err != nil {
		b.w.T.Fatal(err)
	}
	return b.Post(to.RequestURI(), v)
}

func (b *Browser) values(form *html.Node) url.Values {
	v, picked := url.Values{}, map[string]bool{}
	each(form, func(n *html.Node) {
		name, ok := attr(n, "name")
		if !ok || n.Data == "button" {
			return
		}
		typed, was := b.typed[n]
		switch kind := value(n, "type"); {
		case n.Data == "select" && was:
			v.Set(name, typed)
		case n.Data == "textarea" && !was:
			v.Add(name, strings.TrimPrefix(raw(n), "\n"))
		case n.Data == "select":
			each(n, func(o *html.Node) {
				if has(o, "selected") {
					v.Set(name, value(o, "value"))
				}
			})
		case kind == "radio":
			if was || has(n, "checked") && !picked[name] {
				v.Set(name, value(n, "value"))
				picked[name] = picked[name] || was
			}
		case kind == "checkbox":
			if was || has(n, "checked") {
				v.Add(name, value(n, "value"))
			}
		case was:
			v.Add(name, typed)
		default:
			v.Add(name, value(n, "value"))
		}
	})
	return v
}

// Signin signs in by password.
func (b *Browser) Signin(identifier, word string) *Browser {
	b.w.T.Helper()
	b.Open("/signin").Fill("E-mail, mobile", identifier).Press("Next")
	return b.Fill("Password", word).Press("Sign in")
}
