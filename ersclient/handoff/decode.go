package handoff

import (
	"bytes"
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
	if len(entry) > MaxSize {
		return Session{}, fmt.Errorf("%w: it is longer than %d bytes", ErrMalformed, MaxSize)
	}
	// Not into a struct: encoding/json matches names that differ in case.
	var members map[string]json.RawMessage
	if json.Unmarshal(entry, &members) != nil {
		// The decoder's error may quote the entry.
		return Session{}, fmt.Errorf("%w: it is not a JSON object", ErrMalformed)
	}
	if _, there := members["version"]; !there {
		return Session{}, fmt.Errorf("%w: it has no version", ErrMalformed)
	}
	var w wire
	if err := take(members, "version", &w.Version); err != nil {
		return Session{}, err
	}
	if w.Version != Version {
		return Session{}, fmt.Errorf("%w: %d, this program reads version %d", ErrVersion, w.Version, Version)
	}
	if err := take(members, "generation", &w.Generation); err != nil {
		return Session{}, err
	}
	delete(members, "version")
	delete(members, "generation")
	texts := append(w.fields(), field{"userName", &w.UserName, MaxSize}, field{"orgName", &w.OrgName, MaxSize},
		field{"issuedAt", &w.IssuedAt, MaxSize}, field{"expiresAt", &w.ExpiresAt, MaxSize})
	for _, text := range texts {
		if err := take(members, text.name, text.text); err != nil {
			return Session{}, err
		}
		delete(members, text.name)
	}
	others, err := encodeOthers(members)
	if err != nil {
		return Session{}, err
	}
	if err := checkKey(w.SessionKey); err != nil {
		return Session{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	issued, err := decodeTime("issuedAt", w.IssuedAt)
	if err != nil {
		return Session{}, err
	}
	expires, err := decodeTime("expiresAt", w.ExpiresAt)
	if err != nil {
		return Session{}, err
	}
	return Session{
		Version: w.Version, Generation: w.Generation, SessionKey: NewSessionKey(w.SessionKey), BaseURL: w.BaseURL, ASID: w.ASID,
		UserIdentifier: w.UserIdentifier, UserName: w.UserName, OrgIdentifier: w.OrgIdentifier, OrgName: w.OrgName,
		BusinessFunction: w.BusinessFunction, OnBehalfOf: w.OnBehalfOf, IssuedAt: issued, ExpiresAt: expires,
		Publisher: w.Publisher, Owner: w.Owner, Kind: w.Kind, others: secret.New(others),
	}, nil
}

// encodeOthers returns members as in an entry, sorted by name. Nested ones, which no program writes
// within version 1, are dropped: readers that match patterns would find an entry's members in them.
func encodeOthers(members map[string]json.RawMessage) (string, error) {
	encoded := make([]string, 0, len(members))
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if value := members[name]; value[0] == '{' || value[0] == '[' {
			continue
		}
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		err := encoder.Encode(name)
		text.Truncate(max(0, text.Len()-1)) // the encoder's newline
		text.WriteByte(':')
		if err == nil {
			err = json.Compact(&text, members[name])
		}
		if err != nil {
			// The error may quote a value.
			return "", fmt.Errorf("%w: it has a member that is not one of JSON", ErrMalformed)
		}
		encoded = append(encoded, string(ascii(text.String())))
	}
	return strings.Join(encoded, ","), nil
}

// take decodes the member name, if present.
func take(members map[string]json.RawMessage, name string, into any) error {
	value, there := members[name]
	if !there {
		return nil
	}
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
