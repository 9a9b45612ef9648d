package audit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/audit"
	"github.com/ers-login/ers-login/internal/problem"
)

// If this fails, two records share a number, and a missing one cannot be noticed.
func TestLAL001NumbersGrow(t *testing.T) {
	const day = 24 * time.Hour
	tests := map[string]struct {
		between func(t *testing.T, folder string, now *clock)
		files   int
	}{
		"after a restart":              {func(*testing.T, string, *clock) {}, 1},
		"on another day":               {func(_ *testing.T, _ string, now *clock) { now.set(noon.Add(day)) }, 2},
		"after the clock was set back": {func(_ *testing.T, _ string, now *clock) { now.set(noon.Add(-40 * day)) }, 2},
		"when the file is large": {func(t *testing.T, folder string, _ *clock) {
			grow(t, files(t, folder)[0], audit.MaxSegment)
		}, 2},
		"after all files were moved away": {func(t *testing.T, folder string, _ *clock) {
			for _, file := range files(t, folder) {
				require.NoError(t, os.Rename(file, filepath.Join(t.TempDir(), filepath.Base(file))))
			}
		}, 1},
		"after the lock's file was removed": {func(t *testing.T, folder string, _ *clock) {
			require.NoError(t, os.Remove(filepath.Join(folder, "audit.lock")))
		}, 1},
		"after the number's file was removed": {func(t *testing.T, folder string, _ *clock) {
			require.NoError(t, os.Remove(filepath.Join(folder, "audit.number")))
		}, 1},
		"with nonsense in the lock's file": {func(t *testing.T, folder string, _ *clock) {
			require.NoError(t, os.WriteFile(filepath.Join(folder, "audit.lock"), []byte("9999999999999999\nnonsense"), 0o600))
		}, 1},
		"with nonsense in the number's file": {func(t *testing.T, folder string, _ *clock) {
			require.NoError(t, os.WriteFile(filepath.Join(folder, "audit.number"), []byte("9999999999999999\nnonsense"), 0o600))
		}, 1},
		"with foreign files": {func(t *testing.T, folder string, _ *clock) {
			for _, name := range []string{"audit-2026-99-99-000000000077.jsonl", "audit-2026-11-21-77.jsonl", "audit-2026-11-21-0000000000000000.jsonl"} {
				require.NoError(t, os.WriteFile(filepath.Join(folder, "x"+name), []byte(`{"id":77}`+"\n"), 0o600))
			}
			require.NoError(t, os.Mkdir(filepath.Join(folder, "folder"), 0o700))
		}, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			now := &clock{now: noon}
			s := settings(t)
			s.Now = now.Now
			log, err := audit.Open(s)
			require.NoError(t, err)
			appendTo(t, log, 2)
			require.NoError(t, log.Close())
			before, _ := records(t, s.Dir)

			test.between(t, s.Dir, now)
			log, err = audit.Open(s)
			require.NoError(t, err)
			appendTo(t, log, 2)
			require.NoError(t, log.Close())
			after, _ := records(t, s.Dir)
			assert.Equal(t, int64(1), before[0].ID)
			assert.Equal(t, int64(2), before[1].ID)
			require.GreaterOrEqual(t, len(after), 2)
			assert.Equal(t, int64(3), after[len(after)-2].ID)
			assert.Equal(t, int64(4), after[len(after)-1].ID)
			assert.Len(t, files(t, s.Dir), test.files)
		})
	}
}

// grow makes a file that long with copies of its last record, as a busy day would.
func grow(t *testing.T, path string, size int) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	whole := strings.SplitAfter(string(text), "\n")
	last := whole[len(whole)-2]
	text = append(text, strings.Repeat(last, size/len(last)+1)...)
	require.NoError(t, os.WriteFile(path, text, 0o600))
}

