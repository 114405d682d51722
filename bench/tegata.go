package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/app"
	"sekisho/internal/db"
	"sekisho/internal/i18n"
	"sekisho/internal/pass"
	"sekisho/internal/ref"
)

// carriers are how many installations of Tegata wait on one node.
const carriers = 5000

// carrier is an account whose owner has an installation of Tegata.
type carrier struct {
	pass.Pass
	account ref.Account
	word    string // its identifier
}

// tegata measures how long an approval is on its way, alone and while thousands of
// installations wait, and what those cost. The server starts anew for it, so that the
// memory is theirs.
func (r *report) tegata(ctx context.Context, s *server) error {
	if !strings.Contains("tegata", r.only) {
		return nil
	}
	list, err := carry(ctx, s)
	if err != nil {
		return err
	}
	if err := s.stop(); err != nil {
		return err
	}
	if err := s.start(ctx); err != nil {
		return err
	}
	_, all, err := weight(ctx, s, "/tegata/", "gzip")
	if err != nil {
		return err
	}
	r.say("\nTegata, its first load %.1f kB (must 150: %s). An installation waits, somebody signs in, it approves:\n", kb(all), atMost(kb(all), 150, 0))
	alone, crowd := list[:len(list)-carriers], list[len(list)-carriers:]
	if err := r.alone(ctx, s, alone); err != nil {
		return err
	}
	return r.waiting(ctx, s, crowd)
}

