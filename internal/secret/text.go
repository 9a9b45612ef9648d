// Package secret holds the one type for text that must not be seen: the smartcard's ticket, the e-RS session key, a
// certificate's passphrase.
//
// The public programs of this kind print the ticket into their logs, in part or whole. Here that takes intent: a [Text]
// prints, formats, marshals and logs as a mask whatever verb or encoder is used, and its text comes out of one method,
// [Text.Reveal], so that every place that needs the real thing is found by searching for one word.
//
// Two details are deliberate. The text is held behind a function value, since package fmt and the diffs of test libraries
// reach into unexported fields by reflection without asking for String, and a function shows them an address at most.
// And a function makes the type impossible to compare with ==, which would not be in constant time: use [Text.Equal].
package secret

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// Mask is the text of every Text. It is the same for all, so that it does not even reveal the
// length.
const Mask = "[secret]"

// Text is a text that shows only a mask. The zero value is the empty text.
type Text struct {
	reveal func() string
}

// New wraps text.
func New(text string) Text {
	if text == "" {
		return Text{}
	}
	return Text{reveal: func() string { return text }}
}

// Reveal returns the text itself, for the wire or the keyring and for nothing else.
func (t Text) Reveal() string {
	if t.reveal == nil {
		return ""
	}
	return t.reveal()
}

// IsZero reports whether there is no text.
func (t Text) IsZero() bool { return t.reveal == nil }

// Equal compares two texts in constant time.
func (t Text) Equal(other Text) bool {
	return subtle.ConstantTimeCompare([]byte(t.Reveal()), []byte(other.Reveal())) == 1
}

// String returns the mask, or nothing for the empty text.
func (t Text) String() string {
	if t.IsZero() {
		return ""
	}
	return Mask
}

// GoString returns the mask, for %#v.
func (t Text) GoString() string { return t.String() }

// Format writes the mask for every verb and flag, %x, %q and %d among them.
func (t Text) Format(state fmt.State, _ rune) {
	// An error of the writer is the writer's own: fmt offers no way to hand it on.
	_, _ = io.WriteString(state, t.String())
}

// MarshalText returns the mask, for JSON, TOML, XML and every other encoder that asks.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// LogValue returns the mask, for log/slog.
func (t Text) LogValue() slog.Value { return slog.StringValue(t.String()) }
