package instance_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

const busVariable = "DBUS_SESSION_BUS_ADDRESS"

// onABus has this process, and those that it starts, use a session bus of the test's own, and returns its address.
func onABus(t *testing.T) string {
	t.Helper()
	session := keyringtest.ForTest(t, keyringtest.Options{State: keyringtest.NoService})
	for _, pair := range session.Env() {
		if folder, is := strings.CutPrefix(pair, "XDG_RUNTIME_DIR="); is {
			address := "unix:path=" + dbus.EscapeBusAddressValue(filepath.Join(folder, "bus"))
			t.Setenv(busVariable, address)
			return address
		}
	}
	require.FailNow(t, "no bus")
	return ""
}

// The keyring is one, and so is the instance, wherever the environment of a terminal has its folders (microsoft/vscode#95384): a second
// one would take the session of the first for what an earlier run has left.
func TestOneInstanceOnABus(t *testing.T) {
	onABus(t)
	usual := folder(t)
	readOnly := "/proc/self/ers-login.lock" // not even root can make it
	for name, path := range map[string]string{
		"the same folder": filepath.Join(usual, "ers-login.lock"),
		"another folder":  filepath.Join(folder(t), "ers-login.lock"),
		"no such folder":  filepath.Join(usual, "gone", "ers-login.lock"),
		"cannot be made":  readOnly,
		"below a file":    "/proc/version/ers-login.lock",
	} {
		t.Run(name, func(t *testing.T) {
			owner := start(t, joins, filepath.Join(usual, "ers-login.lock"))
			require.Equal(t, "held", owner.says(t))
			for range 3 {
				held, answer, err := instance.Join(soon(t), path, raise)
				require.NoError(t, err)
				require.Nil(t, held, "two instances")
				assert.True(t, answer.OK)
				assert.Equal(t, owner.cmd.Process.Pid, answer.PID)
				assert.Contains(t, owner.says(t), instance.Raise)
			}
			answer, err := instance.Ask(soon(t), path, instance.Request{Action: instance.SignOut})
			require.NoError(t, err)
			assert.True(t, answer.OK)
			assert.Contains(t, owner.says(t), instance.SignOut)

			// The bus knows at once that the owner is dead.
			owner.kill(t)
			held, _, err := instance.Join(soon(t), path, raise)
			require.NoError(t, err)
			require.NotNil(t, held, "a dead one keeps the others out")
			require.NoError(t, held.Listen(agreeing, func(err error) { t.Log(err) }))
			another := start(t, asks, filepath.Join(usual, "another.lock"))
			assert.Equal(t, "true", another.says(t), "the new one is not found")
			another.leave(t)
			require.NoError(t, held.Release())
		})
	}
}

// An instance without a bus, such as an older version, is found by the file, and does not keep the
// name from the next one.
func TestAnOlderInstanceIsFoundByItsFile(t *testing.T) {
	onABus(t)
	path := filepath.Join(folder(t), "ers-login.lock")
	older := start(t, listens, path)
	require.Equal(t, "held", older.says(t))
	held, answer, err := instance.Join(soon(t), path, raise)
	require.NoError(t, err)
	require.Nil(t, held)
	assert.True(t, answer.OK)
	older.says(t)
	older.leave(t)
	held, _, err = instance.Join(soon(t), path, raise)
	require.NoError(t, err)
	require.NotNil(t, held)
	require.NoError(t, held.Release())
}

// A socket's path may have some hundred bytes. With a longer one, the name on the bus has to do.
func TestAPathThatIsTooLongForASocket(t *testing.T) {
	onABus(t)
	path := filepath.Join(folder(t), strings.Repeat("long", 30), "ers-login.lock")
	held, _, err := instance.Join(soon(t), path, raise)
	require.NoError(t, err)
	_, err = instance.Ask(soon(t), path, raise)
	require.ErrorIs(t, err, instance.ErrNoListener, "it has only begun")
	require.ErrorContains(t, held.Listen(agreeing, func(err error) { t.Log(err) }), " bytes)")
	answer, err := instance.Ask(soon(t), path, raise)
	require.NoError(t, err)
	assert.True(t, answer.OK)
	require.NoError(t, held.Release())
}

// Two buses are two keyrings, as of a remote desktop: each has its instance.
func TestTwoBusesAreTwoInstances(t *testing.T) {
	onABus(t)
	first := start(t, joins, filepath.Join(folder(t), "ers-login.lock"))
	require.Equal(t, "held", first.says(t))
	onABus(t)
	held, _, err := instance.Join(soon(t), filepath.Join(folder(t), "ers-login.lock"), raise)
	require.NoError(t, err)
	require.NotNil(t, held)
	require.NoError(t, held.Release())
	first.leave(t)
}

