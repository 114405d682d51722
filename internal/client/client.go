// Package client owns the apps that sign people in through OpenID Connect: their
// registration, their secrets and where they may be sent back to.
//
// Secrets are random and kept as hashes; a new one leaves the old one valid for
// a while, so that an app changes it without downtime. It knows no token.
package client

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Client is one registered app.
type Client struct {
	ID           ref.Client `json:"client_id"`
	Name         string     `json:"name"`
	Confidential bool       `json:"confidential"`
	Redirects    []string   `json:"redirect_uris"`
	Logouts      []string   `json:"post_logout_redirect_uris"`
	Backchannel  string     `json:"backchannel_logout_uri,omitempty"`
	Scopes       []string   `json:"scopes"`
	Grants       []string   `json:"grant_types"`
	Alg          string     `json:"id_token_signed_response_alg"`
	JWT          bool       `json:"jwt_access_tokens"` // RFC 9068 for client credentials; otherwise opaque
	Pairwise     bool       `json:"pairwise_subject"`
	Sector       string     `json:"sector,omitempty"`
	FirstParty   bool       `json:"first_party"`     // the operator's own: consent is not asked
	Resource     bool       `json:"resource_server"` // may ask about every token (RFC 7662)
	Created      time.Time  `json:"created"`
	secret       []byte
	oldSecret    []byte
	oldUntil     time.Time
}

// Grant types (RFC 6749).
const (
	Code        = "authorization_code"
	Refresh     = "refresh_token"
	Credentials = "client_credentials"
)

// Scopes an app can be given.
var Scopes = []string{"openid", "profile", "email", "offline_access"}

// Check says what is wrong with a registration, in words for its author.
func (c Client) Check() error {
	if strings.TrimSpace(c.Name) == "" || len(c.Name) > 100 {
		return errors.New("an app needs a name of up to 100 characters")
	}
	if !slices.Contains([]string{"EdDSA", "ES256", "RS256"}, c.Alg) {
		return fmt.Errorf("%q is not EdDSA, ES256 or RS256", c.Alg)
	}
	if slices.Contains(c.Grants, Code) && len(c.Redirects) == 0 {
		return errors.New("an app that signs people in needs a redirect URI")
	}
	if slices.Contains(c.Grants, Credentials) && !c.Confidential {
		return errors.New("a public app has no secret and cannot use client credentials")
	}
	for _, s := range c.Scopes {
		if s == "" || strings.ContainsAny(s, " \"\\") {
			return fmt.Errorf("%q is not a scope", s)
		}
	}
	for _, list := range [][]string{c.Redirects, c.Logouts} {
		for _, u := range list {
			if err := checkRedirect(u); err != nil {
				return err
			}
		}
	}
	if c.Backchannel != "" {
		u, err := url.Parse(c.Backchannel)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Fragment != "" {
			return fmt.Errorf("the back-channel address %q is not an https URL", c.Backchannel)
		}
	}
	return nil
}

