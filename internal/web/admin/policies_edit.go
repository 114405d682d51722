package admin

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow/allow"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

// Pages that change a policy.
type (
	// PolicyEdit is the form.
	PolicyEdit struct {
		ID      ref.Policy
		Name    string
		Version int64
		Form    Fields
		From    string // where whoever edits is
		Presets []policy.Preset
		Preset  policy.Preset // that was filled in, and is not saved
		Preview *Preview
		Now     []policy.Held // changed meanwhile: what holds now
		Days    []int         // of a session
		Other   bool          // the lifetime is none of them
	}
	// PolicyNew makes one.
	PolicyNew struct {
		Name    string
		Preset  string
		Presets []policy.Preset
	}
	// Fields are a policy as the form has it: what was typed stays as it was typed.
	Fields struct {
		Password, SecondFactor, Session, Address bool // the part is set
		MinSingle, Min, Recent, MinAge, MaxAge   string
		Upper, Lower, Digit, Special, AdminReset bool
		Demanded, Backup                         bool
		Kinds                                    []Box
		Grace, Trust                             string
		Lifetime, Idle, Concurrent, Daily        string
		Lines                                    string
		Here                                     bool // offer to add where whoever edits is
	}
	// Box is a box to tick.
	Box struct {
		Name string
		On   bool
	}
)

// FieldsOf is a policy as the form has it. What it leaves unset is as by default, for
// when the part is set.
func FieldsOf(p policy.Policy) Fields {
	e := policy.Resolve(p)
	w, s, t := e.Password, e.SecondFactor, e.Session
	f := Fields{Password: p.Password != nil, SecondFactor: p.SecondFactor != nil, Session: p.Session != nil, Address: p.Address != nil,
		MinSingle: strconv.Itoa(w.MinLengthSingle), Min: strconv.Itoa(w.MinLength), Recent: strconv.Itoa(w.Recent), MinAge: inDays(w.MinAge), MaxAge: inDays(w.MaxAge),
		Upper: w.Upper, Lower: w.Lower, Digit: w.Digit, Special: w.Special, AdminReset: w.AdminReset,
		Demanded: s.Demanded, Backup: s.BackupCodes, Grace: strconv.Itoa(s.GraceDays), Trust: strconv.Itoa(s.TrustDays),
		Lifetime: inHours(t.Lifetime), Idle: strconv.Itoa(int(t.Idle / time.Minute)), Concurrent: strconv.Itoa(t.Concurrent), Daily: strconv.Itoa(t.DailySignins),
		Lines: e.Address.Lines()}
	for _, k := range policy.Kinds {
		f.Kinds = append(f.Kinds, Box{k, len(s.Kinds) == 0 || slices.Contains(s.Kinds, k)})
	}
	return f
}

func inDays(d time.Duration) string {
	return strconv.FormatFloat(d.Hours()/24, 'f', -1, 64)
}

func inHours(d time.Duration) string { return strconv.FormatFloat(d.Hours(), 'f', -1, 64) }

// reader reads numbers of a form; what does not read is told as out of its range.
type reader struct {
	form web.Values
	bad  *policy.RangeError
}

func (x *reader) int(field, name, low, high string) int {
	n, err := strconv.Atoi(strings.TrimSpace(x.form[field]))
	if err != nil && x.bad == nil {
		x.bad = &policy.RangeError{Name: name, Got: x.form[field], Low: low, High: high}
	}
	return n
}

// span reads a time that is typed as a number of something.
func (x *reader) span(field, name string, of time.Duration, high string) time.Duration {
	n, err := strconv.ParseFloat(strings.TrimSpace(x.form[field]), 64)
	if (err != nil || math.IsNaN(n) || math.Abs(n) > 100_000) && x.bad == nil {
		x.bad = &policy.RangeError{Name: name, Got: x.form[field], Low: "0", High: high}
	}
	if x.bad != nil {
		return 0
	}
	return time.Duration(n * float64(of)).Round(time.Second)
}

