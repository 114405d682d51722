package otp_test

import (
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sekisho/internal/otp"
	"sekisho/internal/secret"
)

func key(raw, algorithm string, digits int, kind otp.Kind) otp.Key {
	k, err := otp.Key{Kind: kind, Label: "x", Secret: secret.Text(base32.StdEncoding.EncodeToString([]byte(raw))), Algorithm: algorithm, Digits: digits}.Check()
	if err != nil {
		panic(err)
	}
	return k
}

func TestCodesOfRFC4226(t *testing.T) {
	k := key("12345678901234567890", "", 6, otp.HOTP)
	for n, want := range strings.Fields("755224 287082 359152 969429 338314 254676 287922 162583 399871 520489") {
		if got := k.At(uint64(n)); got != want {
			t.Errorf("counter %d: got %s, want %s", n, got, want)
		}
	}
}

// The keys of SHA-256 and SHA-512 are longer than RFC 6238 says in its text, as in its
// program (errata 2866).
func TestCodesOfRFC6238(t *testing.T) {
	for name, x := range map[string]struct {
		raw  string
		want string
	}{
		"SHA1":    {"12345678901234567890", "94287082 07081804 14050471 89005924 69279037 65353130"},
		"SHA-256": {"12345678901234567890123456789012", "46119246 68084774 67062674 91819424 90698825 77737706"},
		"sha512":  {"1234567890123456789012345678901234567890123456789012345678901234", "90693936 25091201 99943326 93441116 38618901 47863826"},
	} {
		k := key(x.raw, name, 8, otp.TOTP)
		for i, at := range []int64{59, 1111111109, 1111111111, 1234567890, 2000000000, 20000000000} {
			if got, _ := k.Code(time.Unix(at, 0)); got != strings.Fields(x.want)[i] {
				t.Errorf("%s at %d: got %s, want %s", name, at, got, strings.Fields(x.want)[i])
			}
		}
	}
}

func TestACodeSaysHowLongItHolds(t *testing.T) {
	k := key("12345678901234567890", "", 6, otp.TOTP)
	if _, left := k.Code(time.Unix(59, 0)); left != time.Second {
		t.Errorf("got %s, want 1s", left)
	}
	if _, left := k.Code(time.Unix(60, 0)); left != 30*time.Second {
		t.Errorf("got %s, want 30s", left)
	}
}

func TestOathtoolAgrees(t *testing.T) {
	tool, err := exec.LookPath("oathtool")
	if err != nil {
		t.Fatal("oathtool is missing; make deps installs it")
	}
	at := time.Unix(1764067200, 0)
	for _, algorithm := range []string{"SHA1", "SHA256", "SHA512"} {
		for digits := 6; digits <= 8; digits++ {
			for _, period := range []int{30, 60} {
				k := key("a secret of 20 bytes", algorithm, digits, otp.TOTP)
				k.Period = period
				out, err := exec.Command(tool, "--totp="+algorithm, "-b", k.Secret.Reveal(), "-d", fmt.Sprint(digits), "-s", fmt.Sprint(period), "-N", "@"+fmt.Sprint(at.Unix())).CombinedOutput()
				if got, _ := k.Code(at); err != nil || got != strings.TrimSpace(string(out)) {
					t.Errorf("%s, %d digits, %d s: got %s, oathtool %s (%v)", algorithm, digits, period, got, out, err)
				}
			}
		}
	}
}

func TestAddressesAreReadAndWritten(t *testing.T) {
	for uri, want := range map[string]string{
		"otpauth://totp/Example:alice@example.com?secret=JBSWY3DPEHPK3PXP&issuer=Example":               "totp|Example|alice@example.com|SHA1|6|30|0",
		"otpauth://totp/alice?secret=jbsw+y3dp%20ehpk-3pxp===":                                          "totp||alice|SHA1|6|30|0",
		"otpauth://hotp/Old%20Co:%20bob?secret=JBSWY3DPEHPK3PXP&counter=7&digits=8":                     "hotp|Old Co|bob|SHA1|8|30|7",
		"otpauth://totp/a%3Ab?secret=JBSWY3DPEHPK3PXP&algorithm=SHA512&period=60&digits=7":              "totp|a|b|SHA512|7|60|0",
		"otpauth://TOTP/%E9%96%A2%E6%89%80:%E8%8A%B1?secret=JBSWY3DPEHPK3PXP&issuer=%E9%96%A2%E6%89%80": "totp|関所|花|SHA1|6|30|0",
	} {
		k, err := otp.Parse(uri)
		if got := fmt.Sprintf("%s|%s|%s|%s|%d|%d|%d", k.Kind, k.Issuer, k.Label, k.Algorithm, k.Digits, k.Period, k.Counter); err != nil || got != want {
			t.Errorf("%s: got %s (%v), want %s", uri, got, err, want)
		}
		again, err := otp.Parse(k.URI().Reveal())
		if err != nil || again != k {
			t.Errorf("%s: written and read again it is %+v (%v), want %+v", uri, again, err, k)
		}
	}
}

