package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/helper"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/ticketbridge/wire"
)

// fake is a library as a test wants it. One that is loaded is driven under Wine: see internal/e2e/windows.
type fake struct {
	calls []string // what was called, in order

	refuseInitialize smartcard.Code
	handles          []int32 // what initialize returns, one after the other, and then 1
	answers          map[export][]smartcard.Code
	text             string
	sizes            []int
	buffers          [][]byte
	description      string
	lacks            export
}

func (f *fake) path() string         { return `C:\IA\TicketApiDll.dll` }
func (f *fake) has(name export) bool { return f.lacks != name }

func (f *fake) initialize() int32 {
	f.calls = append(f.calls, "initialize")
	if f.refuseInitialize != smartcard.Success {
		return 0
	}
	if len(f.handles) == 0 {
		return 1
	}
	handle := f.handles[0]
	f.handles = f.handles[1:]
	return handle
}

func (f *fake) finalize(int32)                 { f.calls = append(f.calls, "finalize") }
func (f *fake) lastError(int32) smartcard.Code { return f.refuseInitialize }

func (f *fake) next(call export) smartcard.Code {
	f.calls = append(f.calls, strings.TrimPrefix(string(call), "_TcktApi_"))
	codes := f.answers[call]
	if len(codes) == 0 {
		return smartcard.Success
	}
	f.answers[call] = codes[1:]
	return codes[0]
}

func (f *fake) ticket(from export, _ int32, buffer []byte) (uint32, smartcard.Code) {
	f.sizes, f.buffers = append(f.sizes, len(buffer)), append(f.buffers, buffer)
	if code := f.next(from); code != smartcard.Success {
		return 0, code
	}
	if len(f.text) > len(buffer) {
		return 0, smartcard.BufferTooSmall
	}
	return uint32(copy(buffer, f.text)), smartcard.Success
}

func (f *fake) destroyTicket(int32) smartcard.Code { return f.next(destroyTicket) }

func (f *fake) describe(_ int32, _ smartcard.Code, buffer []byte) (uint32, bool) {
	f.calls = append(f.calls, "describe")
	return uint32(copy(buffer, f.description)), f.description != ""
}

func (f *fake) version(handle, component int32) uint32 {
	if handle == 0 && component != componentAPI {
		panic("the header allows that for the API alone")
	}
	return uint32(component) << 16
}

func using(f *fake) *session {
	return &session{find: func() (library, error) { return f, nil }, now: time.Now}
}

// code is the error code of a call.
func code(t *testing.T, err error) string {
	t.Helper()
	var failed *helper.CallError
	require.ErrorAs(t, err, &failed)
	return failed.Code
}

// If this fails, a ticket arrives cut, or with what was in the memory behind it.
func TestTheTicketIsWhatTheLibraryWrote(t *testing.T) {
	f := &fake{text: "AQIC5wM=@AAJTSQACMDE=#"}
	s := using(f)
	text, err := s.ticket(getTicketNoAuth)
	require.NoError(t, err)
	assert.Equal(t, f.text, text)
	_, err = s.ticket(getTicket)
	require.NoError(t, err)
	assert.Equal(t, []string{"initialize", "getTicketNoAuth", "getTicket"}, f.calls, "initialised once")
}

// If this fails, a ticket stays in the memory of a process that lives all day.
func TestBuffersAreCleared(t *testing.T) {
	f := &fake{text: strings.Repeat("A", 5000)}
	_, err := using(f).ticket(getTicket)
	require.NoError(t, err)
	require.Equal(t, []int{4096, 8192}, f.sizes)
	for _, buffer := range f.buffers {
		assert.Equal(t, make([]byte, len(buffer)), buffer)
	}
}

// If this fails, a user with a long ticket cannot sign in, or is asked for the passcode a second
// time.
func TestTheBufferGrows(t *testing.T) {
	cases := map[string]struct {
		from  export
		long  int
		calls []string
		sizes []int
		fails bool
	}{
		"as long as the first":        {getTicket, 4096, []string{"getTicket"}, []int{4096}, false},
		"longer":                      {getTicket, 4097, []string{"getTicket", "getTicket"}, []int{4096, 8192}, false},
		"a new one is asked for once": {getNewTicket, 4097, []string{"getNewTicket", "getTicket"}, []int{4096, 8192}, false},
		"as long as the last": {
			getTicketNoAuth, 32 << 10, []string{"getTicketNoAuth", "getTicketNoAuth", "getTicketNoAuth", "getTicketNoAuth"},
			[]int{4096, 8192, 16384, 32768}, false,
		},
		"beyond it": {
			getTicketNoAuth, 32<<10 + 1, []string{"getTicketNoAuth", "getTicketNoAuth", "getTicketNoAuth", "getTicketNoAuth", "describe"},
			[]int{4096, 8192, 16384, 32768}, true,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := &fake{text: strings.Repeat("A", c.long)}
			text, err := using(f).ticket(c.from)
			assert.Equal(t, append([]string{"initialize"}, c.calls...), f.calls)
			assert.Equal(t, c.sizes, f.sizes)
			if c.fails {
				assert.Equal(t, wire.TicketAPICode(smartcard.BufferTooSmall), code(t, err))
				return
			}
			require.NoError(t, err)
			assert.Equal(t, f.text, text)
		})
	}
}

