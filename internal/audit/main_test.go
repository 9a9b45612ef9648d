package audit_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/audit"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/testing/races"
)

func TestMain(m *testing.M) {
	if task := os.Getenv(taskVariable); task != "" {
		os.Exit(runTask(task, os.Getenv(folderVariable)))
	}
	goleak.VerifyTestMain(races.Watch(m))
}

// Secrets of the tests. Both are made up.
const (
	ticket = "AQIC5wM2LY4SfcTHISisASECRETticketOfTheTests@AAJTSQACMDE=#"
	key    = "pro-xapi-session_00000000-1111-2222-3333-444444444444"
	newKey = "pro-xapi-session_55555555-6666-7777-8888-999999999999"
)

var (
	surgery = ersclient.Permission{
		BusinessFunction: ersclient.ReferringClinician, OrgIdentifier: "D82106", OrgName: "Smith & Partners <Surgery>",
	}
	noon = time.Date(2026, 11, 21, 12, 0, 0, 123_456_789, time.FixedZone("", 3600))
)

// lastOfJSON is the last number that programs can be sure to read right.
const lastOfJSON = 1<<53 - 1

// clock is a wall clock that is set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// settings are those of a log in a new folder.
func settings(t *testing.T) audit.Settings {
	t.Helper()
	return audit.Settings{
		Dir: filepath.Join(t.TempDir(), "state", "audit"), Version: "1.2.3", ASID: "200000000022", FQDN: "ers.example.nhs.uk",
	}
}

// open opens a log that must be in order, for the time of the test.
func open(t *testing.T, s audit.Settings) *audit.Log {
	t.Helper()
	log, err := audit.Open(s)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, log.Close()) })
	return log
}

// event is a call that a session has been created with.
func event() audit.Event {
	return audit.Event{
		Call: audit.A001, Began: noon, Took: 1234567 * time.Microsecond, User: "555032000100",
		Key: ersclient.NewSessionKey(key), Outcome: "201",
	}
}

func appendTo(t *testing.T, log *audit.Log, count int) {
	t.Helper()
	for range count {
		require.NoError(t, log.Append(t.Context(), event()))
	}
}

// files lists the log's files, oldest first, without those that are no part of it.
func files(t *testing.T, folder string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, "audit-*"))
	require.NoError(t, err)
	slices.SortFunc(found, func(a, b string) int { return strings.Compare(a[len(a)-18:], b[len(b)-18:]) })
	return found
}

// records reads all records of a folder as an administrator does: all files as one text, whose lines are JSON or damaged.
func records(t *testing.T, folder string) (found []audit.Record, damaged []string) {
	t.Helper()
	var all strings.Builder
	for _, file := range files(t, folder) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		all.Write(text)
	}
	for line := range strings.Lines(all.String()) {
		var record audit.Record
		if json.Unmarshal([]byte(line), &record) != nil || record.ID < 1 || record.ID > lastOfJSON {
			damaged = append(damaged, line)
			continue
		}
		found = append(found, record)
	}
	return found, damaged
}

// begun is when the call of a record began, as an auditor reads it.
func begun(t *testing.T, record audit.Record) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02 15:04:05.000", record.EventDateTime)
	require.NoError(t, err)
	return at
}

// numbers are those of all records of a folder, none of which may be damaged.
func numbers(t *testing.T, folder string) []int64 {
	t.Helper()
	found, damaged := records(t, folder)
	require.Empty(t, damaged)
	ids := make([]int64, 0, len(found))
	for _, record := range found {
		ids = append(ids, record.ID)
	}
	return ids
}

// upTo is 1, 2, 3 … last.
func upTo(last int64) []int64 {
	var all []int64
	for i := int64(1); i <= last; i++ {
		all = append(all, i)
	}
	return all
}

// troubles collects the troubles that a log reports.
type troubles chan *problem.Problem

func (t troubles) receive(trouble *problem.Problem) { t <- trouble }

// next waits for the next report: a code, or nothing if the trouble has passed.
func (t troubles) next(test *testing.T) string {
	test.Helper()
	select {
	case trouble := <-t:
		if trouble == nil {
			return ""
		}
		return trouble.Code
	case <-time.After(time.Minute):
		require.Fail(test, "no report")
		return ""
	}
}

// inAllFiles reads everything below a folder, names included.
func inAllFiles(t *testing.T, folder string) string {
	t.Helper()
	var all strings.Builder
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		fmt.Fprintf(&all, "%s\n%s\n", path, text)
		return err
	}))
	return all.String()
}

// holdLock is another process that holds the lock until it is released.
func holdLock(t *testing.T, folder string) (release func()) {
	t.Helper()
	lock := flock.New(filepath.Join(folder, "audit.lock"))
	require.NoError(t, lock.Lock())
	return func() { require.NoError(t, lock.Close()) }
}
