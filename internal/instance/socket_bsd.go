//go:build darwin || freebsd

package instance

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// address returns the name of a socket. There is no shorter one for a path that is too long.
func address(path string) (name string, free func(), err error) {
	if len(path) > maxSocketPath {
		return "", nil, fmt.Errorf("the path %s has %d bytes, and a socket may have %d", path, len(path), maxSocketPath)
	}
	return path, func() {}, nil
}

// peer returns the user at the other end of a socket.
func peer(descriptor int) (uint32, error) {
	const localSocket = 0 // SOL_LOCAL
	found, err := unix.GetsockoptXucred(descriptor, localSocket, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, err
	}
	return found.Uid, nil
}
