package handoff_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/handoff"
)

// schema is the subset of JSON Schema (draft 2020-12) in the schemas. Any other keyword fails the
// test, so that each one in use is checked.
type schema struct {
	Schema               string            `json:"$schema"`
	Title                string            `json:"title"`
	Description          string            `json:"description"`
	Type                 string            `json:"type"`
	Const                any               `json:"const"`
	Minimum              *int64            `json:"minimum"`
	Maximum              *int64            `json:"maximum"`
	Required             []string          `json:"required"`
	Properties           map[string]schema `json:"properties"`
	AdditionalProperties *bool             `json:"additionalProperties"`
	MinLength            int               `json:"minLength"`
	MaxLength            *int              `json:"maxLength"`
	Pattern              string            `json:"pattern"`
	// Not forbids a pattern, such as a character: for some validators, Python's among them, $ also
	// matches before a final newline.
	Not *struct {
		Pattern string `json:"pattern"`
	} `json:"not"`
}

func sessionSchema(t testing.TB) schema { return schemaIn(t, "session.schema.json") }

func fhirSchema(t testing.TB) schema { return schemaIn(t, "fhir-session.schema.json") }

func schemaIn(t testing.TB, file string) schema {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	decoder.UseNumber()
	var read schema
	require.NoError(t, decoder.Decode(&read))
	require.Equal(t, "https://json-schema.org/draft/2020-12/schema", read.Schema)
	return read
}

// check returns what is wrong with a value, without quoting it.
func (s schema) check(at string, value any) error {
	if s.Const != nil && value != s.Const {
		return fmt.Errorf("%s is not the constant", at)
	}
	switch s.Type {
	case "object":
		object, is := value.(map[string]any)
		if !is {
			return fmt.Errorf("%s is no object", at)
		}
		for _, name := range s.Required {
			if _, there := object[name]; !there {
				return fmt.Errorf("%s has no %s", at, name)
			}
		}
		for name, member := range object {
			described, known := s.Properties[name]
			if !known && s.AdditionalProperties != nil && !*s.AdditionalProperties {
				return fmt.Errorf("%s has %s, which the schema does not know", at, name)
			}
			if err := described.check(at+"."+name, member); known && err != nil {
				return err
			}
		}
	case "integer":
		number, is := value.(json.Number)
		whole, err := number.Int64()
		if !is || err != nil {
			return fmt.Errorf("%s is no integer", at)
		}
		if s.Minimum != nil && whole < *s.Minimum || s.Maximum != nil && whole > *s.Maximum {
			return fmt.Errorf("%s is out of range", at)
		}
	case "string":
		text, is := value.(string)
		if !is {
			return fmt.Errorf("%s is no text", at)
		}
		length := utf8.RuneCountInString(text)
		if length < s.MinLength || s.MaxLength != nil && length > *s.MaxLength {
			return fmt.Errorf("%s is too short or too long", at)
		}
		if s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(text) {
			return fmt.Errorf("%s is not of the pattern", at)
		}
		if s.Not != nil && regexp.MustCompile(s.Not.Pattern).MatchString(text) {
			return fmt.Errorf("%s has a character that it must not have", at)
		}
	case "":
	default:
		return fmt.Errorf("%s: the schema has a type that is not checked: %s", at, s.Type)
	}
	return nil
}

func (s schema) checkEntry(entry []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(entry))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return fmt.Errorf("no JSON: %w", err)
	}
	return s.check("entry", value)
}

// Integrators generate their readers from the schema. Any difference from the entry breaks them.
func TestTheSchemaIsWhatIsWritten(t *testing.T) {
	s := sessionSchema(t)
	for name, change := range map[string]func(*handoff.Session){
		"the usual":   func(*handoff.Session) {},
		"empty names": func(s *handoff.Session) { s.UserName, s.OrgName, s.Publisher = "", "", "" },
		"long names":  func(s *handoff.Session) { s.OrgName = strings.Repeat("Ysbyty Ŷ", 400) },
		"a local time": func(s *handoff.Session) {
			s.ExpiresAt = s.ExpiresAt.In(time.FixedZone("", -3600)).Add(time.Millisecond)
		},
		"the first generation":   func(s *handoff.Session) { s.Generation = 0 },
		"the highest generation": func(s *handoff.Session) { s.Generation = handoff.MaxGeneration },
	} {
		session := madeUp()
		change(&session)
		entry, err := handoff.Encode(session)
		require.NoError(t, err, name)
		require.NoError(t, s.checkEntry(entry), name)
	}
	requireDescribed(t, s, madeUp())
}

