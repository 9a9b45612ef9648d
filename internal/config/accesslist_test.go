package config

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// On Windows every user can make folders in ProgramData: their files must not pass for the
// administrators'.
func TestJudgeAccessList(t *testing.T) {
	const (
		users        = "S-1-5-32-545"
		ann          = "S-1-5-21-1-2-3-1001"
		domainAdmins = "S-1-5-21-1-2-3-512"
		creatorOwner = "S-1-3-0"
		full         = 0x001F01FF
		modify       = 0x001301BF
		read         = 0x001200A9
		writeData    = 0x2
	)
	administered := []accessEntry{{sidSystem, full, true, false}, {sidAdministrators, full, true, false}, {sidOwnerRights, full, true, false}}
	with := func(more ...accessEntry) []accessEntry { return append(administered[:3:3], more...) }
	for name, test := range map[string]struct {
		owner   string
		entries []accessEntry
		rights  uint32
		good    bool
	}{
		"of the administrators":             {sidAdministrators, with(accessEntry{users, read, true, false}), rightsToWrite, true},
		"of the system":                     {sidSystem, administered, rightsToWrite, true},
		"of Windows' installer":             {sidTrustedInstaller, administered, rightsToWrite, true},
		"no entries":                        {sidAdministrators, nil, rightsToWrite, true},
		"of a user":                         {ann, administered, rightsToWrite, false},
		"users modify":                      {sidAdministrators, with(accessEntry{users, modify, true, false}), rightsToWrite, false},
		"a user writes":                     {sidAdministrators, with(accessEntry{ann, writeData, true, false}), rightsToWrite, false},
		"a user changes rights":             {sidAdministrators, with(accessEntry{ann, 0x00040000, true, false}), rightsToWrite, false},
		"a user takes it over":              {sidAdministrators, with(accessEntry{ann, 0x00080000, true, false}), rightsToWrite, false},
		"a user may do all":                 {sidAdministrators, with(accessEntry{ann, 0x10000000, true, false}), rightsToWrite, false},
		"a user may not":                    {sidAdministrators, with(accessEntry{ann, full, false, false}), rightsToWrite, true},
		"for files below":                   {sidAdministrators, with(accessEntry{creatorOwner, full, true, true}), rightsToWrite, true},
		"a folder where users make files":   {sidAdministrators, with(accessEntry{users, 0x6, true, false}), rightsToFolder, true},
		"a folder where users remove files": {sidAdministrators, with(accessEntry{users, 0x40, true, false}), rightsToFolder, false},
		"a folder that users may move":      {sidAdministrators, with(accessEntry{users, 0x00010000, true, false}), rightsToFolder, false},
		"a user's folder":                   {ann, administered, rightsToFolder, false},
		"a program's folder":                {sidAdministrators, with(accessEntry{users, read, true, false}), rightsToProgramFolder, true},
		"users add a library":               {sidAdministrators, with(accessEntry{users, 0x2, true, false}), rightsToProgramFolder, false},
		"users add a folder":                {sidAdministrators, with(accessEntry{users, 0x4, true, false}), rightsToProgramFolder, false},
		"users write, as a right of all":    {sidAdministrators, with(accessEntry{users, 0x40000000, true, false}), rightsToProgramFolder, false},
		"users remove a library":            {sidAdministrators, with(accessEntry{users, 0x40, true, false}), rightsToProgramFolder, false},
		"of the domain's administrators":    {domainAdmins, administered, rightsToWrite, true},
		"the domain's administrators write": {sidAdministrators, with(accessEntry{domainAdmins, full, true, false}), rightsToWrite, true},
		"the domain's users write":          {sidAdministrators, with(accessEntry{"S-1-5-21-1-2-3-513", full, true, false}), rightsToWrite, false},
		"another's number ends alike":       {sidAdministrators, with(accessEntry{"S-1-5-21-1-2-3-1512", full, true, false}), rightsToWrite, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := judgeEntries(errUntrusted, "it", test.owner, test.entries, test.rights)
			if test.good {
				assert.NoError(t, err)
			} else {
				assert.ErrorIs(t, err, errUntrusted)
			}
		})
	}
}

// The key of an organisation is its users' to read, and only they and the administrators may
// exchange it.
func TestWhoReadsAndChangesAKeyOnWindows(t *testing.T) {
	const (
		ann, bob, clinicians = "S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1002", "S-1-5-21-1-2-3-1100"
		users, allUsers      = "S-1-5-32-545", "S-1-1-0"
		full, read           = 0x001F01FF, 0x001200A9
	)
	for name, test := range map[string]struct {
		owner, other string
		mask         uint32
		good         bool
		reader       string
	}{
		"hers":                           {ann, ann, full, true, ""},
		"hers, a colleague reads":        {ann, bob, read, true, bob},
		"hers, a colleague writes":       {ann, bob, full, false, bob},
		"hers, all users read":           {ann, allUsers, read, true, allUsers},
		"administered, clinicians read":  {sidAdministrators, clinicians, read, true, ""},
		"administered, clinicians write": {sidAdministrators, clinicians, full, false, ""},
		"administered, all users read":   {sidAdministrators, users, read, true, users},
		"a colleague's":                  {bob, ann, read, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			entries := []accessEntry{{sidSystem, full, true, false}, {test.other, test.mask, true, false}}
			err := judgeEntries(errShared, "it", test.owner, entries, rightsToWrite, ann)
			if test.good {
				assert.NoError(t, err)
			} else {
				assert.ErrorIs(t, err, errShared)
			}
			assert.Equal(t, test.reader, reader(test.owner, ann, entries))
		})
	}
}

// A locked path leads where Windows says, and not where a user's environment says.
func TestExpand(t *testing.T) {
	unknown := errors.New("unknown")
	folder := func(name string) (string, error) {
		if name == "ProgramData" {
			return `C:\ProgramData`, nil
		}
		return "", unknown
	}
	t.Setenv("ProgramFiles", `C:\Users\ann`)
	for name, test := range map[string]struct{ text, want string }{
		"nothing":       {`C:\a.p12`, `C:\a.p12`},
		"at the front":  {`%ProgramData%\ers-login\a.p12`, `C:\ProgramData\ers-login\a.p12`},
		"twice":         {`%ProgramData%;%ProgramData%`, `C:\ProgramData;C:\ProgramData`},
		"a single sign": {`125%`, `125%`},
		"two signs":     {`a%%b`, `a%%b`},
		"empty":         {``, ``},
		"another one":   {`%ProgramFiles%\a.p12`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := expand(test.text, folder)
			assert.Equal(t, test.want, got)
			if test.want == "" && test.text != "" {
				require.ErrorIs(t, err, unknown)
			} else {
				require.NoError(t, err)
			}
		})
	}
}
