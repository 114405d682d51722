// Package ready reckons what would happen to an account's owner if one thing were
// lost (MF-05): the phone, the password, the inbox or the key; and which one step
// mends the most of it.
//
// It is pure: what stands goes in, what would happen comes out. It promises no more
// than gate would admit: one first proof and, with a second factor on, another one
// apart from it.
package ready

// Stands is what an account can prove itself with, and what it could add.
type Stands struct {
	Password   bool
	Mail       bool // an address is proved, and its mailbox is not opened by this very account
	MailWaits  bool // there is an address, not proved yet
	Mobile     bool // a number is proved, and codes can go there
	Apps       int
	Numbers    int // that are a second factor
	Keys       int // things of their own, such as a key on a key ring
	Sure       int // of Keys: those that verify who holds them, and so are both proofs
	Bound      int // passkeys that cannot leave the device they are in
	Synced     int // passkeys that a service keeps beyond the one device
	Backup     int // codes left
	Passphrase bool
	On         bool // a second proof is asked for
	Can        Can
}

// Can is what the policy and the installation let an account add.
type Can struct{ App, SMS, Key, Backup bool }

// Loss is one thing that gets lost.
type Loss string

// The losses that are reckoned.
const (
	Phone    Loss = "phone"
	Password Loss = "password"
	Inbox    Loss = "inbox"
	Key      Loss = "key"
)

var losses = []Loss{Phone, Password, Inbox, Key}

// Outcome of a loss.
type Outcome string

// The outcomes there are.
const (
	Still  Outcome = "still"  // they get in as always, another way
	Spare  Outcome = "spare"  // by what is kept for this, once; then the lost way is set up anew
	Locked Outcome = "locked" // only the operator helps
)

// Way is what somebody gets in with.
type Way string

// The ways there are.
const (
	ByPassword   Way = "password"
	ByMail       Way = "mail"
	BySMS        Way = "sms"
	ByApp        Way = "app"
	ByKey        Way = "key"
	ByPasskey    Way = "passkey"
	ByBackup     Way = "backup"
	ByPassphrase Way = "passphrase"
)

// Fate is what a loss would mean.
type Fate struct {
	Loss    Loss
	Outcome Outcome
	By      []Way // what would be left to get in with; each of them is enough
}

// Step is one thing to do.
type Step string

// The steps there are. Nothing: all is done.
const (
	Nothing       Step = ""
	Confirm       Step = "confirm"
	SetPassword   Step = "password"
	MakeBackup    Step = "backup"
	AddKey        Step = "key"
	AddApp        Step = "app"
	AddNumber     Step = "sms"
	SetPassphrase Step = "passphrase"
)

// Report is how ready an account is.
type Report struct {
	Fates []Fate // of what there is to lose
	Safe  int    // how many of them leave a way in
	Next  Step   // what mends the most
	Worst Loss   // the first that locks out; empty when none does
}

// Of reports on an account.
func Of(s Stands) Report {
	var r Report
	for _, l := range losses {
		if !s.has(l) {
			continue
		}
		o, by := s.without(l).enter()
		r.Fates = append(r.Fates, Fate{l, o, by})
		if o != Locked {
			r.Safe++
		} else if r.Worst == "" {
			r.Worst = l
		}
	}
	r.Next = s.next()
	return r
}

// Whole says whether every loss leaves a way in.
func (r Report) Whole() bool { return r.Safe == len(r.Fates) }

// Percent is how much of the ring is drawn.
func (r Report) Percent() int {
	if len(r.Fates) == 0 {
		return 0
	}
	return 100 * r.Safe / len(r.Fates)
}

func (s Stands) has(l Loss) bool {
	switch l {
	case Phone:
		return s.Apps+s.Numbers+s.Bound > 0 || s.Mobile
	case Password:
		return s.Password
	case Inbox:
		return s.Mail
	default:
		return s.Keys > 0
	}
}

