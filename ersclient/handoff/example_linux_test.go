package handoff_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/keyring/keyringtest"
)

// Another application asks for the session before each call to e-RS.
func ExampleRead() {
	defer signedIn()()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	session, err := handoff.Read(ctx)
	switch {
	case errors.Is(err, handoff.ErrNotFound):
		fmt.Println("nobody is signed in")
	case err != nil:
		fmt.Println("the keyring cannot be read:", err)
	default:
		fmt.Println(session.OrgIdentifier, session.BusinessFunction, "until", session.ExpiresAt.Format(time.RFC3339))
		fmt.Println("shown:", session.SessionKey)
		header := map[string][]string{"HTTP_X_SESSION_KEY": {session.SessionKey.Reveal()}}
		fmt.Println("sent:", header["HTTP_X_SESSION_KEY"][0])
	}
	// Output:
	// R01 REFERRING_CLINICIAN until 2026-03-02T18:42:00Z
	// shown: [secret]
	// sent: pro-xapi-session_222c42c7-820f-4f9b-92fb-3add4b1db9f7
}

// signedIn brings up a keyring with a session in it, and returns what ends that.
func signedIn() func() {
	folder, err := os.MkdirTemp("", "handoff")
	if err != nil {
		panic(err)
	}
	keyring, err := keyringtest.Start(context.Background(), folder, keyringtest.Options{})
	if err != nil {
		panic(err)
	}
	before := map[string]string{}
	for _, pair := range keyring.Env() {
		name, value, _ := strings.Cut(pair, "=")
		before[name] = os.Getenv(name)
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	if err := handoff.Write(context.Background(), madeUp()); err != nil {
		panic(err)
	}
	return func() {
		err := errors.Join(keyring.Close(), os.RemoveAll(folder))
		for name, value := range before {
			err = errors.Join(err, os.Setenv(name, value))
		}
		if err != nil {
			panic(err)
		}
	}
}
