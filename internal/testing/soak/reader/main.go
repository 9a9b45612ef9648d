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
	"iter"
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
		soak.Looks:              entryBy(handoff.Read),
		soak.LooksAtFHIR:        entryBy(handoff.ReadFHIR),
		soak.LooksAtAny:         entryBy(handoff.ReadAny),
		soak.HurriesAtAny:       entryBy(handoff.ReadAny),
		soak.LooksForKey:        aloneBy(handoff.ReadKey),
		soak.LooksForToken:      aloneBy(handoff.ReadAccessToken),
		soak.SecretTool:         entryBySecretTool(handoff.AccountSession),
		soak.SecretToolAtFHIR:   entryBySecretTool(handoff.AccountFHIRSession),
		soak.SecretToolForKey:   aloneBySecretTool(handoff.AccountSessionKey),
		soak.SecretToolForToken: aloneBySecretTool(handoff.AccountAccessToken),
	}
	watches := map[soak.Kind]func(*soak.Board) error{
		soak.Watches:     watchBy(handoff.Watch),
		soak.WatchesFHIR: watchBy(handoff.WatchFHIR),
		soak.WatchesAny:  watchBy(handoff.WatchAny),
	}
	if watch, known := watches[kind]; known {
		return watch(board)
	}
	look, known := looks[kind]
	if !known {
		return fmt.Errorf("there is no reader that %s", kind)
	}
	if kind == soak.HurriesAtAny {
		return poll(board, look, 0)
	}
	return poll(board, look, pause)
}

// poll looks until the board is over, and once more.
func poll(board *soak.Board, look func(context.Context) soak.Look, pause time.Duration) error {
	for over := false; !over; {
		// The last look comes after the end, and finds nothing.
		over = board.Over.Load() != 0
		floor, there, life := board.Floor.Load(), board.There.Load(), board.Life.Load()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		seen := look(ctx)
		cancel()
		seen.Floor, seen.There, seen.Still = floor, there, board.There.Load()
		seen.Life, seen.Lives = life, board.Life.Load()
		if err := report(seen); err != nil {
			return err
		}
		time.Sleep(pause)
	}
	return nil
}

func report(look soak.Look) error { return json.NewEncoder(os.Stdout).Encode(look) }

// entryBy makes a look at the main entry of a session.
func entryBy[S handoff.Entry](read func(context.Context) (S, error)) func(context.Context) soak.Look {
	return func(ctx context.Context) soak.Look {
		session, err := read(ctx)
		return asEntry(session, err)
	}
}

// asEntry returns the session as its entry must have been: encoding is the inverse of reading.
func asEntry(session handoff.Entry, err error) soak.Look {
	if err != nil {
		return without(err)
	}
	entry, err := handoff.Encode(session)
	if err != nil {
		return without(err)
	}
	return soak.Look{Entry: string(entry)}
}

// aloneBy makes a look at the entry of a secret alone.
func aloneBy[S interface{ Reveal() string }](read func(context.Context) (S, error)) func(context.Context) soak.Look {
	return func(ctx context.Context) soak.Look {
		alone, err := read(ctx)
		if err != nil {
			return without(err)
		}
		return soak.Look{Key: alone.Reveal()}
	}
}

func entryBySecretTool(account string) func(context.Context) soak.Look {
	return func(ctx context.Context) soak.Look {
		text, look := secretTool(ctx, account)
		look.Entry = text
		return look
	}
}

func aloneBySecretTool(account string) func(context.Context) soak.Look {
	return func(ctx context.Context) soak.Look {
		text, look := secretTool(ctx, account)
		look.Key = text
		return look
	}
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
	command := exec.CommandContext(ctx, "secret-tool", "lookup", "service", handoff.Service, "username", account) //nolint:gosec // The account is one of four.
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

// watchBy makes a reader that waits for changes until the board is over and there is no session.
func watchBy[S handoff.Entry](watch func(context.Context) iter.Seq2[S, error]) func(*soak.Board) error {
	return func(board *soak.Board) error {
		ctx, end := context.WithCancel(context.Background())
		defer end()
		var none atomic.Bool
		go func() {
			for board.Over.Load() == 0 || !none.Load() {
				time.Sleep(pause)
			}
			end()
		}()
		for session, err := range watch(ctx) {
			look := asEntry(session, err)
			none.Store(look.None)
			if err := report(look); err != nil {
				return err
			}
		}
		return nil
	}
}
