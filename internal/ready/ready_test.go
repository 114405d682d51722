package ready_test

import (
	"slices"
	"testing"

	"sekisho/internal/ready"
)

var all = ready.Can{App: true, SMS: true, Key: true, Backup: true}

func TestWhatALossWouldMean(t *testing.T) {
	for _, c := range []struct {
		name  string
		s     ready.Stands
		fates []ready.Fate
		next  ready.Step
	}{
		{"nothing at all", ready.Stands{Can: all}, nil, ready.SetPassword},
		{"only a password, its address not proved", ready.Stands{Password: true, MailWaits: true, Can: all},
			[]ready.Fate{{ready.Password, ready.Locked, nil}}, ready.Confirm},
		{"only a mailbox", ready.Stands{Mail: true, Can: all},
			[]ready.Fate{{ready.Inbox, ready.Locked, nil}}, ready.SetPassword},
		{"password and mailbox", ready.Stands{Password: true, Mail: true, Can: all},
			[]ready.Fate{{ready.Password, ready.Still, []ready.Way{ready.ByMail}}, {ready.Inbox, ready.Still, []ready.Way{ready.ByPassword}}}, ready.Nothing},
		{"password and a number", ready.Stands{Password: true, Mobile: true},
			[]ready.Fate{{ready.Phone, ready.Still, []ready.Way{ready.ByPassword}}, {ready.Password, ready.Still, []ready.Way{ready.BySMS}}}, ready.Nothing},
		{"an app and no spare", ready.Stands{Password: true, Mail: true, Apps: 1, On: true, Can: all},
			[]ready.Fate{{ready.Phone, ready.Locked, nil}, {ready.Password, ready.Still, []ready.Way{ready.ByApp}}, {ready.Inbox, ready.Still, []ready.Way{ready.ByApp}}}, ready.MakeBackup},
		{"an app and backup codes", ready.Stands{Password: true, Mail: true, Apps: 1, Backup: 5, On: true, Can: all},
			[]ready.Fate{{ready.Phone, ready.Spare, []ready.Way{ready.ByBackup}}, {ready.Password, ready.Still, []ready.Way{ready.ByApp}}, {ready.Inbox, ready.Still, []ready.Way{ready.ByApp}}}, ready.AddKey},
		{"an app, where codes and keys are forbidden", ready.Stands{Password: true, Mail: true, Apps: 1, On: true, Can: ready.Can{App: true}},
			[]ready.Fate{{ready.Phone, ready.Locked, nil}, {ready.Password, ready.Still, []ready.Way{ready.ByApp}}, {ready.Inbox, ready.Still, []ready.Way{ready.ByApp}}}, ready.SetPassphrase},
		{"an app and a passphrase, nothing else to add", ready.Stands{Password: true, Mail: true, Apps: 1, Passphrase: true, On: true, Can: ready.Can{App: true}},
			[]ready.Fate{{ready.Phone, ready.Spare, []ready.Way{ready.ByPassphrase}}, {ready.Password, ready.Still, []ready.Way{ready.ByApp}}, {ready.Inbox, ready.Still, []ready.Way{ready.ByApp}}}, ready.Nothing},
		{"an app and a key", ready.Stands{Password: true, Mail: true, Apps: 1, Keys: 1, Backup: 5, On: true, Can: all},
			[]ready.Fate{{ready.Phone, ready.Still, []ready.Way{ready.ByKey}}, {ready.Password, ready.Still, []ready.Way{ready.ByKey, ready.ByApp}},
				{ready.Inbox, ready.Still, []ready.Way{ready.ByKey, ready.ByApp}}, {ready.Key, ready.Still, []ready.Way{ready.ByApp}}}, ready.Nothing},
		{"a passkey that is kept elsewhere too opens by itself", ready.Stands{Mail: true, Synced: 1, On: true, Can: all},
			[]ready.Fate{{ready.Inbox, ready.Still, []ready.Way{ready.ByPasskey}}}, ready.Nothing},
		{"a passkey that cannot leave the phone goes with it", ready.Stands{Password: true, Mail: true, Bound: 1, On: true, Can: all},
			[]ready.Fate{{ready.Phone, ready.Locked, nil}, {ready.Password, ready.Still, []ready.Way{ready.ByPasskey}}, {ready.Inbox, ready.Still, []ready.Way{ready.ByPasskey}}}, ready.MakeBackup},
		{"a key that verifies who holds it opens by itself", ready.Stands{Password: true, Keys: 1, Sure: 1, Backup: 5, On: true, Can: all},
			[]ready.Fate{{ready.Password, ready.Still, []ready.Way{ready.ByKey}}, {ready.Key, ready.Spare, []ready.Way{ready.ByBackup}}}, ready.AddKey},
		{"a passkey and backup codes: nothing locks out, and no further passkey is asked for", ready.Stands{Password: true, Mail: true, Apps: 1, Bound: 1, Backup: 5, On: true, Can: ready.Can{Key: true, Backup: true}},
			[]ready.Fate{{ready.Phone, ready.Spare, []ready.Way{ready.ByBackup}}, {ready.Password, ready.Still, []ready.Way{ready.ByPasskey, ready.ByApp}}, {ready.Inbox, ready.Still, []ready.Way{ready.ByPasskey, ready.ByApp}}}, ready.Nothing},
		{"a code by SMS does not follow a code by SMS", ready.Stands{Password: true, Mobile: true, Numbers: 1, Backup: 5, On: true, Can: all},
			[]ready.Fate{{ready.Phone, ready.Spare, []ready.Way{ready.ByBackup}}, {ready.Password, ready.Spare, []ready.Way{ready.ByBackup}}}, ready.AddKey},
		{"one backup code left counts, and is to be renewed where it is all there is", ready.Stands{Password: true, Mail: true, Apps: 1, Backup: 1, On: true, Can: ready.Can{Backup: true}},
			[]ready.Fate{{ready.Phone, ready.Spare, []ready.Way{ready.ByBackup}}, {ready.Password, ready.Still, []ready.Way{ready.ByApp}}, {ready.Inbox, ready.Still, []ready.Way{ready.ByApp}}}, ready.Nothing},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ready.Of(c.s)
			same := func(a, b ready.Fate) bool {
				return a.Loss == b.Loss && a.Outcome == b.Outcome && slices.Equal(a.By, b.By)
			}
			if !slices.EqualFunc(got.Fates, c.fates, same) || got.Next != c.next {
				t.Errorf("got %v next %q, want %v next %q", got.Fates, got.Next, c.fates, c.next)
			}
		})
	}
}

