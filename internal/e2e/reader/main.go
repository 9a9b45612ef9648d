// Reader is another application on the workstation, for the end-to-end test: it prints the session key that e-RS Login has handed
// over, as any Go program would read it, and exits with 1 when nobody is signed in.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ers-login/ers-login/ersclient/handoff"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	session, err := handoff.Read(ctx)
	cancel()
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
