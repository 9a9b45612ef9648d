package instance_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/windows"

	"github.com/ers-login/ers-login/internal/instance"
)

// If this fails, other users of a terminal server can have the window raised, or listen in its place.
func TestThePipeIsPrivate(t *testing.T) {
	first := listening(t, agreeing)
	name, user, err := instance.PipeOf(first.path)
	require.NoError(t, err)
	var session uint32
	require.NoError(t, windows.ProcessIdToSessionId(windows.GetCurrentProcessId(), &session))
	assert.Contains(t, windows.UTF16PtrToString(name), fmt.Sprintf(`\\.\pipe\ers-login-%s-%d-`, user, session))

	client, err := windows.CreateFile(name, windows.GENERIC_READ, 0, nil, windows.OPEN_EXISTING, 0, 0)
	require.NoError(t, err)
	defer func() { require.NoError(t, windows.CloseHandle(client)) }()
	descriptor, err := windows.GetSecurityInfo(client, windows.SE_KERNEL_OBJECT,
		windows.OWNER_SECURITY_INFORMATION|windows.DACL_SECURITY_INFORMATION)
	require.NoError(t, err)
	owner, _, err := descriptor.Owner()
	require.NoError(t, err)
	assert.Equal(t, user.String(), owner.String())
	list, _, err := descriptor.DACL()
	require.NoError(t, err)
	require.NotNil(t, list, "every user has all rights")
	require.EqualValues(t, 1, list.AceCount, descriptor.String())
	var entry *windows.ACCESS_ALLOWED_ACE
	require.NoError(t, windows.GetAce(list, 0, &entry))
	allowed := (*windows.SID)(unsafe.Pointer(&entry.SidStart))
	assert.Equal(t, user.String(), allowed.String())
}

// If this fails, another program that makes the pipe first reads the requests of a second start.
func TestAnotherUsersPipe(t *testing.T) {
	path := filepath.Join(folder(t), "ers-login.lock")
	name, _, err := instance.PipeOf(path)
	require.NoError(t, err)
	// An administrator may make one that belongs to all administrators, and that is as good as another user here.
	descriptor, err := windows.SecurityDescriptorFromString("O:BAD:P(A;;GA;;;WD)")
	require.NoError(t, err)
	attributes := &windows.SecurityAttributes{SecurityDescriptor: descriptor}
	attributes.Length = uint32(unsafe.Sizeof(*attributes))
	foreign, err := windows.CreateNamedPipe(name, windows.PIPE_ACCESS_DUPLEX, windows.PIPE_TYPE_BYTE, 1, 4096, 4096, 0, attributes)
	if errors.Is(err, windows.ERROR_INVALID_OWNER) {
		return // only an administrator can make one for another owner, which the check relies on
	}
	require.NoError(t, err)
	defer func() { require.NoError(t, windows.CloseHandle(foreign)) }()

	_, err = instance.Ask(soon(t), path, raise)
	require.ErrorIs(t, err, instance.Unknown)
	var waiting uint32
	require.NoError(t, peek(foreign, &waiting))
	assert.Zero(t, waiting, "it received the request")
}

// peek returns how many bytes a pipe's server could read.
func peek(pipe windows.Handle, waiting *uint32) error {
	call := windows.NewLazySystemDLL("kernel32.dll").NewProc("PeekNamedPipe")
	done, _, err := call.Call(uintptr(pipe), 0, 0, 0, uintptr(unsafe.Pointer(waiting)), 0)
	if done == 0 && !errors.Is(err, windows.ERROR_BROKEN_PIPE) { // the client has gone
		return err
	}
	return nil
}
