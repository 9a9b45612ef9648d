package cis2

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// isOwn reports whether the peer's end of a loopback connection is a socket of this user. Where the
// kernel does not list sockets, that is not known, and true.
func isOwn(peer, self netip.AddrPort) bool {
	for _, name := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		owner, found, err := ownerIn(name, peer, self)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if name == "/proc/self/net/tcp" {
				return true
			}
		case err != nil:
			return false
		case found:
			return owner == os.Getuid()
		}
	}
	return false
}

func ownerIn(name string, peer, self netip.AddrPort) (owner int, found bool, err error) {
	file, err := os.Open(name) //nolint:gosec // G304: one of two constants
	if err != nil {
		return 0, false, err
	}
	// What was read counts.
	defer func() { _ = file.Close() }()
	return ownerOf(file, peer, self)
}

// ownerOf looks a socket up in the kernel's table (proc_pid_net(5)), by its own end (peer) and the
// other one. A socket that its process has closed has no owner.
func ownerOf(table io.Reader, peer, self netip.AddrPort) (owner int, found bool, err error) {
	lines := bufio.NewScanner(table)
	for lines.Scan() {
		// sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …
		fields := strings.Fields(lines.Text())
		if len(fields) < 10 || fields[9] == "0" {
			continue
		}
		local, localErr := parseEndpoint(fields[1])
		remote, remoteErr := parseEndpoint(fields[2])
		if localErr != nil || remoteErr != nil || local != peer || remote != self {
			continue
		}
		uid, err := strconv.Atoi(fields[7])
		return uid, err == nil, err
	}
	return 0, false, lines.Err()
}

var errEndpoint = errors.New("not an address of the kernel's table")

// parseEndpoint reads an address and port such as 0100007F:1FD5: words of the address in the
// byte order of the machine, the port as a number.
func parseEndpoint(text string) (netip.AddrPort, error) {
	address, port, _ := strings.Cut(text, ":")
	words, err := hex.DecodeString(address)
	if err != nil || len(words)%4 != 0 {
		return netip.AddrPort{}, errEndpoint
	}
	for i := 0; i < len(words); i += 4 {
		binary.NativeEndian.PutUint32(words[i:], binary.BigEndian.Uint32(words[i:]))
	}
	ip, ok := netip.AddrFromSlice(words)
	number, err := strconv.ParseUint(port, 16, 16)
	if !ok || err != nil {
		return netip.AddrPort{}, errEndpoint
	}
	return unmapped(netip.AddrPortFrom(ip, uint16(number))), nil
}
