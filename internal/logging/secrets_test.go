package logging

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/time/rate"
	"gopkg.in/natefinch/lumberjack.v2"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/secret"
)

// Made-up secrets of the shapes that the real ones have, and a passphrase that has no shape and every kind of character.
const (
	plantedTicket = "AQIC5wM2LY4Sfcyw62EbAOsRpdfbGYUOyvkfZ4M6U7W52lM=@AAJTSQACMDE=#"
	plantedKey    = "pro-xapi-session_222c42c7-820f-4f9b-92fb-3add4b1db9f7"
	plantedPhrase = `corréct "horse" <&> bat\tery/+% stäple`
	plantedToken  = "qXnl0uYQW4bLmRk7dOa3TtGvJ5cPplanted"
)

func TestMain(m *testing.M) {
	// lumberjack starts one goroutine for each file to remove old ones, and has no way to end it.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("gopkg.in/natefinch/lumberjack%2ev2.(*Logger).millRun"))
}

// leaks returns the form in which a secret, or any fifteen bytes in a row of it, stands in an output; empty if it does not.
func leaks(output, text string) string {
	// The common start of all keys is not secret.
	core := strings.TrimPrefix(text, keyStart)
	for i := 0; i+12 <= len(core); i += 4 {
		part := core[i : i+12]
		quoted, err := json.Marshal(part)
		if err != nil {
			return err.Error()
		}
		forms := map[string]string{
			"plain": part, "JSON": inner(string(quoted)), "%q": inner(strconv.Quote(part)),
			"hex": hex.EncodeToString([]byte(part)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(part))),
			"% x": fmt.Sprintf("% x", part), "%# x": fmt.Sprintf("%# x", part), "decimal": inner(fmt.Sprintf("%d", []byte(part))), "runes": inner(fmt.Sprintf("%q", []rune(part))),
			"URL query": url.QueryEscape(part), "URL path": url.PathEscape(part),
		}
		for name, encoding := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64 URL": base64.RawURLEncoding} {
			// Twelve bytes have sixteen characters at any offset; those at the ends depend on the
			// adjacent bytes.
			for offset := range 3 {
				forms[fmt.Sprint(name, " at ", offset)] = encoding.EncodeToString(append(make([]byte, offset), part...))[2:14]
			}
		}
		for name, form := range forms {
			if strings.Contains(output, form) {
				return name
			}
		}
	}
	return ""
}

// newTestLog returns a log in a new folder, whose lines are not limited, and what it wrote to the
// console.
func newTestLog(t *testing.T) (*Log, *terminal) {
	t.Helper()
	console := &terminal{}
	log, err := New(Settings{Dir: t.TempDir(), Console: console, Version: "1.2.3"})
	require.NoError(t, err)
	log.SetLevel(logrus.TraceLevel)
	log.formatter.limiter = rate.NewLimiter(rate.Inf, 1)
	log.ExitFunc = func(int) {}
	t.Cleanup(func() { assert.NoError(t, log.Close()) })
	return log, console
}

// terminal keeps what is written to it, from any goroutine.
type terminal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (c *terminal) Write(text []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.Write(text)
}

func (c *terminal) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

// written returns all that a log has written into its folder, and sees that each line is JSON.
func written(t *testing.T, log *Log) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(filepath.Dir(log.File()), "*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var all strings.Builder
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range bytes.Lines(content) {
			require.True(t, json.Valid(line), "not JSON: %s", line)
			require.LessOrEqual(t, len(line), maxLine)
		}
		all.Write(content)
	}
	return all.String()
}

// eventually waits for what a goroutine of a library does, within a generous time.
func eventually(t *testing.T, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			require.Fail(t, "it did not happen")
		}
	}
}

// stderr collects what the log library itself prints when it fails.
func stderr(t *testing.T) func() string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	require.NoError(t, err)
	before := os.Stderr
	os.Stderr = file
	t.Cleanup(func() {
		os.Stderr = before
		assert.NoError(t, file.Close())
	})
	return func() string {
		content, err := os.ReadFile(file.Name())
		require.NoError(t, err)
		return string(content)
	}
}

