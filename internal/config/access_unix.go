//go:build unix

package config

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// doNotBlock opens a pipe without waiting for its other end, so that it can be refused.
const doNotBlock = syscall.O_NONBLOCK

// checkAccess checks that a secret's file is open to its owner alone, and that the owner is the
// user or root.
func checkAccess(info fs.FileInfo) error {
	status, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Errorf("%w: its owner is not known", errAccess)
	}
	return judgeAccess(info.Mode(), int(status.Uid), os.Geteuid())
}

func judgeAccess(mode fs.FileMode, owner, user int) error {
	if others := mode.Perm() & 0o077; others != 0 {
		return fmt.Errorf("%w: its mode is %04o and must be 0600", errAccess, mode.Perm())
	}
	if owner != user && owner != 0 {
		return fmt.Errorf("%w: it belongs to user id %d", errAccess, owner)
	}
	return nil
}
