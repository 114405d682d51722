package ua

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestHeadersReadAsPeopleSayThem(t *testing.T) {
	for header, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0":                                          "Firefox 143, Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36": "Chrome 140, Windows 10",
		"curl/8.5.0":     "curl 8",
		"":               "",
		"my-program":     "my-program",
		"tegata (Linux)": "tegata, Linux",
	} {
		if got := Parse(header).String(); got != want {
			t.Errorf("%q: got %q, want %q", header, got, want)
		}
	}
	if got := len(Cut(strings.Repeat("あ", 1000))); got > MaxLen {
		t.Errorf("a long header keeps %d bytes, want at most %d", got, MaxLen)
	}
}

func TestAHeaderCannotBecomeALink(t *testing.T) {
	for _, header := range []string{"evil.test/1.0 click", "Windows http://evil.test/ bot", "evil.testbot/2", "MyVisit-evil.test-spider/2.0", "mail@evil.test", "a\u202egnp.exe"} {
		if got := Parse(header).String(); strings.ContainsAny(got, ".:/@\u202e") {
			t.Errorf("%q: got %q, want words and numbers alone", header, got)
		}
	}
}

func TestNewHeadersCostABoundedShareOfACore(t *testing.T) {
	at := time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)
	b := bucket{left: burst}
	taken := 0
	for range 1000 {
		if b.take(at) {
			taken++
		}
	}
	if taken != burst {
		t.Errorf("at one instant: got %d, want %d", taken, burst)
	}
	if taken = 0; b.take(at.Add(time.Second)) {
		for taken = 1; b.take(at.Add(time.Second)); taken++ {
			continue
		}
	}
	if taken != perSecond {
		t.Errorf("a second later: got %d, want %d", taken, perSecond)
	}
	if got := rough("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"); got.Browser != "Chrome" {
		t.Errorf("got %q, want Chrome", got.Browser)
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	c := cache{at: map[string]Agent{}}
	for i := range 3 * places {
		c.add(strconv.Itoa(i), Agent{Browser: "b"})
		c.add(strconv.Itoa(i), Agent{Browser: "twice"})
	}
	if len(c.at) != places || len(c.ring) != places {
		t.Errorf("got %d and %d kept, want %d", len(c.at), len(c.ring), places)
	}
	if _, ok := c.look(strconv.Itoa(2*places - 1)); ok {
		t.Error("the oldest is still there")
	}
	if a, ok := c.look(strconv.Itoa(3*places - 1)); !ok || a.Browser != "b" {
		t.Errorf("got %v %v, want the newest as it was first read", a, ok)
	}
}
