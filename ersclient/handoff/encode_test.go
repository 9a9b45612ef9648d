package handoff_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/handoff"
)

const madeUpKey = "pro-xapi-session_222c42c7-820f-4f9b-92fb-3add4b1db9f7"

func madeUp() handoff.Session {
	return handoff.Session{
		Version: handoff.Version, Generation: 7, SessionKey: handoff.NewSessionKey(madeUpKey),
		BaseURL: "https://api.dev1.ers.ncrs.nhs.uk/ers-api", ASID: "123456789012", UserIdentifier: "021600556514",
		UserName: "Ann Example", OrgIdentifier: "R01", OrgName: "Meddygfa Tŷ Elli & Sons <North>",
		BusinessFunction: "REFERRING_CLINICIAN",
		IssuedAt:         time.Date(2026, 3, 2, 8, 42, 0, 0, time.UTC), ExpiresAt: time.Date(2026, 3, 2, 18, 42, 0, 0, time.UTC),
		Publisher: "e-RS Login 1.0.0",
	}
}

// requireSame compares two sessions without printing either's key.
func requireSame(t *testing.T, want, got handoff.Session) {
	t.Helper()
	require.True(t, want.SessionKey.Equal(got.SessionKey.Text), "another session key")
	want.SessionKey, got.SessionKey = handoff.SessionKey{}, handoff.SessionKey{}
	want, _ = handoff.Known(want)
	got, _ = handoff.Known(got)
	require.Equal(t, want, got)
}

// Programs in every language read exactly these members. Renaming one breaks them all on the day of
// an update.
func TestTheEntryIsWhatTheContractSays(t *testing.T) {
	encoded, err := handoff.Encode(madeUp())
	require.NoError(t, err)
	require.Equal(t, `{"version":1,"generation":7,"sessionKey":"`+madeUpKey+`","baseURL":"https://api.dev1.ers.ncrs.nhs.uk/ers-api",`+
		`"asid":"123456789012","userIdentifier":"021600556514","userName":"Ann Example","orgIdentifier":"R01",`+
		`"orgName":"Meddygfa T\u0177 Elli & Sons <North>","businessFunction":"REFERRING_CLINICIAN","onBehalfOf":"",`+
		`"issuedAt":"2026-03-02T08:42:00Z","expiresAt":"2026-03-02T18:42:00Z","publisher":"e-RS Login 1.0.0"}`, string(encoded))
	decoded, err := handoff.Decode(encoded)
	require.NoError(t, err)
	requireSame(t, madeUp(), decoded)
}

// requireMasked fails if a value that is printed or encoded reveals a secret.
func requireMasked(t *testing.T, value any, secret string) {
	t.Helper()
	encoded, err := json.Marshal(value)
	require.NoError(t, err)
	assert.NotContains(t, string(encoded), secret)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		assert.NotContains(t, fmt.Sprintf(verb, value), secret)
		assert.NotContains(t, fmt.Sprintf(verb, value), fmt.Sprintf("%x", secret))
	}
}

// A session that is printed or logged must not reveal its key.
func TestTheKeyIsMaskedEverywhereElse(t *testing.T) { requireMasked(t, madeUp(), madeUpKey) }

// requireCut encodes a session whose names are long, and returns what a reader gets of it.
func requireCut[S handoff.Entry](t *testing.T, session S, decode func([]byte) (S, error), orgLeft, userLeft bool) S {
	t.Helper()
	encoded, err := handoff.Encode(session)
	require.NoError(t, err)
	require.LessOrEqual(t, len(encoded), handoff.MaxSize)
	decoded, err := decode(encoded)
	require.NoError(t, err)
	before, after := session.Details(), decoded.Details()
	require.Equal(t, orgLeft, after.OrgName != "", "what is left of the organisation's name")
	require.Equal(t, userLeft, after.UserName != "", "what is left of the user's name")
	require.True(t, strings.HasPrefix(string([]rune(before.OrgName)), after.OrgName))
	require.True(t, strings.HasPrefix(before.UserName, after.UserName))
	again, err := handoff.Encode(decoded)
	require.NoError(t, err)
	require.Equal(t, string(encoded), string(again), "cutting twice changes nothing")
	after.OrgName, after.UserName, after.Owner = before.OrgName, before.UserName, before.Owner
	require.Equal(t, before, after, "identifiers are never cut")
	return decoded
}

