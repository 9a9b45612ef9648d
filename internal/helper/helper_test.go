package helper_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/internal/helper"
	"github.com/ers-login/ers-login/internal/testing/races"
)

// The test program is its own helper: started again with one of these in its environment, it behaves as the name says.
const modeVariable = "ERS_LOGIN_TEST_HELPER"

var modes = map[string]func(){
	"good":       func() { serveStdio("test", "1.0") },
	"named":      func() { serveStdio("another", "1.0") },
	"old":        func() { serveStdio("test", "0.9") },
	"next":       func() { say(`{"hello":"test","protocol":2,"version":"1.1"}`); hang() },
	"protocol 2": func() { say(`{"hello":"test","protocol":2,"version":"1.0"}`); hang() },
	"no hello":   func() { hang() },
	"garbage":    func() { say("Segmentation fault"); hang() },
	"silent end": func() { os.Exit(3) },
	"over-long":  func() { greet(); say(strings.Repeat("x", helper.MaxLine)); hang() },
	"long hello": func() { say(strings.Repeat("x", helper.MaxLine)); hang() },
	"not JSON":   func() { greet(); answer("oops: S3CRET"); hang() },
	"neither":    func() { greet(); answer(`{"what":"S3CRET"}`); hang() },
	"wrong id":   func() { greet(); answer(`{"id":77,"result":"S3CRET"}`); hang() },
	"two": func() {
		greet()
		answer("{\"id\":1,\"result\":1}\n{\"id\":1,\"result\":1}\n{\"id\":1,\"result\":1}")
		hang()
	},
	"other kind": func() { greet(); answer(`{"id":1,"result":{"text":["S3CRET"]}}`); hang() },
	"deaf":       func() { greet(); hang() },
	"stubborn":   func() { greet(); answer(`{"id":1,"result":null}`); hang() },
	"last words": func() { greet(); answer(`{"id":1,"result":"bye"}`); os.Exit(0) },
	"stderr":     func() { flood(); serveStdio("test", "1.0") },
	"parent":     parent,
}

func TestMain(m *testing.M) {
	if mode, set := os.LookupEnv(modeVariable); set {
		modes[mode]()
		return
	}
	goleak.VerifyTestMain(races.Watch(m))
}

func greet()          { say(`{"hello":"test","protocol":1,"version":"1.0"}`) }
func say(line string) { _, _ = os.Stdout.WriteString(line + "\n") }

// hang ignores a closed stdin, as broken helpers do. It ends all the same, should it escape every supervisor.
func hang() { time.Sleep(time.Minute) }

// answer writes a line once a request has come.
func answer(line string) {
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	say(line)
}

func flood() {
	for range 20_000 {
		_, _ = os.Stderr.WriteString("a library \x1b[31mcomplains " + strings.Repeat("y", 5000) + "\n")
	}
}

type text struct {
	Text string `json:"text"`
}

func serveStdio(name, version string) {
	events := make(chan helper.Event, 1)
	handlers := helper.Handlers{
		"echo": func(_ context.Context, params json.RawMessage) (any, error) { return params, nil },
		"dir":  func(context.Context, json.RawMessage) (any, error) { return os.Getwd() },
		"pid":  func(context.Context, json.RawMessage) (any, error) { return os.Getpid(), nil },
		"event": func(_ context.Context, params json.RawMessage) (any, error) {
			events <- helper.Event{Name: "card", Data: params}
			return nil, nil
		},
		"refuse": func(context.Context, json.RawMessage) (any, error) {
			return nil, fmt.Errorf("deep down: %w", &helper.CallError{Code: "card-blocked", Message: "after three tries"})
		},
		"fail":      func(context.Context, json.RawMessage) (any, error) { return nil, errors.New("no reader") },
		"panic":     func(context.Context, json.RawMessage) (any, error) { panic("S3CRET") },
		"nil":       func(context.Context, json.RawMessage) (any, error) { var p *text; return p.Text, nil },
		"big":       func(context.Context, json.RawMessage) (any, error) { return strings.Repeat("S3CRET", 20_000), nil },
		"unsayable": func(context.Context, json.RawMessage) (any, error) { return func() {}, nil },
		"crash":     func(context.Context, json.RawMessage) (any, error) { os.Exit(7); return nil, nil },
		"clear up": func(ctx context.Context, params json.RawMessage) (any, error) {
			var marker string
			if err := json.Unmarshal(params, &marker); err != nil {
				return nil, err
			}
			<-ctx.Done()
			return nil, os.WriteFile(marker, nil, 0o600)
		},
		"hang": func(context.Context, json.RawMessage) (any, error) { hang(); return nil, nil },
	}
	if err := helper.Serve(context.Background(), os.Stdin, os.Stdout, name, version, handlers, events); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// parent is a program with a helper in the middle of a call. It writes the helper's process id and
// is then killed.
func parent() {
	supervisor := helper.New(settings("good"))
	var pid int
	if err := supervisor.Call(context.Background(), "pid", nil, &pid); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	say(fmt.Sprint(pid))
	_ = supervisor.Call(context.Background(), "hang", nil, nil)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func settings(mode string) helper.Settings {
	program, err := os.Executable()
	if err != nil {
		panic(err)
	}
	made := helper.Settings{
		Name: "test", Version: "1.0", Command: []string{program},
		Env: append(os.Environ(), modeVariable+"="+mode),
	}
	if mode != "good" {
		made.StopTimeout = 50 * time.Millisecond
	}
	return made
}
