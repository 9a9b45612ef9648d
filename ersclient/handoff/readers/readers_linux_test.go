package readers_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/zalando/go-keyring"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/internal/testing/readertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	madeUpKey   = "pro-xapi-session_222c42c7-820f-4f9b-92fb-3add4b1db9f7"
	madeUpToken = "qXnl0uYQW4bLmRk7dOa3TtGvJ5cP"
	asid        = "123456789012"
	path        = "/v1/reference/made-up"
	// guard bounds each connection.
	guard = time.Minute
)

const (
	signedIn       = readertest.SignedIn
	signedOut      = readertest.SignedOut
	usage          = readertest.Usage
	keyringTrouble = readertest.KeyringTrouble
	callFailed     = readertest.CallFailed
)

type reader struct{ readertest.Reader }

func readers(t *testing.T) (all []reader) {
	t.Helper()
	for _, each := range readertest.Make(t, ".") {
		all = append(all, reader{each})
	}
	return all
}

// expect runs a reader in a session, asserts its exit status and returns its output.
func (r reader) expect(t *testing.T, want int, session *keyringtest.Session) string {
	t.Helper()
	printed := r.Expect(t, want, session, append(os.Environ(), session.Env()...))
	requireMasked(t, printed)
	return printed
}

// run runs a reader in a session, and returns its exit status and output, which must not contain
// the session key.
func (r reader) run(t *testing.T, session *keyringtest.Session, arguments ...string) (int, string) {
	t.Helper()
	// The home is the session's, where Go and Node need nothing.
	status, printed := r.Run(t, append(os.Environ(), session.Env()...), arguments...)
	requireMasked(t, printed)
	return status, printed
}

func requireMasked(t *testing.T, printed string) {
	t.Helper()
	for _, secret := range []string{madeUpKey, madeUpToken} {
		assert.NotContains(t, printed, secret, "it is for e-RS alone")
	}
}

// standIn answers one request on each connection, and records it byte for byte.
type standIn struct {
	erstest.Files
	baseURL  string
	listener net.Listener

	mutex  sync.Mutex
	status int
	heads  []string
	// shown lists the processes that had the session key in their arguments or environment during
	// the request.
	shown []string
	// during, unless it is nil, is called within the next request, and then is the status after it.
	during func()
	then   int
}

// newStandIn listens with the e-RS stand-in's certificates: mutual TLS, a throw-away authority.
func newStandIn(t *testing.T) *standIn {
	t.Helper()
	return listenAs(t, "/ers-api", tls.RequireAndVerifyClientCert)
}

// newFHIRStandIn listens as the FHIR API does: without asking for a certificate.
func newFHIRStandIn(t *testing.T) *standIn {
	t.Helper()
	return listenAs(t, "/FHIR", tls.NoClientCert)
}

func listenAs(t *testing.T, base string, clients tls.ClientAuthType) *standIn {
	t.Helper()
	server := erstest.NewServer()
	t.Cleanup(server.Close)
	files, err := server.WriteFiles(t.TempDir())
	require.NoError(t, err)
	config := server.TLSConfig()
	config.ClientAuth = clients
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	require.NoError(t, err)
	s := &standIn{Files: files, baseURL: fmt.Sprintf("https://%s%s", listener.Addr(), base), listener: listener}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			s.serve(connection)
		}
	}()
	t.Cleanup(func() {
		assert.NoError(t, listener.Close())
		<-ended
	})
	return s
}

