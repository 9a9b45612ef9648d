// Command reader is one of many applications that read the session while it changes: see package
// soak, which starts it and judges its reports.
//
//	reader BOARD KIND
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/testing/soak"
)

const (
	// pause is the time between two looks, so that the readers do not delay the writer.
	pause = 250 * time.Millisecond
	// patience bounds a look. It is generous: a keyring that does not answer at all is what fails.
	patience = time.Minute
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: reader BOARD KIND")
		os.Exit(2)
	}
	if err := run(os.Args[1], soak.Kind(os.Args[2])); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(path string, kind soak.Kind) error {
	board, err := soak.OpenBoard(path)
	if err != nil {
		return err
	}
	looks := map[soak.Kind]func(context.Context) soak.Look{
		soak.Looks:       readSession,
		soak.LooksForKey: readKey,
		soak.SecretTool: func(ctx context.Context) soak.Look {
			text, look := secretTool(ctx, handoff.AccountSession)
			look.Entry = text
			return look
		},
		soak.SecretToolForKey: func(ctx context.Context) soak.Look {
			text, look := secretTool(ctx, handoff.AccountSessionKey)
			look.Key = text
			return look
		},
	}
	if kind == soak.Watches {
		return watch(board)
	}
	look, known := looks[kind]
	if !known {
		return fmt.Errorf("there is no reader that %s", kind)
	}
	return poll(board, look)
}

// poll looks until the board is over, and once more.
func poll(board *soak.Board, look func(context.Context) soak.Look) error {
	for over := false; !over; {
		// The last look comes after the end, and finds nothing.
		over = board.Over.Load() != 0
		floor, there := board.Floor.Load(), board.There.Load()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		seen := look(ctx)
		cancel()
		seen.Floor, seen.There, seen.Still = floor, there, board.There.Load()
		if err := report(seen); err != nil {
			return err
		}
		time.Sleep(pause)
	}
	return nil
}

func report(look soak.Look) error { return json.NewEncoder(os.Stdout).Encode(look) }

func readSession(ctx context.Context) soak.Look {
	session, err := handoff.Read(ctx)
	return asEntry(session, err)
}

// asEntry returns the session as its entry must have been: encoding is the inverse of reading.
func asEntry(session handoff.Session, err error) soak.Look {
	if err != nil {
		return without(err)
	}
	entry, err := handoff.Encode(session)
	if err != nil {
		return without(err)
	}
	return soak.Look{Entry: string(entry)}
}

func readKey(ctx context.Context) soak.Look {
	key, err := handoff.ReadKey(ctx)
	if err != nil {
		return without(err)
	}
	return soak.Look{Key: key.Reveal()}
}

func without(err error) soak.Look {
	if errors.Is(err, handoff.ErrNotFound) {
		return soak.Look{None: true}
	}
	return soak.Look{Trouble: err.Error()}
}

// secretTool exits with 1 if there is no entry, or if it was deleted between being found and being
// read.
func secretTool(ctx context.Context, account string) (text string, look soak.Look) {
	command := exec.CommandContext(ctx, "secret-tool", "lookup", "service", handoff.Service, "username", account) //nolint:gosec // The account is one of two.
	var stdout bytes.Buffer
	command.Stdout = &stdout
	var ended *exec.ExitError
	switch err := command.Run(); {
	case err == nil:
		return stdout.String(), soak.Look{}
	case errors.As(err, &ended) && ended.ExitCode() == 1 && stdout.Len() == 0:
		return "", soak.Look{None: true}
	default:
		return "", soak.Look{Trouble: err.Error()}
	}
}

// watch waits for changes until the board is over and there is no session.
func watch(board *soak.Board) error {
	ctx, end := context.WithCancel(context.Background())
	defer end()
	var none atomic.Bool
	go func() {
		for board.Over.Load() == 0 || !none.Load() {
			time.Sleep(pause)
		}
		end()
	}()
	for session, err := range handoff.Watch(ctx) {
		look := asEntry(session, err)
		none.Store(look.None)
		if err := report(look); err != nil {
			return err
		}
	}
	return nil
}
