package hscn_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
)

// Sign in with a ticket, work as a clinician, and sign out.
func Example() {
	server := erstest.NewServer()
	defer server.Close()

	client, err := hscn.New(hscn.Config{ASID: erstest.ASID, Config: transport.Config{
		BaseURL:     server.URL,
		Certificate: server.ClientCertificate(),
		RootCAs:     server.RootCAs(),
	}})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	ctx := context.Background()

	session, err := client.CreateSession(ctx, ersclient.NewTicket(erstest.TicketGP))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.User.Name())

	session, err = client.SelectRole(ctx, session, session.User.Permissions[0])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.Permission.OrgName, session.Permission.BusinessFunction)
	fmt.Println("session key:", session.Key)

	if err := client.DeleteSession(ctx, session.Key); err != nil {
		log.Fatal(err)
	}
	fmt.Println("sessions left:", len(server.Sessions()))
	// Output:
	// SA Assurance GP-Card
	// NHST_X3 REFERRING_CLINICIAN
	// session key: [secret]
	// sessions left: 0
}

// A failed call's Problem has steps for the user and details for the log.
func ExampleClient_CreateSession() {
	server := erstest.NewServer()
	defer server.Close()
	client := exampleClient(server)
	defer client.Close()

	_, err := client.CreateSession(context.Background(), ersclient.NewTicket("a ticket that has ended"))

	var problem *problem.Problem
	if errors.As(err, &problem) {
		fmt.Println(problem.Code)
		fmt.Println(problem.Expand(problem.Happened))
		for i, step := range problem.WhatToDo() {
			fmt.Printf("%d. %s\n", i+1, step)
		}
	}
	var status *transport.StatusError
	if errors.As(err, &status) {
		fmt.Println(status)
	}
	// Output:
	// ERS-A001-403
	// Your smartcard session may have ended while this window was open.
	// 1. Remove your smartcard and insert it again.
	// 2. Enter your passcode, then press **Try again**.
	// 3. If it happens again, contact your local service desk and quote the reference below.
	// A001 POST: answered 403 Forbidden
}

// After a lost answer it is unknown whether the role was selected: delete the session and start
// again.
func Example_answerLost() {
	server := erstest.NewServer()
	defer server.Close()
	client := exampleClient(server)
	defer client.Close()
	ctx := context.Background()

	session, err := client.CreateSession(ctx, ersclient.NewTicket(erstest.TicketGP))
	if err != nil {
		log.Fatal(err)
	}
	if err := server.Fail(erstest.A002, testserver.Fault{Kind: testserver.CutAfter}); err != nil {
		log.Fatal(err)
	}
	role := session.User.Permissions[0]
	session, err = client.SelectRole(ctx, session, role)
	if errors.Is(err, ersclient.ErrAnswerLost) {
		if err := client.DeleteSession(ctx, session.Key); err != nil {
			log.Fatal(err)
		}
		if session, err = client.CreateSession(ctx, session.Ticket); err != nil {
			log.Fatal(err)
		}
		session, err = client.SelectRole(ctx, session, role)
	}
	fmt.Println(session.Permission.BusinessFunction, err, len(server.Sessions()))
	// Output: REFERRING_CLINICIAN <nil> 1
}

// The status bar shows whether e-RS can be reached, without a request.
func ExampleClient_Reach() {
	server := erstest.NewServer()
	client := exampleClient(server)
	defer client.Close()

	fmt.Println(client.Reach(context.Background()))
	server.Close()
	var problem *problem.Problem
	fmt.Println(errors.As(client.Reach(context.Background()), &problem), problem.Code)
	// Output:
	// <nil>
	// true NET-REFUSED
}

func exampleClient(server *erstest.Server) *hscn.Client {
	client, err := hscn.New(hscn.Config{ASID: erstest.ASID, Config: transport.Config{
		BaseURL: server.URL, Certificate: server.ClientCertificate(), RootCAs: server.RootCAs(),
	}})
	if err != nil {
		log.Fatal(err)
	}
	return client
}
