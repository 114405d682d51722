// Package enter is the last step that every journey into an account shares:
// gather the facts, ask gate, and open the session, count it, tell the owner
// and write it down, all in one transaction.
//
// It knows no order of steps and no page. A cap or limit enforced here holds
// for every journey and every door.
package enter

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/browser"
	"sekisho/internal/db"
	"sekisho/internal/factor/backup"
	"sekisho/internal/factor/passkey"
	"sekisho/internal/factor/push"
	"sekisho/internal/factor/sentcode"
	"sekisho/internal/factor/totp"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/gate"
	"sekisho/internal/grant"
	"sekisho/internal/hub"
	"sekisho/internal/letter"
	"sekisho/internal/netx"
	"sekisho/internal/org"
	"sekisho/internal/outbox"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/session"
	"sekisho/internal/slowhash"
)

// Entry is what journeys into an account need.
type Entry struct {
	DB            *db.DB
	Ring          *secret.Ring
	Outbox        *outbox.Outbox
	Grants        *grant.Grants
	Hasher        *slowhash.Hasher
	Codes         sentcode.Codes
	Apps          totp.Codes
	Pushes        push.Pushes
	Hub           *hub.Hub      // wakes who waits on this node
	Keys          *passkey.Keys // nil: browsers offer no passkeys at the public address
	SMS           bool          // a gateway is set: codes can go to numbers
	Rules         *org.Book     // what holds for whom
	Sheet         letter.Sheet
	Zone          *time.Location
	HostedDomains []string
	Roles         []string      // first parts of shared mailboxes (RC-30)
	Disclose      bool          // the operator lets strangers know which accounts exist
	HookNetworks  netx.Proxies  // inner networks in which webhooks may be
	Grace         time.Duration // before an account is erased that an organisation deleted (OR-03)
}

// Who is at the door of which account, and what they have proved.
type Who struct {
	Visitor flow.Visitor
	Account account.Account // locked by the caller in this transaction
	Proofs  []gate.Proof
	Keep    bool
	Reprove ref.Session // a living session of this browser that proves itself anew instead of opening another
	Lost    bool        // the password is lost, or was set anew a moment ago: it proves nothing
	Ordered bool        // with Lost: an admin had the reset sent
	StepUp  bool        // the session of Reprove asks for a fresh proof of all that the account has
	Trust   bool        // this browser is to be trusted (TB-01)
}

// Opened is a session that was opened.
type Opened struct {
	Session session.Session
	Account account.Account
	Token   secret.Text
	Missing gate.Need     // what the page after sign-in asks for; may be skipped (SI-23)
	Trust   []secret.Text // non-nil: the tokens of trusted browsers this browser shows from now on
}

// Result is what came of asking to enter.
type Result struct {
	Opened *Opened   // admitted
	Need   gate.Need // more is to be proved
	Ways   []Way     // with NeedSecond, NeedAnother: how
	// TrustDays is for how long this browser can be trusted afterwards; 0: not at all
	TrustDays int
	Fault     *fault.Fault      // refused
	Sessions  []session.Session // with session.limit: what could be ended
}

// living bounds the sessions that count under the policy.
func living(p *policy.Effective) session.Living {
	return session.Living{Lifetime: p.Session.Lifetime, Idle: p.Session.Idle}
}

// Day is when the day began in which an instant is, where the server lives.
func (e *Entry) Day(at time.Time) time.Time { return e.day(at) }

// day is when the day began, where the server lives.
func (e *Entry) day(now time.Time) time.Time {
	y, m, d := now.In(e.Zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, e.Zone)
}

// seen is what was found out to decide on.
type seen struct {
	facts gate.Facts
	set   Set
	news  browser.News
	trust browser.Trust
	shown int // which of the visitor's tokens showed the trust
}

