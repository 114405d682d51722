// Package letter writes the mails: text and HTML with the same sentences, in the
// reader's language, one thing to do in each, and from where it was asked.
//
// It sends nothing and keeps nothing. A code never stands in a subject, which a
// locked phone would show.
package letter

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"strings"
	"time"
	"unicode"

	"sekisho/internal/i18n"
	"sekisho/internal/outbox"
)

// Sheet is what all letters of a service carry.
type Sheet struct {
	Service string // its name
	URL     string
	Support string // whom to ask
}

// To is who reads a letter.
type To struct {
	Lang    i18n.Lang
	Address string
	Name    string // empty: not greeted by name
}

// From says where something was asked from.
type From struct {
	Time  time.Time
	Zone  *time.Location
	Agent string
	Addr  string
	Place string
}

// Code is a code to be typed, and for recovery a link that does the same.
type Code struct {
	Code    string
	Link    string
	Minutes int
	From    From
}

//go:embed messages.toml
var messages embed.FS

var texts = func() *i18n.Catalogue {
	c, err := i18n.Load(fs.FS(messages))
	if err != nil {
		panic(err) // embedded: a test loads it first
	}
	return c
}()

// page is what the HTML template shows.
type page struct {
	Lang                    i18n.Lang
	Service, Subject, Hello string
	Body                    []string
	Code                    string
	Button, Link            string
	Asked                   []string
	Close                   []string
}

var layout = template.Must(template.New("mail").Parse(`<!doctype html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Subject}}</title>
<meta name="color-scheme" content="light dark">
<style>body{font:16px/1.7 system-ui,"Hiragino Sans","Noto Sans JP",sans-serif;color:#1d2230;max-width:560px;margin:0 auto;padding:24px}
.code{font-size:31px;line-height:1.3;letter-spacing:.1em;font-weight:600;font-variant-numeric:tabular-nums;margin:24px 0}.go{display:inline-block;padding:12px 20px;border-radius:8px;background:#2c4693;color:#fff;font-weight:600;text-decoration:none}
.quiet{color:#545b6c;font-size:13px}.asked,.from{border-top:1px solid #e0ddd6;padding-top:16px;margin-top:24px}.link{overflow-wrap:anywhere}
@media(prefers-color-scheme:dark){body{background:#10151e;color:#e8e6e1}.quiet{color:#a9afbd}.go{background:#93b1fb;color:#0c1226}.asked,.from{border-color:#2f3643}}</style></head><body>
<p>{{.Hello}}</p>
{{range .Body}}<p>{{.}}</p>
{{end}}{{with .Code}}<p class="code">{{.}}</p>
{{end}}{{with .Link}}<p><a class="go" href="{{.}}">{{$.Button}}</a></p>
<p class="quiet link">{{.}}</p>
{{end}}{{with .Asked}}<p class="quiet asked">{{range .}}{{.}}<br>{{end}}</p>
{{end}}{{range .Close}}<p class="quiet">{{.}}</p>
{{end}}<p class="quiet from">{{.Service}}</p>
</body></html>
`))

// clean takes what could change how a letter reads out of a name: line breaks
// and direction marks.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
}

// draft is a letter in the making.
type draft struct {
	sheet Sheet
	to    To
	topic string // the prefix of its messages
	code  string
	link  string
	args  []any
	more  []string // paragraphs after the body
	from  From
}

func (d draft) t(key string) string {
	return texts.T(d.to.Lang, key, d.args...)
}

func (d draft) letter() outbox.Letter {
	d.args = append(d.args, "name", clean(d.to.Name), "service", d.sheet.Service)
	l := d.to.Lang
	p := page{Lang: l, Service: d.sheet.Service, Subject: d.t(d.topic + ".subject"), Hello: d.t("hello"), Code: group(d.code), Link: d.link}
	if d.to.Name == "" {
		p.Hello = d.t("hello.unnamed")
	}
	p.Body = append(strings.Split(d.t(d.topic+".body"), "\n"), d.more...)
	if d.link != "" {
		p.Button = d.t(d.topic + ".button")
	}
	place := d.from.Place
	if place == "" {
		place = d.t("place.unknown")
	}
	if d.from.Addr != "" { // else nobody asked for it from a browser
		p.Asked = []string{
			d.t("asked.time") + i18n.Time(l, d.from.Time.In(d.from.Zone)),
			d.t("asked.agent") + clean(d.from.Agent),
			d.t("asked.place") + clean(place) + " (" + d.from.Addr + ")",
		}
	}
	p.Close = []string{d.t(d.topic + ".close")}
	if d.sheet.Support != "" {
		p.Close = append(p.Close, texts.T(l, "support", "support", d.sheet.Support))
	}
	var html bytes.Buffer
	if err := layout.Execute(&html, p); err != nil {
		panic(err) // a template over strings, rendered into memory
	}
	return outbox.Letter{To: d.to.Address, Lang: string(l), Subject: p.Subject, Text: p.text(), HTML: html.String()}
}

