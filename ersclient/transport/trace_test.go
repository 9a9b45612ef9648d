package transport

import (
	"crypto/x509"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// seen is what a server got.
type seen struct {
	mu       sync.Mutex
	requests []*http.Request
}

func (s *seen) all() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// serve starts a server that answers with the script, and a client of it.
func serve(t *testing.T, trace func(Trace), script http.HandlerFunc) (*Client, *seen) {
	t.Helper()
	got := &seen{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got.mu.Lock()
		got.requests = append(got.requests, r)
		got.mu.Unlock()
		script(w, r)
	}))
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	pace := Unpaced()
	pace.retry = (&recorder{lot: true}).policy()
	client, err := New(Config{
		BaseURL: server.URL + "/base", RootCAs: roots,
		Proxy: func(*http.Request) (*url.URL, error) { return nil, nil }, Pace: pace, Trace: trace,
	}, "R4")
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client, got
}

func asProblem(cause *StatusError) error { return StatusProblem(cause, nil) }

// Operators find a call by these ids alone.
func TestATracedCallIsNamedInItsErrorAndToTheLog(t *testing.T) {
	token := secret.New("planted-token")
	cases := map[string]struct {
		script   http.HandlerFunc
		code     string
		says     string
		attempts int
		status   int
	}{
		"a success": {
			script: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Request-ID", "their-id")
				w.Header().Set("Content-Type", "application/fhir+json")
				_, _ = w.Write([]byte(`{}`))
			},
			attempts: 1, status: 200,
		},
		"a refusal": {
			script: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Request-ID", "their-id")
				w.WriteHeader(http.StatusBadRequest)
			},
			code: "ERS-A030-400", says: ", X-Request-ID their-id)", attempts: 1, status: 400,
		},
		"a refusal that quotes the token": {
			script: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Request-ID", "planted-token"+strings.Repeat("x", 500))
				w.WriteHeader(http.StatusBadRequest)
			},
			code: "ERS-A030-400", says: "X-Request-ID [secret]xxx", attempts: 1, status: 400,
		},
		"an answer that cannot be used": {
			script: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Request-ID", "their-id")
				w.Header().Set("Content-Type", "text/plain")
				_, _ = w.Write([]byte(`{}`))
			},
			code: "ERS-A030-ANSWER", says: ", X-Request-ID their-id)", attempts: 1, status: 200,
		},
		"a cut connection": {
			script: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			code:   "NET-CUT", says: "(X-Correlation-ID ", attempts: 2,
		},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			var traces []Trace
			client, got := serve(t, func(trace Trace) { traces = append(traces, trace) }, one.script)
			err := client.Send(t.Context(), Request{
				Call: reads, Step: "PractitionerRole", Traced: true, Refused: asProblem, Secrets: []secret.Text{token},
				Read:   func([]byte) error { return nil },
				Header: http.Header{"Accept": {"application/fhir+json"}},
			})
			require.Len(t, traces, one.attempts)
			last := traces[one.attempts-1]
			require.Equal(t, one.status, last.Status)
			require.Equal(t, reads, last.Call)
			require.Positive(t, last.Took)
			require.Less(t, len(last.RequestID), 2*maxRequestID)
			require.Len(t, got.all(), one.attempts)
			for i, request := range got.all() {
				require.Equal(t, []string{traces[i].CorrelationID}, request.Header["X-Correlation-Id"])
				require.Equal(t, "/base/R4/PractitionerRole", request.URL.Path)
				require.Equal(t, []string{"application/fhir+json"}, request.Header["Accept"])
			}
			if one.code == "" {
				require.NoError(t, err)
				return
			}
			found := problem.Of(err)
			require.Equal(t, one.code, found.Code)
			require.Contains(t, found.Cause.Error(), one.says)
			require.Contains(t, found.Cause.Error(), "X-Correlation-ID "+last.CorrelationID)
			require.NotContains(t, err.Error(), token.Reveal())
			require.NotContains(t, found.Title+found.Happened, last.CorrelationID)
		})
	}
}

func TestACallIsNotTracedUnasked(t *testing.T) {
	client, got := serve(t, func(Trace) { t.Error("traced") }, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
	})
	err := client.Send(t.Context(), Request{Call: reads, Refused: asProblem})
	require.NotContains(t, err.Error(), "X-Correlation-ID")
	require.NotContains(t, got.all()[0].Header, "X-Correlation-Id")
}

func TestUUIDsAreRandom(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	made := map[string]bool{}
	for range 1000 {
		id := newUUID()
		require.Regexp(t, form, id)
		_, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
		require.NoError(t, err)
		made[id] = true
	}
	require.Len(t, made, 1000)
}

func TestAQueryIsSent(t *testing.T) {
	client, got := serve(t, nil, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) })
	err := client.Send(t.Context(), Request{Call: reads, Step: "Practitioner", Query: "_query=onBehalfOf", Refused: asProblem})
	require.Error(t, err)
	err = client.Send(t.Context(), Request{Call: reads, Step: "Practitioner", Refused: asProblem})
	require.Error(t, err)
	require.Equal(t, "/base/R4/Practitioner?_query=onBehalfOf", got.all()[0].RequestURI)
	require.Equal(t, "/base/R4/Practitioner", got.all()[1].RequestURI, "the next call has none")
}

// Five a second are the most that the directory wants.
func TestPaceOf(t *testing.T) {
	pace := PaceOf(4)
	now := time.Now()
	allowed := 0
	for at := now; at.Before(now.Add(time.Second)); at = at.Add(time.Millisecond) {
		if pace.throttle.calls.AllowN(at, 1) {
			allowed++
		}
	}
	require.Equal(t, 4, allowed)
}

// A record of a call has the ids of that call, whatever others are made at the same time.
func TestATraceBelongsToItsContext(t *testing.T) {
	var mu sync.Mutex
	var all []string
	client, _ := serve(t, func(trace Trace) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, trace.CorrelationID)
	}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte("{}"))
	})
	var calls sync.WaitGroup
	own := make([][]string, 8)
	for i := range own {
		calls.Go(func() {
			ctx := WithTrace(t.Context(), func(trace Trace) { own[i] = append(own[i], trace.CorrelationID) })
			err := client.Send(ctx, Request{
				Call: Call{Name: "A030", Method: http.MethodGet, Success: http.StatusOK}, Step: "x", Header: http.Header{}, Traced: true,
				Read: func([]byte) error { return nil },
			})
			assert.NoError(t, err)
		})
	}
	calls.Wait()
	var joined []string
	for _, ids := range own {
		require.Len(t, ids, 1)
		joined = append(joined, ids...)
	}
	require.ElementsMatch(t, all, joined)
}
