// Package invite is the pages of who is asked to join an organisation: what the
// invitation says, and the answers to it.
//
// Reading a link spends nothing; a button goes on, in a journey of this browser. It knows
// no rule: what may come next is what the journey says.
package invite

import (
	"context"
	"embed"
	"net/url"
	"time"

	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow/change"
	"sekisho/internal/flow/enter"
	"sekisho/internal/flow/invite"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

//go:embed templates/*.html messages.toml
var files embed.FS

// Door shows invitations.
type Door struct {
	Invite *invite.Invite
	Change *change.Change
}

// Door gives the routes and pages.
func (d *Door) Door() web.Door {
	get := func(path string, g web.Guard, h func(context.Context, *web.Request) (web.Response, error)) web.Route {
		return web.Route{Method: "GET", Path: path, Guard: g, Face: web.Page, Handle: h}
	}
	post := func(path string, g web.Guard, h func(context.Context, *web.Request) (web.Response, error)) web.Route {
		return web.Route{Method: "POST", Path: path, Guard: g, Face: web.Page, Handle: h}
	}
	return web.Door{Name: "invite", Layout: web.Card, Files: files, Routes: []web.Route{
		get("/invite", web.Anyone, d.ask), post("/invite", web.Anyone, d.open),
		get("/invite/accept", web.Fresh, d.acceptPage), post("/invite/accept", web.Fresh, d.accept),
		get("/invite/new", web.Anyone, d.newPage), post("/invite/new", web.Anyone, d.join),
		get("/invite/decline", web.Anyone, d.declinePage), post("/invite/decline", web.Anyone, d.decline),
		get("/invite/declined", web.Anyone, declined),
		get("/invite/domain", web.Fresh, d.domainPage), post("/invite/domain", web.Fresh, d.domain),
	}}
}

// Pages of an invitation.
type (
	// Invited is what an invitation says.
	Invited struct {
		Org      string
		To       string // the address that was invited
		Inviter  string // empty: those who run the service
		Role     string // a built-in one
		Named    string // a role that the organisation made
		Leads    bool   // the role has something to do in the organisation
		Groups   []string
		Domains  []string // that the organisation has proved
		ByDomain bool     // the reader asked for it
		Until    time.Time
	}
	// Ask is what the link leads to.
	Ask struct {
		Invited
		Token string
		Known bool // an account has the address
	}
	// Accept asks for consent, with an account.
	Accept struct {
		Invited
		Flow        string
		Name, Email string
	}
	// New makes an account.
	New struct {
		Invited
		Flow string
		Name string
		Min  int // characters of a password
	}
	// Decline asks once.
	Decline struct {
		Invited
		Flow string
	}
	// Domain asks for consent to join by an address of a domain.
	Domain struct {
		Org    string
		Agreed ref.Org
		To     string
		Direct bool   // else a link is sent there
		Return string // where somebody goes on who does not join
	}
	// DomainSent says that the link is on its way.
	DomainSent struct{ Org, To string }
	// Declined says that it is done.
	Declined struct{}
)

// brand is whose the page of an invitation is.
func brand(v invite.View) web.Brand { return web.Brand{Name: v.Org.Name, Look: v.Look} }

func invited(v invite.View) Invited {
	return Invited{Org: v.Org.Name, To: v.To, Inviter: v.Inviter, Role: v.Role, Named: v.Named, Leads: v.Leads, Groups: v.Groups, Domains: v.Domains, ByDomain: v.ByDomain, Until: v.Until}
}

func (d *Door) ask(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	r.NeedBrowser()
	v, err := d.Invite.Look(ctx, q["c"])
	if err != nil || v.Fault != nil {
		return web.Refuse(v.Fault), err
	}
	return web.Show("invite/ask", Ask{invited(v), q["c"], v.Known}).Of(brand(v)), nil
}

// open goes on in a journey: what comes after must not carry the token along.
func (d *Door) open(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	path, ok := map[string]string{"accept": "/invite/accept", "new": "/invite/new", "decline": "/invite/decline"}[form["way"]]
	if !ok {
		return web.Refuse(faults.Malformed.New("where", "way")), nil
	}
	r.NeedBrowser()
	v, err := d.Invite.Open(ctx, r.Describe(), form["c"])
	if err != nil || v.Fault != nil {
		return web.Refuse(v.Fault), err
	}
	return web.Go(path + "?flow=" + url.QueryEscape(string(v.ID))), nil
}

// flowOf is the journey that the address names.
func flowOf(r *web.Request) (ref.Flow, *fault.Fault, error) {
	q, err := r.Query()
	if err != nil {
		return "", nil, err
	}
	id, ok := ref.ParseFlow(q["flow"])
	if !ok {
		return "", faults.FlowExpired.New(), nil
	}
	return id, nil, nil
}

// show reads the journey for a page.
func (d *Door) show(ctx context.Context, r *web.Request) (invite.View, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return invite.View{Fault: f}, err
	}
	return d.Invite.Show(ctx, r.Visitor, id)
}

