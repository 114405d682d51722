// Command tegata is the authenticator at the terminal: it approves sign-ins, shows
// codes, lists and ends sessions, and locks the account.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"sekisho/internal/hand"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(hand.Main(ctx, hand.Sit(os.Stdin, os.Stdout, os.Stderr)))
}
