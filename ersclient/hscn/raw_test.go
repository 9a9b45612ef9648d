package hscn_test

import (
	"bytes"
	"compress/gzip"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/internal/testing/clienttest"
)

const (
	rawA001 = `{"id":"pro-xapi-session_1","user":{"identifier":"555020964101","permissions":[]},"permission":null}`
	rawA002 = `{"id":"pro-xapi-session_2","user":null,` +
		`"permission":{"businessFunction":"SERVICE_PROVIDER_CLINICIAN","orgIdentifier":"R01"}}`
)

// e-RS expects these names with underscores and capitals. net/http would rewrite them on both
// sides, so the test compares bytes.
func TestSEC002HeaderNamesOnTheWire(t *testing.T) {
	certificates := clienttest.NewServer(t)
	raw := clienttest.ServeRaw(t, certificates, nil, func(conn *clienttest.RawConn, number int) {
		switch number {
		case 0:
			conn.JSON("201 Created", rawA001)
		case 1:
			conn.JSON("200 OK", rawA002)
		default:
			conn.Answer("HTTP/1.1 204 No Content\r\n\r\n")
		}
	})
	client := clienttest.NewClient(t, certificates, func(config *hscn.Config) {
		config.BaseURL, config.SendFQDN, config.UserAgent = raw.URL+"/", true, "ers-login/1.2.3"
	})
	created, err := client.CreateSession(t.Context(), ersclient.NewTicket("a ticket"))
	require.NoError(t, err)
	selected, err := client.SelectRole(t.Context(), created, gpRole)
	require.NoError(t, err)
	require.NoError(t, client.DeleteSession(t.Context(), selected.Key))

	requests := raw.Received()
	require.Len(t, requests, 3)
	require.Equal(t, 1, raw.Connections(), "the connection is kept")
	for i, want := range []struct {
		line    string
		headers []string
		absent  []string
	}{
		{
			"POST /ers-api/v1/ProfessionalSession HTTP/1.1\r\n",
			[]string{"XAPI_ASID: 123456789012", "Accept: application/json", "Content-Type: application/json"},
			[]string{"HTTP_X_SESSION_KEY"},
		},
		{
			"PUT /ers-api/v1/ProfessionalSession/pro-xapi-session_1 HTTP/1.1\r\n",
			[]string{
				"XAPI_ASID: 123456789012", "HTTP_X_SESSION_KEY: pro-xapi-session_1", "Accept: application/json",
				"Content-Type: application/json",
			},
			nil,
		},
		{
			"DELETE /ers-api/v1/ProfessionalSession/pro-xapi-session_2 HTTP/1.1\r\n",
			[]string{"XAPI_ASID: 123456789012", "HTTP_X_SESSION_KEY: pro-xapi-session_2"},
			[]string{"Content-Type", "Content-Length", "Accept:"},
		},
	} {
		head, _, _ := strings.Cut(requests[i], "\r\n\r\n")
		require.True(t, strings.HasPrefix(head, want.line), head)
		for _, header := range append(want.headers, "XAPI_FQDN: "+erstest.FQDN, "User-Agent: ers-login/1.2.3") {
			require.Contains(t, head+"\r\n", "\r\n"+header+"\r\n")
		}
		for _, header := range want.absent {
			require.NotContains(t, head, "\r\n"+header)
		}
	}
}

func TestTheFQDNIsNotSentUnasked(t *testing.T) {
	certificates := clienttest.NewServer(t)
	raw := clienttest.ServeRaw(t, certificates, nil, func(conn *clienttest.RawConn, _ int) { conn.Answer("HTTP/1.1 204 No Content\r\n\r\n") })
	client := clienttest.NewClient(t, certificates, func(config *hscn.Config) { config.BaseURL = raw.URL })
	require.NoError(t, client.DeleteSession(t.Context(), ersclient.NewSessionKey("key")))
	require.NotContains(t, raw.Received()[0], "XAPI_FQDN")
}