// A very long name must not keep a whole trust from signing in, and the key must never be cut.
func TestLongNamesAreCut(t *testing.T) {
	tests := map[string]struct {
		change            func(*handoff.Session)
		orgLeft, userLeft bool
	}{
		"organisation":          {func(s *handoff.Session) { s.OrgName = strings.Repeat("Ysbyty ", 400) }, true, true},
		"not ASCII":             {func(s *handoff.Session) { s.OrgName = strings.Repeat("ŷ", 400) }, true, true},
		"beyond the base plane": {func(s *handoff.Session) { s.OrgName = strings.Repeat("🏥", 400) }, true, true},
		"quotes":                {func(s *handoff.Session) { s.OrgName = strings.Repeat(`"'\`, 400) }, true, true},
		"control characters":    {func(s *handoff.Session) { s.OrgName = strings.Repeat("\x01\n\x7f", 400) }, true, true},
		"not UTF-8":             {func(s *handoff.Session) { s.OrgName = strings.Repeat("\xff", 400) }, true, true},
		"user":                  {func(s *handoff.Session) { s.UserName = strings.Repeat("Ann ", 400) }, false, true},
		"both": {func(s *handoff.Session) {
			s.OrgName, s.UserName = strings.Repeat("Ysbyty ", 400), strings.Repeat("Ann ", 400)
		}, false, true},
		"identifiers at their limits": {func(s *handoff.Session) {
			s.SessionKey = handoff.NewSessionKey(strings.Repeat("k", 256))
			s.BaseURL, s.Publisher = "https://"+strings.Repeat("b", 192), strings.Repeat("p", 64)
			s.ASID, s.UserIdentifier, s.OrgIdentifier = strings.Repeat("a", 32), strings.Repeat("u", 32), strings.Repeat("o", 32)
			s.OnBehalfOf, s.BusinessFunction = strings.Repeat("u", 32), strings.Repeat("F", 64)
			s.Generation = handoff.MaxGeneration
			s.OrgName, s.UserName = strings.Repeat("Ysbyty ", 400), strings.Repeat("A", 20)
		}, true, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			session := madeUp()
			test.change(&session)
			decoded := requireCut(t, session, handoff.Decode, test.orgLeft, test.userLeft)
			require.True(t, session.SessionKey.Equal(decoded.SessionKey.Text))
		})
	}
}

// A session that readers could not use must not be published.
func TestWhatCannotBePublished(t *testing.T) {
	tests := map[string]func(*handoff.Session){
		"no key":                                   func(s *handoff.Session) { s.SessionKey = handoff.SessionKey{} },
		"a key of two lines":                       func(s *handoff.Session) { s.SessionKey = handoff.NewSessionKey("S3CRET\nX: y") },
		"a key with a space":                       func(s *handoff.Session) { s.SessionKey = handoff.NewSessionKey("S3CRET ") },
		"a key that is not ASCII":                  func(s *handoff.Session) { s.SessionKey = handoff.NewSessionKey("S3CRETŷ") },
		"a key of enormous length":                 func(s *handoff.Session) { s.SessionKey = handoff.NewSessionKey(strings.Repeat("S3CRET", 50)) },
		"another version":                          func(s *handoff.Session) { s.Version = 2 },
		"no time of issue":                         func(s *handoff.Session) { s.IssuedAt = time.Time{} },
		"no end":                                   func(s *handoff.Session) { s.ExpiresAt = time.Time{} },
		"an end that is no date":                   func(s *handoff.Session) { s.ExpiresAt = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"an address that is no ASCII":              func(s *handoff.Session) { s.BaseURL = "https://tŷ" },
		"an endless address":                       func(s *handoff.Session) { s.BaseURL = "https://" + strings.Repeat("b", 200) },
		"a generation below zero":                  func(s *handoff.Session) { s.Generation = -1 },
		"a generation that JavaScript would round": func(s *handoff.Session) { s.Generation = handoff.MaxGeneration + 1 },
		"identifiers full of quotes": func(s *handoff.Session) {
			s.BaseURL, s.SessionKey = strings.Repeat(`"`, 200), handoff.NewSessionKey(strings.Repeat(`"`, 256))
		},
	}
	for name, change := range tests {
		session := madeUp()
		change(&session)
		t.Run(name, func(t *testing.T) { requireInvalid(t, session) })
	}
}

// requireInvalid fails if a session can be published, or the error quotes a secret of the tests.
func requireInvalid(t *testing.T, session handoff.Entry) {
	t.Helper()
	_, err := handoff.Encode(session)
	require.ErrorIs(t, err, handoff.ErrInvalid)
	require.NotContains(t, err.Error(), "S3CRET")
	require.ErrorIs(t, handoff.Write(t.Context(), session), handoff.ErrInvalid)
}

// decoding is an entry, and what a reader gets of it.
type decoding[S any] struct {
	name, entry string
	want        S
	err         error
}

func (d decoding[S]) test(t *testing.T, decode func([]byte) (S, error), same func(t *testing.T, want, got S)) {
	t.Run(d.name, func(t *testing.T) {
		got, err := decode([]byte(d.entry))
		require.ErrorIs(t, err, d.err)
		if err != nil {
			require.NotContains(t, err.Error(), "S3CR")
			require.Zero(t, got)
			return
		}
		same(t, d.want, got)
	})
}

// A reader of today must read what next year's program writes within version 1, and refuse the rest
// clearly.
func TestDecode(t *testing.T) {
	const start = `{"version":1,"sessionKey":"k"`
	key := handoff.NewSessionKey("k")
	for _, test := range []decoding[handoff.Session]{
		{"the least", start + `}`, handoff.Session{Version: 1, SessionKey: key}, nil},
		{"unknown members", start + `,"colour":{"a":[1]},"x":null}`, handoff.Session{Version: 1, SessionKey: key}, nil},
		{"a name in another case is another member", start + `,"SESSIONKEY":"other","Asid":5}`,
			handoff.Session{Version: 1, SessionKey: key}, nil},
		{"null members", start + `,"orgName":null,"issuedAt":null}`, handoff.Session{Version: 1, SessionKey: key}, nil},
		{"escapes", start + `,"userName":"Si\u00f4n \ud83c\udfe5"}`,
			handoff.Session{Version: 1, SessionKey: key, UserName: "Siôn 🏥"}, nil},
		{"a time with a zone", start + `,"expiresAt":"2026-03-02T19:42:00+01:00"}`,
			handoff.Session{Version: 1, SessionKey: key, ExpiresAt: time.Date(2026, 3, 2, 18, 42, 0, 0, time.UTC)}, nil},
		{"version 2", `{"version":2,"sessionKey":{"S3CRET":1}}`, handoff.Session{}, handoff.ErrVersion},
		{"version 0", `{"version":0,"sessionKey":"S3CRET"}`, handoff.Session{}, handoff.ErrVersion},
		{"no version", `{"sessionKey":"S3CRET"}`, handoff.Session{}, handoff.ErrMalformed},
		{"a version that is a text", `{"version":"S3CRET"}`, handoff.Session{}, handoff.ErrMalformed},
		{"no key", `{"version":1}`, handoff.Session{}, handoff.ErrMalformed},
		{"a key that is a number", `{"version":1,"sessionKey":53}`, handoff.Session{}, handoff.ErrMalformed},
		{"a key of two lines", `{"version":1,"sessionKey":"S3CRET\nX: y"}`, handoff.Session{}, handoff.ErrMalformed},
		{"no time", start + `,"issuedAt":"S3CRET"}`, handoff.Session{}, handoff.ErrMalformed},
		{"the key alone", "S3CRET", handoff.Session{}, handoff.ErrMalformed},
		{"nothing", "", handoff.Session{}, handoff.ErrMalformed},
		{"null", "null", handoff.Session{}, handoff.ErrMalformed},
		{"two objects", start + `}` + start + `}`, handoff.Session{}, handoff.ErrMalformed},
		{"cut", start + `,"orgName":"S3CR`, handoff.Session{}, handoff.ErrMalformed},
		{"too long", start + strings.Repeat(" ", handoff.MaxSize) + `}`, handoff.Session{}, handoff.ErrMalformed},
		{"UTF-16 taken for UTF-8", "{\x00\"\x00v\x00", handoff.Session{}, handoff.ErrMalformed},
	} {
		test.test(t, handoff.Decode, requireSame)
	}
}

