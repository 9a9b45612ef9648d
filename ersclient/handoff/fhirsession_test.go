package handoff_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/handoff"
)

const madeUpToken = "qXnl0uYQW4bLmRk7dOa3TtGvJ5cP"

func madeUpFHIR() handoff.FHIRSession {
	return handoff.FHIRSession{
		Version: handoff.Version, Generation: 7, Revision: 2, AccessToken: handoff.NewAccessToken(madeUpToken),
		BaseURL: "https://int.api.service.nhs.uk/referrals/FHIR", UserIdentifier: "021600556514",
		UserName: "Ann Example", OrgIdentifier: "R01", OrgName: "Meddygfa Tŷ Elli & Sons <North>",
		BusinessFunction: "REFERRING_CLINICIAN",
		IssuedAt:         time.Date(2026, 3, 2, 8, 42, 0, 0, time.UTC), TokenExpiresAt: time.Date(2026, 3, 2, 9, 5, 59, 0, time.UTC),
		ExpiresAt: time.Date(2026, 3, 2, 20, 42, 0, 0, time.UTC), Publisher: "e-RS Login 1.0.0",
	}
}

// requireSameFHIR compares two sessions without printing either's token.
func requireSameFHIR(t *testing.T, want, got handoff.FHIRSession) {
	t.Helper()
	require.True(t, want.AccessToken.Equal(got.AccessToken.Text), "another access token")
	want.AccessToken, got.AccessToken = handoff.AccessToken{}, handoff.AccessToken{}
	want, _ = handoff.KnownFHIR(want)
	got, _ = handoff.KnownFHIR(got)
	require.Equal(t, want, got)
}

// Programs in every language read exactly these members.
func TestTheFHIREntryIsWhatTheContractSays(t *testing.T) {
	encoded, err := handoff.Encode(madeUpFHIR())
	require.NoError(t, err)
	require.Equal(t, `{"version":1,"platform":"fhir","generation":7,"revision":2,"accessToken":"`+madeUpToken+`",`+
		`"baseURL":"https://int.api.service.nhs.uk/referrals/FHIR","userIdentifier":"021600556514","userName":"Ann Example",`+
		`"orgIdentifier":"R01","orgName":"Meddygfa T\u0177 Elli & Sons <North>","businessFunction":"REFERRING_CLINICIAN",`+
		`"onBehalfOf":"","issuedAt":"2026-03-02T08:42:00Z","tokenExpiresAt":"2026-03-02T09:05:59Z",`+
		`"expiresAt":"2026-03-02T20:42:00Z","publisher":"e-RS Login 1.0.0"}`, string(encoded))
	decoded, err := handoff.DecodeFHIR(encoded)
	require.NoError(t, err)
	requireSameFHIR(t, madeUpFHIR(), decoded)

	owned := madeUpFHIR()
	owned.Owner, owned.Kind = "/run/user/1000/lock", handoff.KindDemonstration
	encoded, err = handoff.Encode(owned)
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(string(encoded), `,"owner":"/run/user/1000/lock","kind":"demonstration"}`))
	decoded, err = handoff.DecodeFHIR(encoded)
	require.NoError(t, err)
	requireSameFHIR(t, owned, decoded)
}

// A session that is printed or logged must not reveal its token.
func TestTheTokenIsMaskedEverywhereElse(t *testing.T) {
	for _, value := range []any{madeUpFHIR(), handoff.Entry(madeUpFHIR()), madeUpFHIR().Details()} {
		requireMasked(t, value, madeUpToken)
	}
}

// The longest token and very long names must not keep a whole trust from signing in, and the token
// must never be cut.
func TestALongTokenFits(t *testing.T) {
	const long = 400
	tests := map[string]struct {
		change            func(*handoff.FHIRSession)
		orgLeft, userLeft bool
		owned             bool
	}{
		"organisation": {func(s *handoff.FHIRSession) { s.OrgName = strings.Repeat("Ysbyty Ŷ", long) }, true, true, false},
		"user":         {func(s *handoff.FHIRSession) { s.UserName = strings.Repeat("Ann 🏥", long) }, false, true, false},
		"the longest token": {func(s *handoff.FHIRSession) {
			s.AccessToken = handoff.NewAccessToken(strings.Repeat("t", 600))
		}, true, true, false},
		"the longest token and names": {func(s *handoff.FHIRSession) {
			s.AccessToken = handoff.NewAccessToken(strings.Repeat("t", 600))
			s.OrgName, s.UserName = strings.Repeat("Ysbyty ", long), strings.Repeat("Ann ", long)
		}, false, true, false},
		"the longest token, function and platform, and an owner": {func(s *handoff.FHIRSession) {
			s.AccessToken = handoff.NewAccessToken(strings.Repeat("t", 600))
			s.BusinessFunction, s.OnBehalfOf = "SERVICE_PROVIDER_CLINICIAN_ADMIN", "021600556515"
			s.Generation, s.Revision, s.OrgIdentifier = handoff.MaxGeneration, 9999, "RXX01PRISON"
			s.Owner = "/run/user/1000/ers-login/" + strings.Repeat("o", 40)
		}, true, true, true},
		"the longest token, function and owner": {func(s *handoff.FHIRSession) {
			s.AccessToken = handoff.NewAccessToken(strings.Repeat("t", 600))
			s.BusinessFunction, s.OnBehalfOf = "SERVICE_PROVIDER_CLINICIAN_ADMIN", "021600556515"
			s.Generation, s.Revision, s.OrgIdentifier = handoff.MaxGeneration, 9999, "RXX01PRISON"
			s.Owner, s.Kind = strings.Repeat("o", 107), handoff.KindDemonstration
		}, false, false, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			session := madeUpFHIR()
			test.change(&session)
			decoded := requireCut(t, session, handoff.DecodeFHIR, test.orgLeft, test.userLeft)
			require.True(t, session.AccessToken.Equal(decoded.AccessToken.Text))
			require.Equal(t, test.owned, decoded.Owner != "", "whether the owner is left")
		})
	}
}

