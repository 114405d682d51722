package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// reply is an answer as a script sees it.
type reply struct {
	status int
	body   []byte
}

// script makes a connection's next request from the last answer. ends says that
// the answer to this request completes one operation; nil ends the connection's work.
type script func(last reply) (request []byte, ends bool)

// figures are what one row found.
type figures struct {
	ops, errors   int
	rate          float64 // operations a second
	p50, p95, p99 time.Duration
	cpu           time.Duration // of the server, for one operation
}

// load runs one script on each of n connections for a while. An operation whose last
// answer is not 2xx is an error.
func load(address string, n int, span time.Duration, make func(i int) script) (figures, error) {
	type result struct {
		took   []time.Duration
		errors int
		err    error
	}
	results := make2[result](n)
	var all sync.WaitGroup
	began := time.Now()
	for i := range n {
		all.Go(func() {
			results[i].took, results[i].errors, results[i].err = connection(address, began.Add(span), make(i))
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
	f.ops = len(took)
	f.rate = float64(f.ops) / time.Since(began).Seconds()
	f.p50, f.p95, f.p99 = percentiles(took)
	return f, nil
}

func make2[T any](n int) []T { return make([]T, n) }

func percentiles(took []time.Duration) (p50, p95, p99 time.Duration) {
	if len(took) == 0 {
		return 0, 0, 0
	}
	slices.Sort(took)
	at := func(q int) time.Duration { return took[min(len(took)-1, len(took)*q/100)] }
	return at(50), at(95), at(99)
}

// connection speaks over one connection until the given time.
func connection(address string, until time.Time, next script) (took []time.Duration, errors int, err error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, 0, err
	}
	defer c.Close()
	in := bufio.NewReaderSize(c, 32<<10)
	var last reply
	began := time.Now()
	for time.Now().Before(until) {
		req, ends := next(last)
		if req == nil {
			return took, errors, nil
		}
		if last, err = exchange(c, in, req); err != nil {
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

func exchange(c net.Conn, in *bufio.Reader, req []byte) (reply, error) {
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return reply{}, err
	}
	if _, err := c.Write(req); err != nil {
		return reply{}, err
	}
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		return reply{}, err
	}
	body, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, body}, err
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