// If this fails, restarting the Identity Agent leaves this program without a ticket until it is restarted too.
func TestTheLibraryIsInitialisedAnewWhenItHasForgottenUs(t *testing.T) {
	cases := map[string]struct {
		codes []smartcard.Code
		calls []string
		fails smartcard.Code
	}{
		"the handle is no longer known": {
			[]smartcard.Code{smartcard.InvalidInstanceHandle},
			[]string{"initialize", "getTicketNoAuth", "initialize", "getTicketNoAuth"}, smartcard.Success,
		},
		"it says that it was not initialised": {
			[]smartcard.Code{smartcard.NotInitialized},
			[]string{"initialize", "getTicketNoAuth", "initialize", "getTicketNoAuth"}, smartcard.Success,
		},
		"the new handle is not known either": {
			[]smartcard.Code{smartcard.InvalidInstanceHandle, smartcard.InvalidInstanceHandle},
			[]string{"initialize", "getTicketNoAuth", "initialize", "getTicketNoAuth"}, smartcard.InvalidInstanceHandle,
		},
		"its server is gone": {
			[]smartcard.Code{smartcard.ServerCommFailed},
			[]string{"initialize", "getTicketNoAuth", "describe", "finalize"}, smartcard.ServerCommFailed,
		},
		"a blocked card is another matter": {
			[]smartcard.Code{smartcard.PINBlocked},
			[]string{"initialize", "getTicketNoAuth", "describe"}, smartcard.PINBlocked,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := &fake{answers: map[export][]smartcard.Code{getTicketNoAuth: c.codes}, text: "A"}
			s := using(f)
			_, err := s.ticket(getTicketNoAuth)
			assert.Equal(t, c.calls, f.calls)
			if c.fails == smartcard.Success {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, wire.TicketAPICode(c.fails), code(t, err))
			_, err = s.ticket(getTicketNoAuth)
			require.NoError(t, err, "the next call works again")
		})
	}
}

// If this fails, "the Identity Agent is not installed properly" is reported as a lost ticket.
func TestInitialiseCanFail(t *testing.T) {
	f := &fake{refuseInitialize: smartcard.VersionConflict, text: "A"}
	s := using(f)
	_, err := s.ticket(getTicket)
	assert.Equal(t, wire.TicketAPICode(smartcard.VersionConflict), code(t, err))
	assert.Equal(t, []string{"initialize"}, f.calls, "nothing is asked without a handle")

	f.refuseInitialize = smartcard.Success
	_, err = s.ticket(getTicket)
	require.NoError(t, err, "and it is tried again")

	f = &fake{handles: []int32{0}, text: "A"}
	_, err = using(f).ticket(getTicket)
	assert.Equal(t, wire.TicketAPICode(smartcard.NotInitialized), code(t, err), "it failed and did not say why")
}

// If this fails, the log has no more than a number, or a description fills it.
func TestTheReasonIsInTheMessage(t *testing.T) {
	f := &fake{
		answers:     map[export][]smartcard.Code{getTicket: {smartcard.Internal}},
		description: "Fehler\r\nin Z\xfcrich \x80" + strings.Repeat("x", 1000) + "\x00rest",
	}
	_, err := using(f).ticket(getTicket)
	var failed *helper.CallError
	require.ErrorAs(t, err, &failed)
	assert.True(t, strings.HasPrefix(failed.Message,
		"_TcktApi_getTicket: identity agent: INTERNAL (0x80100001): Fehler in Zürich €xxx"), failed.Message)
	assert.Less(t, len(failed.Message), 400)
	assert.NotContains(t, failed.Message, "rest")
}

// If this fails, a computer without the Identity Agent is kept busy every second, or never finds the one that is installed now.
func TestTheSearchIsRepeatedNowAndThen(t *testing.T) {
	now, searches := time.Now(), 0
	f := &fake{text: "A"}
	var found library
	s := &session{now: func() time.Time { return now }, find: func() (library, error) {
		searches++
		if found == nil {
			return nil, &notInstalled{looked: []string{`C:\IA`}}
		}
		return found, nil
	}}
	for range 5 {
		_, err := s.ticket(getTicketNoAuth)
		assert.Equal(t, wire.CodeNotInstalled, code(t, err))
	}
	assert.Equal(t, 1, searches)

	found = f
	now = now.Add(searchPause)
	_, err := s.ticket(getTicketNoAuth)
	require.NoError(t, err)
	_, err = s.ticket(getTicketNoAuth)
	require.NoError(t, err)
	assert.Equal(t, 2, searches)
}