// Gather finds out what a decision about entering looks at, but for the browser's part in it:
// whether it is known, trusted, and somewhere new. It only reads.
func (e *Entry) Gather(ctx context.Context, r db.Reader, w Who) (gate.Facts, Set, error) {
	w.Proofs = gate.Standing(w.Proofs, w.Account.Turn)
	f := gate.Facts{
		Door: w.Visitor.Door, Act: gate.Enter, Now: r.Now(), Account: gate.State(w.Account.State), Proofs: w.Proofs, Turn: w.Account.Turn,
		From: w.Visitor.Addr, SigninsToday: w.Account.SigninsSince(e.day(r.Now())), StepUp: w.StepUp,
		Contained: !w.Account.Contained.IsZero(), Recovers: w.Lost, Ordered: w.Ordered,
		Locked: w.Account.Locked(r.Now()), LockEnds: w.Account.LockEnds, Since: w.Account.Created,
	}
	set, err := e.SetOf(ctx, r, w.Account)
	if err != nil {
		return f, set, err
	}
	f.PasswordSet, f.MustChange = set.Record.SetAt, set.Record.MustChange
	f.Issued, f.OwnAddresses = set.Issued, set.Rules.Own.Address.Allowed
	f.Set, f.SecondVia, f.OnFile = set.Seconds(), set.number().Norm, set.onFile()
	if w.Lost {
		f.OnFile = slices.DeleteFunc(f.OnFile, func(k gate.Kind) bool { return k == gate.Password })
	}
	if w.Reprove == "" {
		f.Sessions, err = session.Count(ctx, r, w.Account.ID, living(set.Rules))
	}
	return f, set, err
}

func (e *Entry) look(ctx context.Context, tx db.Tx, w Who) (s seen, err error) {
	if s.facts, s.set, err = e.Gather(ctx, tx, w); err != nil {
		return s, err
	}
	f := &s.facts
	if f.Trusted, err = e.trusted(ctx, tx, w, &s); err != nil {
		return s, err
	}
	if s.news, err = browser.Look(ctx, tx, w.Account.ID, w.Visitor.Browser, w.Visitor.Where); err != nil || w.Reprove != "" {
		return s, err
	}
	f.KnownBrowser = w.Visitor.Proven && !s.news.Browser
	f.Unusual = s.news.Unusual() && !w.Account.LastSignin.IsZero() // there is something to compare it with
	return s, nil
}

// trusted says whether the account trusts this browser. Only one that showed our
// own cookie can be, and only on pages: a trust is turned at use (TB-01), and a program
// that does not keep the cookie it gets would end it.
func (e *Entry) trusted(ctx context.Context, tx db.Tx, w Who, s *seen) (bool, error) {
	if !w.Visitor.Proven || w.Visitor.Door != gate.Web || w.StepUp || len(w.Visitor.Trust) == 0 || !s.set.On() {
		return false, nil
	}
	var err error
	s.trust, s.shown, err = browser.ByTrust(ctx, tx, w.Account.ID, w.Visitor.Browser, w.Visitor.Trust)
	if errors.Is(err, db.ErrNone) {
		return false, nil
	}
	return err == nil && trusts(s.set.Rules, tx.Now(), s.trust), err
}

// Enter asks gate and, when it admits, opens the session. The caller holds the
// account's row (account.Lock), so that caps hold under parallel sign-ins on
// any number of nodes (SE-12).
func (e *Entry) Enter(ctx context.Context, tx db.Tx, w Who) (Result, error) {
	again, err := e.again(ctx, tx, w)
	if err != nil {
		return Result{}, err
	}
	w.Reprove = again
	s, err := e.look(ctx, tx, w)
	if err != nil {
		return Result{}, err
	}
	rules := s.set.Rules
	d := gate.Decide(s.facts, rules)
	switch d.Verdict {
	case gate.Prove:
		return e.more(ctx, tx, w, s, d)
	case gate.Admit:
		return e.admit(ctx, tx, w, s, d)
	}
	flt, err := e.Refuse(ctx, tx, Refusal{Visitor: w.Visitor, Account: w.Account.ID, Decision: d, Facts: gate.Keep(s.facts), Rules: rules})
	if err != nil {
		return Result{}, err
	}
	res := Result{Fault: flt}
	if flt.Code() == faults.SessionLimit.Code {
		res.Sessions, err = session.Of(ctx, tx, w.Account.ID, living(rules))
		flt.Args["limit"], flt.Args["count"] = rules.Session.Concurrent, len(res.Sessions)
	}
	return res, err
}