func TestWhatNoCodeCanBeMadeOfIsRefused(t *testing.T) {
	const s = "secret=JBSWY3DPEHPK3PXP"
	for uri, part := range map[string]string{
		"https://totp/x?" + s:                               "uri",
		"otpauth://totp/x?secret=%zz":                       "uri",
		"otpauth://steam/x?" + s:                            "kind",
		"otpauth://totp/x":                                  "secret",
		"otpauth://totp/x?secret=0189":                      "secret",
		"otpauth://totp/x?" + s + "&digits=5":               "digits",
		"otpauth://totp/x?" + s + "&digits=9":               "digits",
		"otpauth://totp/x?" + s + "&digits=six":             "digits",
		"otpauth://totp/x?" + s + "&period=0":               "period",
		"otpauth://totp/x?" + s + "&period=86400":           "period",
		"otpauth://totp/x?" + s + "&algorithm=MD5":          "algorithm",
		"otpauth://hotp/x?" + s + "&counter=-1":             "counter",
		"otpauth://totp/?" + s:                              "name",
		"otpauth://totp/x?" + s + strings.Repeat("0", 3000): "uri",
	} {
		_, err := otp.Parse(uri)
		var bad *otp.Error
		if !errors.As(err, &bad) || bad.Part != part {
			t.Errorf("%.60s: got %v, want the %s", uri, err, part)
		}
		if err != nil && strings.Contains(err.Error(), "0189") {
			t.Errorf("%s: the error holds the secret", uri)
		}
	}
}

// transfer is made as Google's authenticator makes it.
func transfer(keys ...[]byte) string {
	var all []byte
	for _, k := range keys {
		all = append(append(append(all, 1<<3|2), byte(len(k))), k...)
	}
	all = append(all, 2<<3, 1, 3<<3, 1, 4<<3, 0)
	return "otpauth-migration://offline?data=" + url.QueryEscape(base64.StdEncoding.EncodeToString(all))
}

func part(tag byte, v string) []byte { return append([]byte{tag<<3 | 2, byte(len(v))}, v...) }

func join(parts ...[]byte) (out []byte) {
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func TestTransferCodesHoldSeveralKeys(t *testing.T) {
	line := transfer(
		join(part(1, "12345678901234567890"), part(2, "Example:alice"), part(3, "Example"), []byte{4 << 3, 1, 5 << 3, 1, 6 << 3, 2}),
		join(part(1, "12345678901234567890"), part(2, "bob"), []byte{4 << 3, 2, 5 << 3, 2, 6 << 3, 1, 7 << 3, 9}))
	keys, err := otp.Read(line)
	if err != nil || len(keys) != 2 {
		t.Fatalf("got %d keys (%v), want 2", len(keys), err)
	}
	if k := keys[0]; k.Name() != "Example: alice" || k.Kind != otp.TOTP || k.At(1) != "287082" {
		t.Errorf("got %+v", k)
	}
	if k := keys[1]; k.Name() != "bob" || k.Kind != otp.HOTP || k.Digits != 8 || k.Algorithm != "SHA256" || k.Counter != 9 {
		t.Errorf("got %+v", k)
	}
	if _, err := otp.Read(transfer(join(part(1, "x"), part(2, "y"), []byte{4 << 3, 4}))); err == nil {
		t.Error("MD5 was taken")
	}
}

func FuzzRead(f *testing.F) {
	f.Add("otpauth://totp/Example:alice@example.com?secret=JBSWY3DPEHPK3PXP&issuer=Example")
	f.Add(transfer(join(part(1, "12345678901234567890"), part(2, "Example:alice"))))
	f.Fuzz(func(t *testing.T, line string) {
		keys, err := otp.Read(line)
		if err != nil {
			return
		}
		for _, k := range keys {
			if code, _ := k.Code(time.Unix(1764067200, 0)); len(code) != k.Digits {
				t.Errorf("%q gives the code %q of %d digits", line, code, k.Digits)
			}
			if again, err := otp.Parse(k.URI().Reveal()); err != nil || again != k {
				t.Errorf("%q is not read again: %v", line, err)
			}
		}
	})
}
