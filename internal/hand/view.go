package hand

import (
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"sekisho/internal/i18n"
)

// View draws the screen. What does not fit is cut at the bottom of the middle part; the
// request, the question and the keys stay.
func (s *screen) View() tea.View {
	top, middle, foot := s.top(), s.middle(), s.foot()
	room := max(1, s.high-len(top)-len(foot)-2)
	first := 0
	if s.row >= room-1 { // the chosen one stays in sight
		first = min(s.row-room+2, max(0, len(middle)-room))
	}
	shown := middle[first:min(len(middle), first+room)]
	lines := append(append(append(top, ""), shown...), "")
	lines = append(lines, foot...)
	for i, l := range lines {
		lines[i] = fit(clean(l), s.wide)
	}
	v := tea.NewView(strings.Join(lines, "\n"))
	v.AltScreen = true
	return v
}

// top is whose account it is, and the request.
func (s *screen) top() []string {
	t := s.p.t
	if len(s.accounts) == 0 {
		return []string{"Tegata", t("screen.accountless")}
	}
	h := s.accounts[s.at]
	head := "Tegata  " + h.label() + "  " + h.Service
	if n := len(s.accounts); n > 1 {
		head += "  (" + strconv.Itoa(s.at+1) + "/" + strconv.Itoa(n) + ")"
	}
	out := []string{head}
	if s.state.Lock.On {
		out = append(out, t("row.lock")+"  "+s.p.lockLine(s.state.Lock))
	}
	if s.trouble != "" {
		out = append(out, s.wrapped(t("screen.offline", "error", s.trouble))...)
	}
	if s.state.Device.Stale {
		out = append(out, t("screen.stale"))
	}
	out = append(out, strings.Repeat("-", max(0, s.wide)))
	switch n := len(s.state.Requests); {
	case n == 0:
		return append(out, t("screen.none"))
	case n > 1:
		out = append(out, t("screen.more", "n", n-1))
	}
	out = append(out, tableLines(s.p.rows(s.state.Requests[0], s.now))...)
	return append(out, t("screen.answer"))
}

func (s *screen) middle() []string {
	switch s.page {
	case sessionsPage:
		return s.sessionLines()
	case lockPage:
		return []string{s.p.t("row.lock"), "  " + s.p.lockLine(s.state.Lock), "  " + s.p.t("screen.lock")}
	}
	return s.codeLines()
}

// narrow is the width below which there is no bar.
const narrow = 60

// codeLines show codes with the time they have left, as a bar that empties.
func (s *screen) codeLines() []string {
	out := []string{s.p.t("screen.codes")}
	list, err := s.p.allCodes(s.kept, s.now)
	if err != nil {
		return append(out, s.why(err))
	}
	if len(list) == 0 {
		return append(out, "  "+s.p.t("codes.none"))
	}
	var rows [][]string
	for i, c := range list {
		shown, left, bar := spaced(c.Code), s.p.t("codes.left", "n", c.Left), ""
		switch {
		case c.Every > 0 && s.wide < narrow: // the name matters more
		case c.Every > 0:
			bar = gauge(c.exact, time.Duration(c.Every)*time.Second)
		default:
			shown, left = "······", s.p.t("codes.counter")
		}
		rows = append(rows, []string{s.mark(i), shown, strings.TrimSpace(bar + " " + left), c.Name})
	}
	return append(out, tableLines(rows)...)
}

func (s *screen) mark(i int) string {
	if i == s.row {
		return ">"
	}
	return " "
}

// gauge is a bar of ten.
func gauge(left, of time.Duration) string {
	n := int((left*10 + of - 1) / of)
	return "[" + strings.Repeat("#", n) + strings.Repeat(".", max(0, 10-n)) + "]"
}

func (s *screen) sessionLines() []string {
	out := []string{s.p.t("screen.sessions")}
	switch {
	case s.sessions == nil:
		return append(out, "  …")
	case len(s.sessions) == 0:
		return append(out, "  "+s.p.t("sessions.none"))
	}
	var rows [][]string
	for i, x := range s.sessions {
		rows = append(rows, []string{s.mark(i), browserOf(x), x.Place, x.Addr, i18n.Ago(s.p.lang, s.now.Sub(x.LastUsed))})
	}
	return append(append(out, tableLines(rows)...), "  "+s.p.t("screen.ending"))
}

// foot is the question, or what came of the last act, and the keys.
func (s *screen) foot() []string {
	t := s.p.t
	line := s.said
	switch s.asking {
	case forNumber:
		line = t("screen.number") + " " + s.typed + "_"
	case forWord:
		line = t("screen.word") + " " + strings.Repeat("*", len([]rune(s.typed))) + "_"
		if s.said != "" {
			line = s.said + " " + line
		}
	case forApproval:
		line = t("screen.approve")
	case forDenial:
		line = t("screen.deny")
	case forEnd:
		line = t("screen.end") + "  " + browserOf(s.ending)
	case forLock:
		line = t("screen.locking")
	case forUnlock:
		line = t("screen.unlocking")
	}
	if s.busy {
		line = "…"
	}
	return append(s.wrapped(line), t("screen.keys"))
}

// wrapped is a sentence over as many lines as it needs, three at most.
func (s *screen) wrapped(text string) []string {
	lines := strings.Split(ansi.Wrap(clean(text), max(1, s.wide), ""), "\n")
	return lines[:min(3, len(lines))]
}
