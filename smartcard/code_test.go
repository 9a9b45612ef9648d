package smartcard_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/smartcard"
)

// The table as it was published, written down a second time on purpose: if a number slips, a blocked card is reported as an
// unsupported one.
var published = []struct {
	code   smartcard.Code
	number uint32
	name   string
}{
	{smartcard.Internal, 0x80100001, "INTERNAL"},
	{smartcard.NotInitialized, 0x80100002, "NOT_INITIALIZED"},
	{smartcard.InvalidParameter, 0x80100003, "INVALID_PARAMETER"},
	{smartcard.BufferTooSmall, 0x80100004, "BUFFER_TOO_SMALL"},
	{smartcard.InvalidInstanceHandle, 0x80100005, "INVALID_INSTANCE_HANDLE"},
	{smartcard.ServerBusy, 0x80100006, "SERVER_BUSY"},
	{smartcard.ServerCommFailed, 0x80100007, "SERVER_COMM_FAILED"},
	{smartcard.ResourceAllocationFailed, 0x80100008, "RESOURCE_ALLOCATION_FAILED"},
	{smartcard.TicketNotAvailable, 0x80100009, "TICKET_NOT_AVAILABLE"},
	{smartcard.InternalError, 0x8010000A, "INTERNAL_ERROR"},
	{smartcard.NotImplemented, 0x8010000B, "NOT_IMPLEMENTED"},
	{smartcard.SmartcardNotSupported, 0x80200001, "SMARTCARD_NOT_SUPPORTED"},
	{smartcard.ReaderNotAvailable, 0x80200002, "READER_NOT_AVAILABLE"},
	{smartcard.SmartcardNotValid, 0x80200003, "SMARTCARD_NOT_VALID"},
	{smartcard.PINBlocked, 0x80200004, "PIN_BLOCKED"},
	{smartcard.CardTransactionFailed, 0x80200005, "CARD_TRANSACTION_FAILED"},
	{smartcard.NoCertFound, 0x80200006, "NO_CERT_FOUND"},
	{smartcard.NoKeyFound, 0x80200007, "NO_KEY_FOUND"},
	{smartcard.UserAbort, 0x80400001, "USER_ABORT"},
	{smartcard.AuthenticationFailed, 0x80400002, "AUTHENTICATION_FAILED"},
	{smartcard.AuthenticationNotPossible, 0x80400003, "AUTHENTICATION_NOT_POSSIBLE"},
	{smartcard.UserNotValid, 0x80400004, "USER_NOT_VALID"},
	{smartcard.AuthServerNotAvailable, 0x80400005, "AUTHSERVER_NOT_AVAILABLE"},
	{smartcard.AuthDataSyntaxError, 0x80400006, "AUTHDATA_SYNTAX_ERROR"},
	{smartcard.AuthNotValid, 0x80400007, "AUTH_NOT_VALID"},
	{smartcard.AuthMethodNotSupported, 0x80400008, "AUTHMETHOD_NOT_SUPPORTED"},
	{smartcard.VersionConflict, 0x80800001, "VERSION_CONFLICT"},
	{smartcard.NotInstalled, 0x80800002, "NOT_INSTALLED"},
	{smartcard.NoServerFound, 0x80800003, "NO_SERVERFOUND"},
	{smartcard.LoadResFailed, 0x80800004, "LOAD_RES_FAILED"},
	{smartcard.AuthMethodNotAvailable, 0x80800005, "AUTHMETHOD_NOT_AVAILABLE"},
	{smartcard.AuthMethodNotPossible, 0x80800006, "AUTHMETHOD_NOT_POSSIBLE"},
	{smartcard.ResourceNotAvailable, 0x80800007, "RESOURCE_NOT_AVAILABLE"},
}

func TestThePublishedTable(t *testing.T) {
	codes := smartcard.Codes()
	require.Len(t, codes, len(published))
	for i, row := range published {
		t.Run(row.name, func(t *testing.T) {
			assert.Equal(t, row.number, uint32(row.code))
			assert.Equal(t, row.code, codes[i])
			assert.Equal(t, row.name, row.code.String())
			assert.Equal(t, smartcard.Group(row.number&0xFFF00000), row.code.Group())
			assert.Equal(t, fmt.Sprintf("identity agent: %s (0x%08X)", row.name, row.number), row.code.Error())
			parsed, ok := smartcard.Parse(row.name)
			assert.True(t, ok)
			assert.Equal(t, row.code, parsed)
		})
	}
}

func TestParseRefusesWhatIsNotInTheTable(t *testing.T) {
	for _, name := range []string{"", "SUCCESS", "success", "pin_blocked", "PIN_BLOCKED ", "PINBlocked", "0x80200004"} {
		code, ok := smartcard.Parse(name)
		assert.False(t, ok, "%q", name)
		assert.Equal(t, smartcard.Success, code, "%q", name)
	}
}

// If this fails, the service desk gets a reference that it cannot look up.
func TestUnpublishedCodes(t *testing.T) {
	cases := map[string]struct {
		code      smartcard.Code
		text      string
		reference string
	}{
		"no error":                        {0, "success", ""},
		"a later card code":               {0x8020002F, "card and device 0x2F", "CARD-0x8020002F"},
		"a later generic code":            {0x8010000C, "generic 0xC", "CARD-0x8010000C"},
		"a later authentication code":     {0x80400009, "authentication 0x9", "CARD-0x80400009"},
		"a later configuration code":      {0x80800008, "configuration 0x8", "CARD-0x80800008"},
		"a group without a number":        {0x80200000, "card and device 0x0", "CARD-0x80200000"},
		"Windows: no such log-on session": {0x81000520, "Windows error 1312", "CARD-WINDOWS-1312"},
		"no group at all":                 {0x2F, "group 0x00000000 0x2F", "CARD-0x0000002F"},
		"two groups at once":              {0x80300001, "group 0x80300000 0x1", "CARD-0x80300001"},
		"every bit":                       {0xFFFFFFFF, "group 0xFFF00000 0xFFFFF", "CARD-0xFFFFFFFF"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.text, c.code.String())
			if c.code == smartcard.Success {
				assert.Nil(t, c.code.Problem())
				return
			}
			p := c.code.Problem()
			assert.Equal(t, c.reference, p.Code)
			assert.NotEmpty(t, p.Title)
			assert.ErrorIs(t, p, c.code)
		})
	}
	number, ok := smartcard.Code(0x81000520).Windows()
	assert.True(t, ok)
	assert.Equal(t, uint32(1312), number)
	_, ok = smartcard.PINBlocked.Windows()
	assert.False(t, ok)
}

// A nil *problem.Problem inside an error would be an error that is not nil.
func TestSuccessIsNoError(t *testing.T) {
	assert.True(t, smartcard.Success.Err() == nil)
	err := smartcard.UserAbort.Err()
	assert.ErrorIs(t, err, smartcard.UserAbort)
	assert.False(t, errors.Is(err, smartcard.PINBlocked))
}
