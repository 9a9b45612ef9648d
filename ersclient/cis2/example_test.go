package cis2_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/ers-login/ers-login/ersclient/cis2"
	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/ersclient/transport"
)

// A sign-in: the address is opened in the browser, here that of a user of the stand-in.
func Example() {
	server := cis2test.NewServer()
	defer server.Close()

	client, err := cis2.New(cis2.Config{
		Config:      transport.Config{BaseURL: server.OAuthURL(), RootCAs: server.RootCAs()},
		ClientID:    cis2test.PublicClientID,
		RedirectURI: "http://localhost:0/callback",
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	attempt, err := client.Begin(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer attempt.Close()
	if _, err := server.SignIn(ctx, attempt.Address(), cis2test.GP); err != nil {
		log.Fatal(err)
	}
	code, err := attempt.Wait(ctx)
	if err != nil {
		log.Fatal(err)
	}
	tokens, err := client.Exchange(ctx, code)
	if err != nil {
		log.Fatal(err)
	}
	user, err := client.UserInfo(ctx, tokens.Access)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Name, user.Identifier, tokens.Access)
	// Output: Sally Assurance-Doctor 555020964101 [secret]
}