// Other users of the computer must not read who works with which patient system when.
func TestLAL001TheFilesAreTheUsersOwn(t *testing.T) {
	if runtime.GOOS == "windows" {
		// There the profile's folder is what keeps others out.
		return
	}
	s := settings(t)
	require.NoError(t, os.MkdirAll(s.Dir, 0o755))
	log := open(t, s)
	appendTo(t, log, 1)
	info, err := os.Stat(s.Dir)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	entries, err := os.ReadDir(s.Dir)
	require.NoError(t, err)
	assert.Len(t, entries, 3, "the records, the lock and the last number")
	for _, entry := range entries {
		info, err := entry.Info()
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), entry.Name())
	}
}

// If this fails, a power cut costs a record, the one beside it, or the numbers of both.
func TestLAL001DamagedFiles(t *testing.T) {
	tests := map[string]struct {
		// damage is done to a text of three records.
		damage func(text string) string
		// next is the number of the next record, and damaged how many lines are no records.
		next    int64
		damaged int
	}{
		"a torn line":                    {func(text string) string { return text + `{"id":4,"eventType":"PO` }, 5, 1},
		"a torn number":                  {func(text string) string { return text + `{"id":4` }, 5, 1},
		"a whole line without its end":   {func(text string) string { return strings.TrimSuffix(text, "\n") }, 4, 0},
		"zeros behind":                   {func(text string) string { return text + strings.Repeat("\x00", 401) }, 7, 1},
		"lines of something else":        {func(text string) string { return text + "one\ntwo\n" }, 5, 2},
		"an empty line":                  {func(text string) string { return text + "\n" }, 5, 1},
		"numbers that are none":          {func(text string) string { return text + `{"id":-7}` + "\n" + `{"id":9007199254740992}` + "\n" }, 5, 2},
		"zeros all through":              {func(string) string { return strings.Repeat("\x00", 1000) }, 6, 1},
		"zeros longer than is looked at": {func(text string) string { return text + strings.Repeat("\x00", audit.Tail) }, 0, 1},
		"something else":                 {func(string) string { return "this is no audit log" }, 4, 1},
		"nothing":                        {func(string) string { return "" }, 4, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settings(t)
			log, err := audit.Open(s)
			require.NoError(t, err)
			appendTo(t, log, 3)
			require.NoError(t, log.Close())
			path := files(t, s.Dir)[0]
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			damaged := test.damage(string(text))
			require.NoError(t, os.WriteFile(path, []byte(damaged), 0o600))

			log = open(t, s)
			appendTo(t, log, 2)
			kept, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.True(t, strings.HasPrefix(string(kept), damaged), "what was written is never changed")
			found, lines := records(t, s.Dir)
			assert.Len(t, lines, test.damaged)
			require.GreaterOrEqual(t, len(found), 2)
			last := found[len(found)-2:]
			assert.Greater(t, last[0].ID, int64(3))
			if test.next != 0 {
				assert.Equal(t, test.next, last[0].ID)
			}
			assert.Equal(t, last[0].ID+1, last[1].ID)
		})
	}
}

// A file that is no file must not end the recording.
func TestLAL001SomethingElseInTheFilesPlace(t *testing.T) {
	for name, put := range map[string]func(string) error{
		"a folder":        func(path string) error { return os.Mkdir(path, 0o700) },
		"a dangling link": func(path string) error { return os.Symlink(path+"-nowhere", path) },
	} {
		t.Run(name, func(t *testing.T) {
			s := settings(t)
			now := &clock{now: noon}
			s.Now = now.Now
			require.NoError(t, os.MkdirAll(s.Dir, 0o700))
			path := filepath.Join(s.Dir, "audit-2026-11-21-000000000007.jsonl")
			require.NoError(t, put(path))
			log := open(t, s)
			appendTo(t, log, 1)
			text, err := os.ReadFile(filepath.Join(s.Dir, "audit-2026-11-21-000000000008.jsonl"))
			require.NoError(t, err)
			assert.Contains(t, string(text), `{"id":8,`)
			assert.NoFileExists(t, path+"-nowhere")
		})
	}
}

