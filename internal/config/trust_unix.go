//go:build unix

package config

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// judge trusts what belongs to root and is writable by root alone. A folder on the way may be open to
// all if it is sticky, like /tmp: root's files in it stay. An access list shows in the group's bits of
// the mode (acl(5)), so its rights count, too. Libraries are not loaded from a program's folder here.
func (g guard) judge(s step) error {
	status, ok := s.info.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
		return fmt.Errorf("%w: the owner of %s is not known", g.because, s.name())
	case g.user:
		return judgeKeyStep(s, g.private, int(status.Uid), int(status.Gid), os.Geteuid(), os.Getegid())
	}
	return judgeTrust(s.name(), s.writers(), int(status.Uid))
}

// writers returns the mode of a step without bits that give no right to change it.
func (s step) writers() fs.FileMode {
	mode := s.info.Mode()
	if mode&fs.ModeSymlink != 0 || mode.IsDir() && mode&fs.ModeSticky != 0 && !s.holder {
		mode &^= 0o022
	}
	return mode
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

// unmapped is the user id of all users of other user namespaces, root among them.
const unmapped = 65534

func judgeKeyStep(s step, private bool, owner, group, user, userGroup int) error {
	mode := s.info.Mode()
	open := mode.Perm() & 0o022
	switch {
	case mode&fs.ModeSymlink != 0, mode.IsDir() && mode&fs.ModeSticky != 0:
		open = 0
	case (mode.IsDir() || !private) && (group == 0 || group == userGroup):
		// Many systems give every user a group with the user as its only member, with write access
		// to the user's files.
		open &^= 0o020
	}
	if owner != 0 && owner != user && (s.last || owner != unmapped) {
		return fmt.Errorf("%w: %s belongs to user id %d", errShared, s.name(), owner)
	}
	if open != 0 {
		return fmt.Errorf("%w: %s has the mode %04o", errShared, s.name(), mode.Perm())
	}
	return nil
}

// readers returns how others can read a file, or nothing. A group that may read root's file is how
// its users get at it.
func readers(_ string, info fs.FileInfo) string {
	status, ok := info.Sys().(*syscall.Stat_t)
	if ok && readable(info.Mode(), int(status.Uid), os.Geteuid()) {
		return fmt.Sprintf("others can read it: it has the mode %04o", info.Mode().Perm())
	}
	return ""
}

func readable(mode fs.FileMode, owner, user int) bool {
	return mode.Perm()&0o004 != 0 || mode.Perm()&0o040 != 0 && owner == user
}

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
