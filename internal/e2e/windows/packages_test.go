//go:build windowsrig && linux

package windows_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/testing/desktop"
)

// The packages that start and end processes, the one that has Windows sign, and the one that takes
// the browser's answer are tested under Wine: if this fails, helpers are left behind there, or not
// ended when the user cancels, a certificate cannot be used, or another user of the computer can
// share the port of a sign-in.
func TestPackagesOnWindows(t *testing.T) {
	// In Wine 8 os.RemoveAll, and so t.TempDir, cannot remove a folder as on Windows 10 ("Invalid
	// function"): only tests with such a folder are skipped. The command agent's test makes one
	// outside a subtest. Wine creates windows, even hidden ones, only with a display. A test program
	// is alone there, without testdata.
	screen, err := desktop.Start(t.Context(), 800, 600)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, screen.Close()) })
	for _, variable := range screen.Env() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	cases := map[string]struct{ program, without string }{
		"the agent": {"ticketapi.test.exe", "^$"},
		"the helper's supervisor": {
			"helper.test.exe",
			"^TestTheEndOfTheContextEndsTheProcess$/^with_time_to|^TestTheWrongProgramIsNotStarted$/^no_such_file$",
		},
		"the command agent":      {"command.test.exe", "^TestAProgramThatIsNotThere$"},
		"the certificate stores": {"certstore.test.exe", "^$"},
		// Wine 8 does not know whose a socket of IPv6 is.
		"the sign-in in the browser": {
			"cis2.test.exe", "^TestEveryDocumentedError$|^TestThePublishedUser$|^FuzzUserInfo$|^TestOwnConnections$/^tcp6$|" +
				`^TestBothLoopbackAddresses$/^\[::1\]$|^TestAnyPort$/^http:$/^$/^\[::1\]`,
		},
		"the one instance":               {"instance.test.exe", "^$"},
		"the watcher of the workstation": {"workstation.test.exe", "^$"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.copy(c.program, helperFolder, c.program)
			for tries := 1; ; tries++ {
				output, status := r.run(helperFolder+`\`+c.program, "-test.skip", c.without)
				// Wine's error for a process that it could not start in time, as on a busy
				// computer.
				if tries < 3 && status != 0 && strings.Contains(output, ": Internal error.") {
					t.Log("Wine could not start a process: once more")
					continue
				}
				require.Zero(t, status, output)
				break
			}
		})
	}
}
