package e2e

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	varint "encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/chromedp"
	"golang.org/x/crypto/scrypt"
	"rsc.io/qr"
)

// oath is what oathtool makes of the same key.
func oath(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(need(t, "oathtool"), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("oathtool %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// OA-17: every kind of code that can be added is the one that another program makes.
func TestTegataCodesAgreeWithOathtool(t *testing.T) {
	s := Start(t)
	x := open(t, "en", 390, false)
	x.app(s)
	const key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	var list []string
	want := map[string]func(at time.Time) string{}
	for _, algorithm := range []string{"SHA1", "SHA256", "SHA512"} {
		for digits := 6; digits <= 8; digits++ {
			for _, period := range []int{30, 60} {
				name := fmt.Sprintf("%s-%d-%d", algorithm, digits, period)
				list = append(list, fmt.Sprintf("otpauth://totp/x:%s?secret=%s&issuer=%s&algorithm=%s&digits=%d&period=%d", name, key, name, algorithm, digits, period))
				want[name] = func(at time.Time) string {
					return oath(t, "--totp="+algorithm, "-b", key, "-d", fmt.Sprint(digits), "-s", fmt.Sprintf("%ds", period), "-N", at.UTC().Format("2006-01-02 15:04:05 UTC"))
				}
			}
		}
	}
	for digits := 6; digits <= 8; digits++ {
		name := fmt.Sprintf("counter-%d", digits)
		list = append(list, fmt.Sprintf("otpauth://hotp/x:%s?secret=%s&issuer=%s&digits=%d&counter=12345", name, key, name, digits))
		want[name] = func(time.Time) string { return oath(t, "--hotp", "-b", key, "-d", fmt.Sprint(digits), "-c", "12345") }
	}
	x.take(strings.Join(list, "\n"))
	x.at("")
	got := func() map[string]string {
		return inside[map[string]string](x, "vault otp", `const out = {}; for (const e of m.vault.entries()) out[e.issuer] = await m.otp.codeAt(e, Date.now()); return out;`)
	}
	before := time.Now()
	codes := got()
	after := time.Now()
	if len(codes) != len(want) {
		t.Fatalf("got %d codes, want %d", len(codes), len(want))
	}
	for name, f := range want {
		if codes[name] != f(before) && codes[name] != f(after) {
			t.Errorf("%s: got %s, oathtool says %s", name, codes[name], f(after))
		}
	}
	// And that is what is shown; a counter moves by one where it is asked to.
	x.until(`[...document.querySelectorAll(".otp")].some(e => /^\d{3} \d{3}$/.test(e.textContent))`)
	x.tap("Show the next code of counter-6")
	next := oath(t, "--hotp", "-b", key, "-c", "12346")
	eval[bool](x, `document.querySelector(".code-row:nth-last-child(3)").scrollIntoView(), true`)
	x.until(fmt.Sprintf(`document.querySelector(".code-row:nth-last-child(3) .otp").textContent === %q`, next[:3]+" "+next[3:]))
}

// proto writes the fields of a message: number and varint or bytes in turn.
func proto(fields ...any) []byte {
	var b []byte
	for i := 0; i < len(fields); i += 2 {
		n := uint64(fields[i].(int))
		switch v := fields[i+1].(type) {
		case int:
			b = varint.AppendUvarint(varint.AppendUvarint(b, n<<3), uint64(v))
		case []byte:
			b = append(varint.AppendUvarint(varint.AppendUvarint(b, n<<3|2), uint64(len(v))), v...)
		case string:
			b = append(varint.AppendUvarint(varint.AppendUvarint(b, n<<3|2), uint64(len(v))), v...)
		}
	}
	return b
}

// picture is a file with a QR code.
func picture(t *testing.T, text string) string {
	t.Helper()
	c, err := qr.Encode(text, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	c.Scale = 6
	file := filepath.Join(t.TempDir(), "code.png")
	if err := os.WriteFile(file, c.PNG(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// give puts files into the page's file field.
func (x *tab) give(files ...string) {
	x.t.Helper()
	doc, err := chromedp.Call(x.ctx, dom.GetDocument, dom.GetDocumentParams{})
	x.must(err)
	n, err := chromedp.Call(x.ctx, dom.QuerySelector, dom.QuerySelectorParams{NodeID: doc.Root.NodeID, Selector: "input[type=file]"})
	x.must(err)
	_, err = chromedp.Call(x.ctx, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: files, NodeID: n.NodeID})
	x.must(err)
}

// A transfer of two QR codes, read from pictures with the decoder of our own.
func TestTegataTakesTransferCodes(t *testing.T) {
	s := Start(t)
	x := open(t, "ja", 390, false)
	x.app(s)
	part := func(index int, entries ...[]byte) string {
		var fields []any
		for _, e := range entries {
			fields = append(fields, 1, e)
		}
		b := proto(append(fields, 2, 1, 3, 2, 4, index, 5, 987654)...)
		return picture(t, "otpauth-migration://offline?data="+url.QueryEscape(base64.StdEncoding.EncodeToString(b)))
	}
	one := part(0, proto(1, []byte("12345678901234567890"), 2, "GitHub:hana", 3, "GitHub", 4, 1, 5, 1, 6, 2), proto(1, []byte("12345678901234567890123456789012"), 2, "口座", 3, "銀行", 4, 2, 5, 2, 6, 1, 7, 41))
	two := part(1, proto(1, []byte("hello"), 2, "old one", 4, 4, 5, 1, 6, 2), proto(1, []byte("world"), 2, "plain", 6, 2))
	x.at("scan")
	x.give(two)
	x.see("2個のうち 1個")
	x.look("tg-scan-part")
	x.give(one)
	x.until(`document.querySelectorAll(".code-row").length === 3`)
	got := inside[[]map[string]any](x, "vault", "return m.vault.entries();")
	for i, want := range []string{"totp plain  SHA1 6 0", "totp hana GitHub SHA1 6 0", "hotp 口座 銀行 SHA256 8 41"} {
		if e := got[i]; fmt.Sprint(e["type"], " ", e["name"], " ", e["issuer"], " ", e["algorithm"], " ", e["digits"], " ", e["counter"]) != want {
			t.Errorf("entry %d: got %v, want %s", i, e, want)
		}
	}
}

// aegis writes a file as Aegis does, sealed with a password.
func aegis(t *testing.T, word string) (plain, sealed string) {
	t.Helper()
	db := map[string]any{"version": 3, "groups": []any{map[string]any{"uuid": "g1", "name": "Work"}}, "entries": []any{
		map[string]any{"type": "totp", "uuid": "u1", "name": "hana", "issuer": "GitHub", "groups": []string{"g1"}, "info": map[string]any{"secret": "JBSWY3DPEHPK3PXP", "algo": "SHA512", "digits": 8, "period": 60}},
		map[string]any{"type": "hotp", "uuid": "u2", "name": "c", "issuer": "Bank", "info": map[string]any{"secret": "JBSWY3DPEHPK3PXQ", "algo": "SHA1", "digits": 6, "counter": 5}},
		map[string]any{"type": "steam", "uuid": "u3", "name": "s", "issuer": "Steam", "info": map[string]any{"secret": "JBSWY3DPEHPK3PXR", "algo": "SHA1", "digits": 5, "period": 30}}}}
	seal := func(key, nonce, data []byte) (ct, tag []byte) {
		b, err := aes.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		g, err := cipher.NewGCM(b)
		if err != nil {
			t.Fatal(err)
		}
		out := g.Seal(nil, nonce, data, nil)
		return out[:len(out)-16], out[len(out)-16:]
	}
	inner, _ := json.Marshal(db)
	p, _ := json.Marshal(map[string]any{"version": 1, "header": map[string]any{"slots": nil, "params": nil}, "db": db})
	master, salt := bytes.Repeat([]byte{7}, 32), bytes.Repeat([]byte{9}, 32)
	derived, err := scrypt.Key([]byte(word), salt, 1<<15, 8, 1, 32)
	if err != nil {
		t.Fatal(err)
	}
	nonce, nonce2 := bytes.Repeat([]byte{1}, 12), bytes.Repeat([]byte{2}, 12)
	key, keyTag := seal(derived, nonce, master)
	data, dataTag := seal(master, nonce2, inner)
	c, _ := json.Marshal(map[string]any{"version": 1, "db": base64.StdEncoding.EncodeToString(data), "header": map[string]any{
		"slots": []any{map[string]any{"type": 2, "uuid": "bio", "key": "00"}, map[string]any{"type": 1, "uuid": "s", "key": hex.EncodeToString(key), "n": 1 << 15, "r": 8, "p": 1,
			"salt": hex.EncodeToString(salt), "key_params": map[string]any{"nonce": hex.EncodeToString(nonce), "tag": hex.EncodeToString(keyTag)}}},
		"params": map[string]any{"nonce": hex.EncodeToString(nonce2), "tag": hex.EncodeToString(dataTag)}}})
	return string(p), string(c)
}

func TestTegataTakesAegisFilesAndItsOwn(t *testing.T) {
	s := Start(t)
	plain, sealed := aegis(t, "correct horse")
	dir := t.TempDir()
	for name, body := range map[string]string{"plain.json": plain, "sealed.json": sealed} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	x := open(t, "en", 390, true)
	x.app(s)
	x.at("import")
	x.give(filepath.Join(dir, "sealed.json"))
	x.until("document.getElementById('f-word')?.checkVisibility()")
	x.look("tg-import-sealed")
	x.put("f-word", "wrong horse")
	x.tap("Open")
	x.see("That is not its password")
	x.put("f-word", "correct horse")
	x.tap("Open")
	x.see("2 codes were brought in.")
	x.see("1 left out: it cannot be read")
	x.look("tg-import-sealed-done")
	x.give(filepath.Join(dir, "plain.json"))
	x.see("0 codes were brought in.")
	x.see("2 were there already")
	const about = `m.vault.entries().map(e => [e.type, e.issuer, e.name, e.secret, e.algorithm, e.digits, e.type === "hotp" ? e.counter : e.period, e.tags.join()].join(" "))`
	want := "[totp GitHub hana JBSWY3DPEHPK3PXP SHA512 8 60 Work hotp Bank c JBSWY3DPEHPK3PXQ SHA1 6 5 ]"
	if got := fmt.Sprint(inside[[]string](x, "vault", "return "+about)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// What it exports it reads again; a plain list has no tags.
	own := inside[string](x, "vault transfer", `return m.transfer.sealedFile(m.vault.entries(), "paper cranes unfold")`)
	if strings.Contains(own, "JBSWY3DP") || strings.Contains(own, "GitHub") {
		t.Errorf("the sealed file can be read: %s", own)
	}
	list := inside[string](x, "vault transfer", `return m.transfer.plainFile(m.vault.entries())`)
	for _, file := range []struct{ body, word string }{{own, "paper cranes unfold"}, {list, ""}} {
		n := inside[int](x, "vault transfer", fmt.Sprintf(`const got = await m.transfer.open(%q, %q); return got.entries.length * 10 + await m.vault.add(got.entries)`, file.body, file.word))
		if n != 20 {
			t.Errorf("got %d, want two entries and none that is new", n)
		}
	}
}
