//go:build windowsrig

package windows_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/smartcard/ticketapi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	// guard ends a hanging test.
	guard = 5 * time.Minute
	// agentFolder is where most tests install the stand-in: a possible folder of an Identity Agent.
	agentFolder = `C:\Program Files (x86)\HSCIC\Identity Agent`
	// helperFolder is our programs' folder.
	helperFolder = `C:\Program Files\e-RS Login`
	bridgeExe    = "ers-login-ticketbridge.exe"
	dllName      = "TicketApiDll.dll"
	// made is an invented ticket.
	made = "AQIC5wSmadeUpForTests000000000000000000000000000=@AAJTSQACMDE=#"
)

// native reports whether the tests run on Windows itself.
const native = runtime.GOOS == "windows"

// rig is a computer with Windows: simulated by Wine, or the one that the tests run on.
type rig struct {
	t *testing.T
	// root is the folder of Wine's Debian, build that of the programs under test.
	root, build string
	// folder is where the stand-in was last installed.
	folder string
	// before are cmd.exe commands that run before the bridge.
	before []string
}

// newRig returns the rig with the ticket bridge installed, and no Identity Agent.
func newRig(t *testing.T) *rig {
	t.Helper()
	r := bareRig(t)
	r.copy(bridgeExe, helperFolder, bridgeExe)
	return r
}

// bareRig returns the rig without our programs.
func bareRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, root: os.Getenv("ERS_LOGIN_WINE_ROOT"), build: os.Getenv("ERS_LOGIN_WINDOWS_BUILD")}
	require.True(t, native || r.root != "", "these tests are run by .ci/windows-rig test")
	return r
}

