package admin

import (
	"context"
	"errors"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/factor/backup"
	"sekisho/internal/faults"
	"sekisho/internal/flow/enter"
	"sekisho/internal/flow/govern"
	"sekisho/internal/gate"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
	"sekisho/internal/roster"
	"sekisho/internal/session"
	"sekisho/internal/web"
)

// Pages of one member.
type (
	// Member is all that admins see of one.
	Member struct {
		Who
		State      roster.State
		Called     RoleName
		Groups     []Choice // all of the organisation's; those they are in are chosen
		Created    time.Time
		Joined     time.Time
		LastSignin time.Time
		EraseAt    time.Time // deleted, and by the organisation
		Org        string
		Parts      []policy.Held // what holds for them, and whose rule it is
		Factors    []MemberFactor
		Password   time.Time // since when it stands; zero: none
		MustChange bool
		Backup     int // codes left
		BackupOf   int
		Passphrase bool
		Sessions   []session.Session
		Trusts     int
		Counts     []enter.Count
		Signins    int // today
		Daily      int // how many there may be; 0: any
		Recent     []audit.Row
		Reads      bool // whoever looks may read the log
		Locked     bool // by its owner
		Done       string
	}
	// Who is the member that a page is about, and what whoever looks may do.
	Who struct {
		ID     ref.Account
		Name   string
		Email  string
		Self   bool
		Above  bool // they hold more than whoever looks
		Manage bool
		Assist bool
		Put    bool
	}
	// MemberFactor is a way to prove who they are; nothing of its secret.
	MemberFactor struct {
		Kind, Name  string
		Since, Used time.Time
	}
	// MemberAsk asks once before something is done.
	MemberAsk struct {
		Who
		Act     string
		Typed   string // what has to be typed, where something has
		Session string // the one that is to end; empty: all
		Roles   []Choice
		Grace   int // days
	}
	// MemberOnce shows what is shown once.
	MemberOnce struct {
		Who
		Act   string
		Word  string
		Until time.Time
	}
)

// who reads a member for a page; what is no member of the organisation's is not there.
func (d *Door) who(ctx context.Context, tx db.ReadTx, r *web.Request) (w Who, m org.Member, a account.Account, err error) {
	id, ok := ref.ParseAccount(r.HTTP.PathValue("account"))
	if !ok {
		return w, m, a, db.ErrNone
	}
	if m, err = org.MemberOf(ctx, tx, r.Console.Org, id); err != nil {
		return w, m, a, err
	}
	if a, err = account.Of(ctx, tx, id); err != nil {
		return w, m, a, err
	}
	_, held, err := org.RoleNamed(ctx, tx, r.Console.Org, m.Role)
	if errors.Is(err, db.ErrNone) {
		err = nil
	}
	w = Who{ID: a.ID, Name: a.Name, Email: a.Email.Shown, Self: a.ID == r.Session.Account, Above: !org.Within(r.Console.Held, held),
		Manage: r.Console.May(org.ManageMembers), Assist: r.Console.May(org.AssistMembers), Put: r.Console.May(org.ManageGroups)}
	return w, m, a, err
}

func (d *Door) member(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	var p Member
	err = d.view(ctx, func(tx db.ReadTx) error {
		p = Member{Org: r.Console.Name, Reads: r.Console.May(org.ReadAudit)}
		w, m, a, err := d.who(ctx, tx, r)
		if err != nil {
			return err
		}
		p.Who, p.State, p.Locked = w, roster.StateOf(a, m.Inactive, tx.Now()), a.Locked(tx.Now())
		p.Created, p.Joined, p.LastSignin = a.Created, m.Joined, a.LastSignin
		if p.State == roster.Deleted && m.EraseAt.Equal(a.EraseAt) {
			p.EraseAt = a.EraseAt
		}
		name, _, err := d.named(ctx, tx, r.Console.Org)
		if err != nil {
			return err
		}
		p.Called = name(m.Role)
		groups, err := org.Groups(ctx, tx, r.Console.Org)
		for _, g := range groups {
			p.Groups = append(p.Groups, Choice{string(g.ID), RoleName{Named: g.Name}, slices.Contains(m.Groups, g.ID)})
		}
		if err != nil {
			return err
		}
		if p.Sessions, err = d.Explain.Sessions(ctx, tx, r.Console.Held, a.ID); err != nil {
			return err
		}
		return p.read(ctx, tx, d.Govern.Entry, m, a)
	})
	if err != nil {
		return told(web.Response{}, err)
	}
	if q["done"] != "remove" && slices.ContainsFunc(memberActs, func(a memberAct) bool { return a.name == q["done"] }) {
		p.Done = q["done"]
	}
	return web.Show("admin/members-one", p), nil
}

