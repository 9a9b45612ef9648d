// Command handoff publishes a made-up session on Windows as the program does, and reads it as other Go programs do: with go-keyring
// alone. It is run by the tests of the folder above, under Wine.
//
//	handoff write N    publishes the session of generation N, and prints the bytes of both entries in hexadecimal, one on a line
//	handoff read       prints the bytes of both entries as go-keyring reads them
//	handoff clear      takes both back
//	handoff lasting    stores a passphrase, as the program does, and prints its bytes
//
// The exit status is 2 if there is no entry.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/keyring/entry"
	"github.com/ers-login/ers-login/internal/secret"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err := run(ctx, os.Args[1:])
	if errors.Is(err, keyring.ErrNotFound) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	switch {
	case len(args) == 2 && args[0] == "write":
		generation, err := strconv.ParseInt(args[1], 10, 64)
		if err != nil {
			return err
		}
		return write(ctx, generation)
	case len(args) == 1 && args[0] == "read":
		return read()
	case len(args) == 1 && args[0] == "clear":
		return handoff.Clear(ctx)
	case len(args) == 1 && args[0] == "lasting":
		return lasting(ctx)
	}
	return errors.New("usage: handoff write N | read | clear | lasting")
}

func write(ctx context.Context, generation int64) error {
	session := handoff.Session{
		Version: handoff.Version, Generation: generation,
		SessionKey: handoff.NewSessionKey(fmt.Sprintf("pro-xapi-session_made-up-%d", generation)),
		BaseURL:    "https://ers.example/ers-api", ASID: "000000000000", UserIdentifier: "000000000001",
		UserName: "Llŷr Made-Up", OrgIdentifier: "R01", OrgName: "Ysbyty “Prawf” €", BusinessFunction: "REFERRING_CLINICIAN",
		IssuedAt: time.Unix(1_700_000_000, 0).UTC(), ExpiresAt: time.Unix(1_700_036_000, 0).UTC(), Publisher: "ers-login test",
	}
	encoded, err := handoff.Encode(session)
	if err != nil {
		return err
	}
	if err := handoff.Write(ctx, session); err != nil {
		return err
	}
	fmt.Printf("%x\n%x\n", encoded, session.SessionKey.Reveal())
	return nil
}

func read() error {
	for _, account := range []string{handoff.AccountSession, handoff.AccountSessionKey} {
		text, err := keyring.Get(handoff.Service, account)
		if err != nil {
			return err
		}
		fmt.Printf("%x\n", text)
	}
	return nil
}

func lasting(ctx context.Context) error {
	const passphrase = "made-up"
	err := entry.Do(ctx, entry.NeverPrompt, func(ring *entry.Ring) error {
		return ring.Set(entry.Address{Service: "ers-login", Account: "passphrase-of-a-test", Lasting: true}, secret.New(passphrase))
	})
	if err != nil {
		return err
	}
	fmt.Printf("%x\n", passphrase)
	return nil
}
