package logging

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// lines returns what a log has written, taken apart.
func lines(t *testing.T, log *Log) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(written(t, log)) {
		var members map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &members))
		all = append(all, members)
	}
	return all
}

// A service desk needs the time, severity, cause and version.
func TestALine(t *testing.T) {
	log, console := newTestLog(t)
	at := time.Date(2026, 7, 1, 9, 42, 0, 123456789, time.FixedZone("BST", 3600))
	log.WithTime(at).WithFields(logrus.Fields{"code": "ERS-A001-403", "status": 403, "time": "mine", "fields.time": "too", "<&>": []string{"a\tb"}}).
		WithError(fmt.Errorf("A001: %w", errors.New("refused"))).Error("sign-in failed")
	assert.Equal(t, []map[string]any{{
		"time": "2026-07-01T08:42:00.123456789Z", "level": "error", "msg": "sign-in failed", "error": "A001: refused", "version": "1.2.3",
		"code": "ERS-A001-403", "status": 403.0, "fields.time": "too", "fields.fields.time": "mine", "<&>": []any{"a\tb"},
	}}, lines(t, log))
	assert.Equal(t, "ERROR sign-in failed <&>=[a b] code=ERS-A001-403 error=A001: refused fields.fields.time=mine fields.time=too status=403\n", console.String())
	assert.Contains(t, written(t, log), `"<&>"`, "readable without unescaping")
}

// A field with the name of a secret is masked whatever its value.
func TestNamesOfSecrets(t *testing.T) {
	log, _ := newTestLog(t)
	log.WithFields(logrus.Fields{"sessionKey": "x1", "HTTP_X_SESSION_KEY": []string{"x2"}, "Token": 12345, "request": map[string]any{
		"Proxy-Authorization": "x3", "passphrase": "x4"}, "ticket": true, "password": "", "privateKey": nil, "session": "kept"}).Info("")
	members := lines(t, log)[0]
	assert.NotContains(t, written(t, log), `"x`)
	assert.Equal(t, secret.Mask, members["sessionKey"])
	assert.Equal(t, secret.Mask, members["HTTP_X_SESSION_KEY"])
	assert.Equal(t, secret.Mask, members["Token"])
	assert.Equal(t, map[string]any{"Proxy-Authorization": secret.Mask, "passphrase": secret.Mask}, members["request"])
	assert.Equal(t, true, members["ticket"], "that there is one may be known")
	assert.Equal(t, "", members["password"])
	assert.Nil(t, members["privateKey"])
	assert.Equal(t, "kept", members["session"])
}

// Two fields that are named by secrets are still two, and numbers can be secrets too.
func TestSecretsInOddPlaces(t *testing.T) {
	log, _ := newTestLog(t)
	log.Guard(secret.New("987654321"))
	log.Guard(secret.New("hunter22"))
	log.WithFields(logrus.Fields{"hunter22": 1, "987654321": 2, "pin": 987654321, "longer": int64(9876543210), "deep": [][]int32{{'h', 'u', 'n', 't', 'e', 'r', '2', '2'}},
		"few": []int{1, 2}, "none": []int{}}).Info("")
	members := lines(t, log)[0]
	assert.Equal(t, 2.0, members["[secret]"])
	assert.Equal(t, 1.0, members["[secret] 2"])
	assert.Equal(t, "[secret]", members["pin"])
	assert.Equal(t, "[secret]0", members["longer"])
	assert.Equal(t, []any{"[secret]"}, members["deep"])
	assert.Equal(t, []any{1.0, 2.0}, members["few"])
	assert.Equal(t, []any{}, members["none"])
}

// loop is a value that contains itself, and so cannot be written.
type loop struct{ Next *loop }

// A log call never crashes the program and never loses its message, whatever it is given.
func TestValuesThatCannotBeWritten(t *testing.T) {
	printed := stderr(t)
	log, _ := newTestLog(t)
	endless := &loop{}
	endless.Next = endless
	var none *problem.Problem
	for name, value := range map[string]any{
		"channel": make(chan int), "NaN": math.NaN(), "loop": endless, "panics": panics("x"), "nil error": error(none),
		"bad JSON": json.RawMessage("{"), "endless": strings.Repeat("x", 2*maxRaw),
	} {
		log.WithFields(logrus.Fields{"value": value, "name": name, "kept": "here"}).Info("message of " + name)
	}
	all := lines(t, log)
	require.Len(t, all, 7)
	for _, members := range all {
		assert.Equal(t, "message of "+members["name"].(string), members["msg"]) //nolint:errcheck,forcetypeassert // a panic fails the test just as well
		assert.Equal(t, "here", members["kept"])
		assert.Contains(t, members["value"], "a value of type")
	}
	assert.Empty(t, printed())
}