// setUp are logrus' methods that log nothing. A method that is neither here nor can be called by the test fails it, so that a new
// version of logrus is looked at.
var setUp = []string{
	"AddHook", "Exit", "GetLevel", "HasCaller", "IsLevelEnabled", "ReplaceHooks", "SetBufferPool", "SetFormatter", "SetLevel", "SetNoLock",
	"SetOutput", "SetReportCaller",
	// TestWriters has these two.
	"Writer", "WriterLevel",
}

var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%# x", "%d"}

// callEverything calls every method of a logrus logger or entry with a value in every place that takes one.
func callEverything(t *testing.T, on any, text string, value any) {
	t.Helper()
	target := reflect.ValueOf(on)
	for i := range target.NumMethod() {
		name := target.Type().Method(i).Name
		if slices.Contains(setUp, name) {
			continue
		}
		method := target.Method(i)
		formats := []string{text}
		if strings.HasSuffix(name, "f") {
			formats = verbs
		}
		for _, format := range formats {
			var arguments []reflect.Value
			for j := range method.Type().NumIn() {
				argument := argumentFor(method.Type().In(j), text, format, value)
				require.True(t, argument.IsValid(), "logrus has a method that this test cannot call: %s", name)
				arguments = append(arguments, argument)
			}
			for _, result := range call(method, arguments) {
				if entry, ok := result.Interface().(*logrus.Entry); ok && entry != nil {
					entry.Warn(value)
					_, err := entry.String()
					require.NoError(t, err)
				}
			}
		}
	}
}

func argumentFor(kind reflect.Type, text, format string, value any) reflect.Value {
	wrapped := fmt.Errorf("sign-in: %w", errors.Join(errors.New(text), &url.Error{Op: "Put", URL: "https://e/" + text, Err: io.EOF}))
	for _, candidate := range []any{
		format, []any{value, "and", &value, wrapped, []any{value}}, logrus.InfoLevel, wrapped,
		logrus.Fields{"value": value, text: text, "list": []any{value, map[string]any{text: value}}, "header": http.Header{"A": {text}}},
		logrus.LogFunction(func() []any { return []any{value, text} }), time.Now(),
	} {
		if reflect.TypeOf(candidate) == kind {
			return reflect.ValueOf(candidate)
		}
	}
	switch kind {
	case reflect.TypeFor[error]():
		return reflect.ValueOf(wrapped)
	case reflect.TypeFor[any]():
		return reflect.ValueOf(&value).Elem()
	case reflect.TypeFor[context.Context]():
		return reflect.ValueOf(context.WithValue(context.Background(), contextKey{}, text))
	}
	return reflect.Value{}
}

type contextKey struct{}

// call calls a method, through whatever it panics with.
func call(method reflect.Value, arguments []reflect.Value) (results []reflect.Value) {
	defer func() {
		if recover() != nil {
			results = nil
		}
	}()
	if method.Type().IsVariadic() {
		return method.CallSlice(arguments)
	}
	return method.Call(arguments)
}

// holder has secrets where careless code would have them.
type holder struct {
	Ticket  ersclient.Ticket
	key     ersclient.SessionKey
	pointer *handoff.Session
	list    []ersclient.Ticket
	named   map[string]secret.Text
}

func newHolder() holder {
	return holder{ersclient.NewTicket(plantedTicket), ersclient.NewSessionKey(plantedKey),
		&handoff.Session{SessionKey: handoff.NewSessionKey(plantedKey)},
		[]ersclient.Ticket{ersclient.NewTicket(plantedTicket)}, map[string]secret.Text{"passphrase": secret.New(plantedPhrase)}}
}

// careless holds revealed secrets.
type careless struct {
	Exported   string
	unexported string
	Bytes      []byte
	Array      [len(plantedTicket)]byte
	Runes      []rune
}

