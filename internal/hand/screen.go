package hand

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"sekisho/internal/pass"
	"sekisho/internal/secret"
)

// screen is what one sees without a command: the request on top, below it codes,
// sessions or the lock. It is text alone, so that it says the same without colour.
type screen struct {
	p        *program
	ctx      context.Context
	kept     kept
	accounts []holding
	at       int                // which account
	turn     int                // counts changes of account: what was asked for before is dropped
	stop     context.CancelFunc // ends the wait for events of the account before
	live     context.Context

	state    pass.State
	loaded   bool
	asOf     time.Time // by the server's clock: an older answer that comes later is passed over
	sessions []pass.Session
	trouble  string // why the server does not answer
	said     string // what came of the last act

	page   page
	row    int
	asking asking
	about  pass.Request // the request that is being answered
	ending pass.Session // the session that is being ended
	typed  string
	number string
	busy   bool

	wide, high int
	now        time.Time
}

type page int

const (
	codesPage page = iota
	sessionsPage
	lockPage
)

type asking int

const (
	nothing asking = iota
	forNumber
	forWord
	forApproval
	forDenial
	forEnd
	forLock
	forUnlock
)

// Messages to the screen.
type (
	beat     time.Time
	gotState struct {
		turn  int
		state pass.State
		err   error
		again bool // the wait for news goes on beside
	}
	gotEvents struct {
		turn   int
		events pass.Events
		err    error
	}
	gotSessions struct {
		turn int
		list []pass.Session
		err  error
	}
	acted struct {
		turn int
		said string
		err  error
		over string // the request that was answered
	}
)

func (p *program) screen(ctx context.Context) error {
	k, err := p.unseal(ctx)
	if err != nil {
		return err
	}
	s := newScreen(ctx, p, k)
	defer s.stop()
	// The terminal is put back by Run, also after a signal.
	_, err = tea.NewProgram(s, tea.WithContext(ctx), tea.WithInput(p.In), tea.WithOutput(p.Out), tea.WithEnvironment(p.Environ)).Run()
	if ctx.Err() != nil || errors.Is(err, tea.ErrInterrupted) {
		return nil
	}
	return err
}

func newScreen(ctx context.Context, p *program, k kept) *screen {
	s := &screen{p: p, ctx: ctx, wide: 80, high: 24, now: time.Now()}
	s.hold(k)
	s.live, s.stop = context.WithCancel(ctx)
	return s
}

func (s *screen) hold(k kept) {
	s.kept, s.accounts = k, nil
	for _, h := range k.Accounts {
		if !h.waiting() {
			s.accounts = append(s.accounts, h)
		}
	}
	s.at = min(s.at, max(0, len(s.accounts)-1))
}

func tick() tea.Cmd {
	return tea.Tick(500*time.Millisecond, func(t time.Time) tea.Msg { return beat(t) })
}

// Init starts the clock and asks the server.
func (s *screen) Init() tea.Cmd { return tea.Batch(tick(), s.load()) }

// load asks for all of the account that is shown.
func (s *screen) load() tea.Cmd {
	return tea.Batch(s.speak(func(ctx context.Context, x *pass.Pass, turn int) tea.Msg {
		st, err := x.State(ctx)
		return gotState{turn, st, err, false}
	}), s.loadSessions())
}

// look asks again after an act, without a second wait for news.
func (s *screen) look() tea.Cmd {
	return tea.Batch(s.speak(func(ctx context.Context, x *pass.Pass, turn int) tea.Msg {
		st, err := x.State(ctx)
		return gotState{turn, st, err, true}
	}), s.loadSessions())
}

func (s *screen) loadSessions() tea.Cmd {
	return s.speak(func(ctx context.Context, x *pass.Pass, turn int) tea.Msg {
		list, err := x.Sessions(ctx)
		return gotSessions{turn, list, err}
	})
}

// speak does something with the server in the background.
func (s *screen) speak(do func(context.Context, *pass.Pass, int) tea.Msg) tea.Cmd {
	if len(s.accounts) == 0 {
		return nil
	}
	h, turn, ctx := s.accounts[s.at], s.turn, s.live
	return func() tea.Msg {
		x, err := s.p.pass(h)
		if err != nil {
			return acted{turn: turn, err: err}
		}
		return do(ctx, x, turn)
	}
}

