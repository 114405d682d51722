package passkey

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/dbtest"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

const (
	testHost   = "id.example.com"
	testOrigin = "https://id.example.com"
	hana       = ref.Account("acc_hana")
	ken        = ref.Account("acc_ken")
	here       = "flw_1"
)

var tables = []fs.FS{Migrations, fstest.MapFS{"m/0001_account.sql": {Data: []byte(
	"CREATE TABLE account (\n  id TEXT NOT NULL PRIMARY KEY\n);\nINSERT INTO account (id) VALUES ('acc_hana');\nINSERT INTO account (id) VALUES ('acc_ken');")}}}

// place is a database with the keys of one relying party.
type place struct {
	*testing.T
	d     *db.DB
	clock *dbtest.Clock
	keys  *Keys
}

func newKeys(t testing.TB) *Keys {
	t.Helper()
	ring, err := secret.OpenRing(secret.Hash("a key of this test"))
	if err != nil {
		t.Fatal(err)
	}
	k, err := New(ring, testHost, "Sekisho", []string{testOrigin})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func each(t *testing.T, test func(p place)) {
	t.Helper()
	dbtest.Each(t, tables, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { test(place{t, d, clock, newKeys(t)}) })
}

func (p place) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

func (p place) update(fn func(tx db.Tx) error) {
	p.Helper()
	p.must(p.d.Update(p.Context(), fn))
}

func (p place) enrolOptions(a ref.Account, bound string) (raw []byte) {
	p.Helper()
	p.update(func(tx db.Tx) (err error) {
		raw, err = p.keys.EnrolOptions(p.Context(), tx, About{Account: a, Name: "佐藤 花", Label: "hana@example.com"}, bound)
		return err
	})
	return raw
}

func (p place) enrol(a ref.Account, bound string, response []byte) (c Credential, o Outcome) {
	p.Helper()
	p.update(func(tx db.Tx) (err error) {
		c, o, err = p.keys.Enrol(p.Context(), tx, a, "Blue key", bound, response)
		return err
	})
	return c, o
}

// enrolled gives an account a key.
func (p place) enrolled(a ref.Account, d *device) Credential {
	p.Helper()
	c, o := p.enrol(a, here, d.create(p, p.enrolOptions(a, here), nil))
	if o != Right {
		p.Fatalf("enrol: got %d, want Right", o)
	}
	return c
}

func (p place) proveOptions(a ref.Account, bound string) (raw []byte) {
	p.Helper()
	p.must(p.d.View(p.Context(), func(tx db.ReadTx) (err error) {
		raw, err = p.keys.ProveOptions(p.Context(), tx, a, bound)
		return err
	}))
	return raw
}

func (p place) signinOptions(bound string) []byte {
	p.Helper()
	raw, err := p.keys.SigninOptions(p.clock.Now(), bound)
	p.must(err)
	return raw
}

func (p place) prove(c Ceremony) (r Result) {
	p.Helper()
	p.update(func(tx db.Tx) (err error) { r, err = p.keys.Prove(p.Context(), tx, c); return err })
	return r
}

func (p place) list(a ref.Account) (l []Credential) {
	p.Helper()
	p.must(p.d.View(p.Context(), func(tx db.ReadTx) (err error) { l, err = List(p.Context(), tx, a); return err }))
	return l
}

func TestKeysOfEveryAlgorithmEnrolProveAndSignIn(t *testing.T) {
	each(t, func(p place) {
		for _, alg := range []int64{-7, -8, -257} {
			d := newDevice(p, alg)
			d.flags |= be | bs
			made := p.enrolled(hana, d)
			if !made.UV || !made.Synced || made.AAGUID != "abababab-abab-abab-abab-abababababab" || !slices.Equal(made.Transports, []string{"nfc", "usb"}) || made.Name != "Blue key" {
				p.Errorf("%d: enrolled %+v", alg, made)
			}
			p.clock.Add(time.Minute)
			want := Result{Outcome: Right, Account: hana, Factor: made.ID, Name: "Blue key", UserVerified: true, Synced: true}
			if got := p.prove(Ceremony{Proving, here, hana, d.get(p, p.proveOptions(hana, here), nil)}); got != want {
				p.Errorf("%d: prove: got %+v, want %+v", alg, got, want)
			}
			d.flags &^= bs
			want.Synced = false
			if got := p.prove(Ceremony{Signin, "bro_1", "", d.get(p, p.signinOptions("bro_1"), nil)}); got != want {
				p.Errorf("%d: sign in: got %+v, want %+v", alg, got, want)
			}
			l := p.list(hana)
			if got := l[len(l)-1]; got.ID != made.ID || !got.LastUsed.Equal(p.clock.Now()) || got.Synced || !got.UV || !got.Cloned.IsZero() || !slices.Equal(got.Transports, made.Transports) {
				p.Errorf("%d: listed %+v", alg, got)
			}
		}
	})
}

func TestOptionsAskForWhatIsNeededAndNoMore(t *testing.T) {
	each(t, func(p place) {
		first := read(p, p.enrolOptions(hana, here))
		if first.RP.ID != testHost || first.RP.Name != "Sekisho" || first.User.Name != "hana@example.com" || first.User.Display != "佐藤 花" || len(first.User.ID) != 43 ||
			first.Attestation != "none" || first.Selection.ResidentKey != "preferred" || first.Selection.UserVerification != "preferred" || len(first.Exclude) != 0 {
			p.Errorf("enrol: %+v", first)
		}
		if algs := fmt.Sprint(first.Params); algs != "[{public-key -7} {public-key -8} {public-key -257}]" {
			p.Errorf("algorithms: %s", algs)
		}
		d := newDevice(p, -7)
		p.enrolled(hana, d)
		again := read(p, p.enrolOptions(hana, here))
		if again.User.ID != first.User.ID || again.Challenge == first.Challenge {
			p.Error("the user handle stays, the challenge does not")
		}
		if len(again.Exclude) != 1 || again.Exclude[0].ID != text(d.id) || again.Exclude[0].Type != "public-key" || !slices.Equal(again.Exclude[0].Transports, []string{"nfc", "usb"}) {
			p.Errorf("excluded: %+v", again.Exclude)
		}
		if other := read(p, p.enrolOptions(ken, here)); other.User.ID == first.User.ID || len(other.Exclude) != 0 {
			p.Errorf("another account: %+v", other)
		}
		prove := read(p, p.proveOptions(hana, here))
		if prove.RPID != testHost || prove.Verify != "preferred" || len(prove.Allow) != 1 || prove.Allow[0].ID != text(d.id) {
			p.Errorf("prove: %+v", prove)
		}
		if in := read(p, p.signinOptions(here)); in.RPID != testHost || in.Verify != "required" || len(in.Allow) != 0 {
			p.Errorf("sign in: %+v", in)
		}
		err := p.d.View(p.Context(), func(tx db.ReadTx) error { _, err := p.keys.ProveOptions(p.Context(), tx, ken, here); return err })
		if !errors.Is(err, db.ErrNone) {
			p.Errorf("prove without a key: got %v, want ErrNone", err)
		}
	})
}

func TestChallengeIsGoodForOneThingAndTenMinutes(t *testing.T) {
	each(t, func(p place) {
		d := newDevice(p, -7)
		p.enrolled(hana, d)
		p.enrolOptions(ken, here)
		ask := func(kind string) []byte {
			switch kind {
			case "enrol":
				return p.enrolOptions(hana, here)
			case "prove":
				return p.proveOptions(hana, here)
			}
			return p.signinOptions(here)
		}
		for _, c := range []struct {
			name, ask string
			ceremony  Ceremony
			wait      time.Duration
			want      Outcome
		}{
			{"its own", "prove", Ceremony{Proving, here, hana, nil}, Lives - time.Second, Right},
			{"stale", "prove", Ceremony{Proving, here, hana, nil}, Lives, Expired},
			{"stale and of another flow", "prove", Ceremony{Proving, "flw_2", hana, nil}, Lives, Wrong},
			{"another flow", "prove", Ceremony{Proving, "flw_2", hana, nil}, 0, Wrong},
			{"another account", "prove", Ceremony{Proving, here, ken, nil}, 0, Wrong},
			{"made to sign in", "signin", Ceremony{Proving, here, hana, nil}, 0, Wrong},
			{"made to prove", "prove", Ceremony{Signin, here, "", nil}, 0, Wrong},
			{"made to enrol", "enrol", Ceremony{Proving, here, hana, nil}, 0, Wrong},
			{"purpose enrol", "enrol", Ceremony{Enrolling, here, hana, nil}, 0, Wrong},
			{"no purpose", "prove", Ceremony{"", here, hana, nil}, 0, Wrong},
			{"sign in with an account", "signin", Ceremony{Signin, here, hana, nil}, 0, Wrong},
			{"prove without an account", "signin", Ceremony{Proving, here, "", nil}, 0, Wrong},
			{"sign in", "signin", Ceremony{Signin, here, "", nil}, 0, Right},
			{"sign in, stale", "signin", Ceremony{Signin, here, "", nil}, time.Hour, Expired},
			{"sign in, another browser", "signin", Ceremony{Signin, "bro_2", "", nil}, 0, Wrong},
		} {
			p.clock.Set(dbtest.Start)
			c.ceremony.Response = d.get(p, ask(c.ask), nil)
			p.clock.Add(c.wait)
			if got := p.prove(c.ceremony); got.Outcome != c.want {
				p.Errorf("%s: got %d, want %d", c.name, got.Outcome, c.want)
			}
		}
		for _, c := range []struct {
			name, bound string
			ask         []byte
			account     ref.Account
			wait        time.Duration
			want        Outcome
		}{
			{"stale", here, p.enrolOptions(hana, here), hana, Lives, Expired},
			{"another flow", "flw_2", p.enrolOptions(hana, here), hana, 0, Wrong},
			{"another account", here, p.enrolOptions(hana, here), ken, 0, Wrong},
			{"made to prove", here, p.proveOptions(hana, here), hana, 0, Wrong},
		} {
			p.clock.Set(dbtest.Start)
			response := newDevice(p, -7).create(p, c.ask, nil)
			p.clock.Add(c.wait)
			if _, got := p.enrol(c.account, c.bound, response); got != c.want {
				p.Errorf("enrol, %s: got %d, want %d", c.name, got, c.want)
			}
		}
	})
}

// TestAnswerWorksOnceUnderLoad: the same answer, a hundred times at once, on two
// connections of one database.
func TestAnswerWorksOnceUnderLoad(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			d, clock, url := dbtest.Open(t, engine, tables)
			nodes := []*db.DB{d}
			if engine == "postgres" {
				nodes = append(nodes, dbtest.Reopen(t, url, clock))
			}
			p := place{t, d, clock, newKeys(t)}
			key := newDevice(t, -7)
			key.step = 0 // a key that does not count cannot help out
			hundred := func(name string, try func(tx db.Tx) (Outcome, error)) {
				var mu sync.Mutex
				var wg sync.WaitGroup
				got := map[Outcome]int{}
				for i := range 100 {
					wg.Go(func() {
						var o Outcome
						err := nodes[i%len(nodes)].Update(t.Context(), func(tx db.Tx) (err error) { o, err = try(tx); return err })
						mu.Lock()
						defer mu.Unlock()
						if err != nil {
							t.Errorf("%s: %v", name, err)
						}
						got[o]++
					})
				}
				wg.Wait()
				if got[Right] != 1 || got[Replayed] != 99 {
					t.Errorf("%s: got %v, want 1 Right and 99 Replayed", name, got)
				}
			}
			response := key.create(t, p.enrolOptions(hana, here), nil)
			hundred("enrol", func(tx db.Tx) (Outcome, error) {
				_, o, err := p.keys.Enrol(t.Context(), tx, hana, "Key", here, response)
				return o, err
			})
			for _, c := range []Ceremony{{Proving, here, hana, key.get(t, p.proveOptions(hana, here), nil)}, {Signin, here, "", key.get(t, p.signinOptions(here), nil)}} {
				hundred(string(c.Purpose), func(tx db.Tx) (Outcome, error) { r, err := p.keys.Prove(t.Context(), tx, c); return r.Outcome, err })
			}
			if l := p.list(hana); len(l) != 1 {
				t.Errorf("got %d keys, want 1", len(l))
			}
		})
	}
}