func TestTheRingShowsHowManyLossesLeaveAWayIn(t *testing.T) {
	got := ready.Of(ready.Stands{Password: true, Mail: true, Apps: 1, On: true})
	if got.Safe != 2 || len(got.Fates) != 3 || got.Percent() != 66 || got.Whole() || got.Worst != ready.Phone {
		t.Errorf("got %+v at %d%%, want two of three and the phone as the worst", got, got.Percent())
	}
	if p := ready.Of(ready.Stands{}).Percent(); p != 0 {
		t.Errorf("with nothing the ring shows %d%%, want none of it", p)
	}
}

// No step that is proposed may leave an account worse off, whatever stands.
func TestTheNextStepNeverMakesItWorse(t *testing.T) {
	bit := func(n, i int) bool { return n>>i&1 == 1 }
	one := func(n, i int) int { return n >> i & 1 }
	for n := range 1 << 11 {
		s := ready.Stands{Password: bit(n, 0), Mail: bit(n, 1), MailWaits: !bit(n, 1), Mobile: bit(n, 2), Apps: one(n, 3), Numbers: one(n, 4), Keys: one(n, 5), Bound: one(n, 6),
			Synced: one(n, 7), Backup: 5 * one(n, 8), Passphrase: bit(n, 9), Can: all}
		s.On = s.Apps+s.Numbers+s.Keys+s.Bound+s.Synced > 0 && bit(n, 10)
		before := ready.Of(s)
		for range 10 {
			switch ready.Of(s).Next {
			case ready.Nothing:
			case ready.Confirm:
				s.Mail, s.MailWaits = true, false
			case ready.SetPassword:
				s.Password = true
			case ready.MakeBackup:
				s.Backup = 5
			case ready.AddKey:
				s.Keys++
			case ready.SetPassphrase:
				s.Passphrase = true
			case ready.AddApp:
				s.Apps++
			case ready.AddNumber:
				s.Numbers++
			}
		}
		after := ready.Of(s)
		if after.Next != ready.Nothing || !after.Whole() {
			t.Fatalf("from %+v the steps end at %+v, want nothing left to do", before, after)
		}
	}
}
