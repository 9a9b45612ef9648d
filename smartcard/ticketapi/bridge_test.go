package ticketapi_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/helper"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/ticketapi"
	"github.com/ers-login/ers-login/smartcard/ticketbridge/wire"
)

// The calls of the agent, by the names of the bridge's.
var agentCalls = map[string]func(*ticketapi.Bridge, context.Context) (ersclient.Ticket, error){
	wire.CallGetTicket:       (*ticketapi.Bridge).Ticket,
	wire.CallGetTicketNoAuth: (*ticketapi.Bridge).TicketNoAuth,
	wire.CallGetNewTicket:    (*ticketapi.Bridge).NewTicket,
}

// If this fails, sign-in fails for every user.
func TestTheTicketIsHandedOn(t *testing.T) {
	d := newDesk(t)
	bridge := d.bridge()
	for i, call := range []string{wire.CallGetTicket, wire.CallGetTicketNoAuth, wire.CallGetNewTicket} {
		t.Run(call, func(t *testing.T) {
			want := fmt.Sprint(made, i)
			d.hasTicket(call, " "+want)
			ticket, err := agentCalls[call](bridge, t.Context())
			require.NoError(t, err)
			require.True(t, ticket.Equal(ersclient.NewTicket(want)))
		})
	}
}

// If this fails, the user reads of a fault where their card is blocked, or a session is kept whose ticket is gone.
func TestEveryReturnCodeBecomesItsProblem(t *testing.T) {
	d := newDesk(t)
	bridge := d.bridge()
	codes := append(smartcard.Codes(), smartcard.Code(0x8020002f), smartcard.Code(0x81000005), smartcard.Code(0x1))
	for call, ask := range agentCalls {
		for _, code := range codes {
			t.Run(call+" "+code.String(), func(t *testing.T) {
				d.refuses(call, wire.TicketAPICode(code))
				_, err := ask(bridge, t.Context())
				require.ErrorIs(t, err, code)
				found := problem.Of(err)
				assert.Equal(t, code.Problem().Code, found.Code)
				assert.Equal(t, code.Problem().Title, found.Title)
				assert.ErrorContains(t, err, "for a test", "the log has what the library said")
			})
			if call != wire.CallGetTicketNoAuth {
				break // each starts a process, and takes the same way
			}
		}
	}
}

// If this fails, the service desk looks for the fault in the wrong place.
func TestOtherErrorsBecomeTheirProblems(t *testing.T) {
	cases := map[string]struct {
		code    string
		problem string
		means   smartcard.Code
	}{
		"not installed":    {wire.CodeNotInstalled, "CARD-NOT_INSTALLED", smartcard.NotInstalled},
		"damaged":          {wire.CodeBroken, "CARD-DLL_BROKEN", smartcard.LoadResFailed},
		"too long a line":  {helper.CodeTooLong, "CARD-BUFFER_TOO_SMALL", smartcard.BufferTooSmall},
		"unknown call":     {helper.CodeUnknownCall, "CARD-BRIDGE_FAILED", smartcard.InternalError},
		"failed":           {helper.CodeFailed, "CARD-BRIDGE_FAILED", smartcard.InternalError},
		"one that is new":  {"dll-on-fire", "CARD-BRIDGE_FAILED", smartcard.InternalError},
		"no return code":   {"ticket-api-0xrubbish", "CARD-BRIDGE_FAILED", smartcard.InternalError},
		"a code of 0":      {"ticket-api-0x00000000", "CARD-BRIDGE_FAILED", smartcard.InternalError},
		"a code that long": {"ticket-api-0x8020000400000000", "CARD-BRIDGE_FAILED", smartcard.InternalError},
	}
	d := newDesk(t)
	bridge := d.bridge()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d.refuses(wire.CallGetTicketNoAuth, c.code)
			_, err := bridge.TicketNoAuth(t.Context())
			assert.Equal(t, c.problem, problem.Of(err).Code)
			assert.ErrorIs(t, err, c.means)
		})
	}
}

// If this fails, a ticket of nothing is sent to e-RS.
func TestAnEmptyTicketIsNone(t *testing.T) {
	d := newDesk(t)
	bridge := d.bridge()
	d.hasTicket(wire.CallGetTicketNoAuth, " ")
	_, err := bridge.TicketNoAuth(t.Context())
	require.ErrorIs(t, err, smartcard.TicketNotAvailable)
}

