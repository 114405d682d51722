// Command sekisho is an accounts service: sign in, see and end sessions, let apps
// ask who somebody is.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"sekisho/internal/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(command.Main(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}