// Records that go too early are a breach of the rule, and records that never go are one of the users' privacy.
func TestLAL001RecordsAreKeptForThreeMonths(t *testing.T) {
	const day = 24 * time.Hour
	start := time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		keep time.Duration
		// days are those on which the program is used, counted from start.
		days []int
		// left are those whose records are left.
		left []int
	}{
		"used every day":             {0, []int{0, 1, 2, 91, 92, 93, 94}, []int{1, 2, 91, 92, 93, 94}},
		"less than three months":     {time.Hour, []int{0, 91, 92, 93}, []int{0, 91, 92, 93}},
		"longer than three months":   {200 * day, []int{0, 100, 200, 201, 202}, []int{100, 200, 201, 202}},
		"not used for a year":        {0, []int{0, 1, 365}, []int{0, 1, 365}},
		"used again after a year":    {0, []int{0, 1, 365, 366}, []int{365, 366}},
		"a clock that ran ahead":     {0, []int{0, 1, 4000, 2, 3}, []int{0, 1, 4000, 2, 3}},
		"a clock that was behind":    {0, []int{90, -9000, 91, 92}, []int{90, -9000, 91, 92}},
		"the behind one, much later": {0, []int{90, -9000, 91, 92, 93, 94, 183, 184, 185}, []int{92, 93, 94, 183, 184, 185}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			now := &clock{}
			s := settings(t)
			s.Now, s.Keep = now.Now, test.keep
			for _, used := range test.days {
				now.set(start.Add(time.Duration(used) * day))
				log, err := audit.Open(s)
				require.NoError(t, err)
				e := event()
				e.Began = now.Now()
				require.NoError(t, log.Append(t.Context(), e))
				require.NoError(t, log.Close())
			}
			var left []int
			found, damaged := records(t, s.Dir)
			assert.Empty(t, damaged)
			for _, record := range found {
				left = append(left, int(begun(t, record).Sub(start)/day))
			}
			assert.Equal(t, test.left, left)
			assert.Equal(t, int64(len(test.days)), found[len(found)-1].ID)
		})
	}
}

// A number that is not believed keeps a file from none of that, and leaves no empty files behind.
func TestLAL001FilesWhoseNumbersAreNotBelieved(t *testing.T) {
	s := settings(t)
	s.Now = (&clock{now: noon}).Now
	require.NoError(t, os.MkdirAll(s.Dir, 0o700))
	for name, text := range map[string]string{
		"audit-2026-01-01-9007199254740991.jsonl": `{"id":99}` + "\n", "audit-2026-11-20-9007199254740990.jsonl": `{"id":99}` + "\n",
		"audit-2026-11-20-000000000100.jsonl": `{"id":100}` + "\n", "audit-2026-11-19-000000000050.jsonl": `{"id":50}` + "\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(s.Dir, name), []byte(text), 0o600))
	}
	log := open(t, s)
	appendTo(t, log, 1)
	var left []string
	for _, file := range files(t, s.Dir) {
		left = append(left, filepath.Base(file))
	}
	assert.ElementsMatch(t, []string{
		"audit-2026-11-19-000000000050.jsonl", "audit-2026-11-20-000000000100.jsonl", "audit-2026-11-20-9007199254740990.jsonl",
		"audit-2026-11-21-000000000101.jsonl",
	}, left)

	number := fmt.Appendf(nil, "%016d\n", audit.Highest)
	require.NoError(t, os.WriteFile(filepath.Join(s.Dir, "audit.number"), number, 0o600))
	require.NoError(t, os.Remove(filepath.Join(s.Dir, "audit-2026-11-21-000000000101.jsonl")))
	for range 3 {
		require.NoError(t, log.Ready(t.Context()))
	}
	assert.Len(t, files(t, s.Dir), 3)
}

