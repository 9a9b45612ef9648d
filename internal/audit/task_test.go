package audit_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/audit"
	"github.com/ers-login/ers-login/internal/problem"
)

// With these variables this test program is another process that does something to a log.
const (
	taskVariable   = "ERS_LOGIN_TEST_AUDIT_TASK"
	folderVariable = "ERS_LOGIN_TEST_AUDIT_FOLDER"
)

// atATime is how many records each of several processes writes.
const atATime = 25

// runTask runs a test's task in another process, and returns its exit status.
func runTask(task, folder string) int {
	log, err := audit.Open(audit.Settings{Dir: folder, Version: task})
	if err != nil {
		fmt.Println(problem.Of(err).Code)
		return 1
	}
	switch task {
	case "full":
		err = fillUp(log, folder)
	case "one":
		err = log.Append(context.Background(), event())
	default:
		// The others are to begin at the same time.
		fmt.Println("open")
		if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
			return 1
		}
		for range atATime {
			err = log.Append(context.Background(), event())
			if err != nil {
				break
			}
		}
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	if err := log.Close(); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

func command(t *testing.T, task, folder string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), taskVariable+"="+task, folderVariable+"="+folder)
	cmd.Stderr = os.Stderr
	return cmd
}

// If this fails, a sign-out in another process makes two records with one number, or a line that is half of each.
func TestLAL001NumbersGrowAcrossProcesses(t *testing.T) {
	folder := settings(t).Dir
	const processes = 3
	var starts []func() error
	var all []*exec.Cmd
	for i := range processes {
		cmd := command(t, fmt.Sprint("process-", i), folder)
		input, err := cmd.StdinPipe()
		require.NoError(t, err)
		output, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		said, err := bufio.NewReader(output).ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "open", strings.TrimSpace(said))
		starts = append(starts, func() error { _, err := fmt.Fprintln(input, "go"); return err })
		all = append(all, cmd)
	}
	for _, start := range starts {
		require.NoError(t, start())
	}
	for _, cmd := range all {
		require.NoError(t, cmd.Wait())
	}
	require.Equal(t, upTo(processes*atATime), numbers(t, folder))
	found, _ := records(t, folder)
	wrote := map[string]int{}
	for _, record := range found {
		wrote[record.Version]++
	}
	require.Equal(t, map[string]int{"process-0": atATime, "process-1": atATime, "process-2": atATime}, wrote)
}
