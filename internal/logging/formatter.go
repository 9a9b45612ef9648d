package logging

import (
	"bytes"
	"encoding/json"
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

// formatter encodes an entry: JSON by logrus, then decoded, redacted, bounded and encoded again.
type formatter struct {
	encoder  logrus.JSONFormatter
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
		encoder:  logrus.JSONFormatter{TimestampFormat: time.RFC3339Nano},
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
	utc := *entry
	utc.Time = entry.Time.UTC()
	return append(f.summary(), f.line(&utc)...), nil
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
	return f.bounded(map[string]any{
		logrus.FieldKeyTime:  now.UTC().Format(time.RFC3339Nano),
		logrus.FieldKeyLevel: logrus.WarnLevel.String(),
		logrus.FieldKeyMsg:   "lines were left out of the log, since they came too fast",
		"lines":              count,
	})
}

func (f *formatter) line(entry *logrus.Entry) []byte {
	members, ok := f.members(entry)
	if !ok {
		members, ok = f.members(writable(entry))
	}
	if !ok {
		// Too much to redact in full. The message stays, with a mark that there was more.
		members = map[string]any{
			logrus.FieldKeyTime:  entry.Time.Format(time.RFC3339Nano),
			logrus.FieldKeyLevel: entry.Level.String(),
			logrus.FieldKeyMsg:   f.redactor.redactStart(entry.Message, maxText),
			"cut":                true,
		}
	}
	return f.bounded(members)
}

// members encodes an entry and decodes the result, redacted. It reports false if that failed.
func (f *formatter) members(entry *logrus.Entry) (members map[string]any, ok bool) {
	// The values are other people's: their methods may panic.
	defer func() {
		if recover() != nil {
			members, ok = nil, false
		}
	}()
	encoded, err := f.encoder.Format(entry)
	if err != nil || len(encoded) > maxRaw {
		return nil, false
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	if err := decoder.Decode(&members); err != nil {
		return nil, false
	}
	return f.redactMembers(members), true
}

// writable returns the entry with unencodable values replaced by their types' names, and long ones
// dropped.
func writable(entry *logrus.Entry) *logrus.Entry {
	safe := *entry
	// Longer than the redactor's limit, so that it notices the cut.
	safe.Message = entry.Message[:min(len(entry.Message), 2*maxText)]
	safe.Buffer = nil
	safe.Data = make(logrus.Fields, len(entry.Data))
	for name, value := range entry.Data {
		text, err := encode(value)
		switch {
		case err != nil:
			safe.Data[name] = fmt.Sprintf("a value of type %T, which cannot be written", value)
		case len(text) > maxText:
			safe.Data[name] = fmt.Sprintf("a value of type %T, which is too long", value)
		default:
			safe.Data[name] = value
		}
	}
	return &safe
}

// encode tries to write one value as logrus would.
func encode(value any) (text []byte, err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("a method of %T panicked", value)
		}
	}()
	if failure, ok := value.(error); ok {
		return []byte(failure.Error()), nil
	}
	return json.Marshal(value)
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

// bounded puts a line together and cuts it until it fits.
func (f *formatter) bounded(members map[string]any) []byte {
	if _, taken := members["version"]; !taken && f.version != "" {
		members["version"] = f.version
	}
	line := compose(members)
	for limit := maxLine * 3 / 4; len(line) > maxLine && limit >= 16; limit /= 8 {
		members["cut"] = true
		for name, value := range members {
			members[name] = shorten(value, limit)
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

// compose writes a line. HTML is not escaped: a log is not put into a web page unescaped, and &
// reads better.
func compose(members map[string]any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(members); err != nil {
		// The members come from a JSON decoder, so this cannot happen; if it does, the log shows
		// it.
		return []byte(`{"level":"error","msg":"a line of the log could not be written"}` + "\n")
	}
	return b.Bytes()
}

// shorten cuts the texts in a value at limit bytes and the lists and objects at limit members.
func shorten(value any, limit int) any {
	switch value := value.(type) {
	case string:
		if len(value) > limit {
			return strings.ToValidUTF8(value[:limit], "") + cutMark
		}
	case json.Number:
		if len(value) > limit {
			return string(value[:limit]) + cutMark
		}
	case []any:
		short := make([]any, 0, min(len(value), limit))
		for _, item := range value[:min(len(value), limit)] {
			short = append(short, shorten(item, limit))
		}
		return short
	case map[string]any:
		short := make(map[string]any, min(len(value), limit))
		for _, name := range slices.Sorted(maps.Keys(value))[:min(len(value), limit)] {
			short[name] = shorten(value[name], limit)
		}
		return short
	}
	return value
}
