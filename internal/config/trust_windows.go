package config

import (
	"errors"
	"fmt"
	"io/fs"
	"unsafe"

	"golang.org/x/sys/windows"
)

// administrators trusts what belongs to the administrators, the system or Windows' installer, and what nobody else can write to.
// Ordinary users can make folders in ProgramData, so that each folder on the way has to belong to one of them, too, and nobody
// else may take files out of it; that others can put files of their own into it, as Windows lets them, does no harm.
func administrators(s step) error {
	rights := uint32(rightsToWrite)
	if s.info.IsDir() && !s.last {
		rights = rightsToFolder
	}
	return judgeStep(s, rights, errUntrusted)
}

// administratorsOfProgram lets nobody else add a file or a folder beside a program, or beside a
// library that is loaded from there.
func administratorsOfProgram(s step) error {
	if s.holder {
		return judgeStep(s, rightsToProgramFolder, errUntrusted)
	}
	return administrators(s)
}

// userAndAdministrators trusts what belongs to the administrators or to the user, and what nobody
// else can write to.
func userAndAdministrators(bool) func(step) error {
	return func(s step) error {
		user, err := currentUser()
		if err != nil {
			return err
		}
		rights := uint32(rightsToWrite)
		if s.info.IsDir() && !s.last {
			rights = rightsToFolder
		}
		return judgeStep(s, rights, errShared, user)
	}
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

// judgeStep trusts the administrators and the users that it is given. The reason of a refusal wraps
// because.
func judgeStep(s step, rights uint32, because error, users ...string) error {
	owner, entries, err := accessTo(s.path)
	if err != nil {
		return fmt.Errorf("%w: who may change %s could not be read: %w", because, s.name(), err)
	}
	return judgeEntries(because, s.name(), owner, entries, rights, users...)
}

// accessTo returns who owns a file or folder, and its access list. Of a link, it is the link's own.
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
		// Without an access list everybody may do everything.
		return "", nil, errors.Join(errors.New("it has no access list"), err)
	}
	entries, err = accessEntries(list)
	return sid.String(), entries, err
}

// accessEntries reads an access list. Entries of a form other than the plain one are taken for ones that allow everything to
// somebody unknown, unless they deny: the plain form is what Explorer, icacls and the installer write.
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
			entries = append(entries, accessEntry{"somebody unknown", ^uint32(0), true, inheritOnly})
		}
	}
	return entries, nil
}
