//go:build windowsrig

package windows_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
)

const (
	uninstall   = `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\{8B2E0CD5-0001-4E4B-9E0C-000000000001}`
	appPath     = `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\IdentityAgent.exe`
	environment = `HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment`
	path        = `C:\windows\system32;C:\windows;C:\windows\system32\wbem`
)

// If this fails, an installed Identity Agent is not found.
func TestWhereTheLibraryIsFound(t *testing.T) {
	entry := func(view int, name, value, text string) func(*rig) {
		return func(r *rig) {
			r.registry(view, uninstall, "DisplayName", name)
			r.registry(view, uninstall, value, text)
		}
	}
	cases := map[string]struct {
		folder string
		known  func(*rig)
	}{
		"list of 32-bit programs": {`C:\Apps\IA`, entry(32, "NHS Identity Agent", "InstallLocation", `C:\Apps\IA\`)},
		"list of 64-bit programs": {`C:\Apps\IA`, entry(64, "HSCIC IDENTITY AGENT 2.4", "InstallLocation", `"C:\Apps\IA"`)},
		"its icon in the list":    {`C:\Apps\IA`, entry(32, "NHS Identity Agent", "DisplayIcon", `C:\Apps\IA\IdentityAgent.exe,0`)},
		"its program's name": {`C:\Apps\IA`, func(r *rig) {
			r.registry(32, appPath, "", `"C:\Apps\IA\IdentityAgent.exe"`)
		}},
		"a usual folder of 32-bit programs": {`C:\Program Files (x86)\NHS Digital\Identity Agent`, nil},
		"a usual folder of 64-bit programs": {`C:\Program Files\HSCIC\Identity Agent`, nil},
		"the computer's PATH, among the programs": {`C:\Program Files (x86)\Somewhere\Else`, func(r *rig) {
			r.registry(64, environment, "PATH", path+`;C:\PROGRAM FILES (X86)\somewhere\else\`)
			r.t.Cleanup(r.restorePath)
		}},
		"the system's folder": {`C:\windows\syswow64`, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.install("ticketapi.dll", c.folder)
			if c.known != nil {
				c.known(r)
			}
			r.behaves("getTicketNoAuth ticket " + made)
			bridge := r.bridge()
			ticket, err := bridge.TicketNoAuth(t.Context())
			is(t, made, ticket, err)
			status, err := bridge.Status(t.Context())
			require.NoError(t, err)
			if c.folder != `C:\windows\syswow64` { // 32-bit processes see that folder under another name
				assert.EqualValues(t, r.lower(c.folder+`\`+dllName), r.lower(status.Path))
			}
		})
	}
}

// If this fails, an ordinary user's file or variable gets access to the smartcard.
func TestWhereTheLibraryIsNotTaken(t *testing.T) {
	entry := func(name, folder string) func(*rig) {
		return func(r *rig) {
			r.registry(32, uninstall, "DisplayName", name)
			r.registry(32, uninstall, "InstallLocation", folder)
		}
	}
	before := func(commands ...string) func(*rig) {
		return func(r *rig) { r.before = append(commands, `set > C:\environment.txt`, `cd >> C:\environment.txt`) }
	}
	cases := map[string]struct {
		folder string
		known  func(*rig)
		arrive []string // lines that show that what was set before the start has arrived
	}{
		"our own folder": {helperFolder, nil, nil},
		"the root":       {`C:\`, nil, nil},
		"the working directory": {
			`C:\users\root\IA`, before(`cd /d C:\users\root\IA`), []string{`C:\users\root\IA`},
		},
		"the user's PATH": {
			`C:\users\root\bin`, before(`set PATH=C:\users\root\bin;%PATH%`), []string{`PATH=C:\users\root\bin;`},
		},
		"a folder of programs that the user has set": {
			`C:\users\root\HSCIC\Identity Agent`,
			before(`set ProgramFiles=C:\users\root`, `set ProgramFiles(x86)=C:\users\root`, `set ProgramW6432=C:\users\root`),
			[]string{`ProgramFiles=C:\users\root`, `ProgramFiles(x86)=C:\users\root`, `ProgramW6432=C:\users\root`},
		},
		"the user's list of programs": {`C:\users\root\IA`, (*rig).userProgram, nil},
		"the computer's PATH, elsewhere": {`C:\Tools`, func(r *rig) {
			r.registry(64, environment, "PATH", path+`;C:\Tools`)
			r.t.Cleanup(r.restorePath)
		}, nil},
		"another computer": {`C:\share\IA`, entry("NHS Identity Agent", `\\localhost\share\IA`), nil},
		"a relative path":  {`C:\IA`, entry("NHS Identity Agent", `IA`), nil},
		"another program":  {`C:\Apps\Other`, entry("Some other agent", `C:\Apps\Other`), nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.install("ticketapi.dll", c.folder)
			if c.known != nil {
				c.known(r)
			}
			bridge := r.bridge()
			_, err := bridge.TicketNoAuth(t.Context())
			require.ErrorIs(t, err, smartcard.NotInstalled)
			assert.Equal(t, "CARD-NOT_INSTALLED", problem.Of(err).Code)
			status, err := bridge.Status(t.Context())
			require.NoError(t, err)
			assert.False(t, status.Installed)
			assert.Contains(t, status.Looked, `C:\windows\system32`)
			assert.NotContains(t, status.Looked, c.folder)
			assert.Empty(t, r.calls(), "it was not so much as loaded")
			if c.arrive != nil {
				environment, err := os.ReadFile(r.at(`C:\environment.txt`))
				require.NoError(t, err)
				for _, line := range c.arrive {
					assert.Contains(t, string(environment), line)
				}
			}
		})
	}
}

// If this fails, the service desk looks for a missing file though one is wrong, or a wrong one
// hides the right one.
func TestAWrongLibrary(t *testing.T) {
	cases := map[string]struct {
		wrong   func(*rig)
		problem string
		says    string
	}{
		"64-bit": {
			func(r *rig) { r.install("ticketapi-64.dll", agentFolder) },
			"CARD-DLL_BROKEN", "cannot be used",
		},
		"no library": {
			func(r *rig) { r.folder = agentFolder; r.put(agentFolder, dllName, []byte("not found: 404")) },
			"CARD-DLL_BROKEN", "cannot be used",
		},
		"cut": {
			func(r *rig) {
				r.folder = agentFolder
				whole, err := os.ReadFile(r.build + "/ticketapi.dll")
				require.NoError(r.t, err)
				r.put(agentFolder, dllName, whole[:4096])
			},
			"CARD-DLL_BROKEN", "cannot be used",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			c.wrong(r)
			_, err := r.bridge().TicketNoAuth(t.Context())
			assert.Equal(t, c.problem, problem.Of(err).Code)
			assert.ErrorIs(t, err, smartcard.LoadResFailed)
			assert.ErrorContains(t, err, c.says)
		})
		t.Run(name+", and a right one", func(t *testing.T) {
			r := newRig(t)
			c.wrong(r)
			r.install("ticketapi.dll", `C:\Program Files\Identity Agent`)
			r.behaves("getTicketNoAuth ticket " + made)
			ticket, err := r.bridge().TicketNoAuth(t.Context())
			is(t, made, ticket, err)
		})
	}
}

// If this fails, installing the Identity Agent while the window is open requires a restart of the
// program.
func TestAnIdentityAgentThatIsInstalledLater(t *testing.T) {
	r := newRig(t)
	bridge := r.bridge()
	_, err := bridge.TicketNoAuth(t.Context())
	require.ErrorIs(t, err, smartcard.NotInstalled)
	r.install("ticketapi.dll", agentFolder)
	r.behaves("getTicket ticket "+made, "getTicketNoAuth ticket "+made)
	ticket, err := bridge.Ticket(t.Context())
	is(t, made, ticket, err)
	eventually(t, func() bool {
		_, err := bridge.TicketNoAuth(t.Context())
		return err == nil
	})
}
