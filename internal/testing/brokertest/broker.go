// Package brokertest is a broker of an organisation's, as the second way to sign in needs one: the
// npm package oidc-provider, a certified OpenID provider, in a process of its own. It is nothing of
// this project's, so that what it accepts and refuses are the rules of OAuth 2 and not our reading of
// them. A native application signs in there with PKCE S256, on any loopback port, and its refresh
// tokens work once. Its users are the personas of cis2test.
package brokertest

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/cis2"
	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/ersclient/testserver"
)

// ClientID is the application's.
const ClientID = "ers-login"

// guard ends a broker that hangs.
const guard = time.Minute

// Broker is a running broker.
type Broker struct {
	// URL is its address, for package cis2, and Roots has its authority.
	URL   string
	Roots *x509.CertPool

	mu      sync.Mutex
	refused []string
}

// Endpoints are what the broker calls its endpoints, and Scopes what it wants to be asked for.
var (
	Endpoints = cis2.Endpoints{Authorize: "auth", Token: "token", UserInfo: "me"}
	Scopes    = []string{"openid", "profile"}
)

// Start starts a broker that ends with the test. Access tokens live for accessLife.
func Start(t testing.TB, accessLife time.Duration) *Broker {
	t.Helper()
	authority, err := testserver.NewAuthority()
	require.NoError(t, err)
	certificate, err := authority.Server([]string{"127.0.0.1"}, time.Time{}, time.Time{})
	require.NoError(t, err)
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	require.NoError(t, err)
	settings, err := json.Marshal(map[string]any{
		"key":         string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})),
		"certificate": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Leaf.Raw})),
		"client":      ClientID,
		"redirects":   []string{"http://localhost/callback", "http://127.0.0.1/callback"},
		"accounts":    accounts(), "accessSeconds": int(accessLife / time.Second),
	})
	require.NoError(t, err)

	command := exec.CommandContext(t.Context(), "node", program(t)) //nolint:gosec // G204: a program of ours
	command.WaitDelay = guard
	var said strings.Builder
	command.Stderr = &said
	input, err := command.StdinPipe()
	require.NoError(t, err)
	output, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start(), ".ci/setup test installs Node")
	b := &Broker{Roots: authority.Pool()}
	addresses, read := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(read)
		b.read(output, addresses)
	}()
	t.Cleanup(func() {
		// The broker ends with its input.
		_ = input.Close()
		<-read
		_ = command.Wait()
		if t.Failed() {
			t.Logf("the broker refused %q, and said:\n%s", b.reasons(), said.String())
		}
	})
	_, err = input.Write(append(settings, '\n'))
	require.NoError(t, err)
	select {
	case b.URL = <-addresses:
	case <-read:
	case <-time.After(guard):
	}
	require.NotEmpty(t, b.URL, "the broker has not started")
	return b
}

// accounts are the personas, as userinfo describes them.
func accounts() []map[string]any {
	var made []map[string]any
	for _, persona := range cis2test.DefaultPersonas() {
		organisations := []map[string]string{}
		for _, org := range persona.Organisations {
			organisations = append(organisations, map[string]string{"org_code": org.Code, "org_name": org.Name})
		}
		made = append(made, map[string]any{
			"sub": persona.Identifier, "nhsid_useruid": persona.Identifier, "name": persona.Name(),
			"given_name": persona.GivenName, "family_name": persona.FamilyName, "nhsid_user_orgs": organisations,
		})
	}
	return made
}

// program puts the program beside the modules that .ci/setup test has fetched.
func program(t testing.TB) string {
	t.Helper()
	sources := filepath.Join(root(t), "internal", "testing", "brokertest", "testdata")
	modules := filepath.Join(root(t), "build", "broker-node", "node_modules")
	require.DirExists(t, modules, ".ci/setup test fetches what the broker needs")
	text, err := os.ReadFile(filepath.Join(sources, "broker.mjs")) //nolint:gosec // G304: a source of ours
	require.NoError(t, err)
	folder := t.TempDir()
	require.NoError(t, os.Symlink(modules, filepath.Join(folder, "node_modules")))
	copied := filepath.Join(folder, "broker.mjs")
	require.NoError(t, os.WriteFile(copied, text, 0o600)) //nolint:gosec // G703: a folder of the test's
	return copied
}

// root returns the project's folder. Tests run in that of their package.
func root(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		parent := filepath.Dir(folder)
		require.NotEqual(t, parent, folder, "no go.mod above")
		folder = parent
	}
}

// read takes what the broker prints.
func (b *Broker) read(output io.Reader, addresses chan<- string) {
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		var line struct{ Address, Refused string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			line.Refused = lines.Text()
		}
		if line.Address != "" {
			addresses <- line.Address
			continue
		}
		b.mu.Lock()
		b.refused = append(b.refused, line.Refused)
		b.mu.Unlock()
	}
}

// RequireRefused fails unless the broker has refused a token call for a reason, in its own words,
// which clients are not given.
func (b *Broker) RequireRefused(t testing.TB, reason string) {
	t.Helper()
	require.Eventually(t, func() bool { return slices.Contains(b.reasons(), reason) }, guard, time.Millisecond)
}

func (b *Broker) reasons() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.refused)
}
