package config

import (
	"fmt"
	"slices"
)

// accessEntry is one entry of a Windows access list, as far as it matters to trust.
type accessEntry struct {
	// sid is who is meant, in the form S-1-5-18.
	sid string
	// mask is the rights (access mask, MS-DTYP 2.4.3).
	mask uint32
	// allows says that the entry gives the rights. One that denies them only makes a file safer.
	allows bool
	// inheritOnly says that the entry is for files below, not for this one.
	inheritOnly bool
}

// Whom Windows lets change its own programs.
const (
	sidSystem           = "S-1-5-18"
	sidAdministrators   = "S-1-5-32-544"
	sidTrustedInstaller = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
	// sidOwnerRights stands for the owner, who is one of the others.
	sidOwnerRights = "S-1-3-4"
)

// Rights that change what a file says, or who may.
const (
	rightsToOwn    = 0x00010000 | 0x00040000 | 0x00080000 | 0x10000000 // DELETE, WRITE_DAC, WRITE_OWNER, GENERIC_ALL
	rightsToWrite  = rightsToOwn | 0x2 | 0x4 | 0x40000000              // FILE_WRITE_DATA, FILE_APPEND_DATA, GENERIC_WRITE
	rightsToFolder = rightsToOwn | 0x40                                // FILE_DELETE_CHILD
)

// judgeAccessList trusts what belongs to the administrators or the system, and what nobody else has one of the rights to.
func judgeAccessList(what, owner string, entries []accessEntry, rights uint32) error {
	trusted := []string{sidSystem, sidAdministrators, sidTrustedInstaller}
	if !slices.Contains(trusted, owner) {
		return fmt.Errorf("%w: %s belongs to %s", errUntrusted, what, owner)
	}
	trusted = append(trusted, sidOwnerRights)
	for _, entry := range entries {
		if entry.allows && !entry.inheritOnly && entry.mask&rights != 0 && !slices.Contains(trusted, entry.sid) {
			return fmt.Errorf("%w: %s can be changed by %s", errUntrusted, what, entry.sid)
		}
	}
	return nil
}
