package cis2test_test

import (
	"context"
	"fmt"
	"log"
	"net/url"

	"github.com/ers-login/ers-login/ersclient/cis2test"
)

// A user picks a persona in the browser, and is refused there: nothing comes back to the client.
func ExampleServer_SignIn() {
	server := cis2test.NewServer()
	defer server.Close()
	query := url.Values{
		"client_id": {cis2test.ClientID}, "redirect_uri": {cis2test.RedirectURI}, "response_type": {"code"}, "state": {"7"},
	}
	page, err := server.SignIn(context.Background(), server.OAuthURL()+"/authorize?"+query.Encode(), cis2test.LowLevel)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(page.URL == server.OAuthURL()+"/authorize", page.Status)
	// Output: true 401
}
