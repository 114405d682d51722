package hand_test

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"sekisho/internal/apptest"
	"sekisho/internal/hand"
)

// stage runs the screen as bubbletea does, without a terminal.
type stage struct {
	t    *testing.T
	m    tea.Model
	came chan tea.Msg
	quit bool
}

func (s *seat) screen(wide, high int) *stage {
	s.t.Helper()
	var out, errs bytes.Buffer
	m, stop, err := hand.OpenScreen(s.t.Context(), s.desk(&out, &errs))
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { s.w.Work(ctx) })
	s.t.Cleanup(func() { stop(); end(); work.Wait() })
	g := &stage{t: s.t, m: m, came: make(chan tea.Msg, 100)}
	g.do(m.Init())
	g.give(tea.WindowSizeMsg{Width: wide, Height: high})
	return g
}

func (g *stage) do(c tea.Cmd) {
	if c == nil {
		return
	}
	go func() {
		switch m := c().(type) {
		case nil:
		case tea.BatchMsg:
			for _, c := range m {
				g.do(c)
			}
		default:
			g.came <- m
		}
	}()
}

func (g *stage) give(m tea.Msg) {
	if _, ok := m.(tea.QuitMsg); ok {
		g.quit = true
		return
	}
	next, c := g.m.Update(m)
	g.m = next
	g.do(c)
}

func (g *stage) see() string { return g.m.View().Content }

// until takes what comes until the screen shows all of the texts.
func (g *stage) until(texts ...string) *stage {
	g.t.Helper()
	end := time.After(20 * time.Second)
	for _, text := range texts {
		for !strings.Contains(g.see(), text) {
			select {
			case m := <-g.came:
				g.give(m)
			case <-end:
				g.t.Fatalf("the screen never shows %q:\n%s", text, g.see())
			}
		}
	}
	return g
}

func (g *stage) miss(texts ...string) *stage {
	g.t.Helper()
	for _, text := range texts {
		if strings.Contains(g.see(), text) {
			g.t.Errorf("the screen shows %q:\n%s", text, g.see())
		}
	}
	return g
}

func (g *stage) types(text string) *stage {
	for _, r := range text {
		g.give(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	return g
}

func (g *stage) enter() *stage { g.give(tea.KeyPressMsg{Code: tea.KeyEnter}); return g }

func TestTheScreenShowsARequestAndApprovesIt(t *testing.T) {
	s := take(t)
	s.enrolled(hana)
	g := s.screen(80, 24).until(hana, "No request waits", "Codes", "[")
	p, path, x := s.asks(hana, false)
	g.until("192.0.2.7", "a approve").types("a").until("Number in the browser").types(x.Number).enter().until("Passphrase")
	g.types("not the passphrase").enter().until("not the passphrase").miss("not the passphrase_")
	g.types(word).miss(word).enter().until("Approved.")
	var opened asked
	p.Call("POST", path, given).Want(200, "").Into(&opened)
	if opened.Token == "" {
		t.Error("the app lock did not count")
	}
	g.until("No request waits")

	// Without the passphrase it is possession alone.
	p, path, x = s.asks(hana, false)
	g.until("192.0.2.7").types("a" + x.Number).enter().enter().until("Approved.")
	opened = asked{}
	p.Call("POST", path, given).Want(200, "").Into(&opened)
	if opened.Token != "" {
		t.Error("the app lock counted although no passphrase was typed")
	}
}

func TestTheScreenRefusesEndsAndLocks(t *testing.T) {
	s := take(t)
	_, me := s.enrolled(hana)
	g := s.screen(100, 30).until("No request waits")
	p, path, x := s.asks(hana, true)
	g.until("192.0.2.7").types("a" + other(x.Number)).enter().enter().until("Another number was entered")
	p.Call("POST", path, given).Want(401, "push.wrong_number")
	p, path, _ = s.asks(hana, true)
	g.until("192.0.2.7").types("c").until("Cancelled.")
	p.Call("POST", path, given).Want(401, "push.cancelled")

	g.types("l").until("Lock?").types("y").until("lock is set", "on, until it is lifted")
	s.w.Program("192.0.2.9").Signin(hana, apptest.Word).Want(403, "signin.locked_by_owner")
	g.types("3").until("l lock or unlock").types("l").until("Lift the lock?").types("n").types("l").types("y").until("is lifted")
	g.types("2").until("192.0.2.200", "> ").types("x").until("End this session?").types("y").until("Sessions ended", "No session is open")
	me.Call("GET", "/api/v1/session", nil).Want(401, "")
	g.types("q")
	for !g.quit {
		g.give(<-g.came)
	}
}

func TestTheScreenFitsInBothLanguages(t *testing.T) {
	s := take(t)
	s.enrolled(hana)
	s.enrolled("ken@example.com")
	s.types(uri).run("vault", "add").want(0)
	for lang, shows := range map[string]string{"ja_JP.UTF-8": "待っている依頼はありません", "C.UTF-8": "No request waits"} {
		for _, size := range [][2]int{{30, 12}, {80, 24}, {200, 60}} {
			s.env = []string{"LANG=" + lang}
			g := s.screen(size[0], size[1]).until(shows)
			g.give(tea.KeyPressMsg{Code: tea.KeyTab})
			g.until("ken@example.com", shows)
			for _, page := range []string{"1", "2", "3"} {
				g.types(page)
				lines := strings.Split(g.see(), "\n")
				if len(lines) > size[1] {
					t.Errorf("%s at %v: page %s has %d lines", lang, size, page, len(lines))
				}
				for _, l := range lines {
					if ansi.StringWidth(l) > size[0] {
						t.Errorf("%s at %v: %q is too wide", lang, size, l)
					}
				}
				if strings.ContainsAny(g.see(), "\x1b⟦") {
					t.Errorf("%s: the screen has colour, or a text that nobody wrote:\n%s", lang, g.see())
				}
			}
		}
	}
}

func TestTheScreenSaysWhenTheServerIsNotThere(t *testing.T) {
	s := take(t)
	s.enrolled(hana)
	s.w.Clock.Add(time.Hour)
	s.screen(200, 24).until("behind of the server's", "Codes", hana)
}
