//go:build linux

package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/internal/testing/stage"
)

// idleFor is how long an untouched window is watched: long enough for many of the events that come
// every few seconds, and for the one of each minute. settlesIn is how long what happens once after a
// start takes: undelivered events of the workstation are looked for after half a minute.
const (
	idleFor   = time.Minute
	settlesIn = 35 * time.Second
)

// BenchmarkIdle measures the all-day cost on a workstation: memory and processor time of an
// untouched window while signed in, against a window with a single label. Processor time is that
// of the same minute, since a minute's differs by more from the next one's than the two windows'
// do; memory is that of each alone, since they share libraries. The ratios count; docs/testing.md
// has the budgets. Helper processes are counted, except in window-cpu-ratio.
func BenchmarkIdle(b *testing.B) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	set, err := stage.Set(ctx, b.TempDir(), keyringtest.Options{})
	require.NoError(b, err)
	defer func() { require.NoError(b, set.Close()) }()
	label := oneLabel(ctx, b)
	ours, theirs := &idled{}, &idled{}
	b.ResetTimer()
	for b.Loop() {
		beside, err := set.Run(ctx, label)
		require.NoError(b, err)
		require.NoError(b, set.Desktop.WaitWindow(ctx, "One label"))
		rest(ctx, b, settlesIn+idleFor)
		theirs.weigh(b, beside)

		running, err := set.Run(ctx, programs.login, "demo")
		require.NoError(b, err)
		require.NoError(b, running.WaitScreen(ctx, "waiting"))
		require.NoError(b, set.Desktop.WaitWindow(ctx, stage.Title))
		for _, step := range []struct{ key, leadsTo string }{{"Return", "choosing"}, {"5", "signed-in"}} {
			require.NoError(b, set.Desktop.Press(ctx, step.key))
			require.NoError(b, running.WaitScreen(ctx, step.leadsTo))
		}
		rest(ctx, b, settlesIn)
		began := [...]used{usedBy(b, beside.PID()), usedBy(b, running.PID())}
		rest(ctx, b, idleFor)
		theirs.count(began[0], usedBy(b, beside.PID()))
		ours.count(began[1], usedBy(b, running.PID()))
		require.NoError(b, beside.Kill())
		ours.weigh(b, running)
		require.NoError(b, running.Kill())
	}
	b.ReportMetric(float64(ours.memory+ours.helpers)/float64(theirs.memory), "memory-ratio")
	b.ReportMetric(float64(ours.time.all)/float64(theirs.time.all), "cpu-ratio")
	b.ReportMetric(float64(ours.time.own)/float64(theirs.time.own), "window-cpu-ratio")
	b.ReportMetric(float64(ours.helpers)/float64(b.N)/1024, "helpers-MB")
	b.ReportMetric(float64(theirs.memory)/float64(b.N)/1024, "label-MB")
	b.ReportMetric(100*(time.Duration(theirs.time.all)*tick).Seconds()/(float64(b.N)*idleFor.Seconds()), "label-cpu-%")
}

// idled is the sum of the measurements; memory is in KiB.
type idled struct {
	memory, helpers int
	time            used
}

// weigh adds the memory of a window that has been there for the same time as the other.
func (i *idled) weigh(b *testing.B, running *stage.Program) {
	b.Helper()
	own, helpers := memory(b, running.PID())
	i.memory, i.helpers = i.memory+own, i.helpers+helpers
}

// count adds the processor time between two readings.
func (i *idled) count(before, after used) {
	i.time.own, i.time.all = i.time.own+after.own-before.own, i.time.all+after.all-before.all
}

// tick is the unit of times in /proc (USER_HZ), the same on every Linux that Go supports.
const tick = 10 * time.Millisecond

// used is the processor time of a process alone, and with all its descendants, in ticks.
type used struct{ own, all int }

// usedBy reads it from /proc/PID/stat. Ended processes are counted by their parent.
func usedBy(b *testing.B, pid int) used {
	b.Helper()
	folder := filepath.Join("/proc", strconv.Itoa(pid))
	stat, err := os.ReadFile(filepath.Join(folder, "stat"))
	require.NoError(b, err)
	// The name in brackets may contain anything. Field 3 follows it.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	field := func(number int) int {
		value, err := strconv.Atoi(fields[number-3])
		require.NoError(b, err)
		return value
	}
	const utime, stime, cutime, cstime = 14, 15, 16, 17
	found := used{own: field(utime) + field(stime)}
	found.all = found.own + field(cutime) + field(cstime)
	for _, child := range children(b, pid) {
		found.all += usedBy(b, child).all
	}
	return found
}
