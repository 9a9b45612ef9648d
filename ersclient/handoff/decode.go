package handoff

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ers-login/ers-login/internal/secret"
)

// Decode reads the entry [AccountSession]. Unknown members are kept for [Encode] and otherwise
// ignored; members that are null or missing are empty, except for the version and the session key.
// The error is [ErrVersion] for another version, and [ErrMalformed] for an entry that violates the
// contract.
func Decode(entry []byte) (Session, error) {
	var session Session
	if err := sessionParts(&session).decode(entry); err != nil {
		return Session{}, err
	}
	return session, nil
}

// DecodeFHIR reads the entry [AccountFHIRSession] in the same way.
func DecodeFHIR(entry []byte) (FHIRSession, error) {
	var session FHIRSession
	if err := fhirParts(&session).decode(entry); err != nil {
		return FHIRSession{}, err
	}
	return session, nil
}

// DecodeAny reads either of the two, whichever its member "platform" says that it is.
func DecodeAny(entry []byte) (Entry, error) {
	var members map[string]json.RawMessage
	var platform Platform
	// What is malformed is so in more detail for Decode.
	if json.Unmarshal(entry, &members) == nil && take(members, memberPlatform, &platform) == nil && platform == FHIR {
		return either(DecodeFHIR(entry))
	}
	return either(Decode(entry))
}

// either returns a session as an Entry, nil with an error.
func either[S Entry](session S, err error) (Entry, error) {
	if err != nil {
		return nil, err
	}
	return session, nil
}

// decode reads an entry into what the parts point to.
func (p parts) decode(entry []byte) error {
	if len(entry) > MaxSize {
		return fmt.Errorf("%w: it is longer than %d bytes", ErrMalformed, MaxSize)
	}
	// Not into a struct: encoding/json matches names that differ in case.
	var members map[string]json.RawMessage
	if json.Unmarshal(entry, &members) != nil {
		// The decoder's error may quote the entry.
		return fmt.Errorf("%w: it is not a JSON object", ErrMalformed)
	}
	if _, there := members["version"]; !there {
		return fmt.Errorf("%w: it has no version", ErrMalformed)
	}
	if err := take(members, "version", p.version); err != nil {
		return err
	}
	if *p.version != Version {
		return fmt.Errorf("%w: %d, this program reads version %d", ErrVersion, *p.version, Version)
	}
	for _, member := range p.members {
		if err := member.decode(members); err != nil {
			return err
		}
	}
	*p.others = secret.New(encodeOthers(members))
	return nil
}

// decode takes the member's value out of an entry's.
func (m member) decode(members map[string]json.RawMessage) error {
	if number, is := m.value.(*int64); is {
		return take(members, m.name, number)
	}
	var text string
	if err := take(members, m.name, &text); err != nil {
		return err
	}
	switch value := m.value.(type) {
	case *time.Time:
		read, err := decodeTime(m.name, text)
		*value = read
		return err
	case *secret.Text:
		if err := checkSecret(m.name, text); err != nil {
			return fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		*value = secret.New(text)
	case *string:
		*value = text
	default:
		if text != fmt.Sprint(value) {
			return fmt.Errorf("%w: its %s is not %q", ErrMalformed, m.name, value)
		}
	}
	return nil
}

// encodeOthers returns members as in an entry, sorted by name. Nested ones, which no program writes
// within version 1, are dropped: readers that match patterns would find an entry's members in them.
func encodeOthers(members map[string]json.RawMessage) string {
	encoded := make([]string, 0, len(members))
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if value := members[name]; value[0] != '{' && value[0] != '[' {
			encoded = append(encoded, quote(name)+":"+string(ascii(string(value))))
		}
	}
	return strings.Join(encoded, ",")
}

// take decodes the member name, if present, and removes it from members.
func take(members map[string]json.RawMessage, name string, into any) error {
	value, there := members[name]
	if !there {
		return nil
	}
	delete(members, name)
	if json.Unmarshal(value, into) != nil {
		return fmt.Errorf("%w: %s is of another kind", ErrMalformed, name)
	}
	return nil
}

func decodeTime(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: %s is not a time of RFC 3339", ErrMalformed, name)
	}
	return t.UTC(), nil
}
