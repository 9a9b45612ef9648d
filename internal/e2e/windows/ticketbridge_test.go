//go:build windowsrig

package windows_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/ticketapi"
)

// ask is one of the agent's calls.
type ask func(*ticketapi.Bridge, context.Context) (ersclient.Ticket, error)

// The agent's calls by their names in the library.
var asks = map[string]ask{
	"getTicket":       (*ticketapi.Bridge).Ticket,
	"getTicketNoAuth": (*ticketapi.Bridge).TicketNoAuth,
	"getNewTicket":    (*ticketapi.Bridge).NewTicket,
}

// is compares a ticket without printing either.
func is(t *testing.T, want string, got ersclient.Ticket, err error) {
	t.Helper()
	require.NoError(t, err)
	require.True(t, got.Equal(ersclient.NewTicket(want)), "it is another ticket")
}

// If this fails, sign-in on Windows is broken.
func TestTheTicketArrives(t *testing.T) {
	for _, built := range []string{"ticketapi.dll", "ticketapi-stdcall.dll"} {
		t.Run(built, func(t *testing.T) {
			r := newRig(t)
			r.install(built, agentFolder)
			bridge := r.bridge()
			for i, call := range []string{"getTicketNoAuth", "getTicket", "getNewTicket"} {
				want := fmt.Sprint(made, i)
				r.behaves(call + " ticket " + want)
				ticket, err := asks[call](bridge, t.Context())
				is(t, want, ticket, err)
				assert.Equal(t, 1, r.has(call))
			}
		})
	}
}

// If this fails, a blocked card is reported as a fault, and a session is kept or ended by mistake.
func TestEveryReturnCode(t *testing.T) {
	r := newRig(t)
	r.install("ticketapi.dll", agentFolder)
	bridge := r.bridge()
	codes := append(smartcard.Codes(), smartcard.Code(0x8020002f), smartcard.Code(0x81000005), smartcard.Code(0x7))
	for call, ask := range asks {
		for _, code := range codes {
			if call != "getTicketNoAuth" && code != smartcard.UserAbort && code != smartcard.PINBlocked {
				continue // each starts a process, and takes the same way
			}
			t.Run(call+" "+code.String(), func(t *testing.T) {
				r.behaves(fmt.Sprintf("%s error %08x", call, uint32(code)))
				_, err := ask(bridge, t.Context())
				require.ErrorIs(t, err, code)
				assert.Equal(t, code.Problem().Code, problem.Of(err).Code)
				assert.Equal(t, code.Problem().Title, problem.Of(err).Title)
				switch code {
				case smartcard.TicketNotAvailable, smartcard.NotInitialized, smartcard.InvalidInstanceHandle:
				default:
					assert.ErrorContains(t, err, fmt.Sprintf("stand-in “café” 0x%08X", uint32(code)), "the library's own words")
				}
			})
		}
	}
}

// If this fails, a user with a long ticket cannot sign in, or is asked for the passcode twice.
func TestLongTickets(t *testing.T) {
	r := newRig(t)
	r.install("ticketapi.dll", agentFolder)
	bridge := r.bridge()
	cases := map[string]struct {
		letters int
		sizes   []int
	}{
		"4,000 characters":  {4000, []int{4096}},
		"4,096 characters":  {4096, []int{4096, 8192}},
		"20,000 characters": {20000, []int{4096, 8192, 16384, 32768}},
	}
	for name, c := range cases {
		for _, used := range []string{"length", "nul", "none"} {
			t.Run(name+", used is "+used, func(t *testing.T) {
				r.put(agentFolder, "standin.log", nil)
				r.behaves(fmt.Sprint("getTicketNoAuth letters ", c.letters), "used is "+used)
				ticket, err := bridge.TicketNoAuth(t.Context())
				is(t, strings.Repeat("T", c.letters), ticket, err)
				var sizes []int
				for _, call := range r.calls() {
					if call.name == "getTicketNoAuth" {
						sizes = append(sizes, call.size)
					}
				}
				assert.Equal(t, c.sizes, sizes)
			})
		}
	}
	t.Run("a new one is asked for once", func(t *testing.T) {
		r.put(agentFolder, "standin.log", nil)
		r.behaves("getNewTicket letters 5000", "getTicket letters 5000")
		ticket, err := bridge.NewTicket(t.Context())
		is(t, strings.Repeat("T", 5000), ticket, err)
		asked := slices.DeleteFunc(names(r.calls()), func(name string) bool { return name == "Finalize" })
		assert.Equal(t, []string{"Initialize", "getNewTicket", "getTicket"}, asked)
	})
	t.Run("one that cannot be taken", func(t *testing.T) {
		r.behaves("getTicketNoAuth letters 60000")
		_, err := bridge.TicketNoAuth(t.Context())
		require.ErrorIs(t, err, smartcard.BufferTooSmall)
	})
}