func (p page) text() string {
	var b strings.Builder
	para := func(s string) { fmt.Fprintf(&b, "%s\n\n", s) }
	para(p.Hello)
	for _, s := range p.Body {
		para(s)
	}
	if p.Code != "" {
		para("    " + p.Code)
	}
	if p.Link != "" {
		para(p.Button + ":\n" + p.Link)
	}
	if len(p.Asked) > 0 {
		para(strings.Join(p.Asked, "\n"))
	}
	for _, s := range p.Close {
		para(s)
	}
	b.WriteString("-- \n" + p.Service + "\n")
	return b.String()
}

// group writes a code in two halves, as it is read aloud.
func group(code string) string {
	if len(code) < 6 {
		return code
	}
	half := len(code) / 2
	return group(code[:half]) + " " + group(code[half:])
}

func codeLetter(topic string, s Sheet, to To, c Code) outbox.Letter {
	return draft{sheet: s, to: to, topic: topic, code: c.Code, link: c.Link, args: []any{"minutes", c.Minutes}, from: c.From}.letter()
}

// SigninCode carries a code to sign in with.
func SigninCode(s Sheet, to To, c Code) outbox.Letter { return codeLetter("signin", s, to, c) }

// ConfirmCode carries a code that proves an address.
func ConfirmCode(s Sheet, to To, c Code) outbox.Letter { return codeLetter("confirm", s, to, c) }

// RecoverCode carries a code and a link to set a new password.
func RecoverCode(s Sheet, to To, c Code) outbox.Letter { return codeLetter("recover", s, to, c) }

// ResetLink is what an admin has sent for a new password.
type ResetLink struct {
	Who   string // who had it sent; empty: the people who run the service
	Link  string
	Until time.Time
	Zone  *time.Location
}

// Aided is Changed for what somebody else did, whom Name names; empty: the people who run
// the service.
func Aided(s Sheet, to To, c Change) outbox.Letter {
	c.What, c.Name = "aid."+c.What, aider(to.Lang, c.Name)
	return Changed(s, to, c)
}

// Goes is an account that somebody else deleted.
type Goes struct {
	Who  string
	At   time.Time // when it is erased
	Zone *time.Location
	Now  bool // at once
}

// Gone tells that an account was deleted.
func Gone(s Sheet, to To, g Goes) outbox.Letter {
	d := draft{sheet: s, to: to, topic: "gone", args: []any{"who", aider(to.Lang, g.Who)}}
	if g.Now {
		d.more = []string{texts.T(to.Lang, "gone.now")}
	} else {
		d.more = []string{texts.T(to.Lang, "gone.at", "until", i18n.Time(to.Lang, g.At.In(g.Zone)))}
	}
	return d.letter()
}

func aider(l i18n.Lang, who string) string {
	if who = clean(who); who == "" {
		who = texts.T(l, "aid.operator")
	}
	return who
}

// Reset carries a link to set a new password that somebody else had sent.
func Reset(s Sheet, to To, r ResetLink) outbox.Letter {
	return draft{sheet: s, to: to, topic: "reset", link: r.Link, args: []any{"who", aider(to.Lang, r.Who), "until", i18n.Time(to.Lang, r.Until.In(r.Zone))}}.letter()
}

// ReplaceCode carries a code and a link to set up Tegata anew while sign-in is locked.
func ReplaceCode(s Sheet, to To, c Code) outbox.Letter { return codeLetter("replace", s, to, c) }

