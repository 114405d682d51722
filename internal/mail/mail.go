// Package mail hands one message to an SMTP server.
//
// It keeps nothing, tries once and says whether trying again may help. It knows no
// word of what is mailed.
package mail

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"sekisho/internal/secret"
)

// TLS is how the connection to the server is protected.
type TLS string

// The ways there are.
const (
	StartTLS TLS = "starttls" // demanded: a server without it gets nothing
	Implicit TLS = "tls"      // RFC 8314
	Plain    TLS = "plain"    // only to this very machine
)

// Server is an operator's mail server.
type Server struct {
	Host     string
	Port     int
	User     string
	Password secret.Text
	TLS      TLS
	Timeout  time.Duration
}

// Parse reads smtp://user:password@host:587 (STARTTLS), smtps://host:465 and
// smtp+plain://127.0.0.1:25. Its errors never repeat the password.
func Parse(raw string) (Server, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return Server{}, errors.New("a mail server is written smtp://user:password@host:587, smtps://host:465 or smtp+plain://127.0.0.1:25")
	}
	s := Server{Host: u.Hostname(), User: u.User.Username(), Timeout: 15 * time.Second}
	if word, ok := u.User.Password(); ok {
		s.Password = secret.Text(word)
	}
	switch u.Scheme {
	case "smtp":
		s.TLS, s.Port = StartTLS, 587
	case "smtps":
		s.TLS, s.Port = Implicit, 465
	case "smtp+plain":
		s.TLS, s.Port = Plain, 25
		if ip := net.ParseIP(s.Host); s.Host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return Server{}, errors.New("smtp+plain is only for a server on this machine; use smtp:// or smtps://")
		}
	default:
		return Server{}, fmt.Errorf("mail server: %q is not smtp, smtps or smtp+plain", u.Scheme)
	}
	if p := u.Port(); p != "" {
		if s.Port, err = strconv.Atoi(p); err != nil || s.Port < 1 || s.Port > 65535 {
			return Server{}, errors.New("mail server: the port is not a number from 1 to 65535")
		}
	}
	return s, nil
}

// Message is one mail. ID is the same at every try, so that a message that went
// out twice is shown once.
type Message struct {
	ID      string
	From    string // address
	Name    string // of the sender
	To      string
	Lang    string
	Subject string
	Text    string
	HTML    string
	Date    time.Time
}

// Send tries once.
func (s Server) Send(ctx context.Context, m Message) error {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if strings.ContainsAny(m.Subject+m.To+m.Name, "\r\n") {
		return &refused{errors.New("mail: a header with a line break")}
	}
	if err := msg.FromFormat(m.Name, m.From); err != nil {
		return &refused{fmt.Errorf("mail: the sender's address does not read: %w", err)}
	}
	if err := msg.To(m.To); err != nil {
		return &refused{errors.New("mail: the recipient's address does not read")}
	}
	_, domain, _ := strings.Cut(m.From, "@")
	msg.SetMessageIDWithValue(m.ID + "@" + domain)
	msg.SetDateWithValue(m.Date)
	msg.Subject(m.Subject)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5
	msg.SetGenHeader("Content-Language", m.Lang)
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	opts := []gomail.Option{gomail.WithPort(s.Port), gomail.WithTimeout(s.Timeout), gomail.WithHELO(domain), gomail.WithoutNoop()}
	switch s.TLS {
	case StartTLS:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case Implicit:
		opts = append(opts, gomail.WithSSL())
	default:
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.User != "" {
		opts = append(opts, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.User), gomail.WithPassword(s.Password.Reveal()))
	}
	c, err := gomail.NewClient(s.Host, opts...)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	if err := c.DialAndSendWithContext(ctx, msg); err != nil {
		// A server that took the message and then hung up has taken it.
		if msg.IsDelivered() {
			return nil
		}
		return fmt.Errorf("mail: %w", err)
	}
	return nil
}

type refused struct{ error }

// Permanent says whether trying again cannot help: the server refused for good
// (RFC 5321 §4.2.1, 5yz).
func Permanent(err error) bool {
	var r *refused
	if errors.As(err, &r) {
		return true
	}
	var e *gomail.SendError
	return errors.As(err, &e) && !e.IsTemp() && e.ErrorCode() >= 500
}