// The same for the other platform.
func TestTheFHIRSchemaIsWhatIsWritten(t *testing.T) {
	s := fhirSchema(t)
	for name, change := range map[string]func(*handoff.FHIRSession){
		"the usual":                      func(*handoff.FHIRSession) {},
		"empty names":                    func(s *handoff.FHIRSession) { s.UserName, s.OrgName, s.Publisher = "", "", "" },
		"long names":                     func(s *handoff.FHIRSession) { s.OrgName = strings.Repeat("Ysbyty Ŷ", 400) },
		"on behalf of a clinician":       func(s *handoff.FHIRSession) { s.OnBehalfOf = "021600556515" },
		"the first generation":           func(s *handoff.FHIRSession) { s.Generation, s.Revision = 0, 0 },
		"the highest of all":             func(s *handoff.FHIRSession) { s.Generation, s.Revision = handoff.MaxGeneration, handoff.MaxGeneration },
		"the longest token":              func(s *handoff.FHIRSession) { s.AccessToken = handoff.NewAccessToken(strings.Repeat("t", 600)) },
		"a token that outlives sign-ins": func(s *handoff.FHIRSession) { s.TokenExpiresAt = s.ExpiresAt.Add(time.Minute) },
	} {
		session := madeUpFHIR()
		change(&session)
		entry, err := handoff.Encode(session)
		require.NoError(t, err, name)
		requirePlain(t, entry)
		require.NoError(t, s.checkEntry(entry), name)
	}
	requireDescribed(t, s, madeUpFHIR())
}

// requireDescribed checks that the schema describes every member that is written, and no other.
func requireDescribed(t *testing.T, s schema, session handoff.Entry) {
	t.Helper()
	entry, err := handoff.Encode(session)
	require.NoError(t, err)
	var members map[string]any
	require.NoError(t, json.Unmarshal(entry, &members))
	written := slices.Sorted(maps.Keys(members))
	require.Equal(t, written, slices.Sorted(maps.Keys(s.Properties)), "every member is described, and none that is not written")
	require.Equal(t, written, slices.Sorted(slices.Values(s.Required)))
	require.True(t, *s.AdditionalProperties, "a later version 1 may have more")
}

// A checker that never fails would prove nothing.
func TestTheSchemaRefuses(t *testing.T) {
	requireRefused(t, sessionSchema(t), madeUp(), map[string]func(map[string]any){
		"another version":                func(m map[string]any) { m["version"] = json.Number("2") },
		"a version as text":              func(m map[string]any) { m["version"] = "1" },
		"no key":                         func(m map[string]any) { delete(m, "sessionKey") },
		"an empty key":                   func(m map[string]any) { m["sessionKey"] = "" },
		"a key of two lines":             func(m map[string]any) { m["sessionKey"] = "a\nb" },
		"a key that is too long":         func(m map[string]any) { m["sessionKey"] = strings.Repeat("k", 257) },
		"a number as name":               func(m map[string]any) { m["orgName"] = json.Number("1") },
		"a time with a zone":             func(m map[string]any) { m["expiresAt"] = "2026-03-02T19:42:00+01:00" },
		"a newline at the end of a key":  func(m map[string]any) { m["sessionKey"] = madeUpKey + "\n" },
		"a newline at the end of a time": func(m map[string]any) { m["expiresAt"] = "2026-03-02T19:42:00Z\n" },
		"an ASID that is not ASCII":      func(m map[string]any) { m["asid"] = "12345678901ŷ" },
		"a time with fractions":          func(m map[string]any) { m["issuedAt"] = "2026-03-02T19:42:00.5Z" },
		"a generation below zero":        func(m map[string]any) { m["generation"] = json.Number("-1") },
		"a generation too high":          func(m map[string]any) { m["generation"] = json.Number("9007199254740992") },
		"half a generation":              func(m map[string]any) { m["generation"] = json.Number("1.5") },
	})
	requireRefused(t, fhirSchema(t), madeUpFHIR(), map[string]func(map[string]any){
		"another version":          func(m map[string]any) { m["version"] = json.Number("2") },
		"another platform":         func(m map[string]any) { m["platform"] = "hscn" },
		"no platform":              func(m map[string]any) { delete(m, "platform") },
		"no token":                 func(m map[string]any) { delete(m, "accessToken") },
		"an empty token":           func(m map[string]any) { m["accessToken"] = "" },
		"a token with a space":     func(m map[string]any) { m["accessToken"] = "Bearer x" },
		"a token that is too long": func(m map[string]any) { m["accessToken"] = strings.Repeat("t", 601) },
		"no revision":              func(m map[string]any) { delete(m, "revision") },
		"a revision as text":       func(m map[string]any) { m["revision"] = "1" },
		"no end of the token":      func(m map[string]any) { delete(m, "tokenExpiresAt") },
	})
	require.Error(t, sessionSchema(t).checkEntry([]byte(`"k"`)))
	for _, crossed := range []struct {
		schema  schema
		session handoff.Entry
	}{{sessionSchema(t), madeUpFHIR()}, {fhirSchema(t), madeUp()}} {
		entry, err := handoff.Encode(crossed.session)
		require.NoError(t, err)
		require.Error(t, crossed.schema.checkEntry(entry), "an entry of the other platform")
	}
}