// If this fails, the window cannot be left while the Identity Agent asks for the passcode, or
// misses a sign-in meanwhile.
func TestAQuestionThatTakesForEver(t *testing.T) {
	r := newRig(t)
	r.install("ticketapi.dll", agentFolder)
	bridge := r.bridge()
	r.behaves("getTicket hang")
	ctx, cancel := context.WithTimeout(t.Context(), guard)
	defer cancel()
	asked := make(chan error, 1)
	go func() {
		_, err := bridge.Ticket(ctx)
		asked <- err
	}()
	eventually(t, func() bool { return r.has("getTicket") > 0 })
	_, err := bridge.TicketNoAuth(t.Context())
	require.ErrorIs(t, err, smartcard.TicketNotAvailable)
	r.behaves("getTicket hang", "getTicketNoAuth ticket "+made)
	ticket, err := bridge.TicketNoAuth(t.Context())
	is(t, made, ticket, err)

	began := time.Now()
	cancel()
	select {
	case err = <-asked:
	case <-time.After(guard):
		t.Fatal("the question goes on")
	}
	t.Logf("measured: %v from cancelling to the end of the question", time.Since(began).Round(time.Millisecond))
	require.ErrorIs(t, err, context.Canceled)
	r.behaves("getTicket ticket "+made, "getTicketNoAuth ticket "+made)
	ticket, err = bridge.Ticket(t.Context())
	is(t, made, ticket, err)

	var processes []int
	for _, call := range r.calls() {
		if call.name == "getTicketNoAuth" && !slices.Contains(processes, call.process) {
			processes = append(processes, call.process)
		}
	}
	assert.Len(t, processes, 1, "the first bridge has lived on")
}

// If this fails, a poll that the library never answers stops polling for the rest of the day.
func TestAPollThatTakesForEver(t *testing.T) {
	r := newRig(t)
	r.install("ticketapi.dll", agentFolder)
	settings := r.settings()
	settings.CallTimeout = 2 * time.Second
	bridge := r.bridgeWith(settings)
	_, err := bridge.TicketNoAuth(t.Context())
	require.ErrorIs(t, err, smartcard.TicketNotAvailable)
	r.behaves("getTicketNoAuth hang")
	_, err = bridge.TicketNoAuth(t.Context())
	require.Equal(t, "CARD-AGENT_SILENT", problem.Of(err).Code)
	r.behaves("getTicketNoAuth ticket " + made)
	ticket, err := bridge.TicketNoAuth(t.Context())
	is(t, made, ticket, err)
}

// If this fails, a crash inside the library ends the window too, or the card is not seen
// afterwards.
func TestACrashInsideTheLibrary(t *testing.T) {
	// In which function of the library, and during which call.
	for crashing, call := range map[string]string{
		"getTicketNoAuth": "getTicketNoAuth", "getTicket": "getTicket", "Initialize": "getTicketNoAuth",
	} {
		t.Run(crashing, func(t *testing.T) {
			r := newRig(t)
			r.install("ticketapi.dll", agentFolder)
			bridge := r.bridge()
			r.behaves(crashing + " crash")
			for range 2 {
				_, err := asks[call](bridge, t.Context())
				require.Equal(t, "CARD-BRIDGE_FAILED", problem.Of(err).Code)
				require.ErrorIs(t, err, smartcard.InternalError)
			}
			r.behaves("getTicketNoAuth ticket " + made)
			ticket, err := bridge.TicketNoAuth(t.Context())
			is(t, made, ticket, err)
		})
	}
}

