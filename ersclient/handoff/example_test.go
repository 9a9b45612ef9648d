package handoff_test

import (
	"fmt"

	"github.com/ers-login/ers-login/ersclient/handoff"
)

// A program that reads the keyring by itself takes the entry apart with Decode.
func ExampleDecode() {
	session, err := handoff.Decode([]byte(`{"version":1,"sessionKey":"made-up","orgName":"Meddygfa T\u0177 Elli","colour":"new"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(session.OrgName, session.SessionKey)

	_, err = handoff.Decode([]byte(`{"version":2}`))
	fmt.Println(err)
	// Output:
	// Meddygfa Tŷ Elli [secret]
	// unknown version of the session entry: 2, this program reads version 1
}
