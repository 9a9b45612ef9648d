package helper_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/helper"
)

// talk is a helper that runs in this process, with the ends of its pipes.
type talk struct {
	t     *testing.T
	to    *io.PipeWriter
	from  *bufio.Reader
	out   *io.PipeReader
	ended chan error
}

func serve(t *testing.T, ctx context.Context, handlers helper.Handlers) *talk { //nolint:revive // The test comes first, as in testify.
	t.Helper()
	in, to := io.Pipe()
	out, from := io.Pipe()
	made := &talk{t: t, to: to, from: bufio.NewReader(out), out: out, ended: make(chan error, 1)}
	go func() { made.ended <- helper.Serve(ctx, in, from, "test", "1.0", handlers, nil) }()
	require.Equal(t, `{"hello":"test","protocol":1,"version":"1.0"}`, made.line())
	t.Cleanup(func() { _ = to.Close() })
	return made
}

func (k *talk) line() string {
	k.t.Helper()
	line, err := k.from.ReadString('\n')
	require.NoError(k.t, err)
	return strings.TrimSuffix(line, "\n")
}

func (k *talk) say(line string) {
	k.t.Helper()
	_, err := io.WriteString(k.to, line+"\n")
	require.NoError(k.t, err)
}

func echo(_ context.Context, params json.RawMessage) (any, error) { return params, nil }

// A foreign program that talks to a helper learns its mistakes from the errors, and no input ends
// the helper.
func TestBrokenRequestsAreAnswered(t *testing.T) {
	const malformed = `{"id":0,"error":{"code":"malformed","message":"the line is not a request"}}`
	tests := []struct{ name, line, want string }{
		{"empty", "", malformed},
		{"no JSON", "S3CRET", malformed},
		{"an array", `[1]`, malformed},
		{"null", `null`, malformed},
		{"no id", `{"call":"echo"}`, malformed},
		{"id 0", `{"id":0,"call":"echo"}`, malformed},
		{"negative id", `{"id":-1,"call":"echo"}`, malformed},
		{"an id that is a text", `{"id":"S3CRET","call":"echo"}`, malformed},
		{"not UTF-8", "{\"id\":1,\"call\":\"\xff\xfe\"}",
			`{"id":1,"error":{"code":"unknown-call","message":"there is no such call"}}`},
		{"no call", `{"id":2}`, `{"id":2,"error":{"code":"unknown-call","message":"there is no such call"}}`},
		{"too long", `{"id":3,"call":"echo","params":"` + strings.Repeat("x", helper.MaxLine) + `"}`,
			`{"id":0,"error":{"code":"malformed","message":"a line is longer than the protocol allows"}}`},
		{"much too long", strings.Repeat("x", 10*helper.MaxLine),
			`{"id":0,"error":{"code":"malformed","message":"a line is longer than the protocol allows"}}`},
		{"deeply nested", strings.Repeat("[", 20000), malformed},
		{"unknown members", `{"id":4,"call":"echo","params":[1],"extra":true}`, `{"id":4,"result":[1]}`},
		{"no parameters", `{"id":5,"call":"echo"}`, `{"id":5,"result":null}`},
		{"carriage return", `{"id":6,"call":"echo","params":6}` + "\r", `{"id":6,"result":6}`},
	}
	made := serve(t, t.Context(), helper.Handlers{"echo": echo})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			made.say(test.line)
			require.Equal(t, test.want, made.line())
		})
	}
	require.NoError(t, made.to.Close())
	require.NoError(t, <-made.ended)
}

// A helper whose parent is gone must end even in the middle of a call that hangs: on macOS nothing else ends it.
func TestServeEndsWithItsParent(t *testing.T) {
	t.Run("a call that obeys its context", func(t *testing.T) {
		cleared := make(chan struct{})
		made := serve(t, t.Context(), helper.Handlers{"wait": func(ctx context.Context, _ json.RawMessage) (any, error) {
			<-ctx.Done()
			close(cleared)
			return nil, ctx.Err()
		}})
		made.say(`{"id":1,"call":"wait"}`)
		require.NoError(t, made.to.Close())
		require.NoError(t, <-made.ended)
		select {
		case <-cleared:
		default:
			require.Fail(t, "the call must have had its chance to clear up")
		}
	})
	t.Run("a call that does not", func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		made := serve(t, t.Context(), helper.Handlers{"wait": func(context.Context, json.RawMessage) (any, error) {
			<-release
			return nil, nil
		}})
		made.say(`{"id":1,"call":"wait"}`)
		made.say(`{"id":2,"call":"wait"}`)
		require.NoError(t, made.to.Close())
		require.NoError(t, <-made.ended)
	})
	t.Run("a request that was cut", func(t *testing.T) {
		made := serve(t, t.Context(), helper.Handlers{"echo": echo})
		_, err := io.WriteString(made.to, `{"id":1,"call":"echo"}`)
		require.NoError(t, err)
		require.NoError(t, made.to.Close())
		require.NoError(t, <-made.ended)
	})
	t.Run("the context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		made := serve(t, ctx, nil)
		cancel()
		require.NoError(t, <-made.ended)
	})
	t.Run("the output is closed", func(t *testing.T) {
		made := serve(t, t.Context(), helper.Handlers{"echo": echo})
		require.NoError(t, made.out.Close())
		made.say(`{"id":1,"call":"echo"}`)
		require.Error(t, <-made.ended)
	})
	t.Run("the pipe fails", func(t *testing.T) {
		made := serve(t, t.Context(), nil)
		require.NoError(t, made.to.CloseWithError(errors.New("device removed")))
		require.ErrorContains(t, <-made.ended, "device removed")
	})
}

// Requests that pile up behind a call that hangs must not fill the memory.
func TestWaitingRequestsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many = 10_000 // more than the buffer of one line holds
		release, started := make(chan struct{}), make(chan struct{}, 1+many)
		made := serve(t, t.Context(), helper.Handlers{"wait": func(context.Context, json.RawMessage) (any, error) {
			started <- struct{}{}
			<-release
			return nil, nil
		}})
		made.say(`{"id":1,"call":"wait"}`)
		<-started
		var written atomic.Int32
		go func() {
			for range many {
				_, _ = io.WriteString(made.to, `{"id":2,"call":"wait"}`+"\n")
				written.Add(1)
			}
		}()
		synctest.Wait()
		require.Less(t, written.Load(), int32(many), "all of them wait in the helper")
		close(release)
		for range 1 + many {
			require.Contains(t, made.line(), `"result":null`)
		}
		require.NoError(t, made.to.Close())
		require.NoError(t, <-made.ended)
	})
}

// Whatever bytes come in, the helper answers or ends, in lines that are JSON.
func FuzzServe(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "{}\n", `{"id":1,"call":"echo","params":{"text":"x"}}` + "\n", `{"id":1,"call":"panic"}` + "\n",
		`{"id":18446744073709551616}` + "\n", "\x00\xff\n", strings.Repeat("[", 100) + "\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		var output bytes.Buffer
		err := helper.Serve(t.Context(), bytes.NewReader(input), &output, "test", "1.0", helper.Handlers{
			"echo": echo, "panic": func(context.Context, json.RawMessage) (any, error) { panic("x") },
		}, nil)
		require.NoError(t, err)
		for line := range bytes.Lines(output.Bytes()) {
			assert.True(t, json.Valid(line))
		}
	})
}