// If this fails, the window does not notice a sign-in or sign-out while it waits for a passcode, or
// cannot be left.
func TestWaitingForAPasscodeHoldsNothingUp(t *testing.T) {
	d := newDesk(t)
	bridge := d.bridge()
	d.answers(wire.CallGetTicket, behaviour{Do: "hang"})
	d.refuses(wire.CallGetTicketNoAuth, wire.TicketAPICode(smartcard.TicketNotAvailable))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	asked := make(chan error, 1)
	go func() {
		_, err := bridge.Ticket(ctx)
		asked <- err
	}()
	eventually(t, func() bool { return len(d.noted("calls")) > 0 })

	_, err := bridge.TicketNoAuth(t.Context())
	require.ErrorIs(t, err, smartcard.TicketNotAvailable)
	d.hasTicket(wire.CallGetTicketNoAuth, made)
	ticket, err := bridge.TicketNoAuth(t.Context())
	require.NoError(t, err)
	require.True(t, ticket.Equal(ersclient.NewTicket(made)))
	select {
	case err := <-asked:
		t.Fatal("the question ended by itself", err)
	default:
	}

	cancel()
	err = <-asked
	require.ErrorIs(t, err, context.Canceled)
	var unexpected *problem.Problem
	require.NotErrorAs(t, err, &unexpected, "what the user has done is no problem")
	_, err = bridge.TicketNoAuth(t.Context())
	require.NoError(t, err)

	d.hasTicket(wire.CallGetTicket, made)
	_, err = bridge.Ticket(t.Context())
	require.NoError(t, err, "and the next question works")
	assert.Equal(t, []string{"first", "second", "second"}, sorted(d.noted("starts")), "the first helper has lived on")
}

// If this fails, a crash inside the Identity Agent's library is the end of the program's day.
func TestACrashIsAnErrorAndTheNextCallWorks(t *testing.T) {
	for _, how := range []string{"crash", "garbage", "panic"} {
		for _, call := range []string{wire.CallGetTicketNoAuth, wire.CallGetTicket} {
			t.Run(how+" in "+call, func(t *testing.T) {
				d := newDesk(t)
				bridge := d.bridge()
				d.answers(call, behaviour{Do: how})
				for range 3 {
					_, err := agentCalls[call](bridge, t.Context())
					require.Equal(t, "CARD-BRIDGE_FAILED", problem.Of(err).Code)
					require.ErrorIs(t, err, smartcard.InternalError)
				}
				d.hasTicket(call, made)
				_, err := agentCalls[call](bridge, t.Context())
				require.NoError(t, err)
			})
		}
	}
}

// If this fails, a library that hangs leaves the window in doubt for ever.
func TestACallThatHangsIsGivenUp(t *testing.T) {
	for _, call := range []string{wire.CallGetTicketNoAuth, wire.CallStatus} {
		t.Run(call, func(t *testing.T) {
			d := newDesk(t)
			settings := d.settings()
			settings.CallTimeout = 300 * time.Millisecond
			bridge := d.bridgeWith(settings)
			eventually(t, func() bool { return len(d.noted("starts")) > 0 })
			d.answers(call, behaviour{Do: "hang"})
			var err error
			if call == wire.CallStatus {
				_, err = bridge.Status(t.Context())
			} else {
				_, err = agentCalls[call](bridge, t.Context())
			}
			require.Equal(t, "CARD-AGENT_SILENT", problem.Of(err).Code)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
	}
}

// If this fails, a watch of the ticket cannot be ended, or its end is reported as a fault.
func TestTheContextEndsAPoll(t *testing.T) {
	d := newDesk(t)
	bridge := d.bridge()
	d.answers(wire.CallGetTicketNoAuth, behaviour{Do: "hang"})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := bridge.TicketNoAuth(ctx)
		done <- err
	}()
	eventually(t, func() bool { return len(d.noted("calls")) > 0 })
	cancel()
	err := <-done
	require.ErrorIs(t, err, context.Canceled)
	var unexpected *problem.Problem
	require.NotErrorAs(t, err, &unexpected)
}

// If this fails, a computer on which the helper is slow to start, since a scanner looks at it first, never gets a ticket: each poll
// would end the start that the one before has begun.
func TestAPollDoesNotEndASlowStart(t *testing.T) {
	d := newDesk(t)
	d.hasTicket(wire.CallGetTicketNoAuth, made)
	d.write("wait", nil)
	bridge := d.bridge()
	eventually(t, func() bool { return len(d.noted("starts")) == 1 })
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, err := bridge.TicketNoAuth(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		cancel()
	}
	require.NoError(t, os.Remove(filepath.Join(d.folder, "wait")))
	_, err := bridge.TicketNoAuth(t.Context())
	require.NoError(t, err)
	require.Len(t, d.noted("starts"), 1)
}

// If this fails, an incomplete installation looks like a computer without the Identity Agent, or like a fault that may pass.
func TestAHelperThatCannotBeStarted(t *testing.T) {
	cases := map[string]struct {
		change  func(*desk, *ticketapi.Settings)
		problem string
		means   smartcard.Code
		readers string // the problem with the readers, if it is another
	}{
		"missing": {
			func(d *desk, s *ticketapi.Settings) {
				s.Command = []string{filepath.Join(d.folder, "ers-login-ticketbridge")}
			},
			"CARD-BRIDGE_MISSING", smartcard.NotInstalled, "",
		},
		"another version": {
			func(_ *desk, s *ticketapi.Settings) { s.Version = "9.9.9" }, "PROGRAM-UPGRADED", smartcard.InternalError, "",
		},
		"without PC/SC's library": {
			func(d *desk, _ *ticketapi.Settings) { d.write("dead", nil) }, "CARD-NOT_INSTALLED", smartcard.NotInstalled,
			"CARD-PCSC_MISSING",
		},
		"says nothing": {
			func(d *desk, s *ticketapi.Settings) { d.write("wait", nil); s.StartTimeout = 50 * time.Millisecond },
			"CARD-BRIDGE_FAILED", smartcard.InternalError, "",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			settings := d.settings()
			c.change(d, &settings)
			bridge := d.bridgeWith(settings)
			for range 3 {
				_, err := bridge.TicketNoAuth(t.Context())
				require.Equal(t, c.problem, problem.Of(err).Code)
				require.ErrorIs(t, err, c.means)
			}
			_, err := bridge.Ticket(t.Context())
			require.Equal(t, c.problem, problem.Of(err).Code)
			eventually(t, func() bool { // Diagnostics says so too
				_, _ = bridge.TicketNoAuth(t.Context())
				seen := bridge.Presence().Err
				return seen != nil && problem.Of(seen).Code == cmp.Or(c.readers, c.problem)
			})
		})
	}
}

