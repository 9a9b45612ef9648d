package handoff_test

import (
	"fmt"
	"time"

	"github.com/ers-login/ers-login/ersclient/handoff"
)

// A program that reads the keyring itself decodes the entry with Decode.
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

// Encode returns the entry as stored in the keyring.
func ExampleEncode() {
	entry, err := handoff.Encode(handoff.Session{
		SessionKey: handoff.NewSessionKey("made-up"), OrgIdentifier: "R01", OrgName: "Meddygfa Tŷ Elli",
		IssuedAt:  time.Date(2026, 3, 2, 8, 42, 0, 0, time.UTC),
		ExpiresAt: time.Date(2026, 3, 2, 18, 42, 0, 0, time.UTC),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(entry))
	// Output:
	// {"version":1,"generation":0,"sessionKey":"made-up","baseURL":"","asid":"","userIdentifier":"","userName":"","orgIdentifier":"R01","orgName":"Meddygfa T\u0177 Elli","businessFunction":"","onBehalfOf":"","issuedAt":"2026-03-02T08:42:00Z","expiresAt":"2026-03-02T18:42:00Z","publisher":""}
}

// A key is masked wherever it is printed; only Reveal returns its text.
func ExampleNewSessionKey() {
	key := handoff.NewSessionKey("made-up")
	fmt.Println(key, len(key.Reveal()))
	// Output: [secret] 7
}

// Reveal returns the key for e-RS's header. Its name has underscores, which Header.Set would
// rewrite.
func ExampleSessionKey_Reveal() {
	session := handoff.Session{SessionKey: handoff.NewSessionKey("made-up")}
	// Like the header of an http.Request.
	header := map[string][]string{"HTTP_X_SESSION_KEY": {session.SessionKey.Reveal()}}
	fmt.Println(header["HTTP_X_SESSION_KEY"])
	// Output: [made-up]
}

// An expired session is not used, even if its entry still exists.
func ExampleSession_Expired() {
	session := handoff.Session{ExpiresAt: time.Date(2026, 3, 2, 18, 42, 0, 0, time.UTC)}
	fmt.Println(session.Expired(time.Date(2026, 3, 2, 18, 41, 59, 0, time.UTC)))
	fmt.Println(session.Expired(time.Date(2026, 3, 2, 18, 42, 0, 0, time.UTC)))
	// Output:
	// false
	// true
}