func newCareless(text string) careless {
	made := careless{Exported: text, unexported: text, Bytes: []byte(text), Runes: []rune(text)}
	copy(made.Array[:], text)
	return made
}

// If this test fails, a ticket, a session key or a passphrase stands in a file that is mailed to a service desk.
func TestNoLogCallShowsASecret(t *testing.T) {
	session := ersclient.Session{Key: ersclient.NewSessionKey(plantedKey), Ticket: ersclient.NewTicket(plantedTicket)}
	handed := handoff.Session{Version: 1, SessionKey: handoff.NewSessionKey(plantedKey), UserName: "Ann"}
	var none *holder
	tests := map[string]struct {
		value any
		text  string
		guard bool
	}{
		"masked ticket":       {ersclient.NewTicket(plantedTicket), plantedTicket, false},
		"masked key":          {ersclient.NewSessionKey(plantedKey), plantedKey, false},
		"masked handoff key":  {handoff.NewSessionKey(plantedKey), plantedKey, false},
		"masked passphrase":   {secret.New(plantedPhrase), plantedPhrase, true},
		"masked token":        {handoff.NewAccessToken(plantedToken), plantedToken, true},
		"handed token":        {handoff.FHIRSession{Version: 1, AccessToken: handoff.NewAccessToken(plantedToken)}, plantedToken, true},
		"guarded token":       {"Bearer " + plantedToken, plantedToken, true},
		"session":             {session, plantedKey, false},
		"session's ticket":    {&session, plantedTicket, false},
		"handed session":      {handed, plantedKey, false},
		"handed pointer":      {&handed, plantedKey, false},
		"holder":              {newHolder(), plantedKey, false},
		"nil holder":          {none, plantedTicket, false},
		"plain ticket":        {plantedTicket, plantedTicket, false},
		"plain key":           {plantedKey, plantedKey, false},
		"half a ticket":       {plantedTicket[:30], plantedTicket, false},
		"half a key":          {plantedKey[:40], plantedKey, false},
		"bytes of a ticket":   {[]byte(plantedTicket), plantedTicket, false},
		"bytes of a key":      {[]byte(plantedKey), plantedKey, false},
		"careless ticket":     {newCareless(plantedTicket), plantedTicket, false},
		"careless key":        {newCareless(plantedKey), plantedKey, false},
		"careless phrase":     {newCareless(plantedPhrase), plantedPhrase, true},
		"guarded ticket":      {plantedTicket, plantedTicket, true},
		"guarded key":         {"Basic " + base64.StdEncoding.EncodeToString([]byte("a:"+plantedKey)), plantedKey, true},
		"guarded phrase":      {plantedPhrase, plantedPhrase, true},
		"bytes of a phrase":   {[]byte(plantedPhrase), plantedPhrase, true},
		"JSON with a ticket":  {json.RawMessage(`{"token":"` + plantedTicket + `"}`), plantedTicket, false},
		"JSON in text":        {fmt.Sprintf("%q", `{"a":`+strconv.Quote(plantedPhrase)+`}`), plantedPhrase, true},
		"what cannot be sent": {make(chan int), plantedTicket, false},
		"what panics":         {panics(plantedTicket), plantedTicket, false},
		"a function":          {func() string { return plantedTicket }, plantedTicket, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			printed := stderr(t)
			log, console := newTestLog(t)
			if test.guard {
				log.Guard(secret.New(test.text))
			}
			text := test.text
			callEverything(t, log.Logger, text, test.value)
			callEverything(t, log.WithField(text, test.value), text, test.value)
			callEverything(t, log.WithError(errors.New(text)).WithFields(logrus.Fields{"a": test.value}), text, test.value)

			output := written(t, log)
			assert.Greater(t, strings.Count(output, "\n"), 300, "the calls reached the file")
			for place, output := range map[string]string{"file": output, "console": console.String(), "stderr": printed()} {
				assert.Empty(t, leaks(output, test.text), "the secret stands in the %s", place)
			}
			assert.Empty(t, printed(), "logrus has printed something by itself")
		})
	}
}

