package logging

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/sirupsen/logrus"
	"golang.org/x/time/rate"

	"github.com/ers-login/ers-login/internal/secret"
)

const (
	// maxLine bounds a line, in bytes.
	maxLine = 16 << 10
	// maxRaw bounds the redaction of a line, maxText that of one text in it. Both are far above
	// maxLine, where lines are cut anyway.
	maxRaw  = 1 << 20
	maxText = 64 << 10
	// perSecond and burst bound a flood of lines.
	perSecond = 100
	burst     = 1000
)

// formatter makes a line of an entry: its fields are encoded one by one and decoded, redacted,
// bounded and encoded again. A hook of logrus could not redact: it is not asked for
// [logrus.Entry.String].
type formatter struct {
	redactor *Redactor
	version  string

	mu      sync.Mutex
	limiter *rate.Limiter
	now     func() time.Time
	// leftOut counts the lines that came too fast since the last one that was written.
	leftOut int
}

var _ logrus.Formatter = (*formatter)(nil)

func newFormatter(redactor *Redactor, version string) *formatter {
	return &formatter{
		redactor: redactor,
		version:  version,
		limiter:  rate.NewLimiter(perSecond, burst),
		now:      time.Now,
	}
}

// Format returns the line, or nothing if lines come too fast. It never fails: on an error logrus
// would print the entry unredacted.
func (f *formatter) Format(entry *logrus.Entry) ([]byte, error) {
	if !f.allow() {
		return nil, nil
	}
	return append(f.summary(), f.line(entry)...), nil
}

// allow reports whether another line may be written, and counts it if not.
func (f *formatter) allow() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.limiter.AllowN(f.now(), 1) {
		return true
	}
	f.leftOut++
	return false
}

// summary returns the line that says how many lines were left out, or nothing if none were.
func (f *formatter) summary() []byte {
	f.mu.Lock()
	count, now := f.leftOut, f.now()
	f.leftOut = 0
	f.mu.Unlock()
	if count == 0 {
		return nil
	}
	return f.line(&logrus.Entry{
		Time: now, Level: logrus.WarnLevel,
		Message: "lines were left out of the log, since they came too fast",
		Data:    logrus.Fields{"lines": count},
	})
}

func (f *formatter) line(entry *logrus.Entry) []byte {
	return f.bounded(f.redactMembers(members(entry)))
}

// members returns what a line has to say, in the types of a JSON decoder.
func members(entry *logrus.Entry) map[string]any {
	// Longer than the redactor's limit, so that it notices the cut.
	message, _ := plain(entry.Message[:min(len(entry.Message), 2*maxText)], maxRaw)
	members := map[string]any{
		logrus.FieldKeyTime:  entry.Time.UTC().Format(time.RFC3339Nano),
		logrus.FieldKeyLevel: entry.Level.String(),
		logrus.FieldKeyMsg:   message,
	}
	room := maxRaw
	for _, name := range slices.Sorted(maps.Keys(entry.Data)) {
		if room -= len(name); room < 0 {
			members["cut"] = true
			break
		}
		value, length := plain(entry.Data[name], room)
		room -= length
		for _, taken := members[name]; taken; _, taken = members[name] {
			name = "fields." + name
		}
		members[name] = value
	}
	return members
}

// plain returns a value in the types of a JSON decoder, and its length as JSON. One that is longer
// than room, or cannot be written, is replaced by its type: its methods may panic, and it may hold
// itself.
func plain(value any, room int) (made any, length int) {
	replaced := fmt.Sprintf("a value of type %T, which cannot be written", value)
	defer func() {
		if recover() != nil {
			made, length = replaced, 0
		}
	}()
	if failure, ok := value.(error); ok {
		// JSON would have its exported fields.
		value = failure.Error()
	}
	text, err := json.Marshal(value)
	if len(text) > room {
		return fmt.Sprintf("a value of type %T, which is too long", value), 0
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if errors.Join(err, decoder.Decode(&made)) != nil {
		return replaced, 0
	}
	return made, len(text)
}

// redactMembers redacts the names and the values of an object.
func (f *formatter) redactMembers(members map[string]any) map[string]any {
	redacted := make(map[string]any, len(members))
	for _, name := range slices.Sorted(maps.Keys(members)) {
		value := f.redactValue(members[name])
		if namesSecret(name) && isInformative(value) {
			value = secret.Mask
		}
		shown := f.redactor.redactStart(name, maxText)
		for i := 2; ; i++ {
			// Two names that differ in their secret only would become one.
			if _, taken := redacted[shown]; !taken {
				break
			}
			shown = fmt.Sprintf("%s %d", f.redactor.redactStart(name, maxText), i)
		}
		redacted[shown] = value
	}
	return redacted
}

// isInformative reports whether a value says more than that something is there or not, which need
// not be masked.
func isInformative(value any) bool {
	switch value := value.(type) {
	case nil, bool:
		return false
	case string:
		return value != ""
	}
	return true
}

func (f *formatter) redactValue(value any) any {
	switch value := value.(type) {
	case string:
		return f.redactor.redactStart(value, maxText)
	case json.Number:
		if redacted := f.redactor.Redact(value.String()); redacted != value.String() {
			return redacted
		}
	case map[string]any:
		return f.redactMembers(value)
	case []any:
		if f.spells(value) {
			return secret.Mask
		}
		for i := range value {
			value[i] = f.redactValue(value[i])
		}
	}
	return value
}

// spells reports whether a list of numbers is a secret, byte by byte or rune by rune.
func (f *formatter) spells(list []any) bool {
	var asRunes, asBytes strings.Builder
	for _, item := range list {
		number, ok := item.(json.Number)
		if !ok {
			return false
		}
		code, err := number.Int64()
		if err != nil || code < 0 || code > utf8.MaxRune {
			return false
		}
		asRunes.WriteRune(rune(code))
		if code <= 0xff {
			asBytes.WriteByte(byte(code))
		}
	}
	return f.redactor.Redact(asRunes.String()) != asRunes.String() || f.redactor.Redact(asBytes.String()) != asBytes.String()
}

// bounded puts a line together and cuts its texts until it fits, and those of its lists and objects
// as JSON.
func (f *formatter) bounded(members map[string]any) []byte {
	if _, taken := members["version"]; !taken && f.version != "" {
		members["version"] = f.version
	}
	line := compose(members)
	for limit := maxLine * 3 / 4; len(line) > maxLine && limit >= 16; limit /= 8 {
		members["cut"] = true
		for name, value := range members {
			text, is := value.(string)
			if !is {
				text = strings.TrimSpace(string(compose(value)))
			}
			if len(text) > limit {
				members[name] = strings.ToValidUTF8(text[:limit], "") + cutMark
			}
		}
		line = compose(members)
	}
	if len(line) > maxLine {
		// Names without number: keep what every line has.
		line = compose(map[string]any{
			logrus.FieldKeyTime:  members[logrus.FieldKeyTime],
			logrus.FieldKeyLevel: members[logrus.FieldKeyLevel],
			logrus.FieldKeyMsg:   members[logrus.FieldKeyMsg],
			"cut":                true,
		})
	}
	return line
}

// compose writes a line, or one value of it. HTML is not escaped: a log is not put into a web page
// unescaped, and & reads better.
func compose(value any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	// What a JSON decoder has made can be encoded, and a buffer takes it all.
	_ = encoder.Encode(value)
	return b.Bytes()
}
