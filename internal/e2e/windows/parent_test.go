//go:build windowsrig

package windows_test

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// parent is a 64-bit Windows program with a bridge.
type parent struct {
	*exec.Cmd
	t     *testing.T
	stdin io.WriteCloser
	lines *bufio.Scanner
}

func (r *rig) parent() *parent {
	r.t.Helper()
	r.copy("parent.exe", helperFolder, "parent.exe")
	p := &parent{Cmd: r.process(r.command(helperFolder+`\parent.exe`, helperFolder+`\`+bridgeExe)...), t: r.t}
	var err error
	p.stdin, err = p.StdinPipe()
	require.NoError(r.t, err)
	p.lines = bufio.NewScanner(r.stdout(p.Cmd))
	require.NoError(r.t, p.Start())
	return p
}

func (p *parent) says(line string) {
	p.t.Helper()
	_, err := fmt.Fprintln(p.stdin, line)
	require.NoError(p.t, err)
}

func (p *parent) answers(want string) {
	p.t.Helper()
	require.True(p.t, p.lines.Scan())
	assert.Equal(p.t, want, strings.TrimSpace(p.lines.Text()))
}

// bridges counts the bridge processes.
func bridges(t *testing.T) (count int) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, file := range lines {
		line, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		// The parent process has the name as its argument.
		if program, _, _ := strings.Cut(string(line), "\x00"); strings.HasSuffix(program, bridgeExe) {
			count++
		}
	}
	return count
}

// If this fails, the 64-bit program and its 32-bit helper do not work together on Windows.
func TestA64BitProgramWithA32BitBridge(t *testing.T) {
	r := newRig(t)
	r.install("ticketapi.dll", agentFolder)
	r.behaves("getTicketNoAuth ticket "+made, "getTicket ticket "+made)
	p := r.parent()
	p.says("status")
	p.answers("installed " + agentFolder + `\` + dllName)
	want := fmt.Sprintf("ticket %x", sha256.Sum256([]byte(made)))
	p.says("noauth")
	p.answers(want)
	p.says("ask")
	p.answers(want)
	r.behaves("getTicketNoAuth error 80200004", "getTicket crash")
	p.says("noauth")
	p.answers("CARD-PIN_BLOCKED")
	p.says("ask")
	p.answers("CARD-BRIDGE_FAILED")
	require.NoError(t, p.stdin.Close())
	require.NoError(t, p.Wait())
	eventually(t, func() bool { return bridges(t) == 0 })
}

// If this fails, a killed program leaves bridges behind, one of them in the middle of a call.
func TestNothingIsLeftOfAProgramThatIsKilled(t *testing.T) {
	r := newRig(t)
	r.install("ticketapi.dll", agentFolder)
	r.behaves("getTicket hang", "getTicketNoAuth ticket "+made)
	p := r.parent()
	p.says("noauth")
	p.answers(fmt.Sprintf("ticket %x", sha256.Sum256([]byte(made))))
	p.says("ask")
	eventually(t, func() bool { return r.has("getTicket") > 0 })
	require.Equal(t, 2, bridges(t))

	began := time.Now()
	require.NoError(t, p.Process.Kill())
	require.Error(t, p.Wait())
	eventually(t, func() bool { return bridges(t) == 0 })
	t.Logf("measured: %v from the end of the program to the end of its bridges", time.Since(began).Round(time.Millisecond))
}
