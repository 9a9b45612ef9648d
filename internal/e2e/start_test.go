//go:build linux

package e2e_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/internal/testing/stage"
)

// BenchmarkStart measures our window against one with a single label, one after the other in one
// run: the time from the start of the process to a visible window, and the memory of all processes
// once they have settled. The ratios count; docs/testing.md has the budgets.
func BenchmarkStart(b *testing.B) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	set, err := stage.Set(ctx, b.TempDir(), keyringtest.Options{})
	require.NoError(b, err)
	defer func() { require.NoError(b, set.Close()) }()
	label := oneLabel(ctx, b)
	ours, theirs := &measured{}, &measured{}
	run := func(m *measured, title, program string, arguments ...string) {
		started := time.Now()
		running, err := set.Run(ctx, program, arguments...)
		require.NoError(b, err)
		require.NoError(b, set.Desktop.AwaitVisible(ctx, title))
		m.visible = append(m.visible, time.Since(started))
		rest(ctx, b, 3*time.Second) // all activity of the start is over
		own, helpers := memory(b, running.PID())
		m.own, m.helpers = m.own+own, m.helpers+helpers
		require.NoError(b, running.Kill())
	}
	// One run of each before measuring: files are read for the first time, and the probe of OpenGL
	// is recorded.
	run(&measured{}, "One label", label)
	run(&measured{}, "e-RS Login (demonstration)", programs.login, "demo")
	b.ResetTimer()
	for b.Loop() {
		run(theirs, "One label", label)
		run(ours, "e-RS Login (demonstration)", programs.login, "demo")
	}
	b.ReportMetric(median(ours.visible)/median(theirs.visible), "visible-ratio")
	b.ReportMetric(float64(ours.own+ours.helpers)/float64(theirs.own), "memory-ratio")
	b.ReportMetric(float64(ours.helpers)/float64(b.N)/1024, "helpers-MB")
	b.ReportMetric(median(theirs.visible)*1000, "label-ms")
	b.ReportMetric(float64(theirs.own)/float64(b.N)/1024, "label-MB")
}

// oneLabel builds the reference window.
func oneLabel(ctx context.Context, b *testing.B) (path string) {
	b.Helper()
	path = filepath.Join(b.TempDir(), "onelabel")
	output, err := exec.CommandContext(ctx, "go", "build", "-o", path, "./onelabel").CombinedOutput()
	require.NoError(b, err, "%s", output)
	return path
}

// measured holds the measurements, memory as a sum in KiB.
type measured struct {
	visible      []time.Duration
	own, helpers int
}

// median returns the median time in seconds: another program that is briefly busy must not count as
// ours.
func median(times []time.Duration) float64 {
	sorted := slices.Sorted(slices.Values(times))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]).Seconds() / 2
}

// rest lets a window be for a time.
func rest(ctx context.Context, b *testing.B, d time.Duration) {
	b.Helper()
	select {
	case <-ctx.Done():
		require.NoError(b, ctx.Err())
	case <-time.After(d):
	}
}

// memory returns the memory of a process and of its descendants, in KiB. It is their share (Pss):
// what several processes have in common, such as the file of the program, is counted once.
func memory(b *testing.B, pid int) (own, helpers int) {
	b.Helper()
	own = share(b, pid)
	for _, child := range children(b, pid) {
		its, more := memory(b, child)
		helpers += its + more
	}
	return own, helpers
}

func share(b *testing.B, pid int) int {
	b.Helper()
	summary, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "smaps_rollup"))
	require.NoError(b, err)
	_, rest, found := strings.Cut(string(summary), "\nPss:")
	require.True(b, found)
	size, err := strconv.Atoi(strings.Fields(rest)[0])
	require.NoError(b, err)
	return size
}

// children returns the processes that a process has started and that have not ended.
func children(b *testing.B, pid int) (found []int) {
	b.Helper()
	tasks, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task", "*", "children"))
	require.NoError(b, err)
	for _, task := range tasks {
		list, err := os.ReadFile(task)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a thread that has ended meanwhile
		}
		require.NoError(b, err)
		for child := range strings.FieldsSeq(string(list)) {
			number, err := strconv.Atoi(child)
			require.NoError(b, err)
			found = append(found, number)
		}
	}
	return found
}