// again is the session that proves itself anew, when it is one of this account, in
// this browser, that goes on by itself. With any other a session is opened and
// counted like everybody's: else whoever begins many sign-ins while one session
// lives would get past the cap once it has ended (SE-12), and a session past the
// policy's lifetime would be proved and refused for ever.
func (e *Entry) again(ctx context.Context, tx db.Tx, w Who) (ref.Session, error) {
	if w.Reprove == "" {
		return "", nil
	}
	s, err := session.ByID(ctx, tx, w.Reprove)
	if errors.Is(err, db.ErrNone) {
		return "", nil
	}
	if err != nil || s.Account != w.Account.ID || s.Browser != w.Visitor.Browser && !w.StepUp {
		return "", err
	}
	rules, err := e.Rules.At(ctx, tx, s.Account, s.Stands)
	if err != nil {
		return "", err
	}
	d := gate.Decide(gate.Facts{Door: w.Visitor.Door, Act: gate.Continue, Now: tx.Now(), Account: gate.State(w.Account.State), From: w.Visitor.Addr,
		SessionEnds: s.Expires, LastUsed: s.LastUsed, SignedInSince: s.Created,
		Level: s.Level(), Methods: s.AMR, Since: s.Since}, rules)
	if d.Verdict == gate.Refuse {
		return "", nil
	}
	return s.ID, nil
}

// more says what else is to be proved, and how it can be.
func (e *Entry) more(ctx context.Context, tx db.Tx, w Who, s seen, d gate.Decision) (Result, error) {
	res := Result{Need: d.Need, TrustDays: s.set.Rules.SecondFactor.TrustDays}
	switch d.Need {
	case gate.NeedSecond:
		res.Ways = e.ways(gate.Ways(&s.facts, s.set.Rules), s.set, w.Account)
	case gate.NeedAnother:
		s.set.Numbers = nil // the code goes to the number on file
		res.Ways = e.ways(gate.Others(&s.facts), s.set, w.Account)
	default:
		return res, nil
	}
	if len(res.Ways) > 0 {
		return res, nil
	}
	// What was proved first is the only second there is, or nothing can be sent.
	var err error
	res.Need = ""
	res.Fault, err = e.Refuse(ctx, tx, Refusal{Visitor: w.Visitor, Account: w.Account.ID, Decision: d, Tell: faults.FactorNoOtherWay, Facts: gate.Keep(s.facts), Rules: s.set.Rules})
	return res, err
}

func (e *Entry) admit(ctx context.Context, tx db.Tx, w Who, s seen, d gate.Decision) (Result, error) {
	o, err := e.open(ctx, tx, w, s, d.Level)
	if err != nil {
		return Result{}, err
	}
	e.missing(o, s)
	if o.Trust, err = e.trust(ctx, tx, w, s, d.Level); err != nil {
		return Result{}, err
	}
	if !w.StepUp {
		if err := account.CountSignin(ctx, tx, w.Account.ID, e.day(tx.Now())); err != nil {
			return Result{}, err
		}
	}
	if err := browser.Seen(ctx, tx, w.Account.ID, w.Visitor.Browser, w.Visitor.Where); err != nil {
		return Result{}, err
	}
	if !s.news.Browser {
		if err := e.offer(ctx, tx, o, w, s); err != nil {
			return Result{}, err
		}
	}
	// Whoever proves more than codes that were sent needs no weak recovery, and knows
	// now that one was under way.
	if d.Level == gate.Multi && !gate.OnlySent(gate.Standing(w.Proofs, w.Account.Turn)) {
		if err := e.EndCooling(ctx, tx, w.Account.ID, w.Visitor); err != nil {
			return Result{}, err
		}
	}
	kind := "signin.succeeded"
	if w.StepUp {
		kind = "session.proved"
	}
	_, err = audit.Write(ctx, tx, audit.Event{
		Kind: kind, Account: w.Account.ID, Actor: string(w.Account.ID), Session: o.Session.ID,
		Addr: w.Visitor.Addr.String(), Agent: w.Visitor.Program, Place: w.Visitor.Place,
		Detail: Told{Door: w.Visitor.Door, Proofs: amr(w.Proofs), Level: d.Level, Facts: gate.Keep(s.facts), Rules: rulesOf(s.set.Rules), Trace: d.Trace},
	})
	if err != nil {
		return Result{}, err
	}
	if err := e.tellSpent(ctx, tx, w, o.Session); err != nil {
		return Result{}, err
	}
	// The first sign-in of all is no news to whoever signed up a moment ago.
	if (s.news.Browser || s.news.Place) && !w.Account.LastSignin.IsZero() {
		err = e.tellNewSignin(ctx, tx, w, o.Session.ID)
	}
	return Result{Opened: o}, err
}

