// Package consent owns the order of the steps when an app asks for somebody:
// signed in, freshly enough, as the one that was meant, agreed, code.
//
// It makes the grant in the session that stands and in one transaction with its
// code. It knows no page and no protocol's errors.
package consent

import (
	"context"
	"errors"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/client"
	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/grant"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/session"
)

// Consent is the journey.
type Consent struct{ *enter.Entry }

const kind = "consent"

// Ask is what an app asks for (OpenID Connect Core §3.1.2.1), checked by the door.
type Ask struct {
	Client    ref.Client    `json:"client"`
	Redirect  string        `json:"redirect"`
	Scope     []string      `json:"scope"`
	State     string        `json:"state,omitempty"`
	Nonce     string        `json:"nonce,omitempty"`
	Challenge string        `json:"challenge,omitempty"`
	Prompt    []string      `json:"prompt,omitempty"`
	MaxAge    time.Duration `json:"max_age,omitempty"` // with Aged
	Aged      bool          `json:"aged,omitempty"`
	Hint      string        `json:"hint,omitempty"` // login_hint
	Subject   ref.Account   `json:"subject,omitempty"`
	ACR       []string      `json:"acr,omitempty"` // acr_values, those there are, as the app prefers them
	Asked     time.Time     `json:"asked"`
}

// raises says whether the app would rather have more than one factor than what a
// session carries.
func (a Ask) raises(acr string) bool {
	for _, v := range a.ACR {
		if v == acr || v == session.ACRMulti {
			return v != acr
		}
	}
	return false
}

func (a Ask) prompts(p string) bool { return slices.Contains(a.Prompt, p) }

// Step is what comes next.
type Step string

// The steps there are.
const (
	Signin  Step = "signin"  // somebody has to sign in
	Fresh   Step = "fresh"   // they have to prove themselves again
	Raise   Step = "raise"   // they have to prove all that their account has
	SetUp   Step = "set_up"  // they have to set up a second factor first
	Choose  Step = "choose"  // they have to choose an account
	Agree   Step = "agree"   // they have to agree
	Granted Step = "granted" // the code is there
	Denied  Step = "denied"  // they, or the gate, said no
)

// View is what a door shows or does next.
type View struct {
	ID     ref.Flow
	Step   Step
	Ask    Ask
	Client client.Client
	Code   secret.Text
	Fault  *fault.Fault
	Silent bool // the app forbade pages: whatever is not granted is an error
}

// Start keeps what an app asks for.
func (c *Consent) Start(ctx context.Context, v flow.Visitor, a Ask) (ref.Flow, error) {
	var id ref.Flow
	err := c.DB.Update(ctx, func(tx db.Tx) error {
		a.Asked = tx.Now()
		s, err := flow.Start(ctx, tx, kind, v, a)
		id = s.ID
		return err
	})
	return id, err
}

// Meant is whom an app asks for: by an ID token, or by what it gives as a hint, which
// holds until somebody chose. The first of those that are here, or none.
func (c *Consent) Meant(ctx context.Context, id ref.Flow, ch Choice, here []ref.Account) (meant ref.Account, err error) {
	err = c.DB.View(ctx, func(tx db.ReadTx) error {
		meant = ""
		a, err := flow.Peek[Ask](ctx, tx, kind, id)
		if errors.Is(err, db.ErrNone) {
			return nil // Next tells
		}
		if err != nil || !a.means(ch) {
			return err
		}
		for _, one := range here {
			if is, err := c.isMeant(ctx, tx, a, one); err != nil || is {
				meant = one
				return err
			}
		}
		return nil
	})
	return meant, err
}

// means says whether it matters who it is.
func (a Ask) means(ch Choice) bool { return a.Subject != "" || a.Hint != "" && !ch.Chosen }

