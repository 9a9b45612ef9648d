package handoff

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/ers-login/ers-login/internal/secret"
)

// MaxSize bounds the entries [AccountSession] and [AccountFHIRSession], in bytes. Windows takes
// 2,560, and the UTF-16 aliases need twice the size.
const MaxSize = 1200

// The errors of [Encode] and [Decode]. None quotes a value, since the session key is one.
var (
	// ErrVersion: the entry is of another version of the contract.
	ErrVersion = errors.New("unknown version of the session entry")
	// ErrMalformed: the entry is not what the contract says.
	ErrMalformed = errors.New("malformed session entry")
	// ErrInvalid: the session cannot be published.
	ErrInvalid = errors.New("session cannot be published")
)

// widest is the length of the widest character in an entry, in bytes.
const widest = len(`\u0000\u0000`)

// Encode returns the main entry of a session, [AccountSession] or [AccountFHIRSession], with the
// unknown members that decoding kept. Times lose fractions of a second, and a token's end is cut to
// the session's. To fit, it cuts the organisation's name, then the user's, and then drops the
// owner. The error is [ErrInvalid] for another version, a missing secret or time, a generation out
// of range, or an identifier that is too long or not printable ASCII.
func Encode(session Entry) ([]byte, error) {
	if session == nil {
		return nil, fmt.Errorf("%w: there is none", ErrInvalid)
	}
	return session.parts().encode()
}

// encode returns the entry. It cuts what the parts point to.
func (p parts) encode() ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	encoded := p.json()
	if len(encoded) > MaxSize {
		// Their writer did not escape non-ASCII text, so they are not from a program of this
		// contract.
		*p.others = secret.Text{}
		encoded = p.json()
	}
	for _, member := range slices.Backward(p.members) {
		name, isText := member.value.(*string)
		if !isText || member.limit != 0 {
			continue
		}
		for runes := []rune(*name); len(encoded) > MaxSize && len(runes) > 0; encoded = p.json() {
			excess := len(encoded) - MaxSize
			runes = runes[:max(0, len(runes)-max(1, excess/widest))]
			*name = strings.TrimRight(string(runes), " ")
		}
	}
	for _, member := range p.members {
		if owner, isText := member.value.(*string); isText && member.name == "owner" && len(encoded) > MaxSize {
			*owner = ""
			encoded = p.json()
		}
	}
	if len(encoded) > MaxSize {
		return nil, fmt.Errorf("%w: its identifiers are too long together", ErrInvalid)
	}
	return encoded, nil
}

// check returns why the members cannot be published. It quotes none.
func (p parts) check() error {
	if *p.version != 0 && *p.version != Version {
		return fmt.Errorf("version %d is not the one that this program writes", *p.version)
	}
	for _, member := range p.members {
		if err := member.check(); err != nil {
			return err
		}
	}
	return nil
}

func (m member) check() error {
	switch value := m.value.(type) {
	case *int64:
		if *value < 0 || *value > MaxGeneration {
			return fmt.Errorf("its %s is out of range", m.name)
		}
	case *time.Time:
		if utc := value.UTC(); utc.IsZero() || utc.Year() < 1 || utc.Year() > 9999 {
			return fmt.Errorf("%s is not set", m.name)
		}
	case *secret.Text:
		if err := checkSecret(m.name, value.Reveal()); err != nil {
			return err
		}
		return m.checkText(value.Reveal())
	case *string:
		if m.limit > 0 {
			return m.checkText(*value)
		}
	}
	return nil
}

func (m member) checkText(text string) error {
	if len(text) > m.limit {
		return fmt.Errorf("%s is longer than %d bytes", m.name, m.limit)
	}
	if !printable(text) {
		return fmt.Errorf("%s has characters that are not printable ASCII", m.name)
	}
	return nil
}

// checkSecret returns an error if a secret cannot go into a header unchanged.
func checkSecret(name, text string) error {
	if text == "" {
		return fmt.Errorf("it has no %s", name)
	}
	if !printable(text) || strings.Contains(text, " ") {
		return fmt.Errorf("its %s is not printable ASCII", name)
	}
	return nil
}

// printable reports whether text is printable ASCII, including spaces.
func printable(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// json returns the entry, of any size.
func (p parts) json() []byte {
	encoded := fmt.Appendf(nil, `{"version":%d`, Version)
	for _, member := range p.members {
		if value := member.json(); !member.optional || value != `""` {
			encoded = fmt.Appendf(encoded, `,"%s":%s`, member.name, value)
		}
	}
	if others := p.others.Reveal(); others != "" {
		encoded = append(append(encoded, ','), others...)
	}
	return append(encoded, '}')
}

func (m member) json() string {
	switch value := m.value.(type) {
	case *int64:
		return strconv.FormatInt(*value, 10)
	case *time.Time:
		return quote(value.UTC().Format(time.RFC3339))
	case *secret.Text:
		return quote(value.Reveal())
	case *string:
		return quote(*value)
	default:
		return quote(fmt.Sprint(m.value))
	}
}

// quote returns a text as JSON, with non-ASCII text escaped.
func quote(text string) string {
	var quoted bytes.Buffer
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // Every text can be encoded.
	return string(ascii(strings.TrimSuffix(quoted.String(), "\n")))
}

// ascii returns JSON with non-ASCII text escaped.
func ascii(text string) []byte {
	encoded := make([]byte, 0, len(text))
	for _, r := range text {
		high, low := utf16.EncodeRune(r)
		switch {
		case r < 0x7f:
			encoded = append(encoded, byte(r)) //nolint:gosec // It has just been looked at.
		case high != utf8.RuneError:
			encoded = fmt.Appendf(encoded, `\u%04x\u%04x`, high, low)
		default:
			encoded = fmt.Appendf(encoded, `\u%04x`, r)
		}
	}
	return encoded
}
