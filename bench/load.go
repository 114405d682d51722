package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// reply is an answer as a script sees it.
type reply struct {
	status int
	body   []byte // until the next answer
	last   bool   // the connection ends with it
}

// script makes a connection's next request from the last answer. ends says that
// the answer to this request completes one operation; nil ends the connection's work.
type script func(last reply) (request []byte, ends bool)

// figures are what one row found.
type figures struct {
	ops, errors   int
	span          time.Duration
	rate          float64 // operations a second
	p50, p95, p99 time.Duration
	cpu           time.Duration // of the server, for one operation
	ours, others  float64       // how much of the server's core the server had, and everybody else
}

// load runs one script on each of n connections for a while. An operation whose last
// answer is not 2xx is an error.
func load(ctx context.Context, address string, n int, span time.Duration, script func(i int) script) (figures, error) {
	type result struct {
		took   []time.Duration
		errors int
		err    error
	}
	results := make([]result, n)
	var all sync.WaitGroup
	began := time.Now()
	ctx, stop := context.WithDeadline(ctx, began.Add(span))
	defer stop()
	for i := range n {
		all.Go(func() {
			r := &results[i]
			r.took, r.errors, r.err = connection(ctx, address, script(i))
		})
	}
	all.Wait()
	var f figures
	var took []time.Duration
	for _, r := range results {
		if r.err != nil {
			return f, r.err
		}
		took, f.errors = append(took, r.took...), f.errors+r.errors
	}
	f.ops, f.span = len(took), time.Since(began)
	f.rate = float64(f.ops) / f.span.Seconds()
	f.p50, f.p95, f.p99 = percentiles(took)
	return f, nil
}

func percentiles(took []time.Duration) (p50, p95, p99 time.Duration) {
	if len(took) == 0 {
		return 0, 0, 0
	}
	slices.Sort(took)
	at := func(q int) time.Duration { return took[min(len(took)-1, len(took)*q/100)] }
	return at(50), at(95), at(99)
}

// connection speaks over one connection until ctx ends. An operation that began
// before that is finished.
func connection(ctx context.Context, address string, next script) (took []time.Duration, errors int, err error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, 0, err
	}
	defer c.Close()
	// One deadline for the whole: setting it anew for each request costs as much as
	// reading the answer.
	if until, ok := ctx.Deadline(); ok {
		if err := c.SetDeadline(until.Add(30 * time.Second)); err != nil {
			return nil, 0, err
		}
	}
	in := bufio.NewReaderSize(c, 16<<10)
	var last reply
	began := time.Now()
	for ctx.Err() == nil {
		req, ends := next(last)
		if req == nil {
			return took, errors, nil
		}
		if _, err = c.Write(req); err != nil {
			return took, errors, err
		}
		if last, err = read(in, last.body); err != nil {
			return took, errors, err
		}
		if !ends {
			continue
		}
		if last.status/100 != 2 {
			errors++
		} else {
			took = append(took, time.Since(began))
		}
		began = time.Now()
	}
	return took, errors, nil
}

// read takes one answer off the wire. It knows only what our server sends, because
// net/http's client costs more than the server that is measured.
func read(in *bufio.Reader, body []byte) (reply, error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return reply{}, err
	}
	if len(line) < 12 || string(line[:9]) != "HTTP/1.1 " {
		return reply{}, fmt.Errorf("not an answer: %q", line)
	}
	r := reply{}
	if r.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return reply{}, fmt.Errorf("not an answer: %q", line)
	}
	length := 0
	for {
		if line, err = in.ReadSlice('\n'); err != nil {
			return reply{}, err
		}
		name, value, ok := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(": "))
		if !ok {
			break // the empty line
		}
		switch string(name) {
		case "Content-Length":
			if length, err = strconv.Atoi(string(value)); err != nil {
				return reply{}, fmt.Errorf("not a length: %q", value)
			}
		case "Connection":
			r.last = string(value) == "close"
		case "Transfer-Encoding":
			return reply{}, errors.New("an answer without its length")
		}
	}
	if cap(body) < length {
		body = make([]byte, length)
	}
	r.body = body[:length]
	_, err = io.ReadFull(in, r.body)
	return r, err
}

// request writes an HTTP request with the headers a browser or app would send.
func request(method, path, head string, body string) []byte {
	kind := ""
	if body != "" {
		kind = "Content-Type: application/x-www-form-urlencoded\r\n"
		if body[0] == '{' {
			kind = "Content-Type: application/json\r\n"
		}
	}
	return fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0\r\nAccept-Language: en\r\n%s%sContent-Length: %d\r\n\r\n%s",
		method, path, head, kind, len(body), body)
}

// again sends the same requests in turn for ever.
func again(requests ...[]byte) script {
	i := -1
	return func(reply) ([]byte, bool) {
		i++
		return requests[i%len(requests)], true
	}
}
