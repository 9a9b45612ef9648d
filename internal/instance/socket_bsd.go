//go:build darwin || freebsd

package instance

import "golang.org/x/sys/unix"

// peer returns the user at the other end of a socket.
func peer(descriptor int) (uint32, error) {
	const localSocket = 0 // SOL_LOCAL
	found, err := unix.GetsockoptXucred(descriptor, localSocket, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, err
	}
	return found.Uid, nil
}