// A session that readers could not use must not be published.
func TestWhatCannotBePublishedOnFHIR(t *testing.T) {
	tests := map[string]func(*handoff.FHIRSession){
		"no token":             func(s *handoff.FHIRSession) { s.AccessToken = handoff.AccessToken{} },
		"a token of two lines": func(s *handoff.FHIRSession) { s.AccessToken = handoff.NewAccessToken("S3CRET\nX: y") },
		"a token with a space": func(s *handoff.FHIRSession) { s.AccessToken = handoff.NewAccessToken("Bearer S3CRET") },
		"a token not ASCII":    func(s *handoff.FHIRSession) { s.AccessToken = handoff.NewAccessToken("S3CRETŷ") },
		"a token of 601": func(s *handoff.FHIRSession) {
			s.AccessToken = handoff.NewAccessToken("S3CRET" + strings.Repeat("t", 595))
		},
		"another version":         func(s *handoff.FHIRSession) { s.Version = 2 },
		"no time of issue":        func(s *handoff.FHIRSession) { s.IssuedAt = time.Time{} },
		"no end":                  func(s *handoff.FHIRSession) { s.ExpiresAt = time.Time{} },
		"no end of the token":     func(s *handoff.FHIRSession) { s.TokenExpiresAt = time.Time{} },
		"a revision below zero":   func(s *handoff.FHIRSession) { s.Revision = -1 },
		"a revision out of range": func(s *handoff.FHIRSession) { s.Revision = handoff.MaxGeneration + 1 },
		"an address not ASCII":    func(s *handoff.FHIRSession) { s.BaseURL = "https://tŷ" },
		"all at their limits": func(s *handoff.FHIRSession) {
			s.AccessToken, s.BaseURL = handoff.NewAccessToken("S3CRET"+strings.Repeat("t", 594)), strings.Repeat("b", 200)
			s.Publisher, s.BusinessFunction = strings.Repeat("p", 64), strings.Repeat("F", 64)
		},
	}
	for name, change := range tests {
		session := madeUpFHIR()
		change(&session)
		t.Run(name, func(t *testing.T) { requireInvalid(t, session) })
	}
	_, err := handoff.Encode(nil)
	require.ErrorIs(t, err, handoff.ErrInvalid)
}

// A token that outlives its session, as near the end of the twelve hours, must not keep a reader
// calling that looks at the token's end alone.
func TestATokenEndsWithItsSession(t *testing.T) {
	session := madeUpFHIR()
	session.TokenExpiresAt = session.ExpiresAt.Add(5 * time.Minute)
	encoded, err := handoff.Encode(session)
	require.NoError(t, err)
	decoded, err := handoff.DecodeFHIR(encoded)
	require.NoError(t, err)
	require.Equal(t, session.ExpiresAt, decoded.TokenExpiresAt)
}

// A program for one platform that meets an entry of the other must refuse it, and one for both must
// know which it is.
func TestDecodeFHIR(t *testing.T) {
	const start = `{"version":1,"platform":"fhir","accessToken":"t"`
	token := handoff.NewAccessToken("t")
	for _, test := range []decoding[handoff.FHIRSession]{
		{"the least", start + `}`, handoff.FHIRSession{Version: 1, AccessToken: token}, nil},
		{"unknown members", start + `,"colour":{"a":[1]},"x":null}`, handoff.FHIRSession{Version: 1, AccessToken: token}, nil},
		{"a name in another case is another member", start + `,"ACCESSTOKEN":"other","Revision":"5"}`,
			handoff.FHIRSession{Version: 1, AccessToken: token}, nil},
		{"null members", start + `,"orgName":null,"tokenExpiresAt":null}`, handoff.FHIRSession{Version: 1, AccessToken: token}, nil},
		{"a revision", start + `,"revision":12}`, handoff.FHIRSession{Version: 1, AccessToken: token, Revision: 12}, nil},
		{"version 2", `{"version":2,"platform":"fhir","accessToken":{"S3CRET":1}}`, handoff.FHIRSession{}, handoff.ErrVersion},
		{"no platform", `{"version":1,"accessToken":"S3CRET"}`, handoff.FHIRSession{}, handoff.ErrMalformed},
		{"another platform", `{"version":1,"platform":"S3CRET","accessToken":"S3CRET"}`, handoff.FHIRSession{}, handoff.ErrMalformed},
		{"a platform that is a number", `{"version":1,"platform":1,"accessToken":"S3CRET"}`, handoff.FHIRSession{}, handoff.ErrMalformed},
		{"a session key", `{"version":1,"platform":"fhir","sessionKey":"S3CRET"}`, handoff.FHIRSession{}, handoff.ErrMalformed},
		{"a token of two lines", `{"version":1,"platform":"fhir","accessToken":"S3CRET\nX: y"}`, handoff.FHIRSession{}, handoff.ErrMalformed},
		{"a revision that is a text", start + `,"revision":"S3CRET"}`, handoff.FHIRSession{}, handoff.ErrMalformed},
		{"no time", start + `,"tokenExpiresAt":"S3CRET"}`, handoff.FHIRSession{}, handoff.ErrMalformed},
		{"the token alone", "S3CRET", handoff.FHIRSession{}, handoff.ErrMalformed},
	} {
		test.test(t, handoff.DecodeFHIR, requireSameFHIR)
	}
}

