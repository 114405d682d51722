package hand_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/scrypt"

	"sekisho/internal/otp"
	"sekisho/internal/secret"
)

const (
	key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // of RFC 4226
	uri = "otpauth://totp/Example:alice@example.com?secret=" + key + "&issuer=Example&digits=8&algorithm=SHA1"
)

type shown struct {
	ID   int
	Name string
	Code string
	Own  bool
	Left int `json:"seconds_left"`
}

func TestTheVaultTakesKeysUnseen(t *testing.T) {
	s := take(t)
	s.run("vault", "add", uri, "--json").refused(2, "vault.argument")
	s.types(uri).run("vault", "add").want(0, "Added: 1")
	s.types(uri).run("vault", "add").want(0, "There already: 1")
	s.types("gezd gnbv gy3t qojq gezd gnbv gy3t qojq").run("vault", "add", "--issuer", "Bank", "--label", "hana", "--kind", "hotp", "--digits", "6").want(0, "Added: 1")
	q := s.alone()
	q.in = strings.ToLower(key) + "\n"
	q.run("vault", "add", "--label", "cron", "--algorithm", "sha-512", "--period", "60", "--digits", "7").want(0)
	s.types(uri).run("vault", "add", "--label", "work").want(0, "Added: 1")
	s.run("vault", "list").want(0, "Example: work")
	for flags, part := range map[string]string{"--digits 5": "digits", "--digits 0": "digits", "--period 0": "period", "--kind steam": "kind", "--algorithm md5": "algorithm"} {
		q.in = key
		q.run(append([]string{"vault", "add", "--label", "x"}, strings.Fields(flags)...)...).want(1, part, "vault.key_malformed").miss(key)
	}
	q.in = "not base 32 018"
	q.run("vault", "add", "--label", "x").want(1, "secret (base 32)").miss("018")
	s.run("vault", "list").want(0, "Example: alice@example.com", "8 digits", "Bank: hana", "counter 0", "cron", "SHA512", "every 60 s").miss(key)
	s.run("vault", "list", "--json").want(0).miss(key)
	s.run("vault").want(0, "import")
}

func TestCodesAreThoseOfTheKeys(t *testing.T) {
	s := take(t)
	s.enrolled(hana)
	s.types(uri).run("vault", "add").want(0)
	k, err := otp.Key{Label: "x", Secret: secret.Text(key), Digits: 8}.Check()
	if err != nil {
		t.Fatal(err)
	}
	var list []shown
	before, _ := k.Code(time.Now())
	s.run("codes", "--json").want(0).into(&list)
	after, _ := k.Code(time.Now())
	if len(list) != 2 || !list[0].Own || len(list[0].Code) != 6 || list[1].Code != before && list[1].Code != after || list[1].Left < 1 || list[1].Left > 30 {
		t.Errorf("got %+v, want %s", list, after)
	}
	s.run("codes", "EXAMPLE: al", "--json").want(0).into(&list)
	if len(list) != 1 || list[0].Name != "Example: alice@example.com" {
		t.Errorf("got %+v", list)
	}
	s.run("codes", "nothing of the kind", "--json").refused(3, "vault.unknown")
	// The account's own code proves at the server.
	s.run("codes", hana, "--json").want(0).into(&list)
	p := s.w.Program("192.0.2.7")
	var x asked
	p.Call("POST", "/api/v1/signin", map[string]any{"identifier": hana}).Want(200, "").Into(&x)
	path := "/api/v1/signin/" + x.Flow
	p.Call("POST", path, map[string]any{"kind": "password", "answer": "four paper cranes unfold"}).Want(200, "")
	p.Call("POST", path, map[string]any{"kind": "tegatacode", "answer": list[0].Code}).Want(200, "").Into(&x)
	if x.Token == "" {
		t.Error("the code did not sign in")
	}
}

func TestACounterMovesOnBeforeItsCodeIsShown(t *testing.T) {
	s := take(t)
	s.types(key).run("vault", "add", "--label", "bank", "--kind", "hotp").want(0)
	s.run("codes").want(0, "······", "counter")
	var c shown
	for _, want := range []string{"755224", "287082", "359152"} {
		s.run("codes", "1", "--next", "--json").want(0).into(&c)
		if c.Code != want {
			t.Errorf("got %s, want %s", c.Code, want)
		}
	}
	s.run("codes", "--next").want(0, "969 429")
	s.types(uri).run("vault", "add").want(0)
	s.run("codes", "--next", "--json").refused(2, "vault.next")
}