// If this fails, records are lost while a folder cannot be written to, or the user gets no warning,
// or many.
func TestLAL001WhatCannotBeWrittenIsWrittenLater(t *testing.T) {
	heard := make(troubles, 10)
	s := settings(t).TryingEvery(10 * time.Millisecond)
	s.Trouble = heard.receive
	require.NoError(t, os.WriteFile(filepath.Dir(s.Dir), nil, 0o600), "a file in the place of the folder above stops root too")
	log, err := audit.Open(s)
	require.ErrorIs(t, err, audit.Unwritable)
	require.Equal(t, "AUDIT-UNWRITABLE", heard.next(t))
	unwritten := problem.Of(err)
	assert.Contains(t, unwritten.Expand(unwritten.Happened), s.Dir)
	for range 3 {
		require.ErrorIs(t, log.Append(t.Context(), event()), audit.Unwritable)
	}
	require.ErrorIs(t, log.Trouble(), audit.Unwritable)

	require.NoError(t, os.Remove(filepath.Dir(s.Dir)))
	require.Empty(t, heard.next(t), "it is tried again by itself")
	assert.Nil(t, log.Trouble())
	assert.Equal(t, upTo(3), numbers(t, s.Dir))
	appendTo(t, log, 1)
	assert.Equal(t, upTo(4), numbers(t, s.Dir))
	require.NoError(t, log.Close())
	assert.Empty(t, heard, "once per change")
}

// Memory is bounded, and the log shows that something is missing, and where.
func TestLAL001TooManyRecordsWait(t *testing.T) {
	s := settings(t).TryingEvery(time.Hour)
	logger := logrus.New()
	logger.SetOutput(io.Discard)
	s.Log = logger
	above := filepath.Dir(s.Dir)
	require.NoError(t, os.WriteFile(above, nil, 0o600))
	log, err := audit.Open(s)
	require.ErrorIs(t, err, audit.Unwritable)
	logger.SetOutput(slow(func() {
		free := make(chan bool, 1)
		go func() { free <- log.Trouble() != nil }()
		select {
		case <-free:
		case <-time.After(time.Minute):
			t.Error("while the program's log is written, the audit log stands still")
		}
	}))
	for range audit.MaxPending + 3 {
		require.ErrorIs(t, log.Append(t.Context(), event()), audit.Unwritable)
	}
	require.NoError(t, os.Remove(above))
	require.NoError(t, log.Ready(t.Context()))
	appendTo(t, log, 2)
	found, _ := records(t, s.Dir)
	require.Equal(t, upTo(audit.MaxPending+2), numbers(t, s.Dir))
	assert.Zero(t, found[audit.MaxPending-1].LostBefore)
	assert.Equal(t, 3, found[audit.MaxPending].LostBefore)
	assert.Zero(t, found[audit.MaxPending+1].LostBefore)
	require.NoError(t, log.Close())
}

// slow is a program's log on a disk that takes its time.
type slow func()

func (s slow) Write(line []byte) (int, error) {
	s()
	return len(line), nil
}

// If a log could not be written until the end, Close reports how much is missing.
func TestCloseSaysWhatIsLost(t *testing.T) {
	s := settings(t)
	require.NoError(t, os.WriteFile(filepath.Dir(s.Dir), nil, 0o600))
	log, err := audit.Open(s)
	require.ErrorIs(t, err, audit.Unwritable)
	require.Error(t, log.Append(t.Context(), event()))
	err = log.Close()
	require.ErrorIs(t, err, audit.Unwritable)
	assert.Contains(t, err.Error(), "1 audit records could not be written")
	require.ErrorIs(t, log.Append(t.Context(), event()), audit.Unwritable, "closed")
	require.ErrorIs(t, log.Ready(t.Context()), audit.Unwritable)
	assert.ErrorIs(t, log.Close(), audit.Unwritable, "closed twice")
}

// Where nothing is set, an administrator finds the log in the user's folder for state.
func TestDefaultDir(t *testing.T) {
	found := audit.DefaultDir()
	assert.True(t, filepath.IsAbs(found))
	assert.Equal(t, filepath.Join("ers-login", "audit"), filepath.Join(filepath.Base(filepath.Dir(found)), filepath.Base(found)))
}