// without is what stands once something is lost. With the phone go its apps, its
// numbers and what cannot leave it.
func (s Stands) without(l Loss) Stands {
	switch l {
	case Phone:
		s.Apps, s.Numbers, s.Bound, s.Mobile = 0, 0, 0, false
	case Password:
		s.Password = false
	case Inbox:
		s.Mail = false
	default:
		s.Keys, s.Sure = max(0, s.Keys-1), max(0, s.Sure-1) // one of them
	}
	return s
}

// enter says how somebody gets in. What was switched on stays on: the account asks
// for a second proof also after the thing that gave it is gone.
func (s Stands) enter() (Outcome, []Way) {
	var firsts, seconds, spares, whole []Way
	add := func(to *[]Way, is bool, w Way) {
		if is {
			*to = append(*to, w)
		}
	}
	add(&whole, s.Synced+s.Bound > 0, ByPasskey)
	add(&whole, s.Sure > 0, ByKey)
	add(&firsts, s.Password, ByPassword)
	add(&firsts, s.Mail, ByMail)
	add(&firsts, s.Mobile, BySMS)
	add(&seconds, s.Keys > s.Sure, ByKey)
	add(&seconds, s.Apps > 0, ByApp)
	// A code by SMS does not follow a code by SMS.
	add(&seconds, s.Numbers > 0 && (s.Password || s.Mail), BySMS)
	add(&spares, s.Backup > 0, ByBackup)
	add(&spares, s.Passphrase, ByPassphrase)
	switch {
	case len(firsts) == 0 && len(whole) == 0:
		return Locked, nil
	case !s.On:
		return Still, append(firsts, whole...)
	case len(firsts) == 0:
		return Still, whole
	case len(whole)+len(seconds) > 0:
		return Still, append(whole, seconds...)
	case len(spares) > 0:
		return Spare, spares
	}
	return Locked, nil
}

// score counts how many losses lock out, and how many leave more than a spare.
func (s Stands) score() (locked, still int) {
	for _, l := range losses {
		switch o, _ := s.without(l).enter(); o {
		case Locked:
			locked++
		case Still:
			still++
		}
	}
	return locked, still
}

// steps are in the order of how little they ask of a person.
var steps = []struct {
	step Step
	open func(Stands) bool
	take func(*Stands)
}{
	{Confirm, func(s Stands) bool { return s.MailWaits }, func(s *Stands) { s.Mail = true }},
	{MakeBackup, func(s Stands) bool { return s.Can.Backup && s.On && s.Backup <= 1 }, func(s *Stands) { s.Backup = 5 }},
	{SetPassword, func(s Stands) bool { return !s.Password }, func(s *Stands) { s.Password = true }},
	{AddKey, func(s Stands) bool { return s.Can.Key && s.On }, func(s *Stands) { s.Keys++ }},
	{SetPassphrase, func(s Stands) bool { return s.On && !s.Passphrase }, func(s *Stands) { s.Passphrase = true }},
	{AddApp, func(s Stands) bool { return s.Can.App && s.On }, func(s *Stands) { s.Apps++ }},
	{AddNumber, func(s Stands) bool { return s.Can.SMS && s.On }, func(s *Stands) { s.Numbers++ }},
}

// next tries every step and takes the one after which the fewest losses lock out;
// where none does, the one after which the fewest need a spare. Where it takes two,
// it is the first of them.
func (s Stands) next() Step {
	if best := s.best(); best != Nothing {
		return best
	}
	if locked, _ := s.score(); locked == 0 {
		return Nothing
	}
	for _, x := range steps {
		then := s
		if x.take(&then); x.open(s) && then.best() != Nothing {
			return x.step
		}
	}
	return Nothing
}

func (s Stands) best() Step {
	locked, still := s.score()
	best, mended, gained := Nothing, 0, 0
	for _, x := range steps {
		if !x.open(s) {
			continue
		}
		then := s
		x.take(&then)
		l, st := then.score()
		// A passkey is there already, and nothing locks out: another would be asked for forever.
		enough := x.step == AddKey && locked == 0 && s.Synced+s.Bound > 0
		if m := locked - l; m > mended {
			best, mended = x.step, m
		} else if g := st - still; mended == 0 && m == 0 && g > gained && !enough {
			best, gained = x.step, g
		}
	}
	return best
}
