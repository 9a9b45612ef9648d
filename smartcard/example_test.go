package smartcard_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/simulator"
)

// A program that follows the card: signed in while there is a ticket, and signed out as soon as it is gone or another.
func ExampleWatch() {
	agent := simulator.New(0)
	defer agent.Close()
	gp, _ := simulator.PersonaByKey("gp")

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	events := smartcard.Watch(ctx, agent, smartcard.WatchSettings{Nudge: agent.Changed()})

	event := <-events
	fmt.Println(event.Kind, errors.Is(event.Err, smartcard.TicketNotAvailable))
	agent.InsertCard(gp)
	event = <-events
	fmt.Println(event.Kind, event.Ticket)
	agent.RemoveCard()
	event = <-events
	fmt.Println(event.Kind)
	// Output:
	// ticket gone true
	// ticket appeared [secret]
	// ticket gone
}

func ExampleCode() {
	err := fmt.Errorf("signing in: %w", smartcard.PINBlocked.Err())
	fmt.Println(errors.Is(err, smartcard.PINBlocked))
	fmt.Println(smartcard.Code(0x80200004))
	fmt.Println(smartcard.Code(0x8020002F).String())
	fmt.Println(smartcard.Code(0x81000520).String())
	// Output:
	// true
	// identity agent: PIN_BLOCKED (0x80200004)
	// card and device 0x2F
	// Windows error 1312
}

func ExampleCode_Problem() {
	problem := smartcard.PINBlocked.Problem()
	fmt.Println(problem.Title)
	fmt.Println(problem.Happened)
	for i, step := range problem.WhatToDo() {
		fmt.Printf("%d. %s\n", i+1, step)
	}
	fmt.Println("Reference", problem.Code)
	// Output:
	// Your smartcard is blocked
	// The wrong passcode was entered too many times.
	// 1. Ask your Registration Authority to unblock your smartcard.
	// 2. When they have unblocked it, insert your smartcard and sign in again.
	// Reference CARD-PIN_BLOCKED
}

func ExampleParse() {
	code, ok := smartcard.Parse("USER_ABORT")
	fmt.Println(code, ok)
	_, ok = smartcard.Parse("COFFEE_NOT_AVAILABLE")
	fmt.Println(ok)
	// Output:
	// identity agent: USER_ABORT (0x80400001) true
	// false
}
