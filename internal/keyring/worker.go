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
	callPublish   = "publish"
	callRead      = "read"
	callClear     = "clear"
	callSecret    = "secret"
	callSetSecret = "set-secret"
)

// asking, after a call's name, is the call that may ask the user to unlock the keyring or an entry.
const asking = "-asking"

// eventPrompt reports a prompt: its data are the code of the reason for it, empty when it is over.
const eventPrompt = "prompt"

// Kept names a secret that is kept for the program itself.
type Kept string

const (
	// Passphrase is that of the certificate's PKCS#12 file.
	Passphrase Kept = "passphrase"
	// ProxyPassword is what a proxy with Basic authentication wants.
	ProxyPassword Kept = "proxy-password"
	// ClientSecret is that of the application registered for NHS Care Identity.
	ClientSecret Kept = "client-secret"
)

// Secrets are all that are kept.
var Secrets = []Kept{Passphrase, ClientSecret, ProxyPassword}

// settleTimeout is how long a cancelled call may take to end before the worker exits.
const settleTimeout = 500 * time.Millisecond

// addresses are the entries of secrets. Those outside the handoff are outside its service, and unlike a
// session they outlive the log-on session on Windows.
var addresses = map[Kept][]entry.Address{
	Passphrase:    {{Service: "ers-login-certificate", Account: "passphrase", Lasting: true}},
	ProxyPassword: {{Service: "ers-login-proxy", Account: "password", Lasting: true}},
	ClientSecret:  {{Service: "ers-login-cis2", Account: "client-secret", Lasting: true}},
	trial:         trialAddresses,
}

// The messages between worker and client. A session is its entry's JSON, since its secret is masked
// elsewhere.
type (
	publishMessage struct {
		Session json.RawMessage
		Aliases bool
	}
	sessionMessage struct{ Session json.RawMessage }
	secretMessage  struct {
		Kept    Kept
		Text    string
		Aliases bool
	}
)

// Serve is the worker: it serves the client until stdin ends, which happens when the client's
// process does. Its caller must exit then, without waiting.
func Serve(ctx context.Context, stdin io.Reader, stdout io.Writer, version string) error {
	// A log-off or shutdown signals every process, and the client needs its worker to clear up
	// then. The worker ends with the client.
	signals := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}
	for _, ignored := range signals {
		signal.Ignore(ignored)
		defer signal.Reset(ignored)
	}
	events := make(chan helper.Event)
	handlers := helper.Handlers{}
	for call, handler := range map[string]helper.Handler{
		callProbe: probe, callPublish: publish, callRead: read, callClear: clearEntries,
		callSecret: getSecret, callSetSecret: setSecret,
	} {
		handlers[call] = coded(as(entry.NeverPrompt, handler, events))
		handlers[call+asking] = coded(as(entry.MayPrompt, handler, events))
	}
	err := helper.Serve(ctx, stdin, stdout, helperName, version, handlers, events)
	settling, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	entry.Settle(settling)
	return err
}

// as makes a handler that prompts as far as prompting permits, and sends the events of its prompts.
func as(prompting entry.Prompting, handler helper.Handler, events chan<- helper.Event) helper.Handler {
	return func(ctx context.Context, params json.RawMessage) (any, error) {
		showing := func(why error) {
			data, _ := json.Marshal(codeOf(why)) // a text
			select {
			case events <- helper.Event{Name: eventPrompt, Data: data}:
			case <-ctx.Done():
			}
		}
		return handler(entry.WithPrompts(entry.As(ctx, prompting), showing), params)
	}
}

func probe(ctx context.Context, _ json.RawMessage) (any, error) {
	return nil, handoff.Probe(ctx)
}

func publish(ctx context.Context, params json.RawMessage) (any, error) {
	var message publishMessage
	if json.Unmarshal(params, &message) != nil {
		return nil, errParams
	}
	session, err := handoff.DecodeAny(message.Session)
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
	session, err := handoff.ReadAny(ctx)
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
	message, at, err := wanted(params)
	if err != nil {
		return nil, err
	}
	err = entry.Do(ctx, entry.MayPrompt, func(ring *entry.Ring) error {
		text, err := ring.Get(at[0])
		message.Text = text.Reveal()
		return err
	})
	if entry.NoneMade(err) {
		// Where there is no keyring there is no entry.
		err = entry.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return message, nil
}

func setSecret(ctx context.Context, params json.RawMessage) (any, error) {
	message, at, err := wanted(params)
	if err != nil {
		return nil, err
	}
	return nil, entry.Do(ctx, entry.MayPrompt, func(ring *entry.Ring) error {
		var failed []error
		for _, address := range at {
			switch {
			case message.Text == "":
				failed = append(failed, ring.Delete(address))
			case address.Alias == "" || message.Aliases:
				failed = append(failed, ring.Set(address, secret.New(message.Text)))
			}
		}
		err := errors.Join(failed...)
		if err != nil && message.Kept == trial && ring.Usable() {
			// A check that is given up may have ended its client: nothing else would remove it.
			for _, address := range at {
				err = errors.Join(err, ring.Delete(address))
			}
		}
		return err
	})
}

// wanted returns the secret that a message is about, and where it is.
func wanted(params json.RawMessage) (message secretMessage, at []entry.Address, err error) {
	if json.Unmarshal(params, &message) == nil {
		at = addresses[message.Kept]
	}
	if len(at) == 0 {
		err = errParams
	}
	return message, at, err
}

// errParams omits the reason: the decoder's error may quote a secret.
var errParams = &helper.CallError{Code: helper.CodeMalformed, Message: "the parameters are not those of the call"}