// NewSignin tells of a sign-in from a new browser or place; link leads to the
// two answers.
func NewSignin(s Sheet, to To, link string, f From) outbox.Letter {
	return draft{sheet: s, to: to, topic: "new", link: link, from: f}.letter()
}

// PasswordChanged tells that the password was changed.
func PasswordChanged(s Sheet, to To, link string, f From) outbox.Letter {
	return draft{sheet: s, to: to, topic: "changed", link: link, from: f}.letter()
}

// TooManyAttempts tells that somebody failed to sign in many times.
func TooManyAttempts(s Sheet, to To, link string, f From) outbox.Letter {
	return draft{sheet: s, to: to, topic: "attempts", link: link, from: f}.letter()
}

// Halfway tells that somebody passed the first step of signing in and failed at the
// second.
func Halfway(s Sheet, to To, link string, f From) outbox.Letter {
	return draft{sheet: s, to: to, topic: "halfway", link: link, from: f}.letter()
}

// Stop is a way to sign in that was stopped.
type Stop struct {
	Kind string // of proof
	Link string
	From From // who gave the last wrong answer
}

// Stopped tells that a way to sign in is stopped after many wrong answers.
func Stopped(s Sheet, to To, st Stop) outbox.Letter {
	return draft{sheet: s, to: to, topic: "stopped", link: st.Link, args: []any{"item", Item{Kind: st.Kind}.words(to.Lang)}, from: st.From}.letter()
}

// Item is something that guards an account: its kind, and what its owner calls it.
type Item struct{ Kind, Name string }

func (it Item) words(l i18n.Lang) string {
	name := ""
	if it.Name != "" {
		name = quoted(l, it.Name)
	}
	return strings.TrimSpace(texts.T(l, "kind."+it.Kind) + " " + name)
}

func items(l i18n.Lang, list []Item) string {
	var words []string
	for _, it := range list {
		words = append(words, it.words(l))
	}
	return strings.Join(words, texts.T(l, "and"))
}

// Undone is what "this was not me" undid.
type Undone struct {
	Taken, Back []Item // taken off the account, and put back on it
	Waits       bool   // a reset that is proved by what is sent alone waits a day
	Link        string
	From        From
}

// Contained tells that every door was closed after "this was not me".
func Contained(s Sheet, to To, u Undone) outbox.Letter {
	d := draft{sheet: s, to: to, topic: "contained", link: u.Link, from: u.From}
	say := func(key string, list []Item) {
		if len(list) > 0 {
			d.more = append(d.more, texts.T(to.Lang, key, "items", items(to.Lang, list)))
		}
	}
	say("contained.taken", u.Taken)
	say("contained.back", u.Back)
	if u.Waits {
		d.more = append(d.more, texts.T(to.Lang, "contained.waits"))
	}
	return d.letter()
}

// TakenOff tells the reader of an address that it was taken off an account. It greets
// nobody: whose address it is, is in doubt.
func TakenOff(s Sheet, to To, it Item, link string) outbox.Letter {
	to.Name = ""
	return draft{sheet: s, to: to, topic: "off", link: link, args: []any{"item", it.words(to.Lang)}}.letter()
}

// Waits is a recovery that has to wait, or has waited, before it may go on.
type Waits struct {
	Until time.Time
	Link  string
	From  From
}

func waitsLetter(topic string, s Sheet, to To, w Waits) outbox.Letter {
	until := i18n.Time(to.Lang, w.Until.In(w.From.Zone))
	return draft{sheet: s, to: to, topic: topic, link: w.Link, args: []any{"until", until}, from: w.From}.letter()
}

// RecoveryWaits tells that the password may be set anew in a while; the link
// cancels it.
func RecoveryWaits(s Sheet, to To, w Waits) outbox.Letter { return waitsLetter("waits", s, to, w) }

// RecoveryReady tells that the wait is over; the link goes on.
func RecoveryReady(s Sheet, to To, w Waits) outbox.Letter { return waitsLetter("ready", s, to, w) }

// ReplaceWaits tells that Tegata may be replaced in a while; the link cancels it.
func ReplaceWaits(s Sheet, to To, w Waits) outbox.Letter { return waitsLetter("rwaits", s, to, w) }

