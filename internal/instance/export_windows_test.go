package instance

import "golang.org/x/sys/windows"

// PipeOf returns the name of the pipe on which the holder of a lock listens, and whose it has to be.
func PipeOf(path string) (name *uint16, user *windows.SID, err error) {
	if user, err = currentUser(); err != nil {
		return nil, nil, err
	}
	name, err = pipeName(path, user)
	return name, user, err
}
