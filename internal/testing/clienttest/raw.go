package clienttest

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/ers-login/ers-login/ersclient/erstest"
)

// RawServer speaks TLS and leaves the rest to a script: what net/http would parse, canonicalise or refuse to send is bytes
// here.
type RawServer struct {
	URL string

	mu       sync.Mutex
	requests []string
	conns    int
}

// RawConn is a connection to a RawServer.
type RawConn struct {
	net.Conn
	reader *bufio.Reader
	server *RawServer
}

// ServeRaw serves each request with the script, which gets its number, from 0 on. A connection lasts until the script has
// closed it. The certificates are those of a stand-in.
func ServeRaw(t *testing.T, certificates *erstest.Server, change func(*tls.Config), script func(*RawConn, int)) *RawServer {
	t.Helper()
	config := certificates.TLSConfig()
	if change != nil {
		change(config)
	}
	listener := Listen(t)
	server := &RawServer{URL: "https://" + listener.Addr().String() + "/ers-api"}
	ServeConns(t, tls.NewListener(listener, config), func(conn net.Conn) {
		server.mu.Lock()
		server.conns++
		server.mu.Unlock()
		raw := &RawConn{conn, bufio.NewReader(conn), server}
		for number, ok := raw.receive(); ok; number, ok = raw.receive() {
			script(raw, number)
		}
	})
	return server
}

// receive reads a request byte for byte. It returns false when the connection has ended.
func (c *RawConn) receive() (number int, ok bool) {
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

// Answer writes an answer as it stands.
func (c *RawConn) Answer(text string) { _, _ = io.WriteString(c, text) }

// JSON answers with a status line and a JSON body.
func (c *RawConn) JSON(status, body string) {
	c.Answer("HTTP/1.1 " + status + "\r\nContent-Type: application/json;charset=utf-8\r\nContent-Length: " +
		strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}

// Received returns the requests so far, byte for byte.
func (s *RawServer) Received() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// Connections returns how many connections there have been.
func (s *RawServer) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns
}
