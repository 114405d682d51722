package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

// Server is an App that listens.
type Server struct {
	*App
	Addr net.Addr

	http *http.Server
	net  *revolving
}

// Listen opens the port. Nothing is answered until Run.
func (a *App) Listen() (*Server, error) {
	network, address := "tcp", a.config.text("listen")
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		network, address = "unix", path
		// A socket that a killed server left behind is in the way; any other file is
		// somebody's.
		if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket == 0 {
			return nil, fmt.Errorf("listen: %s is there and is no socket", path)
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("listen: %w", err)
		}
	}
	l, err := net.Listen(network, address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	s := &Server{App: a, Addr: l.Addr(), net: revolve(l)}
	a.Frame.Return = s.net.back
	s.http = &http.Server{Handler: a.Handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10}
	return s, nil
}

// Run answers until ctx ends, then lets running requests finish.
func (s *Server) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	if s.smtp == nil && !s.mailbox() {
		s.Log.Warn("smtp is not set: mails wait in the outbox and nobody gets a code", "read", "sekisho outbox list")
	}
	var jobs sync.WaitGroup
	jobs.Go(func() { s.Work(work) })
	// Reading pages, patterns and migrations at the start leaves garbage that a small
	// server would carry for hours.
	defer time.AfterFunc(2*time.Second, debug.FreeOSMemory).Stop()
	done := make(chan error, 1)
	go func() { done <- s.http.Serve(s.net) }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.span("drain"))
		defer cancel()
		s.Hub.Close() // who waits for news is told that there are none, and asks another node or again
		if err = s.http.Shutdown(drain); err != nil {
			err = errors.Join(fmt.Errorf("some requests did not finish in time: %w", err), s.http.Close())
		}
		s.Frame.Drained(drain)
		if e := <-done; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
	}
	stop()
	jobs.Wait()
	return err
}

// Greet tells the person at the terminal where to go.
func (s *Server) Greet(ctx context.Context, w io.Writer) error {
	link, err := s.OwnerLink(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\n  %s answers at %s\n", s.config.text("service"), s.URL)
	if link != "" {
		fmt.Fprintf(w, "\n  Make the first account with this link. It works once:\n  %s\n", link)
	}
	switch {
	case s.smtp == nil && s.mailbox():
		fmt.Fprintf(w, "\n  No mail server is set: mail stays in the outbox. Read it at\n  %s/outbox or with: sekisho outbox list\n", s.URL)
	case s.smtp == nil:
		fmt.Fprint(w, "\n  No mail server is set: mail stays in the outbox, and nobody gets a code.\n  Read it with: sekisho outbox list\n")
	}
	if s.keepsSMS() {
		fmt.Fprintf(w, "\n  SMS stay in the outbox. Read them at\n  %s/outbox or with: sekisho outbox list\n", s.URL)
	}
	_, err = fmt.Fprintln(w)
	return err
}