// If this fails, putting the clock back keeps the Identity Agent from being found for as long.
func TestAClockThatIsPutBackDoesNotStopTheSearch(t *testing.T) {
	now := time.Now()
	f := &fake{text: "A"}
	results := []error{&notInstalled{}, nil}
	s := &session{now: func() time.Time { return now }, find: func() (library, error) {
		err := results[0]
		results = results[1:]
		return f, err
	}}
	_, err := s.ticket(getTicketNoAuth)
	require.Error(t, err)
	s.library = nil
	now = now.Add(-time.Hour)
	_, err = s.ticket(getTicketNoAuth)
	require.NoError(t, err)
}

// If this fails, Diagnostics shows a broken installation as none, or the other way round.
func TestStatus(t *testing.T) {
	base := wire.Status{Installed: true, Path: `C:\IA\TicketApiDll.dll`, APIVersion: 1 << 16}
	cases := map[string]struct {
		find func() (library, error)
		want func() wire.Status
		code string
	}{
		"well": {
			func() (library, error) { return &fake{}, nil },
			func() wire.Status { s := base; s.EngineVersion = 2 << 16; return s }, "",
		},
		"cannot be initialised": {
			func() (library, error) { return &fake{refuseInitialize: smartcard.LoadResFailed}, nil },
			func() wire.Status {
				s := base
				s.Failure = wire.Failure{
					Code:    wire.TicketAPICode(smartcard.LoadResFailed),
					Message: "_TcktApi_Initialize: identity agent: LOAD_RES_FAILED (0x80800004)",
				}
				return s
			}, "",
		},
		"not installed": {
			func() (library, error) { return nil, &notInstalled{looked: []string{`C:\A`, `C:\B`}} },
			func() wire.Status { return wire.Status{Looked: []string{`C:\A`, `C:\B`}} }, "",
		},
		"broken": {
			func() (library, error) { return nil, broken(`C:\IA\TicketApiDll.dll`, errors.New("it has no end")) },
			nil, wire.CodeBroken,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := (&session{find: c.find, now: time.Now}).status()
			if c.code != "" {
				assert.Equal(t, c.code, code(t, err))
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want(), got)
		})
	}
}

// If this fails, an older library returns the previous user's session for a new sign-in, or none.
func TestALibraryWithoutNewTickets(t *testing.T) {
	cases := map[string]struct {
		destroyed smartcard.Code
		calls     []string
	}{
		"a user is signed in":     {smartcard.Success, []string{"initialize", "destroyTicket", "getTicket"}},
		"no user is signed in":    {smartcard.TicketNotAvailable, []string{"initialize", "destroyTicket", "getTicket"}},
		"it cannot destroy one":   {smartcard.NotImplemented, []string{"initialize", "destroyTicket", "describe"}},
		"the old ticket stays":    {smartcard.Internal, []string{"initialize", "destroyTicket", "describe"}},
		"the handle is not known": {smartcard.InvalidInstanceHandle, []string{"initialize", "destroyTicket", "initialize", "destroyTicket", "getTicket"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := &fake{
				text: "A", lacks: getNewTicket,
				answers: map[export][]smartcard.Code{destroyTicket: {c.destroyed}},
			}
			_, err := using(f).ticket(getNewTicket)
			assert.Equal(t, c.calls, f.calls)
			if f.calls[len(f.calls)-1] == "getTicket" {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, wire.TicketAPICode(c.destroyed), code(t, err))
		})
	}
}

// If this fails, the library keeps what it holds for us when the program ends.
func TestTheLibraryIsFinalised(t *testing.T) {
	f := &fake{text: "A"}
	b := newBridge(func() (library, error) { return f, nil }, time.Now)
	_, err := b.calls()[wire.CallGetTicketNoAuth](t.Context(), nil)
	require.NoError(t, err)
	b.close()
	assert.Equal(t, []string{"initialize", "getTicketNoAuth", "finalize"}, f.calls)
}

// If this fails, a fault of ours in the thread of the library ends the helper without a word.
func TestAPanicIsTheCallers(t *testing.T) {
	b := newBridge(func() (library, error) { panic("deep down") }, time.Now)
	assert.PanicsWithValue(t, "deep down", func() { _, _ = b.calls()[wire.CallGetTicket](t.Context(), nil) })
	_, err := on(t.Context(), b.thread, func() (int, error) { return 1, nil })
	require.NoError(t, err, "the thread lives on")
	b.close()
}

// If this fails, a helper whose library hangs does not end with its parent.
func TestAThreadThatHangsDoesNotHoldUpTheEnd(t *testing.T) {
	hung := newThread()
	release, began := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	returned := make(chan error, 1)
	go func() {
		_, err := on(ctx, hung, func() (any, error) { close(began); <-release; return nil, nil })
		returned <- err
	}()
	<-began
	cancel()
	require.ErrorIs(t, <-returned, context.Canceled)
	_, err := on(ctx, hung, func() (any, error) { t.Error("called beside the call that hangs"); return nil, nil })
	require.ErrorIs(t, err, context.Canceled)
	hung.close(func() { t.Error("called beside the call that hangs") })

	close(release)
	_, err = on(t.Context(), hung, func() (any, error) { return nil, nil })
	require.NoError(t, err)
	hung.close(func() {})
}
