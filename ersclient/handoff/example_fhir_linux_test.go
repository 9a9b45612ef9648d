package handoff_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ers-login/ers-login/ersclient/handoff"
)

// An application that is ready for both platforms reads whichever session there is.
func ExampleReadAny() {
	defer signedInToFHIR()()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	entry, err := handoff.ReadAny(ctx)
	if errors.Is(err, handoff.ErrNotFound) || err == nil && entry.Expired(time.Now()) {
		fmt.Println("signed out")
		return
	}
	if err != nil {
		fmt.Println("the keyring cannot be read:", err)
		return
	}
	header := map[string][]string{}
	switch session := entry.(type) {
	case handoff.Session:
		header["XAPI_ASID"] = []string{session.ASID}
		header["HTTP_X_SESSION_KEY"] = []string{session.SessionKey.Reveal()}
	case handoff.FHIRSession:
		header["Authorization"] = []string{"Bearer " + session.AccessToken.Reveal()}
		header["NHSD-End-User-Organisation-ODS"] = []string{session.OrgIdentifier}
		header["NHSD-eRS-Business-Function"] = []string{session.BusinessFunction}
		if session.OnBehalfOf != "" {
			header["NHSD-eRS-On-Behalf-Of-User-ID"] = []string{session.OnBehalfOf}
		}
	}
	fmt.Println(entry.Details().Platform, entry.Details().OrgIdentifier)
	fmt.Println(header["Authorization"][0])
	// Output:
	// fhir R01
	// Bearer qXnl0uYQW4bLmRk7dOa3TtGvJ5cP
}

// A call that was refused (401) is repeated if the token was renewed in the meantime. Only e-RS
// Login renews it.
func ExampleReadFHIR() {
	defer signedInToFHIR()()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for tried := (handoff.FHIRSession{}); ; {
		session, err := handoff.ReadFHIR(ctx)
		if err != nil || session.Expired(time.Now()) {
			fmt.Println("signed out:", err)
			return
		}
		if session.Generation == tried.Generation && session.Revision == tried.Revision {
			fmt.Println("the user has to sign in again")
			return
		}
		status := callERS(session)
		fmt.Printf("revision %d: %d\n", session.Revision, status)
		if status != 401 || !tried.AccessToken.IsZero() {
			return
		}
		tried = session
	}
	// Output:
	// revision 2: 401
	// revision 3: 200
}

// callERS stands for a call that is refused since the token was renewed at that moment.
func callERS(session handoff.FHIRSession) int {
	if session.Revision > 2 {
		return 200
	}
	session.Revision, session.AccessToken = session.Revision+1, handoff.NewAccessToken("renewed")
	if err := handoff.Write(context.Background(), session); err != nil {
		panic(err)
	}
	return 401
}

// A program that needs only the token. It reads organisation and role elsewhere at its own risk.
func ExampleReadAccessToken() {
	defer signedInToFHIR()()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	token, err := handoff.ReadAccessToken(ctx)
	if err != nil {
		fmt.Println("no token:", err)
		return
	}
	fmt.Println(len(token.Reveal()), "characters, shown as", token)
	// Output: 28 characters, shown as [secret]
}

// An application that stays open sees each new token.
func ExampleWatchFHIR() {
	defer privateKeyring()()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for session, err := range handoff.WatchFHIR(ctx) {
		switch {
		case err == nil:
			fmt.Println("revision", session.Revision)
			if session.Revision == 3 {
				return
			}
			callERS(session)
		case errors.Is(err, handoff.ErrNotFound):
			fmt.Println("signed out")
			signInToFHIR(time.Now())
		default:
			fmt.Println("the keyring cannot be read:", err)
		}
	}
	// Output:
	// signed out
	// revision 2
	// revision 3
}

// An application for both platforms follows the user from one to the other.
func ExampleWatchAny() {
	defer privateKeyring()()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for entry, err := range handoff.WatchAny(ctx) {
		if errors.Is(err, handoff.ErrNotFound) {
			fmt.Println("signed out")
			signIn()
			continue
		}
		if err != nil {
			fmt.Println("the keyring cannot be read:", err)
			continue
		}
		switch entry.(type) {
		case handoff.Session:
			fmt.Println("a session key")
			signInToFHIR(time.Now())
		case handoff.FHIRSession:
			fmt.Println("an access token")
			return
		}
	}
	// Output:
	// signed out
	// a session key
	// an access token
}

// A program for the FHIR platform alone waits for a sign-in there.
func ExampleWaitFHIR() {
	defer privateKeyring()()
	signInToFHIR(time.Now())

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	session, err := handoff.WaitFHIR(ctx)
	if err != nil {
		fmt.Println("still signed out:", err)
		return
	}
	fmt.Println("signed in at", session.OrgIdentifier)
	// Output: signed in at R01
}

// A program for both platforms waits for a sign-in to either.
func ExampleWaitAny() {
	defer privateKeyring()()
	signInToFHIR(time.Now())

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	entry, err := handoff.WaitAny(ctx)
	if err != nil {
		fmt.Println("still signed out:", err)
		return
	}
	fmt.Println("signed in on", entry.Details().Platform)
	// Output: signed in on fhir
}

// signedInToFHIR starts a private keyring with a session of the FHIR platform.
func signedInToFHIR() func() {
	end := privateKeyring()
	signInToFHIR(time.Now())
	return end
}

// signInToFHIR stands for the user of e-RS Login.
func signInToFHIR(now time.Time) {
	session := madeUpFHIR()
	session.IssuedAt, session.TokenExpiresAt, session.ExpiresAt = now, now.Add(599*time.Second), now.Add(12*time.Hour)
	if err := handoff.Write(context.Background(), session); err != nil {
		panic(err)
	}
}