// If this fails, a version of the Identity Agent without some function is taken for one that does
// not work, or vice versa.
func TestMissingExports(t *testing.T) {
	t.Run("optional", func(t *testing.T) {
		r := newRig(t)
		r.install("ticketapi-without-optional.dll", agentFolder)
		bridge := r.bridge()
		status, err := bridge.Status(t.Context())
		require.NoError(t, err)
		assert.Equal(t, ticketapi.Status{Installed: true, Path: agentFolder + `\` + dllName}, status)
		r.behaves("getTicketNoAuth ticket "+made, "getTicket error 80200004")
		ticket, err := bridge.TicketNoAuth(t.Context())
		is(t, made, ticket, err)
		_, err = bridge.Ticket(t.Context())
		require.ErrorIs(t, err, smartcard.PINBlocked)
		_, err = bridge.NewTicket(t.Context())
		require.ErrorIs(t, err, smartcard.NotImplemented)
	})
	t.Run("required", func(t *testing.T) {
		r := newRig(t)
		r.install("ticketapi-without-required.dll", agentFolder)
		bridge := r.bridge()
		_, err := bridge.TicketNoAuth(t.Context())
		require.Equal(t, "CARD-DLL_BROKEN", problem.Of(err).Code)
		require.ErrorIs(t, err, smartcard.LoadResFailed)
		require.ErrorContains(t, err, "it has no _TcktApi_getTicketNoAuth")
		_, err = bridge.Status(t.Context())
		require.Equal(t, "CARD-DLL_BROKEN", problem.Of(err).Code)
	})
}

// If this fails, Diagnostics describes another Identity Agent than there is.
func TestStatus(t *testing.T) {
	r := newRig(t)
	r.install("ticketapi.dll", agentFolder)
	bridge := r.bridge()
	status, err := bridge.Status(t.Context())
	require.NoError(t, err)
	assert.Equal(t, ticketapi.Status{
		Installed: true, Path: agentFolder + `\` + dllName, APIVersion: "0x02040006", EngineVersion: "0x02030001",
	}, status)
}

// If this fails, "the parts do not fit together" is reported as a temporary fault.
func TestALibraryThatDoesNotWantToBegin(t *testing.T) {
	r := newRig(t)
	r.install("ticketapi.dll", agentFolder)
	bridge := r.bridge()
	r.behaves("Initialize error 80800001")
	_, err := bridge.TicketNoAuth(t.Context())
	require.ErrorIs(t, err, smartcard.VersionConflict)
	status, err := bridge.Status(t.Context())
	require.NoError(t, err)
	require.True(t, status.Installed)
	require.Equal(t, "0x02040006", status.APIVersion, "which is known without a handle")
	require.ErrorIs(t, status.Err, smartcard.VersionConflict)
	r.behaves("getTicketNoAuth ticket " + made)
	ticket, err := bridge.TicketNoAuth(t.Context())
	is(t, made, ticket, err)
}

// If this fails, restarting the Identity Agent leaves this program without a ticket.
func TestAnIdentityAgentThatForgetsUs(t *testing.T) {
	r := newRig(t)
	r.install("ticketapi.dll", agentFolder)
	bridge := r.bridge()
	for handle := int32(5); handle < 8; handle++ {
		r.behaves("getTicketNoAuth ticket "+made, fmt.Sprint("handle is ", handle))
		ticket, err := bridge.TicketNoAuth(t.Context())
		is(t, made, ticket, err)
		calls := r.calls()
		assert.Equal(t, handle, calls[len(calls)-1].handle)
	}
	r.behaves("getTicketNoAuth ticket "+made, "handle is -7")
	ticket, err := bridge.TicketNoAuth(t.Context())
	is(t, made, ticket, err)
}

// If this fails, a library not made for several threads is called from them, or keeps our resources
// for ever.
func TestOneThreadFromBeginningToEnd(t *testing.T) {
	r := newRig(t)
	r.install("ticketapi.dll", agentFolder)
	r.behaves("getTicketNoAuth ticket " + made)
	bridge := ticketapi.New(r.settings())
	for range 50 {
		ticket, err := bridge.TicketNoAuth(t.Context())
		is(t, made, ticket, err)
	}
	_, err := bridge.Status(t.Context())
	require.NoError(t, err)
	require.NoError(t, bridge.Close())
	calls := r.calls()
	assert.Equal(t, "Initialize", calls[0].name)
	assert.Equal(t, "Finalize", calls[len(calls)-1].name)
	for _, call := range calls {
		assert.Equal(t, calls[0].thread, call.thread)
		assert.Equal(t, calls[0].process, call.process)
	}
	assert.Equal(t, 1, r.has("Initialize"))
}

// If this fails, the window shows a session after its user has signed out, or another person's.
func TestATicketThatChangesAndDisappears(t *testing.T) {
	r := newRig(t)
	r.install("ticketapi.dll", agentFolder)
	bridge := r.bridge()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	events := smartcard.Watch(ctx, bridge, smartcard.WatchSettings{Interval: 50 * time.Millisecond, Nudge: bridge.Changed()})
	next := func(kind smartcard.EventKind, ticket string) smartcard.Event {
		t.Helper()
		select {
		case event := <-events:
			require.Equal(t, kind, event.Kind, "%v", event.Err)
			require.True(t, event.Ticket.Equal(ersclient.NewTicket(ticket)))
			return event
		case <-time.After(guard):
			t.Fatal("nothing was reported")
		}
		panic("unreachable")
	}
	next(smartcard.TicketGone, "")
	r.behaves("getTicketNoAuth ticket " + made)
	next(smartcard.TicketAppeared, made)
	r.behaves("getTicketNoAuth ticket another" + made)
	next(smartcard.TicketChanged, "another"+made)
	r.behaves("getTicketNoAuth error 80200002")
	event := next(smartcard.TicketGone, "")
	require.ErrorIs(t, event.Err, smartcard.ReaderNotAvailable)
	r.behaves("getTicketNoAuth crash")
	next(smartcard.AgentUnsure, "")
	r.behaves("getTicketNoAuth ticket " + made)
	next(smartcard.TicketAppeared, made)
	cancel()
	for range events {
		// It ends.
	}
}

// If this fails, a killed program leaves a bridge behind that waits for a passcode for ever.
func TestItEndsWithItsParentInTheMiddleOfACall(t *testing.T) {
	r := newRig(t)
	r.install("ticketapi.dll", agentFolder)
	r.behaves("getTicket hang")
	helper := r.process(r.command(helperFolder + `\` + bridgeExe)...)
	stdin, err := helper.StdinPipe()
	require.NoError(t, err)
	stdout := r.stdout(helper)
	require.NoError(t, helper.Start())
	hello, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, hello, `"hello":"ticketbridge"`)
	_, err = stdin.Write([]byte(`{"id":1,"call":"getTicket"}` + "\n"))
	require.NoError(t, err)
	eventually(t, func() bool { return r.has("getTicket") > 0 })

	began := time.Now()
	require.NoError(t, stdin.Close())
	require.NoError(t, helper.Wait(), "it goes on")
	t.Logf("measured: %v from the end of stdin to the end of the process", time.Since(began).Round(time.Millisecond))
}

// If this fails, a computer without working PC/SC has no tickets either, or that is not reported.
// Wine 8 has none.
func TestWithoutPCSC(t *testing.T) {
	r := newRig(t)
	r.install("ticketapi.dll", agentFolder)
	r.behaves("getTicketNoAuth ticket " + made)
	bridge := r.bridge()
	ticket, err := bridge.TicketNoAuth(t.Context())
	is(t, made, ticket, err)
	eventually(t, func() bool {
		seen := bridge.Presence().Err
		return seen != nil && problem.Of(seen).Code == "CARD-PCSC_UNAVAILABLE"
	})
	t.Log(errors.Unwrap(bridge.Presence().Err))
}
