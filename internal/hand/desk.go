package hand

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Sit is the desk of this process. Questions are asked only where a person sits at the
// input; they go to the error stream, so that the output stays clean.
func Sit(in, out, errs *os.File) Desk {
	d := Desk{Args: os.Args[1:], Environ: os.Environ(), In: in, Out: out, Err: errs}
	if !term.IsTerminal(int(in.Fd())) {
		return d
	}
	d.Screen = term.IsTerminal(int(out.Fd()))
	d.Ask = func(ctx context.Context, question string, hidden bool) (string, error) {
		fmt.Fprint(errs, question)
		return typed(ctx, in, errs, hidden)
	}
	return d
}

// typed reads a line from a terminal. An interrupt ends the wait and puts the terminal
// back as it was.
func typed(ctx context.Context, in, echo *os.File, hidden bool) (string, error) {
	fd := int(in.Fd())
	was, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	type answer struct {
		text string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		if hidden {
			b, err := term.ReadPassword(fd)
			got <- answer{string(b), err}
			return
		}
		text, err := readLine(in)
		got <- answer{text, err}
	}()
	select {
	case a := <-got:
		if hidden {
			fmt.Fprintln(echo)
		}
		if errors.Is(a.err, io.EOF) {
			fmt.Fprintln(echo)
			a.err = context.Canceled // Ctrl-D is no answer
		}
		return a.text, a.err
	case <-ctx.Done():
		_ = term.Restore(fd, was)
		fmt.Fprintln(echo)
		return "", ctx.Err()
	}
}

// readLine reads byte by byte: what follows the line is for the next question.
func readLine(r io.Reader) (string, error) {
	var b strings.Builder
	one := make([]byte, 1)
	for b.Len() < mostLine {
		n, err := r.Read(one)
		if n == 1 && one[0] == '\n' {
			break
		}
		if n == 1 {
			b.WriteByte(one[0])
		}
		if err != nil {
			return b.String(), err
		}
	}
	return strings.TrimRight(b.String(), "\r"), nil
}
