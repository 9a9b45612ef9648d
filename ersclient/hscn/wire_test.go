package hscn

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
)

func example(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return data
}

var (
	exampleTicket     = ersclient.NewTicket(" AQIC5wM2LY4Sfcyw62EbAOsRpdfbGYUOyvkfZ4M6U7W52lM=@AAJTSQACMDE=#")
	examplePermission = ersclient.Permission{BusinessFunction: ersclient.ServiceProviderClinician, OrgIdentifier: "R01", OrgName: "NHST_X3"}
)

// The published examples are the closest public description of e-RS.
func TestThePublishedAnswersAreRead(t *testing.T) {
	created, err := decodeSession(example(t, "A001_Response.json"))
	require.NoError(t, err)
	require.True(t, created.Key.Reveal() == "pro-xapi-session_222c42c7-820f-4f9b-92fb-3add4b1db9f7")
	require.Nil(t, created.Permission)
	require.Equal(t, ersclient.User{
		Identifier: "555020964101", FirstName: "SA Assurance", LastName: "GP-Card",
		Permissions: []ersclient.Permission{
			{BusinessFunction: ersclient.ReferringClinician, OrgIdentifier: "R01", OrgName: "NHST_X3"},
			{BusinessFunction: ersclient.ReferringClinicianAdmin, OrgIdentifier: "R01", OrgName: "NHST_X3"},
			{BusinessFunction: ersclient.ServiceDefiner, OrgIdentifier: "R01", OrgName: "NHST_X3"},
			{BusinessFunction: ersclient.ServiceProviderClinician, OrgIdentifier: "R01", OrgName: "NHST_X3"},
			{BusinessFunction: ersclient.ServiceProviderClinicianAdmin, OrgIdentifier: "R01", OrgName: "NHST_X3"},
		},
	}, created.User)

	selected, err := mergeSelection(created, example(t, "A002_Response.json"), examplePermission)
	require.NoError(t, err)
	require.True(t, selected.Key.Reveal() == "pro-xapi-session_94414701-70d0-4570-a674-f6f2125ab571")
	require.Equal(t, &examplePermission, selected.Permission)
	require.Equal(t, created.User, selected.User, "A002 spells the organisation with a blank before it")
}

func TestThePublishedRequestsAreSent(t *testing.T) {
	cases := map[string]struct {
		file       string
		permission *ersclient.Permission
	}{
		"A001": {"A001_Request.json", nil},
		"A002": {"A002_Request.json", &examplePermission},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			// The blank before A001's example ticket is a slip: it is not in the answer.
			want := strings.Replace(string(example(t, one.file)), `" AQIC`, `"AQIC`, 1)
			require.JSONEq(t, want, string(encodeRequest(exampleTicket, one.permission)))
		})
	}
}

// A ticket arrives unchanged, whatever its characters: a quote must not begin another member.
func TestRequestsAreJSONWhateverIsInThem(t *testing.T) {
	const odd = "a\"b\\c\x00\n\x1f</script>&é\u2028😀\x7f"
	permission := ersclient.Permission{BusinessFunction: odd, OrgIdentifier: odd + "}"}
	var sent struct {
		TypeInfo, Token string
		Permission      struct{ BusinessFunction, OrgIdentifier string }
	}
	require.NoError(t, json.Unmarshal(encodeRequest(ersclient.NewTicket(odd), &permission), &sent))
	require.Equal(t, sessionType, sent.TypeInfo)
	require.True(t, sent.Token == odd)
	require.Equal(t, odd, sent.Permission.BusinessFunction)
	require.Equal(t, odd+"}", sent.Permission.OrgIdentifier)
}

// Null or missing members do not prevent working, and permissions that cannot be selected are not
// offered.
func TestMembersThatAreNotThere(t *testing.T) {
	cases := map[string]struct {
		answer string
		want   ersclient.User
	}{
		"all null": {
			`{"typeInfo":null,"id":"k","token":null,"user":{"identifier":null,"firstName":null,"middleName":null,"lastName":null,` +
				`"permissions":null},"permission":null}`,
			ersclient.User{},
		},
		"all missing":   {`{"id":"k","user":{}}`, ersclient.User{}},
		"an empty list": {`{"id":"k","user":{"permissions":[]}}`, ersclient.User{}},
		"unknown ones":  {`{"id":"k","user":{"lastName":"L","colour":"blue"},"links":[{"href":"x"}]}`, ersclient.User{LastName: "L"}},
		"blanks": {
			`{"id":" k ","user":{"firstName":" F ","middleName":"\tM","lastName":"L\n"}}`,
			ersclient.User{FirstName: "F", MiddleName: "M", LastName: "L"},
		},
		"null in a list": {`{"id":"k","user":{"permissions":[null]}}`, ersclient.User{}},
		"halves of permissions": {
			`{"id":"k","user":{"permissions":[{"businessFunction":"ERS_ADMIN"},{"orgIdentifier":"R01"},` +
				`{"businessFunction":" ","orgIdentifier":"R01"},{"businessFunction":"NEW","orgIdentifier":"R01","orgName":null}]}}`,
			ersclient.User{Permissions: []ersclient.Permission{{BusinessFunction: "NEW", OrgIdentifier: "R01", OrgName: ""}}},
		},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			session, err := decodeSession([]byte(one.answer))
			require.NoError(t, err)
			require.Equal(t, one.want, session.User)
			require.True(t, session.Key.Reveal() == "k")
		})
	}
}