func (s *standIn) serve(connection net.Conn) {
	// A reader that disconnects shows by what it has not sent.
	defer func() { _ = connection.Close() }()
	_ = connection.SetDeadline(time.Now().Add(guard))
	var head strings.Builder
	for lines := bufio.NewReader(io.LimitReader(connection, 1<<16)); !strings.HasSuffix(head.String(), "\r\n\r\n"); {
		line, err := lines.ReadString('\n')
		head.WriteString(line)
		if err != nil {
			break
		}
	}
	if head.Len() == 0 {
		return // a reader that has refused our certificate, which may be noticed after it has ended
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.heads = append(s.heads, head.String())
	s.shown = append(append(s.shown, processesWith(madeUpKey)...), processesWith(madeUpToken)...)
	status := s.status
	if s.during != nil {
		s.during()
		s.during, s.status = nil, s.then
	}
	_, _ = fmt.Fprintf(connection, "HTTP/1.1 %d Made up\r\nLocation: %s/elsewhere\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
		status, s.baseURL)
}

// refuses has the next request refused (401) while something happens, and those after it answered
// with a status.
func (s *standIn) refuses(then int, during func()) {
	s.answers(401)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.then, s.during = then, during
}

// answers sets the status of the next answers, and forgets the requests so far.
func (s *standIn) answers(status int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.status, s.heads, s.shown = status, nil, nil
}

func (s *standIn) heard() (heads, shown []string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.heads, s.shown
}

// processesWith returns the programs with text in their arguments or environment.
func processesWith(text string) (found []string) {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(files) == 0 {
		return []string{"no processes can be seen here"}
	}
	for _, commandLine := range files {
		for _, file := range []string{commandLine, filepath.Join(filepath.Dir(commandLine), "environ")} {
			// The process may have ended, or belong to another user.
			content, err := os.ReadFile(file)
			if err == nil && bytes.Contains(content, []byte(text)) {
				found = append(found, file)
			}
		}
	}
	return found
}

// use moves this process into the session, so that it can publish.
func use(t *testing.T, session *keyringtest.Session) {
	t.Helper()
	for _, pair := range session.Env() {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
}

func published(baseURL string) handoff.Session {
	now := time.Now().UTC().Truncate(time.Second)
	return handoff.Session{
		Generation: 7, SessionKey: handoff.NewSessionKey(madeUpKey), BaseURL: baseURL, ASID: asid, UserIdentifier: "021600556514",
		UserName: `Siôn "Ann" \Example`, OrgIdentifier: "R01", OrgName: "Meddygfa Tŷ Elli", BusinessFunction: "REFERRING_CLINICIAN",
		IssuedAt: now, ExpiresAt: now.Add(10 * time.Hour), Publisher: "e-RS Login 1.0.0",
	}
}

// An integrator begins with one of these programs. If it fails, the copy fails on a hospital's
// computer.
func TestEveryReaderFindsTheSession(t *testing.T) {
	// Building needs this process's own home, so it comes first.
	all := readers(t)
	e := newStandIn(t)
	without := keyringtest.ForTest(t, keyringtest.Options{State: keyringtest.NoService})
	session := keyringtest.ForTest(t, keyringtest.Options{})
	use(t, session)

	each := func(t *testing.T, check func(t *testing.T, r reader)) {
		for _, r := range all {
			t.Run(r.Name, func(t *testing.T) { check(t, r) })
		}
	}
	t.Run("signed out", func(t *testing.T) {
		each(t, func(t *testing.T, r reader) {
			status, printed := r.run(t, session)
			require.Equal(t, signedOut, status, printed)
		})
	})
	t.Run("the arguments are wrong", func(t *testing.T) {
		each(t, func(t *testing.T, r reader) {
			status, printed := r.run(t, session, path, e.Certificate)
			require.Equal(t, usage, status, printed)
		})
	})
	t.Run("there is no keyring", func(t *testing.T) {
		each(t, func(t *testing.T, r reader) {
			status, printed := r.run(t, without)
			require.Equal(t, keyringTrouble, status, printed)
		})
	})

	now := published(e.baseURL)
	require.NoError(t, handoff.Write(t.Context(), now))
	t.Run("signed in", func(t *testing.T) {
		each(t, func(t *testing.T, r reader) {
			status, printed := r.run(t, session)
			require.Equal(t, signedIn, status, printed)
			who := []string{now.UserIdentifier, now.BusinessFunction, now.OrgIdentifier, now.ExpiresAt.Format(time.RFC3339)}
			if !r.IdentifiersOnly {
				who = append(who, now.UserName, now.OrgName)
			}
			for _, part := range append(who, "e-RS (HSCN)") {
				require.Contains(t, printed, part)
			}
		})
	})
	t.Run("a call without a certificate", func(t *testing.T) {
		each(t, func(t *testing.T, r reader) {
			status, printed := r.run(t, session, path)
			require.Equal(t, usage, status, printed)
		})
	})
	t.Run("e-RS is called", func(t *testing.T) {
		each(t, func(t *testing.T, r reader) {
			e.answers(200)
			status, printed := r.run(t, session, path, e.Certificate, e.Key, e.CA)
			require.Equal(t, signedIn, status, printed)
			require.Contains(t, printed, "200")
			heads, shown := e.heard()
			require.Len(t, heads, 1)
			require.True(t, strings.HasPrefix(heads[0], "GET /ers-api"+path+" HTTP/1.1\r\n"), "another request than was asked for")
			require.True(t, strings.Contains(heads[0], "\r\nXAPI_ASID: "+asid+"\r\n"), "no ASID in its header")
			require.True(t, strings.Contains(heads[0], "\r\nHTTP_X_SESSION_KEY: "+madeUpKey+"\r\n"), "no session key in its header")
			require.Empty(t, shown, "the key stood in a command line, where other users see it, or in an environment")
		})
	})
	t.Run("e-RS refuses", func(t *testing.T) {
		e.answers(403)
		each(t, func(t *testing.T, r reader) {
			status, printed := r.run(t, session, path, e.Certificate, e.Key, e.CA)
			require.Equal(t, callFailed, status, printed)
			require.Contains(t, printed, "403")
		})
	})
	t.Run("e-RS redirects", func(t *testing.T) {
		each(t, func(t *testing.T, r reader) {
			e.answers(307)
			status, printed := r.run(t, session, path, e.Certificate, e.Key, e.CA)
			require.Equal(t, callFailed, status, printed)
			require.Len(t, first(e.heard()), 1, "the session key went along to wherever the redirect led")
		})
	})
	t.Run("another e-RS than the real one answers", func(t *testing.T) {
		e.answers(200)
		each(t, func(t *testing.T, r reader) {
			// Without the throw-away authority, its certificate must not be trusted.
			status, printed := r.run(t, session, path, e.Certificate, e.Key)
			require.Equal(t, callFailed, status, printed)
			for _, head := range first(e.heard()) {
				require.Empty(t, head, "the session key was sent to an unknown server")
			}
		})
	})

	over := now
	over.IssuedAt, over.ExpiresAt = now.IssuedAt.Add(-10*time.Hour), now.IssuedAt
	require.NoError(t, handoff.Write(t.Context(), over))
	t.Run("the session has expired", func(t *testing.T) {
		each(t, func(t *testing.T, r reader) {
			status, printed := r.run(t, session)
			require.Equal(t, signedOut, status, printed)
		})
	})
	plain := now
	plain.BaseURL = newPlainServer(t)
	require.NoError(t, handoff.Write(t.Context(), plain))
	t.Run("the platform is not one of HTTPS", func(t *testing.T) {
		each(t, func(t *testing.T, r reader) {
			status, printed := r.run(t, session, path, e.Certificate, e.Key, e.CA)
			require.Equal(t, callFailed, status, printed)
		})
	})
	entry, err := handoff.Encode(now)
	require.NoError(t, err)
	replace := func(old, replacement string) {
		t.Helper()
		changed := strings.Replace(string(entry), old, replacement, 1)
		require.NotEqual(t, string(entry), changed)
		require.NoError(t, keyring.Set(handoff.Service, handoff.AccountSession, changed))
	}
	end := `"expiresAt":"` + now.ExpiresAt.Format(time.RFC3339) + `"`
	for name, other := range map[string]string{
		"nothing": `"endsAt":"never"`, "an empty text": `"expiresAt":""`, "words": `"expiresAt":"this evening"`, "null": `"expiresAt":null`,
		"zero": `"expiresAt":"0001-01-01T00:00:00Z"`,
	} {
		replace(end, other)
		t.Run("the end of the session is "+name, func(t *testing.T) {
			each(t, func(t *testing.T, r reader) {
				status, printed := r.run(t, session)
				require.Contains(t, []int{signedOut, keyringTrouble}, status, printed)
				if name != "words" {
					require.Equal(t, signedOut, status, printed)
				}
			})
		})
	}
	replace(madeUpKey, madeUpKey+`\nX: y`)
	t.Run("the key is no header", func(t *testing.T) {
		each(t, func(t *testing.T, r reader) {
			// Its text is in no message, and must be in no stack trace.
			status, printed := r.run(t, session, path, e.Certificate, e.Key, e.CA)
			require.NotEqual(t, signedOut, status, printed)
		})
	})

	require.NoError(t, keyring.Set(handoff.Service, handoff.AccountSession, `{"version":2,"sessionKey":"`+madeUpKey+`"}`))
	t.Run("the entry is of another version", func(t *testing.T) {
		each(t, func(t *testing.T, r reader) {
			status, printed := r.run(t, session)
			require.Equal(t, keyringTrouble, status, printed)
		})
	})
	require.NoError(t, keyring.Set(handoff.Service, handoff.AccountSession, madeUpKey))
	t.Run("the entry is malformed", func(t *testing.T) {
		each(t, func(t *testing.T, r reader) {
			status, printed := r.run(t, session)
			require.Equal(t, keyringTrouble, status, printed)
		})
	})
	require.NoError(t, handoff.Clear(t.Context()))
	t.Run("signed out again", func(t *testing.T) {
		each(t, func(t *testing.T, r reader) {
			status, printed := r.run(t, session)
			require.Equal(t, signedOut, status, printed)
		})
	})
}

func publishedFHIR(baseURL string) handoff.FHIRSession {
	now := time.Now().UTC().Truncate(time.Second)
	return handoff.FHIRSession{
		Generation: 7, Revision: 3, AccessToken: handoff.NewAccessToken(madeUpToken), BaseURL: baseURL, UserIdentifier: "021600556514",
		UserName: `Siôn "Ann" \Example`, OrgIdentifier: "R01", OrgName: "Meddygfa Tŷ Elli",
		BusinessFunction: "SERVICE_PROVIDER_CLINICIAN_ADMIN", OnBehalfOf: "021600556515",
		IssuedAt: now, TokenExpiresAt: now.Add(599 * time.Second), ExpiresAt: now.Add(12 * time.Hour), Publisher: "e-RS Login 1.0.0",
	}
}

// After 28 February 2027 this is the only platform. A reader that is not ready for it finds no user
// signed in on the morning after.
func TestEveryReaderFindsATokenOfFHIR(t *testing.T) {
	all := readers(t)
	e, hscn := newFHIRStandIn(t), newStandIn(t)
	session := keyringtest.ForTest(t, keyringtest.Options{})
	use(t, session)
	each := func(name string, check func(t *testing.T, r reader)) {
		t.Run(name, func(t *testing.T) {
			for _, r := range all {
				t.Run(r.Name, func(t *testing.T) { check(t, r) })
			}
		})
	}
	publish := func(next handoff.Entry) {
		t.Helper()
		require.NoError(t, handoff.Write(t.Context(), next))
	}
	now := publishedFHIR(e.baseURL)
	publish(now)
	arguments := []string{path, "no certificate", "no key", e.CA}

	each("signed in", func(t *testing.T, r reader) {
		status, printed := r.run(t, session)
		require.Equal(t, signedIn, status, printed)
		who := []string{"e-RS (FHIR)", now.UserIdentifier, now.BusinessFunction, now.OrgIdentifier, now.ExpiresAt.Format(time.RFC3339)}
		if !r.IdentifiersOnly {
			who = append(who, now.UserName, now.OrgName)
		}
		for _, part := range who {
			require.Contains(t, printed, part)
		}
	})
	headers := func(heads []string) map[string]string {
		t.Helper()
		require.Len(t, heads, 1)
		lines := strings.Split(strings.TrimSpace(heads[0]), "\r\n")
		require.Equal(t, "GET /FHIR"+path+" HTTP/1.1", lines[0])
		found := map[string]string{}
		for _, line := range lines[1:] {
			name, value, _ := strings.Cut(line, ": ")
			found[strings.ToLower(name)] = value
		}
		return found
	}
	each("e-RS is called", func(t *testing.T, r reader) {
		e.answers(200)
		status, printed := r.run(t, session, arguments...)
		require.Equal(t, signedIn, status, printed)
		heads, shown := e.heard()
		found := headers(heads)
		require.True(t, found["authorization"] == "Bearer "+madeUpToken, "no token in its header")
		require.Equal(t, []string{"R01", "SERVICE_PROVIDER_CLINICIAN_ADMIN", "021600556515", "application/fhir+json"}, []string{
			found["nhsd-end-user-organisation-ods"], found["nhsd-ers-business-function"], found["nhsd-ers-on-behalf-of-user-id"], found["accept"],
		})
		require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, found["x-correlation-id"])
		require.NotContains(t, heads[0], "XAPI")
		require.NotContains(t, heads[0], "HTTP_X_SESSION_KEY")
		require.Empty(t, shown, "the token stood in a command line, where other users see it, or in an environment")
	})
	each("the certificate need not be given", func(t *testing.T, r reader) {
		// The stand-in's authority is unknown to the system.
		status, printed := r.run(t, session, path)
		require.Equal(t, callFailed, status, printed)
		require.NotContains(t, printed, "usage")
	})
	each("e-RS refuses, and there is no other token", func(t *testing.T, r reader) {
		e.answers(401)
		status, printed := r.run(t, session, arguments...)
		require.Equal(t, callFailed, status, printed)
		require.Contains(t, printed, "401")
		require.Len(t, first(e.heard()), 1, "the same token is refused again")
	})
	each("e-RS redirects", func(t *testing.T, r reader) {
		e.answers(307)
		status, printed := r.run(t, session, arguments...)
		require.Equal(t, callFailed, status, printed)
		require.Len(t, first(e.heard()), 1, "the token went along to wherever the redirect led")
	})

	revision := now.Revision
	each("the token was renewed meanwhile", func(t *testing.T, r reader) {
		e.refuses(200, func() {
			revision++
			renewed := now
			renewed.Revision, renewed.AccessToken = revision, handoff.NewAccessToken(fmt.Sprintf("renewed-%d", revision))
			assert.NoError(t, handoff.Write(t.Context(), renewed))
		})
		status, printed := r.run(t, session, arguments...)
		require.Equal(t, signedIn, status, printed)
		heads, _ := e.heard()
		require.Len(t, heads, 2)
		require.True(t, strings.Contains(heads[1], fmt.Sprintf("Bearer renewed-%d\r\n", revision)), "another token than the new one")
	})
	each("the user has signed out meanwhile", func(t *testing.T, r reader) {
		publish(now)
		e.refuses(401, func() { assert.NoError(t, handoff.Clear(t.Context())) })
		status, printed := r.run(t, session, arguments...)
		require.Equal(t, callFailed, status, printed)
		require.Len(t, first(e.heard()), 1)
	})
	each("the user is signed in on HSCN meanwhile", func(t *testing.T, r reader) {
		publish(now)
		e.refuses(401, func() { assert.NoError(t, handoff.Write(t.Context(), published(hscn.baseURL))) })
		status, printed := r.run(t, session, arguments...)
		require.Equal(t, callFailed, status, printed)
		require.Empty(t, first(hscn.heard()))
	})

	alone := now
	alone.OnBehalfOf, alone.BusinessFunction = "", "REFERRING_CLINICIAN"
	publish(alone)
	each("the user acts for no clinician", func(t *testing.T, r reader) {
		e.answers(200)
		status, printed := r.run(t, session, arguments...)
		require.Equal(t, signedIn, status, printed)
		require.NotContains(t, strings.ToLower(first(e.heard())[0]), "on-behalf-of", "e-RS refuses that header")
	})
	over := now
	over.TokenExpiresAt = now.IssuedAt
	publish(over)
	each("the token is over", func(t *testing.T, r reader) {
		status, printed := r.run(t, session)
		require.Equal(t, signedOut, status, printed)
	})
	entry, err := handoff.Encode(published("https://ers.example"))
	require.NoError(t, err)
	require.NoError(t, keyring.Set(handoff.Service, handoff.AccountSession, string(entry)))
	each("a token that is over beside a session of HSCN", func(t *testing.T, r reader) {
		status, printed := r.run(t, session)
		require.Equal(t, signedIn, status, printed)
		require.Contains(t, printed, "e-RS (HSCN)")
	})
	require.NoError(t, handoff.Clear(t.Context()))
	for name, malformed := range map[string]string{
		"another version": `{"version":2,"platform":"fhir","accessToken":"` + madeUpToken + `"}`, "the token alone": madeUpToken,
		"HSCN's": string(entry),
	} {
		require.NoError(t, keyring.Set(handoff.Service, handoff.AccountFHIRSession, malformed))
		each("the entry is "+name, func(t *testing.T, r reader) {
			status, printed := r.run(t, session)
			require.Equal(t, keyringTrouble, status, printed)
		})
	}
	require.NoError(t, handoff.Clear(t.Context()))
	each("signed out", func(t *testing.T, r reader) {
		status, printed := r.run(t, session)
		require.Equal(t, signedOut, status, printed)
	})
}

func first(heads, _ []string) []string { return heads }

// newPlainServer listens without TLS, and fails if it gets a request.
func newPlainServer(t *testing.T) (baseURL string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_ = connection.SetDeadline(time.Now().Add(time.Second))
			sent, _ := io.ReadAll(connection)
			assert.NotContains(t, string(sent), "HTTP_X_SESSION_KEY", "the session key was sent without TLS")
			_ = connection.Close()
		}
	}()
	t.Cleanup(func() {
		assert.NoError(t, listener.Close())
		<-ended
	})
	return fmt.Sprintf("http://%s/ers-api", listener.Addr())
}