// Without the last attempt, the records are lost although there is room by the time the program is
// closed. The program's log, which is closed next, shows that they are not.
func TestCloseWritesWhatWaits(t *testing.T) {
	s := settings(t).TryingEvery(time.Hour)
	var passed atomic.Bool
	s.Trouble = func(trouble *problem.Problem) {
		time.Sleep(50 * time.Millisecond)
		passed.Store(trouble == nil)
	}
	require.NoError(t, os.WriteFile(filepath.Dir(s.Dir), nil, 0o600))
	log, err := audit.Open(s)
	require.ErrorIs(t, err, audit.Unwritable)
	require.Error(t, log.Append(t.Context(), event()))
	require.NoError(t, os.Remove(filepath.Dir(s.Dir)))
	require.NoError(t, log.Close())
	assert.True(t, passed.Load())
	assert.Equal(t, upTo(1), numbers(t, s.Dir))
}

// If this fails, a disk that hangs keeps a clinician from signing in, or a record is written twice or not at all.
func TestLAL001NobodyWaitsForADiskThatHangs(t *testing.T) {
	heard := make(troubles, 10)
	s := settings(t).TryingEvery(10 * time.Millisecond)
	s.Trouble = heard.receive
	log := open(t, s)
	release := holdLock(t, s.Dir)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := log.Append(ctx, event())
	require.ErrorIs(t, err, audit.Unwritable)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, "AUDIT-UNWRITABLE", heard.next(t))
	release()
	require.Empty(t, heard.next(t))
	assert.Equal(t, upTo(1), numbers(t, s.Dir))
}

// If this fails, the records of calls that did not wait for a slow disk are lost, or each of them
// leaves a goroutine there.
func TestLAL001TheRecordsOfCallersThatGaveUp(t *testing.T) {
	const callers = 20
	s := settings(t).TryingEvery(10 * time.Millisecond)
	log := open(t, s)
	release := holdLock(t, s.Dir)
	before := runtime.NumGoroutine()
	for range callers {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		require.ErrorIs(t, log.Append(ctx, event()), audit.Unwritable)
		cancel()
	}
	assert.Less(t, runtime.NumGoroutine()-before, callers/2)
	release()
	require.Eventually(t, func() bool { return log.Ready(t.Context()) == nil }, time.Minute, 10*time.Millisecond)
	assert.Equal(t, upTo(callers), numbers(t, s.Dir))
	assert.Nil(t, log.Trouble())
}

// If this fails, a process that hangs with the lock keeps a clinician from signing in, or costs records.
func TestLAL001AnotherProcessKeepsTheLock(t *testing.T) {
	s := settings(t).TryingEvery(10 * time.Millisecond)
	log := open(t, s)
	release := holdLock(t, s.Dir)
	err := log.Append(t.Context(), event())
	require.ErrorIs(t, err, audit.Unwritable)
	require.ErrorContains(t, err, "audit.lock", "a service desk learns that it is not the disk")
	soon, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, log.Append(soon, event()), audit.Unwritable, "one that waits for its turn")
	release()
	require.NoError(t, log.Ready(t.Context()))
	assert.Equal(t, upTo(2), numbers(t, s.Dir))
}

// If this fails, a card that is pulled during a call is reported as a fault of the disk, or the
// records of those who have given up wait for the next one.
func TestLAL001ACancelledCallerIsNoTrouble(t *testing.T) {
	const callers = 20
	heard := make(troubles, 2*callers)
	s := settings(t).TryingEvery(time.Hour)
	s.Trouble = heard.receive
	log := open(t, s)
	release := holdLock(t, s.Dir)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	require.ErrorIs(t, log.Append(ctx, event()), context.Canceled)
	assert.Nil(t, log.Trouble())
	release()
	for range callers { // the turn may be free, or not
		for _, err := range []error{log.Ready(ctx), log.Append(ctx, event())} {
			require.True(t, err == nil || errors.Is(err, context.Canceled), "%v", err)
		}
	}
	require.Eventually(t, func() bool {
		found, _ := records(t, s.Dir) // the last one may be half there
		return len(found) == callers+1
	}, time.Minute, 10*time.Millisecond)
	assert.Empty(t, heard)
}

// The texts reach clinicians: they must be whole, and name what they are about.
func TestProblems(t *testing.T) {
	for _, template := range []*problem.Problem{
		audit.Unwritable, audit.DiskFull, audit.Required, audit.SystemLogFailed,
	} {
		t.Run(template.Code, func(t *testing.T) {
			made := template.With("Folder", "/audit")
			for _, text := range append([]string{made.Title, made.Happened}, made.WhatToDo()...) {
				assert.NotEmpty(t, text)
				assert.NotContains(t, made.Expand(text), "{{")
			}
			assert.True(t, strings.HasPrefix(made.Code, "AUDIT-"))
			assert.False(t, strings.HasSuffix(made.Title, "."))
		})
	}
}

// What stands in the newest file, or how it is named, never makes the log unwritable, and never
// gives a number twice.
func TestLAL001WhateverStandsInTheNewestFile(t *testing.T) {
	const today, earlier, later = "2026-11-21", "2026-11-20", "2026-11-22"
	const lower, torn = `{"id":1}`, `{"i`
	tests := map[string]struct {
		date        string
		first       int64
		text        string
		next, after int64
	}{
		"a lower number, then damage":       {today, 100, lower + "\n" + torn, 101, 102},
		"a lower number, then zeros":        {today, 100, lower + "\n" + strings.Repeat("\x00", 401), 103, 104},
		"a lower number without a line end": {today, 100, lower, 101, 102},
		"a lower number":                    {today, 100, lower + "\n", 101, 102},
		"just one lower, then damage":       {today, 100, `{"id":99}` + "\n\n", 101, 102},
		"a lower number behind its own":     {today, 100, `{"id":100}` + "\n" + lower + "\n", 102, 103},
		"a lower number, of another day":    {earlier, 100, lower + "\n", 101, 102},
		"a lower number, of a day to come":  {later, 100, lower + "\n" + torn, 101, 102},
		"an empty file of a day to come":    {later, 100, "", 100, 101},
		"the last number":                   {today, 100, `{"id":9007199254740991}` + "\n", 101, 102},
		"the last number but one":           {today, 100, `{"id":9007199254740990}` + "\n" + torn, 101, 102},
		"a name with the last number":       {today, 1<<53 - 1, lower + "\n", 1, 2},
		"an empty file with that name":      {today, 1<<53 - 1, "", 1, 2},
		"a name with a number near that":    {today, 1<<53 - 1<<32, lower + "\n", 1, 2},
		"a line with a number near that":    {today, 100, `{"id":9007194959773696}` + "\n", 101, 102},
		"a name with a very high number":    {today, 1<<52 - 1<<32, lower + "\n", 1<<52 - 1<<32 + 1, 1<<52 - 1<<32 + 2},
		"a name with the last one believed": {today, 1 << 52, lower + "\n", 1<<52 + 1, 1<<52 + 2},
		"an empty file with that number":    {today, 1 << 52, "", 1 << 52, 1<<52 + 1},
		"a line with the last one believed": {today, 1 << 52, `{"id":4503599627370496}` + "\n", 1<<52 + 1, 1<<52 + 4},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settings(t)
			s.Now = (&clock{now: noon}).Now
			require.NoError(t, os.MkdirAll(s.Dir, 0o700))
			path := filepath.Join(s.Dir, fmt.Sprintf("audit-%s-%012d.jsonl", test.date, test.first))
			require.NoError(t, os.WriteFile(path, []byte(test.text), 0o600))
			written := map[int64]bool{}
			for _, want := range []int64{test.next, test.after} {
				log, err := audit.Open(s)
				require.NoError(t, err)
				require.NoError(t, log.Ready(t.Context()))
				appendTo(t, log, 1)
				require.NoError(t, log.Close())
				found, _ := records(t, s.Dir)
				ids := []int64{}
				for _, record := range found {
					if record.EventType != "" && !written[record.ID] {
						ids = append(ids, record.ID)
						written[record.ID] = true
					}
				}
				assert.Equal(t, []int64{want}, ids)
			}
			if test.text != "" {
				kept, err := os.ReadFile(path)
				require.NoError(t, err)
				assert.True(t, strings.HasPrefix(string(kept), test.text))
			}
		})
	}
}