// Within version 1 a later program may write more members, which a program that passes the entry on
// (ers-login session --json) must not lose: readers find them in the keyring.
func TestUnknownMembersAreKept(t *testing.T) {
	plain, err := handoff.Encode(madeUp())
	require.NoError(t, err)
	for name, test := range map[string]struct{ added, want string }{
		"nothing":            {"", ""},
		"one":                {`,"colour":"red"`, `,"colour":"red"`},
		"several, in order":  {`,"b":null,"A":1.50e3`, `,"A":1.50e3,"b":null`},
		"white space":        {" , \"a\" :  1\t\n", `,"a":1`},
		"not flat":           {`,"a":{"asid":"9"},"b": [{"asid":"9"}],"c":true`, `,"c":true`},
		"beyond ASCII":       {`,"lliw ŷ":"🏥 <&>` + "\x7f" + `"`, `,"lliw \u0177":"\ud83c\udfe5 <&>\u007f"`},
		"another case":       {`,"SESSIONKEY":"other"`, `,"SESSIONKEY":"other"`},
		"twice":              {`,"a":1,"a":2`, `,"a":2`},
		"a line in a value":  {`,"a":"1\nX: y"`, `,"a":"1\nX: y"`},
		"a name with quotes": {`,"a\",\"asid":"9"`, `,"a\",\"asid":"9"`},
	} {
		t.Run(name, func(t *testing.T) {
			session, err := handoff.Decode([]byte(strings.TrimSuffix(string(plain), "}") + test.added + "}"))
			require.NoError(t, err)
			encoded, err := handoff.Encode(session)
			require.NoError(t, err)
			requirePlain(t, encoded)
			require.Equal(t, strings.TrimSuffix(string(plain), "}")+test.want+"}", string(encoded))
			if test.want != "" {
				for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
					require.NotContains(t, fmt.Sprintf(verb, session), test.want[1:], "it may be secret")
				}
			}
		})
	}
	t.Run("longer than the entry", func(t *testing.T) {
		session, err := handoff.Decode([]byte(strings.TrimSuffix(string(plain), "}") + `,"a":"` + strings.Repeat("ŷ", 300) + `"}`))
		require.NoError(t, err)
		encoded, err := handoff.Encode(session)
		require.NoError(t, err)
		require.Equal(t, string(plain), string(encoded))
	})
}