// carry gives people an installation each: those who are asked one after the other, and
// those who wait. None is taken in step by step, which costs two people's agreement.
func carry(ctx context.Context, s *server) ([]*carrier, error) {
	c, err := app.LoadConfig("", false, s.env)
	if err != nil {
		return nil, err
	}
	a, err := app.Open(ctx, c, app.Options{Log: io.Discard})
	if err != nil {
		return nil, err
	}
	defer a.Close()
	const rounds = 400
	list := make([]*carrier, 0, carriers+rounds)
	for len(list) < cap(list) {
		var more []*carrier
		if err := a.DB.Update(ctx, func(tx db.Tx) error {
			more = nil
			for i := range min(20, cap(list)-len(list)) {
				one, err := taken(ctx, tx, a.URL.Scheme+"://"+a.URL.Host, len(list)+i)
				if err != nil {
					return err
				}
				more = append(more, one)
			}
			return nil
		}); err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return list, nil
}

func taken(ctx context.Context, tx db.Tx, origin string, i int) (*carrier, error) {
	id, err := account.ParseEmail(fmt.Sprintf("carrier%05d@example.com", i))
	if err != nil {
		return nil, err
	}
	a, err := account.Create(ctx, tx, account.New{Name: "Carrier", Lang: i18n.En, Identifiers: []account.Identifier{id}, Confirmed: true})
	if err != nil {
		return nil, err
	}
	c := &carrier{account: a.ID, word: id.Norm}
	c.Origin, c.Device = origin, string(ref.NewDevice(tx.Now()))
	if c.Key, err = pass.NewKey(); err != nil {
		return nil, err
	}
	point, err := c.Key.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO device (id, account, kind, name, point, state, main, guarded, turn, created, last_seen, agent, addr, place)
		VALUES ($1, $2, 'app', 'Pixel 8', $3, 'active', 1, 1, $4, $5, $5, '', '', '')`, c.Device, c.account, point, a.Turn, tx.Now())
	return c, err
}

// line is one connection that is kept.
type line struct {
	net.Conn
	in      *bufio.Reader
	body    []byte
	from    string // a header with an address of its own, behind a proxy that says so
	address string
	ended   bool // by the server, after a held answer
}

func dial(address string) (*line, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	from := fmt.Sprintf("X-Forwarded-For: 10.%d.%d.%d\r\n", rand.IntN(256), rand.IntN(256), rand.IntN(256))
	return &line{Conn: c, in: bufio.NewReaderSize(c, 2<<10), from: from, address: address}, nil
}

// again connects anew.
func (l *line) again() error {
	_ = l.Close() // the server has
	c, err := net.Dial("tcp", l.address)
	if err != nil {
		return err
	}
	l.Conn, l.ended = c, false
	l.in.Reset(c)
	return nil
}

// answered is a refusal.
type answered struct {
	status int
	body   string
}

func (a *answered) Error() string { return fmt.Sprintf("answered %d %s", a.status, a.body) }

// ask sends a request and reads its answer into out; nil: nowhere.
func (l *line) ask(req []byte, out any) error {
	if l.ended {
		if err := l.again(); err != nil {
			return err
		}
	}
	if err := l.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err
	}
	if _, err := l.Write(req); err != nil {
		return err
	}
	got, err := read(l.in, l.body)
	if err != nil {
		return err
	}
	if l.body, l.ended = got.body, got.last; got.status/100 != 2 {
		return &answered{got.status, string(got.body)}
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(got.body, out)
}

// await asks once for news, as the app does while it is open: at once without a cursor,
// else held until there are some.
func (c *carrier) await(l *line, cursor string) (e pass.Events, err error) {
	wait := 25
	if cursor == "" {
		wait = 0
	}
	path := fmt.Sprintf("/api/v1/tegata/events?after=%s&wait=%d", cursor, wait)
	header, err := c.Header("GET", path, nil)
	if err != nil {
		return e, err
	}
	return e, l.ask(request("GET", path, l.from+"Authorization: "+header+"\r\n", ""), &e)
}

// signing is a sign-in that asks Tegata.
type signing struct {
	path, number string
	asked        time.Time // when "next" was pressed
}

// begin types the identifier, and asks for an approval with the next step.
func (c *carrier) begin(l *line) (s signing, err error) {
	var x struct {
		Flow   string
		Number string `json:"push_number"`
	}
	if err := l.ask(request("POST", "/api/v1/signin", l.from, fmt.Sprintf(`{"identifier":%q}`, c.word)), &x); err != nil {
		return s, err
	}
	s.path, s.asked = "/api/v1/signin/"+x.Flow, time.Now()
	err = l.ask(request("POST", s.path, l.from, `{"kind":"tegata"}`), &x)
	if s.number = x.Number; err == nil && x.Number == "" {
		err = errors.New("no number is shown")
	}
	return s, err
}

// approve says yes with the number, behind the app lock.
func (c *carrier) approve(ctx context.Context, id, number string) error {
	return c.Decide(ctx, pass.Said{Account: string(c.account), Request: id, Decision: pass.Approve, Number: number, Verified: true})
}

// settled is how long a held call has to be under way to be held for sure.
const settled = 20 * time.Millisecond

// alone goes through sign-ins one after the other, each of another account.
func (r *report) alone(ctx context.Context, s *server, list []*carrier) error {
	var asked, answered []time.Duration
	for until := time.Now().Add(4 * r.span); len(list) > 0 && time.Now().Before(until) && ctx.Err() == nil; list = list[1:] {
		a, b, err := list[0].once(ctx, s.address)
		if err != nil {
			return fmt.Errorf("an approval: %w", err)
		}
		asked, answered = append(asked, a), append(answered, b)
	}
	a, a95, _ := percentiles(asked)
	b, b95, _ := percentiles(answered)
	r.say("- from \"next\" to the request on the open installation: p50 %s, p95 %s of %d (must 100 ms: %s)", ms(a), ms(a95), len(asked), atMost(a.Seconds(), 0.100, 0))
	r.say("- from the approval to the answer that signs the browser in: p50 %s, p95 %s (must 150 ms: %s)", ms(b), ms(b95), atMost(b.Seconds(), 0.150, 0))
	return ctx.Err()
}

// once gives how long the request was on its way, and how long the approval.
func (c *carrier) once(ctx context.Context, address string) (asked, answered time.Duration, err error) {
	var lines [2]*line // of the installation that listens, and of the browser
	for i := range lines {
		if lines[i], err = dial(address); err != nil {
			return 0, 0, err
		}
		defer lines[i].Close()
	}
	first, err := c.await(lines[0], "")
	if err != nil {
		return 0, 0, err
	}
	type heard struct {
		pass.Events
		at  time.Time
		err error
	}
	told := make(chan heard, 1)
	go func() {
		e, err := c.await(lines[0], first.Cursor)
		told <- heard{e, time.Now(), err}
	}()
	time.Sleep(settled)
	in, err := c.begin(lines[1])
	if err != nil {
		return 0, 0, err
	}
	h := <-told
	if h.err != nil || len(h.Requests) != 1 {
		return 0, 0, fmt.Errorf("%d requests, want one: %w", len(h.Requests), h.err)
	}
	asked = h.at.Sub(in.asked)
	entered := make(chan heard, 1)
	go func() {
		var x struct{ Token string }
		err := lines[1].ask(request("POST", in.path, lines[1].from, `{"kind":"tegata","answer":"wait"}`), &x)
		if err == nil && x.Token == "" {
			err = errors.New("nobody is signed in")
		}
		entered <- heard{at: time.Now(), err: err}
	}()
	time.Sleep(settled)
	began := time.Now()
	if err := c.approve(ctx, h.Requests[0].ID, in.number); err != nil {
		return 0, 0, err
	}
	h = <-entered
	return asked, h.at.Sub(began), h.err
}

// apart is how long passes between two sign-ins while thousands wait.
const apart = 20 * time.Millisecond

// waiting lets all of them wait, asks some, and looks at what they take.
func (r *report) waiting(ctx context.Context, s *server, list []*carrier) error {
	empty, _ := s.memory()
	s.forget()
	ctx, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	var broken atomic.Int64
	var why atomic.Value
	e := &ear{address: s.address, heard: make(chan arrived, 64)}
	ready := make(chan struct{}, 32) // so many connect at a time
	for i, c := range list {
		ready <- struct{}{}
		all.Go(func() {
			var once sync.Once
			let := func() { once.Do(func() { <-ready }) }
			defer let()
			if err := e.listen(ctx, c, i, let); err != nil && ctx.Err() == nil {
				broken.Add(1)
				why.Store(err.Error())
			}
		})
	}
	time.Sleep(time.Second)
	now, _ := s.memory()
	cpu, core, began, before := s.cpu(), coreBusy(), time.Now(), e.calls.Load()
	took, lost, err := r.deliver(ctx, s, list, e.heard)
	if err != nil {
		return err
	}
	span := time.Since(began).Seconds()
	used := (s.cpu() - cpu).Seconds()
	_, peak := s.memory()
	p50, p95, p99 := percentiles(took)
	r.say("- %s installations wait on one node: memory %.0f MiB, at most %.0f MiB, without them %.0f MiB (must 200: %s); they ask %.0f times a second, %d were told to come back; the server had %.0f %% of its core, others %.0f %%",
		groups(carriers), mib(now), mib(peak), mib(empty), atMost(float64(peak), 200<<20, 0), float64(e.calls.Load()-before)/span, e.busy.Load(), 100*used/span, 100*max(0, (coreBusy()-core).Seconds()-used)/span)
	r.say("- a request among them: p50 %s, p95 %s, p99 %s of %d, lost %d (must 500 ms: %s)", ms(p50), ms(p95), ms(p99), len(took), lost, atMost(p99.Seconds(), 0.5, 0))
	if n := broken.Load(); n > 0 {
		return fmt.Errorf("%d installations were cut off, such as: %v", n, why.Load())
	}
	return ctx.Err()
}

// arrived is a request on an installation.
type arrived struct {
	carrier int
	at      time.Time
}

// ear listens for many installations.
type ear struct {
	address string
	calls   atomic.Int64
	busy    atomic.Int64 // of them told to come back
	heard   chan arrived
}

// listen waits for an installation's news until ctx ends, and tells of requests.
func (x *ear) listen(ctx context.Context, c *carrier, i int, ready func()) error {
	l, err := dial(x.address)
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	e := pass.Events{}
	for ctx.Err() == nil {
		if l.ended {
			if err := l.again(); err != nil {
				return err
			}
		}
		conn := l.Conn
		stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
		before := e
		e, err = c.await(l, e.Cursor)
		stop()
		x.calls.Add(1)
		var busy *answered
		if errors.As(err, &busy) && busy.status == 503 { // it asks again later, as the app does
			x.busy.Add(1)
			time.Sleep(time.Second)
			e = before
			continue
		}
		if err != nil {
			return err
		}
		ready()
		if len(e.Requests) > 0 {
			select {
			case x.heard <- arrived{i, time.Now()}:
			case <-ctx.Done():
			}
		}
	}
	return nil
}

// deliver asks one installation after another, at a steady pace and for longer than a
// call is held, and says how long each request took.
func (r *report) deliver(ctx context.Context, s *server, list []*carrier, heard <-chan arrived) (took []time.Duration, lost int, err error) {
	n := int(min(4*r.span, 18*time.Second) / apart)
	asked := make([]time.Time, len(list))
	got := map[int]bool{}
	var mu sync.Mutex
	var all sync.WaitGroup
	var failed error
	all.Go(func() {
		tick := time.NewTicker(apart)
		defer tick.Stop()
		for i := range min(n, len(list)) {
			<-tick.C
			all.Go(func() {
				l, err := dial(s.address)
				if err == nil {
					defer l.Close()
					var in signing
					in, err = list[i].begin(l)
					mu.Lock()
					asked[i] = in.asked
					mu.Unlock()
				}
				if err != nil {
					mu.Lock()
					failed = errors.Join(failed, err)
					mu.Unlock()
				}
			})
		}
	})
	over, patient := make(chan struct{}), 3*time.Second
	go func() {
		all.Wait()
		time.Sleep(patient)
		close(over)
	}()
	var came []arrived
	for len(came) < n && ctx.Err() == nil {
		select {
		case a := <-heard:
			if !got[a.carrier] {
				got[a.carrier], came = true, append(came, a)
			}
			continue
		case <-over:
		case <-ctx.Done():
		}
		break
	}
	all.Wait()
	for _, a := range came {
		took = append(took, a.at.Sub(asked[a.carrier]))
	}
	return took, n - len(came), errors.Join(failed, ctx.Err())
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }
