package ticketapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/internal/helper"
	"github.com/ers-login/ers-login/internal/testing/races"
	"github.com/ers-login/ers-login/smartcard/pcsc/presence"
	"github.com/ers-login/ers-login/smartcard/ticketapi"
	"github.com/ers-login/ers-login/smartcard/ticketbridge/wire"
)

// The test program is the bridge as well: started with this word, it behaves as the files in the folder that follows say.
const asBridge = "behave-as-ticketbridge"

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == asBridge {
		os.Exit(serve(os.Args[2], os.Args[3:]))
	}
	goleak.VerifyTestMain(races.Watch(m))
}

const (
	version = "1.2.3"
	// made is a made-up ticket.
	made = "AQIC5wSmadeUpForTests000000000000000000000000000=@AAJTSQACMDE=#"
	// guard ends a test that hangs.
	guard = 30 * time.Second
)

// behaviour is how a bridge answers a call. Exactly one of its members is set.
type behaviour struct {
	Result json.RawMessage   `json:",omitempty"`
	Error  *helper.CallError `json:",omitempty"`
	Do     string            `json:",omitempty"`
}

// serve is the bridge.
func serve(folder string, args []string) int {
	note := func(file, text string) {
		f, err := os.OpenFile(filepath.Join(folder, file), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err == nil {
			_, err = f.WriteString(text + "\n")
		}
		if err = errors.Join(err, f.Close()); err != nil {
			panic(err)
		}
	}
	name := "first"
	if slices.Contains(args, wire.NoCardEvents) {
		name = "second"
	}
	note("starts", name)
	for {
		if _, err := os.Stat(filepath.Join(folder, "wait")); errors.Is(err, fs.ErrNotExist) {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if _, err := os.Stat(filepath.Join(folder, "dead")); err == nil {
		fmt.Fprintln(os.Stderr, "error while loading shared libraries: libpcsclite.so.1: cannot open shared object file")
		return 127
	}
	answer := func(call string) helper.Handler {
		return func(context.Context, json.RawMessage) (any, error) {
			note("calls", name+" "+call)
			text, err := os.ReadFile(filepath.Join(folder, call))
			var how behaviour
			if err = errors.Join(err, json.Unmarshal(text, &how)); err != nil {
				return nil, err
			}
			switch how.Do {
			case "hang":
				time.Sleep(time.Minute)
			case "crash":
				fmt.Fprintln(os.Stderr, "a fault")
				os.Exit(2)
			case "garbage":
				_, _ = os.Stdout.WriteString("Segmentation fault\n")
				time.Sleep(time.Minute)
			case "panic":
				panic("a fault of ours")
			}
			if how.Error != nil {
				return nil, how.Error
			}
			return how.Result, nil
		}
	}
	handlers := make(helper.Handlers)
	for _, call := range calls {
		handlers[call] = answer(call)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var events chan helper.Event
	if name == "first" {
		events = make(chan helper.Event)
		go relay(ctx, filepath.Join(folder, "events"), events)
	}
	if err := helper.Serve(ctx, os.Stdin, os.Stdout, wire.Name, version, handlers, events); err != nil {
		return 1
	}
	return 0
}

var calls = []string{
	wire.CallStatus, wire.CallGetTicket, wire.CallGetTicketNoAuth, wire.CallGetNewTicket,
}

// relay sends the events that the test writes into a file, a JSON object on each line, without
// those of earlier bridges.
func relay(ctx context.Context, file string, events chan<- helper.Event) {
	begin := 0
	if text, err := os.ReadFile(file); err == nil {
		begin = len(text)
	}
	events <- helper.Event{Name: string(presence.ServiceBack), Data: json.RawMessage(`{"begins":true}`)}
	for ctx.Err() == nil {
		text, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(text[begin:], []byte("\n")) {
			time.Sleep(time.Millisecond)
			continue
		}
		line, _, _ := bytes.Cut(text[begin:], []byte("\n"))
		begin += len(line) + 1
		var event helper.Event
		if json.Unmarshal(line, &event) != nil {
			_, _ = os.Stdout.Write(append(line, '\n'))
			continue
		}
		events <- event
	}
}

// desk is the computer of a test: the folder that its bridges look into.
type desk struct {
	t      *testing.T
	folder string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	// Not t.TempDir, which removes folders by a call that Wine 8 lacks.
	folder, err := os.MkdirTemp("", "desk")
	require.NoError(t, err)
	d := &desk{t, folder}
	t.Cleanup(d.clear)
	for _, call := range calls {
		d.answers(call, behaviour{Do: "crash"})
	}
	return d
}

// clear takes the folder away.
func (d *desk) clear() {
	files, err := os.ReadDir(d.folder)
	require.NoError(d.t, err)
	for _, file := range files {
		require.NoError(d.t, os.Remove(filepath.Join(d.folder, file.Name())))
	}
	require.NoError(d.t, os.Remove(d.folder))
}

func (d *desk) write(file string, text []byte) {
	d.t.Helper()
	path := filepath.Join(d.folder, file)
	require.NoError(d.t, os.WriteFile(path+".new", text, 0o600))
	require.NoError(d.t, os.Rename(path+".new", path))
}

func (d *desk) answers(call string, how behaviour) {
	d.t.Helper()
	text, err := json.Marshal(how)
	require.NoError(d.t, err)
	d.write(call, text)
}

func (d *desk) hasTicket(call, ticket string) {
	d.t.Helper()
	result, err := json.Marshal(wire.Ticket{Ticket: ticket})
	require.NoError(d.t, err)
	d.answers(call, behaviour{Result: result})
}

func (d *desk) refuses(call, code string) {
	d.t.Helper()
	d.answers(call, behaviour{Error: &helper.CallError{Code: code, Message: "for a test"}})
}

// emits appends an event.
func (d *desk) emits(kind presence.Kind, card wire.Card) {
	d.t.Helper()
	data, err := json.Marshal(card)
	require.NoError(d.t, err)
	line, err := json.Marshal(helper.Event{Name: string(kind), Data: data})
	require.NoError(d.t, err)
	d.says(string(line))
}

// says appends a line to the bridge's stderr.
func (d *desk) says(line string) {
	d.t.Helper()
	f, err := os.OpenFile(filepath.Join(d.folder, "events"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(d.t, err)
	_, err = f.WriteString(line + "\n")
	require.NoError(d.t, errors.Join(err, f.Close()))
}

// noted returns the lines of a file that the bridges write.
func (d *desk) noted(file string) []string {
	d.t.Helper()
	text, err := os.ReadFile(filepath.Join(d.folder, file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	require.NoError(d.t, err)
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

func (d *desk) settings() ticketapi.Settings {
	d.t.Helper()
	program, err := os.Executable()
	require.NoError(d.t, err)
	return ticketapi.Settings{
		Command: []string{program, asBridge, d.folder}, Version: version, Log: func(line string) { d.t.Log("stderr: " + line) },
		Clock: hurry{},
	}
}

// bridge returns a bridge that is closed at the end of the test.
func (d *desk) bridge() *ticketapi.Bridge {
	d.t.Helper()
	return d.bridgeWith(d.settings())
}

func (d *desk) bridgeWith(settings ticketapi.Settings) *ticketapi.Bridge {
	d.t.Helper()
	bridge := ticketapi.New(settings)
	d.t.Cleanup(func() { require.NoError(d.t, bridge.Close()) })
	return bridge
}

// hurry is a clock without back-off, but with a chance for others.
type hurry struct{}

func (hurry) Now() time.Time { return time.Now() }

func (hurry) Sleep(ctx context.Context, _ time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Millisecond):
		return nil
	}
}

// eventually waits until a condition holds.
func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, guard, time.Millisecond)
}