// read reads what a member has and what stands against them.
func (p *Member) read(ctx context.Context, r db.Reader, e *enter.Entry, m org.Member, a account.Account) error {
	set, err := e.SetOf(ctx, r, a)
	if err != nil {
		return err
	}
	p.factors(set)
	p.Parts, p.Daily, p.Signins = policy.Group(notTheirs(set.Rules.Values())), set.Rules.Session.DailySignins, e.SigninsToday(a, r.Now())
	trusts, err := e.Trusts(ctx, r, a.ID)
	if p.Trusts = len(trusts); err != nil {
		return err
	}
	if p.Counts, err = enter.Counts(ctx, r, a.ID); err != nil || !p.Reads {
		return err
	}
	p.Recent, err = audit.Search(ctx, r, m.Org, audit.Query{Account: a.ID, Since: r.Now().AddDate(0, -1, 0), Limit: 10})
	return err
}

// notTheirs leaves out what a member decided: whom they trust is their own business.
func notTheirs(list []policy.Value) []policy.Value {
	return slices.DeleteFunc(list, func(v policy.Value) bool { return v.Source == policy.ByOwner })
}

func (p *Member) factors(set enter.Set) {
	if set.Record.PHC != "" {
		p.Password, p.MustChange = set.Record.SetAt, set.Record.MustChange
	}
	p.Backup, p.BackupOf, p.Passphrase = set.Backup, set.BackupOf, set.Passphrase
	add := func(k gate.Kind, name string, since, used time.Time) {
		p.Factors = append(p.Factors, MemberFactor{string(k), name, since, used})
	}
	for _, x := range set.Devices {
		add(gate.Tegata, x.Name, x.Created, x.LastSeen)
	}
	for _, x := range set.Keys {
		add(gate.Passkey, x.Name, x.Created, x.LastUsed)
	}
	for _, x := range set.Apps {
		add(gate.TOTP, x.Name, x.Created, x.LastUsed)
	}
	for _, x := range set.Numbers {
		add(gate.SMSCode, account.Identifier{Kind: account.Mobile, Norm: x.Norm}.Masked(), x.Created, x.LastUsed)
	}
}

// memberAct is one thing that is done to one member.
type memberAct struct {
	name  string
	needs org.Permission
	do    func(context.Context, *Door, doing) (MemberOnce, error)
}

// doing is an act with all that was filled in.
type doing struct {
	by   govern.By
	org  ref.Org
	who  ref.Account
	form web.Values
}

// done is what an act without anything to show gives.
func done(err error) (MemberOnce, error) { return MemberOnce{}, err }

var memberActs = []memberAct{
	{"link", org.AssistMembers, func(ctx context.Context, d *Door, x doing) (MemberOnce, error) {
		_, err := d.Govern.SendReset(ctx, x.by, x.org, x.who, x.form["end"] == "1")
		return done(err)
	}},
	{"temporary", org.AssistMembers, func(ctx context.Context, d *Door, x doing) (MemberOnce, error) {
		word, until, err := d.Govern.SetTemporary(ctx, x.by, x.org, x.who, x.form["end"] == "1")
		return MemberOnce{Word: word.Reveal(), Until: until}, err
	}},
	{"factors", org.AssistMembers, func(ctx context.Context, d *Door, x doing) (MemberOnce, error) {
		_, err := d.Govern.ResetFactors(ctx, x.by, x.org, x.who)
		return done(err)
	}},
	{"code", org.AssistMembers, func(ctx context.Context, d *Door, x doing) (MemberOnce, error) {
		code, until, err := d.Govern.IssueCode(ctx, x.by, x.org, x.who)
		return MemberOnce{Word: backup.Groups(code), Until: until}, err
	}},
	{"unlock", org.AssistMembers, func(ctx context.Context, d *Door, x doing) (MemberOnce, error) {
		return done(d.Govern.Unlock(ctx, x.by, x.org, x.who))
	}},
	{"lock", org.AssistMembers, func(ctx context.Context, d *Door, x doing) (MemberOnce, error) {
		return done(d.Govern.LiftLock(ctx, x.by, x.org, x.who))
	}},
	{"sessions", org.AssistMembers, func(ctx context.Context, d *Door, x doing) (MemberOnce, error) {
		var ids []ref.Session
		if id := x.form["session"]; id != "" {
			ids = append(ids, ref.Session(id))
		}
		_, err := d.Govern.EndSessions(ctx, x.by, x.org, x.who, ids...)
		return done(err)
	}},
	{"role", org.ManageMembers, func(ctx context.Context, d *Door, x doing) (MemberOnce, error) {
		return done(d.Govern.SetRole(ctx, x.by, x.org, x.who, x.form["role"]))
	}},
	{"group", org.ManageGroups, func(ctx context.Context, d *Door, x doing) (MemberOnce, error) {
		if x.form["take"] != "" {
			return done(d.Govern.Take(ctx, x.by, x.org, x.who, x.form["take"]))
		}
		return done(d.Govern.Put(ctx, x.by, x.org, x.who, x.form["put"]))
	}},
	{"deactivate", org.ManageMembers, func(ctx context.Context, d *Door, x doing) (MemberOnce, error) {
		_, err := d.Govern.Deactivate(ctx, x.by, x.org, x.who)
		return done(err)
	}},
	{"reactivate", org.ManageMembers, func(ctx context.Context, d *Door, x doing) (MemberOnce, error) {
		return done(d.Govern.Reactivate(ctx, x.by, x.org, x.who))
	}},
	{"remove", org.ManageMembers, func(ctx context.Context, d *Door, x doing) (MemberOnce, error) {
		return done(d.Govern.Remove(ctx, x.by, x.org, x.who))
	}},
	{"delete", org.ManageMembers, func(ctx context.Context, d *Door, x doing) (MemberOnce, error) {
		_, err := d.Govern.Delete(ctx, x.by, x.org, x.who, x.form["typed"])
		return done(err)
	}},
	{"restore", org.ManageMembers, func(ctx context.Context, d *Door, x doing) (MemberOnce, error) {
		return done(d.Govern.Restore(ctx, x.by, x.org, x.who))
	}},
}