// The log has to name the member that a service desk can ask e-RS about. The session can still be
// deleted.
func TestMembersOfAnotherType(t *testing.T) {
	for answer, want := range map[string]string{
		`{"id":"k","user":"Ann"}`:                                    "user is not an object",
		`{"id":"k","user":{"lastName":{}}}`:                          "user.lastName is not a string",
		`{"id":"k","user":{"permissions":{}}}`:                       "user.permissions is not a list",
		`{"user":{"permissions":["A"]},"id":"k"}`:                    "user.permissions is not an object",
		`{"user":{"permissions":[{"orgName":5}],"x":[]},"id":"k"}`:   "permissions.orgName is not a string",
		`{"id":"k","user":{"permissions":[{"orgIdentifier":"R01"}]}`: "not JSON",
		`{"id":"k","user":{}} {}`:                                    "not JSON",
	} {
		session, err := decodeSession([]byte(answer))
		require.ErrorContains(t, err, want)
		require.True(t, session.Key.Reveal() == "k", answer)
	}
	for answer, want := range map[string]string{
		`{"id":5,"user":{}}`: "id is not a string", `["id"]`: "not a JSON object", `null`: "the session id is missing",
	} {
		session, err := decodeSession([]byte(answer))
		require.ErrorContains(t, err, want)
		require.True(t, session.Key.IsZero())
	}
	twice, err := decodeSession([]byte(`{"id":"k","id":"l","user":{}}`))
	require.NoError(t, err)
	require.True(t, twice.Key.Reveal() == "k", "the first counts")
}

// FuzzSession feeds both decoders: whatever a server sends, the result can be sent on and shown.
func FuzzSession(f *testing.F) {
	for _, name := range []string{"A001_Response.json", "A002_Response.json", "A001_Request.json"} {
		f.Add(example(f, name))
	}
	for _, seed := range []string{
		"", "null", "[]", `{"id":"k"}`, `{"id":"k","user":null}`, `{"id":"k","user":{"permissions":[null,{}]}}`,
		`{"id":"\u0000","user":{}}`, `{"id":"k","permission":{"businessFunction":"SERVICE_PROVIDER_CLINICIAN","orgIdentifier":"R01"}}`,
	} {
		f.Add([]byte(seed))
	}
	before := ersclient.Session{Key: ersclient.NewSessionKey("before"), User: ersclient.User{Identifier: "555020964101"}}
	f.Fuzz(func(t *testing.T, answer []byte) {
		session, err := decodeSession(answer)
		if err == nil {
			requireSane(t, session)
			require.Nil(t, session.Permission)
		}
		if !session.Key.IsZero() {
			require.NoError(t, checkKey(session.Key))
		}
		session, err = mergeSelection(before, answer, examplePermission)
		require.NoError(t, checkKey(session.Key), "there is a key to delete the session with, always")
		if err == nil {
			requireSane(t, session)
			require.True(t, session.Permission.Same(examplePermission))
		}
	})
}

func requireSane(t *testing.T, session ersclient.Session) {
	t.Helper()
	require.NoError(t, checkKey(session.Key))
	for _, permission := range session.User.Permissions {
		require.NotEmpty(t, permission.BusinessFunction)
		require.NotEmpty(t, permission.OrgIdentifier)
		require.True(t, json.Valid(encodeRequest(exampleTicket, &permission)))
	}
	_, err := json.Marshal(session)
	require.NoError(t, err)
}

// An answer of maximal nesting is refused like any other invalid one, without exhausting the stack.
func TestAnswersThatNestDeeply(t *testing.T) {
	for name, opening := range map[string]string{"lists": "[", "objects": `{"id":`} {
		t.Run(name, func(t *testing.T) {
			answer := strings.Repeat(opening, (1<<20)/len(opening))
			_, err := decodeSession([]byte(answer))
			require.Error(t, err)
			session, err := decodeSession([]byte(`{"id":"k","user":` + answer))
			require.Error(t, err)
			require.True(t, session.Key.Reveal() == "k", "the session could not be deleted")
			honest := strings.Repeat(opening, 1000)
			_, err = decodeSession([]byte(`{"id":"k","user":` + honest))
			require.ErrorContains(t, err, "not JSON", "the bound is above any valid answer")
		})
	}
}