// FuzzDecode checks that any entry yields a session or an error, and that a session can be
// published again unchanged.
func FuzzDecode(f *testing.F) {
	encoded, err := handoff.Encode(madeUp())
	require.NoError(f, err)
	for _, seed := range []string{
		string(encoded), "", "null", "{}", "[]", `{"version":1}`, `{"version":1,"sessionKey":"k"}`, `{"version":2}`,
		`{"version":1,"sessionKey":"k","orgName":"\ud800"}`, `{"version":1,"sessionKey":"k","expiresAt":"0000-01-01T00:00:00Z"}`,
		`{"version":1e0,"generation":9223372036854775808}`, strings.Repeat("[", 1000),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, entry []byte) {
		session, err := handoff.Decode(entry)
		if err != nil {
			require.Equal(t, handoff.Session{}, session)
			return
		}
		published, err := handoff.Encode(session)
		if err != nil {
			require.ErrorIs(t, err, handoff.ErrInvalid)
			return
		}
		again, err := handoff.Decode(published)
		require.NoError(t, err)
		require.True(t, session.SessionKey.Equal(again.SessionKey.Text))
	})
}

// FuzzRoundTrip checks that whatever e-RS sends, the entry is ASCII, fits, and decodes to the same
// session.
func FuzzRoundTrip(f *testing.F) {
	f.Add(int64(1), madeUpKey, "https://api.dev1.ers.ncrs.nhs.uk/ers-api", "R01", "Tŷ Elli", "Ann", int64(1772440920))
	f.Add(int64(-1), "k", "", "", strings.Repeat("🏥", 300), strings.Repeat("\xff\"\\", 300), int64(0))
	f.Fuzz(func(t *testing.T, generation int64, key, baseURL, orgIdentifier, orgName, userName string, issued int64) {
		session := handoff.Session{
			Version: 1, Generation: generation, SessionKey: handoff.NewSessionKey(key), BaseURL: baseURL,
			OrgIdentifier: orgIdentifier, OrgName: orgName, UserName: userName,
			IssuedAt: time.Unix(issued, 0).UTC(), ExpiresAt: time.Unix(issued, 0).UTC().Add(10 * time.Hour),
		}
		encoded, err := handoff.Encode(session)
		if err != nil {
			require.ErrorIs(t, err, handoff.ErrInvalid)
			return
		}
		require.LessOrEqual(t, len(encoded), handoff.MaxSize)
		for _, b := range encoded {
			require.True(t, b >= ' ' && b < 0x7f)
		}
		got, err := handoff.Decode(encoded)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string([]rune(session.OrgName)), got.OrgName))
		require.True(t, strings.HasPrefix(string([]rune(session.UserName)), got.UserName))
		got.OrgName, got.UserName = session.OrgName, session.UserName
		requireSame(t, session, got)
	})
}