// If this fails, a program ready for both platforms sends one platform's secret as the other's.
func TestDecodeAny(t *testing.T) {
	for _, session := range []handoff.Entry{madeUp(), madeUpFHIR()} {
		encoded, err := handoff.Encode(session)
		require.NoError(t, err)
		decoded, err := handoff.DecodeAny(encoded)
		require.NoError(t, err)
		require.IsType(t, session, decoded)
		require.Equal(t, session.Details(), decoded.Details())
	}
	hscn, err := handoff.Encode(madeUp())
	require.NoError(t, err)
	_, err = handoff.DecodeFHIR(hscn)
	require.ErrorIs(t, err, handoff.ErrMalformed)
	fhir, err := handoff.Encode(madeUpFHIR())
	require.NoError(t, err)
	_, err = handoff.Decode(fhir)
	require.ErrorIs(t, err, handoff.ErrMalformed)
	for _, malformed := range []string{"", "{}", "null", `{"platform":"fhir"}`, `{"version":1,"platform":"fhir","sessionKey":"k"}`} {
		session, err := handoff.DecodeAny([]byte(malformed))
		require.ErrorIs(t, err, handoff.ErrMalformed)
		require.Nil(t, session)
	}
}

// What a later program adds must not be lost by one that passes the entry on.
func TestUnknownMembersOfFHIRAreKept(t *testing.T) {
	plain, err := handoff.Encode(madeUpFHIR())
	require.NoError(t, err)
	session, err := handoff.DecodeFHIR([]byte(strings.TrimSuffix(string(plain), "}") + `,"b":"ŷ","a":1}`))
	require.NoError(t, err)
	encoded, err := handoff.Encode(session)
	require.NoError(t, err)
	requirePlain(t, encoded)
	require.Equal(t, strings.TrimSuffix(string(plain), "}")+`,"a":1,"b":"\u0177"}`, string(encoded))
}

// FuzzRoundTripFHIR checks that whatever the platform sends, the entry is as the contract says, and
// decodes to the same session.
func FuzzRoundTripFHIR(f *testing.F) {
	f.Add(int64(1), int64(2), madeUpToken, "https://int.api.service.nhs.uk/referrals/FHIR", "R01", "021600556515", "Tŷ Elli", "Ann", int64(1772440920))
	f.Add(int64(-1), int64(-1), "t", "", "", "", strings.Repeat("🏥", 300), strings.Repeat("\xff\"\\", 300), int64(0))
	f.Add(int64(1), int64(1), strings.Repeat("t", 600), "", `","platform":"hscn`, "", "", "", int64(0))
	s := fhirSchema(f)
	f.Fuzz(func(t *testing.T, generation, revision int64, token, baseURL, orgIdentifier, behalf, orgName, userName string, issued int64) {
		begin := time.Unix(issued, 0).UTC()
		session := handoff.FHIRSession{
			Version: 1, Generation: generation, Revision: revision, AccessToken: handoff.NewAccessToken(token), BaseURL: baseURL,
			OrgIdentifier: orgIdentifier, OnBehalfOf: behalf, OrgName: orgName, UserName: userName,
			IssuedAt: begin, TokenExpiresAt: begin.Add(599 * time.Second), ExpiresAt: begin.Add(12 * time.Hour),
		}
		encoded, err := handoff.Encode(session)
		if err != nil {
			require.ErrorIs(t, err, handoff.ErrInvalid)
			return
		}
		requirePlain(t, encoded)
		require.NoError(t, s.checkEntry(encoded))
		got, err := handoff.DecodeFHIR(encoded)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string([]rune(session.OrgName)), got.OrgName))
		require.True(t, strings.HasPrefix(string([]rune(session.UserName)), got.UserName))
		got.OrgName, got.UserName = session.OrgName, session.UserName
		requireSameFHIR(t, session, got)
		_, err = handoff.Decode(encoded)
		require.ErrorIs(t, err, handoff.ErrMalformed, "a token is no session key")
	})
}
