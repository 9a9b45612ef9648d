package fhir_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"slices"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/ersclient/fhir"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
)

// Choose a role, and the clinician to act for, as which all other programs make their calls.
func Example() {
	server := cis2test.NewServer()
	defer server.Close()
	// The token of a sign-in, from package cis2.
	token := ersclient.NewAccessToken(server.BeginSession(cis2test.Admin).AccessToken)

	client, err := fhir.New(transport.Config{BaseURL: server.FHIRURL(), RootCAs: server.RootCAs()})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	ctx := context.Background()

	user, err := client.Roles(ctx, token)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Identifier, len(user.Permissions))

	as := user.Permissions[0]
	if as.NeedsClinician() {
		clinicians, err := client.Clinicians(ctx, token, as)
		if err != nil {
			log.Fatal(err)
		}
		as.OnBehalfOf = clinicians[0].Identifier
	}
	header, err := fhir.Header(as, token)
	if err != nil {
		log.Fatal(err)
	}
	var names []string
	for name := range header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names[1:] { // The first is Authorization.
		fmt.Println(name+":", header[name][0])
	}
	// Output:
	// 555020964104 3
	// NHSD-End-User-Organisation-ODS: RX001
	// NHSD-eRS-Business-Function: SERVICE_PROVIDER_CLINICIAN_ADMIN
	// NHSD-eRS-On-Behalf-Of-User-ID: 555020964501
}

// A token that e-RS refuses means that the user has to sign in again.
func ExampleClient_Roles() {
	server := cis2test.NewServer()
	defer server.Close()
	client, err := fhir.New(transport.Config{BaseURL: server.FHIRURL(), RootCAs: server.RootCAs()})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	_, err = client.Roles(context.Background(), ersclient.NewAccessToken("an-old-token"))

	var problem *problem.Problem
	if errors.As(err, &problem) {
		fmt.Println(problem.Code, "-", problem.Title)
		fmt.Println(problem.WhatToDo()[0])
	}
	fmt.Println(errors.Is(err, ersclient.ErrProofRefused))
	// Output:
	// ERS-A030-401 - Your sign-in to e-RS has ended
	// Press **Try again** to sign in again.
	// true
}
