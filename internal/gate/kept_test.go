package gate

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/internal/policy"
)

// Facts that rules of act Enter do not look at, or that stand in the row.
var notKept = []string{"Kind", "Offered", "Turn", "Wait", "Guess", "NoWayBack", "SessionEnds", "LastUsed", "LastProof", "FreshFor", "SignedInSince", "Stale", "Waited", "Sent", "Level", "Methods", "Both"}

// A fact that somebody adds and forgets to keep would make every replay lie.
func TestEveryFactOfAnEntranceIsKept(t *testing.T) {
	f := Facts{}
	v := reflect.ValueOf(&f).Elem()
	for i := range v.NumField() {
		x := v.Field(i)
		switch x.Interface().(type) {
		case time.Time:
			x.Set(reflect.ValueOf(now))
		case netip.Addr:
			x.Set(reflect.ValueOf(netip.MustParseAddr("192.0.2.7")))
		case []netip.Prefix:
			x.Set(reflect.ValueOf([]netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}))
		case []Proof:
			x.Set(reflect.ValueOf([]Proof{{Kind: SMSCode, User: true, Via: "1", Hard: true, Issued: true}}))
		case []Kind:
			x.Set(reflect.ValueOf([]Kind{TOTP}))
		default:
			switch x.Kind() {
			case reflect.Bool:
				x.SetBool(true)
			case reflect.Int, reflect.Int64:
				x.SetInt(3)
			case reflect.String:
				x.SetString("1")
			}
		}
	}
	f.Act, f.Turn = Enter, 0
	b, err := json.Marshal(Keep(f))
	if err != nil {
		t.Fatal(err)
	}
	var k Kept
	if err := json.Unmarshal(b, &k); err != nil {
		t.Fatal(err)
	}
	got, ok := k.Facts(f.Door, f.Now, f.From)
	if !ok {
		t.Fatal("not read back")
	}
	w := reflect.ValueOf(got)
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if !slices.Contains(notKept, name) && !reflect.DeepEqual(v.Field(i).Interface(), w.Field(i).Interface()) {
			t.Errorf("%s: got %v, want %v", name, w.Field(i).Interface(), v.Field(i).Interface())
		}
	}
}

func TestKeptFactsNameNobody(t *testing.T) {
	f := good(Enter)
	f.Turn = 7
	f.Proofs = []Proof{{Kind: MailCode, At: now, Via: "hana@example.com", Turn: 7}, {Kind: TOTP, Turn: 6}, {Kind: SMSCode, Via: "+819012345678", Turn: 7}}
	f.SecondVia = "+819012345678"
	for i := range 200 {
		f.OwnAddresses = append(f.OwnAddresses, netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), 32))
	}
	b, err := json.Marshal(Keep(f))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hana", "9012345678", "192.0.2.9/"} {
		if strings.Contains(string(b), secret) {
			t.Errorf("%s stands in %s", secret, b)
		}
	}
	if len(b) > 400 {
		t.Errorf("%d bytes are kept: %s", len(b), b)
	}
	k := Keep(f)
	if k.Proofs[1].Via != k.Via || k.Proofs[0].Via == k.Via || len(k.Proofs) != 2 {
		t.Errorf("got %+v: the number is the same, the mailbox another, and what was taken back is no proof", k)
	}
}

// What was decided is decided again, whatever the facts and the rules were.
func FuzzDecidedAgainIsTheSame(f *testing.F) {
	f.Add(uint64(0), uint64(0))
	f.Add(uint64(0xffffffffffff), uint64(0xff))
	f.Add(uint64(0x123456789abc), uint64(0x5a))
	f.Fuzz(func(t *testing.T, bits, rules uint64) {
		facts, p := drawn(bits), policy.Resolve()
		p.SecondFactor.BackupCodes, p.SecondFactor.TrustDays = rules&1 != 0, int(rules>>1&1)
		if rules&4 != 0 {
			p.SecondFactor.Kinds = []string{"passkey"}
		}
		p.Session.Concurrent, p.Session.DailySignins = int(rules>>3&3), int(rules>>5&3)
		if rules&128 != 0 {
			p.Address.Allowed = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
		}
		p.Org.Inactive = rules&256 != 0
		want := Decide(facts, &p)
		again, _ := Keep(facts).Facts(facts.Door, facts.Now, facts.From)
		if got := Decide(again, &p); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

// drawn makes facts of bits.
func drawn(bits uint64) Facts {
	bit := func(n int) bool { return bits>>n&1 != 0 }
	f := good(Enter)
	f.Proofs, f.Turn = nil, 2
	for i, k := range []Kind{Password, MailCode, SMSCode, TOTP, Passkey, Backup, Tegata} {
		if bit(i) {
			via := ""
			if k == MailCode || k == SMSCode {
				via = string(k)
			}
			f.Proofs = append(f.Proofs, Proof{Kind: k, User: bit(7), Via: via, Turn: 2 - int64(bits>>(8+i)&1), Issued: k == Backup && bit(15)})
		}
		if bit(16 + i) {
			f.Set = append(f.Set, k)
		}
		if bit(24 + i) {
			f.OnFile = append(f.OnFile, k)
		}
	}
	f.MustChange, f.Trusted, f.StepUp, f.Locked, f.Unusual = bit(32), bit(33), bit(34), bit(35), bit(36)
	f.Contained, f.Recovers, f.Issued = bit(37), bit(38), bit(39)
	f.Sessions, f.SigninsToday = int(bits>>40&3), int(bits>>42&3)
	if bit(44) {
		f.SecondVia = "smscode"
	}
	if bit(45) {
		f.OwnAddresses = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("192.0.2.7/32")}
	}
	if bit(46) {
		f.From = netip.MustParseAddr("203.0.113.9")
	}
	return f
}
