package instance

import "golang.org/x/sys/unix"

// peer returns the user at the other end of a socket.
func peer(descriptor int) (uint32, error) {
	found, err := unix.GetsockoptUcred(descriptor, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0, err
	}
	return found.Uid, nil
}