// asking is the page that asks before an act.
func (d *Door) asking(ctx context.Context, r *web.Request, a memberAct, one string) (p MemberAsk, err error) {
	err = d.view(ctx, func(tx db.ReadTx) error {
		w, m, found, err := d.who(ctx, tx, r)
		p = MemberAsk{Who: w, Act: a.name, Session: one, Grace: int(d.Govern.Grace / (24 * time.Hour))}
		if err != nil {
			return err
		}
		if a.name == "delete" {
			p.Typed = govern.Typed(found)
		}
		if a.name != "role" {
			return nil
		}
		p.Roles, err = d.givable(ctx, tx, r, m.Role)
		return err
	})
	return p, err
}

// givable are the roles that whoever looks may give; the one that somebody carries is chosen.
func (d *Door) givable(ctx context.Context, tx db.ReadTx, r *web.Request, carried string) (out []Choice, err error) {
	_, own, err := d.named(ctx, tx, r.Console.Org)
	for _, b := range org.Builtin {
		if org.Within(r.Console.Held, org.Builtins(b)) {
			out = append(out, Choice{b, RoleName{Builtin: b}, b == carried})
		}
	}
	for _, x := range own {
		if org.Within(r.Console.Held, x.Permissions) {
			out = append(out, Choice{string(x.ID), RoleName{Named: x.Name}, string(x.ID) == carried})
		}
	}
	return out, err
}

func (d *Door) memberAsk(a memberAct) handler {
	return func(ctx context.Context, r *web.Request) (web.Response, error) {
		q, err := r.Query()
		if err != nil {
			return web.Response{}, err
		}
		p, err := d.asking(ctx, r, a, q["session"])
		if err != nil {
			return told(web.Response{}, err)
		}
		if a.name == "group" {
			return web.Go("/admin/members/" + string(p.ID)), nil
		}
		return web.Show("admin/members-ask", p), nil
	}
}

func (d *Door) memberDo(a memberAct) handler {
	return func(ctx context.Context, r *web.Request) (web.Response, error) {
		form, err := r.Form()
		if err != nil {
			return web.Response{}, err
		}
		p, err := d.asking(ctx, r, a, form["session"])
		if err != nil {
			return told(web.Response{}, err)
		}
		once, err := a.do(ctx, d, doing{by(r), r.Console.Org, p.ID, form})
		if err != nil {
			return d.stopped(a, p, err)
		}
		if once.Word != "" {
			once.Who, once.Act = p.Who, a.name
			return web.Show("admin/members-once", once), nil
		}
		if a.name == "remove" {
			return web.Go("/admin/members"), nil
		}
		return web.Go("/admin/members/" + string(p.ID) + "?done=" + a.name), nil
	}
}

// stopped tells what stands in an act's way: on the page that asked, or, where it is so
// already, on the member's.
func (d *Door) stopped(a memberAct, p MemberAsk, err error) (web.Response, error) {
	if errors.Is(err, db.ErrNone) && slices.Contains([]string{"deactivate", "reactivate", "restore", "group"}, a.name) {
		return web.Refuse(faults.MemberStands.New()), nil
	}
	if a.name == "group" {
		return told(web.Response{}, err)
	}
	return told(web.Show("admin/members-ask", p), err)
}
