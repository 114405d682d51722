package web

import (
	"encoding/base64"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/flow"
	"sekisho/internal/gate"
	"sekisho/internal/i18n"
	"sekisho/internal/netx"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/session"
	"sekisho/internal/ua"
)

// MaxSlots is how many accounts one browser can be signed in to at once (SI-29).
const MaxSlots = 8

const browserLives = 400 * 24 * time.Hour

// slots are the session cookies of a browser: one for each account, and a
// pointer to the one that is meant.
type slots struct {
	tokens [MaxSlots]secret.Text
	at     int
	kept   bool // this browser was asked to stay signed in
}

func (s *slots) token() secret.Text { return s.tokens[s.at] }

// cookieName is the name of a cookie. The __Host- prefix binds it to this very
// host over https (RFC 6265bis §4.1.3.2).
func (f *Frame) cookieName(part string) string {
	name := "sekisho"
	if f.URL.Scheme == "https" {
		name = "__Host-sekisho"
	}
	if part != "" {
		name += "-" + part
	}
	return name
}

func slotPart(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n + 1)
}

// SessionCookie is the name of the first session cookie, for the documentation
// of the API.
func (f *Frame) SessionCookie() string { return f.cookieName("") }

func (r *Request) set(part, value string, lives time.Duration) {
	c := &http.Cookie{Name: r.frame.cookieName(part), Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.frame.URL.Scheme == "https"}
	switch {
	case value == "":
		c.MaxAge = -1
	case lives > 0:
		c.MaxAge = int(lives / time.Second)
	}
	for i, old := range r.cookies {
		if old.Name == c.Name {
			r.cookies[i] = c
			return
		}
	}
	r.cookies = append(r.cookies, c)
}

// Set gives the browser a cookie of this frame's kind that outlives its run; an
// empty value takes it away.
func (r *Request) Set(part, value string) { r.set(part, value, browserLives) }

// visitor finds out who stands at the door. Of several cookies with one name the
// first that is well-formed counts; a planted one that is not ours counts as none.
func (f *Frame) visitor(r *Request) {
	h := r.HTTP
	v := &r.Visitor
	v.Addr = f.Proxies.ClientAddr(h.RemoteAddr, h.Header)
	v.Network = netx.Bucket(v.Addr)
	v.Agent = ua.Cut(h.UserAgent())
	v.Lang = r.Lang
	v.Door = gate.Web
	if r.face == API {
		v.Door = gate.API
	} else if r.face == OAuth {
		v.Door = gate.OIDC
	}
	r.readCookies()
}

// Describe fills in what is only needed where something is written down. Without
// it, a browser that did not prove its name has none.
func (r *Request) Describe() flow.Visitor {
	if r.Visitor.Browser == "" {
		r.Visitor.Browser = r.frame.stranger(r.Visitor.Network, r.Visitor.Agent)
	}
	if r.Visitor.Program == "" {
		r.Visitor.Program = ua.Parse(r.Visitor.Agent).String()
		r.Visitor.Place = r.frame.Geo.Place(r.Visitor.Addr, string(r.Lang))
		r.Visitor.Where = r.frame.Geo.Where(r.Visitor.Addr)
	}
	return r.Visitor
}

// stranger names a browser without our cookie by its network and program, so
// that throwing cookies away does not make failures uncounted.
func (f *Frame) stranger(network, agent string) ref.Browser {
	sum := f.Ring.MAC("stranger", []byte(network), []byte(agent))
	return ref.Browser("bro_x" + strings.ToLower(base64.RawURLEncoding.EncodeToString(sum[:15])))
}

func (r *Request) readCookies() {
	if len(r.HTTP.Header["Cookie"]) == 0 {
		return // as with every call by a program
	}
	base := r.frame.cookieName("")
	seen := map[string]bool{}
	for _, c := range r.HTTP.Cookies() {
		part, ok := strings.CutPrefix(c.Name, base)
		if !ok || seen[part] {
			continue
		}
		switch part = strings.TrimPrefix(part, "-"); part {
		case "browser":
			if id, ok := r.frame.openBrowser(c.Value); ok {
				r.Visitor.Browser, r.Visitor.Proven, seen["-browser"] = id, true, true
			}
		case "at":
			if n, err := strconv.Atoi(c.Value); err == nil && n >= 0 && n < MaxSlots {
				r.slots.at = n
			}
		case "kept":
			r.slots.kept = true
		case "trust":
			r.Visitor.Trust, seen["-trust"] = readTrust(c.Value), true
		default:
			n := slotOf(part)
			if n >= 0 && len(c.Value) == 43 && r.slots.tokens[n] == "" {
				r.slots.tokens[n] = secret.Text(c.Value)
			}
		}
	}
	if r.slots.tokens[r.slots.at] == "" {
		for n, t := range r.slots.tokens {
			if t != "" {
				r.slots.at = n
				break
			}
		}
	}
}

func slotOf(part string) int {
	for n := range MaxSlots {
		if slotPart(n) == part {
			return n
		}
	}
	return -1
}

// NeedBrowser gives the browser a name when it has none that is ours, so that a
// journey can be bound to it.
func (r *Request) NeedBrowser() {
	if r.Visitor.Proven {
		return
	}
	id := ref.NewBrowser(r.Now)
	r.Visitor.Browser, r.Visitor.Proven = id, true
	r.set("browser", r.frame.sealBrowser(id), browserLives)
}

