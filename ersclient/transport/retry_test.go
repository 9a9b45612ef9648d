package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/internal/problem"
)

// recorder is a clock that does not advance: it records how long a client wanted to wait.
type recorder struct {
	waits []time.Duration
	// lot is the outcome of every draw.
	lot bool
}

func (r *recorder) policy() retryPolicy {
	return retryPolicy{
		sleep: func(ctx context.Context, wait time.Duration) error {
			r.waits = append(r.waits, wait)
			return ctx.Err()
		},
		jitter: func(limit time.Duration) time.Duration { return limit - 1 },
		draw:   func() bool { return r.lot },
	}
}

// The calls of a session.
var (
	opens   = Call{Name: "A001", Method: http.MethodPost, Success: http.StatusCreated}
	selects = Call{Name: "A002", Method: http.MethodPut, Success: http.StatusOK, Once: true}
	closes  = Call{Name: "A003", Method: http.MethodDelete, Ends: true}
)

// reads is a call that changes nothing.
var reads = Call{Name: "A030", Method: http.MethodGet, Success: http.StatusOK, Safe: true}

func clientOf(t *testing.T, server *erstest.Server) (*Client, *recorder) {
	t.Helper()
	client, err := New(Config{
		BaseURL: server.URL, Certificate: server.ClientCertificate(), RootCAs: server.RootCAs(),
		Proxy: func(*http.Request) (*url.URL, error) { return nil, nil }, Pace: Unpaced(),
	}, "v1", "ProfessionalSession")
	require.NoError(t, err)
	t.Cleanup(client.Close)
	waited := &recorder{lot: true}
	client.config.Pace.retry = waited.policy()
	return client, waited
}

// send makes one of the calls, for the session with a key if it is not the first, and returns the
// key of its answer.
func send(ctx context.Context, client *Client, call Call, key string) (string, error) {
	r := Request{
		Call: call, Step: key, Header: http.Header{"XAPI_ASID": {erstest.ASID}, "HTTP_X_SESSION_KEY": {key}},
		Refused: func(cause *StatusError) error {
			return (&problem.Problem{Code: fmt.Sprintf("ERS-%s-%d", cause.Call, cause.Status)}).Because(cause)
		},
	}
	switch call {
	case opens:
		delete(r.Header, "HTTP_X_SESSION_KEY")
		r.Body = []byte(`{"typeInfo":"uk.nhs.ers.xapi.dto.v1.session.ProfessionalSession","token":"` + erstest.TicketGP + `"}`)
	case selects:
		r.Body = []byte(`{"typeInfo":"uk.nhs.ers.xapi.dto.v1.session.ProfessionalSession","token":"` + erstest.TicketGP + `","permission":{"businessFunction":"REFERRING_CLINICIAN","orgIdentifier":"R01"}}`)
	}
	var session struct{ ID string }
	r.Read = func(body []byte) error { return json.Unmarshal(body, &session) }
	err := client.Send(ctx, r)
	return session.ID, err
}

// A gateway's restart should not cost the user a screen, nor a long outage make them wait; and
// thousands that fail in the same minute must not keep it down.
func TestIO06A001IsTriedAgainBehindAGateway(t *testing.T) {
	const wait = busyBackoff - 1
	at := func(d time.Duration) string { return time.Now().Add(d).Format(http.TimeFormat) }
	cases := map[string]struct {
		faults []testserver.Fault
		lost   bool
		waits  []time.Duration
		code   string
		calls  int
	}{
		"one 503": {
			faults: []testserver.Fault{{Kind: testserver.Status, Status: 503}}, waits: []time.Duration{wait}, calls: 2,
		},
		"one 503, and the lot falls on others": {
			faults: []testserver.Fault{{Kind: testserver.Status, Status: 503}}, lost: true, code: "ERS-A001-503", calls: 1,
		},
		"a 502 and a 504": {
			faults: []testserver.Fault{{Kind: testserver.Status, Status: 502}, {Kind: testserver.Status, Status: 504}},
			waits:  []time.Duration{wait}, code: "ERS-A001-504", calls: 2,
		},
		"a pause that was asked for": {
			faults: []testserver.Fault{{Kind: testserver.Status, Status: 503, RetryAfter: "7"}},
			waits:  []time.Duration{7*time.Second + wait}, calls: 2,
		},
		"a pause that is too long": {
			faults: []testserver.Fault{{Kind: testserver.Status, Status: 503, RetryAfter: "11"}}, code: "ERS-A001-503", calls: 1,
		},
		"a pause until a date that is too far away": {
			faults: []testserver.Fault{{Kind: testserver.Status, Status: 503, RetryAfter: at(time.Hour)}}, code: "ERS-A001-503", calls: 1,
		},
		"a pause until a date that has gone by": {
			faults: []testserver.Fault{{Kind: testserver.Status, Status: 503, RetryAfter: at(-time.Hour)}},
			waits:  []time.Duration{wait}, calls: 2,
		},
		"another status": {
			faults: []testserver.Fault{{Kind: testserver.Status, Status: 500}}, code: "ERS-A001-500", calls: 1,
		},
		"a connection cut after the request": {
			faults: []testserver.Fault{{Kind: testserver.CutAfter}}, code: "NET-CUT", calls: 1,
		},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			server := erstest.NewServer()
			defer server.Close()
			client, waited := clientOf(t, server)
			waited.lot = !one.lost
			for _, fault := range one.faults {
				require.NoError(t, server.Fail(erstest.A001, fault))
			}
			_, err := send(t.Context(), client, opens, "")
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

// Nothing was sent to a server that is down, so A001 and A003 may be repeated; A002 is left to the
// flow.
func TestWhatIsTriedAgainWhenNothingWasSent(t *testing.T) {
	server := erstest.NewServer()
	client, waited := clientOf(t, server)
	server.Close()
	cases := map[string]struct {
		call  Call
		waits int
	}{
		"A001": {opens, 1},
		"A002": {selects, 0},
		"A003": {closes, 1},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			waited.waits = nil
			_, err := send(t.Context(), client, one.call, "key")
			require.Equal(t, "NET-REFUSED", problem.Of(err).Code)
			require.NotErrorIs(t, err, ersclient.ErrAnswerLost, "e-RS cannot have seen it")
			require.Len(t, waited.waits, one.waits)
		})
	}
}

