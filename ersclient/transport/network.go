package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/problem"
)

// transportError is the cause if a call got no answer.
type transportError struct {
	call Call
	// sent reports whether e-RS may have seen the request.
	sent bool
	// passing reports whether the fault may pass within seconds.
	passing bool
	// unnoticed reports whether no traffic reached e-RS or its gateway.
	unnoticed bool
	err       error
}

func (e *transportError) Error() string { return e.call.String() + ": " + e.err.Error() }
func (e *transportError) Unwrap() error { return e.err }

// Is reports whether e-RS may have carried the call out all the same.
func (e *transportError) Is(target error) bool {
	return e.sent && (target == ersclient.ErrAnswerLost || target == ersclient.ErrStartAgain)
}

// transportProblem makes the Problem of a call without an answer. ctx is the caller's.
func (c *Client) transportProblem(ctx context.Context, call Call, sent bool, err error) *problem.Problem {
	cause := &transportError{call: call, sent: sent, err: withoutForeignText(err)}
	if ended := ctx.Err(); errors.Is(ended, context.Canceled) {
		if !errors.Is(err, ended) {
			cause.err = fmt.Errorf("%w: %w", ended, cause.err)
		}
		return cancelled.Because(cause)
	}
	if chain := unverified(err); chain != nil {
		cause.err = &presentedError{cause.err, chain}
	}
	proxy, made := c.ProxyAddress(), c.explained(err)
	switch {
	case made == nil:
		kind := kindOf(err)
		made, cause.passing, cause.unnoticed = kind.problem, kind.passing, kind.unnoticed
		if proxy != "" && !sent && made != timedOut {
			made, cause.passing = proxyFailed, false
		}
	case clientCertificateAlerts[remoteAlert(err)]:
		// TLS 1.3 clients may send a request before the server's alert arrives. The server has not read
		// it.
		cause.sent = false
	}
	if made.Is(proxyFailed) {
		// It distinguishes a proxy that refuses from one that is not there.
		made = made.With("Alert", cause.err.Error())
	}
	if made.Args["Host"] == "" {
		made = made.With("Host", c.transport.host)
	}
	return made.WithPhrase("Service", c.config.Service).With("Proxy", proxy).Because(cause)
}

// explained returns the Problem of a proxy, of TLS, or of a key or setting that has made its own; nil
// for any other error.
func (c *Client) explained(err error) *problem.Problem {
	var made *problem.Problem
	if errors.As(err, &made) {
		return made
	}
	if made = c.proxyProblem(err); made == nil {
		made = c.tlsProblem(err)
	}
	return made
}

// kind classifies a network failure.
type kind struct {
	problem *problem.Problem
	// passing and unnoticed are as in transportError.
	passing, unnoticed bool
}

// kindOf classifies an error by the help it needs.
func kindOf(err error) kind {
	var name *net.DNSError
	var network net.Error
	switch {
	case errors.As(err, &name):
		return kind{nameNotFound, !name.IsNotFound && !name.IsTimeout, true}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		// After a whole time-out the user gets the error, not another wait.
		return kind{timedOut, false, false}
	case isAny(err, refusedErrors):
		return kind{connectionRefused, true, false}
	case isAny(err, unreachableErrors):
		return kind{offline, true, true}
	}
	return kind{connectionCut, true, false}
}

func isAny(err error, list []error) bool {
	return slices.ContainsFunc(list, func(one error) bool { return errors.Is(err, one) })
}

// withoutForeignText replaces transport errors that quote the other side, whose text may hold
// anything, such as a session key.
func withoutForeignText(err error) error {
	text := err.Error()
	if !isCut(err) && (strings.Contains(text, "malformed") || strings.Contains(text, "transport connection broken")) {
		return errors.New("the answer is not HTTP")
	}
	return err
}