// FuzzDamage: whatever the newest file's contents and number, it stays, and the next record is
// whole, on a new line, with a higher number; or, where that would leave no numbers, with another
// one.
func FuzzDamage(f *testing.F) {
	for _, text := range []string{"", "\n", `{"id":100}`, `{"id":100}` + "\n", `{"id":100}` + "\n" + `{"id":10`, "\x00\x00",
		`{"id":1}`, `{"id":1}` + "\n" + `{"i`, `{"id":9007199254740991}`, `{"id":9007194959773696}` + "\n", `{"ID":123}` + "\n\n"} {
		f.Add(int64(100), []byte(text))
		f.Add(int64(audit.Highest), []byte(text))
		f.Add(int64(lastOfJSON), []byte(text))
	}
	today := noon.UTC().Format(time.DateOnly)
	f.Fuzz(func(t *testing.T, name int64, text []byte) {
		if name < 1 || name > lastOfJSON {
			return // A file with such a name is not the log's.
		}
		folder := t.TempDir()
		path := filepath.Join(folder, fmt.Sprintf("audit-%s-%012d.jsonl", today, name))
		require.NoError(t, os.WriteFile(path, text, 0o600))
		before, _ := records(t, folder)
		log, err := audit.Open(audit.Settings{Dir: folder, Now: func() time.Time { return noon }})
		require.NoError(t, err)
		require.NoError(t, log.Append(t.Context(), event()))
		require.NoError(t, log.Close())
		kept, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(text), string(kept[:len(text)]))
		after, _ := records(t, folder)
		require.Len(t, after, len(before)+1)
		taken, highest := map[int64]bool{}, name
		for _, record := range before {
			// A number below that of the file's name is damage.
			taken[record.ID] = record.ID >= name
			highest = max(highest, record.ID)
		}
		made := slices.IndexFunc(after, func(r audit.Record) bool { return r.EventType == "POST" && !taken[r.ID] })
		require.NotEqual(t, -1, made, "the new record has a new number")
		if enough := highest <= audit.Highest-int64(len(text))-2; enough && len(before) > 0 {
			require.Greater(t, after[made].ID, before[len(before)-1].ID)
		}
	})
}

// BenchmarkAppend is what a call to e-RS waits for its record.
func BenchmarkAppend(b *testing.B) {
	log, err := audit.Open(audit.Settings{Dir: filepath.Join(b.TempDir(), "audit"), Now: time.Now})
	require.NoError(b, err)
	for b.Loop() {
		if err := log.Append(b.Context(), event()); err != nil {
			b.Fatal(err)
		}
	}
	require.NoError(b, log.Close())
}

// A renewed certificate may have another name: records have the one that e-RS saw.
func TestLAL001TheNameOfARenewedCertificate(t *testing.T) {
	s := settings(t)
	s.FQDN = "old.example"
	log, err := audit.Open(s)
	require.NoError(t, err)
	appendTo(t, log, 1)
	log.Rename("new.example")
	appendTo(t, log, 1)
	require.NoError(t, log.Close())
	written, _ := records(t, s.Dir)
	require.Len(t, written, 2)
	assert.Equal(t, "old.example", written[0].FQDN)
	assert.Equal(t, "new.example", written[1].FQDN)
}