func TestCapHoldsUnderLoad(t *testing.T) {
	each(t, func(p place) {
		for range Most - 1 {
			p.enrolled(hana, newDevice(p, -7))
		}
		var mu sync.Mutex
		var wg sync.WaitGroup
		got := map[Outcome]int{}
		for range 10 {
			response := newDevice(p, -7).create(p, p.enrolOptions(hana, here), nil)
			wg.Go(func() {
				_, o := p.enrol(hana, here, response)
				mu.Lock()
				defer mu.Unlock()
				got[o]++
			})
		}
		wg.Wait()
		if got[Right] != 1 || got[Full] != 9 || len(p.list(hana)) != Most {
			p.Errorf("got %v and %d keys, want 1 Right, 9 Full and %d keys", got, len(p.list(hana)), Most)
		}
		p.enrolled(ken, newDevice(p, -7))
	})
}

func TestCounterThatGoesBackIsRefusedAndShown(t *testing.T) {
	each(t, func(p place) {
		d := newDevice(p, -7)
		made := p.enrolled(hana, d)
		try := func(count uint32) Result {
			return p.prove(Ceremony{Proving, here, hana, d.get(p, p.proveOptions(hana, here), func(a *answer) { a.count = count })})
		}
		for _, c := range []struct {
			count uint32
			want  Outcome
		}{{7, Right}, {7, Cloned}, {6, Cloned}, {0, Cloned}, {1 << 31, Right}, {1<<32 - 1, Right}, {1, Cloned}} {
			p.clock.Add(time.Minute)
			got := try(c.count)
			if got.Outcome != c.want || got.Account != hana || got.Factor != made.ID || got.Outcome == Cloned && got.UserVerified {
				p.Errorf("counter %d: got %+v, want %d", c.count, got, c.want)
			}
			l := p.list(hana)[0]
			if c.want == Cloned && (!l.Cloned.Equal(p.clock.Now()) || l.LastUsed.Equal(p.clock.Now())) {
				p.Errorf("counter %d: listed %+v, want it marked and not used", c.count, l)
			}
		}
	})
}

