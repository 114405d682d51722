// Package ua owns what a User-Agent header says to a person: which browser on
// which system.
//
// It never decides anything: a header is what its sender wants to be taken for.
package ua

import (
	"bytes"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/ua-parser/uap-go/uaparser"
)

// Agent is a browser and its system, as a person reads them; empty where
// unknown.
type Agent struct {
	Browser string // "Firefox 143"
	OS      string // "Windows 10"
}

// MaxLen is how much of a header is kept and read.
const MaxLen = 400

// The patterns are compiled when first needed and take a moment and some
// memory; results are kept, because one parse costs up to milliseconds.
var (
	parser = sync.OnceValues(func() (*uaparser.Parser, error) {
		// What kind of device it is nobody is told; its patterns are most of them.
		named, _, _ := bytes.Cut(uaparser.DefinitionYaml, []byte("\ndevice_parsers:"))
		return uaparser.NewFromBytes(named)
	})
	kept = cache{at: map[string]Agent{}}
)

// places is how many headers are kept.
const places = 1024

// cache keeps what was read; where it is full, the oldest goes.
type cache struct {
	mu   sync.Mutex
	at   map[string]Agent
	ring []string
	next int // place of the oldest, once the ring is full
}

func (c *cache) look(header string) (Agent, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.at[header]
	return a, ok
}

func (c *cache) add(header string, a Agent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, there := c.at[header]; there {
		return
	}
	c.at[header] = a
	if len(c.ring) < places {
		c.ring = append(c.ring, header)
		return
	}
	delete(c.at, c.ring[c.next])
	c.ring[c.next], c.next = header, (c.next+1)%places
}

// Cut shortens a header to what is kept, without control characters.
func Cut(header string) string {
	header = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd {
			return -1
		}
		return r
	}, strings.ToValidUTF8(header, ""))
	return strings.ToValidUTF8(header[:min(len(header), MaxLen)], "")
}

// Parse reads a header.
func Parse(header string) Agent {
	header = Cut(header)
	if header == "" {
		return Agent{}
	}
	if a, ok := kept.look(header); ok {
		return a
	}
	if !budget.take(time.Now()) {
		return rough(header)
	}
	p, err := parser()
	if err != nil {
		return Agent{}
	}
	c := p.Parse(header)
	var a Agent
	if c.UserAgent.Family != "Other" {
		a.Browser = join(c.UserAgent.Family, c.UserAgent.Major)
	}
	if c.Os.Family != "Other" {
		a.OS = join(c.Os.Family, c.Os.Major)
	}
	if a.Browser == "" {
		name, _, _ := strings.Cut(header, " ")
		a.Browser = name[:min(len(name), 40)]
	}
	a.Browser, a.OS = plain(a.Browser), plain(a.OS)
	kept.add(header, a)
	return a
}

// budget bounds how much of a core strangers can spend on headers that nobody
// sent before: each parse of a new one costs milliseconds.
var budget = bucket{left: burst}

const (
	burst     = 60
	perSecond = 20
)

type bucket struct {
	mu   sync.Mutex
	left float64
	at   time.Time
}

func (b *bucket) take(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.at.IsZero() {
		b.left = min(burst, b.left+perSecond*now.Sub(b.at).Seconds())
	}
	b.at = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

// rough reads the name of a common browser and nothing else; the next time the
// header comes it is read well.
func rough(header string) Agent {
	for _, x := range [][2]string{{"Firefox/", "Firefox"}, {"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}} {
		if strings.Contains(header, x[0]) {
			return Agent{Browser: x[1]}
		}
	}
	return Agent{}
}

// plain leaves words and numbers: a header is its sender's to choose, and what is
// read out of it stands in mails to other people, where programs make links of
// whatever looks like an address.
func plain(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_()+&!", r)
	}), " ")
}

func join(family, major string) string { return strings.TrimSpace(family + " " + major) }

// String is the agent on one line.
func (a Agent) String() string {
	return strings.Trim(a.Browser+", "+a.OS, ", ")
}