// checkRedirect takes https, http on loopback (RFC 8252 §7.3), and an app's own
// scheme with a dot in it (RFC 8252 §7.1).
func checkRedirect(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Fragment != "" || strings.Contains(s, "#") || u.User != nil || strings.ContainsAny(s, "\\ \t\r\n*") {
		return fmt.Errorf("%q cannot be a redirect URI: it has a fragment, a user, a blank or a wildcard", s)
	}
	switch {
	case u.Scheme == "https" && u.Host != "":
		return nil
	case u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	case strings.Contains(u.Scheme, "."):
		return nil
	}
	return fmt.Errorf("%q cannot be a redirect URI: https is needed, or http on localhost", s)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// MayReturn says whether an app may be sent back to uri: letter for letter one
// that is registered (RFC 9700 §2.1). On a loopback IP address the port may
// differ, for a program that opens one when it runs (RFC 8252 §7.3).
func (c Client) MayReturn(uri string) bool {
	if slices.Contains(c.Redirects, uri) {
		return true
	}
	if c.Confidential {
		return false
	}
	bare, ok := withoutPort(uri)
	return ok && slices.ContainsFunc(c.Redirects, func(r string) bool {
		other, ok := withoutPort(r)
		return ok && other == bare
	})
}

func withoutPort(uri string) (string, bool) {
	for _, host := range []string{"http://127.0.0.1", "http://[::1]"} {
		rest, ok := strings.CutPrefix(uri, host)
		if !ok {
			continue
		}
		if port, ok := strings.CutPrefix(rest, ":"); ok {
			end := strings.IndexFunc(port, func(r rune) bool { return r < '0' || r > '9' })
			if end < 0 {
				end = len(port)
			}
			if end == 0 || end > 5 {
				return "", false
			}
			rest = port[end:]
		}
		if rest == "" || rest[0] == '/' {
			return host + rest, true
		}
	}
	return "", false
}

const columns = `id, name, confidential, secret, old_secret, old_until, redirects, logouts, backchannel, scopes, grants, alg, jwt, pairwise, sector, first_party, resource, created`

func scan(s db.Scanner) (Client, error) {
	var c Client
	var redirects, logouts, scopes, grants string
	err := s.Scan(&c.ID, &c.Name, db.Bool(&c.Confidential), &c.secret, &c.oldSecret, db.Time(&c.oldUntil), &redirects, &logouts, &c.Backchannel,
		&scopes, &grants, &c.Alg, db.Bool(&c.JWT), db.Bool(&c.Pairwise), &c.Sector, db.Bool(&c.FirstParty), db.Bool(&c.Resource), db.Time(&c.Created))
	c.Redirects, c.Logouts = strings.Fields(redirects), strings.Fields(logouts)
	c.Scopes, c.Grants = strings.Fields(scopes), strings.Fields(grants)
	return c, err
}

// Of reads an app; db.ErrNone when there is none.
func Of(ctx context.Context, r db.Reader, id ref.Client) (Client, error) {
	return scan(r.QueryRow(ctx, `SELECT `+columns+` FROM client WHERE id = $1`, id))
}

// List reads all apps.
func List(ctx context.Context, r db.Reader) ([]Client, error) {
	return db.List(ctx, r, scan, `SELECT `+columns+` FROM client ORDER BY id`)
}

// Create registers an app and gives its secret, which is shown this once; a
// public app has none.
func Create(ctx context.Context, tx db.Tx, c Client) (Client, secret.Text, error) {
	if err := c.Check(); err != nil {
		return c, "", err
	}
	c.ID, c.Created = ref.NewClient(tx.Now()), tx.Now()
	if c.Pairwise && c.Sector == "" && len(c.Redirects) > 0 {
		u, err := url.Parse(c.Redirects[0])
		if err != nil {
			return c, "", err
		}
		c.Sector = u.Hostname()
	}
	var s secret.Text
	var hash []byte
	if c.Confidential {
		s = secret.Token()
		hash = secret.Hash(s.Reveal())
	}
	_, err := tx.Exec(ctx, `INSERT INTO client (id, name, confidential, secret, redirects, logouts, backchannel, scopes, grants, alg, jwt, pairwise, sector, first_party, resource, created)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		c.ID, c.Name, c.Confidential, hash, strings.Join(c.Redirects, "\n"), strings.Join(c.Logouts, "\n"), c.Backchannel,
		strings.Join(c.Scopes, " "), strings.Join(c.Grants, " "), c.Alg, c.JWT, c.Pairwise, c.Sector, c.FirstParty, c.Resource, c.Created)
	return c, s, err
}

// Overlap is how long an old secret goes on after a new one was made.
const Overlap = 24 * time.Hour

// Rotate makes a new secret; the old one holds for the overlap.
func Rotate(ctx context.Context, tx db.Tx, id ref.Client, overlap time.Duration) (secret.Text, error) {
	s := secret.Token()
	err := tx.One(ctx, `UPDATE client SET old_secret = secret, old_until = $3, secret = $2 WHERE id = $1 AND confidential = 1`,
		id, secret.Hash(s.Reveal()), tx.Now().Add(overlap))
	return s, err
}

// Delete removes an app; its tokens and consents go with it.
func Delete(ctx context.Context, tx db.Tx, id ref.Client) error {
	return tx.One(ctx, `DELETE FROM client WHERE id = $1`, id)
}

// Proves says whether a secret is the app's.
func (c Client) Proves(given string, now time.Time) bool {
	hash := string(secret.Hash(given))
	if !c.Confidential || given == "" {
		return false
	}
	return secret.Equal(hash, string(c.secret)) || now.Before(c.oldUntil) && secret.Equal(hash, string(c.oldSecret))
}