// missing says what the page after sign-in asks for: at most one thing (SI-23).
func (e *Entry) missing(o *Opened, s seen) {
	switch {
	case o.Account.Email.Norm != "" && o.Account.Email.Confirmed.IsZero():
		o.Missing = gate.NeedAddress
	case s.set.On() && slices.ContainsFunc(s.facts.Proofs, func(p gate.Proof) bool { return p.Kind == gate.Backup || p.Kind == gate.Passphrase }):
		o.Missing = NeedAnew
	case s.set.Rules.SecondFactor.Demanded && o.Session.Level() != gate.Multi && !s.set.On():
		o.Missing = gate.NeedFactor
	case s.set.On() && s.set.Rules.SecondFactor.BackupCodes && s.set.BackupOf > 0 && s.set.Backup <= 1:
		o.Missing = NeedBackup
	case s.set.alone() && !s.facts.StepUp: // a step-up goes on with what was begun
		o.Missing = NeedWayBack
	}
}

// NeedAnew asks whoever came in by what stands in for a lost device to set up
// their factors anew (SI-14).
const NeedAnew gate.Need = "factors_anew"

// NeedBackup asks to renew backup codes that are nearly used up.
const NeedBackup gate.Need = "backup_codes"

// NeedWayBack asks whoever has one factor and nothing that stands in for it to add a
// way back.
const NeedWayBack gate.Need = "way_back"

// trust gives the tokens this browser shows from now on; nil when they stay.
func (e *Entry) trust(ctx context.Context, tx db.Tx, w Who, s seen, l gate.Level) ([]secret.Text, error) {
	kept := slices.Clone(w.Visitor.Trust)
	var token secret.Text
	var err error
	days := s.set.Rules.SecondFactor.TrustDays
	switch {
	case l == gate.Trusted:
		token, err = browser.UseTrust(ctx, tx, s.trust.ID, kept[s.shown])
		kept = slices.Delete(kept, s.shown, s.shown+1)
	case w.Trust && l == gate.Multi && s.set.On() && days > 0 && w.Visitor.Proven && w.Visitor.Door == gate.Web:
		token, err = browser.NewTrust(ctx, tx, browser.Trust{Account: w.Account.ID, Browser: w.Visitor.Browser, Expires: tx.Now().AddDate(0, 0, days),
			Agent: w.Visitor.Agent, Addr: w.Visitor.Addr.String(), Place: w.Visitor.Place})
		if err == nil {
			_, err = audit.Write(ctx, tx, audit.Event{Kind: "browser.trusted", Account: w.Account.ID, Actor: string(w.Account.ID),
				Addr: w.Visitor.Addr.String(), Agent: w.Visitor.Program, Place: w.Visitor.Place})
		}
	default:
		return nil, nil
	}
	return slices.Insert(kept, 0, token), err
}

// Told is what an audit row says of a decision.
type Told struct {
	Door   gate.Door   `json:"door"`
	Kind   string      `json:"kind,omitempty"`
	Truth  string      `json:"truth,omitempty"`
	Proofs []string    `json:"proofs,omitempty"`
	Level  gate.Level  `json:"level,omitempty"`
	Facts  *gate.Kept  `json:"facts,omitempty"` // of a sign-in that got as far as its proofs
	Rules  int64       `json:"rules,omitempty"` // version of the organisation's rules
	Trace  []gate.Step `json:"trace,omitempty"`
}

func rulesOf(p *policy.Effective) int64 {
	if p == nil {
		return 0
	}
	return p.Org.Version
}

// sent says whether all that opens the session is codes that were sent. A recovery
// proved by these alone has waited, where it had to.
func (w Who) sent() bool { return !w.Lost && gate.OnlySent(gate.Standing(w.Proofs, w.Account.Turn)) }

