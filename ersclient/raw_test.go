package ersclient_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
)

// rawServer speaks TLS and leaves the rest to a script: what net/http would parse, canonicalise or refuse to send is bytes
// here.
type rawServer struct {
	URL string

	mu       sync.Mutex
	requests []string
	conns    int
}

// rawConn is a connection to a rawServer.
type rawConn struct {
	net.Conn
	reader *bufio.Reader
	server *rawServer
}

// serveRaw serves each request with the script, which gets its number, from 0 on. A connection lasts until the script has
// closed it. The certificates are those of a stand-in.
func serveRaw(t *testing.T, certificates *erstest.Server, change func(*tls.Config), script func(*rawConn, int)) *rawServer {
	t.Helper()
	config := certificates.TLSConfig()
	if change != nil {
		change(config)
	}
	listener := listen(t)
	server := &rawServer{URL: "https://" + listener.Addr().String() + "/ers-api"}
	serveConns(t, tls.NewListener(listener, config), func(conn net.Conn) {
		server.mu.Lock()
		server.conns++
		server.mu.Unlock()
		raw := &rawConn{conn, bufio.NewReader(conn), server}
		for number, ok := raw.receive(); ok; number, ok = raw.receive() {
			script(raw, number)
		}
	})
	return server
}

// receive reads a request byte for byte. It returns false when the connection has ended.
func (c *rawConn) receive() (number int, ok bool) {
	var request strings.Builder
	length := 0
	for {
		line, err := c.reader.ReadString('\n')
		if err != nil {
			return 0, false
		}
		request.WriteString(line)
		if value, found := strings.CutPrefix(line, "Content-Length: "); found {
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return 0, false
			}
		}
		if line == "\r\n" {
			break
		}
	}
	if _, err := io.CopyN(&request, c.reader, int64(length)); err != nil {
		return 0, false
	}
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.server.requests = append(c.server.requests, request.String())
	return len(c.server.requests) - 1, true
}

func (c *rawConn) answer(text string) { _, _ = io.WriteString(c, text) }

// json answers with a status line and a JSON body.
func (c *rawConn) json(status, body string) {
	c.answer("HTTP/1.1 " + status + "\r\nContent-Type: application/json;charset=utf-8\r\nContent-Length: " +
		strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}

func (s *rawServer) received() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

func (s *rawServer) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns
}

const (
	rawA001 = `{"id":"pro-xapi-session_1","user":{"identifier":"555020964101","permissions":[]},"permission":null}`
	rawA002 = `{"id":"pro-xapi-session_2","user":null,` +
		`"permission":{"businessFunction":"SERVICE_PROVIDER_CLINICIAN","orgIdentifier":"R01"}}`
)

// e-RS looks for these names with underscores and capitals. net/http would rewrite them on both sides, so the bytes are
// looked at.
func TestSEC002HeaderNamesOnTheWire(t *testing.T) {
	certificates := newServer(t)
	raw := serveRaw(t, certificates, nil, func(conn *rawConn, number int) {
		switch number {
		case 0:
			conn.json("201 Created", rawA001)
		case 1:
			conn.json("200 OK", rawA002)
		default:
			conn.answer("HTTP/1.1 204 No Content\r\n\r\n")
		}
	})
	client := newClient(t, certificates, func(config *ersclient.Config) {
		config.BaseURL, config.SendFQDN, config.UserAgent = raw.URL+"/", true, "ers-login/1.2.3"
	})
	created, err := client.CreateSession(t.Context(), ersclient.NewTicket("a ticket"))
	require.NoError(t, err)
	selected, err := client.SelectRole(t.Context(), created, gpRole)
	require.NoError(t, err)
	require.NoError(t, client.DeleteSession(t.Context(), selected.Key))

	requests := raw.received()
	require.Len(t, requests, 3)
	require.Equal(t, 1, raw.connections(), "the connection is kept")
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
	certificates := newServer(t)
	raw := serveRaw(t, certificates, nil, func(conn *rawConn, _ int) { conn.answer("HTTP/1.1 204 No Content\r\n\r\n") })
	client := newClient(t, certificates, func(config *ersclient.Config) { config.BaseURL = raw.URL })
	require.NoError(t, client.DeleteSession(t.Context(), ersclient.NewSessionKey("key")))
	require.NotContains(t, raw.received()[0], "XAPI_FQDN")
}

