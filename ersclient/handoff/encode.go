package handoff

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxSize bounds the entry [AccountSession], in bytes. Windows takes 2,560, and the aliases for readers that want UTF-16 need
// twice the room.
const MaxSize = 1200

// What [Encode] and [Decode] refuse. No error shows a value, since the session key is one of them.
var (
	// ErrVersion: the entry is of another version of the contract.
	ErrVersion = errors.New("unknown version of the session entry")
	// ErrMalformed: the entry is not what the contract says.
	ErrMalformed = errors.New("malformed session entry")
	// ErrInvalid: the session cannot be published.
	ErrInvalid = errors.New("session cannot be published")
)

// wire is the entry's JSON. It is separate from [Session], which shows its key as a mask to every encoder.
type wire struct {
	Version          int    `json:"version"`
	Generation       int64  `json:"generation"`
	SessionKey       string `json:"sessionKey"`
	BaseURL          string `json:"baseURL"`
	ASID             string `json:"asid"`
	UserIdentifier   string `json:"userIdentifier"`
	UserName         string `json:"userName"`
	OrgIdentifier    string `json:"orgIdentifier"`
	OrgName          string `json:"orgName"`
	BusinessFunction string `json:"businessFunction"`
	OnBehalfOf       string `json:"onBehalfOf"`
	IssuedAt         string `json:"issuedAt"`
	ExpiresAt        string `json:"expiresAt"`
	Publisher        string `json:"publisher"`
	Owner            string `json:"owner,omitempty"`
	Kind             string `json:"kind,omitempty"`

	// others are members that this package does not know, in ASCII and with commas between them.
	others string
}

// field is a text member with its limit in bytes. All of them at their limits leave some room for the two names.
type field struct {
	name  string
	text  *string
	limit int
}

// fields are the members that are identifiers: printable ASCII, and never cut.
func (w *wire) fields() []field {
	return []field{
		{"sessionKey", &w.SessionKey, 256},
		{"baseURL", &w.BaseURL, 200},
		{"asid", &w.ASID, 32},
		{"userIdentifier", &w.UserIdentifier, 32},
		{"orgIdentifier", &w.OrgIdentifier, 32},
		{"businessFunction", &w.BusinessFunction, 64},
		{"onBehalfOf", &w.OnBehalfOf, 32},
		{"publisher", &w.Publisher, 64},
		{"owner", &w.Owner, 107},
		{"kind", &w.Kind, 32},
	}
}

// Encode makes the entry [AccountSession] of a session. Times lose their fractions of a second. An organisation's name that is
// too long is cut to fit, and if that does not help the user's name is, and then the owner left out. Members that [Decode] has found and did not know are in it
// again. A session whose version is another, that has no key or no times, whose generation is out of its range, or whose identifiers
// are too long or not printable ASCII is [ErrInvalid].
func Encode(s Session) ([]byte, error) {
	if s.Version != 0 && s.Version != Version {
		return nil, fmt.Errorf("%w: version %d is not the one that this program writes", ErrInvalid, s.Version)
	}
	if err := checkKey(s.SessionKey.Reveal()); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if s.Generation < 0 || s.Generation > MaxGeneration {
		return nil, fmt.Errorf("%w: its generation is out of range", ErrInvalid)
	}
	issued, err := encodeTime("issuedAt", s.IssuedAt)
	if err != nil {
		return nil, err
	}
	expires, err := encodeTime("expiresAt", s.ExpiresAt)
	if err != nil {
		return nil, err
	}
	w := wire{
		Version: Version, Generation: s.Generation, SessionKey: s.SessionKey.Reveal(), BaseURL: s.BaseURL, ASID: s.ASID,
		UserIdentifier: s.UserIdentifier, UserName: s.UserName, OrgIdentifier: s.OrgIdentifier, OrgName: s.OrgName,
		BusinessFunction: s.BusinessFunction, OnBehalfOf: s.OnBehalfOf, IssuedAt: issued, ExpiresAt: expires,
		Publisher: s.Publisher, Owner: s.Owner, Kind: s.Kind, others: s.others.Reveal(),
	}
	for _, field := range w.fields() {
		if len(*field.text) > field.limit {
			return nil, fmt.Errorf("%w: %s is longer than %d bytes", ErrInvalid, field.name, field.limit)
		}
		if !printable(*field.text) {
			return nil, fmt.Errorf("%w: %s has characters that are not printable ASCII", ErrInvalid, field.name)
		}
	}
	encoded, err := w.encode()
	if err == nil && len(encoded) > MaxSize {
		// Whoever wrote them did not escape what is beyond ASCII, and so was none of our programs.
		w.others = ""
		encoded, err = w.encode()
	}
	for _, name := range []*string{&w.OrgName, &w.UserName} {
		if err == nil && len(encoded) > MaxSize {
			*name = cut(*name, len(encoded)-MaxSize)
			encoded, err = w.encode()
		}
	}
	if err == nil && len(encoded) > MaxSize && w.Owner != "" {
		w.Owner = ""
		encoded, err = w.encode()
	}
	if err == nil && len(encoded) > MaxSize {
		err = fmt.Errorf("%w: its identifiers are too long together", ErrInvalid)
	}
	if err != nil {
		return nil, err
	}
	return encoded, nil
}

func encodeTime(name string, t time.Time) (string, error) {
	t = t.UTC()
	if t.IsZero() || t.Year() < 1 || t.Year() > 9999 {
		return "", fmt.Errorf("%w: %s is not set", ErrInvalid, name)
	}
	return t.Format(time.RFC3339), nil
}

// checkKey tells whether a session key can go into a header as it stands.
func checkKey(key string) error {
	if key == "" {
		return errors.New("it has no session key")
	}
	if !printable(key) || strings.Contains(key, " ") {
		return errors.New("its session key is not printable ASCII")
	}
	return nil
}

// printable tells whether text is printable ASCII, the space among it.
func printable(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// encode makes the JSON, with everything beyond ASCII escaped.
func (w *wire) encode() ([]byte, error) {
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(w); err != nil { //nolint:gosec // Here the key is meant to be written: this is the entry.
		// The encoder's error may quote a value.
		return nil, fmt.Errorf("%w: it cannot be written as JSON", ErrInvalid)
	}
	members := strings.TrimSuffix(plain.String(), "}\n")
	if w.others != "" {
		members += "," + w.others
	}
	return ascii(members + "}"), nil
}

// ascii returns JSON with everything beyond ASCII escaped.
func ascii(text string) []byte {
	encoded := make([]byte, 0, len(text))
	for _, r := range text {
		encoded = appendASCII(encoded, r)
	}
	return encoded
}

func appendASCII(to []byte, r rune) []byte {
	if r < 0x7f {
		return append(to, byte(r)) //nolint:gosec // It has just been looked at.
	}
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		return fmt.Appendf(to, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(to, `\u%04x`, r)
}

// cut takes as many characters off the end of a name as it takes to make its JSON shorter by excess bytes, or all of them.
func cut(name string, excess int) string {
	runes := []rune(name)
	for excess > 0 && len(runes) > 0 {
		last := runes[len(runes)-1]
		runes = runes[:len(runes)-1]
		excess -= width(last)
	}
	return strings.TrimRight(string(runes), " ")
}

// width is how many bytes a character has in the entry.
func width(r rune) int {
	switch {
	case r > 0xffff:
		return len(`\u0000\u0000`)
	case strings.ContainsRune("\"\\\b\f\n\r\t", r):
		return len(`\"`)
	case r < ' ' || r >= 0x7f:
		return len(`\u0000`)
	default:
		return 1
	}
}
