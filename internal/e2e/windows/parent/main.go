// Command parent is a 64-bit Windows program with a ticket bridge, like the program itself: parent
// BRIDGE.EXE. It answers each line of its input with one of its output. The tests of the folder
// above run it under Wine, and kill it.
//
//	status   installed PATH | not installed | CODE, the reference of a Problem
//	noauth   ticket SHA256, in hexadecimal | CODE
//	ask      the same for getTicket, while other lines are answered
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"sync"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard/ticketapi"
)

func main() {
	bridge := ticketapi.New(ticketapi.Settings{Command: os.Args[1:]})
	ctx, cancel := context.WithCancel(context.Background())
	var asking sync.WaitGroup
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		switch lines.Text() {
		case "status":
			fmt.Println(status(bridge.Status(ctx)))
		case "noauth":
			fmt.Println(ticket(bridge.TicketNoAuth(ctx)))
		case "ask":
			asking.Go(func() { fmt.Println(ticket(bridge.Ticket(ctx))) })
		}
	}
	cancel()
	asking.Wait()
	if err := bridge.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func status(found ticketapi.Status, err error) string {
	switch {
	case err != nil:
		return problem.Of(err).Code
	case found.Installed:
		return "installed " + found.Path
	}
	return "not installed"
}

func ticket(found ersclient.Ticket, err error) string {
	if err != nil {
		return problem.Of(err).Code
	}
	return fmt.Sprintf("ticket %x", sha256.Sum256([]byte(found.Reveal())))
}