func TestCodesAreImportedWholeAndExported(t *testing.T) {
	s := take(t)
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	s.run("vault", "import", file("bad", "# mine\n"+uri+"\n\notpauth://totp/x?secret=018\n")).want(1, "line 4", "secret").miss("018")
	s.run("vault", "list").want(0, "The vault is empty")
	s.run("vault", "import", filepath.Join(dir, "none"), "--json").refused(3, "file.none")
	s.run("vault", "import", file("empty", "# nothing\n"), "--json").refused(3, "vault.empty")
	s.run("vault", "import", file("good", "\ufeff# mine\r\n"+uri+"\r\n"+strings.Replace(uri, "totp", "hotp", 1)+"&counter=4\r\n")).want(0, "Added: 2")

	out, plain := filepath.Join(dir, "out"), filepath.Join(dir, "plain")
	s.types("a passphrase for it", "pass:a passphrase for it").run("vault", "export", out).want(0, "Written")
	s.types("another passphrase", "pass:not the same").run("vault", "export", plain, "--json").refused(1, "passphrase.differs")
	s.types("y").run("vault", "export", "--plain", plain).want(0)
	s.types("y").run("vault", "export", "--plain", plain, "--json").refused(1, "file.there")
	for path, open := range map[string]bool{out: false, plain: true} {
		text, err := os.ReadFile(path)
		info, bad := os.Stat(path)
		if err != nil || bad != nil {
			t.Fatal(err, bad)
		}
		if strings.Contains(string(text), key) != open || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: open %t, mode %v", path, !open, info.Mode())
		}
	}
	s.types("y").run("vault", "remove", "1").want(0, "Removed: 1")
	s.run("vault", "remove", "1", "--json").refused(3, "vault.unknown")
	s.types("wrong").run("vault", "import", out, "--json").refused(4, "import.passphrase_wrong")
	s.types("a passphrase for it").run("vault", "import", out).want(0, "Added: 1", "There already: 1")
	s.run("vault", "list").want(0, "counter 4")
}

func TestNoSecretIsPrinted(t *testing.T) {
	s := take(t)
	s.enrolled(hana)
	s.types(uri).run("vault", "add").want(0)
	for _, line := range []string{"status", "accounts", "codes", "requests", "sessions", "vault list", "approve", "lock", "unlock", "refresh", "enrol --number 1", "end x", "promote x", "vault remove 9"} {
		s.types("something", "else").run(strings.Fields(line)...)
		s.types("something", "else").run(append(strings.Fields(line), "--json")...)
	}
	all := s.all.String()
	for _, x := range []string{key, word, "something", base32.StdEncoding.EncodeToString([]byte(word)), "MIGH", "BEGIN"} {
		if strings.Contains(all, x) {
			t.Errorf("%q was printed", x)
		}
	}
}

// A name that somebody else chose does not steer the terminal.
func TestNamesDoNotSteerTheTerminal(t *testing.T) {
	s := take(t)
	s.types("otpauth://totp/a%1B%5B2Jb%0Ac%E2%80%AEd?secret="+key).run("vault", "add").want(0)
	for _, line := range []string{"codes", "vault list"} {
		s.run(strings.Fields(line)...).want(0, "a�[2Jb c�d").miss("\x1b", "\u202e")
	}
}

func TestAThousandCodesAreImportedAndShown(t *testing.T) {
	s := take(t)
	var b strings.Builder
	for i := range 1000 {
		b.WriteString(strings.Replace(uri, "alice", "alice"+strings.Repeat("x", i%7)+string(rune('a'+i%26))+strings.Repeat("y", i/26), 1) + "\n")
	}
	path := filepath.Join(t.TempDir(), "many")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	s.run("vault", "import", path).want(0, "Added: 1000")
	var list []shown
	s.run("codes", "--json").want(0).into(&list)
	if len(list) != 1000 {
		t.Errorf("got %d, want 1000", len(list))
	}
}