// listen waits for news after those that are shown.
func (s *screen) listen(cursor string, after time.Duration) tea.Cmd {
	return s.speak(func(ctx context.Context, x *pass.Pass, turn int) tea.Msg {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(after):
		}
		e, err := x.Events(ctx, cursor, 15)
		if ctx.Err() != nil {
			return nil
		}
		for _, r := range e.Requests {
			_ = x.Receipt(ctx, r.ID) // it is shown; that the server hears so is not for the person
		}
		return gotEvents{turn, e, err}
	})
}

// Update takes what came in.
func (s *screen) Update(m tea.Msg) (tea.Model, tea.Cmd) {
	switch m := m.(type) {
	case beat:
		s.now = time.Time(m)
		return s, tick()
	case tea.WindowSizeMsg:
		s.wide, s.high = m.Width, m.Height
	case tea.PasteMsg:
		if s.asking == forNumber || s.asking == forWord {
			s.typed = cut(s.typed+strings.TrimRight(m.Content, "\r\n"), 200)
		}
	case tea.KeyPressMsg:
		return s, s.press(m)
	case gotState:
		return s, s.stands(m)
	case gotEvents:
		return s, s.news(m)
	case gotSessions:
		if m.turn == s.turn && m.err == nil {
			s.sessions = append([]pass.Session{}, m.list...)
			s.row = min(s.row, max(0, len(m.list)-1))
		}
	case acted:
		if m.turn != s.turn {
			return s, nil
		}
		s.busy, s.said = false, m.said
		s.state.Requests = slices.DeleteFunc(s.state.Requests, func(r pass.Request) bool { return r.ID == m.over })
		if m.err != nil {
			s.said = s.why(m.err)
		}
		return s, s.look()
	}
	return s, nil
}

// stands takes how the account stands.
func (s *screen) stands(m gotState) tea.Cmd {
	if m.turn != s.turn {
		return nil
	}
	if s.trouble = s.why(m.err); m.err == nil && !m.state.Now.Before(s.asOf) {
		s.state, s.loaded, s.asOf = m.state, true, m.state.Now
	}
	switch {
	case m.again:
		return nil
	case m.err != nil:
		return s.listen("", 5*time.Second)
	}
	return s.listen("", 0)
}

func (s *screen) news(m gotEvents) tea.Cmd {
	if m.turn != s.turn {
		return nil
	}
	if s.trouble = s.why(m.err); m.err != nil {
		return s.listen("", 5*time.Second)
	}
	if m.events.Now.Before(s.asOf) {
		return s.listen(m.events.Cursor, 0)
	}
	s.loaded, s.asOf = true, m.events.Now
	s.state.Requests, s.state.Lock, s.state.Device.Stale = m.events.Requests, m.events.Lock, m.events.Stale
	return s.listen(m.events.Cursor, 0)
}

// why is one line about an error.
func (s *screen) why(err error) string {
	if err == nil {
		return ""
	}
	r := s.p.read(err)
	return r.What + " " + r.Why + " " + r.Fix
}

// turnTo shows another account.
func (s *screen) turnTo(at int) tea.Cmd {
	s.stop()
	s.live, s.stop = context.WithCancel(s.ctx)
	s.turn++
	s.asOf = time.Time{}
	s.at, s.row, s.state, s.loaded, s.sessions, s.trouble, s.said, s.busy = at, 0, pass.State{}, false, nil, "", "", false
	return s.load()
}

func (s *screen) press(m tea.KeyPressMsg) tea.Cmd {
	key := m.String()
	if key == "ctrl+c" {
		return tea.Quit
	}
	if s.asking != nothing {
		return s.answer(key, m.Key().Text)
	}
	switch key {
	case "q", "esc":
		return tea.Quit
	case "1", "2", "3":
		s.page, s.row = page(key[0]-'1'), 0
	case "up", "k":
		s.row = max(0, s.row-1)
	case "down", "j":
		s.row = min(s.row+1, max(0, s.rows()-1))
	case "tab":
		if len(s.accounts) > 1 {
			return s.turnTo((s.at + 1) % len(s.accounts))
		}
	case "r":
		return s.reload()
	default:
		return s.act(key)
	}
	return nil
}

// act begins what a letter stands for.
func (s *screen) act(key string) tea.Cmd {
	s.typed = ""
	switch asked := len(s.state.Requests) > 0 && !s.busy; {
	case key == "a" && asked:
		s.about, s.asking = s.state.Requests[0], forNumber
		if s.about.Digits == 0 {
			s.asking = forApproval
		}
	case key == "d" && asked:
		s.about, s.asking = s.state.Requests[0], forDenial
	case key == "c" && asked:
		s.about = s.state.Requests[0]
		return s.decide(pass.Cancel, false)
	case key == "x" && s.page == sessionsPage && s.row < len(s.sessions):
		s.ending, s.asking = s.sessions[s.row], forEnd
	case key == "l" && s.loaded && s.state.Lock.On:
		s.asking = forUnlock
	case key == "l" && s.loaded:
		s.asking = forLock
	}
	return nil
}