// isMeant says whether an account is the one that was asked for. Only what it bears
// itself is compared: whom else a hint names, and whether anybody, shows nowhere.
func (c *Consent) isMeant(ctx context.Context, r db.Reader, a Ask, who ref.Account) (bool, error) {
	if a.Subject != "" {
		return who == a.Subject, nil
	}
	if a.Hint == string(who) {
		return true, nil
	}
	id, err := account.Parse(a.Hint)
	if err != nil {
		return true, nil // it names nobody
	}
	list, err := account.Addresses(ctx, r, who)
	return slices.ContainsFunc(list, func(x account.Address) bool {
		return x.Kind == id.Kind && x.Norm == id.Norm && (x.Main || !x.Confirmed.IsZero())
	}), err
}

// Redirect is the address at which a journey ends; empty when it is over. It is
// the app's own registered one and no secret.
func (c *Consent) Redirect(ctx context.Context, id ref.Flow) string {
	var to string
	err := c.DB.View(ctx, func(tx db.ReadTx) error {
		a, err := flow.Peek[Ask](ctx, tx, kind, id)
		to = a.Redirect
		return err
	})
	if err != nil {
		return ""
	}
	return to
}

func (c *Consent) load(ctx context.Context, r db.Reader, v flow.Visitor, id ref.Flow) (View, error) {
	s, f, err := flow.Load[Ask](ctx, r, kind, id, v)
	if err != nil || f != nil {
		return View{Fault: f}, err
	}
	app, err := client.Of(ctx, r, s.State.Client)
	if errors.Is(err, db.ErrNone) {
		return View{Fault: faults.AppUnknown.New()}, nil
	}
	return View{ID: id, Ask: s.State, Client: app, Silent: s.State.prompts("none")}, err
}

// Choice is what a person did on the way.
type Choice struct {
	Chosen bool // they chose the account
	Agreed bool
	Denied bool
	SetUp  bool        // their session waits for a second factor to be set up
	As     ref.Account // with Agreed: whom the page that was answered showed
}

// Next goes on with the session the browser has; s is zero when there is none.
func (c *Consent) Next(ctx context.Context, v flow.Visitor, id ref.Flow, s session.Session, ch Choice) (View, error) {
	var view View
	err := c.DB.Update(ctx, func(tx db.Tx) (err error) {
		if view, err = c.load(ctx, tx, v, id); err != nil || view.Fault != nil {
			return err
		}
		now, err := c.standing(ctx, tx, view.Ask, s, ch)
		if err != nil {
			return err
		}
		if view.Step = need(view.Ask, now, ch); view.Step != "" {
			return c.over(ctx, tx, view, view.Step == Denied || view.Silent)
		}
		return c.grant(ctx, tx, v, s, ch, &view)
	})
	return view, err
}

// over ends the journey where nothing can follow.
func (c *Consent) over(ctx context.Context, tx db.Tx, view View, over bool) error {
	if !over {
		return nil
	}
	return flow.End(ctx, tx, view.ID)
}

// standing is what need looks at beside what was asked.
type standing struct {
	session.Session
	second bool // the account has a second factor, so that a higher level can be reached
	other  bool // it is not whom the app asked for
	now    time.Time
}

func (c *Consent) standing(ctx context.Context, r db.Reader, a Ask, s session.Session, ch Choice) (standing, error) {
	now := standing{Session: s, now: r.Now()}
	if s.ID != "" && a.means(ch) {
		is, err := c.isMeant(ctx, r, a, s.Account)
		if now.other = !is; err != nil {
			return now, err
		}
	}
	var err error
	if s.ID != "" && a.raises(s.ACR) {
		now.second, err = c.second(ctx, r, s.Account)
	}
	return now, err
}

// second says whether an account has a second factor.
func (c *Consent) second(ctx context.Context, r db.Reader, id ref.Account) (bool, error) {
	a, err := account.Of(ctx, r, id)
	if err != nil {
		return false, err
	}
	set, err := c.SetOf(ctx, r, a)
	return set.On(), err
}