// at returns a Windows path as the tests reach it: under Wine, by its Linux path.
func (r *rig) at(path string) string {
	r.t.Helper()
	if native {
		return path
	}
	rest, ok := strings.CutPrefix(path, `C:\`)
	require.True(r.t, ok, path)
	return filepath.Join(r.root, "prefix", "drive_c", strings.ReplaceAll(rest, `\`, "/"))
}

// copy puts a built file into a folder, until the end of the test.
func (r *rig) copy(built, folder, name string) {
	r.t.Helper()
	content, err := os.ReadFile(filepath.Join(r.build, built))
	require.NoError(r.t, err)
	r.put(folder, name, content)
}

func (r *rig) put(folder, name string, content []byte) {
	r.t.Helper()
	require.NoError(r.t, os.MkdirAll(r.at(folder), 0o755))
	file := r.at(folder + `\` + name)
	require.NoError(r.t, os.WriteFile(file+".new", content, 0o755))
	require.NoError(r.t, os.Rename(file+".new", file))
	r.t.Cleanup(func() { _ = os.Remove(file) })
}

// install puts a stand-in for the Identity Agent's library into a folder, without a ticket.
func (r *rig) install(built, folder string) {
	r.t.Helper()
	r.folder = folder
	r.put(folder, "standin.log", nil)
	r.behaves()
	r.copy(built, folder, dllName)
}

// behaves sets the stand-in's behaviour from now on: see testdata/ticketapi.c.
func (r *rig) behaves(lines ...string) {
	r.t.Helper()
	r.put(r.folder, "standin.txt", []byte(strings.Join(lines, "\n")+"\n"))
}

// called is a line of the stand-in's log.
type called struct {
	name            string
	process, thread int
	handle          int32
	size            int
}

// calls returns the calls of the stand-in.
func (r *rig) calls() (made []called) {
	r.t.Helper()
	log, err := os.ReadFile(r.at(r.folder + `\standin.log`))
	require.NoError(r.t, err)
	for line := range strings.Lines(string(log)) {
		var c called
		_, err := fmt.Sscanf(line, "%s process %d thread %d handle %d size %d", &c.name, &c.process, &c.thread, &c.handle, &c.size)
		if err != nil {
			continue // still being written
		}
		made = append(made, c)
	}
	return made
}

// names returns the names of calls.
func names(calls []called) (made []string) {
	for _, c := range calls {
		made = append(made, c.name)
	}
	return made
}

// has returns how often a function was called.
func (r *rig) has(name string) (times int) {
	for _, c := range r.calls() {
		if c.name == name {
			times++
		}
	}
	return times
}

// command returns the command line that runs a Windows program.
func (r *rig) command(program string, args ...string) []string {
	r.t.Helper()
	if native {
		return append([]string{program}, args...)
	}
	chroot, err := exec.LookPath("chroot")
	require.NoError(r.t, err)
	return append([]string{chroot, r.root, "in-wine", program}, args...)
}

// process returns a process that is killed if it has not ended within guard, whatever a test waits
// for.
func (r *rig) process(line ...string) *exec.Cmd {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), guard) // the end of a test starts some too
	r.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	// Wine's console host of a helper killed during its start may stay, and holds the output open.
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// stdout returns what a process writes within guard: another one left behind may hold it open.
func (r *rig) stdout(cmd *exec.Cmd) io.Reader {
	r.t.Helper()
	stdout, err := cmd.StdoutPipe()
	require.NoError(r.t, err)
	file, ok := stdout.(*os.File)
	require.True(r.t, ok)
	require.NoError(r.t, file.SetReadDeadline(time.Now().Add(guard)))
	return file
}

// run runs a program to its end, and returns its output and exit status.
func (r *rig) run(program string, args ...string) (string, int) {
	r.t.Helper()
	var output bytes.Buffer
	cmd := r.process(r.command(program, args...)...)
	cmd.Stdout, cmd.Stderr = &output, &output
	var exited *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &exited) && !errors.Is(err, exec.ErrWaitDelay) {
		require.NoError(r.t, err)
	}
	return strings.ReplaceAll(output.String(), "\r\n", "\n"), cmd.ProcessState.ExitCode()
}

// registry sets a string in the computer's registry, until the end of the test. view is 32 or 64.
func (r *rig) registry(view int, key, name, text string) {
	r.t.Helper()
	which := []string{"/v", name}
	if name == "" {
		which = []string{"/ve"}
	}
	bits := fmt.Sprintf("/reg:%d", view)
	output, status := r.run("reg", append([]string{"add", key, "/t", "REG_SZ", "/d", text, "/f", bits}, which...)...)
	require.Zero(r.t, status, output)
	r.t.Cleanup(func() {
		output, status := r.run("reg", append([]string{"delete", key, "/f", bits}, which...)...)
		require.Zero(r.t, status, output)
	})
}

// settings returns the settings of a bridge on that computer.
func (r *rig) settings() ticketapi.Settings {
	r.t.Helper()
	command := r.command(helperFolder + `\` + bridgeExe)
	if len(r.before) > 0 {
		lines := append([]string{"@echo off"}, r.before...)
		lines = append(lines, `"`+helperFolder+`\`+bridgeExe+`" %*`)
		r.put(helperFolder, "bridge.bat", []byte(strings.Join(lines, "\r\n")+"\r\n"))
		command = r.command("cmd", "/c", helperFolder+`\bridge.bat`)
	}
	return ticketapi.Settings{
		Command: command,
		Log:     func(line string) { r.t.Log("stderr: " + line) },
	}
}

// bridge returns a bridge, closed at the end of the test.
func (r *rig) bridge() *ticketapi.Bridge {
	r.t.Helper()
	return r.bridgeWith(r.settings())
}

func (r *rig) bridgeWith(settings ticketapi.Settings) *ticketapi.Bridge {
	r.t.Helper()
	bridge := ticketapi.New(settings)
	r.t.Cleanup(func() { require.NoError(r.t, bridge.Close()) })
	return bridge
}

// eventually waits until a condition holds.
func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(guard); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("this never came true")
		}
	}
}

// lower returns a path in the case in which Windows compares it.
func (r *rig) lower(path string) string { return strings.ToLower(path) }

// restorePath restores the computer's PATH.
func (r *rig) restorePath() {
	r.t.Helper()
	output, status := r.run("reg", "add", environment, "/v", "PATH", "/t", "REG_EXPAND_SZ", "/d", path, "/f", "/reg:64")
	require.Zero(r.t, status, output)
}

// userProgram adds an entry to the list of programs installed for the user alone.
func (r *rig) userProgram() {
	r.t.Helper()
	key := strings.Replace(uninstall, "HKLM", "HKCU", 1)
	r.registry(64, key, "DisplayName", "NHS Identity Agent")
	r.registry(64, key, "InstallLocation", `C:\users\root\IA`)
}