// A key somebody finds, and gives a PIN of his own, is not two proofs.
func TestKeyThatNeverVerifiedItsUserIsOneProof(t *testing.T) {
	each(t, func(p place) {
		d := newDevice(p, -7)
		d.flags = up
		if made := p.enrolled(hana, d); made.UV {
			p.Error("enrolled as one that verifies")
		}
		d.flags = up | uv
		signin := func() Result { return p.prove(Ceremony{Signin, here, "", d.get(p, p.signinOptions(here), nil)}) }
		prove := func() Result {
			return p.prove(Ceremony{Proving, here, hana, d.get(p, p.proveOptions(hana, here), nil)})
		}
		for i, step := range []struct {
			do   func() Result
			want bool
		}{{signin, false}, {signin, false}, {prove, false}, {signin, true}, {prove, true}} {
			if got := step.do(); got.Outcome != Right || got.UserVerified != step.want {
				p.Errorf("step %d: got %+v, want Right and %v", i, got, step.want)
			}
		}
		d.flags = up
		if got := prove(); got.Outcome != Right || got.UserVerified {
			p.Errorf("touched only: got %+v, want Right and not verified", got)
		}
	})
}

func TestKeysAreTheirOwners(t *testing.T) {
	each(t, func(p place) {
		d, other := newDevice(p, -7), newDevice(p, -8)
		mine, his := p.enrolled(hana, d), p.enrolled(ken, other)
		p.update(func(tx db.Tx) error {
			for name, err := range map[string]error{"rename": Rename(p.Context(), tx, ken, mine.ID, "Stolen"), "remove": Remove(p.Context(), tx, ken, mine.ID),
				"remove none": Remove(p.Context(), tx, hana, "fac_none")} {
				if !errors.Is(err, db.ErrNone) {
					p.Errorf("%s: got %v, want ErrNone", name, err)
				}
			}
			return Rename(p.Context(), tx, hana, mine.ID, "赤い鍵")
		})
		if l := p.list(hana); len(l) != 1 || l[0].Name != "赤い鍵" || l[0].ID != mine.ID {
			p.Errorf("listed %+v", l)
		}
		p.update(func(tx db.Tx) error { return Remove(p.Context(), tx, hana, mine.ID) })
		if got := p.prove(Ceremony{Signin, here, "", d.get(p, p.signinOptions(here), nil)}); got != (Result{Outcome: Unknown}) {
			p.Errorf("a removed key: got %+v, want Unknown", got)
		}
		p.enrolled(hana, d) // the same key once more, known by the same handle
		p.enrolled(hana, newDevice(p, -7))
		p.update(func(tx db.Tx) error { return RemoveAll(p.Context(), tx, hana) })
		if l, k := p.list(hana), p.list(ken); len(l) != 0 || len(k) != 1 || k[0].ID != his.ID {
			p.Errorf("after RemoveAll: %+v and %+v", l, k)
		}
		p.update(func(tx db.Tx) error { return tx.One(p.Context(), `DELETE FROM account WHERE id = $1`, ken) })
		if got := p.prove(Ceremony{Signin, here, "", other.get(p, p.signinOptions(here), nil)}); got.Outcome != Unknown || len(p.list(ken)) != 0 {
			p.Errorf("after the account went: got %+v", got)
		}
	})
}