func (d *Door) consent(ctx context.Context, r *web.Request, v invite.View) (web.Response, error) {
	a, err := r.Account(ctx)
	if err != nil {
		return web.Response{}, err
	}
	email := a.Email.Shown
	if email == "" {
		email = a.Username
	}
	return web.Show("invite/accept", Accept{invited(v), string(v.ID), a.Name, email}).Of(brand(v)), nil
}

func (d *Door) acceptPage(ctx context.Context, r *web.Request) (web.Response, error) {
	v, err := d.show(ctx, r)
	if err != nil || v.Fault != nil {
		return web.Refuse(v.Fault), err
	}
	return d.consent(ctx, r, v)
}

func (d *Door) accept(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return web.Refuse(f), err
	}
	v, err := d.Invite.Accept(ctx, r.Describe(), r.Session, id)
	if err != nil || v.Fault != nil {
		return web.Refuse(v.Fault), err
	}
	return web.Go("/me/rules?joined=1"), nil
}

func newcomer(v invite.View, name string) web.Response {
	return web.Show("invite/new", New{invited(v), string(v.ID), name, v.MinWord}).Of(brand(v))
}

func (d *Door) newPage(ctx context.Context, r *web.Request) (web.Response, error) {
	v, err := d.show(ctx, r)
	if err != nil || v.Fault != nil {
		return web.Refuse(v.Fault), err
	}
	return newcomer(v, ""), nil
}

func (d *Door) join(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return web.Refuse(f), err
	}
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	v, opened, err := d.Invite.Join(ctx, r.Describe(), id, invite.Newcomer{Name: form["name"], Password: form["new"]})
	switch {
	case err != nil:
		return web.Response{}, err
	case v.Fault != nil && v.ID != "" && v.Fault.Entry.Kind == fault.Bad:
		return newcomer(v, form["name"]).With(v.Fault), nil
	case v.Fault != nil:
		return web.Refuse(v.Fault), nil
	case opened == nil:
		return web.Go("/signin"), nil
	}
	return d.enter(ctx, r, opened)
}

// enter puts the first session into this browser. A second factor that is demanded is
// asked for by the page it leads to.
func (d *Door) enter(ctx context.Context, r *web.Request, o *enter.Opened) (web.Response, error) {
	pushed, err := r.Admit(ctx, o.Session, o.Token)
	if err != nil {
		return web.Response{}, err
	}
	if pushed != "" {
		if _, err := d.Change.End(ctx, r.Describe(), o.Session, []ref.Session{pushed}, false); err != nil {
			return web.Response{}, err
		}
	}
	return web.Go("/me"), nil
}

func (d *Door) declinePage(ctx context.Context, r *web.Request) (web.Response, error) {
	v, err := d.show(ctx, r)
	if err != nil || v.Fault != nil {
		return web.Refuse(v.Fault), err
	}
	return web.Show("invite/decline", Decline{invited(v), string(v.ID)}).Of(brand(v)), nil
}

func (d *Door) decline(ctx context.Context, r *web.Request) (web.Response, error) {
	id, f, err := flowOf(r)
	if err != nil || f != nil {
		return web.Refuse(f), err
	}
	v, err := d.Invite.Decline(ctx, r.Describe(), id)
	if err != nil || v.Fault != nil {
		return web.Refuse(v.Fault), err
	}
	return web.Go("/invite/declined"), nil
}

func declined(context.Context, *web.Request) (web.Response, error) {
	return web.Show("invite/declined", Declined{}), nil
}

func (d *Door) domainPage(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	o, err := d.Invite.Offered(ctx, r.Session.Account)
	if err != nil {
		return web.Response{}, err
	}
	back := web.LocalPath(q["return"])
	if back == "" {
		back = "/me"
	}
	if o.Org.ID == "" {
		return web.Go(back), nil
	}
	return web.Show("invite/domain", Domain{o.Org.Name, o.Org.ID, o.To.Shown, o.Direct, back}), nil
}

func (d *Door) domain(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	id, ok := ref.ParseOrg(form["org"])
	if !ok {
		return web.Refuse(faults.DomainClosed.New()), nil
	}
	o, f, err := d.Invite.JoinByDomain(ctx, r.Describe(), r.Session, id)
	switch {
	case err != nil || f != nil:
		return web.Refuse(f), err
	case o.Direct:
		return web.Go("/me/rules?joined=1"), nil
	}
	return web.Show("invite/domain-sent", DomainSent{o.Org.Name, o.To.Shown}), nil
}
