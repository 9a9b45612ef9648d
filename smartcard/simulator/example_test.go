package simulator_test

import (
	"context"
	"fmt"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/smartcard/simulator"
)

// The wiring of a demonstration: a stand-in for e-RS learns each ticket before the user can send it.
func ExampleAgent_OnTicket() {
	agent := simulator.New(0)
	defer agent.Close()
	agent.OnTicket(func(persona simulator.Persona, ticket ersclient.Ticket) {
		fmt.Println("e-RS learns of", persona.FirstName, persona.LastName, "and", ticket)
	})

	gp, _ := simulator.PersonaByKey("gp")
	agent.InsertCard(gp)
	ticket, err := agent.Ticket(context.Background())
	fmt.Println("signed in:", ticket, err)
	// Output:
	// e-RS learns of SA Assurance GP-Card and [secret]
	// signed in: [secret] <nil>
}
