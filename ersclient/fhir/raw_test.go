package fhir_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/fhir"
	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/ersclient/transport"
)

// rawServer gives one answer to every request, and keeps the heads of requests byte for byte:
// net/http would rewrite the names.
type rawServer struct {
	client *fhir.Client

	mu    sync.Mutex
	heads []string
}

func (r *rawServer) received() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.heads
}

func newRawServer(t *testing.T, answer string) *rawServer {
	t.Helper()
	authority, err := testserver.NewAuthority()
	require.NoError(t, err)
	certificate, err := authority.Server([]string{"127.0.0.1"}, time.Time{}, time.Time{})
	require.NoError(t, err)
	plain, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	listener := tls.NewListener(plain, &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}})
	made := &rawServer{}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { made.serve(conn, answer) })
		}
	})
	made.client, err = fhir.New(transport.Config{
		BaseURL: "https://" + plain.Addr().String() + "/referrals/FHIR", RootCAs: authority.Pool(), Proxy: direct, Pace: transport.Unpaced(),
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		made.client.Close() // The server's connections end with the client's.
		require.NoError(t, listener.Close())
		running.Wait()
	})
	return made
}

func (r *rawServer) serve(conn net.Conn, answer string) {
	defer func() { _ = conn.Close() }()
	reader := bufio.NewReader(conn)
	for {
		var head strings.Builder
		for !strings.HasSuffix(head.String(), "\r\n\r\n") {
			line, err := reader.ReadString('\n')
			if err != nil {
				return
			}
			head.WriteString(line)
		}
		r.mu.Lock()
		r.heads = append(r.heads, strings.TrimSuffix(head.String(), "\r\n\r\n"))
		r.mu.Unlock()
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json;charset=utf-8\r\nContent-Length: "+
			strconv.Itoa(len(answer))+"\r\n\r\n"+answer)
	}
}