// One line cannot fill a disk, and is still JSON with the beginning of its message.
func TestALineIsBounded(t *testing.T) {
	wide := logrus.Fields{}
	for i := range 5000 {
		wide[fmt.Sprintf("field %d", i)] = strings.Repeat("v", 50)
	}
	deep := any("bottom")
	for range 2000 {
		deep = []any{deep, deep}[:1]
	}
	tests := map[string]struct {
		fields  logrus.Fields
		message string
	}{
		"long message":      {nil, strings.Repeat("long ", 1<<16)},
		"longest message":   {nil, "long " + strings.Repeat("é", 3<<20)},
		"of quotes":         {nil, "long " + strings.Repeat(`"`, 1<<16)},
		"of control":        {nil, "long " + strings.Repeat("\x01", 1<<16)},
		"not UTF-8":         {nil, "long " + strings.Repeat("\xff", 1<<16)},
		"long value":        {logrus.Fields{"value": strings.Repeat("v", 1<<17)}, "long message"},
		"many fields":       {wide, "long message"},
		"long name":         {logrus.Fields{strings.Repeat("n", 1<<17): 1}, "long message"},
		"long list":         {logrus.Fields{"list": make([]int, 1<<17)}, "long message"},
		"long number":       {logrus.Fields{"n": json.Number(strings.Repeat("1", 1<<16))}, "long message"},
		"deep":              {logrus.Fields{"deep": deep}, "long message"},
		"long and a secret": {logrus.Fields{"value": strings.Repeat(plantedTicket+" ", 1<<12)}, "long message"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			log, _ := newTestLog(t)
			log.WithFields(test.fields).Info(test.message)
			all := lines(t, log)
			require.Len(t, all, 1)
			assert.Equal(t, "info", all[0]["level"])
			assert.NotEmpty(t, all[0]["time"])
			assert.Contains(t, all[0]["msg"], "long ")
			assert.Empty(t, leaks(written(t, log), plantedTicket))
			if !strings.Contains(name, "deep") && !strings.Contains(name, "secret") {
				assert.Equal(t, true, all[0]["cut"])
			}
		})
	}
}

// An endless loop leaves a readable log, with the number of lines missing.
func TestAFlood(t *testing.T) {
	log, console := newTestLog(t)
	clock := time.Unix(1_800_000_000, 0)
	log.formatter.now = func() time.Time { return clock }
	log.formatter.limiter = rate.NewLimiter(perSecond, burst)
	for i := range burst + 500 {
		log.Infof("line %d", i)
	}
	assert.Len(t, lines(t, log), burst)
	clock = clock.Add(time.Second)
	log.Info("after a second")
	all := lines(t, log)
	require.Len(t, all, burst+2)
	assert.Equal(t, 500.0, all[burst]["lines"])
	assert.Contains(t, all[burst]["msg"], "too fast")
	assert.Equal(t, "after a second", all[burst+1]["msg"])
	assert.Equal(t, burst+2, strings.Count(console.String(), "\n"))

	for range 2 * perSecond {
		log.Info("again")
	}
	require.NoError(t, log.Close())
	all = lines(t, log)
	assert.Contains(t, all[len(all)-1]["msg"], "too fast", "the end of the log says it too")
}

// Other users of the workstation have no business in the log, also if an older version left it open to them.
func TestTheLogIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "ers-login")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, fileName), []byte("{\"msg\":\"before\"}\n"), 0o644))
	require.NoError(t, os.Chmod(filepath.Join(dir, fileName), 0o666))
	log, err := New(Settings{Dir: dir})
	require.NoError(t, err)
	log.Info("after")
	require.NoError(t, log.Close())
	all := lines(t, log)
	require.Len(t, all, 2, "what was there is kept")
	assert.NotContains(t, all[1], "version", "none was given")
	if runtime.GOOS != "windows" {
		for path, want := range map[string]os.FileMode{dir: 0o700, log.File(): 0o600} {
			info, err := os.Stat(path)
			require.NoError(t, err)
			assert.Equal(t, want, info.Mode().Perm(), path)
		}
	}
}

