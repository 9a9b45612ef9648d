package config

import (
	"fmt"
	"regexp"
	"slices"
)

// accessEntry is one entry of a Windows access list, as far as it matters to trust.
type accessEntry struct {
	// sid is the account, in the form S-1-5-18.
	sid string
	// mask is the rights (access mask, MS-DTYP 2.4.3).
	mask uint32
	// allows reports whether the entry grants the rights. One that denies them only makes a file
	// safer.
	allows bool
	// inheritOnly reports whether the entry is for files below, not for this one.
	inheritOnly bool
}

// The accounts that Windows lets change its own programs.
const (
	sidSystem           = "S-1-5-18"
	sidAdministrators   = "S-1-5-32-544"
	sidTrustedInstaller = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
	// sidOwnerRights stands for the owner, whose own SID is checked.
	sidOwnerRights = "S-1-3-4"
)

// Rights to change a file's content or its access. For a folder, FILE_WRITE_DATA is FILE_ADD_FILE,
// and FILE_APPEND_DATA is FILE_ADD_SUBDIRECTORY.
const (
	rightsToOwn    = 0x00010000 | 0x00040000 | 0x00080000 | 0x10000000 // DELETE, WRITE_DAC, WRITE_OWNER, GENERIC_ALL
	rightsToWrite  = rightsToOwn | 0x2 | 0x4 | 0x40000000              // FILE_WRITE_DATA, FILE_APPEND_DATA, GENERIC_WRITE
	rightsToFolder = rightsToOwn | 0x40                                // FILE_DELETE_CHILD
	// rightsToProgramFolder are those that matter in a folder of programs and libraries.
	rightsToProgramFolder = rightsToFolder | rightsToWrite
)

// judgeEntries trusts what belongs to the administrators, the system or one of the users, if no
// other account has any of the rights. The reason of a refusal wraps because.
func judgeEntries(because error, what, owner string, entries []accessEntry, rights uint32, users ...string) error {
	if !administers(owner) && !slices.Contains(users, owner) {
		return fmt.Errorf("%w: %s belongs to %s", because, what, owner)
	}
	for _, entry := range entries {
		if entry.gives(rights) && !administers(entry.sid) && !slices.Contains(users, entry.sid) {
			return fmt.Errorf("%w: %s can be changed by %s", because, what, entry.sid)
		}
	}
	return nil
}

// gives reports whether an entry gives an account other than the owner one of the rights to this
// very file.
func (e accessEntry) gives(rights uint32) bool {
	return e.allows && !e.inheritOnly && e.mask&rights != 0 && e.sid != sidOwnerRights
}

// administers reports whether a SID is the system or one of the administrators, the domain's among
// them.
func administers(sid string) bool {
	switch sid {
	case sidSystem, sidAdministrators, sidTrustedInstaller:
		return true
	}
	return administratorOfDomain.MatchString(sid)
}

// administratorOfDomain finds the account Administrator, Domain Admins and Enterprise Admins.
// Accounts that are made later begin with number 1000.
var administratorOfDomain = regexp.MustCompile(`^S-1-5-21(-[0-9]+){3}-(500|512|519)$`)

// everyone matches the groups that include all users: Everyone, Interactive, Authenticated Users,
// Users, Guests, and those of a domain.
var everyone = regexp.MustCompile(`^S-1-(1-0|5-4|5-11|5-32-545|5-32-546|5-21(-[0-9]+){3}-(513|514|515))$`)

// reader returns another account that can read a file, or "". Group access to a file of the
// administrators is how its users reach it.
func reader(owner, user string, entries []accessEntry) string {
	const rightsToRead = 0x1 | 0x10000000 | 0x80000000 // FILE_READ_DATA, GENERIC_ALL, GENERIC_READ
	for _, entry := range entries {
		if entry.gives(rightsToRead) && !administers(entry.sid) && entry.sid != user &&
			(owner == user || everyone.MatchString(entry.sid)) {
			return entry.sid
		}
	}
	return ""
}
