package testserver

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

// ReadList reads a JSON list that a stand-in begins with, from a file in its folder; none if there
// is no file.
func ReadList[T any](folder, name string) ([]T, error) {
	path := filepath.Join(folder, name)
	data, err := os.ReadFile(path) //nolint:gosec // G304: the caller names the folder
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("could not read what to begin with: %w", err)
	}
	var list []T
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

// StandIn is a stand-in that can run in a process of its own.
type StandIn interface {
	// StartIn starts it for clients in other processes, and writes URLFile into a folder.
	StartIn(folder string) error
	Close()
}

// Command runs a stand-in in a process of its own.
type Command struct {
	// Flags are those of the stand-in's own. Run adds addr and dir.
	Flags *flag.FlagSet
	// Make makes it, for an address to listen on.
	Make func(address string) StandIn
}

// Main runs the command with the process's arguments and streams until the input is closed, and so
// ends with its parent process, or until it is interrupted or terminated.
func (c Command) Main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := c.Run(ctx, os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", c.Flags.Name(), err)
		os.Exit(1)
	}
}

// Run serves until input is closed or ctx ends.
func (c Command) Run(ctx context.Context, args []string, input io.Reader, output io.Writer) error {
	address := c.Flags.String("addr", "127.0.0.1:0", "where to listen, as `host:port`")
	folder := c.Flags.String("dir", "", "the `folder` to write the client's files to (required)")
	if err := c.Flags.Parse(args); err != nil {
		return err
	}
	if *folder == "" {
		return errors.New("--dir is required")
	}
	if err := os.MkdirAll(*folder, 0o700); err != nil {
		return fmt.Errorf("could not make the folder: %w", err)
	}
	server := c.Make(*address)
	defer server.Close()
	if err := server.StartIn(*folder); err != nil {
		return err
	}
	url, err := os.ReadFile(filepath.Join(*folder, URLFile))
	if err != nil {
		return err
	}
	if _, err := output.Write(url); err != nil {
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