// GLib's warnings on stderr are unrelated to the keyring. A reader that takes them for errors
// reports a broken keyring to a whole ward; one that repeats the call makes it prompt twice.
func TestReadersOfSecretTool(t *testing.T) {
	all := readers(t)
	session := keyringtest.ForTest(t, keyringtest.Options{})
	use(t, session)
	entry, err := handoff.Encode(published("https://ers.example"))
	require.NoError(t, err)
	const warning = `echo "
(process:42): GLib-GIO-WARNING **: 08:42:00.000: made up" >&2`
	for name, test := range map[string]struct {
		script string
		want   int
	}{
		"a warning, no entry":    {warning + "\nexit 1", signedOut},
		"a warning and a user":   {warning + "\nprintf %s '" + string(entry) + "'", signedIn},
		"no entry":               {"exit 1", signedOut},
		"trouble":                {"echo 'secret-tool: The name is not activatable' >&2\nexit 1", keyringTrouble},
		"a warning and trouble":  {warning + "\necho 'secret-tool: The name is not activatable' >&2\nexit 1", keyringTrouble},
		"a key where a name was": {"printf %s " + madeUpKey, keyringTrouble},
	} {
		folder, asked := t.TempDir(), filepath.Join(t.TempDir(), "asked")
		// A search shows no prompt.
		// The entry of the other platform is asked for before, and is not there.
		script := "#!/bin/sh\n[ $1 = lookup ] || exit 1\n[ $5 = session ] || exit 1\necho >>" + asked + "\n" + test.script + "\n"
		require.NoError(t, os.WriteFile(filepath.Join(folder, "secret-tool"), []byte(script), 0o700))
		t.Run(name, func(t *testing.T) {
			t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
			for _, r := range all {
				if r.Name != "shell" && r.Name != "Java" {
					continue
				}
				require.NoError(t, os.RemoveAll(asked))
				status, printed := r.run(t, session)
				require.Equal(t, test.want, status, "%s: %s", r.Name, printed)
				times, err := os.ReadFile(asked)
				require.NoError(t, err)
				require.Len(t, times, 1, "%s asks more than once", r.Name)
			}
		})
	}
}