// If this fails, a poll in the pause between two starts returns only a time-out, and the window
// does not show what is missing.
func TestAPollDuringTheBackOffHearsTheReason(t *testing.T) {
	d := newDesk(t)
	settings := d.settings()
	settings.Command, settings.Clock = []string{filepath.Join(d.folder, "ers-login-ticketbridge")}, stopped{}
	bridge := d.bridgeWith(settings)
	eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := bridge.TicketNoAuth(ctx)
		return problem.Of(err).Code == "CARD-BRIDGE_MISSING" && ctx.Err() != nil
	})
}

// stopped is a clock whose pauses never end.
type stopped struct{}

func (stopped) Now() time.Time { return time.Unix(0, 0) }

func (stopped) Sleep(ctx context.Context, _ time.Duration) error {
	<-ctx.Done()
	return ctx.Err()
}

// If this fails, Diagnostics shows another Identity Agent than the installed one.
func TestStatus(t *testing.T) {
	cases := map[string]struct {
		answer string
		want   ticketapi.Status
		fails  string
	}{
		"installed": {
			`{"installed":true,"path":"C:\\IA\\TicketApiDll.dll","apiVersion":33816576,"engineVersion":1}`,
			ticketapi.Status{
				Installed: true, Path: `C:\IA\TicketApiDll.dll`, APIVersion: "0x02040000", EngineVersion: "0x00000001",
			}, "",
		},
		"not installed": {
			`{"installed":false,"looked":["C:\\A"]}`, ticketapi.Status{Looked: []string{`C:\A`}}, "",
		},
		"cannot be initialised": {
			`{"installed":true,"path":"C:\\A","failure":{"code":"ticket-api-0x80800001","message":"of two versions"}}`,
			ticketapi.Status{Installed: true, Path: `C:\A`}, "CARD-VERSION_CONFLICT",
		},
	}
	d := newDesk(t)
	bridge := d.bridge()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d.answers(wire.CallStatus, behaviour{Result: json.RawMessage(c.answer)})
			got, err := bridge.Status(t.Context())
			require.NoError(t, err)
			if c.fails != "" {
				assert.Equal(t, c.fails, problem.Of(got.Err).Code)
				got.Err = nil
			}
			assert.Equal(t, c.want, got)
		})
	}
	d.refuses(wire.CallStatus, wire.CodeBroken)
	_, err := bridge.Status(t.Context())
	assert.Equal(t, "CARD-DLL_BROKEN", problem.Of(err).Code)
}

// If this fails, quitting waits for a passcode.
func TestCloseEndsAQuestion(t *testing.T) {
	d := newDesk(t)
	bridge := ticketapi.New(d.settings())
	d.answers(wire.CallGetTicket, behaviour{Do: "hang"})
	asked := make(chan error, 1)
	go func() {
		_, err := bridge.Ticket(t.Context())
		asked <- err
	}()
	eventually(t, func() bool { return len(d.noted("calls")) > 0 })
	closed := make(chan error, 1)
	go func() { closed <- bridge.Close() }()
	select {
	case err := <-asked:
		require.ErrorIs(t, err, helper.ErrClosed)
	case <-time.After(guard):
		t.Fatal("the question goes on")
	}
	require.NoError(t, <-closed)
	_, err := bridge.TicketNoAuth(t.Context())
	require.ErrorIs(t, err, helper.ErrClosed)
	require.NoError(t, bridge.Close(), "once more")
}