func TestAnsweredChallengesAreForgottenWhenOver(t *testing.T) {
	each(t, func(p place) {
		d := newDevice(p, -7)
		p.enrolled(hana, d)
		response := d.get(p, p.signinOptions(here), nil)
		p.prove(Ceremony{Signin, here, "", response})
		spent := func() (n int64) {
			p.update(func(tx db.Tx) error {
				if err := Purge(p.Context(), tx, 1); err != nil {
					return err
				}
				return tx.QueryRow(p.Context(), `SELECT count(*) FROM passkey_spent`).Scan(&n)
			})
			return n
		}
		if got := spent(); got != 2 {
			p.Errorf("at once: got %d, want 2", got)
		}
		p.clock.Add(Lives + kept + time.Second)
		if got := spent(); got != 1 {
			p.Errorf("after an hour: got %d, want 1", got)
		}
		if got := spent(); got != 0 {
			p.Errorf("once more: got %d, want 0", got)
		}
		if got := p.prove(Ceremony{Signin, here, "", response}); got.Outcome != Expired {
			p.Errorf("an answer that was forgotten: got %+v, want Expired", got)
		}
	})
}

func TestWhereKeysCanBeUsed(t *testing.T) {
	for _, c := range []struct {
		host, origin, want string
	}{
		{"id.example.com", "https://id.example.com", "https://id.example.com"},
		{"ID.Example.com", "https://ID.example.com:443/", "https://id.example.com"},
		{"id.example.com", "https://id.example.com:8443", "https://id.example.com:8443"},
		{"example.com", "https://id.example.com", "https://id.example.com"},
		{"localhost", "http://localhost:8080", "http://localhost:8080"},
		{"localhost", "http://localhost:80", "http://localhost"},
		{"id.example.com", "http://id.example.com", ""},
		{"127.0.0.1", "http://127.0.0.1:8080", ""},
		{"::1", "http://[::1]:8080", ""},
		{"", "https://id.example.com", ""},
		{"id.example.com", "https://example.com", ""},
		{"id.example.com", "https://evilid.example.com", ""},
		{"id.example.com", "https://a@id.example.com", ""},
		{"id.example.com", "https://id.example.com/path", ""},
		{"id.example.com", "id.example.com", ""},
		{"id.example.com:8443", "https://id.example.com:8443", ""},
		{"intranet", "https://intranet", ""},
	} {
		k, err := New(nil, c.host, "Sekisho", []string{c.origin})
		if (err == nil) != (c.want != "") || err == nil && k.RP.Origins[0] != c.want {
			t.Errorf("%s at %s: got %+v (%v), want %q", c.host, c.origin, k, err, c.want)
		}
	}
	if _, err := New(nil, testHost, "Sekisho", nil); err == nil {
		t.Error("no origin was enough")
	}
}
