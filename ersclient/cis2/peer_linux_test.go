package cis2

import (
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1FD5 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 71 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1FD5 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 72 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:D431 0100007F:1FD5 01 00000000:00000000 00:00000000 00000000  1001        0 73 1 0000000000000000 20 4 30 10 -1
   3: 0100007F:D432 0100007F:1FD5 06 00000000:00000000 03:00000000 00000000     0        0 0 3 0000000000000000
   4: nonsense
`

const table6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:D433 00000000000000000000000001000000:1FD5 01 00000000:00000000 00:00000000 00000000  1002        0 74 1
   1: 0000000000000000FFFF00000100007F:D434 0000000000000000FFFF00000100007F:1FD5 01 00000000:00000000 00:00000000 00000000  1003        0 75 1
   2: 00000000000000000000000001000000:D435 00000000000000000000000001000000:1FD5 01 00000000:00000000 00:00000000 00000000  nobody      0 76 1
`

// The tables are those of a machine whose numbers are little-endian.
func TestTheKernelsTable(t *testing.T) {
	if one, _ := parseEndpoint("0100007F:0001"); one.Addr().String() != "127.0.0.1" {
		return
	}
	for name, one := range map[string]struct {
		table, peer, self string
		owner             int
		found, fails      bool
	}{
		"another user":           {table: table, peer: "127.0.0.1:54321", self: "127.0.0.1:8149", owner: 1001, found: true},
		"our own end":            {table: table, peer: "127.0.0.1:8149", self: "127.0.0.1:54321", owner: 1000, found: true},
		"a closed socket":        {table: table, peer: "127.0.0.1:54322", self: "127.0.0.1:8149"},
		"an unknown one":         {table: table, peer: "127.0.0.1:54323", self: "127.0.0.1:8149"},
		"another port of ours":   {table: table, peer: "127.0.0.1:54321", self: "127.0.0.1:8150"},
		"IPv6":                   {table: table6, peer: "[::1]:54323", self: "[::1]:8149", owner: 1002, found: true},
		"IPv4 in a socket of v6": {table: table6, peer: "127.0.0.1:54324", self: "127.0.0.1:8149", owner: 1003, found: true},
		"an owner that is none":  {table: table6, peer: "[::1]:54325", self: "[::1]:8149", fails: true},
		"an empty table":         {peer: "[::1]:54325", self: "[::1]:8149"},
		"a line without an end":  {table: strings.Repeat("x", 1<<20), peer: "[::1]:54325", self: "[::1]:8149", fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			owner, found, err := ownerOf(strings.NewReader(one.table), netip.MustParseAddrPort(one.peer), netip.MustParseAddrPort(one.self))
			require.Equal(t, one.fails, err != nil)
			require.Equal(t, one.found, found)
			require.Equal(t, one.owner, owner)
		})
	}
	for _, text := range []string{"", ":", "0100007F", "0100007F:", "01000:1FD5", "xx00007F:1FD5", "0100007F:10000", "0100007F0100007F:1FD5"} {
		_, err := parseEndpoint(text)
		require.Error(t, err, text)
	}
}

// asStranger makes this test binary connect to an address and wait.
const asStranger = "CIS2_TEST_STRANGER"

func init() {
	if address := os.Getenv(asStranger); address != "" {
		connection, err := net.Dial("tcp", address) //nolint:noctx // a process of its own
		if err != nil {
			os.Exit(1)
		}
		// Until the other end closes, which is what is tested.
		_, _ = connection.Read(make([]byte, 1))
		os.Exit(0)
	}
}

// Only root can start a process of another user.
func TestAStrangersConnection(t *testing.T) {
	if os.Getuid() != 0 {
		return
	}
	inner, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	listener := ownListener{inner, isOwn}
	stranger := exec.CommandContext(t.Context(), "/proc/self/exe")
	stranger.Env = append(os.Environ(), asStranger+"="+inner.Addr().String())
	stranger.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	require.NoError(t, stranger.Start())
	accepted := make(chan error)
	go func() {
		_, err := listener.Accept()
		accepted <- err
	}()
	ended := time.AfterFunc(30*time.Second, func() { _ = inner.Close() })
	require.NoError(t, stranger.Wait(), "the stranger was let go")
	require.True(t, ended.Stop())
	require.NoError(t, inner.Close())
	require.ErrorIs(t, <-accepted, net.ErrClosed)
}