func (e *Entry) open(ctx context.Context, tx db.Tx, w Who, x seen, l gate.Level) (*Opened, error) {
	o := &Opened{Account: w.Account}
	var err error
	if w.Reprove != "" {
		old, err := session.ByID(ctx, tx, w.Reprove)
		if err != nil {
			return nil, err
		}
		old.Keep, old.Sent = old.Keep || w.Keep, w.sent()
		o.Session, o.Token, err = session.Prove(ctx, tx, old, session.ACR(l), amr(gate.Standing(w.Proofs, w.Account.Turn)))
		return o, err
	}
	o.Session, o.Token, err = session.Open(ctx, tx, session.New{
		Account: w.Account.ID, Browser: w.Visitor.Browser, Door: string(w.Visitor.Door), Lifetime: x.set.Rules.Session.Lifetime,
		ACR: session.ACR(l), AMR: amr(gate.Standing(w.Proofs, w.Account.Turn)), Sent: w.sent(), Keep: w.Keep, Since: w.Account.Created,
		Agent: w.Visitor.Agent, Addr: w.Visitor.Addr.String(), Place: w.Visitor.Place,
	})
	return o, err
}

// Refusal is a decision against somebody, to be written down.
type Refusal struct {
	Visitor  flow.Visitor
	Account  ref.Account
	Decision gate.Decision // with Verdict Refuse
	Tell     *fault.Entry  // what is said, when it is not the decision's own code
	Class    Class
	Act      Act    // what was refused; empty: a sign-in
	Truth    string // what the audit row says and the stranger does not learn
	Args     map[string]any
	Facts    *gate.Kept        // what a decision about entering was made on
	Rules    *policy.Effective // what held; nil: nothing that tells whose rule it was
}

// Act is what was refused, as its audit row says it.
type Act string

// The acts there are.
const (
	Signin   Act = "signin.refused"
	Address  Act = "address.refused"          // proving an address or number
	Enrol    Act = "factor.refused"           // setting up a factor
	Recovery Act = "account.recovery_refused" // getting back in
	Replaces Act = "device.replace_refused"   // a new Tegata in place of the lost one
	Password Act = "password.refused"         // changing the password
)

// Refuse writes a refusal down and gives the fault that tells it, with the
// reference that finds the row.
func (e *Entry) Refuse(ctx context.Context, tx db.Tx, r Refusal) (*fault.Fault, error) {
	entry := r.Tell
	if entry == nil {
		var ok bool
		if entry, ok = faults.ByCode(r.Decision.Code); !ok {
			return nil, errors.New("gate refused with a code nobody wrote a text for: " + r.Decision.Code)
		}
	}
	f := entry.New()
	if f.Args == nil {
		f.Args = map[string]any{}
	}
	if r.Rules != nil && r.Tell == nil {
		f = entry.New(r.Decision.Args(r.Rules)...)
	}
	for k, v := range r.Args {
		f.Args[k] = v
	}
	if !r.Decision.RetryAt.IsZero() {
		f.Until(r.Decision.RetryAt)
		f.Args["wait"] = r.Decision.RetryAt.Sub(tx.Now())
	}
	if entry.Code == faults.SigninDailyLimit.Code {
		next := e.day(tx.Now()).AddDate(0, 0, 1)
		f.Until(next)
		rules := cmp.Or(r.Rules, e.Rules.Default())
		f.Args["limit"], f.Args["ends"] = rules.Session.DailySignins, next
	}
	if r.Rules != nil {
		f.By(r.Decision.Whose(r.Rules))
	}
	var err error
	f.Reference, err = e.WriteRefusal(ctx, tx, entry.Code, r)
	return f, err
}

// WriteRefusal writes the audit row of a refusal.
func (e *Entry) WriteRefusal(ctx context.Context, tx db.Tx, code string, r Refusal) (string, error) {
	reference, err := audit.Write(ctx, tx, audit.Event{
		Kind: string(cmp.Or(r.Act, Signin)), Account: r.Account, Code: code,
		Addr: r.Visitor.Addr.String(), Agent: r.Visitor.Program, Place: r.Visitor.Place,
		Detail: Told{Door: r.Visitor.Door, Kind: string(r.Class), Truth: r.Truth, Facts: r.Facts, Rules: rulesOf(r.Rules), Trace: r.Decision.Trace},
	})
	return string(reference), err
}

