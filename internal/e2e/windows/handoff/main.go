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
		return write(ctx, args[1])
	case len(args) == 2 && args[0] == "write-aliases":
		return write(ctx, args[1], handoff.WithAliases())
	case len(args) == 2 && args[0] == "publish":
		return publishThroughWorker(ctx, args[1])
	case len(args) == 1 && args[0] == "worker":
		return worker.Serve(ctx, os.Stdin, os.Stdout, version)
	case len(args) == 1 && args[0] == "write-long":
		session := madeUp(1)
		session.OrgName = strings.Repeat("Ysbyty €", handoff.MaxSize)
		return publish(ctx, session, handoff.WithAliases())
	case len(args) == 1 && args[0] == "read":
		return read()
	case len(args) == 1 && args[0] == "clear":
		return handoff.Clear(ctx)
	case len(args) == 1 && args[0] == "lasting":
		return lasting(ctx)
	}
	return errors.New("usage: handoff write N | write-aliases N | publish N | worker | write-long | read | clear | lasting")
}

func write(ctx context.Context, number string, options ...handoff.WriteOption) error {
	generation, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return err
	}
	return publish(ctx, madeUp(generation), options...)
}

// version is that of the worker and its client.
const version = "1.0"

func publishThroughWorker(ctx context.Context, number string) (err error) {
	generation, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	client := worker.New(worker.Settings{Command: []string{self, "worker"}, Version: version, Aliases: true})
	defer func() { err = errors.Join(err, client.Close()) }()
	return client.Publish(ctx, madeUp(generation))
}

func madeUp(generation int64) handoff.Session {
	now := time.Now().UTC().Truncate(time.Second)
	return handoff.Session{
		Version: handoff.Version, Generation: generation,
		SessionKey: handoff.NewSessionKey(fmt.Sprintf("pro-xapi-session_made-up-%d", generation)),
		BaseURL:    "https://ers.example/ers-api", ASID: "000000000000", UserIdentifier: "000000000001",
		UserName: "Llŷr Made-Up", OrgIdentifier: "R01", OrgName: "Ysbyty “Prawf” €", BusinessFunction: "REFERRING_CLINICIAN",
		IssuedAt: now, ExpiresAt: now.Add(10 * time.Hour), Publisher: "ers-login test",
	}
}

func publish(ctx context.Context, session handoff.Session, options ...handoff.WriteOption) error {
	encoded, err := handoff.Encode(session)
	if err != nil {
		return err
	}
	if err := handoff.Write(ctx, session, options...); err != nil {
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
