package keyring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"syscall"
	"time"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/helper"
	"github.com/ers-login/ers-login/internal/keyring/entry"
	"github.com/ers-login/ers-login/internal/secret"
)

// helperName is what the worker calls itself in its hello.
const helperName = "keyring"

// The worker's calls.
const (
	callProbe     = "probe"
	callUnlock    = "unlock"
	callPublish   = "publish"
	callRead      = "read"
	callClear     = "clear"
	callSecret    = "secret"
	callSetSecret = "set-secret"
)

// kept names a secret that is kept for the program itself.
type kept string

const (
	// passphrase is that of the certificate's PKCS#12 file.
	passphrase kept = "passphrase"
	// proxyPassword is what a proxy with Basic authentication wants.
	proxyPassword kept = "proxy-password"
)

// settleTimeout is how long a call that was cancelled may take to come to its end before the worker exits.
const settleTimeout = 500 * time.Millisecond

// addresses is where they are kept. They are no part of the handoff, so they do not stand under the handoff's service, and unlike a
// session they outlive the log-on session on Windows too.
var addresses = map[kept]entry.Address{
	passphrase:    {Service: "ers-login-certificate", Account: "passphrase", Lasting: true},
	proxyPassword: {Service: "ers-login-proxy", Account: "password", Lasting: true},
}

// What travels between worker and client. The session's JSON is the entry itself, since that of handoff.Session is masked.
type (
	publishMessage struct {
		Session json.RawMessage
		Aliases bool
	}
	sessionMessage struct{ Session json.RawMessage }
	secretMessage  struct {
		Kept kept
		Text string
	}
)

// Serve is the worker: it does what the client asks until stdin ends, which happens when the client's process does. Its caller
// exits then, without waiting for anything.
func Serve(ctx context.Context, stdin io.Reader, stdout io.Writer, version string) error {
	// At a log-off or shutdown every process is told to end, and the client needs its worker to clear up then. The worker ends
	// with the client.
	signals := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}
	for _, ignored := range signals {
		signal.Ignore(ignored)
		defer signal.Reset(ignored)
	}
	err := helper.Serve(ctx, stdin, stdout, helperName, version, helper.Handlers{
		callProbe:     coded(probe),
		callUnlock:    coded(unlock),
		callPublish:   coded(quiet(publish)),
		callRead:      coded(quiet(read)),
		callClear:     coded(quiet(clearEntries)),
		callSecret:    coded(quiet(getSecret)),
		callSetSecret: coded(quiet(setSecret)),

		callTrialWrite:  coded(writeTrial),
		callTrialRead:   coded(readTrial),
		callTrialRemove: coded(removeTrial),
	})
	settling, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	entry.Settle(settling)
	return err
}

// quiet makes a handler that does not prompt: only unlock does.
func quiet(handler helper.Handler) helper.Handler {
	return func(ctx context.Context, params json.RawMessage) (any, error) {
		return handler(entry.Quietly(ctx), params)
	}
}

func probe(ctx context.Context, _ json.RawMessage) (any, error) {
	return nil, handoff.Probe(ctx)
}

func unlock(ctx context.Context, _ json.RawMessage) (any, error) {
	return nil, entry.Unlock(ctx)
}

func publish(ctx context.Context, params json.RawMessage) (any, error) {
	var message publishMessage
	if json.Unmarshal(params, &message) != nil {
		return nil, errParams
	}
	session, err := handoff.Decode(message.Session)
	if err != nil {
		return nil, err
	}
	var options []handoff.WriteOption
	if message.Aliases {
		options = append(options, handoff.WithAliases())
	}
	return nil, handoff.Write(ctx, session, options...)
}

func read(ctx context.Context, _ json.RawMessage) (any, error) {
	session, err := handoff.Read(ctx)
	if err != nil {
		return nil, err
	}
	encoded, err := handoff.Encode(session)
	if err != nil {
		// It can be read, but is not what a writer of this contract writes.
		return nil, fmt.Errorf("%w: %w", handoff.ErrMalformed, err)
	}
	return sessionMessage{encoded}, nil
}

func clearEntries(ctx context.Context, _ json.RawMessage) (any, error) {
	return nil, handoff.Clear(ctx)
}

func getSecret(ctx context.Context, params json.RawMessage) (any, error) {
	message, address, err := wanted(params)
	if err != nil {
		return nil, err
	}
	err = entry.Do(ctx, entry.MayPrompt, func(ring *entry.Ring) error {
		text, err := ring.Get(address)
		message.Text = text.Reveal()
		return err
	})
	if errors.Is(err, entry.ErrNoCollection) {
		// Where there is no keyring there is no entry.
		err = entry.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return message, nil
}

func setSecret(ctx context.Context, params json.RawMessage) (any, error) {
	message, address, err := wanted(params)
	if err != nil {
		return nil, err
	}
	return nil, entry.Do(ctx, entry.MayPrompt, func(ring *entry.Ring) error {
		if message.Text == "" {
			return ring.Delete(address)
		}
		return ring.Set(address, secret.New(message.Text))
	})
}

// wanted tells which secret a message is about.
func wanted(params json.RawMessage) (message secretMessage, address entry.Address, err error) {
	if json.Unmarshal(params, &message) != nil {
		return message, address, errParams
	}
	address, known := addresses[message.Kept]
	if !known {
		return message, address, errParams
	}
	return message, address, nil
}

// errParams does not say what was wrong: the decoder's error may quote a secret.
var errParams = &helper.CallError{Code: helper.CodeMalformed, Message: "the parameters are not those of the call"}
