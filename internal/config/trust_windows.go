package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/windows"
)

// TrustOwner trusts a file that belongs to the administrators, the system or Windows' installer, and that nobody else can write
// to. Ordinary users can make folders in ProgramData, so that the file's folder has to belong to one of them, too, and nobody
// else may take files out of it; that others can put files of their own into it, as Windows lets them, does no harm.
func TrustOwner(file *os.File) error {
	const wanted = windows.OWNER_SECURITY_INFORMATION | windows.DACL_SECURITY_INFORMATION
	descriptor, err := windows.GetSecurityInfo(windows.Handle(file.Fd()), windows.SE_FILE_OBJECT, wanted)
	if err != nil {
		return fmt.Errorf("could not read who may change the file: %w", err)
	}
	if err := judgeDescriptor("it", descriptor, rightsToWrite); err != nil {
		return err
	}
	descriptor, err = windows.GetNamedSecurityInfo(filepath.Dir(file.Name()), windows.SE_FILE_OBJECT, wanted)
	if err != nil {
		return fmt.Errorf("could not read who may change the file's folder: %w", err)
	}
	return judgeDescriptor("its folder", descriptor, rightsToFolder)
}

func judgeDescriptor(what string, descriptor *windows.SECURITY_DESCRIPTOR, rights uint32) error {
	owner, _, err := descriptor.Owner()
	if err != nil || owner == nil {
		return errors.Join(fmt.Errorf("%w: the owner of %s cannot be told", errUntrusted, what), err)
	}
	list, _, err := descriptor.DACL()
	if err != nil || list == nil {
		// Without an access list everybody may do everything.
		return errors.Join(fmt.Errorf("%w: %s has no access list", errUntrusted, what), err)
	}
	entries, err := accessEntries(list)
	if err != nil {
		return fmt.Errorf("%w: the access list of %s: %w", errUntrusted, what, err)
	}
	return judgeAccessList(what, owner.String(), entries, rights)
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