// ReplaceReady tells that the wait is over; the link goes on.
func ReplaceReady(s Sheet, to To, w Waits) outbox.Letter { return waitsLetter("rready", s, to, w) }

// Change is something that guards an account and was changed.
type Change struct {
	What string // such as "factor.added"
	Kind string // the kind of factor, where it is about one
	Name string // what its owner calls it
	Org  string // the organisation it is about, where it is about one
	Old  []Item // what it takes the place of
	Link string
	From From
}

// Changed tells that something which guards the account was changed.
func Changed(s Sheet, to To, c Change) outbox.Letter {
	l := to.Lang
	item := clean(c.Name)
	if c.Name != "" && c.Kind != "" {
		item = Item{c.Kind, c.Name}.words(l)
	}
	what := texts.T(l, "guard."+c.What, "item", item, "org", clean(c.Org))
	if len(c.Old) > 0 {
		what += "\n" + texts.T(l, "guard.old", "items", items(l, c.Old))
	}
	topic := "guard"
	if strings.HasPrefix(c.What, "aid.") {
		topic = "aided" // it was somebody else, and they are named
	}
	return draft{sheet: s, to: to, topic: topic, link: c.Link, from: c.From, args: []any{"what", what}}.letter()
}

func quoted(l i18n.Lang, name string) string {
	if l == i18n.Ja {
		return "「" + clean(name) + "」"
	}
	return "“" + clean(name) + "”"
}

// Invited is somebody who is asked to join an organisation, or was.
type Invited struct {
	Org   string
	By    string // who invites; empty: those who run the service
	Role  string // as the reader knows it
	Until time.Time
	Zone  *time.Location
	Link  string
	From  From // with InvitationTaken
}

// Invitation asks the reader of an address to join an organisation. It greets nobody:
// the name of who reads it is not known. What the organisation and who invites are called
// was chosen by others, so it stands in quotes and says only who they are.
func Invitation(s Sheet, to To, i Invited) outbox.Letter {
	to.Name = ""
	l := to.Lang
	by := texts.T(l, "invite.operator")
	if i.By != "" {
		by = quoted(l, plain(i.By))
	}
	return draft{sheet: s, to: to, topic: "invite", link: i.Link,
		args: []any{"org", quoted(l, plain(i.Org)), "by", by, "role", quoted(l, plain(i.Role)), "until", i18n.Time(l, i.Until.In(i.Zone))}}.letter()
}

// InvitationAsked carries the link by which somebody joins the organisation that proved
// the domain of their address, as they asked.
func InvitationAsked(s Sheet, to To, i Invited) outbox.Letter {
	to.Name = ""
	return draft{sheet: s, to: to, topic: "asked", link: i.Link, args: []any{"org", quoted(to.Lang, plain(i.Org)), "until", i18n.Time(to.Lang, i.Until.In(i.Zone))}}.letter()
}

// InvitationTaken tells the reader of an address that an account which does not have it
// accepted its invitation.
func InvitationTaken(s Sheet, to To, i Invited) outbox.Letter {
	to.Name = ""
	return draft{sheet: s, to: to, topic: "taken", from: i.From, args: []any{"org", quoted(to.Lang, plain(i.Org))}}.letter()
}

// Role is what a role that every organisation has is called.
func Role(l i18n.Lang, role string) string { return texts.T(l, "role."+role) }

// plain is what somebody is called, in a mail to people who do not know them: mail
// programs make links of what looks like an address, and a name must not lead anywhere.
func plain(name string) string {
	return strings.NewReplacer("://", " ", "www.", "www ", "@", " ").Replace(clean(name))
}

// Site is a domain of an organisation whose proof is missing.
type Site struct {
	Org, Domain string
	Lost        bool // for so long that it is not the organisation's any more
	Days        int  // within which it has to be back
	Link        string
}

// Domain tells an owner of an organisation that the proof of a domain is missing, or was
// for too long.
func Domain(s Sheet, to To, d Site) outbox.Letter {
	topic := "domain"
	if d.Lost {
		topic = "undomain"
	}
	return draft{sheet: s, to: to, topic: topic, link: d.Link, args: []any{"org", quoted(to.Lang, plain(d.Org)), "domain", clean(d.Domain), "days", d.Days}}.letter()
}
