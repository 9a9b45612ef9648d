package ersclient

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/internal/problem"
)

// recorder is a clock that does not tick: it notes how long a client wanted to wait.
type recorder struct{ waits []time.Duration }

func (r *recorder) policy() retryPolicy {
	return retryPolicy{
		sleep: func(ctx context.Context, wait time.Duration) error {
			r.waits = append(r.waits, wait)
			return ctx.Err()
		},
		jitter: func(limit time.Duration) time.Duration { return limit - 1 },
	}
}

func clientOf(t *testing.T, server *erstest.Server) (*Client, *recorder) {
	t.Helper()
	client, err := New(Config{
		BaseURL: server.URL, ASID: erstest.ASID, Certificate: server.ClientCertificate(), RootCAs: server.RootCAs(),
		Proxy: func(*http.Request) (*url.URL, error) { return nil, nil },
	})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	waited := &recorder{}
	client.retry = waited.policy()
	return client, waited
}

// A gateway that is restarted should not cost the user a screen; one that is down should not keep them waiting.
func TestA001IsTriedAgainBehindAGateway(t *testing.T) {
	const first, second = firstBackoff - 1, 2*firstBackoff - 1
	cases := map[string]struct {
		faults []erstest.Fault
		waits  []time.Duration
		code   string
		calls  int
	}{
		"one 503": {
			[]erstest.Fault{{Kind: erstest.Status, Status: 503}}, []time.Duration{first}, "", 2,
		},
		"a 502 and a 504": {
			[]erstest.Fault{{Kind: erstest.Status, Status: 502}, {Kind: erstest.Status, Status: 504}},
			[]time.Duration{first, second}, "", 3,
		},
		"three of them": {
			[]erstest.Fault{{Kind: erstest.Status, Status: 503, Times: 3}}, []time.Duration{first, second}, "ERS-A001-503", 3,
		},
		"a pause that was asked for": {
			[]erstest.Fault{{Kind: erstest.Status, Status: 503, RetryAfter: "7"}}, []time.Duration{7*time.Second + first}, "", 2,
		},
		"a pause that is too long": {
			[]erstest.Fault{{Kind: erstest.Status, Status: 503, RetryAfter: "11"}}, nil, "ERS-A001-503", 1,
		},
		"another status": {
			[]erstest.Fault{{Kind: erstest.Status, Status: 500}}, nil, "ERS-A001-500", 1,
		},
		"a connection cut after the request": {
			[]erstest.Fault{{Kind: erstest.CutAfter}}, nil, "NET-CUT", 1,
		},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			server := erstest.NewServer()
			defer server.Close()
			client, waited := clientOf(t, server)
			for _, fault := range one.faults {
				require.NoError(t, server.Fail(erstest.A001, fault))
			}
			_, err := client.CreateSession(t.Context(), exampleTicket)
			if one.code == "" {
				require.NoError(t, err)
			} else {
				require.Equal(t, one.code, problem.Of(err).Code)
			}
			require.Equal(t, one.waits, waited.waits)
			require.Len(t, server.Requests(), one.calls)
		})
	}
}

// Nothing was sent to a server that is not there, so that A001 and A003 may be tried again; A002 is left to the flow.
func TestWhatIsTriedAgainWhenNothingWasSent(t *testing.T) {
	server := erstest.NewServer()
	client, waited := clientOf(t, server)
	server.Close()
	session := Session{Key: NewSessionKey("key"), Token: exampleTicket}
	cases := map[string]struct {
		call  func() error
		waits int
	}{
		"A001": {func() error { _, err := client.CreateSession(t.Context(), exampleTicket); return err }, 2},
		"A002": {func() error { _, err := client.SelectRole(t.Context(), session, examplePermission); return err }, 0},
		"A003": {func() error { return client.DeleteSession(t.Context(), session.Key) }, 1},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			waited.waits = nil
			err := one.call()
			require.Equal(t, "NET-REFUSED", problem.Of(err).Code)
			require.False(t, AnswerLost(err), "e-RS cannot have seen it")
			require.Len(t, waited.waits, one.waits)
		})
	}
}

func TestWhatIsNotTriedAgain(t *testing.T) {
	unsent := func(passing bool) error {
		return &transportError{call: callA001, passing: passing, err: errors.New("failed")}
	}
	cases := map[string]struct {
		call  call
		tried int
		err   error
		again bool
	}{
		"success":           {callA001, 1, nil, false},
		"a passing failure": {callA001, 1, unsent(true), true},
		"one that stays":    {callA001, 1, unsent(false), false},
		"one that may be handled": {
			callA001, 1, &transportError{call: callA001, passing: true, sent: true, err: syscall.ECONNRESET}, false,
		},
		"the last try":              {callA001, maxTries, unsent(true), false},
		"A002":                      {callA002, 1, unsent(true), false},
		"A003, once":                {callA003, 1, unsent(true), true},
		"A003, twice":               {callA003, 2, unsent(true), false},
		"A003 behind a gateway":     {callA003, 1, &StatusError{Status: 503}, false},
		"an answer without use":     {callA001, 1, &answerError{callA001, errTooLong}, false},
		"something quite different": {callA001, 1, errors.New("a mistake of ours"), false},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			_, again := newRetryPolicy().next(one.call, one.tried, one.err)
			require.Equal(t, one.again, again)
		})
	}
}

// The user can give up while the program waits.
func TestWaitingToTryAgainCanBeCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	policy := newRetryPolicy()
	policy.jitter = func(time.Duration) time.Duration { return time.Hour }
	calls := 0
	err := policy.do(ctx, callA001, func(context.Context) error {
		calls++
		cancel()
		return statusProblem(request{call: callA001}, &StatusError{Call: "A001", Status: 503})
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, "NET-CANCELLED", problem.Of(err).Code)
	require.Equal(t, 1, calls)
}

func TestWaitingToTryAgainEndsWithTheCallersTime(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	policy := newRetryPolicy()
	policy.jitter = func(time.Duration) time.Duration { return time.Hour }
	err := policy.do(ctx, callA001, func(context.Context) error {
		return statusProblem(request{call: callA001}, &StatusError{Call: "A001", Status: 503})
	})
	require.Equal(t, "ERS-A001-503", problem.Of(err).Code, "what went wrong, not that the time was up")
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 20, 8, 43, 10, 0, time.UTC)
	at := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	cases := map[string]struct {
		header http.Header
		want   time.Duration
	}{
		"none":                      {http.Header{}, 0},
		"seconds":                   {http.Header{"Retry-After": {" 120 "}}, 2 * time.Minute},
		"zero":                      {http.Header{"Retry-After": {"0"}}, 0},
		"less than nothing":         {http.Header{"Retry-After": {"-5"}}, 0},
		"a year":                    {http.Header{"Retry-After": {"31536000"}}, time.Hour},
		"more than a number holds":  {http.Header{"Retry-After": {"99999999999999999999"}}, 0},
		"as much as a number holds": {http.Header{"Retry-After": {strconv.Itoa(int(^uint(0) >> 1))}}, time.Hour},
		"a date":                    {http.Header{"Retry-After": {at(30 * time.Second)}}, 30 * time.Second},
		"a date in the past":        {http.Header{"Retry-After": {at(-time.Minute)}}, 0},
		"a date by a clock that differs": {
			http.Header{"Retry-After": {at(time.Hour + 30*time.Second)}, "Date": {at(time.Hour)}}, 30 * time.Second,
		},
		"rubbish": {http.Header{"Retry-After": {"soon"}}, 0},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) { require.Equal(t, one.want, retryAfter(one.header, now)) })
	}
}
