package consent

import (
	"testing"
	"time"

	"sekisho/internal/session"
)

// Whoever has a second factor is asked for it where an app wishes for it; nobody
// is stopped by a wish.
func TestAWishForMoreFactorsAsksOnceAndStopsNobody(t *testing.T) {
	asked := time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)
	long, since := asked.Add(-time.Hour), asked.Add(time.Minute)
	multi, single, trusted := session.ACRMulti, session.ACRSingle, session.ACRTrusted
	for _, x := range []struct {
		name   string
		ask    []string
		prompt []string
		acr    string
		auth   time.Time
		second bool
		want   Step
	}{
		{"nothing asked", nil, nil, single, long, true, ""},
		{"more asked, and there is a factor", []string{multi}, nil, single, long, true, Raise},
		{"more asked of a trusted browser", []string{multi}, nil, trusted, long, true, Raise},
		{"more asked, and there is no factor", []string{multi}, nil, single, long, false, ""},
		{"more asked and reached", []string{multi}, nil, multi, long, true, ""},
		{"proved since, and no more was reached", []string{multi}, nil, single, since, true, ""},
		{"proved since, in a trusted browser", []string{multi}, nil, trusted, since, true, Raise},
		{"less will do, but more is preferred", []string{multi, single}, nil, single, long, true, Raise},
		{"less is preferred", []string{single, multi}, nil, single, long, true, ""},
		{"only less is asked", []string{single}, nil, single, long, true, ""},
		{"no page may be shown", []string{multi}, []string{"none"}, single, long, true, ""},
		{"a fresh proof is asked as well", []string{single}, []string{"login"}, single, long, true, Fresh},
	} {
		s := standing{Session: session.Session{ID: "ses_1", Account: "acc_1", ACR: x.acr, AuthTime: x.auth}, second: x.second, now: asked}
		if got := need(Ask{ACR: x.ask, Prompt: x.prompt, Asked: asked}, s, Choice{}); got != x.want {
			t.Errorf("%s: got %q, want %q", x.name, got, x.want)
		}
	}
}
