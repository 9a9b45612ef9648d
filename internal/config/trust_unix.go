//go:build unix

package config

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// TrustOwner trusts a file that belongs to root and that nobody else can write to, in a folder of the same kind: who can write to
// the folder can put another file in its place. An access list shows in the group's bits of the mode (acl(5)), so that a right
// given by one is seen, too.
func TrustOwner(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := trustInfo("it", info); err != nil {
		return err
	}
	resolved, err := filepath.EvalSymlinks(file.Name())
	if err != nil {
		return err
	}
	for _, folder := range []string{filepath.Dir(file.Name()), filepath.Dir(resolved)} {
		if info, err = os.Stat(folder); err != nil {
			return err
		}
		if err := trustInfo("its folder", info); err != nil {
			return err
		}
	}
	return nil
}

func trustInfo(what string, info fs.FileInfo) error {
	status, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Errorf("%w: the owner of %s cannot be told", errUntrusted, what)
	}
	return judgeTrust(what, info.Mode(), int(status.Uid))
}

func judgeTrust(what string, mode fs.FileMode, owner int) error {
	if owner != 0 {
		return fmt.Errorf("%w: %s belongs to user id %d, not to root", errUntrusted, what, owner)
	}
	if mode.Perm()&0o022 != 0 {
		return fmt.Errorf("%w: %s has the mode %04o", errUntrusted, what, mode.Perm())
	}
	return nil
}
