//go:build linux

package e2e_test

import (
	"context"
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
// run: the time from the start of the process to a visible window, and the process's memory (VmRSS)
// once it has settled. The ratios count; docs/testing.md has the budgets. Helper processes are
// counted separately.
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
		rest(ctx, b)
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
	b.ReportMetric(float64(ours.own)/float64(theirs.own), "memory-ratio")
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

// rest waits until all activity of the start is over.
func rest(ctx context.Context, b *testing.B) {
	b.Helper()
	select {
	case <-ctx.Done():
		require.NoError(b, ctx.Err())
	case <-time.After(3 * time.Second):
	}
}

// memory returns the memory of a process, and that of its children together.
func memory(b *testing.B, pid int) (own, children int) {
	b.Helper()
	tasks, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task", "*", "children"))
	require.NoError(b, err)
	for _, task := range tasks {
		list, err := os.ReadFile(task)
		require.NoError(b, err)
		for child := range strings.FieldsSeq(string(list)) {
			children += resident(b, child)
		}
	}
	return resident(b, strconv.Itoa(pid)), children
}

func resident(b *testing.B, pid string) int {
	b.Helper()
	status, err := os.ReadFile(filepath.Join("/proc", pid, "status"))
	require.NoError(b, err)
	_, rest, found := strings.Cut(string(status), "VmRSS:")
	require.True(b, found)
	size, err := strconv.Atoi(strings.Fields(rest)[0])
	require.NoError(b, err)
	return size
}
