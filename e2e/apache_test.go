package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// apache starts a web server whose mod_auth_openidc protects /private/.
func apache(t *testing.T, s *Server, port int, id, word, alg string) string {
	t.Helper()
	dir := t.TempDir()
	for at := dir; at != os.TempDir() && len(at) > 1; at = filepath.Dir(at) {
		if err := os.Chmod(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"private/index.html": "<title>Private</title><p>The inner page</p>", "index.html": "<title>Home</title><p>Goodbye from the app</p>"} {
		path := filepath.Join(dir, "www", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	user := ""
	if os.Getuid() == 0 {
		user = "User www-data\nGroup www-data\n"
	}
	modules := "/usr/lib/apache2/modules/mod_"
	var conf bytes.Buffer
	for _, m := range []string{"mpm_event", "authz_core", "authz_user", "authn_core", "dir", "mime", "headers", "auth_openidc"} {
		fmt.Fprintf(&conf, "LoadModule %s_module %s%s.so\n", m, modules, m)
	}
	home := fmt.Sprintf("http://localhost:%d", port)
	fmt.Fprintf(&conf, `%[1]sServerName localhost:%[2]d
ServerRoot %[3]s
DocumentRoot %[3]s/www
PidFile %[3]s/pid
ErrorLog %[3]s/error.log
LogLevel warn
Listen 127.0.0.1:%[2]d
TypesConfig /etc/mime.types
DirectoryIndex index.html
OIDCProviderMetadataURL %[4]s/.well-known/openid-configuration
OIDCClientID %[5]s
OIDCClientSecret %[6]s
OIDCRedirectURI %[7]s/private/callback
OIDCDefaultLoggedOutURL %[7]s/
OIDCCryptoPassphrase %[3]s
OIDCScope "openid profile email offline_access"
OIDCPKCEMethod S256
OIDCRemoteUserClaim email
OIDCIDTokenSignedResponseAlg %[8]s
OIDCSessionType server-cache
OIDCUserInfoRefreshInterval 60
<Location /private/>
  AuthType openid-connect
  Require valid-user
  Header always set X-User "expr=%%{REMOTE_USER}"
  Header always set X-Access "%%{OIDC_access_token}e"
</Location>
`, user, port, dir, s.URL, id, word, home, alg)
	path := filepath.Join(dir, "apache.conf")
	if err := os.WriteFile(path, conf.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(need(t, "apache2", "/usr/sbin/apache2"), "-f", path, "-DFOREGROUND")
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if log, err := os.ReadFile(filepath.Join(dir, "error.log")); t.Failed() && err == nil {
			t.Logf("apache:\n%s", log)
		}
	})
	for range 200 {
		if res, err := http.Get(home + "/"); err == nil {
			res.Body.Close()
			return home
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatal("apache does not answer")
	return ""
}

func TestApacheProtectsAPage(t *testing.T) {
	for _, alg := range []string{"ES256", "RS256"} {
		t.Run(alg, func(t *testing.T) {
			s := Start(t)
			s.Settle("hana@example.com")
			port := Port(t)
			home := fmt.Sprintf("http://localhost:%d", port)
			id, word := s.Client("Wiki", "--first-party", "--alg", alg, "--redirect", home+"/private/callback", "--logout-redirect", home+"/",
				"--backchannel", home+"/private/callback?logout=backchannel")
			apache(t, s, port, id, word, alg)
			x := open(t, "en", 1280, false)
			been := false
			enter := func() {
				x.goTo(home + "/private/")
				x.keyIn("E-mail, mobile", "hana@example.com")
				x.press("Next")
				x.keyIn("Password", Word)
				x.press("Sign in")
				if been { // the account knows the browser by now
					x.unoffered()
				}
				been = true
				x.see("The inner page")
			}
			enter()
			head := func(name string) string {
				return eval[string](x, fmt.Sprintf(`fetch("/private/").then(r => r.headers.get(%q) || "")`, name))
			}
			if got := head("X-User"); got != "hana@example.com" {
				t.Errorf("got user %q, want hana@example.com", got)
			}

			// Refresh.
			token := head("X-Access")
			x.goTo(home + "/private/callback?refresh=" + home + "/private/&access_token=" + token)
			x.see("The inner page")
			again := token
			for range 100 { // the page before says the same words
				if again = head("X-Access"); again != token && again != "" {
					break
				}
				time.Sleep(50 * time.Millisecond)
			}
			if again == token || again == "" {
				t.Error("the access token was not refreshed")
			}

			// The app signs out of Sekisho.
			x.goTo(home + "/private/callback?logout=" + home + "/")
			x.see("Goodbye from the app")
			x.goTo(s.URL + "/me")
			x.see("Sign in")

			// Sekisho signs out of the app.
			enter()
			s.Do("account", "disable", "hana@example.com")
			gone := false
			for range 100 {
				x.goTo(home + "/private/")
				if !strings.Contains(x.text(), "The inner page") {
					gone = true
					break
				}
				time.Sleep(50 * time.Millisecond)
			}
			if !gone {
				t.Error("the app did not hear of the session's end")
			}
		})
	}
}
