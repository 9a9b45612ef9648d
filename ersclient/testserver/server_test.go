package testserver_test

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/ersclient/testserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const call testserver.Call = "call"

type answer struct {
	status int
	header http.Header
	body   string
}

// newServer serves a call that answers {"a":1}. The tests of the stand-ins have the other faults.
func newServer(t *testing.T) (server *testserver.Server, get func() (got answer, err error)) {
	t.Helper()
	server = testserver.New()
	server.DefineCall(call, http.StatusOK)
	at, err := server.Serve("127.0.0.1:0", nil, server.Handler(func(w http.ResponseWriter, r *http.Request, _ []byte) {
		server.Answer(w, r, call, func() testserver.Reply { return testserver.JSON(http.StatusOK, map[string]int{"a": 1}) })
	}))
	require.NoError(t, err)
	t.Cleanup(server.Close)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
	return server, func() (answer, error) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+at.String(), nil)
		require.NoError(t, err)
		response, err := client.Do(request)
		if err != nil {
			return answer{}, err
		}
		body, err := io.ReadAll(response.Body)
		return answer{response.StatusCode, response.Header, string(body)}, errors.Join(err, response.Body.Close())
	}
}

func TestBody(t *testing.T) {
	server, get := newServer(t)
	for name, one := range map[string]struct {
		fault testserver.Fault
		kind  string
	}{
		"JSON": {testserver.Fault{Status: 429, Body: `{}`, RetryAfter: "7"}, "application/json"},
		"text": {testserver.Fault{Status: 200, Body: "x", ContentType: "text/plain", RetryAfter: "7"}, "text/plain"},
	} {
		t.Run(name, func(t *testing.T) {
			one.fault.Kind = testserver.Body
			require.NoError(t, server.Fail(call, one.fault))
			got, err := get()
			require.NoError(t, err)
			require.Equal(t, one.fault.Status, got.status)
			require.Equal(t, one.fault.Body, got.body)
			require.Equal(t, one.kind, got.header.Get("Content-Type"))
			require.Equal(t, "7", got.header.Get("Retry-After"))
		})
	}
}

func TestDrip(t *testing.T) {
	server, get := newServer(t)
	require.NoError(t, server.Fail(call, testserver.Fault{Kind: testserver.Drip, Delay: time.Millisecond}))
	got, err := get()
	require.NoError(t, err)
	require.Equal(t, `{"a":1}`, got.body)

	require.NoError(t, server.Fail(call, testserver.Fault{Kind: testserver.Drip, Delay: time.Minute}))
	time.AfterFunc(50*time.Millisecond, server.Close)
	_, err = get()
	require.Error(t, err, "the server ends in the middle of it")
}

func TestOrdersThatAreRefused(t *testing.T) {
	server, _ := newServer(t)
	for name, fault := range map[string]testserver.Fault{
		"no status":        {Kind: testserver.Body},
		"a status too low": {Kind: testserver.Status, Status: 101},
		"a long drip":      {Kind: testserver.Drip, Delay: time.Hour},
		"no kind":          {},
	} {
		t.Run(name, func(t *testing.T) { require.Error(t, server.Fail(call, fault)) })
	}
}