func requireRefused(t *testing.T, s schema, session handoff.Entry, changes map[string]func(map[string]any)) {
	t.Helper()
	for name, change := range changes {
		entry, err := handoff.Encode(session)
		require.NoError(t, err)
		decoder := json.NewDecoder(bytes.NewReader(entry))
		decoder.UseNumber()
		var members map[string]any
		require.NoError(t, decoder.Decode(&members))
		require.NoError(t, s.check("entry", members))
		change(members)
		require.Error(t, s.check("entry", members), name)
	}
}

// Shell scripts and small programs match patterns in the entry. These are the properties promised
// to them.
func requirePlain(t *testing.T, entry []byte) {
	t.Helper()
	require.True(t, bytes.HasPrefix(entry, []byte(`{"version":1,`)), "the version is not first")
	require.Equal(t, -1, bytes.IndexFunc(entry, func(r rune) bool { return r < ' ' || r > '~' }), "not printable ASCII on one line")
	require.LessOrEqual(t, len(entry), handoff.MaxSize)
	var compact bytes.Buffer
	require.NoError(t, json.Compact(&compact, entry))
	require.True(t, bytes.Equal(compact.Bytes(), entry), "white space between members")
}

// FuzzEncode checks that for any input the entry follows the contract, and that a pattern finds the
// right identifier in it.
func FuzzEncode(f *testing.F) {
	f.Add("key", "123456789012", "R01", "Ann Example", "Meddygfa Tŷ Elli", int64(1), int64(1))
	f.Add("k", "", `","asid":"`, `","asid":"999999999999"`, `\",\"asid\":\"9\"`, int64(-1), int64(253402300799))
	f.Add("k", `\`, `"`, "\x00\x7f\u2028\ud7ff\ufffd", "🏥<>&", int64(0), int64(-62135596800))
	s := sessionSchema(f)
	member := regexp.MustCompile(`.*[{,]"asid":"([^"\\]*)"`)
	f.Fuzz(func(t *testing.T, key, asid, org, user, name string, generation, end int64) {
		session := madeUp()
		session.SessionKey, session.ASID, session.OrgIdentifier = handoff.NewSessionKey(key), asid, org
		session.UserName, session.OrgName, session.Generation = user, name, generation
		session.ExpiresAt = time.Unix(end, 0)
		entry, err := handoff.Encode(session)
		if err != nil {
			require.ErrorIs(t, err, handoff.ErrInvalid)
			return
		}
		requirePlain(t, entry)
		require.NoError(t, s.checkEntry(entry))
		decoded, err := handoff.Decode(entry)
		require.NoError(t, err)
		require.True(t, decoded.SessionKey.Equal(session.SessionKey.Text))
		require.Equal(t, []any{asid, org, generation}, []any{decoded.ASID, decoded.OrgIdentifier, decoded.Generation})
		found := member.FindSubmatch(entry)
		if strings.ContainsAny(asid, `"\`) {
			require.Nil(t, found, "a pattern finds no part of an identifier")
			return
		}
		require.NotNil(t, found)
		require.Equal(t, asid, string(found[1]))
	})
}

var accountsOfBoth = []string{
	handoff.AccountSession, handoff.AccountSessionKey, handoff.AccountFHIRSession, handoff.AccountAccessToken,
}

// Integrators have only the document. An error in a member, a reader or an example costs them a
// day.
func TestTheDocumentSaysTheSame(t *testing.T) {
	text, err := os.ReadFile("../../docs/handoff.md")
	require.NoError(t, err)
	document := string(text)
	examples := regexp.MustCompile("(?s)```json\n(.*?)\n```").FindAllStringSubmatch(document, -1)
	require.Len(t, examples, 2)
	for i, described := range []struct {
		schema   schema
		platform handoff.Platform
	}{{sessionSchema(t), handoff.HSCN}, {fhirSchema(t), handoff.FHIR}} {
		for name := range described.schema.Properties {
			require.Contains(t, document, "\n| `"+name+"` | ", "a member that the table does not have")
		}
		example := examples[i][1]
		requirePlain(t, []byte(example))
		require.NoError(t, described.schema.checkEntry([]byte(example)))
		session, err := handoff.DecodeAny([]byte(example))
		require.NoError(t, err)
		require.Equal(t, described.platform, session.Details().Platform)
		again, err := handoff.Encode(session)
		require.NoError(t, err)
		require.Equal(t, string(again), example, "the example is an entry as it is written")
	}
	for _, account := range accountsOfBoth {
		require.Contains(t, document, "\n| `"+account+"` | ", "an entry that the table does not have")
	}

	readers, err := filepath.Glob("readers/*/*")
	require.NoError(t, err)
	shown := regexp.MustCompile(`\]\(\.\./ersclient/handoff/(readers/[a-z-]+/[A-Za-z0-9_.-]+)\)`).FindAllStringSubmatch(document, -1)
	var folders []string
	for _, link := range shown {
		require.Contains(t, readers, link[1])
		folders = append(folders, filepath.Dir(link[1]))
	}
	for _, reader := range readers {
		require.Contains(t, folders, filepath.Dir(reader), "a reader that the document does not show")
	}
}