// aegisFile is a file of Aegis, plain or sealed with a password, as its version 3 writes it.
func aegisFile(t *testing.T, name, word, n string) string {
	t.Helper()
	db := `{"version":3,"groups":[{"uuid":"g1","name":"Work\u001b[2J"}],"entries":[
		{"type":"totp","name":"hana","issuer":"GitHub","groups":["g1","gone"],"info":{"secret":"JBSWY3DPEHPK3PXP","algo":"SHA512","digits":8,"period":60}},
		{"type":"hotp","name":"c","issuer":"Bank","group":"Money","info":{"secret":"JBSWY3DPEHPK3PXQ","algo":"SHA1","digits":6,"counter":5}},
		{"type":"steam","name":"s","issuer":"Steam","info":{"secret":"JBSWY3DPEHPK3PXR","algo":"SHA1","digits":5,"period":30}}]}`
	file := `{"version":1,"header":{"slots":null,"params":null},"db":` + db + `}`
	if word != "" {
		seal := func(key, nonce, data []byte) (string, string) {
			b, err := aes.NewCipher(key)
			if err != nil {
				t.Fatal(err)
			}
			g, err := cipher.NewGCM(b)
			if err != nil {
				t.Fatal(err)
			}
			out := g.Seal(nil, nonce, data, nil)
			return string(out[:len(out)-16]), hex.EncodeToString(out[len(out)-16:])
		}
		master, salt, nonce := bytes.Repeat([]byte{7}, 32), bytes.Repeat([]byte{9}, 32), bytes.Repeat([]byte{1}, 12)
		made, err := scrypt.Key([]byte(word), salt, 1<<12, 8, 1, 32)
		if err != nil {
			t.Fatal(err)
		}
		key, keyTag := seal(made, nonce, master)
		data, tag := seal(master, nonce, []byte(db))
		file = fmt.Sprintf(`{"version":1,"header":{"slots":[{"type":2,"key":"00"},{"type":1,"key":"%x","key_params":{"nonce":"%x","tag":"%s"},"n":%s,"r":8,"p":1,"salt":"%x"}],"params":{"nonce":"%x","tag":"%s"}},"db":"%s"}`,
			key, nonce, keyTag, n, salt, nonce, tag, base64.StdEncoding.EncodeToString([]byte(data)))
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheVaultTakesFilesOfAegis(t *testing.T) {
	s := take(t)
	s.run("vault", "import", aegisFile(t, "plain.json", "", "")).want(0, "Added: 2", "1")
	s.run("vault", "list").want(0, "GitHub: hana", "8 digits", "Work", "Bank: c", "Money", "counter 5").miss("Steam").miss("\x1b").miss("gone")
	sealed := aegisFile(t, "sealed.json", "correct horse", "4096")
	s.types("wrong horse").run("vault", "import", sealed, "--json").refused(4, "import.passphrase_wrong")
	s.types("correct horse").run("vault", "import", sealed).want(0, "There already: 2")
	// A file that was made to stop the machine does not.
	s.types("correct horse").run("vault", "import", aegisFile(t, "huge.json", "correct horse", "1099511627776"), "--json").refused(1, "import.damaged")
}

func TestTheVaultIsTaggedAndOrdered(t *testing.T) {
	s := take(t)
	s.run("vault", "import", aegisFile(t, "plain.json", "", "")).want(0, "Added: 2")
	s.run("vault", "list", "--tag", "Money").want(0, "Bank").miss("GitHub")
	s.run("vault", "tag", "1", "Work", "Work", " Home ", "").want(0, "2")
	s.run("vault", "list", "--tag", "Home").want(0, "GitHub").miss("Bank")
	s.run("vault", "tag", "1").want(0)
	s.run("vault", "list", "--tag", "Home").want(0).miss("GitHub")
	s.run("vault", "tag", "9", "x", "--json").refused(3, "vault.unknown")
	var list []struct{ ID int }
	order := func(want ...int) {
		t.Helper()
		s.run("vault", "list", "--json").want(0).into(&list)
		for i, x := range list {
			if x.ID != want[i] {
				t.Errorf("got %v, want %v", list, want)
			}
		}
	}
	s.run("vault", "move", "2", "1").want(0)
	order(2, 1)
	s.run("vault", "move", "2", "99").want(0)
	order(1, 2)
	s.run("vault", "move", "2", "0", "--json").refused(2, "vault.place")
	s.run("vault", "move", "2", "-1").want(2)
	s.run("vault", "move", "8", "1", "--json").refused(3, "vault.unknown")
	order(1, 2)
}
