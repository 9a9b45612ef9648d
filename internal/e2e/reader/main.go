// Reader is another application on the workstation, for the end-to-end test: it prints the session
// key that e-RS Login has handed over, as any Go program would read it, and exits with 1 if no user
// is signed in. With -poll it reads repeatedly until its input ends, and prints a line for each
// change. The test's sessions are invented.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/ers-login/ers-login/ersclient/handoff"
)

func main() {
	poll := flag.Duration("poll", 0, "look this often, until the input ends")
	flag.Parse()
	if *poll > 0 {
		if err := follow(*poll); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		return
	}
	session, err := read()
	switch {
	case errors.Is(err, handoff.ErrNotFound):
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	default:
		fmt.Print(session.SessionKey.Reveal())
	}
}

func read() (handoff.Session, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return handoff.Read(ctx)
}

// sight is a line of follow; without a session its members are empty.
type sight struct {
	Key              string `json:"key"`
	OrgIdentifier    string `json:"org"`
	BusinessFunction string `json:"function"`
}

func follow(every time.Duration) error {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, os.Stdin) // its end is the sign
	}()
	last, first := sight{}, true
	lines := json.NewEncoder(os.Stdout)
	for {
		session, err := read()
		if err != nil && !errors.Is(err, handoff.ErrNotFound) {
			return err
		}
		seen := sight{session.SessionKey.Reveal(), session.OrgIdentifier, session.BusinessFunction}
		if first || seen != last {
			if err := lines.Encode(seen); err != nil {
				return err
			}
		}
		last, first = seen, false
		select {
		case <-ended:
			return nil
		case <-time.After(every):
		}
	}
}
