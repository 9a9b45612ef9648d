package config

import (
	"errors"
	"fmt"
	"io/fs"
	"unsafe"

	"golang.org/x/sys/windows"
)

// judge trusts what belongs to the administrators, the system or Windows' installer, and is writable
// by them alone. Ordinary users can make folders in ProgramData, so each folder on the way must belong
// to one of them, and only they may remove its files; that others can add files, as Windows permits,
// does no harm but beside a program.
func (g guard) judge(s step) error {
	var users []string
	if g.user {
		user, err := currentUser()
		if err != nil {
			return err
		}
		users = append(users, user)
	}
	rights := uint32(rightsToWrite)
	switch {
	case g.program && s.holder:
		rights = rightsToProgramFolder
	case s.info.IsDir() && !s.last:
		rights = rightsToFolder
	}
	owner, entries, err := accessTo(s.path)
	if err != nil {
		return fmt.Errorf("%w: who may change %s could not be read: %w", g.because, s.name(), err)
	}
	return judgeEntries(g.because, s.name(), owner, entries, rights, users...)
}

// readers returns how others can read a file, or nothing.
func readers(path string, _ fs.FileInfo) string {
	user, err := currentUser()
	if err != nil {
		return ""
	}
	owner, entries, err := accessTo(path)
	if err != nil {
		return ""
	}
	if sid := reader(owner, user, entries); sid != "" {
		return "others can read it: " + sid
	}
	return ""
}

func currentUser() (string, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return "", fmt.Errorf("could not find out who the user is: %w", err)
	}
	return user.User.Sid.String(), nil
}

// accessTo returns the owner and access list of a file or folder; of a link, the link's own.
func accessTo(path string) (owner string, entries []accessEntry, err error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return "", nil, err
	}
	const shared = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	handle, err := windows.CreateFile(name, windows.READ_CONTROL, shared, nil, windows.OPEN_EXISTING,
		windows.FILE_FLAG_BACKUP_SEMANTICS|windows.FILE_FLAG_OPEN_REPARSE_POINT, 0)
	if err != nil {
		return "", nil, err
	}
	defer func() { err = errors.Join(err, windows.CloseHandle(handle)) }()
	const wanted = windows.OWNER_SECURITY_INFORMATION | windows.DACL_SECURITY_INFORMATION
	descriptor, err := windows.GetSecurityInfo(handle, windows.SE_FILE_OBJECT, wanted)
	if err != nil {
		return "", nil, err
	}
	sid, _, err := descriptor.Owner()
	if err != nil || sid == nil {
		return "", nil, errors.Join(errors.New("it has no owner"), err)
	}
	list, _, err := descriptor.DACL()
	if err != nil || list == nil {
		// Without an access list every user has all rights.
		return "", nil, errors.Join(errors.New("it has no access list"), err)
	}
	entries, err = accessEntries(list)
	return sid.String(), entries, err
}

// accessEntries reads an access list. An entry of an unknown form, unless it denies, counts as
// granting everything to an unknown account: Explorer, icacls and the installer write the plain
// form.
func accessEntries(list *windows.ACL) ([]accessEntry, error) {
	entries := make([]accessEntry, 0, list.AceCount)
	for i := range uint32(list.AceCount) {
		var ace *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(list, i, &ace); err != nil {
			return nil, fmt.Errorf("could not read entry %d: %w", i, err)
		}
		inheritOnly := ace.Header.AceFlags&windows.INHERIT_ONLY_ACE != 0
		switch ace.Header.AceType {
		case windows.ACCESS_ALLOWED_ACE_TYPE:
			sid := (*windows.SID)(unsafe.Pointer(&ace.SidStart)) // #nosec G103 -- the SID begins in the entry's last member
			entries = append(entries, accessEntry{sid.String(), uint32(ace.Mask), true, inheritOnly})
		case windows.ACCESS_DENIED_ACE_TYPE:
		default:
			entries = append(entries, accessEntry{"an unknown account", ^uint32(0), true, inheritOnly})
		}
	}
	return entries, nil
}

// doNotBlock has no meaning on Windows, where opening a pipe's name fails.
const doNotBlock = 0

// checkAccess accepts every file: Go's mode bits on Windows say nothing about other users, and
// access lists are left to the administrator.
func checkAccess(fs.FileInfo) error { return nil }
