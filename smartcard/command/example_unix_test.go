//go:build unix

package command_test

import (
	"context"
	"fmt"

	"github.com/ers-login/ers-login/smartcard/command"
)

// An organisation's own agent, here a line of shell: the operation's name is its last argument.
func ExampleNew() {
	agent, err := command.New([]string{"/bin/sh", "-c", `
		case "$0" in
		getTicket) echo 'AQIC5wMadeUpForTheExample=@AAJTSQACMDE=#' ;;
		getTicketNoAuth) ;;
		*) echo error NOT_IMPLEMENTED; exit 1 ;;
		esac`})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	ticket, err := agent.Ticket(ctx)
	fmt.Println(ticket, err)
	_, err = agent.TicketNoAuth(ctx)
	fmt.Println(err)
	_, err = agent.NewTicket(ctx)
	fmt.Println(err)
	// Output:
	// [secret] <nil>
	// CARD-TICKET_NOT_AVAILABLE: No smartcard is signed in: identity agent: TICKET_NOT_AVAILABLE (0x80100009)
	// CARD-NOT_IMPLEMENTED: This Identity Agent cannot do what was asked: sh getNewTicket: exit status 1: identity agent: NOT_IMPLEMENTED (0x8010000B)
}
