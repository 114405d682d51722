package hand

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"strings"
	"time"

	"sekisho/internal/i18n"
	"sekisho/internal/otp"
	"sekisho/internal/pass"
	"sekisho/internal/pouch"
)

// refusal is how anything that was not done is told: what, why, what to do.
type refusal struct {
	exit      int
	Code      string     `json:"code"`
	What      string     `json:"what"`
	Why       string     `json:"why"`
	Fix       string     `json:"fix"`
	Steps     []string   `json:"steps,omitempty"`
	Reference string     `json:"reference,omitempty"`
	RetryAt   *time.Time `json:"retry_at,omitempty"`
	Drift     *int64     `json:"clock_ahead_seconds,omitempty"` // of the server's; negative: behind
}

func (r *refusal) Error() string { return r.What + " " + r.Why + " " + r.Fix }

// refuse makes one of the texts "fault." and the code, which have three lines.
func (p *program) refuse(exit int, code string, args ...any) error {
	lines := strings.SplitN(p.t("fault."+code, args...), "\n", 3)
	for len(lines) < 3 {
		lines = append(lines, "")
	}
	return &refusal{exit: exit, Code: code, What: lines[0], Why: lines[1], Fix: lines[2]}
}

// tell says why a command did not do what it should, and gives the code to end with.
func (p *program) tell(err error) int {
	if err == nil {
		return OK
	}
	r := p.read(err)
	if p.json {
		e := json.NewEncoder(p.Out)
		e.SetIndent("", "  ")
		_ = e.Encode(map[string]any{"error": r})
		return r.exit
	}
	fmt.Fprintf(p.Err, "tegata: %s\n", clean(r.What))
	for _, l := range append([]string{r.Why, r.Fix}, r.Steps...) {
		if l != "" {
			fmt.Fprintf(p.Err, "  %s\n", clean(l))
		}
	}
	fmt.Fprintf(p.Err, "  %s %s", p.t("refusal.code"), clean(r.Code))
	if r.Reference != "" {
		fmt.Fprintf(p.Err, "  %s %s", p.t("refusal.reference"), clean(r.Reference))
	}
	fmt.Fprintln(p.Err)
	return r.exit
}

// read turns an error into a refusal. What is left over is told as it is: it comes
// from files and the network, and holds no secret.
func (p *program) read(err error) *refusal {
	var r *refusal
	var problem *pass.Problem
	var web *url.Error
	var key *otp.Error
	var path *fs.PathError
	switch {
	case errors.As(err, &r):
	case errors.As(err, &problem):
		r = p.refusedByServer(problem)
	case errors.Is(err, pouch.ErrWrong):
		errors.As(p.refuse(Sealed, "pouch.passphrase_wrong"), &r)
	case errors.Is(err, pouch.ErrBusy):
		errors.As(p.refuse(Refused, "pouch.busy"), &r)
	case errors.Is(err, pouch.ErrExposed):
		where, _ := p.path()
		errors.As(p.refuse(Sealed, "pouch.exposed", "path", where), &r)
	case errors.Is(err, pouch.ErrDamaged):
		where, _ := p.path()
		errors.As(p.refuse(Sealed, "pouch.damaged", "path", where), &r)
	case errors.As(err, &key):
		errors.As(p.refuse(Refused, "vault.key_malformed", "part", p.t("part."+key.Part)), &r)
	case errors.Is(err, pass.ErrStranger):
		errors.As(p.refuse(Unreachable, "server.stranger", "error", err), &r)
	case errors.Is(err, context.Canceled):
		errors.As(p.refuse(Refused, "stopped"), &r)
	case errors.As(err, &web):
		errors.As(p.refuse(Unreachable, "server.unreachable", "host", host(web.URL), "error", inner(web)), &r)
	case errors.As(err, &path) && errors.Is(err, fs.ErrNotExist):
		errors.As(p.refuse(NotThere, "file.none", "path", path.Path), &r)
	default:
		errors.As(p.refuse(Refused, "failed", "error", err), &r)
	}
	return r
}

func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "?"
	}
	return u.Host
}

// inner is why a server was not reached, without the address that was asked for.
func inner(err *url.Error) string {
	if err.Timeout() {
		return "timeout"
	}
	var op *net.OpError
	if errors.As(err.Err, &op) {
		return op.Err.Error()
	}
	return err.Err.Error()
}

func (p *program) refusedByServer(problem *pass.Problem) *refusal {
	r := &refusal{exit: Refused, Code: problem.Code, What: problem.What, Why: problem.Why, Fix: problem.Fix, Reference: problem.Reference, RetryAt: problem.RetryAt}
	switch problem.Code {
	case "device.clock": // OA-25
		if drift := problem.Drift(); drift != 0 {
			seconds := int64(drift / time.Second)
			r.Drift = &seconds
			r.Why = p.t("clock.off", "drift", i18n.Drift(drift)) + " " + r.Why
		}
		r.Steps = append(r.Steps, p.t("hint.clock"))
	case "device.stale":
		r.Steps = append(r.Steps, p.t("hint.refresh"))
	case "device.unknown":
		r.Steps = append(r.Steps, p.t("hint.unknown"))
	case "session.fresh_required":
		r.Steps = append(r.Steps, p.t("hint.fresh"))
	}
	return r
}
