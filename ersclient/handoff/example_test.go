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

// An entry of the FHIR platform has a type of its own.
func ExampleDecodeFHIR() {
	const entry = `{"version":1,"platform":"fhir","revision":3,"accessToken":"made-up","orgIdentifier":"R01"}`
	session, err := handoff.DecodeFHIR([]byte(entry))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(session.OrgIdentifier, session.Revision, session.AccessToken)

	_, err = handoff.Decode([]byte(entry))
	fmt.Println(err)
	// Output:
	// R01 3 [secret]
	// malformed session entry: it has no sessionKey
}

// A program that is given an entry, as by ers-login session --json, finds out which it is.
func ExampleDecodeAny() {
	entry, err := handoff.DecodeAny([]byte(`{"version":1,"platform":"fhir","accessToken":"made-up"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, isFHIR := entry.(handoff.FHIRSession)
	fmt.Println(entry.Details().Platform, isFHIR)
	// Output: fhir true
}

// A token is masked wherever it is printed; only Reveal returns its text.
func ExampleNewAccessToken() {
	token := handoff.NewAccessToken("made-up")
	fmt.Println(token, len(token.Reveal()))
	// Output: [secret] 7
}

// The details are what both platforms have.
func ExampleSession_Details() {
	var entry handoff.Entry = handoff.Session{OrgIdentifier: "R01"}
	fmt.Println(entry.Details().Platform, entry.Details().OrgIdentifier)
	// Output: hscn R01
}

// The details have no access token.
func ExampleFHIRSession_Details() {
	var entry handoff.Entry = handoff.FHIRSession{OrgIdentifier: "R01", Revision: 3}
	fmt.Println(entry.Details().Platform, entry.Details().OrgIdentifier, entry.Details().Revision)
	// Output: fhir R01 3
}

// A token that is over, and that nothing has renewed, means signed out.
func ExampleFHIRSession_Expired() {
	session := handoff.FHIRSession{
		TokenExpiresAt: time.Date(2026, 3, 2, 8, 51, 59, 0, time.UTC),
		ExpiresAt:      time.Date(2026, 3, 2, 20, 42, 0, 0, time.UTC),
	}
	fmt.Println(session.Expired(time.Date(2026, 3, 2, 8, 51, 58, 0, time.UTC)))
	fmt.Println(session.Expired(time.Date(2026, 3, 2, 8, 51, 59, 0, time.UTC)))
	// Output:
	// false
	// true
}

// Reveal returns the token for the header Authorization.
func ExampleAccessToken_Reveal() {
	session := handoff.FHIRSession{AccessToken: handoff.NewAccessToken("made-up")}
	fmt.Println("Bearer " + session.AccessToken.Reveal())
	// Output: Bearer made-up
}
