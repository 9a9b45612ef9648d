package cis2

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// isOwn reports whether the peer's end of a loopback connection belongs to a process of this user
// in this log-on session. What cannot be found out is a no: the processes of other users cannot be
// opened.
func isOwn(peer, self netip.AddrPort) bool {
	pid, found := ownerOf(peer, self)
	return found && sameSession(pid) && sameUser(pid)
}

func sameSession(pid uint32) bool {
	var own, other uint32
	return windows.ProcessIdToSessionId(uint32(os.Getpid()), &own) == nil && //nolint:gosec // G115: process ids have 32 bits
		windows.ProcessIdToSessionId(pid, &other) == nil && own == other
}

func sameUser(pid uint32) bool {
	process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return false
	}
	// Closing a handle that is open does not fail.
	defer func() { _ = windows.CloseHandle(process) }()
	var token windows.Token
	if windows.OpenProcessToken(process, windows.TOKEN_QUERY, &token) != nil {
		return false
	}
	defer func() { _ = token.Close() }()
	other, err := token.GetTokenUser()
	if err != nil {
		return false
	}
	own, err := windows.GetCurrentProcessToken().GetTokenUser()
	return err == nil && own.User.Sid.Equals(other.User.Sid)
}

var getExtendedTCPTable = windows.NewLazySystemDLL("iphlpapi.dll").NewProc("GetExtendedTcpTable")

const (
	// tableOwnerPIDAll is TCP_TABLE_OWNER_PID_ALL.
	tableOwnerPIDAll = 5
	// maxTable bounds the table in bytes.
	maxTable = 16 << 20
)

// ownerOf returns the process of a socket, by its own end (peer) and the other one. A program may
// use a socket of IPv6 for an address of IPv4, so that both tables count.
func ownerOf(peer, self netip.AddrPort) (pid uint32, found bool) {
	for _, table := range []struct {
		family uint32
		layout layout
	}{{windows.AF_INET, layout4}, {windows.AF_INET6, layout6}} {
		if pid, found = table.layout.find(readTable(table.family), peer, self); found {
			return pid, true
		}
	}
	return 0, false
}

// readTable returns the sockets of a family, or nil.
func readTable(family uint32) []byte {
	size := uint32(64 << 10)
	// The table can grow between two calls.
	for range 10 {
		table := make([]byte, size)
		result, _, _ := getExtendedTCPTable.Call(
			uintptr(unsafe.Pointer(&table[0])), uintptr(unsafe.Pointer(&size)), 0, uintptr(family), tableOwnerPIDAll, 0) //nolint:gosec // C takes addresses.
		switch windows.Errno(result) {
		case windows.ERROR_SUCCESS:
			return table
		case windows.ERROR_INSUFFICIENT_BUFFER:
			if size > maxTable {
				return nil
			}
			size += 4 << 10
		default:
			return nil
		}
	}
	return nil
}

// layout is where the fields of a row are, in bytes: MIB_TCPROW_OWNER_PID and
// MIB_TCP6ROW_OWNER_PID. A table begins with the number of its rows.
type layout struct{ size, address, local, localPort, remote, remotePort, pid int }

var (
	layout4 = layout{size: 24, address: 4, local: 4, localPort: 8, remote: 12, remotePort: 16, pid: 20}
	layout6 = layout{size: 56, address: 16, local: 0, localPort: 20, remote: 24, remotePort: 44, pid: 52}
)

func (l layout) find(table []byte, peer, self netip.AddrPort) (pid uint32, found bool) {
	if len(table) < 4 {
		return 0, false
	}
	rows := binary.NativeEndian.Uint32(table)
	for table = table[4:]; rows > 0 && len(table) >= l.size; rows, table = rows-1, table[l.size:] {
		row := table[:l.size]
		if l.endpoint(row, l.local, l.localPort) == peer && l.endpoint(row, l.remote, l.remotePort) == self {
			return binary.NativeEndian.Uint32(row[l.pid:]), true
		}
	}
	return 0, false
}

// endpoint reads an address and a port, both in network byte order.
func (l layout) endpoint(row []byte, address, port int) netip.AddrPort {
	ip, _ := netip.AddrFromSlice(row[address : address+l.address]) // 4 or 16 bytes always are one.
	return unmapped(netip.AddrPortFrom(ip, binary.BigEndian.Uint16(row[port:])))
}

// soExclusiveAddrUse is SO_EXCLUSIVEADDRUSE.
const soExclusiveAddrUse = ^windows.SO_REUSEADDR

// inUseErrors are those of a port that another program has, or that Windows keeps for one.
var inUseErrors = []error{windows.WSAEADDRINUSE, windows.WSAEACCES}

// noIPv6Errors are those of an address of IPv6 on a computer without it.
var noIPv6Errors = []error{windows.WSAEADDRNOTAVAIL, windows.WSAEAFNOSUPPORT, windows.WSAEPROTONOSUPPORT}

// exclusively keeps other programs from sharing the port, which SO_REUSEADDR of theirs would allow.
func exclusively(_, _ string, connection syscall.RawConn) error {
	var failed error
	err := connection.Control(func(socket uintptr) {
		failed = windows.SetsockoptInt(windows.Handle(socket), windows.SOL_SOCKET, soExclusiveAddrUse, 1)
	})
	return errors.Join(err, failed)
}