// A session key is opaque. Whatever it holds, it stays one step of the path, and the header has it unchanged.
func TestTheSessionKeyIsEscapedInThePath(t *testing.T) {
	const id = `a/b?c#d%2e%&;=@:"<x>`
	certificates := newServer(t)
	raw := serveRaw(t, certificates, nil, func(conn *rawConn, _ int) { conn.answer("HTTP/1.1 204 No Content\r\n\r\n") })
	client := newClient(t, certificates, func(config *ersclient.Config) { config.BaseURL = raw.URL })
	require.NoError(t, client.DeleteSession(t.Context(), ersclient.NewSessionKey(id)))
	request := raw.received()[0]
	require.True(t, strings.HasPrefix(request,
		"DELETE /ers-api/v1/ProfessionalSession/a%2Fb%3Fc%23d%252e%25&%3B=@:%22%3Cx%3E HTTP/1.1\r\n"), request)
	require.Contains(t, request, "\r\nHTTP_X_SESSION_KEY: "+id+"\r\n")
}

// net/http may repeat a request by itself when a kept connection breaks. For A002 that could select a role twice, and the
// user would be told that one was selected already.
func TestTheTransportDoesNotRepeatA002(t *testing.T) {
	certificates := newServer(t)
	raw := serveRaw(t, certificates, nil, func(conn *rawConn, number int) {
		if number == 0 {
			conn.json("201 Created", rawA001)
			return
		}
		// The connection was kept, the request was read, and there is no answer.
		_ = conn.Close()
	})
	client := newClient(t, certificates, func(config *ersclient.Config) { config.BaseURL = raw.URL })
	created, err := client.CreateSession(t.Context(), ersclient.NewTicket("a ticket"))
	require.NoError(t, err)
	_, err = client.SelectRole(t.Context(), created, gpRole)
	requireCode(t, "NET-CUT", err)
	require.True(t, ersclient.AnswerLost(err))
	require.Len(t, raw.received(), 2, "one A001, one A002")
	require.Equal(t, 1, raw.connections(), "no second connection was opened for a second try")

	err = client.DeleteSession(t.Context(), created.Key)
	requireCode(t, "NET-CUT", err)
	require.Len(t, raw.received(), 3, "A003 was sent, so it is not repeated either")
}

// What stands in an answer decides what the user works with. These answers are all A001's 201.
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
			certificates := newServer(t)
			raw := serveRaw(t, certificates, nil, func(conn *rawConn, _ int) {
				if one.answer == "" {
					conn.answer(`{"id":"pro-xapi-session_secret"}` + "\r\n\r\n")
				} else {
					conn.answer("HTTP/1.1 201 Created\r\nConnection: close\r\n" + one.answer)
				}
				_ = conn.Close()
			})
			client := newClient(t, certificates, func(config *ersclient.Config) { config.BaseURL = raw.URL })
			session, err := client.CreateSession(t.Context(), ersclient.NewTicket("a ticket"))
			require.True(t, session.Key.Reveal() == one.key)
			if one.code == "" {
				require.NoError(t, err)
				return
			}
			requireCode(t, one.code, err)
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

// An answer of more than a megabyte is not read to its end, also when it came small over the wire.
func TestACompressedAnswerIsBoundedToo(t *testing.T) {
	certificates := newServer(t)
	body := gzipped(t, strings.Repeat(" ", 8<<20)+rawA001)
	raw := serveRaw(t, certificates, nil, func(conn *rawConn, _ int) {
		conn.answer("HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: " +
			strconv.Itoa(len(body)) + "\r\n\r\n" + body)
	})
	client := newClient(t, certificates, func(config *ersclient.Config) { config.BaseURL = raw.URL })
	_, err := client.CreateSession(t.Context(), ersclient.NewTicket("a ticket"))
	found := problemOf(t, "ERS-A001-ANSWER", err)
	require.ErrorContains(t, found.Cause, "longer than 1048576 bytes")
}

// A002's answer decides whether the user is who and what they think.
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
			certificates := newServer(t)
			raw := serveRaw(t, certificates, nil, func(conn *rawConn, _ int) { conn.json("200 OK", one.answer) })
			client := newClient(t, certificates, func(config *ersclient.Config) { config.BaseURL = raw.URL })
			first := ersclient.Session{
				Key: ersclient.NewSessionKey("first"), Ticket: ersclient.NewTicket("a ticket"),
				User: ersclient.User{Identifier: "555020964101", LastName: "GP-Card", Permissions: []ersclient.Permission{gpRole}},
			}
			session, err := client.SelectRole(t.Context(), first, gpRole)
			require.True(t, session.Key.Reveal() == one.key, "the latest key that is known")
			if one.code != "" {
				requireCode(t, one.code, err)
				require.Nil(t, session.Permission)
				require.True(t, ersclient.AnswerLost(err))
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