// From says where something was asked from, for a mail.
func (e *Entry) From(v flow.Visitor, at time.Time) letter.From {
	return letter.From{Time: at, Zone: e.Zone, Agent: v.Program, Addr: v.Addr.String(), Place: v.Place}
}

// To says whom a mail is for. Until the address is proved the name is a stranger's
// choice: in a mail to somebody else's inbox it would carry whatever they want said.
func To(a account.Account) letter.To {
	to := letter.To{Lang: a.Lang, Address: a.Email.Mailbox(), Name: a.Name}
	if a.Email.Confirmed.IsZero() {
		to.Name = ""
	}
	return to
}

// Mail puts a letter into the outbox.
func (e *Entry) Mail(ctx context.Context, tx db.Tx, topic string, a ref.Account, l outbox.Letter, expires time.Time) error {
	_, err := e.Outbox.Put(ctx, tx, outbox.Item{Kind: outbox.Mail, Topic: topic, To: l.To, Account: a, Expires: expires, Body: l})
	return err
}

// readers are the inboxes that the account has proved, or its only one: who holds
// one of them must not be able to keep something from the others.
func (e *Entry) readers(ctx context.Context, r db.Reader, a account.Account) ([]letter.To, error) {
	list, err := account.Addresses(ctx, r, a.ID)
	if err != nil {
		return nil, err
	}
	var out []letter.To
	for _, x := range list {
		if x.Kind == account.Email && !x.Confirmed.IsZero() {
			out = append(out, letter.To{Lang: a.Lang, Address: x.Mailbox(), Name: a.Name})
		}
	}
	if len(out) == 0 && a.Email.Norm != "" {
		out = append(out, To(a))
	}
	return out, nil
}

// TellAll mails one letter to every inbox that the account has proved.
func (e *Entry) TellAll(ctx context.Context, tx db.Tx, a account.Account, topic string, write func(letter.To) outbox.Letter) error {
	list, err := e.readers(ctx, tx, a)
	if err != nil {
		return err
	}
	for _, to := range list {
		if err := e.Mail(ctx, tx, topic, a.ID, write(to), time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

// Tell mails what changed to every address that the account has proved: who
// holds one of them must not be able to keep it from the others.
func (e *Entry) Tell(ctx context.Context, tx db.Tx, a account.Account, topic string, change func(letter.To) letter.Change) error {
	list, err := account.Addresses(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	for _, x := range list {
		if x.Kind != account.Email || x.Confirmed.IsZero() {
			continue
		}
		to := To(a)
		to.Address = x.Mailbox()
		if err := e.Mail(ctx, tx, topic, a.ID, letter.Changed(e.Sheet, to, change(to)), time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

// tellSpent tells the owner that a backup code opened the session: whoever found the
// sheet of paper may have used it.
func (e *Entry) tellSpent(ctx context.Context, tx db.Tx, w Who, s session.Session) error {
	if !slices.ContainsFunc(gate.Standing(w.Proofs, w.Account.Turn), func(p gate.Proof) bool { return p.Kind == gate.Backup }) {
		return nil
	}
	return e.spent(ctx, tx, w, s.ID, e.Doubt(s))
}

func (e *Entry) spent(ctx context.Context, tx db.Tx, w Who, s ref.Session, doubt string) error {
	left, _, _, err := backup.Left(ctx, tx, w.Account.ID)
	if err != nil {
		return err
	}
	const topic = "backup.used"
	if _, err := audit.Write(ctx, tx, audit.Event{Kind: topic, Account: w.Account.ID, Actor: string(w.Account.ID), Session: s,
		Addr: w.Visitor.Addr.String(), Agent: w.Visitor.Program, Place: w.Visitor.Place}); err != nil {
		return err
	}
	return e.Tell(ctx, tx, w.Account, topic, func(letter.To) letter.Change {
		return letter.Change{What: topic, Name: strconv.Itoa(left), Link: doubt, From: e.From(w.Visitor, tx.Now())}
	})
}

func (e *Entry) tellNewSignin(ctx context.Context, tx db.Tx, w Who, s ref.Session) error {
	link := e.noticeLink(w.Account.ID, s, tx.Now())
	return e.TellAll(ctx, tx, w.Account, "signin.new", func(to letter.To) outbox.Letter {
		return letter.NewSignin(e.Sheet, to, link, e.From(w.Visitor, tx.Now()))
	})
}