// A folder that cannot be used costs the log, not the sign-in, and is reported.
func TestAFolderThatCannotBeUsed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, fileName), 0o700))
	for name, dir := range map[string]string{"a file in its place": filepath.Join(file, "log"), "a folder in the log's place": folder} {
		t.Run(name, func(t *testing.T) {
			var console bytes.Buffer
			log, err := New(Settings{Dir: dir, Console: &console})
			p := problem.Of(err)
			require.NotNil(t, p)
			assert.Equal(t, "LOG-FOLDER", p.Code)
			assert.Contains(t, p.Expand(p.Happened), "You can sign in")
			log.Info("goes on")
			require.NoError(t, log.Close())
			assert.Empty(t, log.File())
			assert.Contains(t, console.String(), "WARNING LOG-FOLDER")
			assert.Contains(t, console.String(), "INFO goes on\n")
		})
	}
}

// brokenFile is a disk that is full, for a while.
type brokenFile struct {
	full bool
	kept bytes.Buffer
}

func (f *brokenFile) Write(line []byte) (int, error) {
	if f.full {
		return 0, errors.New("no space left on device")
	}
	return f.kept.Write(line)
}

func (f *brokenFile) Close() error { return errors.New("input/output error") }

// A disk that fills up while the program runs is reported once, on the console, and the log goes on
// when there is room.
func TestADiskThatFillsUp(t *testing.T) {
	printed := stderr(t)
	var console bytes.Buffer
	log, err := New(Settings{Console: &console})
	require.NoError(t, err)
	disk := &brokenFile{full: true}
	log.sink.file = disk
	log.Info("one")
	log.Info("two")
	disk.full = false
	log.Info("three")
	assert.Equal(t, 1, strings.Count(console.String(), "no space left"))
	assert.Equal(t, 1, strings.Count(disk.kept.String(), "\n"))
	require.ErrorContains(t, log.Close(), "input/output error")
	log.Info("four")
	require.NoError(t, log.Close())
	assert.Equal(t, 1, strings.Count(disk.kept.String(), "\n"), "nothing is written behind the end")
	assert.Contains(t, console.String(), "INFO four\n")
	assert.Empty(t, printed())
}

// What is logged may come from another machine, and must not move the cursor of a terminal.
func TestTheConsoleGetsNoControlCharacters(t *testing.T) {
	log, console := newTestLog(t)
	log.WithField("title", "\x1b]0;x\x07").Info("a\r\n\x1b[2Jb")
	assert.Equal(t, "INFO a [2Jb title= ]0;x\n", console.String())
	assert.Equal(t, "not JSON at all\n", readable([]byte("not\x1bJSON at all\n")))
}

// The window, the flow and the helpers log at once.
func TestConcurrentUse(t *testing.T) {
	log, _ := newTestLog(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 20 {
				log.Guard(secret.New(fmt.Sprintf("secret number %d of %d", j, i)))
				log.WithField("i", i).Infof("secret number %d of %d", j, i)
				_ = log.Redact("text")
			}
		})
	}
	all.Wait()
	assert.Len(t, lines(t, log), 8*20)
	assert.NotContains(t, written(t, log), "secret number")
}

// The usual place is the platform's folder for state.
func TestDefaultDir(t *testing.T) {
	assert.Contains(t, filepath.ToSlash(DefaultDir()), "/ers-login")
}

// What a line costs, with secrets guarded and with a long value: a log must not be what makes a sign-in slow.
func BenchmarkLine(b *testing.B) {
	escaped := `{"path":"C:\\Users\\ann\\a.log","url":"https://e.nhs.uk/a%20b%2Fc","inner":"{\"code\":\"R01\"}"} `
	for name, value := range map[string]string{
		"short": "R01", "long": strings.Repeat("a long value with words ", 300), "escaped": strings.Repeat(escaped, 60),
	} {
		b.Run(name, func(b *testing.B) {
			log, err := New(Settings{})
			require.NoError(b, err)
			log.formatter.limiter = rate.NewLimiter(rate.Inf, 1)
			for i := range 4 {
				log.Guard(secret.New(fmt.Sprint(plantedTicket, i)))
			}
			for b.Loop() {
				log.WithField("organisation", value).Info("signed in")
			}
		})
	}
}
