// Command handoff publishes an invented session on Windows as the program does, and reads it as
// other Go programs do: with go-keyring alone. The tests of the folder above run it under Wine.
//
//	handoff write N            publishes the session of generation N, and prints the bytes of both entries in hexadecimal, one on a line
//	handoff write-aliases N    the same, with the aliases
//	handoff publish N          the same through the program's keyring worker, which is this program again
//	handoff worker             is that worker
//	handoff write-long         publishes the longest possible session, with the aliases
//	handoff read               prints the bytes of both entries as go-keyring reads them
//	handoff clear              removes all
//	handoff lasting            stores a passphrase, as the program does, and prints its bytes
//
// With fhir as a last argument, write, write-aliases, publish, write-long and read are about a
// session of the FHIR platform, whose revision is N.
//
// The exit status is 2 if there is no entry.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/ers-login/ers-login/ersclient/handoff"
	worker "github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/keyring/entry"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/signin"
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
	of := madeUp
	accounts := []string{handoff.AccountSession, handoff.AccountSessionKey}
	if last := len(args) - 1; last > 0 && args[last] == string(handoff.FHIR) {
		args, of = args[:last], madeUpFHIR
		accounts = []string{handoff.AccountFHIRSession, handoff.AccountAccessToken}
	}
	switch {
	case len(args) == 2 && args[0] == "write":
		return write(ctx, of, args[1])
	case len(args) == 2 && args[0] == "write-aliases":
		return write(ctx, of, args[1], handoff.WithAliases())
	case len(args) == 2 && args[0] == "publish":
		return publishThroughWorker(ctx, of, args[1])
	case len(args) == 1 && args[0] == "worker":
		return worker.Serve(ctx, os.Stdin, os.Stdout, version)
	case len(args) == 1 && args[0] == "write-long":
		return publish(ctx, long(of(1)), handoff.WithAliases())
	case len(args) == 1 && args[0] == "read":
		return read(accounts)
	case len(args) == 1 && args[0] == "clear":
		return handoff.Clear(ctx)
	case len(args) == 1 && args[0] == "lasting":
		return lasting(ctx)
	}
	return errors.New("usage: handoff write N | write-aliases N | publish N | worker | write-long | read | clear | lasting; [fhir]")
}

func write(ctx context.Context, of func(int64) handoff.Entry, number string, options ...handoff.WriteOption) error {
	parsed, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return err
	}
	return publish(ctx, of(parsed), options...)
}

// long returns a session with the longest name and secret.
func long(session handoff.Entry) handoff.Entry {
	name := strings.Repeat("Ysbyty €", handoff.MaxSize)
	switch made := session.(type) {
	case handoff.Session:
		made.OrgName = name
		return made
	case handoff.FHIRSession:
		made.OrgName, made.AccessToken = name, handoff.NewAccessToken(strings.Repeat("t", 600))
		return made
	default:
		return session
	}
}

// version is that of the worker and its client.
const version = "1.0"

func publishThroughWorker(ctx context.Context, of func(int64) handoff.Entry, number string) (err error) {
	parsed, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	client := worker.New(worker.Settings{Command: []string{self, "worker"}, Version: version, Aliases: true})
	defer func() { err = errors.Join(err, client.Close()) }()
	return client.Publish(ctx, of(parsed))
}

func madeUp(generation int64) handoff.Entry {
	now := time.Now().UTC().Truncate(time.Second)
	return handoff.Session{
		Version: handoff.Version, Generation: generation,
		SessionKey: handoff.NewSessionKey(fmt.Sprintf("pro-xapi-session_made-up-%d", generation)),
		BaseURL:    "https://ers.example/ers-api", ASID: "000000000000", UserIdentifier: "000000000001",
		UserName: "Llŷr Made-Up", OrgIdentifier: "R01", OrgName: "Ysbyty “Prawf” €", BusinessFunction: "REFERRING_CLINICIAN",
		IssuedAt: now, ExpiresAt: now.Add(10 * time.Hour), Publisher: "ers-login test",
	}
}

func madeUpFHIR(revision int64) handoff.Entry {
	now := time.Now().UTC().Truncate(time.Second)
	return handoff.FHIRSession{
		Version: handoff.Version, Generation: 1, Revision: revision,
		AccessToken: handoff.NewAccessToken(fmt.Sprintf("token-made-up-%d", revision)),
		BaseURL:     "https://ers.example/FHIR", UserIdentifier: "000000000001", UserName: "Llŷr Made-Up", OrgIdentifier: "R01",
		OrgName: "Ysbyty “Prawf” €", BusinessFunction: "SERVICE_PROVIDER_CLINICIAN_ADMIN", OnBehalfOf: "000000000002",
		IssuedAt: now, TokenExpiresAt: now.Add(599 * time.Second), ExpiresAt: now.Add(12 * time.Hour), Publisher: "ers-login test",
	}
}

func publish(ctx context.Context, session handoff.Entry, options ...handoff.WriteOption) error {
	encoded, err := handoff.Encode(session)
	if err != nil {
		return err
	}
	if err := handoff.Write(ctx, session, options...); err != nil {
		return err
	}
	fmt.Printf("%x\n%x\n", encoded, signin.SecretOf(session).Reveal())
	return nil
}

func read(accounts []string) error {
	for _, account := range accounts {
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