// need says what is missing before anything is given; empty when nothing is.
func need(a Ask, s standing, ch Choice) Step {
	// A proof made since the app asked is as fresh as can be, and as strong, unless a
	// trusted browser stood in for the second one.
	before := s.AuthTime.Before(a.Asked)
	switch {
	case ch.Denied:
		return Denied
	case s.ID == "" && ch.SetUp:
		return SetUp
	case s.ID == "":
		return Signin
	case s.other && a.prompts("none"):
		return Signin // whoever was asked for is not here (Core §3.1.2.1, id_token_hint)
	case s.other:
		return Choose
	case a.prompts("select_account") && !ch.Chosen:
		return Choose
	case before && (a.prompts("login") || a.Aged && s.now.Sub(s.AuthTime) > a.MaxAge):
		return Fresh
	// acr_values is a wish (Core §3.1.2.1): who has no second factor goes on, and so
	// does an app that forbids pages. The ID token tells what was reached.
	case (before || s.Level() == gate.Trusted) && a.raises(s.ACR) && s.second && !a.prompts("none"):
		return Raise
	}
	return ""
}

// grant asks gate, looks whether the app has the person's consent, and makes the
// code. The session's row is held: one that ends at this instant gives nothing.
func (c *Consent) grant(ctx context.Context, tx db.Tx, v flow.Visitor, s session.Session, ch Choice, view *View) error {
	a, err := account.Lock(ctx, tx, s.Account)
	if err != nil && !errors.Is(err, db.ErrNone) {
		return err
	}
	living, err := session.ByID(ctx, tx, s.ID)
	if errors.Is(err, db.ErrNone) {
		view.Step = Signin
		return nil
	}
	if err != nil {
		return err
	}
	rules, err := c.Rules.At(ctx, tx, living.Account, living.Stands)
	if err != nil {
		return err
	}
	d := gate.Decide(gate.Facts{Door: gate.OIDC, Act: gate.Continue, Now: tx.Now(), Account: gate.State(a.State), From: v.Addr,
		SessionEnds: living.Expires, LastUsed: tx.Now(), SignedInSince: living.Created, Level: living.Level(), Methods: living.AMR, Since: living.Since}, rules)
	if d.Need == gate.NeedFactor {
		view.Step = SetUp
		return nil
	}
	if d.Verdict != gate.Admit {
		view.Step = Denied
		view.Fault, err = c.Refuse(ctx, tx, enter.Refusal{Visitor: v, Account: a.ID, Decision: d, Rules: rules})
		return err
	}
	agreed, err := c.agreed(ctx, tx, a.ID, view, ch)
	if err != nil || !agreed {
		view.Step = Agree
		if err != nil {
			return err
		}
		return c.over(ctx, tx, *view, view.Silent)
	}
	g := grant.Grant{Account: a.ID, Client: view.Client.ID, Session: living.ID, Scope: view.Ask.Scope, Nonce: view.Ask.Nonce,
		AuthTime: living.AuthTime, ACR: living.ACR, AMR: session.Methods(living.AMR)}
	if view.Code, err = grant.New(ctx, tx, g, view.Ask.Redirect, view.Ask.Challenge); err != nil {
		return err
	}
	view.Step = Granted
	return flow.End(ctx, tx, view.ID)
}

func (c *Consent) agreed(ctx context.Context, tx db.Tx, a ref.Account, view *View, ch Choice) (bool, error) {
	before, err := grant.Consented(ctx, tx, a, view.Client.ID, view.Ask.Scope)
	if err != nil {
		return false, err
	}
	if before && !view.Ask.prompts("consent") {
		return true, nil
	}
	// Another tab may have switched accounts since the page was shown: what one of
	// them agreed to gives nothing of the other.
	yes := ch.Agreed && ch.As == a
	if !yes && (!view.Client.FirstParty || view.Ask.prompts("consent")) {
		return false, nil
	}
	if err := grant.Consent(ctx, tx, a, view.Client.ID, view.Ask.Scope); err != nil {
		return false, err
	}
	_, err = audit.Write(ctx, tx, audit.Event{Kind: "app.connected", Account: a, Actor: string(a), Client: view.Client.ID,
		Detail: struct {
			App   string   `json:"app"`
			Scope []string `json:"scope"`
		}{view.Client.Name, view.Ask.Scope}})
	return true, err
}