// panics is an error whose Error panics: usually a nil pointer in an error interface.
type panics string

func (p panics) Error() string                { panic(string(p)) }
func (p panics) MarshalJSON() ([]byte, error) { panic(string(p)) }

// The test above is worth something only if it can find what it looks for.
func TestTheSearchFindsLeaks(t *testing.T) {
	for _, text := range []string{plantedTicket, plantedKey, plantedPhrase} {
		quoted, err := json.Marshal(text)
		require.NoError(t, err)
		for name, output := range map[string]string{
			"plain": text, "a part": text[20:34], "JSON": string(quoted), "quoted": strconv.Quote(text),
			"query": url.QueryEscape(text), "path": url.PathEscape(text),
			"hex": hex.EncodeToString([]byte(text)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(text))), "hex apart": fmt.Sprintf("% x", text),
			"decimal": fmt.Sprintf("%d", []byte(text)), "runes": fmt.Sprintf("%q", []rune(text)),
			"base64": base64.StdEncoding.EncodeToString([]byte("a:" + text)), "base64 URL": base64.URLEncoding.EncodeToString([]byte(text)),
		} {
			assert.NotEmpty(t, leaks("before "+output+" after", text), name)
		}
		assert.Empty(t, leaks("nothing here, "+keyStart+secret.Mask, text))
	}
}

// Other libraries write through these: the standard log, and so Fyne; and pipes.
func TestWriters(t *testing.T) {
	log, console := newTestLog(t)
	standard := stdlog.New(log.StdWriter(), "", 0)
	standard.Printf("Fyne error:  could not load %s\n  Cause: %v\n\n", plantedTicket, errors.New(plantedKey))
	pipes := []*io.PipeWriter{log.Writer(), log.WriterLevel(logrus.ErrorLevel), log.WithField("a", plantedKey).Writer()}
	for _, pipe := range pipes {
		_, err := io.WriteString(pipe, plantedTicket+"\n"+plantedKey+"\n")
		require.NoError(t, err)
		require.NoError(t, pipe.Close())
	}
	// The pipes are read by goroutines of logrus, so the last line may still be on its way.
	eventually(t, func() bool { return strings.Count(console.String(), "\n") == 2+3*2 })
	output := written(t, log) + console.String()
	for _, text := range []string{plantedTicket, plantedKey} {
		assert.Empty(t, leaks(output, text))
	}
	assert.Contains(t, output, `"from":"standard log"`)
	assert.Contains(t, output, "Fyne error: could not load [secret]", "on the console")
}

// Secrets are guarded in the files that were put aside too, and the oldest of these go.
func TestRotation(t *testing.T) {
	log, _ := newTestLog(t)
	log.Guard(secret.New(plantedPhrase))
	rotated, ok := log.sink.file.(*lumberjack.Logger)
	require.True(t, ok)
	assert.Equal(t, megabytes, rotated.MaxSize)
	rotated.MaxSize = 1
	padding := strings.Repeat("x", maxLine/2)
	for range 7 << 20 / len(padding) {
		log.WithField("phrase", plantedPhrase).WithField("padding", padding).Info(plantedTicket)
	}
	files := func() []string {
		all, err := filepath.Glob(filepath.Join(filepath.Dir(log.File()), "*"))
		require.NoError(t, err)
		return all
	}
	eventually(t, func() bool { return len(files()) == 1+filesAside })
	output := written(t, log)
	for _, text := range []string{plantedTicket, plantedTicket[:20], plantedPhrase, inner(strconv.Quote(plantedPhrase))} {
		assert.False(t, strings.Contains(output, text))
	}
	for _, file := range files() {
		info, err := os.Stat(file)
		require.NoError(t, err)
		assert.LessOrEqual(t, info.Size(), int64(1<<20))
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), file)
	}
}
