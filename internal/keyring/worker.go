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
	callProbe         = "probe"
	callUnlock        = "unlock"
	callPublish       = "publish"
	callRead          = "read"
	callClear         = "clear"
	callPassphrase    = "passphrase"
	callSetPassphrase = "set-passphrase"
)

// settleTimeout is how long a call that was cancelled may take to come to its end before the worker exits.
const settleTimeout = 500 * time.Millisecond

// passphraseAddress is where the passphrase of the certificate's PKCS#12 file is kept. It is no part of the handoff, so it does
// not stand under the handoff's service, and unlike a session it outlives the log-on session on Windows too.
var passphraseAddress = entry.Address{Service: "ers-login-certificate", Account: "passphrase", Lasting: true}

// What travels between worker and client. The session's JSON is the entry itself, since that of handoff.Session is masked.
type (
	sessionMessage    struct{ Session json.RawMessage }
	passphraseMessage struct{ Passphrase string }
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
		callProbe:         coded(probe),
		callUnlock:        coded(unlock),
		callPublish:       coded(quiet(publish)),
		callRead:          coded(quiet(read)),
		callClear:         coded(quiet(clearEntries)),
		callPassphrase:    coded(quiet(passphrase)),
		callSetPassphrase: coded(quiet(setPassphrase)),
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
	var message sessionMessage
	if json.Unmarshal(params, &message) != nil {
		return nil, errParams
	}
	session, err := handoff.Decode(message.Session)
	if err != nil {
		return nil, err
	}
	return nil, handoff.Write(ctx, session)
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

func passphrase(ctx context.Context, _ json.RawMessage) (any, error) {
	var message passphraseMessage
	err := entry.Do(ctx, entry.MayPrompt, func(ring *entry.Ring) error {
		text, err := ring.Get(passphraseAddress)
		message.Passphrase = text.Reveal()
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

func setPassphrase(ctx context.Context, params json.RawMessage) (any, error) {
	var message passphraseMessage
	if json.Unmarshal(params, &message) != nil {
		return nil, errParams
	}
	return nil, entry.Do(ctx, entry.MayPrompt, func(ring *entry.Ring) error {
		if message.Passphrase == "" {
			return ring.Delete(passphraseAddress)
		}
		return ring.Set(passphraseAddress, secret.New(message.Passphrase))
	})
}

// errParams does not say what was wrong: the decoder's error may quote a secret.
var errParams = &helper.CallError{Code: helper.CodeMalformed, Message: "the parameters are not those of the call"}
