package instance

import "golang.org/x/sys/windows"

// PipeOf returns the name of the pipe of a lock's holder, and its required owner.
func PipeOf(path string) (name *uint16, user *windows.SID, err error) {
	if user, err = currentUser(); err != nil {
		return nil, nil, err
	}
	name, err = pipeName(path, user)
	return name, user, err
}