// A reader without its library or program must not report "signed out": it does not know.
func TestReadersWithoutWhatTheyNeed(t *testing.T) {
	all := readers(t)
	session := keyringtest.ForTest(t, keyringtest.Options{})
	with := t.TempDir()
	for _, name := range []string{"sh", "mktemp", "rm", "sed", "date"} {
		found, err := exec.LookPath(name)
		require.NoError(t, err)
		require.NoError(t, os.Symlink(found, filepath.Join(with, name)))
	}
	require.NoError(t, os.WriteFile(filepath.Join(with, "keyring.py"), []byte("raise ImportError\n"), 0o600))
	for _, r := range all {
		environ := append(os.Environ(), session.Env()...)
		switch r.Name {
		case "shell":
			environ = append(environ, "PATH="+with)
		case "Python":
			environ = append(environ, "PYTHONPATH="+with)
		case "Node":
			r.Command = []string{"node", "node/ers-session.mjs"}
		case "Java":
			r.Command[2] = strings.TrimPrefix(r.Command[2], readertest.JNA)
		default:
			continue // its libraries are linked in, or it does not start
		}
		status, printed := r.Run(t, environ)
		require.Equal(t, keyringTrouble, status, "%s: %s", r.Name, printed)
		require.Contains(t, printed, "The keyring cannot be read", r.Name)
	}
}

