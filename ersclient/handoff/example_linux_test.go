package handoff_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// Another application reads the session before each call to e-RS.
func ExampleRead() {
	defer signedIn()()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	session, err := handoff.Read(ctx)
	switch {
	case errors.Is(err, handoff.ErrNotFound):
		fmt.Println("signed out")
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

// A program that needs only the key.
func ExampleReadKey() {
	defer signedIn()()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	key, err := handoff.ReadKey(ctx)
	if err != nil {
		fmt.Println("no key:", err)
		return
	}
	fmt.Println(len(key.Reveal()), "characters, shown as", key)
	// Output: 53 characters, shown as [secret]
}

// An application that stays open follows the session.
func ExampleWatch() {
	defer privateKeyring()()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	wasSignedIn := false
	for session, err := range handoff.Watch(ctx) {
		switch {
		case err == nil:
			fmt.Println("signed in at", session.OrgIdentifier)
			wasSignedIn = true
			signOut()
		case errors.Is(err, handoff.ErrNotFound):
			fmt.Println("signed out")
			if wasSignedIn {
				return
			}
			signIn()
		default:
			fmt.Println("the keyring cannot be read:", err)
		}
	}
	// Output:
	// signed out
	// signed in at R01
	// signed out
}

// A program that starts before the user has signed in waits for that.
func ExampleWait() {
	defer privateKeyring()()
	user := make(chan struct{})
	go func() {
		defer close(user)
		signIn()
	}()
	defer func() { <-user }()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	session, err := handoff.Wait(ctx)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		fmt.Println("still signed out")
	case err != nil:
		fmt.Println("the keyring cannot be read:", err)
	default:
		fmt.Println("signed in at", session.OrgIdentifier)
	}
	// Output: signed in at R01
}

// Probe checks beforehand whether a session could be handed over.
func ExampleProbe() {
	defer privateKeyring()()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	switch err := handoff.Probe(ctx); {
	case errors.Is(err, handoff.ErrLocked):
		fmt.Println("the keyring has to be unlocked first")
	case err != nil:
		fmt.Println("no keyring:", err)
	default:
		fmt.Println("the keyring can be used")
	}
	// Output: the keyring can be used
}

// Only e-RS Login writes.
func ExampleWrite() {
	defer privateKeyring()()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	session := handoff.Session{
		Generation: 7, SessionKey: handoff.NewSessionKey("made-up"), BaseURL: "https://ers.example/ers-api", ASID: "123456789012",
		UserIdentifier: "021600556514", UserName: "Ann Example", OrgIdentifier: "R01", OrgName: "Royal Example Hospital",
		BusinessFunction: "SERVICE_PROVIDER_CLINICIAN", IssuedAt: time.Now(), ExpiresAt: time.Now().Add(10 * time.Hour),
		Publisher: "e-RS Login 1.0.0",
	}
	if err := handoff.Write(ctx, session); err != nil {
		fmt.Println(err)
		return
	}
	read, err := handoff.Read(ctx)
	fmt.Println(read.OrgName, err)
	// Output: Royal Example Hospital <nil>
}

// The option matters only to readers on Windows.
func ExampleWithAliases() {
	defer privateKeyring()()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	fmt.Println(handoff.Write(ctx, madeUp(), handoff.WithAliases()))
	// Output: <nil>
}

// Only e-RS Login clears: readers never delete.
func ExampleClear() {
	defer signedIn()()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := handoff.Clear(ctx); err != nil {
		fmt.Println(err)
		return
	}
	_, err := handoff.Read(ctx)
	fmt.Println(errors.Is(err, handoff.ErrNotFound))
	// Output: true
}

// privateKeyring starts a keyring for this process, and returns a function that ends it.
func privateKeyring() func() {
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
	// go-keyring keeps one connection per process, which must be closed before another keyring
	// starts.
	shared, err := dbus.SessionBus()
	if err != nil {
		panic(err)
	}
	return func() {
		err := keyring.Close()
		<-shared.Context().Done()
		err = errors.Join(err, os.RemoveAll(folder))
		for name, value := range before {
			err = errors.Join(err, os.Setenv(name, value))
		}
		if err != nil {
			panic(err)
		}
	}
}

// signedIn starts a private keyring with a session.
func signedIn() func() {
	end := privateKeyring()
	if err := handoff.Write(context.Background(), madeUp()); err != nil {
		panic(err)
	}
	return end
}

// signIn and signOut stand for the user of e-RS Login.
func signIn() {
	session := madeUp()
	session.IssuedAt, session.ExpiresAt = time.Now(), time.Now().Add(time.Hour)
	if err := handoff.Write(context.Background(), session); err != nil {
		panic(err)
	}
}

func signOut() {
	if err := handoff.Clear(context.Background()); err != nil {
		panic(err)
	}
}