func (s *screen) reload() tea.Cmd {
	plain, err := s.p.pouch.Read()
	if err == nil {
		var k kept
		if k, err = parseKept(plain); err == nil {
			s.hold(k)
		}
	}
	if err != nil {
		s.said = s.why(err)
		return nil
	}
	return s.turnTo(s.at)
}

func (s *screen) rows() int {
	if s.page == sessionsPage {
		return len(s.sessions)
	}
	return len(s.kept.Vault) + len(s.accounts)
}

// answer takes a key while something is asked.
func (s *screen) answer(key, text string) tea.Cmd {
	switch {
	case key == "esc":
		s.asking, s.typed, s.number = nothing, "", ""
		return nil
	case s.asking != forNumber && s.asking != forWord:
		return s.chose(key)
	case key == "backspace":
		if r := []rune(s.typed); len(r) > 0 {
			s.typed = string(r[:len(r)-1])
		}
		return nil
	case key != "enter":
		s.typed = cut(s.typed+text, 200)
		return nil
	}
	typed := s.typed
	s.typed = ""
	if s.asking == forNumber {
		if s.number = secret.Clean(typed); len(s.number) != s.about.Digits {
			return nil // it is looked at once: what cannot be one is not sent
		}
	}
	if s.asking == forNumber && s.p.pouch.Guarded() {
		s.asking = forWord
		return nil
	}
	return s.lockPassed(secret.Text(typed))
}

// lockPassed approves; with the right passphrase as who passed the app lock. It was
// typed for this request, as every command asks for it anew.
func (s *screen) lockPassed(word secret.Text) tea.Cmd {
	asked := s.asking == forWord && word != ""
	s.asking = nothing
	if !asked {
		return s.decide(pass.Approve, false)
	}
	if !s.p.pouch.Fits(word) {
		s.asking, s.said = forWord, s.p.t("screen.wrongword")
		return nil
	}
	return s.decide(pass.Approve, true)
}

func (s *screen) decide(decision string, verified bool) tea.Cmd {
	said := pass.Said{Account: s.accounts[s.at].Owner.ID, Request: s.about.ID, Decision: decision, Verified: verified}
	if decision == pass.Approve {
		said.Number = s.number
	}
	s.number = ""
	did := s.perform("said."+decision, func(ctx context.Context, x *pass.Pass) error { return x.Decide(ctx, said) })
	return func() tea.Msg {
		m, ok := did().(acted)
		var refused *pass.Problem
		if ok && (m.err == nil || errors.As(m.err, &refused)) {
			m.over = said.Request // it is not shown until the next news
		}
		return m
	}
}

// perform does something and then says so.
func (s *screen) perform(key string, do func(context.Context, *pass.Pass) error) tea.Cmd {
	s.asking, s.busy, s.said = nothing, true, ""
	return s.speak(func(ctx context.Context, x *pass.Pass, turn int) tea.Msg {
		if err := do(ctx, x); err != nil {
			return acted{turn: turn, err: err}
		}
		return acted{turn: turn, said: s.p.t(key, "n", 1)}
	})
}

// chose takes the answer to a question of yes and no.
func (s *screen) chose(key string) tea.Cmd {
	was, id := s.asking, s.ending.ID
	s.asking = nothing
	switch {
	case was == forLock && key == "y", was == forLock && key == "e":
		return s.perform("lock.set", func(ctx context.Context, x *pass.Pass) error { return x.Lock(ctx, time.Time{}, key == "e") })
	case key != "y":
		return nil
	case was == forUnlock:
		return s.perform("lock.lifted", func(ctx context.Context, x *pass.Pass) error { return x.Unlock(ctx) })
	case was == forEnd:
		return s.perform("sessions.ended", func(ctx context.Context, x *pass.Pass) error {
			_, err := x.End(ctx, []string{id}, false)
			return err
		})
	case was == forDenial:
		return s.decide(pass.Deny, false)
	case was == forApproval && s.p.pouch.Guarded():
		s.asking = forWord
		return nil
	}
	return s.decide(pass.Approve, false)
}