// A session key is opaque: with any content it stays one path segment, and the header carries it
// unchanged.
func TestTheSessionKeyIsEscapedInThePath(t *testing.T) {
	const id = `a/b?c#d%2e%&;=@:"<x>`
	certificates := clienttest.NewServer(t)
	raw := clienttest.ServeRaw(t, certificates, nil, func(conn *clienttest.RawConn, _ int) { conn.Answer("HTTP/1.1 204 No Content\r\n\r\n") })
	client := clienttest.NewClient(t, certificates, func(config *hscn.Config) { config.BaseURL = raw.URL })
	require.NoError(t, client.DeleteSession(t.Context(), ersclient.NewSessionKey(id)))
	request := raw.Received()[0]
	require.True(t, strings.HasPrefix(request,
		"DELETE /ers-api/v1/ProfessionalSession/a%2Fb%3Fc%23d%252e%25&%3B=@:%22%3Cx%3E HTTP/1.1\r\n"), request)
	require.Contains(t, request, "\r\nHTTP_X_SESSION_KEY: "+id+"\r\n")
}

// net/http may repeat a request when a kept connection breaks. For A002 that could select a role
// twice, and the user would see "already selected".
func TestTheTransportDoesNotRepeatA002(t *testing.T) {
	certificates := clienttest.NewServer(t)
	raw := clienttest.ServeRaw(t, certificates, nil, func(conn *clienttest.RawConn, number int) {
		if number == 0 {
			conn.JSON("201 Created", rawA001)
			return
		}
		// The connection was kept, the request was read, and there is no answer.
		_ = conn.Close()
	})
	client := clienttest.NewClient(t, certificates, func(config *hscn.Config) { config.BaseURL = raw.URL })
	created, err := client.CreateSession(t.Context(), ersclient.NewTicket("a ticket"))
	require.NoError(t, err)
	_, err = client.SelectRole(t.Context(), created, gpRole)
	clienttest.RequireCode(t, "NET-CUT", err)
	require.ErrorIs(t, err, ersclient.ErrAnswerLost)
	require.Len(t, raw.Received(), 2, "one A001, one A002")
	require.Equal(t, 1, raw.Connections(), "no second connection was opened for a second try")

	err = client.DeleteSession(t.Context(), created.Key)
	clienttest.RequireCode(t, "NET-CUT", err)
	require.Len(t, raw.Received(), 3, "A003 was sent, so it is not repeated either")
}

