package desktop

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// listening opens a display that accepts connections, and answers each with answer.
func listening(t *testing.T, network, address string, answer []byte) net.Listener {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), network, address)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, listener.Close()) })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if answer != nil {
				_, _ = conn.Write(answer)
			}
		}
	}()
	return listener
}

// If one of two displays has ended, the window opens on the other; if both work, the desktop's
// choice counts.
func TestADisplayThatIsGoneIsLeftOut(t *testing.T) {
	folder, err := os.MkdirTemp("/tmp", "displays")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(folder)) })
	listening(t, "unix", filepath.Join(folder, "wayland-7"), make([]byte, 12))
	tcp, is := listening(t, "tcp", "127.0.0.1:0", nil).Addr().(*net.TCPAddr)
	require.True(t, is)
	number := strconv.Itoa(tcp.Port - xPort)
	x := "127.0.0.1:" + number + ".0"
	const goneWayland, goneX = "wayland-8", ":977"
	for name, test := range map[string]struct{ wayland, x, platform, wantWayland, wantX, wantPlatform string }{
		"both":                  {"wayland-7", x, "wayland", "wayland-7", x, "wayland"},
		"no compositor":         {goneWayland, x, "wayland", "", x, ""},
		"no X server":           {"wayland-7", goneX, "x11", "wayland-7", "", ""},
		"neither":               {goneWayland, goneX, "", goneWayland, goneX, ""},
		"empty":                 {"", x, "", "", x, ""},
		"a compositor's socket": {filepath.Join(folder, "wayland-7"), goneX, "", filepath.Join(folder, "wayland-7"), "", ""},
		"no number":             {"wayland-7", "desk", "", "wayland-7", "", ""},
		"by its protocol":       {goneWayland, "tcp/" + x, "x11", "", "tcp/" + x, "x11"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("XDG_RUNTIME_DIR", folder)
			t.Setenv(waylandSocket, "")
			t.Setenv(waylandDisplay, test.wayland)
			t.Setenv(xDisplay, test.x)
			t.Setenv(fynePlatform, test.platform)
			require.NoError(t, SettleDisplay(t.Context(), testLog(t)))
			assert.Equal(t, test.wantWayland, os.Getenv(waylandDisplay))
			assert.Equal(t, test.wantX, os.Getenv(xDisplay))
			assert.Equal(t, test.wantPlatform, os.Getenv(fynePlatform))
			if name == "neither" {
				assert.Equal(t, fmt.Sprintf("%s=%s %s=%s", waylandDisplay, goneWayland, xDisplay, goneX), DeadDisplays(t.Context()))
			} else {
				assert.Empty(t, DeadDisplays(t.Context()))
			}
		})
	}
}

// The request is wl_display.sync of the Wayland protocol.
func TestACompositorIsAskedForASignOfLife(t *testing.T) {
	folder, err := os.MkdirTemp("/tmp", "displays")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(folder)) })
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(folder, "wayland"), Net: "unix"})
	require.NoError(t, err)
	defer listener.Close() //nolint:errcheck // the test's own
	asked := make(chan []byte, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		request := make([]byte, 64)
		n, _ := conn.Read(request)
		asked <- request[:n]
		_ = conn.Close()
	}()
	assert.False(t, waylandAnswers(t.Context(), filepath.Join(folder, "wayland")), "it has hung up")
	request := <-asked
	require.Len(t, request, 12)
	var words [3]uint32
	for i := range words {
		words[i] = binary.NativeEndian.Uint32(request[4*i:])
	}
	assert.Equal(t, [3]uint32{1, 12 << 16, 2}, words)
}