// An entry that vanishes during a sign-out means signed out, and is no error. GNOME's keyring can
// say the same for a moment while an entry is written: then the next look finds it.
func TestPythonSeesAnEntryGo(t *testing.T) {
	entry, err := handoff.Encode(published("https://ers.example"))
	require.NoError(t, err)
	const noItem, noCollection = "ItemNotFoundException", "InitError"
	for name, c := range map[string]struct {
		raises int
		what   string
		want   int
	}{
		"gone": {1000, noItem, signedOut}, "denied for a moment": {1, noItem, signedIn}, "denied for two": {2, noItem, signedIn},
		"the collection denied for a moment": {1, noCollection, signedIn},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			require.NoError(t, os.MkdirAll(filepath.Join(folder, "keyring", "backends"), 0o700))
			for file, text := range map[string]string{
				"__init__.py": "", "backends/__init__.py": "", "entry.json": string(entry),
				"backends/SecretService.py": fmt.Sprintf(`import pathlib

raises = %[1]d


class %[2]s(Exception):
    pass


class Keyring:
    def get_password(self, service, account):
        global raises
        if account != "session" or not self.preferred_collection:
            return None
        raises -= 1
        if raises >= 0:
            raise %[2]s
        return pathlib.Path(__file__).parent.with_name("entry.json").read_text()
`, c.raises, c.what),
			} {
				require.NoError(t, os.WriteFile(filepath.Join(folder, "keyring", file), []byte(text), 0o600))
			}
			t.Setenv("PYTHONPATH", folder)
			r := reader{readertest.Python(".")}
			status, printed := r.run(t, keyringtest.ForTest(t, keyringtest.Options{State: keyringtest.NoBus}))
			require.Equal(t, c.want, status, printed)
		})
	}
}