func (f *Frame) sealBrowser(id ref.Browser) string {
	return string(id) + "." + base64.RawURLEncoding.EncodeToString(f.Ring.MAC("browser", []byte(id))[:16])
}

func (f *Frame) openBrowser(value string) (ref.Browser, bool) {
	name, mac, _ := strings.Cut(value, ".")
	id, ok := ref.ParseBrowser(name)
	got, err := base64.RawURLEncoding.DecodeString(mac)
	return id, ok && err == nil && secret.Equal(string(got), string(f.Ring.MAC("browser", []byte(id))[:16]))
}

const maxTrusts = 8 // one for each account this browser can hold

func readTrust(value string) []secret.Text {
	var out []secret.Text
	for t := range strings.SplitSeq(value, ".") {
		if len(t) == 43 && len(out) < maxTrusts {
			out = append(out, secret.Text(t))
		}
	}
	return out
}

// Trust keeps the tokens that show which accounts trust this browser (TB-01).
func (r *Request) Trust(tokens []secret.Text) {
	var parts []string
	for _, t := range tokens[:min(len(tokens), maxTrusts)] {
		parts = append(parts, t.Reveal())
	}
	r.Visitor.Trust = tokens
	r.set("trust", strings.Join(parts, "."), browserLives)
}

// Keep puts a session that was opened into this browser: into the slot that the
// same account had, else a free one, else the one in use.
func (r *Request) Keep(s session.Session, token secret.Text, slot int) {
	r.slots.tokens[slot], r.slots.at = token, slot
	lives := time.Duration(0)
	if s.Keep {
		lives = s.Expires.Sub(r.Now)
		r.set("kept", "1", browserLives)
	}
	r.set(slotPart(slot), token.Reveal(), lives)
	r.set("at", strconv.Itoa(slot), lives)
}

// Lost says whether this browser was asked to stay signed in and holds nothing any
// more (SI-21).
func (r *Request) Lost() bool { return r.slots.kept && len(r.Slots()) == 0 }

// Slot is one account this browser is signed in to.
type Slot struct {
	N     int
	Token secret.Text
	Here  bool
}

// Slots lists the session cookies of this browser.
func (r *Request) Slots() []Slot {
	var out []Slot
	for n, t := range r.slots.tokens {
		if t != "" {
			out = append(out, Slot{n, t, n == r.slots.at})
		}
	}
	return out
}

// FreeSlot is where another account's session goes.
func (r *Request) FreeSlot() int {
	for n, t := range r.slots.tokens {
		if t == "" {
			return n
		}
	}
	return r.slots.at
}

// Borrow makes another slot's session the one of this request alone, for Who to find.
func (r *Request) Borrow(n int) {
	r.slots.at, r.Session, r.pending, r.Token = n, session.Session{}, session.Session{}, ""
}

// Switch makes another slot the one in use.
func (r *Request) Switch(n int) {
	lives := time.Duration(0)
	if r.slots.kept {
		lives = browserLives
	}
	r.slots.at = n
	r.set("at", strconv.Itoa(n), lives)
}

// Drop takes a slot's cookie away; what it opened is ended elsewhere.
func (r *Request) Drop(n int) {
	r.slots.tokens[n] = ""
	r.set(slotPart(n), "", 0)
	if len(r.Slots()) == 0 {
		r.set("kept", "", 0)
		r.set("at", "", 0)
		return
	}
	if n == r.slots.at {
		for m, t := range r.slots.tokens {
			if t != "" {
				r.Switch(m)
				return
			}
		}
	}
}

// dropSlot forgets the cookie of a session that is gone.
func (r *Request) dropSlot() {
	if !r.Bearer {
		kept := r.slots.kept
		r.Drop(r.slots.at)
		if kept {
			r.set("kept", "", 0)
		}
	}
}

func (f *Frame) language(h *http.Request) i18n.Lang {
	if len(h.Header["Cookie"]) == 0 {
		return i18n.Pick(h.Header.Get("Accept-Language"))
	}
	if c, err := h.Cookie("sekisho-lang"); err == nil {
		if l, ok := i18n.Parse(c.Value); ok {
			return l
		}
	}
	return i18n.Pick(h.Header.Get("Accept-Language"))
}

// Theme is how somebody prefers pages to be shown: "light", "dark", or empty for as
// the device is.
func (r *Request) Theme() string {
	if c, err := r.HTTP.Cookie("sekisho-theme"); err == nil && (c.Value == "light" || c.Value == "dark") {
		return c.Value
	}
	return ""
}

// Prefer keeps how pages are shown: language and theme. These are no secrets and
// are read before anything else.
func (r *Request) Prefer(name, value string) {
	c := &http.Cookie{Name: "sekisho-" + name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: r.frame.URL.Scheme == "https", MaxAge: int(browserLives / time.Second)}
	if value == "" {
		c.MaxAge = -1
	}
	r.cookies = append(r.cookies, c)
}

// Path is where a page's own forms lead back to: only a path of this site.
func LocalPath(raw string) string {
	if len(raw) > 2000 || !strings.HasPrefix(raw, "/") || strings.HasPrefix(raw, "//") || strings.ContainsAny(raw, "\\\r\n\t\x00") {
		return ""
	}
	return raw
}

// ParseAddr reads an address for tests and tools; the zero Addr when it does not
// read.
func ParseAddr(s string) netip.Addr {
	a, _ := netip.ParseAddr(s)
	return a
}
