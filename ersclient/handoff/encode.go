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

// MaxSize bounds the entry [AccountSession], in bytes. Windows takes 2,560, and the UTF-16 aliases
// need twice the size.
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

// wire is the entry's JSON. It is separate from [Session], whose key is masked in every encoder.
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

	// others are members unknown to this package, in ASCII, separated by commas.
	others string
}

// field is a text member and its limit in bytes. With all of them at their limits, some room is
// left for the two names.
type field struct {
	name  string
	text  *string
	limit int
}

// fields returns the identifiers: printable ASCII, never cut.
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

// Encode returns the entry [AccountSession] of a session, with the unknown members that [Decode]
// kept. Times lose fractions of a second. To fit, it cuts the organisation's name, then the user's,
// and then drops the owner. The error is [ErrInvalid] for another version, a missing key or time, a
// generation out of range, or an identifier that is too long or not printable ASCII.
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
		// Their writer did not escape non-ASCII text, so they are not from a program of this
		// contract.
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

// checkKey returns an error if a session key cannot go into a header unchanged.
func checkKey(key string) error {
	if key == "" {
		return errors.New("it has no session key")
	}
	if !printable(key) || strings.Contains(key, " ") {
		return errors.New("its session key is not printable ASCII")
	}
	return nil
}

// printable reports whether text is printable ASCII, including spaces.
func printable(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// encode returns the JSON, with non-ASCII text escaped.
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

// ascii returns JSON with non-ASCII text escaped.
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

// cut removes as many characters from the end of name as shorten its JSON by excess bytes, or all.
func cut(name string, excess int) string {
	runes := []rune(name)
	for excess > 0 && len(runes) > 0 {
		last := runes[len(runes)-1]
		runes = runes[:len(runes)-1]
		excess -= width(last)
	}
	return strings.TrimRight(string(runes), " ")
}

// width returns the number of bytes of a character in the entry.
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