// Another program of the user's can own the name and never answer, and a bus can hang: neither is a free lock, nor hangs this one.
func TestAnOwnerThatHangs(t *testing.T) {
	address := onABus(t)
	path := filepath.Join(folder(t), "ers-login.lock")
	t.Run("is waited for no longer than the time allows", func(t *testing.T) {
		owner := start(t, joins, path)
		require.Equal(t, "held", owner.says(t))
		require.NoError(t, owner.cmd.Process.Signal(syscall.SIGSTOP))
		var status unix.WaitStatus
		_, err := unix.Wait4(owner.cmd.Process.Pid, &status, unix.WUNTRACED, nil) // it takes a moment
		require.NoError(t, err)
		_, _, err = instance.Join(soon(t), filepath.Join(folder(t), "ers-login.lock"), raise)
		require.ErrorIs(t, err, instance.Unreachable)
		owner.kill(t)
	})
	t.Run("and may be none of ours", func(t *testing.T) {
		conn, err := dbus.Connect(address)
		require.NoError(t, err)
		_, err = conn.RequestName("io.github.ers_login.ErsLogin", dbus.NameFlagDoNotQueue)
		require.NoError(t, err)
		_, err = instance.Ask(soon(t), path, raise)
		require.ErrorIs(t, err, instance.Unreachable)
		require.NoError(t, conn.Close())
	})
}

// A bus that is started anew knows no names. The instance that is there claims its own again, so that no second one gets it.
func TestTheNameIsClaimedAgain(t *testing.T) {
	place := folder(t)
	address := "unix:path=" + dbus.EscapeBusAddressValue(filepath.Join(place, "bus"))
	t.Setenv(busVariable, address)
	startBus := func() *exec.Cmd {
		bus := exec.CommandContext(t.Context(), "dbus-daemon", "--session", "--nofork", "--address="+address)
		require.NoError(t, bus.Start())
		require.Eventually(t, func() bool {
			conn, err := dbus.Connect(address)
			return err == nil && conn.Close() == nil
		}, guard, 10*time.Millisecond)
		return bus
	}
	bus := startBus()
	held, _, err := instance.Join(soon(t), filepath.Join(place, "ers-login.lock"), raise)
	require.NoError(t, err)
	require.NotNil(t, held)
	require.NoError(t, held.Listen(agreeing, func(err error) { t.Log(err) }))
	require.NoError(t, bus.Process.Kill())
	_ = bus.Wait() // it was killed
	require.NoError(t, os.Remove(filepath.Join(place, "bus")))
	bus = startBus()
	require.Eventually(t, func() bool {
		answer, err := instance.Ask(soon(t), filepath.Join(folder(t), "ers-login.lock"), raise)
		return err == nil && answer.PID == os.Getpid()
	}, guard, 100*time.Millisecond)
	require.NoError(t, held.Release())
	require.NoError(t, bus.Process.Kill())
	_ = bus.Wait() // it was killed
}

// The mark of a session's owner leads across two buses of one keyring: alive as long as its process is, and not a moment longer.
func TestTheOwnersMark(t *testing.T) {
	path := filepath.Join(folder(t), "ers-login.lock")
	owner := start(t, holds, path)
	require.Equal(t, "held", owner.says(t))
	own, err := instance.Take(filepath.Join(folder(t), "ers-login.lock"))
	require.NoError(t, err)
	var none *instance.Lock
	assert.True(t, own.HeldByOther(path))
	assert.True(t, none.HeldByOther(path))
	assert.False(t, own.HeldByOther(own.Mark()), "its own session")
	assert.Empty(t, none.Mark())
	owner.kill(t)
	assert.False(t, own.HeldByOther(path), "a dead one")
	for _, mark := range []string{"", "relative", filepath.Join(folder(t), "gone"), "/proc/version", "/\x00", "/" + strconv.Itoa(1<<62)} {
		assert.False(t, own.HeldByOther(mark), "%q", mark)
	}
	require.NoError(t, own.Release())
}

// A demonstration can have its own keyring on a private bus. What is started with that bus finds it
// all the same.
func TestTheNameOnAnotherBus(t *testing.T) {
	private := onABus(t)
	onABus(t)
	held, _, err := instance.Join(soon(t), filepath.Join(folder(t), "ers-login.lock"), raise)
	require.NoError(t, err)
	require.NotNil(t, held)
	require.NoError(t, held.Listen(agreeing, func(err error) { t.Log(err) }))
	require.NoError(t, held.ClaimOn(soon(t), private))
	require.Error(t, held.ClaimOn(soon(t), private), "once is enough")
	t.Setenv(busVariable, private)
	elsewhere := filepath.Join(folder(t), "ers-login.lock")
	second, answer, err := instance.Join(soon(t), elsewhere, raise)
	require.NoError(t, err)
	require.Nil(t, second)
	assert.Equal(t, os.Getpid(), answer.PID)
	require.NoError(t, held.Release())
	second, _, err = instance.Join(soon(t), elsewhere, raise)
	require.NoError(t, err)
	require.NotNil(t, second, "the name is given back")
	require.NoError(t, second.Release())
	require.Error(t, held.ClaimOn(soon(t), private))
}
