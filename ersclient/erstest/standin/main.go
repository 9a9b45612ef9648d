// Command standin runs the stand-in e-RS of package erstest in its own process, for end-to-end
// tests and for trying a client by hand.
//
//	standin --dir DIR [--addr 127.0.0.1:0]
//
// It creates the folder DIR if needed, and writes into it a client's files (ca.pem, client.pem,
// client-key.pem, client.p12), then the address of its control endpoint (control), and last its
// base URL (url), which is also the first line of its output. DIR/users.json may name further users
// and their tickets. It serves until its input is closed, and so ends with its parent process, or
// until it is interrupted or terminated.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/ers-login/ers-login/ersclient/erstest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "standin:", err)
		os.Exit(1)
	}
}

// run serves until input is closed or ctx ends.
func run(ctx context.Context, args []string, input io.Reader, output io.Writer) error {
	flags := flag.NewFlagSet("standin", flag.ContinueOnError)
	address := flags.String("addr", "127.0.0.1:0", "where to listen, as `host:port`")
	folder := flags.String("dir", "", "the `folder` to write the client's files to (required)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *folder == "" {
		return fmt.Errorf("--dir is required")
	}
	if err := os.MkdirAll(*folder, 0o700); err != nil {
		return fmt.Errorf("could not make the folder: %w", err)
	}
	server := erstest.NewUnstartedServer(erstest.WithAddress(*address))
	defer server.Close()
	if err := server.StartIn(*folder); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(output, server.URL); err != nil {
		return fmt.Errorf("could not say that the server is ready: %w", err)
	}

	// A read cannot be interrupted. The process ends right after, with this goroutine.
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		// At the end of input or an error of it, the parent is gone.
		_, _ = io.Copy(io.Discard, input)
	}()
	select {
	case <-closed:
	case <-ctx.Done():
	}
	return nil
}