// typed reads the form: a policy, and the fields as they were typed.
func typed(r *web.Request, form web.Values, was policy.Policy) (policy.Policy, Fields, *fault.Fault) {
	on := func(name string) bool { return form[name] == "1" }
	f := Fields{Password: on("password"), SecondFactor: on("second_factor"), Session: on("session"), Address: on("address"),
		MinSingle: form["min_single"], Min: form["min"], Recent: form["recent"], MinAge: form["min_age"], MaxAge: form["max_age"],
		Upper: on("upper"), Lower: on("lower"), Digit: on("digit"), Special: on("special"), AdminReset: on("admin_reset"), Demanded: on("demanded"), Backup: on("backup_codes"),
		Grace: form["grace"], Trust: form["trust"], Lifetime: form["lifetime"], Idle: form["idle"], Concurrent: form["concurrent"], Daily: form["daily"], Lines: form["list"]}
	kinds := r.Many("kind")
	for _, k := range policy.Kinds {
		f.Kinds = append(f.Kinds, Box{k, slices.Contains(kinds, k)})
	}
	x := &reader{form: form}
	p := policy.Policy{Name: was.Name, Federation: was.Federation} // the form has no such part yet
	if f.Password {
		p.Password = &policy.Password{MinLengthSingle: x.int("min_single", "password.min_single", "8", "128"), MinLength: x.int("min", "password.min", "8", "128"),
			Upper: f.Upper, Lower: f.Lower, Digit: f.Digit, Special: f.Special, AdminReset: f.AdminReset, Recent: x.int("recent", "password.recent", "0", "24"),
			MinAge: x.span("min_age", "password.min_age", 24*time.Hour, "3650"), MaxAge: x.span("max_age", "password.max_age", 24*time.Hour, "3650")}
	}
	if f.SecondFactor {
		s := &policy.SecondFactor{Demanded: f.Demanded, TrustDays: x.int("trust", "second_factor.trust_days", "0", "180"), BackupCodes: f.Backup,
			GraceDays: x.int("grace", "second_factor.grace_days", "0", "365")}
		for _, k := range policy.Kinds {
			if slices.Contains(kinds, k) {
				s.Kinds = append(s.Kinds, k)
			}
		}
		if len(s.Kinds) == 0 {
			return p, f, faults.PolicyNoKind.New()
		}
		if len(s.Kinds) == len(policy.Kinds) {
			s.Kinds = nil // all there are, and those that come
		}
		p.SecondFactor = s
	}
	if f.Session {
		p.Session = &policy.Session{Lifetime: x.span("lifetime", "session.lifetime", time.Hour, "720"), Idle: x.span("idle", "session.idle", time.Minute, "30"),
			Concurrent: x.int("concurrent", "session.concurrent", "1", "50"), DailySignins: x.int("daily", "session.daily_signins", "0", "100000")}
	}
	if f.Address {
		list, flaw := policy.ParseAddresses(f.Lines)
		f.Here = flaw == nil && len(list.Allowed) > 0 && !list.Allows(r.Visitor.Addr)
		if f.Here && on("here") {
			list, flaw = policy.ListOf(append(list.Entries, policy.Entry{Address: r.Visitor.Addr.String()}))
			f.Lines, f.Here = list.Lines(), false
		}
		if flaw != nil {
			return p, f, allow.Malformed(flaw)
		}
		p.Address = &list
	}
	if x.bad != nil {
		return p, f, outOfRange(r, x.bad)
	}
	return p, f, notGood(r, p.Check())
}

// notGood tells what keeps a policy from being set.
func notGood(r *web.Request, err error) *fault.Fault {
	var out *policy.RangeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &out):
		return outOfRange(r, out)
	case errors.Is(err, policy.ErrAges):
		return faults.PolicyAges.New()
	}
	return faults.Malformed.New("where", "policy")
}

func outOfRange(r *web.Request, e *policy.RangeError) *fault.Fault {
	return faults.PolicyRange.New("field", r.T("rule."+e.Name), "low", e.Low, "high", e.High)
}

func (d *Door) policyNew(_ context.Context, r *web.Request) (web.Response, error) {
	return web.Show("admin/policies-new", PolicyNew{Preset: string(policy.Mission), Presets: policy.Presets}), nil
}

func (d *Door) policyMake(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	p := policy.Policy{}
	if preset, is := presetOf(form["preset"]); is {
		p = preset.Parts()
	}
	p.Name = form["name"]
	made, err := d.Govern.SetPolicy(ctx, by(r), r.Console.Org, p, org.OnlyNew)
	if err != nil {
		return told(web.Show("admin/policies-new", PolicyNew{form["name"], form["preset"], policy.Presets}), err)
	}
	return d.after(ctx, r, policyPath(made.ID, "made"))
}

// editing is the form of a policy.
func editing(r *web.Request, p org.Policy, f Fields) PolicyEdit {
	out := PolicyEdit{ID: p.ID, Name: p.Name, Version: p.Version, Form: f, From: r.Visitor.Addr.String(), Presets: policy.Presets}
	for n := range 30 {
		out.Days = append(out.Days, n+1)
	}
	h, err := strconv.Atoi(f.Lifetime)
	out.Other = err != nil || h != 12 && (h%24 != 0 || h < 24 || h > 720)
	return out
}

func (d *Door) policyEdit(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	_, found, err := d.policyOne(ctx, r, q["id"])
	if err != nil {
		return told(web.Response{}, err)
	}
	shown := found.Policy
	preset, is := presetOf(q["preset"])
	if is {
		x := preset.Parts()
		shown.Password, shown.SecondFactor, shown.Session = x.Password, x.SecondFactor, x.Session
	}
	f := FieldsOf(shown)
	f.Here = found.Address != nil && !found.Address.Allows(r.Visitor.Addr)
	p := editing(r, found, f)
	if is {
		p.Preset = preset
	}
	return web.Show("admin/policies-edit", p), nil
}

// policySet saves the form, or says what it would do.
func (d *Door) policySet(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form("kind")
	if err != nil {
		return web.Response{}, err
	}
	_, found, err := d.policyOne(ctx, r, form["id"])
	if err != nil {
		return told(web.Response{}, err)
	}
	p, f, bad := typed(r, form, found.Policy)
	page := editing(r, found, f)
	seen, _ := strconv.ParseInt(form["version"], 10, 64)
	page.Version = seen
	if bad != nil {
		return web.Show("admin/policies-edit", page).With(bad), nil
	}
	if form["act"] == "preview" {
		page.Preview, err = d.preview(ctx, r, p)
		if err != nil {
			return explained(web.Show("admin/policies-edit", page), err)
		}
		return web.Show("admin/policies-edit", page), nil
	}
	_, err = d.Govern.SetPolicy(ctx, by(r), r.Console.Org, p, max(seen, 1))
	if err == nil {
		return d.after(ctx, r, policyPath(found.ID, "saved"))
	}
	if errors.Is(err, org.ErrChanged) {
		// What was typed stays; what holds now stands beside it. Saving again means it.
		_, now, err2 := d.policyOne(ctx, r, form["id"])
		if err2 != nil {
			return told(web.Response{}, err2)
		}
		page.Version, page.Now = now.Version, now.Policy.Set()
		return web.Show("admin/policies-edit", page).With(faults.RulesChanged.New()), nil
	}
	return told(web.Show("admin/policies-edit", page), err)
}
