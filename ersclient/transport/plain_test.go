package transport_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

func noProxy(*http.Request) (*url.URL, error) { return nil, nil }

// A request may be a form with a content type that is compared as a text, and its errors may have
// another shape than those of e-RS.
func TestOtherShapes(t *testing.T) {
	var came *http.Request
	var form string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		came, form = r, string(body)
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/oauth2/refused" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":"not the-secret"}`)
			return
		}
		_, _ = io.WriteString(w, `<`)
	}))
	defer server.Close()
	client, err := transport.New(transport.Config{BaseURL: server.URL + "/oauth2", PlainLoopback: true, Proxy: noProxy})
	require.NoError(t, err)
	defer client.Close()
	unusable := &problem.Problem{Code: "TEST-UNUSABLE", Title: "x"}
	call := transport.Call{Name: "token", Method: http.MethodPost, Success: http.StatusOK, Once: true, Unusable: unusable}
	request := transport.Request{
		Call: call, Step: "refused", Body: []byte("a=b"), Secrets: []secret.Text{secret.New("the-secret")},
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
		Decode: func(body []byte, clean func(string) string) transport.Outcome {
			var wire struct{ Error string }
			if err := json.Unmarshal(body, &wire); err != nil {
				t.Error(err)
			}
			return transport.Outcome{Issues: []transport.Issue{{Diagnostics: clean(wire.Error)}}}
		},
		Refused: func(cause *transport.StatusError) error { return cause },
	}
	err = client.Send(t.Context(), request)
	require.EqualError(t, err, "token POST: answered 400 Bad Request: not [secret]")
	require.Equal(t, []string{"application/x-www-form-urlencoded"}, came.Header["Content-Type"])
	require.Equal(t, []string{"application/json"}, came.Header["Accept"])
	require.Equal(t, "a=b", form)
	request.Step, request.Read = "other", func([]byte) error { return io.ErrUnexpectedEOF }
	require.ErrorIs(t, client.Send(t.Context(), request), unusable)
}

func TestPlainLoopback(t *testing.T) {
	for address, allowed := range map[string]bool{
		"http://127.0.0.1:1": true, "http://localhost:1/x": true, "http://[::1]:1": true, "http://127.0.0.2": true,
		"http://192.0.2.1": false, "http://localhost.example": false, "http://example.com": false, "ftp://localhost": false,
	} {
		t.Run(address, func(t *testing.T) {
			_, err := transport.New(transport.Config{BaseURL: address})
			require.Error(t, err, "only where it is asked for")
			_, err = transport.New(transport.Config{BaseURL: address, PlainLoopback: true})
			require.Equal(t, allowed, err == nil)
		})
	}
}