// The answer decides as whom the user works. These answers all have A001's 201.
func TestAnswersToA001(t *testing.T) {
	cases := map[string]struct {
		answer string
		code   string
		key    string
	}{
		"with a vendor's JSON type": {answer: "Content-Type: application/vnd.ers+json\r\n\r\n" + rawA001, key: "pro-xapi-session_1"},
		"no type":                   {answer: "\r\n" + rawA001, code: "ERS-A001-ANSWER"},
		"text":                      {answer: "Content-Type: text/plain\r\n\r\n" + rawA001, code: "ERS-A001-ANSWER"},
		"a malformed type":          {answer: "Content-Type: application/json; ==\r\n\r\n" + rawA001, code: "ERS-A001-ANSWER"},
		"a page":                    {answer: "Content-Type: text/html\r\n\r\n<html>", code: "NET-HTML"},
		"empty":                     {answer: "Content-Type: application/json\r\n\r\n", code: "ERS-A001-ANSWER"},
		"null":                      {answer: "Content-Type: application/json\r\n\r\nnull", code: "ERS-A001-ANSWER"},
		"no id":                     {answer: "Content-Type: application/json\r\n\r\n{\"user\":{}}", code: "ERS-A001-ANSWER"},
		"an id for two headers": {
			answer: "Content-Type: application/json\r\n\r\n{\"id\":\"a\\r\\nb\",\"user\":{}}", code: "ERS-A001-ANSWER",
		},
		"no user": {
			answer: "Content-Type: application/json\r\n\r\n{\"id\":\"orphan\",\"user\":null}", code: "ERS-A001-ANSWER", key: "orphan",
		},
		"a user of another kind": {
			answer: "Content-Type: application/json\r\n\r\n{\"id\":\"orphan\",\"user\":\"me\"}", code: "ERS-A001-ANSWER", key: "orphan",
		},
		"not HTTP": {answer: "", code: "NET-CUT"},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			certificates := clienttest.NewServer(t)
			raw := clienttest.ServeRaw(t, certificates, nil, func(conn *clienttest.RawConn, _ int) {
				if one.answer == "" {
					conn.Answer(`{"id":"pro-xapi-session_secret"}` + "\r\n\r\n")
				} else {
					conn.Answer("HTTP/1.1 201 Created\r\nConnection: close\r\n" + one.answer)
				}
				_ = conn.Close()
			})
			client := clienttest.NewClient(t, certificates, func(config *hscn.Config) { config.BaseURL = raw.URL })
			session, err := client.CreateSession(t.Context(), ersclient.NewTicket("a ticket"))
			require.True(t, session.Key.Reveal() == one.key)
			if one.code == "" {
				require.NoError(t, err)
				return
			}
			clienttest.RequireCode(t, one.code, err)
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

// An answer of more than a megabyte is not read to its end, even if it was small when compressed.
func TestACompressedAnswerIsBoundedToo(t *testing.T) {
	certificates := clienttest.NewServer(t)
	body := gzipped(t, strings.Repeat(" ", 8<<20)+rawA001)
	raw := clienttest.ServeRaw(t, certificates, nil, func(conn *clienttest.RawConn, _ int) {
		conn.Answer("HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: " +
			strconv.Itoa(len(body)) + "\r\n\r\n" + body)
	})
	client := clienttest.NewClient(t, certificates, func(config *hscn.Config) { config.BaseURL = raw.URL })
	_, err := client.CreateSession(t.Context(), ersclient.NewTicket("a ticket"))
	found := clienttest.ProblemOf(t, "ERS-A001-ANSWER", err)
	require.ErrorContains(t, found.Cause, "longer than 1048576 bytes")
}

// A002's answer decides whether the user has the requested identity and role.
func TestAnswersToA002(t *testing.T) {
	const selected = `"permission":{"businessFunction":"SERVICE_PROVIDER_CLINICIAN","orgIdentifier":"R01","orgName":" NHST_X3"}`
	cases := map[string]struct {
		answer string
		code   string
		key    string
	}{
		"another id":      {`{"id":"second",` + selected + `}`, "", "second"},
		"no id":           {`{` + selected + `}`, "", "first"},
		"an empty id":     {`{"id":"  ",` + selected + `}`, "", "first"},
		"a null id":       {`{"id":null,` + selected + `}`, "", "first"},
		"an unusable id":  {`{"id":"a b",` + selected + `}`, "ERS-A002-ANSWER", "first"},
		"no permission":   {`{"id":"second"}`, "ERS-A002-ANSWER", "second"},
		"null permission": {`{"id":"second","permission":null}`, "ERS-A002-ANSWER", "second"},
		"another role": {
			`{"id":"second","permission":{"businessFunction":"REFERRING_CLINICIAN","orgIdentifier":"R01"}}`, "ERS-A002-ANSWER", "second",
		},
		"another organisation": {
			`{"id":"second","permission":{"businessFunction":"SERVICE_PROVIDER_CLINICIAN","orgIdentifier":"R02"}}`,
			"ERS-A002-ANSWER", "second",
		},
		"a permission of another kind": {`{"id":"second","permission":5}`, "ERS-A002-ANSWER", "second"},
		"another person":               {`{"id":"second","user":{"identifier":"999999999999"},` + selected + `}`, "ERS-A002-ANSWER", "second"},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			certificates := clienttest.NewServer(t)
			raw := clienttest.ServeRaw(t, certificates, nil, func(conn *clienttest.RawConn, _ int) { conn.JSON("200 OK", one.answer) })
			client := clienttest.NewClient(t, certificates, func(config *hscn.Config) { config.BaseURL = raw.URL })
			first := ersclient.Session{
				Key: ersclient.NewSessionKey("first"), Ticket: ersclient.NewTicket("a ticket"),
				User: ersclient.User{Identifier: "555020964101", LastName: "GP-Card", Permissions: []ersclient.Permission{gpRole}},
			}
			session, err := client.SelectRole(t.Context(), first, gpRole)
			require.True(t, session.Key.Reveal() == one.key, "the latest key that is known")
			if one.code != "" {
				clienttest.RequireCode(t, one.code, err)
				require.Nil(t, session.Permission)
				require.ErrorIs(t, err, ersclient.ErrAnswerLost)
				return
			}
			require.NoError(t, err)
			require.Equal(t, &gpRole, session.Permission)
			require.Equal(t, first.User, session.User, "what the answer leaves out stands")
		})
	}
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var compressed bytes.Buffer
	writer := gzip.NewWriter(&compressed)
	_, err := writer.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	return compressed.String()
}
