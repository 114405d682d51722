package gate

import (
	"net/netip"
	"slices"
	"strconv"
	"time"
)

// Kept is what a decision about entering was made on, as it stands beside it: small,
// with a version, and enough to decide again under other rules. Where codes went is kept
// as a mark by which two of the same are known, and of a person's own addresses only one
// that tells how it came out. When it was and from where stand in the row itself.
type Kept struct {
	V           int            `json:"v"`
	State       State          `json:"state"`
	Proofs      []Proof        `json:"proofs,omitempty"`
	Set         []Kind         `json:"set,omitempty"`
	OnFile      []Kind         `json:"on_file,omitempty"`
	Via         string         `json:"second_via,omitempty"`
	Own         []netip.Prefix `json:"own_addresses,omitempty"`
	PasswordSet time.Time      `json:"password_set,omitzero"`
	LockEnds    time.Time      `json:"lock_ends,omitzero"`
	Since       time.Time      `json:"since,omitzero"` // the account's sign-up
	Today       int            `json:"signins_today,omitempty"`
	Sessions    int            `json:"sessions,omitempty"`
	Known       bool           `json:"known_browser,omitempty"`
	MustChange  bool           `json:"must_change,omitempty"`
	Issued      bool           `json:"issued,omitempty"`
	Trusted     bool           `json:"trusted,omitempty"`
	StepUp      bool           `json:"step_up,omitempty"`
	Locked      bool           `json:"locked,omitempty"`
	Unusual     bool           `json:"unusual,omitempty"`
	Contained   bool           `json:"contained,omitempty"`
	Recovers    bool           `json:"recovers,omitempty"`
	Ordered     bool           `json:"ordered,omitempty"`
}

// keptVersion is that of the facts that are kept now.
const keptVersion = 1

// Keep gives what is kept of the facts of act Enter.
func Keep(f Facts) *Kept {
	k := &Kept{V: keptVersion, State: f.Account, Set: f.Set, OnFile: f.OnFile, Own: told(f.OwnAddresses, f.From),
		PasswordSet: f.PasswordSet, LockEnds: f.LockEnds, Since: f.Since, Today: f.SigninsToday, Sessions: f.Sessions,
		Known: f.KnownBrowser, MustChange: f.MustChange, Issued: f.Issued, Trusted: f.Trusted, StepUp: f.StepUp, Locked: f.Locked,
		Unusual: f.Unusual, Contained: f.Contained, Recovers: f.Recovers, Ordered: f.Ordered}
	var seen []string
	mark := func(via string) string {
		if via == "" {
			return ""
		}
		if !slices.Contains(seen, via) {
			seen = append(seen, via)
		}
		return strconv.Itoa(slices.Index(seen, via) + 1)
	}
	for _, p := range Standing(f.Proofs, f.Turn) {
		k.Proofs = append(k.Proofs, Proof{Kind: p.Kind, User: p.User, Hard: p.Hard, Issued: p.Issued, Via: mark(p.Via)})
	}
	k.Via = mark(f.SecondVia)
	return k
}

// told is one of a list of addresses that decides as the whole list does.
func told(list []netip.Prefix, from netip.Addr) []netip.Prefix {
	if len(list) == 0 {
		return nil
	}
	i := slices.IndexFunc(list, func(p netip.Prefix) bool { return p.Contains(from) })
	return list[max(i, 0):][:1]
}

// Facts are the facts again; false where a newer version kept what this one cannot read.
func (k *Kept) Facts(d Door, at time.Time, from netip.Addr) (Facts, bool) {
	if k == nil || k.V != keptVersion {
		return Facts{}, false
	}
	return Facts{Door: d, Act: Enter, Now: at, From: from, Account: k.State, Proofs: k.Proofs, Set: k.Set, OnFile: k.OnFile, SecondVia: k.Via, OwnAddresses: k.Own,
		PasswordSet: k.PasswordSet, LockEnds: k.LockEnds, Since: k.Since, SigninsToday: k.Today, Sessions: k.Sessions,
		KnownBrowser: k.Known, MustChange: k.MustChange, Issued: k.Issued, Trusted: k.Trusted, StepUp: k.StepUp, Locked: k.Locked,
		Unusual: k.Unusual, Contained: k.Contained, Recovers: k.Recovers, Ordered: k.Ordered}, true
}

// Held asks what a session that entering opened meets at once: whether it is kept from
// all but setting up a second factor.
func Held(f Facts, l Level) Facts {
	return Facts{Door: f.Door, Act: Continue, Now: f.Now, Account: f.Account, From: f.From, OwnAddresses: f.OwnAddresses,
		SessionEnds: f.Now.Add(time.Hour), LastUsed: f.Now, SignedInSince: f.Now, Level: l, Since: f.Since}
}