// Which calls are repeated, and with which load on e-RS.
func TestIO06WhatIsTriedAgain(t *testing.T) {
	failed := func(change func(*transportError)) error {
		made := &transportError{call: opens, passing: true, err: errors.New("failed")}
		change(made)
		return made
	}
	refused := failed(func(*transportError) {})
	offline := failed(func(e *transportError) { e.unnoticed = true })
	lasting := failed(func(e *transportError) { e.passing = false })
	sent := failed(func(e *transportError) { e.sent = true })
	shed := &StatusError{Status: 503}
	cases := map[string]struct {
		call  Call
		tried int
		err   error
		// drawn and missed are whether it is repeated if this workstation is drawn, and if it is
		// not.
		drawn, missed bool
	}{
		"success":                       {opens, 1, nil, false, false},
		"no network":                    {opens, 1, offline, true, true},
		"no network, again":             {opens, 2, offline, true, true},
		"no network, the last try":      {opens, maxTries, offline, false, false},
		"refused":                       {opens, 1, refused, true, false},
		"refused again":                 {opens, 2, refused, false, false},
		"a failure that stays":          {opens, 1, lasting, false, false},
		"one that may be handled":       {opens, 1, sent, false, false},
		"one that changes nothing":      {reads, 1, sent, true, false},
		"that, again":                   {reads, 2, sent, false, false},
		"that, and a whole time-out":    {reads, 1, failed(func(e *transportError) { e.sent, e.passing = true, false }), false, false},
		"that, and no network":          {reads, 1, failed(func(e *transportError) { e.sent, e.unnoticed = true, true }), true, false},
		"load is shed":                  {opens, 1, shed, true, false},
		"load is shed again":            {opens, 2, shed, false, false},
		"A002, no network":              {selects, 1, offline, false, false},
		"A002, load is shed":            {selects, 1, shed, false, false},
		"A003, refused":                 {closes, 1, refused, true, true},
		"A003, refused again":           {closes, 2, refused, false, false},
		"A003, load is shed":            {closes, 1, shed, false, false},
		"A003, one that may be handled": {closes, 1, sent, false, false},
		"an answer without use":         {opens, 1, &answerError{opens, errTooLong}, false, false},
		"a call that was never sent":    {opens, 1, throttled.Because(&transportError{call: opens, err: errQueue}), false, false},
		"something quite different":     {opens, 1, errors.New("a mistake of ours"), false, false},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			policy := newRetryPolicy()
			for lot, want := range map[bool]bool{true: one.drawn, false: one.missed} {
				policy.draw = func() bool { return lot }
				_, again := policy.next(one.call, one.tried, one.err)
				require.Equal(t, want, again, "drawn: %t", lot)
			}
		})
	}
}

// A call that is given up in the moment of its turn is not sent.
func TestIO06GivenUpAtTheEndOfAWait(t *testing.T) {
	givenUp := make(chan struct{})
	close(givenUp)
	ctx := ersclient.WithGivenUp(t.Context(), givenUp)
	for range 100 {
		require.ErrorIs(t, sleep(ctx, 0), context.Canceled)
	}
}

// The bound on the load of e-RS rests on this.
func TestIO06TheLotFallsOnOneInFour(t *testing.T) {
	policy, drawn := newRetryPolicy(), 0
	const draws = 100_000
	for range draws {
		if policy.draw() {
			drawn++
		}
	}
	// A fair draw falls outside with a probability of less than 1 in 10^30.
	require.InDelta(t, draws/oneIn, drawn, draws/60)
}

// Full jitter: a hospital's computers must not retry in the same second.
func TestIO06TheWaitIsRandom(t *testing.T) {
	policy := newRetryPolicy()
	policy.draw = func() bool { return true }
	early, late := 0, 0
	for range 1000 {
		wait, again := policy.next(opens, 1, &StatusError{Status: 503, RetryAfter: 5 * time.Second})
		require.True(t, again)
		require.GreaterOrEqual(t, wait, 5*time.Second, "the pause is kept")
		require.Less(t, wait, 5*time.Second+busyBackoff)
		if wait < 5*time.Second+busyBackoff/2 {
			early++
		} else {
			late++
		}
	}
	require.Greater(t, early, 300)
	require.Greater(t, late, 300)
}

// The user can give up while the program waits.
func TestWaitingToTryAgainCanBeCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	policy := newRetryPolicy()
	policy.jitter, policy.draw = func(time.Duration) time.Duration { return time.Hour }, func() bool { return true }
	calls := 0
	err := policy.do(ctx, opens, func(context.Context) error {
		calls++
		cancel()
		return (&problem.Problem{Code: "ERS-A001-503"}).Because(&StatusError{Call: "A001", Status: 503})
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, "NET-CANCELLED", problem.Of(err).Code)
	require.Equal(t, 1, calls)
}

func TestWaitingToTryAgainEndsWithTheCallersTime(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	policy := newRetryPolicy()
	policy.jitter, policy.draw = func(time.Duration) time.Duration { return time.Hour }, func() bool { return true }
	err := policy.do(ctx, opens, func(context.Context) error {
		return (&problem.Problem{Code: "ERS-A001-503"}).Because(&StatusError{Call: "A001", Status: 503})
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