// A session's life in each keyring in use: every reader finds what is published, and none finds
// what has ended.
func TestEveryReaderOnEveryKeyring(t *testing.T) {
	all := readers(t)
	for name, options := range map[string]keyringtest.Options{
		"GNOME's, login not the default": {OtherDefault: true},
		"KWallet":                        {Daemon: keyringtest.KWallet},
		"KeePassXC":                      {Daemon: keyringtest.KeePassXC},
	} {
		t.Run(name, func(t *testing.T) {
			session := keyringtest.ForTest(t, options)
			use(t, session)
			each := func(want int, part string) {
				t.Helper()
				for _, r := range all {
					require.Contains(t, r.expect(t, want, session), part, r.Name)
				}
			}
			each(signedOut, "")
			now := published("https://ers.example")
			require.NoError(t, handoff.Write(t.Context(), now))
			each(signedIn, now.OrgIdentifier)
			now.Generation, now.OrgIdentifier = now.Generation+1, "R02"
			require.NoError(t, handoff.Write(t.Context(), now), "another role")
			each(signedIn, "R02")
			token := publishedFHIR("https://ers.example")
			require.NoError(t, handoff.Write(t.Context(), token), "the other platform")
			each(signedIn, "e-RS (FHIR)")
			token.Generation, token.Revision, token.OrgIdentifier = token.Generation+1, 0, "R03"
			require.NoError(t, handoff.Write(t.Context(), token), "another role")
			each(signedIn, "R03")
			require.NoError(t, handoff.Write(t.Context(), now), "and back")
			each(signedIn, "R02")
			require.NoError(t, session.Lock())
			require.NoError(t, session.Unlock())
			each(signedIn, "R02")
			require.NoError(t, handoff.Clear(t.Context()))
			each(signedOut, "")
		})
	}
}

// KWallet returns the content type that an entry was written with, and libsecret does not accept
// go-keyring's as a password. A reader must not report "signed out" for that.
func TestAnEntryThatIsNoTextIsNotSignedOut(t *testing.T) {
	all := readers(t)
	session := keyringtest.ForTest(t, keyringtest.Options{Daemon: keyringtest.KWallet})
	use(t, session)
	entry, err := handoff.Encode(published("https://ers.example"))
	require.NoError(t, err)
	require.NoError(t, keyring.Set(handoff.Service, handoff.AccountSession, string(entry)))
	for _, r := range all {
		want := signedIn
		switch r.Name {
		case "shell", "C", "Java":
			want = keyringTrouble
		}
		r.expect(t, want, session)
	}
}
